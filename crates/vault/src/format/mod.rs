//! PSBTs as files, text and QR frames, in and out (G1: whatever comes in is bounded, and trusted for nothing).
//!
//! Reading finds the form by itself: binary, base64, hexadecimal, BBQr frames or UR parts; frames stand on lines of their own, in any order,
//! any number of times. Called by the server and the command line. To add a form: a module beside `bbqr`, its beginning in `read`, its errors in
//! [`FormatError`], its round trip and its malformed inputs in `tests/formats.rs`.

mod bbqr;
mod ur;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bitcoin::Psbt;
use thiserror::Error;

use crate::psbt::{PSBT_BYTES_MAX, UnverifiedPsbt};
use crate::refusal::Refusal;

pub use bbqr::BBQR_FRAMES_MAX;
pub use ur::UR_PARTS_MAX;

/// The longest input in any form, in bytes: the largest PSBT in hexadecimal, which is the longest, with frames' heads and repetitions.
pub const FORMAT_BYTES_MAX: usize = 3 * PSBT_BYTES_MAX;
/// Characters of a frame that most cameras read: a QR code of version 27.
pub const FRAME_CHARS_DEFAULT: usize = 2132;
/// The shortest frames that are made.
pub const FRAME_CHARS_MIN: usize = 120;
/// The longest frames that are made: the largest QR code there is.
pub const FRAME_CHARS_MAX: usize = 4296;

/// Why an input is not a PSBT in a form that is known.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FormatError {
    /// Above [`FORMAT_BYTES_MAX`].
    #[error("the input is too large: send a psbt of at most 4 MiB")]
    TooLarge,
    /// Nothing that is known.
    #[error("this is no psbt: send a psbt file, base64, hexadecimal, BBQr frames or UR parts")]
    Unknown,
    /// Hexadecimal up to somewhere.
    #[error("this is not hexadecimal from the first to the last character: copy it again, whole")]
    Hex,
    /// Base64 up to somewhere.
    #[error("this is not base64 from the first to the last character: copy it again, whole")]
    Base64,
    /// A line that is no frame, or of another series. Lines count from 1.
    #[error("line {0} is not a frame of the same series as line 1: scan one series alone")]
    Series(usize),
    /// A frame that cannot be read.
    #[error("line {0}: {1}: scan it again")]
    Frame(usize, String),
    /// Two different frames in one place.
    #[error("line {0} is another frame than an earlier one in its place: scan one series alone")]
    Conflict(usize),
    /// Not all there.
    #[error("{missing} of {count} frames are missing: scan on")]
    Missing {
        /// How many are still needed, at least.
        missing: usize,
        /// How many there are.
        count: usize,
    },
    /// More frames than are taken.
    #[error("{0} frames are too many: use larger frames or a file")]
    TooManyFrames(usize),
    /// Something else than a PSBT.
    #[error("the frames hold `{0}`, not a psbt: export the psbt")]
    Content(String),
    /// The frames are complete and do not make sense together.
    #[error("the frames do not make a psbt together ({0}): export it again")]
    Body(String),
    /// A frame size out of bounds.
    #[error("frames have {FRAME_CHARS_MIN} to {FRAME_CHARS_MAX} characters, not {0}")]
    FrameChars(usize),
    /// Not a PSBT after all.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl FormatError {
    /// The stable code; a refusal keeps its own.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "format-too-large",
            Self::Unknown => "format-unknown",
            Self::Hex => "format-hex",
            Self::Base64 => "format-base64",
            Self::Series(_) => "format-series",
            Self::Frame(..) => "format-frame",
            Self::Conflict(_) => "format-conflict",
            Self::Missing { .. } => "format-missing",
            Self::TooManyFrames(_) => "format-too-many-frames",
            Self::Content(_) => "format-content",
            Self::Body(_) => "format-body",
            Self::FrameChars(_) => "format-frame-chars",
            Self::Refused(refusal) => refusal.code(),
        }
    }
}

/// A form in which a PSBT is written as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextFormat {
    /// What most software takes. One line.
    Base64,
    /// One line.
    Hex,
    /// Coldcard's frames for QR codes, of at most so many characters.
    Bbqr(usize),
    /// Blockchain Commons' `ur:crypto-psbt`, of at most so many characters a part.
    Ur(usize),
}

/// Reads a PSBT in any form.
///
/// # Errors
/// [`FormatError`].
pub fn read(input: &[u8]) -> Result<UnverifiedPsbt, FormatError> {
    if input.len() > FORMAT_BYTES_MAX {
        return Err(FormatError::TooLarge);
    }
    if input.starts_with(b"psbt\xff") {
        return Ok(UnverifiedPsbt::from_bytes(input)?);
    }
    let text = std::str::from_utf8(input).map_err(|_| FormatError::Unknown)?.trim();
    let begins = |with: &str| text.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    let bytes = if begins("B$") {
        bbqr::read(&lines(text))?
    } else if begins("ur:") {
        ur::read(&lines(text))?
    } else if begins("70736274ff") {
        hex(text)?
    } else if begins("cHNidP") {
        let plain: String = text.split_whitespace().collect();
        STANDARD.decode(plain).map_err(|_| FormatError::Base64)?
    } else {
        return Err(FormatError::Unknown);
    };
    Ok(UnverifiedPsbt::from_bytes(&bytes)?)
}

/// Writes a PSBT as text: one line, or one for each frame.
///
/// # Errors
/// A frame size out of bounds, or more frames than the form has room for.
pub fn write(psbt: &Psbt, format: TextFormat) -> Result<Vec<String>, FormatError> {
    let bytes = psbt.serialize();
    match format {
        TextFormat::Base64 => Ok(vec![STANDARD.encode(bytes)]),
        TextFormat::Hex => Ok(vec![to_hex(&bytes)]),
        TextFormat::Bbqr(chars) => bbqr::write(&bytes, checked(chars)?),
        TextFormat::Ur(chars) => ur::write(&bytes, checked(chars)?),
    }
}

fn checked(chars: usize) -> Result<usize, FormatError> {
    let fits = (FRAME_CHARS_MIN..=FRAME_CHARS_MAX).contains(&chars);
    if fits { Ok(chars) } else { Err(FormatError::FrameChars(chars)) }
}

/// The frames with their line numbers.
fn lines(text: &str) -> Vec<(usize, &str)> {
    let numbered = (1..).zip(text.lines().map(str::trim));
    numbered.filter(|(_, line)| !line.is_empty()).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string never fails.
        let _never = write!(text, "{byte:02x}");
        text
    })
}

/// Both cases; white space between digits is ignored.
fn hex(text: &str) -> Result<Vec<u8>, FormatError> {
    let digits = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let digits: Option<Vec<u8>> = digits.map(hex_digit).collect();
    let digits = digits.ok_or(FormatError::Hex)?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if rest.is_empty() {
        Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect())
    } else {
        Err(FormatError::Hex)
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
