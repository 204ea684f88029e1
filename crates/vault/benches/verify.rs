//! What checking and co-signing cost beside what cannot be avoided (G1, G6). Prints the times and the ratios of one run: `cargo bench -p vault`.
//!
//! - *loop*: for each input the hash of its previous transaction (`wsh`), the signature hash, and a signature with the input's own secret key.
//! - *loop, members*: the same, and a check of two members' signatures for each input.
//! - *verify + co-sign*: `verify`, then a signer from the account key, one signature for each input.
//!
//! Both sides begin with a parsed PSBT. For `tr`, libsecp256k1 signs with a key pair: *pairs at hand* is the loop without making them.
//! Rounds are interleaved, and each figure is the fastest of its rounds, so that a busy machine disturbs the ratios less.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at the first surprise"
)]

#[path = "../tests/world/mod.rs"]
mod world;

use std::hint::black_box;
use std::time::{Duration, Instant};

use types::Target;
use vault::bitcoin::bip32::Xpriv;
use vault::bitcoin::hashes::{Hash, sha256};
use vault::bitcoin::psbt::Input;
use vault::bitcoin::secp256k1::{Keypair, Message, Secp256k1, SecretKey};
use vault::bitcoin::sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType};
use vault::bitcoin::{Amount, Network, Psbt, TapLeafHash, Transaction, TxOut};
use vault::signing::{AccountKey, sign_member};
use vault::{
    Approved, Branch, Cosigned, Holdings, ScriptKind, SpendDraft, UnverifiedPsbt, VerifiedSpend, build_psbt,
    verify,
};
use world::{COIN, KINDS, funding, key, payee, payload};

const SIZES: [usize; 3] = [1, 100, 1000];
const FEE: u64 = 1_000_000;
/// How much work each round is repeated for.
const INPUTS_PER_FIGURE: usize = 12_000;

struct Case {
    holdings: Holdings,
    approved: Approved,
    unsigned: Psbt,
    signed: Psbt,
    cosigner: AccountKey,
    secrets: Vec<SecretKey>,
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
    let secrets = secrets(&holdings, &unsigned);
    Case { holdings, approved, unsigned, signed, cosigner: key("cosigner"), secrets }
}

/// The co-signer's secret keys, one for each input.
fn secrets(holdings: &Holdings, psbt: &Psbt) -> Vec<SecretKey> {
    let secp = Secp256k1::new();
    let seed = sha256::Hash::hash(b"cosigner").to_byte_array();
    let master = Xpriv::new_master(Network::Regtest, &seed).unwrap();
    let secret = |input: &vault::bitcoin::TxIn| {
        let script = holdings.coin(&input.previous_output).unwrap().script();
        let path = &script.cosigner().unwrap().source.1;
        master.derive_priv(&secp, path).unwrap().private_key
    };
    psbt.unsigned_tx.input.iter().map(secret).collect()
}

fn sign_loop_wsh(psbt: &Psbt, secrets: &[SecretKey]) {
    let secp = vault_context();
    let mut cache = SighashCache::new(&psbt.unsigned_tx);
    for (index, (input, secret)) in psbt.inputs.iter().zip(secrets).enumerate() {
        black_box(input.non_witness_utxo.as_ref().unwrap().compute_txid());
        let message = wsh_message(&mut cache, index, input);
        for (key, signature) in &input.partial_sigs {
            secp.verify_ecdsa(&message, &signature.signature, &key.inner).unwrap();
        }
        black_box(secp.sign_ecdsa_low_r(&message, secret));
    }
}

fn wsh_message(cache: &mut SighashCache<&Transaction>, index: usize, input: &Input) -> Message {
    let (script, value) =
        (input.witness_script.as_ref().unwrap(), input.witness_utxo.as_ref().unwrap().value);
    let hash = cache.p2wsh_signature_hash(index, script, value, EcdsaSighashType::All).unwrap();
    Message::from_digest(hash.to_byte_array())
}

/// The leaf that members signed.
fn leaf(signed: &Input) -> TapLeafHash {
    signed.tap_script_sigs.keys().next().unwrap().1
}

fn sign_loop_tr(psbt: &Psbt, leaves: &[TapLeafHash], pair: impl Fn(usize) -> Keypair) {
    let secp = vault_context();
    let spent: Vec<&TxOut> = psbt.inputs.iter().map(|input| input.witness_utxo.as_ref().unwrap()).collect();
    let mut cache = SighashCache::new(&psbt.unsigned_tx);
    for (index, (input, leaf)) in psbt.inputs.iter().zip(leaves).enumerate() {
        let prevouts = Prevouts::All(&spent);
        let hash = cache
            .taproot_script_spend_signature_hash(index, &prevouts, *leaf, TapSighashType::Default)
            .unwrap();
        let message = Message::from_digest(hash.to_byte_array());
        for ((key, _), signature) in &input.tap_script_sigs {
            secp.verify_schnorr(&signature.signature, &message, key).unwrap();
        }
        black_box(secp.sign_schnorr_no_aux_rand(&message, &pair(index)));
    }
}

fn vault_context() -> &'static Secp256k1<vault::bitcoin::secp256k1::All> {
    static CONTEXT: std::sync::LazyLock<Secp256k1<vault::bitcoin::secp256k1::All>> =
        std::sync::LazyLock::new(Secp256k1::new);
    &CONTEXT
}

fn verified(case: &Case, psbt: UnverifiedPsbt) -> VerifiedSpend {
    verify(psbt, &case.holdings, &case.approved).unwrap()
}

fn cosigned(case: &Case, spend: &VerifiedSpend) -> Cosigned {
    let signer = case.cosigner.signer().unwrap();
    let requests = spend.signing_requests();
    let signatures = requests.iter().map(|request| signer.sign(request).unwrap()).collect();
    Cosigned::new(spend, signatures).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// The fastest of the rounds for each piece of work.
#[derive(Clone)]
struct Fastest(Vec<Duration>);

impl Fastest {
    fn note(&mut self, round: &[Duration]) {
        self.0.resize(round.len(), Duration::MAX);
        for (best, time) in self.0.iter_mut().zip(round) {
            *best = (*best).min(*time);
        }
    }
}

fn one_round(case: &Case, leaves: &[TapLeafHash], pairs: &[Keypair]) -> Vec<Duration> {
    let secp = vault_context();
    let bare = |psbt: &Psbt| match leaves.is_empty() {
        true => sign_loop_wsh(psbt, &case.secrets),
        false => sign_loop_tr(psbt, leaves, |index| Keypair::from_secret_key(secp, &case.secrets[index])),
    };
    let at_hand = |psbt: &Psbt| match leaves.is_empty() {
        true => sign_loop_wsh(psbt, &case.secrets),
        false => sign_loop_tr(psbt, leaves, |index| pairs[index]),
    };
    let whole = |psbt: UnverifiedPsbt| drop(black_box(cosigned(case, &verified(case, psbt))));
    let bytes = case.signed.serialize();
    let (unsigned, signed) = (case.unsigned.clone().into(), case.signed.clone().into());
    vec![
        timed(|| bare(&case.unsigned)),
        timed(|| whole(unsigned)),
        timed(|| at_hand(&case.unsigned)),
        timed(|| bare(&case.signed)),
        timed(|| whole(signed)),
        timed(|| drop(black_box(UnverifiedPsbt::from_bytes(&bytes).unwrap()))),
    ]
}

fn measure(kind: ScriptKind, inputs: usize) {
    let case = case(kind, inputs);
    let leaves: Vec<TapLeafHash> = match kind {
        ScriptKind::Wsh => Vec::new(),
        ScriptKind::Tr => case.signed.inputs.iter().map(leaf).collect(),
    };
    let pair = |secret: &SecretKey| Keypair::from_secret_key(vault_context(), secret);
    let pairs: Vec<Keypair> = case.secrets.iter().map(pair).collect();
    let mut fastest = Fastest(Vec::new());
    for _ in 0..(INPUTS_PER_FIGURE / inputs).clamp(8, 400) {
        fastest.note(&one_round(&case, &leaves, &pairs));
    }
    let done = cosigned(&case, &verified(&case, case.signed.clone().into()));
    let mut finish = Fastest(Vec::new());
    for _ in 0..(300 / inputs).clamp(2, 100) {
        finish.note(&[timed(|| drop(black_box(done.finish().unwrap())))]);
    }
    let [bare, ours, at_hand, bare_members, ours_members, parse] = fastest.0[..] else {
        panic!("six figures")
    };
    let ratio = |ours: Duration, bare: Duration| ours.as_secs_f64() / bare.as_secs_f64();
    println!(
        "{:<4} {inputs:>6} {:>9} {:>9} {:>6.2} {:>9} {:>9} {:>6.2} {:>9} {:>6.2} {:>9} {:>10}",
        format!("{kind:?}").to_lowercase(),
        micros(bare),
        micros(ours),
        ratio(ours, bare),
        micros(bare_members),
        micros(ours_members),
        ratio(ours_members, bare_members),
        micros(at_hand),
        ratio(ours, at_hand),
        micros(parse),
        micros(finish.0[0]),
    );
}

fn micros(time: Duration) -> String {
    format!("{}", time.as_micros())
}

fn main() {
    println!("microseconds; `ratio` is verify + co-sign to the loop before it");
    println!(
        "{:<4} {:>6} {:>9} {:>9} {:>6} {:>9} {:>9} {:>6} {:>9} {:>6} {:>9} {:>10}",
        "",
        "inputs",
        "loop",
        "ours",
        "ratio",
        "loop+mem",
        "ours+mem",
        "ratio",
        "at hand",
        "ratio",
        "parse",
        "finish"
    );
    for kind in KINDS {
        for inputs in SIZES {
            measure(kind, inputs);
        }
    }
}
