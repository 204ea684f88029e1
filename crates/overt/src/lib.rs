//! The overt ledger: transfers, approvals, stops, limits, posture and motions: everything that authenticated people may see (G1, G5, G6).
//!
//! Pure and deterministic. The gate is the only caller: it asks [`State::decide`] what a command leads to, applies the events,
//! and asks [`State::allows`] at the moment of decision. This crate knows nothing of why an act might not count; it is told
//! through a [`Reading`] *which* acts count, and judges the history that remains. That is what keeps it from leaking.
//!
//! Where to find things: who did what and when, `act`; one matter each, `transfer`, `motion`, `stop`; sliding windows, `windows`;
//! what a command leads to, `decide`; changes of the policy, `change`; credentials, `credential`; people's own sealed dossiers, `dossier`; what is allowed under a reading, `judge`; what happens to the state, `apply`; what the chain shows, `onchain`; a transfer's transactions, `spending`; what people see, `view`.
//!
//! To add a command: a variant in [`Command`], its rule in `decide`, its events in [`Event`], their effect in `apply`,
//! and a step in the simulator so that the guarantees are tried on it.
#![deny(missing_docs)]

mod act;
mod apply;
mod change;
mod clock;
mod command;
mod credential;
mod decide;
mod dossier;
mod judge;
mod lost;
mod motion;
mod onchain;
mod paid;
mod policies;
mod spending;
mod state;
mod stop;
mod transfer;
pub mod view;
mod windows;

pub use act::{Act, ActNumber, AllActs, Author, Reading};
pub use change::{ENDS_ALONE_MAX, ENDS_WINDOW, TIGHTENING_LAPSES};
pub use clock::{CLOCK_JUMP_MAX, Clock};
pub use command::{Command, Event, Refusal, Reply};
pub use credential::{
    CREDENTIAL_BYTES_MAX, CREDENTIAL_MOTIONS_MAX, Credential, DEVICES_MAX, Device, DeviceUse, Entry,
    NewCredential, device_id,
};
pub use dossier::{
    DOSSIER_DAY, DOSSIER_DUE_AFTER, DOSSIER_REVISIONS_KEPT, DOSSIER_REVISIONS_PER_DAY_MAX, DossierDue, Kept,
    Sealed,
};
pub use motion::{MOTION_EXPIRES, Motion, MotionId, MotionStatus, Proposal};
pub use onchain::{Coin, MEDIAN_TIME_LAG_MAX, ShownAddress, TROUBLE_BYTES_MAX, Tip};
pub use policies::{Policies, PolicyVersion};
pub use spending::{REFRESH_EXPIRES, SIGNINGS_MAX};
pub use state::{
    APPROVALS_MAX, COINS_PER_REPORT_MAX, Due, MOTIONS_PENDING_MAX, Matter, PENDING_MAX, STOPS_MAX, State,
};
pub use stop::{Scope, Stop, StopId};
pub use transfer::{Signing, Standing, Status, Transfer};
