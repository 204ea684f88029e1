//! From TOML to rows: walks the tables by the table of keys and reports everything that has another form. Keeps G1.
//!
//! Called by `load.rs`, once for each file. Nothing here stops at the first problem.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::codes::{self, Code};
use crate::keys::{self, FILE_BYTES_MAX, Key, SECTIONS, Section, Shape};
use crate::rows::{At, Cell, Found, Named, Row, Rows};
use crate::spelling::nearest;

/// Reads files one after another into the same rows.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) rows: Rows,
    pub(crate) found: Vec<Found>,
    file: u16,
}

impl Reader {
    pub(crate) fn at(&self, offset: usize) -> At {
        At { file: self.file, offset: u32::try_from(offset).unwrap_or(u32::MAX) }
    }

    pub(crate) fn report(&mut self, at: At, code: Code, message: impl Into<String>) {
        self.found.push(Found { at, code, message: message.into() });
    }

    /// Reads one file.
    pub(crate) fn file(&mut self, number: u16, text: &str) {
        self.file = number;
        if text.len() > FILE_BYTES_MAX {
            let message =
                format!("the file has {} bytes, more than {FILE_BYTES_MAX}: split the policy", text.len());
            return self.report(self.at(0), codes::TOO_LARGE, message);
        }
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let offset = error.span().map_or(text.len(), |span| span.start);
            let code = if error.message().starts_with("duplicate key") {
                codes::DUPLICATE_KEY
            } else {
                codes::SYNTAX
            };
            self.report(self.at(offset), code, fix_of(error.message()));
        }
        for (name, value) in document.get_ref() {
            self.section(name, value);
        }
    }

    fn section(&mut self, name: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) {
        let name_at = self.at(name.span().start);
        let Some(section) = SECTIONS.iter().find(|section| section.name == name.get_ref()) else {
            let names: Vec<&str> = SECTIONS.iter().map(|section| section.name).collect();
            let message =
                format!("unknown table `{}`{}", shown(name.get_ref()), hint(name.get_ref(), &names));
            return self.report(name_at, codes::UNKNOWN_TABLE, message);
        };
        match (section.many, value.get_ref()) {
            (false, DeValue::Table(table)) => {
                let row = self.table(section.keys, table, self.at(value.span().start));
                self.merge(section, row);
            }
            (true, DeValue::Array(items)) => {
                for item in items {
                    self.item(section, item);
                }
            }
            (true, DeValue::Table(_)) => {
                let message = format!("`{0}` can be given several times: write [[{0}]]", section.name);
                self.report(name_at, codes::WRONG_TYPE, message);
            }
            (false, DeValue::Array(_)) => {
                let message = format!("`{0}` is given once: write [{0}]", section.name);
                self.report(name_at, codes::WRONG_TYPE, message);
            }
            (_, other) => {
                let message = format!("`{}` is a table, not {}", section.name, kind_of(other));
                self.report(name_at, codes::WRONG_TYPE, message);
            }
        }
    }

    fn item(&mut self, section: &'static Section, item: &Spanned<DeValue<'_>>) {
        let at = self.at(item.span().start);
        let DeValue::Table(table) = item.get_ref() else {
            let message = format!("[[{}]] is a table, not {}", section.name, kind_of(item.get_ref()));
            return self.report(at, codes::WRONG_TYPE, message);
        };
        let row = self.table(section.keys, table, at);
        self.require(section.keys, &row, &format!("[[{}]]", section.name));
        let rows = self.rows.sections.entry(section.name).or_default();
        rows.push(row);
        if rows.len() == section.most + 1 {
            let message = format!("more than {} [[{}]]", section.most, section.name);
            self.report(at, codes::TOO_LARGE, message);
        }
    }

    /// A table may be spread over files as long as no key is given twice.
    fn merge(&mut self, section: &'static Section, row: Row) {
        let rows = self.rows.sections.entry(section.name).or_default();
        let Some(first) = rows.first_mut() else { return rows.push(row) };
        for (key, (at, cell)) in row.cells {
            if first.cells.contains_key(key) {
                let message =
                    format!("`{}.{key}` is given in another file too: keep one of them", section.name);
                self.found.push(Found { at, code: codes::DUPLICATE_KEY, message });
            } else {
                first.cells.insert(key, (at, cell));
            }
        }
    }

    /// Once all files are read: tables and keys that must be there.
    pub(crate) fn finish(&mut self) {
        for section in SECTIONS.iter().filter(|section| !section.many) {
            match self.rows.one(section.name).cloned() {
                Some(row) => self.require(section.keys, &row, &format!("[{}]", section.name)),
                None if section.required => {
                    let message =
                        format!("the table [{}] is missing: add it; it gives {}", section.name, section.doc);
                    self.report(At::default(), codes::MISSING_TABLE, message);
                }
                None => {}
            }
        }
    }

    fn require(&mut self, keys: &[Key], row: &Row, table: &str) {
        for key in keys.iter().filter(|key| key.required && !row.has(key.name)) {
            let message = format!("{table} needs `{}`: {}", key.name, key.doc);
            self.report(row.at, codes::MISSING_KEY, message);
        }
    }

    pub(crate) fn table(&mut self, keys: &'static [Key], table: &DeTable<'_>, at: At) -> Row {
        let mut row = Row { at, ..Row::default() };
        for (name, value) in table {
            let Some(key) = keys::find(keys, name.get_ref()) else {
                let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
                let message =
                    format!("unknown key `{}`{}", shown(name.get_ref()), hint(name.get_ref(), &names));
                self.report(self.at(name.span().start), codes::UNKNOWN_KEY, message);
                continue;
            };
            let value_at = self.at(value.span().start);
            let cell = self.cell(key, value_at, value.get_ref()).unwrap_or(Cell::Bad);
            row.cells.insert(key.name, (value_at, cell));
        }
        row
    }

    fn cell(&mut self, key: &'static Key, at: At, value: &DeValue<'_>) -> Option<Cell> {
        match key.shape {
            Shape::Count(least, most) => self.whole(key, at, value, least..=most).map(Cell::Count),
            Shape::Addresses => self.list(key, at, value, false).map(Cell::Texts),
            Shape::Recipients => self.recipients(key, at, value).map(Cell::Texts),
            Shape::Labels(kind) => {
                let texts = self.list(key, at, value, false)?;
                Some(self.names(texts, kind, Use::Label))
            }
            Shape::Refs(kind, non_empty) => {
                let texts = self.list(key, at, value, non_empty)?;
                Some(self.names(texts, kind, Use::Reference))
            }
            Shape::Choices(words) => self.choices(key, at, value, words),
            Shape::Quorum => self.quorum_cell(at, value),
            Shape::Table(keys) => {
                let DeValue::Table(table) = value else { return self.wrong(key, at, "a table", value) };
                let row = self.table(keys, table, at);
                self.require(keys, &row, &format!("`{}`", key.name));
                Some(Cell::Row(row))
            }
            _ => {
                let text = self.text(key, at, value)?.to_owned();
                self.leaf(key, at, &text)
            }
        }
    }

    pub(crate) fn wrong<T>(&mut self, key: &Key, at: At, wanted: &str, value: &DeValue<'_>) -> Option<T> {
        let message = format!("`{}` must be {wanted}, not {}", key.name, kind_of(value));
        self.report(at, codes::WRONG_TYPE, message);
        None
    }

    fn text<'v>(&mut self, key: &Key, at: At, value: &'v DeValue<'_>) -> Option<&'v str> {
        match value.as_str() {
            Some(text) => Some(text),
            None => self.wrong(key, at, &format!("text in quotes, such as {}", example(key.shape)), value),
        }
    }

    pub(crate) fn whole(
        &mut self,
        key: &Key,
        at: At,
        value: &DeValue<'_>,
        range: std::ops::RangeInclusive<u64>,
    ) -> Option<u64> {
        let DeValue::Integer(integer) = value else { return self.wrong(key, at, "a whole number", value) };
        match u64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) if range.contains(&number) => Some(number),
            _ => {
                let (least, most) = range.into_inner();
                let message =
                    format!("`{}` is {}: give a whole number from {least} to {most}", key.name, integer);
                self.report(at, codes::BAD_COUNT, message);
                None
            }
        }
    }

    pub(crate) fn list(
        &mut self,
        key: &Key,
        at: At,
        value: &DeValue<'_>,
        non_empty: bool,
    ) -> Option<Vec<(At, String)>> {
        let DeValue::Array(items) = value else { return self.wrong(key, at, "a list in brackets", value) };
        if items.is_empty() && non_empty {
            self.report(
                at,
                codes::EMPTY_LIST,
                format!("`{}` is empty: name at least one ({})", key.name, key.doc),
            );
            return None;
        }
        if items.len() > keys::LIST_LENGTH_MAX {
            let message = format!("`{}` has more than {} entries", key.name, keys::LIST_LENGTH_MAX);
            self.report(at, codes::TOO_LARGE, message);
            return None;
        }
        let mut texts: Vec<(At, String)> = Vec::with_capacity(items.len());
        for item in items {
            let item_at = self.at(item.span().start);
            let Some(text) = item.get_ref().as_str() else {
                let _: Option<()> = self.wrong(key, item_at, "a list of texts in quotes", item.get_ref());
                continue;
            };
            if !self.is_plain(item_at, text) {
                continue;
            }
            if texts.iter().any(|(_, known)| known == text) {
                let message = format!("`{}` is in this list twice: remove one", shown(text));
                self.report(item_at, codes::DUPLICATE_ITEM, message);
                continue;
            }
            texts.push((item_at, text.to_owned()));
        }
        Some(texts)
    }

    fn names(&mut self, texts: Vec<(At, String)>, kind: keys::Kind, how: Use) -> Cell {
        Cell::Texts(texts.into_iter().filter(|(at, name)| self.name(*at, kind, name, how)).collect())
    }

    /// Notes a name that is defined or used; `false` when it is no name.
    pub(crate) fn name(&mut self, at: At, kind: keys::Kind, name: &str, how: Use) -> bool {
        if let Err(error) = types::ActorId::parse(name) {
            self.report(at, codes::BAD_NAME, error.to_string());
            return false;
        }
        let named = Named { at, kind, name: name.to_owned() };
        match how {
            Use::Definition => self.rows.definitions.push(named),
            Use::Label => self.rows.labels.push(named),
            Use::Reference => self.rows.references.push(named),
        }
        true
    }

    pub(crate) fn is_plain(&mut self, at: At, text: &str) -> bool {
        let problem = if text.is_empty() {
            "the text is empty"
        } else if text.len() > keys::TEXT_BYTES_MAX {
            "the text is too long: at most 256 bytes"
        } else if text.chars().any(char::is_control) {
            "the text has control characters: remove them"
        } else {
            return true;
        };
        self.report(at, codes::BAD_TEXT, problem);
        false
    }
}

/// How a name is used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Definition,
    Label,
    Reference,
}

/// `: did you mean …?`, or what there is.
pub(crate) fn hint(given: &str, names: &[&str]) -> String {
    match nearest(given, names.iter().copied()) {
        Some(name) => format!(": did you mean `{name}`?"),
        None => format!(": use one of {}", names.join(", ")),
    }
}

/// The user's text, short and on one line.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(64).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn example(shape: Shape) -> &'static str {
    match shape {
        Shape::Duration(_) => "\"48h\"",
        Shape::Money => "\"10000 EUR\"",
        Shape::Currency => "\"EUR\"",
        Shape::TimeZone => "\"Europe/Paris\"",
        Shape::TimeOfDay => "\"08:00\"",
        Shape::Destination(_) => "\"listed\"",
        _ => "\"name\"",
    }
}

fn fix_of(message: &str) -> String {
    if message.starts_with("duplicate key") {
        return "duplicate key: it is given before, remove one".to_owned();
    }
    let mut message = message.trim().trim_end_matches('.').replace('\n', ", ");
    if let Some(first) = message.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    message
}
