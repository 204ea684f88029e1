//! Live exposure: how much could anyone be forced to move, worked out again whenever the policy, balances or output ages change (G2).
//!
//! From overt facts only, so that it tells nothing of what the covert side knows (G3). One thread; what it finds goes into a file of its own,
//! whose history the interface shows. When a figure rises auditors and responders are warned: an entry that stands until every figure has
//! fallen back, or 30 days; nobody can put it away, so nobody can be forced to. Called by `dispatch` (the thread) and by the HTTP side.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use exposure::{
    Adversary, Advice, BUILT_IN, Bound, BoundError, Drill, Holding, Holdings, Incidents, Mode, PastTransfer,
    Question, TABLE_HORIZONS, TABLE_TAKEN_MAX, Taken, USAGE_TRANSFERS_MAX, Usage, cheapest, draw, drill,
    table,
};
use overt::{Author, Status, Transfer};
use policy::{Language, Policy, Vault};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, OwnedMutexGuard};
use types::{Amount, Hash, Span, Timestamp, Value};

use crate::engine::Shared;

/// The shortest time between two computations.
const REST: Duration = Duration::from_secs(5);
/// Output ages count in whole days, so that time alone asks for a new figure once a day.
const AGE_STEP: Span = Span::from_hours(24);
const BLOCK_SECONDS: u64 = 600;

/// How many entries are shown.
const HISTORY_MAX: usize = 1000;

/// How long a rise is warned of at most.
pub const RISE_STANDS: Span = Span::from_hours(30 * 24);

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

/// What the figures follow from.
#[must_use]
pub fn inputs(state: &overt::State, now: Timestamp) -> Option<(Arc<Policy>, Holdings)> {
    let version = state.policies().current()?;
    Some((Arc::clone(&version.policy), holdings(state, &version.policy, now)))
}

/// The transfers on record, the newest: what a change of the rules would cost is read from them.
#[must_use]
pub fn usage(state: &overt::State, policy: &Policy) -> Usage {
    let mut transfers: Vec<&Transfer> = state.transfers().map(|(_, transfer)| transfer).collect();
    transfers.retain(|transfer| {
        !matches!(transfer.status, Status::Declined | Status::Expired | Status::Cancelled)
            && !transfer.payload.refresh
    });
    transfers.sort_by_key(|transfer| transfer.submitted.number);
    let newest = transfers.split_off(transfers.len().saturating_sub(USAGE_TRANSFERS_MAX));
    let recorded = Usage::of(newest.into_iter().map(past).collect());
    if recorded.is_empty() { Usage::example(policy) } else { recorded }
}

fn past(transfer: &Transfer) -> PastTransfer {
    let approval = |act: &overt::Act| match &act.by {
        Author::Actor(actor) => Some((actor.clone(), act.at)),
        _ => None,
    };
    PastTransfer {
        vault: transfer.payload.vault.clone(),
        initiator: transfer.payload.initiator.clone(),
        at: transfer.submitted.at,
        outputs: transfer.outputs.clone(),
        fee: transfer.fee,
        approvals: transfer.approvals.iter().filter_map(approval).collect(),
        paid: matches!(transfer.status, Status::Signed { .. } | Status::Confirmed { .. }),
    }
}

/// The figures of the table for homes, and what would lower each of them.
#[derive(Debug)]
pub struct Figures {
    /// The policy and what the vaults hold.
    inputs: Inputs,
    /// In the order of [`exposure::table`].
    pub bounds: Result<Vec<Bound>, BoundError>,
    /// For each figure; `None` until it has been worked out.
    pub advice: Option<Vec<Option<Advice>>>,
}

impl Figures {
    fn of(policy: &Policy, inputs: Inputs) -> Self {
        Self { bounds: table(policy, &inputs.1, Adversary::Homes), inputs, advice: None }
    }

    fn advised(&self, policy: &Policy, usage: &Usage) -> Self {
        let bounds = self.bounds.clone();
        let asked = |bound: &Bound| Question {
            adversary: bound.adversary,
            taken: Taken::K(bound.k),
            horizon: bound.horizon,
            mode: bound.mode,
        };
        let found = bounds.as_deref().unwrap_or_default();
        let questions: Vec<Question> = found.iter().map(asked).collect();
        let advice = cheapest(policy, &self.inputs.1, usage, &questions, found);
        Self { inputs: self.inputs.clone(), bounds, advice: Some(advice) }
    }
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

/// A figure that rose.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Risen {
    /// How many homes are taken.
    pub k: u8,
    /// For how long.
    pub horizon: Span,
    /// What the people do.
    pub mode: Mode,
    /// What it was.
    pub before: Value,
    /// What it became; nothing when nothing bounded it any more.
    pub now: Option<Value>,
}

/// What auditors and responders are warned of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rise {
    /// Since when.
    pub since: Timestamp,
    /// Under which policy.
    pub policy: Hash,
    /// Which figures.
    pub figures: Vec<Risen>,
    /// Whether one of them is still above what it was, and the rise no older than [`RISE_STANDS`].
    pub standing: bool,
}

/// The figures' places in a table.
fn places() -> impl Iterator<Item = (u8, Span, Mode)> {
    (1..=TABLE_TAKEN_MAX).flat_map(|k| {
        TABLE_HORIZONS.into_iter().flat_map(move |horizon| Mode::ALL.map(|mode| (k, horizon, mode)))
    })
}

fn risen(earlier: &Entry, later: &Entry) -> Vec<Risen> {
    let Some(then) = &earlier.amounts else { return Vec::new() };
    let figure = |(at, (before, (k, horizon, mode))): (usize, (&Value, (u8, Span, Mode)))| {
        let now = later.amounts.as_ref().and_then(|amounts| amounts.get(at)).copied();
        let rose = now.is_none_or(|now| now > *before);
        rose.then_some(Risen { k, horizon, mode, before: *before, now })
    };
    then.iter().zip(places()).enumerate().filter_map(figure).collect()
}

/// Every rise of a history, oldest first.
#[must_use]
pub fn rises(entries: &[Entry], now: Timestamp) -> Vec<Rise> {
    let pairs = entries.iter().zip(entries.iter().skip(1));
    let rise = |(earlier, later): (&Entry, &Entry)| {
        let figures = risen(earlier, later);
        if figures.is_empty() {
            return None;
        }
        let recent = later.at.after(RISE_STANDS) > now;
        let still = entries.last().is_some_and(|last| !risen(earlier, last).is_empty());
        Some(Rise { since: later.at, policy: later.policy, figures, standing: recent && still })
    };
    pairs.filter_map(rise).collect()
}

/// What was worked out so far, the newest last. Kept in a file of its own beside the journal, one JSON object a line: it follows from the
/// journal, and a record of it would come at a moment that depends on how busy the machine is.
#[derive(Debug, Default)]
pub struct History {
    entries: RwLock<Vec<Entry>>,
    latest: RwLock<Option<Arc<Figures>>>,
    replays: Arc<Mutex<Replays>>,
}

/// Drills that were worked out, by language. They take seconds: one at a time, and only when what they follow from has changed.
#[derive(Debug, Default)]
pub struct Replays(Vec<(Language, Inputs, Arc<Replayed>)>);

/// The attacks on record, replayed, and the figure of it.
#[derive(Debug)]
pub struct Replayed {
    /// The drill.
    pub drill: Drill,
    /// An image of its own.
    pub svg: String,
}

impl Replays {
    /// The drill for a policy and what the vaults hold: as it was worked out last if these are the same, else worked out now.
    ///
    /// # Errors
    /// When nothing bounds the loss.
    pub fn of(
        &mut self,
        policy: &Policy,
        holdings: Holdings,
        language: Language,
    ) -> Result<Arc<Replayed>, BoundError> {
        let inputs = (policy.hash(), holdings);
        if let Some((_, _, known)) = self.0.iter().find(|(own, of, _)| (*own, of) == (language, &inputs)) {
            return Ok(Arc::clone(known));
        }
        let record = Incidents::parse(BUILT_IN).map_err(|_| BoundError::Overflow)?;
        let drill = drill(policy, &inputs.1, record)?;
        let svg = draw(policy, &inputs.1, &drill, language)?;
        let replayed = Arc::new(Replayed { drill, svg });
        self.0.retain(|(own, _, _)| *own != language);
        self.0.push((language, inputs, Arc::clone(&replayed)));
        Ok(replayed)
    }
}

impl History {
    /// As a file has it; a line that cannot be read is left out.
    #[must_use]
    pub fn load(path: Option<&Path>) -> Self {
        let text = path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let mut entries: Vec<Entry> =
            text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        entries.drain(..entries.len().saturating_sub(HISTORY_MAX));
        Self { entries: RwLock::new(entries), latest: RwLock::default(), replays: Arc::default() }
    }

    /// Waits for one's turn to replay the attacks on record.
    pub async fn replays(&self) -> OwnedMutexGuard<Replays> {
        Arc::clone(&self.replays).lock_owned().await
    }

    /// All entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many rises are warned of now.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> usize {
        rises(&self.entries(), now).iter().filter(|rise| rise.standing).count()
    }

    /// The figures for a policy and what the vaults hold: as they were worked out last if these are the same, else worked out now.
    #[must_use]
    pub fn figures(&self, policy: &Policy, holdings: Holdings) -> Arc<Figures> {
        let inputs = (policy.hash(), holdings);
        let latest = self.latest.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(latest) = latest.filter(|latest| latest.inputs == inputs) {
            return latest;
        }
        self.keep(Figures::of(policy, inputs))
    }

    fn keep(&self, figures: Figures) -> Arc<Figures> {
        let figures = Arc::new(figures);
        *self.latest.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&figures));
        figures
    }

    fn last(&self) -> Option<Entry> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    fn add(&self, entry: Entry) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
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
    let Some((policy, holdings)) = shared.read(|state| inputs(state.overt(), now)) else { return };
    let inputs = (policy.hash(), holdings);
    if last.as_ref() == Some(&inputs) {
        return;
    }
    let figures = shared.exposure.figures(&policy, inputs.1.clone());
    if let Err(error) = &figures.bounds {
        tracing::warn!("exposure is not bounded: {error}");
    }
    let amounts = figures.bounds.as_ref().ok();
    let amounts = amounts.map(|bounds| bounds.iter().map(|bound| bound.amount).collect());
    note(shared, file, Entry { at: now, policy: inputs.0, amounts });
    // What would lower them takes longer and is nobody's warning.
    let usage = shared.read(|state| usage(state.overt(), &policy));
    shared.exposure.keep(figures.advised(&policy, &usage));
    *last = Some(inputs);
}

/// Adds an entry to the history if it says something new, and warns if it says more.
fn note(shared: &Shared, file: &Path, entry: Entry) {
    let earlier = shared.exposure.last();
    let is_same = |earlier: &Entry| (earlier.policy, &earlier.amounts) == (entry.policy, &entry.amounts);
    if earlier.as_ref().is_some_and(is_same) {
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
