//! What whoever runs the program sees of it, and what nobody does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::flows::hash_pool::Guest;
use ecluse::flows::meters::{Decision, Door};
use ecluse::store::db::{Batch, Statement};
use ecluse::web::admin;
use reqwest::StatusCode;
use tokio::net::TcpListener;

use crate::browser::Browser;
use crate::provider::{FIRST_PASSWORD, Provider, Wish};
use crate::receiver::Receiver;
use crate::relying_party::RelyingParty;
use crate::sign_in::signed_in;

/// The admin listener of a provider; its address.
pub(crate) async fn admin_of(provider: &Provider) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(admin::serve(provider.app.clone(), listener, Duration::from_mins(1)));
    format!("http://{address}")
}

pub(crate) async fn scrape(admin: &str) -> Metrics {
    let answer = reqwest::get(format!("{admin}/metrics")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    Metrics::parse(answer.text().await.unwrap())
}

/// A page in the text format, read as strictly as it is written.
pub(crate) struct Metrics {
    pub(crate) text: String,
    /// Name and labels, as they are written, with the value.
    samples: BTreeMap<String, String>,
}

impl Metrics {
    fn parse(text: String) -> Self {
        assert!(text.ends_with('\n'));
        let (mut families, mut samples) = (BTreeSet::new(), BTreeMap::new());
        let (mut helped, mut family, mut kind) = (String::new(), String::new(), String::new());
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                help.split_once(' ').unwrap().0.clone_into(&mut helped);
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, of) = rest.split_once(' ').unwrap();
                assert_eq!(name, helped);
                assert!(["counter", "gauge", "histogram"].contains(&of), "{line}");
                assert_eq!(of == "counter", name.ends_with("_total"), "{line}");
                assert!(families.insert(name.to_owned()), "twice: {name}");
                (family, kind) = (name.to_owned(), of.to_owned());
            } else {
                let (name, value) = line.rsplit_once(' ').unwrap();
                check_name(name, &family, &kind);
                let signed = family == "ecluse_clock_ahead_seconds";
                assert!(value.parse::<f64>().is_ok_and(|value| signed || value >= 0.0), "{line}");
                assert!(samples.insert(name.to_owned(), value.to_owned()).is_none(), "twice: {name}");
            }
        }
        let metrics = Self { text, samples };
        metrics.check_histograms();
        metrics
    }

    /// Buckets only grow, and the last is the count.
    fn check_histograms(&self) {
        let mut before: Option<(&str, u64)> = None;
        for line in self.text.lines().filter(|line| line.contains("_bucket{")) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let (series, bound) = name.rsplit_once("le=").unwrap();
            let value: u64 = value.parse().unwrap();
            if let Some((_, least)) = before.filter(|(of, _)| *of == series) {
                assert!(value >= least, "{line}");
            }
            before = Some((series, value));
            if bound.starts_with("\"+Inf\"") {
                let (family, labels) = series.split_once("_bucket{").unwrap();
                let labels = labels.trim_end_matches(',');
                let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
                let count = format!("{family}_count{labels}");
                assert_eq!(self.get(&count), value, "{count}");
            }
        }
    }

    /// A whole number.
    fn get(&self, name: &str) -> u64 {
        let value = self.samples.get(name).unwrap_or_else(|| panic!("no {name} in\n{}", self.text));
        value.parse().unwrap()
    }
}

fn check_name(name: &str, family: &str, kind: &str) {
    let (bare, labels) = name.split_once('{').map_or((name, ""), |(bare, rest)| (bare, rest));
    assert!(bare.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
    assert!(bare.starts_with("ecluse_") || bare == "process_start_time_seconds", "{name}");
    let end = bare.strip_prefix(family).unwrap_or_else(|| panic!("{name} is none of {family}"));
    match kind {
        "histogram" => assert!(["_bucket", "_sum", "_count"].contains(&end), "{name}"),
        _ => assert_eq!(end, "", "{name}"),
    }
    if labels.is_empty() {
        return;
    }
    for label in labels.strip_suffix('}').unwrap().split(',') {
        let (word, value) = label.split_once('=').unwrap();
        assert!(word.bytes().all(|byte| byte.is_ascii_lowercase()), "{name}");
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap();
        assert!(!value.contains(['"', '\\', ',']), "{name}");
    }
}

fn gate(door: Door, decision: Decision) -> String {
    let (door, decision) = (door.as_str(), decision.as_str());
    format!("ecluse_gate_decisions_total{{door=\"{door}\",decision=\"{decision}\"}}")
}

#[tokio::test]
async fn sign_ins_closed_gates_and_throttled_attempts_are_counted() {
    let provider = Provider::start().await;
    let admin = admin_of(&provider).await;
    let portal = RelyingParty::portal(&provider).await;
    let (_, tokens) = signed_in(&provider, &portal, "zoe").await;
    let before = scrape(&admin).await;
    assert_eq!(before.get(&gate(Door::Exchange, Decision::Open)), 1);
    assert_eq!(before.get(&gate(Door::SignIn, Decision::Open)), before.get(&outcome("signed_in")));
    assert!(before.get(&outcome("signed_in")) >= 1);
    assert_eq!(before.get(&gate(Door::Refresh, Decision::OrderedChange)), 0);

    provider.order(Level::Change).await;
    let refused = portal.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    for _ in 0..6 {
        let browser = Browser::new(&provider.issuer);
        let page = browser.go("/login").await;
        browser.sign_in(&page, "tom", "Faux-mot-7").await;
    }
    provider.clock.advance(Duration::from_secs(6));
    let after = scrape(&admin).await;
    assert_eq!(after.get(&gate(Door::Refresh, Decision::OrderedChange)), 1);
    assert_eq!(after.get(&gate(Door::Refresh, Decision::Open)), 0);
    assert_eq!(after.get(&outcome("refused")), 5);
    assert_eq!(after.get(&outcome("throttled")), 1);
    assert_eq!(after.get(&outcome("signed_in")), before.get(&outcome("signed_in")));
    assert_eq!(after.get("ecluse_reset_orders{state=\"in_force\"}"), 1);
    let posts =
        "ecluse_http_request_duration_seconds_count{route=\"/interaction/{uid}/login\",status=\"4xx\"}";
    assert_eq!(after.get(posts), 6, "five refused, one throttled");
    assert!(after.get("ecluse_hash_pool_wait_seconds_count{guest=\"stranger\"}") >= 5);
    assert_eq!(after.get("process_start_time_seconds"), 1_795_255_200);
}

fn outcome(word: &str) -> String {
    format!("ecluse_sign_ins_total{{outcome=\"{word}\"}}")
}

#[tokio::test]
async fn nothing_of_anybody_is_in_it() {
    let provider = Provider::start().await;
    let admin = admin_of(&provider).await;
    let portal = RelyingParty::portal(&provider).await;
    let (browser, tokens) = signed_in(&provider, &portal, "zoe").await;
    let again = portal.exchange(&portal.code(&browser.go(&portal.authorize(&[])).await)).await;
    let sid = again.id_token()["sid"].as_str().unwrap().to_owned();
    let claims = portal.userinfo(tokens["access_token"].as_str().unwrap()).await;
    portal.introspect(tokens["access_token"].as_str().unwrap()).await;
    browser.go("/no-such-page/zoe?login=zoe").await;
    let text = scrape(&admin).await.text;
    assert!(text.contains("route=\"-\""), "a path that is no route has no name");
    let words = [
        "zoe",
        "no-such-page",
        "127.0.0.1",
        "portal",
        FIRST_PASSWORD,
        claims.body["sub"].as_str().unwrap(),
        sid.as_str(),
        tokens["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
        tokens["id_token"].as_str().unwrap(),
    ];
    for word in words {
        assert!(!text.contains(word), "{word}");
    }
}

#[tokio::test]
async fn each_listener_serves_its_own() {
    let provider = Provider::start().await;
    let admin = admin_of(&provider).await;
    let status = async |address: String| reqwest::get(address).await.unwrap().status().as_u16();
    assert_eq!(status(format!("{}/metrics", provider.issuer)).await, 404, "not in public");
    for (path, expected) in
        [("/healthz", 204), ("/readyz", 200), ("/login", 404), ("/token", 404), ("/", 404)]
    {
        assert_eq!(status(format!("{admin}{path}")).await, expected, "{path}");
    }
}

#[tokio::test]
async fn a_full_hash_pool_shows() {
    let one = Wish::settings(|settings| settings.hashing.queue = 1);
    let provider = Provider::start_with(one).await;
    let admin = admin_of(&provider).await;
    let _place = provider.ctx.hash_pool.place(Guest::Stranger).unwrap();
    let browser = Browser::new(&provider.issuer);
    let page = browser.go("/login").await;
    let page = browser.sign_in(&page, "zoe", "Faux-mot-7").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    let metrics = scrape(&admin).await;
    assert_eq!(metrics.get("ecluse_hash_pool_waiting{guest=\"stranger\"}"), 1);
    assert_eq!(metrics.get("ecluse_hash_pool_waiting{guest=\"known\"}"), 0);
    assert_eq!(metrics.get("ecluse_hash_pool_refusals_total{guest=\"stranger\"}"), 1);
    assert_eq!(metrics.get("ecluse_hash_pool_refusals_total{guest=\"known\"}"), 0);
    assert_eq!(metrics.get(&outcome("unavailable")), 1);
}

#[tokio::test]
async fn the_outbox_shows_and_a_silent_database_hides_no_counter() {
    const WAITING: &str = "ecluse_notices{state=\"waiting\"}";
    const DELIVERED: &str = "ecluse_notice_attempts_total{outcome=\"delivered\"}";
    let provider = Provider::start().await;
    let admin = admin_of(&provider).await;
    let receiver = Receiver::start().await;
    let portal = receiver.of(&provider, "portal").await;
    let (browser, _) = signed_in(&provider, &portal, "zoe").await;
    let page = browser.go("/logout").await;
    browser.submit(&page, "/logout/confirm", &[]).await;
    provider.clock.advance(Duration::from_secs(3));
    let written = scrape(&admin).await;
    assert_eq!((written.get(WAITING), written.get(DELIVERED)), (1, 0));
    assert_eq!(written.get("ecluse_notices_overdue_seconds"), 3);
    provider.courier().round().await.unwrap();
    provider.clock.advance(Duration::from_secs(4));
    assert_eq!(scrape(&admin).await.get(WAITING), 1, "not read anew yet");
    provider.clock.advance(Duration::from_secs(1));
    let told = scrape(&admin).await;
    assert_eq!((told.get(WAITING), told.get(DELIVERED)), (0, 1));
    assert_eq!(told.get("ecluse_database_up"), 1);

    let broken = Statement::new("ALTER TABLE notice RENAME COLUMN parked_at TO lost", Vec::new());
    provider.ctx.db.run(Batch::plain(vec![broken])).await.unwrap();
    provider.clock.advance(Duration::from_secs(5));
    let silent = scrape(&admin).await;
    assert_eq!(silent.get("ecluse_database_up"), 0);
    assert!(!silent.samples.contains_key(WAITING), "nobody knows");
    assert_eq!(silent.get(DELIVERED), 1);
}
