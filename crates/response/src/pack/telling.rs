//! The timeline of an incident: everything in the facts that has an instant, in order, told in both languages.

use types::{Amount, Timestamp};

use crate::Language;
use crate::civil::Zone;
use crate::facts::{
    Act, Attempt, AttemptStatus, Callee, Facts, LogEntry, Signal, Stop, StopScope, Transaction,
    TransactionStatus,
};
use crate::inert::inert;

/// One line of the timeline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// A stable word for its kind.
    pub code: &'static str,
    /// Who, where somebody did it.
    pub by: String,
    /// In English.
    pub en: String,
    /// In French.
    pub fr: String,
}

impl Event {
    fn new(at: Timestamp, code: &'static str, by: impl ToString, texts: (String, String)) -> Self {
        Self { at, code, by: inert(&by.to_string()), en: inert(&texts.0), fr: inert(&texts.1) }
    }

    /// In one language.
    #[must_use]
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Fr => &self.fr,
        }
    }
}

/// Everything that has an instant, oldest first.
#[must_use]
pub fn timeline(facts: &Facts) -> Vec<Event> {
    let zone = Zone::named(&facts.time_zone);
    let mut events: Vec<Event> = facts.signals.iter().map(signal).collect();
    events.extend(facts.log.iter().map(|entry| logged(entry, &zone)));
    events.extend(facts.attempts.iter().flat_map(attempt));
    events.extend(facts.transactions.iter().flat_map(transaction));
    events.extend(facts.stops.iter().flat_map(stop));
    // INVARIANT: a total order over all that is shown, so that equal facts give equal bytes.
    events.sort_by(|a, b| (a.at, a.code, &a.by, &a.en).cmp(&(b.at, b.code, &b.by, &b.en)));
    events
}

fn both(en: impl Into<String>, fr: impl Into<String>) -> (String, String) {
    (en.into(), fr.into())
}

fn signal(signal: &Signal) -> Event {
    let told = |language: Language| {
        let by = signal.told_by.as_ref().map(|by| format!(", {} {by}", language.pick("told by", "selon")));
        format!("{} : {}{}", signal.sign.title(language), signal.who, by.unwrap_or_default())
    };
    let (en, fr) = (told(Language::En).replacen(" : ", ": ", 1), told(Language::Fr));
    Event::new(signal.at, "signal", &signal.who, (en, fr))
}

fn logged(entry: &LogEntry, zone: &Zone) -> Event {
    let by = entry.by.as_ref().map(ToString::to_string).unwrap_or_default();
    let (code, texts) = told(&entry.act, zone);
    Event::new(entry.at, code, by, texts)
}

fn told(act: &Act, zone: &Zone) -> (&'static str, (String, String)) {
    match act {
        Act::Delivered { channel, to } => {
            let to = to.as_ref();
            let en = to.map(|to| format!(" to {to}")).unwrap_or_default();
            let fr = to.map(|to| format!(" à {to}")).unwrap_or_default();
            (
                "delivered",
                both(
                    format!("alarm handed over{en} by {channel}"),
                    format!("alerte remise{fr} par {channel}"),
                ),
            )
        }
        Act::Acknowledged { from } => {
            let from = from.as_ref();
            let en = from.map(|place| format!(" from {place}")).unwrap_or_default();
            let fr = from.map(|place| format!(" depuis {place}")).unwrap_or_default();
            ("acknowledged", both(format!("took charge{en}"), format!("a pris en charge{fr}")))
        }
        Act::Replied => ("replied", both("answered a message", "a répondu à un message")),
        Act::Procedure { procedure } => (
            "procedure",
            both(
                format!("chose the procedure: {}", procedure.title(Language::En)),
                format!("a choisi la procédure : {}", procedure.title(Language::Fr)),
            ),
        ),
        Act::Step { step, done: true } => {
            ("step", both(format!("did the step {step}"), format!("a fait l'étape {step}")))
        }
        Act::Step { step, done: false } => (
            "step",
            both(
                format!("marked the step {step} as not done"),
                format!("a marqué l'étape {step} comme non faite"),
            ),
        ),
        Act::Note { text } => ("note", both(format!("note: {text}"), format!("note : {text}"))),
        Act::Called { whom, note } => ("called", called(whom, note)),
        Act::CalledBack { person, all_clear, private } => {
            ("called-back", called_back(person.as_str(), *all_clear, *private))
        }
        other => led(other, zone),
    }
}

fn called(whom: &Callee, note: &str) -> (String, String) {
    let (en, fr) = match whom {
        Callee::Police => ("the police".to_owned(), "la police".to_owned()),
        Callee::Person(person) => (person.to_string(), person.to_string()),
        Callee::Other(who) => (who.clone(), who.clone()),
    };
    let (en_note, fr_note) = match note {
        "" => (String::new(), String::new()),
        note => (format!(": {note}"), format!(" : {note}")),
    };
    (format!("called {en}{en_note}"), format!("a appelé {fr}{fr_note}"))
}

fn called_back(person: &str, all_clear: bool, private: bool) -> (String, String) {
    let clear =
        if all_clear { ("all-clear given", "tout va bien") } else { ("no all-clear", "pas de levée") };
    let alone = if private { ("in private", "en privé") } else { ("not in private", "pas en privé") };
    (
        format!("called {person} back: {}, {}", clear.0, alone.0),
        format!("a rappelé {person} : {}, {}", clear.1, alone.1),
    )
}

fn led(act: &Act, zone: &Zone) -> (&'static str, (String, String)) {
    match act {
        Act::HandedOver { to } => {
            ("handed-over", both(format!("handed over to {to}"), format!("a passé la main à {to}")))
        }
        Act::Awaited { until } => (
            "awaited",
            both(
                format!("nothing to do until {}", zone.long(*until, Language::En)),
                format!("rien à faire jusqu'au {}", zone.long(*until, Language::Fr)),
            ),
        ),
        Act::NarrowingEndorsed => {
            ("narrowing-endorsed", both("endorsed a narrower cover", "a appuyé une couverture plus étroite"))
        }
        Act::Narrowed => ("narrowed", both("the incident covers less", "l'incident couvre moins")),
        Act::Implicated { person, since } => (
            "implicated",
            both(
                format!("found {person} not to have been free since {}", zone.long(*since, Language::En)),
                format!("{person} n'était pas libre depuis le {}", zone.long(*since, Language::Fr)),
            ),
        ),
        Act::ClearEndorsed => ("clear-endorsed", both("endorsed the clear", "a appuyé la levée")),
        Act::ClearEnded => ("clear-ended", both("ended the clear", "a interrompu la levée")),
        Act::Closed => ("closed", both("the incident was closed", "l'incident a été clos")),
        Act::DossierOpened { person, revision } => (
            "dossier-opened",
            both(
                format!("opened the dossier of {person}, revision {revision}"),
                format!("a ouvert le dossier de {person}, révision {revision}"),
            ),
        ),
        // Those of `told`; named there, so that no kind is without words.
        _ => ("other", both("", "")),
    }
}

/// What an attempt asks for, in one sum for each asset.
pub(super) fn sum(attempt: &Attempt) -> String {
    let amounts: Vec<Amount> = attempt.outputs.iter().map(|output| output.amount).collect();
    total(&amounts)
}

/// Sums of equal assets; a list when there are several.
pub(super) fn total(amounts: &[Amount]) -> String {
    let mut sums: Vec<Amount> = Vec::new();
    for amount in amounts {
        match sums.iter_mut().find(|sum| sum.asset == amount.asset) {
            Some(sum) => sum.units = sum.units.saturating_add(amount.units),
            None => sums.push(*amount),
        }
    }
    sums.sort_by_key(|sum| sum.asset);
    sums.iter().map(ToString::to_string).collect::<Vec<_>>().join(" + ")
}

/// The first hexadecimal digits: enough to find it in the sheets.
pub(super) fn short(transfer: &impl ToString) -> String {
    transfer.to_string().chars().take(12).collect()
}

fn attempt(attempt: &Attempt) -> Vec<Event> {
    let id = short(&attempt.transfer);
    let asked = both(
        format!("asked for transfer {id} of {} from vault {}", sum(attempt), attempt.vault),
        format!("a demandé le transfert {id} de {} depuis le coffre {}", sum(attempt), attempt.vault),
    );
    let mut events = vec![Event::new(attempt.at, "attempt", &attempt.by, asked)];
    for approval in &attempt.approvals {
        let texts = both(format!("approved transfer {id}"), format!("a approuvé le transfert {id}"));
        events.push(Event::new(approval.at, "approved", &approval.by, texts));
    }
    // Signed and confirmed are told by the transaction.
    let ended = matches!(
        attempt.status,
        AttemptStatus::Declined | AttemptStatus::Expired | AttemptStatus::Cancelled | AttemptStatus::Ready
    );
    if ended {
        let (en, fr) = (attempt.status.title(Language::En), attempt.status.title(Language::Fr));
        let texts = both(format!("transfer {id}: {en}"), format!("transfert {id} : {fr}"));
        events.push(Event::new(attempt.since, "transfer", "", texts));
    }
    events
}

impl AttemptStatus {
    /// For people.
    #[must_use]
    pub const fn title(self, language: Language) -> &'static str {
        match self {
            Self::Pending => language.pick("waiting, nothing has left", "en attente, rien n'est parti"),
            Self::Ready => language.pick("released, not yet signed", "libéré, pas encore signé"),
            Self::Signed => language.pick("signed, on its way", "signé, en route"),
            Self::Confirmed => language.pick("paid", "payé"),
            Self::Declined => language.pick("declined, nothing has left", "refusé, rien n'est parti"),
            Self::Expired => language.pick("expired, nothing has left", "expiré, rien n'est parti"),
            Self::Cancelled => language.pick("cancelled, nothing has left", "annulé, rien n'est parti"),
        }
    }
}

impl TransactionStatus {
    /// For people.
    #[must_use]
    pub const fn title(self, language: Language) -> &'static str {
        match self {
            Self::Signed => language.pick("signed, in no block yet", "signée, dans aucun bloc encore"),
            Self::Confirmed => language.pick("in a block", "dans un bloc"),
            Self::Replaced => language.pick("replaced by another one", "remplacée par une autre"),
        }
    }
}

fn transaction(transaction: &Transaction) -> Vec<Event> {
    let (id, txid) = (short(&transaction.transfer), &transaction.txid);
    let signed = both(
        format!("transaction {txid} signed for transfer {id}"),
        format!("transaction {txid} signée pour le transfert {id}"),
    );
    let mut events = vec![Event::new(transaction.at, "transaction", "", signed)];
    if transaction.status != TransactionStatus::Signed {
        let (en, fr) = (transaction.status.title(Language::En), transaction.status.title(Language::Fr));
        let texts = both(format!("transaction {txid}: {en}"), format!("transaction {txid} : {fr}"));
        events.push(Event::new(transaction.since, "transaction", "", texts));
    }
    events
}

fn stop(stop: &Stop) -> Vec<Event> {
    let by = stop.by.clone().unwrap_or_default();
    let (en, fr) = (stop.scope.title(Language::En), stop.scope.title(Language::Fr));
    let reason = if stop.reason.is_empty() { String::new() } else { format!(" ({})", stop.reason) };
    let texts = both(format!("stopped {en}{reason}"), format!("a arrêté {fr}{reason}"));
    let mut events = vec![Event::new(stop.at, "stop", &by, texts)];
    if let Some(lifted) = stop.lifted {
        let texts = both(format!("the stop of {en} was lifted"), format!("l'arrêt de {fr} a été levé"));
        events.push(Event::new(lifted, "stop-lifted", "", texts));
    }
    events
}

impl StopScope {
    /// For people.
    #[must_use]
    pub fn title(&self, language: Language) -> String {
        match self {
            Self::Transfer(id) => format!("{} {}", language.pick("transfer", "le transfert"), short(id)),
            Self::Vault(vault) => format!("{} {vault}", language.pick("vault", "le coffre")),
            Self::Person(person) => person.to_string(),
            Self::Organisation => language.pick("everything", "tout").to_owned(),
        }
    }
}
