//! The policy as data: rules and register, immutable once loaded. Keeps G1: one value of this type is one set of rights.
//!
//! Made by [`crate::load`] only; read by `overt`, `covert`, `gate`, `server` and this crate's own evaluation.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use types::{
    ActorId, Currency, DestinationId, ForbidId, GroupId, KeyId, LimitId, ListId, PermitId, PersonId, PlaceId,
    ProtectedId, ServiceId, Span, Value, VaultId,
};

use crate::calendar::Calendar;
use crate::quorum::Quorum;
use crate::recipient::Recipient;

/// The organisation.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// Its name, for people.
    pub name: String,
    /// The currency in which every amount of the policy is given.
    pub currency: Currency,
    /// Where calendars are read.
    pub time_zone: TimeZone,
}

/// A Bitcoin network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// The real one.
    Mainnet,
    /// The third test network.
    Testnet,
    /// The fourth test network.
    Testnet4,
    /// The signed test network.
    Signet,
    /// A private network for tests.
    Regtest,
}

impl Network {
    /// All networks with the name that follows `bitcoin:` in a policy.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("mainnet", Self::Mainnet),
        ("testnet", Self::Testnet),
        ("testnet4", Self::Testnet4),
        ("signet", Self::Signet),
        ("regtest", Self::Regtest),
    ];
}

/// Where a vault's assets are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Chain {
    /// Someone else signs, on our ticket.
    GateOnly,
    /// A descriptor on Bitcoin.
    Bitcoin(Network),
}

/// The kind of a Bitcoin vault's descriptor.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Script {
    /// A witness script.
    #[default]
    Wsh,
    /// Taproot, script path.
    Tr,
}

/// So many of these keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyQuorum {
    /// How many must sign.
    pub at_least: u32,
    /// Of which.
    pub of: Vec<KeyId>,
}

/// The path without the co-signer, after a relative lock (G10).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recovery {
    /// Who can recover.
    pub keys: KeyQuorum,
    /// How old, in blocks, an output must be.
    pub after_blocks: u32,
}

/// An account that holds assets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vault {
    /// Its name.
    pub id: VaultId,
    /// Where it is.
    pub chain: Chain,
    /// The kind of descriptor; without meaning for a gate-only vault.
    pub script: Script,
    /// Addresses that count as this vault.
    pub addresses: Vec<String>,
    /// The spending path, always together with the co-signer. Present exactly for vaults on a chain.
    pub keys: Option<KeyQuorum>,
    /// The recovery path.
    pub recovery: Option<Recovery>,
    /// How old the oldest output is, for analysis without a chain.
    pub oldest_output: Option<Span>,
    /// What it holds, for analysis without a chain.
    pub balance: Option<Value>,
    /// Cap on value that is signed and not yet confirmed.
    pub outstanding: Option<Value>,
}

impl Vault {
    /// The asset of the vault's chain; `None` for gate-only vaults, whose transfers say themselves what they move.
    #[must_use]
    pub fn asset(&self) -> Option<Currency> {
        match self.chain {
            Chain::GateOnly => None,
            Chain::Bitcoin(_) => Currency::parse("BTC").ok(),
        }
    }
}

/// The organisation's alertness, overt, set by people.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Posture {
    /// Every day.
    #[default]
    Normal,
    /// Something is wrong somewhere.
    Elevated,
    /// Nothing moves but what is marked for it.
    Lockdown,
}

/// Bounds on a transfer's value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AmountRange {
    /// Exclusive.
    pub over: Option<Value>,
    /// Inclusive.
    pub up_to: Option<Value>,
}

impl AmountRange {
    /// Whether a value lies within.
    #[must_use]
    pub fn contains(&self, value: Value) -> bool {
        self.over.is_none_or(|over| value > over) && self.up_to.is_none_or(|up_to| value <= up_to)
    }
}

/// What a rule asks of an output's target.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DestinationRule {
    /// In some list that no forbid names.
    Listed,
    /// In this list.
    List(ListId),
    /// Paid by this vault before.
    Known,
    /// Another vault, or the same one.
    Vault(VaultId),
    /// Anything.
    Any,
}

impl std::fmt::Display for DestinationRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Listed => f.write_str("listed"),
            Self::List(list) => write!(f, "list:{list}"),
            Self::Known => f.write_str("known"),
            Self::Vault(vault) => write!(f, "vault:{vault}"),
            Self::Any => f.write_str("any"),
        }
    }
}

/// One way to be allowed. Permits are alternatives.
#[derive(Clone, Debug)]
pub struct Permit {
    /// Its name.
    pub id: PermitId,
    /// From which vaults.
    pub vaults: Vec<VaultId>,
    /// Submitted by members of which groups.
    pub initiators: Vec<GroupId>,
    /// For which values.
    pub amount: AmountRange,
    /// What every output's target must be.
    pub destination: DestinationRule,
    /// With [`DestinationRule::Known`]: first paid at least that long before.
    pub known_for: Option<Span>,
    /// When it may be submitted.
    pub calendar: Option<Calendar>,
    /// The highest posture under which it works.
    pub posture: Posture,
    /// Who must approve; nobody when absent.
    pub approve: Option<Quorum>,
    /// How long to wait once the quorum is met.
    pub hold: Span,
    /// How long after submission a transfer that is not ready dies.
    pub expires: Span,
}

impl Permit {
    /// Whether it works under a posture.
    #[must_use]
    pub fn works_under(&self, posture: Posture) -> bool {
        posture <= self.posture
    }
}

/// What a limit counts apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LimitBy {
    /// Each vault.
    Vault,
    /// Each initiator.
    Initiator,
    /// Each destination.
    Destination,
    /// One counter for all that the limit matches.
    Organisation,
}

/// A cap on what is submitted within a sliding window.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Its name.
    pub id: LimitId,
    /// For which vaults.
    pub vaults: Vec<VaultId>,
    /// How long the window is.
    pub per: Span,
    /// The most value in a window.
    pub amount: Option<Value>,
    /// The most transfers in a window.
    pub count: Option<u32>,
    /// What is counted apart.
    pub by: LimitBy,
}

/// What is never allowed. Every condition that is given must hold.
#[derive(Clone, Debug)]
pub struct Forbid {
    /// Its name.
    pub id: ForbidId,
    /// From these vaults.
    pub vaults: Option<Vec<VaultId>>,
    /// Submitted by members of these groups.
    pub initiators: Option<Vec<GroupId>>,
    /// To such a target, for any output.
    pub destination: Option<DestinationRule>,
    /// Of such a value.
    pub amount: AmountRange,
}

/// A destination that the policy knows by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Destination {
    /// Its name.
    pub id: DestinationId,
    /// Its address.
    pub address: String,
    /// The list that it is in.
    pub list: Option<ListId>,
}

/// Who may change the policy.
#[derive(Clone, Debug)]
pub struct Change {
    /// For any change.
    pub approve: Quorum,
    /// The least wait.
    pub hold: Span,
    /// For changes that only tighten; the proposer counts.
    pub tighten: Quorum,
}

/// Who may lift a stop.
#[derive(Clone, Debug)]
pub struct Stop {
    /// Who.
    pub lift: Quorum,
    /// The wait.
    pub after: Span,
    /// When a stop that a protected person asked for ends by itself.
    pub relative_expires: Span,
}

/// The covert side's people and waits.
#[derive(Clone, Debug)]
pub struct Response {
    /// Who sees the covert side.
    pub responders: GroupId,
    /// Who reads the register with names.
    pub auditors: Option<GroupId>,
    /// Permits with a shorter hold are quick.
    pub quiet: Span,
    /// How soon responders can stop everything openly (analysis).
    pub reaction: Span,
    /// Who can close an incident.
    pub clear: Quorum,
    /// The wait.
    pub clear_hold: Span,
    /// How far back a signal taints.
    pub look_back: Span,
}

/// Where the co-signer stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cosigner {
    /// Who takes one of these places holds the co-signer.
    pub places: Vec<PlaceId>,
}

/// How prices are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PriceRules {
    /// The highest price within this time counts.
    pub window: Span,
    /// The newest price must not be older.
    pub max_age: Span,
}

/// What kind of place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PlaceKind {
    /// Where people live.
    Home,
    /// Where people work.
    Office,
    /// Anything else.
    Other,
}

/// Where people can be taken together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Its name.
    pub id: PlaceId,
    /// What it is.
    pub kind: PlaceKind,
}

/// Someone with a credential.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// The pseudonym.
    pub id: PersonId,
    /// Member of.
    pub groups: Vec<GroupId>,
    /// Every place where this person can be taken, homes included.
    pub places: Vec<PlaceId>,
    /// Those of `places` that are homes.
    pub homes: Vec<PlaceId>,
    /// Signing keys that this person can be made to use.
    pub keys: Vec<KeyId>,
    /// Whether this person administers the co-signer's host (`hosts = ["cosigner"]`).
    pub hosts_cosigner: bool,
    /// People whom this person's captors could coerce.
    pub of: Vec<PersonId>,
    /// age recipients under which this person, as a responder, reads dossiers.
    pub recipients: Vec<Recipient>,
}

/// A program with its own identity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    /// Its name.
    pub id: ServiceId,
    /// Member of.
    pub groups: Vec<GroupId>,
    /// Coerced with any of these.
    pub operated_by: Vec<PersonId>,
}

/// A relative or colleague without authority.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Protected {
    /// The pseudonym.
    pub id: ProtectedId,
    /// Whose relative.
    pub of: Vec<PersonId>,
    /// Where this person can be taken.
    pub places: Vec<PlaceId>,
}

/// A signing key's public half.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyEntry {
    /// Its name.
    pub id: KeyId,
    /// Extended public key with its origin.
    pub xpub: String,
}

/// The conversion that the shared name space of people and services makes safe.
pub(crate) fn actor_of_person(person: &PersonId) -> ActorId {
    ActorId::from(person.clone())
}
