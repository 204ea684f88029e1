//! The project's own commands: `cargo xtask test` runs every layer of checks, `cargo xtask tidy` keeps the house rules.
//!
//! Never shipped: nothing in the product depends on this crate. It guards the guarantees in two ways: the layers run the
//! tests that hold G1 to G10, and `tidy` checks that `docs/guarantees.md` names only tests that exist. Called by people
//! and by `.ci/run`.
//!
//! To add a layer, write a function `fn(&Workspace) -> Tally` and name it in [`layers::LAYERS`]. To add a house rule,
//! write a module in `tidy` with a `check` and a test that plants the fault, and name it in [`tidy::CHECKS`].
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program talks to its user")]

mod benchmarks;
mod bitcoind;
mod chaos;
mod demo;
mod fuzz;
mod indistinguishable;
mod layers;
mod prerequisites;
mod program;
mod simulation;
mod source;
mod summary;
mod test_peers;
mod tidy;
mod tree;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::tree::Workspace;

#[derive(Parser)]
#[command(name = "xtask", about = "The project's own commands", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every layer of checks; the last line counts what passed and what failed
    Test,
    /// Check the house rules: layout, dependency edges, sizes, names, documents
    Tidy,
    /// List the tests that hold each guarantee, as docs/guarantees.md names them
    Guarantees,
    /// Play seeded random histories through the gate and check the guarantees on each
    Simulate {
        /// How many histories
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
        seeds: u64,
        /// The first seed
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
    /// Play seeded lives of the delivery of alarms, with failing channels and kills, and check that none is lost
    Chaos {
        /// How many lives
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
        seeds: u64,
        /// The first seed
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
    /// Measure whether anything tells duress from free will, and write the verdict
    Indistinguishable(indistinguishable::Wanted),
    /// Install the other ends of the alarm channels that tests talk to, into target/python and target/npm
    PeersForTests,
    /// Build the real Bitcoin node that tests use, once, into the user's cache folder
    Bitcoind,
    /// Fuzz what parses outside input, guided by coverage (a build of some minutes the first time)
    Fuzz {
        /// One of psbt, policy, command, record, descriptor; without it, each in turn
        target: Option<String>,
        /// How long each
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
        seconds: u64,
    },
    /// Run our own benchmarks, optimised
    Bench,
    /// Compare the policy's speed with zen-engine, cedar-policy and regorus (a long build in its own workspace)
    Peers,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments.task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: &Task) -> anyhow::Result<bool> {
    let workspace = Workspace::locate()?;
    match task {
        Task::Test => Ok(layers::run(&workspace)),
        Task::Tidy => tidy::report(&workspace),
        Task::Simulate { seeds, seed } => simulation::run(&workspace, *seed, *seeds),
        Task::Chaos { seeds, seed } => chaos::run(&workspace, *seed, *seeds),
        Task::Indistinguishable(wanted) => indistinguishable::run(&workspace, wanted),
        Task::PeersForTests => test_peers::ensure(&workspace).map(|()| true),
        Task::Bitcoind => bitcoind::run(&workspace),
        Task::Fuzz { target, seconds } => fuzz::run(&workspace, target.as_deref(), *seconds),
        Task::Bench => benchmarks::run(&workspace),
        Task::Peers => benchmarks::run_peers(&workspace),
        Task::Guarantees => tidy::guarantees::list(&workspace),
    }
}
