//! `cargo xtask indistinguishable`, and the layer of `cargo xtask test`: whether anything tells duress from free will (G3), measured over the real
//! server and real HTTP.
//!
//! The work is done by the program `indistinguishable`, run apart: this crate depends on nothing of the product. Called by `main` and `layers`.

use std::path::Path;

use crate::program::{self, cargo};
use crate::summary::Tally;
use crate::tree::Workspace;

/// The pairs of sessions in every run of `cargo xtask test`: bytes exactly, times for gross differences only.
const PAIRS_IN_TESTS: u32 = 2000;
/// Where what was measured is kept, so that a run can go on.
const STATE: &str = "target/indistinguishable";
/// The page of the full measurement.
const PAGE: &str = "docs/measurements/indistinguishability.md";

/// What is asked for on the command line.
#[derive(Default, clap::Args)]
pub struct Wanted {
    /// How many pairs of sessions
    #[arg(long, default_value_t = PAIRS_IN_TESTS, conflicts_with = "full")]
    pairs: u32,
    /// The published measurement, in an optimised build: the better part of an hour
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
    /// Where the page goes; docs/measurements/indistinguishability.md for the full measurement, else nowhere
    #[arg(long)]
    out: Option<String>,
}

/// The layer: always the same seed.
pub fn layer(workspace: &Workspace) -> anyhow::Result<Tally> {
    run(workspace, &Wanted { pairs: PAIRS_IN_TESTS, seed: 1, ..Wanted::default() }).map(Tally::one)
}

/// Measures; true when the verdict is PASS.
pub fn run(workspace: &Workspace, wanted: &Wanted) -> anyhow::Result<bool> {
    Ok(program::run(cargo(&workspace.root).args(arguments(&workspace.root, wanted)))?.success)
}

fn arguments(root: &Path, wanted: &Wanted) -> Vec<String> {
    let mut arguments: Vec<String> = vec!["run".into(), "--quiet".into()];
    if wanted.full {
        arguments.push("--release".into());
    }
    arguments.extend(["--package", "indistinguishable", "--", "run"].map(String::from));
    arguments.extend(["--state".into(), root.join(STATE).to_string_lossy().into_owned()]);
    arguments.extend(["--seed".into(), wanted.seed.to_string()]);
    if wanted.full {
        arguments.push("--full".into());
    } else {
        arguments.extend(["--pairs".into(), wanted.pairs.to_string()]);
    }
    if wanted.resume {
        arguments.push("--resume".into());
    }
    if wanted.checks {
        arguments.push("--checks".into());
    }
    let out = wanted.out.as_deref().or(wanted.full.then_some(PAGE));
    arguments.extend(
        out.into_iter().flat_map(|out| ["--out".into(), root.join(out).to_string_lossy().into_owned()]),
    );
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_measurement_is_optimised_and_has_its_page() {
        let full =
            arguments(Path::new("r"), &Wanted { full: true, seed: 7, resume: true, ..Wanted::default() });
        let wanted = "run --quiet --release --package indistinguishable -- run --state r/target/indistinguishable \
            --seed 7 --full --resume --out r/docs/measurements/indistinguishability.md";
        assert_eq!(full.join(" "), wanted);
        let short = arguments(Path::new("r"), &Wanted { pairs: 50, ..Wanted::default() });
        assert!(
            !short.contains(&"--out".to_owned()) && short.ends_with(&["--pairs".to_owned(), "50".to_owned()])
        );
    }
}
