//! Where acts of free will are worked on as if they had been signals, so that a signal takes no longer than any other act (G3).
//!
//! Only [`State::attested`] writes to it and nobody reads it. It is no part of the state: neither kept, nor hashed, nor compared.

use policy::Policy;
use types::{Hash, PersonId, Span, Timestamp};

use crate::signal::{SignalId, SignalKind};
use crate::state::State;

/// How long one of its incidents goes on, as if people had worked on it and closed it.
const LASTS: Span = Span::from_hours(24);
/// The most of its incidents.
const INCIDENTS_MAX: usize = 8;
/// The most signals of one of its incidents.
const SIGNALS_MAX: usize = 4096;

/// A state that nobody reads.
#[derive(Clone, Default)]
pub(crate) struct Shadow(Option<Box<State>>);

/// Two states are the same whatever stands in their shadows.
impl PartialEq for Shadow {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Shadow {}

impl std::fmt::Debug for Shadow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shadow(…)")
    }
}

impl Shadow {
    /// The work that a signal would have been.
    pub(crate) fn cast(
        &mut self,
        policy: &Policy,
        who: PersonId,
        signal: (SignalId, SignalKind, Timestamp),
        seed: Hash,
    ) {
        let state = self.0.get_or_insert_with(Box::default);
        state.age(signal.2);
        state.signal(policy, who, signal, seed);
    }

    /// What stands in it.
    pub(crate) fn state(&self) -> Option<&State> {
        self.0.as_deref()
    }
}

impl State {
    /// Ends what is over, and forgets the oldest.
    fn age(&mut self, now: Timestamp) {
        let over: Vec<_> = self
            .open_incidents()
            .filter(|(_, incident)| incident.opened.after(LASTS) <= now || incident.log.len() >= SIGNALS_MAX)
            .map(|(id, _)| id)
            .collect();
        for id in over {
            self.open.remove(&id);
        }
        if self.incidents.len() > INCIDENTS_MAX
            && let Some((oldest, gone)) = self.incidents.pop_first()
        {
            self.open.remove(&oldest);
            self.numbers.remove(&gone.number);
            self.signals.retain(|_, signal| signal.incident != oldest);
        }
    }
}
