//! The server's settings, `rempart.toml` in its data folder: where it listens, whom it alarms, whose feeds it believes. Not policy: nothing
//! here can loosen a rule.
//!
//! Called by `rempart serve`. Unknown keys are errors.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use alarm::{Channel, ChannelConfig, Inbound};
use credentials::DevicePublic;
use passkey::{RelyingParty, RelyingPartyError};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::ActorId;

use crate::follow::Following;
use crate::intake::{CapSettings, IntakeError, IntakeSettings, MailReplies, PanelSettings, Panels, Replies};
use crate::pages::AlarmTexts;
use crate::push::PushSettings;

/// The name of the file.
pub const CONFIG_FILE: &str = "rempart.toml";
/// The most alarm channels.
pub const CHANNELS_MAX: usize = 16;
/// The most feeds.
pub const FEEDS_MAX: usize = 64;
/// The most hosts of push services.
pub const PUSH_HOSTS_MAX: usize = 32;
/// Where subscriptions of browsers are kept, in the data folder.
const PUSH_FILE: &str = "push.json";
/// How many independent channels there should be (G8).
pub const CHANNELS_WANTED: usize = 2;
/// How many records come between two snapshots, unless the settings say otherwise.
pub const SNAPSHOT_EVERY: u64 = 100_000;
/// How many records come between two checkpoints, unless the settings say otherwise.
pub const CHECKPOINT_EVERY: u64 = 10_000;

const PORT: u16 = 8087;

/// The server's settings.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the API listens.
    pub listen: SocketAddr,
    /// The address under which responders reach this server, for links in alarms; `http://` and the listen address if absent.
    pub public_url: Option<String>,
    /// How alarms leave the building.
    #[serde(rename = "channel")]
    pub channels: Vec<ChannelConfig>,
    /// Public keys of feeds of prices and of the chain, by the feed's name.
    #[serde(rename = "feed")]
    pub feeds: BTreeMap<ActorId, DevicePublic>,
    /// Where the chain is looked at, one for each network.
    #[serde(rename = "chain")]
    pub chains: Vec<ChainSettings>,
    /// Records between two snapshots.
    pub snapshot_every: u64,
    /// Records between two checkpoints.
    pub checkpoint_every: u64,
    /// What the page of protected people says.
    pub alarm_page: AlarmTexts,
    /// Where panels connect.
    pub intake: IntakeSettings,
    /// Alarm panels.
    #[serde(rename = "panel")]
    pub panels: Vec<PanelSettings>,
    /// Other systems that send CAP messages.
    #[serde(rename = "cap")]
    pub caps: Vec<CapSettings>,
    /// Where replies to alarms by mail come from; without it none are heard.
    pub mail_replies: Option<MailReplySettings>,
    /// The site for which passkeys hold; `localhost` if absent.
    pub passkeys: Option<PasskeySettings>,
    /// How browsers are woken.
    pub push: PushConfig,
}

/// How browsers are woken.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PushConfig {
    /// Hosts of push services that may be asked instead of those of the usual browsers; none switches it off. `*.` stands for what is below.
    pub hosts: Option<Vec<String>>,
    /// Whom a push service may turn to, `mailto:` or `https:`; the public address of this server if absent.
    pub contact: Option<String>,
    /// Whether a push service may be inside the network, or on this machine without TLS.
    pub allow_private: bool,
    /// A file with certificates (PEM) to trust for push services instead of the public authorities.
    pub ca_file: Option<String>,
}

/// Where replies by mail come from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailReplySettings {
    /// The channel whose mails are replied to.
    pub channel: types::ChannelId,
    /// The file with the secret by which the mail gateway signs, 32 bytes or more.
    pub secret_file: String,
}

/// The site for which passkeys hold. Changing `id` makes every passkey that was registered useless.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeySettings {
    /// The domain: the pages' own, or one above it.
    pub id: String,
    /// Where the pages stand, such as `https://rempart.example`.
    pub origins: Vec<String>,
}

/// How one network is followed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainSettings {
    /// As a policy names it after `bitcoin:`.
    pub network: policy::Network,
    /// How many blocks make an output, or a payment, good.
    #[serde(default = "confirmations")]
    pub confirmations: u32,
    /// Seconds between two looks.
    #[serde(default = "every_seconds")]
    pub every_seconds: u64,
    /// One source, or two that must agree before value is released.
    #[serde(rename = "source")]
    pub sources: Vec<chain::ChainConfig>,
}

const fn confirmations() -> u32 {
    6
}

const fn every_seconds() -> u64 {
    30
}

impl ChainSettings {
    /// Makes the sources; nobody is asked yet.
    ///
    /// # Errors
    /// A source that cannot be made.
    pub fn open(&self) -> Result<Following, ConfigError> {
        let network = crate::coins::network_of(self.network);
        let list = self.sources.iter().map(chain::ChainConfig::open).collect::<Result<_, _>>()?;
        let sources = chain::Sources::new(network, list, chain::Agreement::for_network(network))?;
        let every = Duration::from_secs(self.every_seconds.max(1));
        Ok(Following { network: self.network, sources, confirmations: self.confirmations.max(1), every })
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
            public_url: None,
            channels: Vec::new(),
            feeds: BTreeMap::new(),
            chains: Vec::new(),
            mail_replies: None,
            passkeys: None,
            push: PushConfig::default(),
            snapshot_every: SNAPSHOT_EVERY,
            checkpoint_every: CHECKPOINT_EVERY,
            alarm_page: AlarmTexts::default(),
            intake: IntakeSettings::default(),
            panels: Vec::new(),
            caps: Vec::new(),
        }
    }
}

/// Why the settings cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("`{path}` cannot be read: {1}", path = .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    /// Not TOML, or keys or values that are not settings.
    #[error("`{path}`: {1}", path = .0.display())]
    Syntax(PathBuf, #[source] Box<toml::de::Error>),
    /// Out of bounds.
    #[error("`{path}`: {1}", path = .0.display())]
    Bounds(PathBuf, &'static str),
    /// Browsers would not offer passkeys.
    #[error("`{path}`: [passkeys]: {1}", path = .0.display())]
    Passkeys(PathBuf, #[source] RelyingPartyError),
    /// A channel that cannot be opened.
    #[error(transparent)]
    Channel(#[from] alarm::ConfigError),
    /// A panel or another system that cannot be listened to.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// A source of the chain that cannot be made.
    #[error(transparent)]
    Chain(#[from] chain::ConfigError),
}

impl ConfigError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Read(..) => "config-unreadable",
            Self::Syntax(..) => "config-syntax",
            Self::Bounds(..) => "config-bounds",
            Self::Passkeys(..) => "config-passkeys",
            Self::Channel(alarm::ConfigError::File { .. }) => "channel-file",
            Self::Channel(_) => "channel-config",
            Self::Intake(error) => error.code(),
            Self::Chain(error) => error.code(),
        }
    }
}

impl Config {
    /// Parses settings; `path` is for messages.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] or [`ConfigError::Bounds`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let config: Self =
            toml::from_str(text).map_err(|error| ConfigError::Syntax(path.to_owned(), Box::new(error)))?;
        config.check().map_err(|what| ConfigError::Bounds(path.to_owned(), what))?;
        config.relying_party(PORT).map_err(|error| ConfigError::Passkeys(path.to_owned(), error))?;
        Ok(config)
    }

    /// Loads the settings of a data folder; the defaults when there is no file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(folder: &Path) -> Result<Self, ConfigError> {
        let path = folder.join(CONFIG_FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(ConfigError::Read(path, error)),
        }
    }

    fn check(&self) -> Result<(), &'static str> {
        let mut names: Vec<&str> = self.channels.iter().map(|channel| channel.id().as_str()).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() != self.channels.len() {
            return Err("two channels have the same `id`: each needs its own");
        }
        if self.channels.len() > CHANNELS_MAX {
            return Err("more than 16 channels: remove some");
        }
        if self.feeds.len() > FEEDS_MAX {
            return Err("more than 64 feeds: remove some");
        }
        let mut networks: Vec<policy::Network> = self.chains.iter().map(|chain| chain.network).collect();
        networks.sort_unstable();
        networks.dedup();
        if networks.len() != self.chains.len() {
            return Err("two `[[chain]]` tables have the same `network`: write both sources under one");
        }
        if self.push.hosts.as_ref().is_some_and(|hosts| hosts.len() > PUSH_HOSTS_MAX) {
            return Err("`[push]` names more than 32 hosts: remove some");
        }
        let is_contact = |text: &String| text.starts_with("mailto:") || text.starts_with("https://");
        if !self.push.contact.iter().all(is_contact) {
            return Err("`contact` of `[push]` begins with `mailto:` or `https://`");
        }
        if !self.alarm_page.is_sound() {
            return Err("each text of `[alarm_page]` has 1 to 300 bytes in `en` and in `fr`");
        }
        if self.snapshot_every == 0 || self.checkpoint_every == 0 {
            return Err("`snapshot_every` and `checkpoint_every` must be above zero");
        }
        Ok(())
    }

    /// Opens the channels; files that they name are looked for in the data folder.
    ///
    /// # Errors
    /// The first channel that cannot be opened.
    pub fn open_channels(
        &self,
        folder: &Path,
        replies: &Arc<Replies>,
    ) -> Result<Vec<Box<dyn Channel>>, ConfigError> {
        let read = |file: &str| std::fs::read(folder.join(file));
        let inbound: Arc<dyn Inbound> = Arc::<Replies>::clone(replies);
        self.channels.iter().map(|channel| Ok(channel.open_with(&read, Some(&inbound))?)).collect()
    }

    /// What is heard of people who reply to alarms; the file of the mail gateway's secret is looked for in the data folder.
    ///
    /// # Errors
    /// A secret that cannot be read or is too short.
    pub fn open_replies(&self, folder: &Path) -> Result<Replies, ConfigError> {
        let Some(settings) = &self.mail_replies else { return Ok(Replies::default()) };
        let path = folder.join(&settings.secret_file);
        let content = std::fs::read(&path).map_err(|error| ConfigError::Read(path.clone(), error))?;
        let short = ConfigError::Bounds(path, "the secret of the mail gateway has 32 to 1024 bytes");
        let trust = alarm::parse_secret(&content).ok_or(short)?.into();
        Ok(Replies::new(Some(MailReplies { channel: settings.channel.clone(), trust })))
    }

    /// Panels and other systems that may raise an alarm; files that they name are looked for in the data folder.
    ///
    /// # Errors
    /// The first one that cannot be listened to.
    pub fn open_panels(&self, folder: &Path) -> Result<Panels, ConfigError> {
        let read = |file: &str| std::fs::read(folder.join(file));
        Ok(Panels::open(&self.intake, &self.panels, &self.caps, &read)?)
    }

    /// How browsers are woken; the file of certificates is looked for in the data folder, and subscriptions are kept there.
    ///
    /// # Errors
    /// A file of certificates that cannot be read.
    pub fn open_push(&self, folder: &Path) -> Result<PushSettings, ConfigError> {
        let usual = PushSettings::default();
        let read = |file: &String| {
            let path = folder.join(file);
            std::fs::read(&path).map_err(|error| ConfigError::Read(path, error))
        };
        let public = self.public_url.clone().filter(|url| url.starts_with("https://"));
        Ok(PushSettings {
            file: Some(folder.join(PUSH_FILE)),
            hosts: self.push.hosts.clone().unwrap_or(usual.hosts),
            contact: self.push.contact.clone().or(public),
            allow_private: self.push.allow_private,
            authorities: self.push.ca_file.as_ref().map(read).transpose()?,
            ..PushSettings::default()
        })
    }

    /// How each network is followed.
    ///
    /// # Errors
    /// The first source that cannot be made.
    pub fn open_chains(&self) -> Result<Vec<Following>, ConfigError> {
        self.chains.iter().map(ChainSettings::open).collect()
    }

    /// The site for which passkeys hold, on a server that listens at this port.
    ///
    /// # Errors
    /// An id and origins that browsers would refuse.
    pub fn relying_party(&self, port: u16) -> Result<RelyingParty, RelyingPartyError> {
        let local = || Ok(RelyingParty::localhost(port));
        self.passkeys.as_ref().map_or_else(local, |own| RelyingParty::new(&own.id, &own.origins))
    }

    /// The address for links in alarms.
    #[must_use]
    pub fn link_base(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(Path::new(CONFIG_FILE), text)
    }

    const CHANNEL: &str = "[[channel]]\nid = \"centre\"\nkind = \"webhook\"\nurl = \"https://alarm.example/\"\nsecret_file = \"centre.secret\"\n";

    #[test]
    fn nothing_written_means_loopback_and_no_channel() {
        let config = parse("").unwrap();
        assert_eq!(config, Config::default());
        assert_eq!(config.listen.to_string(), "127.0.0.1:8087");
        assert_eq!(config.link_base(), "http://127.0.0.1:8087");
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else_is_tolerated() {
        let config = parse(&format!("listen = \"0.0.0.0:9\"\n{CHANNEL}")).unwrap();
        assert_eq!((config.channels.len(), config.listen.port()), (1, 9));
        assert_eq!(parse("listne = \"0.0.0.0:9\"").unwrap_err().code(), "config-syntax");
        assert_eq!(parse(&format!("{CHANNEL}{CHANNEL}")).unwrap_err().code(), "config-bounds");
        assert_eq!(parse("snapshot_every = 0").unwrap_err().code(), "config-bounds");
        let key = "11".repeat(31);
        assert_eq!(parse(&format!("[feed]\nprices = \"{key}\"")).unwrap_err().code(), "config-syntax");
    }

    #[test]
    fn passkeys_are_for_a_site_that_browsers_accept() {
        let site =
            |id: &str, origins: &str| parse(&format!("[passkeys]\nid = \"{id}\"\norigins = {origins}\n"));
        let own = parse("").unwrap().relying_party(9).unwrap();
        assert_eq!((own.id(), own.origins()), ("localhost", ["http://localhost:9".to_owned()].as_slice()));
        let good = site("example.org", "[\"https://rempart.example.org\"]").unwrap();
        assert_eq!(good.relying_party(9).unwrap().id(), "example.org");
        for (id, origins) in [
            ("example.org", "[\"https://example.com\"]"),
            ("example.org", "[\"http://example.org\"]"),
            ("example.org", "[\"https://example.org/\"]"),
            ("example.org", "[]"),
            ("192.0.2.1", "[\"https://192.0.2.1\"]"),
        ] {
            assert_eq!(site(id, origins).unwrap_err().code(), "config-passkeys", "{id} {origins}");
        }
        assert_eq!(parse("[passkeys]\nid = \"example.org\"").unwrap_err().code(), "config-syntax");
    }

    #[test]
    fn browsers_are_woken_over_the_services_that_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let open = |text: &str| parse(text).unwrap().open_push(folder.path()).unwrap();
        let usual = open("public_url = \"https://rempart.example\"");
        assert!(usual.hosts.contains(&"fcm.googleapis.com".to_owned()) && !usual.allow_private);
        assert_eq!(usual.contact.as_deref(), Some("https://rempart.example"));
        assert_eq!(open("").contact, None);
        assert_eq!(open("[push]\nhosts = []").hosts, Vec::<String>::new());
        assert_eq!(parse("[push]\ncontact = \"me\"").unwrap_err().code(), "config-bounds");
        assert_eq!(parse("[push]\nhost = []").unwrap_err().code(), "config-syntax");
        let missing = parse("[push]\nca_file = \"ca.pem\"").unwrap().open_push(folder.path());
        assert_eq!(missing.err().unwrap().code(), "config-unreadable");
    }

    #[test]
    fn a_network_has_one_or_two_sources() {
        let core = "[[chain.source]]\nkind = \"core\"\nurl = \"http://127.0.0.1:8332\"\ncookie = \"/c\"\n";
        let chain = "[[chain]]\nnetwork = \"mainnet\"\n";
        let config = parse(&format!("{chain}{core}")).unwrap();
        assert_eq!((config.chains[0].confirmations, config.chains[0].every_seconds), (6, 30));
        assert_eq!(config.open_chains().unwrap().len(), 1);
        let three = parse(&format!("{chain}{core}{core}{core}")).unwrap();
        assert!(three.open_chains().is_err());
        assert_eq!(parse(&format!("{chain}{core}{chain}{core}")).unwrap_err().code(), "config-bounds");
        assert_eq!(parse(&format!("{chain}confirm = 1\n{core}")).unwrap_err().code(), "config-syntax");
    }

    #[test]
    fn the_page_of_protected_people_says_what_is_written() {
        let title = "[alarm_page.title]\nen = \"Your parcel\"\nfr = \"Votre colis\"\n";
        let config = parse(title).unwrap();
        assert_eq!(config.alarm_page.title.fr, "Votre colis");
        assert_eq!(config.alarm_page.alarm, AlarmTexts::default().alarm);
        let long = title.replace("Your parcel", &"x".repeat(301));
        for bad in [title.replace("Your parcel", " "), long] {
            assert_eq!(parse(&bad).unwrap_err().code(), "config-bounds");
        }
        assert_eq!(parse(&title.replace("fr =", "de =")).unwrap_err().code(), "config-syntax");
    }

    #[test]
    fn a_channel_without_its_secret_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let config = parse(CHANNEL).unwrap();
        let error = config.open_channels(folder.path(), &Arc::default()).err().unwrap();
        assert_eq!(error.code(), "channel-file");
        std::fs::write(folder.path().join("centre.secret"), "ab".repeat(32)).unwrap();
        assert_eq!(config.open_channels(folder.path(), &Arc::default()).unwrap().len(), 1);
        std::fs::write(folder.path().join("centre.secret"), "short").unwrap();
        assert_eq!(
            config.open_channels(folder.path(), &Arc::default()).err().unwrap().code(),
            "channel-config"
        );
    }

    #[test]
    fn two_channels_by_one_host_are_one() {
        let second = CHANNEL.replace("centre", "other");
        let independent = |text: &str| alarm::independent(&parse(text).unwrap().channels);
        assert_eq!(independent(&format!("{CHANNEL}{second}")), 1);
        assert_eq!(independent(&format!("{CHANNEL}{}", second.replace("alarm.example", "b.example"))), 2);
        let mail = "[[channel]]\nid = \"mail\"\nkind = \"email\"\nhost = \"relay.example\"\nfrom = \"a@b.example\"\n";
        assert_eq!(independent(&format!("{CHANNEL}{mail}")), 2);
        assert_eq!(parse(&mail.replace("from", "form")).unwrap_err().code(), "config-syntax");
    }
}
