//! Single values: durations, money, names, times, destination rules and quorums, each parsed once. Keeps G1.
//!
//! Called by `read.rs` for the values of a table.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZoneDatabase;
use toml::de::{DeTable, DeValue};
use types::{Amount, Currency, GroupId, ListId, Span, VaultId};

use crate::calendar::CivilEnd;
use crate::codes;
use crate::keys::{self, APARTS, Key, Kind, QUORUM, QUORUM_DEPTH_MAX, QUORUM_PARTS_MAX, Shape, WEEKDAYS};
use crate::model::DestinationRule;
use crate::quorum::{Apart, Quorum};
use crate::read::{Reader, Use, hint, shown};
use crate::recipient::{RECIPIENTS_MAX, Recipient};
use crate::rows::{At, Cell};
use crate::spelling::nearest;

impl Reader {
    /// A value that is written as text.
    pub(crate) fn leaf(&mut self, key: &Key, at: At, text: &str) -> Option<Cell> {
        if !self.is_plain(at, text) {
            return None;
        }
        match key.shape {
            Shape::Name(kind) => self.name_cell(at, kind, text, Use::Definition),
            Shape::Label(kind) => self.name_cell(at, kind, text, Use::Label),
            Shape::Ref(kind) => self.name_cell(at, kind, text, Use::Reference),
            Shape::Duration(zero_allowed) => self.duration(key, at, text, zero_allowed),
            Shape::Money => self.money(at, text),
            Shape::Choice(words) => self.choice(at, text, words).then(|| Cell::Text(text.to_owned())),
            Shape::Currency => self.currency(at, text),
            Shape::TimeZone => self.time_zone(at, text),
            Shape::TimeOfDay => self.time_of_day(at, text),
            Shape::Destination(known_allowed) => self.destination(at, text, known_allowed).map(Cell::Rule),
            _ => Some(Cell::Text(text.to_owned())),
        }
    }

    /// Who reads dossiers. What is wrong is said without the text: somebody may have pasted a secret.
    pub(crate) fn recipients(&mut self, key: &Key, at: At, value: &DeValue<'_>) -> Option<Vec<(At, String)>> {
        let texts = self.list(key, at, value, false)?;
        if texts.len() > RECIPIENTS_MAX {
            let message = format!("`{}` has more than {RECIPIENTS_MAX} entries: keep those in use", key.name);
            self.report(at, codes::TOO_LARGE, message);
            return None;
        }
        for (at, text) in &texts {
            if let Err(error) = Recipient::parse(text) {
                self.report(*at, codes::BAD_RECIPIENT, error.to_string());
            }
        }
        Some(texts)
    }

    fn name_cell(&mut self, at: At, kind: Kind, text: &str, how: Use) -> Option<Cell> {
        self.name(at, kind, text, how).then(|| Cell::Text(text.to_owned()))
    }

    fn duration(&mut self, key: &Key, at: At, text: &str, zero_allowed: bool) -> Option<Cell> {
        match Span::parse(text) {
            Ok(span) if span == Span::ZERO && !zero_allowed => {
                let message = format!("`{}` must be longer than nothing", key.name);
                self.report(at, codes::BAD_DURATION, message);
                None
            }
            Ok(span) => Some(Cell::Span(span)),
            Err(error) => {
                self.report(at, codes::BAD_DURATION, error.to_string());
                None
            }
        }
    }

    fn money(&mut self, at: At, text: &str) -> Option<Cell> {
        match Amount::parse(text) {
            Ok(amount) => {
                self.rows.money.push((at, amount));
                Some(Cell::Money(amount))
            }
            Err(error) => {
                self.report(at, codes::BAD_MONEY, error.to_string());
                None
            }
        }
    }

    fn choice(&mut self, at: At, text: &str, words: &'static [&'static str]) -> bool {
        let known = words.contains(&text);
        if !known {
            let message = format!("`{}` is not known here{}", shown(text), hint(text, words));
            self.report(at, codes::BAD_CHOICE, message);
        }
        known
    }

    pub(crate) fn choices(
        &mut self,
        key: &Key,
        at: At,
        value: &DeValue<'_>,
        words: &'static [&'static str],
    ) -> Option<Cell> {
        let DeValue::Array(items) = value else { return self.wrong(key, at, "a list in brackets", value) };
        let mut texts: Vec<(At, String)> = Vec::with_capacity(items.len().min(words.len()));
        for item in items {
            let item_at = self.at(item.span().start);
            let Some(text) = item.get_ref().as_str() else {
                let _: Option<()> = self.wrong(key, item_at, "a list of words in quotes", item.get_ref());
                continue;
            };
            if texts.iter().any(|(_, known)| known == text) {
                let message = format!("`{}` is in this list twice: remove one", shown(text));
                self.report(item_at, codes::DUPLICATE_ITEM, message);
            } else if self.choice(item_at, text, words) {
                texts.push((item_at, text.to_owned()));
            }
        }
        if words != WEEKDAYS {
            return Some(Cell::Texts(texts));
        }
        if items.is_empty() {
            self.report(at, codes::EMPTY_LIST, "`days` is empty: name at least one day");
            return None;
        }
        Some(Cell::Days(texts.iter().filter_map(|(_, text)| weekday(text)).collect()))
    }

    fn currency(&mut self, at: At, text: &str) -> Option<Cell> {
        if let Err(error) = Currency::parse(text) {
            let message = match nearest(text, Currency::codes()) {
                Some(near) => format!("unknown currency `{}`: did you mean `{near}`?", shown(text)),
                None => error.to_string(),
            };
            self.report(at, codes::BAD_MONEY, message);
            return None;
        }
        Some(Cell::Text(text.to_owned()))
    }

    fn time_zone(&mut self, at: At, text: &str) -> Option<Cell> {
        if TimeZoneDatabase::bundled().get(text).is_err() {
            let message =
                format!("unknown time zone `{}`: give an IANA name such as `Europe/Paris`", shown(text));
            self.report(at, codes::BAD_TIME_ZONE, message);
            return None;
        }
        Some(Cell::Text(text.to_owned()))
    }

    fn time_of_day(&mut self, at: At, text: &str) -> Option<Cell> {
        match civil_time(text) {
            Some(time) => Some(Cell::Time(time)),
            None => {
                let message =
                    format!("`{}` is not a time of day: write `08:00`, from `00:00` to `24:00`", shown(text));
                self.report(at, codes::BAD_TIME, message);
                None
            }
        }
    }

    fn destination(&mut self, at: At, text: &str, known_allowed: bool) -> Option<DestinationRule> {
        let rule = match text.split_once(':') {
            None if text == "listed" => Some(DestinationRule::Listed),
            None if text == "any" => Some(DestinationRule::Any),
            None if text == "known" && known_allowed => Some(DestinationRule::Known),
            Some(("list", name)) if self.name(at, Kind::List, name, Use::Reference) => {
                ListId::parse(name).ok().map(DestinationRule::List)
            }
            Some(("vault", name)) if self.name(at, Kind::Vault, name, Use::Reference) => {
                VaultId::parse(name).ok().map(DestinationRule::Vault)
            }
            Some(("list" | "vault", _)) => return None,
            _ => None,
        };
        if rule.is_none() {
            let known = if known_allowed { "`known`, " } else { "" };
            let message = format!(
                "`{}` is not a destination rule here: use `listed`, `list:NAME`, {known}`vault:ID` or `any`",
                shown(text)
            );
            self.report(at, codes::BAD_DESTINATION, message);
        }
        rule
    }

    pub(crate) fn quorum_cell(&mut self, at: At, value: &DeValue<'_>) -> Option<Cell> {
        let mut parts = 0;
        self.quorum(at, value, 1, &mut parts).map(Cell::Quorum)
    }

    fn quorum(&mut self, at: At, value: &DeValue<'_>, depth: usize, parts: &mut usize) -> Option<Quorum> {
        *parts += 1;
        if depth > QUORUM_DEPTH_MAX || *parts > QUORUM_PARTS_MAX {
            // Reported once: the first part beyond the bound.
            if *parts <= QUORUM_PARTS_MAX + 1 {
                let message =
                    format!("a quorum has at most {QUORUM_DEPTH_MAX} levels and {QUORUM_PARTS_MAX} parts");
                self.report(at, codes::TOO_LARGE, message);
            }
            return None;
        }
        let DeValue::Table(table) = value else {
            let message = "a quorum is a table such as `{ at_least = 2, of = \"board\", apart = \"home\" }`";
            self.report(at, codes::BAD_QUORUM, message);
            return None;
        };
        self.unknown_quorum_keys(table);
        let has = |name: &str| table.contains_key(name);
        match (has("all"), has("any"), has("at_least") || has("of") || has("apart")) {
            (true, false, false) => self.quorum_parts(table, "all", depth, parts).map(Quorum::All),
            (false, true, false) => self.quorum_parts(table, "any", depth, parts).map(Quorum::Any),
            (false, false, true) => self.quorum_leaf(at, table),
            _ => {
                let message =
                    "a quorum has `at_least` and `of`, or `all`, or `any`: give exactly one of the three";
                self.report(at, codes::BAD_QUORUM, message);
                None
            }
        }
    }

    fn unknown_quorum_keys(&mut self, table: &DeTable<'_>) {
        for name in table.keys().filter(|name| keys::find(QUORUM, name.get_ref()).is_none()) {
            let names: Vec<&str> = QUORUM.iter().map(|key| key.name).collect();
            let message = format!("unknown key `{}`{}", shown(name.get_ref()), hint(name.get_ref(), &names));
            self.report(self.at(name.span().start), codes::UNKNOWN_KEY, message);
        }
    }

    fn quorum_parts(
        &mut self,
        table: &DeTable<'_>,
        name: &str,
        depth: usize,
        parts: &mut usize,
    ) -> Option<Vec<Quorum>> {
        let value = table.get(name)?;
        let at = self.at(value.span().start);
        let DeValue::Array(items) = value.get_ref() else {
            self.report(at, codes::BAD_QUORUM, format!("`{name}` is a list of quorums in brackets"));
            return None;
        };
        if items.is_empty() {
            self.report(at, codes::BAD_QUORUM, format!("`{name}` is empty: give at least one part"));
            return None;
        }
        let read: Vec<Option<Quorum>> = items
            .iter()
            .map(|item| self.quorum(self.at(item.span().start), item.get_ref(), depth + 1, parts))
            .collect();
        read.into_iter().collect()
    }

    fn quorum_leaf(&mut self, at: At, table: &DeTable<'_>) -> Option<Quorum> {
        let mut missing = false;
        for name in ["at_least", "of"].into_iter().filter(|name| !table.contains_key(*name)) {
            self.report(at, codes::MISSING_KEY, format!("a quorum needs `{name}`"));
            missing = true;
        }
        let mut at_least = None;
        let mut of = None;
        let mut apart = Some(None);
        for (name, value) in table {
            let Some(key) = keys::find(QUORUM, name.get_ref()) else { continue };
            let (at, value) = (self.at(value.span().start), value.get_ref());
            match (key.name, key.shape, value.as_str()) {
                (_, Shape::Count(least, most), _) => at_least = self.whole(key, at, value, least..=most),
                ("of", _, Some(text)) if self.name(at, Kind::Group, text, Use::Reference) => {
                    of = GroupId::parse(text).ok();
                }
                ("of", _, Some(_)) => {}
                (_, _, Some(text)) => apart = self.choice(at, text, APARTS).then(|| apart_of(text)),
                (_, _, None) => apart = self.wrong(key, at, "text in quotes", value),
            }
        }
        let at_least = u32::try_from(at_least?).ok()?;
        (!missing).then_some(Quorum::AtLeast { at_least, of: of?, apart: apart? })
    }
}

fn apart_of(text: &str) -> Option<Apart> {
    match text {
        "home" => Some(Apart::Home),
        "place" => Some(Apart::Place),
        _ => None,
    }
}

fn weekday(text: &str) -> Option<Weekday> {
    let at = WEEKDAYS.iter().position(|day| *day == text)?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

fn civil_time(text: &str) -> Option<CivilEnd> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return None;
    }
    if text == "24:00" {
        return Some(CivilEnd::Midnight);
    }
    Time::new(hours.parse().ok()?, minutes.parse().ok()?, 0, 0).ok().map(CivilEnd::At)
}
