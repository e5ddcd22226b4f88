//! The parameters of a request, from a query or a form: `application/x-www-form-urlencoded` (RFC 6749 appendix B).

use thiserror::Error;
use zeroize::Zeroizing;

/// The names and values of a request, in their order. Wiped when dropped, because a form may hold a secret.
#[derive(Clone, Default)]
pub struct Parameters(Vec<(String, Zeroizing<String>)>);

/// What is wrong with a request before its meaning is looked at. On every surface this is `invalid_request`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParameterError {
    /// A parameter has a control character.
    #[error("{0} holds a control character")]
    Control(&'static str),
    /// The text is not UTF-8 once decoded.
    #[error("the request is not UTF-8")]
    NotUtf8,
    /// A parameter came more than once (RFC 6749 sections 3.1 and 3.2).
    #[error("{0} is given more than once")]
    Repeated(&'static str),
    /// More than [`Parameters::MAX_COUNT`] parameters.
    #[error("the request has too many parameters")]
    TooMany,
    /// The whole text is longer than [`Parameters::MAX_LENGTH`].
    #[error("the request is too long")]
    TooLong,
    /// One value is longer than this parameter may be.
    #[error("{0} is too long")]
    ValueTooLong(&'static str),
}

impl Parameters {
    /// The longest text that is read, in bytes: three times what relying parties send with an `id_token_hint`.
    pub const MAX_LENGTH: usize = 32 * 1024;
    /// The largest number of parameters that is read.
    pub const MAX_COUNT: usize = 100;

    /// Reads a query (without its question mark) or the body of a form.
    pub fn parse(raw: &str) -> Result<Self, ParameterError> {
        if raw.len() > Self::MAX_LENGTH {
            return Err(ParameterError::TooLong);
        }
        let mut pairs = Vec::new();
        for piece in raw.split('&').filter(|piece| !piece.is_empty()) {
            if pairs.len() == Self::MAX_COUNT {
                return Err(ParameterError::TooMany);
            }
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let name = form_decode(name).ok_or(ParameterError::NotUtf8)?;
            let value = form_decode(value).ok_or(ParameterError::NotUtf8)?;
            pairs.push((name.to_string(), value));
        }
        Ok(Self(pairs))
    }

    /// The value of a parameter. One without a value counts as left out, as RFC 6749 section 3.1 says.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, ParameterError> {
        let mut values = self.0.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(ParameterError::Repeated(name)),
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
        }
    }

    /// The parameters whose names begin so, without that beginning, in their order.
    pub fn under(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }

    /// The value of a parameter that is kept and given back: at most `longest` bytes, without control characters.
    pub fn one_line(&self, name: &'static str, longest: usize) -> Result<Option<&str>, ParameterError> {
        match self.one(name)? {
            Some(value) if value.len() > longest => Err(ParameterError::ValueTooLong(name)),
            Some(value) if value.chars().any(char::is_control) => Err(ParameterError::Control(name)),
            value => Ok(value),
        }
    }
}

/// Undoes form encoding; `None` if the result is not UTF-8. A percent sign that begins no escape stands for itself, as
/// in browsers. Unlike the usual decoders it replaces nothing, so that a `state` goes back byte for byte.
pub fn form_decode(text: &str) -> Option<Zeroizing<String>> {
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail) {
            (b'+', _) => decoded.push(b' '),
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(hex_value(*high) << 4 | hex_value(*low));
                rest = after;
            }
            _ => decoded.push(byte),
        }
    }
    std::str::from_utf8(&decoded).ok().map(|text| Zeroizing::new(text.to_owned()))
}

fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_decoded_and_empty_ones_count_as_left_out() {
        let parameters = Parameters::parse("a=1+2%2B3&&empty=&name&b=%C3%A9%zz%4").unwrap();
        assert_eq!(parameters.one("a"), Ok(Some("1 2+3")));
        assert_eq!(parameters.one("b"), Ok(Some("é%zz%4")));
        for absent in ["empty", "name", "other"] {
            assert_eq!(parameters.one(absent), Ok(None), "{absent}");
        }
    }

    #[test]
    fn what_is_refused() {
        let parameters = Parameters::parse("a=1&a=1&b=&b=&c=1%0A&d=12345").unwrap();
        assert_eq!(parameters.one("a"), Err(ParameterError::Repeated("a")));
        assert_eq!(parameters.one("b"), Err(ParameterError::Repeated("b")));
        assert_eq!(parameters.one_line("c", 9), Err(ParameterError::Control("c")));
        assert_eq!(parameters.one_line("d", 4), Err(ParameterError::ValueTooLong("d")));
        assert_eq!(parameters.one_line("d", 5), Ok(Some("12345")));
        assert_eq!(Parameters::parse("a=%FF").err(), Some(ParameterError::NotUtf8));
        assert_eq!(Parameters::parse(&"a&".repeat(101)).err(), Some(ParameterError::TooMany));
        assert_eq!(Parameters::parse(&"a".repeat(32 * 1024 + 1)).err(), Some(ParameterError::TooLong));
    }

    proptest! {
        #[test]
        fn what_a_browser_encodes_is_read_back(value in any::<String>()) {
            let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            let decoded = form_decode(&encoded).unwrap();
            prop_assert_eq!(decoded.as_str(), value.as_str());
        }
    }
}
