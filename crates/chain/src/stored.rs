//! A wallet's changes as bytes: what the journal keeps (G7).
//!
//! Our own layout and not bdk's `serde` one, so that a new version of the library cannot make old records unreadable; transactions are
//! in the network's encoding, and a transaction of the same record is named by its place. Called by `wallet`.

use std::collections::BTreeMap;
use std::sync::Arc;

use bdk_wallet::chain::{BlockId, ConfirmationBlockTime, DescriptorId};
use bdk_wallet::{ChangeSet, KeychainKind};
use bitcoin::consensus::encode::{deserialize, serialize};
use bitcoin::hashes::Hash;
use bitcoin::{BlockHash, Transaction, Txid};
use serde::{Deserialize, Serialize};

/// The first byte of every record.
const VERSION: u8 = 1;

/// Whose keychains are meant: the library names them by hashes of their descriptors.
#[derive(Clone, Copy, Debug)]
pub struct Keychains {
    pub receive: DescriptorId,
    pub change: DescriptorId,
}

/// Why bytes are not a record.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// Written by a newer program.
    Version(u8),
    /// Of another wallet.
    OtherWallet,
    /// Cut off or altered.
    Malformed,
}

#[derive(Serialize, Deserialize)]
struct Record {
    /// SHA-256 of network and descriptor.
    wallet: [u8; 32],
    /// `None`: no longer in the chain.
    blocks: Vec<(u32, Option<[u8; 32]>)>,
    transactions: Vec<Vec<u8>>,
    confirmed: Vec<InBlock>,
    first_seen: Vec<(Named, u64)>,
    last_seen: Vec<(Named, u64)>,
    last_evicted: Vec<(Named, u64)>,
    /// Last shown index, receive and change.
    revealed: [Option<u32>; 2],
}

#[derive(Serialize, Deserialize)]
struct InBlock {
    height: u32,
    /// `None`: as in `blocks` of the same record.
    hash: Option<[u8; 32]>,
    time: u64,
    transactions: Vec<Named>,
}

#[derive(Serialize, Deserialize)]
enum Named {
    /// Place in `transactions` of the same record.
    Here(u32),
    By([u8; 32]),
}

/// Writes a change.
pub fn write(changes: &ChangeSet, wallet: [u8; 32], keychains: Keychains) -> Vec<u8> {
    let graph = &changes.tx_graph;
    let places: BTreeMap<Txid, u32> = graph.txs.iter().map(|tx| tx.compute_txid()).zip(0..).collect();
    let named = |txid: &Txid| match places.get(txid) {
        Some(place) => Named::Here(*place),
        None => Named::By(txid.to_byte_array()),
    };
    let times = |map: &BTreeMap<Txid, u64>| map.iter().map(|(txid, time)| (named(txid), *time)).collect();
    let revealed = |id| changes.indexer.last_revealed.get(&id).copied();
    let blocks = &changes.local_chain.blocks;
    let record = Record {
        wallet,
        blocks: blocks
            .iter()
            .map(|(height, hash)| (*height, hash.map(|hash| hash.to_byte_array())))
            .collect(),
        transactions: graph.txs.iter().map(|tx| serialize(tx.as_ref())).collect(),
        confirmed: confirmed(changes, named),
        first_seen: times(&graph.first_seen),
        last_seen: times(&graph.last_seen),
        last_evicted: times(&graph.last_evicted),
        revealed: [revealed(keychains.receive), revealed(keychains.change)],
    };
    // Writing to memory fails for no value of this type; were it to, an empty record would be refused when it is read.
    postcard::to_extend(&record, vec![VERSION]).unwrap_or_default()
}

/// By block, so that a block's name is written once.
fn confirmed(changes: &ChangeSet, named: impl Fn(&Txid) -> Named) -> Vec<InBlock> {
    let mut by_block: BTreeMap<ConfirmationBlockTime, Vec<Named>> = BTreeMap::new();
    for (anchor, txid) in &changes.tx_graph.anchors {
        by_block.entry(*anchor).or_default().push(named(txid));
    }
    let in_block = |(anchor, transactions): (ConfirmationBlockTime, Vec<Named>)| {
        let BlockId { height, hash } = anchor.block_id;
        let is_here = changes.local_chain.blocks.get(&height) == Some(&Some(hash));
        let hash = (!is_here).then(|| hash.to_byte_array());
        InBlock { height, hash, time: anchor.confirmation_time, transactions }
    };
    by_block.into_iter().map(in_block).collect()
}

/// Reads a change; the descriptors are the caller's to add.
pub fn read(bytes: &[u8], wallet: [u8; 32], keychains: Keychains) -> Result<ChangeSet, Fault> {
    let (version, body) = bytes.split_first().ok_or(Fault::Malformed)?;
    if *version != VERSION {
        return Err(Fault::Version(*version));
    }
    let (record, rest) = postcard::take_from_bytes::<Record>(body).map_err(|_| Fault::Malformed)?;
    if record.wallet != wallet {
        return Err(Fault::OtherWallet);
    }
    let changes = record.into_changes(keychains).filter(|_| rest.is_empty());
    changes.ok_or(Fault::Malformed)
}

impl Record {
    fn into_changes(self, keychains: Keychains) -> Option<ChangeSet> {
        let mut changes = ChangeSet::default();
        let hash = |bytes: &Option<[u8; 32]>| bytes.map(BlockHash::from_byte_array);
        changes.local_chain.blocks =
            self.blocks.iter().map(|(height, bytes)| (*height, hash(bytes))).collect();
        let transactions: Option<Vec<Transaction>> =
            self.transactions.iter().map(|bytes| deserialize(bytes).ok()).collect();
        let transactions = transactions?;
        let txids: Vec<Txid> = transactions.iter().map(Transaction::compute_txid).collect();
        let times = |list: &[(Named, u64)]| -> Option<BTreeMap<Txid, u64>> {
            list.iter().map(|(named, time)| Some((named.find(&txids)?, *time))).collect()
        };
        let graph = &mut changes.tx_graph;
        graph.first_seen = times(&self.first_seen)?;
        graph.last_seen = times(&self.last_seen)?;
        graph.last_evicted = times(&self.last_evicted)?;
        // The library stops at a mined coin that waited in a mempool; no record of ours has one.
        let mined = transactions.iter().zip(&txids).filter(|(transaction, _)| transaction.is_coinbase());
        if mined.into_iter().any(|(_, txid)| graph.last_seen.contains_key(txid)) {
            return None;
        }
        for block in &self.confirmed {
            let hash = match block.hash {
                Some(bytes) => BlockHash::from_byte_array(bytes),
                None => (*changes.local_chain.blocks.get(&block.height)?)?,
            };
            let block_id = BlockId { height: block.height, hash };
            let anchor = ConfirmationBlockTime { block_id, confirmation_time: block.time };
            for named in &block.transactions {
                graph.anchors.insert((anchor, named.find(&txids)?));
            }
        }
        graph.txs = transactions.into_iter().map(Arc::new).collect();
        let ids = [keychains.receive, keychains.change];
        let revealed = ids.into_iter().zip(self.revealed).filter_map(|(id, index)| Some((id, index?)));
        changes.indexer.last_revealed = revealed.collect();
        Some(changes)
    }
}

impl Named {
    fn find(&self, txids: &[Txid]) -> Option<Txid> {
        match self {
            Self::Here(place) => txids.get(usize::try_from(*place).ok()?).copied(),
            Self::By(bytes) => Some(Txid::from_byte_array(*bytes)),
        }
    }
}

/// The library's name for a keychain.
pub const fn keychain(branch: vault::Branch) -> KeychainKind {
    match branch {
        vault::Branch::Receive => KeychainKind::External,
        vault::Branch::Change => KeychainKind::Internal,
    }
}

/// Our name for one.
pub const fn branch(keychain: KeychainKind) -> vault::Branch {
    match keychain {
        KeychainKind::External => vault::Branch::Receive,
        KeychainKind::Internal => vault::Branch::Change,
    }
}

#[cfg(test)]
mod tests {
    use bdk_wallet::chain::tx_graph;
    use bitcoin::absolute::LockTime;
    use bitcoin::transaction::Version;
    use bitcoin::{Amount, OutPoint, ScriptBuf, TxIn, TxOut};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const WALLET: [u8; 32] = [7; 32];

    fn keychains() -> Keychains {
        let id = |byte| DescriptorId(bitcoin::hashes::sha256::Hash::from_byte_array([byte; 32]));
        Keychains { receive: id(1), change: id(2) }
    }

    fn transaction(number: u8) -> Transaction {
        let txid = Txid::from_byte_array([number; 32]);
        Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![TxIn {
                previous_output: OutPoint { txid, vout: u32::from(number) },
                ..TxIn::default()
            }],
            output: vec![TxOut {
                value: Amount::from_sat(u64::from(number)),
                script_pubkey: ScriptBuf::new(),
            }],
        }
    }

    prop_compose! {
        /// Some transactions that are in the record, some that are not, in blocks that are and are not.
        fn changes()(
            blocks in vec((0..20u32, prop::option::of(any::<[u8; 32]>())), 0..6),
            here in vec(any::<u8>(), 0..4),
            confirmed in vec((any::<u8>(), 0..20u32, any::<[u8; 32]>(), any::<u64>()), 0..6),
            times in vec((any::<u8>(), any::<u64>()), 0..6),
            revealed in prop::option::of(any::<u32>()),
        ) -> ChangeSet {
            let mut graph = tx_graph::ChangeSet::default();
            let txid = |number: u8| transaction(number).compute_txid();
            let mut all = ChangeSet::default();
            for (height, bytes) in blocks {
                all.local_chain.blocks.insert(height, bytes.map(BlockHash::from_byte_array));
            }
            graph.txs = here.iter().map(|number| Arc::new(transaction(*number))).collect();
            for (number, height, bytes, confirmation_time) in confirmed {
                let listed = all.local_chain.blocks.get(&height).copied().flatten();
                // Half of them in the block that the record lists.
                let other = BlockHash::from_byte_array(bytes);
                let hash = if number % 2 == 0 { listed.unwrap_or(other) } else { other };
                let block_id = BlockId { height, hash };
                graph.anchors.insert((ConfirmationBlockTime { block_id, confirmation_time }, txid(number)));
            }
            graph.first_seen = times.iter().map(|(number, time)| (txid(*number), *time)).collect();
            graph.last_seen = graph.first_seen.iter().map(|(txid, time)| (*txid, time / 2)).collect();
            graph.last_evicted = graph.first_seen.iter().map(|(txid, time)| (*txid, time / 3)).collect();
            all.tx_graph = graph;
            all.indexer.last_revealed = revealed.into_iter().map(|index| (keychains().change, index)).collect();
            all
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(changes in changes()) {
            let bytes = write(&changes, WALLET, keychains());
            prop_assert_eq!(read(&bytes, WALLET, keychains()).unwrap(), changes);
            prop_assert_eq!(read(&bytes, [8; 32], keychains()), Err(Fault::OtherWallet));
        }

        #[test]
        fn altered_bytes_are_refused_or_read_and_never_panic(
            changes in changes(), at in any::<prop::sample::Index>(), byte: u8, end in any::<prop::sample::Index>(),
        ) {
            let mut bytes = write(&changes, WALLET, keychains());
            let place = at.index(bytes.len());
            bytes[place] = byte;
            let _ = read(&bytes, WALLET, keychains());
            let cut = end.index(bytes.len());
            prop_assert!(read(&bytes[..cut], WALLET, keychains()).is_err());
        }
    }
}
