//! BBQr, version 1: frames `B$`, encoding, content, count, place, body. Coldcard and others show and read them.
//!
//! Written in base 32, which every reader must know; read in base 32, hexadecimal and deflated.

use std::collections::BTreeMap;

use miniz_oxide::inflate::decompress_to_vec_with_limit;

use super::{FormatError, hex_digit};
use crate::psbt::PSBT_BYTES_MAX;

/// The most frames of a series: two digits in base 36.
pub const BBQR_FRAMES_MAX: usize = 36 * 36 - 1;
const HEAD_CHARS: usize = 8;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// What the content is, by its letter.
const PSBT: char = 'P';

type Lines<'a> = [(usize, &'a str)];

/// One frame, taken apart.
struct Frame<'a> {
    encoding: char,
    content: char,
    count: usize,
    place: usize,
    body: &'a str,
}

pub fn read(lines: &Lines<'_>) -> Result<Vec<u8>, FormatError> {
    let (_, first) = lines.first().ok_or(FormatError::Unknown)?;
    let head = parse(1, first)?;
    let (encoding, count) = (head.encoding, head.count);
    if head.content != PSBT {
        return Err(FormatError::Content(head.content.to_string()));
    }
    let mut bodies: BTreeMap<usize, &str> = BTreeMap::new();
    for (number, line) in lines {
        let frame = parse(*number, line)?;
        if (frame.encoding, frame.content, frame.count) != (encoding, PSBT, count) {
            return Err(FormatError::Series(*number));
        }
        if bodies.insert(frame.place, frame.body).is_some_and(|earlier| earlier != frame.body) {
            return Err(FormatError::Conflict(*number));
        }
    }
    if bodies.len() < count {
        return Err(FormatError::Missing { missing: count - bodies.len(), count });
    }
    check_lengths(&bodies)?;
    let mut bytes = Vec::new();
    for body in bodies.values() {
        bytes.extend(decode(encoding, body)?);
    }
    if encoding != 'Z' {
        return Ok(bytes);
    }
    decompress_to_vec_with_limit(&bytes, PSBT_BYTES_MAX).map_err(|error| FormatError::Body(error.to_string()))
}

/// All of one length but the last, which may be shorter.
fn check_lengths(bodies: &BTreeMap<usize, &str>) -> Result<(), FormatError> {
    let mut lengths = bodies.values().map(|body| body.len());
    let last = lengths.next_back().unwrap_or(0);
    let first = lengths.clone().next().unwrap_or(last);
    if lengths.all(|length| length == first) && last <= first {
        return Ok(());
    }
    Err(FormatError::Body("frames of different lengths".to_owned()))
}

fn parse(number: usize, line: &str) -> Result<Frame<'_>, FormatError> {
    let wrong = |what: &str| FormatError::Frame(number, what.to_owned());
    let head = line.get(..HEAD_CHARS).ok_or_else(|| wrong("too short for a BBQr frame"))?;
    let body =
        line.get(HEAD_CHARS..).filter(|body| !body.is_empty()).ok_or_else(|| wrong("an empty frame"))?;
    let chars: Vec<char> = head.chars().collect();
    let ['B', '$', encoding, content, counts @ ..] = chars.as_slice() else {
        return Err(wrong("not a BBQr frame"));
    };
    let [count, place] = match counts {
        [a, b, c, d] => [base36(*a, *b), base36(*c, *d)],
        _ => [None, None],
    };
    let (count, place) = count.zip(place).ok_or_else(|| wrong("a head without count and place"))?;
    if count == 0 || place >= count {
        return Err(wrong("a place beyond the count"));
    }
    Ok(Frame { encoding: *encoding, content: *content, count, place, body })
}

fn base36(high: char, low: char) -> Option<usize> {
    let digit = |digit: char| digit.to_digit(36).filter(|_| !digit.is_ascii_lowercase());
    usize::try_from(digit(high)? * 36 + digit(low)?).ok()
}

fn decode(encoding: char, body: &str) -> Result<Vec<u8>, FormatError> {
    let decoded = match encoding {
        'H' => from_hex(body),
        '2' | 'Z' => from_base32(body),
        other => return Err(FormatError::Body(format!("unknown encoding `{other}`"))),
    };
    decoded.ok_or_else(|| FormatError::Body("a frame that does not decode to whole bytes".to_owned()))
}

fn from_hex(body: &str) -> Option<Vec<u8>> {
    let digits = body.bytes().map(|byte| hex_digit(byte).filter(|_| !byte.is_ascii_lowercase()));
    let digits: Vec<u8> = digits.collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// RFC 4648 without padding; what is left over must be zero and less than a character.
fn from_base32(body: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(body.len() * 5 / 8);
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in body.bytes() {
        let digit = BASE32.iter().position(|own| *own == byte)?;
        bits = (bits << 5 | u32::try_from(digit).ok()?) & 0xfff;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    let nothing_left = held < 5 && bits & ((1 << held) - 1) == 0;
    nothing_left.then_some(bytes)
}

pub fn write(bytes: &[u8], chars: usize) -> Result<Vec<String>, FormatError> {
    // Five bytes are eight characters, so that all frames but the last end at a whole byte.
    let most = (chars - HEAD_CHARS) / 8;
    let groups = bytes.len().div_ceil(5);
    let count = groups.div_ceil(most).max(1);
    if count > BBQR_FRAMES_MAX {
        return Err(FormatError::TooManyFrames(count));
    }
    // Shared out evenly, so that the last QR code is no smaller than need be.
    let each = groups.div_ceil(count).max(1) * 5;
    let parts: Vec<&[u8]> = bytes.chunks(each).collect();
    let count = parts.len();
    let frame = |(place, part): (usize, &&[u8])| {
        format!("B$2{PSBT}{}{}{}", to_base36(count), to_base36(place), to_base32(part))
    };
    Ok(parts.iter().enumerate().map(frame).collect())
}

fn to_base36(number: usize) -> String {
    let digit = |digit: usize| {
        u32::try_from(digit % 36).ok().and_then(|digit| char::from_digit(digit, 36)).unwrap_or('0')
    };
    [digit(number / 36), digit(number)].iter().map(char::to_ascii_uppercase).collect()
}

fn to_base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let mut push = |digit: u32| {
        let own = usize::try_from(digit & 31).ok().and_then(|digit| BASE32.get(digit));
        text.extend(own.map(|byte| char::from(*byte)));
    };
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in bytes {
        bits = (bits << 8 | u32::from(*byte)) & 0xfff;
        held += 8;
        while held >= 5 {
            held -= 5;
            push(bits >> held);
        }
    }
    if held > 0 {
        push(bits << (5 - held));
    }
    text
}
