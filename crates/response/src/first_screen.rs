//! What a responder sees first, without opening anything: who, what, since when, what to do now (G8, G9).
//!
//! Called by `rempart alarm show`; the responders' pages show the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;
use types::{PersonId, PlaceId, ProtectedId, Timestamp};

use crate::Language;
use crate::civil::{Zone, between, spoken};
use crate::facts::{Level, Sign, Status};
use crate::procedure::{Kind, Procedures, Step, When};

/// How many steps the first screen shows.
pub const FIRST_STEPS: usize = 3;

/// How things stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Situation {
    /// The incident's number.
    pub incident: u32,
    /// Real or a drill.
    pub status: Status,
    /// How sure it is.
    pub level: Level,
    /// Who is concerned.
    pub subjects: Vec<PersonId>,
    /// Protected people who called.
    pub callers: Vec<ProtectedId>,
    /// The latest sign; the kinds of the others stand in the timeline.
    pub sign: Option<Sign>,
    /// How many signs so far.
    pub signals: u32,
    /// When the first came.
    pub since: Timestamp,
    /// Which procedure was chosen.
    pub procedure: Option<Kind>,
    /// Steps that are done.
    pub done: BTreeSet<String>,
    /// The code by which a caller and a responder know each other.
    pub call_back: String,
    /// Who has taken charge, in order.
    pub acknowledged: Vec<Taken>,
    /// Who leads.
    pub lead: Option<PersonId>,
    /// What is called next, if anything is.
    pub next: Next,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// The organisation's time zone.
    pub time_zone: String,
    /// Now.
    pub now: Timestamp,
}

/// Somebody who has taken charge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
    /// From where, when it was said.
    pub from: Option<PlaceId>,
}

/// What the escalation does next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// Nobody says.
    Unknown,
    /// People in two places have taken charge: no more calls.
    Ended,
    /// More people are told.
    Call {
        /// When.
        at: Timestamp,
        /// Whom, as far as it is known.
        whom: Vec<String>,
    },
}

/// The first screen. Every field is ready to be shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FirstScreen {
    /// Number, level, people.
    pub title: String,
    /// Whether it is a drill.
    pub exercise: bool,
    /// Labels and values, the most important first.
    pub lines: Vec<Line>,
    /// What to do now.
    pub heading: String,
    /// The first steps that are open.
    pub steps: Vec<ShownStep>,
    /// What must never be done.
    pub caution: String,
}

/// One line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Line {
    /// What it says.
    pub label: String,
    /// The value.
    pub value: String,
}

/// A step as it is shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ShownStep {
    /// Its id, by which it is marked as done.
    pub id: String,
    /// When it is due.
    pub when: String,
    /// Minutes after the first signal; none for what follows once the person is safe.
    pub minute: Option<u32>,
    /// What to do.
    pub text: String,
    /// Why.
    pub why: String,
    /// Who.
    pub who: String,
    /// Whether it is done.
    pub done: bool,
}

impl ShownStep {
    /// A step in one language.
    #[must_use]
    pub fn new(step: &Step, done: bool, language: Language) -> Self {
        let words = step.words(language);
        let minute = match step.when {
            When::Minute(minute) => Some(minute),
            When::After => None,
        };
        Self {
            id: step.id.clone(),
            when: step.when.text(language),
            minute,
            text: words.text.clone(),
            why: words.why.clone(),
            who: step.who.title(language).to_owned(),
            done,
        }
    }
}

/// The whole checklist with what is done. Until a procedure is chosen, that of a home invasion: its first steps are right for all.
#[must_use]
pub fn checklist(situation: &Situation, procedures: &Procedures, language: Language) -> Vec<ShownStep> {
    let kind = situation.procedure.unwrap_or(Kind::HomeInvasion);
    let steps = procedures.checklist(kind, situation.level);
    steps.iter().map(|step| ShownStep::new(step, situation.done.contains(&step.id), language)).collect()
}

/// The first screen of an incident.
#[must_use]
pub fn first_screen(situation: &Situation, procedures: &Procedures, language: Language) -> FirstScreen {
    let open = checklist(situation, procedures, language).into_iter().filter(|step| !step.done);
    FirstScreen {
        title: title(situation, language),
        exercise: situation.status == Status::Exercise,
        lines: lines(situation, language),
        heading: language.pick("Now", "Maintenant").to_owned(),
        steps: if situation.closed.is_some() { Vec::new() } else { open.take(FIRST_STEPS).collect() },
        caution: caution(situation.level, language).to_owned(),
    }
}

fn caution(level: Level, language: Language) -> &'static str {
    match level {
        Level::Verify => language.pick(
            "Never call the household. The person is called back once, as if for something else.",
            "N'appelez jamais le foyer. La personne est rappelée une fois, comme pour autre chose.",
        ),
        Level::Confirmed => language.pick(
            "Never call the person or the household: it would ring in the attackers' room.",
            "N'appelez jamais la personne ni le foyer : cela sonnerait dans la pièce des agresseurs.",
        ),
    }
}

fn names<T: ToString>(names: &[T]) -> String {
    names.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

fn title(situation: &Situation, language: Language) -> String {
    let drill = match situation.status {
        Status::Actual => "",
        Status::Exercise => language.pick("EXERCISE · ", "EXERCICE · "),
    };
    let level = match situation.level {
        Level::Verify => language.pick("VERIFY", "À VÉRIFIER"),
        Level::Confirmed => language.pick("CONFIRMED", "CONFIRMÉ"),
    };
    let incident = language.pick("incident", "incident");
    format!("{drill}{level} · {} · {incident} {}", names(&situation.subjects), situation.incident)
}

fn lines(situation: &Situation, language: Language) -> Vec<Line> {
    let zone = Zone::named(&situation.time_zone);
    let mut lines = Vec::new();
    let mut line = |en: &str, fr: &str, value: String| {
        lines.push(Line { label: language.pick(en, fr).to_owned(), value });
    };
    line("who", "qui", who(situation, language));
    line("sign", "signe", sign(situation, language));
    line("since", "depuis", ago(situation.since, situation.now, &zone, language));
    if let Some(closed) = situation.closed {
        line("closed", "clos", ago(closed, situation.now, &zone, language));
    }
    line("level", "niveau", situation.level.title(language).to_owned());
    line("call-back code", "code de rappel", spaced(&situation.call_back));
    line("taken charge", "pris en charge", taken(situation, &zone, language));
    let nobody = language.pick("nobody yet", "personne encore");
    let lead = situation.lead.as_ref().map_or_else(|| nobody.to_owned(), ToString::to_string);
    line("leads", "dirige", lead);
    if situation.closed.is_none() {
        line("next", "ensuite", next(situation, &zone, language));
    }
    let unchosen = language.pick("not chosen yet", "pas encore choisie");
    let procedure = situation.procedure.map_or(unchosen, |kind| kind.title(language));
    line("procedure", "procédure", procedure.to_owned());
    lines
}

fn who(situation: &Situation, language: Language) -> String {
    let subjects = names(&situation.subjects);
    if situation.callers.is_empty() {
        return subjects;
    }
    let called = language.pick("called by", "appel de");
    format!("{subjects} ({called} {})", names(&situation.callers))
}

fn sign(situation: &Situation, language: Language) -> String {
    let sign = situation.sign.map_or("-", |sign| sign.title(language));
    match situation.signals {
        0 | 1 => sign.to_owned(),
        count => format!("{sign} ({count} {})", language.pick("signs so far", "signes jusqu'ici")),
    }
}

fn ago(at: Timestamp, now: Timestamp, zone: &Zone, language: Language) -> String {
    let since = spoken(between(at, now), language);
    match language {
        Language::En => format!("{}, {since} ago", zone.long(at, language)),
        Language::Fr => format!("{}, il y a {since}", zone.long(at, language)),
    }
}

/// Six digits are read out in two groups.
pub(crate) fn spaced(code: &str) -> String {
    match (code.get(..3), code.get(3..)) {
        (Some(first), Some(second)) if code.len() == 6 => format!("{first} {second}"),
        _ => code.to_owned(),
    }
}

fn taken(situation: &Situation, zone: &Zone, language: Language) -> String {
    if situation.acknowledged.is_empty() {
        return language.pick("nobody yet", "personne encore").to_owned();
    }
    let one = |taken: &Taken| {
        let from = taken.from.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
        format!("{} {}{from}", taken.by, zone.clock(taken.at))
    };
    situation.acknowledged.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn next(situation: &Situation, zone: &Zone, language: Language) -> String {
    match &situation.next {
        Next::Unknown => "-".to_owned(),
        Next::Ended => language
            .pick(
                "no more calls: two places have taken charge",
                "plus d'appels : deux lieux ont pris en charge",
            )
            .to_owned(),
        Next::Call { at, whom } => {
            let call = language.pick("calls go out at", "prochains appels à");
            let colon = language.pick(": ", " : ");
            let whom = if whom.is_empty() { String::new() } else { format!("{colon}{}", whom.join(", ")) };
            format!("{call} {}{whom}", zone.clock(*at))
        }
    }
}

impl FirstScreen {
    /// As text for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "{}\n", self.title)?;
        let width = self.lines.iter().map(|line| line.label.chars().count()).max().unwrap_or(0);
        for line in &self.lines {
            let pad = " ".repeat(width - line.label.chars().count());
            writeln!(out, "{}{pad}  {}", line.label, line.value)?;
        }
        if !self.steps.is_empty() {
            writeln!(out, "\n{}", self.heading)?;
        }
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(out, "{}. {}", number + 1, step.text)?;
            writeln!(out, "   {} · {} · {}", step.when, step.who, step.id)?;
        }
        writeln!(out, "\n! {}", self.caution)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{at, person};
    use expect_test::expect;

    fn situation() -> Situation {
        Situation {
            incident: 40213,
            status: Status::Actual,
            level: Level::Confirmed,
            subjects: vec![person("alice")],
            callers: vec![ProtectedId::parse("mathilde").unwrap()],
            sign: Some(Sign::ProtectedPerson),
            signals: 2,
            since: at("09:30:05"),
            procedure: None,
            done: BTreeSet::from(["take-charge".to_owned()]),
            call_back: "731204".into(),
            acknowledged: vec![Taken {
                by: person("bob"),
                at: at("09:31:40"),
                from: Some(PlaceId::parse("office").unwrap()),
            }],
            lead: Some(person("bob")),
            next: Next::Call { at: at("09:36:40"), whom: vec!["erin".into(), "centre".into()] },
            closed: None,
            time_zone: "Europe/Paris".into(),
            now: at("09:34:30"),
        }
    }

    fn shown(situation: &Situation, language: Language) -> String {
        first_screen(situation, &Procedures::default(), language).text()
    }

    #[test]
    fn it_says_who_what_since_when_and_what_to_do_now() {
        expect![[r#"
            CONFIRMED · alice · incident 40213

            who             alice (called by mathilde)
            sign            alarm of a protected person (2 signs so far)
            since           20 November 2026, 10:30:05 (UTC+01:00), 4 min ago
            level           confirmed
            call-back code  731 204
            taken charge    bob 10:31:40 (office)
            leads           bob
            next            calls go out at 10:36:40: erin, centre
            procedure       not chosen yet

            Now
            1. Do not call, text or visit the person or their home, and tell nobody who lives there or is related
               +1 min · everyone who knows · do-not-ring
            2. Call 17 (112 elsewhere in Europe) and read the script aloud; then record the call
               +2 min · whoever took charge first · call-police
            3. Stay on the line and do nothing else; note the name, the service, a number to call back and the file number
               +3 min · whoever took charge first · stay-on-line

            ! Never call the person or the household: it would ring in the attackers' room.
        "#]].assert_eq(&shown(&situation(), Language::En));
        expect![[r#"
            CONFIRMÉ · alice · incident 40213

            qui             alice (appel de mathilde)
            signe           alerte d'une personne protégée (2 signes jusqu'ici)
            depuis          20/11/2026 à 10:30:05 (UTC+01:00), il y a 4 min
            niveau          confirmé
            code de rappel  731 204
            pris en charge  bob 10:31:40 (office)
            dirige          bob
            ensuite         prochains appels à 10:36:40 : erin, centre
            procédure       pas encore choisie

            Maintenant
            1. N'appelez pas la personne ni son domicile, n'écrivez pas, n'y allez pas ; ne dites rien à qui y vit ni à la famille
               +1 min · tous ceux qui savent · do-not-ring
            2. Appelez le 17 (112 ailleurs en Europe) et lisez le script à voix haute ; puis consignez l'appel
               +2 min · le premier à prendre en charge · call-police
            3. Restez en ligne et ne faites rien d'autre ; notez le nom, le service, un numéro de rappel et le numéro du dossier
               +3 min · le premier à prendre en charge · stay-on-line

            ! N'appelez jamais la personne ni le foyer : cela sonnerait dans la pièce des agresseurs.
        "#]].assert_eq(&shown(&situation(), Language::Fr));
    }

    #[test]
    fn a_possible_slip_is_called_back_first() {
        let mut slip = situation();
        slip.level = Level::Verify;
        slip.sign = Some(Sign::SignIn);
        slip.signals = 1;
        slip.callers = vec![];
        slip.done.clear();
        slip.acknowledged.clear();
        slip.lead = None;
        slip.next = Next::Unknown;
        expect![[r#"
            VERIFY · alice · incident 40213

            who             alice
            sign            phrase of distress at sign-in (may be a slip)
            since           20 November 2026, 10:30:05 (UTC+01:00), 4 min ago
            level           to be verified: call back first
            call-back code  731 204
            taken charge    nobody yet
            leads           nobody yet
            next            -
            procedure       not chosen yet

            Now
            1. Acknowledge, and say from where. Go where nobody of the person's household sees or hears you
               +0 min · whoever took charge first · take-charge
            2. Let somebody who might ring anyway call the person's own telephone for an everyday reason, and put the agreed question from the dossier; no word of an alarm
               +1 min · whoever took charge first · call-back
            3. No answer, a strange voice, a wrong answer or the word of distress: report your judgement and treat it as confirmed. Right answer in private: record the call-back
               +10 min · whoever took charge first · decide-level

            ! Never call the household. The person is called back once, as if for something else.
        "#]].assert_eq(&shown(&slip, Language::En));
        expect![[r#"
            À VÉRIFIER · alice · incident 40213

            qui             alice
            signe           phrase de détresse à la connexion (peut-être une erreur)
            depuis          20/11/2026 à 10:30:05 (UTC+01:00), il y a 4 min
            niveau          à vérifier : rappeler d'abord
            code de rappel  731 204
            pris en charge  personne encore
            dirige          personne encore
            ensuite         -
            procédure       pas encore choisie

            Maintenant
            1. Accusez réception en disant d'où. Allez là où personne du foyer concerné ne vous voit ni ne vous entend
               +0 min · le premier à prendre en charge · take-charge
            2. Faites appeler la personne, sur son propre téléphone, par quelqu'un qui appellerait de toute façon, pour un motif banal, avec la question convenue du dossier ; pas un mot d'une alerte
               +1 min · le premier à prendre en charge · call-back
            3. Pas de réponse, une voix étrange, une mauvaise réponse ou le mot de détresse : signalez votre jugement et agissez comme si c'était confirmé. Bonne réponse, seul à seul : consignez le rappel
               +10 min · le premier à prendre en charge · decide-level

            ! N'appelez jamais le foyer. La personne est rappelée une fois, comme pour autre chose.
        "#]].assert_eq(&shown(&slip, Language::Fr));
    }

    #[test]
    fn a_drill_says_so_first_and_a_closed_case_asks_for_nothing() {
        let mut drill = situation();
        drill.status = Status::Exercise;
        assert!(shown(&drill, Language::En).starts_with("EXERCISE · "));
        assert!(shown(&drill, Language::Fr).starts_with("EXERCICE · "));
        let mut closed = situation();
        closed.closed = Some(at("12:00:00"));
        closed.now = at("13:00:00");
        let screen = first_screen(&closed, &Procedures::default(), Language::En);
        assert!(screen.steps.is_empty());
        assert!(screen.text().contains("closed"));
    }

    #[test]
    fn steps_that_are_done_make_room_for_the_next_ones() {
        let mut later = situation();
        later.procedure = Some(Kind::Abduction);
        later.done = ["take-charge", "do-not-ring", "call-police"].map(str::to_owned).into();
        let ids: Vec<String> = first_screen(&later, &Procedures::default(), Language::En)
            .steps
            .into_iter()
            .map(|step| step.id)
            .collect();
        assert_eq!(ids, ["stay-on-line", "closed-channel", "share-out"]);
    }
}
