//! A client that costs little: HTTP/1.1 over connections that stay open, one request after the other on each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Connections that ask at the same time.
pub(crate) const CONNECTIONS: usize = 32;

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// An open connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::with_capacity(4096) }
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Answer {
        self.stream.write_all(request).await.unwrap();
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
            assert!(read > 0, "the server hung up");
            if let Some(answer) = self.answer() {
                return answer;
            }
        }
    }

    /// The answer, once it is there as a whole.
    fn answer(&self) -> Option<Answer> {
        let end = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&self.buffer[..end]).unwrap();
        let length: usize = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
        })?;
        let body = self.buffer.get(end + 4..end + 4 + length)?.to_vec();
        Some(Answer { status: head[9..12].parse().unwrap(), body })
    }
}

/// Sends every request once, on [`CONNECTIONS`] connections, and returns the answers in no order.
pub(crate) async fn send_all(address: SocketAddr, requests: Vec<Vec<u8>>) -> Vec<Answer> {
    let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
        clients.spawn(async move {
            let mut connection = Connection::open(address).await;
            let mut answers = Vec::new();
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                answers.push(connection.send(request).await);
            }
            answers
        });
    }
    clients.join_all().await.into_iter().flatten().collect()
}

/// A form, posted by a client that authenticates by `client_secret_basic`.
pub(crate) fn post(path: &str, client: &str, secret: &str, form: &[(&str, &str)]) -> Vec<u8> {
    let basic = STANDARD.encode(format!("{client}:{secret}"));
    let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let length = encoded.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {basic}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{encoded}"
    )
    .into_bytes()
}

/// A question with an access token.
pub(crate) fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes()
}

/// A page, asked for by a browser with a cookie.
pub(crate) fn page(path: &str, cookie: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n").into_bytes()
}
