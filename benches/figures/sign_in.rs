//! Signing in, with the costs of hashing that a deployment has by default.

use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::Params;
use ecluse::domain::secret::Secret;
use ecluse::flows::browser::{Browser, Cookies};
use ecluse::flows::context::Context;
use ecluse::flows::log_in::{Credentials, LogIn, log_in};
use tokio::task::JoinSet;

use crate::doors::Person;
use crate::report::{self, median, rate};
use crate::{cpu, limits};

/// The password that everybody chose.
pub(crate) const PASSWORD: &str = "Chat-noir7";

const ROUNDS: usize = 7;

/// Measures sign-ins from the login typed to the session stored, beside as many bare hashes.
pub(crate) async fn measure(ctx: Arc<Context>, people: &[Person]) {
    let cores = u32::try_from(available_parallelism().unwrap().get()).unwrap();
    let hashing = ctx.settings.hashing;
    let params = Params::new(hashing.memory_kib, hashing.iterations, hashing.parallelism, Some(32)).unwrap();
    let each = 24;
    let count = each * cores;
    let (mut bare, mut known, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    let (mut bare_all, mut known_all, mut unknown_all) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (cost, took) = limits::argon2id(&params, cores, each);
        bare.push(rate(count, cost));
        bare_all.push(rate(count, took));
        for (is_known, of_core, of_all) in
            [(true, &mut known, &mut known_all), (false, &mut unknown, &mut unknown_all)]
        {
            let before = cpu::of_process(std::process::id());
            let began = cpu::now();
            sign_in(&ctx, people, count, is_known).await;
            let took = began.elapsed();
            of_core.push(rate(count, cpu::spent(std::process::id(), before)));
            of_all.push(rate(count, took));
        }
    }
    let shares =
        |got: &[f64]| median(&got.iter().zip(&bare).map(|(got, limit)| got / limit).collect::<Vec<_>>());
    report::title("Sign-ins, against bare Argon2id with reused memory");
    let goal = "95 %";
    report::share(
        "from known browsers, a second of a core",
        median(&known),
        median(&bare),
        shares(&known),
        goal,
    );
    report::share(
        "from unknown browsers, a second of a core",
        median(&unknown),
        median(&bare),
        shares(&unknown),
        goal,
    );
    let share = |got: &[f64]| median(got) / median(&bare_all);
    report::share(
        "from known browsers, a second of the machine",
        median(&known_all),
        median(&bare_all),
        share(&known_all),
        "",
    );
    report::share(
        "from unknown browsers, a second of the machine",
        median(&unknown_all),
        median(&bare_all),
        share(&unknown_all),
        "",
    );
}

/// Signs people in, sixteen at a time.
async fn sign_in(ctx: &Arc<Context>, people: &[Person], count: u32, known: bool) {
    let mut under_way = JoinSet::new();
    for person in people.iter().cycle().take(count as usize) {
        if under_way.len() >= 16 {
            under_way.join_next().await.unwrap().unwrap();
        }
        let (ctx, account, login) = (Arc::clone(ctx), person.account.clone(), person.login.clone());
        let chosen_at = person.chosen_at;
        under_way.spawn(async move {
            let mut browser = Browser::default();
            if known {
                let known = Some(browser.remembering(&ctx, &account, chosen_at));
                let cookies = Cookies { known, ..Cookies::default() };
                browser = Browser::load(&ctx, cookies).await.unwrap();
            }
            let typed = Credentials { login, password: Secret::new(PASSWORD.to_owned()) };
            let outcome = log_in(&ctx, &browser, typed).await.unwrap();
            assert!(matches!(outcome, LogIn::SignedIn { .. }), "the sign-in was refused");
        });
    }
    under_way.join_all().await;
}
