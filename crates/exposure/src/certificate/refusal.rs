//! Why a certificate is not believed, and why none is made: a name for each reason, in English and French. Called by `rempart certificate`.

use std::fmt;

use policy::Language;
use thiserror::Error;
use types::Timestamp;

use super::{CERTIFICATE_BYTES_MAX, Figure, LIFETIME_MAX};
use crate::{Adversary, Assumption, BoundError};

/// A part of a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Algorithm, key and type.
    Header,
    /// What is signed.
    Statement,
    /// The signature.
    Signature,
}

/// Why a certificate is not believed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Longer than any certificate.
    TooLarge,
    /// Not three parts: cut off, or something else altogether.
    Parts(usize),
    /// A part is not base64url, or not of the right length.
    Encoding(Part),
    /// A part is not the JSON that is expected: a field is unknown, missing or there twice.
    Json {
        /// Which part.
        part: Part,
        /// What the reader says.
        message: String,
    },
    /// Signed in another way, or not at all.
    Algorithm(String),
    /// Another kind of statement.
    Type(String),
    /// Signed by another key than the one given.
    OtherKey(String),
    /// The signature does not belong to the text.
    Signature,
    /// A version of the statement that this program does not know.
    Version(u32),
    /// Figures are missing, repeated, of mixed kinds, or fall where they cannot.
    Figures,
    /// Valid for longer than a certificate may be.
    Lifetime,
    /// From the future.
    NotYet(Timestamp),
    /// Over.
    Expired(Timestamp),
}

impl Refusal {
    pub(super) fn json(part: Part, error: &serde_json::Error) -> Self {
        let message =
            error.to_string().chars().take(160).map(|c| if c.is_control() { '�' } else { c }).collect();
        Self::Json { part, message }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "certificate-too-large",
            Self::Parts(_) => "certificate-parts",
            Self::Encoding(_) => "certificate-encoding",
            Self::Json { .. } => "certificate-json",
            Self::Algorithm(_) => "certificate-algorithm",
            Self::Type(_) => "certificate-type",
            Self::OtherKey(_) => "certificate-other-key",
            Self::Signature => "certificate-signature",
            Self::Version(_) => "certificate-version",
            Self::Figures => "certificate-figures",
            Self::Lifetime => "certificate-lifetime",
            Self::NotYet(_) => "certificate-not-yet",
            Self::Expired(_) => "certificate-expired",
        }
    }

    /// The reason for people.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        match language {
            Language::En => self.english(),
            Language::Fr => self.french(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::TooLarge => format!("longer than {CERTIFICATE_BYTES_MAX} bytes: not a certificate"),
            Self::Parts(found) => {
                format!("{found} parts where a certificate has 3: it is cut off, or not a certificate")
            }
            Self::Encoding(part) => format!("{} is damaged: fetch the certificate again", part.english()),
            Self::Json { part, message } => format!("{} is not understood: {message}", part.english()),
            Self::Algorithm(found) => format!("signed with `{found}`: only `EdDSA` is believed"),
            Self::Type(found) => format!("a statement of type `{found}`, not a deterrence certificate"),
            Self::OtherKey(found) => format!(
                "signed with key `{found}`, not with the key given: fetch the organisation’s key anew, from a place you trust"
            ),
            Self::Signature => {
                "the signature does not fit what is said: somebody altered the certificate".to_owned()
            }
            Self::Version(found) => format!("a statement of version {found}: update this program"),
            Self::Figures => "figures are missing, repeated or contradict each other".to_owned(),
            Self::Lifetime => format!("valid for longer than {LIFETIME_MAX}: certificates must be renewed"),
            Self::NotYet(at) => format!("issued at {at}, in the future: check the clock"),
            Self::Expired(at) => format!("expired at {at}: ask for the current one"),
        }
    }

    fn french(&self) -> String {
        match self {
            Self::TooLarge => format!("plus de {CERTIFICATE_BYTES_MAX} octets : ce n’est pas un certificat"),
            Self::Parts(found) => {
                format!("{found} parties au lieu de 3 : certificat tronqué, ou autre chose qu’un certificat")
            }
            Self::Encoding(part) => {
                format!("{} est endommagé : récupérer à nouveau le certificat", part.french())
            }
            Self::Json { part, message } => format!("{} n’est pas compris : {message}", part.french()),
            Self::Algorithm(found) => format!("signé avec `{found}` : seul `EdDSA` est admis"),
            Self::Type(found) => {
                format!("une déclaration de type `{found}`, pas un certificat de dissuasion")
            }
            Self::OtherKey(found) => format!(
                "signé avec la clé `{found}`, pas avec celle donnée : reprendre la clé de l’organisation à une source sûre"
            ),
            Self::Signature => {
                "la signature ne correspond pas au texte : le certificat a été modifié".to_owned()
            }
            Self::Version(found) => format!("déclaration de version {found} : mettre ce programme à jour"),
            Self::Figures => "des chiffres manquent, se répètent ou se contredisent".to_owned(),
            Self::Lifetime => format!("valable plus de {LIFETIME_MAX} : un certificat doit être renouvelé"),
            Self::NotYet(at) => format!("émis le {at}, dans le futur : vérifier l’horloge"),
            Self::Expired(at) => format!("expiré depuis le {at} : demander le certificat actuel"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.english())
    }
}

impl std::error::Error for Refusal {}

impl Part {
    const fn english(self) -> &'static str {
        match self {
            Self::Header => "the header",
            Self::Statement => "the statement",
            Self::Signature => "the signature",
        }
    }

    const fn french(self) -> &'static str {
        match self {
            Self::Header => "l’en-tête",
            Self::Statement => "l’énoncé",
            Self::Signature => "le champ de signature",
        }
    }
}

/// A figure above the threshold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Excess {
    /// What is taken.
    pub adversary: Adversary,
    /// What would be lost, to the next round figure above.
    pub figure: Figure,
}

/// Why no certificate is made.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum MakeRefusal {
    /// There is no bound.
    #[error(transparent)]
    Bound(#[from] BoundError),
    /// The bound rests on something that nobody knows.
    #[error("the figures rest on assumptions: {}", list(.0))]
    Assumes(Vec<Assumption>),
    /// Nothing is held, so that there is no share of it.
    #[error("the vaults hold nothing: add `balance` to them")]
    NothingHeld,
    /// Too much would be lost.
    #[error("{} figures are above the threshold", .0.len())]
    Above(Vec<Excess>),
    /// No time at all, or too long a time.
    #[error("a certificate is valid for 1h at least and {LIFETIME_MAX} at most")]
    Lifetime,
    /// The version of the program does not fit into a statement.
    #[error("the program's version is not one that a certificate can name")]
    Version,
    /// Not representable.
    #[error("the sums of this policy are too large")]
    Overflow,
}

fn list(assumptions: &[Assumption]) -> String {
    assumptions.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl MakeRefusal {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Bound(_) => "certificate-no-bound",
            Self::Assumes(_) => "certificate-assumes",
            Self::NothingHeld => "certificate-nothing-held",
            Self::Above(_) => "certificate-above-threshold",
            Self::Lifetime => "certificate-lifetime",
            Self::Version => "certificate-version",
            Self::Overflow => "certificate-overflow",
        }
    }
}
