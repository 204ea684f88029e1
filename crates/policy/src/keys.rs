//! Every table and key of a policy, in one place: the reader walks by it and the published schema is printed from it.
//!
//! Keeps G1: what is not in this table is not a rule. To add a key: add it here, read it in `build.rs`, describe it in
//! `docs/policy.md`; tests compare the three.

use crate::model::Network;

/// What a name is the name of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Kind {
    Person,
    Service,
    Protected,
    Place,
    Group,
    Vault,
    SigningKey,
    KeyEntry,
    Permit,
    Limit,
    Forbid,
    Destination,
    List,
}

impl Kind {
    /// For messages.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
            Self::Protected => "protected person",
            Self::Place => "place",
            Self::Group => "group",
            Self::Vault => "vault",
            Self::SigningKey => "signing key",
            Self::KeyEntry => "key",
            Self::Permit => "permit",
            Self::Limit => "limit",
            Self::Forbid => "forbid",
            Self::Destination => "destination",
            Self::List => "list",
        }
    }

    /// Where it is defined, for messages.
    pub(crate) fn defined_by(self) -> &'static str {
        match self {
            Self::Group => "a group exists when a person or service has it in `groups`",
            Self::SigningKey => "a signing key exists when a person has it in `keys`",
            Self::List => "a list exists when a destination has it as `list`",
            Self::Person => "add a [[person]]",
            Self::Place => "add a [[place]]",
            Self::Vault => "add a [[vault]]",
            _ => "define it",
        }
    }
}

/// The form of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Free text.
    Text,
    /// An address.
    Address,
    /// A list of addresses.
    Addresses,
    /// A list of age recipients.
    Recipients,
    /// A name that defines something; unique.
    Name(Kind),
    /// A name that defines something; may be given again elsewhere.
    Label(Kind),
    /// Names that define things; may be given again elsewhere.
    Labels(Kind),
    /// The name of something defined elsewhere.
    Ref(Kind),
    /// A list of such names; `true` when it must not be empty.
    Refs(Kind, bool),
    /// A duration; `true` when zero is allowed.
    Duration(bool),
    /// Money in the organisation's currency.
    Money,
    /// A whole number between two bounds.
    Count(u64, u64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of these words.
    Choices(&'static [&'static str]),
    /// A currency's code.
    Currency,
    /// An IANA time zone.
    TimeZone,
    /// `HH:MM`, to `24:00`.
    TimeOfDay,
    /// A destination rule; `true` where `known` makes sense.
    Destination(bool),
    /// An expression over approvals.
    Quorum,
    /// A table of keys.
    Table(&'static [Key]),
}

/// One key of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub name: &'static str,
    pub shape: Shape,
    pub required: bool,
    pub doc: &'static str,
}

/// One table, or array of tables, of a policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section {
    pub name: &'static str,
    /// Written `[[name]]`.
    pub many: bool,
    pub required: bool,
    pub keys: &'static [Key],
    /// The most of them.
    pub most: usize,
    pub doc: &'static str,
}

const fn must(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key { name, shape, required: true, doc }
}

const fn may(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key { name, shape, required: false, doc }
}

/// The largest file.
pub const FILE_BYTES_MAX: usize = 4 << 20;
/// The most files of one policy.
pub const FILES_MAX: usize = 64;
/// The most permits, limits or forbids.
pub const RULES_MAX: usize = 10_000;
/// The most vaults.
pub const VAULTS_MAX: usize = 1_000;
/// The most destinations.
pub const DESTINATIONS_MAX: usize = 20_000;
/// The most entries of one list.
pub const LIST_LENGTH_MAX: usize = 1_000;
/// The most levels of a quorum.
pub const QUORUM_DEPTH_MAX: usize = 16;
/// The most parts of a quorum, over all levels.
pub const QUORUM_PARTS_MAX: usize = 64;
/// The longest free text, in bytes.
pub const TEXT_BYTES_MAX: usize = 256;
/// The longest relative lock that Bitcoin counts in blocks.
pub const AFTER_BLOCKS_MAX: u64 = 65_535;
/// The most keys of one spending path: a witness script's multisignature has room for twenty, less the co-signer's.
pub const VAULT_KEYS_MAX: usize = 15;

const PEOPLE: u64 = crate::bits::PEOPLE_MAX as u64;
const KEYS: u64 = VAULT_KEYS_MAX as u64;

pub(crate) const CHAINS: &[&str] = &[
    "gate-only",
    "bitcoin:mainnet",
    "bitcoin:testnet",
    "bitcoin:testnet4",
    "bitcoin:signet",
    "bitcoin:regtest",
];
pub(crate) const WEEKDAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
pub(crate) const POSTURES: &[&str] = &["normal", "elevated", "lockdown"];
pub(crate) const LIMIT_BY: &[&str] = &["vault", "initiator", "destination", "organisation"];
pub(crate) const PLACE_KINDS: &[&str] = &["home", "office", "other"];
pub(crate) const APARTS: &[&str] = &["home", "place"];
pub(crate) const SCRIPTS: &[&str] = &["wsh", "tr"];
pub(crate) const HOSTS: &[&str] = &["cosigner"];

const _: () = assert!(CHAINS.len() == Network::NAMES.len() + 1);

/// The keys of a quorum. `at_least` and `of` (and `apart`), or `all`, or `any`.
pub(crate) const QUORUM: &[Key] = &[
    may("at_least", Shape::Count(1, PEOPLE), "how many people must approve"),
    may("of", Shape::Ref(Kind::Group), "the group whose members count"),
    may(
        "apart",
        Shape::Choice(APARTS),
        "no two of those counted here share a home (or any place); who has none does not count here",
    ),
    may("all", Shape::Quorum, "every part must be met, by different people"),
    may("any", Shape::Quorum, "one part must be met"),
];

const KEY_PATH: &[Key] = &[
    must("at_least", Shape::Count(1, KEYS), "how many of the keys must sign"),
    must("of", Shape::Refs(Kind::SigningKey, true), "signing keys, by the names in people's `keys`"),
];

const RECOVERY_PATH: &[Key] = &[
    must("at_least", Shape::Count(1, KEYS), "how many of the keys must sign"),
    must("of", Shape::Refs(Kind::SigningKey, true), "signing keys, by the names in people's `keys`"),
    must(
        "after_blocks",
        Shape::Count(1, AFTER_BLOCKS_MAX),
        "how many blocks old an output must be (144 are about a day); at most 65535",
    ),
];

const AMOUNT: &[Key] = &[
    may("over", Shape::Money, "exclusive lower bound"),
    may("up_to", Shape::Money, "inclusive upper bound"),
];

const CALENDAR: &[Key] = &[
    must("days", Shape::Choices(WEEKDAYS), "days of the week"),
    must("from", Shape::TimeOfDay, "from this local time, inclusive"),
    must("to", Shape::TimeOfDay, "to this local time, exclusive; `24:00` is the end of the day"),
];

const ORGANISATION: &[Key] = &[
    must("name", Shape::Text, "the organisation's name"),
    must("currency", Shape::Currency, "the currency of every amount in the policy"),
    must("time_zone", Shape::TimeZone, "the IANA time zone in which calendars are read"),
];

const VAULT: &[Key] = &[
    must("id", Shape::Name(Kind::Vault), "the vault's name"),
    must(
        "chain",
        Shape::Choice(CHAINS),
        "`bitcoin:` and a network, or `gate-only` when someone else signs on our ticket",
    ),
    may("script", Shape::Choice(SCRIPTS), "the kind of descriptor of a Bitcoin vault; `wsh` when absent"),
    may(
        "addresses",
        Shape::Addresses,
        "addresses that count as this vault; a gate-only vault needs them to be paid by name",
    ),
    may(
        "keys",
        Shape::Table(KEY_PATH),
        "the spending path of a Bitcoin vault, always together with the co-signer",
    ),
    may("recovery", Shape::Table(RECOVERY_PATH), "the path without the co-signer, after a relative lock"),
    may("oldest_output", Shape::Duration(true), "how old the oldest output is, for analysis without a chain"),
    may("balance", Shape::Money, "what the vault holds, for analysis without a chain"),
    may("outstanding", Shape::Money, "the most value that may be signed and not yet confirmed"),
];

const PERMIT: &[Key] = &[
    must("id", Shape::Name(Kind::Permit), "the permit's name"),
    must("vaults", Shape::Refs(Kind::Vault, true), "from which vaults"),
    must("initiators", Shape::Refs(Kind::Group, true), "submitted by members of which groups"),
    may(
        "amount",
        Shape::Table(AMOUNT),
        "for which amounts: outputs that are not change, plus the maximum fee",
    ),
    must(
        "destination",
        Shape::Destination(true),
        "what every output's target must be: `listed`, `list:NAME`, `known`, `vault:ID` or `any`",
    ),
    may("known_for", Shape::Duration(true), "with `known`: first paid by this vault at least that long ago"),
    may("calendar", Shape::Table(CALENDAR), "when it may be submitted, in civil time"),
    may("posture", Shape::Choice(POSTURES), "the highest posture under which it works; `normal` when absent"),
    may("approve", Shape::Quorum, "who must approve; nobody when absent"),
    must("hold", Shape::Duration(true), "how long to wait once the quorum is met"),
    must("expires", Shape::Duration(false), "how long after submission a request that is not ready dies"),
];

const LIMIT: &[Key] = &[
    must("id", Shape::Name(Kind::Limit), "the limit's name"),
    must("vaults", Shape::Refs(Kind::Vault, true), "for which vaults"),
    must("per", Shape::Duration(false), "the length of the sliding window"),
    may("amount", Shape::Money, "the most value in a window"),
    may("count", Shape::Count(0, 1_000_000), "the most submissions in a window"),
    must("by", Shape::Choice(LIMIT_BY), "what has its own counter; `organisation` has one for all"),
];

const DESTINATION: &[Key] = &[
    must("id", Shape::Name(Kind::Destination), "the destination's name"),
    must("address", Shape::Address, "its address"),
    may("list", Shape::Label(Kind::List), "the list that it is in"),
];

const FORBID: &[Key] = &[
    must("id", Shape::Name(Kind::Forbid), "the forbid's name"),
    may("vaults", Shape::Refs(Kind::Vault, true), "from these vaults"),
    may("initiators", Shape::Refs(Kind::Group, true), "submitted by members of these groups"),
    may(
        "destination",
        Shape::Destination(false),
        "any output to such a target: `list:NAME`, `listed`, `vault:ID` or `any`",
    ),
    may("amount", Shape::Table(AMOUNT), "of such an amount"),
];

const CHANGE: &[Key] = &[
    must("approve", Shape::Quorum, "who may change rules and register, replace a credential, enrol"),
    must(
        "hold",
        Shape::Duration(true),
        "the least wait of a change; never shorter than the longest hold of any permit",
    ),
    may("tighten", Shape::Quorum, "who may tighten at once, the proposer included; `approve` when absent"),
];

const STOP: &[Key] = &[
    may("lift", Shape::Quorum, "who lifts stops and lowers the posture; `change.approve` when absent"),
    may("after", Shape::Duration(true), "the wait of a lift; `24h` when absent"),
    may(
        "relative_expires",
        Shape::Duration(false),
        "when a stop asked for by a protected person ends by itself; `12h` when absent",
    ),
];

const RESPONSE: &[Key] = &[
    must("responders", Shape::Ref(Kind::Group), "the group that sees the covert side"),
    may(
        "auditors",
        Shape::Ref(Kind::Group),
        "the group that may read register, journal and exposure with names",
    ),
    may("quiet", Shape::Duration(true), "permits with a shorter hold are quick; `24h` when absent"),
    may(
        "reaction",
        Shape::Duration(true),
        "how soon responders can stop everything openly, for analysis; `2h` when absent",
    ),
    may("clear", Shape::Quorum, "who closes an incident; two responders from different homes when absent"),
    may("clear_hold", Shape::Duration(true), "the wait of a clear; `24h` when absent"),
    may("look_back", Shape::Duration(true), "how far before a signal acts are tainted; `7d` when absent"),
];

const COSIGNER: &[Key] =
    &[may("places", Shape::Refs(Kind::Place, false), "who takes one of these places holds the co-signer")];

const PRICES: &[Key] = &[
    may("window", Shape::Duration(false), "the highest price in this time counts; `7d` when absent"),
    may("max_age", Shape::Duration(false), "the newest price must not be older; `1h` when absent"),
];

const PLACE: &[Key] = &[
    must("id", Shape::Name(Kind::Place), "the place's name"),
    must("kind", Shape::Choice(PLACE_KINDS), "what it is"),
];

const PERSON: &[Key] = &[
    must("id", Shape::Name(Kind::Person), "the person's pseudonym"),
    may("groups", Shape::Labels(Kind::Group), "the groups that the person is in"),
    may("places", Shape::Refs(Kind::Place, false), "where the person can be taken, homes included"),
    may("keys", Shape::Labels(Kind::SigningKey), "signing keys that the person can be made to use"),
    may("hosts", Shape::Choices(HOSTS), "`cosigner` if the person administers the co-signer's host"),
    may(
        "of",
        Shape::Refs(Kind::Person, false),
        "people whom this person's captors could coerce; may go both ways",
    ),
    may(
        "recipients",
        Shape::Recipients,
        "age recipients (`age1…`) under which this person, as a responder, reads dossiers",
    ),
];

const SERVICE: &[Key] = &[
    must("id", Shape::Name(Kind::Service), "the service's name; people and services share one name space"),
    may("groups", Shape::Labels(Kind::Group), "the groups that the service is in"),
    may("operated_by", Shape::Refs(Kind::Person, false), "people with whom the service is coerced"),
];

const PROTECTED: &[Key] = &[
    must("id", Shape::Name(Kind::Protected), "the pseudonym"),
    must("of", Shape::Refs(Kind::Person, true), "whose relative or colleague"),
    may("places", Shape::Refs(Kind::Place, false), "where the person can be taken"),
];

const KEY: &[Key] = &[
    must("id", Shape::Name(Kind::KeyEntry), "a signing key that a person has in `keys`"),
    must("xpub", Shape::Text, "extended public key with its origin: `[d34db33f/48h/1h/0h/2h]tpub…`"),
];

const fn one(name: &'static str, required: bool, keys: &'static [Key], doc: &'static str) -> Section {
    Section { name, many: false, required, keys, most: 1, doc }
}

const fn many(name: &'static str, most: usize, keys: &'static [Key], doc: &'static str) -> Section {
    Section { name, many: true, required: false, keys, most, doc }
}

/// A policy.
pub(crate) const SECTIONS: &[Section] = &[
    one("organisation", true, ORGANISATION, "the organisation"),
    many("vault", VAULTS_MAX, VAULT, "an account that holds assets"),
    many("permit", RULES_MAX, PERMIT, "one way to be allowed; permits are alternatives"),
    many(
        "limit",
        RULES_MAX,
        LIMIT,
        "a cap on what is submitted within a sliding window; every limit that matches applies",
    ),
    many("forbid", RULES_MAX, FORBID, "what is never allowed; all conditions given must hold"),
    many("destination", DESTINATIONS_MAX, DESTINATION, "a destination that the policy knows by name"),
    one("change", true, CHANGE, "who may change the policy"),
    one("stop", false, STOP, "who may lift a stop"),
    one("response", true, RESPONSE, "the covert side's people and waits"),
    one("cosigner", false, COSIGNER, "where the co-signer stands"),
    one("prices", false, PRICES, "how prices are read"),
    many("place", 10_000, PLACE, "where people can be taken together"),
    many("person", crate::bits::PEOPLE_MAX, PERSON, "someone with a credential"),
    many("service", 1_000, SERVICE, "a program with its own identity: may submit, never approves"),
    many("protected", 10_000, PROTECTED, "a relative or colleague without authority"),
    many("key", 10_000, KEY, "the public half of a signing key"),
];

/// The key of a table by its name.
pub(crate) fn find<'k>(keys: &'k [Key], name: &str) -> Option<&'k Key> {
    keys.iter().find(|key| key.name == name)
}
