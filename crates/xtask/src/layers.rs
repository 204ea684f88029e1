//! `cargo xtask test`: the layers of checks, cheapest first. Every layer runs even when an earlier one failed; the end names
//! those that failed, and the last line is the count.
//!
//! Called by `main` and so by `.ci/run`. Holds every guarantee in the sense that the tests named in `docs/guarantees.md`
//! run here and nowhere else is needed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::program::{self, cargo};
use crate::summary::Tally;
use crate::tree::Workspace;
use crate::{bitcoind, demo, indistinguishable, prerequisites, simulation, test_peers, tidy};

/// One layer: its name, and what runs it.
pub struct Layer {
    name: &'static str,
    run: fn(&Workspace) -> anyhow::Result<Tally>,
}

/// Every layer, in the order in which they run.
pub const LAYERS: &[Layer] = &[
    Layer { name: "formatting", run: formatting },
    Layer { name: "tidy", run: house_rules },
    Layer { name: "clippy", run: clippy },
    // Before the tests of the other crates, some of which start the node that this layer builds.
    Layer { name: "node", run: bitcoind::layer },
    Layer { name: "tests", run: tests },
    Layer { name: "demo", run: demo::layer },
    Layer { name: "simulation", run: simulation::layer },
    // Last, when nothing else runs: it measures time.
    Layer { name: "indistinguishable", run: indistinguishable::layer },
];

struct Done {
    name: &'static str,
    tally: Tally,
    took: Duration,
}

/// Runs all layers and prints the count last. False when anything failed.
pub fn run(workspace: &Workspace) -> bool {
    let done = match prerequisites::ensure() {
        Ok(()) => LAYERS.iter().map(|layer| run_one(layer, workspace)).collect(),
        Err(error) => vec![failed("prerequisites", &error, Duration::ZERO)],
    };
    println!("\n{}", report(&done));
    done.iter().all(|layer| layer.tally.all_passed())
}

fn run_one(layer: &Layer, workspace: &Workspace) -> Done {
    println!("\n=== {} ===", layer.name);
    let start = now();
    // A layer that panics has failed; the layers after it run, and the count is still the last line.
    let result = catch_unwind(AssertUnwindSafe(|| (layer.run)(workspace)));
    let took = now().duration_since(start);
    match result {
        Ok(Ok(tally)) => Done { name: layer.name, tally, took },
        Ok(Err(error)) => failed(layer.name, &error, took),
        Err(_) => failed(layer.name, &anyhow::anyhow!("the layer panicked"), took),
    }
}

fn failed(name: &'static str, error: &anyhow::Error, took: Duration) -> Done {
    println!("error: {error:#}");
    Done { name, tally: Tally::one(false), took }
}

#[expect(clippy::disallowed_methods, reason = "the time that a layer takes is shown, and decides nothing")]
fn now() -> Instant {
    Instant::now()
}

/// One line for each layer, a line that names those that failed, and the count alone on the last line.
fn report(done: &[Done]) -> String {
    let mut lines = Vec::new();
    let mut total = Tally::default();
    for layer in done {
        total += layer.tally;
        lines.push(format!("{:<14} {:>8.1} s   {}", layer.name, layer.took.as_secs_f64(), layer.tally));
    }
    let failing: Vec<&str> = done.iter().filter(|l| !l.tally.all_passed()).map(|l| l.name).collect();
    if !failing.is_empty() {
        lines.push(format!("failed layers: {}", failing.join(", ")));
    }
    lines.push(total.to_string());
    lines.join("\n")
}

fn formatting(workspace: &Workspace) -> anyhow::Result<Tally> {
    let ran = program::run(cargo(&workspace.root).args(["fmt", "--all", "--check"]))?;
    Ok(Tally::one(ran.success))
}

fn house_rules(workspace: &Workspace) -> anyhow::Result<Tally> {
    tidy::tally(workspace)
}

fn clippy(workspace: &Workspace) -> anyhow::Result<Tally> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
    Ok(Tally::one(program::run(cargo(&workspace.root).args(arguments))?.success))
}

/// All but those that the layer "node" ran.
fn tests(workspace: &Workspace) -> anyhow::Result<Tally> {
    prerequisites::ensure_for_token()?;
    prerequisites::ensure_for_pages()?;
    test_peers::ensure(workspace)?;
    let ran = program::run(cargo(&workspace.root).args([
        "test",
        "--workspace",
        "--exclude",
        "regtest",
        "--no-fail-fast",
    ]))?;
    Ok(Tally::of_cargo_test(&ran.output, ran.success))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(name: &'static str, passed: u64, failed: u64) -> Done {
        Done { name, tally: Tally { passed, failed }, took: Duration::from_millis(1250) }
    }

    #[test]
    fn the_last_line_is_the_count_alone() {
        let report = report(&[done("formatting", 1, 0), done("tests", 122, 0)]);
        assert_eq!(report.lines().last(), Some("123 passed, 0 failed"));
        assert!(!report.contains("failed layers"));
        assert!(report.contains("1.2 s") || report.contains("1.3 s"), "{report}");
    }

    #[test]
    fn failed_layers_are_named_before_the_count() {
        let report = report(&[done("formatting", 0, 1), done("tidy", 5, 2), done("tests", 3, 0)]);
        let lines: Vec<&str> = report.lines().collect();
        assert_eq!(lines[lines.len() - 2..], ["failed layers: formatting, tidy", "8 passed, 3 failed"]);
    }

    #[test]
    fn a_layer_that_cannot_run_fails() {
        let workspace = Workspace { root: std::path::PathBuf::new() };
        let runs: [fn(&Workspace) -> anyhow::Result<Tally>; 2] =
            [|_| anyhow::bail!("no such program"), |_| panic!("out of bounds")];
        for run in runs {
            let layer = Layer { name: "broken", run };
            assert_eq!(run_one(&layer, &workspace).tally, Tally { passed: 0, failed: 1 });
        }
    }
}
