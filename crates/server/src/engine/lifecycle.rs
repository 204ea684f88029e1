//! From a journal to a running engine, and to a clean end (G7).

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{Builder, JoinHandle};

use journal::{Checkpoint, Journal, JournalError, OutboxItem};
use types::hash_parts;

use super::error::{EngineError, StartError};
use super::queue::Queue;
use super::shared::{Bell, Shared};
use super::writer::Writer;
use super::{Engine, Parts, replay};
use crate::audit::Audit;
use crate::coins::VaultBook;
use crate::config::CHANNELS_WANTED;
use crate::dispatch::{self, Deliveries, Outbox};
use crate::exposure::History;
use crate::follow::Pace;
use crate::push::{Push, VapidKey};

/// How many outbox items are read at once.
const OUTBOX_PAGE: usize = 1024;

/// What a clean end has left behind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StopReport {
    /// Records of the overt chain.
    pub records: u64,
    /// Whether the next start begins with a snapshot of this state.
    pub snapshot: bool,
    /// The last checkpoint.
    pub checkpoint: Option<Checkpoint>,
}

type Ending = Result<StopReport, EngineError>;

/// The threads of an engine. Dropped with the last handle, it asks them to end.
pub struct Threads {
    shared: Arc<Shared>,
    running: Mutex<Running>,
}

enum Running {
    Yes { writer: JoinHandle<Ending>, executors: Vec<JoinHandle<()>> },
    Ended(Box<Ending>),
}

pub fn start(mut parts: Parts) -> Result<Engine, StartError> {
    let replay::Rebuilt { state, last_slot, anchor, inbox } =
        replay::rebuild(parts.journal.as_mut(), &parts.secrets)?;
    let outbox = Outbox::new(unfinished(parts.journal.as_mut())?);
    let mut book = VaultBook::new(parts.signer.public_key());
    book.sync(&state, &mut |hash| parts.journal.blob(hash))?;
    let records = state.overt().next_act().0.saturating_sub(1);
    let origin = parts.journal.origin();
    let created = origin.created_at.as_nanos().to_be_bytes();
    let origin = hash_parts("rempart/organisation/v1", &[origin.organisation.as_bytes(), &created]);
    let channels = parts.channels.len();
    let deliveries = Deliveries::new(
        parts.channels,
        parts.settings.calls_file.clone(),
        parts.settings.alarm_pace,
        parts.settings.independent_channels,
    );
    warn_of_channels(deliveries.independent());
    let push_key = VapidKey::from_secret(parts.secrets.push().reveal());
    let shared = Arc::new(Shared {
        queue: Queue::default(),
        outbox,
        deliveries,
        bell: Bell::default(),
        clock: parts.clock,
        entropy: parts.entropy,
        secrets: parts.secrets,
        signer: parts.signer,
        broadcast: parts.broadcast,
        exposure: History::load(parts.settings.exposure_file.as_deref()),
        following: parts.following,
        pace: Pace::default(),
        origin,
        link_base: parts.settings.link_base.clone(),
        panels: Arc::clone(&parts.settings.panels),
        replies: Arc::clone(&parts.settings.replies),
        audit: Audit::new(parts.settings.journal_file.clone()),
        procedures_file: parts.settings.procedures_file.clone(),
        push: Push::new(parts.settings.push.clone(), push_key),
        shown: RwLock::new(state),
        book: RwLock::new(book),
        trouble: Mutex::new(None),
        channels,
    });
    shared.replies.bind(Arc::downgrade(&shared));
    let exposure_file = parts.settings.exposure_file.clone();
    let writer = Writer::new(Arc::clone(&shared), parts.journal, parts.settings, (last_slot, anchor, inbox));
    let writer = Builder::new().name("engine-writer".into()).spawn(move || writer.run())?;
    // The clock is set, and what fell due meanwhile is decided, before anybody asks for anything.
    shared.queue.tick();
    let executors = dispatch::start(&shared, exposure_file)?;
    tracing::info!(records, "the engine has started");
    let running = Mutex::new(Running::Yes { writer, executors });
    let threads = Arc::new(Threads { shared: Arc::clone(&shared), running });
    Ok(Engine { shared, threads })
}

fn unfinished(journal: &mut dyn Journal) -> Result<Vec<OutboxItem>, JournalError> {
    let mut items: Vec<OutboxItem> = Vec::new();
    loop {
        let page = journal.outbox(items.last().map(|item| item.id), OUTBOX_PAGE)?;
        let is_last = page.len() < OUTBOX_PAGE;
        items.extend(page);
        if is_last {
            return Ok(items);
        }
    }
}

fn warn_of_channels(independent: usize) {
    if independent < CHANNELS_WANTED {
        tracing::warn!(
            independent,
            "fewer than two independent alarm channels: if one fails, nobody is told; configure a second one, on another host, in rempart.toml"
        );
    }
}

impl Threads {
    /// Ends everything and waits for it. A second call tells what the first one heard.
    pub fn stop(&self, shared: &Shared) -> Ending {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        shared.queue.begin_stop();
        if let Running::Ended(ending) = &*running {
            return Ending::clone(ending);
        }
        let taken = std::mem::replace(&mut *running, Running::Ended(Box::new(Err(EngineError::ENDED))));
        let Running::Yes { writer, executors } = taken else { return Err(EngineError::ENDED) };
        let ending = writer.join().unwrap_or(Err(EngineError::ENDED));
        end_executors(shared);
        for executor in executors {
            // An executor that panicked left its work in the outbox; the next start does it.
            let _ended = executor.join();
        }
        *running = Running::Ended(Box::new(ending.clone()));
        ending
    }
}

fn end_executors(shared: &Shared) {
    shared.outbox.end();
    shared.pace.end();
    shared.bell.end();
    shared.deliveries.end();
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.shared.queue.begin_stop();
        end_executors(&self.shared);
    }
}
