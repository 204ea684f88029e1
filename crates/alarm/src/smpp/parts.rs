//! Cuts a text into short messages: GSM-7 where the alphabet suffices, otherwise UCS-2; several when one is too small, joined by the
//! telephone through a user data header (3GPP TS 23.040, 9.2.3.24.1). Called by the channel.

use super::gsm;

/// The most short messages that one alarm becomes.
pub const SMS_PARTS_MAX: usize = 16;
const HEADER_OCTETS: usize = 6;
const CONCATENATED: [u8; 3] = [5, 0, 3];

/// How the octets are to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Alphabet {
    /// One septet to an octet.
    Gsm,
    /// UTF-16, big-endian.
    Ucs2,
}

impl Alphabet {
    /// How many octets one short message takes: 160 septets, or 140 octets.
    const fn octets_alone(self) -> usize {
        match self {
            Self::Gsm => 160,
            Self::Ucs2 => 140,
        }
    }

    /// How many it takes beside the header: 6 octets less, which are 7 septets.
    const fn octets_joined(self) -> usize {
        match self {
            Self::Gsm => 153,
            Self::Ucs2 => 134,
        }
    }
}

/// A text in one alphabet, character by character.
pub(super) struct Encoded {
    pub(super) alphabet: Alphabet,
    characters: Vec<Vec<u8>>,
}

/// Chooses the alphabet.
pub(super) fn encode(text: &str) -> Encoded {
    match text.chars().map(gsm::septets).collect() {
        Some(characters) => Encoded { alphabet: Alphabet::Gsm, characters },
        None => Encoded { alphabet: Alphabet::Ucs2, characters: text.chars().map(gsm::wide).collect() },
    }
}

impl Encoded {
    /// All in one, for networks that do the cutting.
    pub(super) fn whole(&self) -> Vec<u8> {
        self.characters.concat()
    }

    /// As short messages, header included where there are several. `reference` tells the telephone which parts belong together.
    /// Nothing when there would be too many.
    pub(super) fn parts(&self, reference: u8) -> Option<Vec<Vec<u8>>> {
        let whole = self.whole();
        if whole.len() <= self.alphabet.octets_alone() {
            return Some(vec![whole]);
        }
        let pieces = self.pieces();
        let total = u8::try_from(pieces.len()).ok().filter(|total| usize::from(*total) <= SMS_PARTS_MAX)?;
        let numbered = (1..=total).zip(pieces);
        Some(numbered.map(|(number, piece)| with_header([reference, total, number], &piece)).collect())
    }

    /// As few as possible; no character is cut in two.
    fn pieces(&self) -> Vec<Vec<u8>> {
        let room = self.alphabet.octets_joined();
        let mut pieces: Vec<Vec<u8>> = Vec::new();
        for character in &self.characters {
            match pieces.last_mut() {
                Some(piece) if piece.len() + character.len() <= room => piece.extend(character),
                _ => pieces.push(character.clone()),
            }
        }
        pieces
    }
}

fn with_header(place: [u8; 3], piece: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(HEADER_OCTETS + piece.len());
    octets.extend(CONCATENATED);
    octets.extend(place);
    octets.extend(piece);
    octets
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(text: &str) -> Vec<Vec<u8>> {
        encode(text).parts(7).unwrap()
    }

    #[test]
    fn the_alphabet_follows_the_text() {
        assert_eq!(encode("ALERTE alice: phrase de détresse").alphabet, Alphabet::Gsm);
        assert_eq!(encode("peut-être").alphabet, Alphabet::Ucs2);
        assert_eq!(encode("").parts(0), Some(vec![vec![]]));
    }

    #[test]
    fn limits_are_those_of_the_network() {
        for (text, count) in [
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("ê".repeat(70), 1),
            ("ê".repeat(71), 2),
            ("ê".repeat(134), 2),
            ("ê".repeat(135), 3),
        ] {
            let parts = parts(&text);
            assert_eq!(parts.len(), count, "{} {}", &text[..2], text.chars().count());
            assert!(parts.iter().all(|part| part.len() <= 160));
        }
        assert_eq!(encode(&"a".repeat(153 * SMS_PARTS_MAX)).parts(0).unwrap().len(), SMS_PARTS_MAX);
        assert_eq!(encode(&"a".repeat(153 * SMS_PARTS_MAX + 1)).parts(0), None);
    }

    #[test]
    fn parts_say_where_they_belong_and_cut_no_character() {
        // 152 characters, then one of two septets that no longer fits.
        let both = parts(&format!("{}€{}", "a".repeat(152), "b".repeat(20)));
        assert_eq!(both[0][..6], [5, 0, 3, 7, 2, 1]);
        assert_eq!(both[1][..8], [5, 0, 3, 7, 2, 2, 0x1b, 0x65]);
        assert_eq!(both[0].len(), 6 + 152);
        // 66 wide characters, then a surrogate pair.
        let both = parts(&format!("{}😀{}", "ê".repeat(66), "ê".repeat(9)));
        assert_eq!(both[0].len(), 6 + 132);
        assert_eq!(both[1][6..8], [0xd8, 0x3d]);
    }

    #[test]
    fn the_longest_alarm_fits() {
        // A pseudonym, a code and a link at their longest, beside the words of a line; the worst is one wide character.
        let longest = 64 + 2 * crate::MESSAGE_TEXT_BYTES_MAX + 120;
        assert!(encode(&"ê".repeat(longest)).parts(0).is_some());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn parts_put_together_are_the_text(text in "[a-z€ê😀]{0,600}") {
            let encoded = encode(&text);
            if let Some(parts) = encoded.parts(9) {
                let header = if parts.len() > 1 { HEADER_OCTETS } else { 0 };
                let octets: Vec<u8> = parts.iter().flat_map(|part| part[header..].to_vec()).collect();
                let back = match encoded.alphabet {
                    Alphabet::Gsm => gsm::from_septets(&octets),
                    Alphabet::Ucs2 => gsm::from_wide(&octets),
                };
                prop_assert_eq!(back, text);
            }
        }
    }
}
