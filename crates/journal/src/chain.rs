//! The two hash chains: what each entry's hash covers, and where both chains stand. Keeps G7: every back-end takes its hashes from here,
//! so that the same history has the same heads everywhere.

use types::{Hash, Timestamp, hash_parts};

use crate::SLOT_BYTES;

const GENESIS_DOMAIN: &str = "rempart:journal:genesis:v1";
const OVERT_DOMAIN: &str = "rempart:journal:overt:v1";
const COVERT_DOMAIN: &str = "rempart:journal:covert:v1";
const ITEM_DOMAIN: &str = "rempart:journal:outbox:v1";
const BLOB_DOMAIN: &str = "rempart:journal:blob:v1";

/// Where both chains stand. Sequence numbers start at 1; 0 is the empty chain, whose hash is the [`genesis`].
///
/// Nothing that authenticated people see may derive from the covert half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Sequence number of the last overt entry.
    pub overt_seq: u64,
    /// Its hash.
    pub overt_hash: Hash,
    /// Sequence number of the last covert slot.
    pub covert_seq: u64,
    /// Its hash.
    pub covert_hash: Hash,
}

impl Head {
    /// The head of a journal without entries.
    #[must_use]
    pub fn empty(genesis: Hash) -> Self {
        Self { overt_seq: 0, overt_hash: genesis, covert_seq: 0, covert_hash: genesis }
    }
}

/// An entry of the overt chain, as replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OvertEntry<'a> {
    /// Its place, from 1, without gaps.
    pub seq: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// Its encoding.
    pub body: &'a [u8],
    /// Its hash, which covers everything before it.
    pub hash: Hash,
}

/// A slot of the covert chain, as replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CovertEntry<'a> {
    /// Its place, from 1, without gaps.
    pub seq: u64,
    /// The last overt entry that was durable before it: what fixes the order between the two chains.
    pub after_overt: u64,
    /// The tick's time.
    pub at: Timestamp,
    /// What the caller sealed.
    pub sealed: &'a [u8; SLOT_BYTES],
    /// Its hash, which covers every slot before it.
    pub hash: Hash,
}

/// The hash that both chains start from: binds them to one organisation and one beginning.
#[must_use]
pub fn genesis(organisation: &str, created_at: Timestamp) -> Hash {
    hash_parts(GENESIS_DOMAIN, &[organisation.as_bytes(), &created_at.as_nanos().to_be_bytes()])
}

/// The content address of a blob.
#[must_use]
pub fn blob_hash(body: &[u8]) -> Hash {
    hash_parts(BLOB_DOMAIN, &[body])
}

/// What an overt entry vouches for beside its body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attached<'a> {
    /// The [`Link::item`] digests of its outbox items, one after the other: an item altered later is found although done items are deleted.
    pub items: &'a [u8],
    /// The addresses of the blobs that came with it, one after the other: a blob deleted later is found.
    pub blobs: &'a [u8],
}

/// How one entry follows from the one before: the previous hash and the new entry's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Hash of the entry before.
    pub previous: Hash,
    /// Sequence number of this entry.
    pub seq: u64,
}

impl Link {
    /// Hash of an overt entry.
    #[must_use]
    pub fn overt(&self, at: Timestamp, attached: Attached<'_>, body: &[u8]) -> Hash {
        let place = self.place(at);
        hash_parts(OVERT_DOMAIN, &[&self.previous.0, &place, attached.items, attached.blobs, body])
    }

    /// Hash of a covert slot.
    #[must_use]
    pub fn covert(&self, after_overt: u64, at: Timestamp, sealed: &[u8; SLOT_BYTES]) -> Hash {
        let place = self.place(at);
        hash_parts(COVERT_DOMAIN, &[&self.previous.0, &place, &after_overt.to_be_bytes(), sealed])
    }

    /// Digest of one outbox item.
    #[must_use]
    pub fn item(kind: &str, body: &[u8]) -> Hash {
        hash_parts(ITEM_DOMAIN, &[kind.as_bytes(), body])
    }

    fn place(&self, at: Timestamp) -> [u8; 16] {
        let place = (u128::from(self.seq) << 64) | u128::from(at.as_nanos().cast_unsigned());
        place.to_be_bytes()
    }
}
