//! Descriptors: frozen vectors, agreement with miniscript's own derivation, and every reason for refusing a spec (G10).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod world;

use expect_test::{Expect, expect};
use vault::bitcoin::{Network, NetworkKind};
use vault::{Branch, KeyError, ScriptKind, SpecError, VaultKey, VaultSpec};
use world::{KINDS, key, key_on, spec, text};

fn check(kind: ScriptKind, expect: &Expect) {
    let descriptor = spec(kind).descriptor().unwrap();
    let mut lines = vec![descriptor.text().to_owned()];
    for (branch, index) in
        [(Branch::Receive, 0), (Branch::Receive, 1), (Branch::Change, 0), (Branch::Change, 7)]
    {
        lines.push(format!("{branch:?} {index} {}", descriptor.address(branch, index).unwrap()));
    }
    expect.assert_eq(&lines.join("\n"));
}

#[test]
fn wsh_vector() {
    check(
        ScriptKind::Wsh,
        &expect![[r#"
        wsh(andor(pk([57b781b6/48h/1h/0h/2h]tpubDE9huvmN5F4CAZ9F67Fz2LMejEMm4opnwGyLUkwpCuBUpNVUsTE66LAcX2HQzrw7BZMMJWX3T56NCzcK8UkWRnmgbFefZGrAZWZ3qnk3VXo/<0;1>/*),multi(2,[e2eaf4f1/48h/1h/0h/2h]tpubDFYmbPFuVk2S4AtTjP1yDkv5N3p9ekWW3C4HvVjgWkBz6EnymVVD9cHzH9egbnkNi7KxBfqgSp72xywTjHnxsSrdqm45o38DMBEdBBPxTou/<0;1>/*,[7a91fb2b/48h/1h/0h/2h]tpubDFdURwctygrWbhUH2jG9FNeQpk6WA8tdsFCf2r93KH2WiqzmXS9UhonVQ4wziEDsrMjijkAZiHNcdvm4reTG7Etw9wrdLyaKrWKTJMbGZUi/<0;1>/*,[f335a93a/48h/1h/0h/2h]tpubDETwQ2dRHxd9SSgBziiGLvmQRbrKyPrJMaSYCMDBCXXP86AgikDuSwYiw1inAaYAgmdG59v4kmn7AUZYKFq1JjTLuRG5srcYELcYVkqBGox/<0;1>/*),and_v(v:multi(2,[e2eaf4f1/48h/1h/0h/2h]tpubDFYmbPFuVk2S4AtTjP1yDkv5N3p9ekWW3C4HvVjgWkBz6EnymVVD9cHzH9egbnkNi7KxBfqgSp72xywTjHnxsSrdqm45o38DMBEdBBPxTou/<2;3>/*,[7a91fb2b/48h/1h/0h/2h]tpubDFdURwctygrWbhUH2jG9FNeQpk6WA8tdsFCf2r93KH2WiqzmXS9UhonVQ4wziEDsrMjijkAZiHNcdvm4reTG7Etw9wrdLyaKrWKTJMbGZUi/<2;3>/*,[bc56c90b/48h/1h/0h/2h]tpubDEyEx6UuTeuLK66Qd6bxeSv3tqu8pWYsCShBhdTMpKT86vADKPnNHgmdrAJui5qvypVbdWERnABUVAGFWiYQV2V6C7ZN21hPtVkiMVs9Gfs/<2;3>/*),older(144))))#md0prs4j
        Receive 0 bcrt1q36j3ypxxrt5j77lgtw6cgzprwscv605vpj7w8xxjzma2yvsaxyesr4p9h6
        Receive 1 bcrt1q0jpfuesaz3rrzfmythrx63f6tft73vu77w502de4ueg6gfkeltrsxf0jmy
        Change 0 bcrt1qv5c863hz2q766tdqzdjqp2qsaqzhmdcrqp07t6kvwd54q6rxewfq0hqugr
        Change 7 bcrt1q8xfn5frnhnhpdv7d3xh5rp2pt8744sjpwe34vh0968wgk2ff9hsqq9j0hr"#]],
    );
}

#[test]
fn tr_vector() {
    check(
        ScriptKind::Tr,
        &expect![[r#"
        tr(tpubD6NzVbkrYhZ4Ypor73GnQfjXprGCDtuZJcK6pL6kaye6thU1o86JHtNHMBYB85yjbHun5XRQ5duN67pxtnJtKf3YDUihF1dQWtNqV4Nboe1/<0;1>/*,{and_v(v:pk([57b781b6/48h/1h/0h/2h]tpubDE9huvmN5F4CAZ9F67Fz2LMejEMm4opnwGyLUkwpCuBUpNVUsTE66LAcX2HQzrw7BZMMJWX3T56NCzcK8UkWRnmgbFefZGrAZWZ3qnk3VXo/<0;1>/*),multi_a(2,[e2eaf4f1/48h/1h/0h/2h]tpubDFYmbPFuVk2S4AtTjP1yDkv5N3p9ekWW3C4HvVjgWkBz6EnymVVD9cHzH9egbnkNi7KxBfqgSp72xywTjHnxsSrdqm45o38DMBEdBBPxTou/<0;1>/*,[7a91fb2b/48h/1h/0h/2h]tpubDFdURwctygrWbhUH2jG9FNeQpk6WA8tdsFCf2r93KH2WiqzmXS9UhonVQ4wziEDsrMjijkAZiHNcdvm4reTG7Etw9wrdLyaKrWKTJMbGZUi/<0;1>/*,[f335a93a/48h/1h/0h/2h]tpubDETwQ2dRHxd9SSgBziiGLvmQRbrKyPrJMaSYCMDBCXXP86AgikDuSwYiw1inAaYAgmdG59v4kmn7AUZYKFq1JjTLuRG5srcYELcYVkqBGox/<0;1>/*)),and_v(v:multi_a(2,[e2eaf4f1/48h/1h/0h/2h]tpubDFYmbPFuVk2S4AtTjP1yDkv5N3p9ekWW3C4HvVjgWkBz6EnymVVD9cHzH9egbnkNi7KxBfqgSp72xywTjHnxsSrdqm45o38DMBEdBBPxTou/<2;3>/*,[7a91fb2b/48h/1h/0h/2h]tpubDFdURwctygrWbhUH2jG9FNeQpk6WA8tdsFCf2r93KH2WiqzmXS9UhonVQ4wziEDsrMjijkAZiHNcdvm4reTG7Etw9wrdLyaKrWKTJMbGZUi/<2;3>/*,[bc56c90b/48h/1h/0h/2h]tpubDEyEx6UuTeuLK66Qd6bxeSv3tqu8pWYsCShBhdTMpKT86vADKPnNHgmdrAJui5qvypVbdWERnABUVAGFWiYQV2V6C7ZN21hPtVkiMVs9Gfs/<2;3>/*),older(144))})#peg974sj
        Receive 0 bcrt1pvt0a7022y3hys3gg08xaad96yu82qvm5l35e429dkxe8fyhlgfwsmdlpt8
        Receive 1 bcrt1pr82xa30sd9tv6g7q69x60l54nc0rkpx8kzqzjy9hdfpevvawr8esypj3zm
        Change 0 bcrt1pd0495esjxg3e5jdrexl3f4hnnqhdxu660at2c04kh744038jx4us5eulhr
        Change 7 bcrt1pyd2eh28jfnhf3tc9j8ffzy8ftdwu5jv8l7he5drdxjxmmkvpudfqtz33wp"#]],
    );
}

#[test]
fn the_text_gives_the_same_addresses_to_others() {
    use miniscript::{Descriptor, DescriptorPublicKey};
    let secp = vault::bitcoin::secp256k1::Secp256k1::verification_only();
    for kind in KINDS {
        let ours = spec(kind).descriptor().unwrap();
        let theirs: Descriptor<DescriptorPublicKey> = ours.text().parse().unwrap();
        theirs.sanity_check().unwrap();
        let single = theirs.into_single_descriptors().unwrap();
        for (branch, descriptor) in Branch::ALL.into_iter().zip(&single) {
            for index in [0, 1, 19, 2_147_483_647] {
                let derived = descriptor.derived_descriptor(&secp, index).unwrap();
                assert_eq!(derived.script_pubkey(), ours.script_pubkey(branch, index).unwrap());
            }
        }
        assert!(ours.script_pubkey(Branch::Receive, 2_147_483_648).is_err());
    }
}

#[test]
fn no_key_is_twice_in_a_script() {
    for kind in KINDS {
        let script = spec(kind).descriptor().unwrap();
        for branch in Branch::ALL {
            let script = script.derive(vault::Position { branch, index: 5 }).unwrap();
            let mut keys: Vec<_> = script.keys().iter().map(|key| key.public_key).collect();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), script.keys().len());
        }
    }
}

#[test]
fn the_internal_key_is_the_unspendable_point_moved_by_a_public_number() {
    use vault::bitcoin::hashes::{Hash, sha256};
    let descriptor = spec(ScriptKind::Tr).descriptor().unwrap();
    let xpub = descriptor.text().strip_prefix("tr(").unwrap().split('/').next().unwrap();
    let xpub: vault::bitcoin::bip32::Xpub = xpub.parse().unwrap();
    assert_eq!(
        xpub.public_key.to_string(),
        "0250929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0"
    );
    // As documented: SHA-256 over the sorted, distinct account public keys.
    let names = ["alice", "bob", "carol", "dave", "cosigner"];
    let mut keys: Vec<[u8; 33]> = names.map(|name| key(name).public().xpub().public_key.serialize()).to_vec();
    keys.sort_unstable();
    assert_eq!(xpub.chain_code.to_bytes(), sha256::Hash::hash(&keys.concat()).to_byte_array());
}

/// The scripts that were considered: the chosen one is the smallest, script and witness together.
#[test]
fn the_chosen_wsh_is_the_smallest_of_the_candidates() {
    use miniscript::{Miniscript, Segwitv0};
    let bytes = |text: &str| {
        let script = Miniscript::<String, Segwitv0>::from_str_insane(text).unwrap();
        script.sanity_check().unwrap();
        script.script_size() + script.max_satisfaction_size().unwrap()
    };
    let chosen = bytes("andor(pk(C),multi(2,A,B,D),and_v(v:multi(2,E,F,G),older(144)))");
    let candidates = [
        "or_i(and_v(v:pk(C),multi(2,A,B,D)),and_v(v:older(144),multi(2,E,F,G)))",
        "or_i(and_v(v:pk(C),multi(2,A,B,D)),and_v(v:multi(2,E,F,G),older(144)))",
        "or_d(and_b(multi(2,A,B,D),s:pk(C)),and_v(v:multi(2,E,F,G),older(144)))",
    ];
    for candidate in candidates {
        assert!(chosen < bytes(candidate), "{candidate}");
    }
}

fn refused(change: impl Fn(&mut VaultSpec)) -> SpecError {
    let mut spec = spec(ScriptKind::Wsh);
    change(&mut spec);
    let wsh = spec.descriptor().unwrap_err();
    spec.script = ScriptKind::Tr;
    assert_eq!(spec.descriptor().unwrap_err(), wsh);
    wsh
}

fn key_error(change: impl Fn(&mut VaultSpec)) -> KeyError {
    match refused(change) {
        SpecError::Key { why, .. } => why,
        other => panic!("{other}"),
    }
}

#[test]
fn locks_are_blocks_between_one_and_65535() {
    assert_eq!(refused(|spec| spec.recovery.after_blocks = 0), SpecError::NoRecoveryLock);
    assert_eq!(refused(|spec| spec.recovery.after_blocks = 65_536), SpecError::RecoveryLockTooLong(65_536));
    // The bit that would turn blocks into units of 512 s.
    assert_eq!(
        refused(|spec| spec.recovery.after_blocks = 0x0040_0001),
        SpecError::RecoveryLockTooLong(0x0040_0001)
    );
    for blocks in [1, 65_535] {
        let mut spec = spec(ScriptKind::Wsh);
        spec.recovery.after_blocks = blocks;
        assert!(spec.descriptor().unwrap().text().contains(&format!("older({blocks})")));
    }
}

#[test]
fn quorums_are_checked() {
    assert_eq!(refused(|spec| spec.at_least = 0), SpecError::NoQuorum("spending"));
    assert_eq!(refused(|spec| spec.recovery.at_least = 0), SpecError::NoQuorum("recovery"));
    let error = refused(|spec| spec.at_least = 4);
    assert_eq!(error, SpecError::NotEnoughKeys { quorum: "spending", at_least: 4, keys: 3 });
    let error = refused(|spec| spec.recovery.members.truncate(1));
    assert_eq!(error, SpecError::NotEnoughKeys { quorum: "recovery", at_least: 2, keys: 1 });
    let error = refused(|spec| spec.members = (0..21).map(|n| text(&format!("m{n}"))).collect());
    assert_eq!(error, SpecError::TooManyKeys { quorum: "spending", keys: 21 });
}

#[test]
fn twenty_of_twenty_is_sane_in_both_kinds() {
    for kind in KINDS {
        let mut spec = spec(kind);
        spec.members = (0..20).map(|n| text(&format!("m{n}"))).collect();
        spec.recovery.members = spec.members.clone();
        (spec.at_least, spec.recovery.at_least) = (20, 20);
        spec.descriptor().unwrap().address(Branch::Receive, 0).unwrap();
    }
}

#[test]
fn each_signer_has_an_own_key() {
    let twin =
        |first: &str, second: &str| SpecError::DuplicateKey { first: first.into(), second: second.into() };
    assert_eq!(refused(|spec| spec.members[2] = text("alice")), twin("member 1", "member 3"));
    assert_eq!(refused(|spec| spec.cosigner = text("bob")), twin("member 2", "the co-signer"));
    let error = refused(|spec| spec.recovery.members[2] = text("cosigner"));
    assert_eq!(error, twin("recovery member 3", "the co-signer"));
    assert_eq!(
        refused(|spec| spec.recovery.members[1] = text("dave")),
        twin("recovery member 2", "recovery member 3")
    );
}

#[test]
fn a_key_of_another_network_is_refused() {
    let main = key_on(Network::Bitcoin, "alice").public().to_string();
    assert!(matches!(key_error(|spec| spec.members[0] = main.clone()), KeyError::Network { .. }));
    assert!(VaultKey::parse(&main, NetworkKind::Main).is_ok());
    assert!(matches!(key_error(|spec| spec.network = Network::Bitcoin), KeyError::Network { .. }));
}

#[test]
fn derivation_after_the_key_is_refused() {
    let with = |suffix: &str| key_error(|spec| spec.members[1] = format!("{}{suffix}", text("bob")));
    assert!(matches!(with("/0h/*"), KeyError::HardenedAfterKey(_)));
    assert!(matches!(with("/0'/*"), KeyError::HardenedAfterKey(_)));
    assert!(matches!(with("/*h"), KeyError::HardenedAfterKey(_)));
    assert!(matches!(with("/<0;1>/*"), KeyError::PathAfterKey(_)));
}

#[test]
fn origins_are_needed_and_consistent() {
    let without = |text: &str| text.split_once(']').unwrap().1.to_owned();
    assert!(matches!(key_error(|spec| spec.cosigner = without(&text("cosigner"))), KeyError::Origin(_)));
    let shorter = text("bob").replace("/2h]", "]");
    assert!(matches!(key_error(|spec| spec.members[1] = shorter.clone()), KeyError::OriginMismatch(_)));
    let other = text("bob").replace("/2h]", "/1h]");
    assert!(matches!(key_error(|spec| spec.members[1] = other.clone()), KeyError::OriginMismatch(_)));
    for bad in ["", "[", "[]", "[zzzzzzzz/48h]tpub", "[d34db33f/x]tpub", &"[".repeat(10_000)] {
        assert!(matches!(key_error(|spec| spec.members[1] = bad.into()), KeyError::Origin(_)), "{bad:.20}");
    }
    assert!(matches!(key_error(|spec| spec.members[1] = "[d34db33f/48h]tpubX".into()), KeyError::Xpub(_)));
}

#[test]
fn apostrophes_and_h_mean_the_same() {
    let with_h = VaultKey::parse(&text("bob"), NetworkKind::Test).unwrap();
    // Base58 has an `h` too: only the origin is rewritten.
    let (origin, xpub) =
        text("bob").split_once(']').map(|(a, b)| (a.replace('h', "'"), b.to_owned())).unwrap();
    assert_eq!(VaultKey::parse(&format!("{origin}]{xpub}"), NetworkKind::Test).unwrap(), with_h);
}

#[test]
fn a_private_key_is_never_repeated() {
    let secret = "tprv8ZgxMBicQKsPd7Uf69XL1XwhmjHopUGep8GuEiJDZmbQz6o58LninorQAfcKZWARbtRtfnLcJ5MQ2AtHcQJCCRUcMRvmDUjyEmNUWwx8UbK";
    let error = refused(|spec| spec.members[0] = format!("[d34db33f]{secret}"));
    assert!(matches!(&error, SpecError::Key { why: KeyError::Private, .. }));
    assert!(!format!("{error} {error:?}").contains("tprv8"));
}

#[test]
fn the_unspendable_point_is_no_signer() {
    use vault::bitcoin::bip32::{ChainCode, Xpub};
    for sign in ["02", "03"] {
        let mut xpub: Xpub = *key("alice").public().xpub();
        let point = format!("{sign}50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0");
        xpub.public_key = point.parse().unwrap();
        xpub.chain_code = ChainCode::from([9; 32]);
        let whose = format!("[d34db33f/48h/1h/0h/2h]{xpub}");
        let error = refused(|spec| spec.cosigner = whose.clone());
        assert_eq!(error, SpecError::UnspendableKey("the co-signer".into()));
    }
}
