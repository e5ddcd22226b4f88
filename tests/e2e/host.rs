//! The host's keyboard: the program is run, and what it says is read as whoever sits there does, or a script.

use std::fs;

use ecluse::cli::open;
use ecluse::config::layers::Layers;
use ecluse::domain::account::LoginName;
use ecluse::flows::actor::{Actor, Operator, Origin, Standing};
use ecluse::flows::context::Context;
use ecluse::store;
use serde_json::Value;

use crate::premises::Premises;
use crate::staff::just_now;
use crate::test_server::ServerDatabase;

/// The pupils `eleve0` to `eleve3` in 6A and 6B by turns, a guardian, a teacher, a head and two people of the rectorat.
pub(crate) struct Host {
    pub(crate) premises: Premises,
    /// On a server where the tests are on one; gone after the premises.
    _database: Option<ServerDatabase>,
}

/// What a command said.
pub(crate) struct Said {
    pub(crate) code: String,
    pub(crate) out: String,
    pub(crate) err: String,
}

const STAFF: &str = "source;key;login;given_name;family_name;profile;uai;classes;guardian_of\n\
     A;10;parent;Odile;Essai;National_TUT;;;0\n\
     A;11;prof.martin;Claire;Martin;National_ENS;0860001J;6A;\n\
     A;12;chef;Ann;Chef;National_DIR;0860001J;;\n\
     A;13;rectrice;Rose;Durand;National_ACA;academie:13;;\n\
     A;14;inspecteur;Paul;Petit;National_ACA;academie:13;;\n";

impl Host {
    pub(crate) async fn open() -> Self {
        let database = ServerDatabase::create(None).await;
        let url = database.as_ref().map_or("", |database| &database.url);
        let host = Self { premises: Premises::build(url, 4), _database: database };
        host.write("staff.csv", STAFF);
        host.does(&["account", "import", "staff.csv"]);
        host
    }

    /// A file beside the configuration.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.premises.path().join(name), text).unwrap();
    }

    pub(crate) fn says(&self, arguments: &[&str]) -> Said {
        let told = self.premises.ecluse(arguments);
        let (code, rest) = told.split_once("\n--- out\n").unwrap();
        let (out, err) = rest.rsplit_once("--- err\n").unwrap();
        Said { code: code.to_owned(), out: out.to_owned(), err: err.to_owned() }
    }

    /// What succeeds.
    pub(crate) fn does(&self, arguments: &[&str]) -> Said {
        let said = self.says(arguments);
        assert_eq!(said.code, "exit 0", "{arguments:?}: {}{}", said.out, said.err);
        said
    }

    /// What a program reads.
    pub(crate) fn data(&self, arguments: &[&str]) -> Value {
        let said = self.does(&[&["--json", "--quiet"], arguments].concat());
        assert_eq!(said.err, "");
        serde_json::from_str(&said.out).unwrap()
    }

    /// What ends like this with this on standard error, says nothing on standard output, and leaves everything as it was.
    #[track_caller]
    pub(crate) fn refuses(&self, arguments: &[&str], code: u8, because: &str) {
        let before = self.everything();
        let said = self.says(arguments);
        assert_eq!(said.code, format!("exit {code}"), "{arguments:?}: {}{}", said.out, said.err);
        let is_clear = format!("\n{}", said.err).contains("\nerror: ") && said.err.contains(because);
        assert!(is_clear, "{arguments:?}: {}", said.err);
        assert_eq!(said.out, "", "{arguments:?}");
        assert_eq!(self.everything(), before, "{arguments:?}");
    }

    /// Everything that an operator can change, and the log of it.
    fn everything(&self) -> [Value; 5] {
        let lists: [&[&str]; 5] = [
            &["account", "find"],
            &["reset-order", "list"],
            &["operator", "list"],
            &["operator", "pending"],
            &["audit", "list", "--limit", "1000"],
        ];
        lists.map(|list| self.data(list))
    }

    /// Who did what to what and where of these acts, the newest first, with what they said of it.
    pub(crate) fn lines(&self, filter: &[&str]) -> Vec<(String, String, String)> {
        let lines = self.data(&[&["audit", "list"], filter].concat());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let lines = lines.as_array().unwrap().iter();
        lines
            .map(|line| {
                let who = text(&line["actor"]);
                assert!(who.starts_with("local:") || who == "system", "{line}");
                let place = text(&line["territory"]).rsplit('>').next().unwrap_or_default().to_owned();
                (text(&line["act"]), place, text(&line["reason"]))
            })
            .collect()
    }

    /// The deployment, as a program beside has it open.
    pub(crate) async fn ctx(&self) -> Context {
        let file = self.premises.path().join("ecluse.toml");
        let loaded =
            Layers::of_process(Some(file), vec![("store.url".to_owned(), self.premises.url.clone())])
                .load()
                .unwrap();
        open::context(&loaded.config).await.unwrap()
    }
}

/// Somebody who has just shown a second factor.
pub(crate) async fn operator(ctx: &Context, login: &str) -> Actor {
    let person = store::account::find_by_login(&ctx.db, &LoginName::parse(login).unwrap()).await.unwrap();
    Actor {
        standing: Standing::Operator(Operator {
            authentication: just_now(&person.unwrap().facts),
            client: None,
            factor_at: Some(ctx.clock.now()),
        }),
        reason: None,
        origin: Origin::default(),
    }
}

/// A text with `ID` and `WHEN` for what differs from run to run.
pub(crate) fn still(text: &str) -> String {
    let mut still = String::new();
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let (word, length) = match (id_at(rest), is_instant(rest)) {
            (Some(length), _) => ("ID", length),
            (None, true) => ("WHEN", INSTANT.len()),
            (None, false) => ("", sign.len_utf8()),
        };
        still.push_str(if word.is_empty() { &rest[..length] } else { word });
        rest = &rest[length..];
    }
    still
}

const INSTANT: &str = "0000-00-00 00:00";

fn is_instant(text: &str) -> bool {
    let fits = |(sign, model): (u8, u8)| if model == b'0' { sign.is_ascii_digit() } else { sign == model };
    text.len() >= INSTANT.len() && text.bytes().zip(INSTANT.bytes()).all(fits)
}

/// The length of an id, or of as much of its beginning as lists show.
fn id_at(text: &str) -> Option<usize> {
    let length = text.bytes().take_while(|sign| sign.is_ascii_hexdigit() || *sign == b'-').count();
    let is_id = length >= 13 && text.as_bytes()[8] == b'-' && text.bytes().take(8).all(|sign| sign != b'-');
    is_id.then_some(length)
}
