//! Following the chain: one thread asks the sources, keeps each vault's wallet in step, and reports to the gate what they show (G1, G6).
//!
//! What a wallet learnt is written in the same commit as the report that follows from it. After a crash the thread looks again and reports
//! again; a report of what is known changes nothing. Where sources are absent, behind or disagree, nothing is reported but that: released
//! transfers wait.
//!
//! Called by the engine when it starts; `dispatch` asks it to broadcast, and to confirm that the inputs of a payment are still there.

mod difference;
mod stored;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use chain::{ChainError, Reason, Sources, SyncLimits, Synced, TxStatus, Wallet, WalletError};
use gate::Ask;
use overt::{Command, Tip};
use thiserror::Error;
use types::{Hash, Timestamp, TransferId, VaultId, hash_parts};
use vault::bitcoin::Transaction;

use crate::coins::network_of;
use crate::engine::{EngineError, Request, Shared};

/// How many changes of a wallet are kept one by one before they are written as one.
const CHANGES_MAX: usize = 256;

/// One network, where to ask about it, and how.
pub struct Following {
    /// As a policy names it.
    pub network: policy::Network,
    /// Whom to ask.
    pub sources: Sources,
    /// How many blocks make an output, or a payment, good.
    pub confirmations: u32,
    /// How long between two looks.
    pub every: Duration,
}

impl fmt::Debug for Following {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.sources.iter().map(chain::Source::name).collect();
        f.debug_struct("Following").field("network", &self.network).field("sources", &names).finish()
    }
}

/// Why a look came to nothing.
#[derive(Debug, Error)]
pub enum FollowError {
    /// The engine does not take reports.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A source failed.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The sources cannot be relied on.
    #[error(transparent)]
    Reason(#[from] Reason),
    /// The wallet cannot be made.
    #[error(transparent)]
    Wallet(#[from] WalletError),
}

impl FollowError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Engine(error) => error.code(),
            Self::Chain(error) => error.code(),
            Self::Reason(reason) => reason.code(),
            Self::Wallet(error) => error.code(),
        }
    }
}

/// When the thread looks: at its interval, when asked, and no more when it is over.
#[derive(Default)]
pub struct Pace {
    state: Mutex<PaceState>,
    wake: Condvar,
}

#[derive(Default)]
struct PaceState {
    asked: u64,
    done: u64,
    over: bool,
}

impl Pace {
    /// Asks for a look and waits until one that began afterwards has ended.
    pub fn look_now(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.asked += 1;
        let mine = state.asked;
        self.wake.notify_all();
        while state.done < mine && !state.over {
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends the thread.
    pub fn end(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).over = true;
        self.wake.notify_all();
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).over
    }

    /// Waits; the number of the request that the coming look answers.
    fn wait(&self, longest: Duration) -> u64 {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |state: &mut PaceState| state.asked == state.done && !state.over;
        let waited = self.wake.wait_timeout_while(state, longest, idle);
        waited.unwrap_or_else(PoisonError::into_inner).0.asked
    }

    fn done(&self, request: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done = state.done.max(request);
        self.wake.notify_all();
    }
}

/// A vault's wallet, and what of it is in the journal.
struct Kept {
    wallet: Wallet,
    name: Hash,
    chain: stored::ChangeChain,
    /// How many outputs neared their recovery lock when it was last warned of.
    due: usize,
}

/// Follows all networks until the engine ends.
pub fn work(shared: &Shared) {
    let mut wallets: BTreeMap<VaultId, Kept> = BTreeMap::new();
    // The first look is at once: what the state knows of the chain is as old as the last run.
    let mut request = 0;
    while !shared.pace.is_over() {
        for following in &shared.following {
            if shared.pace.is_over() {
                break;
            }
            look(shared, following, &mut wallets);
        }
        shared.pace.done(request);
        request = shared.pace.wait(longest_wait(shared));
    }
    shared.pace.end();
}

fn longest_wait(shared: &Shared) -> Duration {
    shared.following.iter().map(|following| following.every).min().unwrap_or(Duration::from_secs(30))
}

/// One look at a network. Whatever goes wrong is reported as the reason why released transfers wait.
fn look(shared: &Shared, following: &Following, wallets: &mut BTreeMap<VaultId, Kept>) {
    let tip = match see(shared, following, wallets) {
        Ok(tip) => tip,
        Err(FollowError::Engine(_)) if shared.pace.is_over() => return,
        Err(error) => {
            tracing::warn!(code = error.code(), "the chain cannot be relied on now: {error}");
            let last = shared.read(|state| state.overt().tip(following.network).cloned());
            let last = last.unwrap_or(Tip { height: 0, median_time: Timestamp::MIN, trouble: None });
            Tip { trouble: Some(error.code().to_owned()), ..last }
        }
    };
    let report = Command::NoteChain { network: following.network, tip };
    if let Err(error) = shared.run(Request::learnt(Ask::Overt(report), Vec::new(), Vec::new())) {
        tracing::warn!(code = error.code(), "what the chain shows could not be reported");
    }
}

fn see(
    shared: &Shared,
    following: &Following,
    wallets: &mut BTreeMap<VaultId, Kept>,
) -> Result<Tip, FollowError> {
    let now = seconds(shared.now());
    let seen = following.sources.observe(now)?;
    for (vault, descriptor) in shared.book(|book| book.on_network(network_of(following.network))) {
        let name = hash_parts("rempart/wallet/v1", &[descriptor.as_bytes()]);
        if wallets.get(&vault).is_none_or(|kept| kept.name != name) {
            wallets.insert(vault.clone(), open(shared, following, &descriptor, name)?);
        }
        let Some(kept) = wallets.get_mut(&vault) else { continue };
        if let Err(error) = bring_up_to_date(shared, following, (&vault, kept), now) {
            // What is in memory may be ahead of the journal: the next look begins from the journal again.
            wallets.remove(&vault);
            return Err(error);
        }
    }
    let median_time = Timestamp::from_millis(i64::from(seen.tip.median_time).saturating_mul(1000));
    Ok(Tip { height: seen.tip.height, median_time, trouble: None })
}

/// From the journal; anew from the network if what is there cannot be used.
fn open(shared: &Shared, following: &Following, descriptor: &str, name: Hash) -> Result<Kept, FollowError> {
    let network = network_of(following.network);
    let stored = shared.wallet(name)?;
    let key = shared.secrets.checkpoint().verifying_key();
    let loaded = stored::ChangeChain::read(&key, name, &stored).and_then(|(chain, changes)| {
        let wallet = Wallet::load(network, descriptor, changes).ok()?;
        Some(Kept { wallet, name, chain, due: 0 })
    });
    match loaded {
        Some(kept) => Ok(kept),
        None => {
            if !stored.is_empty() {
                tracing::warn!("what the journal has of a wallet cannot be used: it is learnt again");
            }
            let chain = stored::ChangeChain::new(name);
            Ok(Kept { wallet: Wallet::create(network, descriptor)?, name, chain, due: 0 })
        }
    }
}

fn bring_up_to_date(
    shared: &Shared,
    following: &Following,
    (vault, kept): (&VaultId, &mut Kept),
    now_seconds: u64,
) -> Result<(), FollowError> {
    let stop = || shared.pace.is_over();
    let limits = SyncLimits { now_seconds, blocks_max: SyncLimits::BLOCKS_MAX, stop: &stop };
    while following.sources.sync(&mut kept.wallet, limits)? == Synced::Partial {
        store(shared, kept, Ask::Tick, Vec::new())?;
    }
    let reports =
        shared.read(|state| difference::reports(state.overt(), vault, &kept.wallet, following.confirmations));
    for (command, blobs) in reports {
        store(shared, kept, Ask::Overt(command), blobs)?;
    }
    store(shared, kept, Ask::Tick, Vec::new())?;
    send_again(shared, following, vault, &kept.wallet);
    warn_of_due(shared, vault, kept);
    Ok(())
}

/// A report, and what the wallet has learnt since the last one, in one commit.
fn store(shared: &Shared, kept: &mut Kept, ask: Ask, blobs: Vec<(Hash, Vec<u8>)>) -> Result<(), FollowError> {
    let staged = kept.wallet.take_staged();
    let change = match staged {
        Some(_) if kept.chain.length() >= CHANGES_MAX => {
            Some(kept.chain.replace(shared.secrets.checkpoint(), &kept.wallet.whole()))
        }
        Some(bytes) => Some(kept.chain.next(shared.secrets.checkpoint(), &bytes)),
        None => None,
    };
    if change.is_none() && matches!(ask, Ask::Tick) {
        return Ok(());
    }
    if let Err(refusal) = shared.run(Request::learnt(ask, blobs, change.into_iter().collect()))? {
        tracing::warn!(code = refusal.code(), "a report of the chain was not taken: {refusal}");
    }
    Ok(())
}

/// Once for each further output (G10). `health` counts the vault until they are renewed.
fn warn_of_due(shared: &Shared, vault: &VaultId, kept: &mut Kept) {
    let now = shared.now();
    let due = shared.read(|state| state.overt().refresh_due(vault, now));
    if due > kept.due {
        tracing::warn!(%vault, due, "outputs near their recovery lock: renew them with `rempart wallet refresh`");
    }
    kept.due = due;
}

/// A payment that the network has forgotten is sent again: after a reorganisation, or when the mempool threw it out.
fn send_again(shared: &Shared, following: &Following, vault: &VaultId, wallet: &Wallet) {
    for txid in shared.read(|state| difference::unconfirmed(state.overt(), vault)) {
        if !matches!(wallet.status(txid), TxStatus::Dropped) {
            continue;
        }
        if let Some(transaction) = wallet.transaction(txid)
            && let Err(error) = following.sources.broadcast(&transaction)
        {
            tracing::warn!(code = error.code(), "a payment that was dropped is not taken again: {error}");
        }
    }
}

/// Sends a signed transaction to the network of a transfer's vault. `None` when no source is configured for it.
pub fn broadcast(
    shared: &Shared,
    transfer: TransferId,
    transaction: &Transaction,
) -> Option<Result<(), ChainError>> {
    Some(following_of(shared, transfer)?.sources.broadcast(transaction))
}

/// Whether the sources agree now, and still have every input of a payment as unspent; nothing is signed where one of them does not.
/// What the state knows of them may be as old as the last run of the server.
pub fn confirm_unspent(
    shared: &Shared,
    transfer: TransferId,
    spent: &[(vault::bitcoin::OutPoint, vault::bitcoin::ScriptBuf)],
) -> Result<(), Reason> {
    let Some(following) = following_of(shared, transfer) else { return Ok(()) };
    following.sources.observe(seconds(shared.now()))?;
    following.sources.confirm_unspent(spent)
}

fn following_of(shared: &Shared, transfer: TransferId) -> Option<&Following> {
    let network = shared.read(|state| {
        let vault = &state.overt().transfer(transfer)?.payload.vault;
        match state.overt().policy()?.vault(vault)?.chain {
            policy::Chain::Bitcoin(network) => Some(network),
            policy::Chain::GateOnly => None,
        }
    })?;
    shared.following.iter().find(|following| following.network == network)
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_millis() / 1000).unwrap_or(0)
}
