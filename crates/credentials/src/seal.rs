//! The class of an act, encrypted into [`SEAL_BYTES`] bytes that look alike whatever they hold.
//!
//! Keeps G3 and G9: every authenticated command carries one, so a reader of the journal, its backups or the logs sees that
//! somebody acted, never how. The server seals, the gate opens; the key is not in the database. ADR 0005 says why it is so.

use std::fmt;

use aes_gcm_siv::aead::inout::InOutBuf;
use aes_gcm_siv::{AeadInOut, Aes256GcmSiv, KeyInit, Nonce, Tag};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{Hash, Secret, hash_parts};
use zeroize::Zeroizing;

use crate::{Class, fixed_bytes};

pub(crate) const NONCE_BYTES: usize = 12;
pub(crate) const TAG_BYTES: usize = 16;
/// Version, class, zeroes: one block of the cipher.
const PLAIN_BYTES: usize = 16;
/// The size of every seal, in bytes.
pub const SEAL_BYTES: usize = NONCE_BYTES + PLAIN_BYTES + TAG_BYTES;

const VERSION: u8 = 1;

/// The key of the covert side: seals classes, slots and snapshots. Not in the database.
///
/// Three keys are derived from it, one per use, so that nothing sealed for one use opens as another.
#[derive(Clone)]
pub struct ClassKey {
    pub(crate) attest: SealingKey,
    pub(crate) slot: SealingKey,
    pub(crate) state: SealingKey,
    id: Hash,
}

impl ClassKey {
    /// From 32 uniformly drawn bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let master = Secret::new(bytes);
        Self {
            attest: SealingKey::derive("rempart/class-key/attest/v1", &master),
            slot: SealingKey::derive("rempart/class-key/slot/v1", &master),
            state: SealingKey::derive("rempart/class-key/state/v1", &master),
            id: hash_parts("rempart/class-key/id/v1", &[master.reveal()]),
        }
    }

    /// Names the key in inventories and error messages without telling anything of it.
    #[must_use]
    pub const fn id(&self) -> Hash {
        self.id
    }
}

impl fmt::Debug for ClassKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClassKey(…)")
    }
}

/// One derived key of AES-256-GCM-SIV (RFC 8452), which tells nothing but equality should a nonce ever come twice.
#[derive(Clone)]
pub(crate) struct SealingKey(Aes256GcmSiv);

impl SealingKey {
    fn derive(domain: &str, master: &Secret<[u8; 32]>) -> Self {
        let key = Zeroizing::new(hash_parts(domain, &[master.reveal()]).0);
        Self(Aes256GcmSiv::new((&*key).into()))
    }

    /// Encrypts in place what lies between nonce and tag; the slice has room for both.
    pub(crate) fn seal_in_place(
        &self,
        sealed: &mut [u8],
        entropy: &[u8; 32],
        associated_data: &[u8],
    ) -> Result<(), SealError> {
        let (nonce, rest) = sealed.split_first_chunk_mut::<NONCE_BYTES>().ok_or(SealError::Size)?;
        let (plain, tag) = rest.split_last_chunk_mut::<TAG_BYTES>().ok_or(SealError::Size)?;
        *nonce = entropy.first_chunk().copied().ok_or(SealError::Size)?;
        let made = self
            .0
            .encrypt_inout_detached(&Nonce::from(*nonce), associated_data, InOutBuf::from(plain))
            .map_err(|_| SealError::Size)?;
        *tag = made.into();
        Ok(())
    }

    /// Decrypts in place and gives back what lies between nonce and tag. Nothing is decrypted unless all of it is authentic.
    pub(crate) fn open_in_place<'a>(
        &self,
        sealed: &'a mut [u8],
        associated_data: &[u8],
    ) -> Result<&'a mut [u8], SealError> {
        let (nonce, rest) = sealed.split_first_chunk_mut::<NONCE_BYTES>().ok_or(SealError::Size)?;
        let (plain, tag) = rest.split_last_chunk_mut::<TAG_BYTES>().ok_or(SealError::Size)?;
        self.0
            .decrypt_inout_detached(
                &Nonce::from(*nonce),
                associated_data,
                InOutBuf::from(&mut *plain),
                &Tag::from(*tag),
            )
            .map_err(|_| SealError::NotAuthentic)?;
        Ok(plain)
    }
}

/// A sealed class. Binary formats store exactly [`SEAL_BYTES`] bytes; where people read, it is hexadecimal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seal(#[serde(with = "fixed_bytes")] [u8; SEAL_BYTES]);

impl Seal {
    /// From stored bytes; whether they are authentic, [`open`] finds out.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; SEAL_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; SEAL_BYTES] {
        &self.0
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

/// Why something sealed does not open, or cannot be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// Another key, other associated data, or altered bytes. Which of them cannot be known.
    #[error("the seal does not open with this key here: it was altered, moved, or made with another key")]
    NotAuthentic,
    /// Authentic, but of a layout that this program does not know.
    #[error("the seal is of a newer kind: use the version of the program that wrote it, or a later one")]
    Layout,
    /// Not of the size that it must have.
    #[error("sealed data has the wrong size")]
    Size,
    /// More than fits.
    #[error("{given} bytes do not fit: the most is {capacity}")]
    TooLong {
        /// How many there were.
        given: usize,
        /// How many fit.
        capacity: usize,
    },
}

/// Seals an act's class. The associated data binds the seal to its command (its hash, its author): it opens nowhere else.
///
/// The entropy must be fresh; if it is not, the seal still tells nothing but equality.
#[must_use]
pub fn seal(key: &ClassKey, class: Class, nonce_entropy: &[u8; 32], associated_data: &[u8]) -> Seal {
    let mut sealed = [0; SEAL_BYTES];
    let plain = Zeroizing::new(encode(class));
    for (to, from) in sealed.iter_mut().skip(NONCE_BYTES).zip(plain.iter()) {
        *to = *from;
    }
    // The only error is about size, and the size is a constant. Should it ever come, nothing readable may leave.
    if key.attest.seal_in_place(&mut sealed, nonce_entropy, associated_data).is_err() {
        sealed = [0; SEAL_BYTES];
    }
    Seal(sealed)
}

/// Opens a seal.
///
/// # Errors
/// [`SealError::NotAuthentic`] or [`SealError::Layout`]. The gate treats both as a fault of the journal, never as a class.
pub fn open(key: &ClassKey, seal: &Seal, associated_data: &[u8]) -> Result<Class, SealError> {
    let mut sealed = Zeroizing::new(seal.0);
    let plain = key.attest.open_in_place(sealed.as_mut_slice(), associated_data)?;
    decode(plain)
}

fn encode(class: Class) -> [u8; PLAIN_BYTES] {
    let mut plain = [0; PLAIN_BYTES];
    for (to, from) in plain.iter_mut().zip([VERSION, class.byte()]) {
        *to = from;
    }
    plain
}

fn decode(plain: &[u8]) -> Result<Class, SealError> {
    let (&[version, class], padding) = plain.split_first_chunk::<2>().ok_or(SealError::Size)?;
    let used = padding.iter().fold(0, |all, byte| all | byte);
    if version == VERSION && class <= 1 && used == 0 {
        Ok(Class::from_byte(class))
    } else {
        Err(SealError::Layout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> ClassKey {
        ClassKey::from_bytes([1; 32])
    }

    fn classes() -> impl Strategy<Value = Class> {
        any::<bool>().prop_map(|free| if free { Class::Free } else { Class::Duress })
    }

    /// Bits that differ, over all bytes.
    fn distance(a: &Seal, b: &Seal) -> u32 {
        a.0.iter().zip(&b.0).map(|(a, b)| (a ^ b).count_ones()).sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(150))]

        #[test]
        fn what_goes_in_comes_out_and_only_there(class in classes(), entropy: [u8; 32], data in proptest::collection::vec(any::<u8>(), 0..80)) {
            let sealed = seal(&key(), class, &entropy, &data);
            let opened = open(&key(), &sealed, &data).unwrap();
            prop_assert!(opened == class);
            let other_key = ClassKey::from_bytes([2; 32]);
            prop_assert_eq!(open(&other_key, &sealed, &data), Err(SealError::NotAuthentic));
            let mut elsewhere = data.clone();
            elsewhere.push(0);
            prop_assert_eq!(open(&key(), &sealed, &elsewhere), Err(SealError::NotAuthentic));
        }

        #[test]
        fn every_seal_has_one_size(class in classes(), entropy: [u8; 32]) {
            let sealed = seal(&key(), class, &entropy, b"command");
            prop_assert_eq!(postcard::to_allocvec(&sealed).unwrap().len(), SEAL_BYTES);
            let bytes = postcard::to_allocvec(&sealed).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Seal>(&bytes).unwrap(), sealed.clone());
            let json = serde_json::to_string(&sealed).unwrap();
            prop_assert_eq!(json.len(), 2 * SEAL_BYTES + 2);
            prop_assert_eq!(serde_json::from_str::<Seal>(&json).unwrap(), sealed);
        }

        #[test]
        fn contents_and_entropy_each_change_everything(a in classes(), b in classes(), x: [u8; 32], y: [u8; 32]) {
            prop_assume!(x != y);
            // 352 bits, half of them expected to differ; the chance of under 100 is nil.
            prop_assert!(distance(&seal(&key(), a, &x, b"c"), &seal(&key(), a, &y, b"c")) > 100);
            // Even with repeated entropy two contents share no key stream; the nonce is the same, the other 256 bits are not.
            if a != b {
                prop_assert!(distance(&seal(&key(), a, &x, b"c"), &seal(&key(), b, &x, b"c")) > 70);
            }
        }
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let sealed = seal(&key(), Class::Duress, &[5; 32], b"command");
        for bit in 0..SEAL_BYTES * 8 {
            let mut bytes = *sealed.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                open(&key(), &Seal::from_bytes(bytes), b"command"),
                Err(SealError::NotAuthentic),
                "bit {bit}"
            );
        }
    }

    /// Seals a plain text that [`encode`] would not write.
    fn sealed_plain(change: impl Fn(&mut [u8; PLAIN_BYTES])) -> Seal {
        let mut plain = encode(Class::Free);
        change(&mut plain);
        let mut bytes = [0; SEAL_BYTES];
        bytes[NONCE_BYTES..NONCE_BYTES + PLAIN_BYTES].copy_from_slice(&plain);
        key().attest.seal_in_place(&mut bytes, &[6; 32], b"command").unwrap();
        Seal(bytes)
    }

    #[test]
    fn an_unknown_layout_is_refused_though_authentic() {
        assert!(open(&key(), &sealed_plain(|_| {}), b"command").is_ok());
        let changes: [fn(&mut [u8; PLAIN_BYTES]); 4] =
            [|p| p[0] = 2, |p| p[1] = 2, |p| p[2] = 9, |p| p[PLAIN_BYTES - 1] = 1];
        for (index, change) in changes.into_iter().enumerate() {
            assert_eq!(
                open(&key(), &sealed_plain(change), b"command"),
                Err(SealError::Layout),
                "change {index}"
            );
        }
    }

    #[test]
    fn the_layout_stays_what_journals_hold() {
        // Old journals must open for ever: a change of derivation, layout or size shows here.
        let sealed = seal(&key(), Class::Duress, &[5; 32], b"command");
        let fingerprint = hash_parts("test", &[sealed.as_bytes()]).to_string();
        assert_eq!((SEAL_BYTES, &fingerprint[..16]), (44, "62faeab991f9281c"));
    }

    #[test]
    fn nothing_secret_is_printed() {
        let sealed = seal(&key(), Class::Duress, &[5; 32], b"command");
        assert_eq!(format!("{sealed:?} {:?}", key()), "Seal(…) ClassKey(…)");
    }

    #[test]
    fn a_key_s_name_is_not_the_key() {
        assert_ne!(key().id(), ClassKey::from_bytes([2; 32]).id());
        assert_ne!(key().id().0, [1; 32]);
    }
}
