//! libFuzzer drives the target that `REMPART_FUZZ_TARGET` names. Called by `cargo xtask fuzz`; never shipped.
#![no_main]

use std::sync::LazyLock;

static RUN: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("REMPART_FUZZ_TARGET").expect("REMPART_FUZZ_TARGET names a target");
    fuzz::target(&name).expect("there is such a target").run
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| RUN(bytes));
