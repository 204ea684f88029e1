//! What the police are told of an incident, from the state alone, and the server's signature under it (G7, G9). The same journal gives the same bytes.
//!
//! Called by `routes::casework`. Rests on the view that a responder has of the incident, and on what everybody with their rights may see.

use covert::{Command, What};
use ed25519_dalek::Signer;
use gate::{IncidentView, State};
use overt::Transfer;
use policy::{Chain, Policy};
use response::{
    Act, Approval, Attempt, AttemptStatus, Contact, Cover, FACTS_VERSION, Facts, FactsError, Incident, Kind,
    Level, LogEntry, Output, ScriptFacts, Sign, Signal, SignedFacts, Status, Stop, StopScope, Subject,
    Transaction, TransactionOutput, TransactionStatus,
};
use types::{ActorId, Hash, PersonId, Target, Timestamp, TransferId};
use vault::bitcoin::consensus::encode::serialize_hex;
use vault::bitcoin::{self, Address};

use super::shown::txid_text;
use crate::engine::Engine;

/// Facts without the transactions that are still to be looked up, and whose those are.
pub struct Gathered {
    facts: Facts,
    transfers: Vec<TransferId>,
}

/// What is known of an incident, in one look at the state.
pub fn gather(state: &State, view: &IncidentView) -> Option<Gathered> {
    let policy = state.overt().policy()?;
    let incident = &view.incident;
    let transfers: Vec<(TransferId, &Transfer)> =
        state.overt().transfers().filter(|(_, transfer)| concerns(policy, incident, transfer)).collect();
    let facts = Facts {
        version: FACTS_VERSION,
        organisation: policy.organisation().name.clone(),
        time_zone: policy.organisation().time_zone.iana_name().unwrap_or("UTC").to_owned(),
        incident: head(incident),
        subjects: subjects(policy, incident),
        callers: incident.callers.iter().cloned().collect(),
        signals: signals(view),
        log: incident.log.iter().filter_map(log_entry).collect(),
        attempts: transfers.iter().map(|(id, transfer)| attempt(policy, incident, *id, transfer)).collect(),
        transactions: Vec::new(),
        stops: stops(state, incident),
        contacts: contacts(incident),
    };
    Some(Gathered { facts, transfers: transfers.into_iter().map(|(id, _)| id).collect() })
}

/// What a caller reads to the police of an incident; people's real names stand in the dossier alone.
pub fn for_script(view: &IncidentView, organisation: &policy::Organisation) -> ScriptFacts {
    let Incident { id, status, level, opened, call_back, .. } = head(&view.incident);
    ScriptFacts {
        organisation: organisation.name.clone(),
        time_zone: organisation.time_zone.iana_name().unwrap_or("UTC").to_owned(),
        incident: id,
        status,
        level,
        sign: signals(view).last().map(|signal| signal.sign),
        since: opened,
        call_back,
        person: None,
    }
}

impl Gathered {
    /// With the transactions, in order, and signed. Blocks.
    ///
    /// # Errors
    /// Facts without a canonical form, which cannot happen to ours.
    pub fn sign(mut self, engine: &Engine) -> Result<SignedFacts, FactsError> {
        let ids = std::mem::take(&mut self.transfers);
        self.facts.transactions = ids.into_iter().flat_map(|id| transactions(engine, id)).collect();
        let facts = self.facts.in_order();
        let key = engine.secrets().checkpoint();
        let signature = key.sign(&facts.digest()?.0).to_bytes();
        Ok(SignedFacts { facts, key: key.verifying_key().to_bytes(), signature })
    }
}

/// Whether it shows what the attackers want: somebody concerned took part while not free, or it is open and covered.
fn concerns(policy: &Policy, incident: &covert::Incident, transfer: &Transfer) -> bool {
    let is_open = transfer.status.is_open() && incident.closed.is_none();
    is_forced(policy, incident, transfer) || (is_open && is_covered(incident, transfer))
}

fn is_covered(incident: &covert::Incident, transfer: &Transfer) -> bool {
    let approved = transfer.approvals.iter().filter_map(|act| act.by.actor());
    let actors = std::iter::once(&transfer.payload.initiator).chain(approved).collect();
    incident.covers(&covert::Matter { vault: Some(&transfer.payload.vault), actors })
}

fn is_forced(policy: &Policy, incident: &covert::Incident, transfer: &Transfer) -> bool {
    let not_free =
        |act: &overt::Act| act.by.actor().is_some_and(|by| took_part(policy, incident, by, act.at));
    not_free(&transfer.submitted) || transfer.approvals.iter().any(not_free)
}

/// A service is as free as those who operate it.
fn took_part(policy: &Policy, incident: &covert::Incident, by: &ActorId, at: Timestamp) -> bool {
    let is_over = incident.closed.is_some_and(|closed| at > closed);
    let held = |person: &str| incident.subjects.get(person).is_some_and(|subject| at > subject.from);
    let service = policy.services().iter().find(|service| service.id.as_str() == by.as_str());
    let operated = service.is_some_and(|service| service.operated_by.iter().any(|by| held(by.as_str())));
    !is_over && (held(by.as_str()) || operated)
}

fn head(incident: &covert::Incident) -> Incident {
    let cover = match &incident.cover {
        covert::Cover::Organisation => Cover::Organisation,
        covert::Cover::Narrowed { vaults, people } => Cover::Narrowed {
            vaults: vaults.iter().cloned().collect(),
            people: people.iter().cloned().collect(),
        },
    };
    Incident {
        id: incident.number,
        status: match incident.status {
            covert::Status::Actual => Status::Actual,
            covert::Status::Exercise => Status::Exercise,
        },
        level: match incident.level {
            covert::Level::Verify => Level::Verify,
            covert::Level::Confirmed => Level::Confirmed,
        },
        procedure: incident.procedure.map(procedure),
        opened: incident.opened,
        closed: incident.closed,
        call_back: incident.call_back.clone(),
        cover,
    }
}

const fn procedure(procedure: covert::Procedure) -> Kind {
    match procedure {
        covert::Procedure::HomeInvasion => Kind::HomeInvasion,
        covert::Procedure::Abduction => Kind::Abduction,
        covert::Procedure::RelativeTaken => Kind::RelativeTaken,
        covert::Procedure::RemoteExtortion => Kind::RemoteExtortion,
        covert::Procedure::WrongAddress => Kind::WrongAddress,
    }
}

fn subjects(policy: &Policy, incident: &covert::Incident) -> Vec<Subject> {
    let subject = |(person, found): (&PersonId, &covert::Subject)| {
        let places = policy.person(person).map(|person| person.places.clone()).unwrap_or_default();
        Subject { person: person.clone(), found: found.found, from: found.from, places }
    };
    incident.subjects.iter().map(subject).collect()
}

fn signals(view: &IncidentView) -> Vec<Signal> {
    let is_drill = view.incident.status == covert::Status::Exercise;
    let signal = |signal: &covert::Signal| {
        let (told_by, heard) = match &signal.told_by {
            Some(covert::Teller::Responder { by, heard }) => (Some(by.to_string()), Some(*heard)),
            Some(covert::Teller::Protected(caller)) => (Some(caller.to_string()), None),
            Some(covert::Teller::Panel(panel)) => (Some(panel.to_string()), None),
            None => (None, None),
        };
        let sign = if is_drill { Sign::Drill } else { sign(signal.kind) };
        Signal { at: signal.at, who: signal.who.clone(), sign, told_by, heard }
    };
    view.signals.iter().map(|(_, found)| signal(found)).collect()
}

const fn sign(kind: covert::SignalKind) -> Sign {
    match kind {
        covert::SignalKind::SignIn => Sign::SignIn,
        covert::SignalKind::Act => Sign::Act,
        covert::SignalKind::Judgement => Sign::Judgement,
        covert::SignalKind::CodeWord => Sign::CodeWord,
        covert::SignalKind::Relative => Sign::ProtectedPerson,
        covert::SignalKind::MissedCheckIn => Sign::MissedCheckIn,
        covert::SignalKind::Panel => Sign::Panel,
    }
}

fn log_entry(entry: &covert::Entry) -> Option<LogEntry> {
    let system = |at, act| Some(LogEntry { at, by: None, act });
    match &entry.what {
        What::Signal(_) => None,
        What::Handed { call, at } => {
            system(*at, Act::Delivered { channel: call.channel.clone(), to: call.to.clone() })
        }
        What::Replied(by) => Some(LogEntry { at: entry.at, by: Some(by.clone()), act: Act::Replied }),
        What::Closed => system(entry.at, Act::Closed),
        What::Acted { by, command } => {
            done(command).map(|act| LogEntry { at: entry.at, by: Some(by.clone()), act })
        }
    }
}

fn done(command: &Command) -> Option<Act> {
    Some(match command {
        Command::Acknowledge { from, .. } => Act::Acknowledged { from: from.clone() },
        Command::Implicate { person, since, .. } => Act::Implicated { person: person.clone(), since: *since },
        Command::Narrow { .. } => Act::NarrowingEndorsed,
        Command::Clear { .. } => Act::ClearEndorsed,
        Command::EndClear { .. } => Act::ClearEnded,
        Command::Follow { procedure: kind, .. } => Act::Procedure { procedure: procedure(*kind) },
        Command::Step { step, done, .. } => Act::Step { step: step.clone(), done: *done },
        Command::Note { text, .. } => Act::Note { text: text.clone() },
        Command::Called { whom, note, .. } => Act::Called { whom: callee(whom), note: note.clone() },
        Command::CalledBack { person, all_clear, private, .. } => {
            Act::CalledBack { person: person.clone(), all_clear: *all_clear, private: *private }
        }
        Command::HandOver { to, .. } => Act::HandedOver { to: to.clone() },
        Command::Await { until, .. } => Act::Awaited { until: *until },
        Command::Opened { person, revision, .. } => {
            Act::DossierOpened { person: person.clone(), revision: *revision }
        }
        Command::EndDrill { .. } => Act::Closed,
        Command::Object { .. }
        | Command::Report { .. }
        | Command::EndPause { .. }
        | Command::Schedule { .. }
        | Command::CheckIn
        | Command::EndSchedule
        | Command::Drill { .. }
        | Command::Override { .. } => return None,
    })
}

fn callee(whom: &covert::Callee) -> response::Callee {
    match whom {
        covert::Callee::Police => response::Callee::Police,
        covert::Callee::Person(person) => response::Callee::Person(person.clone()),
        covert::Callee::Other(name) => response::Callee::Other(name.clone()),
    }
}

fn attempt(policy: &Policy, incident: &covert::Incident, id: TransferId, transfer: &Transfer) -> Attempt {
    let payload = &transfer.payload;
    let approval = |act: &overt::Act| {
        let by = PersonId::parse(act.by.actor()?.as_str()).ok()?;
        Some(Approval { by, at: act.at })
    };
    let output = |output: &types::Output| {
        let (address, vault) = match &output.target {
            Target::Address(address) => (Some(address.clone()), None),
            Target::Vault(vault) => (None, Some(vault.clone())),
        };
        Output { address, vault, amount: output.amount }
    };
    let is_pending = transfer.status.is_open();
    Attempt {
        transfer: id.0,
        at: transfer.submitted.at,
        by: payload.initiator.clone(),
        vault: payload.vault.clone(),
        outputs: payload.outputs.iter().map(output).collect(),
        max_fee: payload.max_fee,
        value: None,
        memo: payload.memo.clone(),
        reference: payload.reference.clone(),
        approvals: transfer.approvals.iter().filter_map(approval).collect(),
        permits: transfer.standings.iter().map(|standing| standing.permit.clone()).collect(),
        held_until: transfer.ready_at.filter(|_| is_pending),
        status: attempt_status(&transfer.shown_status()),
        since: transfer.since,
        forced: is_forced(policy, incident, transfer),
    }
}

const fn attempt_status(status: &overt::Status) -> AttemptStatus {
    match status {
        overt::Status::Pending => AttemptStatus::Pending,
        overt::Status::Ready | overt::Status::Signing => AttemptStatus::Ready,
        overt::Status::Signed { .. } => AttemptStatus::Signed,
        overt::Status::Confirmed { .. } => AttemptStatus::Confirmed,
        overt::Status::Declined => AttemptStatus::Declined,
        overt::Status::Expired => AttemptStatus::Expired,
        overt::Status::Cancelled => AttemptStatus::Cancelled,
    }
}

fn stops(state: &State, incident: &covert::Incident) -> Vec<Stop> {
    let matters = |stop: &overt::Stop| stop.lifted.is_none_or(|(at, _)| at >= incident.opened);
    let stop = |stop: &overt::Stop| Stop {
        at: stop.placed.at,
        scope: match &stop.scope {
            overt::Scope::Transfer(id) => StopScope::Transfer(id.0),
            overt::Scope::Vault(vault) => StopScope::Vault(vault.clone()),
            overt::Scope::Person(actor) => StopScope::Person(actor.clone()),
            overt::Scope::Organisation => StopScope::Organisation,
        },
        by: stop.placed.by.actor().map(ToString::to_string),
        reason: stop.reason.clone(),
        lifted: stop.lifted.map(|(at, _)| at),
    };
    let stops = state.overt().stops().map(|(_, found)| found);
    stops.filter(|found| matters(found)).map(stop).collect()
}

fn contacts(incident: &covert::Incident) -> Vec<Contact> {
    let mut contacts: Vec<Contact> = Vec::new();
    for (person, since) in &incident.acknowledged {
        if !contacts.iter().any(|contact| contact.person == *person) {
            let leads = incident.lead.as_ref() == Some(person);
            contacts.push(Contact { person: person.clone(), leads, since: *since });
        }
    }
    contacts
}

/// The transactions of a transfer whose signing began, and what is public of them.
fn transactions(engine: &Engine, id: TransferId) -> Vec<Transaction> {
    // Without the journal's answer the transactions are named and not shown.
    let public = engine.waiting_transactions(id).unwrap_or_default();
    engine.read(|state| {
        let (Some(policy), Some(transfer)) = (state.overt().policy(), state.overt().transfer(id)) else {
            return Vec::new();
        };
        let vault = policy.vault(&transfer.payload.vault);
        let Some(Chain::Bitcoin(network)) = vault.map(|vault| vault.chain) else { return Vec::new() };
        let network = crate::coins::network_of(network);
        let signed = transfer.signings.iter().filter(|signing| signing.signed);
        signed.map(|signing| transaction((id, transfer), signing, (network, &public))).collect()
    })
}

fn transaction(
    (id, transfer): (TransferId, &Transfer),
    signing: &overt::Signing,
    (network, public): (bitcoin::Network, &[bitcoin::Transaction]),
) -> Transaction {
    let txid = txid_text(signing.spend.txid);
    let found = public.iter().find(|transaction| transaction.compute_txid().to_string() == txid);
    let outputs = found.map(|transaction| outputs(transfer, transaction, network));
    let standing = |hash: Hash| hash == signing.spend.txid;
    let status = match &transfer.status {
        overt::Status::Confirmed { txid } if standing(*txid) => TransactionStatus::Confirmed,
        overt::Status::Confirmed { .. } => TransactionStatus::Replaced,
        _ => TransactionStatus::Signed,
    };
    Transaction {
        transfer: id.0,
        txid,
        chain: format!("bitcoin:{network}"),
        vault: transfer.payload.vault.clone(),
        at: signing.at,
        raw: found.map(serialize_hex),
        outputs: outputs.unwrap_or_default(),
        status,
        since: transfer.since.max(signing.at),
    }
}

fn outputs(
    transfer: &Transfer,
    transaction: &bitcoin::Transaction,
    network: bitcoin::Network,
) -> Vec<TransactionOutput> {
    let approved: Vec<&str> = transfer
        .payload
        .outputs
        .iter()
        .filter_map(|output| match &output.target {
            Target::Address(address) => Some(address.as_str()),
            Target::Vault(_) => None,
        })
        .collect();
    let output = |output: &bitcoin::TxOut| {
        let address = Address::from_script(&output.script_pubkey, network).ok()?.to_string();
        let ours = !approved.contains(&address.as_str());
        let units = u128::from(output.value.to_sat());
        Some(TransactionOutput {
            address,
            amount: types::Amount { asset: transfer.payload.max_fee.asset, units },
            ours,
        })
    };
    transaction.output.iter().filter_map(output).collect()
}
