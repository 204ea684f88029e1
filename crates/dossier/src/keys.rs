//! Responders' keys: made here, kept in a file under a passphrase, read back to open a packet (G9).
//!
//! The file is an ordinary age identity file, or one encrypted with a passphrase (scrypt), as `age` and `rage` read and write them. Lines
//! `AGE-PLUGIN-…` name keys in hardware; age finds their program on the path.

use std::io::{Read, Write};
use std::sync::Arc;

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::{ExposeSecret, SecretString};
use age::{DecryptError, Decryptor, Encryptor, IdentityFile, scrypt, x25519};
use policy::{Recipient, RecipientError};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::prompt::{Asks, Prompt};

/// The largest identity file, in bytes.
pub const IDENTITY_BYTES_MAX: usize = 64 * 1024;
/// The binary logarithm of scrypt's cost for a file that is made here: 256 MiB, about a second.
pub const WORK_FACTOR: u8 = 18;
/// The most that is spent on a file from elsewhere: 1 GiB.
const WORK_FACTOR_MAX: u8 = 20;
/// The shortest passphrase, in characters.
const PASSPHRASE_CHARS_MIN: usize = 10;

/// Why a key cannot be made or read.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum KeyError {
    /// Not an identity file.
    #[error("this is no age identity file: give the file that `rempart dossier identity new` made")]
    Form,
    /// Larger than any.
    #[error("the identity file is larger than {IDENTITY_BYTES_MAX} bytes")]
    TooLarge,
    /// Sealed to keys, not under a passphrase.
    #[error("the identity file is not under a passphrase but sealed to other keys: decrypt it first")]
    NotPassphrase,
    /// Nobody gave it.
    #[error("the identity file is under a passphrase: give it at the terminal")]
    NoPassphrase,
    /// The wrong one.
    #[error("the passphrase is wrong, or the file is damaged")]
    Passphrase,
    /// Too short.
    #[error("the passphrase is shorter than {PASSPHRASE_CHARS_MIN} characters: take several words")]
    ShortPassphrase,
    /// Too costly.
    #[error("the identity file asks for more work than is reasonable: make it anew with `age-keygen`")]
    Work,
    /// The program of a hardware key is missing.
    #[error("a program is missing: {0}")]
    Plugin(String),
    /// The key's own public half is refused.
    #[error(transparent)]
    Recipient(#[from] RecipientError),
}

/// A key that was just made.
pub struct NewIdentity(x25519::Identity);

impl NewIdentity {
    /// Draws one from the system's randomness.
    #[must_use]
    pub fn generate() -> Self {
        Self(x25519::Identity::generate())
    }

    /// Its public half, for the register.
    ///
    /// # Errors
    /// Never for a key that was drawn.
    pub fn recipient(&self) -> Result<Recipient, KeyError> {
        Ok(Recipient::parse(&self.0.to_public().to_string())?)
    }

    /// The file without a passphrase, for tests and for a disk that is encrypted anyway.
    #[must_use]
    pub fn plain(&self) -> Zeroizing<String> {
        let secret = self.0.to_string();
        Zeroizing::new(format!("# public key: {}\n{}\n", self.0.to_public(), secret.expose_secret()))
    }

    /// The file under a passphrase.
    ///
    /// # Errors
    /// When the passphrase is too short.
    pub fn protected(&self, passphrase: &str, work_factor: u8) -> Result<String, KeyError> {
        if passphrase.chars().count() < PASSPHRASE_CHARS_MIN {
            return Err(KeyError::ShortPassphrase);
        }
        let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
        recipient.set_work_factor(work_factor.clamp(1, WORK_FACTOR_MAX));
        let encryptor = Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
            .map_err(|_| KeyError::Form)?;
        let written = armored(encryptor, self.plain().as_bytes()).map_err(|_| KeyError::Form)?;
        String::from_utf8(written).map_err(|_| KeyError::Form)
    }
}

fn armored(encryptor: Encryptor, plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
    let mut writer = encryptor.wrap_output(armor)?;
    writer.write_all(plain)?;
    writer.finish()?.finish()
}

/// Keys that were read from a file, or derived from a passkey.
pub struct Keys(pub(crate) Vec<Box<dyn age::Identity + Send + Sync>>);

impl Keys {
    /// Reads an identity file; asks for its passphrase if it has one.
    ///
    /// # Errors
    /// What is wrong with the file or the passphrase.
    pub fn read(
        file: &[u8],
        passphrase: impl FnOnce() -> Option<Zeroizing<String>>,
        prompt: &Arc<dyn Prompt>,
    ) -> Result<Self, KeyError> {
        if file.len() > IDENTITY_BYTES_MAX {
            return Err(KeyError::TooLarge);
        }
        let text =
            if is_encrypted(file) { decrypted(file, passphrase)? } else { Zeroizing::new(file.to_vec()) };
        let identities = IdentityFile::from_buffer(text.as_slice()).map_err(|_| KeyError::Form)?;
        let identities = identities.with_callbacks(Asks(Arc::clone(prompt))).into_identities();
        let identities = identities.map_err(|error| match error {
            DecryptError::PluginResolve(error) => KeyError::Plugin(error.to_string()),
            _ => KeyError::Form,
        })?;
        if identities.is_empty() { Err(KeyError::Form) } else { Ok(Self(identities)) }
    }

    /// The key that follows from a passkey.
    #[must_use]
    pub fn of(identity: x25519::Identity) -> Self {
        Self(vec![Box::new(identity)])
    }
}

fn is_encrypted(file: &[u8]) -> bool {
    file.starts_with(b"age-encryption.org/") || file.trim_ascii_start().starts_with(b"-----BEGIN AGE")
}

fn decrypted(
    file: &[u8],
    passphrase: impl FnOnce() -> Option<Zeroizing<String>>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let decryptor = Decryptor::new(ArmoredReader::new(file)).map_err(|_| KeyError::Form)?;
    if !decryptor.is_scrypt() {
        return Err(KeyError::NotPassphrase);
    }
    let passphrase = passphrase().ok_or(KeyError::NoPassphrase)?;
    let mut identity = scrypt::Identity::new(SecretString::from(passphrase.to_string()));
    identity.set_max_work_factor(WORK_FACTOR_MAX);
    let reader = decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity));
    let reader = reader.map_err(|error| match error {
        DecryptError::ExcessiveWork { .. } => KeyError::Work,
        _ => KeyError::Passphrase,
    })?;
    let mut text = Zeroizing::new(Vec::with_capacity(IDENTITY_BYTES_MAX));
    let most = u64::try_from(IDENTITY_BYTES_MAX).unwrap_or(u64::MAX);
    reader.take(most).read_to_end(&mut text).map_err(|_| KeyError::Passphrase)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt::NoPrompt;

    fn nobody() -> Arc<dyn Prompt> {
        Arc::new(NoPrompt)
    }

    fn read(file: &[u8], passphrase: Option<&str>) -> Result<Keys, KeyError> {
        Keys::read(file, || passphrase.map(|text| Zeroizing::new(text.to_owned())), &nobody())
    }

    #[test]
    fn a_protected_file_opens_with_its_passphrase_only() {
        let identity = NewIdentity::generate();
        let file = identity.protected("correct horse battery", 2).unwrap();
        assert!(file.starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
        assert!(!file.contains("AGE-SECRET-KEY"));
        assert!(read(file.as_bytes(), Some("correct horse battery")).is_ok());
        assert_eq!(read(file.as_bytes(), Some("correct horse batterx")).err(), Some(KeyError::Passphrase));
        assert_eq!(read(file.as_bytes(), None).err(), Some(KeyError::NoPassphrase));
        assert_eq!(identity.protected("short", 2).err(), Some(KeyError::ShortPassphrase));
    }

    #[test]
    fn other_files_are_named() {
        let identity = NewIdentity::generate();
        assert!(read(identity.plain().as_bytes(), None).is_ok());
        assert_eq!(read(b"orange", None).err(), Some(KeyError::Form));
        assert_eq!(read(b"", None).err(), Some(KeyError::Form));
        assert_eq!(read(b"age-encryption.org/v1\n-> x\n", None).err(), Some(KeyError::Form));
        assert_eq!(read(&vec![b'#'; IDENTITY_BYTES_MAX + 1], None).err(), Some(KeyError::TooLarge));
        let sealed = age::encrypt(&identity.0.to_public(), identity.plain().as_bytes()).unwrap();
        assert_eq!(read(&sealed, None).err(), Some(KeyError::NotPassphrase));
    }

    #[test]
    fn a_file_that_asks_for_hours_of_work_is_refused() {
        let file = NewIdentity::generate().protected("correct horse battery", 2).unwrap();
        let body: String = file.lines().filter(|line| !line.starts_with("---")).collect();
        let mut bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body).unwrap();
        let at = bytes.windows(3).position(|three| three == b" 2\n").unwrap();
        bytes.splice(at..at + 3, *b" 30\n");
        assert_eq!(read(&bytes, Some("correct horse battery")).err(), Some(KeyError::Work));
    }

    #[test]
    fn the_program_of_a_hardware_key_that_is_missing_is_named() {
        let plugin = bech32::encode_upper::<bech32::Bech32>(
            bech32::Hrp::parse("age-plugin-nosuchkey-").unwrap(),
            &[1; 16],
        );
        let error = read(plugin.unwrap().as_bytes(), None).err().unwrap();
        assert!(error.to_string().contains("age-plugin-nosuchkey"), "{error}");
    }
}
