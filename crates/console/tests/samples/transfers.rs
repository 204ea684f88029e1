//! What the interface answers about transfers: one in each state, a check, reasons. The pages of transfers are made from these.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use types::{ActorId, Amount, Nonce, Output, Payload, Target, VaultId};

/// To a listed partner, and to another vault.
pub const ADDRESS: &str = "bcrt1qcr8te4kr609gcawutmrza0j4xv80jy8zeqchgx";
const SUBMITTED: &str = "2026-11-20T09:30:00Z";

fn payload(number: u8, to: Vec<(Target, &str)>, memo: &str) -> Payload {
    let outputs = to.into_iter().map(|(target, sum)| Output { target, amount: Amount::parse(sum).unwrap() });
    Payload {
        vault: VaultId::parse("treasury").unwrap(),
        initiator: ActorId::parse(if number == 1 { "bob" } else { "alice" }).unwrap(),
        nonce: Nonce([number; 16]),
        outputs: outputs.collect(),
        max_fee: Amount::parse("0.0002 BTC").unwrap(),
        memo: memo.to_owned(),
        reference: format!("INV-{number}"),
        refresh: false,
    }
}

/// A transfer as the interface shows it; `more` replaces or adds fields.
fn transfer(payload: &Payload, status: &str, more: Value) -> Value {
    let outputs: Vec<Value> = payload
        .outputs
        .iter()
        .map(|output| {
            let (name, target) = match &output.target {
                Target::Address(address) => ("address", address.clone()),
                Target::Vault(vault) => ("vault", vault.to_string()),
            };
            json!({ name: target, "amount": output.amount })
        })
        .collect();
    let mut shown = json!({
        "id": payload.id().unwrap(),
        "payload": payload.canonical().unwrap(),
        "vault": payload.vault,
        "initiator": payload.initiator,
        "outputs": outputs,
        "max_fee": payload.max_fee,
        "memo": payload.memo,
        "reference": payload.reference,
        "refresh": payload.refresh,
        "value": { "currency": "EUR", "minor": 2_000_800 },
        "submitted_at": SUBMITTED,
        "status": status,
        "since": SUBMITTED,
        "permits": [{ "permit": "treasury", "met": false, "ready_at": null, "expires_at": "2026-11-27T09:30:00Z" }],
        "yours": payload.initiator.as_str() == "alice",
        "approved_by_you": false,
        "stopped": false,
        "has_transaction": false,
        "members_signed": false,
    });
    for (name, value) in more.as_object().cloned().unwrap_or_default() {
        shown[name] = value;
    }
    shown
}

/// Each with its name: what a test asks for. Those of the number 1 were proposed by somebody else.
pub fn each() -> Vec<(&'static str, Value)> {
    let partner = || vec![(Target::Address(ADDRESS.to_owned()), "0.4 BTC")];
    let two = vec![
        (Target::Address(ADDRESS.to_owned()), "1.25 BTC"),
        (Target::Vault(VaultId::parse("hot").unwrap()), "0.25 BTC"),
    ];
    let met = json!([{ "permit": "treasury", "met": true, "ready_at": "2026-11-22T10:15:00Z", "expires_at": "2026-11-27T09:30:00Z" }]);
    let settled =
        |number, status, more| transfer(&payload(number, partner(), "Rent of November"), status, more);
    let txid = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b";
    vec![
        ("unmet", transfer(&payload(1, partner(), "Server rent <b>&\"quoted\""), "pending", json!({}))),
        ("own", transfer(&payload(2, two, ""), "pending", json!({}))),
        (
            "waiting",
            settled(
                1,
                "pending",
                json!({ "permits": met, "approved_by_you": true, "has_transaction": true }),
            ),
        ),
        ("stopped", settled(3, "pending", json!({ "stopped": true }))),
        ("ready", settled(4, "ready", json!({ "waits_for": "signatures", "has_transaction": true }))),
        (
            "signed",
            settled(5, "signed", json!({ "txid": txid, "has_transaction": true, "members_signed": true })),
        ),
        (
            "confirmed",
            settled(6, "confirmed", json!({ "txid": txid, "has_transaction": true, "members_signed": true })),
        ),
        ("declined", settled(7, "declined", json!({ "since": "2026-11-22T10:15:00Z" }))),
        ("expired", settled(8, "expired", json!({}))),
        ("cancelled", settled(9, "cancelled", json!({}))),
    ]
}

fn reasons() -> Value {
    json!({ "parts": [
        { "text": "Permit treasury", "state": "unmet", "parts": [
            { "text": "2 of finance, from different homes", "state": "unmet" },
            { "text": "1 of board", "state": "met" },
            { "text": "then 48 hours", "state": "waits" },
        ] },
        { "text": "Limit hot-daily: 20,008 EUR of 600,000 EUR", "state": "plain" },
    ] })
}

/// What a check of a payment to a new address says.
pub fn check() -> Value {
    json!({
        "value": { "currency": "EUR", "minor": 2_000_800 },
        "outputs": [
            { "target": ADDRESS, "standing": "listed", "list": "partners" },
            { "target": "bcrt1qnewnewnewnewnewnewnewnewnewnew000000", "standing": "new" },
            { "target": "hot", "standing": "internal" },
        ],
        "permits": [
            { "permit": "treasury", "matches": true, "hold_seconds": 172_800, "why": "2 of finance, 1 of board" },
            { "permit": "small", "matches": false, "hold_seconds": 0, "why": "above 1,000 EUR" },
        ],
    })
}

/// Every answer by its path.
pub fn transfers() -> BTreeMap<String, Value> {
    let vaults = json!({ "vaults": [
        { "id": "treasury", "chain": "bitcoin:regtest", "balance": { "asset": "BTC", "units": 4_000_000_000_u64 }, "reserved": null },
        { "id": "hot", "chain": "bitcoin:regtest", "balance": { "asset": "BTC", "units": 150_000_000 }, "reserved": null },
        { "id": "payroll", "chain": "gate-only", "balance": null, "reserved": null },
    ] });
    let list: Vec<Value> = each().into_iter().map(|(_, transfer)| transfer).collect();
    let mut answers = BTreeMap::from([
        ("/v1/vaults".to_owned(), vaults),
        ("/v1/transfers/check".to_owned(), check()),
        ("/v1/transfers?limit=40".to_owned(), json!({ "transfers": list, "next": 17 })),
        ("/v1/transfers?limit=40&before=17".to_owned(), json!({ "transfers": list })),
        ("/v1/transfers?limit=200".to_owned(), json!({ "transfers": list })),
    ]);
    for (_, transfer) in each() {
        let path = format!("/v1/transfers/{}", transfer["id"].as_str().unwrap());
        answers.insert(format!("{path}/reasons"), reasons());
        answers.insert(format!("{path}/psbt"), json!({ "psbt": "cHNidP8=" }));
        let fee = json!({ "asset": "BTC", "units": 20_000 });
        answers.insert(format!("{path}/draft"), json!({ "psbt": "cHNidP8=", "fee": fee, "vsize": 200 }));
        answers.insert(path, transfer);
    }
    answers
}
