//! The signing keys rotate by themselves: next, active, retired. They are stored sealed under the master key.

use std::time::Duration;

use crate::domain::client::SigningAlgorithm;
use crate::domain::timestamp::Timestamp;
use crate::flows::random::Random;
use crate::flows::unavailable::Unavailable;
use crate::oidc::jws::SigningKey;
use crate::oidc::keys::{KeyRing, KeyState};
use crate::store;
use crate::store::db::{Batch, BatchError, Db};
use crate::store::seal::MasterKey;
use crate::store::signing_key::StoredKey;

/// How long keys sign, and how long they stay published afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// How long a key signs.
    pub period: Duration,
    /// How long it stays published after that: longer than anything it signed is used, hints of signing out included.
    pub overlap: Duration,
}

/// What making and opening keys needs. Kept apart from the context, whose key ring comes from here.
pub struct KeyRoom<'a> {
    /// Where they are.
    pub db: &'a Db,
    /// What seals them.
    pub sealer: &'a MasterKey,
    /// For the nonces of the seals.
    pub random: &'a Random,
}

/// Opens every stored key.
pub async fn load(room: &KeyRoom<'_>) -> Result<KeyRing, Unavailable> {
    let mut keys = Vec::new();
    for stored in store::signing_key::list(room.db).await? {
        let broken = |error: &dyn std::fmt::Display| {
            Unavailable::Broken(format!("signing key {}: {error}", stored.kid))
        };
        let state = KeyState::from_stored(&stored.state).ok_or_else(|| broken(&"has an unknown state"))?;
        let der =
            room.sealer.open(&seal_name(&stored.kid), &stored.sealed).map_err(|error| broken(&error))?;
        keys.push((state, SigningKey::from_pkcs8(stored.algorithm, &der).map_err(|error| broken(&error))?));
    }
    KeyRing::new(keys).map_err(|error| Unavailable::Broken(format!("{error}; run `ecluse init`")))
}

/// Makes the keys that are missing: for each algorithm one that signs and one that will. Returns how many were made.
pub async fn ensure(room: &KeyRoom<'_>, now: Timestamp) -> Result<usize, Unavailable> {
    let mut made = 0;
    for algorithm in SigningAlgorithm::ALL {
        for state in [KeyState::Active, KeyState::Next] {
            let stored = store::signing_key::list(room.db).await?;
            if stored.iter().any(|key| key.algorithm == algorithm && key.state == state.as_str()) {
                continue;
            }
            let key = make(room, algorithm, state, now).await?;
            match room.db.run(Batch::plain(vec![store::signing_key::insert(&key)])).await {
                Ok(_) => made += 1,
                // Another program made one in between.
                Err(BatchError::Unique { .. }) => {}
                Err(error @ (BatchError::Unmet { .. } | BatchError::Busy | BatchError::Db(_))) => {
                    return Err(Unavailable::Db(error.into()));
                }
            }
        }
    }
    Ok(made)
}

/// The key that was published signs from now on, for one algorithm, and a new one is published. `false` when another
/// program rotated in between.
pub async fn rotate(
    room: &KeyRoom<'_>,
    algorithm: SigningAlgorithm,
    now: Timestamp,
) -> Result<bool, Unavailable> {
    let stored = store::signing_key::list(room.db).await?;
    let of = |state: KeyState| {
        stored
            .iter()
            .find(|key| key.algorithm == algorithm && key.state == state.as_str())
            .map(|key| key.kid.clone())
    };
    let (Some(active), Some(next)) = (of(KeyState::Active), of(KeyState::Next)) else {
        return Err(Unavailable::Broken("signing keys are missing; run `ecluse init`".to_owned()));
    };
    let fresh = make(room, algorithm, KeyState::Next, now).await?;
    let batch = vec![
        store::signing_key::retire(algorithm, &active, now),
        store::signing_key::activate(algorithm, &next, now),
        store::signing_key::insert(&fresh),
    ];
    match room.db.run(Batch::plain(batch)).await {
        Ok(_) => Ok(true),
        Err(BatchError::Unmet { .. } | BatchError::Unique { .. }) => Ok(false),
        Err(error @ (BatchError::Busy | BatchError::Db(_))) => Err(Unavailable::Db(error.into())),
    }
}

/// Rotates the algorithms whose key has signed for its period, and forgets keys that have been retired long enough.
/// Returns whether anything changed.
pub async fn rotate_due(room: &KeyRoom<'_>, rotation: Rotation, now: Timestamp) -> Result<bool, Unavailable> {
    let mut changed = false;
    for key in store::signing_key::list(room.db).await? {
        let began = key.activated_at.unwrap_or(key.created_at);
        if key.state == KeyState::Active.as_str() && now >= began.plus(rotation.period) {
            changed |= rotate(room, key.algorithm, now).await?;
        }
    }
    let gone = store::signing_key::remove_retired(now.minus(rotation.overlap));
    let removed =
        room.db.run(Batch::plain(vec![gone])).await.map_err(|error| Unavailable::Db(error.into()))?;
    Ok(changed || removed.iter().any(|affected| affected.count > 0))
}

async fn make(
    room: &KeyRoom<'_>,
    algorithm: SigningAlgorithm,
    state: KeyState,
    now: Timestamp,
) -> Result<StoredKey, Unavailable> {
    let broken =
        |error: &dyn std::fmt::Display| Unavailable::Broken(format!("making a signing key: {error}"));
    // An RSA key takes up to a third of a second, too long for a thread that serves requests.
    let key = tokio::task::spawn_blocking(move || SigningKey::generate(algorithm)).await;
    let key = key.map_err(|error| broken(&error))?.map_err(|error| broken(&error))?;
    let der = key.pkcs8().map_err(|error| broken(&error))?;
    let kid = key.kid().to_owned();
    let sealed =
        room.sealer.seal(&seal_name(&kid), &der, room.random.bytes()).map_err(|error| broken(&error))?;
    Ok(StoredKey {
        kid,
        algorithm,
        state: state.as_str().to_owned(),
        sealed,
        created_at: now,
        activated_at: (state == KeyState::Active).then_some(now),
        retired_at: None,
    })
}

fn seal_name(kid: &str) -> String {
    format!("signing key {kid}")
}
