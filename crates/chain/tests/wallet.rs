//! Real vaults' wallets, and that what is stored is what is there: changes as bytes, in order, make the same wallet (G7).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod stage;

use bitcoin::Amount;
use bitcoin::bip32::{DerivationPath, Xpriv, Xpub};
use bitcoin::hashes::{Hash, sha256};
use bitcoin::secp256k1::Secp256k1;
use chain::{Source, TxStatus, Wallet, WalletError};
use regtest::Node;
use stage::*;
use types::VaultId;
use vault::{Branch, GAP_LIMIT, Position, RecoverySpec, ScriptKind, VaultDescriptor, VaultSpec};

fn key(name: &str) -> String {
    let (secp, path) = (Secp256k1::new(), "48h/1h/0h/2h");
    let master = Xpriv::new_master(NETWORK, &sha256::Hash::hash(name.as_bytes()).to_byte_array()).unwrap();
    let account = master.derive_priv(&secp, &path.parse::<DerivationPath>().unwrap()).unwrap();
    format!("[{}/{path}]{}", master.fingerprint(&secp), Xpub::from_priv(&secp, &account))
}

fn descriptor(name: &str, script: ScriptKind) -> VaultDescriptor {
    let keys = |names: [&str; 3]| names.map(|who| key(&format!("{who} of {name}"))).to_vec();
    let recovery = RecoverySpec { at_least: 2, members: keys(["alice", "bob", "dave"]), after_blocks: 100 };
    VaultSpec {
        id: VaultId::parse(name).unwrap(),
        network: NETWORK,
        script,
        at_least: 2,
        members: keys(["alice", "bob", "carol"]),
        recovery,
        cosigner: key("cosigner"),
    }
    .descriptor()
    .unwrap()
}

#[test]
fn the_wallet_s_addresses_are_the_vault_s() {
    for kind in [ScriptKind::Wsh, ScriptKind::Tr] {
        let vault = descriptor("treasury", kind);
        let mut wallet = Wallet::create(NETWORK, vault.text()).unwrap();
        for branch in Branch::ALL {
            for index in 0..3 {
                let (position, address) = wallet.reveal(branch).unwrap();
                assert_eq!(position, Position { branch, index });
                assert_eq!(address, vault.address(branch, index).unwrap());
                assert_eq!(wallet.position(&address.script_pubkey()), Some(position));
            }
            assert_eq!(wallet.revealed(branch), Some(2));
        }
    }
}

#[test]
fn two_vaults_on_one_node_know_their_own_coins_alone() {
    let node = Node::funded().unwrap();
    let source = core(&node);
    let vaults = [descriptor("cold", ScriptKind::Wsh), descriptor("hot", ScriptKind::Tr)];
    let mut wallets = vaults.map(|vault| Wallet::create(NETWORK, vault.text()).unwrap());
    let scripts = wallets.each_mut().map(reveal);
    let sums = [3, 5].map(|coins| COIN * coins);
    let payment = node.fund_all(&[(scripts[0].clone(), sums[0]), (scripts[1].clone(), sums[1])]).unwrap();
    node.mine(1).unwrap();
    for (wallet, sum) in wallets.iter_mut().zip(sums) {
        sync(&source, wallet);
        assert_eq!(wallet.balance().confirmed, sum);
        assert_eq!(wallet.coins(1).len(), 1);
        assert!(matches!(wallet.status(payment.compute_txid()), TxStatus::Confirmed { depth: 1, .. }));
    }
    assert_eq!(wallets[0].position(&scripts[1]), None);
}

#[test]
fn an_address_that_another_copy_has_shown_is_found_up_to_the_gap() {
    let node = Node::funded().unwrap();
    let vault = descriptor("treasury", ScriptKind::Wsh);
    let mut wallet = Wallet::create(NETWORK, vault.text()).unwrap();
    let script = |index| vault.script_pubkey(Branch::Receive, index).unwrap();
    node.fund(&script(GAP_LIMIT - 1), COIN).unwrap();
    node.mine(1).unwrap();
    sync(&core(&node), &mut wallet);
    assert_eq!(wallet.balance().confirmed, COIN);
    // The next fresh one is after it, and the gap begins anew there.
    node.fund(&script(2 * GAP_LIMIT - 1), COIN).unwrap();
    node.fund(&script(9 * GAP_LIMIT), COIN).unwrap();
    node.mine(1).unwrap();
    sync(&core(&node), &mut wallet);
    assert_eq!(wallet.balance().confirmed, COIN * 2, "what is beyond the gap is not seen");
    assert_eq!(wallet.reveal(Branch::Receive).unwrap().0.index, 2 * GAP_LIMIT);
}

#[test]
fn mined_coins_are_immature_for_a_hundred_blocks() {
    let node = Node::funded().unwrap();
    let mut wallet = empty_wallet();
    let script = reveal(&mut wallet);
    node.mine_to_script(1, &script).unwrap();
    node.mine(98).unwrap();
    sync(&core(&node), &mut wallet);
    assert!(wallet.coins(1)[0].is_immature && wallet.balance().immature > Amount::ZERO);
    node.mine(1).unwrap();
    sync(&core(&node), &mut wallet);
    assert!(!wallet.coins(1)[0].is_immature && wallet.balance().immature == Amount::ZERO);
}

#[test]
fn stored_changes_make_the_same_wallet_whole_or_piece_by_piece() {
    let (node, mut wallet) = (Node::funded().unwrap(), empty_wallet());
    let source = core(&node);
    let mut stored: Vec<Vec<u8>> = Vec::new();
    for round in 0..4u8 {
        deposit(&node, &mut wallet);
        stored.extend(wallet.take_staged());
        sync(&source, &mut wallet);
        stored.extend(wallet.take_staged());
        let coins = wallet.coins(1);
        source.broadcast(&spend(&coins[..1], elsewhere(round + 1), 500)).unwrap();
        sync(&source, &mut wallet);
        stored.extend(wallet.take_staged());
    }
    node.reorganise(2).unwrap();
    sync(&source, &mut wallet);
    stored.extend(wallet.take_staged());
    assert_eq!(wallet.take_staged(), None);

    let load = |changes: &[Vec<u8>]| Wallet::load(NETWORK, &spendable(), changes.iter().map(Vec::as_slice));
    let mut loaded = load(&stored).unwrap();
    assert_eq!(all_of(&loaded), all_of(&wallet));
    let whole = wallet.whole();
    assert!(whole.len() < stored.iter().map(Vec::len).sum());
    assert_eq!(all_of(&load(&[whole]).unwrap()), all_of(&wallet));
    // It goes on from there, and nothing is new to it.
    loaded.take_staged();
    sync(&source, &mut loaded);
    assert_eq!(all_of(&loaded), all_of(&wallet));
    node.mine(1).unwrap();
    sync(&source, &mut loaded);
    sync(&source, &mut wallet);
    assert_eq!(all_of(&loaded), all_of(&wallet));
}

#[test]
fn damaged_foreign_and_missing_records_are_named() {
    let mut wallet = empty_wallet();
    let first = wallet.take_staged().unwrap();
    reveal(&mut wallet);
    let second = wallet.take_staged().unwrap();
    let load = |changes: &[&[u8]]| {
        let loaded = Wallet::load(NETWORK, &spendable(), changes.iter().copied());
        loaded.map(|wallet| wallet.revealed(Branch::Receive))
    };
    assert_eq!(load(&[&first, &second]), Ok(Some(0)));
    assert_eq!(load(&[]), Err(WalletError::NothingStored));
    assert_eq!(load(&[&second]), Err(WalletError::NothingStored));
    assert_eq!(load(&[&first, &second[..second.len() - 1]]), Err(WalletError::Damaged(1)));
    assert_eq!(load(&[&first, &[second.as_slice(), &[0]].concat()]), Err(WalletError::Damaged(1)));
    assert_eq!(load(&[&first, &[]]), Err(WalletError::Damaged(1)));
    let newer = [&[9u8], &second[1..]].concat();
    assert_eq!(load(&[&first, &newer]), Err(WalletError::Version { place: 1, version: 9 }));
    let mut other = Wallet::create(bitcoin::Network::Signet, &spendable()).unwrap();
    let foreign = other.take_staged().unwrap();
    assert_eq!(load(&[&first, &foreign]), Err(WalletError::OtherWallet(1)));
    assert!(matches!(Wallet::create(NETWORK, "wpkh(x)"), Err(WalletError::Descriptor(_))));
}

/// Records of this version must be readable for ever: these bytes were written by the first program that had it.
#[test]
fn a_record_written_long_ago_is_read() {
    let mut wallet = empty_wallet();
    let _ = wallet.take_staged();
    reveal(&mut wallet);
    let spent = bitcoin::OutPoint { txid: bitcoin::Txid::from_byte_array([7; 32]), vout: 1 };
    let transaction = bitcoin::Transaction {
        version: bitcoin::transaction::Version::TWO,
        lock_time: bitcoin::absolute::LockTime::ZERO,
        input: vec![bitcoin::TxIn { previous_output: spent, ..bitcoin::TxIn::default() }],
        output: vec![bitcoin::TxOut { value: COIN, script_pubkey: reveal(&mut wallet) }],
    };
    wallet.insert_broadcast(transaction, 1_800_000_000);
    let whole = bitcoin::hex::DisplayHex::to_lower_hex_string(wallet.whole().as_slice());
    let old = include_str!("record-1.hex").trim();
    assert_eq!(whole, old);
    let old = <Vec<u8> as bitcoin::hex::FromHex>::from_hex(old).unwrap();
    assert_eq!(all_of(&Wallet::load(NETWORK, &spendable(), [old.as_slice()]).unwrap()), all_of(&wallet));
}
