//! `rempart transfer …`: people and programs on the command line. A device key from a file, and the phrase from the terminal only.
//!
//! What is approved is what is shown: `approve` fetches the transfer, checks that its id is the hash of the payload it prints, and only
//! then asks for the phrase (G1).

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use api::{
    Accepted, Approve, Cancel, MoneyText, NewOutput, NewStop, NewTransfer, Objection, Scope, SessionGrant,
    SignIn, Transfer, TransferList,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::{Args, Subcommand};
use credentials::{KEY_FILE_BYTES_MAX, KeyFile, KeyKind};
use serde::Serialize;
use serde_json::json;
use server::entropy::{Entropy, SystemEntropy};
use types::{Amount, Hash, Payload, TransferId, VaultId};
use zeroize::Zeroizing;

use crate::client::{Answer, Client, Endpoint, Signing};
use crate::language::{Language, pick};

/// The largest PSBT file, in bytes.
const PSBT_BYTES_MAX: u64 = 4 << 20;

/// What to do with transfers.
#[derive(Subcommand, Debug)]
pub enum TransferCommand {
    /// Ask for a transfer
    Propose(ProposeArgs),
    /// Approve exactly what is shown
    Approve(SignArgs),
    /// End a transfer, visibly
    Cancel(OneArgs),
    /// Block a transfer until a quorum lifts the stop
    Stop(StopArgs),
    /// Have a transfer declined when it is ready, without your name
    Object(OneArgs),
    /// Show a transfer
    Show(OneArgs),
    /// List transfers, newest first
    List(ListArgs),
}

/// Who asks whom.
#[derive(Args, Debug)]
pub struct Connection {
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8087")]
    server: String,
    /// Your device key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `propose`.
#[derive(Args, Debug)]
pub struct ProposeArgs {
    #[command(flatten)]
    connection: Connection,
    /// From which vault
    #[arg(long)]
    vault: VaultId,
    /// `ADDRESS=AMOUNT` or `vault:NAME=AMOUNT`, such as `bcrt1q…=0.5 BTC`; may be repeated
    #[arg(long = "to", value_name = "TARGET=AMOUNT", required = true, value_parser = parse_output)]
    outputs: Vec<NewOutput>,
    /// The most that the network may be paid, such as `0.0001 BTC`
    #[arg(long, value_parser = Amount::parse)]
    max_fee: Amount,
    /// A note that everybody who sees the transfer reads
    #[arg(long, default_value = "")]
    memo: String,
    /// Your own reference
    #[arg(long, default_value = "")]
    reference: String,
    /// Only renews outputs whose recovery path comes near; every output names the vault itself
    #[arg(long)]
    refresh: bool,
    /// The transaction, as a PSBT file
    #[arg(long, value_name = "FILE")]
    psbt: Option<PathBuf>,
}

/// Arguments of `approve`.
#[derive(Args, Debug)]
pub struct SignArgs {
    #[command(flatten)]
    one: OneArgs,
    /// The transaction with your signature, as a PSBT file
    #[arg(long, value_name = "FILE")]
    psbt: Option<PathBuf>,
}

/// One transfer.
#[derive(Args, Debug)]
pub struct OneArgs {
    #[command(flatten)]
    connection: Connection,
    /// The transfer's id
    #[arg(value_parser = Hash::parse)]
    id: Hash,
}

/// Arguments of `stop`.
#[derive(Args, Debug)]
pub struct StopArgs {
    #[command(flatten)]
    one: OneArgs,
    /// Why; everybody who sees the transfer reads it
    #[arg(long, default_value = "")]
    reason: String,
}

/// Arguments of `list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    #[command(flatten)]
    connection: Connection,
}

fn parse_output(text: &str) -> Result<NewOutput, String> {
    let (target, amount) = text.rsplit_once('=').ok_or("write TARGET=AMOUNT, such as `bcrt1q…=0.5 BTC`")?;
    let amount = MoneyText(Amount::parse(amount).map_err(|error| error.to_string())?);
    match target.strip_prefix("vault:") {
        Some(vault) => {
            let vault = VaultId::parse(vault).map_err(|error| error.to_string())?;
            Ok(NewOutput { address: None, vault: Some(vault), amount })
        }
        None => Ok(NewOutput { address: Some(target.to_owned()), vault: None, amount }),
    }
}

/// Runs a command.
pub fn run(command: &TransferCommand, language: Language, out: &mut dyn Write) -> Result<u8> {
    match command {
        TransferCommand::Propose(args) => propose(args, language, out),
        TransferCommand::Approve(args) => approve(args, language, out),
        TransferCommand::Cancel(args) => {
            act(&args.connection, &path(args.id, "/cancel"), &Cancel {}, language, out)
        }
        TransferCommand::Object(args) => {
            act(&args.connection, &path(args.id, "/object"), &Objection {}, language, out)
        }
        TransferCommand::Stop(args) => {
            let stop = NewStop { scope: Scope::Transfer(args.one.id), reason: args.reason.clone() };
            act(&args.one.connection, "/v1/stops", &stop, language, out)
        }
        TransferCommand::Show(args) => show(args, language, out),
        TransferCommand::List(args) => list(&args.connection, language, out),
    }
}

fn path(id: Hash, rest: &str) -> String {
    format!("/v1/transfers/{id}{rest}")
}

fn propose(args: &ProposeArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let command = NewTransfer {
        vault: args.vault.clone(),
        outputs: args.outputs.clone(),
        max_fee: MoneyText(args.max_fee),
        memo: args.memo.clone(),
        reference: args.reference.clone(),
        refresh: args.refresh,
        nonce: None,
        psbt: args.psbt.as_deref().map(read_psbt).transpose()?,
    };
    act(&args.connection, "/v1/transfers", &command, language, out)
}

fn approve(args: &SignArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let caller = Caller::open(&args.one.connection, language)?;
    let psbt = args.psbt.as_deref().map(read_psbt).transpose()?;
    let seen = caller.transfer(args.one.id)?;
    check_payload(&seen)?;
    print_transfer(&seen, language, out)?;
    out.flush()?;
    let command = Approve { payload_hash: args.one.id, psbt };
    report(&caller.send(&path(args.one.id, "/approve"), &command)?, &args.one.connection, language, out)
}

/// The id must be the hash of the payload that is printed, whatever the server says.
fn check_payload(seen: &Transfer) -> Result<Payload> {
    let payload: Payload =
        serde_json::from_str(&seen.payload).context("the server sent a payload that is none")?;
    if payload.id()? != TransferId(seen.id) {
        bail!(
            "the server shows another payload than the one with this id: do not approve, and tell your colleagues"
        );
    }
    Ok(payload)
}

fn act<C: Serialize>(
    connection: &Connection,
    path: &str,
    command: &C,
    language: Language,
    out: &mut dyn Write,
) -> Result<u8> {
    let caller = Caller::open(connection, language)?;
    report(&caller.send(path, command)?, connection, language, out)
}

fn report(answer: &Answer, connection: &Connection, language: Language, out: &mut dyn Write) -> Result<u8> {
    if connection.json {
        writeln!(out, "{}", answer.body.trim_end())?;
        return Ok(u8::from(!answer.is_success()));
    }
    let accepted: Accepted = answer.read()?;
    let done = pick(language, "done", "fait");
    match (accepted.transfer, accepted.stop) {
        (Some(transfer), _) => writeln!(out, "{done}: {transfer}")?,
        (_, Some(stop)) => writeln!(out, "{done}: {} {stop}", pick(language, "stop", "arrêt"))?,
        _ => writeln!(out, "{done}")?,
    }
    Ok(0)
}

fn show(args: &OneArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let caller = Caller::open(&args.connection, language)?;
    let seen = caller.transfer(args.id)?;
    if args.connection.json {
        writeln!(out, "{}", serde_json::to_string(&seen)?)?;
    } else {
        check_payload(&seen)?;
        print_transfer(&seen, language, out)?;
    }
    Ok(0)
}

fn list(connection: &Connection, language: Language, out: &mut dyn Write) -> Result<u8> {
    let caller = Caller::open(connection, language)?;
    let answer = caller.read("/v1/transfers")?;
    if connection.json {
        writeln!(out, "{}", answer.body.trim_end())?;
        return Ok(u8::from(!answer.is_success()));
    }
    let list: TransferList = answer.read()?;
    for seen in &list.transfers {
        writeln!(out, "{}  {:<9}  {}  {}", seen.id, word(seen), seen.submitted_at, seen.vault)?;
    }
    if list.transfers.is_empty() {
        writeln!(out, "{}", pick(language, "no transfers yet", "aucun transfert pour l'instant"))?;
    }
    Ok(0)
}

fn word(seen: &Transfer) -> String {
    json!(seen.status).as_str().unwrap_or_default().to_owned()
}

fn print_transfer(seen: &Transfer, language: Language, out: &mut dyn Write) -> Result<()> {
    let payload = check_payload(seen)?;
    let mut line = |name: &str, value: String| writeln!(out, "{name:<14} {value}");
    line("id", seen.id.to_string())?;
    line(pick(language, "status", "état"), format!("{}, {}", word(seen), seen.since))?;
    line(pick(language, "from vault", "du coffre"), payload.vault.to_string())?;
    line(pick(language, "asked by", "demandé par"), payload.initiator.to_string())?;
    for output in &payload.outputs {
        let target = match &output.target {
            types::Target::Address(address) => address.clone(),
            types::Target::Vault(vault) => format!("vault:{vault}"),
        };
        line(pick(language, "to", "vers"), format!("{target}  {}", output.amount))?;
    }
    line(pick(language, "fee at most", "frais max."), payload.max_fee.to_string())?;
    line("memo", payload.memo.clone())?;
    for permit in &seen.permits {
        let state = match (permit.met, permit.ready_at) {
            (true, Some(at)) => {
                format!("{} {at}", pick(language, "approved; wait ends", "approuvé ; attente jusqu'au"))
            }
            _ => pick(language, "not enough approvals yet", "pas encore assez d'approbations").to_owned(),
        };
        line(pick(language, "permit", "autorisation"), format!("{}: {state}", permit.permit))?;
    }
    Ok(())
}

/// Somebody with a device key.
struct Caller {
    client: Client,
    key: KeyFile,
    language: Language,
}

impl Caller {
    fn open(connection: &Connection, language: Language) -> Result<Self> {
        let client = Client::new(&connection.server, pick(language, "en", "fr"));
        Ok(Self { client, key: read_key(&connection.key)?, language })
    }

    /// One act, one phrase. Services have none.
    fn send<C: Serialize>(&self, path: &str, command: &C) -> Result<Answer> {
        let phrase = self.phrase()?;
        let signing = Signing { key: &self.key, phrase: phrase.as_deref().map(String::as_str) };
        let idempotency_key = hex::encode(SystemEntropy.draw());
        self.client.command(&signing, Endpoint::post(path, &idempotency_key), command)
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

    fn read(&self, path: &str) -> Result<Answer> {
        let grant: SessionGrant = self.send("/v1/session", &SignIn {})?.read()?;
        self.client.get(path, Some(&grant.token))
    }

    fn transfer(&self, id: Hash) -> Result<Transfer> {
        self.read(&path(id, ""))?.read()
    }
}

fn read_key(path: &Path) -> Result<KeyFile> {
    let file = std::fs::File::open(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    let mut text = Zeroizing::new(String::new());
    file.take(KEY_FILE_BYTES_MAX as u64 + 1).read_to_string(&mut text)?;
    KeyFile::parse(&text).with_context(|| format!("`{}` is not a device key", path.display()))
}

/// A PSBT file, binary or base64, as base64.
fn read_psbt(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    file.take(PSBT_BYTES_MAX).read_to_end(&mut bytes)?;
    if bytes.starts_with(b"psbt\xff") {
        return Ok(BASE64.encode(bytes));
    }
    let text = String::from_utf8(bytes).ok().context("neither a binary nor a base64 PSBT")?;
    Ok(text.trim().to_owned())
}
