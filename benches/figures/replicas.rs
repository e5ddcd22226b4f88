//! Two replicas, each on a core of its own, beside one: whatever they share must not make the second worth less.

use std::net::SocketAddr;

use ecluse::flows::context::Context;
use tokio::task::JoinSet;

use crate::cpu;
use crate::deployment::{Deployment, Server, free_address};
use crate::doors::{CLIENTS, Held, Person, codes, cost, refreshing};
use crate::memory::sign_in;
use crate::report::{self, median, rate};

const ROUNDS: usize = 5;
/// People who sign in at once, and how many one after the other in place of each.
const AT_ONCE: usize = 16;
const EACH: usize = 8;

/// Measures sign-ins a second of both and of one, and what a refresh costs either.
pub(crate) async fn measure(deployment: &Deployment, ctx: &Context, people: &[Person]) {
    assert!(deployment.is_on_server(), "a file belongs to one program: scripts/postgres.sh scripts/redis.sh");
    let first = deployment.serve_on(0, deployment.address);
    let second = deployment.serve_on(1, free_address());
    let (mut one, mut two, mut alone, mut beside) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        one.push(sign_ins(&[&first], people).await);
        two.push(sign_ins(&[&first, &second], people).await);
        let [held, other] = [
            Held::get(&first, codes(ctx, people, CLIENTS[1]).await, 1).await,
            Held::get(&second, codes(ctx, people, CLIENTS[1]).await, 1).await,
        ]
        .map(|held| held.refresh.iter().map(|token| refreshing(CLIENTS[1], token)).collect::<Vec<_>>());
        alone.push(cost(&first, held.clone()).await);
        let (here, there) = tokio::join!(cost(&first, held), cost(&second, other));
        beside.push(f64::midpoint(here, there));
    }
    report::title("Two replicas, each on a core of its own, against one");
    let times: Vec<_> = two.iter().zip(&one).map(|(two, one)| two / one).collect();
    report::share("sign-ins a second", median(&two), median(&one), median(&times), "200 %");
    let times: Vec<_> = beside.iter().zip(&alone).map(|(beside, alone)| alone / beside).collect();
    let per_second = |micros: &[f64]| 1e6 / median(micros);
    report::share(
        "refreshes a second of a core of each",
        per_second(&beside),
        per_second(&alone),
        median(&times),
        "100 %",
    );
}

/// People sign in, so many at once at each of these; how many a second.
async fn sign_ins(servers: &[&Server], people: &[Person]) -> f64 {
    let began = cpu::now();
    let mut browsers = JoinSet::new();
    for (number, some) in people.chunks(EACH).take(AT_ONCE * servers.len()).enumerate() {
        let address: SocketAddr = servers[number % servers.len()].address;
        let logins = some.iter().map(|person| person.login.clone()).collect();
        browsers.spawn(sign_in(address, format!("http://{}", servers[0].address), logins));
    }
    let count = u32::try_from(browsers.len() * EACH).unwrap();
    browsers.join_all().await;
    rate(count, began.elapsed())
}
