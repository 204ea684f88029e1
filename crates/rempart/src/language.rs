//! In which language people are spoken to: `--language`, else the locale of the terminal, else English.

pub use policy::Language;

/// Picks one of two texts.
pub const fn pick<'a>(language: Language, english: &'a str, french: &'a str) -> &'a str {
    match language {
        Language::En => english,
        Language::Fr => french,
    }
}

/// The language of the terminal's locale.
pub fn of_locale() -> Language {
    let locale = sys_locale::get_locale().unwrap_or_default();
    if locale.to_ascii_lowercase().starts_with("fr") { Language::Fr } else { Language::En }
}

/// Parses the argument of `--language`.
///
/// # Errors
/// When it is neither `en` nor `fr`.
pub fn parse(text: &str) -> Result<Language, String> {
    match text {
        "en" => Ok(Language::En),
        "fr" => Ok(Language::Fr),
        other => Err(format!("`{other}` is not a language of Rempart: use `en` or `fr`")),
    }
}
