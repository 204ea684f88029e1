//! The area under the receiver operating characteristic, with DeLong's variance: how often a score puts a random duress session above a
//! random free one. 0.5 is guessing. Called by the learned distinguishers.

use super::normal::quantile;

/// An area and its variance.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Area {
    /// The area.
    pub value: f64,
    /// Its variance (E. DeLong, D. DeLong, D. Clarke-Pearson, 1988).
    pub variance: f64,
}

impl Area {
    /// The ends of the two-sided interval at a confidence such as 0.95.
    #[must_use]
    pub fn interval(&self, confidence: f64) -> (f64, f64) {
        let reach = quantile(f64::midpoint(1.0, confidence)) * self.variance.sqrt();
        (self.value - reach, self.value + reach)
    }

    /// How many standard errors above guessing.
    #[must_use]
    pub fn errors_above_guessing(&self) -> f64 {
        if self.variance > 0.0 { (self.value - 0.5) / self.variance.sqrt() } else { 0.0 }
    }
}

/// The area of scores, ties counting half, by mid-ranks (X. Sun and W. Xu, 2014).
#[must_use]
pub fn area(positive: &[f64], negative: &[f64]) -> Area {
    let (m, n) = (positive.len() as f64, negative.len() as f64);
    if positive.len() < 2 || negative.len() < 2 {
        return Area { value: 0.5, variance: 0.25 };
    }
    let pooled = mid_ranks(&[positive, negative].concat());
    let (of_positive, of_negative) = pooled.split_at(positive.len());
    let above = |ranks: &[f64], own: &[f64], others: f64| -> Vec<f64> {
        ranks.iter().zip(own).map(|(rank, own)| (rank - own) / others).collect()
    };
    let v10 = above(of_positive, &mid_ranks(positive), n);
    let v01 = above(of_negative, &mid_ranks(negative), m);
    let (of_v10, of_v01) = (super::moments(v10.iter().copied()), super::moments(v01.iter().copied()));
    Area { value: of_v10.mean, variance: of_v10.variance / m + of_v01.variance / n }
}

/// The mean of independent areas: one for each fold.
#[must_use]
pub fn pooled(areas: &[Area]) -> Area {
    let count = areas.len().max(1) as f64;
    let value = areas.iter().map(|area| area.value).sum::<f64>() / count;
    Area { value, variance: areas.iter().map(|area| area.variance).sum::<f64>() / (count * count) }
}

/// The rank of each value, from 1; equal values share the mean of theirs.
fn mid_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    while first < order.len() {
        let value = values[order[first]];
        let equal =
            order[first..].iter().take_while(|index| values[**index].total_cmp(&value).is_eq()).count();
        let rank = first as f64 + (equal as f64 + 1.0) / 2.0;
        for index in &order[first..first + equal] {
            ranks[*index] = rank;
        }
        first += equal;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Chance;
    use crate::random::normal;

    #[test]
    fn areas_of_small_samples_are_counted_by_hand() {
        // Pairs: (3>1) (3>2) (2>1) (2=2): 3.5 of 4.
        assert!((area(&[3.0, 2.0], &[1.0, 2.0]).value - 0.875).abs() < 1e-12);
        assert!((area(&[1.0, 2.0], &[3.0, 4.0]).value).abs() < 1e-12);
        assert!((area(&[1.0, 1.0], &[1.0, 1.0]).value - 0.5).abs() < 1e-12);
    }

    #[test]
    fn the_variance_is_that_of_the_definition() {
        let (positive, negative) = ([0.8, 0.6, 0.9, 0.4], [0.5, 0.3, 0.7]);
        let above = |x: f64, y: f64| if x > y { 1.0 } else { 0.0 };
        let v10: Vec<f64> =
            positive.iter().map(|x| negative.iter().map(|y| above(*x, *y)).sum::<f64>() / 3.0).collect();
        let v01: Vec<f64> =
            negative.iter().map(|y| positive.iter().map(|x| above(*x, *y)).sum::<f64>() / 4.0).collect();
        let variance = |v: &[f64]| crate::statistics::moments(v.iter().copied()).variance / v.len() as f64;
        let found = area(&positive, &negative);
        assert!((found.variance - variance(&v10) - variance(&v01)).abs() < 1e-12);
    }

    #[test]
    fn half_a_standard_deviation_has_its_known_area_and_the_interval_its_coverage() {
        // P(X > Y) for X ~ N(0.5, 1), Y ~ N(0, 1) is Phi(0.5 / sqrt 2) = 0.638163.
        let mut chance = Chance::new(11, 0);
        let mut held = 0;
        for _ in 0..200 {
            let positive: Vec<f64> = (0..200).map(|_| normal(&mut chance) + 0.5).collect();
            let negative: Vec<f64> = (0..200).map(|_| normal(&mut chance)).collect();
            let (low, high) = area(&positive, &negative).interval(0.95);
            held += u32::from(low <= 0.638_163 && 0.638_163 <= high);
        }
        assert!((180..=199).contains(&held), "{held} of 200");
    }
}
