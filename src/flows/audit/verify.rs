//! Verifying: the whole chain, from where it begins to its head, in bounded memory.

use crate::domain::audit_chain::{Head, Verified, Verifier};
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::audit::{Link, Unsealed};

/// Rows of one chunk.
const CHUNK: usize = 500;

/// Whether every sealed line fits, and the chain reaches the heads in `known`, which were written down elsewhere; and what
/// waits to be sealed.
pub async fn verify(ctx: &Context, known: Vec<Head>) -> Result<(Verified, Unsealed), Unavailable> {
    let mut verifier = Verifier::new(&ctx.secrets.audit_key, known);
    let mut stored = None;
    let mut chunks = ctx.db.each(store::audit::chain(), CHUNK).await?;
    while let Some(chunk) = chunks.recv().await {
        for row in chunk? {
            match store::audit::link(&row)? {
                Link::Cut(cut) => verifier.begin_after(&cut),
                Link::Line(sealed, line) => verifier.follow(sealed.place, &sealed.tag, &line),
                Link::Head(head) => stored = Some(head),
            }
        }
    }
    let stored = stored.unwrap_or(Head { place: 0, tag: String::new() });
    Ok((verifier.finish(&stored), store::audit::waiting(&ctx.db).await?))
}
