//! The thread that wakes browsers: looks when the overt chain has grown, sends, tries again a few times, forgets browsers that are gone (G3).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use alarm::{DeliveryError, Http, parse_url, uri_origin};
use types::{Hash, PersonId};

use super::Push;
use super::waiting::waiting;
use crate::engine::Shared;

/// The shortest time between two looks.
const REST: Duration = Duration::from_secs(1);
/// The longest that the thread sleeps when nothing is to be done.
const SLEEP_MAX: Duration = Duration::from_secs(3600);
/// How often one push is tried.
const TRIES_MAX: u32 = 4;
/// The most pushes that wait to be sent; beyond, the oldest are left out.
const SENDING_MAX: usize = 4096;
/// For how long a push service keeps a push for a browser that is away, in seconds.
const TTL_SECONDS: &str = "86400";
/// One push replaces an earlier one that was not delivered yet.
const TOPIC: &str = "waiting";

/// Wakes browsers until the engine ends.
pub(crate) fn work(shared: &Shared) {
    let settings = &shared.push.settings;
    let Some(http) = Http::open(settings.allow_private, settings.authorities.as_deref()) else {
        tracing::warn!(
            "browsers are not woken: there is no certificate among the authorities for push services"
        );
        return;
    };
    let mut rounds =
        Rounds { push: &shared.push, http, seen: None, people: BTreeMap::new(), sending: VecDeque::new() };
    let mut heard = shared.bell.count();
    loop {
        rounds.look(shared);
        let now = steady(shared);
        rounds.ring(now);
        rounds.send(shared, now);
        let sleep = rounds.sleep(steady(shared));
        if shared.bell.rest(REST) {
            return;
        }
        match shared.bell.wait(heard, sleep) {
            Some(rung) => heard = rung,
            None => return,
        }
    }
}

/// Nanoseconds by the steady clock.
fn steady(shared: &Shared) -> u64 {
    shared.clock.moment_parts().1
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// What is known of one person.
#[derive(Default)]
struct Known {
    waits: BTreeSet<Hash>,
    /// Those of it that the person was not told of.
    untold: BTreeSet<Hash>,
    /// Not before this instant of the steady clock.
    not_before: u64,
}

/// A push on its way.
struct Sending {
    endpoint: String,
    tries: u32,
    not_before: u64,
}

struct Rounds<'a> {
    push: &'a Push,
    http: Http,
    /// How far the overt chain had come when it was looked at last, and for whom.
    seen: Option<(u64, Vec<PersonId>)>,
    people: BTreeMap<PersonId, Known>,
    sending: VecDeque<Sending>,
}

impl Rounds<'_> {
    /// What waits now, if the overt chain has grown. Who is looked at for the first time has been told of everything.
    fn look(&mut self, shared: &Shared) {
        let people = self.push.people();
        let at = shared.read(|state| state.overt().next_act().0);
        if self.seen.as_ref() == Some(&(at, people.clone())) {
            return;
        }
        let (at, waits) = shared.read(|state| (state.overt().next_act().0, waiting(state.overt(), &people)));
        self.people.retain(|person, _| people.contains(person));
        for (person, waits) in people.iter().zip(waits) {
            match self.people.get_mut(person) {
                Some(known) => {
                    let come = waits.difference(&known.waits).chain(&known.untold);
                    // Nothing is said of what others have done meanwhile.
                    known.untold = come.filter(|id| waits.contains(id)).copied().collect();
                    known.waits = waits;
                }
                None => _ = self.people.insert(person.clone(), Known { waits, ..Known::default() }),
            }
        }
        self.seen = Some((at, people));
    }

    /// Whoever is to be told, and was not told a moment ago.
    fn ring(&mut self, now: u64) {
        for (person, known) in &mut self.people {
            if !known.untold.is_empty() && known.not_before <= now {
                known.untold.clear();
                known.not_before = now.saturating_add(nanos(self.push.settings.every));
                let endpoints = self.push.kept().endpoints(person);
                self.sending.extend(endpoints.into_iter().map(|endpoint| Sending {
                    endpoint,
                    tries: 0,
                    not_before: 0,
                }));
            }
        }
        let surplus = self.sending.len().saturating_sub(SENDING_MAX);
        self.sending.drain(..surplus);
    }

    fn send(&mut self, shared: &Shared, now: u64) {
        for mut sending in std::mem::take(&mut self.sending) {
            if sending.not_before > now {
                self.sending.push_back(sending);
                continue;
            }
            match self.post(shared, &sending.endpoint) {
                Ok(_) => {}
                // The browser is gone for good.
                Err(DeliveryError::Refused(404 | 410)) => {
                    _ = self.push.kept().remove(None, &sending.endpoint)
                }
                Err(error) => {
                    sending.tries += 1;
                    let again = self.push.settings.again.saturating_mul(2_u32.saturating_pow(sending.tries));
                    sending.not_before = now.saturating_add(nanos(again));
                    if sending.tries < TRIES_MAX && !matches!(error, DeliveryError::Refused(_)) {
                        self.sending.push_back(sending);
                    } else {
                        tracing::warn!("a browser could not be woken: {error}");
                    }
                }
            }
        }
    }

    fn post(&self, shared: &Shared, endpoint: &str) -> Result<u16, DeliveryError> {
        // What was allowed when it was kept may not be allowed any more.
        let url = parse_url(endpoint).filter(|_| self.push.check(endpoint).is_ok());
        let url = url.ok_or(DeliveryError::Refused(410))?;
        let (wall, _, _) = shared.clock.moment_parts();
        let contact = self.push.settings.contact.as_deref();
        let authorization = self.push.key.authorization(&uri_origin(&url), contact, wall);
        let headers = [
            ("authorization", authorization.as_str()),
            ("ttl", TTL_SECONDS),
            ("urgency", "high"),
            ("topic", TOPIC),
        ];
        self.http.post(&url, "application/octet-stream", &headers, "")
    }

    /// Until somebody may be told, or a push is to be tried again.
    fn sleep(&self, now: u64) -> Duration {
        let told =
            self.people.values().filter(|known| !known.untold.is_empty()).map(|known| known.not_before);
        let next = told.chain(self.sending.iter().map(|sending| sending.not_before)).min();
        let until = next.map_or(SLEEP_MAX, |next| Duration::from_nanos(next.saturating_sub(now)));
        until.min(SLEEP_MAX)
    }
}
