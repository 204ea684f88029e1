//! `rempart sign`: a member's key in software, for tests and for set-ups too small for devices (G1: what is shown is what is signed).
//!
//! Works on files alone: the PSBT, the vault's record, the key file. Everything that it shows is proven by these; see `signer::Reviewed`.

use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bitcoin::Network;
use bitcoin::psbt::Psbt;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use server::entropy::{Entropy, SystemEntropy};
use signer::{KdfCost, MemberKey, Review, Reviewed};
use types::Secret;
use vault::Branch;
use vault::format::{self, FRAME_CHARS_DEFAULT, TextFormat};

use crate::data_folder::{new_passphrase, passphrase_of};
use crate::language::{Language, pick};
use crate::vault_command::VaultRecord;

/// Arguments of `sign`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct SignArgs {
    #[command(subcommand)]
    command: Option<SignCommand>,
    #[command(flatten)]
    psbt: Option<PsbtArgs>,
}

/// What else there is to do with a member's key.
#[derive(Subcommand, Debug)]
enum SignCommand {
    /// Make a member's key, and print the public one for the register
    New(NewArgs),
    /// Print the public key of a file
    Public(KeyArgs),
    /// Show the private account key, for paper: with it the vault is recovered without Rempart
    Reveal(KeyArgs),
}

/// Arguments for signing.
#[derive(Args, Debug)]
struct PsbtArgs {
    /// The PSBT, in any form that is understood; `-` reads standard input
    #[arg(value_name = "PSBT", required = true)]
    psbt: PathBuf,
    /// The member's key file
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The vault's record, by which change is told from payments
    #[arg(long, value_name = "RECORD")]
    vault: PathBuf,
    /// Where to write the signed PSBT; standard output otherwise
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// In which form; `base64` on standard output and `binary` in a file otherwise
    #[arg(long, value_enum)]
    format: Option<Form>,
    /// A file with the key's passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Sign without asking
    #[arg(long)]
    yes: bool,
    /// Print what is signed as one JSON object, with the PSBT in it
    #[arg(long)]
    json: bool,
}

/// The forms in which a PSBT is written.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// As files have it
    Binary,
    /// One line
    Base64,
    /// One line
    Hex,
    /// Coldcard's frames, a line each
    Bbqr,
    /// `ur:crypto-psbt`, a line for each part
    Ur,
}

/// Arguments of `sign new`.
#[derive(Args, Debug)]
struct NewArgs {
    /// The new key file
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// `bitcoin`, `testnet`, `signet` or `regtest`
    #[arg(long, value_name = "NETWORK")]
    network: Network,
    /// A file with the passphrase that will protect it
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Arguments of `sign public` and `sign reveal`.
#[derive(Args, Debug)]
struct KeyArgs {
    /// The member's key file
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// A file with the key's passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// The name of systemd's credential with a member's passphrase.
const CREDENTIAL: &str = "member-passphrase";

/// Does what is asked.
pub fn run(args: &SignArgs, language: Language, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8> {
    match (&args.command, &args.psbt) {
        (Some(SignCommand::New(args)), _) => make(args, language, out, err),
        (Some(SignCommand::Public(args)), _) => {
            writeln!(out, "{}", open(&args.key, args.passphrase_file.as_deref(), language)?.public())?;
            Ok(0)
        }
        (Some(SignCommand::Reveal(args)), _) => reveal(args, language, out, err),
        (None, Some(args)) => sign(args, language, out, err),
        (None, None) => bail!("name a psbt to sign"),
    }
}

fn open(path: &Path, passphrase: Option<&Path>, language: Language) -> Result<MemberKey> {
    let prompt = pick(language, "Passphrase of the member's key: ", "Phrase secrète de la clé du membre : ");
    Ok(MemberKey::open(path, &passphrase_of(passphrase, CREDENTIAL, prompt)?)?)
}

fn make(args: &NewArgs, language: Language, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8> {
    let prompt = pick(
        language,
        "New passphrase of the member's key: ",
        "Nouvelle phrase secrète de la clé du membre : ",
    );
    let passphrase = new_passphrase(args.passphrase_file.as_deref(), CREDENTIAL, prompt, language)?;
    let seed = Secret::new(SystemEntropy.draw());
    let key = MemberKey::create(&args.key, args.network, &seed, &passphrase, KdfCost::DEFAULT)?;
    writeln!(out, "{}", key.public())?;
    writeln!(
        err,
        "{}",
        pick(
            language,
            "This line goes into the register as `xpub`. Write `rempart sign reveal` on paper too: the file needs this program, the paper does not.",
            "Cette ligne va dans le registre comme `xpub`. Mettez aussi `rempart sign reveal` sur papier : le fichier a besoin de ce programme, le papier non.",
        )
    )?;
    Ok(0)
}

fn reveal(args: &KeyArgs, language: Language, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8> {
    let key = open(&args.key, args.passphrase_file.as_deref(), language)?;
    writeln!(
        err,
        "{}",
        pick(
            language,
            "Whoever reads this line signs in your place. Paper only; never a file, a photo or a message:",
            "Qui lit cette ligne signe à votre place. Sur papier seulement ; ni fichier, ni photo, ni message :",
        )
    )?;
    writeln!(out, "{}", key.reveal()?.reveal())?;
    Ok(0)
}

fn sign(args: &PsbtArgs, language: Language, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8> {
    let (_, descriptor) = VaultRecord::load(&args.vault)?;
    let psbt = read_psbt(&args.psbt)?;
    let key = open(&args.key, args.passphrase_file.as_deref(), language)?;
    let reviewed = Reviewed::new(psbt, &descriptor, key.public())?;
    let review = reviewed.review().clone();
    if !args.json {
        writeln!(err, "{}", shown(&review, descriptor.id().as_str(), language))?;
    }
    if !args.yes && !agreed(language, err)? {
        writeln!(err, "{}", pick(language, "nothing was signed", "rien n'a été signé"))?;
        return Ok(1);
    }
    let signed = reviewed.sign(&key)?;
    let form = args.format.unwrap_or(if args.out.is_some() { Form::Binary } else { Form::Base64 });
    match &args.out {
        Some(path) => write_new(path, &written(&signed, form)?)?,
        None if args.json => {}
        None => out.write_all(&written(&signed, form)?)?,
    }
    if args.json {
        writeln!(out, "{}", review_json(&review, &signed))?;
    }
    Ok(0)
}

fn read_psbt(path: &Path) -> Result<Psbt> {
    let limit = u64::try_from(format::FORMAT_BYTES_MAX)?.saturating_add(1);
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().take(limit).read_to_end(&mut bytes)?;
    } else {
        let file = fs::File::open(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
        file.take(limit).read_to_end(&mut bytes)?;
    }
    Ok(format::read(&bytes)?.into_untrusted())
}

fn written(psbt: &Psbt, form: Form) -> Result<Vec<u8>> {
    let text = match form {
        Form::Binary => return Ok(psbt.serialize()),
        Form::Base64 => TextFormat::Base64,
        Form::Hex => TextFormat::Hex,
        Form::Bbqr => TextFormat::Bbqr(FRAME_CHARS_DEFAULT),
        Form::Ur => TextFormat::Ur(FRAME_CHARS_DEFAULT),
    };
    let mut lines = format::write(psbt, text)?.join("\n");
    lines.push('\n');
    Ok(lines.into_bytes())
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = || format!("`{}` cannot be made: name a new file", path.display());
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path).with_context(failed)?;
    file.write_all(bytes)?;
    Ok(file.sync_all()?)
}

/// Only a person at a terminal can agree; a program says `--yes`.
fn agreed(language: Language, err: &mut dyn Write) -> Result<bool> {
    ensure!(io::stdin().is_terminal(), "nobody can be asked here: read what is shown and say `--yes`");
    let (question, yes) = pick_pair(language);
    write!(err, "{question}")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == yes)
}

const fn pick_pair(language: Language) -> (&'static str, &'static str) {
    match language {
        Language::En => ("Sign this? Type `yes`: ", "yes"),
        Language::Fr => ("Signer ceci ? Tapez `oui` : ", "oui"),
    }
}

/// What is about to be signed, for a person.
fn shown(review: &Review, vault: &str, language: Language) -> String {
    let say = |english, french| pick(language, english, french);
    let btc = |amount: bitcoin::Amount| format!("{:>16.8} BTC", amount.to_btc());
    let mut lines = vec![format!(
        "{} {vault} ({} {})",
        say("from vault", "du coffre"),
        review.inputs,
        say("coins", "pièces")
    )];
    for paid in &review.outputs {
        let what = match paid.own {
            None => say("pays     ", "paie     "),
            Some(position) if position.branch == Branch::Change => say("change   ", "monnaie  "),
            Some(_) => say("to itself", "à soi    "),
        };
        lines.push(format!("  {what} {}  {}", btc(paid.amount), paid.to));
    }
    lines.push(format!("  {} {}", say("fee      ", "frais    "), btc(review.fee)));
    lines.push(format!("  {} {}", say("leaves   ", "sort     "), btc(review.outflow())));
    lines.join("\n")
}

fn review_json(review: &Review, signed: &Psbt) -> serde_json::Value {
    let outputs = review.outputs.iter().map(|paid| {
        let own = paid.own.map(|position| json!({ "branch": position.branch, "index": position.index }));
        json!({ "to": paid.to, "amount": { "asset": "BTC", "units": paid.amount.to_sat() }, "own": own })
    });
    json!({
        "txid": signed.unsigned_tx.compute_txid().to_string(), "inputs": review.inputs,
        "outputs": outputs.collect::<Vec<_>>(), "fee": { "asset": "BTC", "units": review.fee.to_sat() },
        "outflow": { "asset": "BTC", "units": review.outflow().to_sat() },
        "psbt": BASE64.encode(signed.serialize()),
    })
}
