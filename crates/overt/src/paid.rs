//! Which destinations each vault has paid, and by which transfers (for `destination = "known"`).

use std::collections::BTreeMap;

use policy::History;
use serde::{Deserialize, Serialize};
use types::{Target, Timestamp, TransferId, VaultId};

use crate::act::{AllActs, Reading};
use crate::judge::Judge;
use crate::state::State;
use crate::transfer::Transfer;

/// How many payments to one destination are remembered; the first are those that matter.
const PAYMENTS_KEPT_MAX: usize = 256;

/// Payments by vault and address, in time order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Paid(BTreeMap<VaultId, BTreeMap<String, Vec<(Timestamp, TransferId)>>>);

impl Paid {
    pub(crate) fn note(&mut self, transfer: &Transfer, id: TransferId, at: Timestamp) {
        for output in &transfer.outputs {
            let Target::Address(address) = &output.target else { continue };
            let by_address = self.0.entry(transfer.payload.vault.clone()).or_default();
            let payments = by_address.entry(address.clone()).or_default();
            if payments.len() < PAYMENTS_KEPT_MAX {
                payments.push((at, id));
            }
        }
    }

    /// A payment that was taken back was none.
    pub(crate) fn forget(&mut self, transfer: &Transfer, id: TransferId) {
        let Some(by_address) = self.0.get_mut(&transfer.payload.vault) else { return };
        for payments in by_address.values_mut() {
            payments.retain(|(_, paid)| *paid != id);
        }
        by_address.retain(|_, payments| !payments.is_empty());
    }

    fn payments(&self, vault: &VaultId, address: &str) -> &[(Timestamp, TransferId)] {
        self.0.get(vault).and_then(|by_address| by_address.get(address)).map_or(&[], Vec::as_slice)
    }
}

/// What was paid, by every act: for what people are told before they submit.
impl History for State {
    fn first_paid(&self, vault: &VaultId, address: &str, not_after: Timestamp) -> Option<Timestamp> {
        Payments { judge: &Judge::new(self, &AllActs) }.first_paid(vault, address, not_after)
    }
}

/// The payments that a reading sees.
pub(crate) struct Payments<'j, 'a, R> {
    pub judge: &'j Judge<'a, R>,
}

impl<R: Reading> History for Payments<'_, '_, R> {
    fn first_paid(&self, vault: &VaultId, address: &str, not_after: Timestamp) -> Option<Timestamp> {
        let payments = self.judge.paid().payments(vault, address).iter();
        let mut seen =
            payments.take_while(|(at, _)| *at <= not_after).filter(|(_, id)| self.judge.was_warranted(*id));
        seen.next().map(|(at, _)| *at)
    }
}
