//! The doors that relying parties knock at all day, over real HTTP on connections that stay open. What is counted is the
//! time that the provider's process spends on cores; the client is another process.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ecluse::domain::account::AccountId;
use ecluse::domain::client::ClientId;
use ecluse::domain::facts::Proof;
use ecluse::domain::grant::Authentication;
use ecluse::domain::secret::Secret;
use ecluse::domain::session::Session;
use ecluse::domain::timestamp::Timestamp;
use ecluse::flows::ask_gate::ask;
use ecluse::flows::browser::Browser;
use ecluse::flows::context::Context;
use ecluse::flows::hash_pool::Guest;
use ecluse::flows::interaction::finish::{CODE, CodeClaim};
use ecluse::oidc::pkce::CodeChallenge;
use ecluse::store;
use ecluse::store::db::Batch;
use ecluse::store::ephemeral::{Claim, Writes};
use serde_json::{Value, json};

use crate::cpu;
use crate::deployment::{Deployment, Server};
use crate::http::{CONNECTIONS, get, post, send_all};
use crate::limits::{self, Signers};
use crate::report::{self, median, micros_each};
use crate::sign_in::PASSWORD;

/// Somebody with a password and a session.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) account: AccountId,
    pub(crate) login: String,
    pub(crate) chosen_at: Timestamp,
    sid: String,
    authentication: Authentication,
}

/// The clients, each with another algorithm for its ID tokens.
pub(crate) const CLIENTS: [&str; 2] = ["RS256", "ES256"];
pub(crate) const SECRET: &str = "a-secret-of-a-relying-party-that-does-not-exist";
const REDIRECT_URI: &str = "http://127.0.0.1:9999/callback";
pub(crate) const VERIFIER: &str = "a-verifier-that-is-long-enough-for-the-rules-of-rfc-7636";
const SCOPE: &str = "openid profile email ent offline_access";

const ROUNDS: usize = 7;
/// Requests of one kind in one round.
pub(crate) const REQUESTS: u32 = 2_000;

/// Gives people a password, all the same, and a session each, and registers the clients.
pub(crate) async fn move_in(ctx: &Context, accounts: Vec<(AccountId, String)>) -> Vec<Person> {
    let now = ctx.clock.now();
    for algorithm in CLIENTS {
        let client = serde_json::from_value(json!({
            "client_id": algorithm,
            "client_name": algorithm,
            "ecluse_sector": algorithm,
            "ecluse_client_secret_sha256": Secret::new(SECRET.to_owned()).hash(),
            "redirect_uris": [REDIRECT_URI],
            "scope": SCOPE,
            "id_token_signed_response_alg": algorithm,
        }));
        let insert = store::client::insert(&client.unwrap(), store::client::DeclaredIn::Database, now);
        ctx.db.run(Batch::plain(vec![insert.unwrap()])).await.unwrap();
    }
    let place = ctx.hash_pool.place(Guest::Known).unwrap();
    let password = Secret::new(PASSWORD.to_owned());
    let phc = ctx.hash_pool.hash(place, password, ctx.random.bytes()).await.unwrap();
    let mut people = Vec::new();
    for (account, login) in accounts {
        let facts = store::account::find(&ctx.db, &account).await.unwrap().unwrap().facts;
        let chosen = store::account::choose_credential(&account, &phc, facts.clock, Proof::Code, facts.now);
        ctx.db.run(Batch::plain(chosen.into())).await.unwrap();
        let (sid, authentication) = open_session(ctx, &account).await;
        people.push(Person { account, login, chosen_at: facts.now, sid, authentication });
    }
    people
}

async fn open_session(ctx: &Context, account: &AccountId) -> (String, Authentication) {
    let asked = ask(ctx, account).await.unwrap().unwrap();
    let pass = asked.verdict.unwrap();
    let sid = Secret::from_random(ctx.random.bytes()).hash();
    let session = Session::open(&pass, sid, asked.evidence.facts().now);
    let mut writes = Writes::plain();
    writes.extend(Browser::default().replace_session(ctx, &session).unwrap());
    ctx.ephemeral.commit(&ctx.db, writes).await.unwrap();
    let authentication = Authentication::of(&session, &pass).unwrap();
    (session.sid, authentication)
}

/// What one request costs, in microseconds, one number for each round.
#[derive(Default)]
struct Costs {
    ours: Vec<f64>,
    limit: Vec<f64>,
}

impl Costs {
    fn add(&mut self, ours: f64, limit: f64) {
        self.ours.push(ours);
        self.limit.push(limit);
    }

    fn tell(&self, what: &str) {
        let per_second = |micros: &[f64]| 1e6 / median(micros);
        let shares: Vec<_> = self.ours.iter().zip(&self.limit).map(|(ours, limit)| limit / ours).collect();
        report::share(what, per_second(&self.ours), per_second(&self.limit), median(&shares), "50 %");
    }
}

/// What the parts of the limits cost, in microseconds.
#[derive(Default)]
struct Parts {
    rs256: Vec<f64>,
    es256: Vec<f64>,
    commit: Vec<f64>,
    read: Vec<f64>,
    bare_token: Vec<f64>,
    bare_introspection: Vec<f64>,
    bare_userinfo: Vec<f64>,
}

/// Measures every door. The server stays as it is, for others to look at its memory.
pub(crate) async fn measure(deployment: &Deployment, server: &Server, ctx: &Context, people: &[Person]) {
    let signers = Signers::new();
    let keys: Vec<_> = people.iter().map(|person| person.account.0.clone()).collect();
    let first = Held::get(server, codes(ctx, people, CLIENTS[0]).await, 0).await;
    let bare = limits::serve_bare(&first.lengths);
    let [token, introspection, userinfo] = first.lengths;
    let mut parts = Parts::default();
    let mut exchange = [Costs::default(), Costs::default()];
    let mut refresh = [Costs::default(), Costs::default()];
    let (mut introspect, mut claims) = (Costs::default(), Costs::default());
    for _ in 0..ROUNDS {
        let last = |parts: &[f64]| *parts.last().unwrap();
        parts.bare_token.push(bare_cost(&bare, token, 2 * REQUESTS, true).await);
        parts.bare_introspection.push(bare_cost(&bare, introspection, 2 * REQUESTS, true).await);
        parts.bare_userinfo.push(bare_cost(&bare, userinfo, 2 * REQUESTS, false).await);
        parts.rs256.push(micros_each(1_000, signers.rs256(1_000)));
        parts.es256.push(micros_each(10_000, signers.es256(10_000)));
        let [commit, read] = rows(deployment, &keys);
        parts.commit.push(commit);
        parts.read.push(read);
        let mut held = Vec::new();
        for (at, signing) in [&parts.rs256, &parts.es256].into_iter().enumerate() {
            let limit = last(signing) + last(&parts.bare_token) + last(&parts.commit);
            let got = Held::get(server, codes(ctx, people, CLIENTS[at]).await, at).await;
            exchange[at].add(got.cost, limit);
            let again: Vec<_> = got.refresh.iter().map(|token| refreshing(CLIENTS[at], token)).collect();
            refresh[at].add(cost(server, again).await, limit);
            held.push(got);
        }
        let ask =
            held[1].access.iter().map(|token| post("/introspect", CLIENTS[1], SECRET, &[("token", token)]));
        introspect
            .add(cost(server, ask.collect()).await, last(&parts.bare_introspection) + last(&parts.read));
        let ask = held[1].access.iter().map(|token| get("/userinfo", token));
        claims.add(cost(server, ask.collect()).await, last(&parts.bare_userinfo) + last(&parts.read));
    }
    tell(&parts, &exchange, &refresh, &introspect, &claims);
}

/// What a durable row and the reading of one cost; nothing where another process does it.
fn rows(deployment: &Deployment, keys: &[String]) -> [f64; 2] {
    if deployment.is_on_server() {
        return [0.0; 2];
    }
    let group = u32::try_from(CONNECTIONS).unwrap();
    let commit = micros_each(20_000, limits::commit_rows(&deployment.home, 20_000, group));
    [commit, micros_each(50_000, limits::read_rows(&deployment.database(), keys, 50_000))]
}

fn tell(parts: &Parts, exchange: &[Costs; 2], refresh: &[Costs; 2], introspect: &Costs, claims: &Costs) {
    report::title(
        "Doors, a second of a core, against bare route + signature + one durable row, or bare route + one read; rows are \
         in the limit where they are in a file",
    );
    for (at, algorithm) in CLIENTS.into_iter().enumerate() {
        exchange[at].tell(&format!("code exchange, {algorithm}"));
        refresh[at].tell(&format!("refresh, {algorithm}"));
    }
    introspect.tell("introspection");
    claims.tell("userinfo");
    for (what, micros) in [
        ("one signature, RS256", &parts.rs256),
        ("one signature, ES256", &parts.es256),
        ("one bare route, of the length of a token response", &parts.bare_token),
        ("one bare route, of the length of an introspection", &parts.bare_introspection),
        ("one bare route, of the length of userinfo", &parts.bare_userinfo),
        ("one durable row, 32 to a commit", &parts.commit),
        ("one read of a row", &parts.read),
    ] {
        report::alone(what, &format!("{:.1} µs", median(micros)), "");
    }
}

/// What an exchange of codes cost, and what was got by it.
pub(crate) struct Held {
    pub(crate) cost: f64,
    pub(crate) access: Vec<String>,
    pub(crate) refresh: Vec<String>,
    /// Of a token response, an introspection and userinfo.
    lengths: [usize; 3],
}

impl Held {
    /// Exchanges new codes for tokens of the client `at`.
    pub(crate) async fn get(server: &Server, codes: Vec<String>, at: usize) -> Self {
        let client = CLIENTS[at];
        let mut requests = Vec::new();
        for code in codes {
            let form = [
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", REDIRECT_URI),
                ("code_verifier", VERIFIER),
            ];
            requests.push(post("/token", client, SECRET, &form));
        }
        let before = cpu::of_process(server.pid());
        let answers = send_all(server.address, requests).await;
        let cost = micros_each(REQUESTS, cpu::spent(server.pid(), before));
        let mut held = Self { cost, access: Vec::new(), refresh: Vec::new(), lengths: [0; 3] };
        for answer in &answers {
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            let member = |name: &str| body[name].as_str().unwrap().to_owned();
            held.access.push(member("access_token"));
            held.refresh.push(member("refresh_token"));
        }
        let introspection = post("/introspect", client, SECRET, &[("token", &held.access[0])]);
        let others = send_all(server.address, vec![introspection]).await;
        let claims = send_all(server.address, vec![get("/userinfo", &held.access[0])]).await;
        held.lengths = [answers[0].body.len(), others[0].body.len(), claims[0].body.len()];
        held
    }
}

/// What a client asked for.
pub(crate) struct Asked<'a> {
    pub(crate) client: ClientId,
    pub(crate) redirect_uri: String,
    pub(crate) code_challenge: String,
    pub(crate) nonce: String,
    pub(crate) scope: &'a str,
}

/// Codes as a sign-in leaves them behind, for a minute's worth of exchanges.
pub(crate) async fn codes(ctx: &Context, people: &[Person], client: &str) -> Vec<String> {
    let asked = Asked {
        client: ClientId(client.to_owned()),
        redirect_uri: REDIRECT_URI.to_owned(),
        code_challenge: URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes())),
        nonce: "n-0S6_WzA2Mj".to_owned(),
        scope: SCOPE,
    };
    let mut codes = Vec::new();
    let mut writes = Writes::plain();
    for person in people.iter().cycle().take(REQUESTS as usize) {
        let (code, claim) = code(ctx, person, &asked);
        writes.push(claim);
        codes.push(code.expose().to_owned());
    }
    ctx.ephemeral.commit(&ctx.db, writes).await.unwrap();
    codes
}

/// A code for what was asked, and the claim to be kept for it.
pub(crate) fn code(ctx: &Context, person: &Person, asked: &Asked<'_>) -> (Secret, Claim) {
    let code = Secret::from_random(ctx.random.bytes());
    let claim = CodeClaim {
        client: asked.client.clone(),
        redirect_uri: asked.redirect_uri.clone(),
        code_challenge: CodeChallenge::parse(&asked.code_challenge),
        nonce: Some(asked.nonce.clone()),
        scope: serde_json::from_value(json!(asked.scope)).unwrap(),
        sid: person.sid.clone(),
        authentication: person.authentication.clone(),
    };
    let expires_at = ctx.clock.now().plus(Duration::from_mins(10));
    let claim = Claim::put(CODE, code.hash(), &claim, expires_at).unwrap();
    (code, claim)
}

/// The same person with a session that was opened now.
pub(crate) async fn come_again(ctx: &Context, person: &Person) -> Person {
    let (sid, authentication) = open_session(ctx, &person.account).await;
    Person { sid, authentication, ..person.clone() }
}

pub(crate) fn refreshing(client: &str, token: &str) -> Vec<u8> {
    post("/token", client, SECRET, &[("grant_type", "refresh_token"), ("refresh_token", token)])
}

/// What each of the requests costs the server.
pub(crate) async fn cost(server: &Server, requests: Vec<Vec<u8>>) -> f64 {
    let count = u32::try_from(requests.len()).unwrap();
    let before = cpu::of_process(server.pid());
    let answers = send_all(server.address, requests).await;
    let cost = micros_each(count, cpu::spent(server.pid(), before));
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert!(answers.iter().all(|answer| !answer.body.starts_with(b"{\"active\":false")));
    cost
}

async fn bare_cost(bare: &Server, length: usize, count: u32, is_post: bool) -> f64 {
    let path = format!("/{length}");
    let secret = "x".repeat(43);
    let request =
        if is_post { post(&path, CLIENTS[0], SECRET, &[("token", &secret)]) } else { get(&path, &secret) };
    cost(bare, vec![request; count as usize]).await
}

/// An access token of each of some people, for questions after an order.
pub(crate) async fn tokens(server: &Server, ctx: &Context, people: &[Person]) -> Arc<[Vec<u8>]> {
    let held = Held::get(server, codes(ctx, people, CLIENTS[1]).await, 1).await;
    held.access.iter().map(|token| post("/introspect", CLIENTS[1], SECRET, &[("token", token)])).collect()
}
