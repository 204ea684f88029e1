//! How large a transaction of a vault will be once it is signed: never less than it is (G6: fees are compared with this).
//!
//! All inputs of a vault weigh the same. Called by `verify`, and by everything that builds.

use bitcoin::{TxOut, VarInt};

use crate::derived::DerivedScript;

/// The heaviest transaction that nodes relay, in weight units.
pub const TRANSACTION_WEIGHT_MAX: u64 = 400_000;
/// Version and lock time, four bytes each; marker and flag.
const FIXED_WEIGHT: u64 = 4 * 8 + 2;
/// Outpoint, the length of an empty script and the sequence.
const UNSIGNED_INPUT_WEIGHT: u64 = 4 * (36 + 1 + 4);

/// The size of a transaction by its number of inputs.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    input_weight: u64,
    outputs: u64,
    outputs_bytes: u64,
}

impl Size {
    /// Of a transaction that spends such scripts and has these outputs.
    pub fn new(script: &DerivedScript, outputs: &[TxOut]) -> Self {
        let bytes = outputs.iter().map(bytes).fold(0, u64::saturating_add);
        let input_weight = UNSIGNED_INPUT_WEIGHT.saturating_add(script.witness_weight());
        Self { input_weight, outputs: number(outputs.len()), outputs_bytes: bytes }
    }

    /// With one output more.
    pub fn and(self, output: &TxOut) -> Self {
        let outputs_bytes = self.outputs_bytes.saturating_add(bytes(output));
        Self { outputs: self.outputs.saturating_add(1), outputs_bytes, ..self }
    }

    /// In weight units.
    pub fn weight(&self, inputs: u64) -> u64 {
        let counts = varint(inputs).saturating_add(varint(self.outputs));
        let plain = counts.saturating_add(self.outputs_bytes).saturating_mul(4);
        FIXED_WEIGHT.saturating_add(plain).saturating_add(self.input_weight.saturating_mul(inputs))
    }

    /// In virtual bytes.
    pub fn vsize(&self, inputs: u64) -> u64 {
        self.weight(inputs).div_ceil(4)
    }

    /// Of one input, in virtual bytes.
    pub const fn input_vsize(&self) -> u64 {
        self.input_weight.div_ceil(4)
    }
}

/// The most virtual bytes that a signed transaction with such inputs has, for choosing a fee.
#[must_use]
pub fn estimated_vsize(script: &DerivedScript, inputs: usize, outputs: &[TxOut]) -> u64 {
    Size::new(script, outputs).vsize(number(inputs))
}

pub fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn bytes(output: &TxOut) -> u64 {
    number(output.size())
}

fn varint(value: u64) -> u64 {
    number(VarInt(value).size())
}
