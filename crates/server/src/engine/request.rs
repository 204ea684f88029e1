//! What is handed to the engine: a command, and what must become durable in the same commit.

use gate::{Ask, Command};
use journal::{OutboxId, WalletChange};
use overt::{Author, Command as Overt};
use types::Hash;

/// A command with what belongs to it.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is asked.
    pub command: Command,
    /// Large contents that the command names by their [`journal::blob_hash`]; kept only if the command is accepted.
    pub blobs: Vec<(Hash, Vec<u8>)>,
    /// What wallets learnt, in the same commit; kept whatever becomes of the command.
    pub(crate) wallets: Vec<WalletChange>,
    /// Effects that the command reports as executed; ended whatever becomes of it.
    pub(crate) done: Vec<OutboxId>,
}

impl Request {
    /// A command with contents.
    #[must_use]
    pub const fn new(command: Command, blobs: Vec<(Hash, Vec<u8>)>) -> Self {
        Self { command, blobs, wallets: Vec::new(), done: Vec::new() }
    }

    /// A report of Rempart itself that effects were executed.
    pub(crate) fn done(ask: Ask, blobs: Vec<(Hash, Vec<u8>)>, done: Vec<OutboxId>) -> Self {
        Self { command: Command::system(ask), blobs, wallets: Vec::new(), done }
    }

    /// A report of the chain, with what a wallet learnt from it.
    pub(crate) fn learnt(ask: Ask, blobs: Vec<(Hash, Vec<u8>)>, wallets: Vec<WalletChange>) -> Self {
        Self { command: Command::system(ask), blobs, wallets, done: Vec::new() }
    }

    pub(crate) const fn lane(&self) -> Lane {
        match &self.command.ask {
            Ask::Covert(command) if command.is_anyones() => Lane::Objection,
            Ask::Covert(_) | Ask::CovertTick => Lane::Covert,
            Ask::Delivered(_) => Lane::Delivery,
            Ask::Sign(_) => Lane::Urgent,
            Ask::Overt(
                Overt::Cancel { .. } | Overt::Stop { .. } | Overt::Raise { .. } | Overt::End { .. },
            )
            | Ask::Tick => Lane::Urgent,
            Ask::Overt(_) if matches!(self.command.by, Author::System) => Lane::Urgent,
            Ask::Overt(_) => Lane::Ordinary,
        }
    }
}

impl From<Command> for Request {
    fn from(command: Command) -> Self {
        Self::new(command, Vec::new())
    }
}

/// Where a request waits. Each lane has its own bound, so that a flood of one kind cannot keep out another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lane {
    /// What stops, and what Rempart itself has done: served first.
    Urgent,
    /// Everything else of the overt side.
    Ordinary,
    /// Objections and check-ins: they wait for the tick of the covert chain, and go before everything else there. Their author sees how long the answer
    /// takes, and must not see how much the covert side has to write (G3).
    Objection,
    /// What responders do: waits for the tick of the covert chain.
    Covert,
    /// What channels took: goes last at the tick, so that a thousand deliveries keep no responder waiting.
    Delivery,
}
