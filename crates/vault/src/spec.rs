//! What a vault is made of, as plain values, and every reason why it cannot be made (G10: a vault that could not be left is refused).
//!
//! Called by the server and by `rempart vault create`, with keys from the register.

use bitcoin::{Network, NetworkKind};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::VaultId;

use crate::descriptor::VaultDescriptor;
use crate::key::{KeyError, VaultKey};
use crate::template;

/// The most keys in one quorum: what `multi` in a segwit v0 script takes.
pub const VAULT_KEYS_MAX: usize = 20;
/// The longest recovery lock in blocks, about 455 days: what BIP-68 can express.
pub const RECOVERY_BLOCKS_MAX: u32 = 65_535;

/// The kind of script.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScriptKind {
    /// Segwit v0, `wsh(…)`: what most devices sign today.
    Wsh,
    /// Taproot, `tr(…)`, script path only.
    Tr,
}

/// Who can take the funds out without the co-signer, and after how long.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecoverySpec {
    /// How many of them.
    pub at_least: usize,
    /// Their account keys, `[fingerprint/path]xpub`; may be the members' own.
    pub members: Vec<String>,
    /// Blocks since the output was confirmed.
    pub after_blocks: u32,
}

/// Everything that a vault's descriptor is computed from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VaultSpec {
    /// Its name in the policy.
    pub id: VaultId,
    /// Its network.
    pub network: Network,
    /// Its kind of script.
    pub script: ScriptKind,
    /// How many members must sign, always together with the co-signer.
    pub at_least: usize,
    /// The members' account keys, `[fingerprint/path]xpub`.
    pub members: Vec<String>,
    /// The way out.
    pub recovery: RecoverySpec,
    /// The co-signer's account key.
    pub cosigner: String,
}

/// Why a vault cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpecError {
    /// A key's text is wrong.
    #[error("{whose}: {why}")]
    Key {
        /// Which key.
        whose: String,
        /// What is wrong with it.
        why: KeyError,
    },
    /// The same key twice.
    #[error("{first} and {second} are the same key: each signer needs an own one")]
    DuplicateKey {
        /// Where it stands first.
        first: String,
        /// Where it stands again.
        second: String,
    },
    /// A key that nobody can sign with.
    #[error("{0} is the unspendable point of BIP-341: nobody can sign with it")]
    UnspendableKey(String),
    /// A quorum of nobody.
    #[error("the {0} quorum needs at least 1 signature")]
    NoQuorum(&'static str),
    /// Fewer keys than signatures.
    #[error(
        "the {quorum} quorum needs {at_least} signatures and has {keys} keys: add keys or lower `at_least`"
    )]
    NotEnoughKeys {
        /// Which quorum.
        quorum: &'static str,
        /// Signatures needed.
        at_least: usize,
        /// Keys given.
        keys: usize,
    },
    /// More keys than a script takes.
    #[error("the {quorum} quorum has {keys} keys: a script takes at most {VAULT_KEYS_MAX}")]
    TooManyKeys {
        /// Which quorum.
        quorum: &'static str,
        /// Keys given.
        keys: usize,
    },
    /// No wait: members could leave without the co-signer at once.
    #[error(
        "`after_blocks = 0` would let members spend without the co-signer at once: 52560 blocks are about a year"
    )]
    NoRecoveryLock,
    /// A lock that the chain cannot express.
    #[error(
        "`after_blocks = {0}` is more than {RECOVERY_BLOCKS_MAX}, the longest lock that the chain can enforce"
    )]
    RecoveryLockTooLong(u32),
    /// Miniscript refuses the script.
    #[error("the script is not sane: {0}")]
    Insane(String),
}

impl VaultSpec {
    /// The vault's descriptor.
    ///
    /// # Errors
    /// The first reason why these keys and numbers do not make a vault.
    pub fn descriptor(&self) -> Result<VaultDescriptor, SpecError> {
        check_quorum("spending", self.at_least, self.members.len())?;
        check_quorum("recovery", self.recovery.at_least, self.recovery.members.len())?;
        let lock = self.lock()?;
        let members = self.parse_keys("member", &self.members)?;
        let recovery = self.parse_keys("recovery member", &self.recovery.members)?;
        let cosigner = self.parse_key("the co-signer".to_owned(), &self.cosigner)?;
        check_distinct(&with_cosigner("member", &members, &cosigner))?;
        check_distinct(&with_cosigner("recovery member", &recovery, &cosigner))?;
        VaultDescriptor::new(self, members, recovery, cosigner, lock)
    }

    fn lock(&self) -> Result<u16, SpecError> {
        let blocks = self.recovery.after_blocks;
        match u16::try_from(blocks) {
            Ok(0) => Err(SpecError::NoRecoveryLock),
            Ok(lock) => Ok(lock),
            Err(_) => Err(SpecError::RecoveryLockTooLong(blocks)),
        }
    }

    fn parse_keys(&self, role: &str, texts: &[String]) -> Result<Vec<VaultKey>, SpecError> {
        let numbered = texts.iter().enumerate();
        numbered.map(|(index, text)| self.parse_key(format!("{role} {}", index + 1), text)).collect()
    }

    fn parse_key(&self, whose: String, text: &str) -> Result<VaultKey, SpecError> {
        let key = VaultKey::parse(text, NetworkKind::from(self.network))
            .map_err(|why| SpecError::Key { whose: whose.clone(), why })?;
        if template::is_unspendable(key.xpub()) { Err(SpecError::UnspendableKey(whose)) } else { Ok(key) }
    }
}

fn check_quorum(quorum: &'static str, at_least: usize, keys: usize) -> Result<(), SpecError> {
    match (at_least, keys) {
        (0, _) => Err(SpecError::NoQuorum(quorum)),
        (_, keys) if keys > VAULT_KEYS_MAX => Err(SpecError::TooManyKeys { quorum, keys }),
        (at_least, keys) if at_least > keys => Err(SpecError::NotEnoughKeys { quorum, at_least, keys }),
        _ => Ok(()),
    }
}

fn with_cosigner<'a>(
    role: &str,
    keys: &'a [VaultKey],
    cosigner: &'a VaultKey,
) -> Vec<(String, &'a VaultKey)> {
    let numbered = keys.iter().enumerate().map(|(index, key)| (format!("{role} {}", index + 1), key));
    numbered.chain([("the co-signer".to_owned(), cosigner)]).collect()
}

/// Two accounts with one public key are one signer, whatever their chain codes say.
fn check_distinct(keys: &[(String, &VaultKey)]) -> Result<(), SpecError> {
    for (position, (second, key)) in keys.iter().enumerate() {
        let earlier = keys.iter().take(position);
        let twin = earlier.into_iter().find(|(_, other)| other.xpub().public_key == key.xpub().public_key);
        if let Some((first, _)) = twin {
            return Err(SpecError::DuplicateKey { first: first.clone(), second: second.clone() });
        }
    }
    Ok(())
}
