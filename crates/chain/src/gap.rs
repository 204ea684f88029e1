//! Which scripts are asked for where an index is asked: all that were shown, and after them until twenty in a row are unused (G10: what
//! another copy of the vault has shown is found).
//!
//! Called by `esplora` and `electrum`.

use std::collections::BTreeMap;

use bdk_wallet::KeychainKind;
use bitcoin::ScriptBuf;
use vault::{Branch, GAP_LIMIT, Position};

use crate::stored::keychain;
use crate::wallet::Wallet;

/// Where the search stands.
pub struct Gap {
    branches: [Search; 2],
}

struct Search {
    branch: Branch,
    next: u32,
    /// One above the last that was shown or paid.
    used: u32,
    last_found: Option<u32>,
}

impl Gap {
    pub fn new(wallet: &Wallet) -> Self {
        let search = |branch| {
            let used = wallet.revealed(branch).map_or(0, |index| index.saturating_add(1));
            Search { branch, next: 0, used, last_found: None }
        };
        Self { branches: Branch::ALL.map(search) }
    }

    /// The next script to ask for; `None` when the gap is reached on both branches.
    pub fn next(&mut self, wallet: &Wallet) -> Option<(Position, ScriptBuf)> {
        let search =
            self.branches.iter_mut().find(|search| search.next < search.used.saturating_add(GAP_LIMIT))?;
        let position = Position { branch: search.branch, index: search.next };
        search.next += 1;
        let keychain = keychain(position.branch);
        // Up to the gap the library has derived it already.
        let derived = wallet.inner().spk_index().spk_at_index(keychain, position.index);
        let derive = || wallet.inner().peek_address(keychain, position.index).address.script_pubkey();
        Some((position, derived.unwrap_or_else(derive)))
    }

    /// What was found there.
    pub fn found(&mut self, position: Position, is_used: bool) {
        let search = self.branches.iter_mut().find(|search| search.branch == position.branch);
        if let Some(search) = search.filter(|_| is_used) {
            search.used = search.used.max(position.index.saturating_add(1));
            search.last_found = search.last_found.max(Some(position.index));
        }
    }

    /// The last used index of each branch.
    pub fn last_used(&self) -> BTreeMap<KeychainKind, u32> {
        let found = self.branches.iter();
        found.filter_map(|search| Some((keychain(search.branch), search.last_found?))).collect()
    }
}
