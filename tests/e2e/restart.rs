//! A restart signs nobody out: what a browser or a relying party holds lies in the database, not in the process.

use reqwest::StatusCode;

use crate::browser::Browser;
use crate::provider::{FIRST_PASSWORD, Provider};
use crate::relying_party::RelyingParty;
use crate::sign_in::{activate, signed_in};

const WRONG: &str = "Faux-mot-7";

#[tokio::test]
async fn what_was_in_hand_goes_on_after_a_restart() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let (browser, tokens) = signed_in(&provider, &portal, "zoe").await;
    let code = portal.code(&browser.go(&portal.authorize(&[])).await);
    let at_sign_in = Browser::new(&provider.issuer);
    let sign_in = at_sign_in.go(&portal.authorize(&[("state", "kept")])).await;
    let at_change = Browser::new(&provider.issuer);
    let slip = provider.new_code("tom").await;
    let change = at_change.go(&portal.authorize(&[])).await;
    let change = at_change.sign_in(&change, "tom", &slip).await;
    activate(&provider, "lea").await;
    let guess = || async {
        let stranger = Browser::new(&provider.issuer);
        let page = stranger.go("/login").await;
        stranger.sign_in(&page, "lea", WRONG).await.status
    };
    for _ in 0..5 {
        assert_eq!(guess().await, StatusCode::UNPROCESSABLE_ENTITY);
    }

    let provider = provider.restarted().await;
    assert!(browser.go(&portal.authorize(&[("prompt", "none")])).await.parameter("code").is_some());
    assert_eq!(portal.exchange(&code).await.status, StatusCode::OK);
    assert_eq!(portal.userinfo(tokens["access_token"].as_str().unwrap()).await.status, StatusCode::OK);
    assert_eq!(portal.refresh(tokens["refresh_token"].as_str().unwrap()).await.status, StatusCode::OK);
    let page = at_sign_in.sign_in(&sign_in, "zoe", FIRST_PASSWORD).await;
    assert_eq!(page.parameter("state").as_deref(), Some("kept"));
    assert!(at_change.change(&change, "", FIRST_PASSWORD).await.is_success());
    let stranger = Browser::new(&provider.issuer);
    let page = stranger.go("/login").await;
    let page = stranger.sign_in(&page, "lea", WRONG).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "nor does it forget who was guessing");
}
