//! What goes over the wire: instants, bodies that are read as a whole or refused.

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize as _, Deserializer};
use serde_json::{Number, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::problem::{Answer, Problem};
use crate::domain::level::Level;
use crate::domain::operator::Role;
use crate::domain::profile::Profile;
use crate::domain::territory::TerritoryCode;
use crate::domain::timestamp::Timestamp;
use crate::flows::people::search::State;
use crate::paper::stationery::PerPage;
use crate::web::app::App;
use crate::web::pages::text::Language;

/// A JSON body; one that cannot be read is a problem.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let Json(value) = Json::<T>::from_request(request, app).await?;
        Ok(Self(value))
    }
}

/// The query; one that cannot be read is a problem.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let axum::extract::Query(value) = axum::extract::Query::<T>::from_request_parts(parts, app).await?;
        Ok(Self(value))
    }
}

/// What the address names; one that cannot be read is a problem.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let axum::extract::Path(value) = axum::extract::Path::<T>::from_request_parts(parts, app).await?;
        Ok(Self(value))
    }
}

/// An instant as RFC 3339 writes it.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = DateTime)]
pub struct Instant(jiff::Timestamp);

impl From<Timestamp> for Instant {
    fn from(instant: Timestamp) -> Self {
        Self(jiff::Timestamp::from_microsecond(instant.micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
    }
}

impl From<Instant> for Timestamp {
    fn from(Instant(instant): Instant) -> Self {
        Self::from_micros(instant.as_microsecond())
    }
}

/// A whole number, of 64 bits with a sign as the document says. JSON has one kind of number, and JSON Schema calls `3.0` an integer; serde does not.
pub fn whole<'de, N, D>(deserializer: D) -> Result<Option<N>, D::Error>
where
    N: TryFrom<i64>,
    D: Deserializer<'de>,
{
    let Some(number) = Option::<Number>::deserialize(deserializer)? else { return Ok(None) };
    let written = match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 => format!("{float:.0}"),
        _ => number.to_string(),
    };
    let read = written.parse().ok().and_then(|whole: i64| N::try_from(whole).ok());
    read.map(Some).ok_or_else(|| D::Error::custom(format!("{number} is not a number of the range")))
}

/// A place as it was written.
pub fn place(text: &str) -> Answer<TerritoryCode> {
    TerritoryCode::parse(text).map_err(|error| Problem::senseless("unknown-territory", error.to_string()))
}

/// What the document says of a type whose values are all known: so the types of the domain need not know of documents.
macro_rules! described {
    ($type:ty, $kind:expr, $values:expr) => {
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type($kind).enum_values(Some($values.map(Value::from))).into()
            }
        }

        impl ToSchema for $type {}
    };
}

described!(Language, Type::String, Language::ALL.map(Language::tag));
described!(Level, Type::String, Level::ALL.map(Level::as_str));
described!(PerPage, Type::Integer, PerPage::ALL.map(PerPage::number));
described!(Profile, Type::String, Profile::ALL.map(Profile::as_str));
described!(Role, Type::String, Role::ALL.map(Role::as_str));
described!(State, Type::String, State::all().map(State::as_str));
