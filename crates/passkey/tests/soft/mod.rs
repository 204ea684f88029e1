//! A software authenticator: makes passkeys and signs challenges as a browser with a device would, and as a broken or hostile one. Used by
//! this crate's tests and, by path, by the server's.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use passkey::{AssertionResponse, RegistrationResponse};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use sha2::{Digest, Sha256};
use types::Hash;

pub const PRESENT: u8 = 0x01;
pub const VERIFIED: u8 = 0x04;
pub const BACKUP_ELIGIBLE: u8 = 0x08;
pub const BACKED_UP: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;
/// Of this made-up model.
pub const AAGUID: [u8; 16] = *b"rempart-software";

#[derive(Clone)]
enum Key {
    /// PKCS#8.
    Es256(Vec<u8>),
    EdDsa(SigningKey),
}

/// What the device says of itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Statement {
    Nothing,
    Own,
}

/// A device with one passkey, and the page that asks it.
#[derive(Clone)]
pub struct Soft {
    key: Key,
    pub id: Vec<u8>,
    /// The next counter; `None` for a device that does not count.
    pub counter: Option<u32>,
    pub flags: u8,
    pub relying_party: String,
    pub origin: String,
    pub cross_origin: bool,
    /// Put behind the authenticator's data and signed with it.
    pub behind: Vec<u8>,
    /// In the place of its public key.
    pub shown_key: Option<Vec<u8>>,
}

impl Soft {
    /// With a key on P-256, drawn.
    pub fn es256() -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).unwrap();
        let id = Sha256::digest(pkcs8.as_ref()).to_vec();
        Self::new(Key::Es256(pkcs8.as_ref().to_vec()), id)
    }

    /// With an Ed25519 key from a seed.
    pub fn ed25519(seed: u8) -> Self {
        Self::new(Key::EdDsa(SigningKey::from_bytes(&[seed; 32])), vec![seed; 16])
    }

    fn new(key: Key, id: Vec<u8>) -> Self {
        Self {
            key,
            id,
            counter: Some(1),
            flags: PRESENT | VERIFIED,
            relying_party: "localhost".to_owned(),
            origin: "http://localhost:8087".to_owned(),
            cross_origin: false,
            behind: Vec::new(),
            shown_key: None,
        }
    }

    /// Registers at a site.
    pub fn register(&mut self, challenge: &Hash, statement: Statement) -> RegistrationResponse {
        let client_data = self.client_data("webauthn.create", challenge);
        let mut data = self.head(HAS_CREDENTIAL);
        data.extend(AAGUID);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend(self.shown_key.clone().unwrap_or_else(|| self.cose()));
        data.extend(&self.behind);
        let (format, body) = match statement {
            Statement::Nothing => ("none", vec![0xa0]),
            Statement::Own => ("packed", self.statement(&data, &client_data)),
        };
        let attestation_object =
            [vec![0xa3], text("fmt"), text(format), text("attStmt"), body, text("authData"), bytes(&data)];
        RegistrationResponse { client_data, attestation_object: attestation_object.concat() }
    }

    /// Signs a challenge.
    pub fn assert(&mut self, challenge: &Hash) -> AssertionResponse {
        self.assert_as("webauthn.get", challenge)
    }

    /// Signs a challenge under another name of the ceremony.
    pub fn assert_as(&mut self, kind: &str, challenge: &Hash) -> AssertionResponse {
        let client_data = self.client_data(kind, challenge);
        let authenticator_data = [self.head(0), self.behind.clone()].concat();
        let signature = self.sign(&authenticator_data, &client_data);
        AssertionResponse { credential_id: self.id.clone(), client_data, authenticator_data, signature }
    }

    fn client_data(&self, kind: &str, challenge: &Hash) -> Vec<u8> {
        let challenge = URL_SAFE_NO_PAD.encode(challenge.0);
        let (origin, cross) = (&self.origin, self.cross_origin);
        format!(
            r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":{cross},"other":[1]}}"#
        )
        .into_bytes()
    }

    /// Site, flags, counter; each use counts one up.
    fn head(&mut self, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(self.relying_party.as_bytes()).to_vec();
        data.push(self.flags | flags);
        data.extend(self.counter.unwrap_or(0).to_be_bytes());
        self.counter = self.counter.map(|counter| counter + 1);
        data
    }

    fn cose(&self) -> Vec<u8> {
        match &self.key {
            Key::EdDsa(key) => {
                [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21][..], &bytes(key.verifying_key().as_bytes())].concat()
            }
            Key::Es256(pkcs8) => {
                let pair = pair(pkcs8);
                let point = pair.public_key().as_ref();
                let head = [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21];
                [&head[..], &bytes(&point[1..33]), &[0x22], &bytes(&point[33..])].concat()
            }
        }
    }

    fn statement(&self, data: &[u8], client_data: &[u8]) -> Vec<u8> {
        let algorithm = match self.key {
            Key::Es256(_) => 0x26,
            Key::EdDsa(_) => 0x27,
        };
        let signature = self.sign(data, client_data);
        [vec![0xa2], text("alg"), vec![algorithm], text("sig"), bytes(&signature)].concat()
    }

    fn sign(&self, data: &[u8], client_data: &[u8]) -> Vec<u8> {
        let message = [data, &Sha256::digest(client_data)].concat();
        match &self.key {
            Key::EdDsa(key) => key.sign(&message).to_bytes().to_vec(),
            Key::Es256(pkcs8) => pair(pkcs8).sign(&SystemRandom::new(), &message).unwrap().as_ref().to_vec(),
        }
    }
}

fn pair(pkcs8: &[u8]) -> EcdsaKeyPair {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8, &SystemRandom::new()).unwrap()
}

/// A CBOR text of less than 24 bytes.
pub fn text(text: &str) -> Vec<u8> {
    [&[0x60 | u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

/// A CBOR byte string.
pub fn bytes(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let head = match u8::try_from(length) {
        Ok(length @ 0..24) => vec![0x40 | length],
        Ok(length) => vec![0x58, length],
        Err(_) => [vec![0x59], length.to_be_bytes().to_vec()].concat(),
    };
    [&head, content].concat()
}
