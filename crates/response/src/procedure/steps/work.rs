//! While it lasts: what to do with the vaults, the traces, the captors' calls and the other people.

use super::BuiltIn;
use crate::procedure::step::Role;

pub const QUIET_OR_STOP: BuiltIn = BuiltIn {
    id: "quiet-or-stop",
    who: Role::Lead,
    en: (
        "Choose, with the police: keep everything looking normal, or stop openly. The captor may see an open stop on the captive's screen",
        "slow transfers are declined at the end of their wait in any case; only the quick ones, small by design, still flow",
    ),
    fr: (
        "Choisissez, avec la police : tout laisser paraître normal, ou arrêter ouvertement. Le ravisseur peut voir un arrêt ouvert sur l'écran du captif",
        "les transferts lents seront refusés de toute façon au terme de leur attente ; seuls les rapides, petits par construction, passent encore",
    ),
};

pub const WATCH_ATTEMPTS: BuiltIn = BuiltIn {
    id: "watch-attempts",
    who: Role::Treasury,
    en: (
        "Watch what the captive is made to do: sums, destinations, hours. Pass each attempt on; approve nothing, cancel nothing",
        "it shows what the attackers want and believe, and gives the police addresses to follow",
    ),
    fr: (
        "Observez ce que le captif est forcé de faire : montants, destinations, heures. Transmettez chaque tentative ; n'approuvez rien, n'annulez rien",
        "cela montre ce que veulent et croient les agresseurs, et donne à la police des adresses à suivre",
    ),
};

pub const CHECK_OTHERS: BuiltIn = BuiltIn {
    id: "check-others",
    who: Role::Second,
    en: (
        "Check that the others who can move money, and their families, are safe; ask them to lock doors and to approve nothing",
        "groups have taken several people on one day, and relatives instead of the holder",
    ),
    fr: (
        "Vérifiez que les autres détenteurs de pouvoirs et leurs familles sont en sûreté ; qu'ils ferment les portes et n'approuvent rien",
        "des groupes s'en sont pris à plusieurs personnes le même jour, et à des proches à la place du détenteur",
    ),
};

pub const FREEZE: BuiltIn = BuiltIn {
    id: "freeze-destinations",
    who: Role::Treasury,
    en: (
        "If anything left: give the police transaction and address at once, and ask the receiving exchange or issuer to freeze it when the police agree",
        "stolen coins can be held within hours, seldom later; the captor may notice a freeze too",
    ),
    fr: (
        "Si des fonds sont partis : donnez aussitôt transaction et adresse à la police, et demandez le gel à la plateforme ou à l'émetteur quand elle est d'accord",
        "des fonds volés se bloquent en quelques heures, rarement après ; le ravisseur peut aussi remarquer un gel",
    ),
};

pub const POLICE_PACK: BuiltIn = BuiltIn {
    id: "police-pack",
    who: Role::Lead,
    en: (
        "Make the police pack, check it, and hand it over in the way that the police name; make it again when much has changed",
        "signed facts with times, addresses and transactions spare hours of questions",
    ),
    fr: (
        "Établissez le dossier pour la police, relisez-le et remettez-le par la voie qu'elle indique ; refaites-le quand beaucoup a changé",
        "des faits signés, avec heures, adresses et transactions, épargnent des heures de questions",
    ),
};

pub const LIAISON: BuiltIn = BuiltIn {
    id: "look-after-family",
    who: Role::Liaison,
    en: (
        "Send one calm person to the relatives who are safe, once the police agree; no social networks, no calls to the captive",
        "relatives who know what happens do not ring, post or set out on their own",
    ),
    fr: (
        "Envoyez une personne calme auprès des proches en sûreté, quand la police est d'accord ; ni réseaux sociaux, ni appels au captif",
        "des proches informés n'appellent pas, ne publient rien et ne partent pas seuls",
    ),
};

pub const RELIEF: BuiltIn = BuiltIn {
    id: "plan-relief",
    who: Role::Lead,
    en: (
        "Plan reliefs: nobody leads for more than eight hours; hand over in the program, by voice, with the open points",
        "abductions last for days, and tired people make the dangerous mistakes",
    ),
    fr: (
        "Prévoyez la relève : personne ne dirige plus de huit heures ; passez la main dans le programme, de vive voix, avec les points ouverts",
        "un enlèvement dure des jours, et la fatigue cause les erreurs dangereuses",
    ),
};

pub const SILENCE: BuiltIn = BuiltIn {
    id: "say-nothing-outside",
    who: Role::Everyone,
    en: (
        "Tell nobody outside: no press, no posts, no clients. Refer every question to the police",
        "what is published reaches the captors first",
    ),
    fr: (
        "Rien à l'extérieur : ni presse, ni publication, ni clients. Renvoyez toute question à la police",
        "ce qui est publié arrive d'abord aux ravisseurs",
    ),
};

pub const PHONES_VEHICLES: BuiltIn = BuiltIn {
    id: "phones-and-vehicles",
    who: Role::Second,
    en: (
        "Give the police telephones, devices, vehicles with plates, and cards from the dossier. Lock, wipe or locate nothing yourself",
        "only the police may have telephones traced; a wiped device is a lost trace and a sign to the captors",
    ),
    fr: (
        "Donnez à la police téléphones, appareils, véhicules avec immatriculation et cartes du dossier. Ne verrouillez, n'effacez et ne localisez rien vous-même",
        "seule la police peut faire tracer un téléphone ; un appareil effacé est une trace perdue et un signe pour les ravisseurs",
    ),
};

pub const LAST_SEEN: BuiltIn = BuiltIn {
    id: "last-seen",
    who: Role::Second,
    en: (
        "Write down when, where and by whom the person was last seen or heard, clothes, route, appointments, who knew of them",
        "memory is best now, and the first search starts from there",
    ),
    fr: (
        "Notez quand, où et par qui la personne a été vue ou entendue pour la dernière fois, vêtements, trajet, rendez-vous, qui les connaissait",
        "la mémoire est la meilleure maintenant, et les recherches partent de là",
    ),
};

pub const KEEP_TRACES: BuiltIn = BuiltIn {
    id: "keep-traces",
    who: Role::Second,
    en: (
        "Let nobody enter or tidy where it happened; have recordings of cameras, doors and alarm panels kept before they are overwritten",
        "it is a crime scene, and many recorders keep only a few days",
    ),
    fr: (
        "Que personne n'entre ni ne range sur les lieux ; faites conserver les enregistrements des caméras, portes et centrales d'alarme",
        "c'est une scène de crime, et bien des enregistreurs ne gardent que quelques jours",
    ),
};

pub const ONE_TELEPHONE: BuiltIn = BuiltIn {
    id: "one-telephone",
    who: Role::Lead,
    en: (
        "Let captors reach one telephone and one calm person: listen, note every word and sound, promise nothing, refuse nothing, ask to hear the captive",
        "the police take this call over as soon as they are there",
    ),
    fr: (
        "Que les ravisseurs n'aient qu'un téléphone et une personne calme : écouter, noter chaque mot et chaque bruit, ne rien promettre, ne rien refuser, demander à entendre le captif",
        "la police reprend cette ligne dès qu'elle est là",
    ),
};

pub const PROOF_OF_LIFE: BuiltIn = BuiltIn {
    id: "proof-of-life",
    who: Role::Lead,
    en: (
        "Prepare with the police a question for a proof of life that only the captive can answer, from the dossier; it is put when they say so",
        "nothing is discussed about somebody who may not be with those who call",
    ),
    fr: (
        "Préparez avec la police une question de preuve de vie, tirée du dossier, à laquelle seul le captif peut répondre ; elle est posée quand elle le dit",
        "on ne discute pas au sujet de quelqu'un qui n'est peut-être pas avec ceux qui appellent",
    ),
};

pub const NO_BARGAINING: BuiltIn = BuiltIn {
    id: "leave-bargaining-to-police",
    who: Role::Everyone,
    en: (
        "Leave negotiating to the police's negotiators. Pay nothing, promise nothing, threaten nothing, and do not act on your own",
        "in France the BRI, the RAID or the GIGN bring negotiators; the call to 17 is the way to them",
    ),
    fr: (
        "Laissez la négociation aux négociateurs de la police. Ne payez rien, ne promettez rien, ne menacez de rien, n'agissez pas de votre côté",
        "en France, la BRI, le RAID ou le GIGN ont des négociateurs ; le 17 est la voie pour les joindre",
    ),
};

pub const DEMANDS: BuiltIn = BuiltIn {
    id: "write-down-demands",
    who: Role::Lead,
    en: (
        "Note every demand word for word, with time, number or account, address for payment, deadline and threat",
        "the exact words tell the police who they deal with",
    ),
    fr: (
        "Notez chaque exigence mot pour mot, avec l'heure, le numéro ou le compte, l'adresse de paiement, le délai et la menace",
        "les mots exacts disent à la police à qui elle a affaire",
    ),
};
