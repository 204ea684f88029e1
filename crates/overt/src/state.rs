//! The overt state: every matter, with the acts that made it. Rebuilt from the journal; changed by `apply` alone.

use std::collections::{BTreeMap, BTreeSet};

use policy::{Network, Policy, Posture, PriceEntry};
use serde::{Deserialize, Serialize};
use types::{ActorId, Currency, Hash, OutPoint, PersonId, Timestamp, TransferId, Value, VaultId};

use crate::act::{Act, ActNumber};
use crate::clock::Clock;
use crate::credential::{Entry, Origin};
use crate::dossier::Kept;
use crate::motion::{Motion, MotionId};
use crate::onchain::{Coin, ShownAddress, Tip};
use crate::paid::Paid;
use crate::policies::{Policies, PolicyVersion};
use crate::stop::{Stop, StopId};
use crate::transfer::{Status, Transfer};
use crate::windows::Windows;

/// The most transfers that may be undecided at once.
pub const PENDING_MAX: usize = 200_000;
/// The most approvals of one transfer, and endorsements of one motion.
pub const APPROVALS_MAX: usize = 64;
/// The most motions that may be undecided at once.
pub const MOTIONS_PENDING_MAX: usize = 256;
/// The most outputs in one report of a feed.
pub const COINS_PER_REPORT_MAX: usize = 1000;
/// The most stops in force at once.
pub const STOPS_MAX: usize = 4096;

/// Something that is decided at a moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Matter {
    /// A transfer.
    Transfer(TransferId),
    /// A motion.
    Motion(MotionId),
}

/// What falls due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    /// The moment of decision has come.
    Ready(Matter),
    /// The time has run out.
    Expires(Matter),
    /// A tightening in force lapses.
    Lapses(MotionId),
    /// What a released transfer has waited for is there.
    Signable(TransferId),
}

/// How the posture came to be what it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum PostureCause {
    Raised(Act),
    Lowered(MotionId),
}

/// One change of posture.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct PostureChange {
    pub to: Posture,
    pub at: Timestamp,
    pub cause: PostureCause,
}

/// The whole overt state of one organisation.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub(crate) clock: Clock,
    pub(crate) last_act: ActNumber,
    pub(crate) policies: Policies,
    /// Whether anybody has acted yet: until then credentials are handed out, afterwards never again without a quorum.
    pub(crate) opened: bool,
    pub(crate) entries: BTreeMap<ActorId, Entry>,
    /// By which motions each credential came to be what it is, oldest first.
    pub(crate) origins: BTreeMap<ActorId, Vec<Origin>>,
    /// The highest counter that each counting device has shown.
    pub(crate) counters: BTreeMap<Hash, u32>,
    pub(crate) transfers: BTreeMap<TransferId, Transfer>,
    pub(crate) pending: usize,
    /// What people cancelled, and when, in time order.
    pub(crate) cancels: Vec<(Timestamp, TransferId)>,
    pub(crate) motions: BTreeMap<MotionId, Motion>,
    pub(crate) stops: BTreeMap<StopId, Stop>,
    pub(crate) postures: Vec<PostureChange>,
    pub(crate) windows: Windows,
    pub(crate) paid: Paid,
    pub(crate) coins: BTreeMap<OutPoint, Coin>,
    pub(crate) reserved: BTreeMap<OutPoint, TransferId>,
    pub(crate) tips: BTreeMap<Network, Tip>,
    /// Receiving addresses that were handed out, by vault and index.
    pub(crate) addresses: BTreeMap<VaultId, BTreeMap<u32, ShownAddress>>,
    /// What is signed and not confirmed, by vault.
    pub(crate) afloat: BTreeMap<VaultId, Value>,
    /// Released transfers that are not signed yet, and those of them that only wait for the chain's time.
    pub(crate) waiting: BTreeSet<TransferId>,
    pub(crate) signable: BTreeSet<TransferId>,
    pub(crate) prices: BTreeMap<Currency, Vec<PriceEntry>>,
    pub(crate) due: BTreeSet<(Timestamp, Matter)>,
    /// People's own sealed dossiers, the latest revisions of each, oldest first.
    pub(crate) dossiers: BTreeMap<PersonId, Vec<Kept>>,
}

impl State {
    /// The clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The number that the next record will have; the first is 1.
    #[must_use]
    pub const fn next_act(&self) -> ActNumber {
        ActNumber(self.last_act.0.saturating_add(1))
    }

    /// The policies so far.
    #[must_use]
    pub const fn policies(&self) -> &Policies {
        &self.policies
    }

    /// The policy in force; `None` before the organisation begins.
    #[must_use]
    pub fn policy(&self) -> Option<&Policy> {
        self.policies.current().map(|version| version.policy.as_ref())
    }

    /// One transfer.
    #[must_use]
    pub fn transfer(&self, id: TransferId) -> Option<&Transfer> {
        self.transfers.get(&id)
    }

    /// All transfers, by id.
    pub fn transfers(&self) -> impl Iterator<Item = (TransferId, &Transfer)> {
        self.transfers.iter().map(|(id, transfer)| (*id, transfer))
    }

    /// The prices of an asset that are kept, oldest first.
    #[must_use]
    pub fn prices(&self, asset: Currency) -> &[PriceEntry] {
        self.prices.get(&asset).map_or(&[], Vec::as_slice)
    }

    /// One motion.
    #[must_use]
    pub fn motion(&self, id: MotionId) -> Option<&Motion> {
        self.motions.get(&id)
    }

    /// All motions, by id.
    pub fn motions(&self) -> impl Iterator<Item = (MotionId, &Motion)> {
        self.motions.iter().map(|(id, motion)| (*id, motion))
    }

    /// All stops, lifted ones included, by number.
    pub fn stops(&self) -> impl Iterator<Item = (StopId, &Stop)> {
        self.stops.iter().map(|(id, stop)| (*id, stop))
    }

    /// The posture now.
    #[must_use]
    pub fn posture(&self) -> Posture {
        self.postures.last().map_or(Posture::Normal, |change| change.to)
    }

    /// Whether anybody has acted yet. From then on no credential is handed out on the host's word alone.
    #[must_use]
    pub const fn is_opened(&self) -> bool {
        self.opened
    }

    /// The outputs that a vault has and that no confirmed transaction of ours has spent, reserved ones included.
    pub fn coins<'a>(&'a self, vault: &'a VaultId) -> impl Iterator<Item = (&'a OutPoint, &'a Coin)> {
        self.coins.iter().filter(move |(_, coin)| coin.vault == *vault)
    }

    /// For which transfer an output is reserved.
    #[must_use]
    pub fn reserved_for(&self, outpoint: &OutPoint) -> Option<TransferId> {
        self.reserved.get(outpoint).copied()
    }

    /// Whether a person may see a transfer.
    #[must_use]
    pub fn sees(&self, person: &PersonId, transfer: &Transfer) -> bool {
        let by_role = |version: &PolicyVersion| version.sees(person, &transfer.payload.vault);
        self.policies.current().is_some_and(by_role) || transfer.submitted.is_by(person.as_str())
    }

    /// What is due at an instant, the earliest first; one at a time, because each decision changes the next.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Option<Due> {
        let Some((_, matter)) = self.due.first().copied().filter(|(at, _)| *at <= now) else {
            return self.signable(now).map(Due::Signable);
        };
        let ready_at = match matter {
            Matter::Transfer(id) => {
                let pending = self.transfers.get(&id).filter(|transfer| transfer.status == Status::Pending);
                pending.and_then(|transfer| transfer.ready_at)
            }
            Matter::Motion(id) => {
                let motion = self.motions.get(&id);
                if motion.is_some_and(Motion::is_provisional) {
                    return Some(Due::Lapses(id));
                }
                motion.and_then(|motion| motion.ready_at)
            }
        };
        Some(match ready_at {
            Some(ready_at) if ready_at <= now => Due::Ready(matter),
            _ => Due::Expires(matter),
        })
    }

    /// When the next matter falls due.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }
}
