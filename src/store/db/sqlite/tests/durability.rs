//! What was confirmed is there after the process was killed; what was not is there whole or not at all.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::*;

/// Names the file to the writer below, and makes it run.
const FILE: &str = "ECLUSE_TEST_DURABILITY_FILE";

/// The test binary run a second time, to be killed: writes pairs and prints each number once it is confirmed.
#[tokio::test]
async fn writer_to_be_killed() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let db = Db::open_sqlite(Path::new(&path), Clock::system(), 1).unwrap();
    migrate(&db, ITEM).await.unwrap();
    for n in 0.. {
        let pair = vec![insert(&format!("left{n}"), n), insert(&format!("right{n}"), n)];
        db.run(Batch::plain(pair)).await.unwrap();
        println!("confirmed {n}");
    }
}

#[tokio::test]
async fn killing_the_process_loses_nothing_that_was_confirmed() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.sqlite");
    for round in 0..3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "store::db::sqlite::tests::durability::writer_to_be_killed"])
            .env(FILE, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut confirmed = None;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let number = line.rsplit_once("confirmed ").and_then(|(_, n)| n.parse::<i64>().ok());
            confirmed = number.or(confirmed);
            if confirmed >= Some(20 + 7 * round) {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();

        let db = Db::open_sqlite(&path, Clock::system(), 1).unwrap();
        let count = async |statement| db.all(statement).await.unwrap().len();
        let confirmed = confirmed.unwrap();
        let kept = count(q!("SELECT id FROM item WHERE n <= $1", confirmed)).await;
        assert_eq!(i64::try_from(kept).unwrap(), 2 * (confirmed + 1));
        assert_eq!(count(q!("SELECT n FROM item GROUP BY n HAVING count(*) <> 2")).await, 0);
        db.run(Batch::plain(vec![q!("DELETE FROM item")])).await.unwrap();
    }
}
