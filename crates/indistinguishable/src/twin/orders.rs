//! What the harness asks of a twin, and what it hears back: one JSON line each way. Nothing of this is seen by the captor.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Order {
    /// A colleague proposes a slow transfer, for the victim to approve.
    Prepare {
        /// Tells it apart from every other one.
        pair: u32,
    },
    /// Time passes.
    Advance {
        /// How much.
        seconds: u64,
    },
    /// To wait until nothing is under way.
    Settle,
    /// Responders close what is open, the colleague cancels, a day passes.
    Aftermath,
    /// To show what lies on the disk and in the log.
    Books,
    /// To end, and to show the whole journal.
    Stop,
}

/// What is heard.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Report {
    /// It serves.
    Ready {
        /// Where.
        address: SocketAddr,
    },
    /// The transfer's id.
    Prepared {
        /// The id.
        transfer: String,
    },
    /// It is done.
    Done,
    /// What the responders had.
    Aftermath {
        /// Incidents that were open.
        open: u32,
        /// Incidents that are open now.
        left: u32,
    },
    /// The books.
    Books(Books),
    /// Every record and slot of the journal.
    Stopped(Chains),
    /// It could not be done.
    Failed(String),
}

/// What somebody who reads disk and log finds, without opening anything.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Books {
    /// Records of the overt chain.
    pub records: u64,
    /// The size of every file.
    pub files: Vec<(String, u64)>,
    /// Log lines since the last look.
    pub log: Vec<String>,
}

/// The journal's two chains: when each entry was written, what it stands after, and how long it is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Chains {
    /// Time and size of each overt record.
    pub overt: Vec<(i64, usize)>,
    /// Time, place and size of each covert slot.
    pub covert: Vec<(i64, u64, usize)>,
    /// Log lines of the end.
    pub log: Vec<String>,
}
