//! What a reading takes the force from: matters that all acts carry and the acts that count do not (G4).
//!
//! Nothing overt moves by it. The gate lists it for those who may know why an act does not count; they propose openly what is to be undone.

use crate::act::{AllActs, Reading};
use crate::judge::Judge;
use crate::motion::{Motion, MotionId, MotionStatus};
use crate::state::{Matter, State};
use crate::transfer::{Status, Transfer};
use types::TransferId;

impl State {
    /// Transfers and motions that went through, or have their approvals, by all acts and would not by those that a reading counts.
    #[must_use]
    pub fn unwarranted(&self, reading: &impl Reading) -> Vec<Matter> {
        let (first, second) = (Judge::new(self, &AllActs), Judge::new(self, reading));
        let transfers = self.transfers.iter().filter(|(id, transfer)| {
            carries(&first, (**id, transfer)) && !carries(&second, (**id, transfer))
        });
        let motions = self
            .motions
            .iter()
            .filter(|(id, motion)| stands(&first, (**id, motion)) && !stands(&second, (**id, motion)));
        let transfers = transfers.map(|(id, _)| Matter::Transfer(*id));
        transfers.chain(motions.map(|(id, _)| Matter::Motion(*id))).collect()
    }
}

/// Whether the acts of a reading carry a transfer, at the moment when it is or was decided.
fn carries<'a>(judge: &Judge<'a, impl Reading>, (id, transfer): (TransferId, &'a Transfer)) -> bool {
    match transfer.status {
        Status::Pending | Status::Ready => {
            transfer.ready_at.is_some_and(|at| judge.transfer((id, transfer), at).allowed)
        }
        Status::Signing | Status::Signed { .. } | Status::Confirmed { .. } => judge.was_warranted(id),
        Status::Declined | Status::Expired | Status::Cancelled => false,
    }
}

/// Whether the acts of a reading carry a motion. What has lapsed has no force to lose.
fn stands<'a>(judge: &Judge<'a, impl Reading>, (id, motion): (MotionId, &'a Motion)) -> bool {
    match motion.status {
        MotionStatus::Pending => motion.ready_at.is_some_and(|at| judge.quorum_held(motion, at)),
        MotionStatus::Passed => judge.passed(id),
        MotionStatus::Declined | MotionStatus::Expired | MotionStatus::Ended | MotionStatus::Lapsed => false,
    }
}
