//! Signed checkpoints: "at this time both chains stood here". Keep G7 against an insider who rewrites the whole database: kept outside, one
//! checkpoint also finds a tail that was cut off. Signed by the server's engine, checked by `rempart journal verify`.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use thiserror::Error;
use types::{Hash, Timestamp, hash_parts};

use crate::Head;

const CHECKPOINT_DOMAIN: &str = "rempart:journal:checkpoint:v1";
const TEXT_NAME: &str = "rempart-checkpoint-v1";

/// Where both chains stood at a time, signed.
///
/// Its text form is one line: `rempart-checkpoint-v1 OVERT_SEQ OVERT_HASH COVERT_SEQ COVERT_HASH TIME PUBLIC_KEY SIGNATURE`. It is for operators and auditors: it names the covert head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Where the chains stood.
    pub head: Head,
    /// When it was signed.
    pub at: Timestamp,
    /// The Ed25519 public key that it claims to be signed with.
    pub key: [u8; 32],
    /// Ed25519 signature over head and time.
    pub signature: [u8; 64],
}

/// Why a checkpoint is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// Signed with another key than the one expected.
    #[error("the checkpoint names another key than the one given; use the checkpoint key of this server")]
    OtherKey,
    /// The signature does not fit.
    #[error("the checkpoint's signature is not valid for what it says")]
    Signature,
    /// The text form is malformed.
    #[error("not a checkpoint: one line `rempart-checkpoint-v1` with seven fields is needed")]
    Text,
}

impl CheckpointError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherKey => "checkpoint-other-key",
            Self::Signature => "checkpoint-signature",
            Self::Text => "checkpoint-text",
        }
    }
}

impl Checkpoint {
    /// Signs `head` at `at`.
    #[must_use]
    pub fn sign(key: &SigningKey, head: Head, at: Timestamp) -> Self {
        let signature = key.sign(&message(&head, at).0);
        Self { head, at, key: key.verifying_key().to_bytes(), signature: signature.to_bytes() }
    }

    /// Checks that `key` signed exactly this.
    ///
    /// # Errors
    /// Another key, or a signature that does not fit.
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), CheckpointError> {
        if key.as_bytes() != &self.key {
            return Err(CheckpointError::OtherKey);
        }
        key.verify_strict(&message(&self.head, self.at).0, &Signature::from_bytes(&self.signature))
            .map_err(|_| CheckpointError::Signature)
    }
}

fn message(head: &Head, at: Timestamp) -> Hash {
    hash_parts(
        CHECKPOINT_DOMAIN,
        &[
            &head.overt_seq.to_be_bytes(),
            &head.overt_hash.0,
            &head.covert_seq.to_be_bytes(),
            &head.covert_hash.0,
            &at.as_nanos().to_be_bytes(),
        ],
    )
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Head { overt_seq, overt_hash, covert_seq, covert_hash } = &self.head;
        let (key, signature) = (hex::encode(self.key), hex::encode(self.signature));
        write!(
            f,
            "{TEXT_NAME} {overt_seq} {overt_hash} {covert_seq} {covert_hash} {} {key} {signature}",
            self.at
        )
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [TEXT_NAME, overt_seq, overt_hash, covert_seq, covert_hash, at, key, signature] =
            fields.as_slice()
        else {
            return Err(CheckpointError::Text);
        };
        let head = Head {
            overt_seq: number(overt_seq)?,
            overt_hash: Hash(bytes(overt_hash)?),
            covert_seq: number(covert_seq)?,
            covert_hash: Hash(bytes(covert_hash)?),
        };
        let at = Timestamp::parse(at).map_err(|_| CheckpointError::Text)?;
        Ok(Self { head, at, key: bytes(key)?, signature: bytes(signature)? })
    }
}

fn number(text: &str) -> Result<u64, CheckpointError> {
    text.parse().map_err(|_| CheckpointError::Text)
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], CheckpointError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| CheckpointError::Text)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head(overt_seq: u64, covert_seq: u64, salt: u8) -> Head {
        Head { overt_seq, overt_hash: Hash([salt; 32]), covert_seq, covert_hash: Hash([!salt; 32]) }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn the_text_form_round_trips(overt: u64, covert: u64, salt: u8, at: i64, seed: [u8; 32]) {
            let key = SigningKey::from_bytes(&seed);
            let checkpoint = Checkpoint::sign(&key, head(overt, covert, salt), Timestamp::from_nanos(at));
            let read: Checkpoint = format!("{checkpoint}\n").parse().unwrap();
            prop_assert_eq!(read, checkpoint);
            prop_assert_eq!(read.verify(&key.verifying_key()), Ok(()));
        }
    }

    #[test]
    fn every_field_is_signed() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let good = Checkpoint::sign(&key, head(5, 2, 9), Timestamp::from_millis(1));
        let mut altered = [good; 6];
        altered[0].head.overt_seq += 1;
        altered[1].head.overt_hash.0[3] ^= 1;
        altered[2].head.covert_seq += 1;
        altered[3].head.covert_hash.0[3] ^= 1;
        altered[4].at = Timestamp::from_millis(2);
        altered[5].signature[0] ^= 1;
        for bad in altered {
            assert_eq!(bad.verify(&key.verifying_key()), Err(CheckpointError::Signature));
        }
        let other = SigningKey::from_bytes(&[8; 32]);
        assert_eq!(good.verify(&other.verifying_key()), Err(CheckpointError::OtherKey));
    }

    #[test]
    fn other_text_is_refused() {
        for bad in ["", "rempart-checkpoint-v1", "rempart-checkpoint-v2 1 a 1 b c d e"] {
            assert_eq!(bad.parse::<Checkpoint>(), Err(CheckpointError::Text), "{bad}");
        }
    }
}
