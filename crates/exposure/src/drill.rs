//! Drills: the attacks on record, replayed against a policy. Every figure is a loss bound (G2); every assumption is counted and named.
//!
//! Called by `rempart drill`. What is assumed and why: `docs/drill.md`.

mod difference;
mod opened;
mod picture;
mod report;
mod text;

use std::collections::BTreeMap;

use policy::{PlaceKind, Policy};
use serde::Serialize;
use types::{Currency, Span, Value};

use crate::incidents::{Incident, Incidents, Kind};
use crate::{Adversary, Assumption, Bound, BoundError, Holdings, Mode, Question, Taken, bound};

pub use difference::{Barrier, Difference, Rule};
pub use picture::draw;

/// Who is taken in an incident.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The worst home, with everyone there.
    Home,
    /// The worst office, with everyone there.
    Office,
    /// The worst single person.
    Person,
}

impl Incident {
    /// Who is taken when the incident is replayed; `None` for kinds that are not replayed.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        match self.kind {
            Kind::HomeInvasion | Kind::Abduction if self.is_in_company() => Some(Subject::Home),
            Kind::HomeInvasion | Kind::Abduction | Kind::InPersonTrade | Kind::StreetRobbery => {
                Some(Subject::Person)
            }
            Kind::OfficeOrShopRaid => Some(Subject::Office),
            Kind::RemoteExtortion | Kind::BurglaryAbsent | Kind::Swatting | Kind::Murder | Kind::Other => {
                None
            }
        }
    }

    /// Whether a relative or several people are stated to have been held.
    fn is_in_company(&self) -> bool {
        self.relative_held == Some(true) || self.persons_held.is_some_and(|count| count > 1)
    }

    /// Whether the record leaves it open whether somebody else was held too; the replay takes one person then.
    #[must_use]
    pub fn company_is_open(&self) -> bool {
        let matters = matches!(self.kind, Kind::HomeInvasion | Kind::Abduction);
        let stated = self.relative_held.is_some() && self.persons_held.is_some();
        matters && !self.is_in_company() && !stated
    }
}

/// A loss in each mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Losses {
    /// Nobody signals, nobody acts.
    pub silent: Value,
    /// Panic phrases from the first act.
    pub signalled: Value,
    /// Free people stop everything openly in time.
    pub stopped: Value,
}

impl Losses {
    fn plus(self, other: Self) -> Option<Self> {
        let sum = |one: Value, more: Value| one.plus(more).ok();
        Some(Self {
            silent: sum(self.silent, other.silent)?,
            signalled: sum(self.signalled, other.signalled)?,
            stopped: sum(self.stopped, other.stopped)?,
        })
    }
}

/// What one kind of taking for one time costs under this policy. Many incidents share it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Who is taken.
    pub subject: Subject,
    /// For how long.
    pub horizon: Span,
    /// The worst home, office or person.
    pub taken: Vec<String>,
    /// What is lost.
    pub losses: Losses,
    /// Which rules made the difference to the wallet.
    pub difference: Difference,
    /// How many incidents share it.
    pub count: usize,
}

/// One incident, replayed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replay {
    /// The incident.
    pub incident: Incident,
    /// Which of the drill's answers is its own.
    pub answer: usize,
    /// Whether the record states how long it lasted; otherwise [`Kind::assumed_horizon`].
    pub duration_stated: bool,
}

/// A whole drill.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drill {
    /// The currency of all sums.
    pub currency: Currency,
    /// What the vaults hold: what a wallet that a phone and a password open loses in every incident.
    pub held: Value,
    /// Every distinct question that the incidents ask.
    pub answers: Vec<Answer>,
    /// Every incident that was replayed, in the order of the record.
    pub replays: Vec<Replay>,
    /// Kinds that are not replayed, with their number.
    pub not_replayed: BTreeMap<Kind, usize>,
    /// Incidents for which the register has nobody or no such place to take.
    pub without_subject: Vec<String>,
    /// What the bounds take as given because nobody says.
    pub assumes: Vec<Assumption>,
    /// The record: how many rows it has, and what is wrong with some.
    pub record: Incidents,
    /// All losses of all incidents; each incident begins with full vaults.
    pub totals: Losses,
    /// What wallets would have lost in all.
    pub wallet_total: Value,
}

/// Replays a record.
///
/// # Errors
/// When a bound cannot be computed.
pub fn drill(policy: &Policy, holdings: &Holdings, record: Incidents) -> Result<Drill, BoundError> {
    let mut stage =
        Stage { policy, holdings, answers: Vec::new(), known: BTreeMap::new(), assumes: Vec::new() };
    let (mut replays, mut not_replayed, mut without_subject) = (Vec::new(), BTreeMap::new(), Vec::new());
    for incident in &record.incidents {
        let (Some(subject), Some(assumed)) = (incident.subject(), incident.kind.assumed_horizon()) else {
            *not_replayed.entry(incident.kind).or_default() += 1;
            continue;
        };
        let duration_stated = incident.duration.is_some();
        match stage.answer(subject, incident.duration.unwrap_or(assumed))? {
            Some(answer) => replays.push(Replay { incident: incident.clone(), answer, duration_stated }),
            None => without_subject.push(incident.id.clone()),
        }
    }
    let held = crate::certificate::held(policy, holdings).ok_or(BoundError::Overflow)?;
    let (totals, wallet_total) = totals(&replays, &stage.answers, held).ok_or(BoundError::Overflow)?;
    let Stage { answers, mut assumes, .. } = stage;
    assumes.extend(crate::certificate::unknown_balances(policy, holdings));
    assumes.sort();
    assumes.dedup();
    let currency = policy.organisation().currency;
    Ok(Drill {
        currency,
        held,
        answers,
        replays,
        not_replayed,
        without_subject,
        assumes,
        record,
        totals,
        wallet_total,
    })
}

fn totals(replays: &[Replay], answers: &[Answer], held: Value) -> Option<(Losses, Value)> {
    replays.iter().try_fold((Losses::default(), Value::ZERO), |(losses, wallet), replay| {
        let answer = answers.get(replay.answer)?;
        Some((losses.plus(answer.losses)?, wallet.plus(held).ok()?))
    })
}

/// Answers each distinct question once.
struct Stage<'a> {
    policy: &'a Policy,
    holdings: &'a Holdings,
    answers: Vec<Answer>,
    known: BTreeMap<(Subject, Span), Option<usize>>,
    assumes: Vec<Assumption>,
}

impl Stage<'_> {
    /// The number of the answer; `None` when there is nobody to take.
    fn answer(&mut self, subject: Subject, horizon: Span) -> Result<Option<usize>, BoundError> {
        if let Some(known) = self.known.get(&(subject, horizon)).copied() {
            if let Some(answer) = known.and_then(|at| self.answers.get_mut(at)) {
                answer.count += 1;
            }
            return Ok(known);
        }
        let made = self.make(subject, horizon)?;
        let at = made.map(|answer| {
            self.answers.push(answer);
            self.answers.len() - 1
        });
        self.known.insert((subject, horizon), at);
        Ok(at)
    }

    fn make(&mut self, subject: Subject, horizon: Span) -> Result<Option<Answer>, BoundError> {
        let mut ask = |mode| -> Result<Option<Bound>, BoundError> {
            let worst = worst(self.policy, self.holdings, subject, horizon, mode)?;
            self.assumes.extend(worst.iter().flat_map(|bound| bound.assumes.iter().cloned()));
            Ok(worst)
        };
        let (silent, signalled, stopped) = (ask(Mode::Silent)?, ask(Mode::Signalled)?, ask(Mode::Stopped)?);
        let (Some(silent), Some(signalled), Some(stopped)) = (silent, signalled, stopped) else {
            return Ok(None);
        };
        let losses = Losses { silent: silent.amount, signalled: signalled.amount, stopped: stopped.amount };
        let mut difference = difference::find(self.policy, self.holdings, (subject, horizon), silent.amount)?;
        if crate::certificate::held(self.policy, self.holdings).is_some_and(|held| silent.amount >= held) {
            // Nothing is enough where everything is lost.
            difference.enough.clear();
        }
        Ok(Some(Answer { subject, horizon, taken: silent.taken, losses, difference, count: 1 }))
    }
}

/// The worst home, office or person; `None` when the register has none.
fn worst(
    policy: &Policy,
    holdings: &Holdings,
    subject: Subject,
    horizon: Span,
    mode: Mode,
) -> Result<Option<Bound>, BoundError> {
    let of_kind = |kind| policy.places().iter().filter(move |place| place.kind == kind);
    let ask = |adversary, taken| bound(policy, holdings, &Question { adversary, taken, horizon, mode });
    match subject {
        Subject::Home if of_kind(PlaceKind::Home).next().is_none() => Ok(None),
        Subject::Person if policy.people().len() + policy.protected_people().len() == 0 => Ok(None),
        Subject::Home => ask(Adversary::Homes, Taken::K(1)).map(Some),
        Subject::Person => ask(Adversary::People, Taken::K(1)).map(Some),
        Subject::Office => {
            let mut worst: Option<Bound> = None;
            for office in of_kind(PlaceKind::Office) {
                let found = ask(Adversary::Places, Taken::Ids(vec![office.id.to_string()]))?;
                if worst.as_ref().is_none_or(|worst| worst.amount < found.amount) {
                    worst = Some(found);
                }
            }
            Ok(worst)
        }
    }
}

#[cfg(test)]
mod tests;
