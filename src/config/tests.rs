//! The layers as their users meet them: what is documented, what wins, and what a bad setting is answered.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::Config;
use super::layers::{ConfigError, Layers, Loaded, Origin};
use crate::domain::client::PasswordChangeMode;
use crate::domain::length;
use crate::domain::profile::Profile;
use crate::domain::secret::Secret;

const DOCUMENTATION: &str = include_str!("../../config/default.toml");

/// Loads a file of this text, with variables and flags over it. The folder's name is cut out of messages.
fn load(text: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ecluse.toml");
    fs::write(&file, text).unwrap();
    let layers = Layers {
        file: Some(file),
        environment: variables.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        flags: flags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    };
    let prefix = format!("{}/", folder.path().display());
    layers.load().map_err(|error| error.to_string().replace(&prefix, ""))
}

fn without_paths(mut config: Config) -> Config {
    config.store.path = Config::default().store.path;
    config.keys.master_key_file = Config::default().keys.master_key_file;
    config.keys.instance_file = Config::default().keys.instance_file;
    config
}

#[test]
fn the_documentation_is_the_default() {
    let loaded = load(DOCUMENTATION, &[], &[]).unwrap();
    assert_eq!(without_paths(loaded.config), Config::default());
    assert_eq!(without_paths(load("", &[], &[]).unwrap().config), Config::default());
}

#[test]
fn every_key_is_documented_with_its_default_and_its_variable() {
    let mut documented = BTreeMap::new();
    let mut section = String::new();
    let mut comment = String::new();
    for line in DOCUMENTATION.lines() {
        if let Some(text) = line.strip_prefix("# ") {
            comment.push_str(text);
            comment.push('\n');
        } else if let Some(name) = line.strip_prefix('[') {
            name.trim_end_matches(']').clone_into(&mut section);
        } else if let Some((key, value)) = line.split_once(" = ") {
            documented.insert(format!("{section}.{key}"), (value.to_owned(), std::mem::take(&mut comment)));
        }
        if line.is_empty() {
            comment.clear();
        }
    }
    let mut defaults = super::flat(&Config::default());
    // Clients have no defaults and no variables.
    defaults.remove("client");
    assert_eq!(
        documented.keys().collect::<Vec<_>>(),
        defaults.keys().collect::<Vec<_>>(),
        "config/default.toml and Config must name the same keys"
    );
    for (key, (value, comment)) in documented {
        let variable = format!("ECLUSE__{}", key.replace('.', "__").to_uppercase());
        let last = comment.lines().last().unwrap();
        assert!(comment.lines().count() > 1, "{key} has no meaning written above it");
        assert!(last.starts_with(&format!("Default: {value}. Environment: {variable}")), "{key}: {last}");
    }
}

#[test]
fn the_admin_listener_is_nowhere_or_at_one_address() {
    let listen = |value: &str| load("", &[("ECLUSE__ADMIN__LISTEN", value)], &[]);
    assert_eq!(listen("").unwrap().config.admin.listen, None);
    assert_eq!(listen("127.0.0.1:9090").unwrap().config.admin.listen, "127.0.0.1:9090".parse().ok());
    assert_eq!(listen("[fd00::7]:9090").unwrap().config.admin.listen, "[fd00::7]:9090".parse().ok());
    for everywhere in ["0.0.0.0:9090", "[::]:9090"] {
        let error = listen(everywhere).unwrap_err();
        assert!(error.starts_with("ECLUSE__ADMIN__LISTEN: admin.listen: "), "{error}");
        assert!(error.contains("every network"), "{error}");
    }
    assert!(listen("9090").unwrap_err().contains("not an address and a port"));
}

#[test]
fn the_stronger_layer_wins_and_is_named() {
    let text = "[session]\nidle = \"1h\"\nabsolute = \"3h\"\ninteraction = \"5m\"\n";
    let variables =
        [("ECLUSE__SESSION__ABSOLUTE", "4h"), ("ECLUSE__SESSION__INTERACTION", "6m"), ("PATH", "/bin")];
    let loaded = load(text, &variables, &[("session.interaction", "7m")]).unwrap();
    let session = &loaded.config.session;
    assert_eq!(length::text(session.idle), "1h");
    assert_eq!(length::text(session.absolute), "4h");
    assert_eq!(length::text(session.interaction), "7m");
    assert_eq!(loaded.origin("session.idle"), Origin::File(loaded.file().unwrap().to_owned()));
    assert_eq!(loaded.origin("session.absolute"), Origin::Variable("ECLUSE__SESSION__ABSOLUTE".to_owned()));
    assert_eq!(loaded.origin("session.interaction"), Origin::Flag);
    assert_eq!(loaded.origin("session.pending_change"), Origin::Default);
}

#[test]
fn variables_carry_numbers_lists_and_profiles_and_empty_ones_are_absent() {
    let variables = [
        ("ECLUSE__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7"),
        ("ECLUSE__STORE__READERS", "12"),
        ("ECLUSE__PASSWORD__RULES__SPECIAL", "false"),
        ("ECLUSE__PASSWORD__MAXIMUM_LIFETIME__NATIONAL_ENS", "365d"),
        ("ECLUSE__DISPLAY__NAME", ""),
    ];
    let config = load("", &variables, &[]).unwrap().config;
    let proxies: Vec<_> = config.server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.0.2.7/32"]);
    assert_eq!(config.store.readers, 12);
    assert!(!config.password.rules.special);
    assert_eq!(length::text(config.settings().policy.maximum_lifetime[&Profile::Teacher]), "365d");
    assert_eq!(config.display.name, "Écluse");
}

#[test]
fn a_relative_path_counts_from_the_folder_of_the_file_unless_a_variable_gave_it() {
    let variables = [("ECLUSE__KEYS__MASTER_KEY_FILE", "secrets/master.key")];
    let loaded = load("[store]\npath = \"data/people.sqlite3\"\n", &variables, &[]).unwrap();
    let folder = loaded.file().unwrap().parent().unwrap();
    assert_eq!(loaded.config.store.path, folder.join("data/people.sqlite3"));
    assert_eq!(loaded.config.keys.master_key_file, PathBuf::from("secrets/master.key"));
}

#[test]
fn a_bad_file_is_refused_in_one_line_that_says_what_to_write() {
    for &(text, expected) in BAD_FILES {
        assert_eq!(load(text, &[], &[]).map(|_| ()).unwrap_err(), expected);
    }
}

/// The example of the documentation, with the lines of a secret or a member exchanged.
fn client_file(from: &str, to: &str) -> String {
    let start = DOCUMENTATION.find("# [[client]]").unwrap();
    let example: Vec<_> = DOCUMENTATION[start..].lines().map(|line| line.trim_start_matches("# ")).collect();
    example.join("\n").replace(from, to)
}

#[test]
fn the_client_of_the_documentation_can_be_declared() {
    let text = client_file("secret_file = \"portal.secret\"", "secret_env = \"PORTAL_SECRET\"");
    let loaded =
        load(&text, &[("ECLUSE__DISPLAY__DEFAULT_PASSWORD_CHANGE_MODE", "client_notice")], &[]).unwrap();
    let clients = loaded.clients(|name| (name == "PORTAL_SECRET").then(|| "s".repeat(32).into())).unwrap();
    assert_eq!(clients[0].id.0, "portal");
    assert_eq!(clients[0].secret_hash, Some(Secret::new("s".repeat(32)).hash()));
    assert_eq!(clients[0].password_change_mode, PasswordChangeMode::OpHosted);

    let text = text.replace("ecluse_password_change_mode", "# ecluse_password_change_mode");
    let loaded =
        load(&text, &[("ECLUSE__DISPLAY__DEFAULT_PASSWORD_CHANGE_MODE", "client_notice")], &[]).unwrap();
    let clients = loaded.clients(|_| Some("s".repeat(32).into())).unwrap();
    assert_eq!(clients[0].password_change_mode, PasswordChangeMode::ClientNotice);
}

#[test]
fn a_bad_client_is_named_with_what_to_write() {
    let secret = "secret_file = \"portal.secret\"";
    let table = [
        (
            secret,
            "secret = \"x\"",
            "ecluse.toml: client \"portal\": a secret is never written here; write secret_file = \"…\", or secret_env = \"…\"",
        ),
        (
            secret,
            "",
            "ecluse.toml: client \"portal\": its secret must be named once; write secret_file = \"…\", or secret_env = \"…\"",
        ),
        (
            secret,
            "secret_env = \"A\"\nsecret_file = \"a\"",
            "ecluse.toml: client \"portal\": its secret must be named once; write secret_file = \"…\", or secret_env = \"…\"",
        ),
        (
            "client_secret_basic",
            "none",
            "ecluse.toml: client \"portal\": token_endpoint_auth_method none has no secret; remove it",
        ),
        (
            "client_secret_basic",
            "private_key_jwt",
            "ecluse.toml: client \"portal\": token_endpoint_auth_method private_key_jwt has keys and no secret; remove it",
        ),
        (
            "client_secret_basic",
            "client_secret_jwt",
            "ecluse.toml: client \"portal\": unknown variant `client_secret_jwt`, expected one of `client_secret_basic`, `client_secret_post`, `private_key_jwt`, `none`",
        ),
        (
            "\nredirect_uris",
            "\njwks_uri = \"https://portal.example.org/keys\"\nredirect_uris",
            "ecluse.toml: client \"portal\": keys are fetched from nowhere; write them here, jwks = { keys = [{ kty = \"EC\", … }] }",
        ),
        (
            "\nredirect_uris",
            "\nredirect_uri",
            "ecluse.toml: client \"portal\": unknown field `redirect_uri`, expected one of `client_id`, `client_name`, `ecluse_sector`, `token_endpoint_auth_method`, `ecluse_client_secret_sha256`, `jwks`, `grant_types`, `ecluse_operator`, `redirect_uris`, `post_logout_redirect_uris`, `backchannel_logout_uri`, `backchannel_logout_session_required`, `scope`, `ecluse_pkce_required`, `id_token_signed_response_alg`, `ecluse_password_change_mode`, `client_uri`, `initiate_login_uri`, `ecluse_resource_server`",
        ),
        ("client_id = \"portal\"", "", "ecluse.toml: client[0]: missing field `client_id`"),
    ];
    for (from, to, expected) in table {
        assert_eq!(load(&client_file(from, to), &[], &[]).map(|_| ()).unwrap_err(), expected);
    }
}

#[test]
fn a_client_whose_secret_or_address_cannot_stand_is_named() {
    let portal = "https://portal.example.org/cb";
    let table = [
        (
            portal,
            None,
            "ecluse.toml: client \"portal\": the variable PORTAL_SECRET is not set; set it to the secret",
        ),
        (
            portal,
            Some(31),
            "ecluse.toml: client \"portal\": its secret has fewer than 32 characters; make one with `openssl rand -hex 32`",
        ),
        (
            "http://portal.example.org/cb",
            Some(32),
            "ecluse.toml: client \"portal\": redirect_uris \"http://portal.example.org/cb\": http is for loopback addresses, of clients without a secret or of a provider that is on a loopback address itself; use https",
        ),
    ];
    for (uri, characters, expected) in table {
        let text = client_file("secret_file = \"portal.secret\"", "secret_env = \"PORTAL_SECRET\"");
        let loaded = load(&text.replace(portal, uri), &[], &[]).unwrap();
        let secret = characters.map(|count| "s".repeat(count).into());
        let message = loaded.clients(|_| secret.clone()).map(|_| ()).unwrap_err().to_string();
        assert!(message.ends_with(expected), "{message}");
    }
}

#[test]
fn longer_rules_free_the_throttle() {
    let loose = "[throttle]\nceiling = 1000\n";
    assert!(load(&format!("{loose}[password.rules]\nmin_length = 11\n"), &[], &[]).is_err());
    assert!(load(&format!("{loose}[password.rules]\nmin_length = 12\n"), &[], &[]).is_ok());
}

#[test]
fn a_bad_variable_and_a_bad_flag_are_named() {
    let message = load("", &[("ECLUSE__SERVER__LISTN", "x")], &[]).map(|_| ()).unwrap_err();
    assert!(
        message.starts_with("ECLUSE__SERVER__LISTN: server.listn: unknown key; expected one of"),
        "{message}"
    );
    let message = load("", &[], &[("codes.ceiling", "1d")]).map(|_| ()).unwrap_err();
    assert_eq!(
        message,
        "default: codes.lifetime: 30d is above codes.ceiling (1d); lower it or raise the other"
    );
    let message = load("", &[], &[("server listen", "x")]).map(|_| ()).unwrap_err();
    assert_eq!(message, "flag: server listen: unknown key");
}

#[test]
fn a_missing_file_is_named() {
    let layers = Layers { file: Some(PathBuf::from("/nowhere/ecluse.toml")), ..Layers::default() };
    let error = layers.load().unwrap_err();
    assert!(matches!(error, ConfigError::File { .. }));
    assert!(error.to_string().starts_with("/nowhere/ecluse.toml: cannot be read (No such file or directory"));
}

/// A file, and the whole answer to it.
const BAD_FILES: &[(&str, &str)] = &[
    ("[server\n", "ecluse.toml: TOML parse error at line 1, column 8: unclosed table, expected `]`"),
    (
        "[serve]\n",
        "ecluse.toml: serve: unknown key; expected one of `server`, `admin`, `store`, `ephemeral`, `keys`, `session`, `tokens`, `codes`, `slips`, `password`, `throttle`, `notices`, `mail`, `audit`, `orders`, `display`, `log`, `traces`, `client`",
    ),
    (
        "[codes]\nlifetme = \"30d\"\n",
        "ecluse.toml: codes.lifetme: unknown key; expected `lifetime` or `ceiling`",
    ),
    (
        "[codes]\nlifetime = \"91d\"\n",
        "ecluse.toml: codes.lifetime: 91d is above codes.ceiling (90d); lower it or raise the other",
    ),
    (
        "[codes]\nlifetime = 30\n",
        "ecluse.toml: codes.lifetime: \"30\" is not a length of time; write a whole number and s, m, h or d, such as \"90s\" or \"30d\"",
    ),
    (
        "[codes]\nlifetime = \"1 month\"\n",
        "ecluse.toml: codes.lifetime: \"1 month\" is not a length of time; write a whole number and s, m, h or d, such as \"90s\" or \"30d\"",
    ),
    (
        "[server]\nissuer = \"http://id.example.org\"\n",
        "ecluse.toml: server.issuer: \"http://id.example.org\" must begin with https://; http:// is accepted for localhost, 127.0.0.1 and [::1] only",
    ),
    (
        "[server]\nissuer = \"https://id.example.org/\"\n",
        "ecluse.toml: server.issuer: \"https://id.example.org/\" must be spelled \"https://id.example.org\": no path, trailing slash, query, fragment, user or default port",
    ),
    (
        "[server]\nissuer = \"https://id.example.org/sso\"\n",
        "ecluse.toml: server.issuer: \"https://id.example.org/sso\" must be spelled \"https://id.example.org\": no path, trailing slash, query, fragment, user or default port",
    ),
    (
        "[server]\nissuer = \"https://id.example.org?a\"\n",
        "ecluse.toml: server.issuer: \"https://id.example.org?a\" must be spelled \"https://id.example.org\": no path, trailing slash, query, fragment, user or default port",
    ),
    (
        "[server]\nissuer = \"https://ID.example.org:443\"\n",
        "ecluse.toml: server.issuer: \"https://ID.example.org:443\" must be spelled \"https://id.example.org\": no path, trailing slash, query, fragment, user or default port",
    ),
    (
        "[server]\nissuer = \"id.example.org\"\n",
        "ecluse.toml: server.issuer: \"id.example.org\" is not a web address; write one such as \"https://id.example.org\"",
    ),
    (
        "[server]\nlisten = \"localhost\"\n",
        "ecluse.toml: server.listen: \"localhost\" is not an address and a port; write one such as \"127.0.0.1:8080\"",
    ),
    (
        "[server]\ntrusted_proxies = [\"10.0.0.0/33\"]\n",
        "ecluse.toml: server.trusted_proxies: \"10.0.0.0/33\" is not a network; write one such as \"10.0.0.0/8\"",
    ),
    (
        "[server]\ntrusted_proxies = 10\n",
        "ecluse.toml: server.trusted_proxies: invalid type: integer `10`, expected a sequence",
    ),
    ("[store]\nreaders = \"many\"\n", "ecluse.toml: store.readers: string \"many\" where an integer belongs"),
    (
        "[store]\nurl = \"postgres://ecluse:geheim@db/ecluse\"\n",
        "ecluse.toml: store.url: holds a password, which could be read wherever settings are shown; write it into a \
         file and name that (store.password_file)",
    ),
    (
        "[store]\nurl = \"postgres://ecluse@db/ecluse?sslmode=prefer\"\n",
        "ecluse.toml: store.url: has sslmode=prefer; write verify-full, or disable",
    ),
    (
        "[store]\npassword_file = \"a\"\npassword_env = \"B\"\n",
        "ecluse.toml: store.password_env: the password must be named once; write store.password_file or \
         store.password_env",
    ),
    ("[store]\nconnections = 1\n", "ecluse.toml: store.connections: are too few; write at least 2"),
    ("[store]\nreaders = 0\n", "ecluse.toml: store.readers: 0 could read nothing; write at least 1"),
    (
        "[session]\nidle = \"13h\"\n",
        "ecluse.toml: session.idle: 13h is above session.absolute (12h); lower it or raise the other",
    ),
    (
        "[tokens]\ncode = \"11m\"\n",
        "ecluse.toml: tokens.code: 11m is too long for an authorization code; write at most 10m (RFC 6749 section 4.1.2)",
    ),
    (
        "[keys]\nrotation = \"30d\"\n",
        "ecluse.toml: keys.rotation: 30d is not longer than keys.overlap (30d); else several retired keys pile up",
    ),
    (
        "[password]\nafter_change = \"stop\"\n",
        "ecluse.toml: password.after_change: \"stop\" is unknown; write \"continue\" or \"return_to_login\"",
    ),
    (
        "[password.rules]\nmin_length = 7\n",
        "ecluse.toml: password.rules: min_length 7 is too short (CNIL deliberation 2022-100); write at least 8 with three of upper, lower, digit and special, else at least 16",
    ),
    (
        "[password.rules]\nupper = false\nlower = false\n",
        "ecluse.toml: password.rules: min_length 8 is too short (CNIL deliberation 2022-100); write at least 8 with three of upper, lower, digit and special, else at least 16",
    ),
    (
        "[password.rules]\nmax_length = 20\n",
        "ecluse.toml: password.rules.max_length: 20 is out of bounds; write at least 64 and min_length (8), so that long phrases are welcome, and at most 1024, so that hashing stays cheap",
    ),
    (
        "[password.hash]\nmemory_kib = 7\n",
        "ecluse.toml: password.hash.memory_kib: 7 is out of bounds; write 8 times the parallelism to 1048576",
    ),
    (
        "[password.hash]\nqueue = 0\n",
        "ecluse.toml: password.hash.queue: 0 would turn everyone away; write at least 1",
    ),
    (
        "[password.maximum_lifetime]\nNational_XYZ = \"1d\"\n",
        "ecluse.toml: password.maximum_lifetime: unknown profile \"National_XYZ\"; known are National_ELV, National_TUT, National_ENS, National_DIR, National_EVS, National_ETA, National_ACA, National_DOC, National_COL, inspector, internship_tutor",
    ),
    (
        "[password.maximum_lifetime]\nNational_ELV = \"0s\"\n",
        "ecluse.toml: password.maximum_lifetime.National_ELV: 0s would expire every password at once; remove the line to set no maximum",
    ),
    (
        "[audit]\nkeep = \"7d\"\n",
        "ecluse.toml: audit.keep: 7d is less than 30d, for which second persons are asked whom they owe something; write at least that",
    ),
    (
        "[throttle]\nenabled = false\n",
        "ecluse.toml: throttle.enabled: unknown key; expected one of `free`, `first_delay`, `longest_delay`, `ceiling`, `window`",
    ),
    (
        "[throttle]\nfirst_delay = \"0s\"\n",
        "ecluse.toml: throttle.first_delay: 0s would end it before it begins; write at least \"1s\"",
    ),
    (
        "[throttle]\nceiling = 1000\n",
        "ecluse.toml: throttle.ceiling: 1000 is more than 25, while password.rules accept 8 characters (CNIL deliberation 2022-100); tighten it, or ask for 12 characters of all four classes",
    ),
    (
        "[throttle]\nwindow = \"2h\"\n",
        "ecluse.toml: throttle.window: 2h is less than 1d, while password.rules accept 8 characters (CNIL deliberation 2022-100); tighten it, or ask for 12 characters of all four classes",
    ),
    (
        "[display]\nzone = \"Europe/Pari\"\n",
        "ecluse.toml: display.zone: \"Europe/Pari\" is no time zone of this machine; write one such as \"Europe/Paris\", or install the package tzdata",
    ),
    (
        "[display]\nname = \" \"\n",
        "ecluse.toml: display.name: is empty; write the name people know the service by",
    ),
    (
        "[log]\nformat = \"xml\"\n",
        "ecluse.toml: log.format: \"xml\" is not a log format; write \"json\" or \"text\"",
    ),
    (
        "[log]\nlevel = \"info=info=info\"\n",
        "ecluse.toml: log.level: \"info=info=info\" is not a filter (error parsing level filter: expected one of \"off\", \"error\", \"warn\", \"info\", \"debug\", \"trace\", or a number 0-5); write error, warn, info, debug or trace",
    ),
    (
        "[traces]\nendpoint = \"collector:4318\"\n",
        "ecluse.toml: traces.endpoint: is no address, or has a user, query or fragment; write one such as \"http://127.0.0.1:4318/v1/traces\"",
    ),
    (
        "[traces]\nendpoint = \"https://:secret@collector/v1/traces\"\n",
        "ecluse.toml: traces.endpoint: is no address, or has a user, query or fragment; write one such as \"http://127.0.0.1:4318/v1/traces\"",
    ),
    (
        "[traces]\nendpoint = \"https://collector/v1/traces?key=secret\"\n",
        "ecluse.toml: traces.endpoint: is no address, or has a user, query or fragment; write one such as \"http://127.0.0.1:4318/v1/traces\"",
    ),
    ("[traces]\none_in = 0\n", "ecluse.toml: traces.one_in: 0 is no share; write 1 for every request"),
];
