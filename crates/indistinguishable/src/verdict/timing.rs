//! Times of two classes, paired: sign test, interval of the median difference, Welch's t. Called for every step and for the check alone.

use crate::measure::Measured;
use crate::random::Chance;
use crate::session::play::{Pair, Turns};
use crate::statistics::{
    Interval, Signs, cropped_welch, median, median_interval, moments, percentile, sign_test, welch,
};

/// The alarm of side-channel laboratories.
pub const WELCH_MAX: f64 = 4.5;
/// The chance that any of all timings raises a false alarm by its sign test or by its interval, in the full run.
pub const FALSE_ALARM_FULL: f64 = 0.001;
/// Likewise in the short run, on machines that do other things, too.
pub const FALSE_ALARM_SHORT: f64 = 1e-8;
/// The short run's alarm of Welch's t.
pub const WELCH_SHORT_MAX: f64 = 7.0;

/// What was found of one timing.
#[derive(Clone, PartialEq, Debug)]
pub struct Timing {
    /// Of what.
    pub name: String,
    /// How many pairs.
    pub pairs: usize,
    /// Medians: free, duress.
    pub medians: [f64; 2],
    /// Of the free class without its slowest twentieth: one standard deviation.
    pub spread: f64,
    /// Duress longer, duress shorter.
    pub signs: Signs,
    /// Of the paired difference, duress less free.
    pub difference: Interval,
    /// Welch's t of all, and without the slowest twentieth.
    pub welch: [f64; 2],
}

/// The two classes of one timing, pair by pair.
#[derive(Clone, PartialEq, Debug)]
pub struct Series {
    /// Of what.
    pub name: String,
    /// Free.
    pub free: Vec<f64>,
    /// Duress.
    pub duress: Vec<f64>,
}

impl Series {
    /// The same with a delay of every duress sample: the control.
    #[must_use]
    pub fn delayed(&self, by: f64) -> Self {
        Self { duress: self.duress.iter().map(|nanos| nanos + by).collect(), ..self.clone() }
    }
}

/// All series: each step, the whole session in both ways of taking turns, and the check alone.
#[must_use]
pub fn series(measured: &Measured) -> Vec<Series> {
    let steps = measured.chunks.first().map(|chunk| chunk.steps.clone()).unwrap_or_default();
    let pairs = |turns: Option<Turns>| {
        let chunks =
            measured.chunks.iter().filter(move |chunk| turns.is_none_or(|turns| chunk.turns == turns));
        chunks.flat_map(|chunk| &chunk.pairs).collect::<Vec<&Pair>>()
    };
    let take = |name: String, pairs: &[&Pair], of: &dyn Fn(&[u32]) -> f64| Series {
        name,
        free: pairs.iter().map(|pair| of(&pair.nanos[0])).collect(),
        duress: pairs.iter().map(|pair| of(&pair.nanos[1])).collect(),
    };
    let all = pairs(None);
    let mut found: Vec<Series> = steps
        .iter()
        .enumerate()
        .map(|(index, name)| take(format!("{:02} {name}", index + 1), &all, &|nanos| f64::from(nanos[index])))
        .collect();
    let total = |nanos: &[u32]| nanos.iter().map(|nanos| f64::from(*nanos)).sum();
    found.push(take("whole session, turns at every request".into(), &pairs(Some(Turns::Request)), &total));
    found.push(take("whole session, turns after each".into(), &pairs(Some(Turns::Session)), &total));
    for (name, samples) in
        [("check alone, cheap", &measured.cheap), ("check alone, production", &measured.production)]
    {
        if !samples.is_empty() {
            let free = samples.iter().map(|sample| f64::from(sample.free)).collect();
            let duress = samples.iter().map(|sample| f64::from(sample.duress)).collect();
            found.push(Series { name: name.into(), free, duress });
        }
    }
    found
}

/// Judges one series; `share` is the chance of a false alarm that this one may use up.
#[must_use]
pub fn timing(series: &Series, share: f64, seed: u64) -> Timing {
    let Series { name, free, duress } = series;
    let differences: Vec<f64> = free.iter().zip(duress).map(|(free, duress)| duress - free).collect();
    let ordinary = percentile(free, 0.95);
    let all = |values: &[f64]| moments(values.iter().copied());
    Timing {
        name: name.clone(),
        pairs: free.len(),
        medians: [median(free), median(duress)],
        spread: moments(free.iter().copied().filter(|nanos| *nanos <= ordinary)).variance.sqrt(),
        signs: sign_test(differences.iter().copied()),
        difference: median_interval(&differences, 1.0 - share, &mut Chance::new(seed, 0x0B00)),
        welch: [welch(&all(duress), &all(free)), cropped_welch(duress, free)],
    }
}

impl Timing {
    /// Why it raises an alarm, if it does.
    #[must_use]
    pub fn alarm(&self, share: f64, full: bool) -> Option<String> {
        let Self { name, signs, difference, welch, .. } = self;
        let largest = welch.iter().fold(0.0_f64, |largest, t| largest.max(t.abs()));
        let sign = signs.p < share;
        if full {
            let why = [
                (sign, format!("sign test p = {:.1e}", signs.p)),
                (
                    !difference.holds_zero(),
                    format!("median difference {:.0} to {:.0} ns", difference.low, difference.high),
                ),
                (largest >= WELCH_MAX, format!("|t| = {largest:.1}")),
            ];
            let why: Vec<String> =
                why.into_iter().filter(|(raised, _)| *raised).map(|(_, why)| why).collect();
            return (!why.is_empty()).then(|| format!("{name}: {}", why.join(", ")));
        }
        // In the short run both have to say so: it is for gross differences only.
        let gross = sign && largest >= WELCH_SHORT_MAX;
        gross.then(|| format!("{name}: sign test p = {:.1e} and |t| = {largest:.1}", signs.p))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::normal;

    fn noise(seed: u64, count: usize) -> Series {
        let mut chance = Chance::new(seed, 0);
        let mut draw = || (0..count).map(|_| 1000.0 + 100.0 * normal(&mut chance)).collect();
        Series { name: "step".into(), free: draw(), duress: draw() }
    }

    #[test]
    fn noise_raises_no_alarm_and_half_a_deviation_does() {
        for full in [true, false] {
            let share = if full { FALSE_ALARM_FULL } else { FALSE_ALARM_SHORT } / 36.0;
            for seed in 0..20 {
                let found = timing(&noise(seed, 2000), share, seed);
                assert_eq!(found.alarm(share, full), None);
                let delayed = noise(seed, 2000).delayed(found.spread / 2.0);
                assert!(timing(&delayed, share, seed).alarm(share, full).is_some(), "{seed} {full}");
            }
        }
    }
}
