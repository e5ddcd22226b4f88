//! Whether a form was sent by one of our own pages.

use http::HeaderMap;

/// Whether the browser says that the request comes from our own origin: by `Sec-Fetch-Site`, or by `Origin` where that
/// header is missing. A request that says neither is refused: a page's form always says one.
pub fn is_same_origin(headers: &HeaderMap, origin: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(from)) => from == origin,
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_post() {
        let origin = "https://op.example";
        let table: [(&[(&str, &str)], bool); 8] = [
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://op.example")], false),
            (&[("origin", "https://op.example")], true),
            (&[("origin", "https://op.example.evil.example")], false),
            (&[("origin", "null")], false),
            (&[], false),
        ];
        for (sent, expected) in table {
            let headers =
                sent.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            assert_eq!(is_same_origin(&headers, origin), expected, "{sent:?}");
        }
    }
}
