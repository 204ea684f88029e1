//! `rempart dossier seal`: asks the server to whom, seals here, hands in the sealed bytes. The plain file is never kept by Rempart.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use api::{DossierRecipients, NewDossier};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use dossier::{Binding, PHOTO_BYTES_MAX, Packet, Photo, Prompt};
use policy::{Recipient, RecipientKind, readers_hash};
use server::clock::{Clock, SystemClock};
use server::entropy::{Entropy, SystemEntropy};
use types::PersonId;

use super::terminal::{Terminal, read_file};
use crate::caller::{Caller, Connection};
use crate::language::{Language, pick};

/// The largest file that is filled in, in bytes.
const FILE_BYTES_MAX: usize = 256 * 1024;

const _: () = assert!(dossier::SEALED_BYTES_MAX == api::DOSSIER_BYTES_MAX);

/// Arguments of `seal`.
#[derive(Args, Debug)]
pub struct SealArgs {
    #[command(flatten)]
    connection: Connection,
    /// The file that you filled in
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A photograph of you, JPEG or PNG
    #[arg(long, value_name = "FILE")]
    photo: Option<PathBuf>,
    /// Remove the file afterwards
    #[arg(long)]
    remove: bool,
    /// Leave out keys in hardware whose age plug-in is not installed here
    #[arg(long)]
    without_plugins: bool,
}

/// Seals and hands in.
pub fn run(args: &SealArgs, language: Language, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8> {
    // First what can be wrong here, before anybody is asked for a phrase.
    let packet = read_packet(args)?;
    let caller = Caller::open(&args.connection, language)?;
    let person = PersonId::parse(caller.name().as_str())?;
    let asked: DossierRecipients = caller.read("/v1/dossiers/recipients")?.read()?;
    let recipients = recipients(&asked, args.without_plugins)?;
    if !args.connection.json {
        let words =
            pick(language, "keys, one of which suffices to read it", "clés, dont une suffit pour le lire");
        writeln!(err, "{} {words}:", recipients.len())?;
        recipients.iter().try_for_each(|recipient| writeln!(err, "  {recipient}"))?;
    }
    let binding = Binding {
        organisation: asked.organisation,
        person,
        revision: asked.revision,
        sealed_at: SystemClock::new(SystemEntropy.draw()).moment_parts().0,
    };
    let prompt: Arc<dyn Prompt> = Arc::new(Terminal);
    let sealed = dossier::seal(&packet, &binding, &recipients, &prompt)?;
    let readers = readers_hash(&recipients);
    let new = NewDossier { revision: binding.revision, readers, sealed: STANDARD.encode(sealed) };
    let answer = caller.put("/v1/me/dossier", &new)?;
    if !answer.is_success() {
        bail!("{}", answer.problem());
    }
    if args.remove {
        fs::remove_file(&args.file)
            .with_context(|| format!("`{}` cannot be removed", args.file.display()))?;
    }
    if args.connection.json {
        let done = serde_json::json!({ "revision": binding.revision, "recipients": recipients, "removed": args.remove });
        writeln!(out, "{done}")?;
        return Ok(0);
    }
    writeln!(out, "{} {}", pick(language, "kept as revision", "gardé comme révision"), binding.revision)?;
    writeln!(out, "{}", afterwards(&args.file, args.remove, language))?;
    Ok(0)
}

fn read_packet(args: &SealArgs) -> Result<Packet> {
    let bytes = read_file(&args.file, FILE_BYTES_MAX)?;
    let text =
        std::str::from_utf8(&bytes).with_context(|| format!("`{}` is not text", args.file.display()))?;
    let mut packet = Packet::parse(text).with_context(|| format!("`{}`", args.file.display()))?;
    if let Some(path) = &args.photo {
        packet.photo = Some(Photo::new(read_file(path, PHOTO_BYTES_MAX)?.to_vec())?);
    }
    Ok(packet)
}

fn recipients(asked: &DossierRecipients, without_plugins: bool) -> Result<Vec<Recipient>> {
    let parsed: Result<Vec<Recipient>, _> =
        asked.recipients.iter().map(|text| Recipient::parse(text)).collect();
    let mut recipients = parsed.context("the server gave a recipient that is none")?;
    if without_plugins {
        recipients.retain(|recipient| !matches!(recipient.kind(), RecipientKind::Plugin(_)));
    }
    Ok(recipients)
}

fn afterwards(file: &Path, removed: bool, language: Language) -> String {
    let file = file.display();
    match (removed, language) {
        (true, Language::En) => format!("`{file}` is removed; empty the bin, and think of your backups"),
        (true, Language::Fr) => {
            format!("`{file}` est supprimé ; videz la corbeille, et pensez à vos sauvegardes")
        }
        (false, Language::En) => format!("now delete `{file}`: it says everything in plain text"),
        (false, Language::Fr) => format!("supprimez maintenant `{file}` : tout y est en clair"),
    }
}
