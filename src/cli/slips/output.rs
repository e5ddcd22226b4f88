//! Where slips are written to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::cli::printer::Failure;
use crate::domain::territory::{TerritoryCode, TerritoryKind, TerritoryPath};
use crate::flows::print_slips::Selection;
use crate::paper::archive::Archive;
use crate::paper::series::{Series, Shelf, Single};
use crate::paper::slip::Slip;
use crate::paper::stationery::{Stationery, Unprintable};
use crate::paper::table::Table;

use super::{Args, Format};

/// Where slips are written to, in the form that was asked for. It is opened before anything is printed: what is marked as
/// printed must have a place to go.
pub(super) struct Output<'a> {
    to: To<'a>,
    /// The file that was made, to be taken back if there is nothing to write.
    made: Option<PathBuf>,
}

enum To<'a> {
    Table(Box<Table<Box<dyn Write>>>),
    Single(Box<Single<'a>>, Box<dyn Write>),
    Series(Box<Series<'a, Box<dyn Shelf>>>),
}

impl<'a> Output<'a> {
    pub(super) fn open(
        args: &Args,
        selection: &Selection,
        stationery: &'a Stationery,
    ) -> Result<Self, Failure> {
        let folder = args.out.as_deref().filter(|path| path.is_dir());
        let to = match (args.format, folder) {
            (Format::Pdf, Some(folder)) => series(stationery, Folder::open(folder)?),
            (_, Some(folder)) => {
                let message = format_args!("{} is a folder; only PDFs are put in one", folder.display());
                return Err(Failure::usage(message));
            }
            (Format::Csv, None) => To::Table(Box::new(Table::begin(open(args)?)?)),
            (Format::Pdf, None) if is_bounded(&selection.territory) => {
                To::Single(Box::new(Single::begin(stationery)?), open(args)?)
            }
            (Format::Pdf, None) => {
                return Err(Failure::usage(
                    "one PDF is for a class or a school, since it is put together in memory",
                )
                .hint("--format zip, or --out with an empty folder, makes one for each class"));
            }
            (Format::Zip, None) => series(stationery, Archive::begin(open(args)?)),
        };
        Ok(Self { to, made: args.out.clone().filter(|_| folder.is_none()) })
    }

    pub(super) fn add(&mut self, slip: &Slip) -> Result<(), Unprintable> {
        match &mut self.to {
            To::Table(table) => Ok(table.add(slip)?),
            To::Single(document, _) => {
                document.add(slip);
                Ok(())
            }
            To::Series(series) => series.add(slip),
        }
    }

    /// Writes what is left. Answers how many documents there are, where there may be several.
    pub(super) fn finish(self, slips: u64) -> Result<Option<usize>, Failure> {
        let documents = match self.to {
            To::Table(table) => {
                table.finish()?;
                None
            }
            // A document without a page is none.
            To::Single(..) if slips == 0 => {
                self.made.map(fs::remove_file).transpose()?;
                None
            }
            To::Single(document, mut out) => {
                out.write_all(&document.finish()?)?;
                out.flush()?;
                None
            }
            To::Series(series) => Some(series.finish()?),
        };
        Ok(documents)
    }
}

fn series(stationery: &Stationery, shelf: impl Shelf + 'static) -> To<'_> {
    To::Series(Box::new(Series::begin(stationery, Box::new(shelf))))
}

/// Whether a place has no more people than fit into memory: a school or a class.
fn is_bounded(territory: &TerritoryPath) -> bool {
    let last = territory.as_str().rsplit('>').next().unwrap_or_default();
    TerritoryCode::parse(last).is_ok_and(|code| code.kind() >= TerritoryKind::School)
}

fn open(args: &Args) -> Result<Box<dyn Write>, Failure> {
    match &args.out {
        Some(path) => {
            let file =
                create(path).map_err(|error| Failure::failed(format_args!("{}: {error}", path.display())))?;
            Ok(Box::new(BufWriter::new(file)))
        }
        None if args.format != Format::Csv && io::stdout().is_terminal() => {
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
