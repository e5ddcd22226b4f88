//! A program that acts for itself in the name of an operator: what it is given, for how long, and when it is over.

use std::time::Duration;

use ecluse::domain::client::{Client, SigningAlgorithm};
use ecluse::domain::level::Level;
use ecluse::flows::account::disable::{disable, enable};
use ecluse::flows::declare_clients::declare_clients;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::premises::Premises;
use crate::provider::{FIRST_PASSWORD, Provider, operator};
use crate::relying_party::{REDIRECT_URI, RelyingParty};
use crate::robot::{Robot, members};
use crate::sign_in::{activate, signed_in};

/// A service that may ask about everybody's tokens.
async fn cantine(provider: &Provider) -> RelyingParty {
    let members = json!({ "ecluse_resource_server": true, "redirect_uris": [] });
    RelyingParty::register(provider, "cantine", members).await
}

#[tokio::test]
async fn what_is_given_is_one_access_token_in_the_operators_name() {
    let provider = Provider::start().await;
    activate(&provider, "m.blanc").await;
    let robot = Robot::of(&provider, "robot", "m.blanc").await;
    let cantine = cantine(&provider).await;
    let answer = robot.token(&[]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
    let names: Vec<_> = answer.body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["access_token", "expires_in", "scope", "token_type"], "nobody signed in");
    assert_eq!(answer.body["expires_in"], 600);
    assert_eq!(answer.body["scope"], "orders:read people:read");
    let access = answer.text("access_token");
    let own = robot.introspect(&access).await.body;
    assert_eq!(
        (&own["active"], &own["client_id"], &own["scope"], &own["token_type"]),
        (&json!(true), &json!("robot"), &json!("orders:read people:read"), &json!("Bearer"))
    );
    assert_eq!(own["exp"], provider.clock.now().seconds() + 600);
    let seen = cantine.introspect(&access).await.body;
    assert_eq!(seen["active"], true);
    assert_ne!(seen["sub"], own["sub"], "each sector has its own");
    let portal = RelyingParty::register(&provider, "portal", json!({ "ecluse_sector": "robot" })).await;
    let (_, tokens) = signed_in(&provider, &portal, "m.blanc").await;
    let person = portal.introspect(tokens["access_token"].as_str().unwrap()).await.body;
    assert_eq!(person["sub"], own["sub"], "the subject of the operator, as for everybody");
    assert_eq!(robot.party.userinfo(&access).await.error(), (403, "insufficient_scope"));

    provider.clock.advance(Duration::from_mins(10) - Duration::from_micros(1));
    assert_eq!(cantine.introspect(&access).await.body["active"], true);
    provider.clock.advance(Duration::from_micros(1));
    assert_eq!(cantine.introspect(&access).await.body, json!({ "active": false }));
}

#[tokio::test]
async fn it_may_ask_for_less_and_never_for_more() {
    let provider = Provider::start().await;
    activate(&provider, "m.blanc").await;
    let robot = Robot::of(&provider, "robot", "m.blanc").await;
    let fewer = robot.token(&[("scope", "people:read")]).await;
    assert_eq!(fewer.body["scope"], "people:read");
    assert_eq!(robot.introspect(&fewer.text("access_token")).await.body["scope"], "people:read");
    for scope in ["roles:grant", "people:read roles:grant", "openid", "phone"] {
        assert_eq!(robot.token(&[("scope", scope)]).await.error(), (400, "invalid_scope"), "{scope}");
    }
}

#[tokio::test]
async fn people_get_scopes_of_the_api_where_the_client_is_registered_for_them_and_nowhere_else() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let desk = RelyingParty::register(&provider, "desk", json!({ "scope": "openid orders:read" })).await;
    let browser = activate(&provider, "m.blanc").await;
    for (party, given) in [(&portal, "openid"), (&desk, "openid orders:read")] {
        let page = browser.go(&party.authorize(&[("scope", "openid orders:read roles:grant")])).await;
        assert_eq!(party.exchange(&party.code(&page)).await.body["scope"], given);
    }
}

#[tokio::test]
async fn nobody_signs_in_to_it_and_no_other_client_acts_for_itself() {
    let provider = Provider::start().await;
    let browser = activate(&provider, "m.blanc").await;
    let robot = Robot::of(&provider, "robot", "m.blanc").await;
    let portal = RelyingParty::portal(&provider).await;
    let public = RelyingParty::public(&provider).await;
    for scope in ["openid", "openid orders:read"] {
        let page = browser.go(&robot.party.authorize(&[("scope", scope)])).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
        assert!(!page.location().is_some_and(|location| location.starts_with(REDIRECT_URI)));
    }
    let code = portal.code(&browser.go(&portal.authorize(&[])).await);
    let exchange =
        [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", REDIRECT_URI)];
    let stolen = robot.send("/token", &robot.assertion(), &exchange).await;
    assert_eq!(stolen.error(), (400, "invalid_grant"));
    for party in [&portal, &public] {
        let answer = party.token(&[("grant_type", "client_credentials")]).await;
        assert_eq!(answer.error(), (400, "unauthorized_client"));
    }
}

#[tokio::test]
async fn the_operators_gate_is_the_programs() {
    let provider = Provider::start().await;
    activate(&provider, "m.blanc").await;
    let robot = Robot::of(&provider, "robot", "m.blanc").await;
    let cantine = cantine(&provider).await;
    let active = async |token: &str| cantine.introspect(token).await.body["active"] == true;
    let first = robot.access().await;
    let order = provider.order(Level::Change).await;
    assert!(!active(&first).await, "from the order's commit on");
    let answer = robot.token(&[]).await;
    assert_eq!(answer.error(), (400, "invalid_grant"));
    assert_eq!(answer.body["ecluse_interaction"], "password_change_required", "whoever runs it learns why");
    provider.cancel(&order).await;
    assert!(active(&first).await, "nothing was replaced");

    provider.order(Level::Recover).await;
    assert!(!active(&first).await);
    let slip = provider.slip("m.blanc").await;
    let browser = Browser::new(&provider.issuer);
    let page = browser.sign_in(&browser.go("/login").await, "m.blanc", &slip).await;
    assert!(browser.change(&page, "", "Chat-noir7").await.is_success());
    let second = robot.access().await;
    assert!(active(&second).await, "its own key was not stolen");
    assert!(!active(&first).await);

    provider.force("m.blanc", Level::Change).await;
    assert!(!active(&second).await);
    disable(&provider.ctx, &operator(), &["m.blanc".to_owned()]).await.unwrap().unwrap();
    let answer = robot.token(&[]).await;
    assert_eq!(answer.error(), (400, "invalid_grant"));
    assert_eq!(answer.body.get("ecluse_interaction"), None, "no change would open this gate");
    enable(&provider.ctx, &operator(), &["m.blanc".to_owned()]).await.unwrap().unwrap();
    assert!(!active(&second).await);
}

#[tokio::test]
async fn an_operator_who_never_chose_a_password_lends_no_name() {
    let provider = Provider::start().await;
    let robot = Robot::of(&provider, "robot", "m.blanc").await;
    assert_eq!(robot.token(&[]).await.error(), (400, "invalid_grant"));
}

/// A registration as the configuration declares it.
fn declared(robot: &Robot, operator: &str) -> Client {
    let mut metadata = members(operator);
    for (name, value) in [
        ("client_id", json!(robot.party.id)),
        ("client_name", json!("Rentrée")),
        ("ecluse_sector", json!("robot")),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("jwks", json!({ "keys": [robot.key.public_jwk()] })),
    ] {
        metadata[name] = value;
    }
    serde_json::from_value(metadata).unwrap()
}

#[tokio::test]
async fn what_was_given_ends_with_the_registration_and_with_the_operator_that_it_names() {
    let provider = Provider::start().await;
    for login in ["m.blanc", "mme.roux"] {
        provider.choose(login, FIRST_PASSWORD).await;
    }
    let cantine = cantine(&provider).await;
    let active = async |token: &str| cantine.introspect(token).await.body["active"] == true;
    let robot = Robot::of(&provider, "registered", "m.blanc").await.declared("declared");
    let take = async |clients: &[Client]| declare_clients(&provider.ctx, clients).await.unwrap().unwrap();

    assert!(take(&[declared(&robot, "M.Blanc")]).await.is_empty(), "a login will do");
    let first = robot.access().await;
    assert!(active(&first).await);
    assert!(take(&[declared(&robot, "m.blanc")]).await.is_empty());
    assert!(active(&first).await, "a restart ends nothing");
    assert!(take(&[declared(&robot, "mme.roux")]).await.is_empty());
    assert!(!active(&first).await, "it speaks for somebody else from now on");
    let second = robot.access().await;
    assert!(active(&second).await);
    assert_eq!(take(&[declared(&robot, "nobody")]).await.len(), 1, "and this one is not taken");
    assert!(!active(&second).await);
    assert_eq!(robot.token(&[]).await.error(), (401, "invalid_client"));
    take(&[declared(&robot, "mme.roux")]).await;
    assert!(active(&second).await);
    let mut person = serde_json::to_value(declared(&robot, "mme.roux")).unwrap();
    for (name, value) in [
        ("grant_types", json!(["authorization_code"])),
        ("ecluse_operator", Value::Null),
        ("redirect_uris", json!([REDIRECT_URI])),
        ("scope", json!("openid")),
    ] {
        person[name] = value;
    }
    take(&[serde_json::from_value(person).unwrap()]).await;
    assert!(!active(&second).await, "it acts for itself no more");
    take(&[]).await;
    assert!(!active(&second).await);
}

#[tokio::test]
async fn a_key_that_was_taken_out_of_the_registration_proves_nothing() {
    let provider = Provider::start().await;
    provider.choose("m.blanc", FIRST_PASSWORD).await;
    let robot = Robot::of(&provider, "registered", "m.blanc").await.declared("declared");
    let new = Robot::with(&provider, "unused", members("m.blanc"), SigningAlgorithm::EdDsa).await;
    let new = new.declared("declared");
    declare_clients(&provider.ctx, &[declared(&robot, "m.blanc")]).await.unwrap().unwrap();
    robot.access().await;
    declare_clients(&provider.ctx, &[declared(&new, "m.blanc")]).await.unwrap().unwrap();
    assert_eq!(robot.token(&[]).await.error(), (401, "invalid_client"));
    new.access().await;
}

/// The JSON that a command printed.
fn printed(told: &str) -> Value {
    serde_json::from_str(told.split("--- out\n").nth(1).unwrap().split("--- err").next().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_command_line_a_program_is_registered_with_its_public_key() {
    let mut premises = Premises::build("", 1);
    premises.open().await;
    let slip = premises.slips().remove("eleve0").unwrap();
    premises.activate("eleve0", &slip, "Premier-mot7-de-tous").await;
    let robot = Robot::at(&premises.issuer, "robot", SigningAlgorithm::EdDsa);
    let file = premises.path().join("robot.jwks.json");
    let mut key = serde_json::to_value(robot.key.public_jwk()).unwrap();
    let write = |key: &Value| std::fs::write(&file, json!({ "keys": [key] }).to_string()).unwrap();
    let add = |id: &'static str, operator: &'static str| {
        let registration = ["--json", "client", "add", "--name", id, "--id", id, "--scope", "orders:read"];
        let proof = ["--auth", "private-key-jwt", "--jwks", "robot.jwks.json", "--operator", operator];
        premises.ecluse(&[&registration[..], &proof].concat())
    };
    write(&key);
    let told = add("robot", "eleve0");
    let registration = printed(&told);
    assert_eq!(registration["jwks"]["keys"][0]["x"], key["x"]);
    assert_eq!(registration.get("client_secret"), None, "{told}");
    assert!(!told.contains("The secret is shown"), "{told}");
    assert_ne!(
        registration["ecluse_operator"], "eleve0",
        "the account, which keeps its id when the login changes"
    );
    robot.access().await;

    assert!(add("other", "nobody").contains("is neither a login nor the id of an account"));
    key["d"] = key["x"].clone();
    write(&key);
    let told = add("other", "eleve0");
    assert!(told.contains("this is a private key; register the public one"), "{told}");
    premises.close();
}
