//! The key that signs certificates, as a JSON Web Key (RFC 8037), so that any JOSE program can check a certificate (G2).
//!
//! Its private half lies in a file of its own; the public half and its thumbprint are published.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;
use types::Secret;
use zeroize::{Zeroize, Zeroizing};

/// The longest key file.
pub const CERTIFICATE_KEY_BYTES_MAX: usize = 1024;

/// Why a text is not a key. Never quotes the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum CertificateKeyError {
    /// Too long.
    #[error("longer than {CERTIFICATE_KEY_BYTES_MAX} bytes: not a key that `rempart certificate key` wrote")]
    TooLong,
    /// Neither 64 hexadecimal digits nor a JSON Web Key.
    #[error(
        "not a key: a JSON Web Key with `kty`, `crv`, `x` and no unknown field, or 64 hexadecimal digits, is needed"
    )]
    Malformed,
    /// Another kind of key.
    #[error("not an Ed25519 key: `kty` must be `OKP` and `crv` must be `Ed25519`")]
    OtherKind,
    /// Not a point, or one of small order.
    #[error("not an Ed25519 key: the bytes of `x` are not a public key that can be trusted")]
    Weak,
    /// The private half where the public one belongs.
    #[error(
        "this is the private key: keep it, and give the public one that `rempart certificate key` printed"
    )]
    Private,
    /// The public half where the private one belongs.
    #[error("this is the public key: the private one, made by `rempart certificate key`, is needed to sign")]
    Public,
    /// `x` is not the public half of `d`.
    #[error("the two halves of the key do not belong together: restore the file from a backup")]
    Halves,
}

/// The private key. Wiped when dropped; cannot be printed.
#[derive(Clone)]
pub struct CertificateKey {
    seed: Secret<[u8; 32]>,
}

/// The published key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CertificatePublic(VerifyingKey);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Jwk<'a> {
    kty: &'a str,
    crv: &'a str,
    x: &'a str,
    d: Option<&'a str>,
    #[serde(rename = "kid")]
    _kid: Option<&'a str>,
    #[serde(rename = "alg")]
    _alg: Option<&'a str>,
    #[serde(rename = "use")]
    _use: Option<&'a str>,
}

impl Jwk<'_> {
    fn parse(text: &str) -> Result<Jwk<'_>, CertificateKeyError> {
        if text.len() > CERTIFICATE_KEY_BYTES_MAX {
            return Err(CertificateKeyError::TooLong);
        }
        let jwk: Jwk<'_> = serde_json::from_str(text).map_err(|_| CertificateKeyError::Malformed)?;
        if (jwk.kty, jwk.crv) == ("OKP", "Ed25519") { Ok(jwk) } else { Err(CertificateKeyError::OtherKind) }
    }

    fn public(&self) -> Result<CertificatePublic, CertificateKeyError> {
        CertificatePublic::from_bytes(*bytes(self.x)?)
    }
}

fn bytes(text: &str) -> Result<Zeroizing<[u8; 32]>, CertificateKeyError> {
    let mut bytes = Zeroizing::new([0; 32]);
    let written = URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice());
    if written == Ok(32) { Ok(bytes) } else { Err(CertificateKeyError::Malformed) }
}

impl CertificateKey {
    /// From 32 uniformly drawn bytes.
    #[must_use]
    pub const fn from_entropy(entropy: [u8; 32]) -> Self {
        Self { seed: Secret::new(entropy) }
    }

    /// Reads the private key's file.
    ///
    /// # Errors
    /// What is wrong with it, without quoting it.
    pub fn parse(text: &str) -> Result<Self, CertificateKeyError> {
        let jwk = Jwk::parse(text.trim())?;
        let mut seed = bytes(jwk.d.ok_or(CertificateKeyError::Public)?)?;
        let key = Self::from_entropy(*seed);
        seed.zeroize();
        if key.public() == jwk.public()? { Ok(key) } else { Err(CertificateKeyError::Halves) }
    }

    /// The text of the private key's file. The caller writes it readable by its owner only.
    #[must_use]
    pub fn render(&self) -> Zeroizing<String> {
        let seed = Zeroizing::new(URL_SAFE_NO_PAD.encode(self.seed.reveal()));
        let x = self.public().x();
        Zeroizing::new(format!(
            "{{\"crv\":\"Ed25519\",\"d\":\"{}\",\"kty\":\"OKP\",\"x\":\"{x}\"}}\n",
            seed.as_str()
        ))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> CertificatePublic {
        CertificatePublic(SigningKey::from_bytes(self.seed.reveal()).verifying_key())
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        SigningKey::from_bytes(self.seed.reveal()).sign(message).to_bytes()
    }
}

impl fmt::Debug for CertificateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CertificateKey(…)")
    }
}

impl CertificatePublic {
    fn from_bytes(bytes: [u8; 32]) -> Result<Self, CertificateKeyError> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| CertificateKeyError::Weak)?;
        if key.is_weak() { Err(CertificateKeyError::Weak) } else { Ok(Self(key)) }
    }

    /// Reads the published key: a JSON Web Key, or 64 hexadecimal digits.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, CertificateKeyError> {
        let text = text.trim();
        let mut raw = [0; 32];
        if hex::decode_to_slice(text, &mut raw).is_ok() {
            return Self::from_bytes(raw);
        }
        let jwk = Jwk::parse(text)?;
        if jwk.d.is_some() { Err(CertificateKeyError::Private) } else { jwk.public() }
    }

    /// The key as a JSON Web Key, to be published.
    #[must_use]
    pub fn jwk(&self) -> String {
        let (kid, x) = (self.thumbprint(), self.x());
        format!(
            "{{\"alg\":\"EdDSA\",\"crv\":\"Ed25519\",\"kid\":\"{kid}\",\"kty\":\"OKP\",\"use\":\"sig\",\"x\":\"{x}\"}}"
        )
    }

    /// The key's thumbprint (RFC 7638), by which a certificate names it.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let members = format!("{{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"{}\"}}", self.x());
        URL_SAFE_NO_PAD.encode(Sha256::digest(members.as_bytes()))
    }

    fn x(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.as_bytes())
    }

    /// Strict: no malleable and no small-order forms.
    pub(super) fn holds(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Debug for CertificatePublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificatePublic({})", self.thumbprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 8037, appendix A.
    const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn rfc_key() -> CertificateKey {
        CertificateKey::from_entropy(*bytes(SEED).unwrap())
    }

    #[test]
    fn key_and_thumbprint_agree_with_rfc_8037() {
        let public = rfc_key().public();
        assert_eq!(public.x(), X);
        assert_eq!(public.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn the_signature_agrees_with_rfc_8037() {
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let expected =
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert_eq!(URL_SAFE_NO_PAD.encode(rfc_key().sign(message)), expected);
    }

    #[test]
    fn keys_read_back_in_both_forms() {
        let key = rfc_key();
        assert_eq!(CertificateKey::parse(&key.render()).unwrap().public(), key.public());
        assert_eq!(CertificatePublic::parse(&key.public().jwk()), Ok(key.public()));
        let hexadecimal = hex::encode(key.public().0.as_bytes());
        assert_eq!(CertificatePublic::parse(&format!("{hexadecimal}\n")), Ok(key.public()));
        assert_eq!(format!("{key:?}"), "CertificateKey(…)");
    }

    #[test]
    fn what_is_wrong_with_a_key_is_said_without_quoting_it() {
        let (private, public) = (rfc_key().render(), rfc_key().public().jwk());
        assert_eq!(CertificatePublic::parse(&private), Err(CertificateKeyError::Private));
        assert_eq!(CertificateKey::parse(&public).unwrap_err(), CertificateKeyError::Public);
        let with = |from: &str, to: &str| CertificatePublic::parse(&public.replace(from, to)).unwrap_err();
        assert_eq!(with("Ed25519", "X25519"), CertificateKeyError::OtherKind);
        assert_eq!(with("OKP", "RSA"), CertificateKeyError::OtherKind);
        assert_eq!(with(X, "AA"), CertificateKeyError::Malformed);
        assert_eq!(with(X, &format!("{X}AA")), CertificateKeyError::Malformed);
        assert_eq!(with("{\"alg\"", "{\"x\":\"\",\"alg\""), CertificateKeyError::Malformed);
        assert_eq!(with("{\"alg\"", "{\"jku\":\"\",\"alg\""), CertificateKeyError::Malformed);
        assert_eq!(with(X, &"A".repeat(CERTIFICATE_KEY_BYTES_MAX)), CertificateKeyError::TooLong);
        // The neutral point signs anything.
        assert_eq!(with(X, &URL_SAFE_NO_PAD.encode([0; 32])), CertificateKeyError::Weak);
        let other = private.replace(X, &CertificateKey::from_entropy([7; 32]).public().x());
        assert_eq!(CertificateKey::parse(&other).unwrap_err(), CertificateKeyError::Halves);
        for error in [CertificateKeyError::Halves, CertificateKeyError::Private] {
            assert!(!error.to_string().contains("nWGx"));
        }
    }
}
