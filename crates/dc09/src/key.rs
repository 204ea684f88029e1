//! The secret that a panel and its receiver share, and the standard's encryption with it: AES with 128, 192 or 256 bits, blocks chained, first vector zero.

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::array::Array;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use thiserror::Error;
use types::{Secret, hash_parts};
use zeroize::Zeroizing;

use crate::message::PAD_BYTES;

/// The length of a block, in bytes.
pub const BLOCK_BYTES: usize = 16;
const FIRST_VECTOR: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];

/// Not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "a DC-09 key is 32, 48 or 64 hexadecimal digits and nothing else: where the panel takes a key as text, write the codes of its letters"
)]
pub struct KeyError;

/// A shared key. Wiped when dropped; cannot be printed.
#[derive(Clone, Debug)]
pub struct Key(Secret<Vec<u8>>);

impl Key {
    /// From the content of its file: hexadecimal digits; white space around them does not count.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(content: &[u8]) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new(vec![0; content.trim_ascii().len() / 2]);
        hex::decode_to_slice(content.trim_ascii(), &mut bytes).map_err(|_| KeyError)?;
        if matches!(bytes.len(), 16 | 24 | 32) {
            Ok(Self(Secret::new(bytes.to_vec())))
        } else {
            Err(KeyError)
        }
    }

    /// What a frame is padded with: not to be guessed without the key, and another for every `unique`.
    #[must_use]
    pub fn pad(&self, unique: &[u8]) -> [u8; PAD_BYTES] {
        hash_parts("dc09/pad/v1", &[self.0.reveal(), unique]).0
    }

    /// Encrypts whole blocks in place; `None` where the length is none of whole blocks.
    pub(crate) fn encrypt(&self, text: &mut [u8]) -> Option<()> {
        let key = self.0.reveal();
        match key.len() {
            16 => encrypt::<cbc::Encryptor<Aes128>>(key, text),
            24 => encrypt::<cbc::Encryptor<Aes192>>(key, text),
            _ => encrypt::<cbc::Encryptor<Aes256>>(key, text),
        }
    }

    /// The reverse of [`Key::encrypt`].
    pub(crate) fn decrypt(&self, text: &mut [u8]) -> Option<()> {
        let key = self.0.reveal();
        match key.len() {
            16 => decrypt::<cbc::Decryptor<Aes128>>(key, text),
            24 => decrypt::<cbc::Decryptor<Aes192>>(key, text),
            _ => decrypt::<cbc::Decryptor<Aes256>>(key, text),
        }
    }
}

fn encrypt<C: KeyIvInit + BlockModeEncrypt>(key: &[u8], text: &mut [u8]) -> Option<()> {
    let mut cipher = C::new_from_slices(key, &FIRST_VECTOR).ok()?;
    let mut blocks = text.chunks_exact_mut(BLOCK_BYTES);
    for block in blocks.by_ref() {
        cipher.encrypt_block(<&mut Array<u8, C::BlockSize>>::try_from(block).ok()?);
    }
    blocks.into_remainder().is_empty().then_some(())
}

fn decrypt<C: KeyIvInit + BlockModeDecrypt>(key: &[u8], text: &mut [u8]) -> Option<()> {
    let mut cipher = C::new_from_slices(key, &FIRST_VECTOR).ok()?;
    let mut blocks = text.chunks_exact_mut(BLOCK_BYTES);
    for block in blocks.by_ref() {
        cipher.decrypt_block(<&mut Array<u8, C::BlockSize>>::try_from(block).ok()?);
    }
    blocks.into_remainder().is_empty().then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_three_lengths_and_cannot_be_printed() {
        for digits in [32, 48, 64] {
            let key = Key::parse(format!(" {}\n", "a5".repeat(digits / 2)).as_bytes()).unwrap();
            assert!(!format!("{key:?}").contains("a5"));
        }
        for bad in [
            "",
            "a5",
            &"a5".repeat(17),
            &"x".repeat(32),
            &"a".repeat(33),
            "0x00112233445566778899aabbccddeef",
        ] {
            assert_eq!(Key::parse(bad.as_bytes()).unwrap_err(), KeyError, "{bad}");
        }
    }

    /// NIST SP 800-38A, F.2: the second block of each vector, decrypted after the first as first vector, shows the chaining; with a first
    /// vector of zero the plain text of block one is what AES gives, less the vector.
    #[test]
    fn blocks_are_chained_as_everywhere() {
        let vectors = [
            (
                "2b7e151628aed2a6abf7158809cf4f3c",
                "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2",
            ),
            (
                "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
                "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a",
            ),
            (
                "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d",
            ),
        ];
        let vector: Vec<u8> = (0..16).collect();
        for (key, cipher) in vectors {
            let key = Key::parse(key.as_bytes()).unwrap();
            let mut text = hex::decode(cipher).unwrap();
            key.decrypt(&mut text).unwrap();
            text.iter_mut().zip(&vector).for_each(|(byte, iv)| *byte ^= iv);
            assert_eq!(
                hex::encode(&text),
                "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
            );
            text.iter_mut().zip(&vector).for_each(|(byte, iv)| *byte ^= iv);
            key.encrypt(&mut text).unwrap();
            assert_eq!(hex::encode(&text), cipher);
        }
        let key = Key::parse("00".repeat(16).as_bytes()).unwrap();
        assert!(key.encrypt(&mut [0; 17]).is_none() && key.decrypt(&mut [0; 15]).is_none());
    }
}
