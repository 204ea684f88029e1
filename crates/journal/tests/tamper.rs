//! Someone writes to the database past us: verification finds it and says where. Holds G7.
//!
//! `every_byte_of_every_column` walks the schema itself, so a column added later is covered, or this test fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod world;

use std::fs;
use std::path::{Path, PathBuf};

use journal::{Attached, Checkpoint, Journal, Link, Place, VerifyOptions};
use rusqlite::types::Value;
use rusqlite::{Connection, params};
use tempfile::TempDir;
use types::Timestamp;
use world::{create, fill, key, verify, with_key};

/// A closed journal that uses everything, and a place for altered copies.
struct Bench {
    folder: TempDir,
    sound: PathBuf,
    head: journal::Head,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sound = folder.path().join("sound.db");
        let mut journal = create(&sound);
        fill(&mut journal);
        let head = journal.head();
        drop(journal);
        assert!(verify(&sound, &with_key()).unwrap().is_sound());
        Self { folder, sound, head }
    }

    /// A copy on which `alter` was done with a raw connection, or none when SQLite itself refused.
    fn altered(&self, alter: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Option<PathBuf> {
        let copy = self.folder.path().join("altered.db");
        let _ = fs::remove_file(&copy);
        fs::copy(&self.sound, &copy).unwrap();
        let raw = Connection::open(&copy).unwrap();
        raw.pragma_update(None, "ignore_check_constraints", true).unwrap();
        raw.pragma_update(None, "synchronous", "OFF").unwrap();
        raw.pragma_update_and_check(None, "journal_mode", "MEMORY", |_| Ok(())).unwrap();
        alter(&raw).ok()?;
        Some(copy)
    }

    /// Where problems are found; an error on opening counts as the store.
    fn places(&self, copy: &Path, options: &VerifyOptions) -> Vec<Place> {
        match verify(copy, options) {
            Ok(report) => report.problems.iter().map(|problem| problem.place).collect(),
            Err(_) => vec![Place::Store],
        }
    }

    fn found(&self, alter: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Vec<Place> {
        let copy = self.altered(alter).expect("SQLite refused the alteration");
        self.places(&copy, &with_key())
    }
}

/// Names of the tables, from the database itself.
fn tables(raw: &Connection) -> Vec<String> {
    let mut select = raw.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn columns(raw: &Connection, table: &str) -> Vec<String> {
    let mut select = raw.prepare("SELECT name FROM pragma_table_info(?1)").unwrap();
    select.query_map([table], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// The values of one column, in the order of the key.
fn values(raw: &Connection, table: &str, column: &str) -> Vec<Value> {
    let mut select = raw.prepare(&format!("SELECT {column} FROM {table} ORDER BY 1")).unwrap();
    select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Every way in which this test alters one value.
fn alterations(value: &Value) -> Vec<Value> {
    match value {
        Value::Integer(number) => {
            vec![Value::Integer(number ^ 1), Value::Integer(number + 1000), Value::Integer(-number - 1)]
        }
        Value::Text(text) => vec![Value::Text(format!("{text}x")), Value::Text(String::new())],
        Value::Blob(bytes) if bytes.is_empty() => vec![Value::Blob(vec![0]), Value::Blob(vec![7; 32])],
        Value::Blob(bytes) => {
            let step = (bytes.len() / 8).max(1);
            let mut altered: Vec<Value> = (0..bytes.len())
                .step_by(step)
                .chain([bytes.len() - 1])
                .map(|place| flipped(bytes, place))
                .collect();
            altered.push(Value::Blob(bytes[..bytes.len() - 1].to_vec()));
            altered
        }
        other => panic!("a column of type {other:?}"),
    }
}

fn flipped(bytes: &[u8], place: usize) -> Value {
    let mut bytes = bytes.to_vec();
    bytes[place] ^= 0x10;
    Value::Blob(bytes)
}

/// All but what wallets learnt: the caller signs that, and can learn it again.
fn chained_tables(raw: &Connection) -> Vec<String> {
    let all = tables(raw);
    let chained: Vec<String> = all.iter().filter(|table| *table != "wallet").cloned().collect();
    assert_eq!(chained.len() + 1, all.len());
    chained
}

#[test]
fn every_byte_of_every_column() {
    let bench = Bench::new();
    let raw = Connection::open(&bench.sound).unwrap();
    let mut tried = 0;
    for table in chained_tables(&raw) {
        for column in columns(&raw, &table) {
            let found = values(&raw, &table, &column);
            assert!(!found.is_empty(), "no row in {table}: this test would prove nothing");
            let mut of_column = 0;
            for value in [found.first(), found.last()].into_iter().flatten() {
                for to in alterations(value) {
                    of_column += usize::from(alter_and_look(&bench, &table, &column, value, &to));
                }
            }
            assert!(of_column > 0, "{table}.{column} was never altered");
            tried += of_column;
        }
    }
    assert!(tried > 300, "only {tried} alterations");
}

fn alter_and_look(bench: &Bench, table: &str, column: &str, from: &Value, to: &Value) -> bool {
    let copy = bench.altered(|raw| {
        let sql = format!("UPDATE {table} SET {column} = ?2 WHERE {column} = ?1");
        assert!(raw.execute(&sql, params![from, to])? > 0);
        Ok(())
    });
    // SQLite refuses a key that is there already: nothing to find.
    let Some(copy) = copy else { return false };
    assert!(
        !bench.places(&copy, &with_key()).is_empty(),
        "{table}.{column}: {from:?} -> {to:?} was not found"
    );
    true
}

#[test]
fn every_deleted_row() {
    let bench = Bench::new();
    let raw = Connection::open(&bench.sound).unwrap();
    for table in chained_tables(&raw) {
        // By design: a deleted item is a done one, checkpoints kept outside stand in for deleted ones, snapshots only save time.
        let by_design = ["outbox", "checkpoint", "snapshot"].contains(&table.as_str());
        let key = columns(&raw, &table).remove(0);
        for value in values(&raw, &table, &key) {
            let places = bench.found(|raw| {
                raw.execute(&format!("DELETE FROM {table} WHERE {key} = ?1"), [&value])?;
                Ok(())
            });
            assert_eq!(places.is_empty(), by_design, "{table} {value:?}: {places:?}");
        }
    }
}

#[test]
fn the_place_is_named() {
    let bench = Bench::new();
    let places = bench.found(|raw| raw.execute_batch("UPDATE overt SET body = x'00' WHERE seq = 5"));
    assert_eq!(places, [Place::Overt(5)]);
    let places = bench.found(|raw| raw.execute_batch("UPDATE covert SET at = at + 1 WHERE seq = 2"));
    assert_eq!(places, [Place::Covert(2)]);
    let places = bench.found(|raw| raw.execute_batch("DELETE FROM overt WHERE seq = 7"));
    assert!(places.starts_with(&[Place::Overt(8)]), "{places:?}");
    let places = bench.found(|raw| raw.execute_batch("UPDATE outbox SET body = x'00' WHERE seq = 10"));
    assert_eq!(places, [Place::Outbox(10, 0)]);
}

#[test]
fn reordered_entries() {
    let bench = Bench::new();
    let swap = "UPDATE {t} SET seq = -1 WHERE seq = 2; UPDATE {t} SET seq = 2 WHERE seq = 3; UPDATE {t} SET seq = 3 WHERE seq = -1;";
    for table in ["overt", "covert"] {
        assert!(!bench.found(|raw| raw.execute_batch(&swap.replace("{t}", table))).is_empty(), "{table}");
    }
    // The hashes stay where they were, only the contents change places.
    let places = bench.found(|raw| {
        let body = |seq: i64| {
            raw.query_row("SELECT body FROM overt WHERE seq = ?1", [seq], |row| row.get::<_, Vec<u8>>(0))
        };
        let (two, three) = (body(2)?, body(3)?);
        raw.execute("UPDATE overt SET body = ?1 WHERE seq = 2", [three])?;
        raw.execute("UPDATE overt SET body = ?1 WHERE seq = 3", [two])?;
        Ok(())
    });
    assert_eq!(places, [Place::Overt(2), Place::Overt(3)]);
}

#[test]
fn forged_rows() {
    let bench = Bench::new();
    let entry = "INSERT INTO overt VALUES (11, 0, x'', x'', zeroblob(32), x'00')";
    assert!(!bench.found(|raw| raw.execute_batch(entry)).is_empty());
    let entry = "INSERT INTO overt VALUES (-1, 0, x'', x'', zeroblob(32), x'00')";
    assert!(!bench.found(|raw| raw.execute_batch(entry)).is_empty());
    let effect = "INSERT INTO outbox VALUES (4, 1, 'webhook', x'00')";
    assert_eq!(bench.found(|raw| raw.execute_batch(effect)), [Place::Outbox(4, 1)]);
    let effect = "INSERT INTO outbox VALUES (400, 0, 'webhook', x'00')";
    assert_eq!(bench.found(|raw| raw.execute_batch(effect)), [Place::Outbox(400, 0)]);
}

/// Cuts the overt chain after `seq` and makes the head agree, as an insider who knows the format would.
fn cut(raw: &Connection, seq: i64) -> rusqlite::Result<()> {
    raw.execute("DELETE FROM overt WHERE seq > ?1", [seq])?;
    raw.execute("DELETE FROM outbox WHERE seq > ?1", [seq])?;
    raw.execute("DELETE FROM checkpoint WHERE overt_seq > ?1", [seq])?;
    raw.execute("DELETE FROM snapshot WHERE overt_seq > ?1", [seq])?;
    raw.execute("DELETE FROM covert WHERE after_overt > ?1", [seq])?;
    raw.execute_batch(
        "UPDATE head SET overt_seq = (SELECT max(seq) FROM overt), covert_seq = (SELECT max(seq) FROM covert);
         UPDATE head SET overt_hash = (SELECT hash FROM overt WHERE seq = overt_seq),
                         covert_hash = (SELECT hash FROM covert WHERE seq = covert_seq);",
    )
}

#[test]
fn a_tail_cut_off_carefully_is_found_with_a_checkpoint_kept_outside() {
    let bench = Bench::new();
    let copy = bench.altered(|raw| cut(raw, 6)).unwrap();
    assert_eq!(bench.places(&copy, &with_key()), [], "nothing inside the file can tell");
    let expected = Some(Checkpoint::sign(&key(), bench.head, Timestamp::from_millis(9)));
    assert_eq!(bench.places(&copy, &VerifyOptions { expected, ..with_key() }), [Place::Expected]);
    assert_eq!(bench.places(&bench.sound, &VerifyOptions { expected, ..with_key() }), []);
}

/// Alters entry `seq` and recomputes every hash after it, as an insider who knows the format would.
fn rewrite(raw: &Connection, seq: i64) -> rusqlite::Result<()> {
    let mut previous =
        raw.query_row("SELECT hash FROM overt WHERE seq = ?1", [seq - 1], |row| row.get::<_, [u8; 32]>(0))?;
    raw.execute("UPDATE overt SET body = x'beef' WHERE seq = ?1", [seq])?;
    for seq in seq..=10 {
        let (at, items, blobs, body) =
            raw.query_row("SELECT at, items, blobs, body FROM overt WHERE seq = ?1", [seq], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, Vec<u8>>(1)?,
                    row.get::<_, Vec<u8>>(2)?,
                    row.get::<_, Vec<u8>>(3)?,
                ))
            })?;
        let link = Link { previous: types::Hash(previous), seq: seq.unsigned_abs() };
        previous = link.overt(Timestamp::from_nanos(at), Attached { items: &items, blobs: &blobs }, &body).0;
        raw.execute("UPDATE overt SET hash = ?2 WHERE seq = ?1", params![seq, previous])?;
    }
    raw.execute("UPDATE head SET overt_hash = ?1", [previous]).map(|_| ())
}

#[test]
fn a_rewritten_history_is_found_by_its_checkpoints() {
    let bench = Bench::new();
    let places = bench.found(|raw| rewrite(raw, 5));
    assert_eq!(places, [Place::Checkpoint(6, 2), Place::Snapshot(6, 2)]);
    let copy = bench
        .altered(|raw| {
            rewrite(raw, 5)?;
            raw.execute_batch("DELETE FROM checkpoint; DELETE FROM snapshot")
        })
        .unwrap();
    assert_eq!(bench.places(&copy, &with_key()), [], "nothing inside the file can tell");
    let expected = Some(Checkpoint::sign(&key(), bench.head, Timestamp::from_millis(9)));
    assert_eq!(bench.places(&copy, &VerifyOptions { expected, ..with_key() }), [Place::Expected]);
}

#[test]
fn a_checkpoint_forged_with_another_key() {
    let bench = Bench::new();
    let forger = ed25519_dalek::SigningKey::from_bytes(&[66; 32]);
    let forged = Checkpoint::sign(&forger, bench.head, Timestamp::from_millis(9));
    let options = VerifyOptions { expected: Some(forged), ..with_key() };
    assert_eq!(bench.places(&bench.sound, &options), [Place::Expected]);
}

#[test]
fn a_trigger_that_would_alter_what_is_written() {
    let bench = Bench::new();
    let trigger = "CREATE TRIGGER quiet AFTER INSERT ON outbox BEGIN DELETE FROM outbox; END";
    assert_eq!(bench.found(|raw| raw.execute_batch(trigger)), [Place::Store]);
    let copy = bench.altered(|raw| raw.execute_batch(trigger)).unwrap();
    assert_eq!(world::open(&copy).unwrap_err().code(), "journal-damaged");
    assert_eq!(bench.found(|raw| raw.execute_batch("CREATE INDEX leak ON covert (sealed)")), [Place::Store]);
}

#[test]
fn replay_hands_out_nothing_from_the_break_on() {
    let bench = Bench::new();
    let copy = bench.altered(|raw| raw.execute_batch("UPDATE overt SET at = at + 1 WHERE seq = 4")).unwrap();
    let mut journal = world::open(&copy).unwrap();
    let mut seen = Vec::new();
    let broken = journal.replay_overt(0, &mut |entry| {
        seen.push(entry.seq);
        std::ops::ControlFlow::Continue(())
    });
    let error = broken.unwrap_err();
    assert_eq!(error.code(), "journal-chain-broken");
    assert!(error.to_string().contains("entry 4"), "{error}");
    assert_eq!(seen, [1, 2, 3]);
}

#[test]
fn an_altered_effect_is_not_executed() {
    let bench = Bench::new();
    let copy =
        bench.altered(|raw| raw.execute_batch("UPDATE outbox SET body = x'00' WHERE seq = 4")).unwrap();
    let error = world::open(&copy).unwrap().outbox(None, 10).unwrap_err();
    assert_eq!(error.code(), "journal-chain-broken");
}

#[test]
fn an_altered_snapshot_is_ignored_and_the_one_before_is_used() {
    let bench = Bench::new();
    let alter = "UPDATE snapshot SET overt_state = x'00' WHERE overt_seq = 6";
    let copy = bench.altered(|raw| raw.execute_batch(alter)).unwrap();
    let latest = world::open(&copy).unwrap().latest_snapshot(&key().verifying_key()).unwrap();
    assert_eq!(latest.snapshot.map(|snapshot| snapshot.overt_seq), Some(3));
    assert_eq!(latest.problems.len(), 1);
    assert_eq!(latest.problems[0].place, Place::Snapshot(6, 2));
}

#[test]
fn a_writer_refuses_a_chain_that_does_not_end_at_its_head() {
    let bench = Bench::new();
    for alter in [
        "DELETE FROM overt WHERE seq = 10",
        "INSERT INTO overt VALUES (11, 0, x'', x'', zeroblob(32), x'00')",
    ] {
        let copy = bench.altered(|raw| raw.execute_batch(alter)).unwrap();
        assert_eq!(world::open(&copy).unwrap_err().code(), "journal-chain-broken", "{alter}");
    }
}
