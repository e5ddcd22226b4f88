//! Four eyes, by way of the API: who may not be the second person, and what an approval is of.

use std::time::Duration;

use ecluse::domain::client::SigningAlgorithm;
use ecluse::domain::operator::Role;
use ecluse::domain::scope::ApiScope;
use ecluse::store::db::{Batch, Statement};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Program;
use crate::provider::{Provider, Wish};
use crate::robot::{Robot, members};

/// Anne of the rectorat, whose orders over more than two people need another.
async fn office() -> (Provider, Program) {
    let small = Wish { settings: Box::new(|it| it.orders.approval_above = 2), ..Wish::default() };
    let provider = Provider::start_with(small).await;
    let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    (provider, anne)
}

async fn second(provider: &Provider, login: &str) -> Program {
    provider.hire(login, Role::Authority, "academie:13").await;
    every_scope(provider, login).await
}

async fn every_scope(provider: &Provider, login: &str) -> Program {
    Program::for_scopes(provider, login, &ApiScope::ALL.map(ApiScope::as_str).join(" ")).await
}

/// The program of somebody whose token has ended.
async fn program(provider: &Provider, robot: &Robot) -> Program {
    Program { issuer: provider.issuer.clone(), token: robot.access().await, http: reqwest::Client::new() }
}

async fn robot(provider: &Provider, login: &str) -> Robot {
    provider.choose(login, "Chat-noir7").await;
    let mut members = members(login);
    members["scope"] = ApiScope::ALL.map(ApiScope::as_str).join(" ").into();
    Robot::with(provider, &format!("later-robot-of-{login}"), members, SigningAlgorithm::Es256).await
}

fn everybody(more: &Value) -> Value {
    let mut order = json!({ "territory": "academie:13", "level": "change", "reason": "stolen passwords" });
    for (name, value) in more.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

impl Program {
    /// An order over everybody that waits: its address, and what an approval would be of.
    async fn waits(&self, more: Value) -> (String, Value) {
        let order = self.post("/orders", everybody(&more)).await;
        assert_eq!(order.body["state"], "awaiting_approval", "{order:?}");
        let path = format!("/orders/{}", order.body["id"].as_str().unwrap());
        let digest = self.get(&path).await.body["digest"].clone();
        assert!(digest.is_string());
        (path, digest)
    }

    async fn approves(&self, path: &str, digest: &Value) -> (u16, String) {
        let answer = self.post(&format!("{path}/approve"), json!({ "digest": digest })).await;
        if answer.status < 300 {
            return (answer.status, answer.body["state"].as_str().unwrap().to_owned());
        }
        let (status, word) = answer.problem();
        (status, word.to_owned())
    }

    async fn state(&self, path: &str) -> String {
        self.get(path).await.body["state"].as_str().unwrap().to_owned()
    }
}

fn refused(status: u16, word: &str) -> (u16, String) {
    (status, word.to_owned())
}

#[tokio::test]
async fn who_asked_who_is_named_and_what_was_not_shown() {
    let (provider, anne) = office().await;
    let bruno = second(&provider, "bruno").await;
    let (path, digest) = anne.waits(json!({ "named_operators": ["bruno"] })).await;
    for (who, digest, expected) in [
        (&anne, &digest, refused(403, "own-wish")),
        (&bruno, &digest, refused(403, "involved")),
        (&bruno, &json!("of something else"), refused(409, "changed")),
    ] {
        assert_eq!(who.approves(&path, digest).await, expected);
        assert_eq!(anne.state(&path).await, "awaiting_approval");
    }
    let clara = second(&provider, "clara").await;
    assert_eq!(clara.approves(&path, &json!("of something else")).await, refused(409, "changed"));
    assert_eq!(clara.approves(&path, &digest).await, refused(200, "in_force"));
    assert_eq!(clara.approves(&path, &digest).await.0, 409, "once");
}

#[tokio::test]
async fn what_grew_since_it_was_put_forward_is_a_draft_again() {
    let (provider, anne) = office().await;
    let bruno = second(&provider, "bruno").await;
    let (path, digest) = anne.waits(json!({})).await;
    let newcomer = "INSERT INTO affiliation (account_id, path, profile, began)
        SELECT 'bruno', path, 'National_ACA', 0 FROM territory WHERE code = 'academie:13'";
    provider.ctx.db.run(Batch::plain(vec![Statement::new(newcomer, Vec::new())])).await.unwrap();
    assert_eq!(bruno.approves(&path, &digest).await, refused(409, "drifted"));
    assert_eq!(anne.state(&path).await, "draft");
}

/// What Anne does to Marc Blanc of the school, whom the host makes an operator before that or after it.
#[derive(Clone, Copy)]
enum Favour {
    /// A request to the API.
    Asks(&'static str, fn() -> Value),
    /// His slip, as long as he is no operator.
    Prints,
    /// The slip again, once its code has expired.
    Renews,
}

async fn does(provider: &Provider, anne: &Robot, favour: Favour) {
    let program = async || program(provider, anne).await;
    let slips =
        json!({ "territory": "uai:0860001J", "profiles": ["National_ENS", "National_DIR"], "format": "csv" });
    let answer = match favour {
        Favour::Asks(path, body) => program().await.post(path, body()).await,
        Favour::Prints => program().await.post("/slips", slips).await,
        Favour::Renews => {
            program().await.post("/slips", slips.clone()).await;
            provider.clock.advance(Duration::from_hours(100 * 24));
            program().await.post("/slips", slips).await
        }
    };
    assert!(answer.status < 300, "{answer:?}");
}

#[tokio::test]
async fn nobody_approves_who_got_anything_from_the_author_within_thirty_days() {
    let favours = [
        Favour::Asks(
            "/roles",
            || json!({ "login": "m.blanc", "role": "helpdesk", "territory": "uai:0860001J" }),
        ),
        Favour::Asks(
            "/roles",
            || json!({ "login": "m.blanc", "role": "auditor", "territory": "academie:13" }),
        ),
        Favour::Asks("/people/m.blanc/code", || json!({})),
        Favour::Asks("/people/m.blanc/factor", || json!({})),
        Favour::Asks("/people/acts", || json!({ "act": "force_change", "logins": ["m.blanc"] })),
        Favour::Asks("/people/acts", || json!({ "act": "force_recover", "logins": ["m.blanc"] })),
        Favour::Asks("/people/acts", || json!({ "act": "enable", "logins": ["m.blanc"] })),
        Favour::Prints,
        Favour::Renews,
    ];
    for (number, favour) in favours.into_iter().enumerate() {
        let (provider, _) = office().await;
        let anne = robot(&provider, "anne").await;
        if let Favour::Asks(..) = favour {
            provider.hire("m.blanc", Role::Authority, "academie:13").await;
        }
        does(&provider, &anne, favour).await;
        if let Favour::Prints | Favour::Renews = favour {
            provider.hire("m.blanc", Role::Authority, "academie:13").await;
        }
        let of_blanc = robot(&provider, "m.blanc").await;
        let (anne, blanc) = (program(&provider, &anne).await, program(&provider, &of_blanc).await);
        let (path, digest) = anne.waits(json!({})).await;
        assert_eq!(blanc.approves(&path, &digest).await, refused(403, "beholden"), "{number}");
        assert_eq!(anne.state(&path).await, "awaiting_approval", "{number}");
        provider.clock.advance(Duration::from_hours(30 * 24) + Duration::from_secs(1));
        let blanc = program(&provider, &of_blanc).await;
        assert_eq!(blanc.approves(&path, &digest).await, refused(200, "in_force"), "{number}");
    }
}

#[tokio::test]
async fn of_an_approval_and_a_cancelling_at_the_same_time_one_comes_first() {
    let (provider, anne) = office().await;
    let bruno = second(&provider, "bruno").await;
    for _ in 0..5 {
        let (path, digest) = anne.waits(json!({ "level": "recover" })).await;
        let cancel = format!("{path}/cancel");
        let (approved, cancelled) = tokio::join!(
            bruno.approves(&path, &digest),
            anne.post(&cancel, json!({ "reason": "a false alarm" }))
        );
        let state = anne.state(&path).await;
        match (approved, cancelled.status) {
            ((200, _), 200) if state == "in_force" => {
                let cancelled = &cancelled.body;
                assert_eq!(cancelled["state"], "in_force", "what two put into force two lift: {cancelled}");
                assert_eq!(
                    bruno.approves(&path, &bruno.get(&path).await.body["digest"]).await.1,
                    "cancelled"
                );
            }
            ((404 | 409, _), 200) => assert_eq!(state, "cancelled"),
            both => panic!("{both:?}, {state}"),
        }
    }
}

#[tokio::test]
async fn every_error_of_the_api_is_a_problem() {
    let (_provider, anne) = office().await;
    for (method, path, problem) in [
        (Method::GET, "/nothing", (404, "not-found")),
        (Method::GET, "", (404, "not-found")),
        (Method::POST, "/orders/x/y/z", (404, "not-found")),
        (Method::PATCH, "/orders", (405, "method-not-allowed")),
        (Method::DELETE, "/people/zoe/code", (405, "method-not-allowed")),
        (Method::GET, "/orders/%FF", (400, "invalid-request")),
        (Method::GET, "/orders?limit=x", (400, "invalid-request")),
        (Method::GET, "/people/%FF/history", (400, "invalid-request")),
    ] {
        let answer = anne.send(method.clone(), path, None).await;
        assert_eq!(answer.problem(), problem, "{method} {path}");
    }
}
