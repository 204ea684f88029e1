//! A large organisation of a given size, for measurements: fictional, and as regular as interchangeable people make it.

#![allow(clippy::panic, reason = "a benchmark that goes wrong stops")]

use std::fmt::Write as _;

use policy::{Policy, Source};

/// Its size.
#[derive(Clone, Debug)]
pub struct Large {
    pub homes: usize,
    pub per_home: usize,
    /// Kinds of homes that differ in groups.
    pub classes: usize,
    /// Whether every home differs from every other.
    pub distinct: bool,
    pub permits: usize,
    pub limits: usize,
    pub vaults: usize,
}

impl Default for Large {
    fn default() -> Self {
        Self { homes: 300, per_home: 3, classes: 35, distinct: false, permits: 140, limits: 60, vaults: 20 }
    }
}

const TEAMS: usize = 12;

impl Large {
    pub fn policy(&self) -> Policy {
        let text = self.text();
        let loaded = policy::load(&[Source { name: "large.toml".into(), text }]);
        let errors = loaded.diagnostics.iter().take(3).map(ToString::to_string).collect::<Vec<_>>();
        loaded.policy.unwrap_or_else(|| panic!("{errors:?}"))
    }

    fn text(&self) -> String {
        let mut out = String::from(
            "[organisation]\nname = \"Large\"\ncurrency = \"EUR\"\ntime_zone = \"Europe/Paris\"\n",
        );
        for vault in 0..self.vaults {
            let balance = 100_000 * (1 + vault % 7) * (vault + 1);
            _ = writeln!(out, "[[vault]]\nid = \"v{vault}\"\nbalance = \"{balance} EUR\"");
            if vault % 2 == 0 {
                _ = writeln!(out, "chain = \"gate-only\"\naddresses = [\"bcrt1v{vault}\"]");
            } else {
                let keys: Vec<String> =
                    (0..5).map(|key| format!("\"k{}\"", key * (self.homes / 5))).collect();
                _ = writeln!(
                    out,
                    "chain = \"bitcoin:regtest\"\noldest_output = \"30d\"\nkeys = {{ at_least = 3, of = [{0}] }}\nrecovery = {{ at_least = 3, of = [{0}], after_blocks = 52560 }}",
                    keys.join(", ")
                );
            }
        }
        _ = writeln!(out, "[[destination]]\nid = \"d\"\naddress = \"bcrt1d\"\nlist = \"good\"");
        for permit in 0..self.permits {
            self.permit(&mut out, permit);
        }
        for limit in 0..self.limits {
            self.limit(&mut out, limit);
        }
        out.push_str("[change]\napprove = { at_least = 3, of = \"board\", apart = \"home\" }\nhold = \"7d\"\ntighten = { at_least = 1, of = \"board\" }\n");
        out.push_str("[stop]\nlift = { at_least = 4, of = \"board\", apart = \"home\" }\n");
        out.push_str("[response]\nresponders = \"watch\"\nclear = { at_least = 4, of = \"watch\", apart = \"home\" }\n");
        self.people(&mut out);
        out
    }

    fn permit(&self, out: &mut String, permit: usize) {
        let vault = permit % self.vaults;
        let (team, tier) = ((permit * 5) % TEAMS, (permit / self.vaults) % 7);
        let (most, hold, approvals) = [
            (2_000, 0, 0),
            (10_000, 4, 1),
            (50_000, 24, 1),
            (200_000, 48, 2),
            (500_000, 72, 2),
            (1_000_000, 168, 3),
            (5_000, 1, 1),
        ][tier];
        let goes = match permit % 5 {
            0 => "listed".to_owned(),
            1 if tier > 0 => format!("vault:v{}", (vault + 2) % self.vaults),
            _ => "any".to_owned(),
        };
        _ = writeln!(
            out,
            "[[permit]]\nid = \"p{permit}\"\nvaults = [\"v{vault}\"]\ninitiators = [\"t{team}\", \"t{}\"]\namount = {{ up_to = \"{most} EUR\" }}\ndestination = \"{goes}\"\nhold = \"{hold}h\"\nexpires = \"14d\"",
            (team + 1) % TEAMS
        );
        if approvals > 0 {
            _ = writeln!(
                out,
                "approve = {{ at_least = {approvals}, of = \"t{}\", apart = \"home\" }}",
                (team + tier) % TEAMS
            );
        }
    }

    fn limit(&self, out: &mut String, limit: usize) {
        let vault = limit % self.vaults;
        _ = match limit / self.vaults {
            0 => writeln!(
                out,
                "[[limit]]\nid = \"l{limit}\"\nvaults = [\"v{vault}\"]\nper = \"24h\"\namount = \"{} EUR\"\nby = \"vault\"",
                20_000 * (1 + vault % 4)
            ),
            1 => writeln!(
                out,
                "[[limit]]\nid = \"l{limit}\"\nvaults = [\"v{vault}\"]\nper = \"1h\"\ncount = 20\nby = \"initiator\""
            ),
            _ => writeln!(
                out,
                "[[limit]]\nid = \"l{limit}\"\nvaults = [\"v{vault}\", \"v{}\"]\nper = \"7d\"\namount = \"{} EUR\"\nby = \"organisation\"",
                (vault + 1) % self.vaults,
                150_000 * (1 + vault % 3)
            ),
        };
    }

    fn people(&self, out: &mut String) {
        let mut number = 0;
        for home in 0..self.homes {
            _ = writeln!(out, "[[place]]\nid = \"h{home}\"\nkind = \"home\"");
            let class = home % self.classes;
            for resident in 0..self.per_home + usize::from(class.is_multiple_of(3)) {
                let mut groups = vec![format!("t{}", (class + resident * 5) % TEAMS)];
                if resident == 0 {
                    groups.push(format!("t{}", (class / TEAMS * 3 + class + 2) % TEAMS));
                    groups.extend((class.is_multiple_of(8)).then(|| "board".to_owned()));
                    groups.extend((class % 9 == 1).then(|| "watch".to_owned()));
                }
                if self.distinct {
                    groups.push(format!("t{}", (home * 7 + resident) % TEAMS));
                    groups.push(format!("t{}", (home / 11 + resident * 3) % TEAMS));
                    groups.sort();
                    groups.dedup();
                }
                let groups: Vec<String> = groups.iter().map(|group| format!("\"{group}\"")).collect();
                let keys = if resident == 0 && home.is_multiple_of(self.homes / 5) {
                    format!("\"k{home}\"")
                } else {
                    String::new()
                };
                _ = writeln!(
                    out,
                    "[[person]]\nid = \"n{number}\"\ngroups = [{}]\nplaces = [\"h{home}\"]\nkeys = [{keys}]",
                    groups.join(", ")
                );
                number += 1;
            }
        }
    }
}
