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

static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    [
        embed("ecluse.css", "text/css; charset=utf-8", include_bytes!("../../../assets/ecluse.css")),
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
        for name in ["ecluse.css", "ecluse.js", "logo.svg", "favicon.svg"] {
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
}
