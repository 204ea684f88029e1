//! What responders do, and what follows. None of it is ever visible outside the covert side.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{
    ChannelId, Hash, PanelId, PersonId, PlaceId, ProtectedId, ScheduleId, Span, Timestamp, TransferId,
};

use crate::calls::Delivery;
use crate::casework::{CALLEE_BYTES_MAX, Callee, NOTE_BYTES_MAX, Procedure, STEP_BYTES_MAX};
use crate::incident::{Cover, IncidentId};
use crate::sign::Whom;
use crate::signal::SignalKind;

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
        /// Where this person is now, if not at home.
        from: Option<PlaceId>,
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
    /// To say what kind of attack it is, and so which procedure to follow.
    Follow {
        /// In which incident.
        incident: IncidentId,
        /// Which procedure.
        procedure: Procedure,
    },
    /// To tick a step of the procedure, or to take the tick away.
    Step {
        /// In which incident.
        incident: IncidentId,
        /// Which step.
        step: String,
        /// Whether it is done.
        done: bool,
    },
    /// To write something down.
    Note {
        /// In which incident.
        incident: IncidentId,
        /// What.
        text: String,
    },
    /// To write down that somebody was called.
    Called {
        /// In which incident.
        incident: IncidentId,
        /// Who was called.
        whom: Callee,
        /// What came of it.
        note: String,
    },
    /// To write down that a person concerned was called back.
    CalledBack {
        /// In which incident.
        incident: IncidentId,
        /// Whom.
        person: PersonId,
        /// Whether the person gave the all-clear.
        all_clear: bool,
        /// Whether the person could speak alone.
        private: bool,
    },
    /// To hand the lead over to another responder.
    HandOver {
        /// Of which incident.
        incident: IncidentId,
        /// To whom.
        to: PersonId,
    },
    /// To say that nothing can be done until then, so that nobody is called again before.
    Await {
        /// In which incident.
        incident: IncidentId,
        /// Until when.
        until: Timestamp,
    },
    /// To try everything on the same people: the same path, said to be an exercise.
    Drill {
        /// Who would be in danger.
        who: PersonId,
        /// Unpredictable, drawn by the shell: for the call-back code.
        seed: Hash,
    },
    /// To end an exercise.
    EndDrill {
        /// Which.
        incident: IncidentId,
    },
    /// To take somebody's turn on a schedule.
    Override {
        /// Which schedule.
        schedule: ScheduleId,
        /// Who is on duty instead.
        person: PersonId,
        /// From when.
        from: Timestamp,
        /// Until when, exclusive.
        until: Timestamp,
    },
    /// To open a person's dossier.
    Opened {
        /// For which incident.
        incident: IncidentId,
        /// Whose.
        person: PersonId,
        /// The newest revision that was handed out.
        revision: u32,
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

    /// The incident that it is about, if it is about one that exists already.
    #[must_use]
    pub const fn incident(&self) -> Option<IncidentId> {
        match self {
            Self::Acknowledge { incident, .. }
            | Self::Implicate { incident, .. }
            | Self::Narrow { incident, .. }
            | Self::Clear { incident }
            | Self::EndClear { incident }
            | Self::Follow { incident, .. }
            | Self::Step { incident, .. }
            | Self::Note { incident, .. }
            | Self::Called { incident, .. }
            | Self::CalledBack { incident, .. }
            | Self::HandOver { incident, .. }
            | Self::Await { incident, .. }
            | Self::EndDrill { incident }
            | Self::Opened { incident, .. } => Some(*incident),
            Self::Object { .. }
            | Self::Report { .. }
            | Self::EndPause { .. }
            | Self::Schedule { .. }
            | Self::CheckIn
            | Self::EndSchedule
            | Self::Drill { .. }
            | Self::Override { .. } => None,
        }
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
    /// A call was handed over to a channel.
    Delivered(Delivery),
    /// Somebody who was called has replied, from an address that could be anybody's.
    Replied {
        /// In which incident.
        incident: IncidentId,
        /// Whose address it is.
        by: PersonId,
        /// Over which channel.
        channel: ChannelId,
    },
    /// A panel, or another system, raised an alarm.
    Pressed {
        /// Which.
        panel: PanelId,
        /// For whom.
        whom: Whom,
        /// Unpredictable: for the call-back code.
        seed: Hash,
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
    /// No responder, or one who is near somebody concerned.
    #[error("`{0}` cannot take this: name a responder who is not near anybody concerned")]
    NotForThem(PersonId),
    /// A person concerned has not been called back by whoever wants to clear.
    #[error(
        "first record your own call-back with `{0}`, made in private, with their all-clear, after the last signal"
    )]
    NotCalledBack(PersonId),
    /// Not an exercise.
    #[error("this is no exercise")]
    NoExercise,
    /// A text that is empty, too long or has control characters.
    #[error(
        "a note has 1 to {NOTE_BYTES_MAX} bytes, the name of a step at most {STEP_BYTES_MAX}, of somebody called at most {CALLEE_BYTES_MAX}, without control characters"
    )]
    Text,
    /// A time that is too far away, or over.
    #[error("this time is over, or too far away: at most {0}")]
    Time(&'static str),
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
            Self::NotForThem(_) => "not-for-them",
            Self::NotCalledBack(_) => "not-called-back",
            Self::NoExercise => "no-exercise",
            Self::Text => "text-out-of-bounds",
            Self::Time(_) => "time-out-of-bounds",
        }
    }
}
