//! From the co-signer's signatures to a transaction that Bitcoin Core's own script code accepts (G1).
//!
//! Called by the server after the signer. Witnesses are made by miniscript for the spending path alone: recovery is not even looked at.

use bitcoin::consensus::encode;
use bitcoin::{Psbt, PublicKey, ScriptBuf, TapLeafHash, Transaction, TxOut, Txid, Witness, ecdsa, taproot};
use bitcoinconsensus::{Utxo, VERIFY_ALL_PRE_TAPROOT, VERIFY_TAPROOT};
use miniscript::Satisfier;
use thiserror::Error;

use crate::derived::{DerivedScript, Form, Role};
use crate::spend::{InputSignature, MemberSignatures, VerifiedSpend, insert_signature};

/// Why a spend could not be finished.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FinishError {
    /// The signer gave too few or too many signatures.
    #[error("the co-signer gave {given} signatures for {inputs} inputs")]
    SignatureCount {
        /// Signatures given.
        given: usize,
        /// Inputs to sign.
        inputs: usize,
    },
    /// ECDSA for taproot or the reverse.
    #[error("the co-signer gave a signature of the wrong kind for input {0}")]
    SignatureKind(usize),
    /// Not enough signatures for an input.
    #[error("input {0} lacks signatures: {1}")]
    Unsatisfied(usize, String),
    /// Bitcoin Core's script code refuses an input.
    #[error("input {0} is not valid by consensus ({1}): do not broadcast, check the co-signer's key")]
    Consensus(usize, String),
}

/// A verified spend with the co-signer's signatures.
#[derive(Clone, Debug)]
pub struct Cosigned {
    spend: VerifiedSpend,
    signatures: Vec<InputSignature>,
}

/// A complete transaction that passed Bitcoin Core's script code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FinalTransaction {
    transaction: Transaction,
    txid: Txid,
}

impl FinalTransaction {
    /// The transaction, ready to be broadcast.
    #[must_use]
    pub const fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// Its id.
    #[must_use]
    pub const fn txid(&self) -> Txid {
        self.txid
    }

    /// As the network takes it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode::serialize(&self.transaction)
    }
}

impl Cosigned {
    /// Takes the signatures of a signer, one for each input, in order.
    ///
    /// Whether they are valid is found by [`Cosigned::finish`].
    ///
    /// # Errors
    /// When there are too few or too many, or of the wrong kind.
    pub fn new(spend: &VerifiedSpend, signatures: Vec<InputSignature>) -> Result<Self, FinishError> {
        let (given, inputs) = (signatures.len(), spend.coins.len());
        if given != inputs {
            return Err(FinishError::SignatureCount { given, inputs });
        }
        for (index, (signature, coin)) in signatures.iter().zip(&spend.coins).enumerate() {
            match (signature, &coin.script().form) {
                (InputSignature::Ecdsa(_), Form::Wsh { .. })
                | (InputSignature::Schnorr(_), Form::Tr { .. }) => {}
                _ => return Err(FinishError::SignatureKind(index)),
            }
        }
        Ok(Self { spend: spend.clone(), signatures })
    }

    /// The co-signer's signatures, in the order of the inputs.
    #[must_use]
    pub fn signatures(&self) -> &[InputSignature] {
        &self.signatures
    }

    /// The PSBT with all signatures, for an archive.
    #[must_use]
    pub fn psbt(&self) -> Psbt {
        let mut psbt = self.spend.psbt();
        let inputs = psbt.inputs.iter_mut().zip(&self.spend.coins).zip(&self.signatures);
        for ((input, coin), signature) in inputs {
            if let Some(key) = coin.script().cosigner() {
                insert_signature(input, coin.script(), key, signature);
            }
        }
        psbt
    }

    /// Makes the witnesses and has Bitcoin Core's script code check every input.
    ///
    /// # Errors
    /// When members' signatures are missing, or a signature is not valid.
    pub fn finish(&self) -> Result<FinalTransaction, FinishError> {
        let mut transaction = self.spend.transaction.clone();
        let parts = self.spend.coins.iter().zip(&self.spend.signatures).zip(&self.signatures);
        for (index, (((coin, members), cosigner), input)) in parts.zip(&mut transaction.input).enumerate() {
            let spending = SpendingPath { script: coin.script(), members, cosigner };
            let unsatisfied = |error: miniscript::Error| FinishError::Unsatisfied(index, error.to_string());
            let (stack, script_sig): (Vec<Vec<u8>>, ScriptBuf) =
                coin.script().descriptor.get_satisfaction(spending).map_err(unsatisfied)?;
            input.witness = Witness::from_slice(&stack);
            input.script_sig = script_sig;
        }
        check_consensus(&transaction, &self.spend.spent())?;
        let txid = transaction.compute_txid();
        Ok(FinalTransaction { transaction, txid })
    }
}

/// Runs Bitcoin Core's script code over every input, with all rules of segwit and taproot.
///
/// Relative locks are checked against the inputs' sequences; that an output is old enough, only the chain knows. Core's code parses and
/// hashes the transaction anew for each input, so it is given each time without the other inputs' witnesses, which no rule looks at.
///
/// # Errors
/// The first input that is refused.
pub fn check_consensus(transaction: &Transaction, spent: &[TxOut]) -> Result<(), FinishError> {
    let refused = |index, why: String| FinishError::Consensus(index, why);
    if spent.len() != transaction.input.len() {
        return Err(refused(0, "not as many outputs as inputs".to_owned()));
    }
    let utxos = spent.iter().enumerate().map(|(index, output)| utxo(output).ok_or(index));
    let utxos: Vec<Utxo> = utxos
        .collect::<Result<_, _>>()
        .map_err(|index| refused(index, "its amount or script is too large".to_owned()))?;
    let parts = Parts::of(transaction);
    for (index, (input, output)) in transaction.input.iter().zip(spent).enumerate() {
        // Only taproot's rules look at the outputs that the other inputs spend; without them its flag may not be set.
        let (utxos, flags) = if output.script_pubkey.is_p2wsh() {
            (None, VERIFY_ALL_PRE_TAPROOT)
        } else {
            (Some(utxos.as_slice()), VERIFY_ALL_PRE_TAPROOT | VERIFY_TAPROOT)
        };
        let (script, value) = (output.script_pubkey.as_bytes(), output.value.to_sat());
        let bytes = parts.with_witness(index, &input.witness);
        bitcoinconsensus::verify_with_flags(script, value, &bytes, utxos, index, flags)
            .map_err(|error| refused(index, format!("{error:?}")))?;
    }
    Ok(())
}

/// A transaction in pieces, so that one witness at a time can be put into it.
struct Parts {
    version: Vec<u8>,
    inputs_and_outputs: Vec<u8>,
    lock_time: Vec<u8>,
    inputs: usize,
}

impl Parts {
    fn of(transaction: &Transaction) -> Self {
        let mut inputs_and_outputs = encode::serialize(&transaction.input);
        inputs_and_outputs.extend(encode::serialize(&transaction.output));
        let (version, lock_time) =
            (encode::serialize(&transaction.version), encode::serialize(&transaction.lock_time));
        Self { version, inputs_and_outputs, lock_time, inputs: transaction.input.len() }
    }

    /// BIP-144, where an empty witness is a zero; a transaction with empty ones alone has none at all.
    fn with_witness(&self, index: usize, witness: &Witness) -> Vec<u8> {
        if witness.is_empty() {
            return [&self.version, &self.inputs_and_outputs, &self.lock_time]
                .into_iter()
                .flatten()
                .copied()
                .collect();
        }
        let mut bytes = Vec::with_capacity(self.inputs_and_outputs.len() + self.inputs + witness.size() + 10);
        bytes.extend(&self.version);
        bytes.extend([0, 1]);
        bytes.extend(&self.inputs_and_outputs);
        bytes.resize(bytes.len() + index, 0);
        bytes.extend(encode::serialize(witness));
        bytes.resize(bytes.len() + (self.inputs - index - 1), 0);
        bytes.extend(&self.lock_time);
        bytes
    }
}

fn utxo(output: &TxOut) -> Option<Utxo> {
    let script = output.script_pubkey.as_bytes();
    Some(Utxo {
        script_pubkey: script.as_ptr(),
        script_pubkey_len: u32::try_from(script.len()).ok()?,
        value: i64::try_from(output.value.to_sat()).ok()?,
    })
}

/// Offers miniscript the signatures of members and co-signer. Everything else, locks among it, stays at the default: no.
struct SpendingPath<'a> {
    script: &'a DerivedScript,
    members: &'a MemberSignatures,
    cosigner: &'a InputSignature,
}

impl SpendingPath<'_> {
    fn signature(&self, key: &PublicKey) -> Option<&InputSignature> {
        let own = self.script.keys().iter().find(|own| own.public_key == key.inner)?;
        match own.role {
            Role::Cosigner => Some(self.cosigner),
            Role::Member(member) => self.members.get(&member),
            Role::Internal | Role::Recovery(_) => None,
        }
    }
}

impl Satisfier<PublicKey> for SpendingPath<'_> {
    fn lookup_ecdsa_sig(&self, key: &PublicKey) -> Option<ecdsa::Signature> {
        match self.signature(key) {
            Some(InputSignature::Ecdsa(signature)) => Some(*signature),
            _ => None,
        }
    }

    fn lookup_tap_leaf_script_sig(&self, key: &PublicKey, leaf: &TapLeafHash) -> Option<taproot::Signature> {
        let Form::Tr { spending, .. } = &self.script.form else { return None };
        match self.signature(key) {
            Some(InputSignature::Schnorr(signature)) if *leaf == spending.hash => Some(*signature),
            _ => None,
        }
    }
}
