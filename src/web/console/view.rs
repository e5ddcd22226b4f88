//! What the console shows: one struct per page.

pub(in crate::web) mod home;
pub(in crate::web) mod people;
pub(in crate::web) mod places;
pub(in crate::web) mod roles;
pub(in crate::web) mod selection;

use std::fmt::Write as _;

use askama::Template;
use http::StatusCode;
use qrcode::{Color, EcLevel, QrCode};

use crate::domain::factor::Kind;
use crate::domain::operator::Role;
use crate::domain::secret::Secret;
use crate::web::pages::view::Frame;

/// Who is there, and what every page of the console needs of it.
pub(in crate::web) struct Desk {
    /// The name.
    pub(in crate::web) name: String,
    /// What the forms carry.
    pub(in crate::web) csrf: Secret,
    /// What links carry so that a chosen language lasts.
    pub(in crate::web) suffix: String,
    /// Whether a second factor was shown.
    pub(in crate::web) is_in: bool,
    /// Whether a role lets them read the audit log.
    pub(in crate::web) reads_audit: bool,
    /// Whether a role lets them write an order somewhere.
    pub(in crate::web) writes_orders: bool,
}

/// Why what was typed was not taken.
pub(in crate::web) enum Refused {
    /// It is wrong, or was used before.
    Wrong,
    /// Nothing was compared; when to try again.
    Throttled(String),
}

impl Refused {
    pub(in crate::web) const fn status(refused: Option<&Self>) -> StatusCode {
        match refused {
            None => StatusCode::OK,
            Some(Self::Wrong) => StatusCode::UNPROCESSABLE_ENTITY,
            Some(Self::Throttled(_)) => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    fn sentence(&self, frame: &Frame<'_>) -> String {
        match self {
            Self::Wrong => frame.text("factor-wrong"),
            Self::Throttled(sentence) => sentence.clone(),
        }
    }

    const fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong)
    }
}

/// A form that waits until a factor was shown.
pub(in crate::web) struct Resumed {
    /// Where it goes.
    pub(in crate::web) then: String,
    /// That we said so.
    pub(in crate::web) seal: Secret,
    /// What was typed.
    pub(in crate::web) fields: Vec<(String, String)>,
}

/// A role at a place.
pub(in crate::web) struct Place {
    pub(in crate::web) role: Role,
    pub(in crate::web) name: String,
}

/// A place to choose from.
pub(in crate::web) struct Choice {
    pub(in crate::web) code: String,
    pub(in crate::web) name: String,
}

/// The name of a role.
const fn role_key(role: Role) -> &'static str {
    match role {
        Role::Auditor => "role-auditor",
        Role::Authority => "role-authority",
        Role::ClassTeacher => "role-class-teacher",
        Role::Helpdesk => "role-helpdesk",
        Role::SchoolAdmin => "role-school-admin",
    }
}

impl Place {
    fn role(&self, frame: &Frame<'_>) -> String {
        frame.text(role_key(self.role))
    }
}

/// For somebody who has nothing to do here.
#[derive(Template)]
#[template(path = "console/without_role.html")]
pub(in crate::web) struct WithoutRolePage<'a> {
    pub(in crate::web) frame: Frame<'a>,
    pub(in crate::web) login: &'a str,
}

impl WithoutRolePage<'_> {
    fn what(&self) -> String {
        self.frame.language.text_with("without-role-what", &[("login", self.login)])
    }
}

/// Asks for the factor.
#[derive(Template)]
#[template(path = "console/factor.html")]
pub(in crate::web) struct FactorPage<'a> {
    pub(in crate::web) frame: Frame<'a>,
    pub(in crate::web) desk: Desk,
    pub(in crate::web) refused: Option<Refused>,
    pub(in crate::web) kind: Kind,
    pub(in crate::web) resumed: Option<&'a Resumed>,
}

impl FactorPage<'_> {
    const fn label(&self) -> &'static str {
        if self.is_app() { "factor-app-code" } else { "factor-list-code" }
    }

    const fn is_app(&self) -> bool {
        matches!(self.kind, Kind::Totp)
    }
}

/// The factor was shown again: on with the act.
#[derive(Template)]
#[template(path = "console/confirm.html")]
pub(in crate::web) struct ConfirmPage<'a> {
    pub(in crate::web) frame: Frame<'a>,
    pub(in crate::web) desk: Desk,
    pub(in crate::web) resumed: &'a Resumed,
}

/// Asks for a code that gives leave to enrol a factor.
#[derive(Template)]
#[template(path = "console/permit.html")]
pub(in crate::web) struct PermitPage<'a> {
    pub(in crate::web) frame: Frame<'a>,
    pub(in crate::web) desk: Desk,
    pub(in crate::web) refused: Option<Refused>,
}

/// Shows an app its secret.
#[derive(Template)]
#[template(path = "console/enrol.html")]
pub(in crate::web) struct EnrolPage<'a> {
    pub(in crate::web) frame: Frame<'a>,
    pub(in crate::web) desk: Desk,
    pub(in crate::web) refused: Option<Refused>,
    pub(in crate::web) picture: Option<Picture>,
    pub(in crate::web) groups: Vec<Secret>,
    /// Whether a list of codes would do.
    pub(in crate::web) list: bool,
}

/// Codes, shown once.
#[derive(Template)]
#[template(path = "console/codes.html")]
pub(in crate::web) struct CodesPage<'a> {
    pub(in crate::web) frame: Frame<'a>,
    pub(in crate::web) desk: Desk,
    pub(in crate::web) login: &'a str,
    pub(in crate::web) codes: Vec<Secret>,
    /// Whether they are all there is of the factor.
    pub(in crate::web) is_list: bool,
    /// Whether they take the place of others.
    pub(in crate::web) is_new: bool,
    /// Where to go from them.
    pub(in crate::web) on: String,
}

impl CodesPage<'_> {
    fn whose(&self) -> String {
        self.frame.language.text_with("codes-whose", &[("login", self.login)])
    }
}

/// A QR code as the path of its dark squares, a unit each, inside the quiet margin that readers need.
pub(in crate::web) struct Picture {
    /// Its width and height, margins included.
    side: usize,
    path: Secret,
}

/// The margin on each side (ISO/IEC 18004 section 5.3.8).
const QUIET: usize = 4;

impl Picture {
    /// None where the text is too long for any picture.
    pub(in crate::web) fn of(text: &Secret) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text.expose(), EcLevel::M).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (row, colors) in code.to_colors().chunks(width).enumerate() {
            for (column, _) in colors.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
                let _ = write!(path, "M{} {}h1v1h-1z", column + QUIET, row + QUIET);
            }
        }
        Some(Self { side: width + 2 * QUIET, path: Secret::new(path) })
    }
}

impl FactorPage<'_> {
    fn is_wrong(&self) -> bool {
        self.refused.as_ref().is_some_and(Refused::is_wrong)
    }
}

impl PermitPage<'_> {
    fn is_wrong(&self) -> bool {
        self.refused.as_ref().is_some_and(Refused::is_wrong)
    }
}

impl EnrolPage<'_> {
    fn is_wrong(&self) -> bool {
        self.refused.as_ref().is_some_and(Refused::is_wrong)
    }
}
