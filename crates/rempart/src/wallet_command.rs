//! `rempart wallet …`: a vault on its chain, asked of a running server: where it stands, its outputs, fresh addresses, refreshes (G10).

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use api::{
    AddressList, CoinList, MoneyText, NewAddress, NewOutput, NewTransfer, RefreshDraft, VaultDetail,
    VaultList,
};
use clap::{Args, Subcommand};
use types::VaultId;

use crate::caller::{Caller, Connection, report};
use crate::client::Answer;
use crate::language::{Language, pick};
use crate::transfer_command::print_draft;

/// What to do with a vault on its chain.
#[derive(Subcommand, Debug)]
pub enum WalletCommand {
    /// List the vaults that you have to do with
    List(Connection),
    /// Show where a vault stands on its chain
    Show(OneArgs),
    /// List a vault's outputs, those nearest to their recovery lock first
    Coins(OneArgs),
    /// List the addresses that were handed out
    Addresses(OneArgs),
    /// Hand out an address that nobody has seen
    Address(AddressArgs),
    /// Propose to renew the outputs that near their recovery lock
    Refresh(RefreshArgs),
}

/// One vault.
#[derive(Args, Debug)]
pub struct OneArgs {
    #[command(flatten)]
    connection: Connection,
    /// The vault
    #[arg(value_parser = VaultId::parse)]
    vault: VaultId,
}

/// Arguments of `address`.
#[derive(Args, Debug)]
pub struct AddressArgs {
    #[command(flatten)]
    one: OneArgs,
    /// What it is for; people who see the vault read it
    #[arg(long, default_value = "")]
    label: String,
}

/// Arguments of `refresh`.
#[derive(Args, Debug)]
pub struct RefreshArgs {
    #[command(flatten)]
    one: OneArgs,
    /// Into how many outputs
    #[arg(long, default_value_t = 1)]
    outputs: u32,
    /// Satoshis for a virtual byte; as the chain's sources estimate it otherwise
    #[arg(long, value_name = "NUMBER")]
    fee_rate: Option<String>,
    /// Where to write the PSBT that members sign
    #[arg(long, value_name = "FILE")]
    psbt: PathBuf,
}

/// Runs a command.
pub fn run(command: &WalletCommand, language: Language, out: &mut dyn Write) -> Result<u8> {
    match command {
        WalletCommand::List(connection) => {
            read(connection, "/v1/vaults", language, out, |list: &VaultList, out| print_list(list, out))
        }
        WalletCommand::Show(args) => {
            read(&args.connection, &path(args, ""), language, out, |detail: &VaultDetail, out| {
                print_detail(detail, language, out)
            })
        }
        WalletCommand::Coins(args) => {
            read(&args.connection, &path(args, "/coins"), language, out, |list: &CoinList, out| {
                print_coins(list, language, out)
            })
        }
        WalletCommand::Addresses(args) => {
            read(&args.connection, &path(args, "/addresses"), language, out, |list: &AddressList, out| {
                list.addresses.iter().try_for_each(|one| print_address(one, out))
            })
        }
        WalletCommand::Address(args) => address(args, language, out),
        WalletCommand::Refresh(args) => refresh(args, language, out),
    }
}

fn path(args: &OneArgs, rest: &str) -> String {
    format!("/v1/vaults/{}{rest}", args.vault)
}

fn read<T: serde::de::DeserializeOwned>(
    connection: &Connection,
    path: &str,
    language: Language,
    out: &mut dyn Write,
    print: impl Fn(&T, &mut dyn Write) -> Result<()>,
) -> Result<u8> {
    let answer = Caller::open(connection, language)?.read(path)?;
    if connection.json {
        return print_json(&answer, out);
    }
    print(&answer.read()?, out)?;
    Ok(0)
}

fn print_json(answer: &Answer, out: &mut dyn Write) -> Result<u8> {
    writeln!(out, "{}", answer.body.trim_end())?;
    Ok(u8::from(!answer.is_success()))
}

fn print_list(list: &VaultList, out: &mut dyn Write) -> Result<()> {
    for vault in &list.vaults {
        let balance = vault.balance.map(|balance| balance.to_string()).unwrap_or_default();
        writeln!(out, "{:<24} {:<18} {balance}", vault.id, vault.chain)?;
    }
    Ok(())
}

fn print_detail(detail: &VaultDetail, language: Language, out: &mut dyn Write) -> Result<()> {
    let mut line = |name: &str, value: String| writeln!(out, "{name:<22} {value}");
    line(pick(language, "vault", "coffre"), format!("{}, {}", detail.vault.id, detail.vault.chain))?;
    if let Some(balance) = detail.vault.balance {
        line(pick(language, "balance", "solde"), balance.to_string())?;
    }
    let money = |money: &api::CurrencyMinor| money.minor.in_currency(money.currency).to_string();
    line(pick(language, "signed, unconfirmed", "signé, non confirmé"), money(&detail.afloat))?;
    if let Some(cap) = &detail.outstanding {
        line(pick(language, "at most", "au plus"), money(cap))?;
    }
    if let Some(height) = detail.height {
        line(pick(language, "last block", "dernier bloc"), height.to_string())?;
    }
    if let Some(trouble) = &detail.trouble {
        let what = pick(language, "RELEASES WAIT", "PAIEMENTS EN ATTENTE");
        line(what, trouble.clone())?;
    }
    if detail.refresh_due > 0 {
        let what = pick(language, "outputs to renew", "sorties à renouveler");
        line(what, format!("{}: rempart wallet refresh {}", detail.refresh_due, detail.vault.id))?;
    }
    if let Some(descriptor) = &detail.descriptor {
        line(pick(language, "descriptor", "descripteur"), descriptor.clone())?;
    }
    Ok(())
}

fn print_coins(list: &CoinList, language: Language, out: &mut dyn Write) -> Result<()> {
    for coin in &list.coins {
        let due = if coin.refresh_due { pick(language, "  renew now", "  à renouveler") } else { "" };
        let reserved = if coin.reserved { pick(language, "  reserved", "  réservé") } else { "" };
        let (age, left) = (coin.age_blocks, coin.blocks_to_recovery);
        let words = pick(language, "blocks old, recovery in", "blocs, récupération dans");
        writeln!(out, "{}  {}  {age} {words} {left}{due}{reserved}", coin.outpoint, coin.amount)?;
    }
    let shown = list.coins.len();
    if shown < list.count {
        let more = list.count - shown;
        writeln!(out, "{}", pick(language, &format!("and {more} more"), &format!("et {more} de plus")))?;
    }
    if list.count == 0 {
        writeln!(out, "{}", pick(language, "no outputs", "aucune sortie"))?;
    }
    Ok(())
}

fn print_address(shown: &api::ShownAddress, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{:>6}  {}  {}", shown.index, shown.address, shown.label)?;
    for key in &shown.derivation {
        writeln!(out, "        {key}")?;
    }
    Ok(())
}

fn address(args: &AddressArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let caller = Caller::open(&args.one.connection, language)?;
    let new = NewAddress { label: args.label.clone() };
    caller.send(&path(&args.one, "/addresses"), &new)?.read::<api::Accepted>()?;
    let answer = caller.read(&path(&args.one, "/addresses"))?;
    if args.one.connection.json {
        return print_json(&answer, out);
    }
    let list: AddressList = answer.read()?;
    if let Some(last) = list.addresses.last() {
        print_address(last, out)?;
    }
    Ok(0)
}

/// The draft first; what is then proposed is exactly what it pays.
fn refresh(args: &RefreshArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let connection = &args.one.connection;
    let caller = Caller::open(connection, language)?;
    let rate = args.fee_rate.as_ref().map(|rate| format!("&fee_rate={rate}")).unwrap_or_default();
    let draft: RefreshDraft =
        caller.read(&path(&args.one, &format!("/refresh?outputs={}{rate}", args.outputs)))?.read()?;
    let output = |value: &types::Amount| NewOutput {
        address: None,
        vault: Some(args.one.vault.clone()),
        amount: MoneyText(*value),
    };
    let command = NewTransfer {
        vault: args.one.vault.clone(),
        outputs: draft.values.iter().map(output).collect(),
        max_fee: MoneyText(draft.max_fee),
        memo: String::new(),
        reference: String::new(),
        refresh: true,
        nonce: None,
        psbt: Some(draft.draft.psbt.clone()),
    };
    let answer = caller.send("/v1/transfers", &command)?;
    if answer.is_success() {
        print_draft(&draft.draft, Some(&args.psbt), language, out)?;
    }
    if draft.left > 0 {
        let more =
            pick(language, "outputs did not fit: refresh again", "sorties n'ont pas tenu : recommencez");
        writeln!(out, "{} {more}", draft.left)?;
    }
    report(&answer, connection, language, out)
}
