//! What a member is about to sign, found out from the PSBT and the vault's descriptor alone, and then signed (G1).
//!
//! A member's machine does not follow the chain, so every amount and script is proven by what the PSBT carries: previous transactions for
//! `wsh`, whose signatures do not commit to other inputs' amounts; the descriptor for scripts and change. Called by `rempart sign`.

use std::collections::BTreeSet;
use std::fmt;

use bitcoin::bip32::{ChildNumber, KeySource};
use bitcoin::hashes::Hash;
use bitcoin::psbt::{self, Psbt};
use bitcoin::secp256k1::Secp256k1;
use bitcoin::sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType};
use bitcoin::taproot::{LeafVersion, TapLeafHash};
use bitcoin::{Address, Amount, ScriptBuf, TxOut, XOnlyPublicKey};
use thiserror::Error;
use vault::signing::SignError;
use vault::{
    Branch, DerivedScript, InputSignature, Position, ScriptKind, SigningRequest, VaultDescriptor, VaultKey,
};

use crate::MemberKey;

/// Why a PSBT is not signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReviewError {
    /// The key is not in the vault.
    #[error("this key is not a member's of vault `{0}`: check which key file and which vault are named")]
    NotAMember(types::VaultId),
    /// Nothing to sign.
    #[error("the psbt spends nothing")]
    NoInputs,
    /// One output spent twice.
    #[error("input {0} spends what another one spends too")]
    Repeated(usize),
    /// No derivation of this key.
    #[error(
        "input {0} does not name this key: it is not this vault's, or the psbt was made without key origins"
    )]
    Unnamed(usize),
    /// The script is not the vault's.
    #[error("input {0} is not at the address of the vault that it claims: nothing was signed")]
    OtherScript(usize),
    /// The amount is not proven.
    #[error(
        "input {0} lacks the output that it spends, or its previous transaction: ask for the psbt with both"
    )]
    Unproven(usize),
    /// The amount is a lie.
    #[error("input {0} contradicts its own previous transaction: somebody may have changed the amount")]
    Contradiction(usize),
    /// Another kind of signature is asked for.
    #[error("input {0} asks for a signature that leaves parts of the transaction open")]
    Sighash(usize),
    /// More goes out than comes in.
    #[error("the outputs are worth more than the inputs")]
    Overspent,
    /// The key does not sign.
    #[error(transparent)]
    Key(#[from] SignError),
}

/// An output, as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paid {
    /// Its address; a script without one is shown in hexadecimal.
    pub to: String,
    /// How much.
    pub amount: Amount,
    /// Where in the vault, when it comes back to it: proven by derivation.
    pub own: Option<Position>,
}

/// What a transaction does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Review {
    /// How many outputs of the vault it spends.
    pub inputs: usize,
    /// What they are worth.
    pub spent: Amount,
    /// What it pays, in its order.
    pub outputs: Vec<Paid>,
    /// What the network gets.
    pub fee: Amount,
}

impl Review {
    /// What leaves the vault, with the fee.
    #[must_use]
    pub fn outflow(&self) -> Amount {
        let back = self.outputs.iter().filter(|paid| paid.own.is_some()).map(|paid| paid.amount.to_sat());
        Amount::from_sat(self.spent.to_sat().saturating_sub(back.fold(0, u64::saturating_add)))
    }
}

/// A PSBT whose every claim was checked, ready to be shown and then signed.
pub struct Reviewed {
    psbt: Psbt,
    member: VaultKey,
    review: Review,
    requests: Vec<(SigningRequest, Option<TapLeafHash>)>,
}

impl fmt::Debug for Reviewed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reviewed({})", self.psbt.unsigned_tx.compute_txid())
    }
}

impl Reviewed {
    /// Checks a PSBT against a vault's descriptor, for one member.
    ///
    /// # Errors
    /// The first thing that is not proven; then nothing can be signed.
    pub fn new(psbt: Psbt, descriptor: &VaultDescriptor, member: &VaultKey) -> Result<Self, ReviewError> {
        let place = (0..descriptor.members())
            .find(|place| descriptor.member(*place).is_some_and(|own| own.xpub() == member.xpub()))
            .ok_or_else(|| ReviewError::NotAMember(descriptor.id().clone()))?;
        check_inputs(&psbt)?;
        let inputs = psbt.inputs.iter().enumerate();
        let scripts = inputs
            .map(|(index, input)| own_script(descriptor, member, input).ok_or(ReviewError::Unnamed(index)));
        let scripts = scripts.collect::<Result<Vec<_>, _>>()?;
        let spent = spent_outputs(&psbt, descriptor.kind(), &scripts)?;
        let review = review(&psbt, descriptor, member, &spent)?;
        let requests = requests(&psbt, descriptor.kind(), place, &scripts, &spent, member)?;
        Ok(Self { psbt, member: member.clone(), review, requests })
    }

    /// What it does, for the person to see.
    #[must_use]
    pub const fn review(&self) -> &Review {
        &self.review
    }

    /// Adds the member's signature to every input. The person has seen the review.
    ///
    /// # Errors
    /// When the key is another one.
    pub fn sign(mut self, key: &MemberKey) -> Result<Psbt, ReviewError> {
        if key.public().xpub() != self.member.xpub() {
            return Err(SignError::WrongKey.into());
        }
        let signer = key.signer()?;
        for (input, (request, leaf)) in self.psbt.inputs.iter_mut().zip(&self.requests) {
            match (signer.sign(request)?, leaf) {
                (InputSignature::Ecdsa(signature), None) => {
                    input.partial_sigs.insert(bitcoin::PublicKey::new(request.public_key), signature);
                }
                (InputSignature::Schnorr(signature), Some(leaf)) => {
                    let key = request.public_key.x_only_public_key().0;
                    input.tap_script_sigs.insert((key, *leaf), signature);
                }
                _ => return Err(SignError::Malformed.into()),
            }
        }
        Ok(self.psbt)
    }
}

fn check_inputs(psbt: &Psbt) -> Result<(), ReviewError> {
    if psbt.unsigned_tx.input.is_empty() {
        return Err(ReviewError::NoInputs);
    }
    if psbt.inputs.len() != psbt.unsigned_tx.input.len()
        || psbt.outputs.len() != psbt.unsigned_tx.output.len()
    {
        return Err(SignError::Malformed.into());
    }
    let mut seen = BTreeSet::new();
    let mut inputs = psbt.unsigned_tx.input.iter();
    inputs
        .position(|input| !seen.insert(input.previous_output))
        .map_or(Ok(()), |twice| Err(ReviewError::Repeated(twice)))
}

/// The vault's script at the position that the PSBT claims for this member's key.
fn own_script(descriptor: &VaultDescriptor, member: &VaultKey, input: &psbt::Input) -> Option<DerivedScript> {
    let plain = input.bip32_derivation.values();
    let mut sources = plain.chain(input.tap_key_origins.values().map(|(_, source)| source));
    descriptor.derive(sources.find_map(|source| claimed(member, source))?).ok()
}

/// The position that a key source claims, when it is this member's on the spending branches.
fn claimed(member: &VaultKey, source: &KeySource) -> Option<Position> {
    let steps: &[ChildNumber] = source.1.as_ref();
    let (origin, last) = steps.split_last_chunk::<2>()?;
    let own: &[ChildNumber] = member.path().as_ref();
    let [ChildNumber::Normal { index: step }, ChildNumber::Normal { index }] = *last else { return None };
    let branch = Branch::ALL.into_iter().find(|branch| branch.spending_step() == step)?;
    (source.0 == member.fingerprint() && origin == own).then_some(Position { branch, index })
}

fn spent_outputs(
    psbt: &Psbt,
    kind: ScriptKind,
    scripts: &[DerivedScript],
) -> Result<Vec<TxOut>, ReviewError> {
    let mut spent = Vec::with_capacity(scripts.len());
    for (index, (input, script)) in psbt.inputs.iter().zip(scripts).enumerate() {
        let output = spent_output(psbt, index, input, kind)?;
        if output.script_pubkey != *script.script_pubkey() {
            return Err(ReviewError::OtherScript(index));
        }
        check_sighash(index, input, kind)?;
        spent.push(output);
    }
    Ok(spent)
}

/// A `wsh` signature says nothing of the other inputs' amounts, so each needs its previous transaction; a taproot one commits to all.
fn spent_output(
    psbt: &Psbt,
    index: usize,
    input: &psbt::Input,
    kind: ScriptKind,
) -> Result<TxOut, ReviewError> {
    let unproven = ReviewError::Unproven(index);
    let outpoint = psbt.unsigned_tx.input.get(index).ok_or(SignError::Malformed)?.previous_output;
    let Some(previous) = &input.non_witness_utxo else {
        return match (&input.witness_utxo, kind) {
            (Some(output), ScriptKind::Tr) => Ok(output.clone()),
            _ => Err(unproven),
        };
    };
    let vout = usize::try_from(outpoint.vout).map_err(|_| ReviewError::Contradiction(index))?;
    let output = previous.output.get(vout).filter(|_| previous.compute_txid() == outpoint.txid);
    let output = output.ok_or(ReviewError::Contradiction(index))?;
    let agrees = input.witness_utxo.as_ref().is_none_or(|witness| witness == output);
    if agrees { Ok(output.clone()) } else { Err(ReviewError::Contradiction(index)) }
}

fn check_sighash(index: usize, input: &psbt::Input, kind: ScriptKind) -> Result<(), ReviewError> {
    let allowed = match (input.sighash_type, kind) {
        (None, _) => true,
        (Some(asked), ScriptKind::Wsh) => asked == EcdsaSighashType::All.into(),
        (Some(asked), ScriptKind::Tr) => asked == TapSighashType::Default.into(),
    };
    if allowed { Ok(()) } else { Err(ReviewError::Sighash(index)) }
}

fn review(
    psbt: &Psbt,
    descriptor: &VaultDescriptor,
    member: &VaultKey,
    spent: &[TxOut],
) -> Result<Review, ReviewError> {
    let total = |outputs: &[TxOut]| {
        let sum = |total: Amount, output: &TxOut| total.checked_add(output.value);
        outputs.iter().try_fold(Amount::ZERO, sum).ok_or(ReviewError::Overspent)
    };
    let (spent, paid) = (total(spent)?, total(&psbt.unsigned_tx.output)?);
    let fee = spent.checked_sub(paid).ok_or(ReviewError::Overspent)?;
    let outputs = psbt.unsigned_tx.output.iter().zip(&psbt.outputs);
    let outputs = outputs.map(|(output, map)| Paid {
        to: shown(&output.script_pubkey, descriptor),
        amount: output.value,
        own: own_position(descriptor, member, map, output),
    });
    Ok(Review { inputs: psbt.inputs.len(), spent, outputs: outputs.collect(), fee })
}

fn shown(script: &ScriptBuf, descriptor: &VaultDescriptor) -> String {
    let address = Address::from_script(script, descriptor.network());
    address.map_or_else(|_| script.to_hex_string(), |address| address.to_string())
}

fn own_position(
    descriptor: &VaultDescriptor,
    member: &VaultKey,
    map: &psbt::Output,
    output: &TxOut,
) -> Option<Position> {
    let plain = map.bip32_derivation.values();
    let mut sources = plain.chain(map.tap_key_origins.values().map(|(_, source)| source));
    let position = sources.find_map(|source| claimed(member, source))?;
    let script = descriptor.script_pubkey(position.branch, position.index).ok()?;
    (script == output.script_pubkey).then_some(position)
}

fn requests(
    psbt: &Psbt,
    kind: ScriptKind,
    place: usize,
    scripts: &[DerivedScript],
    spent: &[TxOut],
    member: &VaultKey,
) -> Result<Vec<(SigningRequest, Option<TapLeafHash>)>, ReviewError> {
    let mut cache = SighashCache::new(&psbt.unsigned_tx);
    let mut requests = Vec::with_capacity(scripts.len());
    let prevouts = Prevouts::All(spent);
    for (index, ((script, input), output)) in scripts.iter().zip(&psbt.inputs).zip(spent).enumerate() {
        let own = script.member(place).ok_or(SignError::NotAMember)?;
        let (message, leaf) = match kind {
            ScriptKind::Wsh => {
                let witness = input
                    .witness_script
                    .as_ref()
                    .filter(|witness| witness.to_p2wsh() == output.script_pubkey);
                let witness = witness.ok_or(ReviewError::OtherScript(index))?;
                let hash = cache.p2wsh_signature_hash(index, witness, output.value, EcdsaSighashType::All);
                (hash.map_err(|_| SignError::Malformed)?.to_byte_array(), None)
            }
            ScriptKind::Tr => {
                let leaf = spending_leaf(input, script).ok_or(ReviewError::OtherScript(index))?;
                let hash = cache.taproot_script_spend_signature_hash(
                    index,
                    &prevouts,
                    leaf,
                    TapSighashType::Default,
                );
                (hash.map_err(|_| SignError::Malformed)?.to_byte_array(), Some(leaf))
            }
        };
        let (account, position, public_key) = (member.xpub().public_key, script.position(), own.public_key);
        requests.push((SigningRequest { account, position, public_key, kind, message }, leaf));
    }
    Ok(requests)
}

/// The leaf with the co-signer's key, proven to be in the output.
fn spending_leaf(input: &psbt::Input, script: &DerivedScript) -> Option<TapLeafHash> {
    let cosigner = script.cosigner()?.x_only().serialize();
    let output_key = XOnlyPublicKey::from_slice(script.script_pubkey().as_bytes().get(2..34)?).ok()?;
    let secp = Secp256k1::verification_only();
    let mut leaves = input.tap_scripts.iter().filter(|(control, (leaf, version))| {
        let has_cosigner = leaf.as_bytes().windows(cosigner.len()).any(|bytes| bytes == cosigner);
        let is_proven = control.verify_taproot_commitment(&secp, output_key, leaf);
        has_cosigner && is_proven && *version == LeafVersion::TapScript
    });
    leaves.next().map(|(_, (leaf, version))| TapLeafHash::from_script(leaf, *version))
}
