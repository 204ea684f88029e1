//! G5 for changes of the policy: which apply at once, which lapse, who ends them and how often; said again from DESIGN and the book.
//! Called by `check`.

use policy::Direction;

use super::{Checker, Held, hold};
use crate::coverage::Seen;
use crate::ledger::{Act, InForce, SECOND};
use crate::org::Actor;
use crate::story::Proposal;

const DAY: i64 = 24 * 3600 * SECOND;
/// How long a tightening by one home stands.
const LAPSES_AFTER: i64 = 3 * DAY;
/// How often, and within which time, one person alone ends equal proposals.
const ENDS: (usize, i64) = (2, 90 * DAY);

impl Checker<'_, '_> {
    /// What is to be said of a proposal against the policy in force.
    pub(super) fn direction(&self, proposal: Proposal) -> Option<Direction> {
        let Proposal::Change(version) = proposal else { return None };
        let in_force = self.ledger.versions[self.ledger.versions.len() - 1].version;
        Some(self.ledger.world.directions[in_force][version])
    }

    /// Whether a person has an ending left, counting those of proposals with the same consequences.
    pub(super) fn ends_alone(&self, act: Act, motion: usize) -> bool {
        let directions = &self.ledger.world.directions;
        let equal = |other: &Proposal| match (self.ledger.motions[motion].proposal, *other) {
            (Proposal::Change(version), Proposal::Change(other)) => {
                other == version || directions[other][version] == Direction::Equal
            }
            (Proposal::Replace(who), Proposal::Replace(other)) => who == other,
            _ => false,
        };
        let counted = |ended: &Act| ended.by == act.by && ended.at > act.at - ENDS.1;
        let motions =
            self.ledger.motions.iter().filter(|motion| motion.ended.is_some_and(|ended| counted(&ended)));
        motions.filter(|motion| equal(&motion.proposal)).count() < ENDS.0
    }

    /// Whether somebody of another home wanted to end it before.
    pub(super) fn end_together(&self, act: Act, motion: usize) -> bool {
        let opposed = self.ledger.motions[motion].opposed.iter().chain([&act]);
        let people: Vec<usize> = opposed
            .filter_map(|act| if let Actor::Person(person) = act.by { Some(person) } else { None })
            .collect();
        self.ledger.current().policy.span_homes(&people)
    }

    /// A change is in force.
    pub(super) fn changed(&mut self, motion: usize, version: usize, act: Act) {
        let found = &self.ledger.motions[motion];
        let one_home = !self.ledger.current().policy.span_homes(&found.supporters());
        let lapses = found.direction == Some(Direction::Tightens) && one_home;
        let drops = found.direction != Some(Direction::Equal) && !lapses;
        self.ledger.motions[motion].lapses_at = lapses.then_some(act.at + LAPSES_AFTER);
        let in_force =
            InForce { version, since: act.at, number: act.number, motion: Some(motion), lapsed: None };
        self.ledger.versions.push(in_force);
        self.review(drops.then_some(act.at), act);
    }

    /// Other changes that were proposed until then die; the rest is compared with what is in force now.
    fn review(&mut self, dropped_until: Option<i64>, act: Act) {
        for other in 0..self.ledger.motions.len() {
            let found = &self.ledger.motions[other];
            if found.settled.is_some() || !matches!(found.proposal, Proposal::Change(_)) {
                continue;
            }
            let dies = dropped_until.is_some_and(|until| found.proposed.at <= until);
            let direction = self.direction(found.proposal);
            let found = &mut self.ledger.motions[other];
            if dies {
                found.settled = Some((act.at, act.number));
                continue;
            }
            let was = found.is_immediate();
            found.direction = direction;
            if found.is_immediate() != was {
                found.judged_from = (act.at, act.number);
                self.coverage.see(Seen::DirectionsTurned);
            }
        }
    }

    /// Somebody endorsed what is in force and would lapse.
    pub(super) fn joined(&mut self, motion: usize, act: Act) {
        let found = &self.ledger.motions[motion];
        if found.lapses_at.is_none() || !self.ledger.current().policy.span_homes(&found.supporters()) {
            return;
        }
        self.coverage.see(Seen::TighteningsJoined);
        self.ledger.motions[motion].lapses_at = None;
        let latest = self.ledger.versions[self.ledger.versions.len() - 1];
        if latest.motion == Some(motion) {
            self.review(Some(latest.since), act);
        }
    }

    /// A tightening that nobody of another home joined is gone at its moment, and what was before it is back.
    pub(super) fn reverted(&mut self, motion: usize, act: Act) -> Held {
        let due = self.ledger.motions[motion].lapses_at;
        hold(due.is_some_and(|due| due <= act.at), || "G5 broken: a tightening lapsed too early".into())?;
        hold(due.is_some_and(|due| self.is_first_due(due)), || "decided out of order".into())?;
        self.coverage.see(Seen::TighteningsLapsed);
        self.ledger.motions[motion].lapses_at = None;
        let was_in_force = self.ledger.versions.last().is_some_and(|version| version.motion == Some(motion));
        for version in self.ledger.versions.iter_mut().filter(|version| version.motion == Some(motion)) {
            version.lapsed = version.lapsed.or(Some((act.at, act.number)));
        }
        let before = self.ledger.versions.iter().rev().find(|version| version.lapsed.is_none()).copied();
        if let Some(before) = before.filter(|_| was_in_force) {
            self.ledger.versions.push(InForce { since: act.at, number: act.number, ..before });
            self.review(None, act);
        }
        Ok(())
    }
}
