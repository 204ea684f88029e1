//! Building a PSBT that hardware wallets sign, from inputs that were chosen (G6). `compose` chooses them.
//!
//! Called by `compose`, `refresh` and the demo; its result goes through `verify` like anybody's. `fill_input` and `fill_output` also write
//! the PSBT of a verified spend.

use bitcoin::absolute::{Height, LockTime};
use bitcoin::psbt::{self, Psbt};
use bitcoin::taproot::TaprootBuilder;
use bitcoin::transaction::{Transaction, TxIn, TxOut, Version};
use bitcoin::{Amount, OutPoint, ScriptBuf, Witness};
use thiserror::Error;

use crate::approved::REFRESH_FEE_SATS_PER_VBYTE_MAX;
use crate::derived::{DerivedScript, Form, Leaf};
use crate::descriptor::{DeriveError, Position};
use crate::holdings::{Coin, GAP_LIMIT, Holdings};
use crate::verify::SEQUENCE;

/// A spend as somebody wants it.
#[derive(Clone, Debug)]
pub struct SpendDraft {
    /// What to spend, in this order.
    pub inputs: Vec<OutPoint>,
    /// What to pay, in this order; change comes last.
    pub outputs: Vec<TxOut>,
    /// What the network is paid.
    pub fee: Amount,
    /// Where the rest goes, if there is any; [`Holdings::unused`] names the next change address.
    pub change: Position,
    /// 0, or a height that was reached.
    pub lock_height: u32,
}

/// Why a PSBT cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BuildError {
    /// Not a confirmed, unspent output of the vault.
    #[error("`{0}` is not a confirmed, unspent output of this vault")]
    UnknownInput(OutPoint),
    /// The inputs do not cover outputs and fee.
    #[error("the inputs are worth {spent}, outputs and fee {needed}: choose more inputs")]
    NotEnough {
        /// What the inputs are worth.
        spent: Amount,
        /// What is needed.
        needed: Amount,
    },
    /// The rest is too small to be an output.
    #[error("{0} would be left, too little for an output: add it to the fee or choose other inputs")]
    DustChange(Amount),
    /// Amounts beyond all bitcoin.
    #[error("the amounts are larger than all bitcoin")]
    Overflow,
    /// Not a height.
    #[error("`{0}` is not a block height")]
    LockHeight(u32),
    /// Nothing to pay.
    #[error("there is nothing to pay: give at least one output")]
    NoOutputs,
    /// More than a payload has.
    #[error("{0} outputs are too many for one transaction: at most 200 are taken, pay the rest in another")]
    TooManyOutputs(usize),
    /// Too small to be relayed.
    #[error("output {0} is too small to be relayed: pay more to it or leave it out")]
    DustOutput(usize),
    /// The rate is more than the approved maximum allows.
    #[error(
        "the network would have to be paid {fee}, and at most {max_fee} is approved: take a lower fee rate or have a higher maximum approved"
    )]
    FeeAboveMaximum {
        /// What it would cost.
        fee: Amount,
        /// What may be paid.
        max_fee: Amount,
    },
    /// More inputs than nodes relay, or than are checked.
    #[error(
        "more inputs are needed than one transaction may have: pay less at once, or join small outputs by a refresh"
    )]
    TooManyInputs,
    /// With its previous transactions it is larger than what is read.
    #[error(
        "the psbt would be larger than 4 MiB, with the transactions that made its inputs: pay less at once"
    )]
    TooLarge,
    /// The input that all transactions of a transfer share is not there.
    #[error(
        "`{0}`, which every transaction of this transfer spends, is not an unspent input of the waiting one: look at the chain again"
    )]
    SharedInputGone(OutPoint),
    /// Nothing to spend.
    #[error("the waiting transaction has no change to speed it up with: replace it instead")]
    NoChange,
    /// Nothing to renew.
    #[error("no output is near its recovery path: nothing needs a refresh")]
    NothingDue,
    /// A number of outputs that a refresh cannot have.
    #[error("a refresh has 1 to {GAP_LIMIT} outputs, not {0}")]
    RefreshOutputs(u32),
    /// Too much for what can wait.
    #[error(
        "a refresh pays at most {REFRESH_FEE_SATS_PER_VBYTE_MAX} satoshis for each virtual byte: wait for lower fees"
    )]
    RefreshRate,
    /// The change address cannot be derived.
    #[error(transparent)]
    Derive(#[from] DeriveError),
}

impl BuildError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownInput(_) => "build-unknown-input",
            Self::NotEnough { .. } => "build-not-enough",
            Self::DustChange(_) => "build-dust-change",
            Self::Overflow => "build-overflow",
            Self::LockHeight(_) => "build-lock-height",
            Self::NoOutputs => "build-no-outputs",
            Self::TooManyOutputs(_) => "build-too-many-outputs",
            Self::DustOutput(_) => "build-dust-output",
            Self::FeeAboveMaximum { .. } => "build-fee-above-maximum",
            Self::TooManyInputs => "build-too-many-inputs",
            Self::TooLarge => "build-too-large",
            Self::SharedInputGone(_) => "build-shared-input-gone",
            Self::NoChange => "build-no-change",
            Self::NothingDue => "build-nothing-due",
            Self::RefreshOutputs(_) => "build-refresh-outputs",
            Self::RefreshRate => "build-refresh-rate",
            Self::Derive(_) => "build-derive",
        }
    }
}

/// Builds an unsigned PSBT, version 0.
///
/// Each input has what one device or another asks for: in segwit v0 the previous transaction, the output, the script and every key's origin; in
/// taproot the output, both leaves, the internal key and every key's origin. Global keys are left out: devices that know the vault as a
/// registered policy do not ask for them, and some take them for an unknown multisig wallet.
///
/// # Errors
/// [`BuildError`].
pub fn build_psbt(holdings: &Holdings, draft: &SpendDraft) -> Result<Psbt, BuildError> {
    let coins = draft
        .inputs
        .iter()
        .map(|outpoint| holdings.coin(outpoint).ok_or(BuildError::UnknownInput(*outpoint)));
    let coins: Vec<&Coin> = coins.collect::<Result<_, _>>()?;
    let left = left_over(&coins, draft)?;
    let mut outputs = draft.outputs.clone();
    let mut maps = vec![psbt::Output::default(); outputs.len()];
    if left > Amount::ZERO {
        let script = holdings.descriptor().derive(draft.change)?;
        let output = TxOut { value: left, script_pubkey: script.script_pubkey().clone() };
        if left < output.script_pubkey.minimal_non_dust() {
            return Err(BuildError::DustChange(left));
        }
        outputs.push(output);
        maps.push(fill_output(&script));
    }
    let height = Height::from_consensus(draft.lock_height);
    let lock_time = LockTime::Blocks(height.map_err(|_| BuildError::LockHeight(draft.lock_height))?);
    let input = draft.inputs.iter().copied().map(unsigned_input).collect();
    Ok(Psbt {
        unsigned_tx: Transaction { version: Version::TWO, lock_time, input, output: outputs },
        version: 0,
        xpub: std::collections::BTreeMap::new(),
        proprietary: std::collections::BTreeMap::new(),
        unknown: std::collections::BTreeMap::new(),
        inputs: coins.into_iter().map(fill_input).collect(),
        outputs: maps,
    })
}

fn unsigned_input(previous_output: OutPoint) -> TxIn {
    TxIn { previous_output, script_sig: ScriptBuf::new(), sequence: SEQUENCE, witness: Witness::new() }
}

fn left_over(coins: &[&Coin], draft: &SpendDraft) -> Result<Amount, BuildError> {
    let add = |total: Amount, value: Amount| total.checked_add(value).ok_or(BuildError::Overflow);
    let spent = coins.iter().try_fold(Amount::ZERO, |total, coin| add(total, coin.output().value))?;
    let needed = draft.outputs.iter().try_fold(draft.fee, |total, output| add(total, output.value))?;
    spent.checked_sub(needed).ok_or(BuildError::NotEnough { spent, needed })
}

/// Everything that a device wants to know of an input.
pub fn fill_input(coin: &Coin) -> psbt::Input {
    let script = coin.script();
    let mut input = psbt::Input { witness_utxo: Some(coin.output().clone()), ..psbt::Input::default() };
    match &script.form {
        Form::Wsh { witness_script } => {
            input.non_witness_utxo = Some(coin.previous().clone());
            input.witness_script = Some(witness_script.clone());
            input.bip32_derivation =
                script.keys().iter().map(|key| (key.public_key, key.source.clone())).collect();
        }
        Form::Tr { internal_key, merkle_root, spending, recovery } => {
            input.tap_internal_key = Some(*internal_key);
            input.tap_merkle_root = Some(*merkle_root);
            for leaf in [spending, recovery] {
                let entry = (leaf.script.clone(), Leaf::VERSION);
                input.tap_scripts.insert(leaf.control_block.clone(), entry);
            }
            input.tap_key_origins = tap_key_origins(script);
        }
    }
    input
}

/// Everything that a device wants to know of an output of ours, so that it shows it as change.
pub fn fill_output(script: &DerivedScript) -> psbt::Output {
    let mut output = psbt::Output::default();
    match &script.form {
        Form::Wsh { witness_script } => {
            output.witness_script = Some(witness_script.clone());
            output.bip32_derivation =
                script.keys().iter().map(|key| (key.public_key, key.source.clone())).collect();
        }
        Form::Tr { internal_key, spending, recovery, .. } => {
            output.tap_internal_key = Some(*internal_key);
            let tree = TaprootBuilder::new()
                .add_leaf(1, spending.script.clone())
                .and_then(|builder| builder.add_leaf(1, recovery.script.clone()));
            output.tap_tree = tree.ok().and_then(|builder| builder.try_into_taptree().ok());
            output.tap_key_origins = tap_key_origins(script);
        }
    }
    output
}

type TapKeyOrigins = std::collections::BTreeMap<
    bitcoin::XOnlyPublicKey,
    (Vec<bitcoin::TapLeafHash>, bitcoin::bip32::KeySource),
>;

fn tap_key_origins(script: &DerivedScript) -> TapKeyOrigins {
    let origin =
        |key: &crate::derived::DerivedKey| (key.x_only(), (script.leaf_hashes(key.role), key.source.clone()));
    script.keys().iter().map(origin).collect()
}
