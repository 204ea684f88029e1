//! Money in integers. Overflow and rounding are explicit; nothing wraps and nothing floats.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// JSON numbers are exact up to here; larger integers are written as strings.
const JSON_EXACT_MAX: u128 = 1 << 53;
/// The most units that an amount may have: beyond any real sum, and sums of many still fit in 128 bits.
const UNITS_MAX: u128 = 1 << 96;
/// The most decimals in a price.
const RATE_SCALE_MAX: u8 = 12;

/// Known units of account with the number of decimals of their smallest unit (ISO 4217, and assets by their protocol).
const CURRENCIES: [(&str, u8); 24] = [
    ("EUR", 2),
    ("USD", 2),
    ("GBP", 2),
    ("CHF", 2),
    ("CAD", 2),
    ("AUD", 2),
    ("NZD", 2),
    ("SEK", 2),
    ("NOK", 2),
    ("DKK", 2),
    ("PLN", 2),
    ("CZK", 2),
    ("SGD", 2),
    ("HKD", 2),
    ("AED", 2),
    ("BRL", 2),
    ("JPY", 0),
    ("KRW", 0),
    ("BTC", 8),
    ("ETH", 18),
    ("USDC", 6),
    ("USDT", 6),
    ("EURC", 6),
    ("XAU", 6),
];

/// Why a sum of money was not understood, or could not be computed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// Not a number, a space and a currency.
    #[error("`{0}` is not money: write a number, a space and a currency, such as `10000 EUR` or `0.5 BTC`")]
    Malformed(String),
    /// Not one of the known currencies.
    #[error(
        "unknown currency `{0}`: known are EUR, USD, GBP, CHF, BTC, ETH and others listed in the documentation"
    )]
    UnknownCurrency(String),
    /// More decimals than the currency has.
    #[error("`{given}` has too many decimals: {currency} has {decimals}")]
    TooManyDecimals {
        /// What was written.
        given: String,
        /// Its currency.
        currency: Currency,
        /// How many decimals there may be.
        decimals: u8,
    },
    /// Too large to be a sum of money.
    #[error("the sum is too large")]
    Overflow,
}

/// A unit of account: a currency or an asset. JSON: its code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(u8);

impl Currency {
    /// Parses a code such as `EUR`.
    ///
    /// # Errors
    /// When the code is not known: a wrong number of decimals would be a wrong sum.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        let index = CURRENCIES.iter().position(|(known, _)| *known == code);
        index
            .and_then(|index| u8::try_from(index).ok())
            .map(Self)
            .ok_or_else(|| MoneyError::UnknownCurrency(code.chars().take(16).collect()))
    }

    fn entry(self) -> (&'static str, u8) {
        CURRENCIES.get(usize::from(self.0)).copied().unwrap_or(("EUR", 2))
    }

    /// The code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.entry().0
    }

    /// How many decimals the smallest unit has.
    #[must_use]
    pub fn decimals(self) -> u8 {
        self.entry().1
    }

    /// All known codes, for schemas and completion.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        CURRENCIES.iter().map(|(code, _)| *code)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;
    fn try_from(code: String) -> Result<Self, MoneyError> {
        Self::parse(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// An integer that JSON carries exactly: a number up to 2^53, a string beyond.
mod exact {
    use super::{Deserialize, JSON_EXACT_MAX};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_u128(*value);
        }
        match u64::try_from(*value) {
            Ok(small) if *value <= JSON_EXACT_MAX => serializer.serialize_u64(small),
            _ => serializer.collect_str(value),
        }
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Wire {
        Number(u64),
        Text(String),
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        if !deserializer.is_human_readable() {
            return u128::deserialize(deserializer);
        }
        match Wire::deserialize(deserializer)? {
            Wire::Number(value) => Ok(u128::from(value)),
            Wire::Text(text) if text.bytes().all(|b| b.is_ascii_digit()) => {
                text.parse().map_err(serde::de::Error::custom)
            }
            Wire::Text(_) => Err(serde::de::Error::custom("an integer was expected")),
        }
    }
}

/// A sum in the organisation's currency, in its smallest unit. Which currency that is, the policy says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Value(#[serde(with = "exact")] u128);

impl Value {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From the smallest unit.
    #[must_use]
    pub const fn from_minor(minor: u128) -> Self {
        Self(minor)
    }

    /// In the smallest unit.
    #[must_use]
    pub const fn minor(self) -> u128 {
        self.0
    }

    /// The sum of two.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_add(other.0).map(Self).ok_or(MoneyError::Overflow)
    }

    /// The difference, or nothing when the other is larger.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// With its currency.
    #[must_use]
    pub const fn in_currency(self, currency: Currency) -> Amount {
        Amount { asset: currency, units: self.0 }
    }
}

/// A sum of an asset or a currency, in its smallest unit. Text: `10000 EUR`, `0.5 BTC`. JSON: `{"asset","units"}`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Amount {
    /// Of what.
    pub asset: Currency,
    /// How many of its smallest unit.
    #[serde(with = "exact")]
    pub units: u128,
}

impl Amount {
    /// From the smallest unit.
    #[must_use]
    pub const fn new(asset: Currency, units: u128) -> Self {
        Self { asset, units }
    }

    /// Parses `10000 EUR`.
    ///
    /// # Errors
    /// When the text is not a decimal number and a known currency, has too many decimals, or is too large.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let malformed = || MoneyError::Malformed(text.chars().take(64).collect());
        let (number, code) = text.split_once(' ').ok_or_else(malformed)?;
        let digits = Decimal::parse(number).ok_or_else(malformed)?;
        let asset = Currency::parse(code)?;
        if digits.scale > usize::from(asset.decimals()) {
            let given = text.chars().take(64).collect();
            return Err(MoneyError::TooManyDecimals { given, currency: asset, decimals: asset.decimals() });
        }
        let units = digits.scaled_to(usize::from(asset.decimals()))?;
        Ok(Self { asset, units })
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = usize::from(self.asset.decimals());
        let digits = format!("{:0>width$}", self.units, width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        let fraction = fraction.trim_end_matches('0');
        match fraction {
            "" => write!(f, "{whole} {}", self.asset),
            _ => write!(f, "{whole}.{fraction} {}", self.asset),
        }
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Amount {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::parse(text)
    }
}

/// Digits and how many of them stand behind the point.
struct Decimal {
    digits: String,
    scale: usize,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let point_without_digits = text.contains('.') && fraction.is_empty();
        if whole.is_empty() || point_without_digits || text.len() > 48 {
            return None;
        }
        (all_digits(whole) && all_digits(fraction))
            .then(|| Self { digits: format!("{whole}{fraction}"), scale: fraction.len() })
    }

    fn scaled_to(&self, decimals: usize) -> Result<u128, MoneyError> {
        let zeros = "0".repeat(decimals.saturating_sub(self.scale));
        let units: u128 = format!("{}{zeros}", self.digits).parse().map_err(|_| MoneyError::Overflow)?;
        if units > UNITS_MAX { Err(MoneyError::Overflow) } else { Ok(units) }
    }
}

/// A price: how many whole units of the organisation's currency one whole unit of an asset is worth. Text: `95000.5`.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    mantissa: u64,
    scale: u8,
}

impl Rate {
    /// Parses a decimal number above zero.
    ///
    /// # Errors
    /// When the text is not one, has more than 12 decimals, or is too large.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let malformed = || MoneyError::Malformed(text.chars().take(64).collect());
        let digits = Decimal::parse(text).ok_or_else(malformed)?;
        let mantissa: u64 = digits.digits.parse().map_err(|_| MoneyError::Overflow)?;
        let scale = u8::try_from(digits.scale).map_err(|_| malformed())?;
        if mantissa == 0 || scale > RATE_SCALE_MAX {
            return Err(malformed());
        }
        Ok(Self { mantissa, scale })
    }

    /// The value of an amount at this price, in the smallest unit of `currency`, rounded up.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn value_of(self, amount: Amount, currency: Currency) -> Result<Value, MoneyError> {
        let power = |exponent: u8| 10u128.checked_pow(u32::from(exponent)).ok_or(MoneyError::Overflow);
        let up = power(currency.decimals())?;
        let down =
            power(amount.asset.decimals())?.checked_mul(power(self.scale)?).ok_or(MoneyError::Overflow)?;
        let product = amount
            .units
            .checked_mul(u128::from(self.mantissa))
            .and_then(|product| product.checked_mul(up))
            .ok_or(MoneyError::Overflow)?;
        Ok(Value(product.div_ceil(down)))
    }

    /// Compares two prices exactly: whether this one is below `percent` per cent of the other.
    #[must_use]
    pub fn is_below_percent_of(self, percent: u8, other: Self) -> bool {
        let mine = u128::from(self.mantissa) * 100;
        let theirs = u128::from(other.mantissa) * u128::from(percent);
        let (mine_scale, their_scale) = (u32::from(self.scale), u32::from(other.scale));
        // mantissa < 2^64, percent < 2^8 and 10^12 < 2^40: the products stay below 2^112.
        mine * 10u128.pow(their_scale) < theirs * 10u128.pow(mine_scale)
    }
}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let mine = u128::from(self.mantissa) * 10u128.pow(u32::from(other.scale));
        let theirs = u128::from(other.mantissa) * 10u128.pow(u32::from(self.scale));
        mine.cmp(&theirs).then(self.scale.cmp(&other.scale))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let digits = format!("{:0>width$}", self.mantissa, width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        match fraction {
            "" => f.write_str(whole),
            _ => write!(f, "{whole}.{fraction}"),
        }
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Rate {
    type Error = MoneyError;
    fn try_from(text: String) -> Result<Self, MoneyError> {
        Self::parse(&text)
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).unwrap()
    }

    #[test]
    fn money_is_a_number_and_a_currency() {
        assert_eq!(amount("10000 EUR").units, 1_000_000);
        assert_eq!(amount("0.5 BTC").units, 50_000_000);
        assert_eq!(amount("0.5 BTC").to_string(), "0.5 BTC");
        for bad in [
            "", "10", "EUR", "10EUR", "-1 EUR", "1e3 EUR", "1. EUR", ".5 EUR", "1,5 EUR", "1  EUR", "1 XXX",
            "1 eur",
        ] {
            assert!(Amount::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn too_many_decimals_and_absurd_sums_are_named() {
        assert!(matches!(Amount::parse("0.001 EUR"), Err(MoneyError::TooManyDecimals { decimals: 2, .. })));
        assert!(matches!(Amount::parse("0.50 JPY"), Err(MoneyError::TooManyDecimals { .. })));
        let absurd = format!("{} EUR", "9".repeat(40));
        assert_eq!(Amount::parse(&absurd), Err(MoneyError::Overflow));
    }

    #[test]
    fn values_round_up_and_never_wrap() {
        let rate = Rate::parse("95000").unwrap();
        let eur = Currency::parse("EUR").unwrap();
        assert_eq!(rate.value_of(amount("0.5 BTC"), eur).unwrap(), Value::from_minor(4_750_000));
        let satoshi = Amount::new(Currency::parse("BTC").unwrap(), 1);
        assert_eq!(rate.value_of(satoshi, eur).unwrap(), Value::from_minor(1));
        let huge = Amount::new(Currency::parse("BTC").unwrap(), u128::MAX);
        assert_eq!(rate.value_of(huge, eur), Err(MoneyError::Overflow));
        assert_eq!(Value::from_minor(u128::MAX).plus(Value::from_minor(1)), Err(MoneyError::Overflow));
    }

    #[test]
    fn prices_compare_exactly() {
        let (low, high) = (Rate::parse("79.99").unwrap(), Rate::parse("100").unwrap());
        assert!(low.is_below_percent_of(80, high));
        assert!(!Rate::parse("80.000").unwrap().is_below_percent_of(80, high));
        assert!(low < high);
        assert!(Rate::parse("0").is_err());
    }

    #[test]
    fn large_integers_are_strings_in_json() {
        let large = Value::from_minor(JSON_EXACT_MAX + 1);
        assert_eq!(serde_json::to_string(&large).unwrap(), "\"9007199254740993\"");
        assert_eq!(serde_json::to_string(&Value::from_minor(7)).unwrap(), "7");
        assert_eq!(serde_json::from_str::<Value>("\"9007199254740993\"").unwrap(), large);
        assert!(serde_json::from_str::<Value>("-1").is_err());
        assert!(serde_json::from_str::<Value>("1.5").is_err());
        assert!(serde_json::from_str::<Value>("\"+1\"").is_err());
    }

    proptest! {
        #[test]
        fn amounts_round_trip(units in 0..=UNITS_MAX, index in 0u8..24) {
            let sum = Amount::new(Currency(index), units);
            prop_assert_eq!(Amount::parse(&sum.to_string()), Ok(sum));
        }

        #[test]
        fn rates_round_trip(mantissa in 1u64.., scale in 0u8..=12) {
            let rate = Rate { mantissa, scale };
            prop_assert_eq!(Rate::parse(&rate.to_string()), Ok(rate));
        }
    }
}
