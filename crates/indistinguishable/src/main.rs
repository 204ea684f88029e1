//! The program behind `cargo xtask indistinguishable`: the measurement of G3, and the twins that it starts.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program talks to its user")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use indistinguishable::failure::Failure;
use indistinguishable::measure::{checks as measure_checks, measure};
use indistinguishable::plan::{Plan, Store};
use indistinguishable::verdict::{Word, judge};
use indistinguishable::{report, twin};

#[derive(Parser)]
#[command(name = "indistinguishable", about = "Whether anything tells duress from free will")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure, write the page, give the verdict: status 0 for PASS, 1 for FAIL and VOID
    Run {
        /// Pairs of sessions
        #[arg(long, default_value_t = 2000, conflicts_with = "full")]
        pairs: u32,
        /// The published measurement
        #[arg(long)]
        full: bool,
        /// What everything that is drawn follows from
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Go on where an earlier run stopped
        #[arg(long)]
        resume: bool,
        /// Only the phrase check alone, which no change of the server touches; go on with `--resume`
        #[arg(long)]
        checks: bool,
        /// Where the page goes; without it there is none
        #[arg(long)]
        out: Option<PathBuf>,
        /// Where what was measured is kept
        #[arg(long)]
        state: PathBuf,
    },
    /// One real server that a harness gives orders to; not for people
    #[command(hide = true)]
    Twin {
        #[arg(long)]
        seed: u64,
        #[arg(long)]
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<bool, Failure> {
    match task {
        Task::Twin { seed, folder } => twin::run(seed, &folder).map(|()| true),
        Task::Run { pairs, full, seed, resume, checks, out, state } => {
            let plan = if full { Plan::full(seed) } else { Plan::short(seed, pairs) };
            let store = Store::open(&state, &plan, resume)?;
            let progress = |line: &str| println!("{line}");
            if checks {
                measure_checks(&plan, &store, &progress)?;
                return Ok(true);
            }
            let measured = measure(&plan, &store, &progress)?;
            let verdict = judge(&measured);
            if let Some(out) = out {
                report::write(&out, &measured, &verdict)?;
            }
            println!("{}", report::summary(&verdict));
            Ok(verdict.word == Word::Pass)
        }
    }
}
