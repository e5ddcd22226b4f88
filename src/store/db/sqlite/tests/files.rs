//! What lies on disk: modes, versions, copies, and no room left.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn all_files_are_their_owners_only() {
    let bench = Bench::open().await;
    bench.db.run(Batch::plain(vec![insert("a", 1)])).await.unwrap();
    for file in fs::read_dir(bench.folder()).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn closing_the_last_handle_leaves_one_file() {
    let bench = Bench::open().await;
    bench.db.run(Batch::plain(vec![insert("a", 1)])).await.unwrap();
    let seam::Bench { db, database, .. } = bench.0;
    drop(db);
    assert_eq!(fs::read_dir(database.path().parent().unwrap()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_file_that_is_no_database_and_a_directory_that_is_not_there_are_named() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("notes.txt");
    fs::write(&path, "these are notes, and longer than the header of a database would be: ".repeat(30))
        .unwrap();
    for path in [path, directory.path().join("missing/a.sqlite")] {
        let error = Db::open_sqlite(&path, Clock::system(), 1).err().unwrap();
        assert!(matches!(&error, DbError::File { path: named, .. } if *named == path.display().to_string()));
    }
}

#[tokio::test]
async fn a_copy_made_under_writing_is_the_moment_it_began() {
    let bench = Bench::open().await;
    let filler = "x".repeat(4000);
    let rows = (0..4000).map(|n| insert(&format!("{n}{filler}"), n)).collect();
    bench.db.run(Batch::plain(rows)).await.unwrap();
    let dest = bench.folder().join("copy.sqlite");
    let copied = Arc::new(AtomicU64::new(0));
    let (last, busy) = (Arc::clone(&copied), rusqlite::Connection::open(bench.path()).unwrap());
    let write_at_each_step = move |done, all| {
        assert!(last.swap(done, Ordering::SeqCst) < done && done <= all, "the copy began again");
        busy.execute("INSERT INTO item VALUES (?1, -1, NULL)", [done.to_string()]).unwrap();
    };
    bench.db.backup(&dest, write_at_each_step).await.unwrap();
    assert!(copied.load(Ordering::SeqCst) > 1000);
    assert_eq!(mode(&dest), 0o600);

    let copy = Db::open_sqlite(&dest, bench.clock.clone(), 1).unwrap();
    let count = async |db: &Db| db.all(q!("SELECT n FROM item WHERE n = -1")).await.unwrap().len();
    assert_eq!(count(&copy).await, 0);
    assert!(count(&bench.db).await > 1);
    let whole = copy.one(q!("SELECT quick_check AS verdict FROM pragma_quick_check")).await.unwrap();
    assert_eq!(whole.unwrap().text("verdict").unwrap(), "ok");
}

#[tokio::test]
async fn a_copy_never_overwrites() {
    let bench = Bench::open().await;
    let dest = bench.folder().join("precious");
    fs::write(&dest, "precious").unwrap();
    assert!(matches!(bench.db.backup(&dest, |_, _| ()).await, Err(DbError::File { .. })));
    assert_eq!(fs::read_to_string(&dest).unwrap(), "precious");
    assert!(bench.db.backup(&bench.path(), |_, _| ()).await.is_err());
    assert!(bench.db.run(Batch::plain(vec![insert("a", 1)])).await.is_ok());
}

#[tokio::test]
async fn a_full_disk_fails_what_does_not_fit_and_nothing_afterwards() {
    let bench = Bench::open().await;
    let limit = |pages: u32| {
        bench.sqlite().alone(move |connection| connection.pragma_update(None, "max_page_count", pages))
    };
    limit(20).await.unwrap().unwrap();
    let release = bench.hold_writer().await;
    let small = bench.queue(vec![insert("small", 1)]).await;
    let large = bench.queue(vec![insert("before", 1), insert(&"x".repeat(100_000), 2)]).await;
    let after = bench.queue(vec![insert("after", 1)]).await;
    drop(release);
    assert!(small.await.unwrap().is_ok());
    assert!(matches!(large.await.unwrap(), Err(BatchError::Db(DbError::DiskFull))));
    assert!(after.await.unwrap().is_ok());
    assert_eq!(bench.ids().await, ["after", "small"]);

    limit(10_000).await.unwrap().unwrap();
    bench.db.run(Batch::plain(vec![insert(&"x".repeat(100_000), 2)])).await.unwrap();
}
