//! Reading people from a file, beside the database's own bulk load of the same people.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use ecluse::flows::import_accounts::{Report, import_accounts};
use ecluse::flows::import_territories::import_territories;

use crate::deployment::Deployment;
use crate::order::actor;
use crate::people::{write_people, write_schools};
use crate::report::{self, rate};
use crate::{child, cpu, limits};

/// What an import took, as its process tells it.
pub(crate) struct Taken {
    pub(crate) cost: Duration,
    pub(crate) took: Duration,
    /// MiB at the peak.
    pub(crate) memory: f64,
}

/// Makes a population: a file is written, and read by a process of its own.
pub(crate) fn populate(deployment: &Deployment, people: u32) -> Taken {
    let (schools, file) = (deployment.home.join("schools.csv"), deployment.home.join("people.csv"));
    write_schools(&schools, people);
    write_people(&file, people);
    let answer = child::run(&["--import", deployment.home.to_str().unwrap()]);
    let mut numbers = answer.split_whitespace().map(|number| number.parse::<f64>().unwrap());
    let mut next = || numbers.next().unwrap();
    let taken = Taken {
        cost: Duration::from_secs_f64(next()),
        took: Duration::from_secs_f64(next()),
        memory: next(),
    };
    fs::remove_file(schools).unwrap();
    fs::remove_file(file).unwrap();
    taken
}

/// A deployment with so many people. Where one is kept in a directory, it begins with a copy of that, or else leaves one there
/// for the next time.
pub(crate) async fn settled(home: &Path, kept: Option<&Path>, people: u32) -> (Deployment, Option<Taken>) {
    if let Some(kept) = kept.filter(|kept| kept.exists()) {
        copy(kept, home);
        return (Deployment::at(home), None);
    }
    let deployment = Deployment::init(home).await;
    let taken = populate(&deployment, people);
    if let Some(kept) = kept {
        copy(home, kept);
    }
    (deployment, Some(taken))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap().path();
        fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}

/// In the process of its own: reads the files of a deployment, and prints what it took.
pub(crate) async fn in_child(deployment: &Deployment) {
    let ctx = deployment.context().await;
    let file = |name: &str| File::open(deployment.home.join(name)).unwrap();
    import_territories(&ctx, &actor(), file("schools.csv")).await.unwrap();
    let began = cpu::now();
    let before = cpu::of_process(std::process::id());
    let report = import_accounts(&ctx, &actor(), file("people.csv"), false, |_| ()).await.unwrap();
    let took = began.elapsed().as_secs_f64();
    let cost = cpu::spent(std::process::id(), before).as_secs_f64();
    let Report { people, created, errors, .. } = report;
    assert_eq!((people, errors.count), (created, 0), "{:?}", errors.listed.first());
    println!("{cost} {took} {}", cpu::memory(std::process::id(), "VmHWM"));
}

/// Tells what an import took, beside a bulk load into a database of the same schema.
pub(crate) async fn measure(taken: &Taken, large: &Deployment, directory: &Path, people: u32) {
    let title = "Import of the whole population, against the database's bulk load of it";
    if large.is_on_server() {
        report::title("Import of the whole population");
        report::alone("people a second of a core", &format!("{:.0}", rate(people, taken.cost)), "");
        report::alone("people a second", &format!("{:.0}", rate(people, taken.took)), "20000");
        report::alone("memory at the peak", &format!("{:.0} MiB", taken.memory), "");
        return;
    }
    let bare = Deployment::init(&directory.join("bulk")).await;
    bare.context().await;
    let database = bare.database();
    let (cost, took) = limits::bulk_insert(&database, people);
    fs::remove_dir_all(&bare.home).unwrap();
    report::title(title);
    let share = cost.as_secs_f64() / taken.cost.as_secs_f64();
    report::share("people a second of a core", rate(people, taken.cost), rate(people, cost), share, "");
    let share = took.as_secs_f64() / taken.took.as_secs_f64();
    report::share("people a second", rate(people, taken.took), rate(people, took), share, "20000");
    report::alone("memory at the peak", &format!("{:.0} MiB", taken.memory), "");
}
