//! Monday at eight, as one person has it: a relying party sends the browser to the provider, a password is typed, changed
//! where the gate is closed, and the relying party gets tokens, which it refreshes from then on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::deployment::{CLIENT, Deployment, PASSWORD, REDIRECT_URI, SECRET};
use crate::tally::{Kind, Tally, now};
use crate::visitor::{Answer, Silence, Visitor};

/// Of RFC 7636 appendix B: nobody's secret.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// More steps than any way to a relying party has.
const STEPS: usize = 12;

/// Somebody on the way.
pub struct Journey<'a> {
    tally: &'a Tally,
    number: usize,
    visitor: Visitor,
    began: Instant,
}

/// Why a journey ended early. It is counted already.
pub struct Ended;

impl<'a> Journey<'a> {
    /// The person of this number sets out.
    pub fn new(deployment: &'a Deployment, tally: &'a Tally, number: usize) -> Self {
        let address = deployment.addresses[number % deployment.addresses.len()];
        let visitor = Visitor::new(address, &deployment.issuer);
        Self { tally, number, visitor, began: now() }
    }

    /// All the way: the sign-in, and refreshes until told that it is enough.
    pub async fn go(mut self, refresh_every: Duration) -> Result<(), Ended> {
        let code = self.sign_in().await?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        let answer = self.token(&form, Kind::Exchange).await?;
        let tokens: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let Some(refresh_token) = tokens["refresh_token"].as_str() else {
            return Err(self.tally.failed("no refresh token"));
        };
        self.tally.took(Kind::Arrived, self.began);
        while !self.tally.is_over() {
            tokio::time::sleep(refresh_every).await;
            if self.tally.is_over() {
                break;
            }
            let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
            // A client with a secret keeps its token.
            self.token(&form, Kind::Refresh).await?;
        }
        Ok(())
    }

    /// From the relying party through the pages, as far as they go, and back with a code.
    async fn sign_in(&mut self) -> Result<String, Ended> {
        let start = format!(
            "/authorize?response_type=code&client_id={CLIENT}&redirect_uri={REDIRECT_URI}&state=s&nonce=n\
             &scope=openid%20profile%20offline_access&code_challenge={CHALLENGE}&code_challenge_method=S256"
        );
        let asked = self.visitor.get(&start).await;
        let mut answer = self.heard(asked, None)?;
        for _ in 0..STEPS {
            if let Some(code) = answer.parameter("code") {
                return Ok(code);
            }
            answer = self.step(&answer).await?;
        }
        Err(self.tally.failed("led round in circles"))
    }

    /// What a person does with what the browser shows.
    async fn step(&mut self, seen: &Answer) -> Result<Answer, Ended> {
        let began = now();
        if let Some(location) = &seen.location {
            let Some(path) = self.visitor.path(location).map(str::to_owned) else {
                return Err(self.tally.failed("led elsewhere"));
            };
            let answer = self.visitor.get(&path).await;
            return self.heard(answer, None);
        }
        if seen.asks("new_password")
            && let Some((action, csrf)) = seen.form("/password")
        {
            let new = Deployment::new_password(self.number);
            let typed = [
                ("csrf", csrf),
                ("current_password", PASSWORD),
                ("new_password", &new),
                ("confirmation", &new),
            ];
            let answer = self.visitor.submit(action, &typed).await;
            return self.heard(answer, Some((Kind::Change, began)));
        }
        if let Some(link) = seen.link("continue") {
            let answer = self.visitor.get(link).await;
            return self.heard(answer, None);
        }
        if let Some((action, csrf)) = seen.form("/login") {
            let login = Deployment::login(self.number);
            let typed = [("csrf", csrf), ("login", &login), ("password", PASSWORD)];
            let answer = self.visitor.submit(action, &typed).await;
            return self.heard(answer, Some((Kind::SignIn, began)));
        }
        Err(self.tally.failed("a page that nobody expected"))
    }

    async fn token(&mut self, form: &[(&str, &str)], kind: Kind) -> Result<Answer, Ended> {
        let began = now();
        let answer = self.visitor.post("/token", [CLIENT, SECRET], form).await;
        self.heard(answer, Some((kind, began)))
    }

    /// Counts an answer; one that is not what was wanted ends the journey.
    fn heard(
        &self,
        answer: Result<Answer, Silence>,
        counted: Option<(Kind, Instant)>,
    ) -> Result<Answer, Ended> {
        let began = counted.map_or_else(now, |(_, began)| began);
        match answer {
            Ok(answer) if answer.status < 400 => {
                if let Some((kind, began)) = counted {
                    self.tally.took(kind, began);
                }
                Ok(answer)
            }
            Ok(answer) if answer.status == 503 && answer.retry_after => {
                self.tally.took(Kind::TurnedAway, began);
                Err(Ended)
            }
            Ok(answer) => Err(self.tally.failed(&format!("answered {}", answer.status))),
            Err(silence) => Err(self.tally.failed(&format!("{silence:?}"))),
        }
    }
}

/// One person, for a task of its own.
pub async fn go(deployment: Arc<Deployment>, tally: Arc<Tally>, number: usize, refresh_every: Duration) {
    tally.enters();
    let _ = Journey::new(&deployment, &tally, number).go(refresh_every).await;
    tally.leaves();
}
