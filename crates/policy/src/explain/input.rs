//! The JSON files that explain reads: a transfer, and a history of transfers. Other programs write them, so the shapes are fixed.
//!
//! Transfer: `{"vault","initiator","at","outputs":[{"address"|"vault","amount":"0.5 BTC"}],"fee","approvals":[{"by","at"}]}`.
//! History: an array of these, each with `"status"`. Our additions, all optional: `"prices"` (`[{"asset","at","rate"}]`),
//! `"now"` (judge the state at that instant) and `"posture"`. An unknown key is an error.

use serde::{Deserialize, Deserializer};
use types::{ActorId, Amount, PAYLOAD_OUTPUTS_MAX, PAYLOAD_TEXT_BYTES_MAX, Target, Timestamp, VaultId};

use crate::model::Posture;
use crate::price::PriceEntry;

/// The most transfers of a history file.
pub const HISTORY_LENGTH_MAX: usize = 100_000;
/// The most approvals of one transfer.
pub const APPROVALS_MAX: usize = 1_000;

/// A transfer as a file says it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "Wire")]
pub struct TransferFile {
    /// From which vault.
    pub vault: VaultId,
    /// Submitted by whom.
    pub initiator: ActorId,
    /// Submitted when.
    pub at: Timestamp,
    /// To whom and how much; change is not listed.
    pub outputs: Vec<OutputFile>,
    /// The approved maximum fee; nothing when absent.
    pub fee: Option<Amount>,
    /// Who approved when.
    pub approvals: Vec<ApprovalFile>,
    /// Prices; needed for amounts in another currency than the organisation's.
    pub prices: Vec<PriceEntry>,
    /// The instant at which to judge; when absent: what will become of it if nothing else happens.
    pub now: Option<Timestamp>,
    /// The posture; normal when absent.
    pub posture: Posture,
}

/// One output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutputFile {
    /// Where to.
    pub target: Target,
    /// How much.
    pub amount: Amount,
}

/// One approval.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalFile {
    /// By whom.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
}

/// What became of a transfer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Submitted.
    Pending,
    /// At the moment of decision.
    Ready,
    /// Released.
    Signed,
    /// On the chain.
    Confirmed,
    /// Not released.
    Declined,
    /// Died unmet.
    Expired,
    /// Ended by someone.
    Cancelled,
}

impl Status {
    /// Whether it counts against limits.
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self, Self::Pending | Self::Ready | Self::Signed | Self::Confirmed)
    }

    /// Whether it makes its destinations known.
    #[must_use]
    pub fn paid(self) -> bool {
        matches!(self, Self::Signed | Self::Confirmed)
    }
}

/// A transfer of the past.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "Wire")]
pub struct HistoryFile {
    /// The transfer.
    pub transfer: TransferFile,
    /// What became of it.
    pub status: Status,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    vault: VaultId,
    initiator: ActorId,
    at: Timestamp,
    outputs: Vec<WireOutput>,
    #[serde(default, deserialize_with = "money_or_nothing")]
    fee: Option<Amount>,
    #[serde(default)]
    approvals: Vec<ApprovalFile>,
    #[serde(default)]
    prices: Vec<PriceEntry>,
    now: Option<Timestamp>,
    #[serde(default)]
    posture: Posture,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireOutput {
    address: Option<String>,
    vault: Option<VaultId>,
    #[serde(deserialize_with = "money")]
    amount: Amount,
}

fn money<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Amount, D::Error> {
    let text = String::deserialize(deserializer)?;
    Amount::parse(&text).map_err(serde::de::Error::custom)
}

fn money_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Amount>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| Amount::parse(&text).map_err(serde::de::Error::custom)).transpose()
}

impl TryFrom<WireOutput> for OutputFile {
    type Error = String;

    fn try_from(wire: WireOutput) -> Result<Self, String> {
        let target = match (wire.address, wire.vault) {
            (Some(address), None) if address.is_empty() || address.len() > PAYLOAD_TEXT_BYTES_MAX => {
                return Err(format!("an address has 1 to {PAYLOAD_TEXT_BYTES_MAX} bytes"));
            }
            (Some(address), None) => Target::Address(address),
            (None, Some(vault)) => Target::Vault(vault),
            _ => return Err("an output has either `address` or `vault`".to_owned()),
        };
        if wire.amount.units == 0 {
            return Err("an output of nothing: give an amount above zero".to_owned());
        }
        Ok(Self { target, amount: wire.amount })
    }
}

fn transfer(wire: Wire) -> Result<(TransferFile, Option<Status>), String> {
    if wire.outputs.is_empty() || wire.outputs.len() > PAYLOAD_OUTPUTS_MAX {
        return Err(format!("`outputs` has 1 to {PAYLOAD_OUTPUTS_MAX} entries"));
    }
    if wire.approvals.len() > APPROVALS_MAX {
        return Err(format!("`approvals` has at most {APPROVALS_MAX} entries"));
    }
    let file = TransferFile {
        vault: wire.vault,
        initiator: wire.initiator,
        at: wire.at,
        outputs: wire.outputs.into_iter().map(OutputFile::try_from).collect::<Result<_, _>>()?,
        fee: wire.fee,
        approvals: wire.approvals,
        prices: wire.prices,
        now: wire.now,
        posture: wire.posture,
    };
    Ok((file, wire.status))
}

impl TryFrom<Wire> for TransferFile {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        match transfer(wire)? {
            (file, None) => Ok(file),
            (_, Some(_)) => Err("`status` belongs into a history, not into the transfer".to_owned()),
        }
    }
}

impl TryFrom<Wire> for HistoryFile {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        match transfer(wire)? {
            (transfer, Some(status)) => Ok(Self { transfer, status }),
            (_, None) => Err("a transfer of the history needs `status`".to_owned()),
        }
    }
}
