//! `ecluse territory show`: what lies below a place, and how the people of a school stand.

use serde_json::{Value, json};

use crate::cli::printer::{ExitStatus, Failure, Printer, table};
use crate::domain::territory::TerritoryCode;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::people::roll::{Counts, Overview, overview};
use crate::store::territory::Territory;

/// A line: what it is, what it is called, and how those there stand where they were counted.
type Part = (String, String, Option<Counts>);

pub(super) async fn run(
    ctx: &Context,
    code: &TerritoryCode,
    actor: &Actor,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let unknown = || Failure::refused(format_args!("the territory {code} is not known"));
    let mut found = overview(ctx, actor, code, None).await?.ok_or_else(unknown)?;
    while let Some(next) = found.next.take() {
        let more = overview(ctx, actor, code, Some(&next)).await?.ok_or_else(unknown)?;
        found.below.extend(more.below);
        found.next = more.next;
    }
    let Territory { code, name, .. } = &found.place;
    let parts = parts(&found);
    let data = json!({
        "territory": code.as_str(),
        "name": name,
        "below": parts.iter().map(as_json).collect::<Vec<_>>(),
    });
    printer.answer(&data, || {
        if found.counts.is_none() {
            return table(["code", "name"], parts.into_iter().map(|(code, name, _)| [code, name]));
        }
        table(
            [
                "code",
                "people",
                "must change",
                "printed",
                "handed over",
                "used",
                "lapsed",
                "waiting",
                "no e-mail",
            ],
            parts.iter().map(row),
        )
    })?;
    if found.below.is_empty() {
        printer.talk(format_args!("Nothing lies below {name}"));
    }
    Ok(ExitStatus::Done)
}

/// What lies below it, and the profiles of a school.
fn parts(Overview { below, counts, .. }: &Overview) -> Vec<Part> {
    let part = |place: &Territory| {
        let counts =
            counts.as_ref().map(|(classes, _)| classes.get(&place.path).copied().unwrap_or_default());
        (place.code.to_string(), place.name.clone(), counts)
    };
    let profiles = counts.iter().flat_map(|(_, profiles)| profiles);
    let profiles =
        profiles.map(|(profile, counts)| (profile.as_str().to_owned(), String::new(), Some(*counts)));
    below.iter().map(part).chain(profiles).collect()
}

fn row((code, _, counts): &Part) -> [String; 9] {
    let it = counts.unwrap_or_default();
    let [people, left, printed, handed, used, lapsed, waiting, without_email] =
        [it.people, it.left, it.printed, it.handed, it.used, it.lapsed, it.waiting, it.without_email]
            .map(|number| number.to_string());
    [code.clone(), people, left, printed, handed, used, lapsed, waiting, without_email]
}

fn as_json((code, name, counts): &Part) -> Value {
    json!({
        "code": code,
        "name": name,
        "people": counts.map(|counts| json!({
            "all": counts.people,
            "must_change": counts.left,
            "printed": counts.printed,
            "handed_over": counts.handed,
            "used": counts.used,
            "lapsed": counts.lapsed,
            "waiting": counts.waiting,
            "without_email": counts.without_email,
        })),
    })
}
