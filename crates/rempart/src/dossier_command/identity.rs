//! `rempart dossier identity new`: a responder's key for dossiers, in an age identity file under a passphrase.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use dossier::{NewIdentity, Prompt, WORK_FACTOR};
use serde_json::json;
use zeroize::Zeroizing;

use super::terminal::Terminal;
use crate::language::{Language, pick};

/// What to do with keys.
#[derive(Subcommand, Debug)]
pub enum IdentityCommand {
    /// Make one; print the line for the register
    New(NewArgs),
}

/// Arguments of `identity new`.
#[derive(Args, Debug)]
pub struct NewArgs {
    /// Where the key goes; the file must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write it without a passphrase, onto a disk that is encrypted anyway
    #[arg(long)]
    without_passphrase: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs a command.
pub fn run(command: &IdentityCommand, language: Language, out: &mut dyn Write) -> Result<u8> {
    let IdentityCommand::New(args) = command;
    let identity = NewIdentity::generate();
    let file = if args.without_passphrase {
        identity.plain()
    } else {
        Zeroizing::new(identity.protected(&passphrase(language)?, WORK_FACTOR)?)
    };
    write(&args.out, &file)?;
    let recipient = identity.recipient()?;
    if args.json {
        writeln!(out, "{}", json!({ "recipient": recipient, "file": args.out }))?;
        return Ok(0);
    }
    let next = pick(
        language,
        "Put this line into your entry of the register, by a change of the policy:",
        "Mettez cette ligne dans votre entrée du registre, par un changement de la politique :",
    );
    writeln!(out, "{next}\n\nrecipients = [\"{recipient}\"]\n")?;
    let keep = pick(
        language,
        "Keep the file where you work and one copy elsewhere. Whoever has it and its passphrase reads every dossier that is sealed to it.",
        "Gardez le fichier là où vous travaillez, et une copie ailleurs. Qui l’a, avec sa phrase de passe, lit chaque dossier scellé pour elle.",
    );
    writeln!(out, "{keep}")?;
    Ok(0)
}

fn write(path: &Path, text: &str) -> Result<()> {
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.with_context(|| format!("`{}` cannot be made: name a new file", path.display()))?;
    file.write_all(text.as_bytes())?;
    Ok(file.sync_all()?)
}

fn passphrase(language: Language) -> Result<Zeroizing<String>> {
    let ask = |english, french| {
        let typed = Terminal.secret(pick(language, english, french));
        typed.context("the passphrase is read from a terminal only")
    };
    let first = ask(
        "A passphrase for the key, four words or more",
        "Une phrase de passe pour la clé, quatre mots ou plus",
    )?;
    let again = ask("The same again", "La même encore une fois")?;
    if *first != *again {
        bail!("{}", pick(language, "the two are not the same", "les deux ne sont pas les mêmes"));
    }
    Ok(first)
}
