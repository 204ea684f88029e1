//! Somebody with a device key before a server: one phrase for each act, from the terminal only.
//!
//! Called by the commands that ask a running server.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use api::{Accepted, SessionGrant, SignIn};
use clap::Args;
use credentials::{DeviceKey, KEY_FILE_BYTES_MAX, KeyFile, KeyKind};
use serde::Serialize;
use server::entropy::{Entropy, SystemEntropy};
use ureq::http::Method;
use zeroize::Zeroizing;

use crate::client::{Answer, Client, Endpoint, Signing};
use crate::language::{Language, pick};

/// Who asks whom.
#[derive(Args, Debug)]
pub struct Connection {
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8087")]
    pub server: String,
    /// Your device key
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Somebody with a device key.
pub struct Caller {
    client: Client,
    key: KeyFile,
    language: Language,
}

impl Caller {
    /// With a key from a file.
    pub fn open(connection: &Connection, language: Language) -> Result<Self> {
        let client = Client::new(&connection.server, pick(language, "en", "fr"));
        Ok(Self { client, key: read_key(&connection.key)?, language })
    }

    /// Whose key it is.
    pub const fn name(&self) -> &types::ActorId {
        &self.key.person
    }

    /// The device key, for what is signed offline.
    pub const fn device(&self) -> &DeviceKey {
        &self.key.key
    }

    /// One act, one phrase. Services have none.
    pub fn send<C: Serialize>(&self, path: &str, command: &C) -> Result<Answer> {
        self.command(Method::POST, path, command)
    }

    /// The same, for what takes the place of what is there.
    pub fn put<C: Serialize>(&self, path: &str, command: &C) -> Result<Answer> {
        self.command(Method::PUT, path, command)
    }

    fn command<C: Serialize>(&self, method: Method, path: &str, command: &C) -> Result<Answer> {
        let phrase = self.phrase()?;
        let signing = Signing { key: &self.key, phrase: phrase.as_deref().map(String::as_str) };
        let idempotency_key = &hex::encode(SystemEntropy.draw());
        self.client.command(&signing, Endpoint { method, path, idempotency_key }, command)
    }

    fn phrase(&self) -> Result<Option<Zeroizing<String>>> {
        if self.key.kind != KeyKind::Person {
            return Ok(None);
        }
        // From the terminal itself, never from an argument, a variable or a pipe.
        let prompt = format!("{}: ", pick(self.language, "Your phrase", "Votre phrase"));
        let typed = rpassword::prompt_password(prompt).context("the phrase is read from a terminal only")?;
        Ok(Some(Zeroizing::new(typed)))
    }

    /// Reads something, after a sign-in.
    pub fn read(&self, path: &str) -> Result<Answer> {
        self.sign_in()?.read(path)
    }

    /// Signs in, to read several things with one phrase.
    pub fn sign_in(&self) -> Result<Session> {
        let grant: SessionGrant = self.send("/v1/session", &SignIn::default())?.read()?;
        Ok(Session { client: self.client.clone(), token: grant.token })
    }
}

/// Somebody who has signed in and reads.
pub struct Session {
    client: Client,
    token: String,
}

impl Session {
    /// Reads something.
    pub fn read(&self, path: &str) -> Result<Answer> {
        self.client.get(path, Some(&self.token))
    }
}

fn read_key(path: &Path) -> Result<KeyFile> {
    let file = std::fs::File::open(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    let mut text = Zeroizing::new(String::new());
    file.take(KEY_FILE_BYTES_MAX as u64 + 1).read_to_string(&mut text)?;
    KeyFile::parse(&text).with_context(|| format!("`{}` is not a device key", path.display()))
}

/// Sends an act and says what came of it.
pub fn act<C: Serialize>(
    connection: &Connection,
    path: &str,
    command: &C,
    language: Language,
    out: &mut dyn Write,
) -> Result<u8> {
    let caller = Caller::open(connection, language)?;
    report(&caller.send(path, command)?, connection, language, out)
}

/// Says what came of an act.
pub fn report(
    answer: &Answer,
    connection: &Connection,
    language: Language,
    out: &mut dyn Write,
) -> Result<u8> {
    if connection.json {
        writeln!(out, "{}", answer.body.trim_end())?;
        return Ok(u8::from(!answer.is_success()));
    }
    let accepted: Accepted = answer.read()?;
    let done = pick(language, "done", "fait");
    match (accepted.transfer.or(accepted.motion), accepted.stop) {
        (Some(made), _) => writeln!(out, "{done}: {made}")?,
        (_, Some(stop)) => writeln!(out, "{done}: {} {stop}", pick(language, "stop", "arrêt"))?,
        _ => writeln!(out, "{done}")?,
    }
    Ok(0)
}
