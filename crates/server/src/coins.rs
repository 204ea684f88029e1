//! What the vaults hold on chain: each vault's descriptor with its coins, kept in step with the overt state (G1, G6).
//!
//! The state is the truth about which coins there are; this book adds what checking and signing need: scripts, keys and previous
//! transactions. Called by the engine after every commit that touches coins, by the HTTP side for PSBTs, addresses and feeds, and by the
//! executor that signs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gate::Ask;
use journal::{JournalError, blob_hash};
use overt::Command;
use policy::{Chain, KeyQuorum, Policy, Script};
use thiserror::Error;
use types::{Hash, VaultId};
use vault::bitcoin::absolute::LockTime;
use vault::bitcoin::consensus::encode;
use vault::bitcoin::hashes::Hash as _;
use vault::bitcoin::transaction::Version;
use vault::bitcoin::{Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, Txid, Witness};
use vault::{
    Branch, DeriveError, GAP_LIMIT, Holdings, Position, RecoverySpec, ScriptKind, SpecError, VaultDescriptor,
    VaultSpec,
};

/// The largest transaction that a feed may report, in bytes: what a block could hold.
pub const TRANSACTION_BYTES_MAX: usize = 4_000_000;
/// How far beyond the gap a coin's address is looked for when the book is filled again after a start.
const SEARCH_INDEX_MAX: u32 = 10_000;

/// Why a feed's transaction, or a question for an address, is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CoinError {
    /// No such vault on chain.
    #[error("there is no vault `{0}` on chain")]
    NotFound(VaultId),
    /// The vault cannot be used.
    #[error("vault `{0}` cannot be used: {1}")]
    Vault(VaultId, String),
    /// Not one transaction.
    #[error("these bytes are not one bitcoin transaction: send it complete, as the network has it")]
    Malformed,
    /// It pays nothing to the vault.
    #[error("the transaction pays nothing to vault `{0}` within the gap of {GAP_LIMIT} addresses")]
    NotOurs(VaultId),
    /// An address beyond what is watched.
    #[error(transparent)]
    Derive(#[from] DeriveError),
}

impl CoinError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not-found",
            Self::Vault(..) => "vault-unusable",
            Self::Malformed => "transaction-malformed",
            Self::NotOurs(_) => "transaction-not-ours",
            Self::Derive(_) => "address-unknown",
        }
    }
}

/// A vault that can be used.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) spec: VaultSpec,
    pub(crate) holdings: Holdings,
}

/// The vaults on chain.
#[derive(Clone, Debug)]
pub struct VaultBook {
    cosigner: String,
    /// Each with what it holds, or why it cannot be used.
    vaults: BTreeMap<VaultId, Result<Kept, String>>,
}

/// Reads a content of the journal.
pub type Load<'a> = &'a mut dyn FnMut(&Hash) -> Result<Option<Vec<u8>>, JournalError>;

impl VaultBook {
    /// An empty book for a co-signer's account key.
    #[must_use]
    pub const fn new(cosigner: String) -> Self {
        Self { cosigner, vaults: BTreeMap::new() }
    }

    /// Brings the book in step with the state. `load` reads the transactions that made the coins.
    ///
    /// # Errors
    /// When the journal cannot be read. A vault that cannot be used is no error; see [`VaultBook::problems`].
    pub fn sync(&mut self, state: &gate::State, load: Load<'_>) -> Result<(), JournalError> {
        let Some(policy) = state.overt().policy() else { return Ok(()) };
        let on_chain: BTreeSet<&VaultId> = policy
            .vaults()
            .iter()
            .filter_map(|vault| matches!(vault.chain, Chain::Bitcoin(_)).then_some(&vault.id))
            .collect();
        self.vaults.retain(|id, _| on_chain.contains(id));
        for id in on_chain {
            self.open(policy, id);
            if let Some(Ok(kept)) = self.vaults.get_mut(id) {
                let followed = kept.follow(state, id, &mut *load)?;
                if let Chain::Bitcoin(network) = policy.vault(id).map_or(Chain::GateOnly, |vault| vault.chain)
                    && let Some(tip) = state.overt().tip(network)
                {
                    kept.holdings.set_height(tip.height);
                }
                if let Err(problem) = followed {
                    self.vaults.insert(id.clone(), Err(problem));
                }
            }
        }
        Ok(())
    }

    /// Opens a vault anew if it is new or its keys have changed.
    fn open(&mut self, policy: &Policy, id: &VaultId) {
        let spec = self.spec(policy, id);
        let known = self.vaults.get(id);
        let is_same = match (known, &spec) {
            (Some(Ok(kept)), Ok(spec)) => kept.spec == *spec,
            _ => false,
        };
        if !is_same {
            self.vaults.insert(id.clone(), spec.and_then(Kept::new));
        }
    }

    fn spec(&self, policy: &Policy, id: &VaultId) -> Result<VaultSpec, String> {
        let vault = policy.vault(id).ok_or("it is not in the policy")?;
        let Chain::Bitcoin(network) = vault.chain else { return Err("it is not on chain".to_owned()) };
        let keys = vault.keys.as_ref().ok_or("it has no keys")?;
        let recovery = vault.recovery.as_ref().ok_or("it has no recovery path")?;
        Ok(VaultSpec {
            id: id.clone(),
            network: network_of(network),
            script: match vault.script {
                Script::Wsh => ScriptKind::Wsh,
                Script::Tr => ScriptKind::Tr,
            },
            at_least: count(keys.at_least),
            members: xpubs(policy, keys)?,
            recovery: RecoverySpec {
                at_least: count(recovery.keys.at_least),
                members: xpubs(policy, &recovery.keys)?,
                after_blocks: recovery.after_blocks,
            },
            cosigner: self.cosigner.clone(),
        })
    }

    /// Vaults of the policy that cannot be used, and why.
    #[must_use]
    pub fn problems(&self) -> Vec<(VaultId, String)> {
        let unusable = self.vaults.iter().filter_map(|(id, vault)| Some((id, vault.as_ref().err()?)));
        unusable.map(|(id, why)| (id.clone(), why.clone())).collect()
    }

    /// What a vault holds, if it can be used.
    #[must_use]
    pub fn holdings(&self, vault: &VaultId) -> Option<&Holdings> {
        self.kept(vault).ok().map(|kept| &kept.holdings)
    }

    /// A vault's descriptor, if it can be used.
    #[must_use]
    pub fn descriptor(&self, vault: &VaultId) -> Option<&Arc<VaultDescriptor>> {
        self.holdings(vault).map(Holdings::descriptor)
    }

    /// The vaults on a network that can be used, each with its descriptor's text.
    #[must_use]
    pub fn on_network(&self, network: Network) -> Vec<(VaultId, String)> {
        let usable = self.vaults.iter().filter_map(|(id, kept)| Some((id, kept.as_ref().ok()?)));
        let there = usable.filter(|(_, kept)| kept.spec.network == network);
        there.map(|(id, kept)| (id.clone(), kept.holdings.descriptor().text().to_owned())).collect()
    }

    /// A receiving address of a vault.
    ///
    /// # Errors
    /// No such vault, or an index that cannot be derived.
    pub fn address(&self, vault: &VaultId, index: u32) -> Result<String, CoinError> {
        let kept = self.kept(vault)?;
        Ok(kept.holdings.descriptor().address(Branch::Receive, index)?.to_string())
    }

    /// The first receiving address after the highest one that was paid.
    ///
    /// # Errors
    /// No such vault.
    pub fn unused_address(&self, vault: &VaultId) -> Result<(u32, String), CoinError> {
        let index = self.kept(vault)?.holdings.unused(Branch::Receive).index;
        Ok((index, self.address(vault, index)?))
    }

    pub(crate) fn kept(&self, vault: &VaultId) -> Result<&Kept, CoinError> {
        match self.vaults.get(vault) {
            Some(Ok(kept)) => Ok(kept),
            Some(Err(why)) => Err(CoinError::Vault(vault.clone(), why.clone())),
            None => Err(CoinError::NotFound(vault.clone())),
        }
    }

    /// Where a payment to another vault of the organisation on the same chain may go.
    pub(crate) fn scripts(&self, vault: &VaultId, network: Network) -> Option<BTreeSet<ScriptBuf>> {
        let kept = self.kept(vault).ok().filter(|kept| kept.spec.network == network)?;
        Some(kept.holdings.scripts().cloned().collect())
    }

    /// What a feed's transaction brings to a vault: the command, and the transaction to be kept with it.
    ///
    /// # Errors
    /// Not a transaction, or one that pays nothing to the vault.
    pub fn receive(&self, vault: &VaultId, transaction: &[u8]) -> Result<(Ask, (Hash, Vec<u8>)), CoinError> {
        let kept = self.kept(vault)?;
        if transaction.len() > TRANSACTION_BYTES_MAX {
            return Err(CoinError::Malformed);
        }
        let parsed: Transaction = encode::deserialize(transaction).map_err(|_| CoinError::Malformed)?;
        let txid = Hash(parsed.compute_txid().to_byte_array());
        let ours = (0u32..).zip(&parsed.output).filter_map(|(index, output)| {
            kept.holdings.locate(&output.script_pubkey)?;
            Some((types::OutPoint { txid, index }, u128::from(output.value.to_sat())))
        });
        let outputs: Vec<(types::OutPoint, u128)> = ours.collect();
        if outputs.is_empty() {
            return Err(CoinError::NotOurs(vault.clone()));
        }
        let address = blob_hash(transaction);
        let command =
            Command::NoteReceived { vault: vault.clone(), transaction: address, height: None, outputs };
        Ok((Ask::Overt(command), (address, transaction.to_vec())))
    }
}

impl Kept {
    fn new(spec: VaultSpec) -> Result<Self, String> {
        let descriptor = spec.descriptor().map_err(|error: SpecError| error.to_string())?;
        let holdings = Holdings::new(Arc::new(descriptor)).map_err(|error| error.to_string())?;
        Ok(Self { spec, holdings })
    }

    /// Takes in coins that are new in the state and drops those that are gone from it.
    fn follow(
        &mut self,
        state: &gate::State,
        id: &VaultId,
        load: Load<'_>,
    ) -> Result<Result<(), String>, JournalError> {
        let wanted: BTreeMap<OutPoint, Hash> =
            state.overt().coins(id).map(|(outpoint, coin)| (on_chain(outpoint), coin.transaction)).collect();
        let filled = self.fill(&wanted, &mut *load)?;
        if filled.is_err() || wanted.keys().all(|outpoint| self.holdings.coin(outpoint).is_some()) {
            return Ok(filled);
        }
        // What was gone is there again: a reorganisation threw out its block, or the payment that had spent it. The holdings take
        // it for spent for good, so they begin anew.
        match self.begin_anew() {
            Ok(()) => self.fill(&wanted, load),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    fn fill(
        &mut self,
        wanted: &BTreeMap<OutPoint, Hash>,
        load: Load<'_>,
    ) -> Result<Result<(), String>, JournalError> {
        let is_missing = |(outpoint, _): &(&OutPoint, &Hash)| self.holdings.coin(outpoint).is_none();
        let missing: BTreeSet<Hash> = wanted.iter().filter(is_missing).map(|(_, hash)| *hash).collect();
        for hash in missing {
            let Some(content) = load(&hash)? else {
                return Ok(Err(format!("the journal lacks the transaction {hash}")));
            };
            let Ok(transaction) = encode::deserialize::<Transaction>(&content) else {
                return Ok(Err(format!("{hash} is not a transaction")));
            };
            if let Err(error) = self.confirm(&transaction, wanted) {
                return Ok(Err(error.to_string()));
            }
        }
        let gone: Vec<OutPoint> = self
            .holdings
            .coins()
            .map(vault::Coin::outpoint)
            .filter(|coin| !wanted.contains_key(coin))
            .collect();
        // The descriptor has nothing to derive for a transaction without outputs: this cannot fail.
        let _taken_out = self.holdings.confirm(&spending(gone));
        Ok(Ok(()))
    }

    /// Empty holdings that know the same addresses as used.
    fn begin_anew(&mut self) -> Result<(), DeriveError> {
        let mut fresh = Holdings::new(Arc::clone(self.holdings.descriptor()))?;
        fresh.set_height(self.holdings.height());
        for branch in Branch::ALL {
            let used = self.holdings.unused(branch).index;
            while fresh.unused(branch).index < used {
                let index = used.min(fresh.unused(branch).index.saturating_add(GAP_LIMIT)).saturating_sub(1);
                fresh.mark_used(Position { branch, index })?;
            }
        }
        self.holdings = fresh;
        Ok(())
    }

    fn confirm(
        &mut self,
        transaction: &Transaction,
        wanted: &BTreeMap<OutPoint, Hash>,
    ) -> Result<(), DeriveError> {
        let txid = transaction.compute_txid();
        for (vout, output) in (0u32..).zip(&transaction.output) {
            if wanted.contains_key(&OutPoint { txid, vout }) {
                self.reach(&output.script_pubkey)?;
            }
        }
        self.holdings.confirm(transaction)
    }

    /// After a start the gap begins at the first address, while coins may lie far behind it: moves it until the script is found.
    fn reach(&mut self, script: &ScriptBuf) -> Result<(), DeriveError> {
        while self.holdings.locate(script).is_none() {
            for branch in Branch::ALL {
                let index = self.holdings.unused(branch).index.saturating_add(GAP_LIMIT - 1);
                if index > SEARCH_INDEX_MAX {
                    return Err(DeriveError::BeyondGap(index));
                }
                self.holdings.mark_used(Position { branch, index })?;
            }
        }
        Ok(())
    }
}

fn on_chain(outpoint: &types::OutPoint) -> OutPoint {
    OutPoint { txid: Txid::from_byte_array(outpoint.txid.0), vout: outpoint.index }
}

/// A transaction that only takes away. It exists to be taken in by [`Holdings`], never to be sent.
fn spending(coins: Vec<OutPoint>) -> Transaction {
    let input = |previous_output| TxIn {
        previous_output,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::MAX,
        witness: Witness::new(),
    };
    Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: coins.into_iter().map(input).collect(),
        output: Vec::new(),
    }
}

fn xpubs(policy: &Policy, keys: &KeyQuorum) -> Result<Vec<String>, String> {
    let xpub = |id: &types::KeyId| {
        let entry = policy.keys().iter().find(|entry| entry.id == *id);
        let entry = entry.filter(|entry| !entry.xpub.is_empty());
        entry.map(|entry| entry.xpub.clone()).ok_or_else(|| format!("key `{id}` has no xpub in the register"))
    };
    keys.of.iter().map(xpub).collect()
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The network of a policy, as the Bitcoin crates name it.
#[must_use]
pub const fn network_of(network: policy::Network) -> Network {
    match network {
        policy::Network::Mainnet => Network::Bitcoin,
        policy::Network::Testnet => Network::Testnet,
        policy::Network::Testnet4 => Network::Testnet4,
        policy::Network::Signet => Network::Signet,
        policy::Network::Regtest => Network::Regtest,
    }
}
