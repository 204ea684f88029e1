//! The static files that pages load: scripts and the style, compiled in; the word lists, written from the crate that owns them.
//!
//! The bytes depend on the path alone (G3).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use credentials::Language;
use types::Currency;

use crate::http::Failure;

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// The module `phrase.js`: reading, completion and picture of a phrase. Public so that a test can run it.
pub const PHRASE_SCRIPT: &str = include_str!("assets/phrase.js");

/// One file: its path, its type, its text.
struct Asset {
    path: &'static str,
    kind: &'static str,
    text: fn() -> &'static str,
}

const fn script(path: &'static str, text: fn() -> &'static str) -> Asset {
    Asset { path, kind: SCRIPT, text }
}

/// Every file.
const ASSETS: &[Asset] = &[
    Asset { path: "/assets/page.css", kind: STYLE, text: || include_str!("assets/page.css") },
    script("/assets/phrase.js", || PHRASE_SCRIPT),
    script("/assets/words.js", || WORDS_SCRIPT.as_str()),
    script("/assets/ceremony.js", || include_str!("assets/ceremony.js")),
    script("/assets/client.js", || include_str!("assets/client.js")),
    script("/assets/enrol.js", || include_str!("assets/enrol.js")),
    script("/assets/entry.js", || include_str!("assets/entry.js")),
    script("/assets/passkey.js", || include_str!("assets/passkey.js")),
    script("/assets/phrase-field.js", || include_str!("assets/phrase-field.js")),
    script("/assets/practice.js", || include_str!("assets/practice.js")),
    script("/assets/texts.js", || include_str!("assets/texts.js")),
    script("/assets/transfer.js", || include_str!("assets/transfer.js")),
];

/// Assets whose sums pages show. Any other is shown in its smallest unit.
const ASSETS_SHOWN: [&str; 10] = ["BTC", "ETH", "USDC", "USDT", "EURC", "EUR", "USD", "GBP", "CHF", "JPY"];

/// The module `words.js`: both lists as phrases are read from them, the tables of the picture, and how
/// many decimals an asset has, so that browser and server cannot differ.
pub static WORDS_SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let list = |language: Language| serde_json::json!(language.words().as_slice());
    let lists = serde_json::json!({ "en": list(Language::English), "fr": list(Language::French) });
    let tables = serde_json::json!(credentials::picture_tables());
    let known = ASSETS_SHOWN.iter().filter_map(|code| Some((code, Currency::parse(code).ok()?.decimals())));
    let decimals = serde_json::json!(known.collect::<BTreeMap<_, _>>());
    format!(
        "export const LISTS = {lists};\nexport const PICTURE = {tables};\nexport const DECIMALS = {decimals};\n"
    )
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
