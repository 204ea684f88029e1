//! Writes the seeds of a target into a folder, one file each. Called by `cargo xtask fuzz TARGET`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "never shipped; it stops at the first surprise")]

use std::path::PathBuf;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().expect("a target");
    let folder = PathBuf::from(arguments.next().expect("a folder"));
    std::fs::create_dir_all(&folder).unwrap();
    let target = fuzz::target(&name).expect("there is such a target");
    for (number, seed) in (target.seeds)().iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number:04}")), seed).unwrap();
    }
}
