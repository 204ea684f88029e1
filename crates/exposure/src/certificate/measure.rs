//! Figures that may be published: rounded up to 1, 2 or 5 times a power of ten, so that neither a limit nor a balance can be read off (G9).
//!
//! Rounding goes up only: what is said stays an upper bound (G2).

use policy::Language;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{Amount, Currency, Value};

use crate::figure::money;

/// All of it, in per mille.
const WHOLE: u128 = 1000;
/// The smallest sum that is published, in whole units of the currency.
const AMOUNT_STEP_UNITS: u128 = 1000;

/// As what figures are published.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// As a share of everything held.
    Share,
    /// As a sum of money.
    Amount,
}

/// A published figure: never less than what it stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Measure {
    /// A share of everything held.
    Share(Share),
    /// A sum of money.
    Amount(Sum),
}

/// A share. JSON: `{"per_mille":5}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// In thousandths, 0 to 1000.
    pub per_mille: u16,
}

/// A sum. JSON: `{"currency":"EUR","minor":500000}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// Of what.
    pub currency: Currency,
    /// In the smallest unit.
    pub minor: Value,
}

/// The least of 1, 2, 5, 10, 20, 50 … times `first` that is not below `value`; nothing stays nothing.
fn round_up(value: u128, first: u128) -> Option<u128> {
    if value == 0 {
        return Some(0);
    }
    let mut decade = first;
    loop {
        for step in [1, 2, 5] {
            let rounded = decade.checked_mul(step)?;
            if rounded >= value {
                return Some(rounded);
            }
        }
        decade = decade.checked_mul(10)?;
    }
}

impl Measure {
    /// The figure for a loss out of everything held; `None` when the sums are too large or nothing is held.
    pub(super) fn of(unit: Unit, loss: Value, held: Value, currency: Currency) -> Option<Self> {
        match unit {
            Unit::Share => {
                let parts = loss.minor().checked_mul(WHOLE)?;
                let exact = parts.checked_add(held.minor().checked_sub(1)?)?.checked_div(held.minor())?;
                let per_mille = u16::try_from(round_up(exact, 1)?.min(WHOLE)).ok()?;
                Some(Self::Share(Share { per_mille }))
            }
            Unit::Amount => {
                let first =
                    10_u128.checked_pow(u32::from(currency.decimals()))?.checked_mul(AMOUNT_STEP_UNITS)?;
                let minor = Value::from_minor(round_up(loss.minor(), first)?);
                Some(Self::Amount(Sum { currency, minor }))
            }
        }
    }

    /// The kind of figure and its size; two figures of one kind compare by it.
    pub(super) fn size(self) -> (Unit, Option<Currency>, u128) {
        match self {
            Self::Share(share) => (Unit::Share, None, u128::from(share.per_mille)),
            Self::Amount(sum) => (Unit::Amount, Some(sum.currency), sum.minor.minor()),
        }
    }

    /// The figure for people.
    #[must_use]
    pub fn text(self, language: Language) -> String {
        match self {
            Self::Share(share) => percent(u128::from(share.per_mille), language),
            Self::Amount(sum) => money(sum.minor, sum.currency, language),
        }
    }
}

fn percent(per_mille: u128, language: Language) -> String {
    let (whole, tenth) = (per_mille / 10, per_mille % 10);
    match (tenth, language) {
        (0, Language::En) => format!("{whole}%"),
        (0, Language::Fr) => format!("{whole}\u{a0}%"),
        (_, Language::En) => format!("{whole}.{tenth}%"),
        (_, Language::Fr) => format!("{whole},{tenth}\u{a0}%"),
    }
}

/// Above this, no certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Threshold {
    /// A share of everything held, in per mille.
    PerMille(u16),
    /// A sum of money, in the smallest unit.
    Amount(Amount),
}

/// Why a text is not a threshold.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error(
    "`{0}` is not a threshold: write a share such as `10%` or `0.5%`, or a sum such as `50000 EUR`; three of them, separated by commas, for one, two and three taken"
)]
pub struct ParseThresholdError(String);

impl Threshold {
    fn parse(text: &str) -> Option<Self> {
        let Some(number) = text.strip_suffix('%') else {
            return Amount::parse(text).ok().map(Self::Amount);
        };
        let (whole, tenth) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(tenth) || tenth.len() > 1 || whole.len() > 3 {
            return None;
        }
        let per_mille = whole.parse::<u16>().ok()? * 10 + tenth.parse::<u16>().ok()?;
        (u128::from(per_mille) <= WHOLE).then_some(Self::PerMille(per_mille))
    }

    /// Whether a loss is above; judged on the exact sums, not on what is published. `None` when that cannot be said.
    fn is_exceeded_by(self, loss: Value, held: Value, currency: Currency) -> Option<bool> {
        match self {
            Self::PerMille(per_mille) => {
                Some(loss.minor().checked_mul(WHOLE)? > held.minor().checked_mul(u128::from(per_mille))?)
            }
            Self::Amount(amount) => (amount.asset == currency).then_some(loss.minor() > amount.units),
        }
    }
}

/// A threshold for each number of taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Thresholds(pub [Threshold; 3]);

impl Default for Thresholds {
    /// One home: a tenth. Two: a quarter. Three: half. Above that a certificate would be a price list.
    fn default() -> Self {
        Self([Threshold::PerMille(100), Threshold::PerMille(250), Threshold::PerMille(500)])
    }
}

impl Thresholds {
    /// Everything may be lost: nothing is refused.
    pub const NONE: Self = Self([Threshold::PerMille(1000); 3]);

    /// Parses `10%` (for all), or `10%,25%,50%`.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn parse(text: &str) -> Result<Self, ParseThresholdError> {
        let wrong = || ParseThresholdError(text.chars().take(64).collect());
        let parts: Option<Vec<Threshold>> =
            text.split(',').map(|part| Threshold::parse(part.trim())).collect();
        match parts.ok_or_else(wrong)?.as_slice() {
            [all] => Ok(Self([*all; 3])),
            [one, two, three] => Ok(Self([*one, *two, *three])),
            _ => Err(wrong()),
        }
    }

    /// Whether a loss is too much. Too much, too, when it cannot be judged: nothing is published on missing information.
    pub(super) fn refuse(&self, k: u8, loss: Value, held: Value, currency: Currency) -> bool {
        let threshold = self.0.get(usize::from(k).saturating_sub(1));
        threshold.and_then(|threshold| threshold.is_exceeded_by(loss, held, currency)).unwrap_or(true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn eur() -> Currency {
        Currency::parse("EUR").unwrap()
    }

    fn share(loss: u128, held: u128) -> u16 {
        let measure = Measure::of(Unit::Share, Value::from_minor(loss), Value::from_minor(held), eur());
        let Some(Measure::Share(share)) = measure else { panic!("{measure:?}") };
        share.per_mille
    }

    #[test]
    fn shares_are_rounded_up_to_round_figures() {
        for (loss, per_mille) in [
            (0, 0),
            (1, 1),
            (1000, 1),
            (1001, 2),
            (4000, 5),
            (5001, 10),
            (300_001, 500),
            (500_001, 1000),
            (1_000_000, 1000),
        ] {
            assert_eq!(share(loss, 1_000_000), per_mille, "{loss}");
        }
        assert_eq!(Measure::of(Unit::Share, Value::ZERO, Value::ZERO, eur()), None);
    }

    #[test]
    fn sums_are_rounded_up_to_round_figures() {
        let sum = |loss: u128| {
            Measure::of(Unit::Amount, Value::from_minor(loss), Value::ZERO, eur()).unwrap().text(Language::En)
        };
        assert_eq!(sum(1), "1,000\u{a0}EUR");
        assert_eq!(sum(300_001), "5,000\u{a0}EUR");
        assert_eq!(sum(80_000_000), "1,000,000\u{a0}EUR");
        assert_eq!(Measure::of(Unit::Amount, Value::from_minor(u128::MAX), Value::ZERO, eur()), None);
    }

    #[test]
    fn figures_are_written_as_people_write_them() {
        let share = |per_mille| Measure::Share(Share { per_mille });
        assert_eq!(share(5).text(Language::En), "0.5%");
        assert_eq!(share(5).text(Language::Fr), "0,5\u{a0}%");
        assert_eq!(share(1000).text(Language::En), "100%");
    }

    #[test]
    fn thresholds_are_shares_or_sums() {
        assert_eq!(Thresholds::parse("0.5%"), Ok(Thresholds([Threshold::PerMille(5); 3])));
        assert_eq!(Thresholds::parse("10%, 25%,50%"), Ok(Thresholds::default()));
        assert!(Thresholds::parse("1000 EUR").is_ok());
        for bad in ["", "10", "%", "101%", "1.25%", "-1%", "10%,20%", "1%,2%,3%,4%", "1000", "x EUR", "1.%"] {
            assert!(Thresholds::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_judged_is_refused() {
        let held = Value::from_minor(1000);
        let dollars = Thresholds::parse("1000 USD").unwrap();
        assert!(dollars.refuse(1, Value::ZERO, held, eur()));
        assert!(Thresholds::default().refuse(4, Value::ZERO, held, eur()));
        assert!(Thresholds::default().refuse(1, Value::from_minor(u128::MAX), held, eur()));
        assert!(!Thresholds::default().refuse(1, Value::from_minor(100), held, eur()));
        assert!(Thresholds::default().refuse(1, Value::from_minor(101), held, eur()));
    }

    proptest! {
        #[test]
        fn no_figure_is_exceeded_by_what_it_stands_for(loss in 0_u128..1_000_000_000_000, more in 0_u128..1_000_000_000_000) {
            let held = loss + more + 1;
            let published = u128::from(share(loss, held));
            prop_assert!(published * held >= loss * 1000);
            let sum = Measure::of(Unit::Amount, Value::from_minor(loss), Value::ZERO, eur()).unwrap();
            prop_assert!(sum.size().2 >= loss);
            prop_assert!(sum.size().2 <= (loss * 5 / 2).max(100_000));
        }
    }
}
