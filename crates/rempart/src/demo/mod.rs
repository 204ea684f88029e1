//! `rempart demo`: the same transfer from the same vault, once of free will and once with a gun at the head (G1, G3, G4, G7, G8).
//!
//! Two stages are made from one seed, so that the two servers are the same to the last byte. On each the same story is played through
//! the HTTP API; the only difference is the phrase that one treasurer types. Then the responders of the coerced stage do what they do: take
//! charge, open the dossier, pack for the police, clear, practise. What is printed is what happened.

mod aftermath;
mod chain;
mod drill;
mod inbox;
mod packet;
mod play;
mod prompter;
mod responders;
mod stage;
mod telling;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use journal::VerifyReport;
use serde_json::{Value, json};
use server::entropy::{Entropy, SystemEntropy};
use types::Timestamp;

use crate::demo::aftermath::Aftermath;
use crate::demo::packet::SealedPacket;
use crate::demo::play::{COERCED, Play, Transcript, Will};
use crate::demo::stage::{START, Stage};
use crate::demo::telling::{Story, tell};
use crate::language::{Language, pick};

/// Arguments of `demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// End after the stories instead of going on with a server to play them on by hand
    #[arg(long)]
    headless: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Plays both stories and tells them.
pub fn run(args: &DemoArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if !args.json {
            writeln!(out, "{}\n", pick(language, INTRODUCTION_EN, INTRODUCTION_FR))?;
            out.flush()?;
        }
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let seed = SystemEntropy.draw();
        let sealed = SealedPacket::seal(COERCED, Timestamp::parse(START)?)?;
        let setting = Setting { seed, sealed: &sealed, language };
        let free = setting.played(&folder.path().join("free"), Will::Free).await?;
        let coerced = setting.played(&folder.path().join("coerced"), Will::Coerced).await?;
        let police = folder.path().join("police");
        let aftermath = tokio::task::block_in_place(|| {
            aftermath::play(&coerced.stage, &coerced.story, &sealed, &police)
        })?;
        let result = Outcome::of(&free, &coerced, &aftermath)?;
        if args.json {
            writeln!(out, "{}", result.json(&free.story, &coerced.story, &aftermath))?;
        } else {
            write!(out, "{}", tell(language, &free.story, &coerced.story, result.identical))?;
            writeln!(out, "\n{}", aftermath.tell(language, args.headless))?;
            writeln!(out, "{}", result.journal_line(language))?;
        }
        out.flush()?;
        free.stage.strike().await?;
        coerced.stage.strike().await?;
        if !args.headless {
            play_by_hand(&setting, &folder.path().join("yours"), out).await?;
        }
        Ok(u8::from(!result.is_as_promised(&free.story, &coerced.story)))
    })
}

const INTRODUCTION_EN: &str = "A start-up's treasury: 40 BTC behind two of three hardware keys and the co-signer. Everything below is real\n\
     (server, keys, PSBTs, signatures, journal, alarms) but the clock and the chain, which are simulated.\n\
     omar asks for 2 BTC; paula and nora approve from their homes; everybody waits 48 hours.\n\
     Afterwards: what the responders saw and did, and a drill.";
const INTRODUCTION_FR: &str = "La trésorerie d'une jeune entreprise : 40 BTC derrière deux clés matérielles sur trois et le cosignataire. Tout ce qui suit\n\
     est réel (serveur, clés, PSBT, signatures, journal, alertes), sauf l'horloge et la chaîne, qui sont simulées.\n\
     omar demande 2 BTC ; paula et nora approuvent de chez elles ; tout le monde attend 48 heures.\n\
     Ensuite : ce que les intervenants ont vu et fait, et un exercice.";

struct Played {
    stage: Stage,
    story: Story,
    transcript: Transcript,
}

/// What both stories have in common.
struct Setting<'s> {
    seed: [u8; 32],
    sealed: &'s SealedPacket,
    language: Language,
}

impl Setting<'_> {
    async fn played(&self, folder: &Path, will: Will) -> Result<Played> {
        std::fs::create_dir(folder)?;
        let stage = Stage::set(self.seed, folder, self.sealed.recipient(), self.language).await?;
        // The client blocks, and the server needs this runtime's other threads.
        let (story, transcript) =
            tokio::task::block_in_place(|| Play::new(&stage, will).finish(self.sealed))?;
        Ok(Played { stage, story, transcript })
    }
}

/// What the two stories together show.
struct Outcome {
    identical: bool,
    unseen: bool,
    entries: u64,
    verified: bool,
}

impl Outcome {
    fn of(free: &Played, coerced: &Played, aftermath: &Aftermath) -> Result<Self> {
        let reports = [free.stage.verify()?, coerced.stage.verify()?];
        Ok(Self {
            identical: free.transcript == coerced.transcript,
            unseen: aftermath.is_unseen(),
            entries: reports.iter().map(|report: &VerifyReport| report.overt_entries).sum(),
            verified: reports.iter().all(|report| report.problems.is_empty()),
        })
    }

    fn json(&self, free: &Story, coerced: &Story, aftermath: &Aftermath) -> Value {
        let consensus = if free.ending.consensus_valid { "valid" } else { "invalid" };
        let signed = coerced.ending.txid.is_some() || coerced.ending.payments > 0;
        json!({
            "free": { "status": free.ending.status, "txid": free.ending.txid, "consensus": consensus },
            "coerced": { "status": coerced.ending.status, "signed": signed },
            "overt_identical_until_release": self.identical,
            "alarm": { "delivered": coerced.ending.alarms },
            "response": aftermath.json(),
            "journal": { "entries": self.entries, "verified": self.verified },
        })
    }

    fn journal_line(&self, language: Language) -> String {
        let word = if self.verified {
            pick(language, "verified", "vérifié")
        } else {
            pick(language, "DAMAGED", "ENDOMMAGÉ")
        };
        match language {
            Language::En => format!("Journal: {} records on both servers, {word}.", self.entries),
            Language::Fr => format!("Journal : {} actes sur les deux serveurs, {word}.", self.entries),
        }
    }

    /// Whether everything went as the demo says it does; otherwise it ends with status 1.
    fn is_as_promised(&self, free: &Story, coerced: &Story) -> bool {
        let freed = free.ending.txid.is_some() && free.ending.consensus_valid && free.ending.alarms == 0;
        let refused =
            coerced.ending.txid.is_none() && coerced.ending.payments == 0 && coerced.ending.alarms > 0;
        freed && refused && self.identical && self.unseen && self.verified
    }
}

/// Sets a third stage that belongs to whoever watches, says where it is and with what to play, until somebody presses Ctrl-C.
async fn play_by_hand(setting: &Setting<'_>, folder: &Path, out: &mut dyn Write) -> Result<()> {
    std::fs::create_dir(folder)?;
    let language = setting.language;
    let stage = Stage::set(setting.seed, folder, setting.sealed.recipient(), language).await?;
    tokio::task::block_in_place(|| Play::new(&stage, Will::Free).prepare(setting.sealed))?;
    let stage = Arc::new(stage);
    let prompter = prompter::begin(stage.clone(), language).await?;
    writeln!(out, "\n{}", pick(language, NOW_YOU_EN, NOW_YOU_FR))?;
    writeln!(out, "  {:<24} {}", pick(language, "behind the stage", "dans les coulisses"), prompter)?;
    writeln!(out, "  {:<24} {}", pick(language, "the console", "la console"), stage.console())?;
    writeln!(out, "{}", pick(language, WORDS_EN, WORDS_FR))?;
    for actor in stage.actors() {
        writeln!(out, "  {:<8} {:<28} {}", actor.key.person, actor.phrase, actor.panic_phrase)?;
    }
    writeln!(out, "{}", pick(language, END_EN, END_FR))?;
    out.flush()?;
    crate::serve::asked_to_stop().await;
    Ok(())
}

const NOW_YOU_EN: &str = "Now you. A third server, untouched, with 80 BTC. Open the first of these in a browser; it has everybody's keys, the clock,\nand what to do step by step:";
const NOW_YOU_FR: &str = "À vous. Un troisième serveur, intact, avec 80 BTC. Ouvrez la première de ces pages dans un navigateur ; elle a les clés\nde chacun, l'horloge et la marche à suivre :";
const WORDS_EN: &str = "Their words, and others such as anybody would type with a gun at the head:";
const WORDS_FR: &str = "Leurs mots, puis d'autres, comme chacun en taperait sous la menace :";
const END_EN: &str = "Ctrl-C ends the demo and leaves nothing behind.";
const END_FR: &str = "Ctrl-C met fin à la démo, qui ne laisse rien derrière elle.";
