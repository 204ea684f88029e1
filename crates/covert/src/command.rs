//! What responders do, and what follows. None of it is ever visible outside the covert side.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{ChannelId, Hash, PersonId, ProtectedId, Span, Timestamp, TransferId};

use crate::incident::{Cover, IncidentId};
use crate::signal::{SignalId, SignalKind};

/// What is asked of the covert side: by responders, and by whoever objects or checks in. It leaves no trace in the overt chain.
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
        /// When the responder heard or saw it.
        heard: Timestamp,
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
    /// To endorse that a protected person's stop ends before its time.
    EndPause {
        /// Whose.
        protected: ProtectedId,
    },
    /// To be missed when one does not check in. Takes the place of an earlier schedule. Anyone may, for themselves.
    Schedule {
        /// The time between two appointments.
        every: Span,
        /// The first appointment.
        next: Timestamp,
        /// How late a check-in may be.
        grace: Span,
        /// Unpredictable, drawn by the shell: for the call-back code of what is missed.
        seed: Hash,
    },
    /// To give a sign of life.
    CheckIn,
    /// To be missed no more.
    EndSchedule,
}

impl Command {
    /// Whether anyone gives it, not responders alone: then nobody's answer may wait for what the covert side has to write.
    #[must_use]
    pub const fn is_anyones(&self) -> bool {
        matches!(self, Self::Object { .. } | Self::Schedule { .. } | Self::CheckIn | Self::EndSchedule)
    }
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
    /// A sign that no responder gave: the phrase of a covert command was a panic phrase, whatever became of the command; or a
    /// check-in was missed.
    Signalled {
        /// Whose.
        who: PersonId,
        /// What kind of sign.
        kind: SignalKind,
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
    /// A protected person raised an alarm, or asked for a stop.
    Called {
        /// Who.
        protected: ProtectedId,
        /// An alarm; else a stop.
        alarm: bool,
        /// Unpredictable: for the call-back code.
        seed: Hash,
    },
}

/// Why a command of the covert side is refused.
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
    #[error("this time is in the future")]
    Future,
    /// More than the ledger takes.
    #[error("too many endorsements or names")]
    TooMany,
    /// Nothing is scheduled.
    #[error("you have no schedule: set one first")]
    NoSchedule,
    /// A schedule out of bounds.
    #[error("{0}")]
    Schedule(&'static str),
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
            Self::NoSchedule => "no-schedule",
            Self::Schedule(_) => "schedule-out-of-bounds",
        }
    }
}
