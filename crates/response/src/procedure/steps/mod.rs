//! The built-in steps, each written once. Ids are for good: journals hold them.

mod after;
mod apart;
mod opening;
mod work;

pub(super) use after::*;
pub(super) use apart::*;
pub(super) use opening::*;
pub(super) use work::*;

use super::step::Role;

/// A step as it is built in: what to do and why, in both languages.
#[derive(Clone, Copy, Debug)]
pub(super) struct BuiltIn {
    pub id: &'static str,
    pub who: Role,
    pub en: (&'static str, &'static str),
    pub fr: (&'static str, &'static str),
}
