//! An operator requires a change of several people at once, from the page where they were found.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::store;
use ecluse::store::db::{Batch, Statement};
use reqwest::StatusCode;
use serde_json::json;

use crate::api::Program;
use crate::browser::{Browser, Page};
use crate::console::{App, enrolled};
use crate::provider::{FIRST_PASSWORD, Provider, Wish};
use crate::sign_in::activate;

const SCHOOL: &str = "uai:0860001J";
const CHECK: &str = "/console/selection";
const REQUIRE: &str = "/selection/require";

/// A head of school, and two pupils of 6A and a teacher who have passwords.
struct Office {
    provider: Provider,
    head: Browser,
    app: App,
}

impl Office {
    async fn open() -> Self {
        Self::with(Wish::default()).await
    }

    async fn with(wish: Wish) -> Self {
        let provider = Provider::start_with(wish).await;
        for login in ["zoe", "tom", "m.blanc"] {
            activate(&provider, login).await;
        }
        provider.hire("chef", Role::SchoolAdmin, SCHOOL).await;
        let (head, app, _) = enrolled(&provider, "chef").await;
        Self { provider, head, app }
    }

    /// What a search finds, and a box ticked for each of these.
    async fn check(&self, query: &str, chosen: &[&str], whom: &str) -> Page {
        let page = self.head.go(&format!("/console/people?q={query}")).await;
        let mut fields = page.fields(CHECK);
        fields.retain(|(name, _)| !name.starts_with("who.") && name != "level" && name != "whom");
        fields.extend(chosen.iter().map(|id| (format!("who.{id}"), "on".to_owned())));
        fields.extend(
            [("level", "change"), ("whom", whom)].map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        self.head.post(CHECK, &fields).await
    }

    async fn confirm(&self, page: &Page, number: &str) -> Page {
        self.head.submit(page, REQUIRE, &[("reason", "vol de mots de passe"), ("confirmed", number)]).await
    }

    /// Who was forced.
    async fn forced(&self) -> Vec<&'static str> {
        let mut forced = Vec::new();
        for login in ["chef", "lea", "m.blanc", "tom", "zoe"] {
            if self.provider.person(login).await.facts.forced.is_some() {
                forced.push(login);
            }
        }
        forced
    }
}

fn number(page: &Page) -> &str {
    page.body.split("id=\"selected\" class=\"figure\">").nth(1).unwrap().split('<').next().unwrap()
}

#[tokio::test]
async fn a_change_is_required_of_those_who_are_ticked_once_their_number_is_typed() {
    let office = Office::open().await;
    let page = office.check("", &["zoe", "m.blanc"], "chosen").await;
    assert_eq!((page.status, number(&page)), (StatusCode::OK, "2"), "{}", page.body);
    assert_eq!(office.forced().await, [""; 0], "looking does nothing");
    for wrong in ["3", "", "deux", "-2"] {
        let again = office.confirm(&page, wrong).await;
        assert!(again.body.contains("role=\"alert\"") && number(&again) == "2", "{wrong}: {}", again.body);
        assert!(again.body.contains("vol de mots de passe"), "the reason is kept");
    }
    let unsaid = office.head.submit(&page, REQUIRE, &[("reason", " "), ("confirmed", "2")]).await;
    assert!(unsaid.body.contains("Donnez un motif") || unsaid.status == StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(office.forced().await, [""; 0]);
    let done = office.confirm(&page, "2").await;
    assert!(done.body.contains("est exigé de 2 personnes"), "{} {}", done.status, done.body);
    assert_eq!(office.forced().await, ["m.blanc", "zoe"]);
    let lines = store::audit::unsealed(&office.provider.ctx.db, 1_000).await.unwrap();
    let mut lines: Vec<_> = lines.iter().filter(|line| line.act == "password.force").collect();
    lines.sort_by_key(|line| &line.object);
    let objects: Vec<_> = lines.iter().map(|line| (line.object.as_str(), line.actor.as_str())).collect();
    assert_eq!(objects, [("account:m.blanc", "account:chef"), ("account:zoe", "account:chef")]);
    assert!(lines.iter().all(|line| line.reason.as_deref() == Some("vol de mots de passe")));
    let zoe = Browser::new(&office.provider.issuer);
    assert!(zoe.sign_in(&zoe.go("/login").await, "zoe", FIRST_PASSWORD).await.is_change());
}

#[tokio::test]
async fn of_all_that_a_search_finds_those_are_left_out_whom_it_would_harm() {
    let office = Office::open().await;
    let (provider, head) = (&office.provider, &office.head);
    provider.hire("adjoint", Role::SchoolAdmin, SCHOOL).await;
    activate(provider, "adjoint").await;
    provider.force("tom", Level::Recover).await;
    let slip = provider.new_code("tom").await;
    let page = office.check("", &[], "found").await;
    assert_eq!(number(&page), "2", "{}", page.body);
    assert!(page.body.contains("ESSAI") || page.body.contains("Essai"), "{}", page.body);
    for why in ["doivent déjà changer", "elles ont un rôle", "vous n’y êtes pas autorisé"] {
        assert!(page.body.contains(why), "{why}: {}", page.body);
    }
    let done = office.confirm(&page, "2").await;
    assert!(done.body.contains("de 2 personnes"), "{}", done.body);
    assert_eq!(office.forced().await, ["m.blanc", "tom", "zoe"]);
    let tom = Browser::new(&provider.issuer);
    assert!(tom.sign_in(&tom.go("/login").await, "tom", &slip).await.is_change(), "the code is still good");
    // Ticked one by one, somebody with a role is reached as well.
    let page = office.check("adjoint", &["adjoint"], "chosen").await;
    assert_eq!(number(&page), "1", "{}", page.body);
    let page = office.check("chef", &["chef"], "chosen").await;
    assert!(number(&page) == "0" && page.form(REQUIRE).is_none(), "there is nothing to confirm");
    assert_eq!(head.go("/console/people?q=&state=individual").await.body.matches("name=\"who.").count(), 3);
    assert_eq!(
        head.go("/console/people?q=&profile=National_ENS").await.body.matches("name=\"who.").count(),
        1
    );
    assert_eq!(head.go("/console/people?q=&state=nonsense").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(head.go("/console/people?q=&profile=nonsense").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn whoever_confirms_what_changed_meanwhile_is_shown_it_again() {
    let office = Office::open().await;
    let page = office.check("", &[], "found").await;
    assert_eq!(number(&page), "3");
    office.provider.force("zoe", Level::Recover).await;
    let again = office.confirm(&page, "3").await;
    assert_eq!((again.status, number(&again)), (StatusCode::CONFLICT, "2"), "{}", again.body);
    assert_eq!(office.forced().await, ["zoe"]);
    assert!(office.confirm(&again, "2").await.body.contains("de 2 personnes"));
    let twice = office.confirm(&again, "2").await;
    assert_eq!((twice.status, number(&twice)), (StatusCode::CONFLICT, "0"), "sent twice, done once");
}

#[tokio::test]
async fn nobody_outside_the_territory_is_reached_or_told_of() {
    let office = Office::open().await;
    let page = office.check("", &["zoe", "lea", "nobody"], "chosen").await;
    assert_eq!(number(&page), "1", "{}", page.body);
    assert!(!page.body.contains("class=\"left-out\""), "{}", page.body);
    let mut form = page.fields(REQUIRE);
    form.retain(|(name, _)| name != "reason" && name != "confirmed");
    form.extend(
        [("reason", "essai"), ("confirmed", "1")].map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let cross = office.head.post_from("https://evil.example", "/console/selection/require", &form).await;
    assert_eq!(cross.status, StatusCode::FORBIDDEN);
    let unsigned = form.iter().filter(|(name, _)| name != "csrf").cloned().collect::<Vec<_>>();
    assert_eq!(office.head.post("/console/selection/require", &unsigned).await.status, StatusCode::FORBIDDEN);
    assert_eq!(office.forced().await, [""; 0]);
    for broken in ["whom", "level", "digest"] {
        let without = form.iter().filter(|(name, _)| name != broken).cloned().collect::<Vec<_>>();
        let answer = office.head.post("/console/selection/require", &without).await;
        assert!(answer.status.is_client_error(), "{broken}");
    }
    assert_eq!(office.forced().await, [""; 0]);
    let done = office.head.post("/console/selection/require", &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(office.forced().await, ["zoe"]);
}

#[tokio::test]
async fn several_at_once_need_a_fresh_factor_and_are_kept_meanwhile_and_too_many_need_an_order() {
    let office = Office::with(Wish::settings(|it| it.orders.approval_above = 2)).await;
    let page = office.check("", &[], "found").await;
    let refused = office.confirm(&page, "3").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("Rédigez un ordre"), "{}", refused.body);
    assert_eq!(office.forced().await, [""; 0]);
    let page = office.check("6A", &[], "found").await;
    office.provider.clock.advance(Duration::from_mins(6));
    let asked = office.confirm(&page, "2").await;
    assert!(asked.body.contains("id=\"show-factor\""), "{} {}", asked.status, asked.body);
    assert_eq!(office.forced().await, [""; 0]);
    let resumed = office.head.submit(&asked, "/console/factor", &[("code", &office.app.digits())]).await;
    let done = office.head.submit(&resumed, REQUIRE, &[]).await;
    assert!(done.body.contains("de 2 personnes"), "{} {}", done.status, done.body);
    assert_eq!(office.forced().await, ["tom", "zoe"]);
}

#[tokio::test]
async fn whoever_may_not_require_a_change_is_offered_none() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    provider.hire("aide", Role::Helpdesk, SCHOOL).await;
    let (aide, ..) = enrolled(&provider, "aide").await;
    let page = aide.go("/console/people?q=zoe").await;
    assert!(!page.body.contains("name=\"who.") && !page.body.contains("name=\"whom\""), "{}", page.body);
    let mut form = page.fields(CHECK);
    form.extend(
        [("whom", "chosen"), ("level", "recover"), ("who.zoe", "on")]
            .map(|(k, v)| (k.to_owned(), v.to_owned())),
    );
    let page = aide.post(CHECK, &form).await;
    assert_eq!(number(&page), "0", "{}", page.body);
}

/// Ten thousand pupils of 6A who have passwords, and one more: `foule1` and so on.
async fn crowd(provider: &Provider, size: i64) {
    let sql = [
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $1)
         INSERT INTO account (id, source, source_key, login, login_name, given_name, family_name, way_in, number,
             chosen_at, chosen_under, proof, code_issue, created_at, updated_at)
         SELECT 'foule' || n, 'test', 'foule' || n, 'foule' || n, 'foule' || n, 'F', 'Foule', 'local', 1,
             now_us(), 0, 'code', 1, 0, 0 FROM n",
        "INSERT INTO credential (account_id, phc) SELECT id, 'x' FROM account WHERE given_name = 'F' AND $1 > 0",
        "INSERT INTO affiliation (account_id, path, profile, began)
         SELECT a.id, t.path, 'National_ELV', 0 FROM account a, territory t
         WHERE a.given_name = 'F' AND t.code = 'class:0860001J/6A' AND $1 > 0",
    ];
    let batch = sql.map(|sql| Statement::new(sql, vec![size.into()]));
    provider.ctx.db.run(Batch::plain(batch.into())).await.unwrap();
}

/// How many are forced, and how many lines the audit log has.
async fn done(provider: &Provider) -> (i64, i64) {
    let sql = "SELECT (SELECT COUNT(*) FROM account WHERE forced_level IS NOT NULL) AS forced,
                   (SELECT COUNT(*) FROM audit WHERE act = 'password.force') AS lines";
    let row = provider.ctx.db.one(Statement::new(sql, Vec::new())).await.unwrap().unwrap();
    (row.int("forced").unwrap(), row.int("lines").unwrap())
}

#[tokio::test]
async fn of_ten_thousand_one_that_nobody_is_stops_all_and_is_named() {
    let provider = Provider::start_with(Wish::settings(|it| it.orders.approval_above = 20_000)).await;
    crowd(&provider, 10_001).await;
    let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let mut logins: Vec<_> = (1..=10_000).map(|number| format!("foule{number}")).collect();
    let ask = async |logins: &[String]| {
        anne.post("/people/acts", json!({ "act": "force_recover", "logins": logins })).await
    };
    let was = std::mem::replace(&mut logins[6_999], "foule7000x".to_owned());
    let refused = ask(&logins).await;
    assert_eq!(refused.problem(), (404, "not-found"));
    assert_eq!(refused.body["detail"], "no account has the login foule7000x");
    assert_eq!(refused.body["names"], json!(["foule7000x"]));
    assert_eq!(done(&provider).await, (0, 0));
    logins[6_999] = was;
    logins.push("foule10001".to_owned());
    let refused = ask(&logins).await;
    assert_eq!(refused.problem(), (422, "too-many"));
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("10001") && detail.contains("10000"), "{detail}");
    assert_eq!(done(&provider).await, (0, 0));
    logins.pop();
    assert_eq!(ask(&logins).await.body, json!({ "people": 10_000 }));
    assert_eq!(done(&provider).await, (10_000, 10_000));
}

#[tokio::test]
async fn ten_thousand_that_a_search_finds_are_required_to_change_at_once_and_one_more_is_refused() {
    let office = Office::with(Wish::settings(|it| it.orders.approval_above = 20_000)).await;
    let provider = &office.provider;
    crowd(provider, 10_001).await;
    let refused = office.check("foule", &[], "found").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("10 000") || refused.body.contains("10\u{202f}000"), "{}", refused.body);
    assert!(refused.form(REQUIRE).is_none(), "there is nothing to confirm");
    let gone = "UPDATE affiliation SET ended = 0 WHERE account_id = 'foule10001'";
    provider.ctx.db.run(Batch::plain(vec![Statement::new(gone, Vec::new())])).await.unwrap();
    let page = office.check("foule", &[], "found").await;
    let shown: String = number(&page).chars().filter(char::is_ascii_digit).collect();
    assert_eq!((page.status, shown.as_str()), (StatusCode::OK, "10000"), "{}", page.body);
    // One of them has left when it is confirmed: it is asked again, and nobody is reached.
    let left = "UPDATE account SET disabled_at = 1 WHERE id = 'foule5000'";
    provider.ctx.db.run(Batch::plain(vec![Statement::new(left, Vec::new())])).await.unwrap();
    let again = office.confirm(&page, "10000").await;
    assert_eq!((again.status, done(provider).await), (StatusCode::CONFLICT, (0, 0)));
    let forced = office.confirm(&again, "9999").await;
    assert!(forced.status.is_success(), "{}", forced.body);
    assert_eq!(done(provider).await, (9_999, 9_999));
}

#[tokio::test]
async fn those_of_a_class_are_chosen_from_its_page_and_nobody_of_another() {
    let office = Office::open().await;
    let sql = "INSERT INTO affiliation (account_id, path, profile, began)
         SELECT 'm.blanc', path, 'National_ENS', 0 FROM territory WHERE code = 'class:0860001J/6A'";
    office.provider.ctx.db.run(Batch::plain(vec![Statement::new(sql, Vec::new())])).await.unwrap();
    let class = office.head.go("/console/places?at=class%3A0860001J%2F6A").await;
    let link = class.body.split("id=\"require\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let query = link.replace("&#38;", "&").replace("&amp;", "&");
    let query = query.strip_prefix("/console/people?q=").unwrap();
    let page = office.check(query, &[], "found").await;
    assert_eq!(number(&page), "2", "its families, and not the colleague: {}", page.body);
    let done = office.confirm(&page, "2").await;
    assert!(done.body.contains("de 2 personnes") && done.body.contains("id=\"everywhere\""), "{}", done.body);
    assert_eq!(office.forced().await, ["tom", "zoe"]);
    for elsewhere in ["class%3A0169001X%2F5B", "uai%3A9999999A"] {
        let page = office.head.go(&format!("/console/people?q=&at={elsewhere}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{elsewhere}");
    }
}

#[tokio::test]
async fn somebody_in_a_state_is_found_among_very_many() {
    let office = Office::open().await;
    let provider = &office.provider;
    crowd(provider, 3_000).await;
    let sql = "UPDATE credential SET compromised_at = 1 WHERE account_id = 'foule999'";
    provider.ctx.db.run(Batch::plain(vec![Statement::new(sql, Vec::new())])).await.unwrap();
    let page = office.check("foule&state=compromised", &[], "found").await;
    assert_eq!(number(&page), "1", "{}", page.body);
}

#[tokio::test]
async fn a_search_that_does_not_come_to_its_end_says_so() {
    // To write so many takes a minute there, and the bound is on people, whatever keeps them.
    if std::env::var_os("ECLUSE_TEST_STORE").is_some() {
        return;
    }
    let office = Office::with(Wish::settings(|it| it.orders.approval_above = 60_000)).await;
    crowd(&office.provider, 43_000).await;
    office.provider.force("m.blanc", Level::Change).await;
    let page = office.check("&state=closed", &[], "found").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("sans arriver au bout"), "{}", page.body);
}
