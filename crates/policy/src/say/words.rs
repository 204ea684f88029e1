//! Words for what rules are made of: sums, lengths of time, moments, hours, names, quorums. Names groups and never a person (G9).
//!
//! Called by the rest of `say`, and by `server` for why a transfer stands where it stands.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use types::{Amount, Span, Timestamp, Value};

use crate::calendar::{Calendar, CivilEnd};
use crate::explain::Language;
use crate::model::{AmountRange, DestinationRule, Posture};
use crate::policy::Policy;
use crate::quorum::{Apart, Quorum};
use crate::shortfall::Lacks;

const MINUTE_SECONDS: u64 = 60;
const HOUR_SECONDS: u64 = 60 * MINUTE_SECONDS;
const DAY_SECONDS: u64 = 24 * HOUR_SECONDS;
/// People speak of waits in days from this many on.
const SPOKEN_DAYS_MIN: u64 = 3;
/// Between groups of three digits in French.
const NARROW: char = '\u{202f}';
/// Where no line may end.
const UNBROKEN: char = '\u{a0}';

const MONTHS_EN: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTHS_FR: [&str; 12] =
    ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."];
const DAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const DAYS_FR: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];

impl Language {
    /// A name as it was chosen, in the language's quotes.
    #[must_use]
    pub fn quoted(self, name: &str) -> String {
        match self {
            Self::En => format!("“{name}”"),
            Self::Fr => format!("«\u{a0}{name}\u{a0}»"),
        }
    }

    /// Names with commas and a last word between them.
    pub(crate) fn list<T: ToString>(self, names: &[T], last: (&str, &str)) -> String {
        let quoted: Vec<String> = names.iter().map(|name| self.quoted(&name.to_string())).collect();
        self.join(&quoted, last)
    }

    /// Phrases with commas and a last word between them.
    pub(crate) fn join(self, parts: &[String], (en, fr): (&str, &str)) -> String {
        match parts {
            [] => String::new(),
            [only] => only.clone(),
            [first @ .., last] => format!("{} {} {last}", first.join(", "), self.pick(en, fr)),
        }
    }

    /// A sum, its digits in groups of three.
    #[must_use]
    pub fn amount(self, amount: Amount) -> String {
        let written = amount.to_string();
        let (number, unit) = written.split_once(' ').unwrap_or((written.as_str(), ""));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let (group, point) = match self {
            Self::En => (',', '.'),
            Self::Fr => (NARROW, ','),
        };
        let mut text = grouped(whole, group);
        if !fraction.is_empty() {
            text.push(point);
            text.push_str(fraction);
        }
        format!("{text}{UNBROKEN}{unit}")
    }

    /// A sum in the organisation's currency.
    #[must_use]
    pub fn value(self, policy: &Policy, value: Value) -> String {
        self.amount(Amount::new(policy.organisation().currency, value.minor()))
    }

    /// A whole number.
    pub(crate) fn number(self, number: u64) -> String {
        grouped(&number.to_string(), if self == Self::En { ',' } else { NARROW })
    }

    /// A length of time in its largest whole unit.
    #[must_use]
    pub fn span(self, span: Span) -> String {
        let seconds = span.seconds();
        let (count, en, fr) =
            if seconds >= SPOKEN_DAYS_MIN * DAY_SECONDS && seconds.is_multiple_of(DAY_SECONDS) {
                (seconds / DAY_SECONDS, "day", "jour")
            } else if seconds >= HOUR_SECONDS && seconds.is_multiple_of(HOUR_SECONDS) {
                (seconds / HOUR_SECONDS, "hour", "heure")
            } else if seconds >= MINUTE_SECONDS && seconds.is_multiple_of(MINUTE_SECONDS) {
                (seconds / MINUTE_SECONDS, "minute", "minute")
            } else {
                (seconds, "second", "seconde")
            };
        let is_one = count == 1 || (self == Self::Fr && count == 0);
        let plural = if is_one { "" } else { "s" };
        format!("{}{UNBROKEN}{}{plural}", self.number(count), self.pick(en, fr))
    }

    /// A moment on the organisation's clock.
    #[must_use]
    pub fn moment(self, policy: &Policy, at: Timestamp) -> String {
        let Some(local) = local(&policy.organisation().time_zone, at) else { return at.to_string() };
        let months = if self == Self::En { MONTHS_EN } else { MONTHS_FR };
        let month =
            usize::try_from(local.month() - 1).ok().and_then(|month| months.get(month)).unwrap_or(&"?");
        let (day, year, clock) = (local.day(), local.year(), local.strftime("%H:%M"));
        match self {
            Self::En => format!("{day} {month} {year}, {clock}"),
            Self::Fr => format!("{day} {month} {year} à {clock}"),
        }
    }

    /// Days of the week and hours.
    pub(crate) fn hours(self, calendar: &Calendar) -> String {
        let to = match calendar.to {
            CivilEnd::At(time) => time.strftime("%H:%M").to_string(),
            CivilEnd::Midnight => "24:00".to_owned(),
        };
        let from = calendar.from.strftime("%H:%M");
        let days = self.days(&calendar.days);
        match self {
            Self::En => format!("{days}, {from} to {to}"),
            Self::Fr => format!("{days}, de {from} à {to}"),
        }
    }

    /// Days in a row by their first and last.
    fn days(self, days: &[Weekday]) -> String {
        let numbers: Vec<i8> = days.iter().map(|day| day.to_monday_zero_offset()).collect();
        let in_a_row = numbers.iter().zip(numbers.iter().skip(1)).all(|(one, next)| *next == one + 1);
        match (days, self) {
            ([_, _, _, _, _, _, _], _) => self.pick("any day", "tous les jours").to_owned(),
            ([first, _, .., last], Self::En) if in_a_row => {
                format!("{} to {}", self.weekday(*first), self.weekday(*last))
            }
            ([first, _, .., last], Self::Fr) if in_a_row => {
                format!("du {} au {}", self.weekday(*first), self.weekday(*last))
            }
            _ => {
                let days: Vec<String> = days.iter().map(|day| self.weekday(*day).to_owned()).collect();
                self.join(&days, ("and", "et"))
            }
        }
    }

    fn weekday(self, day: Weekday) -> &'static str {
        let names = if self == Self::En { DAYS_EN } else { DAYS_FR };
        let at = usize::try_from(day.to_monday_zero_offset()).unwrap_or_default();
        names.get(at).copied().unwrap_or("?")
    }

    /// The posture's word.
    #[must_use]
    pub const fn posture(self, posture: Posture) -> &'static str {
        match posture {
            Posture::Normal => self.pick("normal", "normale"),
            Posture::Elevated => self.pick("elevated", "élevée"),
            Posture::Lockdown => self.pick("lockdown", "confinement"),
        }
    }

    /// What an amount is within; empty when anything is.
    pub(crate) fn range(self, policy: &Policy, range: &AmountRange) -> String {
        let (over, up_to) = (
            range.over.map(|over| self.value(policy, over)),
            range.up_to.map(|up_to| self.value(policy, up_to)),
        );
        match (over, up_to, self) {
            (None, None, _) => String::new(),
            (Some(over), None, Self::En) => format!("more than {over}"),
            (Some(over), None, Self::Fr) => format!("plus de {over}"),
            (None, Some(up_to), Self::En) => format!("up to {up_to}"),
            (None, Some(up_to), Self::Fr) => format!("jusqu'à {up_to}"),
            (Some(over), Some(up_to), Self::En) => format!("more than {over} and up to {up_to}"),
            (Some(over), Some(up_to), Self::Fr) => format!("plus de {over} et jusqu'à {up_to}"),
        }
    }

    /// Where to, after “to”.
    pub(crate) fn destination(self, rule: &DestinationRule, known_for: Option<Span>) -> String {
        match (rule, known_for, self) {
            (DestinationRule::Any, ..) => self.pick("any address", "n'importe quelle adresse").to_owned(),
            (DestinationRule::Listed, ..) => {
                self.pick("listed addresses", "des adresses inscrites sur une liste").to_owned()
            }
            (DestinationRule::List(list), _, Self::En) => {
                format!("addresses of the list {}", self.quoted(list.as_str()))
            }
            (DestinationRule::List(list), _, Self::Fr) => {
                format!("des adresses de la liste {}", self.quoted(list.as_str()))
            }
            (DestinationRule::Vault(vault), _, Self::En) => {
                format!("the vault {}", self.quoted(vault.as_str()))
            }
            (DestinationRule::Vault(vault), _, Self::Fr) => {
                format!("le coffre {}", self.quoted(vault.as_str()))
            }
            (DestinationRule::Known, None, _) => {
                self.pick("addresses that it has paid before", "des adresses qu'il a déjà payées").to_owned()
            }
            (DestinationRule::Known, Some(span), Self::En) => {
                format!("addresses that it first paid at least {} ago", self.span(span))
            }
            (DestinationRule::Known, Some(span), Self::Fr) => {
                format!(
                    "des adresses qu'il a payées pour la première fois il y a au moins {}",
                    self.span(span)
                )
            }
        }
    }

    /// Who suffices: groups and numbers.
    #[must_use]
    pub fn quorum(self, quorum: &Quorum) -> String {
        let said = self.part(quorum);
        match quorum {
            Quorum::All(_) => said + self.pick(", all of them different people", ", toutes différentes"),
            Quorum::AtLeast { .. } | Quorum::Any(_) => said,
        }
    }

    /// The same after “of”.
    #[must_use]
    pub fn of_quorum(self, quorum: &Quorum) -> String {
        let said = self.quorum(quorum);
        match self {
            Self::En => format!("of {said}"),
            Self::Fr if said.starts_with("une ") => format!("d'{said}"),
            Self::Fr => format!("de {said}"),
        }
    }

    fn part(self, quorum: &Quorum) -> String {
        let within = |part: &Quorum| match part {
            Quorum::AtLeast { .. } => self.part(part),
            Quorum::All(_) | Quorum::Any(_) => format!("({})", self.part(part)),
        };
        let parts = |parts: &[Quorum], last| self.join(&parts.iter().map(within).collect::<Vec<_>>(), last);
        match quorum {
            Quorum::AtLeast { at_least, of, apart } => {
                let apart = apart.filter(|_| *at_least > 1);
                self.members((*at_least, ""), of.as_str(), apart, false)
            }
            Quorum::All(all) => parts(all, ("and", "et")),
            Quorum::Any(any) => parts(any, ("or", "ou")),
        }
    }

    /// What a quorum still lacks: groups and numbers.
    #[must_use]
    pub fn lacks(self, lacking: &Lacks) -> String {
        let within = |part: &Lacks| match part {
            Lacks::All(_) | Lacks::Any(_) => format!("({})", self.lacks(part)),
            Lacks::Nothing | Lacks::People { .. } => self.lacks(part),
        };
        let parts = |parts: &[Lacks], last| self.join(&parts.iter().map(within).collect::<Vec<_>>(), last);
        match lacking {
            Lacks::Nothing => self.pick("nobody", "personne").to_owned(),
            Lacks::People { more, at_least, of, apart } => {
                let so_far = more < at_least;
                let word = if so_far { self.pick(" more", " de plus") } else { "" };
                let apart = apart.filter(|_| *at_least > 1);
                self.members((*more, word), of.as_str(), apart, so_far)
            }
            Lacks::All(all) => parts(all, ("and", "et")),
            Lacks::Any(any) => parts(any, ("or", "ou")),
        }
    }

    fn members(self, (count, more): (u32, &str), of: &str, apart: Option<Apart>, other: bool) -> String {
        let of = self.quoted(of);
        let apart = match (apart, other, self) {
            (None, ..) => "",
            (Some(Apart::Home), false, Self::En) => " from different homes",
            (Some(Apart::Place), false, Self::En) => " from different places",
            (Some(Apart::Home), true, Self::En) => " from another home",
            (Some(Apart::Place), true, Self::En) => " from another place",
            (Some(Apart::Home), false, Self::Fr) => " de domiciles différents",
            (Some(Apart::Place), false, Self::Fr) => " de lieux différents",
            (Some(Apart::Home), true, Self::Fr) => " d'un autre domicile",
            (Some(Apart::Place), true, Self::Fr) => " d'un autre lieu",
        };
        match (self, count) {
            (Self::En, 1) => format!("one{more} of {of}{apart}"),
            (Self::En, _) => format!("{count}{more} of {of}{apart}"),
            (Self::Fr, 1) => format!("une personne{more} de {of}{apart}"),
            (Self::Fr, _) => format!("{count} personnes{more} de {of}{apart}"),
        }
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

fn local(zone: &TimeZone, at: Timestamp) -> Option<jiff::civil::DateTime> {
    let instant = jiff::Timestamp::from_nanosecond(i128::from(at.as_nanos())).ok()?;
    Some(zone.to_datetime(instant))
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::GroupId;

    fn leaf(at_least: u32, of: &str, apart: Option<Apart>) -> Quorum {
        Quorum::AtLeast { at_least, of: GroupId::parse(of).unwrap(), apart }
    }

    #[test]
    fn quorums_are_said_with_groups_and_numbers() {
        let quorum = Quorum::All(vec![
            leaf(2, "finance", Some(Apart::Home)),
            Quorum::Any(vec![leaf(1, "board", Some(Apart::Home)), leaf(3, "legal", None)]),
        ]);
        assert_eq!(
            Language::En.quorum(&quorum),
            "2 of “finance” from different homes and (one of “board” or 3 of “legal”), all of them different people"
        );
        assert_eq!(
            Language::Fr.quorum(&quorum),
            "2 personnes de «\u{a0}finance\u{a0}» de domiciles différents et (une personne de «\u{a0}board\u{a0}» ou 3 personnes de «\u{a0}legal\u{a0}»), toutes différentes"
        );
    }

    #[test]
    fn what_lacks_is_said_as_more_where_somebody_counts_already() {
        let lacks = |more| Lacks::People {
            more,
            at_least: 2,
            of: GroupId::parse("finance").unwrap(),
            apart: Some(Apart::Home),
        };
        assert_eq!(Language::En.lacks(&lacks(1)), "one more of “finance” from another home");
        assert_eq!(Language::En.lacks(&lacks(2)), "2 of “finance” from different homes");
        assert_eq!(
            Language::Fr.lacks(&lacks(1)),
            "une personne de plus de «\u{a0}finance\u{a0}» d'un autre domicile"
        );
    }

    #[test]
    fn lengths_and_sums_are_written_as_each_language_writes_them() {
        let both = |span: &str| {
            let span = Span::parse(span).unwrap();
            [Language::En.span(span), Language::Fr.span(span)].map(|text| text.replace('\u{a0}', " "))
        };
        assert_eq!(both("48h"), ["48 hours", "48 heures"]);
        assert_eq!(both("7d"), ["7 days", "7 jours"]);
        assert_eq!(both("1h"), ["1 hour", "1 heure"]);
        assert_eq!(both("90s"), ["90 seconds", "90 secondes"]);
        assert_eq!(both("0h"), ["0 seconds", "0 seconde"]);
        let sum = Amount::parse("1234567.5 EUR").unwrap();
        assert_eq!(Language::En.amount(sum), "1,234,567.5\u{a0}EUR");
        assert_eq!(Language::Fr.amount(sum), "1\u{202f}234\u{202f}567,5\u{a0}EUR");
    }
}
