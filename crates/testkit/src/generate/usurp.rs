//! What a random walk seldom finds: a credential that people brought who were not free, what is done with it, and that it is found out (G4).
//! Called by `generate`.

use super::Author;
use crate::org::Actor;
use crate::story::{Cover, Proposal, What};

/// How long ago it began.
const AGO_SECONDS: u64 = 60 * 86_400;

impl Author<'_> {
    pub(super) fn usurp(&mut self) {
        let who = self.anybody();
        let endorsers: Vec<usize> = (0..self.people()).filter(|_| self.chance.percent(80)).collect();
        self.replace(who, &endorsers);
        if self.chance.percent(30) {
            let revocation = self.story.steps.len();
            self.person(What::Propose(Proposal::Revoke(who)));
            self.person(What::Endorse(revocation));
        }
        self.submit();
        let number = self.story.transfers.len() - 1;
        for person in 0..self.people() {
            self.push(Actor::Person(person), What::Approve(number));
        }
        self.found_out(&endorsers);
        self.attach();
        self.wait();
    }

    /// Proposed, endorsed and waited for.
    fn replace(&mut self, who: usize, endorsers: &[usize]) {
        let proposal = self.story.steps.len();
        self.person(What::Propose(Proposal::Replace(who)));
        for endorser in endorsers {
            self.push(Actor::Person(*endorser), What::Endorse(proposal));
        }
        let motion = self.player.state.overt().motion(self.player.motion(proposal));
        let ready = motion.and_then(|motion| motion.ready_at);
        let left = ready.map(|ready| ready.as_nanos() - self.player.now().as_nanos());
        if let Some(left) = left.filter(|left| *left > 0) {
            self.world_does(What::Wait(left as u64, left));
        }
    }

    /// All who endorsed were held all the time; nothing else is covered.
    fn found_out(&mut self, endorsers: &[usize]) {
        let Some(first) = endorsers.first() else { return };
        self.responder(What::Report(*first));
        let Some(incident) = self.open_incident() else { return };
        for endorser in endorsers {
            self.responder(What::Implicate(incident, *endorser, AGO_SECONDS));
        }
        self.strangers(incident, &What::Narrow(incident, Cover { vaults: Vec::new(), people: Vec::new() }));
    }
}
