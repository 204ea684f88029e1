//! `rempart journal verify`, `rempart backup` and `rempart restore` (G7).

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use journal::{Checkpoint, Journal, SqliteJournal, VerifyOptions, VerifyReport};
use serde_json::json;
use server::keys::{INVENTORY, Secrets};

use crate::data_folder::DataFolder;
use crate::language::{Language, pick};

/// What to do with a journal.
#[derive(Subcommand, Debug)]
pub enum JournalCommand {
    /// Recompute both chains and check every signature; exit 0, or 1 when something is wrong
    Verify(VerifyArgs),
}

/// Arguments of `journal verify`.
#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// The server's folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "file", required_unless_present = "file")]
    data: Option<PathBuf>,
    /// A journal file, such as a backup
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// A checkpoint that was kept elsewhere: finds a tail that was cut off
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Read every page of the store as well
    #[arg(long)]
    pages: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Arguments of `backup`.
#[derive(Args, Debug)]
pub struct BackupArgs {
    /// The server's folder
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// The new file
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// Arguments of `restore`.
#[derive(Args, Debug)]
pub struct RestoreArgs {
    /// A backup
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The server's folder, without a journal
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
}

/// Verifies a journal.
pub fn verify(args: &VerifyArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let folder = args.data.as_deref().map(DataFolder::at);
    let path = folder.as_ref().map(DataFolder::journal).or_else(|| args.file.clone());
    let path = path.context("name a folder with `--data` or a file with `--file`")?;
    let secrets = folder.as_ref().and_then(|folder| Secrets::load(&folder.secrets()).ok());
    let key = secrets.map(|secrets| secrets.checkpoint().verifying_key());
    let expected = args.checkpoint.as_deref().map(read_checkpoint).transpose()?;
    let mut journal = SqliteJournal::open_read_only(&path)?;
    let report = journal.verify(&VerifyOptions { key, expected, pages: args.pages })?;
    let sound = report.problems.is_empty();
    if args.json {
        writeln!(out, "{}", report_json(&report))?;
    } else {
        for problem in &report.problems {
            writeln!(out, "{problem}")?;
        }
        writeln!(out, "{}", summary(&report, language))?;
    }
    Ok(u8::from(!sound))
}

fn read_checkpoint(path: &std::path::Path) -> Result<Checkpoint> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    Ok(text.trim().parse()?)
}

fn report_json(report: &VerifyReport) -> serde_json::Value {
    json!({
        "entries": report.overt_entries,
        "slots": report.covert_slots,
        "checkpoints": report.checkpoints,
        "head": report.head.overt_hash.to_string(),
        "verified": report.problems.is_empty(),
        "problems": report.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn summary(report: &VerifyReport, language: Language) -> String {
    let word = if report.problems.is_empty() {
        pick(language, "sound", "intact")
    } else {
        pick(
            language,
            "DAMAGED: stop the server, keep the file, restore a backup",
            "ENDOMMAGÉ : arrêtez le serveur, gardez le fichier, restaurez une sauvegarde",
        )
    };
    let (entries, slots) = (report.overt_entries, report.covert_slots);
    match language {
        Language::En => {
            format!("{word}: {entries} records, {slots} slots, {} checkpoints", report.checkpoints)
        }
        Language::Fr => {
            format!("{word} : {entries} actes, {slots} créneaux, {} points de contrôle", report.checkpoints)
        }
    }
}

/// Copies a journal, also while a server writes to it, and says what the copy lacks.
pub fn backup(args: &BackupArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let folder = DataFolder::at(&args.data);
    let mut journal = SqliteJournal::open_read_only(&folder.journal())?;
    let report = journal.backup_to(&args.to)?;
    writeln!(out, "{}: {}", args.to.display(), summary(&report, language))?;
    let head = pick(
        language,
        "The copy holds no secret. Keep these apart from it; without them it cannot be used:",
        "La copie ne contient aucun secret. Gardez ceux-ci à part ; sans eux elle est inutilisable :",
    );
    writeln!(out, "{head}")?;
    for item in &INVENTORY {
        writeln!(out, "  secrets/{}: {}", item.file, item.without)?;
    }
    writeln!(
        out,
        "  cosigner.key: {}",
        pick(
            language,
            "and its passphrase: nothing can be co-signed",
            "et sa phrase secrète : rien ne peut être cosigné"
        )
    )?;
    Ok(0)
}

/// Puts a backup into a folder that has no journal.
pub fn restore(args: &RestoreArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let folder = DataFolder::at(&args.data);
    let report = journal::sqlite::restore(&args.from, &folder.journal(), &VerifyOptions::default())?;
    writeln!(out, "{}: {}", folder.journal().display(), summary(&report, language))?;
    Ok(0)
}
