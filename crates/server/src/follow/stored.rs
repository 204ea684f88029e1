//! What a wallet learnt, as the journal keeps it: each change signed together with all before it (G7).
//!
//! The table is outside of the journal's chains. A change that somebody else wrote, or a gap, is noticed here, and the wallet is then learnt
//! again from the network. Changes cut off at the end only mean that they are learnt again.

use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
use journal::WalletChange;
use types::{Hash, hash_parts};

const DOMAIN: &str = "rempart/wallet-change/v1";
const SIGNATURE_BYTES: usize = 64;

/// Where the chain of one wallet's changes stands.
pub struct ChangeChain {
    wallet: Hash,
    last: Hash,
    length: usize,
}

impl ChangeChain {
    pub const fn new(wallet: Hash) -> Self {
        Self { wallet, last: Hash([0; 32]), length: 0 }
    }

    /// The changes without their signatures; nothing if there are none or one is not ours.
    pub fn read<'a>(
        key: &VerifyingKey,
        wallet: Hash,
        stored: &'a [Vec<u8>],
    ) -> Option<(Self, Vec<&'a [u8]>)> {
        let mut chain = Self::new(wallet);
        let mut changes = Vec::with_capacity(stored.len());
        for body in stored {
            let (signature, change) = body.split_at_checked(SIGNATURE_BYTES)?;
            let message = chain.link(change);
            key.verify(&message.0, &Signature::from_slice(signature).ok()?).ok()?;
            (chain.last, chain.length) = (message, chain.length + 1);
            changes.push(change);
        }
        (!changes.is_empty()).then_some((chain, changes))
    }

    /// How many changes there are.
    pub const fn length(&self) -> usize {
        self.length
    }

    /// The next change.
    pub fn next(&mut self, key: &SigningKey, change: &[u8]) -> WalletChange {
        let message = self.link(change);
        (self.last, self.length) = (message, self.length + 1);
        let body = [&key.sign(&message.0).to_bytes(), change].concat();
        WalletChange { wallet: self.wallet, body, replaces: false }
    }

    /// All changes so far as one.
    pub fn replace(&mut self, key: &SigningKey, whole: &[u8]) -> WalletChange {
        *self = Self::new(self.wallet);
        WalletChange { replaces: true, ..self.next(key, whole) }
    }

    fn link(&self, change: &[u8]) -> Hash {
        hash_parts(DOMAIN, &[&self.wallet.0, &self.last.0, change])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(changes: &[WalletChange]) -> Vec<Vec<u8>> {
        changes.iter().map(|change| change.body.clone()).collect()
    }

    #[test]
    fn only_our_changes_in_their_order_are_believed() {
        let (key, wallet) = (SigningKey::from_bytes(&[1; 32]), Hash([2; 32]));
        let public = key.verifying_key();
        let mut chain = ChangeChain::new(wallet);
        let changes = [chain.next(&key, b"one"), chain.next(&key, b"two"), chain.next(&key, b"three")];
        let sound = bodies(&changes);
        let read = |stored: &[Vec<u8>], wallet| {
            ChangeChain::read(&public, wallet, stored)
                .map(|(_, changes)| changes.into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>())
        };
        assert_eq!(read(&sound, wallet).unwrap(), [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]);
        assert_eq!(read(&sound[..2], wallet).unwrap().len(), 2, "the end may be missing");
        assert_eq!(read(&sound[1..], wallet), None, "the beginning may not");
        assert_eq!(read(&[], wallet), None);
        assert_eq!(read(&sound, Hash([3; 32])), None, "of another wallet");
        let swapped = [sound[0].clone(), sound[2].clone(), sound[1].clone()];
        assert_eq!(read(&swapped, wallet), None);
        let mut altered = sound.clone();
        *altered[1].last_mut().unwrap() ^= 1;
        assert_eq!(read(&altered, wallet), None);
        assert_eq!(read(&[vec![0; 10]], wallet), None);
        let whole = chain.replace(&key, b"all");
        assert!(whole.replaces);
        assert_eq!(read(&bodies(&[whole, chain.next(&key, b"four")]), wallet).unwrap().len(), 2);
    }
}
