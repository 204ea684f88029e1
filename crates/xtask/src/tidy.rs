//! The house rules: one module for each, each with a test that plants the fault that it exists to catch.
//!
//! Called by `cargo xtask tidy` and as a layer of `cargo xtask test`. Keeps G3 by construction (forbidden edges, words that
//! the overt ledger must not know) and the coverage of G1 to G10 (documents name only tests that exist).

mod architecture;
mod changelog;
mod decisions;
mod edges;
pub mod guarantees;
mod headers;
mod leftovers;
mod links;
mod names;
mod paths;
mod silence;
mod sizes;
mod threats;

use crate::summary::Tally;
use crate::tree::{Tree, Workspace};

/// A broken rule, with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    pub path: String,
    /// From 1; 0 when the rule is about the file as a whole.
    pub line: usize,
    pub message: String,
}

impl Finding {
    fn new(path: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.into(), line, message: message.into() }
    }
}

struct Check {
    name: &'static str,
    run: fn(&Tree) -> anyhow::Result<Vec<Finding>>,
}

const CHECKS: &[Check] = &[
    Check { name: "architecture", run: |tree| Ok(architecture::check(tree)) },
    Check { name: "changelog", run: |tree| Ok(changelog::check(tree)) },
    Check { name: "decisions", run: |tree| Ok(decisions::check(tree)) },
    Check { name: "edges", run: edges::check },
    Check { name: "guarantees", run: |tree| Ok(guarantees::check(tree)) },
    Check { name: "headers", run: |tree| Ok(headers::check(tree)) },
    Check { name: "leftovers", run: |tree| Ok(leftovers::check(tree)) },
    Check { name: "links", run: |tree| Ok(links::check(tree)) },
    Check { name: "names", run: |tree| Ok(names::check(tree)) },
    Check { name: "paths", run: |tree| Ok(paths::check(tree)) },
    Check { name: "silence", run: |tree| Ok(silence::check(tree)) },
    Check { name: "sizes", run: |tree| Ok(sizes::check(tree)) },
    Check { name: "threats", run: |tree| Ok(threats::check(tree)) },
];

/// Runs every rule, prints what is broken, and says whether nothing is.
pub fn report(workspace: &Workspace) -> anyhow::Result<bool> {
    let tally = tally(workspace)?;
    println!("{tally}");
    Ok(tally.all_passed())
}

/// Runs every rule, prints what is broken, and counts the rules.
pub fn tally(workspace: &Workspace) -> anyhow::Result<Tally> {
    let tree = Tree::load(&workspace.root)?;
    let mut tally = Tally::default();
    for check in CHECKS {
        let findings = (check.run)(&tree)?;
        tally += Tally::one(findings.is_empty());
        for finding in findings {
            println!("{}:{}: {} [{}]", finding.path, finding.line, finding.message, check.name);
        }
    }
    Ok(tally)
}
