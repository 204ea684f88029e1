//! Single edits of a policy's files that might lower a bound, each in words and as the files would read (G2).
//!
//! Only what the strategy of the bound uses is edited. To add a kind of edit: a function that proposes it, called in `proposals`, with
//! its words in both languages. Whether it helps, and what it costs, is found out by `advice`.

use std::collections::BTreeSet;

use policy::{Limit, Permit, Policy, Source};
use toml::{Table, Value as Toml};
use types::{Span, Value, VaultId};

use crate::bound::{Bound, Edit, Way};
use crate::report::span_text;

/// Holds that are proposed.
const HOLDS: [Span; 5] = [
    Span::from_hours(4),
    Span::from_hours(24),
    Span::from_hours(48),
    Span::from_hours(72),
    Span::from_hours(168),
];

/// What an edit does to the files; nothing when it has nothing to edit there.
type Change = Box<dyn Fn(&mut Vec<Table>) -> Option<()>>;

/// An edit, before it is tried. The files are only copied when it is.
pub(crate) struct Proposal {
    pub edit: Edit,
    /// How many values are edited.
    pub edited: u32,
    change: Change,
}

impl Proposal {
    /// The policy with the edit; nothing when it would not be valid.
    pub(crate) fn policy(&self, tables: &[Table]) -> Option<Policy> {
        let mut files = tables.to_vec();
        (self.change)(&mut files)?;
        let source = |(number, table): (usize, &Table)| {
            let text = toml::to_string(table).ok()?;
            Some(Source { name: format!("{number}.toml"), text })
        };
        let sources: Vec<Source> = files.iter().enumerate().map(source).collect::<Option<_>>()?;
        policy::load(&sources).policy
    }
}

/// The files of a policy as tables.
pub(crate) fn tables(policy: &Policy) -> Option<Vec<Table>> {
    policy.sources().iter().map(|source| source.text.parse::<Table>().ok()).collect()
}

/// Every edit of what the strategy of a bound uses.
pub(crate) fn proposals(policy: &Policy, bound: &Bound) -> Vec<Proposal> {
    let mut desk = Desk { policy, bound, found: Vec::new() };
    desk.proposals();
    desk.found
}

struct Desk<'a> {
    policy: &'a Policy,
    bound: &'a Bound,
    found: Vec<Proposal>,
}

impl Desk<'_> {
    fn proposals(&mut self) {
        let uses = |way: Way| self.bound.ways.contains(&way);
        let (policy, change, keys, recovery) =
            (uses(Way::Policy), uses(Way::Change), uses(Way::Keys), uses(Way::Recovery));
        if keys {
            self.cosigner();
        }
        if keys || recovery {
            self.keys();
        }
        if recovery {
            self.recovery();
        }
        if change {
            self.change();
        }
        if policy {
            self.permits();
        }
    }

    fn propose(
        &mut self,
        words: (String, String),
        edited: u32,
        change: impl Fn(&mut Vec<Table>) -> Option<()> + 'static,
    ) {
        let (english, french) = words;
        let edit = Edit { english, french };
        self.found.push(Proposal { edit, edited, change: Box::new(change) });
    }

    fn vaults(&self, ways: &[Way]) -> BTreeSet<VaultId> {
        let steps = self.bound.witness.iter().filter(|step| ways.contains(&step.way));
        steps.filter_map(|step| step.vault.clone()).collect()
    }

    fn used(&self) -> Vec<Permit> {
        let named =
            |permit: &&Permit| self.bound.witness.iter().any(|step| step.permit.as_ref() == Some(&permit.id));
        self.policy.permits().iter().filter(named).cloned().collect()
    }

    fn permits(&mut self) {
        let used = self.used();
        used.iter().for_each(|permit| self.approvers(permit));
        self.limits();
        used.iter().for_each(|permit| self.holds(permit));
    }

    fn holds(&mut self, permit: &Permit) {
        let id = permit.id.to_string();
        for hold in HOLDS.into_iter().filter(|hold| *hold > permit.hold) {
            let (from, to) = (span_text(permit.hold), span_text(hold));
            let words = (
                format!("hold of permit `{id}`: {from} -> {to}"),
                format!("attente (`hold`) de l’autorisation `{id}` : {from} -> {to}"),
            );
            let expires = permit.expires.max(Span::from_seconds(hold.seconds().saturating_mul(2)));
            let edited = 1 + u32::from(expires > permit.expires);
            let id = id.clone();
            self.propose(words, edited, move |tables| {
                let entry = entry(tables, "permit", &id)?;
                entry.insert("hold".into(), Toml::String(to.clone()));
                entry.insert("expires".into(), Toml::String(expires.to_string()));
                Some(())
            });
        }
    }

    fn approvers(&mut self, permit: &Permit) {
        let id = permit.id.to_string();
        let words = (
            format!("one more approver from another home for permit `{id}`"),
            format!("une approbation de plus, d’un autre domicile, pour l’autorisation `{id}`"),
        );
        let group = permit.initiators.first().map(ToString::to_string).unwrap_or_default();
        let asked = id.clone();
        self.propose(words, 1, move |tables| {
            let entry = entry(tables, "permit", &asked)?;
            match entry.get_mut("approve").and_then(Toml::as_table_mut) {
                Some(quorum) => one_more(quorum),
                None => {
                    let quorum = Table::from_iter([
                        ("at_least".to_owned(), Toml::Integer(1)),
                        ("of".to_owned(), Toml::String(group.clone())),
                        ("apart".to_owned(), Toml::String("home".into())),
                    ]);
                    entry.insert("approve".into(), Toml::Table(quorum));
                    Some(())
                }
            }
        });
        let words = (
            format!("`apart = \"home\"` in the quorum of permit `{id}`"),
            format!("`apart = \"home\"` dans le quorum de l’autorisation `{id}`"),
        );
        self.propose(words, 1, move |tables| {
            apart(entry(tables, "permit", &id)?.get_mut("approve")?.as_table_mut()?)
        });
    }

    fn limits(&mut self) {
        let vaults = self.vaults(&[Way::Policy]);
        let bears = |limit: &&Limit| limit.vaults.iter().any(|vault| vaults.contains(vault));
        let limits: Vec<Limit> = self.policy.limits().iter().filter(bears).cloned().collect();
        let currency = self.policy.organisation().currency;
        for limit in &limits {
            let id = limit.id.to_string();
            let Some(amount) = limit.amount.filter(|amount| amount.minor() > 1) else { continue };
            let half = Value::from_minor(amount.minor() / 2);
            let (from, to) =
                (amount.in_currency(currency).to_string(), half.in_currency(currency).to_string());
            let words = (
                format!("amount of limit `{id}`: {from} -> {to}"),
                format!("montant du plafond `{id}` : {from} -> {to}"),
            );
            self.propose(words, 1, move |tables| {
                entry(tables, "limit", &id)?.insert("amount".into(), Toml::String(to.clone()));
                Some(())
            });
        }
        for vault in vaults {
            let has = limits.iter().any(|limit| limit.amount.is_some() && limit.vaults.contains(&vault));
            if !has {
                self.new_limit(vault);
            }
        }
    }

    fn new_limit(&mut self, vault: VaultId) {
        let half = Value::from_minor(round(self.bound.amount.minor() / 2));
        let sum = half.in_currency(self.policy.organisation().currency).to_string();
        let words = (
            format!("a new limit for vault `{vault}`: {sum} in 24h"),
            format!("un nouveau plafond pour le coffre `{vault}` : {sum} en 24h"),
        );
        self.propose(words, 5, move |tables| {
            let limit = Table::from_iter([
                ("id".to_owned(), Toml::String(format!("{vault}-advised"))),
                ("vaults".to_owned(), Toml::Array(vec![Toml::String(vault.to_string())])),
                ("per".to_owned(), Toml::String("24h".into())),
                ("amount".to_owned(), Toml::String(sum.clone())),
                ("by".to_owned(), Toml::String("vault".into())),
            ]);
            let table = tables.iter_mut().find(|table| table.contains_key("change"))?;
            let limits = table.entry("limit").or_insert_with(|| Toml::Array(Vec::new()));
            limits.as_array_mut()?.push(Toml::Table(limit));
            Some(())
        });
    }

    fn change(&mut self) {
        let from = self.policy.change().hold;
        for hold in HOLDS.into_iter().chain([Span::from_hours(14 * 24)]).filter(|hold| *hold > from) {
            let (before, to) = (span_text(from), span_text(hold));
            let words =
                (format!("`change.hold`: {before} -> {to}"), format!("`change.hold` : {before} -> {to}"));
            self.propose(words, 1, move |tables| {
                one(tables, "change")?.insert("hold".into(), Toml::String(to.clone()));
                Some(())
            });
        }
        let words = (
            "one more approver for changes (`change.approve`)".to_owned(),
            "une approbation de plus pour les changements (`change.approve`)".to_owned(),
        );
        self.propose(words, 1, |tables| one_more(one(tables, "change")?.get_mut("approve")?.as_table_mut()?));
        let words = (
            "`apart = \"home\"` in `change.approve`".to_owned(),
            "`apart = \"home\"` dans `change.approve`".to_owned(),
        );
        self.propose(words, 1, |tables| apart(one(tables, "change")?.get_mut("approve")?.as_table_mut()?));
    }

    fn cosigner(&mut self) {
        let held = self.policy.people().filter(|person| {
            person.hosts_cosigner
                && self.bound.coalition.iter().any(|actor| actor.as_str() == person.id.as_str())
        });
        let held: Vec<String> = held.map(|person| person.id.to_string()).collect();
        for id in held {
            let words = (
                format!(
                    "`{id}` no longer administers the co-signer's machine, and nobody else of the register does (`hosts`)"
                ),
                format!(
                    "`{id}` n’administre plus la machine du cosignataire, ni personne d’autre du registre (`hosts`)"
                ),
            );
            self.propose(words, 1, move |tables| {
                entry(tables, "person", &id)?.insert("hosts".into(), Toml::Array(Vec::new()));
                Some(())
            });
        }
        for place in self.bound.taken.clone() {
            let words = (
                format!("the co-signer stands elsewhere than at `{place}` (`cosigner.places`)"),
                format!("le cosignataire se trouve ailleurs qu’à `{place}` (`cosigner.places`)"),
            );
            self.propose(words, 1, move |tables| {
                let places = one(tables, "cosigner")?.get_mut("places")?.as_array_mut()?;
                let before = places.len();
                places.retain(|other| other.as_str() != Some(&place));
                (places.len() < before).then_some(())
            });
        }
    }

    fn keys(&mut self) {
        for vault in self.vaults(&[Way::Keys, Way::Recovery]) {
            for path in ["keys", "recovery"] {
                let words = (
                    format!("one more key for `{path}` of vault `{vault}`"),
                    format!("une clé de plus pour `{path}` du coffre `{vault}`"),
                );
                let vault = vault.clone();
                self.propose(words, 1, move |tables| {
                    one_more(entry(tables, "vault", vault.as_str())?.get_mut(path)?.as_table_mut()?)
                });
            }
        }
        self.moved_keys();
    }

    /// A key goes from somebody of the coalition to somebody who is not in it and has none.
    fn moved_keys(&mut self) {
        let in_coalition = |id: &str| self.bound.coalition.iter().any(|actor| actor.as_str() == id);
        let free =
            self.policy.people().find(|person| person.keys.is_empty() && !in_coalition(person.id.as_str()));
        let Some(free) = free.map(|person| person.id.to_string()) else { return };
        let holders = self.policy.people().filter(|person| in_coalition(person.id.as_str()));
        let held: Vec<(String, String)> = holders
            .flat_map(|person| person.keys.iter().map(|key| (person.id.to_string(), key.to_string())))
            .collect();
        for (holder, key) in held {
            let words = (
                format!("key `{key}` moves from `{holder}` to `{free}`"),
                format!("la clé `{key}` passe de `{holder}` à `{free}`"),
            );
            let free = free.clone();
            self.propose(words, 2, move |tables| {
                let keys = entry(tables, "person", &holder)?.get_mut("keys")?.as_array_mut()?;
                keys.retain(|other| other.as_str() != Some(&key));
                let entry = entry(tables, "person", &free)?;
                let keys = entry.entry("keys").or_insert_with(|| Toml::Array(Vec::new()));
                keys.as_array_mut()?.push(Toml::String(key.clone()));
                Some(())
            });
        }
    }

    fn recovery(&mut self) {
        for vault in self.vaults(&[Way::Recovery]) {
            let blocks =
                self.policy.vault(&vault).and_then(|vault| vault.recovery.as_ref()).map(|r| r.after_blocks);
            let Some(blocks) = blocks.filter(|blocks| *blocks < 52_560) else { continue };
            let words = (
                format!("`after_blocks` of vault `{vault}`: {blocks} -> 52560 (a year)"),
                format!("`after_blocks` du coffre `{vault}` : {blocks} -> 52560 (un an)"),
            );
            self.propose(words, 1, move |tables| {
                let recovery = entry(tables, "vault", vault.as_str())?.get_mut("recovery")?.as_table_mut()?;
                recovery.insert("after_blocks".into(), Toml::Integer(52_560));
                Some(())
            });
        }
    }
}

/// An entry of a list of tables, by its id.
pub(crate) fn entry<'t>(tables: &'t mut [Table], kind: &str, id: &str) -> Option<&'t mut Table> {
    let lists = tables.iter_mut().filter_map(|table| table.get_mut(kind)?.as_array_mut());
    let mut entries = lists.flatten().filter_map(Toml::as_table_mut);
    entries.find(|entry| entry.get("id").and_then(Toml::as_str) == Some(id))
}

fn one<'t>(tables: &'t mut [Table], kind: &str) -> Option<&'t mut Table> {
    tables.iter_mut().find_map(|table| table.get_mut(kind)?.as_table_mut())
}

/// One more in the first leaf of a quorum, or of keys.
fn one_more(quorum: &mut Table) -> Option<()> {
    let leaf = leaf(quorum)?;
    let at_least = leaf.get("at_least")?.as_integer()?;
    leaf.insert("at_least".into(), Toml::Integer(at_least + 1));
    Some(())
}

fn apart(quorum: &mut Table) -> Option<()> {
    let leaf = leaf(quorum)?;
    if leaf.contains_key("apart") {
        return None;
    }
    leaf.insert("apart".into(), Toml::String("home".into()));
    Some(())
}

fn leaf(quorum: &mut Table) -> Option<&mut Table> {
    if quorum.contains_key("at_least") {
        return Some(quorum);
    }
    let key = if quorum.contains_key("all") { "all" } else { "any" };
    quorum.get_mut(key)?.as_array_mut()?.iter_mut().filter_map(Toml::as_table_mut).find_map(leaf)
}

/// The next lower figure of one digit: 1, 2 or 5, so that figures that are close share one edit.
fn round(minor: u128) -> u128 {
    let mut unit = 1u128;
    while unit.saturating_mul(10) <= minor {
        unit = unit.saturating_mul(10);
    }
    let digit = [5, 2].into_iter().find(|digit| unit.saturating_mul(*digit) <= minor).unwrap_or(1);
    unit.saturating_mul(digit)
}
