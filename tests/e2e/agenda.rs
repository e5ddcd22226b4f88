//! The first page of the console: what needs me today.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::flows::reset_order::draft::draft;
use ecluse::flows::reset_order::issue::{Proposal, issue};
use ecluse::flows::reset_order::roll_up::round;
use ecluse::store::db::{Batch, Statement};
use reqwest::StatusCode;

use crate::browser::{Browser, Page};
use crate::console::enrolled;
use crate::provider::{Provider, Wish, proposal};
use crate::sign_in::activate;

const DAY: Duration = Duration::from_hours(24);
const HALF_AN_HOUR: Duration = Duration::from_mins(30);
const CLASS: &str = "class:0860001J/6A";

async fn desk(provider: &Provider, login: &str, role: Role, place: &str) -> Browser {
    provider.hire(login, role, place).await;
    enrolled(provider, login).await.0
}

/// What stands under a heading of the first page; none where it is not there.
fn section<'a>(page: &'a Page, id: &str) -> Option<&'a str> {
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let rest = page.body.split(&format!("aria-labelledby=\"{id}\">")).nth(1)?;
    rest.split("</section>").next()
}

async fn home(browser: &Browser) -> Page {
    browser.go("/console").await
}

#[tokio::test]
async fn everybody_reads_what_needs_them_and_nothing_else() {
    let provider = Provider::start_with(Wish::settings(|it| it.orders.approval_above = 2)).await;
    for login in ["zoe", "tom", "lea"] {
        activate(&provider, login).await;
    }
    let anne = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let bruno = desk(&provider, "bruno", Role::Authority, "academie:13").await;
    let school = desk(&provider, "principale", Role::SchoolAdmin, "uai:0860001J").await;
    let teacher = desk(&provider, "prof", Role::ClassTeacher, CLASS).await;
    let nothing = home(&bruno).await;
    assert!(nothing.body.contains("id=\"nothing\""), "{}", nothing.body);

    // A teacher of the class is none of the class teacher's.
    let teaches = "INSERT INTO affiliation (account_id, path, profile, began)
         SELECT 'm.blanc', path, 'National_ENS', 0 FROM territory WHERE code = 'class:0860001J/6A'";
    provider.ctx.db.run(Batch::plain(vec![Statement::new(teaches, Vec::new())])).await.unwrap();

    let order = Proposal {
        deadline: Some(provider.clock.now().plus(HALF_AN_HOUR)),
        ..proposal("academie:13", Level::Recover)
    };
    let id = issue(&provider.ctx, &provider.as_operator("anne").await, &order, None)
        .await
        .unwrap()
        .unwrap()
        .order
        .id;
    let asked = home(&bruno).await;
    assert!(section(&asked, "waiting").is_some_and(|it| it.contains(&id.0)), "{}", asked.body);
    for other in [&anne, &school, &teacher] {
        let page = home(other).await;
        assert!(section(&page, "waiting").is_none() && !page.body.contains(&id.0), "{}", page.body);
    }
    let page = bruno.go(&format!("/console/orders/{id}")).await;
    bruno.submit(&page, "/approve", &[]).await;
    assert!(section(&home(&bruno).await, "waiting").is_none());

    round(&provider.ctx).await.unwrap();
    let page = home(&school).await;
    let mine = section(&page, "campaigns").unwrap();
    assert!(mine.contains("0 sur 3 ont choisi") && mine.contains("À faire avant le"), "{mine}");
    assert!(mine.contains("<p>Collège des Tilleuls : 0 sur 3"), "{mine}");
    assert!(mine.contains("3 personnes à qui il faut un code"), "{mine}");
    assert!(mine.contains("/console/places?at=uai%3A0860001J\""), "{mine}");
    let page = home(&teacher).await;
    let mine = section(&page, "campaigns").unwrap();
    assert!(
        mine.contains("0 sur 2 ont choisi") && mine.contains("2 personnes à qui il faut un code"),
        "{mine}"
    );
    let shown = teacher.go(&format!("/console/orders/{id}")).await;
    assert!(
        shown.body.contains("0 sur 2 ont choisi"),
        "a class is counted when it is asked for: {}",
        shown.body
    );

    provider.slip_at(CLASS, "zoe").await;
    let page = home(&teacher).await;
    let mine = section(&page, "campaigns").unwrap();
    assert!(mine.contains("0 sur 2 ont choisi") && !mine.contains("à qui il faut un code"), "{mine}");
    provider.choose("zoe", "une phrase longue et à moi").await;
    assert!(section(&home(&teacher).await, "campaigns").unwrap().contains("1 sur 2 ont choisi"));
    provider.clock.advance(HALF_AN_HOUR);
    let page = home(&teacher).await;
    let mine = section(&page, "campaigns").unwrap();
    assert!(mine.contains("class=\"must\">La date limite est passée le"), "{mine}");
    provider.choose("tom", "une autre phrase bien longue").await;
    let page = home(&teacher).await;
    assert!(section(&page, "campaigns").is_none(), "the class is done: {}", page.body);
}

#[tokio::test]
async fn an_order_that_everybody_has_met_is_to_be_closed_by_whoever_may() {
    let provider = Provider::start().await;
    let anne = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let auditor = desk(&provider, "claude", Role::Auditor, "academie:13").await;
    let id = provider.order_for(CLASS, Level::Change).await;
    assert!(section(&home(&auditor).await, "campaigns").is_some(), "nobody was counted");
    for login in ["zoe", "tom"] {
        provider.choose(login, "une phrase longue et à moi").await;
    }
    round(&provider.ctx).await.unwrap();
    let page = home(&anne).await;
    let mine = section(&page, "campaigns").unwrap();
    assert!(mine.contains(&format!("/console/orders/{id}#close\"")), "{mine}");
    let close = anne.go(&format!("/console/orders/{id}")).await;
    assert!(close.body.contains("id=\"close\""), "{}", close.body);
    assert!(section(&home(&auditor).await, "campaigns").is_none(), "nothing is left for an auditor");
}

#[tokio::test]
async fn the_draft_that_is_to_begin_soonest_is_not_buried_under_old_ones() {
    let provider = Provider::start().await;
    let actor = provider.hire("anne", Role::Authority, "academie:13").await;
    let now = provider.clock.now();
    let at = |days| Proposal { at: Some(now.plus(DAY * days)), ..proposal("academie:13", Level::Change) };
    let ctx = &provider.ctx;
    for _ in 0..25 {
        draft(ctx, &actor, &at(1)).await.unwrap().unwrap();
    }
    let soon = draft(ctx, &actor, &at(12)).await.unwrap().unwrap().order.id;
    let later = draft(ctx, &actor, &at(13)).await.unwrap().unwrap().order.id;
    let fell = Statement::new("UPDATE reset_order SET submitted_at = created_at", Vec::new());
    ctx.db.run(Batch::plain(vec![fell])).await.unwrap();
    provider.clock.advance(DAY * 10);
    let page = home(&enrolled(&provider, "anne").await.0).await;
    let drafts = section(&page, "drafts").unwrap();
    let places: Vec<_> =
        drafts.split("/console/orders/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!((places.len(), places[0], places[1]), (20, soon.0.as_str(), later.0.as_str()));
}
