//! Counts what passed and what failed, from the lines that `cargo test` prints. The last line of `cargo xtask test` is this
//! count alone on its line, because programs read it.
//!
//! Called by `layers`.

use std::fmt;
use std::ops::AddAssign;

/// How many checks passed and how many failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
}

impl Tally {
    /// One check that passed or failed as a whole.
    pub fn one(passed: bool) -> Self {
        Self { passed: u64::from(passed), failed: u64::from(!passed) }
    }

    /// Whether nothing failed.
    pub fn all_passed(self) -> bool {
        self.failed == 0
    }

    /// The tests of one run of `cargo test`. A run that failed without a failed test (it did not compile, or a test program died)
    /// counts as one failure, as does a run without any test.
    pub fn of_cargo_test(output: &str, success: bool) -> Self {
        let mut tally = Self::default();
        for line in output.lines() {
            tally += tally_of_line(line).unwrap_or_default();
        }
        if (!success || tally.passed == 0) && tally.failed == 0 {
            tally.failed = 1;
        }
        tally
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Reads `test result: ok. 12 passed; 0 failed; …`.
fn tally_of_line(line: &str) -> Option<Tally> {
    let (_, counts) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
    let count = |word: &str| {
        let part = counts.split("; ").find_map(|part| part.strip_suffix(word));
        part.and_then(|digits| digits.trim().parse().ok())
    };
    Some(Tally { passed: count("passed")?, failed: count("failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
running 2 tests
test a ... ok
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    #[test]
    fn results_of_all_test_programs_are_added_up() {
        assert_eq!(Tally::of_cargo_test(OUTPUT, false), Tally { passed: 5, failed: 1 });
        assert_eq!(Tally::of_cargo_test(OUTPUT, false).to_string(), "5 passed, 1 failed");
    }

    #[test]
    fn a_run_that_died_is_a_failure() {
        let fine = "test result: ok. 2 passed; 0 failed; 0 ignored";
        assert_eq!(Tally::of_cargo_test(fine, false), Tally { passed: 2, failed: 1 });
        assert_eq!(Tally::of_cargo_test("", false), Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn a_run_without_any_test_is_a_failure() {
        assert_eq!(Tally::of_cargo_test("", true), Tally { passed: 0, failed: 1 });
    }
}
