//! The tables, their versions, and how a connection is set up. Keeps G7 (durability settings) and G9 (nothing covert has a variable size).

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use types::Timestamp;

use super::Options;
use super::read::INBOX_UNUSED;
use crate::{JournalError, Origin, blob_hash, genesis};

/// Marks the file as a journal of Rempart: "Rmpt".
const APPLICATION_ID: i64 = 0x526d_7074;
const PAGE_BYTES: u32 = 4096;
/// How long a reader's or a checkpoint's lock is waited for.
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Pages in the write-ahead log before they are moved into the database, within a commit. More would make such commits rarer but longer:
/// at 4096 the slowest commits take twice as long.
const WAL_PAGES: u32 = 1000;
const STATEMENTS_CACHED: usize = 32;

/// Schema versions in order; the nth brings a journal to version n + 1. Never edit one that was released: add another.
const MIGRATIONS: &[&str] = &[VERSION_1, VERSION_2, VERSION_3];

const VERSION_1: &str = "
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    schema INTEGER NOT NULL,
    organisation TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    overt_seq INTEGER NOT NULL,
    overt_hash BLOB NOT NULL,
    covert_seq INTEGER NOT NULL,
    covert_hash BLOB NOT NULL
) STRICT;
CREATE TABLE overt (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    items BLOB NOT NULL,
    blobs BLOB NOT NULL,
    hash BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE TABLE covert (
    seq INTEGER PRIMARY KEY,
    after_overt INTEGER NOT NULL,
    at INTEGER NOT NULL,
    hash BLOB NOT NULL,
    sealed BLOB NOT NULL CHECK (length(sealed) = 1024)
) STRICT;
CREATE TABLE outbox (
    seq INTEGER NOT NULL,
    part INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (seq, part)
) STRICT, WITHOUT ROWID;
CREATE TABLE blob (
    hash BLOB PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;
CREATE TABLE checkpoint (
    overt_seq INTEGER NOT NULL,
    covert_seq INTEGER NOT NULL,
    overt_hash BLOB NOT NULL,
    covert_hash BLOB NOT NULL,
    at INTEGER NOT NULL,
    key BLOB NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (overt_seq, covert_seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE snapshot (
    overt_seq INTEGER NOT NULL,
    covert_seq INTEGER NOT NULL,
    overt_hash BLOB NOT NULL,
    covert_hash BLOB NOT NULL,
    key BLOB NOT NULL,
    signature BLOB NOT NULL,
    overt_state BLOB NOT NULL,
    covert_state BLOB NOT NULL,
    PRIMARY KEY (overt_seq, covert_seq)
) STRICT;
";

/// What watch-only wallets learnt from the chain.
const VERSION_2: &str = "
CREATE TABLE wallet (
    id INTEGER PRIMARY KEY,
    wallet BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX wallet_by_name ON wallet (wallet, id);
";

/// Signs that are durable before their tick: one cell of one size, written over at every tick and at every sign, whatever it is.
const VERSION_3: &str = "
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    hash BLOB NOT NULL,
    sealed BLOB NOT NULL CHECK (length(sealed) = 1024)
) STRICT;
";

/// The row is there from the beginning, so that its absence is damage.
fn begin_inbox(connection: &Connection) -> Result<(), JournalError> {
    let params = params![blob_hash(&INBOX_UNUSED).0, INBOX_UNUSED];
    connection.execute("INSERT OR IGNORE INTO inbox (id, hash, sealed) VALUES (1, ?1, ?2)", params)?;
    Ok(())
}

fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Writes an empty journal into a new file, complete and without a write-ahead log beside it.
pub(super) fn create(path: &Path, origin: &Origin) -> Result<(), JournalError> {
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction()?;
    for sql in MIGRATIONS {
        transaction.execute_batch(sql)?;
    }
    begin_inbox(&transaction)?;
    let start = genesis(&origin.organisation, origin.created_at);
    transaction.execute(
        "INSERT INTO meta (id, schema, organisation, created_at) VALUES (1, ?1, ?2, ?3)",
        params![known(), origin.organisation, origin.created_at.as_nanos()],
    )?;
    transaction.execute(
        "INSERT INTO head (id, overt_seq, overt_hash, covert_seq, covert_hash) VALUES (1, 0, ?1, 0, ?1)",
        params![start.0],
    )?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error.into())
}

pub(super) fn open_writer(path: &Path, options: Options) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    prepare(&connection)?;
    recognise(&connection, path)?;
    // The mode is kept in the file, the rest lasts as long as the connection.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    if let Some(pages) = options.max_pages {
        connection.pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0))?;
    }
    migrate(&mut connection)?;
    match stray(&connection)? {
        None => Ok(connection),
        Some(what) => Err(JournalError::Damaged { what }),
    }
}

pub(super) fn open_reader(path: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    prepare(&connection)?;
    match recognise(&connection, path) {
        // On read-only media SQLite cannot make its shared-memory file. Without a log beside it, the file alone is the whole journal.
        Err(JournalError::Store(_) | JournalError::ReadOnly) if !beside_dash(path, "wal").exists() => {
            open_immutable(path)
        }
        Err(error) => Err(error),
        Ok(()) => {
            require_version(version(&connection)?)?;
            Ok(connection)
        }
    }
}

fn open_immutable(path: &Path) -> Result<Connection, JournalError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(immutable_uri(path), flags)?;
    prepare(&connection)?;
    recognise(&connection, path)?;
    require_version(version(&connection)?)?;
    Ok(connection)
}

/// Percent-encodes what has a meaning in a URI.
fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte))
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    uri
}

fn beside_dash(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-");
    name.push(suffix);
    name.into()
}

fn prepare(connection: &Connection) -> Result<(), JournalError> {
    connection.busy_timeout(BUSY_WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(())
}

fn recognise(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let id: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if id == APPLICATION_ID { Ok(()) } else { Err(JournalError::Foreign { path: path.to_path_buf() }) }
}

fn version(connection: &Connection) -> Result<i64, JournalError> {
    let found =
        connection.query_row("SELECT schema FROM meta WHERE id = 1", [], |row| row.get(0)).optional()?;
    found.ok_or_else(|| JournalError::Damaged { what: "the row of the schema version is gone".to_owned() })
}

fn require_version(found: i64) -> Result<(), JournalError> {
    if found == known() { Ok(()) } else { Err(JournalError::Version { found, known: known() }) }
}

fn migrate(connection: &mut Connection) -> Result<(), JournalError> {
    let found = version(connection)?;
    let done = usize::try_from(found).unwrap_or(usize::MAX);
    let missing = match MIGRATIONS.get(done..) {
        Some(missing) if done > 0 => missing,
        _ => return Err(JournalError::Version { found, known: known() }),
    };
    if missing.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for sql in missing {
        transaction.execute_batch(sql)?;
    }
    begin_inbox(&transaction)?;
    transaction.execute("UPDATE meta SET schema = ?1 WHERE id = 1", [known()])?;
    transaction.commit()?;
    Ok(())
}

/// What differs from the schema of this version: a trigger or a view could alter what is written behind our back.
pub(super) fn stray(connection: &Connection) -> Result<Option<String>, JournalError> {
    let model = Connection::open_in_memory()?;
    for sql in MIGRATIONS {
        model.execute_batch(sql)?;
    }
    let (found, expected) = (objects(connection)?, objects(&model)?);
    let differs = |(name, _): &&(String, String)| format!("`{name}` is not as this version made it");
    let added = found.difference(&expected).next();
    Ok(added.or_else(|| expected.difference(&found).next()).as_ref().map(differs))
}

/// Name and definition of everything in the schema.
fn objects(connection: &Connection) -> Result<BTreeSet<(String, String)>, JournalError> {
    let mut select =
        connection.prepare("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn origin(connection: &Connection) -> Result<Origin, JournalError> {
    let origin = connection
        .query_row("SELECT organisation, created_at FROM meta WHERE id = 1", [], |row| {
            Ok(Origin { organisation: row.get(0)?, created_at: Timestamp::from_nanos(row.get(1)?) })
        })
        .optional()?;
    origin.ok_or_else(|| JournalError::Damaged { what: "the row of the origin is gone".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What durability rests on, read back from the connection.
    #[test]
    fn a_writer_flushes_every_commit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.db");
        create(&path, &Origin { organisation: "exemple".to_owned(), created_at: Timestamp::MIN }).unwrap();
        let connection = open_writer(&path, Options::default()).unwrap();
        let setting =
            |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(setting("synchronous"), 2, "FULL");
        assert_eq!(setting("page_size"), i64::from(PAGE_BYTES));
        assert_eq!(setting("wal_autocheckpoint"), i64::from(WAL_PAGES));
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }

    /// The way to read from read-only media, which a test run as root could not force otherwise.
    #[test]
    fn a_file_alone_is_readable_without_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept ?#%.db");
        let origin = Origin { organisation: "exemple".to_owned(), created_at: Timestamp::MIN };
        create(&path, &origin).unwrap();
        drop(open_writer(&path, Options::default()).unwrap());
        let connection = open_immutable(&path).unwrap();
        assert_eq!(super::origin(&connection).unwrap(), origin);
        let names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["kept ?#%.db"], "nothing was written beside it");
    }

    #[test]
    fn uris_escape_what_has_a_meaning() {
        assert_eq!(immutable_uri(Path::new("/a b?c#d%.db")), "file:/a%20b%3Fc%23d%25.db?immutable=1");
    }
}
