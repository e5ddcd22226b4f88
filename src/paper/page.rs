//! Where everything of a slip stands.

use crate::domain::code::printed;
use crate::paper::font::{Face, Faces, clean};
use crate::paper::qr::QUIET;
use crate::paper::slip::Slip;
use crate::paper::stationery::{PerPage, Stationery};

/// A4, in points.
pub(super) const PAGE: (f32, f32) = (595.276, 841.89);

/// The longest name that is set whole; what is longer ends in an ellipsis, so that it takes nobody else's place.
const LONGEST: usize = 120;

/// How a slip is laid out.
pub(super) struct Form {
    pub(super) columns: u16,
    pub(super) rows: u16,
    /// White on each side.
    margin: f32,
    /// The size of what is read, in points.
    size: f32,
    /// How much larger what is typed is than usual.
    typed: f32,
    /// How wide the square is.
    pub(super) square: f32,
    /// Whether there is room for whole sentences.
    letter: bool,
}

impl Form {
    pub(super) const fn of(per_page: PerPage) -> Self {
        match per_page {
            PerPage::One => Self {
                columns: 1,
                rows: 1,
                margin: 62.0,
                size: 13.0,
                typed: 1.25,
                square: 118.0,
                letter: true,
            },
            PerPage::Two => Self {
                columns: 1,
                rows: 2,
                margin: 40.0,
                size: 10.5,
                typed: 1.25,
                square: 92.0,
                letter: true,
            },
            PerPage::Eight => {
                Self { columns: 2, rows: 4, margin: 20.0, size: 8.3, typed: 1.0, square: 64.0, letter: false }
            }
        }
    }

    /// How wide and high the place of a slip is.
    pub(super) fn place(&self) -> (f32, f32) {
        (PAGE.0 / f32::from(self.columns), PAGE.1 / f32::from(self.rows))
    }

    /// How many slips a page has.
    pub(super) fn slips(&self) -> usize {
        usize::from(self.columns) * usize::from(self.rows)
    }
}

/// Which face something is set in.
#[derive(Clone, Copy)]
pub(super) enum Style {
    Plain,
    Bold,
    Typed,
}

impl Style {
    pub(super) fn face(self, faces: &Faces) -> &Face {
        match self {
            Self::Plain => &faces.plain,
            Self::Bold => &faces.bold,
            Self::Typed => &faces.typed,
        }
    }
}

/// What something is to who hears it read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Heading,
    Paragraph,
    /// Its first run is its number.
    Step,
    /// The square.
    Square,
}

/// Some words in a row, from a point of the slip on.
pub(super) struct Run {
    pub(super) x: f32,
    pub(super) baseline: f32,
    pub(super) size: f32,
    pub(super) style: Style,
    pub(super) text: String,
}

/// Something to be read, with its words in their lines.
pub(super) struct Piece {
    pub(super) kind: Kind,
    pub(super) runs: Vec<Run>,
}

/// A slip, laid out, in the order of reading.
pub(super) struct Laid {
    pub(super) person: String,
    /// What the square is to who does not see it.
    pub(super) square_says: String,
    pub(super) pieces: Vec<Piece>,
    /// The left upper corner of the square.
    pub(super) square: (f32, f32),
    /// The line below the head: from, to, height.
    pub(super) rule: (f32, f32, f32),
    /// The frame around what is typed: left, top, width, height.
    pub(super) frame: (f32, f32, f32, f32),
}

impl Laid {
    /// Lays a slip out, as large as its place allows.
    pub(super) fn out(slip: &Slip, stationery: &Stationery) -> Self {
        const SMALLEST: f32 = 0.5;
        let (form, slip) = (Form::of(stationery.per_page), short(slip));
        let bottom = form.place().1 - form.margin;
        let mut scale = 1.0;
        loop {
            let setter = Setter::new(stationery, &form, scale);
            let (laid, end) = setter.set(&slip, stationery);
            if end <= bottom || scale <= SMALLEST {
                return laid;
            }
            scale -= 0.05;
        }
    }
}

/// Sets one thing below the other.
struct Setter<'a> {
    faces: &'a Faces,
    form: &'a Form,
    /// The size of what is read.
    size: f32,
    left: f32,
    width: f32,
    /// White beside the square.
    quiet: f32,
    /// How far down it has come.
    y: f32,
    pieces: Vec<Piece>,
}

impl<'a> Setter<'a> {
    fn new(stationery: &'a Stationery, form: &'a Form, scale: f32) -> Self {
        let width = form.place().0 - 2.0 * form.margin;
        Self {
            faces: &stationery.faces,
            form,
            size: form.size * scale,
            left: form.margin,
            width,
            quiet: form.square / stationery.square.side() * QUIET,
            y: form.margin,
            pieces: Vec::new(),
        }
    }

    /// Sets everything; answers how far down it came, too.
    fn set(mut self, slip: &Slip, stationery: &Stationery) -> (Laid, f32) {
        let words = stationery.letter.speaker(slip, &stationery.service, &stationery.address);
        let (size, whole) = (self.size, self.width);
        let rule = self.head(slip);
        self.paragraph(Style::Plain, size, &words.say("headline"));
        self.leave(0.15);
        self.block(Kind::Heading, Style::Bold, 1.65 * size, &slip.person(), whole);
        if !slip.pupils.is_empty() {
            self.paragraph(Style::Plain, 1.05 * size, &words.say("guardian"));
        }
        if self.form.letter {
            self.leave(0.9);
            self.paragraph(Style::Plain, size, &words.say("intro"));
        }
        self.leave(if self.form.letter { 1.2 } else { 0.45 });
        let (frame, square) = self.typed(slip, &words.say("login-label"), &words.say("code-label"));
        self.leave(if self.form.letter { 1.2 } else { 0.45 });
        let steps = ["step-1", "step-2", "step-3"].map(|step| words.say(step));
        for (number, step) in (1..).zip(steps.iter().filter(|step| !step.is_empty())) {
            self.step(number, step);
        }
        self.leave(0.35);
        self.paragraph(Style::Bold, size, &words.say("expires"));
        if self.form.letter {
            self.leave(0.9);
            self.paragraph(Style::Plain, 0.95 * size, &words.say("advice"));
        }
        let square_says = words.say("square");
        let laid = Laid { person: slip.person(), square_says, pieces: self.pieces, square, rule, frame };
        (laid, self.y)
    }

    /// The school on the left, the class on the right, a line below.
    fn head(&mut self, slip: &Slip) -> (f32, f32, f32) {
        let (size, top) = (self.size, self.y);
        let class_width = self.faces.bold.width(&slip.class) * 1.2 * size;
        self.block(Kind::Paragraph, Style::Bold, size, &slip.school, self.width - class_width - size);
        let below = self.y;
        if !slip.class.is_empty() {
            let baseline = top + 0.97 * size;
            let run = Run {
                x: self.left + self.width - class_width,
                baseline,
                size: 1.2 * size,
                style: Style::Bold,
                text: slip.class.clone(),
            };
            self.pieces.push(Piece { kind: Kind::Paragraph, runs: vec![run] });
        }
        self.y = below + 0.2 * size;
        let rule = (self.left, self.left + self.width, self.y);
        self.leave(if self.form.letter { 1.4 } else { 0.45 });
        rule
    }

    /// Login and code in a frame, and beside them the square. Answers the frame and the corner of the square.
    fn typed(
        &mut self,
        slip: &Slip,
        login_label: &str,
        code_label: &str,
    ) -> ((f32, f32, f32, f32), (f32, f32)) {
        let (size, top, all) = (self.size, self.y, (self.left, self.width));
        let (side, first) = (self.form.square, self.pieces.len());
        let (width, inset) = (all.1 - side - self.quiet, 0.8 * size);
        (self.left, self.width) = (all.0 + inset, width - 2.0 * inset);
        self.y += 0.5 * size;
        self.paragraph(Style::Plain, 0.9 * size, login_label);
        self.fitted(&slip.login, 1.5 * self.form.typed * size);
        self.leave(0.3);
        self.paragraph(Style::Plain, 0.9 * size, code_label);
        let code = printed(&slip.code);
        self.fitted(code.expose(), 1.9 * self.form.typed * size);
        self.y += 0.45 * size;
        (self.left, self.width) = all;
        let height = (self.y - top).max(side);
        // What is higher stands around the middle of the other.
        let lower = (height - (self.y - top)) / 2.0;
        self.pieces[first..]
            .iter_mut()
            .flat_map(|piece| &mut piece.runs)
            .for_each(|run| run.baseline += lower);
        self.pieces.push(Piece { kind: Kind::Square, runs: Vec::new() });
        self.y = top + height;
        ((all.0, top, width, height), (all.0 + all.1 - side, top + (height - side) / 2.0))
    }

    /// Something that is typed: in one line while it can be read, else in as many as it needs, never cut.
    fn fitted(&mut self, text: &str, size: f32) {
        let width = self.faces.typed.width(text).max(f32::EPSILON);
        let fits = (self.width / width).clamp(0.6 * size, size);
        self.paragraph(Style::Typed, fits, text);
    }

    fn step(&mut self, number: u8, text: &str) {
        let (size, all) = (self.size, (self.left, self.width));
        let indent = 1.5 * size;
        (self.left, self.width) = (all.0 + indent, all.1 - indent);
        let baseline = self.y + 0.97 * size;
        self.block(Kind::Step, Style::Plain, size, text, self.width);
        (self.left, self.width) = all;
        let label = Run { x: all.0, baseline, size, style: Style::Bold, text: format!("{number}. ") };
        if let Some(step) = self.pieces.last_mut() {
            step.runs.insert(0, label);
        }
    }

    fn paragraph(&mut self, style: Style, size: f32, text: &str) {
        self.block(Kind::Paragraph, style, size, text, self.width);
    }

    /// Words in as many lines as they need; nothing where there are none.
    fn block(&mut self, kind: Kind, style: Style, size: f32, text: &str, width: f32) {
        let text = clean(text);
        let lines = wrap(style.face(self.faces), &text, width / size);
        if lines.is_empty() {
            return;
        }
        let mut runs = Vec::with_capacity(lines.len());
        for text in lines {
            runs.push(Run { x: self.left, baseline: self.y + 0.97 * size, size, style, text });
            self.y += 1.24 * size;
        }
        self.pieces.push(Piece { kind, runs });
    }

    /// Leaves white, in sizes of what is read.
    fn leave(&mut self, sizes: f32) {
        self.y += sizes * self.size;
    }
}

/// A slip without names that would fill it.
fn short(slip: &Slip) -> Slip {
    let cut = |text: &str| match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    Slip {
        school: cut(&slip.school),
        family_name: cut(&slip.family_name),
        given_name: cut(&slip.given_name),
        pupils: slip.pupils.iter().map(|pupil| cut(pupil)).collect(),
        ..slip.clone()
    }
}

/// A text in lines, broken at spaces, and within a word only where it is wider than a line. A line that another follows
/// ends in a space, so that whoever hears it read hears two words.
fn wrap(face: &Face, text: &str, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut filled) = (String::new(), 0.0);
    let space = face.width(" ");
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut wide = face.width(word);
        if !line.is_empty() && filled + space + wide > width {
            line.push(' ');
            lines.push(std::mem::take(&mut line));
            filled = 0.0;
        }
        if !line.is_empty() {
            line.push(' ');
            filled += space;
        }
        if wide > width {
            let (mut rest, mut taken) = (String::new(), 0.0);
            for char in word.chars() {
                let one = face.width(char.encode_utf8(&mut [0; 4]));
                if taken + one > width && !rest.is_empty() {
                    lines.push(std::mem::take(&mut rest));
                    taken = 0.0;
                }
                rest.push(char);
                taken += one;
            }
            line.push_str(&rest);
            wide = taken;
        } else {
            line.push_str(word);
        }
        filled += wide;
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_within_a_word_only_where_they_must() {
        let faces = Faces::load().unwrap();
        let lines = wrap(&faces.typed, "un deux\u{a0}trois quatrecinqsix", 6.1);
        assert_eq!(lines, ["un ", "deux\u{a0}trois ", "quatrecinq", "six"]);
        assert!(wrap(&faces.plain, "  ", 5.0).is_empty());
    }
}
