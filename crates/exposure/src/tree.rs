//! Every way to take so many, as a tree (G2): a branch has some that are taken and some that may be, and a bound of all that it holds.
//! Branches are opened only where more may be lost than a strategy already found; at the ends are candidates. Called by `search`.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use crate::candidates::{Candidate, Field};
use crate::game::Ground;
use crate::power::{Among, Power, Signature, Tally};
use crate::ranking::{Entry, Ranking};

/// One branch, or one candidate.
pub(crate) struct Branch {
    among: Among,
    /// What nothing in it exceeds; of a candidate, what it can do.
    pub power: Power,
    pub entry: Entry,
    /// The candidate at its end.
    pub candidate: Option<Candidate>,
    opened: RefCell<Option<Rc<Vec<usize>>>>,
}

/// The branches that were opened so far. What one question opened another need not open again.
pub(crate) struct Tree {
    tally: Option<Tally>,
    branches: RefCell<Vec<Rc<Branch>>>,
    /// Candidates that can do the same are looked at once.
    known: RefCell<HashSet<Signature>>,
    pub ranking: Ranking,
}

impl Tree {
    /// One branch that holds everything.
    pub(crate) fn whole(ground: &Ground<'_>, tally: Tally) -> Self {
        let ranking = Ranking::default();
        let among = Among::default();
        let power = tally.power(&among);
        let entry = ranking.entry(ground, &power);
        let root = Branch { among, power, entry, candidate: None, opened: RefCell::default() };
        Self {
            tally: Some(tally),
            branches: RefCell::new(vec![Rc::new(root)]),
            known: RefCell::default(),
            ranking,
        }
    }

    /// Nothing but candidates.
    pub(crate) fn of(ground: &Ground<'_>, candidates: Vec<Candidate>) -> Self {
        let tree = Self {
            tally: None,
            branches: RefCell::default(),
            known: RefCell::default(),
            ranking: Ranking::default(),
        };
        for candidate in candidates {
            tree.add(ground, candidate);
        }
        tree
    }

    /// The branches from which a search begins.
    pub(crate) fn roots(&self) -> std::ops::Range<usize> {
        if self.tally.is_some() { 0..1 } else { 0..self.branches.borrow().len() }
    }

    pub(crate) fn branch(&self, at: usize) -> Option<Rc<Branch>> {
        self.branches.borrow().get(at).cloned()
    }

    /// The branches of a branch.
    pub(crate) fn open(&self, field: &Field<'_>, ground: &Ground<'_>, branch: &Branch) -> Rc<Vec<usize>> {
        if let Some(opened) = branch.opened.borrow().as_ref() {
            return Rc::clone(opened);
        }
        let inside = self.tally.as_ref().map_or_else(Vec::new, |tally| tally.wider(&branch.among));
        let opened: Vec<usize> =
            inside.into_iter().filter_map(|among| self.add_branch(field, ground, among)).collect();
        let opened = Rc::new(opened);
        *branch.opened.borrow_mut() = Some(Rc::clone(&opened));
        opened
    }

    fn add_branch(&self, field: &Field<'_>, ground: &Ground<'_>, among: Among) -> Option<usize> {
        let tally = self.tally.as_ref()?;
        if tally.is_full(&among) {
            return self.add(ground, field.candidate(tally.numbers(&among.chosen)));
        }
        let power = tally.power(&among);
        let entry = self.ranking.entry(ground, &power);
        let branch = Branch { among, power, entry, candidate: None, opened: RefCell::default() };
        self.branches.borrow_mut().push(Rc::new(branch));
        Some(self.branches.borrow().len() - 1)
    }

    /// A candidate, unless another can do the same.
    fn add(&self, ground: &Ground<'_>, candidate: Candidate) -> Option<usize> {
        if !self.known.borrow_mut().insert(candidate.power.signature()) {
            return None;
        }
        let power = candidate.power.clone();
        let entry = self.ranking.entry(ground, &power);
        let candidate = Some(candidate);
        let branch = Branch { among: Among::default(), power, entry, candidate, opened: RefCell::default() };
        self.branches.borrow_mut().push(Rc::new(branch));
        Some(self.branches.borrow().len() - 1)
    }
}
