//! What the operator writes about panels and other systems: `[intake]`, `[[panel]]` and `[[cap]]` of `rempart.toml`.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;

use alarm::{WebhookPublicKey, WebhookTrust};
use covert::Whom;
use dc09::{Account, Key};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{PanelId, PersonId, PlaceId, Secret, Span};

use super::panels::{Panel, Panels, Source};

/// The most panels, and the most other systems.
pub const PANELS_MAX: usize = 256;
/// How long a panel may be silent, unless the settings say otherwise, in hours: panels that test themselves daily, and an hour.
const SUPERVISE_HOURS: u64 = 25;

/// `[intake]`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntakeSettings {
    /// Where panels connect, over TCP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dc09: Option<SocketAddr>,
    /// Where panels send, over UDP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dc09_udp: Option<SocketAddr>,
    /// How long a panel may be silent before responders are warned.
    pub supervise: Span,
}

impl Default for IntakeSettings {
    fn default() -> Self {
        Self { dc09: None, dc09_udp: None, supervise: Span::from_hours(SUPERVISE_HOURS) }
    }
}

/// `[[panel]]`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PanelSettings {
    /// Its name.
    pub id: PanelId,
    /// The account that it reports under: 3 to 16 hexadecimal digits.
    pub account: String,
    /// The file with its AES key: 32, 48 or 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// Whether it may speak in the clear. Then anybody on the way can raise its alarm.
    #[serde(default)]
    pub plain: bool,
    /// Everyone here is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceId>,
    /// This person is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// How long this one may be silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervise: Option<Span>,
}

/// `[[cap]]`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapSettings {
    /// Its name.
    pub id: PanelId,
    /// The file with the secret that it signs with, 32 bytes or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<String>,
    /// The public half of the Ed25519 key that it signs with, `whpk_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Everyone here is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceId>,
    /// This person is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
}

/// Why a panel or another system cannot be listened to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IntakeError {
    /// A file that it names.
    #[error("panel `{panel}`: `{file}` cannot be read: {why}")]
    File {
        /// Whose.
        panel: PanelId,
        /// As the settings name it.
        file: String,
        /// The system's reason.
        why: String,
    },
    /// A setting that does not do.
    #[error("panel `{0}`: {1}")]
    Setting(PanelId, &'static str),
    /// Two with one name.
    #[error("two panels or systems have the id `{0}`: each needs its own")]
    SameId(PanelId),
    /// Two with one account.
    #[error("panel `{0}` has the account of another: each needs its own")]
    SameAccount(PanelId),
    /// Too many.
    #[error("more than {PANELS_MAX} panels or systems: remove some")]
    TooMany,
}

impl IntakeError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "panel-file",
            Self::Setting(..) | Self::SameId(_) | Self::SameAccount(_) | Self::TooMany => "panel-config",
        }
    }
}

/// Gives the content of a file that the settings name.
type Read<'a> = &'a dyn Fn(&str) -> io::Result<Vec<u8>>;

impl Panels {
    /// From the settings and the files that they name. Listens to nothing yet.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub fn open(
        intake: &IntakeSettings,
        panels: &[PanelSettings],
        caps: &[CapSettings],
        read: Read<'_>,
    ) -> Result<Self, IntakeError> {
        if panels.len() > PANELS_MAX || caps.len() > PANELS_MAX {
            return Err(IntakeError::TooMany);
        }
        let mut ids = BTreeSet::new();
        for id in panels.iter().map(|panel| &panel.id).chain(caps.iter().map(|cap| &cap.id)) {
            if !ids.insert(id) {
                return Err(IntakeError::SameId(id.clone()));
            }
        }
        let mut opened = Self::default();
        for settings in panels {
            let panel = open_panel(intake, settings, read)?;
            if opened.by_account(&panel.account).is_some() {
                return Err(IntakeError::SameAccount(settings.id.clone()));
            }
            opened.add_panel(panel);
        }
        for settings in caps {
            opened.add_source(open_source(settings, read)?);
        }
        Ok(opened)
    }
}

fn open_panel(
    intake: &IntakeSettings,
    settings: &PanelSettings,
    read: Read<'_>,
) -> Result<Panel, IntakeError> {
    let wrong = |what| IntakeError::Setting(settings.id.clone(), what);
    let account = Account::parse(&settings.account)
        .ok_or_else(|| wrong("`account` must be 3 to 16 hexadecimal digits"))?;
    let key = match (&settings.key_file, settings.plain) {
        (Some(file), false) => {
            let content = contents(&settings.id, file, read)?;
            let key = Key::parse(content.reveal());
            Some(key.map_err(|_| {
                wrong("`key_file` must hold 32, 48 or 64 hexadecimal digits: the panel's AES key")
            })?)
        }
        (None, true) => None,
        (Some(_), true) => return Err(wrong("`plain = true` and a `key_file` exclude each other")),
        (None, false) => {
            return Err(wrong("name a `key_file`, or write `plain = true` if the panel cannot encrypt"));
        }
    };
    let whom = whom(&settings.id, settings.place.as_ref(), settings.person.as_ref())?;
    let supervise = settings.supervise.unwrap_or(intake.supervise);
    Ok(Panel::new(settings.id.clone(), account, key, whom, supervise))
}

fn open_source(settings: &CapSettings, read: Read<'_>) -> Result<Source, IntakeError> {
    let wrong = |what| IntakeError::Setting(settings.id.clone(), what);
    let secret = match &settings.secret_file {
        None => None,
        Some(file) => {
            let content = contents(&settings.id, file, read)?;
            let secret = alarm::parse_secret(content.reveal());
            Some(secret.ok_or_else(|| {
                wrong("`secret_file` must hold 32 to 1024 bytes: write 64 random hexadecimal digits into it")
            })?)
        }
    };
    let key = settings.key.as_deref().map(|key| {
        WebhookPublicKey::parse(key).ok_or_else(|| wrong("`key` must be an Ed25519 public key, `whpk_…`"))
    });
    let key = key.transpose()?;
    if secret.is_none() && key.is_none() {
        return Err(wrong("name a `secret_file`, a `key` or both: a message must be signed"));
    }
    let whom = whom(&settings.id, settings.place.as_ref(), settings.person.as_ref())?;
    Ok(Source::new(settings.id.clone(), WebhookTrust { secret, key }, whom))
}

fn whom(id: &PanelId, place: Option<&PlaceId>, person: Option<&PersonId>) -> Result<Whom, IntakeError> {
    match (place, person) {
        (Some(place), None) => Ok(Whom::Place(place.clone())),
        (None, Some(person)) => Ok(Whom::Person(person.clone())),
        _ => Err(IntakeError::Setting(id.clone(), "name a `place` or a `person`, and not both")),
    }
}

fn contents(id: &PanelId, file: &str, read: Read<'_>) -> Result<Secret<Vec<u8>>, IntakeError> {
    read(file).map(Secret::new).map_err(|error| IntakeError::File {
        panel: id.clone(),
        file: file.to_owned(),
        why: error.to_string(),
    })
}
