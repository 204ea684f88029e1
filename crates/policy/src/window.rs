//! Sliding windows, exact to the nanosecond. Keeps G1: a limit either has room at submission or it has not.
//!
//! Called by `overt` when a transfer is submitted, and by explain. The caller keeps the entries; entries that were declined,
//! expired or cancelled are simply no longer among them.

use types::{MoneyError, Timestamp, Value};

use crate::model::Limit;

/// What a window holds, and whether a submission fits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Room {
    /// Whether the submission fits now.
    pub fits: bool,
    /// The value in the window before it.
    pub used: Value,
    /// How many submissions are in the window before it.
    pub used_count: u32,
    /// The value that is left before it; `None` when the limit has no amount.
    pub left: Option<Value>,
    /// How many are left before it; `None` when the limit has no count.
    pub left_count: Option<u32>,
    /// The earliest instant from which it would fit if nothing else is submitted; `None` when it never would.
    pub fits_at: Option<Timestamp>,
    /// When what is in the window leaves it, in time order.
    pub frees: Vec<(Timestamp, Value)>,
}

impl Limit {
    /// What the window `(at - per, at]` holds and whether `value` fits into it.
    ///
    /// `entries` are the submissions that count, in time order. One that is later than `at` (a clock went back) counts too:
    /// missing information never makes room.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the sum leaves 128 bits.
    pub fn room(
        &self,
        entries: impl Iterator<Item = (Timestamp, Value)>,
        at: Timestamp,
        value: Value,
    ) -> Result<Room, MoneyError> {
        let start = at.before(self.per);
        let inside: Vec<(Timestamp, Value)> = entries.filter(|(time, _)| *time > start).collect();
        let mut used = Value::ZERO;
        for (_, spent) in &inside {
            used = used.plus(*spent)?;
        }
        let used_count = u32::try_from(inside.len()).map_err(|_| MoneyError::Overflow)?;
        let fits_at = self.fits_from(&inside, at, used, value)?;
        Ok(Room {
            fits: fits_at == Some(at),
            used,
            used_count,
            left: self.amount.map(|amount| amount.less(used)),
            left_count: self.count.map(|count| count.saturating_sub(used_count)),
            fits_at,
            frees: inside.iter().map(|(time, spent)| (time.after(self.per), *spent)).collect(),
        })
    }

    /// The same decision as [`Limit::room`] without its details and without allocation.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the sum leaves 128 bits.
    pub fn fits(
        &self,
        entries: impl Iterator<Item = (Timestamp, Value)>,
        at: Timestamp,
        value: Value,
    ) -> Result<bool, MoneyError> {
        let start = at.before(self.per);
        let mut used = Value::ZERO;
        let mut used_count = 0u32;
        for (_, spent) in entries.filter(|(time, _)| *time > start) {
            used = used.plus(spent)?;
            used_count = used_count.checked_add(1).ok_or(MoneyError::Overflow)?;
        }
        self.has_room(used, used_count, value)
    }

    fn has_room(&self, used: Value, used_count: u32, value: Value) -> Result<bool, MoneyError> {
        let total = used.plus(value)?;
        let amount_fits = self.amount.is_none_or(|amount| total <= amount);
        Ok(amount_fits && self.count.is_none_or(|count| used_count < count))
    }

    /// An entry at `t` is in `(s - per, s]` for every `s < t + per`, so it frees its room exactly at `t + per`.
    fn fits_from(
        &self,
        inside: &[(Timestamp, Value)],
        at: Timestamp,
        mut used: Value,
        value: Value,
    ) -> Result<Option<Timestamp>, MoneyError> {
        let mut count = u32::try_from(inside.len()).map_err(|_| MoneyError::Overflow)?;
        if self.has_room(used, count, value)? {
            return Ok(Some(at));
        }
        for (time, spent) in inside {
            used = used.less(*spent);
            count = count.saturating_sub(1);
            if self.has_room(used, count, value)? {
                return Ok(Some(time.after(self.per)));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LimitBy;
    use proptest::prelude::*;
    use types::{LimitId, Span};

    fn limit(seconds: u64, amount: Option<u128>, count: Option<u32>) -> Limit {
        Limit {
            id: LimitId::parse("l").unwrap(),
            vaults: Vec::new(),
            per: Span::from_seconds(seconds),
            amount: amount.map(Value::from_minor),
            count,
            by: LimitBy::Vault,
        }
    }

    fn at(nanos: i64) -> Timestamp {
        Timestamp::from_nanos(nanos)
    }

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn the_window_is_open_at_its_start_and_closed_at_its_end() {
        let limit = limit(10, Some(100), None);
        let entry = [(at(0), Value::from_minor(60))];
        let room = |t| limit.room(entry.iter().copied(), at(t), Value::from_minor(50)).unwrap();
        assert!(!room(0).fits);
        assert!(!room(10 * SECOND - 1).fits);
        assert!(room(10 * SECOND).fits);
        assert_eq!(room(5).fits_at, Some(at(10 * SECOND)));
        assert_eq!(room(5).left, Some(Value::from_minor(40)));
    }

    #[test]
    fn what_is_too_large_never_fits() {
        let limit = limit(10, Some(100), None);
        let room = limit.room(std::iter::empty(), at(0), Value::from_minor(101)).unwrap();
        assert_eq!((room.fits, room.fits_at), (false, None));
    }

    #[test]
    fn an_overflow_is_an_error() {
        let limit = limit(10, Some(100), None);
        let entries = [(at(0), Value::from_minor(u128::MAX))];
        assert!(limit.room(entries.iter().copied(), at(1), Value::from_minor(1)).is_err());
        assert!(limit.fits(entries.iter().copied(), at(1), Value::from_minor(1)).is_err());
    }

    proptest! {
        /// The answer equals the definition, checked at every nanosecond of a small world.
        #[test]
        fn rooms_follow_the_definition(
            mut times in proptest::collection::vec((0i64..12, 1u128..40), 0..6),
            now in 0i64..14, value in 1u128..60, count in proptest::option::of(1u32..4),
        ) {
            times.sort_unstable();
            let limit = limit(4, Some(50), count);
            let entries: Vec<_> =
                times.iter().filter(|(t, _)| *t <= now).map(|(t, v)| (at(t * SECOND), Value::from_minor(*v))).collect();
            let allowed = |t: i64| {
                let inside: Vec<_> = entries.iter().filter(|(e, _)| *e > at((t - 4) * SECOND)).collect();
                let sum: u128 = inside.iter().map(|(_, v)| v.minor()).sum();
                sum + value <= 50 && count.is_none_or(|c| inside.len() < c as usize)
            };
            let room = limit.room(entries.iter().copied(), at(now * SECOND), Value::from_minor(value)).unwrap();
            prop_assert_eq!(room.fits, allowed(now));
            let inside: Vec<_> = entries.iter().filter(|(e, _)| *e > at((now - 4) * SECOND)).collect();
            prop_assert_eq!(room.used.minor(), inside.iter().map(|(_, v)| v.minor()).sum::<u128>());
            prop_assert_eq!(room.used_count as usize, inside.len());
            prop_assert_eq!(limit.fits(entries.iter().copied(), at(now * SECOND), Value::from_minor(value)).unwrap(), room.fits);
            let expected = (now..40).find(|t| allowed(*t)).map(|t| at(t * SECOND));
            prop_assert_eq!(room.fits_at, expected);
        }
    }
}
