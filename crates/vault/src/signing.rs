//! Signing with a key in software: the account key that members of small set-ups and the file signer have (G1).
//!
//! Deterministic (RFC 6979; Schnorr without auxiliary randomness), so that a retry gives the same signature. Called by `signer`, by
//! `rempart sign`, the demo and tests. Keys are wiped when dropped and cannot be printed.

use bitcoin::bip32::{ChildNumber, DerivationPath, Fingerprint, Xpriv, Xpub};
use bitcoin::hashes::{Hash, HashEngine, Hmac, HmacEngine, sha512};
use bitcoin::secp256k1::{Keypair, Message, PublicKey, Scalar, SecretKey};
use bitcoin::sighash::{EcdsaSighashType, TapSighashType};
use bitcoin::{Network, NetworkKind, Psbt, ecdsa, taproot};
use thiserror::Error;
use types::Secret;

use crate::SECP;
use crate::derived::Role;
use crate::descriptor::Branch;
use crate::holdings::Holdings;
use crate::key::VaultKey;
use crate::spec::ScriptKind;
use crate::spend::{InputSignature, SigningRequest, insert_signature, sighashes};

/// Why a key in software did not sign.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignError {
    /// The key could not be derived.
    #[error("the key cannot be derived from this seed: draw another one")]
    Derivation,
    /// The key at this position is not the one in the script.
    #[error("this key is not the one that the vault's script has: check that it belongs to this vault")]
    WrongKey,
    /// The key is not a member's.
    #[error("this key is not a member's of the vault")]
    NotAMember,
    /// An input that is not the vault's.
    #[error("input {0} is not a confirmed, unspent output of the vault: nothing was signed")]
    UnknownInput(usize),
    /// The PSBT contradicts itself.
    #[error("the psbt's maps do not match its transaction: nothing was signed")]
    Malformed,
}

/// An account key at `m/48h/{coin}h/0h/2h`, with the private part.
pub struct AccountKey {
    public: VaultKey,
    /// The public halves of the branches that sign, so that a signer is had without a point multiplication.
    branches: [Xpub; 2],
    secret: Secret<[u8; 32]>,
}

impl AccountKey {
    /// Derives the account key from a seed.
    ///
    /// # Errors
    /// When the seed has no such key (one in 2^127).
    pub fn from_seed(network: Network, seed: &Secret<[u8; 32]>) -> Result<Self, SignError> {
        let mut master = Xpriv::new_master(network, seed.reveal()).map_err(|_| SignError::Derivation)?;
        let fingerprint = master.fingerprint(&SECP);
        let path = account_path(network)?;
        let derived = master.derive_priv(&SECP, &path).map_err(|_| SignError::Derivation);
        master.private_key.non_secure_erase();
        let mut account = derived?;
        let key = Self::from_account(fingerprint, path, &account);
        account.private_key.non_secure_erase();
        key
    }

    fn from_account(
        fingerprint: Fingerprint,
        path: DerivationPath,
        account: &Xpriv,
    ) -> Result<Self, SignError> {
        let xpub = Xpub::from_priv(&SECP, account);
        let branch = |branch: Branch| {
            let step = ChildNumber::Normal { index: branch.spending_step() };
            xpub.ckd_pub(&SECP, step).map_err(|_| SignError::Derivation)
        };
        let branches = [branch(Branch::Receive)?, branch(Branch::Change)?];
        let public = VaultKey::new(fingerprint, path, xpub);
        Ok(Self { public, branches, secret: Secret::new(account.private_key.secret_bytes()) })
    }

    /// The public key with its origin.
    #[must_use]
    pub const fn public(&self) -> &VaultKey {
        &self.public
    }

    /// The signer for many signatures in a row: what they share is computed once.
    ///
    /// # Errors
    /// When a branch has no key (one in 2^127).
    pub fn signer(&self) -> Result<AccountSigner, SignError> {
        let secret = SecretKey::from_slice(self.secret.reveal()).map_err(|_| SignError::Derivation)?;
        let parent = BranchKey { xpub: *self.public.xpub(), secret };
        let [receive, change] = self.branches;
        let branch = |branch: Branch, xpub: Xpub| {
            Ok(BranchKey { xpub, secret: parent.child_secret(branch.spending_step())? })
        };
        let branches = [branch(Branch::Receive, receive)?, branch(Branch::Change, change)?];
        Ok(AccountSigner { account: self.public.xpub().public_key, branches })
    }
}

fn account_path(network: Network) -> Result<DerivationPath, SignError> {
    let coin = if NetworkKind::from(network) == NetworkKind::Main { 0 } else { 1 };
    let steps = [48, coin, 0, 2].map(ChildNumber::from_hardened_idx);
    let steps: Result<Vec<ChildNumber>, _> = steps.into_iter().collect();
    Ok(DerivationPath::from(steps.map_err(|_| SignError::Derivation)?))
}

/// A private key with its public part, so that children cost one hash and one addition.
struct BranchKey {
    xpub: Xpub,
    secret: SecretKey,
}

impl Drop for BranchKey {
    fn drop(&mut self) {
        self.secret.non_secure_erase();
    }
}

impl BranchKey {
    /// BIP-32 private derivation without hardening, from the public key that is already known.
    fn child_secret(&self, index: u32) -> Result<SecretKey, SignError> {
        let mut engine = HmacEngine::<sha512::Hash>::new(self.xpub.chain_code.as_bytes());
        engine.input(&self.xpub.public_key.serialize());
        engine.input(&index.to_be_bytes());
        let hmac: [u8; 64] = Hmac::<sha512::Hash>::from_engine(engine).to_byte_array();
        let (tweak, _) = hmac.split_first_chunk::<32>().ok_or(SignError::Derivation)?;
        let tweak = Scalar::from_be_bytes(*tweak).map_err(|_| SignError::Derivation)?;
        self.secret.add_tweak(&tweak).map_err(|_| SignError::Derivation)
    }
}

/// Signs at positions under an account key.
pub struct AccountSigner {
    account: PublicKey,
    branches: [BranchKey; 2],
}

impl AccountSigner {
    /// Signs one request.
    ///
    /// # Errors
    /// When the request is for another account, or the key there is not the one that it names.
    pub fn sign(&self, request: &SigningRequest) -> Result<InputSignature, SignError> {
        if request.account != self.account {
            return Err(SignError::WrongKey);
        }
        let [receive, change] = &self.branches;
        let branch = if request.position.branch == Branch::Receive { receive } else { change };
        let mut secret = branch.child_secret(request.position.index)?;
        let signature = match request.kind {
            ScriptKind::Wsh => Ok(sign_ecdsa(&secret, request)),
            ScriptKind::Tr => sign_schnorr(&secret, request),
        };
        secret.non_secure_erase();
        signature
    }
}

/// The account was compared; computing the public key here would cost as much as the signature.
fn sign_ecdsa(secret: &SecretKey, request: &SigningRequest) -> InputSignature {
    InputSignature::Ecdsa(ecdsa::Signature {
        signature: SECP.sign_ecdsa_low_r(&Message::from_digest(request.message), secret),
        sighash_type: EcdsaSighashType::All,
    })
}

/// Schnorr needs the public key, so that it can be compared too.
fn sign_schnorr(secret: &SecretKey, request: &SigningRequest) -> Result<InputSignature, SignError> {
    let mut pair = Keypair::from_secret_key(&SECP, secret);
    let is_right = PublicKey::from_keypair(&pair) == request.public_key;
    let signature = SECP.sign_schnorr_no_aux_rand(&Message::from_digest(request.message), &pair);
    pair.non_secure_erase();
    let sighash_type = TapSighashType::Default;
    let signature = InputSignature::Schnorr(taproot::Signature { signature, sighash_type });
    if is_right { Ok(signature) } else { Err(SignError::WrongKey) }
}

/// Signs every input of a PSBT as a member, on the spending path. The caller has shown the person what it pays.
///
/// Returns how many inputs were signed: all of them.
///
/// # Errors
/// When an input is not the vault's or the key is not a member's; then nothing is signed.
pub fn sign_member(psbt: &mut Psbt, holdings: &Holdings, key: &AccountKey) -> Result<usize, SignError> {
    let descriptor = holdings.descriptor();
    let member = (0..descriptor.members())
        .find(|member| descriptor.member(*member).is_some_and(|own| own.xpub() == key.public().xpub()))
        .ok_or(SignError::NotAMember)?;
    let inputs = psbt.unsigned_tx.input.iter().enumerate();
    let coins = inputs.map(|(index, input)| {
        holdings.coin(&input.previous_output).cloned().ok_or(SignError::UnknownInput(index))
    });
    let coins: Vec<_> = coins.collect::<Result<_, _>>()?;
    let messages = sighashes(&psbt.unsigned_tx, &coins).ok_or(SignError::Malformed)?;
    if psbt.inputs.len() != coins.len() {
        return Err(SignError::Malformed);
    }
    let signer = key.signer()?;
    let sign = |(coin, message): (&crate::holdings::Coin, &Message)| {
        let own = coin.script().member(member).ok_or(SignError::NotAMember)?;
        let (position, kind) = (coin.script().position(), descriptor.kind());
        let (account, public_key) = (key.public().xpub().public_key, own.public_key);
        let request = SigningRequest { account, position, public_key, kind, message: *message.as_ref() };
        signer.sign(&request)
    };
    let signatures: Vec<InputSignature> = coins.iter().zip(&messages).map(sign).collect::<Result<_, _>>()?;
    for ((input, coin), signature) in psbt.inputs.iter_mut().zip(&coins).zip(&signatures) {
        let own = coin.script().keys().iter().find(|own| own.role == Role::Member(member));
        if let Some(own) = own {
            insert_signature(input, coin.script(), own, signature);
        }
    }
    Ok(signatures.len())
}
