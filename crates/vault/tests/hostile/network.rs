//! Attacks that cross a border: another network, another vault, keys that are not the vault's (G1).

use vault::bitcoin::Network;
use vault::bitcoin::bip32::{ChainCode, ChildNumber, DerivationPath, Fingerprint, KeySource, Xpub};
use vault::{Approved, ScriptKind};

use crate::attack::attacks;
use crate::world::{World, key, key_on};

fn stranger(network: Network) -> Xpub {
    *key_on(network, "mallory").public().xpub()
}

fn root() -> KeySource {
    (Fingerprint::default(), DerivationPath::master())
}

fn origin(name: &str) -> KeySource {
    (key(name).public().fingerprint(), key(name).public().path().clone())
}

/// The same path with coin type 0, so the main network's.
fn on_main(path: &DerivationPath) -> DerivationPath {
    let mut steps: Vec<ChildNumber> = path.into_iter().copied().collect();
    steps[1] = ChildNumber::Hardened { index: 0 };
    steps.into()
}

attacks! {
    #[test]
    fn global_key_of_another_network() BOTH Changed "psbt-wrong-network", "names a key of the main network", seen "Ledger security bulletin 14, monokh, August 2020";
    |_, psbt| drop(psbt.xpub.insert(stranger(Network::Bitcoin), root()));

    #[test]
    fn members_own_key_on_another_network() BOTH Changed "psbt-wrong-network", "names a member's own key as the main network has it", seen "Ledger security bulletin 14, monokh, August 2020";
    |_, psbt| drop(psbt.xpub.insert(*key_on(Network::Bitcoin, "alice").public().xpub(), origin("alice")));

    #[test]
    fn global_key_of_a_stranger() BOTH Changed "psbt-global-key", "names a stranger's key among the vault's", seen "Coldcard, Nunchuk and Shift Crypto, February 2021";
    |_, psbt| drop(psbt.xpub.insert(stranger(Network::Regtest), root()));

    #[test]
    fn global_key_under_a_members_origin() BOTH Changed "psbt-global-key", "gives a stranger's key a member's fingerprint and path", seen "Coldcard, Nunchuk and Shift Crypto, February 2021";
    |_, psbt| drop(psbt.xpub.insert(stranger(Network::Regtest), origin("alice")));

    #[test]
    fn global_key_with_a_false_origin() BOTH Changed "psbt-global-key", "names a member's key under another fingerprint";
    |_, psbt| drop(psbt.xpub.insert(*key("alice").public().xpub(), (Fingerprint::from([1; 4]), origin("alice").1)));

    #[test]
    fn global_key_with_another_chain_code() BOTH Changed "psbt-global-key", "keeps a member's key and changes its chain code, so that every address is another";
    |_, psbt| {
        let xpub = Xpub { chain_code: ChainCode::from([9; 32]), ..*key("alice").public().xpub() };
        psbt.xpub.insert(xpub, origin("alice"));
    };

    #[test]
    fn input_key_on_the_main_networks_path() BOTH Changed "input-derivation", "gives an input's key the main network's path", seen "Ledger security bulletin 14, monokh, August 2020";
    |_, psbt| {
        let input = &mut psbt.inputs[0];
        input.bip32_derivation.values_mut().for_each(|source| if source.1.len() > 1 { source.1 = on_main(&source.1) });
        input.tap_key_origins.values_mut().for_each(|(_, source)| if source.1.len() > 2 { source.1 = on_main(&source.1) });
    };

    #[test]
    fn change_key_on_the_main_networks_path() BOTH Changed "change-derivation", "gives the change's keys the main network's path";
    |_, psbt| {
        let output = &mut psbt.outputs[1];
        output.bip32_derivation.values_mut().for_each(|source| if source.1.len() > 1 { source.1 = on_main(&source.1) });
        output.tap_key_origins.values_mut().for_each(|(_, source)| if source.1.len() > 2 { source.1 = on_main(&source.1) });
    };

    #[test]
    fn payload_of_another_vault() BOTH Whole "spend-wrong-vault", "uses what was approved for another vault";
    |kind| {
        let world = World::new(kind);
        let mut payload = world.payload.clone();
        payload.vault = types::VaultId::parse("hot").unwrap();
        let approved = Approved::from_payload(&payload, Network::Regtest, |_| None).unwrap();
        vault::verify(world.signed(&["alice", "bob"]).into(), &world.holdings, &approved)
    };

    #[test]
    fn psbt_of_another_vault() BOTH Whole "input-not-ours", "spends another vault's coins, signed by the same members";
    |kind| {
        let other = if kind == ScriptKind::Wsh { ScriptKind::Tr } else { ScriptKind::Wsh };
        World::new(kind).verify(World::new(other).signed(&["alice", "bob"]))
    };
}
