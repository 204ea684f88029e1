//! What checking and co-signing cost beside what cannot be avoided: `bare` is previous-transaction hashing, signature hashes and
//! signatures with keys at hand. Run: `cargo bench -p vault`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark stops at the first surprise"
)]

#[path = "../tests/world/mod.rs"]
mod world;

use divan::{Bencher, black_box};
use types::Target;
use vault::bitcoin::bip32::Xpriv;
use vault::bitcoin::hashes::{Hash, sha256};
use vault::bitcoin::secp256k1::{Keypair, Message, Secp256k1};
use vault::bitcoin::sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType};
use vault::bitcoin::{Amount, Network, Psbt, TxOut};
use vault::signing::sign_member;
use vault::{
    Approved, Branch, Cosigned, Holdings, ScriptKind, SpendDraft, UnverifiedPsbt, VerifiedSpend, build_psbt,
    verify,
};
use world::{COIN, cosign, funding, key, payee, payload};

const SIZES: [usize; 3] = [1, 100, 1000];
const FEE: u64 = 1_000_000;

fn main() {
    divan::main();
}

struct Case {
    holdings: Holdings,
    approved: Approved,
    unsigned: Psbt,
    signed: Psbt,
}

/// A vault with so many coins, each from an own transaction, on twenty addresses.
fn case(kind: ScriptKind, inputs: usize) -> Case {
    let descriptor = std::sync::Arc::new(world::spec(kind).descriptor().unwrap());
    let mut holdings = Holdings::new(descriptor.clone()).unwrap();
    for number in 0..inputs {
        let index = u32::try_from(number % 20).unwrap();
        let script = descriptor.script_pubkey(Branch::Receive, index).unwrap();
        let mut previous = funding(1, &[script], COIN);
        previous.input[0].previous_output.vout = u32::try_from(number).unwrap();
        holdings.confirm(&previous).unwrap();
    }
    let paid = COIN * u64::try_from(inputs).unwrap() - 2 * FEE;
    let mut asked = payload(&[(Target::Address(world::PAYEE.into()), paid)]);
    asked.max_fee = world::btc(FEE);
    let approved = Approved::from_payload(&asked, Network::Regtest, |_| None).unwrap();
    let draft = SpendDraft {
        inputs: holdings.coins().map(vault::Coin::outpoint).collect(),
        outputs: vec![TxOut { value: Amount::from_sat(paid), script_pubkey: payee() }],
        fee: Amount::from_sat(FEE),
        change: holdings.unused(Branch::Change),
        lock_height: 0,
    };
    let unsigned = build_psbt(&holdings, &draft).unwrap();
    let mut signed = unsigned.clone();
    for member in ["alice", "bob"] {
        sign_member(&mut signed, &holdings, &key(member)).unwrap();
    }
    Case { holdings, approved, unsigned, signed }
}

fn verified(case: &Case, psbt: &Psbt) -> VerifiedSpend {
    verify(UnverifiedPsbt::from(psbt.clone()), &case.holdings, &case.approved).unwrap()
}

/// The co-signer's keys, derived beforehand.
fn pairs(case: &Case) -> Vec<Keypair> {
    let secp = Secp256k1::new();
    let seed = sha256::Hash::hash(b"cosigner").to_byte_array();
    let master = Xpriv::new_master(Network::Regtest, &seed).unwrap();
    let inputs = case.unsigned.unsigned_tx.input.iter();
    let pair = |input: &vault::bitcoin::TxIn| {
        let script = case.holdings.coin(&input.previous_output).unwrap().script();
        let path = &script.cosigner().unwrap().source.1;
        master.derive_priv(&secp, path).unwrap().to_keypair(&secp)
    };
    inputs.map(pair).collect()
}

fn bare_wsh(bencher: Bencher, inputs: usize) {
    let case = case(ScriptKind::Wsh, inputs);
    let (secp, pairs) = (Secp256k1::new(), pairs(&case));
    let psbt = &case.unsigned;
    bencher.bench_local(|| {
        let mut cache = SighashCache::new(&psbt.unsigned_tx);
        for (index, (input, pair)) in psbt.inputs.iter().zip(&pairs).enumerate() {
            black_box(input.non_witness_utxo.as_ref().unwrap().compute_txid());
            let (script, value) =
                (input.witness_script.as_ref().unwrap(), input.witness_utxo.as_ref().unwrap().value);
            let hash = cache.p2wsh_signature_hash(index, script, value, EcdsaSighashType::All).unwrap();
            let message = Message::from_digest(hash.to_byte_array());
            black_box(secp.sign_ecdsa_low_r(&message, &pair.secret_key()));
        }
    });
}

fn bare_tr(bencher: Bencher, inputs: usize) {
    let case = case(ScriptKind::Tr, inputs);
    let (secp, pairs) = (Secp256k1::new(), pairs(&case));
    let psbt = &case.unsigned;
    let spent: Vec<&TxOut> = psbt.inputs.iter().map(|input| input.witness_utxo.as_ref().unwrap()).collect();
    let leaf = |input: &vault::bitcoin::psbt::Input| {
        let signed = input.tap_key_origins.values().find(|(leaves, _)| !leaves.is_empty()).unwrap();
        signed.0[0]
    };
    bencher.bench_local(|| {
        let mut cache = SighashCache::new(&psbt.unsigned_tx);
        for (index, (input, pair)) in psbt.inputs.iter().zip(&pairs).enumerate() {
            let prevouts = Prevouts::All(&spent);
            let hash = cache
                .taproot_script_spend_signature_hash(index, &prevouts, leaf(input), TapSighashType::Default)
                .unwrap();
            let message = Message::from_digest(hash.to_byte_array());
            black_box(secp.sign_schnorr_no_aux_rand(&message, pair));
        }
    });
}

fn cosign_with(signer: &vault::signing::AccountSigner, spend: &VerifiedSpend) -> Cosigned {
    let requests = spend.signing_requests();
    let signatures = requests.iter().map(|request| signer.sign(request).unwrap()).collect();
    Cosigned::new(spend, signatures).unwrap()
}

fn bench_verify(bencher: Bencher, kind: ScriptKind, inputs: usize, signed: bool) {
    let case = case(kind, inputs);
    let psbt = if signed { &case.signed } else { &case.unsigned };
    bencher
        .with_inputs(|| UnverifiedPsbt::from(psbt.clone()))
        .bench_local_values(|psbt| verify(psbt, &case.holdings, &case.approved).unwrap());
}

fn bench_cosign(bencher: Bencher, kind: ScriptKind, inputs: usize) {
    let case = case(kind, inputs);
    let spend = verified(&case, &case.unsigned);
    let key = key("cosigner");
    bencher.bench_local(|| cosign_with(&key.signer().unwrap(), black_box(&spend)));
}

fn bench_finish(bencher: Bencher, kind: ScriptKind, inputs: usize) {
    let case = case(kind, inputs);
    let cosigned = cosign(&verified(&case, &case.signed), "cosigner");
    bencher.bench_local(|| black_box(&cosigned).finish().unwrap());
}

#[divan::bench_group(max_time = 4)]
mod wsh {
    use super::{Bencher, SIZES, ScriptKind::Wsh};

    #[divan::bench(args = SIZES)]
    fn bare(bencher: Bencher, inputs: usize) {
        super::bare_wsh(bencher, inputs);
    }

    #[divan::bench(args = SIZES)]
    fn verify_unsigned(bencher: Bencher, inputs: usize) {
        super::bench_verify(bencher, Wsh, inputs, false);
    }

    #[divan::bench(args = SIZES)]
    fn verify_two_signatures_each(bencher: Bencher, inputs: usize) {
        super::bench_verify(bencher, Wsh, inputs, true);
    }

    #[divan::bench(args = SIZES)]
    fn cosign(bencher: Bencher, inputs: usize) {
        super::bench_cosign(bencher, Wsh, inputs);
    }

    #[divan::bench(args = SIZES)]
    fn finish(bencher: Bencher, inputs: usize) {
        super::bench_finish(bencher, Wsh, inputs);
    }
}

#[divan::bench_group(max_time = 4)]
mod tr {
    use super::{Bencher, SIZES, ScriptKind::Tr};

    #[divan::bench(args = SIZES)]
    fn bare(bencher: Bencher, inputs: usize) {
        super::bare_tr(bencher, inputs);
    }

    #[divan::bench(args = SIZES)]
    fn verify_unsigned(bencher: Bencher, inputs: usize) {
        super::bench_verify(bencher, Tr, inputs, false);
    }

    #[divan::bench(args = SIZES)]
    fn verify_two_signatures_each(bencher: Bencher, inputs: usize) {
        super::bench_verify(bencher, Tr, inputs, true);
    }

    #[divan::bench(args = SIZES)]
    fn cosign(bencher: Bencher, inputs: usize) {
        super::bench_cosign(bencher, Tr, inputs);
    }

    #[divan::bench(args = SIZES)]
    fn finish(bencher: Bencher, inputs: usize) {
        super::bench_finish(bencher, Tr, inputs);
    }
}
