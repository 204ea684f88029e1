//! The data folder: where a server keeps its journal, secrets, co-signer key and settings. One folder, one organisation.
//!
//! Called by `init`, `enrol`, `serve` and the journal commands.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use journal::sqlite::Options;
use journal::{Journal, SqliteJournal};
use server::clock::SystemClock;
use server::config::Config;
use server::dispatch::{CALLS_FILE, HoldForOperator};
use server::engine::{Engine, Parts, Settings};
use server::entropy::{Entropy, SystemEntropy};
use server::keys::Secrets;
use signer::Signer;
use types::Secret;

use crate::language::{Language, pick};

/// Names the file with the co-signer's passphrase that systemd hands over (`LoadCredential=cosigner-passphrase:…`).
pub const CREDENTIAL: &str = "cosigner-passphrase";

/// A server's folder.
pub struct DataFolder(PathBuf);

impl DataFolder {
    /// The folder at a path, which need not exist yet.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The journal's file.
    pub fn journal(&self) -> PathBuf {
        self.0.join("journal.sqlite")
    }

    /// The folder of the server's secrets.
    pub fn secrets(&self) -> PathBuf {
        self.0.join("secrets")
    }

    /// The co-signer's encrypted key, or the file that names its token.
    pub fn cosigner(&self) -> PathBuf {
        self.0.join("cosigner.key")
    }

    /// Where the newest checkpoint is exported to.
    pub fn checkpoint(&self) -> PathBuf {
        self.0.join("checkpoint.txt")
    }

    /// The settings.
    pub fn config(&self) -> Result<Config> {
        Ok(Config::load(&self.0)?)
    }

    /// Opens everything and starts the engine on it.
    pub fn start(&self, passphrase: Option<&Path>) -> Result<(Engine, Config)> {
        let config = self.config()?;
        Secrets::complete(&self.secrets(), &SystemEntropy).context("a secret cannot be made")?;
        let secrets = Secrets::load(&self.secrets()).context("the secrets cannot be loaded")?;
        let signer = signer::open(&self.cosigner(), &passphrase_for(passphrase)?)?;
        let engine = self.start_with(&config, secrets, Arc::from(signer))?;
        Ok((engine, config))
    }

    /// Starts the engine with parts that are open already.
    pub fn start_with(&self, config: &Config, secrets: Secrets, signer: Arc<dyn Signer>) -> Result<Engine> {
        let journal: Box<dyn Journal> = Box::new(SqliteJournal::open(&self.journal(), Options::default())?);
        let replies = Arc::new(config.open_replies(&self.0)?);
        let settings = Settings {
            snapshot_every: config.snapshot_every,
            checkpoint_every: config.checkpoint_every,
            checkpoint_file: Some(self.checkpoint()),
            exposure_file: Some(self.0.join("exposure.jsonl")),
            journal_file: Some(self.journal()),
            procedures_file: Some(self.0.join(response::PROCEDURES_FILE)),
            push: config.open_push(&self.0)?,
            link_base: config.link_base(),
            calls_file: Some(self.0.join(CALLS_FILE)),
            independent_channels: Some(alarm::independent(&config.channels)),
            panels: Arc::new(config.open_panels(&self.0)?),
            replies: Arc::clone(&replies),
            ..Settings::default()
        };
        let parts = Parts {
            journal,
            secrets: Arc::new(secrets),
            clock: Arc::new(SystemClock::new(SystemEntropy.draw())),
            entropy: Arc::new(SystemEntropy),
            signer,
            broadcast: Arc::new(HoldForOperator),
            following: config.open_chains()?,
            channels: config.open_channels(&self.0, &replies)?,
            settings,
        };
        Ok(Engine::start(parts)?)
    }
}

/// The co-signer's passphrase: from a file, from systemd's credentials, or from the terminal; never from an argument.
pub fn passphrase_for(file: Option<&Path>) -> Result<Secret<String>> {
    passphrase_of(file, CREDENTIAL, "Passphrase of the co-signer's key: ")
}

/// A key's passphrase: from the file named here, by the environment or by systemd, or from the terminal.
pub fn passphrase_of(file: Option<&Path>, credential: &str, prompt: &str) -> Result<Secret<String>> {
    match signer::passphrase_place(file, credential, |name| std::env::var_os(name)) {
        Some(path) => Ok(signer::passphrase_from_file(&path)?),
        None => {
            let typed = rpassword::prompt_password(prompt)
                .context("no passphrase: give `--passphrase-file`, a systemd credential, or a terminal")?;
            Ok(Secret::new(typed))
        }
    }
}

/// The passphrase of a key that is being made, which a person types twice.
pub fn new_passphrase(
    file: Option<&Path>,
    credential: &str,
    prompt: &str,
    language: Language,
) -> Result<Secret<String>> {
    let first = passphrase_of(file, credential, prompt)?;
    let from_terminal = signer::passphrase_place(file, credential, |name| std::env::var_os(name)).is_none();
    if from_terminal {
        let again = rpassword::prompt_password(pick(language, "The same again: ", "Encore une fois : "))?;
        ensure!(again == *first.reveal(), "the two passphrases differ: start again");
    }
    Ok(first)
}
