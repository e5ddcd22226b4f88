//! The patches that each disarm one thing. `make torture-unhinged` shows that none of them goes unnoticed; here, which takes
//! no time, that they still fit the tree.

use std::fs;
use std::path::Path;

use super::checker::RULES;

/// What a patch takes out of a file, with the lines around it.
struct Hunk {
    file: String,
    before: String,
}

fn hunks(patch: &str) -> Vec<Hunk> {
    let (mut hunks, mut file) = (Vec::<Hunk>::new(), String::new());
    for line in patch.lines() {
        if let Some(name) = line.strip_prefix("--- a/") {
            name.clone_into(&mut file);
        } else if line.starts_with("@@ ") {
            hunks.push(Hunk { file: file.clone(), before: String::new() });
        } else if let (Some(hunk), Some(text)) = (hunks.last_mut(), line.strip_prefix([' ', '-'])) {
            hunk.before.push_str(text);
            hunk.before.push('\n');
        }
    }
    hunks
}

#[test]
fn every_patch_fits_the_tree_and_says_what_it_disarms() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut many = 0;
    for entry in fs::read_dir(root.join("tests/torture/unhinged")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "patch") {
            continue;
        }
        let patch = fs::read_to_string(&path).unwrap();
        let name = path.display();
        let (said, _) = patch.split_once("\n\ndiff --git").unwrap_or_else(|| panic!("{name} says nothing"));
        let (_, rules) = said.split_once("Caught by: ").unwrap_or_else(|| panic!("{name}: caught by what?"));
        for rule in rules.split(", ") {
            assert!(RULES.contains(&rule), "{name}: there is no rule {rule}");
        }
        let hunks = hunks(&patch);
        assert!(!hunks.is_empty(), "{name} changes nothing");
        for Hunk { file, before } in hunks {
            let text = fs::read_to_string(root.join(&file)).unwrap();
            assert!(text.contains(&before), "{name} does not apply to {file} any more:\n{before}");
        }
        many += 1;
    }
    assert!(many > 50, "{many} patches");
}
