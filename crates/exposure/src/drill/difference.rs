//! Which rules made the difference between a wallet and this policy: computed by taking rules away and asking for the bound again, never guessed (G2).

use policy::Policy;
use serde::Serialize;
use types::{LimitId, PermitId, Span, Value, VaultId};

use super::{Subject, opened, worst};
use crate::{BoundError, Holdings, Mode};

/// The most single rules that are tried for one question.
const RULES_TRIED_MAX: usize = 120;

/// A family of rules that can stand in the way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Barrier {
    /// Holds, calendars, and how long a destination must be known.
    Waits,
    /// Approvals by others.
    Approvals,
    /// Amounts of permits, and limits.
    Caps,
    /// Signing keys that others hold.
    Keys,
    /// Who may start a transfer, from which vault, and where to.
    Reach,
}

impl Barrier {
    /// Those that are tried alone, each on top of [`Barrier::Reach`].
    const TRIED: [Self; 4] = [Self::Waits, Self::Approvals, Self::Keys, Self::Caps];
    /// Those that a permit has.
    pub(super) const OF_PERMITS: [Self; 3] = [Self::Waits, Self::Approvals, Self::Caps];
}

/// One rule.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Rule {
    /// How long a permit makes people wait.
    Hold(PermitId),
    /// Who must approve under a permit.
    Approvals(PermitId),
    /// For how much a permit is good.
    Amount(PermitId),
    /// A limit.
    Limit(LimitId),
    /// Who must sign for a vault.
    Keys(VaultId),
    /// How long a change of the policy waits.
    ChangeHold,
    /// Who must approve a change of the policy.
    ChangeApprovals,
}

impl Rule {
    const fn barrier(&self) -> Option<Barrier> {
        match self {
            Self::Hold(_) => Some(Barrier::Waits),
            Self::Approvals(_) => Some(Barrier::Approvals),
            Self::Amount(_) | Self::Limit(_) => Some(Barrier::Caps),
            Self::Keys(_) => Some(Barrier::Keys),
            Self::ChangeHold | Self::ChangeApprovals => None,
        }
    }
}

/// Which rules made the difference, for one question, when nobody signals.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Difference {
    /// What would be lost if only one family of rules stood; [`Barrier::Reach`] always stands. The least first.
    pub alone: Vec<(Barrier, Value)>,
    /// Families of which each alone would have held the loss where it is.
    pub enough: Vec<Barrier>,
    /// Single rules without which more would be lost: those without which the most would, and how much in all.
    pub depends: Vec<(Rule, Value)>,
    /// What would be lost if the co-signer stood out of the reach of those taken; present when that is less.
    pub cosigner_away: Option<Value>,
    /// Whether there were too many rules to try each.
    pub not_all_tried: bool,
}

pub(super) fn find(
    policy: &Policy,
    holdings: &Holdings,
    question: (Subject, Span),
    loss: Value,
) -> Result<Difference, BoundError> {
    let ask = |edited: Option<Policy>| -> Result<Option<Value>, BoundError> {
        let Some(edited) = edited else { return Ok(None) };
        let worst = worst(&edited, holdings, question.0, question.1, Mode::Silent)?;
        Ok(worst.map(|bound| bound.amount))
    };
    let mut alone = Vec::new();
    if let Some(lost) = ask(opened::all_but(policy, None))? {
        alone.push((Barrier::Reach, lost));
    }
    // Where nobody taken may start anything, nothing else was needed.
    if alone.first().is_none_or(|(_, lost)| *lost > loss) {
        for barrier in Barrier::TRIED {
            if let Some(lost) = ask(opened::all_but(policy, Some(barrier)))? {
                alone.push((barrier, lost));
            }
        }
    }
    alone.sort_by_key(|(barrier, lost)| (*lost, *barrier));
    let enough: Vec<Barrier> =
        alone.iter().filter(|(_, lost)| *lost <= loss).map(|(barrier, _)| *barrier).collect();
    let mut rules = rules(policy, &enough);
    let not_all_tried = rules.len() > RULES_TRIED_MAX;
    rules.truncate(RULES_TRIED_MAX);
    let mut depends = Vec::new();
    for rule in rules {
        if let Some(lost) = ask(opened::without(policy, &rule))?.filter(|lost| *lost > loss) {
            depends.push((rule, lost));
        }
    }
    keep_most(&mut depends);
    let cosigner_away = ask(opened::cosigner_away(policy))?.filter(|lost| *lost < loss);
    Ok(Difference { alone, enough, depends, cosigner_away, not_all_tried })
}

/// Of rules that could be missed, those that would be missed most.
fn keep_most(depends: &mut Vec<(Rule, Value)>) {
    let most = depends.iter().map(|(_, lost)| *lost).max();
    depends.retain(|(_, lost)| Some(*lost) == most);
}

/// The single rules worth trying: when two families are each enough, no rule of either can be missed; when one is, only its own can.
fn rules(policy: &Policy, enough: &[Barrier]) -> Vec<Rule> {
    let permits = policy.permits();
    let holds =
        permits.iter().filter(|permit| permit.hold > Span::ZERO).map(|permit| Rule::Hold(permit.id.clone()));
    let approvals = permits
        .iter()
        .filter(|permit| permit.approve.is_some())
        .map(|permit| Rule::Approvals(permit.id.clone()));
    let amounts = permits
        .iter()
        .filter(|permit| permit.amount.up_to.is_some())
        .map(|permit| Rule::Amount(permit.id.clone()));
    let limits = policy.limits().iter().map(|limit| Rule::Limit(limit.id.clone()));
    let keys =
        policy.vaults().iter().filter(|vault| vault.keys.is_some()).map(|vault| Rule::Keys(vault.id.clone()));
    let all = [Rule::ChangeHold, Rule::ChangeApprovals].into_iter();
    let all = all.chain(limits).chain(amounts).chain(holds).chain(approvals).chain(keys);
    let can_be_missed = |rule: &Rule| match (rule.barrier(), enough) {
        (None, _) | (_, []) => true,
        (Some(barrier), [only]) => barrier == *only,
        (Some(_), _) => false,
    };
    all.filter(can_be_missed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_that_would_be_missed_most_are_kept() {
        let value = Value::from_minor;
        let keys = |vault: &str| Rule::Keys(VaultId::parse(vault).unwrap());
        let mut depends = vec![
            (Rule::ChangeHold, value(3)),
            (keys("a"), value(5)),
            (keys("b"), value(5)),
            (Rule::ChangeApprovals, value(4)),
        ];
        keep_most(&mut depends);
        assert_eq!(depends, [(keys("a"), value(5)), (keys("b"), value(5))]);
    }
}
