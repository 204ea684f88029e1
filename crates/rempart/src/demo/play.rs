//! One story, played through the HTTP API with real PSBTs, and everything that the server answered on the way.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use api::{
    Approve, MoneyText, NewDossier, NewOutput, NewPrice, NewTransaction, NewTransfer, SessionGrant, SignIn,
    StatusWord, TransactionHex, Transfer,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bitcoin::{Address, Amount as Bitcoins, Network, OutPoint, Psbt, Transaction, TxOut};
use serde::Serialize;
use server::clock::Stopwatch;
use types::{Amount, Hash, Rate, Span, Timestamp, VaultId};
use ureq::http::Method;
use vault::{Holdings, SpendDraft};

use crate::client::{Answer, Client, Endpoint, Signing};
use crate::demo::packet::SealedPacket;
use crate::demo::prompter::{PARTNER, PRICE};
use crate::demo::stage::{Actor, CENTRE, MAIL, Stage};
use crate::demo::telling::{Ending, Heard, Scene, Step, Story};

/// Who is held, in the coerced story.
pub const COERCED: &str = "omar";
const VAULT: &str = "treasury";
const FUNDS: &str = "40 BTC";
const PAYMENT: &str = "2 BTC";
const FEE: &str = "0.0001 BTC";
const MEMO: &str = "deposit at the exchange";
/// How long the free story waits for its signature once the wait is over.
const SIGNING_POLLS_MAX: u32 = 200;
const POLL: Duration = Duration::from_millis(50);
/// How long alarms may take to arrive.
const ALARM_PATIENCE: Duration = Duration::from_secs(5);

/// Of free will, or with a gun at the head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Will {
    /// The treasurer types the true phrase.
    Free,
    /// The treasurer types a panic phrase, each time.
    Coerced,
}

/// What was said over the wire, in order, until the wait ended.
pub type Transcript = Vec<(&'static str, Answer)>;

/// A story under way.
pub struct Play<'s> {
    stage: &'s Stage,
    client: Client,
    will: Will,
    scenes: Vec<Scene>,
    transcript: Transcript,
    calls: u32,
}

impl<'s> Play<'s> {
    /// Begins a story on a stage.
    pub fn new(stage: &'s Stage, will: Will) -> Self {
        let client = Client::new(&stage.url, "en");
        Self { stage, client, will, scenes: Vec::new(), transcript: Vec::new(), calls: 0 }
    }

    /// Plays it to the end. Blocks; the server runs on other threads.
    pub fn finish(mut self, sealed: &SealedPacket) -> Result<(Story, Transcript)> {
        self.hand_in(sealed)?;
        self.wait(Span::from_hours(10 * 24));
        let holdings = self.fund()?;
        let since = Stopwatch::start();
        self.sign_in()?;
        let heard = self.heard(since)?;
        self.scene(Step::SignIn, "200 signed in".to_owned());
        let (transfer, mut psbt) = self.propose(&holdings)?;
        self.wait(Span::from_seconds(20 * 60));
        self.sign("paula", &mut psbt, &holdings)?;
        self.approve("paula", Step::ApproveFirst, transfer, Some(&psbt))?;
        self.wait(Span::from_seconds(40 * 60));
        self.approve("nora", Step::ApproveSecond, transfer, None)?;
        self.wait(Span::from_hours(24));
        let token = self.sign_in()?;
        self.look(Step::LookAfterOneDay, transfer, &token)?;
        self.wait(Span::from_seconds(24 * 3600 - 1));
        let token = self.sign_in()?;
        self.look(Step::LookBeforeReady, transfer, &token)?;
        let transcript = std::mem::take(&mut self.transcript);
        self.wait(Span::from_seconds(1));
        let ending = self.end(transfer, &token, &holdings)?;
        Ok((Story { scenes: self.scenes, heard, ending }, transcript))
    }

    /// What comes before either story: the dossier, ten days without anything, coins in the vault. For a stage on which people play by hand.
    pub fn prepare(mut self, sealed: &SealedPacket) -> Result<()> {
        self.hand_in(sealed)?;
        self.wait(Span::from_hours(10 * 24));
        // Once for each story: the change of the first payment is not confirmed when the second is proposed.
        self.fund()?;
        self.fund().map(drop)
    }

    fn wait(&self, span: Span) {
        self.stage.clock.advance(span);
        self.stage.engine.tick();
    }

    fn now(&self) -> Timestamp {
        self.stage.engine.now()
    }

    /// Hands in the dossier while still free, in both stories.
    fn hand_in(&mut self, sealed: &SealedPacket) -> Result<()> {
        let actor = self.stage.actor(COERCED)?;
        let signing = Signing { key: &actor.key, phrase: Some(&actor.phrase) };
        let command = NewDossier { revision: 1, readers: sealed.readers(), sealed: sealed.text() };
        let to = Endpoint { method: Method::PUT, path: "/v1/me/dossier", idempotency_key: "demo-dossier" };
        let answer = self.client.command(&signing, to, &command)?;
        if !answer.is_success() {
            bail!("dossier: {}", answer.problem());
        }
        self.scene(Step::HandIn, format!("{} accepted", answer.status));
        self.transcript.push(("dossier", answer));
        Ok(())
    }

    /// What reached each receiver first, in real time since the phrase was sent.
    fn heard(&self, since: Stopwatch) -> Result<Vec<Heard>> {
        let mut heard: Vec<Heard> = Vec::new();
        if self.will == Will::Free {
            return Ok(heard);
        }
        while heard.len() < 2 && since.elapsed() < ALARM_PATIENCE {
            for (channel, came) in [(CENTRE, self.stage.messages()), (MAIL, self.stage.mails().len())] {
                if came > 0 && !heard.iter().any(|one| one.channel == channel) {
                    heard.push(Heard { channel, milliseconds: since.elapsed().as_millis() });
                }
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        if heard.len() < 2 {
            bail!("the alarm did not reach both receivers");
        }
        Ok(heard)
    }

    /// Mines coins to the vault's own address and lets the feed report them, with a price.
    fn fund(&mut self) -> Result<Holdings> {
        let vault = VaultId::parse(VAULT)?;
        let descriptor = self.stage.engine.book(|book| book.descriptor(&vault).cloned());
        let descriptor = descriptor.context("the vault has no descriptor")?;
        let mut holdings = Holdings::new(descriptor)?;
        let script = holdings.descriptor().script_pubkey(vault::Branch::Receive, 0)?;
        let coins = Bitcoins::from_sat(sats(Amount::parse(FUNDS)?)?);
        let funding = self.stage.chain.lock().fund(script, coins)?;
        holdings.confirm(&funding)?;
        let price =
            NewPrice { asset: Amount::parse(FUNDS)?.asset, at: self.now(), rate: Rate::parse(PRICE)? };
        self.feed("price", "/v1/feed/prices", &price)?;
        let transaction = bitcoin::consensus::encode::serialize_hex(&funding);
        let report = NewTransaction { vault, transaction, confirms: None };
        self.feed("funding", "/v1/feed/transactions", &report)?;
        Ok(holdings)
    }

    fn feed<C: Serialize>(&mut self, label: &'static str, path: &str, report: &C) -> Result<Answer> {
        let signing = Signing { key: &self.stage.feed, phrase: None };
        self.send(label, path, &signing, report)
    }

    fn send<C: Serialize>(
        &mut self,
        label: &'static str,
        path: &str,
        by: &Signing<'_>,
        command: &C,
    ) -> Result<Answer> {
        self.calls += 1;
        let key = format!("demo-{}", self.calls);
        let answer = self.client.command(by, Endpoint::post(path, &key), command)?;
        if !answer.is_success() {
            bail!("{label}: {}", answer.problem());
        }
        self.transcript.push((label, answer.clone()));
        Ok(answer)
    }

    /// The treasurer's phrase in this story; everybody else is free in both.
    fn phrase(&self, actor: &'s Actor) -> &'s str {
        match (self.will, actor.key.person.as_str()) {
            (Will::Coerced, COERCED) => &actor.panic_phrase,
            _ => &actor.phrase,
        }
    }

    fn act<C: Serialize>(
        &mut self,
        label: &'static str,
        name: &str,
        path: &str,
        command: &C,
    ) -> Result<Answer> {
        let actor = self.stage.actor(name)?;
        let signing = Signing { key: &actor.key, phrase: Some(self.phrase(actor)) };
        self.send(label, path, &signing, command)
    }

    fn sign_in(&mut self) -> Result<String> {
        let answer = self.act("sign-in", "omar", "/v1/session", &SignIn::default())?;
        let grant: SessionGrant = answer.read()?;
        Ok(grant.token)
    }

    fn scene(&mut self, step: Step, shown: String) {
        self.scenes.push(Scene { at: self.now(), step, shown });
    }

    fn propose(&mut self, holdings: &Holdings) -> Result<(Hash, Psbt)> {
        let payment = Amount::parse(PAYMENT)?;
        let mut psbt = draft(holdings, payment)?;
        self.sign("omar", &mut psbt, holdings)?;
        let command = NewTransfer {
            vault: VaultId::parse(VAULT)?,
            outputs: vec![NewOutput::to_address(PARTNER.to_owned(), payment)],
            max_fee: MoneyText(Amount::parse(FEE)?),
            memo: MEMO.to_owned(),
            reference: "demo".to_owned(),
            refresh: false,
            nonce: None,
            psbt: Some(BASE64.encode(psbt.serialize())),
        };
        let answer = self.act("propose", "omar", "/v1/transfers", &command)?;
        let accepted: api::Accepted = answer.read()?;
        self.scene(Step::Propose, format!("{} accepted", answer.status));
        Ok((accepted.transfer.context("the server named no transfer")?, psbt))
    }

    fn sign(&self, name: &str, psbt: &mut Psbt, holdings: &Holdings) -> Result<()> {
        let key =
            self.stage.actor(name)?.member.as_ref().with_context(|| format!("{name} has no hardware key"))?;
        vault::signing::sign_member(psbt, holdings, key)?;
        Ok(())
    }

    fn approve(&mut self, name: &str, step: Step, transfer: Hash, signed: Option<&Psbt>) -> Result<()> {
        let psbt = signed.map(|psbt| BASE64.encode(psbt.serialize()));
        let command = Approve { payload_hash: transfer, psbt };
        let answer = self.act("approve", name, &format!("/v1/transfers/{transfer}/approve"), &command)?;
        self.scene(step, format!("{} accepted", answer.status));
        Ok(())
    }

    fn look(&mut self, step: Step, transfer: Hash, token: &str) -> Result<Transfer> {
        let answer = self.client.get(&format!("/v1/transfers/{transfer}"), Some(token))?;
        let seen: Transfer = answer.read()?;
        self.scene(step, format!("{} {}", answer.status, word(&seen)));
        self.transcript.push(("look", answer));
        Ok(seen)
    }

    /// What became of it, as everybody may see, and what the world outside saw.
    fn end(&mut self, transfer: Hash, token: &str, holdings: &Holdings) -> Result<Ending> {
        let path = format!("/v1/transfers/{transfer}");
        self.until_decided(&path, token)?;
        let seen = self.look(Step::LookAfterReady, transfer, token)?;
        let transaction = self.transaction(&path, token)?;
        let valid = transaction.as_ref().is_some_and(|transaction| is_valid(transaction, holdings));
        Ok(Ending {
            status: word(&seen),
            txid: transaction.map(|transaction| transaction.compute_txid().to_string()),
            consensus_valid: valid,
            payments: self.stage.chain.lock().payments(),
            alarms: self.stage.alarms(ALARM_PATIENCE),
        })
    }

    /// Signing follows the decision on another thread: looks again until it is there.
    fn until_decided(&self, path: &str, token: &str) -> Result<()> {
        for _ in 0..SIGNING_POLLS_MAX {
            let seen: Transfer = self.client.get(path, Some(token))?.read()?;
            if !matches!(seen.status, StatusWord::Pending | StatusWord::Ready) {
                return Ok(());
            }
            std::thread::sleep(POLL);
        }
        bail!("the transfer was neither signed nor declined when its wait was over")
    }

    /// The transaction, if there is one, as any node would take it.
    fn transaction(&self, path: &str, token: &str) -> Result<Option<Transaction>> {
        let answer = self.client.get(&format!("{path}/transaction"), Some(token))?;
        if !answer.is_success() {
            return Ok(None);
        }
        let hexadecimal = answer.read::<TransactionHex>()?.transaction;
        Ok(Some(bitcoin::consensus::encode::deserialize_hex(&hexadecimal)?))
    }
}

fn word(seen: &Transfer) -> String {
    let word = serde_json::to_value(seen.status).ok();
    word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn sats(amount: Amount) -> Result<u64> {
    u64::try_from(amount.units).context("more than all bitcoin")
}

/// The payment with its change, from all that the vault has.
fn draft(holdings: &Holdings, payment: Amount) -> Result<Psbt> {
    let address: Address<_> = PARTNER.parse::<Address<bitcoin::address::NetworkUnchecked>>()?;
    let script = address.require_network(Network::Regtest)?.script_pubkey();
    let inputs: Vec<OutPoint> = holdings.coins().map(vault::Coin::outpoint).collect();
    let output = TxOut { value: Bitcoins::from_sat(sats(payment)?), script_pubkey: script };
    let draft = SpendDraft {
        inputs,
        outputs: vec![output],
        fee: Bitcoins::from_sat(sats(Amount::parse(FEE)?)?),
        change: holdings.unused(vault::Branch::Change),
        lock_height: 0,
    };
    Ok(vault::build_psbt(holdings, &draft)?)
}

/// Bitcoin Core's script code over every input, with the outputs that the demo itself funded.
fn is_valid(transaction: &Transaction, holdings: &Holdings) -> bool {
    let spent = |outpoint: &OutPoint| holdings.coin(outpoint).map(|coin| coin.output().clone());
    let spent: Option<Vec<TxOut>> =
        transaction.input.iter().map(|input| spent(&input.previous_output)).collect();
    spent.is_some_and(|spent| vault::check_consensus(transaction, &spent).is_ok())
}
