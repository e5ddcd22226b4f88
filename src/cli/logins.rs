//! Selected people: named one by one, or in a file.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::cli::printer::Failure;

/// Whom an act is done to: to all of them, or to nobody.
#[derive(Debug, clap::Args)]
pub(super) struct Selected {
    /// The logins; one that nobody has refuses all of them.
    #[arg(value_name = "LOGIN", required_unless_present = "file")]
    pub(super) logins: Vec<String>,
    /// A file with a login on each line, as `ecluse account find --logins` writes them; - is standard input
    #[arg(long = "logins", value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
}

impl Selected {
    /// Those named, then those of the file, which must name somebody.
    pub(super) fn read(self) -> Result<Vec<String>, Failure> {
        let Self { mut logins, file } = self;
        let Some(path) = file else { return Ok(logins) };
        let text =
            contents(&path).map_err(|error| Failure::failed(format_args!("{}: {error}", path.display())))?;
        let named: Vec<_> = lines(&text).map(str::to_owned).collect();
        if named.is_empty() {
            return Err(Failure::usage(format_args!("{} names nobody", path.display())));
        }
        logins.extend(named);
        Ok(logins)
    }
}

fn contents(path: &Path) -> io::Result<String> {
    if path != Path::new("-") {
        return fs::read_to_string(path);
    }
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}

/// The lines that say something. Office programs begin a file with a byte order mark.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.trim_start_matches('\u{feff}').lines().map(str::trim).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_logins_is_read_as_editors_and_office_programs_write_it() {
        let text = "\u{feff}lina.valombre\r\n\r\n  karim.benali \nnoe";
        assert_eq!(lines(text).collect::<Vec<_>>(), ["lina.valombre", "karim.benali", "noe"]);
        assert_eq!(lines("\n \n").next(), None);
    }
}
