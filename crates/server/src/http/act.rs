//! An act: a signed command that becomes a sealed one. Here the phrase is read, checked once and dropped (G3, G8, G9).
//!
//! What the check found stays in a [`Stamp`], which cannot be looked into, and leaves it only sealed. It is sealed and committed whatever
//! becomes of the command from here on.

use api::{Accepted, Code};
use credentials::{Class, Phrase};
use gate::{Ask, Attestation};
use overt::{Author, DeviceUse, Reply};
use serde::de::DeserializeOwned;
use types::{ActorId, Hash, PersonId, TransferId, hash_parts};

use super::failure::Failure;
use super::incoming::{Incoming, Size};
use super::phrases::Lane;
use super::proof::{Signed, Who, too_many};
use super::shared::Http;
use crate::engine::{EngineError, Request};

/// The domain of the second command that one request may lead to.
const PART_DOMAIN: &str = "rempart/request-part/v1";

/// Who asks, under which hash, and what the phrase check found.
pub struct Stamp {
    author: Author,
    request: Hash,
    idempotency: Hash,
    /// Nobody on this side looks at it; `None` for services and feeds, which have no phrase.
    class: Option<Class>,
    /// The counter of the device that signed, if it counts.
    used: Option<DeviceUse>,
}

/// A command with its stamp.
pub struct Act<C> {
    pub command: C,
    pub stamp: Stamp,
    /// The person, for views; a service or feed has none.
    pub person: Option<PersonId>,
    pub by: ActorId,
    /// The device that signed.
    pub device: Hash,
}

impl Stamp {
    /// The hash of the request as it was signed.
    pub const fn request(&self) -> Hash {
        self.request
    }

    /// Whether it is a program's: there was no phrase, so nothing was found that must be committed.
    pub const fn is_program(&self) -> bool {
        self.class.is_none()
    }

    /// A stamp for a second command of the same request.
    pub fn part(&self, name: &str) -> Self {
        let of = |hash: &Hash| hash_parts(PART_DOMAIN, &[&hash.0, name.as_bytes()]);
        let (request, idempotency) = (of(&self.request), of(&self.idempotency));
        Self { author: self.author.clone(), request, idempotency, class: self.class, used: self.used }
    }
}

impl Http {
    /// An act of a person.
    ///
    /// # Errors
    /// Nothing of it depends on whether the phrase is the person's own.
    pub async fn person_act<C: DeserializeOwned>(
        &self,
        incoming: Incoming,
        size: Size,
        lane: Lane,
    ) -> Result<Act<C>, Failure> {
        let signed = self.receive(incoming, size, lane).await?;
        self.judge_phrase(signed, lane, nothing_overt()).await
    }

    /// An act of a person, or of a service, whose signature alone suffices for what it may do.
    ///
    /// # Errors
    /// As [`Http::person_act`].
    pub async fn submitter_act<C: DeserializeOwned>(
        &self,
        incoming: Incoming,
        size: Size,
        lane: Lane,
    ) -> Result<Act<C>, Failure> {
        let signed = self.receive(incoming, size, lane).await?;
        match signed.who {
            Who::Service => program(signed, Author::Actor),
            Who::Person(..) | Who::Feed => self.judge_phrase(signed, lane, nothing_overt()).await,
        }
    }

    /// A report of a feed.
    ///
    /// # Errors
    /// [`Code::NotAllowed`] for anybody else.
    pub async fn feed_act<C: DeserializeOwned>(
        &self,
        incoming: Incoming,
        size: Size,
    ) -> Result<Act<C>, Failure> {
        let signed = self.receive(incoming, size, Lane::Ordinary).await?;
        match signed.who {
            Who::Feed => program(signed, Author::Feed),
            Who::Person(..) | Who::Service => {
                Err(Failure::because(Code::NotAllowed, "only a feed reports prices and the chain"))
            }
        }
    }

    /// An act of a responder. For everybody else there is nothing here, whatever they send.
    ///
    /// # Errors
    /// [`Failure::not_found`] until it is clear that a responder asks.
    pub async fn responder_act<C: DeserializeOwned>(&self, incoming: Incoming) -> Result<Act<C>, Failure> {
        let received = self.receive(incoming, Size::Usual, Lane::Ordinary).await;
        let signed = received.map_err(|_| Failure::not_found())?;
        match &signed.who {
            Who::Person(person, _) if self.is_responder(person) => {
                self.judge_phrase(signed, Lane::Ordinary, nothing_covert()).await
            }
            _ => Err(Failure::not_found()),
        }
    }

    /// Phrase format, attempts, one check, in this order, whatever the phrase. From here on what was found is committed, also when the
    /// command came too late or makes no sense: then with `nothing`, on the lane that it was meant for.
    async fn judge_phrase<C: DeserializeOwned>(
        &self,
        signed: Signed,
        lane: Lane,
        nothing: Ask,
    ) -> Result<Act<C>, Failure> {
        let Signed { who, by, request, idempotency, command, phrase, device, used, late } = signed;
        let Who::Person(person, verifier) = who else {
            return Err(Failure::because(Code::NotAllowed, "a person must do this"));
        };
        let typed = phrase.ok_or(Failure::new(Code::PhraseMissing))?;
        let phrase = Phrase::parse(typed.reveal())?;
        drop(typed);
        if !self.attempts.person(&by, lane, self.now()) {
            return Err(too_many());
        }
        let checked = self.checks.check(lane, &by, phrase, verifier).await;
        let class = Some(checked.inspect_err(|_| self.attempts.turned_away(lane))?);
        let stamp = Stamp { author: Author::Actor(by.clone()), request, idempotency, class, used };
        let in_time = if late { Err(Failure::new(Code::Unauthenticated)) } else { Ok(command) };
        match in_time.and_then(read_command) {
            Ok(command) => Ok(Act { command, stamp, person: Some(person), by, device }),
            Err(failure) => Err(self.unheard(&stamp, nothing, failure).await),
        }
    }

    /// Commits what a phrase check found although the gate never sees the command as it was meant: it gets one that it must refuse (G8).
    async fn unheard(&self, stamp: &Stamp, nothing: Ask, failure: Failure) -> Failure {
        match self.run(stamp, nothing, Vec::new()).await {
            Err(refused) if refused.code() != Code::NotFound => refused,
            _ => failure,
        }
    }

    /// As [`Http::unheard`], for a command of the overt side.
    pub async fn unheard_overt(&self, stamp: &Stamp, failure: Failure) -> Failure {
        if stamp.is_program() { failure } else { self.unheard(stamp, nothing_overt(), failure).await }
    }

    /// Puts a command to the engine and says what became of it.
    ///
    /// # Errors
    /// The gate's refusal, or an engine that takes no commands.
    pub async fn run(
        &self,
        stamp: &Stamp,
        ask: Ask,
        blobs: Vec<(Hash, Vec<u8>)>,
    ) -> Result<Accepted, Failure> {
        // What waits for the covert tick leaves nothing on the overt chain, not even that there was no room for it.
        let is_overt = matches!(ask, Ask::Overt(_));
        let reply = match self.engine.run(Request::new(self.command(stamp, ask), blobs)).await {
            Err(error @ EngineError::Overloaded) if is_overt => {
                self.turned_away(stamp).await;
                return Err(error.into());
            }
            done => done??,
        };
        Ok(accepted(&reply))
    }

    fn command(&self, stamp: &Stamp, ask: Ask) -> gate::Command {
        gate::Command {
            by: stamp.author.clone(),
            ask,
            request: stamp.request,
            idempotency: Some(stamp.idempotency),
            attestation: stamp.class.map(|class| self.seal(stamp, class)),
            used: stamp.used,
        }
    }

    /// The queue had no room for the command; what its phrase check found is committed on the lane of stops, as a command of its own that
    /// finds nothing (G8). Whoever sent it tries again under the same key.
    async fn turned_away(&self, stamp: &Stamp) {
        if !stamp.is_program() {
            let command = self.command(&stamp.part("turned-away"), nothing_overt());
            // If that lane is full as well, nothing was acknowledged and the answer says so.
            let _full_too = self.engine.run(Request::new(command, Vec::new())).await;
        }
    }

    /// As [`Http::run`], for the overt side without contents.
    ///
    /// # Errors
    /// As [`Http::run`].
    pub async fn run_overt(&self, stamp: &Stamp, command: overt::Command) -> Result<Accepted, Failure> {
        self.run(stamp, Ask::Overt(command), Vec::new()).await
    }

    fn seal(&self, stamp: &Stamp, class: Class) -> Attestation {
        let key = self.engine.secrets().class_key();
        Attestation::seal(key, class, &stamp.author, &stamp.request, &self.entropy.draw())
    }

    /// What a sign-in found, for the session. The one place where it leaves a stamp unsealed.
    pub fn begin_session(&self, act: Act<api::SignIn>) -> Result<api::SessionGrant, Failure> {
        let device = act.device;
        let (Some(person), Some(class)) = (act.person, act.stamp.class) else {
            return Err(Failure::because(Code::NotAllowed, "a person must do this"));
        };
        let (token, expires_at) =
            self.sessions.begin((person, device), class, self.now(), &self.entropy.draw());
        Ok(api::SessionGrant { token, expires_at })
    }
}

/// Finds nothing, for whoever asks: no transfer has this id.
fn nothing_overt() -> Ask {
    Ask::Overt(overt::Command::Cancel { transfer: TransferId(Hash::default()) })
}

/// Likewise on the covert lane.
fn nothing_covert() -> Ask {
    Ask::Covert(covert::Command::Object { transfer: TransferId(Hash::default()) })
}

/// A command of a program: no phrase, so nothing to check and nothing to seal.
fn program<C: DeserializeOwned>(
    signed: Signed,
    author: impl Fn(ActorId) -> Author,
) -> Result<Act<C>, Failure> {
    let Signed { by, request, idempotency, command, device, used, .. } = signed;
    let stamp = Stamp { author: author(by.clone()), request, idempotency, class: None, used };
    Ok(Act { command: read_command(command)?, stamp, person: None, by, device })
}

fn read_command<C: DeserializeOwned>(command: serde_json::Value) -> Result<C, Failure> {
    serde_json::from_value(command).map_err(|error| Failure::because(Code::CommandInvalid, error.to_string()))
}

fn accepted(reply: &Reply) -> Accepted {
    match reply {
        Reply::Done => Accepted::default(),
        Reply::Transfer(id) => Accepted { transfer: Some(id.0), ..Accepted::default() },
        Reply::Motion(id) => Accepted { motion: Some(id.0), ..Accepted::default() },
        Reply::Stop(id) => Accepted { stop: Some(id.0), ..Accepted::default() },
    }
}
