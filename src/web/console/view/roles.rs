//! The page of roles.

use askama::Template;
use http::StatusCode;

use super::{Desk, role_key};
use crate::domain::operator::Role;
use crate::flows::people::operators::Waiting;
use crate::store::operator::Holder;
use crate::web::console::Room;
use crate::web::pages::view::Frame;

/// What is told above the page.
pub(in crate::web) enum Told {
    /// A role was given.
    Approved,
    /// A role was refused, or is asked for no more.
    Refused,
    /// Nothing was done.
    Problem(StatusCode, String),
}

impl Told {
    pub(in crate::web) const fn status(&self) -> StatusCode {
        match self {
            Self::Approved | Self::Refused => StatusCode::OK,
            Self::Problem(status, _) => *status,
        }
    }

    const fn is_refusal(&self) -> bool {
        matches!(self, Self::Problem(..))
    }

    fn sentence(&self, frame: &Frame<'_>) -> String {
        match self {
            Self::Approved => frame.text("roles-approved"),
            Self::Refused => frame.text("roles-refused"),
            Self::Problem(_, message) => message.clone(),
        }
    }
}

/// A role that waits.
pub(in crate::web) struct WaitingRow {
    pub(in crate::web) id: String,
    pub(in crate::web) account: String,
    pub(in crate::web) name: String,
    pub(in crate::web) role: Role,
    pub(in crate::web) place: String,
    pub(in crate::web) by: String,
    pub(in crate::web) at: String,
    /// Whether whoever looks asked for it.
    pub(in crate::web) is_own: bool,
}

impl WaitingRow {
    pub(in crate::web) fn of(room: &Room<'_>, waiting: Waiting, place: String, by: String) -> Self {
        Self {
            account: waiting.pending.account.0,
            name: waiting.person.full_name(),
            role: waiting.pending.grant.role,
            at: room.language.date_and_time(&room.app.site.local(waiting.pending.at)),
            id: waiting.pending.id,
            place,
            by,
            is_own: waiting.is_own,
        }
    }
}

/// Somebody who holds a role.
pub(in crate::web) struct HolderRow {
    pub(in crate::web) account: String,
    pub(in crate::web) name: String,
    pub(in crate::web) login: String,
    pub(in crate::web) role: Role,
    pub(in crate::web) place: String,
    pub(in crate::web) disabled: bool,
}

impl HolderRow {
    pub(in crate::web) fn of(holder: &Holder, place: String) -> Self {
        Self {
            account: holder.account.0.clone(),
            name: format!("{} {}", holder.family_name, holder.given_name),
            login: holder.login.clone(),
            role: holder.grant.role,
            place,
            disabled: holder.disabled,
        }
    }
}

/// Roles.
#[derive(Template)]
#[template(path = "console/roles.html")]
pub(in crate::web) struct RolesPage<'a> {
    pub(in crate::web) frame: Frame<'a>,
    pub(in crate::web) desk: Desk,
    pub(in crate::web) waiting: Vec<WaitingRow>,
    /// The address of those that wait behind these.
    pub(in crate::web) later: Option<String>,
    pub(in crate::web) holders: Vec<HolderRow>,
    pub(in crate::web) next: Option<String>,
    pub(in crate::web) told: Option<Told>,
}

impl RolesPage<'_> {
    fn role(&self, role: Role) -> String {
        self.frame.text(role_key(role))
    }

    fn asked(&self, row: &WaitingRow) -> String {
        let values = [("name", row.by.as_str()), ("at", row.at.as_str())];
        self.frame.language.text_with("roles-asked", &values)
    }
}
