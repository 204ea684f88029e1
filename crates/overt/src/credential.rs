//! Credentials of people and services: handed out before anybody acts, afterwards changed by motions only (G5). The shell's bytes are
//! opaque here: a device's public half, a phrase's verifier.
//!
//! A further device, another phrase, a replacement and the enrolment of whoever joins later are changes (semantics 7): a quorum without
//! the person concerned and without who proposes, the full wait, ended by any one person; what was valid stays valid until then. Whoever acts with
//! a credential that the acts which count would not have brought does not count either (G4). ADR 0019 says more.
//!
//! Taking one's own devices away works at once. Those of somebody else take two people of different homes. Either way these devices can
//! still stop, cancel, object and end, and nothing else: whoever holds one of somebody's devices keeps nobody from stopping (G5).

use policy::Policy;
use serde::{Deserialize, Serialize};
use types::{ActorId, Hash, Timestamp, hash_parts};

use crate::act::{Act, ActNumber};
use crate::command::{Event, Refusal, Reply};
use crate::decide::Decision;
use crate::motion::{Motion, MotionId, Proposal};
use crate::state::State;

/// The most devices of one person or service.
pub const DEVICES_MAX: usize = 4;
/// The longest public half of a device, and the longest verifier, in bytes.
pub const CREDENTIAL_BYTES_MAX: usize = 4096;
/// The most proposals about one person's credentials that may be undecided at once.
pub const CREDENTIAL_MOTIONS_MAX: usize = 8;

/// A device that signs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Device {
    /// The hash of its public half.
    pub id: Hash,
    /// Its public half, as the shell keeps it.
    pub public: Vec<u8>,
    /// Whether it can only stop, cancel, object and end any more.
    pub muted: bool,
}

impl Device {
    fn new(public: &[u8]) -> Self {
        Self { id: device_id(public), public: public.to_vec(), muted: false }
    }
}

/// The hash under which a device is known.
#[must_use]
pub fn device_id(public: &[u8]) -> Hash {
    hash_parts("rempart/device/v1", &[public])
}

/// Everything that one person or service has.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Entry {
    /// The devices, oldest first.
    pub devices: Vec<Device>,
    /// Of the phrase; a service has none.
    pub verifier: Option<Vec<u8>>,
}

impl Entry {
    /// The oldest device that was taken away makes room where there is none.
    fn add(&mut self, device: Device) {
        if self.devices.len() >= DEVICES_MAX
            && let Some(oldest) = self.devices.iter().position(|device| device.muted)
        {
            self.devices.remove(oldest);
        }
        self.devices.push(device);
    }
}

/// A whole credential, as the shell makes it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Credential {
    /// The public halves of its devices.
    pub devices: Vec<Vec<u8>>,
    /// Of the phrase; a service has none.
    pub verifier: Option<Vec<u8>>,
}

impl From<&Credential> for Entry {
    fn from(credential: &Credential) -> Self {
        let devices = credential.devices.iter().map(|public| Device::new(public)).collect();
        Self { devices, verifier: credential.verifier.clone() }
    }
}

/// What is to become of somebody's credential.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NewCredential {
    /// A further device.
    Device(Vec<u8>),
    /// Another phrase.
    Phrase(Vec<u8>),
    /// All of it: an enrolment, or a replacement of what was lost.
    Whole(Credential),
}

impl NewCredential {
    /// What the person concerned and those who endorse compare over the telephone: nobody can make another credential with it.
    #[must_use]
    pub fn fingerprint(&self) -> Hash {
        let (kind, parts): (&[u8], Vec<&[u8]>) = match self {
            Self::Device(public) => (b"device", vec![public]),
            Self::Phrase(verifier) => (b"phrase", vec![verifier]),
            Self::Whole(whole) => {
                let devices = whole.devices.iter().map(Vec::as_slice);
                (b"whole", devices.chain(whole.verifier.as_deref()).collect())
            }
        };
        let parts: Vec<&[u8]> = std::iter::once(kind).chain(parts).collect();
        hash_parts("rempart/credential/v1", &parts)
    }

    fn is_well_formed(&self) -> bool {
        let fits = |bytes: &[u8]| (1..=CREDENTIAL_BYTES_MAX).contains(&bytes.len());
        match self {
            Self::Device(bytes) | Self::Phrase(bytes) => fits(bytes),
            Self::Whole(whole) => {
                (1..=DEVICES_MAX).contains(&whole.devices.len())
                    && whole.devices.iter().chain(&whole.verifier).all(|bytes| fits(bytes))
            }
        }
    }
}

/// The use of a device whose signatures are counted: a counter that falls shows that it was copied.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeviceUse {
    /// Which device.
    pub device: Hash,
    /// Its counter after the signature.
    pub counter: u32,
}

/// Which motion changed somebody's credential, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Origin {
    pub motion: MotionId,
    pub at: Timestamp,
    pub number: ActNumber,
    /// Whether nothing of what was before is left.
    pub is_whole: bool,
}

impl Origin {
    pub(crate) fn precedes(&self, act: &Act) -> bool {
        self.at < act.at || (self.at == act.at && self.number < act.number)
    }
}

/// What is asked.
impl State {
    /// Whether a proposal about a credential makes sense now.
    pub(crate) fn may_propose_credential(
        &self,
        act: &Act,
        (actor, new): (&ActorId, &NewCredential),
    ) -> Result<(), Refusal> {
        let policy = self.policy().ok_or(Refusal::NotFound("organisation"))?;
        if !policy.actor_exists(actor) {
            return Err(Refusal::NotFound("person or service"));
        }
        if !new.is_well_formed() {
            return Err(Refusal::NotAllowed("this is no credential"));
        }
        match new {
            NewCredential::Device(_) | NewCredential::Phrase(_) if !act.is_by(actor.as_str()) => {
                return Err(Refusal::NotAllowed("a device or phrase is added by its own person"));
            }
            NewCredential::Whole(whole) if whole.verifier.is_some() != policy.person_of(actor).is_some() => {
                return Err(Refusal::NotAllowed("a person has a phrase, and a service has none"));
            }
            _ => {}
        }
        if !self.fits_entry(actor, new) {
            return Err(Refusal::TooMany("devices"));
        }
        let concerns = |motion: &&Motion| motion.settled.is_none() && motion.concerns() == Some(actor);
        if self.motions.values().filter(concerns).count() >= CREDENTIAL_MOTIONS_MAX {
            return Err(Refusal::TooMany("motions"));
        }
        Ok(())
    }

    /// Whether somebody's entry can take it as it is now.
    pub(crate) fn fits_entry(&self, actor: &ActorId, new: &NewCredential) -> bool {
        let entry = self.entries.get(actor);
        match new {
            NewCredential::Device(public) => entry.is_some_and(|entry| {
                let known = entry.devices.iter().any(|device| device.id == device_id(public));
                entry.devices.iter().filter(|device| !device.muted).count() < DEVICES_MAX && !known
            }),
            NewCredential::Phrase(_) => entry.is_some_and(|entry| entry.verifier.is_some()),
            NewCredential::Whole(_) => true,
        }
    }

    /// Takes one's own devices away, at once: all of them, or the one that is named.
    pub(crate) fn decide_revoke(&self, act: &Act, device: Option<&Hash>) -> Decision {
        let (person, _) = self.person(act)?;
        let entry = self.entries.get(person.as_str()).ok_or(Refusal::NotFound("credential"))?;
        let named = |id: &Hash| device.is_none_or(|device| device == id);
        let live = entry.devices.iter().filter(|device| !device.muted);
        let devices: Vec<Hash> = live.map(|device| device.id).filter(named).collect();
        if devices.is_empty() {
            return Err(Refusal::NotFound("device"));
        }
        Ok((vec![Event::Revoked { actor: person.into(), devices }], Reply::Done))
    }
}

/// What happens.
impl State {
    pub(crate) fn enrolled_whole(&mut self, actor: &ActorId, credential: &Credential) {
        self.entries.insert(actor.clone(), credential.into());
    }

    pub(crate) fn revoked(&mut self, actor: &ActorId, devices: &[Hash]) {
        let all = self.entries.get_mut(actor).into_iter().flat_map(|entry| &mut entry.devices);
        all.filter(|device| devices.contains(&device.id)).for_each(|device| device.muted = true);
    }

    pub(crate) fn muted(&mut self, actor: &ActorId) {
        let devices = self.entries.get_mut(actor).into_iter().flat_map(|entry| &mut entry.devices);
        devices.for_each(|device| device.muted = true);
    }

    /// A motion about a credential is in force.
    pub(crate) fn credential_passed(
        &mut self,
        act: &Act,
        id: MotionId,
        (actor, new): (&ActorId, &NewCredential),
    ) {
        let is_whole = matches!(new, NewCredential::Whole(_));
        let entry = self.entries.entry(actor.clone()).or_default();
        match new {
            NewCredential::Device(public) => entry.add(Device::new(public)),
            NewCredential::Phrase(verifier) => entry.verifier = Some(verifier.clone()),
            NewCredential::Whole(whole) => *entry = whole.into(),
        }
        let origin = Origin { motion: id, at: act.at, number: act.number, is_whole };
        self.origins.entry(actor.clone()).or_default().push(origin);
    }

    /// What brought the credentials there are, oldest first; nothing where every act counts, for then all of it did.
    pub(crate) fn origins_by_time(&self, is_complete: bool) -> Vec<Origin> {
        let mut origins: Vec<Origin> =
            if is_complete { Vec::new() } else { self.origins.values().flatten().copied().collect() };
        origins.sort_unstable_by_key(|origin| origin.number);
        origins
    }

    /// A device's counter, wherever it was used, also on a command that was refused.
    pub fn note_use(&mut self, used: DeviceUse) {
        let counter = self.counters.entry(used.device).or_default();
        *counter = used.counter.max(*counter);
    }
}

/// What there is to see.
impl State {
    /// A person's or service's entry.
    #[must_use]
    pub fn entry(&self, actor: &str) -> Option<&Entry> {
        self.entries.get(actor)
    }

    /// The highest counter that a device has shown.
    #[must_use]
    pub fn counter(&self, device: &Hash) -> Option<u32> {
        self.counters.get(device).copied()
    }

    /// Everybody who has an entry.
    pub fn enrolled(&self) -> impl Iterator<Item = &ActorId> {
        self.entries.keys()
    }
}

impl Motion {
    /// Whose credential it is about.
    #[must_use]
    pub const fn concerns(&self) -> Option<&ActorId> {
        match &self.proposal {
            Proposal::Credential { actor, .. } | Proposal::Revoke { actor } => Some(actor),
            Proposal::Lift(_) | Proposal::Lower(_) | Proposal::Change(_) => None,
        }
    }
}

/// Whether a policy still has a person or service.
pub(crate) fn exists(policy: Option<&Policy>, actor: &ActorId) -> bool {
    policy.is_some_and(|policy| policy.actor_exists(actor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_away_makes_room_and_nothing_else_does() {
        let device = |byte: u8, muted| Device { muted, ..Device::new(&[byte]) };
        let devices = (0..4).map(|byte| device(byte, byte == 2)).collect();
        let mut entry = Entry { devices, verifier: None };
        entry.add(device(9, false));
        let ids: Vec<Vec<u8>> = entry.devices.into_iter().map(|device| device.public).collect();
        assert_eq!(ids, [[0], [1], [3], [9]]);
    }
}
