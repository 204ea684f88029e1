//! A spend that passed every check: what a co-signer may sign, and the only thing that it may sign (G1, G6).
//!
//! Made by `verify` alone; its fields are private. Read by the gate as a [`SpendPlan`], by signers as [`SigningRequest`]s.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bitcoin::hashes::Hash;
use bitcoin::secp256k1::Message;
use bitcoin::sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType};
use bitcoin::{Amount, Psbt, PublicKey, Transaction, TxOut, Txid, ecdsa, psbt, taproot};
use sha2::{Digest, Sha256};
use thiserror::Error;
use types::{SpendKind, SpendPlan};

use crate::build::{fill_input, fill_output};
use crate::derived::{DerivedKey, DerivedScript, Form};
use crate::descriptor::{Position, VaultDescriptor};
use crate::holdings::Coin;
use crate::size::estimated_vsize;
use crate::spec::ScriptKind;

/// A signature for one input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InputSignature {
    /// For `wsh`.
    Ecdsa(ecdsa::Signature),
    /// For a leaf of `tr`.
    Schnorr(taproot::Signature),
}

/// Signatures for one input by the member's place in the spec.
pub type MemberSignatures = BTreeMap<usize, InputSignature>;

/// What a signer is asked to sign for one input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SigningRequest {
    /// The signer's account key, which says whose request this is.
    pub account: bitcoin::secp256k1::PublicKey,
    /// The key's position under the account key.
    pub position: Position,
    /// The key that the script has there.
    pub public_key: bitcoin::secp256k1::PublicKey,
    /// ECDSA for `wsh`, Schnorr for `tr`.
    pub kind: ScriptKind,
    /// The signature hash.
    pub message: [u8; 32],
}

/// Why two spends cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MergeError {
    /// Not the same unsigned transaction.
    #[error("the psbts are for different transactions: sign the one that was proposed")]
    DifferentTransaction,
    /// Not the same vault.
    #[error("the psbts are for different vaults")]
    DifferentVault,
}

/// A spend that passed every check of [`crate::verify`], [`crate::verify_return`] or [`crate::verify_child`].
#[derive(Clone)]
pub struct VerifiedSpend {
    pub(crate) kind: SpendKind,
    pub(crate) descriptor: Arc<VaultDescriptor>,
    pub(crate) transaction: Transaction,
    pub(crate) coins: Vec<Coin>,
    pub(crate) signatures: Vec<MemberSignatures>,
    pub(crate) sighashes: Vec<Message>,
    /// Every output that comes back to the vault: at most one in a payment.
    pub(crate) change: Vec<(usize, Position)>,
    pub(crate) fee: Amount,
}

impl fmt::Debug for VerifiedSpend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedSpend({} of {})", self.txid(), self.descriptor.id())
    }
}

impl VerifiedSpend {
    /// What it does for its transfer.
    #[must_use]
    pub const fn kind(&self) -> SpendKind {
        self.kind
    }

    /// The vault's descriptor.
    #[must_use]
    pub fn descriptor(&self) -> &VaultDescriptor {
        &self.descriptor
    }

    /// The unsigned transaction.
    #[must_use]
    pub const fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// Its id, which signatures do not change.
    #[must_use]
    pub fn txid(&self) -> Txid {
        self.transaction.compute_txid()
    }

    /// The most weight units that it has once it is signed.
    #[must_use]
    pub fn weight(&self) -> u64 {
        let script = self.coins.first().map(Coin::script);
        let vsize =
            script.map_or(0, |script| estimated_vsize(script, self.coins.len(), &self.transaction.output));
        vsize.saturating_mul(4)
    }

    /// What the network is paid.
    #[must_use]
    pub const fn fee(&self) -> Amount {
        self.fee
    }

    /// What leaves the vault: inputs less change, so payments and fee. (A payment to an own address counts as leaving.)
    #[must_use]
    pub fn outflow(&self) -> Amount {
        let spent = self.coins.iter().map(|coin| coin.output().value.to_sat()).fold(0, u64::saturating_add);
        let change = self.change.iter().filter_map(|(index, _)| self.transaction.output.get(*index));
        let change = change.map(|output| output.value.to_sat()).fold(0, u64::saturating_add);
        Amount::from_sat(spent.saturating_sub(change))
    }

    /// Which output is change, and at which position: the first one where several come back.
    #[must_use]
    pub fn change(&self) -> Option<(usize, Position)> {
        self.change.first().copied()
    }

    /// Every output that comes back to the vault, with its position. Of a return, a child and a refresh: all.
    #[must_use]
    pub fn returned(&self) -> &[(usize, Position)] {
        &self.change
    }

    /// The outputs that it spends, in the order of the inputs.
    #[must_use]
    pub fn spent(&self) -> Vec<TxOut> {
        self.coins.iter().map(|coin| coin.output().clone()).collect()
    }

    /// The members who signed every input, by their places in the spec.
    #[must_use]
    pub fn signed_by(&self) -> Vec<usize> {
        let signed = |member: &usize| self.signatures.iter().all(|input| input.contains_key(member));
        (0..self.descriptor.members()).filter(signed).collect()
    }

    /// Whether only the co-signer's signatures are missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.signatures.iter().all(|input| input.len() >= self.descriptor.at_least())
    }

    /// The spend in the core's terms.
    #[must_use]
    pub fn plan(&self) -> SpendPlan {
        let inputs = self.transaction.input.iter().map(|input| types::OutPoint {
            txid: types::Hash(input.previous_output.txid.to_byte_array()),
            index: input.previous_output.vout,
        });
        SpendPlan {
            kind: self.kind,
            vault: self.descriptor.id().clone(),
            txid: types::Hash(self.txid().to_byte_array()),
            inputs: inputs.collect(),
            fee: u128::from(self.fee.to_sat()),
            psbt: types::Hash(Sha256::digest(self.psbt_bytes()).into()),
            complete: self.is_complete(),
        }
    }

    /// The PSBT, written anew from what was verified. Equal spends give equal bytes, whatever PSBT they came in.
    #[must_use]
    pub fn psbt(&self) -> Psbt {
        let mut psbt = Psbt {
            unsigned_tx: self.transaction.clone(),
            version: 0,
            xpub: BTreeMap::new(),
            proprietary: BTreeMap::new(),
            unknown: BTreeMap::new(),
            inputs: Vec::with_capacity(self.coins.len()),
            outputs: vec![psbt::Output::default(); self.transaction.output.len()],
        };
        for (coin, signatures) in self.coins.iter().zip(&self.signatures) {
            let mut input = fill_input(coin);
            for (member, signature) in signatures {
                if let Some(key) = coin.script().member(*member) {
                    insert_signature(&mut input, coin.script(), key, signature);
                }
            }
            psbt.inputs.push(input);
        }
        // Derived again: these positions were derived before, so that none fails.
        for (index, position) in &self.change {
            if let Some(output) = psbt.outputs.get_mut(*index)
                && let Ok(script) = self.descriptor.derive(*position)
            {
                *output = fill_output(&script);
            }
        }
        psbt
    }

    /// [`VerifiedSpend::psbt`] as bytes, which the journal keeps under the hash in the plan.
    #[must_use]
    pub fn psbt_bytes(&self) -> Vec<u8> {
        self.psbt().serialize()
    }

    /// Both spends' signatures together. Where both have one by the same member, the first one's stays.
    ///
    /// # Errors
    /// When they are not for the same transaction of the same vault.
    pub fn merge(mut self, other: Self) -> Result<Self, MergeError> {
        if self.descriptor.text() != other.descriptor.text() || self.descriptor.id() != other.descriptor.id()
        {
            return Err(MergeError::DifferentVault);
        }
        if self.transaction != other.transaction {
            return Err(MergeError::DifferentTransaction);
        }
        for (mine, theirs) in self.signatures.iter_mut().zip(other.signatures) {
            for (member, signature) in theirs {
                mine.entry(member).or_insert(signature);
            }
        }
        Ok(self)
    }

    /// What the co-signer signs, one request for each input, spending path only.
    #[must_use]
    pub fn signing_requests(&self) -> Vec<SigningRequest> {
        let Some(account) = self.descriptor.cosigner().map(|key| key.xpub().public_key) else {
            return Vec::new();
        };
        let inputs = self.coins.iter().zip(&self.sighashes);
        let request = |(coin, message): (&Coin, &Message)| {
            let public_key = coin.script().cosigner()?.public_key;
            let (position, kind) = (coin.script().position(), self.descriptor.kind());
            Some(SigningRequest { account, position, public_key, kind, message: *message.as_ref() })
        };
        inputs.filter_map(request).collect()
    }
}

/// The hash that each input's spending path signs: ALL for `wsh`, DEFAULT for `tr`.
pub fn sighashes(transaction: &Transaction, coins: &[Coin]) -> Option<Vec<Message>> {
    let spent: Vec<&TxOut> = coins.iter().map(Coin::output).collect();
    let prevouts = Prevouts::All(&spent);
    let mut cache = SighashCache::new(transaction);
    let mut sighash = |(index, coin): (usize, &Coin)| {
        let digest = match &coin.script().form {
            Form::Wsh { witness_script } => cache
                .p2wsh_signature_hash(index, witness_script, coin.output().value, EcdsaSighashType::All)
                .ok()?
                .to_byte_array(),
            Form::Tr { spending, .. } => cache
                .taproot_script_spend_signature_hash(index, &prevouts, spending.hash, TapSighashType::Default)
                .ok()?
                .to_byte_array(),
        };
        Some(Message::from_digest(digest))
    };
    coins.iter().enumerate().map(&mut sighash).collect()
}

pub fn insert_signature(
    input: &mut psbt::Input,
    script: &DerivedScript,
    key: &DerivedKey,
    signature: &InputSignature,
) {
    match (signature, &script.form) {
        (InputSignature::Ecdsa(signature), Form::Wsh { .. }) => {
            input.partial_sigs.insert(PublicKey::new(key.public_key), *signature);
        }
        (InputSignature::Schnorr(signature), Form::Tr { spending, .. }) => {
            input.tap_script_sigs.insert((key.x_only(), spending.hash), *signature);
        }
        // A signature of the other kind was refused when the spend was verified or co-signed.
        _ => {}
    }
}
