//! The page that is published: the verdict, its figures, its controls, how to make it again, and the plots. Deterministic but for the times.

mod plot;

use std::fmt::Write;
use std::path::Path;

use crate::failure::Failure;
use crate::measure::Measured;
use crate::session::forced::{ATTEMPTS, PHRASES};
use crate::verdict::learned::{ADVANTAGE_MAX, AREA_MAX};
use crate::verdict::timing::{Timing, WELCH_MAX, series};
use crate::verdict::{Verdict, Word};

/// Writes the page, and beside it the plots.
///
/// # Errors
/// When a file cannot be written.
pub fn write(path: &Path, measured: &Measured, verdict: &Verdict) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(folder)?;
    let stem = path.file_stem().map_or_else(|| "indistinguishability".into(), |stem| stem.to_string_lossy());
    let (steps, checks): (Vec<_>, Vec<_>) =
        series(measured).into_iter().partition(|series| !series.name.starts_with("check alone"));
    let plots = [("sessions", steps), ("checks", checks)];
    for (name, series) in &plots {
        std::fs::write(folder.join(format!("{stem}-{name}.svg")), plot::page(series))?;
    }
    std::fs::write(path, page(&stem, measured, verdict))?;
    Ok(())
}

/// The verdict in a few lines, for the terminal.
#[must_use]
pub fn summary(verdict: &Verdict) -> String {
    let mut text = format!(
        "{} pairs of sessions, {} differences; {} timings; smallest delay that would be found: {} sd\n",
        verdict.pairs,
        verdict.differences.len(),
        verdict.timings.len(),
        verdict.smallest_caught,
    );
    for learnt in &verdict.learnt {
        let (low, high) = learnt.area.interval(0.95);
        let _ = writeln!(text, "{}: area {:.4} ({low:.4} to {high:.4})", learnt.model, learnt.area.value);
    }
    for named in &verdict.named {
        let (advantage, low, high) = named.advantage();
        let _ = writeln!(
            text,
            "{}, ten forced attempts: advantage {advantage:.3} ({low:.3} to {high:.3})",
            named.model
        );
    }
    for control in &verdict.controls {
        let found = if control.caught { "found" } else { "NOT FOUND" };
        let _ = writeln!(text, "control, {}: {found} by {}", control.planted, control.detector);
    }
    for reason in &verdict.reasons {
        let _ = writeln!(text, "{reason}");
    }
    text += verdict.word.text();
    text
}

fn page(stem: &str, measured: &Measured, verdict: &Verdict) -> String {
    let parts = [
        head(measured, verdict),
        bytes(verdict),
        timings(stem, verdict),
        learnt(verdict),
        forced(verdict),
        controls(verdict),
        again(measured),
    ];
    parts.join("\n")
}

fn head(measured: &Measured, verdict: &Verdict) -> String {
    let mut text = format!("# Does anything tell duress from free will?\n\n**{}**\n\n", verdict.word.text());
    for reason in &verdict.reasons {
        let _ = writeln!(text, "- {}", cell(reason));
    }
    if !verdict.reasons.is_empty() {
        text.push('\n');
    }
    text += "Written by `cargo xtask indistinguishable`; what it measures and against which bounds is in section 7 of the [design](../design.md).\n\
        Two real servers of one seed and one simulated clock, each a program of its own, are spoken to over real HTTP on loopback. In each pair of sessions\n\
        the same person does the same things in both, in one of them, drawn by lot, with panic phrases. Half of the sessions take turns at every request,\n\
        half are played through. After each pair responders close the incident, so that every pair begins alike. Argon2 is set to its\n\
        cheapest and journals lie in memory where the system allows: what a real server adds in noise only hides more.\n";
    if measured.mixed {
        text += "\nThe check alone was measured by an earlier build; everything else by this one.\n";
    }
    if verdict.word == Word::Void {
        text += "\nA void run says nothing: it could not have found what it looks for.\n";
    }
    let _ = write!(text, "\nSeed {}. {}\n", measured.plan.seed, machine());
    text
}

fn bytes(verdict: &Verdict) -> String {
    let [answers, records, slots] = verdict.compared;
    format!(
        "## What has to be the same to the last byte\n\n\
         Status line, headers and body of every answer; number, order, times and sizes of overt records and covert slots; sizes of files; log lines\n\
         and their order, at the finest level.\n\n\
         | pairs of sessions | answers compared | overt records | covert slots | differences |\n|--:|--:|--:|--:|--:|\n| {} | {answers} | {records} | {slots} | {} |\n",
        verdict.pairs,
        verdict.differences.len()
    )
}

fn timings(stem: &str, verdict: &Verdict) -> String {
    let mut text = format!(
        "## Time\n\n\
         Nanoseconds at the client, from the first byte sent to the last byte read. `longer`: of how many in a hundred pairs the duress one took longer. Intervals\n\
         are bootstrap intervals of the median of the paired differences, at a confidence of 1 - {:.1e}, so that all of them together raise a false alarm\n\
         in one run of a thousand. |t| is the larger of Welch's t over all samples and over those without the slowest twentieth; alarm at {WELCH_MAX}.\n\
         A delay of {} standard deviations of one step would have been found.\n\n\
         ![Both distributions, session]({stem}-sessions.svg)\n\n![Both distributions, the check alone]({stem}-checks.svg)\n\n\
         | what | pairs | free, median | duress, median | longer | p | median difference | between | abs. t |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        verdict.share, verdict.smallest_caught
    );
    for timing in &verdict.timings {
        text += &line(timing);
    }
    text
}

fn line(timing: &Timing) -> String {
    let Timing { name, pairs, medians, signs, difference, welch, .. } = timing;
    let decided = (signs.more + signs.less).max(1) as f64;
    let largest = welch.iter().fold(0.0_f64, |largest, t| largest.max(t.abs()));
    format!(
        "| {name} | {pairs} | {:.0} | {:.0} | {:.2} % | {:.2e} | {:.0} | {:.0} to {:.0} | {largest:.2} |\n",
        medians[0],
        medians[1],
        100.0 * signs.more as f64 / decided,
        signs.p,
        difference.median,
        difference.low,
        difference.high
    )
}

fn learnt(verdict: &Verdict) -> String {
    let mut text = format!(
        "## What programs can learn\n\n\
         They see times, sizes and counts of whole sessions, learn from four fifths and are asked about the rest, by chunks of a hundred pairs. An area of 0.5 is\n\
         guessing; the upper end of the interval must not be above {AREA_MAX}.\n\n\
         | program | sessions of each class | area | 95 % interval |\n|---|--:|--:|--:|\n"
    );
    for learnt in &verdict.learnt {
        let (low, high) = learnt.area.interval(0.95);
        let _ = writeln!(
            text,
            "| {} | {} | {:.4} | {low:.4} to {high:.4} |",
            learnt.model, verdict.pairs, learnt.area.value
        );
    }
    text
}

fn forced(verdict: &Verdict) -> String {
    let mut text = format!(
        "## Ten forced attempts\n\n\
         {ATTEMPTS} sign-ins with {PHRASES} phrases, each twice, in an order of the captor's; one phrase is the true one. Advantage: how much oftener than\n\
         one time in {PHRASES} a program names it. The upper end of the interval must not be above {ADVANTAGE_MAX}.\n\n\
         | program | games | named | advantage | 95 % interval |\n|---|--:|--:|--:|--:|\n"
    );
    for named in &verdict.named {
        let (advantage, low, high) = named.advantage();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {advantage:.4} | {low:.4} to {high:.4} |",
            named.model, named.games, named.right
        );
    }
    text
}

fn controls(verdict: &Verdict) -> String {
    let mut text = "## Planted faults\n\nEach was planted into the recording of the duress session. One that is not found makes the run void.\n\n\
        | planted | looked for by | found | what was said |\n|---|---|---|---|\n"
        .to_owned();
    for control in &verdict.controls {
        let found = if control.caught { "yes" } else { "**no**" };
        let _ = writeln!(
            text,
            "| {} | {} | {found} | {} |",
            control.planted,
            control.detector,
            cell(&control.said)
        );
    }
    text
}

fn again(measured: &Measured) -> String {
    let plan = &measured.plan;
    let arguments = if plan.full {
        format!("--full --seed {}", plan.seed)
    } else {
        format!("--pairs {} --seed {}", plan.pairs, plan.seed)
    };
    format!(
        "## Again\n\n```\ncargo xtask indistinguishable {arguments}\n```\n\nIt can be stopped at any time; with `--resume` it goes on where it stopped. What is drawn \
         (phrases, orders, who is forced) follows from the seed; times do not.\n"
    )
}

/// Text for a cell of a table: what an answer held must not end it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// What the machine is: cores and processor, nothing that names it.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, model)| model.trim());
    let build = if cfg!(debug_assertions) { "development" } else { "release" };
    format!("{cores} cores of {model}, {}, {build} build.", std::env::consts::OS)
}
