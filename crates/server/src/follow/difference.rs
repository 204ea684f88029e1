//! What the chain shows and the overt state does not know yet, as reports to the gate (G6).
//!
//! Pure: the state and the wallet in, commands out. Blocks that have gone are reported before what follows from their going.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chain::{TxStatus, Wallet, WalletCoin};
use journal::blob_hash;
use overt::{COINS_PER_REPORT_MAX, Command, State, Status, Transfer};
use types::{Hash, OutPoint, SpendKind, TransferId, VaultId};
use vault::bitcoin::consensus::encode::serialize;
use vault::bitcoin::hashes::Hash as _;
use vault::bitcoin::{Transaction, Txid};

/// A command and the content that it names.
pub type Report = (Command, Vec<(Hash, Vec<u8>)>);

/// A transaction, the height of its block, and what it pays to the vault.
type Receipt = (Arc<Transaction>, Option<u32>, Vec<(OutPoint, u128)>);

/// What to report of a vault.
pub fn reports(state: &State, vault: &VaultId, wallet: &Wallet, confirmations: u32) -> Vec<Report> {
    let confirmations = confirmations.max(1);
    let transfers: Vec<(TransferId, &Transfer)> =
        state.transfers().filter(|(_, transfer)| transfer.payload.vault == *vault).collect();
    let mut reports: Vec<Report> = Vec::new();
    reports.extend(transfers.iter().filter_map(|(id, transfer)| gone(*id, transfer, wallet)));
    reports
        .extend(transfers.iter().filter_map(|(id, transfer)| settled(*id, transfer, wallet, confirmations)));
    let coins = wallet.coins(confirmations);
    reports.extend(lost(state, vault, wallet, &coins));
    reports.extend(received(state, vault, &coins));
    reports
}

/// The transactions of a vault that are signed and, as far as the state knows, in no block.
pub fn unconfirmed(state: &State, vault: &VaultId) -> Vec<Txid> {
    let afloat = |transfer: &&Transfer| matches!(transfer.status, Status::Signed { .. });
    let ours = state.transfers().map(|(_, transfer)| transfer).filter(|one| one.payload.vault == *vault);
    ours.filter(afloat).filter_map(|transfer| Some(on_chain(transfer.standing_spend()?.txid))).collect()
}

/// A payment whose block is not in the chain any more.
fn gone(id: TransferId, transfer: &Transfer, wallet: &Wallet) -> Option<Report> {
    let confirmed = transfer.confirmed_spend()?;
    match wallet.status(on_chain(confirmed.txid)) {
        TxStatus::Confirmed { .. } => None,
        // A wallet that was just made anew has not seen it yet: that is no proof.
        TxStatus::Unknown => None,
        _ => {
            let transaction = wallet.transaction(on_chain(confirmed.txid));
            let content = transaction.map(|transaction| serialize(transaction.as_ref()));
            let blobs = content.map(|content| (blob_hash(&content), content)).into_iter().collect();
            Some((Command::NoteUnconfirmed { transfer: id }, blobs))
        }
    }
}

/// A payment, or the return of one, that is deep enough in the chain.
fn settled(id: TransferId, transfer: &Transfer, wallet: &Wallet, confirmations: u32) -> Option<Report> {
    if !matches!(transfer.status, Status::Signed { .. } | Status::Signing) {
        return None;
    }
    let own = transfer.signings.iter().filter(|signing| signing.spend.kind != SpendKind::Child);
    let deep = |txid: Hash| match wallet.status(on_chain(txid)) {
        TxStatus::Confirmed { depth, .. } => depth >= confirmations,
        _ => false,
    };
    if let Some(txid) = own.map(|signing| signing.spend.txid).find(|txid| deep(*txid)) {
        return Some((Command::NoteConfirmed { transfer: id, txid }, Vec::new()));
    }
    let shared = transfer.shared_input()?;
    let shared = vault::bitcoin::OutPoint { txid: on_chain(shared.txid), vout: shared.index };
    let (by, _) = wallet.spender(&shared)?;
    let by = Hash(by.to_byte_array());
    let is_ours = transfer.signings.iter().any(|signing| signing.spend.txid == by);
    (!is_ours && deep(by)).then(|| {
        tracing::error!("what a signed payment was to spend was spent without Rempart: see who has the keys");
        (Command::NoteDisplaced { transfer: id }, Vec::new())
    })
}

/// Outputs that the vault does not have any more, but for those that a payment of ours is spending.
fn lost(state: &State, vault: &VaultId, wallet: &Wallet, coins: &[WalletCoin]) -> Option<Report> {
    let there: BTreeSet<OutPoint> = coins.iter().map(|coin| in_core(&coin.outpoint)).collect();
    let is_lost = |outpoint: &OutPoint| !there.contains(outpoint) && !is_being_spent(state, wallet, outpoint);
    let outputs = state.coins(vault).map(|(outpoint, _)| *outpoint).filter(is_lost);
    let outputs: Vec<OutPoint> = outputs.take(COINS_PER_REPORT_MAX).collect();
    if outputs.is_empty() {
        return None;
    }
    let count = outputs.len();
    tracing::warn!(
        count,
        "outputs of a vault are gone: their block is, or somebody spent them without Rempart"
    );
    Some((Command::NoteLost { vault: vault.clone(), outputs }, Vec::new()))
}

fn is_being_spent(state: &State, wallet: &Wallet, outpoint: &OutPoint) -> bool {
    let holder = state.reserved_for(outpoint).and_then(|id| state.transfer(id));
    let Some(transfer) = holder else { return false };
    let by_us = |txid: Txid| transfer.signings.iter().any(|signing| on_chain(signing.spend.txid) == txid);
    let outpoint = vault::bitcoin::OutPoint { txid: on_chain(outpoint.txid), vout: outpoint.index };
    wallet.spender(&outpoint).is_some_and(|(txid, _)| by_us(txid))
}

/// Outputs that are new, or in another block than the state says.
fn received(state: &State, vault: &VaultId, coins: &[WalletCoin]) -> Vec<Report> {
    let known: BTreeMap<&OutPoint, Option<u32>> =
        state.coins(vault).map(|(outpoint, coin)| (outpoint, coin.height)).collect();
    let mut by_transaction: BTreeMap<Txid, Receipt> = BTreeMap::new();
    for coin in coins.iter().filter(|coin| !coin.is_immature) {
        let outpoint = in_core(&coin.outpoint);
        let is_new = match known.get(&outpoint) {
            Some(height) => *height != coin.height,
            // What a child of ours, or anybody, is spending already is of no use to another payment.
            None => coin.spent_by.is_none(),
        };
        if !is_new {
            continue;
        }
        let entry = by_transaction
            .entry(coin.outpoint.txid)
            .or_insert_with(|| (Arc::clone(&coin.transaction), coin.height, Vec::new()));
        entry.2.push((outpoint, u128::from(coin.value.to_sat())));
    }
    let report = |(transaction, height, outputs): Receipt| {
        let content = serialize(transaction.as_ref());
        let address = blob_hash(&content);
        let parts = outputs.chunks(COINS_PER_REPORT_MAX).map(<[_]>::to_vec).collect::<Vec<_>>();
        parts.into_iter().map(move |outputs| {
            let command =
                Command::NoteReceived { vault: vault.clone(), transaction: address, height, outputs };
            (command, vec![(address, content.clone())])
        })
    };
    by_transaction.into_values().flat_map(report).collect()
}

fn in_core(outpoint: &vault::bitcoin::OutPoint) -> OutPoint {
    OutPoint { txid: Hash(outpoint.txid.to_byte_array()), index: outpoint.vout }
}

fn on_chain(txid: Hash) -> Txid {
    Txid::from_byte_array(txid.0)
}
