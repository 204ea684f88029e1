//! Live exposure: how much could anyone be forced to move, worked out again whenever the policy, balances or output ages change (G2).
//!
//! From overt facts only, so that it tells nothing of what the covert side knows (G3). One thread; what it finds goes into a file of its own,
//! whose history the interface shows. Called by `dispatch` (the thread) and by the HTTP side (the worst coalitions, for auditors and responders).

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use exposure::{Adversary, Bound, BoundError, Holding, Holdings, table};
use policy::{Policy, Vault};
use serde::{Deserialize, Serialize};
use types::{Amount, Hash, Span, Timestamp, Value};

use crate::engine::Shared;

/// The shortest time between two computations.
const REST: Duration = Duration::from_secs(5);
/// Output ages count in whole days, so that time alone asks for a new figure once a day.
const AGE_STEP: Span = Span::from_hours(24);
const BLOCK_SECONDS: u64 = 600;

/// How many entries are shown.
const HISTORY_MAX: usize = 1000;

/// What every vault holds now: as the chain says where it is followed, as the policy says otherwise.
#[must_use]
pub fn holdings(state: &overt::State, policy: &Policy, now: Timestamp) -> Holdings {
    let of = |vault: &Vault| {
        let holding = followed(state, policy, vault, now);
        let said = Holding { balance: vault.balance, oldest_output: vault.oldest_output };
        (vault.id.clone(), holding.unwrap_or(said))
    };
    Holdings(policy.vaults().iter().map(of).collect())
}

fn followed(state: &overt::State, policy: &Policy, vault: &Vault, now: Timestamp) -> Option<Holding> {
    let asset = vault.asset()?;
    let coins: Vec<&overt::Coin> = state.coins(&vault.id).map(|(_, coin)| coin).collect();
    if coins.is_empty() {
        return None;
    }
    let units = coins.iter().fold(0u128, |sum, coin| sum.saturating_add(coin.units));
    let value = policy.value(Amount::new(asset, units), state.prices(asset), now).ok();
    let blocks = coins.iter().map(|coin| state.age_blocks(coin, now)).max().unwrap_or(0);
    let days = blocks.saturating_mul(BLOCK_SECONDS).div_ceil(AGE_STEP.seconds());
    let oldest_output = Some(Span::from_seconds(days.saturating_mul(AGE_STEP.seconds())));
    // Where the price is not known now, what the policy says stands in.
    Some(Holding { balance: value.or(vault.balance), oldest_output })
}

/// The whole table for homes.
///
/// # Errors
/// When nothing bounds the loss.
pub fn worst(state: &overt::State, now: Timestamp) -> Option<Result<Vec<Bound>, BoundError>> {
    let policy = state.policy()?;
    Some(table(policy, &holdings(state, policy, now), Adversary::Homes))
}

/// What was worked out at an instant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// From which policy.
    pub policy: Hash,
    /// The figures in the order of [`exposure::table`]; nothing when nothing bounds the loss.
    pub amounts: Option<Vec<Value>>,
}

impl Entry {
    /// Whether something of it is higher than it was.
    #[must_use]
    pub fn is_above(&self, earlier: &Self) -> bool {
        match (&self.amounts, &earlier.amounts) {
            (Some(now), Some(then)) => now.iter().zip(then).any(|(now, then)| now > then),
            (None, Some(_)) => true,
            (_, None) => false,
        }
    }
}

/// What was worked out so far, the newest last. Kept in a file of its own beside the journal, one JSON object a line: it follows from the
/// journal, and a record of it would come at a moment that depends on how busy the machine is.
#[derive(Debug, Default)]
pub struct History(RwLock<Vec<Entry>>);

impl History {
    /// As a file has it; a line that cannot be read is left out.
    #[must_use]
    pub fn load(path: Option<&Path>) -> Self {
        let text = path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let mut entries: Vec<Entry> =
            text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        entries.drain(..entries.len().saturating_sub(HISTORY_MAX));
        Self(RwLock::new(entries))
    }

    /// All entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn last(&self) -> Option<Entry> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    fn add(&self, entry: Entry) {
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= HISTORY_MAX {
            entries.remove(0);
        }
        entries.push(entry);
    }
}

/// What the figures were computed from.
type Inputs = (Hash, Holdings);

/// Works out the figures whenever what they follow from has changed, until the engine ends.
pub fn work(shared: &Shared, file: &Path) {
    let mut heard = 0;
    let mut last: Option<Inputs> = None;
    loop {
        look(shared, file, &mut last);
        // Many commits come together; one figure for all of them.
        if shared.bell.rest(REST) {
            return;
        }
        match shared.bell.wait(heard, Duration::from_secs(3600)) {
            Some(rung) => heard = rung,
            None => return,
        }
    }
}

fn look(shared: &Shared, file: &Path, last: &mut Option<Inputs>) {
    let now = shared.now();
    let found = shared.read(|state| {
        let version = state.overt().policies().current()?;
        let holdings = holdings(state.overt(), &version.policy, now);
        Some((Arc::clone(&version.policy), holdings))
    });
    let Some((policy, holdings)) = found else { return };
    let inputs = (policy.hash(), holdings);
    if last.as_ref() == Some(&inputs) {
        return;
    }
    let amounts: Option<Vec<Value>> = match table(&policy, &inputs.1, Adversary::Homes) {
        Ok(bounds) => Some(bounds.into_iter().map(|bound| bound.amount).collect()),
        Err(error) => {
            tracing::warn!("exposure is not bounded: {error}");
            None
        }
    };
    let entry = Entry { at: now, policy: inputs.0, amounts };
    *last = Some(inputs);
    let earlier = shared.exposure.last();
    if earlier
        .as_ref()
        .is_some_and(|earlier| (earlier.policy, &earlier.amounts) == (entry.policy, &entry.amounts))
    {
        return;
    }
    if earlier.is_some_and(|earlier| entry.is_above(&earlier)) {
        tracing::warn!("exposure has risen: auditors see by how much under /v1/exposure");
    }
    if let Err(error) = append(file, &entry) {
        tracing::warn!("the history of exposure could not be written: {}", error.kind());
    }
    shared.exposure.add(entry);
}

fn append(file: &Path, entry: &Entry) -> std::io::Result<()> {
    let line = serde_json::to_string(entry)? + "\n";
    OpenOptions::new().create(true).append(true).open(file)?.write_all(line.as_bytes())
}
