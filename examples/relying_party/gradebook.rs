//! The gradebook: a PRONOTE in small. It is registered as `client_notice`: the first time the provider finds that
//! a password must be changed, it says so here, and the gradebook tells the person in its own words.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use axum_extra::extract::cookie::CookieJar;

use crate::backchannel::{self, Heard, Told};
use crate::openid::{Answer, Provider, Refusal};
use crate::pages::{self, Door, Marks, Notice, Service, Subject, SubjectMarks, Who};
use crate::session::Sessions;

const SERVICE: Service =
    Service { class: "gradebook", name: "Carnet de notes", purpose: "Vie scolaire de démonstration" };

const SUBJECTS: [Subject; 3] = [
    Subject {
        path: "/notes/francais",
        name: "Français",
        average: "13,5",
        tests: &[("Rédaction : un souvenir d’été", "14"), ("Dictée", "13")],
    },
    Subject {
        path: "/notes/mathematiques",
        name: "Mathématiques",
        average: "15",
        tests: &[("Fractions", "16"), ("Symétrie axiale", "14")],
    },
    Subject {
        path: "/notes/histoire",
        name: "Histoire-géographie",
        average: "12",
        tests: &[("La Grèce antique", "12")],
    },
];

/// The gradebook, with what it needs to answer.
pub struct Gradebook {
    /// Whom it asks who people are.
    pub provider: Provider,
    /// Who is signed in here.
    pub sessions: Sessions,
    /// What the provider has said already.
    pub heard: Heard,
}

/// The gradebook's routes.
pub fn routes(gradebook: Gradebook) -> Router {
    Router::new()
        .route("/", get(door))
        .route("/notes", get(marks))
        .route("/notes/{subject}", get(subject_marks))
        .route("/login", get(login))
        .route("/login/change", get(login_to_change))
        .route("/callback", get(callback))
        .route("/notice", get(notice))
        .route("/declined", get(declined))
        .route("/backchannel-logout", post(backchannel_logout))
        .route("/sign-out", post(sign_out))
        .route("/signed-out", get(signed_out))
        .with_state(Arc::new(gradebook))
}

async fn door(State(gradebook): State<Arc<Gradebook>>, jar: CookieJar) -> Response {
    if gradebook.sessions.who(&jar).is_some() {
        return Redirect::to("/notes").into_response();
    }
    let body = Door { title: "Vos notes", text: "Connectez-vous avec votre compte scolaire." };
    pages::page(&SERVICE, "Accueil", None, &body)
}

async fn marks(State(gradebook): State<Arc<Gradebook>>, jar: CookieJar) -> Response {
    match gradebook.sessions.who(&jar) {
        Some(identity) => {
            let who = Who::new(&identity);
            pages::page(&SERVICE, "Notes", Some(&who), &Marks { who: &who, subjects: &SUBJECTS })
        }
        None => gradebook.sign_in_first(jar, "/notes"),
    }
}

async fn subject_marks(
    State(gradebook): State<Arc<Gradebook>>,
    jar: CookieJar,
    Path(subject): Path<String>,
) -> Response {
    let Some(subject) = SUBJECTS.iter().find(|known| known.path.ends_with(&format!("/{subject}"))) else {
        return Redirect::to("/notes").into_response();
    };
    match gradebook.sessions.who(&jar) {
        Some(identity) => {
            let who = Who::new(&identity);
            pages::page(&SERVICE, subject.name, Some(&who), &SubjectMarks { who: &who, subject })
        }
        None => gradebook.sign_in_first(jar, subject.path),
    }
}

/// An ordinary sign-in.
async fn login(State(gradebook): State<Arc<Gradebook>>, jar: CookieJar) -> Response {
    gradebook.leave(jar, None).await
}

/// The sign-in of somebody who read the notice and pressed its button. It is a fresh request in every way (new
/// `state`, `nonce` and PKCE), because the first one is over; the page that was wanted waits in the session.
async fn login_to_change(State(gradebook): State<Arc<Gradebook>>, jar: CookieJar) -> Response {
    gradebook.leave(jar, Some("change_password")).await
}

/// Comes back from the provider. The two answers about the password go to pages of their own; reloading those
/// sends nothing, and neither leads back to the provider without a click.
async fn callback(
    State(gradebook): State<Arc<Gradebook>>,
    jar: CookieJar,
    Query(answer): Query<Answer>,
) -> Response {
    let (jar, transaction) =
        gradebook.sessions.visit(jar, |visitor| visitor.comes_back(answer.state.as_deref()));
    let outcome = match transaction {
        Some(transaction) => gradebook.provider.conclude(answer, transaction).await,
        None => Err(Refusal::UnknownState),
    };
    match outcome {
        Ok(identity) => {
            let (jar, wanted) = gradebook.sessions.sign_in(jar, identity);
            (jar, Redirect::to(wanted.unwrap_or("/notes"))).into_response()
        }
        Err(Refusal::ChangeRequired) => (jar, Redirect::to("/notice")).into_response(),
        Err(Refusal::ChangeDeclined) => (jar, Redirect::to("/declined")).into_response(),
        Err(refusal) => (jar, pages::refused(&SERVICE, &refusal)).into_response(),
    }
}

async fn notice() -> Response {
    pages::page(&SERVICE, "Mot de passe à changer", None, &Notice)
}

async fn declined() -> Response {
    pages::refused(&SERVICE, &Refusal::ChangeDeclined)
}

/// Ends the session here first, then at the provider: whatever happens there, this browser is signed out here.
async fn sign_out(State(gradebook): State<Arc<Gradebook>>, jar: CookieJar) -> Response {
    let (jar, identity) = gradebook.sessions.sign_out(jar);
    let there = match identity {
        Some(identity) => gradebook.provider.sign_out_url(&identity).await.ok().flatten(),
        None => None,
    };
    (jar, Redirect::to(there.as_ref().map_or("/signed-out", |url| url.as_str()))).into_response()
}

/// The provider says that sessions are over.
async fn backchannel_logout(State(gradebook): State<Arc<Gradebook>>, told: Form<Told>) -> Response {
    backchannel::end_sessions(&gradebook.provider, &gradebook.sessions, &gradebook.heard, told).await
}

async fn signed_out() -> Response {
    let body = Door { title: "Vous êtes déconnecté", text: "Vous pouvez fermer cette fenêtre." };
    pages::page(&SERVICE, "Au revoir", None, &body)
}

impl Gradebook {
    fn sign_in_first(&self, jar: CookieJar, wanted: &'static str) -> Response {
        let (jar, ()) = self.sessions.visit(jar, |visitor| visitor.wanted = Some(wanted));
        (jar, Redirect::to("/login")).into_response()
    }

    async fn leave(&self, jar: CookieJar, prompt: Option<&str>) -> Response {
        match self.provider.ask(prompt).await {
            Ok((url, transaction)) => {
                let (jar, ()) = self.sessions.visit(jar, |visitor| visitor.leaves(transaction));
                (jar, Redirect::to(url.as_str())).into_response()
            }
            Err(refusal) => pages::refused(&SERVICE, &refusal),
        }
    }
}
