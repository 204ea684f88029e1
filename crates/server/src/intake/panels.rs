//! Who may raise an alarm from outside: panels by their account, other systems by their signature; and when each was last heard.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use alarm::WebhookTrust;
use covert::{Sign, Whom};
use dc09::{Account, Key, Sequence};
use types::{Hash, PanelId, Span, Timestamp};

use super::limits::Recent;

/// A panel.
pub struct Panel {
    pub id: PanelId,
    pub account: Account,
    pub key: Option<Key>,
    pub whom: Whom,
    pub supervise: Span,
    state: Mutex<State>,
}

/// Another system.
pub struct Source {
    pub id: PanelId,
    pub trust: WebhookTrust,
    pub whom: Whom,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    recent: Recent,
    heard: Option<Timestamp>,
}

impl Panel {
    pub fn new(id: PanelId, account: Account, key: Option<Key>, whom: Whom, supervise: Span) -> Self {
        Self { id, account, key, whom, supervise, state: Mutex::default() }
    }
}

impl Source {
    pub fn new(id: PanelId, trust: WebhookTrust, whom: Whom) -> Self {
        Self { id, trust, whom, state: Mutex::default() }
    }
}

/// An alarm that was believed and is not written down yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Press {
    /// Whose.
    pub panel: PanelId,
    /// For whom it speaks.
    pub whom: Whom,
    /// By what it is known again.
    pub(super) mark: Hash,
    pub(super) sequence: Option<Sequence>,
}

impl Press {
    /// The sign for the gate; `seed` is fresh entropy.
    #[must_use]
    pub fn sign(&self, seed: Hash) -> Sign {
        Sign::Panel { panel: self.panel.clone(), whom: self.whom.clone(), seed }
    }
}

/// All that are known.
#[derive(Default)]
pub struct Panels {
    panels: BTreeMap<Account, Panel>,
    sources: Vec<Source>,
    /// Since when silence is measured for those that were never heard: the first look.
    since: Mutex<Option<Timestamp>>,
}

impl fmt::Debug for Panels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Panels({} panels, {} systems)", self.panels.len(), self.sources.len())
    }
}

/// A thread that panicked while holding the lock left whole values.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Panels {
    pub(super) fn add_panel(&mut self, panel: Panel) {
        self.panels.insert(panel.account.clone(), panel);
    }

    pub(super) fn add_source(&mut self, source: Source) {
        self.sources.push(source);
    }

    pub(super) fn by_account(&self, account: &Account) -> Option<&Panel> {
        self.panels.get(account)
    }

    pub(super) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Whether there is nobody to listen to.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.panels.is_empty() && self.sources.is_empty()
    }

    fn state(&self, id: &PanelId) -> Option<MutexGuard<'_, State>> {
        let panel = self.panels.values().find(|panel| panel.id == *id).map(|panel| &panel.state);
        let source = || self.sources.iter().find(|source| source.id == *id).map(|source| &source.state);
        panel.or_else(source).map(lock)
    }

    pub(super) fn recent<R>(&self, id: &PanelId, view: impl FnOnce(&mut Recent) -> R) -> Option<R> {
        self.state(id).map(|mut state| view(&mut state.recent))
    }

    pub(super) fn heard(&self, id: &PanelId, now: Timestamp) {
        if let Some(mut state) = self.state(id) {
            state.heard = state.heard.max(Some(now));
        }
    }

    /// When a panel or a system was last heard, since this server started.
    #[must_use]
    pub fn last_heard(&self, id: &PanelId) -> Option<Timestamp> {
        self.state(id)?.heard
    }

    /// Panels that have been silent for longer than they may, and since when: since the first call of this where they were never heard.
    /// For responders only.
    pub fn silent(&self, now: Timestamp) -> Vec<(PanelId, Timestamp)> {
        let since = *lock(&self.since).get_or_insert(now);
        let silent = self.panels.values().filter_map(|panel| {
            let heard = lock(&panel.state).heard.unwrap_or(since);
            (heard.after(panel.supervise) < now).then(|| (panel.id.clone(), heard))
        });
        silent.collect()
    }
}
