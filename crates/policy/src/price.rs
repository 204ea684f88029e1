//! Valuation in the organisation's currency. Keeps G1 and G2: without a price that can be trusted nothing is released.
//!
//! Prices are journal entries, not policy (semantics 5). Called by `overt` at submission and by explain.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{Amount, Currency, MoneyError, Rate, Span, Timestamp, Value};

use crate::policy::Policy;

/// The newest price may be this many per cent of the highest in the window, and not less: a fall of more than 20 % is refused.
const NEWEST_OF_HIGHEST_PERCENT_MIN: u8 = 80;

/// One price, as a feed reported it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceEntry {
    /// Of which asset.
    pub asset: Currency,
    /// When it was seen.
    pub at: Timestamp,
    /// How much of the organisation's currency one unit is worth.
    pub rate: Rate,
    /// Who said so.
    #[serde(default)]
    pub source: String,
}

/// Why there is no value.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PriceProblem {
    /// No price at all in the window.
    #[error("no price of {asset} in the last {window}: record one before submitting")]
    Missing {
        /// Of what.
        asset: Currency,
        /// Within which time.
        window: Span,
    },
    /// The newest price is too old.
    #[error("the newest price of {asset} is from {newest}, older than {max_age}: record a fresh one")]
    Stale {
        /// Of what.
        asset: Currency,
        /// When the newest was seen.
        newest: Timestamp,
        /// How old it may be.
        max_age: Span,
    },
    /// The newest price is far below the highest.
    #[error(
        "the price of {asset} fell from {highest} to {newest}, more than 20 %: wait until it is confirmed"
    )]
    Fall {
        /// Of what.
        asset: Currency,
        /// The highest in the window.
        highest: Rate,
        /// The newest.
        newest: Rate,
    },
    /// The sum leaves 128 bits.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Policy {
    /// The value of an amount at an instant, at the highest price in the window, rounded up.
    ///
    /// Prices from after `at` are not used. An amount in the organisation's own currency needs no price.
    ///
    /// # Errors
    /// The reason why no price can be trusted.
    pub fn value(&self, amount: Amount, prices: &[PriceEntry], at: Timestamp) -> Result<Value, PriceProblem> {
        let currency = self.organisation().currency;
        if amount.asset == currency {
            return Ok(Value::from_minor(amount.units));
        }
        let rate = self.price(amount.asset, prices, at)?;
        Ok(rate.value_of(amount, currency)?)
    }

    /// The price that counts: the highest within `(at - window, at]`.
    ///
    /// # Errors
    /// The reason why no price can be trusted.
    pub fn price(&self, asset: Currency, prices: &[PriceEntry], at: Timestamp) -> Result<Rate, PriceProblem> {
        let rules = self.prices();
        let start = at.before(rules.window);
        let mut highest: Option<Rate> = None;
        let mut newest: Option<(Timestamp, Rate)> = None;
        for entry in prices.iter().filter(|entry| entry.asset == asset && entry.at > start && entry.at <= at)
        {
            highest = Some(highest.map_or(entry.rate, |rate| rate.max(entry.rate)));
            // Of several prices of one instant the lowest is "the newest", so that the order of the entries says nothing.
            newest = match newest {
                Some((time, rate)) if time > entry.at || (time == entry.at && rate <= entry.rate) => newest,
                _ => Some((entry.at, entry.rate)),
            };
        }
        let (Some(highest), Some((time, newest))) = (highest, newest) else {
            return Err(PriceProblem::Missing { asset, window: rules.window });
        };
        if time < at.before(rules.max_age) {
            return Err(PriceProblem::Stale { asset, newest: time, max_age: rules.max_age });
        }
        if newest.is_below_percent_of(NEWEST_OF_HIGHEST_PERCENT_MIN, highest) {
            return Err(PriceProblem::Fall { asset, highest, newest });
        }
        Ok(highest)
    }
}
