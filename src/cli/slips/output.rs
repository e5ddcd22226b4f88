//! Where slips are written to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::cli::printer::Failure;
use crate::flows::print_slips::Selection;
use crate::paper::output::{self, Format};
use crate::paper::series::Shelf;
use crate::paper::slip::Slip;
use crate::paper::stationery::{Stationery, Unprintable};

use super::Args;

/// Where slips are written to, in the form that was asked for. It is opened before anything is printed: what is marked as
/// printed must have a place to go.
pub(super) struct Output<'a> {
    to: output::Output<'a>,
    /// The file that was made, to be taken back if there is nothing to write.
    made: Option<PathBuf>,
}

impl<'a> Output<'a> {
    pub(super) fn open(
        args: &Args,
        selection: &Selection,
        stationery: &'a Stationery,
    ) -> Result<Self, Failure> {
        let format = args.format.into();
        let folder = args.out.as_deref().filter(|path| path.is_dir());
        let to = match (format, folder) {
            (Format::Pdf, Some(folder)) => {
                output::Output::series(stationery, Box::new(Folder::open(folder)?))
            }
            (_, Some(folder)) => {
                let message = format_args!("{} is a folder; only PDFs are put in one", folder.display());
                return Err(Failure::usage(message));
            }
            (Format::Pdf, None) if !selection.fits_into_one_document() => {
                return Err(Failure::usage(
                    "one PDF is for a class or a school, since it is put together in memory",
                )
                .hint("--format zip, or --out with an empty folder, makes one for each class"));
            }
            (format, None) => output::Output::begin(format, stationery, open(args)?)?,
        };
        let made = args.out.clone().filter(|_| folder.is_none() && format == Format::Pdf);
        Ok(Self { to, made })
    }

    pub(super) fn add(&mut self, slip: &Slip) -> Result<(), Unprintable> {
        self.to.add(slip)
    }

    /// Writes what is left. Answers how many documents there are, where there may be several.
    pub(super) fn finish(self, slips: u64) -> Result<Option<usize>, Failure> {
        let documents = self.to.finish(slips)?;
        if slips == 0 {
            self.made.map(fs::remove_file).transpose()?;
        }
        Ok(documents)
    }
}

fn open(args: &Args) -> Result<Box<dyn Write>, Failure> {
    match &args.out {
        Some(path) => {
            let file =
                create(path).map_err(|error| Failure::failed(format_args!("{}: {error}", path.display())))?;
            Ok(Box::new(BufWriter::new(file)))
        }
        None if args.format != super::Format::Csv && io::stdout().is_terminal() => {
            Err(Failure::usage("this is nothing to be shown on a terminal").hint("--out names a file for it"))
        }
        None => Ok(Box::new(BufWriter::new(io::stdout().lock()))),
    }
}

/// Makes a file that nobody else may read: who has it has the accounts.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// A folder of documents.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn open(path: &Path) -> Result<Self, Failure> {
        let failure =
            |problem: &dyn std::fmt::Display| Failure::failed(format_args!("{}: {problem}", path.display()));
        if fs::read_dir(path).map_err(|error| failure(&error))?.next().is_some() {
            return Err(failure(&"is not empty").hint("slips of before would lie between those of today"));
        }
        Ok(Self { path: path.to_owned() })
    }
}

impl Shelf for Folder {
    fn put(&mut self, name: &str, pdf: &[u8]) -> Result<(), Unprintable> {
        let path = self.path.join(name);
        if let Some(school) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(school)?;
        }
        Ok(create(&path)?.write_all(pdf)?)
    }

    fn close(&mut self) -> Result<(), Unprintable> {
        Ok(())
    }
}
