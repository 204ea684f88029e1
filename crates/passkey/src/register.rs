//! A registration: from what the browser gives for `navigator.credentials.create` to a [`Passkey`] (G1).

use thiserror::Error;
use types::Hash;

use crate::attestation::{AttestationFault, Statement, StatementError};
use crate::authenticator_data::AuthenticatorData;
use crate::cbor::{Reader, once};
use crate::client_data::{Ceremony, check};
use crate::fault::{Fault, Part};
use crate::relying_party::RelyingParty;
use crate::stored::Passkey;

/// The longest attestation object, in bytes.
pub const ATTESTATION_OBJECT_BYTES_MAX: usize = 16 * 1024;

/// What the browser gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationResponse {
    /// `response.clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `response.attestationObject`.
    pub attestation_object: Vec<u8>,
}

/// Why a registration is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RegisterError {
    /// Something in the response.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The device's statement about itself does not hold.
    #[error(transparent)]
    Attestation(AttestationFault),
}

impl From<StatementError> for RegisterError {
    fn from(error: StatementError) -> Self {
        match error {
            StatementError::Form(fault) => Self::Fault(fault),
            StatementError::Content(fault) => Self::Attestation(fault),
        }
    }
}

const PART: Part = Part::AttestationObject;

/// Checks a registration. That the challenge is fresh is the caller's to know.
///
/// # Errors
/// The first thing that is wrong.
pub fn register(
    relying_party: &RelyingParty,
    challenge: &Hash,
    response: &RegistrationResponse,
) -> Result<Passkey, RegisterError> {
    let (passkey, verified) = read(relying_party, challenge, response)?;
    verified?;
    Ok(passkey)
}

/// The passkey, and apart from it whether the device verified its user.
pub fn read(
    relying_party: &RelyingParty,
    challenge: &Hash,
    response: &RegistrationResponse,
) -> Result<(Passkey, Result<(), Fault>), RegisterError> {
    if response.attestation_object.len() > ATTESTATION_OBJECT_BYTES_MAX {
        return Err(Fault::Oversize(PART).into());
    }
    let client_hash = check(&response.client_data, Ceremony::Create, challenge, relying_party)?;
    let (statement, bytes) = split(&response.attestation_object)?;
    let mut data = AuthenticatorData::read(bytes)?;
    data.check(relying_party)?;
    let credential = data.credential.take().ok_or(Fault::Malformed(Part::AuthenticatorData))?;
    let signed = [bytes, client_hash.as_slice()].concat();
    let attestation = statement.check(&credential.key, &signed)?;
    let passkey = Passkey {
        id: credential.id,
        key: credential.key,
        aaguid: credential.aaguid,
        attestation,
        counter: data.counter,
        backup_eligible: data.is_backup_eligible(),
        backed_up: data.is_backed_up(),
    };
    Ok((passkey, data.check_verified()))
}

/// Statement and authenticator's data of an attestation object.
fn split(object: &[u8]) -> Result<(Statement<'_>, &[u8]), Fault> {
    let mut reader = Reader::new(object, PART);
    let (mut format, mut body, mut data) = (None, None, None);
    for _ in 0..reader.map()? {
        match reader.text()? {
            "fmt" => once(&mut format, reader.text()?, PART)?,
            "attStmt" => once(&mut body, reader.any()?, PART)?,
            "authData" => once(&mut data, reader.bytes()?, PART)?,
            _ => return Err(Fault::Malformed(PART)),
        }
    }
    reader.end()?;
    let wrong = Fault::Malformed(PART);
    let statement = Statement::new(format.ok_or(wrong)?, body.ok_or(wrong)?);
    Ok((statement, data.ok_or(wrong)?))
}
