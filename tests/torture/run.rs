//! The run: everything at once for a while, then all is mended, and what was written down is judged.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ecluse::flows::random::Random;
use tokio::task::JoinSet;

use super::checker::check;
use super::dice::Dice;
use super::history::{Act, Final, History, Outcome};
use super::people::ambush::Ambusher;
use super::people::operators::{Operator, order_at_last};
use super::people::person::Person;
use super::people::town::Town;
use super::world::World;

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a number")))
}

/// Two at each account: its owner, and somebody who knows as much.
fn people(town: &Arc<Town>, seed: u64) -> Vec<Person> {
    let accounts = town.accounts.values().filter(|account| !account.is_in_the_lair());
    let actors = (100..).step_by(2).zip(accounts);
    let both = |(first, account): (u32, &Arc<_>)| {
        [first, first + 1].map(|actor| Person::new(town, account, actor, Dice::of(seed, actor)))
    };
    actors.flat_map(both).collect()
}

/// Whether one thing proved is enough.
fn stops_early() -> bool {
    setting::<u8>("ECLUSE_TORTURE_STOP") == Some(1)
}

fn so_far(town: &Town) -> History {
    History { events: town.recorder.events(), end: Final::default() }
}

/// Ends it after a while, or once something was proved. On a machine that has no time for it the while is longer.
async fn end(town: Arc<Town>, seconds: u64) {
    let last = i64::try_from(seconds).unwrap() * 1_000_000;
    let goes_on = |now: i64| now < last || (now < 5 * last && too_little(&town, seconds).is_some());
    let mut suspected = false;
    while goes_on(town.recorder.now()) {
        tokio::time::sleep(Duration::from_secs(if stops_early() { 2 } else { 1 })).await;
        if stops_early() {
            let so_far = so_far(&town);
            let proved = !tokio::task::spawn_blocking(move || check(&so_far)).await.unwrap().is_empty();
            // What is still under way may explain it, and is over when it is looked at again.
            if proved && suspected {
                break;
            }
            suspected = proved;
        }
    }
    town.over.store(true, Ordering::Relaxed);
}

/// Nothing that was begun is under way any more.
async fn quiet(world: &mut World, town: &Town) {
    world.replicas.iter_mut().for_each(super::world::replica::Replica::kill);
    world.until_nobody_is_connected().await;
    town.recorder.record(town.recorder.now(), (0, None), Act::Quiet, Outcome::Yes);
    World::start_replicas(&mut world.replicas).await;
}

/// Everybody with a secret gets in: who does.
async fn all_get_in(town: &Arc<Town>, seed: u64) -> Vec<String> {
    let mut trying = JoinSet::new();
    for account in town.accounts.values() {
        let person = Person::new(town, account, 1_000 + account.key, Dice::of(seed, 1_000 + account.key));
        trying.spawn(async move {
            let got_in = person.get_in_at_last().await;
            got_in.then(|| person.account.login.clone())
        });
    }
    trying.join_all().await.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL and Redis: make torture"]
async fn under_faults() {
    let seed = setting("ECLUSE_TORTURE_SEED")
        .unwrap_or_else(|| u64::from(u32::from_be_bytes(Random::system().bytes())));
    let seconds = setting("ECLUSE_TORTURE_SECONDS").unwrap_or(60);
    println!("seed {seed}, {seconds} s");
    let mut world = World::build(seed).await;
    let town = Arc::new(Town::found(&world).await);
    let mut actors = JoinSet::new();
    for person in people(&town, seed) {
        actors.spawn(person.live());
    }
    for operator in Operator::office(&town, 2, seed, 3) {
        actors.spawn(operator.work());
    }
    for ambusher in Ambusher::all(&town, &world) {
        actors.spawn(ambusher.lurk());
    }
    actors.spawn(end(Arc::clone(&town), seconds));
    world.go_wrong(&town).await;
    while let Some(ended) = actors.join_next().await {
        ended.unwrap();
    }
    // Everything that was begun has been answered or given up: nothing that is still under way explains it.
    if stops_early() && !check(&so_far(&town)).is_empty() {
        judge(&town, &so_far(&town));
    }
    quiet(&mut world, &town).await;
    // Whoever gets in changes a password, and that is told of: whether an order was told must be seen before.
    order_at_last(&town, &world.dice).await;
    world.until_all_are_told().await;
    let all_told = town.recorder.now();
    let in_at_last = all_get_in(&town, seed).await;
    world.until_all_are_told().await;
    let events = town.recorder.events();
    let end = world.found(&town, &events, all_told, &in_at_last).await;
    judge(&town, &History { events, end });
    assert_eq!(too_little(&town, seconds), None, "too little happened");
}

/// Prints what happened and what it proves.
#[expect(clippy::print_stdout, reason = "a part of the test, for the reader")]
fn judge(town: &Town, history: &History) {
    if let Some(path) = std::env::var_os("ECLUSE_TORTURE_HISTORY") {
        std::fs::write(path, history.to_lines()).unwrap();
    }
    for ((act, outcome), count) in town.recorder.counts() {
        println!("{count:7} {act} {outcome}");
    }
    println!("{:7} commits", history.end.committed.len());
    let violations = check(history);
    for violation in &violations {
        println!("{violation}");
    }
    assert!(violations.is_empty(), "{} rules were broken", violations.len());
}

/// What happened too seldom: a run in which little happened proves little.
fn too_little(town: &Town, seconds: u64) -> Option<String> {
    let counts = town.recorder.counts();
    let seconds = usize::try_from(seconds).unwrap();
    let least = [
        ("sign_in", seconds),
        ("change", seconds / 2),
        ("exchange", seconds / 2),
        ("refresh", seconds / 20),
        ("introspect", seconds / 10),
        ("order", seconds / 15),
        ("fault", seconds / 8),
    ];
    least.into_iter().find_map(|(act, least)| {
        let happened = counts.get(&(act.to_owned(), "yes")).copied().unwrap_or_default();
        (happened < least).then(|| format!("{act} {happened} times, not {least}"))
    })
}
