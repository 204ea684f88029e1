//! What every back-end must do, as one suite. Keeps G7 the same on all of them. Called from each back-end's tests; never shipped in a path
//! that a user reaches.
//!
//! What depends on the medium (killed processes, full disks, damaged pages, copies) is tested beside each back-end.

use std::ops::ControlFlow;

use ed25519_dalek::SigningKey;
use thiserror::Error;
use types::{Hash, Timestamp};

use crate::{
    Attached, BATCH_RECORDS_MAX, Batch, Checkpoint, CovertSlot, Head, Journal, JournalError, Link,
    NewOutboxItem, OVERT_BODY_BYTES_MAX, Origin, OutboxId, OvertRecord, Place, SLOT_BYTES, SNAPSHOTS_KEPT,
    Snapshot, VerifyOptions, WalletChange, blob_hash, genesis,
};

/// The heads of the suite's standard history, computed from the definition by another program, not by any back-end.
const STANDARD_OVERT_HEAD: &str = "02a890c69241e4af27758ed5ad308b190e1f7f23905a97a7003227920afe6c9a";
const STANDARD_COVERT_HEAD: &str = "9ba3a62bda038b29e1a48ab8271b880beb4d489fe88167759eb080ea6f34dad7";

/// Opens the journal of that name for writing, creating it for [`origin`] when there is none. The same name means the same journal.
pub type Open<'a> = &'a dyn Fn(&str) -> Result<Box<dyn Journal>, JournalError>;

/// A check that a back-end did not pass.
#[derive(Debug, Error)]
#[error("{check}: {what}")]
pub struct Failure {
    /// The check.
    pub check: &'static str,
    /// What was found.
    pub what: String,
}

/// What ends a check early.
struct Stop(String);

impl From<JournalError> for Stop {
    fn from(error: JournalError) -> Self {
        Self(format!("{}: {error}", error.code()))
    }
}

type Checked = Result<(), Stop>;

/// Fails the check unless the condition holds.
macro_rules! ensure {
    ($holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err(Stop(format!($($what)+)));
        }
    };
}

/// A check by its name.
type Check = (&'static str, fn(Open<'_>, &str) -> Checked);

const CHECKS: &[Check] = &[
    ("a new journal is empty", starts_empty),
    ("the standard history has its known head", standard_history),
    ("what was appended is there after opening again", survives_reopening),
    ("a group has the same chain as single appends", groups_like_singles),
    ("an empty batch changes nothing", empty_batch),
    ("replay gives every entry from any place", replays),
    ("replay stops when told", replay_stops),
    ("slots keep their place among the overt entries", slots_in_order),
    ("a refused batch leaves nothing behind", refusals),
    ("the outbox keeps order and forgets what is done", outbox),
    ("blobs are found by their address", blobs),
    ("the inbox holds what was written last, with the batch that wrote it", inbox),
    ("wallets keep what they learnt, with the records of the same batch", wallets),
    ("checkpoints are of the current head only", checkpoints),
    ("an expected checkpoint finds a tail that was cut off", expected_checkpoint),
    ("snapshots are signed, anchored and few", snapshots),
    ("verification counts what is there", counts),
    ("there is one writer", one_writer),
];

/// Runs every check, each on a journal of its own.
///
/// # Errors
/// The first check that fails.
pub fn run(open: Open<'_>) -> Result<(), Failure> {
    for (nth, (check, body)) in CHECKS.iter().enumerate() {
        let name = format!("conformance-{nth}");
        body(open, &name).map_err(|Stop(what)| Failure { check, what })?;
    }
    Ok(())
}

/// Whose journals the suite asks for.
#[must_use]
pub fn origin() -> Origin {
    Origin { organisation: "exemple".to_owned(), created_at: Timestamp::from_millis(1_700_000_000_000) }
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1000)
}

fn record(nth: u8) -> OvertRecord {
    OvertRecord { at: at(i64::from(nth)), body: vec![nth; usize::from(nth) * 3] }
}

fn slot(nth: u8) -> CovertSlot {
    CovertSlot { at: at(i64::from(nth) * 60), sealed: [nth; SLOT_BYTES] }
}

fn one(nth: u8) -> Batch {
    Batch { overt: vec![record(nth)], ..Batch::default() }
}

/// Five batches that use everything: 6 records, 3 slots, 4 items of which one is done, 2 blobs, a checkpoint.
fn standard(journal: &mut dyn Journal) -> Checked {
    let item = |after, body: &[u8]| NewOutboxItem { after, kind: "notice".to_owned(), body: body.to_vec() };
    let blob = |body: &[u8]| (blob_hash(body), body.to_vec());
    journal.append(&one(1))?;
    journal.append(&Batch {
        overt: vec![record(2), record(3)],
        slot: Some(slot(1)),
        outbox: vec![item(1, b"c"), item(0, b"a"), item(0, b"b")],
        ..Batch::default()
    })?;
    journal.append(&Batch { slot: Some(slot(2)), ..Batch::default() })?;
    let checkpoint = Some(Checkpoint::sign(&key(), journal.head(), at(200)));
    journal.append(&Batch {
        overt: vec![record(4)],
        blobs: vec![blob(b"large"), blob(b"larger")],
        checkpoint,
        ..Batch::default()
    })?;
    let done = vec![OutboxId { seq: 2, part: 0 }];
    journal.append(&Batch {
        overt: vec![record(5), record(0)],
        outbox: vec![item(0, b"d")],
        slot: Some(slot(3)),
        done,
        ..Batch::default()
    })?;
    Ok(())
}

type OwnedEntry = (u64, Timestamp, Vec<u8>, Hash);

fn overt_after(journal: &mut dyn Journal, after: u64) -> Result<Vec<OwnedEntry>, JournalError> {
    let mut found = Vec::new();
    journal.replay_overt(after, &mut |entry| {
        found.push((entry.seq, entry.at, entry.body.to_vec(), entry.hash));
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

fn covert_after(journal: &mut dyn Journal, after: u64) -> Result<Vec<(u64, u64, u8)>, JournalError> {
    let mut found = Vec::new();
    journal.replay_covert(after, &mut |entry| {
        found.push((entry.seq, entry.after_overt, entry.sealed.first().copied().unwrap_or_default()));
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

fn starts_empty(open: Open<'_>, name: &str) -> Checked {
    let mut journal = open(name)?;
    let start = genesis(&origin().organisation, origin().created_at);
    ensure!(journal.origin() == &origin(), "origin {:?}", journal.origin());
    ensure!(journal.head() == Head::empty(start), "head {:?}", journal.head());
    ensure!(overt_after(journal.as_mut(), 0)?.is_empty(), "entries in a new journal");
    ensure!(covert_after(journal.as_mut(), 0)?.is_empty(), "slots in a new journal");
    ensure!(journal.outbox(None, 10)?.is_empty(), "outbox items in a new journal");
    ensure!(
        journal.latest_snapshot(&key().verifying_key())?.snapshot.is_none(),
        "a snapshot in a new journal"
    );
    ensure!(journal.verify(&VerifyOptions::default())?.is_sound(), "a new journal does not verify");
    Ok(())
}

fn standard_history(open: Open<'_>, name: &str) -> Checked {
    let mut journal = open(name)?;
    standard(journal.as_mut())?;
    let head = journal.head();
    ensure!((head.overt_seq, head.covert_seq) == (6, 3), "head {head:?}");
    ensure!(head.overt_hash.to_string() == STANDARD_OVERT_HEAD, "overt head {}", head.overt_hash);
    ensure!(head.covert_hash.to_string() == STANDARD_COVERT_HEAD, "covert head {}", head.covert_hash);
    Ok(())
}

fn survives_reopening(open: Open<'_>, name: &str) -> Checked {
    let mut journal = open(name)?;
    standard(journal.as_mut())?;
    let (head, entries, items) =
        (journal.head(), overt_after(journal.as_mut(), 0)?, journal.outbox(None, 10)?);
    drop(journal);
    let mut journal = open(name)?;
    ensure!(journal.head() == head, "head {:?} instead of {head:?}", journal.head());
    ensure!(overt_after(journal.as_mut(), 0)? == entries, "other entries");
    ensure!(journal.outbox(None, 10)? == items, "another outbox");
    let next = journal.append(&one(9))?;
    ensure!(next.overt_seq == head.overt_seq + 1, "numbers do not go on: {next:?}");
    Ok(())
}

fn groups_like_singles(open: Open<'_>, name: &str) -> Checked {
    let (mut group, mut singles) = (open(&format!("{name}-group"))?, open(&format!("{name}-singles"))?);
    let records: Vec<OvertRecord> = (0..20).map(record).collect();
    let grouped = group.append(&Batch { overt: records.clone(), ..Batch::default() })?;
    for record in records {
        singles.append(&Batch { overt: vec![record], ..Batch::default() })?;
    }
    ensure!(grouped == singles.head(), "{grouped:?} and {:?}", singles.head());
    ensure!(overt_after(group.as_mut(), 0)? == overt_after(singles.as_mut(), 0)?, "other entries");
    Ok(())
}

fn empty_batch(open: Open<'_>, name: &str) -> Checked {
    let mut journal = open(name)?;
    let head = journal.append(&one(1))?;
    ensure!(journal.append(&Batch::default())? == head, "an empty batch moved the head");
    ensure!(overt_after(journal.as_mut(), 0)?.len() == 1, "an empty batch wrote an entry");
    Ok(())
}

fn replays(open: Open<'_>, name: &str) -> Checked {
    let mut journal = open(name)?;
    standard(journal.as_mut())?;
    let all = overt_after(journal.as_mut(), 0)?;
    let numbers: Vec<u64> = all.iter().map(|entry| entry.0).collect();
    ensure!(numbers == [1, 2, 3, 4, 5, 6], "entries {numbers:?}");
    for (nth, (_, time, body, _)) in (1..).zip(all.iter().take(5)) {
        ensure!(OvertRecord { at: *time, body: body.clone() } == record(nth), "entry {nth} was altered");
    }
    for after in 0..=6_usize {
        let tail = overt_after(journal.as_mut(), after as u64)?;
        ensure!(Some(tail.as_slice()) == all.get(after..), "another tail after {after}");
    }
    let first = Link { previous: genesis(&origin().organisation, origin().created_at), seq: 1 };
    let hash = first.overt(record(1).at, Attached::default(), &record(1).body);
    ensure!(all.first().is_some_and(|entry| entry.3 == hash), "the first hash is not by the definition");
    for beyond in [7, u64::MAX] {
        let refused = overt_after(journal.as_mut(), beyond);
        ensure!(matches!(refused, Err(JournalError::Anchor { .. })), "replay after {beyond}: {refused:?}");
    }
    Ok(())
}

fn replay_stops(open: Open<'_>, name: &str) -> Checked {
    let mut journal = open(name)?;
    standard(journal.as_mut())?;
    let mut seen = 0;
    let last = journal.replay_overt(1, &mut |entry| {
        seen += 1;
        if entry.seq == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    ensure!((seen, last) == (2, 3), "{seen} entries, the last {last}");
    let last = journal.replay_covert(0, &mut |_| ControlFlow::Break(()))?;
    ensure!(last == 1, "the last slot was {last}");
    Ok(())
}

fn slots_in_order(open: Open<'_>, name: &str) -> Checked {
    let mut journal = open(name)?;
    standard(journal.as_mut())?;
    let slots = covert_after(journal.as_mut(), 0)?;
    ensure!(slots == [(1, 3, 1), (2, 3, 2), (3, 6, 3)], "slots {slots:?}");
    ensure!(covert_after(journal.as_mut(), 2)? == [(3, 6, 3)], "another tail");
    Ok(())
}

fn refusals(open: Open<'_>, name: &str) -> Checked {
    let mut journal = open(name)?;
    let head = journal.append(&one(1))?;
    let item = NewOutboxItem { after: 1, kind: "notice".to_owned(), body: Vec::new() };
    let other = Head { overt_seq: 7, ..head };
    let bad: Vec<(&str, Batch)> = vec![
        (
            "journal-too-large",
            Batch {
                overt: vec![OvertRecord { at: at(0), body: vec![0; OVERT_BODY_BYTES_MAX + 1] }],
                ..one(2)
            },
        ),
        ("journal-too-large", Batch { overt: vec![record(0); BATCH_RECORDS_MAX + 1], ..Batch::default() }),
        ("journal-outbox-after", Batch { outbox: vec![item], ..one(2) }),
        ("journal-blob-address", Batch { blobs: vec![(Hash([0; 32]), b"x".to_vec())], ..one(2) }),
        ("journal-blob-alone", Batch { blobs: vec![(blob_hash(b"x"), b"x".to_vec())], ..Batch::default() }),
        (
            "journal-anchor",
            Batch { checkpoint: Some(Checkpoint::sign(&key(), other, at(0))), slot: Some(slot(1)), ..one(2) },
        ),
    ];
    for (code, batch) in bad {
        let refused = journal.append(&batch);
        ensure!(refused.as_ref().is_err_and(|error| error.code() == code), "{code}: {refused:?}");
    }
    ensure!(journal.head() == head, "a refused batch moved the head");
    drop(journal);
    let mut journal = open(name)?;
    let report = journal.verify(&VerifyOptions::default())?;
    ensure!(
        report.is_sound() && (report.overt_entries, report.covert_slots, report.blobs) == (1, 0, 0),
        "{report:?}"
    );
    Ok(())
}

fn outbox(open: Open<'_>, name: &str) -> Checked {
    let mut journal = open(name)?;
    standard(journal.as_mut())?;
    let names = |items: &[crate::OutboxItem]| -> Vec<(u64, u32, Vec<u8>)> {
        items.iter().map(|item| (item.id.seq, item.id.part, item.body.clone())).collect()
    };
    let all = journal.outbox(None, 10)?;
    let expected = [(2, 1, b"b".to_vec()), (3, 0, b"c".to_vec()), (5, 0, b"d".to_vec())];
    ensure!(names(&all) == expected, "outbox {all:?}");
    ensure!(all.iter().all(|item| item.kind == "notice"), "another kind");
    let page = journal.outbox(Some(OutboxId { seq: 2, part: 1 }), 1)?;
    ensure!(Some(page.as_slice()) == all.get(1..2), "page {page:?}");
    let head = journal.head();
    let done =
        vec![OutboxId { seq: 3, part: 0 }, OutboxId { seq: 3, part: 0 }, OutboxId { seq: u64::MAX, part: 9 }];
    ensure!(journal.append(&Batch { done, ..Batch::default() })? == head, "done items moved the head");
    let left = names(&journal.outbox(None, 10)?);
    ensure!(left == [(2, 1, b"b".to_vec()), (5, 0, b"d".to_vec())], "left {left:?}");
    Ok(())
}

fn blobs(open: Open<'_>, name: &str) -> Checked {
    let mut journal = open(name)?;
    standard(journal.as_mut())?;
    let again = vec![(blob_hash(b"large"), b"large".to_vec())];
    journal.append(&Batch { blobs: again, ..one(7) })?;
    ensure!(journal.blob(&blob_hash(b"large"))?.as_deref() == Some(b"large"), "a blob is lost");
    ensure!(journal.blob(&blob_hash(b"absent"))?.is_none(), "a blob from nowhere");
    let report = journal.verify(&VerifyOptions::default())?;
    ensure!(report.is_sound() && report.blobs == 2, "{report:?}");
    Ok(())
}

fn inbox(open: Open<'_>, name: &str) -> Checked {
    let mut journal = open(name)?;
    ensure!(journal.inbox()?.is_none(), "an inbox in a new journal");
    let head = journal.append(&one(1))?;
    let cell = |byte: u8| Batch { inbox: Some([byte; SLOT_BYTES]), ..Batch::default() };
    ensure!(journal.append(&cell(7))? == head, "the inbox changed the chains");
    let unsound = vec![(Hash([9; 32]), vec![1])];
    let refused = Batch { blobs: unsound, inbox: Some([8; SLOT_BYTES]), ..one(2) };
    ensure!(
        journal.append(&refused).is_err() && journal.inbox()? == Some([7; SLOT_BYTES]),
        "written though refused"
    );
    journal.append(&cell(9))?;
    drop(journal);
    ensure!(open(name)?.inbox()? == Some([9; SLOT_BYTES]), "lost when closed");
    Ok(())
}

fn wallets(open: Open<'_>, name: &str) -> Checked {
    let (main, other) = (Hash([1; 32]), Hash([2; 32]));
    let learnt = |wallet: Hash, body: &[u8]| WalletChange { wallet, body: body.to_vec(), replaces: false };
    let mut journal = open(name)?;
    let head = journal.append(&one(1))?;
    let changes = vec![learnt(main, b"a"), learnt(other, b"x"), learnt(main, b"b")];
    let after = journal.append(&Batch { wallets: changes, ..Batch::default() })?;
    ensure!(after == head, "what a wallet learnt changed the chains");
    ensure!(journal.wallet(&main)? == [b"a", b"b"], "not in order: {:?}", journal.wallet(&main)?);
    let unsound = vec![(Hash([9; 32]), vec![1])];
    let refused = Batch { blobs: unsound, wallets: vec![learnt(main, b"lost")], ..one(2) };
    ensure!(journal.append(&refused).is_err() && journal.wallet(&main)?.len() == 2, "a refused batch taught");
    let whole = WalletChange { replaces: true, ..learnt(main, b"ab") };
    journal.append(&Batch { wallets: vec![whole], ..one(2) })?;
    drop(journal);
    let mut journal = open(name)?;
    ensure!(journal.wallet(&main)? == [b"ab"], "one in place of all: {:?}", journal.wallet(&main)?);
    ensure!(journal.wallet(&other)? == [b"x"], "another wallet lost what it knew");
    ensure!(journal.wallet(&Hash([3; 32]))?.is_empty(), "an unknown wallet knows something");
    Ok(())
}

fn checkpoints(open: Open<'_>, name: &str) -> Checked {
    let mut journal = open(name)?;
    let before = journal.head();
    journal.append(&one(1))?;
    let stale = Batch { checkpoint: Some(Checkpoint::sign(&key(), before, at(1))), ..Batch::default() };
    ensure!(
        matches!(journal.append(&stale), Err(JournalError::Anchor { .. })),
        "a stale checkpoint was taken"
    );
    let fresh =
        Batch { checkpoint: Some(Checkpoint::sign(&key(), journal.head(), at(1))), ..Batch::default() };
    journal.append(&fresh)?;
    let options = VerifyOptions { key: Some(key().verifying_key()), ..VerifyOptions::default() };
    let report = journal.verify(&options)?;
    ensure!(report.is_sound() && report.checkpoints == 1, "{report:?}");
    let other = SigningKey::from_bytes(&[43; 32]).verifying_key();
    let report = journal.verify(&VerifyOptions { key: Some(other), ..VerifyOptions::default() })?;
    ensure!(report.problems.iter().any(|problem| problem.place == Place::Checkpoint(1, 0)), "{report:?}");
    Ok(())
}

fn expected_checkpoint(open: Open<'_>, name: &str) -> Checked {
    let (mut whole, mut cut) = (open(&format!("{name}-whole"))?, open(&format!("{name}-cut"))?);
    for nth in 1..=5 {
        whole.append(&one(nth))?;
    }
    for nth in 1..=3 {
        cut.append(&one(nth))?;
    }
    let options = VerifyOptions {
        expected: Some(Checkpoint::sign(&key(), whole.head(), at(9))),
        ..VerifyOptions::default()
    };
    whole.append(&one(6))?;
    ensure!(whole.verify(&options)?.is_sound(), "the whole journal does not pass through its checkpoint");
    let report = cut.verify(&options)?;
    let places: Vec<Place> = report.problems.iter().map(|problem| problem.place).collect();
    ensure!(places == [Place::Expected], "{places:?}");
    cut.append(&one(6))?;
    cut.append(&one(7))?;
    ensure!(!cut.verify(&options)?.is_sound(), "another history passes through the checkpoint");
    Ok(())
}

fn snapshot(head: Head, fill: u8) -> Snapshot {
    let Head { overt_seq, overt_hash, covert_seq, covert_hash } = head;
    Snapshot {
        overt_seq,
        overt_hash,
        covert_seq,
        covert_hash,
        overt_state: vec![fill; 5000],
        covert_state: vec![!fill; 4096],
    }
}

fn snapshots(open: Open<'_>, name: &str) -> Checked {
    let mut journal = open(name)?;
    let mut saved = Vec::new();
    for nth in 1..=4 {
        journal.append(&Batch { slot: Some(slot(nth)), ..one(nth) })?;
        saved.push(snapshot(journal.head(), nth));
        journal.save_snapshot(&snapshot(journal.head(), nth), &key())?;
    }
    let latest = journal.latest_snapshot(&key().verifying_key())?;
    ensure!(
        latest.snapshot.as_ref() == saved.last() && latest.problems.is_empty(),
        "another snapshot came back"
    );
    let kept =
        journal.verify(&VerifyOptions { key: Some(key().verifying_key()), ..VerifyOptions::default() })?;
    ensure!(kept.is_sound() && kept.snapshots == SNAPSHOTS_KEPT as u64, "{kept:?}");
    let mut foreign = snapshot(journal.head(), 9);
    foreign.overt_hash = Hash([9; 32]);
    let refused = journal.save_snapshot(&foreign, &key());
    ensure!(matches!(refused, Err(JournalError::Anchor { .. })), "{refused:?}");
    let other = SigningKey::from_bytes(&[43; 32]);
    journal.append(&one(5))?;
    journal.save_snapshot(&snapshot(journal.head(), 5), &other)?;
    let latest = journal.latest_snapshot(&key().verifying_key())?;
    ensure!(latest.snapshot.as_ref() == saved.last(), "a snapshot signed with another key was believed");
    ensure!(latest.problems.len() == 1, "{:?}", latest.problems);
    Ok(())
}

fn counts(open: Open<'_>, name: &str) -> Checked {
    let mut journal = open(name)?;
    standard(journal.as_mut())?;
    let report = journal.verify(&VerifyOptions { pages: true, ..VerifyOptions::default() })?;
    ensure!(report.is_sound(), "{:?}", report.problems);
    ensure!(report.head == journal.head(), "head {:?}", report.head);
    let found = [
        report.overt_entries,
        report.covert_slots,
        report.outbox_items,
        report.blobs,
        report.checkpoints,
        report.snapshots,
    ];
    ensure!(found == [6, 3, 3, 2, 1, 0], "{found:?}");
    Ok(())
}

fn one_writer(open: Open<'_>, name: &str) -> Checked {
    let first = open(name)?;
    let second = open(name).err();
    ensure!(matches!(second, Some(JournalError::Locked { .. })), "a second writer: {second:?}");
    drop(first);
    open(name)?;
    Ok(())
}
