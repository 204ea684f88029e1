//! The files that pages load: scripts, the style, the icon; compiled in. Word lists and scripts' texts are written from the crates that own them.
//!
//! The bytes depend on the path alone (G3).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use types::Currency;

use crate::words::{Language, keys, tag, text};

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const TOML: &str = "text/plain; charset=utf-8";

/// One file.
pub struct Asset {
    /// Its path.
    pub path: &'static str,
    /// Its media type.
    pub kind: &'static str,
    bytes: fn() -> &'static [u8],
}

impl Asset {
    /// Its content.
    #[must_use]
    pub fn bytes(&self) -> &'static [u8] {
        (self.bytes)()
    }
}

macro_rules! files {
    ($($name:literal : $kind:expr),+ $(,)?) => {
        /// Every file that is one; the rest is written.
        const FILES: &[Asset] = &[$(Asset {
            path: concat!("/assets/", $name),
            kind: $kind,
            bytes: || include_bytes!(concat!("../assets/", $name)),
        }),+];
    };
}

files! {
    "age.js": SCRIPT,
    "ceremony.js": SCRIPT,
    "enrol.js": SCRIPT,
    "first/register.en.toml": TOML,
    "first/register.fr.toml": TOML,
    "first/rules.en.toml": TOML,
    "first/rules.fr.toml": TOML,
    "icon-192.png": "image/png",
    "icon-512.png": "image/png",
    "icon-maskable-512.png": "image/png",
    "manifest.webmanifest": "application/manifest+json",
    "me.js": SCRIPT,
    "practice.js": SCRIPT,
    "push.js": SCRIPT,
    "sign-in.js": SCRIPT,
    "console.css": STYLE,
    "console.js": SCRIPT,
    "device-key.js": SCRIPT,
    "dossier.js": SCRIPT,
    "dossier-key.js": SCRIPT,
    "htmx.js": SCRIPT,
    "icon.svg": "image/svg+xml",
    "passkey.js": SCRIPT,
    "plain.css": STYLE,
    "phrase.js": SCRIPT,
    "policy.js": SCRIPT,
    "phrase-field.js": SCRIPT,
    "response.js": SCRIPT,
    "transfer.js": SCRIPT,
}

const WRITTEN: &[Asset] = &[
    Asset { path: "/assets/texts.js", kind: SCRIPT, bytes: || TEXTS.as_bytes() },
    Asset { path: "/assets/service-worker.js", kind: SCRIPT, bytes: || SERVICE_WORKER.as_bytes() },
    Asset { path: "/assets/words.js", kind: SCRIPT, bytes: || WORDS.as_bytes() },
];

/// Every file, in no particular order.
pub fn assets() -> impl Iterator<Item = &'static Asset> {
    FILES.iter().chain(WRITTEN)
}

/// Assets whose sums pages show. Any other is shown in its smallest unit.
const SHOWN: [&str; 10] = ["BTC", "ETH", "USDC", "USDT", "EURC", "EUR", "USD", "GBP", "CHF", "JPY"];

/// The module `words.js`: both lists as phrases are read from them, the tables of the picture, and how many decimals an asset has, so that
/// browser and server cannot differ.
static WORDS: LazyLock<String> = LazyLock::new(|| {
    // One text for each list: a fifth lighter than a list of texts.
    let list = |language: credentials::Language| serde_json::json!(language.words().join(" "));
    let (english, french) = (list(credentials::Language::English), list(credentials::Language::French));
    let lists = format!("{{ en: {english}.split(\" \"), fr: {french}.split(\" \") }}");
    let tables = serde_json::json!(credentials::picture_tables());
    let known = SHOWN.iter().filter_map(|code| Some((code, Currency::parse(code).ok()?.decimals())));
    let decimals = serde_json::json!(known.collect::<BTreeMap<_, _>>());
    format!(
        "export const LISTS = {lists};\nexport const PICTURE = {tables};\nexport const DECIMALS = {decimals};\n"
    )
});

/// What begins so in the catalogues is for scripts.
const FOR_SCRIPTS: &str = "js-";

/// The module `texts.js`: what scripts say, in both languages. `{0}` and so on stand for what is put in.
static TEXTS: LazyLock<String> = LazyLock::new(|| {
    let of = |language: Language| -> BTreeMap<&str, String> {
        let places = [("v0", "{0}".into()), ("v1", "{1}".into())];
        let named =
            keys(FOR_SCRIPTS).map(|key| (key.trim_start_matches(FOR_SCRIPTS), text(language, key, &places)));
        named.collect()
    };
    let both: BTreeMap<_, _> = [Language::English, Language::French].map(|it| (tag(it), of(it))).into();
    let both = serde_json::json!(both);
    format!("{}{both};\n{}", TEXTS_HEAD, include_str!("../assets/texts.js"))
});

/// The service worker, with the only words that it says. Served at the root too, so that its scope is the whole console.
static SERVICE_WORKER: LazyLock<String> = LazyLock::new(|| {
    let both = [Language::English, Language::French].map(|it| (tag(it), text(it, "push-waits", &[])));
    let both = serde_json::json!(both.into_iter().collect::<BTreeMap<_, _>>());
    format!("const WAITS = {both};\n{}", include_str!("../assets/service-worker.js"))
});

const TEXTS_HEAD: &str =
    "// What scripts say, from the catalogues. The language is the page's own.\nconst TEXTS = ";
