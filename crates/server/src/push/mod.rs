//! Web Push: wakes a person's browser when something new waits for them, and tells it nothing more (G3, G9). ADR 0030.
//!
//! A push has no content: what it says on the telephone's lock screen is in the service worker, the same words for everybody. What waits
//! is worked out from the overt ledger alone, when the overt chain has grown, on a thread of its own; nothing covert wakes it. At most one
//! push a minute for each person, to push services that are on a list. Called by `dispatch` (the thread) and by `http::routes::push`.

mod kept;
mod vapid;
mod waiting;
mod work;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alarm::{parse_url, uri_host};
use types::{PersonId, Timestamp};

pub use kept::{ENDPOINT_BYTES_MAX, SUBSCRIPTIONS_MAX, SUBSCRIPTIONS_PER_PERSON_MAX, SubscribeError};
pub use vapid::VapidKey;

pub(crate) use work::work;

use kept::Kept;

/// The push services of the browsers that there are. `*.` stands for one or more labels.
pub const PUSH_HOSTS: [&str; 5] = [
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
];
/// The shortest time between two pushes to one person.
pub const PUSH_EVERY: Duration = Duration::from_secs(60);

/// How browsers are woken.
#[derive(Clone, Debug)]
pub struct PushSettings {
    /// Where subscriptions are kept; in memory alone without it.
    pub file: Option<PathBuf>,
    /// Hosts of push services that may be asked; no other is.
    pub hosts: Vec<String>,
    /// Whom a push service may turn to, a `mailto:` or `https:` address.
    pub contact: Option<String>,
    /// Whether a push service may be inside the network, or on this machine without TLS.
    pub allow_private: bool,
    /// Certificates (PEM) to trust instead of the public authorities.
    pub authorities: Option<Vec<u8>>,
    /// The shortest time between two pushes to one person.
    pub every: Duration,
    /// How long to wait before the first repetition; doubled each time.
    pub again: Duration,
}

impl Default for PushSettings {
    fn default() -> Self {
        Self {
            file: None,
            hosts: PUSH_HOSTS.map(ToOwned::to_owned).to_vec(),
            contact: None,
            allow_private: false,
            authorities: None,
            every: PUSH_EVERY,
            again: Duration::from_secs(5),
        }
    }
}

/// Subscriptions, the key, and where pushes may go.
pub struct Push {
    settings: PushSettings,
    key: VapidKey,
    kept: Mutex<Kept>,
}

impl Push {
    /// With the subscriptions of the file, if it can be read.
    #[must_use]
    pub fn new(settings: PushSettings, key: VapidKey) -> Self {
        let kept = Mutex::new(Kept::load(settings.file.clone()));
        Self { settings, key, kept }
    }

    /// The public key that browsers subscribe with, base64url.
    #[must_use]
    pub fn public_key(&self) -> String {
        self.key.public_text()
    }

    /// Whom browsers' owners are to be told of: everybody with a subscription.
    #[must_use]
    pub fn people(&self) -> Vec<PersonId> {
        self.kept().people()
    }

    /// Wakes this browser from now on when something waits for the person.
    ///
    /// # Errors
    /// An endpoint that is not one of a known push service; too many.
    pub fn subscribe(&self, person: &PersonId, endpoint: &str, now: Timestamp) -> Result<(), SubscribeError> {
        self.check(endpoint)?;
        self.kept().add(person, endpoint, now)
    }

    /// Does not wake it any more. Whether it was this person's.
    pub fn unsubscribe(&self, person: &PersonId, endpoint: &str) -> bool {
        self.kept().remove(Some(person), endpoint)
    }

    fn check(&self, endpoint: &str) -> Result<(), SubscribeError> {
        if endpoint.len() > ENDPOINT_BYTES_MAX {
            return Err(SubscribeError::TooLong);
        }
        let url = parse_url(endpoint).ok_or(SubscribeError::NoAddress)?;
        let is_plain = url.scheme_str() != Some("https");
        if (is_plain || url.port().is_some()) && !self.settings.allow_private {
            return Err(SubscribeError::NoAddress);
        }
        let host = uri_host(&url);
        let allowed = self.settings.hosts.iter().any(|pattern| fits(pattern, &host));
        if allowed { Ok(()) } else { Err(SubscribeError::Host) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a host is the one that a pattern names, or below it.
fn fits(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(below) => host.len() > below.len() && host.ends_with(below),
        None => host == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push() -> Push {
        Push::new(PushSettings::default(), VapidKey::from_secret(&[1; 32]))
    }

    #[test]
    fn only_known_push_services_are_asked() {
        let push = push();
        for good in [
            "https://fcm.googleapis.com/fcm/send/abc:def",
            "https://updates.push.services.mozilla.com/wpush/v2/x",
            "https://web.push.apple.com/Q1",
            "https://db5p.notify.windows.com/w/?token=1",
        ] {
            assert_eq!(push.check(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("https://evil.example/x", SubscribeError::Host),
            ("https://fcm.googleapis.com.evil.example/x", SubscribeError::Host),
            ("https://push.apple.com/x", SubscribeError::Host),
            ("https://xpush.apple.com/x", SubscribeError::Host),
            ("http://fcm.googleapis.com/x", SubscribeError::NoAddress),
            ("https://fcm.googleapis.com:8443/x", SubscribeError::NoAddress),
            ("https://me@fcm.googleapis.com/x", SubscribeError::NoAddress),
            ("ftp://fcm.googleapis.com/x", SubscribeError::NoAddress),
            ("", SubscribeError::NoAddress),
        ] {
            assert_eq!(push.check(bad), Err(why), "{bad}");
        }
        let long = format!("https://fcm.googleapis.com/{}", "x".repeat(ENDPOINT_BYTES_MAX));
        assert_eq!(push.check(&long), Err(SubscribeError::TooLong));
        // The name as resolvers read it, whatever its case.
        assert_eq!(push.check("https://FCM.googleapis.com/x"), Ok(()));
    }
}
