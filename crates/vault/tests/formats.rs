//! PSBTs as text and frames: the specifications' vectors, another implementation's frames, round trips, and what is refused (G1).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod world;

use std::sync::LazyLock;

use miniz_oxide::deflate::compress_to_vec;
use proptest::prelude::*;
use vault::UnverifiedPsbt;
use vault::bitcoin::Psbt;
use vault::format::{
    BBQR_FRAMES_MAX, FORMAT_BYTES_MAX, FRAME_CHARS_MAX, FRAME_CHARS_MIN, FormatError, TextFormat,
    UR_PARTS_MAX, read, write,
};
use world::{KINDS, World};

/// The PSBT of BCR-2020-006's third example.
const HEX: &str = "70736274ff01009a020000000258e87a21b56daf0c23be8e7070456c336f7cbaa5c8757924f545887bb2abdd750000000000ffffffff838d0427d0ec650a68aa46bb0b098aea4422c071b2ca78352a077959d07cea1d0100000000ffffffff0270aaf00800000000160014d85c2b71d0060b09c9886aeb815e50991dda124d00e1f5050000000016001400aea9a2e5f0f876a588df5546e8742d1d87008f000000000000000000";
const UR: &str = "ur:crypto-psbt/hdosjojkidjyzmadaenyaoaeaeaeaohdvsknclrejnpebncnrnmnjojofejzeojlkerdonspkpkkdkykfelokgprpyutkpaeaeaeaeaezmzmzmzmlslgaaditiwpihbkispkfgrkbdaslewdfycprtjsprsgksecdratkkhktikewdcaadaeaeaeaezmzmzmzmaojopkwtayaeaeaeaecmaebbtphhdnjstiambdassoloimwmlyhygdnlcatnbggtaevyykahaeaeaeaecmaebbaeplptoevwwtyakoonlourgofgvsjydpcaltaemyaeaeaeaeaeaeaeaeaebkgdcarh";
/// The same by the `bbqr` crate 0.6.0: hexadecimal, base 32, deflated.
const BBQR: [&str; 3] = [
    "B$HP030070736274FF01009A020000000258E87A21B56DAF0C23BE8E7070456C336F7CBAA5C8757924F545887BB2ABDD750000000000FFFFFFFF838D0427D0EC650A68AA46BB0B098AEA4422C0
B$HP030171B2CA78352A077959D07CEA1D0100000000FFFFFFFF0270AAF00800000000160014D85C2B71D0060B09C9886AEB815E50991DDA124D00E1F5050000000016001400AEA9A2E5F0F876
B$HP0302A588DF5546E8742D1D87008F000000000000000000",
    "B$2P0300OBZWE5H7AEAJUAQAAAAAEWHIPIQ3K3NPBQR35DTQOBCWYM3PPS5KLSDVPESPKRMIPOZKXXLVAAAAAAAA7777774DRUCCPUHMMUFGRKSG
B$2P0301XMFQTCXKIQRMA4NSZJ4DKKQHPFM5A7HKDUAQAAAAAD777777AJYKV4AIAAAAAAAWAAKNQXBLOHIAMCYJZGEGV24BLZIJSHO2CJGQBYPV
B$2P0302AUAAAAAACYABIAFOVGROL4HYO2SYRX2VI3UHILI5Q4AI6AAAAAAAAAAAAAAA",
    "B$ZP0300FMUE4KXZZ7EDBC4JQGAYCKPCIWK6FVW46U6MV672BIFFY44M6NVXMLJ5KFNKT4WVWWRXVU7KXOSQYIHQD4EJU62Z2QX3YSPFZJMOLNU3
B$ZP0301TOZ6XFML2KA4ETNHFJGLLWBLEMX5JPESMWCCSZBKLD2YCA6ECFRRBOIRUNOXRAMNTPZWIR6W5PDLRAEZWK3YI7AZDZ7GLBKKGOWFXOPI
B$ZP03025GDR6ZKLHPXIPOV5FDIZK3LH5BTYAAIA",
];

static PSBTS: LazyLock<Vec<Psbt>> = LazyLock::new(|| {
    let signed = KINDS.map(|kind| World::new(kind).signed(&["alice", "bob"]));
    signed.into_iter().chain([vector()]).collect()
});

fn vector() -> Psbt {
    Psbt::deserialize(&hex::decode(HEX).unwrap()).unwrap()
}

fn bytes(read: Result<UnverifiedPsbt, FormatError>) -> Vec<u8> {
    read.unwrap().as_psbt().serialize()
}

fn refused(text: &str) -> FormatError {
    read(text.as_bytes()).unwrap_err()
}

#[test]
fn the_vectors_of_others_are_read() {
    let wanted = hex::decode(HEX).unwrap();
    for text in [UR, &UR.to_uppercase(), HEX, &HEX.to_uppercase(), &format!("\n {HEX}\r\n")] {
        assert_eq!(bytes(read(text.as_bytes())), wanted, "{text}");
    }
    for text in BBQR {
        assert_eq!(bytes(read(text.as_bytes())), wanted);
        let mut lines: Vec<&str> = text.lines().collect();
        lines.rotate_left(1);
        lines.push(lines[0]);
        assert_eq!(bytes(read(lines.join("\r\n\n").as_bytes())), wanted, "any order, any number of times");
    }
    assert_eq!(bytes(read(&wanted)), wanted);
}

#[test]
fn the_vectors_are_written() {
    assert_eq!(write(&vector(), TextFormat::Ur(FRAME_CHARS_MAX)).unwrap(), [UR]);
    assert_eq!(write(&vector(), TextFormat::Hex).unwrap(), [HEX]);
    let base32 = write(&vector(), TextFormat::Bbqr(120)).unwrap();
    assert_eq!(base32.concat().replace("B$2P0300", "").len(), BBQR[1].replace('\n', "").len() - 8);
    assert_eq!(base32.len(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_written_is_read(which in 0usize..3, chars in FRAME_CHARS_MIN..FRAME_CHARS_MAX, turn in any::<usize>()) {
        let psbt = &PSBTS[which];
        for format in [TextFormat::Base64, TextFormat::Hex, TextFormat::Bbqr(chars), TextFormat::Ur(chars)] {
            let mut frames = write(psbt, format).unwrap();
            let framed = matches!(format, TextFormat::Bbqr(_) | TextFormat::Ur(_));
            prop_assert!(!framed || frames.iter().all(|frame| frame.len() <= chars), "{format:?} {chars}");
            let middle = turn % frames.len();
            frames.rotate_left(middle);
            prop_assert_eq!(bytes(read(frames.join("\n").as_bytes())), psbt.serialize());
            if frames.len() > 1 {
                frames.pop();
                let missing = read(frames.join("\n").as_bytes()).unwrap_err();
                let is_missing = matches!(missing, FormatError::Missing { missing: 1, .. });
                prop_assert!(is_missing, "{missing}");
            }
        }
    }

    /// Whatever becomes of a text on its way, it is the same PSBT or an error.
    #[test]
    fn damaged_text_is_refused_or_the_same(which in 0usize..3, form in 0usize..4, place in any::<usize>(), byte in 32u8..127) {
        let formats = [TextFormat::Base64, TextFormat::Hex, TextFormat::Bbqr(300), TextFormat::Ur(300)];
        let psbt = &PSBTS[which];
        let mut text = write(psbt, formats[form]).unwrap().join("\n").into_bytes();
        let place = place % text.len();
        text[place] = byte;
        if form == 3 {
            // UR has checksums: nothing else comes through.
            prop_assert!(read(&text).map_or(true, |read| read.as_psbt() == psbt));
        } else {
            let _any = read(&text);
        }
        text.truncate(place);
        let _any = read(&text);
    }

    #[test]
    fn anything_may_be_read(text in "(ur:crypto-psbt/|B\\$[HZ2]P0[1-3]0[0-3]|70736274ff|cHNidP)[a-zA-Z0-9/\\-\n$:]{0,200}") {
        let _any = read(text.as_bytes());
    }
}

#[test]
fn parts_of_a_fountain_are_read() {
    let psbt = &PSBTS[0];
    let body = psbt.serialize();
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    let cbor = [&[0x59][..], &length, &body].concat();
    let mut encoder = ur::Encoder::new(&cbor, 200, "crypto-psbt").unwrap();
    let parts: Vec<String> =
        (0..encoder.fragment_count() * 3).map(|_| encoder.next_part().unwrap()).collect();
    // The plain parts never arrive: only mixtures.
    let mixed = parts[encoder.fragment_count()..].join("\n");
    assert_eq!(bytes(read(mixed.as_bytes())), body);
    assert_eq!(bytes(read(mixed.to_uppercase().as_bytes())), body);
}

#[test]
fn malformed_input_is_named() {
    assert_eq!(refused("hello"), FormatError::Unknown);
    assert_eq!(refused(""), FormatError::Unknown);
    assert_eq!(read(&[0xff; 9]).unwrap_err(), FormatError::Unknown);
    assert_eq!(read(&vec![b' '; FORMAT_BYTES_MAX + 1]).unwrap_err(), FormatError::TooLarge);
    assert_eq!(refused("70736274ff0"), FormatError::Hex);
    assert_eq!(refused("70736274ffzz"), FormatError::Hex);
    assert_eq!(refused("cHNidP8*"), FormatError::Base64);
    assert!(matches!(refused("70736274ff00"), FormatError::Refused(_)));
}

#[test]
fn malformed_frames_are_named() {
    let lines: Vec<&str> = BBQR[1].lines().collect();
    let with = |line: usize, text: &str| {
        let mut lines = lines.clone();
        lines[line] = text;
        refused(&lines.join("\n"))
    };
    let frame = |text: &str| matches!(with(1, text), FormatError::Frame(2, _));
    assert!(frame("B$2P03"), "short");
    assert!(frame("B$2P0301"), "empty");
    assert!(frame("B$2P03*1AAAA"), "a place that is no number");
    assert!(frame("B$2P0303AAAA"), "a place beyond the count");
    assert!(frame("b$2P0301AAAA") && frame("ur:psbt/aeae"), "another format");
    assert_eq!(with(1, "B$HP0301AAAA"), FormatError::Series(2));
    assert_eq!(with(1, "B$2P0401AAAA"), FormatError::Series(2));
    assert_eq!(with(1, &lines[0].replace('O', "P")), FormatError::Conflict(2));
    assert_eq!(
        refused(&format!("{}\n{}", lines[0], lines[2])),
        FormatError::Missing { missing: 1, count: 3 }
    );
    assert!(matches!(with(1, "B$2P0301AAAAAAAA"), FormatError::Body(_)), "another length");
    assert_eq!(refused("B$2T0100AAAA"), FormatError::Content("T".to_owned()));
    for body in ["A", "AAA", "AB", "aa", "A1"] {
        assert!(matches!(refused(&format!("B$2P0100{body}")), FormatError::Body(_)), "{body}");
    }
    for text in ["B$HP0100A", "B$HP0100aa", "B$HP0100GG", "B$XP0100AA", "B$ZP0100AAAA"] {
        assert!(matches!(refused(text), FormatError::Body(_)), "{text}");
    }
    assert_eq!(BBQR_FRAMES_MAX, 1295);
}

#[test]
fn malformed_parts_are_named() {
    let part = |text: &str| matches!(refused(text), FormatError::Frame(1, _));
    assert!(part("ur:crypto-psbt/1x2/aeae") && part("ur:crypto-psbt/1-x/aeae"));
    assert!(part("ur:crypto-psbt/1-2/aeae/aeae") && part("ur:crypto-psbt"));
    assert!(part("ur:crypto-psbt/1-2/aeae"), "no checksum");
    assert_eq!(refused("ur:crypto-seed/aeae"), FormatError::Content("crypto-seed".to_owned()));
    assert!(matches!(refused("ur:crypto-psbt/aeae"), FormatError::Body(_)));
    assert_eq!(refused(&format!("{UR}\n{UR}x")), FormatError::Series(2));
    assert_eq!(refused("ur:crypto-psbt/1-4294967295/aeae"), FormatError::TooManyFrames(4_294_967_295));
    let frames = write(&PSBTS[0], TextFormat::Ur(300)).unwrap();
    let other = write(&PSBTS[1], TextFormat::Ur(400)).unwrap();
    assert_eq!(refused(&format!("{}\n{}", frames[0], other[0])), FormatError::Series(2));
    let renamed = frames[1].replace("crypto-psbt", "bytes");
    assert_eq!(refused(&format!("{}\n{renamed}", frames[0])), FormatError::Series(2));
    let many = vec![frames[0].as_str(); frames.len() * 8 + 1].join("\n");
    assert!(matches!(refused(&many), FormatError::TooManyFrames(_)));
    assert_eq!(UR_PARTS_MAX, 2048);
}

/// CBOR that is no byte string, of another length, or indefinite.
#[test]
fn a_resource_that_is_not_one_byte_string_is_refused() {
    for cbor in [
        &[0x41][..],
        &[0x41, 1, 2],
        &[0x58],
        &[0x5f, 0x41, 1, 0xff],
        &[0x5b, 0, 0, 0, 0, 0, 0, 0, 1, 7],
        &[0x61, 65],
        &[0x82, 1, 2],
    ] {
        let text = ur::ur::try_encode(cbor, &ur::Type::Custom("crypto-psbt")).unwrap();
        assert_eq!(refused(&text), FormatError::Body("not one byte string".to_owned()), "{cbor:?}");
    }
    let text = ur::ur::try_encode(&[0x5a, 0xff, 0xff, 0xff, 0xff], &ur::Type::Custom("crypto-psbt")).unwrap();
    assert_eq!(refused(&text), FormatError::TooLarge);
}

#[test]
fn what_unpacks_without_end_is_refused() {
    let bomb = compress_to_vec(&vec![0; 64 * 1024 * 1024], 9);
    const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bit = |index: usize| bomb.get(index / 8).map_or(0, |byte| byte >> (7 - index % 8) & 1);
    let digit = |group: usize| (0..5).fold(0, |digit, step| digit << 1 | usize::from(bit(group * 5 + step)));
    let text: String =
        (0..(bomb.len() * 8).div_ceil(5)).map(|group| char::from(BASE32[digit(group)])).collect();
    assert!(matches!(refused(&format!("B$ZP0100{text}")), FormatError::Body(_)));
}

#[test]
fn frame_sizes_have_bounds() {
    for chars in [0, FRAME_CHARS_MIN - 1, FRAME_CHARS_MAX + 1, usize::MAX] {
        assert_eq!(write(&vector(), TextFormat::Bbqr(chars)).unwrap_err(), FormatError::FrameChars(chars));
        assert_eq!(write(&vector(), TextFormat::Ur(chars)).unwrap_err(), FormatError::FrameChars(chars));
    }
    let mut large = PSBTS[0].clone();
    let input = large.inputs[0].clone();
    let txin = large.unsigned_tx.input[0].clone();
    large.inputs.extend(vec![input; 400]);
    large.unsigned_tx.input.extend(vec![txin; 400]);
    let refused = |format| matches!(write(&large, format), Err(FormatError::TooManyFrames(_)));
    assert!(refused(TextFormat::Bbqr(FRAME_CHARS_MIN)) && refused(TextFormat::Ur(FRAME_CHARS_MIN)));
}
