//! Answers for the pages of vaults: one on a chain, with coins in every state and more addresses than a page shows, and one gate-only.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// An address of the vault.
pub const ADDRESS: &str = "bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry";
/// Its descriptor: no real keys.
const DESCRIPTOR: &str = "wsh(andor(multi(2,[d34db33f/48h/1h/0h/2h]tpubAlice/<0;1>/*,[c0ffee00/48h/1h/0h/2h]tpubBob/<0;1>/*,[0badcafe/48h/1h/0h/2h]tpubCarol/<0;1>/*),pk([5eed5eed/48h/1h/0h/2h]tpubCosigner/<0;1>/*),and_v(v:multi(2,[d34db33f/48h/1h/0h/2h]tpubAlice/<2;3>/*,[c0ffee00/48h/1h/0h/2h]tpubBob/<2;3>/*),older(52560))))#abcdefgh";

fn btc(satoshis: u64) -> Value {
    json!({ "asset": "BTC", "units": satoshis })
}

fn coin(number: u64) -> Value {
    let left = [0, 1_440, 9_120, 30_000, 52_560][usize::try_from(number.min(4)).unwrap()];
    json!({ "outpoint": format!("{number:064x}:1"), "amount": btc(1_250_000_000 + number), "height": 52_000 - number, "age_blocks": 52_560 - left,
        "blocks_to_recovery": left, "refresh_due": left < 13_140, "reserved": number == 2 })
}

fn address(index: u32) -> Value {
    let label = if index.is_multiple_of(3) { "Invoices of a customer" } else { "" };
    json!({ "index": index, "address": ADDRESS, "label": label, "shown_at": format!("2026-11-{:02}T10:00:00Z", index + 1),
        "derivation": [format!("d34db33f/48h/1h/0h/2h/0/{index}"), format!("c0ffee00/48h/1h/0h/2h/0/{index}")] })
}

/// The answers.
pub fn vaults() -> BTreeMap<String, Value> {
    let treasury = json!({ "id": "treasury", "chain": "bitcoin:regtest", "balance": btc(3_750_000_000), "reserved": btc(1_250_000_000) });
    let desk = json!({ "id": "desk", "chain": "gate-only", "balance": null, "reserved": null });
    let euros = |minor: u64| json!({ "currency": "EUR", "minor": minor });
    let mut detail = treasury.clone();
    detail.as_object_mut().unwrap().extend(
        json!({ "descriptor": DESCRIPTOR, "height": 104_560, "median_time": "2026-11-20T09:50:00Z", "trouble": "chain-unreachable",
            "afloat": euros(2_000_000), "outstanding": euros(60_000_000), "refresh_due": 3 })
        .as_object()
        .unwrap()
        .clone(),
    );
    let mut elsewhere = desk.clone();
    elsewhere
        .as_object_mut()
        .unwrap()
        .extend(json!({ "afloat": euros(0), "refresh_due": 0 }).as_object().unwrap().clone());
    let coins: Vec<Value> = (0..60).map(coin).collect();
    let addresses: Vec<Value> = (0..14).map(address).collect();
    let draft = json!({ "psbt": "cHNidP8=", "fee": btc(1_840), "vsize": 412, "change": null });
    let mut answers = BTreeMap::from([
        ("/v1/vaults".to_owned(), json!({ "vaults": [treasury, desk] })),
        ("/v1/vaults/treasury".to_owned(), detail),
        ("/v1/vaults/desk".to_owned(), elsewhere),
        ("/v1/vaults/treasury/coins".to_owned(), json!({ "count": coins.len(), "coins": coins })),
        ("/v1/vaults/treasury/addresses".to_owned(), json!({ "addresses": addresses })),
        (
            "/v1/vaults/treasury/refresh".to_owned(),
            json!({ "values": [btc(1_250_000_000), btc(1_249_990_000)], "max_fee": btc(41_200), "draft": draft, "left": 1 }),
        ),
    ]);
    for index in 0..3 {
        answers.insert(
            format!("/v1/vaults/treasury/address?index={index}"),
            json!({ "index": index, "address": ADDRESS }),
        );
    }
    answers
}
