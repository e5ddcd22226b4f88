//! What the userinfo endpoint tells (OpenID Connect Core section 5.3.2): what the scopes say and no more. Pupils'
//! national numbers and birth dates are not known to this provider's scopes at all.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::domain::account::Affiliation;
use crate::domain::profile::Profile;
use crate::domain::scope::{Scope, ScopeSet};

/// What is known about a person, as it was imported.
#[derive(Clone, Copy)]
pub struct PersonClaims<'a> {
    /// The login, as it is shown.
    pub login: &'a str,
    /// First names.
    pub given_name: &'a str,
    /// Last name.
    pub family_name: &'a str,
    /// The e-mail address, for those who have one.
    pub email: Option<&'a str>,
    /// Who the person is, and where; those that have ended are left out here.
    pub affiliations: &'a [Affiliation],
}

/// The body of the answer. What is empty is left out: OpenID Connect Core section 5.3.2 wants neither nulls nor empty
/// texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserInfo {
    sub: String,
    #[serde(flatten)]
    profile: Option<ProfileClaims>,
    #[serde(flatten)]
    email: Option<EmailClaims>,
    #[serde(flatten)]
    ent: Option<EntClaims>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct ProfileClaims {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    given_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    family_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    preferred_username: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct EmailClaims {
    email: String,
    /// Addresses come from an import; nobody has shown yet that they read their mail there.
    email_verified: bool,
}

/// The attributes of the SDET (*schéma directeur des espaces numériques de travail*) under their own names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct EntClaims {
    #[serde(rename = "ENTPersonProfils", skip_serializing_if = "BTreeSet::is_empty")]
    profiles: BTreeSet<String>,
    #[serde(rename = "ENTPersonStructRattachUAI", skip_serializing_if = "BTreeSet::is_empty")]
    schools: BTreeSet<String>,
    /// Of a pupil, written `UAI$CLASS`.
    #[serde(rename = "ENTEleveClasses", skip_serializing_if = "BTreeSet::is_empty")]
    classes: BTreeSet<String>,
    /// Of a teacher, written `UAI$CLASS`.
    #[serde(rename = "ENTAuxEnsClasses", skip_serializing_if = "BTreeSet::is_empty")]
    taught_classes: BTreeSet<String>,
}

impl UserInfo {
    /// The claims of every scope, as discovery lists them.
    pub const CLAIMS: [&'static str; 11] = [
        "sub",
        "name",
        "given_name",
        "family_name",
        "preferred_username",
        "email",
        "email_verified",
        "ENTPersonProfils",
        "ENTPersonStructRattachUAI",
        "ENTEleveClasses",
        "ENTAuxEnsClasses",
    ];

    /// What a relying party with these scopes is told of a person it knows as `subject`.
    pub fn new(subject: String, scopes: &ScopeSet, person: &PersonClaims<'_>) -> Self {
        Self {
            sub: subject,
            profile: scopes.contains(Scope::Profile).then(|| ProfileClaims::of(person)),
            email: person
                .email
                .filter(|email| scopes.contains(Scope::Email) && !email.is_empty())
                .map(EmailClaims::of),
            ent: scopes.contains(Scope::Ent).then(|| EntClaims::of(person.affiliations)),
        }
    }
}

impl ProfileClaims {
    fn of(person: &PersonClaims<'_>) -> Self {
        Self {
            name: format!("{} {}", person.given_name, person.family_name).trim().to_owned(),
            given_name: person.given_name.to_owned(),
            family_name: person.family_name.to_owned(),
            preferred_username: person.login.to_owned(),
        }
    }
}

impl EmailClaims {
    fn of(email: &str) -> Self {
        Self { email: email.to_owned(), email_verified: false }
    }
}

impl EntClaims {
    fn of(affiliations: &[Affiliation]) -> Self {
        let mut claims = Self::default();
        for affiliation in affiliations.iter().filter(|affiliation| affiliation.span.is_open()) {
            claims.profiles.extend(affiliation.profile.sdet().map(ToOwned::to_owned));
            let Some(place) = affiliation.path.code() else { continue };
            let Some(uai) = place.uai() else { continue };
            claims.schools.insert(uai.to_owned());
            let class = place.class_name().map(|name| format!("{uai}${name}"));
            // A guardian is placed in the child's class too, and is in none.
            match affiliation.profile {
                Profile::Pupil => claims.classes.extend(class),
                Profile::Teacher => claims.taught_classes.extend(class),
                Profile::Academic
                | Profile::Administration
                | Profile::Guardian
                | Profile::Head
                | Profile::Inspector
                | Profile::InternshipTutor
                | Profile::Librarian
                | Profile::LocalAuthority
                | Profile::SchoolLife => {}
            }
        }
        claims
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::order_clock::ClockSpan;
    use crate::domain::order_clock::OrderClock;
    use crate::domain::territory::{TerritoryCode, TerritoryPath};

    fn at(code: &str, profile: Profile, ended: Option<i64>) -> Affiliation {
        Affiliation {
            path: TerritoryPath::root().child(&TerritoryCode::parse(code).unwrap()),
            profile,
            span: ClockSpan { began: OrderClock(1), ended: ended.map(OrderClock) },
        }
    }

    fn told(scopes: &str, person: &PersonClaims<'_>) -> Value {
        serde_json::to_value(UserInfo::new("s".to_owned(), &scopes.parse().unwrap(), person)).unwrap()
    }

    #[test]
    fn each_scope_tells_its_own() {
        let affiliations = [
            at("class:0860001J/6A", Profile::Pupil, None),
            at("class:0860001J/5B", Profile::Pupil, Some(2)),
            at("class:0869876T/3 C", Profile::Teacher, None),
            at("class:0171234Z/4D", Profile::Guardian, None),
            at("academie:13", Profile::Inspector, None),
            at("uai:0860001J", Profile::InternshipTutor, None),
        ];
        let person = PersonClaims {
            login: "zoe.martin",
            given_name: "Zoé",
            family_name: "Martin",
            email: Some("zoe@example.org"),
            affiliations: &affiliations,
        };
        assert_eq!(told("openid offline_access", &person), json!({"sub": "s"}));
        assert_eq!(
            told("openid profile", &person),
            json!({
                "sub": "s", "name": "Zoé Martin", "given_name": "Zoé", "family_name": "Martin",
                "preferred_username": "zoe.martin",
            })
        );
        assert_eq!(
            told("openid email", &person),
            json!({"sub": "s", "email": "zoe@example.org", "email_verified": false})
        );
        assert_eq!(
            told("openid ent", &person),
            json!({
                "sub": "s",
                "ENTPersonProfils": ["National_ACA", "National_ELV", "National_ENS", "National_TUT"],
                "ENTPersonStructRattachUAI": ["0171234Z", "0860001J", "0869876T"],
                "ENTEleveClasses": ["0860001J$6A"],
                "ENTAuxEnsClasses": ["0869876T$3 C"],
            })
        );
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let nobody =
            PersonClaims { login: "", given_name: "", family_name: "", email: None, affiliations: &[] };
        assert_eq!(told("openid profile email ent", &nobody), json!({"sub": "s"}));
        assert_eq!(told("openid email", &PersonClaims { email: Some(""), ..nobody }), json!({"sub": "s"}));
    }

    #[test]
    fn every_claim_is_listed() {
        let affiliations =
            [at("class:0860001J/6A", Profile::Pupil, None), at("class:0860001J/6A", Profile::Teacher, None)];
        let person = PersonClaims {
            login: "l",
            given_name: "g",
            family_name: "f",
            email: Some("e"),
            affiliations: &affiliations,
        };
        let told = told("openid profile email ent", &person);
        let names: BTreeSet<&str> = told.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, BTreeSet::from(UserInfo::CLAIMS));
    }
}
