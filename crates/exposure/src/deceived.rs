//! What a coalition gets if everybody else is deceived: free people approve in good faith whatever is asked of them. Not part of the
//! loss bound (G2), and always shown apart from it; `docs/exposure.md` defines it.
//!
//! It is the bound of another policy: one in which a permit's quorum is met as soon as everyone of the register but the initiator can
//! meet it. Waits, limits, destinations, forbids, calendars and keys stay; so do the quorums for changes, lifts and clears, which are
//! announced for what they are. Called by `rempart policy bound`.

use policy::{Permit, Policy, Source};
use toml::{Table, Value as Toml};
use types::{ActorId, PersonId};

use crate::bound::{Bound, BoundError, Holdings, Question, bounds};
use crate::edits::{entry, tables};

/// The answers to questions when free people are deceived. Approvals by deceived people are not among the witness's steps.
///
/// # Errors
/// As [`crate::bound`].
pub fn deceived(
    policy: &Policy,
    holdings: &Holdings,
    questions: &[Question],
) -> Result<Vec<Bound>, BoundError> {
    match credulous(policy) {
        Some(credulous) => bounds(&credulous, holdings, questions),
        None => bounds(policy, holdings, questions),
    }
}

/// The policy in which everybody approves everything. Nothing when no permit asks anybody.
fn credulous(policy: &Policy) -> Option<Policy> {
    let mut files = tables(policy)?;
    let asking = policy.permits().iter().filter(|permit| permit.approve.is_some());
    let mut edited = false;
    for (number, permit) in asking.enumerate() {
        edited |= open(policy, permit, number, &mut files).is_some();
    }
    let source = |(number, table): (usize, &Table)| {
        Some(Source { name: format!("{number}.toml"), text: toml::to_string(table).ok()? })
    };
    let sources: Option<Vec<Source>> = files.iter().enumerate().map(source).collect();
    policy::load(&sources.filter(|_| edited)?).policy
}

/// Takes a permit's quorum away, and its initiators without whom nobody is left to meet it. A quorum that no register meets stays.
fn open(policy: &Policy, permit: &Permit, number: usize, files: &mut [Table]) -> Option<()> {
    let quorum = permit.approve.as_ref()?;
    let may = |actor: &ActorId| permit.initiators.iter().any(|group| policy.in_group(actor, group));
    let people = policy.people().map(|person| (ActorId::from(person.id.clone()), Some(&person.id), "person"));
    let services =
        policy.services().iter().map(|service| (ActorId::from(service.id.clone()), None, "service"));
    let everyone = people.chain(services).filter(|(actor, ..)| may(actor));
    let others_meet = |without: Option<&PersonId>| policy.satisfiable(quorum, without.as_slice());
    let all_meet = others_meet(None);
    let counts = |id: &PersonId| quorum.groups().iter().any(|group| policy.person_in_group(id, group));
    let (met, unmet): (Vec<_>, Vec<_>) = everyone
        .partition(|(_, person, _)| all_meet && person.is_none_or(|id| !counts(id) || others_meet(Some(id))));
    if met.is_empty() {
        return None;
    }
    let group = format!("asks-the-deceived-{number}");
    if !unmet.is_empty() {
        for (actor, _, kind) in &met {
            let groups = entry(files, kind, actor.as_str())?.entry("groups");
            let groups = groups.or_insert_with(|| Toml::Array(Vec::new())).as_array_mut()?;
            groups.push(Toml::String(group.clone()));
        }
    }
    let table = entry(files, "permit", permit.id.as_str())?;
    if !unmet.is_empty() {
        table.insert("initiators".into(), Toml::Array(vec![Toml::String(group)]));
    }
    table.remove("approve").map(|_| ())
}
