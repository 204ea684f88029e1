//! Dossiers: handed in by their owners, fetched by responders; here they are bytes that nothing opens (G9).
//!
//! A responder's answer leaves after the slot that records the opening is durable, and takes that long whatever it is (G3).

use std::collections::HashMap;

use api::{
    Accepted, Code, DOSSIER_BYTES_MAX, DossierForResponder, DossierHistory, DossierRecipients,
    DossierRevision, Envelope, NewDossier, OpenDossier, OwnDossier, Problem, SealedDossier,
};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use covert::IncidentId;
use gate::Ask;
use journal::blob_hash;
use overt::{DossierDue, Kept, Sealed};
use types::{Hash, PersonId};

use super::response::{NO_INCIDENT, incident_id};
use super::{Answer, Done, done};
use crate::http::act::Act;
use crate::http::failure::Failure;
use crate::http::incoming::{Incoming, Size};
use crate::http::phrases::Lane;
use crate::http::shared::Http;

/// How every age file begins.
const AGE_FILE: &[u8] = b"age-encryption.org/v1\n";

/// To whom you seal your dossier. They are in their own order and name nobody.
#[utoipa::path(get, path = "/v1/dossiers/recipients", tag = "dossiers",
    responses((status = 200, body = DossierRecipients), (status = 401, body = Problem)))]
pub async fn recipients(State(http): State<Http>, headers: HeaderMap) -> Answer<DossierRecipients> {
    let reader = http.reader(&headers)?;
    http.engine.read(|state| {
        let policy = state.overt().policy().ok_or(Failure::new(Code::SessionInvalid))?;
        let recipients = policy.dossier_recipients(&reader);
        Ok(Json(DossierRecipients {
            organisation: policy.organisation().name.clone(),
            recipients: recipients.into_iter().map(ToString::to_string).collect(),
            revision: state.overt().next_revision(&reader),
        }))
    })
}

/// Your dossier: its revisions, and the sealed bytes of one of them.
#[utoipa::path(get, path = "/v1/me/dossier", tag = "dossiers", params(("revision" = Option<u32>, Query)),
    responses((status = 200, body = OwnDossier), (status = "4XX", body = Problem)))]
pub async fn own(
    State(http): State<Http>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Answer<OwnDossier> {
    let reader = http.reader(&headers)?;
    let asked = query.get("revision").map(|text| text.parse().unwrap_or(u32::MAX));
    let (kept, due) = http.engine.read(|state| {
        let overt = state.overt();
        (overt.dossier(&reader).to_vec(), overt.dossier_due(&reader))
    });
    let chosen = match asked {
        Some(asked) => {
            let found = kept.iter().find(|kept| kept.sealed.revision == asked);
            Some(found.ok_or(Failure::not_found())?)
        }
        None => kept.last(),
    };
    let sealed = match chosen {
        Some(chosen) => Some(content(&http, chosen.sealed.content).await?),
        None => None,
    };
    let because = due.map(|due| match due {
        DossierDue::Missing => "missing",
        DossierDue::Old => "old",
        DossierDue::Readers => "readers",
    });
    Ok(Json(OwnDossier {
        revisions: kept.iter().map(revision).collect(),
        due: because.is_some(),
        because: because.map(str::to_owned),
        sealed,
    }))
}

fn revision(kept: &Kept) -> DossierRevision {
    DossierRevision { revision: kept.sealed.revision, kept_at: kept.act.at }
}

async fn content(http: &Http, content: Hash) -> Result<String, Failure> {
    let bytes = http.engine.blob(content).await?.ok_or(Failure::not_found())?;
    Ok(STANDARD.encode(bytes))
}

/// Hands in a revision of your dossier. Earlier ones stay.
#[utoipa::path(put, path = "/v1/me/dossier", tag = "dossiers", request_body = Envelope<NewDossier>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn keep(State(http): State<Http>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<NewDossier> = own.person_act(incoming, Size::Large, Lane::Ordinary).await?;
        let NewDossier { revision, readers, sealed } = act.command;
        let bytes = match sealed_bytes(&sealed) {
            Ok(bytes) => bytes,
            Err(failure) => return Err(own.unheard_overt(&act.stamp, failure).await),
        };
        let content = blob_hash(&bytes);
        let sealed = Sealed { revision, content, readers };
        let ask = Ask::Overt(overt::Command::KeepDossier(sealed));
        own.run(&act.stamp, ask, vec![(content, bytes)]).await.map(done)
    };
    http.detached(work).await
}

/// Bytes that look sealed: whoever hands in a plain file by mistake is told so, and nothing of it is kept.
fn sealed_bytes(text: &str) -> Result<Vec<u8>, Failure> {
    if text.len() > DOSSIER_BYTES_MAX.div_ceil(3) * 4 {
        return Err(Failure::new(Code::BodyTooLarge));
    }
    let bytes = STANDARD.decode(text).ok().filter(|bytes| bytes.starts_with(AGE_FILE));
    bytes.ok_or(Failure::because(
        Code::CommandInvalid,
        "`sealed` is not a binary age file in base64: seal it with `rempart dossier seal`",
    ))
}

/// The dossier of a person whom an incident, or a drill, concerns. One responder alone; it is recorded before the answer leaves.
#[utoipa::path(post, path = "/v1/response/incidents/{id}/dossiers/{person}", tag = "response",
    request_body = Envelope<OpenDossier>,
    params(("id" = u32, Path), ("person" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = DossierForResponder), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn open(
    State(http): State<Http>,
    Path((id, person)): Path<(String, String)>,
    incoming: Incoming,
) -> Answer<DossierForResponder> {
    let own = http.clone();
    let work = async move {
        let act: Act<OpenDossier> = own.responder_act(incoming).await?;
        let wanted =
            PersonId::parse(&person).ok().and_then(|person| Handout::new(&own, person, &act.command));
        let command = match &wanted {
            Some(handout) => handout.command(incident_id(&own, &id)),
            // A command that finds nothing, so that what the phrase check found is noted all the same (G8).
            None => covert::Command::EndClear { incident: NO_INCIDENT },
        };
        own.run(&act.stamp, Ask::Covert(command), Vec::new()).await?;
        wanted.ok_or(Failure::not_found())?.answer(&own).await.map(Json)
    };
    http.detached(work).await
}

/// What a responder gets, worked out before the gate says whether.
struct Handout {
    person: PersonId,
    organisation: String,
    history: Vec<(Kept, bool)>,
    chosen: Vec<Sealed>,
}

impl Handout {
    fn new(http: &Http, person: PersonId, asked: &OpenDossier) -> Option<Self> {
        let (organisation, history) = http.engine.read(|state| {
            let name = state.overt().policy().map(|policy| policy.organisation().name.clone());
            let history = gate::dossier_history(state, &person);
            (name, history.into_iter().map(|(kept, free)| (kept.clone(), free)).collect::<Vec<_>>())
        });
        let is_asked = |kept: &Kept| asked.revision.is_none_or(|asked| asked == kept.sealed.revision);
        let at = history.iter().rposition(|(kept, _)| is_asked(kept))?;
        let up_to = history.get(..=at)?;
        let (first, is_free) = up_to.last()?;
        let mut chosen = vec![first.sealed];
        if !is_free {
            chosen.extend(up_to.iter().rev().find(|(_, free)| *free).map(|(kept, _)| kept.sealed));
        }
        Some(Self { person, organisation: organisation?, history, chosen })
    }

    fn command(&self, incident: IncidentId) -> covert::Command {
        let revision = self.chosen.first().map_or(0, |sealed| sealed.revision);
        covert::Command::Opened { incident, person: self.person.clone(), revision }
    }

    async fn answer(self, http: &Http) -> Result<DossierForResponder, Failure> {
        let mut packets = Vec::with_capacity(self.chosen.len());
        for sealed in self.chosen {
            let text = content(http, sealed.content).await?;
            packets.push(SealedDossier { revision: sealed.revision, sealed: text });
        }
        let history = self.history.into_iter().map(|(kept, free)| DossierHistory {
            revision: kept.sealed.revision,
            kept_at: kept.act.at,
            free,
        });
        Ok(DossierForResponder {
            person: self.person,
            organisation: self.organisation,
            revisions: history.collect(),
            packets,
        })
    }
}
