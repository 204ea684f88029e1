//! The rules as sentences, by subject: what everybody may read of a policy, without reading TOML. Groups and numbers only: no person, no
//! place, no key (G9).
//!
//! Called by `server` for the page of the policy.

use types::Span;

use crate::explain::Language;
use crate::model::{
    AmountRange, Chain, Destination, Forbid, KeyQuorum, Limit, LimitBy, Network, Permit, Posture, Vault,
};
use crate::policy::Policy;

/// The most sentences of one subject; how many more there are is said.
pub const SENTENCES_MAX: usize = 500;
/// The most addresses that are named of one list.
const ADDRESSES_SHOWN_MAX: usize = 50;
/// How many blocks a day has, near enough to say how long a lock is.
const BLOCKS_A_DAY: u32 = 144;

/// What the rules say of one subject.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// The subject.
    pub title: &'static str,
    /// One for each rule.
    pub sentences: Vec<String>,
}

impl Policy {
    /// The rules in words.
    #[must_use]
    pub fn sentences(&self, language: Language) -> Vec<Section> {
        let said = Said { policy: self, language };
        let section = |(en, fr): (&'static str, &'static str), sentences: Vec<String>| Section {
            title: language.pick(en, fr),
            sentences: bounded(sentences, language),
        };
        let all = [
            section(("The organisation", "L'organisation"), said.organisation()),
            section(("Vaults", "Coffres"), said.each(self.vaults(), Said::vault)),
            section(("Who may send what", "Qui peut envoyer quoi"), said.each(self.permits(), Said::permit)),
            section(("Limits", "Plafonds"), said.each(self.limits(), Said::limit)),
            section(("What is forbidden", "Ce qui est interdit"), said.each(self.forbids(), Said::forbid)),
            section(("Known addresses", "Adresses connues"), said.lists()),
            section(("Changing the policy", "Changer la politique"), said.changes()),
            section(("Stops", "Arrêts"), said.stops()),
            section(("When something is wrong", "Quand quelque chose ne va pas"), said.response()),
        ];
        all.into_iter().filter(|section| !section.sentences.is_empty()).collect()
    }
}

fn bounded(mut sentences: Vec<String>, language: Language) -> Vec<String> {
    if sentences.len() > SENTENCES_MAX {
        let more = sentences.split_off(SENTENCES_MAX).len();
        sentences.push(match language {
            Language::En => format!("And {more} more: they stand in the files."),
            Language::Fr => format!("Et {more} de plus : voir les fichiers."),
        });
    }
    sentences
}

struct Said<'p> {
    policy: &'p Policy,
    language: Language,
}

impl Said<'_> {
    fn each<T>(&self, rules: &[T], say: impl Fn(&Self, &T) -> String) -> Vec<String> {
        rules.iter().map(|rule| say(self, rule)).collect()
    }

    fn is_french(&self) -> bool {
        self.language == Language::Fr
    }

    fn organisation(&self) -> Vec<String> {
        let (l, organisation, prices) = (self.language, self.policy.organisation(), self.policy.prices());
        let zone = organisation.time_zone.iana_name().unwrap_or("UTC");
        let (name, currency) = (l.quoted(&organisation.name), organisation.currency);
        let (window, age) = (l.span(prices.window), l.span(prices.max_age));
        if self.is_french() {
            vec![
                format!("{name} compte en {currency} ; les heures sont celles du fuseau {zone}."),
                format!(
                    "Ce qui est dans une autre monnaie compte au cours le plus haut des derniers {window} ; sans cours datant de moins de {age}, rien n'est accepté."
                ),
            ]
        } else {
            vec![
                format!("{name} counts in {currency}; hours are those of {zone}."),
                format!(
                    "What is in another currency counts at the highest price of the last {window}; without a price younger than {age} nothing is taken."
                ),
            ]
        }
    }

    fn vault(&self, vault: &Vault) -> String {
        let (l, id) = (self.language, self.language.quoted(vault.id.as_str()));
        let Chain::Bitcoin(network) = vault.chain else {
            return match l {
                Language::En => {
                    format!("{id}: somebody else signs, on Rempart's word that a transfer was released.")
                }
                Language::Fr => format!(
                    "{id} : quelqu'un d'autre signe, sur la parole de Rempart qu'un transfert est libéré."
                ),
            };
        };
        let name = Network::NAMES.iter().find(|(_, known)| *known == network).map_or("", |(name, _)| name);
        let mut text = match l {
            Language::En => format!("{id} is on bitcoin ({name})"),
            Language::Fr => format!("{id} est sur bitcoin ({name})"),
        };
        if let Some(keys) = &vault.keys {
            text += &match l {
                Language::En => {
                    format!(": {} spend from it, always together with Rempart's own", self.keys(keys))
                }
                Language::Fr => format!(" : {} dépensent, toujours avec celle de Rempart", self.keys(keys)),
            };
        }
        text.push('.');
        if let Some(recovery) = &vault.recovery {
            let (keys, blocks) = (self.keys(&recovery.keys), l.number(u64::from(recovery.after_blocks)));
            let days = recovery.after_blocks / BLOCKS_A_DAY;
            text += &match l {
                Language::En => format!(
                    " Without Rempart, {keys} recover what has not moved for {blocks} blocks, about {days} days."
                ),
                Language::Fr => format!(
                    " Sans Rempart, {keys} récupèrent ce qui n'a pas bougé depuis {blocks} blocs, environ {days} jours."
                ),
            };
        }
        if let Some(cap) = vault.outstanding {
            let cap = l.value(self.policy, cap);
            text += &match l {
                Language::En => format!(" At most {cap} are on their way at once."),
                Language::Fr => format!(" Au plus {cap} sont en route à la fois."),
            };
        }
        text
    }

    fn keys(&self, keys: &KeyQuorum) -> String {
        let (least, of) = (keys.at_least, keys.of.len());
        if self.is_french() { format!("{least} clés sur {of}") } else { format!("{least} of {of} keys") }
    }

    fn permit(&self, permit: &Permit) -> String {
        let l = self.language;
        let id = l.quoted(permit.id.as_str());
        let (or, and) = (("or", "ou"), ("and", "et"));
        let who = l.list(&permit.initiators, or);
        let from = l.list(&permit.vaults, and);
        let to = l.destination(&permit.destination, permit.known_for);
        let range = l.range(self.policy, &permit.amount);
        let what = match (range.is_empty(), l) {
            (false, _) => range,
            (true, Language::En) => "any sum".to_owned(),
            (true, Language::Fr) => "n'importe quelle somme".to_owned(),
        };
        let mut text = match l {
            Language::En => format!("{id}: members of {who} send {what} from {from} to {to}"),
            Language::Fr => format!("{id} : les membres de {who} envoient {what} depuis {from} vers {to}"),
        };
        if let Some(calendar) = &permit.calendar {
            text += &format!(" ({})", l.hours(calendar));
        }
        text += &match (&permit.approve, l) {
            (Some(quorum), Language::En) => format!(", approved by {}.", l.quorum(quorum)),
            (Some(quorum), Language::Fr) => format!(", avec l'accord {}.", l.of_quorum(quorum)),
            (None, Language::En) => ", without anybody's approval.".to_owned(),
            (None, Language::Fr) => ", sans l'accord de personne.".to_owned(),
        };
        text + &self.waiting(permit)
    }

    /// How long it waits, when it lapses, under which postures it works.
    fn waiting(&self, permit: &Permit) -> String {
        let l = self.language;
        let (hold, expires) = (l.span(permit.hold), l.span(permit.expires));
        let mut text = match (permit.hold == Span::ZERO, permit.approve.is_some(), l) {
            (true, _, Language::En) => " It does not wait".to_owned(),
            (true, _, Language::Fr) => " Cela n'attend pas".to_owned(),
            (false, true, Language::En) => format!(" From the last approval on it waits {hold}"),
            (false, true, Language::Fr) => format!(" À partir du dernier accord, cela attend {hold}"),
            (false, false, Language::En) => format!(" It waits {hold}"),
            (false, false, Language::Fr) => format!(" Cela attend {hold}"),
        };
        text += &match l {
            Language::En => format!("; what is not ready {expires} after it was asked for lapses."),
            Language::Fr => format!(" ; ce qui n'est pas prêt {expires} après la demande est périmé."),
        };
        if permit.posture != Posture::Normal {
            let posture = l.quoted(l.posture(permit.posture));
            text += &match l {
                Language::En => format!(" It also works while the posture is {posture}."),
                Language::Fr => format!(" Cela vaut aussi en posture {posture}."),
            };
        }
        text
    }

    fn limit(&self, limit: &Limit) -> String {
        let l = self.language;
        let amount = limit.amount.map(|amount| l.value(self.policy, amount));
        let count = limit.count.map(|count| match (l, count) {
            (Language::En, 1) => "one transfer".to_owned(),
            (Language::En, _) => format!("{} transfers", l.number(u64::from(count))),
            (Language::Fr, 1) => "un transfert".to_owned(),
            (Language::Fr, _) => format!("{} transferts", l.number(u64::from(count))),
        });
        let most = l.join(&amount.into_iter().chain(count).collect::<Vec<_>>(), ("and", "et"));
        let (id, from, per) =
            (l.quoted(limit.id.as_str()), l.list(&limit.vaults, ("and", "et")), l.span(limit.per));
        let by = match limit.by {
            LimitBy::Vault => l.pick("counted for each vault", "comptés par coffre"),
            LimitBy::Initiator => {
                l.pick("counted for each person who asks", "comptés par personne qui demande")
            }
            LimitBy::Destination => l.pick("counted for each destination", "comptés par destination"),
            LimitBy::Organisation => l.pick("counted together", "comptés ensemble"),
        };
        match l {
            Language::En => format!("{id}: at most {most} from {from} within any {per}, {by}."),
            Language::Fr => format!("{id} : au plus {most} depuis {from} sur toute période de {per}, {by}."),
        }
    }

    fn forbid(&self, forbid: &Forbid) -> String {
        let l = self.language;
        let mut text = match l {
            Language::En => format!("{}: no transfer", l.quoted(forbid.id.as_str())),
            Language::Fr => format!("{} : aucun transfert", l.quoted(forbid.id.as_str())),
        };
        if forbid.amount != AmountRange::default() {
            text += &format!("{}{}", l.pick(" of ", " de "), l.range(self.policy, &forbid.amount));
        }
        if let Some(vaults) = &forbid.vaults {
            text += &format!("{}{}", l.pick(" from ", " depuis "), l.list(vaults, ("or", "ou")));
        }
        if let Some(groups) = &forbid.initiators {
            text += l.pick(" asked for by members of ", " demandé par des membres de ");
            text += &l.list(groups, ("or", "ou"));
        }
        if let Some(rule) = &forbid.destination {
            text += &format!("{}{}", l.pick(" to ", " vers "), l.destination(rule, None));
        }
        text + "."
    }

    fn lists(&self) -> Vec<String> {
        let mut lists: Vec<(String, Vec<&Destination>)> = Vec::new();
        for destination in self.policy.destinations() {
            let name = destination.list.as_ref().map(ToString::to_string).unwrap_or_default();
            match lists.iter_mut().find(|(known, _)| *known == name) {
                Some((_, members)) => members.push(destination),
                None => lists.push((name, vec![destination])),
            }
        }
        lists.iter().map(|(name, members)| self.named_addresses(name, members)).collect()
    }

    fn named_addresses(&self, name: &str, members: &[&Destination]) -> String {
        let l = self.language;
        let one = |known: &&&Destination| format!("{} ({})", l.quoted(known.id.as_str()), known.address);
        let mut shown: Vec<String> =
            members.iter().take(ADDRESSES_SHOWN_MAX).map(|known| one(&known)).collect();
        match members.len().saturating_sub(ADDRESSES_SHOWN_MAX) {
            0 => {}
            more if self.is_french() => shown.push(format!("{more} de plus")),
            more => shown.push(format!("{more} more")),
        }
        let shown = l.join(&shown, ("and", "et"));
        match (name.is_empty(), l) {
            (false, Language::En) => format!("List {}: {shown}.", l.quoted(name)),
            (false, Language::Fr) => format!("Liste {} : {shown}.", l.quoted(name)),
            (true, Language::En) => format!("In no list: {shown}."),
            (true, Language::Fr) => format!("Dans aucune liste : {shown}."),
        }
    }

    fn changes(&self) -> Vec<String> {
        let (l, change) = (self.language, self.policy.change());
        let longest = self.policy.permits().iter().map(|permit| permit.hold).max().unwrap_or(Span::ZERO);
        let wait = l.span(change.hold.max(longest));
        let (approve, tighten) = (&change.approve, l.quorum(&change.tighten));
        if self.is_french() {
            vec![
                format!(
                    "Changer la politique demande l'accord {}, sans compter qui propose, puis {wait}, pendant lesquels n'importe qui peut y mettre fin.",
                    l.of_quorum(approve)
                ),
                format!("Ce qui ne fait que resserrer vaut aussitôt avec {tighten}, qui propose compris."),
                "Toute personne peut proposer un changement.".to_owned(),
            ]
        } else {
            vec![
                format!(
                    "To change the policy takes {}, whoever proposes it not counted, and then {wait}, during which anybody can end it.",
                    l.quorum(approve)
                ),
                format!("What only tightens holds at once with {tighten}, whoever proposes it included."),
                "Anybody can propose a change.".to_owned(),
            ]
        }
    }

    fn stops(&self) -> Vec<String> {
        let (l, stop) = (self.language, self.policy.stop());
        let (lift, after, expires) =
            (l.quorum(&stop.lift), l.span(stop.after), l.span(stop.relative_expires));
        if self.is_french() {
            vec![
                "Toute personne peut arrêter aussitôt un transfert, un coffre, une personne ou tout, et relever la posture.".to_owned(),
                format!("Lever un arrêt ou abaisser la posture demande {lift}, puis {after}."),
                format!("Un arrêt demandé par un proche protégé prend fin de lui-même après {expires}."),
            ]
        } else {
            vec![
                "Anybody can stop a transfer, a vault, a person or everything at once, and raise the posture.".to_owned(),
                format!("To lift a stop or lower the posture takes {lift}, and then {after}."),
                format!("A stop that a protected relative asked for ends by itself after {expires}."),
            ]
        }
    }

    fn response(&self) -> Vec<String> {
        let (l, response) = (self.language, self.policy.response());
        let responders = l.quoted(response.responders.as_str());
        let (quiet, hold, clear) =
            (l.span(response.quiet), l.span(response.clear_hold), l.quorum(&response.clear));
        let auditors = response.auditors.as_ref().map(|auditors| l.quoted(auditors.as_str()));
        let mut all = if self.is_french() {
            vec![
                format!("Les membres de {responders} interviennent quand quelqu'un est en danger."),
                format!(
                    "Ce qui attend moins de {quiet} est rapide : seuls une annulation, un arrêt ou la posture le retiennent."
                ),
                format!("Clore un incident demande {clear}, sans les personnes concernées, puis {hold}."),
            ]
        } else {
            vec![
                format!("Members of {responders} step in when somebody is in danger."),
                format!(
                    "What waits less than {quiet} is quick: only a cancel, a stop or the posture holds it up."
                ),
                format!("To close an incident takes {clear}, nobody concerned among them, and then {hold}."),
            ]
        };
        all.extend(auditors.map(|auditors| match l {
            Language::En => {
                format!("Members of {auditors} read the register, the record and the figures with names.")
            }
            Language::Fr => format!(
                "Les membres de {auditors} lisent le registre, le journal et les chiffres avec les noms."
            ),
        }));
        all
    }
}
