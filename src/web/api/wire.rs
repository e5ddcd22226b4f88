//! What goes over the wire: instants, bodies that are read as a whole or refused.

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, Object, ObjectBuilder, Type};

use super::problem::Problem;
use crate::domain::level::Level;
use crate::domain::operator::Role;
use crate::domain::profile::Profile;
use crate::domain::timestamp::Timestamp;
use crate::web::app::App;

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

/// The words of a level, for the document.
pub fn levels() -> Object {
    words(Level::ALL.map(Level::as_str))
}

/// The words of a role, for the document.
pub fn roles() -> Object {
    words(Role::ALL.map(Role::as_str))
}

/// Some profiles by their words, for the document.
pub fn profiles() -> Array {
    Array::new(words(Profile::ALL.map(Profile::as_str)))
}

fn words<const N: usize>(known: [&'static str; N]) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(known)).build()
}
