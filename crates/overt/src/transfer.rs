//! One transfer, from submission to its end (G1, G6).

use policy::{Facts, OutputFacts};
use serde::{Deserialize, Serialize};
use types::{Hash, OutPoint, Payload, PermitId, SpendPlan, Timestamp, Value};

use crate::act::Act;
use crate::onchain::Coin;

/// Where a transfer stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waits for approvals or for its hold.
    Pending,
    /// Released: waits for the signatures that the chain needs.
    Ready,
    /// Inputs and budget are reserved for good; from here on a signature may exist.
    Signing,
    /// Signed: the transaction or ticket exists.
    Signed {
        /// The transaction's id, or the hash of a gate-only vault's ticket.
        txid: Hash,
    },
    /// Seen in a block.
    Confirmed {
        /// The transaction's id.
        txid: Hash,
    },
    /// Not released at the moment of decision.
    Declined,
    /// Its time ran out.
    Expired,
    /// Ended by a person.
    Cancelled,
}

impl Status {
    /// The word that people and programs see. Being signed is a matter of moments and is shown as ready.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ready | Self::Signing => "ready",
            Self::Signed { .. } => "signed",
            Self::Confirmed { .. } => "confirmed",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it ended without moving anything, so that it no longer counts against limits.
    #[must_use]
    pub const fn ended_unspent(&self) -> bool {
        matches!(self, Self::Declined | Self::Expired | Self::Cancelled)
    }

    /// Whether it can still be ended, and nothing has been signed.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Pending | Self::Ready)
    }
}

/// How a permit that matched at submission stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Standing {
    /// Which permit.
    pub permit: PermitId,
    /// When its quorum was last continuously met; `None` while it is not.
    pub met_since: Option<Timestamp>,
}

/// A transaction whose signing began: from then on a signature may exist.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Signing {
    /// The transaction.
    pub spend: SpendPlan,
    /// Since when.
    pub at: Timestamp,
    /// Whether the signature was reported.
    pub signed: bool,
}

/// One transfer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Transfer {
    /// What was asked for.
    pub payload: Payload,
    /// By whom and when.
    pub submitted: Act,
    /// What it moves, with the approved maximum fee, fixed at submission.
    pub value: Value,
    /// The fee's part of that.
    pub fee: Value,
    /// Each output, as the policy sees it.
    pub outputs: Vec<OutputFacts>,
    /// The permits that matched at submission.
    pub standings: Vec<Standing>,
    /// Its approvals, in order.
    pub approvals: Vec<Act>,
    /// The transaction that is proposed for it.
    pub spend: Option<SpendPlan>,
    /// The transactions whose signing began, in order.
    pub signings: Vec<Signing>,
    /// What the transaction in a block has spent; should the block go, it comes back.
    pub spent: Vec<(OutPoint, Coin)>,
    /// Where it stands.
    pub status: Status,
    /// Since when.
    pub since: Timestamp,
    /// The act that cancelled it.
    pub cancelled: Option<Act>,
    /// When it was settled for good: its signing began or it ended; `None` while it is open.
    pub settled: Option<Timestamp>,
    /// The moment of decision as things stand.
    pub ready_at: Option<Timestamp>,
    /// When it dies unmet.
    pub expires_at: Timestamp,
}

impl Transfer {
    /// The submission as the policy judges it.
    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            vault: &self.payload.vault,
            initiator: &self.payload.initiator,
            at: self.submitted.at,
            value: self.value,
            outputs: &self.outputs,
            fee: self.fee,
        }
    }

    /// Where it stands for people: while another transaction is being signed, the one before it is.
    #[must_use]
    pub fn shown_status(&self) -> Status {
        match (&self.status, self.standing_spend()) {
            (Status::Signing, Some(standing)) => Status::Signed { txid: standing.txid },
            (status, _) => status.clone(),
        }
    }

    /// When it stopped counting against limits, if it did.
    #[must_use]
    pub fn freed_at(&self) -> Option<Timestamp> {
        self.status.ended_unspent().then_some(self.since)
    }
}
