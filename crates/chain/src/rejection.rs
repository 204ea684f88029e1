//! Why a node would not take a transaction, from its words: Esplora and Electrum pass on what Bitcoin Core says.
//!
//! Called by every back-end.

use crate::error::{ChainError, words};

/// What a refusal of a broadcast means. `Ok` when the network has the transaction already.
pub fn judge(message: &str) -> Result<(), ChainError> {
    let lower = message.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    let said = words(message);
    if has(KNOWN) {
        Ok(())
    } else if has(SPENT) {
        Err(ChainError::InputsSpent(said))
    } else if has(CONFLICT) {
        Err(ChainError::Conflict(said))
    } else if has(FEE) {
        Err(ChainError::FeeTooLow(said))
    } else {
        Err(ChainError::NotTaken(said))
    }
}

const KNOWN: &[&str] = &[
    "txn-already-known",
    "txn-already-in-mempool",
    "transaction already in block chain",
    "transaction outputs already in utxo set",
    "already in mempool",
];
const SPENT: &[&str] = &["bad-txns-inputs-missingorspent", "missing-inputs", "missing inputs"];
const CONFLICT: &[&str] = &[
    "txn-mempool-conflict",
    "insufficient fee, rejecting replacement",
    "insufficient fee",
    "rejecting replacement",
    "too many potential replacements",
];
const FEE: &[&str] =
    &["mempool full", "mempool min fee not met", "min relay fee not met", "insufficient priority"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_s_words_have_a_meaning() {
        let code = |text| judge(text).map_err(|error| error.code());
        assert_eq!(code("Transaction outputs already in utxo set"), Ok(()));
        assert_eq!(code("txn-already-in-mempool"), Ok(()));
        assert_eq!(code("bad-txns-inputs-missingorspent"), Err("broadcast-inputs-spent"));
        assert_eq!(code("insufficient fee, rejecting replacement 12, less fees"), Err("broadcast-conflict"));
        assert_eq!(code("mempool min fee not met, 100 < 200"), Err("broadcast-fee-too-low"));
        assert_eq!(code("mempool full"), Err("broadcast-fee-too-low"));
        assert_eq!(code("mandatory-script-verify-flag-failed"), Err("broadcast-not-taken"));
    }
}
