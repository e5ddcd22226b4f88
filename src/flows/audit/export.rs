//! The audit log read out: the lines that answer a question, as far as the reader sees them, the oldest first. Who reads what
//! others did is an act as well.

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::read::{Parts, parts};
use crate::domain::audit_chain::{Head, Line, Question};
use crate::domain::event::{Act, AuditLine};
use crate::domain::jurisdiction::Refusal;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::{Batch, DbError, Row};

/// Lines on their way at once.
const CHUNK: usize = 500;

/// A line, and its place in the chain if it has one.
pub type Sealed = (Option<Head>, Line);

/// Lines on their way to whoever reads them out.
pub struct Lines {
    rows: mpsc::Receiver<Result<Vec<Row>, DbError>>,
    actor: Actor,
    parts: Parts,
}

impl Lines {
    /// The next of them; none when all were read. One that fails leaves the reading incomplete, and so does that whoever reads may see
    /// less by now.
    pub async fn next(&mut self, ctx: &Context) -> Result<Option<Vec<Sealed>>, Unavailable> {
        let Some(rows) = self.rows.recv().await else { return Ok(None) };
        let parts = parts(ctx, &self.actor).await?.map_err(Unavailable::Withdrawn)?;
        if parts != self.parts {
            return Err(Unavailable::Withdrawn(Refusal::OutOfTerritory));
        }
        let lines = rows?.iter().map(store::audit::exported).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(lines.into_iter().filter(|(_, line)| self.parts.show(line)).collect()))
    }
}

/// Words that a question was made of, where it means something else. The line that says what was asked repeats them: which account a login
/// is, or that it is one, is not for everybody who may ask.
#[derive(Clone, Copy, Debug, Default)]
pub struct Typed<'a> {
    /// Who acted.
    pub actor: Option<&'a str>,
    /// To what.
    pub object: Option<&'a str>,
}

/// Begins to read out. The act is written for each part of the territory that is read, where whoever is above it sees it.
pub async fn export(
    ctx: &Context,
    actor: &Actor,
    question: &Question,
    typed: Typed<'_>,
) -> Result<Result<Lines, Refusal>, Unavailable> {
    let parts = match parts(ctx, actor).await? {
        Ok(parts) => parts,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let now = ctx.clock.now();
    let said = said(question, typed);
    let line = |territory: Option<String>| AuditLine {
        territory,
        reason: (!said.is_empty()).then(|| said.clone()),
        ..actor.line(Act::AuditExport, "audit".to_owned())
    };
    let lines = parts.territories().map(|territory| ctx.audit(now, &line(territory))).collect();
    ctx.commit(Batch::plain(lines)).await?;
    // What is written from here on, this line among it, is not part of what was asked for.
    let bounded = Question { to: Some(question.to.map_or(now, |to| to.min(now))), ..question.clone() };
    let rows = ctx.db.each(store::audit::matching(&bounded), CHUNK).await?;
    Ok(Ok(Lines { rows, actor: actor.clone(), parts }))
}

/// What was asked for, for the line that says so.
fn said(question: &Question, typed: Typed<'_>) -> String {
    let as_typed =
        |typed: Option<&str>, meant: &Option<String>| typed.map(str::to_owned).or_else(|| meant.clone());
    let parts = [
        ("from", question.from.map(written)),
        ("to", question.to.map(written)),
        ("act", question.act.clone()),
        ("actor", as_typed(typed.actor, &question.actor)),
        ("object", as_typed(typed.object, &question.object)),
        ("within", question.within.as_ref().map(|path| path.as_str().to_owned())),
    ];
    let said = parts.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    said.collect::<Vec<_>>().join(" ")
}

/// A line in JSON, as everybody is given it.
pub fn json((sealed, line): &Sealed) -> Value {
    let mut all = line_json(line);
    all["place"] = json!(sealed.as_ref().map(|head| head.place));
    all["tag"] = json!(sealed.as_ref().map(|head| &head.tag));
    all
}

/// The same without its place in the chain.
pub fn line_json(line: &Line) -> Value {
    json!({
        "id": line.id,
        "at": written(line.at),
        "actor": line.actor,
        "territory": line.territory,
        "act": line.act,
        "object": line.object,
        "count": line.count,
        "reason": line.reason,
        "address": line.address,
        "request_id": line.request_id,
    })
}

/// An instant as programs read it.
pub fn written(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}
