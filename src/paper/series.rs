//! Slips as PDFs: all in one, or one for each class, of which only the one under way is in memory.

use std::collections::HashSet;

use crate::paper::document::Document;
use crate::paper::slip::Slip;
use crate::paper::stationery::{Stationery, Unprintable};

/// The most slips that stand in one document of a series.
pub const LARGEST: usize = 1_000;

/// All slips in one document.
pub struct Single<'a> {
    document: Document<'a>,
}

impl<'a> Single<'a> {
    /// An empty one.
    pub fn begin(stationery: &'a Stationery) -> Result<Self, Unprintable> {
        Ok(Self { document: Document::begin(stationery)? })
    }

    /// Adds a slip.
    pub fn add(&mut self, slip: &Slip) {
        self.document.add(slip);
    }

    /// The document.
    pub fn finish(self) -> Result<Vec<u8>, Unprintable> {
        self.document.finish()
    }
}

/// Where documents are put, one after the other.
pub trait Shelf {
    /// Puts a document, under a name such as `0860001J/6A.pdf` that no other has.
    fn put(&mut self, name: &str, pdf: &[u8]) -> Result<(), Unprintable>;

    /// No more will come.
    fn close(&mut self) -> Result<(), Unprintable>;
}

impl<S: Shelf + ?Sized> Shelf for Box<S> {
    fn put(&mut self, name: &str, pdf: &[u8]) -> Result<(), Unprintable> {
        (**self).put(name, pdf)
    }

    fn close(&mut self) -> Result<(), Unprintable> {
        (**self).close()
    }
}

/// A document for each class, and for a place with very many people more than one. Each is handed over as soon as it is
/// whole: a PDF is put together in memory, and so many people as an authority has may not be in there at once.
pub struct Series<'a, S: Shelf> {
    stationery: &'a Stationery,
    shelf: S,
    current: Option<Current<'a>>,
    /// The names that were given away.
    names: HashSet<String>,
}

struct Current<'a> {
    document: Document<'a>,
    first: Slip,
    slips: usize,
}

impl<'a, S: Shelf> Series<'a, S> {
    /// An empty one, for a shelf.
    pub fn begin(stationery: &'a Stationery, shelf: S) -> Self {
        Self { stationery, shelf, current: None, names: HashSet::new() }
    }

    /// Adds a slip.
    pub fn add(&mut self, slip: &Slip) -> Result<(), Unprintable> {
        if let Some(current) = self.current.take_if(|it| it.slips == LARGEST || !it.first.is_beside(slip)) {
            self.hand_over(current)?;
        }
        let current = match self.current.take() {
            Some(current) => current,
            None => Current { document: Document::begin(self.stationery)?, first: slip.clone(), slips: 0 },
        };
        let current = self.current.insert(current);
        current.document.add(slip);
        current.slips += 1;
        Ok(())
    }

    /// Hands over the last one. Answers how many there were.
    pub fn finish(mut self) -> Result<usize, Unprintable> {
        if let Some(current) = self.current.take() {
            self.hand_over(current)?;
        }
        self.shelf.close()?;
        Ok(self.names.len())
    }

    fn hand_over(&mut self, current: Current<'_>) -> Result<(), Unprintable> {
        let name = self.name(&current.first);
        self.shelf.put(&name, &current.document.finish()?)
    }

    /// `0860001J/6A.pdf`; the second of a class, or of one that is called nearly the same, is `0860001J/6A-2.pdf`.
    fn name(&mut self, slip: &Slip) -> String {
        let school = as_file(&slip.school_code);
        let class = if slip.class.is_empty() { school.clone() } else { as_file(&slip.class) };
        let plain = format!("{school}/{class}.pdf");
        let numbered = (2..).map(|number| format!("{school}/{class}-{number}.pdf"));
        let mut names = std::iter::once(plain).chain(numbered);
        names.find(|name| self.names.insert(name.to_lowercase())).unwrap_or_default()
    }
}

/// A name as any system takes it for a file.
fn as_file(name: &str) -> String {
    name.chars().map(|char| if char.is_alphanumeric() || char == '-' { char } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use zip::ZipArchive;

    use super::*;
    use crate::paper::archive::Archive;
    use crate::paper::letter::Letter;
    use crate::paper::slip::sample;
    use crate::paper::stationery::PerPage;

    fn stationery() -> Stationery {
        let letter = Letter::french(None).unwrap();
        Stationery::new(letter, PerPage::Eight, "ENT", "https://ent.example.org/login").unwrap()
    }

    #[test]
    fn a_class_is_a_document_and_a_very_large_one_is_several() {
        let stationery = stationery();
        let mut archive = Vec::new();
        let mut series = Series::begin(&stationery, Archive::begin(&mut archive));
        let at = |class: &str| Slip { class: class.to_owned(), ..sample("Zoé") };
        for class in ["", "6°A", "6:A", "../6A"] {
            series.add(&at(class)).unwrap();
        }
        for _ in 0..=LARGEST {
            series.add(&at("3B")).unwrap();
        }
        assert_eq!(series.finish().unwrap(), 6);
        let mut archive = ZipArchive::new(Cursor::new(archive)).unwrap();
        let mut names = Vec::new();
        for number in 0..archive.len() {
            let mut file = archive.by_index(number).unwrap();
            let mut start = [0; 5];
            file.read_exact(&mut start).unwrap();
            assert_eq!(&start, b"%PDF-", "a PDF");
            names.push(file.name().unwrap().into_owned());
        }
        let expected = ["0860001J.pdf", "6_A.pdf", "6_A-2.pdf", "___6A.pdf", "3B.pdf", "3B-2.pdf"];
        assert_eq!(names, expected.map(|name| format!("0860001J/{name}")));
    }
}
