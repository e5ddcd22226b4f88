//! Where a page ends. A cursor is good for the operator and the question it was given for, and for nobody else's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::domain::secret::same_text;
use crate::flows::actor::Actor;
use crate::flows::context::Context;

/// So many of some things that are in order, after a position; and the last of them where more follow.
pub fn page_of<K: Clone + Ord, V>(
    all: impl Iterator<Item = (K, V)>,
    after: Option<&K>,
    most: usize,
) -> (Vec<(K, V)>, Option<K>) {
    let mut rest = all.skip_while(|(key, _)| after.is_some_and(|after| key <= after));
    let page: Vec<_> = rest.by_ref().take(most).collect();
    let last = rest.next().and_then(|_| page.last()).map(|(key, _)| key.clone());
    (page, last)
}

/// Writes one: `POSITION.TAG`.
pub fn write<T: Serialize>(ctx: &Context, actor: &Actor, question: &str, position: &T) -> Option<String> {
    let words = URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).ok()?);
    let tag = ctx.secrets.tag("page cursor", &[&actor.name(), question, &words]);
    Some(format!("{words}.{tag}"))
}

/// Reads one.
pub fn read<T: DeserializeOwned>(
    ctx: &Context,
    actor: &Actor,
    question: &str,
    text: Option<&str>,
) -> Result<Option<T>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let refused =
        || Problem::senseless("unknown-cursor", "the cursor is not one that this question was answered with");
    let (words, tag) = text.split_once('.').ok_or_else(refused)?;
    if !same_text(&ctx.secrets.tag("page cursor", &[&actor.name(), question, words]), tag) {
        return Err(refused());
    }
    let bytes = URL_SAFE_NO_PAD.decode(words).map_err(|_| refused())?;
    serde_json::from_slice(&bytes).map(Some).map_err(|_| refused())
}
