//! Every verb of the command line: named in the documents, tried by a test, and one for each act of the API.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command_line::ecluse;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The words under `Commands:` in the help of a command.
fn below(words: &[String]) -> Vec<String> {
    let arguments: Vec<_> = words.iter().map(String::as_str).chain(["--help"]).collect();
    let help = ecluse(Path::new("."), &arguments, &[]);
    assert!(help.starts_with("exit 0\n"), "{words:?}: {help}");
    let Some((_, commands)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let commands = commands.lines().take_while(|line| !line.is_empty());
    let named = commands.filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    named.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
}

/// Every command that does something, by walking through the help.
fn verbs() -> BTreeSet<String> {
    let (mut verbs, mut waiting) = (BTreeSet::new(), vec![Vec::new()]);
    while let Some(words) = waiting.pop() {
        let inner = below(&words);
        if inner.is_empty() || words == ["slips"] {
            verbs.insert(words.join(" "));
        }
        waiting.extend(inner.into_iter().map(|word| [&words[..], &[word]].concat()));
    }
    verbs
}

fn files(folder: &str, ending: &str) -> String {
    let files = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let files = files
        .filter(|path| path.to_string_lossy().ends_with(ending) && !path.ends_with("command_line_verbs.rs"));
    let text = files.map(|path| fs::read_to_string(path).unwrap()).collect::<Vec<_>>().join("\n");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_verb_is_in_the_documents_and_tried_by_a_test() {
    let verbs = verbs();
    assert!(verbs.len() > 50, "{verbs:?}");
    let documents = files("docs", ".md") + &files(".", "README.md");
    let tests = files("tests/e2e", ".rs");
    let mut missing = Vec::new();
    for verb in &verbs {
        if !documents.contains(&format!("ecluse {verb}")) {
            missing.push(format!("no document says `ecluse {verb}`"));
        }
        let quoted: Vec<_> = verb.split(' ').map(|word| format!("\"{word}\"")).collect();
        if !tests.contains(&quoted.join(", ")) {
            missing.push(format!("no test runs `ecluse {verb}`"));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_act_of_the_api_can_be_done_on_the_host() {
    let document = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let (_, section) = document.split_once("\n## The command line\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let described = fs::read_to_string(root().join("docs/openapi.json")).unwrap();
    let described: Value = serde_json::from_str(&described).unwrap();
    let mut missing = Vec::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/api/v1").unwrap();
        for method in methods.as_object().unwrap().keys().filter(|method| *method != "parameters") {
            let act = format!("`{} {path}`", method.to_uppercase());
            let line = section.lines().find(|line| line.contains(&act));
            if !line.is_some_and(|line| line.contains("`ecluse ")) {
                missing.push(act);
            }
        }
    }
    assert!(missing.is_empty(), "nothing on the host does {}", missing.join(", "));
    let verbs = verbs();
    let named = section.split("`ecluse ").skip(1).map(|rest| rest.split('`').next().unwrap());
    let unknown: Vec<_> = named.filter(|verb| !verbs.contains(*verb)).collect();
    assert!(unknown.is_empty(), "no verbs: {unknown:?}");
}
