//! Signing in, the change page, and the way back to the service that was asked for.

use ecluse::domain::level::Level;
use reqwest::StatusCode;

use crate::browser::Browser;
use crate::provider::{FIRST_PASSWORD, Provider};
use crate::relying_party::RelyingParty;

/// Chooses the first password with a printed code, as a pupil does in September; whoever has it already signs in.
pub(crate) async fn activate(provider: &Provider, login: &str) -> Browser {
    let browser = Browser::new(&provider.issuer);
    let page = browser.go("/login").await;
    if provider.person(login).await.phc.is_some() {
        browser.sign_in(&page, login, FIRST_PASSWORD).await;
        return browser;
    }
    let code = provider.new_code(login).await;
    let page = browser.sign_in(&page, login, &code).await;
    assert!(page.is_change(), "{} {}", page.status, page.body);
    let page = browser.change(&page, "", FIRST_PASSWORD).await;
    assert!(page.is_success(), "{} {}", page.status, page.body);
    browser
}

/// Signs in once more, in a browser that knows nobody.
pub(crate) async fn elsewhere(provider: &Provider, login: &str) -> Browser {
    let browser = Browser::new(&provider.issuer);
    let page = browser.go("/login").await;
    browser.sign_in(&page, login, FIRST_PASSWORD).await;
    browser
}

/// A person who is signed in at a relying party, with the tokens it got.
pub(crate) async fn signed_in(
    provider: &Provider,
    rp: &RelyingParty,
    login: &str,
) -> (Browser, serde_json::Value) {
    activate(provider, login).await;
    let browser = Browser::new(&provider.issuer);
    let page = browser.go(&rp.authorize(&[])).await;
    let page = browser.sign_in(&page, login, FIRST_PASSWORD).await;
    let tokens = rp.exchange(&rp.code(&page)).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    (browser, tokens.body)
}

#[tokio::test]
async fn a_new_pupil_activates_with_a_slip_and_arrives_at_the_service() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let code = provider.new_code("zoe").await;
    let browser = Browser::new(&provider.issuer);

    let page = browser.go(&portal.authorize(&[])).await;
    assert!(page.is_sign_in(), "{}", page.body);
    let page = browser.sign_in(&page, "Zoe ", &code.to_lowercase()).await;
    assert!(page.is_change(), "{}", page.body);
    assert!(!page.body.contains("current_password"), "after a code no current password is asked");
    let page = browser.change(&page, "", "Chat-noir7").await;
    assert!(page.is_success(), "{} {}", page.status, page.body);
    let page = browser.go(&page.on()).await;
    let tokens = portal.exchange(&portal.code(&page)).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    let claims = portal.userinfo(&tokens.text("access_token")).await;
    assert_eq!(claims.body["preferred_username"], "zoe");
    assert_eq!(claims.body["ENTPersonProfils"][0], "National_ELV");
    assert_eq!(claims.body["ENTEleveClasses"][0], "0860001J$6A");
}

#[tokio::test]
async fn the_gate_is_met_with_the_old_password_and_the_request_is_kept_across_the_change() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    activate(&provider, "zoe").await;
    provider.order(Level::Change).await;

    let browser = Browser::new(&provider.issuer);
    let page = browser.go(&portal.authorize(&[("state", "the-state")])).await;
    let page = browser.sign_in(&page, "zoe", FIRST_PASSWORD).await;
    assert!(page.is_change(), "{}", page.body);
    assert!(page.body.contains("Poitiers"), "the page says who asks");

    let wrong = browser.change(&page, "not-it-7A", "Chat-noir7").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let weak = browser.change(&page, FIRST_PASSWORD, "chat").await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    let same = browser.change(&page, FIRST_PASSWORD, FIRST_PASSWORD).await;
    assert_eq!(same.status, StatusCode::UNPROCESSABLE_ENTITY);

    let page = browser.change(&page, FIRST_PASSWORD, "Chat-noir7").await;
    assert!(page.is_success(), "{} {}", page.status, page.body);
    let page = browser.go(&page.on()).await;
    let tokens = portal.exchange(&portal.code(&page)).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
}

#[tokio::test]
async fn at_level_recover_the_old_password_is_answered_like_a_wrong_one_and_a_code_opens_the_page_until_it_was_used()
 {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    activate(&provider, "zoe").await;
    provider.order(Level::Recover).await;

    let browser = Browser::new(&provider.issuer);
    let page = browser.go(&portal.authorize(&[])).await;
    let old = browser.sign_in(&page, "zoe", FIRST_PASSWORD).await;
    let wrong = browser.sign_in(&page, "zoe", "Faux-mot-7").await;
    let unknown = browser.sign_in(&page, "nobody", "Faux-mot-7").await;
    assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!((old.status, &old.body), (wrong.status, &wrong.body));
    assert_eq!(old.body.replace("zoe", "nobody"), unknown.body);

    let code = provider.new_code("zoe").await;
    for _ in 0..2 {
        let again = Browser::new(&provider.issuer);
        let page = again.go(&portal.authorize(&[])).await;
        assert!(
            again.sign_in(&page, "zoe", &code).await.is_change(),
            "a code may be typed again until a change"
        );
    }
    let page = browser.sign_in(&page, "zoe", &code).await;
    let page = browser.change(&page, "", "Chat-noir7").await;
    assert!(page.is_success(), "{}", page.body);
    let late = Browser::new(&provider.issuer);
    let page = late.go(&portal.authorize(&[])).await;
    assert!(!late.sign_in(&page, "zoe", &code).await.is_change(), "a used code opens nothing");
}
