//! The command line as the person who runs Écluse meets it: exit code, standard output and standard error together.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::ports::free_address;
use crate::provider::Provider;

/// Runs the program in a folder, with nothing of this process's environment, and tells what happened. What differs from
/// run to run is cut out.
pub(crate) fn ecluse(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ecluse"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let code = output.status.code().unwrap();
    format!("exit {code}\n--- out\n{}--- err\n{}", text(&output.stdout), text(&output.stderr))
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn init_makes_what_is_missing_and_writes_over_nothing() {
    let home = folder();
    insta::assert_snapshot!(ecluse(home.path(), &["init"], &[]), @r"
    exit 0
    --- out
    what           state  where
    configuration  made   ecluse.toml
    master key     made   ecluse.master.key
    database       made   ecluse.sqlite3
    secrets        made   ecluse.sqlite3
    signing keys   made   ecluse.sqlite3
    territories    made   ecluse.sqlite3
    --- err
    Keep a copy of the master key elsewhere: without ecluse.master.key no code and no key of this database can be read again
    ");
    let mode = |name: &str| fs::metadata(home.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("ecluse.master.key"), 0o600);
    assert_eq!(mode("ecluse.sqlite3"), 0o600);
    let key = fs::read_to_string(home.path().join("ecluse.master.key")).unwrap();
    assert!(key.len() == 65 && key.ends_with('\n'));

    insta::assert_snapshot!(ecluse(home.path(), &["init", "--quiet"], &[]), @r"
    exit 0
    --- out
    what           state  where
    configuration  kept   ecluse.toml
    master key     kept   ecluse.master.key
    database       kept   ecluse.sqlite3
    secrets        kept   ecluse.sqlite3
    signing keys   kept   ecluse.sqlite3
    territories    kept   ecluse.sqlite3
    --- err
    ");
    assert_eq!(fs::read_to_string(home.path().join("ecluse.master.key")).unwrap(), key);
    insta::assert_snapshot!(ecluse(home.path(), &["init", "--quiet", "--json"], &[]), @r#"
    exit 0
    --- out
    [
      {
        "what": "configuration",
        "place": "ecluse.toml",
        "made": false
      },
      {
        "what": "master key",
        "place": "ecluse.master.key",
        "made": false
      },
      {
        "what": "database",
        "place": "ecluse.sqlite3",
        "made": false
      },
      {
        "what": "secrets",
        "place": "ecluse.sqlite3",
        "made": false
      },
      {
        "what": "signing keys",
        "place": "ecluse.sqlite3",
        "made": false
      },
      {
        "what": "territories",
        "place": "ecluse.sqlite3",
        "made": false
      }
    ]
    --- err
    "#);
}

#[test]
fn a_lost_or_exchanged_master_key_is_noticed() {
    let home = folder();
    let key = home.path().join("ecluse.master.key");
    ecluse(home.path(), &["init"], &[]);
    let kept = fs::read_to_string(&key).unwrap();

    fs::remove_file(&key).unwrap();
    insta::assert_snapshot!(ecluse(home.path(), &["init"], &[]), @r"
    exit 3
    --- out
    --- err
    error: ecluse.master.key: the master key is gone, and the database ecluse.sqlite3 was sealed under it
    hint: put back your copy of the key file; a new key would open nothing
    ");
    insta::assert_snapshot!(ecluse(home.path(), &["check-config"], &[]).split("--- err\n").nth(1).unwrap(), @r"
    error: ecluse.master.key: there is no such file
    hint: put back your copy: ecluse.sqlite3 was sealed under this key
    ");

    fs::write(&key, kept.replace(char::is_alphanumeric, "0")).unwrap();
    insta::assert_snapshot!(ecluse(home.path(), &["init"], &[]), @r"
    exit 1
    --- out
    --- err
    error: ecluse.master.key: others than its owner can read or change it (mode 0644); run `chmod 600 ecluse.master.key`
    ");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    insta::assert_snapshot!(ecluse(home.path(), &["init"], &[]), @r"
    exit 1
    --- out
    --- err
    error: the master key does not open this database; put back the key file that it was made with
    hint: the key is ecluse.master.key, the database ecluse.sqlite3
    ");

    fs::write(&key, "not a key\n").unwrap();
    insta::assert_snapshot!(ecluse(home.path(), &["init"], &[]), @r"
    exit 1
    --- out
    --- err
    error: ecluse.master.key: a master key is 64 hexadecimal digits; put back the file that `ecluse init` made, or your copy of it
    ");
    fs::write(&key, kept).unwrap();
    assert!(ecluse(home.path(), &["init"], &[]).starts_with("exit 0\n"));
}

#[test]
fn check_config_tells_what_is_in_force_and_who_set_it() {
    let home = folder();
    let file = "[server]\nissuer = \"https://id.example.org\"\n\n[[client]]\nclient_id = \"portal\"\n\
                client_name = \"Portail\"\necluse_sector = \"portal.example.org\"\nsecret_env = \"PORTAL_SECRET\"\n\
                redirect_uris = [\"https://portal.example.org/cb\"]\n";
    fs::write(home.path().join("ecluse.toml"), file).unwrap();
    let secret = "a secret of thirty-two characters";
    let variables = [("ECLUSE__SESSION__IDLE", "1h"), ("PORTAL_SECRET", secret)];
    let told = ecluse(home.path(), &["check-config", "--set", "log.format=text"], &variables);
    assert!(!told.contains(secret));
    let decided: Vec<_> = told.lines().filter(|line| !line.contains(" default ")).collect();
    insta::assert_snapshot!(decided.join("\n"), @r#"
    exit 0
    --- out
    setting                                 set by                 value
    client                                  ecluse.toml            [{"client_id":"portal","client_name":"Portail","ecluse_sector":"portal.example.org","redirect_uris":["https://portal.example.org/cb"],"secret_env":"PORTAL_SECRET"}]
    log.format                              flag                   "text"
    server.issuer                           ecluse.toml            "https://id.example.org"
    session.idle                            ECLUSE__SESSION__IDLE  "1h"
    --- err
    Declared clients that are whole and whose secrets can be read: 1
    There is no master key and no database yet: `ecluse init` makes them
    "#);
    let told = ecluse(home.path(), &["check-config", "--quiet", "--json"], &variables);
    assert!(told.contains(r#""value": "https://id.example.org""#), "{told}");

    let told = ecluse(home.path(), &["check-config"], &[]);
    insta::assert_snapshot!(told.split("--- err\n").nth(1).unwrap(), @r#"error: ecluse.toml: client "portal": the variable PORTAL_SECRET is not set; set it to the secret"#);
}

#[test]
fn a_backup_is_a_database_of_its_own() {
    let home = folder();
    insta::assert_snapshot!(ecluse(home.path(), &["backup", "copy.sqlite3"], &[]), @r"
    exit 1
    --- out
    --- err
    error: there is no database ecluse.sqlite3 (store.path)
    hint: `ecluse init` makes one
    ");
    ecluse(home.path(), &["init"], &[]);
    insta::assert_snapshot!(ecluse(home.path(), &["backup", "copy.sqlite3"], &[]), @r"
    exit 0
    --- out
    copy.sqlite3
    --- err
    The copy opens with the master key only: keep a copy of ecluse.master.key too, and elsewhere
    ");
    assert_eq!(fs::metadata(home.path().join("copy.sqlite3")).unwrap().permissions().mode() & 0o777, 0o600);
    insta::assert_snapshot!(ecluse(home.path(), &["backup", "copy.sqlite3"], &[]), @r"
    exit 3
    --- out
    --- err
    error: copy.sqlite3 exists already, and a copy is never written over
    ");
    let restored = [("ECLUSE__STORE__PATH", "copy.sqlite3")];
    let told = ecluse(home.path(), &["check-config"], &restored);
    assert!(told.ends_with("The master key opens the database\n"), "{told}");
}

#[test]
fn wrong_usage_and_a_wrong_setting_end_differently() {
    let home = folder();
    assert!(ecluse(home.path(), &[], &[]).starts_with("exit 2\n"));
    assert!(ecluse(home.path(), &["--help"], &[]).starts_with("exit 0\n"));
    assert!(ecluse(home.path(), &["check-config", "--set", "x"], &[]).starts_with("exit 2\n"));
    insta::assert_snapshot!(ecluse(home.path(), &["check-config"], &[("ECLUSE__CODES__LENGTH", "8")]), @r"
    exit 1
    --- out
    --- err
    error: ECLUSE__CODES__LENGTH: codes.length: unknown key; expected `lifetime` or `ceiling`
    ");
    insta::assert_snapshot!(ecluse(home.path(), &["check-config", "--config", "other.toml"], &[]), @r"
    exit 1
    --- out
    --- err
    error: other.toml: cannot be read (No such file or directory (os error 2)); `ecluse init` writes a first one, --config names another
    ");
}

const PEOPLE: &str = "source;key;login;given_name;family_name;profile;uai;classes;guardian_of\n";

#[test]
fn places_and_people_come_from_files() {
    let home = folder();
    let run = |arguments: &[&str]| ecluse(home.path(), arguments, &[]);
    run(&["init"]);
    fs::write(
        home.path().join("places.csv"),
        "code;kind;parent;name\nuai:0860001J;school;;Collège des Tilleuls\nclass:0860001J/6A;class;;6A\n",
    )
    .unwrap();
    insta::assert_snapshot!(run(&["territory", "import", "places.csv"]), @r#"
    exit 0
    --- out
    territories  count
    created      2
    renamed      0
    unchanged    0
    warnings     0
    errors       0
    --- err
    "#);
    let good =
        "A;1;lina;Lina;Valombre;National_ELV;0860001J;6A;\nA;2;karim;Karim;Valombre;National_TUT;;;1\n";
    fs::write(home.path().join("good.csv"), format!("{PEOPLE}{good}")).unwrap();
    insta::assert_snapshot!(run(&["account", "import", "good.csv", "--reason", "la rentrée"]), @r#"
    exit 0
    --- out
    import       count
    people       2
    created      2
    changed      0
    unchanged    0
    followed     0
    new_schools  0
    new_classes  0
    warnings     0
    errors       0
    --- err
    "#);
    insta::assert_snapshot!(run(&["account", "import", "good.csv", "--json", "--quiet"]), @r#"
    exit 0
    --- out
    {
      "applied": true,
      "changed": 0,
      "created": 0,
      "error_count": 0,
      "errors": [],
      "followed": 0,
      "new_classes": 0,
      "new_schools": 0,
      "people": 2,
      "unchanged": 2,
      "warning_count": 0,
      "warnings": []
    }
    --- err
    "#);
}

#[test]
fn people_are_imported_all_or_none_unless_told_to_keep_going() {
    let home = folder();
    let run = |arguments: &[&str]| ecluse(home.path(), arguments, &[]);
    run(&["init"]);
    let good = "A;1;lina;Lina;Valombre;National_ELV;0860001J;6A;\n";
    fs::write(home.path().join("good.csv"), format!("{PEOPLE}{good}")).unwrap();
    assert!(run(&["account", "import", "good.csv"]).starts_with("exit 0\n"));
    let bad =
        "A;3;LINA;Lina;Autre;National_ELV;0860001J;6B;\nA;4;noe;Noé;Brumeville;National_ELV;0860001J;6B;\n";
    fs::write(home.path().join("bad.csv"), format!("{PEOPLE}{bad}")).unwrap();
    insta::assert_snapshot!(run(&["account", "import", "bad.csv"]), @r#"
    exit 1
    --- out
    bad.csv:2: error: the login "LINA" belongs to the account of A:1
    import       count
    people       2
    created      0
    changed      0
    unchanged    0
    followed     0
    new_schools  0
    new_classes  0
    warnings     0
    errors       1
    --- err
    Nothing was applied
    "#);
    insta::assert_snapshot!(run(&["account", "import", "bad.csv", "--keep-going"]), @r#"
    exit 4
    --- out
    bad.csv:2: error: the login "LINA" belongs to the account of A:1
    import       count
    people       2
    created      1
    changed      0
    unchanged    0
    followed     0
    new_schools  0
    new_classes  1
    warnings     0
    errors       1
    --- err
    The lines with an error were left out
    "#);
    insta::assert_snapshot!(run(&["account", "import", "none.csv"]), @r#"
    exit 1
    --- out
    --- err
    error: none.csv: No such file or directory (os error 2)
    "#);
}

// The command is waited for, and the provider answers meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_after_a_provider_can_ask_it_whether_it_is_ready() {
    let provider = Provider::start().await;
    let folder = folder();
    let listen = provider.issuer.strip_prefix("http://").unwrap();
    let answer = ecluse(folder.path(), &["ready"], &[("ECLUSE__SERVER__LISTEN", listen)]);
    assert_eq!(answer, "exit 0\n--- out\nready\n--- err\n");
    let nobody = free_address();
    let answer = ecluse(folder.path(), &["ready"], &[("ECLUSE__SERVER__LISTEN", &nobody)]);
    assert!(answer.starts_with(&format!("exit 1\n--- out\n--- err\nerror: {nobody}: ")), "{answer}");
}
