//! Two relying parties of the demo, to be copied from: a portal (an ENT) and a gradebook (a PRONOTE).
//!
//! They are one program because they share their OpenID Connect, and two processes when they run, because they
//! trust nothing but the provider. `openid` is the part to copy; `portal` and `gradebook` show the two ways to
//! live with a password that must be changed.

mod backchannel;
mod gradebook;
mod openid;
mod pages;
mod portal;
mod session;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clap::{Args, Parser, Subcommand};
use openidconnect::{ClientId, ClientSecret, IssuerUrl, PostLogoutRedirectUrl, RedirectUrl};
use url::Url;

use backchannel::Heard;
use openid::{Provider, Registration};
use session::Sessions;

/// A relying party of the Écluse demo.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// The portal, where people see their services
    Portal {
        #[command(flatten)]
        service: Common,
        /// Where the portal's link to the gradebook leads
        #[arg(long, default_value = "http://127.0.0.1:9002/notes")]
        gradebook: Url,
    },
    /// The gradebook, which shows its own notice before a password change
    Gradebook {
        #[command(flatten)]
        service: Common,
    },
}

#[derive(Args)]
struct Common {
    /// Address to listen at
    #[arg(long)]
    listen: SocketAddr,
    /// How browsers reach this service [default: http at the address it listens at]
    #[arg(long)]
    base_url: Option<Url>,
    /// The provider, exactly as it names itself
    #[arg(long)]
    issuer: String,
    /// The name this service is registered under
    #[arg(long)]
    client_id: String,
    /// File that holds the client secret
    #[arg(long)]
    client_secret_file: PathBuf,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Nobody else has chosen one.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    match Arguments::parse().role {
        Role::Portal { service, gradebook } => {
            // `offline_access` gives the refresh token that the portal uses when no browser is there.
            let scopes = &["profile", "email", "ent", "offline_access"];
            let (provider, sessions) = service.parts(scopes)?;
            let portal = portal::Portal {
                provider,
                sessions,
                heard: Heard::default(),
                gradebook: gradebook.to_string(),
            };
            serve("portal", &service, portal::routes(portal)).await
        }
        Role::Gradebook { service } => {
            let (provider, sessions) = service.parts(&["profile", "ent"])?;
            let gradebook = gradebook::Gradebook { provider, sessions, heard: Heard::default() };
            serve("gradebook", &service, gradebook::routes(gradebook)).await
        }
    }
}

impl Common {
    fn base_url(&self) -> Result<Url, url::ParseError> {
        self.base_url.clone().map_or_else(|| Url::parse(&format!("http://{}", self.listen)), Ok)
    }

    fn parts(&self, scopes: &'static [&'static str]) -> Result<(Provider, Sessions), Box<dyn Error>> {
        let base_url = self.base_url()?;
        let secret = std::fs::read_to_string(&self.client_secret_file)
            .map_err(|error| format!("{}: {error}", self.client_secret_file.display()))?;
        let provider = Provider::new(Registration {
            issuer: IssuerUrl::new(self.issuer.clone())?,
            client_id: ClientId::new(self.client_id.clone()),
            client_secret: ClientSecret::new(secret.trim_end().to_owned()),
            redirect_uri: RedirectUrl::from_url(base_url.join("/callback")?),
            signed_out_uri: PostLogoutRedirectUrl::from_url(base_url.join("/signed-out")?),
            scopes,
        })?;
        Ok((provider, Sessions::new(&self.client_id, base_url.scheme() == "https")))
    }
}

/// Serves until the process is asked to stop.
async fn serve(name: &str, service: &Common, routes: Router) -> Result<(), Box<dyn Error>> {
    let policy = HeaderValue::from_str(&format!(
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' {}",
        // A sign-out is a form whose answer leads to the provider; Chromium holds redirects to this list too.
        Url::parse(&service.issuer)?.origin().ascii_serialization()
    ))?;
    let app = routes
        .route("/style.css", get(async || ([(CONTENT_TYPE, "text/css; charset=utf-8")], pages::STYLE)))
        .layer(from_fn_with_state(policy, protect));
    let listener = tokio::net::TcpListener::bind(service.listen).await?;
    #[expect(clippy::print_stdout, reason = "whoever starts the demo waits for this line")]
    {
        println!("{name}: {}", service.base_url()?);
    }
    axum::serve(listener, app).with_graceful_shutdown(stop()).await?;
    Ok(())
}

/// Refuses forms that other sites post here with this browser's cookie, and sets the headers of every page.
///
/// `SameSite=Lax` alone does not do it: the other services of a school often live under the same domain.
async fn protect(State(policy): State<HeaderValue>, request: Request, next: Next) -> Response {
    let from = request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes);
    if request.method() == Method::POST && !matches!(from, None | Some(b"same-origin")) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Codes and names: nothing of this may stay in a cache or leave in a Referer.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

async fn stop() {
    let interrupt = tokio::signal::ctrl_c();
    let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
        interrupt.await.ok();
        return;
    };
    tokio::select! {
        _ = interrupt => {}
        _ = terminate.recv() => {}
    }
}
