//! Money on the wire. What comes in is text such as `0.5 BTC`, checked when it is read; what goes out is integers with their unit.
//! Called by the other wire types.

use serde::{Deserialize, Serialize};
use types::{Amount, Currency, Value};
use utoipa::ToSchema;

/// An amount as text: a number, a space and a currency or asset, such as `0.5 BTC`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "0.5 BTC")]
pub struct MoneyText(pub Amount);

impl TryFrom<String> for MoneyText {
    type Error = types::MoneyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Amount::parse(&text).map(Self)
    }
}

impl From<MoneyText> for String {
    fn from(money: MoneyText) -> Self {
        money.0.to_string()
    }
}

/// An amount in units of its asset, as [`types::Amount`] is written. For the schema.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the JSON of another crate's type")]
pub struct AssetUnits {
    /// `BTC`, `EUR`.
    asset: String,
    /// In the smallest unit; text beyond 2^53.
    units: u64,
}

/// A sum in the organisation's currency. JSON: `{"currency","minor"}`, the latter as text beyond 2^53.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CurrencyMinor {
    /// Which currency.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// In its smallest unit.
    #[schema(value_type = u64)]
    pub minor: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_checked_when_it_is_read() {
        let read = |text: &str| serde_json::from_value::<MoneyText>(serde_json::Value::from(text));
        assert_eq!(serde_json::to_string(&read("0.50 BTC").unwrap()).unwrap(), "\"0.5 BTC\"");
        for bad in ["0.5", "0.5 XYZ", "0.123456789 BTC", "-1 BTC", "1e3 BTC", ""] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
