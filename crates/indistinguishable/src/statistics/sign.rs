//! The paired sign test: does one class take longer in more than half of the pairs? It assumes nothing of the shape of the noise.
//! Called for every timed step.

use super::normal::tail;

/// Up to so many pairs the exact binomial law is used; beyond, the normal one with continuity correction.
const EXACT_MAX: u64 = 2000;

/// How the pairs fell out.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Signs {
    /// Pairs in which the first was larger.
    pub more: u64,
    /// Pairs in which it was smaller.
    pub less: u64,
    /// The two-sided chance of a split at least as uneven if neither is larger more often.
    pub p: f64,
}

/// The test over differences; zeros count for neither side.
pub fn sign_test(differences: impl IntoIterator<Item = f64>) -> Signs {
    let (mut more, mut less) = (0, 0);
    for difference in differences {
        more += u64::from(difference > 0.0);
        less += u64::from(difference < 0.0);
    }
    Signs { more, less, p: two_sided(more, less) }
}

fn two_sided(more: u64, less: u64) -> f64 {
    let (count, fewer) = (more + less, more.min(less));
    if count == 0 {
        return 1.0;
    }
    if count <= EXACT_MAX {
        return (2.0 * below_or_equal(fewer, count)).min(1.0);
    }
    let (n, k) = (count as f64, fewer as f64);
    let z = ((n / 2.0 - k).abs() - 0.5).max(0.0) / (n.sqrt() / 2.0);
    (2.0 * tail(z)).min(1.0)
}

/// The chance of at most `most` heads in `count` throws of a fair coin.
fn below_or_equal(most: u64, count: u64) -> f64 {
    let n = count as f64;
    let mut log = -n * std::f64::consts::LN_2;
    let mut sum = log.exp();
    for k in 1..=most {
        let k = k as f64;
        log += ((n - k + 1.0) / k).ln();
        sum += log.exp();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_are_exact() {
        // 1 of 10: 2 * (1 + 10) / 1024.
        assert!((two_sided(1, 9) - 0.021_484_375).abs() < 1e-12);
        assert!((two_sided(9, 1) - 0.021_484_375).abs() < 1e-12);
        assert!((two_sided(5, 5) - 1.0).abs() < 1e-12);
        assert!((two_sided(0, 0) - 1.0).abs() < 1e-12);
        // 40 of 100, from scipy.stats.binomtest.
        assert!((two_sided(40, 60) - 0.056_887_933).abs() < 1e-8);
        assert!((two_sided(900, 1100) - 8.457_089_5e-6).abs() < 1e-12);
    }

    #[test]
    fn the_normal_law_continues_the_exact_one() {
        let (exact, z) = (2.0 * below_or_equal(1_100, 2_400), (100.0 - 0.5) / (2_400_f64.sqrt() / 2.0));
        assert!((2.0 * tail(z) / exact - 1.0).abs() < 0.02);
        assert!(two_sided(500_000, 500_600) > 0.5);
        assert!(two_sided(495_000, 505_000) < 1e-20);
    }

    #[test]
    fn ties_count_for_neither() {
        let signs = sign_test([1.0, 0.0, -2.0, 3.0, 0.0]);
        assert_eq!((signs.more, signs.less), (2, 1));
    }
}
