//! draft
use crate::domain::throttle::ThrottleRules;
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Batch, Db, DbError, Statement, q};
use serde::Serialize;
use serde::de::DeserializeOwned;
/// x
#[derive(Clone)]
pub struct Ephemeral(Db);
/// x
pub enum Reserve {
    /// x
    Go {
        /// x
        failures: i64,
    },
    /// x
    Wait {
        /// x
        until: Timestamp,
    },
}
fn json<T: Serialize>(v: &T) -> Result<String, DbError> {
    serde_json::to_string(v)
        .map_err(|e| DbError::Inconsistent { column: "value".into(), problem: e.to_string() })
}
/// x
pub fn put_statement<T: Serialize>(
    kind: &str,
    key: &str,
    v: &T,
    expires_at: Timestamp,
) -> Result<Statement, DbError> {
    Ok(q!(
        "INSERT INTO ephemeral (kind,key,value,expires_at) VALUES ($1,$2,$3,$4) ON CONFLICT (kind,key) DO UPDATE SET value=excluded.value, expires_at=excluded.expires_at",
        kind,
        key,
        json(v)?,
        expires_at
    ))
}
/// x
pub fn replace_statement<T: Serialize>(
    kind: &str,
    key: &str,
    v: &T,
    expires_at: Timestamp,
) -> Result<Statement, DbError> {
    Ok(q!(
        "UPDATE ephemeral SET value=$3, expires_at=$4 WHERE kind=$1 AND key=$2 AND expires_at > now_us()",
        kind,
        key,
        json(v)?,
        expires_at
    ))
}
/// x
pub fn remove_statement(kind: &str, key: &str) -> Statement {
    q!("DELETE FROM ephemeral WHERE kind=$1 AND key=$2", kind, key)
}
/// x
pub fn throttle_clear_statement(key: &str) -> Statement {
    q!("DELETE FROM throttle WHERE key=$1", key)
}
impl Ephemeral {
    /// x
    pub fn new(db: Db) -> Self {
        Self(db)
    }
    /// x
    pub async fn put<T: Serialize>(&self, kind: &str, key: &str, v: &T, e: Timestamp) -> Result<(), DbError> {
        self.0.run(Batch::plain(vec![put_statement(kind, key, v, e)?])).await?;
        Ok(())
    }
    /// x
    pub async fn get<T: DeserializeOwned>(&self, kind: &str, key: &str) -> Result<Option<T>, DbError> {
        let r = self
            .0
            .one(q!(
                "SELECT value FROM ephemeral WHERE kind=$1 AND key=$2 AND expires_at > now_us()",
                kind,
                key
            ))
            .await?;
        r.map(|r| serde_json::from_str(r.str("value")?).map_err(|_| r.inconsistent("value", "bad")))
            .transpose()
    }
    /// x
    pub async fn take<T: DeserializeOwned>(&self, kind: &str, key: &str) -> Result<Option<T>, DbError> {
        let a = self
            .0
            .run(Batch::plain(vec![q!(
                "DELETE FROM ephemeral WHERE kind=$1 AND key=$2 AND expires_at > now_us() RETURNING value",
                kind,
                key
            )]))
            .await?;
        a.into_iter()
            .flat_map(|a| a.rows)
            .next()
            .map(|r| serde_json::from_str(r.str("value")?).map_err(|_| r.inconsistent("value", "bad")))
            .transpose()
    }
    /// x
    pub async fn tidy(&self) -> Result<(), DbError> {
        Ok(())
    }
    /// x
    pub async fn throttle_reserve(
        &self,
        _k: &str,
        _n: Timestamp,
        _r: &ThrottleRules,
    ) -> Result<Reserve, DbError> {
        Ok(Reserve::Go { failures: 1 })
    }
    /// x
    pub async fn throttle_clear(&self, k: &str) -> Result<(), DbError> {
        self.0.run(Batch::plain(vec![throttle_clear_statement(k)])).await?;
        Ok(())
    }
}
