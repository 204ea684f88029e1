//! Uniform resources, `ur:crypto-psbt` (BCR-2020-005 and 006): what Keystone, Passport, Jade, SeedSigner and others show and read.
//!
//! Bytewords and fountain codes are the `ur` crate's. Counts are bounded here first, since it allocates what they say.

use super::FormatError;
use crate::psbt::PSBT_BYTES_MAX;

/// The most parts that a message is split into.
pub const UR_PARTS_MAX: usize = 2048;
/// How many parts are read for each part of the message: fountains repeat themselves in other words.
const REPEATED_MAX: usize = 8;
/// The type that is written. The others are read too: the newer name, and what older software says.
const TYPE: &str = "crypto-psbt";
const TYPES: [&str; 3] = [TYPE, "psbt", "bytes"];
/// Characters of a part beside the fragment: scheme, type, numbers, and the part's own CBOR and checksum in bytewords.
const PART_CHARS: usize = 90;

type Lines<'a> = [(usize, &'a str)];

pub fn read(lines: &Lines<'_>) -> Result<Vec<u8>, FormatError> {
    let (number, first) = lines.first().ok_or(FormatError::Unknown)?;
    let first = first.to_ascii_lowercase();
    let kind = first.strip_prefix("ur:").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    if !TYPES.contains(&kind) {
        return Err(FormatError::Content(kind.chars().take(40).collect()));
    }
    match count(*number, &first)? {
        None => read_single(lines, &first),
        Some(count) => read_parts(lines, kind, count),
    }
}

/// How many parts there are, in a part of several.
fn count(number: usize, part: &str) -> Result<Option<usize>, FormatError> {
    let wrong = |what: &str| FormatError::Frame(number, what.to_owned());
    let mut pieces = part.split('/').skip(1);
    let (numbers, body, more) = (pieces.next(), pieces.next(), pieces.next());
    let Some(numbers) = numbers.filter(|_| more.is_none()) else { return Err(wrong("not a UR part")) };
    if body.is_none() {
        return Ok(None);
    }
    let (_, count) = numbers.split_once('-').ok_or_else(|| wrong("a UR part without numbers"))?;
    let count = count.parse::<usize>().map_err(|_| wrong("a UR part without numbers"))?;
    if count > UR_PARTS_MAX { Err(FormatError::TooManyFrames(count)) } else { Ok(Some(count)) }
}

fn read_single(lines: &Lines<'_>, first: &str) -> Result<Vec<u8>, FormatError> {
    if let Some((number, _)) =
        lines.get(1..).unwrap_or_default().iter().find(|(_, line)| !line.eq_ignore_ascii_case(first))
    {
        return Err(FormatError::Series(*number));
    }
    let (_, cbor) = ::ur::decode(first).map_err(|error| FormatError::Body(error.to_string()))?;
    byte_string(&cbor)
}

fn read_parts(lines: &Lines<'_>, kind: &str, count: usize) -> Result<Vec<u8>, FormatError> {
    if lines.len() > count.saturating_mul(REPEATED_MAX).max(REPEATED_MAX) {
        return Err(FormatError::TooManyFrames(lines.len()));
    }
    let mut decoder = ::ur::Decoder::default();
    for (number, line) in lines {
        let line = line.to_ascii_lowercase();
        let of_series = self::count(*number, &line)? == Some(count);
        let of_kind = line
            .strip_prefix("ur:")
            .and_then(|rest| rest.strip_prefix(kind))
            .is_some_and(|rest| rest.starts_with('/'));
        if !of_series || !of_kind {
            return Err(FormatError::Series(*number));
        }
        decoder.receive(&line).map_err(|error| FormatError::Frame(*number, error.to_string()))?;
    }
    let message = decoder.message().map_err(|error| FormatError::Body(error.to_string()))?;
    let resolved = decoder.resolved_fragment_count().unwrap_or(0);
    let missing = FormatError::Missing { missing: count.saturating_sub(resolved).max(1), count };
    byte_string(&message.ok_or(missing)?)
}

/// A CBOR byte string of definite length, and nothing after it.
fn byte_string(cbor: &[u8]) -> Result<Vec<u8>, FormatError> {
    let wrong = || FormatError::Body("not one byte string".to_owned());
    let (head, rest) = cbor.split_first().ok_or_else(wrong)?;
    let (length, body) = match head {
        0x40..=0x57 => (usize::from(head - 0x40), rest),
        0x58..=0x5a => {
            let (bytes, body) = rest.split_at_checked(1 << (head - 0x58)).ok_or_else(wrong)?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), body)
        }
        _ => return Err(wrong()),
    };
    if length > PSBT_BYTES_MAX {
        return Err(FormatError::TooLarge);
    }
    if body.len() == length { Ok(body.to_vec()) } else { Err(wrong()) }
}

pub fn write(bytes: &[u8], chars: usize) -> Result<Vec<String>, FormatError> {
    let cbor = to_cbor(bytes);
    // Two characters for each byte, four bytes of checksum.
    if (cbor.len() + 4) * 2 + TYPE.len() + 4 <= chars {
        let whole = ::ur::ur::try_encode(&cbor, &::ur::Type::Custom(TYPE));
        return Ok(vec![whole.map_err(|error| FormatError::Body(error.to_string()))?]);
    }
    let fragment = chars.saturating_sub(PART_CHARS) / 2;
    let failed = |error: ::ur::ur::Error| FormatError::Body(error.to_string());
    let mut encoder = ::ur::Encoder::new(&cbor, fragment.max(1), TYPE).map_err(failed)?;
    let count = encoder.fragment_count();
    if count > UR_PARTS_MAX {
        return Err(FormatError::TooManyFrames(count));
    }
    // The first parts of a fountain are the message itself.
    (0..count).map(|_| encoder.next_part().map_err(failed)).collect()
}

fn to_cbor(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let head = match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=23), _) => vec![0x40 | short],
        (Ok(byte), _) => vec![0x58, byte],
        (_, Ok(two)) => [&[0x59][..], &two.to_be_bytes()].concat(),
        _ => [&[0x5a][..], &length.to_be_bytes()].concat(),
    };
    [head.as_slice(), bytes].concat()
}
