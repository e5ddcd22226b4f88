//! `ecluse client`: the relying parties.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use serde_json::json;

use crate::cli::open;
use crate::cli::printer::{ExitStatus, Failure, Printer, table};
use crate::cli::system_user::Acting;
use crate::config::layers::Loaded;
use crate::domain::account::AccountId;
use crate::domain::client::{AuthMethod, Client, ClientId, GrantType, PasswordChangeMode, SigningAlgorithm};
use crate::domain::client_keys::ClientKeys;
use crate::domain::scope::ScopeSet;
use crate::domain::secret::Secret;
use crate::flows::context::Context;
use crate::flows::declare_clients::{add_client, free_id};
use crate::store;

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Registers a relying party; prints its registration as JSON, and its secret, once.
    Add(Box<Add>),
    /// Lists the relying parties.
    List,
}

/// A registration.
#[derive(Debug, clap::Args)]
pub(super) struct Add {
    /// What people are told they go to.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Its identifier; made from the name when absent.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Where answers may go, byte for byte; may be given more than once.
    #[arg(long = "redirect-uri", value_name = "URI", required_unless_present = "operator")]
    redirect_uris: Vec<String>,
    /// Where a sign-out may lead.
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// Where it is told that a session is over, by a logout token.
    #[arg(long, value_name = "URI")]
    backchannel_logout_uri: Option<String>,
    /// It must be told which session; it always is.
    #[arg(long, requires = "backchannel_logout_uri")]
    backchannel_logout_session_required: bool,
    /// Clients of one sector know a person by the same subject. Never changes; the identifier when absent.
    #[arg(long, value_name = "SECTOR")]
    sector: Option<String>,
    /// What it may ask for, separated by spaces; with `offline_access` it may refresh. With --operator: scopes of the
    /// operator API, such as `orders:read`.
    #[arg(long, value_name = "SCOPES", default_value = "openid profile")]
    scope: ScopeSet,
    /// How it authenticates.
    #[arg(long, value_enum, default_value_t = Method::Basic)]
    auth: Method,
    /// The file with its public keys, a JWK set; for `private-key-jwt`.
    #[arg(long, value_name = "FILE", required_if_eq("auth", "private-key-jwt"))]
    jwks: Option<PathBuf>,
    /// A program that acts for itself (client credentials): the login or account whose roles bound it.
    #[arg(long, value_name = "LOGIN", conflicts_with = "redirect_uris")]
    operator: Option<String>,
    /// Allows requests without PKCE, for libraries that cannot.
    #[arg(long)]
    without_pkce: bool,
    /// What ID tokens are signed with.
    #[arg(long, value_enum, default_value_t = Algorithm::Rs256)]
    algorithm: Algorithm,
    /// Who tells people that the password must change.
    #[arg(long, value_enum)]
    password_change_mode: Option<Mode>,
    /// Its home page.
    #[arg(long, value_name = "URI")]
    client_uri: Option<String>,
    /// May introspect tokens that were given to others.
    #[arg(long)]
    resource_server: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Method {
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
    /// `private_key_jwt`: it signs with its own key
    PrivateKeyJwt,
    /// none: a client that cannot keep a secret
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Algorithm {
    Rs256,
    Es256,
    #[value(name = "eddsa")]
    EdDsa,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mode {
    /// the provider hosts the change
    OpHosted,
    /// the client is told first, and shows its own notice
    ClientNotice,
}

/// Does it.
pub(super) async fn run(
    loaded: &Loaded,
    verb: Verb,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let ctx = open::context(&loaded.config).await?;
    match verb {
        Verb::Add(add) => {
            let secret = Secret::from_random(ctx.random.bytes());
            let client = add.client(&ctx, loaded, &secret).await?;
            client.validate(loaded.config.server.issuer.is_loopback()).map_err(|errors| {
                Failure::refused(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
            })?;
            let client = add_client(&ctx, &acting.actor(), &client).await?.map_err(Failure::refused)?;
            say(loaded, &client, &secret, *printer)
        }
        Verb::List => list(&ctx, printer).await,
    }
}

impl Add {
    async fn client(self, ctx: &Context, loaded: &Loaded, secret: &Secret) -> Result<Client, Failure> {
        let id = match self.id {
            Some(id) => ClientId(id),
            None => free_id(ctx, &self.name).await?,
        };
        let auth_method = match self.auth {
            Method::Basic => AuthMethod::ClientSecretBasic,
            Method::Post => AuthMethod::ClientSecretPost,
            Method::PrivateKeyJwt => AuthMethod::PrivateKeyJwt,
            Method::None => AuthMethod::None,
        };
        let has_secret = match auth_method {
            AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost => true,
            AuthMethod::PrivateKeyJwt | AuthMethod::None => false,
        };
        let grant_types = match self.operator {
            Some(_) => [GrantType::ClientCredentials].into(),
            None => [GrantType::AuthorizationCode, GrantType::RefreshToken].into(),
        };
        Ok(Client {
            sector: self.sector.unwrap_or_else(|| id.0.clone()),
            id,
            name: self.name,
            auth_method,
            secret_hash: has_secret.then(|| secret.hash()),
            jwks: self.jwks.as_deref().map(keys).transpose()?,
            grant_types,
            operator: self.operator.map(AccountId),
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            backchannel_logout_uri: self.backchannel_logout_uri,
            backchannel_logout_session_required: self.backchannel_logout_session_required,
            scopes: self.scope,
            pkce_required: !self.without_pkce,
            id_token_signed_response_alg: match self.algorithm {
                Algorithm::Rs256 => SigningAlgorithm::Rs256,
                Algorithm::Es256 => SigningAlgorithm::Es256,
                Algorithm::EdDsa => SigningAlgorithm::EdDsa,
            },
            password_change_mode: match self.password_change_mode {
                None => loaded.config.display.default_password_change_mode,
                Some(Mode::OpHosted) => PasswordChangeMode::OpHosted,
                Some(Mode::ClientNotice) => PasswordChangeMode::ClientNotice,
            },
            client_uri: self.client_uri,
            initiate_login_uri: None,
            resource_server: self.resource_server,
        })
    }
}

/// A set of public keys, as other tools write it.
fn keys(file: &Path) -> Result<ClientKeys, Failure> {
    let refused = |error: String| Failure::refused(format!("{}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| refused(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| refused(error.to_string()))
}

/// The registration for a program, and the lines to paste for a person. The secret is shown here and nowhere else.
fn say(loaded: &Loaded, client: &Client, secret: &Secret, printer: Printer) -> Result<ExitStatus, Failure> {
    let mut data = serde_json::to_value(client)?;
    if let Some(members) = data.as_object_mut() {
        members.remove("ecluse_client_secret_sha256");
    }
    if client.secret_hash.is_some() {
        data["client_secret"] = json!(secret.expose());
    }
    let text = serde_json::to_string_pretty(&data)?;
    printer.answer(&data, || text)?;
    let issuer = loaded.config.server.issuer.as_str();
    if client.secret_hash.is_some() {
        printer.talk("The secret is shown this once.");
    }
    printer.talk("What a library asks for:");
    printer.talk(format_args!("  issuer        {issuer}"));
    printer.talk(format_args!("  client_id     {}", client.id.0));
    // Some libraries send the secret in the form unless they are told.
    let method = data["token_endpoint_auth_method"].as_str().unwrap_or_default();
    printer.talk(format_args!("  auth method   {method}"));
    if client.operator.is_none() {
        printer.talk(format_args!("  redirect_uri  {}", client.redirect_uris.join(" ")));
    }
    printer.talk(format_args!("  scope         {}", client.scopes));
    printer.talk(format_args!("  discovery     {issuer}/.well-known/openid-configuration"));
    Ok(ExitStatus::Done)
}

async fn list(ctx: &Context, printer: &Printer) -> Result<ExitStatus, Failure> {
    let clients = store::client::list(&ctx.db).await?;
    let mut data = serde_json::to_value(&clients)?;
    for client in data.as_array_mut().into_iter().flatten().filter_map(serde_json::Value::as_object_mut) {
        client.remove("ecluse_client_secret_sha256");
    }
    printer.answer(&data, || {
        let rows = clients.iter().map(|client| {
            let mode = match client.password_change_mode {
                PasswordChangeMode::OpHosted => "op_hosted",
                PasswordChangeMode::ClientNotice => "client_notice",
            };
            [
                client.id.0.clone(),
                client.name.clone(),
                mode.to_owned(),
                client.scopes.to_string(),
                client.redirect_uris.join(" "),
            ]
        });
        table(["client", "name", "password change", "scope", "redirect URIs"], rows)
    })?;
    Ok(ExitStatus::Done)
}
