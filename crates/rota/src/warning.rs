//! What is legal in a call plan and yet may leave an alarm unheard. Serves G8: said loudly before it matters, in two languages.
//!
//! Called by the server at start, in health and on pages. To add one: a variant with its code and both texts, its
//! finding in [`CallPlan::check`], its line in `docs/calls.md`, a case in `tests/warnings.rs`.

use std::collections::{BTreeMap, BTreeSet};

use types::{ChannelId, PersonId, ScheduleId, Span, Timestamp};

use crate::plan::{CallPlan, Contact, Language, Override, Step, Tell};
use crate::wall::Wall;

/// How far ahead of now [`CallPlan::check`] looks for gaps.
const GAP_AHEAD: Span = Span::from_hours(14 * 24);

/// Something to warn of. The order is the order of gravity.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Warning {
    /// The first step of the chain may find nobody.
    FirstStep,
    /// No step tells everyone.
    NeverEveryone,
    /// Nobody is on duty for a while.
    Gap {
        /// In this schedule.
        schedule: ScheduleId,
        /// The beginning of the first gap.
        from: Timestamp,
        /// Its end, or the end of the time that was looked at.
        until: Timestamp,
        /// How many gaps there are.
        gaps: usize,
        /// The schedule's zone, in which the text gives the times.
        time_zone: String,
    },
    /// A responder whom the plan cannot reach.
    NoContact {
        /// Who.
        person: PersonId,
    },
    /// A responder with a contact whom no step reaches over a configured channel.
    Unreached {
        /// Who.
        person: PersonId,
    },
    /// A person in a rotation who is no responder: nobody is told during that turn.
    OnDutyNoResponder {
        /// In this schedule.
        schedule: ScheduleId,
        /// Who.
        person: PersonId,
    },
    /// A way over a channel that is not configured.
    NoChannel {
        /// Whose.
        person: PersonId,
        /// Over what.
        channel: ChannelId,
    },
    /// Two people with one address.
    SharedAddress {
        /// Over what.
        channel: ChannelId,
        /// Who.
        one: PersonId,
        /// And who else.
        other: PersonId,
    },
    /// A contact who is no responder.
    NoResponder {
        /// Who.
        person: PersonId,
    },
    /// A schedule that no step tells.
    UnusedSchedule {
        /// Which.
        schedule: ScheduleId,
    },
}

impl Warning {
    /// Stable, searchable; listed in `docs/calls.md`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::FirstStep => "first-step-may-reach-nobody",
            Self::NeverEveryone => "never-everyone",
            Self::Gap { .. } => "nobody-on-duty",
            Self::NoContact { .. } => "responder-without-contact",
            Self::Unreached { .. } => "responder-never-reached",
            Self::OnDutyNoResponder { .. } => "on-duty-but-no-responder",
            Self::NoChannel { .. } => "channel-not-configured",
            Self::SharedAddress { .. } => "shared-address",
            Self::NoResponder { .. } => "contact-but-no-responder",
            Self::UnusedSchedule { .. } => "unused-schedule",
        }
    }

    /// What is wrong and what to do. Names no address.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        match language {
            Language::En => self.english(),
            Language::Fr => self.french(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::FirstStep => "the first step of the chain may reach nobody: let it tell a schedule without gaps whose people all \
                                have a configured channel, or everyone"
                .to_owned(),
            Self::NeverEveryone => "no step of the chain tells everyone: whoever it does not name may never hear of an alarm; add a \
                                    last step with `everyone`"
                .to_owned(),
            Self::Gap { schedule, from, until, gaps, time_zone } => {
                let (from, until) = local(time_zone, *from, *until);
                let more = match gaps {
                    0 | 1 => String::new(),
                    many => format!(", {many} gaps within 14 days"),
                };
                format!(
                    "nobody is on duty in `{schedule}` from {from} to {until} ({time_zone}){more}: add a layer or an override"
                )
            }
            Self::NoContact { person } => {
                format!("the responder `{person}` has no contact and cannot be called: add a [[contact]]")
            }
            Self::Unreached { person } => format!(
                "no step of the chain reaches the responder `{person}` over a configured channel: add a step or a way"
            ),
            Self::OnDutyNoResponder { schedule, person } => format!(
                "`{person}` takes turns in `{schedule}` but is no responder: during those turns the schedule reaches nobody"
            ),
            Self::NoChannel { person, channel } => format!(
                "`{person}` has a way over `{channel}`, which is not configured: configure the channel or remove the way"
            ),
            Self::SharedAddress { channel, one, other } => {
                format!("`{one}` and `{other}` have the same address on `{channel}`: give each their own")
            }
            Self::NoResponder { person } => {
                format!("`{person}` has a contact but is no responder, and is never called: remove the contact")
            }
            Self::UnusedSchedule { schedule } => {
                format!("no step of the chain tells `schedule:{schedule}`: use it or remove it")
            }
        }
    }

    fn french(&self) -> String {
        match self {
            Self::FirstStep => "la première étape de la chaîne risque de n’atteindre personne : qu’elle prévienne un planning sans \
                                trou dont chacun a un canal configuré, ou tout le monde (`everyone`)"
                .to_owned(),
            Self::NeverEveryone => "aucune étape de la chaîne ne prévient tout le monde : qui n’y est pas nommé peut ne jamais \
                                    apprendre une alerte ; ajoutez une dernière étape avec `everyone`"
                .to_owned(),
            Self::Gap { schedule, from, until, gaps, time_zone } => {
                let (from, until) = local(time_zone, *from, *until);
                let more = match gaps {
                    0 | 1 => String::new(),
                    many => format!(", {many} trous sous 14 jours"),
                };
                format!(
                    "personne n’est de garde dans `{schedule}` du {from} au {until} ({time_zone}){more} : ajoutez une couche \
                     ou un remplacement"
                )
            }
            Self::NoContact { person } => format!(
                "l’intervenant `{person}` n’a pas de contact et ne peut pas être appelé : ajoutez un [[contact]]"
            ),
            Self::Unreached { person } => format!(
                "aucune étape de la chaîne n’atteint l’intervenant `{person}` par un canal configuré : ajoutez une étape ou \
                 une adresse"
            ),
            Self::OnDutyNoResponder { schedule, person } => format!(
                "`{person}` prend des tours dans `{schedule}` sans être intervenant : pendant ces tours le planning \
                 n’atteint personne"
            ),
            Self::NoChannel { person, channel } => format!(
                "`{person}` a une adresse sur `{channel}`, qui n’est pas configuré : configurez le canal ou retirez l’adresse"
            ),
            Self::SharedAddress { channel, one, other } => {
                format!("`{one}` et `{other}` ont la même adresse sur `{channel}` : donnez à chacun la sienne")
            }
            Self::NoResponder { person } => format!(
                "`{person}` a un contact sans être intervenant, et n’est jamais appelé : retirez le contact"
            ),
            Self::UnusedSchedule { schedule } => {
                format!("aucune étape de la chaîne ne prévient `schedule:{schedule}` : utilisez-le ou retirez-le")
            }
        }
    }
}

fn local(time_zone: &str, from: Timestamp, until: Timestamp) -> (String, String) {
    let text = |at: Timestamp| match Wall::named(time_zone) {
        Some(wall) => wall.reads(at).strftime("%Y-%m-%d %H:%M").to_string(),
        None => at.to_string(),
    };
    (text(from), text(until))
}

impl CallPlan {
    /// Everything to warn of, the gravest first. `responders` are those of the policy, `channels` all that are configured; a gap
    /// counts when it begins within 14 days from now.
    #[must_use]
    pub fn check(
        &self,
        responders: &[PersonId],
        channels: &[ChannelId],
        overrides: &[Override],
        now: Timestamp,
    ) -> Vec<Warning> {
        let check = Check { plan: self, responders, channels };
        let gaps = self.gaps(overrides, now, now.after(GAP_AHEAD));
        let mut found = BTreeSet::new();
        check.chain(&gaps, &mut found);
        check.gaps(&gaps, &mut found);
        check.responders(&mut found);
        check.contacts(&mut found);
        check.schedules(&mut found);
        found.into_iter().collect()
    }

    /// The responders whom some step of the chain reaches over a configured channel, in the order given: they have a contact with
    /// such a way, and the step tells everyone, or them, or a schedule in which they take turns. Overrides are not considered.
    #[must_use]
    pub fn reachable(&self, responders: &[PersonId], channels: &[ChannelId]) -> Vec<PersonId> {
        let check = Check { plan: self, responders, channels };
        let told = |person: &&PersonId| self.chain.steps.iter().any(|step| check.may_tell(step, person));
        let mut seen = BTreeSet::new();
        responders.iter().filter(told).filter(|person| seen.insert(*person)).cloned().collect()
    }
}

struct Check<'c> {
    plan: &'c CallPlan,
    responders: &'c [PersonId],
    channels: &'c [ChannelId],
}

type Gap = (ScheduleId, Timestamp, Timestamp);

impl Check<'_> {
    /// Whether a person is a responder with a way that a step uses over a configured channel.
    fn has_way(&self, step: &Step, person: &PersonId) -> bool {
        let way = |contact: &Contact| step.ways(contact).any(|(channel, _)| self.channels.contains(channel));
        self.responders.contains(person) && self.plan.contact(person).is_some_and(way)
    }

    /// Whether a step tells a person at some time.
    fn may_tell(&self, step: &Step, person: &PersonId) -> bool {
        let meant = |tell: &Tell| match tell {
            Tell::Everyone => true,
            Tell::Person(one) => one == person,
            Tell::Schedule(id) => {
                self.plan.schedule(id).is_some_and(|found| found.people().any(|one| one == person))
            }
        };
        step.tell.iter().any(meant) && self.has_way(step, person)
    }

    /// Whether a step reaches somebody at all times.
    fn reaches(&self, step: &Step, gaps: &[Gap]) -> bool {
        step.tell.iter().any(|tell| match tell {
            Tell::Everyone => self.responders.iter().any(|person| self.has_way(step, person)),
            Tell::Person(person) => self.has_way(step, person),
            Tell::Schedule(id) => {
                let all = |person: &PersonId| self.has_way(step, person);
                let always = !gaps.iter().any(|(schedule, _, _)| schedule == id);
                always && self.plan.schedule(id).is_some_and(|found| found.people().all(all))
            }
        })
    }

    fn chain(&self, gaps: &[Gap], found: &mut BTreeSet<Warning>) {
        let steps = &self.plan.chain.steps;
        if !steps.first().is_some_and(|step| self.reaches(step, gaps)) {
            found.insert(Warning::FirstStep);
        }
        if !steps.iter().any(|step| step.tell.contains(&Tell::Everyone)) {
            found.insert(Warning::NeverEveryone);
        }
    }

    fn gaps(&self, gaps: &[Gap], found: &mut BTreeSet<Warning>) {
        for schedule in self.plan.schedules() {
            let mut of = gaps.iter().filter(|(id, _, _)| *id == schedule.id);
            if let Some((_, from, until)) = of.next() {
                found.insert(Warning::Gap {
                    schedule: schedule.id.clone(),
                    from: *from,
                    until: *until,
                    gaps: 1 + of.count(),
                    time_zone: schedule.time_zone().to_owned(),
                });
            }
        }
    }

    fn responders(&self, found: &mut BTreeSet<Warning>) {
        let reachable = self.plan.reachable(self.responders, self.channels);
        for person in self.responders.iter().filter(|person| !reachable.contains(person)) {
            let person = person.clone();
            found.insert(match self.plan.contact(&person) {
                Some(_) => Warning::Unreached { person },
                None => Warning::NoContact { person },
            });
        }
    }

    fn contacts(&self, found: &mut BTreeSet<Warning>) {
        let mut known: BTreeMap<(&ChannelId, &str), &PersonId> = BTreeMap::new();
        for Contact { person, ways, .. } in self.plan.contacts() {
            if !self.responders.contains(person) {
                found.insert(Warning::NoResponder { person: person.clone() });
            }
            for (channel, address) in ways {
                if !self.channels.contains(channel) {
                    found.insert(Warning::NoChannel { person: person.clone(), channel: channel.clone() });
                }
                if let Some(one) = known.insert((channel, address), person) {
                    let (one, other) = (one.clone(), person.clone());
                    found.insert(Warning::SharedAddress { channel: channel.clone(), one, other });
                }
            }
        }
    }

    fn schedules(&self, found: &mut BTreeSet<Warning>) {
        for schedule in self.plan.schedules() {
            let told = Tell::Schedule(schedule.id.clone());
            if !self.plan.chain.steps.iter().any(|step| step.tell.contains(&told)) {
                found.insert(Warning::UnusedSchedule { schedule: schedule.id.clone() });
            }
            for person in schedule.people().filter(|person| !self.responders.contains(person)) {
                let (schedule, person) = (schedule.id.clone(), person.clone());
                found.insert(Warning::OnDutyNoResponder { schedule, person });
            }
        }
    }
}
