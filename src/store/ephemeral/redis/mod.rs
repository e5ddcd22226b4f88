//! Claims in Redis: lost with it, and forged by nobody who cannot write to it.
//!
//! A claim is a text `END JSON`, END in microseconds since the epoch. Redis forgets it by its own clock; END is what
//! decides, by the clock of whoever reads, so that both engines give the same answers.

mod examine;
mod link;
mod scripts;
mod settings;

use std::time::Duration;

use redis::{FromRedisValue, RedisError};

pub use link::RedisTally;
pub use settings::{Login, RedisSettings, Topology};

use self::link::{Link, Request};
use self::scripts::{REFUND, REPLACE, RESERVE};
use super::throttle::{Counted, Reserve};
use crate::domain::throttle::ThrottleRules;
use crate::domain::timestamp::Timestamp;
use crate::store::clock::Clock;
use crate::store::db::DbError;

/// The oldest version that is tested against; Valkey reports one as well.
const OLDEST: u64 = 7;

/// Redis as the store of what expires.
pub struct Redis {
    link: Link,
    prefix: String,
    clock: Clock,
}

/// A claim as it was taken out, so that it can be put back.
pub(super) struct Taken {
    pub(super) json: String,
    pub(super) expires_at: Timestamp,
}

impl Redis {
    /// Connects to nothing yet: a command that needs no claims does not need Redis either.
    pub fn new(settings: &RedisSettings, clock: Clock) -> Result<Self, DbError> {
        let link = Link::new(settings, clock.clone())
            .map_err(|error| unsuitable(format!("cannot be used: {error}")))?;
        Ok(Self { link, prefix: settings.key_prefix.clone(), clock })
    }

    /// What was counted.
    pub(super) const fn tally(&self) -> &RedisTally {
        self.link.tally()
    }

    /// Whether there is a connection that nobody has found lost.
    pub(super) fn is_connected(&self) -> bool {
        self.link.is_connected()
    }

    /// Whether it answers.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.ask(&Request::Repeatable(redis::cmd("PING"))).await
    }

    pub(super) async fn get(&self, kind: &str, key: &str) -> Result<Option<String>, DbError> {
        let mut command = redis::cmd("GET");
        command.arg(self.key(kind, key));
        let held: Option<String> = self.ask(&Request::Repeatable(command)).await?;
        Ok(self.alive(held)?.map(|taken| taken.json))
    }

    pub(super) async fn take(&self, kind: &str, key: &str) -> Result<Option<Taken>, DbError> {
        let mut command = redis::cmd("GETDEL");
        command.arg(self.key(kind, key));
        let held: Option<String> = self.ask(&Request::Once(command)).await?;
        self.alive(held)
    }

    pub(super) async fn put(
        &self,
        kind: &str,
        key: &str,
        json: &str,
        expires_at: Timestamp,
    ) -> Result<(), DbError> {
        let Some(left) = self.left(expires_at) else { return self.remove(kind, key).await };
        let mut command = redis::cmd("SET");
        command.arg(self.key(kind, key)).arg(envelope(json, expires_at)).arg("PX").arg(left);
        self.ask(&Request::Repeatable(command)).await
    }

    /// Puts back what was taken out, unless something took its place meanwhile.
    pub(super) async fn put_back(&self, kind: &str, key: &str, taken: &Taken) -> Result<(), DbError> {
        let Some(left) = self.left(taken.expires_at) else { return Ok(()) };
        let mut command = redis::cmd("SET");
        command.arg(self.key(kind, key)).arg(envelope(&taken.json, taken.expires_at));
        command.arg("PX").arg(left).arg("NX");
        self.ask::<Option<String>>(&Request::Repeatable(command)).await.map(|_| ())
    }

    pub(super) async fn replace(
        &self,
        kind: &str,
        key: &str,
        json: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<bool, DbError> {
        let (end, left) = match expires_at {
            None => (String::new(), String::new()),
            Some(end) => match self.left(end) {
                None => return Ok(self.take(kind, key).await?.is_some()),
                Some(left) => (end.micros().to_string(), left.to_string()),
            },
        };
        let mut script = REPLACE.key(self.key(kind, key));
        script.arg(self.clock.now().micros()).arg(json).arg(end).arg(left);
        self.ask::<u64>(&Request::Script(script)).await.map(|replaced| replaced == 1)
    }

    pub(super) async fn remove(&self, kind: &str, key: &str) -> Result<(), DbError> {
        let mut command = redis::cmd("DEL");
        command.arg(self.key(kind, key));
        self.ask::<u64>(&Request::Repeatable(command)).await.map(|_| ())
    }

    pub(super) async fn reserve(
        &self,
        key: &str,
        now: Timestamp,
        rules: &ThrottleRules,
    ) -> Result<Reserve, DbError> {
        let longest = rules.window.max(rules.longest_delay);
        let mut script = RESERVE.key(self.key("throttle", key));
        script.arg(now.micros()).arg(now.minus(rules.window).micros()).arg(rules.free).arg(rules.ceiling);
        script.arg(micros(rules.first_delay)).arg(micros(rules.longest_delay)).arg(rules.doublings());
        script.arg(micros(longest) / 1000 + 1);
        let answer: Vec<String> = self.ask(&Request::Script(script)).await?;
        let numbers: Option<Vec<i64>> = answer.iter().map(|text| text.parse().ok()).collect();
        match numbers.as_deref() {
            Some([1, failures]) => Ok(Reserve::Go { failures: u32::try_from(*failures).unwrap_or(u32::MAX) }),
            Some([0, failures, began, next]) => {
                let counted = Counted {
                    failures: *failures,
                    window_began_at: Timestamp::from_micros(*began),
                    next_at: Timestamp::from_micros(*next),
                };
                Ok(Reserve::Wait { until: counted.opens_again(rules) })
            }
            _ => Err(inconsistent("throttle", "is not a counter")),
        }
    }

    /// A counter as it stands.
    pub(super) async fn counted(&self, key: &str) -> Result<Option<Counted>, DbError> {
        let mut command = redis::cmd("HMGET");
        command.arg(self.key("throttle", key)).arg(&["failures", "began", "next"]);
        let held: [Option<i64>; 3] = self.ask(&Request::Repeatable(command)).await?;
        let [Some(failures), Some(began), Some(next)] = held else { return Ok(None) };
        let (began, next) = (Timestamp::from_micros(began), Timestamp::from_micros(next));
        Ok(Some(Counted { failures, window_began_at: began, next_at: next }))
    }

    pub(super) async fn clear(&self, key: &str) -> Result<(), DbError> {
        self.remove("throttle", key).await
    }

    pub(super) async fn refund(&self, key: &str, now: Timestamp) -> Result<(), DbError> {
        let mut script = REFUND.key(self.key("throttle", key));
        script.arg(now.micros());
        self.ask::<u64>(&Request::Script(script)).await.map(|_| ())
    }

    async fn ask<T: FromRedisValue>(&self, request: &Request<'_>) -> Result<T, DbError> {
        let value = self.link.ask(request).await.map_err(|error| away(&error))?;
        T::from_redis_value(value).map_err(|_| inconsistent("answer", "is not of the expected type"))
    }

    /// The braces keep what belongs to one key in one place of a cluster, whatever is added to its name later.
    fn key(&self, kind: &str, key: &str) -> String {
        format!("{}:{kind}:{{{key}}}", self.prefix)
    }

    /// Milliseconds until an instant, rounded up; none if it is over.
    fn left(&self, end: Timestamp) -> Option<u64> {
        let left = end.micros().saturating_sub(self.clock.now().micros());
        u64::try_from(left).ok().filter(|left| *left > 0).map(|left| left.div_ceil(1000))
    }

    fn alive(&self, held: Option<String>) -> Result<Option<Taken>, DbError> {
        let Some(held) = held else { return Ok(None) };
        let split = held.split_once(' ').and_then(|(end, json)| Some((end.parse::<i64>().ok()?, json)));
        let Some((end, json)) = split else { return Err(inconsistent("value", "has no end")) };
        let taken = Taken { json: json.to_owned(), expires_at: Timestamp::from_micros(end) };
        Ok((taken.expires_at > self.clock.now()).then_some(taken))
    }
}

fn envelope(json: &str, expires_at: Timestamp) -> String {
    format!("{} {json}", expires_at.micros())
}

fn micros(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}

/// A cluster answers `INFO` with a map of nodes; the first speaks for all.
fn first_text(value: redis::Value) -> Result<String, DbError> {
    let value = match value {
        redis::Value::Map(nodes) => nodes.into_iter().next().map_or(redis::Value::Nil, |(_, text)| text),
        other => other,
    };
    String::from_redis_value(value).map_err(|_| inconsistent("INFO", "is not a text"))
}

fn inconsistent(column: &str, problem: &str) -> DbError {
    DbError::Inconsistent { column: format!("redis {column}"), problem: problem.to_owned() }
}

/// What a server says of an error may quote what it was sent; its code does not.
fn away(error: &RedisError) -> DbError {
    let reason = error.code().map_or_else(|| error.to_string(), |code| format!("it answered {code}"));
    DbError::Unreachable { store: "Redis", reason }
}

fn unsuitable(reason: String) -> DbError {
    DbError::Unsuitable { store: "Redis", reason }
}
