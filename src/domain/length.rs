//! Lengths of time as people write them: a whole number and one unit, `60s`, `10m`, `2h`, `30d`.
//!
//! One unit only, so that a value reads the same to everyone; a day is always 24 hours.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer};
use thiserror::Error;

const DAY: u64 = 86_400;

const UNITS: [(char, u64); 4] = [('d', DAY), ('h', 3_600), ('m', 60), ('s', 1)];

/// A length for serde's `with`: the shortest spelling in whole units, `90s` or `2m`.
pub fn serialize<S: Serializer>(length: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*length))
}

/// A length for serde's `with`: refuses anything but a whole number followed by `s`, `m`, `h` or `d`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// The text is no length of time.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not a length of time; write a whole number and s, m, h or d, such as \"90s\" or \"30d\"")]
pub struct NotALength(pub String);

/// So many days, saturating.
pub const fn days(number: u64) -> Duration {
    Duration::from_secs(number.saturating_mul(DAY))
}

/// The whole days of a length, rounded down.
pub const fn in_days(length: Duration) -> u64 {
    length.as_secs() / DAY
}

/// The days of a length that has nothing beside them.
pub fn whole_days(length: Duration) -> Option<u64> {
    let number = in_days(length);
    (length == days(number)).then_some(number)
}

/// Reads a length.
pub fn parse(text: &str) -> Result<Duration, NotALength> {
    seconds(text).map(Duration::from_secs).ok_or_else(|| NotALength(text.to_owned()))
}

/// Writes a length, whole seconds, in the largest unit that divides it.
pub fn text(length: Duration) -> String {
    let seconds = length.as_secs();
    UNITS
        .into_iter()
        .find(|(_, unit)| seconds != 0 && seconds.is_multiple_of(*unit))
        .map_or_else(|| format!("{seconds}s"), |(letter, unit)| format!("{}{letter}", seconds / unit))
}

fn seconds(text: &str) -> Option<u64> {
    let (unit, number) =
        UNITS.into_iter().find_map(|(letter, unit)| Some((unit, text.strip_suffix(letter)?)))?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_written_in_the_largest_unit_that_divides_it() {
        for spelling in ["0s", "90s", "10m", "2h", "30d", "36h"] {
            assert_eq!(text(parse(spelling).unwrap()), spelling);
        }
        assert_eq!(text(parse("3600s").unwrap()), "1h");
    }

    #[test]
    fn what_is_no_whole_number_of_days_is_none() {
        assert_eq!(whole_days(parse("48h").unwrap()), Some(2));
        assert_eq!(whole_days(parse("36h").unwrap()), None);
        assert_eq!(days(u64::MAX), Duration::from_secs(u64::MAX));
    }

    #[test]
    fn only_a_whole_number_and_one_unit_is_a_length() {
        for bad in [
            "",
            "s",
            "10",
            "1.5h",
            "+1h",
            "-1h",
            "1h30m",
            "10 m",
            "10M",
            "2w",
            "99999999999999999999d",
            "9999999999999999d",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
