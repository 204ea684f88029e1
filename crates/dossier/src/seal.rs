//! Sealing and opening. The sealed text is an age file (version 1) over one JSON document, padded with spaces to a power of two so that
//! its size says little (G9). `age -d` alone opens it as well.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::Arc;

use age::armor::ArmoredReader;
use age::{DecryptError, Decryptor, EncryptError, Encryptor, plugin, tag, x25519};
use policy::{Recipient, RecipientKind};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::binding::Binding;
use crate::keys::Keys;
use crate::packet::{Packet, PacketError};
use crate::prompt::{Asks, Prompt};

/// The smallest size before sealing, in bytes.
pub const PLAIN_BYTES_MIN: usize = 4 * 1024;
/// The largest size before sealing, in bytes.
pub const PLAIN_BYTES_MAX: usize = 1024 * 1024;
/// The largest sealed packet, in bytes: the text, its authentication, and a line for each recipient.
pub const SEALED_BYTES_MAX: usize = PLAIN_BYTES_MAX + 64 * 1024;
/// The most recipients of one packet.
const READERS_MAX: usize = 400;

const FORMAT: &str = "rempart-dossier/1";

/// Why a packet cannot be sealed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SealError {
    /// Nobody could open it.
    #[error(
        "there is nobody to seal to: no responder who is a stranger to your home has recipients in the register"
    )]
    NoReaders,
    /// More than fit.
    #[error("more than {READERS_MAX} recipients")]
    TooManyReaders,
    /// Too much.
    #[error(transparent)]
    Packet(#[from] PacketError),
    /// A program of a hardware key is missing.
    #[error("`{0}` is not installed: install this age plug-in, or seal without keys of its kind")]
    PluginMissing(String),
    /// age failed.
    #[error("sealing failed: {0}")]
    Age(String),
}

/// Why a packet cannot be opened.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum OpenError {
    /// Not an age file.
    #[error("this is no sealed packet, or it is damaged")]
    Damaged,
    /// None of the keys fits.
    #[error("it is not sealed to this identity: try another one, or an earlier revision")]
    NotForYou,
    /// From a newer version.
    #[error("it was sealed by a newer version of Rempart: `age -d` shows it as JSON")]
    Newer,
    /// A sealed text of another kind.
    #[error("what was sealed is no packet")]
    NoPacket,
    /// Too large.
    #[error("larger than any packet")]
    TooLarge,
    /// A hardware key failed.
    #[error("the key did not answer: {0}")]
    Plugin(String),
}

/// What was inside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// What the sealed text says of itself.
    pub binding: Binding,
    /// The content.
    pub packet: Packet,
}

#[derive(Serialize)]
struct WholeRef<'a> {
    format: &'static str,
    binding: &'a Binding,
    packet: &'a Packet,
}

#[derive(Deserialize)]
struct Whole {
    binding: Binding,
    packet: Packet,
}

#[derive(Deserialize)]
struct Head {
    format: String,
}

/// Seals a packet to recipients.
///
/// # Errors
/// When there is nobody to seal to, it is too large, or a hardware key's program is missing.
pub fn seal(
    packet: &Packet,
    binding: &Binding,
    recipients: &[Recipient],
    prompt: &Arc<dyn Prompt>,
) -> Result<Vec<u8>, SealError> {
    match recipients.len() {
        0 => return Err(SealError::NoReaders),
        1..=READERS_MAX => {}
        _ => return Err(SealError::TooManyReaders),
    }
    packet.check()?;
    let plain = padded(packet, binding)?;
    let recipients = in_words_of_age(recipients, prompt)?;
    let encryptor =
        Encryptor::with_recipients(recipients.iter().map(|one| one.as_ref() as &dyn age::Recipient));
    let failed = |error: EncryptError| match error {
        EncryptError::PluginResolve(error) => SealError::PluginMissing(error.to_string()),
        error => SealError::Age(error.to_string()),
    };
    written(encryptor.map_err(failed)?, &plain).map_err(|error| SealError::Age(error.to_string()))
}

fn written(encryptor: Encryptor, plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut writer = encryptor.wrap_output(Vec::with_capacity(SEALED_BYTES_MAX))?;
    writer.write_all(plain)?;
    writer.finish()
}

/// JSON may end in spaces, so that no length need be written beside it.
fn padded(packet: &Packet, binding: &Binding) -> Result<Zeroizing<Vec<u8>>, SealError> {
    // Room for all of it beforehand: growing would leave a copy behind that nobody wipes.
    let mut plain = Zeroizing::new(Vec::with_capacity(PLAIN_BYTES_MAX));
    let whole = WholeRef { format: FORMAT, binding, packet };
    let too_large = PacketError::TooLarge { what: "the packet", most: PLAIN_BYTES_MAX };
    let mut room = Bounded { plain: &mut plain };
    serde_json::to_writer(&mut room, &whole).map_err(|_| too_large.clone())?;
    let step = plain.len().next_power_of_two().max(PLAIN_BYTES_MIN);
    if step > PLAIN_BYTES_MAX {
        return Err(too_large.into());
    }
    plain.resize(step, b' ');
    Ok(plain)
}

struct Bounded<'b> {
    plain: &'b mut Vec<u8>,
}

impl Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.plain.len().saturating_add(bytes.len()) > PLAIN_BYTES_MAX {
            return Err(std::io::ErrorKind::OutOfMemory.into());
        }
        self.plain.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

type Boxed = Box<dyn age::Recipient>;

fn in_words_of_age(recipients: &[Recipient], prompt: &Arc<dyn Prompt>) -> Result<Vec<Boxed>, SealError> {
    let wrong = |error: &'static str| SealError::Age(error.to_owned());
    let mut boxed: Vec<Boxed> = Vec::with_capacity(recipients.len());
    let mut plugins: BTreeMap<String, Vec<plugin::Recipient>> = BTreeMap::new();
    for recipient in recipients {
        let text = recipient.as_str();
        match recipient.kind() {
            RecipientKind::X25519 => boxed.push(Box::new(text.parse::<x25519::Recipient>().map_err(wrong)?)),
            RecipientKind::Tag => boxed.push(Box::new(text.parse::<tag::Recipient>().map_err(wrong)?)),
            RecipientKind::Plugin(name) => {
                plugins.entry(name).or_default().push(text.parse().map_err(wrong)?)
            }
        }
    }
    for (name, recipients) in plugins {
        let found = plugin::RecipientPluginV1::new(&name, &recipients, &[], Asks(Arc::clone(prompt)));
        let found = found.map_err(|_| SealError::PluginMissing(format!("age-plugin-{name}")))?;
        boxed.push(Box::new(found));
    }
    Ok(boxed)
}

/// Opens a packet, armoured or not.
///
/// # Errors
/// When it is damaged, or no key fits.
pub fn open(sealed: &[u8], keys: &Keys) -> Result<Opened, OpenError> {
    // An armoured file is a third longer.
    if sealed.len() > SEALED_BYTES_MAX * 3 / 2 {
        return Err(OpenError::TooLarge);
    }
    let plain = decrypted(sealed, keys)?;
    let head: Head = serde_json::from_slice(&plain).map_err(|_| OpenError::NoPacket)?;
    if head.format != FORMAT {
        let ours = head.format.starts_with("rempart-dossier/");
        return Err(if ours { OpenError::Newer } else { OpenError::NoPacket });
    }
    let Whole { binding, packet } = serde_json::from_slice(&plain).map_err(|_| OpenError::NoPacket)?;
    Ok(Opened { binding, packet })
}

fn decrypted(sealed: &[u8], keys: &Keys) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let decryptor = Decryptor::new(ArmoredReader::new(sealed)).map_err(|_| OpenError::Damaged)?;
    let identities = keys.0.iter().map(|key| key.as_ref() as &dyn age::Identity);
    let reader = decryptor.decrypt(identities).map_err(|error| match error {
        DecryptError::NoMatchingKeys => OpenError::NotForYou,
        DecryptError::Plugin(errors) => {
            OpenError::Plugin(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
        DecryptError::PluginResolve(error) => OpenError::Plugin(error.to_string()),
        _ => OpenError::Damaged,
    })?;
    let mut plain = Zeroizing::new(Vec::with_capacity(PLAIN_BYTES_MAX + 1));
    let most = u64::try_from(PLAIN_BYTES_MAX + 1).unwrap_or(u64::MAX);
    reader.take(most).read_to_end(&mut plain).map_err(|_| OpenError::Damaged)?;
    if plain.len() > PLAIN_BYTES_MAX { Err(OpenError::TooLarge) } else { Ok(plain) }
}
