//! An interaction: the browser steps that the provider hosts between a request and its answer.
//!
//! The record holds the validated request, so that nothing of it travels through the pages. It is bound to the browser
//! by a cookie whose hash it holds; its id alone, in the address, opens nothing. [`advance`](advance::advance) asks all
//! checks anew at every step.

pub mod advance;
pub mod begin;
pub mod cancel;
pub mod finish;

use serde::{Deserialize, Serialize};

use crate::domain::account::AccountId;
use crate::domain::client::Client;
use crate::domain::secret::{Secret, same_text};
use crate::domain::timestamp::Timestamp;
use crate::flows::context::Context;
use crate::flows::find_client::find_client;
use crate::flows::unavailable::Unavailable;
use crate::oidc::authorize::{AuthorizationRequest, PageError, Refusal};
use crate::oidc::authorize_response::{AuthorizeError, RedirectAnswer};
use crate::store::db::DbError;
use crate::store::ephemeral::Claim;

/// The kind of [`Interaction`] claims in the ephemeral store.
const KIND: &str = "interaction";

/// A request on its way through the provider's pages.
#[derive(Clone, Serialize, Deserialize)]
pub struct Interaction {
    /// Its address: 256 random bits, base64url.
    pub uid: String,
    /// What the relying party asked; none when somebody came by themselves to change the password.
    pub request: Option<AuthorizationRequest>,
    /// When it began. A sign-in or change after this instant was made in it.
    pub created_at: Timestamp,
    cookie_hash: String,
}

/// A new interaction and the cookie that binds it to its browser.
pub struct Begun {
    /// The record.
    pub interaction: Interaction,
    /// What the browser keeps.
    pub cookie: Secret,
}

/// An interaction together with the client as registered now.
pub struct Opened {
    /// The record, its request checked against the registration of today.
    pub interaction: Interaction,
    /// Who asked; none when somebody came by themselves.
    pub client: Option<Client>,
}

/// Why there is no interaction to go on with.
#[derive(Debug)]
pub enum Lost {
    /// It expired, was finished already, or belongs to another browser: nothing is told apart.
    Gone,
    /// The registration changed meanwhile, and the request would not be accepted any more.
    Refused(Box<Refusal>),
}

impl Interaction {
    /// A request that is looked at and not stored yet; without a cookie, so that no browser can open it.
    pub fn unstored(ctx: &Context, request: Option<AuthorizationRequest>) -> Self {
        Self {
            uid: Secret::from_random(ctx.random.bytes()).expose().to_owned(),
            request,
            created_at: ctx.clock.now(),
            cookie_hash: String::new(),
        }
    }

    /// Stores it and makes the cookie that binds it to the browser.
    pub async fn store(mut self, ctx: &Context) -> Result<Begun, Unavailable> {
        let cookie = Secret::from_random(ctx.random.bytes());
        self.cookie_hash = cookie.hash();
        let expires_at = self.created_at.plus(ctx.settings.interaction);
        ctx.ephemeral.put(KIND, &self.uid, &self, expires_at).await?;
        Ok(Begun { interaction: self, cookie })
    }

    /// Opens the interaction of an address for the browser that began it.
    pub async fn open(
        ctx: &Context,
        uid: &str,
        cookie: Option<&Secret>,
    ) -> Result<Result<Opened, Lost>, Unavailable> {
        let stored: Option<Self> = ctx.ephemeral.get(KIND, uid).await?;
        let bound =
            |record: &Self| cookie.is_some_and(|cookie| same_text(&cookie.hash(), &record.cookie_hash));
        let Some(interaction) = stored.filter(bound) else { return Ok(Err(Lost::Gone)) };
        interaction.with_client(ctx).await
    }

    /// What the forms of its pages carry: bound to the record and, through it, to the browser's cookie.
    pub fn csrf(&self, ctx: &Context) -> Secret {
        Secret::new(ctx.secrets.tag("interaction form", &[&self.uid, &self.cookie_hash]))
    }

    /// The same for the form that changes a password, with the account it is shown for: a browser may hold somebody
    /// else's sign-in by the time the form is sent from another tab.
    pub fn csrf_for(&self, ctx: &Context, account: &AccountId) -> Secret {
        let account = ctx.secrets.tag("change form", &[&self.uid, &account.0]);
        Secret::new(format!("{}.{account}", self.csrf(ctx).expose()))
    }

    /// Takes the record away, so that it is answered once; `false` when somebody else was first.
    pub async fn take(&self, ctx: &Context) -> Result<bool, DbError> {
        Ok(ctx.ephemeral.take::<Self>(KIND, &self.uid).await?.is_some())
    }

    /// In a batch: the same; of two batches that answer it one is undone. None if it was never stored.
    pub fn used(&self) -> Option<Claim> {
        let stored = !self.cookie_hash.is_empty();
        stored.then(|| Claim::take(KIND, &self.uid))
    }

    async fn with_client(mut self, ctx: &Context) -> Result<Result<Opened, Lost>, Unavailable> {
        let Some(request) = self.request.take() else {
            return Ok(Ok(Opened { interaction: self, client: None }));
        };
        let Some(client) = find_client(ctx, &request.client_id).await? else {
            return Ok(Err(Lost::Refused(Box::new(PageError::ClientUnknown.into()))));
        };
        Ok(match request.recheck(&client) {
            Ok(request) => {
                self.request = Some(request);
                Ok(Opened { interaction: self, client: Some(client) })
            }
            Err(refusal) => Err(Lost::Refused(Box::new(refusal))),
        })
    }
}

impl Opened {
    /// The relying party is told; none when nobody asked.
    pub fn answer_error(&self, ctx: &Context, error: &AuthorizeError) -> Option<RedirectAnswer> {
        let request = self.interaction.request.as_ref()?;
        Some(RedirectAnswer::error(&request.return_address, error, ctx.settings.issuer.as_str()))
    }
}
