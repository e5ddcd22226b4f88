//! Slips on paper: rendering alone, beside the bare libraries that write as much, and what it takes of memory.

use std::io::{self, Write};
use std::time::Duration;

use ecluse::domain::profile::Profile;
use ecluse::domain::secret::Secret;
use ecluse::paper::archive::Archive;
use ecluse::paper::letter::Letter;
use ecluse::paper::series::{Series, Single};
use ecluse::paper::slip::Slip;
use ecluse::paper::stationery::{PerPage, Stationery};
use ecluse::paper::table::Table;
use krilla::Document;
use krilla::geom::Point;
use krilla::page::PageSettings;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::{FontRef, MetadataProvider as _};

use crate::people::Invented;
use crate::report::{self, median, rate};
use crate::{child, cpu};

/// Each measure is taken so many times, in turns with its limit.
const ROUNDS: usize = 5;
const LINES: u32 = 200_000;
const SLIPS: u32 = 5_000;
/// A class is a document.
const CLASS: u32 = 30;

/// Prints tables and documents, and has others do so that are measured for themselves.
pub(crate) fn measure() {
    report::title("Slips on paper, rendering alone");
    let people: Vec<_> = (0..LINES).map(slip).collect();
    let stationery = stationery();
    let (mut tables, mut bare_tables, mut pdfs, mut bare_pdfs) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        tables.push(rate(LINES, cpu::cost(|| table(&people))));
        bare_tables.push(rate(LINES, cpu::cost(|| bare_table(&people))));
        pdfs.push(rate(
            SLIPS,
            cpu::cost(|| archive(people.iter().take(SLIPS as usize).cloned(), &stationery)),
        ));
        bare_pdfs.push(rate(SLIPS, bare_pdf(SLIPS)));
    }
    let share = |what: &str, got: &[f64], limit: &[f64], goal: &str| {
        report::share(what, median(got), median(limit), median(got) / median(limit), goal);
    };
    share("slips as CSV a second of a core; bare csv", &tables, &bare_tables, "200000");
    share("slips as PDF a second of a core, 8 a page; bare krilla", &pdfs, &bare_pdfs, "1000");
    let class: Vec<_> = (0..ROUNDS)
        .map(|_| {
            cpu::watch(|| single(people[..CLASS as usize].iter().cloned(), &stationery)).1.as_secs_f64() * 1e3
        })
        .collect();
    report::alone("a class of 30 as PDF", &format!("{:.0} ms", median(&class)), "at once");
    for (form, count) in [("archive", 10_000), ("archive", 100_000), ("single", 1_000), ("single", 10_000)] {
        let what = if form == "archive" { "a PDF for each class" } else { "in one PDF" };
        let peak = child::run(&["--paper", form, "--slips", &count.to_string()]);
        report::alone(
            &format!("memory for {count} slips, {what}"),
            &format!("{} MiB", peak.trim()),
            if form == "archive" { "flat" } else { "" },
        );
    }
}

/// Prints so many in a process of its own; answers the most memory that it took, in MiB.
pub(crate) fn in_child(form: &str, count: u32) -> String {
    let stationery = stationery();
    let people = (0..count).map(slip);
    if form == "archive" {
        archive(people, &stationery);
    } else {
        single(people, &stationery);
    }
    format!("{:.0}", cpu::memory(std::process::id(), "VmHWM"))
}

fn stationery() -> Stationery {
    let letter = Letter::french(None).unwrap();
    Stationery::new(letter, PerPage::Eight, "ENT de Poitiers", "https://ent.ac-poitiers.example/login")
        .unwrap()
}

fn slip(number: u32) -> Slip {
    let Invented { login, given_name, family_name, uai, .. } = Invented::new(number);
    Slip {
        school_code: uai,
        school: "Collège des Tilleuls".to_owned(),
        class: format!("Classe {}", number / CLASS),
        profile: Profile::Pupil,
        family_name: family_name.to_owned(),
        given_name: given_name.to_owned(),
        login,
        pupils: Vec::new(),
        code: Secret::new("ABCDEFGHJKMN".to_owned()),
        expires: "13 avril 2024 à 8 h 00".to_owned(),
    }
}

fn table(people: &[Slip]) {
    let mut table = Table::begin(io::sink()).unwrap();
    for slip in people {
        table.add(slip).unwrap();
    }
    table.finish().unwrap();
}

fn bare_table(people: &[Slip]) {
    let mut csv = csv::WriterBuilder::new().delimiter(b';').from_writer(io::sink());
    for slip in people {
        let Slip { school, class, family_name, given_name, login, expires, .. } = slip;
        let code = "ABCD-EFGH-JKMN";
        csv.write_record([
            school,
            class,
            slip.profile.as_str(),
            family_name,
            given_name,
            login,
            code,
            expires,
            "",
        ])
        .unwrap();
    }
    csv.flush().unwrap();
}

fn archive(people: impl Iterator<Item = Slip>, stationery: &Stationery) {
    let mut series = Series::begin(stationery, Archive::begin(io::sink()));
    people.for_each(|slip| series.add(&slip).unwrap());
    series.finish().unwrap();
}

fn single(people: impl Iterator<Item = Slip>, stationery: &Stationery) {
    let mut single = Single::begin(stationery).unwrap();
    people.for_each(|slip| single.add(&slip));
    io::sink().write_all(&single.finish().unwrap()).unwrap();
}

/// The library with as much to write, found beforehand: no layout, no tags, no square, and one face.
fn bare_pdf(count: u32) -> Duration {
    const FACE: &[u8] = include_bytes!("../../assets/fonts/DejaVuSansCondensed.ttf");
    const LINE: &str = "Ouvrez https://ent.example.org/";
    const OF_A_SLIP: u16 = 9;
    let (font, face) = (Font::new(FACE.into(), 0).unwrap(), FontRef::new(FACE).unwrap());
    let glyph = |(at, char): (usize, char)| {
        let glyph = GlyphId::new(face.charmap().map(char).unwrap().to_u32());
        KrillaGlyph::new(glyph, 0.5, 0.0, 0.0, 0.0, at..at + char.len_utf8(), None)
    };
    let glyphs: Vec<_> = LINE.char_indices().map(glyph).collect();
    cpu::cost(|| {
        for _ in 0..count / CLASS {
            let mut document = Document::new();
            for _ in 0..CLASS.div_ceil(8) {
                let mut page = document.start_page_with(PageSettings::from_wh(595.0, 842.0).unwrap());
                let mut surface = page.surface();
                for line in 0..8 * OF_A_SLIP {
                    let at = Point::from_xy(20.0, 10.0 + 10.0 * f32::from(line));
                    surface.draw_glyphs(at, &glyphs, font.clone(), LINE, 8.0, false);
                }
                surface.finish();
                page.finish();
            }
            io::sink().write_all(&document.finish().unwrap()).unwrap();
        }
    })
}
