//! A browser, or a relying party's server, that costs this machine little: HTTP/1.1 on one connection, one request after the
//! other, cookies kept by name.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

/// Whoever hears nothing for so long gives up: longer than a server takes to say that it cannot.
const PATIENCE: Duration = Duration::from_secs(30);

/// A form, as it is typed.
pub type Form<'a> = &'a [(&'a str, &'a str)];

/// Whoever visits.
pub struct Visitor {
    address: SocketAddr,
    issuer: String,
    stream: Option<TcpStream>,
    cookies: Vec<(String, String)>,
}

/// What came back.
#[derive(Default)]
pub struct Answer {
    /// The number of the status line.
    pub status: u16,
    /// Where it leads.
    pub location: Option<String>,
    /// Whether it says when to come back.
    pub retry_after: bool,
    /// The body.
    pub body: String,
    /// The cookies that it sets; an empty one is taken away.
    set: Vec<(String, String)>,
    /// Whether the connection ends with it.
    closes: bool,
}

/// Why nothing came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Silence {
    /// No connection.
    NoConnection,
    /// The connection ended before the answer did.
    Cut,
    /// Patience ended.
    TooLong,
}

impl Visitor {
    /// Somebody who was never there. Speaks to this address, whatever the issuer is called.
    pub fn new(address: SocketAddr, issuer: &str) -> Self {
        Self { address, issuer: issuer.to_owned(), stream: None, cookies: Vec::new() }
    }

    /// Looks at a page.
    pub async fn get(&mut self, path: &str) -> Result<Answer, Silence> {
        let request = self.head("GET", path) + "\r\n";
        self.send(request).await
    }

    /// Sends a form of the provider's own pages.
    pub async fn submit(&mut self, path: &str, form: Form<'_>) -> Result<Answer, Silence> {
        let body = encoded(form);
        let mut request = self.head("POST", path);
        let _ = write!(request, "Origin: {}\r\n", self.issuer);
        self.send(request + &body).await
    }

    /// Sends a form as a client that authenticates itself.
    pub async fn post(&mut self, path: &str, client: [&str; 2], form: Form<'_>) -> Result<Answer, Silence> {
        let body = encoded(form);
        let basic = STANDARD.encode(client.join(":"));
        let request = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {basic}\r\n");
        self.send(request + &body).await
    }

    fn head(&self, method: &str, path: &str) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
        if !self.cookies.is_empty() {
            let cookies: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let _ = write!(head, "Cookie: {}\r\n", cookies.join("; "));
        }
        head
    }

    async fn send(&mut self, request: String) -> Result<Answer, Silence> {
        let answer =
            tokio::time::timeout(PATIENCE, self.exchange(request)).await.unwrap_or(Err(Silence::TooLong));
        if answer.is_err() {
            self.stream = None;
        }
        answer
    }

    async fn exchange(&mut self, request: String) -> Result<Answer, Silence> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address).await.map_err(|_| Silence::NoConnection)?;
            stream.set_nodelay(true).map_err(|_| Silence::NoConnection)?;
            self.stream = Some(stream);
        }
        let stream = self.stream.as_mut().ok_or(Silence::NoConnection)?;
        stream.write_all(request.as_bytes()).await.map_err(|_| Silence::Cut)?;
        let mut read = Vec::with_capacity(8 * 1024);
        loop {
            if stream.read_buf(&mut read).await.map_err(|_| Silence::Cut)? == 0 {
                return Err(Silence::Cut);
            }
            if let Some(answer) = Answer::parse(&read) {
                self.keep(&answer);
                return Ok(answer);
            }
        }
    }

    fn keep(&mut self, answer: &Answer) {
        for (name, value) in &answer.set {
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.clone(), value.clone()));
            }
        }
        if answer.closes {
            self.stream = None;
        }
    }

    /// A path at the provider, of an address it led to.
    pub fn path<'a>(&self, location: &'a str) -> Option<&'a str> {
        let rest = location.strip_prefix(&self.issuer).unwrap_or(location);
        rest.starts_with('/').then_some(rest)
    }
}

/// The end of a request's head, and its body.
fn encoded(form: Form<'_>) -> String {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

impl Answer {
    /// The answer, once it is there as a whole.
    fn parse(read: &[u8]) -> Option<Self> {
        let end = read.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&read[..end]).ok()?;
        let mut answer = Self { status: head.get(9..12)?.parse().ok()?, ..Self::default() };
        let mut length = 0;
        for line in head.lines().skip(1) {
            let (name, value) = line.split_once(": ").unwrap_or((line, ""));
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().ok()?,
                "location" => answer.location = Some(value.to_owned()),
                "retry-after" => answer.retry_after = true,
                "connection" => answer.closes = value.eq_ignore_ascii_case("close"),
                "set-cookie" => {
                    let pair = value.split(';').next().and_then(|pair| pair.split_once('='));
                    answer.set.extend(pair.map(|(name, value)| (name.to_owned(), value.to_owned())));
                }
                _ => {}
            }
        }
        let body = read.get(end + 4..end + 4 + length)?;
        answer.body = String::from_utf8_lossy(body).into_owned();
        Some(answer)
    }

    /// Whether there is an element of this id.
    pub fn asks(&self, id: &str) -> bool {
        self.body.contains(&format!("id=\"{id}\""))
    }

    /// The address and the hidden value of the form whose address ends as given.
    pub fn form(&self, action_ends: &str) -> Option<(&str, &str)> {
        self.body.split("<form").skip(1).find_map(|form| {
            let action = attribute(form, "action").filter(|action| action.ends_with(action_ends))?;
            let hidden = &form[form.find("name=\"csrf\"")?..];
            Some((action, attribute(hidden, "value")?))
        })
    }

    /// The address of the link with this id.
    pub fn link(&self, id: &str) -> Option<&str> {
        let at = self.body.find(&format!("id=\"{id}\""))?;
        attribute(&self.body[self.body[..at].rfind("<a")?..], "href")
    }

    /// A parameter of the address that it leads to.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let location = Url::parse(self.location.as_deref()?).ok()?;
        location.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

/// The first attribute of this name. The values looked for are paths and tokens, which HTML has no need to escape.
fn attribute<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let start = html.find(&format!("{name}=\""))? + name.len() + 2;
    html[start..].split('"').next()
}
