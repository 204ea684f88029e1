//! `docs/errors.md` lists exactly the codes that there are. `UPDATE_EXPECT=1 cargo test -p api` writes it.

#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use std::fmt::Write;
use std::path::Path;

use api::{Code, Language};

fn page() -> String {
    let mut page = String::from(
        "# Error codes\n\n\
         Every error of the HTTP interface is a problem document with one of these codes. Programs decide by `code` alone; \
         `detail` is for people, in English or French by `Accept-Language`.\n\
         Generated from `crates/api/src/code.rs` (`UPDATE_EXPECT=1 cargo test -p api`); a code keeps its meaning.\n",
    );
    for code in Code::ALL {
        let (english, french) = (code.text(Language::English), code.text(Language::French));
        write!(page, "\n## {}\n{} · {english} · *{french}*\n", code.as_str(), code.status()).unwrap();
    }
    page
}

#[test]
fn the_page_lists_exactly_the_codes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page(), "docs/errors.md is out of date: UPDATE_EXPECT=1 cargo test -p api");
}
