//! The permits' part of an explanation: each condition, the quorum, the hold. Keeps G1's words honest.
//!
//! Called by `explain`.

use jiff::civil::Weekday;
use serde::Serialize;
use types::{ActorId, PermitId, PersonId, Span, Target, Timestamp};

use super::{Decision, Explanation, Paid, Reason, TransferFile, sum};
use crate::calendar::{Calendar, CivilEnd};
use crate::evaluate::{Facts, History};
use crate::keys::WEEKDAYS;
use crate::model::{AmountRange, DestinationRule, Permit, Posture};
use crate::policy::Policy;
use crate::quorum::Quorum;
use crate::shortfall::Lacks;

/// What a condition is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The vault that pays.
    Vault,
    /// The groups of who submits.
    Initiator,
    /// The amount.
    Amount,
    /// Every output's target.
    Destination,
    /// For how long it has been known.
    KnownFor,
    /// When it was submitted.
    Calendar,
}

/// One condition of a permit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ConditionReport {
    /// What it is about.
    pub condition: Condition,
    /// Whether it holds.
    pub holds: bool,
    /// What the permit wants, as in the policy's file.
    pub wanted: String,
    /// What the transfer has.
    pub given: String,
}

/// What one permit says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PermitReport {
    /// Which permit.
    pub id: PermitId,
    /// Whether every condition holds.
    pub matched: bool,
    /// The conditions.
    pub conditions: Vec<ConditionReport>,
    /// The highest posture under which it works.
    pub posture: Posture,
    /// Whether it works under the transfer's posture.
    pub posture_allows: bool,
    /// Whether its quorum is met.
    pub met: bool,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub met_at: Option<Timestamp>,
    /// What its quorum lacks.
    pub lacks: Lacks,
    /// Its hold.
    pub hold: Span,
    /// Whether it is quick.
    pub quick: bool,
    /// When a request under it dies.
    pub expires_at: Timestamp,
    /// When the hold ends; absent unless it matches, is met, works under the posture and ends before the request dies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_at: Option<Timestamp>,
}

/// An approval that does not count.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct IgnoredApproval {
    /// By whom.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub because: Ignored,
}

/// Why an approval does not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ignored {
    /// Not a person of the policy.
    NotAPerson,
    /// Who submits never counts.
    Initiator,
    /// Before the submission.
    TooEarly,
    /// After `now`.
    AfterNow,
    /// The same person approved before.
    Repeated,
}

/// Approvals that count, in time order.
struct Approvals<'p> {
    counted: Vec<(Timestamp, &'p PersonId)>,
    initiator: Option<&'p PersonId>,
}

impl Explanation {
    pub(super) fn permits(
        &mut self,
        policy: &Policy,
        file: &TransferFile,
        facts: &Facts<'_>,
        paid: &Paid<'_>,
    ) {
        let approvals = self.approvals(policy, file);
        for permit in policy.permits() {
            let report = report(policy, permit, file, facts, paid, &approvals);
            self.permits.push(report);
        }
        // Matching ones first, otherwise as in the files.
        self.permits.sort_by_key(|report| !report.matched);
        if !self.permits.iter().any(|report| report.matched) {
            self.refuse(Reason::NoPermit);
        }
        if self.decision != Decision::Refused {
            self.decide(file);
        }
    }

    fn decide(&mut self, file: &TransferFile) {
        let matched = || self.permits.iter().filter(|report| report.matched);
        let first = matched().filter_map(|report| report.ready_at.map(|at| (at, report.quick))).min();
        let dies_at = matched().map(|report| report.expires_at).max();
        let now = file.now.unwrap_or(Timestamp::MAX);
        (self.ready_at, self.quick) = (first.map(|(at, _)| at), first.map(|(_, quick)| quick));
        self.decision = match first {
            Some((at, _)) if at <= now => Decision::Ready,
            None if file.now.is_some() && dies_at.is_some_and(|at| at < now) => Decision::Expired,
            _ => Decision::Pending,
        };
    }

    fn approvals<'p>(&mut self, policy: &'p Policy, file: &TransferFile) -> Approvals<'p> {
        let mut counted: Vec<(Timestamp, &PersonId)> = Vec::new();
        let mut sorted: Vec<_> = file.approvals.iter().collect();
        sorted.sort_by_key(|approval| approval.at);
        for approval in sorted {
            let person = policy.person_of(&approval.by).map(|person| &person.id);
            let because = match person {
                None => Some(Ignored::NotAPerson),
                _ if approval.by == file.initiator => Some(Ignored::Initiator),
                _ if approval.at < file.at => Some(Ignored::TooEarly),
                _ if file.now.is_some_and(|now| approval.at > now) => Some(Ignored::AfterNow),
                Some(person) if counted.iter().any(|(_, known)| *known == person) => Some(Ignored::Repeated),
                Some(_) => None,
            };
            match (because, person) {
                (None, Some(person)) => counted.push((approval.at, person)),
                (because, _) => self.ignored_approvals.push(IgnoredApproval {
                    by: approval.by.clone(),
                    at: approval.at,
                    because: because.unwrap_or(Ignored::NotAPerson),
                }),
            }
        }
        Approvals { counted, initiator: policy.person_of(&file.initiator).map(|person| &person.id) }
    }
}

fn report(
    policy: &Policy,
    permit: &Permit,
    file: &TransferFile,
    facts: &Facts<'_>,
    paid: &Paid<'_>,
    approvals: &Approvals<'_>,
) -> PermitReport {
    let conditions = conditions(policy, permit, facts, paid);
    let matched = conditions.iter().all(|condition| condition.holds);
    let posture_allows = permit.works_under(file.posture);
    let expires_at = file.at.after(permit.expires);
    let met_at = met_at(policy, permit.approve.as_ref(), approvals, file.at);
    let ready_at =
        met_at.map(|at| at.after(permit.hold)).filter(|at| matched && posture_allows && *at <= expires_at);
    let everyone: Vec<&PersonId> = approvals.counted.iter().map(|(_, person)| *person).collect();
    let lacks = permit
        .approve
        .as_ref()
        .map_or(Lacks::Nothing, |quorum| policy.shortfall(quorum, &everyone, approvals.initiator.as_slice()));
    PermitReport {
        id: permit.id.clone(),
        matched,
        conditions,
        posture: permit.posture,
        posture_allows,
        met: met_at.is_some(),
        met_at,
        lacks,
        hold: permit.hold,
        quick: policy.is_quick(permit),
        expires_at,
        ready_at,
    }
}

/// The instant of the approval with which the quorum is met first; quorums are monotone, so it stays met.
fn met_at(
    policy: &Policy,
    quorum: Option<&Quorum>,
    approvals: &Approvals<'_>,
    submitted: Timestamp,
) -> Option<Timestamp> {
    let Some(quorum) = quorum else { return Some(submitted) };
    let mut so_far: Vec<&PersonId> = Vec::new();
    for (at, person) in &approvals.counted {
        so_far.push(person);
        if policy.met(quorum, &so_far, approvals.initiator.as_slice()) {
            return Some(*at);
        }
    }
    None
}

/// Every condition of a permit, and whether it holds.
pub(crate) fn conditions(
    policy: &Policy,
    permit: &Permit,
    facts: &Facts<'_>,
    paid: &impl History,
) -> Vec<ConditionReport> {
    let mut all = vec![
        ConditionReport {
            condition: Condition::Vault,
            holds: permit.vaults.contains(facts.vault),
            wanted: joined(&permit.vaults),
            given: facts.vault.to_string(),
        },
        ConditionReport {
            condition: Condition::Initiator,
            holds: permit.initiators.iter().any(|group| policy.in_group(facts.initiator, group)),
            wanted: joined(&permit.initiators),
            given: facts.initiator.to_string(),
        },
        destination(policy, permit, facts, paid),
    ];
    if permit.amount != AmountRange::default() {
        all.push(ConditionReport {
            condition: Condition::Amount,
            holds: permit.amount.contains(facts.value),
            wanted: range(policy, &permit.amount),
            given: sum(policy, facts.value).to_string(),
        });
    }
    if let Some(known_for) = permit.known_for {
        all.push(ConditionReport {
            condition: Condition::KnownFor,
            holds: facts.outputs.iter().all(|output| permit.output_matches(policy, facts, output, paid)),
            wanted: known_for.to_string(),
            given: known_since(facts, paid),
        });
    }
    if let Some(calendar) = &permit.calendar {
        let zone = &policy.organisation().time_zone;
        all.push(ConditionReport {
            condition: Condition::Calendar,
            holds: calendar.contains(facts.at, zone),
            wanted: hours(calendar),
            given: local(policy, facts.at),
        });
    }
    all
}

/// `known` alone, without `known_for`, which is a condition of its own.
fn destination(policy: &Policy, permit: &Permit, facts: &Facts<'_>, paid: &impl History) -> ConditionReport {
    let ever_known = Permit { known_for: None, ..permit.clone() };
    let fits =
        |output: &&crate::evaluate::OutputFacts| ever_known.output_matches(policy, facts, output, paid);
    let odd: Vec<String> = facts
        .outputs
        .iter()
        .filter(|output| !fits(output))
        .map(|output| shown(policy, &output.target))
        .collect();
    let given = match odd.is_empty() {
        true => {
            facts.outputs.iter().map(|output| shown(policy, &output.target)).collect::<Vec<_>>().join(", ")
        }
        false => odd.join(", "),
    };
    ConditionReport {
        condition: Condition::Destination,
        holds: odd.is_empty(),
        wanted: permit.destination.to_string(),
        given,
    }
}

/// A target with the lists that it is in.
fn shown(policy: &Policy, target: &Target) -> String {
    match target {
        Target::Vault(vault) => DestinationRule::Vault(vault.clone()).to_string(),
        Target::Address(address) => {
            let known = policy.destinations().iter().filter(|known| known.address == *address);
            let lists: Vec<String> =
                known.filter_map(|known| known.list.as_ref()).map(|list| format!("list:{list}")).collect();
            match lists.is_empty() {
                true => address.clone(),
                false => format!("{address} ({})", lists.join(", ")),
            }
        }
    }
}

fn known_since(facts: &Facts<'_>, paid: &impl History) -> String {
    let since = |output: &crate::evaluate::OutputFacts| match &output.target {
        Target::Address(address) => paid.first_paid(facts.vault, address, facts.at),
        Target::Vault(_) => None,
    };
    let all: Vec<String> = facts
        .outputs
        .iter()
        .map(|output| since(output).map_or("-".to_owned(), |at| at.to_string()))
        .collect();
    all.join(", ")
}

fn joined<T: std::fmt::Display>(names: &[T]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn range(policy: &Policy, range: &AmountRange) -> String {
    let over = range.over.map(|over| format!("> {}", sum(policy, over)));
    let up_to = range.up_to.map(|up_to| format!("<= {}", sum(policy, up_to)));
    over.into_iter().chain(up_to).collect::<Vec<_>>().join(", ")
}

fn hours(calendar: &Calendar) -> String {
    let to = match calendar.to {
        CivilEnd::At(time) => time.strftime("%H:%M").to_string(),
        CivilEnd::Midnight => "24:00".to_owned(),
    };
    let days: Vec<&str> = calendar.days.iter().map(|day| day_name(*day)).collect();
    format!("{} {}-{to}", days.join(" "), calendar.from.strftime("%H:%M"))
}

fn local(policy: &Policy, at: Timestamp) -> String {
    let Ok(instant) = jiff::Timestamp::from_nanosecond(i128::from(at.as_nanos())) else {
        return at.to_string();
    };
    let local = policy.organisation().time_zone.to_datetime(instant);
    format!("{} {}", day_name(local.date().weekday()), local.strftime("%H:%M:%S"))
}

fn day_name(day: Weekday) -> &'static str {
    let at = usize::try_from(day.to_monday_zero_offset()).unwrap_or_default();
    WEEKDAYS.get(at).copied().unwrap_or("?")
}
