//! What happens after a commit: signing, broadcasting, alarms. Each on threads of its own, at least once, idempotently (G6, G8).
//!
//! The overt side works off the journal's outbox (`outbox`, `sign`, `broadcast`). The covert side has no outbox, because a table of the
//! database would tell of it: at a pace of its own a scheduler looks into the state for what is still to be said, and hands it to each
//! channel's threads (`alarms`).
//!
//! To add an executor: a variant in [`Outgoing`], an arm in `outbox::execute`.

mod alarms;
mod broadcast;
mod call_plan;
mod calls;
mod deliver;
mod outbox;
mod reach;
mod sign;
mod supervise;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use crate::engine::Shared;
use crate::{exposure, follow, push};

pub use ::rota::{CALLS_FILE, Language};
pub use alarms::AlarmPace;
pub use broadcast::{Broadcast, BroadcastError, HoldForOperator};
pub use reach::{AlarmWarning, RESPONDERS_WANTED, reachable_for};
pub use sign::{TICKET_DOMAIN, ticket, ticket_message};
pub use supervise::{
    ChannelHealth, DEAD_AGAIN_SECONDS, PROBE_EVERY_SECONDS, PROBE_MISSES_MAX, SILENCE_MAX_SECONDS,
};

pub(crate) use alarms::Deliveries;
pub(crate) use outbox::{Outbox, Outgoing};

/// Starts the threads of the outbox and of the alarms, and those that watch the chain and exposure.
pub(crate) fn start(shared: &Arc<Shared>, exposure_file: Option<PathBuf>) -> io::Result<Vec<JoinHandle<()>>> {
    let outgoing = Arc::clone(shared);
    let mut threads = vec![Builder::new().name("outbox".into()).spawn(move || outbox::work(&outgoing))?];
    if let Some(file) = exposure_file {
        let watching = Arc::clone(shared);
        let work = move || exposure::work(&watching, &file);
        threads.push(Builder::new().name("exposure".into()).spawn(work)?);
    }
    if !shared.following.is_empty() {
        let following = Arc::clone(shared);
        threads.push(Builder::new().name("chain".into()).spawn(move || follow::work(&following))?);
    }
    let waking = Arc::clone(shared);
    threads.push(Builder::new().name("push".into()).spawn(move || push::work(&waking))?);
    threads.extend(alarms::start(shared)?);
    Ok(threads)
}
