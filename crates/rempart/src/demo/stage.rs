//! One stage of the demo: the real server on loopback, a real vault with real keys, a simulated clock and chain, clearly so named.
//!
//! Two stages made from the same seed are the same to the last byte, until what happens on them differs.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alarm::receiver::Receiver;
use alarm::{Channel, ChannelConfig, EmailSettings, MailTls, WebhookSettings};
use anyhow::{Context, Result, anyhow};
use bitcoin::Network;
use credentials::{Cost, DeviceKey, KeyFile, KeyKind, Language as Words, Phrase, Verifier};
use gate::{Ask, Command};
use journal::sqlite::Options;
use journal::{Journal, Origin, SqliteJournal, VerifyOptions, VerifyReport};
use overt::Command as Overt;
use policy::{Recipient, Source};
use server::clock::{Clock, SimulatedClock};
use server::dispatch::{Broadcast, BroadcastError, CALLS_FILE};
use server::engine::{Engine, Parts, Settings};
use server::entropy::{Entropy, SeededEntropy};
use server::http;
use server::keys::Secrets;
use signer::{FileSigner, KdfCost};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use types::{ActorId, ChannelId, Secret, Timestamp, hash_parts};
use vault::signing::AccountKey;

use crate::demo::chain::SimulatedChain;
use crate::demo::inbox::{Inbox, Mail};
use crate::language::{Language, pick};

/// The rules and the register of the start-up among the examples.
const RULES: &str = include_str!("../../../../examples/startup/rules.toml");
const REGISTER: &str = include_str!("../../../../examples/startup/register.toml");
/// Whose hardware keys spend from the treasury, together with the co-signer.
const MEMBERS: [(&str, &str); 3] = [("nora", "nora-hw"), ("omar", "omar-hw"), ("paula", "paula-hw")];
/// Who gets a credential: the treasurers, and two responders.
const ENROLLED: [&str; 5] = ["nora", "omar", "paula", "vera", "walid"];
/// Whom the call plan names.
const RESPONDERS: [&str; 3] = ["vera", "walid", "xenia"];
/// The name of the feed of prices and of the simulated chain.
const FEED: &str = "simulated-feed";
/// Two channels of different kinds, as G8 asks for: a signed webhook, and a mail to each responder.
pub const CENTRE: &str = "alarm-centre";
/// The second of them.
pub const MAIL: &str = "mail";
/// Each responder's address; the domain is among those kept for examples.
const MAIL_DOMAIN: &str = "atelier-nuage.example";
/// The Friday morning on which everything is set up, ten days before the Monday of the story.
pub const START: &str = "2026-11-13T09:00:00Z";
const PASSPHRASE: &str = "a passphrase for a key that protects nothing";

/// The chain, shared between the server that broadcasts to it and the demo that looks at it.
#[derive(Clone)]
pub struct SharedChain(Arc<Mutex<SimulatedChain>>);

impl SharedChain {
    /// The chain itself.
    pub fn lock(&self) -> MutexGuard<'_, SimulatedChain> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Broadcast for SharedChain {
    fn broadcast(&self, transaction: &[u8]) -> Result<(), BroadcastError> {
        let taken = self.lock().broadcast(transaction);
        taken.map(drop).map_err(|error| BroadcastError::Refused(format!("{error:#}")))
    }
}

/// Somebody on the stage: name, device, the true phrase, and a panic phrase that is as good as any other.
pub struct Actor {
    /// The device key.
    pub key: KeyFile,
    /// The three true words.
    pub phrase: String,
    /// Three other words.
    pub panic_phrase: String,
    /// The hardware key, for those who have one.
    pub member: Option<AccountKey>,
}

/// A running stage.
pub struct Stage {
    /// The engine behind the server.
    pub engine: Engine,
    /// The simulated clock.
    pub clock: Arc<SimulatedClock>,
    /// The simulated chain.
    pub chain: SharedChain,
    /// Where the server listens.
    pub url: String,
    /// The feed's key.
    pub feed: KeyFile,
    actors: Vec<Actor>,
    centre: Receiver,
    inbox: Inbox,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
    journal: std::path::PathBuf,
}

impl Stage {
    /// Sets a stage in a folder, from a seed; the first responder's key for dossiers goes into the register, the language into the mails.
    pub async fn set(seed: [u8; 32], folder: &Path, reader: &Recipient, language: Language) -> Result<Self> {
        let entropy = SeededEntropy::new(derive(seed, "engine"));
        let secrets = Secrets::in_memory(&SeededEntropy::new(derive(seed, "secrets")));
        let clock = Arc::new(SimulatedClock::new(Timestamp::parse(START)?, derive(seed, "boot")));
        let chain = SharedChain(Arc::new(Mutex::new(SimulatedChain::new())));
        let (centre, inbox) = (start_centre(seed, &clock)?, Inbox::start()?);
        let calls_file = folder.join(CALLS_FILE);
        std::fs::write(&calls_file, call_plan(language))?;
        let actors = ENROLLED.iter().map(|name| actor(seed, name)).collect::<Result<Vec<_>>>()?;
        let feed = key_file(seed, FEED, KeyKind::Feed)?;
        let journal = folder.join("journal.sqlite");
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port on loopback")?;
        let url = format!("http://{}", listener.local_addr()?);
        let settings = Settings {
            calls_file: Some(calls_file),
            link_base: url.clone(),
            journal_file: Some(journal.clone()),
            ..Settings::default()
        };
        let parts = Parts {
            journal: create_journal(&journal)?,
            secrets: Arc::new(secrets),
            clock: clock.clone(),
            entropy: Arc::new(entropy),
            signer: Arc::new(cosigner(seed, folder)?),
            broadcast: Arc::new(chain.clone()),
            following: Vec::new(),
            channels: vec![open_centre(seed, &centre)?, open_mail(&inbox)?],
            settings,
        };
        let engine = tokio::task::spawn_blocking(move || Engine::start(parts)).await??;
        found(&engine, &actors, reader).await?;
        for actor in &actors {
            enrol(&engine, seed, actor).await?;
        }
        let (stop, served) = serve(&engine, seed, &feed, listener)?;
        Ok(Self { engine, clock, chain, url, feed, actors, centre, inbox, stop, served, journal })
    }

    /// Somebody by name.
    pub fn actor(&self, name: &str) -> Result<&Actor> {
        let found = self.actors.iter().find(|actor| actor.key.person.as_str() == name);
        found.with_context(|| format!("`{name}` is not on the stage"))
    }

    /// Everybody on the stage.
    pub fn actors(&self) -> &[Actor] {
        &self.actors
    }

    /// How many alarms the receivers have believed; waits a little for those on their way.
    pub fn alarms(&self, longest: Duration) -> usize {
        let expected = self.engine.read(|state| state.covert().signals().count().min(1));
        let _in_time = self.centre.wait_for(expected, longest);
        self.centre.received().len() + self.inbox.mails().len()
    }

    /// What the alarm centre has received so far.
    pub fn messages(&self) -> usize {
        self.centre.received().len()
    }

    /// The mails so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.inbox.mails()
    }

    /// Where the console is: by a name for which passkeys hold.
    pub fn console(&self) -> String {
        self.url.replace("127.0.0.1", "localhost") + "/"
    }

    /// Ends the server and the engine, then verifies the journal.
    pub async fn strike(self) -> Result<VerifyReport> {
        // The server may have ended by itself; then there is nobody to tell.
        let _ = self.stop.send(());
        self.served.await??;
        self.engine.stop().await?;
        verify(&self.journal)
    }

    /// Verifies the journal while the server runs.
    pub fn verify(&self) -> Result<VerifyReport> {
        verify(&self.journal)
    }
}

fn verify(journal: &Path) -> Result<VerifyReport> {
    let mut journal = SqliteJournal::open_read_only(journal)?;
    Ok(journal.verify(&VerifyOptions::default())?)
}

fn derive(seed: [u8; 32], purpose: &str) -> [u8; 32] {
    hash_parts("rempart/demo/v1", &[&seed, purpose.as_bytes()]).0
}

fn key_file(seed: [u8; 32], name: &str, kind: KeyKind) -> Result<KeyFile> {
    let key = DeviceKey::from_entropy(derive(seed, &format!("device {name}")));
    Ok(KeyFile { person: ActorId::parse(name)?, kind, key })
}

fn actor(seed: [u8; 32], name: &str) -> Result<Actor> {
    let words = |purpose: &str| {
        Phrase::draw(Words::English, &derive(seed, &format!("{purpose} {name}"))).reveal_words().join(" ")
    };
    let is_member = MEMBERS.iter().any(|(member, _)| *member == name);
    Ok(Actor {
        key: key_file(seed, name, KeyKind::Person)?,
        phrase: words("phrase"),
        panic_phrase: words("panic"),
        member: is_member.then(|| member_key(seed, name)).transpose()?,
    })
}

fn member_key(seed: [u8; 32], name: &str) -> Result<AccountKey> {
    let drawn = Secret::new(derive(seed, &format!("hardware {name}")));
    Ok(AccountKey::from_seed(Network::Regtest, &drawn)?)
}

fn cosigner(seed: [u8; 32], folder: &Path) -> Result<FileSigner> {
    let passphrase = Secret::new(PASSPHRASE.to_owned());
    let drawn = Secret::new(derive(seed, "co-signer"));
    // The least cost: the passphrase stands in this file.
    Ok(FileSigner::create(
        &folder.join("cosigner.key"),
        Network::Regtest,
        &drawn,
        &passphrase,
        KdfCost::LEAST,
    )?)
}

fn create_journal(path: &Path) -> Result<Box<dyn Journal>> {
    let origin = Origin { organisation: "demo".to_owned(), created_at: Timestamp::parse(START)? };
    Ok(Box::new(SqliteJournal::create(path, &origin, Options::default())?))
}

/// Text, as a secret file has it: whatever is read from such a file loses white space at its end, and raw bytes may end in some.
fn channel_secret(seed: [u8; 32], name: &str) -> Secret<Vec<u8>> {
    Secret::new(hex::encode(derive(seed, name)).into_bytes())
}

fn start_centre(seed: [u8; 32], clock: &Arc<SimulatedClock>) -> Result<Receiver> {
    let clock = clock.clone();
    Ok(Receiver::start(channel_secret(seed, CENTRE), Arc::new(move || clock.moment_parts().0))?)
}

fn open_centre(seed: [u8; 32], centre: &Receiver) -> Result<Box<dyn Channel>> {
    let config = ChannelConfig::Webhook(WebhookSettings {
        id: ChannelId::parse(CENTRE)?,
        url: centre.url(),
        format: alarm::WebhookFormat::Json,
        secret_file: Some("secret".into()),
        key_file: None,
        allow_private: true,
        ca_file: None,
    });
    Ok(config.open(&|_| Ok(channel_secret(seed, CENTRE).reveal().clone()))?)
}

fn open_mail(inbox: &Inbox) -> Result<Box<dyn Channel>> {
    let config = ChannelConfig::Email(EmailSettings {
        id: ChannelId::parse(MAIL)?,
        host: "127.0.0.1".to_owned(),
        port: Some(inbox.port()),
        tls: MailTls::None,
        from: format!("Rempart <alarm@{MAIL_DOMAIN}>"),
        reply_to: None,
        user: None,
        password_file: None,
        allow_private: true,
        ca_file: None,
    });
    Ok(config.open(&|_| Ok(Vec::new()))?)
}

/// The address of a responder.
pub fn mail_address(name: &str) -> String {
    format!("{name}@{MAIL_DOMAIN}")
}

/// Everybody at once, every five minutes, by every way.
fn call_plan(language: Language) -> String {
    let language = pick(language, "en", "fr");
    let contact = |name: &str| {
        let address = mail_address(name);
        format!(
            "[[contact]]\nperson = \"{name}\"\nlanguage = \"{language}\"\nways = {{ {MAIL} = \"{address}\" }}\n"
        )
    };
    let contacts: String = RESPONDERS.into_iter().map(contact).collect();
    format!(
        "{contacts}[chain]\nrepeat = 3\nprogress = \"30m\"\n[[chain.steps]]\ntell = [\"everyone\"]\nwait = \"5m\"\n"
    )
}

/// The register of the example, in which the first responder has a key for dossiers.
fn register(reader: &Recipient) -> Result<String> {
    let (name, line) = (RESPONDERS[0], format!("recipients = [\"{reader}\"]\n"));
    let at = REGISTER.find(&format!("id = \"{name}\"\n")).context("the responder is not in the register")?;
    let (before, after) = REGISTER.split_at(at);
    Ok(format!("{before}{line}{after}"))
}

/// The example's policy, with the real public keys of this stage.
async fn found(engine: &Engine, actors: &[Actor], reader: &Recipient) -> Result<()> {
    let mut keys = String::from("# The public halves of the demo's hardware keys.\n");
    for (name, key) in MEMBERS {
        let actor = actors.iter().find(|actor| actor.key.person.as_str() == name);
        let member = actor.and_then(|actor| actor.member.as_ref()).context("a member without a key")?;
        keys.push_str(&format!("[[key]]\nid = \"{key}\"\nxpub = \"{}\"\n", member.public()));
    }
    let source = |name: &str, text: &str| Source { name: name.to_owned(), text: text.to_owned() };
    let sources = vec![
        source("rules.toml", RULES),
        source("register.toml", &register(reader)?),
        source("keys.toml", &keys),
    ];
    ask(engine, Overt::Found { sources }).await
}

async fn enrol(engine: &Engine, seed: [u8; 32], actor: &Actor) -> Result<()> {
    let name = actor.key.person.clone();
    let salt =
        derive(seed, &format!("salt {name}")).first_chunk().copied().context("a salt is half a hash")?;
    let phrase = Phrase::parse(&actor.phrase)?;
    let verifier = Verifier::make(&phrase, engine.secrets().pepper(), salt, Cost::PRODUCTION)?;
    let devices = vec![http::DeviceCredential::Key(actor.key.key.public())];
    let credential = http::encode_entry(&http::Entry { devices, verifier: Some(verifier) })?;
    ask(engine, Overt::Enrol { actor: name, credential }).await
}

async fn ask(engine: &Engine, command: Overt) -> Result<()> {
    let outcome = engine.run(Command::system(Ask::Overt(command))).await?;
    outcome.map(drop).map_err(|refusal| anyhow!(refusal))
}

type Served = (oneshot::Sender<()>, tokio::task::JoinHandle<std::io::Result<()>>);

fn serve(engine: &Engine, seed: [u8; 32], feed: &KeyFile, listener: TcpListener) -> Result<Served> {
    let settings = http::Settings {
        alarm_page: server::pages::AlarmPage::default(),
        phrase_cost: Cost::PRODUCTION,
        relying_party: passkey::RelyingParty::localhost(listener.local_addr()?.port()),
        feeds: [(feed.person.clone(), feed.key.public())].into(),
        entropy: Arc::new(SeededEntropy::new(derive(seed, "http"))) as Arc<dyn Entropy>,
    };
    let (stop, stopped) = oneshot::channel();
    let shutdown = async move {
        // A sender that is gone means that the demo has ended.
        let _ = stopped.await;
    };
    let served = tokio::spawn(http::serve(engine.clone(), settings, listener, shutdown));
    Ok((stop, served))
}
