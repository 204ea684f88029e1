//! What a command leads to: events and a reply, or a refusal. Reads the state, changes nothing (G1, G5, G6).
//!
//! Everything here is a function of the overt state, the command and the time; nothing else can enter.

use policy::{Facts, OutputFacts, Policy, PriceEntry, PriceProblem, Severity, Source};
use types::{
    ActorId, Amount, Identified, PAYLOAD_TEXT_BYTES_MAX, Payload, PersonId, Target, Timestamp, TransferId,
    Value, hash_parts,
};

use crate::act::{Act, AllActs, Author};
use crate::change::lost_authority;
use crate::command::{Command, Event, Refusal, Reply};
use crate::judge::Judge;
use crate::motion::{Motion, MotionId, MotionStatus, Proposal};
use crate::paid::Payments;
use crate::state::{APPROVALS_MAX, MOTIONS_PENDING_MAX, PENDING_MAX, STOPS_MAX, State};
use crate::stop::{Scope, StopId};
use crate::transfer::{Standing, Status, Transfer};

/// The fee of a refresh is at most one part in this many of what it renews.
pub(crate) const REFRESH_FEE_SHARE: u128 = 100;

const MOTION_DOMAIN: &str = "rempart/motion/v1";

pub(crate) type Decision = Result<(Vec<Event>, Reply), Refusal>;

pub(crate) fn done(event: Event) -> Decision {
    Ok((vec![event], Reply::Done))
}

impl State {
    /// What a command by `act.by` at `act.at` leads to.
    ///
    /// # Errors
    /// The reason why the overt rules refuse it.
    pub fn decide(&self, act: &Act, command: &Command) -> Decision {
        match command {
            Command::Attend => Ok((Vec::new(), Reply::Done)),
            Command::Found { sources } => self.decide_found(act, sources),
            Command::Enrol { actor, credential } => {
                self.may_enrol(act, actor)?;
                done(Event::Enrolled { actor: actor.clone(), credential: credential.clone() })
            }
            Command::Revoke { device } => self.decide_revoke(act, device.as_ref()),
            Command::Submit(payload) => self.decide_submit(act, payload),
            Command::Attach { transfer, spend } => self.decide_attach(act, *transfer, spend),
            Command::ShowAddress { vault, index, label } => self.decide_address(act, vault, *index, label),
            Command::Approve { transfer } => self.decide_approve(act, *transfer),
            Command::Cancel { transfer } => {
                let open = self.open_transfer(self.person(act)?, *transfer)?;
                may_end(open)?;
                done(Event::Cancelled { transfer: *transfer })
            }
            Command::Stop { scope, reason } => self.decide_stop(act, scope, reason),
            Command::Raise { to } => {
                self.person(act)?;
                let higher = *to > self.posture();
                if higher { done(Event::Raised { to: *to }) } else { Err(Refusal::Posture("higher")) }
            }
            Command::KeepDossier(sealed) => self.decide_dossier(act, sealed),
            Command::Propose(proposal) => self.decide_propose(act, proposal),
            Command::Endorse { motion } => self.decide_endorse(act, *motion),
            Command::End { motion } => {
                self.person(act)?;
                done(self.decide_end(act, *motion, self.open_motion(*motion)?)?)
            }
            Command::NotePrice(entry) => self.decide_price(act, entry),
            Command::NoteReceived { vault, transaction, height, outputs } => {
                self.decide_received(act, vault, (*transaction, *height), outputs)
            }
            Command::NoteLost { vault, outputs } => self.decide_lost(act, vault, outputs),
            Command::NoteChain { network, tip } => self.decide_chain(act, *network, tip),
            Command::NoteSigned { transfer, txid } => self.decide_signed(act, *transfer, *txid),
            Command::NoteConfirmed { transfer, txid } => self.decide_confirmed(act, *transfer, *txid),
            Command::NoteDisplaced { transfer } => self.decide_displaced(act, *transfer),
            Command::NoteUnconfirmed { transfer } => self.decide_unconfirmed(act, *transfer),
        }
    }

    pub(crate) fn only_system(&self, act: &Act) -> Result<(), Refusal> {
        if act.by == Author::System {
            Ok(())
        } else {
            Err(Refusal::NotAllowed("only Rempart itself does this"))
        }
    }

    /// Credentials are handed out before anybody acts, once each. Whoever holds the host later cannot replace a person (G5).
    fn may_enrol(&self, act: &Act, actor: &ActorId) -> Result<(), Refusal> {
        self.only_system(act)?;
        if self.opened {
            return Err(Refusal::TooLate("open for work"));
        }
        if !self.policy().is_some_and(|policy| policy.actor_exists(actor)) {
            return Err(Refusal::NotFound("person or service"));
        }
        if self.entries.contains_key(actor) { Err(Refusal::Duplicate) } else { Ok(()) }
    }

    /// The person who acts. Services submit and do nothing else.
    pub(crate) fn person<'a>(&self, act: &'a Act) -> Result<(PersonId, &'a Act), Refusal> {
        let actor = act.by.actor().ok_or(Refusal::NotAllowed("a person must do this"))?;
        let policy = self.policy().ok_or(Refusal::NotFound("organisation"))?;
        let person = policy.person_of(actor).ok_or(Refusal::NotAllowed("a person must do this"))?;
        Ok((person.id.clone(), act))
    }

    pub(crate) fn seen_transfer(&self, person: &PersonId, id: TransferId) -> Result<&Transfer, Refusal> {
        let transfer = self.transfers.get(&id).filter(|transfer| self.sees(person, transfer));
        transfer.ok_or(Refusal::NotFound("transfer"))
    }

    fn open_transfer(&self, by: (PersonId, &Act), id: TransferId) -> Result<&Transfer, Refusal> {
        let transfer = self.seen_transfer(&by.0, id)?;
        if transfer.status.is_open() { Ok(transfer) } else { Err(Refusal::TooLate(transfer.status.word())) }
    }

    /// Whether a person may object to a transfer now: anyone who sees it, until it is signed. One that is released and waits for its
    /// transaction is decided again when that comes; a refusal then, too, looks like a colleague's objection (G3).
    ///
    /// # Errors
    /// When there is no such transfer for this person, or it has been decided.
    pub fn may_object(&self, act: &Act, id: TransferId) -> Result<(), Refusal> {
        let transfer = self.seen_transfer(&self.person(act)?.0, id)?;
        may_end(transfer)?;
        if transfer.status.is_open() { Ok(()) } else { Err(Refusal::TooLate(transfer.status.word())) }
    }

    fn decide_found(&self, act: &Act, sources: &[Source]) -> Decision {
        self.only_system(act)?;
        if self.policy().is_some() {
            return Err(Refusal::Duplicate);
        }
        if let Some(lost) = lost_authority(&loaded(sources)?) {
            return Err(Refusal::NoAuthority(lost));
        }
        done(Event::Founded { sources: sources.to_vec() })
    }
}

/// Transfers.
impl State {
    fn decide_submit(&self, act: &Act, identified: &Identified) -> Decision {
        let (id, payload) = (identified.id(), identified.payload());
        let policy = self.policy().ok_or(Refusal::NotFound("organisation"))?;
        if !act.is_by(payload.initiator.as_str()) || !policy.actor_exists(&payload.initiator) {
            return Err(Refusal::NotAllowed("the initiator must be who submits"));
        }
        payload.check()?;
        if self.transfers.contains_key(&id) {
            return Err(Refusal::Duplicate);
        }
        if self.pending >= PENDING_MAX {
            return Err(Refusal::TooMany("transfers"));
        }
        self.check_asset(policy, payload)?;
        let outputs = self.output_facts(policy, payload, act.at)?;
        let fee = self.value(policy, payload.max_fee, act.at)?;
        let value = outputs.iter().try_fold(fee, |sum, output| sum.plus(output.value));
        let value = value.map_err(|_| Refusal::Overflow)?;
        let facts = Facts {
            vault: &payload.vault,
            initiator: &payload.initiator,
            at: act.at,
            value,
            outputs: &outputs,
            fee,
        };
        let standings = if payload.refresh {
            self.admit_refresh(act, policy, &facts)?
        } else {
            self.admit(policy, &facts)?
        };
        let outputs = outputs.iter().map(|output| output.value).collect();
        let payload = Box::new(payload.clone());
        let event = Event::Submitted { transfer: id, payload, value: (value, fee), outputs, standings };
        Ok((vec![event], Reply::Transfer(id)))
    }

    fn check_asset(&self, policy: &Policy, payload: &Payload) -> Result<(), Refusal> {
        let vault = policy.vault(&payload.vault).ok_or(Refusal::NotFound("vault"))?;
        for output in &payload.outputs {
            if let Target::Vault(target) = &output.target
                && policy.vault(target).is_none()
            {
                return Err(Refusal::NotFound("vault"));
            }
        }
        let asset = payload.max_fee.asset;
        if vault.asset().is_none_or(|held| held == asset) {
            Ok(())
        } else {
            Err(Refusal::WrongAsset { vault: vault.id.clone(), asset })
        }
    }

    fn output_facts(
        &self,
        policy: &Policy,
        payload: &Payload,
        at: Timestamp,
    ) -> Result<Vec<OutputFacts>, Refusal> {
        let facts = |output: &types::Output| {
            let value = self.value(policy, output.amount, at)?;
            Ok(OutputFacts { target: policy.resolve(&output.target), value })
        };
        payload.outputs.iter().map(facts).collect()
    }

    fn value(&self, policy: &Policy, amount: Amount, at: Timestamp) -> Result<Value, Refusal> {
        let prices = self.prices.get(&amount.asset).map_or(&[] as &[PriceEntry], Vec::as_slice);
        policy.value(amount, prices, at).map_err(|problem| match problem {
            PriceProblem::Money(_) => Refusal::Overflow,
            problem => Refusal::Price(problem.to_string()),
        })
    }

    /// Nothing leaves but a fee, so no rule is asked; what it may spend is checked when its transaction is brought.
    fn admit_refresh(&self, act: &Act, policy: &Policy, facts: &Facts<'_>) -> Result<Vec<Standing>, Refusal> {
        self.person(act)?;
        if policy.vault(facts.vault).is_none_or(|vault| vault.recovery.is_none()) {
            return Err(Refusal::NotFound("vault with a recovery path"));
        }
        let stays = facts.outputs.iter().try_fold(Value::ZERO, |sum, output| sum.plus(output.value));
        let stays = stays.map_err(|_| Refusal::Overflow)?;
        let is_small = facts.fee.minor().saturating_mul(REFRESH_FEE_SHARE) <= stays.minor();
        if is_small { Ok(Vec::new()) } else { Err(Refusal::FeeTooLarge) }
    }

    /// Semantics 1, at submission: forbids, limits, and the permits that match.
    fn admit(&self, policy: &Policy, facts: &Facts<'_>) -> Result<Vec<Standing>, Refusal> {
        if policy.forbidden(facts).is_some() {
            return Err(Refusal::Forbidden);
        }
        let cap = policy.vault(facts.vault).and_then(|vault| vault.outstanding);
        if cap.is_some_and(|cap| facts.value > cap) {
            return Err(Refusal::AboveOutstanding);
        }
        for charge in policy.charges(facts).map_err(|_| Refusal::Overflow)? {
            let limit = policy.limit(&charge.limit).ok_or(Refusal::NotFound("limit"))?;
            if !self.windows.fits(limit, &charge, facts.at).map_err(|_| Refusal::Overflow)? {
                let counting = self.windows.entries(&charge).filter(|entry| entry.ended.is_none());
                let room = limit.room(counting.map(|entry| (entry.at, entry.value)), facts.at, charge.value);
                let fits_at = room.map_err(|_| Refusal::Overflow)?.fits_at;
                return Err(Refusal::LimitReached { limit: charge.limit, fits_at });
            }
        }
        let judge = Judge::new(self, &AllActs);
        let history = Payments { judge: &judge };
        let matching = policy.matching(facts, &history);
        if matching.is_empty() {
            return Err(Refusal::NoPermit);
        }
        let standing = |permit: &policy::Permit| Standing {
            permit: permit.id.clone(),
            met_since: permit.approve.is_none().then_some(facts.at),
        };
        Ok(matching.into_iter().map(standing).collect())
    }

    fn decide_approve(&self, act: &Act, id: TransferId) -> Decision {
        let by = self.person(act)?;
        let transfer = self.seen_transfer(&by.0, id)?;
        if transfer.status != Status::Pending {
            return Err(Refusal::TooLate(transfer.status.word()));
        }
        may_add(act, &transfer.submitted, &transfer.approvals)?;
        done(Event::Approved { transfer: id })
    }
}

/// Stops, posture, motions, prices.
impl State {
    fn decide_stop(&self, act: &Act, scope: &Scope, reason: &str) -> Decision {
        let (person, _) = self.person(act)?;
        let policy = self.policy().ok_or(Refusal::NotFound("organisation"))?;
        match scope {
            Scope::Transfer(id) => drop(self.seen_transfer(&person, *id)?),
            Scope::Vault(vault) => drop(policy.vault(vault).ok_or(Refusal::NotFound("vault"))?),
            Scope::Person(actor) if !policy.actor_exists(actor) => return Err(Refusal::NotFound("person")),
            Scope::Person(_) | Scope::Organisation => {}
        }
        if self.stops.values().filter(|stop| stop.lifted.is_none()).count() >= STOPS_MAX {
            return Err(Refusal::TooMany("stops"));
        }
        let reason = reason.chars().filter(|c| !c.is_control()).take(PAYLOAD_TEXT_BYTES_MAX).collect();
        let event = Event::Stopped { scope: scope.clone(), reason };
        Ok((vec![event], Reply::Stop(StopId(act.number.0))))
    }

    fn decide_propose(&self, act: &Act, proposal: &Proposal) -> Decision {
        self.person(act)?;
        let mut direction = None;
        match proposal {
            Proposal::Lift(stop) => {
                let stop = self.stops.get(stop).ok_or(Refusal::NotFound("stop"))?;
                if stop.lifted.is_some() {
                    return Err(Refusal::TooLate("lifted"));
                }
            }
            Proposal::Lower(to) if *to >= self.posture() => return Err(Refusal::Posture("lower")),
            Proposal::Lower(_) => {}
            Proposal::Change(sources) => direction = self.judge_change(&loaded(sources)?)?,
            Proposal::Credential { actor, new } => self.may_propose_credential(act, (actor, new))?,
            Proposal::Revoke { actor } if !self.entries.contains_key(actor) => {
                return Err(Refusal::NotFound("credential"));
            }
            Proposal::Revoke { .. } => {}
        }
        if self.motions.values().filter(|motion| motion.settled.is_none()).count() >= MOTIONS_PENDING_MAX {
            return Err(Refusal::TooMany("motions"));
        }
        let content = types::canonical_json(proposal).map_err(|_| Refusal::Overflow)?;
        let id = MotionId(hash_parts(MOTION_DOMAIN, &[&act.number.0.to_be_bytes(), content.as_bytes()]));
        let event = Event::Proposed { motion: id, proposal: Box::new(proposal.clone()), direction };
        Ok((vec![event], Reply::Motion(id)))
    }

    fn open_motion(&self, id: MotionId) -> Result<&Motion, Refusal> {
        let motion = self.motions.get(&id).ok_or(Refusal::NotFound("motion"))?;
        if motion.status == MotionStatus::Pending { Ok(motion) } else { Err(Refusal::TooLate("decided")) }
    }

    fn decide_endorse(&self, act: &Act, id: MotionId) -> Decision {
        self.person(act)?;
        let provisional = self.motions.get(&id).filter(|motion| motion.is_provisional());
        let motion = provisional.map_or_else(|| self.open_motion(id), Ok)?;
        if motion.concerns().is_some_and(|actor| act.is_by(actor.as_str())) {
            return Err(Refusal::NotAllowed("others must agree to what becomes of your credential"));
        }
        match motion.proposal {
            Proposal::Lift(_) | Proposal::Lower(_) => may_add_again(act, &motion.endorsements)?,
            Proposal::Change(_) | Proposal::Credential { .. } | Proposal::Revoke { .. } => {
                may_add(act, &motion.proposed, &motion.endorsements)?;
            }
        }
        done(Event::Endorsed { motion: id })
    }

    fn decide_price(&self, act: &Act, entry: &PriceEntry) -> Decision {
        if !matches!(act.by, Author::Feed(_)) {
            return Err(Refusal::NotAllowed("only a feed reports prices"));
        }
        if entry.at > act.at {
            return Err(Refusal::Price(format!("the price is from {}, which is in the future", entry.at)));
        }
        let newest = self.prices.get(&entry.asset).and_then(|prices| prices.last());
        if newest.is_some_and(|newest| newest.at >= entry.at) {
            return Err(Refusal::Duplicate);
        }
        done(Event::Priced(entry.clone()))
    }
}

fn loaded(sources: &[Source]) -> Result<Policy, Refusal> {
    let loaded = policy::load(sources);
    let first_error = loaded.diagnostics.iter().find(|problem| problem.severity == Severity::Error);
    let reason = || first_error.map_or_else(|| "it does not load".to_owned(), ToString::to_string);
    loaded.policy.ok_or_else(|| Refusal::InvalidPolicy(reason()))
}

/// One person cannot keep a vault's outputs from being renewed in time (G10); it ends by itself.
fn may_end(transfer: &Transfer) -> Result<(), Refusal> {
    if transfer.payload.refresh {
        Err(Refusal::NotAllowed("a refresh leaves everything in the vault, and one person cannot stop it"))
    } else {
        Ok(())
    }
}

fn may_add(act: &Act, proposed: &Act, so_far: &[Act]) -> Result<(), Refusal> {
    if act.by == proposed.by {
        return Err(Refusal::OwnProposal);
    }
    may_add_again(act, so_far)
}

fn may_add_again(act: &Act, so_far: &[Act]) -> Result<(), Refusal> {
    if so_far.iter().any(|earlier| earlier.by == act.by) {
        return Err(Refusal::AlreadyApproved);
    }
    if so_far.len() >= APPROVALS_MAX {
        return Err(Refusal::TooMany("approvals"));
    }
    Ok(())
}
