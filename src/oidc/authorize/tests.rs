use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

use super::*;
use crate::domain::client::SigningAlgorithm;
use crate::oidc::authorize_response::RedirectAnswer;
use crate::oidc::jws::SigningKey;
use crate::oidc::keys::KeyState;
use crate::oidc::test_client::client;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "redirect_uri=https%3A%2F%2Fportal.example%2Fcb%3Ffrom%3Dop";

fn read(query: &str, client: &Client) -> Result<AuthorizationRequest, Refusal> {
    AuthorizationRequest::read(&Parameters::parse(query).map_err(PageError::from)?, client, &RING, ISSUER)
}

const ISSUER: &str = "https://op.example";

static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    // Another test of this process may have done it already; either way the provider is there.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let keys = SigningAlgorithm::ALL.map(|alg| (KeyState::Active, SigningKey::generate(alg).unwrap()));
    KeyRing::new(keys.into()).ok().unwrap()
});

#[test]
fn what_anyone_can_have_stored_is_bounded() {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","typ":"JWT","kid":"of-another-time"}"#);
    let hint = format!("{header}.{}.x", "p".repeat(8000));
    let more = |state: usize, nonce: usize| {
        let locales = vec!["x".repeat(35); 40].join("+");
        let acr = "a".repeat(99);
        good(&format!(
            "&nonce={}&login_hint={}&ui_locales={locales}&acr_values={acr}&id_token_hint={hint}",
            "n".repeat(nonce),
            "l".repeat(128)
        ))
        .replace("&state=s&", &format!("&state={}&", "s".repeat(state)))
    };
    let stored = serde_json::to_string(&accepted(&more(2048, 512))).unwrap();
    assert!(stored.len() < 4096, "{} {stored}", stored.len());
    assert_eq!(told(&more(2049, 1), &client()), ParameterError::ValueTooLong("state").into());
    assert_eq!(told(&more(1, 513), &client()), ParameterError::ValueTooLong("nonce").into());
}

/// A good request with more behind it.
fn good(more: &str) -> String {
    format!(
        "client_id=portal&{REDIRECT}&response_type=code&scope=openid&state=s&code_challenge={CHALLENGE}\
         &code_challenge_method=S256{more}"
    )
}

/// The request, which must be accepted.
fn accepted(query: &str) -> AuthorizationRequest {
    read(query, &client()).ok().unwrap_or_else(|| panic!("refused: {query}"))
}

/// What the relying party is told, at its own address.
fn told(query: &str, client: &Client) -> AuthorizeError {
    match read(query, client) {
        Err(Refusal::Redirect { to, error }) => {
            assert!(to.is_registered(client), "{query}");
            error
        }
        Err(Refusal::Page(error)) => panic!("{query}: page {error}"),
        Ok(_) => panic!("{query}: accepted"),
    }
}

#[test]
fn everything_a_request_may_say_is_read() {
    let request = accepted(&good(
        "&nonce=n&max_age=75&login_hint=zo%C3%A9&ui_locales=fr-FR+en&acr_values=a+b&prompt=login+change_password\
         +login&display=popup&claims_locales=fr&resource=a&resource=b&response_mode=query",
    ));
    assert_eq!(request.client_id.0, "portal");
    assert_eq!(request.return_address.redirect_uri(), "https://portal.example/cb?from=op");
    assert_eq!(request.scopes.to_string(), "openid");
    assert_eq!(request.nonce.as_deref(), Some("n"));
    assert!(request.code_challenge.is_some());
    assert_eq!(request.prompts, [Prompt::Login, Prompt::ChangePassword]);
    assert!(request.asks(Prompt::Login) && !request.asks(Prompt::None));
    assert_eq!(request.max_age, Some(Duration::from_secs(75)));
    assert_eq!(request.login_hint.as_deref(), Some("zoé"));
    assert!(request.expected.is_none());
    assert_eq!(request.ui_locales, ["fr-FR", "en"]);
}

#[test]
fn the_stored_form_reads_back() {
    let request = accepted(&good("&nonce=n&max_age=60&prompt=login"));
    let stored = serde_json::to_string(&request).unwrap();
    assert!(serde_json::from_str::<AuthorizationRequest>(&stored).unwrap() == request);
}

#[test]
fn nothing_is_redirected_before_the_address_is_trusted() {
    let table = [
        ("", PageError::ClientIdMissing),
        ("client_id=", PageError::ClientIdMissing),
        ("client_id=portal&client_id=portal", ParameterError::Repeated("client_id").into()),
    ];
    for (query, error) in table {
        assert_eq!(client_id(&Parameters::parse(query).unwrap()), Err(error), "{query}");
    }
    let table = [
        ("client_id=portal", PageError::RedirectUriMissing),
        (&format!("{REDIRECT}&{REDIRECT}"), ParameterError::Repeated("redirect_uri").into()),
        ("redirect_uri=https%3A%2F%2Fportal.example%2Fcb", PageError::RedirectUriNotRegistered),
        ("redirect_uri=https%3A%2F%2Fportal.example%2Fbye", PageError::RedirectUriNotRegistered),
        (&format!("{REDIRECT}%26x%3D1"), PageError::RedirectUriNotRegistered),
        (&format!("{REDIRECT}%0A"), PageError::RedirectUriNotRegistered),
    ];
    for (query, error) in table {
        assert_eq!(read(query, &client()).err(), Some(Refusal::Page(error)), "{query}");
    }
}

#[test]
fn after_that_the_relying_party_is_told() {
    let base = format!("client_id=portal&{REDIRECT}");
    let code = format!("{base}&response_type=code&scope=openid");
    let long = "x".repeat(4097);
    let table = [
        (base.clone(), AuthorizeError::ResponseTypeMissing),
        (format!("{base}&response_type=token"), AuthorizeError::ResponseTypeUnsupported),
        (format!("{base}&response_type=code+id_token"), AuthorizeError::ResponseTypeUnsupported),
        (format!("{base}&response_type=code"), AuthorizeError::ScopeWithoutOpenid),
        (format!("{base}&response_type=code&scope=profile"), AuthorizeError::ScopeWithoutOpenid),
        (code.clone(), AuthorizeError::ChallengeMissing),
        (format!("{code}&code_challenge_method=S256"), AuthorizeError::ChallengeMissing),
        (format!("{code}&code_challenge={CHALLENGE}"), AuthorizeError::ChallengeNotS256),
        (
            format!("{code}&code_challenge={CHALLENGE}&code_challenge_method=plain"),
            AuthorizeError::ChallengeNotS256,
        ),
        (
            format!("{code}&code_challenge=short&code_challenge_method=S256"),
            AuthorizeError::ChallengeMalformed,
        ),
        (good("&state=t"), ParameterError::Repeated("state").into()),
        (good("&scope=openid"), ParameterError::Repeated("scope").into()),
        (good("&request=e30.e30."), AuthorizeError::RequestObject),
        (good("&request_uri=https%3A%2F%2Fa.example"), AuthorizeError::RequestUri),
        (good("&response_mode=form_post"), AuthorizeError::ResponseMode),
        (good("&prompt=none+login"), AuthorizeError::PromptNoneCombined),
        (good("&prompt=none+change_password"), AuthorizeError::PromptNoneCombined),
        (good("&prompt=create"), AuthorizeError::PromptUnknown),
        (good("&max_age=-1"), AuthorizeError::MaxAge),
        (good("&max_age=soon"), AuthorizeError::MaxAge),
        (good(&format!("&nonce={long}")), ParameterError::ValueTooLong("nonce").into()),
        (good("&nonce=a%0Ab"), ParameterError::Control("nonce").into()),
    ];
    for (query, error) in table {
        assert_eq!(told(&query, &client()), error, "{query}");
    }
}

#[test]
fn a_state_goes_back_as_it_came_or_not_at_all() {
    let location = |query: &str| {
        let parameters = Parameters::parse(query).unwrap();
        let to = ReturnAddress::of(&parameters, &client()).unwrap();
        RedirectAnswer::error(&to, &AuthorizeError::LoginRequired, "https://op.example").location().to_owned()
    };
    let longest = "~".repeat(2048);
    assert!(
        location(&format!("{REDIRECT}&state={longest}")).contains(&format!("&state={}", "%7E".repeat(2048)))
    );
    for (refused, error) in [
        (format!("&state={longest}x"), ParameterError::ValueTooLong("state")),
        ("&state=a%00".to_owned(), ParameterError::Control("state")),
        ("&state=a&state=b".to_owned(), ParameterError::Repeated("state")),
    ] {
        let query = format!("{REDIRECT}{refused}");
        assert!(!location(&query).contains("state="), "{refused}");
        assert_eq!(told(&query, &client()), error.into());
    }
}

#[test]
fn scopes_are_those_the_client_may_have() {
    let narrow = Client { scopes: "openid profile".parse().unwrap(), ..client() };
    let query = good("").replace("scope=openid", "scope=openid+phone+email+profile+offline_access");
    assert_eq!(accepted(&query).scopes.to_string(), "openid profile email offline_access");
    assert_eq!(read(&query, &narrow).ok().unwrap().scopes.to_string(), "openid profile");
}

#[test]
fn pkce_is_the_clients_policy() {
    let lenient = Client { pkce_required: false, ..client() };
    let without = format!("client_id=portal&{REDIRECT}&response_type=code&scope=openid");
    assert!(read(&without, &lenient).ok().unwrap().code_challenge.is_none());
    assert!(read(&good(""), &lenient).ok().unwrap().code_challenge.is_some());
    let plain = format!("{without}&code_challenge={CHALLENGE}");
    assert_eq!(told(&plain, &lenient), AuthorizeError::ChallengeNotS256);
    let stripped = format!("{without}&code_challenge_method=S256");
    assert_eq!(told(&stripped, &lenient), AuthorizeError::ChallengeMissing);
}

#[test]
fn wishes_never_fail() {
    let long = "x".repeat(300);
    let request = accepted(&good(&format!(
        "&login_hint={long}&ui_locales=%C3%A9+fr&acr_values={long}&max_age=99999999999999999999&prompt=consent"
    )));
    assert_eq!(request.login_hint, None);
    assert_eq!(request.ui_locales, ["fr"]);
    assert_eq!(request.max_age, Some(Duration::from_secs(u32::MAX.into())));
    assert_eq!(accepted(&good("&login_hint=a%0Ab")).login_hint, None);
}

#[test]
fn a_stored_request_is_asked_again() {
    let request = accepted(&good("").replace("scope=openid", "scope=openid+email"));
    let again = |change: fn(&mut Client)| {
        let mut client = client();
        change(&mut client);
        request.clone().recheck(&client)
    };
    assert!(again(|_| ()).ok().unwrap() == request);
    let narrowed = again(|client| client.scopes = "openid".parse().unwrap());
    assert_eq!(narrowed.ok().unwrap().scopes.to_string(), "openid");
    let page = |error| Some(Refusal::Page(error));
    assert_eq!(again(|client| client.redirect_uris.clear()).err(), page(PageError::RedirectUriNotRegistered));
    assert_eq!(again(|client| client.id.0.clear()).err(), page(PageError::ClientUnknown));
    let closed = again(|client| client.scopes = ScopeSet::default()).err();
    assert!(matches!(closed, Some(Refusal::Redirect { error: AuthorizeError::ScopeWithoutOpenid, .. })));
}

proptest! {
    /// Whatever comes, nothing panics, and an answer goes to a registered address or to nobody.
    #[test]
    fn no_input_leads_to_an_address_nobody_registered(
        kept in prop::sample::subsequence(good_pairs(), 0..=7),
        more in prop::collection::vec((name(), value()), 0..4),
        raw in any::<String>(),
    ) {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(kept).extend_pairs(more);
        let client = client();
        for text in [query.finish(), raw] {
            let Ok(parameters) = Parameters::parse(&text) else { continue };
            let to = match AuthorizationRequest::read(&parameters, &client, &RING, ISSUER) {
                Ok(request) => request.return_address,
                Err(Refusal::Redirect { to, .. }) => to,
                Err(Refusal::Page(_)) => continue,
            };
            let answer = RedirectAnswer::error(&to, &AuthorizeError::LoginRequired, "https://op.example");
            let target = answer.location();
            prop_assert!(
                client.redirect_uris.iter().any(|uri| {
                    target.strip_prefix(uri.as_str()).is_some_and(|rest| rest.starts_with(['?', '&']))
                }),
                "{target}"
            );
            prop_assert!(target.bytes().all(|byte| byte.is_ascii_graphic()), "{target}");
        }
    }
}

fn good_pairs() -> Vec<(&'static str, &'static str)> {
    vec![
        ("client_id", "portal"),
        ("redirect_uri", "https://portal.example/cb?from=op"),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "s"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "client_id",
        "redirect_uri",
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "prompt",
        "max_age",
        "code_challenge",
        "code_challenge_method",
        "request",
        "request_uri",
        "login_hint",
        "id_token_hint",
        "other",
    ])
    .prop_map(ToOwned::to_owned)
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        prop::sample::select(vec![
            "portal",
            "code",
            "openid",
            "S256",
            "none",
            "https://portal.example/other",
            CHALLENGE,
            "https://portal.example/cb?from=op",
            "https://portal.example.evil.example/cb",
            "//evil.example",
            "login",
            "https://portal.example/other?x=1",
            "https://portal.example/other#",
            "https://portal.example/other/../x",
        ])
        .prop_map(ToOwned::to_owned),
    ]
}
