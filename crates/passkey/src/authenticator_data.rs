//! What the device says and signs: for which site, whether its user was there and verified, its counter, and at registration the new
//! credential (G1).

use crate::cbor::Reader;
use crate::fault::{Fault, Part};
use crate::public_key::PublicKey;
use crate::relying_party::RelyingParty;

/// The longest authenticator data, in bytes.
pub const AUTHENTICATOR_DATA_BYTES_MAX: usize = 4096;
/// The longest credential id, in bytes (the specification's own bound).
pub const CREDENTIAL_ID_BYTES_MAX: usize = 1023;

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;
const HAS_EXTENSIONS: u8 = 0x80;

/// The data, read.
pub struct AuthenticatorData {
    relying_party_hash: [u8; 32],
    flags: u8,
    pub counter: u32,
    pub credential: Option<NewCredential>,
}

/// The credential that a registration brings.
pub struct NewCredential {
    pub aaguid: [u8; 16],
    pub id: Vec<u8>,
    pub key: PublicKey,
}

const WRONG: Fault = Fault::Malformed(Part::AuthenticatorData);

impl AuthenticatorData {
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() > AUTHENTICATOR_DATA_BYTES_MAX {
            return Err(Fault::Oversize(Part::AuthenticatorData));
        }
        let (relying_party_hash, rest) = bytes.split_first_chunk::<32>().ok_or(WRONG)?;
        let (flags, rest) = rest.split_first().ok_or(WRONG)?;
        let (counter, mut rest) = rest.split_first_chunk::<4>().ok_or(WRONG)?;
        let mut credential = None;
        if flags & HAS_CREDENTIAL != 0 {
            let (new, behind) = NewCredential::read(rest)?;
            (credential, rest) = (Some(new), behind);
        }
        if flags & HAS_EXTENSIONS != 0 {
            rest = pass_extensions(rest)?;
        }
        if !rest.is_empty() {
            return Err(Fault::Trailing(Part::AuthenticatorData));
        }
        let counter = u32::from_be_bytes(*counter);
        Ok(Self { relying_party_hash: *relying_party_hash, flags: *flags, counter, credential })
    }

    /// Everything but user verification, which [`AuthenticatorData::check_verified`] judges last.
    pub fn check(&self, relying_party: &RelyingParty) -> Result<(), Fault> {
        if self.relying_party_hash != relying_party.id_hash() {
            return Err(Fault::WrongRelyingParty);
        }
        if self.flags & PRESENT == 0 {
            return Err(Fault::NotPresent);
        }
        if self.is_backed_up() && !self.is_backup_eligible() {
            return Err(Fault::BackupFlags);
        }
        Ok(())
    }

    pub const fn check_verified(&self) -> Result<(), Fault> {
        if self.flags & VERIFIED == 0 { Err(Fault::NotVerified) } else { Ok(()) }
    }

    pub const fn is_backup_eligible(&self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }

    pub const fn is_backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }
}

impl NewCredential {
    fn read(bytes: &[u8]) -> Result<(Self, &[u8]), Fault> {
        let (aaguid, rest) = bytes.split_first_chunk::<16>().ok_or(WRONG)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(WRONG)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if length > CREDENTIAL_ID_BYTES_MAX {
            return Err(Fault::Oversize(Part::CredentialId));
        }
        let (id, rest) = rest.split_at_checked(length).ok_or(WRONG)?;
        if id.is_empty() {
            return Err(Fault::Malformed(Part::CredentialId));
        }
        let (key, rest) = PublicKey::read(rest)?;
        Ok((Self { aaguid: *aaguid, id: id.to_vec(), key }, rest))
    }
}

/// Extensions are signed with the rest and change nothing here.
fn pass_extensions(bytes: &[u8]) -> Result<&[u8], Fault> {
    let mut reader = Reader::new(bytes, Part::AuthenticatorData);
    for _ in 0..reader.map()? {
        reader.text()?;
        reader.any()?;
    }
    Ok(reader.rest())
}
