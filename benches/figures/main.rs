//! What is fast, and how fast the machine could be: each measure is printed beside its limit, taken in the same run.
//!
//! Limits and measures alternate, and the middle of several rounds counts, so that whatever else runs on the machine
//! slows both. Where it matters how much work a core can do, time on the core is counted, not time on the wall.
//!
//! `cargo bench` measures everything; `cargo bench -- --accounts 100000` does so on a smaller population.

#![expect(clippy::unwrap_used, reason = "a measure that cannot go on says where it stopped")]
#![expect(clippy::print_stdout, reason = "what is measured is printed")]

mod child;
mod cpu;
mod deployment;
mod doors;
mod http;
mod import;
mod limits;
mod memory;
mod order;
mod paper;
mod peers;
mod people;
mod preview;
mod progress;
mod replicas;
mod report;
mod sign_in;
mod slips;
#[path = "../../src/store/db/test_server.rs"]
mod test_server;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Parser, ValueEnum};

use crate::deployment::{Deployment, some_accounts};

/// Measures Écluse beside its limits.
#[derive(Parser)]
struct Arguments {
    /// Said by `cargo bench`; without it nothing is measured, so that a run of all tests passes by.
    #[arg(long, hide = true)]
    bench: bool,
    /// How large the large population is.
    #[arg(long, default_value_t = 1_000_000)]
    accounts: u32,
    /// Measure only these, on the population that all measures need.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Begin with a copy of the population that an earlier run left in this directory, or leave one there; in a file only.
    #[arg(long)]
    kept: Option<PathBuf>,
    /// Be the server of bare routes.
    #[arg(long, hide = true)]
    bare: Option<SocketAddr>,
    /// The lengths of their answers.
    #[arg(long, hide = true, value_delimiter = ',')]
    lengths: Vec<usize>,
    /// Print in this form, and tell the memory it took.
    #[arg(long, hide = true, requires = "slips")]
    paper: Option<String>,
    /// So many slips.
    #[arg(long, hide = true)]
    slips: Option<u32>,
    /// Import the files of this deployment.
    #[arg(long, hide = true)]
    import: Option<PathBuf>,
}

/// What is measured, in this order.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Needs no population, and makes none if it is alone.
    Paper,
    Import,
    Memory,
    /// What an order would do.
    Preview,
    SignIns,
    Doors,
    Orders,
    /// How far an order has got.
    Progress,
    Slips,
    /// Beside node-oidc-provider; `make bench-peers` installs it.
    Peers,
    /// Two on a core each beside one; needs PostgreSQL and Redis.
    Replicas,
}

#[tokio::main]
async fn main() {
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let arguments = Arguments::parse();
    if !arguments.bench {
        println!("nothing is measured without --bench; use `cargo bench`");
    } else if let Some(address) = arguments.bare {
        limits::bare(address, arguments.lengths).await;
    } else if let (Some(form), Some(count)) = (&arguments.paper, arguments.slips) {
        println!("{}", paper::in_child(form, count));
    } else if let Some(home) = &arguments.import {
        import::in_child(&Deployment::at(home)).await;
    } else {
        // Not in the system's directory for temporary files, which may be in memory: commits must reach a disk.
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let wanted = |part| match part {
            Part::Peers | Part::Replicas => arguments.only.contains(&part),
            _ => arguments.only.is_empty() || arguments.only.contains(&part),
        };
        report::head();
        if wanted(Part::Paper) {
            paper::measure();
        }
        if arguments.only != [Part::Paper] {
            measure(directory.path(), &arguments, wanted).await;
        }
    }
}

async fn measure(directory: &Path, arguments: &Arguments, wanted: impl Fn(Part) -> bool) {
    let Arguments { accounts, ref kept, .. } = *arguments;
    let (large, imported) = import::settled(&directory.join("large"), kept.as_deref(), accounts).await;
    if let Some(imported) = imported.filter(|_| wanted(Part::Import)) {
        import::measure(&imported, &large, directory, accounts).await;
    }
    if wanted(Part::Memory) {
        memory::measure(directory, &large).await;
    }
    let ctx = Arc::new(large.context().await);
    if wanted(Part::Preview) || wanted(Part::Progress) {
        preview::activate(&ctx).await;
    }
    if wanted(Part::Preview) {
        preview::measure(&large, &ctx).await;
    }
    let some = some_accounts(&ctx.db, 1_000, accounts).await;
    let people = doors::move_in(&ctx, some).await;
    if wanted(Part::SignIns) {
        sign_in::measure(Arc::clone(&ctx), &people).await;
    }
    let server = large.serve();
    if wanted(Part::Doors) {
        doors::measure(&large, &server, &ctx, &people).await;
    }
    if wanted(Part::Memory) {
        memory::under_load(&server, &people).await;
    }
    if wanted(Part::Orders) {
        let small = Deployment::init(&directory.join("small")).await;
        import::populate(&small, 1_000);
        order::measure(&small.context().await, &ctx, &server, &people).await;
    }
    drop(server);
    if wanted(Part::Progress) {
        progress::measure(&large, &ctx, &people[0]).await;
    }
    if wanted(Part::Peers) {
        peers::measure(&large, &ctx, &people).await;
    }
    if wanted(Part::Replicas) {
        replicas::measure(&large, &ctx, &people).await;
    }
    if wanted(Part::Slips) {
        slips::measure(&large, &ctx).await;
    }
}
