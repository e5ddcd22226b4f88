//! What a preview says is what comes of the order, counted by the database or one by one.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::population::Population;
use ecluse::domain::profile::Profile;
use ecluse::domain::territory::TerritoryCode;
use ecluse::flows::reset_order::issue::{Proposal, issue};
use ecluse::flows::reset_order::preview::{Counts, preview, progress};
use ecluse::store;
use ecluse::store::db::{Batch, Statement};
use ecluse::store::population::Question;

use crate::order_notices::a_class;
use crate::provider::{Provider, operator, proposal};

async fn write(provider: &Provider, sql: &'static str) {
    provider.ctx.db.run(Batch::plain(vec![Statement::new(sql, Vec::new())])).await.unwrap();
}

/// People who stand in every way: with and without a password, a newer one, one that a thief may have chosen, an address, a
/// password here, a role, two places.
async fn town() -> Provider {
    let provider = Provider::start().await;
    a_class(&provider, 60, &[]).await;
    for login in ["anne", "bruno"] {
        provider.hire(login, Role::Authority, "academie:13").await;
    }
    for sql in [
        "INSERT INTO affiliation (account_id, path, profile, began)
         SELECT 'anne', path, 'National_ACA', 0 FROM territory WHERE code = 'academie:13'",
        "INSERT INTO affiliation (account_id, path, profile, began)
         SELECT 'bruno', path, 'National_ENS', 0 FROM territory WHERE code = 'uai:0169001X'",
        "DELETE FROM credential WHERE account_id < 'pupil00010'",
        "UPDATE account SET chosen_at = NULL, chosen_under = NULL, proof = NULL WHERE id < 'pupil00010'",
        "UPDATE account SET chosen_at = chosen_at - 3600000000 WHERE id < 'pupil00030'",
        "UPDATE account SET proof = 'old_password' WHERE proof = 'code' AND id LIKE '%5'",
        "UPDATE account SET email = 'x@example.org' WHERE id LIKE '%7' OR id LIKE '%5'",
        "UPDATE account SET way_in = 'federated_only' WHERE id LIKE '%8'",
    ] {
        write(&provider, sql).await;
    }
    provider
}

/// What the preview says, and what comes of the order.
async fn both(provider: &Provider, proposal: &Proposal) -> [Counts; 2] {
    let (ctx, anne) = (&provider.ctx, provider.as_operator("anne").await);
    let mut said = preview(ctx, &anne, proposal).await.unwrap().unwrap().counts;
    assert!(said.told.len() < 2, "services are told once, when it begins");
    said.told.clear();
    let alone = operator().breaking_glass();
    let order = issue(ctx, &alone, proposal, None).await.unwrap().unwrap().order;
    let came = progress(ctx, &order, |_, _| {}).await.unwrap();
    let sorted = |mut counts: Counts| {
        counts.operators.sort();
        counts
    };
    [sorted(said), sorted(came)]
}

#[tokio::test]
async fn a_preview_says_what_comes_of_the_order() {
    let provider = town().await;
    let since = provider.clock.now().minus(Duration::from_mins(30));
    // The school of some of them has acted.
    provider.order_for("class:0860001J/6A", Level::Recover).await;
    for level in [Level::Change, Level::Recover] {
        for (never_activated, changed_since, reset_by_school_since) in [
            (false, None, None),
            (true, None, None),
            (true, Some(since), None),
            (false, Some(since), Some(since)),
            (true, None, Some(since)),
        ] {
            let proposal = Proposal {
                never_activated,
                changed_since,
                reset_by_school_since,
                named_operators: vec!["bruno".to_owned()],
                ..proposal("academie:13", level)
            };
            let [said, came] = both(&provider, &proposal).await;
            assert_eq!(said, came, "{proposal:?}");
            assert_eq!((said.covered, said.operators.as_slice()), (67, &["anne".to_owned()][..]));
        }
    }
    let pupils = Proposal { profiles: [Profile::Pupil].into(), ..proposal("uai:0860001J", Level::Change) };
    let [said, came] = both(&provider, &pupils).await;
    assert_eq!((said.covered, said), (62, came));
}

#[tokio::test]
async fn few_and_many_are_counted_alike() {
    let provider = town().await;
    write(&provider, "UPDATE affiliation SET ended = 0 WHERE account_id = 'pupil00040'").await;
    let now = provider.clock.now();
    let academie = TerritoryCode::parse("academie:13").unwrap();
    let territory = store::territory::find(&provider.ctx.db, &academie).await.unwrap().unwrap().path;
    for profiles in [vec![], vec![Profile::Pupil], vec![Profile::Guardian, Profile::Teacher]] {
        let population =
            Population { territory: territory.clone(), profiles: profiles.into_iter().collect() };
        let since = Some(now.minus(Duration::from_mins(30)));
        for (never_activated, changed_since, recover) in
            [(true, since, true), (false, None, false), (true, None, false), (false, since, false)]
        {
            let question =
                Question { never_activated, changed_since, suspect_since: changed_since, recover, now };
            let db = &provider.ctx.db;
            let few = store::population::census(db, &population, &question, 1_000).await.unwrap();
            let many = store::population::census(db, &population, &question, 0).await.unwrap();
            assert_eq!(few, many, "{question:?}");
            assert!(few.covered > 0);
        }
    }
}
