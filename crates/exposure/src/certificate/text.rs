//! A certificate on a terminal, why none is made, and why one is void: in English and French. Called by `rempart certificate`.

use std::fmt::Write as _;

use policy::{Direction, Language};

use super::measure::Unit;
use super::words::{self, horizon, taken};
use super::{
    CERTIFICATE_HORIZONS, CERTIFICATE_TAKEN_MAX, Excess, Figure, LIFETIME_MAX, MakeRefusal, Standing,
    Statement,
};

/// How wide the first column is.
const NAME_WIDTH: usize = 34;
/// How wide a figure is.
const FIGURE_WIDTH: usize = 17;

fn pick<'t>(language: Language, english: &'t str, french: &'t str) -> &'t str {
    match language {
        Language::En => english,
        Language::Fr => french,
    }
}

impl Statement {
    /// The statement as a table, with its dates.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let words = words::of(language);
        let caption = match self.unit() {
            Unit::Share => words.caption_share,
            Unit::Amount => words.caption_amount,
        };
        let mut text = format!("{caption}\n{:NAME_WIDTH$}", "");
        for span in CERTIFICATE_HORIZONS {
            let _ = write!(text, "{:>FIGURE_WIDTH$}", horizon(span, language));
        }
        text.push('\n');
        for k in 1..=CERTIFICATE_TAKEN_MAX {
            let _ = write!(text, "{:NAME_WIDTH$}", taken(self.adversary, k, language));
            for span in CERTIFICATE_HORIZONS {
                let figure = self.figure(k, span).map(|figure| figure.at_most.text(language));
                let _ = write!(text, "{:>FIGURE_WIDTH$}", figure.unwrap_or_default());
            }
            text.push('\n');
        }
        let (issued, until, program) = (words.issued, words.until, words.program);
        let _ =
            writeln!(text, "{issued} {}, {} {}", self.issued_at(), until.to_lowercase(), self.expires_at());
        let _ = writeln!(text, "{program} Rempart {}", self.program);
        text
    }
}

fn excesses(above: &[Excess], language: Language) -> String {
    let line = |excess: &Excess| {
        let Figure { k, horizon: span, at_most } = excess.figure;
        let (who, held_for) = (taken(excess.adversary, k, language), horizon(span, language));
        format!("{who}, {held_for}: {}", at_most.text(language))
    };
    above.iter().map(line).collect::<Vec<_>>().join("; ")
}

impl MakeRefusal {
    /// The reason for people, and what to do.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let (code, text) = (self.code(), self.reason(language));
        format!("{}[{code}]: {text}", pick(language, "no certificate ", "pas de certificat "))
    }

    fn reason(&self, language: Language) -> String {
        match (self, language) {
            (Self::Above(above), Language::En) => format!(
                "more than the threshold could be forced out ({}): `rempart policy bound` shows how and what lowers it; `--refuse-above` sets the threshold",
                excesses(above, language)
            ),
            (Self::Above(above), Language::Fr) => format!(
                "la force pourrait obtenir plus que le seuil ({}) : `rempart policy bound` montre comment, et ce qui l’abaisse ; `--refuse-above` fixe le seuil",
                excesses(above, language)
            ),
            (Self::Assumes(assumed), Language::En) => {
                let assumed: Vec<String> = assumed.iter().map(ToString::to_string).collect();
                format!(
                    "the figures would rest on what nobody knows ({}): write it into the files",
                    assumed.join("; ")
                )
            }
            (Self::Assumes(assumed), Language::Fr) => {
                let assumed: Vec<String> = assumed.iter().map(ToString::to_string).collect();
                format!(
                    "les chiffres reposeraient sur ce que personne ne sait ({}) : l’écrire dans les fichiers",
                    assumed.join(" ; ")
                )
            }
            (Self::NothingHeld, Language::Fr) => {
                "les coffres ne détiennent rien : leur donner un `balance`".to_owned()
            }
            (Self::Lifetime, Language::Fr) => format!("un certificat est valable entre 1h et {LIFETIME_MAX}"),
            (Self::Overflow, Language::Fr) => "les sommes de cette politique sont trop grandes".to_owned(),
            (Self::Version, Language::Fr) => {
                "la version du programme ne peut figurer dans un certificat".to_owned()
            }
            (Self::Bound(_) | Self::NothingHeld | Self::Lifetime | Self::Overflow | Self::Version, _) => {
                self.to_string()
            }
        }
    }
}

impl Standing {
    /// The finding for people.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        match self {
            Self::Same => pick(
                language,
                "the policy in force is the certified one",
                "la politique en vigueur est celle du certificat",
            )
            .to_owned(),
            Self::Holds(_) => {
                let english = "the policy in force gives no right that the certified one did not give";
                pick(
                    language,
                    english,
                    "la politique en vigueur ne donne aucun droit que celle du certificat ne donnait pas",
                )
                .to_owned()
            }
            Self::Loosened(found) => {
                let english = match found.direction {
                    Direction::Loosens => "void: the policy in force is looser than the certified one",
                    _ => {
                        "void: the policy in force gives rights that the certified one did not give, or this cannot be excluded"
                    }
                };
                let french = match found.direction {
                    Direction::Loosens => {
                        "nul : la politique en vigueur est plus souple que celle du certificat"
                    }
                    _ => {
                        "nul : la politique en vigueur donne des droits que celle du certificat ne donnait pas, ou on ne peut l’exclure"
                    }
                };
                format!("{}\n{}", pick(language, english, french), found.text(language).trim_end())
            }
            Self::Outgrown(above) => {
                let void = pick(
                    language,
                    "void: more could be forced out today than it says",
                    "nul : la force obtiendrait aujourd’hui plus qu’il ne dit",
                );
                format!("{void} ({})", excesses(above, language))
            }
            Self::Unknown(refusal) => {
                let void = pick(
                    language,
                    "void: its figures cannot be computed any more:",
                    "nul : ses chiffres ne sont plus calculables :",
                );
                format!("{void} {}", refusal.reason(language))
            }
        }
    }
}
