//! What is the same on every slip: its form, its words, its faces, the address of the sign-in page.

use thiserror::Error;

use crate::paper::font::{Faces, clean};
use crate::paper::letter::Letter;
use crate::paper::qr::Square;
use crate::paper::slip::Slip;

/// How many slips an A4 page has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PerPage {
    /// A letter.
    One,
    /// Half a page each.
    Two,
    /// Two columns of four.
    Eight,
}

impl PerPage {
    /// Every number.
    pub const ALL: [Self; 3] = [Self::One, Self::Two, Self::Eight];

    /// As a number.
    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Eight => 8,
        }
    }

    /// Of so many; none where no page has as many.
    pub fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.number() == number)
    }
}

/// Why something cannot be printed.
#[derive(Debug, Error)]
pub enum Unprintable {
    /// The program was built with faces that cannot be read.
    #[error("the faces that slips are set in cannot be read")]
    Font,
    /// The address has no QR code.
    #[error("no QR code can be made of the address of the sign-in page: {0}")]
    Address(String),
    /// The library refuses.
    #[error("the PDF cannot be put together: {0}")]
    Pdf(String),
    /// It cannot be handed over.
    #[error(transparent)]
    Out(#[from] std::io::Error),
}

/// What is the same on every slip.
pub struct Stationery {
    pub(super) letter: Letter,
    pub(super) per_page: PerPage,
    /// What people know the service by.
    pub(super) service: String,
    /// Where they sign in.
    pub(super) address: String,
    pub(super) faces: Faces,
    pub(super) square: Square,
}

impl Stationery {
    /// For a service, known by a name, at whose address people sign in.
    pub fn new(letter: Letter, per_page: PerPage, service: &str, address: &str) -> Result<Self, Unprintable> {
        Ok(Self {
            letter,
            per_page,
            service: service.to_owned(),
            address: address.to_owned(),
            faces: Faces::load()?,
            square: Square::of(address)?,
        })
    }

    /// Whether everything that a slip says of somebody is written as it should be. A script that the faces do not have,
    /// or have without the joining of its letters, can only be hinted at.
    pub fn writes(&self, slip: &Slip) -> bool {
        let read = [&slip.family_name, &slip.given_name, &slip.school, &slip.class];
        let read = read.into_iter().chain(&slip.pupils).all(|text| self.faces.bold.writes(text));
        read && self.faces.typed.writes(&slip.login) && clean(&slip.login) == slip.login
    }
}
