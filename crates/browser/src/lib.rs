//! A real browser for tests: the installed Chromium without a window, driven over its own debugging pipe (G1, G3, G9). Never shipped.
//!
//! [`Browser::start`] starts one with a new profile folder; it is ended when dropped. A test reads like this:
//!
//! ```no_run
//! # fn main() -> Result<(), browser::BrowserError> {
//! let mut browser = browser::Browser::start(&browser::Options::default())?;
//! browser.visit("http://localhost:8087/entry")?;
//! browser.type_text("#by", "alice")?;
//! browser.click("#enter")?;
//! browser.wait("the list", "!document.querySelector('#inside').hidden")?;
//! # Ok(()) }
//! ```
//!
//! Where things are: how Chromium is started, `process`; calls and events of its protocol, `protocol`; what a person does with a page, `page`;
//! width, look, language, time and chance, `emulate`; requests, answers and complaints, `traffic`; pictures pixel by pixel, `compare`;
//! authenticators in software, `authenticator`; what is left in its folder, `profile`.
#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value that is read by name gives null where there is nothing, and never panics"
)]

mod authenticator;
mod compare;
mod emulate;
mod error;
mod page;
mod process;
mod profile;
mod protocol;
mod traffic;

pub use authenticator::AuthenticatorId;
pub use compare::{Difference, difference};
pub use emulate::Cookie;
pub use error::BrowserError;
pub use process::{Browser, Options};
pub use profile::{Found, search_folder};
pub use traffic::{Answer, Sent};
