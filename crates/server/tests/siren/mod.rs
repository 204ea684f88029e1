//! Alarm channels that behave as they are told: up, down, slow, half-open, lying, flapping, broken. For the tests and the benchmark of delivery.
#![allow(dead_code, reason = "each user needs another part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alarm::{Channel, DeliveryError, Message, Reach, Receipt, Recipient};
use types::{ChannelId, Hash, PersonId, Timestamp};

/// How a channel behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    /// Takes everything.
    Up,
    /// Not even connects.
    Down,
    /// Takes everything, after a while.
    Slow(Duration),
    /// Takes nothing, and says so after a while only.
    HalfOpen(Duration),
    /// Takes it and answers with an error.
    Lying,
    /// Takes a message at the second attempt.
    SecondTime,
    /// Every other attempt fails, whatever it is about.
    Flapping,
    /// Answers heartbeats and refuses messages.
    HeartbeatsOnly,
    /// Its code fails.
    Panics,
}

/// A message that a channel took, whatever it answered.
#[derive(Clone, Debug)]
pub struct Taken {
    pub message: Message,
    pub to: Option<(PersonId, String)>,
}

/// What a channel did; it lives on when the server is killed.
pub struct Tape {
    pub id: ChannelId,
    pub reach: Reach,
    mood: Mutex<Mood>,
    taken: Mutex<Vec<Taken>>,
    /// Attempts and lies, by message.
    seen: Mutex<BTreeMap<Hash, (u64, u64)>>,
    attempts: AtomicU64,
    probes: AtomicU64,
}

impl Tape {
    pub fn new(id: &str, reach: Reach, mood: Mood) -> Arc<Self> {
        Arc::new(Self {
            id: ChannelId::parse(id).unwrap(),
            reach,
            mood: Mutex::new(mood),
            taken: Mutex::default(),
            seen: Mutex::default(),
            attempts: AtomicU64::new(0),
            probes: AtomicU64::new(0),
        })
    }

    pub fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.taken.lock().unwrap().len()
    }

    pub fn attempts(&self) -> u64 {
        self.attempts.load(Ordering::SeqCst)
    }

    pub fn probes(&self) -> u64 {
        self.probes.load(Ordering::SeqCst)
    }

    /// How often it took a message and denied it.
    pub fn lies(&self, id: &Hash) -> u64 {
        self.seen.lock().unwrap().get(id).map_or(0, |(_, lies)| *lies)
    }

    fn take(&self, message: &Message, to: Option<&Recipient>) {
        let to = to.map(|to| (to.person.clone(), to.address.clone()));
        self.taken.lock().unwrap().push(Taken { message: message.clone(), to });
    }

    /// How many attempts were made with this message before.
    fn attempt(&self, id: Hash) -> u64 {
        self.attempts.fetch_add(1, Ordering::SeqCst);
        let mut seen = self.seen.lock().unwrap();
        let (attempts, _) = seen.entry(id).or_default();
        *attempts += 1;
        *attempts - 1
    }
}

/// The channel of one run of a server. After the run was killed nothing leaves it any more.
pub struct Siren {
    pub tape: Arc<Tape>,
    pub killed: Arc<AtomicBool>,
}

impl Siren {
    pub fn on(tape: &Arc<Tape>) -> Box<dyn Channel> {
        Self::of_run(tape, &Arc::default())
    }

    pub fn of_run(tape: &Arc<Tape>, killed: &Arc<AtomicBool>) -> Box<dyn Channel> {
        Box::new(Self { tape: Arc::clone(tape), killed: Arc::clone(killed) })
    }

    fn is_killed(&self) -> bool {
        self.killed.load(Ordering::SeqCst)
    }
}

impl Channel for Siren {
    fn id(&self) -> &ChannelId {
        &self.tape.id
    }

    fn reach(&self) -> Reach {
        self.tape.reach
    }

    fn deliver(
        &self,
        message: &Message,
        to: Option<&Recipient>,
        now: Timestamp,
    ) -> Result<Receipt, DeliveryError> {
        message.check()?;
        assert_eq!(
            to.is_some(),
            self.tape.reach == Reach::Personal,
            "a recipient exactly where one is needed"
        );
        if self.is_killed() {
            return Err(DeliveryError::Timeout);
        }
        let before = self.tape.attempt(message.id);
        match self.tape.mood() {
            Mood::Down => return Err(DeliveryError::Connect("refused".into())),
            Mood::HeartbeatsOnly => return Err(DeliveryError::Unavailable(503)),
            Mood::HalfOpen(time) => {
                std::thread::sleep(time);
                return Err(DeliveryError::Timeout);
            }
            Mood::SecondTime if before == 0 => return Err(DeliveryError::Timeout),
            Mood::Flapping if self.tape.attempts() % 2 == 1 => return Err(DeliveryError::Timeout),
            // As a panic does, without its noise.
            Mood::Panics => std::panic::resume_unwind(Box::new("a defect")),
            Mood::Slow(time) => std::thread::sleep(time),
            Mood::Up | Mood::Lying | Mood::SecondTime | Mood::Flapping => {}
        }
        if self.is_killed() {
            return Err(DeliveryError::Timeout);
        }
        self.tape.take(message, to);
        if self.tape.mood() == Mood::Lying {
            self.tape.seen.lock().unwrap().entry(message.id).or_default().1 += 1;
            return Err(DeliveryError::Broken("half an answer".into()));
        }
        Ok(Receipt { channel: self.tape.id.clone(), at: now, answer: "200".into() })
    }

    fn probe(&self, _now: Timestamp) -> Result<(), DeliveryError> {
        self.tape.probes.fetch_add(1, Ordering::SeqCst);
        match self.tape.mood() {
            Mood::Down => Err(DeliveryError::Connect("refused".into())),
            Mood::HalfOpen(time) => {
                std::thread::sleep(time);
                Err(DeliveryError::Timeout)
            }
            // As a panic does, without its noise.
            Mood::Panics => std::panic::resume_unwind(Box::new("a defect")),
            _ => Ok(()),
        }
    }
}
