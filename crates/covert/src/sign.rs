//! Signs without a credential: a protected person's alarm or wish for a stop, a panel's button, a reply to a call (G8).
//!
//! They come without a phrase, so the shell writes them down at once, whoever gave them; the gate decides at the covert tick.

use policy::Policy;
use serde::{Deserialize, Serialize};
use types::{ChannelId, Hash, PanelId, PersonId, PlaceId, ProtectedId, Span, Timestamp};

use crate::casework::What;
use crate::command::{Event, Refusal};
use crate::incident::IncidentId;
use crate::signal::{Signal, SignalKind, Teller};
use crate::state::State;

/// Pressing again within this time is the same press.
pub const SIGN_REPEATED_WITHIN: Span = Span::from_seconds(60);

/// For whom a panel speaks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Whom {
    /// Everyone of a place.
    Place(PlaceId),
    /// One person.
    Person(PersonId),
}

/// What arrived without a credential.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Sign {
    /// A protected person's.
    Relative {
        /// Whose.
        protected: ProtectedId,
        /// An alarm; else a stop is asked for.
        alarm: bool,
        /// Unpredictable, drawn by the shell: for the call-back code.
        seed: Hash,
    },
    /// A panel's, or another system's.
    Panel {
        /// Which.
        panel: PanelId,
        /// For whom it speaks.
        whom: Whom,
        /// Unpredictable, drawn by the shell: for the call-back code.
        seed: Hash,
    },
    /// A reply to a call, with a call-back code in it. Such addresses can be faked: it is shown and never counts.
    Reply {
        /// Whose address it came from.
        by: PersonId,
        /// Over which channel.
        channel: ChannelId,
        /// The code that was in it.
        code: String,
    },
    /// Of nobody: the token was not valid. Costs the same and leads to nothing.
    Nobody {
        /// As above.
        seed: Hash,
    },
}

impl State {
    /// What a sign leads to: nothing when it is nobody's, or the same press again.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when the policy does not know who it speaks for, or the code is of no open incident.
    pub fn decide_sign(&self, policy: &Policy, at: Timestamp, sign: &Sign) -> Result<Vec<Event>, Refusal> {
        match sign {
            Sign::Nobody { .. } => Ok(Vec::new()),
            Sign::Relative { protected, alarm, seed } => {
                policy.protected(protected).ok_or(Refusal::NotFound)?;
                let again = if *alarm {
                    self.is_same_press(&Teller::Protected(protected.clone()), at)
                } else {
                    self.is_same_wish(protected, at)
                };
                let called = Event::Called { protected: protected.clone(), alarm: *alarm, seed: *seed };
                Ok(if again { Vec::new() } else { vec![called] })
            }
            Sign::Panel { panel, whom, seed } => {
                let again = self.is_same_press(&Teller::Panel(panel.clone()), at);
                let pressed = Event::Pressed { panel: panel.clone(), whom: whom.clone(), seed: *seed };
                Ok(if again { Vec::new() } else { vec![pressed] })
            }
            Sign::Reply { by, channel, code } => {
                let incident = self.replied_to(policy, by, code).ok_or(Refusal::NotFound)?;
                let replied = Event::Replied { incident, by: by.clone(), channel: channel.clone() };
                Ok(if self.has_just_replied(incident, by, at) { Vec::new() } else { vec![replied] })
            }
        }
    }

    fn is_same_press(&self, told: &Teller, at: Timestamp) -> bool {
        let is_open = |signal: &Signal| {
            self.incident(signal.incident).is_some_and(|incident| incident.closed.is_none())
        };
        // Those of slots stand last and in their order.
        let last = self.signals.values().rev().find(|signal| signal.told_by.as_ref() == Some(told));
        last.is_some_and(|signal| at < signal.at.after(SIGN_REPEATED_WITHIN) && is_open(signal))
    }

    fn is_same_wish(&self, protected: &ProtectedId, at: Timestamp) -> bool {
        let just_before = |earlier: Timestamp| at < earlier.after(SIGN_REPEATED_WITHIN);
        self.pauses.get(protected).is_some_and(|pause| at < pause.until && just_before(pause.asked))
    }

    /// The one open incident with this code. Two with one code: nobody can say which was meant.
    #[must_use]
    pub fn open_by_code(&self, code: &str) -> Option<IncidentId> {
        let mut found = self
            .incidents
            .iter()
            .filter(|(_, incident)| incident.closed.is_none() && incident.call_back == code);
        let (id, _) = found.next()?;
        found.next().is_none().then_some(*id)
    }

    /// The same, if the person whose address a reply came from may know of it.
    fn replied_to(&self, policy: &Policy, by: &PersonId, code: &str) -> Option<IncidentId> {
        let id = self.open_by_code(code)?;
        self.incident(id).filter(|incident| Self::may_see(policy, by, incident)).map(|_| id)
    }

    /// A log is for people: the same reply again says nothing.
    fn has_just_replied(&self, incident: IncidentId, by: &PersonId, at: Timestamp) -> bool {
        let log = self.incident(incident).map(|incident| incident.log.as_slice()).unwrap_or_default();
        let own = log.iter().rev().find(|entry| matches!(&entry.what, What::Replied(person) if person == by));
        own.is_some_and(|entry| at < entry.at.after(SIGN_REPEATED_WITHIN))
    }

    /// Lets it happen.
    pub(crate) fn called(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        (protected, alarm): (&ProtectedId, bool),
        seed: Hash,
    ) {
        if !alarm {
            return self.pause(policy, protected, at);
        }
        let of = policy.protected(protected).map(|found| found.of.clone()).unwrap_or_default();
        // A policy names somebody for every protected person.
        let Some(first) = of.first().cloned() else { return };
        let told_by = Some(Teller::Protected(protected.clone()));
        let signal = (self.next_slot_signal(), SignalKind::Relative, at);
        self.raise(policy, &of, signal, (first, told_by), seed);
    }

    /// A panel's alarm concerns everyone of its place. Where the register knows nobody there, it is an alarm all the same.
    pub(crate) fn pressed(&mut self, policy: &Policy, at: Timestamp, event: (&PanelId, &Whom), seed: Hash) {
        let (panel, whom) = event;
        let (concerned, nobody) = match whom {
            Whom::Person(person) => (vec![person.clone()], person.as_str()),
            Whom::Place(place) => (people_of(policy, place), place.as_str()),
        };
        let Some(who) = concerned.first().cloned().or_else(|| PersonId::parse(nobody).ok()) else { return };
        let signal = (self.next_slot_signal(), SignalKind::Panel, at);
        self.raise(policy, &concerned, signal, (who, Some(Teller::Panel(panel.clone()))), seed);
    }
}

/// Everyone who can be taken at a place: those whom the register puts there, and those to whom protected people there belong.
fn people_of(policy: &Policy, place: &PlaceId) -> Vec<PersonId> {
    let there = policy.people().filter(|person| person.places.contains(place)).map(|person| &person.id);
    let protected = policy.protected_people().iter().filter(|protected| protected.places.contains(place));
    let mut people: Vec<PersonId> =
        there.chain(protected.flat_map(|protected| &protected.of)).cloned().collect();
    people.sort_unstable();
    people.dedup();
    people
}
