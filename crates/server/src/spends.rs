//! From somebody's PSBT to a spend of a transfer: which kind it is, what it must match, and the signatures that were there before (G1, G6).
//!
//! Called by the HTTP side when a PSBT arrives, and by the executor that signs, which checks everything once more.

use journal::blob_hash;
use overt::{Status, Transfer};
use thiserror::Error;
use types::{Hash, SpendKind, SpendPlan, TransferId, VaultId};
use vault::bitcoin::hashes::Hash as _;
use vault::bitcoin::{Amount, OutPoint, Psbt, Transaction, Txid};
use vault::{
    Approved, ApprovedError, Holdings, MergeError, TRANSACTION_WEIGHT_MAX, UnverifiedPsbt, VerifiedSpend,
    verify, verify_child, verify_return,
};

use crate::coins::{CoinError, VaultBook};
use crate::engine::EngineError;

/// Why a PSBT is not taken for a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpendError {
    /// No such transfer, or its vault is not on a chain.
    #[error("this transfer is not paid from a vault on chain: no psbt belongs to it")]
    NotOnChain,
    /// The vault cannot be used.
    #[error("vault `{0}` cannot be used: {1}")]
    Vault(VaultId, String),
    /// The payload cannot be paid on this chain.
    #[error(transparent)]
    Approved(#[from] ApprovedError),
    /// The PSBT is refused.
    #[error(transparent)]
    Refused(#[from] vault::Refusal),
    /// No node would relay it: its inputs would be reserved for nothing.
    #[error(
        "the signed transaction would have {0} weight units, more than nodes relay: spend fewer outputs at once"
    )]
    TooHeavy(u64),
    /// The engine could not read what was attached before.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl SpendError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotOnChain => "not-on-chain",
            Self::Vault(..) => "vault-unusable",
            Self::Approved(_) => "payload-not-payable",
            Self::Refused(refusal) => refusal.code(),
            Self::TooHeavy(_) => "tx-too-heavy",
            Self::Engine(error) => error.code(),
        }
    }
}

/// A PSBT that was verified for a transfer, ready to be attached.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The spend, with the signatures of what was attached before.
    pub spend: VerifiedSpend,
    /// In the core's terms; its `psbt` is the address of the blob.
    pub plan: SpendPlan,
    /// The PSBT as the journal keeps it.
    pub blob: (Hash, Vec<u8>),
}

/// What was brought for a transfer before, as the journal keeps it.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// The PSBT that is attached.
    pub attached: Option<Vec<u8>>,
    /// The PSBT of the payment that is signed and waits for a block.
    pub standing: Option<Vec<u8>>,
}

/// What a PSBT must match.
struct Case<'a> {
    holdings: &'a Holdings,
    approved: Approved,
    kind: SpendKind,
    shared: Option<OutPoint>,
    standing: Option<Transaction>,
    fees_beside: u128,
}

impl VaultBook {
    /// Checks a PSBT for a transfer and adds the signatures of the one that is attached already, if it is for the same transaction.
    ///
    /// # Errors
    /// Why it is not a spend of this transfer.
    pub fn verify_psbt(
        &self,
        state: &gate::State,
        transfer: TransferId,
        earlier: &Earlier,
        psbt: &[u8],
    ) -> Result<Prepared, SpendError> {
        let transfer = state.overt().transfer(transfer).ok_or(SpendError::NotOnChain)?;
        let kept = self.kept(&transfer.payload.vault).map_err(|error| match error {
            CoinError::Vault(vault, why) => SpendError::Vault(vault, why),
            _ => SpendError::NotOnChain,
        })?;
        let network = kept.spec.network;
        let approved =
            Approved::from_payload(&transfer.payload, network, |vault| self.scripts(vault, network))?;
        let standing = earlier.standing.as_deref().and_then(|psbt| Psbt::deserialize(psbt).ok());
        let standing = standing.map(|psbt| psbt.unsigned_tx);
        let case = Case::new(transfer, &kept.holdings, approved, standing, psbt);
        let mut spend = case.verify(psbt)?;
        if let Some(attached) = &earlier.attached
            // What was attached before may have lost its coins since: then the new one stands alone.
            && let Ok(earlier) = case.verify(attached)
        {
            spend = match earlier.merge(spend.clone()) {
                Ok(merged) => merged,
                Err(MergeError::DifferentTransaction | MergeError::DifferentVault) => spend,
            };
        }
        let content = spend.psbt_bytes();
        let address = blob_hash(&content);
        let plan = SpendPlan { psbt: address, ..spend.plan() };
        Ok(Prepared { spend, plan, blob: (address, content) })
    }
}

impl<'a> Case<'a> {
    fn new(
        transfer: &Transfer,
        holdings: &'a Holdings,
        approved: Approved,
        standing: Option<Transaction>,
        psbt: &[u8],
    ) -> Self {
        let is_first =
            transfer.status.is_open() || transfer.signings.len() <= 1 && transfer.status == Status::Signing;
        let shared = transfer
            .shared_input()
            .filter(|_| !is_first)
            .map(|input| OutPoint { txid: Txid::from_byte_array(input.txid.0), vout: input.index });
        let unsigned = Psbt::deserialize(psbt).ok().map(|psbt| psbt.unsigned_tx);
        let kind = unsigned
            .as_ref()
            .filter(|_| shared.is_some())
            .map_or(SpendKind::Payment, |unsigned| kind_of(unsigned, standing.as_ref(), holdings));
        let txid = unsigned.map(|unsigned| Hash(unsigned.compute_txid().to_byte_array())).unwrap_or_default();
        let fees_beside = transfer.fees_beside(txid);
        let approved = match shared {
            Some(shared) => approved.sharing(shared),
            None => approved,
        };
        Self { holdings, approved, kind, shared, standing, fees_beside }
    }

    fn verify(&self, psbt: &[u8]) -> Result<VerifiedSpend, SpendError> {
        let psbt = UnverifiedPsbt::parse(psbt)?;
        let max_fee = self.approved.max_fee();
        let spend = match (self.kind, self.shared, &self.standing) {
            (SpendKind::Child, _, Some(parent)) => {
                let beside = Amount::from_sat(u64::try_from(self.fees_beside).unwrap_or(u64::MAX));
                let left = max_fee.checked_sub(beside).unwrap_or(Amount::ZERO);
                verify_child(psbt, self.holdings, parent, left)?
            }
            // A payment to the vault itself comes back as well: what pays exactly what was approved is a payment.
            (SpendKind::Return, Some(shared), _) => match verify(psbt.clone(), self.holdings, &self.approved)
            {
                Ok(payment) => payment,
                Err(_) => verify_return(psbt, self.holdings, shared, max_fee)?,
            },
            _ => verify(psbt, self.holdings, &self.approved)?,
        };
        if spend.weight() > TRANSACTION_WEIGHT_MAX {
            return Err(SpendError::TooHeavy(spend.weight()));
        }
        Ok(spend)
    }
}

/// What a further transaction looks like. Whatever it claims to be, it is checked as that.
fn kind_of(unsigned: &Transaction, standing: Option<&Transaction>, holdings: &Holdings) -> SpendKind {
    let parent = standing.map(Transaction::compute_txid);
    let is_on_top =
        parent.is_some_and(|parent| unsigned.input.iter().all(|input| input.previous_output.txid == parent));
    let stays = unsigned.output.iter().all(|output| holdings.locate(&output.script_pubkey).is_some());
    if is_on_top {
        SpendKind::Child
    } else if stays {
        SpendKind::Return
    } else {
        SpendKind::Payment
    }
}
