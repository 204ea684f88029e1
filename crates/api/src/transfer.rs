//! Transfers on the wire: to propose, approve, cancel, object, bring a transaction, and what one person sees of them (G1, G9).

use serde::{Deserialize, Serialize};
use types::{ActorId, Amount, Hash, Nonce, PermitId, Timestamp, VaultId};
use utoipa::ToSchema;

use crate::money::{AssetUnits, CurrencyMinor, MoneyText};

/// To propose a transfer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTransfer {
    /// From which vault.
    #[schema(value_type = String)]
    pub vault: VaultId,
    /// To whom and how much; change is not listed.
    pub outputs: Vec<NewOutput>,
    /// The most that the network may be paid.
    pub max_fee: MoneyText,
    /// A note that everybody who sees the transfer reads.
    #[serde(default)]
    pub memo: String,
    /// The submitter's own reference.
    #[serde(default)]
    pub reference: String,
    /// Whether it only renews outputs whose recovery path comes near; every output then names the vault itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refresh: bool,
    /// 32 hexadecimal digits, so that the client can compute the id beforehand. Without it the request's hash gives one,
    /// the same whenever the request is repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub nonce: Option<Nonce>,
    /// The transaction that is to pay it, in base64; may also come later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub psbt: Option<String>,
}

/// One output of a new transfer: `amount` and either `address` or `vault`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOutput {
    /// An address on the vault's chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Another vault of the organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub vault: Option<VaultId>,
    /// How much.
    pub amount: MoneyText,
}

impl NewOutput {
    /// An output to an address.
    #[must_use]
    pub const fn to_address(address: String, amount: Amount) -> Self {
        Self { address: Some(address), vault: None, amount: MoneyText(amount) }
    }

    /// Where it goes; nothing when it names neither, or both.
    #[must_use]
    pub fn target(self) -> Option<types::Target> {
        match (self.address, self.vault) {
            (Some(address), None) => Some(types::Target::Address(address)),
            (None, Some(vault)) => Some(types::Target::Vault(vault)),
            _ => None,
        }
    }
}

/// One output of a transfer: `amount` and either `address` or `vault`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Output {
    /// An address on the vault's chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Another vault of the organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub vault: Option<VaultId>,
    /// How much.
    #[schema(value_type = AssetUnits)]
    pub amount: Amount,
}

/// To approve a transfer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// The hash of exactly the payload that is approved; must equal the transfer's id.
    #[schema(value_type = String)]
    pub payload_hash: Hash,
    /// The transaction with the member's signature, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub psbt: Option<String>,
}

/// To bring the transaction of a transfer, or to add signatures to it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachPsbt {
    /// The transaction, in base64.
    pub psbt: String,
}

/// To end a transfer at once, visibly.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {}

/// To object: the transfer will be declined when it is ready, without a name.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Objection {}

/// Where a transfer stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StatusWord {
    /// Waits for approvals or for its hold.
    Pending,
    /// Released.
    Ready,
    /// The transaction or ticket exists.
    Signed,
    /// Seen in a block.
    Confirmed,
    /// Not released at the moment of decision.
    Declined,
    /// Its time ran out.
    Expired,
    /// Ended by a person.
    Cancelled,
}

/// How a permit stands. Never who approved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PermitStanding {
    /// Which permit.
    #[schema(value_type = String)]
    pub permit: PermitId,
    /// Whether its quorum is met.
    pub met: bool,
    /// When its wait ends, as things stand.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ready_at: Option<Timestamp>,
    /// When it lapses.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// A transfer, as one person sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Transfer {
    /// The hash of the canonical payload.
    #[schema(value_type = String)]
    pub id: Hash,
    /// The canonical payload, whose hash is the id: what is shown is what is approved.
    pub payload: String,
    /// From which vault.
    #[schema(value_type = String)]
    pub vault: VaultId,
    /// Who submitted it.
    #[schema(value_type = String)]
    pub initiator: ActorId,
    /// To whom and how much.
    pub outputs: Vec<Output>,
    /// The most that the network may be paid.
    #[schema(value_type = AssetUnits)]
    pub max_fee: Amount,
    /// A note.
    pub memo: String,
    /// The submitter's own reference.
    pub reference: String,
    /// Whether it only renews outputs whose recovery path comes near.
    pub refresh: bool,
    /// Its value in the organisation's currency, with the approved maximum fee.
    pub value: CurrencyMinor,
    /// When it was submitted.
    #[schema(value_type = String, format = DateTime)]
    pub submitted_at: Timestamp,
    /// Where it stands.
    pub status: StatusWord,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// The permits that matched.
    pub permits: Vec<PermitStanding>,
    /// Whether you submitted it.
    pub yours: bool,
    /// Whether you approved it.
    pub approved_by_you: bool,
    /// Whether a stop reaches it.
    pub stopped: bool,
    /// Whether a transaction was brought for it.
    pub has_transaction: bool,
    /// Whether the members' signatures on it suffice.
    pub members_signed: bool,
    /// Why a released transfer is not signed yet, as a stable code: `signatures`, `outstanding`, `inputs`, `chain-behind`, or what is
    /// wrong with the sources of the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// The transaction's id once it is signed, as explorers show it; for a gate-only vault the ticket's hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub txid: Option<String>,
}

/// Transfers, newest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TransferList {
    /// The page.
    pub transfers: Vec<Transfer>,
    /// Give this as `before` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// What would become of a transfer if it were proposed now. Nothing is proposed by asking.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TransferCheck {
    /// Its value in the organisation's currency, with the maximum fee; absent without a price that can be trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<CurrencyMinor>,
    /// What its outputs are taken for, in their order.
    pub outputs: Vec<OutputCheck>,
    /// The permits of its vault, those that match first.
    pub permits: Vec<PermitOffer>,
    /// Why it would be refused, in words; absent when it would be taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// What one output of a proposed transfer is taken for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OutputCheck {
    /// The address or the vault, as it was given.
    pub target: String,
    /// `listed`: in a list of the policy; `known`: paid by this vault before; `internal`: a vault of the organisation; `new`; `refused`:
    /// it cannot be paid.
    pub standing: String,
    /// The list that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// What is wrong with it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A permit that a proposed transfer could pass under.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PermitOffer {
    /// Which permit.
    #[schema(value_type = String)]
    pub permit: PermitId,
    /// Whether it matches.
    pub matches: bool,
    /// How long it waits from the moment when its quorum is met.
    pub hold_seconds: u64,
    /// In words: who must approve, as groups, when it matches; else what does not fit.
    pub why: String,
}

/// Why a transfer stands where it stands. Never who approved or objected.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Reasons {
    /// The reasons, the gravest first.
    pub parts: Vec<Reason>,
}

/// One reason, in words, with what it consists of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// In words.
    pub text: String,
    /// `met`, `unmet`, `waits` (time alone is missing) or `plain` (a fact that decides nothing).
    pub state: String,
    /// What it consists of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub parts: Vec<Reason>,
}

/// A transaction in base64.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PsbtText {
    /// The transaction, without anybody's signature.
    pub psbt: String,
}

/// The final transaction.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TransactionHex {
    /// Its id, as explorers show it.
    pub txid: String,
    /// The transaction in hexadecimal digits, ready to be broadcast.
    pub transaction: String,
}

/// Rempart's word, for whoever signs in its place, that a transfer from a gate-only vault was released.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    /// The transfer: the hash of its canonical payload.
    #[schema(value_type = String)]
    pub transfer: Hash,
    /// Ed25519 over the length-prefixed SHA-256 of the domain `rempart/ticket/v1` and the transfer's id; 128 hexadecimal digits.
    pub signature: String,
    /// The public key of this server's tickets, 64 hexadecimal digits. Know it from elsewhere.
    pub key: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_has_an_address_or_a_vault() {
        let read = |text| serde_json::from_str::<NewOutput>(text);
        let target = |text| read(text).unwrap().target();
        assert!(target(r#"{"address":"a","amount":"1 BTC"}"#).is_some());
        assert!(target(r#"{"vault":"hot","amount":"1 BTC"}"#).is_some());
        assert!(target(r#"{"amount":"1 BTC"}"#).is_none());
        assert!(target(r#"{"address":"a","vault":"hot","amount":"1 BTC"}"#).is_none());
        assert!(read(r#"{"address":"a","amount":"1 BTC","memo":"x"}"#).is_err());
        let vault = read(r#"{"vault":"hot","amount":"1 BTC"}"#).unwrap();
        assert_eq!(serde_json::to_string(&vault).unwrap(), r#"{"vault":"hot","amount":"1 BTC"}"#);
    }
}
