//! A stop that a protected person asked for: slow matters of the people concerned are declined while it lasts, and it ends by itself (G4, G5).
//!
//! Nothing overt moves when it begins or ends: at the moment of decision it looks like a colleague's objection.

use std::collections::BTreeSet;

use credentials::Class;
use policy::Policy;
use serde::{Deserialize, Serialize};
use types::{ActorId, PersonId, ProtectedId, ServiceId, Timestamp};

use crate::calls::About;
use crate::command::Refusal;
use crate::kin::{is_kin, is_kin_of_protected};
use crate::state::{Matter, State};

/// One stop.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pause {
    /// Whose matters.
    pub people: BTreeSet<PersonId>,
    /// When it was asked for last.
    pub asked: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
    /// Who endorsed ending it earlier, and when.
    pub ending: Vec<(PersonId, Timestamp)>,
}

impl Pause {
    fn covers(&self, policy: &Policy, now: Timestamp, matter: &Matter<'_>) -> bool {
        let takes_part = |actor: &&ActorId| {
            let service = ServiceId::parse(actor.as_str()).ok().and_then(|id| policy.service(&id));
            self.people.contains(actor.as_str())
                || service
                    .is_some_and(|service| service.operated_by.iter().any(|by| self.people.contains(by)))
        };
        now < self.until && matter.actors.iter().any(takes_part)
    }
}

impl State {
    /// Whether a stop that a protected person asked for keeps a matter from being released.
    pub(crate) fn is_paused(&self, policy: &Policy, now: Timestamp, matter: &Matter<'_>) -> bool {
        self.pauses.values().any(|pause| pause.covers(policy, now, matter))
    }

    /// The stops in force that a responder sees: none that concerns them or their kin, and none when not free.
    #[must_use]
    pub fn pauses(
        &self,
        policy: &Policy,
        (person, class): (&PersonId, Class),
        now: Timestamp,
    ) -> Vec<(&ProtectedId, &Pause)> {
        let visible = self.pauses.iter().filter(|(protected, pause)| {
            now < pause.until
                && Self::is_responder(policy, person)
                && !is_near(policy, (protected, pause), person)
        });
        visible.filter(|_| class == Class::Free).collect()
    }

    pub(crate) fn decide_end_pause(
        &self,
        policy: &Policy,
        by: (&PersonId, Class),
        at: Timestamp,
        protected: &ProtectedId,
    ) -> Result<(), Refusal> {
        let visible = self.pauses(policy, by, at).into_iter().find(|(id, _)| *id == protected);
        let (_, pause) = visible.ok_or(Refusal::NotFound)?;
        crate::decide::not_yet(&pause.ending, by.0)
    }

    /// A new one, or the old one for longer: asking again starts both its time and the endorsements of its end anew.
    pub(crate) fn pause(&mut self, policy: &Policy, protected: &ProtectedId, at: Timestamp) {
        self.pauses.retain(|_, pause| at < pause.until);
        // Asking again is told again.
        let about = About::Pause(protected.clone());
        self.told.retain(|(of, _, _), _| *of != about);
        let people = policy.protected(protected).map(|found| found.of.iter().cloned().collect());
        let until = at.after(policy.stop().relative_expires);
        let pause = Pause { people: people.unwrap_or_default(), asked: at, until, ending: Vec::new() };
        self.pauses.insert(protected.clone(), pause);
    }

    /// Ends it once the quorum of a clear stands behind that: free responders, none of them near the people concerned.
    pub(crate) fn endorse_end(
        &mut self,
        policy: &Policy,
        protected: &ProtectedId,
        by: (PersonId, Timestamp),
    ) {
        let Some(pause) = self.pauses.get_mut(protected) else { return };
        pause.ending.push(by);
        let pause = &*pause;
        let near: BTreeSet<PersonId> = pause
            .ending
            .iter()
            .map(|(person, _)| person)
            .filter(|person| is_near(policy, (protected, pause), person))
            .cloned()
            .collect();
        let endorsements = pause.ending.clone();
        let free = |person: &PersonId, at: Timestamp| self.counts(policy, &person.clone().into(), at, None);
        let counting = endorsements.iter().filter(|(person, at)| !near.contains(person) && free(person, *at));
        let counting: Vec<&PersonId> = counting.map(|(person, _)| person).collect();
        if policy.met(&policy.response().clear, &counting, &[]) {
            self.pauses.remove(protected);
        }
    }
}

pub(crate) fn is_near(
    policy: &Policy,
    (protected, pause): (&ProtectedId, &Pause),
    someone: &PersonId,
) -> bool {
    is_kin_of_protected(policy, protected, someone)
        || pause.people.iter().any(|person| is_kin(policy, person, someone))
}
