//! Bounds for people and for programs: sentences and tables in English and French, and JSON. Called by `rempart policy bound`.
//!
//! To add a language: an arm in [`pick`] and in `figure`.

use std::collections::BTreeSet;

use policy::{Language, Policy};
use serde_json::{Value as Json, json};
use types::{Span, Value};

use crate::bound::{Adversary, Advice, Bound, Mode, Step, Way};
use crate::figure::{duration, money};

/// The most names in a sentence.
const NAMES_MAX: usize = 6;

const fn pick<'t>(language: Language, english: &'t str, french: &'t str) -> &'t str {
    match language {
        Language::En => english,
        Language::Fr => french,
    }
}

/// A duration as the commands take it: in hours up to a week.
#[must_use]
pub fn span_text(span: Span) -> String {
    let seconds = span.seconds();
    if seconds.is_multiple_of(3600) && seconds < 7 * 86_400 {
        format!("{}h", seconds / 3600)
    } else {
        span.to_string()
    }
}

impl Bound {
    /// The bound as other programs read it.
    #[must_use]
    pub fn json(&self) -> Json {
        let sum = |value: Value| json!({ "currency": self.currency, "minor": value });
        let assumes: Vec<String> = self.assumes.iter().map(ToString::to_string).collect();
        let witness: Vec<Json> = self.witness.iter().map(|step| step_json(step, &sum)).collect();
        json!({
            "adversary": self.adversary,
            "k": self.k,
            "taken": self.taken,
            "horizon": span_text(self.horizon),
            "mode": self.mode,
            "coalition": self.coalition,
            "holds_cosigner": self.holds_cosigner,
            "assumes": assumes,
            "amount": sum(self.amount),
            "exact": self.is_exact(),
            "gap": sum(self.gap()),
            "ways": self.ways,
            "witness": witness,
            "begins": self.begins,
        })
    }

    /// "Whoever takes one home for 48 h can force out at most 20,000 EUR."
    #[must_use]
    pub fn headline(&self, language: Language) -> String {
        let sum = money(self.amount, self.currency, language);
        let time = duration(self.horizon, language);
        let who = self.who(language);
        match language {
            Language::En => {
                let mode = match self.mode {
                    Mode::Silent => "",
                    Mode::Signalled => " when a silent alarm is given at once",
                    Mode::Stopped => " when free people stop everything openly",
                };
                format!("Whoever takes {who} for {time} can force out at most {sum}{mode}.")
            }
            Language::Fr => {
                let mode = match self.mode {
                    Mode::Silent => "",
                    Mode::Signalled => " si une alerte silencieuse est donnée d’emblée",
                    Mode::Stopped => " si des personnes libres arrêtent tout au grand jour",
                };
                format!("Qui tient {who} pendant {time} peut faire sortir au plus {sum}{mode}.")
            }
        }
    }

    /// "one home", "3 people".
    #[must_use]
    pub fn who(&self, language: Language) -> String {
        let words = match (self.adversary, self.k) {
            (Adversary::Homes, 1) => pick(language, "one home", "un domicile"),
            (Adversary::Places, 1) => pick(language, "one place", "un lieu"),
            (Adversary::People, 1) => pick(language, "one person", "une personne"),
            (Adversary::Homes, _) => pick(language, "homes", "domiciles"),
            (Adversary::Places, _) => pick(language, "places", "lieux"),
            (Adversary::People, _) => pick(language, "people", "personnes"),
        };
        if self.k == 1 { words.to_owned() } else { format!("{} {words}", self.k) }
    }

    /// Who is taken, whom that coerces, and in which ways the value is lost.
    #[must_use]
    pub fn why(&self, policy: &Policy, language: Language) -> Vec<String> {
        let mut lines = Vec::new();
        let coalition: Vec<String> = self.coalition.iter().map(|actor| format!("`{actor}`")).collect();
        let taken: Vec<String> = self.taken.iter().map(|id| format!("`{id}`")).collect();
        if self.amount == Value::ZERO {
            let nothing = pick(
                language,
                "nobody who is taken so can move anything by then",
                "aucune personne ainsi tenue ne peut rien déplacer d’ici là",
            );
            return vec![nothing.to_owned()];
        }
        let (taken, coerced) = (some(&taken), some(&coalition));
        lines.push(match language {
            Language::En => format!("the worst to be taken: {taken}; whoever does can force {coerced}"),
            Language::Fr => format!("le pire : {taken} ; qui s’en empare peut contraindre {coerced}"),
        });
        if self.holds_cosigner && self.ways.contains(&Way::Keys) {
            lines.push(self.cosigner(policy, language));
        }
        for way in &self.ways {
            lines.push(self.way(policy, *way, language));
        }
        if !self.is_exact() {
            let gap = money(self.gap(), self.currency, language);
            lines.push(match language {
                Language::En => {
                    format!("an upper bound: a strategy was found that reaches all but {gap} of it")
                }
                Language::Fr => {
                    format!("une borne supérieure : une stratégie a été trouvée qui l’atteint à {gap} près")
                }
            });
        }
        lines.extend(self.assumes.iter().map(|assumption| assumption.sentence(language)));
        lines
    }

    /// How the co-signer falls into these hands.
    fn cosigner(&self, policy: &Policy, language: Language) -> String {
        let hosts = policy.people().filter(|person| person.hosts_cosigner);
        let among = |id: &str| self.coalition.iter().any(|actor| actor.as_str() == id);
        let hosts: Vec<String> =
            hosts.filter(|p| among(p.id.as_str())).map(|p| format!("`{}`", p.id)).collect();
        match (hosts.is_empty(), language) {
            (false, Language::En) => {
                format!(
                    "{} administers the machine of the co-signer, the key that Rempart signs with",
                    some(&hosts)
                )
            }
            (false, Language::Fr) => format!(
                "{} administre la machine du cosignataire, la clé avec laquelle Rempart signe",
                some(&hosts)
            ),
            (true, Language::En) => "the co-signer, the key that Rempart signs with, stands there".to_owned(),
            (true, Language::Fr) => {
                "le cosignataire, la clé avec laquelle Rempart signe, se trouve là".to_owned()
            }
        }
    }

    fn lost_by(&self, policy: &Policy, way: Way) -> Value {
        let outside = |to: &str| {
            to.strip_prefix("vault:").is_none_or(|id| policy.vaults().iter().all(|v| v.id.as_str() != id))
        };
        let of_way =
            self.witness.iter().filter(|step| step.way == way && step.to.as_deref().is_some_and(outside));
        let sum = of_way.filter_map(|step| step.amount).map(Value::minor).fold(0, u128::saturating_add);
        Value::from_minor(sum)
    }

    fn way(&self, policy: &Policy, way: Way, language: Language) -> String {
        let sum = money(self.lost_by(policy, way), self.currency, language);
        let mut names: Vec<String> = self
            .witness
            .iter()
            .filter(|step| step.way == way)
            .filter_map(|step| match way {
                Way::Policy => step.permit.as_ref().map(|permit| format!("`{permit}`")),
                _ => step.vault.as_ref().map(|vault| format!("`{vault}`")),
            })
            .collect();
        names.sort();
        names.dedup();
        let names = some(&names);
        let wait = span_text(self.witness.iter().find(|s| s.way == way).map_or(Span::ZERO, |s| s.effect));
        match (way, language) {
            (Way::Policy, Language::En) => {
                format!("{sum} by transfers that the rules allow (permits: {names})")
            }
            (Way::Policy, Language::Fr) => {
                format!("{sum} par des transferts que les règles permettent (autorisations : {names})")
            }
            (Way::Change, Language::En) => {
                format!("{sum} by changing the rules, after {wait} (vaults: {names})")
            }
            (Way::Change, Language::Fr) => {
                format!("{sum} en changeant les règles, au bout de {wait} (coffres : {names})")
            }
            (Way::Keys, Language::En) if self.holds_cosigner => {
                format!("{sum} with the co-signer in hand (vaults: {names})")
            }
            (Way::Keys, Language::Fr) if self.holds_cosigner => {
                format!("{sum} avec le cosignataire en main (coffres : {names})")
            }
            (Way::Keys, Language::En) => format!("{sum} by keys alone (vaults: {names})"),
            (Way::Keys, Language::Fr) => format!("{sum} par les seules clés (coffres : {names})"),
            (Way::Recovery, Language::En) => format!("{sum} by the recovery path (vaults: {names})"),
            (Way::Recovery, Language::Fr) => format!("{sum} par le chemin de secours (coffres : {names})"),
        }
    }
}

fn some(names: &[String]) -> String {
    let shown = names.iter().take(NAMES_MAX).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES_MAX) {
        0 => shown,
        more => format!("{shown} + {more}"),
    }
}

fn step_json(step: &Step, sum: &dyn Fn(Value) -> Json) -> Json {
    let mut json = json!({ "at": span_text(step.at), "action": step.action, "by": step.by, "way": step.way });
    if let Some(object) = json.as_object_mut() {
        let mut put = |key: &str, value: Option<Json>| {
            if let Some(value) = value {
                object.insert(key.to_owned(), value);
            }
        };
        put("transfer", step.transfer.map(|number| json!(number)));
        put("vault", step.vault.as_ref().map(|vault| json!(vault)));
        put("permit", step.permit.as_ref().map(|permit| json!(permit)));
        put("amount", step.amount.map(sum));
        put("to", step.to.as_ref().map(|to| json!(to)));
        put("effect", Some(json!(span_text(step.effect))));
    }
    json
}

const fn title(mode: Mode, language: Language) -> &'static str {
    match mode {
        Mode::Silent => pick(language, "no alarm", "sans alerte"),
        Mode::Signalled => pick(language, "silent alarm", "alerte silencieuse"),
        Mode::Stopped => pick(language, "open stop", "arrêt visible"),
    }
}

/// The bounds as a table: a row for each horizon and a column for each mode, one after another for each number taken.
#[must_use]
pub fn table_text(bounds: &[Bound], language: Language) -> String {
    let mut text = String::new();
    let mut rows: Vec<(u8, Span)> = bounds.iter().map(|bound| (bound.k, bound.horizon)).collect();
    rows.dedup();
    let modes: Vec<Mode> =
        Mode::ALL.into_iter().filter(|mode| bounds.iter().any(|b| b.mode == *mode)).collect();
    let heading = modes.iter().map(|mode| format!("{:>22}", title(*mode, language))).collect::<String>();
    text.push_str(&format!("{:>24}{heading}\n", ""));
    for (k, horizon) in rows {
        let of_row = |mode: &Mode| bounds.iter().find(|b| (b.k, b.horizon, b.mode) == (k, horizon, *mode));
        let cells = modes.iter().map(|mode| match of_row(mode) {
            Some(bound) => {
                let mark = if bound.is_exact() { "" } else { "≤ " };
                let sum = money(bound.amount, bound.currency, language);
                format!("{:>22}", format!("{mark}{sum}"))
            }
            None => format!("{:>22}", ""),
        });
        let cells = cells.collect::<String>();
        let who = bounds.iter().find(|b| b.k == k).map_or_else(String::new, |b| b.who(language));
        text.push_str(&format!("  {who:<14}{:>8}{cells}\n", duration(horizon, language)));
    }
    text
}

impl Advice {
    /// The advice as other programs read it.
    #[must_use]
    pub fn json(&self, bound: &Bound) -> Json {
        json!({
            "change": self.edit.english,
            "amount": { "currency": bound.currency, "minor": self.amount },
            "added_wait": self.added_wait.to_string(),
            "blocked_transfers": self.blocked,
            "edited_values": self.edited,
        })
    }

    /// What it does to everyday transfers.
    #[must_use]
    pub fn cost(&self, language: Language) -> String {
        match (self.blocked, self.added_wait, language) {
            (0, Span::ZERO, Language::En) => "no transfer waits longer".to_owned(),
            (0, Span::ZERO, Language::Fr) => "aucun transfert n’attend davantage".to_owned(),
            (0, wait, Language::En) => format!("transfers wait {} longer in all", duration(wait, language)),
            (0, wait, Language::Fr) => {
                format!("les transferts attendent {} de plus en tout", duration(wait, language))
            }
            (some, _, Language::En) => format!("{some} transfers would have to be split or go another way"),
            (some, _, Language::Fr) => {
                format!("{some} transferts devraient être scindés ou passer autrement")
            }
        }
    }

    const fn change(&self, language: Language) -> &String {
        match language {
            Language::En => &self.edit.english,
            Language::Fr => &self.edit.french,
        }
    }
}

/// A figure, and what lowers it.
pub type Advised<'a> = (&'a Bound, Option<&'a Advice>);

/// What lowers the figures of one horizon most cheaply: each change with its cost, and below it the figures that it lowers.
#[must_use]
pub fn advice_text(found: &[Advised<'_>], language: Language) -> String {
    let mut groups: Vec<(String, Vec<Advised<'_>>)> = Vec::new();
    for (bound, advice) in found.iter().filter(|(bound, _)| bound.amount > Value::ZERO) {
        let title = match advice {
            Some(advice) => {
                let semicolon = pick(language, ";", "\u{a0};");
                format!("{}{semicolon} {}", advice.change(language), advice.cost(language))
            }
            None => pick(
                language,
                "no single change that was tried lowers these: several weaknesses lead to the same sum",
                "aucun changement isolé parmi ceux essayés ne les réduit : plusieurs failles mènent à la même somme",
            )
            .to_owned(),
        };
        match groups.iter_mut().find(|(known, _)| *known == title) {
            Some((_, lines)) => lines.push((bound, *advice)),
            None => groups.push((title, vec![(bound, *advice)])),
        }
    }
    let mut text = String::new();
    for (title, lines) in &groups {
        text.push_str(&format!("  - {title}\n"));
        for who in lines.iter().map(|(bound, _)| bound.k).collect::<BTreeSet<u8>>() {
            let of_k: Vec<_> = lines.iter().filter(|(bound, _)| bound.k == who).copied().collect();
            text.push_str(&format!("      {}\n", lowered(&of_k, language)));
        }
    }
    text
}

/// "one home: 40,000 EUR -> 8,000 EUR (no alarm, silent alarm), 3,000 EUR (open stop)".
fn lowered(figures: &[Advised<'_>], language: Language) -> String {
    let mut steps: Vec<(String, Vec<&'static str>)> = Vec::new();
    for (bound, advice) in figures {
        let sum = |value| money(value, bound.currency, language);
        let step = match advice {
            Some(advice) => format!("{} -> {}", sum(bound.amount), sum(advice.amount)),
            None => sum(bound.amount),
        };
        let mode = title(bound.mode, language);
        match steps.iter_mut().find(|(known, _)| *known == step) {
            Some((_, modes)) => modes.push(mode),
            None => steps.push((step, vec![mode])),
        }
    }
    let steps: Vec<String> =
        steps.iter().map(|(step, modes)| format!("{step} ({})", modes.join(", "))).collect();
    let who = figures.first().map_or_else(String::new, |(bound, _)| bound.who(language));
    format!("{who}{} {}", pick(language, ":", "\u{a0}:"), steps.join(pick(language, "; ", "\u{a0}; ")))
}
