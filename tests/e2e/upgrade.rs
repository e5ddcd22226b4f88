//! Two versions side by side: the next program has changed the schema, and the one before it goes on.

use crate::premises::Premises;
use crate::test_server::ServerDatabase;

const PASSWORD: &str = "Mot-de-passe-un-7";

/// What a later program's `ecluse migrate` does. A `TEXT` on PostgreSQL has the order of its bytes, which nobody asks for here.
const NEXT: [&str; 3] = [
    "ALTER TABLE account ADD COLUMN nickname TEXT",
    "CREATE TABLE badge (account_id TEXT PRIMARY KEY)",
    "INSERT INTO schema_version (version, checksum, usable_from, applied_at) VALUES (2, 'next', 1, 0)",
];

#[tokio::test]
async fn a_program_goes_on_and_starts_again_on_the_schema_of_the_next_that_leaves_it_room() {
    let database = ServerDatabase::create(None).await;
    let mut premises = Premises::build(database.as_ref().map_or("", |database| &database.url), 3);
    premises.open().await;
    let slips = premises.slips();
    let portal = premises.portal();
    let browser = premises.activate("eleve0", &slips["eleve0"], PASSWORD).await;
    let tokens = portal.exchange(&portal.code(&browser.go(&portal.authorize(&[])).await)).await;
    for change in NEXT {
        premises.tell(change).await;
    }
    assert!(portal.refresh(&tokens.text("refresh_token")).await.status.is_success());
    premises.activate("eleve1", &slips["eleve1"], PASSWORD).await;
    premises.run(&["reset-order", "list"]);
    premises.run(&["migrate"]);
    premises.close();
    premises.open().await;
    assert!(portal.refresh(&tokens.text("refresh_token")).await.status.is_success());
    premises.activate("eleve2", &slips["eleve2"], PASSWORD).await;
    premises.close();

    premises.tell("UPDATE schema_version SET usable_from = 2 WHERE version = 2").await;
    for command in ["serve", "migrate"] {
        let told = premises.ecluse(&[command]);
        assert!(told.starts_with("exit 1"), "{told}");
        assert!(told.contains("schema version 2, for programs that know version 2 at least"), "{told}");
    }
}
