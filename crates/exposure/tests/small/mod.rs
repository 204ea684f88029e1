//! Small random organisations and their loss by exhaustive search, written again from DESIGN section 5 without the crate's methods.
//!
//! Every duration is a whole hour and every sum a few cents, so that all strategies of whole hours and cents can be tried.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    dead_code,
    reason = "a test that goes wrong stops; each test file uses its part"
)]

pub mod brute;

use std::fmt::Write as _;

use policy::{Policy, Source};

/// A seeded source of choices (`SplitMix64`).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub fn percent(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    pub fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

pub const GROUPS: [&str; 3] = ["alpha", "beta", "gamma"];
pub const HOMES: usize = 3;

#[derive(Clone, Debug)]
pub struct Person {
    pub home: usize,
    pub groups: Vec<usize>,
    pub of: Option<usize>,
    pub hosts: bool,
}

/// So many of a group, from different homes or not; several of them are asked for together.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    pub at_least: usize,
    pub group: usize,
    pub apart: bool,
}

#[derive(Clone, Debug)]
pub struct Vault {
    pub balance: u32,
    /// How many of everyone's keys must sign; gate-only when absent.
    pub keys: Option<usize>,
    /// How many of everyone's keys recover, and after how many hours.
    pub recovery: Option<(usize, u32)>,
    /// How old the oldest output is, in hours.
    pub age: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goes {
    Any,
    Listed,
    Known(u32),
    Vault(usize),
}

#[derive(Clone, Debug)]
pub struct Permit {
    pub vaults: Vec<usize>,
    pub group: usize,
    pub over: Option<u32>,
    pub up_to: Option<u32>,
    pub goes: Goes,
    pub approve: Vec<Leaf>,
    pub hold: u32,
    pub expires: u32,
    /// From which hour to which hour of every day it may be submitted.
    pub hours: Option<(u32, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum By {
    Vault,
    Initiator,
    Destination,
    Organisation,
}

#[derive(Clone, Debug)]
pub struct Limit {
    pub vaults: Vec<usize>,
    pub per: u32,
    pub amount: Option<u32>,
    pub count: Option<u32>,
    pub by: By,
}

#[derive(Clone, Debug)]
pub struct Forbid {
    pub vault: Option<usize>,
    pub group: Option<usize>,
    pub over: Option<u32>,
    pub up_to: Option<u32>,
}

#[derive(Clone, Debug)]
pub struct Small {
    pub people: Vec<Person>,
    /// A service's groups and who operates it.
    pub service: Option<(Vec<usize>, Vec<usize>)>,
    /// Whose relative lives in a home.
    pub relative: Option<(usize, usize)>,
    pub vaults: Vec<Vault>,
    pub addresses: usize,
    pub permits: Vec<Permit>,
    pub limits: Vec<Limit>,
    pub forbids: Vec<Forbid>,
    pub change: Leaf,
    pub change_hold: u32,
    pub lift: Leaf,
    pub clear: Leaf,
    pub quiet: u32,
    pub reaction: u32,
    pub cosigner: Option<usize>,
    /// Whether everybody else approves whatever is asked.
    pub deceived: bool,
}

fn leaf(chance: &mut Chance) -> Leaf {
    Leaf { at_least: chance.of(&[1, 1, 2, 2, 3]), group: chance.below(3), apart: chance.percent(50) }
}

fn some_vaults(chance: &mut Chance, vaults: usize) -> Vec<usize> {
    let mut chosen: Vec<usize> = (0..vaults).filter(|_| chance.percent(65)).collect();
    if chosen.is_empty() {
        chosen.push(chance.below(vaults));
    }
    chosen
}

impl Small {
    pub fn random(seed: u64) -> Self {
        let chance = &mut Chance::new(seed);
        let people: Vec<Person> = (0..2 + chance.below(3))
            .map(|number| Person {
                home: chance.below(HOMES),
                groups: (0..3).filter(|_| chance.percent(50)).collect(),
                of: Some(chance.below(2)).filter(|of| chance.percent(10) && *of != number),
                hosts: chance.percent(4),
            })
            .collect();
        let count = people.len();
        let vaults: Vec<Vault> = (0..1 + chance.below(2))
            .map(|_| {
                let keys = chance.percent(45).then(|| 1 + chance.below(2.min(count)));
                Vault {
                    balance: chance.below(6) as u32,
                    keys,
                    recovery: keys
                        .filter(|_| chance.percent(40))
                        .map(|_| (1 + chance.below(2.min(count)), 1 + chance.below(5) as u32)),
                    age: chance.percent(60).then(|| chance.below(4) as u32),
                }
            })
            .collect();
        let addresses = 1 + chance.below(2);
        let permits = (0..1 + chance.below(3)).map(|_| permit(chance, vaults.len())).collect();
        let limits = (0..chance.below(4)).map(|_| limit(chance, vaults.len())).collect();
        let forbids = (0..usize::from(chance.percent(25))).map(|_| forbid(chance, vaults.len())).collect();
        Self {
            service: chance.percent(25).then(|| {
                let groups = (0..3).filter(|_| chance.percent(60)).collect();
                (groups, vec![chance.below(count)])
            }),
            relative: chance.percent(20).then(|| (chance.below(count), chance.below(HOMES))),
            people,
            vaults,
            addresses,
            permits,
            limits,
            forbids,
            change: leaf(chance),
            change_hold: chance.below(5) as u32,
            lift: leaf(chance),
            clear: leaf(chance),
            quiet: 1 + chance.below(3) as u32,
            reaction: 1 + chance.below(3) as u32,
            cosigner: chance.percent(6).then(|| chance.below(HOMES)),
            deceived: false,
        }
    }

    pub fn policy(&self) -> Policy {
        let text = self.text();
        let loaded = policy::load(&[Source { name: "small.toml".into(), text: text.clone() }]);
        let found = loaded.diagnostics;
        loaded.policy.unwrap_or_else(|| panic!("{found:?}\n{text}"))
    }

    /// A policy that lets everybody do everything at once, as a coalition would have it.
    pub fn taken_over(&self) -> Vec<Source> {
        let mut changed = self.clone();
        (changed.permits, changed.limits, changed.forbids) = (Vec::new(), Vec::new(), Vec::new());
        let vaults: Vec<usize> = (0..self.vaults.len()).collect();
        let everything = format!(
            "[[permit]]\nid = \"all\"\nvaults = {}\ninitiators = [\"watch\"]\ndestination = \"any\"\nhold = \"0h\"\nexpires = \"1h\"\n",
            names("v", &vaults)
        );
        vec![Source { name: "small.toml".into(), text: changed.text() + &everything }]
    }

    fn text(&self) -> String {
        let mut out = String::from(
            "[organisation]\nname = \"Small\"\ncurrency = \"EUR\"\ntime_zone = \"Europe/Paris\"\n",
        );
        self.write_vaults(&mut out);
        for (number, permit) in self.permits.iter().enumerate() {
            write_permit(&mut out, number, permit);
        }
        for (number, limit) in self.limits.iter().enumerate() {
            let by = format!("{:?}", limit.by).to_lowercase();
            let vaults = names("v", &limit.vaults);
            _ = writeln!(
                out,
                "[[limit]]\nid = \"l{number}\"\nvaults = {vaults}\nper = \"{}h\"\nby = \"{by}\"",
                limit.per
            );
            _ = limit.amount.map(|amount| writeln!(out, "amount = {}", money(amount)));
            _ = limit.count.map(|count| writeln!(out, "count = {count}"));
        }
        for (number, forbid) in self.forbids.iter().enumerate() {
            _ = writeln!(
                out,
                "[[forbid]]\nid = \"f{number}\"\namount = {}",
                range(forbid.over, forbid.up_to).unwrap()
            );
            _ = forbid.vault.map(|vault| writeln!(out, "vaults = [\"v{vault}\"]"));
            _ = forbid.group.map(|group| writeln!(out, "initiators = [\"{}\"]", GROUPS[group]));
        }
        for number in 0..self.addresses {
            _ = writeln!(
                out,
                "[[destination]]\nid = \"d{number}\"\naddress = \"bcrt1address{number}\"\nlist = \"good\""
            );
        }
        _ = writeln!(
            out,
            "[change]\napprove = {}\nhold = \"{}h\"\ntighten = {}",
            quorum(&self.change),
            self.change_hold,
            quorum(&self.change)
        );
        _ = writeln!(out, "[stop]\nlift = {}\nafter = \"1h\"", quorum(&self.lift));
        _ = writeln!(
            out,
            "[response]\nresponders = \"watch\"\nquiet = \"{}h\"\nreaction = \"{}h\"\nclear = {}",
            self.quiet,
            self.reaction,
            quorum(&self.clear)
        );
        if let Some(home) = self.cosigner {
            _ = writeln!(out, "[cosigner]\nplaces = [\"home{home}\"]");
        }
        self.write_people(&mut out);
        out
    }

    fn write_vaults(&self, out: &mut String) {
        let keys: Vec<String> = (0..self.people.len()).map(|number| format!("\"k{number}\"")).collect();
        let keys = format!("[{}]", keys.join(", "));
        for (number, vault) in self.vaults.iter().enumerate() {
            let chain = if vault.keys.is_some() { "bitcoin:regtest" } else { "gate-only" };
            _ = writeln!(
                out,
                "[[vault]]\nid = \"v{number}\"\nchain = \"{chain}\"\nbalance = {}",
                money(vault.balance)
            );
            if let Some(at_least) = vault.keys {
                _ = writeln!(out, "keys = {{ at_least = {at_least}, of = {keys} }}");
            } else {
                _ = writeln!(out, "addresses = [\"bcrt1vault{number}\"]");
            }
            if let Some((at_least, hours)) = vault.recovery {
                _ = writeln!(
                    out,
                    "recovery = {{ at_least = {at_least}, of = {keys}, after_blocks = {} }}",
                    hours * 6
                );
            }
            _ = vault.age.map(|age| writeln!(out, "oldest_output = \"{age}h\""));
        }
    }

    fn write_people(&self, out: &mut String) {
        for home in 0..HOMES {
            _ = writeln!(out, "[[place]]\nid = \"home{home}\"\nkind = \"home\"");
        }
        for (number, person) in self.people.iter().enumerate() {
            let mut groups: Vec<String> =
                person.groups.iter().map(|group| format!("\"{}\"", GROUPS[*group])).collect();
            groups.push("\"watch\"".into());
            _ = writeln!(
                out,
                "[[person]]\nid = \"p{number}\"\ngroups = [{}]\nplaces = [\"home{}\"]\nkeys = [\"k{number}\"]",
                groups.join(", "),
                person.home
            );
            _ = person.of.map(|of| writeln!(out, "of = [\"p{of}\"]"));
            if person.hosts {
                _ = writeln!(out, "hosts = [\"cosigner\"]");
            }
        }
        // Every group has a member at least, so that the names are known; this one is nobody's.
        let all: Vec<String> = GROUPS.iter().map(|group| format!("\"{group}\"")).collect();
        _ = writeln!(out, "[[service]]\nid = \"nobody\"\ngroups = [{}]\noperated_by = []", all.join(", "));
        if let Some((groups, operators)) = &self.service {
            let groups: Vec<String> = groups.iter().map(|group| format!("\"{}\"", GROUPS[*group])).collect();
            _ = writeln!(
                out,
                "[[service]]\nid = \"robot\"\ngroups = [{}]\noperated_by = {}",
                groups.join(", "),
                names("p", operators)
            );
        }
        if let Some((of, home)) = self.relative {
            _ = writeln!(
                out,
                "[[protected]]\nid = \"relative\"\nof = [\"p{of}\"]\nplaces = [\"home{home}\"]"
            );
        }
    }
}

fn permit(chance: &mut Chance, vaults: usize) -> Permit {
    let goes = match chance.below(10) {
        0..=4 => Goes::Any,
        5 | 6 => Goes::Listed,
        7 => Goes::Known(chance.below(3) as u32),
        _ => Goes::Vault(chance.below(vaults)),
    };
    let over = chance.percent(15).then(|| 1 + chance.below(2) as u32);
    Permit {
        vaults: some_vaults(chance, vaults),
        group: chance.below(3),
        over,
        up_to: chance.percent(60).then(|| over.unwrap_or(0) + 1 + chance.below(4) as u32),
        goes,
        approve: (0..chance.of(&[0, 0, 1, 1, 2])).map(|_| leaf(chance)).collect(),
        hold: chance.of(&[0, 0, 1, 1, 2, 3]),
        expires: chance.of(&[1, 2, 4, 9]),
        hours: None,
    }
}

fn limit(chance: &mut Chance, vaults: usize) -> Limit {
    let amount = chance.percent(75).then(|| chance.of(&[1, 2, 2, 3, 3, 4, 5]));
    let count = (amount.is_none() || chance.percent(35)).then(|| chance.of(&[1, 1, 2, 2, 3, 0]));
    Limit {
        vaults: some_vaults(chance, vaults),
        per: 1 + chance.below(4) as u32,
        amount,
        count: count.filter(|count| *count > 0 || chance.percent(15)).or(if amount.is_none() {
            Some(1)
        } else {
            None
        }),
        by: chance.of(&[By::Vault, By::Vault, By::Organisation, By::Initiator, By::Destination]),
    }
}

fn forbid(chance: &mut Chance, vaults: usize) -> Forbid {
    let (over, up_to) = match chance.below(4) {
        0 => (None, Some(1)),
        1 => (Some(1), Some(2)),
        _ => (Some(1 + chance.below(3) as u32), None),
    };
    Forbid {
        vault: chance.percent(50).then(|| chance.below(vaults)),
        group: chance.percent(50).then(|| chance.below(3)),
        over,
        up_to,
    }
}

pub fn money(cents: u32) -> String {
    format!("\"{}.{:02} EUR\"", cents / 100, cents % 100)
}

fn names(prefix: &str, numbers: &[usize]) -> String {
    let names: Vec<String> = numbers.iter().map(|number| format!("\"{prefix}{number}\"")).collect();
    format!("[{}]", names.join(", "))
}

fn range(over: Option<u32>, up_to: Option<u32>) -> Option<String> {
    let parts = [("over", over), ("up_to", up_to)];
    let parts: Vec<String> = parts
        .iter()
        .filter_map(|(key, value)| value.map(|value| format!("{key} = {}", money(value))))
        .collect();
    (!parts.is_empty()).then(|| format!("{{ {} }}", parts.join(", ")))
}

fn quorum(leaf: &Leaf) -> String {
    let apart = if leaf.apart { ", apart = \"home\"" } else { "" };
    format!("{{ at_least = {}, of = \"{}\"{apart} }}", leaf.at_least, GROUPS[leaf.group])
}

fn write_permit(out: &mut String, number: usize, permit: &Permit) {
    let (goes, known) = match permit.goes {
        Goes::Any => ("any".to_owned(), None),
        Goes::Listed => ("listed".to_owned(), None),
        Goes::Known(hours) => ("known".to_owned(), Some(hours)),
        Goes::Vault(vault) => (format!("vault:v{vault}"), None),
    };
    _ = writeln!(
        out,
        "[[permit]]\nid = \"m{number}\"\nvaults = {}\ninitiators = [\"{}\"]\ndestination = \"{goes}\"\nhold = \"{}h\"\nexpires = \"{}h\"",
        names("v", &permit.vaults),
        GROUPS[permit.group],
        permit.hold,
        permit.expires
    );
    if let Some((from, to)) = permit.hours {
        let days = "\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"";
        _ = writeln!(out, "calendar = {{ days = [{days}], from = \"{from:02}:00\", to = \"{to:02}:00\" }}");
    }
    _ = known.filter(|hours| *hours > 0).map(|hours| writeln!(out, "known_for = \"{hours}h\""));
    _ = range(permit.over, permit.up_to).map(|range| writeln!(out, "amount = {range}"));
    match permit.approve.as_slice() {
        [] => {}
        [one] => _ = writeln!(out, "approve = {}", quorum(one)),
        several => {
            let parts: Vec<String> = several.iter().map(quorum).collect();
            _ = writeln!(out, "approve = {{ all = [{}] }}", parts.join(", "));
        }
    }
}
