//! Presses of protected people, stops that they ask for, and check-ins, in a random story. Part of `generate`.

use super::{Author, HOUR, SECOND};
use crate::org::{Actor, NAMES, PEOPLE_MAX, PROTECTED};
use crate::story::What;

const MINUTE: u64 = 60;

impl Author<'_> {
    fn some_protected(&mut self) -> Option<usize> {
        let count = self.world.versions[0].policy.protected.len();
        (count > 0).then(|| self.chance.below(count))
    }

    /// Somebody presses, now and then twice, now and then with a link that is nobody's.
    pub(super) fn press(&mut self) {
        let whose = self.some_protected().filter(|_| !self.chance.percent(10));
        let alarm = self.chance.percent(40);
        if self.chance.percent(15) {
            let home = self.chance.below(PEOPLE_MAX);
            self.world_does(What::Button(home));
        }
        self.world_does(What::Press(whose, alarm));
        if self.chance.percent(25) {
            let gap = self.chance.of(&[SECOND, 60 * SECOND - 1, 60 * SECOND]);
            self.world_does(What::Wait(gap, gap as i64));
            self.world_does(What::Press(whose, alarm));
        }
    }

    /// What a random walk seldom finds: a slow transfer that waits while a relative asks for a stop, which may end early.
    pub(super) fn pause_arc(&mut self) {
        let Some(whose) = self.some_protected() else { return self.press() };
        self.submit();
        let number = self.story.transfers.len() - 1;
        for person in 0..self.people() {
            if self.chance.percent(80) {
                self.push(Actor::Person(person), What::Approve(number));
            }
        }
        let due =
            self.player.state.overt().next_due().map(|due| due.as_nanos() - self.player.now().as_nanos());
        if let Some(left) = due.and_then(|left| u64::try_from(left).ok()).filter(|left| *left > 2 * HOUR) {
            let gap = left - self.chance.of(&[1, HOUR / 2, HOUR]);
            self.world_does(What::Wait(gap, gap as i64));
        }
        self.world_does(What::Press(Some(whose), false));
        if self.chance.percent(35) {
            self.end_pause(whose);
        }
        self.attach();
        self.wait();
    }

    /// Every responder, in some order, endorses the end of a stop.
    pub(super) fn end_pause(&mut self, whose: usize) {
        let people = &self.world.versions[0].policy.people;
        let mut responders: Vec<usize> =
            (0..people.len()).filter(|n| people[*n].groups.contains(&3)).collect();
        while !responders.is_empty() {
            let next = self.chance.below(responders.len());
            self.push(Actor::Person(responders.swap_remove(next)), What::EndPause(whose));
        }
    }

    pub(super) fn some_pause_ends(&mut self) {
        let whose = self.chance.below(PROTECTED.len());
        self.responder(What::EndPause(whose));
    }

    /// Somebody sets a schedule, checks in, ends it, or is waited for.
    pub(super) fn own_schedule(&mut self) {
        let scheduled = self.scheduled();
        match self.chance.below(10) {
            0..=2 if !scheduled.is_empty() => self.until_missed(&scheduled),
            3..=6 if !scheduled.is_empty() => {
                let who = self.chance.of(&scheduled);
                self.push(Actor::Person(who), What::CheckIn);
            }
            7 => {
                let what = if self.chance.percent(50) { What::CheckIn } else { What::EndSchedule };
                self.person(what);
            }
            _ => {
                let every = self.chance.of(&[15 * MINUTE, 3600, 86_400, 31 * 86_400, 15 * MINUTE - 1]);
                let next = self.chance.of(&[1, 3600, 86_400, 31 * 86_400, 31 * 86_400 + 1, 0]);
                let grace = self.chance.of(&[5 * MINUTE, 3600, 2 * 86_400, 5 * MINUTE - 1]);
                self.person(What::Schedule(every, next, grace));
                self.follow_up();
            }
        }
    }

    /// A schedule alone shows little: somebody keeps it, or does not.
    fn follow_up(&mut self) {
        let scheduled = self.scheduled();
        if scheduled.is_empty() {
            return;
        }
        match self.chance.below(3) {
            0 => self.until_missed(&scheduled),
            1 => {
                let who = self.chance.of(&scheduled);
                let gap = self.chance.of(&[HOUR / 4, HOUR, 12 * HOUR, 24 * HOUR]);
                self.world_does(What::Wait(gap, gap as i64));
                self.push(Actor::Person(who), What::CheckIn);
                self.until_missed(&scheduled);
            }
            _ => {}
        }
    }

    fn scheduled(&self) -> Vec<usize> {
        let covert = self.player.state.covert();
        let has = |number: &usize| {
            types::PersonId::parse(NAMES[*number]).is_ok_and(|id| covert.appointments(&id).is_some())
        };
        (0..self.people()).filter(has).collect()
    }

    /// Until somebody is missed, exactly or a nanosecond before; then until it is an alarm, unless somebody takes charge.
    fn until_missed(&mut self, scheduled: &[usize]) {
        let who = self.chance.of(scheduled);
        let id = types::PersonId::parse(NAMES[who]).expect("a name");
        let Some(own) = self.player.state.covert().appointments(&id) else { return };
        let left = own.next.after(own.grace).as_nanos() - self.player.now().as_nanos();
        let gap = u64::try_from(left).ok().filter(|left| *left > 0).unwrap_or(HOUR);
        let gap = gap - u64::from(self.chance.percent(20));
        self.world_does(What::Wait(gap, gap as i64));
        match self.chance.below(4) {
            0 => self.push(Actor::Person(who), What::CheckIn),
            1 => {
                if let Some(incident) = self.open_incident() {
                    self.responder(What::Acknowledge(incident));
                }
            }
            _ => {}
        }
        let gap = own.grace.seconds() * SECOND;
        self.world_does(What::Wait(gap, gap as i64));
    }
}
