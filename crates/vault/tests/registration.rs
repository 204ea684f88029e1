//! What devices are shown is the vault's descriptor, whatever its form (G10).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod world;

use std::collections::BTreeSet;

use expect_test::expect;
use miniscript::{Descriptor, DescriptorPublicKey};
use types::VaultId;
use vault::{ColdcardWallet, ScriptKind, VaultSpec, WalletPolicy};
use world::{KINDS, spec, text};

fn policy(spec: &VaultSpec) -> WalletPolicy {
    WalletPolicy::new(&spec.descriptor().unwrap())
}

#[test]
fn the_templates_are_these() {
    expect!["wsh(andor(pk(@0/**),multi(2,@1/**,@2/**,@3/**),and_v(v:multi(2,@1/<2;3>/*,@2/<2;3>/*,@4/<2;3>/*),older(144))))"]
        .assert_eq(&policy(&spec(ScriptKind::Wsh)).descriptor_template);
    expect!["tr(@0/**,{and_v(v:pk(@1/**),multi_a(2,@2/**,@3/**,@4/**)),and_v(v:multi_a(2,@2/<2;3>/*,@3/<2;3>/*,@5/<2;3>/*),older(144))})"]
        .assert_eq(&policy(&spec(ScriptKind::Tr)).descriptor_template);
}

#[test]
fn a_policy_stands_for_the_descriptor() {
    for kind in KINDS {
        let mut large = spec(kind);
        large.members = (0..20).map(|number| text(&format!("member {number}"))).collect();
        large.recovery.members = (10..25).map(|number| text(&format!("member {number}"))).collect();
        for spec in [spec(kind), large] {
            let descriptor = spec.descriptor().unwrap();
            let policy = WalletPolicy::new(&descriptor);
            let parse = |text: &str| text.parse::<Descriptor<DescriptorPublicKey>>().unwrap();
            assert_eq!(parse(&policy.descriptor_text()), parse(descriptor.text()));
            let keys: BTreeSet<&String> = policy.keys_info.iter().collect();
            assert_eq!(keys.len(), policy.keys_info.len(), "each key once");
            assert!(!policy.descriptor_template.contains("pub"), "every key is replaced");
            let firsts: Vec<usize> = (0..keys.len())
                .map(|number| policy.descriptor_template.find(&format!("@{number}/")).unwrap())
                .collect();
            assert!(firsts.is_sorted(), "in the order of first appearance");
        }
    }
}

#[test]
fn keys_have_origins_as_devices_write_them() {
    let policy = policy(&spec(ScriptKind::Tr));
    assert!(policy.keys_info[0].starts_with("tpub"), "nobody has the internal key");
    for key in &policy.keys_info[1..] {
        assert!(key.starts_with('[') && key.contains("/48'/1'/0'/2']tpub"), "{key}");
    }
}

#[test]
fn names_fit_the_device() {
    let mut spec = spec(ScriptKind::Wsh);
    spec.id = VaultId::parse(&"long-name-".repeat(6)).unwrap();
    let descriptor = spec.descriptor().unwrap();
    assert_eq!(WalletPolicy::new(&descriptor).name.len(), 60);
    let coldcard = ColdcardWallet::new(&descriptor);
    assert_eq!(coldcard.name, "long-name-long-name-");
    assert_eq!(coldcard.desc, descriptor.text());
}
