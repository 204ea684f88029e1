//! The transactions of a transfer: which may be brought, when one may be signed, what follows from a signature and from a block (G6).
//!
//! Everything that is ever signed for a transfer spends one common reserved input or hangs on a transaction that does, pays exactly
//! what was approved or nobody at all, and costs the network no more than was approved. ADR 0015 says why.

use policy::Vault;
use types::{Hash, OutPoint, Span, SpendKind, SpendPlan, Timestamp, TransferId, Value, VaultId};

use crate::act::Act;
use crate::command::{Event, Refusal, Reply};
use crate::decide::{Decision, done};
use crate::onchain::only_feed;
use crate::state::State;
use crate::transfer::{Signing, Status, Transfer};

/// How long a refresh waits for its members' signatures.
pub const REFRESH_EXPIRES: Span = Span::from_seconds(7 * 86_400);
/// The most transactions that are ever signed for one transfer.
pub const SIGNINGS_MAX: usize = 16;

/// What is asked.
impl State {
    /// Who may bring a transaction: a person who sees the transfer, or the service that submitted it.
    pub(crate) fn decide_attach(&self, act: &Act, id: TransferId, spend: &SpendPlan) -> Decision {
        let own = |transfer: &&Transfer| act.is_by(transfer.payload.initiator.as_str());
        let transfer = match self.transfers.get(&id).filter(own) {
            Some(transfer) => transfer,
            None => self.seen_transfer(&self.person(act)?.0, id)?,
        };
        let in_time = match (&transfer.status, spend.kind) {
            (Status::Signed { .. }, _) => self.is_on_chain(transfer),
            (status, SpendKind::Payment) => status.is_open(),
            _ => false,
        };
        if !in_time {
            return Err(Refusal::TooLate(transfer.status.word()));
        }
        if spend.vault != transfer.payload.vault || spend.inputs.is_empty() {
            return Err(if spend.inputs.is_empty() { Refusal::UnknownInput } else { Refusal::WrongSpend });
        }
        if spend.fee.saturating_add(transfer.parent_fee(spend)) > transfer.payload.max_fee.units {
            return Err(Refusal::WrongSpend);
        }
        if transfer.status.is_open() {
            self.may_spend(id, transfer, spend, act.at)?;
        } else {
            self.may_follow(id, transfer, spend, act.at)?;
        }
        done(Event::Attached { transfer: id, spend: Box::new(spend.clone()) })
    }

    pub(crate) fn is_on_chain(&self, transfer: &Transfer) -> bool {
        self.policy()
            .and_then(|policy| policy.vault(&transfer.payload.vault))
            .is_some_and(|vault| vault.asset().is_some())
    }

    /// Every input is the vault's and free; of a refresh, also near its recovery.
    fn may_spend(
        &self,
        id: TransferId,
        transfer: &Transfer,
        spend: &SpendPlan,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        for input in &spend.inputs {
            let coin = self.coins.get(input).filter(|coin| coin.vault == spend.vault);
            let coin = coin.ok_or(Refusal::UnknownInput)?;
            if self.reserved.get(input).is_some_and(|holder| *holder != id) {
                return Err(Refusal::InputReserved);
            }
            if transfer.payload.refresh && !self.nears_recovery(coin, now) {
                return Err(Refusal::TooYoung);
            }
        }
        Ok(())
    }

    /// A further transaction for what is signed already: in its place, or on top of it.
    fn may_follow(
        &self,
        id: TransferId,
        transfer: &Transfer,
        spend: &SpendPlan,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if transfer.signings.len() >= SIGNINGS_MAX {
            return Err(Refusal::TooMany("transactions for this transfer"));
        }
        if transfer.signings.iter().any(|signing| signing.spend.txid == spend.txid) {
            return Err(Refusal::Duplicate);
        }
        let standing = transfer.standing_spend().ok_or(Refusal::WrongSpend)?;
        if spend.kind == SpendKind::Child {
            let on_top = spend.inputs.iter().all(|input| input.txid == standing.txid);
            return if on_top { Ok(()) } else { Err(Refusal::WrongSpend) };
        }
        // A payment that is being taken back is not paid after all.
        let is_ended = standing.kind == SpendKind::Return && spend.kind == SpendKind::Payment;
        let shares = transfer.shared_input().is_some_and(|shared| spend.inputs.contains(&shared));
        if is_ended || !shares || spend.fee <= standing.fee {
            return Err(Refusal::WrongSpend);
        }
        self.may_spend(id, transfer, spend, now)
    }

    pub(crate) fn decide_signed(&self, act: &Act, id: TransferId, txid: Hash) -> Decision {
        self.only_system(act)?;
        let transfer = self.transfers.get(&id).ok_or(Refusal::NotFound("transfer"))?;
        match &transfer.status {
            // On a chain the signature must be on the very transaction whose inputs were reserved.
            Status::Signing if transfer.spend.as_ref().is_some_and(|spend| spend.txid != txid) => {
                Err(Refusal::WrongSpend)
            }
            Status::Signing => done(Event::Signed { transfer: id, txid }),
            // The work is done at least once: a second report of the same signature changes nothing.
            Status::Signed { txid: known } | Status::Confirmed { txid: known }
                if *known == txid || transfer.has_signed(txid) =>
            {
                Ok((Vec::new(), Reply::Done))
            }
            status => Err(Refusal::TooLate(status.word())),
        }
    }

    pub(crate) fn decide_confirmed(&self, act: &Act, id: TransferId, txid: Hash) -> Decision {
        only_feed(act)?;
        let transfer = self.transfers.get(&id).ok_or(Refusal::NotFound("transfer"))?;
        let kind = transfer.signed_kind(txid);
        match (&transfer.status, kind) {
            (Status::Confirmed { txid: known }, _) if *known == txid => Ok((Vec::new(), Reply::Done)),
            (Status::Signed { .. } | Status::Signing, Some(SpendKind::Payment)) => {
                done(Event::Confirmed { transfer: id, txid })
            }
            (Status::Signed { .. } | Status::Signing, Some(SpendKind::Return)) => {
                done(Event::Returned { transfer: id, txid })
            }
            // A ticket has no transactions of ours.
            (Status::Signed { txid: known }, None) if *known == txid && !self.is_on_chain(transfer) => {
                done(Event::Confirmed { transfer: id, txid })
            }
            (status, _) => Err(Refusal::TooLate(status.word())),
        }
    }

    /// Somebody with other keys, by the recovery path for one, was first.
    pub(crate) fn decide_displaced(&self, act: &Act, id: TransferId) -> Decision {
        only_feed(act)?;
        let transfer = self.transfers.get(&id).ok_or(Refusal::NotFound("transfer"))?;
        match &transfer.status {
            Status::Signed { .. } | Status::Signing if self.is_on_chain(transfer) => {
                done(Event::Displaced { transfer: id })
            }
            Status::Cancelled => Ok((Vec::new(), Reply::Done)),
            status => Err(Refusal::TooLate(status.word())),
        }
    }

    /// The block that had a payment is not in the chain any more.
    pub(crate) fn decide_unconfirmed(&self, act: &Act, id: TransferId) -> Decision {
        only_feed(act)?;
        let transfer = self.transfers.get(&id).ok_or(Refusal::NotFound("transfer"))?;
        match &transfer.status {
            Status::Confirmed { .. } | Status::Cancelled if transfer.confirmed_spend().is_some() => {
                done(Event::Unconfirmed { transfer: id })
            }
            status => Err(Refusal::TooLate(status.word())),
        }
    }
}

/// When it may be signed.
impl State {
    /// Whether a transfer has a transaction that can be signed at an instant, if it is released.
    #[must_use]
    pub fn can_sign(&self, id: TransferId, now: Timestamp) -> bool {
        let Some(transfer) = self.transfers.get(&id) else { return false };
        self.could_sign(id, transfer, transfer.spend.as_ref())
            && self.is_current(&transfer.payload.vault, now)
    }

    /// Whether a transaction that is being brought could be signed at once, if it is released.
    #[must_use]
    pub fn can_sign_with(&self, id: TransferId, spend: &SpendPlan, now: Timestamp) -> bool {
        let Some(transfer) = self.transfers.get(&id) else { return false };
        let waits = matches!(transfer.status, Status::Ready | Status::Signed { .. });
        waits && self.could_sign(id, transfer, Some(spend)) && self.is_current(&transfer.payload.vault, now)
    }

    /// The same but for the chain's time.
    fn could_sign(&self, id: TransferId, transfer: &Transfer, spend: Option<&SpendPlan>) -> bool {
        let Some(vault) = self.policy().and_then(|policy| policy.vault(&transfer.payload.vault)) else {
            return false;
        };
        if transfer.signings.is_empty() && !self.has_room(vault, transfer) {
            return false;
        }
        if vault.asset().is_none() {
            return true; // Someone else signs, on our ticket.
        }
        let free = |input: &OutPoint| {
            self.coins.contains_key(input) && self.reserved.get(input).is_none_or(|holder| *holder == id)
        };
        spend.is_some_and(|spend| {
            spend.complete && (spend.kind == SpendKind::Child || spend.inputs.iter().all(free))
        })
    }

    /// Whether a vault's cap on value that is signed and not confirmed has room for a transfer.
    fn has_room(&self, vault: &Vault, transfer: &Transfer) -> bool {
        let Some(cap) = vault.outstanding else { return true };
        let afloat = self.afloat.get(&vault.id).copied().unwrap_or(Value::ZERO);
        afloat.plus(transfer.leaving()).is_ok_and(|sum| sum <= cap)
    }

    /// What is signed from a vault and not confirmed, in the organisation's currency.
    #[must_use]
    pub fn afloat(&self, vault: &VaultId) -> Value {
        self.afloat.get(vault).copied().unwrap_or(Value::ZERO)
    }

    /// Why a transfer that is released has a transaction that is not signed yet, as a stable code.
    #[must_use]
    pub fn waits_for(&self, id: TransferId, now: Timestamp) -> Option<&str> {
        let transfer = self.transfers.get(&id)?;
        let vault = self.policy()?.vault(&transfer.payload.vault)?;
        let is_signing = transfer.status == Status::Signing;
        if !is_signing && !transfer.waits_for_signature() {
            return None;
        }
        if vault.asset().is_some() && transfer.spend.as_ref().is_none_or(|spend| !spend.complete) {
            return Some("signatures");
        }
        if transfer.signings.is_empty() && !self.has_room(vault, transfer) {
            return Some("outstanding");
        }
        let tip = self.network_of(&vault.id).and_then(|network| self.tips.get(&network));
        match tip {
            Some(tip) if tip.trouble.is_some() => tip.trouble.as_deref(),
            Some(tip) if !tip.is_current(now) => Some("chain-behind"),
            // The executor is at it.
            _ if is_signing => None,
            _ => Some("inputs"),
        }
    }

    /// Brings up to date which released transfers could be signed. Called whenever something happens that they may have waited for.
    pub(crate) fn stir(&mut self) {
        if self.waiting.is_empty() && self.signable.is_empty() {
            return;
        }
        let could = |id: &&TransferId| {
            let transfer = self.transfers.get(*id);
            transfer.is_some_and(|transfer| self.could_sign(**id, transfer, transfer.spend.as_ref()))
        };
        self.signable = self.waiting.iter().filter(could).copied().collect();
    }

    /// A released transfer that waited and can be signed now.
    pub(crate) fn signable(&self, now: Timestamp) -> Option<TransferId> {
        let current = |id: &&TransferId| {
            self.transfers.get(*id).is_some_and(|transfer| self.is_current(&transfer.payload.vault, now))
        };
        self.signable.iter().find(current).copied()
    }

    /// Whether a transfer has been released and waits for its first transaction, or is signed and may get another.
    #[must_use]
    pub fn awaits_signature(&self, id: TransferId) -> bool {
        let waits = |transfer: &Transfer| matches!(transfer.status, Status::Ready | Status::Signed { .. });
        self.transfers.get(&id).is_some_and(waits)
    }
}

/// What happens.
impl State {
    pub(crate) fn attached(&mut self, id: TransferId, spend: &SpendPlan) {
        self.update(id, |transfer| transfer.spend = Some(spend.clone()));
        self.wait_for_signature(id);
    }

    /// Keeps the set of those who wait for nothing but the chain or room.
    pub(crate) fn wait_for_signature(&mut self, id: TransferId) {
        if self.transfers.get(&id).is_some_and(Transfer::waits_for_signature) {
            self.waiting.insert(id);
        } else {
            self.waiting.remove(&id);
        }
    }

    pub(crate) fn signing_began(&mut self, act: &Act, id: TransferId) {
        let Some(transfer) = self.transfers.get_mut(&id) else { return };
        let was_afloat = Self::is_afloat(&transfer.status);
        let spend = transfer.spend.clone();
        transfer.signings.extend(spend.clone().map(|spend| Signing { spend, at: act.at, signed: false }));
        let inputs = spend.filter(|spend| spend.kind != SpendKind::Child).map(|spend| spend.inputs);
        self.reserved.extend(inputs.unwrap_or_default().into_iter().map(|input| (input, id)));
        if !was_afloat {
            self.float(id, true);
        }
        self.settle(act, id, Status::Signing);
    }

    /// The transaction that was brought is not signed; the one before it stands.
    pub(crate) fn withheld(&mut self, id: TransferId) {
        self.update(id, |transfer| transfer.spend = transfer.standing_spend().cloned());
        self.wait_for_signature(id);
    }

    pub(crate) fn signed(&mut self, act: &Act, id: TransferId, txid: Hash) {
        let Some(transfer) = self.transfers.get_mut(&id) else { return };
        let is_first = !transfer.signings.iter().any(|signing| signing.signed);
        if let Some(signing) = transfer.signings.last_mut() {
            signing.signed = true;
        }
        let txid = transfer.standing_spend().map_or(txid, |spend| spend.txid);
        self.settle(act, id, Status::Signed { txid });
        if is_first && let Some(transfer) = self.transfers.get(&id) {
            self.paid.note(transfer, id, act.at);
        }
    }

    /// A block has it: its inputs are gone, those of the transactions that it replaced are free again.
    pub(crate) fn confirmed(&mut self, act: &Act, id: TransferId, txid: Hash, status: Status) {
        let Some(transfer) = self.transfers.get(&id).cloned() else { return };
        let spent = self.spend_coins(&transfer, txid);
        for input in transfer.reserved_inputs() {
            if !spent.iter().any(|(outpoint, _)| *outpoint == input) {
                self.reserved.remove(&input);
            }
        }
        if status == Status::Cancelled {
            self.paid.forget(&transfer, id);
        } else if !transfer.signings.is_empty() && transfer.signings.iter().all(|signing| !signing.signed) {
            // The block came before the report of the signature.
            self.paid.note(&transfer, id, act.at);
        }
        self.float(id, false);
        self.update(id, |transfer| transfer.spent = spent);
        self.settle(act, id, status);
    }

    /// It can never be paid: what it held is free, and it counts no more.
    pub(crate) fn displaced(&mut self, act: &Act, id: TransferId) {
        let Some(transfer) = self.transfers.get(&id).cloned() else { return };
        for input in transfer.reserved_inputs() {
            self.reserved.remove(&input);
        }
        self.paid.forget(&transfer, id);
        self.float(id, false);
        self.settle(act, id, Status::Cancelled);
    }

    /// The block is gone: the transaction waits again, and so does everything that it had spent.
    pub(crate) fn unconfirmed(&mut self, act: &Act, id: TransferId) {
        let Some(transfer) = self.transfers.get_mut(&id) else { return };
        let was_returned = transfer.status == Status::Cancelled;
        let txid = transfer.confirmed_spend().map(|spend| spend.txid).unwrap_or_default();
        let spent = std::mem::take(&mut transfer.spent);
        transfer.cancelled = None;
        let inputs = transfer.reserved_inputs();
        let transfer = transfer.clone();
        self.coins.extend(spent);
        for input in inputs {
            self.reserved.entry(input).or_insert(id);
        }
        if was_returned {
            self.paid.note(&transfer, id, act.at);
            self.cancels.retain(|(_, cancelled)| *cancelled != id);
        }
        self.settle(act, id, Status::Signed { txid });
        self.float(id, true);
    }

    fn float(&mut self, id: TransferId, begins: bool) {
        let Some(transfer) = self.transfers.get(&id) else { return };
        let (vault, value) = (transfer.payload.vault.clone(), transfer.leaving());
        let afloat = self.afloat.entry(vault).or_insert(Value::ZERO);
        let sum = if begins { afloat.plus(value).unwrap_or(*afloat) } else { afloat.less(value) };
        *afloat = sum;
    }
}

impl Transfer {
    /// What leaves the vault: of a refresh only the fee.
    fn leaving(&self) -> Value {
        if self.payload.refresh { self.fee } else { self.value }
    }

    /// Whether it is released, and its transaction, or the one that is to follow the one that is signed, is not signed.
    fn waits_for_signature(&self) -> bool {
        match self.status {
            Status::Ready => true,
            // One whose signing began before a block came in between is not begun again: it can be brought anew at a higher fee.
            Status::Signed { .. } => {
                self.spend.as_ref().is_some_and(|spend| self.signed_kind(spend.txid).is_none())
            }
            _ => false,
        }
    }

    /// The input that every payment and return of this transfer spends.
    #[must_use]
    pub fn shared_input(&self) -> Option<OutPoint> {
        self.signings.first().and_then(|signing| signing.spend.inputs.first()).copied()
    }

    /// The transaction that is to be mined: the last that was signed and is no child.
    #[must_use]
    pub fn standing_spend(&self) -> Option<&SpendPlan> {
        let mut latest_first = self.signings.iter().rev();
        let found = latest_first.find(|signing| signing.signed && signing.spend.kind != SpendKind::Child);
        found.map(|signing| &signing.spend)
    }

    /// What a transaction's fee comes on top of: of a child the payment's, and other children's.
    fn parent_fee(&self, spend: &SpendPlan) -> u128 {
        if spend.kind == SpendKind::Child { self.fees_beside(spend.txid) } else { 0 }
    }

    /// What the payment that is to be mined and the children on it cost, but for one of them.
    #[must_use]
    pub fn fees_beside(&self, child: Hash) -> u128 {
        let Some(standing) = self.standing_spend() else { return 0 };
        let on_top = |signing: &&Signing| {
            signing.spend.kind == SpendKind::Child
                && signing.spend.txid != child
                && signing.spend.inputs.iter().any(|input| input.txid == standing.txid)
        };
        let children = self.signings.iter().filter(on_top).map(|signing| signing.spend.fee);
        children.fold(standing.fee, u128::saturating_add)
    }

    fn has_signed(&self, txid: Hash) -> bool {
        self.signings.iter().any(|signing| signing.signed && signing.spend.txid == txid)
    }

    /// A signature may exist from the moment at which its signing began.
    fn signed_kind(&self, txid: Hash) -> Option<SpendKind> {
        let found = self.signings.iter().find(|signing| signing.spend.txid == txid);
        found.map(|signing| signing.spend.kind)
    }

    /// The transaction that a block has, once that was reported.
    #[must_use]
    pub fn confirmed_spend(&self) -> Option<&SpendPlan> {
        let (input, _) = self.spent.first()?;
        let spends = |signing: &&Signing| match &self.status {
            Status::Confirmed { txid } => signing.spend.txid == *txid,
            _ => signing.spend.kind == SpendKind::Return && signing.spend.inputs.contains(input),
        };
        self.signings.iter().rev().find(spends).map(|signing| &signing.spend)
    }

    fn reserved_inputs(&self) -> Vec<OutPoint> {
        let payments = self.signings.iter().filter(|signing| signing.spend.kind != SpendKind::Child);
        payments.flat_map(|signing| signing.spend.inputs.iter().copied()).collect()
    }
}
