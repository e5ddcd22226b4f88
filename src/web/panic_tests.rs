//! A handler panics, behind the very layers that stand around the others. No route of the program does, so these are made
//! here.

use std::future::pending;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use reqwest::Response as Answer;
use tokio::net::TcpListener;

use super::*;
use crate::config::Config;
use crate::flows::test_context::TestContext;

const SECRET: &str = "Chat-noir7-typed";

async fn panics() -> StatusCode {
    panic!("the password was {SECRET}")
}

/// What this thread logs.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<u8>>>);

impl Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_panic_is_answered_logged_once_and_survived() {
    let ear = Ear::default();
    let writer = ear.clone();
    let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _listening = tracing::subscriber::set_default(log);
    let home = TestContext::new().await;
    let app = App::new(Arc::new(home.ctx), Config::default().site());
    let late = |path| {
        let out_of_time = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, Duration::ZERO);
        Router::new().route(path, get(pending::<()>)).layer(out_of_time)
    };
    let (back_channel, program) = (late("/late"), late("/api/late"));
    let routes = Router::new()
        .route("/page", get(panics))
        .route("/healthz", get(health::live))
        .merge(for_programs(
            Router::new().route("/program", get(panics)).merge(back_channel),
            internal_json,
            late_json,
        ))
        .merge(for_programs(Router::new().route("/api", get(panics)).merge(program), api::broken, api::late));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = under_layers(routes, app);
    tokio::spawn(async move { axum::serve(listener, service).await });

    let get = |path: &str| reqwest::get(format!("http://{address}{path}"));
    let page = get("/page?login=zoe").await.unwrap();
    assert_eq!(page.status(), 500);
    assert!(header(&page, "content-type").starts_with("text/html"));
    assert!(header(&page, "content-security-policy").contains("default-src 'none'"));
    assert_eq!(header(&page, "cache-control"), "no-store");
    let id = header(&page, "x-request-id").to_owned();
    let body = page.text().await.unwrap();
    assert!(body.contains(&id) && !body.contains(SECRET), "{body}");

    let program = get("/program").await.unwrap();
    assert_eq!(
        (program.status(), header(&program, "cache-control")),
        (StatusCode::INTERNAL_SERVER_ERROR, "no-store")
    );
    let body: serde_json::Value = program.json().await.unwrap();
    assert_eq!(body["error"], "server_error");
    assert!(!body.to_string().contains(SECRET), "{body}");
    assert_eq!(get("/healthz").await.unwrap().status(), 204, "the others go on");
    let late = get("/late").await.unwrap();
    assert_eq!((late.status(), header(&late, "retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    let body: serde_json::Value = late.json().await.unwrap();
    assert_eq!(body["error"], "temporarily_unavailable");

    for (path, status, word) in [("/api", 500, "internal"), ("/api/late", 503, "unavailable")] {
        let problem = get(path).await.unwrap();
        assert_eq!((problem.status().as_u16(), header(&problem, "cache-control")), (status, "no-store"));
        assert_eq!(header(&problem, "content-type"), "application/problem+json");
        let body: serde_json::Value = problem.json().await.unwrap();
        assert_eq!(body["type"], format!("urn:ecluse:problem:{word}"));
        assert!(!body.to_string().contains(SECRET), "{body}");
    }

    let heard = String::from_utf8(ear.0.lock().unwrap().clone()).unwrap();
    let of_panic: Vec<_> = heard.lines().filter(|line| line.contains(&id)).collect();
    assert!(
        matches!(of_panic[..], [line] if line.contains("route=\"/page\"") && line.contains("500")),
        "{heard}"
    );
    assert!(!heard.contains(SECRET) && !heard.contains("zoe"), "{heard}");
}
