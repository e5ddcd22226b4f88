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
async fn nobody_is_the_second_person_whom_the_author_could_be_by_way_of_others() {
    let (provider, anne) = office().await;
    for login in ["bruno", "clara", "m.blanc"] {
        provider.hire(login, Role::Authority, "academie:13").await;
    }
    anne.post("/people/bruno/factor", json!({})).await;
    anne.post("/people/bruno/code", json!({})).await;
    let bruno = every_scope(&provider, "bruno").await;
    bruno.post("/people/clara/factor", json!({})).await;
    bruno.post("/people/clara/code", json!({})).await;
    let clara = every_scope(&provider, "clara").await;
    let (path, digest) = anne.waits(json!({})).await;
    assert_eq!(clara.approves(&path, &digest).await, refused(403, "beholden"), "Anne as Bruno as Clara");
    let wish = json!({ "login": "zoe", "role": "authority", "territory": "academie:13" });
    let asked = anne.post("/roles", wish).await;
    let role = format!("/roles/pending/{}/approve", asked.body["id"].as_str().unwrap());
    assert_eq!(clara.send(Method::POST, &role, None).await.problem(), (403, "beholden"));
    let blanc = every_scope(&provider, "m.blanc").await;
    assert_eq!(blanc.approves(&path, &digest).await, refused(200, "in_force"), "nobody gave him anything");
}

#[tokio::test]
async fn a_draft_that_a_colleague_made_another_is_not_put_forward_by_whoever_read_the_first() {
    let (provider, anne) = office().await;
    let bruno = second(&provider, "bruno").await;
    let draft = anne.post("/orders", everybody(&json!({ "draft": true }))).await;
    let path = format!("/orders/{}", draft.body["id"].as_str().unwrap());
    let seen = anne.get(&path).await.body["digest"].clone();
    let stricter = everybody(&json!({ "draft": true, "level": "recover" }));
    assert_eq!(bruno.send(Method::PUT, &path, Some(stricter)).await.status, 200);
    let submit = format!("{path}/submit");
    let late = anne.post(&submit, json!({ "digest": seen, "confirmed": 5 })).await;
    assert_eq!((late.problem(), anne.state(&path).await.as_str()), ((409, "changed"), "draft"));
    assert_eq!(anne.post(&submit, json!({ "confirmed": 5 })).await.problem(), (400, "invalid-request"));
    let seen = anne.get(&path).await.body["digest"].clone();
    assert_eq!(anne.post(&submit, json!({ "digest": seen })).await.body["state"], "awaiting_approval");
}

#[tokio::test]
async fn an_approval_that_comes_after_the_deadline_is_none() {
    let (provider, _) = office().await;
    let (anne, bruno) = (robot(&provider, "anne").await, {
        provider.hire("bruno", Role::Authority, "academie:13").await;
        robot(&provider, "bruno").await
    });
    let deadline = provider.clock.now().plus(Duration::from_hours(2));
    let deadline = jiff::Timestamp::from_microsecond(deadline.micros()).unwrap().to_string();
    let (path, digest) = program(&provider, &anne).await.waits(json!({ "deadline": deadline })).await;
    provider.clock.advance(Duration::from_hours(3));
    let bruno = program(&provider, &bruno).await;
    assert_eq!(bruno.approves(&path, &digest).await, refused(409, "deadline-passed"));
    assert_eq!(bruno.state(&path).await, "awaiting_approval");
}

#[tokio::test]
async fn a_reason_is_a_line_that_can_be_written_down_ten_thousand_times() {
    let (_provider, anne) = office().await;
    let (path, digest) = anne.waits(json!({})).await;
    let long = "é".repeat(501);
    for reason in [long.as_str(), "two\nlines", "\u{202e}\u{7}"] {
        let with = |mut body: Value| {
            body["reason"] = reason.into();
            body
        };
        for (path, body) in [
            ("/orders".to_owned(), everybody(&json!({}))),
            (format!("{path}/approve"), json!({ "digest": digest })),
            (format!("{path}/send-back"), json!({})),
            (format!("{path}/cancel"), json!({})),
            (format!("{path}/close"), json!({})),
            ("/people/acts".to_owned(), json!({ "act": "unlock", "logins": ["zoe"] })),
            ("/people/zoe/code".to_owned(), json!({})),
            ("/people/m.blanc/factor".to_owned(), json!({})),
            ("/slips".to_owned(), json!({ "territory": "class:0860001J/6A" })),
            ("/slips/handed".to_owned(), json!({ "territory": "class:0860001J/6A", "logins": ["zoe"] })),
            ("/roles".to_owned(), json!({ "login": "zoe", "role": "helpdesk", "territory": "uai:0860001J" })),
        ] {
            assert_eq!(anne.post(&path, with(body)).await.problem(), (422, "unusable-reason"), "{path}");
        }
        let edit = anne.send(Method::PUT, &path, Some(with(everybody(&json!({}))))).await;
        assert_eq!(edit.problem(), (422, "unusable-reason"));
    }
    let most = "é".repeat(500);
    let unlock = json!({ "act": "unlock", "logins": ["zoe"], "reason": most });
    assert_eq!(anne.post("/people/acts", unlock).await.body, json!({ "people": 1 }));
    assert_eq!(anne.state(&path).await, "awaiting_approval");
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
