//! An authenticator in software, inside the browser: makes passkeys and signs, with or without having verified its user.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::error::BrowserError;
use crate::process::Browser;

/// Which.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthenticatorId(String);

impl Browser {
    /// Adds the authenticator of the device itself; it keeps its passkeys and confirms at once.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn add_authenticator(&mut self) -> Result<AuthenticatorId, BrowserError> {
        self.add("internal")
    }

    /// Plugs in a security key that confirms at once.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn add_security_key(&mut self) -> Result<AuthenticatorId, BrowserError> {
        self.add("usb")
    }

    fn add(&mut self, transport: &str) -> Result<AuthenticatorId, BrowserError> {
        self.wire.call("WebAuthn.enable", json!({}))?;
        let options = json!({ "options": {
            "protocol": "ctap2", "transport": transport, "hasResidentKey": true, "hasUserVerification": true,
            "isUserVerified": true, "automaticPresenceSimulation": true, "hasPrf": true,
        } });
        let added = self.wire.call("WebAuthn.addVirtualAuthenticator", options)?;
        Ok(AuthenticatorId(added["authenticatorId"].as_str().unwrap_or_default().to_owned()))
    }

    /// Whether it recognises its user from now on.
    ///
    /// # Errors
    /// When there is no such authenticator.
    pub fn set_user_verified(&mut self, of: &AuthenticatorId, verified: bool) -> Result<(), BrowserError> {
        let params = json!({ "authenticatorId": of.0, "isUserVerified": verified });
        self.wire.call("WebAuthn.setUserVerified", params).map(drop)
    }

    /// The passkeys that it keeps.
    ///
    /// # Errors
    /// When there is no such authenticator.
    pub fn passkeys(&mut self, of: &AuthenticatorId) -> Result<Vec<Value>, BrowserError> {
        let mut kept = self.wire.call("WebAuthn.getCredentials", json!({ "authenticatorId": of.0 }))?;
        Ok(kept["credentials"].take().as_array().cloned().unwrap_or_default())
    }

    /// Gives it a passkey that it did not make: its id, its private key (PKCS #8), the site, and how often it has signed.
    ///
    /// # Errors
    /// When the key is none, or there is no such authenticator.
    pub fn give_passkey(
        &mut self,
        to: &AuthenticatorId,
        (id, key): (&[u8], &[u8]),
        site: &str,
        signed: u32,
    ) -> Result<(), BrowserError> {
        let credential = json!({
            "credentialId": STANDARD.encode(id), "isResidentCredential": true, "rpId": site, "privateKey": STANDARD.encode(key),
            "userHandle": STANDARD.encode(id), "signCount": signed,
        });
        let params = json!({ "authenticatorId": to.0, "credential": credential });
        self.wire.call("WebAuthn.addCredential", params).map(drop)
    }

    /// Whether it confirms without being touched from now on.
    ///
    /// # Errors
    /// When there is no such authenticator.
    pub fn set_touched(&mut self, of: &AuthenticatorId, touched: bool) -> Result<(), BrowserError> {
        let params = json!({ "authenticatorId": of.0, "enabled": touched });
        self.wire.call("WebAuthn.setAutomaticPresenceSimulation", params).map(drop)
    }

    /// Unplugs it, with all that it keeps.
    ///
    /// # Errors
    /// When there is no such authenticator.
    pub fn unplug(&mut self, which: &AuthenticatorId) -> Result<(), BrowserError> {
        self.wire.call("WebAuthn.removeVirtualAuthenticator", json!({ "authenticatorId": which.0 })).map(drop)
    }
}
