//! The guarantees as statements over everything that happened: G1, G4, G5, G6, G7, G8, and that nothing which must move is kept
//! (a gate that declines everything fails). Called by `simulate` and by tests.

mod changes;
mod consequences;
mod due;
mod expected;
mod response;
mod signs;

use std::collections::BTreeMap;

use gate::Refusal;
use overt::{Event, Reply};

use crate::coverage::{Coverage, Seen};
use crate::ledger::{Act, Ledger, SECOND};
use crate::org::Actor;
use crate::play::{Happening, Trace};
use crate::readings::Reading;
use crate::story::{Step, Story, What};
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
        // Semantics 3: when civil time runs away, the very next thing is that everything stops.
        let stops = happening.step.is_none()
            && happening.record.iter().flat_map(|r| &r.events).any(|e| matches!(e, Event::Stopped { .. }));
        if trace.jumps.contains(&at) != stops {
            return Err(Broken { at, what: format!("G1 broken: a jump of the clock, but stopped: {stops}") });
        }
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
        let mut scheduled = self.ledger.signs.schedules.keys();
        hold(!scheduled.any(|person| self.ledger.is_missed(*person, self.now)), || {
            "G8 broken: a check-in was missed and nobody was told".into()
        })?;
        let lapsing = self.ledger.motions.iter().filter_map(|motion| motion.lapses_at);
        hold(lapsing.into_iter().all(|at| at > self.now), || "G5 broken: a tightening did not lapse".into())?;
        Ok(is_near)
    }

    /// Nothing else that was due earlier is still undecided: decisions come in the order of their moments.
    fn is_first_due(&self, due: i64) -> bool {
        let transfers = self.ledger.transfers.iter().filter_map(|entry| self.ledger.due_at(entry));
        let pending = self.ledger.motions.iter().filter(|motion| motion.settled.is_none());
        let motions = pending.filter_map(|motion| self.ledger.motion_ready(motion, Reading::First));
        let lapsing = self.ledger.motions.iter().filter_map(|motion| motion.lapses_at);
        transfers.chain(motions).chain(lapsing).all(|other| other >= due)
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
        self.count_refusal(step, happening);
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

    fn count_refusal(&mut self, step: &Step, happening: &Happening) {
        match happening.outcome.as_ref().err().map_or("", Refusal::code) {
            "forbidden-by-policy" => self.coverage.see(Seen::Forbidden),
            "limit-reached" => self.coverage.see(Seen::LimitReached),
            "no-permit" => self.coverage.see(Seen::NoPermit),
            "price-unknown" => self.coverage.see(Seen::PriceUnknown),
            "input-reserved" => self.coverage.see(Seen::InputReserved),
            "too-many" if matches!(step.what, What::KeepDossier(_)) => {
                self.coverage.see(Seen::DossiersTooMany)
            }
            _ => {}
        }
    }
}
