//! A drill for people, in English and French. The same values as in the JSON; only the words differ. Called by `rempart drill`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use policy::Language;
use types::Value;

use super::{Answer, Barrier, Difference, Drill, Losses, Rule, Subject};
use crate::Kind;
use crate::figure::chart::Curve;
use crate::figure::{duration, money};

fn pick<'t>(language: Language, english: &'t str, french: &'t str) -> &'t str {
    match language {
        Language::En => english,
        Language::Fr => french,
    }
}

impl Drill {
    /// The report. With `each`, one line for every incident at its end.
    #[must_use]
    pub fn text(&self, organisation: &str, each: bool, language: Language) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text, organisation, language);
        if each {
            let _ = self.write_each(&mut text, language);
        }
        text
    }

    fn write(&self, out: &mut String, organisation: &str, language: Language) -> std::fmt::Result {
        let (replayed, rows) = (self.replays.len(), self.record.rows);
        match language {
            Language::En => writeln!(
                out,
                "{organisation}: {replayed} of {rows} attacks on record, replayed under these rules"
            )?,
            Language::Fr => writeln!(
                out,
                "{organisation} : {replayed} attaques connues sur {rows}, rejouées sous ces règles"
            )?,
        }
        self.write_totals(out, language)?;
        for group in self.groups() {
            writeln!(out)?;
            self.write_group(out, &group, language)?;
        }
        writeln!(out)?;
        self.write_notes(out, language)
    }

    fn money(&self, value: Value, language: Language) -> String {
        money(value, self.currency, language)
    }

    fn losses(&self, losses: Losses, language: Language) -> String {
        let [silent, signalled, stopped] =
            [losses.silent, losses.signalled, losses.stopped].map(|value| self.money(value, language));
        match language {
            Language::En if losses.silent == losses.signalled && losses.silent == losses.stopped => {
                format!("{silent}, whether anybody signals or stops it or not")
            }
            Language::Fr if losses.silent == losses.signalled && losses.silent == losses.stopped => {
                format!("{silent}, que quelqu’un signale, arrête ou non")
            }
            Language::En => format!(
                "{silent} if nobody signals, {signalled} if somebody does, {stopped} if others stop it"
            ),
            Language::Fr => {
                format!(
                    "{silent} si personne ne signale, {signalled} si quelqu’un le fait, {stopped} si d’autres arrêtent tout"
                )
            }
        }
    }

    fn write_totals(&self, out: &mut String, language: Language) -> std::fmt::Result {
        let (held, wallet) = (self.money(self.held, language), self.money(self.wallet_total, language));
        let nothing = self.replays.iter().filter_map(|replay| self.answers.get(replay.answer));
        let nothing = nothing.filter(|answer| answer.losses.silent == Value::ZERO).count();
        let losses = self.losses(self.totals, language);
        match language {
            Language::En => {
                writeln!(
                    out,
                    "  a wallet that a phone and a password open loses everything each time: {held}; in all {wallet}"
                )?;
                writeln!(out, "  these rules lose in all: {losses}")?;
                writeln!(
                    out,
                    "  attacks that would have got nothing at all, though nobody signals: {nothing}"
                )
            }
            Language::Fr => {
                writeln!(
                    out,
                    "  un portefeuille à téléphone et mot de passe perd tout à chaque fois : {held} ; en tout {wallet}"
                )?;
                writeln!(out, "  sous ces règles, la perte totale est de : {losses}")?;
                writeln!(
                    out,
                    "  attaques qui n’auraient rien obtenu, même si personne ne signale : {nothing}"
                )
            }
        }
    }

    /// Answers that differ in nothing but the time, the shortest first.
    fn groups(&self) -> Vec<Vec<&Answer>> {
        let mut answers: Vec<&Answer> = self.answers.iter().collect();
        answers.sort_by_key(|answer| (answer.subject, answer.horizon));
        let alike = |one: &&Answer, other: &&Answer| {
            (one.subject, &one.taken, one.losses, &one.difference)
                == (other.subject, &other.taken, other.losses, &other.difference)
        };
        answers.chunk_by(alike).map(<[&Answer]>::to_vec).collect()
    }

    fn write_group(&self, out: &mut String, group: &[&Answer], language: Language) -> std::fmt::Result {
        let (Some(answer), Some(last)) = (group.first(), group.last()) else { return Ok(()) };
        let count: usize = group.iter().map(|answer| answer.count).sum();
        let (who, taken) = (answer.subject.text(language), answer.taken.join(", "));
        let attacks = match (count, language) {
            (1, Language::En) => "attack",
            (_, Language::En) => "attacks",
            (1, Language::Fr) => "attaque",
            (_, Language::Fr) => "attaques",
        };
        let (shortest, longest) = (duration(answer.horizon, language), duration(last.horizon, language));
        let times = match language {
            _ if shortest == longest => shortest,
            Language::En => format!("{shortest} to {longest}"),
            Language::Fr => format!("de {shortest} à {longest}"),
        };
        let colon = pick(language, ":", " :");
        writeln!(out, "{who} ({taken}), {times}{colon} {count} {attacks}")?;
        writeln!(out, "  {} {}", pick(language, "lost:", "perte :"), self.losses(answer.losses, language))?;
        let why = pick(language, "held there by:", "contenue par :");
        writeln!(out, "  {why} {}", self.because(answer, language))?;
        if let Some(lost) = answer.difference.cosigner_away {
            let weak = pick(
                language,
                "weak point: the co-signer falls with them; out of their reach:",
                "point faible : le cosignataire tombe avec eux ; hors de leur portée :",
            );
            writeln!(out, "  {weak} {}", self.money(lost, language))?;
        }
        Ok(())
    }

    fn because(&self, answer: &Answer, language: Language) -> String {
        let difference = &answer.difference;
        if answer.losses.silent >= self.held {
            return pick(language, "nothing", "rien").to_owned();
        }
        let mut text = self.barriers(difference, language);
        if let Some((_, lost)) = difference.depends.first() {
            let names: Vec<String> = difference.depends.iter().map(|(rule, _)| rule.text(language)).collect();
            let (names, lost) = (names.join(", "), self.money(*lost, language));
            let _ = match language {
                Language::En => write!(text, "; the rest hangs on {names} (without it {lost})"),
                Language::Fr => write!(text, " ; dont dépend le reste : {names} (sans cela {lost})"),
            };
        }
        if difference.not_all_tried {
            text.push_str(pick(
                language,
                " (too many rules to try each alone)",
                " (trop de règles pour essayer chacune seule)",
            ));
        }
        text
    }

    fn barriers(&self, difference: &Difference, language: Language) -> String {
        let names = |barriers: &[Barrier]| {
            let names: Vec<&str> = barriers.iter().map(|barrier| barrier.text(language)).collect();
            names.join(pick(language, " or ", " ou "))
        };
        match (difference.enough.as_slice(), difference.alone.first()) {
            ([Barrier::Reach, ..], _) => pick(
                language,
                "those taken may start nothing more",
                "les personnes prises ne peuvent rien initier de plus",
            )
            .to_owned(),
            ([], Some((_, lost))) if *lost >= self.held => pick(
                language,
                "several kinds of rules, and only together",
                "plusieurs sortes de règles, et seulement ensemble",
            )
            .to_owned(),
            ([], Some((_, lost))) => {
                let best = difference.alone.iter().filter(|(_, alone)| alone == lost);
                let best: Vec<Barrier> = best.map(|(barrier, _)| *barrier).collect();
                let (names, lost) = (names(&best), self.money(*lost, language));
                match language {
                    Language::En => format!("several kinds of rules; alone, {names} would leave {lost}"),
                    Language::Fr => {
                        format!("plusieurs sortes de règles ; seuls, {names} laisseraient {lost}")
                    }
                }
            }
            ([], None) => pick(language, "the rules as a whole", "les règles dans leur ensemble").to_owned(),
            ([only], _) => format!(
                "{}{}",
                only.text(language),
                pick(language, ", and nothing else would do", ", et rien d’autre n’y suffirait")
            ),
            (several, _) => format!(
                "{}{}",
                names(several),
                pick(language, ": each alone is enough", " : chacun y suffit seul")
            ),
        }
    }

    fn write_notes(&self, out: &mut String, language: Language) -> std::fmt::Result {
        for (kind, count) in self.assumed() {
            let (kind_text, horizon) = (kind.text(language), kind.assumed_horizon().unwrap_or_default());
            let horizon = duration(horizon, language);
            match language {
                Language::En => writeln!(
                    out,
                    "assumed: {horizon} for {count} {kind_text} whose duration is not on record"
                )?,
                Language::Fr => {
                    writeln!(out, "supposé : {horizon} pour {count} {kind_text} de durée inconnue")?
                }
            }
        }
        let open = self.company_not_stated();
        write_list(
            out,
            pick(
                language,
                "one person taken, as it is not stated that others were held:",
                "une seule personne prise, faute de mention d’autres :",
            ),
            &open,
        )?;
        write_list(
            out,
            pick(
                language,
                "not replayed, as the register has nobody to take:",
                "non rejouées, le registre n’ayant personne à prendre :",
            ),
            &self.without_subject,
        )?;
        for (kind, count) in &self.not_replayed {
            writeln!(
                out,
                "{} {count} {}",
                pick(language, "not replayed:", "non rejouées :"),
                kind.text(language)
            )?;
        }
        let bad = self.record.bad_rows();
        if bad > 0 {
            writeln!(
                out,
                "{} {bad}",
                pick(
                    language,
                    "rows that are not understood and left out:",
                    "lignes non comprises et laissées de côté :"
                )
            )?;
        }
        for problem in &self.record.problems {
            writeln!(out, "  {}", problem.text(language))?;
        }
        for assumption in &self.assumes {
            writeln!(out, "{} {assumption}", pick(language, "assumed:", "supposé :"))?;
        }
        writeln!(out, "{}", pick(language, MEANING_ENGLISH, MEANING_FRENCH))
    }

    fn write_each(&self, out: &mut String, language: Language) -> std::fmt::Result {
        writeln!(out)?;
        for replay in &self.replays {
            let Some(answer) = self.answers.get(replay.answer) else { continue };
            let incident = &replay.incident;
            let year = incident.year.map(|year| year.to_string()).unwrap_or_default();
            let country = incident.country.as_deref().unwrap_or("--");
            let (kind, held_for) = (incident.kind.text(language), duration(answer.horizon, language));
            let (held, lost) = (self.money(self.held, language), self.losses(answer.losses, language));
            let (instead, because) =
                (pick(language, "instead of", "au lieu de"), self.because(answer, language));
            writeln!(
                out,
                "{} {year} {country} {kind}, {held_for}: {lost}, {instead} {held}; {because}",
                incident.id
            )?;
        }
        Ok(())
    }

    /// How many incidents of each kind have an assumed horizon.
    pub(super) fn assumed(&self) -> BTreeMap<Kind, usize> {
        let mut assumed = BTreeMap::new();
        for replay in self.replays.iter().filter(|replay| !replay.duration_stated) {
            *assumed.entry(replay.incident.kind).or_default() += 1;
        }
        assumed
    }

    /// Incidents replayed with one person though the record leaves open who else was held.
    pub(super) fn company_not_stated(&self) -> Vec<String> {
        let open = self.replays.iter().filter(|replay| replay.incident.company_is_open());
        open.map(|replay| replay.incident.id.clone()).collect()
    }
}

const MEANING_ENGLISH: &str = "meaning: each attack meets full vaults and the worst-placed people; what is lost is the most that any strategy gets in that time, waiting included";
const MEANING_FRENCH: &str = "lecture : chaque attaque trouve les coffres pleins et les personnes les plus mal placées ; la perte est le plus qu’une stratégie obtienne dans ce temps, attente comprise";

fn write_list(out: &mut String, label: &str, ids: &[String]) -> std::fmt::Result {
    if ids.is_empty() {
        return Ok(());
    }
    write!(out, "{label} {}", ids.len())?;
    for (at, id) in ids.iter().enumerate() {
        write!(out, "{}{id}", if at % 12 == 0 { "\n  " } else { " " })?;
    }
    writeln!(out)
}

impl Subject {
    /// The subject for people.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Home, Language::En) => "worst home",
            (Self::Home, Language::Fr) => "pire domicile",
            (Self::Office, Language::En) => "worst office",
            (Self::Office, Language::Fr) => "pire bureau",
            (Self::Person, Language::En) => "worst single person",
            (Self::Person, Language::Fr) => "pire personne seule",
        }
    }
}

impl Barrier {
    /// The family of rules for people.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Waits, Language::En) => "waiting times",
            (Self::Waits, Language::Fr) => "délais d’attente",
            (Self::Approvals, Language::En) => "approvals by others",
            (Self::Approvals, Language::Fr) => "approbations par d’autres",
            (Self::Caps, Language::En) => "ceilings on amounts",
            (Self::Caps, Language::Fr) => "plafonds de montant",
            (Self::Keys, Language::En) => "signing keys that others hold",
            (Self::Keys, Language::Fr) => "clés de signature détenues par d’autres",
            (Self::Reach, Language::En) => "who may start a transfer",
            (Self::Reach, Language::Fr) => "qui peut initier un transfert",
        }
    }
}

impl Rule {
    /// The rule for people.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        match (self, language) {
            (Self::Hold(id), Language::En) => format!("the hold of permit `{id}`"),
            (Self::Hold(id), Language::Fr) => format!("l’attente de l’autorisation `{id}`"),
            (Self::Approvals(id), Language::En) => format!("the approvals of permit `{id}`"),
            (Self::Approvals(id), Language::Fr) => format!("les approbations de l’autorisation `{id}`"),
            (Self::Amount(id), Language::En) => format!("the amount of permit `{id}`"),
            (Self::Amount(id), Language::Fr) => format!("le montant de l’autorisation `{id}`"),
            (Self::Limit(id), Language::En) => format!("limit `{id}`"),
            (Self::Limit(id), Language::Fr) => format!("le plafond `{id}`"),
            (Self::Keys(id), Language::En) => format!("the keys of vault `{id}`"),
            (Self::Keys(id), Language::Fr) => format!("les clés du coffre `{id}`"),
            (Self::ChangeHold, Language::En) => "the hold of a change".to_owned(),
            (Self::ChangeHold, Language::Fr) => "l’attente d’un changement".to_owned(),
            (Self::ChangeApprovals, Language::En) => "the approvals of a change".to_owned(),
            (Self::ChangeApprovals, Language::Fr) => "les approbations d’un changement".to_owned(),
        }
    }
}

/// The figure in words, for those who do not see it.
pub(super) fn figure_in_words(drill: &Drill, curves: &[Curve], language: Language) -> String {
    let mut text = String::new();
    let held = money(drill.held, drill.currency, language);
    let _ = match language {
        Language::En => write!(
            text,
            "A wallet that a phone and a password open loses everything, {held}, in each of {} attacks. ",
            drill.replays.len()
        ),
        Language::Fr => write!(
            text,
            "Un portefeuille à téléphone et mot de passe perd tout, {held}, dans chacune des {} attaques. ",
            drill.replays.len()
        ),
    };
    for (k, curve) in (1..).zip(curves) {
        let steps: Vec<String> = steps(curve)
            .map(|(horizon, loss)| {
                let (horizon, loss) = (duration(horizon, language), money(loss, drill.currency, language));
                match language {
                    Language::En => format!("{loss} from {horizon} on"),
                    Language::Fr => format!("{loss} dès {horizon}"),
                }
            })
            .collect();
        let homes = pick(language, "homes taken at once", "domiciles pris à la fois");
        let _ = write!(text, "{k} {homes}: {}. ", steps.join(", "));
    }
    for answer in &drill.answers {
        let (who, held_for) = (answer.subject.text(language), duration(answer.horizon, language));
        let loss = money(answer.losses.silent, drill.currency, language);
        let _ = write!(text, "{} × {who}, {held_for}: {loss}. ", answer.count);
    }
    text.trim_end().to_owned()
}

/// The points at which a curve rises.
fn steps(curve: &Curve) -> impl Iterator<Item = (types::Span, Value)> {
    let mut last = None;
    curve.points.iter().copied().filter(move |(_, loss)| last.replace(*loss) != Some(*loss))
}
