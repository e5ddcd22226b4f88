//! A school that has outgrown its file: what is the same on the server afterwards, what is not, and what is refused.

use serde_json::Value;

use crate::browser::Browser;
use crate::on_postgres::connect;
use crate::premises::{Held, Premises};
use crate::test_server::ServerDatabase;

const FILE: &str = "sqlite://ecluse.sqlite3";
const PASSWORD: &str = "Mot-de-passe-un-7";

async fn empty() -> ServerDatabase {
    ServerDatabase::create(None).await.unwrap() // none without scripts/postgres.sh
}

fn copy(premises: &Premises, to: &ServerDatabase) -> String {
    premises.ecluse(&["store", "copy", "--from", FILE, "--to", &to.url])
}

/// What `--json` answers of a copy that was made.
fn copied(premises: &Premises, to: &ServerDatabase) -> Value {
    let told = premises.run(&["--json", "store", "copy", "--from", FILE, "--to", &to.url]);
    let (_, data) = told.split_once("--- out\n").unwrap();
    serde_json::from_str(data.split("--- err").next().unwrap()).unwrap()
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/test.sh runs it"]
async fn a_school_moves_with_its_passwords_and_its_slips_and_nothing_else_that_was_given_out() {
    let target = empty().await;
    let mut premises = Premises::build("", 3);
    premises.open().await;
    let slips = premises.slips();
    let portal = premises.portal();
    let zoe = premises.activate("eleve0", &slips["eleve0"], PASSWORD).await;
    let zoe = Held::of(&portal, zoe).await;
    let in_use = copy(&premises, &target);
    assert!(
        in_use.starts_with("exit 3") && in_use.contains("another program uses ecluse.sqlite3"),
        "{in_use}"
    );
    premises.close();

    let told = copied(&premises, &target);
    assert_eq!(told["codes"], "live");
    let tables = told["tables"].as_array().unwrap();
    let rows = |name: &str| tables.iter().find(|table| table["table"] == name).unwrap()["rows"].clone();
    assert_eq!((rows("account"), rows("credential"), rows("deployment")), (3.into(), 1.into(), 1.into()));

    let given_up = premises.ecluse(&["serve"]);
    assert!(given_up.starts_with("exit 3") && given_up.contains("was copied to a server"), "{given_up}");
    premises.url = target.url.clone();
    let not_yet = premises.ecluse(&["serve"]);
    assert!(not_yet.starts_with("exit 3") && not_yet.contains("not taken into use yet"), "{not_yet}");
    let told = premises.run(&["store", "restored", "--yes"]);
    assert!(told.contains("Printed codes are good"), "{told}");

    premises.open().await;
    zoe.assert_dead(&portal).await;
    assert!(!premises.is_let_in("eleve0", &slips["eleve0"]).await, "it was used before");
    let again = Browser::new(&premises.issuer);
    again.sign_in(&again.go("/login").await, "eleve0", PASSWORD).await;
    Held::of(&portal, again).await;
    let tom = premises.activate("eleve1", &slips["eleve1"], PASSWORD).await;
    Held::of(&portal, tom).await;
    assert_eq!(premises.slips()["eleve2"], slips["eleve2"], "what is printed anew is the same");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/test.sh runs it"]
async fn slips_are_good_in_one_copy_of_the_database_in_use_and_in_no_other() {
    let (first, second, third) = (empty().await, empty().await, empty().await);
    let mut premises = Premises::build("", 2);
    assert_eq!(copied(&premises, &first)["codes"], "dead", "nobody knows that this is no older copy");
    premises.run(&["store", "restored", "--yes"]);
    premises.open().await;
    premises.run(&["backup", "older"]);
    let slips = premises.slips();
    premises.close();
    for newer in ["ecluse.sqlite3", "ecluse.sqlite3-wal", "ecluse.sqlite3-shm"] {
        let _ = std::fs::remove_file(premises.path().join(newer)); // the last two are not always there
    }
    std::fs::rename(premises.path().join("older"), premises.path().join("ecluse.sqlite3")).unwrap();
    assert_eq!(copied(&premises, &second)["codes"], "dead", "an older copy");
    premises.url = second.url.clone();
    let told = premises.run(&["store", "restored", "--yes"]);
    assert!(told.contains("Every printed code is dead"), "{told}");
    premises.open().await;
    assert!(!premises.is_let_in("eleve1", &slips["eleve1"]).await);
    premises.close();
    premises.url = String::new();
    assert_eq!(copied(&premises, &third)["codes"], "dead", "it was given up once already");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/test.sh runs it"]
async fn what_does_not_arrive_as_it_left_is_not_kept() {
    let mut premises = Premises::build("", 3);
    premises.open().await;
    premises.close();
    for change in ["NEW.given_name := 'Eleve'; RETURN NEW;", "RETURN NULL;"] {
        let target = empty().await;
        premises.url = target.url.clone();
        premises.run(&["migrate"]);
        premises.url = String::new();
        let other = connect(&target.url).await;
        other
            .batch_execute(&format!(
                "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {change} END $$;
                 CREATE TRIGGER other BEFORE INSERT ON account FOR EACH ROW WHEN (NEW.login = 'eleve1')
                 EXECUTE FUNCTION other()"
            ))
            .await
            .unwrap();
        let told = copy(&premises, &target);
        assert!(told.starts_with("exit 1"), "{told}");
        assert!(
            told.contains("table account did not arrive as it left: 3 rows were sent")
                || told.contains("affiliation"),
            "{told}"
        );
        let rows = "SELECT (SELECT count(*) FROM account) + (SELECT count(*) FROM sealed_secret)";
        assert_eq!(other.query_one(rows, &[]).await.unwrap().get::<_, i64>(0), 0);
    }
    premises.open().await; // as if nothing had been
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/test.sh runs it"]
async fn what_is_in_the_way_is_named() {
    let premises = Premises::build("", 1);
    let target = empty().await;
    let other = connect(&target.url).await;
    let refused = |told: String, because: &str| {
        assert!(!told.starts_with("exit 0") && told.contains(because), "{told}");
    };
    other.batch_execute("CREATE TABLE guestbook (id BIGINT)").await.unwrap();
    refused(copy(&premises, &target), "is not empty: it has guestbook");
    other.batch_execute("DROP TABLE guestbook").await.unwrap();

    premises.tell("UPDATE schema_version SET checksum = 'another' || checksum").await;
    refused(copy(&premises, &target), "was made by another text");
    premises.tell("UPDATE schema_version SET checksum = substr(checksum, 8)").await;
    premises.tell("UPDATE schema_version SET version = 0").await;
    refused(copy(&premises, &target), "schema version 0");
    premises.tell("UPDATE schema_version SET version = 1").await;

    let elsewhere = premises.ecluse(&["store", "copy", "--from", "sqlite://nothing", "--to", &target.url]);
    refused(elsewhere, "there is no database nothing");
    refused(
        premises.ecluse(&["store", "copy", "--from", "ecluse.sqlite3", "--to", &target.url]),
        "write sqlite://",
    );
    refused(
        premises.ecluse(&["store", "copy", "--from", FILE, "--to", "sqlite://other"]),
        "postgres://user@host",
    );

    assert!(copy(&premises, &target).starts_with("exit 0"));
    premises.run(&["store", "restored", "--yes"]);
    refused(copy(&premises, &target), "is not empty: it has sealed_secret");
}
