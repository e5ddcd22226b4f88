//! What people see. The pages of both services, in French, with the styles they share.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::openid::{Identity, Refusal};

/// The styles, served by each service itself.
pub const STYLE: &str = include_str!("style.css");

/// Which of the two services a page belongs to.
pub struct Service {
    /// Its name in the styles.
    pub class: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// What it is, in a few words.
    pub purpose: &'static str,
}

/// Surrounds a page with what every page of the service has.
pub fn page(service: &Service, title: &str, who: Option<&Who>, body: &impl Template) -> Response {
    let Ok(body) = body.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    match (Frame { service, title, who, body }).render() {
        Ok(html) => Html(html).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

// `body` was rendered, and so escaped, by its own template.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} – {{ service.name }}</title>
<link rel="stylesheet" href="/style.css">
</head>
<body class="{{ service.class }}">
<header><div>
<strong>{{ service.name }}</strong><span>{{ service.purpose }}</span>
{% if who.is_some() %}<form method="post" action="/sign-out"><button id="sign-out">Se déconnecter</button></form>{% endif %}
</div></header>
<main>
{{ body|safe }}
</main>
</body>
</html>
"#
)]
struct Frame<'a> {
    service: &'a Service,
    title: &'a str,
    who: Option<&'a Who>,
    body: String,
}

/// A person, as the pages name one.
pub struct Who {
    /// What the person is called.
    pub name: String,
    /// The SDET profiles, in words.
    pub profiles: Vec<&'static str>,
    /// UAI codes.
    pub schools: Vec<String>,
    /// Names of the classes attended or taught.
    pub classes: Vec<String>,
    /// The payload of the ID token, for the curious.
    pub id_token: String,
    /// The claims of userinfo, for the curious.
    pub userinfo: String,
}

impl Who {
    /// Reads the claims that the pages show.
    pub fn new(identity: &Identity) -> Self {
        let person = &identity.person;
        let ent = person.additional_claims();
        Self {
            // No locale is asked for, so the claim without one is there; a person without a name has a subject.
            name: person
                .name()
                .and_then(|name| name.get(None))
                .map_or_else(|| person.subject().to_string(), |name| name.to_string()),
            profiles: ent.profiles.iter().map(|profile| profile_in_words(profile)).collect(),
            schools: ent.schools.clone(),
            // Written UAI$CLASS; the schools are said apart.
            classes: (ent.classes.iter().chain(&ent.classes_taught))
                .map(|class| class.split_once('$').map_or(class.as_str(), |(_, name)| name).to_owned())
                .collect(),
            id_token: payload(&identity.id_token.to_string()),
            userinfo: serde_json::to_string_pretty(person).unwrap_or_default(),
        }
    }
}

fn profile_in_words(profile: &str) -> &'static str {
    match profile {
        "National_ELV" => "Élève",
        "National_TUT" => "Responsable d’élève",
        "National_ENS" => "Enseignant",
        "National_DIR" => "Direction",
        "National_EVS" => "Vie scolaire",
        "National_ETA" => "Personnel administratif ou technique",
        "National_ACA" => "Personnel du rectorat",
        "National_DOC" => "Documentaliste",
        "National_COL" => "Collectivité",
        _ => "Autre profil",
    }
}

/// The middle part of a JWT that was verified before, as indented JSON.
fn payload(jwt: &str) -> String {
    let bytes = jwt.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok()).unwrap_or_default();
    serde_json::from_slice::<serde_json::Value>(&bytes)
        .and_then(|claims| serde_json::to_string_pretty(&claims))
        .unwrap_or_default()
}

/// The door of either service, for somebody who is not signed in.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<div class="card">
<h1>{{ title }}</h1>
<p>{{ text }}</p>
<p><a class="button" id="sign-in" href="/login">Se connecter</a></p>
</div>"#
)]
pub struct Door {
    /// Heading.
    pub title: &'static str,
    /// One sentence.
    pub text: &'static str,
}

/// The portal's home: services, the person's claims, and what a developer wants to try.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<h1>Bonjour <span id="who">{{ who.name }}</span></h1>
{% if let Some(outcome) = outcome %}
<p class="card" id="{{ outcome.id }}" role="status" data-result="{{ outcome.result }}">{{ outcome.text }}</p>
{% endif %}
<section class="card">
<h2>Mes services</h2>
<ul class="tiles">
<li><a id="open-gradebook" href="{{ gradebook }}"><b>Carnet de notes</b>Notes et moyennes</a></li>
<li><span><b>Cahier de textes</b>Absent de cette démonstration</span></li>
<li><span><b>Messagerie</b>Absente de cette démonstration</span></li>
</ul>
</section>
<section class="card">
<h2>Ma fiche</h2>
<dl>
<dt>Nom</dt><dd>{{ who.name }}</dd>
<dt>Profil</dt><dd>{{ who.profiles|join(", ") }}</dd>
{% if !who.schools.is_empty() %}<dt>Établissement</dt><dd>{{ who.schools|join(", ") }}</dd>{% endif %}
{% if !who.classes.is_empty() %}<dt>Classe</dt><dd>{{ who.classes|join(", ") }}</dd>{% endif %}
</dl>
</section>
<section class="card">
<h2>Pour les développeurs</h2>
<div class="row">
<form method="post" action="/refresh"><button class="quiet" id="refresh">Renouveler les jetons</button></form>
<form method="post" action="/userinfo"><button class="quiet" id="userinfo">Relire userinfo</button></form>
</div>
<details><summary>Jeton d’identité</summary><pre id="id-token">{{ who.id_token }}</pre></details>
<details><summary>Réponse de userinfo</summary><pre id="userinfo-claims">{{ who.userinfo }}</pre></details>
</section>"#
)]
pub struct Home<'a> {
    /// Who is signed in.
    pub who: &'a Who,
    /// What the last button did.
    pub outcome: Option<Outcome>,
    /// Where the gradebook is.
    pub gradebook: &'a str,
}

/// What a button of the portal did.
pub struct Outcome {
    /// The element's id.
    pub id: &'static str,
    /// For programs: `renewed`, `read`, or why not.
    pub result: &'static str,
    /// For people.
    pub text: &'static str,
}

/// A portal session that the provider's answer has ended.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<div class="card notice">
<h1>Votre session est fermée</h1>
<p id="{{ outcome.id }}" role="status" data-result="{{ outcome.result }}">{{ outcome.text }}</p>
<p><a class="button" id="sign-in" href="/login">Se connecter</a></p>
</div>"#
)]
pub struct Ended {
    /// What was tried, and what the provider said.
    pub outcome: Outcome,
}

/// The gradebook's list of subjects.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<h1>Notes de <span id="who">{{ who.name }}</span></h1>
<section class="card">
<table>
<thead><tr><th scope="col">Matière</th><th scope="col">Moyenne</th></tr></thead>
<tbody>
{% for subject in subjects %}<tr><td><a href="{{ subject.path }}">{{ subject.name }}</a></td><td>{{ subject.average }}</td></tr>
{% endfor %}</tbody>
</table>
<p class="soft">Notes inventées : les mêmes pour tout le monde.</p>
</section>
<section class="card">
<details><summary>Jeton d’identité</summary><pre id="id-token">{{ who.id_token }}</pre></details>
<details><summary>Réponse de userinfo</summary><pre id="userinfo-claims">{{ who.userinfo }}</pre></details>
</section>"#
)]
pub struct Marks<'a> {
    /// Who is signed in.
    pub who: &'a Who,
    /// Every subject.
    pub subjects: &'a [Subject],
}

/// One school subject with its marks.
pub struct Subject {
    /// Where its page is; the deep link that survives a sign-in.
    pub path: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The average, written the French way.
    pub average: &'static str,
    /// Each test, with its mark.
    pub tests: &'static [(&'static str, &'static str)],
}

/// The gradebook's page of one subject.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<h1 id="subject">{{ subject.name }}</h1>
<section class="card">
<p class="soft">Notes de <span id="who">{{ who.name }}</span></p>
<table>
<thead><tr><th scope="col">Contrôle</th><th scope="col">Note sur 20</th></tr></thead>
<tbody>
{% for (name, mark) in subject.tests %}<tr><td>{{ name }}</td><td>{{ mark }}</td></tr>
{% endfor %}</tbody>
</table>
<p><a href="/notes">Toutes les matières</a></p>
</section>"#
)]
pub struct SubjectMarks<'a> {
    /// Who is signed in.
    pub who: &'a Who,
    /// The subject.
    pub subject: &'a Subject,
}

/// The gradebook's own words before it sends somebody to change the password. It asks for nothing: a service
/// never collects the password of the provider.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<div class="card notice" id="notice">
<h1>Avant d’ouvrir vos notes</h1>
<p>Votre mot de passe doit être changé. Vous allez le faire sur la page de connexion de votre établissement, puis vous
reviendrez ici, à la page que vous demandiez.</p>
<p>Le carnet de notes ne vous demandera jamais votre mot de passe.</p>
<p><a class="button" id="change-now" href="/login/change">Changer mon mot de passe</a></p>
</div>"#
)]
pub struct Notice;

/// Why nobody was signed in, in plain words. It never sends the browser on by itself.
pub fn refused(service: &Service, refusal: &Refusal) -> Response {
    let (status, title, text, detail) = match refusal {
        Refusal::ChangeRequired => (
            StatusCode::FORBIDDEN,
            "Votre mot de passe doit être changé",
            "Connectez-vous de nouveau : la page de connexion vous fera choisir un nouveau mot de passe.",
            String::new(),
        ),
        Refusal::ChangeDeclined => (
            StatusCode::FORBIDDEN,
            "Mot de passe non changé",
            "Vous n’avez pas changé votre mot de passe : vous n’êtes donc pas connecté. Vous pouvez recommencer quand vous voulez.",
            String::new(),
        ),
        Refusal::UnknownState => (
            StatusCode::BAD_REQUEST,
            "Cette page a déjà servi",
            "La réponse reçue ne correspond à aucune demande de ce navigateur. Connectez-vous de nouveau.",
            String::new(),
        ),
        Refusal::WrongIssuer => (
            StatusCode::BAD_REQUEST,
            "Réponse refusée",
            "La réponse reçue ne vient pas du service de connexion attendu. Rien n’en a été gardé.",
            String::new(),
        ),
        Refusal::Refused { code, description } => (
            StatusCode::FORBIDDEN,
            "Connexion refusée",
            "Le service de connexion a refusé la demande.",
            format!("{code} {description}"),
        ),
        Refusal::NotBelieved(reason) => (
            StatusCode::BAD_GATEWAY,
            "Réponse non vérifiée",
            "La réponse du service de connexion n’a pas pu être vérifiée. Rien n’en a été gardé.",
            reason.clone(),
        ),
        Refusal::Unreachable(reason) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Service de connexion injoignable",
            "Le service de connexion ne répond pas. Réessayez dans quelques minutes.",
            reason.clone(),
        ),
    };
    (status, page(service, title, None, &Refused { title, text, detail })).into_response()
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<div class="card notice" id="refusal">
<h1>{{ title }}</h1>
<p>{{ text }}</p>
{% if !detail.is_empty() %}<p class="soft"><code>{{ detail }}</code></p>{% endif %}
<p><a class="button" id="sign-in" href="/login">Se connecter</a></p>
</div>"#
)]
struct Refused {
    title: &'static str,
    text: &'static str,
    detail: String,
}
