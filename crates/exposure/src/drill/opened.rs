//! The same policy with some of its rules taken away, to see what they do. Edits the policy's own files and loads them again. Called by `difference`.
//!
//! Nothing here is ever in force: these policies exist only to be asked about.

use policy::{Policy, Source};
use toml::{Table, Value};

use super::difference::{Barrier, Rule};

/// The policy without waits, approvals, caps and keys, but for one of these; who may start what, and how rules change, stays.
pub(super) fn all_but(policy: &Policy, kept: Option<Barrier>) -> Option<Policy> {
    edited(policy, |table| {
        for permit in rows(table, "permit") {
            for barrier in Barrier::OF_PERMITS {
                if kept != Some(barrier) {
                    open_permit(permit, barrier);
                }
            }
        }
        if kept != Some(Barrier::Caps) {
            table.remove("limit");
        }
        if kept != Some(Barrier::Keys) {
            rows(table, "vault").for_each(open_vault);
        }
    })
}

/// The policy without one rule.
pub(super) fn without(policy: &Policy, rule: &Rule) -> Option<Policy> {
    let anyone = anyone(policy);
    edited(policy, |table| match rule {
        Rule::Hold(id) => named(table, "permit", id.as_str(), |permit| open_permit(permit, Barrier::Waits)),
        Rule::Approvals(id) => {
            named(table, "permit", id.as_str(), |permit| open_permit(permit, Barrier::Approvals))
        }
        Rule::Amount(id) => named(table, "permit", id.as_str(), |permit| open_permit(permit, Barrier::Caps)),
        Rule::Keys(id) => named(table, "vault", id.as_str(), open_vault),
        Rule::Limit(id) => remove(table, "limit", id.as_str()),
        Rule::ChangeHold => change(table, "hold", Value::from("0s")),
        Rule::ChangeApprovals => change(table, "approve", anyone.clone()),
    })
}

/// The policy if the co-signer stood where nobody can be made to hand it over.
pub(super) fn cosigner_away(policy: &Policy) -> Option<Policy> {
    edited(policy, |table| {
        table.remove("cosigner");
        rows(table, "person").for_each(|person| _ = person.remove("hosts"));
    })
}

fn open_permit(permit: &mut Table, barrier: Barrier) {
    match barrier {
        Barrier::Waits => {
            permit.insert("hold".to_owned(), Value::from("0s"));
            permit.remove("calendar");
            permit.remove("known_for");
        }
        Barrier::Approvals => _ = permit.remove("approve"),
        Barrier::Caps => _ = permit.remove("amount"),
        Barrier::Keys | Barrier::Reach => {}
    }
}

/// Without keys of its own a vault is one that somebody else signs for, on our ticket.
fn open_vault(vault: &mut Table) {
    vault.insert("chain".to_owned(), Value::from("gate-only"));
    for key in ["keys", "recovery", "script", "oldest_output", "outstanding"] {
        vault.remove(key);
    }
}

/// One member of any group.
fn anyone(policy: &Policy) -> Value {
    let mut groups: Vec<&str> =
        policy.people().flat_map(|p| p.groups.iter().map(types::GroupId::as_str)).collect();
    groups.sort_unstable();
    groups.dedup();
    let one = |group: &str| {
        Value::Table(Table::from_iter([
            ("at_least".to_owned(), Value::from(1)),
            ("of".to_owned(), Value::from(group)),
        ]))
    };
    let any = Value::Array(groups.into_iter().map(one).collect());
    Value::Table(Table::from_iter([("any".to_owned(), any)]))
}

fn edited(policy: &Policy, edit: impl Fn(&mut Table)) -> Option<Policy> {
    let mut sources = Vec::new();
    for source in policy.sources() {
        let mut table: Table = source.text.parse().ok()?;
        edit(&mut table);
        sources.push(Source { name: source.name.clone(), text: toml::to_string(&table).ok()? });
    }
    policy::load(&sources).policy
}

fn rows<'t>(table: &'t mut Table, key: &str) -> impl Iterator<Item = &'t mut Table> {
    let rows = table.get_mut(key).and_then(Value::as_array_mut);
    rows.into_iter().flatten().filter_map(Value::as_table_mut)
}

fn is_named(row: &Table, id: &str) -> bool {
    row.get("id").and_then(Value::as_str) == Some(id)
}

fn named(table: &mut Table, key: &str, id: &str, edit: impl Fn(&mut Table)) {
    rows(table, key).filter(|row| is_named(row, id)).for_each(edit);
}

fn remove(table: &mut Table, key: &str, id: &str) {
    if let Some(rows) = table.get_mut(key).and_then(Value::as_array_mut) {
        rows.retain(|row| !row.as_table().is_some_and(|row| is_named(row, id)));
    }
}

fn change(table: &mut Table, key: &str, value: Value) {
    if let Some(change) = table.get_mut("change").and_then(Value::as_table_mut) {
        change.insert(key.to_owned(), value);
    }
}
