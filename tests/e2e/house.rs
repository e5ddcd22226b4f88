//! The rules of the house, read off the source: who may know whom, and how large a room may grow.

use std::fs;
use std::path::{Path, PathBuf};

/// Every floor, with the floors it may know. `config` makes the settings that `flows` and `web` are given.
const FLOORS: [(&str, &[&str]); 10] = [
    ("domain", &[]),
    ("words", &[]),
    ("oidc", &["domain"]),
    ("store", &["domain"]),
    ("outgoing", &["domain", "words"]),
    ("paper", &["domain", "words"]),
    ("flows", &["outgoing", "oidc", "store", "domain"]),
    ("web", &["flows", "oidc", "store", "paper", "domain"]),
    ("config", &["web", "flows", "outgoing", "oidc", "store", "paper", "domain", "words"]),
    ("cli", &["config", "web", "flows", "outgoing", "oidc", "store", "paper", "domain"]),
];

/// Libraries that stay on their floor: each with the floors that may name it.
const KEPT: [(&str, &[&str]); 15] = [
    ("axum", &["web"]),
    ("tower_http", &["web"]),
    ("askama", &["web"]),
    ("rusqlite", &["store"]),
    ("tokio_postgres", &["store"]),
    ("deadpool_postgres", &["store"]),
    ("rustls", &["store"]),
    ("redis", &["store"]),
    ("opentelemetry", &["outgoing", "web", "cli"]),
    ("reqwest", &["outgoing"]),
    ("lettre", &["outgoing"]),
    ("clap", &["cli"]),
    ("krilla", &["paper"]),
    ("skrifa", &["paper"]),
    ("zip", &["paper"]),
];

/// What the pure floors must not do.
const IMPURE: [&str; 6] = ["async fn", ".await", "std::fs", "std::net", "tokio::", "SystemTime"];

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    found
}

/// The lines of code: without comments, and without the tests at the end of a file.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn is_test_file(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.contains("test"))
}

#[test]
fn a_floor_knows_the_floors_below_it_and_no_other() {
    let mut broken = Vec::new();
    for (floor, below) in FLOORS {
        for (path, text) in
            sources(&format!("src/{floor}")).into_iter().filter(|(path, _)| !is_test_file(path))
        {
            for (number, line) in code(&text) {
                for (other, _) in FLOORS.iter().filter(|(other, _)| *other != floor && !below.contains(other))
                {
                    if line.contains(&format!("crate::{other}::"))
                        || line.contains(&format!("ecluse::{other}::"))
                    {
                        broken.push(format!("{}:{}: {floor} knows {other}", path.display(), number + 1));
                    }
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_library_stays_on_its_floor() {
    let mut broken = Vec::new();
    for (path, text) in sources("src").into_iter().filter(|(path, _)| !is_test_file(path)) {
        for (number, line) in code(&text) {
            for (library, floors) in KEPT {
                let named =
                    line.contains(&format!("{library}::")) || line.contains(&format!("use {library}"));
                let at_home =
                    floors.iter().any(|floor| path.to_string_lossy().contains(&format!("/src/{floor}/")));
                if named && !at_home {
                    broken.push(format!("{}:{}: {library}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_pure_floors_are_pure() {
    let mut broken = Vec::new();
    for (path, text) in
        ["domain", "oidc", "paper", "words"].into_iter().flat_map(|room| sources(&format!("src/{room}")))
    {
        for (number, line) in code(&text) {
            if let Some(act) = IMPURE.iter().find(|act| line.contains(**act)) {
                broken.push(format!("{}:{}: {act}", path.display(), number + 1));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn no_room_has_grown_past_500_lines() {
    let long: Vec<_> = sources("src")
        .into_iter()
        .map(|(path, text)| (path, text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count()))
        .filter(|(path, lines)| *lines > 500 && !is_test_file(path))
        .collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn there_is_no_junk_drawer() {
    const DRAWERS: [&str; 6] = ["utils", "helpers", "common", "service", "manager", "misc"];
    let found: Vec<_> = sources("src")
        .into_iter()
        .filter(|(path, _)| {
            path.components().any(|part| {
                DRAWERS.iter().any(|drawer| part.as_os_str().to_string_lossy().starts_with(drawer))
            })
        })
        .map(|(path, _)| path)
        .collect();
    assert!(found.is_empty(), "{found:?}");
}
