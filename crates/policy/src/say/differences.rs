//! What only one of two policies allows, as a sentence for a page. With names for those who may read the register, else without (G9).
//!
//! Called by `server` when somebody looks at what a change would do. `compare::text` says the same for the command line.

use types::{PersonId, Span, Target};

use crate::compare::{Deed, Side, Witness};
use crate::explain::{Language, OutputFile, TransferFile};

/// The rule whose value is a key of the register.
const KEYS: &str = "key.xpub";

/// Whether people are named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Naming {
    /// For auditors and responders.
    Names,
    /// For everybody else.
    Numbers,
}

impl Witness {
    /// Whether it speaks for a loosening: a right that is new, or a stop that is lost.
    #[must_use]
    pub const fn loosens(&self) -> bool {
        let is_stop = matches!(self.deed, Deed::Stop { .. } | Deed::Cancel { .. } | Deed::Alarm { .. });
        matches!(self.allowed_by, Side::New) != is_stop
    }

    /// The sentence.
    #[must_use]
    pub fn sentence(&self, language: Language, naming: Naming) -> String {
        let side = match (self.allowed_by, language) {
            (Side::Old, Language::En) => "Only as it is now:",
            (Side::New, Language::En) => "Only with the change:",
            (Side::Old, Language::Fr) => "Seulement aujourd'hui :",
            (Side::New, Language::Fr) => "Seulement avec le changement :",
        };
        let said = Said { language, naming };
        let deed = match language {
            Language::En => said.english(&self.deed),
            Language::Fr => said.french(&self.deed),
        };
        format!("{side} {deed}.")
    }
}

struct Said {
    language: Language,
    naming: Naming,
}

impl Said {
    fn people(&self, people: &[PersonId]) -> String {
        let l = self.language;
        match (self.naming, people.len(), l) {
            (Naming::Names, 1.., _) => l.list(people, ("and", "et")),
            (_, 0, _) => l.pick("nobody", "personne").to_owned(),
            (_, 1, _) => l.pick("one person", "une personne").to_owned(),
            (_, count, Language::En) => format!("{count} people"),
            (_, count, Language::Fr) => format!("{count} personnes"),
        }
    }

    fn one(&self, name: &str) -> String {
        match self.naming {
            Naming::Names => self.language.quoted(name),
            Naming::Numbers => self.language.pick("somebody", "quelqu'un").to_owned(),
        }
    }

    fn thing(&self, name: &str, (en, fr): (&str, &str)) -> String {
        match self.naming {
            Naming::Names => self.language.quoted(name),
            Naming::Numbers => self.language.pick(en, fr).to_owned(),
        }
    }

    fn wait(&self, wait: Span) -> String {
        self.language.span(wait)
    }

    /// The transfer itself: from where, to where, how much, asked for and approved by whom.
    fn transfer(&self, transfer: &TransferFile) -> (String, String, String, String) {
        let l = self.language;
        let output = |output: &OutputFile| {
            let sum = l.amount(output.amount);
            match (&output.target, l) {
                (Target::Address(_), Language::En) => format!("{sum} to an address"),
                (Target::Address(_), Language::Fr) => format!("{sum} vers une adresse"),
                (Target::Vault(vault), Language::En) => format!("{sum} to {}", l.quoted(vault.as_str())),
                (Target::Vault(vault), Language::Fr) => format!("{sum} vers {}", l.quoted(vault.as_str())),
            }
        };
        let outputs = l.join(&transfer.outputs.iter().map(output).collect::<Vec<_>>(), ("and", "et"));
        let approvers: Vec<PersonId> =
            transfer.approvals.iter().filter_map(|one| PersonId::parse(one.by.as_str()).ok()).collect();
        (
            l.quoted(transfer.vault.as_str()),
            outputs,
            self.one(transfer.initiator.as_str()),
            self.people(&approvers),
        )
    }

    fn english(&self, deed: &Deed) -> String {
        match deed {
            Deed::Transfer { transfer, history } => {
                let (vault, outputs, by, approvers) = self.transfer(transfer);
                let before = match history.len() {
                    0 => String::new(),
                    count => format!(", after {count} earlier transfers"),
                };
                format!("this transfer goes, or goes sooner, or goes whatever is objected: {outputs} from {vault}, asked for by {by}, approved by {approvers}{before}")
            }
            Deed::Change { people, wait } => format!("{} can change the policy after {}", self.people(people), self.wait(*wait)),
            Deed::Tighten { people } => format!("{} can tighten the policy at once", self.people(people)),
            Deed::Lift { people, wait } => format!("{} can lift a stop after {}", self.people(people), self.wait(*wait)),
            Deed::Clear { people, wait, .. } => format!("{} can close an incident after {}", self.people(people), self.wait(*wait)),
            Deed::Sign { vault, people, after_blocks, .. } => {
                let vault = self.language.quoted(vault.as_str());
                let blocks = after_blocks.map_or(String::new(), |blocks| format!(" without Rempart after {blocks} blocks"));
                format!("the keys of {} suffice to spend from {vault}{blocks}", self.people(people))
            }
            Deed::Read { person, what: "covert" } => format!("{} is a responder", self.one(person.as_str())),
            Deed::Read { person, .. } => format!("{} reads the register", self.one(person.as_str())),
            Deed::Dossier { person, subject, .. } => format!("{} can open the dossier of {}", self.one(person.as_str()), self.thing(subject.as_str(), ("somebody else", "quelqu'un d'autre"))),
            Deed::Cosigner { person } => format!("{} stands where Rempart's own key can be taken over", self.one(person.as_str())),
            Deed::Operate { person, service } => format!("{} operates {}", self.one(person.as_str()), self.thing(service.as_str(), ("a service", "un service"))),
            Deed::Rule { key: KEYS, vault: Some(vault), .. } if self.naming == Naming::Numbers => {
                format!("other keys sign for {}", self.language.quoted(vault.as_str()))
            }
            Deed::Rule { key, value, vault } => {
                let of = vault.as_ref().map_or(String::new(), |vault| format!(" of {}", self.language.quoted(vault.as_str())));
                format!("what follows from {}{of} = {value}", self.language.quoted(key))
            }
            Deed::Stop { who } => format!("{} can stop everything and is believed when signalling", self.one(who)),
            Deed::Cancel { person, vault } => format!("{} sees the transfers from {} and can cancel them", self.one(person.as_str()), self.language.quoted(vault.as_str())),
            Deed::Alarm { person, subject } => format!("{} is alarmed for {}", self.one(person.as_str()), self.thing(subject, ("somebody else", "quelqu'un d'autre"))),
            Deed::Undecided { .. } => "more may be possible: the two policies differ too much to be compared there, so it counts as so".to_owned(),
        }
    }

    fn french(&self, deed: &Deed) -> String {
        match deed {
            Deed::Transfer { transfer, history } => {
                let (vault, outputs, by, approvers) = self.transfer(transfer);
                let before = match history.len() {
                    0 => String::new(),
                    count => format!(", après {count} transferts antérieurs"),
                };
                format!("ce transfert part, ou part plus tôt, ou part malgré toute objection : {outputs} depuis {vault}, demandé par {by}, avec l'accord de {approvers}{before}")
            }
            Deed::Change { people, wait } => format!("{} : changer la politique après {}", self.people(people), self.wait(*wait)),
            Deed::Tighten { people } => format!("{} : resserrer la politique aussitôt", self.people(people)),
            Deed::Lift { people, wait } => format!("{} : lever un arrêt après {}", self.people(people), self.wait(*wait)),
            Deed::Clear { people, wait, .. } => format!("{} : clore un incident après {}", self.people(people), self.wait(*wait)),
            Deed::Sign { vault, people, after_blocks, .. } => {
                let vault = self.language.quoted(vault.as_str());
                let blocks = after_blocks.map_or(String::new(), |blocks| format!(" sans Rempart après {blocks} blocs"));
                format!("les clés de {} suffisent pour dépenser depuis {vault}{blocks}", self.people(people))
            }
            Deed::Read { person, what: "covert" } => format!("{} est intervenant", self.one(person.as_str())),
            Deed::Read { person, .. } => format!("{} lit le registre", self.one(person.as_str())),
            Deed::Dossier { person, subject, .. } => format!("{} peut ouvrir le dossier de {}", self.one(person.as_str()), self.thing(subject.as_str(), ("somebody else", "quelqu'un d'autre"))),
            Deed::Cosigner { person } => format!("{} se trouve là où la clé de Rempart peut être prise", self.one(person.as_str())),
            Deed::Operate { person, service } => format!("{} exploite {}", self.one(person.as_str()), self.thing(service.as_str(), ("a service", "un service"))),
            Deed::Rule { key: KEYS, vault: Some(vault), .. } if self.naming == Naming::Numbers => {
                format!("d'autres clés signent pour {}", self.language.quoted(vault.as_str()))
            }
            Deed::Rule { key, value, vault } => {
                let of = vault.as_ref().map_or(String::new(), |vault| format!(" de {}", self.language.quoted(vault.as_str())));
                format!("ce qui découle de {}{of} = {value}", self.language.quoted(key))
            }
            Deed::Stop { who } => format!("{} peut tout arrêter et est cru lorsqu'il y a signal", self.one(who)),
            Deed::Cancel { person, vault } => format!("{} voit les transferts depuis {} et peut les annuler", self.one(person.as_str()), self.language.quoted(vault.as_str())),
            Deed::Alarm { person, subject } => format!("{} est alerté pour {}", self.one(person.as_str()), self.thing(subject, ("somebody else", "quelqu'un d'autre"))),
            Deed::Undecided { .. } => "davantage est peut-être possible : les deux politiques diffèrent trop pour être comparées là, donc cela compte comme tel".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Posture;
    use crate::recipient::Recipient;
    use types::{ActorId, ServiceId, Timestamp, VaultId};

    const RECIPIENT: &str = "age1r5fzkjlvreprv9gaultr90dyaxtaqqptct4thcsmt6urjc897eqsmhjm4p";
    /// Everybody and everything of the register in the deeds below.
    const NAMES: [&str; 6] = ["alice", "bob", "payroll", "mathilde", "xpub6abc", RECIPIENT];

    fn transfer() -> TransferFile {
        let approval =
            crate::explain::ApprovalFile { by: ActorId::parse("bob").unwrap(), at: Timestamp::MIN };
        TransferFile {
            vault: VaultId::parse("hot").unwrap(),
            initiator: ActorId::parse("alice").unwrap(),
            at: Timestamp::MIN,
            outputs: Vec::new(),
            fee: None,
            approvals: vec![approval],
            prices: Vec::new(),
            now: None,
            posture: Posture::Normal,
        }
    }

    fn deeds() -> Vec<Deed> {
        let person = || PersonId::parse("alice").unwrap();
        let (people, wait) = (|| vec![person(), PersonId::parse("bob").unwrap()], Span::from_hours(24));
        let vault = || VaultId::parse("hot").unwrap();
        let recipient = Recipient::parse(RECIPIENT).unwrap();
        vec![
            Deed::Transfer { transfer: Box::new(transfer()), history: Vec::new() },
            Deed::Change { people: people(), wait },
            Deed::Tighten { people: people() },
            Deed::Lift { people: people(), wait },
            Deed::Clear { subject: person(), people: people(), wait },
            Deed::Sign { vault: vault(), path: "recovery", people: people(), after_blocks: Some(144) },
            Deed::Read { person: person(), what: "covert" },
            Deed::Read { person: person(), what: "register" },
            Deed::Dossier { person: person(), subject: PersonId::parse("bob").unwrap(), recipient },
            Deed::Cosigner { person: person() },
            Deed::Operate { person: person(), service: ServiceId::parse("payroll").unwrap() },
            Deed::Rule { key: KEYS, value: "xpub6abc".to_owned(), vault: Some(vault()) },
            Deed::Stop { who: "mathilde".to_owned() },
            Deed::Cancel { person: person(), vault: vault() },
            Deed::Alarm { person: person(), subject: "mathilde".to_owned() },
            Deed::Undecided { what: "transfers" },
        ]
    }

    #[test]
    fn no_deed_names_anybody_to_who_may_not_read_the_register() {
        let mut named = 0;
        for deed in deeds() {
            let witness = Witness { allowed_by: Side::New, deed };
            for language in [Language::En, Language::Fr] {
                let without = witness.sentence(language, Naming::Numbers);
                let with = witness.sentence(language, Naming::Names);
                assert!(!NAMES.iter().any(|name| without.contains(name)), "{without}");
                named += usize::from(NAMES.iter().any(|name| with.contains(name)));
            }
        }
        assert_eq!(named, 30, "every deed but the undecided one is told with names to others");
    }
}
