//! A request that is sent again under its key, because its answer was lost: it is done once, and answered again.

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::flows::account::new_code::new_code;
use ecluse::flows::reset_order::issue::issue;
use ecluse::store::db::{Batch, Statement};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Answer, INSIDE, Program, order};
use crate::order_notices::a_class;
use crate::provider::{Provider, Wish, operator, proposal};
use crate::receiver::Receiver;
use crate::sign_in::activate;

/// The school, its académie, and two who may do everything in it; an order over more than two people needs both.
struct House {
    provider: Provider,
    anne: Program,
    bruno: Program,
}

impl House {
    async fn open() -> Self {
        let provider = Provider::start_with(Wish::settings(|it| it.orders.approval_above = 2)).await;
        let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
        let bruno = Program::of(&provider, "bruno", Role::Authority, "academie:13").await;
        Self { provider, anne, bruno }
    }

    /// What was done, by how many lines of the audit log say so, and what everybody's account number is.
    async fn done(&self) -> (i64, i64) {
        let sql = "SELECT (SELECT COUNT(*) FROM audit) AS lines, (SELECT CAST(SUM(number) AS BIGINT) FROM account) AS numbers";
        let row = self.provider.ctx.db.one(Statement::new(sql, Vec::new())).await.unwrap().unwrap();
        (row.int("lines").unwrap(), row.int("numbers").unwrap())
    }

    /// Sends a request, again, and another one, all under one key: it is done once, and the other is refused.
    async fn once(&self, program: &Program, method: Method, path: &str, body: Value) -> Answer {
        let mut name = format!("{method}{path}{body}").replace(' ', "");
        name.truncate(128);
        let key = [("idempotency-key", name.as_str())];
        let before = self.done().await;
        let first = program.send_with(method.clone(), path, Some(body.clone()), &key).await;
        assert!((200..300).contains(&first.status), "{method} {path} {body}: {first:?}");
        let after = self.done().await;
        assert_ne!(before, after, "{method} {path} {body} was done");
        let again = program.send_with(method.clone(), path, Some(body.clone()), &key).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{method} {path} {body}");
        assert_eq!(self.done().await, after, "{method} {path} {body} was done once");
        let mut other = body.clone();
        match other.get_mut("confirmed") {
            Some(number) => *number = 999.into(),
            None => other["reason"] = "another".into(),
        }
        let other = program.send_with(method.clone(), path, Some(other), &key).await;
        assert_eq!(other.problem(), (409, "idempotency-key-used"), "{method} {path} {body}");
        assert_eq!(self.done().await, after);
        first
    }

    async fn digest(&self, id: &str) -> Value {
        self.bruno.get(&format!("/orders/{id}")).await.body["digest"].clone()
    }

    /// Whether this stands anywhere in what is remembered of requests.
    async fn remembers(&self, text: &str) -> bool {
        let sql = "SELECT COUNT(*) AS number FROM idempotency WHERE object LIKE '%' || $1 || '%' OR request LIKE '%' || $1 || '%'";
        let row = self.provider.ctx.db.one(Statement::new(sql, vec![text.into()])).await.unwrap().unwrap();
        row.int("number").unwrap() > 0
    }
}

fn id_of(answer: &Answer) -> String {
    answer.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_done_to_an_order_is_done_once() {
    let house = House::open().await;
    let (anne, bruno) = (&house.anne, &house.bruno);
    let id = id_of(&house.once(anne, Method::POST, "/orders", order("academie:13", true)).await);
    let path = format!("/orders/{id}");
    let stricter =
        json!({ "territory": "academie:13", "level": "recover", "reason": "stolen", "draft": true });
    house.once(anne, Method::PUT, &path, stricter.clone()).await;
    let seen = json!({ "digest": house.digest(&id).await, "confirmed": 5 });
    let waits = house.once(anne, Method::POST, &format!("{path}/submit"), seen).await;
    assert_eq!(waits.body["state"], "awaiting_approval");
    house.once(bruno, Method::POST, &format!("{path}/send-back"), json!({ "reason": "not yet" })).await;
    let mut forward = stricter;
    forward["draft"] = false.into();
    house.once(anne, Method::PUT, &path, forward).await;
    let approval = json!({ "digest": house.digest(&id).await });
    let approved = house.once(bruno, Method::POST, &format!("{path}/approve"), approval).await;
    assert_eq!(approved.body["state"], "in_force");
    // Two put it into force: the first asks for its end, and the second one's word is sent back once.
    house.once(anne, Method::POST, &format!("{path}/cancel"), json!({ "reason": "a mistake" })).await;
    house.once(bruno, Method::POST, &format!("{path}/send-back"), json!({ "reason": "no" })).await;
    house.once(anne, Method::POST, &format!("{path}/close"), json!({})).await;
    let other = id_of(&house.once(anne, Method::POST, "/orders", order(INSIDE, false)).await);
    let lifted =
        house.once(anne, Method::POST, &format!("/orders/{other}/cancel"), json!({ "reason": "r" })).await;
    assert_eq!(lifted.body["state"], "cancelled");
}

#[tokio::test]
async fn an_edit_that_changes_nothing_is_remembered_as_well() {
    let house = House::open().await;
    let id = id_of(&house.anne.post("/orders", order(INSIDE, true)).await);
    let path = format!("/orders/{id}");
    let key = [("idempotency-key", "rien")];
    let same = order(INSIDE, true);
    assert_eq!(house.anne.send_with(Method::PUT, &path, Some(same.clone()), &key).await.status, 200);
    // Meanwhile somebody else changes it; the first request is not sent to undo that.
    let other = json!({ "territory": INSIDE, "level": "recover", "reason": "stolen", "draft": true });
    assert_eq!(house.bruno.send(Method::PUT, &path, Some(other)).await.status, 200);
    let again = house.anne.send_with(Method::PUT, &path, Some(same), &key).await;
    assert_eq!((again.status, &again.body["level"]), (200, &json!("recover")));
    assert_eq!(house.anne.get(&path).await.body["level"], "recover");
}

#[tokio::test]
async fn of_two_programs_the_later_one_does_not_write_over_what_it_never_saw() {
    let house = House::open().await;
    for place in [INSIDE, "academie:13"] {
        let forward = id_of(&house.anne.post("/orders", order(place, place == INSIDE)).await);
        let path = format!("/orders/{forward}");
        let change = |level: &str, digest: &Value| json!({ "territory": place, "level": level, "reason": "stolen", "draft": true, "digest": digest });
        let seen = house.digest(&forward).await;
        assert_eq!(house.bruno.send(Method::PUT, &path, Some(change("recover", &seen))).await.status, 200);
        let before = house.anne.get(&path).await.body;
        let late = house.anne.send(Method::PUT, &path, Some(change("change", &seen))).await;
        assert_eq!(late.problem(), (409, "changed"));
        assert_eq!(house.anne.get(&path).await.body, before);
        let seen = house.digest(&forward).await;
        assert_eq!(house.anne.send(Method::PUT, &path, Some(change("change", &seen))).await.status, 200);
    }
    let mut new = order(INSIDE, true);
    new["digest"] = "anything".into();
    assert_eq!(house.anne.post("/orders", new).await.problem(), (422, "digest"));
}

#[tokio::test]
async fn what_is_done_to_people_is_done_once() {
    let house = House::open().await;
    let anne = &house.anne;
    for act in ["force_change", "force_recover", "end_sessions", "disable", "enable"] {
        let asked = json!({ "act": act, "logins": ["zoe"] });
        let done = house.once(anne, Method::POST, "/people/acts", asked).await;
        assert_eq!(done.body, json!({ "people": 1 }));
    }
    // What was disabled and enabled again is not disabled by the first request when it comes again.
    let disable = json!({ "act": "disable", "logins": ["zoe"] });
    let key = [("idempotency-key", "une-fois")];
    for _ in 0..2 {
        let done = anne.send_with(Method::POST, "/people/acts", Some(disable.clone()), &key).await;
        assert_eq!(done.status, 200);
        let enable = json!({ "act": "enable", "logins": ["zoe"] });
        assert_eq!(house.bruno.post("/people/acts", enable).await.status, 200);
        assert!(!house.provider.person("zoe").await.facts.disabled);
    }
    // Another operator's key is another one.
    let done = house.bruno.send_with(Method::POST, "/people/acts", Some(disable), &key).await;
    assert_eq!((done.status, house.provider.person("zoe").await.facts.disabled), (200, true));
    // To unlock is done again: it has no key.
    let before = house.done().await;
    for _ in 0..2 {
        let unlock = json!({ "act": "unlock", "logins": ["tom"] });
        assert_eq!(anne.send_with(Method::POST, "/people/acts", Some(unlock), &key).await.status, 200);
    }
    assert_eq!(house.done().await.0, before.0 + 2);
}

#[tokio::test]
async fn a_code_that_is_asked_for_again_is_the_same_and_alive() {
    let house = House::open().await;
    let given = house.once(&house.anne, Method::POST, "/people/zoe/code", json!({})).await;
    let code = given.body["code"].as_str().unwrap();
    assert_eq!(code, house.provider.slip("zoe").await);
    for text in [code.to_owned(), code.replace('-', "")] {
        assert!(!house.remembers(&text).await, "no code lies in the table");
    }
    // The same at the same time, and lost twice.
    let key = [("idempotency-key", "deux-fois")];
    let ask = || house.anne.send_with(Method::POST, "/people/tom/code", Some(json!({})), &key);
    let before = house.done().await;
    let (one, other) = tokio::join!(ask(), ask());
    assert_eq!((one.status, &one.body), (200, &other.body));
    assert_eq!(house.done().await.0, before.0 + 1);
    // One that is dead is not shown, and no other is issued for it.
    new_code(&house.provider.ctx, &operator(), "tom").await.unwrap().ok().unwrap();
    let before = house.done().await;
    assert_eq!(ask().await.problem(), (409, "answer-gone"));
    assert_eq!(house.done().await, before);
    // Nor one that was never shown: an order leaves the number of the code as it is, and makes another code of it.
    activate(&house.provider, "lea").await;
    let key = [("idempotency-key", "un-ordre-vient")];
    let ask = || house.anne.send_with(Method::POST, "/people/lea/code", Some(json!({})), &key);
    assert_eq!(ask().await.status, 200);
    let order = proposal("class:0169001X/5B", Level::Recover);
    issue(&house.provider.ctx, &operator().breaking_glass(), &order, None).await.unwrap().unwrap();
    assert_eq!(ask().await.problem(), (409, "answer-gone"));
    // Nor to whoever may not give it any more.
    let key = [("idempotency-key", "trois-fois")];
    let ask = || house.anne.send_with(Method::POST, "/people/mme.roux/code", Some(json!({})), &key);
    assert_eq!(ask().await.status, 200);
    let less = "UPDATE operator_role SET role = 'auditor' WHERE account_id = 'anne'";
    house.provider.ctx.db.run(Batch::plain(vec![Statement::new(less, Vec::new())])).await.unwrap();
    assert_eq!(ask().await.problem(), (409, "answer-gone"));
}

#[tokio::test]
async fn a_leave_to_enrol_that_is_asked_for_again_is_the_same_until_it_is_used() {
    let house = House::open().await;
    house.provider.hire("m.blanc", Role::ClassTeacher, INSIDE).await;
    let path = "/people/m.blanc/factor";
    let given = house.once(&house.anne, Method::POST, path, json!({})).await;
    let code = given.body["code"].as_str().unwrap();
    for text in [code.to_owned(), code.replace('-', "")] {
        assert!(!house.remembers(&text).await, "no code lies in the table");
    }
    let other = house.anne.post(path, json!({})).await;
    assert_ne!(other.body["code"], given.body["code"]);
    let key = [("idempotency-key", "POST/people/m.blanc/factor{}")];
    let again = house.anne.send_with(Method::POST, path, Some(json!({})), &key).await;
    assert_eq!(again.problem(), (409, "answer-gone"), "the later leave has taken its place");
}

#[tokio::test]
async fn a_role_is_given_asked_for_answered_and_taken_once() {
    let house = House::open().await;
    let (anne, bruno) = (&house.anne, &house.bruno);
    let role = json!({ "login": "m.blanc", "role": "class_teacher", "territory": INSIDE });
    assert_eq!(house.once(anne, Method::POST, "/roles", role.clone()).await.status, 204);
    assert_eq!(house.once(anne, Method::DELETE, "/roles", role).await.status, 204);
    let wish = json!({ "login": "m.blanc", "role": "authority", "territory": "uai:0860001J" });
    let asked = house.once(anne, Method::POST, "/roles", wish.clone()).await;
    assert_eq!(asked.status, 202);
    let answer = |id: &str, answer: &str| format!("/roles/pending/{id}/{answer}");
    let key = [("idempotency-key", "reponse")];
    let refuse = answer(&id_of(&asked), "refuse");
    for _ in 0..2 {
        assert_eq!(bruno.send_with(Method::POST, &refuse, None, &key).await.status, 204);
    }
    let ask = |key: &'static [(&'static str, &'static str)]| {
        anne.send_with(Method::POST, "/roles", Some(wish.clone()), key)
    };
    let (first, second) = (&[("idempotency-key", "une")], &[("idempotency-key", "deux")]);
    let asked = ask(first).await;
    assert_eq!(bruno.post(&answer(&id_of(&asked), "refuse"), json!({})).await.status, 204);
    assert_eq!(ask(first).await.problem(), (409, "answer-gone"), "it waits no more, and is not held");
    let asked = ask(second).await;
    let approve = answer(&id_of(&asked), "approve");
    assert_eq!(bruno.send_with(Method::POST, &approve, None, &key).await.problem().1, "idempotency-key-used");
    let key = [("idempotency-key", "approuve")];
    for _ in 0..2 {
        assert_eq!(bruno.send_with(Method::POST, &approve, None, &key).await.status, 204);
    }
    assert_eq!(ask(second).await.status, 204, "it is held");
}

#[tokio::test]
async fn notices_are_put_back_and_slips_are_ticked_once() {
    let house = House::open().await;
    let (provider, anne) = (&house.provider, &house.anne);
    let receiver = Receiver::start().await;
    receiver.of(provider, "portal").await;
    a_class(provider, 3, &["portal"]).await;
    let id = provider.order(Level::Change).await;
    let parked = Statement::new(
        "INSERT INTO notice (id, kind, cause, client_id, account_id, sid, written_at, attempts, failure, parked_at)
         SELECT 'n' || id, 'voided', $1, 'portal', id, id, 0, 4, 'no answer', 1795255200000000 FROM account WHERE id LIKE 'pupil%'",
        vec![id.0.as_str().into()],
    );
    provider.ctx.db.run(Batch::plain(vec![parked])).await.unwrap();
    let path = format!("/orders/{id}/notices/retry");
    let key = [("idempotency-key", "encore")];
    for _ in 0..2 {
        let put_back = anne.send_with(Method::POST, &path, None, &key).await;
        assert_eq!((put_back.status, &put_back.body["notices"]), (200, &json!(3)), "{put_back:?}");
    }
    assert_eq!(anne.send(Method::POST, &path, None).await.body["notices"], 0);
    provider.slip("zoe").await;
    let handed = json!({ "territory": INSIDE });
    let ticked = house.once(anne, Method::POST, "/slips/handed", handed).await;
    assert_ne!(ticked.body["slips"], 0);
}
