//! Problem details (RFC 9457).

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::approval::Objection;
use crate::domain::jurisdiction::Refusal;
use crate::flows::account::AccountError;
use crate::flows::account::approve_role::ApproveRoleError;
use crate::flows::account::grant_role::GrantRoleError;
use crate::flows::hand_over::HandOverError;
use crate::flows::once::KeyUsed;
use crate::flows::people::selection::TooWide;
use crate::flows::reset_order::approve::ApproveError;
use crate::flows::reset_order::cancel::CancelError;
use crate::flows::reset_order::draft::DraftError;
use crate::flows::reset_order::help::NobodyLeft;
use crate::flows::reset_order::issue::ProposalError;
use crate::flows::unavailable::Unavailable;
use crate::web::answer::{RETRY_SECONDS, log};
use crate::web::pages::text::Language;

/// What problem details are sent as.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// The word for an act whose second factor was shown too long ago.
const FACTOR_TOO_OLD: &str = "factor-too-old";

/// The word for codes that would live for no time, or too long.
pub(in crate::web) const CODE_LIFETIME: &str = "code-lifetime";

/// Why a request was not done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem: `urn:ecluse:problem:` and a word.
    #[serde(rename = "type")]
    kind: String,
    /// The HTTP status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong, for whoever wrote the program.
    detail: String,
    /// The names that the detail lists, where it is about places or people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    names: Vec<String>,
    #[serde(skip)]
    challenge: Option<Box<HeaderValue>>,
}

/// The names that a person is told of many.
const SHOWN: usize = 20;

/// What handlers answer.
pub type Answer<T> = Result<T, Problem>;

impl Problem {
    /// A problem of a kind.
    pub fn new(status: StatusCode, kind: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:ecluse:problem:{kind}"),
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: detail.into(),
            names: Vec::new(),
            challenge: None,
        }
    }

    /// What was sent cannot be read.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-request", detail)
    }

    /// What was sent can be read and makes no sense.
    pub fn senseless(kind: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind, detail)
    }

    /// There is no such thing, or not for this operator.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// It cannot be decided now.
    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "this cannot be decided now; try again")
    }

    /// It stands where this cannot be done.
    pub fn conflict(kind: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, kind, detail)
    }

    /// The word of its kind.
    pub(in crate::web) fn word(&self) -> &str {
        self.kind.rsplit(':').next().unwrap_or_default()
    }

    /// Whether nothing is missing but a second factor shown lately.
    pub(in crate::web) fn is_factor_too_old(&self) -> bool {
        self.word() == FACTOR_TOO_OLD
    }

    /// Its status.
    pub(in crate::web) fn code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What a person is told.
    pub(in crate::web) fn told(&self, language: Language) -> String {
        let (shown, more) = self.names.split_at(self.names.len().min(SHOWN));
        let names = if more.is_empty() {
            shown.join(", ")
        } else {
            language.text_with(
                "problem-names-and-more",
                &[("names", shown.join(", ")), ("more", more.len().to_string())],
            )
        };
        language.text_with(&format!("problem-{}", self.word()), &[("names", names)])
    }

    /// The same, with how to authenticate (RFC 6750 section 3).
    #[must_use]
    pub fn with_challenge(mut self, challenge: &str) -> Self {
        self.challenge = HeaderValue::from_str(challenge).ok().map(Box::new);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response =
            (status, [(CONTENT_TYPE, MEDIA_TYPE), (CACHE_CONTROL, "no-store")], body).into_response();
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(WWW_AUTHENTICATE, *challenge);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
        }
        response
    }
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        log(&error);
        Self::unavailable()
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), "invalid-request", rejection.body_text())
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        // 422 is for what can be read and makes no sense.
        let status = match rejection {
            JsonRejection::JsonDataError(_) => StatusCode::BAD_REQUEST,
            _ => rejection.status(),
        };
        Self::new(status, "invalid-request", rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), "invalid-request", rejection.body_text())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal {
            Refusal::NotOfRole => "not-of-role",
            Refusal::OutOfTerritory => "out-of-territory",
            Refusal::NotPupilsAlone => "not-pupils-alone",
            Refusal::WiderThanTerritory(_) => "wider-than-territory",
            Refusal::Oneself => "oneself",
            Refusal::FactorTooOld => FACTOR_TOO_OLD,
        };
        Self::new(StatusCode::FORBIDDEN, kind, refusal.to_string())
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::NotAllowed { refusal, .. } | AccountError::NotAtOnce(refusal) => refusal.into(),
            AccountError::NotAlone { .. } => Self::new(StatusCode::FORBIDDEN, "not-alone", error.to_string()),
            AccountError::Unknown(ref logins) => {
                Self { names: logins.clone(), ..Self::not_found(error.to_string()) }
            }
            AccountError::TooMany(_) => Self::senseless("too-many", error.to_string()),
            AccountError::Disabled(_) | AccountError::FederatedOnly(_) => {
                Self::conflict("account-state", error.to_string())
            }
        }
    }
}

impl From<KeyUsed> for Problem {
    fn from(error: KeyUsed) -> Self {
        Self::conflict("idempotency-key-used", error.to_string())
    }
}

impl From<TooWide> for Problem {
    fn from(error: TooWide) -> Self {
        let kind = match error {
            TooWide::Found => "too-many-found",
            TooWide::LookedAt => "search-too-wide",
        };
        Self::senseless(kind, error.to_string())
    }
}

impl From<HandOverError> for Problem {
    fn from(error: HandOverError) -> Self {
        match error {
            HandOverError::Account(error) => error.into(),
            HandOverError::NotAllowed(refusal) => refusal.into(),
            HandOverError::UnknownTerritory(_) => Self::not_found(error.to_string()),
        }
    }
}

impl From<GrantRoleError> for Problem {
    fn from(error: GrantRoleError) -> Self {
        match error {
            GrantRoleError::Account(error) => error.into(),
            GrantRoleError::AlreadyAsked => Self::conflict("already-asked", error.to_string()),
            GrantRoleError::NotAllowed(_, refusal) => refusal.into(),
            GrantRoleError::NotHeld(..) => Self::conflict("role-not-held", error.to_string()),
            GrantRoleError::UnknownTerritory(_) => Self::senseless("unknown-territory", error.to_string()),
        }
    }
}

impl From<ApproveRoleError> for Problem {
    fn from(error: ApproveRoleError) -> Self {
        match error {
            ApproveRoleError::NotAllowed(refusal) => refusal.into(),
            ApproveRoleError::Objection(objection) => objection.into(),
            ApproveRoleError::AuthorLeft => Self::conflict("author-left", error.to_string()),
            ApproveRoleError::Unknown(_) => Self::not_found(error.to_string()),
        }
    }
}

impl From<Objection> for Problem {
    fn from(objection: Objection) -> Self {
        let kind = match objection {
            Objection::OwnWish => "own-wish",
            Objection::Beholden => "beholden",
            Objection::Involved => "involved",
            Objection::Local => "local",
            Objection::Changed => return Self::conflict("changed", objection.to_string()),
            Objection::Drifted { .. } => return Self::conflict("drifted", objection.to_string()),
        };
        Self::new(StatusCode::FORBIDDEN, kind, objection.to_string())
    }
}

impl From<NobodyLeft> for Problem {
    fn from(left: NobodyLeft) -> Self {
        let problem = Self::conflict("nobody-left", left.to_string());
        Self { names: left.schools, ..problem }
    }
}

impl From<ProposalError> for Problem {
    fn from(error: ProposalError) -> Self {
        let kind = match error {
            ProposalError::NotAllowed(refusal) => return refusal.into(),
            ProposalError::NotConfirmed { .. } => return Self::conflict("not-confirmed", error.to_string()),
            ProposalError::NobodyLeft(left) => return left.into(),
            ProposalError::CodeLifetime { .. } => CODE_LIFETIME,
            ProposalError::NamesAuthor => "names-author",
            ProposalError::DeadlineTooEarly => "deadline",
            ProposalError::Nobody(_) => "nobody",
            ProposalError::ReasonMissing => "reason-missing",
            ProposalError::StartInPast => "start-in-past",
            ProposalError::TooManyNamed => "too-many",
            ProposalError::UnknownLogin(_) => "unknown-login",
            ProposalError::UnknownTerritory(_) => "unknown-territory",
        };
        Self::senseless(kind, error.to_string())
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NotAllowed(refusal) => refusal.into(),
            CancelError::Unknown(_) => Self::not_found(error.to_string()),
            CancelError::ReasonMissing => Self::senseless("reason-missing", error.to_string()),
            CancelError::AlreadyAsked(_) => Self::conflict("already-asked", error.to_string()),
            CancelError::WrongState(_) => Self::conflict("wrong-state", error.to_string()),
        }
    }
}

impl From<DraftError> for Problem {
    fn from(error: DraftError) -> Self {
        match error {
            DraftError::Proposal(error) => error.into(),
            DraftError::Order(error) => error.into(),
            DraftError::Changed => Self::conflict("changed", error.to_string()),
        }
    }
}

impl From<ApproveError> for Problem {
    fn from(error: ApproveError) -> Self {
        match error {
            ApproveError::NotAllowed(refusal) => refusal.into(),
            ApproveError::DeadlinePassed => Self::conflict("deadline-passed", error.to_string()),
            ApproveError::NotAsked(_) => Self::conflict("not-asked", error.to_string()),
            ApproveError::NobodyLeft(left) => left.into(),
            ApproveError::Unknown(_) => Self::not_found(error.to_string()),
            ApproveError::ReasonMissing => Self::senseless("reason-missing", error.to_string()),
            ApproveError::Objection(objection) => objection.into(),
        }
    }
}
