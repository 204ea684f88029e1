//! A PSBT as it came in: parsed and bounded, and trusted for nothing (G1).
//!
//! Called by the server and the command line on whatever was sent; `verify` takes it from there.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bitcoin::consensus::Decodable;
use bitcoin::{Psbt, VarInt};

use crate::refusal::Refusal;

/// The largest PSBT that is read, in bytes: a thousand inputs with their previous transactions.
pub const PSBT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Its length in base64, with room for a line end.
const BASE64_BYTES_MAX: usize = PSBT_BYTES_MAX.div_ceil(3) * 4 + 2;
/// What every PSBT begins with.
const MAGIC: &[u8] = b"psbt\xff";
/// BIP-174's `PSBT_GLOBAL_VERSION`.
const VERSION_KEY: u8 = 0xfb;

/// A PSBT that was parsed and nothing more.
#[derive(Clone, Debug)]
pub struct UnverifiedPsbt(pub(crate) Psbt);

impl UnverifiedPsbt {
    /// Parses a PSBT in its binary form, to the last byte.
    ///
    /// # Errors
    /// Too large, malformed, or followed by something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > PSBT_BYTES_MAX {
            return Err(Refusal::TooLarge);
        }
        let mut rest = bytes;
        let psbt = Psbt::deserialize_from_reader(&mut rest).map_err(|error| match stated_version(bytes) {
            Some(version) if version != 0 => Refusal::PsbtVersion(version),
            _ => Refusal::Malformed(error.to_string().chars().take(160).collect()),
        })?;
        if rest.is_empty() { Ok(Self(psbt)) } else { Err(Refusal::TrailingBytes) }
    }

    /// Parses a PSBT in base64; white space around it is ignored.
    ///
    /// # Errors
    /// As [`UnverifiedPsbt::from_bytes`], and when it is not base64.
    pub fn from_base64(text: &str) -> Result<Self, Refusal> {
        if text.len() > BASE64_BYTES_MAX {
            return Err(Refusal::TooLarge);
        }
        let bytes = STANDARD
            .decode(text.trim())
            .map_err(|_| Refusal::Malformed("it is neither a binary psbt nor base64".to_owned()))?;
        Self::from_bytes(&bytes)
    }

    /// What was sent, as it was sent: to be shown or passed on, not to be believed.
    #[must_use]
    pub const fn as_psbt(&self) -> &Psbt {
        &self.0
    }

    /// Parses either form, as files have them.
    ///
    /// # Errors
    /// As [`UnverifiedPsbt::from_bytes`] and [`UnverifiedPsbt::from_base64`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.starts_with(MAGIC) {
            return Self::from_bytes(bytes);
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Refusal::Malformed("it is neither a binary psbt nor base64".to_owned()))?;
        Self::from_base64(text)
    }
}

impl UnverifiedPsbt {
    /// What was parsed, still believed by nobody: for whoever shows it, or reviews it as a member before signing.
    #[must_use]
    pub fn into_untrusted(self) -> Psbt {
        self.0
    }
}

impl From<Psbt> for UnverifiedPsbt {
    fn from(psbt: Psbt) -> Self {
        Self(psbt)
    }
}

/// The version that the global map states: another one has other fields (BIP-370), so that nothing else would be worth saying of it.
fn stated_version(bytes: &[u8]) -> Option<u32> {
    let mut rest = bytes.strip_prefix(MAGIC)?;
    loop {
        let key = take_prefixed(&mut rest).filter(|key| !key.is_empty())?;
        let value = take_prefixed(&mut rest)?;
        if key == [VERSION_KEY] {
            return value.try_into().ok().map(u32::from_le_bytes);
        }
    }
}

fn take_prefixed<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = VarInt::consensus_decode(rest).ok()?.0;
    let (taken, left) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = left;
    Some(taken)
}
