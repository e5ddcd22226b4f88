//! The table of a class and its slips: printed from the console or by a program, handed over, ticked, used.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::scope::ApiScope;
use ecluse::flows::step::Step;
use ecluse::store;
use ecluse::store::db::{Batch, Statement, Value};
use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::api::Program;
use crate::browser::{Browser, Page};
use crate::console::{App, enrolled};
use crate::provider::{Provider, Wish};
use crate::sign_in::activate;
use crate::stop::Stop;

const SCHOOL: &str = "uai:0860001J";
const CLASS: &str = "class:0860001J/6A";
const CLASS_PAGE: &str = "/console/places?at=class%3A0860001J%2F6A";
const OTHER_CLASS: &str = "/console/places?at=class%3A0169001X%2F5B";

pub(crate) async fn run(provider: &Provider, sql: &'static str, values: Vec<Value>) {
    provider.ctx.db.run(Batch::plain(vec![Statement::new(sql, values)])).await.unwrap();
}

pub(crate) async fn is_at(provider: &Provider, login: &str, place: &str, profile: &str) {
    let sql = "INSERT INTO affiliation (account_id, path, profile, began)
               SELECT $1, path, $3, 0 FROM territory WHERE code = $2";
    run(provider, sql, vec![login.into(), place.into(), profile.into()]).await;
}

async fn desk(provider: &Provider, login: &str, role: Role, place: &str) -> (Browser, App) {
    provider.hire(login, role, place).await;
    let (browser, app, _) = enrolled(provider, login).await;
    (browser, app)
}

/// The logins and codes of a table that was downloaded.
pub(crate) fn codes(table: &Page) -> Vec<(String, String)> {
    assert_eq!(table.status, StatusCode::OK, "{}", table.body);
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    assert!(table.header("content-disposition").starts_with("attachment; filename=\"slips-"));
    let cells = table.body.lines().skip(1).map(|line| line.split(';').collect::<Vec<_>>());
    cells.map(|cells| (cells[5].to_owned(), cells[6].to_owned())).collect()
}

fn logins(table: &Page) -> Vec<String> {
    codes(table).into_iter().map(|(login, _)| login).collect()
}

pub(crate) async fn print(browser: &Browser, page: &Page, layout: &str) -> Page {
    browser.submit(page, "/places/print", &[("layout", layout)]).await
}

async fn tick(browser: &Browser, page: &Page, act: &str, whom: &[&str]) -> Page {
    let boxes: Vec<_> = whom.iter().map(|id| (format!("who.{id}"), "on")).collect();
    let mut fields = vec![("act", act)];
    fields.extend(boxes.iter().map(|(name, value)| (name.as_str(), *value)));
    browser.submit(page, "/places/slips", &fields).await
}

/// People, left, printed, handed over, used: as counted on top of a page.
fn counts(page: &Page) -> [u64; 4] {
    ["left", "printed", "handed", "used"].map(|id| {
        let rest = page.body.split(&format!("id=\"{id}\"")).nth(1).unwrap_or_else(|| panic!("{}", page.body));
        rest.split('>').nth(1).unwrap().split('<').next().unwrap().parse().unwrap()
    })
}

/// The line of somebody in the table.
fn row<'a>(page: &'a Page, id: &str) -> &'a str {
    let found = page.body.split("<tr>").find(|row| row.contains(&format!("/console/people/{id}")));
    found.unwrap_or_else(|| panic!("{id} is not in {}", page.body))
}

pub(crate) async fn lines(provider: &Provider, act: &str) -> Vec<ecluse::domain::audit_chain::Line> {
    let lines = store::audit::unsealed(&provider.ctx.db, 1_000).await.unwrap();
    lines.into_iter().filter(|line| line.act == act).collect()
}

pub(crate) async fn uses(provider: &Provider, login: &str, code: &str) {
    let browser = Browser::new(&provider.issuer);
    let page = browser.sign_in(&browser.go("/login").await, login, code).await;
    assert!(browser.change(&page, "", "Chat-noir7").await.is_success(), "{}", page.body);
}

#[tokio::test]
async fn a_class_teacher_prints_the_class_and_neither_staff_nor_another_class() {
    let provider = Provider::start().await;
    is_at(&provider, "m.blanc", CLASS, "National_ENS").await;
    let (teacher, _) = desk(&provider, "prof", Role::ClassTeacher, CLASS).await;
    let page = teacher.go("/console/places").await;
    assert!(page.url.ends_with(CLASS_PAGE), "the only place is the page itself: {}", page.url);
    assert!(
        page.body.contains("Collège des Tilleuls, 6A") && !page.body.contains("m.blanc"),
        "{}",
        page.body
    );
    assert!(row(&page, "zoe").contains("class=\"must\">Doit choisir"), "{}", page.body);
    assert_eq!(counts(&page), [2, 0, 0, 0]);

    let csrf = page.fields("/places/print");
    let of = |at: &str, profile: &str| {
        let mut form: Vec<_> = csrf.iter().filter(|(name, _)| name == "csrf").cloned().collect();
        let more = [("at", at), ("profile", profile), ("layout", "csv"), ("act", "all")];
        form.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
        form
    };
    for (at, profile) in [
        ("class:0169001X/5B", ""),
        (SCHOOL, ""),
        (SCHOOL, "National_ELV"),
        (CLASS, "National_ENS"),
        ("class:0860001J/9Z", ""),
        ("nowhere", ""),
    ] {
        let shown = teacher.go(&format!("/console/places?at={at}&profile={profile}")).await;
        assert_eq!(shown.status, StatusCode::NOT_FOUND, "{at} {profile}: {}", shown.body);
        for path in ["/console/places/print", "/console/places/slips"] {
            let sent = teacher.post(path, &of(at, profile)).await;
            assert_eq!(sent.status, StatusCode::NOT_FOUND, "{path} {at} {profile}: {}", sent.body);
        }
    }
    let cross = teacher.post_from("https://evil.example", "/console/places/print", &of(CLASS, "")).await;
    assert_eq!(cross.status, StatusCode::FORBIDDEN);
    assert_eq!(lines(&provider, "code.print").await.len() + lines(&provider, "code.issue").await.len(), 1);

    let table = print(&teacher, &page, "csv").await;
    assert_eq!(logins(&table), ["tom", "zoe"]);
    let printed = lines(&provider, "code.print").await;
    assert_eq!(printed.len(), 2);
    for line in &printed {
        assert_eq!((line.actor.as_str(), line.address.as_deref()), ("account:prof", Some("127.0.0.1")));
    }
    for (layout, begins) in [("pdf-8", "%PDF-"), ("pdf-2", "%PDF-"), ("pdf-1", "%PDF-"), ("zip-8", "PK")] {
        let file = print(&teacher, &page, layout).await;
        assert!(file.status.is_success() && file.body.starts_with(begins), "{layout}: {}", file.status);
    }
    assert_eq!(codes(&print(&teacher, &page, "csv").await), codes(&table), "the live codes are shown again");
    let (zoe, code) = codes(&table).pop().unwrap();
    uses(&provider, &zoe, &code).await;
}

#[tokio::test]
async fn a_tick_is_of_a_code_and_ends_with_it_and_a_used_code_prints_no_more() {
    let provider = Provider::start().await;
    let (head, _) = desk(&provider, "chef", Role::SchoolAdmin, SCHOOL).await;
    let page = head.go(CLASS_PAGE).await;
    let nothing = tick(&head, &page, "all", &[]).await;
    assert!(nothing.body.contains("id=\"told\"") && lines(&provider, "code.hand_over").await.is_empty());
    let table = print(&head, &page, "csv").await;
    let of = |login: &str| codes(&table).into_iter().find(|(found, _)| found == login).unwrap().1;

    let page = tick(&head, &head.go(CLASS_PAGE).await, "hand-over", &["zoe"]).await;
    assert_eq!((page.status, counts(&page)), (StatusCode::OK, [2, 2, 1, 0]), "{}", page.body);
    assert!(row(&page, "zoe").contains("par chef Essai") && !row(&page, "tom").contains("par chef Essai"));
    let page = tick(&head, &page, "all", &[]).await;
    assert_eq!(counts(&page), [2, 2, 2, 0]);
    let page = tick(&head, &page, "take-back", &["tom"]).await;
    assert_eq!(counts(&page), [2, 2, 1, 0]);
    let told = tick(&head, &page, "hand-over", &["zoe", "tom", "lea"]).await;
    assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.body);
    assert_eq!(counts(&head.go(CLASS_PAGE).await), [2, 2, 1, 0], "one unknown leaves all as they were");
    let ticks = lines(&provider, "code.hand_over").await;
    assert_eq!(ticks.iter().map(|line| line.count).collect::<Vec<_>>(), [Some(1), Some(1)]);
    assert_eq!(ticks[0].object, "territory:class:0860001J/6A");
    assert_eq!(lines(&provider, "code.take_back").await.len(), 1);
    // Printed again it is the same slip, and it stays handed over.
    print(&head, &page, "csv").await;
    assert_eq!(counts(&head.go(CLASS_PAGE).await), [2, 2, 1, 0]);

    uses(&provider, "tom", &of("tom")).await;
    let page = head.go(CLASS_PAGE).await;
    assert_eq!(counts(&page), [1, 2, 1, 1], "{}", page.body);
    assert!(row(&page, "tom").contains("En règle"), "{}", row(&page, "tom"));
    assert_eq!(logins(&print(&head, &page, "csv").await), ["zoe"], "a used code prints no more");
    provider.new_code("zoe").await;
    let page = head.go(CLASS_PAGE).await;
    assert_eq!(counts(&page), [1, 2, 0, 1], "nobody was handed the new one: {}", page.body);
    provider.order_for(CLASS, Level::Recover).await;
    assert_eq!(
        counts(&head.go(CLASS_PAGE).await),
        [2, 0, 0, 0],
        "the order's codes are printed for nobody yet"
    );

    let page = head.go(&format!("/console/places?at={SCHOOL}")).await;
    assert!(page.body.contains(CLASS_PAGE) && page.body.contains("National_ENS"), "{}", page.body);
    let staff = head.go(&format!("/console/places?at={SCHOOL}&profile=National_ENS")).await;
    assert!(row(&staff, "m.blanc").contains("Doit choisir"), "{}", staff.body);
    assert_eq!(logins(&print(&head, &staff, "csv").await), ["m.blanc"]);
    assert_eq!(head.go(OTHER_CLASS).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_slip_that_opens_nothing_any_more_is_told_from_one_that_was_never_printed() {
    let provider = Provider::start().await;
    let lapsed = |page: &Page| page.body.split("id=\"lapsed\"").nth(1).is_some();
    for (after, before, later) in [("the code expired", "prof", "prof2"), ("an order came", "prof3", "prof4")]
    {
        let code = provider.slip_at(CLASS, "zoe").await;
        let (teacher, _) = desk(&provider, before, Role::ClassTeacher, CLASS).await;
        let class = teacher.go(CLASS_PAGE).await;
        assert!(!lapsed(&class) && !row(&class, "zoe").contains("n’ouvre plus rien"), "{}", class.body);
        if after == "an order came" {
            provider.order_for(CLASS, Level::Recover).await;
        } else {
            provider.clock.advance(provider.ctx.settings.policy.code_lifetime);
        }
        let (teacher, _) = desk(&provider, later, Role::ClassTeacher, CLASS).await;
        let class = teacher.go(CLASS_PAGE).await;
        assert!(class.body.contains("id=\"lapsed\" class=\"must\">2<"), "{after}: {}", class.body);
        assert!(row(&class, "zoe").contains("n’ouvre plus rien"), "{after}: {}", class.body);
        let person = teacher.go("/console/people/zoe").await;
        assert!(lapsed(&person), "{after}: {}", person.body);
        let browser = Browser::new(&provider.issuer);
        assert!(browser.sign_in(&browser.go("/login").await, "zoe", &code).await.is_sign_in(), "{after}");
        let code = provider.slip_at(CLASS, "zoe").await;
        assert!(!lapsed(&teacher.go("/console/people/zoe").await), "another was printed");
        if after == "an order came" {
            uses(&provider, "zoe", &code).await;
            assert!(!row(&teacher.go(CLASS_PAGE).await, "zoe").contains("n’ouvre plus rien"), "it was used");
        }
    }
}

#[tokio::test]
async fn where_nobody_needs_a_slip_the_page_says_so_and_no_file_comes() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    activate(&provider, "tom").await;
    let (head, _) = desk(&provider, "chef", Role::SchoolAdmin, SCHOOL).await;
    let page = head.go(CLASS_PAGE).await;
    for layout in ["csv", "pdf-8", "zip-1"] {
        let told = print(&head, &page, layout).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.body);
        assert!(told.body.contains("id=\"told\""), "{}", told.body);
    }
}

#[tokio::test]
async fn a_download_keeps_formulas_from_the_office_program() {
    let provider = Provider::start().await;
    let sql = "UPDATE account SET family_name = '=HYPERLINK(1)', given_name = '+1' WHERE id = 'zoe'";
    run(&provider, sql, Vec::new()).await;
    let (head, _) = desk(&provider, "chef", Role::SchoolAdmin, SCHOOL).await;
    let page = head.go(CLASS_PAGE).await;
    assert!(!page.body.contains("<script>"), "{}", page.body);
    let table = print(&head, &page, "csv").await;
    assert!(table.body.contains(";'=HYPERLINK(1);'+1;zoe;"), "{}", table.body);
}

#[tokio::test]
async fn printing_asks_for_a_fresh_factor_and_then_gives_the_file() {
    let provider = Provider::start().await;
    let (head, app) = desk(&provider, "chef", Role::SchoolAdmin, SCHOOL).await;
    provider.clock.advance(Duration::from_mins(6));
    let page = head.go(CLASS_PAGE).await;
    let asked = print(&head, &page, "csv").await;
    assert!(asked.body.contains("id=\"show-factor\""), "{}", asked.body);
    assert!(lines(&provider, "code.print").await.is_empty());
    let confirm = head.submit(&asked, "/console/factor", &[("code", &app.next())]).await;
    let table = head.submit(&confirm, "/places/print", &[]).await;
    assert_eq!(logins(&table), ["tom", "zoe"]);
    // Ticking is done all morning, and asks for nothing.
    provider.clock.advance(Duration::from_mins(6));
    let page = tick(&head, &head.go(CLASS_PAGE).await, "all", &[]).await;
    assert_eq!(counts(&page), [2, 2, 2, 0]);
}

#[tokio::test]
async fn the_page_of_a_new_code_shows_the_same_code_again_to_whoever_issued_it() {
    let provider = Provider::start().await;
    let (head, _) = desk(&provider, "chef", Role::SchoolAdmin, SCHOOL).await;
    let (other, _) = desk(&provider, "adjoint", Role::SchoolAdmin, SCHOOL).await;
    let shown = |page: &Page| {
        let rest = page.body.split("<code id=\"code\">").nth(1);
        rest.map(|rest| rest.split('<').next().unwrap().to_owned())
    };
    let page = head.submit(&head.go("/console/people/zoe").await, "/zoe/code", &[]).await;
    let code = shown(&page).unwrap_or_else(|| panic!("{}", page.body));
    assert!(page.url.contains("/console/people/zoe/slip?") && !page.url.contains(&code));
    let issue = provider.person("zoe").await.facts.code.issue;
    assert_eq!(shown(&head.go(&page.url).await), Some(code.clone()));
    assert_eq!(provider.person("zoe").await.facts.code.issue, issue);
    assert_eq!(shown(&other.go(&page.url).await), None, "the address is good for one session");
    assert_eq!(shown(&head.go(&page.url.replace("people/zoe", "people/tom")).await), None);
    assert_eq!(shown(&Browser::new(&provider.issuer).go(&page.url).await), None);
    let class = head.go(CLASS_PAGE).await;
    assert_eq!(counts(&class), [2, 1, 0, 0], "it counts as printed: {}", class.body);
    provider.clock.advance(Duration::from_mins(5));
    assert_eq!(shown(&head.go(&page.url).await), None, "five minutes later");
    let page = head.submit(&head.go("/console/people/zoe").await, "/zoe/code", &[]).await;
    uses(&provider, "zoe", &shown(&page).unwrap()).await;
    assert_eq!(shown(&head.go(&page.url).await), None, "it was used");
}

/// What a program is answered that asks for slips.
pub(crate) async fn slips(program: &Program, body: &Json) -> (u16, String) {
    let request = program.http.post(format!("{}/api/v1/slips", program.issuer)).bearer_auth(&program.token);
    let answer = request.json(body).send().await.unwrap();
    (answer.status().as_u16(), String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned())
}

#[tokio::test]
async fn a_program_prints_ticks_and_reads_inside_its_territory() {
    let provider = Provider::start().await;
    let program = Program::of(&provider, "prof", Role::ClassTeacher, CLASS).await;
    let families = json!(["National_ELV", "National_TUT"]);
    let asked = |territory: &str, profiles: &Json| json!({ "territory": territory, "profiles": profiles });
    for (body, status, word) in [
        (asked(CLASS, &json!([])), 403, "not-pupils-alone"),
        (asked(CLASS, &json!(["National_ENS"])), 403, "not-pupils-alone"),
        (asked("class:0169001X/5B", &families), 404, "not-found"),
        (asked("class:0169001X/9Z", &families), 404, "not-found"),
        (asked("nowhere", &families), 422, "unknown-territory"),
        (json!({ "territory": CLASS, "profiles": families, "per_page": 3 }), 400, "invalid-request"),
        (json!({ "territory": CLASS, "profiles": families, "language": "de" }), 400, "invalid-request"),
    ] {
        let (answered, text) = slips(&program, &body).await;
        assert!(answered == status && text.contains(&format!("problem:{word}\"")), "{answered} {text}");
    }
    assert!(lines(&provider, "code.print").await.is_empty());
    let (status, table) = slips(&program, &asked(CLASS, &families)).await;
    assert!(status == 200 && table.contains(";tom;") && table.contains(";zoe;"), "{status} {table}");
    let pdf = json!({ "territory": CLASS, "profiles": families, "format": "pdf", "per_page": 1.0 });
    assert!(slips(&program, &pdf).await.1.starts_with("%PDF-"));

    let hand = |body: Json| {
        let program = &program;
        async move { program.post("/slips/handed", body).await }
    };
    let unknown = hand(json!({ "territory": CLASS, "logins": ["zoe", "lea"] })).await;
    assert_eq!(unknown.problem(), (404, "not-found"));
    assert_eq!(hand(json!({ "territory": "class:0169001X/5B" })).await.problem(), (404, "not-found"));
    assert_eq!(hand(json!({ "territory": SCHOOL })).await.problem(), (404, "not-found"));
    let everybody_back = hand(json!({ "territory": CLASS, "handed": false })).await;
    assert_eq!(everybody_back.problem(), (422, "nobody"));
    assert_eq!(hand(json!({ "territory": CLASS, "logins": ["zoe"] })).await.body["slips"], 1);
    assert_eq!(hand(json!({ "territory": CLASS })).await.body["slips"], 1, "the other one");
    let back = json!({ "territory": CLASS, "logins": ["tom"], "handed": false });
    assert_eq!(hand(back).await.body["slips"], 1);

    let zoe = program.get("/people/zoe").await.body;
    assert_eq!((&zoe["state"], &zoe["slip"]["handed_by"]), (&json!("not_activated"), &json!("account:prof")));
    assert_eq!(zoe["places"], json!([{ "territory": CLASS, "profile": "National_ELV" }]));
    assert_eq!(program.get("/people/tom").await.body["slip"]["handed_at"], Json::Null);
    for login in ["lea", "m.blanc", "nobody"] {
        assert_eq!(program.get(&format!("/people/{login}")).await.problem(), (404, "not-found"), "{login}");
    }
    let blind = Program::of(&provider, "audit", Role::Auditor, "academie:13").await;
    assert_eq!(blind.get("/people").await.problem(), (403, "not-of-role"));
    assert_eq!(blind.get("/people/zoe").await.problem(), (403, "not-of-role"));
    assert_eq!(slips(&blind, &asked(CLASS, &families)).await.0, 403);
}

#[tokio::test]
async fn what_breaks_off_is_never_taken_for_the_whole() {
    let stop = Stop::new();
    let provider = Provider::start_with(Wish { steps: stop.steps(), ..Wish::default() }).await;
    let program = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    for format in ["csv", "zip"] {
        let request =
            program.http.post(format!("{}/api/v1/slips", program.issuer)).bearer_auth(&program.token);
        let asked = request.json(&json!({ "territory": "academie:13", "format": format })).send();
        let read = async { asked.await.unwrap().bytes().await };
        let (read, ()) = stop.between(Step::SlipsDecided, read, provider.break_accounts()).await;
        assert!(read.is_err(), "{format}: {read:?}");
        provider.mend_accounts().await;
    }
    let (status, table) = slips(&program, &json!({ "territory": "academie:13" })).await;
    assert!(status == 200 && table.contains(";zoe;") && table.contains(";lea;"), "{status} {table}");
}

#[tokio::test]
async fn a_program_lists_people_by_place_query_and_state_and_its_cursor_is_its_own() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let found = |answer: Json| {
        let people = answer["people"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        people.iter().map(|it| it["login"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (query, expected) in [
        ("place=class:0860001J/6A", vec!["tom", "zoe"]),
        ("place=uai:0860001J", vec!["m.blanc", "tom", "zoe"]),
        ("place=uai:0860001J&state=open", vec!["zoe"]),
        ("place=uai:0860001J&state=closed", vec!["m.blanc", "tom"]),
        ("state=not_activated&query=le", vec!["lea"]),
        ("state=ordered", vec![]),
        ("query=%25", vec![]),
        ("query=5b", vec!["lea", "mme.roux"]),
    ] {
        assert_eq!(found(anne.get(&format!("/people?{query}")).await.body), expected, "{query}");
    }
    for (query, problem) in [
        ("place=nowhere", (422, "unknown-territory")),
        ("place=uai:9999999A", (422, "unknown-territory")),
        ("state=ajar", (400, "invalid-request")),
        ("cursor=x", (422, "unknown-cursor")),
        ("query=%08", (422, "unknown-query")),
        ("page=2", (400, "invalid-request")),
    ] {
        assert_eq!(anne.get(&format!("/people?{query}")).await.problem(), problem, "{query}");
    }
    let school = Program::of(&provider, "principal", Role::SchoolAdmin, SCHOOL).await;
    let outside = school.get("/people?place=uai:0169001X").await;
    assert_eq!(outside.problem(), (422, "unknown-territory"), "as one that is not there");
    for number in 100..250 {
        provider.hire(&format!("aide{number}"), Role::Helpdesk, SCHOOL).await;
    }
    let first = school.get("/people?query=aide").await.body;
    let next = first["next"].as_str().unwrap().to_owned();
    let second = school.get(&format!("/people?query=aide&cursor={next}")).await.body;
    assert_eq!((found(first).len(), found(second.clone()).len(), &second["next"]), (100, 50, &Json::Null));
    for (asker, query) in [(&anne, "aide"), (&school, "aid")] {
        let refused = asker.get(&format!("/people?query={query}&cursor={next}")).await;
        assert_eq!(refused.problem(), (422, "unknown-cursor"));
    }
    provider.hire("lecteur", Role::SchoolAdmin, SCHOOL).await;
    let read = Program::for_scopes(&provider, "lecteur", ApiScope::OrdersRead.as_str()).await;
    assert_eq!(read.get("/people").await.problem(), (403, "insufficient-scope"));
}
