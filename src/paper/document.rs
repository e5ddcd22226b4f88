//! Slips as one PDF: tagged for who hears it read (PDF/UA-1), and black on white for any printer.

use std::num::NonZeroU16;

use krilla::SerializeSettings;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{Path, PathBuilder, Point, Rect, Transform};
use krilla::graphic::Graphic;
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, BBox, ContentTag, ListNumbering, SpanTag, Tag, TagGroup, TagTree,
};

use crate::paper::page::{Form, Kind, Laid, PAGE, Piece, Run};
use crate::paper::slip::Slip;
use crate::paper::stationery::{Stationery, Unprintable};

/// Slips as one PDF. It is put together in memory.
pub(super) struct Document<'a> {
    stationery: &'a Stationery,
    form: Form,
    pdf: krilla::Document,
    tags: TagTree,
    outline: Outline,
    /// The place whose slips come now, and what all of them together are called.
    place: Option<Place>,
    called: String,
    /// What stands on the page that comes next.
    page: Vec<Laid>,
    pages: usize,
    /// The square, which is in a document once.
    square: Option<Graphic>,
}

/// Where slips are handed out, in a document.
struct Place {
    first: Slip,
    tags: TagGroup,
}

impl<'a> Document<'a> {
    /// An empty one.
    pub(super) fn begin(stationery: &'a Stationery) -> Result<Self, Unprintable> {
        let configuration = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1);
        let configuration = configuration.finish().map_err(|error| Unprintable::Pdf(format!("{error:?}")))?;
        let settings = SerializeSettings { configuration, ..SerializeSettings::default() };
        let language = stationery.letter.tag().to_owned();
        Ok(Self {
            stationery,
            form: Form::of(stationery.per_page),
            pdf: krilla::Document::new_with(settings),
            tags: TagTree::new().with_lang(Some(language)),
            outline: Outline::new(),
            place: None,
            called: String::new(),
            page: Vec::new(),
            pages: 0,
            square: None,
        })
    }

    /// Adds a slip. Another class begins on another page, so that each can be handed out by itself.
    pub(super) fn add(&mut self, slip: &Slip) {
        if self.place.as_ref().is_none_or(|place| !place.first.is_beside(slip)) {
            self.end_place();
            // A document of several classes is one of their school.
            self.called = if self.called.is_empty() { slip.place() } else { slip.school.clone() };
            let top = XyzDestination::new(self.pages, Point::from_xy(0.0, 0.0));
            self.outline.push_child(OutlineNode::new(slip.place(), top));
            self.place = Some(Place { first: slip.clone(), tags: TagGroup::new(Tag::Part) });
        }
        self.page.push(Laid::out(slip, self.stationery));
        if self.page.len() == self.form.slips() {
            self.end_page();
        }
    }

    /// The whole of it.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Unprintable> {
        self.end_place();
        let metadata = Metadata::new()
            .title(self.stationery.letter.title(&self.stationery.service, &self.called))
            .language(self.stationery.letter.tag().to_owned())
            .creator("Écluse".to_owned());
        self.pdf.set_metadata(metadata);
        self.pdf.set_outline(self.outline);
        self.pdf.set_tag_tree(self.tags);
        self.pdf.finish().map_err(|error| Unprintable::Pdf(format!("{error:?}")))
    }

    fn end_place(&mut self) {
        self.end_page();
        if let Some(place) = self.place.take() {
            self.tags.push(place.tags);
        }
    }

    fn end_page(&mut self) {
        let Some(place) = self.place.as_mut().filter(|_| !self.page.is_empty()) else { return };
        let Some(settings) = PageSettings::from_wh(PAGE.0, PAGE.1) else { return };
        let mut page = self.pdf.start_page_with(settings);
        let mut surface = page.surface();
        let mut pen = Pen { stationery: self.stationery, surface: &mut surface, page: self.pages };
        if self.square.is_none() {
            self.square = pen.square();
        }
        pen.cut_marks(&self.form);
        let (wide, high) = self.form.place();
        for (number, slip) in (0..).zip(self.page.drain(..)) {
            let (column, row) = (number % self.form.columns, number / self.form.columns);
            let corner = (f32::from(column) * wide, f32::from(row) * high);
            place.tags.push(pen.slip(&slip, corner, &self.form, self.square.as_ref()));
        }
        surface.finish();
        page.finish();
        self.pages += 1;
    }
}

/// Draws on a page.
struct Pen<'a, 'b> {
    stationery: &'a Stationery,
    surface: &'a mut Surface<'b>,
    page: usize,
}

impl Pen<'_, '_> {
    fn square(&mut self) -> Option<Graphic> {
        let path = self.stationery.square.path()?;
        let mut builder = self.surface.stream_builder();
        let mut surface = builder.surface();
        surface.set_fill(Some(Fill::default()));
        surface.draw_path(&path);
        surface.finish();
        Some(Graphic::new(builder.finish(), false))
    }

    /// Lines to cut along, as long as a printer reaches.
    fn cut_marks(&mut self, form: &Form) {
        const UNREACHED: f32 = 14.0;
        let (wide, high) = form.place();
        let down = (1..form.columns).map(|column| {
            let x = f32::from(column) * wide;
            ((x, UNREACHED), (x, PAGE.1 - UNREACHED))
        });
        let across = (1..form.rows).map(|row| {
            let y = f32::from(row) * high;
            ((UNREACHED, y), (PAGE.0 - UNREACHED, y))
        });
        let dash = StrokeDash { array: vec![4.0, 4.0], offset: 0.0 };
        for (from, to) in down.chain(across) {
            self.line(ArtifactType::Page, from, to, Some(dash.clone()));
        }
    }

    /// Draws a slip; answers what it says, in the order of reading.
    fn slip(&mut self, slip: &Laid, corner: (f32, f32), form: &Form, square: Option<&Graphic>) -> TagGroup {
        let (wide, high) = form.place();
        let edge = Rect::from_xywh(corner.0, corner.1, wide, high).and_then(outline);
        if let Some(edge) = &edge {
            // Whatever a letter has become too long for, it does not run into somebody else's.
            self.surface.push_clip_path(edge, &FillRule::NonZero);
        }
        self.surface.push_transform(&Transform::from_translate(corner.0, corner.1));
        let (from, to, y) = slip.rule;
        self.line(ArtifactType::Layout, (from, y), (to, y), None);
        let (x, y, width, height) = slip.frame;
        if let Some(frame) = Rect::from_xywh(x, y, width, height).and_then(outline) {
            self.stroke(ArtifactType::Layout, &frame, None);
        }
        let mut section = TagGroup::new(Tag::Section);
        for pieces in slip.pieces.chunk_by(|one, next| one.kind == Kind::Step && next.kind == Kind::Step) {
            match pieces {
                [Piece { kind: Kind::Step, .. }, ..] => section.push(self.steps(pieces)),
                pieces => pieces.iter().for_each(|piece| {
                    let group = match piece.kind {
                        Kind::Heading => {
                            let tag = Tag::Hn(NonZeroU16::MIN, Some(slip.person.clone()));
                            self.words(TagGroup::new(tag), &piece.runs)
                        }
                        Kind::Paragraph | Kind::Step => self.words(TagGroup::new(Tag::P), &piece.runs),
                        Kind::Square => self.picture(slip, corner, form, square),
                    };
                    section.push(group);
                }),
            }
        }
        self.surface.pop();
        if edge.is_some() {
            self.surface.pop();
        }
        section
    }

    fn steps(&mut self, steps: &[Piece]) -> TagGroup {
        let mut list = TagGroup::new(Tag::L(ListNumbering::Decimal));
        for step in steps {
            let (label, text) = step.runs.split_at(1);
            let mut item = TagGroup::new(Tag::LI);
            item.push(self.words(TagGroup::new(Tag::Lbl), label));
            item.push(self.words(TagGroup::new(Tag::LBody), text));
            list.push(item);
        }
        list
    }

    fn words(&mut self, mut group: TagGroup, runs: &[Run]) -> TagGroup {
        group.push(self.surface.start_tagged(ContentTag::Span(SpanTag::empty())));
        for run in runs {
            let face = run.style.face(&self.stationery.faces);
            let start = Point::from_xy(run.x, run.baseline);
            let glyphs = face.glyphs(&run.text);
            self.surface.draw_glyphs(start, &glyphs, face.font.clone(), &run.text, run.size, false);
        }
        self.surface.end_tagged();
        group
    }

    fn picture(
        &mut self,
        slip: &Laid,
        corner: (f32, f32),
        form: &Form,
        square: Option<&Graphic>,
    ) -> TagGroup {
        let (x, y) = slip.square;
        let place = Rect::from_xywh(corner.0 + x, corner.1 + y, form.square, form.square);
        let tag = Tag::Figure(Some(slip.square_says.clone()));
        let mut figure = TagGroup::new(tag.with_bbox(place.map(|place| BBox::new(self.page, place))));
        figure.push(self.surface.start_tagged(ContentTag::Other));
        if let Some(square) = square {
            let scale = form.square / self.stationery.square.side();
            self.surface.push_transform(&Transform::from_row(scale, 0.0, 0.0, scale, x, y));
            self.surface.draw_graphic(square.clone());
            self.surface.pop();
        }
        self.surface.end_tagged();
        figure
    }

    fn line(&mut self, what: ArtifactType, from: (f32, f32), to: (f32, f32), dash: Option<StrokeDash>) {
        let mut path = PathBuilder::new();
        path.move_to(from.0, from.1);
        path.line_to(to.0, to.1);
        if let Some(path) = path.finish() {
            self.stroke(what, &path, dash);
        }
    }

    fn stroke(&mut self, what: ArtifactType, path: &Path, dash: Option<StrokeDash>) {
        self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(what)));
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke { width: 0.6, dash, ..Stroke::default() }));
        self.surface.draw_path(path);
        self.surface.set_stroke(None);
        self.surface.end_tagged();
    }
}

fn outline(rect: Rect) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.push_rect(rect);
    path.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::letter::Letter;
    use crate::paper::slip::sample;
    use crate::paper::stationery::PerPage;

    /// Whoever is in a file of people gets a slip, whatever their names are made of; the library refuses a document that
    /// cannot be read out.
    #[test]
    fn no_name_keeps_a_class_from_its_slips() {
        let odd = [
            "\u{0}\u{feff}\u{fffe}\u{ffff}",
            "\u{e000}\u{10fffd}\u{378}",
            "👩\u{200d}👧 ﷽ क्षि",
            "a\u{300}\u{300}\u{301}",
            " ",
            "",
            &"x".repeat(400),
            &"שלום, world محمد 12".repeat(20),
        ];
        for per_page in [PerPage::One, PerPage::Two, PerPage::Eight] {
            let letter = Letter::french(None).unwrap();
            let stationery =
                Stationery::new(letter, per_page, "ENT", "https://ent.example.org/login").unwrap();
            let mut document = Document::begin(&stationery).unwrap();
            for name in odd {
                let pupils = vec![name.to_owned(); 12];
                let (school, login) = (name.to_owned(), format!("a{name}"));
                document.add(&Slip { family_name: name.to_owned(), school, login, pupils, ..sample(name) });
            }
            assert!(document.finish().unwrap().starts_with(b"%PDF-1.7"));
        }
    }
}
