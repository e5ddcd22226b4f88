//! The forms that slips are written in, to whatever is handed in.

use std::io::Write;

use crate::paper::archive::Archive;
use crate::paper::series::{Series, Shelf, Single};
use crate::paper::slip::Slip;
use crate::paper::stationery::{Stationery, Unprintable};
use crate::paper::table::Table;

/// A form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table that office programs read.
    Csv,
    /// One document.
    Pdf,
    /// A ZIP archive with a document for each class.
    Zip,
}

/// Slips on their way into a form.
pub struct Output<'a> {
    to: To<'a>,
}

enum To<'a> {
    Table(Box<Table<Box<dyn Write>>>),
    Single(Box<Single<'a>>, Box<dyn Write>),
    Series(Box<Series<'a, Box<dyn Shelf>>>),
}

impl<'a> Output<'a> {
    /// Begins a form.
    pub fn begin(
        format: Format,
        stationery: &'a Stationery,
        out: Box<dyn Write>,
    ) -> Result<Self, Unprintable> {
        let to = match format {
            Format::Csv => To::Table(Box::new(Table::begin(out)?)),
            Format::Pdf => To::Single(Box::new(Single::begin(stationery)?), out),
            Format::Zip => return Ok(Self::series(stationery, Box::new(Archive::begin(out)))),
        };
        Ok(Self { to })
    }

    /// A document for each class, on a shelf.
    pub fn series(stationery: &'a Stationery, shelf: Box<dyn Shelf>) -> Self {
        Self { to: To::Series(Box::new(Series::begin(stationery, shelf))) }
    }

    /// Adds a slip.
    pub fn add(&mut self, slip: &Slip) -> Result<(), Unprintable> {
        match &mut self.to {
            To::Table(table) => Ok(table.add(slip)?),
            To::Single(document, _) => {
                document.add(slip);
                Ok(())
            }
            To::Series(series) => series.add(slip),
        }
    }

    /// Writes what is left; a document without a page is none. Answers how many documents there are, where there may be several.
    pub fn finish(self, slips: u64) -> Result<Option<usize>, Unprintable> {
        match self.to {
            To::Table(table) => table.finish()?,
            To::Single(..) if slips == 0 => {}
            To::Single(document, mut out) => {
                out.write_all(&document.finish()?)?;
                out.flush()?;
            }
            To::Series(series) => return Ok(Some(series.finish()?)),
        }
        Ok(None)
    }
}
