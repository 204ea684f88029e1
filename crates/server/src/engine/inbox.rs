//! The inbox of the covert side: signs that come without a phrase are durable in it at once, and in the next slot for good (G8, G9).
//!
//! One sealed cell of fixed size in the journal, written over at every sign, whoever gave it and also when it is nobody's, and at every tick,
//! whether or not it held anything. So nobody waits five seconds to be heard, and a copy of the database shows one cell of noise. A cell is
//! bound to the slot that will take it: an old one put back does not open.

use credentials::{SLOT_CAPACITY_BYTES, SealError, open_slot, seal_slot};
use gate::{Event, Noted, RecordError};
use journal::{Journal, Origin, SLOT_BYTES};
use types::{Hash, hash_parts};

use super::error::StartError;
use crate::keys::Secrets;

/// What the cell holds: as durable, and with what the batch in the making adds.
#[derive(Default)]
pub struct Inbox {
    durable: Vec<u8>,
    ahead: Vec<u8>,
}

impl Inbox {
    /// What was there at the start.
    pub fn new(content: Vec<u8>) -> Self {
        Self { ahead: content.clone(), durable: content }
    }

    /// Adds notes, all of them or none: `false` when there is no room before the next slot.
    pub fn take(&mut self, notes: &[Event]) -> bool {
        let before = self.ahead.len();
        for note in notes {
            let encoded = match note {
                Event::Noted(noted) => noted.encode().ok(),
                Event::Recorded(_) => None,
            };
            match encoded {
                Some(bytes) if self.ahead.len() + bytes.len() <= SLOT_CAPACITY_BYTES => {
                    self.ahead.extend(bytes);
                }
                _ => {
                    self.ahead.truncate(before);
                    return false;
                }
            }
        }
        true
    }

    /// Gives everything to the slot that is being filled.
    pub fn drain(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.ahead)
    }

    /// Seals it as it is ahead of the commit.
    pub fn seal(
        &self,
        secrets: &Secrets,
        entropy: &[u8; 32],
        binding: &Hash,
    ) -> Result<[u8; SLOT_BYTES], SealError> {
        seal_slot(secrets.class_key(), &self.ahead, entropy, &binding.0)
    }

    /// The batch is durable.
    pub fn committed(&mut self) {
        self.durable.clone_from(&self.ahead);
    }

    /// The batch is not.
    pub fn go_back(&mut self) {
        self.ahead.clone_from(&self.durable);
    }

    /// Whether everything is in slots. Only then may a snapshot be made: it says up to which slot it goes.
    pub fn is_empty(&self) -> bool {
        self.durable.is_empty()
    }
}

/// Binds the cell to the slot that will take its content.
pub fn binding(origin: &Origin, slots: u64) -> Hash {
    let created = origin.created_at.as_nanos().to_be_bytes();
    hash_parts("rempart/inbox/v1", &[origin.organisation.as_bytes(), &created, &slots.to_be_bytes()])
}

/// What was durable when the last run ended, however it did.
///
/// # Errors
/// A store that cannot be read, or a cell that does not open with these secrets after these slots.
pub fn open(journal: &mut dyn Journal, secrets: &Secrets) -> Result<Vec<u8>, StartError> {
    let Some(sealed) = journal.inbox()? else { return Ok(Vec::new()) };
    let binding = binding(journal.origin(), journal.head().covert_seq);
    let opened = open_slot(secrets.class_key(), &sealed, &binding.0);
    opened.map(|content| content.to_vec()).map_err(|why| StartError::Inbox { why: why.into() })
}

/// The notes of it.
///
/// # Errors
/// When the content is not notes.
pub fn notes(content: &[u8]) -> Result<Vec<Noted>, StartError> {
    Noted::decode_all(content).map_err(|why: RecordError| StartError::Inbox { why })
}
