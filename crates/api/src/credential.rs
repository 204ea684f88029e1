//! Credentials on the wire: a further device, another phrase, a replacement, and taking them away (G5, G9).
//!
//! Everything but taking away is a motion: others agree, it waits, anyone ends it. The fingerprint is what the person concerned reads
//! out over the telephone before anybody endorses.

use serde::{Deserialize, Serialize};
use types::{ActorId, Hash, Timestamp};
use utoipa::ToSchema;

/// The public half of a device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub enum NewDevice {
    /// An Ed25519 key: 64 hexadecimal digits.
    Key(String),
    /// A passkey of a browser.
    Passkey(crate::NewPasskey),
}

/// The list that a phrase is drawn from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PhraseLanguage {
    /// English.
    En,
    /// French.
    Fr,
}

/// To ask for another phrase of one's own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePhrase {
    /// Which list it is drawn from.
    pub language: PhraseLanguage,
}

/// A phrase that was drawn: shown now and never again. It takes the place of the old one when the motion is in force, not before.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewPhrase {
    /// The three words.
    #[schema(value_type = String, example = "orange zebra stone")]
    pub phrase: crate::PhraseText,
    /// The motion that brings it; none for an enrolment, which somebody else proposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub motion: Option<Hash>,
    /// What to read out when somebody calls.
    pub fingerprint: String,
}

/// To ask for a further device of one's own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddDevice {
    /// It.
    pub device: NewDevice,
}

/// To take one's own devices away, at once.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeDevices {
    /// Which; all of them where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub device: Option<Hash>,
}

/// To propose that somebody's devices can do nothing but stop any more. In force when somebody of another home agrees.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeRevocation {}

/// To open an enrolment for somebody who is new, or has lost everything.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenEnrolment {}

/// An enrolment that waits for its person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Enrolment {
    /// To be handed over in person. Good once.
    pub code: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// The person's own part of an enrolment, on their own device and with nobody else in the room.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Enrol {
    /// What was handed over.
    pub code: String,
    /// Who enrols.
    #[schema(value_type = String)]
    pub actor: ActorId,
    /// The device.
    pub device: NewDevice,
    /// Which list the phrase is drawn from.
    pub language: PhraseLanguage,
}

/// To propose the credential that an enrolment made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeCredential {
    /// The enrolment's code.
    pub code: String,
}

/// A proposal about somebody's credential.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CredentialProposal {
    /// Whose.
    #[schema(value_type = String)]
    pub of: ActorId,
    /// `device`, `phrase`, or `whole`: an enrolment or a replacement.
    pub kind: String,
    /// What the person concerned reads out when you call.
    pub fingerprint: String,
}

/// One's own device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeviceEntry {
    /// Its id.
    #[schema(value_type = String)]
    pub id: Hash,
    /// `key` or `passkey`.
    pub kind: String,
    /// Whether it can do nothing but stop any more.
    pub muted: bool,
}
