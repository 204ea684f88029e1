//! Any lines as the keys of a vault: refused, or a descriptor that other wallets read as we wrote it, with the same addresses (G10).

use std::str::FromStr;

use miniscript::{Descriptor, DescriptorPublicKey};
use vault::bitcoin::{Network, NetworkKind};
use vault::{Branch, VaultKey, VaultSpec};

use crate::world::{KINDS, spec, text};

/// The first line is the co-signer, the next three the members; a missing one is the honest one.
pub fn run(bytes: &[u8]) {
    let Ok(lines) = std::str::from_utf8(bytes) else { return };
    for line in lines.lines() {
        if let Ok(key) = VaultKey::parse(line, NetworkKind::Test) {
            assert_eq!(VaultKey::parse(&key.to_string(), NetworkKind::Test).as_ref(), Ok(&key));
        }
    }
    for kind in KINDS {
        let mut spec = spec(kind);
        let mut given = lines.lines().map(str::to_owned);
        spec.cosigner = given.next().unwrap_or_default();
        spec.members.iter_mut().zip(given).for_each(|(member, line)| *member = line);
        check(&spec);
    }
}

fn check(spec: &VaultSpec) {
    let Ok(descriptor) = spec.descriptor() else { return };
    let theirs = Descriptor::<DescriptorPublicKey>::from_str(descriptor.text()).expect("others read it");
    // They write hardened steps with a quote, so that texts differ where descriptors do not.
    let branches = theirs.into_single_descriptors().expect("two branches");
    for (branch, single) in Branch::ALL.into_iter().zip(branches) {
        let ours = descriptor.script_pubkey(branch, 7).expect("an address");
        assert_eq!(single.at_derivation_index(7).expect("a key").script_pubkey(), ours);
    }
    assert_eq!(descriptor.network(), Network::Regtest);
}

/// Honest keys, in several orders.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let names = ["cosigner", "alice", "bob", "carol", "dave"];
    let keys = names.map(text);
    let mut seeds: Vec<Vec<u8>> = keys.iter().map(|key| key.as_bytes().to_vec()).collect();
    seeds.push(keys.join("\n").into_bytes());
    seeds.push([keys[0].clone(), keys[0].clone()].join("\n").into_bytes());
    seeds
}
