//! Ten forced attempts: the captor has the victim sign in ten times, with phrases that it has been told, each of them twice, in the captor's
//! order. One of them is the true one. Can anything that the captor sees name it?

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::handle::Handle;
use super::play::panic_phrase;
use super::script::{Actor, attempt};
use crate::failure::Failure;
use crate::random::{Chance, shuffle};
use crate::twin::orders::Order;
use crate::twin::organisation::{VICTIM, own_phrase};

/// How many attempts.
pub const ATTEMPTS: usize = 10;
/// How many phrases: each is typed [`ATTEMPTS`] / [`PHRASES`] times.
pub const PHRASES: usize = 5;
/// Between games: windows of attempts end.
const REST_SECONDS: u64 = 120;

/// One game: the attempts in the captor's order.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Game {
    /// Which phrase each attempt had; number 0 is the true one.
    pub phrases: Vec<u8>,
    /// Nanoseconds of each attempt's steps.
    pub nanos: Vec<Vec<u32>>,
    /// Bytes of each attempt's answers.
    pub sizes: Vec<Vec<u32>>,
}

/// Games on one server.
///
/// # Errors
/// When the harness cannot go on.
pub fn games(seed: u64, number: u32, count: u32) -> Result<Vec<Game>, Failure> {
    let seed = Chance::new(seed, 0x0F04_0000 + u64::from(number)).bits();
    let mut chance = Chance::new(seed, 2);
    let mut handle = Handle::start(seed)?;
    let own = own_phrase(seed, VICTIM);
    let mut games = Vec::new();
    for mark in 0..count {
        let mut words = vec![own.reveal_words().join(" ")];
        while words.len() < PHRASES {
            let other = panic_phrase(&mut chance, &own).reveal_words().join(" ");
            if !words.contains(&other) {
                words.push(other);
            }
        }
        let mut phrases: Vec<u8> = (0..ATTEMPTS).map(|attempt| (attempt % PHRASES) as u8).collect();
        shuffle(&mut chance, &mut phrases);
        games.push(game(&mut handle, &words, phrases, mark)?);
        if handle.aftermath()? != 1 {
            return Err(Failure::server("forced attempts", "the panic phrases opened no incident"));
        }
        handle.order(&Order::Advance { seconds: REST_SECONDS })?;
    }
    handle.stop()?;
    Ok(games)
}

fn game(handle: &mut Handle, words: &[String], phrases: Vec<u8>, mark: u32) -> Result<Game, Failure> {
    let mut actor = Actor::new(String::new(), mark, String::new());
    let mut client = Client::connect(handle.address)?;
    let (mut nanos, mut sizes) = (Vec::new(), Vec::new());
    for phrase in &phrases {
        actor.type_phrase(&words[usize::from(*phrase)]);
        let (mut times, mut lengths) = (Vec::new(), Vec::new());
        for step in attempt() {
            let answer = client.exchange(&actor.request(step)?)?;
            actor.learn(step, &answer)?;
            times.push(answer.nanos);
            lengths.push((answer.head.len() + answer.body.len()) as u32);
        }
        nanos.push(times);
        sizes.push(lengths);
    }
    Ok(Game { phrases, nanos, sizes })
}
