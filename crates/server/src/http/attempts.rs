//! How often a person and a source may try: fixed windows in memory, blind to what a phrase check found (G3).
//!
//! A person's attempts are counted only once the device's signature was valid, so that nobody without the device can lock them out;
//! everything else is counted by the address that it comes from. Stops, cancels and objections have windows of their own, and are not
//! part of the number of all: what others do cannot use up anybody's right to stop (G5).

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use types::{ActorId, Span, Timestamp};

use super::phrases::Lane;

/// The length of a window.
pub const ATTEMPTS_WINDOW: Span = Span::from_seconds(60);
/// The most phrase checks of one person in a window, on each lane.
pub const ATTEMPTS_PER_PERSON_MAX: u32 = 60;
/// The most phrase checks of all people together in a window, stops apart: half of what two cores can hash.
pub const ATTEMPTS_GLOBAL_MAX: u32 = 600;
/// So many phrase checks of one person in a window go ahead whatever everybody else has used up.
pub const ATTEMPTS_OWN_SHARE: u32 = 6;
/// The most challenges and refused signatures of one source in a window.
pub const ATTEMPTS_PER_SOURCE_MAX: u32 = 600;
/// The most presses on alarm pages of one source in a window: of all tokens, those of nobody included.
pub const ALARMS_PER_SOURCE_MAX: u32 = 120;
/// The most names and sources that are counted at once; beyond, the oldest window is forgotten.
pub const WINDOWS_MAX: usize = 10_000;
/// IPv6 hosts usually have a whole /64: one source.
const IPV6_SOURCE_BITS: u32 = 64;

/// The windows.
#[derive(Default)]
pub struct Attempts {
    people: Mutex<Windows<(ActorId, Lane)>>,
    everybody: Mutex<Windows<()>>,
    sources: Mutex<Windows<IpAddr>>,
    alarms: Mutex<Windows<IpAddr>>,
}

impl Attempts {
    /// Counts a phrase check of a person. `false`: too many.
    pub fn person(&self, actor: &ActorId, lane: Lane, now: Timestamp) -> bool {
        let own = {
            let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
            people.count((actor.clone(), lane), now)
        };
        match lane {
            _ if own > ATTEMPTS_PER_PERSON_MAX => false,
            Lane::Urgent => true,
            Lane::Ordinary => self.all(now) <= ATTEMPTS_GLOBAL_MAX || own <= ATTEMPTS_OWN_SHARE,
        }
    }

    /// An attempt that found the pool full was not hashed: it counts for the person who made it, and not for all.
    pub fn turned_away(&self, lane: Lane) {
        if lane == Lane::Ordinary {
            self.everybody.lock().unwrap_or_else(PoisonError::into_inner).give_back(&());
        }
    }

    fn all(&self, now: Timestamp) -> u32 {
        self.everybody.lock().unwrap_or_else(PoisonError::into_inner).count((), now)
    }

    /// Counts something that anybody can ask for. `false`: too much.
    pub fn source(&self, address: IpAddr, now: Timestamp) -> bool {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.count(source_of(address), now) <= ATTEMPTS_PER_SOURCE_MAX
    }

    /// Counts a press on an alarm page, before its token is looked at. `false`: too many.
    pub fn alarm(&self, address: IpAddr, now: Timestamp) -> bool {
        let mut alarms = self.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        alarms.count(source_of(address), now) <= ALARMS_PER_SOURCE_MAX
    }

    /// Whether a source has used up its window.
    pub fn is_exhausted(&self, address: IpAddr, now: Timestamp) -> bool {
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.counted(&source_of(address), now) >= ATTEMPTS_PER_SOURCE_MAX
    }
}

fn source_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !(u128::MAX >> IPV6_SOURCE_BITS)).into()),
        v4 => v4,
    }
}

struct Window {
    began: Timestamp,
    count: u32,
}

struct Windows<K>(HashMap<K, Window>);

impl<K> Default for Windows<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash + Clone> Windows<K> {
    fn count(&mut self, key: K, now: Timestamp) -> u32 {
        if self.0.len() >= WINDOWS_MAX && !self.0.contains_key(&key) {
            self.forget(now);
        }
        let window = self.0.entry(key).or_insert(Window { began: now, count: 0 });
        if window.began.after(ATTEMPTS_WINDOW) <= now {
            *window = Window { began: now, count: 0 };
        }
        window.count = window.count.saturating_add(1);
        window.count
    }

    fn give_back(&mut self, key: &K) {
        if let Some(window) = self.0.get_mut(key) {
            window.count = window.count.saturating_sub(1);
        }
    }

    fn counted(&self, key: &K, now: Timestamp) -> u32 {
        let current = self.0.get(key).filter(|window| window.began.after(ATTEMPTS_WINDOW) > now);
        current.map_or(0, |window| window.count)
    }

    fn forget(&mut self, now: Timestamp) {
        self.0.retain(|_, window| window.began.after(ATTEMPTS_WINDOW) > now);
        if self.0.len() >= WINDOWS_MAX {
            let oldest = self.0.iter().min_by_key(|(_, window)| window.began).map(|(key, _)| key.clone());
            oldest.map(|key| self.0.remove(&key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_fills_and_empties_for_each_person_and_lane() {
        let (attempts, now) = (Attempts::default(), Timestamp::from_millis(0));
        let (alice, bob) = (ActorId::parse("alice").unwrap(), ActorId::parse("bob").unwrap());
        for _ in 0..ATTEMPTS_PER_PERSON_MAX {
            assert!(attempts.person(&alice, Lane::Ordinary, now));
        }
        assert!(!attempts.person(&alice, Lane::Ordinary, now));
        assert!(attempts.person(&alice, Lane::Urgent, now));
        assert!(attempts.person(&bob, Lane::Ordinary, now));
        assert!(attempts.person(&alice, Lane::Ordinary, now.after(ATTEMPTS_WINDOW)));
    }

    #[test]
    fn a_flood_of_many_people_leaves_each_its_share_and_every_stop() {
        let (attempts, now) = (Attempts::default(), Timestamp::from_millis(0));
        let name = |nth: u32| ActorId::parse(&format!("person-{nth}")).unwrap();
        let flood = ATTEMPTS_GLOBAL_MAX / ATTEMPTS_PER_PERSON_MAX;
        for nth in 0..flood * ATTEMPTS_PER_PERSON_MAX {
            assert!(attempts.person(&name(nth % flood), Lane::Ordinary, now));
        }
        let (early, late) = (name(0), ActorId::parse("alice").unwrap());
        assert!(!attempts.person(&early, Lane::Ordinary, now));
        for _ in 0..ATTEMPTS_OWN_SHARE {
            assert!(attempts.person(&late, Lane::Ordinary, now));
        }
        assert!(!attempts.person(&late, Lane::Ordinary, now));
        for _ in 0..ATTEMPTS_PER_PERSON_MAX {
            assert!(attempts.person(&late, Lane::Urgent, now));
        }
        // What was turned away was not hashed: so much is left for others, beyond their share.
        let turned_away = flood * ATTEMPTS_PER_PERSON_MAX / 2;
        (0..turned_away).for_each(|_| attempts.turned_away(Lane::Ordinary));
        assert!(attempts.person(&late, Lane::Ordinary, now));
        assert!(attempts.person(&late, Lane::Ordinary, now.after(ATTEMPTS_WINDOW)));
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let source = |text: &str| source_of(text.parse().unwrap());
        assert_eq!(source("2001:db8::1"), source("2001:db8::ffff:2"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
    }

    #[test]
    fn the_number_of_windows_is_bounded() {
        let mut windows = Windows::default();
        for key in 0..WINDOWS_MAX + 10 {
            windows.count(key, Timestamp::from_millis(i64::try_from(key).unwrap()));
        }
        assert_eq!(windows.0.len(), WINDOWS_MAX);
        assert!(windows.0.contains_key(&(WINDOWS_MAX + 9)) && !windows.0.contains_key(&0));
    }
}
