//! Sums as people of a language write them: `20,000 EUR` and `0.5 BTC`, `20 000 EUR` and `0,5 BTC`.

use api::CurrencyMinor;
use maud::{Markup, html};
use types::Amount;

use crate::ask::Ask;
use crate::words::Language;

/// Between groups of three digits in French, and between a number and its unit: narrow, and no line ends there.
const NARROW: char = '\u{202f}';
/// Between a number and its unit in English: no line ends there.
const UNBROKEN: char = '\u{a0}';

/// A sum of an asset or a currency.
#[must_use]
pub fn amount(ask: &Ask, amount: Amount) -> Markup {
    html! { data.sum value=(amount) { (text(ask.language, amount)) } }
}

/// A sum in the organisation's currency.
#[must_use]
pub fn value(ask: &Ask, sum: CurrencyMinor) -> Markup {
    amount(ask, sum.minor.in_currency(sum.currency))
}

/// The same as text, for titles and attributes.
#[must_use]
pub fn text(language: Language, amount: Amount) -> String {
    let written = amount.to_string();
    let (number, unit) = written.split_once(' ').unwrap_or((written.as_str(), ""));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let (group, point, gap) = match language {
        Language::English => (',', '.', UNBROKEN),
        Language::French => (NARROW, ',', UNBROKEN),
    };
    let whole = grouped(whole, group);
    match fraction {
        "" => format!("{whole}{gap}{unit}"),
        _ => format!("{whole}{point}{fraction}{gap}{unit}"),
    }
}

fn grouped(digits: &str, group: char) -> String {
    let length = digits.chars().count();
    let mut text = String::with_capacity(length + length / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (length - at).is_multiple_of(3) {
            text.push(group);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_written_as_each_language_writes_them() {
        let both = |sum: &str| {
            let sum = Amount::parse(sum).unwrap();
            (text(Language::English, sum), text(Language::French, sum))
        };
        assert_eq!(both("20000 EUR"), ("20,000\u{a0}EUR".into(), "20\u{202f}000\u{a0}EUR".into()));
        assert_eq!(
            both("1234567.5 EUR"),
            ("1,234,567.5\u{a0}EUR".into(), "1\u{202f}234\u{202f}567,5\u{a0}EUR".into())
        );
        assert_eq!(both("0.5 BTC"), ("0.5\u{a0}BTC".into(), "0,5\u{a0}BTC".into()));
        assert_eq!(both("999 EUR").0, "999\u{a0}EUR");
        assert_eq!(both("0 EUR").0, "0\u{a0}EUR");
    }
}
