//! What a signing device is shown once so that it knows the vault afterwards: BIP-388 policy for Ledger and BitBox, descriptor for Coldcard (G10).
//!
//! Made from the descriptor's text alone. A device that keeps an HMAC of the registration computes it itself. Called by the command line and
//! the server when a vault is created.

use serde::{Deserialize, Serialize};

use crate::derived::Role;
use crate::descriptor::{Branch, VaultDescriptor};

/// The longest name of a BIP-388 policy, in bytes.
const POLICY_NAME_BYTES_MAX: usize = 64;
/// The longest name that a Coldcard takes, in bytes.
const COLDCARD_NAME_BYTES_MAX: usize = 20;

/// A wallet policy of BIP-388. In JSON it has the names that Ledger's clients use.
///
/// Members who do recovery too are one key with two derivations, `/**` (which is `/<0;1>/*`) and `/<2;3>/*`: disjoint, as the BIP asks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WalletPolicy {
    /// What the device shows.
    pub name: String,
    /// The descriptor with `@0`, `@1`, … in place of keys.
    pub descriptor_template: String,
    /// The keys, each once, in the order of their first appearance.
    pub keys_info: Vec<String>,
}

/// The JSON file that a Coldcard imports.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ColdcardWallet {
    /// What the device shows.
    pub name: String,
    /// The multipath descriptor (BIP-389) with its checksum.
    pub desc: String,
}

impl WalletPolicy {
    /// The policy of a vault.
    #[must_use]
    pub fn new(descriptor: &VaultDescriptor) -> Self {
        let body = descriptor.text().split_once('#').map_or(descriptor.text(), |(body, _)| body);
        let mut keys = key_texts(descriptor);
        keys.retain(|key| body.contains(key.as_str()));
        keys.sort_by_key(|key| body.find(key.as_str()));
        keys.dedup();
        let mut template = body.to_owned();
        for (number, key) in keys.iter().enumerate() {
            let [both, recovery] = [Role::Cosigner, Role::Recovery(0)].map(branches);
            template = template.replace(&format!("{key}{both}"), &format!("@{number}/**"));
            template = template.replace(&format!("{key}{recovery}"), &format!("@{number}{recovery}"));
        }
        Self {
            name: shortened(descriptor, POLICY_NAME_BYTES_MAX),
            descriptor_template: template,
            // The BIP knows hardened steps by the apostrophe alone.
            keys_info: keys.into_iter().map(|key| apostrophes(&key)).collect(),
        }
    }

    /// The descriptor that the policy stands for, without a checksum: for whoever wants to compare.
    #[must_use]
    pub fn descriptor_text(&self) -> String {
        let both = branches(Role::Cosigner);
        let mut text = self.descriptor_template.replace("/**", &both);
        for (number, key) in self.keys_info.iter().enumerate() {
            text = text.replace(&format!("@{number}/"), &format!("{key}/"));
        }
        text
    }
}

impl ColdcardWallet {
    /// The file of a vault.
    #[must_use]
    pub fn new(descriptor: &VaultDescriptor) -> Self {
        let name = shortened(descriptor, COLDCARD_NAME_BYTES_MAX);
        Self { name, desc: descriptor.text().to_owned() }
    }
}

fn key_texts(descriptor: &VaultDescriptor) -> Vec<String> {
    let internal = descriptor.internal_key().map(|key| key.xpub().to_string());
    internal.into_iter().chain(descriptor.account_keys().map(ToString::to_string)).collect()
}

fn branches(role: Role) -> String {
    let [receive, change] = Branch::ALL.map(|branch| role.step(branch));
    format!("/<{receive};{change}>/*")
}

fn apostrophes(key: &str) -> String {
    match key.split_once(']') {
        Some((origin, xpub)) => format!("{}]{xpub}", origin.replace('h', "'")),
        None => key.to_owned(),
    }
}

/// A vault's name is ASCII.
fn shortened(descriptor: &VaultDescriptor, most: usize) -> String {
    descriptor.id().as_str().chars().take(most).collect()
}
