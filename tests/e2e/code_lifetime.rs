//! An order may choose for how long its codes open the change page, up to a ceiling.

use std::sync::Arc;
use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::reset_order::OrderId;
use ecluse::domain::timestamp::Timestamp;
use ecluse::flows::reset_order::approve::approve;
use ecluse::flows::reset_order::come_into_force::come_into_force;
use ecluse::flows::reset_order::draft::{DraftError, draft};
use ecluse::flows::reset_order::issue::{Proposal, ProposalError, issue};
use ecluse::flows::reset_order::read::proposal_of;
use ecluse::flows::reset_order::revise::{edit, submit};
use ecluse::store;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{INSIDE, OUTSIDE, Program, order};
use crate::browser::{Browser, Page};
use crate::console::enrolled;
use crate::host::Host;
use crate::order_edits::filled;
use crate::order_shown::shown;
use crate::provider::{Provider, Wish, proposal};
use crate::sign_in::activate;

const DAY: Duration = Duration::from_hours(24);
const MINUTE: Duration = Duration::from_mins(1);

fn recover(place: &str) -> Value {
    json!({ "territory": place, "level": "recover", "reason": "stolen passwords" })
}

fn with(mut order: Value, name: &str, value: impl Into<Value>) -> Value {
    order[name] = value.into();
    order
}

/// Somebody else of the rectorat, at the console.
async fn at_the_desk(provider: &Provider) -> Browser {
    provider.hire("carla", Role::Authority, "academie:13").await;
    enrolled(provider, "carla").await.0
}

async fn checked(desk: &Browser, form: &Page, typed: &[(String, String)]) -> Page {
    let typed: Vec<_> = typed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    desk.submit(form, "/console/orders/check", &typed).await
}

/// The page of the draft.
async fn left_as_a_draft(desk: &Browser, form: &Page, typed: &[(String, String)]) -> Page {
    let check = checked(desk, form, typed).await;
    let left = desk.post("/console/orders/draft", &check.fields("/console/orders")).await;
    desk.go(&left.location().unwrap_or_else(|| panic!("{}", left.body))).await
}

async fn opens(provider: &Provider, login: &str, code: &str) -> bool {
    let browser = Browser::new(&provider.issuer);
    let page = browser.go("/login").await;
    browser.sign_in(&page, login, code).await.is_change()
}

/// Whether it opens the page a minute before this span is over, and not a minute after.
async fn opens_for(provider: &Provider, (login, code): (&str, &str), span: Duration) {
    provider.clock.advance(span.checked_sub(MINUTE).unwrap());
    assert!(opens(provider, login, code).await, "{login} within {span:?}");
    provider.clock.advance(2 * MINUTE);
    assert!(!opens(provider, login, code).await, "{login} after {span:?}");
}

async fn expire(provider: &Provider, id: &OrderId) -> Timestamp {
    store::reset_order::find(&provider.ctx.db, id).await.unwrap().unwrap().order.codes_expire_at
}

#[tokio::test]
async fn codes_live_for_as_long_as_was_chosen_and_by_the_setting_where_nobody_chose() {
    let provider = Provider::start().await;
    for login in ["zoe", "lea"] {
        activate(&provider, login).await;
    }
    let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let chosen = anne.post("/orders", with(recover(INSIDE), "code_lifetime_days", 14)).await;
    assert_eq!((chosen.status, &chosen.body["code_lifetime_days"]), (201, &json!(14)), "{chosen:?}");
    let by_setting = anne.post("/orders", recover(OUTSIDE)).await;
    assert_eq!((by_setting.status, &by_setting.body["code_lifetime_days"]), (201, &Value::Null));
    let zoe = provider.slip_at(INSIDE, "zoe").await;
    let lea = provider.slip_at(OUTSIDE, "lea").await;
    opens_for(&provider, ("zoe", &zoe), 14 * DAY).await;
    let elapsed = 14 * DAY + MINUTE;
    opens_for(&provider, ("lea", &lea), (30 * DAY).saturating_sub(elapsed)).await;
}

#[tokio::test]
async fn what_was_chosen_under_a_higher_ceiling_ends_at_that_of_the_day_it_begins() {
    let provider = Provider::start_with(Wish::settings(|it| it.orders.approval_above = 3)).await;
    activate(&provider, "zoe").await;
    let [anne, bruno, carla] = [
        provider.hire("anne", Role::Authority, "academie:13").await,
        provider.hire("bruno", Role::Authority, "academie:13").await,
        provider.hire("carla", Role::Authority, "academie:13").await,
    ];
    let ctx = &provider.ctx;
    let at = provider.clock.now().plus(3 * DAY);
    let long = |place| Proposal { code_lifetime: Some(60 * DAY), ..proposal(place, Level::Recover) };
    let later = |order: Proposal| Proposal { at: Some(at), ..order };
    let scheduled = issue(ctx, &anne, &later(long(INSIDE)), None).await.unwrap().unwrap().order;
    assert_eq!(scheduled.codes_expire_at, at.plus(60 * DAY));
    let by_setting = later(proposal(OUTSIDE, Level::Recover));
    let by_setting = issue(ctx, &bruno, &by_setting, None).await.unwrap().unwrap().order;
    let kept = draft(ctx, &carla, &long(OUTSIDE)).await.unwrap().unwrap().order;
    let waits = issue(ctx, &anne, &long("academie:13"), None).await.unwrap().unwrap().order;

    let stricter = Provider::start_with(Wish {
        stores: Some(Arc::clone(&provider.stores)),
        clock: provider.clock.clone(),
        ..Wish::settings(|it| {
            it.orders.approval_above = 3;
            (it.policy.code_lifetime, it.policy.code_ceiling) = (10 * DAY, 20 * DAY);
        })
    })
    .await;
    let ctx = &stricter.ctx;
    let record = store::reset_order::find(&ctx.db, &kept.id).await.unwrap().unwrap();
    let as_it_is = proposal_of(ctx, &record).await.unwrap();
    let refused = edit(ctx, &carla, &kept.id, &as_it_is, None).await.unwrap().map(drop);
    let ceiling = ProposalError::CodeLifetime { ceiling: 20 * DAY };
    assert_eq!(refused, Err(DraftError::Proposal(ceiling)));

    let now = provider.clock.now();
    let submitted = submit(ctx, &carla, &kept.id, (None, None)).await.unwrap().unwrap().order;
    assert_eq!((submitted.codes_expire_at, submitted.code_lifetime), (now.plus(20 * DAY), Some(60 * DAY)));
    assert_eq!(expire(&provider, &kept.id).await, now.plus(20 * DAY));
    let approved = approve(ctx, &bruno, &waits.id, None).await.unwrap().unwrap().order;
    assert_eq!(approved.codes_expire_at, now.plus(20 * DAY));
    assert_eq!(expire(&provider, &waits.id).await, now.plus(20 * DAY));

    provider.clock.advance(3 * DAY + Duration::from_hours(5));
    come_into_force(ctx).await.unwrap();
    assert_eq!(expire(&provider, &by_setting.id).await, at.plus(10 * DAY), "from its instant on");
    assert_eq!(expire(&provider, &scheduled.id).await, at.plus(20 * DAY));
}

#[tokio::test]
async fn a_lifetime_that_nobody_may_choose_is_refused_everywhere_and_changes_nothing() {
    let provider = Provider::start().await;
    let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let kept = anne.post("/orders", with(order(INSIDE, true), "code_lifetime_days", 90)).await;
    let path = format!("/orders/{}", kept.body["id"].as_str().unwrap());
    let before = (anne.get(&path).await.body, anne.get("/orders").await.body);
    for days in [json!(0), json!(91), json!(i64::MAX)] {
        let wrong = with(order(INSIDE, true), "code_lifetime_days", days);
        for (method, path) in
            [(Method::POST, "/orders"), (Method::POST, "/orders/preview"), (Method::PUT, path.as_str())]
        {
            let answer = anne.send(method, path, Some(wrong.clone())).await;
            assert_eq!(answer.problem(), (422, "code-lifetime"), "{path} {wrong}");
            assert!(answer.body["detail"].as_str().unwrap().contains("90d"), "{answer:?}");
        }
    }
    for days in [json!(-1), json!(1.5), json!("14")] {
        let answer = anne.post("/orders", with(order(INSIDE, true), "code_lifetime_days", days)).await;
        assert_eq!(answer.problem(), (400, "invalid-request"));
    }
    assert_eq!((anne.get(&path).await.body, anne.get("/orders").await.body), before);

    let desk = at_the_desk(&provider).await;
    for (language, most) in [("fr", "90\u{a0}jours au plus"), ("en", "90 days at most")] {
        let form = desk.go(&format!("/console/orders/new?ui_locales={language}")).await;
        assert!(shown(&form, "code_lifetime-hint").replace("90 jours", "90\u{a0}jours").contains(most));
        for days in ["0", "91", "99999999999999999999999", "14 j", "-3"] {
            let typed = [
                ("place", "academie:13"),
                ("level", "change"),
                ("reason", "Annuaire volé"),
                ("code_lifetime", days),
            ];
            let page = desk.submit(&form, "/console/orders/check", &typed).await;
            assert_eq!(page.status, 422, "{days}: {}", page.body);
            let said = shown(&page, "code_lifetime-error").replace("90 jours", "90\u{a0}jours");
            assert!(said.contains(most), "{days} {said}");
            assert!(page.body.contains(&format!("value=\"{days}\"")), "what was typed is there still");
            assert!(
                page.body
                    .contains("aria-describedby=\"code_lifetime-error code_lifetime-hint\" aria-invalid")
            );
        }
    }
    assert_eq!(anne.get("/orders").await.body, before.1);

    let host = Host::open().await;
    let school = ["--territory", "uai:0860001J", "--level", "change"];
    let id = host.does(&[&["reset-order", "draft", "--code-lifetime", "90d"][..], &school].concat());
    let id = id.out.trim();
    for (days, code, because) in [
        ("0d", 2, "write a whole number of days, such as 14d"),
        ("36h", 2, "write a whole number of days"),
        ("14", 2, "write a whole number of days"),
        ("91d", 3, "the codes of an order live for a day at least and 90d at most"),
    ] {
        let chosen = ["--code-lifetime", days];
        for verb in [
            &["reset-order", "draft"][..],
            &["reset-order", "issue", "--yes", "--reason", "r"],
            &["reset-order", "preview"],
        ] {
            host.refuses(&[verb, &school, &chosen].concat(), code, because);
        }
        host.refuses(&[&["reset-order", "edit", id][..], &chosen].concat(), code, because);
    }
}

#[tokio::test]
async fn an_approval_is_of_the_lifetime_too() {
    let provider = Provider::start_with(Wish::settings(|it| it.orders.approval_above = 2)).await;
    let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let bruno = Program::of(&provider, "bruno", Role::Authority, "academie:13").await;
    let asked = with(recover("academie:13"), "at", "2099-01-01T08:00:00Z");
    let order = anne.post("/orders", with(asked.clone(), "code_lifetime_days", 14)).await;
    let path = format!("/orders/{}", order.body["id"].as_str().unwrap());
    let approves = async |digest: &Value| {
        let answer = bruno.post(&format!("{path}/approve"), json!({ "digest": digest })).await;
        if answer.status == 200 { answer.body["state"].clone() } else { answer.problem().1.into() }
    };
    let changes = async |order: Value| anne.send(Method::PUT, &path, Some(order)).await.body["state"].clone();
    let digest = async || bruno.get(&path).await.body["digest"].clone();

    let seen = digest().await;
    assert_eq!(changes(with(asked.clone(), "code_lifetime_days", 15)).await, "awaiting_approval");
    assert_eq!(approves(&seen).await, "changed", "that was fourteen days");
    assert_eq!(approves(&digest().await).await, "scheduled");
    assert_eq!(changes(with(asked.clone(), "code_lifetime_days", 15)).await, "scheduled", "the same again");
    assert_eq!(changes(asked.clone()).await, "awaiting_approval", "as the setting says");
    assert_eq!(bruno.get(&path).await.body["code_lifetime_days"], Value::Null);
    assert_eq!(approves(&digest().await).await, "scheduled");
    let desk = at_the_desk(&provider).await;
    let form = desk.go(&format!("/console{path}/edit")).await;
    let mut fields = filled(&form);
    assert!(!fields.iter().any(|(name, value)| name == "code_lifetime" && !value.is_empty()));
    fields.retain(|(name, _)| name != "code_lifetime");
    fields.push(("code_lifetime".to_owned(), "7".to_owned()));
    let left = left_as_a_draft(&desk, &form, &fields).await;
    assert!(left.body.contains("7 jours"), "{}", left.body);
    let form = desk.go(&format!("/console{path}/edit")).await;
    assert!(filled(&form).contains(&("code_lifetime".to_owned(), "7".to_owned())), "{}", form.body);
    assert_eq!(bruno.get(&path).await.body["state"], "draft");
}

#[tokio::test]
async fn codes_that_expire_before_the_deadline_are_remarked_upon() {
    let provider = Provider::start().await;
    let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let until = |days: u32| {
        let at = provider.clock.now().plus(days * DAY).seconds();
        jiff::Timestamp::from_second(at).unwrap().to_string()
    };
    for (chosen, deadline, early) in
        [(Some(14), 20, true), (Some(21), 20, false), (None, 20, false), (None, 31, true)]
    {
        let order = with(with(recover(INSIDE), "code_lifetime_days", chosen), "deadline", until(deadline));
        let preview = anne.post("/orders/preview", order).await.body;
        assert_eq!(preview["codes_expire_before_deadline"], early, "{chosen:?} {deadline} {preview}");
        let from_now = u32::try_from(chosen.unwrap_or(30)).unwrap();
        assert_eq!(preview["codes_expire_at"].as_str().unwrap()[..16], until(from_now)[..16]);
    }
    let desk = at_the_desk(&provider).await;
    let form = desk.go("/console/orders/new").await;
    let local = |days| until(days)[..16].to_owned();
    let typed = |deadline: String, days: &'static str| {
        let other = [("other", INSIDE), ("level", "recover"), ("reason", "r"), ("code_lifetime", days)];
        let typed = other.map(|(name, value)| (name.to_owned(), value.to_owned()));
        [&typed[..], &[("deadline".to_owned(), deadline)]].concat()
    };
    for (deadline, days, early) in [(local(20), "14", true), (local(20), "21", false)] {
        let typed = typed(deadline, days);
        let check = checked(&desk, &form, &typed).await;
        assert!(shown(&check, "codes").contains(&format!("{days} jours")), "{}", check.body);
        assert_eq!(shown(&check, "codes").contains("avant l’échéance"), early, "{}", check.body);
        let left = left_as_a_draft(&desk, &form, &typed).await;
        assert_eq!(shown(&left, "codes").contains("avant l’échéance"), early, "{}", left.body);
    }
}

#[tokio::test]
async fn the_host_chooses_shows_and_takes_it_back() {
    let host = Host::open().await;
    let school = ["--territory", "uai:0860001J", "--level", "recover", "--deadline", "2099-01-01"];
    let chosen = [&school[..], &["--code-lifetime", "14d"]].concat();
    let said = host.does(&[&["reset-order", "preview"][..], &chosen].concat()).out;
    assert!(
        said.contains("codes expire: ") && said.contains("the codes expire before the deadline"),
        "{said}"
    );
    let data = host.data(&[&["reset-order", "preview"][..], &chosen].concat());
    assert_eq!(data["codes_expire_before_deadline"], true);
    let id = host.does(&[&["reset-order", "draft"][..], &chosen].concat()).out;
    let id = id.trim();
    let shown = host.does(&["reset-order", "show", id]).out;
    assert!(shown.contains("14d") && shown.contains("the codes expire before the deadline"), "{shown}");
    let days = |host: &Host| host.data(&["reset-order", "show", id])["code_lifetime_days"].clone();
    assert_eq!(days(&host), 14);
    host.does(&["reset-order", "edit", id, "--code-lifetime", "7d"]);
    assert_eq!(days(&host), 7);
    host.does(&["reset-order", "edit", id, "--yearly"]);
    assert_eq!(days(&host), 7, "what is not named stays");
    let both = ["reset-order", "edit", id, "--code-lifetime", "7d", "--without", "code-lifetime"];
    host.refuses(&both, 2, "contradict each other");
    host.does(&["reset-order", "edit", id, "--without", "code-lifetime", "--without", "deadline"]);
    assert_eq!(days(&host), Value::Null);
    assert_eq!(host.data(&["reset-order", "show", id])["codes_expire_before_deadline"], false);
}
