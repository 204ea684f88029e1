//! Welch's t: the regression alarm on means that side-channel laboratories use (|t| of 4.5 and more). Called for every timed step.

use super::bootstrap::percentile;

/// Above this share of all values interruptions of the machine dominate; the cropped t leaves them out in both classes alike.
const CROPPED_SHARE: f64 = 0.95;

/// How many, their mean, and their variance (n - 1).
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Moments {
    /// How many.
    pub count: f64,
    /// Their mean.
    pub mean: f64,
    /// Their variance.
    pub variance: f64,
}

/// Of a sample, in one stable pass (Welford).
pub fn moments(values: impl IntoIterator<Item = f64>) -> Moments {
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for value in values {
        count += 1.0;
        let step: f64 = value - mean;
        mean += step / count;
        squares += step * (value - mean);
    }
    Moments { count, mean, variance: if count > 1.0 { squares / (count - 1.0) } else { 0.0 } }
}

/// The statistic; 0 where neither sample varies and both are alike.
#[must_use]
pub fn welch(one: &Moments, other: &Moments) -> f64 {
    let difference = one.mean - other.mean;
    let error = (one.variance / one.count.max(1.0) + other.variance / other.count.max(1.0)).sqrt();
    if error > 0.0 {
        difference / error
    } else if difference.abs() > 0.0 {
        f64::INFINITY.copysign(difference)
    } else {
        0.0
    }
}

/// The statistic of what lies below a common threshold, drawn where the pooled sample ends but for its slowest part.
#[must_use]
pub fn cropped_welch(one: &[f64], other: &[f64]) -> f64 {
    let threshold = percentile(&[one, other].concat(), CROPPED_SHARE);
    let below = |values: &[f64]| moments(values.iter().copied().filter(|value| *value <= threshold));
    welch(&below(one), &below(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistic_is_that_of_a_worked_example() {
        // Worked out with Python's `statistics`: difference of means over the root of the summed variances of the means.
        let one = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4];
        let other =
            [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 26.5];
        let t = welch(&moments(one), &moments(other));
        assert!((t + 2.942_848_24).abs() < 1e-8, "{t}");
        assert!((welch(&moments(other), &moments(one)) + t).abs() < 1e-12);
    }

    #[test]
    fn samples_that_do_not_vary_are_alike_or_infinitely_apart() {
        let same = moments([3.0, 3.0, 3.0]);
        assert_eq!(welch(&same, &same).to_bits(), 0.0_f64.to_bits());
        assert!(welch(&moments([4.0, 4.0]), &same).is_infinite());
    }

    #[test]
    fn one_interruption_does_not_hide_a_difference_from_the_cropped_statistic() {
        let mut one: Vec<f64> = (0..1000).map(|value| 100.0 + f64::from(value % 10)).collect();
        let other: Vec<f64> = one.iter().map(|value| value + 1.0).collect();
        one.push(1e7);
        assert!(welch(&moments(one.iter().copied()), &moments(other.iter().copied())).abs() < 4.5);
        assert!(cropped_welch(&one, &other) < -4.5);
    }
}
