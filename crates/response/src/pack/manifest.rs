//! The manifest: what belongs to a pack, and by whom it was signed; and how a pack is checked (G7).
//!
//! Two signatures: the server's over the facts, from the journal; and over the manifest that of the device with which the responder made
//! the pack, so that what was added by hand has an author too.

use std::collections::BTreeMap;

use ed25519_dalek::Signature;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use types::{Hash, PersonId, canonical_json, hash_parts};

use super::{FACTS_FILE, MANIFEST_FILE, PackError, PackFile, Packer, SIGNATURE_FILE, SUMS_FILE, public};
use crate::facts::{Facts, FactsError, SignedFacts, Status};

/// The domain of the hash that the packer signs.
pub const PACK_DOMAIN: &str = "rempart/police-pack/v1";
/// The most files in a pack.
pub const PACK_FILES_MAX: usize = 16;

const VERSION: u32 = 1;

/// What belongs to the pack.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Of this form.
    pub version: u32,
    /// The incident's number.
    pub incident: u32,
    /// Real or a drill.
    pub status: Status,
    /// Every other file, by name.
    pub files: Vec<Entry>,
    /// The server's signature over the facts.
    pub facts: FactsSignature,
    /// Who made the pack.
    pub packed_by: PackedBy,
}

/// One file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Hash,
}

/// The server's word for the facts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactsSignature {
    /// What was signed.
    pub digest: Hash,
    /// The server's public key.
    #[serde(with = "hex::serde")]
    pub key: [u8; 32],
    /// Ed25519.
    #[serde(with = "hex::serde")]
    pub signature: [u8; 64],
}

/// Who made the pack.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedBy {
    /// By pseudonym.
    pub person: PersonId,
    /// The public key of the device.
    #[serde(with = "hex::serde")]
    pub key: [u8; 32],
}

/// A pack that was found whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checked {
    /// Its facts.
    pub facts: Facts,
    /// What belongs to it.
    pub manifest: Manifest,
}

/// Adds manifest, signature and sums.
pub(super) fn seal(
    signed: &SignedFacts,
    packer: &Packer<'_>,
    files: &mut Vec<PackFile>,
) -> Result<(), PackError> {
    let manifest = Manifest {
        version: VERSION,
        incident: signed.facts.incident.id,
        status: signed.facts.incident.status,
        files: files.iter().map(entry).collect(),
        facts: FactsSignature {
            digest: signed.facts.digest()?,
            key: signed.key,
            signature: signed.signature,
        },
        packed_by: PackedBy { person: packer.person.clone(), key: packer.key },
    };
    let text = canonical_json(&manifest).map_err(|_| FactsError::Form)?;
    let signature = (packer.sign)(&digest(text.as_bytes()));
    let named = |path: &str, bytes| PackFile { path: path.to_owned(), bytes };
    files.push(named(MANIFEST_FILE, text.into_bytes()));
    files.push(named(SIGNATURE_FILE, format!("{}\n", hex::encode(signature)).into_bytes()));
    files.push(named(SUMS_FILE, sums(files).into_bytes()));
    Ok(())
}

fn digest(manifest: &[u8]) -> Hash {
    hash_parts(PACK_DOMAIN, &[manifest])
}

fn sha256(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

pub(super) fn entry(file: &PackFile) -> Entry {
    Entry { path: file.path.clone(), bytes: file.bytes.len() as u64, sha256: sha256(&file.bytes) }
}

pub(super) fn sums(files: &[PackFile]) -> String {
    let mut lines: Vec<String> =
        files.iter().map(|file| format!("{}  {}\n", sha256(&file.bytes), file.path)).collect();
    lines.sort_by(|a, b| a.get(64..).cmp(&b.get(64..)));
    lines.concat()
}

/// Checks a pack: nothing missing, added or altered, both signatures, the server's key known from elsewhere.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(
    files: &[PackFile],
    server: &[u8; 32],
    packer: Option<&[u8; 32]>,
) -> Result<Checked, PackError> {
    let by_name: BTreeMap<&str, &[u8]> =
        files.iter().map(|file| (file.path.as_str(), file.bytes.as_slice())).collect();
    let get = |name: &str| by_name.get(name).copied().ok_or_else(|| PackError::Missing(name.to_owned()));
    let text = get(MANIFEST_FILE)?;
    let manifest = signed_manifest(text, get(SIGNATURE_FILE)?)?;
    if let Some(packer) = packer
        && manifest.packed_by.key != *packer
    {
        return Err(PackError::OtherPacker(hex::encode(manifest.packed_by.key)));
    }
    check_files(&manifest, &by_name)?;
    check_sums(files, get(SUMS_FILE)?)?;
    let facts = check_facts(&manifest, get(FACTS_FILE)?, server)?;
    Ok(Checked { facts, manifest })
}

fn signed_manifest(text: &[u8], signature: &[u8]) -> Result<Manifest, PackError> {
    let manifest: Manifest = serde_json::from_slice(text).map_err(|_| PackError::Manifest)?;
    let canonical = canonical_json(&manifest).map_err(|_| PackError::Manifest)?;
    if manifest.version != VERSION || manifest.files.len() > PACK_FILES_MAX || canonical.as_bytes() != text {
        return Err(PackError::Manifest);
    }
    let mut bytes = [0; 64];
    hex::decode_to_slice(signature.trim_ascii_end(), &mut bytes).map_err(|_| PackError::Signature)?;
    let key = public(&manifest.packed_by.key).ok_or(PackError::Signature)?;
    let fits = key.verify_strict(&digest(text).0, &Signature::from_bytes(&bytes)).is_ok();
    if fits { Ok(manifest) } else { Err(PackError::Signature) }
}

fn check_files(manifest: &Manifest, by_name: &BTreeMap<&str, &[u8]>) -> Result<(), PackError> {
    for named in &manifest.files {
        let bytes = by_name.get(named.path.as_str()).ok_or_else(|| PackError::Missing(named.path.clone()))?;
        if sha256(bytes) != named.sha256 || bytes.len() as u64 != named.bytes {
            return Err(PackError::Altered(named.path.clone()));
        }
    }
    let ours = [MANIFEST_FILE, SIGNATURE_FILE, SUMS_FILE];
    let is_known = |name: &&str| ours.contains(name) || manifest.files.iter().any(|file| file.path == **name);
    match by_name.keys().find(|name| !is_known(name)) {
        Some(added) => Err(PackError::Added((*added).to_owned())),
        None => Ok(()),
    }
}

fn check_sums(files: &[PackFile], text: &[u8]) -> Result<(), PackError> {
    let others: Vec<PackFile> = files.iter().filter(|file| file.path != SUMS_FILE).cloned().collect();
    let fits = sums(&others).as_bytes() == text;
    if fits { Ok(()) } else { Err(PackError::Altered(SUMS_FILE.to_owned())) }
}

fn check_facts(manifest: &Manifest, text: &[u8], server: &[u8; 32]) -> Result<Facts, PackError> {
    let altered = || PackError::Altered(FACTS_FILE.to_owned());
    let facts: Facts = serde_json::from_slice(text).map_err(|_| altered())?;
    if facts.canonical()?.as_bytes() != text || facts.digest()? != manifest.facts.digest {
        return Err(altered());
    }
    let FactsSignature { key, signature, .. } = manifest.facts;
    if key != *server {
        return Err(PackError::OtherServer(hex::encode(key)));
    }
    let signed = SignedFacts { facts, key, signature };
    signed.check()?;
    Ok(signed.facts)
}
