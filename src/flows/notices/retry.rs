//! Notices that were given up are tried anew, once their receiver is mended.

use crate::domain::client::ClientId;
use crate::domain::event::Act;
use crate::domain::notice::NoticeId;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::{Batch, BatchError};

/// Which.
pub enum Which {
    /// These, or none if one of them was not given up.
    These(Vec<NoticeId>),
    /// All to one relying party.
    To(ClientId),
    /// All.
    All,
}

/// Puts them back in the queue, with all their attempts before them. How many; none if one of those named does not wait
/// for it.
pub async fn retry(ctx: &Context, actor: &Actor, which: &Which) -> Result<Option<u64>, Unavailable> {
    let now = ctx.clock.now();
    let (mut batch, object) = match which {
        Which::These(ids) => {
            let each: Vec<_> = ids.iter().map(|id| store::notice::retry(id, now)).collect();
            (each, "notices".to_owned())
        }
        Which::To(client) => {
            (vec![store::notice::retry_all(Some(client), now)], format!("client:{}", client.0))
        }
        Which::All => (vec![store::notice::retry_all(None, now)], "notices".to_owned()),
    };
    batch.push(ctx.audit(now, &actor.line(Act::NoticeRetry, object)));
    match ctx.db.run(Batch::plain(batch)).await {
        Ok(done) => Ok(Some(done.iter().rev().skip(1).map(|affected| affected.count).sum())),
        Err(BatchError::Unmet { .. }) => Ok(None),
        Err(error @ (BatchError::Unique { .. } | BatchError::Busy | BatchError::Db(_))) => {
            Err(Unavailable::Db(error.into()))
        }
    }
}
