//! The master key on paper: four numbered lines that end in a check each, so that whoever types them back is told which
//! one was mistyped. The file of the key may hold either form.

use std::fmt::Write as _;

use aws_lc_rs::digest;
use zeroize::Zeroizing;

use super::seal::{KEY_BYTES, SealError};
use crate::domain::secret::Secret;

/// Bytes of the key on a line.
const LINE: usize = 8;

/// Hexadecimal digits of a line, and of its check.
const DIGITS: usize = 2 * LINE;
const CHECK: usize = 4;

/// The sheet of a key in either form. Each of `heading` becomes a comment above it.
pub fn write(key: &Secret, heading: &[&str]) -> Result<Secret, SealError> {
    let bytes = read(key)?;
    // As large as it gets: a text that grows leaves pieces of itself behind.
    let mut sheet = String::with_capacity(4096);
    for line in heading {
        let _ = writeln!(sheet, "# {line}");
    }
    for (number, line) in bytes.chunks_exact(LINE).enumerate() {
        let _ = write!(sheet, "{} ", number + 1);
        for pair in line.chunks_exact(2) {
            let _ = write!(sheet, " {:02x}{:02x}", pair[0], pair[1]);
        }
        let _ = writeln!(sheet, "  {}", check(number, line));
    }
    Ok(Secret::new(sheet))
}

/// The bytes of a key as 64 hexadecimal digits, or as a sheet. Spaces and the case of letters do not count.
pub(super) fn read(text: &Secret) -> Result<Zeroizing<[u8; KEY_BYTES]>, SealError> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    let mut lines =
        text.expose().lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut ahead = lines.clone();
    let first = ahead.next().ok_or(SealError::Malformed)?;
    if ahead.next().is_none() {
        let fits = first.len() == 2 * KEY_BYTES && hexadecimal(first, &mut bytes[..]);
        return if fits { Ok(bytes) } else { Err(SealError::Malformed) };
    }
    for (number, part) in bytes.chunks_exact_mut(LINE).enumerate() {
        let mistyped = SealError::Mistyped(number + 1);
        let (name, rest) =
            lines.next().and_then(|line| line.split_once(char::is_whitespace)).ok_or(mistyped)?;
        let mut digits = Zeroizing::new(String::with_capacity(rest.len()));
        digits.extend(rest.chars().filter(|symbol| !symbol.is_whitespace()));
        let fits =
            digits.is_ascii() && digits.len() == DIGITS + CHECK && hexadecimal(&digits[..DIGITS], part);
        if !fits
            || name != (number + 1).to_string()
            || !digits[DIGITS..].eq_ignore_ascii_case(&check(number, part))
        {
            return Err(mistyped);
        }
    }
    if lines.next().is_some() { Err(SealError::Malformed) } else { Ok(bytes) }
}

fn hexadecimal(digits: &str, bytes: &mut [u8]) -> bool {
    bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)).all(|(byte, pair)| {
        let digit = |symbol: u8| char::from(symbol).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match (digit(pair[0]), digit(pair[1])) {
            (Some(high), Some(low)) => {
                *byte = high << 4 | low;
                true
            }
            _ => false,
        }
    })
}

/// Stands beside what it is a check of, so it tells nobody more.
fn check(number: usize, line: &[u8]) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(b"ecluse master key, line ");
    hash.update(&[u8::try_from(number).unwrap_or(u8::MAX)]);
    hash.update(line);
    let hash = hash.finish();
    hash.as_ref().iter().take(CHECK / 2).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::seal::MasterKey;

    fn key() -> Secret {
        MasterKey::text_of(std::array::from_fn(|place| u8::try_from(place * 7).unwrap()))
    }

    fn told(text: &str) -> Option<SealError> {
        read(&Secret::new(text.to_owned())).err()
    }

    #[test]
    fn a_sheet_reads_back_however_it_is_spaced() {
        let sheet = write(&key(), &["the master key", "of a school"]).unwrap();
        insta::assert_snapshot!(sheet.expose(), @r"
        # the master key
        # of a school
        1  0007 0e15 1c23 2a31  061a
        2  383f 464d 545b 6269  e044
        3  7077 7e85 8c93 9aa1  6c7a
        4  a8af b6bd c4cb d2d9  006c
        ");
        let bytes = read(&key()).unwrap();
        let typed = sheet.expose().to_uppercase().replace("  ", "\t").replace('\n', "\r\n\n");
        for text in [sheet.expose().to_owned(), typed] {
            assert!(*read(&Secret::new(text)).unwrap() == *bytes);
        }
        let again = write(&sheet, &["the master key", "of a school"]).unwrap();
        assert!(again.same_as(&sheet));
    }

    #[test]
    fn whatever_is_mistyped_its_line_is_named() {
        let sheet = write(&key(), &[]).unwrap();
        let lines: Vec<_> = sheet.expose().lines().collect();
        for (place, line) in lines.iter().enumerate() {
            for (at, symbol) in line.char_indices().filter(|(_, symbol)| !symbol.is_whitespace()) {
                let other = if symbol == '4' { '9' } else { '4' };
                let mut wrong = line.to_string();
                wrong.replace_range(at..=at, &other.to_string());
                let mut typed = lines.clone();
                typed[place] = &wrong;
                assert_eq!(told(&typed.join("\n")), Some(SealError::Mistyped(place + 1)), "{wrong}");
            }
        }
        let swapped = [lines[1], lines[0], lines[2], lines[3]].join("\n");
        assert_eq!(told(&swapped), Some(SealError::Mistyped(1)));
        assert_eq!(told(&lines[..3].join("\n")), Some(SealError::Mistyped(4)));
        assert_eq!(told(&[&lines[..], &["5 more"]].concat().join("\n")), Some(SealError::Malformed));
        assert_eq!(told("# nothing but a comment"), Some(SealError::Malformed));
    }
}
