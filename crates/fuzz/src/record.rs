//! Any bytes as a record or as notes of the journal: what is decoded is encoded to the same record (G7).

use std::sync::LazyLock;

use credentials::ClassKey;
use gate::{Noted, Record};
use testkit::generate::generate;
use testkit::world::World;

/// So many histories give the seeds.
const HISTORIES: u64 = 6;

/// The key that the histories are sealed with.
static KEY: LazyLock<ClassKey> = LazyLock::new(|| World::new(0).key);

/// Tries it as both.
pub fn run(bytes: &[u8]) {
    if let Ok(record) = Record::decode(bytes, &KEY) {
        let written = record.encode().expect("a record can be written");
        let again = Record::decode(&written, &KEY).expect("what was written is read");
        assert_eq!(again, record);
    }
    if let Ok(notes) = Noted::decode_all(bytes) {
        let written: Vec<u8> =
            notes.iter().flat_map(|note| note.encode().expect("a note can be written")).collect();
        assert_eq!(Noted::decode_all(&written).expect("what was written is read"), notes);
    }
}

/// The records and notes of random histories.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for seed in 0..HISTORIES {
        let (_, trace) = generate(&World::new(seed), seed);
        for happening in trace.happenings {
            seeds.extend(happening.record.and_then(|record| record.encode().ok()));
            seeds.extend(happening.notes.iter().filter_map(|note| note.encode().ok()));
        }
    }
    seeds.sort();
    seeds.dedup();
    seeds
}
