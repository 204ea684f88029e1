//! What can be asked of the overt ledger, what follows from it, and why it may be refused.

use policy::{Direction, Network, Posture, PriceEntry, Source};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{
    ActorId, Currency, Hash, Identified, LimitId, OutPoint, Payload, PayloadError, PersonId, SpendPlan,
    Timestamp, TransferId, Value, VaultId,
};

use crate::credential::Credential;
use crate::dossier::Sealed;
use crate::motion::{MotionId, Proposal};
use crate::onchain::Tip;
use crate::stop::{Scope, StopId};
use crate::transfer::Standing;

/// What is asked. Who asks, and when, comes beside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Nothing but being there: a sign-in.
    Attend,
    /// To move value.
    Submit(Box<Identified>),
    /// The organisation begins. Only ever the first command.
    Found {
        /// The first policy.
        sources: Vec<Source>,
    },
    /// A credential is handed out, before the organisation is opened for work.
    Enrol {
        /// Whose.
        actor: ActorId,
        /// All of it.
        credential: Credential,
    },
    /// To propose or complete the transaction of a transfer.
    Attach {
        /// Which transfer.
        transfer: TransferId,
        /// The verified transaction.
        spend: Box<SpendPlan>,
    },
    /// To hand out an address of a vault that nobody has seen.
    ShowAddress {
        /// Which vault.
        vault: VaultId,
        /// Which receiving address: one after the last that was shown.
        index: u32,
        /// What it is for.
        label: String,
    },
    /// To approve a transfer: its id is the hash of exactly what is approved.
    Approve {
        /// Which transfer.
        transfer: TransferId,
    },
    /// To end a transfer, visibly.
    Cancel {
        /// Which transfer.
        transfer: TransferId,
    },
    /// To block.
    Stop {
        /// What.
        scope: Scope,
        /// Why, in the author's words.
        reason: String,
    },
    /// To raise the posture.
    Raise {
        /// To what.
        to: Posture,
    },
    /// To take one's own devices away: all of them, or the one that is named.
    Revoke {
        /// Which device.
        device: Option<Hash>,
    },
    /// To hand in one's own dossier, sealed.
    KeepDossier(Sealed),
    /// To propose what only a quorum may do.
    Propose(Box<Proposal>),
    /// To endorse a motion.
    Endorse {
        /// Which motion.
        motion: MotionId,
    },
    /// To end a motion.
    End {
        /// Which motion.
        motion: MotionId,
    },
    /// A feed reports a price.
    NotePrice(PriceEntry),
    /// A feed reports outputs that belong to a vault.
    NoteReceived {
        /// Which vault.
        vault: VaultId,
        /// SHA-256 of the transaction that made them, under which the journal keeps it.
        transaction: Hash,
        /// The block that has it, if the feed knows.
        height: Option<u32>,
        /// Each output and how much it holds, in units of the asset.
        outputs: Vec<(OutPoint, u128)>,
    },
    /// A feed reports that a vault does not have these outputs any more: their block is gone, or somebody else has spent them.
    NoteLost {
        /// Which vault.
        vault: VaultId,
        /// Which outputs.
        outputs: Vec<OutPoint>,
    },
    /// A feed reports the newest block of a network, or why it cannot be relied on.
    NoteChain {
        /// Which network.
        network: Network,
        /// What it shows.
        tip: Tip,
    },
    /// The signature was made.
    NoteSigned {
        /// For which transfer.
        transfer: TransferId,
        /// The transaction's id, or the hash of the ticket.
        txid: Hash,
    },
    /// The chain shows the transaction in a block.
    NoteConfirmed {
        /// Which transfer.
        transfer: TransferId,
        /// The transaction's id.
        txid: Hash,
    },
    /// The chain shows, deep enough, that somebody else has spent what every transaction of a transfer spends.
    NoteDisplaced {
        /// Which transfer.
        transfer: TransferId,
    },
    /// The block that had a transfer's transaction is not in the chain any more.
    NoteUnconfirmed {
        /// Which transfer.
        transfer: TransferId,
    },
}

/// What has happened. Who did it, and when, stands in the record around it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Event {
    /// The organisation begins.
    Founded {
        /// The first policy.
        sources: Vec<Source>,
    },
    /// The clock was set at the start of a run.
    ClockSet {
        /// Civil time then.
        wall: Timestamp,
        /// The steady clock then.
        steady: u64,
        /// Which run.
        boot: u64,
    },
    /// A person's or service's credential was enrolled.
    Enrolled {
        /// Whose.
        actor: ActorId,
        /// All of it.
        credential: Credential,
    },
    /// A person's own devices were taken away.
    Revoked {
        /// Whose.
        actor: ActorId,
        /// Which.
        devices: Vec<Hash>,
    },
    /// A transfer was submitted.
    Submitted {
        /// Its id.
        transfer: TransferId,
        /// What is asked for.
        payload: Box<Payload>,
        /// Its value with fee, and the fee.
        value: (Value, Value),
        /// Each output's value.
        outputs: Vec<Value>,
        /// Which permits matched, and since when those without a quorum are met.
        standings: Vec<Standing>,
    },
    /// Its transaction was proposed or completed.
    Attached {
        /// Which transfer.
        transfer: TransferId,
        /// The transaction.
        spend: Box<SpendPlan>,
    },
    /// An address was handed out.
    AddressShown {
        /// Of which vault.
        vault: VaultId,
        /// Which receiving address.
        index: u32,
        /// What it is for.
        label: String,
    },
    /// It was approved.
    Approved {
        /// Which transfer.
        transfer: TransferId,
    },
    /// It was cancelled.
    Cancelled {
        /// Which transfer.
        transfer: TransferId,
    },
    /// It was released.
    Released {
        /// Which transfer.
        transfer: TransferId,
    },
    /// Its inputs and budget are reserved for good; a signature may follow.
    SigningBegan {
        /// Which transfer.
        transfer: TransferId,
    },
    /// The further transaction that was brought is not signed; what was signed before stands.
    Withheld {
        /// Which transfer.
        transfer: TransferId,
    },
    /// It was not released.
    Declined {
        /// Which transfer.
        transfer: TransferId,
    },
    /// Its time ran out.
    Expired {
        /// Which transfer.
        transfer: TransferId,
    },
    /// Its signature was made.
    Signed {
        /// Which transfer.
        transfer: TransferId,
        /// The transaction's id, or the hash of the ticket.
        txid: Hash,
    },
    /// It was confirmed.
    Confirmed {
        /// Which transfer.
        transfer: TransferId,
        /// The transaction's id.
        txid: Hash,
    },
    /// A block has the transaction that took everything back to the vault.
    Returned {
        /// Which transfer.
        transfer: TransferId,
        /// The transaction's id.
        txid: Hash,
    },
    /// Somebody else has spent what every transaction of it spends: it can never be paid.
    Displaced {
        /// Which transfer.
        transfer: TransferId,
    },
    /// The block that had its transaction is gone.
    Unconfirmed {
        /// Which transfer.
        transfer: TransferId,
    },
    /// A stop was placed.
    Stopped {
        /// What it blocks.
        scope: Scope,
        /// Why.
        reason: String,
    },
    /// The posture was raised.
    Raised {
        /// To what.
        to: Posture,
    },
    /// A motion was proposed.
    Proposed {
        /// Its id.
        motion: MotionId,
        /// What is proposed.
        proposal: Box<Proposal>,
        /// For a change: how it stands to the policy in force.
        #[serde(default)]
        direction: Option<Direction>,
    },
    /// A motion was endorsed.
    Endorsed {
        /// Which motion.
        motion: MotionId,
    },
    /// A motion was ended by a person.
    Ended {
        /// Which motion.
        motion: MotionId,
    },
    /// A person who has ended equal proposals before wants to end a motion: it takes one of another home as well.
    Opposed {
        /// Which motion.
        motion: MotionId,
    },
    /// A tightening that people of one home made has lapsed.
    Reverted {
        /// Which motion.
        motion: MotionId,
    },
    /// A motion is in force.
    Passed {
        /// Which motion.
        motion: MotionId,
    },
    /// A motion was not passed.
    Rejected {
        /// Which motion.
        motion: MotionId,
    },
    /// A motion's time ran out.
    Lapsed {
        /// Which motion.
        motion: MotionId,
    },
    /// A vault received outputs.
    Received {
        /// Which vault.
        vault: VaultId,
        /// The address under which the journal keeps the transaction that made them.
        transaction: Hash,
        /// The block that has it, if the feed knows.
        height: Option<u32>,
        /// Each output and how much it holds.
        outputs: Vec<(OutPoint, u128)>,
    },
    /// A vault does not have these outputs any more.
    Lost {
        /// Which vault.
        vault: VaultId,
        /// Which outputs.
        outputs: Vec<OutPoint>,
    },
    /// The chain was looked at.
    ChainSeen {
        /// Which network.
        network: Network,
        /// What it shows.
        tip: Tip,
    },
    /// A price was reported.
    Priced(PriceEntry),
    /// A person handed in a revision of the own dossier.
    DossierKept {
        /// Whose.
        person: PersonId,
        /// What.
        sealed: Sealed,
    },
}

/// What the author is told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reply {
    /// Done.
    Done,
    /// A transfer was submitted.
    Transfer(TransferId),
    /// A motion was proposed.
    Motion(MotionId),
    /// A stop was placed.
    Stop(StopId),
}

/// Why a command is refused. Each has a stable code; see the table of codes in the documentation of the interface.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Refusal {
    /// There is no such thing, or not for this person.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The author may not do this.
    #[error("this is not yours to do: {0}")]
    NotAllowed(&'static str),
    /// The payload is malformed.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// A forbid rule matches.
    #[error("a rule forbids this transfer")]
    Forbidden,
    /// No permit matches.
    #[error("no permit allows this transfer")]
    NoPermit,
    /// A limit has no room.
    #[error("limit `{limit}` has no room for this transfer")]
    LimitReached {
        /// Which limit.
        limit: LimitId,
        /// From when the transfer would fit; `None` when it never will.
        fits_at: Option<Timestamp>,
    },
    /// The value is not known well enough.
    #[error("the value in the organisation's currency is not known: {0}")]
    Price(String),
    /// A sum does not fit.
    #[error("the sum is too large")]
    Overflow,
    /// The asset is not the vault's.
    #[error("vault `{vault}` does not hold {asset}")]
    WrongAsset {
        /// Which vault.
        vault: VaultId,
        /// Of what.
        asset: Currency,
    },
    /// The transfer or motion was submitted before.
    #[error("this was submitted before")]
    Duplicate,
    /// It was approved by this person before.
    #[error("you have approved this before")]
    AlreadyApproved,
    /// One's own transfer or motion cannot be approved.
    #[error("you proposed this yourself: others must approve it")]
    OwnProposal,
    /// It has been decided.
    #[error("this has been decided: it is {0}")]
    TooLate(&'static str),
    /// Too many of them.
    #[error("too many {0} are open: end some first")]
    TooMany(&'static str),
    /// Larger than what may ever be signed and unconfirmed.
    #[error(
        "this is more than may ever be on its way from this vault at once: send it in parts, or change `outstanding`"
    )]
    AboveOutstanding,
    /// A refresh that costs too much.
    #[error("a refresh may cost at most one hundredth of what it renews: lower the maximum fee")]
    FeeTooLarge,
    /// A refresh of outputs whose recovery path is far away.
    #[error("an input is not near its recovery lock: a refresh takes only outputs in the last quarter of it")]
    TooYoung,
    /// An input of the transaction is reserved for another transfer.
    #[error("an input of this transaction is reserved for another transfer")]
    InputReserved,
    /// An input of the transaction is no unspent output of the vault.
    #[error("an input of this transaction is not an unspent output of the vault")]
    UnknownInput,
    /// The transaction is not for this transfer's vault.
    #[error("this transaction does not belong to the transfer")]
    WrongSpend,
    /// A proposed policy is invalid.
    #[error("the proposed policy is invalid: {0}")]
    InvalidPolicy(String),
    /// Nobody could ever change the policy, lift a stop or close a case again.
    #[error("under the proposed policy nobody could ever meet `{0}`: lower it or add people")]
    NoAuthority(&'static str),
    /// A revision of a dossier with another number than the next.
    #[error("the next revision is {next}: fetch the recipients and seal again")]
    Revision {
        /// The number that it must have.
        next: u32,
    },
    /// The posture is that high already, or that low.
    #[error("the posture is not {0} than now")]
    Posture(&'static str),
    /// The same idempotency key with another command.
    #[error("this idempotency key was used for another command")]
    KeyReused,
    /// Something that is due must be decided first; the engine does so before every command.
    #[error("the clock is behind")]
    Behind,
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not-found",
            Self::NotAllowed(_) => "not-allowed",
            Self::Payload(_) => "payload-invalid",
            Self::Forbidden => "forbidden-by-policy",
            Self::NoPermit => "no-permit",
            Self::LimitReached { .. } => "limit-reached",
            Self::Price(_) => "price-unknown",
            Self::Overflow => "amount-overflow",
            Self::WrongAsset { .. } => "wrong-asset",
            Self::Duplicate => "duplicate",
            Self::AlreadyApproved => "already-approved",
            Self::OwnProposal => "own-proposal",
            Self::TooLate(_) => "too-late",
            Self::TooMany(_) => "too-many",
            Self::AboveOutstanding => "outstanding-exceeded",
            Self::FeeTooLarge => "fee-too-large",
            Self::TooYoung => "refresh-too-early",
            Self::InputReserved => "input-reserved",
            Self::UnknownInput => "input-unknown",
            Self::WrongSpend => "spend-mismatch",
            Self::InvalidPolicy(_) => "policy-invalid",
            Self::NoAuthority(_) => "authority-unmet",
            Self::Revision { .. } => "revision-not-next",
            Self::Posture(_) => "posture-unchanged",
            Self::KeyReused => "idempotency-key-reused",
            Self::Behind => "behind",
        }
    }
}
