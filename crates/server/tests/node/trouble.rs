//! Nodes that are down, lost, on another chain, pruned, full; sources that disagree; clocks that were moved; disks that are full; a second
//! server. Each ends in a state that says what it waits for, and goes on from there (G1, G6).

use std::sync::{Arc, Mutex};

use chain::{Agreement, Sources};
use credentials::Class;
use gate::Ask;
use journal::SqliteJournal;
use journal::sqlite::Options as Store;
use overt::Command as Overt;
use regtest::{Node, Options};
use server::drafts::{self, Draft};
use server::engine::Engine;
use signer::Signer;
use types::{Span, Target};
use vault::bitcoin::consensus::encode::deserialize;
use vault::bitcoin::hashes::Hash as _;
use vault::bitcoin::{Amount, FeeRate, Network, OutPoint, ScriptBuf, Transaction, Txid};
use vault::signing::sign_member;
use vault::{Approved, Branch, SpendDraft, UnverifiedPsbt, build_psbt, verify};

use crate::rig::{
    HOLD, MAX_FEE, Mood, Moody, PAID, Rig, Setup, core, core_since, following, node, node_with, payload,
    seconds,
};
use crate::world::{self, COIN, Site, treasury, wait_until};

const ELSEWHERE: &str = "bcrt1q5n2k3frgpxces3dsw4qfpqk4kksv0cz96pldxdwxrrw0d5ud5hcqzzx7zt";

/// With a second source that does as it is told.
fn with_second(mood: &Arc<Mutex<Mood>>) -> Rig {
    let second = Arc::clone(mood);
    let rig = Rig::on(node(), Setup::default(), move |node| {
        vec![core(node), Box::new(Moody(core(node), Arc::clone(&second)))]
    });
    rig.deposit(0, 3);
    rig
}

#[test]
fn a_released_transfer_waits_with_the_reason_until_the_sources_agree() {
    let mood = Arc::new(Mutex::new(Mood::Honest));
    let rig = with_second(&mood);
    let troubles = [
        (Mood::Absent, "source-absent"),
        (Mood::Behind(3), "source-lagging"),
        (Mood::OtherBranch, "sources-disagree"),
    ];
    for ((nonce, trouble), code) in
        (1u8..).zip(troubles.map(|(mood, _)| mood)).zip(troubles.map(|(_, code)| code))
    {
        let (id, txid) = rig.prepare(nonce);
        *mood.lock().unwrap() = trouble;
        rig.pass(HOLD);
        assert_eq!((rig.word(id), rig.waits_for(id).as_deref()), ("ready", Some(code)));
        assert!(rig.engine.read(|state| state.overt().transfer(id).unwrap().signings.is_empty()));
        assert!(!rig.in_mempool(txid));
        *mood.lock().unwrap() = Mood::Honest;
        rig.look();
        rig.wait_sent(txid);
        assert_eq!((rig.word(id), rig.waits_for(id)), ("signed", None));
        rig.mine(1);
        assert_eq!(rig.word(id), "confirmed");
    }
}

#[test]
fn a_replacement_that_was_brought_while_sources_disagree_is_signed_when_they_agree() {
    let mood = Arc::new(Mutex::new(Mood::Honest));
    let rig = with_second(&mood);
    let (id, slow) = rig.send(1);
    *mood.lock().unwrap() = Mood::OtherBranch;
    rig.look();
    let fast = rig.bring(id, Draft::Payment, 12);
    assert_eq!((rig.word(id), rig.waits_for(id).as_deref()), ("signed", Some("sources-disagree")));
    assert!(rig.in_mempool(slow) && !rig.in_mempool(fast));
    *mood.lock().unwrap() = Mood::Honest;
    rig.look();
    rig.wait_sent(fast);
    assert_eq!((rig.word(id), rig.waits_for(id)), ("signed", None));
    // The same for one that takes everything back.
    *mood.lock().unwrap() = Mood::Absent;
    rig.look();
    let back = rig.bring(id, Draft::Return, 25);
    assert_eq!(rig.waits_for(id).as_deref(), Some("source-absent"));
    *mood.lock().unwrap() = Mood::Honest;
    rig.look();
    rig.wait_sent(back);
}

#[test]
fn a_coin_that_one_source_does_not_have_is_not_signed_for() {
    let mood = Arc::new(Mutex::new(Mood::Honest));
    let rig = with_second(&mood);
    let (id, txid) = rig.prepare(1);
    *mood.lock().unwrap() = Mood::CoinsGone;
    rig.pass(HOLD);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(rig.word(id), "ready");
    assert!(rig.engine.waiting_transactions(id).unwrap().is_empty() && !rig.in_mempool(txid));
    *mood.lock().unwrap() = Mood::Honest;
    rig.wait_sent(txid);
}

#[test]
fn what_the_last_run_knew_of_the_chain_is_not_enough_to_sign() {
    let mut rig = Rig::new(Setup::default());
    rig.deposit(0, 1);
    let (id, txid) = rig.prepare(1);
    // By what the state knows the chain's time is good for the whole hold.
    rig.node.set_clock(seconds(rig.wall().after(HOLD))).unwrap();
    rig.node.mine(11).unwrap();
    rig.look();
    let mood = Arc::new(Mutex::new(Mood::OtherBranch));
    let second = Arc::clone(&mood);
    rig.restart(rig.wall().after(HOLD), move |node, parts| {
        parts.following = following(vec![core(node), Box::new(Moody(core(node), second))], 1);
    });
    rig.look();
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!((rig.word(id), rig.waits_for(id).as_deref()), ("ready", Some("sources-disagree")));
    assert!(!rig.in_mempool(txid) && rig.engine.waiting_transactions(id).unwrap().is_empty());
    *mood.lock().unwrap() = Mood::Honest;
    rig.look();
    rig.wait_sent(txid);
}

#[test]
fn a_node_that_goes_down_in_the_middle_of_a_broadcast_gets_it_when_it_is_back() {
    let mood = Arc::new(Mutex::new(Mood::Honest));
    let own = Arc::clone(&mood);
    let mut rig =
        Rig::on(node(), Setup::default(), move |node| vec![Box::new(Moody(core(node), Arc::clone(&own)))]);
    rig.deposit(0, 2);
    // Once it goes down before it has the transaction, once after, so that only the answer is lost.
    for (nonce, down) in [(1, Mood::DownBeforeTaking), (2, Mood::DownAfterTaking)] {
        let (id, txid) = rig.prepare(nonce);
        *mood.lock().unwrap() = down;
        rig.pass(HOLD);
        rig.wait_word(id, "signed");
        if down == Mood::DownAfterTaking {
            rig.wait_sent(txid);
        } else {
            std::thread::sleep(std::time::Duration::from_millis(100));
            assert!(!rig.in_mempool(txid));
        }
        rig.node.flush().unwrap();
        rig.node.kill();
        rig.look();
        let trouble =
            rig.engine.read(|state| state.overt().tip(policy::Network::Regtest).unwrap().trouble.clone());
        assert_eq!(trouble.as_deref(), Some("source-absent"));
        rig.node.restart().unwrap();
        rig.node.set_clock(seconds(rig.wall())).unwrap();
        *mood.lock().unwrap() = Mood::Honest;
        rig.look();
        rig.wait_sent(txid);
        rig.mine(1);
        assert_eq!(rig.word(id), "confirmed");
    }
    assert_eq!(rig.payments().len(), 2);
    assert_eq!(rig.engine.health().outgoing, 0);
}

#[test]
fn a_node_that_lost_its_mempool_gets_the_transaction_again() {
    let mut rig = Rig::new(Setup::default());
    rig.deposit(0, 1);
    let (id, txid) = rig.send(1);
    rig.look();
    // Its chain is on disk, its mempool is not.
    rig.node.rpc("gettxoutsetinfo", &["none".into()]).unwrap();
    rig.node.kill();
    rig.node.restart().unwrap();
    rig.node.set_clock(seconds(rig.wall())).unwrap();
    assert!(!rig.in_mempool(txid), "the mempool is lost");
    rig.look();
    rig.wait_sent(txid);
    rig.mine(1);
    assert_eq!(rig.word(id), "confirmed");
}

/// Large transactions that pay more for each byte, until the smallest thing that the node still takes is above `above`.
fn crowd(node: &Node, above: u64) -> u32 {
    let output = (ScriptBuf::from_bytes([&[0, 20][..], &[7; 20]].concat()), Amount::from_sat(1_000));
    for count in 0..80 {
        let info = node.rpc("getmempoolinfo", &[]).unwrap();
        let least = Amount::from_btc(info["mempoolminfee"].as_f64().unwrap()).unwrap().to_sat() / 1000;
        if least > above {
            return count;
        }
        node.fund_all(&vec![output.clone(); 2_900]).unwrap();
    }
    panic!("it never fills");
}

#[test]
fn a_full_mempool_throws_it_out_and_a_higher_fee_brings_it_back() {
    let node = node_with(&["-maxmempool=5"]);
    node.mine(70).unwrap();
    let rig = Rig::on(node, Setup::default(), |node| vec![core(node)]);
    rig.deposit(0, 2);
    let (id, slow) = rig.send(1);
    rig.look();
    crowd(&rig.node, 3);
    assert!(!rig.in_mempool(slow), "it was thrown out");
    rig.look();
    assert_eq!(rig.word(id), "signed", "it stays signed, and is not taken now");
    assert!(!rig.in_mempool(slow));
    let fast = rig.bring(id, Draft::Payment, 40);
    rig.wait_sent(fast);
    rig.mine(3);
    assert_eq!(rig.word(id), "confirmed");
    assert_eq!(rig.payments(), [(fast, PAID)]);
}

#[test]
fn a_payment_that_is_mined_without_its_child_leaves_the_change_to_the_child() {
    let rig = Rig::new(Setup::default());
    rig.deposit(0, 1);
    let (id, parent) = rig.send(1);
    rig.look();
    let child = rig.bring(id, Draft::Child, 12);
    rig.wait_sent(child);
    let transaction = rig.node.transaction(parent).unwrap();
    rig.node.mine_exactly(&[transaction]).unwrap();
    rig.look();
    assert_eq!(rig.word(id), "confirmed");
    assert!(rig.coins().is_empty(), "what the child spends is not offered to another payment");
    rig.mine(1);
    assert_eq!(rig.coins().len(), 1);
}

#[test]
fn a_reorganisation_of_a_hundred_blocks_is_followed_and_the_payment_sent_again() {
    let rig = Rig::new(Setup::default());
    rig.deposit(0, 2);
    let (id, txid) = rig.send(1);
    rig.mine(100);
    assert_eq!(rig.word(id), "confirmed");
    let balance = rig.balance();
    rig.reorganise(100);
    assert_eq!(rig.word(id), "signed");
    rig.wait_sent(txid);
    rig.mine(1);
    assert_eq!((rig.word(id), rig.balance()), ("confirmed", balance));
    assert_eq!(rig.payments(), [(txid, PAID)]);
}

#[test]
fn a_reorganisation_that_takes_the_deposit_takes_the_coin() {
    let rig = Rig::new(Setup::default());
    rig.deposit(0, 1);
    rig.mine(2);
    let [(coin, before)] = <[_; 1]>::try_from(rig.coins()).unwrap();
    rig.reorganise(4);
    assert!(rig.coins().is_empty());
    rig.mine(1);
    let [(again, after)] = <[_; 1]>::try_from(rig.coins()).unwrap();
    assert_eq!(coin, again);
    assert!(after.height > before.height, "its age begins anew: {:?} {:?}", before.height, after.height);
    // And it can be spent.
    let (id, _) = rig.send(1);
    rig.mine(1);
    assert_eq!(rig.word(id), "confirmed");
}

/// Whoever has all keys can spend without Rempart: the coins of a signed payment, in a block, to somewhere else.
fn spent_without_rempart(rig: &Rig, coins: Vec<OutPoint>) -> Transaction {
    let holdings = rig.holdings();
    let elsewhere = payload(vec![(Target::Address(ELSEWHERE.into()), PAID / 2)], 99, MAX_FEE, false);
    let approved = Approved::from_payload(&elsewhere, Network::Regtest, |_| None).unwrap();
    let draft = SpendDraft {
        inputs: coins,
        outputs: approved.txouts(|_| None),
        fee: Amount::from_sat(MAX_FEE),
        change: holdings.unused(Branch::Change),
        lock_height: 0,
    };
    let mut psbt = build_psbt(&holdings, &draft).unwrap();
    for member in ["alice", "carol"] {
        sign_member(&mut psbt, &holdings, &world::key(member)).unwrap();
    }
    let spend = verify(UnverifiedPsbt::from(psbt), &holdings, &approved).unwrap();
    let signed = world::SoftSigner(world::key("cosigner")).cosign(&spend).unwrap().finish().unwrap();
    deserialize(&signed.to_bytes()).unwrap()
}

#[test]
fn a_payment_whose_coins_somebody_else_spent_ends_and_holds_nothing() {
    let rig = Rig::new(Setup { confirmations: 2, ..Setup::default() });
    rig.deposit(0, 1);
    let (id, txid) = rig.send(1);
    let shared = rig.engine.read(|state| state.overt().transfer(id).unwrap().shared_input().unwrap());
    let coin = rig.coins().into_iter().find(|(outpoint, _)| *outpoint == shared).unwrap();
    let outpoint = OutPoint { txid: Txid::from_byte_array(coin.0.txid.0), vout: coin.0.index };
    let foreign = spent_without_rempart(&rig, vec![outpoint]);
    rig.node.mine_exactly(&[foreign]).unwrap();
    rig.look();
    assert_eq!(rig.word(id), "signed", "one block is not deep enough to give up");
    rig.mine(1);
    assert_eq!(rig.word(id), "cancelled");
    rig.engine.read(|state| {
        assert_eq!(state.overt().afloat(&treasury()), types::Value::ZERO);
        assert_eq!(state.overt().reserved_for(&shared), None);
        assert!(state.overt().coins(&treasury()).all(|(outpoint, _)| *outpoint != shared));
    });
    assert!(!rig.in_mempool(txid) && rig.payments().is_empty());
}

#[test]
fn a_node_on_another_network_is_refused_and_the_right_one_goes_on() {
    let mut rig = Rig::new(Setup::default());
    rig.deposit(0, 1);
    let (id, txid) = rig.prepare(1);
    rig.restart(rig.wall(), |node, parts| {
        let agreement = Agreement::for_network(Network::Regtest);
        parts.following = following(vec![core(node)], 1);
        parts.following[0].sources = Sources::new(Network::Signet, vec![core(node)], agreement).unwrap();
    });
    rig.pass(HOLD);
    assert_eq!((rig.word(id), rig.waits_for(id).as_deref()), ("ready", Some("source-wrong-network")));
    rig.restart(rig.wall(), |_, _| {});
    rig.look();
    rig.wait_sent(txid);
}

#[test]
fn a_node_that_is_pruned_past_the_birthday_is_refused_and_a_full_one_goes_on() {
    let mut rig = Rig::new(Setup::default());
    let pruned = Node::start(&Options { prune: true, ..Options::default() }).unwrap();
    rig.deposit(0, 1);
    let (id, txid) = rig.prepare(1);
    rig.clock.advance(HOLD);
    rig.node.set_clock(seconds(rig.wall())).unwrap();
    pruned.set_clock(seconds(rig.wall())).unwrap();
    // The engine does not look while the chain grows by what will be pruned.
    rig.node.mine(900).unwrap();
    pruned.connect(&rig.node).unwrap();
    wait_until("both have one chain", || pruned.tip().unwrap() == rig.node.tip().unwrap());
    pruned.rpc("pruneblockchain", &[700.into()]).unwrap();
    let source = core(&pruned);
    rig.restart(rig.wall(), move |_, parts| parts.following = following(vec![source], 1));
    rig.look();
    assert_eq!((rig.word(id), rig.waits_for(id).as_deref()), ("ready", Some("source-pruned")));
    rig.restart(rig.wall(), |_, _| {});
    rig.look();
    rig.wait_sent(txid);
}

#[test]
fn a_new_server_on_a_pruned_node_begins_at_the_birthday() {
    let node = node();
    let height = node.height().unwrap();
    let rig = Rig::on(node, Setup::default(), move |node| vec![core_since(node, height)]);
    rig.deposit(0, 1);
    assert_eq!(rig.coins().len(), 1);
}

#[test]
fn a_clock_set_forward_while_the_server_is_down_does_not_bring_a_signature_forward() {
    let mut rig = Rig::new(Setup::default());
    rig.deposit(0, 1);
    let (id, txid) = rig.prepare(1);
    let honest = rig.wall();
    rig.restart(honest.after(Span::from_hours(5)), |_, _| {});
    rig.look();
    assert_eq!((rig.word(id), rig.waits_for(id).as_deref()), ("ready", Some("chain-behind")));
    // The chain's own time is what it waits for: three hours behind the clock and no more.
    let at = |minutes: u64| seconds(honest.after(Span::from_seconds(minutes * 60)));
    for (minutes, word) in [(60, "ready"), (119, "ready"), (121, "signed")] {
        rig.node.set_clock(at(minutes)).unwrap();
        rig.node.mine(11).unwrap();
        rig.look();
        wait_until(word, || rig.word(id) == word);
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert_eq!(rig.word(id), word, "after {minutes} minutes");
    }
    rig.wait_sent(txid);
}

#[test]
fn a_second_server_is_refused_and_one_on_a_copy_signs_the_same_transaction() {
    let mut rig = Rig::new(Setup::default());
    rig.deposit(0, 2);
    let (id, txid) = rig.prepare(1);
    let second = SqliteJournal::open(&rig.site.path(), Store::default());
    assert_eq!(second.err().unwrap().code(), "journal-locked");
    rig.engine.stop_blocking().unwrap();
    // Somebody starts a copy of the whole folder elsewhere, with the same secrets and the same co-signer.
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::copy(rig.site.path(), elsewhere.path().join("journal.db")).unwrap();
    rig.restart(rig.wall(), |_, _| {});
    let site = Site { folder: elsewhere.path().to_owned(), secrets: Arc::clone(&rig.site.secrets) };
    let mut parts = site.parts(site.journal(Store::default()), &rig.clock);
    parts.following = following(vec![core(&rig.node)], 1);
    let copy = Engine::start(parts).unwrap();
    rig.pass(HOLD);
    copy.tick();
    copy.look_at_chain();
    rig.wait_sent(txid);
    wait_until("both have signed, or seen that it was", || {
        rig.word(id) == "signed" && matches!(world::word(&copy, id), "signed" | "ready")
    });
    assert_eq!(rig.node.mempool().unwrap(), [txid]);
    let transactions = [&rig.engine, &copy].map(|engine| engine.waiting_transactions(id).unwrap());
    assert!(
        transactions[1].iter().all(|other| *other == transactions[0][0]),
        "the same, signature for signature"
    );
    rig.mine(1);
    copy.look_at_chain();
    assert_eq!(rig.word(id), "confirmed");
    assert_eq!(rig.payments(), [(txid, PAID)]);
    copy.stop_blocking().unwrap();
}

/// What the snapshot of a stop has freed inside the file is taken by slots and sign-ins, until neither finds room.
fn fill(rig: &mut Rig, pages: u32) {
    let store = Store { max_pages: Some(pages) };
    rig.restart_on(store, rig.wall(), |_, _| {}).unwrap();
    let slots = (0..4_000).any(|_| {
        rig.clock.advance(server::engine::SLOT_PERIOD);
        rig.engine.tick();
        rig.engine.health().trouble.is_some()
    });
    let sign_ins = (0..4_000).any(|_| !rig.signs_in("carol"));
    assert!(slots && sign_ins, "the disk was never full");
}

#[test]
fn a_disk_that_is_full_while_reserving_signs_nothing_and_goes_on_when_there_is_room() {
    let mut rig = Rig::new(Setup::default());
    rig.deposit(0, 1);
    let (id, txid) = rig.prepare(1);
    rig.engine.stop_blocking().unwrap();
    let pages = u32::try_from(std::fs::metadata(rig.site.path()).unwrap().len() / 4096).unwrap();
    fill(&mut rig, pages);
    rig.clock.advance(HOLD);
    rig.node.set_clock(seconds(rig.wall())).unwrap();
    rig.node.mine(11).unwrap();
    let (mut held, mut room) = (0, 0);
    while !rig.in_mempool(txid) {
        let store = Store { max_pages: Some(pages + room) };
        if rig.restart_on(store, rig.wall(), |_, _| {}).is_ok() {
            rig.look();
            rig.engine.tick();
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let signed = rig.engine.read(|state| !state.overt().transfer(id).unwrap().signings.is_empty());
        assert!(signed || !rig.in_mempool(txid), "nothing is sent that was not reserved");
        held += u32::from(!signed);
        room += 1;
        assert!(room < 60, "it never goes on");
    }
    assert!(held > 0, "the disk was never full at the reservation");
    rig.restart(rig.wall(), |_, _| {});
    rig.look();
    assert_eq!(rig.word(id), "signed", "what was sent is on the record");
    rig.mine(1);
    assert_eq!((rig.word(id), rig.payments().len()), ("confirmed", 1));
}

const CAP: &str = "outstanding = \"0.25 BTC\"";

#[test]
fn what_is_signed_and_not_confirmed_is_capped() {
    let rig = Rig::new(Setup { vault_keys: CAP, ..Setup::default() });
    rig.deposit(0, 3);
    assert_eq!(rig.submit(Class::Free, 26_000_000, 9).unwrap_err().code(), "outstanding-exceeded");
    let ids = [rig.prepare(1), rig.prepare(2)];
    rig.pass(HOLD);
    wait_until("one is on its way", || rig.node.mempool().unwrap().len() == 1);
    let words = ids.map(|(id, _)| rig.word(id));
    let waiting = words.iter().position(|word| *word == "ready").expect("one waits");
    assert_eq!(words[1 - waiting], "signed");
    let ((waiting, txid), first) = (ids[waiting], ids[1 - waiting].0);
    assert_eq!(rig.waits_for(waiting).as_deref(), Some("outstanding"));
    rig.mine(1);
    assert_eq!(rig.word(first), "confirmed");
    rig.wait_sent(txid);
    // Thrown out again, both are on their way at once, and a third has no room.
    rig.mine(1);
    rig.reorganise(2);
    let (third, _) = rig.prepare(3);
    rig.clock.advance(HOLD);
    rig.node.set_clock(seconds(rig.wall())).unwrap();
    for _ in 0..11 {
        rig.node.mine_exactly(&[]).unwrap();
    }
    rig.look();
    assert_eq!((rig.word(third), rig.waits_for(third).as_deref()), ("ready", Some("outstanding")));
}

#[test]
fn outputs_near_their_recovery_are_renewed_and_one_person_cannot_stop_it() {
    let rig = Rig::new(Setup { recovery_blocks: 144, ..Setup::default() });
    rig.deposit(0, 3);
    let rate = FeeRate::from_sat_per_vb(2).unwrap();
    rig.mine(106);
    assert!(
        drafts::refresh(&rig.engine, &treasury(), 1, rate).is_err(),
        "107 blocks are not three quarters of 144"
    );
    assert_eq!(rig.engine.health().refresh_due, 0);
    rig.mine(1);
    assert_eq!(rig.engine.health().refresh_due, 1, "health says so");
    let refresh = drafts::refresh(&rig.engine, &treasury(), 1, rate).unwrap();
    assert_eq!((refresh.values.len(), refresh.built.psbt.inputs.len(), refresh.left), (1, 3, 0));
    let outputs = refresh.values.iter().map(|value| (Target::Vault(treasury()), value.to_sat())).collect();
    let identified = payload(outputs, 1, refresh.max_fee.to_sat(), true).identify().unwrap();
    let id = identified.id();
    let stop = Overt::Stop { scope: overt::Scope::Organisation, reason: "no".into() };
    rig.run("bob", Class::Free, stop, Vec::new()).unwrap();
    rig.run("alice", Class::Free, Overt::Submit(Box::new(identified)), Vec::new()).unwrap();
    assert_eq!(rig.waits_for(id).as_deref(), Some("signatures"));
    let cancelled = rig.run("bob", Class::Free, Overt::Cancel { transfer: id }, Vec::new());
    assert_eq!(cancelled.unwrap_err().code(), "not-allowed");
    let own = Overt::Stop { scope: overt::Scope::Transfer(id), reason: "no".into() };
    rig.run("bob", Class::Free, own, Vec::new()).unwrap();
    std::thread::scope(|scope| {
        let object =
            rig.people.act("bob", Class::Free, Ask::Covert(covert::Command::Object { transfer: id }));
        let answer = scope.spawn(|| rig.engine.run_blocking(object).unwrap());
        std::thread::sleep(std::time::Duration::from_millis(150));
        world::pass_slot(&rig.engine, &rig.clock);
        assert_eq!(answer.join().unwrap().unwrap_err().code(), "not-allowed");
    });
    let psbt = refresh.built.psbt;
    let txid = psbt.unsigned_tx.compute_txid();
    let signed = rig.sign(id, psbt, &["alice", "carol"]);
    rig.attach(id, Class::Free, "alice", &signed).unwrap();
    rig.wait_sent(txid);
    rig.mine(1);
    assert_eq!(rig.word(id), "confirmed");
    let coins = rig.coins();
    assert_eq!(coins.len(), 1);
    assert_eq!(coins[0].1.units, u128::from(refresh.values[0].to_sat()));
    assert!(u128::from(3 * COIN) - coins[0].1.units <= u128::from(MAX_FEE));
    let now = rig.wall();
    assert!(!rig.engine.read(|state| state.overt().nears_recovery(&coins[0].1, now)));
    assert_eq!(rig.node.confirmations(OutPoint { txid, vout: 0 }).unwrap(), Some(1));
}
