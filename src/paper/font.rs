//! Characters as glyphs, and how wide they are. French needs no shaping: a character is a glyph.

use icu_normalizer::ComposingNormalizer;
use krilla::text::{GlyphId, KrillaGlyph};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider as _};
use unicode_bidi::{BidiClass, BidiInfo, Level, bidi_class};

use crate::paper::stationery::Unprintable;

/// In place of a character that no face has.
const MISSING: char = char::REPLACEMENT_CHARACTER;

/// From here on characters may be written from right to left.
const FIRST_FROM_THE_RIGHT: char = '\u{590}';

/// The faces that slips are set in.
pub(super) struct Faces {
    /// For what is read.
    pub(super) plain: Face,
    /// For what is looked for.
    pub(super) bold: Face,
    /// For what is typed: no two characters look alike.
    pub(super) typed: Face,
}

impl Faces {
    pub(super) fn load() -> Result<Self, Unprintable> {
        Ok(Self {
            plain: Face::load(include_bytes!("../../assets/fonts/DejaVuSansCondensed.ttf"))?,
            bold: Face::load(include_bytes!("../../assets/fonts/DejaVuSansCondensed-Bold.ttf"))?,
            typed: Face::load(include_bytes!("../../assets/fonts/DejaVuSansMono-Bold.ttf"))?,
        })
    }
}

/// One face.
pub(super) struct Face {
    pub(super) font: krilla::text::Font,
    charmap: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    units: f32,
}

impl Face {
    fn load(bytes: &'static [u8]) -> Result<Self, Unprintable> {
        let font = krilla::text::Font::new(bytes.into(), 0).ok_or(Unprintable::Font)?;
        let units = font.units_per_em();
        let face = FontRef::new(bytes).map_err(|_| Unprintable::Font)?;
        let metrics = face.glyph_metrics(Size::unscaled(), LocationRef::default());
        Ok(Self { font, charmap: face.charmap(), metrics, units })
    }

    /// How wide a text is, in widths of an em.
    pub(super) fn width(&self, text: &str) -> f32 {
        text.chars().map(|char| self.glyph(char).1).sum()
    }

    /// The glyphs of a text, in the order in which they stand on paper.
    pub(super) fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let mut glyphs = Vec::with_capacity(text.len());
        let mut push = |(at, char): (usize, char)| {
            let (glyph, width) = self.glyph(char);
            let range = at..at + char.len_utf8();
            glyphs.push(KrillaGlyph::new(glyph, width, 0.0, 0.0, 0.0, range, None));
        };
        if text.chars().all(|char| char < FIRST_FROM_THE_RIGHT) {
            text.char_indices().for_each(push);
            return glyphs;
        }
        let bidi = BidiInfo::new(text, Some(Level::ltr()));
        for paragraph in &bidi.paragraphs {
            let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
            for run in runs {
                let chars = text[run.clone()].char_indices().map(|(at, char)| (run.start + at, char));
                if levels[run.start].is_rtl() {
                    chars.rev().for_each(&mut push);
                } else {
                    chars.for_each(&mut push);
                }
            }
        }
        glyphs
    }

    fn has(&self, char: char) -> bool {
        self.charmap.map(char).is_some()
    }

    fn glyph(&self, char: char) -> (GlyphId, f32) {
        let found = self.charmap.map(char).or_else(|| self.charmap.map(MISSING)).unwrap_or_default();
        let width = self.metrics.advance_width(found).unwrap_or_default() / self.units;
        (GlyphId::new(found.to_u32()), width)
    }

    /// Whether a name is written as its bearer writes it. Scripts whose letters change with their neighbours, and
    /// accents that no letter comes with, are written letter by letter.
    pub(super) fn writes(&self, name: &str) -> bool {
        let joins = |char| matches!(bidi_class(char), BidiClass::AL | BidiClass::NSM);
        clean(name).chars().all(|char| self.has(char) && !joins(char))
    }
}

/// Whether a code point is none of a character, so that no document may speak of it.
fn is_noncharacter(char: char) -> bool {
    matches!(u32::from(char), 0xFDD0..=0xFDEF) || u32::from(char) & 0xFFFE == 0xFFFE
}

/// A text without what cannot be seen: marks that turn the direction of what follows, line ends, tabs.
pub(super) fn clean(text: &str) -> String {
    let seen = |char: &char| {
        !is_noncharacter(*char)
            && !matches!(
                bidi_class(*char),
                BidiClass::BN
                    | BidiClass::LRE
                    | BidiClass::RLE
                    | BidiClass::LRO
                    | BidiClass::RLO
                    | BidiClass::PDF
                    | BidiClass::LRI
                    | BidiClass::RLI
                    | BidiClass::FSI
                    | BidiClass::PDI
            )
    };
    let breaks = |char| matches!(bidi_class(char), BidiClass::B | BidiClass::S);
    let plain = text.chars().map(|char| if breaks(char) { ' ' } else { char }).filter(seen);
    ComposingNormalizer::new_nfc().normalize_iter(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_names_are_written_as_they_are_and_others_are_known_not_to_be() {
        let faces = Faces::load().unwrap();
        for name in [
            "Zoé Lefèvre-Œuvrard",
            "Noe\u{308}l Ağaoğlu",
            "Nguyễn Thị Ánh",
            "Łukasz Ž’",
            "Ольга",
            "Ελένη",
            "שרה",
        ] {
            assert!(faces.bold.writes(name), "{name}");
        }
        for name in ["محمد", "李明", "🎈", "x\u{338}\u{316}"] {
            assert!(!faces.bold.writes(name), "{name}");
        }
    }

    #[test]
    fn what_is_read_from_the_right_stands_so_and_reads_out_as_it_was_written() {
        let faces = Faces::load().unwrap();
        let text = "שר A";
        let glyphs = faces.plain.glyphs(text);
        let read: Vec<_> = glyphs.iter().map(|glyph| &text[glyph.text_range.clone()]).collect();
        assert_eq!(read, ["ר", "ש", " ", "A"]);
    }

    #[test]
    fn nothing_turns_the_direction_of_what_follows() {
        assert_eq!(clean("a\u{202e}b\u{200d}\u{ad}c\td\ne\u{fffe}"), "abc d e");
    }
}
