//! What happened, from a frame's data: the SIA format (DC-03 as DC-07 carries it) and Contact ID (DC-05).

use std::fmt;

use thiserror::Error;

/// How many events one frame may tell.
pub const EVENTS_MAX: usize = 16;
const ADDRESS_BYTES_MAX: usize = 8;

/// Why data tell no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DataError {
    /// A frame of a kind that tells none.
    #[error("frames of this kind tell no event")]
    Token,
    /// Not the SIA format.
    #[error(
        "not the SIA format: `N` or `O`, then modifiers, and a code of two capital letters with its number"
    )]
    Sia,
    /// Not Contact ID.
    #[error("not Contact ID: `QEEE GG ZZZ`, with 1, 3 or 6 first")]
    ContactId,
    /// Too many.
    #[error("more than {EVENTS_MAX} events in one frame")]
    TooMany,
}

/// What a Contact ID event is the beginning or the end of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Qualifier {
    /// It began (1).
    New,
    /// It is over (3).
    Restore,
    /// It was told before and goes on (6).
    Still,
}

/// An event's code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    /// Two capital letters.
    Sia([u8; 2]),
    /// Three digits.
    ContactId(Qualifier, u16),
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sia([one, two]) => write!(f, "{}{}", char::from(*one), char::from(*two)),
            Self::ContactId(qualifier, code) => {
                let qualifier = match qualifier {
                    Qualifier::New => 1,
                    Qualifier::Restore => 3,
                    Qualifier::Still => 6,
                };
                write!(f, "{qualifier}{code:03}")
            }
        }
    }
}

/// What a code is to us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// A hold-up button, also a silent one.
    HoldUp,
    /// A panic button.
    Panic,
    /// A code that is typed when one is forced.
    Duress,
    /// Somebody is ill.
    Medical,
    /// Somebody breaks in.
    Burglary,
    /// One of these is over.
    Restore,
    /// A test, by hand or by the clock.
    Test,
    /// Anything else.
    Other,
}

impl Code {
    /// A SIA code from its two letters.
    #[must_use]
    pub fn parse_sia(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [one, two] if one.is_ascii_uppercase() && two.is_ascii_uppercase() => {
                Some(Self::Sia([*one, *two]))
            }
            _ => None,
        }
    }

    /// What it is to us.
    #[must_use]
    pub const fn meaning(self) -> Meaning {
        match self {
            Self::Sia(letters) => meaning_of_sia(letters),
            Self::ContactId(qualifier, code) => meaning_of_contact_id(qualifier, code),
        }
    }

    /// Whether somebody is threatened.
    #[must_use]
    pub const fn is_alarm(self) -> bool {
        matches!(self.meaning(), Meaning::HoldUp | Meaning::Panic | Meaning::Duress)
    }
}

const fn meaning_of_sia(letters: [u8; 2]) -> Meaning {
    match &letters {
        b"HA" => Meaning::HoldUp,
        b"PA" => Meaning::Panic,
        b"MA" => Meaning::Medical,
        b"BA" | b"BV" => Meaning::Burglary,
        b"HH" | b"HR" | b"PH" | b"PR" | b"MH" | b"MR" | b"BH" | b"BR" => Meaning::Restore,
        b"RP" | b"RX" | b"RY" | b"TX" | b"TS" | b"TE" | b"TP" => Meaning::Test,
        _ => Meaning::Other,
    }
}

const fn meaning_of_contact_id(qualifier: Qualifier, code: u16) -> Meaning {
    match (code, qualifier) {
        (601..=609, _) => Meaning::Test,
        (_, Qualifier::Restore) => Meaning::Restore,
        (120 | 129, _) => Meaning::Panic,
        (121 | 124 | 125, _) => Meaning::Duress,
        (122 | 123 | 126, _) => Meaning::HoldUp,
        (100..=102, _) => Meaning::Medical,
        (130..=139, _) => Meaning::Burglary,
        _ => Meaning::Other,
    }
}

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Which.
    pub code: Code,
    /// At which button or zone; may be empty.
    pub zone: String,
}

/// Blocks between bars, one of which tells events: `N` or `O`, then pieces between strokes: modifiers of two small letters with a value, codes
/// with a number, and, last, text for people. A block that begins with `A` is such a text; so is what stands between carets.
pub fn sia(data: &str) -> Result<Vec<Event>, DataError> {
    let block = data.split('|').find_map(|block| block.strip_prefix(['N', 'O'])).ok_or(DataError::Sia)?;
    let rest: String = block.split('^').step_by(2).collect();
    let mut events = Vec::new();
    for piece in rest.split('/') {
        let piece = without_modifier(piece);
        match event(piece) {
            Some(event) => events.push(event),
            // Text for people, which may have strokes of its own, ends what is for machines.
            None if !piece.is_empty() => break,
            None => {}
        }
        if events.len() > EVENTS_MAX {
            return Err(DataError::TooMany);
        }
    }
    if events.is_empty() { Err(DataError::Sia) } else { Ok(events) }
}

/// `ri1HA` and `ri1/HA` are both written.
fn without_modifier(piece: &str) -> &str {
    let is_modifier = piece.bytes().take(2).filter(u8::is_ascii_lowercase).count() == 2;
    if !is_modifier {
        return piece;
    }
    let code = piece.find(|letter: char| letter.is_ascii_uppercase());
    code.and_then(|at| piece.get(at..)).unwrap_or_default()
}

fn event(piece: &str) -> Option<Event> {
    let (letters, rest) = piece.split_at_checked(2)?;
    let code = Code::parse_sia(letters)?;
    let zone: String = rest.chars().take_while(|letter| matches!(letter, '0'..='9' | 'A'..='F')).collect();
    let after = rest.get(zone.len()..)?.chars().next();
    // Another letter makes it a word.
    let is_word = after.is_some_and(char::is_alphanumeric) || zone.len() > ADDRESS_BYTES_MAX;
    (!is_word).then_some(Event { code, zone })
}

/// `QEEE GG ZZZ`.
pub fn contact_id(data: &str) -> Result<Event, DataError> {
    read_contact_id(data).ok_or(DataError::ContactId)
}

fn read_contact_id(data: &str) -> Option<Event> {
    let mut parts = data.split(' ');
    let (what, group, zone) = (parts.next()?, parts.next()?, parts.next()?);
    let fits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = what.len() == 4 && what.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || !digits || !fits(group, 2) || !fits(zone, 3) {
        return None;
    }
    let (qualifier, code) = what.split_at_checked(1)?;
    let qualifier = match qualifier {
        "1" => Qualifier::New,
        "3" => Qualifier::Restore,
        "6" => Qualifier::Still,
        _ => return None,
    };
    Some(Event { code: Code::ContactId(qualifier, code.parse().ok()?), zone: zone.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn codes(data: &str) -> Result<String, DataError> {
        sia(data).map(|events| {
            events.iter().map(|event| format!("{}:{}", event.code, event.zone)).collect::<Vec<_>>().join(" ")
        })
    }

    #[test]
    fn the_sia_format_as_panels_write_it() {
        for (data, expected) in [
            ("NHA001", "HA:001"),
            ("Nri1/HA001", "HA:001"),
            ("Nri1HA001", "HA:001"),
            ("Nti10:30:01/id006/ri1/PA12", "PA:12"),
            ("OHA", "HA:"),
            ("NHAF01", "HA:F01"),
            ("NPA0A1*12", "PA:0A1"),
            ("NRP", "RP:"),
            ("Nri0/RP0000", "RP:0000"),
            ("Nri1/HA001/HR001", "HA:001 HR:001"),
            ("Nri1/HA001^Entrance/EXIT^", "HA:001"),
            ("Nri1/HA001*'Caisse é'NM", "HA:001"),
            ("Nri1/HA1/PALACE", "HA:1"),
            ("Nri1^Area A^HA001^Till^", "HA:001"),
            ("Nri1/HA001|Aalice, code 123456", "HA:001"),
            ("Ahello|NPA2", "PA:2"),
        ] {
            assert_eq!(codes(data).as_deref(), Ok(expected), "{data}");
        }
        for bad in
            ["", "N", "HA001", "Nri1", "Nri1/", "Nha001", "NH", "N/////", "Nri1/HALL", "AHA001", "N^HA001^"]
        {
            assert_eq!(codes(bad), Err(DataError::Sia), "{bad}");
        }
        let many = format!("N{}", "HA1/".repeat(EVENTS_MAX + 1));
        assert_eq!(codes(&many), Err(DataError::TooMany));
    }

    #[test]
    fn contact_id_has_one_form() {
        let event = contact_id("1120 01 015").unwrap();
        assert_eq!((event.code.to_string().as_str(), event.zone.as_str()), ("1120", "015"));
        for bad in [
            "",
            "1120",
            "1120 01",
            "2120 01 015",
            "112 001 015",
            "1120 01 015 ",
            "1120  015",
            "x120 01 015",
            "1120 01 01g",
        ] {
            assert_eq!(contact_id(bad), Err(DataError::ContactId), "{bad}");
        }
    }

    #[test]
    fn who_is_threatened_and_who_is_not() {
        let sia = |letters: &str| Code::parse_sia(letters).unwrap();
        for (letters, meaning) in [
            ("HA", Meaning::HoldUp),
            ("PA", Meaning::Panic),
            ("MA", Meaning::Medical),
            ("BA", Meaning::Burglary),
            ("HR", Meaning::Restore),
            ("HH", Meaning::Restore),
            ("PR", Meaning::Restore),
            ("RP", Meaning::Test),
            ("RX", Meaning::Test),
            ("HT", Meaning::Other),
            ("OP", Meaning::Other),
            ("FA", Meaning::Other),
        ] {
            assert_eq!(sia(letters).meaning(), meaning, "{letters}");
        }
        assert!(sia("HA").is_alarm() && sia("PA").is_alarm());
        assert!(!sia("HR").is_alarm() && !sia("MA").is_alarm() && !sia("RP").is_alarm());
        let id = |text: &str| contact_id(&format!("{text} 00 001")).unwrap().code;
        for alarm in ["1120", "1121", "1122", "1123", "1124", "6122"] {
            assert!(id(alarm).is_alarm(), "{alarm}");
        }
        for other in ["3120", "3121", "3122", "1130", "1100", "1602", "1601", "3602", "1401", "1110"] {
            assert!(!id(other).is_alarm(), "{other}");
        }
        assert_eq!(id("1602").meaning(), Meaning::Test);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn any_data_are_answered(data in "\\PC{0,80}", near in "[NO]?([a-z]{2}[0-9:]{0,4})?/?([A-Z]{2}[0-9]{0,4}[/^|*]?){0,20}") {
            let _ = (sia(&data), contact_id(&data), sia(&near));
        }
    }
}
