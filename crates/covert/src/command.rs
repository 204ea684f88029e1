//! What responders do, and what follows. None of it is ever visible outside the covert side.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{ChannelId, Hash, PersonId, Timestamp, TransferId};

use crate::incident::{Cover, IncidentId};
use crate::signal::{SignalId, SignalKind};

/// What is asked of the covert side: by responders, and by whoever objects. It leaves no trace in the overt chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// To object to a transfer: it will be declined at its moment of decision, without a name. Anyone who sees it may.
    Object {
        /// Which transfer.
        transfer: TransferId,
    },
    /// To say that somebody has taken charge.
    Acknowledge {
        /// Of which incident.
        incident: IncidentId,
    },
    /// To open an incident by judgement, or for a code word heard.
    Report {
        /// Who is in danger.
        who: PersonId,
        /// What it rests on: a judgement or a code word.
        kind: SignalKind,
        /// Unpredictable, drawn by the shell: for the call-back code.
        seed: Hash,
    },
    /// To add a person who was found not to have been free.
    Implicate {
        /// In which incident.
        incident: IncidentId,
        /// Who.
        person: PersonId,
        /// Since when.
        since: Timestamp,
    },
    /// To endorse a narrower cover, so that others can work on.
    Narrow {
        /// Of which incident.
        incident: IncidentId,
        /// To what.
        cover: Cover,
    },
    /// To endorse closing it, after a call-back with the person.
    Clear {
        /// Which incident.
        incident: IncidentId,
    },
    /// To end a clear that is under way.
    EndClear {
        /// Of which incident.
        incident: IncidentId,
    },
}

/// What has happened on the covert side. Written into sealed slots; signals of phrases are not among them, because they
/// are found again in the seals of the overt chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Event {
    /// Somebody's command was accepted.
    Acted {
        /// By whom.
        by: PersonId,
        /// What.
        command: Command,
    },
    /// The phrase that came with a command was a panic phrase, whatever became of the command.
    Signalled {
        /// Whose.
        who: PersonId,
        /// Unpredictable: for the call-back code.
        seed: Hash,
    },
    /// A signal was handed over to a channel.
    Delivered {
        /// Which signal.
        signal: SignalId,
        /// To which channel.
        channel: ChannelId,
    },
    /// An incident was closed: its clear was met for the whole wait.
    Closed {
        /// Which.
        incident: IncidentId,
    },
}

/// Why a responder's command is refused.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Refusal {
    /// There is no such incident, or not for this person.
    #[error("there is no such incident")]
    NotFound,
    /// The incident is closed.
    #[error("the incident is closed")]
    Closed,
    /// This person has done so before.
    #[error("you have done this before")]
    Repeated,
    /// Nobody of this name.
    #[error("there is no person `{0}`")]
    NoSuchPerson(PersonId),
    /// Not a kind of signal that a responder reports.
    #[error("report a `judgement` or a `code-word`")]
    WrongKind,
    /// A time in the future.
    #[error("`since` is in the future")]
    Future,
    /// More than the ledger takes.
    #[error("too many endorsements or names")]
    TooMany,
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Closed => "incident-closed",
            Self::Repeated => "repeated",
            Self::NoSuchPerson(_) => "no-such-person",
            Self::WrongKind => "wrong-kind",
            Self::Future => "time-in-future",
            Self::TooMany => "too-many",
        }
    }
}
