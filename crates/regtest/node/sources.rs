//! Empty: cargo wants a target before it fetches the sources of Bitcoin Core, which `cargo xtask bitcoind` builds (see docs/adr/0010).
