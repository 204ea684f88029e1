//! Steps of single procedures: a relative held, threats from afar, the wrong address.

use super::BuiltIn;
use crate::procedure::step::Role;

pub const TWO_SCENES: BuiltIn = BuiltIn {
    id: "two-scenes",
    who: Role::First,
    en: (
        "Tell the police that there are two scenes: where the relative may be held, and where the person who gets the orders is",
        "helping one without the other puts the other in danger",
    ),
    fr: (
        "Dites à la police qu'il y a deux scènes : là où le proche peut être retenu, et là où se trouve la personne qui reçoit les ordres",
        "secourir l'un sans l'autre met l'autre en danger",
    ),
};

pub const SCREEN_IS_SEEN: BuiltIn = BuiltIn {
    id: "screen-is-seen",
    who: Role::Everyone,
    en: (
        "Take it that the captors hear and see everything that the person hears and sees; behave on screen as on any day",
        "orders often come over a telephone that stays on, or with a camera",
    ),
    fr: (
        "Partez du principe que les ravisseurs entendent et voient tout ce que la personne entend et voit ; à l'écran, faites comme d'habitude",
        "les ordres passent souvent par un téléphone qui reste ouvert, ou une caméra",
    ),
};

pub const REACH_QUIETLY: BuiltIn = BuiltIn {
    id: "reach-quietly",
    who: Role::Lead,
    en: (
        "Contact the person only in the way that the dossier names, and only when the police agree: in person, by somebody who would be there anyway",
        "the person is free to move and needs to know that they are not alone",
    ),
    fr: (
        "Ne joignez la personne que par la voie prévue au dossier, et seulement avec l'accord de la police : sur place, par quelqu'un qui y serait de toute façon",
        "elle est libre de ses mouvements et doit savoir qu'elle n'est pas seule",
    ),
};

pub const OTHER_RELATIVES: BuiltIn = BuiltIn {
    id: "other-relatives",
    who: Role::Liaison,
    en: (
        "Have the other relatives brought to safety quietly: children from school by the police or a known person, parents, partner",
        "whoever holds one relative knows the others too",
    ),
    fr: (
        "Faites mettre les autres proches à l'abri discrètement : enfants à l'école par la police ou une personne connue, parents, conjoint",
        "qui retient un proche connaît aussi les autres",
    ),
};

pub const DANGER_NOW: BuiltIn = BuiltIn {
    id: "danger-now",
    who: Role::First,
    en: (
        "Ask first: can somebody be harmed within hours, or do they know a home, a school or a route? Then call 17 (112) at once and read the script",
        "a threat with a place and an hour is no matter for a letter",
    ),
    fr: (
        "Demandez d'abord : quelqu'un peut-il être atteint dans les heures qui viennent, connaissent-ils un domicile, une école, un trajet ? Alors appelez aussitôt le 17 (112) et lisez le script",
        "une menace avec un lieu et une heure ne se règle pas par courrier",
    ),
};

pub const SPEAK_PRIVATELY: BuiltIn = BuiltIn {
    id: "speak-privately",
    who: Role::First,
    en: (
        "Speak with the person alone, on a line that was not used for the threats, and make sure that nobody stands beside them",
        "what looks like a message from afar may be written under force; mail or telephone may be in other hands",
    ),
    fr: (
        "Parlez à la personne seule, sur une ligne qui n'a pas servi aux menaces, et assurez-vous que personne n'est à côté d'elle",
        "ce qui ressemble à un message lointain peut être écrit sous la contrainte ; courriel ou téléphone peuvent être en d'autres mains",
    ),
};

pub const DO_NOT_ANSWER: BuiltIn = BuiltIn {
    id: "do-not-answer",
    who: Role::Everyone,
    en: (
        "Answer nothing, pay nothing, click nothing, block nobody, until the police have advised",
        "an answer shows that the threat works; a blocked sender is a lost trace",
    ),
    fr: (
        "Ne répondez rien, ne payez rien, ne cliquez sur rien, ne bloquez personne avant l'avis de la police",
        "une réponse montre que la menace porte ; un expéditeur bloqué est une trace perdue",
    ),
};

pub const KEEP_MESSAGES: BuiltIn = BuiltIn {
    id: "keep-messages",
    who: Role::Second,
    en: (
        "Keep every message as it came: whole mails with headers, numbers, account names, addresses for payment, times; pictures of the screen as well",
        "what is deleted cannot be followed",
    ),
    fr: (
        "Gardez chaque message tel quel : courriels entiers avec en-têtes, numéros, comptes, adresses de paiement, heures ; et des captures d'écran",
        "ce qui est effacé ne peut plus être suivi",
    ),
};

pub const FILE_COMPLAINT: BuiltIn = BuiltIn {
    id: "file-complaint",
    who: Role::Lead,
    en: (
        "File a complaint with the police or the gendarmerie today, with the pack and the messages; ask whom to call at night",
        "threats come in series, and other victims hold the other half of the traces",
    ),
    fr: (
        "Déposez plainte aujourd'hui à la police ou à la gendarmerie, avec le dossier et les messages ; demandez qui appeler la nuit",
        "les menaces vont par séries, et d'autres victimes ont l'autre moitié des traces",
    ),
};

pub const STOP_OPENLY: BuiltIn = BuiltIn {
    id: "raise-posture",
    who: Role::Treasury,
    en: (
        "Raise the posture or stop openly if that calms things: nobody is held, so it costs nobody anything. Warn the other signers",
        "here a visible stop protects: it shows that nobody alone can pay",
    ),
    fr: (
        "Relevez la posture ou arrêtez ouvertement si cela apaise : personne n'est retenu, cela ne coûte rien à personne. Prévenez les autres signataires",
        "ici, un arrêt visible protège : il montre que personne ne peut payer seul",
    ),
};

pub const PROTECT_HOME: BuiltIn = BuiltIn {
    id: "protect-home",
    who: Role::Lead,
    en: (
        "Protect the home and the ways: other hours, other routes, alarm and hold-up button tested, family told what to do, a place to go to",
        "threats from afar have turned into visits",
    ),
    fr: (
        "Protégez le domicile et les trajets : autres heures, autres chemins, alarme et bouton d'agression testés, consignes à la famille, un lieu de repli",
        "des menaces à distance ont fini en visites",
    ),
};

pub const CHECK_ACCOUNTS: BuiltIn = BuiltIn {
    id: "check-accounts",
    who: Role::Second,
    en: (
        "Look through the person's accounts: mail rules, unknown devices, telephone number moved, cloud copies; change what is doubtful from a clean device",
        "what they know tells where they got it from",
    ),
    fr: (
        "Passez en revue les comptes de la personne : règles de courriel, appareils inconnus, numéro détourné, copies en ligne ; changez ce qui est douteux depuis un appareil sain",
        "ce qu'ils savent dit d'où ils le tiennent",
    ),
};

pub const STRANGERS_FIRST: BuiltIn = BuiltIn {
    id: "strangers-first",
    who: Role::First,
    en: (
        "If anybody is attacked at another door, whoever it is: call 17 (112) at once with that address and say that you think they were mistaken for somebody",
        "they need help as much as ours would, and the police need to know why",
    ),
    fr: (
        "Si quelqu'un est attaqué à une autre porte, qui que ce soit : appelez aussitôt le 17 (112) avec cette adresse et dites que vous pensez à une erreur de cible",
        "ces personnes ont autant besoin d'aide que les nôtres, et la police doit savoir pourquoi",
    ),
};

pub const SURE_TWICE: BuiltIn = BuiltIn {
    id: "sure-twice",
    who: Role::Second,
    en: (
        "Make sure in two independent ways that none of ours is in danger: a private call-back with the agreed question, and somebody who sees the person",
        "an all-clear that attackers dictate sounds like any other",
    ),
    fr: (
        "Assurez-vous par deux voies indépendantes qu'aucun des nôtres n'est en danger : rappel en privé avec la question convenue, et quelqu'un qui voit la personne",
        "un « tout va bien » dicté par des agresseurs ressemble à n'importe quel autre",
    ),
};

pub const RIGHT_DOOR_NEXT: BuiltIn = BuiltIn {
    id: "right-door-next",
    who: Role::Lead,
    en: (
        "If it was an attack: bring those who were meant to a safe place now, before anything is explained, and tell the police their address",
        "whoever came to the wrong door may look for the right one the same night",
    ),
    fr: (
        "Si c'était une attaque : mettez à l'abri ceux qui étaient visés, avant toute explication, et donnez leur adresse à la police",
        "qui s'est trompé de porte peut chercher la bonne la même nuit",
    ),
};

pub const MEND_CAUSE: BuiltIn = BuiltIn {
    id: "mend-cause",
    who: Role::Lead,
    en: (
        "Find out why: an old address in a register or a leak, a panel with the wrong account, a phrase mistyped. Have it mended, with a date",
        "the same mistake will come again, and next time it may be believed less",
    ),
    fr: (
        "Cherchez la cause : ancienne adresse dans un registre ou une fuite, centrale au mauvais compte, phrase mal tapée. Faites corriger, avec une date",
        "la même erreur reviendra, et on la croira peut-être moins",
    ),
};

pub const THANK: BuiltIn = BuiltIn {
    id: "thank-whoever-called",
    who: Role::Lead,
    en: (
        "Thank whoever raised the alarm, and everyone who got up. No reproach, no joke, no costs",
        "who was blamed once will hesitate when it matters",
    ),
    fr: (
        "Remerciez qui a donné l'alerte et tous ceux qui se sont levés. Ni reproche, ni plaisanterie, ni frais",
        "qui a été blâmé une fois hésitera quand ce sera vrai",
    ),
};
