//! The signature of a webhook, made by the sender and checked by the receiver (G8: a forged alarm costs attention; a forged
//! receipt is no concern here, since only people acknowledge).
//!
//! This is Standard Webhooks, names and encoding included, so that receivers can use that project's libraries: over
//! `id.timestamp.body`, HMAC-SHA256 with a shared secret (`v1,`) or Ed25519 with a key of ours (`v1a,`), in base64. Nobody can alter
//! the body, pass it off as another message, or send it again much later; and who has only the public key cannot make one.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;
use types::{Secret, Span, Timestamp};

use crate::{WebhookKey, WebhookPublicKey};

/// When it was sent, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The message's id; the same for each attempt.
pub const ID_HEADER: &str = "webhook-id";
/// One or more signatures, separated by spaces.
pub const SIGNATURE_HEADER: &str = "webhook-signature";
/// How many signatures a receiver looks at.
pub const SIGNATURES_MAX: usize = 4;
/// The longest body that a receiver looks at, in bytes; ours are under 20 000.
pub const WEBHOOK_BODY_BYTES_MAX: usize = 64 * 1024;

const BY_SECRET: &str = "v1,";
const BY_KEY: &str = "v1a,";
const ID_BYTES_MAX: usize = 128;
const MILLIS_PER_SECOND: i64 = 1000;

/// The three headers, as received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WebhookHeaders<'a> {
    /// [`ID_HEADER`].
    pub id: &'a str,
    /// [`TIMESTAMP_HEADER`].
    pub timestamp: &'a str,
    /// [`SIGNATURE_HEADER`].
    pub signature: &'a str,
}

/// What a receiver believes: a signature by the secret, or by the key. Nothing is believed by nothing.
#[derive(Clone, Debug, Default)]
pub struct WebhookTrust {
    /// The secret that it shares with the sender.
    pub secret: Option<Secret<Vec<u8>>>,
    /// The public half of the sender's key.
    pub key: Option<WebhookPublicKey>,
}

impl From<Secret<Vec<u8>>> for WebhookTrust {
    fn from(secret: Secret<Vec<u8>>) -> Self {
        Self { secret: Some(secret), key: None }
    }
}

impl From<WebhookPublicKey> for WebhookTrust {
    fn from(key: WebhookPublicKey) -> Self {
        Self { secret: None, key: Some(key) }
    }
}

/// Why a webhook is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WebhookError {
    /// A header or the body is missing, too long or of another form.
    #[error("not a webhook of this kind: the headers or the body have another form")]
    Malformed,
    /// Sent too long ago, or in the future.
    #[error("the webhook's time is too far from now: check both clocks; an old one may be a replay")]
    Stale,
    /// No signature fits.
    #[error("the webhook's signature does not fit: check the shared secret or the public key")]
    Signature,
}

/// One signature for [`SIGNATURE_HEADER`], by a shared secret.
#[must_use]
pub fn sign_webhook(secret: &[u8], id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
    match mac(secret, &signed(id, &timestamp_seconds.to_string(), body)) {
        Some(mac) => format!("{BY_SECRET}{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())),
        // HMAC takes keys of any length; this arm cannot run, and an empty signature is one that nobody accepts.
        None => String::new(),
    }
}

/// One signature for [`SIGNATURE_HEADER`], by a key whose public half the receiver has.
#[must_use]
pub fn sign_webhook_with_key(key: &WebhookKey, id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
    let signature = key.signing().sign(&signed(id, &timestamp_seconds.to_string(), body));
    format!("{BY_KEY}{}", BASE64_STANDARD.encode(signature.to_bytes()))
}

/// Checks a webhook: form, then time, then signature. The caller then drops ids that it has seen within the tolerance.
///
/// # Errors
/// Why it is not believed.
pub fn verify_webhook(
    trust: &WebhookTrust,
    headers: WebhookHeaders<'_>,
    body: &[u8],
    now: Timestamp,
    tolerance: Span,
) -> Result<(), WebhookError> {
    // A dot in the id would let two different (id, timestamp) pairs be signed by one signature.
    let id_fits = !headers.id.is_empty() && headers.id.len() <= ID_BYTES_MAX && !headers.id.contains('.');
    if !id_fits || body.len() > WEBHOOK_BODY_BYTES_MAX {
        return Err(WebhookError::Malformed);
    }
    let sent = parse_seconds(headers.timestamp)?;
    if sent < now.before(tolerance) || sent > now.after(tolerance) {
        return Err(WebhookError::Stale);
    }
    let signed = signed(headers.id, headers.timestamp, body);
    let mut offered = headers.signature.split(' ').filter(|text| !text.is_empty()).take(SIGNATURES_MAX);
    let believed = offered.any(|text| fits(trust, &signed, text));
    if believed { Ok(()) } else { Err(WebhookError::Signature) }
}

fn signed(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}

fn fits(trust: &WebhookTrust, signed: &[u8], text: &str) -> bool {
    let by_secret = trust.secret.as_ref().zip(text.strip_prefix(BY_SECRET));
    let by_key = trust.key.as_ref().zip(text.strip_prefix(BY_KEY));
    by_secret.is_some_and(|(secret, text)| fits_secret(secret.reveal(), signed, text))
        || by_key.is_some_and(|(key, text)| fits_key(key.verifying(), signed, text))
}

fn fits_secret(secret: &[u8], signed: &[u8], text: &str) -> bool {
    let Ok(signature) = BASE64_STANDARD.decode(text) else { return false };
    // `verify_slice` compares in constant time.
    mac(secret, signed).is_some_and(|mac| mac.verify_slice(&signature).is_ok())
}

fn fits_key(key: &VerifyingKey, signed: &[u8], text: &str) -> bool {
    let decoded = BASE64_STANDARD.decode(text).ok();
    let signature = decoded.and_then(|bytes| Signature::from_slice(&bytes).ok());
    signature.is_some_and(|signature| key.verify_strict(signed, &signature).is_ok())
}

fn mac(secret: &[u8], signed: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(signed);
    Some(mac)
}

/// Whole seconds since 1970 in decimal digits, nothing else: `+5`, ` 5` and `5.0` are not what the sender wrote.
fn parse_seconds(text: &str) -> Result<Timestamp, WebhookError> {
    if text.is_empty() || text.len() > 12 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(WebhookError::Malformed);
    }
    let seconds: i64 = text.parse().map_err(|_| WebhookError::Malformed)?;
    Ok(Timestamp::from_millis(seconds.saturating_mul(MILLIS_PER_SECOND)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &[u8] = &[b'k'; 32];
    const BODY: &[u8] = br#"{"hello":"world"}"#;
    const SENT: i64 = 1_700_000_000;
    /// Computed with Python's `hmac` over `abc.1700000000.{"hello":"world"}`.
    const SIGNATURE: &str = "v1,EWj95UQW5zGYIONZSPV5nFrnJASouSlmFk+GigugeqI=";
    /// Made by `openssl pkeyutl -sign -rawin` with the key whose seed is 32 times the byte 7.
    const BY_SEVENS: &str =
        "v1a,aEPNM4iVHrikbs0lLkW0MP+6MpBiHwy/2axnohgc4S8mjg9nlWSmaNPyWRTx+crvgaPBIGJWkMHzbnpS7lgjBA==";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn trust() -> WebhookTrust {
        WebhookTrust::from(Secret::new(SECRET.to_vec()))
    }

    fn sevens() -> WebhookKey {
        WebhookKey::from_seed(&[7; 32])
    }

    fn headers<'a>(id: &'a str, timestamp: &'a str, signature: &'a str) -> WebhookHeaders<'a> {
        WebhookHeaders { id, timestamp, signature }
    }

    fn verify_by(trust: &WebhookTrust, headers: WebhookHeaders<'_>, body: &[u8]) -> Result<(), WebhookError> {
        verify_webhook(trust, headers, body, at(SENT + 60), Span::from_seconds(300))
    }

    fn verify(headers: WebhookHeaders<'_>, body: &[u8]) -> Result<(), WebhookError> {
        verify_by(&trust(), headers, body)
    }

    #[test]
    fn the_signature_is_what_other_programs_compute() {
        assert_eq!(sign_webhook(SECRET, "abc", SENT, BODY), SIGNATURE);
        assert_eq!(verify(headers("abc", "1700000000", SIGNATURE), BODY), Ok(()));
        assert_eq!(sign_webhook_with_key(&sevens(), "abc", SENT, BODY), BY_SEVENS);
        let by_key = WebhookTrust::from(sevens().public());
        assert_eq!(verify_by(&by_key, headers("abc", "1700000000", BY_SEVENS), BODY), Ok(()));
    }

    #[test]
    fn each_part_is_covered() {
        let wrong = Err(WebhookError::Signature);
        let by_key = WebhookTrust::from(sevens().public());
        for (trust, signature) in [(&trust(), SIGNATURE), (&by_key, BY_SEVENS)] {
            assert_eq!(verify_by(trust, headers("abd", "1700000000", signature), BODY), wrong);
            assert_eq!(verify_by(trust, headers("abc", "1700000001", signature), BODY), wrong);
            assert_eq!(verify_by(trust, headers("abc", "1700000000", signature), b"{}"), wrong);
        }
        let other = WebhookTrust::from(Secret::new(vec![b'x'; 32]));
        assert_eq!(verify_by(&other, headers("abc", "1700000000", SIGNATURE), BODY), wrong);
        let other = WebhookTrust::from(WebhookKey::from_seed(&[8; 32]).public());
        assert_eq!(verify_by(&other, headers("abc", "1700000000", BY_SEVENS), BODY), wrong);
    }

    #[test]
    fn each_trusts_its_own_kind_only() {
        let by_key = WebhookTrust::from(sevens().public());
        let wrong = Err(WebhookError::Signature);
        assert_eq!(verify_by(&by_key, headers("abc", "1700000000", SIGNATURE), BODY), wrong);
        assert_eq!(verify(headers("abc", "1700000000", BY_SEVENS), BODY), wrong);
        let both = format!("{SIGNATURE} {BY_SEVENS}");
        for trust in [&trust(), &by_key] {
            assert_eq!(verify_by(trust, headers("abc", "1700000000", &both), BODY), Ok(()));
            let nobody = WebhookTrust::default();
            assert_eq!(verify_by(&nobody, headers("abc", "1700000000", &both), BODY), wrong);
        }
    }

    #[test]
    fn one_of_several_signatures_suffices_up_to_a_number() {
        let decoy = sign_webhook(&[b'x'; 32], "abc", SENT, BODY);
        let rotating = format!("{decoy} v2,future {SIGNATURE}");
        assert_eq!(verify(headers("abc", "1700000000", &rotating), BODY), Ok(()));
        let flood = format!("{} {SIGNATURE}", [decoy.as_str(); SIGNATURES_MAX].join(" "));
        assert_eq!(verify(headers("abc", "1700000000", &flood), BODY), Err(WebhookError::Signature));
    }

    #[test]
    fn time_is_bounded_on_both_sides() {
        let verify_at = |now| {
            let headers = headers("abc", "1700000000", SIGNATURE);
            verify_webhook(&trust(), headers, BODY, at(now), Span::from_seconds(300))
        };
        for (now, result) in [
            (SENT - 301, Err(WebhookError::Stale)),
            (SENT - 300, Ok(())),
            (SENT + 300, Ok(())),
            (SENT + 301, Err(WebhookError::Stale)),
        ] {
            assert_eq!(verify_at(now), result, "{}", now - SENT);
        }
    }

    #[test]
    fn other_forms_are_refused() {
        let malformed = Err(WebhookError::Malformed);
        for (id, timestamp) in [
            ("", "1700000000"),
            ("a.b", "1700000000"),
            ("abc", ""),
            ("abc", "+1700000000"),
            ("abc", "1700000000.0"),
            ("abc", "-1"),
            ("abc", "9999999999999"),
        ] {
            assert_eq!(verify(headers(id, timestamp, SIGNATURE), BODY), malformed, "{id} {timestamp}");
        }
        let long = "a".repeat(ID_BYTES_MAX + 1);
        assert_eq!(verify(headers(&long, "1700000000", SIGNATURE), BODY), malformed);
        let huge = vec![b' '; WEBHOOK_BODY_BYTES_MAX + 1];
        assert_eq!(verify(headers("abc", "1700000000", SIGNATURE), &huge), malformed);
        let hexadecimal = format!("v1={}", "0".repeat(64));
        for signature in ["", "v1,", "v1,??", "v1a,", &SIGNATURE[3..], &SIGNATURE[..40], &hexadecimal] {
            assert_eq!(verify(headers("abc", "1700000000", signature), BODY), Err(WebhookError::Signature));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn what_is_signed_verifies_and_a_flipped_bit_does_not(body in proptest::collection::vec(any::<u8>(), 0..300), bit in 0_usize..512) {
            let flip = |text: &str, scheme: &str| {
                let mut bytes = BASE64_STANDARD.decode(text.strip_prefix(scheme).unwrap()).unwrap();
                let bit = bit % (bytes.len() * 8);
                bytes[bit / 8] ^= 1 << (bit % 8);
                format!("{scheme}{}", BASE64_STANDARD.encode(bytes))
            };
            let by_key = WebhookTrust::from(sevens().public());
            let mac = sign_webhook(SECRET, "abc", SENT, &body);
            let signature = sign_webhook_with_key(&sevens(), "abc", SENT, &body);
            for (trust, text, scheme) in [(&trust(), mac, BY_SECRET), (&by_key, signature, BY_KEY)] {
                prop_assert_eq!(verify_by(trust, headers("abc", "1700000000", &text), &body), Ok(()));
                let altered = flip(&text, scheme);
                let refused = verify_by(trust, headers("abc", "1700000000", &altered), &body);
                prop_assert_eq!(refused, Err(WebhookError::Signature));
            }
        }

        #[test]
        fn any_headers_are_answered(id in "\\PC{0,40}", timestamp in "\\PC{0,20}", signature in "\\PC{0,90}") {
            prop_assert!(verify(headers(&id, &timestamp, &signature), BODY).is_err());
        }
    }
}
