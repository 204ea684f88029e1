//! A packet on the screen of whoever opened it, in English or French: what is needed first stands first.

use policy::Language;
use zeroize::Zeroizing;

use crate::binding::Doubt;
use crate::packet::{Address, Medical, Packet, Relative, Telephone, Vehicle, Words};
use crate::text::{Line, Passage};

/// The widest label.
const LABEL_CHARS: usize = 20;

impl Packet {
    /// All of it but the photograph.
    #[must_use]
    pub fn text(&self, language: Language) -> Zeroizing<String> {
        let mut page = Page { language, text: Zeroizing::new(String::with_capacity(64 * 1024)) };
        page.line(("Name", "Nom"), Some(&self.name));
        page.line(("Born", "Né(e) le"), self.born.as_ref());
        page.line(("Looks", "Apparence"), self.appearance.as_ref());
        self.telephone.iter().for_each(|one| page.telephone(one));
        self.words.iter().for_each(|words| page.words(words));
        self.address.iter().for_each(|one| page.address(one));
        page.passage(("For the police", "Pour la police"), self.police.as_ref());
        self.medical.iter().for_each(|medical| page.medical(medical));
        self.relative.iter().for_each(|one| page.relative(one));
        self.vehicle.iter().for_each(|one| page.vehicle(one));
        page.passage(("Notes", "Notes"), self.notes.as_ref());
        if self.photo.is_some() {
            page.row(("Photograph", "Photographie"), page.pick(("yes", "oui")));
        }
        page.text
    }
}

struct Page {
    language: Language,
    text: Zeroizing<String>,
}

/// English and French.
type Both = (&'static str, &'static str);

impl Page {
    const fn pick(&self, both: Both) -> &'static str {
        match self.language {
            Language::En => both.0,
            Language::Fr => both.1,
        }
    }

    fn row(&mut self, label: Both, value: &str) {
        let label = self.pick(label);
        for (number, part) in value.lines().enumerate() {
            let label = if number == 0 { label } else { "" };
            self.text.push_str(label);
            (label.chars().count()..LABEL_CHARS).for_each(|_| self.text.push(' '));
            self.text.push_str(part);
            self.text.push('\n');
        }
    }

    fn head(&mut self, label: Both) {
        self.text.push('\n');
        let label = self.pick(label);
        self.text.push_str(label);
        self.text.push('\n');
    }

    fn line(&mut self, label: Both, value: Option<&Line>) {
        if let Some(value) = value {
            self.row(label, value.reveal());
        }
    }

    fn passage(&mut self, label: Both, value: Option<&Passage>) {
        if let Some(value) = value {
            self.row(label, value.reveal());
        }
    }

    fn telephone(&mut self, one: &Telephone) {
        self.line(("Telephone", "Téléphone"), one.what.as_ref());
        self.line(("  number", "  numéro"), one.number.as_ref());
    }

    fn words(&mut self, words: &Words) {
        self.head(("Words", "Mots convenus"));
        self.line(("  all is well", "  tout va bien"), words.all_clear.as_ref());
        self.line(("  not free", "  sous contrainte"), words.distress.as_ref());
        self.line(("  question", "  question"), words.question.as_ref());
        self.line(("  answer", "  réponse"), words.answer.as_ref());
    }

    fn address(&mut self, one: &Address) {
        self.head(("Address", "Adresse"));
        self.line(("  what", "  lieu"), one.what.as_ref());
        self.passage(("  address", "  adresse"), one.lines.as_ref());
        self.passage(("  access", "  accès"), one.access.as_ref());
    }

    fn medical(&mut self, medical: &Medical) {
        self.head(("Medical", "Médical"));
        self.line(("  blood group", "  groupe sanguin"), medical.blood_group.as_ref());
        self.line(("  allergies", "  allergies"), medical.allergies.as_ref());
        self.passage(("  conditions", "  maladies"), medical.conditions.as_ref());
        self.passage(("  medicines", "  traitements"), medical.medicines.as_ref());
        self.line(("  doctor", "  médecin"), medical.doctor.as_ref());
    }

    fn relative(&mut self, one: &Relative) {
        self.head(("Relative", "Proche"));
        self.line(("  name", "  nom"), one.name.as_ref());
        self.line(("  relation", "  lien"), one.relation.as_ref());
        self.line(("  telephone", "  téléphone"), one.telephone.as_ref());
        self.passage(("  note", "  note"), one.note.as_ref());
    }

    fn vehicle(&mut self, one: &Vehicle) {
        self.head(("Vehicle", "Véhicule"));
        self.line(("  what", "  modèle"), one.what.as_ref());
        self.line(("  plate", "  immatriculation"), one.plate.as_ref());
    }
}

impl Doubt {
    /// The doubt in words.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        match (self, language) {
            (Self::Organisation, Language::En) => "it was sealed for another organisation".to_owned(),
            (Self::Organisation, Language::Fr) => "il a été scellé pour une autre organisation".to_owned(),
            (Self::Person(person), Language::En) => format!("it is the packet of `{person}`"),
            (Self::Person(person), Language::Fr) => format!("c’est le dossier de `{person}`"),
            (Self::Revision(revision), Language::En) => format!("it was sealed as revision {revision}"),
            (Self::Revision(revision), Language::Fr) => {
                format!("il a été scellé comme révision {revision}")
            }
            (Self::Time(at), Language::En) => {
                format!("it was sealed at {at}, days before or after it was handed in")
            }
            (Self::Time(at), Language::Fr) => {
                format!("il a été scellé à {at}, des jours avant ou après sa remise")
            }
        }
    }
}
