//! The console's own sign-in: a relying party that lives in the same program.
//!
//! Whoever works at the console came through the gate like anybody else, was given a code, and the code was exchanged for a
//! grant. The grant is what every request is judged by, as introspection judges a token.

pub mod destination;
pub mod sign_in;
pub mod sign_out;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::account::AccountId;
use crate::domain::client::{AuthMethod, Client, ClientId, GrantType, PasswordChangeMode, SigningAlgorithm};
use crate::domain::facts::Proof;
use crate::domain::gate::GatePass;
use crate::domain::grant::{Authentication, GrantId};
use crate::domain::jurisdiction::RoleGrant;
use crate::domain::scope::{Scope, ScopeSet};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Operator, Origin, Standing};
use crate::flows::ask_gate::ask;
use crate::flows::bearer::is_alive;
use crate::flows::console::destination::Destination;
use crate::flows::context::Context;
use crate::flows::meters::Door;
use crate::flows::unavailable::Unavailable;
use crate::oidc::endpoints;
use crate::store;
use crate::store::account::Person;
use crate::store::db::DbError;
use crate::store::ephemeral::{Claim, Writes};

/// The console's identifier as a relying party; nobody else may bear it.
pub const CLIENT_ID: &str = "ecluse-console";

/// Where its codes are sent.
pub const CALLBACK: &str = "/console/callback";

/// The kind of [`ConsoleSession`] claims in the ephemeral store.
const CONSOLE: &str = "console";

/// A session is written down again when it was last that long ago, not at every request.
const RENEW_AFTER: Duration = Duration::from_mins(1);

/// The console as a relying party. It has no secret because it never comes to the token endpoint.
pub fn client(issuer: &str) -> Client {
    Client {
        id: ClientId(CLIENT_ID.to_owned()),
        name: "Console".to_owned(),
        sector: CLIENT_ID.to_owned(),
        auth_method: AuthMethod::None,
        secret_hash: None,
        jwks: None,
        grant_types: [GrantType::AuthorizationCode].into(),
        operator: None,
        redirect_uris: vec![endpoints::at(issuer, CALLBACK)],
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        backchannel_logout_session_required: false,
        scopes: [Scope::Openid].into_iter().collect::<ScopeSet>(),
        pkce_required: true,
        id_token_signed_response_alg: SigningAlgorithm::Es256,
        password_change_mode: PasswordChangeMode::OpHosted,
        client_uri: None,
        initiate_login_uri: None,
        resource_server: false,
    }
}

/// Somebody at the console. Kept under the hash of its cookie.
#[derive(Clone, Serialize, Deserialize)]
pub struct ConsoleSession {
    /// What it rests on, and ends with.
    pub grant: GrantId,
    /// When it began.
    pub opened_at: Timestamp,
    /// The last request that renewed it.
    pub seen_at: Timestamp,
    /// When a second factor was last shown.
    pub factor_at: Option<Timestamp>,
    /// Whether a code was typed that gives leave to enrol a factor.
    pub may_enrol: bool,
    /// Where it goes once a second factor was shown; none for the first page.
    #[serde(default)]
    pub wanted: Option<Destination>,
}

/// Somebody with a role whose gate is open, at this request.
pub struct Visitor {
    /// The hash of the cookie.
    pub key: String,
    /// The session as it lies there.
    pub session: ConsoleSession,
    /// Who.
    pub person: Person,
    /// What the gate let through.
    pub pass: GatePass,
    /// The sign-in that it rests on.
    pub authentication: Authentication,
    /// What they may do to others, now.
    pub roles: Vec<RoleGrant>,
    /// The database's time.
    pub now: Timestamp,
}

/// A visitor who has shown a second factor. Nothing else makes one.
pub struct AtDesk {
    /// Who.
    pub visitor: Visitor,
    factor_at: Timestamp,
}

/// Who is at the console.
pub enum Entry {
    /// Nobody: sign in first.
    Nobody,
    /// Somebody who has no role, by login.
    WithoutRole(String),
    /// Somebody who has yet to show a second factor, or to enrol one.
    WithoutFactor(Box<Visitor>),
    /// An operator.
    In(Box<AtDesk>),
}

/// Says who is at the console. The gate is asked and the roles are read at every request: what was true a moment ago opens
/// nothing.
pub async fn enter(ctx: &Context, cookie: Option<&Secret>) -> Result<Entry, Unavailable> {
    let Some(visitor) = visit(ctx, cookie).await? else { return Ok(Entry::Nobody) };
    if visitor.roles.is_empty() {
        return Ok(Entry::WithoutRole(visitor.person.login));
    }
    let visitor = Box::new(visitor);
    Ok(match visitor.session.factor_at {
        None => Entry::WithoutFactor(visitor),
        Some(factor_at) => Entry::In(Box::new(AtDesk { visitor: *visitor, factor_at })),
    })
}

async fn visit(ctx: &Context, cookie: Option<&Secret>) -> Result<Option<Visitor>, Unavailable> {
    let Some(key) = cookie.map(Secret::hash) else { return Ok(None) };
    let Some(session) = ctx.ephemeral.get::<ConsoleSession>(CONSOLE, &key).await? else { return Ok(None) };
    let Some(asked) = ask(ctx, &session.grant).await?.filter(is_alive) else { return Ok(None) };
    ctx.meters.decided(Door::Console, &asked.verdict);
    let authentication = &asked.loaded.grant.authentication;
    let now = asked.evidence.facts().now;
    let stands = asked.loaded.grant.client.0 == CLIENT_ID
        && authentication.stands(&asked.evidence)
        && now < session.seen_at.plus(ctx.settings.session.idle)
        && now < authentication.authenticated_at.plus(ctx.settings.session.absolute);
    let authentication = authentication.clone();
    let Some(pass) = asked.verdict.ok().filter(|_| stands) else { return Ok(None) };
    let person = asked.loaded.person;
    let roles = store::operator::held(&ctx.db, &person.facts.account).await?;
    let mut visitor = Visitor { key, session, person, pass, authentication, roles, now };
    if now.since(visitor.session.seen_at) > RENEW_AFTER {
        visitor.session.seen_at = now;
        let mut writes = Writes::plain();
        writes.push(visitor.keep(ctx, &visitor.session)?);
        // Gone meanwhile, by signing out in another tab: nobody is there.
        if !ctx.commit_claims(writes).await? {
            return Ok(None);
        }
    }
    Ok(Some(visitor))
}

impl Visitor {
    /// Whose account.
    pub fn account(&self) -> &AccountId {
        &self.person.facts.account
    }

    /// What the console's forms carry: bound to the cookie, so that it ends with it.
    pub fn csrf(&self, ctx: &Context) -> Secret {
        csrf(ctx, &self.key)
    }

    /// The same for a cookie that is only just being set.
    pub fn csrf_of(ctx: &Context, cookie: &Secret) -> Secret {
        csrf(ctx, &cookie.hash())
    }

    /// Whether a factor may be enrolled from here: a code was typed for it, or this sign-in is the change that was made with a
    /// code. A password alone does not do, or whoever stole it would enrol a telephone of their own.
    pub fn may_enrol(&self) -> bool {
        let by_code = self.person.facts.credential.is_some_and(|credential| {
            credential.proof == Proof::Code && credential.chosen_at == self.authentication.authenticated_at
        });
        self.session.may_enrol || by_code
    }

    /// Remembers where they go once a second factor was shown: the page that was asked for last.
    pub async fn want(&self, ctx: &Context, wanted: Option<&Destination>) -> Result<(), Unavailable> {
        if self.session.wanted.as_ref() == wanted {
            return Ok(());
        }
        let mut writes = Writes::plain();
        let session = ConsoleSession { wanted: wanted.cloned(), ..self.session.clone() };
        writes.push(self.keep(ctx, &session)?);
        // Where the session is gone meanwhile, so is what it wanted.
        ctx.commit_claims(writes).await.map(drop)
    }

    /// In a batch: what the session is from now on, if it is still there.
    pub(super) fn keep(&self, ctx: &Context, session: &ConsoleSession) -> Result<Claim, DbError> {
        Claim::renew(CONSOLE, &self.key, session, self.ends_at(ctx))
    }

    /// In a batch: the session goes on under another id, with a factor shown now. Of two batches that do so one is undone.
    pub(super) fn renewed(&self, ctx: &Context, cookie: &Secret) -> Result<[Claim; 2], DbError> {
        let session = ConsoleSession {
            factor_at: Some(self.now),
            seen_at: self.now,
            wanted: None,
            ..self.session.clone()
        };
        let put = Claim::put(CONSOLE, cookie.hash(), &session, self.ends_at(ctx))?;
        Ok([Claim::take(CONSOLE, &self.key), put])
    }

    fn ends_at(&self, ctx: &Context) -> Timestamp {
        self.authentication.authenticated_at.plus(ctx.settings.session.absolute)
    }
}

fn csrf(ctx: &Context, key: &str) -> Secret {
    Secret::new(ctx.secrets.tag("console form", &[key]))
}

impl AtDesk {
    /// The operator, for an act that came with this request.
    pub fn actor(&self, reason: Option<String>, origin: Origin) -> Actor {
        let operator = Operator {
            authentication: self.visitor.authentication.clone(),
            client: None,
            factor_at: Some(self.factor_at),
        };
        Actor { standing: Standing::Operator(operator), reason, origin }
    }
}
