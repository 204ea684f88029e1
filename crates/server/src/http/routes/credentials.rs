//! Credentials: a further device, another phrase, a replacement, all of them motions; and taking devices away (G4, G5).
//!
//! A new phrase leaves in one answer and is nowhere afterwards: the journal has its verifier, in a motion that others must agree to.

use api::{
    Accepted, AddDevice, ChangePhrase, Code, Enrol, Enrolment, Envelope, NewDevice, NewPhrase, OpenEnrolment,
    PhraseText, Problem, ProposeCredential, ProposeRevocation, RevokeDevices,
};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use credentials::{DevicePublic, Phrase};
use overt::{Credential, MotionId, NewCredential, Proposal};
use types::{ActorId, Hash};

use super::{Done, done};
use crate::http::act::{Act, Stamp};
use crate::http::entry::{DeviceCredential, EntryError, encode_device, encode_verifier};
use crate::http::failure::Failure;
use crate::http::incoming::{Incoming, Size};
use crate::http::phrases::Lane;
use crate::http::proof::too_many;
use crate::http::shared::Http;
use crate::http::shown;

/// What shows a phrase, once.
type Shown = Result<(StatusCode, Json<NewPhrase>), Failure>;

/// What is no name is nobody's.
fn actor(text: &str) -> Result<ActorId, Failure> {
    ActorId::parse(text).map_err(|_| Failure::not_found())
}

fn internal(_: EntryError) -> Failure {
    Failure::new(Code::Internal)
}

fn show(phrase: &Phrase, new: &NewCredential, motion: Option<Hash>) -> (StatusCode, Json<NewPhrase>) {
    let phrase = PhraseText::new(phrase.reveal_words().join(" "));
    let fingerprint = shown::fingerprint(&new.fingerprint());
    (StatusCode::CREATED, Json(NewPhrase { phrase, motion, fingerprint }))
}

/// Reads a device's public half.
fn read_device(http: &Http, by: &ActorId, device: NewDevice) -> Result<DeviceCredential, Failure> {
    match device {
        NewDevice::Key(text) => DevicePublic::parse(&text)
            .map(DeviceCredential::Key)
            .map_err(|error| Failure::because(Code::CommandInvalid, error.to_string())),
        NewDevice::Passkey(new) => http.read_new_passkey(by, new),
    }
}

impl Http {
    async fn propose_credential(
        &self,
        stamp: &Stamp,
        of: ActorId,
        new: NewCredential,
    ) -> Result<Accepted, Failure> {
        let proposal = Proposal::Credential { actor: of, new: Box::new(new) };
        self.run_overt(stamp, overt::Command::Propose(Box::new(proposal))).await
    }

    /// Whether a motion brings exactly this. A request that comes again is answered with the motion that it made the first time.
    fn brings(&self, motion: Option<Hash>, new: &NewCredential) -> bool {
        self.engine.read(|state| {
            let found = motion.and_then(|id| state.overt().motion(MotionId(id)));
            found.is_some_and(
                |found| matches!(&found.proposal, Proposal::Credential { new: other, .. } if **other == *new),
            )
        })
    }
}

/// Draws another phrase of one's own and proposes it. Shown in this answer only; the old one stays valid until the motion is in force.
#[utoipa::path(post, path = "/v1/me/phrase", tag = "credentials", request_body = Envelope<ChangePhrase>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = NewPhrase), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn phrase(State(http): State<Http>, incoming: Incoming) -> Shown {
    let own = http.clone();
    let work = async move {
        let act: Act<ChangePhrase> = own.person_act(incoming, Size::Usual, Lane::Ordinary).await?;
        let drawn = own.enrolments.draw(act.command.language, (own.entropy.draw(), own.entropy.draw())).await;
        let (phrase, verifier) = match drawn {
            Ok(drawn) => drawn,
            Err(failure) => return Err(own.unheard_overt(&act.stamp, failure).await),
        };
        let new = NewCredential::Phrase(encode_verifier(&verifier).map_err(internal)?);
        let accepted = own.propose_credential(&act.stamp, act.by, new.clone()).await?;
        if !own.brings(accepted.motion, &new) {
            return Err(Failure::new(Code::PhraseShown));
        }
        Ok(show(&phrase, &new, accepted.motion))
    };
    http.detached(work).await
}

/// Proposes a further device of one's own.
#[utoipa::path(post, path = "/v1/me/devices", tag = "credentials", request_body = Envelope<AddDevice>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn device(State(http): State<Http>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<AddDevice> = own.person_act(incoming, Size::Usual, Lane::Ordinary).await?;
        let read = read_device(&own, &act.by, act.command.device);
        let encoded = read.and_then(|device| encode_device(&device).map_err(internal));
        let public = match encoded {
            Ok(public) => public,
            Err(failure) => return Err(own.unheard_overt(&act.stamp, failure).await),
        };
        own.propose_credential(&act.stamp, act.by, NewCredential::Device(public)).await.map(done)
    };
    http.detached(work).await
}

/// Takes one's own devices away, at once: their sessions end as if they had signed out.
#[utoipa::path(post, path = "/v1/me/revoke", tag = "credentials", request_body = Envelope<RevokeDevices>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn revoke(State(http): State<Http>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<RevokeDevices> = own.person_act(incoming, Size::Usual, Lane::Ordinary).await?;
        let device = act.command.device;
        own.run_overt(&act.stamp, overt::Command::Revoke { device }).await.map(done)
    };
    http.detached(work).await
}

/// Proposes that somebody's devices can do nothing but stop. In force when somebody of another home endorses it.
#[utoipa::path(post, path = "/v1/people/{actor}/revoke", tag = "credentials", request_body = Envelope<ProposeRevocation>,
    params(("actor" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn propose_revocation(
    State(http): State<Http>,
    Path(name): Path<String>,
    incoming: Incoming,
) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<ProposeRevocation> = own.person_act(incoming, Size::Usual, Lane::Ordinary).await?;
        let of = match actor(&name) {
            Ok(of) => of,
            Err(failure) => return Err(own.unheard_overt(&act.stamp, failure).await),
        };
        let proposal = Box::new(Proposal::Revoke { actor: of });
        own.run_overt(&act.stamp, overt::Command::Propose(proposal)).await.map(done)
    };
    http.detached(work).await
}

/// Opens an enrolment for somebody who is new, or has lost everything. Its code is handed over in person.
#[utoipa::path(post, path = "/v1/people/{actor}/enrolments", tag = "credentials", request_body = Envelope<OpenEnrolment>,
    params(("actor" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = Enrolment), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn open(
    State(http): State<Http>,
    Path(name): Path<String>,
    incoming: Incoming,
) -> Result<(StatusCode, Json<Enrolment>), Failure> {
    let own = http.clone();
    let work = async move {
        let act: Act<OpenEnrolment> = own.person_act(incoming, Size::Usual, Lane::Ordinary).await?;
        // Being there is all that the gate learns of it: what counts is the proposal that follows.
        own.run_overt(&act.stamp, overt::Command::Attend).await?;
        let of = actor(&name)?;
        let exists =
            own.engine.read(|state| state.overt().policy().is_some_and(|policy| policy.actor_exists(&of)));
        if !exists {
            return Err(Failure::not_found());
        }
        let (code, expires_at) = own.enrolments.open((of, act.by), own.now(), &own.entropy.draw())?;
        Ok((StatusCode::CREATED, Json(Enrolment { code, expires_at })))
    };
    http.detached(work).await
}

/// The person's own part of an enrolment: their device, and a phrase that is shown in this answer only. The code is all that is needed,
/// and all that it gives is something to propose.
#[utoipa::path(post, path = "/v1/enrolments", tag = "credentials", request_body = Enrol,
    responses((status = 201, body = NewPhrase), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn enrol(State(http): State<Http>, incoming: Incoming) -> Shown {
    let own = http.clone();
    let work = async move {
        if !own.attempts.source(incoming.peer, own.now()) {
            return Err(too_many());
        }
        let body = incoming.read(&own, Size::Usual).await?;
        let Enrol { code, actor, device, language } = serde_json::from_slice(&body)
            .map_err(|_| Failure::because(Code::Malformed, "the body is no enrolment"))?;
        own.enrolments.is_open(&code, &actor, own.now())?;
        let device = read_device(&own, &actor, device)?;
        let device = encode_device(&device).map_err(internal)?;
        let (phrase, verifier) =
            own.enrolments.draw(language, (own.entropy.draw(), own.entropy.draw())).await?;
        let verifier = encode_verifier(&verifier).map_err(internal)?;
        let is_person = own
            .engine
            .read(|state| state.overt().policy().is_some_and(|policy| policy.person_of(&actor).is_some()));
        let credential = Credential { devices: vec![device], verifier: is_person.then_some(verifier) };
        own.enrolments.fill(&code, &actor, credential.clone(), own.now())?;
        Ok(show(&phrase, &NewCredential::Whole(credential), None))
    };
    http.detached(work).await
}

/// Proposes the credential that an enrolment made; whoever opened it does.
#[utoipa::path(post, path = "/v1/people/{actor}/credential", tag = "credentials", request_body = Envelope<ProposeCredential>,
    params(("actor" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn propose(State(http): State<Http>, Path(name): Path<String>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<ProposeCredential> = own.person_act(incoming, Size::Usual, Lane::Ordinary).await?;
        let made = actor(&name).and_then(|of| {
            let new = own.enrolments.made(&act.command.code, (&of, &act.by), own.now())?;
            Ok((of, new))
        });
        match made {
            Ok((of, new)) => own.propose_credential(&act.stamp, of, new).await.map(done),
            Err(failure) => Err(own.unheard_overt(&act.stamp, failure).await),
        }
    };
    http.detached(work).await
}
