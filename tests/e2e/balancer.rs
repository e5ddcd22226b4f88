//! A proxy as it stands in front of replicas: it asks each whether it is ready, sends requests to those that are, in turns,
//! and keeps its connections. It repeats nothing that a replica may have read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use reqwest::Client;
use reqwest::redirect::Policy;
use tokio::net::TcpListener;

/// The longest request that is taken.
const LONGEST: usize = 1024 * 1024;

/// How often replicas are asked.
const INTERVAL: Duration = Duration::from_millis(50);

/// A proxy; clones are the same one.
#[derive(Clone)]
pub(crate) struct Balancer(Arc<Inner>);

struct Inner {
    client: Client,
    replicas: Vec<Replica>,
    turn: AtomicUsize,
}

struct Replica {
    address: String,
    ready: AtomicBool,
    answered: AtomicUsize,
}

impl Balancer {
    pub(crate) async fn start(address: &str, replicas: &[String]) -> Self {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let replicas = replicas.iter().map(|address| Replica {
            address: address.clone(),
            ready: AtomicBool::new(false),
            answered: AtomicUsize::new(0),
        });
        let inner = Inner { client, replicas: replicas.collect(), turn: AtomicUsize::new(0) };
        let balancer = Self(Arc::new(inner));
        for place in 0..balancer.0.replicas.len() {
            tokio::spawn(balancer.clone().watch(place));
        }
        let listener = TcpListener::bind(address.strip_prefix("http://").unwrap()).await.unwrap();
        let routes = Router::new().fallback(forward).with_state(balancer.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        balancer
    }

    /// Waits until the replica is ready and has answered so many requests more.
    pub(crate) async fn answers_again(&self, place: usize, more: usize) {
        let replica = &self.0.replicas[place];
        let goal = replica.answered.load(Ordering::SeqCst) + more;
        while !replica.ready.load(Ordering::SeqCst) || replica.answered.load(Ordering::SeqCst) < goal {
            tokio::time::sleep(INTERVAL).await;
        }
    }

    async fn watch(self, place: usize) {
        let replica = &self.0.replicas[place];
        loop {
            let answer = self.0.client.get(format!("{}/readyz", replica.address)).send().await;
            let ready = answer.is_ok_and(|answer| answer.status() == StatusCode::OK);
            replica.ready.store(ready, Ordering::SeqCst);
            tokio::time::sleep(INTERVAL).await;
        }
    }

    fn next(&self) -> Option<&Replica> {
        let Inner { replicas, turn, .. } = &*self.0;
        let first = turn.fetch_add(1, Ordering::Relaxed);
        let mut places = (0..replicas.len()).map(|place| &replicas[(first + place) % replicas.len()]);
        places.find(|replica| replica.ready.load(Ordering::SeqCst))
    }

    async fn pass(&self, replica: &Replica, request: Request) -> reqwest::Result<Response> {
        let (mut parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, LONGEST).await.unwrap();
        parts.headers.remove(CONNECTION);
        let address = format!("{}{}", replica.address, parts.uri);
        let sent = self.0.client.request(parts.method, address).headers(parts.headers).body(body).send();
        let answer = sent.await?;
        let mut told = Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            if ![CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(name) {
                told = told.header(name, value);
            }
        }
        let told = told.body(Body::from(answer.bytes().await?)).unwrap();
        replica.answered.fetch_add(1, Ordering::SeqCst);
        Ok(told)
    }
}

async fn forward(State(balancer): State<Balancer>, request: Request) -> Response {
    let Some(replica) = balancer.next() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "no replica is ready").into_response();
    };
    let passed = balancer.pass(replica, request).await;
    passed.unwrap_or_else(|error| (StatusCode::BAD_GATEWAY, format!("{error:?}")).into_response())
}
