//! The same doors at node-oidc-provider: the same requests of the same client, with the same algorithms, each server on the
//! first core and the client wherever it was put. What node keeps is in its memory, where ours is in the database.

use std::path::Path;
use std::process::Command;

use ecluse::flows::context::Context;

use crate::deployment::{Deployment, Server, free_address, on_core};
use crate::doors::{CLIENTS, Held, Person, REQUESTS, SECRET, VERIFIER, codes, cost, refreshing};
use crate::http::{get, post, send_all};
use crate::report::{self, median};

/// Of each kind, the first of which count for nothing: node compiles what is hot.
const ROUNDS: usize = 7;
const WARM: usize = 2;

const DOORS: [&str; 6] = [
    "code exchange, RS256",
    "refresh, RS256",
    "code exchange, ES256",
    "refresh, ES256",
    "introspection",
    "userinfo",
];

/// Measures every door of both, in turns.
pub(crate) async fn measure(deployment: &Deployment, ctx: &Context, people: &[Person]) {
    let ours = deployment.serve_on(0, deployment.address);
    let address = free_address();
    let mut node = Command::new("node");
    node.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/server.mjs"));
    node.args([&address.port().to_string(), SECRET, VERIFIER]).env("NODE_ENV", "production");
    let node = Server::start(on_core(0, &node), address);
    let (mut of_ours, mut of_node): ([Vec<f64>; 6], [Vec<f64>; 6]) = Default::default();
    for round in 0..ROUNDS + WARM {
        let mut cost_ours = Vec::new();
        let mut cost_node = Vec::new();
        for (at, client) in CLIENTS.into_iter().enumerate() {
            cost_ours.extend(doors(&ours, codes(ctx, people, client).await, at).await);
            cost_node.extend(doors(&node, codes_of(&node, client).await, at).await);
        }
        if round >= WARM {
            // Who asks about a token, and for claims, is the same with either algorithm: the second is taken.
            for (door, at) in [0, 1, 4, 5, 6, 7].into_iter().enumerate() {
                of_ours[door].push(cost_ours[at]);
                of_node[door].push(cost_node[at]);
            }
        }
    }
    report::title("Doors, a second of a core, against node-oidc-provider");
    for (what, (ours, node)) in DOORS.into_iter().zip(of_ours.iter().zip(&of_node)) {
        let times: Vec<_> = ours.iter().zip(node).map(|(ours, node)| node / ours).collect();
        report::share(what, 1e6 / median(ours), 1e6 / median(node), median(&times), "300 %");
    }
}

/// What an exchange, a refresh, an introspection and userinfo cost, in microseconds.
async fn doors(server: &Server, codes: Vec<String>, at: usize) -> [f64; 4] {
    let held = Held::get(server, codes, at).await;
    let refresh = held.refresh.iter().map(|token| refreshing(CLIENTS[at], token)).collect();
    let ask = held.access.iter().map(|token| post("/introspect", CLIENTS[at], SECRET, &[("token", token)]));
    let claims = held.access.iter().map(|token| get("/userinfo", token));
    let refresh = cost(server, refresh).await;
    [held.cost, refresh, cost(server, ask.collect()).await, cost(server, claims.collect()).await]
}

/// Codes as a sign-in at the other provider leaves them behind.
async fn codes_of(node: &Server, client: &str) -> Vec<String> {
    let request = format!("GET /codes?client={client}&number={REQUESTS} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let answers = send_all(node.address, vec![request.into_bytes()]).await;
    serde_json::from_slice(&answers[0].body).unwrap()
}
