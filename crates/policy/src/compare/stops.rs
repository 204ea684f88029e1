//! Who can stop, end, cancel, object, signal and be alarmed. Keeps G5: losing one of these is never a tightening.
//! Called by `compare`.
//!
//! Every person can stop and end; who sees a transfer can cancel it and object to it. So what counts is who is a person,
//! and who sees which vault. People whom no rule gives anything count for nothing.

use std::collections::BTreeSet;

use types::{GroupId, PersonId, VaultId};

use super::authority::is_kin;
use super::people::rule_groups;
use super::{Deed, Pair};
use crate::model::{Person, Protected};
use crate::policy::Policy;
use crate::quorum::Quorum;

/// A stop that `more` has and `less` lacks.
pub(super) fn surplus(pair: &Pair<'_>) -> Option<Deed> {
    people(pair)
        .or_else(|| protected(pair))
        .or_else(|| cancels(pair))
        .or_else(|| alarms(pair))
        .or_else(|| dossiers(pair))
}

fn people(pair: &Pair<'_>) -> Option<Deed> {
    let used = Used::new(pair.more);
    let mut people = pair.more.people().filter(|person| used.person(person));
    let lacking = people.find(|person| pair.less.person(&person.id).is_none())?;
    Some(Deed::Stop { who: lacking.id.to_string() })
}

fn protected(pair: &Pair<'_>) -> Option<Deed> {
    let mut protected = pair.more.protected_people().iter();
    let lacking = protected.find(|person| pair.less.protected(&person.id).is_none())?;
    Some(Deed::Stop { who: lacking.id.to_string() })
}

fn cancels(pair: &Pair<'_>) -> Option<Deed> {
    let used = Used::new(pair.more);
    for vault in pair.more.vaults().iter().map(|vault| &vault.id) {
        if !moves(pair.more, vault) || !moves(pair.less, vault) {
            continue;
        }
        let (sight, other) = (sight(pair.more, vault), sight(pair.less, vault));
        let sees = |person: &Person, sight: &BTreeSet<&GroupId>| {
            person.groups.iter().any(|group| sight.contains(group))
        };
        let blinded = pair.more.people().find(|person| {
            let there = pair.less.person(&person.id);
            used.person(person) && sees(person, &sight) && there.is_some_and(|there| !sees(there, &other))
        });
        if let Some(person) = blinded {
            return Some(Deed::Cancel { person: person.id.clone(), vault: vault.clone() });
        }
    }
    None
}

/// Whether anything can be released from a vault.
fn moves(policy: &Policy, vault: &VaultId) -> bool {
    let mut permits = policy.permits().iter();
    permits.any(|permit| permit.vaults.contains(vault) && permit.hold <= permit.expires)
}

/// The groups whose members see a vault's transfers: as `overt` has it.
fn sight<'p>(policy: &'p Policy, vault: &VaultId) -> BTreeSet<&'p GroupId> {
    let response = policy.response();
    let everywhere = [&policy.change().approve, &policy.stop().lift].into_iter().flat_map(Quorum::groups);
    let mut groups: BTreeSet<&GroupId> = everywhere.collect();
    groups.insert(&response.responders);
    groups.extend(&response.auditors);
    for permit in policy.permits().iter().filter(|permit| permit.vaults.contains(vault)) {
        groups.extend(&permit.initiators);
        groups.extend(permit.approve.iter().flat_map(Quorum::groups));
    }
    groups
}

/// Whom a signal of someone reaches under `more` and not under `less`.
fn alarms(pair: &Pair<'_>) -> Option<Deed> {
    let used = Used::new(pair.more);
    for subject in pair.more.people().filter(|person| used.person(person)) {
        let Some(there) = pair.less.person(&subject.id) else { continue };
        let told = told(pair.more, &[subject]);
        let still = self::told(pair.less, &[there]);
        if let Some(person) = told.into_iter().find(|person| !still.contains(person)) {
            return Some(Deed::Alarm { person: person.clone(), subject: subject.id.to_string() });
        }
    }
    for subject in pair.more.protected_people() {
        let Some(there) = pair.less.protected(&subject.id) else { continue };
        let told = told_for(pair.more, subject);
        let still = told_for(pair.less, there);
        if let Some(person) = told.into_iter().find(|person| !still.contains(person)) {
            return Some(Deed::Alarm { person: person.clone(), subject: subject.id.to_string() });
        }
    }
    None
}

/// A responder who reads somebody's dossier under `more` and by no key under `less`: help that would arrive blind.
fn dossiers(pair: &Pair<'_>) -> Option<Deed> {
    pair.more.people().find_map(|subject| {
        let there = pair.less.person(&subject.id)?;
        let still = pair.less.readers(there);
        let lost = |(person, _): &(&PersonId, _)| !still.iter().any(|(other, _)| other == person);
        let (person, recipients) = pair.more.readers(subject).into_iter().find(lost)?;
        let recipient = recipients.first().copied()?.clone();
        Some(Deed::Dossier { person: person.clone(), subject: subject.id.clone(), recipient })
    })
}

/// Responders who are not kin of those concerned.
fn told<'p>(policy: &'p Policy, concerned: &[&Person]) -> BTreeSet<&'p PersonId> {
    let responders =
        policy.people().filter(|person| policy.person_in_group(&person.id, &policy.response().responders));
    let free = |person: &&Person| !concerned.iter().any(|subject| is_kin(subject, person));
    responders.filter(free).map(|person| &person.id).collect()
}

/// Responders whom a protected person's signal reaches: not those who live where it comes from, nor kin of its relatives.
fn told_for<'p>(policy: &'p Policy, subject: &Protected) -> BTreeSet<&'p PersonId> {
    let concerned: Vec<&Person> = subject.of.iter().filter_map(|id| policy.person(id)).collect();
    let mut told = told(policy, &concerned);
    told.retain(|id| {
        let person = policy.person(id);
        person.is_none_or(|person| !person.homes.iter().any(|home| subject.places.contains(home)))
    });
    told
}

/// Who has to do with anything.
struct Used<'p> {
    policy: &'p Policy,
    groups: BTreeSet<&'p GroupId>,
}

impl<'p> Used<'p> {
    fn new(policy: &'p Policy) -> Self {
        let mut groups = rule_groups(policy);
        groups.insert(&policy.response().responders);
        groups.extend(&policy.response().auditors);
        Self { policy, groups }
    }

    fn person(&self, person: &Person) -> bool {
        let paths = self.policy.vaults().iter().flat_map(|vault| {
            vault.keys.iter().chain(vault.recovery.as_ref().map(|recovery| &recovery.keys))
        });
        person.hosts_cosigner
            || person.groups.iter().any(|group| self.groups.contains(group))
            || paths.into_iter().any(|path| path.of.iter().any(|key| person.keys.contains(key)))
    }
}
