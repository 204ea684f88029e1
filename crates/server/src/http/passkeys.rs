//! Passkeys over HTTP: what a browser sends, as the verifier takes it, and a new passkey before it becomes part of anybody's credential
//! (G1). Called by `proof` for each command, by `routes::credentials` for a further device and at enrolment.

use api::{Code, NewPasskey, PasskeyAssertion};
use passkey::{AssertionResponse, Passkey, RegistrationResponse, register};
use types::{ActorId, Hash};

use super::entry::{Device, DeviceCredential, decode_entry};
use super::failure::{Failure, RETRY_AFTER_BUSY_SECONDS};
use super::nonces::{NonceError, Redeemed};
use super::shared::Http;

/// A device whose word holds.
pub struct Held {
    /// The hash under which the gate knows it.
    pub device: Hash,
    /// A passkey's counter: the last that was seen at its registration, and the one that it shows now.
    pub counter: Option<Shown>,
}

/// See [`Held`].
pub struct Shown {
    pub at_registration: u32,
    pub now: u32,
}

impl Http {
    /// Whether an assertion is of one of these devices. One signature is checked, whoever they are.
    pub fn passkey_holds(
        &self,
        devices: &[Device],
        challenge: &Hash,
        assertion: PasskeyAssertion,
    ) -> Option<Held> {
        let of = |device: &Device| match &device.credential {
            DeviceCredential::Passkey(passkey) => Some((device.id, passkey.clone())),
            DeviceCredential::Key(_) => None,
        };
        let (ids, passkeys): (Vec<Hash>, Vec<Passkey>) = devices.iter().filter_map(of).unzip();
        let response = AssertionResponse {
            credential_id: assertion.id.0,
            client_data: assertion.client_data.0,
            authenticator_data: assertion.authenticator_data.0,
            signature: assertion.signature.0,
        };
        let asserted = passkey::assert_one_of(&self.relying_party, &passkeys, challenge, &response).ok()?;
        let at_registration = passkeys.get(asserted.index)?.counter();
        let counter = Some(Shown { at_registration, now: asserted.counter });
        Some(Held { device: *ids.get(asserted.index)?, counter })
    }

    /// Reads a new passkey of somebody: over the challenge that names them, with a nonce of its own, and not theirs already.
    ///
    /// # Errors
    /// [`Code::PasskeyRefused`], with what is wrong.
    pub fn read_new_passkey(&self, by: &ActorId, new: NewPasskey) -> Result<DeviceCredential, Failure> {
        let refused = |why: String| Failure::because(Code::PasskeyRefused, why);
        if !self.is_human(by) {
            return Err(refused("a program signs with a key: give it a service key".to_owned()));
        }
        let challenge = api::creation_challenge(by, &new.nonce);
        let response = RegistrationResponse {
            client_data: new.client_data.0,
            attestation_object: new.attestation_object.0,
        };
        let passkey = register(&self.relying_party, &challenge, &response)
            .map_err(|error| refused(error.to_string()))?;
        if self.has_passkey(by, passkey.id()) {
            return Err(refused("this passkey is registered already: use it".to_owned()));
        }
        match self.nonces.redeem(by, &new.nonce, self.now()) {
            Ok(Redeemed::InTime) => Ok(DeviceCredential::Passkey(passkey)),
            Ok(Redeemed::Late) | Err(NonceError::Refused) => Err(refused(
                "the nonce is too old or was used: ask for another and register again".to_owned(),
            )),
            Err(NonceError::Full) => Err(Failure::later(Code::Overloaded, RETRY_AFTER_BUSY_SECONDS)),
        }
    }

    fn is_human(&self, by: &ActorId) -> bool {
        self.engine.read(|state| state.overt().policy().is_some_and(|policy| policy.person_of(by).is_some()))
    }

    fn has_passkey(&self, by: &ActorId, id: &[u8]) -> bool {
        let is_it = |device: &Device| matches!(&device.credential, DeviceCredential::Passkey(passkey) if passkey.id() == id);
        self.engine.read(|state| {
            let decoded = state.overt().entry(by.as_str()).map(decode_entry);
            decoded.and_then(Result::ok).is_some_and(|entry| entry.devices.iter().any(is_it))
        })
    }
}
