//! `rempart dossier open`: a responder fetches a sealed dossier, in an incident, and opens it on the own machine; or opens a sealed file.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use api::{DossierForResponder, DossierHistory, OpenDossier};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use dossier::{Doubt, Expected, IDENTITY_BYTES_MAX, Keys, Opened, Prompt, SEALED_BYTES_MAX};
use serde_json::{Value, json};
use types::PersonId;

use super::terminal::{Terminal, read_file};
use crate::caller::{Caller, Connection};
use crate::language::{Language, pick};

/// Arguments of `open`.
#[derive(Args, Debug)]
pub struct OpenArgs {
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8087")]
    server: String,
    /// Your device key, to fetch from the server
    #[arg(long, value_name = "FILE", required_unless_present = "file")]
    key: Option<PathBuf>,
    /// The incident, or the drill
    #[arg(long, value_name = "NUMBER", required_unless_present = "file")]
    incident: Option<u32>,
    /// Whose dossier
    #[arg(long, value_name = "NAME", required_unless_present = "file")]
    person: Option<PersonId>,
    /// An earlier revision
    #[arg(long, value_name = "NUMBER")]
    revision: Option<u32>,
    /// A sealed file; no server is asked
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "incident", "revision"])]
    file: Option<PathBuf>,
    /// Your key for dossiers
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    /// Show it although it is not what was asked for
    #[arg(long)]
    despite: bool,
    /// Where its photograph goes; the file must not exist
    #[arg(long, value_name = "FILE")]
    photo: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One packet that was opened, with what is to be said of it.
struct Found {
    revision: Option<u32>,
    opened: Opened,
    doubts: Vec<Doubt>,
}

/// Fetches and opens.
pub fn run(args: &OpenArgs, language: Language, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8> {
    // The key first: an opening that is recorded should also succeed.
    let keys = read_keys(args, language)?;
    let (found, history) = match &args.file {
        Some(file) => (vec![from_file(args, &read_file(file, 2 * SEALED_BYTES_MAX)?, &keys)?], Vec::new()),
        None => from_server(args, &keys, language)?,
    };
    if let (Some(path), Some(photo)) =
        (&args.photo, found.iter().find_map(|one| one.opened.packet.photo.as_ref()))
    {
        let mut file = fs::File::create_new(path).with_context(|| format!("`{}`", path.display()))?;
        file.write_all(photo.reveal())?;
    }
    let doubtful = found.iter().any(|one| !one.doubts.is_empty());
    if args.json {
        let packets: Vec<Value> = found.iter().map(|one| as_json(one, args.despite)).collect();
        writeln!(out, "{}", json!({ "revisions": history, "packets": packets }))?;
        return Ok(u8::from(doubtful));
    }
    for revision in &history {
        writeln!(err, "{}", history_line(revision, language))?;
    }
    for one in &found {
        print(one, args.despite, language, out)?;
    }
    Ok(u8::from(doubtful))
}

fn read_keys(args: &OpenArgs, language: Language) -> Result<Keys> {
    let file = read_file(&args.identity, IDENTITY_BYTES_MAX)?;
    let prompt: Arc<dyn Prompt> = Arc::new(Terminal);
    let ask = pick(
        language,
        "Passphrase of your key for dossiers",
        "Phrase de passe de votre clé pour les dossiers",
    );
    let keys = Keys::read(&file, || Terminal.secret(ask), &prompt);
    keys.with_context(|| format!("`{}`", args.identity.display()))
}

fn from_file(args: &OpenArgs, sealed: &[u8], keys: &Keys) -> Result<Found> {
    let opened = dossier::open(sealed, keys)?;
    let expected = args.person.clone().map(|person| Expected {
        organisation: None,
        person,
        revision: None,
        kept_at: None,
    });
    let doubts = expected.map(|expected| opened.binding.doubts(&expected)).unwrap_or_default();
    Ok(Found { revision: None, opened, doubts })
}

fn from_server(
    args: &OpenArgs,
    keys: &Keys,
    language: Language,
) -> Result<(Vec<Found>, Vec<DossierHistory>)> {
    let (Some(key), Some(incident), Some(person)) = (&args.key, args.incident, &args.person) else {
        bail!("give `--key`, `--incident` and `--person`, or `--file`");
    };
    let connection = Connection { server: args.server.clone(), key: key.clone(), json: args.json };
    let caller = Caller::open(&connection, language)?;
    let path = format!("/v1/response/incidents/{incident}/dossiers/{person}");
    let given: DossierForResponder = caller.send(&path, &OpenDossier { revision: args.revision })?.read()?;
    let mut found = Vec::with_capacity(given.packets.len());
    for packet in &given.packets {
        let sealed = STANDARD.decode(&packet.sealed).context("the server's answer is not base64")?;
        let opened = dossier::open(&sealed, keys)
            .with_context(|| format!("{} {}", pick(language, "revision", "révision"), packet.revision))?;
        let history = given.revisions.iter().find(|one| one.revision == packet.revision);
        let expected = Expected {
            organisation: Some(given.organisation.clone()),
            person: person.clone(),
            revision: Some(packet.revision),
            kept_at: history.map(|one| one.kept_at),
        };
        let doubts = opened.binding.doubts(&expected);
        found.push(Found { revision: Some(packet.revision), opened, doubts });
    }
    Ok((found, given.revisions))
}

fn as_json(one: &Found, despite: bool) -> Value {
    let doubts: Vec<String> = one.doubts.iter().map(|doubt| doubt.text(Language::En)).collect();
    let packet = (doubts.is_empty() || despite).then_some(&one.opened.packet);
    json!({ "revision": one.revision, "binding": one.opened.binding, "doubts": doubts, "packet": packet })
}

fn history_line(one: &DossierHistory, language: Language) -> String {
    let word = pick(language, "revision", "révision");
    let mark = match (one.free, language) {
        (true, _) => "",
        (false, Language::En) => "  handed in by somebody who may not have been free",
        (false, Language::Fr) => "  remis par quelqu’un qui n’était peut-être pas libre",
    };
    format!("{word} {:<4} {}{mark}", one.revision, one.kept_at)
}

fn print(one: &Found, despite: bool, language: Language, out: &mut dyn Write) -> Result<()> {
    let binding = &one.opened.binding;
    let (revision, sealed) = (pick(language, "revision", "révision"), pick(language, "sealed", "scellé"));
    writeln!(
        out,
        "── {} · {revision} {} · {sealed} {}",
        binding.person, binding.revision, binding.sealed_at
    )?;
    for doubt in &one.doubts {
        writeln!(out, "!! {}", doubt.text(language))?;
    }
    if one.doubts.is_empty() || despite {
        writeln!(out, "{}", one.opened.packet.text(language).as_str())?;
    } else {
        let hidden = pick(
            language,
            "not shown: it may have been exchanged. `--despite` shows it; `--revision` fetches an earlier one",
            "non montré : il a peut-être été échangé. `--despite` le montre ; `--revision` en demande un autre",
        );
        writeln!(out, "{hidden}")?;
    }
    Ok(())
}
