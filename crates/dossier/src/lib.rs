//! A person's emergency packet: what it holds, how it is sealed to responders, how they open it (G9).
//!
//! Everything here happens on the machines of the person and of the responders. The server keeps sealed bytes and has no key that
//! opens them; it does not depend on this crate but for its limits. Called by `rempart dossier`.
//!
//! Where to find things: the content and its limits, `packet`; one field, `text`; sealing and opening, `seal`; what the sealed text says of
//! itself, `binding`; responders' keys, `keys`; a key from a passkey, `passkey`; the file to fill in, `template`; on screen, `print`.
//!
//! To add a field: `packet` (with its limit), `print` in both languages, both templates; the tests compare the three.
#![deny(missing_docs)]

mod binding;
mod keys;
mod packet;
mod passkey;
mod print;
mod prompt;
mod seal;
mod template;
mod text;

pub use binding::{Binding, Doubt, Expected};
pub use keys::{IDENTITY_BYTES_MAX, KeyError, Keys, NewIdentity, WORK_FACTOR};
pub use packet::{
    Address, Medical, PHOTO_BYTES_MAX, Packet, PacketError, Photo, Relative, Telephone, Vehicle, Words,
};
pub use passkey::{PASSKEY_PRF_INPUT, PRF_BYTES, identity_from_prf};
pub use prompt::{NoPrompt, Prompt};
pub use seal::{
    OpenError, Opened, PLAIN_BYTES_MAX, PLAIN_BYTES_MIN, SEALED_BYTES_MAX, SealError, open, seal,
};
pub use template::template;
pub use text::{LINE_BYTES_MAX, Line, PASSAGE_BYTES_MAX, Passage, TextError};
