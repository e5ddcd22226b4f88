//! Slips: that a code was printed and handed over, and what stands on a guardian's besides.

use std::collections::HashMap;

use crate::domain::account::{AccountId, AccountNumber};
use crate::domain::code::{CodeKey, Issue, LiveCode};
use crate::domain::facts::Facts;
use crate::domain::profile::Profile;
use crate::domain::reset_order::OrderId;
use crate::domain::slip::{Handed, PrintedSlip};
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::store::account::full_name;
use crate::store::db::{Db, DbError, Row, Statement, Value, q};

/// The code on the slip is this one from now on; a tick stays on a slip that is printed again, and on no other.
macro_rules! mark_sql {
    ($more:literal, $which:literal) => {
        concat!(
            "UPDATE account SET ",
            $more,
            "slip_handed_at = CASE WHEN slip_key = $3 AND slip_epoch = $4 AND slip_issue = $5 THEN slip_handed_at END,
             slip_handed_by = CASE WHEN slip_key = $3 AND slip_epoch = $4 AND slip_issue = $5 THEN slip_handed_by END,
             slip_key = $3, slip_epoch = $4, slip_issue = $5, slip_printed_at = $2, updated_at = $2
             WHERE id = $1",
            $which
        )
    };
}

fn marked(account: &AccountId, live: &LiveCode, now: Timestamp) -> Vec<Value> {
    let Issue { epoch, number } = live.issue;
    vec![account.0.as_str().into(), now.into(), key(&live.key).into(), epoch.into(), number.into()]
}

/// In a batch: the live code of the account, if its number is still the same, was printed.
pub fn mark_printed(facts: &Facts, live: &LiveCode) -> Statement {
    const SQL: &str = mark_sql!("code_printed_under = $7, ", " AND number = $6");
    at_number(SQL, facts, live)
}

/// In a batch: the same where the gate answers otherwise from then on, so that everything the account holds ends.
pub fn mark_printed_and_end(facts: &Facts, live: &LiveCode) -> Statement {
    const SQL: &str = mark_sql!("code_printed_under = $7, number = number + 1, ", " AND number = $6");
    at_number(SQL, facts, live)
}

fn at_number(sql: &'static str, facts: &Facts, live: &LiveCode) -> Statement {
    let mut values = marked(&facts.account, live, facts.now);
    values.extend([facts.number.0.into(), facts.clock.0.into()]);
    Statement::new(sql, values).want(1).named("account number")
}

/// In a batch that issues a code: it is shown to be handed over.
pub fn mark_shown(account: &AccountId, live: &LiveCode, now: Timestamp) -> Statement {
    const SQL: &str = mark_sql!("", "");
    Statement::new(SQL, marked(account, live, now)).want(1)
}

/// In a batch: this slip was handed over, or was not after all; if it is still the account's last, at this account number.
pub fn hand_over(
    account: &AccountId,
    number: AccountNumber,
    slip: &PrintedSlip,
    handed: Option<&Handed>,
) -> Statement {
    q!(
        "UPDATE account SET slip_handed_at = $6, slip_handed_by = $7
         WHERE id = $1 AND number = $2 AND slip_key = $3 AND slip_epoch = $4 AND slip_issue = $5",
        account.0.as_str(),
        number.0,
        key(&slip.key),
        slip.issue.epoch,
        slip.issue.number,
        handed.map(|handed| handed.at),
        handed.map(|handed| handed.by.as_str())
    )
    .want(1)
    .named("slip")
}

/// The stored form of a key; an order's id is never empty.
fn key(key: &CodeKey) -> &str {
    match key {
        CodeKey::Deployment => "",
        CodeKey::Order(order) => &order.0,
    }
}

/// Of a row of [`person_sql`](super::account::person_sql).
pub(super) fn read(row: &Row) -> Result<Option<PrintedSlip>, DbError> {
    let Some(printed_at) = row.opt_time("slip_printed_at")? else { return Ok(None) };
    let key = match row.str("slip_key")? {
        "" => CodeKey::Deployment,
        order => CodeKey::Order(OrderId(order.to_owned())),
    };
    let handed = match row.opt_time("slip_handed_at")? {
        Some(at) => Some(Handed { at, by: row.text("slip_handed_by")? }),
        None => None,
    };
    let issue = Issue { epoch: row.int("slip_epoch")?, number: row.int("slip_issue")? };
    Ok(Some(PrintedSlip { key, issue, printed_at, handed }))
}

/// A pupil, as the slip of a guardian names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ward {
    /// The name.
    pub name: String,
    /// The classes, each with the name of its school.
    pub classes: Vec<(String, String)>,
}

/// The pupils of everybody who is or was a guardian at exactly this territory: for each guardian, by name.
pub async fn wards_at(db: &Db, place: &TerritoryPath) -> Result<HashMap<AccountId, Vec<Ward>>, DbError> {
    let rows = db
        .all(q!(
            "SELECT u.guardian_id, a.id, a.given_name, a.family_name, c.name AS class, s.name AS school
             FROM guardianship u JOIN account a ON a.id = u.pupil_id
             LEFT JOIN affiliation f ON f.account_id = a.id AND f.profile = $3 AND f.ended IS NULL
             LEFT JOIN territory c ON c.path = f.path AND c.kind = 'class'
             LEFT JOIN territory s ON s.code = c.parent
             WHERE u.guardian_id IN (SELECT p.account_id FROM affiliation p WHERE p.path = $1 AND p.profile = $2)
             ORDER BY a.family_name, a.given_name, a.id, c.name",
            place.as_str(),
            Profile::Guardian.as_str(),
            Profile::Pupil.as_str()
        ))
        .await?;
    let mut wards: HashMap<_, Vec<_>> = HashMap::new();
    let mut last = HashMap::new();
    for row in &rows {
        let guardian = AccountId(row.text("guardian_id")?);
        let pupil = row.text("id")?;
        let of_guardian = wards.entry(guardian.clone()).or_default();
        // Somebody in two classes comes twice.
        if last.insert(guardian, pupil.clone()) != Some(pupil) {
            let name = full_name(row.str("given_name")?, row.str("family_name")?);
            of_guardian.push(Ward { name, classes: Vec::new() });
        }
        if let (Some(ward), Some(class)) = (of_guardian.last_mut(), row.opt_text("class")?) {
            ward.classes.push((class, row.opt_text("school")?.unwrap_or_default()));
        }
    }
    Ok(wards)
}
