//! What an access token is good for: introspection, userinfo, and how it is given back.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use crate::browser::Browser;
use crate::provider::Provider;
use crate::relying_party::{Answer, RelyingParty};
use crate::sign_in::{activate, signed_in};

#[tokio::test]
async fn introspection_tells_a_client_of_its_own_tokens_and_a_resource_server_of_all() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let gradebook = RelyingParty::gradebook(&provider).await;
    let cantine =
        RelyingParty::register(&provider, "cantine", json!({ "ecluse_resource_server": true })).await;
    let (_, tokens) = signed_in(&provider, &portal, "zoe").await;
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let (access, refresh) = (text("access_token"), text("refresh_token"));

    let own = portal.introspect(&access).await;
    assert_eq!(own.header("cache-control"), "no-store");
    assert_eq!(own.body["client_id"], "portal");
    assert_eq!(own.body["scope"], "openid profile email ent offline_access");
    assert_eq!(own.body["token_type"], "Bearer");
    assert_eq!(own.body["iss"], provider.issuer);
    assert_eq!(own.body["exp"], provider.clock.now().seconds() + 600);
    assert_eq!(own.body.get("username"), None);
    assert_eq!(portal.introspect(&refresh).await.body["active"], true);

    let others = cantine.introspect(&access).await;
    assert_eq!(others.body["active"], true);
    assert_ne!(others.body["sub"], own.body["sub"], "each sector has its own");
    let nothing = json!({ "active": false });
    assert_eq!(cantine.introspect(&refresh).await.body, nothing, "nothing a resource server is ever given");
    assert_eq!(gradebook.introspect(&access).await.body, nothing);
    assert_eq!(portal.introspect("never given").await.body, nothing);
    assert_eq!(
        portal.send("/introspect", Some("wrong"), &[("token", &access)]).await.error(),
        (401, "invalid_client")
    );
    assert_eq!(
        portal.send("/introspect", None, &[("token", &access)]).await.error(),
        (401, "invalid_client")
    );
    let form: [(&str, &str); 0] = [];
    let missing = portal.send("/introspect", portal.secret.as_deref(), &form).await;
    assert_eq!(missing.error(), (400, "invalid_request"));

    provider.clock.advance(Duration::from_mins(10) - Duration::from_micros(1));
    assert_eq!(portal.introspect(&access).await.body["active"], true);
    provider.clock.advance(Duration::from_micros(1));
    assert_eq!(portal.introspect(&access).await.body, nothing);
    assert_eq!(portal.userinfo(&access).await.error(), (401, "invalid_token"));
}

#[tokio::test]
async fn userinfo_takes_the_token_from_the_header_or_a_form_and_never_from_the_address() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let (_, tokens) = signed_in(&provider, &portal, "lea").await;
    let access = tokens["access_token"].as_str().unwrap();
    let get = portal.userinfo(access).await;
    assert_eq!((get.status, get.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(get.header("cache-control"), "no-store");
    assert_eq!(get.body["preferred_username"], "lea");
    assert_eq!(get.body["family_name"], "Essai");
    assert!(get.body.get("email").is_none(), "she has none, and null is no e-mail address");
    let in_header = Answer::of(portal.post("/userinfo").bearer_auth(access)).await;
    let in_form = portal.send("/userinfo", None, &[("access_token", access)]).await;
    assert_eq!((&in_header.body, &in_form.body), (&get.body, &get.body));

    let bare = Answer::of(portal.post("/userinfo")).await;
    assert_eq!(
        (bare.status, bare.header("www-authenticate")),
        (StatusCode::UNAUTHORIZED, "Bearer realm=\"ecluse\"")
    );
    let in_query = Browser::new(&provider.issuer).get(&format!("/userinfo?access_token={access}")).await;
    assert_eq!(in_query.status, StatusCode::UNAUTHORIZED, "addresses are logged and shared");
    let twice =
        Answer::of(portal.post("/userinfo").bearer_auth(access).form(&[("access_token", access)])).await;
    assert_eq!(twice.error(), (400, "invalid_request"));
    for wrong in
        ["never-given", tokens["refresh_token"].as_str().unwrap(), tokens["id_token"].as_str().unwrap()]
    {
        let answer = portal.userinfo(wrong).await;
        assert_eq!(answer.error(), (401, "invalid_token"));
        assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
    }
}

#[tokio::test]
async fn userinfo_tells_what_the_scopes_allow() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "m.blanc").await;
    let table: [(&str, &[&str]); 3] = [
        ("openid", &["sub"]),
        ("openid profile", &["sub", "name", "given_name", "family_name", "preferred_username"]),
        ("openid ent", &["sub", "ENTPersonProfils", "ENTPersonStructRattachUAI"]),
    ];
    for (scope, expected) in table {
        let page = browser.go(&portal.authorize(&[("scope", scope)])).await;
        let tokens = portal.exchange(&portal.code(&page)).await;
        let claims = portal.userinfo(&tokens.text("access_token")).await.body;
        for name in expected {
            assert!(claims.get(name).is_some(), "{scope}: no {name} in {claims}");
        }
        if scope != "openid ent" {
            assert!(!claims.to_string().contains("ENT"), "{scope}: {claims}");
        }
        assert!(!claims.to_string().contains("null"), "{claims}");
    }
}

#[tokio::test]
async fn a_client_gives_its_tokens_back_and_nobody_elses() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let gradebook = RelyingParty::gradebook(&provider).await;
    let (_, tokens) = signed_in(&provider, &portal, "zoe").await;
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let (access, refresh) = (text("access_token"), text("refresh_token"));
    for token in [&access, &refresh] {
        assert_eq!(gradebook.revoke(token).await, StatusCode::OK);
    }
    assert_eq!(portal.revoke("never given").await, StatusCode::OK);
    assert_eq!(portal.userinfo(&access).await.status, StatusCode::OK, "still good");

    assert_eq!(portal.revoke(&access).await, StatusCode::OK);
    assert_eq!(portal.userinfo(&access).await.error(), (401, "invalid_token"));
    let again = portal.refresh(&refresh).await;
    assert_eq!(again.status, StatusCode::OK, "an access token alone");

    assert_eq!(portal.revoke(&refresh).await, StatusCode::OK);
    assert_eq!(portal.refresh(&refresh).await.error(), (400, "invalid_grant"));
    let access = again.text("access_token");
    assert_eq!(portal.introspect(&access).await.body, json!({ "active": false }), "with its family");
    assert_eq!(
        portal.send("/revoke", Some("wrong"), &[("token", "x")]).await.error(),
        (401, "invalid_client")
    );
}
