//! `demo doors`: tries every door of the running demo around an order, at both levels, and says what is wrong.

use std::fs;
use std::path::Path;

use ::ecluse::cli::printer::{ExitStatus, Failure, Printer, table};

use crate::ecluse::Ecluse;
use crate::holder::{Answer, Answers, Client, DOORS, Holder};
use crate::place::Place;

/// The class that is put under an order; of the people to be, nobody is there.
const CLASS: &str = "class:0860999U/TG1";

/// A pupil of that class. Gets a code and a password at each run, so it does not matter what was done before.
const PUPIL: &str = "yasmine.ombreval";

/// A pupil of another class of the same school.
const NEIGHBOUR: &str = "theo.grandmuret";

/// The level of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Change,
    Recover,
}

/// One column of the table.
struct Column {
    title: &'static str,
    wanted: Answers,
    got: Answers,
}

/// Runs both levels. Fails if any door answers otherwise than it should.
pub async fn run(folder: &Path, printer: &Printer) -> Result<ExitStatus, Failure> {
    let place = Place::of_made(folder)?;
    crate::answers(&format!("{}/readyz", place.config()?.server.issuer.as_str()))
        .await
        .map_err(|failure| failure.hint("start the demo in another terminal: make demo"))?;
    let ecluse = Ecluse::new(place.settings())?;
    let client = tester(&place, &ecluse)?;
    let mut wrong = 0;
    for level in [Level::Change, Level::Recover] {
        let columns = try_doors(&ecluse, &client, level).await?;
        wrong += columns.iter().map(Column::wrong).sum::<usize>();
        printer.data(&format!(
            "An order at level {} over {CLASS}\n\n{}\n",
            level.word(),
            answers(&columns)
        ))?;
    }
    if wrong == 0 {
        printer.data("Every door is right.")?;
        return Ok(ExitStatus::Done);
    }
    Err(Failure::failed(format_args!("{wrong} answers are wrong")))
}

/// The client that `config/demo` declares for this.
fn tester(place: &Place, ecluse: &Ecluse) -> Result<Client, Failure> {
    let clients = ecluse.json(&["client", "list"])?;
    let mut clients = clients.as_array().into_iter().flatten();
    let registered = clients.find(|client| client["client_id"] == "tester");
    let redirect_uri = registered.and_then(|client| client["redirect_uris"][0].as_str());
    let redirect_uri = redirect_uri.ok_or_else(|| Failure::failed("the client tester is not registered"))?;
    let secret = fs::read_to_string(place.file("tester.secret"))?;
    Client::new(place.config()?.server.issuer.as_str(), "tester", secret.trim_end(), redirect_uri)
}

async fn try_doors(ecluse: &Ecluse, client: &Client, level: Level) -> Result<[Column; 5], Failure> {
    let mut pupil = Holder::new(client, PUPIL, &ecluse.new_code(PUPIL)?).await?;
    let mut neighbour = Holder::new(client, NEIGHBOUR, &ecluse.new_code(NEIGHBOUR)?).await?;
    let before = pupil.knock().await?;

    let order = Order::issue(ecluse, level)?;
    let after = pupil.knock().await?;
    let beside = neighbour.knock().await?;

    let proof = match level {
        Level::Change => pupil.password.clone(),
        Level::Recover => order.slip(PUPIL)?,
    };
    let mut renewed = pupil.renewed(&proof).await?;
    let changed = renewed.knock().await?;
    let held = pupil.knock().await?;
    order.cancel()?;
    Ok([
        Column { title: "before", wanted: open(), got: before },
        Column { title: "one statement after", wanted: closed(level), got: after },
        Column { title: "after the change", wanted: open(), got: changed },
        Column { title: "held from before", wanted: ended(), got: held },
        Column { title: "a neighbour", wanted: open(), got: beside },
    ])
}

/// An order in force.
struct Order<'a> {
    ecluse: &'a Ecluse,
    id: String,
}

impl<'a> Order<'a> {
    fn issue(ecluse: &'a Ecluse, level: Level) -> Result<Self, Failure> {
        let words = ["reset-order", "issue", "--yes", "--level", level.word(), "--territory", CLASS];
        let answer = ecluse.json(&[&words[..], &["--reason", "doors"]].concat())?;
        let id = answer["id"].as_str().ok_or_else(|| Failure::failed("the order has no id"))?;
        Ok(Self { ecluse, id: id.to_owned() })
    }

    /// The code that is printed for somebody.
    fn slip(&self, login: &str) -> Result<String, Failure> {
        let slips =
            self.ecluse.run(&["slips", "--order", &self.id, "--format", "csv", "--reason", "doors"])?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(b';')
            .from_reader(slips.trim_start_matches('\u{feff}').as_bytes());
        let columns = reader.headers()?.clone();
        let column = |title: &str| columns.iter().position(|column| column == title);
        let (Some(of), Some(code)) = (column("Identifiant"), column("Code")) else {
            return Err(Failure::failed("the slips have no logins or no codes"));
        };
        for slip in reader.records() {
            let slip = slip?;
            if slip.get(of) == Some(login) {
                return Ok(slip.get(code).unwrap_or_default().to_owned());
            }
        }
        Err(Failure::failed(format_args!("no slip for {login}")))
    }

    fn cancel(self) -> Result<(), Failure> {
        self.ecluse.run(&["reset-order", "cancel", &self.id, "--reason", "doors", "--yes"]).map(|_| ())
    }
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Recover => "recover",
        }
    }
}

fn open() -> Answers {
    ["code", "code", "200 tokens", "200 tokens", "active: true", "200 claims"].map(Answer::plain)
}

/// At level `change` the session still says who is there; at level `recover` a thief may hold it, and it says nothing.
fn closed(level: Level) -> Answers {
    let (page, silent) = match level {
        Level::Change => ("change page", Answer::signal("interaction_required")),
        Level::Recover => ("sign-in page", Answer::plain("login_required")),
    };
    let refused = || Answer::signal("400 invalid_grant");
    let inactive = Answer::plain("active: false");
    [Answer::plain(page), silent, refused(), refused(), inactive, Answer::signal("401 invalid_token")]
}

/// A change ends whatever was held before it, and says no more about it.
fn ended() -> Answers {
    let tokens = "400 invalid_grant";
    ["sign-in page", "login_required", tokens, tokens, "active: false", "401 invalid_token"]
        .map(Answer::plain)
}

impl Column {
    fn wrong(&self) -> usize {
        self.wanted.iter().zip(&self.got).filter(|(wanted, got)| wanted != got).count()
    }

    fn cell(&self, door: usize) -> String {
        let (wanted, got) = (&self.wanted[door], &self.got[door]);
        if wanted == got { format!("✓ {got}") } else { format!("✗ {got}, not {wanted}") }
    }
}

fn answers(columns: &[Column; 5]) -> String {
    let [first, second, third, fourth, fifth] = columns;
    let header = ["door", first.title, second.title, third.title, fourth.title, fifth.title];
    let rows = DOORS.into_iter().enumerate().map(|(door, name)| {
        [
            name.to_owned(),
            first.cell(door),
            second.cell(door),
            third.cell(door),
            fourth.cell(door),
            fifth.cell(door),
        ]
    });
    table(header, rows)
}
