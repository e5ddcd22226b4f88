//! How far the clock of this process is from the database's.

use std::fmt;
use std::time::Duration;

use crate::domain::timestamp::Timestamp;
use crate::store::db::{Db, DbError, q};

/// How far it may be. Claims in Redis are judged by our clock, orders by the database's: a replica that lives in another time
/// keeps sessions that are over, or drops those that are not.
const LIMIT: Duration = Duration::from_secs(2);

/// How far the clock of this process is from the database's, as far as that is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    /// Microseconds by which this process is ahead; less than zero where it is behind.
    ahead: i64,
}

impl Skew {
    /// The database told its time at some moment between `asked` and `answered`: only what lies outside is a difference.
    const fn between(asked: Timestamp, told: Timestamp, answered: Timestamp) -> Self {
        let (asked, told, answered) = (asked.micros(), told.micros(), answered.micros());
        let ahead = if told < asked {
            asked.saturating_sub(told)
        } else if told > answered {
            answered.saturating_sub(told)
        } else {
            0
        };
        Self { ahead }
    }

    /// Whether a program must not serve with such a clock, be it ahead or behind.
    pub const fn is_too_much(self) -> bool {
        Duration::from_micros(self.ahead.unsigned_abs()).as_micros() > LIMIT.as_micros()
    }
}

/// In seconds, with a sign.
impl fmt::Display for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.ahead < 0 { "-" } else { "" };
        write!(f, "{sign}{}", Duration::from_micros(self.ahead.unsigned_abs()).as_secs_f64())
    }
}

/// Compares the clocks. A file has the clock of whoever opens it, and so no difference.
pub async fn skew(db: &Db) -> Result<Skew, DbError> {
    let asked = db.clock().now();
    let row = db.one(q!("SELECT now_us() AS now")).await?;
    let answered = db.clock().now();
    let told = row.map_or(Ok(asked), |row| row.time("now"))?;
    Ok(Skew::between(asked, told, answered))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skew(asked: i64, told: i64, answered: i64) -> Skew {
        let at = Timestamp::from_micros;
        Skew::between(at(asked * 1_000_000), at(told * 1_000_000), at(answered * 1_000_000))
    }

    #[test]
    fn a_slow_answer_is_no_difference() {
        for told in 10..=20 {
            assert_eq!(skew(10, told, 20).to_string(), "0");
        }
    }

    #[test]
    fn what_lies_outside_is_one_with_its_direction() {
        assert_eq!(skew(10, 7, 20).to_string(), "3");
        assert_eq!(skew(10, 25, 20).to_string(), "-5");
    }

    #[test]
    fn the_limit_itself_is_within() {
        assert!(!skew(10, 8, 20).is_too_much() && !skew(10, 22, 20).is_too_much());
        assert!(skew(10, 7, 20).is_too_much() && skew(10, 23, 20).is_too_much());
    }
}
