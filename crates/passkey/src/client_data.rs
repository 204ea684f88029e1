//! What the browser says of the ceremony: its kind, the challenge, the page. The device signs its hash (G1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use types::Hash;

use crate::fault::{Fault, Part};
use crate::relying_party::RelyingParty;

/// The longest client data, in bytes.
pub const CLIENT_DATA_BYTES_MAX: usize = 4096;

/// Which ceremony.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ceremony {
    Create,
    Get,
}

impl Ceremony {
    const fn name(self) -> &'static str {
        match self {
            Self::Create => "webauthn.create",
            Self::Get => "webauthn.get",
        }
    }
}

/// The members that are judged. The specification has browsers add others, which are not; a member given twice is an error.
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
    #[serde(default, rename = "topOrigin")]
    top_origin: Option<String>,
}

/// Checks client data, and gives the hash that the device has signed.
pub fn check(
    text: &[u8],
    ceremony: Ceremony,
    challenge: &Hash,
    relying_party: &RelyingParty,
) -> Result<[u8; 32], Fault> {
    if text.len() > CLIENT_DATA_BYTES_MAX {
        return Err(Fault::Oversize(Part::ClientData));
    }
    let data: ClientData = serde_json::from_slice(text).map_err(|_| Fault::Malformed(Part::ClientData))?;
    if data.kind != ceremony.name() {
        return Err(Fault::WrongType);
    }
    let given = URL_SAFE_NO_PAD.decode(&data.challenge).map_err(|_| Fault::Malformed(Part::ClientData))?;
    if given != challenge.0 {
        return Err(Fault::WrongChallenge);
    }
    if !relying_party.has_origin(&data.origin) {
        return Err(Fault::WrongOrigin);
    }
    if data.cross_origin || data.top_origin.is_some() {
        return Err(Fault::CrossOrigin);
    }
    Ok(Sha256::digest(text).into())
}
