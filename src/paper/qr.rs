//! The square that a phone reads: the address of the sign-in page, the same on every slip.

use krilla::geom::{Path, PathBuilder, Rect};
use qrcode::{Color, QrCode};

use crate::paper::stationery::Unprintable;

/// White around it, in modules, as ISO/IEC 18004 asks for. A page leaves it.
pub(super) const QUIET: f32 = 4.0;

/// A square that a phone reads.
pub(super) struct Square {
    /// Modules a side.
    modules: u16,
    /// The runs of dark modules: column, row, length.
    dark: Vec<(u16, u16, u16)>,
}

impl Square {
    pub(super) fn of(text: &str) -> Result<Self, Unprintable> {
        let code = QrCode::new(text).map_err(|error| Unprintable::Address(error.to_string()))?;
        let modules = u16::try_from(code.width()).unwrap_or(u16::MAX);
        let mut dark: Vec<(u16, u16, u16)> = Vec::new();
        let places = (0..modules).flat_map(|row| (0..modules).map(move |column| (column, row)));
        for ((column, row), color) in places.zip(code.to_colors()) {
            match (color, dark.last_mut()) {
                (Color::Light, _) => {}
                (Color::Dark, Some((from, at, length))) if *at == row && *from + *length == column => {
                    *length += 1;
                }
                (Color::Dark, _) => dark.push((column, row, 1)),
            }
        }
        Ok(Self { modules, dark })
    }

    /// Its outline, a point to a module.
    pub(super) fn path(&self) -> Option<Path> {
        let mut path = PathBuilder::new();
        for (column, row, length) in &self.dark {
            path.push_rect(Rect::from_xywh(f32::from(*column), f32::from(*row), f32::from(*length), 1.0)?);
        }
        path.finish()
    }

    /// How wide it is then.
    pub(super) fn side(&self) -> f32 {
        f32::from(self.modules)
    }
}
