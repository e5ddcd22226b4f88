//! What places and people are called.

use crate::domain::account::AccountId;
use crate::domain::territory::TerritoryPath;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::web::app::App;

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

/// Whoever acted: a person by name, the host's command line and the program as the audit log has them.
pub(super) async fn actor(app: &App, name: &str) -> Result<String, Unavailable> {
    let Some(id) = name.strip_prefix("account:") else { return Ok(name.to_owned()) };
    let person = store::account::find(&app.ctx.db, &AccountId(id.to_owned())).await?;
    Ok(person.map_or_else(|| name.to_owned(), |person| person.full_name()))
}
