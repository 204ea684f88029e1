//! The policies that were in force, one after another. A transfer is judged by the one of then and the one of now (semantics 1).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use policy::{Policy, Source};
use serde::{Deserialize, Serialize};
use types::{GroupId, PersonId, Span, Timestamp, VaultId};

use crate::act::{Act, ActNumber};
use crate::motion::MotionId;

/// One policy and since when it is in force.
#[derive(Clone, Debug)]
pub struct PolicyVersion {
    /// The policy.
    pub policy: Arc<Policy>,
    /// Since when.
    pub since: Timestamp,
    /// Since which record: of two acts of one instant it says which was before.
    pub number: ActNumber,
    /// By which motion; `None` for the first.
    pub motion: Option<MotionId>,
    /// Since when it is as if it had never been: a tightening that lapsed.
    pub(crate) lapsed: Option<Timestamp>,
    /// Who has to do with a vault: the groups that its rules name.
    sight: BTreeMap<VaultId, BTreeSet<GroupId>>,
    /// The longest time that a transfer may stay undecided.
    longest_expiry: Span,
    /// The longest hold of any permit.
    longest_hold: Span,
}

impl PolicyVersion {
    pub(crate) fn new(
        policy: Arc<Policy>,
        (since, number): (Timestamp, ActNumber),
        motion: Option<MotionId>,
    ) -> Self {
        let longest = |pick: fn(&policy::Permit) -> Span| policy.permits().iter().map(pick).max();
        let longest_expiry = longest(|permit| permit.expires).unwrap_or(Span::ZERO);
        let longest_hold = longest(|permit| permit.hold).unwrap_or(Span::ZERO);
        let sight = sight(&policy);
        Self { policy, since, number, motion, lapsed: None, sight, longest_expiry, longest_hold }
    }

    /// Whether a person has to do with a vault, and so sees its transfers.
    #[must_use]
    pub fn sees(&self, person: &PersonId, vault: &VaultId) -> bool {
        let Some(person) = self.policy.person(person) else { return false };
        let groups = self.sight.get(vault);
        person.groups.iter().any(|group| groups.is_some_and(|groups| groups.contains(group)))
    }

    /// Whether it was in force when somebody acted, lapsing apart.
    pub(crate) fn precedes(&self, act: &Act) -> bool {
        self.since < act.at || (self.since == act.at && self.number < act.number)
    }

    /// Whether it has not lapsed at an instant.
    pub(crate) fn stands_at(&self, at: Timestamp) -> bool {
        self.lapsed.is_none_or(|lapsed| at < lapsed)
    }

    /// The wait of a change under this policy: its own hold or the longest of any permit.
    pub(crate) fn change_wait(&self) -> Span {
        self.policy.change().hold.max(self.longest_hold)
    }
}

fn sight(policy: &Policy) -> BTreeMap<VaultId, BTreeSet<GroupId>> {
    let response = policy.response();
    let quorums = [&policy.change().approve, &policy.stop().lift];
    let mut everywhere: BTreeSet<GroupId> =
        quorums.into_iter().flat_map(|quorum| quorum.groups()).cloned().collect();
    everywhere.insert(response.responders.clone());
    everywhere.extend(response.auditors.clone());
    let mut sight: BTreeMap<VaultId, BTreeSet<GroupId>> =
        policy.vaults().iter().map(|vault| (vault.id.clone(), everywhere.clone())).collect();
    for permit in policy.permits() {
        for vault in &permit.vaults {
            let groups = sight.entry(vault.clone()).or_default();
            groups.extend(permit.initiators.iter().cloned());
            groups.extend(permit.approve.iter().flat_map(|quorum| quorum.groups()).cloned());
        }
    }
    sight
}

/// All policies so far, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<Stored>", into = "Vec<Stored>")]
pub struct Policies(Vec<PolicyVersion>);

impl Policies {
    /// All of them, oldest first.
    #[must_use]
    pub fn all(&self) -> &[PolicyVersion] {
        &self.0
    }

    /// The one in force now.
    #[must_use]
    pub fn current(&self) -> Option<&PolicyVersion> {
        self.0.last()
    }

    /// The one that was in force when somebody acted.
    #[must_use]
    pub fn before(&self, act: &Act) -> Option<&PolicyVersion> {
        self.0.iter().rev().find(|version| version.precedes(act))
    }

    pub(crate) fn push(&mut self, version: PolicyVersion) {
        self.0.push(version);
    }

    /// What a motion brought is as if it had never been from now on. The list keeps it: what was judged by it then stays so.
    pub(crate) fn lapse(&mut self, motion: MotionId, at: Timestamp) {
        for version in self.0.iter_mut().filter(|version| version.motion == Some(motion)) {
            version.lapsed = version.lapsed.or(Some(at));
        }
    }

    /// The newest policy that has not lapsed, and what brought it.
    pub(crate) fn newest_standing(&self) -> Option<(Arc<Policy>, Option<MotionId>)> {
        let standing = self.0.iter().rev().find(|version| version.lapsed.is_none())?;
        Some((Arc::clone(&standing.policy), standing.motion))
    }

    /// How long after its window an entry may still be asked for: as long as a transfer may stay undecided.
    pub(crate) fn longest_expiry(&self) -> Span {
        self.0.iter().map(|version| version.longest_expiry).max().unwrap_or(Span::ZERO)
    }
}

impl PartialEq for Policies {
    fn eq(&self, other: &Self) -> bool {
        let key =
            |version: &PolicyVersion| (version.policy.hash(), version.since, version.motion, version.lapsed);
        self.0.iter().map(key).eq(other.0.iter().map(key))
    }
}

impl Eq for Policies {}

/// A policy is kept as its sources and loaded again.
#[derive(Serialize, Deserialize)]
struct Stored {
    sources: Vec<Source>,
    since: Timestamp,
    #[serde(default)]
    number: ActNumber,
    motion: Option<MotionId>,
    #[serde(default)]
    lapsed: Option<Timestamp>,
}

impl From<Policies> for Vec<Stored> {
    fn from(policies: Policies) -> Self {
        let store = |version: PolicyVersion| Stored {
            sources: version.policy.sources().to_vec(),
            since: version.since,
            number: version.number,
            motion: version.motion,
            lapsed: version.lapsed,
        };
        policies.0.into_iter().map(store).collect()
    }
}

impl TryFrom<Vec<Stored>> for Policies {
    type Error = &'static str;

    fn try_from(stored: Vec<Stored>) -> Result<Self, Self::Error> {
        let load = |stored: Stored| {
            let policy =
                policy::load(&stored.sources).policy.ok_or("a stored policy does not load any more")?;
            let version = PolicyVersion::new(Arc::new(policy), (stored.since, stored.number), stored.motion);
            Ok(PolicyVersion { lapsed: stored.lapsed, ..version })
        };
        stored.into_iter().map(load).collect::<Result<_, _>>().map(Self)
    }
}
