//! Draws from a seed: numbers in [0, 1), normal and beta variates, shuffles. Keeps every figure of G3's measurement reproducible but for time itself.
//! Called by the statistics, the learned distinguishers and the harness.

/// A source of chance (SplitMix64; Steele, Lea, Flood, 2014). Its own copy: what is measured must not depend on how histories are drawn.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// From a seed and a stream, so that one seed feeds several independent draws.
    #[must_use]
    pub const fn new(seed: u64, stream: u64) -> Self {
        let mut mixed = Self(seed ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03));
        mixed.bits();
        mixed
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below a bound above zero.
    pub const fn below(&mut self, bound: usize) -> usize {
        (self.bits() % (if bound == 0 { 1 } else { bound as u64 })) as usize
    }

    /// Thirty-two bytes.
    pub fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.bits().to_le_bytes());
        }
        bytes
    }
}

/// A number in `[0, 1)`, with 53 bits.
pub fn unit(chance: &mut Chance) -> f64 {
    (chance.bits() >> 11) as f64 / 9_007_199_254_740_992.0
}

/// Heads or tails.
pub const fn coin(chance: &mut Chance) -> bool {
    chance.bits() >> 63 == 1
}

/// A standard normal variate (Box and Muller).
pub fn normal(chance: &mut Chance) -> f64 {
    let radius = (-2.0 * (1.0 - unit(chance)).ln()).sqrt();
    radius * (std::f64::consts::TAU * unit(chance)).cos()
}

/// A gamma variate of shape at least one and scale one (Marsaglia and Tsang, 2000).
fn gamma(chance: &mut Chance, shape: f64) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(chance);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - unit(chance)).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

/// A beta variate with both shapes at least one.
pub fn beta(chance: &mut Chance, a: f64, b: f64) -> f64 {
    let (x, y) = (gamma(chance, a), gamma(chance, b));
    x / (x + y)
}

/// Puts items into a random order (Fisher and Yates).
pub fn shuffle<T>(chance: &mut Chance, items: &mut [T]) {
    for end in (1..items.len()).rev() {
        items.swap(end, chance.below(end + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(draw: impl Fn(&mut Chance) -> f64) -> (f64, f64) {
        let mut chance = Chance::new(7, 1);
        let drawn: Vec<f64> = (0..100_000).map(|_| draw(&mut chance)).collect();
        let mean = drawn.iter().sum::<f64>() / 1e5;
        (mean, drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 1e5)
    }

    #[test]
    fn the_first_numbers_are_those_of_the_paper_and_streams_differ() {
        let mut chance = Chance(0);
        assert_eq!([chance.bits(), chance.bits()], [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4]);
        assert_ne!(Chance::new(1, 0).bits(), Chance::new(1, 1).bits());
    }

    #[test]
    fn variates_have_their_means_and_variances() {
        let near = |(mean, variance): (f64, f64), (m, v): (f64, f64)| {
            assert!((mean - m).abs() < 0.02 && (variance - v).abs() < 0.02, "{mean} {variance}");
        };
        near(moments(unit), (0.5, 1.0 / 12.0));
        near(moments(normal), (0.0, 1.0));
        near(moments(|chance| beta(chance, 2.0, 6.0)), (0.25, 12.0 / (64.0 * 9.0)));
        near(moments(|chance| f64::from(u8::from(coin(chance)))), (0.5, 0.25));
    }

    #[test]
    fn a_shuffle_keeps_what_is_there_and_reaches_every_order() {
        let mut chance = Chance::new(1, 2);
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..6000 {
            let mut items = [1, 2, 3];
            shuffle(&mut chance, &mut items);
            *seen.entry(items).or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|count| (850..1150).contains(count)), "{seen:?}");
    }
}
