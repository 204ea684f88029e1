//! How figures of exposure are said: how many homes, for how long, in which mode. Called by the pages of exposure and of the policy.

use maud::{Markup, html};
use types::{Currency, Span, Value};

use crate::ask::Ask;
use crate::parts::{money, time};
use crate::t;

/// `one home`, `2 homes`.
pub fn how_many(ask: &Ask, k: u8) -> String {
    t!(ask, "exposure-homes", n = k)
}

/// `24 hours`, `7 days`.
pub fn how_long(ask: &Ask, seconds: u64) -> String {
    time::length(ask, Span::from_seconds(seconds))
}

/// The same, as briefly as it stands below a chart: `24 h`, `7 d`.
pub fn how_long_brief(ask: &Ask, seconds: u64) -> String {
    let hours = seconds / 3600;
    if hours > 96 && hours.is_multiple_of(24) {
        t!(ask, "exposure-days", n = hours / 24)
    } else {
        t!(ask, "exposure-hours", n = hours)
    }
}

/// What people do meanwhile. A word that is not known is shown as it is.
pub fn mode_name(ask: &Ask, mode: &str) -> String {
    match mode {
        "silent" => t!(ask, "exposure-silent"),
        "signalled" => t!(ask, "exposure-signalled"),
        "stopped" => t!(ask, "exposure-stopped"),
        other => other.to_owned(),
    }
}

/// A moment of a timeline: `at once`, `after 48 hours`.
pub fn after(ask: &Ask, seconds: u64) -> String {
    if seconds == 0 {
        t!(ask, "exposure-at-once")
    } else {
        t!(ask, "exposure-after", length = how_long(ask, seconds))
    }
}

/// A text in which what is to be typed or found stands between backticks, as the interface writes it.
pub fn with_code(text: &str) -> Markup {
    let parts: Vec<&str> = text.split('`').collect();
    // An odd one out is a sign like any other.
    let is_paired = parts.len() % 2 == 1;
    html! {
        @if is_paired {
            @for (at, part) in parts.into_iter().enumerate() { @if at % 2 == 0 { (part) } @else { code translate="no" { (part) } } }
        } @else { (text) }
    }
}

/// A sum in the smallest unit of a currency, as it stands beside a chart: `200 k`, `1.5 M`. Whole if it is no round number.
pub fn brief(ask: &Ask, minor: u128, currency: Currency) -> String {
    let unit = 10u128.saturating_pow(u32::from(currency.decimals()));
    let whole = minor / unit;
    if minor == 0 {
        return "0".to_owned();
    }
    if !minor.is_multiple_of(unit) || whole < 1000 {
        return money::text(ask.language, Value::from_minor(minor).in_currency(currency));
    }
    let (size, of) = match whole {
        0..1_000_000 => (1000, "k"),
        1_000_000..1_000_000_000 => (1_000_000, "M"),
        _ => (1_000_000_000, "G"),
    };
    let number = decimal(ask, whole, size);
    match of {
        "k" => t!(ask, "exposure-thousands", n = number),
        "M" => t!(ask, "exposure-millions", n = number),
        _ => t!(ask, "exposure-billions", n = number),
    }
}

/// With one decimal where there is one.
fn decimal(ask: &Ask, whole: u128, size: u128) -> String {
    let point = match ask.language {
        api::Language::English => '.',
        api::Language::French => ',',
    };
    match whole % size * 10 / size {
        0 => (whole / size).to_string(),
        tenths => format!("{}{point}{tenths}", whole / size),
    }
}

#[cfg(test)]
mod tests {
    use super::with_code;

    #[test]
    fn what_stands_between_backticks_is_code() {
        let shown = |text| with_code(text).into_string();
        assert_eq!(
            shown("set `hold` to `2 < 3`"),
            "set <code translate=\"no\">hold</code> to <code translate=\"no\">2 &lt; 3</code>"
        );
        assert_eq!(shown("one ` alone"), "one ` alone");
        assert_eq!(shown("none"), "none");
    }
}
