//! Answers for the overview: transfers of others to approve, one in its wait, one of one's own; appointments, health, exposure as an auditor
//! sees it. Stops, motions and vaults are those of their pages.

use std::collections::BTreeMap;

use serde_json::{Value, json};

fn transfer(number: u8, by: &str, more: Value) -> Value {
    let mut transfer = json!({ "id": format!("{number:02x}").repeat(32), "payload": "{}", "vault": "treasury", "initiator": by, "outputs": [],
        "max_fee": { "asset": "BTC", "units": 20_000 }, "memo": "Invoice 2026-118", "reference": "", "refresh": false,
        "value": { "currency": "EUR", "minor": 2_000_000u64 * u64::from(number) }, "submitted_at": "2026-11-20T08:00:00Z", "status": "pending",
        "since": "2026-11-20T08:00:00Z", "yours": by == "alice", "approved_by_you": false, "stopped": false, "has_transaction": false,
        "members_signed": false,
        "permits": [{ "permit": "treasury", "met": false, "ready_at": null, "expires_at": "2026-11-27T08:00:00Z" }] });
    transfer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    transfer
}

/// The answers, without those of other pages.
pub fn overview() -> BTreeMap<String, Value> {
    let met = json!([{ "permit": "treasury", "met": true, "ready_at": "2026-11-22T08:00:00Z", "expires_at": "2026-11-27T08:00:00Z" }]);
    let transfers = json!([
        transfer(1, "bob", json!({})),
        transfer(2, "invoicing", json!({ "memo": "" })),
        transfer(3, "alice", json!({ "permits": met })),
        transfer(4, "bob", json!({ "permits": met, "approved_by_you": true })),
        transfer(5, "bob", json!({ "stopped": true })),
        transfer(6, "bob", json!({ "approved_by_you": true })),
    ]);
    let figure = json!({ "k": 1, "horizon_seconds": 172_800, "mode": "silent", "amount": { "currency": "EUR", "minor": 600_000 }, "exact": true,
        "taken": ["home-alice"], "coalition": ["alice"] });
    BTreeMap::from([
        ("/v1/transfers?status=pending&limit=50".to_owned(), json!({ "transfers": transfers })),
        (
            "/v1/check-ins".to_owned(),
            json!({ "schedule": { "every": "24h", "next": "2026-11-21T08:00:00Z", "grace": "1h", "last": null } }),
        ),
        ("/health".to_owned(), json!({ "status": "ok", "version": "0.1.0", "warnings": 2 })),
        ("/v1/exposure".to_owned(), json!({ "figures": [figure], "unbounded": false })),
    ])
}
