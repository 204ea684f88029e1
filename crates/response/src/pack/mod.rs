//! The police pack: a directory of facts that a stranger can read, print, compute with and check (G7, G9).
//!
//! Made of [`SignedFacts`] and, if the responder adds it, the little of an opened dossier that the police need. Pure and the same byte for
//! byte from the same input: no clock, nothing of the machine. Called by `rempart alarm pack`, which writes the files.

mod manifest;
mod page;
mod personal;
mod readme;
mod sheets;
mod telling;
#[cfg(test)]
mod tests;

use ed25519_dalek::VerifyingKey;
use maud::Markup;
use thiserror::Error;
use types::{Hash, PersonId, canonical_json};

pub use manifest::{Checked, Manifest, PACK_DOMAIN, PACK_FILES_MAX, verify};
pub use personal::{ContactData, PERSONAL_TEXT_BYTES_MAX, PERSONAL_VALUES_MAX, PersonData, Personal};
pub use telling::{Event, timeline};

use crate::Language;
use crate::facts::{FactsError, SignedFacts};

/// The facts, canonical JSON.
pub const FACTS_FILE: &str = "facts.json";
/// What a responder added of an opened dossier.
pub const PERSONAL_FILE: &str = "personal.json";
/// Names, sizes and hashes of all other files.
pub const MANIFEST_FILE: &str = "manifest.json";
/// Its signature.
pub const SIGNATURE_FILE: &str = "manifest.sig";
/// For `sha256sum -c`.
pub const SUMS_FILE: &str = "SHA256SUMS";

/// One file of the pack. No folders: the path is a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PackFile {
    /// Its name.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Who makes the pack and signs its manifest.
pub struct Packer<'a> {
    /// Who.
    pub person: &'a PersonId,
    /// The public key of the device, Ed25519.
    pub key: [u8; 32],
    /// Signs a hash with it.
    pub sign: &'a dyn Fn(&Hash) -> [u8; 64],
}

/// Why no pack is made, or one is not believed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PackError {
    /// The facts are not those that the server signed.
    #[error(transparent)]
    Facts(#[from] FactsError),
    /// Personal data that is not fit to be passed on.
    #[error("the personal data of `{0}` has an empty, too long or unprintable text: write plain lines")]
    Personal(PersonId),
    /// Personal data of somebody who has nothing to do with it.
    #[error("`{0}` is neither concerned nor a responder of this incident: leave their data out")]
    Stranger(PersonId),
    /// A file is missing.
    #[error("`{0}` is missing: ask for the whole pack again")]
    Missing(String),
    /// A file that the manifest does not name.
    #[error("`{0}` does not belong to the pack: somebody added it")]
    Added(String),
    /// A file that is not the one that was signed.
    #[error("`{0}` is not the file that was signed: it was altered or damaged")]
    Altered(String),
    /// The manifest is not one.
    #[error("`{MANIFEST_FILE}` is not a manifest of this kind")]
    Manifest,
    /// The signature does not fit.
    #[error("`{SIGNATURE_FILE}` does not fit `{MANIFEST_FILE}`: the pack was altered or damaged")]
    Signature,
    /// The facts were signed by another server.
    #[error("the facts were signed by another server than the one whose key you gave: `{0}`")]
    OtherServer(String),
    /// The pack was made with another device.
    #[error("the pack was signed by another device than the one whose key you gave: `{0}`")]
    OtherPacker(String),
}

/// The files of a pack, in the order of their names.
///
/// # Errors
/// When the facts are not believed, or the personal data is not fit.
pub fn pack(
    signed: &SignedFacts,
    personal: Option<&Personal>,
    packer: &Packer<'_>,
) -> Result<Vec<PackFile>, PackError> {
    signed.check()?;
    if let Some(personal) = personal {
        personal.check(&signed.facts)?;
    }
    let facts = signed.facts.clone().in_order();
    let contents = page::Contents { facts: &facts, personal, digest: signed.facts.digest()? };
    let mut files = vec![
        file("README.txt", readme::text(&facts)),
        file("attempts.csv", sheets::attempts(&facts)),
        file(FACTS_FILE, signed.facts.canonical()?),
        file("index.en.html", page::render(&contents, Language::En)),
        file("index.fr.html", page::render(&contents, Language::Fr)),
        file("timeline.csv", sheets::timeline(&facts)),
        file("transactions.csv", sheets::transactions(&facts)),
    ];
    if let Some(personal) = personal {
        files.push(file(PERSONAL_FILE, canonical_json(personal).map_err(|_| FactsError::Form)?));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    manifest::seal(signed, packer, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// The page of a pack without anything of a dossier, below the heading of another page that has its own style.
///
/// # Errors
/// When the facts are not believed.
pub fn sheet(signed: &SignedFacts, language: Language) -> Result<Markup, PackError> {
    with_contents(signed, |contents| page::part(contents, language))
}

/// The same as a file of its own, which a browser shows and prints without anything else.
///
/// # Errors
/// When the facts are not believed.
pub fn sheet_file(signed: &SignedFacts, language: Language) -> Result<String, PackError> {
    with_contents(signed, |contents| page::render(contents, language))
}

fn with_contents<T>(
    signed: &SignedFacts,
    make: impl FnOnce(&page::Contents<'_>) -> T,
) -> Result<T, PackError> {
    signed.check()?;
    let facts = signed.facts.clone().in_order();
    Ok(make(&page::Contents { facts: &facts, personal: None, digest: signed.facts.digest()? }))
}

fn file(path: &str, text: String) -> PackFile {
    PackFile { path: path.to_owned(), bytes: text.into_bytes() }
}

/// A key that can be trusted to sign one message only.
fn public(key: &[u8; 32]) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(key).ok().filter(|key| !key.is_weak())
}
