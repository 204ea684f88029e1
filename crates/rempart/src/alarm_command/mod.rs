//! `rempart alarm …`: what responders do, from the first message until the clear (G4, G8, G9). What they do stays covert: it waits for the
//! tick of the covert chain, so an answer takes some seconds.
//!
//! Texts and files are those of the crate `response`; nothing is decided here.

mod acts;
pub mod drills;
pub mod pack;
mod personal;
pub mod room;
mod show;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use response::{Kind, Number};
use types::{PersonId, PlaceId, ScheduleId, Timestamp, VaultId};

use crate::caller::Connection;
use crate::language::Language;

/// What to do about alarms.
#[derive(Subcommand, Debug)]
pub enum AlarmCommand {
    /// List incidents and exercises
    List(OnlyConnection),
    /// Show an incident: what to do now, then everything that happened, then the checklist
    Show(ShowArgs),
    /// Say that you have taken charge, by number or by the code of a message
    Ack(AckArgs),
    /// Choose the procedure
    Procedure(ProcedureArgs),
    /// Mark a step of the checklist as done
    Done(DoneArgs),
    /// Write something down
    Note(NoteArgs),
    /// Write down that you called somebody
    Called(CalledArgs),
    /// Write down that you called the person concerned back
    CalledBack(CalledBackArgs),
    /// Hand the lead over
    HandOver(HandOverArgs),
    /// Say that nothing is to be done until then, so that nobody is called again before
    Wait(WaitArgs),
    /// Endorse a narrower cover, so that others can work on
    Narrow(NarrowArgs),
    /// Add a person who was found not to have been free
    Implicate(ImplicateArgs),
    /// Endorse closing it, after your own call-back with the person
    Clear(OneArgs),
    /// End a clear that is under way
    EndClear(OneArgs),
    /// Open an incident yourself: a judgement, or a code word that you heard
    Report(ReportArgs),
    /// Show who is on duty, and how the channels do
    Duty(OnlyConnection),
    /// Put somebody else on duty for a time
    Override(OverrideArgs),
    /// Start an exercise: the same path to the same people, marked as one
    Drill(DrillArgs),
    /// End an exercise
    DrillEnd(OneArgs),
    /// Show how long the last exercise took, and all before it
    Drills(DrillsArgs),
    /// Print what to read to the police, word for word
    Script(ScriptArgs),
    /// Write the police pack into a new folder
    Pack(PackArgs),
    /// Print the public key under which packs of this server are checked; publish it
    PackKey(PackKeyArgs),
    /// Check a police pack offline; exit 0 when it is whole, 1 when not
    PackVerify(PackVerifyArgs),
}

/// The server and the key.
#[derive(Args, Debug)]
pub struct OnlyConnection {
    #[command(flatten)]
    connection: Connection,
}

/// One incident.
#[derive(Args, Debug)]
pub struct OneArgs {
    #[command(flatten)]
    connection: Connection,
    /// Its number
    #[arg(value_name = "NUMBER")]
    incident: u32,
}

/// Arguments of `show`.
#[derive(Args, Debug)]
pub struct ShowArgs {
    #[command(flatten)]
    one: OneArgs,
    /// Your organisation's own procedures
    #[arg(long, value_name = "FILE")]
    procedures: Option<PathBuf>,
}

/// Arguments of `ack`.
#[derive(Args, Debug)]
pub struct AckArgs {
    #[command(flatten)]
    connection: Connection,
    /// The incident's number
    #[arg(value_name = "NUMBER", required_unless_present = "code")]
    incident: Option<u32>,
    /// Instead of the number: the six digits of the message
    #[arg(long, value_name = "DIGITS", conflicts_with = "incident")]
    code: Option<String>,
    /// Where you are; your home otherwise
    #[arg(long, value_name = "PLACE")]
    from: Option<PlaceId>,
}

/// Arguments of `procedure`.
#[derive(Args, Debug)]
pub struct ProcedureArgs {
    #[command(flatten)]
    one: OneArgs,
    /// `home-invasion`, `abduction`, `relative-taken`, `remote-extortion` or `wrong-address`
    kind: Kind,
}

/// Arguments of `done`.
#[derive(Args, Debug)]
pub struct DoneArgs {
    #[command(flatten)]
    one: OneArgs,
    /// The step's name, such as `call-police`
    step: String,
    /// It is not done after all
    #[arg(long)]
    undo: bool,
}

/// Arguments of `note`.
#[derive(Args, Debug)]
pub struct NoteArgs {
    #[command(flatten)]
    one: OneArgs,
    /// What to write down
    text: String,
}

/// Arguments of `called`.
#[derive(Args, Debug)]
pub struct CalledArgs {
    #[command(flatten)]
    one: OneArgs,
    /// `police`, a person of the organisation, or anybody else in words with `--other`
    whom: String,
    /// `whom` is somebody outside
    #[arg(long)]
    other: bool,
    /// What came of it
    #[arg(long, default_value = "")]
    note: String,
}

/// Arguments of `called-back`.
#[derive(Args, Debug)]
pub struct CalledBackArgs {
    #[command(flatten)]
    one: OneArgs,
    /// Whom
    person: PersonId,
    /// The person gave the all-clear
    #[arg(long)]
    all_clear: bool,
    /// The person was alone and could speak
    #[arg(long)]
    private: bool,
}

/// Arguments of `hand-over`.
#[derive(Args, Debug)]
pub struct HandOverArgs {
    #[command(flatten)]
    one: OneArgs,
    /// To whom
    person: PersonId,
}

/// Arguments of `wait`.
#[derive(Args, Debug)]
pub struct WaitArgs {
    #[command(flatten)]
    one: OneArgs,
    /// A time, or a duration from now such as `2h`
    #[arg(long, value_name = "WHEN")]
    until: room::When,
}

/// Arguments of `narrow`.
#[derive(Args, Debug)]
pub struct NarrowArgs {
    #[command(flatten)]
    one: OneArgs,
    /// What it still covers: a vault; may be repeated
    #[arg(long = "vault", value_name = "VAULT")]
    vaults: Vec<VaultId>,
    /// What it still covers: whatever this person takes part in; may be repeated
    #[arg(long = "person", value_name = "PERSON")]
    people: Vec<PersonId>,
}

/// Arguments of `implicate`.
#[derive(Args, Debug)]
pub struct ImplicateArgs {
    #[command(flatten)]
    one: OneArgs,
    /// Who
    person: PersonId,
    /// Since when
    #[arg(long, value_name = "TIME")]
    since: Timestamp,
}

/// What a report rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Ground {
    /// What you saw or concluded
    Judgement,
    /// A code word that you heard
    CodeWord,
}

/// Arguments of `report`.
#[derive(Args, Debug)]
pub struct ReportArgs {
    #[command(flatten)]
    connection: Connection,
    /// Who is in danger
    person: PersonId,
    /// What it rests on
    #[arg(long, value_enum, default_value = "judgement")]
    kind: Ground,
    /// When you heard or saw it; now otherwise
    #[arg(long, value_name = "TIME")]
    heard: Option<Timestamp>,
}

/// Arguments of `override`.
#[derive(Args, Debug)]
pub struct OverrideArgs {
    #[command(flatten)]
    connection: Connection,
    /// Which schedule
    schedule: ScheduleId,
    /// Who is on duty instead
    person: PersonId,
    /// From when; now otherwise
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// A time, or a duration from now such as `12h`
    #[arg(long, value_name = "WHEN")]
    until: room::When,
}

/// Arguments of `drill`.
#[derive(Args, Debug)]
pub struct DrillArgs {
    #[command(flatten)]
    connection: Connection,
    /// Who would be in danger; neither they nor their home is told
    person: PersonId,
}

/// Arguments of `drills`.
#[derive(Args, Debug)]
pub struct DrillsArgs {
    #[command(flatten)]
    connection: Connection,
    /// What the policy says as `response.reaction`; asked of the server otherwise
    #[arg(long, value_name = "DURATION")]
    reaction: Option<types::Span>,
}

/// Arguments of `script`.
#[derive(Args, Debug)]
pub struct ScriptArgs {
    #[command(flatten)]
    one: OneArgs,
    /// `17`, or `112`
    #[arg(long, default_value = "17")]
    number: Number,
    /// The procedure, if none is chosen yet
    #[arg(long)]
    kind: Option<Kind>,
    #[command(flatten)]
    opened: personal::OpenedArgs,
}

/// Arguments of `pack`.
#[derive(Args, Debug)]
pub struct PackArgs {
    #[command(flatten)]
    one: OneArgs,
    /// A folder that does not exist or is empty
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    #[command(flatten)]
    opened: personal::OpenedArgs,
    /// Whom the police may call: `PERSON=NAME, TELEPHONE`; may be repeated
    #[arg(long = "contact", value_name = "CONTACT", value_parser = personal::contact)]
    contacts: Vec<response::pack::ContactData>,
}

/// Arguments of `pack-key`.
#[derive(Args, Debug)]
pub struct PackKeyArgs {
    /// The server's folder
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
}

/// Arguments of `pack-verify`.
#[derive(Args, Debug)]
pub struct PackVerifyArgs {
    /// The pack
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// The server's public key, 64 hexadecimal digits. Know it from elsewhere than the pack
    #[arg(long, value_name = "KEY", value_parser = pack::public_key)]
    key: [u8; 32],
    /// The public key of the device with which it should have been made
    #[arg(long, value_name = "KEY", value_parser = pack::public_key)]
    packed_by: Option<[u8; 32]>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs a command and says with which status to exit.
///
/// # Errors
/// When the server refuses or cannot be reached, or something cannot be read or written.
pub fn run(
    command: &AlarmCommand,
    language: Language,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8> {
    match command {
        AlarmCommand::List(args) => show::list(&args.connection, language, out),
        AlarmCommand::Show(args) => show::show(args, language, out, err),
        AlarmCommand::Duty(args) => show::duty(&args.connection, language, out),
        AlarmCommand::Script(args) => show::script(args, language, out, err),
        AlarmCommand::Drills(args) => drills::run(args, language, out),
        AlarmCommand::Pack(args) => pack::run(args, language, out, err),
        AlarmCommand::PackKey(args) => pack::key(args, out),
        AlarmCommand::PackVerify(args) => pack::verify(args, language, out, err),
        other => acts::run(other, language, out),
    }
}

/// The language in the words of the crate `response`.
pub const fn spoken(language: Language) -> response::Language {
    match language {
        Language::En => response::Language::En,
        Language::Fr => response::Language::Fr,
    }
}
