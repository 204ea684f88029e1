//! Plays seeded random histories through the gate on every core: `simulate FIRST_SEED COUNT`.
//!
//! Holds G1, G3, G4, G5, G6 and G8 over histories. Called by `cargo xtask simulate` and by the simulation layer of `cargo xtask test`, as a
//! program of its own, so that those commands work and count while the gate does not compile. Exit status: 0 all good, 1 not, 2 wrong usage.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program talks to its user")]

use std::process::ExitCode;

fn main() -> ExitCode {
    let numbers: Vec<Option<u64>> = std::env::args().skip(1).map(|text| text.parse().ok()).collect();
    let [Some(first_seed), Some(count @ 1..)] = numbers.as_slice() else {
        eprintln!("usage: simulate FIRST_SEED COUNT");
        return ExitCode::from(2);
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let report = testkit::simulate::run(*first_seed, *count, threads);
    println!("{report}");
    ExitCode::from(u8::from(!(report.is_good() && report.histories == *count)))
}
