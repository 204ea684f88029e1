//! Idempotency: a request that comes again gets the same reply and does nothing again. Its attestation is judged all the same (G6, G8).

use std::collections::{BTreeMap, VecDeque};

use overt::Reply;
use serde::{Deserialize, Serialize};
use types::{Hash, Span, Timestamp};

/// How long a key is remembered.
pub const REPEATS_KEPT_FOR: Span = Span::from_hours(24);
/// How many keys are remembered; beyond, the oldest are forgotten first.
pub const REPEATS_MAX: usize = 200_000;

/// A request that was done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Repeat {
    /// The hash of author and idempotency key.
    pub key: Hash,
    /// The hash of the request.
    pub request: Hash,
    /// What the author was told.
    pub reply: Reply,
}

/// Requests done lately.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Repeats {
    by_key: BTreeMap<Hash, (Hash, Reply)>,
    order: VecDeque<(Timestamp, Hash)>,
}

impl Repeats {
    pub(crate) fn get(&self, key: &Hash) -> Option<&(Hash, Reply)> {
        self.by_key.get(key)
    }

    pub(crate) fn add(&mut self, at: Timestamp, repeat: &Repeat) {
        let old = at.before(REPEATS_KEPT_FOR);
        while self.order.front().is_some_and(|(at, _)| *at < old) || self.order.len() >= REPEATS_MAX {
            if let Some((_, key)) = self.order.pop_front() {
                self.by_key.remove(&key);
            }
        }
        self.by_key.insert(repeat.key, (repeat.request, repeat.reply.clone()));
        self.order.push_back((at, repeat.key));
    }
}
