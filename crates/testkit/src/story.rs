//! A story: what people do, in order, as data that can be played, changed, shortened and told in plain words.

use std::fmt::Write;

use types::{ActorId, Amount, Currency, Identified, Nonce, Output, Payload, Target, VaultId};

use crate::org::{ADDRESSES, Actor, NAMES, PROTECTED, VAULTS};

/// Where an output goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum To {
    /// An address, by number.
    Address(usize),
    /// A vault, by number.
    Vault(usize),
}

/// A transfer that somebody may submit.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// From which vault; a number beyond the last is one that does not exist.
    pub vault: usize,
    /// Whose name it bears.
    pub initiator: Actor,
    /// In euros (cents) or bitcoin (satoshi).
    pub in_euros: bool,
    /// To whom, how many units.
    pub outputs: Vec<(To, u128)>,
    /// The most that the network may be paid.
    pub fee: u128,
    /// With its id.
    pub identified: Identified,
}

impl Transfer {
    /// With its id, from the number that makes it unique.
    ///
    /// # Panics
    /// Never: the names are names.
    #[must_use]
    pub fn new(number: usize, sum: (usize, bool, u128), initiator: Actor, outputs: Vec<(To, u128)>) -> Self {
        let (vault, in_euros, fee) = sum;
        let asset = Currency::parse(if in_euros { "EUR" } else { "BTC" }).expect("a currency");
        let vault_id =
            |vault: usize| VaultId::parse(VAULTS.get(vault).unwrap_or(&"nowhere")).expect("a name");
        let target = |to: To| match to {
            To::Address(address) => Target::Address(ADDRESSES[address].into()),
            To::Vault(vault) => Target::Vault(vault_id(vault)),
        };
        let output =
            |(to, units): &(To, u128)| Output { target: target(*to), amount: Amount::new(asset, *units) };
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&(number as u64).to_be_bytes());
        let payload = Payload {
            vault: vault_id(vault),
            initiator: ActorId::parse(initiator.name()).expect("a name"),
            nonce: Nonce(nonce),
            outputs: outputs.iter().map(output).collect(),
            max_fee: Amount::new(asset, fee),
            memo: String::new(),
            reference: String::new(),
            refresh: false,
        };
        let identified = payload.identify().expect("a payload");
        Self { vault, initiator, in_euros, outputs, fee, identified }
    }
}

/// What a stop blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// A transfer, by number.
    Transfer(usize),
    /// A vault, by number.
    Vault(usize),
    /// A person or service.
    Person(Actor),
    /// Everything.
    Organisation,
}

/// What is proposed. Stops and motions go by the number of the step that made them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proposal {
    /// To lift the stop that a step placed.
    Lift(usize),
    /// To lower the posture.
    Lower(u8),
    /// To put a version in force.
    Change(usize),
    /// To replace a person's credential.
    Replace(usize),
    /// To leave a person's devices nothing but stopping.
    Revoke(usize),
}

/// What a cover is narrowed to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cover {
    /// Vaults, by number.
    pub vaults: Vec<usize>,
    /// People, by number.
    pub people: Vec<usize>,
}

/// What somebody does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// Time passes: nanoseconds by the steady clock and by civil time.
    Wait(u64, i64),
    /// The server starts again; civil time has moved by so many nanoseconds.
    Restart(i64),
    /// Everything is restored from a snapshot.
    Snapshot,
    /// The feed reports a price, in whole euros for a bitcoin.
    Price(u64),
    /// A sign-in.
    SignIn,
    /// A transfer is submitted.
    Submit(usize),
    /// A transaction is brought: inputs by number, whether complete.
    Attach(usize, Vec<usize>, bool),
    /// A transfer is approved.
    Approve(usize),
    /// A transfer is cancelled.
    Cancel(usize),
    /// Something is stopped.
    Stop(Scope),
    /// The posture is raised.
    Raise(u8),
    /// A motion.
    Propose(Proposal),
    /// The motion that a step proposed is endorsed.
    Endorse(usize),
    /// The motion that a step proposed is ended.
    End(usize),
    /// Somebody hands in the own dossier: so many revisions beyond the next.
    KeepDossier(u32),
    /// The signature was made; `true`: with another transaction's id than agreed.
    Signed(usize, bool),
    /// The chain shows it.
    Confirmed(usize),
    /// Covert: an objection to a transfer.
    Object(usize),
    /// Covert: a responder reports a person.
    Report(usize),
    /// Covert: a responder acknowledges an incident.
    Acknowledge(u32),
    /// Covert: a responder implicates a person since so many seconds ago.
    Implicate(u32, usize, u64),
    /// Covert: a responder endorses a narrower cover.
    Narrow(u32, Cover),
    /// Covert: a responder writes down that a person concerned was called back in private and gave the all-clear.
    CallBack(u32, usize),
    /// Covert: a responder endorses the clear.
    Clear(u32),
    /// Covert: a responder ends the clear.
    EndClear(u32),
    /// Covert: a responder begins a drill, with this person in danger.
    Drill(usize),
    /// Covert: somebody presses the button of a home.
    Button(usize),
    /// Covert: the oldest undelivered signal is delivered.
    Deliver,
    /// Covert: somebody presses on an alarm page: whose link, if anybody's; an alarm, or a stop.
    Press(Option<usize>, bool),
    /// Covert: a responder endorses that a protected person's stop ends.
    EndPause(usize),
    /// Own: somebody schedules check-ins: every so many seconds, the first in so many, with so much grace.
    Schedule(u64, u64, u64),
    /// Own: somebody checks in.
    CheckIn,
    /// Own: somebody ends their schedule.
    EndSchedule,
}

impl What {
    /// Whether it travels on the covert lane.
    #[must_use]
    pub const fn is_covert(&self) -> bool {
        matches!(
            self,
            Self::Object(_)
                | Self::Report(_)
                | Self::Acknowledge(_)
                | Self::Implicate(..)
                | Self::Narrow(..)
                | Self::CallBack(..)
                | Self::Clear(_)
                | Self::EndClear(_)
                | Self::Drill(_)
                | Self::Button(_)
                | Self::Deliver
                | Self::Press(..)
                | Self::EndPause(_)
        ) || self.is_own()
    }

    /// Whether its author sees what comes of it, although it travels on the covert lane.
    #[must_use]
    pub const fn is_own(&self) -> bool {
        matches!(self, Self::Object(_) | Self::Schedule(..) | Self::CheckIn | Self::EndSchedule)
    }

    /// Whether a person or service does it, with a credential.
    #[must_use]
    pub const fn is_command(&self) -> bool {
        !matches!(
            self,
            Self::Wait(..)
                | Self::Restart(_)
                | Self::Snapshot
                | Self::Price(_)
                | Self::Signed(..)
                | Self::Confirmed(_)
                | Self::Deliver
                | Self::Press(..)
                | Self::Button(_)
        )
    }
}

/// One step. Its number is its name: removing another does not change what it refers to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Its number.
    pub number: usize,
    /// Who.
    pub by: Actor,
    /// What.
    pub what: What,
    /// Whether with a panic phrase.
    pub duress: bool,
    /// An idempotency key.
    pub key: Option<u8>,
}

/// A whole story.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// Transfers, by number.
    pub transfers: Vec<Transfer>,
    /// Steps, in order.
    pub steps: Vec<Step>,
}

impl Step {
    /// In plain words.
    #[must_use]
    pub fn tell(&self, story: &Story) -> String {
        let mut text = String::new();
        if self.what.is_command() {
            text.push_str(self.by.name());
            text.push_str(if self.duress { " (panic phrase) " } else { " " });
        }
        let told = match &self.what {
            What::Wait(steady, wall) if i64::try_from(*steady) == Ok(*wall) => {
                format!("{} pass", span(*steady))
            }
            What::Wait(steady, wall) => format!("{} pass, but civil time moves by {wall} ns", span(*steady)),
            What::Restart(wall) => format!("the server restarts, civil time {} s on", wall / 1_000_000_000),
            What::Snapshot => "the state is restored from a snapshot".into(),
            What::Price(rate) => format!("the feed says 1 BTC = {rate} EUR"),
            What::SignIn => "signs in".into(),
            What::Submit(number) => format!("submits T{number}: {}", tell_transfer(story, *number)),
            What::Attach(number, inputs, complete) => {
                format!("brings a transaction for T{number}, inputs {inputs:?}, complete: {complete}")
            }
            What::Approve(number) => format!("approves T{number}"),
            What::Cancel(number) => format!("cancels T{number}"),
            What::Stop(scope) => format!("stops {scope:?}"),
            What::Raise(to) => format!("raises the posture to {to}"),
            What::Propose(proposal) => format!("proposes {proposal:?} as M{}", self.number),
            What::Endorse(motion) => format!("endorses M{motion}"),
            What::End(motion) => format!("ends M{motion}"),
            What::KeepDossier(beyond) => format!("hands in a dossier, {beyond} beyond the next revision"),
            What::Signed(number, wrong) => {
                format!("the co-signer signs T{number}{}", if *wrong { " (another transaction)" } else { "" })
            }
            What::Confirmed(number) => format!("the chain confirms T{number}"),
            What::Object(number) => format!("objects to T{number}"),
            What::Report(person) => format!("reports that {} is in danger", NAMES[*person]),
            What::Acknowledge(incident) => format!("acknowledges incident {incident}"),
            What::Implicate(incident, person, ago) => {
                format!("adds {} to incident {incident} since {ago} s ago", NAMES[*person])
            }
            What::Narrow(incident, cover) => format!("narrows incident {incident} to {cover:?}"),
            What::CallBack(incident, person) => {
                format!("calls {} back for incident {incident}", NAMES[*person])
            }
            What::Drill(person) => format!("begins a drill about {}", NAMES[*person]),
            What::Button(home) => format!("at home {home} somebody presses the button"),
            What::Clear(incident) => format!("endorses the clear of incident {incident}"),
            What::EndClear(incident) => format!("ends the clear of incident {incident}"),
            What::Deliver => "a signal is delivered".into(),
            What::Press(whose, alarm) => {
                let whose = whose.map_or("nobody", |whose| PROTECTED[whose]);
                format!(
                    "on the page of {whose} somebody {}",
                    if *alarm { "calls" } else { "asks for a stop" }
                )
            }
            What::EndPause(whose) => format!("endorses the end of {}'s stop", PROTECTED[*whose]),
            What::Schedule(every, next, grace) => {
                format!("schedules check-ins every {every} s, from {next} s on, {grace} s late at most")
            }
            What::CheckIn => "checks in".into(),
            What::EndSchedule => "ends the schedule".into(),
        };
        text.push_str(&told);
        if let Some(key) = self.key {
            let _ = write!(text, " [key {key}]");
        }
        text
    }
}

fn tell_transfer(story: &Story, number: usize) -> String {
    let Some(transfer) = story.transfers.get(number) else { return "?".into() };
    let unit = if transfer.in_euros { "cents" } else { "sat" };
    format!(
        "{} -> {:?}, fee {} ({unit}), in the name of {}",
        VAULTS.get(transfer.vault).unwrap_or(&"nowhere"),
        transfer.outputs,
        transfer.fee,
        transfer.initiator.name()
    )
}

fn span(nanos: u64) -> String {
    match (nanos / 1_000_000_000, nanos % 1_000_000_000) {
        (seconds, 0) => format!("{seconds} s"),
        (seconds, rest) => format!("{seconds} s {rest} ns"),
    }
}
