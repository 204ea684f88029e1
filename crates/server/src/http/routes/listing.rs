//! Which transfers a list shows: those that the reader sees, by status, vault, who asked and what was written (G9). Called by `transfers`.

use std::cmp::Reverse;
use std::collections::HashMap;

use api::{Code, StatusWord, TransferList};
use overt::Transfer;
use types::{PersonId, Target, TransferId, VaultId};

use crate::http::failure::Failure;
use crate::http::shown;

/// How many transfers a page has, unless the query says otherwise.
const PAGE_DEFAULT: usize = 50;
/// The most transfers on a page.
const PAGE_MAX: usize = 200;
/// How many transfers are looked at for one page when not all are wanted.
const LOOKED_AT_MAX: usize = 10_000;
/// The longest text that is searched for, in characters.
const SEARCH_CHARS_MAX: usize = 100;
/// What a query may have.
const KNOWN: [&str; 6] = ["status", "vault", "mine", "search", "before", "limit"];

/// One page of a list.
pub struct Page {
    status: Option<StatusWord>,
    vault: Option<VaultId>,
    mine: bool,
    /// In lower case; in the memo, the reference or an address.
    search: Option<String>,
    before: Option<u64>,
    limit: usize,
}

impl Page {
    /// What a query asks for.
    ///
    /// # Errors
    /// [`Code::QueryInvalid`] with the name of what is not understood.
    pub fn read(query: &HashMap<String, String>) -> Result<Self, Failure> {
        let wrong = |name: &str| Failure::because(Code::QueryInvalid, format!("`{name}` is not understood"));
        if let Some(name) = query.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            let name: String = name.chars().take(32).collect();
            return Err(wrong(&name));
        }
        let status = query.get("status").map(|word| serde_json::from_value(word.clone().into()));
        let status = status.transpose().map_err(|_| wrong("status"))?;
        let vault = query.get("vault").map(|name| VaultId::parse(name)).transpose();
        let vault = vault.map_err(|_| wrong("vault"))?;
        let mine = query.get("mine").map(|text| text.parse()).transpose().map_err(|_| wrong("mine"))?;
        let before = query.get("before").map(|text| text.parse()).transpose().map_err(|_| wrong("before"))?;
        let limit = query.get("limit").map(|text| text.parse()).transpose().map_err(|_| wrong("limit"))?;
        let limit = limit.unwrap_or(PAGE_DEFAULT);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(wrong("limit"));
        }
        let search = query.get("search").map(|text| text.trim().to_lowercase());
        if search.as_ref().is_some_and(|text| text.chars().count() > SEARCH_CHARS_MAX) {
            return Err(wrong("search"));
        }
        let search = search.filter(|text| !text.is_empty());
        Ok(Self { status, vault, mine: mine.unwrap_or(false), search, before, limit })
    }

    /// The page. Cursors are numbers of acts of the overt chain, and of nothing else.
    pub fn fill(&self, state: &gate::State, reader: &PersonId) -> TransferList {
        let overt = state.overt();
        let Some(policy) = overt.policy() else {
            return TransferList { transfers: Vec::new(), next: None };
        };
        let number = |(_, transfer): &(TransferId, &Transfer)| transfer.submitted.number.0;
        let earlier =
            |found: &(TransferId, &Transfer)| self.before.is_none_or(|before| number(found) < before);
        let mut seen: Vec<(TransferId, &Transfer)> =
            overt.transfers().filter(earlier).filter(|(_, transfer)| overt.sees(reader, transfer)).collect();
        seen.sort_unstable_by_key(|found| Reverse(number(found)));
        let looked_at = if self.wants_all() { self.limit + 1 } else { LOOKED_AT_MAX };
        seen.truncate(looked_at);
        // Where looking ended, if there may be more behind it.
        let end = seen.last().filter(|_| seen.len() == looked_at).map(number);
        seen.retain(|(_, transfer)| self.wants(transfer, reader));
        let full = seen.len() > self.limit;
        seen.truncate(self.limit);
        let next = if full { seen.last().map(number) } else { end };
        let views = seen.into_iter().filter_map(|(id, _)| overt.view_transfer(reader, id));
        let transfers = views.filter_map(|view| shown::transfer(policy, view)).collect();
        TransferList { transfers, next }
    }

    const fn wants_all(&self) -> bool {
        self.status.is_none() && self.vault.is_none() && !self.mine && self.search.is_none()
    }

    fn wants(&self, transfer: &Transfer, reader: &PersonId) -> bool {
        self.status.is_none_or(|status| shown::status(&transfer.shown_status()) == status)
            && self.vault.as_ref().is_none_or(|vault| transfer.payload.vault == *vault)
            && (!self.mine || transfer.submitted.is_by(reader.as_str()))
            && self.search.as_ref().is_none_or(|text| says(transfer, text))
    }
}

/// Whether a text, in lower case, stands in what was written or where it goes.
fn says(transfer: &Transfer, text: &str) -> bool {
    let payload = &transfer.payload;
    let has = |own: &str| own.to_lowercase().contains(text);
    let to_it = |output: &types::Output| match &output.target {
        Target::Address(address) => has(address),
        Target::Vault(vault) => has(vault.as_str()),
    };
    has(&payload.memo) || has(&payload.reference) || payload.outputs.iter().any(to_it)
}
