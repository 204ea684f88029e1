//! Times and lengths of time as people of a language write them, in the organisation's time zone.
//!
//! What is written depends on the moment itself and never on when the page was asked for, so a page changes only when a fact does (G3);
//! how long there is still to wait is counted by `console.js` beside it.

use jiff::Zoned;
use maud::{Markup, html};
use types::{Span, Timestamp};

use crate::ask::Ask;
use crate::t;

const HOUR_SECONDS: u64 = 3600;
const DAY_SECONDS: u64 = 24 * HOUR_SECONDS;
const MINUTE_SECONDS: u64 = 60;

/// A moment: `21 Nov 2026, 14:05`.
#[must_use]
pub fn moment(ask: &Ask, at: Timestamp) -> Markup {
    html! { time datetime=(at) { (text(ask, at)) } }
}

/// A moment to come, with how long it is until then.
#[must_use]
pub fn until(ask: &Ask, at: Timestamp) -> Markup {
    html! { time datetime=(at) data-until { (text(ask, at)) } }
}

/// The same as text.
#[must_use]
pub fn text(ask: &Ask, at: Timestamp) -> String {
    let Some(local) = local(ask, at) else { return at.to_string() };
    let month = ask.text(&format!("month-{}", local.month()), &[]);
    let clock = format!("{:02}:{:02}", local.hour(), local.minute());
    t!(
        ask,
        "moment",
        day = i64::from(local.day()),
        month = month,
        year = local.year().to_string(),
        clock = clock
    )
}

/// As `<input type="datetime-local">` wants it.
#[must_use]
pub fn for_input(ask: &Ask, at: Timestamp) -> String {
    local(ask, at).map(|local| local.strftime("%Y-%m-%dT%H:%M").to_string()).unwrap_or_default()
}

fn local(ask: &Ask, at: Timestamp) -> Option<Zoned> {
    let at = jiff::Timestamp::from_nanosecond(i128::from(at.as_nanos())).ok()?;
    Some(at.to_zoned(ask.zone.clone()))
}

/// A length of time in its largest whole unit: `48 hours`, `7 days`. Days from three days on, as people speak of waits.
#[must_use]
pub fn length(ask: &Ask, span: Span) -> String {
    let seconds = span.seconds();
    let of = |unit: u64| i64::try_from(seconds / unit).unwrap_or(i64::MAX);
    if seconds >= 3 * DAY_SECONDS && seconds.is_multiple_of(DAY_SECONDS) {
        t!(ask, "length-days", n = of(DAY_SECONDS))
    } else if seconds >= HOUR_SECONDS && seconds.is_multiple_of(HOUR_SECONDS) {
        t!(ask, "length-hours", n = of(HOUR_SECONDS))
    } else if seconds >= MINUTE_SECONDS && seconds.is_multiple_of(MINUTE_SECONDS) {
        t!(ask, "length-minutes", n = of(MINUTE_SECONDS))
    } else {
        t!(ask, "length-seconds", n = of(1))
    }
}
