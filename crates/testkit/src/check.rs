//! The guarantees as statements over everything that happened: G1, G4, G5, G6, G7, G8, and that nothing which must move is kept
//! (a gate that declines everything fails). Called by `simulate` and by tests.

use std::collections::BTreeMap;

use gate::Refusal;
use overt::{Event, Reply};

use crate::coverage::{Coverage, Seen};
use crate::ledger::{Act, Entry, InForce, Ledger, Motion, Posture, SECOND, Status, Stop, person_number};
use crate::org::Actor;
use crate::play::{Happening, Trace};
use crate::readings::Reading;
use crate::story::{Cover, Proposal, Scope, Step, Story, What};
use crate::world::World;

/// How a guarantee was broken, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    /// After how many happenings.
    pub at: usize,
    /// What.
    pub what: String,
}

/// Which decisions of a trace were about slow matters: the only places where twins may part (G3).
pub type Slow = Vec<usize>;

/// Checks everything that happened.
///
/// # Errors
/// The first statement that does not hold.
pub fn check(world: &World, story: &Story, trace: &Trace, coverage: &mut Coverage) -> Result<Slow, Broken> {
    if let Some(fault) = trace.faults.first() {
        return Err(Broken { at: trace.happenings.len(), what: fault.clone() });
    }
    let mut checker = Checker {
        ledger: Ledger::new(world, story),
        retries: BTreeMap::new(),
        ids: story.transfers.iter().map(|t| t.identified.id()).zip(0..).collect(),
        motions: BTreeMap::new(),
        now: world.start.as_nanos(),
        recorded: world.start.as_nanos(),
        slow: Vec::new(),
        coverage,
    };
    coverage_of_rebuilds(checker.coverage, trace);
    for (at, happening) in trace.happenings.iter().enumerate() {
        checker.happening(at, happening).map_err(|what| Broken { at, what })?;
    }
    Ok(checker.slow)
}

fn coverage_of_rebuilds(coverage: &mut Coverage, trace: &Trace) {
    coverage.see(Seen::Histories);
    coverage.add(Seen::Rebuilt, trace.rebuilt as u64);
}

struct Checker<'a, 'c> {
    ledger: Ledger<'a>,
    retries: BTreeMap<(Actor, u8), (What, Reply, i64)>,
    ids: BTreeMap<types::TransferId, usize>,
    motions: BTreeMap<overt::MotionId, usize>,
    now: i64,
    recorded: i64,
    slow: Slow,
    coverage: &'c mut Coverage,
}

type Held = Result<(), String>;

fn hold(statement: bool, broken: impl FnOnce() -> String) -> Held {
    if statement { Ok(()) } else { Err(broken()) }
}

impl Checker<'_, '_> {
    fn happening(&mut self, index: usize, happening: &Happening) -> Held {
        let at = happening.at.as_nanos();
        if happening.record.is_some() {
            hold(at >= self.recorded, || "G1 broken: the gate's clock went back".into())?;
            self.recorded = at;
        }
        self.now = at;
        match happening.step {
            None => self.tick(index, happening),
            Some(step) => {
                let step = &self.ledger.story.steps[step].clone();
                self.coverage.see(Seen::Commands);
                if self.nothing_is_overdue()? {
                    self.coverage.see(Seen::JustBefore);
                }
                if step.what.is_covert() {
                    self.covert(step, happening)
                } else {
                    self.overt(index, step, happening)
                }
            }
        }
    }

    /// Before a command everything due has been decided: what must be released is released at its moment.
    /// Tells whether something is due a nanosecond from now.
    fn nothing_is_overdue(&self) -> Result<bool, String> {
        let mut is_near = false;
        for entry in &self.ledger.transfers {
            let due = self.ledger.due_at(entry);
            is_near |= due == Some(self.now + 1);
            hold(due.is_none_or(|due| due > self.now), || {
                format!("liveness broken: T{} was due and is undecided", entry.number)
            })?;
        }
        for motion in self.ledger.motions.iter().filter(|motion| motion.settled.is_none()) {
            let ready = self.ledger.motion_ready(motion, Reading::First);
            is_near |= ready == Some(self.now + 1);
            hold(ready.is_none_or(|ready| ready > self.now), || {
                format!("liveness broken: M{} was due and is undecided", motion.step)
            })?;
        }
        Ok(is_near)
    }

    /// Nothing else that was due earlier is still undecided: decisions come in the order of their moments.
    fn is_first_due(&self, due: i64) -> bool {
        let transfers = self.ledger.transfers.iter().filter_map(|entry| self.ledger.due_at(entry));
        let pending = self.ledger.motions.iter().filter(|motion| motion.settled.is_none());
        let motions = pending.filter_map(|motion| self.ledger.motion_ready(motion, Reading::First));
        transfers.chain(motions).all(|other| other >= due)
    }

    fn act(&self, step: &Step, happening: &Happening) -> Act {
        let number = happening.record.as_ref().map_or(0, |record| record.act.number.0);
        Act { by: step.by, at: self.now, number, duress: step.duress && step.by != Actor::Service }
    }
}

/// Commands of the overt lane.
impl Checker<'_, '_> {
    fn overt(&mut self, index: usize, step: &Step, happening: &Happening) -> Held {
        self.attested(step, happening)?;
        if self.is_retry(step, happening)? {
            return Ok(());
        }
        let ok = happening.outcome.is_ok();
        if let Some(expected) = self.expected(step) {
            hold(ok == expected.is_ok(), || {
                format!(
                    "{}: expected {expected:?}, was told {:?}",
                    step.tell(self.ledger.story),
                    happening.outcome
                )
            })?;
            let code = |refusal: &Refusal| refusal.code();
            hold(expected.err() == happening.outcome.as_ref().err().map(code), || {
                format!("another refusal than {expected:?}: {:?}", happening.outcome)
            })?;
        }
        self.count_refusal(happening);
        let act = self.act(step, happening);
        self.remember_retry(step, happening);
        let Some(record) = &happening.record else { return Ok(()) };
        hold(ok || record.events.is_empty(), || "a refused command has consequences".into())?;
        for event in &record.events {
            self.event(index, step, act, event)?;
        }
        Ok(())
    }

    /// G8: a panic phrase leads to a signal that waits for delivery, whatever becomes of its command. And it is judged first.
    fn attested(&mut self, step: &Step, happening: &Happening) -> Held {
        let Actor::Person(person) = step.by else { return Ok(()) };
        if !step.what.is_command() || !step.duress {
            return Ok(());
        }
        self.coverage.see(Seen::Signals);
        if happening.outcome.is_err() {
            self.coverage.see(Seen::SignalsOnRefused);
        }
        hold(happening.alarmed, || {
            "G8 broken: a panic phrase left no signal that waits for delivery".into()
        })?;
        self.ledger.signal(person, self.now);
        Ok(())
    }

    /// G6: a retry is done once; the same key with another request is refused.
    fn is_retry(&mut self, step: &Step, happening: &Happening) -> Result<bool, String> {
        let Some(key) = step.key.filter(|_| step.what.is_command()) else { return Ok(false) };
        let Some((what, reply, at)) = self.retries.get(&(step.by, key)) else { return Ok(false) };
        if self.now > at + 24 * 3600 * SECOND {
            // Whether an old key is still remembered is not promised.
            let again = happening.record.as_ref().is_some_and(|record| record.repeat.is_some());
            return Ok(!again && happening.outcome.as_ref().ok() == Some(reply)
                || happening.outcome.is_err() && *what != step.what);
        }
        let did = happening.record.as_ref().is_some_and(|record| !record.events.is_empty());
        hold(!did, || "G6 broken: a retry was done again".into())?;
        if *what == step.what {
            hold(happening.outcome.as_ref() == Ok(reply), || "G6 broken: a retry got another reply".into())?;
            self.coverage.see(Seen::Retries);
        } else {
            let code = happening.outcome.as_ref().err().map(Refusal::code);
            hold(code == Some("idempotency-key-reused"), || {
                "G6 broken: a key was used for two commands".into()
            })?;
            self.coverage.see(Seen::KeysReused);
        }
        Ok(true)
    }

    fn remember_retry(&mut self, step: &Step, happening: &Happening) {
        let repeat = happening.record.as_ref().and_then(|record| record.repeat.as_ref());
        if let (Some(key), Some(repeat)) = (step.key, repeat) {
            self.retries.insert((step.by, key), (step.what.clone(), repeat.reply.clone(), self.now));
        }
    }

    fn count_refusal(&mut self, happening: &Happening) {
        match happening.outcome.as_ref().err().map_or("", Refusal::code) {
            "forbidden-by-policy" => self.coverage.see(Seen::Forbidden),
            "limit-reached" => self.coverage.see(Seen::LimitReached),
            "no-permit" => self.coverage.see(Seen::NoPermit),
            "price-unknown" => self.coverage.see(Seen::PriceUnknown),
            "input-reserved" => self.coverage.see(Seen::InputReserved),
            _ => {}
        }
    }

    /// What the author must be told; `None` where DESIGN does not say.
    fn expected(&self, step: &Step) -> Option<Result<(), &'static str>> {
        let ledger = &self.ledger;
        let is_person = ledger.is_person(step.by);
        let person = if let Actor::Person(person) = step.by { person } else { usize::MAX };
        let seen = |number: usize| {
            let entry = ledger.entry(number).map(|entry| &ledger.transfers[entry])?;
            (is_person && ledger.sees(person, entry)).then_some(entry)
        };
        let not_mine = if is_person { "not-found" } else { "not-allowed" };
        Some(match &step.what {
            What::SignIn => Ok(()),
            What::Submit(number) => return Some(self.expected_submission(step, *number)),
            What::Approve(number) => match seen(*number) {
                None => Err(not_mine),
                Some(entry) if entry.status != Status::Pending => Err("too-late"),
                Some(entry) if entry.submitted.by == step.by => Err("own-proposal"),
                Some(entry) if entry.approvals.iter().any(|act| act.by == step.by) => Err("already-approved"),
                Some(_) => Ok(()),
            },
            What::Cancel(number) => match seen(*number) {
                None => Err(not_mine),
                Some(entry) if !matches!(entry.status, Status::Pending | Status::Ready) => Err("too-late"),
                Some(_) => Ok(()),
            },
            What::Stop(Scope::Transfer(number)) => seen(*number).map(|_| ()).ok_or(not_mine),
            What::Stop(Scope::Person(Actor::Stranger)) if is_person => Err("not-found"),
            What::Stop(_) => is_person.then_some(()).ok_or("not-allowed"),
            What::Raise(to) if is_person => (*to > ledger.posture()).then_some(()).ok_or("posture-unchanged"),
            What::Raise(_) => Err("not-allowed"),
            What::End(_) | What::Endorse(_) | What::Propose(_) if !is_person => Err("not-allowed"),
            What::End(step) => match ledger.motion(*step).map(|motion| &ledger.motions[motion]) {
                None => Err("not-found"),
                Some(motion) if motion.settled.is_some() => Err("too-late"),
                Some(_) => Ok(()),
            },
            What::Endorse(motion) => match ledger.motion(*motion).map(|motion| &ledger.motions[motion]) {
                None => Err("not-found"),
                Some(motion) if motion.settled.is_some() => Err("too-late"),
                Some(motion)
                    if matches!(motion.proposal, Proposal::Change(_)) && motion.proposed.by == step.by =>
                {
                    Err("own-proposal")
                }
                Some(motion) if motion.endorsements.iter().any(|act| act.by == step.by) => {
                    Err("already-approved")
                }
                Some(_) => Ok(()),
            },
            What::Propose(Proposal::Lift(stop)) => match ledger.stop(*stop).map(|stop| ledger.stops[stop]) {
                None => Err("not-found"),
                Some(stop) if stop.lifted.is_some() => Err("too-late"),
                Some(_) => Ok(()),
            },
            What::Propose(Proposal::Lower(to)) => {
                (*to < ledger.posture()).then_some(()).ok_or("posture-unchanged")
            }
            What::Propose(Proposal::Change(_)) => Ok(()),
            What::Attach(number, inputs, _) => return Some(self.expected_attachment(step, *number, inputs)),
            What::Signed(number, wrong) => return self.expected_signature(*number, *wrong),
            _ => return None,
        })
    }

    fn expected_submission(&self, step: &Step, number: usize) -> Result<(), &'static str> {
        let ledger = &self.ledger;
        let transfer = &ledger.story.transfers[number];
        let exists = match step.by {
            Actor::Person(_) => ledger.is_person(step.by),
            Actor::Service => true,
            Actor::Stranger => false,
        };
        if transfer.initiator != step.by || !exists {
            return Err("not-allowed");
        }
        if ledger.entry(number).is_some() {
            return Err("duplicate");
        }
        if transfer.vault > 1 {
            return Err("not-found");
        }
        if transfer.vault == 1 && transfer.in_euros {
            return Err("wrong-asset");
        }
        let act = Act { by: step.by, at: self.now, number: u64::MAX - 1, duress: false };
        let Some(entry) = self.entry(number, act) else { return Err("price-unknown") };
        let policy = &ledger.current().policy;
        if ledger.is_forbidden(policy, &entry) {
            return Err("forbidden-by-policy");
        }
        if !ledger.limits_hold(policy, &entry, Reading::First) {
            return Err("limit-reached");
        }
        if entry.matched.is_empty() { Err("no-permit") } else { Ok(()) }
    }

    /// What a submission is worth and which permits match, worked out here.
    fn entry(&self, number: usize, act: Act) -> Option<Entry> {
        let ledger = &self.ledger;
        let transfer = &ledger.story.transfers[number];
        let cents = |units: u128| ledger.cents(transfer.in_euros, units, self.now);
        let outputs: Option<Vec<_>> =
            transfer.outputs.iter().map(|(to, units)| cents(*units).map(|cents| (*to, cents))).collect();
        let outputs = outputs?;
        let fee = cents(transfer.fee)?;
        let mut entry = Entry {
            number,
            submitted: act,
            value: fee + outputs.iter().map(|(_, value)| value).sum::<u128>(),
            fee,
            outputs,
            matched: Vec::new(),
            approvals: Vec::new(),
            status: Status::Pending,
            settled: None,
            ended: None,
            cancelled: None,
            expires_at: 0,
            spend: None,
            signed: None,
        };
        let policy = &ledger.current().policy;
        let matching = policy.permits.iter().filter(|p| ledger.matches(policy, p, &entry, Reading::First));
        let life = matching.clone().map(|permit| permit.expires).max().unwrap_or(0);
        let matched = matching.map(|permit| permit.name).collect();
        entry.expires_at = self.now + life as i64 * SECOND;
        entry.matched = matched;
        Some(entry)
    }

    fn expected_attachment(&self, step: &Step, number: usize, inputs: &[usize]) -> Result<(), &'static str> {
        let ledger = &self.ledger;
        let entry = ledger.entry(number).map(|entry| &ledger.transfers[entry]);
        let own = entry.is_some_and(|entry| entry.submitted.by == step.by);
        let entry = match (entry, step.by) {
            (Some(entry), _) if own => entry,
            (_, by) if !ledger.is_person(by) => return Err("not-allowed"),
            (Some(entry), Actor::Person(person)) if ledger.sees(person, entry) => entry,
            _ => return Err("not-found"),
        };
        if !matches!(entry.status, Status::Pending | Status::Ready) {
            return Err("too-late");
        }
        let exists = |input: &usize| *input < crate::world::COINS && !ledger.spent.contains(input);
        if ledger.transfer(entry).vault != 1 || inputs.is_empty() || !inputs.iter().all(exists) {
            return Err("input-unknown");
        }
        let reserved = inputs.iter().any(|input| ledger.reserved.contains_key(input));
        if reserved { Err("input-reserved") } else { Ok(()) }
    }

    /// G6: one transaction for one transfer, the one that was agreed.
    fn expected_signature(&self, number: usize, wrong: bool) -> Option<Result<(), &'static str>> {
        let entry = self.ledger.entry(number).map(|entry| &self.ledger.transfers[entry]);
        let Some(entry) = entry else { return Some(Err("not-found")) };
        match entry.status {
            Status::Signing if wrong && self.ledger.transfer(entry).vault == 1 => Some(Err("spend-mismatch")),
            Status::Signing => Some(Ok(())),
            Status::Signed | Status::Confirmed => None,
            _ => Some(Err("too-late")),
        }
    }
}

/// Consequences.
impl Checker<'_, '_> {
    fn find(&self, id: types::TransferId) -> Result<usize, String> {
        let number = self.ids.get(&id).ok_or_else(|| "an unknown transfer".to_owned())?;
        self.ledger.entry(*number).ok_or_else(|| format!("T{number} was never submitted"))
    }

    fn find_motion(&self, id: overt::MotionId) -> Result<usize, String> {
        self.motions.get(&id).copied().ok_or_else(|| "an unknown motion".to_owned())
    }

    fn event(&mut self, index: usize, step: &Step, act: Act, event: &Event) -> Held {
        match event {
            Event::Submitted { transfer, .. } => {
                let number = self.ids.get(transfer).copied().ok_or("an unknown transfer")?;
                let entry = self.entry(number, act).ok_or("submitted without a price")?;
                self.coverage.see(Seen::Submitted);
                self.ledger.transfers.push(entry);
            }
            Event::Attached { transfer, spend } => {
                let entry = self.find(*transfer)?;
                let What::Attach(_, inputs, _) = &step.what else {
                    return Err("a transaction from nowhere".into());
                };
                self.ledger.transfers[entry].spend = Some((inputs.clone(), spend.complete));
            }
            Event::Approved { transfer } => {
                let entry = self.find(*transfer)?;
                self.ledger.transfers[entry].approvals.push(act);
            }
            Event::Cancelled { transfer } => {
                let entry = self.find(*transfer)?;
                self.coverage.see(Seen::Cancelled);
                self.ledger.transfers[entry].cancelled = Some(act);
                self.ledger.settle(entry, Status::Ended, act.at, act.number);
            }
            Event::Stopped { .. } => {
                let What::Stop(scope) = step.what else { return Err("a stop from nowhere".into()) };
                self.coverage.see(Seen::Stops);
                self.ledger.stops.push(Stop { scope, step: Some(step.number), lifted: None });
            }
            Event::Raised { .. } => {
                let What::Raise(to) = step.what else { return Err("a raise from nowhere".into()) };
                self.ledger.postures.push(Posture { to, number: act.number, lowered_by: None });
            }
            Event::Proposed { motion, .. } => {
                let What::Propose(proposal) = step.what else { return Err("a motion from nowhere".into()) };
                self.motions.insert(*motion, self.ledger.motions.len());
                let motion = Motion {
                    step: step.number,
                    proposal,
                    proposed: act,
                    endorsements: Vec::new(),
                    settled: None,
                    passed: false,
                };
                self.ledger.motions.push(motion);
            }
            Event::Endorsed { motion } => {
                let motion = self.find_motion(*motion)?;
                self.ledger.motions[motion].endorsements.push(act);
            }
            Event::Ended { motion } => {
                let motion = self.find_motion(*motion)?;
                self.coverage.see(Seen::MotionsEnded);
                self.ledger.motions[motion].settled = Some((act.at, act.number));
            }
            Event::Priced(_) => {
                let What::Price(rate) = step.what else { return Err("a price from nowhere".into()) };
                self.ledger.prices.push((act.at, rate));
            }
            Event::Signed { transfer, .. } => {
                let entry = self.find(*transfer)?;
                self.coverage.see(Seen::Signed);
                self.ledger.settle(entry, Status::Signed, act.at, act.number);
                self.ledger.transfers[entry].signed = Some(act.at);
            }
            Event::Confirmed { transfer, .. } => {
                let entry = self.find(*transfer)?;
                let was = self.ledger.transfers[entry].status;
                hold(was == Status::Signed, || "G6 broken: confirmed without a signature".into())?;
                self.ledger.settle(entry, Status::Confirmed, act.at, act.number);
                let spend = self.ledger.transfers[entry].spend.clone();
                self.ledger.spent.extend(spend.into_iter().flat_map(|(inputs, _)| inputs));
            }
            Event::SigningBegan { transfer } => self.signing(index, self.find(*transfer)?, act)?,
            Event::Declined { transfer } => {
                let entry = self.find(*transfer)?;
                hold(self.ledger.transfers[entry].status == Status::Ready, || "declined out of turn".into())?;
                self.coverage.see(Seen::DeclinedAtSignature);
                self.declined(index, entry, act)?;
            }
            other => return Err(format!("a command led to {other:?}")),
        }
        Ok(())
    }

    /// G1, G4 and liveness: the decision is exactly what both readings of the book say.
    fn decide(&mut self, index: usize, entry: usize, released: bool) -> Held {
        let ledger = &self.ledger;
        let entry = &ledger.transfers[entry];
        let transfer = ledger.transfer(entry);
        let first = ledger.allows(entry, self.now, Reading::First);
        let second = ledger.allows(entry, self.now, Reading::Second);
        let actors: Vec<Actor> =
            std::iter::once(entry.submitted.by).chain(entry.approvals.iter().map(|act| act.by)).collect();
        let covered = ledger.is_covered(Some(transfer.vault), &actors);
        let objected = ledger.objected.contains(&entry.number);
        let name = format!("T{}", entry.number);
        if first.allowed && !first.quick {
            self.slow.push(index);
        }
        if released {
            hold(first.allowed, || format!("G1 broken: {name} was released against the overt rules"))?;
            hold(!objected, || format!("G5 broken: {name} was released against an objection"))?;
            hold(first.quick || !covered, || {
                format!("G4 broken: {name} was released though an incident covers it")
            })?;
            hold(first.quick || second.allowed, || {
                format!("G4 broken: {name} was released though free people's acts do not suffice")
            })?;
        } else {
            let must = first.allowed && !objected && (first.quick || (second.allowed && !covered));
            hold(!must, || format!("liveness broken: {name} was declined though everything allows it"))?;
        }
        self.count_decision(entry.number, released, (first.allowed, first.quick), (covered, objected));
        Ok(())
    }

    fn count_decision(&mut self, number: usize, released: bool, first: (bool, bool), covert: (bool, bool)) {
        let (allowed, quick) = first;
        let (covered, objected) = covert;
        let open = self.ledger.incidents.iter().filter(|incident| incident.closed.is_none());
        let (open, closed) = (open.count(), self.ledger.incidents.iter().any(|i| i.closed.is_some()));
        let entry = self.ledger.entry(number).map(|entry| &self.ledger.transfers[entry]);
        let known = entry.is_some_and(|entry| entry.matched.contains(&"known"));
        let by_service = entry.is_some_and(|entry| entry.submitted.by == Actor::Service);
        if released && known {
            self.coverage.see(Seen::KnownMatched);
        }
        self.coverage.see(match (released, quick) {
            (true, true) => Seen::QuickReleased,
            (true, false) => Seen::SlowReleased,
            (false, _) if !allowed => Seen::DeclinedOvertly,
            (false, _) if objected => Seen::DeclinedByObjection,
            (false, _) if covered => Seen::DeclinedByCover,
            (false, _) => Seen::DeclinedByTaint,
        });
        match (released, quick) {
            (true, true) if open > 0 => self.coverage.see(Seen::QuickInIncident),
            (true, false) if open > 0 => self.coverage.see(Seen::SlowReleasedWhenNarrowed),
            (true, false) if closed => self.coverage.see(Seen::SlowReleasedAfterIncident),
            (false, false) if allowed && !objected && !covered && by_service => {
                self.coverage.see(Seen::ServiceTainted);
            }
            _ => {}
        }
    }

    /// G6: inputs are reserved with the decision, for one transfer alone.
    fn signing(&mut self, index: usize, entry: usize, act: Act) -> Held {
        let found = &self.ledger.transfers[entry];
        let number = found.number;
        hold(found.status == Status::Ready, || format!("G6 broken: T{number} signs without a release"))?;
        hold(self.ledger.can_sign(found), || format!("G6 broken: T{number} signs without its inputs"))?;
        let inputs = found.spend.clone().map(|(inputs, _)| inputs).unwrap_or_default();
        self.decide(index, entry, true)?;
        for input in inputs {
            let holder = self.ledger.reserved.insert(input, number);
            hold(holder.is_none_or(|holder| holder == number), || {
                format!("G6 broken: input {input} is reserved for T{holder:?} and T{number}")
            })?;
        }
        self.ledger.settle(entry, Status::Signing, act.at, act.number);
        Ok(())
    }

    fn declined(&mut self, index: usize, entry: usize, act: Act) -> Held {
        self.decide(index, entry, false)?;
        self.ledger.settle(entry, Status::Ended, act.at, act.number);
        Ok(())
    }
}

/// Ticks: what falls due.
impl Checker<'_, '_> {
    fn tick(&mut self, index: usize, happening: &Happening) -> Held {
        for note in &happening.notes {
            self.closed(note)?;
        }
        let Some(record) = &happening.record else { return Ok(()) };
        let act = Act { by: Actor::Stranger, at: self.now, number: record.act.number.0, duress: false };
        for event in &record.events {
            self.due(index, act, event, &record.events)?;
        }
        Ok(())
    }

    fn due(&mut self, index: usize, act: Act, event: &Event, all: &[Event]) -> Held {
        match event {
            Event::ClockSet { .. } => {}
            Event::Stopped { .. } => {
                self.coverage.see(Seen::ClockJumps);
                self.ledger.stops.push(Stop { scope: Scope::Organisation, step: None, lifted: None });
            }
            Event::Released { transfer } => {
                let entry = self.find(*transfer)?;
                self.ready(entry)?;
                self.decide(index, entry, true)?;
                self.ledger.settle(entry, Status::Ready, act.at, act.number);
                let found = &self.ledger.transfers[entry];
                hold(self.ledger.can_sign(found) == (all.len() == 2), || {
                    format!("liveness broken: T{} does not sign though it could", found.number)
                })?;
            }
            Event::SigningBegan { transfer } => self.signing(index, self.find(*transfer)?, act)?,
            Event::Declined { transfer } => {
                let entry = self.find(*transfer)?;
                self.ready(entry)?;
                self.declined(index, entry, act)?;
            }
            Event::Expired { transfer } => {
                let entry = self.find(*transfer)?;
                let found = &self.ledger.transfers[entry];
                let pending = found.status == Status::Pending && self.ledger.ready_at(found).is_none();
                hold(found.expires_at <= act.at && (pending || found.status == Status::Ready), || {
                    format!("liveness broken: T{} expired though it was ready, or too early", found.number)
                })?;
                hold(self.is_first_due(found.expires_at), || "decided out of order".into())?;
                self.coverage.see(Seen::Expired);
                self.ledger.settle(entry, Status::Ended, act.at, act.number);
            }
            Event::Passed { motion } => self.motion(index, self.find_motion(*motion)?, act, true)?,
            Event::Rejected { motion } => self.motion(index, self.find_motion(*motion)?, act, false)?,
            Event::Lapsed { motion } => {
                let motion = self.find_motion(*motion)?;
                self.ledger.motions[motion].settled = Some((act.at, act.number));
            }
            other => return Err(format!("time alone led to {other:?}")),
        }
        Ok(())
    }

    fn ready(&mut self, entry: usize) -> Held {
        let found = &self.ledger.transfers[entry];
        let ready = self.ledger.ready_at(found);
        hold(found.status == Status::Pending, || format!("T{} was decided twice", found.number))?;
        hold(ready.is_some_and(|ready| ready <= self.now), || {
            format!("G1 broken: T{} was decided before its hold has elapsed ({ready:?})", found.number)
        })?;
        hold(ready.is_some_and(|ready| self.is_first_due(ready)), || "decided out of order".into())?;
        if ready == Some(self.now) {
            self.coverage.see(Seen::AtBoundary);
        }
        Ok(())
    }

    /// G4 and G5: a motion passes exactly when its quorum held for its wait, in both readings, and no incident covers it.
    fn motion(&mut self, index: usize, motion: usize, act: Act, passed: bool) -> Held {
        let ledger = &self.ledger;
        let found = &ledger.motions[motion];
        let name = format!("M{}", found.step);
        hold(found.settled.is_none(), || format!("{name} was decided twice"))?;
        let ready = ledger.motion_ready(found, Reading::First);
        hold(ready.is_some_and(|ready| ready <= self.now), || {
            format!("G5 broken: {name} was decided before its wait")
        })?;
        hold(ready.is_some_and(|ready| self.is_first_due(ready)), || "decided out of order".into())?;
        let first = ledger.motion_allowed(motion, self.now, Reading::First);
        let second = ledger.motion_allowed(motion, self.now, Reading::Second);
        let actors: Vec<Actor> =
            std::iter::once(found.proposed.by).chain(found.endorsements.iter().map(|act| act.by)).collect();
        let covered = ledger.is_covered(None, &actors);
        hold(!passed || first, || format!("G5 broken: {name} passed against the overt rules"))?;
        hold(!passed || (second && !covered), || {
            format!("G4 broken: {name} passed though covered ({covered}) or by tainted acts ({})", !second)
        })?;
        hold(passed || !(first && second && !covered), || format!("liveness broken: {name} was rejected"))?;
        if first {
            self.slow.push(index);
            self.coverage.see(match (passed, found.proposal) {
                (false, _) => Seen::MotionsRejected,
                (true, Proposal::Lift(_)) => Seen::Lifted,
                (true, Proposal::Lower(_)) => Seen::Lowered,
                (true, Proposal::Change(_)) => Seen::ChangesPassed,
            });
        }
        self.settle_motion(motion, act, passed);
        Ok(())
    }

    fn settle_motion(&mut self, motion: usize, act: Act, passed: bool) {
        let found = &mut self.ledger.motions[motion];
        found.settled = Some((act.at, act.number));
        found.passed = passed;
        if !passed {
            return;
        }
        match found.proposal {
            Proposal::Lift(step) => {
                if let Some(stop) = self.ledger.stop(step) {
                    self.ledger.stops[stop].lifted = Some(motion);
                }
            }
            Proposal::Lower(to) => {
                self.ledger.postures.push(Posture { to, number: act.number, lowered_by: Some(motion) });
            }
            Proposal::Change(version) => {
                let in_force = InForce { version, since: act.at, number: act.number, motion: Some(motion) };
                self.ledger.versions.push(in_force);
                // Other changes were drawn up against the policy that is gone.
                let pending = self.ledger.motions.iter_mut().filter(|motion| motion.settled.is_none());
                for other in pending.filter(|other| matches!(other.proposal, Proposal::Change(_))) {
                    other.settled = Some((act.at, act.number));
                }
            }
        }
    }
}

/// The covert lane.
impl Checker<'_, '_> {
    fn covert(&mut self, step: &Step, happening: &Happening) -> Held {
        hold(happening.record.is_none(), || {
            "G3 broken: a covert command left a record in the overt chain".into()
        })?;
        if step.what == What::Deliver {
            return Ok(());
        }
        self.attested(step, happening)?;
        let act = self.act(step, happening);
        if let What::Object(number) = step.what {
            let entry = self.ledger.entry(number).map(|entry| &self.ledger.transfers[entry]);
            let may = |entry: &Entry| {
                matches!(step.by, Actor::Person(person) if self.ledger.sees(person, entry))
                    && entry.status == Status::Pending
            };
            let expected = entry.is_some_and(|entry| self.ledger.is_person(step.by) && may(entry));
            hold(expected == happening.outcome.is_ok(), || {
                "G5 broken: an objection was refused, or a wrong one accepted".into()
            })?;
        }
        for note in &happening.notes {
            if let covert::Event::Acted { by, command } = &note.event {
                let by = person_number(by.as_str()).ok_or("an unknown responder")?;
                hold(Actor::Person(by) == step.by, || "another author".into())?;
                self.acted(act, command)?;
            }
        }
        Ok(())
    }

    fn acted(&mut self, act: Act, command: &covert::Command) -> Held {
        use covert::Command as Covert;
        let incident = |id: &covert::IncidentId| id.0 as usize - 1;
        match command {
            Covert::Object { transfer } => {
                let entry = self.find(*transfer)?;
                let number = self.ledger.transfers[entry].number;
                self.ledger.objected.push(number);
            }
            Covert::Report { who, .. } => {
                let who = person_number(who.as_str()).ok_or("an unknown person")?;
                self.ledger.signal(who, act.at);
            }
            Covert::Acknowledge { .. } => {}
            Covert::Implicate { incident: id, person, since } => {
                let person = person_number(person.as_str()).ok_or("an unknown person")?;
                let incident = &mut self.ledger.incidents[incident(id)];
                let since = since.as_nanos();
                let subject = incident.subjects.entry(person).or_insert((act.at, since));
                subject.1 = subject.1.min(since);
                // Nobody who endorsed the clear has called this person back.
                incident.clearing.clear();
            }
            Covert::Narrow { incident: id, cover } => self.narrowed(incident(id), cover, act),
            Covert::Clear { incident: id } => self.ledger.incidents[incident(id)].clearing.push(act),
            Covert::EndClear { incident: id } => self.ledger.incidents[incident(id)].clearing.clear(),
        }
        Ok(())
    }

    fn narrowed(&mut self, incident: usize, cover: &covert::Cover, act: Act) {
        let covert::Cover::Narrowed { vaults, people } = cover else { return };
        let vaults = vaults.iter().map(|vault| usize::from(vault.as_str() == "treasury")).collect();
        let people = people.iter().filter_map(|person| person_number(person.as_str())).collect();
        let cover = Cover { vaults, people };
        let found = &mut self.ledger.incidents[incident];
        let so_far = found.narrowing.take().filter(|(wanted, _)| *wanted == cover);
        let mut endorsements = so_far.map(|(_, endorsements)| endorsements).unwrap_or_default();
        endorsements.push(act);
        let met = self.ledger.clear_met_since(&self.ledger.incidents[incident], &endorsements).is_some();
        let found = &mut self.ledger.incidents[incident];
        if met {
            self.coverage.see(Seen::Narrowed);
            found.cover = Some(cover);
        } else {
            found.narrowing = Some((cover, endorsements));
        }
    }

    /// G5: an incident is closed by a quorum of free strangers, after the whole wait.
    fn closed(&mut self, note: &gate::Noted) -> Held {
        let covert::Event::Closed { incident } = &note.event else { return Ok(()) };
        let id = incident.0 as usize - 1;
        let incident = &self.ledger.incidents[id];
        let wait = self.ledger.current().policy.clear_hold as i64 * SECOND;
        let met = self.ledger.clear_met_since(incident, &incident.clearing);
        hold(incident.closed.is_none() && met.is_some_and(|since| since + wait <= self.now), || {
            format!("G5 broken: incident {} was closed without its quorum or its wait", id + 1)
        })?;
        self.coverage.see(Seen::Cleared);
        self.ledger.incidents[id].closed = Some(self.now);
        Ok(())
    }
}
