//! `rempart credential …`: another phrase, a further device, a replacement, and taking devices away (G4, G5).
//!
//! Everything but taking away makes a motion, which others endorse with `rempart motion endorse` after a call in which the person concerned
//! reads out the fingerprint. A new phrase is shown once, by the same code as at `rempart enrol`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use api::{
    AddDevice, ChangePhrase, Enrol, Enrolment, NewDevice, NewPhrase, OpenEnrolment, PhraseLanguage,
    ProposeCredential, ProposeRevocation, RevokeDevices,
};
use clap::{Args, Subcommand};
use credentials::{DeviceKey, KeyFile, KeyKind, Phrase};
use server::entropy::{Entropy, SystemEntropy};
use types::{ActorId, Hash};

use crate::caller::{Caller, Connection, act, report};
use crate::client::{Answer, Client};
use crate::init::{show_phrase, write_key};
use crate::language::{Language, pick};

/// What to do with credentials.
#[derive(Subcommand, Debug)]
pub enum CredentialCommand {
    /// Have another phrase drawn for yourself; the old one works until the change is in force
    Phrase(OwnArgs),
    /// Make a further device key for yourself and propose it
    Device(DeviceArgs),
    /// Take your own devices away at once, or propose that somebody's can do nothing but stop
    Revoke(RevokeArgs),
    /// Open an enrolment for somebody who is new, or has lost everything
    Open(PersonArgs),
    /// Do your part of an enrolment, with the code that you were given
    Enrol(EnrolArgs),
    /// Propose the credential that an enrolment made
    Propose(ProposeArgs),
}

/// Oneself.
#[derive(Args, Debug)]
pub struct OwnArgs {
    #[command(flatten)]
    connection: Connection,
}

/// Arguments of `device`.
#[derive(Args, Debug)]
pub struct DeviceArgs {
    #[command(flatten)]
    connection: Connection,
    /// Where the new device key goes; the file must not exist
    #[arg(long, value_name = "FILE")]
    new_key: PathBuf,
}

/// Arguments of `revoke`.
#[derive(Args, Debug)]
pub struct RevokeArgs {
    #[command(flatten)]
    connection: Connection,
    /// One of your own devices; all of them where none is named
    #[arg(long, value_name = "ID", value_parser = Hash::parse, conflicts_with = "of")]
    device: Option<Hash>,
    /// Somebody else; in force when somebody of another home endorses it
    #[arg(long, value_name = "NAME", value_parser = ActorId::parse)]
    of: Option<ActorId>,
}

/// Somebody.
#[derive(Args, Debug)]
pub struct PersonArgs {
    #[command(flatten)]
    connection: Connection,
    /// The person or service
    #[arg(value_parser = ActorId::parse)]
    name: ActorId,
}

/// Arguments of `enrol`.
#[derive(Args, Debug)]
pub struct EnrolArgs {
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8087")]
    server: String,
    /// You
    #[arg(value_parser = ActorId::parse)]
    name: ActorId,
    /// What you were given
    #[arg(long)]
    code: String,
    /// Where your device key goes; the file must not exist
    #[arg(long, value_name = "FILE")]
    new_key: PathBuf,
    /// For a service, which has no phrase
    #[arg(long)]
    service: bool,
}

/// Arguments of `propose`.
#[derive(Args, Debug)]
pub struct ProposeArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// The code of the enrolment that you opened
    #[arg(long)]
    code: String,
}

/// Runs a command.
pub fn run(command: &CredentialCommand, language: Language, out: &mut dyn Write) -> Result<u8> {
    match command {
        CredentialCommand::Phrase(args) => phrase(args, language, out),
        CredentialCommand::Device(args) => device(args, language, out),
        CredentialCommand::Revoke(args) => revoke(args, language, out),
        CredentialCommand::Open(args) => open(args, language, out),
        CredentialCommand::Enrol(args) => enrol(args, language, out),
        CredentialCommand::Propose(args) => {
            let command = ProposeCredential { code: args.code.clone() };
            let path = format!("/v1/people/{}/credential", args.person.name);
            act(&args.person.connection, &path, &command, language, out)
        }
    }
}

const fn list_of(language: Language) -> PhraseLanguage {
    match language {
        Language::En => PhraseLanguage::En,
        Language::Fr => PhraseLanguage::Fr,
    }
}

fn phrase(args: &OwnArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let caller = Caller::open(&args.connection, language)?;
    let answer = caller.send("/v1/me/phrase", &ChangePhrase { language: list_of(language) })?;
    if args.connection.json {
        writeln!(out, "{}", answer.body.trim_end())?;
        return Ok(u8::from(!answer.is_success()));
    }
    let drawn = show(&answer, language, out)?;
    if let Some(motion) = drawn.motion {
        let waits = pick(
            language,
            "your old phrase is the true one until this motion is in force",
            "votre ancienne phrase reste la vraie jusqu'à ce que cette proposition prenne effet",
        );
        writeln!(out, "{waits}: {motion}")?;
    }
    Ok(0)
}

/// Shows a phrase once, and the fingerprint that belongs to it.
fn show(answer: &Answer, language: Language, out: &mut dyn Write) -> Result<NewPhrase> {
    let drawn: NewPhrase = answer.read()?;
    show_phrase(&Phrase::parse(drawn.phrase.reveal())?, language, out)?;
    fingerprint(&drawn, language, out)?;
    Ok(drawn)
}

fn fingerprint(drawn: &NewPhrase, language: Language, out: &mut dyn Write) -> Result<()> {
    let read_out = pick(language, "read this out when somebody calls you", "à lire quand on vous appelle");
    Ok(writeln!(out, "{read_out}: {}", drawn.fingerprint)?)
}

/// A key in a new file, before anybody hears of its public half: one that was never written would be lost for good.
fn new_key(path: &Path, person: &ActorId, kind: KeyKind) -> Result<NewDevice> {
    let key = DeviceKey::from_entropy(SystemEntropy.draw());
    let public = key.public().to_string();
    write_key(path, &KeyFile { person: person.clone(), kind, key })?;
    Ok(NewDevice::Key(public))
}

fn device(args: &DeviceArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let caller = Caller::open(&args.connection, language)?;
    let device = new_key(&args.new_key, caller.name(), KeyKind::Person)?;
    let sent = caller.send("/v1/me/devices", &AddDevice { device });
    let done = sent.and_then(|answer| report(&answer, &args.connection, language, out));
    if !matches!(done, Ok(0)) {
        fs::remove_file(&args.new_key)?;
    }
    done
}

fn revoke(args: &RevokeArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    match &args.of {
        Some(name) => {
            let path = format!("/v1/people/{name}/revoke");
            act(&args.connection, &path, &ProposeRevocation {}, language, out)
        }
        None => {
            let command = RevokeDevices { device: args.device };
            act(&args.connection, "/v1/me/revoke", &command, language, out)
        }
    }
}

fn open(args: &PersonArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let caller = Caller::open(&args.connection, language)?;
    let answer = caller.send(&format!("/v1/people/{}/enrolments", args.name), &OpenEnrolment {})?;
    if args.connection.json {
        writeln!(out, "{}", answer.body.trim_end())?;
        return Ok(u8::from(!answer.is_success()));
    }
    let Enrolment { code, expires_at } = answer.read()?;
    let hand = pick(
        language,
        "hand this over in person; good once, until",
        "à remettre en personne ; valable une fois, jusqu'au",
    );
    writeln!(out, "{hand} {expires_at}:\n{code}")?;
    Ok(0)
}

fn enrol(args: &EnrolArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let client = Client::new(&args.server, pick(language, "en", "fr"));
    let kind = if args.service { KeyKind::Service } else { KeyKind::Person };
    let device = new_key(&args.new_key, &args.name, kind)?;
    let command =
        Enrol { code: args.code.clone(), actor: args.name.clone(), device, language: list_of(language) };
    let shown = client.post("/v1/enrolments", &command).and_then(|answer| {
        if args.service {
            fingerprint(&answer.read()?, language, out)
        } else {
            show(&answer, language, out).map(drop)
        }
    });
    if let Err(error) = shown {
        fs::remove_file(&args.new_key)?;
        return Err(error);
    }
    Ok(0)
}
