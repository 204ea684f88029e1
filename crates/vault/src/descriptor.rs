//! A vault's descriptor: its text for other wallets, its addresses and scripts for us (G10).
//!
//! Branches: members and co-signer spend from `0` (receive) and `1` (change); recovery keys are derived at `2` and `3`, so that no key
//! is twice in a script even where the same people do both. Called by `holdings`, `verify`, `build` and whoever shows an address.

use bitcoin::bip32::{ChildNumber, DerivationPath, KeySource, Xpub};
use bitcoin::{Address, Network, NetworkKind, ScriptBuf};
use miniscript::descriptor::checksum::Engine;
use miniscript::descriptor::{DerivPaths, DescriptorMultiXKey, Wildcard};
use miniscript::{Descriptor, DescriptorPublicKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::VaultId;

use crate::SECP;
use crate::derived::{DerivedKey, DerivedScript, Role};
use crate::holdings::GAP_LIMIT;
use crate::key::VaultKey;
use crate::spec::{ScriptKind, SpecError, VaultSpec};
use crate::template::{self, Parts, Quorum};

/// Receive or change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Branch {
    /// Addresses that are handed out.
    Receive,
    /// Where the rest of a spend comes back to.
    Change,
}

impl Branch {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Receive, Self::Change];

    /// The step that spending keys take: `0` or `1`.
    #[must_use]
    pub const fn spending_step(self) -> u32 {
        match self {
            Self::Receive => 0,
            Self::Change => 1,
        }
    }

    /// The step that recovery keys take: `2` or `3`.
    #[must_use]
    pub const fn recovery_step(self) -> u32 {
        self.spending_step() + 2
    }
}

/// Which of a vault's addresses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Position {
    /// Receive or change.
    pub branch: Branch,
    /// Below 2^31.
    pub index: u32,
}

/// Why an address could not be derived.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeriveError {
    /// Beyond what BIP-32 derives without hardening.
    #[error("address index {0} is too large: the last one is 2147483647")]
    Index(u32),
    /// Too far from the last used address.
    #[error("address index {0} is beyond the gap of {GAP_LIMIT} unused addresses: use the next unused one")]
    BeyondGap(u32),
    /// A key could not be derived: one in 2^127, try the next index.
    #[error("no key at index {0}: use the next one")]
    Key(u32),
    /// The script could not be made from the keys.
    #[error("no script at index {0}: {1}")]
    Script(u32, String),
}

/// A vault's descriptor.
#[derive(Clone, Debug)]
pub struct VaultDescriptor {
    id: VaultId,
    network: Network,
    kind: ScriptKind,
    at_least: usize,
    members: usize,
    recovery_at_least: usize,
    after_blocks: u16,
    /// In the order in which they stand in the script.
    signers: Vec<Signer>,
    text: String,
}

/// A key of the descriptor with both of its branches derived, since every address needs them.
#[derive(Clone, Debug)]
struct Signer {
    role: Role,
    key: VaultKey,
    branches: [Xpub; 2],
}

impl Signer {
    fn new(role: Role, key: VaultKey) -> Result<Self, SpecError> {
        let derive = |branch: Branch| {
            let step = ChildNumber::Normal { index: role.step(branch) };
            key.xpub().ckd_pub(&SECP, step).map_err(|error| SpecError::Insane(error.to_string()))
        };
        let branches = [derive(Branch::Receive)?, derive(Branch::Change)?];
        Ok(Self { role, key, branches })
    }

    fn at(&self, position: Position) -> Result<DerivedKey, DeriveError> {
        let [receive, change] = &self.branches;
        let branch = if position.branch == Branch::Receive { receive } else { change };
        let index =
            ChildNumber::from_normal_idx(position.index).map_err(|_| DeriveError::Index(position.index))?;
        let child = branch.ckd_pub(&SECP, index).map_err(|_| DeriveError::Key(position.index))?;
        let step = ChildNumber::Normal { index: self.role.step(position.branch) };
        Ok(DerivedKey { role: self.role, public_key: child.public_key, source: self.key.source(step, index) })
    }

    fn multipath(&self) -> Option<DescriptorPublicKey> {
        let path = |branch| DerivationPath::from(vec![ChildNumber::Normal { index: self.role.step(branch) }]);
        let unspendable = self.role == Role::Internal;
        Some(DescriptorPublicKey::MultiXPub(DescriptorMultiXKey {
            origin: (!unspendable).then(|| (self.key.fingerprint(), self.key.path().clone())),
            xkey: *self.key.xpub(),
            derivation_paths: DerivPaths::new(Branch::ALL.map(path).to_vec())?,
            wildcard: Wildcard::Unhardened,
        }))
    }
}

impl VaultDescriptor {
    pub(crate) fn new(
        spec: &VaultSpec,
        members: Vec<VaultKey>,
        recovery: Vec<VaultKey>,
        cosigner: VaultKey,
        after_blocks: u16,
    ) -> Result<Self, SpecError> {
        let internal = internal_key(spec, &members, &recovery, &cosigner)?;
        let member_count = members.len();
        let signers = internal
            .map(|key| (Role::Internal, key))
            .into_iter()
            .chain([(Role::Cosigner, cosigner)])
            .chain(members.into_iter().enumerate().map(|(index, key)| (Role::Member(index), key)))
            .chain(recovery.into_iter().enumerate().map(|(index, key)| (Role::Recovery(index), key)))
            .map(|(role, key)| Signer::new(role, key))
            .collect::<Result<Vec<_>, _>>()?;
        let mut descriptor = Self {
            id: spec.id.clone(),
            network: spec.network,
            kind: spec.script,
            at_least: spec.at_least,
            members: member_count,
            recovery_at_least: spec.recovery.at_least,
            after_blocks,
            signers,
            text: String::new(),
        };
        descriptor.text = descriptor.write_text()?;
        Ok(descriptor)
    }

    /// The vault's name in the policy.
    #[must_use]
    pub const fn id(&self) -> &VaultId {
        &self.id
    }

    /// Its network.
    #[must_use]
    pub const fn network(&self) -> Network {
        self.network
    }

    /// Its kind of script.
    #[must_use]
    pub const fn kind(&self) -> ScriptKind {
        self.kind
    }

    /// How many members must sign.
    #[must_use]
    pub const fn at_least(&self) -> usize {
        self.at_least
    }

    /// How many members there are.
    #[must_use]
    pub const fn members(&self) -> usize {
        self.members
    }

    /// Blocks after which the recovery path opens.
    #[must_use]
    pub const fn after_blocks(&self) -> u16 {
        self.after_blocks
    }

    /// The co-signer's account key.
    #[must_use]
    pub fn cosigner(&self) -> Option<&VaultKey> {
        self.signers.iter().find(|signer| signer.role == Role::Cosigner).map(|signer| &signer.key)
    }

    /// A member's account key, by its place in the spec.
    #[must_use]
    pub fn member(&self, index: usize) -> Option<&VaultKey> {
        self.signers.iter().find(|signer| signer.role == Role::Member(index)).map(|signer| &signer.key)
    }

    /// The internal key that nobody can sign with, in a taproot vault.
    pub(crate) fn internal_key(&self) -> Option<&VaultKey> {
        self.signers.iter().find(|signer| signer.role == Role::Internal).map(|signer| &signer.key)
    }

    /// Every account key that signs, in the order of the script.
    pub fn account_keys(&self) -> impl Iterator<Item = &VaultKey> {
        self.signers.iter().filter(|signer| signer.role != Role::Internal).map(|signer| &signer.key)
    }

    /// The descriptor with its checksum, as BIP-389 multipath: one text for receive and change.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The script at a position, with everything that is needed to sign for it.
    ///
    /// # Errors
    /// [`DeriveError`]: beyond the last index, or a key that does not exist (never seen).
    pub fn derive(&self, position: Position) -> Result<DerivedScript, DeriveError> {
        let keys =
            self.signers.iter().map(|signer| signer.at(position)).collect::<Result<Vec<DerivedKey>, _>>()?;
        let script_error = |why: String| DeriveError::Script(position.index, why);
        let parts = self.parts(&keys, |key| Some(bitcoin::PublicKey::new(key.public_key)), |key| key.role);
        let parts = parts.ok_or_else(|| script_error("a key is missing".to_owned()))?;
        let descriptor =
            template::descriptor(self.kind, parts).map_err(|error| script_error(error.to_string()))?;
        DerivedScript::new(position, keys, self.at_least, descriptor)
            .ok_or_else(|| script_error("no leaf".to_owned()))
    }

    /// The script that an output at a position has.
    ///
    /// # Errors
    /// As [`VaultDescriptor::derive`].
    pub fn script_pubkey(&self, branch: Branch, index: u32) -> Result<ScriptBuf, DeriveError> {
        Ok(self.derive(Position { branch, index })?.script_pubkey().clone())
    }

    /// The address at a position.
    ///
    /// # Errors
    /// As [`VaultDescriptor::derive`].
    pub fn address(&self, branch: Branch, index: u32) -> Result<Address, DeriveError> {
        let script = self.script_pubkey(branch, index)?;
        Address::from_script(&script, self.network)
            .map_err(|error| DeriveError::Script(index, error.to_string()))
    }

    /// The position that a key source names, if a signer of this vault has it.
    pub(crate) fn claimed_position(&self, source: &KeySource) -> Option<Position> {
        let steps: &[ChildNumber] = source.1.as_ref();
        let (ChildNumber::Normal { index }, before) = steps.split_last()? else { return None };
        let (ChildNumber::Normal { index: step }, origin) = before.split_last()? else { return None };
        let branch = *Branch::ALL.get(usize::try_from(step % 2).ok()?)?;
        let ours = self.signers.iter().any(|signer| {
            let key = &signer.key;
            let origin_matches =
                key.fingerprint() == source.0 && AsRef::<[ChildNumber]>::as_ref(key.path()) == origin;
            origin_matches && signer.role.step(branch) == *step
        });
        ours.then_some(Position { branch, index: *index })
    }

    fn parts<S, K>(
        &self,
        from: &[S],
        make: impl Fn(&S) -> Option<K>,
        role: impl Fn(&S) -> Role,
    ) -> Option<Parts<K>> {
        let (mut internal, mut cosigner, mut members, mut recovery) = (None, None, Vec::new(), Vec::new());
        for item in from {
            let key = make(item)?;
            match role(item) {
                Role::Internal => internal = Some(key),
                Role::Cosigner => cosigner = Some(key),
                Role::Member(_) => members.push(key),
                Role::Recovery(_) => recovery.push(key),
            }
        }
        Some(Parts {
            internal,
            cosigner: cosigner?,
            members: Quorum { at_least: self.at_least, keys: members },
            recovery: Quorum { at_least: self.recovery_at_least, keys: recovery },
            after_blocks: self.after_blocks,
        })
    }

    /// With `h` for hardened steps, which needs no quoting in a shell; the checksum is computed over that.
    fn write_text(&self) -> Result<String, SpecError> {
        let insane = |why: String| SpecError::Insane(why);
        let parts = self.parts(&self.signers, Signer::multipath, |signer| signer.role);
        let parts = parts.ok_or_else(|| insane("a key is missing".to_owned()))?;
        let descriptor: Descriptor<DescriptorPublicKey> =
            template::descriptor(self.kind, parts).map_err(|error| insane(error.to_string()))?;
        let body = format!("{descriptor:#}").replace('\'', "h");
        let mut engine = Engine::new();
        engine.input(&body).map_err(|error| insane(error.to_string()))?;
        Ok(format!("{body}#{}", engine.checksum()))
    }
}

fn internal_key(
    spec: &VaultSpec,
    members: &[VaultKey],
    recovery: &[VaultKey],
    cosigner: &VaultKey,
) -> Result<Option<VaultKey>, SpecError> {
    if spec.script == ScriptKind::Wsh {
        return Ok(None);
    }
    let keys = members.iter().chain(recovery).chain([cosigner]).map(VaultKey::xpub);
    let xpub = template::unspendable_xpub(NetworkKind::from(spec.network), keys)
        .map_err(|error| SpecError::Insane(error.to_string()))?;
    Ok(Some(VaultKey::new(xpub.fingerprint(), DerivationPath::master(), xpub)))
}
