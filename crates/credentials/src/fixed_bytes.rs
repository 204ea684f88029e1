//! Arrays of any length in serde: exactly their bytes in binary formats (no length, so the size never tells anything: G9),
//! hexadecimal text where people read. Used by every fixed-size type of this crate.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer, const N: usize>(
    bytes: &[u8; N],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        return serializer.serialize_str(&hex::encode(bytes));
    }
    let mut tuple = serializer.serialize_tuple(N)?;
    for byte in bytes {
        tuple.serialize_element(byte)?;
    }
    tuple.end()
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
    deserializer: D,
) -> Result<[u8; N], D::Error> {
    if deserializer.is_human_readable() {
        deserializer.deserialize_str(Hexadecimal::<N>)
    } else {
        deserializer.deserialize_tuple(N, Raw::<N>)
    }
}

struct Hexadecimal<const N: usize>;

impl<const N: usize> Visitor<'_> for Hexadecimal<N> {
    type Value = [u8; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hexadecimal digits", 2 * N)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<[u8; N], E> {
        let mut bytes = [0; N];
        // The text itself stays out of the message: it may be a secret in the wrong place.
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|_| E::custom(format_args!("{} hexadecimal digits are needed", 2 * N)))?;
        Ok(bytes)
    }
}

struct Raw<const N: usize>;

impl<'de, const N: usize> Visitor<'de> for Raw<N> {
    type Value = [u8; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{N} bytes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<[u8; N], A::Error> {
        let mut bytes = [0; N];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = sequence.next_element()?.ok_or_else(|| A::Error::invalid_length(index, &self))?;
        }
        Ok(bytes)
    }
}
