//! Slips: printed for a place, and ticked as handed over.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::{Caller, Key};
use super::once::once;
use super::person::{find, unknown as nobody};
use super::problem::{Answer, Problem};
use super::wire::{Body, place, whole};
use crate::domain::jurisdiction::Refusal;
use crate::domain::population::Population;
use crate::domain::profile::Profile;
use crate::domain::reset_order::OrderId;
use crate::domain::scope::ApiScope;
use crate::flows::actor::Actor;
use crate::flows::hand_over::{HandOver, Which, hand_over, whose};
use crate::flows::print_slips::Selection;
use crate::flows::reset_order::read::view;
use crate::flows::unavailable::Unavailable;
use crate::paper::output::Format;
use crate::paper::stationery::PerPage;
use crate::store;
use crate::web::app::App;
use crate::web::pages::text::Language;
use crate::web::slips::download::{Nothing, Wish, download};

/// A form in which slips are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Form {
    /// A table for office programs: UTF-8 with a byte order mark, `;`.
    #[default]
    Csv,
    /// One document: for a class or a school.
    Pdf,
    /// A ZIP archive with a PDF for each class.
    Zip,
}

/// Whose codes, and in which form.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlipsRequest {
    /// Such as `uai:0860001J` or `class:0860001J/6A`, with everything below it; or else `login`.
    #[schema(example = "class:0860001J/6A")]
    territory: Option<String>,
    /// One person, by login or id; without `territory`, `profiles` and `order`.
    login: Option<String>,
    /// National profiles such as `National_ELV`; every one when empty. A class teacher names `National_ELV` and `National_TUT`.
    #[serde(default)]
    profiles: Vec<Profile>,
    /// Only those whom this order binds.
    order: Option<String>,
    #[serde(default)]
    format: Form,
    /// Slips on an A4 page of a PDF; eight when absent.
    #[serde(default, deserialize_with = "whole")]
    #[schema(value_type = Option<PerPage>)]
    per_page: Option<u8>,
    /// The language of a PDF; the deployment's when absent.
    #[schema(value_type = Option<Language>)]
    language: Option<String>,
    /// For the audit log.
    reason: Option<String>,
}

/// Prints the live code of one person, or of everybody at a place whose gate is closed, by class and by name, and streams it; where none is alive, a new
/// one is issued. Each print is a line of the audit log. An answer that breaks off has marked no more than a few hundred people beyond
/// what was received. The token must not be older than five minutes. It needs no key: printed again, the codes that are alive are the same.
#[utoipa::path(
    post, path = "/slips", tag = "slips", request_body = SlipsRequest,
    responses(
        (status = 200, description = "The slips",
            content((String = "text/csv"), (Vec<u8> = "application/pdf"), (Vec<u8> = "application/zip"))),
        (status = 204, description = "Nobody at this school or class has a code to print, or not this person: it was used, or they have a role"),
        (status = "4XX", body = Problem)
    ),
    security(("oauth2" = ["slips:print"]))
)]
pub async fn print(
    State(app): State<App>,
    caller: Caller,
    Body(mut request): Body<SlipsRequest>,
) -> Answer<Response> {
    let actor = caller.because(request.reason.take()).act(&app, ApiScope::SlipsPrint).await?;
    let per_page = match request.per_page {
        Some(number) => PerPage::of(number).ok_or_else(|| Problem::invalid("per_page is 1, 2 or 8"))?,
        None => PerPage::Eight,
    };
    let language = match request.language.as_deref() {
        Some(tag) => Language::named(tag).ok_or_else(|| Problem::invalid("language is fr or en"))?,
        None => app.site.slips.language,
    };
    let selection = selection(&app, &actor, &request).await?;
    let wish = Wish {
        selection,
        format: match request.format {
            Form::Csv => Format::Csv,
            Form::Pdf => Format::Pdf,
            Form::Zip => Format::Zip,
        },
        per_page,
        language,
    };
    match download(&app, actor, wish).await? {
        Ok(slips) => Ok(slips),
        Err(Nothing::Nobody(_)) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(Nothing::Refused(Refusal::OutOfTerritory)) => Err(unknown(&request)),
        Err(Nothing::Refused(refusal)) => Err(refusal.into()),
        Err(Nothing::TooWide) => {
            Err(Problem::senseless("too-wide", "one PDF is for a class or a school; ask for zip"))
        }
    }
}

/// Whose slips are asked for.
async fn selection(app: &App, actor: &Actor, request: &SlipsRequest) -> Answer<Selection> {
    let alone = request.profiles.is_empty() && request.order.is_none();
    let territory = match (&request.territory, &request.login) {
        (Some(territory), None) => place(territory)?,
        (None, Some(login)) if alone => {
            let account = find(app, actor, login).await?.facts.account;
            return match Selection::one(&app.ctx, actor, &account).await? {
                Ok(one) => Ok(one),
                Err(Refusal::OutOfTerritory) => Err(unknown(request)),
                Err(refusal) => Err(refusal.into()),
            };
        }
        _ => {
            let detail = "name a territory, or a login without profiles and order";
            return Err(Problem::senseless("nobody", detail));
        }
    };
    let found = store::territory::find(&app.ctx.db, &territory).await.map_err(Unavailable::from)?;
    let territory = found.ok_or_else(|| unknown(request))?.path;
    let order = request.order.clone().map(OrderId);
    if let Some(id) = &order
        && view(&app.ctx, actor, id).await?.is_none()
    {
        return Err(Problem::not_found(format!("there is no order {id}, or not for you")));
    }
    let profiles = request.profiles.iter().copied().collect();
    Ok(Selection::of(Population { territory, profiles }, order))
}

/// What is outside the operator's territory is as what is not there.
fn unknown(request: &SlipsRequest) -> Problem {
    match &request.territory {
        Some(territory) => Problem::not_found(format!("the territory {territory} is not known")),
        None => nobody(),
    }
}

/// Which slips were handed over.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverRequest {
    /// Where: of a class, its pupils and guardians are meant.
    #[schema(example = "class:0860001J/6A")]
    territory: String,
    /// Only people of this profile.
    profile: Option<Profile>,
    /// Who got theirs; absent: everybody for whom one was printed. One who is not there refuses all of them. At most 10,000.
    logins: Option<Vec<String>>,
    /// That they were handed over; `false` takes it back.
    #[serde(default = "yes")]
    handed: bool,
    /// For the audit log.
    reason: Option<String>,
}

const fn yes() -> bool {
    true
}

/// How many slips were ticked, or are not any more.
#[derive(Debug, Serialize, ToSchema)]
pub struct HandOverAnswer {
    slips: usize,
}

/// Says of slips that they were handed over. It is said of the code on the slip, and ends with it.
#[utoipa::path(
    post, path = "/slips/handed", tag = "slips", params(Key), request_body = HandOverRequest,
    responses((status = 200, body = HandOverAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["slips:print"]))
)]
pub async fn hand(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<HandOverRequest>,
) -> Answer<Json<HandOverAnswer>> {
    let caller = caller.once(&("hand over", &request)).because(request.reason);
    let actor = caller.act(&app, ApiScope::SlipsPrint).await?;
    let place = place(&request.territory)?;
    let who = whose(&place, request.profile);
    let which = match &request.logins {
        Some(logins) => Which::Logins(logins),
        None if !request.handed => {
            return Err(Problem::senseless("nobody", "name the logins that it is taken back of"));
        }
        None => Which::Printed,
    };
    let wish = HandOver { place: &place, who, which, handed: request.handed };
    let handed = hand_over(&app.ctx, &actor, &wish);
    let slips = once(&app.ctx, &actor, handed, async |slips| Ok(slips.parse().ok())).await??;
    Ok(Json(HandOverAnswer { slips }))
}
