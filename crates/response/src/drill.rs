//! What a drill showed, for somebody who never runs a computer: how long until people were told, and until they had taken charge (G8).
//!
//! Compares the last drills with `response.reaction`, on which the loss bound's mode `stopped` rests. Called by `rempart alarm drills`.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use types::{ChannelId, PersonId, Span, Timestamp};

use crate::Language;
use crate::civil::{Zone, between, spoken};
use crate::first_screen::Taken;

/// How many drills the advice rests on.
pub const DRILLS_COMPARED: usize = 3;
/// What is proposed for `reaction`, in minutes.
const PROPOSED_MINUTES: [u64; 10] = [15, 30, 60, 120, 240, 480, 720, 1_440, 2_880, 4_320];

/// One drill.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drill {
    /// The exercise's number.
    pub incident: u32,
    /// About whom.
    pub who: Vec<PersonId>,
    /// When it began.
    pub started: Timestamp,
    /// When it was ended.
    pub ended: Option<Timestamp>,
    /// What was handed over.
    pub handed_over: Vec<HandedOver>,
    /// What was not.
    pub missed: Vec<Missed>,
    /// Who took charge.
    pub acknowledged: Vec<Taken>,
    /// When people in two places had.
    pub two_places: Option<Timestamp>,
}

/// An alarm that a channel took.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HandedOver {
    /// Which channel.
    pub channel: ChannelId,
    /// For whom; none when the receiver knows by itself whom to tell.
    pub to: Option<PersonId>,
    /// When.
    pub at: Timestamp,
}

/// An alarm that no channel took.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Missed {
    /// Which channel.
    pub channel: ChannelId,
    /// For whom.
    pub to: Option<PersonId>,
}

/// What the report is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DrillInput {
    /// All drills, oldest first; the report is about the last one.
    pub drills: Vec<Drill>,
    /// `response.reaction` of the policy.
    pub reaction: Span,
    /// The organisation's time zone.
    pub time_zone: String,
}

/// The figures of one drill. Durations in seconds from its beginning.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Figures {
    /// The exercise's number.
    pub incident: u32,
    /// When it began.
    pub started: Timestamp,
    /// About whom.
    pub who: Vec<PersonId>,
    /// For each person and channel, when it was handed over first.
    pub devices: Vec<Device>,
    /// What was not.
    pub missed: Vec<Missed>,
    /// When each person took charge.
    pub taken: Vec<TakenAfter>,
    /// Until the first hand-over.
    pub first_device: Option<u64>,
    /// Until the first person took charge.
    pub first_taken: Option<u64>,
    /// Until people in two places had.
    pub two_places: Option<u64>,
}

/// One device, or one receiver.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Device {
    /// For whom; none when the receiver knows by itself whom to tell.
    pub to: Option<PersonId>,
    /// By which channel.
    pub channel: ChannelId,
    /// After how many seconds.
    pub seconds: u64,
}

/// Somebody took charge.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TakenAfter {
    /// Who.
    pub by: PersonId,
    /// From where, when it was said.
    pub from: Option<types::PlaceId>,
    /// After how many seconds.
    pub seconds: u64,
}

/// What to make of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// No drill yet.
    None,
    /// In one of the last drills, people in two places never took charge.
    Unfinished,
    /// Slower than `reaction`.
    Slower {
        /// What to write instead, in seconds; none when no value would do.
        propose: Option<u64>,
    },
    /// Much faster, three times.
    Faster {
        /// What could be written instead, in seconds.
        propose: u64,
    },
    /// As written, or too few drills to lower it.
    Fits,
}

/// The report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DrillReport {
    /// `response.reaction`, in seconds.
    pub reaction: u64,
    /// The drills, oldest first.
    pub drills: Vec<Figures>,
    /// The worst of the last drills, in seconds.
    pub worst: Option<u64>,
    /// What to make of it.
    pub advice: Verdict,
    #[serde(skip)]
    time_zone: String,
}

/// `response.reaction` as the rules have it, from their files.
#[must_use]
pub fn reaction_written<'a>(sources: impl IntoIterator<Item = &'a str>) -> Option<Span> {
    let written = |source: &str| {
        let table = source.parse::<toml::Table>().ok()?;
        Span::parse(table.get("response")?.get("reaction")?.as_str()?).ok()
    };
    sources.into_iter().find_map(written)
}

/// Makes the report.
#[must_use]
pub fn drill_report(input: &DrillInput) -> DrillReport {
    let drills: Vec<Figures> = input.drills.iter().map(figures).collect();
    let recent = recent(&drills);
    let worst = recent.iter().filter_map(|drill| drill.two_places).max();
    let reaction = input.reaction.seconds();
    let advice = verdict(recent, worst, reaction);
    DrillReport { reaction, worst, advice, drills, time_zone: input.time_zone.clone() }
}

fn recent(drills: &[Figures]) -> &[Figures] {
    drills.get(drills.len().saturating_sub(DRILLS_COMPARED)..).unwrap_or_default()
}

fn figures(drill: &Drill) -> Figures {
    let after = |at: Timestamp| between(drill.started, at).seconds();
    // A second round goes to the same device: the first one counts.
    let mut first: BTreeMap<(Option<PersonId>, ChannelId), u64> = BTreeMap::new();
    for handed in &drill.handed_over {
        let key = (handed.to.clone(), handed.channel.clone());
        let seconds = after(handed.at);
        first.entry(key).and_modify(|known| *known = seconds.min(*known)).or_insert(seconds);
    }
    let device = |((to, channel), seconds)| Device { to, channel, seconds };
    let mut devices: Vec<Device> = first.into_iter().map(device).collect();
    devices.sort_by_key(|device| device.seconds);
    let mut missed = drill.missed.clone();
    missed.sort_by(|a, b| (&a.to, &a.channel).cmp(&(&b.to, &b.channel)));
    missed.dedup();
    let taken = |taken: &Taken| TakenAfter {
        by: taken.by.clone(),
        from: taken.from.clone(),
        seconds: after(taken.at),
    };
    let mut taken: Vec<TakenAfter> = drill.acknowledged.iter().map(taken).collect();
    taken.sort_by_key(|taken| taken.seconds);
    Figures {
        incident: drill.incident,
        started: drill.started,
        who: drill.who.clone(),
        first_device: devices.first().map(|device| device.seconds),
        first_taken: taken.first().map(|taken| taken.seconds),
        two_places: drill.two_places.map(after),
        devices,
        missed,
        taken,
    }
}

fn verdict(recent: &[Figures], worst: Option<u64>, reaction: u64) -> Verdict {
    if recent.is_empty() {
        return Verdict::None;
    }
    let Some(worst) = worst.filter(|_| recent.iter().all(|drill| drill.two_places.is_some())) else {
        return Verdict::Unfinished;
    };
    // A drill ends when people have taken charge; stopping takes a little longer. Twice the worst leaves room for it.
    let propose = proposed(worst.saturating_mul(2));
    match propose {
        propose if worst > reaction => Verdict::Slower { propose },
        Some(propose) if recent.len() >= DRILLS_COMPARED && propose < reaction => Verdict::Faster { propose },
        _ => Verdict::Fits,
    }
}

fn proposed(seconds: u64) -> Option<u64> {
    PROPOSED_MINUTES.into_iter().map(|minutes| minutes * 60).find(|proposed| *proposed >= seconds)
}

impl DrillReport {
    /// The report for people.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text, language);
        text
    }

    fn write(&self, out: &mut String, language: Language) -> std::fmt::Result {
        let Some(last) = self.drills.last() else {
            let none = language.pick(
                "No drill yet. `rempart alarm drill PERSON` starts one: the same path, marked as an exercise.",
                "Aucun exercice encore. `rempart alarm drill PERSONNE` en lance un : le même chemin, marqué comme exercice.",
            );
            return writeln!(out, "{none}");
        };
        let zone = Zone::named(&self.time_zone);
        let title = language.pick("DRILL REPORT · exercise", "RAPPORT D'EXERCICE · exercice");
        writeln!(out, "{title} {} · {}\n", last.incident, zone.long(last.started, language))?;
        writeln!(out, "{}\n", headline(last, language))?;
        writeln!(out, "{}", self.comparison(language))?;
        writeln!(out, "{}", self.advice_text(language))?;
        devices(out, last, language)?;
        taken(out, last, language)?;
        self.history(out, &zone, language)
    }

    /// The last drill in one sentence; nothing without one.
    #[must_use]
    pub fn headline(&self, language: Language) -> Option<String> {
        self.drills.last().map(|last| headline(last, language))
    }

    /// What was written, and what was measured.
    #[must_use]
    pub fn comparison(&self, language: Language) -> String {
        let wrote = spoken(Span::from_seconds(self.reaction), language);
        let recent = recent(&self.drills);
        let never = language.pick("never", "jamais");
        let one = |drill: &Figures| drill.two_places.map_or_else(|| never.to_owned(), |s| said(s, language));
        let took = recent.iter().map(one).collect::<Vec<_>>().join(", ");
        match (language, recent.len()) {
            (Language::En, 1) => format!("You wrote {wrote} as `response.reaction`; this drill took {took}."),
            (Language::En, count) => {
                format!("You wrote {wrote} as `response.reaction`; the last {count} drills took {took}.")
            }
            (Language::Fr, 1) => {
                format!("Vous avez écrit {wrote} comme `response.reaction` ; cet exercice a pris {took}.")
            }
            (Language::Fr, count) => format!(
                "Vous avez écrit {wrote} comme `response.reaction` ; les {count} derniers exercices ont pris {took}."
            ),
        }
    }

    /// What to make of it, in words.
    #[must_use]
    pub fn advice_text(&self, language: Language) -> String {
        match self.advice {
            Verdict::None => String::new(),
            Verdict::Unfinished => language
                .pick(
                    "Mend this first: as long as people in two places do not take charge, nobody stops anything, and what `rempart policy bound` says of the mode `stopped` does not hold.",
                    "À corriger d'abord : tant que deux lieux ne prennent pas en charge, personne n'arrête rien, et ce que dit `rempart policy bound` du mode `stopped` ne tient pas.",
                )
                .to_owned(),
            Verdict::Slower { propose } => self.slower(propose, language),
            Verdict::Faster { propose } => {
                let propose = Span::from_seconds(propose);
                match language {
                    Language::En => format!(
                        "You are faster than you wrote. You could lower `reaction` to {propose}; `rempart policy bound` then says what the mode `stopped` gains. A drill does not measure the stopping itself: {propose} leaves room for it."
                    ),
                    Language::Fr => format!(
                        "Vous êtes plus rapides qu'écrit. Vous pourriez abaisser `reaction` à {propose} ; `rempart policy bound` dit alors ce qu'y gagne le mode `stopped`. Un exercice ne mesure pas l'arrêt lui-même : {propose} lui laisse de la place."
                    ),
                }
            }
            Verdict::Fits => language
                .pick(
                    "What you wrote fits. Leave it, and drill again at another hour, on another day of the week.",
                    "Ce que vous avez écrit convient. Gardez-le, et recommencez à une autre heure, un autre jour.",
                )
                .to_owned(),
        }
    }

    fn slower(&self, propose: Option<u64>, language: Language) -> String {
        let mend = recent(&self.drills)
            .iter()
            .max_by_key(|drill| drill.two_places)
            .map(|drill| longest_part(drill, language))
            .unwrap_or_default();
        let raise = match (propose.map(Span::from_seconds), language) {
            (Some(propose), Language::En) => format!("Raise `reaction` to {propose}, or mend what was slow"),
            (Some(propose), Language::Fr) => {
                format!("Relevez `reaction` à {propose}, ou corrigez ce qui était lent")
            }
            (None, Language::En) => "Mend what was slow".to_owned(),
            (None, Language::Fr) => "Corrigez ce qui était lent".to_owned(),
        };
        match language {
            Language::En => format!(
                "You are slower than you wrote, so your loss bound promises too much. {raise}: {mend}."
            ),
            Language::Fr => {
                format!("Vous êtes plus lents qu'écrit : votre borne de perte promet trop. {raise} : {mend}.")
            }
        }
    }

    fn history(&self, out: &mut String, zone: &Zone, language: Language) -> std::fmt::Result {
        writeln!(out, "\n{}", language.pick("All drills", "Tous les exercices"))?;
        let head = language.pick(
            ["when", "exercise", "first alarm", "first person", "two places"],
            ["quand", "exercice", "1re alerte", "1re personne", "deux lieux"],
        );
        let [when, number, device, person, places] = head;
        writeln!(out, "  {when:<24}{number:<12}{device:<14}{person:<14}{places}")?;
        let cell = |seconds: Option<u64>| seconds.map_or_else(|| "-".to_owned(), |s| said(s, language));
        for drill in self.drills.iter().rev() {
            let when = zone.short(drill.started, language);
            let (device, person) = (cell(drill.first_device), cell(drill.first_taken));
            let places = cell(drill.two_places);
            writeln!(out, "  {when:<24}{:<12}{device:<14}{person:<14}{places}", drill.incident)?;
        }
        Ok(())
    }
}

fn said(seconds: u64, language: Language) -> String {
    spoken(Span::from_seconds(seconds), language)
}

fn headline(drill: &Figures, language: Language) -> String {
    match (drill.two_places, drill.first_taken, language) {
        (Some(seconds), _, Language::En) => {
            format!("In short: after {} people in two places had taken charge.", said(seconds, language))
        }
        (Some(seconds), _, Language::Fr) => {
            format!("En bref : au bout de {}, deux lieux avaient pris en charge.", said(seconds, language))
        }
        (None, Some(first), Language::En) => format!(
            "In short: one person took charge after {}, but nobody in a second place did.",
            said(first, language)
        ),
        (None, Some(first), Language::Fr) => format!(
            "En bref : une personne a pris en charge au bout de {}, mais personne dans un deuxième lieu.",
            said(first, language)
        ),
        (None, None, Language::En) => "In short: nobody took charge.".to_owned(),
        (None, None, Language::Fr) => "En bref : personne n'a pris en charge.".to_owned(),
    }
}

/// Which of the three parts took the most time.
fn longest_part(drill: &Figures, language: Language) -> String {
    let device = drill.first_device.unwrap_or(0);
    let person = drill.first_taken.unwrap_or(device);
    let places = drill.two_places.unwrap_or(person);
    let parts = [
        (device, language.pick("until the first alarm was handed over", "jusqu'à la première alerte remise")),
        (
            person.saturating_sub(device),
            language.pick("until the first person took charge", "jusqu'à la première prise en charge"),
        ),
        (
            places.saturating_sub(person),
            language
                .pick("until a second place took charge", "jusqu'à la prise en charge d'un deuxième lieu"),
        ),
    ];
    let (seconds, part) = parts.into_iter().max_by_key(|(seconds, _)| *seconds).unwrap_or((0, ""));
    format!("{} {part}", said(seconds, language))
}

fn to(person: Option<&PersonId>, language: Language) -> String {
    let itself = language.pick("(receiver)", "(destinataire)");
    person.map_or_else(|| itself.to_owned(), ToString::to_string)
}

fn devices(out: &mut String, drill: &Figures, language: Language) -> std::fmt::Result {
    let title = language.pick(
        "How long until the alarm was handed over, by person and channel",
        "Délai de remise de l'alerte, par personne et par canal",
    );
    writeln!(out, "\n{title}")?;
    for device in &drill.devices {
        let to = to(device.to.as_ref(), language);
        writeln!(out, "  {to:<18}{:<18}{}", device.channel.to_string(), said(device.seconds, language))?;
    }
    if !drill.missed.is_empty() {
        let title = language.pick(
            "NOTHING HANDED OVER: check the address, and that the channel is alive",
            "RIEN REMIS : vérifiez l'adresse, et que le canal vit",
        );
        writeln!(out, "\n{title}")?;
    }
    for missed in &drill.missed {
        writeln!(out, "  {:<18}{}", to(missed.to.as_ref(), language), missed.channel)?;
    }
    Ok(())
}

fn taken(out: &mut String, drill: &Figures, language: Language) -> std::fmt::Result {
    writeln!(out, "\n{}", language.pick("How long until people took charge", "Délai de prise en charge"))?;
    for taken in &drill.taken {
        let from = taken.from.as_ref().map(|place| format!("({place})")).unwrap_or_default();
        let line = format!("  {:<18}{:<18}{from}", taken.by.to_string(), said(taken.seconds, language));
        writeln!(out, "{}", line.trim_end())?;
    }
    if drill.taken.is_empty() {
        writeln!(out, "  {}", language.pick("nobody", "personne"))?;
    }
    Ok(())
}
