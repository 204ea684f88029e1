//! A chunk of pairs: two twins of one seed and one clock; in each pair one of them, drawn by lot, has the captor's victim type panic phrases.
//!
//! Half of the chunks alternate between the twins at every request, in an order drawn each time, so that both see the same machine; in the
//! others each session is played through before the other begins, so that what one request leaves behind meets the next one of the same session.

use credentials::{Language, Phrase};
use serde::{Deserialize, Serialize};

use super::client::Client;
use super::handle::Handle;
use super::observed::{Difference, Fault, Seen, chain_differences, differences};
use super::script::{Act, Actor, MIDDLE_SECONDS, Pause, Step, name, session};
use crate::failure::Failure;
use crate::random::{Chance, coin};
use crate::stopwatch::Watch;
use crate::twin::orders::Order;
use crate::twin::organisation::{VICTIM, own_phrase};

/// In every so many pairs the victim objects, too: its answer waits for the covert tick.
const OBJECTION_EVERY: u32 = 20;
/// How long the objections get to reach their lane, in real time.
const LANE_WAIT: std::time::Duration = std::time::Duration::from_millis(100);
const SLOT_SECONDS: u64 = 5;

/// How the two sessions of a pair take turns.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Turns {
    /// At every request.
    Request,
    /// After a whole session.
    Session,
}

/// What was measured in one pair; first the free session, then the other.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Pair {
    /// Nanoseconds of each step.
    pub nanos: [Vec<u32>; 2],
    /// Bytes of each answer.
    pub sizes: [Vec<u32>; 2],
    /// Log lines and records.
    pub counts: [[u32; 2]; 2],
}

/// What was measured in one chunk.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Chunk {
    /// How the sessions took turns.
    pub turns: Turns,
    /// The names of the timed steps.
    pub steps: Vec<String>,
    /// The pairs.
    pub pairs: Vec<Pair>,
    /// What differed.
    pub differences: Vec<Difference>,
    /// Pairs in which the panic phrase did not open an incident, or the own phrase did: then nothing was measured.
    pub misjudged: u32,
    /// Records and slots that were compared.
    pub compared: [u64; 2],
}

struct Side {
    handle: Handle,
    client: Option<Client>,
    actor: Actor,
    seen: Seen,
}

impl Side {
    fn start(seed: u64) -> Result<Self, Failure> {
        let actor = Actor::new(String::new(), 0, String::new());
        Ok(Self { handle: Handle::start(seed)?, client: None, actor, seen: Seen::default() })
    }

    fn begin(&mut self, pair: u32, phrase: &Phrase) -> Result<(), Failure> {
        let approved = self.handle.prepare(pair)?;
        self.actor = Actor::new(phrase.reveal_words().join(" "), pair, approved);
        self.client = Some(Client::connect(self.handle.address)?);
        self.seen = Seen::default();
        Ok(())
    }

    fn step(&mut self, step: Step, pause: Pause) -> Result<(), Failure> {
        let request = self.actor.request(step)?;
        let answer = self.client()?.exchange(&request)?;
        self.actor.learn(step, &answer)?;
        self.seen.answers.push(answer);
        match pause {
            Pause::None => {}
            Pause::Settle => drop(self.handle.order(&Order::Settle)?),
            Pause::Advance => drop(self.handle.order(&Order::Advance { seconds: MIDDLE_SECONDS })?),
        }
        Ok(())
    }

    /// Objects: the answer comes with the covert tick.
    fn begin_objection(&mut self) -> Result<Watch, Failure> {
        self.step(Step::Challenge, Pause::None)?;
        let request = self.actor.request(Step::Act(Act::Object))?;
        self.client()?.send(&request)
    }

    fn end_objection(&mut self, watch: Watch) -> Result<(), Failure> {
        self.handle.order(&Order::Advance { seconds: SLOT_SECONDS })?;
        let answer = self.client()?.receive(watch)?;
        self.actor.learn(Step::Act(Act::Object), &answer)?;
        self.seen.answers.push(answer);
        Ok(())
    }

    fn client(&mut self) -> Result<&mut Client, Failure> {
        self.client.as_mut().ok_or_else(|| Failure::server("client", "not connected"))
    }

    /// Responders clear what is open. How many incidents there were.
    fn end(&mut self) -> Result<u32, Failure> {
        self.client = None;
        let open = self.handle.aftermath()?;
        self.handle.order(&Order::Settle)?;
        self.seen.books = self.handle.books()?;
        Ok(open)
    }
}

/// Plays one chunk. With a fault, the recording of each duress session has it.
///
/// # Errors
/// When the harness cannot go on.
pub fn chunk(seed: u64, number: u32, pairs: u32, fault: Option<Fault>) -> Result<Chunk, Failure> {
    let seed = Chance::new(seed, 0x0C11_0000 + u64::from(number)).bits();
    let mut chance = Chance::new(seed, 1);
    let turns = if number.is_multiple_of(2) { Turns::Request } else { Turns::Session };
    let mut sides = [Side::start(seed)?, Side::start(seed)?];
    let own = own_phrase(seed, VICTIM);
    let steps = session();
    let names = steps.iter().map(|(step, _)| name(*step)).collect();
    let mut chunk = Chunk {
        turns,
        steps: names,
        pairs: Vec::new(),
        differences: Vec::new(),
        misjudged: 0,
        compared: [0; 2],
    };
    for pair in 0..pairs {
        let duress = usize::from(coin(&mut chance));
        let other = panic_phrase(&mut chance, &own);
        for (index, side) in sides.iter_mut().enumerate() {
            side.begin(pair, if index == duress { &other } else { &own })?;
        }
        play(&mut sides, turns, &steps, &mut chance)?;
        if pair.is_multiple_of(OBJECTION_EVERY) {
            object(&mut sides)?;
        }
        let mut open = [0; 2];
        for (side, open) in sides.iter_mut().zip(&mut open) {
            *open = side.end()?;
        }
        chunk.misjudged += u32::from(open[duress] != 1 || open[1 - duress] != 0);
        if let Some(fault) = fault {
            let at = chance.below(steps.len());
            sides[duress].seen.plant(fault, at);
        }
        chunk.differences.extend(differences(pair, &sides[0].seen, &sides[1].seen));
        chunk.pairs.push(measured(&sides, duress, steps.len()));
    }
    let [one, other] = sides;
    let (one, other) = (one.handle.stop()?, other.handle.stop()?);
    chunk.differences.extend(chain_differences(pairs, &one, &other));
    chunk.compared = [one.overt.len() as u64, one.covert.len() as u64];
    Ok(chunk)
}

fn play(
    sides: &mut [Side; 2],
    turns: Turns,
    steps: &[(Step, Pause)],
    chance: &mut Chance,
) -> Result<(), Failure> {
    match turns {
        Turns::Request => {
            for (step, pause) in steps {
                let first = usize::from(coin(chance));
                for index in [first, 1 - first] {
                    sides[index].step(*step, *pause)?;
                }
            }
        }
        Turns::Session => {
            let first = usize::from(coin(chance));
            for index in [first, 1 - first] {
                for (step, pause) in steps {
                    sides[index].step(*step, *pause)?;
                }
            }
        }
    }
    Ok(())
}

/// Both object; then the harness moves time for both.
fn object(sides: &mut [Side; 2]) -> Result<(), Failure> {
    let [one, other] = sides;
    let watches = [one.begin_objection()?, other.begin_objection()?];
    std::thread::sleep(LANE_WAIT);
    one.end_objection(watches[0])?;
    other.end_objection(watches[1])
}

/// A phrase of the same list that is not the own one.
pub fn panic_phrase(chance: &mut Chance, own: &Phrase) -> Phrase {
    loop {
        let drawn = Phrase::draw(Language::English, &chance.bytes());
        if drawn.reveal_words() != own.reveal_words() {
            return drawn;
        }
    }
}

fn measured(sides: &[Side; 2], duress: usize, steps: usize) -> Pair {
    let of = |index: usize| &sides[index].seen;
    let order = [1 - duress, duress];
    let nanos = |seen: &Seen| seen.answers.iter().take(steps).map(|answer| answer.nanos).collect();
    let sizes = |seen: &Seen| {
        let size = |answer: &super::client::Answer| (answer.head.len() + answer.body.len()) as u32;
        seen.answers.iter().take(steps).map(size).collect()
    };
    let counts = |seen: &Seen| [seen.books.log.len() as u32, seen.books.records as u32];
    Pair {
        nanos: order.map(|index| nanos(of(index))),
        sizes: order.map(|index| sizes(of(index))),
        counts: order.map(|index| counts(of(index))),
    }
}
