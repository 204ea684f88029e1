//! What looks odd and is fine, and what cannot be cut: the checks do not refuse everything (G1).

use vault::bitcoin::Amount;
use vault::{ScriptKind, UnverifiedPsbt, build_psbt, verify};

use crate::raw::{pair, rewritten};
use crate::world::{HEIGHT, KINDS, MAX_FEE, World};

#[test]
fn global_keys_of_the_vault_are_fine() {
    for kind in KINDS {
        let world = World::new(kind);
        let mut psbt = world.signed(&["alice", "bob"]);
        for key in world.holdings.descriptor().account_keys() {
            psbt.xpub.insert(*key.xpub(), (key.fingerprint(), key.path().clone()));
        }
        world.verify(psbt).unwrap();
    }
}

#[test]
fn lock_time_at_the_height_is_fine() {
    for kind in KINDS {
        let world = World::new(kind);
        let mut draft = world.draft();
        draft.lock_height = HEIGHT;
        world.verify(build_psbt(&world.holdings, &draft).unwrap()).unwrap();
    }
}

#[test]
fn fee_of_exactly_the_maximum_is_fine() {
    for kind in KINDS {
        let world = World::new(kind);
        let mut draft = world.draft();
        draft.fee = Amount::from_sat(MAX_FEE);
        let spend = world.verify(build_psbt(&world.holdings, &draft).unwrap()).unwrap();
        assert_eq!(spend.fee().to_sat(), MAX_FEE);
    }
}

#[test]
fn a_psbt_without_derivations_is_fine() {
    for kind in KINDS {
        let world = World::new(kind);
        let mut psbt = world.signed(&["alice", "bob"]);
        psbt.inputs.iter_mut().for_each(|input| input.bip32_derivation.clear());
        psbt.inputs.iter_mut().for_each(|input| input.tap_key_origins.clear());
        psbt.outputs[1] = Default::default();
        world.verify(psbt).unwrap();
    }
}

/// BIP-341 knows the default sighash type only as a byte that is not there. Written out it is read, and written anew without.
#[test]
fn default_sighash_written_out_is_written_anew() {
    let world = World::new(ScriptKind::Tr);
    let honest = world.verify(world.signed(&["alice", "bob"])).unwrap().psbt_bytes();
    let longer = rewritten(honest.clone(), 1, 0x14, |key, value| pair(key, &[value, &[0]].concat()));
    assert_eq!(longer.len(), honest.len() + 1);
    let psbt = UnverifiedPsbt::from_bytes(&longer).unwrap();
    assert_eq!(verify(psbt, &world.holdings, &world.approved).unwrap().psbt_bytes(), honest);
}

#[test]
fn truncated_anywhere() {
    for kind in KINDS {
        let bytes = World::new(kind).signed(&["alice", "bob"]).serialize();
        for end in 0..bytes.len() {
            let refusal = UnverifiedPsbt::from_bytes(&bytes[..end]).unwrap_err();
            assert_eq!(refusal.code(), "psbt-malformed", "{end}");
        }
    }
}
