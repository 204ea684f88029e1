//! The two scripts that vaults have, for any kind of key, and the internal key that nobody can sign with (G1, G10).
//!
//! - `wsh(andor(pk(C),multi(k,M…),and_v(v:multi(r,R…),older(n))))`
//! - `tr(U,{and_v(v:pk(C),multi_a(k,M…)),and_v(v:multi_a(r,R…),older(n))})`
//!
//! `C` co-signer, `M` members, `R` recovery members, `n` blocks. `docs/adr/0003-vault-descriptors.md` says why these.
//! Called by `descriptor` (extended keys) and `derived` (the keys of one address), so that text and scripts cannot differ.

use std::collections::BTreeSet;
use std::sync::Arc;

use bitcoin::bip32::{ChainCode, ChildNumber, Fingerprint, Xpub};
use bitcoin::hashes::{Hash, HashEngine, sha256};
use bitcoin::{NetworkKind, secp256k1};
use miniscript::descriptor::TapTree;
use miniscript::{
    Descriptor, Error, Miniscript, MiniscriptKey, RelLockTime, ScriptContext, Segwitv0, Tap, Terminal,
    Threshold,
};

use crate::spec::ScriptKind;

/// BIP-341's point `H`, whose discrete logarithm nobody knows, with even Y.
const UNSPENDABLE_POINT: [u8; 33] = [
    0x02, 0x50, 0x92, 0x9b, 0x74, 0xc1, 0xa0, 0x49, 0x54, 0xb7, 0x8b, 0x4b, 0x60, 0x35, 0xe9, 0x7a, 0x5e,
    0x07, 0x8a, 0x5a, 0x0f, 0x28, 0xec, 0x96, 0xd5, 0x47, 0xbf, 0xee, 0x9a, 0xce, 0x80, 0x3a, 0xc0,
];

/// A quorum of keys.
pub struct Quorum<K> {
    pub at_least: usize,
    pub keys: Vec<K>,
}

/// What both scripts are made of.
pub struct Parts<K> {
    /// Only in a taproot script.
    pub internal: Option<K>,
    pub cosigner: K,
    pub members: Quorum<K>,
    pub recovery: Quorum<K>,
    pub after_blocks: u16,
}

/// Whether a key is [`UNSPENDABLE_POINT`], under either sign.
pub fn is_unspendable(key: &Xpub) -> bool {
    key.public_key.serialize().get(1..) == UNSPENDABLE_POINT.get(1..)
}

/// The unspendable internal key of a vault: `H` with a chain code that anyone can compute from the vault's keys, as the
/// SHA-256 of all their account public keys (33 bytes each, sorted, each once).
///
/// Every address then has another internal key, `H + tG` with a public `t`: it cannot be told from others on chain, nobody can sign
/// with it, and whoever has the descriptor can prove that.
pub fn unspendable_xpub<'a>(
    network: NetworkKind,
    keys: impl Iterator<Item = &'a Xpub>,
) -> Result<Xpub, secp256k1::Error> {
    let sorted: BTreeSet<[u8; 33]> = keys.map(|key| key.public_key.serialize()).collect();
    let mut engine = sha256::Hash::engine();
    sorted.iter().for_each(|key| engine.input(key));
    Ok(Xpub {
        network,
        depth: 0,
        parent_fingerprint: Fingerprint::default(),
        child_number: ChildNumber::Normal { index: 0 },
        public_key: secp256k1::PublicKey::from_slice(&UNSPENDABLE_POINT)?,
        chain_code: ChainCode::from(sha256::Hash::from_engine(engine).to_byte_array()),
    })
}

/// The descriptor of a vault. Checked for sanity by miniscript.
pub fn descriptor<K: MiniscriptKey>(kind: ScriptKind, parts: Parts<K>) -> Result<Descriptor<K>, Error> {
    let descriptor = match kind {
        ScriptKind::Wsh => wsh(parts),
        ScriptKind::Tr => tr(parts),
    }?;
    descriptor.sanity_check()?;
    Ok(descriptor)
}

fn wsh<K: MiniscriptKey>(parts: Parts<K>) -> Result<Descriptor<K>, Error> {
    let cosigner = Miniscript::<K, Segwitv0>::pk(parts.cosigner);
    let multi = |quorum: Quorum<K>| -> Result<Miniscript<K, Segwitv0>, Error> {
        Ok(Miniscript::multi(Threshold::new(quorum.at_least, quorum.keys).map_err(Error::Threshold)?))
    };
    let members = multi(parts.members)?;
    let recovery = locked(multi(parts.recovery)?, parts.after_blocks)?;
    let script =
        Miniscript::from_ast(Terminal::AndOr(Arc::new(cosigner), Arc::new(members), Arc::new(recovery)))?;
    Descriptor::new_wsh(script)
}

fn tr<K: MiniscriptKey>(parts: Parts<K>) -> Result<Descriptor<K>, Error> {
    let multi = |quorum: Quorum<K>| -> Result<Miniscript<K, Tap>, Error> {
        Ok(Miniscript::multi_a(Threshold::new(quorum.at_least, quorum.keys).map_err(Error::Threshold)?))
    };
    let spending = and_v(Miniscript::pk(parts.cosigner), multi(parts.members)?)?;
    let recovery = locked(multi(parts.recovery)?, parts.after_blocks)?;
    let tree = TapTree::combine(TapTree::leaf(spending), TapTree::leaf(recovery))
        .map_err(|error| Error::Unexpected(error.to_string()))?;
    let internal = parts.internal.ok_or_else(|| Error::Unexpected("no internal key".to_owned()))?;
    Descriptor::new_tr(internal, Some(tree))
}

fn and_v<K: MiniscriptKey, C: ScriptContext>(
    first: Miniscript<K, C>,
    second: Miniscript<K, C>,
) -> Result<Miniscript<K, C>, Error> {
    let verified = Miniscript::from_ast(Terminal::Verify(Arc::new(first)))?;
    Miniscript::from_ast(Terminal::AndV(Arc::new(verified), Arc::new(second)))
}

fn locked<K: MiniscriptKey, C: ScriptContext>(
    quorum: Miniscript<K, C>,
    after_blocks: u16,
) -> Result<Miniscript<K, C>, Error> {
    and_v(quorum, Miniscript::older(RelLockTime::from_height(after_blocks)))
}
