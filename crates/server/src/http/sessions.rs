//! Sessions for reading: a token in memory, nothing in the database, nothing after a restart. Acts never rest on one (G3, G9).
//!
//! The class of the sign-in is kept for one purpose, the responders' room, and leaves this file only there.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use credentials::Class;
use types::{Hash, PersonId, Span, Timestamp, hash_parts};

/// How long a session lasts.
pub const SESSION_LIFE: Span = Span::from_hours(12);
/// The most sessions of one person; beyond, the oldest ends.
pub const SESSIONS_PER_PERSON_MAX: usize = 16;
/// The most sessions at once; beyond, the oldest ends.
pub const SESSIONS_MAX: usize = 20_000;

/// One session.
#[derive(Clone)]
pub struct Session {
    /// Whose.
    pub person: PersonId,
    /// The device that signed in.
    pub device: Hash,
    /// For the responders' room only.
    pub class: Class,
    /// What the person knows it by; says nothing of its token.
    pub id: Hash,
    /// Since when.
    pub begun: Timestamp,
    /// Until when.
    pub expires: Timestamp,
    number: u64,
}

#[derive(Default)]
struct Open {
    by_token: BTreeMap<Hash, Session>,
    begun: u64,
}

/// The sessions.
#[derive(Default)]
pub struct Sessions(Mutex<Open>);

/// Tokens are kept as hashes: finding one in a map takes no longer for a token that is nearly right.
fn key(token: &str) -> Hash {
    hash_parts("rempart/session/v1", &[token.as_bytes()])
}

impl Sessions {
    /// Begins a session. Returns its token and until when it is good.
    pub fn begin(
        &self,
        (person, device): (PersonId, Hash),
        class: Class,
        now: Timestamp,
        entropy: &[u8; 32],
    ) -> (String, Timestamp) {
        let (token, expires) = (hex::encode(entropy), now.after(SESSION_LIFE));
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.by_token.retain(|_, session| session.expires > now);
        open.make_room(&person);
        open.begun += 1;
        let key = key(&token);
        let id = hash_parts("rempart/session-id/v1", &[&key.0]);
        let session = Session { person, device, class, id, begun: now, expires, number: open.begun };
        open.by_token.insert(key, session);
        (token, expires)
    }

    /// The session of a token.
    pub fn find(&self, token: &str, now: Timestamp) -> Option<Session> {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.by_token.get(&key(token)).filter(|session| session.expires > now).cloned()
    }

    /// The sessions of a person, oldest first.
    pub fn of(&self, person: &PersonId, now: Timestamp) -> Vec<Session> {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.by_token.values().filter(|session| session.person == *person && session.expires > now);
        let mut own: Vec<_> = own.cloned().collect();
        own.sort_by_key(|session| session.number);
        own
    }

    /// Ends a person's session by its id. Whether there was one.
    pub fn end_own(&self, person: &PersonId, id: &Hash) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = open.by_token.len();
        open.by_token.retain(|_, session| session.person != *person || session.id != *id);
        open.by_token.len() < before
    }

    /// Ends a session.
    pub fn end(&self, token: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).by_token.remove(&key(token));
    }
}

impl Open {
    fn make_room(&mut self, person: &PersonId) {
        let own = self.by_token.values().filter(|session| session.person == *person).count();
        let oldest = |of: &dyn Fn(&Session) -> bool| {
            let candidates = self.by_token.iter().filter(|(_, session)| of(session));
            candidates.min_by_key(|(_, session)| session.number).map(|(token, _)| *token)
        };
        let surplus = if own >= SESSIONS_PER_PERSON_MAX {
            oldest(&|session| session.person == *person)
        } else if self.by_token.len() >= SESSIONS_MAX {
            oldest(&|_| true)
        } else {
            None
        };
        surplus.map(|token| self.by_token.remove(&token));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_by_time_by_hand_and_by_number() {
        let (sessions, now) = (Sessions::default(), Timestamp::from_millis(0));
        let (alice, bob) = (PersonId::parse("alice").unwrap(), PersonId::parse("bob").unwrap());
        let (token, expires) = sessions.begin((alice.clone(), Hash::default()), Class::Free, now, &[0; 32]);
        assert!(sessions.find(&token, now).is_some_and(|session| session.person == alice));
        assert!(sessions.find(&token, expires).is_none());
        assert!(sessions.find("", now).is_none());
        let (other, _) = sessions.begin((bob, Hash::default()), Class::Free, now, &[99; 32]);
        for byte in 1..=SESSIONS_PER_PERSON_MAX {
            sessions.begin(
                (alice.clone(), Hash::default()),
                Class::Duress,
                now,
                &[u8::try_from(byte).unwrap(); 32],
            );
        }
        assert!(sessions.find(&token, now).is_none());
        assert!(sessions.find(&hex::encode([1; 32]), now).is_some());
        assert!(sessions.find(&other, now).is_some());
        let own = sessions.of(&alice, now);
        assert_eq!(own.len(), SESSIONS_PER_PERSON_MAX);
        let bob = PersonId::parse("bob").unwrap();
        assert!(!sessions.end_own(&bob, &own[0].id), "somebody else's session");
        assert!(sessions.end_own(&alice, &own[0].id) && !sessions.end_own(&alice, &own[0].id));
        assert_eq!(sessions.of(&alice, now).len(), SESSIONS_PER_PERSON_MAX - 1);
        sessions.end(&other);
        assert!(sessions.find(&other, now).is_none());
    }
}
