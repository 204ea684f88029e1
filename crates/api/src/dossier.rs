//! Dossiers on the wire: sealed bytes, never what is in them (G9). Who may open one is nobody's business but the responders'.

use serde::{Deserialize, Serialize};
use types::{Hash, PersonId, Timestamp};
use utoipa::ToSchema;

/// The largest sealed dossier, in bytes; in base64 it is a third longer.
pub const DOSSIER_BYTES_MAX: usize = 1024 * 1024 + 64 * 1024;

/// What somebody needs to seal the own dossier.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct DossierRecipients {
    /// The organisation's name, for the sealed text.
    pub organisation: String,
    /// age recipients, in their own order: they name nobody.
    pub recipients: Vec<String>,
    /// The number of the next revision, for the sealed text.
    pub revision: u32,
}

/// To hand in the own dossier.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDossier {
    /// Its number: the next one.
    pub revision: u32,
    /// To whom it was sealed: the hash of the list, for the reminder.
    #[schema(value_type = String)]
    pub readers: Hash,
    /// An age file, in base64.
    pub sealed: String,
}

/// The own dossier.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OwnDossier {
    /// The revisions on hand, oldest first.
    pub revisions: Vec<DossierRevision>,
    /// Whether it is time for a new one.
    pub due: bool,
    /// Why: `missing`, `old` (six months) or `readers` (others are to read it than it was sealed to).
    pub because: Option<String>,
    /// The sealed bytes of the newest, or of the one asked for by `?revision=`, in base64.
    pub sealed: Option<String>,
}

/// One revision.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct DossierRevision {
    /// Its number.
    pub revision: u32,
    /// When it was handed in.
    #[schema(value_type = String, format = DateTime)]
    pub kept_at: Timestamp,
}

/// To open the dossier of a person whom an incident concerns.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenDossier {
    /// Which revision; the newest if absent.
    #[serde(default)]
    pub revision: Option<u32>,
}

/// A dossier for a responder.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct DossierForResponder {
    /// Whose.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// The organisation's name, to be compared with the sealed text.
    pub organisation: String,
    /// The revisions on hand, oldest first.
    pub revisions: Vec<DossierHistory>,
    /// The one asked for; and when that was handed in by somebody who may not have been free, the newest before it that was not.
    pub packets: Vec<SealedDossier>,
}

/// One revision, as responders see it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct DossierHistory {
    /// Its number.
    pub revision: u32,
    /// When it was handed in.
    #[schema(value_type = String, format = DateTime)]
    pub kept_at: Timestamp,
    /// Whether its owner was free when handing it in, as far as is known.
    pub free: bool,
}

/// Sealed bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SealedDossier {
    /// Which revision.
    pub revision: u32,
    /// An age file, in base64.
    pub sealed: String,
}
