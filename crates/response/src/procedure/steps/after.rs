//! Once the person is safe: clear only after a private call-back, then mend what was exposed, kindly.

use super::BuiltIn;
use crate::procedure::step::Role;

pub const POLICE_SAY_SAFE: BuiltIn = BuiltIn {
    id: "police-say-safe",
    who: Role::Lead,
    en: (
        "Wait until the police say that it is over. Believe no message and no call from the person's own devices",
        "attackers dictate all-clears",
    ),
    fr: (
        "Attendez que la police dise que c'est fini. Ne croyez aucun message ni appel venant des appareils de la personne",
        "les agresseurs dictent des « tout va bien »",
    ),
};

pub const CARE_FIRST: BuiltIn = BuiltIn {
    id: "care-first",
    who: Role::Liaison,
    en: (
        "A doctor first, then rest, then the police; a calm person stays with them. Nobody asks why they gave in",
        "they did what was right: stay alive",
    ),
    fr: (
        "D'abord un médecin, puis du repos, puis la police ; une personne calme reste auprès d'eux. Personne ne demande pourquoi ils ont cédé",
        "ils ont fait ce qu'il fallait : rester en vie",
    ),
};

pub const PRIVATE_CALL_BACK: BuiltIn = BuiltIn {
    id: "private-call-back",
    who: Role::Second,
    en: (
        "Two responders, one after the other, each speak with the person alone and in private, put the agreed question, and record the call-back",
        "a clear counts only what independent people heard from the person's own mouth",
    ),
    fr: (
        "Deux intervenants, l'un après l'autre, parlent à la personne seule et en privé, posent la question convenue et consignent le rappel",
        "une levée ne compte que ce que des personnes indépendantes ont entendu de sa bouche",
    ),
};

pub const CLEAR: BuiltIn = BuiltIn {
    id: "clear",
    who: Role::Lead,
    en: (
        "Endorse the clear, and have another responder from another home do the same; then its wait runs, and anyone of you can end it",
        "nobody alone can open the vaults again, not even in relief",
    ),
    fr: (
        "Appuyez la levée, et qu'un autre intervenant d'un autre foyer fasse de même ; puis son attente court, et chacun de vous peut l'interrompre",
        "personne ne peut rouvrir seul les coffres, pas même par soulagement",
    ),
};

pub const NEW_CREDENTIALS: BuiltIn = BuiltIn {
    id: "new-credentials",
    who: Role::Treasury,
    en: (
        "Have phrase, devices and keys that were in the attackers' reach replaced by a change; what was asked for under force is submitted again only if it is meant",
        "what they saw, they may have filmed; forced acts stay void",
    ),
    fr: (
        "Faites remplacer par un changement la phrase, les appareils et les clés passés entre leurs mains ; ce qui a été demandé sous la contrainte n'est redemandé que s'il est voulu",
        "ce qu'ils ont vu, ils l'ont peut-être filmé ; les actes forcés restent nuls",
    ),
};

pub const TELL_DOSSIER: BuiltIn = BuiltIn {
    id: "tell-of-dossier",
    who: Role::Lead,
    en: (
        "Tell the person, yourself, who opened their dossier, when and why, and what went to the police; renew what is out of date",
        "trust in the sealed dossier is why the next one will be complete",
    ),
    fr: (
        "Dites vous-même à la personne qui a ouvert son dossier, quand et pourquoi, et ce qui est allé à la police ; mettez à jour le reste",
        "c'est la confiance dans le dossier scellé qui fera que le prochain sera complet",
    ),
};

pub const SUPPORT: BuiltIn = BuiltIn {
    id: "offer-support",
    who: Role::Liaison,
    en: (
        "Offer lasting support to the person, the family and the responders: victim support, a psychologist, time off, another place to live",
        "the worst nights often come weeks later",
    ),
    fr: (
        "Proposez un soutien durable à la personne, à la famille et aux intervenants : aide aux victimes, psychologue, congé, autre logement",
        "les nuits les plus dures viennent souvent des semaines après",
    ),
};

pub const LEARN: BuiltIn = BuiltIn {
    id: "learn",
    who: Role::Lead,
    en: (
        "Within a week, write down what the attackers knew, what took how long, and what you change in policy, homes and drills",
        "attackers learn from each case; so should you",
    ),
    fr: (
        "Sous une semaine, écrivez ce que savaient les agresseurs, combien de temps a pris chaque chose, et ce que vous changez dans la politique, les domiciles et les exercices",
        "les agresseurs apprennent de chaque affaire ; vous aussi",
    ),
};
