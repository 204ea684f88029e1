//! The pack's tables, RFC 4180. A cell that a spreadsheet would compute is made text: what people wrote may be the captors' words.

use super::telling;
use crate::civil::Zone;
use crate::facts::{Facts, Output};
use crate::inert::inert;

const LINE_END: &str = "\r\n";

/// The timeline.
pub(super) fn timeline(facts: &Facts) -> String {
    let zone = Zone::named(&facts.time_zone);
    let mut sheet = row(&["at_utc", "at_local", "kind", "by", "english", "french"]);
    for event in telling::timeline(facts) {
        let (at, local) = (event.at.to_string(), zone.stamp(event.at));
        sheet += &row(&[&at, &local, event.code, &event.by, &event.en, &event.fr]);
    }
    sheet
}

/// One row for each output of each transaction.
pub(super) fn transactions(facts: &Facts) -> String {
    let mut sheet = row(&[
        "txid",
        "chain",
        "transfer",
        "vault",
        "at_utc",
        "status",
        "since_utc",
        "output",
        "address",
        "amount",
        "asset",
        "units",
        "returns_to_owner",
    ]);
    for tx in &facts.transactions {
        for (index, output) in tx.outputs.iter().enumerate() {
            sheet += &row(&[
                &tx.txid,
                &tx.chain,
                &tx.transfer.to_string(),
                tx.vault.as_str(),
                &tx.at.to_string(),
                &word(&tx.status),
                &tx.since.to_string(),
                &index.to_string(),
                &output.address,
                &output.amount.to_string(),
                output.amount.asset.code(),
                &output.amount.units.to_string(),
                if output.ours { "yes" } else { "no" },
            ]);
        }
    }
    sheet
}

/// One row for each output of each transfer that was asked for.
pub(super) fn attempts(facts: &Facts) -> String {
    let mut sheet = row(&[
        "transfer",
        "at_utc",
        "by",
        "vault",
        "status",
        "since_utc",
        "held_until_utc",
        "forced",
        "output",
        "destination",
        "amount",
        "asset",
        "units",
        "memo",
        "reference",
    ]);
    for attempt in &facts.attempts {
        let held = attempt.held_until.map(|until| until.to_string()).unwrap_or_default();
        for (index, output) in attempt.outputs.iter().enumerate() {
            sheet += &row(&[
                &attempt.transfer.to_string(),
                &attempt.at.to_string(),
                attempt.by.as_str(),
                attempt.vault.as_str(),
                &word(&attempt.status),
                &attempt.since.to_string(),
                &held,
                if attempt.forced { "yes" } else { "no" },
                &index.to_string(),
                &destination(output),
                &output.amount.to_string(),
                output.amount.asset.code(),
                &output.amount.units.to_string(),
                &attempt.memo,
                &attempt.reference,
            ]);
        }
    }
    sheet
}

/// An address, or `vault:NAME`.
pub(super) fn destination(output: &Output) -> String {
    match (&output.address, &output.vault) {
        (Some(address), _) => address.clone(),
        (None, Some(vault)) => format!("vault:{vault}"),
        (None, None) => String::new(),
    }
}

/// The word of an enum, as in the JSON.
fn word<T: serde::Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    cells.join(",") + LINE_END
}

fn quoted(cell: &str) -> String {
    let cell = inert(cell);
    // A spreadsheet may skip white space before it computes.
    let computes = cell.trim_start().starts_with(['=', '+', '-', '@']);
    let cell = if computes { format!("'{cell}") } else { cell };
    if cell.contains(['"', ',']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_computed() {
        let cells =
            ["plain", "a,b", "say \"x\"", "=HYPERLINK(\"http://x\")", "+33", "-1", "@a", "a\nb", "\t=1", ""];
        let expected =
            "plain,\"a,b\",\"say \"\"x\"\"\",\"'=HYPERLINK(\"\"http://x\"\")\",'+33,'-1,'@a,a b,' =1,\r\n";
        assert_eq!(row(&cells), expected);
    }
}
