//! Verification of a SQLite journal: everything recomputed from the entries. Keeps G7.

use std::ops::ControlFlow;

use rusqlite::Connection;

use super::{read, schema};
use crate::{JournalError, Place, VerifyOptions, VerifyReport};

/// Verifies within one read transaction, so that a server may write meanwhile.
pub(super) fn run(
    connection: &mut Connection,
    _options: &VerifyOptions,
) -> Result<VerifyReport, JournalError> {
    let transaction = connection.transaction()?;
    let origin = schema::origin(&transaction)?;
    let mut report = VerifyReport::new(read::head(&transaction)?);
    let overt = read::overt(&transaction, &origin, 0, &mut |_| ControlFlow::Continue(()));
    match overt {
        Ok(last) => report.overt_entries = last,
        Err(error) => report.add(Place::Store, error.to_string()),
    }
    match read::covert(&transaction, &origin, 0, &mut |_| ControlFlow::Continue(())) {
        Ok(last) => report.covert_slots = last,
        Err(error) => report.add(Place::Store, error.to_string()),
    }
    Ok(report)
}
