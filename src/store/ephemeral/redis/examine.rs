//! A look at Redis for what would hurt later: what it forgets, what it may fill up with, what the ACL user may not do.

use std::time::Duration;

use redis::{ErrorKind, ServerErrorKind};

use super::link::Request;
use super::{OLDEST, Redis, away, first_text, unsuitable};
use crate::domain::throttle::ThrottleRules;
use crate::store::db::DbError;
use crate::store::examined::{Doubt, Examined};

/// What an examination leaves behind when it is cut off is gone after this.
const KEPT: Duration = Duration::from_mins(1);

/// The claims of an examination, apart from all others.
const KIND: &str = "doctor";

/// What a server says of itself.
struct Info {
    version: String,
    /// Whether it stops growing.
    bounded: bool,
    policy: String,
}

impl Redis {
    /// Refuses a server that is too old, or that would forget claims when its memory is full.
    pub(in crate::store::ephemeral) async fn check_server(&self) -> Result<(), DbError> {
        let Some(info) = self.info().await? else { return self.ping().await };
        match info.unfit() {
            Some(doubt) => Err(unsuitable(format!("{}; {}", doubt.found, doubt.advice))),
            None => Ok(()),
        }
    }

    /// Looks at the server, and does once with a claim and a counter of its own everything that is ever done with one.
    pub(in crate::store::ephemeral) async fn examine(&self) -> Result<Examined, DbError> {
        let mut doubts = Vec::new();
        let info = self.info().await?;
        let what = info.as_ref().map_or_else(|| "Redis".to_owned(), |info| format!("Redis {}", info.version));
        match &info {
            None => doubts.push(Doubt::warning(
                "the ACL user may not run INFO, so version and eviction are not known",
                "ACL SETUSER … +info, and look that maxmemory-policy is noeviction",
            )),
            Some(info) => {
                doubts.extend(info.unfit());
                if !info.bounded {
                    doubts.push(Doubt::warning(
                        "maxmemory is 0: anyone can have a request kept for ten minutes, until the machine is full",
                        "set a maxmemory, with maxmemory-policy noeviction",
                    ));
                }
            }
        }
        if let Err((step, error)) = self.exercise().await {
            doubts.push(Doubt::wrong(
                format!("{step} fails: {error}"),
                "allow the ACL user what README \"Redis\" lists",
            ));
        }
        Ok(Examined { what, doubts })
    }

    async fn exercise(&self) -> Result<(), (&'static str, DbError)> {
        let key = self.clock.now().micros().to_string();
        let done = self.exercise_on(&key).await;
        // Where something failed in the middle, something may be left.
        let _ = self.remove(KIND, &key).await;
        let _ = self.clear(&key).await;
        done
    }

    async fn exercise_on(&self, key: &str) -> Result<(), (&'static str, DbError)> {
        let at = |step: &'static str| move |error: DbError| (step, error);
        let now = self.clock.now();
        let end = now.plus(KEPT);
        self.put(KIND, key, "{}", end).await.map_err(at("SET"))?;
        self.get(KIND, key).await.map_err(at("GET"))?;
        self.replace(KIND, key, "{}", Some(end)).await.map_err(at("EVALSHA or SCRIPT LOAD"))?;
        self.take(KIND, key).await.map_err(at("GETDEL"))?;
        self.remove(KIND, key).await.map_err(at("DEL"))?;
        let rules =
            ThrottleRules { window: KEPT, first_delay: KEPT, longest_delay: KEPT, ..ThrottleRules::CNIL };
        self.reserve(key, now, &rules).await.map_err(at("HMGET, HSET or PEXPIRE"))?;
        self.refund(key, now).await.map_err(at("HGET or HSET"))?;
        self.clear(key).await.map_err(at("DEL"))
    }

    /// What the server says of itself; none where the ACL user need not be allowed to ask.
    async fn info(&self) -> Result<Option<Info>, DbError> {
        let mut info = redis::cmd("INFO");
        info.arg("server").arg("memory");
        let text = match self.link.ask(&Request::Repeatable(info)).await {
            Ok(value) => first_text(value)?,
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm) => return Ok(None),
            Err(error) => return Err(away(&error)),
        };
        let field = |name: &str| {
            let told = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            told.unwrap_or_default().trim().to_owned()
        };
        Ok(Some(Info {
            version: field("redis_version"),
            bounded: !matches!(field("maxmemory").as_str(), "" | "0"),
            policy: field("maxmemory_policy"),
        }))
    }
}

impl Info {
    /// Why it will not do.
    fn unfit(&self) -> Option<Doubt> {
        let major = self.version.split('.').next().and_then(|major| major.parse::<u64>().ok());
        if major.is_some_and(|major| major < OLDEST) {
            return Some(Doubt::wrong(
                format!("is version {}", self.version),
                format!("version {OLDEST} is needed"),
            ));
        }
        (self.bounded && self.policy != "noeviction").then(|| {
            Doubt::wrong(
                format!(
                    "has the maxmemory-policy {}, and would forget sessions and counters of failures when its memory \
                     is full",
                    self.policy
                ),
                "set it to noeviction",
            )
        })
    }
}
