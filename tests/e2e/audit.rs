//! The audit log as whoever has to answer for it meets it: sealed by the program, verified from the command line.

use std::path::Path;

use ecluse::cli::open;
use ecluse::config::layers::Layers;
use ecluse::flows::audit::seal::seal;
use ecluse::flows::context::Context;
use ecluse::store::db::{Batch, Statement};
use serde_json::Value;

use crate::command_line::ecluse;

async fn context(folder: &Path) -> Context {
    let file = folder.join("ecluse.toml");
    let loaded = Layers::of_process(Some(file), Vec::new()).load().unwrap();
    open::context(&loaded.config).await.unwrap()
}

async fn write(ctx: &Context, sql: &'static str) {
    ctx.db.run(Batch::plain(vec![Statement::new(sql, Vec::new())])).await.unwrap();
}

#[tokio::test]
async fn a_line_that_was_changed_or_taken_away_is_named() {
    let home = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| ecluse(home.path(), arguments, &[]);
    assert!(run(&["init"]).starts_with("exit 0\n"));
    let fresh = run(&["audit", "verify"]);
    assert!(
        fresh.contains("Nothing was changed, moved or removed\nNothing has been sealed yet\n"),
        "{fresh}"
    );
    assert!(fresh.contains(" to be sealed, the oldest since "), "{fresh}");

    let ctx = context(home.path()).await;
    for number in ["1", "2", "3"] {
        let done = run(&["keys", "rotate", "--reason", number]);
        assert!(done.starts_with("exit 0\n"), "{done}");
    }
    seal(&ctx).await.unwrap();
    let whole = run(&["--json", "--quiet", "audit", "verify"]);
    let whole = whole.strip_prefix("exit 0\n--- out\n").and_then(|text| text.strip_suffix("--- err\n"));
    let whole: Value = serde_json::from_str(whole.unwrap()).unwrap();
    let (lines, head) = (whole["lines"].as_i64().unwrap(), whole["head"].as_str().unwrap());
    assert!(lines > 3 && whole["unsealed"] == 0, "{whole}");
    assert!(run(&["audit", "verify", "--head", head]).starts_with("exit 0\n"));

    let exported = run(&["audit", "export"]);
    let last = exported.lines().rev().find(|line| line.starts_with('{')).unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!((&last["act"], &last["reason"]), (&"key.rotate".into(), &"3".into()));
    assert_eq!(head, format!("{}:{}", last["place"], last["tag"].as_str().unwrap()));

    let of_no_place = run(&["audit", "export", "--territory", "academie:99"]);
    assert!(
        of_no_place.starts_with("exit 2\n") && of_no_place.contains("there is no academie:99"),
        "{of_no_place}"
    );

    // The last two change places, and back.
    let place = async |reason: &str, place: i64| {
        let sql = "UPDATE audit SET place = $2 WHERE reason = $1";
        let moved = Statement::new(sql, vec![reason.into(), place.into()]);
        ctx.db.run(Batch::plain(vec![moved])).await.unwrap();
    };
    for (first, second) in [("3", "2"), ("2", "3")] {
        place(second, -1).await;
        place(first, lines - 1).await;
        place(second, lines).await;
        let verified = run(&["audit", "verify", "--head", head]);
        assert_eq!(verified.starts_with("exit 0\n"), first == "2", "{verified}");
        assert_eq!(verified.contains(&format!("wrong: line {} (", lines - 1)), first == "3", "{verified}");
    }

    write(&ctx, "UPDATE audit SET reason = 'nothing' WHERE reason = '2'").await;
    write(&ctx, "DELETE FROM audit WHERE reason = '3'").await;
    let found = run(&["audit", "verify", "--head", head]);
    assert!(found.starts_with("exit 1\n"), "{found}");
    assert!(found.contains(&format!("wrong: line {} (", lines - 1)), "{found}");
    assert!(found.contains(&format!("wrong: line {lines} is gone, at the end\n")), "{found}");
    let refused = run(&["audit", "verify", "--head", "yesterday"]);
    assert!(refused.starts_with("exit 2\n") && refused.contains("PLACE:TAG"), "{refused}");
}
