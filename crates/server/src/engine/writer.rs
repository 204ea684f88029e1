//! The writer: the one thread that steps, applies and commits (G6, G7).
//!
//! It works on a state of its own, ahead of what readers see by the batch in the making. After the commit the same events are applied to
//! what readers see, then authors are answered; if the commit fails, what readers see is where it starts again.

use std::collections::VecDeque;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use gate::Ask;
use journal::{Checkpoint, Head, Journal, JournalError, Snapshot};
use types::{Moment, Timestamp};

use super::draft::Draft;
use super::error::EngineError;
use super::inbox::{self, Inbox};
use super::lifecycle::StopReport;
use super::queue::Job;
use super::shared::Shared;
use super::slot::{self, Filling, SlotClock};
use super::{Settings, fetch};

/// The most commands in one commit.
pub const BATCH_COMMANDS_MAX: usize = 1024;
/// The shortest that the writer sleeps when nothing waits, and the longest.
const SLEEP_MIN: Duration = Duration::from_millis(1);
const SLEEP_MAX: Duration = Duration::from_secs(5);
/// How long it rests after a commit that failed, before it tries what is due again.
const REST: Duration = Duration::from_secs(1);
/// A snapshot waits for a quiet moment until so many times its interval has passed.
const SNAPSHOT_PATIENCE: u64 = 5;

/// The writer's own things.
pub struct Writer {
    shared: Arc<Shared>,
    journal: Box<dyn Journal>,
    settings: Settings,
    ahead: gate::State,
    slots: SlotClock,
    backlog: VecDeque<Job>,
    inbox: Inbox,
    resting: bool,
    /// The record number of the last snapshot, and of the last checkpoint.
    snapshot_at: u64,
    checkpoint_at: u64,
}

/// However the writer ends, nobody is left waiting.
struct Closing(Arc<Shared>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.queue.close(EngineError::ENDED);
        let mut trouble = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.get_or_insert("engine-ended");
    }
}

impl Writer {
    pub fn new(
        shared: Arc<Shared>,
        journal: Box<dyn Journal>,
        settings: Settings,
        (last_slot, snapshot_at, inbox): (Option<Timestamp>, u64, Vec<u8>),
    ) -> Self {
        let checkpoint_at = journal.head().overt_seq;
        Self {
            shared,
            journal,
            settings,
            ahead: gate::State::default(),
            slots: SlotClock::new(last_slot),
            backlog: VecDeque::new(),
            inbox: Inbox::new(inbox),
            resting: false,
            snapshot_at,
            checkpoint_at,
        }
    }

    pub fn run(mut self) -> Result<StopReport, EngineError> {
        let _closing = Closing(Arc::clone(&self.shared));
        self.go_back();
        loop {
            let work = self.shared.queue.wait(self.sleep(), BATCH_COMMANDS_MAX);
            fetch::answer(self.journal.as_mut(), work.fetches);
            let is_idle = work.jobs.is_empty();
            self.backlog.extend(work.jobs);
            if let Err(error) = self.work_off() {
                return self.give_up(error);
            }
            self.shared.queue.ticks_done(work.ticks);
            if work.stopping && is_idle {
                return self.finish();
            }
            self.snapshot_if_due(is_idle);
        }
    }

    /// Until the next slot or the next matter that is due. Commands wake it before.
    fn sleep(&self) -> Duration {
        if self.resting {
            return REST;
        }
        let moment = self.shared.moment([0; 32]);
        let now = self.ahead.overt().clock().read(&moment);
        let next = [self.slots.next(), self.ahead.overt().next_due()].into_iter().flatten().min();
        let Some(next) = next else { return SLEEP_MIN };
        let nanos = next.as_nanos().saturating_sub(now.as_nanos());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(0)).clamp(SLEEP_MIN, SLEEP_MAX)
    }

    /// What waits and what is due, in as many commits as it takes. The error is one after which nothing can be written.
    fn work_off(&mut self) -> Result<(), EngineError> {
        loop {
            let moment = self.shared.moment([0; 32]);
            let mut draft = Draft::default();
            draft.settle(&mut self.ahead, &moment, &self.shared.outbox);
            while !draft.is_full()
                && let Some(job) = self.backlog.pop_front()
            {
                match job.request.command.ask {
                    Ask::Sign(_) => self.sign(&mut draft, job, &moment)?,
                    _ => draft.command(&mut self.ahead, job, &moment, &self.shared.outbox),
                }
                draft.settle(&mut self.ahead, &moment, &self.shared.outbox);
            }
            // Whatever is still due when there was room for it does not get done by trying again.
            let is_last = self.backlog.is_empty() && !draft.is_full();
            if is_last {
                self.slot_if_due(&mut draft, &moment)?;
            }
            self.commit(draft, &moment)?;
            if is_last || self.resting {
                return Ok(());
            }
        }
    }

    /// A sign goes into the inbox, and the cell is written over, whatever becomes of it. What has no room waits for the next slot.
    fn sign(&mut self, draft: &mut Draft, job: Job, moment: &Moment) -> Result<(), EngineError> {
        let (events, outcome) = gate::step(&self.ahead, &job.request.command, moment);
        if self.inbox.take(&events) {
            events.iter().for_each(|event| self.ahead.apply(event));
            draft.events.extend(events);
            draft.replies.push((job.reply, Ok(outcome)));
        } else {
            self.shared.queue.return_covert(job);
        }
        self.seal_inbox(draft, self.journal.head().covert_seq)
    }

    fn seal_inbox(&self, draft: &mut Draft, slots: u64) -> Result<(), EngineError> {
        let binding = inbox::binding(self.journal.origin(), slots);
        let sealed = self.inbox.seal(&self.shared.secrets, &self.shared.entropy.draw(), &binding);
        // The content was measured before, so this cannot be.
        draft.batch.inbox = Some(sealed.map_err(|_| EngineError::Unavailable("inbox-sealing"))?);
        Ok(())
    }

    fn slot_if_due(&mut self, draft: &mut Draft, moment: &Moment) -> Result<(), EngineError> {
        let now = self.ahead.overt().clock().read(moment);
        match self.slots.due(now) {
            Some(at) => self.fill_slot(draft, moment, at),
            None => Ok(()),
        }
    }

    fn fill_slot(&mut self, draft: &mut Draft, moment: &Moment, at: Timestamp) -> Result<(), EngineError> {
        self.slots.passed(at);
        let seq = self.journal.head().covert_seq.saturating_add(1);
        let binding = slot::binding(self.journal.origin(), seq, at);
        let mut filling = Filling::new(&mut self.ahead, draft, moment, self.inbox.drain());
        filling.fill(&self.shared.queue);
        let sealed = filling.seal(&self.shared.secrets, &self.shared.entropy.draw(), at, &binding);
        // The content was measured before, so this cannot be. If it is, nothing of the batch may be committed.
        sealed.map_err(|_| EngineError::Unavailable("slot-sealing"))?;
        self.seal_inbox(draft, seq)
    }

    fn commit(&mut self, mut draft: Draft, moment: &Moment) -> Result<(), EngineError> {
        let before = self.journal.head();
        let now = self.ahead.overt().clock().read(moment);
        self.add_checkpoint(&mut draft, before, now);
        match self.journal.append(&draft.batch) {
            Ok(head) => self.committed(draft, before, head),
            Err(error) => self.failed(draft, &error),
        }
    }

    fn add_checkpoint(&mut self, draft: &mut Draft, head: Head, now: Timestamp) {
        let due = head.overt_seq >= self.checkpoint_at.saturating_add(self.settings.checkpoint_every);
        if due && !draft.batch.is_empty() {
            self.checkpoint_at = head.overt_seq;
            draft.batch.checkpoint = Some(Checkpoint::sign(self.shared.secrets.checkpoint(), head, now));
        }
    }

    fn committed(&mut self, draft: Draft, before: Head, head: Head) -> Result<(), EngineError> {
        // INVARIANT: a record's number is its place in the journal.
        if self.ahead.overt().next_act().0 != head.overt_seq.saturating_add(1) {
            return Err(EngineError::Unavailable("record-numbers"));
        }
        self.resting = false;
        self.inbox.committed();
        self.shared.note_trouble(None);
        let new_items = draft.new_items(before.overt_seq);
        self.show(&draft);
        self.shared.outbox.change(new_items, &draft.batch.done);
        if let Some(checkpoint) = &draft.batch.checkpoint {
            self.export(checkpoint);
        }
        let has_news = head != before || !draft.events.is_empty();
        for (reply, outcome) in draft.replies {
            reply(outcome);
        }
        if has_news {
            self.shared.bell.ring();
        }
        Ok(())
    }

    /// Lets readers see what is durable now.
    fn show(&mut self, draft: &Draft) {
        let mut shown = self.shared.shown.write().unwrap_or_else(PoisonError::into_inner);
        for event in &draft.events {
            shown.apply(event);
        }
        drop(shown);
        if draft.touches_coins {
            self.follow_coins(draft);
        }
    }

    fn follow_coins(&mut self, draft: &Draft) {
        let mut book = self.shared.book.write().unwrap_or_else(PoisonError::into_inner);
        let fresh = &draft.batch.blobs;
        let journal = &mut self.journal;
        let synced = book.sync(&self.ahead, &mut |hash| {
            let fresh = fresh.iter().find(|(address, _)| address == hash);
            fresh.map_or_else(|| journal.blob(hash), |(_, content)| Ok(Some(content.clone())))
        });
        if let Err(error) = synced {
            tracing::error!(
                code = error.code(),
                "the coins of the vaults cannot be followed: restart the server"
            );
        }
    }

    fn failed(&mut self, draft: Draft, error: &JournalError) -> Result<(), EngineError> {
        let reason = EngineError::Unavailable(error.code());
        tracing::error!(code = error.code(), "a commit failed: {error}");
        self.shared.note_trouble(Some(error.code()));
        self.go_back();
        self.resting = true;
        for (reply, _) in draft.replies {
            reply(Err(reason));
        }
        match error {
            JournalError::Io(_)
            | JournalError::Stopped
            | JournalError::Fenced
            | JournalError::Damaged { .. }
            | JournalError::ChainBroken { .. } => Err(reason),
            _ => Ok(()),
        }
    }

    /// Back to what is durable.
    fn go_back(&mut self) {
        self.ahead = self.shared.read(gate::State::clone);
        self.inbox.go_back();
    }

    fn give_up(&mut self, error: EngineError) -> Result<StopReport, EngineError> {
        if let EngineError::Unavailable(code) = error {
            tracing::error!(
                code,
                "the engine ends: nothing can be written any more; check the disk, then restart"
            );
            self.shared.note_trouble(Some(code));
        }
        self.shared.queue.close(error);
        for job in self.backlog.drain(..) {
            (job.reply)(Err(error));
        }
        Err(error)
    }

    /// The last slot takes what responders still had waiting; it is written whether or not there is anything.
    fn finish(&mut self) -> Result<StopReport, EngineError> {
        let moment = self.shared.moment([0; 32]);
        let now = self.ahead.overt().clock().read(&moment);
        let mut draft = Draft::default();
        let at = self.slots.coming(now);
        self.fill_slot(&mut draft, &moment, at)?;
        self.commit(draft, &moment)?;
        if self.resting {
            return Err(EngineError::Unavailable("journal"));
        }
        self.shared.queue.close(EngineError::Stopping);
        let snapshot = self.snapshot();
        let head = self.journal.head();
        let checkpoint = Checkpoint::sign(self.shared.secrets.checkpoint(), head, now);
        let mut last = Draft::default();
        last.batch.checkpoint = Some(checkpoint);
        self.commit(last, &moment)?;
        tracing::info!(records = head.overt_seq, "the engine has stopped");
        Ok(StopReport { records: head.overt_seq, snapshot, checkpoint: Some(checkpoint) })
    }

    fn snapshot_if_due(&mut self, is_idle: bool) {
        let since = self.journal.head().overt_seq.saturating_sub(self.snapshot_at);
        let every = self.settings.snapshot_every;
        if since >= every
            && self.inbox.is_empty()
            && (is_idle || since >= every.saturating_mul(SNAPSHOT_PATIENCE))
        {
            self.snapshot();
        }
    }

    fn snapshot(&mut self) -> bool {
        let head = self.journal.head();
        self.snapshot_at = head.overt_seq;
        let anchor = anchor(&head);
        let key = self.shared.secrets.class_key();
        let made = self.ahead.snapshot(key, &self.shared.entropy.draw(), &anchor);
        let Ok((overt_state, covert_state)) = made else {
            tracing::error!("the state cannot be encoded: no snapshot was made");
            return false;
        };
        let Head { overt_seq, overt_hash, covert_seq, covert_hash } = head;
        let snapshot = Snapshot { overt_seq, overt_hash, covert_seq, covert_hash, overt_state, covert_state };
        match self.journal.save_snapshot(&snapshot, self.shared.secrets.checkpoint()) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(code = error.code(), "no snapshot was saved: the next start takes longer");
                false
            }
        }
    }

    fn export(&self, checkpoint: &Checkpoint) {
        let Some(path) = &self.settings.checkpoint_file else { return };
        if let Err(error) = write_beside(path, &format!("{checkpoint}\n")) {
            tracing::warn!("the checkpoint could not be exported: {}", error.kind());
        }
    }
}

/// What a snapshot's covert half is bound to: where both chains stood.
pub fn anchor(head: &Head) -> Vec<u8> {
    [head.overt_hash.0, head.covert_hash.0].concat()
}

/// Replaces a file as a whole.
fn write_beside(path: &Path, text: &str) -> std::io::Result<()> {
    let mut fresh = path.file_name().unwrap_or_default().to_owned();
    fresh.push(".new");
    let fresh = path.with_file_name(fresh);
    let mut file = std::fs::File::create(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)
}
