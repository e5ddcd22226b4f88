//! Where a request comes from, for the audit log: its number, and the address of whoever sent it.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::HeaderMap;
use http::request::Parts;
use ipnet::IpNet;

use crate::flows::actor::Origin;
use crate::web::app::App;
use crate::web::listener::Peer;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The number of a request in the log.
#[derive(Clone)]
pub struct RequestId(pub String);

impl FromRequestParts<App> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<Peer>>().map(|ConnectInfo(Peer(peer))| peer.ip());
        let address = peer.map(|peer| sender(peer, &parts.headers, &app.site.trusted_proxies).to_string());
        let request_id = parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone());
        Ok(Self { request_id, address, ..Self::default() })
    }
}

/// The last address that no trusted proxy vouches for: proxies append whom they saw, and what stands before that anybody can
/// have written.
fn sender(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let lines = headers.get_all(FORWARDED_FOR).iter().rev().filter_map(|line| line.to_str().ok());
    let mut named = lines.flat_map(|line| line.rsplit(',')).map_while(|name| name.trim().parse().ok());
    let mut last: IpAddr = peer.to_canonical();
    while is_trusted(&last)
        && let Some(before) = named.next()
    {
        last = IpAddr::to_canonical(&before);
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_trusted_proxy_saw_is_believed() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let table: [(&str, &[&str], &str); 8] = [
            ("192.0.2.7", &[], "192.0.2.7"),
            ("192.0.2.7", &["203.0.113.1"], "192.0.2.7"),
            ("10.0.0.1", &["203.0.113.1"], "203.0.113.1"),
            ("10.0.0.1", &["198.51.100.9, 203.0.113.1, 10.0.0.2"], "203.0.113.1"),
            ("10.0.0.1", &["198.51.100.9", "203.0.113.1"], "203.0.113.1"),
            ("10.0.0.1", &["nobody, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["<script>"], "10.0.0.1"),
            ("::ffff:192.0.2.7", &[], "192.0.2.7"),
        ];
        for (peer, sent, expected) in table {
            let mut headers = HeaderMap::new();
            for line in sent {
                headers.append(FORWARDED_FOR, line.parse().unwrap());
            }
            let found = sender(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(found.to_string(), expected, "{peer} {sent:?}");
        }
    }
}
