//! Why a transfer stands where it stands, as a tree in words: stops, forbids, permits with their quorums and holds, limits, the transaction.
//! Groups and numbers, never who approved, objected or stopped (G9); of what was declined nothing but that it was (G3).

use api::{Problem, Reason, Reasons};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use overt::view::{PermitView, TransferView};
use overt::{Scope, Status, Transfer};
use policy::{Chain, Lacks, Language, Permit, Policy};
use types::PersonId;

use super::transfers::transfer_id;
use super::{Answer, spoken};
use crate::http::failure::Failure;
use crate::http::shared::Http;

/// The most parts of one reason.
const PARTS_MAX: usize = 100;

/// How a reason stands, the gravest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Unmet,
    Waits,
    Met,
    Plain,
}

impl Standing {
    const fn word(self) -> &'static str {
        match self {
            Self::Unmet => "unmet",
            Self::Waits => "waits",
            Self::Met => "met",
            Self::Plain => "plain",
        }
    }
}

/// Why a transfer stands where it stands.
#[utoipa::path(get, path = "/v1/transfers/{id}/reasons", tag = "transfers", params(("id" = String, Path)),
    responses((status = 200, body = Reasons), (status = "4XX", body = Problem)))]
pub async fn reasons(
    State(http): State<Http>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer<Reasons> {
    let reader = http.reader(&headers)?;
    let language = spoken(&headers);
    let id = transfer_id(&id)?;
    http.engine.read(|state| {
        let state = state.overt();
        let view = state.view_transfer(&reader, id).ok_or(Failure::not_found())?;
        let transfer = state.transfer(id).ok_or(Failure::not_found())?;
        let policy = state.policy().ok_or(Failure::not_found())?;
        Ok(Json(Reasons { parts: Case { state, policy, transfer, view, l: language }.parts() }))
    })
}

struct Case<'s> {
    state: &'s overt::State,
    policy: &'s Policy,
    transfer: &'s Transfer,
    view: TransferView,
    l: Language,
}

/// A reason that is still to be put in its place.
type Part = (Standing, Reason);

fn part(standing: Standing, text: String, parts: Vec<Part>) -> Part {
    let mut parts = parts;
    parts.truncate(PARTS_MAX);
    let parts = parts.into_iter().map(|(_, reason)| reason).collect();
    (standing, Reason { text, state: standing.word().to_owned(), parts })
}

fn leaf(standing: Standing, text: String) -> Part {
    part(standing, text, Vec::new())
}

impl Case<'_> {
    fn pick(&self, en: &str, fr: &str) -> String {
        match self.l {
            Language::En => en.to_owned(),
            Language::Fr => fr.to_owned(),
        }
    }

    fn parts(&self) -> Vec<Reason> {
        let mut parts = match self.view.status {
            Status::Pending => self.pending(),
            Status::Ready | Status::Signing => self.released(),
            Status::Signed { .. } => vec![leaf(
                Standing::Met,
                self.pick(
                    "Released and signed; the network has not confirmed it yet.",
                    "Libéré et signé ; le réseau ne l'a pas encore confirmé.",
                ),
            )],
            Status::Confirmed { .. } => vec![leaf(
                Standing::Met,
                self.pick("Paid: the network has confirmed it.", "Payé : le réseau l'a confirmé."),
            )],
            // Whatever led to it: a colleague's objection reads the same.
            Status::Declined => vec![leaf(
                Standing::Unmet,
                self.pick("Not released at the moment of decision.", "Non libéré au moment de la décision."),
            )],
            Status::Expired => vec![leaf(
                Standing::Unmet,
                self.pick(
                    "Its time ran out before a permit was met.",
                    "Son temps s'est écoulé avant qu'une autorisation soit remplie.",
                ),
            )],
            Status::Cancelled => {
                vec![leaf(Standing::Unmet, self.pick("Somebody cancelled it.", "Quelqu'un l'a annulé."))]
            }
        };
        parts.sort_by_key(|(standing, _)| *standing);
        parts.into_iter().map(|(_, reason)| reason).collect()
    }

    fn pending(&self) -> Vec<Part> {
        if self.view.payload.refresh {
            let text = self.pick(
                "It only renews outputs: everything stays in the vault, so no permit is needed and no stop holds it up.",
                "Il ne fait que renouveler des sorties : tout reste dans le coffre, donc aucune autorisation n'est nécessaire et aucun arrêt ne le retient.",
            );
            return vec![leaf(Standing::Met, text)];
        }
        let mut parts = self.stops();
        parts.push(self.forbids());
        parts.push(self.permits());
        parts.extend(self.limits());
        parts.extend(self.transaction());
        parts
    }

    /// A stop of a person says who took part, so of those only that there is one.
    fn stops(&self) -> Vec<Part> {
        let reaching = self
            .state
            .stops()
            .filter(|(_, stop)| stop.lifted.is_none() && stop.reaches(self.view.id, self.transfer));
        let mut texts: Vec<String> = Vec::new();
        for (_, stop) in reaching {
            let since = self.l.moment(self.policy, stop.placed.at);
            let text = match (&stop.scope, self.l) {
                (Scope::Person(_), _) => self.pick("A stop reaches it.", "Un arrêt l'atteint."),
                (Scope::Transfer(_), Language::En) => format!("It was stopped: {since}."),
                (Scope::Transfer(_), Language::Fr) => format!("Il a été arrêté : {since}."),
                (Scope::Vault(_), Language::En) => format!("Its vault was stopped: {since}."),
                (Scope::Vault(_), Language::Fr) => format!("Son coffre a été arrêté : {since}."),
                (Scope::Organisation, Language::En) => format!("Everything was stopped: {since}."),
                (Scope::Organisation, Language::Fr) => format!("Tout a été arrêté : {since}."),
            };
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts.truncate(PARTS_MAX);
        texts.into_iter().map(|text| leaf(Standing::Unmet, text)).collect()
    }

    fn forbids(&self) -> Part {
        match self.policy.forbidden(&self.transfer.facts()) {
            None => leaf(Standing::Met, self.pick("No rule forbids it.", "Aucune règle ne l'interdit.")),
            Some(rule) => {
                let rule = self.l.quoted(rule.as_str());
                let text = match self.l {
                    Language::En => format!("The rule {rule} forbids it."),
                    Language::Fr => format!("La règle {rule} l'interdit."),
                };
                leaf(Standing::Unmet, text)
            }
        }
    }

    fn permits(&self) -> Part {
        let standings = &self.transfer.standings;
        let shown = |permit: &types::PermitId| self.view.permits.iter().find(|view| view.permit == *permit);
        let mut parts: Vec<Part> =
            standings.iter().map(|standing| self.permit(&standing.permit, shown(&standing.permit))).collect();
        parts.sort_by_key(|(standing, _)| *standing != Standing::Waits);
        let standing = if parts.iter().any(|(standing, _)| *standing == Standing::Waits) {
            Standing::Waits
        } else {
            Standing::Unmet
        };
        let text = match (parts.len(), standing) {
            (1, Standing::Waits) => self.pick(
                "A permit is met and its wait runs.",
                "Une autorisation est remplie et son délai court.",
            ),
            (1, _) => self.pick("A permit must be met.", "Une autorisation doit être remplie."),
            (_, Standing::Waits) => self.pick(
                "One of these permits is met and its wait runs.",
                "L'une de ces autorisations est remplie et son délai court.",
            ),
            _ => self
                .pick("One of these permits must be met.", "L'une de ces autorisations doit être remplie."),
        };
        part(standing, text, parts)
    }

    fn permit(&self, id: &types::PermitId, view: Option<&PermitView>) -> Part {
        let name = self.l.quoted(id.as_str());
        let (Some(permit), Some(view)) = (self.policy.permit(id), view) else {
            let text = match self.l {
                Language::En => format!("{name} is not in force any more."),
                Language::Fr => format!("{name} n'est plus en vigueur."),
            };
            return leaf(Standing::Unmet, text);
        };
        let mut parts = vec![self.quorum(permit, view), self.hold(permit, view)];
        let works = permit.works_under(self.state.posture());
        if !works {
            let highest = self.l.quoted(self.l.posture(permit.posture));
            parts.push(leaf(
                Standing::Unmet,
                match self.l {
                    Language::En => format!("It works up to the posture {highest}."),
                    Language::Fr => format!("Elle ne vaut que jusqu'à la posture {highest}."),
                },
            ));
        }
        let lapses = self.l.moment(self.policy, view.expires_at);
        parts.push(leaf(
            Standing::Plain,
            match self.l {
                Language::En => format!("What is not ready by {lapses} lapses."),
                Language::Fr => format!("Ce qui n'est pas prêt le {lapses} est périmé."),
            },
        ));
        let standing = if view.met && works { Standing::Waits } else { Standing::Unmet };
        part(standing, name, parts)
    }

    /// Who is still to approve, as groups and numbers.
    fn quorum(&self, permit: &Permit, view: &PermitView) -> Part {
        let Some(quorum) = &permit.approve else {
            return leaf(Standing::Met, self.pick("Nobody has to approve.", "Personne n'a à approuver."));
        };
        let asked = self.l.quorum(quorum);
        if view.met {
            return leaf(
                Standing::Met,
                match self.l {
                    Language::En => format!("Approved by {asked}."),
                    Language::Fr => format!("Accord : {asked}."),
                },
            );
        }
        let person = |actor: Option<&types::ActorId>| PersonId::parse(actor?.as_str()).ok();
        let approvers: Vec<PersonId> =
            self.transfer.approvals.iter().filter_map(|act| person(act.by.actor())).collect();
        let approvers: Vec<&PersonId> = approvers.iter().collect();
        let initiator = person(Some(&self.transfer.payload.initiator));
        let lacks = self.policy.shortfall(quorum, &approvers, initiator.as_ref().as_slice());
        let text = match (&lacks, self.l) {
            // By the rules of now it is met; it was proposed under others, which ask for more.
            (Lacks::Nothing, Language::En) => {
                "The rules of when it was proposed ask for more approvals.".to_owned()
            }
            (Lacks::Nothing, Language::Fr) => {
                "Les règles du moment de la demande veulent d'autres accords.".to_owned()
            }
            (lacks, Language::En) => format!("To approve: {}.", self.l.lacks(lacks)),
            (lacks, Language::Fr) => format!("Doivent approuver : {}.", self.l.lacks(lacks)),
        };
        leaf(Standing::Unmet, text)
    }

    fn hold(&self, permit: &Permit, view: &PermitView) -> Part {
        if permit.hold == types::Span::ZERO {
            return leaf(Standing::Met, self.pick("It does not wait.", "Il n'y a pas d'attente."));
        }
        let hold = self.l.span(permit.hold);
        let ready = view.ready_at.map(|at| self.l.moment(self.policy, at));
        match (ready, self.l) {
            (Some(ready), Language::En) => leaf(Standing::Waits, format!("It waits until {ready}.")),
            (Some(ready), Language::Fr) => leaf(Standing::Waits, format!("Attente jusqu'au {ready}.")),
            (None, Language::En) => leaf(Standing::Unmet, format!("Then it waits {hold}.")),
            (None, Language::Fr) => leaf(Standing::Unmet, format!("Ensuite, attente de {hold}.")),
        }
    }

    /// They were judged when it was proposed.
    fn limits(&self) -> Option<Part> {
        let charges = self.policy.charges(&self.transfer.facts()).ok()?;
        let mut names: Vec<&str> = charges.iter().map(|charge| charge.limit.as_str()).collect();
        names.dedup();
        let parts: Vec<Part> = names.iter().map(|name| leaf(Standing::Met, self.l.quoted(name))).collect();
        let text = self.pick(
            "Every limit had room when it was proposed.",
            "Chaque plafond avait place au moment de la demande.",
        );
        (!parts.is_empty()).then(|| part(Standing::Met, text, parts))
    }

    /// What the chain needs; nothing where others sign.
    fn transaction(&self) -> Option<Part> {
        let vault = self.policy.vault(&self.view.payload.vault)?;
        if vault.chain == Chain::GateOnly {
            return None;
        }
        Some(match self.view.spend {
            None => leaf(
                Standing::Unmet,
                self.pick(
                    "Nobody has brought its transaction yet.",
                    "Personne n'a encore apporté sa transaction.",
                ),
            ),
            Some(false) => leaf(
                Standing::Unmet,
                self.pick(
                    "Its transaction lacks members' signatures.",
                    "Il manque à sa transaction des signatures de membres.",
                ),
            ),
            Some(true) => leaf(
                Standing::Met,
                self.pick(
                    "Its transaction has the members' signatures.",
                    "Sa transaction porte les signatures des membres.",
                ),
            ),
        })
    }

    fn released(&self) -> Vec<Part> {
        let released = leaf(Standing::Met, self.pick("Released.", "Libéré."));
        let Some(code) = self.view.waits_for.as_deref() else { return vec![released] };
        let text =
            match code {
                "signatures" => self
                    .pick("It waits for the members' signatures.", "Il attend les signatures des membres."),
                "outstanding" => self.pick(
                    "It waits until less is on its way from this vault.",
                    "Il attend que moins soit en route depuis ce coffre.",
                ),
                "inputs" => self.pick("It waits for inputs that are free.", "Il attend des entrées libres."),
                "chain-behind" => self
                    .pick("It waits until the chain is up to date.", "Il attend que la chaîne soit à jour."),
                _ => self.pick(
                    "It waits until the sources of the chain can be relied on.",
                    "Il attend que les sources de la chaîne soient fiables.",
                ),
            };
        vec![released, leaf(Standing::Waits, text)]
    }
}
