//! `demo found`: the folder of a deployment, before any of its programs runs. What is there is kept.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ::ecluse::cli::printer::{ExitStatus, Failure};
use ::ecluse::config::private_file;
use ::ecluse::domain::secret::Secret;
use ::ecluse::flows::random::Random;
use ::ecluse::store::seal::MasterKey;
use aws_lc_rs::digest::{SHA256, digest};

use crate::place::Place;

/// What README says that the provider needs of Redis, under the name that `config/demo/compose.toml` has.
const REDIS_USER: &str = "user ecluse on ~ecluse:* +get +set +del +getdel +hget +hset +hmget +pexpire +evalsha \
                          +script|load +ping +info";

/// Makes what is missing, and tells each of the other programs what it has to know.
pub fn run(folder: &Path, more: &Path, share: &Path) -> Result<ExitStatus, Failure> {
    let place = Place::complete(folder, more)?;
    let config = place.config()?;
    let random = Random::system();
    kept(&config.keys.master_key_file, || MasterKey::text_of(random.bytes()))?;
    let password = |file: &PathBuf| kept(file, || Secret::from_random(random.bytes()));
    let database = password(&config.store.password_file)?;
    let redis = password(&config.ephemeral.redis.password_file)?;

    tell(share, "postgres", "password", database.expose())?;
    // Who has no password may ask whether the server lives.
    let users = format!("user default on nopass +ping\n{REDIS_USER} #{}\n", hash(&redis));
    tell(share, "redis", "users.acl", &users)?;
    for role in ["portal", "gradebook"] {
        let secret = private_file::read(&place.file(&format!("{role}.secret")))?;
        tell(share, role, "client.secret", secret.expose())?;
    }
    Ok(ExitStatus::Done)
}

/// The secret of a file, which is made if it is not there.
fn kept(file: &Path, make: impl FnOnce() -> Secret) -> Result<Secret, Failure> {
    if !file.exists() {
        private_file::create(file, &make())?;
    }
    Ok(private_file::read(file)?)
}

/// Writes a file that everybody can read: the other program is another user, and nobody else is given its folder.
fn tell(share: &Path, program: &str, name: &str, text: &str) -> Result<(), Failure> {
    let folder = share.join(program);
    fs::create_dir_all(&folder)?;
    let file = folder.join(name);
    // In one step: the program may be reading it.
    let new = folder.join(format!("{name}.new"));
    fs::write(&new, text)?;
    fs::set_permissions(&new, Permissions::from_mode(0o444))?;
    Ok(fs::rename(new, file)?)
}

/// As Redis writes it, so that its file of users holds no password.
fn hash(secret: &Secret) -> String {
    let mut hex = String::new();
    for byte in digest(&SHA256, secret.expose().as_bytes()).as_ref() {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
