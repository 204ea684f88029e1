//! The statistics of G3's measurement: pure functions of numbers, each tested against values worked out elsewhere.
//!
//! Sign test, `sign`; interval of a median, `bootstrap`; Welch's t, `welch`; area under the curve, `auc`; the normal law, `normal`.
//! Called by the comparison of timings, by the learned distinguishers and by the verdict.

mod auc;
mod bootstrap;
mod normal;
mod sign;
mod welch;

pub use auc::{Area, area, pooled};
pub use bootstrap::{Interval, median, median_interval, percentile};
pub use normal::{quantile, tail};
pub use sign::{Signs, sign_test};
pub use welch::{Moments, cropped_welch, moments, welch};
