//! Several programs on one database, started and stopped while people go on.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::task::{JoinSet, spawn_blocking};

use crate::balancer::Balancer;
use crate::browser::Browser;
use crate::deployment::House;
use crate::ports::free_address;

/// The system's SIGTERM, as whoever looks after processes sends it.
fn terminate(process: &Child) {
    let told = Command::new("sh").args(["-c", &format!("kill -TERM {}", process.id())]).status();
    assert!(told.unwrap().success());
}

async fn ended(mut process: Child) -> ExitStatus {
    spawn_blocking(move || process.wait().unwrap()).await.unwrap()
}

async fn readiness(address: &str) -> Option<(u16, String)> {
    let answer = reqwest::get(format!("{address}/readyz")).await.ok()?;
    Some((answer.status().as_u16(), answer.text().await.ok()?))
}

/// A connection that is kept.
struct Kept(BufReader<TcpStream>);

impl Kept {
    fn open(address: &str) -> Self {
        Self(BufReader::new(TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap()))
    }

    fn say(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// Status line and headers of the next answer.
    fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.0.read_line(&mut head).unwrap(), 0, "cut off after {head:?}");
        }
        head
    }

    /// What comes until the other side closes.
    fn rest(mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).unwrap();
        rest
    }
}

const LOOK: &str = "GET /healthz HTTP/1.1\r\nHost: it\r\n\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn restarting_replicas_one_after_another_drops_no_request() {
    let house = House::build_where_tests_are().await;
    let slips = house.slips();
    let addresses = [(); 2].map(|()| format!("http://{}", free_address()));
    let settings = ["server.shutdown_delay=5s"];
    let mut running = Vec::new();
    for address in &addresses {
        running.push(Some(house.serve_at(address, &settings).await));
    }
    let balancer = Balancer::start(&house.issuer, &addresses).await;
    let ready = Browser::new(&house.issuer);
    while ready.get("/healthz").await.status != 204 {}

    let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut people = JoinSet::new();
    for (login, slip) in slips.into_iter().take(6) {
        let (over, answered, issuer) = (Arc::clone(&over), Arc::clone(&answered), house.issuer.clone());
        people.spawn(async move {
            while !over.load(Ordering::SeqCst) {
                let browser = Browser::new(&issuer);
                let page = browser.go("/login").await;
                assert!(page.is_sign_in(), "{} {}", page.status, page.body);
                let page = browser.sign_in(&page, &login, &slip).await;
                assert!(page.is_change(), "{} {}", page.status, page.body);
                answered.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    for place in 0..addresses.len() {
        balancer.answers_again(place, 20).await;
        let old = running[place].take().unwrap();
        terminate(&old);
        assert!(ended(old).await.success());
        running[place] = Some(house.serve_at(&addresses[place], &settings).await);
        balancer.answers_again(place, 20).await;
    }
    over.store(true, Ordering::SeqCst);
    while let Some(person) = people.join_next().await {
        person.unwrap();
    }
    assert!(answered.load(Ordering::SeqCst) > 10);
    for mut process in running.into_iter().flatten() {
        process.kill().unwrap();
        process.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_is_told_to_stop_says_so_and_goes_on_until_told_again() {
    let house = House::build_where_tests_are().await;
    let process = house.serve_at(&house.issuer, &["server.shutdown_delay=1h"]).await;
    let mut kept = Kept::open(&house.issuer);
    kept.say(LOOK);
    assert!(!kept.head().contains("connection: close"));
    terminate(&process);
    while readiness(&house.issuer).await == Some((200, "ready\n".to_owned())) {}
    let leaving = (503, "this replica is being stopped\n".to_owned());
    assert_eq!(readiness(&house.issuer).await, Some(leaving), "and this is a new connection");
    kept.say(LOOK);
    let answer = kept.head();
    assert!(answer.starts_with("HTTP/1.1 204 ") && answer.contains("connection: close\r\n"), "{answer}");
    assert_eq!(kept.rest(), "", "and it is closed");
    let page = Browser::new(&house.issuer).go("/login").await;
    assert!(page.is_sign_in(), "the others are answered as ever");
    terminate(&process);
    assert!(ended(process).await.success());
}

/// A request whose body the server asked for and has not got.
fn begin(address: &str) -> Kept {
    let mut kept = Kept::open(address);
    kept.say(
        "POST /token HTTP/1.1\r\nHost: it\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Expect: 100-continue\r\nContent-Length: 12\r\n\r\n",
    );
    assert!(kept.head().starts_with("HTTP/1.1 100 "));
    kept
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_under_way_has_the_grace_to_end() {
    let house = House::build_where_tests_are().await;
    let settings = ["server.shutdown_delay=0s", "server.shutdown_grace=1h", "server.request_timeout=1h"];
    let process = house.serve_at(&house.issuer, &settings).await;
    let mut under_way = begin(&house.issuer);
    terminate(&process);
    while readiness(&house.issuer).await.is_some() {}
    under_way.say("grant_type=a");
    let answer = under_way.head();
    assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("connection: close\r\n"), "{answer}");
    assert!(under_way.rest().contains("\"error\""));
    assert!(ended(process).await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_does_not_end_is_cut_off_after_the_grace() {
    let house = House::build_where_tests_are().await;
    let settings = ["server.shutdown_delay=0s", "server.shutdown_grace=1s", "server.request_timeout=1h"];
    let process = house.serve_at(&house.issuer, &settings).await;
    let under_way = begin(&house.issuer);
    terminate(&process);
    assert!(ended(process).await.success());
    drop(under_way);
}
