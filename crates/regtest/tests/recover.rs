//! `docs/recover.md`, followed to the letter: every `sh` block of the page is run in its order by bash against a real node, by somebody who
//! has the backup sheet and the recovery keys and nothing of Rempart (G10).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::process::Command;

use bitcoin::bip32::{DerivationPath, Xpriv, Xpub};
use bitcoin::secp256k1::Secp256k1;
use bitcoin::{Amount, Network, Txid};
use regtest::Node;
use tempfile::TempDir;
use types::VaultId;
use vault::{Branch, RecoverySpec, ScriptKind, VaultDescriptor, VaultSpec};

const PAGE: &str = include_str!("../../../docs/recover.md");
const PAGE_FR: &str = include_str!("../../../docs/recover.fr.md");
/// What the page says must be set before its first command.
const VARIABLES: [&str; 7] = ["DESCRIPTOR", "LOCK", "TO", "FEE_RATE", "AGE", "RANGE", "CLI"];
const LOCK: u32 = 20;
const FEE_RATE: u64 = 7;

/// The contents of the page's fenced blocks of a language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let block = |part: &'a str| part.split_once("\n```").expect("an unclosed block").0;
    page.split(fence.as_str()).skip(1).map(block).collect()
}

/// A recovery key as its holder has it on paper, and as the sheet has it.
struct Holder {
    private: String,
    public: String,
}

fn holder(number: u8) -> Holder {
    let secp = Secp256k1::new();
    let master = Xpriv::new_master(Network::Regtest, &[number; 32]).unwrap();
    let path: DerivationPath = "48h/1h/0h/2h".parse().unwrap();
    let account = master.derive_priv(&secp, &path).unwrap();
    let origin = format!("[{}/48h/1h/0h/2h]", master.fingerprint(&secp));
    let public = format!("{origin}{}", Xpub::from_priv(&secp, &account));
    Holder { private: format!("{origin}{account}"), public }
}

struct Story {
    node: Node,
    folder: TempDir,
    vault: VaultDescriptor,
    holders: Vec<Holder>,
}

/// What the page's commands printed, and whether the last one failed.
struct Followed {
    text: String,
    success: bool,
}

impl Story {
    /// Two of three holders can recover. The co-signer's private key does not exist here.
    fn new(script: ScriptKind) -> Self {
        let holders: Vec<Holder> = (1..=3).map(holder).collect();
        let publics: Vec<String> = holders.iter().map(|holder| holder.public.clone()).collect();
        let spec = VaultSpec {
            id: VaultId::parse("treasury").unwrap(),
            network: Network::Regtest,
            script,
            at_least: 2,
            members: publics.clone(),
            recovery: RecoverySpec { at_least: 2, members: publics, after_blocks: LOCK },
            cosigner: holder(9).public,
        };
        let (node, folder) = (Node::funded().unwrap(), tempfile::tempdir().unwrap());
        Self { node, folder, vault: spec.descriptor().unwrap(), holders }
    }

    /// A deposit and some change, in one block.
    fn deposit(&self) -> Amount {
        let coins =
            [(Branch::Receive, 0, 3_000_000), (Branch::Receive, 4, 1_234_567), (Branch::Change, 7, 500_001)];
        let payments = coins.map(|(branch, index, sats)| {
            (self.vault.script_pubkey(branch, index).unwrap(), Amount::from_sat(sats))
        });
        self.node.fund_all(&payments).unwrap();
        self.node.mine(1).unwrap();
        Amount::from_sat(coins.iter().map(|(_, _, sats)| sats).sum())
    }

    /// Runs the page from its first to its last command, with these holders signing in turn.
    fn follow(&self, age: u32, signing: &[usize]) -> Followed {
        let mut script = "set -u\n".to_owned();
        for block in blocks(PAGE, "sh") {
            if !block.contains("MEMBER_KEY") {
                script.push_str(&format!("{block}\n"));
                continue;
            }
            for holder in signing {
                // What `read -rs MEMBER_KEY` does when the holder types.
                let key = &self.holders[*holder].private;
                script.push_str(&format!("MEMBER_KEY='{key}'\n{block}\n"));
            }
        }
        let cli = format!(
            "{} -regtest -datadir={} -rpcport={}",
            Node::find_cli().unwrap().display(),
            self.node.data_folder().display(),
            self.node.rpc_port()
        );
        let output = Command::new("bash")
            .args(["-c", &script])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("DESCRIPTOR", self.vault.text())
            .env("LOCK", LOCK.to_string())
            .env("AGE", age.to_string())
            .env("TO", Node::own_address().to_string())
            .env("FEE_RATE", FEE_RATE.to_string())
            .env("RANGE", "20")
            .env("CLI", cli)
            .output()
            .expect("bash is missing");
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        Followed { text, success: output.status.success() }
    }

    fn is_refused(&self, followed: &Followed) {
        assert!(!followed.success, "{}", followed.text);
        assert!(followed.text.contains("\"allowed\": false"), "{}", followed.text);
        assert!(
            followed.text.matches("non-BIP68-final").count() >= 2,
            "by the test and by the sending: {}",
            followed.text
        );
        assert!(self.node.mempool().unwrap().is_empty());
    }
}

fn recover(script: ScriptKind) {
    let story = Story::new(script);
    let total = story.deposit();
    let early = story.follow(LOCK, &[0, 2]);
    assert!(early.text.contains("no coin is old enough yet"), "{}", early.text);
    story.is_refused(&story.follow(1, &[0, 2]));

    // The coins are in the last block, so they have one confirmation; the recovery is valid in the block after LOCK of them.
    story.node.mine(LOCK - 2).unwrap();
    story.is_refused(&story.follow(1, &[0, 2]));
    story.node.mine(1).unwrap();

    let alone = story.follow(LOCK, &[1]);
    assert!(!alone.success && story.node.mempool().unwrap().is_empty(), "one holder of two: {}", alone.text);

    let done = story.follow(LOCK, &[0, 2]);
    assert!(done.success, "{}", done.text);
    assert!(done.text.contains("\"allowed\": true"), "{}", done.text);
    for index in 0..3 {
        let address = story.vault.address(Branch::Receive, index).unwrap().to_string();
        assert!(done.text.contains(&address), "the sheet's addresses are shown");
    }
    let txid: Txid =
        done.text.lines().rev().find_map(|line| line.parse().ok()).expect("the last answer is an id");
    let sent = story.node.transaction(txid).unwrap();
    assert_eq!((sent.input.len(), sent.output.len()), (3, 1));
    assert_eq!(sent.output[0].script_pubkey, Node::own_script());
    let fee = total - sent.output[0].value;
    let wanted = sent.vsize() as u64 * FEE_RATE;
    assert!((wanted..=wanted + wanted / 20).contains(&fee.to_sat()), "fee {fee} for {} vB", sent.vsize());
    story.node.mine(1).unwrap();
    let coin = bitcoin::OutPoint { txid, vout: 0 };
    assert_eq!(story.node.confirmations(coin).unwrap(), Some(1));
}

#[test]
fn a_stranger_recovers_a_wsh_vault_with_bitcoin_core_alone() {
    recover(ScriptKind::Wsh);
}

#[test]
fn a_stranger_recovers_a_tr_vault_with_bitcoin_core_alone() {
    recover(ScriptKind::Tr);
}

#[test]
fn the_page_says_what_must_be_set() {
    let settings = blocks(PAGE, "text")[0];
    for name in VARIABLES {
        let line = settings.lines().find(|line| line.starts_with(&format!("{name}=")));
        assert!(line.is_some(), "the page does not say how to set {name}");
    }
    assert_eq!(settings.lines().count(), VARIABLES.len(), "the test sets what the page sets, and no more");
}

#[test]
fn both_languages_have_the_same_commands() {
    assert_eq!(blocks(PAGE, "sh"), blocks(PAGE_FR, "sh"));
}
