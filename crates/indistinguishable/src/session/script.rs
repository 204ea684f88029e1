//! What the captor has the victim do: the same in both twins, but for the words of the phrase.
//!
//! A session is a list of [`Step`]s. Each makes one request from what the session has learnt so far, and learns from its answer.

use serde_json::{Value, json};
use types::Hash;

use super::client::{Answer, Request};
use crate::failure::Failure;
use crate::twin::organisation::{PAYEE, VICTIM, device};

/// One request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// A nonce for the act that follows.
    Challenge,
    /// An act with phrase and signature.
    Act(Act),
    /// A look at something.
    Look(Look),
}

/// What is asked of the victim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// To sign in.
    SignIn,
    /// To propose a transfer that waits.
    ProposeSlow,
    /// To approve a colleague's.
    Approve,
    /// To propose one that goes at once.
    ProposeQuick,
    /// To sign in once more.
    SignInAgain,
    /// To repeat the slow proposal, under its key.
    Repeat,
    /// To lift a stop that is not there.
    Refused,
    /// To send what makes no sense.
    Senseless,
    /// To propose a lower posture.
    Lower,
    /// To end that.
    End,
    /// To cancel the slow transfer.
    Cancel,
    /// To object to the colleague's: answered at the covert tick.
    Object,
}

/// What is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// The own entry.
    Me,
    /// The transfers.
    Transfers,
    /// The colleague's.
    Approved,
    /// The ticket of the quick one.
    Ticket,
    /// The motions.
    Motions,
    /// The slow one, once it is cancelled.
    Cancelled,
    /// The posture.
    Posture,
    /// Whether there is anything for responders.
    Incidents,
    /// The server's health.
    Health,
    /// The server's figures.
    Metrics,
}

/// Where the harness does something between two steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pause {
    /// Nothing.
    None,
    /// Waits until nothing is under way.
    Settle,
    /// Lets time pass.
    Advance,
}

/// How much time passes in the middle, in seconds.
pub const MIDDLE_SECONDS: u64 = 65;

/// The session, in order.
#[must_use]
pub fn session() -> Vec<(Step, Pause)> {
    let act = |act| [(Step::Challenge, Pause::None), (Step::Act(act), Pause::None)];
    let look = |look| (Step::Look(look), Pause::None);
    let mut steps = Vec::new();
    steps.extend(act(Act::SignIn));
    steps.extend([look(Look::Me), look(Look::Transfers)]);
    steps.extend(act(Act::ProposeSlow));
    steps.extend(act(Act::Approve));
    steps.push(look(Look::Approved));
    steps.extend([(Step::Challenge, Pause::None), (Step::Act(Act::ProposeQuick), Pause::Settle)]);
    steps.push((Step::Look(Look::Ticket), Pause::Advance));
    steps.extend(act(Act::SignInAgain));
    steps.extend(act(Act::Repeat));
    steps.extend(act(Act::Refused));
    steps.extend(act(Act::Senseless));
    steps.extend(act(Act::Lower));
    steps.push(look(Look::Motions));
    steps.extend(act(Act::End));
    steps.extend(act(Act::Cancel));
    steps.extend([look(Look::Cancelled), look(Look::Posture), look(Look::Incidents), look(Look::Health)]);
    steps.push(look(Look::Metrics));
    steps
}

/// One attempt of the ten.
#[must_use]
pub fn attempt() -> Vec<Step> {
    vec![Step::Challenge, Step::Act(Act::SignIn), Step::Look(Look::Transfers)]
}

/// The name of a step, for tables.
#[must_use]
pub fn name(step: Step) -> String {
    let words = |debug: String| {
        let mut name = String::new();
        for letter in debug.chars() {
            if letter.is_uppercase() && !name.is_empty() {
                name.push(' ');
            }
            name.extend(letter.to_lowercase());
        }
        name
    };
    match step {
        Step::Challenge => "challenge".to_owned(),
        Step::Act(act) => words(format!("{act:?}")),
        Step::Look(look) => format!("look: {}", words(format!("{look:?}"))),
    }
}

/// What a session knows.
#[derive(Clone, Debug)]
pub struct Actor {
    phrase: String,
    /// Makes idempotency keys and nonces of transfers differ from those of other sessions.
    mark: u32,
    approved: String,
    token: String,
    nonce: String,
    slow: String,
    quick: String,
    motion: String,
    acts: u32,
    slow_key: String,
}

impl Actor {
    /// Somebody who types this phrase. `approved` is the colleague's transfer.
    #[must_use]
    pub fn new(phrase: String, mark: u32, approved: String) -> Self {
        let empty = String::new;
        Self {
            phrase,
            mark,
            approved,
            token: empty(),
            nonce: empty(),
            slow: empty(),
            quick: empty(),
            motion: empty(),
            acts: 0,
            slow_key: empty(),
        }
    }

    /// Types another phrase from now on.
    pub fn type_phrase(&mut self, phrase: &str) {
        phrase.clone_into(&mut self.phrase);
    }

    /// The request of a step.
    ///
    /// # Errors
    /// When a nonce cannot be read.
    pub fn request(&mut self, step: Step) -> Result<Request, Failure> {
        match step {
            Step::Challenge => {
                let body = json!({ "by": VICTIM }).to_string();
                Ok(Request { line: "POST /v1/challenge".into(), headers: String::new(), body })
            }
            Step::Act(act) => self.act(act),
            Step::Look(look) => Ok(self.look(look)),
        }
    }

    fn look(&self, look: Look) -> Request {
        let path = match look {
            Look::Me => "/v1/me".to_owned(),
            Look::Transfers => "/v1/transfers?limit=5".to_owned(),
            Look::Approved => format!("/v1/transfers/{}", self.approved),
            Look::Ticket => format!("/v1/transfers/{}/ticket", self.quick),
            Look::Motions => "/v1/motions".to_owned(),
            Look::Cancelled => format!("/v1/transfers/{}", self.slow),
            Look::Posture => "/v1/posture".to_owned(),
            Look::Incidents => "/v1/response/incidents".to_owned(),
            Look::Health => "/health".to_owned(),
            Look::Metrics => "/metrics".to_owned(),
        };
        let headers = format!("Authorization: Bearer {}\r\n", self.token);
        Request { line: format!("GET {path}"), headers, body: String::new() }
    }

    fn act(&mut self, act: Act) -> Result<Request, Failure> {
        let (path, command) = self.command(act);
        self.acts += 1;
        let key = match act {
            Act::Repeat => self.slow_key.clone(),
            _ => format!("{}-{}", self.mark, self.acts),
        };
        if act == Act::ProposeSlow {
            key.clone_into(&mut self.slow_key);
        }
        let nonce = Hash::parse(&self.nonce).map_err(|error| Failure::Answer(error.to_string()))?;
        let request = api::request_hash("POST", &path, &key, &command)
            .map_err(|error| Failure::Answer(error.to_string()))?;
        let signed = credentials::challenge(api::COMMAND_DOMAIN, &request, &nonce.0);
        let signature = hex::encode(device(VICTIM).sign(&signed).to_bytes());
        let proof = json!({ "by": VICTIM, "nonce": self.nonce, "signature": signature });
        let body = json!({ "command": command, "proof": proof, "phrase": self.phrase }).to_string();
        Ok(Request { line: format!("POST {path}"), headers: format!("Idempotency-Key: {key}\r\n"), body })
    }

    fn command(&self, act: Act) -> (String, Value) {
        let transfer = |id: &str, what: &str| format!("/v1/transfers/{id}/{what}");
        match act {
            Act::SignIn | Act::SignInAgain => ("/v1/session".into(), json!({})),
            Act::ProposeSlow | Act::Repeat => ("/v1/transfers".into(), self.proposal("treasury", "0.4 BTC")),
            Act::ProposeQuick => ("/v1/transfers".into(), self.proposal("desk", "0.1 BTC")),
            Act::Approve => (transfer(&self.approved, "approve"), json!({ "payload_hash": self.approved })),
            Act::Refused => ("/v1/stops/77/lift".into(), json!({})),
            Act::Senseless => ("/v1/transfers".into(), json!({ "vault": "treasury" })),
            Act::Lower => ("/v1/posture/lower".into(), json!({ "to": "normal" })),
            Act::End => (format!("/v1/motions/{}/end", self.motion), json!({})),
            Act::Cancel => (transfer(&self.slow, "cancel"), json!({})),
            Act::Object => (transfer(&self.approved, "object"), json!({})),
        }
    }

    fn proposal(&self, vault: &str, amount: &str) -> Value {
        let mut nonce = [1; 16];
        nonce[..4].copy_from_slice(&self.mark.to_be_bytes());
        json!({ "vault": vault, "outputs": [{ "address": PAYEE, "amount": amount }], "max_fee": "0.00005 BTC",
            "memo": "invoice", "reference": "INV-7", "nonce": hex::encode(nonce) })
    }

    /// Learns from an answer.
    ///
    /// # Errors
    /// When a step that has to succeed did not: then the harness is wrong, not the server.
    pub fn learn(&mut self, step: Step, answer: &Answer) -> Result<(), Failure> {
        let expected = expected(step);
        if answer.status() != expected {
            let text = String::from_utf8_lossy(&answer.body);
            return Err(Failure::Answer(format!("{} gave {}: {text}", name(step), answer.status())));
        }
        match step {
            Step::Challenge => self.nonce = answer.field("nonce")?,
            Step::Act(Act::SignIn | Act::SignInAgain) => self.token = answer.field("token")?,
            Step::Act(Act::ProposeSlow) => self.slow = answer.field("transfer")?,
            Step::Act(Act::ProposeQuick) => self.quick = answer.field("transfer")?,
            Step::Act(Act::Lower) => self.motion = answer.field("motion")?,
            _ => {}
        }
        Ok(())
    }
}

/// The status that a step has to have, in both twins: a session that goes another way would measure something else.
const fn expected(step: Step) -> u16 {
    match step {
        Step::Act(Act::SignIn | Act::SignInAgain) => 201,
        Step::Act(Act::Refused) | Step::Look(Look::Incidents) => 404,
        Step::Act(Act::Senseless) => 422,
        Step::Act(_) => 202,
        Step::Challenge | Step::Look(_) => 200,
    }
}
