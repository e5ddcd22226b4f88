//! Files that hold one secret: made for their owner alone, and refused when others can read them.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::domain::secret::Secret;

/// A secret is some bytes; a file beyond this is another file.
const MOST_BYTES: u64 = 4096;

/// Reads the secret of a file, without the end of its line. Nobody but its owner may have any right on it, or, where it is
/// root's, the group that root gave it to may read it: so a system that hands out secrets gives one to a program.
pub fn read(path: &Path) -> Result<Secret, PrivateFileError> {
    let fault = |kind| PrivateFileError { path: path.to_owned(), kind };
    let file = File::open(path).map_err(|cause| match cause.kind() {
        ErrorKind::NotFound => fault(Fault::Missing),
        _ => fault(Fault::System(cause)),
    })?;
    // Asked of the open file, which nobody can exchange between the question and the reading.
    let about = file.metadata().map_err(|cause| fault(Fault::System(cause)))?;
    let mode = about.mode() & 0o777;
    if is_exposed(mode, about.uid()) {
        return Err(fault(Fault::Exposed { mode }));
    }
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(MOST_BYTES).unwrap_or_default()));
    file.take(MOST_BYTES).read_to_string(&mut text).map_err(|cause| match cause.kind() {
        ErrorKind::InvalidData => fault(Fault::NotText),
        _ => fault(Fault::System(cause)),
    })?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(fault(Fault::Empty));
    }
    Ok(Secret::new(line.to_owned()))
}

/// A user's own group may be everybody's; one that root chose for a file of its own was meant.
fn is_exposed(mode: u32, owner: u32) -> bool {
    let others = if owner == 0 { 0o037 } else { 0o077 };
    mode & others != 0
}

/// Makes a file of mode 0600 that holds the secret and the end of a line, and returns when it is on disk. Refuses a
/// name that is taken.
pub fn create(path: &Path, secret: &Secret) -> Result<(), PrivateFileError> {
    let fault = |cause: std::io::Error| PrivateFileError {
        path: path.to_owned(),
        kind: if cause.kind() == ErrorKind::AlreadyExists { Fault::Taken } else { Fault::System(cause) },
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(fault)?;
    file.write_all(secret.expose().as_bytes()).map_err(fault)?;
    file.write_all(b"\n").map_err(fault)?;
    file.sync_all().map_err(fault)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault)
}

/// Why a file of one secret was refused. One line that says what to do.
#[derive(Debug, Error)]
#[error("{path}: {kind}", path = .path.display(), kind = .kind.told(.path))]
pub struct PrivateFileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: Fault,
}

/// What is wrong with a file of one secret.
#[derive(Debug)]
pub enum Fault {
    /// It holds nothing.
    Empty,
    /// Others than its owner have rights on it.
    Exposed {
        /// The permission bits.
        mode: u32,
    },
    /// There is no such file.
    Missing,
    /// It is not UTF-8.
    NotText,
    /// The system refused.
    System(std::io::Error),
    /// There is such a file already.
    Taken,
}

impl Fault {
    fn told(&self, path: &Path) -> String {
        match self {
            Self::Empty => "the file is empty; write the secret into it".to_owned(),
            Self::Exposed { mode } => format!(
                "others than its owner can read or change it (mode {mode:04o}); run `chmod 600 {}`",
                path.display()
            ),
            Self::Missing => "there is no such file".to_owned(),
            Self::NotText => "the file is not text; write the secret as one line of UTF-8".to_owned(),
            Self::System(cause) if cause.kind() == ErrorKind::PermissionDenied => {
                format!("cannot be opened ({cause}); make the user that runs Écluse its owner")
            }
            Self::System(cause) => format!("cannot be used ({cause})"),
            Self::Taken => "there is such a file already, and it is never overwritten".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn told(path: &Path) -> String {
        read(path).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_made_is_read_back_and_belongs_to_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        create(&path, &Secret::new("salt and pepper".to_owned())).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "salt and pepper\n");
        assert_eq!(read(&path).unwrap().expose(), "salt and pepper");
        let again = create(&path, &Secret::new("other".to_owned())).unwrap_err();
        assert!(matches!(again.kind, Fault::Taken));
        assert_eq!(read(&path).unwrap().expose(), "salt and pepper");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_command_that_mends_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        create(&path, &Secret::new("x".to_owned())).unwrap();
        for mode in [0o604, 0o660, 0o601] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let name = path.display();
            assert_eq!(
                told(&path),
                format!(
                    "{name}: others than its owner can read or change it (mode {mode:04o}); run `chmod 600 {name}`"
                )
            );
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
        assert!(read(&path).is_ok());
    }

    #[test]
    fn only_of_a_file_of_roots_may_the_group_be_a_reader() {
        for (mode, owner, exposed) in [
            (0o600, 1000, false),
            (0o400, 1000, false),
            (0o640, 1000, true),
            (0o440, 1000, true),
            (0o440, 0, false),
            (0o640, 0, false),
            (0o460, 0, true),
            (0o450, 0, true),
            (0o444, 0, true),
            (0o601, 0, true),
        ] {
            assert_eq!(is_exposed(mode, owner), exposed, "{mode:04o} of {owner}");
        }
    }

    #[test]
    fn a_missing_and_an_empty_file_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert!(told(&path).ends_with("secret: there is no such file"));
        create(&path, &Secret::new(String::new())).unwrap();
        assert!(told(&path).ends_with("secret: the file is empty; write the secret into it"));
    }
}
