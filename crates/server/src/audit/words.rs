//! One sentence for each record, in English and French, and the word that programs filter by. Called by `http::routes::audit`.
//!
//! Names stand here: auditors and responders see them (G9). Contents do not: no policy text, no credential, no transaction.

use api::Language;
use gate::OvertRecord;
use overt::{Event, NewCredential, Proposal, Scope};
use policy::{Direction, Posture};
use types::{Amount, Hash, Payload};

/// How many digits of an id are enough to find it again.
const ID_DIGITS: usize = 12;
/// A sign-in; nothing follows from it.
const SIGN_IN: &str = "sign-in";
/// Nothing came of it: refused, or done before. The record does not keep which.
pub const REFUSED: &str = "refused";

const fn pick<'t>(language: Language, english: &'t str, french: &'t str) -> &'t str {
    match language {
        Language::English => english,
        Language::French => french,
    }
}

fn id(hash: &Hash) -> String {
    hash.to_string().chars().take(ID_DIGITS).collect()
}

/// `0.2 BTC`, `0,2 BTC`.
fn amount(amount: Amount, language: Language) -> String {
    let text = amount.to_string();
    match language {
        Language::English => text,
        Language::French => text.replace('.', ",").replace(' ', "\u{a0}"),
    }
}

/// The word for programs.
#[must_use]
pub fn kind(record: &OvertRecord) -> &'static str {
    match record.events.first() {
        Some(event) => word(event),
        None if record.sign_in => SIGN_IN,
        None => REFUSED,
    }
}

/// What was done, one sentence for each thing that followed.
#[must_use]
pub fn describe(record: &OvertRecord, language: Language) -> String {
    let sentences: Vec<String> = record.events.iter().map(|event| sentence(event, language)).collect();
    if !sentences.is_empty() {
        return sentences.join(pick(language, "; ", "\u{a0}; "));
    }
    let nothing = match kind(record) {
        SIGN_IN => pick(language, "signed in", "connexion"),
        _ => pick(
            language,
            "a command that was refused, or that had been done before",
            "commande refusée, ou déjà exécutée",
        ),
    };
    nothing.to_owned()
}

const fn word(event: &Event) -> &'static str {
    match event {
        Event::Founded { .. } => "found",
        Event::ClockSet { .. } => "clock",
        Event::Enrolled { .. } => "enrol",
        Event::Revoked { .. } => "revoke",
        Event::Submitted { .. } => "submit",
        Event::Attached { .. } => "attach",
        Event::AddressShown { .. } => "address",
        Event::Approved { .. } => "approve",
        Event::Cancelled { .. } => "cancel",
        Event::Released { .. } => "release",
        Event::SigningBegan { .. } => "signing",
        Event::Withheld { .. } => "withhold",
        Event::Declined { .. } => "decline",
        Event::Expired { .. } => "expire",
        Event::Signed { .. } => "sign",
        Event::Confirmed { .. } => "confirm",
        Event::Returned { .. } => "return",
        Event::Displaced { .. } => "displace",
        Event::Unconfirmed { .. } => "unconfirm",
        Event::Stopped { .. } => "stop",
        Event::Raised { .. } => "raise",
        Event::Proposed { .. } => "propose",
        Event::Endorsed { .. } => "endorse",
        Event::Ended { .. } => "end",
        Event::Opposed { .. } => "oppose",
        Event::Reverted { .. } => "revert",
        Event::Passed { .. } => "pass",
        Event::Rejected { .. } => "reject",
        Event::Lapsed { .. } => "lapse",
        Event::Received { .. } => "receive",
        Event::Lost { .. } => "lose",
        Event::ChainSeen { .. } => "chain",
        Event::Priced(_) => "price",
        Event::DossierKept { .. } => "dossier",
    }
}

fn sentence(event: &Event, language: Language) -> String {
    transfer(event, language).or_else(|| matter(event, language)).unwrap_or_else(|| fact(event, language))
}

/// What becomes of a transfer.
fn transfer(event: &Event, language: Language) -> Option<String> {
    let (transfer, english, french) = match event {
        Event::Submitted { transfer, payload, .. } => {
            return Some(submitted(&id(&transfer.0), payload, language));
        }
        Event::Attached { transfer, .. } => {
            (transfer, "transaction brought for transfer", "transaction apportée pour le transfert")
        }
        Event::Approved { transfer } => (transfer, "approved transfer", "approbation du transfert"),
        Event::Cancelled { transfer } => (transfer, "cancelled transfer", "annulation du transfert"),
        Event::Released { transfer } => (transfer, "released transfer", "libération du transfert"),
        Event::SigningBegan { transfer } => {
            (transfer, "began to sign transfer", "début de la signature du transfert")
        }
        Event::Withheld { transfer } => (
            transfer,
            "did not sign the further transaction of transfer",
            "refus de signer l'autre transaction du transfert",
        ),
        Event::Declined { transfer } => (transfer, "declined transfer", "refus du transfert"),
        Event::Expired { transfer } => (transfer, "time ran out for transfer", "expiration du transfert"),
        Event::Signed { transfer, .. } => (transfer, "signed transfer", "signature du transfert"),
        Event::Confirmed { transfer, .. } => {
            (transfer, "a block has the payment of transfer", "un bloc contient le paiement du transfert")
        }
        Event::Returned { transfer, .. } => (
            transfer,
            "a block has the transaction that took everything back of transfer",
            "un bloc contient la transaction qui a tout rendu au coffre pour le transfert",
        ),
        Event::Displaced { transfer } => (
            transfer,
            "somebody else has spent what pays transfer",
            "un tiers a dépensé ce qui devait payer le transfert",
        ),
        Event::Unconfirmed { transfer } => (
            transfer,
            "the block is gone that had the payment of transfer",
            "le bloc a disparu qui contenait le paiement du transfert",
        ),
        _ => return None,
    };
    Some(format!("{} {}", pick(language, english, french), id(&transfer.0)))
}

fn submitted(id: &str, payload: &Payload, language: Language) -> String {
    let sums: Vec<String> = payload.outputs.iter().map(|output| amount(output.amount, language)).collect();
    let (sums, vault) = (sums.join(" + "), &payload.vault);
    match (payload.refresh, language) {
        (false, Language::English) => format!("proposed transfer {id}: {sums} from vault `{vault}`"),
        (false, Language::French) => {
            format!("proposition du transfert {id}\u{a0}: {sums} du coffre `{vault}`")
        }
        (true, Language::English) => format!("proposed to refresh vault `{vault}`: transfer {id}, {sums}"),
        (true, Language::French) => {
            format!("proposition de rafraîchir le coffre `{vault}`\u{a0}: transfert {id}, {sums}")
        }
    }
}

/// What becomes of stops, motions and credentials.
fn matter(event: &Event, language: Language) -> Option<String> {
    let (motion, english, french) = match event {
        Event::Stopped { scope, reason } => return Some(stopped(scope, reason, language)),
        Event::Raised { to } => {
            let to = posture(*to, language);
            return Some(match language {
                Language::English => format!("raised the posture to {to}"),
                Language::French => format!("passage à la posture {to}"),
            });
        }
        Event::Proposed { motion, proposal, direction } => {
            let what = proposed(proposal, *direction, language);
            return Some(match language {
                Language::English => format!("proposed motion {}: {what}", id(&motion.0)),
                Language::French => format!("dépôt de la motion {}\u{a0}: {what}", id(&motion.0)),
            });
        }
        Event::Endorsed { motion } => (motion, "endorsed motion", "soutien de la motion"),
        Event::Ended { motion } => (motion, "ended motion", "fin mise à la motion"),
        Event::Opposed { motion } => (motion, "opposed motion", "opposition à la motion"),
        Event::Reverted { motion } => (
            motion,
            "nobody of another home joined: lapsed motion",
            "personne d'un autre domicile ne s'est joint\u{a0}: caducité de la motion",
        ),
        Event::Passed { motion } => (motion, "in force: motion", "entrée en vigueur de la motion"),
        Event::Rejected { motion } => (motion, "declined motion", "refus de la motion"),
        Event::Lapsed { motion } => (motion, "time ran out for motion", "expiration de la motion"),
        _ => return None,
    };
    Some(format!("{} {}", pick(language, english, french), id(&motion.0)))
}

const fn posture(posture: Posture, language: Language) -> &'static str {
    match posture {
        Posture::Normal => pick(language, "normal", "normale"),
        Posture::Elevated => pick(language, "elevated", "renforcée"),
        Posture::Lockdown => pick(language, "lockdown", "verrouillée"),
    }
}

fn stopped(scope: &Scope, reason: &str, language: Language) -> String {
    let what = match (scope, language) {
        (Scope::Transfer(transfer), Language::English) => format!("stopped transfer {}", id(&transfer.0)),
        (Scope::Transfer(transfer), Language::French) => format!("blocage du transfert {}", id(&transfer.0)),
        (Scope::Vault(vault), Language::English) => format!("stopped vault `{vault}`"),
        (Scope::Vault(vault), Language::French) => format!("blocage du coffre `{vault}`"),
        (Scope::Person(actor), Language::English) => format!("stopped what `{actor}` takes part in"),
        (Scope::Person(actor), Language::French) => format!("blocage de ce à quoi `{actor}` participe"),
        (Scope::Organisation, Language::English) => "stopped everything".to_owned(),
        (Scope::Organisation, Language::French) => "blocage général".to_owned(),
    };
    match (reason.is_empty(), language) {
        (true, _) => what,
        (false, Language::English) => format!("{what}: “{reason}”"),
        (false, Language::French) => format!("{what}\u{a0}: «\u{a0}{reason}\u{a0}»"),
    }
}

fn proposed(proposal: &Proposal, direction: Option<Direction>, language: Language) -> String {
    match (proposal, language) {
        (Proposal::Lift(stop), Language::English) => format!("lift stop {}", stop.0),
        (Proposal::Lift(stop), Language::French) => format!("lever le blocage {}", stop.0),
        (Proposal::Lower(to), Language::English) => {
            format!("lower the posture to {}", posture(*to, language))
        }
        (Proposal::Lower(to), Language::French) => {
            format!("abaisser la posture à {}", posture(*to, language))
        }
        (Proposal::Change(_), _) => changed(direction, language).to_owned(),
        (Proposal::Credential { actor, new }, _) => credential(actor.as_str(), new, language),
        (Proposal::Revoke { actor }, Language::English) => format!("take away the devices of `{actor}`"),
        (Proposal::Revoke { actor }, Language::French) => format!("retirer les appareils de `{actor}`"),
    }
}

const fn changed(direction: Option<Direction>, language: Language) -> &'static str {
    match direction {
        Some(Direction::Equal) => {
            pick(language, "change the policy, rights unchanged", "modifier la politique, à droits égaux")
        }
        Some(Direction::Tightens) => pick(language, "tighten the policy", "durcir la politique"),
        Some(Direction::Loosens) => pick(language, "loosen the policy", "assouplir la politique"),
        Some(Direction::Mixed) => pick(
            language,
            "change the policy: tighter in part, looser in part",
            "modifier la politique, en partie plus dure, en partie plus souple",
        ),
        None => pick(language, "change the policy", "modifier la politique"),
    }
}

fn credential(actor: &str, new: &NewCredential, language: Language) -> String {
    match (new, language) {
        (NewCredential::Device(_), Language::English) => format!("add a device for `{actor}`"),
        (NewCredential::Device(_), Language::French) => format!("ajouter un appareil à `{actor}`"),
        (NewCredential::Phrase(_), Language::English) => format!("change the phrase of `{actor}`"),
        (NewCredential::Phrase(_), Language::French) => format!("changer la phrase de `{actor}`"),
        (NewCredential::Whole(_), Language::English) => format!("replace the credential of `{actor}`"),
        (NewCredential::Whole(_), Language::French) => format!("remplacer l'accès de `{actor}`"),
    }
}

/// What was set, reported or handed in.
fn fact(event: &Event, language: Language) -> String {
    match (event, language) {
        (Event::Founded { .. }, _) => {
            pick(language, "the organisation began", "création de l'organisation").to_owned()
        }
        (Event::Enrolled { actor, .. }, Language::English) => format!("enrolled `{actor}`"),
        (Event::Enrolled { actor, .. }, Language::French) => format!("enrôlement de `{actor}`"),
        (Event::Revoked { actor, devices }, Language::English) => {
            format!("took away devices of `{actor}`: {}", devices.len())
        }
        (Event::Revoked { actor, devices }, Language::French) => {
            format!("retrait d'appareils de `{actor}`\u{a0}: {}", devices.len())
        }
        (Event::AddressShown { vault, index, .. }, Language::English) => {
            format!("handed out address {index} of vault `{vault}`")
        }
        (Event::AddressShown { vault, index, .. }, Language::French) => {
            format!("remise de l'adresse {index} du coffre `{vault}`")
        }
        (Event::DossierKept { person, .. }, Language::English) => {
            format!("a new revision of the dossier of `{person}`, sealed")
        }
        (Event::DossierKept { person, .. }, Language::French) => {
            format!("nouvelle version, scellée, du dossier de `{person}`")
        }
        _ => reported(event, language),
    }
}

/// What feeds say.
fn reported(event: &Event, language: Language) -> String {
    match (event, language) {
        (Event::Received { vault, outputs, .. }, Language::English) => {
            format!("vault `{vault}` received outputs: {}", outputs.len())
        }
        (Event::Received { vault, outputs, .. }, Language::French) => {
            format!("sorties reçues par le coffre `{vault}`\u{a0}: {}", outputs.len())
        }
        (Event::Lost { vault, outputs }, Language::English) => {
            format!("vault `{vault}` does not have these outputs any more: {}", outputs.len())
        }
        (Event::Lost { vault, outputs }, Language::French) => {
            format!("sorties que le coffre `{vault}` n'a plus\u{a0}: {}", outputs.len())
        }
        (Event::ChainSeen { tip, .. }, Language::English) => match &tip.trouble {
            Some(trouble) => format!("the chain cannot be relied on: {trouble}"),
            None => format!("the chain is at block {}", tip.height),
        },
        (Event::ChainSeen { tip, .. }, Language::French) => match &tip.trouble {
            Some(trouble) => format!("la chaîne n'est pas fiable\u{a0}: {trouble}"),
            None => format!("la chaîne est au bloc {}", tip.height),
        },
        (Event::Priced(price), Language::English) => format!("price of {}", price.asset),
        (Event::Priced(price), Language::French) => format!("cours de {}", price.asset),
        (Event::ClockSet { .. }, _) => pick(language, "set the clock", "réglage de l'horloge").to_owned(),
        _ => word(event).to_owned(),
    }
}
