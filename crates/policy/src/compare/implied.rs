//! One quorum implies another by its form: no set of people need be tried. Sound, not complete; `people` searches the rest.

use super::people::{People, Without};
use crate::bits::Bits;
use crate::policy::Policy;
use crate::quorum::{Apart, Quorum};

/// Whether every set that meets `more` under the one policy is seen, by form alone, to meet `less` under the other.
pub(super) fn implied(people: &People<'_>, more: &Quorum, less: &Quorum, without: &Without) -> bool {
    let form = Form { people, without };
    form.implies(more, less)
}

struct Form<'f, 'p> {
    people: &'f People<'p>,
    without: &'f Without,
}

impl Form<'_, '_> {
    fn implies(&self, more: &Quorum, less: &Quorum) -> bool {
        if let Quorum::Any(parts) = more {
            return parts.iter().all(|part| self.implies(part, less));
        }
        if let Quorum::Any(parts) = less {
            return parts.iter().any(|part| self.implies(more, part));
        }
        match (more, less) {
            (Quorum::All(mine), Quorum::All(theirs)) => {
                self.matched(mine, theirs) || mine.iter().any(|part| self.implies(part, less))
            }
            (Quorum::All(mine), _) => mine.iter().any(|part| self.implies(part, less)),
            (_, Quorum::All(theirs)) => matches!(theirs.as_slice(), [only] if self.implies(more, only)),
            _ => self.leaf(more, less),
        }
    }

    /// Each of theirs is implied by another one of mine: people counted for different parts are different people.
    fn matched(&self, mine: &[Quorum], theirs: &[Quorum]) -> bool {
        let mut owner: Vec<Option<usize>> = vec![None; mine.len()];
        (0..theirs.len()).all(|at| self.place(mine, theirs, at, (&mut owner, &mut vec![false; mine.len()])))
    }

    fn place(
        &self,
        mine: &[Quorum],
        theirs: &[Quorum],
        at: usize,
        marks: (&mut Vec<Option<usize>>, &mut Vec<bool>),
    ) -> bool {
        let (owner, seen) = marks;
        for (index, part) in mine.iter().enumerate() {
            let fits = theirs.get(at).is_some_and(|wanted| self.implies(part, wanted));
            if !fits || seen.get(index).copied().unwrap_or(true) {
                continue;
            }
            if let Some(mark) = seen.get_mut(index) {
                *mark = true;
            }
            let before = owner.get(index).copied().flatten();
            if before.is_none_or(|other| self.place(mine, theirs, other, (&mut *owner, &mut *seen))) {
                if let Some(slot) = owner.get_mut(index) {
                    *slot = Some(at);
                }
                return true;
            }
        }
        false
    }

    fn leaf(&self, more: &Quorum, less: &Quorum) -> bool {
        let (
            Quorum::AtLeast { at_least: many, of: from, apart },
            Quorum::AtLeast { at_least: few, of: among, apart: other },
        ) = (more, less)
        else {
            return false;
        };
        if many < few || (other.is_some() && apart.is_none()) {
            return false;
        }
        let (by_less, by_more) = self.people.policies();
        let mine = counted(by_more, by_more.members(from), *apart).minus(&self.without.more);
        let theirs = counted(by_less, by_less.members(among), *other).minus(&self.without.less);
        let members = self.people.all().iter().filter(|one| one.more.is_some_and(|at| mine.contains(at)));
        let members: Vec<(u16, Option<u16>)> =
            members.filter_map(|one| Some((one.more?, one.less))).collect();
        if !members.iter().all(|(_, less)| less.is_some_and(|at| theirs.contains(at))) {
            return false;
        }
        let (Some(apart), Some(other)) = (apart, other) else { return true };
        // Whoever shares under the other policy must share under this one, or two who count here would not count there.
        members.iter().all(|(mine, theirs)| {
            let Some(theirs) = theirs else { return false };
            let near = by_less.near(*other, *theirs);
            let here = by_more.near(*apart, *mine);
            members.iter().all(|(at, there)| {
                there.is_none_or(|there| !near.contains(there)) || here.contains(*at) || at == mine
            })
        })
    }
}

fn counted(policy: &Policy, members: &Bits, apart: Option<Apart>) -> Bits {
    apart.map_or(*members, |apart| members.and(policy.placed(apart)))
}
