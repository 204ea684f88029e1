//! What the journal keeps of a person's or service's credentials: public device keys and, for people, the phrase's verifier (G9: one
//! salted, peppered hash, of which the database alone gives nothing away).
//!
//! The bytes of `overt::Event::Enrolled`. Written by `rempart init` and enrolment, read at each act.

use credentials::{DevicePublic, Verifier};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The most devices of one person; a refused signature costs as many checks, whoever is named.
pub const DEVICES_MAX: usize = 4;
const VERSION: u8 = 1;

/// An entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Public keys of the devices.
    pub devices: Vec<DevicePublic>,
    /// Of the phrase; a service has none.
    pub verifier: Option<Verifier>,
}

/// Why bytes are not an entry, or an entry cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EntryError {
    /// None, or too many.
    #[error("an entry has 1 to {DEVICES_MAX} devices: {0} were given")]
    Devices(usize),
    /// Not bytes that this program wrote.
    #[error("the entry is not readable: restore the journal from a backup")]
    Malformed,
    /// Written by a later version.
    #[error("the entry is of version {0}: this program knows version {VERSION}")]
    Version(u8),
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u8,
    devices: Vec<DevicePublic>,
    verifier: Option<Verifier>,
}

/// The bytes of an entry.
///
/// # Errors
/// When it has no device, or too many.
pub fn encode_entry(entry: &Entry) -> Result<Vec<u8>, EntryError> {
    check(entry.devices.len())?;
    let stored =
        Stored { version: VERSION, devices: entry.devices.clone(), verifier: entry.verifier.clone() };
    postcard::to_stdvec(&stored).map_err(|_| EntryError::Malformed)
}

/// The entry from its bytes.
///
/// # Errors
/// When the bytes are not an entry.
pub fn decode_entry(bytes: &[u8]) -> Result<Entry, EntryError> {
    match bytes.first() {
        Some(&VERSION) => {}
        Some(other) => return Err(EntryError::Version(*other)),
        None => return Err(EntryError::Malformed),
    }
    let (stored, rest): (Stored, _) = postcard::take_from_bytes(bytes).map_err(|_| EntryError::Malformed)?;
    if !rest.is_empty() {
        return Err(EntryError::Malformed);
    }
    check(stored.devices.len())?;
    Ok(Entry { devices: stored.devices, verifier: stored.verifier })
}

fn check(devices: usize) -> Result<(), EntryError> {
    if (1..=DEVICES_MAX).contains(&devices) { Ok(()) } else { Err(EntryError::Devices(devices)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use credentials::{Cost, DeviceKey, Language, Pepper, Phrase};

    fn entry(devices: u8) -> Entry {
        let phrase = Phrase::draw(Language::English, &[1; 32]);
        let verifier = Verifier::make(&phrase, &Pepper::from_bytes([2; 32]), [3; 16], Cost::CHEAP).unwrap();
        let devices = (0..devices).map(|byte| DeviceKey::from_entropy([byte; 32]).public()).collect();
        Entry { devices, verifier: Some(verifier) }
    }

    #[test]
    fn entries_round_trip_and_have_bounds() {
        for devices in 1..=4 {
            let bytes = encode_entry(&entry(devices)).unwrap();
            assert_eq!(decode_entry(&bytes).unwrap(), entry(devices));
        }
        assert_eq!(encode_entry(&entry(0)), Err(EntryError::Devices(0)));
        assert_eq!(encode_entry(&entry(5)), Err(EntryError::Devices(5)));
    }

    #[test]
    fn damaged_entries_are_refused() {
        let bytes = encode_entry(&entry(2)).unwrap();
        assert_eq!(decode_entry(&[]), Err(EntryError::Malformed));
        assert_eq!(decode_entry(&[&bytes[..], &[0]].concat()), Err(EntryError::Malformed));
        for cut in 1..bytes.len() {
            assert!(decode_entry(&bytes[..cut]).is_err(), "{cut}");
        }
        assert_eq!(decode_entry(&[&[9], &bytes[1..]].concat()), Err(EntryError::Version(9)));
    }
}
