//! `rempart motion …`: what only a quorum may do: look at it, endorse it, end it (G5).

use std::io::Write;

use anyhow::Result;
use api::{EndMotion, EndorseMotion, MotionList, PostureWord, ProposalWord};
use clap::{Args, Subcommand};
use types::Hash;

use crate::caller::{Caller, Connection, act};
use crate::language::{Language, pick};

/// What to do with motions.
#[derive(Subcommand, Debug)]
pub enum MotionCommand {
    /// List motions, oldest first
    List(ListArgs),
    /// Endorse a motion; of a credential, only after the person has read out its fingerprint to you
    Endorse(OneArgs),
    /// End a motion
    End(OneArgs),
}

/// Arguments of `list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    #[command(flatten)]
    connection: Connection,
}

/// One motion.
#[derive(Args, Debug)]
pub struct OneArgs {
    #[command(flatten)]
    connection: Connection,
    /// The motion's id
    #[arg(value_parser = Hash::parse)]
    id: Hash,
}

/// Runs a command.
pub fn run(command: &MotionCommand, language: Language, out: &mut dyn Write) -> Result<u8> {
    match command {
        MotionCommand::List(args) => list(&args.connection, language, out),
        MotionCommand::Endorse(args) => {
            let path = format!("/v1/motions/{}/endorse", args.id);
            act(&args.connection, &path, &EndorseMotion {}, language, out)
        }
        MotionCommand::End(args) => {
            let path = format!("/v1/motions/{}/end", args.id);
            act(&args.connection, &path, &EndMotion {}, language, out)
        }
    }
}

fn list(connection: &Connection, language: Language, out: &mut dyn Write) -> Result<u8> {
    let caller = Caller::open(connection, language)?;
    let answer = caller.read("/v1/motions")?;
    if connection.json {
        writeln!(out, "{}", answer.body.trim_end())?;
        return Ok(u8::from(!answer.is_success()));
    }
    let list: MotionList = answer.read()?;
    for motion in &list.motions {
        let ready = motion.ready_at.map(|at| format!("  {} {at}", pick(language, "from", "à partir du")));
        let what = words(&motion.proposal, language);
        writeln!(out, "{}  {:<8}  {what}{}", motion.id, motion.status, ready.unwrap_or_default())?;
    }
    if list.motions.is_empty() {
        writeln!(out, "{}", pick(language, "no motions yet", "aucune proposition pour l'instant"))?;
    }
    Ok(0)
}

fn words(proposal: &ProposalWord, language: Language) -> String {
    let say = |english: &str, french: &str| pick(language, english, french).to_owned();
    match proposal {
        ProposalWord::Lift(stop) => format!("{} {stop}", say("lift stop", "lever l'arrêt")),
        ProposalWord::Lower(to) => {
            let to = match to {
                PostureWord::Normal => say("normal", "normale"),
                PostureWord::Elevated => say("elevated", "renforcée"),
                PostureWord::Lockdown => say("lockdown", "verrouillée"),
            };
            format!("{} {to}", say("lower the posture to", "abaisser la posture :"))
        }
        ProposalWord::Change => say("another policy", "une autre politique"),
        ProposalWord::Credential(credential) => {
            let kind = match credential.kind.as_str() {
                "device" => say("a further device for", "un appareil de plus pour"),
                "phrase" => say("another phrase for", "une autre phrase pour"),
                _ => say("a new credential for", "de nouveaux accès pour"),
            };
            format!("{kind} {} ({})", credential.of, credential.fingerprint)
        }
        ProposalWord::Revoke(name) => {
            format!("{} {name}", say("nothing but stopping for", "plus rien qu'arrêter pour"))
        }
    }
}
