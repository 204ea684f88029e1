//! Every reason why a PSBT is not signed, each with a stable code (G1, G6).
//!
//! Made by `psbt` and `verify`; shown by the server as a problem with this code. A code, once published, keeps its meaning.

use thiserror::Error;

macro_rules! refusals {
    ($($(#[doc = $doc:literal])+ $name:ident $( ( $($field:ty),+ ) )? = $code:literal, $message:literal;)+) => {
        /// Why a PSBT is refused. Numbers are places: of an input, of an output, or of an approved output, from 0.
        #[derive(Debug, Clone, PartialEq, Eq, Error)]
        #[non_exhaustive]
        pub enum Refusal {$(
            $(#[doc = $doc])+
            #[error($message)]
            $name $( ( $($field),+ ) )?,
        )+}

        impl Refusal {
            /// Every code, for the generated page.
            pub const CODES: &'static [&'static str] = &[$($code),+];

            /// The stable code.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                match self {$(
                    Self::$name { .. } => $code,
                )+}
            }
        }
    };
}

refusals! {
    /// Above [`crate::PSBT_BYTES_MAX`].
    TooLarge = "psbt-too-large", "the psbt is too large: send one of at most 4 MiB, with fewer inputs";
    /// Not a version 0 PSBT.
    Malformed(String) = "psbt-malformed", "the psbt cannot be read: {0}";
    /// Something follows the PSBT.
    TrailingBytes = "psbt-trailing-bytes", "there are bytes after the psbt: send the psbt alone";
    /// A version that gives fields another meaning.
    PsbtVersion(u32) = "psbt-version", "psbt version {0} is not supported: export version 0";
    /// Global fields that this software does not know.
    GlobalField = "psbt-global-field", "the psbt has unknown or proprietary global fields: build it without them";
    /// A global key of another network.
    WrongNetwork = "psbt-wrong-network", "the psbt names keys of another network: build it for the vault's network";
    /// A global key that is not one of the vault's.
    GlobalKey = "psbt-global-key", "the psbt names a key that is not the vault's: build it from the vault's descriptor";
    /// Maps and transaction disagree about how many inputs or outputs there are.
    MapCount = "psbt-map-count", "the psbt's maps do not match its transaction: build it again";
    /// Approved for another vault.
    WrongVault = "spend-wrong-vault", "the payload was approved for another vault";
    /// Not version 2.
    TransactionVersion(i32) = "tx-version", "transaction version {0} is refused: use version 2";
    /// A lock time that means a date.
    LockTimeIsDate = "tx-lock-time-date", "the lock time is a date: use 0 or a block height";
    /// A lock time in the future.
    LockTimeAhead(u32) = "tx-lock-time-ahead", "the lock time {0} is above the current height: use 0 or a past height";
    /// No inputs at all.
    NoInputs = "tx-no-inputs", "the transaction spends nothing";
    /// No outputs at all.
    NoOutputs = "tx-no-outputs", "the transaction pays nothing but a fee";
    /// More inputs than are checked.
    TooManyInputs(usize) = "tx-too-many-inputs", "the transaction has {0} inputs: at most 1000 are taken";
    /// More outputs than a payload has, plus change.
    TooManyOutputs(usize) = "tx-too-many-outputs", "the transaction has {0} outputs: at most 201 are taken";

    /// Not a confirmed, unspent output of this vault.
    InputNotOurs(usize) = "input-not-ours", "input {0} is not a confirmed, unspent output of this vault";
    /// Another input than the change of the transaction that a child speeds up.
    InputNotParents(usize) = "input-not-parents", "input {0} is not change of the transaction that this one is to speed up";
    /// Not spending what every transaction of its transfer spends.
    SharedInputMissing = "input-shared-missing", "the transaction does not spend the input that all transactions of this transfer spend: build it with that input";
    /// The same output twice.
    DuplicateInput(usize) = "input-duplicate", "input {0} spends an output that an earlier input spends";
    /// Signatures where an unsigned transaction has none.
    NotUnsigned(usize) = "input-not-unsigned", "input {0} of the unsigned transaction carries a script or a witness";
    /// Another sequence than 0xfffffffd.
    Sequence(usize, u32) = "input-sequence", "input {0} has sequence {1:#010x}: use 0xfffffffd, so that no relative lock applies";
    /// Already finalised by somebody else.
    Finalised(usize) = "input-finalised", "input {0} is already finalised: send the psbt with partial signatures only";
    /// Fields that this software does not know.
    InputField(usize) = "input-field", "input {0} has unknown or proprietary fields: build it without them";
    /// A redeem script, which neither kind of vault has.
    InputRedeemScript(usize) = "input-redeem-script", "input {0} has a redeem script: this vault has none";
    /// A preimage, which neither kind of vault asks for.
    InputPreimage(usize) = "input-preimage", "input {0} has a hash preimage: this vault asks for none";
    /// No previous transaction where the amount cannot be proven without.
    PreviousMissing(usize) = "input-previous-missing", "input {0} lacks the previous transaction: include it, amounts cannot be proven without";
    /// Another previous transaction than the one that was confirmed.
    PreviousMismatch(usize) = "input-previous-mismatch", "input {0} has another previous transaction than the confirmed one";
    /// No witness output where it is needed.
    WitnessUtxoMissing(usize) = "input-witness-utxo-missing", "input {0} lacks the output that it spends: include the witness utxo";
    /// Another amount or script than the one that was confirmed.
    WitnessUtxoMismatch(usize) = "input-witness-utxo-mismatch", "input {0} states another amount or script than the confirmed output has";
    /// Another sighash type than ALL or DEFAULT.
    InputSighash(usize) = "input-sighash", "input {0} asks for a sighash type other than all or default";
    /// Another witness script than the vault's.
    WitnessScript(usize) = "input-witness-script", "input {0} has another witness script than the vault's";
    /// Fields of the other kind of script.
    InputScriptKind(usize) = "input-script-kind", "input {0} has fields of another kind of script than the vault's";
    /// A leaf or a control block that is not in the vault's tree.
    LeafScript(usize) = "input-leaf-script", "input {0} has a leaf or a control block that is not the vault's";
    /// Another internal key than the vault's.
    InternalKey(usize) = "input-internal-key", "input {0} has another taproot internal key than the vault's";
    /// Another merkle root than the vault's.
    MerkleRoot(usize) = "input-merkle-root", "input {0} has another taproot merkle root than the vault's";
    /// A key or an origin that is not the vault's.
    InputDerivation(usize) = "input-derivation", "input {0} names a key or an origin that is not the vault's";

    /// A signature for the key path of a vault that has none.
    KeyPathSignature(usize) = "signature-key-path", "input {0} has a signature for the key path: the vault is spent by script only";
    /// A signature that does not cover the whole transaction.
    SignatureSighash(usize) = "signature-sighash", "input {0} has a signature that does not cover the whole transaction: sign with sighash all or default";
    /// A signature on the recovery path by somebody who did not sign the spending path.
    RecoverySignature(usize) = "signature-recovery-path", "input {0} is signed for the recovery path only: sign for the spending path";
    /// A signature of the co-signer, who signs last.
    CosignerSignature(usize) = "signature-of-cosigner", "input {0} has a signature of the co-signer, who signs last: send the members' signatures only";
    /// A signature by a key that is not a member's.
    ForeignSignature(usize) = "signature-foreign", "input {0} has a signature by a key that is not a member's";
    /// A signature that is not valid for this transaction.
    InvalidSignature(usize) = "signature-invalid", "input {0} has a signature that is not valid for this transaction: sign it again";

    /// Fields that this software does not know.
    OutputField(usize) = "output-field", "output {0} has unknown or proprietary fields: build it without them";
    /// An output to somebody else that is dressed up as the vault's own.
    OutputClaim(usize) = "output-claim", "output {0} pays somebody else and carries scripts or keys: only change may";
    /// Not in the payload and not change.
    OutputNotApproved(usize) = "output-not-approved", "output {0} is neither in the approved payload nor change of this vault";
    /// An output to somebody else where everything comes back.
    OutputLeaves(usize) = "output-leaves", "output {0} leaves the vault: everything comes back to its change addresses in such a transaction";
    /// In the payload and not in the transaction.
    OutputMissing(usize) = "output-missing", "approved output {0} is not paid by the transaction";
    /// More than one output of change.
    SecondChange(usize) = "change-second", "output {0} is a second output of change: one is allowed";
    /// Change beside what a refresh pays.
    RefreshChange(usize) = "refresh-change", "output {0} is not in the approved payload: a refresh has no change beside its outputs";
    /// Change to an address that is handed out.
    ChangeBranch(usize) = "change-branch", "output {0} returns to a receiving address: change goes to the change branch";
    /// Change where nobody would look for it.
    ChangeBeyondGap(usize) = "change-beyond-gap", "output {0} returns to an address beyond the gap of 20: use the next unused change address";
    /// Change whose scripts or keys are not those of its address.
    ChangeDerivation(usize) = "change-derivation", "output {0} states scripts or keys that are not those of its address";
    /// An output that the network would not relay.
    Dust(usize) = "output-dust", "output {0} is too small to be relayed";

    /// Amounts beyond all bitcoin.
    ValueOverflow = "value-overflow", "the amounts are larger than all bitcoin";
    /// More paid than spent.
    OutputsExceedInputs = "fee-negative", "the outputs are worth more than the inputs";
    /// More than was approved for the network.
    FeeAboveMaximum(u64) = "fee-above-maximum", "the fee of {0} satoshis is above the approved maximum";
    /// A refresh at a rate that nobody needs to pay for what can wait.
    RefreshFeeRate(u64) = "refresh-fee-rate", "the fee of {0} satoshis is above 100 satoshis for each virtual byte, the most that a refresh pays: wait for lower fees";
    /// So little that no node would relay it.
    FeeTooLow(u64) = "fee-too-low", "the fee of {0} satoshis is below what any node relays";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique() {
        let mut codes = Refusal::CODES.to_vec();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Refusal::CODES.len());
    }

    #[test]
    fn messages_state_the_bounds_that_are_checked() {
        let says = |refusal: Refusal, bound: usize| refusal.to_string().contains(&bound.to_string());
        assert!(says(Refusal::TooManyInputs(0), crate::INPUTS_MAX));
        assert!(says(Refusal::TooManyOutputs(0), types::PAYLOAD_OUTPUTS_MAX + 1));
        assert!(says(Refusal::ChangeBeyondGap(0), usize::try_from(crate::GAP_LIMIT).unwrap()));
        assert!(says(Refusal::TooLarge, crate::PSBT_BYTES_MAX / 1024 / 1024));
    }
}
