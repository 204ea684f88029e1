//! What a quorum still lacks: counts and groups, never the names of those who approved (G9).
//!
//! Called by `overt` for what people see of a pending transfer, and by explain.

use serde::Serialize;
use types::{GroupId, PersonId};

use crate::policy::Policy;
use crate::quorum::{Apart, Quorum};
use crate::search::{Demand, Search};

/// What is still missing.
///
/// The numbers say how many further people would do if each lived alone in a new home. Where people could be counted in
/// several parts, they are counted in the earlier ones first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lacks {
    /// The quorum is met.
    Nothing,
    /// So many more of a group.
    People {
        /// How many more.
        more: u32,
        /// How many in all.
        at_least: u32,
        /// Of which group.
        of: GroupId,
        /// What no two of them may share.
        #[serde(skip_serializing_if = "Option::is_none")]
        apart: Option<Apart>,
    },
    /// All of these.
    All(Vec<Lacks>),
    /// Any of these.
    Any(Vec<Lacks>),
}

impl Lacks {
    /// How many further people would do.
    #[must_use]
    pub fn people(&self) -> u32 {
        match self {
            Self::Nothing => 0,
            Self::People { more, .. } => *more,
            Self::All(parts) => parts.iter().map(Self::people).fold(0, u32::saturating_add),
            Self::Any(parts) => parts.iter().map(Self::people).min().unwrap_or(0),
        }
    }
}

impl Policy {
    /// What a quorum still lacks with these approvals.
    #[must_use]
    pub fn shortfall(&self, quorum: &Quorum, approvers: &[&PersonId], excluded: &[&PersonId]) -> Lacks {
        let mut search = Search::new(self, approvers, excluded);
        if search.met(quorum) { Lacks::Nothing } else { lacks(&mut search, quorum, &mut Vec::new()) }
    }
}

/// INVARIANT: the demands in `settled` can be met together; each leaf is lowered until that stays true.
fn lacks(search: &mut Search<'_>, quorum: &Quorum, settled: &mut Vec<Demand>) -> Lacks {
    match quorum {
        Quorum::AtLeast { at_least, of, apart } => {
            let mut demand = search.demand(quorum);
            let mut more = at_least.saturating_sub(demand.most());
            loop {
                demand.need = at_least.saturating_sub(more);
                settled.push(demand);
                if demand.need == 0 || search.solve(settled) {
                    return lacks_people(more, *at_least, of, *apart);
                }
                settled.pop();
                more += 1;
            }
        }
        Quorum::All(parts) => {
            let parts = parts.iter().map(|part| lacks(search, part, settled));
            Lacks::All(parts.filter(|part| part.people() > 0).collect())
        }
        Quorum::Any(parts) => {
            let mut best: Option<(u32, Vec<Demand>)> = None;
            let mut all = Vec::with_capacity(parts.len());
            for part in parts {
                let mut with_part = settled.clone();
                let lacking = lacks(search, part, &mut with_part);
                if best.as_ref().is_none_or(|(least, _)| lacking.people() < *least) {
                    best = Some((lacking.people(), with_part));
                }
                all.push(lacking);
            }
            if let Some((_, with_part)) = best {
                *settled = with_part;
            }
            Lacks::Any(all)
        }
    }
}

fn lacks_people(more: u32, at_least: u32, of: &GroupId, apart: Option<Apart>) -> Lacks {
    match more {
        0 => Lacks::Nothing,
        _ => Lacks::People { more, at_least, of: of.clone(), apart },
    }
}
