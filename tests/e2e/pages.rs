//! The pages as a browser and its enemies meet them: headers, cookies, forms of other sites, addresses that lead
//! nowhere, bodies that are too large.

use std::future::pending;
use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::flows::step::{Step, Steps};
use reqwest::header::{ACCEPT_LANGUAGE, COOKIE, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode};

use crate::browser::{Browser, Page};
use crate::provider::{FIRST_PASSWORD, Provider, Wish};
use crate::relying_party::RelyingParty;
use crate::sign_in::{activate, elsewhere};

const NEW_PASSWORD: &str = "Chat-noir7";

#[tokio::test]
async fn every_answer_carries_the_headers_that_keep_it_to_itself() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let account = browser.go("/account/password").await;
    provider.order(Level::Change).await;
    let stranger = Browser::new(&provider.issuer);
    let pages = [
        stranger.go(&portal.authorize(&[])).await,
        browser.go(&portal.authorize(&[])).await,
        account,
        stranger.go("/").await,
        stranger.go("/logout").await,
        stranger.go("/errors/password_change_required").await,
        stranger.go("/authorize").await,
        stranger.go("/interaction/nothing").await,
        stranger.go("/nothing").await,
        stranger.get("/userinfo").await,
        stranger.get("/token").await,
        stranger.get("/authorize").await,
        stranger.get(&portal.authorize(&[])).await,
    ];
    for page in pages {
        let policy = page.header("content-security-policy");
        let beginning = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; \
                         frame-ancestors 'none'; form-action 'self'";
        assert!(policy.starts_with(beginning), "{} {policy}", page.url);
        assert_eq!(page.header("cache-control"), "no-store", "{}", page.url);
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(page.header("strict-transport-security"), "", "http has none");
        assert_eq!(page.header("server"), "");
        assert!(page.headers.get("x-request-id").is_some());
        let leads_on = page.is_sign_in() || page.is_change() && page.body.contains("/interaction/");
        assert_eq!(policy.ends_with(" http://127.0.0.1:9999"), leads_on, "{} {policy}", page.url);
        assert!(!page.body.contains("<script>") && !page.body.contains(" style="), "{}", page.url);
    }
}

/// What a browser does on https, by hand: over the wire it is http behind a proxy.
async fn sign_in_by_hand(provider: &Provider, issuer: &str) -> Vec<String> {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let at = |path: &str| format!("{}{path}", provider.issuer);
    let begun = client.get(at("/login")).send().await.unwrap();
    let mut cookies: Vec<_> = set_cookies(&begun);
    let jar = cookies[0].split(';').next().unwrap().to_owned();
    let path = begun.headers()["location"].to_str().unwrap().to_owned();
    let shown = client.get(at(&path)).header(COOKIE, &jar).send().await.unwrap();
    assert_eq!(shown.headers()["strict-transport-security"], "max-age=63072000; includeSubDomains");
    let body = shown.text().await.unwrap();
    let csrf = body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form = [("csrf", csrf.as_str()), ("login", "zoe"), ("password", FIRST_PASSWORD)];
    let post = client.post(at(&format!("{path}/login"))).header(COOKIE, &jar).header(ORIGIN, issuer);
    let signed_in = post.form(&form).send().await.unwrap();
    assert_eq!(signed_in.status(), StatusCode::SEE_OTHER);
    cookies.extend(set_cookies(&signed_in));
    cookies
}

fn set_cookies(response: &reqwest::Response) -> Vec<String> {
    response.headers().get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn on_https_cookies_belong_to_the_host_and_never_travel_in_the_clear() {
    let issuer = "https://op.example";
    let provider = Provider::start_with(Wish { issuer: Some(issuer), ..Wish::default() }).await;
    provider.choose("zoe", FIRST_PASSWORD).await;
    let cookies = sign_in_by_hand(&provider, issuer).await;
    let names: Vec<_> = cookies.iter().map(|cookie| cookie.split('=').next().unwrap()).collect();
    assert!(names.contains(&"__Host-ecluse_session") && names.contains(&"__Host-ecluse_known"), "{names:?}");
    for cookie in cookies {
        assert!(cookie.starts_with("__Host-ecluse_"), "{cookie}");
        for attribute in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

#[tokio::test]
async fn the_page_that_says_a_password_was_changed_opens_after_a_change_only() {
    for signs_in in [true, false] {
        let wish = Wish::settings(move |settings| settings.signs_in_after_change = signs_in);
        let provider = Provider::start_with(wish).await;
        let portal = RelyingParty::portal(&provider).await;
        let code = provider.new_code("zoe").await;
        let browser = Browser::new(&provider.issuer);
        assert!(browser.go("/account/password/changed").await.is_sign_in());
        let page = browser.go(&portal.authorize(&[])).await;
        let success = page.action("/login").replace("/login", "/changed");
        assert!(browser.go(&success).await.is_sign_in());
        let page = browser.sign_in(&page, "zoe", &code).await;
        assert!(browser.go(&success).await.is_change());
        assert!(browser.change(&page, "", FIRST_PASSWORD).await.is_success());
        assert!(browser.go(&success).await.is_success(), "also when it is loaded again");
        assert!(!browser.go("/account/password/changed").await.is_success(), "there was none on that page");

        let browser = elsewhere(&provider, "zoe").await;
        assert!(browser.go("/account/password/changed").await.is_change(), "a sign-in is no change");
        let page = browser.go("/account/password").await;
        assert!(browser.change(&page, FIRST_PASSWORD, NEW_PASSWORD).await.is_success());
        assert!(browser.go("/account/password/changed").await.is_success(), "also when it is loaded again");
    }
}

#[tokio::test]
async fn on_http_they_do_without_the_prefix_and_secure() {
    let provider = Provider::start().await;
    let page = Browser::new(&provider.issuer).get("/login").await;
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("ecluse_ix_") && cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    assert!(!cookie.contains("Secure") && cookie.contains("; Path=/"), "{cookie}");
    assert!(cookie.contains("; Max-Age=600"), "it goes when the interaction does: {cookie}");
}

#[tokio::test]
async fn a_form_of_another_site_or_of_another_browser_is_refused() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    let mine = Browser::new(&provider.issuer);
    let page = mine.go("/login").await;
    let path = page.action("/login");
    let mut form = page.fields("/login");
    form.push(("login".to_owned(), "zoe".to_owned()));
    form.push(("password".to_owned(), FIRST_PASSWORD.to_owned()));
    let other_tab = mine.go("/login").await.fields("/login");
    let with_csrf = |csrf: &[(String, String)]| [csrf, &form[1..]].concat();

    let theirs = Browser::new(&provider.issuer);
    for address in [path.trim_end_matches("/login"), "/interaction/nothing"] {
        let page = theirs.get(address).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "without any cookie nothing will ever work");
    }
    assert!(theirs.go("/login").await.is_sign_in());
    assert_eq!(theirs.post(&path, &form).await.status, StatusCode::GONE, "the address alone is nothing");
    assert_eq!(theirs.get(path.trim_end_matches("/login")).await.status, StatusCode::GONE);
    let refused = [
        mine.post_from("https://evil.example", &path, &form).await,
        mine.post_from("null", &path, &form).await,
        mine.post(&path, &form[1..]).await,
        mine.post(&path, &with_csrf(&other_tab)).await,
        mine.post(&path, &with_csrf(&[("csrf".to_owned(), "x".to_owned())])).await,
    ];
    for page in refused {
        assert_eq!(
            (page.status, page.headers.get("set-cookie")),
            (StatusCode::FORBIDDEN, None),
            "{}",
            page.body
        );
    }
    assert_eq!(mine.post(&path, &form).await.status, StatusCode::SEE_OTHER, "the person's own form works");

    let account = mine.go("/account/password").await;
    let mut form = account.fields("/account/password");
    let fields = [
        ("current_password", FIRST_PASSWORD),
        ("new_password", "Chat-noir7"),
        ("confirmation", "Chat-noir7"),
    ];
    form.extend(fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let refused = [
        mine.post_from("https://evil.example", "/account/password", &form).await,
        mine.post("/account/password", &form[1..]).await,
    ];
    for page in refused {
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.body);
    }
    let page = theirs.post("/account/password", &form).await;
    assert_eq!(page.location(), Some(format!("{}/login", provider.issuer)));
    assert_eq!(mine.post("/account/password", &form).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_page_that_was_left_open_for_too_long_says_so() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    activate(&provider, "zoe").await;
    let browser = Browser::new(&provider.issuer);
    let page = browser.go(&portal.authorize(&[("ui_locales", "en")])).await;
    provider.clock.advance(Duration::from_mins(10));
    let late = browser.sign_in(&page, "zoe", FIRST_PASSWORD).await;
    assert_eq!((late.status, late.location()), (StatusCode::GONE, None));
    assert_eq!(late.headers.get("set-cookie"), None, "nobody was signed in");
    let again = browser.get(&page.action("/login").replace("/login", "/resume")).await;
    assert_eq!(again.status, StatusCode::GONE);
}

#[tokio::test]
async fn an_answered_interaction_is_over() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    activate(&provider, "zoe").await;
    let browser = Browser::new(&provider.issuer);
    let page = browser.go(&portal.authorize(&[])).await;
    let resume = page.action("/login").replace("/login", "/resume");
    assert!(browser.sign_in(&page, "zoe", FIRST_PASSWORD).await.parameter("code").is_some());
    let again = browser.get(&resume).await;
    assert_eq!((again.status, again.location()), (StatusCode::GONE, None), "one request, one code");
}

#[tokio::test]
async fn an_address_that_leads_nowhere_says_nothing_of_itself() {
    let provider = Provider::start().await;
    let browser = Browser::new(&provider.issuer);
    for path in
        ["/zoe%3Cscript%3E", "/.git/config", "/interaction", "/interaction/a/b", "/assets/../ecluse.toml"]
    {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!page.body.contains("<script>") && !page.body.contains("zoe"), "{}", page.body);
    }
    assert_eq!(browser.get("/assets/ecluse.css").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/assets/..%2Fecluse.toml").await.status, StatusCode::NOT_FOUND);
    let css = browser
        .get("/")
        .await
        .body
        .split("href=\"/assets/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let asset = browser.get(&format!("/assets/{css}")).await;
    assert_eq!(asset.status, StatusCode::OK);
    assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
}

#[tokio::test]
async fn what_is_sent_in_the_wrong_way_is_refused_before_it_is_read() {
    let provider = Provider::start().await;
    let client = Client::new();
    let at = |path: &str| format!("{}{path}", provider.issuer);
    let forms = ["/authorize", "/token", "/introspect", "/revoke", "/logout", "/interaction/x/login"];
    for path in forms {
        let large = client.post(at(path)).form(&[("x", "y".repeat(33 * 1024))]).send().await.unwrap();
        assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        let json = client.post(at(path)).body("{}").header("content-type", "application/json");
        assert_eq!(json.send().await.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
        let none = client.post(at(path)).send().await.unwrap();
        assert_eq!(none.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
    }
    for (method, path) in [
        (Method::GET, "/token"),
        (Method::GET, "/introspect"),
        (Method::GET, "/revoke"),
        (Method::PUT, "/authorize"),
        (Method::DELETE, "/account/password"),
        (Method::POST, "/jwks"),
        (Method::GET, "/interaction/x/login"),
    ] {
        let answer = client.request(method.clone(), at(path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
    }
}

#[tokio::test]
async fn the_doors_that_need_no_account() {
    let provider = Provider::start().await;
    let browser = Browser::new(&provider.issuer);
    assert_eq!(browser.get("/healthz").await.status, StatusCode::NO_CONTENT);
    assert_eq!(browser.get("/readyz").await.status, StatusCode::OK);
    let page = browser.get("/.well-known/change-password").await;
    assert_eq!((page.status, page.header("location")), (StatusCode::SEE_OTHER, "/account/password"));
    assert!(browser.go("/.well-known/change-password").await.is_sign_in());
    for signal in ["required", "declined"] {
        let path = format!("/errors/password_change_{signal}");
        for language in ["fr", "en"] {
            let page = browser.get(&format!("{path}?ui_locales={language}")).await;
            assert_eq!(page.status, StatusCode::OK);
            assert!(page.body.contains(&format!("<html lang=\"{language}\">")));
            assert!(page.body.contains(&format!("{}{path}", provider.issuer)), "the value to compare with");
        }
    }
    let english = Client::new().get(format!("{}/", provider.issuer)).header(ACCEPT_LANGUAGE, "de, en;q=0.5");
    assert!(english.send().await.unwrap().text().await.unwrap().contains("<html lang=\"en\">"));
}

#[tokio::test]
async fn when_nothing_can_be_decided_nobody_is_told_that_a_password_was_wrong() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let page: Page = browser.go("/account/password").await;
    provider.break_accounts().await;
    let answers = [
        browser.get(&portal.authorize(&[("prompt", "none")])).await,
        browser.change(&page, FIRST_PASSWORD, "Chat-noir7").await,
        browser.get("/").await,
    ];
    for page in answers {
        assert_eq!((page.status, page.location()), (StatusCode::SERVICE_UNAVAILABLE, None), "{}", page.body);
        assert!(!page.header("retry-after").is_empty());
        assert!(!page.body.contains("account") && !page.body.contains("SELECT"), "{}", page.body);
    }
    let answer = portal.refresh("anything").await;
    assert_eq!(answer.error(), (503, "temporarily_unavailable"));
    assert!(!answer.header("retry-after").is_empty());
    let introspected = portal.introspect("anything").await;
    assert_eq!(introspected.error(), (503, "temporarily_unavailable"), "neither active nor inactive");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_told_to_come_back() {
    let stuck = Steps::paused_by(|step| async move {
        if step == Step::SignInLoaded {
            pending::<()>().await;
        }
    });
    let request_timeout = Duration::from_millis(400);
    let provider = Provider::start_with(Wish { steps: stuck, request_timeout, ..Wish::default() }).await;
    let browser = Browser::new(&provider.issuer);
    let page = browser.go("/login").await;
    let page = browser.sign_in(&page, "zoe", FIRST_PASSWORD).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.header("retry-after"), "5");
    assert!(page.body.contains("<h1>Le service est momentanément indisponible</h1>"), "{}", page.body);
}
