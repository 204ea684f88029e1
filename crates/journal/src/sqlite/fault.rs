//! SQLite's result codes as journal errors. Keeps G7: a full disk, a failed disk and a damaged file are told apart in one place.

use rusqlite::{Error, ErrorCode, ffi};

use crate::JournalError;

impl From<Error> for JournalError {
    fn from(error: Error) -> Self {
        match &error {
            Error::SqliteFailure(failure, _) => from_code(failure.code, failure.extended_code, error),
            // A value of another type or size than the schema promises: someone wrote past us.
            Error::InvalidColumnType(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::FromSqlConversionFailure(..) => Self::Damaged { what: error.to_string() },
            _ => Self::Store(Box::new(error)),
        }
    }
}

fn from_code(code: ErrorCode, extended: i32, error: Error) -> JournalError {
    match code {
        ErrorCode::DiskFull => JournalError::Full(Box::new(error)),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            JournalError::Damaged { what: error.to_string() }
        }
        ErrorCode::SystemIoFailure if is_damage(extended) => {
            JournalError::Damaged { what: error.to_string() }
        }
        ErrorCode::SystemIoFailure => JournalError::Io(Box::new(error)),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => JournalError::Busy(Box::new(error)),
        ErrorCode::ReadOnly => JournalError::ReadOnly,
        _ => JournalError::Store(Box::new(error)),
    }
}

/// A file shorter than its header says is damage, not a failing disk.
fn is_damage(extended: i32) -> bool {
    matches!(extended, ffi::SQLITE_IOERR_SHORT_READ | ffi::SQLITE_IOERR_CORRUPTFS | ffi::SQLITE_IOERR_DATA)
}

/// A number that SQLite stores as signed.
pub(super) fn signed(number: u64) -> Result<i64, JournalError> {
    i64::try_from(number)
        .map_err(|_| JournalError::Damaged { what: format!("sequence number {number} is out of range") })
}

/// The way back.
pub(super) fn unsigned(number: i64) -> Result<u64, JournalError> {
    u64::try_from(number)
        .map_err(|_| JournalError::Damaged { what: format!("negative sequence number {number}") })
}

/// A file operation's failure.
pub(super) fn from_io(error: std::io::Error) -> JournalError {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            JournalError::Full(Box::new(error))
        }
        _ => JournalError::Io(Box::new(error)),
    }
}
