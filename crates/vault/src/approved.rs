//! What was approved, in the chain's terms: scripts and satoshis in place of addresses and amounts (G1, G6).
//!
//! Made from the payload, whose hash people approved, by the server; read by `verify`.

use std::collections::BTreeSet;
use std::str::FromStr;

use bitcoin::address::NetworkUnchecked;
use bitcoin::{Address, Amount, Network, OutPoint, ScriptBuf, TxOut};
use thiserror::Error;
use types::{Payload, Target, VaultId};

/// The most that a refresh pays the network, in hundredths of what it renews. With [`REFRESH_FEE_SATS_PER_VBYTE_MAX`] what one person
/// can waste, since a refresh needs nobody else's consent to go on.
pub const REFRESH_FEE_PERCENT_MAX: u64 = 1;
/// The highest fee rate of a refresh, in satoshis for each virtual byte: it can wait for months, so it never needs to outbid others.
pub const REFRESH_FEE_SATS_PER_VBYTE_MAX: u64 = 100;

/// Where an approved output may go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Recipient {
    /// To exactly this script.
    Script(ScriptBuf),
    /// To any of these scripts, all of one vault of the organisation.
    Vault(BTreeSet<ScriptBuf>),
}

impl Recipient {
    pub(crate) fn accepts(&self, script: &ScriptBuf) -> bool {
        match self {
            Self::Script(only) => only == script,
            Self::Vault(any) => any.contains(script),
        }
    }
}

/// An output as it was approved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApprovedOutput {
    /// Where to.
    pub to: Recipient,
    /// Exactly how much.
    pub value: Amount,
}

/// Everything of the approved payload that a transaction must match.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Approved {
    pub(crate) vault: VaultId,
    pub(crate) outputs: Vec<ApprovedOutput>,
    pub(crate) max_fee: Amount,
    pub(crate) refresh: bool,
    pub(crate) shared: Option<OutPoint>,
}

/// Why a payload cannot be paid on chain.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ApprovedError {
    /// Not a Bitcoin address.
    #[error("output {0}: `{1}` is not a bitcoin address")]
    Address(usize, String),
    /// An address of another network.
    #[error("output {0}: `{1}` is not an address on {2}")]
    WrongNetwork(usize, String, Network),
    /// A vault that has no scripts on this chain.
    #[error("output {0}: vault `{1}` has no addresses on this chain")]
    Vault(usize, VaultId),
    /// Not bitcoin, or more than there is.
    #[error("output {0}: only amounts of BTC up to 21 million can be paid from this vault")]
    Amount(usize),
    /// As [`ApprovedError::Amount`], for the fee.
    #[error("the fee must be an amount of BTC up to 21 million")]
    Fee,
}

impl Approved {
    /// Resolves a payload. `scripts_of` gives the scripts of another vault of the organisation on the same chain.
    ///
    /// # Errors
    /// The first output that cannot be paid on this network.
    pub fn from_payload(
        payload: &Payload,
        network: Network,
        scripts_of: impl Fn(&VaultId) -> Option<BTreeSet<ScriptBuf>>,
    ) -> Result<Self, ApprovedError> {
        let resolve = |(index, output): (usize, &types::Output)| {
            let to = match &output.target {
                Target::Address(text) => Recipient::Script(parse_address(index, text, network)?),
                Target::Vault(id) => match scripts_of(id) {
                    Some(scripts) if !scripts.is_empty() => Recipient::Vault(scripts),
                    _ => return Err(ApprovedError::Vault(index, id.clone())),
                },
            };
            let value = satoshis(output.amount).ok_or(ApprovedError::Amount(index))?;
            Ok(ApprovedOutput { to, value })
        };
        let outputs: Vec<ApprovedOutput> =
            payload.outputs.iter().enumerate().map(resolve).collect::<Result<_, _>>()?;
        let mut max_fee = satoshis(payload.max_fee).ok_or(ApprovedError::Fee)?;
        if payload.refresh {
            let values: Vec<Amount> = outputs.iter().map(|output| output.value).collect();
            max_fee = max_fee.min(refresh_fee_max(&values));
        }
        let (vault, refresh) = (payload.vault.clone(), payload.refresh);
        Ok(Self { vault, outputs, max_fee, refresh, shared: None })
    }

    /// For a further transaction of a transfer: it must spend this output too, so that at most one of them is ever confirmed (G6).
    #[must_use]
    pub const fn sharing(mut self, shared: OutPoint) -> Self {
        self.shared = Some(shared);
        self
    }

    /// From which vault.
    #[must_use]
    pub const fn vault(&self) -> &VaultId {
        &self.vault
    }

    /// The outputs.
    #[must_use]
    pub fn outputs(&self) -> &[ApprovedOutput] {
        &self.outputs
    }

    /// The outputs as a transaction has them. `fresh` names the script to use where any of another vault's will do, by the output's place;
    /// otherwise the first one is used.
    #[must_use]
    pub fn txouts(&self, fresh: impl Fn(usize) -> Option<ScriptBuf>) -> Vec<TxOut> {
        let script = |(index, output): (usize, &ApprovedOutput)| match &output.to {
            Recipient::Script(script) => Some(script.clone()),
            Recipient::Vault(any) => {
                fresh(index).filter(|script| any.contains(script)).or_else(|| any.first().cloned())
            }
        };
        let outputs = self.outputs.iter().enumerate();
        let outputs = outputs.filter_map(|(index, output)| Some((script((index, output))?, output.value)));
        outputs.map(|(script_pubkey, value)| TxOut { value, script_pubkey }).collect()
    }

    /// The most that the network may be paid by all transactions of the transfer that can be confirmed together. For a refresh at most
    /// [`REFRESH_FEE_PERCENT_MAX`] of what it renews, whatever the payload says.
    #[must_use]
    pub const fn max_fee(&self) -> Amount {
        self.max_fee
    }

    /// Whether it only renews outputs of its own vault.
    #[must_use]
    pub const fn is_refresh(&self) -> bool {
        self.refresh
    }
}

/// The most that a refresh with such outputs pays the network, whatever the size of the transaction.
pub fn refresh_fee_max(values: &[Amount]) -> Amount {
    let renewed = values.iter().map(|value| value.to_sat()).fold(0, u64::saturating_add);
    Amount::from_sat(renewed / 100 * REFRESH_FEE_PERCENT_MAX)
}

fn parse_address(index: usize, text: &str, network: Network) -> Result<ScriptBuf, ApprovedError> {
    let shorten = || text.chars().take(100).collect::<String>();
    let address =
        Address::<NetworkUnchecked>::from_str(text).map_err(|_| ApprovedError::Address(index, shorten()))?;
    let address = address
        .require_network(network)
        .map_err(|_| ApprovedError::WrongNetwork(index, shorten(), network))?;
    Ok(address.script_pubkey())
}

fn satoshis(amount: types::Amount) -> Option<Amount> {
    let sats = u64::try_from(amount.units).ok()?;
    let value = Amount::from_sat(sats);
    (amount.asset.code() == "BTC" && value <= Amount::MAX_MONEY).then_some(value)
}
