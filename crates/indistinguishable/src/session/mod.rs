//! Paired sessions over real HTTP: what a captor does and sees in two servers of one seed and one clock.
//!
//! A program each, `handle`; the wire, `client`; what is done, `script`; what was seen and how it differs, `observed`; pairs, `play`; ten
//! forced attempts, `forced`.

pub mod client;
pub mod forced;
pub mod handle;
pub mod observed;
pub mod play;
pub mod script;
