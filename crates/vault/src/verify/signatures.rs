//! Signatures that came with a PSBT: by members, on the spending path, over the whole transaction, and valid (G1).
//!
//! Devices that hold a member's key and the same person's recovery key sign with both, whatever they are asked. Such a signature is worth
//! nothing (the sequence that it signs keeps the recovery path shut), so beside the same person's on the spending path it is checked and
//! dropped; alone it is refused, since somebody meant to leave by the wrong door.

use std::collections::BTreeMap;

use bitcoin::hashes::Hash;
use bitcoin::secp256k1::Message;
use bitcoin::sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType};
use bitcoin::{Psbt, TapLeafHash, Transaction, TxOut, XOnlyPublicKey, psbt, taproot};

use crate::SECP;
use crate::derived::{DerivedKey, DerivedScript, Form, Leaf, Role};
use crate::holdings::Coin;
use crate::refusal::Refusal;
use crate::spend::{InputSignature, MemberSignatures};

pub fn check(psbt: &Psbt, coins: &[Coin], sighashes: &[Message]) -> Result<Vec<MemberSignatures>, Refusal> {
    let spent: Vec<&TxOut> = coins.iter().map(Coin::output).collect();
    let mut cache = SighashCache::new(&psbt.unsigned_tx);
    let inputs = psbt.inputs.iter().zip(coins).zip(sighashes).enumerate();
    inputs
        .map(|(index, ((input, coin), sighash))| {
            let mut signed = Signed::new(index, coin.script());
            match &coin.script().form {
                Form::Wsh { .. } => check_ecdsa(&mut signed, input, sighash)?,
                Form::Tr { spending, recovery, .. } => {
                    let leaves = Leaves { index, spending, recovery, sighash, spent: &spent };
                    leaves.check(&mut signed, input, &mut cache)?;
                }
            }
            signed.finish()
        })
        .collect()
}

/// The valid signatures of one input.
struct Signed<'a> {
    index: usize,
    script: &'a DerivedScript,
    members: MemberSignatures,
    recovery: Vec<&'a DerivedKey>,
}

impl<'a> Signed<'a> {
    const fn new(index: usize, script: &'a DerivedScript) -> Self {
        Self { index, script, members: BTreeMap::new(), recovery: Vec::new() }
    }

    /// The key that may have signed; any other is a refusal.
    fn owner(&self, is: impl Fn(&DerivedKey) -> bool) -> Result<&'a DerivedKey, Refusal> {
        match self.script.keys().iter().find(|own| is(own)) {
            Some(own) if own.role == Role::Cosigner => Err(Refusal::CosignerSignature(self.index)),
            Some(own) if own.role != Role::Internal => Ok(own),
            _ => Err(Refusal::ForeignSignature(self.index)),
        }
    }

    fn add(&mut self, own: &'a DerivedKey, signature: InputSignature) {
        match own.role {
            Role::Member(member) => drop(self.members.insert(member, signature)),
            _ => self.recovery.push(own),
        }
    }

    fn finish(self) -> Result<MemberSignatures, Refusal> {
        let signed_too = |recovery: &&DerivedKey| {
            let mut members = self.members.keys().filter_map(|member| self.script.member(*member));
            members.any(|own| own.same_signer(recovery))
        };
        let beside = self.recovery.iter().all(signed_too);
        if beside { Ok(self.members) } else { Err(Refusal::RecoverySignature(self.index)) }
    }
}

/// High S values are invalid here too, as the network refuses to relay them.
fn check_ecdsa(signed: &mut Signed<'_>, input: &psbt::Input, sighash: &Message) -> Result<(), Refusal> {
    let index = signed.index;
    for (key, signature) in &input.partial_sigs {
        let own = signed.owner(|own| key.compressed && own.public_key == key.inner)?;
        if signature.sighash_type != EcdsaSighashType::All {
            return Err(Refusal::SignatureSighash(index));
        }
        SECP.verify_ecdsa(sighash, &signature.signature, &key.inner)
            .map_err(|_| Refusal::InvalidSignature(index))?;
        signed.add(own, InputSignature::Ecdsa(*signature));
    }
    Ok(())
}

struct Leaves<'a> {
    index: usize,
    spending: &'a Leaf,
    recovery: &'a Leaf,
    /// Of the spending leaf, with DEFAULT.
    sighash: &'a Message,
    spent: &'a [&'a TxOut],
}

impl Leaves<'_> {
    fn check(
        &self,
        signed: &mut Signed<'_>,
        input: &psbt::Input,
        cache: &mut SighashCache<&Transaction>,
    ) -> Result<(), Refusal> {
        for ((key, leaf), signature) in &input.tap_script_sigs {
            let own = signed.owner(|own| own.x_only() == *key)?;
            let of_recovery = matches!(own.role, Role::Recovery(_));
            let expected = if of_recovery { self.recovery.hash } else { self.spending.hash };
            if *leaf != expected {
                return Err(Refusal::ForeignSignature(self.index));
            }
            self.check_signature(key, *leaf, signature, cache)?;
            signed.add(own, InputSignature::Schnorr(*signature));
        }
        Ok(())
    }

    /// Some devices sign with an explicit ALL, which has a hash of its own.
    fn check_signature(
        &self,
        key: &XOnlyPublicKey,
        leaf: TapLeafHash,
        signature: &taproot::Signature,
        cache: &mut SighashCache<&Transaction>,
    ) -> Result<(), Refusal> {
        let message = match signature.sighash_type {
            TapSighashType::Default if leaf == self.spending.hash => *self.sighash,
            kind @ (TapSighashType::Default | TapSighashType::All) => {
                let prevouts = Prevouts::All(self.spent);
                let hash = cache.taproot_script_spend_signature_hash(self.index, &prevouts, leaf, kind);
                Message::from_digest(hash.map_err(|_| Refusal::InvalidSignature(self.index))?.to_byte_array())
            }
            _ => return Err(Refusal::SignatureSighash(self.index)),
        };
        SECP.verify_schnorr(&signature.signature, &message, key)
            .map_err(|_| Refusal::InvalidSignature(self.index))
    }
}
