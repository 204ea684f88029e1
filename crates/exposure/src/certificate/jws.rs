//! A certificate on the wire: JWS in compact form (RFC 7515) with EdDSA, and nothing else. Read strictly; every refusal has a name.
//!
//! Three classic faults are designed out: the algorithm is never taken from the header, a key is never taken from the header, and a
//! header that asks for anything unknown is refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::key::{CertificateKey, CertificatePublic};
use super::refusal::{Part, Refusal};

/// The longest certificate.
pub const CERTIFICATE_BYTES_MAX: usize = 8 << 10;
/// The only algorithm.
const ALGORITHM: &str = "EdDSA";
/// What kind of statement is signed.
const TYPE: &str = "rempart-exposure+jwt";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

/// Signs a payload.
pub(super) fn sign(key: &CertificateKey, payload: &str) -> String {
    let kid = key.public().thumbprint();
    let header = format!("{{\"alg\":\"{ALGORITHM}\",\"kid\":\"{kid}\",\"typ\":\"{TYPE}\"}}");
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// The payload, if this key signed it.
pub(super) fn open(text: &str, key: &CertificatePublic) -> Result<String, Refusal> {
    if text.len() > CERTIFICATE_BYTES_MAX {
        return Err(Refusal::TooLarge);
    }
    let text = text.trim();
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return Err(Refusal::Parts(parts.len()));
    };
    check_header(&json_text(Part::Header, header)?, key)?;
    let signature: [u8; 64] =
        decode(Part::Signature, signature)?.try_into().map_err(|_| Refusal::Encoding(Part::Signature))?;
    let signed = text.rsplit_once('.').map_or(text, |(signed, _)| signed);
    if !key.holds(signed.as_bytes(), &signature) {
        return Err(Refusal::Signature);
    }
    json_text(Part::Statement, payload)
}

fn check_header(header: &str, key: &CertificatePublic) -> Result<(), Refusal> {
    let header: Header = serde_json::from_str(header).map_err(|error| Refusal::json(Part::Header, &error))?;
    if header.alg != ALGORITHM {
        return Err(Refusal::Algorithm(shortened(&header.alg)));
    }
    if header.typ != TYPE {
        return Err(Refusal::Type(shortened(&header.typ)));
    }
    if header.kid != key.thumbprint() {
        return Err(Refusal::OtherKey(shortened(&header.kid)));
    }
    Ok(())
}

fn decode(part: Part, text: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::Encoding(part))
}

fn json_text(part: Part, text: &str) -> Result<String, Refusal> {
    String::from_utf8(decode(part, text)?).map_err(|_| Refusal::Encoding(part))
}

/// Text from outside as it can be shown on a terminal.
fn shortened(text: &str) -> String {
    text.chars().take(64).map(|c| if c.is_control() { '�' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAYLOAD: &str = "{\"v\":1}";

    fn key() -> CertificateKey {
        CertificateKey::from_entropy([3; 32])
    }

    fn signed_with_header(header: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(PAYLOAD));
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key().sign(signed.as_bytes())))
    }

    fn refusal(text: &str) -> Refusal {
        open(text, &key().public()).unwrap_err()
    }

    #[test]
    fn what_is_signed_opens() {
        let text = sign(&key(), PAYLOAD);
        assert_eq!(open(&text, &key().public()).unwrap(), PAYLOAD);
        assert_eq!(open(&format!("{text}\n"), &key().public()).unwrap(), PAYLOAD);
    }

    #[test]
    fn headers_that_ask_for_anything_else_are_refused_though_signed() {
        let kid = key().public().thumbprint();
        let header = |alg: &str, more: &str| {
            signed_with_header(&format!("{{\"alg\":\"{alg}\",\"kid\":\"{kid}\",\"typ\":\"{TYPE}\"{more}}}"))
        };
        assert!(open(&header("EdDSA", ""), &key().public()).is_ok());
        for alg in ["none", "None", "HS256", "ES256", "", "eddsa"] {
            assert_eq!(refusal(&header(alg, "")), Refusal::Algorithm(alg.to_owned()));
        }
        for more in [
            ",\"alg\":\"EdDSA\"",
            ",\"jwk\":{}",
            ",\"jku\":\"https://example.org\"",
            ",\"crit\":[\"exp\"]",
            ",\"b64\":false",
            ",\"zip\":\"DEF\"",
        ] {
            let refused = refusal(&header("EdDSA", more));
            assert!(matches!(refused, Refusal::Json { part: Part::Header, .. }), "{more}: {refused:?}");
        }
        let typed = signed_with_header(&format!("{{\"alg\":\"EdDSA\",\"kid\":\"{kid}\",\"typ\":\"JWT\"}}"));
        assert_eq!(refusal(&typed), Refusal::Type("JWT".to_owned()));
    }

    #[test]
    fn an_unsigned_certificate_is_refused() {
        let header = URL_SAFE_NO_PAD.encode("{\"alg\":\"none\"}");
        let text = format!("{header}.{}.", URL_SAFE_NO_PAD.encode(PAYLOAD));
        assert!(matches!(refusal(&text), Refusal::Json { part: Part::Header, .. }));
        let signed = sign(&key(), PAYLOAD);
        let cut = signed.rsplit_once('.').unwrap().0;
        assert_eq!(refusal(&format!("{cut}.")), Refusal::Encoding(Part::Signature));
        assert_eq!(refusal(cut), Refusal::Parts(2));
    }

    #[test]
    fn another_key_is_named() {
        let other = CertificateKey::from_entropy([4; 32]);
        let text = sign(&other, PAYLOAD);
        assert_eq!(refusal(&text), Refusal::OtherKey(other.public().thumbprint()));
        // Claiming to be signed by the right key does not help.
        let kid = key().public().thumbprint();
        let header = format!("{{\"alg\":\"EdDSA\",\"kid\":\"{kid}\",\"typ\":\"{TYPE}\"}}");
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(PAYLOAD));
        let text = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(other.sign(signed.as_bytes())));
        assert_eq!(refusal(&text), Refusal::Signature);
    }

    #[test]
    fn oversize_is_refused_before_anything_is_read() {
        assert_eq!(refusal(&"a".repeat(CERTIFICATE_BYTES_MAX + 1)), Refusal::TooLarge);
        assert_eq!(refusal(""), Refusal::Parts(1));
        assert_eq!(refusal("a.b.c.d"), Refusal::Parts(4));
        assert_eq!(refusal("=.b.c"), Refusal::Encoding(Part::Header));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_certificate_that_is_cut_or_altered_is_refused(cut in 0_usize..220, bit in 0_usize..8, at in 0_usize..220) {
            let text = sign(&key(), PAYLOAD);
            let cut = cut % text.len();
            prop_assert!(open(text.get(..cut).unwrap(), &key().public()).is_err());
            let mut bytes = text.clone().into_bytes();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            if let Ok(altered) = String::from_utf8(bytes) {
                prop_assert!(open(&altered, &key().public()).is_err(), "{altered}");
            }
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,60}(\\.\\PC{0,60}){0,3}") {
            prop_assert!(open(&text, &key().public()).is_err());
        }
    }
}
