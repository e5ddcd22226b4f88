//! What places and people are called.

use std::collections::HashMap;

use crate::domain::account::AccountId;
use crate::domain::jurisdiction::{Permission, Refusal, RoleGrant, seen};
use crate::domain::territory::TerritoryPath;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::reset_order::OrderRecord;
use crate::web::app::App;
use crate::web::console::view::Choice;

/// A place, with the school of a class.
pub(super) async fn place(app: &App, path: &TerritoryPath) -> Result<String, Unavailable> {
    let Some(code) = path.code() else { return Ok(path.as_str().to_owned()) };
    let name = match store::territory::find(&app.ctx.db, &code).await? {
        Some(place) => place.name,
        None => code.to_string(),
    };
    let above = path.parent().filter(|_| code.class_name().is_some());
    match above.and_then(|above| above.code()) {
        Some(school) => match store::territory::find(&app.ctx.db, &school).await? {
            Some(school) => Ok(format!("{}, {name}", school.name)),
            None => Ok(name),
        },
        None => Ok(name),
    }
}

/// The lowest place from which it could be done, where that is above the operator; else nothing.
pub(super) async fn above(app: &App, refusal: Option<&Refusal>) -> Result<String, Unavailable> {
    match refusal {
        Some(Refusal::WiderThanTerritory(above)) => place(app, above).await,
        _ => Ok(String::new()),
    }
}

/// The places of orders, the newest of which is the first, by one statement.
pub(super) async fn of_orders(
    app: &App,
    orders: &[OrderRecord],
) -> Result<HashMap<TerritoryPath, String>, Unavailable> {
    let (Some(newest), Some(oldest)) = (orders.first(), orders.last()) else { return Ok(HashMap::new()) };
    let (newest, oldest) = ((newest.created_at, &newest.order.id), (oldest.created_at, &oldest.order.id));
    Ok(store::reset_order::places(&app.ctx.db, newest, oldest).await?)
}

/// Whoever acted: a person by name, the host's command line and the program as the audit log has them.
pub(super) async fn actor(app: &App, name: &str) -> Result<String, Unavailable> {
    let Some(id) = name.strip_prefix("account:") else { return Ok(name.to_owned()) };
    let person = store::account::find(&app.ctx.db, &AccountId(id.to_owned())).await?;
    Ok(person.map_or_else(|| name.to_owned(), |person| person.full_name()))
}

/// Places that are offered; any other is typed by its code.
const OFFERED: usize = 200;

/// The places where these roles allow something, and those directly below them.
pub(super) async fn choices(
    app: &App,
    roles: &[RoleGrant],
    permission: Permission,
) -> Result<Vec<Choice>, Unavailable> {
    let mut choices = Vec::new();
    for over in seen(roles, permission, &TerritoryPath::root()) {
        for near in store::territory::near(&app.ctx.db, &over, OFFERED - choices.len().min(OFFERED)).await? {
            choices.push(Choice { code: near.code.to_string(), name: place(app, &near.path).await? });
        }
    }
    Ok(choices)
}
