//! The engine: one writer per organisation. Commands in, durable records out, replies after the commit, reads from memory (G6, G7).
//!
//! Who writes: one thread (`writer`), which steps and applies on a state of its own, commits what waited as one batch, and only then lets
//! readers see it and authors hear of it. A batch that cannot be committed leaves no trace: the writer goes back to what readers see.
//!
//! When covert things happen: at the fixed tick of the covert chain and never else (`slot`). Nothing on the overt side waits for them, is
//! woken by them or is counted with them (G3, G9).
//!
//! Called by the HTTP side, the demo and the executors in [`crate::dispatch`].

mod draft;
mod error;
mod fetch;
mod inbox;
mod lifecycle;
mod queue;
mod replay;
mod request;
mod shared;
mod slot;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;

use alarm::Channel;
use gate::Outcome;
use journal::Journal;
use signer::Signer;
use tokio::sync::oneshot;
use types::{Hash, Timestamp, TransferId};

use crate::clock::Clock;
use crate::coins::VaultBook;
use crate::config::{CHANNELS_WANTED, CHECKPOINT_EVERY, SNAPSHOT_EVERY};
use crate::dispatch::{self, AlarmPace, AlarmWarning, Broadcast, ChannelHealth};
use crate::entropy::Entropy;
use crate::follow::Following;
use crate::intake::{Panels, Replies};
use crate::keys::Secrets;
use crate::push::{Push, PushSettings};
use crate::spends::{Earlier, Prepared, SpendError};

pub use error::{EngineError, StartError};
pub use lifecycle::StopReport;
pub use queue::{
    COVERT_QUEUE_MAX, FETCH_QUEUE_MAX, OBJECTION_QUEUE_MAX, ORDINARY_QUEUE_MAX, URGENT_QUEUE_MAX,
};
pub use request::Request;
pub use shared::Health;
pub use slot::SLOT_PERIOD;
pub use writer::BATCH_COMMANDS_MAX;

pub(crate) use lifecycle::Threads;
pub(crate) use shared::{Bell, Shared};

/// How the engine behaves where there is a choice.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Records between two snapshots.
    pub snapshot_every: u64,
    /// Records between two checkpoints.
    pub checkpoint_every: u64,
    /// Where the newest checkpoint is exported to, beside the database.
    pub checkpoint_file: Option<PathBuf>,
    /// Where the history of exposure goes; without it none is worked out.
    pub exposure_file: Option<PathBuf>,
    /// The journal's file, for auditors to read beside the writer; without it they see nothing.
    pub journal_file: Option<PathBuf>,
    /// The organisation's own procedures; without the file the built-in ones hold.
    pub procedures_file: Option<PathBuf>,
    /// How browsers are woken.
    pub push: PushSettings,
    /// The address of this server in alarms.
    pub link_base: String,
    /// The file of the call plan; without it everybody is told, over channels whose other end knows whom.
    pub calls_file: Option<PathBuf>,
    /// How many channels fail independently of one another; all of them if nothing else is known.
    pub independent_channels: Option<usize>,
    /// How fast alarms are delivered.
    pub alarm_pace: AlarmPace,
    /// Panels and other systems that may raise an alarm.
    pub panels: Arc<Panels>,
    /// What is heard of people who reply to alarms.
    pub replies: Arc<Replies>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            snapshot_every: SNAPSHOT_EVERY,
            checkpoint_every: CHECKPOINT_EVERY,
            checkpoint_file: None,
            exposure_file: None,
            journal_file: None,
            procedures_file: None,
            push: PushSettings::default(),
            link_base: "http://127.0.0.1:8087".to_owned(),
            calls_file: None,
            independent_channels: None,
            alarm_pace: AlarmPace::default(),
            panels: Arc::default(),
            replies: Arc::default(),
        }
    }
}

/// Everything that an engine is made of.
pub struct Parts {
    /// Where records go; opened for writing.
    pub journal: Box<dyn Journal>,
    /// The server's secrets.
    pub secrets: Arc<Secrets>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Entropy.
    pub entropy: Arc<dyn Entropy>,
    /// The co-signer.
    pub signer: Arc<dyn Signer>,
    /// Where signed transactions go.
    pub broadcast: Arc<dyn Broadcast>,
    /// How the chain is followed, by network.
    pub following: Vec<Following>,
    /// How alarms leave the building.
    pub channels: Vec<Box<dyn Channel>>,
    /// Choices.
    pub settings: Settings,
}

/// A handle on a running engine; clones are handles on the same one. When the last one is gone, the engine ends by itself.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    threads: Arc<Threads>,
}

/// The state of a journal that nobody here writes to: for commands beside a running server.
///
/// # Errors
/// A journal that cannot be read or does not open with these secrets.
pub fn read_state(journal: &mut dyn Journal, secrets: &Secrets) -> Result<gate::State, StartError> {
    replay::rebuild(journal, secrets).map(|rebuilt| rebuilt.state)
}

impl Engine {
    /// Rebuilds the state from the journal and starts the writer and the executors.
    ///
    /// # Errors
    /// A journal that cannot be read or does not open with these secrets; no thread to be had.
    pub fn start(parts: Parts) -> Result<Self, StartError> {
        lifecycle::start(parts)
    }

    /// Puts a command to the gate and waits until what follows from it is durable.
    ///
    /// # Errors
    /// [`EngineError`]: then nothing has happened, unless the reason says that the disk failed.
    pub async fn run(&self, request: impl Into<Request>) -> Result<Outcome, EngineError> {
        let (sender, receiver) = oneshot::channel();
        // A caller that has gone away does not hear of it; the record is there all the same.
        let reply = move |outcome| drop(sender.send(outcome));
        self.shared.submit(request.into(), Box::new(reply))?;
        receiver.await.unwrap_or(Err(EngineError::ENDED))
    }

    /// As [`Engine::run`], for threads outside of any asynchronous runtime.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn run_blocking(&self, request: impl Into<Request>) -> Result<Outcome, EngineError> {
        self.shared.run(request.into())
    }

    /// Writes a sign down that came without a phrase, and waits until it is durable. The same work whoever gave it.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub async fn signal(&self, sign: covert::Sign) -> Result<(), EngineError> {
        // Whatever the gate makes of it, nobody on this side may learn it.
        self.run(gate::Command::system(gate::Ask::Sign(sign))).await.map(drop)
    }

    /// Reads the state: always as of some durable commit, never half of one.
    pub fn read<R>(&self, view: impl FnOnce(&gate::State) -> R) -> R {
        self.shared.read(view)
    }

    /// Reads what the vaults hold on chain.
    pub fn book<R>(&self, view: impl FnOnce(&VaultBook) -> R) -> R {
        self.shared.book(view)
    }

    /// The gate's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.now()
    }

    /// Where this engine's time comes from.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// Where this engine's entropy comes from.
    #[must_use]
    pub fn entropy(&self) -> &Arc<dyn Entropy> {
        &self.shared.entropy
    }

    /// The server's secrets.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.shared.secrets
    }

    /// Lets the engine look at its clock now and waits until it has done what is due: after a simulated clock was moved.
    pub fn tick(&self) {
        self.shared.queue.tick();
    }

    /// Lets the engine look at the chain now and waits until it has. Nothing happens where no source is configured.
    pub fn look_at_chain(&self) {
        if !self.shared.following.is_empty() {
            self.shared.pace.look_now();
        }
    }

    /// What was worked out of exposure so far, oldest first.
    #[must_use]
    pub fn exposure(&self) -> Vec<crate::exposure::Entry> {
        self.shared.exposure.entries()
    }

    /// The history of exposure, and its latest figures.
    #[must_use]
    pub fn exposure_history(&self) -> &crate::exposure::History {
        &self.shared.exposure
    }

    /// How the chain is followed, by network.
    #[must_use]
    pub fn following(&self) -> &[Following] {
        &self.shared.following
    }

    /// A content that the journal keeps, such as a PSBT or a signed transaction.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn blob(&self, hash: Hash) -> Result<Option<Vec<u8>>, EngineError> {
        let (sender, receiver) = oneshot::channel();
        let wanted = queue::Wanted::Content(hash);
        self.shared.fetch(wanted, Box::new(move |content| drop(sender.send(content))))?;
        Ok(receiver.await.unwrap_or(Err(EngineError::ENDED))?.pop())
    }

    /// As [`Engine::blob`], for threads outside of any asynchronous runtime.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn blob_blocking(&self, hash: Hash) -> Result<Option<Vec<u8>>, EngineError> {
        self.shared.blob(hash)
    }

    /// Checks a PSBT for a transfer and adds the signatures of the one that is attached already. Attach [`Prepared::plan`] with
    /// [`Prepared::blob`] in one request.
    ///
    /// # Errors
    /// Why it is not a spend of this transfer.
    pub async fn prepare_spend(&self, transfer: TransferId, psbt: Vec<u8>) -> Result<Prepared, SpendError> {
        let [attached, standing] = self.brought(transfer);
        let attached = match attached {
            Some(hash) => self.blob(hash).await?,
            None => None,
        };
        let standing = match standing {
            Some(hash) => self.blob(hash).await?,
            None => None,
        };
        self.verify(transfer, &Earlier { attached, standing }, &psbt)
    }

    /// As [`Engine::prepare_spend`], for threads outside of any asynchronous runtime.
    ///
    /// # Errors
    /// As [`Engine::prepare_spend`].
    pub fn prepare_spend_blocking(&self, transfer: TransferId, psbt: &[u8]) -> Result<Prepared, SpendError> {
        self.verify(transfer, &self.shared.earlier(transfer)?, psbt)
    }

    fn brought(&self, transfer: TransferId) -> [Option<Hash>; 2] {
        self.shared.brought(transfer)
    }

    fn verify(&self, transfer: TransferId, earlier: &Earlier, psbt: &[u8]) -> Result<Prepared, SpendError> {
        self.read(|state| self.book(|book| book.verify_psbt(state, transfer, earlier, psbt)))
    }

    /// The signed transaction of a transfer, from its signature until it is confirmed: any node may broadcast it.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn signed_transaction(&self, transfer: TransferId) -> Result<Option<Vec<u8>>, EngineError> {
        match self.shared.outbox.transaction_of(transfer) {
            Some(hash) => self.blob(hash).await,
            None => Ok(None),
        }
    }

    /// The signed transactions of a transfer that is not confirmed: its payment, and what was put on top of it.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn waiting_transactions(
        &self,
        transfer: TransferId,
    ) -> Result<Vec<vault::bitcoin::Transaction>, EngineError> {
        let addresses = self.shared.outbox.transactions_of(transfer);
        let contents = addresses.into_iter().map(|hash| self.shared.blob(hash));
        let contents: Vec<Option<Vec<u8>>> = contents.collect::<Result<_, _>>()?;
        Ok(crate::drafts::parse(contents.into_iter().flatten().collect()))
    }

    /// The ticket of a released transfer from a gate-only vault: our Ed25519 signature, for whoever signs in our place.
    #[must_use]
    pub fn ticket(&self, transfer: TransferId) -> Option<[u8; 64]> {
        self.read(|state| dispatch::ticket(state, transfer, self.secrets().ticket()))
    }

    /// Panels and other systems that may raise an alarm.
    #[must_use]
    pub fn panels(&self) -> &Panels {
        &self.shared.panels
    }

    /// The overt record, for auditors.
    #[must_use]
    pub fn audit(&self) -> &crate::audit::Audit {
        &self.shared.audit
    }

    /// The responders' procedures: the built-in ones with the organisation's file over them. Reads the file.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn procedures(&self) -> Result<response::Procedures, response::ProceduresError> {
        let text = self.shared.procedures_file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        text.map_or_else(|| Ok(response::Procedures::default()), |text| response::Procedures::parse(&text))
    }

    /// Whose browsers are woken, and with which key.
    #[must_use]
    pub fn push(&self) -> &Push {
        &self.shared.push
    }

    /// What is heard of people who reply to alarms.
    #[must_use]
    pub fn replies(&self) -> &Replies {
        &self.shared.replies
    }

    /// How the server is, as far as everybody may know. No covert fact is in it.
    #[must_use]
    pub fn health(&self) -> Health {
        self.shared.health()
    }

    /// Alarm channels that failed lately, with the reason: for responders only.
    #[must_use]
    pub fn failing_channels(&self) -> Vec<(types::ChannelId, alarm::DeliveryError)> {
        self.shared.deliveries.failing()
    }

    /// How every alarm channel does: for responders only, because what comes of deliveries is covert.
    #[must_use]
    pub fn channels_health(&self) -> Vec<ChannelHealth> {
        self.shared.deliveries.health()
    }

    /// The call plan in force.
    #[must_use]
    pub fn call_plan(&self) -> Arc<rota::CallPlan> {
        self.shared.deliveries.plan()
    }

    /// The channels that there are.
    #[must_use]
    pub fn ways(&self) -> covert::Reachable {
        self.shared.deliveries.ways()
    }

    /// What a person should repair before anything happens: too few channels, a call plan that cannot work, homes of which too few responders
    /// would hear. For responders and auditors, and for whoever starts the server.
    #[must_use]
    pub fn alarm_warnings(&self) -> Vec<AlarmWarning> {
        let now = self.now();
        self.read(|state| self.shared.deliveries.warnings(state, CHANNELS_WANTED, now))
    }

    /// Ends the engine: takes no more commands, finishes those that wait, writes a snapshot and a checkpoint.
    ///
    /// # Errors
    /// When the last writes failed; what was acknowledged is durable all the same.
    pub async fn stop(self) -> Result<StopReport, EngineError> {
        let stopped = tokio::task::spawn_blocking(move || self.stop_blocking()).await;
        stopped.unwrap_or(Err(EngineError::ENDED))
    }

    /// As [`Engine::stop`], for threads outside of any asynchronous runtime.
    ///
    /// # Errors
    /// As [`Engine::stop`].
    pub fn stop_blocking(&self) -> Result<StopReport, EngineError> {
        self.threads.stop(&self.shared)
    }
}
