//! What the journal keeps of a person's or service's credentials: devices and, for people, the phrase's verifier (G9: one
//! salted, peppered hash, of which the database alone gives nothing away).
//!
//! The opaque bytes of `overt::Credential` and `overt::Entry`. Written at enrolment and by whoever proposes a credential, read at each act.

use credentials::{DevicePublic, Verifier};
use overt::Credential;
use passkey::Passkey;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::Hash;

/// The most devices of one person; a refused signature costs as many checks, whoever is named.
pub use overt::DEVICES_MAX;

const VERSION: u8 = 1;

/// The public half of a device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum DeviceCredential {
    /// An Ed25519 key in a file: the command line, services.
    Key(DevicePublic),
    /// A passkey: browsers.
    Passkey(Passkey),
}

/// A device that was enrolled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device {
    /// The hash of its public half.
    pub id: Hash,
    /// Its public half.
    pub credential: DeviceCredential,
    /// Whether it can only stop, cancel, object and end any more.
    pub muted: bool,
}

/// An entry that is being made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Public halves of the devices.
    pub devices: Vec<DeviceCredential>,
    /// Of the phrase; a service has none.
    pub verifier: Option<Verifier>,
}

/// An entry from the journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enrolled {
    /// The devices, oldest first.
    pub devices: Vec<Device>,
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

/// The bytes of a device's public half.
///
/// # Errors
/// Never for a device that was read; the encoder's type asks.
pub fn encode_device(device: &DeviceCredential) -> Result<Vec<u8>, EntryError> {
    encode(device)
}

/// The bytes of a verifier.
///
/// # Errors
/// As [`encode_device`].
pub fn encode_verifier(verifier: &Verifier) -> Result<Vec<u8>, EntryError> {
    encode(verifier)
}

/// The bytes of an entry.
///
/// # Errors
/// When it has no device, or too many.
pub fn encode_entry(entry: &Entry) -> Result<Credential, EntryError> {
    if !(1..=DEVICES_MAX).contains(&entry.devices.len()) {
        return Err(EntryError::Devices(entry.devices.len()));
    }
    let devices = entry.devices.iter().map(encode_device).collect::<Result<_, _>>()?;
    Ok(Credential { devices, verifier: entry.verifier.as_ref().map(encode_verifier).transpose()? })
}

/// The entry from its bytes.
///
/// # Errors
/// When the bytes are not an entry.
pub fn decode_entry(entry: &overt::Entry) -> Result<Enrolled, EntryError> {
    let device = |device: &overt::Device| {
        Ok(Device { id: device.id, credential: decode(&device.public)?, muted: device.muted })
    };
    let devices = entry.devices.iter().map(device).collect::<Result<_, EntryError>>()?;
    Ok(Enrolled { devices, verifier: entry.verifier.as_deref().map(decode).transpose()? })
}

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, EntryError> {
    postcard::to_stdvec(&(VERSION, value)).map_err(|_| EntryError::Malformed)
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, EntryError> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => {
            let (value, rest) = postcard::take_from_bytes(rest).map_err(|_| EntryError::Malformed)?;
            if rest.is_empty() { Ok(value) } else { Err(EntryError::Malformed) }
        }
        Some((other, _)) => Err(EntryError::Version(*other)),
        None => Err(EntryError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use credentials::{Cost, DeviceKey, Language, Pepper, Phrase};

    fn entry(devices: u8) -> Entry {
        let phrase = Phrase::draw(Language::English, &[1; 32]);
        let verifier = Verifier::make(&phrase, &Pepper::from_bytes([2; 32]), [3; 16], Cost::CHEAP).unwrap();
        let device = |byte| DeviceCredential::Key(DeviceKey::from_entropy([byte; 32]).public());
        Entry { devices: (0..devices).map(device).collect(), verifier: Some(verifier) }
    }

    #[test]
    fn entries_round_trip_and_have_bounds() {
        for devices in 1..=4 {
            let made = entry(devices);
            let read = decode_entry(&(&encode_entry(&made).unwrap()).into()).unwrap();
            let credentials: Vec<_> = read.devices.into_iter().map(|device| device.credential).collect();
            assert_eq!((credentials, read.verifier), (made.devices, made.verifier));
        }
        assert_eq!(encode_entry(&entry(0)), Err(EntryError::Devices(0)));
        assert_eq!(encode_entry(&entry(5)), Err(EntryError::Devices(5)));
    }

    #[test]
    fn damaged_entries_are_refused() {
        let bytes = encode_entry(&entry(1)).unwrap().verifier.unwrap();
        let read = |verifier: &[u8]| {
            decode_entry(&overt::Entry { devices: Vec::new(), verifier: Some(verifier.to_vec()) })
        };
        assert!(read(&bytes).is_ok());
        assert_eq!(read(&[]), Err(EntryError::Malformed));
        assert_eq!(read(&[&bytes[..], &[0]].concat()), Err(EntryError::Malformed));
        for cut in 1..bytes.len() {
            assert!(read(&bytes[..cut]).is_err(), "{cut}");
        }
        assert_eq!(read(&[&[9], &bytes[1..]].concat()), Err(EntryError::Version(9)));
    }
}
