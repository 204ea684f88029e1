//! Fixed-size sealed slots for the covert chain, and padded snapshots of the covert state (G3, G9).
//!
//! The journal writes one slot at each tick, empty or not; [`SLOT_BYTES`] bytes that look the same either way. Snapshots are
//! padded to whole buckets, so that their size is a step function of the state's and not a count of what happened.

use zeroize::Zeroizing;

use crate::seal::{ClassKey, NONCE_BYTES, SealError, SealingKey, TAG_BYTES};

/// The size of every sealed slot, in bytes.
pub const SLOT_BYTES: usize = 1024;
/// Snapshots of the covert state are whole multiples of this, in bytes.
pub const STATE_BUCKET_BYTES: usize = 256 * 1024;

const LENGTH_BYTES: usize = 8;
const OVERHEAD_BYTES: usize = NONCE_BYTES + LENGTH_BYTES + TAG_BYTES;
/// The most that fits into one slot, in bytes. Longer content takes several slots.
pub const SLOT_CAPACITY_BYTES: usize = SLOT_BYTES - OVERHEAD_BYTES;

/// Seals one slot of the covert chain. An empty slot is a slot of no bytes.
///
/// # Errors
/// [`SealError::TooLong`] when the content exceeds [`SLOT_CAPACITY_BYTES`].
pub fn seal_slot(
    key: &ClassKey,
    content: &[u8],
    entropy: &[u8; 32],
    associated_data: &[u8],
) -> Result<[u8; SLOT_BYTES], SealError> {
    let mut slot = [0; SLOT_BYTES];
    fill_and_seal(&key.slot, &mut slot, content, entropy, associated_data)?;
    Ok(slot)
}

/// Opens one slot.
///
/// # Errors
/// [`SealError::NotAuthentic`] or [`SealError::Layout`].
pub fn open_slot(
    key: &ClassKey,
    slot: &[u8; SLOT_BYTES],
    associated_data: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    open_content(&key.slot, slot, associated_data)
}

/// Seals a snapshot of the covert state, padded to whole buckets of [`STATE_BUCKET_BYTES`].
///
/// # Errors
/// [`SealError::TooLong`] beyond what the cipher takes (64 GiB).
pub fn seal_state(
    key: &ClassKey,
    state: &[u8],
    entropy: &[u8; 32],
    associated_data: &[u8],
) -> Result<Vec<u8>, SealError> {
    let buckets = (state.len() + OVERHEAD_BYTES).div_ceil(STATE_BUCKET_BYTES);
    let mut sealed = vec![0; buckets * STATE_BUCKET_BYTES];
    fill_and_seal(&key.state, &mut sealed, state, entropy, associated_data)?;
    Ok(sealed)
}

/// Opens a snapshot of the covert state.
///
/// # Errors
/// [`SealError::Size`] when it is not whole buckets, [`SealError::NotAuthentic`] or [`SealError::Layout`].
pub fn open_state(
    key: &ClassKey,
    sealed: &[u8],
    associated_data: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    if sealed.is_empty() || !sealed.len().is_multiple_of(STATE_BUCKET_BYTES) {
        return Err(SealError::Size);
    }
    open_content(&key.state, sealed, associated_data)
}

/// Layout between nonce and tag: length (8 bytes, big-endian), content, zeroes.
fn fill_and_seal(
    key: &SealingKey,
    sealed: &mut [u8],
    content: &[u8],
    entropy: &[u8; 32],
    associated_data: &[u8],
) -> Result<(), SealError> {
    let capacity = sealed.len().saturating_sub(OVERHEAD_BYTES);
    if content.len() > capacity {
        return Err(SealError::TooLong { given: content.len(), capacity });
    }
    let start = NONCE_BYTES + LENGTH_BYTES;
    let length = (content.len() as u64).to_be_bytes();
    sealed.get_mut(NONCE_BYTES..start).ok_or(SealError::Size)?.copy_from_slice(&length);
    sealed.get_mut(start..start + content.len()).ok_or(SealError::Size)?.copy_from_slice(content);
    key.seal_in_place(sealed, entropy, associated_data)
}

fn open_content(
    key: &SealingKey,
    sealed: &[u8],
    associated_data: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let mut copy = Zeroizing::new(sealed.to_vec());
    let plain = key.open_in_place(&mut copy, associated_data)?;
    let (length, rest) = plain.split_first_chunk::<LENGTH_BYTES>().ok_or(SealError::Size)?;
    let length = usize::try_from(u64::from_be_bytes(*length)).map_err(|_| SealError::Layout)?;
    let (content, padding) = rest.split_at_checked(length).ok_or(SealError::Layout)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(SealError::Layout);
    }
    Ok(Zeroizing::new(content.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Class, Seal, open, seal};
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn key() -> ClassKey {
        ClassKey::from_bytes([1; 32])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn slots_hold_their_content_and_tell_nothing(content in vec(any::<u8>(), 0..=SLOT_CAPACITY_BYTES), entropy: [u8; 32]) {
            let slot = seal_slot(&key(), &content, &entropy, b"7").unwrap();
            prop_assert_eq!(&*open_slot(&key(), &slot, b"7").unwrap(), &content);
            prop_assert_eq!(open_slot(&key(), &slot, b"8"), Err(SealError::NotAuthentic));
            prop_assert_eq!(open_slot(&ClassKey::from_bytes([2; 32]), &slot, b"7"), Err(SealError::NotAuthentic));
            let empty = seal_slot(&key(), b"", &entropy, b"7").unwrap();
            let distance: u32 = slot.iter().zip(&empty).map(|(a, b)| (a ^ b).count_ones()).sum();
            prop_assert!(content.is_empty() || distance > 3500, "{} of 8192 bits", distance);
        }

        #[test]
        fn a_flipped_bit_is_refused(bit in 0..SLOT_BYTES * 8) {
            let mut slot = seal_slot(&key(), b"content", &[3; 32], b"7").unwrap();
            slot[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(open_slot(&key(), &slot, b"7"), Err(SealError::NotAuthentic));
        }
    }

    #[test]
    fn a_slot_has_a_capacity() {
        let over = vec![1; SLOT_CAPACITY_BYTES + 1];
        let refused = SealError::TooLong { given: over.len(), capacity: SLOT_CAPACITY_BYTES };
        assert_eq!(seal_slot(&key(), &over, &[3; 32], b""), Err(refused));
        assert_eq!(SLOT_CAPACITY_BYTES, 988);
    }

    #[test]
    fn snapshots_grow_by_whole_buckets() {
        let capacity = STATE_BUCKET_BYTES - OVERHEAD_BYTES;
        for (length, buckets) in
            [(0, 1), (1, 1), (capacity, 1), (capacity + 1, 2), (3 * STATE_BUCKET_BYTES, 4)]
        {
            let state = vec![0xab; length];
            let sealed = seal_state(&key(), &state, &[3; 32], b"s").unwrap();
            assert_eq!(sealed.len(), buckets * STATE_BUCKET_BYTES, "{length}");
            assert_eq!(*open_state(&key(), &sealed, b"s").unwrap(), state);
            assert_eq!(open_state(&key(), &sealed[1..], b"s"), Err(SealError::Size));
            assert_eq!(open_state(&key(), &sealed, b"t"), Err(SealError::NotAuthentic));
        }
        assert_eq!(open_state(&key(), b"", b"s"), Err(SealError::Size));
    }

    #[test]
    fn nothing_sealed_for_one_use_opens_as_another() {
        let slot = seal_slot(&key(), b"content", &[3; 32], b"7").unwrap();
        let mut as_state = slot;
        assert_eq!(key().state.open_in_place(&mut as_state, b"7"), Err(SealError::NotAuthentic));
        let mut as_slot = *seal(&key(), Class::Free, &[3; 32], b"7").as_bytes();
        assert!(open(&key(), &Seal::from_bytes(as_slot), b"7").is_ok());
        assert_eq!(key().slot.open_in_place(&mut as_slot, b"7"), Err(SealError::NotAuthentic));
    }

    #[test]
    fn a_length_beyond_the_slot_is_refused_though_authentic() {
        let mut slot = [0; SLOT_BYTES];
        slot[NONCE_BYTES..NONCE_BYTES + LENGTH_BYTES].copy_from_slice(&u64::MAX.to_be_bytes());
        key().slot.seal_in_place(&mut slot, &[3; 32], b"7").unwrap();
        assert_eq!(open_slot(&key(), &slot, b"7"), Err(SealError::Layout));
        let mut slot = [0; SLOT_BYTES];
        slot[SLOT_BYTES - TAG_BYTES - 1] = 1;
        key().slot.seal_in_place(&mut slot, &[3; 32], b"7").unwrap();
        assert_eq!(open_slot(&key(), &slot, b"7"), Err(SealError::Layout));
    }
}
