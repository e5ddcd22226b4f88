//! Roles over territories.

use crate::domain::account::AccountId;
use crate::domain::operator::Role;
use crate::domain::territory::TerritoryPath;
use crate::store::db::{Statement, q};

/// In a batch: a role that begins now, in order-clock numbers; the same role at the same place is held once.
pub fn grant(account: &AccountId, role: Role, path: &TerritoryPath) -> Statement {
    q!(
        "INSERT INTO operator_role (account_id, role, path, began)
         VALUES ($1, $2, $3, (SELECT value FROM order_clock)) ON CONFLICT DO NOTHING",
        account.0.as_str(),
        role.as_str(),
        path.as_str()
    )
}
