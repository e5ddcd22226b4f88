//! Reading a table from a CSV file (RFC 4180): UTF-8 with or without a byte order mark, separated by `;` or `,`, the
//! columns named in the first line and in any order.
//!
//! One row is in memory at a time. A row that cannot be read is told with its line, and the next one is read.

use std::io::{self, BufRead, BufReader, Read};

use csv::{ByteRecord, StringRecord};
use thiserror::Error;

/// What was found on a line of a file, counted from 1 with the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnLine<T> {
    /// The line the row begins on.
    pub line: u64,
    /// What was found.
    pub what: T,
}

/// A column that a table may have.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in the first line, compared without case.
    pub name: &'static str,
    /// Whether a table without it is refused.
    pub required: bool,
}

/// Why a row cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RowError {
    /// Bytes that are not UTF-8.
    #[error("the line is not UTF-8; save the file as UTF-8")]
    NotUtf8,
    /// More or fewer cells than the first line.
    #[error("the line has {found} columns where the first line has {expected}")]
    Width {
        /// Cells of the row.
        found: usize,
        /// Cells of the first line.
        expected: usize,
    },
    /// A row without an end.
    #[error("a row longer than a mebibyte begins here; a quotation mark was probably not closed")]
    Endless,
}

/// Why a whole table cannot be read. All of it concerns the first line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// Nothing is in the file.
    #[error("the file is empty; its first line must name the columns")]
    Empty,
    /// A column that is needed is not there.
    #[error("the column {0} is missing")]
    Missing(&'static str),
    /// A column nobody knows.
    #[error("unknown column {name:?}; known are {known}")]
    Unknown {
        /// As the file names it.
        name: String,
        /// The names of those that are known.
        known: String,
    },
    /// A column stands there twice.
    #[error("the column {0} stands there twice")]
    Twice(&'static str),
    /// The first line itself is no row.
    #[error(transparent)]
    Row(RowError),
}

/// A table whose rows are read one after the other.
pub struct CsvTable<R> {
    reader: csv::Reader<Plain<R>>,
    /// For each known column its place in the rows.
    places: Vec<Option<usize>>,
    width: usize,
    bytes: ByteRecord,
    record: StringRecord,
    ended: bool,
}

/// What comes next in a table.
pub enum Next<'a> {
    /// A row.
    Row(Row<'a>),
    /// A row that cannot be read.
    Unreadable(OnLine<RowError>),
    /// Nothing.
    End,
}

/// One row.
pub struct Row<'a> {
    /// The line it begins on.
    pub line: u64,
    record: &'a StringRecord,
    places: &'a [Option<usize>],
}

impl Row<'_> {
    /// The cell in the known column of this place, without surrounding white space; empty when the table does not have
    /// that column.
    pub fn cell(&self, column: usize) -> &str {
        let place = self.places.get(column).copied().flatten();
        place.and_then(|place| self.record.get(place)).unwrap_or_default().trim()
    }
}

impl<R: Read> CsvTable<R> {
    /// Reads the first line of `source`.
    pub fn open(source: R, known: &[Column]) -> Result<Result<Self, HeaderError>, io::Error> {
        let mut source = Plain::new(source);
        source.skip_byte_order_mark()?;
        let first = match source.first_line() {
            Ok(first) => first,
            Err(_) if source.is_blown() => return Ok(Err(HeaderError::Row(RowError::Endless))),
            Err(error) => return Err(error),
        };
        let (separator, names) = match header(&first, known) {
            Ok(header) => header,
            Err(error) => return Ok(Err(error)),
        };
        let places = match places(&names, known) {
            Ok(places) => places,
            Err(error) => return Ok(Err(error)),
        };
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .from_reader(source);
        Ok(Ok(Self {
            reader,
            places,
            width: names.len(),
            bytes: ByteRecord::new(),
            record: StringRecord::new(),
            ended: false,
        }))
    }

    /// The next row, if any. Rows without content are passed over.
    pub fn next_row(&mut self) -> Result<Next<'_>, io::Error> {
        if self.ended {
            return Ok(Next::End);
        }
        self.reader.get_mut().left = LONGEST;
        let began = self.reader.position().line() + 1;
        match self.reader.read_byte_record(&mut self.bytes) {
            Ok(true) => {}
            Ok(false) => {
                self.ended = true;
                return Ok(Next::End);
            }
            Err(_) if self.reader.get_ref().is_blown() => {
                self.ended = true;
                return Ok(Next::Unreadable(OnLine { line: began, what: RowError::Endless }));
            }
            Err(error) => return Err(error.into()),
        }
        // The reader counts blank lines to the row that follows them; the end of the row is where it says it is.
        let within = self.bytes.as_slice().split(|byte| *byte == b'\n').count() as u64 - 1;
        let line = self.reader.position().line() - within;
        let unreadable = |what| Ok(Next::Unreadable(OnLine { line, what }));
        let bytes = std::mem::take(&mut self.bytes);
        match StringRecord::from_byte_record(bytes) {
            Ok(record) => self.record = record,
            Err(error) => {
                self.bytes = error.into_byte_record();
                return unreadable(RowError::NotUtf8);
            }
        }
        let found = self.record.len();
        if found != self.width {
            return unreadable(RowError::Width { found, expected: self.width });
        }
        Ok(Next::Row(Row { line, record: &self.record, places: &self.places }))
    }

    /// How many bytes of the file have been taken in.
    pub fn bytes_read(&self) -> u64 {
        self.reader.get_ref().taken
    }
}

/// The separator and the names, by the reading that finds more known columns.
fn header(first: &[u8], known: &[Column]) -> Result<(u8, Vec<String>), HeaderError> {
    let mut best = (0, b';', Vec::new());
    for separator in [b';', b','] {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(separator).from_reader(first);
        let mut record = ByteRecord::new();
        if !reader.read_byte_record(&mut record).unwrap_or(false) {
            return Err(HeaderError::Empty);
        }
        let names: Result<Vec<String>, _> =
            record.iter().map(|name| str::from_utf8(name).map(|name| name.trim().to_owned())).collect();
        let names = names.map_err(|_| HeaderError::Row(RowError::NotUtf8))?;
        let hits = names.iter().filter(|name| place_of(name, known).is_some()).count();
        if best.2.is_empty() || hits > best.0 {
            best = (hits, separator, names);
        }
    }
    Ok((best.1, best.2))
}

fn places(names: &[String], known: &[Column]) -> Result<Vec<Option<usize>>, HeaderError> {
    let mut places = vec![None; known.len()];
    for (place, name) in names.iter().enumerate() {
        let Some(column) = place_of(name, known) else {
            let known = known.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
            return Err(HeaderError::Unknown { name: name.clone(), known });
        };
        if places[column].replace(place).is_some() {
            return Err(HeaderError::Twice(known[column].name));
        }
    }
    let missing = known.iter().zip(&places).find(|(column, place)| column.required && place.is_none());
    let missing = missing.map(|(column, _)| HeaderError::Missing(column.name));
    missing.map_or(Ok(places), Err)
}

fn place_of(name: &str, known: &[Column]) -> Option<usize> {
    known.iter().position(|column| column.name.eq_ignore_ascii_case(name))
}

/// The longest row, in bytes. What is longer has a quotation mark that was never closed, and would otherwise be read to
/// the end of the file into memory.
const LONGEST: u64 = 1024 * 1024;

/// The bytes of a file as the line counter wants them: without carriage returns, and with a line feed at the end.
struct Plain<R> {
    source: BufReader<R>,
    last: u8,
    taken: u64,
    /// Bytes that may still be read before the next row begins.
    left: u64,
}

impl<R: Read> Plain<R> {
    fn new(source: R) -> Self {
        Self { source: BufReader::with_capacity(64 * 1024, source), last: b'\n', taken: 0, left: LONGEST }
    }

    fn is_blown(&self) -> bool {
        self.left == 0
    }

    fn skip_byte_order_mark(&mut self) -> io::Result<()> {
        // A first read may bring fewer than three bytes from a pipe, but never none.
        if self.source.fill_buf()?.starts_with("\u{feff}".as_bytes()) {
            self.source.consume(3);
            self.taken += 3;
        }
        Ok(())
    }

    fn first_line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        let mut byte = [0];
        while self.read(&mut byte)? == 1 {
            line.push(byte[0]);
            if byte[0] == b'\n' {
                break;
            }
        }
        Ok(line)
    }
}

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.left == 0 {
                return Err(io::Error::other("a row has no end"));
            }
            let chunk = self.source.fill_buf()?;
            if chunk.is_empty() {
                if self.last == b'\n' {
                    return Ok(0);
                }
                self.last = b'\n';
                buffer[0] = b'\n';
                return Ok(1);
            }
            let room = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            let (mut used, mut written) = (0, 0);
            for byte in chunk {
                if written == room {
                    break;
                }
                used += 1;
                if *byte != b'\r' {
                    buffer[written] = *byte;
                    written += 1;
                }
            }
            self.source.consume(used);
            self.taken += used as u64;
            self.left -= written as u64;
            if written > 0 {
                self.last = buffer[written - 1];
                return Ok(written);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [Column; 3] = [
        Column { name: "key", required: true },
        Column { name: "name", required: true },
        Column { name: "email", required: false },
    ];

    fn read(text: &[u8]) -> Vec<String> {
        let mut table = match CsvTable::open(text, &KNOWN).unwrap() {
            Ok(table) => table,
            Err(error) => return vec![error.to_string()],
        };
        let mut seen = Vec::new();
        loop {
            seen.push(match table.next_row().unwrap() {
                Next::Row(row) => format!("{}: {}|{}|{}", row.line, row.cell(0), row.cell(1), row.cell(2)),
                Next::Unreadable(OnLine { line, what }) => format!("{line}: {what}"),
                Next::End => return seen,
            });
        }
    }

    #[test]
    fn separators_marks_quotes_and_order_of_columns() {
        let rows = ["2: 1|Ada|", "3: 2|B;o, \"x\"|b@c.example"];
        assert_eq!(read(b"\xef\xbb\xbfkey;name;email\n1; Ada ;\n2;\"B;o, \"\"x\"\"\";b@c.example"), rows);
        assert_eq!(read(b"Email,KEY,name\r\n,1,Ada\r\nb@c.example,2,\"B;o, \"\"x\"\"\"\r\n"), rows);
        assert_eq!(read(b"key;name\n1;Ada\n"), ["2: 1|Ada|"]);
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        let rows =
            ["2: 1|a\nb|", "5: 2|c|", "8: the line has 1 columns where the first line has 2", "9: 3|d|"];
        assert_eq!(read(b"key;name\n1;\"a\nb\"\n\n2;c\n\n\nx\n3;d"), rows);
        assert_eq!(read(b"key;name\r\n1;\"a\r\nb\"\r\n\r\n2;c\r\n\r\n\r\nx\r\n3;d\r\n"), rows);
    }

    #[test]
    fn what_cannot_be_read_is_told_and_the_rest_is_read() {
        assert_eq!(
            read(b"key;name\n1;\xe9\n2;b\n"),
            ["2: the line is not UTF-8; save the file as UTF-8", "3: 2|b|"]
        );
        let mut endless = b"key;name\n1;a\n2;\"b\n".to_vec();
        endless.resize(3 << 20, b'x');
        let told = read(&endless);
        assert_eq!(told.len(), 2);
        assert!(told[1].starts_with("3: a row longer than a mebibyte begins here"), "{}", told[1]);
    }

    #[test]
    fn the_first_line_names_the_columns() {
        assert_eq!(read(b""), ["the file is empty; its first line must name the columns"]);
        assert_eq!(read(b"key;email\n"), ["the column name is missing"]);
        assert_eq!(read(b"key;name;Key\n"), ["the column key stands there twice"]);
        assert_eq!(read(b"key;name;age\n"), ["unknown column \"age\"; known are key, name, email"]);
        assert_eq!(read(b"key;n\xe9;age\n"), ["the line is not UTF-8; save the file as UTF-8"]);
    }
}
