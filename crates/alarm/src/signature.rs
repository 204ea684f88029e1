//! The signature of a webhook, made by the sender and checked by the receiver (G8: a forged alarm costs attention; a forged
//! receipt is no concern here, since only people acknowledge).
//!
//! The scheme is that of Standard Webhooks in plain words: HMAC-SHA256 over `id.timestamp.body`, so that nobody can alter the
//! body, pass it off as another message, or send it again much later. Names and encoding are ours: hexadecimal instead of
//! base64, a `v1=` before each signature, several of them separated by spaces while a secret is being replaced.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;
use types::{Span, Timestamp};

/// When it was sent, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "rempart-timestamp";
/// The message's id; the same for each attempt.
pub const ID_HEADER: &str = "rempart-id";
/// One or more `v1=<hex>`, separated by spaces.
pub const SIGNATURE_HEADER: &str = "rempart-signature";
/// How many signatures a receiver looks at.
pub const SIGNATURES_MAX: usize = 4;
/// The longest body that a receiver looks at, in bytes; ours are under 20 000.
pub const WEBHOOK_BODY_BYTES_MAX: usize = 64 * 1024;

const SCHEME: &str = "v1=";
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
    #[error("the webhook's signature does not fit: check the shared secret")]
    Signature,
}

/// The value of [`SIGNATURE_HEADER`].
#[must_use]
pub fn sign_webhook(secret: &[u8], id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
    let timestamp = timestamp_seconds.to_string();
    match mac(secret, id, &timestamp, body) {
        Some(mac) => format!("{SCHEME}{}", hex::encode(mac.finalize().into_bytes())),
        // HMAC takes keys of any length; this arm cannot run, and an empty signature is one that nobody accepts.
        None => String::new(),
    }
}

/// Checks a webhook: form, then time, then signature. The caller then drops ids that it has seen within the tolerance.
///
/// # Errors
/// Why it is not believed.
pub fn verify_webhook(
    secret: &[u8],
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
    let offered = headers.signature.split(' ').filter(|text| !text.is_empty()).take(SIGNATURES_MAX);
    for text in offered {
        if fits(secret, headers, body, text) {
            return Ok(());
        }
    }
    Err(WebhookError::Signature)
}

fn fits(secret: &[u8], headers: WebhookHeaders<'_>, body: &[u8], text: &str) -> bool {
    let mut signature = [0; 32];
    let decoded =
        text.strip_prefix(SCHEME).is_some_and(|digits| hex::decode_to_slice(digits, &mut signature).is_ok());
    // `verify_slice` compares in constant time.
    decoded
        && mac(secret, headers.id, headers.timestamp, body)
            .is_some_and(|mac| mac.verify_slice(&signature).is_ok())
}

fn mac(secret: &[u8], id: &str, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
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
    const SIGNATURE: &str = "v1=1168fde54416e7319820e35948f5799c5ae72404a8b92966164f868a0ba07aa2";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn headers<'a>(id: &'a str, timestamp: &'a str, signature: &'a str) -> WebhookHeaders<'a> {
        WebhookHeaders { id, timestamp, signature }
    }

    fn verify(headers: WebhookHeaders<'_>, body: &[u8]) -> Result<(), WebhookError> {
        verify_webhook(SECRET, headers, body, at(SENT + 60), Span::from_seconds(300))
    }

    #[test]
    fn the_signature_is_what_other_programs_compute() {
        assert_eq!(sign_webhook(SECRET, "abc", SENT, BODY), SIGNATURE);
        assert_eq!(verify(headers("abc", "1700000000", SIGNATURE), BODY), Ok(()));
    }

    #[test]
    fn each_part_is_covered() {
        let wrong = Err(WebhookError::Signature);
        assert_eq!(verify(headers("abd", "1700000000", SIGNATURE), BODY), wrong);
        assert_eq!(verify(headers("abc", "1700000001", SIGNATURE), BODY), wrong);
        assert_eq!(verify(headers("abc", "1700000000", SIGNATURE), b"{}"), wrong);
        let other =
            verify_webhook(&[b'x'; 32], headers("abc", "1700000000", SIGNATURE), BODY, at(SENT), Span::ZERO);
        assert_eq!(other, wrong);
    }

    #[test]
    fn one_of_several_signatures_suffices_up_to_a_number() {
        let decoy = format!("v1={}", "0".repeat(64));
        let rotating = format!("{decoy} v2=future {SIGNATURE}");
        assert_eq!(verify(headers("abc", "1700000000", &rotating), BODY), Ok(()));
        let flood = format!("{} {SIGNATURE}", [decoy.as_str(); SIGNATURES_MAX].join(" "));
        assert_eq!(verify(headers("abc", "1700000000", &flood), BODY), Err(WebhookError::Signature));
    }

    #[test]
    fn time_is_bounded_on_both_sides() {
        let verify_at = |now| {
            let headers = headers("abc", "1700000000", SIGNATURE);
            verify_webhook(SECRET, headers, BODY, at(now), Span::from_seconds(300))
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
        for signature in ["", "v1=", "v1=zz", &SIGNATURE[3..], &SIGNATURE[..66], &format!("{SIGNATURE}00")] {
            assert_eq!(verify(headers("abc", "1700000000", signature), BODY), Err(WebhookError::Signature));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn what_is_signed_verifies_and_a_flipped_bit_does_not(body in proptest::collection::vec(any::<u8>(), 0..300), bit in 0_usize..256) {
            let signature = sign_webhook(SECRET, "abc", SENT, &body);
            prop_assert_eq!(verify(headers("abc", "1700000000", &signature), &body), Ok(()));
            let mut digits = hex::decode(&signature[3..]).unwrap();
            digits[bit / 8] ^= 1 << (bit % 8);
            let altered = format!("v1={}", hex::encode(digits));
            prop_assert_eq!(verify(headers("abc", "1700000000", &altered), &body), Err(WebhookError::Signature));
        }

        #[test]
        fn any_headers_are_answered(id in "\\PC{0,40}", timestamp in "\\PC{0,20}", signature in "\\PC{0,90}") {
            prop_assert!(verify(headers(&id, &timestamp, &signature), BODY).is_err());
        }
    }
}
