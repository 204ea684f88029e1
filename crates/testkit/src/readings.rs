//! What DESIGN allows, said again in the plainest code: semantics 1 to 6, over the whole history and over the history without
//! tainted acts (G1, G4). Everything is recomputed from the book each time. Called by `check`.

use crate::assignments::Met;
use crate::ledger::{Act, Entry, Incident, Ledger, SECOND, Status};
use crate::org::{ADDRESSES, Actor, Apart, By, Goes, LISTS, Permit, Policy};
use crate::story::{Proposal, Scope, To, Transfer};

/// Which history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    /// All acts.
    First,
    /// Without tainted acts.
    Second,
}

/// What the rules say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Yes or no.
    pub allowed: bool,
    /// By a quick permit.
    pub quick: bool,
}

/// What a counter counts apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Key {
    Vault(usize),
    Initiator(Actor),
    Destination(To),
    Organisation,
}

const fn seconds(seconds: u64) -> i64 {
    seconds as i64 * SECOND
}

/// An address that is a vault's is that vault.
#[must_use]
pub const fn resolve(to: To) -> To {
    match to {
        To::Address(4) => To::Vault(0),
        other => other,
    }
}

impl Ledger<'_> {
    /// Taint, from its definition: the class was duress, or the author (or an operator of the service) is the subject of an
    /// incident and the act is later than the signal less the look-back, or its matter was still undecided; not after a clear.
    #[must_use]
    pub fn is_tainted(&self, act: &Act, settled: Option<i64>) -> bool {
        let discounted = |person: usize| self.incidents.iter().any(|i| discounts(i, person, act.at, settled));
        match act.by {
            Actor::Person(person) => act.duress || discounted(person),
            Actor::Service => self.operators_since(act.number).into_iter().any(discounted),
            Actor::Stranger => false,
        }
    }

    /// Whoever operated the service when it acted, or later.
    fn operators_since(&self, number: u64) -> Vec<usize> {
        let then = self.versions.iter().rposition(|version| version.number < number).unwrap_or(0);
        let versions = self.versions[then..].iter();
        versions.flat_map(|version| self.version(version.version).policy.operators.iter().copied()).collect()
    }

    fn counts(&self, reading: Reading, act: &Act, settled: Option<i64>) -> bool {
        reading == Reading::First || (!self.is_tainted(act, settled) && self.was_entitled(act))
    }

    /// Whether whoever acted would have had the credential without tainted acts: the last that replaced it before says so.
    #[must_use]
    pub fn was_entitled(&self, act: &Act) -> bool {
        let Actor::Person(person) = act.by else { return true };
        let brought = |motion: &usize| {
            let found = &self.motions[*motion];
            let before = found.settled.is_some_and(|(_, number)| number < act.number);
            found.passed && before && found.proposal == Proposal::Replace(person)
        };
        let all = 0..self.motions.len();
        let last = all.filter(brought).max_by_key(|motion| self.motions[*motion].settled);
        last.is_none_or(|motion| self.would_have_passed(motion))
    }

    /// The version that was in force before a record, as its number.
    fn version_before(&self, reading: Reading, number: u64) -> usize {
        let stands = |index: &usize| {
            let version = &self.versions[*index];
            version.number < number
                && version.lapsed.is_none_or(|(_, lapsed)| lapsed >= number)
                && (reading == Reading::First || self.is_warranted(*index))
        };
        let latest = (0..self.versions.len()).rev().find(stands);
        latest.map_or(0, |latest| self.versions[latest].version)
    }

    /// Whether a policy would have come into force without tainted acts. One that came at once is no loosening of the one
    /// before it; it says nothing where that one would not have come.
    fn is_warranted(&self, index: usize) -> bool {
        self.versions[index].motion.is_none_or(|motion| {
            let on_that = !self.motions[motion].is_immediate() || (index > 0 && self.is_warranted(index - 1));
            on_that && self.would_have_passed(motion)
        })
    }

    /// Whether a motion that passed would have passed without tainted acts.
    fn would_have_passed(&self, motion: usize) -> bool {
        let motion = &self.motions[motion];
        motion.passed && motion.settled.is_some_and(|(at, _)| self.motion_holds(motion, at, Reading::Second))
    }

    /// Semantics 1: whether a transfer may be released now.
    #[must_use]
    pub fn allows(&self, entry: &Entry, now: i64, reading: Reading) -> Verdict {
        let then = self.version_before(reading, entry.submitted.number);
        let current = self.version_before(reading, u64::MAX);
        let barred = !self.counts(reading, &entry.submitted, None)
            || [then, current].iter().any(|version| self.is_forbidden(&self.version(*version).policy, entry))
            || self.is_stopped(entry, reading)
            || !self.limits_hold(&self.version(then).policy, entry, reading);
        let posture = self.posture_in(reading);
        let allowing = |name: &&&'static str| {
            let both = [then, current].map(|version| self.version(version).policy.permit(name));
            let [Some(old), Some(new)] = both else { return false };
            let stands = [(then, old), (current, new)].iter().all(|(version, permit)| {
                posture <= permit.posture
                    && self.matches(&self.version(*version).policy, permit, entry, reading)
            });
            stands && self.ready_under(entry, name, reading).is_some_and(|ready| ready <= now)
        };
        let is_quick = |name: &&'static str| {
            [then, current].iter().all(|version| {
                let policy = &self.version(*version).policy;
                policy.permit(name).is_some_and(|permit| permit.hold < policy.quiet)
            })
        };
        let allowing: Vec<&'static str> = entry.matched.iter().filter(allowing).copied().collect();
        let allowed = !barred && !allowing.is_empty();
        Verdict { allowed, quick: allowed && allowing.iter().any(is_quick) }
    }

    /// When the wait under one permit ends, if that is within its life.
    fn ready_under(&self, entry: &Entry, name: &str, reading: Reading) -> Option<i64> {
        let then = self.version_before(reading, entry.submitted.number);
        let current = self.version_before(reading, u64::MAX);
        let old = self.version(then).policy.permit(name)?;
        let new = self.version(current).policy.permit(name)?;
        let ready = self.met_since(entry, name, then, reading)? + seconds(old.hold.max(new.hold));
        (ready <= entry.submitted.at + seconds(old.expires)).then_some(ready)
    }

    /// The moment of decision as things stand, by all acts.
    #[must_use]
    pub fn ready_at(&self, entry: &Entry) -> Option<i64> {
        entry.matched.iter().filter_map(|name| self.ready_under(entry, name, Reading::First)).min()
    }

    /// Semantics 3: since when the quorum is met without a gap, by the policy of the submission and by the one of each instant.
    fn met_since(&self, entry: &Entry, name: &str, then: usize, reading: Reading) -> Option<i64> {
        let submitted = entry.submitted;
        let mut instants = vec![(submitted.number, submitted.at)];
        instants.extend(entry.approvals.iter().map(|act| (act.number, act.at)));
        instants.extend(self.versions.iter().map(|v| (v.number, v.since)).filter(|i| i.0 > submitted.number));
        instants.sort_unstable();
        let mut since = None;
        for (number, at) in instants {
            let approvals = entry.approvals.iter().filter(|act| act.number <= number);
            let approvals = approvals.filter(|act| self.counts(reading, act, entry.settled));
            let others = people(approvals, Some(submitted.by));
            let in_force = self.version_before(reading, number + 1);
            let met = [then, in_force].iter().all(|version| self.approved(*version, name, others));
            since = if met { since.or(Some(at)) } else { None };
        }
        since
    }

    fn approved(&self, version: usize, name: &str, people: usize) -> bool {
        let version = self.version(version);
        let place = version.policy.permits.iter().position(|permit| permit.name == name);
        place.is_some_and(|place| version.approve[place].as_ref().is_none_or(|met| met.by(people)))
    }

    /// All conditions that are judged of a submission, under one policy.
    #[must_use]
    pub fn matches(&self, policy: &Policy, permit: &Permit, entry: &Entry, reading: Reading) -> bool {
        let transfer = self.transfer(entry);
        let groups = policy.groups_of(transfer.initiator);
        permit.vaults.contains(&transfer.vault)
            && permit.initiators.iter().any(|group| groups.contains(group))
            && permit.over.is_none_or(|over| entry.value > over)
            && permit.up_to.is_none_or(|up_to| entry.value <= up_to)
            && (!permit.office_hours || is_office_hours(entry.submitted.at))
            && entry.outputs.iter().all(|(to, _)| match permit.goes {
                Goes::Known(ago) => self.is_known(transfer, *to, entry.submitted.at - seconds(ago), reading),
                _ => goes_to(policy, &permit.goes, *to),
            })
    }

    fn is_known(&self, transfer: &Transfer, to: To, not_after: i64, reading: Reading) -> bool {
        let To::Address(address) = resolve(to) else { return false };
        let paid = |entry: &&Entry| {
            self.transfer(entry).vault == transfer.vault
                && entry.signed.is_some_and(|at| at <= not_after)
                && entry.outputs.iter().any(|(to, _)| resolve(*to) == To::Address(address))
        };
        self.transfers.iter().filter(paid).any(|entry| reading == Reading::First || self.was_warranted(entry))
    }

    /// Whether a payment would have been made without tainted acts.
    fn was_warranted(&self, entry: &Entry) -> bool {
        let then = self.version_before(Reading::Second, entry.submitted.number);
        let counting = entry.approvals.iter().filter(|act| self.counts(Reading::Second, act, entry.settled));
        let others = people(counting, Some(entry.submitted.by));
        self.counts(Reading::Second, &entry.submitted, entry.settled)
            && entry.matched.iter().any(|name| self.approved(then, name, others))
    }

    /// Whether any forbid matches any output.
    #[must_use]
    pub fn is_forbidden(&self, policy: &Policy, entry: &Entry) -> bool {
        let transfer = self.transfer(entry);
        let groups = policy.groups_of(transfer.initiator);
        policy.forbids.iter().any(|forbid| {
            forbid.vault.is_none_or(|vault| vault == transfer.vault)
                && forbid.initiator.is_none_or(|group| groups.contains(&group))
                && forbid
                    .goes
                    .as_ref()
                    .is_none_or(|goes| entry.outputs.iter().any(|(to, _)| goes_to(policy, goes, *to)))
                && forbid.over.is_none_or(|over| entry.value > over)
        })
    }

    fn is_stopped(&self, entry: &Entry, reading: Reading) -> bool {
        self.stops.iter().any(|stop| {
            let lifted =
                stop.lifted.is_some_and(|motion| reading == Reading::First || self.would_have_passed(motion));
            let transfer = self.transfer(entry);
            let reaches = match stop.scope {
                Scope::Organisation => true,
                Scope::Transfer(number) => number == entry.number,
                Scope::Vault(vault) => vault == transfer.vault,
                Scope::Person(by) => {
                    by == transfer.initiator || entry.approvals.iter().any(|act| act.by == by)
                }
            };
            !lifted && reaches
        })
    }

    fn posture_in(&self, reading: Reading) -> u8 {
        let counts = |motion: Option<usize>| {
            reading == Reading::First || motion.is_none_or(|motion| self.would_have_passed(motion))
        };
        self.postures.iter().rev().find(|posture| counts(posture.lowered_by)).map_or(0, |posture| posture.to)
    }

    /// Semantics 4: whether every limit had room when a transfer was submitted: the whole window summed up again.
    #[must_use]
    pub fn limits_hold(&self, policy: &Policy, entry: &Entry, reading: Reading) -> bool {
        let submitted = entry.submitted;
        self.charges(policy, entry).into_iter().all(|(limit, key, value)| {
            let rule = &policy.limits[limit];
            let counted = |other: &&Entry| {
                other.submitted.number < submitted.number
                    && other.submitted.at > submitted.at - seconds(rule.per)
                    && self.counted_at(other, submitted, reading)
            };
            let mut sum = value;
            let mut count = 0;
            for other in self.transfers.iter().filter(counted) {
                let charges = self.charges(policy, other).into_iter();
                for (_, _, value) in charges.filter(|(at, other, _)| (*at, *other) == (limit, key)) {
                    sum += value;
                    count += 1;
                }
            }
            rule.amount.is_none_or(|most| sum <= most) && rule.count.is_none_or(|most| count < most)
        })
    }

    fn counted_at(&self, other: &Entry, submitted: Act, reading: Reading) -> bool {
        if !self.counts(reading, &other.submitted, other.settled) {
            return false;
        }
        let cancel_counts = other.cancelled.is_none_or(|act| self.counts(reading, &act, other.settled));
        match other.ended {
            Some((_, number)) if cancel_counts => number > submitted.number,
            Some(_) => other.expires_at > submitted.at,
            None => true,
        }
    }

    fn charges(&self, policy: &Policy, entry: &Entry) -> Vec<(usize, Key, u128)> {
        let transfer = self.transfer(entry);
        let stays = |to: To| resolve(to) == To::Vault(transfer.vault);
        let staying: u128 = entry.outputs.iter().filter(|(to, _)| stays(*to)).map(|(_, value)| value).sum();
        let leaving = entry.value - staying;
        let mut charges = Vec::new();
        let limits = policy.limits.iter().enumerate();
        for (index, limit) in limits.filter(|(_, limit)| limit.vaults.contains(&transfer.vault)) {
            match limit.by {
                By::Vault => charges.push((index, Key::Vault(transfer.vault), leaving)),
                By::Initiator => charges.push((index, Key::Initiator(transfer.initiator), leaving)),
                By::Organisation => charges.push((index, Key::Organisation, leaving)),
                By::Destination => {
                    let mut targets: Vec<To> = entry.outputs.iter().map(|(to, _)| resolve(*to)).collect();
                    targets.sort_unstable();
                    targets.dedup();
                    for target in targets {
                        let to_it = entry.outputs.iter().filter(|(to, _)| resolve(*to) == target);
                        let value = to_it.map(|(_, value)| value).sum();
                        let value = if stays(target) { entry.fee } else { value };
                        charges.push((index, Key::Destination(target), value));
                    }
                }
            }
        }
        charges
    }

    /// Whether a motion's quorum is met now, and was for its whole wait.
    #[must_use]
    pub fn motion_allowed(&self, motion: usize, now: i64, reading: Reading) -> bool {
        let motion = &self.motions[motion];
        let applicable = match motion.proposal {
            Proposal::Lift(step) => self.stop(step).is_some_and(|stop| self.stops[stop].lifted.is_none()),
            Proposal::Lower(to) => to < self.posture() && !self.raised_since(motion.proposed.number),
            Proposal::Change(_) => true,
            Proposal::Replace(person) => self.is_person(Actor::Person(person)),
            Proposal::Revoke(person) => self.was_replaced(person),
        };
        applicable && self.motion_holds(motion, now, reading)
    }

    /// A raise after the proposal is a stop that those who endorsed had not seen.
    fn raised_since(&self, number: u64) -> bool {
        self.postures.iter().any(|posture| posture.lowered_by.is_none() && posture.number > number)
    }

    fn motion_holds(&self, motion: &crate::ledger::Motion, now: i64, reading: Reading) -> bool {
        let settled = motion.settled.map(|(at, _)| at);
        self.counts(reading, &motion.proposed, settled)
            && self.motion_ready(motion, reading).is_some_and(|ready| ready <= now)
    }

    /// When a motion's wait ends as things stand.
    #[must_use]
    pub fn motion_ready(&self, motion: &crate::ledger::Motion, reading: Reading) -> Option<i64> {
        let settled = motion.settled.map(|(at, _)| at);
        let end = motion.settled.map_or(u64::MAX, |(_, number)| number);
        let (from_at, from) = motion.judged_from;
        let mut instants = vec![(from, from_at)];
        instants.extend(motion.endorsements.iter().map(|act| (act.number, act.at)).filter(|i| i.0 >= from));
        let lapsed = self.versions.iter().filter_map(|v| v.lapsed.map(|(at, number)| (number, at)));
        let versions = self.versions.iter().map(|v| (v.number, v.since)).chain(lapsed);
        instants.extend(versions.filter(|(number, _)| *number > from && *number < end));
        instants.sort_unstable();
        let mut since = None;
        for (number, at) in instants {
            let acts = motion.endorsements.iter().filter(|act| act.number <= number);
            let acts = acts.filter(|act| self.counts(reading, act, settled));
            let version = self.version(self.version_before(reading, (number + 1).min(end)));
            let met = match motion.proposal {
                Proposal::Change(_) if motion.is_immediate() => {
                    let proposed = Some(&motion.proposed).filter(|act| self.counts(reading, act, settled));
                    version.tighten.by(people(acts.chain(proposed), None))
                }
                Proposal::Change(_) => version.change.by(people(acts, Some(motion.proposed.by))),
                Proposal::Replace(concerned) => {
                    let others = acts.filter(|act| act.by != Actor::Person(concerned));
                    version.change.by(people(others, Some(motion.proposed.by)))
                }
                Proposal::Revoke(_) => {
                    let proposed = Some(&motion.proposed).filter(|act| self.counts(reading, act, settled));
                    let number =
                        |act: &Act| if let Actor::Person(person) = act.by { Some(person) } else { None };
                    let homes: Vec<usize> = acts.chain(proposed).filter_map(number).collect();
                    version.policy.span_homes(&homes)
                }
                _ => version.lift.by(people(acts, None)),
            };
            since = if met { since.or(Some(at)) } else { None };
        }
        let policy = &self.version(self.version_before(reading, end)).policy;
        let wait = match motion.proposal {
            _ if motion.is_immediate() => 0,
            Proposal::Change(_) | Proposal::Replace(_) => policy.change_hold.max(policy.longest_hold()),
            _ => policy.lift_after,
        };
        since.map(|since| since + seconds(wait))
    }

    /// Whether an open incident, or a stop of a protected person, keeps a matter back.
    #[must_use]
    pub fn is_covered(&self, vault: Option<usize>, actors: &[Actor], now: i64) -> bool {
        self.is_in_incident(vault, actors) || self.is_paused(actors, now)
    }

    fn is_in_incident(&self, vault: Option<usize>, actors: &[Actor]) -> bool {
        let open = self.incidents.iter().filter(|incident| incident.closed.is_none() && !incident.exercise);
        open.into_iter().any(|incident| match &incident.cover {
            None => true,
            Some(cover) => {
                let takes_part = |by: &Actor| {
                    matches!(by, Actor::Person(person) if cover.people.contains(person) || incident.subjects.contains_key(person))
                };
                vault.is_some_and(|vault| cover.vaults.contains(&vault)) || actors.iter().any(takes_part)
            }
        })
    }

    /// Whether a responder may count in an incident: not concerned, of no such home, and no relative.
    #[must_use]
    pub fn is_stranger(&self, incident: &Incident, person: usize) -> bool {
        let policy = &self.current().policy;
        incident.subjects.keys().all(|subject| {
            *subject != person
                && !policy.share(*subject, person, Apart::Home)
                && !policy.people[*subject].of.contains(&person)
                && !policy.people[person].of.contains(subject)
        }) && incident.callers.iter().all(|caller| self.is_stranger_to(*caller, person))
    }

    /// Since when a clear is met by free strangers.
    #[must_use]
    pub fn clear_met_since(&self, incident: &Incident, endorsements: &[Act]) -> Option<i64> {
        let mut set = Vec::new();
        for act in endorsements {
            let Actor::Person(person) = act.by else { continue };
            if self.is_stranger(incident, person) && !self.is_tainted(act, None) {
                set.push(*act);
                if self.current().clear.by(people(set.iter(), None)) {
                    return Some(act.at);
                }
            }
        }
        None
    }

    /// Whether everything for a signature is there.
    #[must_use]
    pub fn can_sign(&self, entry: &Entry) -> bool {
        if self.transfer(entry).vault == 0 {
            return true;
        }
        let free = |input: &usize| self.reserved.get(input).is_none_or(|holder| *holder == entry.number);
        entry.spend.as_ref().is_some_and(|(inputs, complete)| *complete && inputs.iter().all(free))
    }

    /// When a transfer must be decided or dies.
    #[must_use]
    pub fn due_at(&self, entry: &Entry) -> Option<i64> {
        match entry.status {
            Status::Pending => {
                Some(self.ready_at(entry).map_or(entry.expires_at, |at| at.min(entry.expires_at)))
            }
            Status::Ready => Some(entry.expires_at),
            _ => None,
        }
    }

    /// Semantics 5: the value in cents of so many units, or nothing when it is not known well enough.
    #[must_use]
    pub fn cents(&self, in_euros: bool, units: u128, at: i64) -> Option<u128> {
        if in_euros {
            return Some(units);
        }
        let policy = &self.current().policy;
        let within = |span: u64| self.prices.iter().filter(move |(time, _)| *time > at - seconds(span));
        let highest = within(policy.price_window).map(|(_, rate)| *rate).max()?;
        let (newest_at, newest) = *within(policy.price_window).max_by_key(|(time, _)| *time)?;
        let fresh = newest_at >= at - seconds(policy.price_max_age);
        let fell = newest * 100 < highest * 80;
        (fresh && !fell).then(|| (units * u128::from(highest)).div_ceil(1_000_000))
    }
}

fn discounts(incident: &Incident, person: usize, at: i64, settled: Option<i64>) -> bool {
    let Some((found, from)) = incident.subjects.get(&person) else { return false };
    let before_the_clear = incident.closed.is_none_or(|closed| at <= closed);
    before_the_clear && (at > *from || settled.is_none_or(|settled| settled > *found))
}

/// A set of people as bits, without one of them.
fn people<'a>(acts: impl Iterator<Item = &'a Act>, without: Option<Actor>) -> usize {
    let bit = |act: &Act| match act.by {
        Actor::Person(person) if Some(act.by) != without => 1 << person,
        _ => 0,
    };
    acts.fold(0, |set, act| set | bit(act))
}

fn goes_to(policy: &Policy, goes: &Goes, to: To) -> bool {
    let lists = |address: usize| LISTS.get(address).copied();
    let is_forbidden = |list: &str| {
        policy.forbids.iter().any(|forbid| matches!(&forbid.goes, Some(Goes::List(named)) if *named == list))
    };
    match (goes, to) {
        (Goes::Any, _) => true,
        (Goes::Vault(vault), to) => resolve(to) == To::Vault(*vault),
        (Goes::Listed, To::Address(address)) => lists(address).is_some_and(|list| !is_forbidden(list)),
        (Goes::List(wanted), To::Address(address)) => lists(address) == Some(*wanted),
        _ => false,
    }
}

fn is_office_hours(at: i64) -> bool {
    // 1970-01-01 was a Thursday.
    let day = at.div_euclid(86_400 * SECOND);
    let weekday = (day + 3).rem_euclid(7);
    let hour = at.rem_euclid(86_400 * SECOND) / (3600 * SECOND);
    weekday < 5 && (8..18).contains(&hour)
}

const _: () = assert!(ADDRESSES.len() == 5);

/// A table is all that a quorum is.
const _: fn(&Met, usize) -> bool = Met::by;
