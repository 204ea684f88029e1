//! An age identity from a passkey: the same key on every device that has the passkey, without a file (G9).
//!
//! The passkey's PRF extension gives 32 bytes for [`PASSKEY_PRF_INPUT`]; HKDF-SHA-256 (RFC 5869) with no salt and a domain makes an X25519 key of
//! them, which is an ordinary age identity. `docs/dossiers.md` has test vectors; the page script of the console must give the same.

use age::x25519::Identity;
use bech32::{Bech32, Hrp};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What a passkey's PRF is evaluated on (`prf.eval.first`), as bytes.
pub const PASSKEY_PRF_INPUT: &[u8] = b"rempart/dossier/passkey/v1";
/// How many bytes a PRF gives.
pub const PRF_BYTES: usize = 32;

const IDENTITY_DOMAIN: &[u8] = b"rempart/dossier/identity/v1";
const SECRET_KEY: &str = "age-secret-key-";

/// The age identity that follows from what a passkey's PRF gave. The scalar is clamped where it is used, as RFC 7748 has it.
///
/// # Errors
/// Never for 32 bytes; the encoders' types ask.
pub fn identity_from_prf(output: &[u8; PRF_BYTES]) -> Result<Identity, &'static str> {
    let pseudorandom = extract(output)?;
    let key = expand(&pseudorandom)?;
    let name = Hrp::parse(SECRET_KEY).map_err(|_| "prefix")?;
    let text = bech32::encode::<Bech32>(name, key.as_slice()).map(Zeroizing::new).map_err(|_| "encoding")?;
    Zeroizing::new(text.to_uppercase()).parse()
}

fn extract(output: &[u8; PRF_BYTES]) -> Result<Zeroizing<[u8; 32]>, &'static str> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&[0; 32]).map_err(|_| "key")?;
    mac.update(output);
    Ok(Zeroizing::new(mac.finalize().into_bytes().into()))
}

/// One block is enough for one key.
fn expand(key: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, &'static str> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| "key")?;
    mac.update(IDENTITY_DOMAIN);
    mac.update(&[1]);
    Ok(Zeroizing::new(mac.finalize().into_bytes().into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use age::secrecy::ExposeSecret;

    /// Computed by a program that shares nothing with this one; the table of `docs/dossiers.md`.
    const VECTORS: &str = include_str!("../../../docs/dossiers.md");

    #[test]
    fn the_published_vectors_hold() {
        let rows = VECTORS.lines().filter_map(|line| line.strip_prefix("| `prf "));
        let mut checked = 0;
        for row in rows {
            let cells: Vec<&str> = row.split('`').collect();
            let prf = <[u8; 32]>::try_from(hex::decode(cells[0]).unwrap()).unwrap();
            let identity = identity_from_prf(&prf).unwrap();
            assert_eq!(identity.to_string().expose_secret(), cells[2]);
            assert_eq!(identity.to_public().to_string(), cells[4]);
            checked += 1;
        }
        assert_eq!(checked, 3);
    }
}
