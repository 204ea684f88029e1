//! A strict reader of the CBOR that authenticators write: definite lengths, bounded counts, nothing behind the end (G1).

use minicbor::Decoder;

use crate::fault::{Fault, Part};

/// The most entries of a map or array.
const ENTRIES_MAX: u64 = 16;

/// Reads one part.
pub struct Reader<'b> {
    decoder: Decoder<'b>,
    part: Part,
}

impl<'b> Reader<'b> {
    pub fn new(bytes: &'b [u8], part: Part) -> Self {
        Self { decoder: Decoder::new(bytes), part }
    }

    const fn wrong(&self) -> Fault {
        Fault::Malformed(self.part)
    }

    /// The number of entries of a map.
    pub fn map(&mut self) -> Result<u64, Fault> {
        let count = self.decoder.map().ok().flatten();
        count.filter(|count| *count <= ENTRIES_MAX).ok_or_else(|| self.wrong())
    }

    /// The number of elements of an array.
    pub fn array(&mut self) -> Result<u64, Fault> {
        let count = self.decoder.array().ok().flatten();
        count.filter(|count| *count <= ENTRIES_MAX).ok_or_else(|| self.wrong())
    }

    /// A text.
    pub fn text(&mut self) -> Result<&'b str, Fault> {
        self.decoder.str().map_err(|_| self.wrong())
    }

    /// A byte string.
    pub fn bytes(&mut self) -> Result<&'b [u8], Fault> {
        self.decoder.bytes().map_err(|_| self.wrong())
    }

    /// An integer.
    pub fn integer(&mut self) -> Result<i64, Fault> {
        self.decoder.i64().map_err(|_| self.wrong())
    }

    /// Passes one value of any form and gives its bytes.
    pub fn any(&mut self) -> Result<&'b [u8], Fault> {
        let from = self.decoder.position();
        self.decoder.skip().map_err(|_| self.wrong())?;
        self.decoder.input().get(from..self.decoder.position()).ok_or_else(|| self.wrong())
    }

    /// What has not been read.
    pub fn rest(&self) -> &'b [u8] {
        self.decoder.input().get(self.decoder.position()..).unwrap_or_default()
    }

    /// Nothing may be left.
    pub fn end(self) -> Result<(), Fault> {
        if self.rest().is_empty() { Ok(()) } else { Err(Fault::Trailing(self.part)) }
    }
}

/// Sets a member once.
pub fn once<T>(slot: &mut Option<T>, value: T, part: Part) -> Result<(), Fault> {
    if slot.replace(value).is_some() { Err(Fault::Malformed(part)) } else { Ok(()) }
}
