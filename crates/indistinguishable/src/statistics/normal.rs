//! The standard normal law: its upper tail and its quantiles. Called by the sign test and for intervals.

/// The chance that a standard normal variate is above `z`. Relative error below 1.2e-7 everywhere (Chebyshev fit of W. Press et al.,
/// Numerical Recipes, section 6.2).
#[must_use]
pub fn tail(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 2.0 / (2.0 + x);
    const FIT: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let fit = FIT.iter().rev().fold(0.0, |sum, c| sum * t + c);
    let complement = t * (fit - x * x).exp() / 2.0;
    if z >= 0.0 { complement } else { 1.0 - complement }
}

/// The number below which a standard normal variate is with this chance: `quantile(0.975)` is 1.96.
#[must_use]
pub fn quantile(chance: f64) -> f64 {
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        // For chances near one the other tail has the precision.
        let below = if chance < 0.5 { tail(-middle) < chance } else { tail(middle) > 1.0 - chance };
        if below { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_and_quantiles_are_those_of_the_tables() {
        for (z, expected) in [
            (0.0, 0.5),
            (1.0, 0.158_655_253_9),
            (1.959_963_985, 0.025),
            (3.0, 1.349_898e-3),
            (4.5, 3.397_673e-6),
            (6.0, 9.865_876e-10),
            (-1.0, 0.841_344_746),
        ] {
            assert!((tail(z) / expected - 1.0).abs() < 1e-6, "{z}: {}", tail(z));
        }
        for (chance, expected) in [(0.5, 0.0), (0.975, 1.959_964), (0.025, -1.959_964), (0.999, 3.090_232)] {
            assert!((quantile(chance) - expected).abs() < 1e-5, "{chance}: {}", quantile(chance));
        }
    }
}
