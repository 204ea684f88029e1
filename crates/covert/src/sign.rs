//! Signs of people without a credential: a protected person's alarm, or the wish for a stop (G8).
//!
//! They come without a phrase, so the shell writes them down at once, whoever gave them; the gate decides at the covert tick.

use policy::Policy;
use serde::{Deserialize, Serialize};
use types::{Hash, ProtectedId, Span, Timestamp};

use crate::command::{Event, Refusal};
use crate::signal::{Signal, SignalKind, Teller};
use crate::state::State;

/// Pressing again within this time is the same press.
pub const SIGN_REPEATED_WITHIN: Span = Span::from_seconds(60);

/// What arrived at the alarm page.
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
    /// [`Refusal::NotFound`] when the policy does not know the protected person any more.
    pub fn decide_sign(&self, policy: &Policy, at: Timestamp, sign: &Sign) -> Result<Vec<Event>, Refusal> {
        let Sign::Relative { protected, alarm, seed } = sign else { return Ok(Vec::new()) };
        policy.protected(protected).ok_or(Refusal::NotFound)?;
        if self.is_same_press(protected, *alarm, at) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::Called { protected: protected.clone(), alarm: *alarm, seed: *seed }])
    }

    fn is_same_press(&self, protected: &ProtectedId, alarm: bool, at: Timestamp) -> bool {
        let just_before = |earlier: Timestamp| at < earlier.after(SIGN_REPEATED_WITHIN);
        let told = Teller::Protected(protected.clone());
        let is_open = |signal: &Signal| {
            self.incident(signal.incident).is_some_and(|incident| incident.closed.is_none())
        };
        if alarm {
            let mut latest_first = self.signals.values().rev();
            // Those of slots stand last and in their order.
            let last = latest_first.find(|signal| signal.told_by.as_ref() == Some(&told));
            last.is_some_and(|signal| just_before(signal.at) && is_open(signal))
        } else {
            self.pauses.get(protected).is_some_and(|pause| at < pause.until && just_before(pause.asked))
        }
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
        let kind = SignalKind::Relative;
        let told_by = Some(Teller::Protected(protected.clone()));
        self.raise(policy, &of, (self.next_slot_signal(), kind, at), (first, told_by), seed);
    }
}
