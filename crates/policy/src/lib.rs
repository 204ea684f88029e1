//! The policy: parse, check, evaluate, explain, compare, say.
#![deny(missing_docs)]

mod bits;
mod build;
mod calendar;
mod check;
mod coalition;
mod codes;
mod compare;
mod diagnostic;
mod evaluate;
mod explain;
mod keys;
mod leaf;
mod load;
mod model;
mod places;
mod policy;
mod price;
mod quorum;
mod read;
mod readers;
mod recipient;
mod references;
mod rows;
mod say;
mod schema;
mod search;
mod shortfall;
mod spelling;
mod window;

pub use bits::PEOPLE_MAX;
pub use calendar::{Calendar, CivilEnd, TIME_ZONE_DATA_VERSION};
pub use codes::{CODES, Code};
pub use compare::{Comparison, Deed, Direction, Side, Witness, compare};
pub use diagnostic::{Diagnostic, Severity, Source};
pub use evaluate::{Charge, Counter, Facts, History, NoHistory, OutputFacts};
pub use explain::{
    APPROVALS_MAX, ApprovalFile, Condition, ConditionReport, CounterReport, Decision, Explanation,
    ForbidReport, Freed, HISTORY_LENGTH_MAX, HistoryFile, Ignored, IgnoredApproval, Language, LimitReport,
    OutputFile, OutputReport, PermitReport, Reason, ReasonReport, Status, Sum, TransferFile, explain,
};
pub use keys::{
    AFTER_BLOCKS_MAX, DESTINATIONS_MAX, FILE_BYTES_MAX, FILES_MAX, LIST_LENGTH_MAX, QUORUM_DEPTH_MAX,
    QUORUM_PARTS_MAX, RULES_MAX, TEXT_BYTES_MAX, VAULT_KEYS_MAX, VAULTS_MAX,
};
pub use load::{Loaded, load};
pub use model::{
    AmountRange, Chain, Change, Cosigner, Destination, DestinationRule, Forbid, KeyEntry, KeyQuorum, Limit,
    LimitBy, Network, Organisation, Permit, Person, Place, PlaceKind, Posture, PriceRules, Protected,
    Recovery, Response, Script, Service, Stop, Vault,
};
pub use policy::Policy;
pub use price::{PriceEntry, PriceProblem};
pub use quorum::{Apart, Quorum};
pub use recipient::{
    RECIPIENT_BYTES_MAX, RECIPIENTS_MAX, Recipient, RecipientError, RecipientKind, readers_hash,
};
pub use say::{Naming, Offer, SENTENCES_MAX, Section};
pub use schema::schema;
pub use shortfall::Lacks;
pub use window::Room;
