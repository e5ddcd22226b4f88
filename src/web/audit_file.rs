//! The audit log as a file: lines that are sent while they are read, however many there are.

use std::io;
use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};

use crate::flows::audit::export::{Lines, Sealed, json, written};
use crate::paper::table::tame;
use crate::web::answer::log;
use crate::web::app::App;
use crate::web::download::{Place, attachment};

/// The form of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A table for office programs.
    Csv,
    /// An object a line.
    Json,
}

const COLUMNS: [&str; 12] = [
    "place",
    "id",
    "at",
    "actor",
    "territory",
    "act",
    "object",
    "count",
    "reason",
    "address",
    "request_id",
    "tag",
];

impl Form {
    /// By the word that a form has for it.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    const fn kind(self) -> (&'static str, &'static str) {
        match self {
            Self::Csv => ("text/csv; charset=utf-8", "csv"),
            Self::Json => ("application/x-ndjson", "jsonl"),
        }
    }

    fn head(self) -> Vec<u8> {
        match self {
            Self::Csv => format!("\u{feff}{}\n", COLUMNS.join(";")).into_bytes(),
            Self::Json => Vec::new(),
        }
    }

    fn write(self, lines: &[Sealed]) -> io::Result<Vec<u8>> {
        match self {
            Self::Json => {
                Ok(lines.iter().flat_map(|line| format!("{}\n", json(line)).into_bytes()).collect())
            }
            Self::Csv => {
                let mut table = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
                for line in lines {
                    table.write_record(cells(line).iter().map(|cell| tame(cell).into_owned()))?;
                }
                table.into_inner().map_err(csv::IntoInnerError::into_error)
            }
        }
    }
}

fn cells((sealed, line): &Sealed) -> [String; 12] {
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        number(sealed.as_ref().map(|head| head.place)),
        line.id.clone(),
        written(line.at),
        line.actor.clone(),
        text(&line.territory),
        line.act.clone(),
        line.object.clone(),
        number(line.count),
        text(&line.reason),
        text(&line.address),
        text(&line.request_id),
        sealed.as_ref().map(|head| head.tag.clone()).unwrap_or_default(),
    ]
}

/// The answer. Where reading fails half way, it ends without its end: whoever saves it is told that it is not whole.
pub fn file(app: &App, place: Place, lines: Lines, form: Form) -> Response {
    let (kind, ending) = form.kind();
    let today = app.site.local(app.ctx.clock.now());
    let name = format!("audit-{}.{ending}", today.strftime("%Y-%m-%d"));
    let begin = stream::once(async move { Ok(Bytes::from(form.head())) });
    let ctx = Arc::clone(&app.ctx);
    let rest = stream::try_unfold(lines, move |mut lines| {
        let ctx = Arc::clone(&ctx);
        async move {
            let chunk = lines.next(&ctx).await.map_err(|error| {
                log(&error);
                io::Error::other("the audit log cannot be read to its end")
            })?;
            let Some(chunk) = chunk else { return Ok(None) };
            Ok(Some((Bytes::from(form.write(&chunk)?), lines)))
        }
    });
    attachment(place, (kind, &name), begin.chain(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit_chain::Line;
    use crate::domain::timestamp::Timestamp;

    #[test]
    fn a_reason_that_begins_like_a_formula_stays_a_reason() {
        let line = Line {
            id: "1".to_owned(),
            at: Timestamp::from_seconds(0),
            actor: "local:root".to_owned(),
            territory: None,
            act: "order.issue".to_owned(),
            object: "order:1".to_owned(),
            count: Some(-3),
            reason: Some("=cmd|' /C calc'!A0;\r\n\"x\"".to_owned()),
            address: Some("@evil".to_owned()),
            request_id: None,
        };
        let written = String::from_utf8(Form::Csv.write(&[(None, line.clone())]).unwrap()).unwrap();
        let expected = ";1;1970-01-01T00:00:00Z;local:root;;order.issue;order:1;'-3;\
                        \"'=cmd|' /C calc'!A0;\r\n\"\"x\"\"\";'@evil;;\n";
        assert_eq!(written, expected);
        let written = String::from_utf8(Form::Json.write(&[(None, line)]).unwrap()).unwrap();
        assert_eq!(written.lines().count(), 1, "{written}");
    }
}
