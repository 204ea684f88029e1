//! `rempart vault`: the key ceremony and what comes after it, on files alone (G10). No server and no chain is needed.
//!
//! `docs/ceremony.md` says in which order people use these. The record of a vault is `record`, its sheet to print `sheet`, the move to new
//! keys `rotate`.

mod record;
mod rotate;
mod sheet;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use bitcoin::NetworkKind;
use clap::{Args, Subcommand, ValueEnum};
use policy::{Policy, Severity, Source};
use serde_json::{Value, json};
use server::clock::{Clock, SystemClock};
use server::entropy::{Entropy, SystemEntropy};
use types::{KeyId, Timestamp, VaultId};
use vault::{Branch, ColdcardWallet, VaultDescriptor, VaultKey, WalletPolicy};

pub use record::VaultRecord;

use crate::data_folder::DataFolder;
use crate::language::{Language, pick};
use crate::vault_command::record::{key_code, same_code};

/// What to do with a vault.
#[derive(Subcommand, Debug)]
pub enum VaultCommand {
    /// Show a member's public key with the code that people compare
    Key(KeyArgs),
    /// Make a vault's record from the policy: descriptor, checks of every key, backup sheet
    Create(CreateArgs),
    /// Note that a member's device has shown the vault's first address
    Confirm(ConfirmArgs),
    /// Show a vault's record
    Show(ShowArgs),
    /// Print what devices and other wallets register
    Export(ExportArgs),
    /// Write the backup sheet to print
    Sheet(SheetArgs),
    /// Write the policy that moves a vault to new keys, and say the steps
    Rotate(rotate::RotateArgs),
}

/// Arguments of `vault key`.
#[derive(Args, Debug)]
pub struct KeyArgs {
    /// As the device exports it: `[fingerprint/path]xpub…`
    #[arg(value_name = "KEY")]
    key: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Arguments of `vault create`.
#[derive(Args, Debug)]
pub struct CreateArgs {
    /// Policy files, merged: rules and register
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Which vault of the policy
    #[arg(long, value_name = "ID")]
    vault: VaultId,
    #[command(flatten)]
    cosigner: CosignerArgs,
    /// The code that a key's owner read out, `KEY=CODE`; once for each member's key
    #[arg(long, value_name = "KEY=CODE", value_parser = parse_check)]
    check: Vec<(KeyId, String)>,
    /// Go on although some keys are not checked; the sheet says so
    #[arg(long)]
    unchecked: bool,
    /// A block before the first deposit
    #[arg(long, value_name = "HEIGHT")]
    birth_height: Option<u32>,
    /// Where to write the record
    #[arg(long, value_name = "FILE")]
    record: PathBuf,
    /// Where to write the backup sheet
    #[arg(long, value_name = "FILE.html")]
    sheet: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Where the co-signer's public key comes from.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct CosignerArgs {
    /// The co-signer's public key, as `rempart init` printed it
    #[arg(long, value_name = "KEY")]
    cosigner: Option<String>,
    /// The server's folder, whose co-signer it is
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

impl CosignerArgs {
    fn public_key(&self) -> Result<String> {
        match (&self.cosigner, &self.data) {
            (Some(key), _) => Ok(key.clone()),
            (None, Some(folder)) => Ok(signer::named_public_key(&DataFolder::at(folder).cosigner())?),
            (None, None) => bail!("name the co-signer with `--cosigner` or `--data`"),
        }
    }
}

/// Arguments of `vault confirm`.
#[derive(Args, Debug)]
pub struct ConfirmArgs {
    /// The vault's record
    #[arg(value_name = "RECORD")]
    record: PathBuf,
    /// Whose device
    #[arg(value_name = "KEY")]
    key: KeyId,
    /// The first receive address, as the device shows it
    #[arg(value_name = "ADDRESS")]
    address: String,
}

/// Arguments of `vault show`.
#[derive(Args, Debug)]
pub struct ShowArgs {
    /// The vault's record
    #[arg(value_name = "RECORD")]
    record: PathBuf,
    /// How many receive addresses
    #[arg(long, default_value_t = ADDRESSES_SHOWN, value_parser = clap::value_parser!(u32).range(1..=1000))]
    addresses: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Arguments of `vault export`.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// The vault's record
    #[arg(value_name = "RECORD")]
    record: PathBuf,
    /// For whom
    #[arg(long, value_enum, default_value_t = ExportFormat::Descriptor)]
    format: ExportFormat,
}

/// What others read.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportFormat {
    /// One BIP-389 multipath descriptor with its checksum
    Descriptor,
    /// BIP-388 wallet policy as JSON: name, template, keys
    WalletPolicy,
    /// What a Coldcard imports under Miniscript: JSON with name and descriptor
    Coldcard,
}

/// Arguments of `vault sheet`.
#[derive(Args, Debug)]
pub struct SheetArgs {
    /// The vault's record
    #[arg(value_name = "RECORD")]
    record: PathBuf,
    /// Where to write the sheet
    #[arg(long, value_name = "FILE.html")]
    to: PathBuf,
}

/// Enough to compare with a device.
const ADDRESSES_SHOWN: u32 = 3;

fn parse_check(text: &str) -> Result<(KeyId, String), String> {
    let (key, code) = text.split_once('=').ok_or("write the key's name, `=` and the code")?;
    Ok((KeyId::parse(key).map_err(|error| error.to_string())?, code.to_owned()))
}

/// Does what is asked.
pub fn run(
    command: &VaultCommand,
    language: Language,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8> {
    match command {
        VaultCommand::Key(args) => show_key(args, language, out),
        VaultCommand::Create(args) => create(args, language, out, err),
        VaultCommand::Confirm(args) => confirm(args, language, out),
        VaultCommand::Show(args) => {
            let (record, descriptor) = VaultRecord::load(&args.record)?;
            show(&record, &descriptor, args.addresses, args.json, language, out)
        }
        VaultCommand::Export(args) => export(args, out),
        VaultCommand::Sheet(args) => {
            let (record, descriptor) = VaultRecord::load(&args.record)?;
            write_sheet(&record, &descriptor, &args.to, language, out)
        }
        VaultCommand::Rotate(args) => rotate::run(args, language, out, err),
    }
}

/// A key of either network, for whoever compares it before there is a vault.
fn parse_any(text: &str) -> Result<(VaultKey, NetworkKind)> {
    let main = VaultKey::parse(text, NetworkKind::Main).map(|key| (key, NetworkKind::Main));
    Ok(main.or_else(|_| VaultKey::parse(text, NetworkKind::Test).map(|key| (key, NetworkKind::Test)))?)
}

fn show_key(args: &KeyArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let (key, network) = parse_any(args.key.trim())?;
    let (code, path) = (key_code(&key), path_text(&key));
    let network = if network == NetworkKind::Main { "mainnet" } else { "testnet" };
    if args.json {
        let fingerprint = key.fingerprint().to_string();
        writeln!(
            out,
            "{}",
            json!({ "key": key.to_string(), "fingerprint": fingerprint, "path": path, "network": network, "code": code })
        )?;
        return Ok(0);
    }
    let say = |english, french| pick(language, english, french);
    writeln!(out, "{} {}", say("fingerprint:", "empreinte :"), key.fingerprint())?;
    writeln!(out, "{} {path}", say("path:       ", "chemin :   "))?;
    writeln!(out, "{} {network}", say("network:    ", "réseau :   "))?;
    writeln!(out, "{} {code}", say("code:       ", "code :     "))?;
    writeln!(
        out,
        "{}",
        say(
            "Compare fingerprint and path with the device's own screen; read the code out to whoever runs `rempart vault create`.",
            "Comparez l'empreinte et le chemin avec l'écran de l'appareil ; lisez le code à la personne qui lance `rempart vault create`.",
        )
    )?;
    Ok(0)
}

fn path_text(key: &VaultKey) -> String {
    key.path().to_string().replace('\'', "h")
}

fn create(args: &CreateArgs, language: Language, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8> {
    let Some((policy, _)) = load_policy(&args.files, err)? else { return Ok(2) };
    let now = SystemClock::new(SystemEntropy.draw()).moment_parts().0;
    let mut record =
        VaultRecord::new(&policy, &args.vault, &args.cosigner.public_key()?, now, args.birth_height)?;
    record.checked = checked(&record, &args.check)?.into_iter().collect();
    let keys = record.keys();
    let missing: Vec<&str> =
        keys.iter().filter(|key| !record.checked.contains(key.id)).map(|key| key.id.as_str()).collect();
    ensure!(
        missing.is_empty() || args.unchecked,
        "not checked: {}; each owner runs `rempart vault key` on what the own device exports and reads out the code for `--check KEY=CODE`",
        missing.join(", ")
    );
    let descriptor = record.vault.descriptor()?;
    record.save(&args.record, false)?;
    show(&record, &descriptor, ADDRESSES_SHOWN, args.json, language, out)?;
    if let Some(sheet) = &args.sheet {
        write_new(sheet, &sheet::render(&record, &descriptor, language)?)?;
    }
    if !args.json {
        writeln!(out, "\n{}", pick(language, NEXT_EN, NEXT_FR))?;
    }
    Ok(0)
}

const NEXT_EN: &str = "next: every member registers the descriptor on the device (`rempart vault export`), has it show the first receive address, and `rempart vault confirm` notes it; then print the sheet, and rehearse with a small sum before the large one (docs/ceremony.md)";
const NEXT_FR: &str = "ensuite : chaque membre enregistre le descripteur sur son appareil (`rempart vault export`), lui fait afficher la première adresse de réception, et `rempart vault confirm` le note ; puis imprimez la feuille, et répétez avec une petite somme avant la grande (docs/ceremony.md)";

/// The keys whose codes are right. One that is wrong ends the ceremony: somebody's key was replaced on the way.
fn checked(record: &VaultRecord, checks: &[(KeyId, String)]) -> Result<Vec<KeyId>> {
    let keys = record.keys();
    for (id, typed) in checks {
        let key = keys.iter().find(|key| key.id == id);
        let key = key.with_context(|| format!("`{id}` is not a key of this vault"))?;
        let code = key_code(&record.parse(key.text)?);
        ensure!(
            same_code(&code, typed),
            "the code of `{id}` does not match: the key in the register is not the one that its owner has; stop the ceremony and find out who changed it"
        );
    }
    Ok(checks.iter().map(|(id, _)| id.clone()).collect())
}

/// The policy with its sources, or what is wrong with it, said.
fn load_policy(files: &[PathBuf], err: &mut dyn Write) -> Result<Option<(Policy, Vec<Source>)>> {
    let read = |path: &PathBuf| {
        let text =
            fs::read_to_string(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(Source { name, text })
    };
    let sources: Vec<Source> = files.iter().map(read).collect::<Result<_>>()?;
    let loaded = policy::load(&sources);
    for found in loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error) {
        writeln!(err, "{found}")?;
    }
    Ok(loaded.policy.map(|policy| (policy, sources)))
}

fn confirm(args: &ConfirmArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let (mut record, descriptor) = VaultRecord::load(&args.record)?;
    ensure!(record.keys().iter().any(|key| *key.id == args.key), "`{}` is not a key of this vault", args.key);
    let first = descriptor.address(Branch::Receive, 0)?.to_string();
    ensure!(
        args.address.trim() == first,
        "the device of `{}` shows another address than this vault's first one: it has registered something else; stop and find out what",
        args.key
    );
    let now = SystemClock::new(SystemEntropy.draw()).moment_parts().0;
    record.confirmed.insert(args.key.clone(), now);
    record.save(&args.record, true)?;
    let noted = record.confirmed.len();
    let say = match (language, record.is_complete()) {
        (Language::En, true) => "noted; every key is checked and confirmed: write the sheet with `rempart vault sheet`".to_owned(),
        (Language::Fr, true) => "noté ; toutes les clés sont vérifiées et confirmées : écrivez la feuille avec `rempart vault sheet`".to_owned(),
        (Language::En, false) => format!("noted; {noted} of {} devices so far", record.keys().len()),
        (Language::Fr, false) => format!("noté ; {noted} appareils sur {} à présent", record.keys().len()),
    };
    writeln!(out, "{say}")?;
    Ok(0)
}

fn show(
    record: &VaultRecord,
    descriptor: &VaultDescriptor,
    addresses: u32,
    as_json: bool,
    language: Language,
    out: &mut dyn Write,
) -> Result<u8> {
    if as_json {
        writeln!(out, "{}", record_json(record, descriptor, addresses)?)?;
        return Ok(0);
    }
    let say = |english, french| pick(language, english, french);
    writeln!(out, "{}", rule_text(record, language))?;
    writeln!(out, "\n{}\n{}", say("descriptor (BIP-389):", "descripteur (BIP-389) :"), descriptor.text())?;
    writeln!(out, "\n{}", say("keys:", "clés :"))?;
    let cosigner = record.parse(&record.vault.cosigner)?;
    let name = say("co-signer", "cosignataire");
    writeln!(
        out,
        "  {name:16} {}  {:16} {}",
        cosigner.fingerprint(),
        path_text(&cosigner),
        key_code(&cosigner)
    )?;
    for key in record.keys() {
        let parsed = record.parse(key.text)?;
        let (fingerprint, path, code) = (parsed.fingerprint(), path_text(&parsed), key_code(&parsed));
        let (id, state) = (key.id.as_str(), key_state(record, key.id, language));
        writeln!(out, "  {id:16} {fingerprint}  {path:16} {code}  {state}")?;
    }
    writeln!(out, "\n{}", say("receive addresses:", "adresses de réception :"))?;
    for index in 0..addresses {
        writeln!(out, "  {index:3} {}", descriptor.address(Branch::Receive, index)?)?;
    }
    Ok(0)
}

/// Who can spend, and who can leave, in two lines.
fn rule_text(record: &VaultRecord, language: Language) -> String {
    let spec = &record.vault;
    let (id, network, kind) = (&spec.id, spec.network, kind_text(spec.script));
    let (least, all) = (spec.at_least, spec.members.len());
    let (recover, of, blocks) =
        (spec.recovery.at_least, spec.recovery.members.len(), spec.recovery.after_blocks);
    let days = blocks / BLOCKS_PER_DAY;
    match language {
        Language::En => format!(
            "vault {id}, {network}, {kind}\nspends with {least} of {all} members and the co-signer\nrecovers with {recover} of {of}, {blocks} blocks (about {days} days) after a coin was confirmed, without the co-signer"
        ),
        Language::Fr => format!(
            "coffre {id}, {network}, {kind}\ndépense avec {least} membres sur {all} et le cosignataire\nrécupération avec {recover} sur {of}, {blocks} blocs (environ {days} jours) après la confirmation d'une pièce, sans le cosignataire"
        ),
    }
}

/// Ten minutes a block.
const BLOCKS_PER_DAY: u32 = 144;

const fn kind_text(kind: vault::ScriptKind) -> &'static str {
    match kind {
        vault::ScriptKind::Wsh => "wsh",
        vault::ScriptKind::Tr => "tr",
    }
}

fn key_state(record: &VaultRecord, id: &KeyId, language: Language) -> String {
    let checked = if record.checked.contains(id) {
        pick(language, "code checked", "code vérifié")
    } else {
        pick(language, "CODE NOT CHECKED", "CODE NON VÉRIFIÉ")
    };
    let confirmed = if record.confirmed.contains_key(id) {
        pick(language, "address seen on the device", "adresse vue sur l'appareil")
    } else {
        pick(language, "address not yet seen on the device", "adresse pas encore vue sur l'appareil")
    };
    format!("{checked}, {confirmed}")
}

fn record_json(record: &VaultRecord, descriptor: &VaultDescriptor, addresses: u32) -> Result<Value> {
    let mut keys = Vec::new();
    for key in record.keys() {
        let parsed = record.parse(key.text)?;
        keys.push(json!({
            "id": key.id, "key": key.text, "fingerprint": parsed.fingerprint().to_string(),
            "path": path_text(&parsed), "code": key_code(&parsed), "spends": key.spends,
            "recovers": key.recovers, "checked": record.checked.contains(key.id),
            "confirmed": record.confirmed.get(key.id).map(Timestamp::to_string),
        }));
    }
    let receive =
        (0..addresses).map(|index| descriptor.address(Branch::Receive, index).map(|a| a.to_string()));
    let spec = &record.vault;
    Ok(json!({
        "vault": spec.id, "network": spec.network.to_string(), "script": kind_text(spec.script),
        "descriptor": descriptor.text(), "cosigner": spec.cosigner, "at_least": spec.at_least, "keys": keys,
        "recovery": { "at_least": spec.recovery.at_least, "after_blocks": spec.recovery.after_blocks },
        "receive": receive.collect::<Result<Vec<_>, _>>()?, "birth_height": record.birth_height,
        "made_at": record.made_at.to_string(), "complete": record.is_complete(),
    }))
}

fn export(args: &ExportArgs, out: &mut dyn Write) -> Result<u8> {
    let (_, descriptor) = VaultRecord::load(&args.record)?;
    let text = match args.format {
        ExportFormat::Descriptor => descriptor.text().to_owned(),
        ExportFormat::WalletPolicy => serde_json::to_string_pretty(&WalletPolicy::new(&descriptor))?,
        ExportFormat::Coldcard => serde_json::to_string(&ColdcardWallet::new(&descriptor))?,
    };
    writeln!(out, "{text}")?;
    Ok(0)
}

fn write_sheet(
    record: &VaultRecord,
    descriptor: &VaultDescriptor,
    to: &Path,
    language: Language,
    out: &mut dyn Write,
) -> Result<u8> {
    write_new(to, &sheet::render(record, descriptor, language)?)?;
    let say = pick(
        language,
        "written; open it in a browser, print it, and delete the file:",
        "écrite ; ouvrez-la dans un navigateur, imprimez-la et effacez le fichier :",
    );
    writeln!(out, "{say} {}", to.display())?;
    Ok(0)
}

fn write_new(path: &Path, text: &str) -> Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .with_context(|| format!("`{}` cannot be made: name a new file", path.display()))?;
    file.write_all(text.as_bytes())?;
    Ok(file.sync_all()?)
}
