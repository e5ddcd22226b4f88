//! Monday at eight, after a mass reset: people arrive at a steady rate, whether or not those before them were served. Each
//! signs in, half of them must change their password, and then their relying party refreshes.
//!
//! The rate is raised until no more people arrive at their relying party than before: that is the plateau. Then many
//! times as many come as that. Whoever cannot be served must be told so soon, and those who are served must be as many as
//! on the plateau. As machines are faster in one minute than in another, the two take turns, and the middle ones count.
//!
//! Everything runs on this machine, this program included. So that neither takes from the other, the provider gets some of the
//! cores and this program the others; what each needed of them is printed.

mod cores;
mod deployment;
mod journey;
mod tally;
mod visitor;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use ::ecluse::cli::printer::{ExitStatus, Failure, Printer};
use clap::Parser;
use tokio::task::JoinSet;

use crate::cores::{Cores, on_core};
use crate::deployment::Deployment;
use crate::tally::{Kind, Tally, now};

/// Loads a provider of its own.
#[derive(Parser)]
struct Arguments {
    /// People there are; each signs in once
    #[arg(long, default_value_t = 20_000)]
    people: usize,
    /// How long each rate is kept up
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(5..=600))]
    seconds: u64,
    /// The rate that is begun with, in people a second; each step multiplies it by 1.5
    #[arg(long, default_value_t = 6.0)]
    from: f64,
    /// How many times the plateau comes at last
    #[arg(long, default_value_t = 5.0)]
    times: f64,
    /// The seconds between two refreshes of one person
    #[arg(long, default_value_t = 5)]
    refresh: u64,
    /// The most who are on the way or refresh at once; those who would come then are not sent, and counted
    #[arg(long, default_value_t = 3_500)]
    crowd: usize,
    /// The cores that the provider gets, the first ones; this program keeps the others. 0: whoever needs one takes it [default: half]
    #[arg(long)]
    cores: Option<usize>,
}

/// Rates at most, before the last.
const STEPS: usize = 9;

/// Turns of the two rates that are compared.
const TURNS: usize = 3;

/// What one rate led to.
struct Step {
    rate: f64,
    arrived: f64,
}

/// Where everything stands.
struct Load {
    arguments: Arguments,
    deployment: Arc<Deployment>,
    /// The next person.
    next: usize,
    printer: Printer,
}

fn main() -> ExitStatus {
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let arguments = Arguments::parse();
    let printer = Printer::new(false, false);
    // Before there are threads: they inherit it.
    let outcome = Cores::share(arguments.cores)
        .and_then(|cores| Ok((cores, tokio::runtime::Runtime::new()?)))
        .and_then(|(cores, runtime)| runtime.block_on(run(arguments, cores, printer)));
    outcome.unwrap_or_else(|failure| printer.failure(&failure))
}

async fn run(arguments: Arguments, cores: Cores, printer: Printer) -> Result<ExitStatus, Failure> {
    printer.talk("Making a provider, and people with passwords …");
    let deployment = Arc::new(Deployment::make(arguments.people, cores).await?);
    printer.data(&format!(
        "{} people on {}, {}; {} s a rate; times in ms: middle, 95 %, 99 %\n",
        arguments.people,
        deployment.stores(),
        deployment.cores(),
        arguments.seconds
    ))?;
    let mut load = Load { arguments, deployment, next: 0, printer };
    let found = load.plateau().await?;
    let (times, rate) = (load.arguments.times, found.rate);
    let (mut plateaus, mut rushes) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        plateaus.push(load.step(rate).await?.arrived);
        rushes.push(load.step(times * found.arrived).await?.arrived);
    }
    let (plateau, rush) = (middle(plateaus), middle(rushes));
    load.printer.data(&format!(
        "plateau {plateau:.1} people a second; at {times} times that, {rush:.1}: {:.0} %\n",
        100.0 * rush / plateau
    ))?;
    Ok(ExitStatus::Done)
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

impl Load {
    /// Raises the rate until more cannot be, and returns the step on which most arrived.
    async fn plateau(&mut self) -> Result<Step, Failure> {
        let mut rate = self.arguments.from;
        let mut best = Step { rate, arrived: 0.0 };
        let mut beyond = 0;
        for _ in 0..STEPS {
            let step = self.step(rate).await?;
            // Two rates that are more than can be: the better of them is as much as can be.
            beyond += usize::from(step.arrived < 0.9 * rate);
            if step.arrived > best.arrived {
                best = step;
            }
            if beyond == 2 {
                break;
            }
            rate *= 1.5;
        }
        Ok(best)
    }

    /// People come at this rate for a while.
    async fn step(&mut self, rate: f64) -> Result<Step, Failure> {
        let length = Duration::from_secs(self.arguments.seconds);
        let every = Duration::from_secs(self.arguments.refresh);
        let tally = Arc::new(Tally::begin());
        let mut people = JoinSet::new();
        let (began, served, own) = (now(), self.deployment.on_core(), on_core(std::process::id()));
        let mut most = 0;
        let (mut sent, mut kept_back) = (0_u32, 0_u32);
        while began.elapsed() < length {
            let due = began + Duration::from_secs_f64(f64::from(sent + kept_back) / rate);
            tokio::time::sleep(due.saturating_duration_since(now())).await;
            if tally.under_way() >= self.arguments.crowd {
                kept_back += 1;
                continue;
            }
            if self.next >= self.arguments.people {
                return Err(Failure::failed("nobody is left who has not signed in").hint("more --people"));
            }
            people.spawn(journey::go(Arc::clone(&self.deployment), Arc::clone(&tally), self.next, every));
            (self.next, sent) = (self.next + 1, sent + 1);
            if sent.is_multiple_of(16) {
                most = most.max(self.deployment.memory());
            }
        }
        let took = began.elapsed();
        let cores = [
            self.deployment.on_core().saturating_sub(served),
            on_core(std::process::id()).saturating_sub(own),
        ];
        tally.end();
        people.join_all().await;
        most = most.max(self.deployment.memory());
        let step = Step { rate, arrived: tally.rate(Kind::Arrived, length / 3, length) };
        let cores = cores.map(|time| time.as_secs_f64() / took.as_secs_f64());
        self.tell(&tally, &step, [rate, f64::from(kept_back)], cores, most)?;
        Ok(step)
    }

    fn tell(
        &self,
        tally: &Tally,
        step: &Step,
        [rate, kept_back]: [f64; 2],
        [served, own]: [f64; 2],
        memory: u64,
    ) -> Result<(), Failure> {
        let length = Duration::from_secs(self.arguments.seconds);
        let mut text = format!(
            "{rate:.1} a second came: {:.1} arrived, {:.1} refreshed, {:.1} were told to come back later",
            step.arrived,
            tally.rate(Kind::Refresh, length / 3, length),
            tally.rate(Kind::TurnedAway, length / 3, length),
        );
        if kept_back > 0.0 {
            let _ = write!(text, ", {kept_back} were not sent");
        }
        let _ = write!(text, "\n    {memory} MiB, {served:.2} cores; the load itself {own:.2} cores\n    ");
        let kinds = [
            ("sign-in", Kind::SignIn),
            ("change", Kind::Change),
            ("exchange", Kind::Exchange),
            ("all the way", Kind::Arrived),
            ("refresh", Kind::Refresh),
            ("503", Kind::TurnedAway),
        ];
        let times = kinds.into_iter().filter_map(|(name, kind)| {
            let [middle, most, nearly_all] = tally.percentiles(kind)?;
            Some(format!("{name} {middle:.0}, {most:.0}, {nearly_all:.0}"))
        });
        text += &times.collect::<Vec<_>>().join("; ");
        for (failure, count) in tally.failures() {
            let _ = write!(text, "\n    {count} times: {failure}");
        }
        text.push('\n');
        self.printer.data(&text)?;
        Ok(())
    }
}
