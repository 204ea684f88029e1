//! The overt outbox: what is still to be signed or broadcast, and the thread that does it (G6).
//!
//! An item stays until its end is durable: a signature until the record says `signed`, a broadcast until the chain shows the transaction.
//! Whatever crashes in between is done again, with the same result.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gate::Ask;
use journal::{OutboxId, OutboxItem};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{Hash, TransferId};
use vault::bitcoin::Transaction;
use vault::bitcoin::consensus::encode::deserialize;

use super::broadcast::BroadcastError;
use super::sign;
use crate::clock::Stopwatch;
use crate::engine::{EngineError, Request, Shared};
use crate::follow;
use crate::spends::SpendError;

/// How long until the second attempt.
const RETRY_FIRST: Duration = Duration::from_secs(1);
/// The longest wait between two attempts.
const RETRY_MAX: Duration = Duration::from_secs(60);
/// How long until a transaction that was taken, and that the chain does not show, is handed over again.
const BROADCAST_AGAIN: Duration = Duration::from_secs(600);

const SIGN: &str = "sign";
const BROADCAST: &str = "broadcast";

/// One thing to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Outgoing {
    /// To sign a transfer, or issue its ticket.
    Sign {
        /// Which.
        transfer: TransferId,
    },
    /// To broadcast its transaction.
    Broadcast {
        /// Which.
        transfer: TransferId,
        /// Under which address the journal keeps the transaction; none for a ticket.
        transaction: Option<Hash>,
    },
}

impl Outgoing {
    /// Kind and body, as the journal keeps them.
    pub fn encode(&self) -> (String, Vec<u8>) {
        let kind = match self {
            Self::Sign { .. } => SIGN,
            Self::Broadcast { .. } => BROADCAST,
        };
        // Ids and hashes always encode.
        (kind.to_owned(), postcard::to_stdvec(self).unwrap_or_default())
    }

    pub fn decode(kind: &str, body: &[u8]) -> Option<Self> {
        let outgoing = postcard::from_bytes(body).ok()?;
        let fits =
            matches!((kind, &outgoing), (SIGN, Self::Sign { .. }) | (BROADCAST, Self::Broadcast { .. }));
        fits.then_some(outgoing)
    }
}

/// Why something was not done yet.
#[derive(Debug, Error)]
pub enum DispatchError {
    /// The engine does not take reports.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The PSBT is no spend of its transfer any more.
    #[error(transparent)]
    Spend(#[from] SpendError),
    /// The co-signer did not sign.
    #[error(transparent)]
    Signer(#[from] signer::SignerError),
    /// The transaction is not valid.
    #[error(transparent)]
    Finish(#[from] vault::FinishError),
    /// The network did not take it.
    #[error(transparent)]
    Broadcast(#[from] BroadcastError),
    /// A source of the chain did not take it.
    #[error(transparent)]
    Chain(#[from] chain::ChainError),
    /// The sources do not agree on what it spends.
    #[error(transparent)]
    Reason(#[from] chain::Reason),
    /// A content that should be in the journal is not.
    #[error("the journal lacks a content that a transfer needs: run `rempart journal verify`")]
    Missing,
}

impl DispatchError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Engine(error) => error.code(),
            Self::Spend(error) => error.code(),
            Self::Signer(_) => "signer",
            Self::Finish(_) => "finish",
            Self::Broadcast(error) => error.code(),
            Self::Chain(error) => error.code(),
            Self::Reason(reason) => reason.code(),
            Self::Missing => "content-missing",
        }
    }
}

/// An item and when it is due.
struct Pending {
    outgoing: Outgoing,
    attempts: u32,
    since: Stopwatch,
    wait: Duration,
}

#[derive(Default)]
struct Content {
    items: BTreeMap<OutboxId, Pending>,
    over: bool,
}

/// What is still to be done.
#[derive(Default)]
pub struct Outbox {
    content: Mutex<Content>,
    wake: Condvar,
}

impl Outbox {
    /// What the journal says is still to be done.
    pub fn new(items: Vec<OutboxItem>) -> Self {
        let outbox = Self::default();
        let known = items.into_iter().filter_map(|item| {
            let outgoing = Outgoing::decode(&item.kind, &item.body);
            if outgoing.is_none() {
                tracing::warn!(seq = item.id.seq, "an outbox item of another version is left alone");
            }
            Some((item.id, outgoing?))
        });
        outbox.change(known.collect(), &[]);
        outbox
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a commit has added and ended.
    pub fn change(&self, new: Vec<(OutboxId, Outgoing)>, done: &[OutboxId]) {
        if new.is_empty() && done.is_empty() {
            return;
        }
        let mut content = self.lock();
        for (id, outgoing) in new {
            let pending = Pending { outgoing, attempts: 0, since: Stopwatch::start(), wait: Duration::ZERO };
            content.items.insert(id, pending);
        }
        for id in done {
            content.items.remove(id);
        }
        drop(content);
        self.wake.notify_all();
    }

    pub fn len(&self) -> usize {
        self.lock().items.len()
    }

    /// The items that end when the chain shows a transfer's transaction.
    pub fn broadcasts_of(&self, transfer: TransferId) -> Vec<OutboxId> {
        let content = self.lock();
        let is_its = |outgoing: &Outgoing| matches!(outgoing, Outgoing::Broadcast { transfer: its, .. } if *its == transfer);
        content.items.iter().filter(|(_, item)| is_its(&item.outgoing)).map(|(id, _)| *id).collect()
    }

    /// Under which addresses the journal keeps the signed transactions of a transfer that is not confirmed.
    pub fn transactions_of(&self, transfer: TransferId) -> Vec<Hash> {
        let content = self.lock();
        let its = content.items.values().filter_map(|item| match item.outgoing {
            Outgoing::Broadcast { transfer: its, transaction } if its == transfer => transaction,
            _ => None,
        });
        its.collect()
    }

    /// Under which address the journal keeps the signed transaction of a transfer that is not confirmed.
    pub fn transaction_of(&self, transfer: TransferId) -> Option<Hash> {
        self.lock().items.values().find_map(|item| match item.outgoing {
            Outgoing::Broadcast { transfer: its, transaction } if its == transfer => transaction,
            _ => None,
        })
    }

    pub fn end(&self) {
        self.lock().over = true;
        self.wake.notify_all();
    }

    /// Waits for something that is due. `None` when it is over.
    fn next(&self) -> Option<(OutboxId, Outgoing)> {
        let mut content = self.lock();
        loop {
            if content.over {
                return None;
            }
            let waits = content
                .items
                .iter()
                .map(|(id, item)| (item.wait.saturating_sub(item.since.elapsed()), *id, item.outgoing));
            let (wait, found) = match waits.min_by_key(|(wait, id, _)| (*wait, *id)) {
                Some((Duration::ZERO, id, outgoing)) => return Some((id, outgoing)),
                Some((wait, ..)) => (wait, true),
                None => (RETRY_MAX, false),
            };
            let longest = if found { wait } else { RETRY_MAX };
            let woken = self.wake.wait_timeout(content, longest).unwrap_or_else(PoisonError::into_inner);
            content = woken.0;
        }
    }

    /// When an item that is still there is tried again.
    fn postpone(&self, id: OutboxId, succeeded: bool) {
        if let Some(item) = self.lock().items.get_mut(&id) {
            item.since = Stopwatch::start();
            if succeeded {
                (item.attempts, item.wait) = (0, BROADCAST_AGAIN);
            } else {
                item.wait = RETRY_FIRST.saturating_mul(1 << item.attempts.min(6)).min(RETRY_MAX);
                item.attempts = item.attempts.saturating_add(1);
            }
        }
    }
}

/// Works off the outbox until it is over.
pub fn work(shared: &Shared) {
    while let Some((id, outgoing)) = shared.outbox.next() {
        let outcome = execute(shared, id, outgoing);
        if let Err(error) = &outcome {
            tracing::warn!(code = error.code(), seq = id.seq, "an effect is tried again later: {error}");
        }
        shared.outbox.postpone(id, outcome.is_ok());
    }
}

fn execute(shared: &Shared, id: OutboxId, outgoing: Outgoing) -> Result<(), DispatchError> {
    match outgoing {
        Outgoing::Sign { transfer } => sign::sign(shared, id, transfer),
        Outgoing::Broadcast { transfer, transaction: Some(hash) } => {
            let transaction = shared.blob(hash)?.ok_or(DispatchError::Missing)?;
            send(shared, transfer, &transaction)
        }
        // A ticket is fetched by whoever needs it: nothing is sent.
        Outgoing::Broadcast { transaction: None, .. } => {
            let _nothing_follows = shared.run(Request::done(Ask::Tick, Vec::new(), vec![id]))?;
            Ok(())
        }
    }
}

/// To the sources of the vault's network; where none are configured, to whatever takes transactions instead.
fn send(shared: &Shared, transfer: TransferId, transaction: &[u8]) -> Result<(), DispatchError> {
    let parsed: Transaction = deserialize(transaction).map_err(|_| DispatchError::Missing)?;
    match follow::broadcast(shared, transfer, &parsed) {
        Some(sent) => Ok(sent?),
        None => Ok(shared.broadcast.broadcast(transaction)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(seq: u64) -> OutboxId {
        OutboxId { seq, part: 0 }
    }

    #[test]
    fn items_are_read_back_and_end_with_their_transfer() {
        let (transfer, other) = (TransferId(Hash([1; 32])), TransferId(Hash([2; 32])));
        let items = [
            (id(1), Outgoing::Broadcast { transfer, transaction: Some(Hash([9; 32])) }),
            (id(2), Outgoing::Sign { transfer: other }),
        ];
        let stored = items.map(|(id, outgoing)| {
            let (kind, body) = outgoing.encode();
            OutboxItem { id, kind, body }
        });
        let foreign = OutboxItem { id: id(3), kind: "fax".into(), body: vec![1] };
        let outbox = Outbox::new(stored.into_iter().chain([foreign]).collect());
        assert_eq!(outbox.len(), 2);
        assert_eq!(outbox.transaction_of(transfer), Some(Hash([9; 32])));
        assert_eq!(outbox.broadcasts_of(transfer), [id(1)]);
        assert!(outbox.broadcasts_of(other).is_empty());
        outbox.change(Vec::new(), &[id(1)]);
        assert_eq!(outbox.transaction_of(transfer), None);
        assert_eq!(outbox.next(), Some((id(2), Outgoing::Sign { transfer: other })));
        outbox.end();
        assert_eq!(outbox.next(), None);
    }

    #[test]
    fn what_failed_waits_longer_each_time() {
        let outbox = Outbox::default();
        outbox.change(vec![(id(1), Outgoing::Sign { transfer: TransferId(Hash([1; 32])) })], &[]);
        let mut waits = Vec::new();
        for _ in 0..8 {
            outbox.postpone(id(1), false);
            waits.push(outbox.lock().items[&id(1)].wait.as_secs());
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    }
}
