//! An authenticator in software, inside the browser: makes passkeys and signs, with or without having verified its user.

use serde_json::{Value, json};

use crate::error::BrowserError;
use crate::process::Browser;

/// Which.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthenticatorId(String);

impl Browser {
    /// Adds an authenticator that keeps its passkeys and confirms at once.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn add_authenticator(&mut self) -> Result<AuthenticatorId, BrowserError> {
        self.wire.call("WebAuthn.enable", json!({}))?;
        let options = json!({ "options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserVerified": true, "automaticPresenceSimulation": true,
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

    /// Puts a passkey of another authenticator into this one.
    ///
    /// # Errors
    /// When it is not one.
    pub fn add_passkey(&mut self, to: &AuthenticatorId, passkey: &Value) -> Result<(), BrowserError> {
        let params = json!({ "authenticatorId": to.0, "credential": passkey });
        self.wire.call("WebAuthn.addCredential", params).map(drop)
    }
}
