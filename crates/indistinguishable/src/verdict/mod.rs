//! From what was measured to PASS, FAIL or VOID. VOID: the measurement could not have found what it looks for, so it says nothing.

pub mod learned;
pub mod timing;

use crate::learned::{Learnt, Row};
use crate::measure::{FAULTS, Measured};
use crate::plan::PAIRS_OF_A_CONTROL;
use crate::session::observed::Difference;
use learned::{Named, SESSIONS_MIN};
use timing::{FALSE_ALARM_FULL, FALSE_ALARM_SHORT, Series, Timing};

/// The fewest pairs over which the published verdict compares bytes.
pub const PAIRS_MIN: usize = 10_000;
/// The delay of the control, in standard deviations.
pub const DELAY: f64 = 0.5;
/// Smaller delays, to say how little would still be found.
const SMALLER: [f64; 5] = [0.25, 0.12, 0.06, 0.03, 0.015];
/// The step that the control delays.
const DELAYED_STEP: &str = "sign in again";

/// PASS, FAIL or VOID.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// Nothing differs.
    Pass,
    /// Something does.
    Fail,
    /// Nothing can be said.
    Void,
}

impl Word {
    /// As it is printed.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Void => "VOID",
        }
    }
}

/// A planted fault, and whether it was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Control {
    /// What was planted.
    pub planted: String,
    /// What found it, or should have.
    pub detector: String,
    /// What it said.
    pub said: String,
    /// Whether it was found.
    pub caught: bool,
}

/// Everything that was found.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The word.
    pub word: Word,
    /// Why, where it is not PASS.
    pub reasons: Vec<String>,
    /// Pairs of sessions.
    pub pairs: usize,
    /// What differed.
    pub differences: Vec<Difference>,
    /// Answers, records and slots that were compared.
    pub compared: [u64; 3],
    /// Timings.
    pub timings: Vec<Timing>,
    /// The chance of a false alarm that each timing may use up.
    pub share: f64,
    /// The largest delay that would not have been found, in standard deviations of a step, if any of those tried.
    pub smallest_caught: f64,
    /// What was learnt of sessions.
    pub learnt: Vec<Learnt>,
    /// What was learnt of forced attempts.
    pub named: Vec<Named>,
    /// The planted faults.
    pub controls: Vec<Control>,
}

/// Judges.
#[must_use]
pub fn judge(measured: &Measured) -> Verdict {
    let (full, seed) = (measured.plan.full, measured.plan.seed);
    let series = timing::series(measured);
    let share = if full { FALSE_ALARM_FULL } else { FALSE_ALARM_SHORT } / series.len().max(1) as f64;
    let timings: Vec<Timing> = series.iter().map(|series| timing::timing(series, share, seed)).collect();
    let rows = learned::rows(measured);
    let learnt = learned::sessions(&rows, seed);
    let named = learned::forced(&measured.games, seed, 0.0);
    let differences: Vec<Difference> =
        measured.chunks.iter().flat_map(|chunk| chunk.differences.iter().cloned()).collect();
    let (controls, smallest_caught) = controls(measured, &series, &rows, share);
    let mut verdict = Verdict {
        word: Word::Pass,
        reasons: Vec::new(),
        pairs: measured.chunks.iter().map(|chunk| chunk.pairs.len()).sum(),
        compared: compared(measured),
        differences,
        timings,
        share,
        smallest_caught,
        learnt,
        named,
        controls,
    };
    let void = voids(measured, &verdict);
    let failures = failures(&verdict, full);
    verdict.word = match (void.is_empty(), failures.is_empty()) {
        (false, _) => Word::Void,
        (true, false) => Word::Fail,
        (true, true) => Word::Pass,
    };
    verdict.reasons = [void, failures].concat();
    verdict
}

fn compared(measured: &Measured) -> [u64; 3] {
    let answers =
        measured.chunks.iter().flat_map(|chunk| &chunk.pairs).map(|pair| pair.nanos[0].len() as u64);
    let of = |index: usize| measured.chunks.iter().map(|chunk| chunk.compared[index]).sum();
    [answers.sum(), of(0), of(1)]
}

fn voids(measured: &Measured, verdict: &Verdict) -> Vec<String> {
    let mut reasons: Vec<String> = verdict
        .controls
        .iter()
        .filter(|control| !control.caught)
        .map(|control| format!("planted and not found: {} ({})", control.planted, control.said))
        .collect();
    let misjudged: u32 = measured.chunks.iter().map(|chunk| chunk.misjudged).sum();
    if misjudged > 0 {
        reasons.push(format!("in {misjudged} pairs not exactly the duress session opened an incident"));
    }
    let plan = &measured.plan;
    if plan.full
        && (verdict.pairs < PAIRS_MIN.max(SESSIONS_MIN) || plan.cheap < 1_000_000 || plan.production < 20_000)
    {
        reasons.push("fewer samples than the published measurement has".to_owned());
    }
    reasons
}

fn failures(verdict: &Verdict, full: bool) -> Vec<String> {
    let mut reasons = Vec::new();
    if let Some(first) = verdict.differences.first() {
        let count = verdict.differences.len();
        reasons.push(format!("{count} differences; the first, {:?}: {}", first.channel, first.detail));
    }
    reasons.extend(verdict.timings.iter().filter_map(|timing| timing.alarm(verdict.share, full)));
    reasons.extend(verdict.learnt.iter().filter_map(|learnt| learned::alarm(learnt, full)));
    reasons.extend(verdict.named.iter().filter_map(|named| named.alarm(full)));
    reasons
}

/// The planted faults, and how little delay would still be found.
fn controls(measured: &Measured, series: &[Series], rows: &[Row], share: f64) -> (Vec<Control>, f64) {
    let (full, seed) = (measured.plan.full, measured.plan.seed);
    let mut controls: Vec<Control> = FAULTS
        .iter()
        .zip(&measured.planted)
        .map(|((_, words), chunk)| {
            let pairs: std::collections::BTreeSet<u32> =
                chunk.differences.iter().map(|found| found.pair).collect();
            Control {
                planted: (*words).to_owned(),
                detector: "comparison of bytes".to_owned(),
                said: format!("{} of {PAIRS_OF_A_CONTROL} pairs differ", pairs.len()),
                caught: (0..PAIRS_OF_A_CONTROL).all(|pair| pairs.contains(&pair)),
            }
        })
        .collect();
    let Some(column) = series.iter().position(|series| series.name.ends_with(DELAYED_STEP)) else {
        return (controls, f64::INFINITY);
    };
    let spread = timing::timing(&series[column], share, seed).spread;
    let planted = format!("half a standard deviation ({:.0} µs) on one step", DELAY * spread / 1000.0);
    let alarm =
        |delay: f64| timing::timing(&series[column].delayed(delay * spread), share, seed).alarm(share, full);
    let found = alarm(DELAY);
    controls.push(Control {
        planted: planted.clone(),
        detector: "sign test, interval, Welch".to_owned(),
        caught: found.is_some(),
        said: found.unwrap_or_else(|| "nothing".to_owned()),
    });
    let learnt = learned::sessions(&learned::delayed(rows, column, DELAY * spread), seed);
    let alarms: Vec<String> = learnt.iter().filter_map(|learnt| learned::alarm(learnt, full)).collect();
    controls.push(Control {
        planted,
        detector: "learned distinguishers".to_owned(),
        // One kind may be blind to it; that is why there are three.
        caught: !alarms.is_empty(),
        said: if alarms.is_empty() { "nothing".to_owned() } else { alarms.join("; ") },
    });
    let smallest = SMALLER.iter().copied().take_while(|delay| alarm(*delay).is_some()).last();
    (controls, smallest.unwrap_or(DELAY))
}
