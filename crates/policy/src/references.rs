//! What rows say together: names that clash or dangle, sums in a foreign currency, keys that contradict one another. Keeps G1.
//!
//! Called by `load.rs` once all files are read, whatever was found before, so that one run reports everything.

use std::collections::{BTreeMap, BTreeSet};

use types::Currency;

use crate::calendar::CivilEnd;
use crate::codes::{self, Code};
use crate::keys::Kind;
use crate::model::DestinationRule;
use crate::places::Places;
use crate::read::shown;
use crate::rows::{At, Found, Named, Row, Rows};
use crate::spelling::nearest;

/// Looks over all rows.
pub(crate) fn check(rows: &Rows, places: &Places<'_>) -> Vec<Found> {
    let mut checker = Checker { rows, places, found: Vec::new() };
    checker.definitions();
    checker.references();
    checker.currencies();
    checker.addresses();
    rows.all("vault").iter().for_each(|row| checker.vault(row));
    rows.all("permit").iter().for_each(|row| checker.permit(row));
    rows.all("limit").iter().for_each(|row| checker.limit(row));
    rows.all("forbid").iter().for_each(|row| checker.forbid(row));
    rows.all("person").iter().for_each(|row| checker.person(row));
    checker.found
}

struct Checker<'r> {
    rows: &'r Rows,
    places: &'r Places<'r>,
    found: Vec<Found>,
}

/// People, services and protected people share one name space: pages and logs name them alike.
fn name_space(kind: Kind) -> Kind {
    match kind {
        Kind::Service | Kind::Protected => Kind::Person,
        other => other,
    }
}

impl Checker<'_> {
    fn report(&mut self, at: At, code: Code, message: impl Into<String>) {
        self.found.push(Found { at, code, message: message.into() });
    }

    fn definitions(&mut self) {
        let mut first: BTreeMap<(Kind, &str), &Named> = BTreeMap::new();
        for named in &self.rows.definitions {
            let key = (name_space(named.kind), named.name.as_str());
            if let Some(other) = first.get(&key) {
                let (file, line, _) = self.places.of(other.at);
                let message = format!(
                    "`{}` is already a {} at {file}:{line}: choose another name",
                    named.name,
                    other.kind.noun()
                );
                self.report(named.at, codes::DUPLICATE_ID, message);
            } else {
                first.insert(key, named);
            }
        }
    }

    fn references(&mut self) {
        let mut known: BTreeMap<Kind, BTreeSet<&str>> = BTreeMap::new();
        for named in self.rows.definitions.iter().chain(&self.rows.labels) {
            known.entry(named.kind).or_default().insert(&named.name);
        }
        let key_entries = self.rows.definitions.iter().filter(|named| named.kind == Kind::KeyEntry);
        let key_entries =
            key_entries.map(|named| Named { at: named.at, kind: Kind::SigningKey, name: named.name.clone() });
        let references: Vec<Named> = self.rows.references.iter().cloned().chain(key_entries).collect();
        for Named { at, kind, name } in &references {
            let names = known.get(kind);
            if names.is_some_and(|names| names.contains(name.as_str())) {
                continue;
            }
            let near = nearest(name, names.into_iter().flatten().copied());
            let fix = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if *kind == Kind::Person && self.is_no_person(name) => {
                    "only people can stand here; it is the name of a service or a protected person".to_owned()
                }
                None => kind.defined_by().to_owned(),
            };
            self.report(*at, codes::UNKNOWN_REFERENCE, format!("no {} `{name}`: {fix}", kind.noun()));
        }
    }

    fn is_no_person(&self, name: &str) -> bool {
        let others = [Kind::Service, Kind::Protected];
        self.rows.definitions.iter().any(|named| others.contains(&named.kind) && named.name == name)
    }

    fn currencies(&mut self) {
        let code = self.rows.one("organisation").and_then(|row| row.text("currency"));
        let Some(currency) = code.and_then(|code| Currency::parse(code).ok()) else { return };
        for (at, amount) in self.rows.money.iter().filter(|(_, amount)| amount.asset != currency) {
            let message = format!(
                "`{amount}` is not in the organisation's currency: give it in {currency}, as every sum in a policy"
            );
            self.report(*at, codes::WRONG_CURRENCY, message);
        }
    }

    /// An address stands for one vault, or for itself in any number of lists.
    fn addresses(&mut self) {
        let mut vaults: BTreeMap<&str, &str> = BTreeMap::new();
        for row in self.rows.all("vault") {
            let vault = row.text("id").unwrap_or("?");
            for (at, address) in row.texts("addresses") {
                match vaults.get(address.as_str()) {
                    Some(other) => {
                        let message = format!("the address belongs to vault `{other}` already: remove one");
                        self.report(*at, codes::DUPLICATE_ADDRESS, message);
                    }
                    None => _ = vaults.insert(address, vault),
                }
            }
        }
        let mut listed: BTreeSet<(&str, Option<&str>)> = BTreeSet::new();
        for row in self.rows.all("destination") {
            let Some(address) = row.text("address") else { continue };
            let at = row.place("address");
            if let Some(vault) = vaults.get(address) {
                let message =
                    format!("the address belongs to vault `{vault}`: use `vault:{vault}` in rules instead");
                self.report(at, codes::DUPLICATE_ADDRESS, message);
            }
            if !listed.insert((address, row.text("list"))) {
                let message = "the address is in this list already: remove one of the destinations";
                self.report(at, codes::DUPLICATE_ADDRESS, message);
            }
        }
    }

    fn vault(&mut self, row: &Row) {
        let gate_only = match row.text("chain") {
            Some(chain) => chain == "gate-only",
            None => return,
        };
        if gate_only {
            for key in ["keys", "recovery", "script"].into_iter().filter(|key| row.has(key)) {
                let message = format!("a gate-only vault has no `{key}`: someone else signs; remove it");
                self.report(row.place(key), codes::BAD_VAULT, message);
            }
        }
        for key in ["keys", "recovery"] {
            if let Some(path) = row.row(key) {
                self.key_path(path);
            }
        }
    }

    fn key_path(&mut self, path: &Row) {
        let keys = path.texts("of").len();
        if keys > crate::keys::VAULT_KEYS_MAX {
            let message = format!("more than {} keys do not fit into one path", crate::keys::VAULT_KEYS_MAX);
            self.report(path.place("of"), codes::TOO_LARGE, message);
        }
        let at_least = path.count("at_least").unwrap_or(0);
        if keys > 0 && at_least > keys as u64 {
            let message = format!("{at_least} of {keys} keys can never sign: lower `at_least` or add keys");
            self.report(path.place("at_least"), codes::BAD_VAULT, message);
        }
    }

    fn permit(&mut self, row: &Row) {
        self.amount(row);
        let known = matches!(row.rule("destination"), Some(DestinationRule::Known) | None);
        if row.has("known_for") && !known {
            let message = "`known_for` needs `destination = \"known\"`: change one of them";
            self.report(row.place("known_for"), codes::BAD_PERMIT, message);
        }
        if let Some(calendar) = row.row("calendar") {
            self.calendar(calendar);
        }
    }

    fn calendar(&mut self, row: &Row) {
        let (Some(from), Some(to)) = (row.time("from"), row.time("to")) else { return };
        let empty = match (from, to) {
            (CivilEnd::Midnight, _) => true,
            (CivilEnd::At(from), CivilEnd::At(to)) => from >= to,
            (CivilEnd::At(_), CivilEnd::Midnight) => false,
        };
        if empty {
            let message = "the hours are empty: `from` must be before `to`; for a night write two permits, to `24:00` and from `00:00`";
            self.report(row.place("from"), codes::BAD_TIME, message);
        }
    }

    fn amount(&mut self, row: &Row) {
        let Some(amount) = row.row("amount") else { return };
        if !amount.has("over") && !amount.has("up_to") {
            let message = "`amount` needs `up_to`, `over` or both";
            self.report(amount.at, codes::BAD_AMOUNT_RANGE, message);
        }
        let (Some(over), Some(up_to)) = (amount.money("over"), amount.money("up_to")) else { return };
        if over.asset == up_to.asset && over.units >= up_to.units {
            let message = format!("no amount is over {over} and up to {up_to}: swap or widen them");
            self.report(amount.place("over"), codes::BAD_AMOUNT_RANGE, message);
        }
    }

    fn limit(&mut self, row: &Row) {
        if !row.has("amount") && !row.has("count") {
            let message = "a limit needs `amount`, `count` or both: without them it limits nothing";
            self.report(row.at, codes::EMPTY_LIMIT, message);
        }
    }

    fn forbid(&mut self, row: &Row) {
        self.amount(row);
        if !["vaults", "initiators", "destination", "amount"].into_iter().any(|key| row.has(key)) {
            let message = "a forbid needs `vaults`, `initiators`, `destination` or `amount`: without them it forbids everything";
            self.report(row.at, codes::EMPTY_FORBID, message);
        }
    }

    fn person(&mut self, row: &Row) {
        let Some(id) = row.text("id") else { return };
        for (at, _) in row.texts("of").iter().filter(|(_, other)| other == id) {
            let message = format!("`{}` cannot be `of` the same person: name someone else", shown(id));
            self.report(*at, codes::SELF_REFERENCE, message);
        }
    }
}
