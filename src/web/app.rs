//! What every handler is given.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ipnet::IpNet;
use jiff::tz::TimeZone;

use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::paper::letter::{Letter, LetterError};
use crate::store::db::DbError;
use crate::web::download::{Place, UnderWay};
use crate::web::pages::text::Language;

/// What every handler is given. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// What flows are given.
    pub ctx: Arc<Context>,
    /// What only pages and headers need.
    pub site: Arc<Site>,
    /// Whether the program goes.
    pub leaving: Leaving,
    /// What is being downloaded.
    pub files: Arc<UnderWay>,
}

/// Whether the program was told to stop. It answers for a while yet: that it goes is what it tells whoever sends it requests,
/// so that they send them elsewhere.
#[derive(Clone, Default)]
pub struct Leaving(Arc<AtomicBool>);

impl Leaving {
    /// From here on it goes.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it goes.
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl App {
    /// What handlers are given, of a program that stays.
    pub fn new(ctx: Arc<Context>, site: Site) -> Self {
        let files = UnderWay::new(ctx.clock.clone());
        Self { ctx, site: Arc::new(site), leaving: Leaving::default(), files }
    }

    /// A place for a file of whoever asks for it; they come back later where there is none.
    pub fn begin_file(&self, actor: &Actor) -> Result<Place, Unavailable> {
        self.files.begin(&actor.name()).ok_or_else(|| DbError::Overloaded.into())
    }
}

/// The settings that only pages and headers need.
pub struct Site {
    /// The name at the head of each page.
    pub name: String,
    /// The deployment's line on the sign-in page, in French.
    pub notice_fr: Option<String>,
    /// The same line in English.
    pub notice_en: Option<String>,
    /// The zone in which times are shown.
    pub zone: TimeZone,
    /// The issuer's origin: what a browser says in `Origin` when a form is our own.
    pub origin: String,
    /// Whether the issuer is https: cookies are then `Secure` and carry the `__Host-` prefix.
    pub secure: bool,
    /// Proxies whose request ids are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether they also decide what is traced.
    pub believes_traceparent: bool,
    /// What slips say.
    pub slips: SlipWords,
}

/// What slips say.
#[derive(Clone, Default)]
pub struct SlipWords {
    /// The language, where nobody asks for another.
    pub language: Language,
    /// The deployment's own words in French.
    pub french: Option<String>,
    /// The same in English.
    pub english: Option<String>,
}

impl SlipWords {
    /// The words in a language.
    pub fn letter(&self, language: Language) -> Result<Letter, LetterError> {
        match language {
            Language::French => Letter::french(self.french.as_deref()),
            Language::English => Letter::english(self.english.as_deref()),
        }
    }
}

impl Site {
    /// The deployment's line on the sign-in page.
    pub fn notice(&self, language: Language) -> Option<&str> {
        match language {
            Language::French => self.notice_fr.as_deref(),
            Language::English => self.notice_en.as_deref(),
        }
    }

    /// An instant in the deployment's zone; in UTC if it lies outside the calendar.
    pub fn local(&self, instant: Timestamp) -> jiff::Zoned {
        jiff::Timestamp::from_microsecond(instant.micros())
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(self.zone.clone())
    }
}
