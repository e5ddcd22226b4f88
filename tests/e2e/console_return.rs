//! Back to where an operator was, after a sign-in or a second factor came between, and nowhere else.

use std::time::Duration;

use ecluse::domain::operator::Role;
use ecluse::store;
use reqwest::{StatusCode, Url};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::browser::{Browser, Page};
use crate::console::{App, TEACHER, app_secret, codes, head, is_home, show};
use crate::provider::{FIRST_PASSWORD, Provider};
use crate::sign_in::{activate, elsewhere};

const SCHOOL: &str = "uai:0860001J";

/// The address without the host.
fn at(page: &Page) -> String {
    let url = Url::parse(&page.url).unwrap();
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

/// Password and factor, as a page asks for them.
async fn come_in(browser: &Browser, page: &Page, app: &App) -> Page {
    assert!(page.is_sign_in(), "{} {}", page.status, page.body);
    let page = browser.sign_in(page, TEACHER, FIRST_PASSWORD).await;
    assert!(page.body.contains("id=\"show-factor\""), "{} {}", page.status, page.body);
    show(browser, &page, &app.next()).await
}

/// Goes on until the console gives the browser a session, and answers where that sends it.
async fn let_in(browser: &Browser, mut page: Page) -> Page {
    while !page.url.contains("/console/callback") {
        page = browser.get(&page.location().unwrap()).await;
    }
    page
}

/// What a form says.
type Fields<'a> = &'a [(&'a str, &'a str)];

fn pairs(form: Fields<'_>) -> Vec<(String, String)> {
    form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn whoever_must_sign_in_again_comes_back_to_the_page() {
    let provider = Provider::start().await;
    let (browser, app, _) = head(&provider).await;
    for page in
        ["/console/people?q=zo%C3%A9&profile=National_ELV", "/console/places?at=class%3A0860001J%2F6A"]
    {
        assert_eq!(browser.go(page).await.status, StatusCode::OK);
        provider.clock.advance(Duration::from_hours(3));
        let asked = browser.go(page).await;
        let back = come_in(&browser, &asked, &app).await;
        assert_eq!((back.status, at(&back).as_str()), (StatusCode::OK, page), "{}", back.body);
    }
    // What was wanted once is not wanted again.
    provider.clock.advance(Duration::from_hours(3));
    let asked = browser.go("/console").await;
    assert!(is_home(&come_in(&browser, &asked, &app).await));
}

#[tokio::test]
async fn a_second_factor_alone_leads_to_the_page_that_was_asked_for_last() {
    let provider = Provider::start().await;
    let (_, app, _) = head(&provider).await;
    let browser = elsewhere(&provider, TEACHER).await;
    browser.go("/console/people?q=zoe").await;
    let page = browser.go("/console/orders").await;
    let wrong = show(&browser, &page, "000000").await;
    assert_eq!(at(&show(&browser, &wrong, &app.next()).await), "/console/orders");

    // It is not wanted a second time, when the factor is shown once more.
    let page = browser.go("/console/factor").await;
    assert!(is_home(&show(&browser, &page, &app.next()).await));

    // Another language chosen on the way is the one to come back in.
    let browser = elsewhere(&provider, TEACHER).await;
    browser.go("/console/people?q=zoe&ui_locales=fr").await;
    let page = browser.go("/console/factor?ui_locales=en").await;
    let back = show(&browser, &page, &app.next()).await;
    assert_eq!(at(&back), "/console/people?q=zoe&ui_locales=en");
    assert!(back.body.contains("lang=\"en\""), "{}", back.body);
}

#[tokio::test]
async fn a_factor_that_is_enrolled_on_the_way_leads_there_too() {
    let provider = Provider::start().await;
    provider.hire(TEACHER, Role::SchoolAdmin, SCHOOL).await;
    let browser = activate(&provider, TEACHER).await;
    let page = browser.go("/console/people?q=zoe").await;
    let app = App::typed(&provider, &app_secret(&page));
    let page = browser.submit(&page, "/factor/app", &[("code", &app.digits())]).await;
    assert_eq!(codes(&page).len(), 10, "{}", page.body);
    assert_eq!(page.on(), "/console/people?q=zoe");
}

#[tokio::test]
async fn a_form_that_nobody_was_signed_in_for_is_come_back_to_and_not_sent() {
    let provider = Provider::start().await;
    let (browser, app, _) = head(&provider).await;
    let zoe = provider.person("zoe").await.facts.account.0;
    let person = format!("/console/people/{zoe}");
    let spot = [("at", "class:0860001J/6A"), ("act", "all"), ("layout", "csv")];
    let whom = [("q", "zoe"), ("whom", "found"), ("level", "change")];
    let class = "/console/places?at=class%3A0860001J%2F6A";
    let table: [(&str, Fields<'_>, &str); 14] = [
        (&format!("{person}/force"), &[("reason", "x")], &person),
        (&format!("{person}/code"), &[("reason", "x")], &person),
        (&format!("{person}/roles"), &[("act", "give")], &person),
        ("/console/orders", &[("place", SCHOOL)], "/console/orders/new"),
        ("/console/orders/check", &[("place", SCHOOL)], "/console/orders/new"),
        ("/console/orders/new", &[("order", "../../login")], "/console"),
        ("/console/orders/draft", &[("order", "../../login")], "/console"),
        ("/console/selection", &whom, "/console/people?q=zoe"),
        ("/console/selection/require", &whom, "/console/people?q=zoe"),
        ("/console/places/print", &spot, class),
        ("/console/places/slips", &spot, class),
        ("/console/audit/export", &[("format", "csv"), ("about", "zoe")], "/console/audit?about=zoe"),
        ("/console/roles/1/approve", &[], "/console/roles"),
        ("/console/sign-out", &[], "/console"),
    ];
    let before = written(&provider).await;
    for (path, form, page) in table {
        provider.clock.advance(Duration::from_hours(3));
        let sent = browser.post(path, &pairs(form)).await;
        let asked = browser.go(&sent.location().unwrap_or_else(|| panic!("{path} {}", sent.body))).await;
        let back = come_in(&browser, &asked, &app).await;
        assert_eq!((back.status, at(&back).as_str()), (StatusCode::OK, page), "{path} {}", back.body);
    }
    assert_eq!(written(&provider).await, before, "none of them was sent on");
    assert_eq!(provider.person("zoe").await.facts.forced, None);
}

/// Lines of the audit log that tell of more than signing in.
async fn written(provider: &Provider) -> usize {
    let lines = store::audit::unsealed(&provider.ctx.db, 1_000).await.unwrap();
    lines.iter().filter(|line| !line.act.starts_with("sign")).count()
}

#[tokio::test]
async fn nobody_outside_says_where_a_sign_in_ends() {
    let provider = Provider::start().await;
    head(&provider).await;
    let evil = "https%3A%2F%2Fevil.example%2Fconsole%2Forders";
    let tail = ["wanted", "here", "next", "page", "return_to", "then", "redirect_uri", "state", "to"];
    let tail: Vec<_> = tail.iter().map(|name| format!("&{name}={evil}")).collect();
    let browser = elsewhere(&provider, TEACHER).await;
    let begun = browser.get(&format!("/console?x=1{}", tail.concat())).await;
    assert!(!begun.location().unwrap().contains("evil"), "{:?}", begun.location());
    let mut page = begun;
    while !page.location().unwrap().contains("/console/callback") {
        page = browser.get(&page.location().unwrap()).await;
    }
    // Whoever could write on the way back's address says no more.
    let entered =
        browser.get(&format!("{}&wanted={evil}&next=//evil.example", page.location().unwrap())).await;
    assert_eq!(entered.header("location"), "/console");

    // Two that were begun are not taken for each other: each browser's cookie has its own.
    let (one, other) = (elsewhere(&provider, TEACHER).await, elsewhere(&provider, TEACHER).await);
    let (one_begun, other_begun) = (one.get("/console/orders").await, other.get("/console/people?q=a").await);
    let (one_in, other_in) = (let_in(&one, one_begun).await, let_in(&other, other_begun).await);
    assert_eq!(one_in.header("location"), "/console/orders");
    assert_eq!(other_in.header("location"), "/console/people?q=a");
    // A link that was used leads nowhere a second time, and a stranger's browser gets no session by it.
    assert_eq!(one.get(&one_in.url).await.status, StatusCode::GONE);
    assert_eq!(activate(&provider, "zoe").await.get(&other_in.url).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn an_address_that_is_read_in_two_ways_is_not_kept() {
    let provider = Provider::start().await;
    head(&provider).await;
    let long = format!("/console/people?q={}", "a".repeat(1_100));
    let absolute = "http://evil.example/console/orders";
    let table = [
        ("/console/people/..", "/console"),
        ("/console/people/%2e%2e", "/console"),
        ("/console/people/%2F%2Fevil.example", "/console"),
        ("/console/people/..%5C..%5Cevil", "/console"),
        ("/console/orders/../families", "/console"),
        ("/console/people/a%0d%0aSet-Cookie:x=y", "/console"),
        (&long, "/console"),
        (absolute, "/console/orders"),
        ("/console/audit?about=https://evil.example", "/console/audit?about=https://evil.example"),
    ];
    for (target, wanted) in table {
        let browser = elsewhere(&provider, TEACHER).await;
        let (location, cookie) = begin_raw(&provider, target).await;
        let browser = browser.with_cookie("ecluse_console_sign_in", &cookie);
        let begun = browser.get(&location).await;
        assert_eq!(let_in(&browser, begun).await.header("location"), wanted, "{target}");
    }
    for target in ["//evil.example/console/orders", "/console//evil.example", "/\\evil.example/console"] {
        assert!(raw(&provider, target).await.contains(" 404 "), "{target}");
    }
}

/// Asks for an address as no browser writes it, and answers where that leads, and the cookie of the sign-in.
async fn begin_raw(provider: &Provider, target: &str) -> (String, String) {
    let answer = raw(provider, target).await;
    let line = |begins: &str| {
        let line = answer.lines().find_map(|line| line.strip_prefix(begins));
        line.unwrap_or_else(|| panic!("{target}: {answer}")).to_owned()
    };
    let cookie = line("set-cookie: ecluse_console_sign_in=");
    (line("location: "), cookie.split(';').next().unwrap().to_owned())
}

async fn raw(provider: &Provider, target: &str) -> String {
    let mut stream = TcpStream::connect(provider.issuer.strip_prefix("http://").unwrap()).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_form_on_somebody_elses_page_begins_no_sign_in() {
    let provider = Provider::start().await;
    let (_, app, _) = head(&provider).await;
    let browser = elsewhere(&provider, TEACHER).await;
    let page = browser.go("/console/orders").await;
    assert_eq!(at(&show(&browser, &page, &app.next()).await), "/console/orders");
    // From another site a browser sends no `Lax` cookie with a form, so that it looks like nobody's.
    let bare = Browser::new(&provider.issuer);
    for path in ["/console/orders/check", "/console/people/1/force", "/console/factor", "/console/sign-out"] {
        let sent = bare.post_from("https://evil.example", path, &[]).await;
        assert_eq!((sent.status, sent.location()), (StatusCode::FORBIDDEN, None), "{path}");
        assert!(sent.headers.get("set-cookie").is_none(), "{path}");
    }
    assert_eq!(browser.go("/console/orders").await.status, StatusCode::OK, "who was in stays in");
}
