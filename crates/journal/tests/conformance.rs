//! The conformance suite on SQLite. Holds G7.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use journal::sqlite::Options;
use journal::{Journal, JournalError, SqliteJournal, conformance};

#[test]
fn sqlite_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| -> Result<Box<dyn Journal>, JournalError> {
        let path = folder.path().join(name);
        let journal = if path.exists() {
            SqliteJournal::open(&path, Options::default())?
        } else {
            SqliteJournal::create(&path, &conformance::origin(), Options::default())?
        };
        Ok(Box::new(journal))
    };
    conformance::run(&open).unwrap();
}
