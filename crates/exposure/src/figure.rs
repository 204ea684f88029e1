//! Figures that people look at: a small writer of SVG, sums as people write them. No script, no request, nothing from outside (G9).
//!
//! Called by the drill and the certificate. Every text is escaped in one place.

pub(crate) mod chart;
pub(crate) mod svg;

use policy::Language;
use types::{Currency, Span, Value};

/// A sum with its thousands apart: `1,250,000 EUR`, `1 250 000 EUR`.
#[must_use]
pub fn money(value: Value, currency: Currency, language: Language) -> String {
    let plain = value.in_currency(currency).to_string();
    let number = plain.split(' ').next().unwrap_or_default();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let (apart, point) = match language {
        Language::En => (',', '.'),
        Language::Fr => ('\u{202f}', ','),
    };
    let mut text = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            text.push(apart);
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        let digits = usize::from(currency.decimals().min(2));
        text.push(point);
        text.push_str(&format!("{fraction:0<digits$}"));
    }
    format!("{text}\u{a0}{currency}")
}

/// A duration as people write it: `45 min`, `6 h`, `7 days`.
#[must_use]
pub fn duration(span: Span, language: Language) -> String {
    let seconds = span.seconds();
    let days = match language {
        Language::En => "days",
        Language::Fr => "jours",
    };
    match seconds {
        0 => "0\u{a0}h".to_owned(),
        _ if seconds.is_multiple_of(86_400) && seconds > 4 * 86_400 => {
            format!("{}\u{a0}{days}", seconds / 86_400)
        }
        _ if seconds.is_multiple_of(3600) => format!("{}\u{a0}h", seconds / 3600),
        _ if seconds < 3600 => format!("{}\u{a0}min", seconds.div_ceil(60)),
        _ => format!("{}\u{a0}h\u{a0}{:02}", seconds / 3600, (seconds % 3600) / 60),
    }
}

/// Text inside an element or attribute of SVG and HTML.
#[must_use]
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // XML has no word for them, not even an escape.
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_durations_are_written_as_people_write_them() {
        let eur = Currency::parse("EUR").unwrap();
        let sum = |minor, language| money(Value::from_minor(minor), eur, language);
        assert_eq!(sum(0, Language::En), "0\u{a0}EUR");
        assert_eq!(sum(99_900, Language::En), "999\u{a0}EUR");
        assert_eq!(sum(125_000_000, Language::En), "1,250,000\u{a0}EUR");
        assert_eq!(sum(125_000_050, Language::Fr), "1\u{202f}250\u{202f}000,50\u{a0}EUR");
        assert_eq!(duration(Span::from_hours(6), Language::En), "6\u{a0}h");
        assert_eq!(duration(Span::from_hours(96), Language::En), "96\u{a0}h");
        assert_eq!(duration(Span::from_hours(240), Language::Fr), "10\u{a0}jours");
        assert_eq!(duration(Span::from_seconds(2412), Language::En), "41\u{a0}min");
        assert_eq!(duration(Span::from_seconds(5400), Language::En), "1\u{a0}h\u{a0}30");
    }

    #[test]
    fn nothing_escapes_the_escaping() {
        assert_eq!(escape("<a href=\"x\">&'\u{0}"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\u{fffd}");
    }
}
