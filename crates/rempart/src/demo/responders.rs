//! What responders do once an alarm has reached them, through the HTTP API: take charge, open the dossier, pack for the police, call back, clear (G8, G9).
//!
//! Each of their acts is written at a tick of the covert chain, so the simulated clock goes on while they wait for an answer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use api::{
    Acknowledge, CalledBack, Clear, DossierForResponder, Incident, IncidentList, OpenDossier, SessionGrant,
    SignIn,
};
use dossier::Packet;
use response::SignedFacts;
use response::pack::{Manifest, Packer, Personal, pack, verify};
use serde::Serialize;
use serde::de::DeserializeOwned;
use server::engine::SLOT_PERIOD;
use types::{Hash, PersonId, Span, Timestamp};

use crate::alarm_command::pack::{read_all, write_whole};
use crate::client::{Answer, Client, Endpoint, Signing};
use crate::demo::packet::{SealedPacket, for_the_police};
use crate::demo::play::COERCED;
use crate::demo::stage::Stage;

/// Two responders who live apart.
pub const FIRST: &str = "vera";
/// The second of them.
pub const SECOND: &str = "walid";
/// A colleague who is no responder.
const COLLEAGUE: &str = "paula";
/// Real time in which a request reaches its lane, or a message its receiver, before the simulated clock goes on.
const SETTLE: Duration = Duration::from_millis(100);
/// How often something is looked at again before the demo says that it does not happen.
const LOOKS_MAX: u32 = 100;
/// How long the second responder takes on the telephone before acknowledging.
const ON_THE_WAY: Span = Span::from_seconds(3 * 60);

/// What responders did, and what came of it.
pub struct Response {
    /// The incident's number.
    pub incident: u32,
    /// Signs that were given.
    pub signals: usize,
    /// Who took charge, and when.
    pub taken: Vec<(PersonId, Timestamp)>,
    /// When people in two places had.
    pub answered: Timestamp,
    /// The opened dossier.
    pub packet: Packet,
    /// The folder for the police.
    pub folder: PathBuf,
    /// What stands in it, as checked.
    pub manifest: Manifest,
    /// Who endorsed the clear.
    pub cleared: Vec<PersonId>,
    /// When the incident was closed.
    pub closed: Timestamp,
    /// Overt records that all of this added.
    pub overt_added: u64,
    /// How often a responder signed in meanwhile, which is recorded as it is for everybody.
    pub sign_ins: u64,
    /// What a colleague gets who asks for incidents.
    pub colleague: u16,
}

/// Responders before the server.
pub struct Responders<'s> {
    /// The stage that they are on.
    pub stage: &'s Stage,
    client: Client,
    tokens: BTreeMap<&'static str, String>,
    calls: u32,
    sign_ins: u64,
}

impl<'s> Responders<'s> {
    /// Responders of a stage.
    pub fn new(stage: &'s Stage) -> Self {
        let client = Client::new(&stage.url, "en");
        Self { stage, client, tokens: BTreeMap::new(), calls: 0, sign_ins: 0 }
    }

    /// From the first look to the clear.
    pub fn respond(&mut self, sealed: &SealedPacket, folder: &Path) -> Result<Response> {
        let overt_before = self.stage.verify()?.overt_entries;
        let open = self.open_incident("actual")?;
        let answered = self.take_charge(open.id)?;
        let packet = self.open_dossier(open.id, sealed)?;
        let manifest = self.pack(open.id, &packet, folder)?;
        let cleared = self.clear(open.id)?;
        let closed = self.until_closed(open.id)?;
        let taken = answered.acknowledged.into_iter().map(|taken| (taken.by, taken.at)).collect();
        Ok(Response {
            incident: open.id,
            signals: open.signals.len(),
            taken,
            answered: answered.escalation.and_then(|it| it.answered).context("nobody answered")?,
            packet,
            folder: folder.to_owned(),
            manifest,
            cleared,
            closed: closed.closed.context("the incident is not closed")?,
            overt_added: self.stage.verify()?.overt_entries.saturating_sub(overt_before),
            sign_ins: self.sign_ins,
            colleague: self.colleague()?,
        })
    }

    /// Lets simulated time pass.
    pub fn wait(&self, span: Span) {
        self.stage.clock.advance(span);
        self.stage.engine.tick();
    }

    /// The one incident of this status that is open.
    pub fn open_incident(&mut self, status: &str) -> Result<Incident> {
        let list: IncidentList = self.read(FIRST, "/v1/response/incidents")?;
        let mut open = list.incidents.into_iter().filter(|it| it.status == status && it.closed.is_none());
        let incident = open.next().with_context(|| format!("{FIRST} sees no open incident ({status})"))?;
        ensure!(open.next().is_none(), "{FIRST} sees more than one open incident ({status})");
        Ok(incident)
    }

    /// An incident as the first responder sees it.
    pub fn incident(&mut self, id: u32) -> Result<Incident> {
        self.read(FIRST, &format!("/v1/response/incidents/{id}"))
    }

    /// Looks again until it is as it should be; the simulated clock goes on meanwhile.
    pub fn until(&mut self, id: u32, what: &str, holds: impl Fn(&Incident) -> bool) -> Result<Incident> {
        for _ in 0..LOOKS_MAX {
            let incident = self.incident(id)?;
            if holds(&incident) {
                return Ok(incident);
            }
            std::thread::sleep(SETTLE);
            self.wait(SLOT_PERIOD);
        }
        bail!("this never happened: {what}")
    }

    /// Both acknowledge, each from home.
    pub fn take_charge(&mut self, id: u32) -> Result<Incident> {
        self.act(FIRST, id, "acknowledge", &Acknowledge::default())?;
        let alone = self.incident(id)?.escalation.context("the escalation is not shown")?;
        ensure!(alone.answered.is_none(), "one home alone ended the calls");
        self.wait(ON_THE_WAY);
        self.act(SECOND, id, "acknowledge", &Acknowledge::default())?;
        let is_answered = |it: &Incident| it.escalation.as_ref().is_some_and(|it| it.answered.is_some());
        self.until(id, "two homes have answered", is_answered)
    }

    fn open_dossier(&mut self, id: u32, sealed: &SealedPacket) -> Result<Packet> {
        let given = self.act(FIRST, id, &format!("dossiers/{COERCED}"), &OpenDossier::default())?;
        sealed.open(&given.read::<DossierForResponder>()?)
    }

    /// Writes the folder, reads it back, and checks it with the server's key, which is known from elsewhere.
    fn pack(&mut self, id: u32, packet: &Packet, folder: &Path) -> Result<Manifest> {
        let signed: SignedFacts = self.read(FIRST, &format!("/v1/response/incidents/{id}/pack"))?;
        let key = &self.stage.actor(FIRST)?.key.key;
        let sign = |hash: &Hash| key.sign(hash).to_bytes();
        let (person, public) = (PersonId::parse(FIRST)?, key.public().to_bytes());
        let packer = Packer { person: &person, key: public, sign: &sign };
        let people = vec![for_the_police(COERCED, packet)?];
        let personal = Personal { people, contacts: Vec::new() };
        write_whole(folder, &pack(&signed, Some(&personal), &packer)?)?;
        let server = self.stage.engine.secrets().checkpoint().verifying_key().to_bytes();
        let checked = verify(&read_all(folder)?, &server, Some(&public))?;
        ensure!(checked.manifest.incident == id, "the pack is about another incident");
        Ok(checked.manifest)
    }

    /// Both call back and endorse the clear, which then waits.
    fn clear(&mut self, id: u32) -> Result<Vec<PersonId>> {
        let call = CalledBack { person: PersonId::parse(COERCED)?, all_clear: true, private: true };
        for who in [FIRST, SECOND] {
            self.act(who, id, "called-back", &call)?;
            self.act(who, id, "clear", &Clear::default())?;
        }
        let under_way = self.incident(id)?;
        let waits = under_way.clearing_met_since.is_some() && under_way.closed.is_none();
        ensure!(waits, "the clear is not under way");
        Ok(under_way.clearing.into_iter().map(|endorsed| endorsed.by).collect())
    }

    /// The clear waits as long as the policy says.
    fn until_closed(&mut self, id: u32) -> Result<Incident> {
        let hold = |state: &gate::State| state.overt().policy().map(|policy| policy.response().clear_hold);
        let hold = self.stage.engine.read(hold).context("there is no policy")?;
        self.wait(hold);
        self.wait(SLOT_PERIOD);
        self.until(id, "the incident is closed", |it| it.closed.is_some())
    }

    /// Somebody who is no responder asks for incidents.
    fn colleague(&mut self) -> Result<u16> {
        let token = self.token(COLLEAGUE)?;
        Ok(self.client.get("/v1/response/incidents", Some(&token))?.status)
    }

    /// One act on an incident, answered at the next tick.
    pub fn act<C: Serialize + Sync>(
        &mut self,
        who: &'static str,
        id: u32,
        what: &str,
        command: &C,
    ) -> Result<Answer> {
        self.send(who, &format!("/v1/response/incidents/{id}/{what}"), command)
    }

    /// One act, answered at the next tick.
    pub fn send<C: Serialize + Sync>(
        &mut self,
        who: &'static str,
        path: &str,
        command: &C,
    ) -> Result<Answer> {
        self.calls += 1;
        let key = format!("response-{}", self.calls);
        let actor = self.stage.actor(who)?;
        let signing = Signing { key: &actor.key, phrase: Some(&actor.phrase) };
        let client = &self.client;
        let answer = std::thread::scope(|scope| {
            let sending = scope.spawn(|| client.command(&signing, Endpoint::post(path, &key), command));
            while !sending.is_finished() {
                std::thread::sleep(SETTLE);
                if !sending.is_finished() {
                    self.wait(SLOT_PERIOD);
                }
            }
            sending.join().map_err(|_| anyhow!("the client ended unexpectedly"))?
        })?;
        ensure!(answer.is_success(), "{who}, {path}: {}", answer.problem());
        Ok(answer)
    }

    /// Reads something as somebody.
    pub fn read<T: DeserializeOwned>(&mut self, who: &'static str, path: &str) -> Result<T> {
        let token = match self.tokens.get(who) {
            Some(token) => token.clone(),
            None => self.token(who)?,
        };
        let answer = self.client.get(path, Some(&token))?;
        if answer.status != 401 && answer.status != 404 {
            return answer.read();
        }
        // A session ends while simulated days pass; to whoever has none, the responders' side is not there.
        let token = self.token(who)?;
        self.client.get(path, Some(&token))?.read().with_context(|| format!("{who}, {path}"))
    }

    fn token(&mut self, who: &'static str) -> Result<String> {
        let grant: SessionGrant = self.send(who, "/v1/session", &SignIn::default())?.read()?;
        self.sign_ins += 1;
        self.tokens.insert(who, grant.token.clone());
        Ok(grant.token)
    }
}
