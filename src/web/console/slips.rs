//! Slips from the console: those of a place or of an order, as the form asks for them.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::domain::jurisdiction::Refusal;
use crate::domain::reset_order::OrderId;
use crate::flows::actor::{Actor, Origin, Powers};
use crate::flows::console::AtDesk;
use crate::flows::print_slips::{Printed, Selection};
use crate::flows::reset_order::read::{View, view};
use crate::oidc::parameters::Parameters;
use crate::paper::output::Format;
use crate::paper::stationery::PerPage;
use crate::web::api::problem::Problem;
use crate::web::app::App;
use crate::web::console::orders::{ORDERS, order_page};
use crate::web::console::view::places::PrintForm;
use crate::web::console::{Answer, Elsewhere, Room, factor};
use crate::web::extract::form::Form;
use crate::web::extract::visit::Visit;
use crate::web::pages::text::Language;
use crate::web::pages::view::Trouble;
use crate::web::slips::download::{Nothing, Wish, download};

/// The slips of a selection as the form asks for them, or what became of those who got none.
pub(super) async fn printed_file(
    room: &Room<'_>,
    (desk, actor): (&AtDesk, &Actor),
    selection: Selection,
    form: &Parameters,
) -> Result<Result<Response, Printed>, Elsewhere> {
    let Some((format, per_page)) = layout(form) else {
        return Err(room.trouble(Trouble::InvalidRequest).into());
    };
    let language = form.one("language").ok().flatten().and_then(Language::named);
    let language = language.unwrap_or(room.app.site.slips.language);
    let wish = Wish { selection, format, per_page, language };
    match download(room.app, actor.clone(), wish).await? {
        Ok(file) => Ok(Ok(file)),
        Err(Nothing::Nobody(printed)) => Ok(Err(printed)),
        Err(Nothing::Refused(Refusal::FactorTooOld)) => {
            Err(factor::ask_again(room, &desk.visitor, form).await?.into())
        }
        // Of what the operator may not print not even the existence is told.
        Err(Nothing::Refused(_)) => Err(room.trouble(Trouble::NotFound).into()),
        Err(Nothing::TooWide) => Err(room.trouble(Trouble::InvalidRequest).into()),
    }
}

/// How slips are laid out, as the form has it.
fn layout(form: &Parameters) -> Option<(Format, PerPage)> {
    match form.one("layout").ok()?? {
        "csv" => Some((Format::Csv, PerPage::Eight)),
        "pdf-1" => Some((Format::Pdf, PerPage::One)),
        "pdf-2" => Some((Format::Pdf, PerPage::Two)),
        "pdf-8" => Some((Format::Pdf, PerPage::Eight)),
        "zip-1" => Some((Format::Zip, PerPage::One)),
        "zip-2" => Some((Format::Zip, PerPage::Two)),
        "zip-8" => Some((Format::Zip, PerPage::Eight)),
        _ => None,
    }
}

/// How the slips of an order are asked for; none before it has been in force, or where the operator prints for nobody whom it reaches.
pub(super) fn order_form(room: &Room<'_>, view: &View, powers: &Powers) -> Option<PrintForm> {
    let selection = of_order(view, powers)?;
    Some(PrintForm {
        action: room.address(&format!("{ORDERS}/{}/slips", view.record.order.id), &[]),
        fields: Vec::new(),
        what: "print-order-what",
        pdf: selection.fits_into_one_document(),
        zip: true,
        omitted: None,
        language: room.app.site.slips.language,
    })
}

fn of_order(view: &View, powers: &Powers) -> Option<Selection> {
    let order = &view.record.order;
    order.state.force().and_then(|_| Selection::bound_by(order, powers))
}

/// POST `/console/orders/{id}/slips`: the slips of whoever the order binds, of the parts that the operator prints for.
pub async fn of_an_order(
    State(app): State<App>,
    Path(id): Path<String>,
    visit: Visit,
    origin: Origin,
    form: Form,
) -> Response {
    let room = Room::of_form(&app, visit, &format!("{ORDERS}/{id}"), &[]);
    room.end(printed(&room, &OrderId(id), origin, form).await)
}

async fn printed(room: &Room<'_>, id: &OrderId, origin: Origin, form: Form) -> Answer {
    let (desk, form) = room.posted(form).await?;
    let actor = desk.actor(None, origin);
    let powers = actor.powers(&room.app.ctx).await?;
    let found = view(&room.app.ctx, &actor, id).await?;
    let Some(selection) = found.and_then(|view| of_order(&view, &powers)) else {
        return Ok(room.trouble(Trouble::NotFound));
    };
    if let Ok(file) = printed_file(room, (&desk, &actor), selection, &form).await? {
        return Ok(file);
    }
    let problem = Problem::conflict("no-slips", "nobody whom the order binds there has a code to print");
    order_page(room, &desk.visitor, &actor, id, 1, Some((&problem, &form))).await
}
