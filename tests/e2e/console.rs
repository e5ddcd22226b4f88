//! Operators at the console: signing in through the gate, and the second factor.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use ecluse::domain::account::AccountId;
use ecluse::domain::code::printed;
use ecluse::domain::jurisdiction::Refusal;
use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::flows::account::AccountError;
use ecluse::flows::account::reset_factor::reset_factor;
use ecluse::flows::actor::Actor;
use ecluse::store;
use ecluse::store::clock::Clock;
use ecluse::store::db::Batch;
use reqwest::StatusCode;

use crate::browser::{Browser, Page};
use crate::heard;
use crate::provider::{Provider, Wish, operator};
use crate::sign_in::{activate, elsewhere};

pub(crate) const TEACHER: &str = "m.blanc";
const SCHOOL: &str = "uai:0860001J";

/// An authenticator app on somebody's telephone.
pub(crate) struct App {
    secret: Vec<u8>,
    clock: Clock,
}

impl App {
    /// Reads the secret that a page shows.
    pub(crate) fn scan(provider: &Provider, page: &Page) -> Self {
        Self::typed(provider, &app_secret(page))
    }

    /// Types the secret off, as who has no camera.
    pub(crate) fn typed(provider: &Provider, text: &str) -> Self {
        let text: String = text.split_whitespace().collect();
        let bits = text.bytes().fold(String::new(), |bits, symbol| {
            let place =
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == symbol).unwrap();
            format!("{bits}{place:05b}")
        });
        let secret = (0..20).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap()).collect();
        Self { secret, clock: provider.clock.clone() }
    }

    /// What it shows now, as RFC 6238 has it.
    pub(crate) fn digits(&self) -> String {
        let step = self.clock.now().seconds() / 30;
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let at = usize::from(tag.as_ref()[19] & 15);
        let word = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", word % 1_000_000)
    }

    /// Waits for the next digits.
    pub(crate) fn next(&self) -> String {
        self.clock.advance(Duration::from_secs(30));
        self.digits()
    }
}

pub(crate) fn is_home(page: &Page) -> bool {
    page.status == StatusCode::OK && page.body.contains("class=\"roles\"")
}

pub(crate) fn asks_factor(page: &Page) -> bool {
    page.body.contains("id=\"show-factor\"")
}

pub(crate) fn asks_leave(page: &Page) -> bool {
    page.body.contains("id=\"permit\"")
}

pub(crate) fn offers(page: &Page) -> bool {
    page.body.contains("id=\"enrol\"")
}

/// The codes of a page that shows some.
pub(crate) fn codes(page: &Page) -> Vec<String> {
    let shown = page.body.split("<li><code>").skip(1);
    shown.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

/// The secret that a page shows to be typed into an app.
pub(crate) fn app_secret(page: &Page) -> String {
    let shown = page.body.split("id=\"secret\">").nth(1).unwrap_or_else(|| panic!("{}", page.body));
    let shown = shown.split("</p>").next().unwrap();
    let secret: String = shown.split('<').map(|part| part.rsplit('>').next().unwrap().trim()).collect();
    heard::keep(&secret);
    secret
}

/// Somebody who chose a password with a code and set up an app at once, and is in.
pub(crate) async fn enrolled(provider: &Provider, login: &str) -> (Browser, App, Vec<String>) {
    let browser = activate(provider, login).await;
    let page = browser.go("/console").await;
    assert!(offers(&page), "{} {}", page.status, page.body);
    let app = App::scan(provider, &page);
    let page = browser.submit(&page, "/factor/app", &[("code", &app.digits())]).await;
    let codes = codes(&page);
    assert_eq!((page.status, codes.len()), (StatusCode::OK, 10), "{}", page.body);
    assert!(is_home(&browser.go("/console").await));
    (browser, app, codes)
}

pub(crate) async fn head(provider: &Provider) -> (Browser, App, Vec<String>) {
    provider.hire(TEACHER, Role::SchoolAdmin, SCHOOL).await;
    enrolled(provider, TEACHER).await
}

/// The same person in another browser, with the password shown and no factor.
pub(crate) async fn password_alone(provider: &Provider, login: &str) -> (Browser, Page) {
    let browser = elsewhere(provider, login).await;
    let page = browser.go("/console").await;
    (browser, page)
}

pub(crate) async fn show(browser: &Browser, page: &Page, code: &str) -> Page {
    browser.submit(page, "/console/factor", &[("code", code)]).await
}

async fn acts(provider: &Provider, act: &str) -> usize {
    let lines = store::audit::unsealed(&provider.ctx.db, 1_000).await.unwrap();
    lines.iter().filter(|line| line.act == act).count()
}

#[tokio::test]
async fn an_operator_comes_in_with_a_password_and_an_app() {
    let provider = Provider::start().await;
    let (_, app, _) = head(&provider).await;
    let (browser, page) = password_alone(&provider, TEACHER).await;
    assert!(asks_factor(&page), "{} {}", page.status, page.body);
    assert!(asks_factor(&browser.go("/console").await), "nothing opens before it");
    assert!(!page.body.contains("id=\"secret\""), "the secret was shown once");
    let wrong = show(&browser, &page, "000000").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.body);
    let page = show(&browser, &wrong, &app.next()).await;
    assert!(is_home(&page), "{} {}", page.status, page.body);
    assert!(page.body.contains("Collège des Tilleuls"), "{}", page.body);
    assert_eq!(acts(&provider, "factor.enrol").await, 1);
}

#[tokio::test]
async fn digits_open_once_also_on_two_replicas_at_once() {
    let one = Provider::start().await;
    let (_, app, _) = head(&one).await;
    let wish = Wish { stores: Some(Arc::clone(&one.stores)), clock: one.clock.clone(), ..Wish::default() };
    let other = Provider::start_with(wish).await;
    let (here, page_here) = password_alone(&one, TEACHER).await;
    let (there, page_there) = password_alone(&other, TEACHER).await;
    let digits = app.next();
    let (one_said, other_said) =
        tokio::join!(show(&here, &page_here, &digits), show(&there, &page_there, &digits));
    let let_in = [&one_said, &other_said].into_iter().filter(|page| is_home(page)).count();
    assert_eq!(let_in, 1, "{} {}", one_said.body, other_said.body);
    let (late, page) = password_alone(&one, TEACHER).await;
    let page = show(&late, &page, &digits).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "whoever looked over the shoulder");
}

#[tokio::test]
async fn a_recovery_code_opens_once_and_is_written_down() {
    let provider = Provider::start().await;
    let (_, _, codes) = head(&provider).await;
    let (browser, page) = password_alone(&provider, TEACHER).await;
    assert!(is_home(&show(&browser, &page, &codes[3].to_lowercase()).await));
    let (browser, page) = password_alone(&provider, TEACHER).await;
    let page = show(&browser, &page, &codes[3]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.body);
    assert!(is_home(&show(&browser, &page, &codes[4]).await));
    assert_eq!(acts(&provider, "factor.recovery").await, 2);
    assert!(!provider.stores.database.at_rest().await.contains(&codes[5].replace('-', "")));
}

#[tokio::test]
async fn new_recovery_codes_take_the_place_of_the_old_ones() {
    let provider = Provider::start().await;
    let (browser, app, old) = head(&provider).await;
    let page = browser.submit(&browser.go("/console").await, "/factor/codes", &[]).await;
    let new = codes(&page);
    assert_eq!((page.status, new.len()), (StatusCode::OK, 10), "{}", page.body);
    assert!(page.body.contains("Les anciens ne valent plus rien"), "{}", page.body);
    assert!(new.iter().all(|code| !old.contains(code)));
    assert!(is_home(&browser.go("/console").await));
    let (other, page) = password_alone(&provider, TEACHER).await;
    assert_eq!(show(&other, &page, &old[0]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(is_home(&show(&other, &page, &new[0]).await));
    assert_eq!(acts(&provider, "factor.renew").await, 1);

    // Whoever finds a console open takes no codes away.
    provider.clock.advance(Duration::from_mins(6));
    let page = browser.submit(&browser.go("/console").await, "/factor/codes", &[]).await;
    assert!(asks_factor(&page) && codes(&page).is_empty(), "{}", page.body);
    let wrong = show(&browser, &page, "000000").await;
    assert!(codes(&wrong).is_empty());
    let page = show(&browser, &wrong, &app.next()).await;
    let page = browser.submit(&page, "/factor/codes", &[]).await;
    let newest = codes(&page);
    assert_eq!(newest.len(), 10, "{}", page.body);
    let (other, page) = password_alone(&provider, TEACHER).await;
    assert_eq!(show(&other, &page, &new[1]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(is_home(&show(&other, &page, &newest[0]).await));

    let form = browser.go("/console").await.fields("/factor/codes");
    let cross = browser.post_from("https://evil.example", "/console/factor/codes", &form).await;
    assert_eq!(cross.status, StatusCode::FORBIDDEN);
    provider.new_code(TEACHER).await;
    assert!(codes(&browser.post("/console/factor/codes", &form).await).is_empty(), "signed out by it");
    assert_eq!(acts(&provider, "factor.renew").await, 2);
}

#[tokio::test]
async fn a_thief_who_has_the_password_alone_enrols_no_telephone() {
    let provider = Provider::start().await;
    provider.hire(TEACHER, Role::SchoolAdmin, SCHOOL).await;
    let owner = activate(&provider, TEACHER).await;
    provider.clock.advance(Duration::from_secs(1));
    let (thief, page) = password_alone(&provider, TEACHER).await;
    assert!(asks_leave(&page) && !offers(&page), "{} {}", page.status, page.body);
    let fields = page.fields("/factor/permit");
    for path in ["/console/factor/app", "/console/factor/list"] {
        let mut form = fields.clone();
        form.push(("code".to_owned(), "000000".to_owned()));
        let sent = thief.post(path, &form).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER);
        assert!(asks_leave(&thief.go("/console").await), "{path}");
    }
    let guessed = thief.submit(&page, "/factor/permit", &[("code", "ABCD-EFGH-JKLM-NPQR")]).await;
    assert_eq!(guessed.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", guessed.body);
    assert!(offers(&owner.go("/console").await), "whoever chose it with a code is the owner");

    let leave = reset_factor(&provider.ctx, &operator(), TEACHER).await.unwrap().unwrap();
    let code = printed(&leave.code).expose().to_owned();
    let (owner, page) = password_alone(&provider, TEACHER).await;
    let page = owner.submit(&page, "/factor/permit", &[("code", &code)]).await;
    assert!(offers(&page), "{} {}", page.status, page.body);
    let (late, page) = password_alone(&provider, TEACHER).await;
    let page = late.submit(&page, "/factor/permit", &[("code", &code)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "a code gives leave once");
}

#[tokio::test]
async fn a_code_for_setting_up_is_worth_nothing_a_day_later() {
    let provider = Provider::start().await;
    provider.hire(TEACHER, Role::SchoolAdmin, SCHOOL).await;
    activate(&provider, TEACHER).await;
    let leave = reset_factor(&provider.ctx, &operator(), TEACHER).await.unwrap().unwrap();
    provider.clock.advance(Duration::from_hours(24));
    let (browser, page) = password_alone(&provider, TEACHER).await;
    let page = browser.submit(&page, "/factor/permit", &[("code", leave.code.expose())]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.body);
}

#[tokio::test]
async fn a_factor_that_is_there_is_not_replaced_by_a_change_with_a_code() {
    let provider = Provider::start().await;
    let (before, _, _) = head(&provider).await;
    let code = provider.new_code(TEACHER).await;
    assert!(!is_home(&before.go("/console").await), "a new code ends what was open");
    let thief = Browser::new(&provider.issuer);
    let page = thief.sign_in(&thief.go("/login").await, TEACHER, &code).await;
    assert!(thief.change(&page, "", "Chat-noir7").await.is_success());
    let page = thief.go("/console").await;
    assert!(asks_factor(&page) && !offers(&page), "{} {}", page.status, page.body);
}

#[tokio::test]
async fn wrong_digits_are_told_to_wait_and_then_nothing_is_compared() {
    let provider = Provider::start().await;
    let (_, app, _) = head(&provider).await;
    let (browser, mut page) = password_alone(&provider, TEACHER).await;
    for _ in 0..5 {
        page = show(&browser, &page, "000000").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    page = show(&browser, &page, &app.next()).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "{}", page.body);
    provider.clock.advance(Duration::from_mins(1));
    assert!(is_home(&show(&browser, &page, &app.next()).await));
}

#[tokio::test]
async fn a_gate_that_closes_shuts_the_console_at_the_next_request() {
    for level in [Level::Change, Level::Recover] {
        let provider = Provider::start().await;
        let (browser, app, _) = head(&provider).await;
        provider.force(TEACHER, level).await;
        let page = browser.get("/console").await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
        let page = browser.go("/console").await;
        assert!(page.is_sign_in(), "{}", page.body);
        let proof = match level {
            Level::Change => crate::provider::FIRST_PASSWORD.to_owned(),
            Level::Recover => provider.new_code(TEACHER).await,
        };
        let page = browser.sign_in(&page, TEACHER, &proof).await;
        let current = if level == Level::Change { proof.as_str() } else { "" };
        let page = browser.change(&page, current, "Chat-noir7").await;
        assert!(page.is_success(), "{}", page.body);
        let page = browser.go(&page.on()).await;
        assert!(asks_factor(&page), "back where it was asked for: {} {}", page.status, page.body);
        assert!(is_home(&show(&browser, &page, &app.next()).await));
    }
}

#[tokio::test]
async fn roles_are_read_anew_and_whoever_has_none_is_told_so() {
    let provider = Provider::start().await;
    let pupil = activate(&provider, "zoe").await.go("/console").await;
    assert_eq!(pupil.status, StatusCode::FORBIDDEN, "{}", pupil.body);
    let (browser, _, _) = head(&provider).await;
    let held = store::operator::held(&provider.ctx.db, &AccountId(TEACHER.to_owned())).await.unwrap();
    let gone = store::operator::revoke(&AccountId(TEACHER.to_owned()), held[0].role, &held[0].over);
    provider.ctx.db.run(Batch::plain(vec![gone])).await.unwrap();
    assert_eq!(browser.go("/console").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_class_teacher_may_use_a_list_and_nobody_else() {
    let provider = Provider::start().await;
    provider.hire(TEACHER, Role::ClassTeacher, "class:0860001J/6A").await;
    let browser = activate(&provider, TEACHER).await;
    let page = browser.go("/console").await;
    let page = browser.submit(&page, "/factor/list", &[]).await;
    let list = codes(&page);
    assert_eq!(list.len(), 20, "{}", page.body);
    let page = browser.go("/console").await;
    assert!(asks_factor(&page), "whoever did not keep them does not come in: {}", page.body);
    assert!(is_home(&show(&browser, &page, &list[0]).await));
    let (again, page) = password_alone(&provider, TEACHER).await;
    assert_eq!(show(&again, &page, &list[0]).await.status, StatusCode::UNPROCESSABLE_ENTITY);

    provider.hire("chef", Role::Authority, "academie:13").await;
    let chief = activate(&provider, "chef").await;
    let page = chief.go("/console").await;
    assert!(offers(&page) && page.form("/factor/list").is_none(), "{}", page.body);
    let sent = chief.post("/console/factor/list", &page.fields("/factor/app")).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert!(offers(&chief.go("/console").await));
}

#[tokio::test]
async fn a_form_of_somebody_else_does_nothing() {
    let provider = Provider::start().await;
    let (_, app, _) = head(&provider).await;
    let (browser, page) = password_alone(&provider, TEACHER).await;
    let mut form = page.fields("/console/factor");
    form.push(("code".to_owned(), app.next()));
    let cross = browser.post_from("https://evil.example", "/console/factor", &form).await;
    assert_eq!(cross.status, StatusCode::FORBIDDEN, "{}", cross.body);
    let bare = browser.post("/console/factor", &form[form.len() - 1..]).await;
    assert_eq!(bare.status, StatusCode::FORBIDDEN, "{}", bare.body);
    let (_, others) = password_alone(&provider, TEACHER).await;
    let mut borrowed = others.fields("/console/factor");
    borrowed.push(("code".to_owned(), app.digits()));
    assert_eq!(browser.post("/console/factor", &borrowed).await.status, StatusCode::FORBIDDEN);
    assert!(is_home(&show(&browser, &page, &app.digits()).await), "nothing was used up");
}

#[tokio::test]
async fn nobody_is_signed_in_by_somebody_elses_link() {
    let provider = Provider::start().await;
    let (thief, _, _) = head(&provider).await;
    let begun = thief.get("/console/callback").await;
    assert_eq!(begun.status, StatusCode::GONE, "{}", begun.body);
    let other = elsewhere(&provider, TEACHER).await;
    let mut page = other.get("/console").await;
    while !page.location().unwrap().contains("/console/callback") {
        page = other.get(&page.location().unwrap()).await;
    }
    let victim = activate(&provider, "zoe").await;
    victim.get("/console").await;
    let page = victim.get(&page.location().unwrap()).await;
    assert_eq!(page.status, StatusCode::GONE, "{}", page.body);
    assert!(!page.headers.get_all("set-cookie").iter().any(|set| set.to_str().unwrap().contains("console=")));
}

#[tokio::test]
async fn signing_out_ends_the_console_and_the_cookie_opens_nothing_any_more() {
    let provider = Provider::start().await;
    let (_, app, _) = head(&provider).await;
    let (browser, page) = password_alone(&provider, TEACHER).await;
    let answer = browser.send(&page, "/console/factor", &[("code", &app.next())]).await;
    let cookie = answer.cookie("ecluse_console");
    let home = browser.go("/console").await;
    assert!(is_home(&home));
    let page = browser.submit(&home, "/console/sign-out", &[]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(browser.go("/console").await.is_sign_in());
    let kept = Browser::new(&provider.issuer).with_cookie("ecluse_console", &cookie);
    assert!(kept.go("/console").await.is_sign_in());
}

#[tokio::test]
async fn the_console_is_no_client_at_the_token_endpoint() {
    let provider = Provider::start().await;
    let (_, app, _) = head(&provider).await;
    let (browser, page) = password_alone(&provider, TEACHER).await;
    show(&browser, &page, &app.next()).await;
    let form = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    };
    let asked = form(&[("grant_type", "authorization_code"), ("client_id", "ecluse-console"), ("code", "x")]);
    let answer = browser.post("/token", &asked).await;
    assert!(answer.body.contains("invalid_client"), "{}", answer.body);
}

#[tokio::test]
async fn a_factor_is_reset_by_whoever_may_give_the_roles_and_by_nobody_else() {
    let provider = Provider::start().await;
    let (browser, _, _) = head(&provider).await;
    let reset = |actor: Actor, login: &'static str| {
        let ctx = Arc::clone(&provider.ctx);
        async move { reset_factor(&ctx, &actor, login).await.unwrap().err() }
    };
    let rector = provider.hire("recteur", Role::Authority, "academie:13").await;
    let head = provider.as_operator(TEACHER).await;
    let refused = |refusal| move |error| matches!(error, AccountError::NotAllowed { refusal: found, .. } if found == refusal);
    assert!(reset(head.clone(), TEACHER).await.is_some_and(refused(Refusal::Oneself)));
    assert!(reset(head.clone(), "recteur").await.is_some(), "a school does not reset the rectorat");
    let colleague = provider.hire("adjoint", Role::SchoolAdmin, SCHOOL).await;
    assert!(reset(colleague, TEACHER).await.is_some_and(refused(Refusal::NotOfRole)));
    let far = provider.hire("voisin", Role::Authority, "departement:016").await;
    assert!(reset(far, TEACHER).await.is_some(), "of another place");
    provider.clock.advance(Duration::from_mins(6));
    assert!(reset(rector, TEACHER).await.is_some_and(refused(Refusal::FactorTooOld)));
    assert!(is_home(&browser.go("/console").await), "none of that did anything");
    assert_eq!(reset(provider.as_operator("recteur").await, TEACHER).await, None);
    assert!(!is_home(&browser.go("/console").await), "a reset ends what was open");
    let (_, page) = password_alone(&provider, TEACHER).await;
    assert!(asks_leave(&page), "{}", page.body);
}
