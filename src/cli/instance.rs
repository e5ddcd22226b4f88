//! The file that remembers, outside the database, how far the database has come. An older copy that was put back looks
//! like any database from inside; the file is what tells.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::printer::Failure;
use crate::config::Config;
use crate::flows::context::Context;
use crate::flows::random::Random;
use crate::store::db::Db;
use crate::store::deployment::{Standing, Witness, mark, standing};

/// How often the file is told. A copy that is older than the last time is noticed.
const INTERVAL: Duration = Duration::from_secs(10);

/// Refuses a database that has not got as far as the file, or that is half-way of a move. Where there is no file nothing
/// is known of what was; `serve` makes one.
pub(super) async fn check(config: &Config, ctx: &Context) -> Result<(), Failure> {
    examine(config, &ctx.db).await.map(drop)
}

/// The same; and whether there is a file.
pub(super) async fn examine(config: &Config, db: &Db) -> Result<bool, Failure> {
    let witness = read(&config.keys.instance_file)?;
    let place = config.store.place();
    match standing(db, witness.as_ref()).await? {
        Standing::InUse => Ok(witness.is_some()),
        Standing::Older => Err(older(config)),
        Standing::Copied { .. } => {
            Err(Failure::refused(format_args!("{place} is a copy that was not taken into use yet"))
                .hint("if it is to be used from now on, run `ecluse store restored`"))
        }
        Standing::Moved => {
            Err(Failure::refused(format_args!("{place} was copied to a server, to be used there"))
                .hint("name the server in store.url; if that was given up, run `ecluse store restored`"))
        }
    }
}

/// Tells the file how far the database has come, whatever the file remembered.
pub(super) async fn renew(path: &Path, db: &Db) -> Result<(), Failure> {
    let id = match read(path) {
        Ok(Some(witness)) => witness.id,
        Ok(None) | Err(_) => Random::system().id(db.clock().now()),
    };
    write(path, &mark(db, id).await?, &Random::system().id(db.clock().now()))
        .map_err(|error| cannot(path, &error))
}

/// The same every few seconds, until the database is an older one than the file knows: somebody put a copy in its place
/// while this ran. Whoever went on would hold orders in memory that the copy never had.
pub(super) async fn keep(config: &Config, db: &Db) -> Failure {
    let path = &config.keys.instance_file;
    loop {
        tokio::time::sleep(INTERVAL).await;
        match go_on(path, db).await {
            Ok(true) => {}
            Ok(false) => return older(config),
            Err(reason) => {
                tracing::error!(file = %path.display(), %reason, "the instance file was not renewed");
            }
        }
    }
}

/// Renews the file of a database that it knows. Answers whether it knows it.
pub(super) async fn go_on(path: &Path, db: &Db) -> Result<bool, Failure> {
    let in_use = standing(db, read(path)?.as_ref()).await? == Standing::InUse;
    if in_use {
        renew(path, db).await?;
    }
    Ok(in_use)
}

fn older(config: &Config) -> Failure {
    Failure::refused(format_args!(
        "{} is an older copy of the database that {} knows, or another database",
        config.store.place(),
        config.keys.instance_file.display()
    ))
    .hint("after a restore, run `ecluse store restored`")
}

/// What the file remembers; none where there is no file.
pub(super) fn read(path: &Path) -> Result<Option<Witness>, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(path, &error)),
    };
    serde_json::from_str(&text).map(Some).map_err(|_| {
        Failure::failed(format_args!("{} (keys.instance_file) was damaged", path.display()))
            .hint("remove it, unless the database was put back from a copy: then run `ecluse store restored`")
    })
}

/// In one piece, and on disk before anything goes on. `unique` is part of a name that no other program uses meanwhile, not
/// even one with the same number in another container.
fn write(path: &Path, witness: &Witness, unique: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{unique}"));
    let beside = PathBuf::from(beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let written = writeln!(file, "{}", serde_json::to_string(witness)?)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside); // what is told is why it could not be written
    }
    written?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn cannot(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format_args!("{} (keys.instance_file): {error}", path.display()))
        .hint("name a file that the user who runs Écluse may write")
}
