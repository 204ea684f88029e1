//! Sliding windows of the limits: what was submitted, when, and what of it still counts (semantics 4, G1).
//!
//! A window is `(t - per, t]`. The sum of what counts now is kept up to date, so that judging a submission costs what has left
//! the window since the last one. Entries stay, after they have left it, for as long as a pending transfer may be judged again.

use std::collections::{BTreeMap, VecDeque};

use policy::{Charge, Counter, Limit};
use serde::{Deserialize, Serialize};
use types::{LimitId, MoneyError, Span, Timestamp, TransferId, Value};

/// One submission against one counter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub at: Timestamp,
    pub value: Value,
    pub transfer: TransferId,
    /// When it stopped counting, if it ended without moving anything.
    pub ended: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Window {
    entries: VecDeque<Entry>,
    /// Entries before this index had left the window when the last one was added.
    start: usize,
    sum: Value,
    count: u32,
}

/// All counters.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Windows {
    counters: BTreeMap<LimitId, BTreeMap<Counter, Window>>,
}

impl Window {
    /// What counts at an instant no earlier than the last entry.
    fn used(&self, per: Span, at: Timestamp) -> (Value, u32) {
        let left = at.before(per);
        let gone = self.entries.iter().skip(self.start).take_while(|entry| entry.at <= left);
        gone.filter(|entry| entry.ended.is_none()).fold((self.sum, self.count), |(sum, count), entry| {
            (sum.less(entry.value), count.saturating_sub(1))
        })
    }

    fn slide(&mut self, per: Span, at: Timestamp) {
        let (sum, count) = self.used(per, at);
        let left = at.before(per);
        while self.entries.get(self.start).is_some_and(|entry| entry.at <= left) {
            self.start += 1;
        }
        (self.sum, self.count) = (sum, count);
    }

    fn forget(&mut self, before: Timestamp) {
        while self.start > 0 && self.entries.front().is_some_and(|entry| entry.at < before) {
            self.entries.pop_front();
            self.start -= 1;
        }
    }
}

impl Windows {
    fn window(&self, charge: &Charge) -> Option<&Window> {
        self.counters.get(&charge.limit)?.get(&charge.counter)
    }

    /// Whether a charge fits now.
    ///
    /// # Errors
    /// When the sum overflows, which is a refusal, never a wrap.
    pub(crate) fn fits(&self, limit: &Limit, charge: &Charge, at: Timestamp) -> Result<bool, MoneyError> {
        let (sum, count) = self.window(charge).map_or((Value::ZERO, 0), |window| window.used(limit.per, at));
        let value_fits = match limit.amount {
            Some(most) => sum.plus(charge.value)? <= most,
            None => true,
        };
        Ok(value_fits && limit.count.is_none_or(|most| count < most))
    }

    /// What is in the counter's records, ended ones included, in time order.
    pub(crate) fn entries(&self, charge: &Charge) -> impl Iterator<Item = &Entry> {
        self.window(charge).into_iter().flat_map(|window| window.entries.iter())
    }

    /// Records a charge. `keep` is how long after leaving the window it may still be asked for.
    pub(crate) fn add(&mut self, limit: &Limit, charge: &Charge, entry: Entry, keep: Span) {
        let window =
            self.counters.entry(charge.limit.clone()).or_default().entry(charge.counter.clone()).or_default();
        window.slide(limit.per, entry.at);
        window.forget(entry.at.before(limit.per).before(keep));
        if entry.ended.is_none() {
            // `fits` has refused what would overflow.
            window.sum = window.sum.plus(entry.value).unwrap_or(Value::from_minor(u128::MAX));
            window.count = window.count.saturating_add(1);
        }
        window.entries.push_back(entry);
    }

    /// A transfer ended without moving anything: its charge stops counting from that instant.
    pub(crate) fn end(&mut self, charge: &Charge, transfer: TransferId, submitted: Timestamp, at: Timestamp) {
        let window = self.counters.get_mut(&charge.limit).and_then(|by| by.get_mut(&charge.counter));
        let Some(window) = window else { return };
        let first = window.entries.partition_point(|entry| entry.at < submitted);
        let start = window.start;
        let found =
            window.entries.iter_mut().enumerate().skip(first).find(|(_, entry)| entry.transfer == transfer);
        if let Some((index, entry)) = found
            && entry.ended.is_none()
        {
            entry.ended = Some(at);
            if index >= start {
                window.sum = window.sum.less(entry.value);
                window.count = window.count.saturating_sub(1);
            }
        }
    }

    /// Forgets every counter: the policy has changed and they are filled anew.
    pub(crate) fn clear(&mut self) {
        self.counters.clear();
    }
}
