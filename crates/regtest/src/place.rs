//! Where the built `bitcoind` and `bitcoin-cli` are: in the user's cache folder, by version, outside the clone.
//!
//! Called by `Node` to find them. `cargo xtask bitcoind` compiles this same file to know where to put them, so that builder and finder
//! cannot differ.

use std::path::PathBuf;

/// Names another `bitcoind` than the cached one.
pub const OVERRIDE: &str = "REMPART_BITCOIND";
/// The version of the crate that carries the sources; the lock file in `crates/regtest/node` fixes its checksum.
pub const SOURCES_VERSION: &str = "0.4.1";

/// The folder with both programs, from `$XDG_CACHE_HOME`, else `~/.cache`.
pub fn cached() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))?;
    Some(cache.join("rempart").join(format!("bitcoind-{SOURCES_VERSION}")))
}
