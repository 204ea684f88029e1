//! One batch in the making: what commands lead to, applied ahead of its commit, and who must hear of it afterwards (G6, G7).

use gate::{Command, Effect, Event, Outcome, Record, State};
use journal::{Batch, NewOutboxItem, OVERT_BODY_BYTES_MAX, OutboxId, OvertRecord};
use overt::Event as OvertEvent;
use types::{Hash, Moment, TransferId};

use super::error::EngineError;
use super::queue::{Job, Reply};
use super::writer::BATCH_COMMANDS_MAX;
use crate::dispatch::{Outbox, Outgoing};

/// The most content bytes in one batch before the next one is begun.
const BATCH_BLOB_BYTES_MAX: usize = 32 << 20;

/// A batch in the making.
#[derive(Default)]
pub struct Draft {
    /// What was applied ahead, in order.
    pub events: Vec<Event>,
    /// What is written.
    pub batch: Batch,
    /// Who hears what, once it is.
    pub replies: Vec<(Reply, Result<Outcome, EngineError>)>,
    /// Whether what the vaults hold may have changed.
    pub touches_coins: bool,
    blob_bytes: usize,
}

impl Draft {
    pub fn is_full(&self) -> bool {
        self.batch.overt.len() >= BATCH_COMMANDS_MAX || self.blob_bytes >= BATCH_BLOB_BYTES_MAX
    }

    /// Decides what is due, one matter at a time, as long as there is room.
    pub fn settle(&mut self, ahead: &mut State, moment: &Moment, outbox: &Outbox) {
        while !self.is_full() && gate::is_due(ahead, moment) {
            let (events, _) = gate::step(ahead, &Command::system(gate::Ask::Tick), moment);
            // Nothing follows only if the state contradicts itself; going round for ever would help nobody.
            if events.is_empty() || self.take(ahead, events, &[], outbox).is_err() {
                return;
            }
        }
    }

    /// Steps one command of the overt side.
    pub fn command(&mut self, ahead: &mut State, job: Job, moment: &Moment, outbox: &Outbox) {
        let Job { request, reply } = job;
        let (events, outcome) = gate::step(ahead, &request.command, moment);
        self.batch.done.extend(&request.done);
        self.batch.wallets.extend(request.wallets);
        let vouched = outcome.is_ok() && !events.is_empty();
        let blobs = if vouched { request.blobs } else { Vec::new() };
        let outcome = match self.take(ahead, events, &blobs, outbox) {
            Ok(()) => {
                self.blob_bytes += blobs.iter().map(|(_, content)| content.len()).sum::<usize>();
                self.batch.blobs.extend(blobs);
                Ok(outcome)
            }
            Err(error) => Err(error),
        };
        self.replies.push((reply, outcome));
    }

    /// Takes the events of one step: all of them or none.
    fn take(
        &mut self,
        ahead: &mut State,
        events: Vec<Event>,
        blobs: &[(Hash, Vec<u8>)],
        outbox: &Outbox,
    ) -> Result<(), EngineError> {
        let mut bodies = Vec::with_capacity(events.len());
        for event in &events {
            let Event::Recorded(record) = event else { return Err(EngineError::Unavailable("record-kind")) };
            bodies.push(OvertRecord { at: record.act.at, body: encode(record)? });
        }
        for (event, body) in events.into_iter().zip(bodies) {
            ahead.apply(&event);
            self.effects(ahead, &event, blobs, outbox);
            self.batch.overt.push(body);
            self.events.push(event);
        }
        Ok(())
    }

    fn effects(&mut self, ahead: &State, event: &Event, blobs: &[(Hash, Vec<u8>)], outbox: &Outbox) {
        let after = self.batch.overt.len();
        for effect in gate::effects(event) {
            let outgoing = match effect {
                Effect::Sign(transfer) => Outgoing::Sign { transfer },
                Effect::Broadcast(transfer) => {
                    let transaction = blobs.first().map(|(hash, _)| *hash);
                    Outgoing::Broadcast { transfer, transaction }
                }
            };
            let (kind, body) = outgoing.encode();
            self.batch.outbox.push(NewOutboxItem { after, kind, body });
        }
        let Event::Recorded(record) = event else { return };
        for event in &record.events {
            match event {
                // What it takes the place of need not be sent any more; what a child builds on must.
                OvertEvent::Signed { transfer, txid } if replaces(ahead, *transfer, *txid) => {
                    self.batch.done.extend(outbox.broadcasts_of(*transfer));
                }
                OvertEvent::Confirmed { transfer, .. }
                | OvertEvent::Returned { transfer, .. }
                | OvertEvent::Displaced { transfer } => {
                    self.batch.done.extend(outbox.broadcasts_of(*transfer));
                    self.touches_coins = true;
                }
                OvertEvent::Received { .. }
                | OvertEvent::Lost { .. }
                | OvertEvent::ChainSeen { .. }
                | OvertEvent::Unconfirmed { .. }
                | OvertEvent::Founded { .. }
                | OvertEvent::Passed { .. } => {
                    self.touches_coins = true;
                }
                _ => {}
            }
        }
    }

    /// The names that the journal gives to the new outbox items of this batch.
    pub fn new_items(&self, last_seq: u64) -> Vec<(OutboxId, Outgoing)> {
        let mut items: Vec<(OutboxId, Outgoing)> = Vec::new();
        for item in &self.batch.outbox {
            let offset = u64::try_from(item.after).unwrap_or(u64::MAX).saturating_add(1);
            let seq = last_seq.saturating_add(offset);
            let part = match items.last() {
                Some((last, _)) if last.seq == seq => last.part.saturating_add(1),
                _ => 0,
            };
            if let Some(outgoing) = Outgoing::decode(&item.kind, &item.body) {
                items.push((OutboxId { seq, part }, outgoing));
            }
        }
        items
    }
}

fn replaces(ahead: &State, transfer: TransferId, txid: Hash) -> bool {
    let standing = ahead.overt().transfer(transfer).and_then(|transfer| transfer.standing_spend());
    standing.is_some_and(|standing| standing.txid == txid)
}

fn encode(record: &Record) -> Result<Vec<u8>, EngineError> {
    let body = record.encode().map_err(|_| EngineError::Unavailable("record-encoding"))?;
    if body.len() > OVERT_BODY_BYTES_MAX {
        Err(EngineError::Unavailable("record-too-large"))
    } else {
        Ok(body)
    }
}
