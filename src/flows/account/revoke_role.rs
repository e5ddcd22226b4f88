//! A role over a territory is taken away.

use crate::domain::event::Act;
use crate::domain::operator::Role;
use crate::domain::territory::TerritoryCode;
use crate::flows::account::grant_role::{GrantRoleError, RoleChange, change_role};
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;

/// Takes a role away. Whoever may give it may take it; what its holder had open ends.
pub async fn revoke_role(
    ctx: &Context,
    actor: &Actor,
    login: &str,
    role: Role,
    territory: &TerritoryCode,
) -> Result<Result<(), GrantRoleError>, Unavailable> {
    let change = RoleChange { act: Act::OperatorRevoke, role, write: store::operator::revoke };
    change_role(ctx, actor, login, territory, &change).await
}
