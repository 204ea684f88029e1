//! `rempart policy bound`: how much could anyone be forced to move, in a sentence, a table, or JSON (G2).
//!
//! Called by `policy_command`. Exit status: 0 done, 1 nothing bounds it, 2 invalid file or usage.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use exposure::{
    Adversary, Bound, BoundError, Holdings, Mode, Question, TABLE_HORIZONS, TABLE_TAKEN_MAX, Taken, bounds,
    span_text, table_text,
};
use policy::{Language, Policy};
use serde_json::json;
use types::{Span, Value};

use crate::language::pick;

/// The horizon of the first sentence.
const HEADLINE: Span = Span::from_hours(48);
/// The longest horizon that is asked whether one person can do everything.
const EVERYTHING: Span = Span::from_hours(7 * 24);
/// The most homes, places or people taken at once.
const TAKEN_MAX: u8 = 8;

/// What is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum AdversaryArg {
    Homes,
    Places,
    People,
}

/// What the people do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum ModeArg {
    Silent,
    Signalled,
    Stopped,
}

/// Arguments of `policy bound`.
#[derive(Args, Debug)]
pub struct BoundArgs {
    /// Policy files, merged: rules and register
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What is taken
    #[arg(long, value_enum, default_value = "homes")]
    adversary: AdversaryArg,
    /// How many are taken; 1, 2 and 3 otherwise
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u8).range(1..=i64::from(TAKEN_MAX)), conflicts_with = "taken")]
    take: Option<u8>,
    /// Which are taken
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    taken: Vec<String>,
    /// For how long, such as `48h`; 1h, 24h, 48h, 72h and 7d otherwise
    #[arg(long, value_name = "DURATION")]
    horizon: Option<Span>,
    /// What the people do: all three otherwise
    #[arg(long, value_enum)]
    mode: Option<ModeArg>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl BoundArgs {
    fn adversary(&self) -> Adversary {
        match self.adversary {
            AdversaryArg::Homes => Adversary::Homes,
            AdversaryArg::Places => Adversary::Places,
            AdversaryArg::People => Adversary::People,
        }
    }

    fn modes(&self) -> Vec<Mode> {
        match self.mode {
            None => Mode::ALL.to_vec(),
            Some(ModeArg::Silent) => vec![Mode::Silent],
            Some(ModeArg::Signalled) => vec![Mode::Signalled],
            Some(ModeArg::Stopped) => vec![Mode::Stopped],
        }
    }

    fn questions(&self) -> Vec<Question> {
        let takings: Vec<Taken> = match (self.take, self.taken.is_empty()) {
            (_, false) => vec![Taken::Ids(self.taken.clone())],
            (Some(k), _) => vec![Taken::K(k)],
            (None, _) => (1..=TABLE_TAKEN_MAX).map(Taken::K).collect(),
        };
        let horizons = self.horizon.map_or_else(|| TABLE_HORIZONS.to_vec(), |horizon| vec![horizon]);
        let mut questions = Vec::new();
        for taken in takings {
            for horizon in &horizons {
                for mode in self.modes() {
                    let (adversary, taken) = (self.adversary(), taken.clone());
                    questions.push(Question { adversary, taken, horizon: *horizon, mode });
                }
            }
        }
        questions
    }

    fn is_plain(&self) -> bool {
        self.take.is_none() && self.taken.is_empty() && self.horizon.is_none() && self.mode.is_none()
    }
}

/// Answers, and says with which status to exit.
///
/// # Errors
/// When the output cannot be written.
pub fn run(
    args: &BoundArgs,
    policy: &Policy,
    language: Language,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<u8> {
    let holdings = Holdings::from_policy(policy);
    let found = match bounds(policy, &holdings, &args.questions()) {
        Ok(found) => found,
        Err(error) => {
            writeln!(err, "error: {error}")?;
            return Ok(if matches!(error, BoundError::Unknown { .. }) { 2 } else { 1 });
        }
    };
    if args.json {
        let bounds: Vec<_> = found.iter().map(Bound::json).collect();
        writeln!(out, "{}", json!({ "bounds": bounds }))?;
        return Ok(0);
    }
    if args.is_plain() {
        alone(policy, &holdings, language, out)?;
    }
    let first = found.iter().find(|bound| bound.horizon == HEADLINE).or_else(|| found.first());
    if let Some(first) = first {
        writeln!(out, "{}", capital(&first.headline(language)))?;
        for line in first.why(policy, language) {
            writeln!(out, "  - {line}")?;
        }
        advise(policy, &holdings, first, language, out)?;
    }
    writeln!(out)?;
    let heading = match args.adversary() {
        Adversary::Homes => {
            pick(language, "homes taken, and for how long:", "domiciles tenus, et combien de temps :")
        }
        Adversary::Places => {
            pick(language, "places taken, and for how long:", "lieux tenus, et combien de temps :")
        }
        Adversary::People => {
            pick(language, "people taken, and for how long:", "personnes tenues, et combien de temps :")
        }
    };
    writeln!(out, "{heading}")?;
    write!(out, "{}", table_text(&found, language))?;
    write!(out, "{}", legend(policy, language))?;
    Ok(0)
}

/// What is worst is said first: one person who alone can take everything.
fn alone(
    policy: &Policy,
    holdings: &Holdings,
    language: Language,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let question = Question {
        adversary: Adversary::People,
        taken: Taken::K(1),
        horizon: EVERYTHING,
        mode: Mode::Silent,
    };
    let Ok(found) = bounds(policy, holdings, &[question]) else { return Ok(()) };
    let Some(found) = found.first() else { return Ok(()) };
    let held = holdings.0.values().filter_map(|holding| holding.balance);
    let total = held.map(Value::minor).fold(0, u128::saturating_add);
    if total == 0 || found.reached.minor() < total {
        return Ok(());
    }
    let who = found.taken.join(", ");
    let text = match language {
        Language::En => {
            format!("One person can take everything: `{who}`, alone, within {}.", span_text(EVERYTHING))
        }
        Language::Fr => {
            format!("Une seule personne peut tout prendre : `{who}`, en {}.", span_text(EVERYTHING))
        }
    };
    writeln!(out, "{text}")?;
    for line in found.why(policy, language) {
        writeln!(out, "  - {line}")?;
    }
    writeln!(out)?;
    Ok(())
}

fn advise(
    policy: &Policy,
    holdings: &Holdings,
    bound: &Bound,
    language: Language,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Ok(advice) = exposure::advice(policy, holdings, bound) else { return Ok(()) };
    let Some(first) = advice.first() else { return Ok(()) };
    let what = match language {
        Language::En => &first.edit.english,
        Language::Fr => &first.edit.french,
    };
    let sum = exposure::money(first.amount, bound.currency, language);
    let (cheapest, then) = match language {
        Language::En => ("the cheapest single change that lowers it", "then at most"),
        Language::Fr => ("le changement le moins coûteux qui la réduit", "alors au plus"),
    };
    writeln!(out, "  - {cheapest}: {what}; {then} {sum}")?;
    Ok(())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn legend(policy: &Policy, language: Language) -> String {
    let reaction = span_text(policy.response().reaction);
    match language {
        Language::En => format!(
            "silent: nobody gives an alarm; signalled: a silent alarm from the first act; stopped: free people stop everything after {reaction}\n≤: an upper bound; without it a strategy reaches the sum exactly. --json prints who, how and when\n"
        ),
        Language::Fr => format!(
            "silence : personne ne donne l’alerte ; alerte : alerte silencieuse dès le premier acte ; arrêt : tout est arrêté après {reaction}\n≤ : une borne supérieure ; sans ce signe, une stratégie atteint exactement la somme. --json donne qui, comment et quand\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: BoundArgs,
    }

    fn run_on(example: &[&str], more: &[&str], language: Language) -> (u8, String, String) {
        let path = |name: &&str| format!("{}/../../examples/{name}", env!("CARGO_MANIFEST_DIR"));
        let paths: Vec<String> = example.iter().map(path).collect();
        let read = |path: &String| policy::Source {
            name: path.clone(),
            text: std::fs::read_to_string(path).unwrap(),
        };
        let policy = policy::load(&paths.iter().map(read).collect::<Vec<_>>()).policy.unwrap();
        let args =
            std::iter::once("bound").chain(paths.iter().map(String::as_str)).chain(more.iter().copied());
        let cli = Cli::try_parse_from(args).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = run(&cli.args, &policy, language, &mut out, &mut err).unwrap();
        (status, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    const FAMILY: [&str; 1] = ["family/policy.toml"];

    #[test]
    fn one_home_is_said_first_in_a_plain_sentence() {
        let (status, out, _) = run_on(&FAMILY, &[], Language::En);
        assert_eq!(status, 0);
        assert!(out.starts_with("One home, 48\u{a0}h: at most 600\u{a0}EUR\n"), "{out}");
        assert_eq!(
            out.lines()
                .filter(|line| line.contains("EUR") && line.trim_start().starts_with(['1', '2', '3']))
                .count(),
            15
        );
        let (_, out, _) = run_on(&FAMILY, &[], Language::Fr);
        assert!(out.starts_with("Un domicile, 48"), "{out}");
    }

    #[test]
    fn programs_read_every_figure_with_its_witness() {
        let more = ["--taken", "home-marchand", "--horizon", "1h", "--mode", "silent", "--json"];
        let (status, out, _) = run_on(&FAMILY, &more, Language::En);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        let bound = &json["bounds"][0];
        assert_eq!((status, bound["horizon"].as_str(), bound["k"].as_u64()), (0, Some("1h"), Some(1)));
        assert_eq!(bound["amount"], serde_json::json!({ "currency": "EUR", "minor": 60_000 }));
        assert_eq!(bound["witness"][0]["at"], "0h");
        assert_eq!(bound["ways"], serde_json::json!(["policy"]));
    }

    #[test]
    fn a_name_that_is_not_a_home_is_wrong_usage() {
        let (status, out, err) = run_on(&FAMILY, &["--taken", "nowhere"], Language::En);
        assert_eq!((status, out.as_str()), (2, ""));
        assert!(err.contains("`nowhere`"), "{err}");
    }
}
