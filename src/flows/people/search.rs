//! Looking for people inside the own territory.

use crate::domain::account::AccountId;
use crate::domain::jurisdiction::{Permission, allowing};
use crate::domain::secret::same_text;
use crate::domain::territory::{TerritoryCode, Uai};
use crate::flows::console::AtDesk;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::people::{Found, Wanted, look};

/// People on one page.
const PAGE: u32 = 25;

/// The longest text that is looked for, in bytes.
pub const LONGEST: usize = 100;

/// A page of people.
pub struct People {
    /// Who.
    pub found: Vec<Found>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// Looks for people whom the operator may see. None where no role lets the operator see anybody. `from` is where a page of the
/// same search by the same operator ended; anything else begins anew.
pub async fn search(
    ctx: &Context,
    desk: &AtDesk,
    typed: &str,
    from: Option<&str>,
) -> Result<Option<People>, Unavailable> {
    let operator = desk.visitor.account();
    let text = typed.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    let school = match Uai::parse(typed.trim()) {
        Ok(uai) => store::territory::find(&ctx.db, &TerritoryCode::school(&uai)).await?,
        Err(_) => None,
    };
    let after = from.and_then(|from| opened(ctx, operator, &text, from));
    let wanted = Wanted {
        text: &text,
        school: school.as_ref().map(|school| &school.path),
        after: after.as_ref(),
        limit: PAGE + 1,
    };
    let mut grants = allowing(&desk.visitor.roles, Permission::ReadPeople).peekable();
    if grants.peek().is_none() {
        return Ok(None);
    }
    let mut found = Vec::new();
    for grant in grants {
        found.extend(look(&ctx.db, grant, &wanted).await?);
    }
    let order = |one: &Found| (one.family_name.clone(), one.given_name.clone(), one.account.clone());
    found.sort_by_key(order);
    found.dedup_by(|one, other| one.account == other.account);
    let more = found.len() > PAGE as usize;
    found.truncate(PAGE as usize);
    let last = found.last().filter(|_| more);
    let next = last.map(|last| closed(ctx, operator, &text, &last.account));
    Ok(Some(People { found, next }))
}

/// A place in a list, good for this search of this operator alone.
fn closed(ctx: &Context, operator: &AccountId, text: &str, last: &AccountId) -> String {
    let tag = ctx.secrets.tag("people page", &[&operator.0, text, &last.0]);
    format!("{}.{tag}", last.0)
}

fn opened(ctx: &Context, operator: &AccountId, text: &str, from: &str) -> Option<AccountId> {
    let (last, _) = from.rsplit_once('.')?;
    let last = AccountId(last.to_owned());
    same_text(&closed(ctx, operator, text, &last), from).then_some(last)
}
