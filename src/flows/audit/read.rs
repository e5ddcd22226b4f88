//! The audit log as operators read it: what rested on roles inside their territory, and all of it from the root.

use crate::domain::account::LoginName;
use crate::domain::audit_chain::{Line, Question};
use crate::domain::jurisdiction::{Permission, Refusal};
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;

/// Lines that are looked at in one step, and steps at most: whoever asks for what is rare gets a page that is not full, and goes
/// on from there.
const STEP: usize = 500;
const STEPS: usize = 20;

/// Where a page ends: the next one begins after it.
pub type Position = (Timestamp, String);

/// The parts of the territory of which somebody reads the audit log.
#[derive(PartialEq, Eq)]
pub(super) struct Parts(Vec<TerritoryPath>);

pub(super) async fn parts(ctx: &Context, actor: &Actor) -> Result<Result<Parts, Refusal>, Unavailable> {
    let parts = actor.powers(ctx).await?.sees(Permission::ReadAudit, &TerritoryPath::root());
    Ok(if parts.is_empty() { Err(Refusal::NotOfRole) } else { Ok(Parts(parts)) })
}

impl Parts {
    fn has_root(&self) -> bool {
        self.0.contains(&TerritoryPath::root())
    }

    /// Whether a line is theirs to read.
    pub(super) fn show(&self, line: &Line) -> bool {
        self.has_root()
            || line.territory.as_ref().is_some_and(|territory| {
                let territory = TerritoryPath::from_stored(territory.clone());
                self.0.iter().any(|part| part.contains(&territory))
            })
    }

    /// Each as a line names it; of the root none.
    pub(super) fn territories(&self) -> impl Iterator<Item = Option<String>> {
        let each = if self.has_root() { &self.0[..0] } else { &self.0[..] };
        let root = self.has_root().then_some(None);
        root.into_iter().chain(each.iter().map(|path| Some(path.as_str().to_owned())))
    }
}

/// A page, the newest line first, and where the next one begins, if there may be more.
pub async fn list(
    ctx: &Context,
    actor: &Actor,
    question: &Question,
    after: Option<Position>,
    limit: usize,
) -> Result<Result<(Vec<Line>, Option<Position>), Refusal>, Unavailable> {
    let parts = match parts(ctx, actor).await? {
        Ok(parts) => parts,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (mut found, mut position) = (Vec::new(), after);
    for _ in 0..STEPS {
        let page = store::audit::page(&ctx.db, question, position.as_ref(), STEP).await?;
        let is_last = page.len() < STEP;
        for line in page {
            position = Some((line.at, line.id.clone()));
            if parts.show(&line) {
                found.push(line);
                if found.len() == limit {
                    return Ok(Ok((found, position)));
                }
            }
        }
        if is_last {
            return Ok(Ok((found, None)));
        }
    }
    Ok(Ok((found, position)))
}

/// Who acted, as the log names them, of a login; any other text is taken for that name.
pub async fn actor_of(ctx: &Context, text: &str) -> Result<String, Unavailable> {
    Ok(account(ctx, text).await?.unwrap_or_else(|| text.to_owned()))
}

/// What something was done to, as the log names it, of a login or of an order.
pub async fn object_of(ctx: &Context, text: &str) -> Result<String, Unavailable> {
    if text.contains(':') {
        return Ok(text.to_owned());
    }
    Ok(account(ctx, text).await?.unwrap_or_else(|| format!("order:{text}")))
}

async fn account(ctx: &Context, login: &str) -> Result<Option<String>, Unavailable> {
    let Ok(name) = LoginName::parse(login) else { return Ok(None) };
    let person = store::account::find_by_login(&ctx.db, &name).await?;
    Ok(person.map(|person| format!("account:{}", person.facts.account.0)))
}
