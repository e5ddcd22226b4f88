//! Slips on paper, as who prints them, hands them out and reads them has them: by the program, in files, on pages.
//!
//! What a PDF says is asked of poppler, which is what half of the world reads PDFs with.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use rqrr::PreparedImage;
use tempfile::TempDir;
use zip::ZipArchive;

const LOGIN_PAGE: &str = "https://ent.example.org/login";

const PEOPLE: &str = "source;key;login;given_name;family_name;profile;uai;classes;guardian_of
A;e1;m.blanc;Michel;Blanc;National_ENS;0860001J;;
A;p1;zoe;Zoé;Lefèvre-Œuvrard;National_ELV;0860001J;6A;
A;p2;tom;Tom;Lefèvre-Œuvrard;National_ELV;0860001J;6A;
A;p3;n.agaoglu;Noël;Ağaoğlu;National_ELV;0860001J;6A;
A;p4;ming;明;李;National_ELV;0860001J;5B;
A;p5;formule;=cmd;=1+1;National_ELV;0860001J;5B;
A;t1;anne;Anne;Lefèvre;National_TUT;;;p1|p2
A;t2;bruno;Bruno;Œuvrard;National_TUT;;;p1|p2
";

/// A school's office, with the program and a folder of its own.
struct Office {
    folder: TempDir,
}

impl Office {
    fn open() -> Self {
        Self::with(PEOPLE, "")
    }

    fn with(people: &str, settings: &str) -> Self {
        let office = Self { folder: tempfile::tempdir().unwrap() };
        let config = format!(
            "[server]\nissuer = \"https://ent.example.org\"\n[display]\nname = \"ENT des Tilleuls\"\n[log]\nlevel = \"error\"\n{settings}"
        );
        fs::write(office.at("ecluse.toml"), config).unwrap();
        fs::write(office.at("people.csv"), people).unwrap();
        let school = "code;kind;parent;name\nuai:0860001J;school;;Collège des Tilleuls\n";
        fs::write(office.at("school.csv"), school).unwrap();
        for arguments in
            [&["init"] as &[_], &["territory", "import", "school.csv"], &["account", "import", "people.csv"]]
        {
            assert!(office.run(arguments).status.success(), "{arguments:?}");
        }
        office
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecluse"));
        command.args(arguments).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.output().unwrap()
    }

    /// What went to standard output, and what was said, of slips for the school.
    fn slips(&self, arguments: &[&str]) -> (Vec<u8>, String) {
        let output = self.run(&[&["slips", "--territory", "uai:0860001J"], arguments].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        (output.stdout, said)
    }

    /// The same as a file that programs can be asked about.
    fn pdf(&self, arguments: &[&str]) -> Pdf {
        let path = self.at("slips.pdf");
        let (bytes, _) = self.slips(&[&["--format", "pdf"], arguments].concat());
        fs::write(&path, &bytes).unwrap();
        Pdf { path, bytes }
    }

    /// Logins and codes, of the table.
    fn codes(&self) -> BTreeMap<String, String> {
        let table = String::from_utf8(self.slips(&[]).0).unwrap();
        let cells = table.lines().skip(1).map(|line| line.split(';').collect::<Vec<_>>());
        cells.map(|cells| (cells[5].to_owned(), cells[6].to_owned())).collect()
    }

    /// How many prints the audit log knows of.
    fn prints(&self) -> usize {
        let log = self.run(&["audit", "export"]);
        assert!(log.status.success(), "{}", String::from_utf8_lossy(&log.stderr));
        String::from_utf8(log.stdout).unwrap().matches("code.print").count()
    }
}

/// A document that programs are asked about.
pub(crate) struct Pdf {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Pdf {
    pub(crate) fn open(path: PathBuf) -> Self {
        let bytes = fs::read(&path).unwrap();
        Self { path, bytes }
    }

    /// What a program says about it; `-` stands for the file.
    fn ask(&self, program: &str, arguments: &[&str]) -> Vec<u8> {
        let path = self.path.to_str().unwrap();
        let arguments = arguments.iter().map(|&argument| if argument == "FILE" { path } else { argument });
        let output = Command::new(program).args(arguments).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn text(&self, options: &[&str]) -> String {
        String::from_utf8(self.ask("pdftotext", &[options, &["FILE", "-"]].concat())).unwrap()
    }

    /// What is read out for each slip, in the order in which it is.
    pub(crate) fn read_out(&self) -> Vec<String> {
        // Titles of headings are written as they are in the file, which is not UTF-8.
        let structure = self.ask("pdfinfo", &["-struct-text", "FILE"]);
        let structure = String::from_utf8_lossy(&structure);
        let words = |section: &str| {
            let lines = section.lines().map(str::trim).filter(|line| line.starts_with('"'));
            lines.map(|line| line.trim_matches('"').to_owned()).collect::<Vec<_>>().join("\n")
        };
        structure.split("    Sect").skip(1).map(words).collect()
    }

    /// The first page in grey, or in colour: width, height, and a byte for each point or each of its colours.
    fn picture(&self, kind: &str) -> (usize, usize, Vec<u8>) {
        let arguments: &[_] = if kind == "gray" { &["-r", "200", "-gray"] } else { &["-r", "40"] };
        let bytes = self.ask("pdftoppm", &[arguments, &["-l", "1", "FILE"]].concat());
        let mut head = bytes.splitn(4, u8::is_ascii_whitespace);
        let number =
            |part: Option<&[u8]>| String::from_utf8(part.unwrap().to_vec()).unwrap().parse().unwrap();
        head.next().unwrap();
        let (width, height) = (number(head.next()), number(head.next()));
        let points = head.next().unwrap().splitn(2, u8::is_ascii_whitespace).nth(1).unwrap();
        (width, height, points.to_vec())
    }
}

#[test]
#[ignore = "needs poppler: scripts/test.sh"]
fn a_slip_says_what_its_bearer_needs_and_nothing_of_anybody_else() {
    let office = Office::open();
    let codes = office.codes();
    let logins = ["m.blanc", "formule", "ming", "n.agaoglu", "anne", "tom", "zoe", "bruno"];
    for per_page in ["1", "2", "8"] {
        let pdf = office.pdf(&["--per-page", per_page]);
        let slips = pdf.read_out();
        assert_eq!(slips.len(), logins.len(), "by class, then by name: {slips:?}");
        for (login, slip) in logins.iter().zip(&slips) {
            let lines: Vec<_> = slip.lines().collect();
            for line in ["Collège des Tilleuls", login, codes[*login].as_str()] {
                assert!(lines.contains(&line), "{line:?} in {slip}");
            }
            assert!(
                slip.contains(&format!("Ouvrez {LOGIN_PAGE} ")) && slip.contains("À utiliser avant le "),
                "{slip}"
            );
            let of_others = codes.iter().filter(|(other, _)| other != login);
            for (other, code) in of_others {
                assert!(
                    !slip.contains(code.as_str()) && !lines.contains(&other.as_str()),
                    "{other} in {slip}"
                );
            }
        }
        let children = "Responsable de\u{a0}: Tom Lefèvre-Œuvrard, Zoé Lefèvre-Œuvrard";
        let anne = slips[4].replace('\n', " ").replace("  ", " ");
        assert!(anne.contains("Lefèvre Anne") && anne.contains(children) && anne.contains(" 6A "), "{anne}");
        assert!(!slips[4].contains("Bruno") && !slips[7].contains("Anne"), "parents may be separated");
        // Whoever copies the text out of the window gets it as well.
        let text = pdf.text(&["-raw"]);
        for name in ["Lefèvre-Œuvrard Zoé", "Ağaoğlu Noël", "=1+1 =cmd", "李 明"] {
            assert!(text.contains(name), "{name} in {text}");
        }
    }
}

#[test]
#[ignore = "needs poppler: scripts/test.sh"]
fn a_phone_finds_the_sign_in_page_on_every_slip_and_nothing_more() {
    let office = Office::open();
    for (per_page, on_the_first) in [("1", 1), ("2", 2), ("8", 5)] {
        let whole = office.pdf(&["--per-page", per_page, "--class", "6A"]);
        let (width, height, points) = whole.picture("gray");
        assert_eq!(points.len(), width * height);
        let mut picture = PreparedImage::prepare_from_greyscale(width, height, |x, y| points[y * width + x]);
        let squares = picture.detect_grids();
        let found: Vec<_> = squares.iter().map(|square| square.decode().unwrap().1).collect();
        assert_eq!(found, vec![LOGIN_PAGE; on_the_first], "{per_page} a page");
    }
}

#[test]
#[ignore = "needs poppler: scripts/test.sh"]
fn a_document_has_a_language_a_title_and_tags_and_needs_no_colour() {
    let office = Office::open();
    for (language, title) in [
        ("fr", "ENT des Tilleuls\u{a0}: codes, Collège des Tilleuls"),
        ("en", "ENT des Tilleuls: codes, Collège des Tilleuls"),
    ] {
        let pdf = office.pdf(&["--language", language]);
        let told = String::from_utf8(pdf.ask("pdfinfo", &["FILE"])).unwrap();
        let line = |name: &str| {
            let found = told.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            found.trim().to_owned()
        };
        assert_eq!(line("Title:"), title);
        assert_eq!(line("Tagged:"), "yes");
        assert_eq!(line("Page size:"), "595.276 x 841.89 pts (A4)");
        let says = |what: &str| pdf.bytes.windows(what.len()).any(|bytes| bytes == what.as_bytes());
        assert!(says(&format!("/Lang({language})")), "the language of the document");
        let structure = pdf.ask("pdfinfo", &["-struct", "FILE"]);
        let structure = String::from_utf8_lossy(&structure);
        for (tag, times) in [("H1 ", 8), ("Figure", 8), ("LBody", 24)] {
            assert_eq!(structure.matches(tag).count(), times, "{tag} in {structure}");
        }
        let metadata = String::from_utf8(pdf.ask("pdfinfo", &["-meta", "FILE"])).unwrap();
        assert!(metadata.contains("pdfuaid:part"), "{metadata}");
        let (_, _, points) = pdf.picture("colour");
        assert!(points.chunks(3).all(|point| point.iter().all(|&colour| colour == point[0])), "a colour");
    }
    let english = office.pdf(&["--language", "en"]).text(&[]);
    assert!(english.contains("Type the login, and the code in place of the password."), "{english}");
}

/// A name that fills a slip is set smaller, then in more lines, then cut, and the slip beside it is left alone.
#[test]
#[ignore = "needs poppler: scripts/test.sh"]
fn nothing_runs_into_the_slip_of_somebody_else() {
    let (long, login) = ("Wilhelmina-".repeat(17), "w".repeat(100));
    let people = format!(
        "source;key;login;given_name;family_name;profile;uai;classes;guardian_of
A;p1;{login};{long};Abel{long};National_ELV;0860001J;6A;
A;p2;tom;Tom;Zola;National_ELV;0860001J;6A;
A;t1;anne;Anne;Durand;National_TUT;;;p1|p2
"
    );
    let office = Office::with(&people, "");
    let codes = office.codes();
    let pdf = office.pdf(&[]);
    // Left upper, right upper, left below; 297 by 210 points each.
    for (x, y, mine) in [(0, 0, login.as_str()), (298, 0, "anne"), (0, 211, "tom")] {
        let (x, y) = (x.to_string(), y.to_string());
        let place = pdf.text(&["-raw", "-x", &x, "-y", &y, "-W", "297", "-H", "209"]);
        for (login, code) in &codes {
            assert_eq!(place.contains(code.as_str()), login == mine, "{login} at {x}, {y}: {place}");
        }
        assert!(place.replace(char::is_whitespace, "").contains(mine), "a login is never cut: {place}");
        assert!(place.contains("À utiliser avant le "), "{place}");
    }
}

#[test]
fn who_prints_is_told_whose_name_has_letters_that_are_not_there() {
    let office = Office::open();
    let (_, said) = office.slips(&["--format", "zip"]);
    assert!(said.contains("look at the slips of ming\n"), "{said}");
    assert!(!said.contains("n.agaoglu"), "{said}");
}

#[test]
fn a_guardian_reads_the_class_of_each_child_where_they_are_in_different_ones() {
    let people = "source;key;login;given_name;family_name;profile;uai;classes;guardian_of
A;p1;zoe;Zoé;Martin;National_ELV;0860001J;6A;
A;p2;tom;Tom;Martin;National_ELV;0860001J;5B;
A;p3;lea;Léa;Petit;National_ELV;0860001J;6A;
A;p4;luc;Luc;Petit;National_ELV;0860001J;6A;
A;t1;anne;Anne;Martin;National_TUT;;;p1|p2
A;t2;bruno;Bruno;Petit;National_TUT;;;p3|p4
";
    let office = Office::with(people, "");
    let table = String::from_utf8(office.slips(&[]).0).unwrap();
    assert_eq!(table.matches(";anne;").count(), 1, "one slip: {table}");
    for names in ["Tom Martin (5B), Zoé Martin (6A)", ";Luc Petit, Léa Petit\n"] {
        assert!(table.replace("\r\n", "\n").contains(names), "{names} in {table}");
    }
}

#[test]
fn an_archive_has_a_document_for_each_class() {
    let office = Office::open();
    let (bytes, said) = office.slips(&["--format", "zip", "--per-page", "2"]);
    assert!(said.contains("8 slips in 3 documents; 0 people need none"), "{said}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut names = Vec::new();
    for number in 0..archive.len() {
        let mut document = archive.by_index(number).unwrap();
        let mut bytes = Vec::new();
        document.read_to_end(&mut bytes).unwrap();
        assert!(bytes.starts_with(b"%PDF-") && bytes.trim_ascii_end().ends_with(b"%%EOF"));
        names.push(document.name().unwrap().into_owned());
    }
    assert_eq!(names, ["0860001J/0860001J.pdf", "0860001J/5B.pdf", "0860001J/6A.pdf"]);

    fs::create_dir(office.at("paper")).unwrap();
    office.slips(&["--format", "pdf", "--out", "paper"]);
    let mut files: Vec<_> =
        fs::read_dir(office.at("paper/0860001J")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert_eq!(files, names.iter().map(|name| office.at("paper").join(name)).collect::<Vec<_>>());
    for path in [office.at("paper/0860001J"), files[0].clone()] {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn nothing_counts_as_printed_that_has_no_place_to_go() {
    let office = Office::open();
    let (_, said) = office.slips(&["--out", "slips.csv"]);
    assert!(said.contains("8 slips; 0 people need none"), "{said}");
    let table = fs::read_to_string(office.at("slips.csv")).unwrap();
    assert!(
        table.starts_with("\u{feff}Établissement;Classe;") && table.contains(";'=1+1;'=cmd;formule;"),
        "{table}"
    );
    assert_eq!(fs::metadata(office.at("slips.csv")).unwrap().permissions().mode() & 0o777, 0o600);
    let printed = office.prints();
    assert_eq!(printed, 8);

    fs::create_dir(office.at("full")).unwrap();
    fs::write(office.at("full/old.pdf"), "").unwrap();
    for (arguments, code, why) in [
        (&["--territory", "uai:0860001J", "--out", "slips.csv"] as &[_], 1, "slips.csv: File exists"),
        (&["--territory", "uai:0860001J", "--format", "pdf", "--out", "full"], 1, "full: is not empty"),
        (&["--territory", "uai:0860001J", "--out", "full"], 2, "full is a folder; only PDFs are put in one"),
        (&["--territory", "academie:13", "--format", "pdf"], 2, "one PDF is for a class or a school"),
        (
            &["--territory", "uai:0860001J", "--format", "pdf", "--out", "no/such/folder.pdf"],
            1,
            "No such file",
        ),
        (&["--territory", "uai:0860001J", "--per-page", "3"], 2, "write 1, 2 or 8"),
    ] {
        let output = office.run(&[&["slips"], arguments].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(code) && said.contains(why), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
    }
    assert_eq!(office.prints(), printed, "a refusal marks nobody");

    // Where nobody has a closed gate there is nothing to print, and no empty document is left.
    let (bytes, said) = office.slips(&["--class", "6A", "--format", "pdf", "--out", "6A.pdf"]);
    assert!(bytes.is_empty() && said.contains("5 slips"), "{said}");
    assert!(fs::read(office.at("6A.pdf")).unwrap().starts_with(b"%PDF-"));
    office.run(&["account", "disable", "m.blanc"]);
}

#[test]
fn words_of_a_deployment_are_checked_before_anything_is_done_with_them() {
    let own = "headline = { $service }, classe { $class }\nadvice = { \"\" }\n";
    let office = Office::with(PEOPLE, "[slips]\nletter_fr_file = \"words.ftl\"\n");
    // Where a provider that starts all the same comes to its end.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("server.listen={}", taken.local_addr().unwrap());
    let check = |command: &str| {
        let output = office.run(&[command, "--set", &listen]);
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    fs::write(office.at("words.ftl"), own).unwrap();
    assert_eq!(check("check-config").0, 0);
    fs::write(office.at("words.ftl"), "headline = { $service }, { $classe }\n").unwrap();
    for command in ["check-config", "serve"] {
        let (code, said) = check(command);
        assert_eq!(code, 1, "{said}");
        for part in [
            "ecluse.toml: slips.letter_fr_file: ",
            "words.ftl headline speaks of $classe; it may speak of $service, ",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }
    fs::remove_file(office.at("words.ftl")).unwrap();
    let (code, said) = check("serve");
    assert!(code == 1 && said.contains("words.ftl cannot be read"), "{said}");
}
