//! The commitment to a policy, and what opens it: kept by the organisation, shown to auditors, never published (G9).
//!
//! The certificate holds `SHA-256(domain, salt, policy hash)`. Without the salt nobody can tell whether a guessed policy is the certified one; with it,
//! and with the certified files, an auditor sees whether the policy in force still deserves the certificate.

use policy::{Policy, Source};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{Hash, hash_parts};

/// The domain of the commitment.
const COMMITMENT_DOMAIN: &str = "rempart/certificate/policy/v1";
const OPENING_VERSION: u32 = 1;
/// The largest opening: the policy's files and a little.
pub const OPENING_BYTES_MAX: usize = 64 << 20;

/// What opens a commitment: the salt and the certified files.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    version: u32,
    salt: Hash,
    files: Vec<OpeningFile>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpeningFile {
    name: String,
    text: String,
}

/// Why an opening is not understood.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum OpeningError {
    /// Too large.
    #[error("more than {OPENING_BYTES_MAX} bytes: not an opening")]
    TooLarge,
    /// Not the JSON that is expected.
    #[error("not an opening that `rempart certificate make` wrote: line {line}, column {column}")]
    Malformed {
        /// Where.
        line: usize,
        /// Where.
        column: usize,
    },
    /// Of a version that this program does not know.
    #[error("an opening of version {0}: this program knows version {OPENING_VERSION}")]
    Version(u32),
    /// The files in it are no policy.
    #[error(
        "the policy in the opening cannot be loaded: it was made by another version of this program, or altered"
    )]
    Policy,
    /// It belongs to another certificate.
    #[error("the opening belongs to another certificate")]
    OtherCertificate,
}

impl Opening {
    pub(super) fn new(salt: [u8; 32], policy: &Policy) -> Self {
        let file = |source: &Source| OpeningFile { name: source.name.clone(), text: source.text.clone() };
        Self {
            version: OPENING_VERSION,
            salt: Hash(salt),
            files: policy.sources().iter().map(file).collect(),
        }
    }

    /// The commitment to a policy's hash under this opening's salt.
    #[must_use]
    pub fn commitment(&self, policy: &Hash) -> Hash {
        hash_parts(COMMITMENT_DOMAIN, &[&self.salt.0, &policy.0])
    }

    /// Reads an opening.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, OpeningError> {
        if text.len() > OPENING_BYTES_MAX {
            return Err(OpeningError::TooLarge);
        }
        let opening: Self = serde_json::from_str(text)
            .map_err(|error| OpeningError::Malformed { line: error.line(), column: error.column() })?;
        if opening.version == OPENING_VERSION {
            Ok(opening)
        } else {
            Err(OpeningError::Version(opening.version))
        }
    }

    /// The text to keep.
    ///
    /// # Errors
    /// Never for an opening that this program made.
    pub fn render(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self).map(|text| text + "\n")
    }

    /// The certified policy, if the commitment is to it.
    ///
    /// # Errors
    /// When its files are no policy, or the commitment is to another.
    pub fn policy(&self, commitment: &Hash) -> Result<Policy, OpeningError> {
        let source = |file: &OpeningFile| Source { name: file.name.clone(), text: file.text.clone() };
        let sources: Vec<Source> = self.files.iter().map(source).collect();
        let policy = policy::load(&sources).policy.ok_or(OpeningError::Policy)?;
        if self.commitment(&policy.hash()) == *commitment {
            Ok(policy)
        } else {
            Err(OpeningError::OtherCertificate)
        }
    }
}
