//! The style sheet, the script and the drawings, embedded in the binary.
//!
//! A path carries the hash of its content, so that a browser may keep the file for ever and a new version is
//! another path.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A file as it is served.
#[derive(Debug)]
pub struct Asset {
    /// The bytes, exactly as in the repository.
    pub body: &'static [u8],
    /// The media type, with its character set for text.
    pub content_type: &'static str,
    /// The strong entity tag, quotes included (RFC 9110 section 8.8.3).
    pub etag: String,
    name: &'static str,
    path: String,
}

/// Where a file is served from, `/assets/ecluse.<hash>.css` for `ecluse.css`. A name that is not embedded
/// leads to a path that answers 404; a test renders every page and follows every path.
pub fn asset_path(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or("/assets/missing", |asset| asset.path.as_str())
}

/// The file behind the last segment of a path given by [`asset_path`]; the plain name finds nothing.
pub fn lookup(file: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path.strip_prefix(PREFIX) == Some(file))
}

/// `GET /assets/{file}`.
pub async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = lookup(&file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let lasting = [
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::ETAG, asset.etag.as_str()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == asset.etag.as_str()) {
        return (StatusCode::NOT_MODIFIED, lasting).into_response();
    }
    (lasting, [(header::CONTENT_TYPE, asset.content_type)], asset.body).into_response()
}

const PREFIX: &str = "/assets/";

static ASSETS: LazyLock<[Asset; 5]> = LazyLock::new(|| {
    [
        embed("ecluse.css", "text/css; charset=utf-8", include_bytes!("../../../assets/ecluse.css")),
        embed("console.css", "text/css; charset=utf-8", include_bytes!("../../../assets/console.css")),
        embed("ecluse.js", "text/javascript; charset=utf-8", include_bytes!("../../../assets/ecluse.js")),
        embed("logo.svg", "image/svg+xml", include_bytes!("../../../assets/logo.svg")),
        embed("favicon.svg", "image/svg+xml", include_bytes!("../../../assets/favicon.svg")),
    ]
});

fn embed(name: &'static str, content_type: &'static str, body: &'static [u8]) -> Asset {
    let digest = digest::digest(&digest::SHA256, body);
    // 96 bits tell versions of one file apart many times over, and keep the path readable.
    let hash = URL_SAFE_NO_PAD.encode(digest.as_ref().get(..12).unwrap_or_default());
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let path = format!("{PREFIX}{stem}.{hash}.{extension}");
    Asset { body, content_type, etag: format!("\"{hash}\""), name, path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_file_and_the_plain_name_does_not() {
        for name in ["ecluse.css", "console.css", "ecluse.js", "logo.svg", "favicon.svg"] {
            let file = asset_path(name).strip_prefix(PREFIX).unwrap();
            assert_eq!(lookup(file).unwrap().name, name);
            assert!(lookup(name).is_none(), "a plain name would be cached for ever");
        }
    }

    #[test]
    fn the_drawings_carry_no_style_and_no_script_of_their_own() {
        for name in ["logo.svg", "favicon.svg"] {
            let asset = ASSETS.iter().find(|asset| asset.name == name).unwrap();
            let text = std::str::from_utf8(asset.body).unwrap();
            assert!(!text.contains("<style") && !text.contains("<script") && !text.contains(" style="));
        }
    }

    /// A colour of a `:root` block, from its custom property, as its relative luminance (WCAG 2.2).
    fn luminance(block: &str, name: &str) -> f64 {
        let declared = block.split_once(&format!("--{name}: #")).unwrap_or_else(|| panic!("--{name}")).1;
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&declared[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
    }

    #[test]
    fn every_colour_stands_out_from_what_is_behind_it() {
        // WCAG 2.2: 4.5 for text (1.4.3), 3 for the edges of fields, focus and the strength (1.4.11).
        let pairs = [
            (4.5, "page", "ink soft link good bad"),
            (4.5, "sheet", "ink soft link good bad"),
            (4.5, "wash", "ink link"),
            (4.5, "good-wash", "ink"),
            (4.5, "bad-wash", "ink bad"),
            (4.5, "oak-wash", "ink oak"),
            (4.5, "act", "act-ink"),
            (4.5, "act-over", "act-ink"),
            (3.0, "page", "edge focus act good bad oak"),
            (3.0, "sheet", "edge focus bad"),
            (3.0, "bad-wash", "focus"),
        ];
        let sheet = include_str!("../../../assets/ecluse.css");
        let (light, rest) = sheet.split_once("prefers-color-scheme: dark").unwrap();
        let dark = rest.split_once("box-sizing").unwrap().0;
        let contrast = |block, behind, front| {
            let (one, other) = (luminance(block, behind), luminance(block, front));
            (one.max(other) + 0.05) / (one.min(other) + 0.05)
        };
        for (scheme, block) in [("light", light), ("dark", dark)] {
            for (least, behind, fronts) in pairs {
                for front in fronts.split(' ') {
                    let found = contrast(block, behind, front);
                    assert!(found >= least, "{scheme}: {front} on {behind} is {found:.2}, not {least}");
                }
            }
        }
        for behind in ["deep", "deep-low"] {
            assert!(contrast(light, behind, "deep-ink") >= 4.5, "the quay is the same in both schemes");
        }
    }
}
