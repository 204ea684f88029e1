//! The `rempart` binary: wires the parts, chooses back-ends, speaks to people on a terminal.
//!
//! Exit status: 0 done, 1 refused or failed, 2 wrong usage or an invalid file.

mod alarm_command;
mod alarm_link_command;
mod bound_command;
mod caller;
mod certificate_command;
mod client;
mod cosigner_command;
mod credential_command;
mod data_folder;
mod demo;
mod diff_command;
mod dossier_command;
mod drill_command;
mod init;
mod journal_command;
mod language;
mod motion_command;
mod policy_command;
mod serve;
mod sign_command;
mod transfer_command;
mod vault_command;
mod wallet_command;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::language::Language;

/// Rempart stands between people and the keys that move their assets, so that coercing any of them is worthless.
#[derive(Parser, Debug)]
#[command(name = "rempart", version, about, propagate_version = true)]
struct Cli {
    /// `en` or `fr`; the terminal's locale otherwise
    #[arg(long, global = true, value_parser = language::parse)]
    language: Option<Language>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Play both stories: the free transfer is signed, the coerced one is not
    Demo(demo::DemoArgs),
    /// Make a server's folder for a policy
    Init(init::InitArgs),
    /// Hand a person or a service its credential
    Enrol(init::EnrolArgs),
    /// Make the key of a program that reports prices or the chain
    Feed(init::FeedArgs),
    /// As a responder: take charge, work through the checklist, call, practise, hand over to the police
    #[command(subcommand)]
    Alarm(Box<alarm_command::AlarmCommand>),
    /// Print the link by which a protected person calls for help
    AlarmLink(alarm_link_command::AlarmLinkArgs),
    /// Serve the API
    Serve(serve::ServeArgs),
    /// Check or explain policy files
    #[command(subcommand)]
    Policy(policy_command::PolicyCommand),
    /// Propose, approve, stop and look at transfers
    #[command(subcommand)]
    Transfer(transfer_command::TransferCommand),
    /// Change a phrase, add or replace a device, take one away
    #[command(subcommand)]
    Credential(credential_command::CredentialCommand),
    /// Your emergency packet: fill in, seal, hand in; as a responder, open one
    #[command(subcommand)]
    Dossier(dossier_command::DossierCommand),
    /// Look at what only a quorum may do, endorse it, end it
    #[command(subcommand)]
    Motion(motion_command::MotionCommand),
    /// Make vaults: key ceremony, backup sheet, export, rotation
    #[command(subcommand)]
    Vault(vault_command::VaultCommand),
    /// Look at a vault on its chain; hand out addresses; renew outputs
    #[command(subcommand)]
    Wallet(wallet_command::WalletCommand),
    /// Show the co-signer's public key, or move the key into a PKCS#11 token
    #[command(subcommand)]
    Cosigner(cosigner_command::CosignerCommand),
    /// Sign a PSBT with a member's key in software, or make such a key
    Sign(sign_command::SignArgs),
    /// Replay the attacks on record against a policy
    Drill(drill_command::DrillArgs),
    /// Sign, or check, a statement of how little force can get
    #[command(subcommand)]
    Certificate(certificate_command::CertificateCommand),
    /// Verify a journal
    #[command(subcommand)]
    Journal(journal_command::JournalCommand),
    /// Copy a journal, also while a server writes to it
    Backup(journal_command::BackupArgs),
    /// Put a backup into a folder without a journal
    Restore(journal_command::RestoreArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let language = cli.language.unwrap_or_else(language::of_locale);
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    match run(&cli.command, language, &mut out, &mut err) {
        Ok(status) => ExitCode::from(status),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do if even this cannot be written.
            let _ = writeln!(err, "error: {error:#}");
            ExitCode::from(1)
        }
    }
}

fn run(
    command: &Command,
    language: Language,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<u8> {
    match command {
        Command::Demo(args) => demo::run(args, language, out),
        Command::Init(args) => init::init(args, language, out, err),
        Command::Enrol(args) => init::enrol(args, language, out),
        Command::Feed(args) => init::feed(args, language, out),
        Command::Alarm(command) => alarm_command::run(command, language, out, err),
        Command::AlarmLink(args) => alarm_link_command::run(args, language, out),
        Command::Serve(args) => serve::run(args, language, out),
        Command::Policy(command) => policy_command::run(command, language, out, err),
        Command::Transfer(command) => transfer_command::run(command, language, out),
        Command::Credential(command) => credential_command::run(command, language, out),
        Command::Dossier(command) => dossier_command::run(command, language, out, err),
        Command::Motion(command) => motion_command::run(command, language, out),
        Command::Vault(command) => vault_command::run(command, language, out, err),
        Command::Wallet(command) => wallet_command::run(command, language, out),
        Command::Cosigner(command) => cosigner_command::run(command, language, out),
        Command::Sign(args) => sign_command::run(args, language, out, err),
        Command::Drill(args) => drill_command::run(args, language, out, err),
        Command::Certificate(command) => certificate_command::run(command, language, out, err),
        Command::Journal(journal_command::JournalCommand::Verify(args)) => {
            journal_command::verify(args, language, out)
        }
        Command::Backup(args) => journal_command::backup(args, language, out),
        Command::Restore(args) => journal_command::restore(args, language, out),
    }
}

/// Whoever reads our output may stop reading, as `head` does.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
