//! From the journal to the state: a snapshot if there is one, then the records and slots after it, in their order (G7).
//!
//! Three stages at once: this thread reads and checks the chain, one decodes and opens seals, one applies.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use gate::{Event, Noted, Record, State};
use journal::{Head, Journal, JournalError};
use types::Timestamp;

use super::error::StartError;
use super::{inbox, slot, writer};
use crate::keys::Secrets;

/// Records in one chunk between two stages.
const CHUNK_RECORDS: usize = 1024;
/// Chunks that wait between two stages.
const CHUNKS_WAITING: usize = 4;

/// The state as the journal has it.
pub struct Rebuilt {
    pub state: State,
    /// When the last slot was written.
    pub last_slot: Option<Timestamp>,
    /// The last record that is in a snapshot; 0 without one.
    pub anchor: u64,
    /// What the inbox holds: in the state, and in no slot yet.
    pub inbox: Vec<u8>,
}

/// Records as they were read.
#[derive(Default)]
struct Chunk {
    first_seq: u64,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

pub fn rebuild(journal: &mut dyn Journal, secrets: &Secrets) -> Result<Rebuilt, StartError> {
    let (state, head) = base(journal, secrets)?;
    let (mut notes, last_slot) = slots(journal, secrets, head.covert_seq)?;
    let inbox = inbox::open(journal, secrets)?;
    notes.extend(inbox::notes(&inbox)?);
    let state = records(journal, secrets, head.overt_seq, (state, notes))?;
    let (expected, found) = (journal.head().overt_seq, state.overt().next_act().0.saturating_sub(1));
    if expected == found {
        Ok(Rebuilt { state, last_slot, anchor: head.overt_seq, inbox })
    } else {
        Err(StartError::Head { expected, found })
    }
}

/// Where to begin: the newest snapshot that can be believed, or nothing.
fn base(journal: &mut dyn Journal, secrets: &Secrets) -> Result<(State, Head), StartError> {
    let latest = journal.latest_snapshot(&secrets.checkpoint().verifying_key())?;
    for problem in &latest.problems {
        tracing::warn!("a snapshot is not used: {problem}");
    }
    if let Some(snapshot) = latest.snapshot {
        let head = snapshot.head();
        let anchor = writer::anchor(&head);
        match State::restore(secrets.class_key(), &snapshot.overt_state, &snapshot.covert_state, &anchor) {
            Ok(state) => return Ok((state, head)),
            Err(error) => tracing::warn!("a snapshot cannot be read, everything is replayed: {error}"),
        }
    }
    Ok((State::default(), Head { overt_seq: 0, covert_seq: 0, ..journal.head() }))
}

/// What the slots hold, in order; empty ones leave nothing.
fn slots(
    journal: &mut dyn Journal,
    secrets: &Secrets,
    after: u64,
) -> Result<(VecDeque<Noted>, Option<Timestamp>), StartError> {
    let origin = journal.origin().clone();
    let (mut notes, mut last, mut failed) = (VecDeque::new(), None, None);
    journal.replay_covert(after, &mut |entry| {
        last = Some(entry.at);
        match slot::open(secrets, &origin, &entry) {
            Ok(opened) => {
                notes.extend(opened);
                ControlFlow::Continue(())
            }
            Err(why) => {
                failed = Some(StartError::Slot { seq: entry.seq, why });
                ControlFlow::Break(())
            }
        }
    })?;
    failed.map_or(Ok((notes, last)), Err)
}

fn records(
    journal: &mut dyn Journal,
    secrets: &Secrets,
    after: u64,
    (state, notes): (State, VecDeque<Noted>),
) -> Result<State, StartError> {
    let (raw_sender, raw) = sync_channel(CHUNKS_WAITING);
    let (decoded_sender, decoded) = sync_channel(CHUNKS_WAITING);
    thread::scope(|scope| {
        let decoding = scope.spawn(move || decode(secrets, &raw, &decoded_sender));
        let applying = scope.spawn(move || apply(&decoded, state, notes));
        let reading = read(journal, after, raw_sender);
        let decoding = decoding.join().map_err(|_| StartError::Interrupted)?;
        let applying = applying.join().map_err(|_| StartError::Interrupted)?;
        reading?;
        decoding?;
        Ok(applying)
    })
}

/// The sender is consumed, so that the next stage sees the end.
#[expect(clippy::needless_pass_by_value, reason = "dropped here, which ends the next stage")]
fn read(journal: &mut dyn Journal, after: u64, to: SyncSender<Chunk>) -> Result<(), JournalError> {
    let mut chunk = Chunk::default();
    journal.replay_overt(after, &mut |entry| {
        if chunk.ends.is_empty() {
            chunk.first_seq = entry.seq;
        }
        chunk.bytes.extend_from_slice(entry.body);
        chunk.ends.push(chunk.bytes.len());
        if chunk.ends.len() < CHUNK_RECORDS {
            return ControlFlow::Continue(());
        }
        // The next stage ends early only after an error of its own.
        match to.send(std::mem::take(&mut chunk)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    })?;
    if !chunk.ends.is_empty() {
        let _ended_early = to.send(chunk);
    }
    Ok(())
}

fn decode(secrets: &Secrets, from: &Receiver<Chunk>, to: &SyncSender<Vec<Event>>) -> Result<(), StartError> {
    for chunk in from {
        let mut events = Vec::with_capacity(chunk.ends.len());
        let mut start = 0;
        for (seq, end) in (chunk.first_seq..).zip(&chunk.ends) {
            let body = chunk.bytes.get(start..*end).unwrap_or_default();
            let record =
                Record::decode(body, secrets.class_key()).map_err(|why| StartError::Record { seq, why })?;
            if record.act.number.0 != seq {
                return Err(StartError::Head { expected: seq, found: record.act.number.0 });
            }
            events.push(Event::Recorded(Box::new(record)));
            start = *end;
        }
        if to.send(events).is_err() {
            return Err(StartError::Interrupted);
        }
    }
    Ok(())
}

/// Each note goes after the record that it names and before the next one.
fn apply(from: &Receiver<Vec<Event>>, mut state: State, mut notes: VecDeque<Noted>) -> State {
    for events in from {
        for event in events {
            let number = state.overt().next_act().0;
            apply_notes(&mut state, &mut notes, number);
            state.apply(&event);
        }
    }
    apply_notes(&mut state, &mut notes, u64::MAX);
    state
}

fn apply_notes(state: &mut State, notes: &mut VecDeque<Noted>, before: u64) {
    while notes.front().is_some_and(|note| note.after < before) {
        if let Some(note) = notes.pop_front() {
            state.apply(&Event::Noted(note));
        }
    }
}
