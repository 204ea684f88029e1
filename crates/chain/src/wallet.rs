//! A vault's watch-only wallet: coins, addresses, what became of each transaction (G1, G6, G10).
//!
//! bdk's wallet behind our own words; no input or output, no keys. What changes is staged until the caller takes it and writes it in the
//! journal's transaction. Called by the back-ends, which fill it, and by the server, which asks it.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bdk_wallet::chain::{BlockId, CanonicalizationParams, DescriptorExt, FullTxOut, Merge};
use bdk_wallet::{Balance, ChangeSet, LoadParams, Update};
use bitcoin::hashes::{Hash, sha256};
use bitcoin::{Address, Amount, Network, OutPoint, ScriptBuf, Transaction, Txid};
use thiserror::Error;
use vault::{Branch, GAP_LIMIT, Position};

use crate::stored::{self, Fault, Keychains, branch, keychain};
use crate::view::{TxStatus, View};

/// Blocks after which mined coins can be spent.
const COINBASE_MATURITY_BLOCKS: u32 = 100;

/// Why there is no wallet.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WalletError {
    /// The descriptor cannot be watched.
    #[error("the vault's descriptor cannot be watched: {0}")]
    Descriptor(String),
    /// Nothing was stored, or the first record is missing.
    #[error("no record of the wallet's beginning was found: create it anew and scan the chain")]
    NothingStored,
    /// A record of a newer program.
    #[error("record {place} of the wallet has the unknown version {version}: use the program that wrote it")]
    Version {
        /// Which record, from 0.
        place: usize,
        /// Its first byte.
        version: u8,
    },
    /// A record of another vault or network.
    #[error("record {0} belongs to the wallet of another vault")]
    OtherWallet(usize),
    /// A record that cannot be read.
    #[error(
        "record {0} of the wallet is damaged: verify the journal, or create the wallet anew and scan the chain"
    )]
    Damaged(usize),
    /// The records do not fit together.
    #[error("the wallet's records do not fit together: {0}; create the wallet anew and scan the chain")]
    Inconsistent(String),
    /// No address is left, or the index is too large.
    #[error("there is no address {0}: the last one is 2147483647")]
    NoAddress(u32),
}

impl WalletError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Descriptor(_) => "wallet-descriptor",
            Self::NothingStored => "wallet-nothing-stored",
            Self::Version { .. } => "wallet-version",
            Self::OtherWallet(_) => "wallet-of-another-vault",
            Self::Damaged(_) => "wallet-damaged",
            Self::Inconsistent(_) => "wallet-inconsistent",
            Self::NoAddress(_) => "wallet-no-address",
        }
    }
}

/// An output that pays the vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WalletCoin {
    /// Which output.
    pub outpoint: OutPoint,
    /// How much.
    pub value: Amount,
    /// To which script.
    pub script_pubkey: ScriptBuf,
    /// Which of the vault's addresses that is.
    pub position: Position,
    /// The height of its block; `None` in the mempool.
    pub height: Option<u32>,
    /// How many blocks confirm it; 0 in the mempool.
    pub confirmations: u32,
    /// Whether it was mined and is too young to be spent.
    pub is_immature: bool,
    /// The transaction in the mempool that spends it.
    pub spent_by: Option<Txid>,
    /// The transaction that made it.
    pub transaction: Arc<Transaction>,
}

impl WalletCoin {
    /// The height from which the recovery path spends it: a transaction in the block after this one may. `None` in the mempool.
    #[must_use]
    pub fn recovery_opens_at(&self, after_blocks: u16) -> Option<u32> {
        self.height.map(|height| height.saturating_add(u32::from(after_blocks)).saturating_sub(1))
    }

    /// Blocks still to come until the recovery path can be used in the next one; 0 when it can be now.
    #[must_use]
    pub fn blocks_to_recovery(&self, after_blocks: u16) -> u32 {
        u32::from(after_blocks).saturating_sub(self.confirmations)
    }
}

/// A vault's watch-only wallet.
pub struct Wallet {
    inner: bdk_wallet::Wallet,
    name: [u8; 32],
    keychains: Keychains,
    view: OnceLock<View>,
    /// What the mempool had that is not ours, so that it is looked at once. Not stored.
    pub(crate) others: HashSet<Txid>,
    /// The latest time at which something was seen or found missing. Such times must rise, or the library takes no notice.
    seen_at: u64,
}

impl Wallet {
    /// An empty wallet for a descriptor: BIP-389 multipath, as [`vault::VaultDescriptor::text`] gives it.
    ///
    /// # Errors
    /// [`WalletError::Descriptor`].
    pub fn create(network: Network, descriptor: &str) -> Result<Self, WalletError> {
        let inner = bdk_wallet::Wallet::create_from_two_path_descriptor(descriptor.to_owned())
            .network(network)
            .lookahead(GAP_LIMIT)
            .create_wallet_no_persist()
            .map_err(|error| WalletError::Descriptor(error.to_string()))?;
        Ok(Self::with(inner, name(network, descriptor)))
    }

    /// The wallet that all stored changes make, in the order in which they were taken.
    ///
    /// # Errors
    /// The changes are not this wallet's, are damaged or incomplete.
    pub fn load<'a>(
        network: Network,
        descriptor: &str,
        changes: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self, WalletError> {
        let mut fresh = Self::create(network, descriptor)?;
        let beginning = fresh.inner.take_staged().unwrap_or_default();
        let mut merged = ChangeSet::default();
        for (place, bytes) in changes.into_iter().enumerate() {
            let change = stored::read(bytes, fresh.name, fresh.keychains);
            merged.merge(change.map_err(|fault| faulty(place, fault))?);
        }
        let (here, there) = (&merged.local_chain.blocks, &beginning.local_chain.blocks);
        if here.is_empty() || here.get(&0) != there.get(&0) {
            return Err(WalletError::NothingStored);
        }
        merged.merge(beginning);
        let inner = bdk_wallet::Wallet::load_with_params(merged, LoadParams::new().lookahead(GAP_LIMIT))
            .map_err(|error| WalletError::Inconsistent(error.to_string()))?
            .ok_or(WalletError::NothingStored)?;
        Ok(Self::with(inner, fresh.name))
    }

    fn with(inner: bdk_wallet::Wallet, name: [u8; 32]) -> Self {
        let id = |branch| inner.public_descriptor(keychain(branch)).descriptor_id();
        let keychains = Keychains { receive: id(Branch::Receive), change: id(Branch::Change) };
        let graph = inner.tx_graph().initial_changeset();
        let times = graph.last_seen.values().chain(graph.last_evicted.values());
        let seen_at = times.copied().max().unwrap_or_default();
        Self { inner, name, keychains, view: OnceLock::new(), others: HashSet::new(), seen_at }
    }

    /// What changed since the last call, to be written in the journal's transaction; `None` when nothing did.
    pub fn take_staged(&mut self) -> Option<Vec<u8>> {
        let staged = self.inner.take_staged()?;
        Some(stored::write(&staged, self.name, self.keychains))
    }

    /// Everything as one record: what a snapshot keeps in place of all changes so far.
    #[must_use]
    pub fn whole(&self) -> Vec<u8> {
        let mut all = ChangeSet {
            local_chain: self.inner.local_chain().initial_changeset(),
            tx_graph: self.inner.tx_graph().initial_changeset(),
            ..ChangeSet::default()
        };
        let ids = [(Branch::Receive, self.keychains.receive), (Branch::Change, self.keychains.change)];
        let shown = ids.into_iter().filter_map(|(branch, id)| Some((id, self.revealed(branch)?)));
        all.indexer.last_revealed = shown.collect();
        stored::write(&all, self.name, self.keychains)
    }

    /// The vault's network.
    #[must_use]
    pub fn network(&self) -> Network {
        self.inner.network()
    }

    /// A fresh address, never shown before.
    ///
    /// # Errors
    /// [`WalletError::NoAddress`] after 2^31 of them.
    pub fn reveal(&mut self, branch: Branch) -> Result<(Position, Address), WalletError> {
        let (next, last) = (self.inner.next_derivation_index(keychain(branch)), self.revealed(branch));
        if last == Some(next) {
            return Err(WalletError::NoAddress(next));
        }
        let shown = self.inner.reveal_next_address(keychain(branch));
        Ok((Position { branch, index: shown.index }, shown.address))
    }

    /// The index of the last address that was shown or paid; `None` before the first.
    #[must_use]
    pub fn revealed(&self, branch: Branch) -> Option<u32> {
        self.inner.derivation_index(keychain(branch))
    }

    /// The position of a script, if it is one of the vault's up to the gap.
    #[must_use]
    pub fn position(&self, script: &bitcoin::Script) -> Option<Position> {
        let (keychain, index) = self.inner.derivation_of_spk(script.to_owned())?;
        Some(Position { branch: branch(keychain), index })
    }

    /// The sums: confirmed, in the mempool, immature.
    #[must_use]
    pub fn balance(&self) -> Balance {
        self.inner.balance()
    }

    /// The last block that the wallet was told of.
    #[must_use]
    pub fn tip(&self) -> BlockId {
        self.inner.latest_checkpoint().block_id()
    }

    /// What no confirmed transaction has spent, with at least so many confirmations; 0 includes the mempool.
    #[must_use]
    pub fn coins(&self, confirmations_min: u32) -> Vec<WalletCoin> {
        let (graph, chain) = (self.inner.tx_graph(), self.inner.local_chain());
        let outpoints = self.inner.spk_index().outpoints().iter().copied();
        let tip = chain.tip().block_id();
        let found = graph.filter_chain_txouts(chain, tip, CanonicalizationParams::default(), outpoints);
        let coins = found.filter_map(|((keychain, index), output)| {
            self.coin(Position { branch: branch(keychain), index }, output)
        });
        coins.filter(|coin| coin.confirmations >= confirmations_min).collect()
    }

    fn coin(
        &self,
        position: Position,
        output: FullTxOut<bdk_wallet::chain::ConfirmationBlockTime>,
    ) -> Option<WalletCoin> {
        let spent_by = match output.spent_by {
            Some((position, _)) if position.is_confirmed() => return None,
            other => other.map(|(_, txid)| txid),
        };
        let height = output.chain_position.confirmation_height_upper_bound();
        let confirmations = height.map_or(0, |height| self.view().depth(height));
        Some(WalletCoin {
            outpoint: output.outpoint,
            value: output.txout.value,
            script_pubkey: output.txout.script_pubkey,
            position,
            height,
            confirmations,
            is_immature: output.is_on_coinbase && confirmations < COINBASE_MATURITY_BLOCKS,
            spent_by,
            transaction: self.transaction(output.outpoint.txid)?,
        })
    }

    /// What became of a transaction.
    #[must_use]
    pub fn status(&self, txid: Txid) -> TxStatus {
        self.view().status(self.inner.tx_graph(), txid)
    }

    /// The transaction that counts and spends an output of ours, with its status.
    #[must_use]
    pub fn spender(&self, outpoint: &OutPoint) -> Option<(Txid, TxStatus)> {
        let txid = self.view().spender(outpoint)?;
        Some((txid, self.status(txid)))
    }

    /// A transaction that touches the vault, whatever became of it.
    #[must_use]
    pub fn transaction(&self, txid: Txid) -> Option<Arc<Transaction>> {
        self.inner.tx_graph().get_tx(txid)
    }

    /// All transactions that touch the vault and count, the oldest first; those in the mempool last.
    #[must_use]
    pub fn transactions(&self) -> Vec<(Txid, TxStatus)> {
        let ours = self.inner.transactions().map(|found| found.tx_node.txid);
        let mut all: Vec<_> = ours.map(|txid| (txid, self.status(txid))).collect();
        all.sort_by_key(|(txid, status)| match status {
            TxStatus::Confirmed { height, .. } => (*height, *txid),
            _ => (u32::MAX, *txid),
        });
        all
    }

    /// Takes note of a transaction of our own that was sent at this time. Until a source has it, a sync may find it missing.
    pub fn insert_broadcast(&mut self, transaction: Transaction, now_seconds: u64) {
        let now = self.next_time(now_seconds);
        self.apply_waiting(vec![transaction], now);
    }

    /// For back-ends: the library's wallet, to be asked.
    pub(crate) const fn inner(&self) -> &bdk_wallet::Wallet {
        &self.inner
    }

    /// For back-ends: takes in what an index told. `false` when its chain does not meet ours.
    pub(crate) fn apply(&mut self, mut update: Update) -> bool {
        // INVARIANT: the library takes it for impossible, and stops, that a mined coin waits in a mempool. A liar may say so.
        let mined: HashSet<Txid> =
            update.tx_update.txs.iter().filter(|tx| tx.is_coinbase()).map(|tx| tx.compute_txid()).collect();
        update.tx_update.seen_ats.retain(|(txid, _)| !mined.contains(txid));
        self.change().apply_update(update).is_ok()
    }

    /// For back-ends: takes in what a mempool holds.
    pub(crate) fn apply_waiting(&mut self, transactions: Vec<Transaction>, now: u64) {
        let possible = transactions.into_iter().filter(|transaction| !transaction.is_coinbase());
        self.change().apply_unconfirmed_txs(possible.map(|transaction| (transaction, now)));
    }

    /// For back-ends: the library's wallet, to be filled.
    pub(crate) fn change(&mut self) -> &mut bdk_wallet::Wallet {
        self.view = OnceLock::new();
        &mut self.inner
    }

    /// A time that is later than all before.
    pub(crate) fn next_time(&mut self, now_seconds: u64) -> u64 {
        self.seen_at = now_seconds.max(self.seen_at.saturating_add(1));
        self.seen_at
    }

    pub(crate) fn unconfirmed(&self) -> Vec<Txid> {
        self.view().unconfirmed().collect()
    }

    fn view(&self) -> &View {
        self.view.get_or_init(|| View::new(&self.inner))
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wallet")
            .field("network", &self.network())
            .field("tip", &self.tip())
            .finish_non_exhaustive()
    }
}

fn name(network: Network, descriptor: &str) -> [u8; 32] {
    let text = format!("{network}\n{descriptor}");
    sha256::Hash::hash(text.as_bytes()).to_byte_array()
}

const fn faulty(place: usize, fault: Fault) -> WalletError {
    match fault {
        Fault::Version(version) => WalletError::Version { place, version },
        Fault::OtherWallet => WalletError::OtherWallet(place),
        Fault::Malformed => WalletError::Damaged(place),
    }
}
