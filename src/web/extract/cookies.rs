//! The cookies: their names, and how they are set. On https each is `__Host-`, `Secure`, `HttpOnly` and `SameSite=Lax`.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::secret::Secret;
use crate::web::app::Site;

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name<'a> {
    /// The session.
    Session,
    /// The right to change a password.
    Pending,
    /// Which accounts signed in from here before.
    Known,
    /// That the password was just changed from here, and on which page.
    Changed,
    /// Somebody at the console.
    Console,
    /// A sign-in to the console that has begun.
    ConsoleSignIn,
    /// The interaction of this id; one each, so that two tabs do not meet.
    Interaction(&'a str),
}

/// For how long a browser is remembered as known.
pub const KNOWN_FOR: Duration = Duration::from_hours(180 * 24);

impl Name<'_> {
    fn text(self, site: &Site) -> String {
        let prefix = if site.secure { "__Host-" } else { "" };
        match self {
            Self::Session => format!("{prefix}ecluse_session"),
            Self::Pending => format!("{prefix}ecluse_pending"),
            Self::Known => format!("{prefix}ecluse_known"),
            Self::Changed => format!("{prefix}ecluse_changed"),
            Self::Console => format!("{prefix}ecluse_console"),
            Self::ConsoleSignIn => format!("{prefix}ecluse_console_sign_in"),
            Self::Interaction(uid) => {
                let tag = URL_SAFE_NO_PAD.encode(digest(&SHA256, uid.as_bytes()));
                format!("{prefix}ecluse_ix_{}", &tag[..12])
            }
        }
    }
}

/// The value of a cookie, if the browser sent one.
pub fn read(jar: &CookieJar, site: &Site, name: Name<'_>) -> Option<Secret> {
    jar.get(&name.text(site)).map(|cookie| Secret::new(cookie.value().to_owned()))
}

/// Sets a cookie that goes with the browser's own session.
pub fn set(jar: CookieJar, site: &Site, name: Name<'_>, value: &str) -> CookieJar {
    let mut cookie = blank(site, name);
    cookie.set_value(value.to_owned());
    jar.add(cookie)
}

/// Sets a cookie that is of use for this long, and goes then.
pub fn set_for(jar: CookieJar, site: &Site, name: Name<'_>, value: &str, lifetime: Duration) -> CookieJar {
    let mut cookie = blank(site, name);
    cookie.set_value(value.to_owned());
    cookie.set_max_age(time::Duration::try_from(lifetime).unwrap_or(time::Duration::MAX));
    jar.add(cookie)
}

/// Takes a cookie away.
pub fn unset(jar: CookieJar, site: &Site, name: Name<'_>) -> CookieJar {
    jar.remove(blank(site, name))
}

fn blank(site: &Site, name: Name<'_>) -> Cookie<'static> {
    Cookie::build((name.text(site), ""))
        .path("/")
        .http_only(true)
        .secure(site.secure)
        .same_site(SameSite::Lax)
        .build()
}
