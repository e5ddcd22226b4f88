//! The page of an order over everybody: what an operator waits for, over real HTTP, and what the counting behind it takes.

use std::time::Duration;

use ecluse::domain::client::ClientId;
use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::reset_order::OrderId;
use ecluse::domain::territory::TerritoryCode;
use ecluse::flows::account::grant_role::grant_role;
use ecluse::flows::console::sign_in::{Returned, begin, finish};
use ecluse::flows::console::{CALLBACK, CLIENT_ID, ConsoleSession};
use ecluse::flows::context::Context;
use ecluse::flows::reset_order::roll_up;
use ecluse::oidc::endpoints;
use ecluse::store;
use ecluse::store::db::{Batch, Statement};
use ecluse::store::ephemeral::Writes;

use crate::cpu;
use crate::deployment::{Deployment, Server};
use crate::doors::{self, Asked, Person};
use crate::http::{Connection, page};
use crate::order::{actor, millis, order};
use crate::people::Invented;
use crate::report::{self, median};

const ROUNDS: usize = 41;

/// Orders everybody to change with codes, has a third of them do so, counts, and shows how far it has got.
pub(crate) async fn measure(deployment: &Deployment, ctx: &Context, person: &Person) {
    let academie = TerritoryCode::parse("academie:13").unwrap();
    let hired = grant_role(ctx, &actor().breaking_glass(), &person.login, Role::Authority, &academie).await;
    hired.unwrap().unwrap();
    let id = order(ctx, "academie:13", &[], Level::Recover).await;
    let first = count(ctx, &id).await;
    change(ctx, &id).await;
    let second = count(ctx, &id).await;
    let book = store::reset_order::book(&ctx.db).await.unwrap();
    let progress = store::progress::find(&ctx.db, &id, None).await.unwrap();
    report::title("The progress of an order over everybody");
    report::alone("people who must change", &progress.all.bound.to_string(), "");
    report::alone("people who have", &progress.all.done.to_string(), "");
    report::alone("schools and profiles counted apart", &progress.parts.len().to_string(), "");
    report::alone("orders in the book", &book.orders.len().to_string(), "");
    for (what, took) in [("the first count", first), ("another count", second)] {
        report::alone(&format!("{what}, in the background"), &format!("{:.1} s", took.as_secs_f64()), "");
    }
    let cookie = enter(ctx, person).await;
    let server = deployment.serve();
    let school = Invented::new(0).uai;
    for (what, path, goal) in [
        ("the page of the order", format!("/console/orders/{id}"), "200 ms"),
        ("the page of the order, page 10", format!("/console/orders/{id}?page=10"), "200 ms"),
        ("its report", format!("/console/orders/{id}/report"), ""),
        ("its page of one school", format!("/console/orders/{id}/schools/uai:{school}"), ""),
        ("the list of orders", "/console/orders".to_owned(), ""),
    ] {
        show(&server, &cookie, what, &path, goal).await;
    }
}

/// One page, again and again, by one browser.
async fn show(server: &Server, cookie: &str, what: &str, path: &str, goal: &str) {
    let request = page(path, cookie);
    let mut connection = Connection::open(server.address).await;
    let (mut took, mut length) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        let began = cpu::now();
        let answer = connection.send(&request).await;
        took.push(millis(began.elapsed()));
        assert_eq!(answer.status, 200, "{path} is not shown");
        length = answer.body.len();
    }
    let slowest = took.iter().copied().fold(0.0, f64::max);
    let what = format!("{what}, {} KiB; the first, the slowest", length / 1024);
    let times = format!("{:.1} ms", median(&took));
    report::alone(&what, &times, &format!("{goal} ({:.1}, {slowest:.1})", took[0]));
}

/// Counts the order as the job in the background does.
async fn count(ctx: &Context, id: &OrderId) -> Duration {
    let book = store::reset_order::book(&ctx.db).await.unwrap();
    let order = book.orders.iter().find(|order| order.id == *id).unwrap();
    let began = cpu::now();
    assert!(roll_up::count(ctx, order, &book).await.unwrap(), "another one counts");
    began.elapsed()
}

/// A third of all people chose a new password since.
async fn change(ctx: &Context, id: &OrderId) {
    const SQL: &str = "UPDATE account SET chosen_at = now_us(), chosen_under = $1, proof = 'code'
        WHERE chosen_at IS NOT NULL AND (id LIKE '%0' OR id LIKE '%2' OR id LIKE '%4' OR id LIKE '%6' OR id LIKE '%8')
            AND id NOT IN (SELECT account_id FROM operator_role)";
    let record = store::reset_order::find(&ctx.db, id).await.unwrap().unwrap();
    let clock = record.order.state.force().unwrap().clock;
    ctx.db.run(Batch::plain(vec![Statement::new(SQL, vec![clock.0.into()])])).await.unwrap();
}

/// Signs an operator in to the console, second factor and all. Answers the cookie.
async fn enter(ctx: &Context, person: &Person) -> String {
    let person = doors::come_again(ctx, person).await;
    let begun = begin(ctx, None, None).await.unwrap();
    let (_, query) = begun.location.split_once('?').unwrap();
    let sent = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(sent, _)| sent == name).unwrap().1.into_owned()
    };
    let asked = Asked {
        client: ClientId(CLIENT_ID.to_owned()),
        redirect_uri: endpoints::at(&ctx.settings.issuer, CALLBACK),
        code_challenge: sent("code_challenge"),
        nonce: sent("nonce"),
        scope: "openid",
    };
    let (code, claim) = doors::code(ctx, &person, &asked);
    let mut writes = Writes::plain();
    writes.push(claim);
    ctx.ephemeral.commit(&ctx.db, writes).await.unwrap();
    let returned = Returned { code, state: sent("state") };
    let cookie = finish(ctx, &begun.cookie, returned).await.unwrap().unwrap().cookie;
    let session: ConsoleSession = ctx.ephemeral.get("console", &cookie.hash()).await.unwrap().unwrap();
    let now = ctx.clock.now();
    let session = ConsoleSession { factor_at: Some(now), ..session };
    let ends_at = now.plus(Duration::from_hours(1));
    ctx.ephemeral.put("console", &cookie.hash(), &session, ends_at).await.unwrap();
    format!("ecluse_console={}", cookie.expose())
}
