//! The portal: an ENT in small. It is registered as `op_hosted`, so the provider shows the change page by itself
//! and the portal never sees the signal at sign-in. It meets it where no browser is: at a refresh.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use axum_extra::extract::cookie::CookieJar;

use crate::backchannel::{self, Heard, Told};
use crate::openid::{Answer, Identity, Provider, Refusal};
use crate::pages::{self, Door, Ended, Home, Outcome, Service, Who};
use crate::session::Sessions;

const SERVICE: Service =
    Service { class: "portal", name: "Mon ENT", purpose: "Espace numérique de travail de démonstration" };

/// The portal, with what it needs to answer.
pub struct Portal {
    /// Whom it asks who people are.
    pub provider: Provider,
    /// Who is signed in here.
    pub sessions: Sessions,
    /// What the provider has said already.
    pub heard: Heard,
    /// Where its link to the gradebook leads.
    pub gradebook: String,
}

/// The portal's routes.
pub fn routes(portal: Portal) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/login", get(login))
        .route("/callback", get(callback))
        .route("/refresh", post(refresh))
        .route("/userinfo", post(userinfo))
        .route("/backchannel-logout", post(backchannel_logout))
        .route("/sign-out", post(sign_out))
        .route("/signed-out", get(signed_out))
        .with_state(Arc::new(portal))
}

async fn home(State(portal): State<Arc<Portal>>, jar: CookieJar) -> Response {
    match portal.sessions.who(&jar) {
        Some(identity) => portal.home(&identity, None),
        None if portal.sessions.was_ended(&jar) => ended_by_provider(&portal, jar),
        None => pages::page(
            &SERVICE,
            "Accueil",
            None,
            &Door { title: "Bienvenue", text: "Connectez-vous pour retrouver vos services." },
        ),
    }
}

/// Leaves for the provider. Everything that makes the request unique stays here, in the session.
async fn login(State(portal): State<Arc<Portal>>, jar: CookieJar) -> Response {
    match portal.provider.ask(None).await {
        Ok((url, transaction)) => {
            let (jar, ()) = portal.sessions.visit(jar, |visitor| visitor.leaves(transaction));
            (jar, Redirect::to(url.as_str())).into_response()
        }
        Err(refusal) => pages::refused(&SERVICE, &refusal),
    }
}

/// Comes back from the provider, with good news or bad.
async fn callback(
    State(portal): State<Arc<Portal>>,
    jar: CookieJar,
    Query(answer): Query<Answer>,
) -> Response {
    let (jar, transaction) =
        portal.sessions.visit(jar, |visitor| visitor.comes_back(answer.state.as_deref()));
    let outcome = match transaction {
        Some(transaction) => portal.provider.conclude(answer, transaction).await,
        None => Err(Refusal::UnknownState),
    };
    match outcome {
        Ok(identity) => (portal.sessions.sign_in(jar, identity).0, Redirect::to("/")).into_response(),
        Err(refusal) => (jar, pages::refused(&SERVICE, &refusal)).into_response(),
    }
}

/// Renews the tokens. A service does this by itself from time to time; here a button does, to show what comes.
async fn refresh(State(portal): State<Arc<Portal>>, jar: CookieJar) -> Response {
    let Some(identity) = portal.sessions.who(&jar) else { return Redirect::to("/").into_response() };
    match portal.provider.refresh(&identity).await {
        Ok(renewed) => portal.goes_on(&jar, renewed, outcome("renewed", "Jetons renouvelés.")),
        Err(refusal) => portal.doubts(jar, &identity, &refusal),
    }
}

/// Reads the claims again, with the access token in hand.
async fn userinfo(State(portal): State<Arc<Portal>>, jar: CookieJar) -> Response {
    let Some(identity) = portal.sessions.who(&jar) else { return Redirect::to("/").into_response() };
    match portal.provider.look_up(&identity).await {
        Ok(renewed) => portal.goes_on(&jar, renewed, outcome("read", "Informations relues.")),
        Err(refusal) => portal.doubts(jar, &identity, &refusal),
    }
}

/// Ends the session here first, then at the provider: whatever happens there, this browser is signed out here.
async fn sign_out(State(portal): State<Arc<Portal>>, jar: CookieJar) -> Response {
    let (jar, identity) = portal.sessions.sign_out(jar);
    let there = match identity {
        Some(identity) => portal.provider.sign_out_url(&identity).await.ok().flatten(),
        None => None,
    };
    (jar, Redirect::to(there.as_ref().map_or("/signed-out", |url| url.as_str()))).into_response()
}

/// The provider says that sessions are over.
async fn backchannel_logout(State(portal): State<Arc<Portal>>, told: Form<Told>) -> Response {
    backchannel::end_sessions(&portal.provider, &portal.sessions, &portal.heard, told).await
}

/// Says once why somebody who was signed in is not any more.
fn ended_by_provider(portal: &Portal, jar: CookieJar) -> Response {
    let (jar, _) = portal.sessions.sign_out(jar);
    let told = outcome("ended", "Le service de connexion a fermé votre session. Reconnectez-vous.");
    (jar, pages::page(&SERVICE, "Session fermée", None, &Ended { outcome: told })).into_response()
}

async fn signed_out() -> Response {
    pages::page(
        &SERVICE,
        "Au revoir",
        None,
        &Door { title: "Vous êtes déconnecté", text: "Vous pouvez fermer cette fenêtre." },
    )
}

impl Portal {
    fn home(&self, identity: &Identity, outcome: Option<Outcome>) -> Response {
        let who = Who::new(identity);
        pages::page(&SERVICE, "Accueil", Some(&who), &Home { who: &who, outcome, gradebook: &self.gradebook })
    }

    fn goes_on(&self, jar: &CookieJar, identity: Identity, outcome: Outcome) -> Response {
        let page = self.home(&identity, Some(outcome));
        self.sessions.renew(jar, identity);
        page
    }

    /// A token of somebody who is signed in was refused. What the provider takes back, the portal takes back
    /// too; a provider that is down takes nothing back.
    fn doubts(&self, jar: CookieJar, identity: &Identity, refusal: &Refusal) -> Response {
        let ended = match refusal {
            Refusal::ChangeRequired => outcome(
                "password_change_required",
                "Votre mot de passe doit être changé. Reconnectez-vous pour en choisir un nouveau.",
            ),
            Refusal::Refused { .. } => {
                outcome("refused", "Le service de connexion ne reconnaît plus votre session.")
            }
            Refusal::ChangeDeclined
            | Refusal::UnknownState
            | Refusal::WrongIssuer
            | Refusal::NotBelieved(_)
            | Refusal::Unreachable(_) => {
                return self.home(
                    identity,
                    Some(outcome("unknown", "Le service de connexion n’a pas pu répondre.")),
                );
            }
        };
        let (jar, _) = self.sessions.sign_out(jar);
        (jar, pages::page(&SERVICE, "Session fermée", None, &Ended { outcome: ended })).into_response()
    }
}

fn outcome(result: &'static str, text: &'static str) -> Outcome {
    Outcome { id: "refresh-result", result, text }
}
