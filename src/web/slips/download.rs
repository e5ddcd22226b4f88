//! Slips on their way to whoever asked for them: printed as fast as they are taken, with one document in memory at most.
//!
//! One task decides and marks, a few hundred people at a time; a thread puts what comes of it on paper. Each waits for the other, and
//! both for the one who downloads: who goes away stops the printing.

use std::io::{self, BufWriter, Write};

use axum::response::Response;
use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::domain::account::AccountId;
use crate::domain::jurisdiction::Refusal;
use crate::flows::actor::Actor;
use crate::flows::print_slips::{Printed, Printing, Selection};
use crate::flows::unavailable::Unavailable;
use crate::paper::output::{Format, Output};
use crate::paper::slip::Slip;
use crate::paper::stationery::{PerPage, Unprintable};
use crate::web::app::App;
use crate::web::download::{Part, Place, Way, file, plain};
use crate::web::pages::text::Language;
use crate::web::slips::{Names, Written, stationery};

/// What is sent at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// Whose codes, and in which form.
#[derive(Clone)]
pub struct Wish {
    /// Whose.
    pub selection: Selection,
    /// The form.
    pub format: Format,
    /// Slips on a page.
    pub per_page: PerPage,
    /// The language of a document.
    pub language: Language,
}

/// Why nothing comes.
pub enum Nothing {
    /// Whoever asked may not.
    Refused(Refusal),
    /// Nobody who is meant has a code to print.
    Nobody(Printed),
    /// One document is for a school or a class.
    TooWide,
}

/// Prints, and answers with what is printed.
pub async fn download(app: &App, actor: Actor, wish: Wish) -> Result<Result<Response, Nothing>, Unavailable> {
    let is_bounded = wish.selection.fits_into_one_document();
    if wish.format == Format::Pdf && !is_bounded {
        return Ok(Err(Nothing::TooWide));
    }
    let place = app.begin_file(&actor)?;
    let (kind, name) = (content_type(wish.format), file_name(&wish));
    let (slips_to, slips) = mpsc::channel(1);
    let (way, parts) = place.open();
    let (answer, answered) = oneshot::channel();
    let paper = Paper { app: app.clone(), wish: wish.clone(), way, place };
    tokio::spawn(print(app.clone(), actor, wish, slips_to, answer));
    let answered = answered.await.map_err(|_| Unavailable::Broken("the printing broke off".to_owned()))?;
    if let Err(nothing) = answered? {
        return Ok(Err(nothing));
    }
    tokio::task::spawn_blocking(move || paper.put(slips));
    Ok(Ok(file(kind, &name, parts)))
}

/// Prints the slip of one person as a letter, and answers with it.
pub async fn download_one(
    app: &App,
    actor: Actor,
    account: &AccountId,
) -> Result<Result<Response, Nothing>, Unavailable> {
    let selection = match Selection::one(&app.ctx, &actor, account).await? {
        Ok(selection) => selection,
        Err(refusal) => return Ok(Err(Nothing::Refused(refusal))),
    };
    let language = app.site.slips.language;
    download(app, actor, Wish { selection, format: Format::Pdf, per_page: PerPage::One, language }).await
}

const fn content_type(format: Format) -> &'static str {
    match format {
        Format::Csv => "text/csv; charset=utf-8",
        Format::Pdf => "application/pdf",
        Format::Zip => "application/zip",
    }
}

/// Such as `slips-0860001J-6A.pdf`; of one person, `slip.pdf`: a folder of downloads is looked through by others.
fn file_name(wish: &Wish) -> String {
    let extension = match wish.format {
        Format::Csv => "csv",
        Format::Pdf => "pdf",
        Format::Zip => "zip",
    };
    match (&wish.selection, &wish.selection.places()[..]) {
        (Selection::One { .. }, _) => format!("slip.{extension}"),
        (Selection::There { .. }, [place]) => {
            let label = place.label();
            let code = label.rsplit(':').next().unwrap_or_default();
            format!("slips-{}.{extension}", plain(code))
        }
        (Selection::There { .. }, _) => format!("slips.{extension}"),
    }
}

/// A few slips; none where the printing broke off.
type Few = Option<Vec<Slip>>;

/// Decides and marks. Of a school or a class it first makes sure that there is somebody to print for.
async fn print(
    app: App,
    actor: Actor,
    wish: Wish,
    slips_to: mpsc::Sender<Few>,
    answer: oneshot::Sender<Result<Result<(), Nothing>, Unavailable>>,
) {
    let begun = async {
        let begun = Printing::begin(&app.ctx, &actor, &wish.selection).await?;
        Ok::<_, Unavailable>((begun, Names::of(&app.ctx, &wish.selection).await?))
    };
    let (mut printing, names) = match begun.await {
        Ok((Ok(printing), names)) => (printing, names),
        Ok((Err(refusal), _)) => return drop(answer.send(Ok(Err(Nothing::Refused(refusal))))),
        Err(error) => return drop(answer.send(Err(error))),
    };
    let written = Written { format: wish.format, language: wish.language, zone: app.site.zone.clone() };
    let mut ready = Vec::new();
    let mut goes_on = true;
    while wish.selection.fits_into_one_document() && goes_on && ready.is_empty() {
        goes_on = match step(&mut printing, &names, &written, &mut ready).await {
            Ok(goes_on) => goes_on,
            Err(error) => return drop(answer.send(Err(error))),
        };
    }
    if ready.is_empty() && !goes_on {
        return drop(answer.send(Ok(Err(Nothing::Nobody(printing.printed())))));
    }
    let _ = answer.send(Ok(Ok(())));
    loop {
        // Whoever has gone gets no more codes.
        if !ready.is_empty() && slips_to.send(Some(std::mem::take(&mut ready))).await.is_err() {
            return;
        }
        if !goes_on {
            return;
        }
        goes_on = match step(&mut printing, &names, &written, &mut ready).await {
            Ok(goes_on) => goes_on,
            Err(error) => {
                crate::web::answer::log(&error);
                let _ = slips_to.send(None).await;
                return;
            }
        };
    }
}

/// The next few.
async fn step(
    printing: &mut Printing<'_>,
    names: &Names,
    written: &Written,
    ready: &mut Vec<Slip>,
) -> Result<bool, Unavailable> {
    let mut out = |slip| {
        ready.push(names.on_paper(slip, written));
        Ok(())
    };
    printing.step(&mut out).await
}

/// Where slips are put on paper.
struct Paper {
    app: App,
    wish: Wish,
    way: Way,
    /// Held until the last byte.
    place: Place,
}

impl Paper {
    /// Everything that comes. What breaks off is never ended, so that nobody takes a part for the whole.
    fn put(self, mut slips: mpsc::Receiver<Few>) {
        if let Err(error) = self.write(&mut slips) {
            tracing::warn!(%error, "slips were not downloaded to the end");
        }
        drop(self.place);
    }

    fn write(&self, slips: &mut mpsc::Receiver<Few>) -> Result<(), Unprintable> {
        let Wish { format, per_page, language, .. } = self.wish;
        let site = &self.app.site;
        let letter = site.slips.letter(language).map_err(io::Error::other)?;
        let paper = stationery(letter, per_page, &site.name, &site.origin)?;
        let pipe = Pipe { way: self.way.clone(), runtime: Handle::current() };
        let mut output = Output::begin(format, &paper, Box::new(BufWriter::with_capacity(CHUNK, pipe)))?;
        let mut count = 0;
        while let Some(some) = slips.blocking_recv() {
            let Some(some) = some else { return Err(io::Error::other("the printing broke off").into()) };
            for slip in some {
                output.add(&slip)?;
                count += 1;
            }
        }
        output.finish(count)?;
        Ok(Pipe { way: self.way.clone(), runtime: Handle::current() }.send(Part::End)?)
    }
}

/// The way to whoever downloads, from a thread.
struct Pipe {
    way: Way,
    runtime: Handle,
}

impl Pipe {
    fn send(&self, part: Part) -> io::Result<()> {
        self.runtime.block_on(self.way.send(part))
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.send(Part::Bytes(Bytes::copy_from_slice(bytes)))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
