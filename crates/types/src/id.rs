//! Names of people, places, vaults and rules. A name is parsed once; two kinds of name cannot be mixed up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use thiserror::Error;

/// The longest name, in bytes.
pub const ID_LENGTH_MAX: usize = 64;

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{given}` is not a name: use 1 to {ID_LENGTH_MAX} letters, digits, `-`, `_` or `.`, starting with a letter or digit"
)]
pub struct ParseIdError {
    given: String,
}

fn parse_name(text: &str) -> Result<SmolStr, ParseIdError> {
    let mut chars = text.chars();
    let first_ok = chars.next().is_some_and(|c| c.is_ascii_alphanumeric());
    let rest_ok = chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if first_ok && rest_ok && text.len() <= ID_LENGTH_MAX {
        Ok(SmolStr::new(text))
    } else {
        Err(ParseIdError { given: text.chars().take(ID_LENGTH_MAX).collect() })
    }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "SmolStr", into = "SmolStr")]
        pub struct $name(SmolStr);

        impl $name {
            /// Parses a name.
            ///
            /// # Errors
            /// When the text is empty, too long, or has a character that names do not use.
            pub fn parse(text: &str) -> Result<Self, ParseIdError> {
                parse_name(text).map(Self)
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl TryFrom<SmolStr> for $name {
            type Error = ParseIdError;
            fn try_from(text: SmolStr) -> Result<Self, ParseIdError> {
                Self::parse(text.as_str())
            }
        }

        impl From<$name> for SmolStr {
            fn from(name: $name) -> SmolStr {
                name.0
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                Self::parse(text)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.as_str())
            }
        }
    )+};
}

names! {
    /// A person with a credential, known inside by a pseudonym.
    PersonId,
    /// A program with its own identity: may submit, never approves.
    ServiceId,
    /// Whoever submits: the name of a person or of a service (one name space; a policy with the same name twice is refused).
    ActorId,
    /// A relative or colleague without authority.
    ProtectedId,
    /// Where people can be taken together.
    PlaceId,
    /// A group of people and services.
    GroupId,
    /// An account that holds assets.
    VaultId,
    /// A signing key of a person.
    KeyId,
    /// A permit rule.
    PermitId,
    /// A limit rule.
    LimitId,
    /// A forbid rule.
    ForbidId,
    /// A destination that the policy knows by name.
    DestinationId,
    /// A list of destinations.
    ListId,
    /// An alarm channel.
    ChannelId,
    /// An alarm panel or another system that raises alarms.
    PanelId,
    /// A schedule of those who are on duty.
    ScheduleId,
}

impl From<PersonId> for ActorId {
    fn from(person: PersonId) -> Self {
        Self(person.0)
    }
}

impl From<ServiceId> for ActorId {
    fn from(service: ServiceId) -> Self {
        Self(service.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_length_and_an_alphabet() {
        assert!(PersonId::parse("alice").is_ok());
        assert!(PersonId::parse("a.b-c_d9").is_ok());
        for bad in ["", "-a", "a b", "é", &"x".repeat(ID_LENGTH_MAX + 1), "a\n", "a:b"] {
            assert!(PersonId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_are_checked_when_deserialised() {
        assert!(serde_json::from_str::<VaultId>("\"hot\"").is_ok());
        assert!(serde_json::from_str::<VaultId>("\"not a name\"").is_err());
    }
}
