//! A comparison in words, English or French. Called by `rempart policy diff`.

use types::{Amount, PersonId, Target};

use super::{Comparison, Deed, Direction, Side, Witness};
use crate::explain::{Language, TransferFile};

impl Comparison {
    /// The comparison for people.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let mut text = format!("{}\n", headline(self.direction, language));
        for witness in self.witness.iter().chain(&self.other) {
            text.push_str(&format!("  - {}\n", witness.text(language)));
        }
        text
    }
}

fn headline(direction: Direction, language: Language) -> &'static str {
    match (direction, language) {
        (Direction::Equal, Language::En) => "equal: the same rights and the same stops",
        (Direction::Equal, Language::Fr) => "equal : les mêmes droits et les mêmes arrêts",
        (Direction::Tightens, Language::En) => {
            "tightens: fewer rights, no stop lost; applies at once with the `tighten` quorum"
        }
        (Direction::Tightens, Language::Fr) => {
            "tightens : moins de droits, aucun arrêt perdu ; s’applique aussitôt avec le quorum `tighten`"
        }
        (Direction::Loosens, Language::En) => {
            "loosens: more rights, or a stop lost; needs `change.approve` and waits"
        }
        (Direction::Loosens, Language::Fr) => {
            "loosens : plus de droits, ou un arrêt perdu ; demande `change.approve` et attend"
        }
        (Direction::Mixed, Language::En) => {
            "mixed: some of both, or undecided; needs `change.approve` and waits"
        }
        (Direction::Mixed, Language::Fr) => {
            "mixed : l’un et l’autre, ou indécis ; demande `change.approve` et attend"
        }
    }
}

impl Witness {
    /// The witness for people.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let side = match (self.allowed_by, language) {
            (Side::Old, Language::En) => "only the old policy",
            (Side::New, Language::En) => "only the new policy",
            (Side::Old, Language::Fr) => "seule l’ancienne politique",
            (Side::New, Language::Fr) => "seule la nouvelle politique",
        };
        match language {
            Language::En => format!("{side}: {}", english(&self.deed)),
            Language::Fr => format!("{side} : {}", french(&self.deed)),
        }
    }
}

fn names(people: &[PersonId]) -> String {
    people.iter().map(|person| format!("`{person}`")).collect::<Vec<_>>().join(", ")
}

fn outputs(transfer: &TransferFile) -> String {
    let output = |(target, amount): (&Target, Amount)| match target {
        Target::Address(address) => format!("{amount} -> {address}"),
        Target::Vault(vault) => format!("{amount} -> vault:{vault}"),
    };
    transfer.outputs.iter().map(|o| output((&o.target, o.amount))).collect::<Vec<_>>().join(", ")
}

fn english(deed: &Deed) -> String {
    match deed {
        Deed::Transfer { transfer, history } => {
            let by: Vec<String> = transfer.approvals.iter().map(|one| format!("`{}`", one.by)).collect();
            let approved = if by.is_empty() { "nobody".to_owned() } else { by.join(", ") };
            format!(
                "releases this transfer, or releases it sooner, or whatever is objected: from `{}` by `{}` at {}, {}, approved by {approved}, after {} earlier ones; `--json` has it for `rempart policy explain`",
                transfer.vault,
                transfer.initiator,
                transfer.at,
                outputs(transfer),
                history.len()
            )
        }
        Deed::Change { people, wait } => format!("{} change it after {wait}", names(people)),
        Deed::Tighten { people } => format!("{} tighten it at once", names(people)),
        Deed::Lift { people, wait } => format!("{} lift a stop after {wait}", names(people)),
        Deed::Clear { subject, people, wait } => {
            format!("{} close an incident that concerns `{subject}` after {wait}", names(people))
        }
        Deed::Sign { vault, path, people, after_blocks } => {
            let blocks = after_blocks.map_or(String::new(), |blocks| format!(" after {blocks} blocks"));
            format!("the keys of {} satisfy `{path}` of vault `{vault}`{blocks}", names(people))
        }
        Deed::Read { person, what } => format!("`{person}` reads the {what} side"),
        Deed::Dossier { person, subject, recipient } => {
            format!("`{person}` reads the dossier of `{subject}` with {recipient}")
        }
        Deed::Cosigner { person } => format!("`{person}` stands where the co-signer can be taken over"),
        Deed::Operate { person, service } => format!("`{person}` operates the service `{service}`"),
        Deed::Rule { key, value, vault } => {
            let of = vault.as_ref().map_or(String::new(), |vault| format!(" of vault `{vault}`"));
            format!("admits what follows from `{key}`{of} = {value}")
        }
        Deed::Stop { who } => format!("`{who}` can stop everything and is believed when signalling"),
        Deed::Cancel { person, vault } => {
            format!("`{person}` sees the transfers of `{vault}` and can cancel them or object")
        }
        Deed::Alarm { person, subject } => format!("`{person}` is alarmed for `{subject}`"),
        Deed::Undecided { what } => {
            format!(
                "may allow more {what}: the policies differ too much to be compared there, so it counts as so"
            )
        }
    }
}

fn french(deed: &Deed) -> String {
    match deed {
        Deed::Transfer { transfer, history } => {
            let by: Vec<String> = transfer.approvals.iter().map(|one| format!("`{}`", one.by)).collect();
            let approved = if by.is_empty() { "personne".to_owned() } else { by.join(", ") };
            format!(
                "libère ce transfert, ou plus tôt, ou malgré toute objection : de `{}` par `{}` à {}, {}, approuvé par {approved}, après {} autres ; `--json` le donne pour `rempart policy explain`",
                transfer.vault,
                transfer.initiator,
                transfer.at,
                outputs(transfer),
                history.len()
            )
        }
        Deed::Change { people, wait } => format!("{} la changent après {wait}", names(people)),
        Deed::Tighten { people } => format!("{} la resserrent aussitôt", names(people)),
        Deed::Lift { people, wait } => format!("{} lèvent un arrêt après {wait}", names(people)),
        Deed::Clear { subject, people, wait } => {
            format!("{} closent un incident qui concerne `{subject}` après {wait}", names(people))
        }
        Deed::Sign { vault, path, people, after_blocks } => {
            let blocks = after_blocks.map_or(String::new(), |blocks| format!(" après {blocks} blocs"));
            format!("les clés de {} satisfont `{path}` du coffre `{vault}`{blocks}", names(people))
        }
        Deed::Read { person, what: "covert" } => format!("`{person}` lit le côté caché"),
        Deed::Read { person, .. } => format!("`{person}` lit le registre"),
        Deed::Dossier { person, subject, recipient } => {
            format!("`{person}` lit le dossier de `{subject}` avec {recipient}")
        }
        Deed::Cosigner { person } => format!("`{person}` se trouve là où le cosignataire peut être pris"),
        Deed::Operate { person, service } => format!("`{person}` exploite le service `{service}`"),
        Deed::Rule { key, value, vault } => {
            let of = vault.as_ref().map_or(String::new(), |vault| format!(" du coffre `{vault}`"));
            format!("admet ce qui suit de `{key}`{of} = {value}")
        }
        Deed::Stop { who } => format!("`{who}` peut tout arrêter et est cru lorsqu’il signale"),
        Deed::Cancel { person, vault } => {
            format!("`{person}` voit les transferts de `{vault}` et peut les annuler ou s’y opposer")
        }
        Deed::Alarm { person, subject } => format!("`{person}` est alerté pour `{subject}`"),
        Deed::Undecided { what } => {
            let what = match *what {
                "transfers" => "de transferts",
                "limits" => "de transferts sous les plafonds",
                "changes" | "tightening changes" => "de changements",
                "lifts" => "de levées d’arrêt",
                "clears" => "de clôtures d’incident",
                _ => "de signatures",
            };
            format!("admet peut-être plus {what} : trop de différences pour comparer, donc compté comme tel")
        }
    }
}
