//! The case as a page: self-contained, for a screen, a telephone or paper; no script, nothing fetched.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use types::{Amount, Hash};

use super::personal::{PersonData, Personal};
use super::sheets::destination;
use super::telling::{short, sum, timeline, total};
use crate::Language;
use crate::civil::Zone;
use crate::facts::{Attempt, AttemptStatus, Cover, Facts, Status, Subject, Transaction, TransactionStatus};
use crate::inert::inert;

const STYLE: &str = include_str!("page.css");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// What a page is made of.
pub(super) struct Contents<'a> {
    pub facts: &'a Facts,
    pub personal: Option<&'a Personal>,
    pub digest: Hash,
}

/// One page being made.
struct Page<'a> {
    facts: &'a Facts,
    personal: Option<&'a Personal>,
    zone: Zone,
    language: Language,
}

pub(super) fn render(contents: &Contents<'_>, language: Language) -> String {
    let Contents { facts, personal, digest } = *contents;
    let zone = Zone::named(&facts.time_zone);
    let page = Page { facts, personal, zone, language };
    let heading = format!("{} {}", page.say("Incident", "Incident"), facts.incident.id);
    let title =
        format!("{} {} · {}", page.say("Incident", "Incident"), facts.incident.id, facts.organisation);
    let body = html! {
        (page.bar())
        main {
            (page.exercise())
            h1 { (heading) }
            (page.content(&digest))
        }
    };
    let page = html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (PreEscaped(spaced(body.into_string(), language))) }
        }
    };
    page.into_string() + "\n"
}

/// What stands below the heading, for a page that has its own head and style.
pub(super) fn part(contents: &Contents<'_>, language: Language) -> Markup {
    let Contents { facts, personal, digest } = *contents;
    let page = Page { facts, personal, zone: Zone::named(&facts.time_zone), language };
    let part = html! { (page.exercise()) (page.content(&digest)) };
    PreEscaped(spaced(part.into_string(), language))
}

/// French puts a space before some signs, at which no line may end.
fn spaced(text: String, language: Language) -> String {
    if language == Language::En {
        return text;
    }
    let pairs = [(" :", "\u{a0}:"), (" ;", "\u{a0};"), ("« ", "«\u{a0}"), (" »", "\u{a0}»")];
    pairs.into_iter().fold(text, |text, (loose, bound)| text.replace(loose, bound))
}

/// One row of a list of facts.
fn fact(name: &str, values: &[String]) -> Markup {
    html! { div { dt { (name) } @for value in values { dd { (value) } } } }
}

impl Page<'_> {
    const fn say(&self, en: &'static str, fr: &'static str) -> &'static str {
        self.language.pick(en, fr)
    }

    fn time(&self, at: types::Timestamp) -> String {
        self.zone.long(at, self.language)
    }

    fn bar(&self) -> Markup {
        html! {
            div.bar { p {
                (self.facts.organisation)
                span { (self.say("Confidential: for the police", "Confidentiel : à l'usage de la police")) }
            } }
        }
    }

    fn content(&self, digest: &Hash) -> Markup {
        html! {
            (self.summary())
            (self.people())
            (self.attempts())
            (self.transactions())
            (self.stops())
            (self.contacts())
            (self.timeline())
            (self.reading())
            (self.foot(digest))
        }
    }

    fn exercise(&self) -> Markup {
        html! {
            @if self.facts.incident.status == Status::Exercise {
                p.exercise { (self.say("EXERCISE: nothing of this happened. It was made to practise.", "EXERCICE : rien de ceci n'a eu lieu. Établi pour s'exercer.")) }
            }
        }
    }

    fn summary(&self) -> Markup {
        let incident = &self.facts.incident;
        let closed = match incident.closed {
            Some(closed) => format!("{} {}", self.say("closed", "clos le"), self.time(closed)),
            None => self.say("going on", "en cours").to_owned(),
        };
        let lead = self.facts.contacts.iter().find(|contact| contact.leads);
        let lead = lead.map_or_else(|| "-".to_owned(), |contact| contact.person.to_string());
        let procedure = incident.procedure.map_or("-", |kind| kind.title(self.language));
        html! {
            p.lead { (self.sentence()) }
            dl.big {
                div { dt { (self.say("State", "État")) } dd { (closed) } }
                div { dt { (self.say("Left the organisation", "Sorti de l'organisation")) } dd { (self.left()) } }
                div { dt { (self.say("Asked for under force", "Demandé sous la contrainte")) } dd { (self.asked()) } }
            }
            dl.facts {
                (fact(self.say("First sign", "Premier signe"), &[self.time(incident.opened)]))
                (fact(self.say("How sure", "Certitude"), &[incident.level.title(self.language).to_owned()]))
                (fact(self.say("What happens", "De quoi il s'agit"), &[procedure.to_owned()]))
                (fact(self.say("Who leads for us", "Qui dirige chez nous"), &[lead]))
                (fact(self.say("Code to give when you call us", "Code à donner quand vous nous appelez"), std::slice::from_ref(&incident.call_back)))
                (fact(self.say("Held back", "Retenu"), &[self.cover()]))
            }
        }
    }

    fn sentence(&self) -> String {
        let people: Vec<String> =
            self.facts.subjects.iter().map(|subject| subject.person.to_string()).collect();
        let (people, since) = (people.join(", "), self.time(self.facts.incident.opened));
        match self.language {
            Language::En => format!(
                "Since {since} there are signs that these people are not free and are being made to move digital assets: {people}."
            ),
            Language::Fr => format!(
                "Depuis le {since}, des signes indiquent que ces personnes ne sont pas libres et sont forcées de déplacer des actifs numériques : {people}."
            ),
        }
    }

    /// What signed transactions pay to others.
    fn left(&self) -> String {
        let live = self.facts.transactions.iter().filter(|tx| tx.status != TransactionStatus::Replaced);
        let amounts: Vec<Amount> = live
            .flat_map(|tx| &tx.outputs)
            .filter(|output| !output.ours)
            .map(|output| output.amount)
            .collect();
        match amounts.is_empty() {
            true => self.say("nothing known", "rien à notre connaissance").to_owned(),
            false => total(&amounts),
        }
    }

    fn asked(&self) -> String {
        let forced = self.facts.attempts.iter().filter(|attempt| attempt.forced);
        let amounts: Vec<Amount> =
            forced.flat_map(|attempt| &attempt.outputs).map(|output| output.amount).collect();
        match amounts.is_empty() {
            true => self.say("nothing known", "rien à notre connaissance").to_owned(),
            false => total(&amounts),
        }
    }

    fn cover(&self) -> String {
        match &self.facts.incident.cover {
            Cover::Organisation => self
                .say(
                    "every slow transfer of the organisation is declined at the end of its wait, without a sign beforehand",
                    "tout transfert lent de l'organisation est refusé au terme de son attente, sans signe avant-coureur",
                )
                .to_owned(),
            Cover::Narrowed { vaults, people } => {
                let vaults: Vec<String> = vaults.iter().map(ToString::to_string).collect();
                let people: Vec<String> = people.iter().map(ToString::to_string).collect();
                let (v, p) = (self.say("vaults", "coffres"), self.say("people", "personnes"));
                match self.language {
                    Language::En => format!("{v}: {} · {p}: {}", vaults.join(", "), people.join(", ")),
                    Language::Fr => format!("{v} : {} · {p} : {}", vaults.join(", "), people.join(", ")),
                }
            }
        }
    }

    fn people(&self) -> Markup {
        html! {
            h2 { (self.say("People concerned", "Personnes concernées")) }
            @for subject in &self.facts.subjects { (self.subject(subject)) }
            @for caller in &self.facts.callers {
                div.card {
                    h3 { (caller) span.tag { (self.say("gave the alarm", "a donné l'alerte")) } }
                    @if self.knows(caller.as_str()) { dl.facts { (self.personal(caller.as_str())) } }
                }
            }
            @if self.personal.is_none() {
                p.soft { (self.say(
                    "Names are pseudonyms. Real names, addresses, telephones and vehicles stand in a sealed dossier, which a responder opens and reads to you.",
                    "Les noms sont des pseudonymes. Noms réels, adresses, téléphones et véhicules figurent dans un dossier scellé, qu'un intervenant ouvre et vous lit.",
                )) }
            }
        }
    }

    fn subject(&self, subject: &Subject) -> Markup {
        let signs = self.facts.signals.iter().filter(|signal| signal.who == subject.person);
        let signs: Vec<String> = signs
            .map(|signal| format!("{} · {}", self.time(signal.at), signal.sign.title(self.language)))
            .collect();
        let places: Vec<String> = subject.places.iter().map(ToString::to_string).collect();
        html! {
            div.card {
                h3 { (subject.person) }
                dl.facts {
                    (self.personal(subject.person.as_str()))
                    (fact(self.say("Signs", "Signes"), &signs))
                    (fact(self.say("Not free since", "N'est plus libre depuis"), &[self.time(subject.found)]))
                    @if !places.is_empty() { (fact(self.say("Places, by name", "Lieux, par leur nom"), &[places.join(", ")])) }
                }
            }
        }
    }

    fn knows(&self, person: &str) -> bool {
        self.personal.is_some_and(|personal| personal.person(person).is_some())
    }

    fn personal(&self, person: &str) -> Markup {
        let Some(data) = self.personal.and_then(|personal| personal.person(person)) else {
            return html! {};
        };
        let PersonData { name, addresses, telephones, vehicles, .. } = data;
        let lists = [
            (self.say("Addresses", "Adresses"), addresses),
            (self.say("Telephones", "Téléphones"), telephones),
            (self.say("Vehicles", "Véhicules"), vehicles),
        ];
        html! {
            @if let Some(name) = name { (fact(self.say("Name", "Nom"), std::slice::from_ref(name))) }
            @for (title, values) in lists { @if !values.is_empty() { (fact(title, values)) } }
        }
    }

    fn attempts(&self) -> Markup {
        html! {
            h2 { (self.say("What was asked for", "Ce qui a été demandé")) }
            @if self.facts.attempts.is_empty() {
                p { (self.say("No transfer that we know of.", "Aucun transfert à notre connaissance.")) }
            } @else {
                p { (self.say(
                    "Transfers that people concerned submitted or approved, and others that are held back. Destinations and hours may show who receives, and what the attackers believe.",
                    "Transferts demandés ou approuvés par des personnes concernées, et autres transferts retenus. Destinations et heures peuvent montrer qui reçoit, et ce que croient les agresseurs.",
                )) }
            }
            @for attempt in &self.facts.attempts { (self.attempt(attempt)) }
        }
    }

    fn attempt(&self, attempt: &Attempt) -> Markup {
        let gone = matches!(attempt.status, AttemptStatus::Signed | AttemptStatus::Confirmed);
        let approvals: Vec<String> = attempt
            .approvals
            .iter()
            .map(|approval| format!("{} · {}", approval.by, self.time(approval.at)))
            .collect();
        let worth = attempt.value.map(|value| format!(" ({value})")).unwrap_or_default();
        html! {
            div.card {
                h3 {
                    (sum(attempt)) (worth)
                    span.tag.left[gone] { (attempt.status.title(self.language)) }
                    @if attempt.forced { span.tag { (self.say("under force", "sous contrainte")) } }
                }
                dl.facts {
                    (fact(self.say("Asked for", "Demandé"), &[format!("{} · {}", attempt.by, self.time(attempt.at))]))
                    div { dt { (self.say("To", "Vers")) } @for output in &attempt.outputs {
                        dd { code { (destination(output)) } " " span.num { (output.amount) } }
                    } }
                    (fact(self.say("From vault", "Du coffre"), &[attempt.vault.to_string()]))
                    @if !approvals.is_empty() { (fact(self.say("Approved", "Approuvé"), &approvals)) }
                    @if let Some(until) = attempt.held_until { (fact(self.say("Waits until", "Attend jusqu'au"), &[self.time(until)])) }
                    @if !attempt.memo.is_empty() { (fact(self.say("Their note", "Leur note"), &[inert(&attempt.memo)])) }
                    @if !attempt.reference.is_empty() { (fact(self.say("Their reference", "Leur référence"), &[inert(&attempt.reference)])) }
                    div { dt { (self.say("Transfer", "Transfert")) } dd { code { (attempt.transfer) } } }
                }
            }
        }
    }

    fn transactions(&self) -> Markup {
        html! {
            h2 { (self.say("Transactions on the chain", "Transactions sur la chaîne")) }
            @if self.facts.transactions.is_empty() {
                p { (self.say("None was signed.", "Aucune n'a été signée.")) }
            }
            @for transaction in &self.facts.transactions { (self.transaction(transaction)) }
        }
    }

    fn transaction(&self, tx: &Transaction) -> Markup {
        html! {
            div.card {
                h3 { code { (tx.txid) } span.tag { (tx.status.title(self.language)) } }
                dl.facts {
                    (fact(self.say("Chain", "Chaîne"), std::slice::from_ref(&tx.chain)))
                    (fact(self.say("Signed", "Signée"), &[self.time(tx.at)]))
                    @if tx.status != TransactionStatus::Signed { (fact(tx.status.title(self.language), &[self.time(tx.since)])) }
                    div { dt { (self.say("Pays", "Paie")) } @for output in &tx.outputs {
                        dd {
                            code { (output.address) } " " span.num { (output.amount) }
                            @if output.ours { " " span.soft { (self.say("(comes back to us)", "(nous revient)")) } }
                        }
                    } }
                    (fact(self.say("For transfer", "Pour le transfert"), &[short(&tx.transfer)]))
                    @if tx.raw.is_some() { (fact(self.say("Whole transaction", "Transaction entière"), &["facts.json".to_owned()])) }
                }
            }
        }
    }

    fn stops(&self) -> Markup {
        if self.facts.stops.is_empty() {
            return html! {};
        }
        html! {
            h2 { (self.say("Open stops", "Arrêts ouverts")) }
            p { (self.say("Everyone who signs in sees these, the captor too.", "Quiconque se connecte les voit, le ravisseur aussi.")) }
            table {
                thead { tr {
                    th scope="col" { (self.say("When", "Quand")) }
                    th scope="col" { (self.say("What", "Quoi")) }
                    th scope="col" { (self.say("Why", "Pourquoi")) }
                    th scope="col" { (self.say("Lifted", "Levé")) }
                } }
                tbody { @for stop in &self.facts.stops { tr {
                    td.at { (self.zone.exact(stop.at, self.language)) }
                    td { (stop.scope.title(self.language)) }
                    td { (inert(&stop.reason)) }
                    td data-label=(self.say("lifted", "levé")) { @if let Some(lifted) = stop.lifted { (self.zone.exact(lifted, self.language)) } }
                } } }
            }
        }
    }

    fn contacts(&self) -> Markup {
        let rows = self.facts.contacts.iter().map(|contact| {
            let data = self.personal.and_then(|personal| personal.contact(&contact.person));
            (contact, data)
        });
        html! {
            h2 { (self.say("Whom to call at ours", "Qui appeler chez nous")) }
            p { (self.say("Say the code first. Never call the people concerned.", "Donnez d'abord le code. N'appelez jamais les personnes concernées.")) }
            dl.facts { @for (contact, data) in rows {
                div {
                    dt { (contact.person) @if contact.leads { span.tag { (self.say("leads", "dirige")) } } }
                    @if let Some(data) = data { dd { (data.name) } dd.num { (data.telephone) } }
                    dd.soft { (self.say("took charge", "prise en charge")) " " (self.time(contact.since)) }
                }
            } }
        }
    }

    fn timeline(&self) -> Markup {
        let zone_note = format!("{} {}.", self.say("Times of", "Heures de"), self.facts.time_zone);
        html! {
            h2 { (self.say("Timeline", "Chronologie")) }
            table {
                caption { (zone_note) }
                thead { tr {
                    th scope="col" { (self.say("When", "Quand")) }
                    th scope="col" { (self.say("Who", "Qui")) }
                    th scope="col" { (self.say("What", "Quoi")) }
                } }
                tbody { @for event in timeline(self.facts) { tr {
                    td.at { (self.zone.exact(event.at, self.language)) }
                    td.by { (event.by) }
                    td { (event.text(self.language)) }
                } } }
            }
        }
    }

    fn reading(&self) -> Markup {
        let words: [(&str, &str); 4] = self.language.pick(
            [
                ("vault", "a wallet of the organisation; several people and a co-signing program sign together"),
                ("waits until", "nobody can make this transfer leave earlier, by whatever force"),
                ("declined", "what the captor sees when a slow transfer is turned down at the end of its wait; it looks like a colleague's objection"),
                ("under force", "asked for or approved by somebody concerned since they were not free, as far as we know"),
            ],
            [
                ("coffre", "un portefeuille de l'organisation ; plusieurs personnes et un programme cosignataire signent ensemble"),
                ("attend jusqu'au", "personne ne peut faire partir ce transfert plus tôt, par quelque force que ce soit"),
                ("refusé", "ce que voit le ravisseur quand un transfert lent est refusé au terme de son attente ; cela ressemble à l'objection d'un collègue"),
                ("sous contrainte", "demandé ou approuvé par une personne concernée depuis qu'elle n'est plus libre, pour autant que nous le sachions"),
            ],
        );
        html! {
            h2 { (self.say("How to read this", "Comment lire ce document")) }
            dl.facts { @for (word, meaning) in words { (fact(word, &[meaning.to_owned()])) } }
        }
    }

    fn foot(&self, digest: &Hash) -> Markup {
        html! {
            div.foot {
                p { (self.say(
                    "Made by the program Rempart from a tamper-evident journal. README.txt says how to check that nothing was altered. No medical data and no code words are in this pack.",
                    "Établi par le programme Rempart à partir d'un journal dont toute altération se voit. README.txt dit comment vérifier que rien n'a changé. Ce dossier ne contient ni données médicales ni mots convenus.",
                )) }
                p { (self.say("Facts signed by the server:", "Faits signés par le serveur :")) " " code { (digest) } }
            }
        }
    }
}
