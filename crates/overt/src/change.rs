//! Changes of the policy, by their consequences (G5, semantics 7): which apply at once, which lapse, who can end one and how often.
//!
//! Equal and tightening changes apply at once with `change.tighten`; a tightening that only people of one home support lapses unless
//! someone of another home joins. Everything else waits. A direction always speaks of the policy in force: when that becomes
//! another, every change that is still pending is compared again. Called by `decide`, `judge` and `apply`; ADR 0012 says why.

use std::sync::Arc;

use policy::{Direction, Policy, Source, compare};
use types::{ActorId, PersonId, Span, Timestamp};

use crate::act::Act;
use crate::command::{Event, Refusal};
use crate::motion::{Motion, MotionId, MotionStatus, Proposal};
use crate::policies::PolicyVersion;
use crate::state::{Matter, State};

/// How long a tightening that people of one home made stands without anybody of another home.
pub const TIGHTENING_LAPSES: Span = Span::from_hours(72);
/// How often one person alone ends equal proposals within [`ENDS_WINDOW`].
pub const ENDS_ALONE_MAX: usize = 2;
/// Within which time endings are counted.
pub const ENDS_WINDOW: Span = Span::from_hours(90 * 24);

/// How two policies stand to each other.
pub(crate) fn direction(in_force: &Policy, proposed: &Policy) -> Direction {
    compare(in_force, proposed).direction
}

/// Whether these people live in at least two homes. Who has none counts for none.
pub(crate) fn span_homes(policy: &Policy, people: &[PersonId]) -> bool {
    let homes: Vec<_> =
        people.iter().filter_map(|id| policy.person(id)).map(|person| &person.homes).collect();
    let apart = |one: &[types::PlaceId], other: &[types::PlaceId]| {
        !one.is_empty() && !other.is_empty() && !one.iter().any(|home| other.contains(home))
    };
    homes.iter().any(|one| homes.iter().any(|other| apart(one, other)))
}

fn person_of(act: &Act) -> Option<PersonId> {
    PersonId::parse(act.by.actor()?.as_str()).ok()
}

impl Motion {
    /// Whether it is a change that applies at once, as things stand.
    #[must_use]
    pub fn is_immediate(&self) -> bool {
        matches!(self.proposal, Proposal::Revoke { .. })
            || self.direction.is_some_and(Direction::is_immediate)
    }

    /// Whether it is a tightening in force that still lapses.
    #[must_use]
    pub fn is_provisional(&self) -> bool {
        self.status == MotionStatus::Passed && self.lapses_at.is_some()
    }

    /// Everybody who stands behind it.
    fn supporters(&self) -> Vec<PersonId> {
        std::iter::once(&self.proposed).chain(&self.endorsements).filter_map(person_of).collect()
    }

    /// When it must be decided, or lapses.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        match self.status {
            MotionStatus::Pending => {
                Some(self.ready_at.unwrap_or_else(|| self.proposed.at.after(crate::motion::MOTION_EXPIRES)))
            }
            MotionStatus::Passed => self.lapses_at,
            MotionStatus::Declined | MotionStatus::Expired | MotionStatus::Ended | MotionStatus::Lapsed => {
                None
            }
        }
    }
}

/// What is asked.
impl State {
    /// The direction of a proposed policy; refused when nobody could ever change, lift or clear under it again.
    pub(crate) fn judge_change(&self, proposed: &Policy) -> Result<Option<Direction>, Refusal> {
        if let Some(lost) = lost_authority(proposed) {
            return Err(Refusal::NoAuthority(lost));
        }
        Ok(self.policy().map(|in_force| direction(in_force, proposed)))
    }

    /// One person ends a change; who has ended equal ones twice needs someone of another home who has, too.
    pub(crate) fn decide_end(&self, act: &Act, id: MotionId, motion: &Motion) -> Result<Event, Refusal> {
        let earlier = match &motion.proposal {
            Proposal::Change(sources) => self.ended_before(act, sources),
            Proposal::Credential { actor, .. } => self.ended_credentials(act, actor),
            Proposal::Lift(_) | Proposal::Lower(_) | Proposal::Revoke { .. } => 0,
        };
        let (alone, Some(policy)) = (earlier < ENDS_ALONE_MAX, self.policy()) else {
            return Ok(Event::Ended { motion: id });
        };
        let both = motion.opposed.iter().chain([act]).filter_map(person_of);
        if alone || span_homes(policy, &both.collect::<Vec<_>>()) {
            return Ok(Event::Ended { motion: id });
        }
        match motion.opposed.iter().any(|earlier| earlier.by == act.by) {
            true => Err(Refusal::Duplicate),
            false => Ok(Event::Opposed { motion: id }),
        }
    }

    /// What this person has ended lately.
    fn ended_by(&self, act: &Act) -> Vec<&Motion> {
        let since = act.at.before(ENDS_WINDOW);
        let by_them = |motion: &&Motion| {
            motion.ended.as_ref().is_some_and(|ended| ended.by == act.by && ended.at > since)
        };
        self.motions.values().filter(by_them).collect()
    }

    /// How many proposals about the same credential this person has ended lately: whoever has stolen one could keep it for ever.
    fn ended_credentials(&self, act: &Act, actor: &ActorId) -> usize {
        let same = |motion: &&&Motion| matches!(&motion.proposal, Proposal::Credential { actor: other, .. } if other == actor);
        self.ended_by(act).iter().filter(same).count()
    }

    /// How many proposals with the same consequences this person has ended lately.
    fn ended_before(&self, act: &Act, sources: &[Source]) -> usize {
        let ended = self.ended_by(act);
        if ended.len() < ENDS_ALONE_MAX {
            return ended.len();
        }
        let proposed = policy::load(sources).policy;
        let equal = |motion: &&&Motion| match (&motion.proposal, &proposed) {
            (Proposal::Change(other), _) if other == sources => true,
            (Proposal::Change(other), Some(proposed)) => policy::load(other)
                .policy
                .is_some_and(|other| direction(&other, proposed) == Direction::Equal),
            _ => false,
        };
        ended.iter().filter(equal).count()
    }
}

/// What of a policy could never be met. Who proposes a change does not count, so somebody else must be able to.
pub(crate) fn lost_authority(policy: &Policy) -> Option<&'static str> {
    let changes = |person: &policy::Person| policy.satisfiable(&policy.change().approve, &[&person.id]);
    if !policy.people().any(changes) {
        return Some("change.approve");
    }
    let (lift, clear) = (&policy.stop().lift, &policy.response().clear);
    if !policy.satisfiable(lift, &[]) {
        return Some("stop.lift");
    }
    (!policy.satisfiable(clear, &[])).then_some("response.clear")
}

/// What happens.
impl State {
    /// Changes one motion and moves it to its new place in the order of what is due.
    pub(crate) fn update_motion(&mut self, id: MotionId, change: impl FnOnce(&mut Motion)) {
        let Some(motion) = self.motions.get_mut(&id) else { return };
        let before = motion.due();
        change(motion);
        let after = motion.due();
        if before != after {
            self.due.extend(after.map(|at| (at, Matter::Motion(id))));
            if let Some(at) = before {
                self.due.remove(&(at, Matter::Motion(id)));
            }
        }
    }

    /// Someone joins those who stand behind a tightening in force. It stays for good once they live in different homes, and
    /// changes that were drawn up before it die: passing one later would undo it unseen.
    pub(crate) fn joined(&mut self, id: MotionId, at: Timestamp) {
        let (Some(version), Some(motion)) = (self.policies.current(), self.motions.get(&id)) else { return };
        if !motion.is_provisional() || !span_homes(&version.policy, &motion.supporters()) {
            return;
        }
        let since = (version.motion == Some(id)).then_some(version.since);
        self.update_motion(id, |motion| motion.lapses_at = None);
        if let Some(since) = since {
            self.review_motions(at, Review::Drop { proposed_until: since });
        }
    }

    /// A change is in force: by whom decides whether it lapses, and what becomes of the others.
    pub(crate) fn change_passed(&mut self, id: MotionId, at: Timestamp) -> Review {
        let (Some(version), Some(motion)) = (self.policies.current(), self.motions.get(&id)) else {
            return Review::Keep;
        };
        match motion.direction {
            Some(Direction::Equal) => Review::Keep,
            Some(Direction::Tightens) if !span_homes(&version.policy, &motion.supporters()) => {
                self.update_motion(id, |motion| motion.lapses_at = Some(at.after(TIGHTENING_LAPSES)));
                Review::Keep
            }
            _ => Review::Drop { proposed_until: at },
        }
    }

    /// A tightening lapses. If it is what is in force, what was before it is again.
    pub(crate) fn reverted(&mut self, act: &Act, id: MotionId) {
        self.update_motion(id, |motion| {
            motion.status = MotionStatus::Lapsed;
            motion.lapses_at = None;
        });
        let was_in_force = self.policies.current().is_some_and(|version| version.motion == Some(id));
        self.policies.lapse(id, act.at);
        let restored = self.policies.newest_standing();
        if let Some((policy, motion)) = restored.filter(|_| was_in_force) {
            self.put_in_force(PolicyVersion::new(policy, (act.at, act.number), motion), Review::Keep);
        }
    }

    /// Another policy is in force: windows, open transfers and pending motions follow.
    pub(crate) fn put_in_force(&mut self, version: PolicyVersion, review: Review) {
        let at = version.since;
        self.policies.push(version);
        self.refill_windows();
        self.refresh_open(at);
        self.review_motions(at, review);
    }

    /// Pending changes die, or are compared with what is in force now; lifts are judged by it.
    fn review_motions(&mut self, at: Timestamp, review: Review) {
        let Some(policy) = self.policies.current().map(|version| Arc::clone(&version.policy)) else { return };
        let pending = self.motions.iter().filter(|(_, motion)| motion.settled.is_none());
        let pending: Vec<MotionId> = pending.map(|(id, _)| *id).collect();
        for id in pending {
            let Some(motion) = self.motions.get(&id) else { continue };
            let dies = match (&motion.proposal, review) {
                (Proposal::Change(_), Review::Drop { proposed_until }) => {
                    motion.proposed.at <= proposed_until
                }
                _ => false,
            };
            if dies {
                self.settle_motion(at, id, MotionStatus::Expired);
                continue;
            }
            if let Proposal::Change(sources) = &motion.proposal {
                let direction = policy::load(sources).policy.map(|proposed| direction(&policy, &proposed));
                self.update_motion(id, |motion| motion.turn(direction, at));
            }
            self.refresh_motion(id, at);
        }
    }
}

impl Motion {
    /// What was judged by one quorum and is judged by another begins anew.
    fn turn(&mut self, direction: Option<Direction>, at: Timestamp) {
        let was = self.is_immediate();
        self.direction = direction;
        if self.is_immediate() != was {
            self.judged_from = at;
            self.met_since = None;
        }
    }
}

/// What becomes of other changes that are pending when a policy comes into force.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Review {
    /// They are compared again.
    Keep,
    /// Those that were proposed until then die.
    Drop {
        /// Until when.
        proposed_until: Timestamp,
    },
}
