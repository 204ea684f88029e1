//! The words of a certificate's page, badge and report, in English and French.

use policy::Language;
use types::Span;

use crate::Adversary;

/// Everything that the page and the badge say besides figures.
pub(super) struct Words {
    pub lang: &'static str,
    pub kind: &'static str,
    pub title: &'static str,
    pub lead: &'static str,
    pub at_most: &'static str,
    pub of_what: &'static str,
    pub facts: &'static str,
    pub caption_share: &'static str,
    pub caption_amount: &'static str,
    pub held_for: &'static str,
    pub includes: &'static str,
    pub issued: &'static str,
    pub until: &'static str,
    pub program: &'static str,
    pub key: &'static str,
    pub policy: &'static str,
    pub policy_note: &'static str,
    pub check: &'static str,
    pub check_note: &'static str,
    pub show: &'static str,
    pub void: &'static str,
    pub signed: &'static str,
}

pub(super) const ENGLISH: Words = Words {
    lang: "en",
    kind: "Deterrence certificate",
    title: "Little to gain by force here",
    lead: "Large payments wait, and need people who are elsewhere. Whoever is held cannot change that, even if they want to.",
    at_most: "at most",
    of_what: "of what we hold:",
    facts: "What is signed",
    caption_share: "The most that force can get, as a share of what we hold",
    caption_amount: "The most that force can get",
    held_for: "held for",
    includes: "Counted in: waiting, changing the rules, making people sign, recovering keys. Figures are rounded up.",
    issued: "Issued",
    until: "Valid until",
    program: "Computed by",
    key: "Signed with key",
    policy: "Rules, as a commitment",
    policy_note: "It says nothing about the rules; an auditor who is shown them can check that these are the ones.",
    check: "Check it yourself",
    check_note: "This page proves nothing; the signature does. Save the certificate below and compare it, offline, with the key that we publish:",
    show: "The certificate",
    void: "Void as soon as our rules are loosened, and in any case after this date.",
    signed: "signed",
};

pub(super) const FRENCH: Words = Words {
    lang: "fr",
    kind: "Certificat de dissuasion",
    title: "Ici, peu à gagner par la force",
    lead: "Les paiements importants attendent et demandent l’accord de personnes qui sont ailleurs. Qui est retenu ne peut rien y changer, même en le voulant.",
    at_most: "au plus",
    of_what: "de ce que nous détenons :",
    facts: "Ce qui est signé",
    caption_share: "Le plus que la force puisse obtenir, en part de ce que nous détenons",
    caption_amount: "Le plus que la force puisse obtenir",
    held_for: "pendant",
    includes: "Y compris en attendant, en changeant les règles, en faisant signer, en récupérant des clés. Chiffres arrondis au-dessus.",
    issued: "Émis le",
    until: "Valable jusqu’au",
    program: "Calculé par",
    key: "Signé avec la clé",
    policy: "Règles, sous scellé",
    policy_note: "L’empreinte ne dit rien des règles ; un auditeur à qui on les montre vérifie que ce sont celles-là.",
    check: "Vérifiez vous-même",
    check_note: "Cette page ne prouve rien ; la signature, si. Enregistrez le certificat ci-dessous et comparez-le, hors ligne, à la clé que nous publions :",
    show: "Le certificat",
    void: "Nul dès que nos règles sont assouplies, et de toute façon après cette date.",
    signed: "signé",
};

pub(super) const fn of(language: Language) -> &'static Words {
    match language {
        Language::En => &ENGLISH,
        Language::Fr => &FRENCH,
    }
}

/// So many homes, places or people, taken at once.
pub(super) const fn taken(adversary: Adversary, k: u8, language: Language) -> &'static str {
    match (adversary, k, language) {
        (Adversary::Homes, 1, Language::En) => "one home",
        (Adversary::Homes, 2, Language::En) => "two homes at once",
        (Adversary::Homes, _, Language::En) => "three homes at once",
        (Adversary::Homes, 1, Language::Fr) => "un domicile",
        (Adversary::Homes, 2, Language::Fr) => "deux domiciles à la fois",
        (Adversary::Homes, _, Language::Fr) => "trois domiciles à la fois",
        (Adversary::Places, 1, Language::En) => "one home or office",
        (Adversary::Places, 2, Language::En) => "two homes or offices at once",
        (Adversary::Places, _, Language::En) => "three homes or offices at once",
        (Adversary::Places, 1, Language::Fr) => "un domicile ou bureau",
        (Adversary::Places, 2, Language::Fr) => "deux domiciles ou bureaux à la fois",
        (Adversary::Places, _, Language::Fr) => "trois domiciles ou bureaux à la fois",
        (Adversary::People, 1, Language::En) => "one person",
        (Adversary::People, 2, Language::En) => "two people at once",
        (Adversary::People, _, Language::En) => "three people at once",
        (Adversary::People, 1, Language::Fr) => "une personne",
        (Adversary::People, 2, Language::Fr) => "deux personnes à la fois",
        (Adversary::People, _, Language::Fr) => "trois personnes à la fois",
    }
}

/// A horizon as a heading.
pub(super) fn horizon(span: Span, language: Language) -> String {
    crate::figure::duration(span, language)
}
