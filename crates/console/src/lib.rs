//! The pages for people: pure functions from what the API shows one person to HTML, in English and French (G3, G9).
//!
//! A page reads through [`Api`], the same operations under `/v1` that programs use, with the rights of whoever asks; so it cannot show
//! what the API does not, and two histories with the same API answers have the same pages, byte for byte. Nothing here knows the engine,
//! a ledger or a database. Called by `server::pages`, which has the session, the cookie and the headers.
//!
//! # To add a page
//! 1. A module in `pages` with `pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown>` (`Box::pin(async move { … })`): it reads with
//!    [`read`], and gives [`Shown::page`] with content made by `maud::html!` and the pieces of [`parts`].
//! 2. Its line in [`PAGES`]; if people go there from anywhere, its line in `frame::sections`.
//! 3. Its texts in `locales/en/NAME.ftl` and `locales/fr/NAME.ftl`, used by `t!(ask, "name-key")`; tests find a missing or unused one.
//! 4. What it does is a form of `parts::act`: the device signs exactly the command that stands in it. No script, style or handler inline:
//!    the content policy stops them.
//! 5. Its sample answers in `tests/samples.rs`, so that the checks of every page see it, and its step in `server/tests/twins`.
#![deny(missing_docs)]

mod ask;
mod assets;
mod frame;
mod pages;
pub mod parts;
mod words;

pub use ask::{Api, Ask, Fields, Look, Pending, Shown, Who, problem, read};
pub use assets::{Asset, assets};
pub use frame::{error_page, whole_page};
pub use pages::{Audience, PAGES, Page, find};
pub use words::{Language, catalogue_text, keys};
