//! Guessing is slow for whoever guesses, and for nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::flows::hash_pool::Guest;
use ecluse::flows::step::{Step, Steps};
use reqwest::StatusCode;

use crate::browser::{Browser, Page};
use crate::provider::{FIRST_PASSWORD, Provider, Wish};
use crate::relying_party::RelyingParty;
use crate::sign_in::{activate, elsewhere};

const WRONG: &str = "Faux-mot-7";
const WRONG_CODE: &str = "AAAA-BBBB-CCCC";
const NEW_PASSWORD: &str = "Chat-noir7";

/// One attempt in a browser that nobody knows.
async fn stranger(provider: &Provider, login: &str, password: &str) -> Page {
    try_in(&Browser::new(&provider.issuer), login, password).await
}

/// One attempt in this browser, following nothing.
async fn try_in(browser: &Browser, login: &str, password: &str) -> Page {
    let page = browser.go("/login").await;
    let page = if page.is_sign_in() { page } else { panic!("{} {}", page.status, page.body) };
    browser.send(&page, "/login", &[("login", login), ("password", password)]).await
}

/// Signs out; the browser stays known.
async fn leave(browser: &Browser) {
    let page = browser.go("/logout").await;
    browser.submit(&page, "/logout/confirm", &[]).await;
}

/// Wrong attempts until one is not let through any more; how many were.
async fn exhaust(provider: &Provider, login: &str, password: &str) -> usize {
    for number in 0..30 {
        let page = stranger(provider, login, password).await;
        match page.status {
            StatusCode::UNPROCESSABLE_ENTITY => {}
            StatusCode::TOO_MANY_REQUESTS => return number,
            other => panic!("{other} {}", page.body),
        }
    }
    panic!("never")
}

#[tokio::test]
async fn after_five_failures_each_further_one_doubles_the_wait() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    assert_eq!(exhaust(&provider, "zoe", WRONG).await, 5);
    for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
        let page = stranger(&provider, "zoe", FIRST_PASSWORD).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "the right one is not looked at either");
        provider.clock.advance(Duration::from_micros(minutes * 60_000_000 - 1));
        assert_eq!(
            stranger(&provider, "zoe", WRONG).await.status,
            StatusCode::TOO_MANY_REQUESTS,
            "{minutes}"
        );
        provider.clock.advance(Duration::from_micros(1));
        assert_eq!(
            stranger(&provider, "zoe", WRONG).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{minutes}"
        );
    }
    provider.clock.advance(Duration::from_hours(1));
    assert_eq!(stranger(&provider, "zoe", FIRST_PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_page_says_when_to_try_again() {
    let provider = Provider::start().await;
    for _ in 0..7 {
        stranger(&provider, "zoe", WRONG).await;
    }
    provider.clock.advance(Duration::from_mins(1));
    stranger(&provider, "zoe", WRONG).await;
    let page = stranger(&provider, "zoe", WRONG).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.body.contains("2 minutes") && page.body.contains("10\u{a0}h\u{a0}03"), "{}", page.body);
    assert!(!page.body.contains(WRONG));
}

#[tokio::test]
async fn no_more_than_twenty_five_in_a_day() {
    let provider = Provider::start().await;
    let owner = activate(&provider, "zoe").await;
    let mut let_through = 0;
    for _ in 0..(24 * 6 - 1) {
        let page = stranger(&provider, "zoe", WRONG).await;
        let_through += u32::from(page.status == StatusCode::UNPROCESSABLE_ENTITY);
        provider.clock.advance(Duration::from_mins(10));
    }
    assert_eq!(let_through, 25);
    let page = stranger(&provider, "zoe", WRONG).await;
    assert!(page.body.contains("10 minutes"), "until the day is over: {}", page.body);
    let page = owner.go("/login").await;
    assert!(owner.sign_in(&page, "zoe", FIRST_PASSWORD).await.is_change(), "nobody is shut out by it");
    provider.clock.advance(Duration::from_mins(10));
    assert_eq!(
        stranger(&provider, "zoe", WRONG).await.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "another day"
    );
}

#[tokio::test]
async fn what_is_refused_is_not_hashed() {
    let looked_at = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&looked_at);
    let steps = Steps::paused_by(move |step| {
        counter.fetch_add(usize::from(step == Step::SignInLoaded), Ordering::SeqCst);
        std::future::ready(())
    });
    let provider = Provider::start_with(Wish { steps, ..Wish::default() }).await;
    exhaust(&provider, "zoe", WRONG).await;
    for _ in 0..5 {
        stranger(&provider, "zoe", WRONG).await;
    }
    assert_eq!(looked_at.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn many_at_once_are_no_more_than_one_after_the_other() {
    let provider = Provider::start().await;
    let pages = Browser::new(&provider.issuer);
    let page = pages.go("/login").await;
    let attempt = || pages.send(&page, "/login", &[("login", "zoe"), ("password", WRONG)]);
    let (one, two, three, four) = tokio::join!(attempt(), attempt(), attempt(), attempt());
    let (five, six, seven, eight) = tokio::join!(attempt(), attempt(), attempt(), attempt());
    let answers = [one, two, three, four, five, six, seven, eight];
    let let_through = answers.iter().filter(|page| page.status == StatusCode::UNPROCESSABLE_ENTITY).count();
    assert_eq!(let_through, 5);
}

#[tokio::test]
async fn a_login_that_nobody_has_is_counted_and_answered_alike() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    for number in 0..7 {
        let mut pages = Vec::new();
        for login in ["zoe", "nobody"] {
            let page = stranger(&provider, login, WRONG).await;
            pages.push((page.status, neutral(&page.body, login)));
        }
        assert_eq!(pages[0], pages[1], "attempt {number}");
    }
    for spelling in ["ZOE", " zoe ", "\u{ff5a}\u{ff4f}\u{ff45}"] {
        let page = stranger(&provider, spelling, WRONG).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "{spelling:?} is the same login");
    }
    let long = "x".repeat(5000);
    assert_eq!(exhaust(&provider, &long, WRONG).await, 5, "even what can be no login");
}

/// The page without what is drawn anew each time: the address and value of its form, and the login itself.
fn neutral(body: &str, login: &str) -> String {
    let uid = body.split("/interaction/").nth(1).unwrap().split(['/', '?', '"']).next().unwrap();
    let csrf = body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    body.replace(uid, "UID").replace(csrf, "CSRF").replace(login, "LOGIN")
}

#[tokio::test]
async fn a_right_code_is_let_in_whatever_was_guessed_before() {
    let provider = Provider::start().await;
    let code = provider.new_code("zoe").await;
    assert_eq!(exhaust(&provider, "zoe", WRONG).await, 5);
    assert_eq!(
        stranger(&provider, "zoe", &code).await.status,
        StatusCode::SEE_OTHER,
        "guessing keeps nobody from a slip"
    );

    activate(&provider, "tom").await;
    let code = provider.new_code("tom").await;
    assert_eq!(
        exhaust(&provider, "tom", WRONG_CODE).await,
        5,
        "wrong codes are told to wait as wrong passwords are"
    );
    for _ in 0..24 * 6 {
        stranger(&provider, "tom", WRONG_CODE).await;
        provider.clock.advance(Duration::from_mins(9));
    }
    let page = stranger(&provider, "tom", WRONG_CODE).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "the day's guesses are used up");
    assert_eq!(
        stranger(&provider, "tom", &code).await.status,
        StatusCode::SEE_OTHER,
        "strangers cannot keep a child from the slip, however often they guess"
    );
}

#[tokio::test]
async fn browsers_that_were_here_before_have_a_counter_of_their_own() {
    let provider = Provider::start().await;
    let known = activate(&provider, "zoe").await;
    leave(&known).await;
    assert_eq!(exhaust(&provider, "zoe", WRONG).await, 5);
    for _ in 0..5 {
        assert_eq!(try_in(&known, "zoe", WRONG).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(
        try_in(&known, "zoe", FIRST_PASSWORD).await.status,
        StatusCode::TOO_MANY_REQUESTS,
        "it has an end as well"
    );
    provider.clock.advance(Duration::from_mins(1));
    assert_eq!(try_in(&known, "zoe", FIRST_PASSWORD).await.status, StatusCode::SEE_OTHER);
    leave(&known).await;
    assert_eq!(exhaust(&provider, "tom", WRONG).await, 5);
    assert_eq!(
        try_in(&known, "tom", WRONG).await.status,
        StatusCode::TOO_MANY_REQUESTS,
        "known to zoe, not to tom"
    );
}

#[tokio::test]
async fn a_change_unblocks_its_own_browser_and_tells_strangers_nothing() {
    let provider = Provider::start().await;
    let known = activate(&provider, "zoe").await;
    leave(&known).await;
    exhaust(&provider, "zoe", WRONG).await;
    for _ in 0..6 {
        try_in(&known, "zoe", WRONG).await;
    }
    let code = provider.new_code("zoe").await;
    let page = known.go("/login").await;
    let page = known.sign_in(&page, "zoe", &code).await;
    assert!(known.change(&page, "", NEW_PASSWORD).await.is_success());
    leave(&known).await;
    assert_eq!(
        try_in(&known, "zoe", NEW_PASSWORD).await.status,
        StatusCode::SEE_OTHER,
        "in the same browser"
    );
    assert_eq!(
        stranger(&provider, "zoe", WRONG).await.status,
        StatusCode::TOO_MANY_REQUESTS,
        "whoever guesses does not learn that there is a zoe, who has just changed"
    );
    provider.clock.advance(Duration::from_mins(1));
    assert_eq!(stranger(&provider, "zoe", NEW_PASSWORD).await.status, StatusCode::SEE_OTHER, "in any other");
}

#[tokio::test]
async fn the_current_password_cannot_be_guessed_on_the_change_page() {
    let provider = Provider::start().await;
    let browser = activate(&provider, "zoe").await;
    let page = browser.go("/account/password").await;
    for _ in 0..5 {
        let wrong = browser.change(&page, WRONG, NEW_PASSWORD).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let page = browser.change(&page, FIRST_PASSWORD, NEW_PASSWORD).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "{}", page.body);
    provider.clock.advance(Duration::from_mins(1));
    assert!(browser.change(&page, FIRST_PASSWORD, NEW_PASSWORD).await.is_success());
}

#[tokio::test]
async fn at_level_recover_the_counters_tell_no_more_than_the_page() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    activate(&provider, "tom").await;
    provider.order(Level::Recover).await;
    let right = exhaust(&provider, "zoe", FIRST_PASSWORD).await;
    assert_eq!((right, exhaust(&provider, "tom", WRONG).await), (5, 5));
}

#[tokio::test]
async fn a_full_pool_costs_nobody_an_attempt_and_leaves_known_browsers_their_places() {
    let wish = Wish::settings(|settings| {
        settings.hashing.workers = 1;
        settings.hashing.queue = 1;
    });
    let provider = Provider::start_with(wish).await;
    let known = activate(&provider, "zoe").await;
    let strangers: Vec<_> = (0..8).map(|_| Browser::new(&provider.issuer)).collect();
    let mut pages = Vec::new();
    for browser in &strangers {
        pages.push(browser.go("/login").await);
    }
    let waiting = provider.ctx.hash_pool.place(Guest::Stranger).unwrap();
    for (browser, page) in strangers.iter().zip(&pages) {
        let page = browser.send(page, "/login", &[("login", "zoe"), ("password", WRONG)]).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", page.body);
        assert_eq!(page.header("retry-after"), "5");
        assert!(page.headers.get("set-cookie").is_none());
    }
    provider.clock.advance(Duration::from_hours(3));
    assert_eq!(try_in(&known, "zoe", FIRST_PASSWORD).await.status, StatusCode::SEE_OTHER);
    drop(waiting);
    assert_eq!(exhaust(&provider, "zoe", WRONG).await, 5, "none of the eight was counted");
    provider.clock.advance(Duration::from_mins(1));
    elsewhere(&provider, "zoe").await;
}

#[tokio::test]
async fn in_a_rush_most_newcomers_are_told_before_they_type_and_nobody_else_is() {
    let wish = Wish::settings(|settings| settings.hashing.queue = 2);
    let provider = Provider::start_with(wish).await;
    let zoe = activate(&provider, "zoe").await;
    let (pool, client) = (&provider.ctx.hash_pool, RelyingParty::portal(&provider).await);
    let waiting: Vec<_> = (0..2).map(|_| pool.place(Guest::Stranger).unwrap()).collect();
    for _ in 0..20 {
        assert!(pool.place(Guest::Stranger).is_err());
    }
    let first_page = async |path: &str| {
        let browser = Browser::new(&provider.issuer);
        let page = browser.get(path).await;
        (page.status, page.header("retry-after").to_owned(), page.headers.contains_key("set-cookie"))
    };
    let turned_away = (StatusCode::SERVICE_UNAVAILABLE, "5".to_owned(), false);
    for path in [client.authorize(&[]).as_str(), "/login"] {
        let mut away = 0;
        for _ in 0..10 {
            away += usize::from(first_page(path).await == turned_away);
        }
        assert_eq!(away, 8, "{path}");
    }
    assert_eq!(pool.turned_away().get(), 16);
    for _ in 0..5 {
        let silent = first_page(&client.authorize(&[("prompt", "none")])).await;
        assert_eq!(silent.0, StatusCode::SEE_OTHER, "whoever asks nobody waits for nobody");
        assert_eq!(zoe.get(&client.authorize(&[])).await.status, StatusCode::SEE_OTHER, "she is signed in");
    }
    leave(&zoe).await;
    for _ in 0..5 {
        assert_eq!(zoe.get("/login").await.status, StatusCode::SEE_OTHER, "she was here before");
    }
    drop(waiting);
    for _ in 0..5 {
        assert_eq!(first_page("/login").await.0, StatusCode::SEE_OTHER, "there is room again");
    }
}

#[tokio::test]
async fn all_browsers_that_were_here_before_share_their_guesses() {
    let provider = Provider::start().await;
    let first = activate(&provider, "zoe").await;
    let second = elsewhere(&provider, "zoe").await;
    leave(&first).await;
    leave(&second).await;
    for _ in 0..5 {
        assert_eq!(try_in(&first, "zoe", WRONG).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(try_in(&second, "zoe", WRONG).await.status, StatusCode::TOO_MANY_REQUESTS);
    provider.clock.advance(Duration::from_mins(1));
    assert_eq!(try_in(&first, "zoe", FIRST_PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert_eq!(try_in(&second, "zoe", WRONG).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        try_in(&second, "zoe", WRONG).await.status,
        StatusCode::TOO_MANY_REQUESTS,
        "the owner's sign-in makes no new guesses for whoever stole a cookie"
    );
}

#[tokio::test]
async fn a_change_makes_strangers_of_all_browsers_but_its_own() {
    let provider = Provider::start().await;
    let stolen = activate(&provider, "zoe").await;
    let owner = elsewhere(&provider, "zoe").await;
    provider.clock.advance(Duration::from_secs(1));
    let page = owner.go("/account/password").await;
    assert!(owner.change(&page, FIRST_PASSWORD, NEW_PASSWORD).await.is_success());
    leave(&owner).await;
    leave(&stolen).await;
    exhaust(&provider, "zoe", WRONG).await;
    assert_eq!(try_in(&stolen, "zoe", WRONG).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(try_in(&owner, "zoe", NEW_PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn where_a_password_is_believed_stolen_no_browser_is_known() {
    let provider = Provider::start().await;
    for login in ["zoe", "tom"] {
        let known = activate(&provider, login).await;
        leave(&known).await;
        exhaust(&provider, login, WRONG).await;
        assert_eq!(try_in(&known, login, WRONG).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{login}");
        if login == "zoe" {
            provider.force(login, Level::Recover).await;
        } else {
            provider.order(Level::Recover).await;
        }
        assert_eq!(try_in(&known, login, WRONG).await.status, StatusCode::TOO_MANY_REQUESTS, "{login}");
    }
}

#[tokio::test]
async fn strangers_keep_nobody_from_a_change_that_is_due() {
    let provider = Provider::start().await;
    for login in ["zoe", "tom"] {
        let known = activate(&provider, login).await;
        leave(&known).await;
        if login == "zoe" {
            provider.force(login, Level::Change).await;
        } else {
            provider.order(Level::Change).await;
        }
        exhaust(&provider, login, WRONG).await;
        let page = known.sign_in(&known.go("/login").await, login, FIRST_PASSWORD).await;
        assert!(page.is_change(), "{login}: {} {}", page.status, page.body);
        assert!(known.change(&page, FIRST_PASSWORD, NEW_PASSWORD).await.is_success(), "{login}");
    }
}
