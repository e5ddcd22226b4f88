//! A ZIP archive of documents, written as they come: nothing of it is kept.

use std::io::{self, Write};

use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::paper::series::Shelf;
use crate::paper::stationery::Unprintable;

/// An archive under way.
pub struct Archive<W: Write> {
    zip: Option<ZipWriter<StreamWriter<W>>>,
}

impl<W: Write> Archive<W> {
    /// An empty one.
    pub fn begin(out: W) -> Self {
        Self { zip: Some(ZipWriter::new_stream(out)) }
    }
}

impl<W: Write> Shelf for Archive<W> {
    fn put(&mut self, name: &str, pdf: &[u8]) -> Result<(), Unprintable> {
        let Some(zip) = &mut self.zip else { return Ok(()) };
        // What is in a PDF is compressed already.
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        zip.start_file(name, options).map_err(io::Error::from)?;
        Ok(zip.write_all(pdf)?)
    }

    fn close(&mut self) -> Result<(), Unprintable> {
        if let Some(zip) = self.zip.take() {
            zip.finish().map_err(io::Error::from)?.into_inner().flush()?;
        }
        Ok(())
    }
}
