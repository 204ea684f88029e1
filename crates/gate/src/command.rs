//! What can be asked of the gate, what comes back, and what the shell must do afterwards.

use overt::{Author, DeviceUse, Event as OvertEvent, Reply};
use thiserror::Error;
use types::{Hash, TransferId};

use crate::attestation::Attestation;
use crate::record::Event;

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ask {
    /// To decide the earliest matter that is due, or to set the clock. Only Rempart itself asks.
    Tick,
    /// To decide the earliest covert matter that is due. Only Rempart itself asks, at the tick of the covert chain.
    CovertTick,
    /// Something of the overt ledger.
    Overt(overt::Command),
    /// Something of the covert ledger. Stepped at the tick of the covert chain; leaves no record in the overt one.
    Covert(covert::Command),
    /// A sign that came without a phrase. Only Rempart itself says so; written down at once, and as a note in the next slot.
    Sign(covert::Sign),
    /// A channel took a call. Only Rempart itself says so.
    Delivered(covert::Delivery),
}

/// A command with its author.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// Who asks.
    pub by: Author,
    /// What.
    pub ask: Ask,
    /// The hash of the request, as it was signed.
    pub request: Hash,
    /// Under which a repetition of the same request is recognised.
    pub idempotency: Option<Hash>,
    /// What the phrase check found, sealed. People's commands have one, no other has.
    pub attestation: Option<Attestation>,
    /// The device that signed, if it counts its signatures. Noted whatever becomes of the command.
    pub used: Option<DeviceUse>,
}

impl Command {
    /// A command of Rempart itself.
    #[must_use]
    pub const fn system(ask: Ask) -> Self {
        Self {
            by: Author::System,
            ask,
            request: Hash([0; 32]),
            idempotency: None,
            attestation: None,
            used: None,
        }
    }
}

/// Why a command is refused.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Refusal {
    /// By the overt ledger.
    #[error(transparent)]
    Overt(#[from] overt::Refusal),
    /// By the covert ledger.
    #[error(transparent)]
    Covert(#[from] covert::Refusal),
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Overt(refusal) => refusal.code(),
            Self::Covert(refusal) => refusal.code(),
        }
    }
}

/// What the author is told. A function of the overt state alone, except on the covert lane.
pub type Outcome = Result<Reply, Refusal>;

/// What the shell must do after the events are durable. Each at least once; each may be repeated without harm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// To co-sign a transfer, or to issue its ticket.
    Sign(TransferId),
    /// To broadcast what was signed.
    Broadcast(TransferId),
}

/// The effects of one event. Alarms are not among them: what is to be delivered is read from the covert state, so that no
/// table of the database knows of it.
#[must_use]
pub fn effects(event: &Event) -> Vec<Effect> {
    let Event::Recorded(record) = event else { return Vec::new() };
    let effect = |event: &OvertEvent| match event {
        OvertEvent::SigningBegan { transfer } => Some(Effect::Sign(*transfer)),
        // What a reorganisation has thrown out must be sent until a block has it again.
        OvertEvent::Signed { transfer, .. } | OvertEvent::Unconfirmed { transfer } => {
            Some(Effect::Broadcast(*transfer))
        }
        _ => None,
    };
    record.events.iter().filter_map(effect).collect()
}
