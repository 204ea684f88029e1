//! `/transfers.csv`: the same transfers as the list, for book-keeping. Moments in RFC 3339, sums exact with a point, a line for each output.
//!
//! The value and the fee stand in the first line of a transfer only, so that a column adds up. A cell that a spreadsheet would take for a
//! formula has an apostrophe before it. The names of columns and states are those of the interface, in every language.

use api::{StatusWord, Transfer, TransferList};
use types::Amount;

use super::Asked;
use crate::ask::{Api, Ask, Pending, Shown, read};

/// How many transfers are asked for at a time.
const PAGE_LENGTH: &str = "200";
/// How many such questions one file may take: ten thousand transfers.
const PAGES_MAX: usize = 50;
/// After so many lines no other transfer is begun.
const LINES_MAX: usize = 50_000;
/// So that spreadsheets read what follows as UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// What spreadsheets take a formula to begin with, the wide forms of East Asia included.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
const COLUMNS: [&str; 16] = [
    "transfer",
    "submitted_at",
    "status",
    "since",
    "vault",
    "initiator",
    "output",
    "to",
    "amount",
    "asset",
    "max_fee",
    "value",
    "currency",
    "memo",
    "reference",
    "txid",
];

/// The file.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let asked = Asked::read(ask);
        let mut file = Lines::new();
        let mut before = String::new();
        for _ in 0..PAGES_MAX {
            let question = asked.at("/v1/transfers", &[("limit", PAGE_LENGTH), ("before", &before)]);
            let page: TransferList = read(api, &question).await?;
            page.transfers.iter().for_each(|transfer| file.add(transfer));
            match page.next {
                Some(next) if file.count < LINES_MAX => before = next.to_string(),
                _ => break,
            }
        }
        let bytes = file.text.into_bytes();
        Ok(Shown::File { name: "transfers.csv".to_owned(), kind: "text/csv; charset=utf-8", bytes })
    })
}

struct Lines {
    text: String,
    count: usize,
}

impl Lines {
    fn new() -> Self {
        let mut lines = Self { text: BYTE_ORDER_MARK.to_owned(), count: 0 };
        lines.line(&COLUMNS.map(str::to_owned));
        lines
    }

    fn add(&mut self, transfer: &Transfer) {
        for number in 0..transfer.outputs.len() {
            self.line(&cells(transfer, number));
            self.count += 1;
        }
    }

    fn line(&mut self, cells: &[String]) {
        let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
        self.text.push_str(&cells.join(","));
        self.text.push_str("\r\n");
    }
}

fn cells(transfer: &Transfer, number: usize) -> [String; 16] {
    let output = transfer.outputs.get(number);
    let to = output
        .and_then(|output| output.address.clone().or_else(|| output.vault.as_ref().map(ToString::to_string)));
    let first = |text: String| if number == 0 { text } else { String::new() };
    let value = transfer.value.minor.in_currency(transfer.value.currency);
    [
        transfer.id.to_string(),
        transfer.submitted_at.to_string(),
        status(transfer.status).to_owned(),
        transfer.since.to_string(),
        transfer.vault.to_string(),
        transfer.initiator.to_string(),
        (number + 1).to_string(),
        to.unwrap_or_default(),
        output.map(|output| number_of(output.amount)).unwrap_or_default(),
        transfer.max_fee.asset.to_string(),
        first(number_of(transfer.max_fee)),
        first(number_of(value)),
        transfer.value.currency.to_string(),
        transfer.memo.clone(),
        transfer.reference.clone(),
        transfer.txid.clone().unwrap_or_default(),
    ]
}

/// The number of a sum without its unit: exact, with a point.
fn number_of(amount: Amount) -> String {
    let text = amount.to_string();
    text.split_once(' ').map_or_else(String::new, |(number, _)| number.to_owned())
}

const fn status(status: StatusWord) -> &'static str {
    match status {
        StatusWord::Pending => "pending",
        StatusWord::Ready => "ready",
        StatusWord::Signed => "signed",
        StatusWord::Confirmed => "confirmed",
        StatusWord::Declined => "declined",
        StatusWord::Expired => "expired",
        StatusWord::Cancelled => "cancelled",
    }
}

/// A cell that is nothing but text, whatever somebody wrote into a memo (RFC 4180).
fn quoted(text: &str) -> String {
    let begins_formula = text.starts_with(char::is_control) || text.trim_start().starts_with(FORMULA);
    let text = if begins_formula { format!("'{text}") } else { text.to_owned() };
    let is_plain = !text.contains([',', ';', '"', '\''])
        && !text.contains(|letter: char| letter.is_control() || letter.is_whitespace());
    if is_plain { text } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_taken_for_a_formula_or_for_two() {
        for (text, cell) in [
            ("invoice 7", "\"invoice 7\""),
            ("0.5", "0.5"),
            ("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("  =1", "\"'  =1\""),
            ("＝1", "\"'＝1\""),
            ("\t=1", "\"'\t=1\""),
            ("a,b", "\"a,b\""),
            ("a;=1", "\"a;=1\""),
            ("a\"b", "\"a\"\"b\""),
        ] {
            assert_eq!(quoted(text), cell);
        }
    }

    #[test]
    fn sums_are_exact_and_have_no_unit() {
        for (sum, number) in [
            ("0.00000001 BTC", "0.00000001"),
            ("20000 EUR", "20000"),
            ("79228162514264337593543950335 JPY", "79228162514264337593543950335"),
        ] {
            assert_eq!(number_of(Amount::parse(sum).unwrap()), number);
        }
    }
}
