//! `ecluse ready`: asks `/readyz` of the provider of this machine, where nothing else is installed that could.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::json;

use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::config::layers::Loaded;

/// Whoever asks looks again soon, and an answer that takes so long is none.
const PATIENCE: Duration = Duration::from_secs(3);

/// More than a status and a reason.
const MOST_BYTES: u64 = 16 * 1024;

pub(super) fn run(loaded: &Loaded, printer: Printer) -> Result<ExitStatus, Failure> {
    // Where there is one, no rush of people stands before the question.
    let address = loaded.config.admin.listen.unwrap_or_else(|| reachable(loaded.config.server.listen));
    let answer = ask(address).map_err(|error| Failure::failed(format_args!("{address}: {error}")))?;
    if !answer.starts_with("HTTP/1.1 200 ") {
        let reason = answer.split_once("\r\n\r\n").map_or(answer.as_str(), |(_, body)| body);
        return Err(Failure::failed(format_args!("{address}: {}", reason.trim())));
    }
    printer.answer(&json!({ "ready": address.to_string() }), || "ready".to_owned())?;
    Ok(ExitStatus::Done)
}

/// Where one that listens at every address is found.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        other => other,
    };
    SocketAddr::new(ip, listen.port())
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(MOST_BYTES).read_to_string(&mut answer)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_listens_everywhere_is_asked_on_this_machine() {
        let asked = |listen: &str| listen.parse().map(reachable).map(|address| address.to_string());
        assert_eq!(asked("0.0.0.0:8080").as_deref(), Ok("127.0.0.1:8080"));
        assert_eq!(asked("[::]:8080").as_deref(), Ok("[::1]:8080"));
        assert_eq!(asked("10.0.0.7:80").as_deref(), Ok("10.0.0.7:80"));
    }
}
