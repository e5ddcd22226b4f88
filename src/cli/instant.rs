//! Instants as people write them on a command line.

use jiff::Zoned;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::domain::timestamp::Timestamp;

/// Reads an instant: with an offset (`2024-04-13T08:00:00+02:00`), or without one in the deployment's zone
/// (`2024-04-13T08:00`), or a day, which begins at its midnight there (`2024-04-13`).
pub(super) fn read(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp::from_micros(instant.as_microsecond()));
    }
    let local = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(|day| day.at(0, 0, 0, 0)));
    let zoned = local.ok().and_then(|local| zone.to_ambiguous_zoned(local).compatible().ok());
    zoned.map(|zoned| Timestamp::from_micros(zoned.timestamp().as_microsecond())).ok_or_else(|| {
        format!("{text:?} is no instant; write 2024-04-13T08:00, 2024-04-13, or 2024-04-13T08:00:00+02:00")
    })
}

/// Writes an instant in the deployment's zone, to the minute.
pub(super) fn write(instant: Timestamp, zone: &TimeZone) -> String {
    local(instant, zone).strftime("%Y-%m-%d %H:%M").to_string()
}

/// An instant in the deployment's zone.
pub(super) fn local(instant: Timestamp, zone: &TimeZone) -> Zoned {
    let instant = jiff::Timestamp::from_microsecond(instant.micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    instant.to_zoned(zone.clone())
}

/// Writes an instant for programs: RFC 3339 in UTC.
pub(super) fn write_utc(instant: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(instant.micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_with_an_offset_or_in_the_zone() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        let eight = read("2024-04-13T08:00:00+02:00", &paris).unwrap();
        assert_eq!(read("2024-04-13T08:00", &paris), Ok(eight));
        assert_eq!(read("2024-04-13T06:00:00Z", &paris), Ok(eight));
        assert_eq!(write(eight, &paris), "2024-04-13 08:00");
        assert_eq!(write(read("2024-04-13", &paris).unwrap(), &paris), "2024-04-13 00:00");
        for bad in ["", "tomorrow", "13/04/2024", "2024-13-01"] {
            assert!(read(bad, &paris).is_err(), "{bad}");
        }
    }
}
