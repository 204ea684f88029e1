//! The first minutes: take charge, ring nobody in the attackers' room, have the police on the line.

use super::BuiltIn;
use crate::procedure::step::Role;

pub const TAKE_CHARGE: BuiltIn = BuiltIn {
    id: "take-charge",
    who: Role::First,
    en: (
        "Acknowledge, and say from where. Go where nobody of the person's household sees or hears you",
        "the calls go on until people in two different places have taken charge",
    ),
    fr: (
        "Accusez réception en disant d'où. Allez là où personne du foyer concerné ne vous voit ni ne vous entend",
        "les appels continuent jusqu'à ce que deux lieux différents aient pris l'affaire en charge",
    ),
};

pub const DO_NOT_RING: BuiltIn = BuiltIn {
    id: "do-not-ring",
    who: Role::Everyone,
    en: (
        "Do not call, text or visit the person or their home, and tell nobody who lives there or is related",
        "a telephone that rings in the attackers' room tells them that help was called",
    ),
    fr: (
        "N'appelez pas la personne ni son domicile, n'écrivez pas, n'y allez pas ; ne dites rien à qui y vit ni à la famille",
        "un téléphone qui sonne dans la pièce des agresseurs leur apprend que des secours sont prévenus",
    ),
};

pub const CALL_BACK: BuiltIn = BuiltIn {
    id: "call-back",
    who: Role::First,
    en: (
        "Let somebody who might ring anyway call the person's own telephone for an everyday reason, and put the agreed question from the dossier; no word of an alarm",
        "one phrase at sign-in, or a missed appointment, is often a slip; an everyday call shows nothing to whoever listens",
    ),
    fr: (
        "Faites appeler la personne, sur son propre téléphone, par quelqu'un qui appellerait de toute façon, pour un motif banal, avec la question convenue du dossier ; pas un mot d'une alerte",
        "une seule phrase à la connexion, ou un rendez-vous manqué, est souvent une erreur ; un appel banal ne montre rien à qui écoute",
    ),
};

pub const DECIDE_LEVEL: BuiltIn = BuiltIn {
    id: "decide-level",
    who: Role::First,
    en: (
        "No answer, a strange voice, a wrong answer or the word of distress: report your judgement and treat it as confirmed. Right answer in private: record the call-back",
        "ten minutes of doubt are enough; the police would rather come for nothing",
    ),
    fr: (
        "Pas de réponse, une voix étrange, une mauvaise réponse ou le mot de détresse : signalez votre jugement et agissez comme si c'était confirmé. Bonne réponse, seul à seul : consignez le rappel",
        "dix minutes de doute suffisent ; la police préfère venir pour rien",
    ),
};

pub const CALL_POLICE: BuiltIn = BuiltIn {
    id: "call-police",
    who: Role::First,
    en: (
        "Call 17 (112 elsewhere in Europe) and read the script aloud; then record the call",
        "the police decide how to approach, and engage the units that free hostages",
    ),
    fr: (
        "Appelez le 17 (112 ailleurs en Europe) et lisez le script à voix haute ; puis consignez l'appel",
        "la police décide de l'approche et engage les unités qui libèrent des otages",
    ),
};

pub const STAY_ON_LINE: BuiltIn = BuiltIn {
    id: "stay-on-line",
    who: Role::First,
    en: (
        "Stay on the line and do nothing else; note the name, the service, a number to call back and the file number",
        "one voice towards the police, from the first minute to the last",
    ),
    fr: (
        "Restez en ligne et ne faites rien d'autre ; notez le nom, le service, un numéro de rappel et le numéro du dossier",
        "une seule voix face à la police, de la première à la dernière minute",
    ),
};

pub const CLOSED_CHANNEL: BuiltIn = BuiltIn {
    id: "closed-channel",
    who: Role::Everyone,
    en: (
        "Speak about it only where no device of the person is: not in team chats, shared calendars or mail",
        "the attackers hold the person's telephone and read what it shows",
    ),
    fr: (
        "N'en parlez que là où aucun appareil de la personne n'est présent : ni messagerie d'équipe, ni agenda partagé, ni courriel",
        "les agresseurs ont son téléphone et lisent ce qui s'y affiche",
    ),
};

pub const SHARE_OUT: BuiltIn = BuiltIn {
    id: "share-out",
    who: Role::Lead,
    en: (
        "Say who leads, who stays with the police, who opens the dossier, who watches the vaults, who writes notes",
        "two people doing the same thing leave something undone",
    ),
    fr: (
        "Dites qui dirige, qui reste avec la police, qui ouvre le dossier, qui surveille les coffres, qui prend des notes",
        "deux personnes sur la même tâche en laissent une autre de côté",
    ),
};

pub const OPEN_DOSSIER: BuiltIn = BuiltIn {
    id: "open-dossier",
    who: Role::Second,
    en: (
        "Open the person's dossier and read the police what they ask: address and ways in, who lives there, children, dogs, weapons, vehicles, telephones",
        "the police ask for it in the first minutes; that it was opened is recorded, and the person is told later",
    ),
    fr: (
        "Ouvrez le dossier de la personne et lisez à la police ce qu'elle demande : adresse et accès, occupants, enfants, chiens, armes, véhicules, téléphones",
        "la police le demande dès les premières minutes ; l'ouverture est consignée et la personne en sera informée",
    ),
};

pub const GIVE_MEDICAL: BuiltIn = BuiltIn {
    id: "give-medical",
    who: Role::Second,
    en: (
        "Tell the police by voice what rescuers must know medically: illness, medicines that cannot wait, injuries heard of",
        "help must be waiting nearby when the person comes out; health data is spoken, never sent",
    ),
    fr: (
        "Dites de vive voix à la police ce que les secours doivent savoir : maladie, traitement qui ne peut attendre, blessures signalées",
        "les secours doivent être prêts à proximité ; les données de santé se disent, elles ne s'envoient pas",
    ),
};
