//! The gate's state: both ledgers side by side, and the requests done lately. Changed by `apply` alone.

use covert::{Attested, SignalId, SignalKind};
use credentials::{ClassKey, SealError};
use serde::{Deserialize, Serialize};
use types::Hash;

use crate::record::{Event, Noted, Record, RecordError};
use crate::repeats::Repeats;

/// The state of one organisation.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct State {
    overt: overt::State,
    covert: covert::State,
    pub(crate) repeats: Repeats,
}

/// The overt half of a snapshot.
#[derive(Serialize, Deserialize)]
struct OvertHalf {
    overt: overt::State,
    repeats: Repeats,
}

impl State {
    /// The overt ledger.
    #[must_use]
    pub const fn overt(&self) -> &overt::State {
        &self.overt
    }

    /// The covert ledger. For `release`, responders and the alarm.
    #[must_use]
    pub const fn covert(&self) -> &covert::State {
        &self.covert
    }

    /// Lets an event happen.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Recorded(record) => self.record(record),
            Event::Noted(noted) => self.note(noted),
        }
    }

    /// The attestation is judged first, whatever the record holds besides.
    fn record(&mut self, record: &Record) {
        self.overt.begin(&record.act);
        self.attest(record);
        record.used.into_iter().for_each(|used| self.overt.note_use(used));
        for event in &record.events {
            self.overt.apply(&record.act, event);
        }
        if let Some(repeat) = &record.repeat {
            self.repeats.add(record.act.at, repeat);
        }
    }

    fn attest(&mut self, record: &Record) {
        let (Some(attestation), Some(by)) = (&record.attestation, record.act.by.actor()) else { return };
        let Some(policy) = self.overt.policy() else { return };
        let kind = if record.sign_in { SignalKind::SignIn } else { SignalKind::Act };
        let (id, at) = (SignalId::Record(record.act.number.0), record.act.at);
        let attested = Attested { id, by, at, kind, class: attestation.class(), seed: attestation.seed() };
        self.covert.attested(policy, &attested);
    }

    fn note(&mut self, noted: &Noted) {
        if let Some(policy) = self.overt.policy() {
            self.covert.apply(policy, noted.at, &noted.event);
        }
    }

    /// SHA-256 of the whole state: the same inputs give the same hash on every machine.
    ///
    /// # Errors
    /// Never for a state that the gate made; the encoder's type asks.
    pub fn hash(&self) -> Result<Hash, RecordError> {
        let overt = postcard::to_stdvec(&(&self.overt, &self.repeats))?;
        let covert = postcard::to_stdvec(&self.covert)?;
        Ok(types::hash_parts("rempart/state/v1", &[&overt, &covert]))
    }

    /// The two halves of a snapshot: the overt one as it is, the covert one sealed and padded to whole buckets.
    ///
    /// # Errors
    /// When the state cannot be encoded or sealed.
    pub fn snapshot(
        &self,
        key: &ClassKey,
        entropy: &[u8; 32],
        anchor: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>), RecordError> {
        let overt = postcard::to_stdvec(&(&self.overt, &self.repeats))?;
        let covert = postcard::to_stdvec(&self.covert)?;
        let sealed = credentials::seal_state(key, &covert, entropy, anchor)?;
        Ok((overt, sealed))
    }

    /// The state from the two halves of a snapshot.
    ///
    /// # Errors
    /// When either half is not readable with this key and anchor.
    pub fn restore(key: &ClassKey, overt: &[u8], covert: &[u8], anchor: &[u8]) -> Result<Self, RecordError> {
        let OvertHalf { overt, repeats } = postcard::from_bytes(overt)?;
        let opened = credentials::open_state(key, covert, anchor).map_err(|error: SealError| error)?;
        let covert = postcard::from_bytes(&opened)?;
        Ok(Self { overt, covert, repeats })
    }
}
