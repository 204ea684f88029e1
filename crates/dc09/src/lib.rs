//! ANSI/SIA DC-09 frames (2013 and 2021): what alarm panels and alarm centres say to each other (G8).
//!
//! A frame is untrusted until it was opened, and the types say so: bytes → [`Envelope`] (length, checksum and head are right; anybody can
//! make one) → [`Message`] (its text was read, and if it was encrypted, by somebody who has the key). [`Splitter`] cuts a stream into frames.
//! Values in, values out: the pad's randomness and the time are arguments. Called by the sending channel of `alarm` and by the receiver in `server`.
//!
//! What the standard does not give: its encryption (AES in CBC mode with a constant first vector) hides and ties the text to its time, but has no
//! authentication of its own, and the head stands outside of it. Whoever can change packets on the way can drop an alarm or, within a minute,
//! spoil one; they cannot make one up from nothing.
//!
//! Checked against the standard's published drafts and by tests against the independent Python libraries `pysiaalarm` and `siadc09`.
#![deny(missing_docs)]

mod crc;
mod event;
mod frame;
mod head;
mod key;
mod message;
mod splitter;
mod stamp;

pub use event::{Code, DataError, EVENTS_MAX, Event, Meaning, Qualifier};
pub use frame::{Envelope, FrameError};
pub use head::{Account, Head, Number, Sequence, Token};
pub use key::{Key, KeyError};
pub use message::{EXTRAS_MAX, Extra, Message, OpenError, PAD_BYTES, WriteError};
pub use splitter::{Overlong, Splitter};
pub use stamp::{STAMP_EARLY_SECONDS, STAMP_LATE_SECONDS, is_current, parse_stamp, write_stamp};

/// The longest frame, in bytes, from its first to its last control character: the standard's three digits of length, and what stands around.
pub const FRAME_BYTES_MAX: usize = 0xfff + 10;
