//! Which transfers one policy releases that another does not, whatever came before: permits and forbids here, limits in `windows`.
//! Keeps G5. Called by `compare`.
//!
//! For each vault, initiator, value and instant that the rules tell apart, and each permit that matches, one set of targets
//! decides: all that the permit admits at once. More targets only take permits away from the other policy. One set of
//! approvals decides likewise: all at the last moment that is early enough, because earlier ones only help.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use types::{ActorId, Amount, PersonId, Timestamp, Value, VaultId};

use super::cells::{self, Cells, Spot, admits, fits_alone, is_forbidden, knows, vault_of};
use super::people::{Answer, Without};
use super::windows;
use super::{Deed, Pair, Surplus};
use crate::bits::Bits;
use crate::explain::{
    ApprovalFile, Decision, Explanation, HistoryFile, OutputFile, Status, TransferFile, explain,
};
use crate::model::{LimitBy, Permit, Posture};
use crate::policy::Policy;
use crate::quorum::Quorum;

/// The most cases that one comparison looks at.
const CASES_MAX: u32 = 2_000_000;
/// What a difference that cannot be shown costs of these, because it is the evaluator that looks for it.
const UNSHOWN_CASES: u32 = 10_000;
/// The most transfers that limits are tried on, for each kind of initiator.
const SAMPLES_MAX: usize = 64;

/// What limits ask of transfers that permits admit under both policies.
pub(super) struct Sample {
    pub initiator: ActorId,
    pub at: Timestamp,
    pub value: u128,
    pub spot: Spot,
    pub posture: Posture,
    pub approvals: Vec<PersonId>,
}

/// Which of two policies.
const LESS: usize = 0;
const MORE: usize = 1;

type Asked<'g> = (usize, Vec<usize>, &'g ActorId);
type Answers<'g> = HashMap<Asked<'g>, (Answer, &'g ActorId)>;
/// The answers to the same questions, whoever it is who does not count.
type Questions = HashMap<(usize, Vec<usize>), Vec<(Without, Answer)>>;

/// One search.
pub(super) struct Ground<'g, 'p> {
    pub pair: &'g Pair<'p>,
    pub cells: &'g Cells,
    pub vault: &'g VaultId,
    /// For each permit on the vault, by its number, which spots it admits: of `less` and of `more`.
    admitted: [HashMap<usize, Vec<bool>>; 2],
    answers: &'g RefCell<Answers<'g>>,
    questions: &'g RefCell<Questions>,
    cases_left: &'g RefCell<u32>,
}

/// One transfer's conditions, targets apart.
#[derive(Clone, Copy)]
struct Case<'c> {
    /// All who are members of the same groups; the first stands for them.
    kind: &'c [ActorId],
    initiator: &'c ActorId,
    at: Timestamp,
    value: u128,
}

/// A way for `more` to release that `less` does not have.
struct Gap<'s> {
    initiator: &'s ActorId,
    targets: Vec<&'s Spot>,
    people: Vec<PersonId>,
    late_by: i64,
    undecided: bool,
}

pub(super) fn search(pair: &Pair<'_>, surplus: &mut Surplus) {
    let cells = Cells::new(pair);
    let (answers, questions, cases_left) = (RefCell::default(), RefCell::default(), RefCell::new(CASES_MAX));
    for vault in pair.more.vaults() {
        let ground = Ground::new(pair, &cells, &vault.id, (&answers, &questions, &cases_left));
        ground.search(surplus);
        if surplus.certain.is_some() {
            return;
        }
    }
    if *cases_left.borrow() == 0 {
        surplus.doubt(Deed::Undecided { what: "transfers" });
    }
}

impl<'g, 'p> Ground<'g, 'p> {
    fn new(
        pair: &'g Pair<'p>,
        cells: &'g Cells,
        vault: &'g VaultId,
        (answers, questions, cases_left): (
            &'g RefCell<Answers<'g>>,
            &'g RefCell<Questions>,
            &'g RefCell<u32>,
        ),
    ) -> Self {
        let admitted = [pair.less, pair.more].map(|policy| {
            let by = |permit: &Permit| cells.spots.iter().map(|spot| admits(policy, permit, spot)).collect();
            on_vault(policy, vault).into_iter().map(|(number, permit)| (number, by(permit))).collect()
        });
        Self { pair, cells, vault, admitted, answers, questions, cases_left }
    }

    fn admits(&self, side: usize, permit: usize, spot: &Spot) -> bool {
        let spots = self.admitted.get(side).and_then(|permits| permits.get(&permit));
        spots.and_then(|spots| spots.get(spot.number)).copied().unwrap_or(false)
    }
}

impl<'g> Ground<'g, '_> {
    fn search(&self, surplus: &mut Surplus) {
        let (more, less) = (on_vault(self.pair.more, self.vault), on_vault(self.pair.less, self.vault));
        let mut values = cells::values([self.pair.less, self.pair.more], self.vault);
        // Sums that can leave the vault first: they say more than what stays in it.
        values.sort_by_key(|value| !fits_alone(self.pair.more, self.vault, *value));
        for kind in &self.cells.actors {
            let Some(initiator) = kind.first() else { continue };
            let mut samples = Vec::new();
            for mine in &more {
                let may = mine.1.initiators.iter().any(|group| self.pair.more.in_group(initiator, group));
                if may && latest(mine.1).is_some() {
                    self.permit((*mine, &less), (kind, &values), (&mut samples, surplus));
                }
                if surplus.certain.is_some() {
                    return;
                }
            }
            windows::search(self, &samples, surplus);
            if surplus.certain.is_some() {
                return;
            }
        }
    }

    fn permit(
        &self,
        (mine, less): ((usize, &Permit), &[(usize, &Permit)]),
        (kind, values): (&'g [ActorId], &[u128]),
        (samples, surplus): (&mut Vec<Sample>, &mut Surplus),
    ) {
        let permit = mine.1;
        let zone = &self.pair.more.organisation().time_zone;
        let open = |at: &&Timestamp| permit.calendar.as_ref().is_none_or(|hours| hours.contains(**at, zone));
        for value in values.iter().filter(|value| permit.amount.contains(Value::from_minor(**value))) {
            for at in self.cells.instants.iter().filter(open) {
                let Some(initiator) = kind.first() else { return };
                let case = Case { kind, initiator, at: *at, value: *value };
                self.case((case, values), (mine, less), (samples, surplus));
                if surplus.certain.is_some() || *self.cases_left.borrow() == 0 {
                    return;
                }
            }
        }
    }

    /// Every target that the permit admits, an address as newly known as it may be.
    fn targets(&self, case: Case<'g>, permit: usize) -> Vec<&'g Spot> {
        let mut places = BTreeSet::new();
        let of = (self.vault, case.initiator);
        let free = |spot: &&Spot| {
            self.admits(MORE, permit, spot) && !is_forbidden(self.pair.more, of, (case.value, case.at), spot)
        };
        self.cells.spots.iter().filter(free).filter(|spot| places.insert(spot.place)).collect()
    }

    fn case(
        &self,
        (case, values): (Case<'g>, &[u128]),
        (mine, less): ((usize, &Permit), &[(usize, &Permit)]),
        (samples, surplus): (&mut Vec<Sample>, &mut Surplus),
    ) {
        let all = self.targets(case, mine.0);
        let is_own = |spot: &&Spot| vault_of(self.pair.more, &spot.target).as_ref() == Some(self.vault);
        let (own, others): (Vec<&Spot>, Vec<&Spot>) = all.iter().copied().partition(is_own);
        if !others.is_empty() && fits_alone(self.pair.more, self.vault, case.value) {
            self.compare((case, case.value), &others, (mine, less), surplus);
            self.sample((case, mine), &others, samples);
        }
        if own.is_empty() {
            return;
        }
        // Part of it stays in the vault and is not charged to limits: nothing is, or what the other policy's limits refuse.
        let refused = |charged: &&u128| {
            **charged < case.value
                && fits_alone(self.pair.more, self.vault, **charged)
                && !fits_alone(self.pair.less, self.vault, **charged)
        };
        let charged = [Some(0), values.iter().find(refused).copied()];
        for charged in charged.into_iter().flatten() {
            if fits_alone(self.pair.more, self.vault, charged) {
                self.compare((case, charged), &all, (mine, less), surplus);
            }
        }
        if fits_alone(self.pair.more, self.vault, 0) {
            self.sample((case, mine), &own, samples);
        }
    }

    fn compare(
        &self,
        (case, charged): (Case<'g>, u128),
        targets: &[&'g Spot],
        (mine, less): ((usize, &Permit), &[(usize, &Permit)]),
        surplus: &mut Surplus,
    ) {
        if surplus.certain.is_some() || *self.cases_left.borrow() == 0 {
            return;
        }
        *self.cases_left.borrow_mut() -= 1;
        let Some(mut gap) = self.gap((case, charged), targets, (mine, less)) else { return };
        // One target says more than all of them, where one is enough.
        let simplest = targets.iter().find_map(|spot| {
            let alone = [*spot];
            self.gap((case, charged), &alone, (mine, less))
                .filter(|gap| self.shown(case, mine.1, gap, charged).is_some())
        });
        gap = simplest.unwrap_or(gap);
        match self.shown(case, mine.1, &gap, charged) {
            Some(deed) if !gap.undecided => surplus.add(deed),
            _ => {
                surplus.doubt(Deed::Undecided { what: "transfers" });
                let left = self.cases_left.borrow().saturating_sub(UNSHOWN_CASES);
                *self.cases_left.borrow_mut() = left;
            }
        }
    }

    /// Whether `more`'s permit releases a transfer to these targets that no permit of `less` releases.
    fn gap(
        &self,
        (case, charged): (Case<'g>, u128),
        targets: &[&'g Spot],
        ((index, permit), less): ((usize, &Permit), &[(usize, &Permit)]),
    ) -> Option<Gap<'g>> {
        let late = latest(permit)?;
        let others = self.others(case, charged, targets, less);
        let able =
            |other: &&(usize, &Permit)| is_as_good((self.pair.less, other.1), (self.pair.more, permit));
        // Without a quorum the hold runs from submission: after that time nothing is gained by approving.
        let unasked = others.iter().filter(able).filter(|(_, other)| other.approve.is_none());
        let soonest = unasked.map(|(_, other)| other.hold.nanos()).min();
        let late = match soonest {
            Some(hold) if hold <= permit.hold.nanos() => return None,
            Some(hold) => late.min(hold - permit.hold.nanos() - 1),
            None => late,
        };
        let able: Vec<&(usize, &Permit)> = others
            .iter()
            .filter(able)
            .filter(|(_, other)| {
                other.hold <= permit.hold && latest(other).is_some_and(|until| until >= late)
            })
            .collect();
        let (answer, initiator) = self.answer(case, (index, permit), &able);
        let (people, undecided) = match answer {
            Answer::Implied => return None,
            Answer::Found(people) => (people, false),
            Answer::Undecided => (Vec::new(), true),
        };
        Some(Gap { initiator, targets: targets.to_vec(), people, late_by: late, undecided })
    }

    /// The permits of `less` that match a transfer which its forbids and limits let pass.
    fn others<'l>(
        &self,
        case: Case<'g>,
        charged: u128,
        targets: &[&Spot],
        less: &[(usize, &'l Permit)],
    ) -> Vec<(usize, &'l Permit)> {
        let policy = self.pair.less;
        let refused = |spot: &&Spot| {
            !knows(policy, &spot.target)
                || is_forbidden(policy, (self.vault, case.initiator), (case.value, case.at), spot)
        };
        let nothing = !policy.actor_exists(case.initiator)
            || policy.vault(self.vault).is_none()
            || !fits_alone(policy, self.vault, charged)
            || targets.iter().any(refused);
        let zone = &policy.organisation().time_zone;
        let matches = |number: usize, permit: &Permit| {
            permit.initiators.iter().any(|group| policy.in_group(case.initiator, group))
                && permit.amount.contains(Value::from_minor(case.value))
                && permit.calendar.as_ref().is_none_or(|hours| hours.contains(case.at, zone))
                && latest(permit).is_some()
                && targets.iter().all(|spot| self.admits(LESS, number, spot))
        };
        less.iter().filter(|(number, permit)| !nothing && matches(*number, permit)).copied().collect()
    }

    /// Whether somebody of the kind submits what these people approve under the one permit and not under the others.
    fn answer(
        &self,
        case: Case<'g>,
        (index, permit): (usize, &Permit),
        others: &[&(usize, &Permit)],
    ) -> (Answer, &'g ActorId) {
        let asked = (index, others.iter().map(|(at, _)| *at).collect(), case.initiator);
        if let Some(answer) = self.answers.borrow().get(&asked) {
            return answer.clone();
        }
        let answer = self.first_answer(case.kind, (index, permit), others);
        let answer = answer.unwrap_or((Answer::Implied, case.initiator));
        self.answers.borrow_mut().insert(asked, answer.clone());
        answer
    }

    /// The first of a kind for whom there is a difference; failing that, the first for whom there may be one.
    fn first_answer(
        &self,
        kind: &'g [ActorId],
        (index, permit): (usize, &Permit),
        others: &[&(usize, &Permit)],
    ) -> Option<(Answer, &'g ActorId)> {
        let mine = permit.approve.as_ref();
        let quorums: Vec<Option<&Quorum>> = others.iter().map(|(_, other)| other.approve.as_ref()).collect();
        let mut questions = self.questions.borrow_mut();
        let key = (index, others.iter().map(|(at, _)| *at).collect());
        let known = questions.entry(key).or_default();
        let mut undecided = None;
        let mut asked: Vec<Without> = Vec::new();
        for initiator in kind {
            let alone = |policy: &Policy| {
                let number = policy.person_of(initiator).and_then(|person| policy.person_index(&person.id));
                number.into_iter().collect::<Bits>()
            };
            // Who would not be counted anyway is not missed.
            let counted = |policy: &Policy, quorums: &[Option<&Quorum>]| {
                let groups = quorums.iter().copied().flatten().flat_map(Quorum::groups);
                groups.fold(Bits::default(), |all, group| all.or(policy.members(group)))
            };
            let less = alone(self.pair.less).and(&counted(self.pair.less, &quorums));
            let more = alone(self.pair.more).and(&counted(self.pair.more, &[mine]));
            let without = Without { less, more };
            if asked.contains(&without) {
                continue;
            }
            asked.push(without);
            let before = known.iter().find(|(other, _)| *other == without).map(|(_, answer)| answer.clone());
            let answer = before.unwrap_or_else(|| {
                let answer = self.pair.people.difference(mine, &quorums, &without);
                known.push((without, answer.clone()));
                answer
            });
            match answer {
                Answer::Implied => {}
                Answer::Undecided => undecided = undecided.or(Some((Answer::Undecided, initiator))),
                found @ Answer::Found(_) => return Some((found, initiator)),
            }
        }
        undecided
    }

    /// A transfer for `windows`, when enough people exist.
    fn sample(
        &self,
        (case, permit): (Case<'g>, (usize, &Permit)),
        targets: &[&Spot],
        samples: &mut Vec<Sample>,
    ) {
        if samples.len() >= SAMPLES_MAX {
            return;
        }
        let (Answer::Found(approvals), initiator) = self.answer(case, permit, &[]) else { return };
        let sample = |spot: &&Spot| Sample {
            initiator: initiator.clone(),
            at: case.at,
            value: case.value,
            spot: (*spot).clone(),
            posture: permit.1.posture,
            approvals: approvals.clone(),
        };
        samples.extend(targets.iter().map(sample));
    }

    /// The deed, if the evaluator itself sees the difference.
    fn shown(&self, case: Case<'_>, permit: &Permit, gap: &Gap<'_>, charged: u128) -> Option<Deed> {
        let postures = [Posture::Normal, permit.posture];
        let delays = [0, gap.late_by];
        let tries = postures.into_iter().flat_map(|posture| delays.map(|delay| (posture, delay)));
        tries.into_iter().find_map(|(posture, delay)| {
            let case = Case { initiator: gap.initiator, ..case };
            let (mut transfer, history) = self.written(case, &gap.targets, charged)?;
            transfer.posture = posture;
            let at = Timestamp::from_nanos(transfer.at.as_nanos().saturating_add(delay));
            transfer.approvals = approvals(&gap.people, at);
            self.seen(transfer, history)
        })
    }

    /// The transfer as a deed, if it is released under `more` and not, or later, or not as quickly, under `less`.
    pub(super) fn seen(&self, transfer: TransferFile, history: Vec<HistoryFile>) -> Option<Deed> {
        let by_more = releases(&explain(self.pair.more, &transfer, &history));
        let by_less = releases(&explain(self.pair.less, &transfer, &history));
        let missing = |(at, quick): &(Timestamp, bool)| {
            !by_less.iter().any(|(sooner, as_quick)| sooner <= at && as_quick >= quick)
        };
        by_more.iter().any(missing).then(|| Deed::Transfer { transfer: Box::new(transfer), history })
    }

    /// A transfer to these targets of which so much is charged to limits, with the payments that make addresses known.
    pub(super) fn written_to(&self, sample: &Sample) -> Option<(TransferFile, Vec<HistoryFile>)> {
        let case = Case { kind: &[], initiator: &sample.initiator, at: sample.at, value: sample.value };
        let own = vault_of(self.pair.more, &sample.spot.target).as_ref() == Some(self.vault);
        let (mut transfer, history) =
            self.written(case, &[&sample.spot], if own { 0 } else { sample.value })?;
        transfer.approvals = approvals(&sample.approvals, sample.at);
        transfer.posture = sample.posture;
        Some((transfer, history))
    }

    fn written(
        &self,
        case: Case<'_>,
        targets: &[&Spot],
        charged: u128,
    ) -> Option<(TransferFile, Vec<HistoryFile>)> {
        let currency = self.pair.more.organisation().currency;
        let is_own = |spot: &&&Spot| vault_of(self.pair.more, &spot.target).as_ref() == Some(self.vault);
        let (own, others): (Vec<&Spot>, Vec<&Spot>) = targets.iter().copied().partition(|spot| is_own(&spot));
        let leaving = if own.is_empty() { case.value } else { charged };
        let most = self.most_to_one();
        let mut outputs = Vec::new();
        let mut left = leaving;
        for (at, spot) in others.iter().enumerate() {
            let last = at + 1 == others.len();
            let units = if last { left.min(most) } else { left.min(1) };
            outputs.push((spot.target.clone(), units));
            left -= units;
        }
        if let Some(spot) = own.first() {
            outputs.push((spot.target.clone(), case.value.checked_sub(leaving)?));
        }
        if outputs.iter().any(|(_, units)| *units == 0) {
            return None;
        }
        let output = |(target, units)| OutputFile { target, amount: Amount::new(currency, units) };
        let transfer = TransferFile {
            vault: self.vault.clone(),
            initiator: case.initiator.clone(),
            at: case.at,
            outputs: outputs.into_iter().map(output).collect(),
            fee: (left > 0).then(|| Amount::new(currency, left)),
            approvals: Vec::new(),
            prices: Vec::new(),
            now: None,
            posture: Posture::Normal,
        };
        let history = targets.iter().filter_map(|spot| self.paid(case, spot)).collect();
        Some((transfer, history))
    }

    /// The most that the limits of `more` admit for one destination.
    fn most_to_one(&self) -> u128 {
        let limits = self.pair.more.limits().iter();
        let bounding =
            limits.filter(|limit| limit.by == LimitBy::Destination && limit.vaults.contains(self.vault));
        bounding.filter_map(|limit| limit.amount).map(Value::minor).min().unwrap_or(u128::MAX)
    }

    /// The payment that made an address known.
    fn paid(&self, case: Case<'_>, spot: &Spot) -> Option<HistoryFile> {
        let at = case.at.before(spot.paid_before?);
        let currency = self.pair.more.organisation().currency;
        let output = OutputFile { target: spot.target.clone(), amount: Amount::new(currency, 1) };
        let transfer = past(self.vault.clone(), case.initiator.clone(), at, output);
        Some(HistoryFile { transfer, status: Status::Confirmed })
    }
}

/// The permits of a policy that concern a vault, with their numbers.
fn on_vault<'p>(policy: &'p Policy, vault: &VaultId) -> Vec<(usize, &'p Permit)> {
    let all = policy.permits().iter().enumerate();
    all.filter(|(_, permit)| permit.vaults.contains(vault)).collect()
}

/// A transfer of the past.
pub(super) fn past(vault: VaultId, initiator: ActorId, at: Timestamp, output: OutputFile) -> TransferFile {
    TransferFile {
        vault,
        initiator,
        at,
        outputs: vec![output],
        fee: None,
        approvals: Vec::new(),
        prices: Vec::new(),
        now: None,
        posture: Posture::Normal,
    }
}

fn approvals(people: &[PersonId], at: Timestamp) -> Vec<ApprovalFile> {
    people.iter().map(|person| ApprovalFile { by: ActorId::from(person.clone()), at }).collect()
}

/// How long after submission a permit's quorum may be met at the latest; never when it cannot be ready in time.
fn latest(permit: &Permit) -> Option<i64> {
    let spare = permit.expires.nanos().checked_sub(permit.hold.nanos()).filter(|spare| *spare >= 0)?;
    Some(if permit.approve.is_none() { 0 } else { spare })
}

/// Whether a permit works under every posture under which another does, and is quick where that is.
fn is_as_good((by, other): (&Policy, &Permit), (of, permit): (&Policy, &Permit)) -> bool {
    other.posture >= permit.posture && by.is_quick(other) >= of.is_quick(permit)
}

/// When the permits of an explanation release, and whether regardless of objections.
fn releases(explanation: &Explanation) -> Vec<(Timestamp, bool)> {
    if explanation.decision == Decision::Refused {
        return Vec::new();
    }
    let matched = explanation.permits.iter().filter(|report| report.matched);
    matched.filter_map(|report| Some((report.ready_at?, report.quick))).collect()
}
