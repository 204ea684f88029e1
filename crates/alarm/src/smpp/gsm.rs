//! The GSM 7-bit default alphabet (3GPP TS 23.038) and UCS-2, both ways. Called by `parts` and `incoming`.
//!
//! Septets travel one to an octet, as SMPP wants them; packing is the provider's.

const ESCAPE: u8 = 0x1b;
/// The character of each septet; the escape stands for itself and is never text.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// What a septet means after the escape.
const EXTENDED: [(u8, char); 10] = [
    (0x0a, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// One character as septets; nothing when the alphabet lacks it.
pub(super) fn septets(c: char) -> Option<Vec<u8>> {
    if c == char::from(ESCAPE) {
        return None;
    }
    if let Some(at) = BASIC.chars().position(|basic| basic == c) {
        return u8::try_from(at).ok().map(|septet| vec![septet]);
    }
    EXTENDED.iter().find(|(_, extended)| *extended == c).map(|(septet, _)| vec![ESCAPE, *septet])
}

/// One character in UTF-16, big-endian. What is outside UCS-2 becomes a surrogate pair, as telephones expect.
pub(super) fn wide(c: char) -> Vec<u8> {
    c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()).collect()
}

/// Text from septets; what has no meaning becomes U+FFFD.
pub(super) fn from_septets(septets: &[u8]) -> String {
    let mut septets = septets.iter();
    let mut text = String::new();
    while let Some(septet) = septets.next() {
        let c = if *septet == ESCAPE {
            let after = septets.next();
            EXTENDED.iter().find(|(extended, _)| Some(extended) == after).map(|(_, c)| *c)
        } else {
            BASIC.chars().nth(usize::from(*septet))
        };
        text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    text
}

/// Text from UTF-16, big-endian; a lone half or a last odd octet becomes U+FFFD.
pub(super) fn from_wide(octets: &[u8]) -> String {
    let units = octets.chunks(2).map(|pair| match pair {
        [high, low] => u16::from_be_bytes([*high, *low]),
        _ => 0xfffd,
    });
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(text: &str) -> Option<Vec<u8>> {
        text.chars().map(septets).collect::<Option<Vec<_>>>().map(|all| all.concat())
    }

    #[test]
    fn the_alphabet_is_the_standard_one() {
        assert_eq!(BASIC.chars().count(), 128);
        // Landmarks of TS 23.038, table 6.2.1.
        for (c, septet) in [
            ('@', 0x00),
            ('é', 0x05),
            ('Ç', 0x09),
            ('\n', 0x0a),
            ('\r', 0x0d),
            ('Δ', 0x10),
            ('_', 0x11),
            ('Ξ', 0x1a),
            ('Æ', 0x1c),
            ('É', 0x1f),
            (' ', 0x20),
            ('$', 0x02),
            ('¤', 0x24),
            ('0', 0x30),
            ('?', 0x3f),
            ('¡', 0x40),
            ('A', 0x41),
            ('Z', 0x5a),
            ('Ä', 0x5b),
            ('§', 0x5f),
            ('¿', 0x60),
            ('a', 0x61),
            ('z', 0x7a),
            ('à', 0x7f),
        ] {
            assert_eq!(septets(c), Some(vec![septet]), "{c}");
        }
        assert_eq!(encode("€[]"), Some(vec![0x1b, 0x65, 0x1b, 0x3c, 0x1b, 0x3e]));
        for c in ['ê', 'ç', '’', '\u{1b}', '`', '😀'] {
            assert_eq!(septets(c), None, "{c}");
        }
    }

    #[test]
    fn every_character_comes_back() {
        let all: String = BASIC.chars().chain(EXTENDED.map(|(_, c)| c)).filter(|c| *c != '\u{1b}').collect();
        assert_eq!(from_septets(&encode(&all).unwrap()), all);
        let text = "peut-être ça 😀";
        assert_eq!(from_wide(&text.chars().flat_map(wide).collect::<Vec<_>>()), text);
    }

    #[test]
    fn what_has_no_meaning_is_marked() {
        assert_eq!(from_septets(&[0x41, 0x1b]), "A\u{fffd}");
        assert_eq!(from_septets(&[0x1b, 0x41, 0x80]), "\u{fffd}\u{fffd}");
        assert_eq!(from_wide(&[0xd8, 0x00, 0x00, 0x41, 0x00]), "\u{fffd}A\u{fffd}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_octets_become_text(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(from_septets(&octets).chars().count() <= octets.len());
            prop_assert!(from_wide(&octets).chars().count() <= octets.len().div_ceil(2));
        }
    }
}
