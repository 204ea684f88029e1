//! Signing what was released: the PSBT is verified again, co-signed, finished, checked by consensus, and only then reported (G1, G6).
//!
//! Deterministic: the same transfer gives the same transaction or ticket, so that doing it again after a crash changes nothing.

use ed25519_dalek::{Signer as _, SigningKey};
use gate::Ask;
use journal::{OutboxId, blob_hash};
use overt::{Command, Status};
use policy::Chain;
use types::{Hash, SpendPlan, TransferId, hash_parts};
use vault::bitcoin::hashes::Hash as _;

use super::outbox::DispatchError;
use crate::engine::{Request, Shared};
use crate::follow;
use crate::spends::Earlier;

/// The domain of what a ticket signs.
pub const TICKET_DOMAIN: &str = "rempart/ticket/v1";

/// What a ticket signs for a transfer.
#[must_use]
pub fn ticket_message(transfer: TransferId) -> Hash {
    hash_parts(TICKET_DOMAIN, &[&transfer.0.0])
}

/// The ticket of a transfer that was released from a gate-only vault; nothing for any other transfer.
#[must_use]
pub fn ticket(state: &gate::State, transfer: TransferId, key: &SigningKey) -> Option<[u8; 64]> {
    let found = state.overt().transfer(transfer)?;
    let vault = state.overt().policy()?.vault(&found.payload.vault)?;
    let released = matches!(found.status, Status::Signed { .. } | Status::Confirmed { .. });
    (released && vault.chain == Chain::GateOnly).then(|| make_ticket(transfer, key))
}

fn make_ticket(transfer: TransferId, key: &SigningKey) -> [u8; 64] {
    key.sign(&ticket_message(transfer).0).to_bytes()
}

/// What there is to sign.
enum Task {
    Ticket,
    Spend(Box<SpendPlan>),
    /// It was signed before, or needs no signature.
    Nothing,
}

fn task(state: &gate::State, transfer: TransferId) -> Task {
    let Some(found) = state.overt().transfer(transfer) else { return Task::Nothing };
    if found.status != Status::Signing {
        return Task::Nothing;
    }
    match &found.spend {
        Some(plan) => Task::Spend(Box::new(plan.clone())),
        None => Task::Ticket,
    }
}

/// Signs a transfer and reports it, in one commit with what was signed.
pub fn sign(shared: &Shared, id: OutboxId, transfer: TransferId) -> Result<(), DispatchError> {
    let (txid, blobs) = match shared.read(|state| task(state, transfer)) {
        Task::Nothing => {
            let _nothing_follows = shared.run(Request::done(Ask::Tick, Vec::new(), vec![id]))?;
            return Ok(());
        }
        Task::Ticket => {
            let ticket = make_ticket(transfer, shared.secrets.ticket());
            (hash_parts("rempart/ticket-hash/v1", &[&ticket]), Vec::new())
        }
        Task::Spend(plan) => {
            let (txid, transaction) = cosign(shared, transfer, &plan)?;
            (txid, vec![(blob_hash(&transaction), transaction)])
        }
    };
    let report = Ask::Overt(Command::NoteSigned { transfer, txid });
    if let Err(refusal) = shared.run(Request::done(report, blobs, vec![id]))? {
        tracing::warn!(
            code = refusal.code(),
            seq = id.seq,
            "a signature was reported for a transfer that needs none"
        );
    }
    Ok(())
}

fn cosign(shared: &Shared, transfer: TransferId, plan: &SpendPlan) -> Result<(Hash, Vec<u8>), DispatchError> {
    let psbt = shared.blob(plan.psbt)?.ok_or(DispatchError::Missing)?;
    let earlier = Earlier { attached: None, ..shared.earlier(transfer)? };
    let spend =
        shared.read(|state| shared.book(|book| book.verify_psbt(state, transfer, &earlier, &psbt)))?;
    if spend.plan.txid != plan.txid || spend.plan.kind != plan.kind {
        return Err(DispatchError::Missing);
    }
    // A further transaction spends what the one before it is spending.
    let is_first =
        shared.read(|state| state.overt().transfer(transfer).is_some_and(|found| found.signings.len() == 1));
    let coins = spend.spend.transaction().input.iter().map(|input| input.previous_output);
    let coins = coins.zip(spend.spend.spent()).map(|(outpoint, output)| (outpoint, output.script_pubkey));
    let coins: Vec<_> = if is_first { coins.collect() } else { Vec::new() };
    follow::confirm_unspent(shared, transfer, &coins)?;
    let signed = shared.signer.cosign(&spend.spend)?.finish()?;
    Ok((Hash(signed.txid().to_byte_array()), signed.to_bytes()))
}
