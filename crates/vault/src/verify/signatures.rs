//! Signatures that came with a PSBT: by members, on the spending path, over the whole transaction, and valid (G1).

use std::collections::BTreeMap;

use bitcoin::hashes::Hash;
use bitcoin::secp256k1::Message;
use bitcoin::sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType};
use bitcoin::{Psbt, Transaction, TxOut, XOnlyPublicKey, ecdsa, psbt, secp256k1, taproot};

use crate::SECP;
use crate::derived::{DerivedScript, Form, Leaf, Role};
use crate::holdings::Coin;
use crate::refusal::Refusal;
use crate::spend::{InputSignature, MemberSignatures};

pub fn check(psbt: &Psbt, coins: &[Coin], sighashes: &[Message]) -> Result<Vec<MemberSignatures>, Refusal> {
    let spent: Vec<&TxOut> = coins.iter().map(Coin::output).collect();
    let mut cache = SighashCache::new(&psbt.unsigned_tx);
    let inputs = psbt.inputs.iter().zip(coins).zip(sighashes).enumerate();
    inputs
        .map(|(index, ((input, coin), sighash))| match &coin.script().form {
            Form::Wsh { .. } => check_ecdsa(index, input, coin.script(), sighash),
            Form::Tr { spending, recovery, .. } => {
                let leaves = Leaves { index, script: coin.script(), spending, recovery };
                leaves.check(input, sighash, &mut cache, &spent)
            }
        })
        .collect()
}

/// The member that a key belongs to; any other owner is a refusal of its own.
fn member(index: usize, role: Option<Role>) -> Result<usize, Refusal> {
    match role {
        Some(Role::Member(member)) => Ok(member),
        Some(Role::Recovery(_)) => Err(Refusal::RecoverySignature(index)),
        Some(Role::Cosigner) => Err(Refusal::CosignerSignature(index)),
        Some(Role::Internal) | None => Err(Refusal::ForeignSignature(index)),
    }
}

fn check_ecdsa(
    index: usize,
    input: &psbt::Input,
    script: &DerivedScript,
    sighash: &Message,
) -> Result<MemberSignatures, Refusal> {
    let mut signatures = BTreeMap::new();
    for (key, signature) in &input.partial_sigs {
        let owner = script.keys().iter().find(|own| key.compressed && own.public_key == key.inner);
        let member = member(index, owner.map(|own| own.role))?;
        if signature.sighash_type != EcdsaSighashType::All {
            return Err(Refusal::SignatureSighash(index));
        }
        if !is_valid_ecdsa(sighash, signature, &key.inner) {
            return Err(Refusal::InvalidSignature(index));
        }
        signatures.insert(member, InputSignature::Ecdsa(*signature));
    }
    Ok(signatures)
}

/// High S values fail here too, as the network refuses to relay them.
fn is_valid_ecdsa(message: &Message, signature: &ecdsa::Signature, key: &secp256k1::PublicKey) -> bool {
    SECP.verify_ecdsa(message, &signature.signature, key).is_ok()
}

struct Leaves<'a> {
    index: usize,
    script: &'a DerivedScript,
    spending: &'a Leaf,
    recovery: &'a Leaf,
}

impl Leaves<'_> {
    fn check(
        &self,
        input: &psbt::Input,
        sighash: &Message,
        cache: &mut SighashCache<&Transaction>,
        spent: &[&TxOut],
    ) -> Result<MemberSignatures, Refusal> {
        let mut signatures = BTreeMap::new();
        for ((key, leaf), signature) in &input.tap_script_sigs {
            let member = self.member(key, leaf)?;
            let message = match signature.sighash_type {
                TapSighashType::Default => *sighash,
                TapSighashType::All => self.sighash_all(cache, spent)?,
                _ => return Err(Refusal::SignatureSighash(self.index)),
            };
            if !is_valid_schnorr(&message, signature, key) {
                return Err(Refusal::InvalidSignature(self.index));
            }
            signatures.insert(member, InputSignature::Schnorr(*signature));
        }
        Ok(signatures)
    }

    fn member(&self, key: &XOnlyPublicKey, leaf: &bitcoin::TapLeafHash) -> Result<usize, Refusal> {
        if *leaf == self.recovery.hash {
            return Err(Refusal::RecoverySignature(self.index));
        }
        if *leaf != self.spending.hash {
            return Err(Refusal::ForeignSignature(self.index));
        }
        let owner = self.script.keys().iter().find(|own| own.x_only() == *key);
        member(self.index, owner.map(|own| own.role))
    }

    /// Some devices sign with an explicit ALL, which has a hash of its own.
    fn sighash_all(
        &self,
        cache: &mut SighashCache<&Transaction>,
        spent: &[&TxOut],
    ) -> Result<Message, Refusal> {
        let hash = cache.taproot_script_spend_signature_hash(
            self.index,
            &Prevouts::All(spent),
            self.spending.hash,
            TapSighashType::All,
        );
        let hash = hash.map_err(|_| Refusal::InvalidSignature(self.index))?;
        Ok(Message::from_digest(hash.to_byte_array()))
    }
}

fn is_valid_schnorr(message: &Message, signature: &taproot::Signature, key: &XOnlyPublicKey) -> bool {
    SECP.verify_schnorr(&signature.signature, message, key).is_ok()
}
