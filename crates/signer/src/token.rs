//! A co-signing key in a PKCS#11 token (an HSM), for `wsh` vaults (G1).
//!
//! A token has no BIP-32, so it holds the account's children, one private key for each address, loaded once by [`load_children`] from the
//! key file, which then leaves the server. The server asks for an ECDSA signature by the public key that the script has; no private key is
//! ever in its memory. `docs/adr/0016-signers-and-ceremony.md` says why so. Called through `signer::open` and by `rempart cosigner`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bitcoin::bip32::{ChildNumber, Xpriv};
use bitcoin::secp256k1::{All, Message, PublicKey, Secp256k1, SecretKey, ecdsa::Signature};
use bitcoin::sighash::EcdsaSighashType;
use bitcoin::{Network, NetworkKind, ecdsa};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Pkcs11Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::Secret;
use vault::{
    Branch, Cosigned, InputSignature, Position, ScriptKind, SigningRequest, VaultKey, VerifiedSpend,
};
use zeroize::Zeroize;

use crate::seal::{KeyFileError, lock, read_closed, write_new};
use crate::{FileSigner, Signer, SignerError, check};

const KIND: &str = "rempart co-signer token";
const VERSION: u32 = 1;
/// The most children that are loaded at once, on each branch.
pub const CHILDREN_MAX: u32 = 10_000;
/// The curve's object identifier, 1.3.132.0.10, in DER.
const SECP256K1: [u8; 7] = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a];

/// Why a token could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Its file.
    #[error("{0}")]
    File(String),
    /// The file is not a token's.
    #[error("`{0}` does not name a token: `rempart cosigner token` makes such a file")]
    Format(PathBuf),
    /// The library cannot be loaded.
    #[error("the PKCS#11 library `{0}` cannot be loaded: {1}")]
    Library(PathBuf, String),
    /// No such token.
    #[error("there is no token `{0}`: is the device connected, and this its label?")]
    NoToken(String),
    /// The PIN is wrong.
    #[error("the PIN of token `{0}` is wrong: a few wrong ones in a row lock it")]
    WrongPin(String),
    /// The device refuses or fails.
    #[error("the token fails: {0}")]
    Device(String),
    /// The address has no key in the token.
    #[error(
        "the token has no key for {0:?} address {1}: load more with `rempart cosigner token`, from the key file that was put away"
    )]
    NoKey(Branch, u32),
    /// Two keys under one name.
    #[error("the token has several keys for {0:?} address {1}: remove what is not ours")]
    Ambiguous(Branch, u32),
    /// Schnorr is asked for.
    #[error("tokens sign `wsh` vaults only: vault `{0}` is `tr`, use a key file for it")]
    Schnorr(types::VaultId),
    /// What came back is no signature by the key.
    #[error("the token's signature for {0:?} address {1} is not valid: nothing was signed")]
    BadSignature(Branch, u32),
}

impl From<KeyFileError> for TokenError {
    fn from(error: KeyFileError) -> Self {
        Self::File(error.to_string())
    }
}

impl From<Pkcs11Error> for TokenError {
    fn from(error: Pkcs11Error) -> Self {
        Self::Device(error.to_string())
    }
}

/// Where a token is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenPlace {
    /// The vendor's PKCS#11 library.
    pub library: PathBuf,
    /// The token's label.
    pub label: String,
}

/// What a server needs to know of its token. No secret, but whoever changes it chooses what code the server loads.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenFile {
    kind: String,
    version: u32,
    network: Network,
    public_key: String,
    token: TokenPlace,
}

/// Whether a file names a token; anything that cannot be told is left to the key file's own messages.
pub fn is_token_file(path: &Path) -> bool {
    read(path).is_ok()
}

/// The public key that a token's file names.
pub fn named_public_key(path: &Path) -> Result<String, TokenError> {
    Ok(read(path)?.0.public_key)
}

fn read(path: &Path) -> Result<(TokenFile, File), TokenError> {
    let (bytes, file) = read_closed(path)?;
    let parsed: TokenFile =
        serde_json::from_slice(&bytes).map_err(|_| TokenError::Format(path.to_owned()))?;
    let known = parsed.kind == KIND && parsed.version == VERSION;
    if known { Ok((parsed, file)) } else { Err(TokenError::Format(path.to_owned())) }
}

/// A co-signing key in a token, logged in, its file locked against being opened elsewhere until it is dropped.
pub struct TokenSigner {
    public: VaultKey,
    secp: Secp256k1<All>,
    /// One at a time: a session is one conversation.
    session: Mutex<Session>,
    _lock: File,
}

impl TokenSigner {
    /// Opens the token that a file names.
    ///
    /// # Errors
    /// When the file cannot be read or is in use, the token is not there, or the PIN is wrong.
    pub fn open(path: &Path, pin: &Secret<String>) -> Result<Self, TokenError> {
        let (file, handle) = read(path)?;
        let lock = lock(path, handle)?;
        let public = VaultKey::parse(&file.public_key, NetworkKind::from(file.network))
            .map_err(|_| TokenError::Format(path.to_owned()))?;
        let session = Mutex::new(log_in(&file.token, pin, false)?);
        Ok(Self { public, secp: Secp256k1::new(), session, _lock: lock })
    }

    fn sign(&self, session: &Session, request: &SigningRequest) -> Result<InputSignature, TokenError> {
        let Position { branch, index } = request.position;
        let bad = || TokenError::BadSignature(branch, index);
        let key = find(session, &request.public_key, request.position)?;
        let bytes = session.sign(&Mechanism::Ecdsa, key, &request.message)?;
        let mut signature = Signature::from_compact(&bytes).map_err(|_| bad())?;
        // Tokens give either of the two; only the lower one is relayed.
        signature.normalize_s();
        let message = Message::from_digest(request.message);
        self.secp.verify_ecdsa(&message, &signature, &request.public_key).map_err(|_| bad())?;
        Ok(InputSignature::Ecdsa(ecdsa::Signature { signature, sighash_type: EcdsaSighashType::All }))
    }
}

/// A retry gives another signature: tokens draw their nonces. The transaction's id is the same, since all inputs are segwit.
impl Signer for TokenSigner {
    fn public_key(&self) -> String {
        self.public.to_string()
    }

    fn cosign(&self, spend: &VerifiedSpend) -> Result<Cosigned, SignerError> {
        check(spend, &self.public)?;
        if spend.descriptor().kind() != ScriptKind::Wsh {
            return Err(TokenError::Schnorr(spend.descriptor().id().clone()).into());
        }
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = spend.signing_requests();
        let signatures = requests.iter().map(|request| self.sign(&session, request));
        let signatures = signatures.collect::<Result<Vec<_>, _>>()?;
        Ok(Cosigned::new(spend, signatures)?)
    }
}

/// The private key is stored under its public key, so that no other one can answer.
fn find(session: &Session, key: &PublicKey, position: Position) -> Result<ObjectHandle, TokenError> {
    let template = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Id(key.serialize().to_vec())];
    match session.find_objects(&template)?.as_slice() {
        [only] => Ok(*only),
        [] => Err(TokenError::NoKey(position.branch, position.index)),
        _ => Err(TokenError::Ambiguous(position.branch, position.index)),
    }
}

fn log_in(place: &TokenPlace, pin: &Secret<String>, writing: bool) -> Result<Session, TokenError> {
    let unloadable = |error: Pkcs11Error| TokenError::Library(place.library.clone(), error.to_string());
    let context = Pkcs11::new(&place.library).map_err(unloadable)?;
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Pkcs11Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(unloadable(error)),
    }
    let is_it = |slot: &cryptoki::slot::Slot| {
        context.get_token_info(*slot).is_ok_and(|info| info.label() == place.label)
    };
    let slots = context.get_slots_with_initialized_token()?;
    let slot = slots.into_iter().find(is_it).ok_or_else(|| TokenError::NoToken(place.label.clone()))?;
    let session = if writing { context.open_rw_session(slot) } else { context.open_ro_session(slot) }?;
    let pin = AuthPin::new(pin.reveal().as_str().into());
    session.login(UserType::User, Some(&pin)).map_err(|error| match error {
        Pkcs11Error::Pkcs11(RvError::PinIncorrect, _) => TokenError::WrongPin(place.label.clone()),
        other => other.into(),
    })?;
    Ok(session)
}

/// Which children to load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LoadPlan {
    /// The first index, on both branches.
    pub from: u32,
    /// How many, on each branch.
    pub count: u32,
}

/// What was loaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Loaded {
    /// Keys that are new in the token.
    pub loaded: u32,
    /// Keys that were there.
    pub present: u32,
}

/// Loads an account's children into a token and writes the file that names it, unless it is there: the ceremony after which the key file is
/// put away. Can be repeated, and continued after a failure.
///
/// # Errors
/// When the token cannot be written, or the file that is there names another key or token.
pub fn load_children(
    key: &FileSigner,
    place: &TokenPlace,
    pin: &Secret<String>,
    plan: LoadPlan,
    file: &Path,
) -> Result<Loaded, TokenError> {
    let open = key.open_key();
    let (public_key, network) = (open.key.public().to_string(), open.network);
    if file.exists() {
        let (found, _) = read(file)?;
        if found.public_key != public_key || found.token != *place {
            return Err(TokenError::File(format!("`{}` names another key or token", file.display())));
        }
    }
    let session = log_in(place, pin, true)?;
    let secp = Secp256k1::new();
    let mut account = account_of(key, &secp)?;
    let mut done = Loaded { loaded: 0, present: 0 };
    let branches = Branch::ALL.map(|branch| load_branch(&session, &secp, &account, branch, plan, &mut done));
    account.private_key.non_secure_erase();
    branches.into_iter().collect::<Result<(), _>>()?;
    if !file.exists() {
        let (kind, version, token) = (KIND.to_owned(), VERSION, place.clone());
        write_new(file, &TokenFile { kind, version, network, public_key, token })?;
    }
    Ok(done)
}

fn account_of(key: &FileSigner, secp: &Secp256k1<All>) -> Result<Xpriv, TokenError> {
    let open = key.open_key();
    let mut master = Xpriv::new_master(open.network, open.seed.reveal()).map_err(|_| underivable())?;
    let account = master.derive_priv(secp, open.key.public().path()).map_err(|_| underivable());
    master.private_key.non_secure_erase();
    account
}

fn load_branch(
    session: &Session,
    secp: &Secp256k1<All>,
    account: &Xpriv,
    branch: Branch,
    plan: LoadPlan,
    done: &mut Loaded,
) -> Result<(), TokenError> {
    let mut parent = child(secp, account, branch.spending_step())?;
    let mut indices = plan.from..plan.from.saturating_add(plan.count.min(CHILDREN_MAX));
    let loaded = indices.try_for_each(|index| -> Result<(), TokenError> {
        let mut own = child(secp, &parent, index)?;
        let is_new = load(session, secp, &own.private_key, Position { branch, index });
        own.private_key.non_secure_erase();
        *(if is_new? { &mut done.loaded } else { &mut done.present }) += 1;
        Ok(())
    });
    parent.private_key.non_secure_erase();
    loaded
}

fn underivable() -> TokenError {
    TokenError::Device("a key cannot be derived".to_owned())
}

fn child(secp: &Secp256k1<All>, parent: &Xpriv, index: u32) -> Result<Xpriv, TokenError> {
    let step = ChildNumber::from_normal_idx(index).map_err(|_| underivable())?;
    parent.derive_priv(secp, &[step]).map_err(|_| underivable())
}

/// Stores one private key so that it can sign and never leave. Returns whether it is new.
fn load(
    session: &Session,
    secp: &Secp256k1<All>,
    secret: &SecretKey,
    position: Position,
) -> Result<bool, TokenError> {
    let id = secret.public_key(secp).serialize().to_vec();
    let same = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Id(id.clone())];
    if !session.find_objects(&same)?.is_empty() {
        return Ok(false);
    }
    let name = format!("rempart {}/{}", position.branch.spending_step(), position.index);
    let mut template = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::KeyType(KeyType::EC),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Id(id),
        Attribute::Label(name.into_bytes()),
        Attribute::EcParams(SECP256K1.to_vec()),
        Attribute::Value(secret.secret_bytes().to_vec()),
    ];
    let made = session.create_object(&template);
    if let Some(Attribute::Value(bytes)) = template.last_mut() {
        bytes.zeroize();
    }
    made?;
    Ok(true)
}
