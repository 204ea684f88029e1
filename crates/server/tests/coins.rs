//! The book of coins: found again after a start, however far they lie; PSBTs verified against it and merged (G1, G6).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod world;

use std::collections::BTreeMap;

use gate::{Ask, Command, State};
use journal::blob_hash;
use overt::{Author, Command as Overt};
use policy::Source;
use server::coins::VaultBook;
use server::spends::Earlier;
use types::{ActorId, Amount, Hash, Identified, Moment, Output, Payload, Target};
use vault::bitcoin::consensus::encode;
use vault::bitcoin::hashes::Hash as _;
use vault::bitcoin::{OutPoint, Transaction, TxOut, Txid};
use vault::signing::sign_member;
use vault::{Branch, SpendDraft, build_psbt};

use world::{COIN, FEE, PAYMENT, key, psbt, sources, transfer, treasury};

/// The gate and the book side by side, without an engine.
struct Desk {
    state: State,
    book: VaultBook,
    contents: BTreeMap<Hash, Vec<u8>>,
}

impl Desk {
    fn new(sources: Vec<Source>) -> Self {
        let book = VaultBook::new(key("cosigner").public().to_string());
        let mut desk = Self { state: State::default(), book, contents: BTreeMap::new() };
        desk.run(Author::System, Overt::Found { sources });
        desk.sync();
        desk
    }

    fn run(&mut self, by: Author, ask: Overt) {
        let moment = Moment { wall: world::start_time(), steady: 1, boot: 1, entropy: [0; 32] };
        let tick = Command::system(Ask::Tick);
        for command in [tick, Command { by, ..Command::system(Ask::Overt(ask)) }] {
            let (events, outcome) = gate::step(&self.state, &command, &moment);
            outcome.unwrap();
            events.iter().for_each(|event| self.state.apply(event));
        }
    }

    fn sync(&mut self) {
        self.book.sync(&self.state, &mut |hash| Ok(self.contents.get(hash).cloned())).unwrap();
    }

    /// A transaction that pays the treasury at this place.
    fn payment(&self, index: u32) -> Transaction {
        let script =
            self.book.descriptor(&treasury()).unwrap().script_pubkey(Branch::Receive, index).unwrap();
        let mut transaction: Transaction =
            encode::deserialize(&[2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
        transaction.input.push(vault::bitcoin::TxIn {
            previous_output: OutPoint { txid: Txid::from_byte_array([9; 32]), vout: index },
            ..vault::bitcoin::TxIn::default()
        });
        transaction
            .output
            .push(TxOut { value: vault::bitcoin::Amount::from_sat(COIN), script_pubkey: script });
        transaction
    }

    /// The state learns of a coin as if a journal had said so.
    fn receive(&mut self, transaction: &Transaction) {
        let content = encode::serialize(transaction);
        let address = blob_hash(&content);
        self.contents.insert(address, content);
        let txid = Hash(transaction.compute_txid().to_byte_array());
        let outputs = vec![(types::OutPoint { txid, index: 0 }, u128::from(COIN))];
        let feed = Author::Feed(ActorId::parse("chain").unwrap());
        self.run(
            feed,
            Overt::NoteReceived { vault: treasury(), transaction: address, height: None, outputs },
        );
        self.sync();
    }

    fn submit(&mut self, payload: &Identified) {
        let alice = Author::Actor(ActorId::parse("alice").unwrap());
        self.run(alice, Overt::Submit(Box::new(payload.clone())));
    }
}

fn desk() -> Desk {
    Desk::new(sources())
}

#[test]
fn a_coin_far_behind_the_gap_is_found_again() {
    let mut desk = desk();
    let far = desk.payment(333);
    desk.receive(&far);
    assert_eq!(desk.book.problems(), []);
    let holdings = desk.book.holdings(&treasury()).unwrap();
    assert_eq!(holdings.coins().count(), 1);
    assert!(holdings.unused(Branch::Receive).index > 333, "and no address before it is handed out again");
}

#[test]
fn a_feed_reports_what_it_sees_and_nothing_else() {
    let mut desk = desk();
    let payment = encode::serialize(&desk.payment(3));
    let (ask, (address, content)) = desk.book.receive(&treasury(), &payment).unwrap();
    assert_eq!((blob_hash(&payment), &payment), (address, &content));
    let Ask::Overt(Overt::NoteReceived { outputs, .. }) = ask else { panic!("another command") };
    assert_eq!(outputs[0].1, u128::from(COIN));
    let beyond = encode::serialize(&desk.payment(20));
    assert_eq!(desk.book.receive(&treasury(), &beyond).unwrap_err().code(), "transaction-not-ours");
    let cut = &payment[..payment.len() - 1];
    assert_eq!(desk.book.receive(&treasury(), cut).unwrap_err().code(), "transaction-malformed");
    let desk_vault = types::VaultId::parse("desk").unwrap();
    assert_eq!(desk.book.receive(&desk_vault, &payment).unwrap_err().code(), "not-found");
    desk.contents.clear();
    desk.sync();
    assert_eq!(desk.book.holdings(&treasury()).unwrap().coins().count(), 0);
}

#[test]
fn a_transaction_that_the_journal_lacks_makes_the_vault_unusable_and_says_so() {
    let mut desk = desk();
    let payment = desk.payment(0);
    desk.receive(&payment);
    let mut fresh = VaultBook::new(key("cosigner").public().to_string());
    fresh.sync(&desk.state, &mut |_| Ok(None)).unwrap();
    assert_eq!(fresh.problems().len(), 1);
    assert!(fresh.holdings(&treasury()).is_none());
    fresh.sync(&desk.state, &mut |hash| Ok(desk.contents.get(hash).cloned())).unwrap();
    assert_eq!(fresh.problems(), [], "and is tried again");
}

#[test]
fn a_vault_with_a_key_that_is_none_is_named() {
    let wrong =
        sources().into_iter().map(|source| Source { text: source.text.replace("]tpub", "]xpub"), ..source });
    let desk = Desk::new(wrong.collect());
    let problems = desk.book.problems();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].1.starts_with("member 1: `xpub"), "{problems:?}");
    assert_eq!(desk.book.unused_address(&treasury()).unwrap_err().code(), "vault-unusable");
}

#[test]
fn signatures_of_two_members_become_one_spend() {
    let mut desk = desk();
    let payment = desk.payment(0);
    desk.receive(&payment);
    let payload = transfer(PAYMENT);
    desk.submit(&payload);
    let holdings = desk.book.holdings(&treasury()).unwrap().clone();
    let verify = |attached: Option<&[u8]>, bytes: &[u8]| {
        let earlier = Earlier { attached: attached.map(<[u8]>::to_vec), standing: None };
        desk.book.verify_psbt(&desk.state, payload.id(), &earlier, bytes)
    };
    let alice = verify(None, &psbt(&holdings, PAYMENT, &["alice"])).unwrap();
    assert!(!alice.plan.complete);
    assert_eq!(alice.plan.psbt, blob_hash(&alice.blob.1), "the plan names what the journal keeps");
    let both = verify(Some(&alice.blob.1), &psbt(&holdings, PAYMENT, &["carol"])).unwrap();
    assert!(both.plan.complete);
    let again = verify(Some(&both.blob.1), &psbt(&holdings, PAYMENT, &["alice"])).unwrap();
    assert_eq!(again.blob, both.blob);
    let more = verify(None, &psbt(&holdings, PAYMENT + 1, &["alice"])).unwrap_err();
    assert_eq!(more.code(), "output-not-approved");
    assert_eq!(verify(None, b"psbt?").unwrap_err().code(), "psbt-malformed");
}

#[test]
fn a_transfer_to_a_vault_pays_an_address_of_that_vault() {
    let mut desk = desk();
    let payment = desk.payment(0);
    desk.receive(&payment);
    let btc = |units| Amount { units, ..transfer(1).payload().max_fee };
    let to_vault = Output { target: Target::Vault(treasury()), amount: btc(u128::from(PAYMENT)) };
    let payload = Payload { outputs: vec![to_vault], ..transfer(1).payload().clone() }.identify().unwrap();
    desk.submit(&payload);
    let holdings = desk.book.holdings(&treasury()).unwrap().clone();
    let own = holdings.descriptor().script_pubkey(Branch::Receive, 4).unwrap();
    let draft = SpendDraft {
        inputs: holdings.coins().map(vault::Coin::outpoint).collect(),
        outputs: vec![TxOut { value: vault::bitcoin::Amount::from_sat(PAYMENT), script_pubkey: own }],
        fee: vault::bitcoin::Amount::from_sat(FEE),
        change: holdings.unused(Branch::Change),
        lock_height: 0,
    };
    let mut good = build_psbt(&holdings, &draft).unwrap();
    sign_member(&mut good, &holdings, &key("alice")).unwrap();
    desk.book.verify_psbt(&desk.state, payload.id(), &Earlier::default(), &good.serialize()).unwrap();
    let elsewhere = psbt(&holdings, PAYMENT, &["alice"]);
    let refused =
        desk.book.verify_psbt(&desk.state, payload.id(), &Earlier::default(), &elsewhere).unwrap_err();
    assert_eq!(refused.code(), "output-not-approved");
}
