//! What somebody typed into the form of a new transfer, and the command that it means (G1). Called by `new` and `check`.
//!
//! Nothing is guessed: a sum that could be read in two ways is refused, and the check shows every sum again before a device signs.

use api::{MoneyText, NewOutput, NewTransfer, VaultList};
use types::{Amount, Currency, VaultId};

use crate::ask::Ask;
use crate::t;
use crate::words::Language;

/// The most outputs that the form has; programs may propose more.
pub const ROWS_MAX: usize = 20;
const BITCOIN: &str = "bitcoin:";

/// One output, as typed.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Row {
    /// An address.
    pub to: String,
    /// Or a vault of the organisation.
    pub into: String,
    /// How much.
    pub amount: String,
}

impl Row {
    fn is_empty(&self) -> bool {
        self.to.is_empty() && self.into.is_empty() && self.amount.is_empty()
    }
}

/// The form, as typed.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Typed {
    /// From which vault.
    pub vault: String,
    /// To whom and how much.
    pub rows: Vec<Row>,
    /// Fee at most.
    pub fee: String,
    /// A note.
    pub memo: String,
    /// The own reference.
    pub reference: String,
}

/// What is wrong with a field, by its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wrong {
    /// The field.
    pub field: String,
    /// What to do about it.
    pub text: String,
}

impl Typed {
    /// An empty form; the vault may come from the query of a link.
    pub fn fresh(ask: &Ask, vaults: &VaultList) -> Self {
        let asked = ask.query("vault");
        let known = vaults.vaults.iter().find(|vault| vault.id.as_str() == asked).or(vaults.vaults.first());
        let vault = known.map(|vault| vault.id.to_string()).unwrap_or_default();
        Self { vault, rows: vec![Row::default()], ..Self::default() }
    }

    /// What was posted.
    pub fn posted(ask: &Ask) -> Self {
        let field = |name: &str| ask.field(name).trim().to_owned();
        let count = field("rows").parse().unwrap_or(1_usize).clamp(1, ROWS_MAX);
        let rows = (0..count).map(|at| Row {
            to: field(&format!("to{at}")).split_whitespace().collect(),
            into: field(&format!("into{at}")),
            amount: field(&format!("amount{at}")),
        });
        let rows = rows.collect();
        Self {
            vault: field("vault"),
            rows,
            fee: field("fee"),
            memo: field("memo"),
            reference: field("reference"),
        }
    }

    /// With room for one more output.
    pub fn with_another(mut self) -> Self {
        if self.rows.len() < ROWS_MAX {
            self.rows.push(Row::default());
        }
        self
    }

    /// Every field and what it says, for a form that carries it on.
    pub fn fields(&self) -> Vec<(String, &str)> {
        let mut fields = vec![("vault".to_owned(), self.vault.as_str())];
        for (at, row) in self.rows.iter().enumerate() {
            let own = [("to", &row.to), ("into", &row.into), ("amount", &row.amount)];
            fields.extend(own.map(|(name, value)| (format!("{name}{at}"), value.as_str())));
        }
        let rest = [("fee", &self.fee), ("memo", &self.memo), ("reference", &self.reference)];
        fields.extend(rest.map(|(name, value)| (name.to_owned(), value.as_str())));
        fields
    }

    /// Whether the vault is one on Bitcoin.
    pub fn is_on_chain(&self, vaults: &VaultList) -> bool {
        vaults.vaults.iter().any(|vault| vault.id.as_str() == self.vault && vault.chain.starts_with(BITCOIN))
    }

    /// The command that this means.
    ///
    /// # Errors
    /// Everything that is wrong, by field.
    pub fn command(&self, ask: &Ask, vaults: &VaultList) -> Result<NewTransfer, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let on_chain = self.is_on_chain(vaults);
        let usual = on_chain.then(|| Currency::parse("BTC").ok()).flatten();
        let vault = VaultId::parse(&self.vault).ok();
        if vault.is_none() {
            wrong.push(Wrong { field: "vault".to_owned(), text: t!(ask, "transfers-wrong-vault") });
        }
        let rows = self.rows.iter().enumerate().filter(|(at, row)| *at == 0 || !row.is_empty());
        let outputs: Vec<NewOutput> =
            rows.filter_map(|(at, row)| output(ask, usual, at, row, &mut wrong)).collect();
        let fee = self.fee(ask, usual, &outputs, &mut wrong);
        let (Some(vault), Some(max_fee), true) = (vault, fee, wrong.is_empty()) else { return Err(wrong) };
        let (memo, reference) = (self.memo.clone(), self.reference.clone());
        Ok(NewTransfer { vault, outputs, max_fee, memo, reference, refresh: false, nonce: None, psbt: None })
    }

    /// Where no network is paid, nothing typed means no fee.
    fn fee(
        &self,
        ask: &Ask,
        usual: Option<Currency>,
        outputs: &[NewOutput],
        wrong: &mut Vec<Wrong>,
    ) -> Option<MoneyText> {
        if self.fee.is_empty() && usual.is_none() {
            return outputs.first().map(|output| MoneyText(Amount::new(output.amount.0.asset, 0)));
        }
        sum(ask, usual, "fee", &self.fee, wrong)
    }
}

fn output(
    ask: &Ask,
    usual: Option<Currency>,
    at: usize,
    row: &Row,
    wrong: &mut Vec<Wrong>,
) -> Option<NewOutput> {
    let amount = sum(ask, usual, &format!("amount{at}"), &row.amount, wrong);
    let mut not_one = |text: String| wrong.push(Wrong { field: format!("to{at}"), text });
    let (address, vault) = match (row.to.as_str(), row.into.as_str()) {
        ("", "") => {
            not_one(t!(ask, "transfers-wrong-to"));
            return None;
        }
        ("", vault) => (None, Some(VaultId::parse(vault).ok()?)),
        (address, "") => (Some(address.to_owned()), None),
        _ => {
            not_one(t!(ask, "transfers-wrong-both"));
            return None;
        }
    };
    Some(NewOutput { address, vault, amount: amount? })
}

fn sum(
    ask: &Ask,
    usual: Option<Currency>,
    field: &str,
    typed: &str,
    wrong: &mut Vec<Wrong>,
) -> Option<MoneyText> {
    let read = money(ask.language, usual, typed);
    if read.is_none() {
        let text = match usual {
            Some(asset) => t!(ask, "transfers-wrong-sum", asset = asset.code()),
            None => t!(ask, "transfers-wrong-sum-unit"),
        };
        wrong.push(Wrong { field: field.to_owned(), text });
    }
    read.map(MoneyText)
}

/// `0.5 BTC`, `0.5` where the asset is known, and in French `0,5 BTC` and `20 000 EUR`. A comma in English could group or divide: refused.
fn money(language: Language, usual: Option<Currency>, typed: &str) -> Option<Amount> {
    let typed = typed.trim();
    let (number, unit) = typed.split_at(typed.find(char::is_alphabetic).unwrap_or(typed.len()));
    let is_french = language == Language::French;
    let point = |letter: char| if letter == ',' && is_french { '.' } else { letter };
    let number: String = number.chars().filter(|letter| !letter.is_whitespace()).map(point).collect();
    let unit = match (unit.to_uppercase(), usual) {
        (unit, Some(usual)) if unit.is_empty() => usual.code().to_owned(),
        (unit, _) => unit,
    };
    Amount::parse(&format!("{number} {unit}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_read_as_its_language_writes_it_and_never_guessed() {
        let btc = Currency::parse("BTC").ok();
        let english = |typed| money(Language::English, btc, typed).map(|sum| sum.to_string());
        let french = |typed| money(Language::French, btc, typed).map(|sum| sum.to_string());
        for (typed, sum) in
            [("0.5", "0.5 BTC"), (" 0.50 btc ", "0.5 BTC"), ("20 000 EUR", "20000 EUR"), ("7EUR", "7 EUR")]
        {
            assert_eq!(english(typed).as_deref(), Some(sum), "{typed}");
            assert_eq!(french(typed).as_deref(), Some(sum), "{typed}");
        }
        assert_eq!(french("0,5").as_deref(), Some("0.5 BTC"));
        assert_eq!(french("20\u{202f}000,5\u{a0}EUR").as_deref(), Some("20000.5 EUR"));
        for typed in ["", "1,000", "0,5", "1e3", "-1", "1.5.2", "½", "0.123456789", "5 XYZ"] {
            assert_eq!(english(typed), None, "{typed}");
        }
        for typed in ["1.000,5", "1,000,5"] {
            assert_eq!(french(typed), None, "{typed}");
        }
        assert_eq!(money(Language::English, None, "5"), None);
    }
}
