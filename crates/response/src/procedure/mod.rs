//! Checklists: what to do, when, why and who, from the first minute until the person is back (G8).

mod kind;

pub use kind::{Kind, ParseKindError};
