//! The payload of a transfer: what is asked for, shown, approved and hashed. Its hash *is* the transfer's id (G1).

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{ActorId, Amount, Hash, VaultId, canonical_json, hash_parts};

/// The most outputs that a transfer may have.
pub const PAYLOAD_OUTPUTS_MAX: usize = 200;
/// The longest address, memo or reference, in bytes.
pub const PAYLOAD_TEXT_BYTES_MAX: usize = 256;
/// The domain of the payload hash.
const PAYLOAD_DOMAIN: &str = "rempart/transfer/v1";

/// The hash of a transfer's canonical payload, which identifies the transfer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransferId(pub Hash);

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Sixteen bytes that the submitter draws, so that two equal payments are two transfers. JSON: 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Nonce(pub [u8; 16]);

impl Serialize for Nonce {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&hex::encode(self.0))
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return <[u8; 16]>::deserialize(deserializer).map(Self);
        }
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 16];
        hex::decode_to_slice(&text, &mut bytes)
            .map_err(|_| serde::de::Error::custom("a nonce is 32 hexadecimal digits"))?;
        Ok(Self(bytes))
    }
}

/// Where value goes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// An address on the vault's chain.
    Address(String),
    /// Another vault of the organisation, or the same one.
    Vault(VaultId),
}

/// One output of a transfer. JSON: `{"target": {"address"|"vault": …}, "amount": {"asset","units"}}`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Output {
    /// Where to.
    pub target: Target,
    /// How much.
    pub amount: Amount,
}

/// What is asked for. Two payloads with the same hash are the same transfer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Payload {
    /// From which vault.
    pub vault: VaultId,
    /// By whom.
    pub initiator: ActorId,
    /// Drawn by the submitter.
    pub nonce: Nonce,
    /// To whom and how much; change is not listed.
    pub outputs: Vec<Output>,
    /// The most that the network may be paid.
    pub max_fee: Amount,
    /// A note that everybody who sees the transfer reads.
    pub memo: String,
    /// The submitter's own reference, for book-keeping.
    pub reference: String,
    /// Whether it only renews outputs whose recovery path comes near: everything stays in the vault, and no rule or stop holds it up (G10).
    pub refresh: bool,
}

/// Why a payload cannot be a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PayloadError {
    /// No output at all.
    #[error("a transfer needs at least one output")]
    NoOutputs,
    /// Too many outputs.
    #[error("a transfer has at most {PAYLOAD_OUTPUTS_MAX} outputs")]
    TooManyOutputs,
    /// An output of nothing.
    #[error("output {0} moves nothing: give an amount above zero")]
    ZeroOutput(usize),
    /// An address, a memo or a reference that is too long or has control characters.
    #[error(
        "{0} is longer than {PAYLOAD_TEXT_BYTES_MAX} bytes, empty where it must not be, or has control characters"
    )]
    Text(&'static str),
    /// Outputs and fee are not all of one asset.
    #[error("all outputs and the fee must be of one asset")]
    MixedAssets,
    /// A refresh that pays to somewhere else.
    #[error("a refresh pays only to its own vault: name the vault itself in every output")]
    RefreshLeaves,
}

impl Payload {
    /// Checks limits and form; what the policy says of it is another matter.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), PayloadError> {
        match self.outputs.len() {
            0 => return Err(PayloadError::NoOutputs),
            n if n > PAYLOAD_OUTPUTS_MAX => return Err(PayloadError::TooManyOutputs),
            _ => {}
        }
        for (index, output) in self.outputs.iter().enumerate() {
            if output.amount.units == 0 {
                return Err(PayloadError::ZeroOutput(index));
            }
            if output.amount.asset != self.max_fee.asset {
                return Err(PayloadError::MixedAssets);
            }
            if let Target::Address(address) = &output.target
                && (address.is_empty() || !is_plain(address))
            {
                return Err(PayloadError::Text("an address"));
            }
        }
        let stays = |output: &Output| output.target == Target::Vault(self.vault.clone());
        if self.refresh && !self.outputs.iter().all(stays) {
            return Err(PayloadError::RefreshLeaves);
        }
        if !is_plain(&self.memo) {
            return Err(PayloadError::Text("the memo"));
        }
        if !is_plain(&self.reference) {
            return Err(PayloadError::Text("the reference"));
        }
        Ok(())
    }

    /// The canonical form: RFC 8785 JSON. Other programs compute the same bytes.
    ///
    /// # Errors
    /// Never for a payload that was parsed; the type of `serde_json` asks.
    pub fn canonical(&self) -> Result<String, serde_json::Error> {
        canonical_json(self)
    }

    /// The transfer's id: SHA-256 over the length-prefixed domain `rempart/transfer/v1` and canonical form.
    ///
    /// # Errors
    /// As [`Payload::canonical`].
    pub fn id(&self) -> Result<TransferId, serde_json::Error> {
        let canonical = self.canonical()?;
        Ok(TransferId(hash_parts(PAYLOAD_DOMAIN, &[canonical.as_bytes()])))
    }
}

/// A payload with its id, computed once. Only [`Payload::identify`] makes one, so the two always belong together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identified {
    id: TransferId,
    payload: Payload,
}

impl Payload {
    /// Computes the id once and for all.
    ///
    /// # Errors
    /// As [`Payload::canonical`].
    pub fn identify(self) -> Result<Identified, serde_json::Error> {
        Ok(Identified { id: self.id()?, payload: self })
    }
}

impl Identified {
    /// The transfer's id.
    #[must_use]
    pub const fn id(&self) -> TransferId {
        self.id
    }

    /// What is asked for.
    #[must_use]
    pub const fn payload(&self) -> &Payload {
        &self.payload
    }
}

fn is_plain(text: &str) -> bool {
    text.len() <= PAYLOAD_TEXT_BYTES_MAX && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload() -> Payload {
        Payload {
            vault: VaultId::parse("treasury").unwrap(),
            initiator: ActorId::parse("alice").unwrap(),
            nonce: Nonce([7; 16]),
            outputs: vec![Output {
                target: Target::Address("bcrt1qexample".into()),
                amount: Amount::parse("0.5 BTC").unwrap(),
            }],
            max_fee: Amount::parse("0.0001 BTC").unwrap(),
            memo: String::new(),
            reference: "INV-7".into(),
            refresh: false,
        }
    }

    #[test]
    fn the_canonical_form_is_fixed() {
        let expected = r#"{"initiator":"alice","max_fee":{"asset":"BTC","units":10000},"memo":"","nonce":"07070707070707070707070707070707","outputs":[{"amount":{"asset":"BTC","units":50000000},"target":{"address":"bcrt1qexample"}}],"reference":"INV-7","refresh":false,"vault":"treasury"}"#;
        assert_eq!(payload().canonical().unwrap(), expected);
    }

    #[test]
    fn any_change_is_another_transfer() {
        let mut changed = payload();
        changed.max_fee.units += 1;
        assert_ne!(changed.id().unwrap(), payload().id().unwrap());
    }

    #[test]
    fn bad_payloads_are_named() {
        let with = |change: &dyn Fn(&mut Payload)| {
            let mut changed = payload();
            change(&mut changed);
            changed.check()
        };
        assert_eq!(payload().check(), Ok(()));
        assert_eq!(with(&|p| p.outputs.clear()), Err(PayloadError::NoOutputs));
        assert_eq!(with(&|p| p.outputs[0].amount.units = 0), Err(PayloadError::ZeroOutput(0)));
        assert_eq!(with(&|p| p.memo = "x".repeat(257)), Err(PayloadError::Text("the memo")));
        assert_eq!(with(&|p| p.reference = "a\u{0}".into()), Err(PayloadError::Text("the reference")));
        assert_eq!(
            with(&|p| p.max_fee.asset = Currency::parse("EUR").unwrap()),
            Err(PayloadError::MixedAssets)
        );
        assert_eq!(with(&|p| p.refresh = true), Err(PayloadError::RefreshLeaves));
        let stays = |p: &mut Payload| {
            p.refresh = true;
            p.outputs[0].target = Target::Vault(p.vault.clone());
        };
        assert_eq!(with(&stays), Ok(()));
        let many = payload().outputs[0].clone();
        assert_eq!(with(&|p| p.outputs = vec![many.clone(); 201]), Err(PayloadError::TooManyOutputs));
    }

    use crate::Currency;
}
