//! `rempart transfer …`: people and programs on the command line. A device key from a file, and the phrase from the terminal only.
//!
//! What is approved is what is shown: `approve` fetches the transfer, checks that its id is the hash of the payload it prints, and only
//! then asks for the phrase (G1).

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use api::{
    Approve, AttachPsbt, Cancel, MoneyText, NewOutput, NewStop, NewTransfer, Objection, Scope, Transfer,
    TransferList,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::{Args, Subcommand};
use serde_json::json;
use types::{Amount, Hash, Payload, TransferId, VaultId};

use crate::caller::{Caller, Connection, act, report};
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
    /// Build the transaction that members sign: the payment, or another one for a payment that waits
    Draft(DraftArgs),
    /// Bring a transaction with signatures
    Attach(AttachArgs),
    /// Show a transfer
    Show(OneArgs),
    /// List transfers, newest first
    List(ListArgs),
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

/// Arguments of `draft`.
#[derive(Args, Debug)]
pub struct DraftArgs {
    #[command(flatten)]
    one: OneArgs,
    /// `payment`: it, or one in its place that pays the network more; `child`: on top of it; `return`: in its place, with everything
    /// coming back
    #[arg(long, default_value = "payment", value_parser = ["payment", "child", "return"])]
    kind: String,
    /// Satoshis for a virtual byte; as the chain's sources estimate it otherwise
    #[arg(long, value_name = "NUMBER")]
    fee_rate: Option<String>,
    /// Where to write the PSBT; printed in base64 otherwise
    #[arg(long, value_name = "FILE")]
    psbt: Option<PathBuf>,
}

/// Arguments of `attach`.
#[derive(Args, Debug)]
pub struct AttachArgs {
    #[command(flatten)]
    one: OneArgs,
    /// The transaction, as a PSBT file
    #[arg(long, value_name = "FILE")]
    psbt: PathBuf,
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
        TransferCommand::Draft(args) => draft(args, language, out),
        TransferCommand::Attach(args) => {
            let caller = Caller::open(&args.one.connection, language)?;
            let answer =
                caller.put(&path(args.one.id, "/psbt"), &AttachPsbt { psbt: read_psbt(&args.psbt)? })?;
            report(&answer, &args.one.connection, language, out)
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
    let seen = transfer(&caller, args.one.id)?;
    check_payload(&seen)?;
    print_transfer(&seen, language, out)?;
    out.flush()?;
    let command = Approve { payload_hash: args.one.id, psbt };
    report(&caller.send(&path(args.one.id, "/approve"), &command)?, &args.one.connection, language, out)
}

fn transfer(caller: &Caller, id: Hash) -> Result<Transfer> {
    caller.read(&path(id, ""))?.read()
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

fn draft(args: &DraftArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let caller = Caller::open(&args.one.connection, language)?;
    let rate = args.fee_rate.as_ref().map(|rate| format!("&fee_rate={rate}")).unwrap_or_default();
    let answer = caller.read(&path(args.one.id, &format!("/draft?kind={}{rate}", args.kind)))?;
    if args.one.connection.json {
        writeln!(out, "{}", answer.body.trim_end())?;
        return Ok(u8::from(!answer.is_success()));
    }
    print_draft(&answer.read()?, args.psbt.as_deref(), language, out)
}

/// Says what a draft costs, and writes it where it is wanted.
pub fn print_draft(
    draft: &api::Draft,
    file: Option<&Path>,
    language: Language,
    out: &mut dyn Write,
) -> Result<u8> {
    let (fee, size) =
        (pick(language, "network fee", "frais de réseau"), pick(language, "at most", "au plus"));
    writeln!(out, "{fee} {}, {size} {} vB", draft.fee, draft.vsize)?;
    if let Some(change) = &draft.change {
        writeln!(out, "{} {change}", pick(language, "change to", "monnaie vers"))?;
    }
    match file {
        Some(path) => {
            let psbt = BASE64.decode(&draft.psbt).context("the server sent a psbt that is none")?;
            std::fs::write(path, psbt).with_context(|| format!("`{}` cannot be written", path.display()))?;
            writeln!(out, "{} {}", pick(language, "written:", "écrit :"), path.display())?;
        }
        None => writeln!(out, "{}", draft.psbt)?,
    }
    Ok(0)
}

fn show(args: &OneArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let caller = Caller::open(&args.connection, language)?;
    let seen = transfer(&caller, args.id)?;
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
    if let Some(code) = &seen.waits_for {
        line(pick(language, "waits for", "attend"), waits_for(code, language))?;
    }
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

/// What a released transfer waits for, with the code.
fn waits_for(code: &str, language: Language) -> String {
    let (english, french) = match code {
        "signatures" => ("members' signatures", "les signatures des membres"),
        "outstanding" => (
            "a confirmation of earlier payments: too much is on its way",
            "la confirmation de paiements antérieurs : trop de valeur est en route",
        ),
        "inputs" => (
            "an output that it spends: bring another transaction",
            "une sortie à dépenser : apportez une autre transaction",
        ),
        "chain-behind" => ("the chain's time, which is behind", "l'heure de la chaîne, en retard"),
        _ => (
            "the chain's sources, which cannot be relied on now",
            "les sources de la chaîne, peu fiables pour l'instant",
        ),
    };
    format!("{} ({code})", pick(language, english, french))
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
