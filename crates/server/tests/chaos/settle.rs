//! How a life ends: two channels work again, and everything must come out right.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use alarm::{News, Reach};
use covert::{IncidentId, is_kin};
use server::clock::Stopwatch;
use server::engine::SLOT_PERIOD;
use types::{Hash, PersonId, Span};

use crate::Sum;
use crate::life::{Life, PACE, person};
use crate::siren::{Mood, Tape};

/// How long, in real time, everything may take to come out.
const LONGEST: Duration = Duration::from_secs(30);

/// A signal as receivers know it: the name of its incident, and its place there.
type Known = (String, u32);

impl Life {
    pub fn settle(&mut self, sum: &Sum) {
        let healed = self.heal();
        self.until_told(&healed);
        self.check_signals();
        self.check_strangers();
        let repeats = self.check_repeats();
        let again = self.check_escalation(&healed);
        let taken = |tape: &Arc<Tape>| tape.count() as u64;
        let personal = |tape: &&Arc<Tape>| tape.reach == Reach::Personal;
        let add = |counter: &AtomicU64, count| {
            counter.fetch_add(count, Ordering::SeqCst);
        };
        add(&sum.signals, self.given);
        add(&sum.kills, self.kills);
        add(&sum.repeats, repeats);
        add(&sum.again, again);
        add(&sum.taken, self.tapes.iter().map(taken).sum());
        add(&sum.personal, self.tapes.iter().filter(personal).map(taken).sum());
    }

    /// Two channels of the seed's choice work from now on; the others are as they are.
    fn heal(&mut self) -> Vec<Arc<Tape>> {
        let first = usize::try_from(self.draw.below(4)).unwrap();
        let second = (first + 1 + usize::try_from(self.draw.below(3)).unwrap()) % 4;
        let healed = vec![Arc::clone(&self.tapes[first]), Arc::clone(&self.tapes[second])];
        healed.iter().for_each(|tape| tape.set(Mood::Up));
        healed
    }

    fn signals(&self) -> Vec<Known> {
        self.engine().read(|state| {
            let covert = state.covert();
            let known = covert.signals().map(|(_, signal)| {
                let incident = covert.incident(signal.incident).unwrap();
                (format!("incident-{}", incident.number), signal.ordinal)
            });
            known.collect()
        })
    }

    /// Time goes on, a slot at a time, until every signal went out over each of these channels.
    fn until_told(&mut self, healed: &[Arc<Tape>]) {
        let started = Stopwatch::start();
        loop {
            self.pass(SLOT_PERIOD);
            std::thread::sleep(PACE.look * 2);
            let signals = self.signals();
            let missing = |tape: &Arc<Tape>| {
                let told = told(tape);
                let is_told =
                    |(incident, ordinal): &Known| told.get(incident).is_some_and(|told| told >= ordinal);
                signals.iter().filter(|signal| !is_told(signal)).cloned().collect::<Vec<_>>()
            };
            let missing: Vec<(String, Vec<Known>)> =
                healed.iter().map(|tape| (tape.id.to_string(), missing(tape))).collect();
            if missing.iter().all(|(_, missing)| missing.is_empty()) {
                return;
            }
            assert!(started.elapsed() < LONGEST, "seed {}: lost {missing:?}", self.seed);
        }
    }

    /// Nothing that was acknowledged is missing from the state itself.
    fn check_signals(&self) {
        let known = self.signals().len() as u64;
        // Presses within a minute of one another are one sign, so there may be fewer; a phrase is never merged.
        assert!(self.given == 0 || known > 0, "seed {}: {known} signals of {}", self.seed, self.given);
    }

    /// Nobody near anybody concerned was told, or named as somebody to call.
    fn check_strangers(&self) {
        self.engine().read(|state| {
            let policy = state.overt().policy().unwrap();
            let incidents: BTreeMap<String, &covert::Incident> = state
                .covert()
                .incidents()
                .map(|(_, incident)| (format!("incident-{}", incident.number), incident))
                .collect();
            for taken in self.tapes.iter().flat_map(|tape| tape.taken()) {
                let Some(incident) = incidents.get(&taken.message.incident) else { continue };
                let told = taken.to.iter().map(|(person, _)| person).chain(&taken.message.call);
                for person in told {
                    assert!(!incident.is_near(policy, person), "seed {}: {person} was told", self.seed);
                }
                if let Some((person, address)) = &taken.to {
                    assert!(address.ends_with(&format!("-{person}")), "seed {}: {address}", self.seed);
                }
            }
        });
    }

    /// How many repeats there were; each is paid for by a kill or a lie.
    fn check_repeats(&self) -> u64 {
        let mut repeats = 0;
        for tape in &self.tapes {
            let mut counts: BTreeMap<Hash, u64> = BTreeMap::new();
            tape.taken().iter().for_each(|taken| *counts.entry(taken.message.id).or_default() += 1);
            for (id, count) in counts {
                let most = 1 + self.kills + tape.lies(&id);
                assert!(count <= most, "seed {}: {count} times on {}, {most} at most", self.seed, tape.id);
                repeats += count - 1;
            }
        }
        repeats
    }

    /// What nobody has answered is said again after a restart; what was answered in two places is not.
    fn check_escalation(&mut self, healed: &[Arc<Tape>]) -> u64 {
        self.kill();
        let open: Vec<(IncidentId, String, bool)> = self.engine().read(|state| {
            let all = state.covert().incidents();
            all.map(|(id, incident)| {
                (id, format!("incident-{}", incident.number), incident.acknowledged.is_empty())
            })
            .collect()
        });
        let before = again(healed);
        let unanswered = open.iter().filter(|(_, _, unanswered)| *unanswered);
        let waiting: Vec<String> = unanswered.map(|(_, name, _)| name.clone()).collect();
        let started = Stopwatch::start();
        while !waiting.iter().all(|name| again(healed).get(name) > before.get(name)) {
            self.pass(Span::from_seconds(30));
            std::thread::sleep(PACE.look * 4);
            assert!(started.elapsed() < LONGEST, "seed {}: silence about {waiting:?}", self.seed);
        }
        for (id, ..) in &open {
            for who in self.strangers(*id) {
                self.acknowledge(&who, *id);
            }
        }
        self.quiet(healed, &open)
    }

    /// Two responders who are near nobody concerned, nor each other.
    fn strangers(&self, id: IncidentId) -> Vec<String> {
        self.engine().read(|state| {
            let (policy, incident) = (state.overt().policy().unwrap(), state.covert().incident(id).unwrap());
            let may = |name: &&str| {
                let is_held = |signal: &covert::Signal| signal.who == person(name);
                !incident.is_near(policy, &person(name))
                    && !state.covert().signals().any(|(_, it)| is_held(it))
            };
            let found: Vec<&str> = ["emil", "fred", "dora", "hugo"].into_iter().filter(may).take(2).collect();
            assert!(!is_kin(policy, &person(found[0]), &person(found[1])));
            found.into_iter().map(str::to_owned).collect()
        })
    }

    fn quiet(&mut self, healed: &[Arc<Tape>], open: &[(IncidentId, String, bool)]) -> u64 {
        for _ in 0..40 {
            self.pass(SLOT_PERIOD);
            std::thread::sleep(PACE.look * 2);
        }
        let before = again(healed);
        // Less than the silence after which it begins anew.
        for _ in 0..20 {
            self.pass(Span::from_seconds(60));
            std::thread::sleep(PACE.look * 2);
        }
        let after = again(healed);
        assert_eq!(before, after, "seed {}: people are called although two places have answered", self.seed);
        assert!(open.iter().all(|(_, name, unanswered)| !unanswered || after.contains_key(name)));
        after.values().sum()
    }
}

/// The most signals that a channel was told of, by incident.
fn told(tape: &Tape) -> BTreeMap<String, u32> {
    let mut told: BTreeMap<String, u32> = BTreeMap::new();
    for taken in tape.taken() {
        let most = told.entry(taken.message.incident.clone()).or_default();
        *most = (*most).max(taken.message.signals);
    }
    told
}

/// How many different messages said that something is still unanswered, by incident.
fn again(tapes: &[Arc<Tape>]) -> BTreeMap<String, u64> {
    let mut seen: BTreeMap<(Hash, Option<PersonId>), String> = BTreeMap::new();
    for taken in tapes.iter().flat_map(|tape| tape.taken()) {
        if taken.message.news == News::Again && taken.message.incident.starts_with("incident-") {
            seen.insert((taken.message.id, taken.to.map(|(person, _)| person)), taken.message.incident);
        }
    }
    let mut again: BTreeMap<String, u64> = BTreeMap::new();
    seen.into_values().for_each(|name| *again.entry(name).or_default() += 1);
    again
}
