//! The public record of attacks, read strictly: every row that is not understood is named, and nothing is guessed silently (G2).
//!
//! Called by the drill. The record that is built in, and where it comes from: `data/README.md`.

mod cell;
mod text;

use std::collections::BTreeMap;

use csv::StringRecord;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::Span;

use cell::Row;
pub use cell::{Reason, RowProblem};

/// The record that is built in.
pub const BUILT_IN: &str = include_str!("../data/incidents_until_2025.csv");
/// The largest record.
pub const INCIDENTS_BYTES_MAX: usize = 4 << 20;
/// The most rows of a record.
pub const INCIDENTS_ROWS_MAX: usize = 10_000;
/// The longest cell.
pub const CELL_BYTES_MAX: usize = 64;

/// The columns of a record; the first five must be there.
const COLUMNS: [&str; 19] = [
    "id",
    "kind",
    "relative_held",
    "persons_held",
    "duration_hours",
    "year",
    "month",
    "country",
    "holder_held",
    "relative_instead",
    "attackers",
    "demanded_usd",
    "taken_usd",
    "police_impersonation",
    "torture",
    "killed",
    "outcome",
    "frozen_or_recovered",
    "coding_confidence",
];
const COLUMNS_REQUIRED: usize = 5;

/// What kind of attack.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// People are held at home.
    HomeInvasion,
    /// People are taken away.
    Abduction,
    /// Somebody is robbed in the street.
    StreetRobbery,
    /// A trade face to face turns out to be a robbery.
    InPersonTrade,
    /// An office or a shop is raided.
    OfficeOrShopRaid,
    /// Threats from afar.
    RemoteExtortion,
    /// Nobody was there.
    BurglaryAbsent,
    /// The police is sent to the victim.
    Swatting,
    /// Somebody is killed.
    Murder,
    /// None of these.
    Other,
}

impl Kind {
    /// All kinds with the word that stands in a record.
    pub const NAMES: [(&'static str, Self); 10] = [
        ("home_invasion", Self::HomeInvasion),
        ("abduction", Self::Abduction),
        ("street_robbery", Self::StreetRobbery),
        ("in_person_trade", Self::InPersonTrade),
        ("office_or_shop_raid", Self::OfficeOrShopRaid),
        ("remote_extortion", Self::RemoteExtortion),
        ("burglary_absent", Self::BurglaryAbsent),
        ("swatting", Self::Swatting),
        ("murder", Self::Murder),
        ("other", Self::Other),
    ];

    /// How long it is taken to last when a record does not say; `None` for kinds that are not replayed.
    #[must_use]
    pub const fn assumed_horizon(self) -> Option<Span> {
        match self {
            Self::HomeInvasion => Some(Span::from_hours(6)),
            Self::Abduction => Some(Span::from_hours(96)),
            Self::OfficeOrShopRaid | Self::InPersonTrade | Self::StreetRobbery => Some(Span::from_hours(2)),
            Self::RemoteExtortion | Self::BurglaryAbsent | Self::Swatting | Self::Murder | Self::Other => {
                None
            }
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind)
    }
}

/// One attack. What the record does not state is `None`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Incident {
    /// Its name in the record.
    pub id: String,
    /// When.
    pub year: Option<u16>,
    /// Where, as two letters.
    pub country: Option<String>,
    /// What.
    pub kind: Kind,
    /// Whether a relative was held.
    pub relative_held: Option<bool>,
    /// How many people were held.
    pub persons_held: Option<u32>,
    /// How long.
    pub duration: Option<Span>,
    /// What was taken, in US dollars.
    pub taken_usd: Option<u64>,
}

/// A record as far as it was understood.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Incidents {
    /// Rows that are valid, in the order of the file.
    pub incidents: Vec<Incident>,
    /// Rows that are not, with every reason.
    pub problems: Vec<RowProblem>,
    /// Rows of the file, the header not counted.
    pub rows: usize,
}

impl Incidents {
    /// How many rows are left out because something in them is not valid.
    #[must_use]
    pub fn bad_rows(&self) -> usize {
        self.rows - self.incidents.len()
    }
}

/// Why a file is no record at all.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum IncidentsError {
    /// Too many bytes.
    #[error("more than {INCIDENTS_BYTES_MAX} bytes: split the file")]
    TooLarge,
    /// Too many rows.
    #[error("more than {INCIDENTS_ROWS_MAX} rows: split the file")]
    TooManyRows,
    /// A required column is missing.
    #[error("the first line has no column `{0}`: the first line names the columns, separated by commas")]
    MissingColumn(&'static str),
    /// A column that has no meaning here.
    #[error("unknown column `{0}` in the first line: take it out, or write one of {known}", known = COLUMNS.join(", "))]
    UnknownColumn(String),
    /// A column that is there twice.
    #[error("column `{0}` is named twice in the first line: take one out")]
    RepeatedColumn(String),
    /// Nothing but a header.
    #[error("no row: the file has nothing to replay")]
    NoRows,
    /// Not CSV.
    #[error("line {line}: not CSV: {message}")]
    Csv {
        /// Where.
        line: u64,
        /// What the reader says.
        message: String,
    },
}

impl Incidents {
    /// Reads a record.
    ///
    /// # Errors
    /// When the file as a whole cannot be read; a bad row is no error but a problem that is named.
    pub fn parse(text: &str) -> Result<Self, IncidentsError> {
        if text.len() > INCIDENTS_BYTES_MAX {
            return Err(IncidentsError::TooLarge);
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).has_headers(true).from_reader(text.as_bytes());
        let columns = columns(reader.headers().map_err(|error| not_csv(&error))?)?;
        let mut read = Self::default();
        let mut seen = BTreeMap::new();
        for record in reader.records() {
            let record = record.map_err(|error| not_csv(&error))?;
            read.rows += 1;
            if read.rows > INCIDENTS_ROWS_MAX {
                return Err(IncidentsError::TooManyRows);
            }
            let mut row = Row::new(&record, &columns);
            let incident = incident(&mut row, &mut seen);
            match incident {
                Some(incident) if row.problems.is_empty() => read.incidents.push(incident),
                _ => read.problems.append(&mut row.problems),
            }
        }
        if read.rows == 0 { Err(IncidentsError::NoRows) } else { Ok(read) }
    }
}

fn not_csv(error: &csv::Error) -> IncidentsError {
    let line = error.position().map_or(1, csv::Position::line);
    IncidentsError::Csv { line, message: error.to_string().chars().take(120).collect() }
}

/// Which column stands where.
fn columns(header: &StringRecord) -> Result<Vec<&'static str>, IncidentsError> {
    let mut found: Vec<&'static str> = Vec::new();
    for name in header {
        let shown = || cell::shown(name);
        let known = COLUMNS.iter().find(|known| **known == name);
        let known = known.ok_or_else(|| IncidentsError::UnknownColumn(shown()))?;
        if found.contains(known) {
            return Err(IncidentsError::RepeatedColumn(shown()));
        }
        found.push(known);
    }
    match COLUMNS.iter().take(COLUMNS_REQUIRED).find(|required| !found.contains(required)) {
        Some(missing) => Err(IncidentsError::MissingColumn(missing)),
        None => Ok(found),
    }
}

/// Every cell is checked, also those that a drill does not use: a row with a wrong cell is a row that nobody can trust.
fn incident(row: &mut Row<'_>, seen: &mut BTreeMap<String, u64>) -> Option<Incident> {
    if !row.is_complete() {
        return None;
    }
    let id = row.id(seen);
    let year = row.number("year", 2009, 2100);
    row.number("month", 1, 12);
    let country = row.country();
    let kind = row.kind();
    let relative_held = row.yes_no("relative_held");
    let persons_held = row.number("persons_held", 0, 10_000);
    let duration = row.hours();
    let taken_usd = row.number("taken_usd", 0, 1_000_000_000_000);
    row.number("attackers", 0, 10_000);
    row.number("demanded_usd", 0, 1_000_000_000_000);
    for column in [
        "holder_held",
        "relative_instead",
        "police_impersonation",
        "torture",
        "killed",
        "frozen_or_recovered",
    ] {
        row.yes_no(column);
    }
    row.word("outcome", &["transferred", "partial", "nothing_taken", "rescued_or_escaped", "unknown"]);
    row.word("coding_confidence", &["high", "medium", "low"]);
    Some(Incident {
        id: id?,
        year: year.and_then(|year| u16::try_from(year).ok()),
        country,
        kind: kind?,
        relative_held,
        persons_held: persons_held.and_then(|count| u32::try_from(count).ok()),
        duration,
        taken_usd,
    })
}

#[cfg(test)]
mod tests;
