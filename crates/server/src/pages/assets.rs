//! The static files that pages load: scripts and the style, compiled in; the word lists, written from the crate that owns them.
//!
//! The bytes depend on the path alone (G3).

use std::sync::LazyLock;

use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use credentials::Language;

use crate::http::Failure;

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// One file: its path, its type, its text.
struct Asset {
    path: &'static str,
    kind: &'static str,
    text: fn() -> &'static str,
}

/// Every file.
const ASSETS: &[Asset] = &[
    Asset { path: "/assets/page.css", kind: STYLE, text: || include_str!("assets/page.css") },
    Asset { path: "/assets/words.js", kind: SCRIPT, text: || WORDS_SCRIPT.as_str() },
];

/// The module `words.js`: both lists as the phrases are read from them, so that the browser and the server cannot differ.
pub static WORDS_SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let list = |language: Language| serde_json::json!(language.words().as_slice());
    let lists = serde_json::json!({ "en": list(Language::English), "fr": list(Language::French) });
    format!("export const LISTS = {lists};\n")
});

/// Answers with the file of the path.
///
/// # Errors
/// When there is none.
pub async fn serve(uri: Uri) -> Result<Response, Failure> {
    let asset = ASSETS.iter().find(|asset| asset.path == uri.path()).ok_or(Failure::not_found())?;
    let mut response = (asset.text)().into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::ROUTES;

    #[test]
    fn every_file_has_its_route_and_every_route_its_file() {
        let routes = ROUTES.iter().map(|route| route.path).filter(|path| path.starts_with("/assets/"));
        assert_eq!(routes.collect::<Vec<_>>(), ASSETS.iter().map(|asset| asset.path).collect::<Vec<_>>());
    }
}
