//! Traces: what is sent to a collector, what never is, and that a collector which is dead costs nothing.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;

use crate::browser::Browser;
use crate::deployment::House;
use crate::provider::FIRST_PASSWORD;

/// Somebody who takes traces.
#[derive(Clone, Default)]
struct Collector {
    taken: Arc<Mutex<Vec<u8>>>,
    asked: Arc<AtomicUsize>,
    refuses: Arc<AtomicBool>,
}

impl Collector {
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        let routes = Router::new().route("/v1/traces", post(take)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        address
    }

    fn has(&self, text: impl AsRef<[u8]>) -> bool {
        let (taken, text) = (self.taken.lock().unwrap(), text.as_ref());
        taken.windows(text.len()).any(|window| window == text)
    }
}

async fn take(State(collector): State<Collector>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    collector.taken.lock().unwrap().extend_from_slice(&body);
    collector.asked.fetch_add(1, Ordering::SeqCst);
    if collector.refuses.load(Ordering::SeqCst) { StatusCode::NOT_FOUND } else { StatusCode::OK }
}

async fn serve(house: &House, endpoint: &str, more: &[&str]) -> Child {
    let endpoint = format!("traces.endpoint={endpoint}");
    house.serve_at(&house.issuer, &[&[endpoint.as_str()], more].concat()).await
}

/// Stops it and waits until it has ended.
async fn stopped(mut process: Child) {
    let told = Command::new("sh").args(["-c", &format!("kill -TERM {}", process.id())]).status();
    assert!(told.unwrap().success());
    assert!(spawn_blocking(move || process.wait().unwrap()).await.unwrap().success());
}

const AT_ONCE: &str = "server.shutdown_delay=0s";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_hears_what_requests_did_and_of_nobody() {
    let house = House::build_where_tests_are().await;
    let (login, slip) = house.slips().into_iter().next().unwrap();
    let collector = Collector::default();
    let process = serve(&house, &collector.start().await, &[AT_ONCE, "traces.one_in=1"]).await;
    let browser = Browser::new(&house.issuer);
    let page = browser.go("/login?login_hint=eleve7&state=its-own-state").await;
    let page = browser.sign_in(&page, &login, "Faux-mot-7").await;
    let page = browser.sign_in(&page, &login, &slip).await;
    let page = browser.change(&page, "", FIRST_PASSWORD).await;
    assert!(page.is_success(), "{}", page.body);
    browser.go("/no-such-page/of-eleve7").await;
    let id = browser.get("/login").await.header("x-request-id").to_owned();
    stopped(process).await;

    for said in [
        "ecluse",
        "POST /interaction/{uid}/login",
        "/interaction/{uid}/password",
        "database read",
        "database batch",
        "hash password",
        id.as_str(),
    ] {
        assert!(collector.has(said), "{said} was not sent, or not before the end");
    }
    let jar = page.url.rsplit('/').nth(1).unwrap_or_default();
    for never in [
        login.as_str(),
        "eleve",
        slip.as_str(),
        "Faux-mot-7",
        FIRST_PASSWORD,
        "its-own-state",
        "no-such-page",
        "127.0.0.1",
        "SELECT",
        "password_change",
        jar,
    ] {
        assert!(never.is_empty() || !collector.has(never), "{never} was sent");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_is_believed_decides_what_is_traced_and_a_stranger_does_not() {
    let house = House::build_where_tests_are().await;
    let collector = Collector::default();
    let endpoint = collector.start().await;
    let ask = async |trace: &str| {
        let header = format!("00-{trace}-00f067aa0ba902b7-01");
        let asked = reqwest::Client::new()
            .get(format!("{}/jwks", house.issuer))
            .header("traceparent", header)
            .header("tracestate", "eleve=7");
        assert_eq!(asked.send().await.unwrap().status(), 200);
    };
    let rarely = "traces.one_in=4294967295";
    let (trusted, believed) = ("server.trusted_proxies=127.0.0.1", "traces.believe_proxies=true");
    for half in [trusted, believed] {
        let process = serve(&house, &endpoint, &[AT_ONCE, rarely, half]).await;
        ask("0af7651916cd43dd8448eb211c80319c").await;
        stopped(process).await;
        assert!(!collector.has("/jwks"), "nobody who may has asked for it, with {half}");
    }

    let process = serve(&house, &endpoint, &[AT_ONCE, rarely, trusted, believed]).await;
    ask("4bf92f3577b34da6a3ce929d0e0e4736").await;
    stopped(process).await;
    assert!(collector.has("/jwks"));
    assert!(
        collector.has(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes()),
        "the proxy's own trace"
    );
    assert!(!collector.has("eleve"), "the text of whoever asks");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_or_takes_for_ever_or_talks_for_ever_delays_nobody() {
    let house = House::build_where_tests_are().await;
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = (format!("http://{}/v1/traces", silent.local_addr().unwrap()), silent);
    let (endless, said) = talk_for_ever();
    for endpoint in ["http://127.0.0.1:1/v1/traces", &silent.0, &endless] {
        let process = serve(&house, endpoint, &[AT_ONCE, "traces.one_in=1"]).await;
        let browser = Browser::new(&house.issuer);
        // More spans than may wait.
        for _ in 0..3000 {
            assert_eq!(browser.get("/healthz").await.status, 204);
        }
        assert!(browser.go("/login").await.is_sign_in());
        stopped(process).await;
    }
    let said = said.load(Ordering::SeqCst);
    assert!(said > 0, "it was never asked");
    assert!(said < 64 << 20, "{said} bytes of one answer were taken");
}

/// A collector whose answers have no end. And how much of one was taken.
fn talk_for_ever() -> (String, Arc<AtomicU64>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let longest = Arc::new(AtomicU64::new(0));
    let said = Arc::clone(&longest);
    std::thread::spawn(move || {
        for caller in listener.incoming() {
            let mut caller = caller.unwrap();
            let _ = caller.read(&mut [0; 4096]);
            let _ = caller.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n");
            let mut taken = 0;
            while caller.write_all(&[b'x'; 4096]).is_ok() {
                taken += 4096;
                said.fetch_max(taken, Ordering::SeqCst);
            }
        }
    });
    (address, longest)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_says_once_that_a_collector_takes_nothing_and_once_that_it_does_again() {
    let house = House::build_where_tests_are().await;
    let collector = Collector::default();
    let endpoint = format!("traces.endpoint={}", collector.start().await);
    let log = house.folder.path().join("log");
    let settings = [AT_ONCE, "traces.one_in=1", "log.level=info", &endpoint];
    let process = house.serve_telling(&house.issuer, &settings, File::create(&log).unwrap().into()).await;
    let browser = Browser::new(&house.issuer);
    collector.refuses.store(true, Ordering::SeqCst);
    let ask_until_it_was_told = async |times: usize| {
        let before = collector.asked.load(Ordering::SeqCst);
        while collector.asked.load(Ordering::SeqCst) < before + times {
            assert_eq!(browser.get("/healthz").await.status, 204);
        }
    };
    ask_until_it_was_told(3).await;
    collector.refuses.store(false, Ordering::SeqCst);
    ask_until_it_was_told(3).await;
    stopped(process).await;

    let log = fs::read_to_string(log).unwrap();
    let times = |text: &str| log.matches(text).count();
    assert_eq!(times("it answers 404"), 1, "{log}");
    assert_eq!(times("the collector takes no traces"), 1, "{log}");
    assert_eq!(times("the collector takes traces again"), 1, "{log}");
    assert_eq!(times("\"spans\""), 0, "spans are the collector's");
}
