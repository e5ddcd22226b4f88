//! Every door: open before an order, shut from its commit on, open again after the change for whoever made it, and never
//! again for what was held before.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::profile::Profile;
use ecluse::domain::timestamp::Timestamp;
use ecluse::flows::account::disable::{disable, enable};
use ecluse::flows::reset_order::issue::Proposal;
use ecluse::store;

use crate::browser::{Browser, Page};
use crate::holder::{Doors, Holder};
use crate::provider::{FIRST_PASSWORD, Provider, Wish, operator, proposal};
use crate::relying_party::RelyingParty;
use crate::sign_in::activate;

const NEW_PASSWORD: &str = "Chat-noir7";

/// Lifetimes that outlast the days which some of these stories take.
fn lasting() -> Wish {
    Wish::settings(|settings| {
        let days = Duration::from_hours(40 * 24);
        settings.code = days;
        settings.access_token = days;
        settings.client_token = days;
        settings.refresh_token = days;
        settings.session.idle = days;
        settings.session.absolute = days;
    })
}

/// Meets the sign-in page of the portal in a fresh browser, and types this.
async fn sign_in(provider: &Provider, login: &str, password: &str) -> (Browser, Page) {
    let browser = Browser::new(&provider.issuer);
    let page = browser.go("/login").await;
    let page = browser.sign_in(&page, login, password).await;
    (browser, page)
}

/// Signs in with this, changes the password, and knocks at every door with what is given then.
async fn change(provider: &Provider, login: &str, proof: &str) -> Holder {
    let (browser, page) = sign_in(provider, login, proof).await;
    assert!(page.is_change(), "{} {}", page.status, page.body);
    let current = if page.body.contains("id=\"current_password\"") { proof } else { "" };
    let page = browser.change(&page, current, NEW_PASSWORD).await;
    assert!(page.is_success(), "{} {}", page.status, page.body);
    Holder::of(provider, browser).await
}

#[tokio::test]
async fn an_order_at_level_change_shuts_every_door_and_the_change_opens_them_for_what_is_new() {
    let provider = Provider::start().await;
    let mut zoe = Holder::new(&provider, "zoe").await;
    assert_eq!(zoe.knock().await, Doors::OPEN);
    provider.order(Level::Change).await;
    assert_eq!(zoe.knock().await, Doors::CHANGE);
    let mut renewed = change(&provider, "zoe", FIRST_PASSWORD).await;
    assert_eq!(renewed.knock().await, Doors::OPEN);
    assert_eq!(zoe.knock().await, Doors::ENDED);
}

#[tokio::test]
async fn an_order_at_level_recover_voids_the_session_as_well() {
    let provider = Provider::start().await;
    let mut zoe = Holder::new(&provider, "zoe").await;
    provider.order(Level::Recover).await;
    assert_eq!(zoe.knock().await, Doors::RECOVER);
    let slip = provider.slip("zoe").await;
    assert_eq!(zoe.knock().await, Doors::RECOVER, "a printed slip opens no door by itself");
    let mut renewed = change(&provider, "zoe", &slip).await;
    assert_eq!(renewed.knock().await, Doors::OPEN);
    assert_eq!(zoe.knock().await, Doors::ENDED);
}

#[tokio::test]
async fn what_ended_with_a_change_stays_ended_under_the_next_order() {
    let provider = Provider::start().await;
    let mut zoe = Holder::new(&provider, "zoe").await;
    provider.order(Level::Change).await;
    provider.clock.advance(Duration::from_secs(1));
    let mut renewed = change(&provider, "zoe", FIRST_PASSWORD).await;
    provider.order(Level::Change).await;
    assert_eq!(renewed.knock().await, Doors::CHANGE);
    assert_eq!(
        zoe.knock().await,
        Doors::ENDED,
        "no relying party is sent for a change that would not help it"
    );
}

#[tokio::test]
async fn a_neighbour_outside_the_population_notices_nothing() {
    for level in [Level::Change, Level::Recover] {
        let provider = Provider::start().await;
        let mut lea = Holder::new(&provider, "lea").await;
        let mut zoe = Holder::of(&provider, activate(&provider, "zoe").await).await;
        let teachers = Proposal { profiles: [Profile::Teacher].into(), ..proposal("uai:0860001J", level) };
        provider.issue(&teachers).await;
        assert_eq!(zoe.knock().await, Doors::OPEN, "another profile of the same school");
        provider.order_for("uai:0860001J", level).await;
        assert_ne!(zoe.knock().await, Doors::OPEN);
        assert_eq!(lea.knock().await, Doors::OPEN, "another school");
    }
}

#[tokio::test]
async fn a_force_on_one_account_shuts_its_doors_and_nobody_elses() {
    for level in [Level::Change, Level::Recover] {
        let provider = Provider::start().await;
        let mut zoe = Holder::new(&provider, "zoe").await;
        let mut tom = Holder::of(&provider, activate(&provider, "tom").await).await;
        provider.force("zoe", level).await;
        assert_eq!(zoe.knock().await, Doors::RECOVER, "a force ends the session at either level");
        assert_eq!(tom.knock().await, Doors::OPEN);
        let proof = match level {
            Level::Change => FIRST_PASSWORD.to_owned(),
            Level::Recover => provider.new_code("zoe").await,
        };
        let mut renewed = change(&provider, "zoe", &proof).await;
        assert_eq!(renewed.knock().await, Doors::OPEN);
        assert_eq!(zoe.knock().await, Doors::ENDED);
    }
}

#[tokio::test]
async fn a_disabled_account_gets_plain_answers_and_nothing_comes_back_when_it_is_enabled() {
    let provider = Provider::start().await;
    let mut zoe = Holder::new(&provider, "zoe").await;
    disable(&provider.ctx, &operator(), &["zoe".to_owned()]).await.unwrap().unwrap();
    assert_eq!(zoe.knock().await, Doors::ENDED, "no page would open it, so nobody is sent to one");
    let (browser, page) = sign_in(&provider, "zoe", FIRST_PASSWORD).await;
    let wrong = browser.sign_in(&page, "zoe", "Faux-mot-7").await;
    assert_eq!((page.status, page.body), (wrong.status, wrong.body), "not told from a wrong password");
    enable(&provider.ctx, &operator(), &["zoe".to_owned()]).await.unwrap().unwrap();
    assert_eq!(zoe.knock().await, Doors::ENDED);
    let (browser, _) = sign_in(&provider, "zoe", FIRST_PASSWORD).await;
    assert_eq!(Holder::of(&provider, browser).await.knock().await, Doors::OPEN);
}

#[tokio::test]
async fn a_password_older_than_its_profile_allows_shuts_the_doors_by_the_passing_of_time() {
    let mut wish = lasting();
    let lasting = wish.settings;
    wish.settings = Box::new(move |settings| {
        lasting(settings);
        settings.policy.maximum_lifetime.insert(Profile::Pupil, Duration::from_hours(24));
    });
    let provider = Provider::start_with(wish).await;
    let mut zoe = Holder::new(&provider, "zoe").await;
    provider.clock.advance(Duration::from_hours(24) - Duration::from_micros(1));
    assert_eq!(zoe.knock().await, Doors::OPEN);
    provider.clock.advance(Duration::from_micros(1));
    assert_eq!(zoe.knock().await, Doors::CHANGE);
    let mut renewed = change(&provider, "zoe", FIRST_PASSWORD).await;
    assert_eq!(renewed.knock().await, Doors::OPEN);
    assert_eq!(zoe.knock().await, Doors::ENDED);
}

#[tokio::test]
async fn a_password_that_todays_rules_refuse_is_found_at_its_next_sign_in() {
    let provider = Provider::start().await;
    provider.choose("zoe", "faible").await;
    let weak = RelyingParty::portal(&provider).await;
    let (browser, page) = sign_in(&provider, "zoe", "faible").await;
    assert!(
        page.is_change() && page.body.contains("id=\"current_password\""),
        "{} {}",
        page.status,
        page.body
    );
    let silent = browser.get(&weak.authorize(&[("prompt", "none")])).await;
    assert_eq!(silent.parameter("error").as_deref(), Some("interaction_required"));
    let page = browser.go("/login").await;
    assert!(page.is_change(), "the browser may come back to its change page");
    let page = browser.change(&page, "faible", NEW_PASSWORD).await;
    assert!(page.is_success(), "{} {}", page.status, page.body);
    assert!(weak.code(&browser.go(&weak.authorize(&[])).await).len() > 40);
}

#[tokio::test]
async fn cancelling_an_order_at_level_change_opens_every_door_again() {
    let provider = Provider::start().await;
    let mut zoe = Holder::new(&provider, "zoe").await;
    let order = provider.order(Level::Change).await;
    assert_eq!(zoe.knock().await, Doors::CHANGE);
    provider.cancel(&order).await;
    assert_eq!(zoe.knock().await, Doors::OPEN);
}

#[tokio::test]
async fn cancelling_an_order_at_level_recover_releases_to_change_and_revives_nothing() {
    let provider = Provider::start().await;
    let mut zoe = Holder::new(&provider, "zoe").await;
    let order = provider.order(Level::Recover).await;
    provider.cancel(&order).await;
    assert_eq!(zoe.knock().await, Doors::RECOVER, "the session stays void");
    let mut renewed = change(&provider, "zoe", FIRST_PASSWORD).await;
    assert_eq!(renewed.knock().await, Doors::OPEN);
    assert_eq!(zoe.knock().await, Doors::ENDED);
}

/// An order that comes into force in an hour.
async fn scheduled(provider: &Provider, level: Level) -> ecluse::domain::reset_order::OrderId {
    let at = provider.clock.now().plus(Duration::from_hours(1));
    provider.issue(&Proposal { at: Some(at), ..proposal("academie:13", level) }).await
}

/// The word for where an order stands in the database.
async fn state(provider: &Provider, order: &ecluse::domain::reset_order::OrderId) -> &'static str {
    let record = store::reset_order::find(&provider.ctx.db, order).await.unwrap().unwrap();
    record.order.state.as_str()
}

#[tokio::test]
async fn a_scheduled_order_binds_from_its_instant_on_though_no_job_has_run() {
    for (level, shut) in [(Level::Change, Doors::CHANGE), (Level::Recover, Doors::RECOVER)] {
        let provider = Provider::start_with(lasting()).await;
        let mut zoe = Holder::new(&provider, "zoe").await;
        let order = scheduled(&provider, level).await;
        provider.clock.advance(Duration::from_hours(1) - Duration::from_micros(1));
        assert_eq!(zoe.knock().await, Doors::OPEN);
        provider.clock.advance(Duration::from_micros(1));
        assert_eq!(zoe.knock().await, shut);
        assert_eq!(state(&provider, &order).await, "scheduled");
        let proof = match level {
            Level::Change => FIRST_PASSWORD.to_owned(),
            Level::Recover => provider.slip("zoe").await,
        };
        let mut renewed = change(&provider, "zoe", &proof).await;
        assert_eq!(
            state(&provider, &order).await,
            "in_force",
            "the change drew the number it had to be above"
        );
        assert_eq!(renewed.knock().await, Doors::OPEN);
    }
}

#[tokio::test]
async fn an_order_cancelled_before_its_instant_never_was() {
    let provider = Provider::start_with(lasting()).await;
    let mut zoe = Holder::new(&provider, "zoe").await;
    let order = scheduled(&provider, Level::Recover).await;
    provider.cancel(&order).await;
    provider.clock.advance(Duration::from_hours(2));
    assert_eq!(zoe.knock().await, Doors::OPEN);
}

#[tokio::test]
async fn an_order_cancelled_after_its_instant_had_been_in_force_though_no_job_had_run() {
    let provider = Provider::start_with(lasting()).await;
    let mut zoe = Holder::new(&provider, "zoe").await;
    let order = scheduled(&provider, Level::Recover).await;
    provider.clock.advance(Duration::from_hours(1));
    provider.cancel(&order).await;
    assert_eq!(
        zoe.knock().await,
        Doors::RECOVER,
        "a stolen password is not good again because of a cancelled order"
    );
    assert_eq!(change(&provider, "zoe", FIRST_PASSWORD).await.knock().await, Doors::OPEN);
}

#[tokio::test]
async fn after_the_deadline_the_old_password_is_worth_nothing_to_whoever_was_given_a_code() {
    let provider = Provider::start_with(lasting()).await;
    let mut zoe = Holder::new(&provider, "zoe").await;
    let mut lea = Holder::of(&provider, activate(&provider, "lea").await).await;
    let deadline: Timestamp = provider.clock.now().plus(Duration::from_hours(48));
    provider.issue(&Proposal { deadline: Some(deadline), ..proposal("academie:13", Level::Change) }).await;
    let slip = provider.slip_at("uai:0860001J", "zoe").await;
    provider.clock.advance(Duration::from_hours(48) - Duration::from_micros(1));
    assert_eq!(zoe.knock().await, Doors::CHANGE);
    provider.clock.advance(Duration::from_micros(1));
    assert_eq!(zoe.knock().await, Doors::RECOVER);
    assert_eq!(lea.knock().await, Doors::CHANGE, "without a code she would be left with nothing");
    let (_, page) = sign_in(&provider, "zoe", FIRST_PASSWORD).await;
    assert!(page.is_sign_in(), "{}", page.body);
    let mut renewed = change(&provider, "zoe", &slip).await;
    assert_eq!(renewed.knock().await, Doors::OPEN);
    assert_eq!(zoe.knock().await, Doors::ENDED);
}

#[tokio::test]
async fn a_code_on_paper_opens_the_change_page_and_no_other_door() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let code = provider.new_code("zoe").await;
    let (browser, page) = sign_in(&provider, "zoe", &code).await;
    assert!(page.is_change(), "{}", page.body);
    let silent = browser.get(&portal.authorize(&[("prompt", "none")])).await;
    assert_eq!(silent.parameter("error").as_deref(), Some("interaction_required"));
    assert!(browser.go(&portal.authorize(&[])).await.is_change());
    assert!(browser.go("/account/password").await.is_change());
}
