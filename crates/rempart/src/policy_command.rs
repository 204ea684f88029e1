//! `rempart policy check | explain | bound | schema`: the policy's files for people and for other programs.
//!
//! Called by `main`. Exit status: 0 done, 1 refused, 2 invalid file or usage. Nothing is printed but through the arguments.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use policy::{Decision, HISTORY_LENGTH_MAX, HistoryFile, Language, Loaded, Policy, Source, TransferFile};
use serde_json::json;

use crate::bound_command::BoundArgs;

/// Done.
const DONE: u8 = 0;
/// Refused.
const REFUSED: u8 = 1;
/// A file that is not valid, or wrong usage.
const INVALID: u8 = 2;
/// The largest JSON file.
const JSON_BYTES_MAX: u64 = 64 << 20;

/// What to do with a policy.
#[derive(Subcommand, Debug)]
pub enum PolicyCommand {
    /// Check files: every problem with its place; exit 0 or 2
    Check(CheckArgs),
    /// Say what the rules make of one transfer, and why; exit 0, or 1 when it is refused or expired
    Explain(ExplainArgs),
    /// Say how much could anyone be forced to move; exit 0, or 1 when nothing bounds it
    Bound(BoundArgs),
    /// Compare two policies by what they let happen: tightens, loosens, mixed or equal, with a witness; exit 0
    Diff(crate::diff_command::DiffArgs),
    /// Print the JSON Schema for editors
    Schema,
}

/// Arguments of `policy check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// Policy files, merged: rules and register
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Exit 2 when there is a warning
    #[arg(long)]
    deny_warnings: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Arguments of `policy explain`.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// Policy files, merged: rules and register
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The transfer, as JSON
    #[arg(long, value_name = "TRANSFER.json")]
    transfer: PathBuf,
    /// Transfers of the past, as JSON
    #[arg(long, value_name = "HISTORY.json")]
    history: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs a command and says with which status to exit.
///
/// # Errors
/// When the output cannot be written.
pub fn run(
    command: &PolicyCommand,
    language: Language,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<u8> {
    match command {
        PolicyCommand::Check(args) => check(args, language, out, err),
        PolicyCommand::Explain(args) => explain(args, language, out, err),
        PolicyCommand::Bound(args) => match valid(&args.files, err)? {
            Some(policy) => crate::bound_command::run(args, &policy, language, out, err),
            None => Ok(INVALID),
        },
        PolicyCommand::Diff(args) => crate::diff_command::run(args, language, out, err),
        PolicyCommand::Schema => {
            writeln!(out, "{:#}", policy::schema())?;
            Ok(DONE)
        }
    }
}

fn check(
    args: &CheckArgs,
    language: Language,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<u8> {
    let Some(loaded) = load(&args.files, err)? else { return Ok(INVALID) };
    if args.json {
        let valid = loaded.policy.is_some();
        let hash = loaded.policy.as_ref().map(Policy::hash);
        writeln!(out, "{}", json!({ "valid": valid, "hash": hash, "diagnostics": loaded.diagnostics }))?;
    } else {
        for found in &loaded.diagnostics {
            writeln!(out, "{found}")?;
        }
        if let Some(policy) = &loaded.policy {
            writeln!(out, "{}", summary(policy, &loaded, language))?;
        }
    }
    let denied = args.deny_warnings && !loaded.diagnostics.is_empty();
    Ok(if loaded.policy.is_none() || denied { INVALID } else { DONE })
}

fn summary(policy: &Policy, loaded: &Loaded, language: Language) -> String {
    let name = &policy.organisation().name;
    let (vaults, permits) = (policy.vaults().len(), policy.permits().len());
    let (limits, forbids) = (policy.limits().len(), policy.forbids().len());
    let (people, warnings) = (policy.people().len(), loaded.diagnostics.len());
    match language {
        Language::En => format!(
            "valid: {name}: vaults {vaults}, permits {permits}, limits {limits}, forbids {forbids}, people {people}, warnings {warnings}"
        ),
        Language::Fr => format!(
            "valide : {name} : coffres {vaults}, autorisations {permits}, plafonds {limits}, interdictions {forbids}, personnes {people}, avertissements {warnings}"
        ),
    }
}

fn explain(
    args: &ExplainArgs,
    language: Language,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<u8> {
    let Some(policy) = load_valid(&args.files, err)? else { return Ok(INVALID) };
    let Some(transfer) = read_json::<TransferFile>(&args.transfer, err)? else { return Ok(INVALID) };
    let Some(history) = read_history(args.history.as_deref(), err)? else { return Ok(INVALID) };
    let explanation = policy::explain(&policy, &transfer, &history);
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&explanation)?)?;
    } else {
        write!(out, "{}", explanation.text(language))?;
    }
    Ok(match explanation.decision {
        Decision::Refused | Decision::Expired => REFUSED,
        Decision::Pending | Decision::Ready => DONE,
    })
}

/// A history of transfers; none when no file is given. What is wrong with it is said.
pub fn read_history(path: Option<&Path>, err: &mut dyn Write) -> anyhow::Result<Option<Vec<HistoryFile>>> {
    let Some(path) = path else { return Ok(Some(Vec::new())) };
    let Some(history) = read_json::<Vec<HistoryFile>>(path, err)? else { return Ok(None) };
    if history.len() > HISTORY_LENGTH_MAX {
        let shown = path.display();
        writeln!(err, "{shown}: error: more than {HISTORY_LENGTH_MAX} transfers: give a part of them")?;
        return Ok(None);
    }
    Ok(Some(history))
}

/// A policy without errors; what is wrong otherwise is said.
pub fn load_valid(files: &[PathBuf], err: &mut dyn Write) -> anyhow::Result<Option<Policy>> {
    let Some(loaded) = load(files, err)? else { return Ok(None) };
    if loaded.policy.is_none() {
        for found in &loaded.diagnostics {
            writeln!(err, "{found}")?;
        }
    }
    Ok(loaded.policy)
}

/// A policy without errors; otherwise every problem is named.
fn valid(files: &[PathBuf], err: &mut dyn Write) -> anyhow::Result<Option<Policy>> {
    let Some(loaded) = load(files, err)? else { return Ok(None) };
    if loaded.policy.is_none() {
        for found in &loaded.diagnostics {
            writeln!(err, "{found}")?;
        }
    }
    Ok(loaded.policy)
}

/// All files are read before any is parsed, so that every unreadable one is named.
fn load(files: &[PathBuf], err: &mut dyn Write) -> anyhow::Result<Option<Loaded>> {
    let mut sources = Vec::with_capacity(files.len());
    for path in files {
        if let Some(text) = read(path, u64::try_from(policy::FILE_BYTES_MAX)?, err)? {
            sources.push(Source { name: path.display().to_string(), text });
        }
    }
    Ok((sources.len() == files.len()).then(|| policy::load(&sources)))
}

/// Reads a text file of limited size; what is wrong with it is said.
pub fn read(path: &Path, bytes_max: u64, err: &mut dyn Write) -> anyhow::Result<Option<String>> {
    let shown = path.display();
    let text = std::fs::metadata(path).and_then(|metadata| {
        if metadata.len() > bytes_max { Ok(None) } else { std::fs::read_to_string(path).map(Some) }
    });
    match text {
        Ok(Some(text)) => return Ok(Some(text)),
        Ok(None) => writeln!(err, "{shown}: error: more than {bytes_max} bytes: split the file")?,
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            writeln!(err, "{shown}: error: not UTF-8 text: save the file as UTF-8")?;
        }
        Err(error) => writeln!(err, "{shown}: error: cannot be read: {error}")?,
    }
    Ok(None)
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path, err: &mut dyn Write) -> anyhow::Result<Option<T>> {
    let Some(text) = read(path, JSON_BYTES_MAX, err)? else { return Ok(None) };
    match serde_json::from_str(&text) {
        Ok(value) => Ok(Some(value)),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            writeln!(err, "{}:{line}:{column}: error[json]: {message}", path.display())?;
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(subcommand)]
        command: PolicyCommand,
    }

    const STARTUP: [&str; 2] = ["startup/rules.toml", "startup/register.toml"];

    fn example(name: &str) -> String {
        format!("{}/../../examples/{name}", env!("CARGO_MANIFEST_DIR"))
    }

    fn policy(args: &[&str], language: Language) -> (u8, String, String) {
        let cli = Cli::try_parse_from(std::iter::once("policy").chain(args.iter().copied())).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = run(&cli.command, language, &mut out, &mut err).unwrap();
        (status, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    fn explain_startup(transfer: &str, more: &[&str]) -> (u8, String, String) {
        let files: Vec<String> = STARTUP.iter().map(|name| example(name)).collect();
        let (transfer, history) = (example(transfer), example("startup/history.json"));
        let mut args = vec!["explain", &files[0], &files[1], "--transfer", &transfer, "--history", &history];
        args.extend(more);
        policy(&args, Language::Fr)
    }

    #[test]
    fn a_valid_policy_is_said_to_be_valid() {
        let files: Vec<String> = STARTUP.iter().map(|name| example(name)).collect();
        let (status, out, err) = policy(&["check", &files[0], &files[1]], Language::En);
        assert_eq!((status, err.as_str()), (0, ""));
        assert!(out.lines().next().unwrap().contains("warning[quick-tier]"), "{out}");
        assert!(out.lines().last().unwrap().starts_with("valid: Atelier Nuage SAS: vaults 2"), "{out}");
        let (status, ..) = policy(&["check", &files[0], &files[1], "--deny-warnings"], Language::En);
        assert_eq!(status, 2);
        let (_, out, _) = policy(&["check", &files[0], &files[1], "--json"], Language::En);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(json["valid"], true);
        assert_eq!(json["diagnostics"][0]["code"], "quick-tier");
    }

    #[test]
    fn an_invalid_policy_is_status_2_with_places() {
        let rules = example("startup/rules.toml");
        let (status, out, _) = policy(&["check", &rules], Language::En);
        assert_eq!(status, 2);
        assert!(out.contains("rules.toml:") && out.contains("error[unknown-reference]"), "{out}");
        assert!(!out.contains("valid:"));
    }

    #[test]
    fn every_unreadable_file_is_named() {
        let (status, out, err) = policy(&["check", "no-such-file.toml", "nor-this.toml"], Language::En);
        assert_eq!((status, out.as_str()), (2, ""));
        assert!(err.contains("no-such-file.toml: error") && err.contains("nor-this.toml: error"), "{err}");
    }

    #[test]
    fn a_transfer_is_explained_with_its_status() {
        let (status, out, _) = explain_startup("startup/transfer-everyday.json", &["--json"]);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((status, json["decision"].as_str()), (1, Some("refused")), "{out}");
        assert_eq!(json["reasons"][0]["code"], "limit-full");
        let (status, out, _) = explain_startup("startup/transfer-sanctioned.json", &[]);
        assert_eq!(status, 1);
        assert!(out.starts_with("refusé") && out.contains("sanctions"), "{out}");
        let (status, out, _) = explain_startup("startup/transfer-supplier.json", &["--json"]);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((status, json["decision"].as_str()), (0, Some("pending")), "{out}");
        assert_eq!(json["ready_at"], "2026-11-22T11:15:00Z");
    }

    #[test]
    fn a_malformed_transfer_is_status_2_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.json");
        std::fs::write(&path, "{\"vault\": \"hot\",\n \"vualt\": 1}").unwrap();
        let files: Vec<String> = STARTUP.iter().map(|name| example(name)).collect();
        let transfer = path.display().to_string();
        let (status, _, err) =
            policy(&["explain", &files[0], &files[1], "--transfer", &transfer], Language::En);
        assert_eq!(status, 2);
        assert!(err.contains("t.json:2:") && err.contains("vualt"), "{err}");
    }

    #[test]
    fn the_schema_is_json() {
        let (status, out, _) = policy(&["schema"], Language::En);
        assert_eq!(status, 0);
        let schema: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}
