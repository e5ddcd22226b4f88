//! What is found when all is mended and quiet.

use std::time::Duration;

use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc::PasswordHash;
use ecluse::domain::notice::NoticeId;
use tokio_postgres::{Client, NoTls};

use super::World;
use crate::torture::history::{Act, Committed, Event, Final, FinalPerson, Instant, Notice, Row};
use crate::torture::people::town::{Town, password};
use crate::torture::world::{PORTAL, SPA};

const WAITING: &str = "
    SELECT (SELECT COUNT(*) FROM notice WHERE due_at IS NOT NULL)
        + (SELECT COUNT(*) FROM reset_order r CROSS JOIN client c
               LEFT JOIN notice_walk w ON w.order_id = r.id AND w.client_id = c.id
           WHERE r.state = 'in_force' AND c.backchannel_logout_uri IS NOT NULL AND w.finished_at IS NULL)";

const COMMITTED: &str = "
    SELECT CAST(EXTRACT(EPOCH FROM pg_xact_commit_timestamp(w.xmin)) * 1000000 AS BIGINT) AS at, a.act, a.object, 0
        FROM audit_written w JOIN audit a ON a.id = w.id
    UNION ALL
    SELECT CAST(EXTRACT(EPOCH FROM pg_xact_commit_timestamp(t.xmin)) * 1000000 AS BIGINT), t.hash, g.account_id, 1
        FROM access_token t JOIN token_grant g ON g.id = t.grant_id
    ORDER BY 1";

/// A line of the audit log is written again when it is sealed. What is written beside it, in the same transaction and never again,
/// tells when it was committed.
const NOTE_AUDIT: &str = "
    CREATE TABLE audit_written (id TEXT NOT NULL);
    CREATE FUNCTION note_audit() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO audit_written (id) VALUES (NEW.id); RETURN NULL; END';
    CREATE TRIGGER note_audit AFTER INSERT ON audit FOR EACH ROW EXECUTE FUNCTION note_audit()";

/// The database as somebody reads it who is no part of the run.
pub(crate) async fn database(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

impl World {
    pub(crate) async fn database(&self) -> Client {
        database(&self.postgres.url()).await
    }

    /// Has the database note from now on when a line of the audit log is committed.
    pub(crate) async fn note_audit(&self) {
        self.database().await.batch_execute(NOTE_AUDIT).await.unwrap();
    }

    /// Returns once nobody is connected to the database any more, and so nothing of what was begun is under way.
    pub(crate) async fn until_nobody_is_connected(&self) {
        let client = self.database().await;
        let connected = "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'ecluse'";
        until_none(&client, connected).await;
    }

    /// Returns once no notice waits and no order is still to be told.
    pub(crate) async fn until_all_are_told(&self) {
        until_none(&self.database().await, WAITING).await;
    }

    /// Everything that is found.
    pub(crate) async fn found(
        &self,
        town: &Town,
        events: &[Event],
        all_told: Instant,
        in_at_last: &[String],
    ) -> Final {
        let client = self.database().await;
        let told = vec![PORTAL.to_owned(), SPA.to_owned()];
        let mut end = Final { all_told, told, ..Final::default() };
        for row in client
            .query("SELECT a.login, c.phc FROM account a LEFT JOIN credential c ON c.account_id = a.id", &[])
            .await
            .unwrap()
        {
            let account: String = row.get(0);
            let phc: Option<String> = row.get(1);
            let chosen = phc.and_then(|phc| which(events, &account, &phc));
            let got_in = in_at_last.contains(&account);
            end.people.push(FinalPerson { account, password: chosen, got_in });
        }
        for row in client.query("SELECT id, state FROM reset_order", &[]).await.unwrap() {
            end.orders.push((row.get(0), row.get(1)));
        }
        for row in client
            .query("SELECT id, client_id, sid, delivered_at IS NOT NULL, written_at FROM notice", &[])
            .await
            .unwrap()
        {
            let jti = NoticeId(row.get(0)).jti();
            let written = row.get::<_, i64>(4) - town.recorder.epoch;
            end.notices.push(Notice { client: row.get(1), sid: row.get(2), jti, written, sent: row.get(3) });
        }
        end.committed = committed(&client, town.recorder.epoch).await;
        let text = |claim: &serde_json::Value| claim.as_str().unwrap().to_owned();
        let received = self.receiver.taken();
        end.received = received.iter().map(|claims| (text(&claims["aud"]), text(&claims["jti"]))).collect();
        end
    }
}

async fn committed(client: &Client, epoch: Instant) -> Vec<Committed> {
    let rows = client.query(COMMITTED, &[]).await.unwrap();
    let read = |row: &tokio_postgres::Row| {
        let (name, object): (String, String) = (row.get(1), row.get(2));
        let row_of = match row.get::<_, i32>(3) {
            0 => Row::Audit { act: name, object },
            _ => Row::Access { hash: name, account_id: object },
        };
        Committed { at: row.get::<_, i64>(0) - epoch, row: row_of }
    };
    rows.iter().map(read).collect()
}

/// The number of the password that this is the hash of, the latest first.
fn which(events: &[Event], account: &str, phc: &str) -> Option<u32> {
    let phc = PasswordHash::new(phc).unwrap();
    let tried = events.iter().rev().filter_map(|event| match &event.act {
        Act::Change { account: of, new, .. } if of == account => Some(*new),
        _ => None,
    });
    let is_it =
        |number: &u32| argon2::Argon2::default().verify_password(password(*number).as_bytes(), &phc).is_ok();
    tried.into_iter().find(is_it)
}

/// Waits until there are none any more. Whatever is to come to an end by itself takes seconds.
async fn until_none(client: &Client, sql: &str) {
    let counting = async {
        while client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_mins(3), counting).await;
    assert!(ended.is_ok(), "it does not come to an end: {sql}");
}
