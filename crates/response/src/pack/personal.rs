//! The little of an opened dossier that may go to the police: name, addresses, telephones, vehicles. There is no field for anything else (G9).

use serde::{Deserialize, Serialize};
use types::PersonId;

use super::PackError;
use crate::facts::Facts;

/// The longest text, in bytes.
pub const PERSONAL_TEXT_BYTES_MAX: usize = 300;
/// The most values of one kind.
pub const PERSONAL_VALUES_MAX: usize = 20;

/// What a responder adds by hand.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Personal {
    /// The people concerned.
    #[serde(default)]
    pub people: Vec<PersonData>,
    /// Responders whom the police may call.
    #[serde(default)]
    pub contacts: Vec<ContactData>,
}

/// Of a person concerned.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonData {
    /// Who, by pseudonym.
    pub person: PersonId,
    /// The name.
    #[serde(default)]
    pub name: Option<String>,
    /// Addresses, one line each.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Telephone numbers.
    #[serde(default)]
    pub telephones: Vec<String>,
    /// Vehicles, with their plates.
    #[serde(default)]
    pub vehicles: Vec<String>,
}

/// Of a responder.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactData {
    /// Who, by pseudonym.
    pub person: PersonId,
    /// The name.
    pub name: String,
    /// The number.
    pub telephone: String,
}

macro_rules! hidden {
    ($($name:ident)+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}
hidden! { Personal PersonData ContactData }

impl Personal {
    /// Plain, bounded, and of nobody but those concerned and those who lead.
    pub(super) fn check(&self, facts: &Facts) -> Result<(), PackError> {
        for data in &self.people {
            let of_incident = facts.subjects.iter().any(|subject| subject.person == data.person)
                || facts.callers.iter().any(|caller| caller.as_str() == data.person.as_str());
            if !of_incident {
                return Err(PackError::Stranger(data.person.clone()));
            }
            if !data.is_plain() {
                return Err(PackError::Personal(data.person.clone()));
            }
        }
        for data in &self.contacts {
            if !facts.contacts.iter().any(|contact| contact.person == data.person) {
                return Err(PackError::Stranger(data.person.clone()));
            }
            if !is_plain(&data.name) || !is_plain(&data.telephone) {
                return Err(PackError::Personal(data.person.clone()));
            }
        }
        Ok(())
    }

    pub(super) fn person(&self, person: &str) -> Option<&PersonData> {
        self.people.iter().find(|data| data.person.as_str() == person)
    }

    pub(super) fn contact(&self, person: &PersonId) -> Option<&ContactData> {
        self.contacts.iter().find(|data| data.person == *person)
    }
}

impl PersonData {
    fn is_plain(&self) -> bool {
        let lists = [&self.addresses, &self.telephones, &self.vehicles];
        lists.iter().all(|list| list.len() <= PERSONAL_VALUES_MAX && list.iter().all(|text| is_plain(text)))
            && self.name.as_deref().is_none_or(is_plain)
    }
}

fn is_plain(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= PERSONAL_TEXT_BYTES_MAX && !text.chars().any(char::is_control)
}
