//! Ids, money, moments, payloads and secrets: the few strong types that everything else is built from.
//!
//! Pure values: no clock, no randomness, no input or output. Every type is parsed once, at the edge, and is valid from then on.
#![deny(missing_docs)]

mod hash;
mod id;
mod money;
mod payload;
mod secret;
mod spend;
mod time;

pub use hash::{Hash, ParseHashError, canonical_json, hash_parts};
pub use id::{
    ActorId, ChannelId, DestinationId, ForbidId, GroupId, ID_LENGTH_MAX, KeyId, LimitId, ListId, PanelId,
    ParseIdError, PermitId, PersonId, PlaceId, ProtectedId, ScheduleId, ServiceId, VaultId,
};
pub use money::{Amount, Currency, MoneyError, Rate, Value};
pub use payload::{
    Identified, Nonce, Output, PAYLOAD_OUTPUTS_MAX, PAYLOAD_TEXT_BYTES_MAX, Payload, PayloadError, Target,
    TransferId,
};
pub use secret::Secret;
pub use spend::{OutPoint, SpendKind, SpendPlan};
pub use time::{Moment, ParseTimeError, Span, Timestamp};
