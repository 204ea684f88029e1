//! An assertion: whether what the browser gives for `navigator.credentials.get` is of one of a person's passkeys over our challenge (G1),
//! at one cost whoever is named (G9).

use thiserror::Error;
use types::Hash;

use crate::authenticator_data::{AuthenticatorData, CREDENTIAL_ID_BYTES_MAX};
use crate::client_data::{Ceremony, check};
use crate::fault::{Fault, Part};
use crate::public_key::{PublicKey, SIGNATURE_BYTES_MAX};
use crate::relying_party::RelyingParty;
use crate::stored::Passkey;

/// What the browser gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertionResponse {
    /// `rawId`.
    pub credential_id: Vec<u8>,
    /// `response.clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `response.authenticatorData`.
    pub authenticator_data: Vec<u8>,
    /// `response.signature`.
    pub signature: Vec<u8>,
}

/// Why an assertion is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AssertError {
    /// Something in the response.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Not one of this person's passkeys.
    #[error("the passkey is not one of this person's: choose the one that was registered here")]
    UnknownCredential,
    /// The signature is not of this passkey over this response.
    #[error("the signature is not of this passkey: try again")]
    Signature,
    /// The counter did not rise: two devices hold the same key.
    #[error(
        "the device's counter went back, so it may have been copied: use another device and report this one"
    )]
    Cloned,
}

/// A signature that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asserted {
    /// Which of the passkeys signed.
    pub index: usize,
    /// What the device's counter says; still to be compared with the last ([`next_counter`]).
    pub counter: u32,
}

/// The generator of P-256: a key on the curve that is nobody's.
const NOBODY: PublicKey = PublicKey::Es256(
    [
        0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77,
        0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
    ],
    [
        0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b,
        0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
    ],
);

/// Checks an assertion of one passkey and gives its new counter.
///
/// # Errors
/// The first thing that is wrong.
pub fn assert(
    relying_party: &RelyingParty,
    passkey: &Passkey,
    challenge: &Hash,
    response: &AssertionResponse,
    last_counter: u32,
) -> Result<u32, AssertError> {
    let asserted = assert_one_of(relying_party, std::slice::from_ref(passkey), challenge, response)?;
    next_counter(last_counter, asserted.counter)
}

/// Checks an assertion of whichever passkey it names. One signature is checked, against a key of nobody where it names none.
///
/// # Errors
/// The first thing that is wrong. Up to the signature it depends on the response alone.
pub fn assert_one_of(
    relying_party: &RelyingParty,
    passkeys: &[Passkey],
    challenge: &Hash,
    response: &AssertionResponse,
) -> Result<Asserted, AssertError> {
    let (asserted, verified) = read(relying_party, passkeys, challenge, response)?;
    verified?;
    Ok(asserted)
}

/// What was asserted, and apart from it whether the device verified its user.
pub fn read(
    relying_party: &RelyingParty,
    passkeys: &[Passkey],
    challenge: &Hash,
    response: &AssertionResponse,
) -> Result<(Asserted, Result<(), Fault>), AssertError> {
    check_lengths(response)?;
    let client_hash = check(&response.client_data, Ceremony::Get, challenge, relying_party)?;
    let data = AuthenticatorData::read(&response.authenticator_data)?;
    if data.credential.is_some() {
        return Err(Fault::Malformed(Part::AuthenticatorData).into());
    }
    data.check(relying_party)?;
    let named = passkeys.iter().enumerate().find(|(_, passkey)| passkey.id == response.credential_id);
    let key = named.map_or(&NOBODY, |(_, passkey)| &passkey.key);
    let signed = [response.authenticator_data.as_slice(), &client_hash].concat();
    let holds = key.verifies(&signed, &response.signature);
    let (index, passkey) = named.ok_or(AssertError::UnknownCredential)?;
    if !holds {
        return Err(AssertError::Signature);
    }
    if data.is_backup_eligible() != passkey.backup_eligible {
        return Err(Fault::BackupFlags.into());
    }
    Ok((Asserted { index, counter: data.counter }, data.check_verified()))
}

const fn check_lengths(response: &AssertionResponse) -> Result<(), Fault> {
    if response.credential_id.len() > CREDENTIAL_ID_BYTES_MAX {
        return Err(Fault::Oversize(Part::CredentialId));
    }
    if response.signature.len() > SIGNATURE_BYTES_MAX {
        return Err(Fault::Oversize(Part::Signature));
    }
    Ok(())
}

/// The counter to keep: devices that do not count always say zero; any other must have risen.
///
/// # Errors
/// [`AssertError::Cloned`].
pub const fn next_counter(last: u32, given: u32) -> Result<u32, AssertError> {
    if given > last || (given == 0 && last == 0) { Ok(given) } else { Err(AssertError::Cloned) }
}
