//! What the journal keeps: one record per command on the overt chain, notes in sealed slots on the covert one (G7, G9).

use credentials::{ClassKey, Seal, SealError};
use overt::{Act, DeviceUse, Event as OvertEvent};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{Hash, Timestamp};

use crate::attestation::Attestation;
use crate::repeats::Repeat;

/// The longest encoded note, in bytes; several fit into one slot.
pub const NOTED_BYTES_MAX: usize = 900;

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A record of the overt chain.
    Recorded(Box<Record>),
    /// A note on the covert chain.
    Noted(Noted),
}

/// A record of the overt chain. A sign-in, a refused command and a repeated one all are records without events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Who, when, and the record's number.
    pub act: Act,
    /// The hash of the request.
    pub request: Hash,
    /// What the phrase check found, sealed.
    pub attestation: Option<Attestation>,
    /// The device that signed, if it counts its signatures.
    pub used: Option<DeviceUse>,
    /// Whether the person only signed in.
    pub sign_in: bool,
    /// Under which a repetition will be recognised.
    pub repeat: Option<Repeat>,
    /// What follows for the overt ledger.
    pub events: Vec<OvertEvent>,
}

/// A record of the overt chain without what the phrase check found: nothing that follows from it can tell (G3). For auditors.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OvertRecord {
    /// Who, when, and the record's number.
    pub act: Act,
    /// The hash of the request.
    pub request: Hash,
    /// The device that signed, if it counts its signatures.
    pub used: Option<DeviceUse>,
    /// Whether the person only signed in.
    pub sign_in: bool,
    /// Under which a repetition will be recognised.
    pub repeat: Option<Repeat>,
    /// What followed for the overt ledger.
    pub events: Vec<OvertEvent>,
}

impl OvertRecord {
    /// The overt part of a record from the journal. No key is needed, because the seal stays closed and is left behind.
    ///
    /// # Errors
    /// When the bytes are not a record.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let Stored { act, request, seal: _, used, sign_in, repeat, events } = postcard::from_bytes(bytes)?;
        Ok(Self { act, request, used, sign_in, repeat, events })
    }

    /// The hash of everything overt up to and with this record, from the hash of everything before it.
    ///
    /// # Errors
    /// Never for a record that the gate made; the encoder's type asks.
    pub fn chained(&self, previous: &Hash) -> Result<Hash, RecordError> {
        let bytes = postcard::to_stdvec(self)?;
        Ok(types::hash_parts("rempart/audit/v1", &[&previous.0, &bytes]))
    }
}

/// A note on the covert chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Noted {
    /// The number of the last record of the overt chain before it, which fixes the order of a replay.
    pub after: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: covert::Event,
}

/// Why a record of the journal cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecordError {
    /// The bytes are not a record.
    #[error("the record is not readable: {0}")]
    Malformed(postcard::Error),
    /// The seal does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl From<postcard::Error> for RecordError {
    fn from(error: postcard::Error) -> Self {
        Self::Malformed(error)
    }
}

/// The stored form: the seal without what it held.
#[derive(Serialize, Deserialize)]
struct Stored {
    act: Act,
    request: Hash,
    seal: Option<Seal>,
    used: Option<DeviceUse>,
    sign_in: bool,
    repeat: Option<Repeat>,
    events: Vec<OvertEvent>,
}

impl Record {
    /// The bytes for the journal.
    ///
    /// # Errors
    /// Never for a record that the gate made; the encoder's type asks.
    pub fn encode(&self) -> Result<Vec<u8>, RecordError> {
        let stored = StoredRef {
            act: &self.act,
            request: &self.request,
            seal: self.attestation.as_ref().map(Attestation::sealed),
            used: self.used,
            sign_in: self.sign_in,
            repeat: self.repeat.as_ref(),
            events: &self.events,
        };
        Ok(postcard::to_stdvec(&stored)?)
    }

    /// A record from the journal; its seal is opened with a key that the journal does not have.
    ///
    /// # Errors
    /// When the bytes are not a record, or the seal does not open.
    pub fn decode(bytes: &[u8], key: &ClassKey) -> Result<Self, RecordError> {
        let stored: Stored = postcard::from_bytes(bytes)?;
        let open = |seal| Attestation::open(key, seal, &stored.act.by, &stored.request);
        let attestation = stored.seal.map(open).transpose()?;
        let Stored { act, request, used, sign_in, repeat, events, .. } = stored;
        Ok(Self { act, request, attestation, used, sign_in, repeat, events })
    }
}

#[derive(Serialize)]
struct StoredRef<'a> {
    act: &'a Act,
    request: &'a Hash,
    seal: Option<&'a Seal>,
    used: Option<DeviceUse>,
    sign_in: bool,
    repeat: Option<&'a Repeat>,
    events: &'a [OvertEvent],
}

impl Noted {
    /// The bytes for a slot.
    ///
    /// # Errors
    /// Never for a note that the gate made; the encoder's type asks.
    pub fn encode(&self) -> Result<Vec<u8>, RecordError> {
        Ok(postcard::to_stdvec(self)?)
    }

    /// The notes of one opened slot, in order.
    ///
    /// # Errors
    /// When the bytes are not notes.
    pub fn decode_all(mut bytes: &[u8]) -> Result<Vec<Self>, RecordError> {
        let mut notes = Vec::new();
        while !bytes.is_empty() {
            let (note, rest) = postcard::take_from_bytes(bytes)?;
            notes.push(note);
            bytes = rest;
        }
        Ok(notes)
    }
}
