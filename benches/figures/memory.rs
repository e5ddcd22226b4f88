//! Memory and start-up of the program as it is run for real.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;

use ecluse::flows::import_accounts::import_accounts;
use ecluse::flows::import_territories::import_territories;
use reqwest::header::{LOCATION, ORIGIN};
use reqwest::redirect::Policy;
use tokio::task::JoinSet;

use crate::cpu;
use crate::deployment::{Deployment, Server};
use crate::doors::Person;
use crate::order::actor;
use crate::report::{self, median};
use crate::sign_in::PASSWORD;

const STARTS: usize = 11;

/// Start-up and idle memory on the demo's people and on the whole population.
pub(crate) async fn measure(directory: &Path, large: &Deployment) {
    let demo = Deployment::init(&directory.join("demo")).await;
    {
        let ctx = demo.context().await;
        let file = |name: &str| {
            File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo").join(name)).unwrap()
        };
        import_territories(&ctx, &actor(), file("territories.csv")).await.unwrap();
        import_accounts(&ctx, &actor(), file("people.csv"), false, |_| ()).await.unwrap();
    }
    report::title("Start and rest");
    for (deployment, whom) in [(&demo, "the demo"), (large, "the whole population")] {
        let (mut took, mut memory) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            let (server, time) = cpu::watch(|| deployment.serve());
            took.push(time.as_secs_f64() * 1e3);
            memory.push(cpu::memory(server.pid(), "VmRSS"));
        }
        report::alone(&format!("from start to ready, on {whom}"), &format!("{:.0} ms", median(&took)), "");
        report::alone(&format!("memory, idle, on {whom}"), &format!("{:.1} MiB", median(&memory)), "40 MB");
    }
}

/// Signs people in, 64 at a time, and tells what the server has grown to since it was started.
pub(crate) async fn under_load(server: &Server, people: &[Person]) {
    let mut browsers = JoinSet::new();
    for some in people[..256.min(people.len())].chunks(4) {
        let (logins, address) = (some.iter().map(|person| person.login.clone()).collect(), server.address);
        browsers.spawn(sign_in(address, format!("http://{address}"), logins));
    }
    browsers.join_all().await;
    report::title("Memory of the server that was measured, after people signed in, 64 at a time");
    for (line, what) in [("VmHWM", "at the peak"), ("VmRSS", "afterwards")] {
        report::alone(
            &format!("memory {what}, with two passwords hashed at once (38 MiB)"),
            &format!("{:.1} MiB", cpu::memory(server.pid(), line)),
            "250 MB + 38 MiB",
        );
    }
}

/// People sign in one after the other, each at a browser of their own, at one of the servers of this origin.
pub(crate) async fn sign_in(address: SocketAddr, origin: String, logins: Vec<String>) {
    let at = format!("http://{address}");
    for login in logins {
        let client = reqwest::Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap();
        let begun = client.get(format!("{at}/login")).send().await.unwrap();
        let page = format!("{at}{}", begun.headers()[LOCATION].to_str().unwrap());
        let html = client.get(&page).send().await.unwrap().text().await.unwrap();
        let csrf = html.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let form = [("csrf", csrf), ("login", login.as_str()), ("password", PASSWORD)];
        let posted = client.post(format!("{page}/login")).header(ORIGIN, &origin).form(&form);
        let answer = posted.send().await.unwrap();
        assert!(answer.status().is_redirection(), "{}", answer.status());
    }
}
