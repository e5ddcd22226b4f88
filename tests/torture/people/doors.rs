//! Each door, knocked at once: what was shown, and what was answered.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ecluse::domain::secret::Secret as Shown;
use reqwest::Url;
use serde_json::Value;

use super::browser::{Lost, Tab, answer};
use super::person::{Coupon, Person, Tokens, Wish};
use super::town::{password, plain};
use crate::browser::Page;
use crate::relying_party::{REDIRECT_URI, VERIFIER};
use crate::torture::history::{Act, Given, Held, Outcome, Secret};
use crate::torture::world::{CANTINE, PORTAL, SECRET, SPA};

/// The name of a secret in the history.
fn name_of(secret: &str) -> String {
    Shown::new(secret.to_owned()).hash()
}

/// What an answer was, if the one of a success is told by `yes`.
pub(super) fn outcome(answer: &Result<Page, Lost>, yes: bool) -> Outcome {
    match answer {
        Err(Lost) => Outcome::Unknown,
        Ok(_) if yes => Outcome::Yes,
        Ok(page) => Outcome::No(refusal(page)),
    }
}

fn refusal(page: &Page) -> String {
    let body = body(page);
    if let Some(error) = body["error"].as_str() {
        return format!("{error}: {}", body["error_description"].as_str().unwrap_or_default());
    }
    if page.is_sign_in() {
        // Only what is wrong is marked on the form.
        return if page.body.contains("aria-invalid") { "wrong" } else { "throttled" }.to_owned();
    }
    let told = page.parameter("error").or_else(|| page.location().map(|_| "elsewhere".to_owned()));
    told.unwrap_or_else(|| page.status.as_u16().to_string())
}

fn body(page: &Page) -> Value {
    serde_json::from_str(&page.body).unwrap_or(Value::Null)
}

impl Person {
    pub(super) fn account_name(&self) -> String {
        self.account.login.clone()
    }

    pub(super) fn record(&self, began: i64, replica: u8, act: Act, outcome: Outcome) {
        self.town.recorder.record(began, (self.actor, Some(replica)), act, outcome);
    }

    /// Whether it led to something; none if that is not known. Now and then on the way to a relying party, which is gone on
    /// from then.
    pub(crate) async fn sign_in(&self, secret: Secret) -> Option<bool> {
        let (replica, mut tab) = (self.replica(), self.browser.tab());
        let wish = self.dice.chance(50).then(|| self.wish());
        let start = wish.as_ref().map_or_else(|| "/login".to_owned(), |wish| wish.request(false));
        let page = tab.go(self.replica(), &start).await.ok()?;
        let form = page.form("/login")?;
        let room = form.0.trim_end_matches("/login").to_owned();
        let typed = match &secret {
            Secret::Password(number) => password(*number),
            Secret::Code(code) => code.clone(),
        };
        let (began, replaces) = (self.town.recorder.now(), tab.held());
        let answer = tab.submit(replica, form, &[("login", &self.account.login), ("password", &typed)]).await;
        let held = tab.held().filter(|_| tab.held() != replaces);
        let outcome = outcome(&answer, held.is_some());
        let act = Act::SignIn { account: self.account_name(), secret: secret.clone(), replaces, held };
        self.record(began, replica, act, outcome.clone());
        match (outcome, &secret) {
            (Outcome::Yes, Secret::Password(number)) => self.account.is(*number),
            (Outcome::Unknown, _) => return None,
            (Outcome::No(_), _) => return Some(false),
            (Outcome::Yes, Secret::Code(_)) => {}
        }
        if let (Some(wish), Some(_)) = (&wish, tab.session()) {
            self.resume(&mut tab, &room, wish).await;
        }
        *self.typed.lock().unwrap() = Some(secret);
        *self.room.lock().unwrap() = wish.map(|wish| (room, wish));
        Some(true)
    }

    /// On from the pages to the relying party that was asked for.
    pub(super) async fn resume(&self, tab: &mut Tab, room: &str, wish: &Wish) {
        let path = format!("{room}/resume");
        self.fetch_code(tab, &path, wish, false).await;
    }

    fn wish(&self) -> Wish {
        let client = *self.dice.pick(&[PORTAL, SPA]);
        Wish { client, offline: client == SPA || self.dice.chance(60) }
    }

    pub(crate) async fn authorize(&self, silent: bool) {
        let (mut tab, wish) = (self.browser.tab(), self.wish());
        self.fetch_code(&mut tab, &wish.request(silent), &wish, silent).await;
    }

    /// One request that may be answered with a code.
    async fn fetch_code(&self, tab: &mut Tab, path: &str, wish: &Wish, silent: bool) {
        let Some(session) = tab.session() else { return };
        let (began, replica) = (self.town.recorder.now(), self.replica());
        let answer = tab.get(replica, path).await;
        let code = answer.as_ref().ok().and_then(|page| page.parameter("code"));
        let outcome = outcome(&answer, code.is_some());
        if let Some(code) = &code {
            let Wish { client, offline } = *wish;
            let coupon = Coupon { client, code: code.clone(), offline, of: self.account.generation() };
            self.wallet.lock().unwrap().coupons.push(coupon);
        }
        let code = code.map(|code| name_of(&code));
        let act = Act::Authorize { account: self.account_name(), session, silent, code };
        self.record(began, replica, act, outcome);
    }

    pub(crate) async fn exchange(&self, coupon: &Coupon) {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &coupon.code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        let (began, replica) = (self.town.recorder.now(), self.replica());
        let answer = self.call(replica, "/token", coupon.client, &form).await;
        let given = answer.as_ref().ok().and_then(|page| self.given(coupon, &body(page)));
        let outcome = outcome(&answer, given.is_some());
        let act = Act::Exchange { account: self.account_name(), code: name_of(&coupon.code), given };
        self.record(began, replica, act, outcome);
    }

    fn given(&self, coupon: &Coupon, body: &Value) -> Option<Given> {
        let access = body["access_token"].as_str()?.to_owned();
        let refresh = body["refresh_token"].as_str().map(str::to_owned);
        let claims = body["id_token"].as_str()?.split('.').nth(1)?;
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        let given = Given {
            client: coupon.client.to_owned(),
            sid: claims["sid"].as_str()?.to_owned(),
            offline: coupon.offline,
            access: name_of(&access),
            refresh: refresh.as_deref().map(name_of),
        };
        let mut wallet = self.wallet.lock().unwrap();
        wallet.grants.push(Tokens { client: coupon.client, access, refresh, of: coupon.of });
        if wallet.grants.len() > 6 {
            wallet.grants.remove(0);
        }
        Some(given)
    }

    pub(crate) async fn refresh(&self, client: &'static str, presented: &str) {
        let (began, replica) = (self.town.recorder.now(), self.replica());
        let form = [("grant_type", "refresh_token"), ("refresh_token", presented)];
        let answer = self.call(replica, "/token", client, &form).await;
        let body = answer.as_ref().map_or(Value::Null, body);
        let access = body["access_token"].as_str();
        let next = body["refresh_token"].as_str().filter(|next| *next != presented);
        if let Some(access) = access {
            let mut wallet = self.wallet.lock().unwrap();
            let wallet = &mut *wallet;
            let grant = wallet.grants.iter_mut().find(|grant| grant.refresh.as_deref() == Some(presented));
            if let Some(grant) = grant {
                access.clone_into(&mut grant.access);
                if let Some(next) = next {
                    wallet.rotated = grant.refresh.replace(next.to_owned());
                }
            }
        }
        let act = Act::Refresh {
            account: self.account_name(),
            presented: name_of(presented),
            rotates: client == SPA,
            access: access.map(name_of),
            next: next.map(name_of),
        };
        self.record(began, replica, act, outcome(&answer, access.is_some()));
    }

    pub(crate) async fn introspect(&self, token: &str) {
        let (began, replica) = (self.town.recorder.now(), self.replica());
        let answer = self.call(replica, "/introspect", CANTINE, &[("token", token)]).await;
        let active = answer.as_ref().is_ok_and(|page| body(page)["active"] == true);
        let act = Act::Introspect { account: self.account_name(), token: name_of(token) };
        self.record(began, replica, act, outcome(&answer, active));
    }

    pub(crate) async fn userinfo(&self, access: &str) {
        let (began, replica) = (self.town.recorder.now(), self.replica());
        let fronts = &self.town.fronts;
        let answer = answer(fronts.http.get(fronts.at(replica, "/userinfo")).bearer_auth(access)).await;
        let told = answer.as_ref().is_ok_and(|page| page.status.is_success());
        let act = Act::Userinfo { account: self.account_name(), access: name_of(access) };
        self.record(began, replica, act, outcome(&answer, told));
    }

    pub(crate) async fn sign_out(&self) {
        let (replica, mut tab) = (self.replica(), self.browser.tab());
        let Ok(page) = tab.go(self.replica(), "/logout").await else { return };
        let (Some(form), Some(session)) = (page.form("/logout/confirm"), tab.session()) else { return };
        let (before, began) = (tab.clone(), self.town.recorder.now());
        let answer = tab.submit(replica, form, &[]).await;
        let out = tab.session().is_none();
        let act = Act::SignOut { account: self.account_name(), session };
        self.record(began, replica, act, outcome(&answer, out));
        self.go_on_in(before).await;
    }

    /// An operator issues a code for this person alone.
    pub(crate) async fn ask_for_code(&self) {
        let began = self.town.recorder.now();
        let said = self.town.operate(&["account", "code", &self.account.login]).await;
        let code = (said.outcome == Outcome::Yes).then(|| plain(&said.out));
        if let Some(code) = &code {
            self.town.hand_out(&[(self.account_name(), code.clone())]);
        }
        self.account.all_ends();
        let act = Act::NewCode { account: self.account_name(), code };
        self.town.recorder.record(began, (self.actor, None), act, said.outcome);
    }

    async fn call(&self, replica: u8, path: &str, client: &str, form: &[(&str, &str)]) -> Result<Page, Lost> {
        let fronts = &self.town.fronts;
        let request = fronts.http.post(fronts.at(replica, path));
        if client == SPA {
            answer(request.form(&[form, &[("client_id", client)]].concat())).await
        } else {
            answer(request.basic_auth(client, Some(SECRET)).form(form)).await
        }
    }

    /// Whether somebody is signed in here.
    pub(crate) fn is_in(&self) -> bool {
        matches!(self.browser.tab().held(), Some(Held::Session(_)))
    }
}

impl Wish {
    /// The path of the authorization request.
    fn request(&self, silent: bool) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
        let scope = if self.offline { "openid profile offline_access" } else { "openid profile" };
        let mut url = Url::parse("http://provider/authorize").unwrap();
        url.query_pairs_mut().extend_pairs([
            ("client_id", self.client),
            ("redirect_uri", REDIRECT_URI),
            ("response_type", "code"),
            ("scope", scope),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        if silent {
            url.query_pairs_mut().append_pair("prompt", "none");
        }
        format!("{}?{}", url.path(), url.query().unwrap())
    }
}
