//! A strategy as a timeline that a person can read and a program can replay (G2). Called by `search`.

use std::cell::RefCell;
use std::collections::HashMap;

use policy::Quorum;
use types::{ActorId, Span, Value};

use crate::bound::{Action, Step, Way};
use crate::coalition::Coalition;
use crate::game::{Game, Ground, Sure};
use crate::strategy::{Place, Placed};

/// The steps of a strategy, in time order.
pub(crate) fn steps(
    ground: &Ground<'_>,
    coalition: &Coalition<'_>,
    game: &Game,
    placed: &[Placed],
) -> Vec<Step> {
    let witness = Witness { ground, coalition, game, approvers: RefCell::default() };
    let mut steps = Vec::new();
    if game.sure.iter().any(|sure| sure.way == Way::Change && sure.amount > 0) {
        witness.change(&mut steps);
    }
    for sure in game.sure.iter().filter(|sure| sure.amount > 0) {
        steps.push(witness.taken(sure));
    }
    for (number, placed) in (1u32..).zip(placed) {
        witness.transfer(&mut steps, number, placed);
    }
    steps.sort_by_key(|step| (step.at, step.transfer, step.action));
    steps
}

/// Who approves, by permit and initiator.
type Approvers = HashMap<(usize, Option<ActorId>), Vec<ActorId>>;

struct Witness<'w> {
    ground: &'w Ground<'w>,
    coalition: &'w Coalition<'w>,
    game: &'w Game,
    approvers: RefCell<Approvers>,
}

impl Witness<'_> {
    /// As few approvers as will do.
    fn approvers(&self, quorum: &Quorum, without: Option<&ActorId>) -> Vec<ActorId> {
        let policy = self.ground.policy;
        let ids = self.coalition.ids();
        let mut chosen: Vec<_> =
            ids.into_iter().filter(|id| without.is_none_or(|actor| actor.as_str() != id.as_str())).collect();
        let mut at = 0;
        while at < chosen.len() {
            let mut fewer = chosen.clone();
            fewer.remove(at);
            if policy.met(quorum, &fewer, &[]) {
                chosen = fewer;
            } else {
                at += 1;
            }
        }
        chosen.into_iter().map(|id| ActorId::from(id.clone())).collect()
    }

    fn change(&self, steps: &mut Vec<Step>) {
        let policy = self.ground.policy;
        let quorum = &policy.change().approve;
        let proposer =
            self.coalition.people.iter().map(|person| ActorId::from(person.id.clone())).find(|actor| {
                let others: Vec<_> =
                    self.coalition.ids().into_iter().filter(|id| id.as_str() != actor.as_str()).collect();
                policy.met(quorum, &others, &[])
            });
        let effect = Span::from_seconds(self.ground.change_wait);
        let step = |action, by| Step {
            at: Span::ZERO,
            action,
            transfer: None,
            by,
            vault: None,
            permit: None,
            amount: None,
            to: None,
            way: Way::Change,
            effect,
        };
        let by = self.approvers(quorum, proposer.as_ref());
        steps.push(step(Action::Change, proposer.into_iter().collect()));
        steps.push(step(Action::Approve, by));
    }

    fn key_holders(&self, vault: usize, way: Way) -> Vec<ActorId> {
        let Some(vault) = self.ground.policy.vaults().get(vault) else { return Vec::new() };
        let path = match way {
            Way::Recovery => vault.recovery.as_ref().map(|recovery| &recovery.keys),
            _ => vault.keys.as_ref(),
        };
        let Some(path) = path else { return Vec::new() };
        let mut left = path.at_least as usize;
        let mut holders = Vec::new();
        for person in &self.coalition.people {
            let held = path.of.iter().filter(|key| person.keys.contains(key)).count();
            if held > 0 && left > 0 {
                left = left.saturating_sub(held);
                holders.push(ActorId::from(person.id.clone()));
            }
        }
        holders
    }

    fn taken(&self, sure: &Sure) -> Step {
        let vault = self.ground.policy.vaults().get(sure.vault);
        let at = Span::from_seconds(sure.at);
        Step {
            at,
            action: Action::Sign,
            transfer: None,
            by: self.key_holders(sure.vault, sure.way),
            vault: vault.map(|vault| vault.id.clone()),
            permit: None,
            amount: Some(Value::from_minor(sure.amount)),
            to: Some("new-0".to_owned()),
            way: sure.way,
            effect: at,
        }
    }

    fn place(&self, place: Place) -> String {
        match place {
            Place::New(number) => format!("new-{number}"),
            Place::Address(kind, number) => {
                let address = self.ground.addresses.get(kind).and_then(|kind| kind.get(number));
                address.cloned().unwrap_or_default()
            }
            Place::Inside(vault) => {
                let vault = self.ground.policy.vaults().get(vault);
                vault.map(|vault| format!("vault:{}", vault.id)).unwrap_or_default()
            }
        }
    }

    /// One submission for each output, then the approvals.
    fn transfer(&self, steps: &mut Vec<Step>, number: u32, placed: &Placed) {
        let policy = self.ground.policy;
        let Some(kind) = self.game.moves.get(placed.one) else { return };
        let (Some(permit), Some(vault)) =
            (policy.permits().get(kind.permit), policy.vaults().get(kind.vault))
        else {
            return;
        };
        let actor = self.game.teams.get(kind.team).and_then(|team| team.get(placed.member));
        let step = |action, by, amount: Option<u128>, to| Step {
            at: Span::from_seconds(placed.at),
            action,
            transfer: Some(number),
            by,
            vault: Some(vault.id.clone()),
            permit: Some(permit.id.clone()),
            amount: amount.map(Value::from_minor),
            to,
            way: Way::Policy,
            effect: Span::from_seconds(placed.at + kind.hold),
        };
        let own = (placed.padding > 0).then(|| (format!("vault:{}", vault.id), placed.padding));
        let outputs = placed.outputs.iter().map(|(place, value)| (self.place(*place), *value)).chain(own);
        for (to, value) in outputs {
            steps.push(step(Action::Submit, actor.cloned().into_iter().collect(), Some(value), Some(to)));
        }
        if let Some(quorum) = &permit.approve {
            let total: u128 = placed.outputs.iter().map(|(_, value)| value).sum();
            let key = (kind.permit, actor.cloned());
            let known = self.approvers.borrow().get(&key).cloned();
            let by = known.unwrap_or_else(|| self.approvers(quorum, actor));
            self.approvers.borrow_mut().insert(key, by.clone());
            steps.push(step(Action::Approve, by, Some(total + placed.padding), None));
        }
    }
}
