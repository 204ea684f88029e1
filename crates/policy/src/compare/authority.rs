//! Who changes, tightens, lifts, clears, reads and signs, and after which wait: the rights that are no transfers. Keeps G5.
//! Called by `compare`.

use std::collections::BTreeSet;

use types::{KeyId, PersonId, Span, Value, VaultId};

use super::cells::{calendars, is_always};
use super::people::{Answer, Chosen, Someone, Without};
use super::{Deed, Pair, Surplus};
use crate::bits::Bits;
use crate::model::{KeyQuorum, Person, Vault};
use crate::policy::Policy;
use crate::quorum::Quorum;

pub(super) fn search(pair: &Pair<'_>, surplus: &mut Surplus) {
    rules(pair, surplus);
    motions(pair, surplus);
    clears(pair, surplus);
    readers(pair, surplus);
    dossiers(pair, surplus);
    vaults(pair, surplus);
    operators(pair, surplus);
}

/// The wait of a change (semantics 7).
pub(super) fn change_wait(policy: &Policy) -> Span {
    let longest = policy.permits().iter().map(|permit| permit.hold).max().unwrap_or_default();
    policy.change().hold.max(longest)
}

/// Whether some people do under `more` what takes more people, or longer, under `less`.
fn quorum(
    pair: &Pair<'_>,
    (mine, wait): (&Quorum, Span),
    (other, its_wait): (&Quorum, Span),
    without: &Without,
) -> Answer {
    let others = if its_wait <= wait { vec![Some(other)] } else { Vec::new() };
    pair.people.difference(Some(mine), &others, without)
}

fn note(surplus: &mut Surplus, answer: Answer, what: &'static str, deed: impl FnOnce(Vec<PersonId>) -> Deed) {
    match answer {
        Answer::Implied => {}
        Answer::Found(people) => surplus.add(deed(people)),
        Answer::Undecided => surplus.doubt(Deed::Undecided { what }),
    }
}

fn motions(pair: &Pair<'_>, surplus: &mut Surplus) {
    let everybody = Without::default();
    let (less, more) = (pair.less, pair.more);
    let wait = change_wait(more);
    let change = (&more.change().approve, wait);
    let answer = quorum(pair, change, (&less.change().approve, change_wait(less)), &everybody);
    note(surplus, answer, "changes", |people| Deed::Change { people, wait });
    let tighten = (&more.change().tighten, Span::ZERO);
    let answer = quorum(pair, tighten, (&less.change().tighten, Span::ZERO), &everybody);
    note(surplus, answer, "tightening changes", |people| Deed::Tighten { people });
    let wait = more.stop().after;
    let answer = quorum(pair, (&more.stop().lift, wait), (&less.stop().lift, less.stop().after), &everybody);
    note(surplus, answer, "lifts", |people| Deed::Lift { people, wait });
}

/// Who is concerned never counts, nor who shares a home with, or is related to, that person.
fn clears(pair: &Pair<'_>, surplus: &mut Surplus) {
    let (mine, other) = (pair.more.response(), pair.less.response());
    let (clear, its_clear) = ((&mine.clear, mine.clear_hold), (&other.clear, other.clear_hold));
    let subjects = pair.people.all().iter().filter(|one| one.less.is_some() && one.more.is_some());
    let mut asked: Vec<Without> = Vec::new();
    for subject in subjects {
        let (less, more) = (kin_bits(pair.less, subject.id), kin_bits(pair.more, subject.id));
        let without = Without { less, more };
        if asked.contains(&without) {
            continue;
        }
        asked.push(without);
        let answer = quorum(pair, clear, its_clear, &without);
        let deed = |people| Deed::Clear { subject: subject.id.clone(), people, wait: mine.clear_hold };
        note(surplus, answer, "clears", deed);
    }
}

/// The person, those who share a home with, and relatives either way: as `covert` has it.
pub(crate) fn is_kin(subject: &Person, someone: &Person) -> bool {
    subject.id == someone.id
        || subject.homes.iter().any(|home| someone.homes.contains(home))
        || subject.of.contains(&someone.id)
        || someone.of.contains(&subject.id)
}

fn kin_bits(policy: &Policy, subject: &PersonId) -> Bits {
    let Some(subject) = policy.person(subject) else { return Bits::default() };
    let kin = policy.people().filter(|person| is_kin(subject, person));
    let counting = |person: &&Person| {
        let groups = policy.response().clear.groups();
        person.groups.iter().any(|group| groups.contains(&group))
    };
    kin.filter(counting).filter_map(|person| policy.person_index(&person.id)).collect()
}

/// Who reads the covert side, and who reads the register with names.
fn readers(pair: &Pair<'_>, surplus: &mut Surplus) {
    let covert =
        |policy: &Policy, person: &PersonId| policy.person_in_group(person, &policy.response().responders);
    let register = |policy: &Policy, person: &PersonId| {
        let auditors = policy.response().auditors.as_ref();
        covert(policy, person) || auditors.is_some_and(|group| policy.person_in_group(person, group))
    };
    for person in pair.more.people().map(|person| &person.id) {
        let mut reads = |what, may: &dyn Fn(&Policy, &PersonId) -> bool| {
            if may(pair.more, person) && !may(pair.less, person) {
                surplus.add(Deed::Read { person: person.clone(), what });
            }
        };
        reads("covert", &covert);
        reads("register", &register);
    }
}

/// Whose dossier is sealed to a key of whom. Judged for each person by itself: a move out of a shared home makes a reader, too.
fn dossiers(pair: &Pair<'_>, surplus: &mut Surplus) {
    for subject in pair.more.people() {
        let Some(there) = pair.less.person(&subject.id) else { continue };
        let known = pair.less.readers(there);
        for (person, recipients) in pair.more.readers(subject) {
            let theirs = known.iter().find(|(other, _)| *other == person).map(|(_, recipients)| recipients);
            let new = recipients.into_iter().find(|one| theirs.is_none_or(|theirs| !theirs.contains(one)));
            if let Some(recipient) = new {
                surplus.add(Deed::Dossier {
                    person: person.clone(),
                    subject: subject.id.clone(),
                    recipient: recipient.clone(),
                });
                return;
            }
        }
    }
}

fn vaults(pair: &Pair<'_>, surplus: &mut Surplus) {
    for vault in pair.more.vaults() {
        let other = pair.less.vault(&vault.id);
        path(pair, vault, other, "keys", surplus);
        path(pair, vault, other, "recovery", surplus);
    }
    let at_cosigner = |policy: &Policy, person: &PersonId| {
        let places = &policy.cosigner().places;
        policy.person(person).is_some_and(|person| {
            person.hosts_cosigner || person.places.iter().any(|place| places.contains(place))
        })
    };
    let more = pair.more.people().map(|person| &person.id);
    let gained = more.filter(|person| at_cosigner(pair.more, person) && !at_cosigner(pair.less, person));
    for person in gained {
        surplus.add(Deed::Cosigner { person: person.clone() });
    }
}

fn path_of<'v>(vault: &'v Vault, path: &'static str) -> Option<(&'v KeyQuorum, Option<u32>)> {
    match path {
        "keys" => vault.keys.as_ref().map(|keys| (keys, None)),
        _ => vault.recovery.as_ref().map(|recovery| (&recovery.keys, Some(recovery.after_blocks))),
    }
}

/// Whether some people's keys satisfy a vault's path sooner, or at all, only under `more`.
fn path(pair: &Pair<'_>, vault: &Vault, other: Option<&Vault>, name: &'static str, surplus: &mut Surplus) {
    let Some((keys, after_blocks)) = path_of(vault, name) else { return };
    let other = other.and_then(|other| path_of(other, name));
    let others = other.filter(|(_, its_blocks)| *its_blocks <= after_blocks);
    let deed = |people| Deed::Sign { vault: vault.id.clone(), path: name, people, after_blocks };
    let holders = |one: &Someone<'_>| held(pair.more, keys, one.id);
    let candidates = pair.people.all().iter().filter(|one| !holders(one).is_empty());
    let class = |one: &Someone<'_>| {
        let its = others.map(|(keys, _)| held(pair.less, keys, one.id)).unwrap_or_default();
        (holders(one), its)
    };
    let mut classes: Vec<_> = candidates.clone().map(class).collect();
    classes.sort();
    classes.dedup();
    let number = |one: &Someone<'_>| classes.binary_search(&class(one)).unwrap_or_default();
    let candidates = candidates.map(|one| (*one, number(one))).collect();
    let more = |chosen: &Chosen| satisfied(pair.more, keys, &chosen.more);
    let less = |chosen: &Chosen| others.is_some_and(|(keys, _)| satisfied(pair.less, keys, &chosen.less));
    note(surplus, pair.people.hunt(candidates, keys.at_least, &more, &less), "signing", deed);
    if let Some(key) = others.and_then(|(others, _)| new_key(pair, keys, others)) {
        surplus.add(Deed::Rule { key: "key.xpub", value: key, vault: Some(vault.id.clone()) });
    }
}

/// Which of a path's keys a person can be made to use.
fn held<'k>(policy: &Policy, keys: &'k KeyQuorum, person: &PersonId) -> Vec<&'k KeyId> {
    let Some(person) = policy.person(person) else { return Vec::new() };
    keys.of.iter().filter(|key| person.keys.contains(key)).collect()
}

fn satisfied(policy: &Policy, keys: &KeyQuorum, people: &Bits) -> bool {
    let holders = || (0u16..).zip(policy.people()).filter(|(number, _)| people.contains(*number));
    let held = keys.of.iter().filter(|key| holders().any(|(_, person)| person.keys.contains(key)));
    u32::try_from(held.count()).unwrap_or(u32::MAX) >= keys.at_least
}

/// A public key of a path that the other policy's path does not have, or not in the hands of all who have it here.
fn new_key(pair: &Pair<'_>, mine: &KeyQuorum, others: &KeyQuorum) -> Option<String> {
    let known = held_keys(pair.less, others);
    let is_known = |(key, holders): &(String, BTreeSet<PersonId>)| {
        known.iter().any(|(other, theirs)| other == key && theirs.is_superset(holders))
    };
    held_keys(pair.more, mine).into_iter().find(|key| !is_known(key)).map(|(key, _)| key)
}

/// The public keys of a path, each with who can be made to use it.
fn held_keys(policy: &Policy, path: &KeyQuorum) -> Vec<(String, BTreeSet<PersonId>)> {
    let entries = policy.keys().iter().filter(|entry| path.of.contains(&entry.id));
    let holders = |id: &KeyId| {
        let holding = policy.people().filter(|person| person.keys.contains(id));
        holding.map(|person| person.id.clone()).collect::<BTreeSet<PersonId>>()
    };
    entries.map(|entry| (entry.xpub.clone(), holders(&entry.id))).collect()
}

/// People who make a service submit that may submit something.
fn operators(pair: &Pair<'_>, surplus: &mut Surplus) {
    for service in pair.more.services() {
        let submits = |policy: &Policy, groups: &[types::GroupId]| {
            policy.permits().iter().any(|permit| permit.initiators.iter().any(|group| groups.contains(group)))
        };
        let Some(other) = pair.less.service(&service.id).filter(|_| submits(pair.more, &service.groups))
        else {
            continue;
        };
        let new = service.operated_by.iter().find(|operator| !other.operated_by.contains(operator));
        if let Some(person) = new {
            surplus.add(Deed::Operate { person: person.clone(), service: service.id.clone() });
        }
    }
}

/// Keys whose consequence is not one transfer's: whichever value admits more histories.
fn rules(pair: &Pair<'_>, surplus: &mut Surplus) {
    let (less, more) = (pair.less, pair.more);
    let mut rule = |key, admits_more: bool, value: String| {
        if admits_more {
            surplus.add(Deed::Rule { key, value, vault: None });
        }
    };
    let moves = !more.permits().is_empty();
    let (mine, other) = (more.organisation(), less.organisation());
    rule("organisation.currency", mine.currency != other.currency, mine.currency.to_string());
    let zone = mine.time_zone.iana_name().unwrap_or("?");
    let partial = |policy: &Policy| calendars(policy).any(|calendar| !is_always(calendar));
    let zones_differ = Some(zone) != other.time_zone.iana_name() && (partial(less) || partial(more));
    rule("organisation.time_zone", zones_differ, zone.to_owned());
    let (mine, other) = (more.prices(), less.prices());
    // A longer window sees higher prices and more falls: it admits other transfers, neither more nor fewer.
    rule("prices.window", moves && mine.window != other.window, mine.window.to_string());
    let (age, its_age) = (mine.max_age.min(mine.window), other.max_age.min(other.window));
    rule("prices.max_age", moves && age > its_age, mine.max_age.to_string());
    let (mine, other) = (more.response(), less.response());
    rule("response.look_back", mine.look_back < other.look_back, mine.look_back.to_string());
    let (mine, other) = (more.stop().relative_expires, less.stop().relative_expires);
    let asked = !more.protected_people().is_empty() || !less.protected_people().is_empty();
    rule("stop.relative_expires", asked && mine < other, mine.to_string());
    for vault in more.vaults() {
        let Some(other) = less.vault(&vault.id) else { continue };
        vault_rules((vault, other), is_used(more, &vault.id), surplus);
    }
}

fn is_used(policy: &Policy, vault: &VaultId) -> bool {
    policy.permits().iter().any(|permit| permit.vaults.contains(vault))
}

fn vault_rules((vault, other): (&Vault, &Vault), used: bool, surplus: &mut Surplus) {
    let mut rule = |key, value: String| {
        surplus.add(Deed::Rule { key, value, vault: Some(vault.id.clone()) });
    };
    // Another chain, or another script, is another account.
    if vault.chain != other.chain {
        rule("vault.chain", format!("{:?}", vault.chain));
    }
    if vault.script != other.script {
        rule("vault.script", format!("{:?}", vault.script));
    }
    let most = |vault: &Vault| vault.outstanding.map_or(u128::MAX, Value::minor);
    if used && most(vault) > most(other) {
        let value = vault.outstanding.map_or("-".to_owned(), |value| value.minor().to_string());
        rule("vault.outstanding", value);
    }
}
