//! What the documents tell people to write is what runs here: each snippet is found, word for word, in a program.

use std::fs;
use std::path::Path;

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
