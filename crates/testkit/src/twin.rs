//! G3 by twins: the same story with other covert inputs. Everything overt must be the same, record by record and view by view,
//! until a decision about a slow matter differs. Called by `simulate`.

use overt::{Event, Reply};

use crate::check::{Broken, Slow};
use crate::coverage::{Coverage, Seen};
use crate::org::Actor;
use crate::play::{Happening, Trace, play};
use crate::prng::Chance;
use crate::story::{Story, What};
use crate::world::World;

/// The same story with other classes, other acts of responders and relatives, other deliveries. Objections and check-ins stay: their
/// authors see what they do.
#[must_use]
pub fn twin(story: &Story, seed: u64) -> Story {
    let mut chance = Chance::new(seed, 3);
    let panic = chance.of(&[0, 5, 50, 100]);
    let mut twin = story.clone();
    twin.steps.retain(|step| {
        let stays = !step.what.is_covert() || step.what.is_own();
        stays || chance.percent(50)
    });
    for step in
        twin.steps.iter_mut().filter(|step| step.what.is_command() && matches!(step.by, Actor::Person(_)))
    {
        step.duress = chance.percent(panic);
    }
    twin
}

/// What everybody may see of one happening: everything but the seal's content.
fn overt_part<'h>(
    story: &Story,
    happening: &'h Happening,
) -> Option<(Option<Vec<u8>>, &'h gate::Outcome, bool)> {
    if happening.step.is_some_and(|step| story.steps[step].what.is_own()) {
        return Some((None, &happening.outcome, false));
    }
    let is_overt = happening.record.is_some() || (happening.notes.is_empty() && happening.step.is_some());
    let stripped = happening.record.as_ref().map(|record| {
        let mut record = record.clone();
        record.attestation = None;
        record.encode().unwrap_or_default()
    });
    let is_sealed = happening.record.as_ref().is_some_and(|record| record.attestation.is_some());
    is_overt.then_some((stripped, &happening.outcome, is_sealed))
}

fn is_overt(story: &Story, happening: &Happening) -> bool {
    let is_covert = |what: &What| what.is_covert() && !what.is_own();
    let covert_step = happening.step.is_some_and(|step| is_covert(&story.steps[step].what));
    !covert_step && (happening.step.is_some() || happening.record.is_some())
}

/// Plays the twin and compares.
///
/// # Errors
/// Where something overt differs that is no decision about a slow matter.
pub fn compare(
    world: &World,
    story: &Story,
    trace: (&Trace, &Slow),
    seed: u64,
    coverage: &mut Coverage,
) -> Result<(), Broken> {
    let (trace, slow) = trace;
    let other_story = twin(story, seed);
    let other = play(world, &other_story, true);
    if let Some(fault) = other.faults.first() {
        return Err(Broken { at: trace.happenings.len(), what: fault.clone() });
    }
    let ours: Vec<usize> = overt_places(story, trace);
    let theirs: Vec<usize> = overt_places(&other_story, &other);
    let mut same = 0;
    for (mine, yours) in ours.iter().zip(&theirs) {
        let (a, b) = (&trace.happenings[*mine], &other.happenings[*yours]);
        if overt_part(story, a) == overt_part(&other_story, b) {
            same += 1;
            continue;
        }
        let is_slow = slow.contains(mine) && is_decision(a, b);
        if !is_slow {
            return Err(Broken { at: *mine, what: different(a, b) });
        }
        coverage.see(Seen::TwinsDiverged);
        return looks_agree(trace, &other, *mine, *yours);
    }
    if ours.len() != theirs.len() {
        let what = format!(
            "G3 broken: {} overt happenings here, {} there, {same} the same",
            ours.len(),
            theirs.len()
        );
        return Err(Broken { at: trace.happenings.len(), what });
    }
    coverage.see(Seen::TwinsSame);
    looks_agree(trace, &other, usize::MAX, usize::MAX)
}

fn overt_places(story: &Story, trace: &Trace) -> Vec<usize> {
    let numbered = trace.happenings.iter().enumerate();
    numbered.filter(|(_, happening)| is_overt(story, happening)).map(|(place, _)| place).collect()
}

/// The same record but for yes here and no there.
fn is_decision(a: &Happening, b: &Happening) -> bool {
    let (Some(one), Some(other)) = (&a.record, &b.record) else { return false };
    let decides = |event: &Event| {
        matches!(
            event,
            Event::Released { .. }
                | Event::SigningBegan { .. }
                | Event::Declined { .. }
                | Event::Passed { .. }
                | Event::Rejected { .. }
        )
    };
    let rest = |events: &[Event]| -> Vec<Event> { events.iter().filter(|e| !decides(e)).cloned().collect() };
    one.act == other.act
        && one.request == other.request
        && rest(&one.events) == rest(&other.events)
        && one.repeat.as_ref().map(|r| &r.reply).unwrap_or(&Reply::Done)
            == other.repeat.as_ref().map(|r| &r.reply).unwrap_or(&Reply::Done)
        && a.outcome == b.outcome
}

fn different(a: &Happening, b: &Happening) -> String {
    format!(
        "G3 broken: overt output differs\n  here:  {:?} {:?}\n  there: {:?} {:?}",
        a.outcome, a.record, b.outcome, b.record
    )
}

/// Everybody's views, at the same steps, before the twins part.
fn looks_agree(one: &Trace, other: &Trace, before: usize, before_other: usize) -> Result<(), Broken> {
    for (at, step, mine) in one.looks.iter().filter(|(at, ..)| *at <= before) {
        let same_step = other.looks.iter().find(|(at, number, _)| number == step && *at <= before_other);
        if same_step.is_some_and(|(.., yours)| mine != yours) {
            return Err(Broken { at: *at, what: "G3 broken: somebody's view differs".into() });
        }
    }
    Ok(())
}
