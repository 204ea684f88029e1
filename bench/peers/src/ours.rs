//! The rule set in our policy: once limited to what all can express, and once whole, with a quorum on every permit and a sliding window
//! on every vault.

use std::fmt::Write;

use anyhow::{Context, bail};
use policy::{Facts, NoHistory, OutputFacts, Permit, Policy, Source};
use types::{ActorId, PersonId, Target, Timestamp, Value, VaultId};

use crate::Engine;
use crate::rules::{Request, RuleSet};

const NOW: Timestamp = Timestamp::from_millis(1_763_600_000_000);
/// Submissions in each vault's window, one a minute.
const WINDOW_ENTRIES: i64 = 100;
const BOARD: usize = 3;

struct Ours {
    policy: Policy,
    requests: Vec<Prepared>,
}

struct Prepared {
    vault: VaultId,
    initiator: ActorId,
    /// The initiator's group and the board: everybody who could approve has.
    approvers: Vec<PersonId>,
    outputs: Vec<OutputFacts>,
    value: Value,
}

/// What all four engines can express.
pub fn load(set: &RuleSet, requests: &[Request]) -> anyhow::Result<Box<dyn Engine>> {
    let policy = parse(text(set, "hold = \"0s\"")?)?;
    Ok(Box::new(Ours { policy, requests: prepare_all(set, requests)? }))
}

/// The same with quorums and windows, which the others do not have.
pub fn load_whole(set: &RuleSet, requests: &[Request]) -> anyhow::Result<Box<dyn Engine>> {
    let mut text = text(set, QUORUM)?;
    for vault in 0..set.vaults {
        writeln!(text, "[[limit]]\nid = \"limit-{vault}\"\nvaults = [\"vault-{vault}\"]\n{LIMIT}")?;
    }
    let entry = |at: i64| (Timestamp::from_millis(at * 60_000), Value::from_minor(100));
    let first = NOW.as_millis() / 60_000 - WINDOW_ENTRIES;
    let entries = (first..first + WINDOW_ENTRIES).map(entry).collect();
    Ok(Box::new(Whole {
        ours: Ours { policy: parse(text)?, requests: prepare_all(set, requests)? },
        entries,
    }))
}

impl Engine for Ours {
    fn allows(&mut self, request: usize) -> anyhow::Result<bool> {
        let facts = self.request(request)?.facts();
        Ok(self.policy.forbidden(&facts).is_none() && !self.policy.matching(&facts, &NoHistory).is_empty())
    }
}

struct Whole {
    ours: Ours,
    entries: Vec<(Timestamp, Value)>,
}

impl Engine for Whole {
    fn allows(&mut self, request: usize) -> anyhow::Result<bool> {
        let policy = &self.ours.policy;
        let request = self.ours.request(request)?;
        let facts = request.facts();
        if policy.forbidden(&facts).is_some() {
            return Ok(false);
        }
        let approvers: Vec<&PersonId> = request.approvers.iter().collect();
        let initiator = policy.person_of(&request.initiator).context("a service")?;
        let met = |permit: &&Permit| {
            permit.approve.as_ref().is_some_and(|quorum| policy.met(quorum, &approvers, &[&initiator.id]))
        };
        Ok(policy.matching(&facts, &NoHistory).iter().any(met) && self.has_room(&facts)?)
    }
}

impl Whole {
    fn has_room(&self, facts: &Facts<'_>) -> anyhow::Result<bool> {
        for charge in self.ours.policy.charges(facts)? {
            let limit = self.ours.policy.limit(&charge.limit).context("no such limit")?;
            if !limit.fits(self.entries.iter().copied(), NOW, charge.value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Ours {
    fn request(&self, request: usize) -> anyhow::Result<&Prepared> {
        self.requests.get(request).context("no such request")
    }
}

impl Prepared {
    fn facts(&self) -> Facts<'_> {
        let Self { vault, initiator, outputs, value, .. } = self;
        Facts { vault, initiator, at: NOW, value: *value, outputs, fee: Value::ZERO }
    }
}

fn parse(text: String) -> anyhow::Result<Policy> {
    let loaded = policy::load(&[Source { name: "peers.toml".to_owned(), text }]);
    let Some(policy) = loaded.policy else {
        bail!("not a policy: {}", loaded.diagnostics.first().context("no reason given")?);
    };
    Ok(policy)
}

fn prepare_all(set: &RuleSet, requests: &[Request]) -> anyhow::Result<Vec<Prepared>> {
    requests.iter().map(|request| prepare(set, request)).collect()
}

fn prepare(set: &RuleSet, request: &Request) -> anyhow::Result<Prepared> {
    let value = Value::from_minor(u128::from(request.euros) * 100);
    let near = |person: &usize| *person < BOARD || set.group_of(*person) == set.group_of(request.person);
    let approvers = (0..set.people).filter(near).map(|person| PersonId::parse(&format!("person-{person}")));
    Ok(Prepared {
        vault: VaultId::parse(&format!("vault-{}", request.vault))?,
        initiator: ActorId::parse(&format!("person-{}", request.person))?,
        approvers: approvers.collect::<Result<_, _>>()?,
        outputs: vec![OutputFacts { target: Target::Address(request.address.clone()), value }],
        value,
    })
}

/// The rule set as a policy file; what the comparison leaves out is there because a policy needs it.
fn text(set: &RuleSet, release: &str) -> Result<String, std::fmt::Error> {
    let mut text = String::from(FRAME);
    for vault in 0..set.vaults {
        writeln!(
            text,
            "[[vault]]\nid = \"vault-{vault}\"\nchain = \"gate-only\"\naddresses = [\"vault-address-{vault}\"]"
        )?;
    }
    for (at, permit) in set.permits.iter().enumerate() {
        let destination = permit.list.map_or("any".to_owned(), |list| format!("list:list-{list}"));
        writeln!(
            text,
            "[[permit]]\nid = \"permit-{at}\"\nvaults = [\"vault-{}\"]\ninitiators = [\"group-{}\"]\n\
             amount = {{ up_to = \"{} EUR\" }}\ndestination = \"{destination}\"\nexpires = \"7d\"\n{release}",
            permit.vault, permit.group, permit.up_to
        )?;
    }
    for list in 0..set.forbidden_lists {
        writeln!(text, "[[forbid]]\nid = \"forbid-{list}\"\ndestination = \"list:list-{list}\"")?;
    }
    for (at, (address, list)) in set.addresses().enumerate() {
        writeln!(
            text,
            "[[destination]]\nid = \"destination-{at}\"\naddress = \"{address}\"\nlist = \"list-{list}\""
        )?;
    }
    for person in 0..set.people {
        let board = if person < BOARD { ", \"board\"" } else { "" };
        let group = set.group_of(person);
        writeln!(text, "[[place]]\nid = \"home-{person}\"\nkind = \"home\"")?;
        writeln!(
            text,
            "[[person]]\nid = \"person-{person}\"\ngroups = [\"group-{group}\"{board}]\nplaces = [\"home-{person}\"]"
        )?;
    }
    Ok(text)
}

const QUORUM: &str = "hold = \"48h\"\n\
     approve = { any = [ { all = [ { at_least = 2, of = \"group-0\", apart = \"home\" }, { at_least = 1, of = \"board\" } ] }, \
     { at_least = 2, of = \"board\", apart = \"home\" } ] }";

const LIMIT: &str = "per = \"24h\"\namount = \"100000000 EUR\"\nby = \"vault\"";

const FRAME: &str = r#"
[organisation]
name = "Peers"
currency = "EUR"
time_zone = "Europe/Paris"
[change]
approve = { at_least = 2, of = "group-0", apart = "home" }
hold = "7d"
tighten = { at_least = 1, of = "group-0" }
[stop]
lift = { at_least = 2, of = "group-0", apart = "home" }
after = "24h"
relative_expires = "12h"
[response]
responders = "group-1"
auditors = "group-2"
quiet = "24h"
reaction = "2h"
clear = { at_least = 2, of = "group-1", apart = "home" }
clear_hold = "24h"
look_back = "7d"
"#;
