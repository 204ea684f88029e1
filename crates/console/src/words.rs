//! What the console says, in English and French: Fluent catalogues, one file per group of pages, compiled in.
//!
//! The tests of this module hold that both languages have the same keys with the same variables, that every key is used and every used key
//! is there, and that no page has a text of its own.

use std::sync::LazyLock;

pub use api::Language;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

macro_rules! catalogues {
    ($($name:literal),+ $(,)?) => {
        /// Every catalogue: its name, its English and its French text.
        const CATALOGUES: &[(&str, &str, &str)] = &[$((
            $name,
            include_str!(concat!("../locales/en/", $name, ".ftl")),
            include_str!(concat!("../locales/fr/", $name, ".ftl")),
        )),+];
    };
}

catalogues!(
    "audit",
    "enrol",
    "entry",
    "first",
    "exposure",
    "frame",
    "me",
    "motions",
    "overview",
    "parts",
    "policy",
    "practice",
    "register",
    "response",
    "scripts",
    "stops",
    "transfers",
    "vaults"
);

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::English));
static FRENCH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::French));

/// The text of a catalogue, for scripts' texts and tests.
pub fn catalogue_text(language: Language) -> impl Iterator<Item = (&'static str, &'static str)> {
    CATALOGUES.iter().map(move |(name, english, french)| match language {
        Language::English => (*name, *english),
        Language::French => (*name, *french),
    })
}

/// The tag of a language.
pub const fn tag(language: Language) -> &'static str {
    match language {
        Language::English => "en",
        Language::French => "fr",
    }
}

fn bundle(language: Language) -> Bundle {
    // A tag that cannot be read would be a fault of ours, and the default is then as good.
    let locale = tag(language).parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    // Marks for mixed directions of writing: neither language needs them, and they would stand in what people copy.
    bundle.set_use_isolating(false);
    for (_, source) in catalogue_text(language) {
        // What can be read of a file is used; a test holds that all of it can.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

/// The keys that begin so, in order: for lists of texts that scripts get.
pub fn keys(prefix: &str) -> impl Iterator<Item = &'static str> {
    let lines = CATALOGUES.iter().flat_map(|(_, english, _)| english.lines());
    let named = lines.filter_map(|line| line.split_once(" =").map(|(key, _)| key));
    named.filter(move |key| key.starts_with(prefix))
}

/// The text of a key. A key that is not there is shown as it is: a test holds that there is none.
pub fn text(language: Language, key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
    let bundle = match language {
        Language::English => &ENGLISH,
        Language::French => &FRENCH,
    };
    let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
        return key.to_owned();
    };
    let values: FluentArgs<'_> = values.iter().map(|(name, value)| (*name, value.clone())).collect();
    bundle.format_pattern(pattern, Some(&values), &mut Vec::new()).into_owned()
}

/// The text of a key in the language that was asked for: `t!(ask, "transfers-title")`, `t!(ask, "waiting", count = 3)`.
#[macro_export]
macro_rules! t {
    ($ask:expr, $key:literal) => { $ask.text($key, &[]) };
    ($ask:expr, $key:literal, $($name:ident = $value:expr),+ $(,)?) => {
        $ask.text($key, &[$((stringify!($name), $value.into())),+])
    };
}
