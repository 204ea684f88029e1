//! What was approved, in the chain's terms: scripts and satoshis in place of addresses and amounts (G1, G6).
//!
//! Made from the payload, whose hash people approved, by the server; read by `verify`.

use std::collections::BTreeSet;
use std::str::FromStr;

use bitcoin::address::NetworkUnchecked;
use bitcoin::{Address, Amount, Network, ScriptBuf};
use thiserror::Error;
use types::{Payload, Target, VaultId};

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
        let outputs = payload.outputs.iter().enumerate().map(resolve).collect::<Result<_, _>>()?;
        let max_fee = satoshis(payload.max_fee).ok_or(ApprovedError::Fee)?;
        Ok(Self { vault: payload.vault.clone(), outputs, max_fee })
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

    /// The most that the network may be paid.
    #[must_use]
    pub const fn max_fee(&self) -> Amount {
        self.max_fee
    }
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
