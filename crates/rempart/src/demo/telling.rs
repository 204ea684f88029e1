//! How the demo tells its two stories: side by side, readable at a glance, in English or French. Prints only what happened.

use std::fmt::Write as _;

use types::Timestamp;

use crate::language::{Language, pick};

/// How wide each story's column is, in characters.
const COLUMN: usize = 40;

/// What somebody does in a story.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// The treasurer hands in the own dossier, sealed to a responder.
    HandIn,
    /// The treasurer signs in.
    SignIn,
    /// The treasurer asks for the transfer.
    Propose,
    /// The first colleague approves.
    ApproveFirst,
    /// The second colleague approves.
    ApproveSecond,
    /// A look after a day.
    LookAfterOneDay,
    /// A look just before the wait ends.
    LookBeforeReady,
    /// A look when the wait has ended.
    LookAfterReady,
}

impl Step {
    fn words(self, language: Language) -> &'static str {
        match self {
            Self::HandIn => pick(language, "omar hands in his dossier", "omar remet son dossier scellé"),
            Self::SignIn => pick(language, "omar signs in", "omar s'identifie"),
            Self::Propose => pick(language, "omar asks for 2 BTC", "omar demande 2 BTC"),
            Self::ApproveFirst => pick(language, "paula approves", "paula approuve"),
            Self::ApproveSecond => pick(language, "nora approves", "nora approuve"),
            Self::LookAfterOneDay => pick(language, "a day later", "un jour après"),
            Self::LookBeforeReady => pick(language, "one second before the end", "une seconde avant la fin"),
            Self::LookAfterReady => pick(language, "the wait has ended", "l'attente est finie"),
        }
    }
}

/// One scene: what was done, when, and what the screen showed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scene {
    /// By the simulated clock.
    pub at: Timestamp,
    /// What was done.
    pub step: Step,
    /// HTTP status and the transfer's word, as they came over the wire.
    pub shown: String,
}

/// How one story ended, each value taken from what happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ending {
    /// The transfer's last word.
    pub status: String,
    /// The transaction, if one was signed.
    pub txid: Option<String>,
    /// Whether Bitcoin Core's script code agrees with it.
    pub consensus_valid: bool,
    /// How many payments reached the simulated chain.
    pub payments: usize,
    /// How many alarms the loopback receiver believed.
    pub alarms: usize,
}

/// The first message on a channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heard {
    /// Which channel.
    pub channel: &'static str,
    /// Within how much real time since the phrase was sent.
    pub milliseconds: u128,
}

/// One story.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Story {
    /// Its scenes, in order.
    pub scenes: Vec<Scene>,
    /// What reached the receivers first; nothing in the free story.
    pub heard: Vec<Heard>,
    /// How it ended.
    pub ending: Ending,
}

/// Both stories, side by side.
pub fn tell(language: Language, free: &Story, coerced: &Story, identical: bool) -> String {
    let mut text = String::new();
    let heads = (
        pick(language, "OF FREE WILL (true phrase)", "DE SON PLEIN GRÉ (vraie phrase)"),
        pick(language, "GUN AT THE HEAD (panic phrase)", "SOUS LA MENACE (phrase de panique)"),
    );
    row(&mut text, "", heads.0, heads.1);
    row(&mut text, "", &"─".repeat(COLUMN - 2), &"─".repeat(COLUMN - 2));
    for (left, right) in free.scenes.iter().zip(&coerced.scenes) {
        row(&mut text, &when(left.at), left.step.words(language), right.step.words(language));
        row(&mut text, "", &format!("  {}", left.shown), &format!("  {}", right.shown));
    }
    text.push('\n');
    row(&mut text, "", &signed(language, &free.ending), &signed(language, &coerced.ending));
    row(&mut text, "", &consensus(language, &free.ending), &consensus(language, &coerced.ending));
    row(&mut text, "", &alarms(language, &free.ending), &alarms(language, &coerced.ending));
    text.push('\n');
    let verdict = if identical {
        pick(
            language,
            "Until the wait ended, both servers answered byte for byte the same.",
            "Jusqu'à la fin de l'attente, les deux serveurs ont répondu la même chose, octet pour octet.",
        )
    } else {
        pick(
            language,
            "FAULT: the two servers answered differently before the wait ended.",
            "DÉFAUT : les deux serveurs ont répondu différemment avant la fin de l'attente.",
        )
    };
    let _ = writeln!(text, "{verdict}");
    text
}

fn row(text: &mut String, when: &str, left: &str, right: &str) {
    let line = format!("{when:<17}{}{right}", pad(left));
    let _ = writeln!(text, "{}", line.trim_end());
}

fn pad(cell: &str) -> String {
    let width = cell.chars().count();
    format!("{cell}{}", " ".repeat(COLUMN.saturating_sub(width).max(1)))
}

/// `2026-11-23 10:00` in UTC.
pub fn when(at: Timestamp) -> String {
    at.to_string().chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

fn signed(language: Language, ending: &Ending) -> String {
    match &ending.txid {
        Some(txid) => {
            let short: String = txid.chars().take(16).collect();
            format!("{} {short}…", pick(language, "signed:", "signée :"))
        }
        None => pick(language, "nothing signed, nothing paid", "rien de signé, rien de payé").to_owned(),
    }
}

fn consensus(language: Language, ending: &Ending) -> String {
    let text = match (&ending.txid, ending.consensus_valid) {
        (None, _) => pick(language, "the money is where it was", "l'argent est resté où il était"),
        (Some(_), true) => {
            pick(language, "valid by Bitcoin Core's code", "valide selon le code de Bitcoin Core")
        }
        (Some(_), false) => pick(language, "FAULT: not valid", "DÉFAUT : non valide"),
    };
    text.to_owned()
}

fn alarms(language: Language, ending: &Ending) -> String {
    match ending.alarms {
        0 => pick(language, "no alarm", "aucune alerte").to_owned(),
        n => format!(
            "{n} {}",
            pick(language, "alarm(s) delivered, silently", "alerte(s) transmise(s), en silence")
        ),
    }
}
