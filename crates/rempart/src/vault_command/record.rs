//! The record of a vault: what its ceremony fixed, as a file that the organisation keeps beside its policy. No secrets (G10).
//!
//! Made by `create`, read by every other vault command and by `rempart sign`. The descriptor in it is computed again at every reading.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use policy::{Chain, KeyQuorum, Policy, Script};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use types::{KeyId, Timestamp, VaultId, hash_parts};
use vault::{RecoverySpec, ScriptKind, VaultDescriptor, VaultKey, VaultSpec};

const KIND: &str = "rempart vault";
const VERSION: u32 = 1;
/// The largest record that is read, in bytes: forty keys with their origins, twice.
const RECORD_BYTES_MAX: usize = 64 * 1024;
/// Ten bytes: whoever wants another key with the same code has to try 2^80.
const CODE_BYTES: usize = 10;

/// A vault as its ceremony fixed it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultRecord {
    kind: String,
    version: u32,
    /// What the descriptor is computed from.
    pub vault: VaultSpec,
    /// The names of the members' keys in the policy, in the order of the spec.
    pub members: Vec<KeyId>,
    /// Likewise for recovery.
    pub recovery: Vec<KeyId>,
    /// The descriptor, for readers without this program.
    pub descriptor: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// A block before the first deposit, from where to look for coins.
    pub birth_height: Option<u32>,
    /// Keys whose code their owners gave, and which matched.
    pub checked: BTreeSet<KeyId>,
    /// Keys whose devices have shown the vault's first address, and when that was noted.
    pub confirmed: BTreeMap<KeyId, Timestamp>,
}

impl VaultRecord {
    /// A new one, nothing confirmed yet.
    pub fn new(
        policy: &Policy,
        id: &VaultId,
        cosigner: &str,
        made_at: Timestamp,
        birth_height: Option<u32>,
    ) -> Result<Self> {
        let found = policy.vault(id).with_context(|| format!("there is no vault `{id}` in the policy"))?;
        let Chain::Bitcoin(network) = found.chain else {
            bail!("vault `{id}` is gate-only: it has no descriptor");
        };
        let keys = found.keys.as_ref().context("the vault has no `keys`")?;
        let recovery = found.recovery.as_ref().context("the vault has no `recovery`")?;
        let vault = VaultSpec {
            id: id.clone(),
            network: server::coins::network_of(network),
            script: match found.script {
                Script::Wsh => ScriptKind::Wsh,
                Script::Tr => ScriptKind::Tr,
            },
            at_least: usize::try_from(keys.at_least)?,
            members: texts(policy, keys)?,
            recovery: RecoverySpec {
                at_least: usize::try_from(recovery.keys.at_least)?,
                members: texts(policy, &recovery.keys)?,
                after_blocks: recovery.after_blocks,
            },
            cosigner: cosigner.to_owned(),
        };
        Ok(Self {
            kind: KIND.to_owned(),
            version: VERSION,
            descriptor: vault.descriptor()?.text().to_owned(),
            vault,
            members: keys.of.clone(),
            recovery: recovery.keys.of.clone(),
            made_at,
            birth_height,
            checked: BTreeSet::new(),
            confirmed: BTreeMap::new(),
        })
    }

    /// Reads a record and computes its descriptor again.
    pub fn load(path: &Path) -> Result<(Self, VaultDescriptor)> {
        let shown = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("`{shown}` cannot be read"))?;
        ensure!(text.len() <= RECORD_BYTES_MAX, "`{shown}` is too large for the record of a vault");
        let record: Self = serde_json::from_str(&text).with_context(|| {
            format!("`{shown}` is not the record of a vault: `rempart vault create` makes one")
        })?;
        ensure!(
            record.kind == KIND && record.version == VERSION,
            "`{shown}` is not the record of a vault of version {VERSION}"
        );
        let descriptor = record.vault.descriptor()?;
        ensure!(
            descriptor.text() == record.descriptor,
            "`{shown}` was changed: its descriptor is not the one that follows from its keys"
        );
        let named = (record.members.len(), record.recovery.len());
        ensure!(
            named == (record.vault.members.len(), record.vault.recovery.members.len()),
            "`{shown}` was changed: it names more or fewer keys than it has"
        );
        Ok((record, descriptor))
    }

    /// Writes it whole or not at all. `replace`: over the earlier state of the same record.
    pub fn save(&self, path: &Path, replace: bool) -> Result<()> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let failed = || format!("`{}` cannot be written", path.display());
        let mut file = NamedTempFile::new_in(folder).with_context(failed)?;
        writeln!(file, "{}", serde_json::to_string_pretty(self)?).with_context(failed)?;
        file.as_file().sync_all().with_context(failed)?;
        if replace {
            file.persist(path).map_err(|error| error.error).with_context(failed)?;
        } else {
            let exists = || format!("`{}` cannot be made: name a new file", path.display());
            file.persist_noclobber(path).map_err(|error| error.error).with_context(exists)?;
        }
        Ok(())
    }

    /// Every member's key once: name, text, and whether it spends and recovers.
    pub fn keys(&self) -> Vec<RecordKey<'_>> {
        let spending = self.members.iter().zip(&self.vault.members);
        let mut keys: Vec<RecordKey<'_>> =
            spending.map(|(id, text)| RecordKey { id, text, spends: true, recovers: false }).collect();
        for (id, text) in self.recovery.iter().zip(&self.vault.recovery.members) {
            match keys.iter_mut().find(|key| key.id == id) {
                Some(key) => key.recovers = true,
                None => keys.push(RecordKey { id, text, spends: false, recovers: true }),
            }
        }
        keys
    }

    /// Whether every member's key was compared and every device has shown the first address.
    pub fn is_complete(&self) -> bool {
        self.keys().iter().all(|key| self.checked.contains(key.id) && self.confirmed.contains_key(key.id))
    }

    /// A key's parts.
    pub fn parse(&self, text: &str) -> Result<VaultKey> {
        Ok(VaultKey::parse(text, self.vault.network.into())?)
    }
}

/// A member's key in a record.
pub struct RecordKey<'a> {
    /// Its name in the policy.
    pub id: &'a KeyId,
    /// `[fingerprint/path]xpub`.
    pub text: &'a str,
    /// On the spending path.
    pub spends: bool,
    /// On the recovery path.
    pub recovers: bool,
}

fn texts(policy: &Policy, quorum: &KeyQuorum) -> Result<Vec<String>> {
    let text = |id: &KeyId| {
        let key = policy.keys().iter().find(|key| key.id == *id);
        let key = key.with_context(|| {
            format!(
                "key `{id}` has no `xpub` in the register: add a `[[key]]` entry with what its device exports"
            )
        });
        key.map(|key| key.xpub.clone())
    };
    quorum.of.iter().map(text).collect()
}

/// What two people compare to be sure that they speak of one key: five groups of four digits over origin and key.
pub fn key_code(key: &VaultKey) -> String {
    let hash = hash_parts("rempart/key-code/v1", &[key.to_string().as_bytes()]);
    let digits: String = hash.to_string().chars().take(CODE_BYTES * 2).collect();
    let groups = digits.as_bytes().chunks(4).map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join("-")
}

/// Whether a person typed this code, whatever the separators.
pub fn same_code(code: &str, typed: &str) -> bool {
    let bare = |text: &str| -> String {
        text.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_lowercase()).collect()
    };
    bare(code) == bare(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_compared_whole() {
        let code = "0123-4567-89ab-cdef-0123";
        assert!(same_code(code, "0123 4567 89AB cdef 0123"));
        assert!(!same_code(code, "0123-4567-89ab-cdef"), "the beginning is not enough");
        assert!(!same_code(code, "0123-4567-89ab-cdef-0124"));
        assert!(!same_code(code, ""));
    }
}
