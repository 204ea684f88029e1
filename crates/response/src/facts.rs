//! What is known of an incident, as the server takes it from the journal and signs it: the source of the police pack (G7, G9).
//!
//! Pseudonyms only. Everything but the texts that people wrote is a name, a number or an instant, so that each language can say it.
//! Filled by `server` for `GET /v1/response/incidents/{id}/pack`; read by [`crate::pack`].

use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{
    ActorId, Amount, ChannelId, Hash, PermitId, PersonId, PlaceId, ProtectedId, Timestamp, VaultId,
    canonical_json, hash_parts,
};

use crate::procedure::Kind;

/// The version of this form.
pub const FACTS_VERSION: u32 = 1;
/// The domain of the hash that the server signs.
pub const FACTS_DOMAIN: &str = "rempart/police-pack-facts/v1";

/// Everything that the journal holds about one incident and that the police may need.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// [`FACTS_VERSION`].
    pub version: u32,
    /// The organisation's name.
    pub organisation: String,
    /// Its time zone, such as `Europe/Paris`; the pages show its times.
    pub time_zone: String,
    /// The incident.
    pub incident: Incident,
    /// Who is concerned.
    pub subjects: Vec<Subject>,
    /// Protected people who called.
    pub callers: Vec<ProtectedId>,
    /// Its signals.
    pub signals: Vec<Signal>,
    /// What responders did and what was handed over to them. Signals, attempts, transactions and stops are not repeated here.
    pub log: Vec<LogEntry>,
    /// Transfers that the people concerned submitted or approved since they were not free, and others that the incident covers.
    pub attempts: Vec<Attempt>,
    /// Transactions of those transfers that were signed.
    pub transactions: Vec<Transaction>,
    /// Open stops, and those lifted since the incident began.
    pub stops: Vec<Stop>,
    /// Responders who took part, whoever leads first.
    pub contacts: Vec<Contact>,
}

/// The incident itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Its number.
    pub id: u32,
    /// Real or a drill.
    pub status: Status,
    /// How sure it is.
    pub level: Level,
    /// Which procedure is followed.
    pub procedure: Option<Kind>,
    /// When its first signal came.
    pub opened: Timestamp,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// The code by which a caller and a responder know each other.
    pub call_back: String,
    /// What it keeps from being released.
    pub cover: Cover,
}

/// Real or a drill.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Real.
    Actual,
    /// A drill.
    Exercise,
}

/// How sure it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// One sign that may be a slip: call back first.
    Verify,
    /// Anything more.
    Confirmed,
}

/// What an incident keeps from being released.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Cover {
    /// Everything.
    Organisation,
    /// What concerns these.
    Narrowed {
        /// Everything from these vaults.
        vaults: Vec<VaultId>,
        /// Everything in which one of these took part.
        people: Vec<PersonId>,
    },
}

/// A person concerned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Who, by pseudonym.
    pub person: PersonId,
    /// When it was found.
    pub found: Timestamp,
    /// Acts later than this do not count.
    pub from: Timestamp,
    /// The places, by name, where the person may be held with others.
    pub places: Vec<PlaceId>,
}

/// What kind of sign.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// A panic phrase at sign-in.
    SignIn,
    /// A panic phrase on an act.
    Act,
    /// A responder's own judgement.
    Judgement,
    /// A code word that a responder heard.
    CodeWord,
    /// A protected person's alarm.
    ProtectedPerson,
    /// A check-in that was missed.
    MissedCheckIn,
    /// An alarm panel's hold-up button.
    Panel,
    /// A drill: nobody gave a sign.
    Drill,
}

/// One signal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// When.
    pub at: Timestamp,
    /// Who is in danger.
    pub who: PersonId,
    /// What kind.
    pub sign: Sign,
    /// The responder, protected person or panel that told it.
    pub told_by: Option<String>,
    /// When that responder heard or saw it.
    pub heard: Option<Timestamp>,
}

/// One thing done, or handed over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// When.
    pub at: Timestamp,
    /// Which responder; none for what the server did.
    pub by: Option<PersonId>,
    /// What.
    pub act: Act,
}

/// What was done, or handed over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Act {
    /// An alarm was handed over.
    Delivered {
        /// By which channel.
        channel: ChannelId,
        /// To whom; none when the receiver knows by itself whom to tell.
        to: Option<PersonId>,
    },
    /// Somebody has taken charge.
    Acknowledged {
        /// From where, when it was said.
        from: Option<PlaceId>,
    },
    /// Somebody answered a message; shown, never counted.
    Replied,
    /// Which procedure is followed.
    Procedure {
        /// Which.
        procedure: Kind,
    },
    /// A step of the checklist was done, or was found not to be.
    Step {
        /// Its id.
        step: String,
        /// Done or not.
        done: bool,
    },
    /// A note.
    Note {
        /// What it says.
        text: String,
    },
    /// Somebody was called.
    Called {
        /// Who.
        whom: Callee,
        /// What came of it.
        note: String,
    },
    /// The person concerned was called back.
    CalledBack {
        /// Who.
        person: PersonId,
        /// Whether they gave the all-clear.
        all_clear: bool,
        /// Whether they were alone and could speak.
        private: bool,
    },
    /// Somebody else leads.
    HandedOver {
        /// Who.
        to: PersonId,
    },
    /// Nothing is to be done until then.
    Awaited {
        /// Until when.
        until: Timestamp,
    },
    /// A narrower cover was endorsed.
    NarrowingEndorsed,
    /// The incident covers less from now on.
    Narrowed,
    /// A person was found not to have been free.
    Implicated {
        /// Who.
        person: PersonId,
        /// Since when.
        since: Timestamp,
    },
    /// Closing was endorsed.
    ClearEndorsed,
    /// The clear that was under way was ended.
    ClearEnded,
    /// The incident was closed.
    Closed,
    /// A dossier was opened.
    DossierOpened {
        /// Whose.
        person: PersonId,
        /// Which revision.
        revision: u32,
    },
}

/// Who was called.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Callee {
    /// The police.
    Police,
    /// A person of the organisation.
    Person(PersonId),
    /// Somebody else, in words.
    Other(String),
}

/// A transfer that was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// The hash of its payload.
    pub transfer: Hash,
    /// When it was submitted.
    pub at: Timestamp,
    /// By whom.
    pub by: ActorId,
    /// From which vault.
    pub vault: VaultId,
    /// To whom and how much.
    pub outputs: Vec<Output>,
    /// The most that the network may be paid.
    pub max_fee: Amount,
    /// Its value when it was submitted, with the approved maximum fee.
    pub value: Option<Amount>,
    /// A note. Whoever coerces may have dictated it.
    pub memo: String,
    /// The submitter's reference; likewise.
    pub reference: String,
    /// Who approved it, and when.
    pub approvals: Vec<Approval>,
    /// By which permits it could be released.
    pub permits: Vec<PermitId>,
    /// Until when it waits whatever anybody does, while it is pending.
    pub held_until: Option<Timestamp>,
    /// Where it stands.
    pub status: AttemptStatus,
    /// Since when.
    pub since: Timestamp,
    /// Whether somebody concerned submitted or approved it while not free, as far as is known.
    pub forced: bool,
}

/// One output: an address, or a vault of the organisation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// An address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// A vault of the organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault: Option<VaultId>,
    /// How much.
    pub amount: Amount,
}

/// An approval.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

/// Where a transfer stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttemptStatus {
    /// Waits; nothing has left.
    Pending,
    /// Released, not yet signed.
    Ready,
    /// Signed: on its way.
    Signed,
    /// In a block.
    Confirmed,
    /// Turned down at the moment of decision.
    Declined,
    /// Its time ran out.
    Expired,
    /// Ended by a person.
    Cancelled,
}

/// A transaction that was signed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transaction {
    /// Of which transfer.
    pub transfer: Hash,
    /// Its id, as explorers show it.
    pub txid: String,
    /// The chain, such as `bitcoin:main`.
    pub chain: String,
    /// From which vault.
    pub vault: VaultId,
    /// When it was signed or first seen.
    pub at: Timestamp,
    /// The whole transaction in hexadecimal digits, once it is public.
    pub raw: Option<String>,
    /// Its outputs, in their order.
    pub outputs: Vec<TransactionOutput>,
    /// Where it stands.
    pub status: TransactionStatus,
    /// Since when.
    pub since: Timestamp,
}

/// One output of a transaction.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransactionOutput {
    /// To which address.
    pub address: String,
    /// How much.
    pub amount: Amount,
    /// Whether it comes back to the organisation.
    pub ours: bool,
}

/// Where a transaction stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TransactionStatus {
    /// Signed; in no block yet.
    Signed,
    /// In a block.
    Confirmed,
    /// Another one took its place.
    Replaced,
}

/// A stop, in force or lifted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// Since when.
    pub at: Timestamp,
    /// What it blocks.
    pub scope: StopScope,
    /// Who asked for it.
    pub by: Option<String>,
    /// Why, in their words.
    pub reason: String,
    /// When it was lifted.
    pub lifted: Option<Timestamp>,
}

/// What a stop blocks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopScope {
    /// One transfer.
    Transfer(Hash),
    /// Everything from a vault.
    Vault(VaultId),
    /// Everything of a person or service.
    Person(ActorId),
    /// Everything.
    Organisation,
}

/// A responder who takes part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Who, by pseudonym.
    pub person: PersonId,
    /// Whether this person leads now.
    pub leads: bool,
    /// When this person took charge first.
    pub since: Timestamp,
}

/// Facts with the server's signature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedFacts {
    /// The facts.
    pub facts: Facts,
    /// The server's public key, Ed25519. Know it from elsewhere.
    #[serde(with = "hex::serde")]
    pub key: [u8; 32],
    /// Ed25519 over [`Facts::digest`].
    #[serde(with = "hex::serde")]
    pub signature: [u8; 64],
}

/// Why facts are not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum FactsError {
    /// A form that this program does not know.
    #[error("the facts are of a version that this program does not know: update `rempart`")]
    Version,
    /// They cannot be written as JSON.
    #[error("the facts have no canonical form")]
    Form,
    /// The signature is not that of this key over these facts.
    #[error("the server's signature does not fit the facts: do not rely on them, and ask for them again")]
    Signature,
    /// The key is none.
    #[error("the server's key is not a public key that can be trusted")]
    Key,
}

impl Facts {
    /// The canonical form.
    ///
    /// # Errors
    /// [`FactsError::Form`], which cannot happen to facts that were parsed.
    pub fn canonical(&self) -> Result<String, FactsError> {
        canonical_json(self).map_err(|_| FactsError::Form)
    }

    /// What the server signs.
    ///
    /// # Errors
    /// As [`Facts::canonical`].
    pub fn digest(&self) -> Result<Hash, FactsError> {
        Ok(hash_parts(FACTS_DOMAIN, &[self.canonical()?.as_bytes()]))
    }

    /// With every list in the one order that depends on nothing but what is in it. The server signs facts in this order.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        if let Cover::Narrowed { vaults, people } = &mut self.incident.cover {
            vaults.sort();
            people.sort();
        }
        for subject in &mut self.subjects {
            subject.places.sort();
        }
        self.subjects.sort_by_cached_key(|subject| (subject.found, subject.person.clone()));
        self.callers.sort();
        self.signals.sort_by_cached_key(|signal| (signal.at, text_of(signal)));
        self.log.sort_by_cached_key(|entry| (entry.at, text_of(entry)));
        for attempt in &mut self.attempts {
            attempt.approvals.sort_by_cached_key(|approval| (approval.at, approval.by.clone()));
            attempt.permits.sort();
        }
        self.attempts.sort_by_key(|attempt| (attempt.at, attempt.transfer));
        self.transactions.sort_by_cached_key(|transaction| (transaction.at, transaction.txid.clone()));
        self.stops.sort_by_cached_key(|stop| (stop.at, text_of(stop)));
        self.contacts.sort_by_cached_key(|contact| (!contact.leads, contact.since, contact.person.clone()));
        self
    }
}

/// Any total order will do, as long as it is the same everywhere.
fn text_of<T: Serialize>(value: &T) -> String {
    canonical_json(value).unwrap_or_default()
}

impl SignedFacts {
    /// Checks form and signature, with the key that came along; whose key that is must be known from elsewhere.
    ///
    /// # Errors
    /// Why they are not believed.
    pub fn check(&self) -> Result<(), FactsError> {
        if self.facts.version != FACTS_VERSION {
            return Err(FactsError::Version);
        }
        let key = VerifyingKey::from_bytes(&self.key).map_err(|_| FactsError::Key)?;
        if key.is_weak() {
            return Err(FactsError::Key);
        }
        let digest = self.facts.digest()?;
        key.verify_strict(&digest.0, &Signature::from_bytes(&self.signature))
            .map_err(|_| FactsError::Signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{facts, signed};

    #[test]
    fn the_canonical_form_reads_back() {
        let text = facts().canonical().unwrap();
        assert_eq!(serde_json::from_str::<Facts>(&text).unwrap(), facts());
        assert!(
            serde_json::from_str::<Facts>(&text.replace("\"callers\"", "\"medical\":1,\"callers\"")).is_err()
        );
    }

    #[test]
    fn the_servers_word_holds_for_these_facts_only() {
        assert_eq!(signed(facts()).check(), Ok(()));
        let text = serde_json::to_string(&signed(facts())).unwrap();
        assert_eq!(serde_json::from_str::<SignedFacts>(&text).unwrap().check(), Ok(()));
        let mut altered = signed(facts());
        altered.facts.attempts[0].forced = false;
        assert_eq!(altered.check(), Err(FactsError::Signature));
    }

    /// The server signs this order; were it another one tomorrow, old packs could not be made again.
    #[test]
    fn the_digest_is_fixed() {
        expect_test::expect!["4bde1603234377d49b05edf561024ba640b4ba93c3707da5dc630f0313440157"]
            .assert_eq(&facts().in_order().digest().unwrap().to_string());
    }
}
