//! What happens after a commit: signing, broadcasting, alarms. Each on threads of its own, at least once, idempotently (G6, G8).
//!
//! The overt side works off the journal's outbox (`outbox`, `sign`, `broadcast`). The covert side has no outbox, because a table of the
//! database would tell of it: after every commit, whatever it was, each channel's thread looks into the state for signals that its channel
//! has not taken (`alarm`).
//!
//! To add an executor: a variant in [`Outgoing`], an arm in `outbox::execute`.

mod alarms;
mod broadcast;
mod outbox;
mod sign;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use ::alarm::Channel;

use crate::engine::Shared;
use crate::{exposure, follow};

pub use broadcast::{Broadcast, BroadcastError, HoldForOperator};
pub use sign::{TICKET_DOMAIN, ticket, ticket_message};

pub(crate) use alarms::Deliveries;
pub(crate) use outbox::{Outbox, Outgoing};

/// Starts one thread for the outbox and one for each channel.
pub(crate) fn start(
    shared: &Arc<Shared>,
    channels: Vec<Box<dyn Channel>>,
    exposure_file: Option<PathBuf>,
) -> io::Result<Vec<JoinHandle<()>>> {
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
    for channel in channels {
        let shared = Arc::clone(shared);
        let work = move || alarms::work(&shared, channel.as_ref());
        threads.push(Builder::new().name("alarm".into()).spawn(work)?);
    }
    Ok(threads)
}
