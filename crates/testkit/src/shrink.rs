//! The shortest story that still fails: steps are left out as long as something is still broken. Called by `simulate` when a
//! seed fails; prints what a person can read.

use std::fmt::Write;

use crate::check::{Broken, check};
use crate::coverage::Coverage;
use crate::play::{Trace, play};
use crate::story::Story;
use crate::twin;
use crate::world::World;

/// Plays and checks one story, with its twin.
///
/// # Errors
/// What is broken, with what happened until then.
pub fn verdict(world: &World, story: &Story, seed: u64) -> Result<(), Box<(Broken, Trace)>> {
    let trace = play(world, story, true);
    let mut coverage = Coverage::default();
    let found = check(world, story, &trace, &mut coverage)
        .and_then(|slow| twin::compare(world, story, (&trace, &slow), seed, &mut coverage));
    found.map_err(|broken| Box::new((broken, trace)))
}

/// The guarantee that a message names.
fn kind(broken: &Broken) -> String {
    broken.what.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// Leaves steps out, larger runs first, while the same thing is still broken.
#[must_use]
pub fn shrink(world: &World, story: &Story, seed: u64) -> Story {
    let Err(found) = verdict(world, story, seed) else { return story.clone() };
    let wanted = kind(&found.0);
    let still = |story: &Story| verdict(world, story, seed).is_err_and(|found| kind(&found.0) == wanted);
    let mut best = story.clone();
    let mut size = best.steps.len() / 2;
    while size > 0 {
        let mut start = 0;
        while start < best.steps.len() {
            let mut shorter = best.clone();
            let end = (start + size).min(shorter.steps.len());
            shorter.steps.drain(start..end);
            if still(&shorter) {
                best = shorter;
            } else {
                start += size;
            }
        }
        size = if size == 1 && best.steps.len() > 40 { 0 } else { size / 2 };
    }
    best
}

/// The story and what is wrong with it, in plain words.
#[must_use]
pub fn tell(world: &World, story: &Story, seed: u64) -> String {
    let mut text = format!("seed {seed}\n");
    let _ = writeln!(text, "{}\n{}", world.versions[0].sources[0].text, world.versions[0].sources[1].text);
    let Err(found) = verdict(world, story, seed) else {
        return format!("{text}nothing is broken\n");
    };
    let (broken, trace) = *found;
    for (number, version) in world.versions.iter().enumerate().skip(1) {
        let used = story.steps.iter().any(|step| {
            matches!(step.what, crate::story::What::Propose(crate::story::Proposal::Change(v)) if v == number)
        });
        if used {
            let _ = writeln!(
                text,
                "--- version {number}:\n{}{}",
                version.sources[0].text, version.sources[1].text
            );
        }
    }
    let start = world.start.as_nanos();
    let mut next = 0;
    for (at, happening) in trace.happenings.iter().enumerate() {
        let until = happening.step.unwrap_or(next);
        for step in story.steps.get(next..until).unwrap_or(&[]) {
            if !step.what.is_command() {
                let _ = writeln!(text, "           {}", step.tell(story));
            }
        }
        let seconds = (happening.at.as_nanos() - start) / 1_000_000_000;
        let (day, hour, minute) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        let told = match happening.step {
            Some(step) => story.steps[step].tell(story),
            None => "time passes:".into(),
        };
        let events = happening.record.iter().flat_map(|record| record.events.iter());
        let events: Vec<String> = events.map(|event| brief(&format!("{event:?}"))).collect();
        let outcome = happening
            .outcome
            .as_ref()
            .map_or_else(|refusal| format!(" -> refused: {refusal}"), |_| String::new());
        let notes = if happening.notes.is_empty() {
            String::new()
        } else {
            format!(" (covert: {} notes)", happening.notes.len())
        };
        let _ =
            writeln!(text, "day {day} {hour:02}:{minute:02}  {told}{outcome} {}{notes}", events.join(", "));
        next = happening.step.map_or(next, |step| step + 1);
        if at == broken.at {
            break;
        }
    }
    let _ = writeln!(text, "then: {}", broken.what);
    text
}

fn brief(event: &str) -> String {
    let mut brief: String = event.chars().take(60).collect();
    if brief.len() < event.len() {
        brief.push('…');
    }
    brief
}
