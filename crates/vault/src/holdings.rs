//! What the chain says that a vault has: its scripts within the gap, its confirmed and unspent outputs, the height (G1, G6).
//!
//! Fed by whoever follows the chain (the server, the demo's simulated chain); read by `verify` and `build`. Scripts are derived when an
//! output arrives or the gap moves, so that checking a spend derives nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bitcoin::{Amount, OutPoint, Script, ScriptBuf, Transaction, TxOut};

use crate::derived::DerivedScript;
use crate::descriptor::{Branch, DeriveError, Position, VaultDescriptor};

/// How many unused addresses in a row are watched and accepted, on each branch.
pub const GAP_LIMIT: u32 = 20;

/// A confirmed, unspent output of the vault.
#[derive(Clone, Debug)]
pub struct Coin {
    outpoint: OutPoint,
    output: TxOut,
    previous: Arc<Transaction>,
    script: Arc<DerivedScript>,
}

impl Coin {
    /// Which output.
    #[must_use]
    pub const fn outpoint(&self) -> OutPoint {
        self.outpoint
    }

    /// Its value and script.
    #[must_use]
    pub const fn output(&self) -> &TxOut {
        &self.output
    }

    /// The transaction that made it.
    #[must_use]
    pub fn previous(&self) -> &Transaction {
        &self.previous
    }

    /// Its script with all keys.
    #[must_use]
    pub fn script(&self) -> &DerivedScript {
        &self.script
    }
}

/// What a vault has, as far as the chain was followed.
#[derive(Clone, Debug)]
pub struct Holdings {
    descriptor: Arc<VaultDescriptor>,
    scripts: BTreeMap<ScriptBuf, Arc<DerivedScript>>,
    /// For each branch, how many scripts are derived, and the first index after the highest used one.
    receive: Watched,
    change: Watched,
    coins: BTreeMap<OutPoint, Coin>,
    /// So that a transaction that is seen again, or after the one that spends it, brings nothing back.
    spent: BTreeSet<OutPoint>,
    height: u32,
}

#[derive(Clone, Copy, Default, Debug)]
struct Watched {
    derived: u32,
    unused: u32,
}

impl Holdings {
    /// Nothing yet, at height 0.
    ///
    /// # Errors
    /// When a script within the gap cannot be derived.
    pub fn new(descriptor: Arc<VaultDescriptor>) -> Result<Self, DeriveError> {
        let (receive, change) = (Watched::default(), Watched::default());
        let (scripts, coins, spent) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        let mut holdings = Self { descriptor, scripts, receive, change, coins, spent, height: 0 };
        for branch in Branch::ALL {
            holdings.extend(branch)?;
        }
        Ok(holdings)
    }

    /// The vault's descriptor.
    #[must_use]
    pub const fn descriptor(&self) -> &Arc<VaultDescriptor> {
        &self.descriptor
    }

    /// The height of the last block that was seen.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// Sets the height of the last block.
    pub const fn set_height(&mut self, height: u32) {
        self.height = height;
    }

    /// Takes in a confirmed transaction: what it spends is gone, what it pays to the vault is there. In any order, any number of times.
    ///
    /// # Errors
    /// When a script within the moved gap cannot be derived.
    pub fn confirm(&mut self, transaction: &Transaction) -> Result<(), DeriveError> {
        for input in &transaction.input {
            self.coins.remove(&input.previous_output);
            self.spent.insert(input.previous_output);
        }
        let mut shared: Option<(Arc<Transaction>, bitcoin::Txid)> = None;
        for (vout, output) in (0u32..).zip(&transaction.output) {
            let Some(script) = self.scripts.get(&output.script_pubkey).cloned() else { continue };
            self.mark_used(script.position())?;
            let (previous, txid) = shared
                .get_or_insert_with(|| (Arc::new(transaction.clone()), transaction.compute_txid()))
                .clone();
            let outpoint = OutPoint { txid, vout };
            if !self.spent.contains(&outpoint) {
                self.coins.insert(outpoint, Coin { outpoint, output: output.clone(), previous, script });
            }
        }
        Ok(())
    }

    /// Notes that an address was handed out or paid, which moves the gap.
    ///
    /// # Errors
    /// When the address is beyond the gap, or a script within the moved gap cannot be derived.
    pub fn mark_used(&mut self, position: Position) -> Result<(), DeriveError> {
        let watched = self.watched(position.branch);
        if position.index >= watched.derived {
            return Err(DeriveError::BeyondGap(position.index));
        }
        watched.unused = watched.unused.max(position.index.saturating_add(1));
        self.extend(position.branch)
    }

    /// The script that an output has, if it is one of ours within the gap.
    #[must_use]
    pub fn locate(&self, script: &Script) -> Option<&DerivedScript> {
        self.scripts.get(script).map(AsRef::as_ref)
    }

    /// Every script within the gap: where a transfer between vaults may pay to.
    pub fn scripts(&self) -> impl Iterator<Item = &ScriptBuf> {
        self.scripts.keys()
    }

    /// The first address of a branch after the highest used one.
    #[must_use]
    pub const fn unused(&self, branch: Branch) -> Position {
        let index = match branch {
            Branch::Receive => self.receive.unused,
            Branch::Change => self.change.unused,
        };
        Position { branch, index }
    }

    /// The same vault with nothing but the change of one of its transactions, confirmed or not: what a child may spend.
    #[must_use]
    pub fn change_of(&self, parent: &Transaction) -> Self {
        let (previous, txid) = (Arc::new(parent.clone()), parent.compute_txid());
        let outputs = (0u32..).zip(&parent.output);
        let coins = outputs.filter_map(|(vout, output)| {
            let script = self.scripts.get(&output.script_pubkey)?.clone();
            let outpoint = OutPoint { txid, vout };
            let coin = Coin { outpoint, output: output.clone(), previous: previous.clone(), script };
            let is_change = coin.script.position().branch == Branch::Change;
            (is_change && !self.spent.contains(&outpoint)).then_some((outpoint, coin))
        });
        let (coins, spent) = (coins.collect(), BTreeSet::new());
        let (descriptor, scripts) = (self.descriptor.clone(), self.scripts.clone());
        let (receive, change, height) = (self.receive, self.change, self.height);
        Self { descriptor, scripts, receive, change, coins, spent, height }
    }

    /// A confirmed, unspent output.
    #[must_use]
    pub fn coin(&self, outpoint: &OutPoint) -> Option<&Coin> {
        self.coins.get(outpoint)
    }

    /// All confirmed, unspent outputs, in the order of their outpoints.
    pub fn coins(&self) -> impl Iterator<Item = &Coin> {
        self.coins.values()
    }

    /// The sum of them.
    #[must_use]
    pub fn balance(&self) -> Amount {
        let values = self.coins.values().map(|coin| coin.output.value.to_sat());
        Amount::from_sat(values.fold(0, u64::saturating_add))
    }

    const fn watched(&mut self, branch: Branch) -> &mut Watched {
        match branch {
            Branch::Receive => &mut self.receive,
            Branch::Change => &mut self.change,
        }
    }

    fn extend(&mut self, branch: Branch) -> Result<(), DeriveError> {
        let watched = *self.watched(branch);
        let end = watched.unused.saturating_add(GAP_LIMIT);
        for index in watched.derived..end {
            let script = self.descriptor.derive(Position { branch, index })?;
            self.scripts.insert(script.script_pubkey().clone(), Arc::new(script));
        }
        self.watched(branch).derived = watched.derived.max(end);
        Ok(())
    }
}
