//! Explain: what the rules say of one transfer, and why, condition by condition. Keeps G1 understandable; names no approver (G9).
//!
//! Called by `rempart policy explain`, and by the server for what people see of their own transfers. The JSON is stable:
//! `decision` (`refused`, `pending`, `ready`, `expired`), `reasons`, `permits`, `limits`, `forbids`; `docs/policy.md` lists it.

mod input;
mod permits;
mod text;

use serde::Serialize;
use types::{
    ActorId, Amount, Currency, ForbidId, Hash, LimitId, MoneyError, Target, Timestamp, Value, VaultId,
};

pub use input::{
    APPROVALS_MAX, ApprovalFile, HISTORY_LENGTH_MAX, HistoryFile, OutputFile, Status, TransferFile,
};
pub(crate) use permits::conditions;
pub use permits::{Condition, ConditionReport, Ignored, IgnoredApproval, PermitReport};
pub use text::Language;

use crate::calendar::TIME_ZONE_DATA_VERSION;
use crate::evaluate::{Charge, Counter, Facts, History, OutputFacts};
use crate::model::Posture;
use crate::policy::Policy;
use crate::price::{PriceEntry, PriceProblem};

/// A sum as JSON: `{"currency","minor"}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Sum {
    /// Of what.
    pub currency: Currency,
    /// How many of its smallest unit.
    pub minor: Value,
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Amount::new(self.currency, self.minor.minor()).fmt(f)
    }
}

/// What becomes of the transfer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Refused at submission.
    Refused,
    /// Something is missing, or the hold runs at `now`.
    Pending,
    /// The moment of decision is `ready_at`.
    Ready,
    /// At `now` it is dead.
    Expired,
}

/// Why a transfer is refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Reason {
    /// The vault is not in the policy.
    UnknownVault {
        /// Which.
        vault: VaultId,
    },
    /// Another vault that is paid is not in the policy.
    UnknownTarget {
        /// Which.
        vault: VaultId,
    },
    /// The initiator is neither a person nor a service of the policy.
    UnknownInitiator {
        /// Who.
        initiator: ActorId,
    },
    /// There is no price that can be trusted.
    Price {
        /// Which problem.
        problem: String,
    },
    /// A sum leaves what can be computed.
    Overflow,
    /// A forbid matches.
    Forbidden {
        /// Which.
        forbid: ForbidId,
    },
    /// A limit has no room.
    LimitFull {
        /// Which.
        limit: LimitId,
        /// When it would fit; never when absent.
        fits_at: Option<Timestamp>,
    },
    /// No permit matches.
    NoPermit,
}

/// A reason with its text in English.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReasonReport {
    /// The reason; `code` says which.
    #[serde(flatten)]
    pub reason: Reason,
    /// In words.
    pub message: String,
}

/// What one limit says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LimitReport {
    /// Which limit.
    pub id: LimitId,
    /// Whose window: `{"vault": …}`, `{"initiator": …}`, `{"destination": …}` or `"organisation"`.
    pub counter: CounterReport,
    /// What this transfer would use.
    pub value: Sum,
    /// Whether it fits.
    pub fits: bool,
    /// What the window holds before it.
    pub used: Sum,
    /// How many submissions the window holds before it.
    pub used_count: u32,
    /// What is left before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<Sum>,
    /// How many are left before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_count: Option<u32>,
    /// When it would fit; absent when never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fits_at: Option<Timestamp>,
    /// When what is in the window leaves it.
    pub frees: Vec<Freed>,
}

/// Value that leaves a window.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Freed {
    /// When.
    pub at: Timestamp,
    /// How much.
    pub value: Sum,
}

/// Whose window.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CounterReport {
    /// One vault's.
    Vault(VaultId),
    /// One initiator's.
    Initiator(ActorId),
    /// One destination's.
    Destination(Target),
    /// The organisation's.
    Organisation,
}

impl From<Counter> for CounterReport {
    fn from(counter: Counter) -> Self {
        match counter {
            Counter::Vault(vault) => Self::Vault(vault),
            Counter::Initiator(initiator) => Self::Initiator(initiator),
            Counter::Destination(target) => Self::Destination(target),
            Counter::Organisation => Self::Organisation,
        }
    }
}

/// What one forbid says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ForbidReport {
    /// Which forbid.
    pub id: ForbidId,
    /// Whether it matches.
    pub matched: bool,
}

/// What one output was taken for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OutputReport {
    /// Where to; an address of a vault is that vault.
    pub target: Target,
    /// How much.
    pub value: Sum,
    /// Since when the vault has paid this address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_since: Option<Timestamp>,
}

/// Everything that the rules say of a transfer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Explanation {
    /// The policy's hash.
    pub policy: Hash,
    /// From which vault.
    pub vault: VaultId,
    /// By whom.
    pub initiator: ActorId,
    /// Submitted when.
    pub at: Timestamp,
    /// Judged when; absent: what will become of it if nothing else happens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Timestamp>,
    /// Under which posture.
    pub posture: Posture,
    /// Outputs plus fee; absent without a price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Sum>,
    /// What becomes of it.
    pub decision: Decision,
    /// The moment of decision, once some permit is met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_at: Option<Timestamp>,
    /// Whether the permit that is ready first is quick.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quick: Option<bool>,
    /// Why it is refused.
    pub reasons: Vec<ReasonReport>,
    /// What the outputs were taken for.
    pub outputs: Vec<OutputReport>,
    /// Every permit, matching ones first.
    pub permits: Vec<PermitReport>,
    /// Every limit that matches.
    pub limits: Vec<LimitReport>,
    /// Every forbid.
    pub forbids: Vec<ForbidReport>,
    /// Approvals that do not count, and why.
    pub ignored_approvals: Vec<IgnoredApproval>,
    /// The version of the time-zone data behind calendars.
    pub time_zone_data: &'static str,
}

/// A transfer of the past with its value.
struct Past<'h> {
    file: &'h HistoryFile,
    charges: Vec<Charge>,
}

/// Payments of the past, for `known`.
struct Paid<'h>(&'h [HistoryFile]);

impl History for Paid<'_> {
    fn first_paid(&self, vault: &VaultId, address: &str, not_after: Timestamp) -> Option<Timestamp> {
        let paid = self.0.iter().filter(|file| file.status.paid() && file.transfer.vault == *vault);
        let to_it = paid.filter(|file| {
            file.transfer
                .outputs
                .iter()
                .any(|output| matches!(&output.target, Target::Address(to) if to == address))
        });
        to_it.map(|file| file.transfer.at).filter(|at| *at <= not_after).min()
    }
}

/// Why a transfer has no facts.
enum NoFacts {
    Price(PriceProblem),
}

struct Valued {
    outputs: Vec<OutputFacts>,
    fee: Value,
    value: Value,
}

fn valued(policy: &Policy, file: &TransferFile, more_prices: &[PriceEntry]) -> Result<Valued, NoFacts> {
    let prices: Vec<PriceEntry> = file.prices.iter().chain(more_prices).cloned().collect();
    let value = |amount| policy.value(amount, &prices, file.at).map_err(NoFacts::Price);
    let overflow = |error: MoneyError| NoFacts::Price(PriceProblem::Money(error));
    let mut outputs = Vec::with_capacity(file.outputs.len());
    let mut sum = Value::ZERO;
    for output in &file.outputs {
        let worth = value(output.amount)?;
        sum = sum.plus(worth).map_err(overflow)?;
        outputs.push(OutputFacts { target: policy.resolve(&output.target), value: worth });
    }
    let fee = file.fee.map_or(Ok(Value::ZERO), value)?;
    Ok(Valued { outputs, fee, value: sum.plus(fee).map_err(overflow)? })
}

fn facts<'a>(file: &'a TransferFile, valued: &'a Valued) -> Facts<'a> {
    Facts {
        vault: &file.vault,
        initiator: &file.initiator,
        at: file.at,
        value: valued.value,
        outputs: &valued.outputs,
        fee: valued.fee,
    }
}

/// Explains what the rules say of a transfer after a history.
///
/// Transfers of the history that are later than this one say nothing. Those that are pending, ready, signed or confirmed count
/// against limits, by their value when they were submitted; signed and confirmed ones make their addresses known from the
/// instant of their submission.
#[must_use]
pub fn explain(policy: &Policy, transfer: &TransferFile, history: &[HistoryFile]) -> Explanation {
    let mut explanation = blank(policy, transfer);
    explanation.refuse_unknown(policy, transfer);
    let valued = match valued(policy, transfer, &[]) {
        Ok(valued) => valued,
        Err(problem) => {
            explanation.refuse(price_reason(problem, None));
            return explanation;
        }
    };
    let facts = facts(transfer, &valued);
    let earlier: Vec<HistoryFile> =
        history.iter().filter(|past| past.transfer.at <= transfer.at).cloned().collect();
    let paid = Paid(&earlier);
    explanation.value = Some(sum(policy, valued.value));
    explanation.outputs = outputs(policy, &facts, &paid);
    explanation.forbids(policy, &facts);
    explanation.limits(policy, transfer, &facts, &earlier);
    explanation.permits(policy, transfer, &facts, &paid);
    explanation
}

fn blank(policy: &Policy, transfer: &TransferFile) -> Explanation {
    Explanation {
        policy: policy.hash(),
        vault: transfer.vault.clone(),
        initiator: transfer.initiator.clone(),
        at: transfer.at,
        now: transfer.now,
        posture: transfer.posture,
        value: None,
        decision: Decision::Pending,
        ready_at: None,
        quick: None,
        reasons: Vec::new(),
        outputs: Vec::new(),
        permits: Vec::new(),
        limits: Vec::new(),
        forbids: Vec::new(),
        ignored_approvals: Vec::new(),
        time_zone_data: TIME_ZONE_DATA_VERSION,
    }
}

fn sum(policy: &Policy, minor: Value) -> Sum {
    Sum { currency: policy.organisation().currency, minor }
}

fn price_reason(NoFacts::Price(problem): NoFacts, past: Option<&TransferFile>) -> Reason {
    match (problem, past) {
        (PriceProblem::Money(_), _) => Reason::Overflow,
        (problem, None) => Reason::Price { problem: problem.to_string() },
        (problem, Some(past)) => Reason::Price {
            problem: format!("the transfer of {} in the history has no value: {problem}", past.at),
        },
    }
}

fn outputs(policy: &Policy, facts: &Facts<'_>, paid: &Paid<'_>) -> Vec<OutputReport> {
    let known_since = |target: &Target| match target {
        Target::Address(address) => paid.first_paid(facts.vault, address, facts.at),
        Target::Vault(_) => None,
    };
    let report = |output: &OutputFacts| OutputReport {
        target: output.target.clone(),
        value: sum(policy, output.value),
        known_since: known_since(&output.target),
    };
    facts.outputs.iter().map(report).collect()
}

impl Explanation {
    fn refuse(&mut self, reason: Reason) {
        self.decision = Decision::Refused;
        let message = text::reason(&reason, Language::En);
        self.reasons.push(ReasonReport { reason, message });
    }

    fn refuse_unknown(&mut self, policy: &Policy, transfer: &TransferFile) {
        if policy.vault(&transfer.vault).is_none() {
            self.refuse(Reason::UnknownVault { vault: transfer.vault.clone() });
        }
        if !policy.actor_exists(&transfer.initiator) {
            self.refuse(Reason::UnknownInitiator { initiator: transfer.initiator.clone() });
        }
        for output in &transfer.outputs {
            if let Target::Vault(vault) = &output.target
                && policy.vault(vault).is_none()
            {
                self.refuse(Reason::UnknownTarget { vault: vault.clone() });
            }
        }
    }

    fn forbids(&mut self, policy: &Policy, facts: &Facts<'_>) {
        for forbid in policy.forbids() {
            let matched = policy.forbids_it(forbid, facts);
            self.forbids.push(ForbidReport { id: forbid.id.clone(), matched });
            if matched {
                self.refuse(Reason::Forbidden { forbid: forbid.id.clone() });
            }
        }
    }

    fn limits(
        &mut self,
        policy: &Policy,
        transfer: &TransferFile,
        facts: &Facts<'_>,
        earlier: &[HistoryFile],
    ) {
        let mut past: Vec<Past<'_>> = Vec::new();
        for file in earlier.iter().filter(|file| file.status.counts()) {
            match charges_of(policy, &file.transfer, &transfer.prices) {
                Ok(charges) => past.push(Past { file, charges }),
                Err(reason) => return self.refuse(reason),
            }
        }
        past.sort_by_key(|past| past.file.transfer.at);
        let Ok(charges) = policy.charges(facts) else { return self.refuse(Reason::Overflow) };
        for charge in charges {
            self.limit(policy, facts, &past, charge);
        }
    }

    fn limit(&mut self, policy: &Policy, facts: &Facts<'_>, past: &[Past<'_>], charge: Charge) {
        let Some(limit) = policy.limit(&charge.limit) else { return };
        let entries = past.iter().flat_map(|past| {
            let same = |other: &&Charge| other.limit == charge.limit && other.counter == charge.counter;
            past.charges.iter().filter(same).map(|other| (past.file.transfer.at, other.value))
        });
        let Ok(room) = limit.room(entries, facts.at, charge.value) else {
            return self.refuse(Reason::Overflow);
        };
        if !room.fits {
            self.refuse(Reason::LimitFull { limit: limit.id.clone(), fits_at: room.fits_at });
        }
        let sum = |value| sum(policy, value);
        self.limits.push(LimitReport {
            id: charge.limit,
            counter: charge.counter.into(),
            value: sum(charge.value),
            fits: room.fits,
            used: sum(room.used),
            used_count: room.used_count,
            left: room.left.map(sum),
            left_count: room.left_count,
            fits_at: room.fits_at,
            frees: room.frees.into_iter().map(|(at, value)| Freed { at, value: sum(value) }).collect(),
        });
    }
}

fn charges_of(policy: &Policy, file: &TransferFile, prices: &[PriceEntry]) -> Result<Vec<Charge>, Reason> {
    let valued = valued(policy, file, prices).map_err(|problem| price_reason(problem, Some(file)))?;
    policy.charges(&facts(file, &valued)).map_err(|_| Reason::Overflow)
}
