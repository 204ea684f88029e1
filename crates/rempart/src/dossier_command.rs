//! `rempart dossier …`: a person's emergency packet: filled in, sealed here, handed in; opened here by a responder (G9).
//!
//! The server sees sealed bytes only. What is plain stays on this machine: in the file that the person wrote, until it is removed.

mod identity;
mod open;
mod seal;
mod terminal;

use std::io::Write;

use anyhow::Result;
use api::OwnDossier;
use clap::{Args, Subcommand};

use crate::caller::{Caller, Connection};
use crate::language::{Language, pick};

/// What to do with dossiers.
#[derive(Subcommand, Debug)]
pub enum DossierCommand {
    /// Print a file to fill in, with explanations
    New,
    /// Seal a filled-in file to the responders' keys, and hand it in
    Seal(seal::SealArgs),
    /// Show which revisions there are, and whether it is time for a new one
    Status(StatusArgs),
    /// As a responder: fetch a dossier and open it here; or open a sealed file
    Open(open::OpenArgs),
    /// Keys with which responders open dossiers
    #[command(subcommand)]
    Identity(identity::IdentityCommand),
}

/// Arguments of `status`.
#[derive(Args, Debug)]
pub struct StatusArgs {
    #[command(flatten)]
    connection: Connection,
}

/// Runs a command.
pub fn run(
    command: &DossierCommand,
    language: Language,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8> {
    match command {
        DossierCommand::New => {
            write!(out, "{}", dossier::template(language))?;
            Ok(0)
        }
        DossierCommand::Seal(args) => seal::run(args, language, out, err),
        DossierCommand::Status(args) => status(&args.connection, language, out),
        DossierCommand::Open(args) => open::run(args, language, out, err),
        DossierCommand::Identity(command) => identity::run(command, language, out),
    }
}

fn status(connection: &Connection, language: Language, out: &mut dyn Write) -> Result<u8> {
    let answer = Caller::open(connection, language)?.read("/v1/me/dossier")?;
    if connection.json && !answer.is_success() {
        writeln!(out, "{}", answer.body.trim_end())?;
        return Ok(1);
    }
    let mut own: OwnDossier = answer.read()?;
    if connection.json {
        // A megabyte that nobody here can open.
        own.sealed = None;
        writeln!(out, "{}", serde_json::to_string(&own)?)?;
        return Ok(0);
    }
    for revision in &own.revisions {
        let word = pick(language, "revision", "révision");
        writeln!(out, "{word} {:<4} {}", revision.revision, revision.kept_at)?;
    }
    if own.revisions.is_empty() {
        writeln!(out, "{}", pick(language, "no dossier yet", "pas encore de dossier"))?;
    }
    if let Some(because) = &own.because {
        writeln!(out, "{}", reminder(because, language))?;
    }
    Ok(0)
}

fn reminder(because: &str, language: Language) -> &'static str {
    match because {
        "missing" => pick(
            language,
            "make one: `rempart dossier new > me.toml`, fill it in, then `rempart dossier seal me.toml --remove`",
            "faites-en un : `rempart dossier new > moi.toml`, remplissez-le, puis `rempart dossier seal moi.toml --remove`",
        ),
        "readers" => pick(
            language,
            "others are to read it than it was sealed to: seal it again",
            "d’autres doivent le lire que ceux pour qui il a été scellé : scellez-le de nouveau",
        ),
        _ => pick(
            language,
            "it is older than six months: look whether everything is still right, and seal it again",
            "il a plus de six mois : vérifiez que tout est encore juste, et scellez-le de nouveau",
        ),
    }
}
