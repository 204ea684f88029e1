//! An explanation as text, in English or French. The same values as in the JSON; only the words differ.
//!
//! Called by `rempart policy explain`.

use std::fmt::Write as _;

use super::permits::{Condition, ConditionReport, Ignored, PermitReport};
use super::{CounterReport, Decision, Explanation, LimitReport, Reason};
use crate::model::Posture;
use crate::quorum::Apart;
use crate::shortfall::Lacks;

/// The languages of the product.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

impl Language {
    pub(crate) const fn pick<'t>(self, en: &'t str, fr: &'t str) -> &'t str {
        match self {
            Self::En => en,
            Self::Fr => fr,
        }
    }
}

impl Explanation {
    /// The explanation for people.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text, language);
        text
    }

    fn write(&self, out: &mut String, language: Language) -> std::fmt::Result {
        writeln!(out, "{}", headline(self, language))?;
        for report in &self.reasons {
            writeln!(out, "  - {}", reason(&report.reason, language))?;
        }
        if let Some(value) = &self.value {
            writeln!(out, "{} {value}", language.pick("value, fee included:", "valeur, frais compris :"))?;
        }
        if self.posture != Posture::Normal {
            writeln!(out, "{} {}", language.pick("posture:", "posture :"), posture(self.posture, language))?;
        }
        section(out, language.pick("permits", "autorisations"), &self.permits, |report| {
            permit(report, language)
        })?;
        section(out, language.pick("limits", "plafonds"), &self.limits, |report| limit(report, language))?;
        section(out, language.pick("forbids", "interdictions"), &self.forbids, |report| {
            let says = match report.matched {
                true => language.pick("MATCHES", "S’APPLIQUE"),
                false => language.pick("does not match", "ne s’applique pas"),
            };
            format!("  {}: {says}\n", report.id)
        })?;
        section(
            out,
            language.pick("approvals that do not count", "approbations qui ne comptent pas"),
            &self.ignored_approvals,
            |approval| {
                format!("  {} ({}): {}\n", approval.by, approval.at, ignored(approval.because, language))
            },
        )
    }
}

fn section<T>(out: &mut String, title: &str, items: &[T], line: impl Fn(&T) -> String) -> std::fmt::Result {
    if !items.is_empty() {
        writeln!(out, "\n{title}")?;
    }
    items.iter().try_for_each(|item| out.write_str(&line(item)))
}

fn headline(explanation: &Explanation, language: Language) -> String {
    let quick = match explanation.quick {
        Some(true) => language.pick(" (quick)", " (rapide)"),
        _ => "",
    };
    match (explanation.decision, explanation.ready_at) {
        (Decision::Refused, _) => language.pick("refused", "refusé").to_owned(),
        (Decision::Expired, _) => language
            .pick("expired: nothing was ready in time", "expiré : rien n’était prêt à temps")
            .to_owned(),
        (Decision::Ready, Some(at)) => {
            format!("{} {at}{quick}", language.pick("ready at", "prêt à"))
        }
        (Decision::Pending, Some(at)) => {
            format!(
                "{} {at}{quick}",
                language.pick("pending: the hold runs, ready at", "en attente : le délai court, prêt à")
            )
        }
        _ => language
            .pick(
                "pending: no permit that matches is met yet",
                "en attente : aucune autorisation applicable n’est remplie",
            )
            .to_owned(),
    }
}

/// A reason in words.
pub(super) fn reason(reason: &Reason, language: Language) -> String {
    let en = language == Language::En;
    match reason {
        Reason::UnknownVault { vault } if en => format!("no vault `{vault}` in the policy: check the name"),
        Reason::UnknownVault { vault } => {
            format!("pas de coffre `{vault}` dans la politique : vérifiez le nom")
        }
        Reason::UnknownTarget { vault } if en => {
            format!("the vault `{vault}` to be paid is not in the policy: check the name")
        }
        Reason::UnknownTarget { vault } => {
            format!("le coffre destinataire `{vault}` n’est pas dans la politique : vérifiez le nom")
        }
        Reason::UnknownInitiator { initiator } if en => {
            format!("`{initiator}` is neither a person nor a service of the policy")
        }
        Reason::UnknownInitiator { initiator } => {
            format!("`{initiator}` n’est ni une personne ni un service de la politique")
        }
        Reason::Price { problem } if en => problem.clone(),
        Reason::Price { problem } => format!("aucun cours fiable : {problem}"),
        Reason::Overflow => language
            .pick("a sum is too large to be computed", "une somme est trop grande pour être calculée")
            .to_owned(),
        Reason::Forbidden { forbid } if en => format!("forbid `{forbid}` matches"),
        Reason::Forbidden { forbid } => format!("l’interdiction `{forbid}` s’applique"),
        Reason::LimitFull { limit, fits_at: Some(at) } if en => {
            format!("limit `{limit}` has no room: submit again from {at}")
        }
        Reason::LimitFull { limit, fits_at: Some(at) } => {
            format!("le plafond `{limit}` est atteint : soumettez à nouveau à partir du {at}")
        }
        Reason::LimitFull { limit, fits_at: None } if en => {
            format!("limit `{limit}` never has room for so much: split the transfer")
        }
        Reason::LimitFull { limit, fits_at: None } => {
            format!("le plafond `{limit}` n’admet jamais autant : divisez le transfert")
        }
        Reason::NoPermit => {
            language.pick("no permit matches", "aucune autorisation ne s’applique").to_owned()
        }
    }
}

fn permit(report: &PermitReport, language: Language) -> String {
    let says = match (report.matched, report.met) {
        (false, _) => language.pick("does not match", "ne s’applique pas").to_owned(),
        (true, true) => language.pick("matches, met", "s’applique, remplie").to_owned(),
        (true, false) => {
            let lacks = lacks(&report.lacks, language);
            format!("{} {lacks}", language.pick("matches, lacks", "s’applique, manque"))
        }
    };
    let mut text = format!("  {}: {says}\n", report.id);
    for condition in report.conditions.iter().filter(|condition| !report.matched && !condition.holds) {
        text.push_str(&self::condition(condition, language));
    }
    if !report.matched {
        return text;
    }
    let hold = match (report.ready_at, report.quick) {
        (Some(at), _) => format!("{} {at}", language.pick("over at", "écoulé à")),
        (None, true) => language.pick("quick", "rapide").to_owned(),
        (None, false) => language
            .pick("from the moment when it is met", "à partir du moment où elle est remplie")
            .to_owned(),
    };
    text.push_str(&format!("      {} {}: {hold}\n", language.pick("hold", "délai"), report.hold));
    text.push_str(&format!("      {} {}\n", language.pick("dies at", "périme à"), report.expires_at));
    if !report.posture_allows {
        let highest = posture(report.posture, language);
        text.push_str(&format!(
            "      {} {highest}\n",
            language.pick("works only up to posture", "ne vaut que jusqu’à la posture")
        ));
    }
    text
}

fn condition(report: &ConditionReport, language: Language) -> String {
    let name = match report.condition {
        Condition::Vault => language.pick("vault", "coffre"),
        Condition::Initiator => language.pick("initiator", "initiateur"),
        Condition::Amount => language.pick("amount", "montant"),
        Condition::Destination => language.pick("destination", "destination"),
        Condition::KnownFor => language.pick("known for", "connue depuis"),
        Condition::Calendar => language.pick("calendar", "calendrier"),
    };
    let but = language.pick("but is", "mais vaut");
    let wants = language.pick("must be", "doit être");
    format!("      {name} {wants} {}, {but} {}\n", report.wanted, report.given)
}

fn lacks(lacking: &Lacks, language: Language) -> String {
    let joined = |parts: &[Lacks], word: &str| {
        let parts: Vec<String> = parts.iter().map(|part| lacks(part, language)).collect();
        match parts.len() {
            1 => parts.concat(),
            _ => format!("({})", parts.join(word)),
        }
    };
    match lacking {
        Lacks::Nothing => language.pick("nothing", "rien").to_owned(),
        Lacks::People { more, of, apart, .. } => {
            let apart = match apart {
                Some(Apart::Home) => language.pick(", from another home", ", d’un autre domicile"),
                Some(Apart::Place) => language.pick(", from another place", ", d’un autre lieu"),
                None => "",
            };
            format!("{more} {} `{of}`{apart}", language.pick("more of", "de plus parmi"))
        }
        Lacks::All(parts) => joined(parts, language.pick(" and ", " et ")),
        Lacks::Any(parts) => joined(parts, language.pick(" or ", " ou ")),
    }
}

fn limit(report: &LimitReport, language: Language) -> String {
    let counter = match &report.counter {
        CounterReport::Vault(vault) => vault.to_string(),
        CounterReport::Initiator(initiator) => initiator.to_string(),
        CounterReport::Destination(types::Target::Address(address)) => address.clone(),
        CounterReport::Destination(types::Target::Vault(vault)) => vault.to_string(),
        CounterReport::Organisation => language.pick("organisation", "organisation").to_owned(),
    };
    let fits = match report.fits {
        true => language.pick("fits", "tient"),
        false => language.pick("DOES NOT FIT", "NE TIENT PAS"),
    };
    let mut text = format!("  {} ({counter}): {} {fits}", report.id, report.value);
    let used = language.pick("used", "utilisé");
    let _ = write!(text, "; {used} {} ({})", report.used, report.used_count);
    let left = language.pick("left", "reste");
    if let Some(sum) = &report.left {
        let _ = write!(text, "; {left} {sum}");
    }
    if let Some(count) = report.left_count {
        let _ = write!(text, "; {left} {count}");
    }
    text.push('\n');
    for freed in &report.frees {
        let _ = writeln!(text, "      {} {} {}", freed.at, language.pick("frees", "libère"), freed.value);
    }
    text
}

fn ignored(because: Ignored, language: Language) -> &'static str {
    match because {
        Ignored::NotAPerson => {
            language.pick("not a person of the policy", "pas une personne de la politique")
        }
        Ignored::Initiator => language.pick("who submits never counts", "qui soumet ne compte jamais"),
        Ignored::TooEarly => language.pick("before the submission", "avant la soumission"),
        Ignored::AfterNow => language.pick("after the instant asked about", "après l’instant demandé"),
        Ignored::Repeated => language.pick("approved before", "déjà approuvé"),
    }
}

fn posture(posture: Posture, language: Language) -> &'static str {
    match posture {
        Posture::Normal => language.pick("normal", "normale"),
        Posture::Elevated => language.pick("elevated", "élevée"),
        Posture::Lockdown => language.pick("lockdown", "confinement"),
    }
}
