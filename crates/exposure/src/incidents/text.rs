//! Problems of a record in English and French. Called by `rempart drill`.

use std::fmt;

use policy::Language;

use super::{CELL_BYTES_MAX, Kind, Reason, RowProblem};

impl RowProblem {
    /// The problem as one line for people.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let (line, found) = (self.line, &self.found);
        let why = self.reason.text(language);
        match (self.column, language) {
            (Some(column), Language::En) => format!("line {line}, column `{column}`: `{found}`: {why}"),
            (Some(column), Language::Fr) => format!("ligne {line}, colonne `{column}` : `{found}` : {why}"),
            (None, Language::En) => format!("line {line}: `{found}…`: {why}"),
            (None, Language::Fr) => format!("ligne {line} : `{found}…` : {why}"),
        }
    }
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::En))
    }
}

impl Reason {
    fn text(&self, language: Language) -> String {
        match language {
            Language::En => self.english(),
            Language::Fr => self.french(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Cells { found, expected } => {
                format!("{found} cells where the first line has {expected} columns")
            }
            Self::Missing => "nothing stands there, and it is needed".to_owned(),
            Self::TooLong => format!("longer than {CELL_BYTES_MAX} bytes"),
            Self::Control => "a line break or control character: is a quotation mark not closed?".to_owned(),
            Self::Number { from, to } => format!("not a whole number from {from} to {to}"),
            Self::YesNo => "neither 0 nor 1 nor blank".to_owned(),
            Self::Word(known) => format!("not one of {}", known.join(", ")),
            Self::Hours { to } => {
                format!("not a number of hours above 0 and up to {to}, such as `6` or `0.75`")
            }
            Self::Country => "not two capital letters (ISO 3166-1)".to_owned(),
            Self::Repeated { line } => format!("line {line} has the same name"),
        }
    }

    fn french(&self) -> String {
        match self {
            Self::Cells { found, expected } => {
                format!("{found} cellules alors que la première ligne a {expected} colonnes")
            }
            Self::Missing => "rien n’y figure, et il le faut".to_owned(),
            Self::TooLong => format!("plus de {CELL_BYTES_MAX} octets"),
            Self::Control => {
                "un saut de ligne ou caractère de contrôle : un guillemet n’est-il pas fermé ?".to_owned()
            }
            Self::Number { from, to } => format!("pas un nombre entier de {from} à {to}"),
            Self::YesNo => "ni 0, ni 1, ni vide".to_owned(),
            Self::Word(known) => format!("pas l’un de {}", known.join(", ")),
            Self::Hours { to } => {
                format!("pas un nombre d’heures supérieur à 0 et d’au plus {to}, comme `6` ou `0.75`")
            }
            Self::Country => "pas deux lettres majuscules (ISO 3166-1)".to_owned(),
            Self::Repeated { line } => format!("la ligne {line} porte le même nom"),
        }
    }
}

impl Kind {
    /// The kind for people, in the plural.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::HomeInvasion, Language::En) => "home invasions",
            (Self::HomeInvasion, Language::Fr) => "séquestrations à domicile",
            (Self::Abduction, Language::En) => "abductions",
            (Self::Abduction, Language::Fr) => "enlèvements",
            (Self::StreetRobbery, Language::En) => "street robberies",
            (Self::StreetRobbery, Language::Fr) => "vols dans la rue",
            (Self::InPersonTrade, Language::En) => "trades in person",
            (Self::InPersonTrade, Language::Fr) => "échanges en personne",
            (Self::OfficeOrShopRaid, Language::En) => "raids on offices or shops",
            (Self::OfficeOrShopRaid, Language::Fr) => "attaques de bureaux ou boutiques",
            (Self::RemoteExtortion, Language::En) => "extortions from afar",
            (Self::RemoteExtortion, Language::Fr) => "extorsions à distance",
            (Self::BurglaryAbsent, Language::En) => "burglaries of empty homes",
            (Self::BurglaryAbsent, Language::Fr) => "cambriolages en l’absence des occupants",
            (Self::Swatting, Language::En) => "false police calls",
            (Self::Swatting, Language::Fr) => "faux appels à la police",
            (Self::Murder, Language::En) => "murders",
            (Self::Murder, Language::Fr) => "meurtres",
            (Self::Other, Language::En) => "others",
            (Self::Other, Language::Fr) => "autres",
        }
    }
}
