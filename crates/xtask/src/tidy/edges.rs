//! Dependency edges that must not exist, checked on what cargo resolved: the absence of an edge is what keeps G3 (the two ledgers
//! do not know each other) and the purity of the core. Called by `tidy`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::program::cargo;
use crate::tidy::Finding;
use crate::tree::Tree;

/// Pure crates: no clock, no randomness, no input or output, and nothing below them that has.
const CORE: &[&str] =
    &["types", "policy", "rota", "response", "exposure", "vault", "credentials", "overt", "covert", "gate"];

/// What the core must not have anywhere in its tree.
const IMPURE: &[&str] = &[
    "async-std",
    "axum",
    "hyper",
    "libsqlite3-sys",
    "log4rs",
    "metrics",
    "mio",
    "reqwest",
    "rusqlite",
    "rustls",
    "smol",
    "sqlx",
    "tokio",
    "tower",
    "tower-http",
    "tracing",
    "tracing-subscriber",
    "ureq",
];

/// What the core must not use itself; below it these stand idle behind features of other crates.
const IMPURE_DIRECT: &[&str] = &["fastrand", "getrandom", "rand", "tempfile", "uuid"];

/// `from` must not reach `to` over any number of edges.
const SEPARATE: &[(&str, &str)] = &[
    ("overt", "covert"),
    ("overt", "credentials"),
    ("covert", "overt"),
    ("policy", "credentials"),
    ("server", "dossier"),
    ("server", "age"),
    ("console", "overt"),
    ("console", "covert"),
    ("console", "gate"),
    ("console", "journal"),
];

/// Only these may depend on it directly.
const RESERVED: &[(&str, &[&str])] = &[
    ("rusqlite", &["journal"]),
    ("utoipa", &["api", "server"]),
    ("utoipa-axum", &["server"]),
    // `rempart` serves the prompter's page of the demo.
    ("axum", &["rempart", "server"]),
    ("api", &["console", "fuzz", "indistinguishable", "rempart", "server"]),
    ("covert", &["gate", "indistinguishable", "server", "testkit"]),
    ("testkit", &["fuzz"]),
    ("fuzz", &[]),
    ("regtest", &[]),
    ("browser", &[]),
    ("indistinguishable", &[]),
    ("xtask", &[]),
];

/// Normal and build dependencies between packages, by name; tests' own dependencies are left out.
#[derive(Default)]
struct Graph {
    members: BTreeSet<String>,
    edges: BTreeMap<String, BTreeSet<String>>,
}

pub fn check(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let mut command = cargo(&tree.root);
    let output =
        command.args(["metadata", "--format-version", "1"]).output().context("cannot run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    let metadata = serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?;
    Ok(faults(&Graph::read(&metadata).context("cargo metadata has an unknown shape")?))
}

fn faults(graph: &Graph) -> Vec<Finding> {
    let mut messages = Vec::new();
    for core in CORE.iter().filter(|core| graph.members.contains(**core)) {
        messages
            .extend(IMPURE.iter().filter_map(|impure| graph.path(core, impure)).map(|path| (*core, path)));
        let direct = IMPURE_DIRECT.iter().filter(|impure| graph.has_edge(core, impure));
        messages.extend(direct.map(|impure| (*core, format!("{core} -> {impure}"))));
    }
    for (from, to) in SEPARATE {
        messages.extend(graph.path(from, to).map(|path| (*from, path)));
    }
    for (to, allowed) in RESERVED {
        let others =
            graph.members.iter().filter(|from| graph.has_edge(from, to) && !allowed.contains(&from.as_str()));
        messages.extend(others.map(|from| (from.as_str(), format!("{from} -> {to}"))));
    }
    let finding = |(from, path): (&str, String)| {
        Finding::new(
            format!("crates/{from}/Cargo.toml"),
            0,
            format!("dependency that must not exist: {path}"),
        )
    };
    messages.into_iter().map(finding).collect()
}

impl Graph {
    fn read(metadata: &Value) -> Option<Self> {
        let mut graph = Self::default();
        let name_of: BTreeMap<&str, &str> = (metadata.get("packages")?.as_array()?.iter())
            .filter_map(|package| Some((package.get("id")?.as_str()?, package.get("name")?.as_str()?)))
            .collect();
        let named = |id: &Value| name_of.get(id.as_str()?).map(|name| (*name).to_owned());
        graph.members = metadata.get("workspace_members")?.as_array()?.iter().filter_map(named).collect();
        for node in metadata.get("resolve")?.get("nodes")?.as_array()? {
            let targets = node.get("deps")?.as_array()?.iter().filter(|dep| is_shipped(dep));
            let targets = targets.filter_map(|dep| named(dep.get("pkg")?));
            graph.edges.entry(named(node.get("id")?)?).or_default().extend(targets);
        }
        Some(graph)
    }

    fn has_edge(&self, from: &str, to: &str) -> bool {
        self.edges.get(from).is_some_and(|targets| targets.contains(to))
    }

    /// The shortest way from one package to another, as `a -> b -> c`.
    fn path(&self, from: &str, to: &str) -> Option<String> {
        let mut ways = std::collections::VecDeque::from([vec![from]]);
        let mut seen = BTreeSet::from([from]);
        while let Some(way) = ways.pop_front() {
            for next in self.edges.get(*way.last()?).into_iter().flatten() {
                let longer = [way.as_slice(), &[next.as_str()]].concat();
                if next == to {
                    return Some(longer.join(" -> "));
                }
                if seen.insert(next) {
                    ways.push_back(longer);
                }
            }
        }
        None
    }
}

/// Whether an edge is a normal or a build dependency, not only one of tests.
fn is_shipped(dependency: &Value) -> bool {
    let kinds = dependency.get("dep_kinds").and_then(Value::as_array);
    kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind.get("kind").and_then(Value::as_str) != Some("dev")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::planted;

    fn graph(edges: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::default();
        for (from, to) in edges {
            graph.edges.entry((*from).to_owned()).or_default().insert((*to).to_owned());
            graph.members.insert((*from).to_owned());
        }
        graph
    }

    fn messages(edges: &[(&str, &str)]) -> Vec<String> {
        faults(&graph(edges)).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn the_design_is_fine() {
        let design = [
            ("gate", "overt"),
            ("gate", "covert"),
            ("overt", "policy"),
            ("covert", "policy"),
            ("covert", "credentials"),
            ("policy", "types"),
            ("server", "gate"),
            ("server", "tokio"),
            ("journal", "rusqlite"),
            ("rempart", "api"),
        ];
        assert!(messages(&design).is_empty());
    }

    #[test]
    fn ledgers_that_know_each_other_are_found_however_far_apart() {
        let found = messages(&[("overt", "policy"), ("policy", "odd"), ("odd", "covert")]);
        assert!(
            found.contains(&"dependency that must not exist: overt -> policy -> odd -> covert".to_owned()),
            "{found:?}"
        );
        assert_eq!(messages(&[("covert", "overt")]).len(), 1);
        assert_eq!(messages(&[("overt", "credentials")]).len(), 1);
    }

    #[test]
    fn an_impure_core_is_found() {
        assert_eq!(
            messages(&[("types", "odd"), ("odd", "tokio")]),
            ["dependency that must not exist: types -> odd -> tokio"]
        );
        assert_eq!(messages(&[("gate", "getrandom")]).len(), 1);
        assert!(messages(&[("gate", "argon2"), ("argon2", "getrandom")]).is_empty());
    }

    #[test]
    fn reserved_dependencies_are_found_elsewhere() {
        for (from, to) in [
            ("server", "rusqlite"),
            ("alarm", "api"),
            ("rempart", "testkit"),
            ("signer", "regtest"),
            ("gate", "xtask"),
            ("journal", "covert"),
        ] {
            assert_eq!(messages(&[(from, to)]).len(), 1, "{from} -> {to}");
        }
    }

    fn manifest(name: &str, dependencies: &str) -> String {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{dependencies}\n")
    }

    /// The fault planted in real manifests and read through the real cargo; a dependency of tests alone is not one.
    #[test]
    fn edges_are_read_from_cargo() {
        let to_covert = "[dependencies]\ncovert = { path = \"../covert\" }";
        let for_tests = "[dev-dependencies]\novert = { path = \"../overt\" }";
        let (overt, covert) = (manifest("overt", to_covert), manifest("covert", ""));
        let testkit = manifest("testkit", for_tests);
        let (_folder, tree) = planted(&[
            ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\nresolver = \"3\"\n"),
            ("crates/overt/Cargo.toml", &overt),
            ("crates/overt/src/lib.rs", ""),
            ("crates/covert/Cargo.toml", &covert),
            ("crates/covert/src/lib.rs", ""),
            ("crates/testkit/Cargo.toml", &testkit),
            ("crates/testkit/src/lib.rs", ""),
        ]);
        let found: Vec<String> = check(&tree).unwrap().into_iter().map(|finding| finding.message).collect();
        let edge = "dependency that must not exist: overt -> covert";
        assert_eq!(found, [edge, edge], "once for the separation, once for the reservation");
    }
}
