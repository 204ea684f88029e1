//! What would become of a transfer if it were proposed now: its value, what its outputs are taken for, the permits, why it would be refused
//! (G1 before the act). Reads the overt state and changes nothing; the verdict is that of the gate's own rules.

use std::collections::BTreeMap;

use api::{Code, CurrencyMinor, NewTransfer, OutputCheck, PermitOffer, Problem, TransferCheck};
use axum::Json;
use axum::extract::State;
use overt::{Act, Author, Command, Refusal};
use policy::{Chain, DestinationRule, Facts, History, Language, OutputFacts, Policy};
use types::{
    ActorId, Identified, Nonce, Output, PAYLOAD_OUTPUTS_MAX, Payload, PersonId, Target, Timestamp, Value,
    VaultId,
};
use vault::bitcoin::address::NetworkUnchecked;
use vault::bitcoin::{Address, Amount as Satoshis};

use super::transfers::payload;
use super::{Answer, spoken, vaults};
use crate::coins::network_of;
use crate::http::failure::Failure;
use crate::http::incoming::{Incoming, Size};
use crate::http::shared::Http;

/// How many of one's transfers an address that was never paid is compared with.
const COMPARED_MAX: usize = 10_000;
/// How many characters at each end people compare.
const COMPARED_CHARS: usize = 4;

/// What would become of a transfer. Nothing is proposed.
#[utoipa::path(post, path = "/v1/transfers/check", tag = "transfers", request_body = NewTransfer,
    responses((status = 200, body = TransferCheck), (status = "4XX", body = Problem)))]
pub async fn check(State(http): State<Http>, incoming: Incoming) -> Answer<TransferCheck> {
    let reader = http.reader(&incoming.headers)?;
    let language = spoken(&incoming.headers);
    let body = incoming.read(&http, Size::Usual).await?;
    let invalid = |error: String| Failure::because(Code::CommandInvalid, error);
    let asked: NewTransfer = serde_json::from_slice(&body).map_err(|error| invalid(error.to_string()))?;
    if asked.outputs.len() > PAYLOAD_OUTPUTS_MAX {
        return Err(invalid(format!("a transfer has at most {PAYLOAD_OUTPUTS_MAX} outputs")));
    }
    let by = ActorId::from(reader.clone());
    let identified = payload(asked, by.clone(), Nonce::default())?;
    let now = http.now();
    http.engine.read(|state| {
        let policy = state.overt().policy().ok_or(Failure::not_found())?;
        // Who does not see a vault learns nothing of what it has paid.
        if !vaults::sees(state, &reader, &identified.payload().vault) {
            return Err(Failure::not_found());
        }
        let asking = Asking { state: state.overt(), policy, reader, now, language };
        Ok(Json(asking.check(by, identified)))
    })
}

/// A transfer that is worked out.
struct Valued {
    outputs: Vec<OutputFacts>,
    fee: Value,
    value: Value,
}

struct Asking<'s> {
    state: &'s overt::State,
    policy: &'s Policy,
    reader: PersonId,
    now: Timestamp,
    language: Language,
}

impl Asking<'_> {
    fn check(&self, by: ActorId, identified: Identified) -> TransferCheck {
        let payload = identified.payload().clone();
        let act = Act { number: self.state.next_act(), by: Author::Actor(by), at: self.now };
        let refusal = self.state.decide(&act, &Command::Submit(Box::new(identified))).err();
        let valued = self.valued(&payload);
        let facts = valued.as_ref().map(|valued| Facts {
            vault: &payload.vault,
            initiator: &payload.initiator,
            at: self.now,
            value: valued.value,
            outputs: &valued.outputs,
            fee: valued.fee,
        });
        let alike = self.alike(&payload);
        let outputs: Vec<OutputCheck> = payload
            .outputs
            .iter()
            .map(|output| self.output(output, (&payload.vault, &alike), facts.as_ref()))
            .collect();
        let unpayable = outputs.iter().any(|output| output.standing == REFUSED);
        let permits = match &facts {
            Some(facts) if !payload.refresh => self.permits(facts),
            _ => Vec::new(),
        };
        let currency = self.policy.organisation().currency;
        let refused = refusal.map(|refusal| self.refused(&refusal, facts.as_ref()));
        let unpaid =
            || unpayable.then(|| self.pick("an output cannot be paid", "une sortie ne peut être payée"));
        TransferCheck {
            value: valued.as_ref().map(|valued| CurrencyMinor { currency, minor: valued.value }),
            outputs,
            permits,
            refused: refused.or_else(unpaid),
        }
    }

    fn pick(&self, en: &str, fr: &str) -> String {
        match self.language {
            Language::En => en.to_owned(),
            Language::Fr => fr.to_owned(),
        }
    }

    fn valued(&self, payload: &Payload) -> Option<Valued> {
        let value =
            |amount: types::Amount| self.policy.value(amount, self.state.prices(amount.asset), self.now).ok();
        let facts = |output: &Output| {
            let target = self.policy.resolve(&output.target);
            value(output.amount).map(|value| OutputFacts { target, value })
        };
        let outputs: Vec<OutputFacts> = payload.outputs.iter().map(facts).collect::<Option<_>>()?;
        let fee = value(payload.max_fee)?;
        let sum = outputs.iter().try_fold(fee, |sum, output| sum.plus(output.value)).ok()?;
        Some(Valued { outputs, fee, value: sum })
    }

    fn permits(&self, facts: &Facts<'_>) -> Vec<PermitOffer> {
        let offers = self.policy.offers(facts, self.state, self.state.posture(), self.language);
        let offer = |offer: policy::Offer| PermitOffer {
            permit: offer.permit,
            matches: offer.matches,
            hold_seconds: offer.hold.seconds(),
            why: offer.why,
        };
        offers.into_iter().map(offer).collect()
    }

    /// Why the gate would refuse it.
    fn refused(&self, refusal: &Refusal, facts: Option<&Facts<'_>>) -> String {
        let l = self.language;
        match (refusal, l) {
            (Refusal::LimitReached { limit, fits_at: Some(at) }, Language::En) => {
                format!(
                    "the limit {} has no room: it fits from {}",
                    l.quoted(limit.as_str()),
                    l.moment(self.policy, *at)
                )
            }
            (Refusal::LimitReached { limit, fits_at: Some(at) }, Language::Fr) => {
                format!(
                    "le plafond {} est atteint : il y aura place le {}",
                    l.quoted(limit.as_str()),
                    l.moment(self.policy, *at)
                )
            }
            (Refusal::LimitReached { limit, fits_at: None }, Language::En) => {
                format!("the limit {} never has room for so much: send it in parts", l.quoted(limit.as_str()))
            }
            (Refusal::LimitReached { limit, fits_at: None }, Language::Fr) => {
                format!(
                    "le plafond {} n'admet jamais autant : envoyez en plusieurs fois",
                    l.quoted(limit.as_str())
                )
            }
            (Refusal::Forbidden, _) => {
                let rule = facts.and_then(|facts| self.policy.forbidden(facts));
                self.forbidden(rule.map(types::ForbidId::as_str).unwrap_or_default())
            }
            (other, Language::En) => other.to_string(),
            (other, Language::Fr) => {
                let code = Code::find(other.code()).unwrap_or(Code::Internal);
                code.text(api::Language::French).to_owned()
            }
        }
    }

    fn forbidden(&self, rule: &str) -> String {
        let rule = self.language.quoted(rule);
        match self.language {
            Language::En => format!("the rule {rule} forbids it"),
            Language::Fr => format!("la règle {rule} l'interdit"),
        }
    }
}

/// Standings, as the interface has them.
const REFUSED: &str = "refused";
const INTERNAL: &str = "internal";
const LISTED: &str = "listed";
const KNOWN: &str = "known";
const NEW: &str = "new";

/// Outputs.
impl Asking<'_> {
    fn output(
        &self,
        output: &Output,
        (from, alike): (&VaultId, &BTreeMap<&str, String>),
        facts: Option<&Facts<'_>>,
    ) -> OutputCheck {
        let standing = |target: &str, standing: &str| OutputCheck {
            target: target.to_owned(),
            standing: standing.to_owned(),
            list: None,
            problem: None,
        };
        let address = match &output.target {
            Target::Vault(vault) if self.policy.vault(vault).is_some() => {
                return standing(vault.as_str(), INTERNAL);
            }
            Target::Vault(vault) => {
                let problem = Some(self.pick("there is no such vault", "ce coffre n'existe pas"));
                return OutputCheck { problem, ..standing(vault.as_str(), REFUSED) };
            }
            Target::Address(address) => address,
        };
        let problem = self.unpayable(output, address, from).or_else(|| self.forbids(output, facts));
        if problem.is_some() {
            return OutputCheck { problem, list: self.list(address), ..standing(address, REFUSED) };
        }
        let target = self.policy.resolve(&output.target);
        if matches!(target, Target::Vault(_)) {
            return standing(address, INTERNAL);
        }
        if self.policy.is_destination(&DestinationRule::Listed, &target) {
            return OutputCheck { list: self.list(address), ..standing(address, LISTED) };
        }
        if self.state.first_paid(from, address, self.now).is_some() {
            return OutputCheck { list: self.list(address), ..standing(address, KNOWN) };
        }
        OutputCheck { problem: alike.get(address.as_str()).cloned(), ..standing(address, NEW) }
    }

    /// The first list that an address is in.
    fn list(&self, address: &str) -> Option<String> {
        let known = self.policy.destinations().iter().filter(|known| known.address == address);
        known.filter_map(|known| known.list.as_ref()).map(ToString::to_string).next()
    }

    /// Why no transaction could pay it.
    fn unpayable(&self, output: &Output, address: &str, from: &VaultId) -> Option<String> {
        let Chain::Bitcoin(network) = self.policy.vault(from)?.chain else { return None };
        let Ok(parsed) = address.parse::<Address<NetworkUnchecked>>() else {
            return Some(self.pick("this is not a bitcoin address", "ce n'est pas une adresse bitcoin"));
        };
        let Ok(parsed) = parsed.require_network(network_of(network)) else {
            return Some(self.pick(
                "this address is of another network than the vault",
                "cette adresse est d'un autre réseau que le coffre",
            ));
        };
        let least = parsed.script_pubkey().minimal_non_dust();
        let units = u64::try_from(output.amount.units).unwrap_or(u64::MAX);
        (Satoshis::from_sat(units) < least).then(|| {
            self.pick("so little is not passed on by the network", "le réseau ne transmet pas si peu")
        })
    }

    /// Which rule forbids this output, whatever the others.
    fn forbids(&self, output: &Output, facts: Option<&Facts<'_>>) -> Option<String> {
        let facts = facts?;
        let target = self.policy.resolve(&output.target);
        let alone = [OutputFacts { target, value: facts.value }];
        let rule = self.policy.forbidden(&Facts { outputs: &alone, ..*facts })?;
        Some(self.forbidden(rule.as_str()))
    }

    /// Addresses that somebody may have made to look like one that is known: people compare both ends. With what is said of each.
    fn alike<'p>(&self, payload: &'p Payload) -> BTreeMap<&'p str, String> {
        let address = |output: &'p Output| match &output.target {
            Target::Address(address) => Some(address.as_str()),
            Target::Vault(_) => None,
        };
        let mut own: BTreeMap<(&str, &str), Vec<&'p str>> = BTreeMap::new();
        for address in payload.outputs.iter().filter_map(address) {
            own.entry(ends(address).unwrap_or_default()).or_default().push(address);
        }
        let meant = |known: &str| {
            let same_ends = ends(known).and_then(|ends| own.get(&ends)).into_iter().flatten();
            same_ends.copied().filter(|address| *address != known).collect::<Vec<_>>()
        };
        let mut alike = BTreeMap::new();
        for known in self.policy.destinations() {
            for address in meant(&known.address) {
                alike.entry(address).or_insert_with(|| self.like_listed(known.id.as_str()));
            }
        }
        for (_, transfer) in self.state.transfers().take(COMPARED_MAX) {
            for known in &transfer.payload.outputs {
                let Target::Address(known) = &known.target else { continue };
                for address in meant(known) {
                    if self.state.sees(&self.reader, transfer) {
                        alike.entry(address).or_insert_with(|| self.like_earlier());
                    }
                }
            }
        }
        alike
    }

    fn like_listed(&self, name: &str) -> String {
        let name = self.language.quoted(name);
        match self.language {
            Language::En => {
                format!("it begins and ends like {name} and is another address: compare every character")
            }
            Language::Fr => format!(
                "elle commence et finit comme {name} mais c'est une autre adresse : comparez chaque caractère"
            ),
        }
    }

    fn like_earlier(&self) -> String {
        self.pick(
            "it begins and ends like an address of an earlier transfer and is another one: compare every character",
            "elle commence et finit comme l'adresse d'un transfert antérieur mais c'en est une autre : comparez chaque caractère",
        )
    }
}

/// Both ends of an address as people see them, without what all addresses of its kind begin with.
fn ends(address: &str) -> Option<(&str, &str)> {
    // In bech32 the human-readable part, `1` and the version of the script say nothing.
    let begin = address.find('1').filter(|at| *at > 0).map_or(1, |at| at + 2);
    let head = address.get(begin..begin + COMPARED_CHARS)?;
    let tail = address.get(address.len().checked_sub(COMPARED_CHARS)?..)?;
    Some((head, tail))
}

#[cfg(test)]
mod tests {
    use super::ends;

    #[test]
    fn addresses_are_compared_by_what_people_look_at() {
        assert_eq!(ends("bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"), Some(("w508", "t080")));
        assert_eq!(ends("bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"), Some(("w508", "t080")));
        assert_eq!(ends("1BoatSLRHtKNngkdXEeobR76b53LETtpyT"), Some(("Boat", "tpyT")));
        assert_eq!(ends("é"), None);
        assert_eq!(ends(""), None);
        assert_eq!(ends("1é€é€"), None);
    }
}
