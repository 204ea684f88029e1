//! Phrase, class seal, device keys: who acts, and the sealed sign of whether of free will.
//!
//! Pure: no clock, no randomness, no input or output. Entropy, salts and keys come in as arguments. Called by the server
//! (which turns a typed phrase into a [`Seal`] and forgets the words), by the gate (which opens seals), by the journal's
//! caller (fixed-size slots and padded snapshots of the covert side) and by the command line (device keys).
//!
//! The path of an act: [`Phrase::parse`] → [`check`] → [`seal()`] → journal → [`open()`] → gate. Between `check` and `seal`
//! the class exists in memory only, as a value that cannot be printed or serialised; after `seal` it exists only as
//! [`SEAL_BYTES`] bytes that look the same whatever they hold (G3, G9).
//!
//! # To add a language of phrases
//! 1. A list of 2048 words in `words.rs`, with the rule by which accents are dropped.
//! 2. A variant of [`Language`]; a phrase is read in whichever list has all of its words.
//! 3. Its lines in the property tests of `phrase.rs`.
//!
//! # What cannot be done with a secret
//! None of these compiles: a class, phrase, pepper or key cannot be printed or serialised.
//! ```compile_fail,E0277
//! println!("{}", credentials::Class::Free);
//! ```
//! ```compile_fail,E0277
//! fn serialisable<T: serde::Serialize>() {}
//! serialisable::<credentials::Class>();
//! ```
//! ```compile_fail,E0277
//! fn displayable<T: std::fmt::Display>() {}
//! displayable::<credentials::Phrase>();
//! ```
//! ```compile_fail,E0277
//! fn serialisable<T: serde::Serialize>() {}
//! serialisable::<credentials::Phrase>();
//! ```
//! ```compile_fail,E0277
//! fn displayable<T: std::fmt::Display>() {}
//! displayable::<credentials::Pepper>();
//! ```
//! ```compile_fail,E0277
//! fn serialisable<T: serde::Serialize>() {}
//! serialisable::<credentials::Pepper>();
//! ```
//! ```compile_fail,E0277
//! fn displayable<T: std::fmt::Display>() {}
//! displayable::<credentials::ClassKey>();
//! ```
//! ```compile_fail,E0277
//! fn serialisable<T: serde::Serialize>() {}
//! serialisable::<credentials::ClassKey>();
//! ```
//! The same checks pass for what may be stored, so they fail for the reason meant:
//! ```
//! fn serialisable<T: serde::Serialize>() {}
//! serialisable::<credentials::Seal>();
//! serialisable::<credentials::Verifier>();
//! fn displayable<T: std::fmt::Display>() {}
//! displayable::<credentials::DevicePublic>();
//! ```
#![deny(missing_docs)]

mod class;
mod device;
mod fixed_bytes;
mod key_file;
mod phrase;
mod picture;
mod seal;
mod slot;
mod verifier;
mod words;

pub use class::Class;
pub use device::{DeviceKey, DevicePublic, DeviceSignature, ParseDeviceKeyError, SignatureError, challenge};
pub use key_file::{KEY_FILE_BYTES_MAX, KeyFile, KeyFileError, KeyKind};
pub use phrase::{PHRASE_INPUT_BYTES_MAX, PHRASE_WORDS, Phrase, PhraseError};
pub use picture::{
    PICTURE_DISTANCE, PICTURE_FEATURES, PICTURE_VALUES, Picture, PictureTables, picture_tables,
};
pub use seal::{ClassKey, SEAL_BYTES, Seal, SealError, open, seal};
pub use slot::{
    SLOT_BYTES, SLOT_CAPACITY_BYTES, STATE_BUCKET_BYTES, open_slot, open_state, seal_slot, seal_state,
};
pub use verifier::{CheckError, Cost, CostError, Pepper, SALT_BYTES, Verifier, check};
pub use words::{Language, SUGGEST_EDITS_MAX, WORD_BYTES_MAX, completions, suggest};
