//! What to do about a bound: single edits of the policy, each tried and bounded again, the cheapest first (G2).
//!
//! Nothing here is a rule of thumb: an edit is listed only if the bound with it is lower. Its cost is what it does to a history of
//! transfers ([`Usage`]): how many it no longer lets through, the waiting that it adds to the others, then how many values are edited.
//! Called by `rempart policy bound` and by the server's live exposure.

use std::collections::{BTreeMap, HashMap};

use policy::Policy;
use types::Value;

use crate::bound::{Advice, Bound, Holdings, Question, Taken, bounds};
use crate::edits::{Proposal, proposals, tables};
use crate::usage::{Usage, added};

/// The most edits that are tried for one figure.
const TRIES_MAX: usize = 48;
/// A change that lowers a figure by less than this part of it is advised only where none lowers it by more.
const NOTICEABLE_PART: u128 = 10;
/// The most that are tried for many figures together, up to a hundred people; of more people fewer, because each try takes longer.
const TRIES_TOGETHER_MAX: usize = 160;
const TRIES_TOGETHER_MIN: usize = 16;
const PEOPLE_USUAL: usize = 100;

/// What an edit costs: the first that differs decides.
type Cost = (u32, types::Span, u32);

/// An edit with its policy and its cost, and the figures of whose strategy it is an edit.
struct Tried {
    proposal: Proposal,
    policy: Policy,
    cost: Cost,
    figures: Vec<usize>,
}

/// Single changes that lower a bound, the cheapest first. The question is the one that was asked: an advice for these homes says nothing
/// of others.
#[must_use]
pub fn advice(
    policy: &Policy,
    holdings: &Holdings,
    usage: &Usage,
    question: &Question,
    found: &Bound,
) -> Vec<Advice> {
    let questions = std::slice::from_ref(question);
    let mut advice = Vec::new();
    for tried in candidates(policy, usage, std::slice::from_ref(found)) {
        let lowered = lowered(&tried, holdings, questions, &[found], &[0]);
        advice.extend(lowered.into_iter().map(|(_, advice)| advice));
    }
    advice.sort_by_key(|advice| rank(advice, found));
    advice
}

/// For each of several figures the cheapest single change that lowers it, if any does. Policies that are tried are shared.
#[must_use]
pub fn cheapest(
    policy: &Policy,
    holdings: &Holdings,
    usage: &Usage,
    questions: &[Question],
    found: &[Bound],
) -> Vec<Option<Advice>> {
    let mut best: Vec<Option<Advice>> = vec![None; found.len()];
    let each: Vec<&Bound> = found.iter().collect();
    for tried in candidates(policy, usage, found) {
        // Edits come in the order of their cost: after one that is noticed only an equal one can still be better.
        let is_open = |at: &usize| {
            let (Some(best), Some(found)) = (best.get(*at), found.get(*at)) else { return false };
            best.as_ref().is_none_or(|best| is_slight(best, found) || cost(best) == tried.cost)
        };
        let open: Vec<usize> = tried.figures.iter().copied().filter(is_open).collect();
        for (at, advice) in lowered(&tried, holdings, questions, &each, &open) {
            if let (Some(best), Some(found)) = (best.get_mut(at), found.get(at))
                && best.as_ref().is_none_or(|best| rank(&advice, found) < rank(best, found))
            {
                *best = Some(advice);
            }
        }
    }
    best
}

/// Whether a change lowers a figure by so little that it is hardly advice.
fn is_slight(advice: &Advice, found: &Bound) -> bool {
    found.amount.less(advice.amount).minor().saturating_mul(NOTICEABLE_PART) < found.amount.minor()
}

/// The least is the best.
fn rank(advice: &Advice, found: &Bound) -> (bool, Cost, Value) {
    (is_slight(advice, found), cost(advice), advice.amount)
}

fn cost(advice: &Advice) -> Cost {
    (advice.blocked, advice.added_wait, advice.edited)
}

/// Every edit worth a try, the cheapest first.
fn candidates(policy: &Policy, usage: &Usage, found: &[Bound]) -> Vec<Tried> {
    let Some(tables) = tables(policy) else { return Vec::new() };
    let edits = distinct(policy, found);
    let before = usage.waits(policy);
    let tried = |(proposal, figures): (Proposal, Vec<usize>)| {
        let policy = proposal.policy(&tables)?;
        let (waiting, blocked) = added(&before, &usage.waits(&policy));
        Some(Tried { cost: (blocked, waiting, proposal.edited), proposal, policy, figures })
    };
    let mut tried: Vec<Tried> = edits.into_iter().filter_map(tried).collect();
    tried.sort_by_key(|tried| tried.cost);
    tried
}

/// Every edit once, with the figures for which it is proposed; the first of each figure before the second of any.
fn distinct(policy: &Policy, found: &[Bound]) -> Vec<(Proposal, Vec<usize>)> {
    let people = policy.people().len().max(PEOPLE_USUAL);
    let most = (TRIES_TOGETHER_MAX * PEOPLE_USUAL / people).max(TRIES_TOGETHER_MIN);
    let lossy = found.iter().enumerate().filter(|(_, bound)| bound.amount.minor() > 0);
    let mut each: Vec<(usize, std::vec::IntoIter<Proposal>)> =
        lossy.map(|(figure, bound)| (figure, proposals(policy, bound).into_iter())).collect();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut edits: Vec<(Proposal, Vec<usize>)> = Vec::new();
    for _ in 0..TRIES_MAX {
        for (figure, proposals) in &mut each {
            let Some(proposal) = proposals.next() else { continue };
            let is_full = edits.len() >= most;
            match known.get(&proposal.edit.english).and_then(|at| edits.get_mut(*at)) {
                Some((_, figures)) => figures.push(*figure),
                None if !is_full => {
                    known.insert(proposal.edit.english.clone(), edits.len());
                    edits.push((proposal, vec![*figure]));
                }
                None => {}
            }
        }
    }
    edits
}

/// Which of some figures an edit lowers, and to what.
fn lowered(
    tried: &Tried,
    holdings: &Holdings,
    questions: &[Question],
    found: &[&Bound],
    figures: &[usize],
) -> Vec<(usize, Advice)> {
    let of_taken = |at: &usize| {
        let (question, bound) = (questions.get(*at)?, found.get(*at)?);
        Some((*at, Question { taken: Taken::Ids(bound.taken.clone()), ..question.clone() }))
    };
    let open: BTreeMap<usize, Question> = figures.iter().filter_map(of_taken).collect();
    // What the same people can still do needs no look at all others.
    let open = lower(tried, holdings, open, found);
    let again = open.keys().filter_map(|at| Some((*at, questions.get(*at)?.clone()))).collect();
    let (blocked, added_wait, edited) = tried.cost;
    let advice = |(at, bound): (usize, Bound)| {
        (at, Advice { edit: tried.proposal.edit.clone(), amount: bound.amount, added_wait, blocked, edited })
    };
    lower(tried, holdings, again, found).into_iter().map(advice).collect()
}

/// Asks some questions of an edited policy; those whose answer is below what was found.
fn lower(
    tried: &Tried,
    holdings: &Holdings,
    asked: BTreeMap<usize, Question>,
    found: &[&Bound],
) -> BTreeMap<usize, Bound> {
    let (numbers, questions): (Vec<usize>, Vec<Question>) = asked.into_iter().unzip();
    // An edit under which nothing can be said is none to be advised.
    let Ok(after) = bounds(&tried.policy, holdings, &questions) else { return BTreeMap::new() };
    let below =
        |(at, bound): &(usize, Bound)| found.get(*at).is_some_and(|found| bound.amount < found.amount);
    numbers.into_iter().zip(after).filter(below).collect()
}
