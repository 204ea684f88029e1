//! The script of one address, with everything that is needed to sign for it and to check what others put into a PSBT about it.
//!
//! Called by `holdings` (once for each address), then read by `verify`, `build`, `spend` and `finish`: deriving is what is slow.

use bitcoin::bip32::{ChildNumber, KeySource};
use bitcoin::secp256k1::PublicKey;
use bitcoin::taproot::{ControlBlock, LeafVersion, TapLeafHash, TapNodeHash};
use bitcoin::{ScriptBuf, VarInt, XOnlyPublicKey};
use miniscript::Descriptor;

use crate::descriptor::{Branch, Position};
use crate::size::number;

/// Who a key belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Role {
    /// The internal key that nobody can sign with.
    Internal,
    /// The co-signer.
    Cosigner,
    /// A member, on the spending path.
    Member(usize),
    /// A recovery member, on the recovery path.
    Recovery(usize),
}

impl Role {
    /// The step that keys of this role take for a branch.
    pub(crate) const fn step(self, branch: Branch) -> u32 {
        match self {
            Self::Recovery(_) => branch.recovery_step(),
            _ => branch.spending_step(),
        }
    }
}

/// A key of one address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DerivedKey {
    /// Whose it is.
    pub role: Role,
    /// The key itself.
    pub public_key: PublicKey,
    /// Its origin, for a signing device.
    pub source: KeySource,
}

impl DerivedKey {
    /// As taproot scripts have it.
    #[must_use]
    pub fn x_only(&self) -> XOnlyPublicKey {
        self.public_key.x_only_public_key().0
    }

    /// Whether both keys come from one account: the same person's, on two paths of the script.
    pub(crate) fn same_signer(&self, other: &Self) -> bool {
        let account = |source: &KeySource| {
            let steps: &[ChildNumber] = source.1.as_ref();
            steps.split_last_chunk::<2>().map(|(account, _)| account.to_vec())
        };
        self.source.0 == other.source.0 && account(&self.source) == account(&other.source)
    }
}

/// A leaf of the taproot tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leaf {
    pub script: ScriptBuf,
    pub hash: TapLeafHash,
    pub control_block: ControlBlock,
}

impl Leaf {
    pub const VERSION: LeafVersion = LeafVersion::TapScript;
}

/// What is particular to each kind of script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Form {
    Wsh { witness_script: ScriptBuf },
    Tr { internal_key: XOnlyPublicKey, merkle_root: TapNodeHash, spending: Box<Leaf>, recovery: Box<Leaf> },
}

/// The script at one position of a vault.
#[derive(Clone, Debug)]
pub struct DerivedScript {
    position: Position,
    script_pubkey: ScriptBuf,
    keys: Vec<DerivedKey>,
    witness_weight: u64,
    pub(crate) form: Form,
    pub(crate) descriptor: Descriptor<bitcoin::PublicKey>,
}

impl DerivedScript {
    pub(crate) fn new(
        position: Position,
        keys: Vec<DerivedKey>,
        at_least: usize,
        descriptor: Descriptor<bitcoin::PublicKey>,
    ) -> Option<Self> {
        let form = match &descriptor {
            Descriptor::Tr(tr) => {
                let info = tr.spend_info();
                let mut leaves = info.leaves().map(|leaf| {
                    Box::new(Leaf {
                        script: leaf.script().to_owned(),
                        hash: leaf.leaf_hash(),
                        control_block: leaf.control_block().clone(),
                    })
                });
                let (spending, recovery) = (leaves.next()?, leaves.next()?);
                let (internal_key, merkle_root) = (info.internal_key(), info.merkle_root()?);
                Form::Tr { internal_key, merkle_root, spending, recovery }
            }
            other => Form::Wsh { witness_script: other.explicit_script().ok()? },
        };
        let members = keys.iter().filter(|key| matches!(key.role, Role::Member(_))).count();
        let witness_weight = witness_weight(&form, at_least, members);
        Some(Self {
            position,
            script_pubkey: descriptor.script_pubkey(),
            keys,
            witness_weight,
            form,
            descriptor,
        })
    }

    /// The most weight units that the witness of the spending path has, with the count of its elements.
    pub(crate) const fn witness_weight(&self) -> u64 {
        self.witness_weight
    }

    /// Which address this is.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// What an output of this address has.
    #[must_use]
    pub const fn script_pubkey(&self) -> &ScriptBuf {
        &self.script_pubkey
    }

    /// All keys, in the order of the script; the internal key first.
    #[must_use]
    pub fn keys(&self) -> &[DerivedKey] {
        &self.keys
    }

    /// The co-signer's key.
    #[must_use]
    pub fn cosigner(&self) -> Option<&DerivedKey> {
        self.keys.iter().find(|key| key.role == Role::Cosigner)
    }

    /// A member's key.
    #[must_use]
    pub fn member(&self, index: usize) -> Option<&DerivedKey> {
        self.keys.iter().find(|key| key.role == Role::Member(index))
    }

    /// The leaves in which a key stands.
    pub(crate) fn leaf_hashes(&self, role: Role) -> Vec<TapLeafHash> {
        match (&self.form, role) {
            (Form::Wsh { .. }, _) | (_, Role::Internal) => Vec::new(),
            (Form::Tr { recovery, .. }, Role::Recovery(_)) => vec![recovery.hash],
            (Form::Tr { spending, .. }, _) => vec![spending.hash],
        }
    }
}

/// A signature with its sighash byte and its length: at most 71 bytes of DER, since S is low, or 64 of Schnorr.
const ECDSA_WEIGHT: u64 = 1 + 72;
const SCHNORR_WEIGHT: u64 = 1 + 65;

/// By the templates: the quorum's signatures with one more for the co-signer; beside them the empty element that `multi` takes too
/// much, or one for each member who does not sign.
fn witness_weight(form: &Form, at_least: usize, members: usize) -> u64 {
    let element = |bytes: usize| number(VarInt(number(bytes)).size()).saturating_add(number(bytes));
    let signatures = number(at_least).saturating_add(1);
    let (elements, weight) = match form {
        Form::Wsh { witness_script } => {
            let weight = signatures.saturating_mul(ECDSA_WEIGHT).saturating_add(1);
            (signatures.saturating_add(2), weight.saturating_add(element(witness_script.len())))
        }
        Form::Tr { spending, .. } => {
            let absent = number(members.saturating_sub(at_least));
            let weight = signatures.saturating_mul(SCHNORR_WEIGHT).saturating_add(absent);
            let leaf = element(spending.script.len()).saturating_add(element(spending.control_block.size()));
            (signatures.saturating_add(absent).saturating_add(2), weight.saturating_add(leaf))
        }
    };
    weight.saturating_add(number(VarInt(elements).size()))
}
