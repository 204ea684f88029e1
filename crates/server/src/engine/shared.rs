//! What the handles, the writer and the executors share: the state as readers see it, the queue, and the bell that rings after every commit.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, mpsc};
use std::time::Duration;

use gate::Outcome;
use journal::{BLOB_BYTES_MAX, blob_hash};
use signer::Signer;
use types::{Hash, Moment, Timestamp, TransferId, VaultId};

use super::error::EngineError;
use super::queue::{Fetch, FetchReply, Job, Queue, Reply, Wanted};
use super::request::Request;
use crate::clock::Clock;
use crate::coins::VaultBook;
use crate::config::CHANNELS_WANTED;
use crate::dispatch::{Broadcast, Deliveries, Outbox};
use crate::entropy::Entropy;
use crate::exposure::History;
use crate::follow::{Following, Pace};
use crate::keys::Secrets;
use crate::spends::Earlier;

/// What everybody around one engine shares.
pub struct Shared {
    pub queue: Queue,
    pub outbox: Outbox,
    pub deliveries: Deliveries,
    pub bell: Bell,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub secrets: Arc<Secrets>,
    pub signer: Arc<dyn Signer>,
    pub broadcast: Arc<dyn Broadcast>,
    pub exposure: History,
    pub following: Vec<Following>,
    pub pace: Pace,
    /// Binds ids of alarms to this organisation.
    pub origin: Hash,
    pub link_base: String,
    /// Panels and other systems that may raise an alarm.
    pub panels: Arc<crate::intake::Panels>,
    pub replies: Arc<crate::intake::Replies>,
    pub audit: crate::audit::Audit,
    pub procedures_file: Option<std::path::PathBuf>,
    pub push: crate::push::Push,
    pub(super) shown: RwLock<gate::State>,
    pub(super) book: RwLock<VaultBook>,
    pub(super) trouble: Mutex<Option<&'static str>>,
    pub(super) channels: usize,
}

/// How the server is, as far as everybody may know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Health {
    /// Whether commands are taken.
    pub serving: bool,
    /// The code of what is wrong, if something is.
    pub trouble: Option<&'static str>,
    /// The gate's time.
    pub now: Timestamp,
    /// Records of the overt chain.
    pub records: u64,
    /// Commands that wait.
    pub waiting: usize,
    /// Signatures and broadcasts that are still to be done.
    pub outgoing: usize,
    /// Configured alarm channels.
    pub channels: usize,
    /// Whether at least two of them fail independently of one another (G8).
    pub channels_suffice: bool,
    /// Vaults of the policy that cannot be used, and why.
    pub vaults: Vec<(VaultId, String)>,
    /// Vaults with outputs that near their recovery lock.
    pub refresh_due: usize,
}

impl Shared {
    pub fn submit(&self, request: Request, reply: Reply) -> Result<(), EngineError> {
        for (hash, content) in &request.blobs {
            if content.len() > BLOB_BYTES_MAX || blob_hash(content) != *hash {
                return Err(EngineError::Unavailable("blob-malformed"));
            }
        }
        self.queue.push(Job { request, reply })
    }

    pub fn run(&self, request: Request) -> Result<Outcome, EngineError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.submit(request, Box::new(move |outcome| drop(sender.send(outcome))))?;
        receiver.recv().unwrap_or(Err(EngineError::ENDED))
    }

    pub fn fetch(&self, wanted: Wanted, reply: FetchReply) -> Result<(), EngineError> {
        self.queue.fetch(Fetch { wanted, reply })
    }

    pub fn blob(&self, hash: Hash) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(self.fetched(Wanted::Content(hash))?.pop())
    }

    /// The addresses of the PSBT that is attached to a transfer, and of the one that is signed.
    pub fn brought(&self, transfer: TransferId) -> [Option<Hash>; 2] {
        self.read(|state| {
            let transfer = state.overt().transfer(transfer);
            let attached = transfer.and_then(|transfer| transfer.spend.as_ref());
            let standing = transfer.and_then(|transfer| transfer.standing_spend());
            [attached, standing].map(|spend| spend.map(|spend| spend.psbt))
        })
    }

    /// What was brought for a transfer before.
    pub fn earlier(&self, transfer: TransferId) -> Result<Earlier, EngineError> {
        let content = |hash: Option<Hash>| hash.map(|hash| self.blob(hash)).transpose();
        let [attached, standing] = self.brought(transfer);
        Ok(Earlier { attached: content(attached)?.flatten(), standing: content(standing)?.flatten() })
    }

    /// What a wallet learnt, oldest first.
    pub fn wallet(&self, wallet: Hash) -> Result<Vec<Vec<u8>>, EngineError> {
        self.fetched(Wanted::Wallet(wallet))
    }

    fn fetched(&self, wanted: Wanted) -> Result<Vec<Vec<u8>>, EngineError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.fetch(wanted, Box::new(move |content| drop(sender.send(content))))?;
        receiver.recv().unwrap_or(Err(EngineError::ENDED))
    }

    /// A thread that panicked under this lock was publishing a commit that is durable; the engine has closed by then.
    pub fn read<R>(&self, view: impl FnOnce(&gate::State) -> R) -> R {
        view(&self.shown.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn book<R>(&self, view: impl FnOnce(&VaultBook) -> R) -> R {
        view(&self.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Time as it is now, and entropy if the step needs it.
    pub fn moment(&self, entropy: [u8; 32]) -> Moment {
        let (wall, steady, boot) = self.clock.moment_parts();
        Moment { wall, steady, boot, entropy }
    }

    pub fn now(&self) -> Timestamp {
        let moment = self.moment([0; 32]);
        self.read(|state| state.overt().clock().read(&moment))
    }

    pub fn note_trouble(&self, trouble: Option<&'static str>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    fn refresh_due(&self) -> usize {
        let now = self.now();
        self.read(|state| {
            let vaults = state.overt().policy().map(policy::Policy::vaults).unwrap_or_default();
            vaults.iter().filter(|vault| state.overt().refresh_due(&vault.id, now) > 0).count()
        })
    }

    pub fn health(&self) -> Health {
        let trouble = *self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        Health {
            serving: trouble.is_none(),
            trouble,
            now: self.now(),
            records: self.read(|state| state.overt().next_act().0.saturating_sub(1)),
            waiting: self.queue.overt_length(),
            outgoing: self.outbox.len(),
            channels: self.channels,
            channels_suffice: self.deliveries.independent() >= CHANNELS_WANTED,
            vaults: self.book(VaultBook::problems),
            refresh_due: self.refresh_due(),
        }
    }
}

/// Rings after every commit, whatever was in it. Who waits for covert things looks for itself (G3).
#[derive(Default)]
pub struct Bell {
    rung: Mutex<Rung>,
    wake: Condvar,
}

#[derive(Default)]
struct Rung {
    count: u64,
    over: bool,
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, Rung> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn ring(&self) {
        self.lock().count += 1;
        self.wake.notify_all();
    }

    /// How often it has rung.
    pub fn count(&self) -> u64 {
        self.lock().count
    }

    /// Ends all waiting for good.
    pub fn end(&self) {
        self.lock().over = true;
        self.wake.notify_all();
    }

    /// Waits until it is over, at most so long; whether it is.
    pub fn rest(&self, longest: Duration) -> bool {
        let rung = self.lock();
        let waited = self.wake.wait_timeout_while(rung, longest, |rung| !rung.over);
        waited.unwrap_or_else(PoisonError::into_inner).0.over
    }

    /// Waits until it has rung since `heard`, at most so long. `None` when it is over.
    pub fn wait(&self, heard: u64, longest: Duration) -> Option<u64> {
        let rung = self.lock();
        let (rung, _) = self
            .wake
            .wait_timeout_while(rung, longest, |rung| rung.count == heard && !rung.over)
            .unwrap_or_else(PoisonError::into_inner);
        (!rung.over).then_some(rung.count)
    }
}
