//! `rempart policy bound`: how much could anyone be forced to move, in a sentence, a table, or JSON (G2).
//!
//! Called by `policy_command`. Exit status: 0 done, 1 nothing bounds it, 2 invalid file or usage.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use exposure::{
    Adversary, Advice, Bound, BoundError, Holdings, Mode, Question, TABLE_HORIZONS, TABLE_TAKEN_MAX, Taken,
    Usage, advice_text, bounds, cheapest, deceived, span_text, table_text,
};
use policy::{Language, Policy};
use serde_json::json;
use types::{Span, Value};

use crate::language::pick;
use crate::policy_command::read_history;

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
    /// Transfers of the past, as `policy explain` reads them: what a change would cost is worked out on them; on an example otherwise
    #[arg(long, value_name = "HISTORY.json")]
    history: Option<PathBuf>,
    /// Leave out what would lower the figures
    #[arg(long)]
    no_advice: bool,
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
    let Some(files) = read_history(args.history.as_deref(), err)? else { return Ok(2) };
    let usage = match &args.history {
        Some(_) => Usage::recorded(policy, &files),
        None => Usage::example(policy),
    };
    let holdings = Holdings::from_policy(policy);
    let questions = args.questions();
    let found = match bounds(policy, &holdings, &questions) {
        Ok(found) => found,
        Err(error) => {
            writeln!(err, "error: {error}")?;
            return Ok(if matches!(error, BoundError::Unknown { .. }) { 2 } else { 1 });
        }
    };
    let answer =
        Answer { args, policy, holdings: &holdings, questions: &questions, found: &found, usage: &usage };
    if args.json {
        answer.json(out)?
    } else {
        answer.text(language, out)?
    }
    Ok(0)
}

/// The figures, and everything that belongs to them.
struct Answer<'a> {
    args: &'a BoundArgs,
    policy: &'a Policy,
    holdings: &'a Holdings,
    questions: &'a [Question],
    found: &'a [Bound],
    usage: &'a Usage,
}

impl Answer<'_> {
    /// For some of the figures what lowers each of them.
    fn advice(&self, numbers: &[usize]) -> Vec<Option<Advice>> {
        let questions: Vec<Question> =
            numbers.iter().filter_map(|at| self.questions.get(*at)).cloned().collect();
        let found: Vec<Bound> = numbers.iter().filter_map(|at| self.found.get(*at)).cloned().collect();
        if self.args.no_advice {
            return vec![None; found.len()];
        }
        cheapest(self.policy, self.holdings, self.usage, &questions, &found)
    }

    fn json(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let all: Vec<usize> = (0..self.found.len()).collect();
        let advice = self.advice(&all);
        let with_advice = |(bound, advice): (&Bound, &Option<Advice>)| {
            let mut json = bound.json();
            if let Some(object) = json.as_object_mut() {
                object.insert("advice".to_owned(), json!(advice.as_ref().map(|advice| advice.json(bound))));
            }
            json
        };
        let bounds: Vec<_> = self.found.iter().zip(&advice).map(with_advice).collect();
        let mut answer = json!({ "bounds": bounds });
        let deceived = deceived(self.policy, self.holdings, self.questions);
        if let (Some(object), Ok(deceived)) = (answer.as_object_mut(), deceived) {
            let bounds: Vec<_> = deceived.iter().map(Bound::json).collect();
            object.insert("deceived".to_owned(), json!({ "counted_in_bounds": false, "bounds": bounds }));
        }
        if let Some(object) = answer.as_object_mut() {
            let recorded = if self.usage.is_example() { "example" } else { "recorded" };
            let (transfers, left_out) = (self.usage.len(), self.usage.left_out());
            object.insert(
                "history".to_owned(),
                json!({ "kind": recorded, "transfers": transfers, "left_out": left_out }),
            );
        }
        writeln!(out, "{answer}")?;
        Ok(())
    }

    /// The figures come first and at once; advice takes longer.
    fn text(&self, language: Language, out: &mut dyn Write) -> anyhow::Result<()> {
        if self.args.is_plain() {
            alone(self.policy, self.holdings, language, out)?;
        }
        let first = self.found.iter().position(|bound| bound.horizon == HEADLINE).unwrap_or(0);
        let Some(bound) = self.found.get(first) else { return Ok(()) };
        writeln!(out, "{}", bound.headline(language))?;
        for line in held(self.holdings, bound, language).into_iter().chain(bound.why(self.policy, language)) {
            writeln!(out, "  - {line}")?;
        }
        writeln!(out, "\n{}", heading(self.args.adversary(), language))?;
        write!(out, "{}", table_text(self.found, language))?;
        write!(out, "{}", legend(self.policy, self.found, language))?;
        out.flush()?;
        if !self.args.no_advice {
            self.lowered(bound.horizon, language, out)?;
        }
        self.deceived(bound.horizon, language, out)
    }

    fn lowered(&self, horizon: Span, language: Language, out: &mut dyn Write) -> anyhow::Result<()> {
        let at_horizon = |at: &usize| self.found.get(*at).is_some_and(|bound| bound.horizon == horizon);
        let numbers: Vec<usize> = (0..self.found.len()).filter(at_horizon).collect();
        let advice = self.advice(&numbers);
        let found = numbers.iter().filter_map(|at| self.found.get(*at));
        let lines: Vec<_> = found.zip(advice.iter().map(Option::as_ref)).collect();
        writeln!(out, "\n{}", lowering(self.usage, horizon, language))?;
        write!(out, "{}", advice_text(&lines, language))?;
        out.flush()?;
        Ok(())
    }

    /// Only one horizon: this is another question, and its figures must not be taken for those above.
    fn deceived(&self, horizon: Span, language: Language, out: &mut dyn Write) -> anyhow::Result<()> {
        let title = match language {
            Language::En => {
                "NOT in the figures above: if everybody else is deceived and approves in good faith whatever is asked,\nonly waits, limits, destinations and signing keys are left. Then at most:"
            }
            Language::Fr => {
                "HORS des chiffres ci-dessus : si toutes les autres personnes, trompées, approuvent de bonne foi ce qu’on leur demande,\nil ne reste que les attentes, les plafonds, les destinations et les clés de signature. Alors au plus :"
            }
        };
        writeln!(out, "\n{title}")?;
        let asked = self.questions.iter().filter(|question| question.horizon == horizon);
        match deceived(self.policy, self.holdings, &asked.cloned().collect::<Vec<_>>()) {
            Ok(found) => write!(out, "{}", table_text(&found, language))?,
            Err(error) => writeln!(out, "  {error}")?,
        }
        Ok(())
    }
}

fn held(holdings: &Holdings, bound: &Bound, language: Language) -> Option<String> {
    let balances = holdings.0.values().map(|holding| holding.balance.map(Value::minor));
    let sum: u128 = balances.collect::<Option<Vec<_>>>()?.into_iter().fold(0, u128::saturating_add);
    let sum = exposure::money(Value::from_minor(sum), bound.currency, language);
    Some(match language {
        Language::En => format!("the vaults hold {sum} in all"),
        Language::Fr => format!("les coffres contiennent {sum} en tout"),
    })
}

fn heading(adversary: Adversary, language: Language) -> &'static str {
    match adversary {
        Adversary::Homes => pick(
            language,
            "The most that can be forced out, by how many homes are taken and for how long:",
            "Le plus que l’on puisse faire sortir, selon le nombre de domiciles tenus et la durée :",
        ),
        Adversary::Places => pick(
            language,
            "The most that can be forced out, by how many places are taken and for how long:",
            "Le plus que l’on puisse faire sortir, selon le nombre de lieux tenus et la durée :",
        ),
        Adversary::People => pick(
            language,
            "The most that can be forced out, by how many people are taken and for how long:",
            "Le plus que l’on puisse faire sortir, selon le nombre de personnes tenues et la durée :",
        ),
    }
}

fn lowering(usage: &Usage, horizon: Span, language: Language) -> String {
    let (count, horizon) = (usage.len(), exposure::duration(horizon, language));
    match (usage.is_example(), language) {
        (true, Language::En) => format!(
            "The cheapest single change that lowers each figure at {horizon} (waiting counted on an example of {count} transfers; --history FILE takes yours):"
        ),
        (true, Language::Fr) => format!(
            "Le changement isolé le moins coûteux qui réduit chaque chiffre à {horizon} (attente comptée sur un exemple de {count} transferts ; --history FICHIER prend les vôtres) :"
        ),
        (false, Language::En) => {
            let out = usage.left_out();
            format!(
                "The cheapest single change that lowers each figure at {horizon} (waiting counted on {count} recorded transfers, {out} left out):"
            )
        }
        (false, Language::Fr) => {
            let out = usage.left_out();
            format!(
                "Le changement isolé le moins coûteux qui réduit chaque chiffre à {horizon} (attente comptée sur {count} transferts enregistrés, {out} laissés de côté) :"
            )
        }
    }
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
            format!("ONE PERSON CAN TAKE EVERYTHING: `{who}`, alone, within {}.", span_text(EVERYTHING))
        }
        Language::Fr => {
            format!("UNE SEULE PERSONNE PEUT TOUT PRENDRE : `{who}`, en {}.", span_text(EVERYTHING))
        }
    };
    writeln!(out, "{text}")?;
    for line in found.why(policy, language) {
        writeln!(out, "  - {line}")?;
    }
    writeln!(out)?;
    Ok(())
}

fn legend(policy: &Policy, found: &[Bound], language: Language) -> String {
    let reaction = exposure::duration(policy.response().reaction, language);
    let mut text = match language {
        Language::En => format!(
            "  no alarm: nobody can or dares to · silent alarm: those taken type a panic phrase from the start · open stop: others stop everything after {reaction}\n"
        ),
        Language::Fr => format!(
            "  sans alerte : personne ne peut ou n’ose · alerte silencieuse : les personnes tenues tapent une phrase de détresse dès le début · arrêt visible : d’autres arrêtent tout après {reaction}\n"
        ),
    };
    text.push_str(if found.iter().all(Bound::is_exact) {
        pick(
            language,
            "  every figure is exact: some strategy gets this much, none gets more (--json prints who, how and when)\n",
            "  chaque chiffre est exact : une stratégie l’atteint, aucune ne fait plus (--json dit qui, comment et quand)\n",
        )
    } else {
        pick(
            language,
            "  ≤: it may be less; the other figures are exact: --json prints who, how and when\n",
            "  ≤ : c’est peut-être moins ; les autres chiffres sont exacts : --json dit qui, comment et quand\n",
        )
    });
    text
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
    const STARTUP: [&str; 2] = ["startup/rules.toml", "startup/register.toml"];

    #[test]
    fn one_home_is_said_first_in_a_plain_sentence() {
        let (status, out, _) = run_on(&FAMILY, &[], Language::En);
        assert_eq!(status, 0);
        assert!(
            out.starts_with("Whoever takes one home for 48\u{a0}h can force out at most 600\u{a0}EUR.\n"),
            "{out}"
        );
        let rows = |out: &str| {
            let row = |line: &&str| line.starts_with("  ") && line.ends_with("EUR");
            out.lines().filter(row).count()
        };
        let (above, below) = out.split_once("NOT in the figures above").unwrap();
        assert_eq!((rows(above), rows(below)), (15, 3), "{out}");
        let lowered = |k: &str| above.lines().any(|l| l.trim_start().starts_with(k) && l.contains(" -> "));
        assert!(
            lowered("one home: 600") && lowered("2 homes: 60,600") && lowered("3 homes: 60,600"),
            "{out}"
        );
        let (_, out, _) = run_on(&FAMILY, &[], Language::Fr);
        assert!(out.starts_with("Qui tient un domicile pendant 48"), "{out}");
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
        assert!(bound["advice"]["change"].is_string() && json["history"]["kind"] == "example", "{out}");
        // Everybody deceived: the hold of 48 h has not run, so still the pocket money only.
        assert_eq!(json["deceived"]["bounds"][0]["amount"]["minor"], 60_000);
        assert_eq!(json["deceived"]["counted_in_bounds"], false);
    }

    #[test]
    fn a_history_says_what_a_change_costs() {
        let history = format!("{}/../../examples/startup/history.json", env!("CARGO_MANIFEST_DIR"));
        let more = ["--history", &history, "--horizon", "48h", "--json"];
        let (status, out, err) = run_on(&STARTUP, &more, Language::En);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((status, err.as_str()), (0, ""));
        assert_eq!(json["history"], serde_json::json!({ "kind": "recorded", "transfers": 4, "left_out": 0 }));
        assert!(
            json["bounds"].as_array().unwrap().iter().all(|bound| bound["advice"]["added_wait"].is_string())
        );
        let (status, _, err) = run_on(&STARTUP, &["--history", "no-such-file.json"], Language::En);
        assert!(status == 2 && err.contains("no-such-file.json"), "{err}");
    }

    #[test]
    fn one_person_who_can_do_everything_is_said_first() {
        let register = "[[place]]\nid = \"home\"\nkind = \"home\"\n[[person]]\nid = \"solo\"\ngroups = [\"all\"]\nplaces = [\"home\"]\n";
        let rules = "[organisation]\nname = \"Solo\"\ncurrency = \"EUR\"\ntime_zone = \"Europe/Paris\"\n[[vault]]\nid = \"v\"\nchain = \"gate-only\"\naddresses = [\"a\"]\nbalance = \"900 EUR\"\n[[permit]]\nid = \"p\"\nvaults = [\"v\"]\ninitiators = [\"all\"]\ndestination = \"any\"\nhold = \"0h\"\nexpires = \"1d\"\n[change]\napprove = { at_least = 1, of = \"all\" }\nhold = \"7d\"\ntighten = { at_least = 1, of = \"all\" }\n[stop]\nlift = { at_least = 1, of = \"all\" }\nafter = \"1h\"\n[response]\nresponders = \"all\"\nquiet = \"24h\"\nreaction = \"2h\"\nclear = { at_least = 1, of = \"all\" }\n";
        let sources = [("rules.toml", rules), ("register.toml", register)];
        let source = |(name, text): (&str, &str)| policy::Source { name: name.into(), text: text.into() };
        let loaded = policy::load(&sources.map(source));
        let policy = loaded.policy.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
        let cli = Cli::try_parse_from(["bound", "unread.toml"]).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        run(&cli.args, &policy, Language::En, &mut out, &mut err).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with("ONE PERSON CAN TAKE EVERYTHING: `solo`"), "{out}");
    }

    #[test]
    fn a_name_that_is_not_a_home_is_wrong_usage() {
        let (status, out, err) = run_on(&FAMILY, &["--taken", "nowhere"], Language::En);
        assert_eq!((status, out.as_str()), (2, ""));
        assert!(err.contains("`nowhere`"), "{err}");
    }
}
