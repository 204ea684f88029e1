//! The covert chain's tick: one sealed slot of fixed size at each multiple of the period, empty or not, by one path (G3, G9).
//!
//! Responders' acts, objections and deliveries happen here and nowhere else; their authors hear of it after the slot is durable.

use credentials::{SLOT_CAPACITY_BYTES, SealError, open_slot, seal_slot};
use gate::{Ask, Command, Event, Noted, Outcome, RecordError, State};
use journal::{CovertEntry, CovertSlot, Origin};
use types::{Hash, Moment, Span, Timestamp, hash_parts};

use super::draft::Draft;
use super::error::EngineError;
use super::queue::{Job, Queue};
use crate::keys::Secrets;

/// How often a slot is written.
pub const SLOT_PERIOD: Span = Span::from_seconds(5);

/// When the next slot is due.
#[derive(Clone, Copy, Debug)]
pub struct SlotClock {
    next: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl SlotClock {
    /// After the last slot of the journal, if there is one.
    pub const fn new(last: Option<Timestamp>) -> Self {
        Self { next: None, last }
    }

    /// The tick that is due, if one is. The first call of a run only sets the clock: a start writes no slot.
    pub fn due(&mut self, now: Timestamp) -> Option<Timestamp> {
        match self.next {
            Some(next) if next > now => None,
            Some(_) => Some(on_grid(now)),
            None => {
                let first = on_grid(now).after(SLOT_PERIOD);
                // A stop writes its slot ahead of time: the grid goes on after it.
                let taken = self.last == Some(first);
                self.next = Some(if taken { first.after(SLOT_PERIOD) } else { first });
                None
            }
        }
    }

    /// The next tick, even if its time has not come: for the last slot of a run.
    pub fn coming(&self, now: Timestamp) -> Timestamp {
        self.next.unwrap_or_else(|| on_grid(now).after(SLOT_PERIOD))
    }

    /// The slot of this tick was tried, whether or not it could be written: the next one is due a period later.
    pub fn passed(&mut self, at: Timestamp) {
        self.next = Some(at.after(SLOT_PERIOD));
    }

    pub const fn next(&self) -> Option<Timestamp> {
        self.next
    }
}

fn on_grid(now: Timestamp) -> Timestamp {
    let period = SLOT_PERIOD.nanos();
    Timestamp::from_nanos(now.as_nanos().div_euclid(period).saturating_mul(period))
}

/// Binds a slot to its place: it opens nowhere else.
pub fn binding(origin: &Origin, seq: u64, at: Timestamp) -> Hash {
    let created = origin.created_at.as_nanos().to_be_bytes();
    let place = [seq.to_be_bytes(), at.as_nanos().to_be_bytes()].concat();
    hash_parts("rempart/slot/v1", &[origin.organisation.as_bytes(), &created, &place])
}

/// The notes of one slot of the journal.
pub fn open(secrets: &Secrets, origin: &Origin, entry: &CovertEntry<'_>) -> Result<Vec<Noted>, RecordError> {
    let binding = binding(origin, entry.seq, entry.at);
    let content = open_slot(secrets.class_key(), entry.sealed, &binding.0)?;
    Noted::decode_all(&content)
}

/// A slot in the making.
pub struct Filling<'a> {
    pub ahead: &'a mut State,
    pub draft: &'a mut Draft,
    pub moment: &'a Moment,
    content: Vec<u8>,
}

impl<'a> Filling<'a> {
    /// What the inbox held comes first: it is in the state already.
    pub const fn new(
        ahead: &'a mut State,
        draft: &'a mut Draft,
        moment: &'a Moment,
        content: Vec<u8>,
    ) -> Self {
        Self { ahead, draft, moment, content }
    }

    /// Whatever waits, in order, as far as it fits; then what is due.
    pub fn fill(&mut self, queue: &Queue) {
        while let Some(job) = queue.next_covert() {
            if let Some(job) = self.command(job) {
                queue.return_covert(job);
                break;
            }
        }
        loop {
            let (events, _) = gate::step(self.ahead, &Command::system(Ask::CovertTick), self.moment);
            if events.is_empty() || !self.take_all(events) {
                return;
            }
        }
    }

    /// Steps one command; gives it back when the slot has no room for it.
    fn command(&mut self, job: Job) -> Option<Job> {
        let was_empty = self.content.is_empty();
        let (events, outcome) = gate::step(self.ahead, &job.request.command, self.moment);
        let outcome: Result<Outcome, EngineError> = if self.fits(&events) {
            self.take_all(events);
            Ok(outcome)
        } else if was_empty {
            // Too large for any slot. What comes first, the sign that a seal held, is kept whatever becomes of the command.
            self.take_prefix(events);
            Ok(Err(covert::Refusal::TooMany.into()))
        } else {
            return Some(job);
        };
        self.draft.replies.push((job.reply, outcome));
        None
    }

    fn fits(&self, events: &[Event]) -> bool {
        let sizes = events.iter().map(|event| encode(event).map_or(usize::MAX, |bytes| bytes.len()));
        let total = sizes.fold(self.content.len(), usize::saturating_add);
        total <= SLOT_CAPACITY_BYTES
    }

    fn take_all(&mut self, events: Vec<Event>) -> bool {
        let fits = self.fits(&events);
        if fits {
            self.take_prefix(events);
        }
        fits
    }

    fn take_prefix(&mut self, events: Vec<Event>) {
        for event in events {
            let Some(bytes) = encode(&event) else { return };
            if self.content.len() + bytes.len() > SLOT_CAPACITY_BYTES {
                return;
            }
            self.content.extend(bytes);
            self.ahead.apply(&event);
            self.draft.events.push(event);
        }
    }

    /// Seals what is there. The same work whether that is much or nothing.
    pub fn seal(
        self,
        secrets: &Secrets,
        entropy: &[u8; 32],
        at: Timestamp,
        binding: &Hash,
    ) -> Result<(), SealError> {
        let sealed = seal_slot(secrets.class_key(), &self.content, entropy, &binding.0)?;
        self.draft.batch.slot = Some(CovertSlot { at, sealed });
        Ok(())
    }
}

fn encode(event: &Event) -> Option<Vec<u8>> {
    match event {
        Event::Noted(noted) => noted.encode().ok(),
        Event::Recorded(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn slots_stand_on_the_grid_and_a_gap_is_not_filled() {
        let mut clock = SlotClock::new(None);
        assert_eq!(clock.due(at(12)), None);
        assert_eq!(clock.next(), Some(at(15)));
        assert_eq!(clock.due(at(14)), None);
        assert_eq!(clock.due(at(17)), Some(at(15)));
        clock.passed(at(15));
        assert_eq!(clock.due(at(19)), None);
        assert_eq!(clock.due(at(20)), Some(at(20)));
        clock.passed(at(20));
        assert_eq!(clock.due(at(100_003)), Some(at(100_000)));
    }

    #[test]
    fn a_stop_and_a_start_within_one_period_share_no_tick() {
        let clock = SlotClock::new(None);
        let last = clock.coming(at(12));
        assert_eq!(last, at(15));
        let mut next = SlotClock::new(Some(last));
        assert_eq!(next.due(at(13)), None);
        assert_eq!(next.next(), Some(at(20)));
    }
}
