//! The operator API from outside: each act, for each role, inside its territory and outside.

use std::fs;
use std::path::Path;

use ecluse::domain::client::SigningAlgorithm;
use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::scope::ApiScope;
use ecluse::web::api;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::heard;
use crate::provider::{Provider, proposal};
use crate::robot::{Robot, members};

const PASSWORD: &str = "Chat-noir7";
pub(crate) const INSIDE: &str = "class:0860001J/6A";
pub(crate) const OUTSIDE: &str = "class:0169001X/5B";

/// What an operator's program is answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    content_type: String,
}

impl Answer {
    pub(crate) fn problem(&self) -> (u16, &str) {
        assert_eq!(self.content_type, "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status);
        let kind = self.body["type"].as_str().unwrap();
        (self.status, kind.strip_prefix("urn:ecluse:problem:").unwrap())
    }
}

/// A program of an operator.
pub(crate) struct Program {
    pub(crate) issuer: String,
    pub(crate) token: String,
    pub(crate) http: reqwest::Client,
}

impl Program {
    /// Of somebody with a role and an open gate, for every scope.
    pub(crate) async fn of(provider: &Provider, login: &str, role: Role, place: &str) -> Self {
        provider.hire(login, role, place).await;
        Self::for_scopes(provider, login, &ApiScope::ALL.map(ApiScope::as_str).join(" ")).await
    }

    pub(crate) async fn for_scopes(provider: &Provider, login: &str, scopes: &str) -> Self {
        provider.choose(login, PASSWORD).await;
        let mut members = members(login);
        members["scope"] = scopes.into();
        let robot =
            Robot::with(provider, &format!("robot-of-{login}"), members, SigningAlgorithm::Es256).await;
        let token = robot.access().await;
        Self { issuer: provider.issuer.clone(), token, http: reqwest::Client::new() }
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.send_with(method, path, body, &[]).await
    }

    pub(crate) async fn send_with(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}/api/v1{path}", self.issuer));
        request = request.bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let content_type = response.headers().get("content-type");
        let content_type = content_type.map_or("", |value| value.to_str().unwrap()).to_owned();
        let text = response.text().await.unwrap();
        let is_json = ["application/json", "application/problem+json"].contains(&content_type.as_str());
        let body: Value = if is_json { serde_json::from_str(&text).unwrap() } else { Value::String(text) };
        body["code"].as_str().into_iter().for_each(heard::keep_code);
        Answer { status, body, content_type }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }
}

pub(crate) fn order(place: &str, draft: bool) -> Value {
    let families = ["National_ELV", "National_TUT"];
    json!({ "territory": place, "profiles": families, "level": "change", "reason": "stolen passwords", "draft": draft })
}

#[tokio::test]
async fn a_token_is_good_for_its_scopes_and_while_the_gate_is_open() {
    let provider = Provider::start().await;
    provider.hire("anne", Role::Authority, "academie:13").await;
    let program = Program::for_scopes(&provider, "anne", "orders:read").await;
    assert_eq!(program.get("/orders").await.status, 200);
    let refused = program.post("/orders", order(INSIDE, false)).await;
    assert_eq!(refused.problem(), (403, "insufficient-scope"));
    let token = program.token.clone();
    let nobody = Program { token: "nothing".to_owned(), ..program };
    assert_eq!(nobody.get("/orders").await.problem(), (401, "invalid-token"));
    let program = Program { token, ..nobody };
    assert_eq!(program.get("/orders").await.status, 200);
    provider.force("anne", Level::Change).await;
    assert_eq!(program.get("/orders").await.problem().0, 401);
}

#[tokio::test]
async fn an_order_that_names_the_operator_shuts_the_api_at_the_next_request() {
    let provider = Provider::start().await;
    provider.hire("m.blanc", Role::SchoolAdmin, "uai:0860001J").await;
    let program = Program::for_scopes(&provider, "m.blanc", "orders:read").await;
    assert_eq!(program.get("/orders").await.status, 200);
    let named_operators = vec!["m.blanc".to_owned()];
    let order = ecluse::flows::reset_order::issue::Proposal {
        named_operators,
        ..proposal("academie:13", Level::Change)
    };
    provider.issue(&order).await;
    assert_eq!(program.get("/orders").await.problem(), (401, "password-change-required"));
}

#[tokio::test]
async fn bad_input_is_named_and_changes_nothing() {
    let provider = Provider::start().await;
    let program = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let with = |members: Value| {
        let mut body = order(INSIDE, false);
        for (name, value) in members.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let table = [
        (with(json!({ "territory": "uai:9999999A" })), (422, "unknown-territory")),
        (with(json!({ "territory": "nowhere" })), (422, "unknown-territory")),
        (with(json!({ "profiles": ["National_DIR"] })), (422, "nobody")),
        (with(json!({ "profiles": ["somebody"] })), (400, "invalid-request")),
        (with(json!({ "level": "gentle" })), (400, "invalid-request")),
        (with(json!({ "reason": " " })), (422, "reason-missing")),
        (with(json!({ "at": "2020-01-01T00:00:00Z" })), (422, "start-in-past")),
        (with(json!({ "deadline": "2020-01-01T00:00:00Z" })), (422, "deadline")),
        (with(json!({ "confirmed": 3 })), (409, "not-confirmed")),
        (with(json!({ "confirmed": 3.0 })), (409, "not-confirmed")),
        (with(json!({ "confirmed": -0.0 })), (409, "not-confirmed")),
        (with(json!({ "confirmed": 3.5 })), (400, "invalid-request")),
        (with(json!({ "confirmed": -3 })), (400, "invalid-request")),
        (with(json!({ "confirmed": 1e300 })), (400, "invalid-request")),
        (with(json!({ "confirmed": u64::MAX })), (400, "invalid-request")),
        (with(json!({ "confirmed": "3" })), (400, "invalid-request")),
        (with(json!({ "named_operators": ["personne"] })), (422, "unknown-login")),
        (with(json!({ "unknown": 1 })), (400, "invalid-request")),
        (json!([]), (400, "invalid-request")),
    ];
    for (body, expected) in table {
        let answer = program.post("/orders", body.clone()).await;
        assert_eq!(answer.problem(), expected, "{body}: {answer:?}");
    }
    assert_eq!(program.get("/orders").await.body["orders"], json!([]));
    for logins in [json!([]), json!(["zoe", "personne"]), json!(vec!["zoe"; 10_001])] {
        let number = provider.person("zoe").await.facts.number;
        let answer = program.post("/people/acts", json!({ "act": "force_recover", "logins": logins })).await;
        assert!((400..500).contains(&answer.problem().0));
        assert_eq!(provider.person("zoe").await.facts.number, number);
    }
    let cut = program.http.post(format!("{}/api/v1/orders", provider.issuer)).bearer_auth(&program.token);
    let cut = cut.header("content-type", "application/json").body("{").send().await.unwrap();
    assert_eq!(cut.status(), StatusCode::BAD_REQUEST);
    assert_eq!(program.get("/orders/nothing").await.problem(), (404, "not-found"));
    assert_eq!(program.get("/orders?cursor=x").await.problem(), (422, "unknown-cursor"));
    assert_eq!(program.get("/orders?page=2").await.problem(), (400, "invalid-request"));
}

#[tokio::test]
async fn the_same_request_with_a_key_makes_one_order_and_pages_are_their_askers_own() {
    let provider = Provider::start().await;
    let program = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let key = [("idempotency-key", "lundi")];
    let first = program.send_with(Method::POST, "/orders", Some(order(INSIDE, false)), &key).await;
    let second = program.send_with(Method::POST, "/orders", Some(order(INSIDE, false)), &key).await;
    assert_eq!((first.status, &first.body["id"]), (201, &second.body["id"]));
    let other = program.send_with(Method::POST, "/orders", Some(order(OUTSIDE, false)), &key).await;
    assert_eq!(other.problem(), (409, "idempotency-key-used"));
    let long = "x".repeat(129);
    let long = [("idempotency-key", long.as_str())];
    let long = program.send_with(Method::POST, "/orders", Some(order(INSIDE, false)), &long);
    assert_eq!(long.await.problem(), (400, "invalid-request"));

    for _ in 0..60 {
        assert_eq!(program.post("/orders", order(INSIDE, true)).await.status, 201);
    }
    let first = program.get("/orders").await.body;
    assert_eq!(first["orders"].as_array().unwrap().len(), 50);
    let next = first["next"].as_str().unwrap();
    let second = program.get(&format!("/orders?cursor={next}")).await.body;
    assert_eq!((second["orders"].as_array().unwrap().len(), &second["next"]), (11, &Value::Null));
    let bruno = Program::of(&provider, "bruno", Role::Authority, "academie:13").await;
    assert_eq!(bruno.get(&format!("/orders?cursor={next}")).await.problem(), (422, "unknown-cursor"));
    let audit = program.get("/audit?act=order.draft").await.body;
    assert_eq!(audit["lines"].as_array().unwrap().len(), 60);
    assert_eq!(audit["lines"][0]["territory"], "ministry:fr>academie:13");
    for (place, found) in [("academie:13", 60), ("departement:086", 0)] {
        let audit = program.get(&format!("/audit?act=order.draft&territory={place}")).await.body;
        assert_eq!(audit["lines"].as_array().unwrap().len(), found, "{place}");
    }
    assert_eq!(program.get("/audit?territory=nowhere").await.problem(), (422, "unknown-territory"));
    assert_eq!(program.get("/audit?territory=uai:0000000X").await.problem(), (422, "unknown-territory"));
    let next = program.get("/audit").await.body["next"].clone();
    assert_eq!(next, Value::Null, "fewer than a hundred lines");
    let elsewhere = Program::of(&provider, "chloe", Role::Auditor, "uai:0169001X").await;
    assert_eq!(elsewhere.get("/audit?act=order.draft").await.body["lines"], json!([]));
}

#[tokio::test]
async fn an_order_of_the_rectorat_shows_a_school_its_own_part() {
    let provider = Provider::start().await;
    let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let school = Program::of(&provider, "principal", Role::SchoolAdmin, "uai:0169001X").await;
    let id = anne.post("/orders", order("academie:13", false)).await.body["id"].as_str().unwrap().to_owned();
    ecluse::flows::reset_order::roll_up::round(&provider.ctx).await.unwrap();
    let whole = anne.get(&format!("/orders/{id}")).await.body;
    assert_eq!((&whole["progress"]["covered"], whole["parts"].as_array().unwrap().len()), (&json!(4), 3));
    let part = school.get(&format!("/orders/{id}")).await.body;
    assert_eq!(part["progress"]["covered"], 2);
    assert!(part["parts"].as_array().unwrap().iter().all(|part| part["territory"] == "uai:0169001X"));
    let refused = school.post(&format!("/orders/{id}/cancel"), json!({ "reason": "no" })).await;
    assert_eq!(refused.problem(), (404, "not-found"));
}

/// Run with `ECLUSE_WRITE_OPENAPI=1` after a change.
#[test]
fn the_committed_document_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let document = api::document().unwrap();
    if std::env::var_os("ECLUSE_WRITE_OPENAPI").is_some() {
        fs::write(&path, &document).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == document,
        "ECLUSE_WRITE_OPENAPI=1 cargo test committed_document"
    );
    let document: Value = serde_json::from_str(&document).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        assert!(path.starts_with(api::ROOT), "{path}");
        for (method, operation) in methods.as_object().unwrap() {
            assert!(operation["security"][0]["oauth2"][0].is_string(), "{method} {path} needs no scope");
        }
    }
}

#[tokio::test]
async fn roles_are_listed_and_one_that_reaches_everybody_waits() {
    let provider = Provider::start().await;
    provider.hire("voisin", Role::SchoolAdmin, "uai:0169001X").await;
    let anne = Program::of(&provider, "anne", Role::Authority, "departement:086").await;
    let bruno = Program::of(&provider, "bruno", Role::Authority, "departement:086").await;
    let wish = json!({ "login": "m.blanc", "role": "authority", "territory": "uai:0860001J" });
    let asked = anne.post("/roles", wish.clone()).await;
    assert_eq!((asked.status, asked.body["requested_by"].as_str()), (202, Some("account:anne")));
    assert_eq!(anne.post("/roles", wish).await.problem(), (409, "already-asked"));
    let pending = bruno.get("/roles/pending").await;
    assert_eq!(pending.body["roles"], json!([asked.body]));
    let id = asked.body["id"].as_str().unwrap();
    let path = format!("/roles/pending/{id}/approve");
    assert_eq!(anne.send(Method::POST, &path, None).await.problem(), (403, "own-wish"));
    assert_eq!(bruno.send(Method::POST, &path, None).await.status, 204);
    assert_eq!(bruno.send(Method::POST, &path, None).await.problem(), (404, "not-found"));
    let roles = anne.get("/roles").await;
    let logins: Vec<_> = roles.body["roles"].as_array().unwrap().iter().map(|role| &role["login"]).collect();
    assert_eq!(logins, ["anne", "bruno", "m.blanc"]);
    provider.hire("audit", Role::Auditor, "departement:086").await;
    let reads = Program::for_scopes(&provider, "audit", "audit:read").await;
    assert_eq!(reads.get("/roles").await.status, 200);
    assert_eq!(reads.get("/roles/pending").await.problem(), (403, "insufficient-scope"));
    assert_eq!(reads.get("/roles?cursor=x").await.problem(), (422, "unknown-cursor"));
}
