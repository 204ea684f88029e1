//! Medians, percentiles and the bootstrap interval of a median. Called for every timed step: the median of the paired differences.

use crate::random::Chance;

use crate::random::beta;

/// How many resamples an interval rests on.
const RESAMPLES: usize = 4000;

/// A median and between what it lies.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interval {
    /// The sample's own.
    pub median: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Whether zero lies inside.
    #[must_use]
    pub const fn holds_zero(&self) -> bool {
        self.low <= 0.0 && self.high >= 0.0
    }
}

/// The median; 0 of nothing.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}

/// The value at a share of the sorted sample, interpolated; 0 of nothing.
#[must_use]
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    at_share(&sorted, share)
}

fn at_share(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    let (a, b) = (sorted[low], sorted[(low + 1).min(last)]);
    a + (b - a) * part
}

/// The percentile bootstrap interval of the median, at a two-sided confidence such as 0.999.
///
/// A resample's median is the sample's value at a random rank, and that rank has a known law: the middle order statistic of n uniform
/// draws is Beta(n/2, n/2 + 1). Drawing the rank gives the same distribution as drawing n values each time, in constant time.
#[must_use]
pub fn median_interval(values: &[f64], confidence: f64, chance: &mut Chance) -> Interval {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let count = sorted.len();
    if count < 3 {
        let median = at_share(&sorted, 0.5);
        return Interval { median, low: f64::NEG_INFINITY, high: f64::INFINITY };
    }
    let half = count as f64 / 2.0;
    let mut medians: Vec<f64> = (0..RESAMPLES)
        .map(|_| sorted[((beta(chance, half, half + 1.0) * count as f64) as usize).min(count - 1)])
        .collect();
    medians.sort_unstable_by(f64::total_cmp);
    let outside = (1.0 - confidence) / 2.0;
    Interval {
        median: at_share(&sorted, 0.5),
        low: at_share(&medians, outside),
        high: at_share(&medians, 1.0 - outside),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::normal;

    #[test]
    fn percentiles_are_interpolated() {
        let values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!([median(&values), percentile(&values, 0.0), percentile(&values, 1.0)], [2.5, 1.0, 4.0]);
        assert!((percentile(&values, 0.25) - 1.75).abs() < 1e-12);
        assert_eq!(median(&[]).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn drawn_ranks_give_the_interval_of_real_resamples() {
        let mut chance = Chance::new(3, 3);
        let values: Vec<f64> = (0..501).map(|_| normal(&mut chance).exp()).collect();
        let mut medians: Vec<f64> = (0..4000)
            .map(|_| {
                let resample: Vec<f64> =
                    (0..values.len()).map(|_| values[chance.below(values.len())]).collect();
                median(&resample)
            })
            .collect();
        medians.sort_unstable_by(f64::total_cmp);
        let naive = (at_share(&medians, 0.025), at_share(&medians, 0.975));
        let drawn = median_interval(&values, 0.95, &mut chance);
        assert!(
            (drawn.low - naive.0).abs() < 0.02 && (drawn.high - naive.1).abs() < 0.02,
            "{drawn:?} {naive:?}"
        );
    }

    #[test]
    fn the_interval_holds_the_true_median_as_often_as_it_says() {
        let mut chance = Chance::new(5, 5);
        let held = (0..400).filter(|_| {
            let values: Vec<f64> = (0..200).map(|_| normal(&mut chance)).collect();
            median_interval(&values, 0.9, &mut chance).holds_zero()
        });
        let held = held.count();
        assert!((335..=385).contains(&held), "{held} of 400");
    }

    #[test]
    fn the_same_seed_gives_the_same_interval() {
        let values: Vec<f64> = (0..100).map(|value| f64::from(value * 7 % 31)).collect();
        let interval = |seed| median_interval(&values, 0.95, &mut Chance::new(seed, 0));
        assert_eq!(interval(1), interval(1));
    }
}
