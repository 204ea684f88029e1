//! Who may read whose dossier: responders, never the person themself, those of the same home, nor relatives. Keeps G9.
//!
//! Called by `server` for the list that a sealer gets, by `overt` for the reminder, by `compare`: a new reader is a right gained.

use std::collections::BTreeSet;

use types::PersonId;

use crate::compare::is_kin;
use crate::model::Person;
use crate::policy::Policy;
use crate::recipient::Recipient;

impl Policy {
    /// Whether a person answers to alarms.
    pub(crate) fn is_responder(&self, person: &PersonId) -> bool {
        self.person_in_group(person, &self.response().responders)
    }

    /// The responders who may read a person's dossier, each with the recipients that count.
    pub(crate) fn readers<'p>(&'p self, subject: &'p Person) -> Vec<(&'p PersonId, Vec<&'p Recipient>)> {
        // A key that somebody near the person has as well is no stranger's.
        let near: BTreeSet<&Recipient> = self
            .people()
            .filter(|person| is_kin(subject, person))
            .flat_map(|person| &person.recipients)
            .collect();
        let readers =
            self.people().filter(|person| self.is_responder(&person.id) && !is_kin(subject, person));
        let with_keys = readers.map(|reader| {
            let counting = reader.recipients.iter().filter(|one| !near.contains(one));
            (&reader.id, counting.collect::<Vec<_>>())
        });
        with_keys.filter(|(_, recipients)| !recipients.is_empty()).collect()
    }

    /// To whom a person's dossier is sealed: in the recipients' own order, so that it names nobody.
    #[must_use]
    pub fn dossier_recipients(&self, person: &PersonId) -> BTreeSet<&Recipient> {
        let Some(subject) = self.person(person) else { return BTreeSet::new() };
        self.readers(subject).into_iter().flat_map(|(_, recipients)| recipients).collect()
    }
}
