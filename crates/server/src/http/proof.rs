//! Who sends a command: the device's signature, or a passkey's, over method, path, idempotency key and command (G1). One answer for
//! everything that does not hold, at one cost whoever is named: as many checks as a person may have devices, or one passkey's (G9).

use api::{COMMAND_DOMAIN, Code, PhraseText, Proof, RawEnvelope};
use credentials::{DevicePublic, DeviceSignature, Verifier, challenge};
use overt::DeviceUse;
use passkey::next_counter;
use serde::Deserialize;
use serde_json::Value;
use types::{ActorId, Hash, PersonId, hash_parts};

use super::attempts::ATTEMPTS_WINDOW;
use super::counters::is_counted;
use super::entry::{DEVICES_MAX, Device, DeviceCredential, decode_entry};
use super::failure::{Failure, RETRY_AFTER_BUSY_SECONDS};
use super::incoming::{Holding, Incoming, Size};
use super::nonces::{NonceError, Redeemed};
use super::passkeys::Held;
use super::phrases::Lane;
use super::shared::Http;

/// The domain of what the gate knows an idempotency key by.
const IDEMPOTENCY_DOMAIN: &str = "rempart/idempotency/v1";

/// Who signed.
pub enum Who {
    /// A person; the phrase is still to be checked.
    Person(PersonId, Verifier),
    /// A service of the register.
    Service,
    /// A feed of the server's settings.
    Feed,
}

/// Whose signature holds, and of which device.
struct Authenticated {
    who: Who,
    by: ActorId,
    device: Hash,
    used: Option<DeviceUse>,
    redeemed: Redeemed,
    /// Its counter did not rise.
    copied: bool,
}

/// A command whose signature holds.
pub struct Signed {
    pub who: Who,
    pub by: ActorId,
    pub request: Hash,
    pub idempotency: Hash,
    pub command: Value,
    pub phrase: Option<PhraseText>,
    /// The device that signed.
    pub device: Hash,
    /// Its counter, if it counts its signatures.
    pub used: Option<DeviceUse>,
    /// The nonce was too old, or the device may be a copy: the command is refused, once its phrase has been judged (G8).
    pub late: bool,
}

/// What [`Holding`] carries.
#[derive(Deserialize)]
struct HoldingBody {
    command: Value,
    phrase: Option<PhraseText>,
}

impl Http {
    /// Reads a command and checks its signature.
    ///
    /// # Errors
    /// The first thing that is wrong; nothing of it depends on a phrase.
    pub async fn receive(&self, incoming: Incoming, size: Size, lane: Lane) -> Result<Signed, Failure> {
        if let Some(held) = incoming.held.clone() {
            return self.receive_held(held, incoming, lane).await;
        }
        let peer = incoming.peer;
        // Whoever shares an address with an attacker can still stop things.
        if lane == Lane::Ordinary && self.attempts.is_exhausted(peer, self.now()) {
            return Err(too_many());
        }
        let (method, path, key) = (incoming.method.clone(), incoming.path.clone(), incoming.key()?);
        let body = incoming.read(self, size).await?;
        // The parser's own message is not passed on: it may quote the phrase.
        let envelope: RawEnvelope = serde_json::from_slice(&body).map_err(|error| {
            let place =
                format!("the body is not a command at line {}, column {}", error.line(), error.column());
            Failure::because(Code::Malformed, place)
        })?;
        drop(body);
        let RawEnvelope { command, proof, phrase } = envelope;
        let request = api::request_hash(method.as_str(), &path, &key, &command)
            .map_err(|_| Failure::new(Code::Malformed))?;
        let Authenticated { who, by, device, used, redeemed, copied } =
            self.authenticate(proof, &request, lane).inspect_err(|failure| {
                if failure.code() == Code::Unauthenticated {
                    self.attempts.source(peer, self.now());
                }
            })?;
        if copied && is_counted(&path) {
            self.counters.counter_fell();
            tracing::warn!(device = %device, "a passkey's counter did not rise: the device may have been copied");
        }
        let idempotency = hash_parts(IDEMPOTENCY_DOMAIN, &[by.as_str().as_bytes(), key.as_bytes()]);
        let late = copied || redeemed == Redeemed::Late;
        if late && !matches!(who, Who::Person(..)) {
            return Err(Failure::new(Code::Unauthenticated));
        }
        Ok(Signed { who, by, request, idempotency, command, phrase, device, used, late })
    }

    /// A form of our own page, for a browser without scripts. The session stands for the device, and only for what holds something up;
    /// the phrase is judged as ever (ADR 0029).
    async fn receive_held(&self, held: Holding, incoming: Incoming, lane: Lane) -> Result<Signed, Failure> {
        let Holding(session) = held;
        if lane != Lane::Urgent {
            return Err(Failure::new(Code::Unauthenticated));
        }
        let (method, path, key) = (incoming.method.clone(), incoming.path.clone(), incoming.key()?);
        let body = incoming.read(self, Size::Usual).await?;
        let HoldingBody { command, phrase } =
            serde_json::from_slice(&body).map_err(|_| Failure::new(Code::Malformed))?;
        drop(body);
        let request = api::request_hash(method.as_str(), &path, &key, &command)
            .map_err(|_| Failure::new(Code::Malformed))?;
        let by = ActorId::parse(session.person.as_str()).map_err(|_| Failure::new(Code::Internal))?;
        let (Some(who), devices) = self.look_up(&by, lane) else {
            return Err(Failure::new(Code::Unauthenticated));
        };
        if !devices.iter().any(|device| device.id == session.device) {
            return Err(Failure::new(Code::Unauthenticated));
        }
        let idempotency = hash_parts(IDEMPOTENCY_DOMAIN, &[by.as_str().as_bytes(), key.as_bytes()]);
        let device = session.device;
        Ok(Signed { who, by, request, idempotency, command, phrase, device, used: None, late: false })
    }

    fn authenticate(&self, proof: Proof, request: &Hash, lane: Lane) -> Result<Authenticated, Failure> {
        let refused = || Failure::new(Code::Unauthenticated);
        let Proof { by, nonce, signature, passkey } = proof;
        let asked = challenge(COMMAND_DOMAIN, request, &nonce.0);
        let (who, devices) = self.look_up(&by, lane);
        let held = match (signature, passkey) {
            (Some(signature), None) => self.key_holds(&devices, &asked, &signature),
            (None, Some(assertion)) => self.passkey_holds(&devices, &asked, assertion),
            _ => {
                return Err(Failure::because(
                    Code::Malformed,
                    "a proof has `signature` or `passkey`, one of them",
                ));
            }
        };
        let (Some(who), Some(held)) = (who, held) else { return Err(refused()) };
        match self.nonces.redeem(&by, &nonce, self.now()) {
            Ok(redeemed) => {
                let (used, copied) = self.count(&held);
                Ok(Authenticated { who, by, device: held.device, used, redeemed, copied })
            }
            Err(NonceError::Refused) => Err(refused()),
            Err(NonceError::Full) => Err(Failure::later(Code::Overloaded, RETRY_AFTER_BUSY_SECONDS)),
        }
    }

    /// Whether a signature is of one of these devices' keys. The first that holds ends it; when none does, it took as many checks as ever.
    fn key_holds(&self, devices: &[Device], asked: &Hash, signature: &str) -> Option<Held> {
        let mut bytes = [0; 64];
        let readable = hex::decode_to_slice(signature, &mut bytes).is_ok();
        let signature = DeviceSignature::from_bytes(bytes);
        let of = |device: &Device| match &device.credential {
            DeviceCredential::Key(key) => Some((Some(device.id), *key)),
            DeviceCredential::Passkey(_) => None,
        };
        let mut keys: Vec<_> = devices.iter().filter_map(of).collect();
        keys.resize(DEVICES_MAX, (None, self.nobody));
        let holds = |(_, key): &&(Option<Hash>, DevicePublic)| key.verify(asked, &signature).is_ok();
        let device = keys.iter().find(holds)?.0.filter(|_| readable)?;
        Some(Held { device, counter: None })
    }

    /// What the gate is to note of a device's counter, and whether it shows that the device was copied.
    fn count(&self, held: &Held) -> (Option<DeviceUse>, bool) {
        let Some(shown) = &held.counter else { return (None, false) };
        let last = self.engine.read(|state| state.overt().counter(&held.device));
        let last = last.unwrap_or(0).max(shown.at_registration);
        match next_counter(last, shown.now) {
            Ok(counter) => (Some(DeviceUse { device: held.device, counter }), false),
            Err(_) => (None, true),
        }
    }

    /// Who a name is, and the devices that may sign on this lane: one that others took away still stops. An unknown name, and one
    /// without such a device, has the decoy's.
    fn look_up(&self, by: &ActorId, lane: Lane) -> (Option<Who>, Vec<Device>) {
        if let Some(key) = self.feeds.get(by) {
            let credential = DeviceCredential::Key(*key);
            return (Some(Who::Feed), vec![Device { id: Hash::default(), credential, muted: false }]);
        }
        let may_sign = |device: &overt::Device| lane == Lane::Urgent || !device.muted;
        self.engine.read(|state| {
            let entry = state.overt().entry(by.as_str());
            let entry = entry.filter(|entry| entry.devices.iter().any(may_sign));
            let decoded = decode_entry(entry.unwrap_or(&self.decoy));
            let (Ok(decoded), Some(policy)) = (decoded, state.overt().policy()) else {
                return (None, Vec::new());
            };
            let who = match (policy.person_of(by), decoded.verifier) {
                _ if entry.is_none() => None,
                (Some(person), Some(verifier)) => Some(Who::Person(person.id.clone(), verifier)),
                (None, None) if policy.actor_exists(by) => Some(Who::Service),
                _ => None,
            };
            let mut devices = decoded.devices;
            devices.retain(|device| lane == Lane::Urgent || !device.muted);
            (who, devices)
        })
    }
}

/// Come back in the next window.
pub fn too_many() -> Failure {
    let seconds = u32::try_from(ATTEMPTS_WINDOW.seconds()).unwrap_or(u32::MAX);
    Failure::later(Code::TooManyAttempts, seconds)
}
