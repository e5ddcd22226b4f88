//! What the documents tell people to write is what runs here: each snippet is found, word for word, in a program.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The README's snippets for relying parties: the language of each, and the program that it is taken from.
const SNIPPETS: [(&str, &str); 3] = [
    ("rust", "examples/relying_party/openid.rs"),
    ("js", "tests/interop/or-signal.mjs"),
    ("python", "tests/interop/authlib_client.py"),
];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The words of a text, however it is indented.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_snippets_for_relying_parties_are_in_programs_that_run() {
    let document = read("README.md");
    for (language, program) in SNIPPETS {
        let start = document.split_once(&format!("```{language}\n")).unwrap().1;
        let snippet = start.split_once("\n```").unwrap().0;
        assert!(
            words(&read(program)).contains(&words(snippet)),
            "{program} differs from the {language} snippet"
        );
    }
}

#[test]
fn the_settings_of_the_manifests_are_settings() {
    for settings in ["deploy/kubernetes/base/ecluse.toml", "deploy/kubernetes/example/ecluse.toml"] {
        let place = tempfile::tempdir().unwrap();
        // Neither servers nor secrets are here: with a folder in their place, everything else is judged.
        let checked = Command::new(env!("CARGO_BIN_EXE_ecluse"))
            .arg("--config")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(settings))
            .args([
                "--set",
                "store.url=",
                "--set",
                "store.path=nothing.sqlite3",
                "--set",
                "ephemeral.store=database",
            ])
            .args(["--set", "keys.master_key_file=nothing.key", "--json", "check-config"])
            .current_dir(place.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&checked.stdout);
        assert!(checked.status.success(), "{settings}: {}", String::from_utf8_lossy(&checked.stderr));
        assert!(
            said.contains("https://id.example.org") && said.contains("/run/secrets/ecluse/redis.password"),
            "{said}"
        );
    }
}
