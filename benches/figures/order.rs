//! An order over a thousand accounts and over a million, to its commit, and until the first request after it is decided.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::profile::Profile;
use ecluse::domain::reset_order::OrderId;
use ecluse::domain::territory::TerritoryCode;
use ecluse::flows::actor::Actor;
use ecluse::flows::context::Context;
use ecluse::flows::reset_order::cancel::cancel;
use ecluse::flows::reset_order::issue::{Proposal, issue};

use crate::cpu;
use crate::deployment::Server;
use crate::doors::{self, Person};
use crate::http::Connection;
use crate::report::{self, median};

const ROUNDS: usize = 41;

/// Who orders in a bench.
pub(crate) fn actor() -> Actor {
    Actor::local("bench", Some("a measure".to_owned()))
}

/// That everybody of these profiles in a place changes the password.
pub(crate) fn proposal(territory: &str, profiles: &[Profile], level: Level) -> Proposal {
    Proposal {
        territory: TerritoryCode::parse(territory).unwrap(),
        profiles: profiles.iter().copied().collect(),
        level,
        never_activated: false,
        changed_since: None,
        reset_by_school_since: None,
        named_operators: Vec::new(),
        at: None,
        deadline: None,
        code_lifetime: None,
        repeats: false,
    }
}

/// Orders it.
pub(crate) async fn order(ctx: &Context, territory: &str, profiles: &[Profile], level: Level) -> OrderId {
    let proposal = proposal(territory, profiles, level);
    issue(ctx, &actor().breaking_glass(), &proposal, None).await.unwrap().unwrap().order.id
}

/// Issues orders over the whole of both populations in turn, and lifts them in the end.
pub(crate) async fn measure(small: &Context, large: &Context, server: &Server, people: &[Person]) {
    let questions = doors::tokens(server, large, people).await;
    let mut connection = Connection::open(server.address).await;
    let mut took: [Vec<f64>; 4] = Default::default();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let mut issued = Vec::new();
    for _ in 0..ROUNDS {
        for (at, ctx, profiles) in [
            (0, small, &[][..]),
            (1, large, &[][..]),
            (2, small, &[Profile::Head]),
            (3, large, &[Profile::Head]),
        ] {
            let began = cpu::now();
            let id = order(ctx, "academie:13", profiles, Level::Change).await;
            took[at].push(millis(began.elapsed()));
            issued.push((ctx, id));
            if at == 1 {
                let began = cpu::now();
                let answer = connection.send(&questions[0]).await;
                after.push(millis(began.elapsed()));
                assert_eq!(answer.body, b"{\"active\":false}", "the order is not asked about");
                let began = cpu::now();
                connection.send(&questions[0]).await;
                before.push(millis(began.elapsed()));
            }
        }
    }
    // So that the progress of none of them is counted while others are measured.
    for (ctx, id) in issued {
        cancel(ctx, &actor().breaking_glass(), &id).await.unwrap().unwrap();
    }
    report::title("Orders, in milliseconds from the command to the commit");
    let ratio = median(&took[1]) / median(&took[0]);
    report::alone("an order over 1,000 accounts", &format!("{:.2} ms", median(&took[0])), "");
    report::alone("an order over the whole population", &format!("{:.2} ms", median(&took[1])), "50 ms");
    report::alone("  how many times that of 1,000", &format!("{ratio:.2}"), "1.2");
    let ratio = median(&took[3]) / median(&took[2]);
    report::alone("the same for heads of school only", &format!("{:.2} ms", median(&took[3])), "50 ms");
    report::alone("  how many times that of 1,000", &format!("{ratio:.2}"), "1.2");
    report::alone("the first request after it, answered", &format!("{:.2} ms", median(&after)), "");
    report::alone("a request after that", &format!("{:.2} ms", median(&before)), "");
}

pub(crate) fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}
