//! Changes to seeds, from a number: for the short run in every test. Not guided by coverage; `cargo xtask fuzz` is.

use testkit::prng::Chance;

/// Values at which lengths and counts turn over.
const EDGES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xfc, 0xfd, 0xfe, 0xff];

/// A seed with one to four changes: bits, bytes, pieces cut, doubled, or taken from another seed.
#[must_use]
pub fn mutated(seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = chosen(seeds, chance).clone();
    for _ in 0..=chance.below(3) {
        change(&mut bytes, seeds, chance);
    }
    bytes
}

fn chosen<'a>(seeds: &'a [Vec<u8>], chance: &mut Chance) -> &'a Vec<u8> {
    &seeds[chance.below(seeds.len())]
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], chance: &mut Chance) {
    let at = chance.below(bytes.len());
    let end = at + chance.below((bytes.len() - at).min(80) + 1);
    match chance.below(6) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << chance.below(8),
        1 if !bytes.is_empty() => bytes[at] = chance.of(&EDGES),
        2 => drop(bytes.drain(at..end.min(bytes.len()))),
        3 => {
            let piece = bytes[at..end.min(bytes.len())].to_vec();
            bytes.splice(at..at, piece);
        }
        4 => {
            let other = chosen(seeds, chance);
            let from = chance.below(other.len());
            let piece = &other[from..(from + 60).min(other.len())];
            bytes.splice(at..at, piece.iter().copied());
        }
        _ => bytes.truncate(at),
    }
}
