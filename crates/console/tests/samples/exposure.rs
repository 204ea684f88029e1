//! Answers for the pages of exposure, as an auditor gets them: those of the start-up of `examples`, after a loosening.

use std::collections::BTreeMap;

use serde_json::{Value, json};

const HOURS: [u64; 5] = [1, 24, 48, 72, 168];
/// In euros, by homes taken and mode, for each of the horizons.
const SUMS: [[[u64; 5]; 3]; 3] = [
    [
        [1_000, 3_000, 6_000, 38_000, 2_000_000],
        [1_000, 3_000, 6_000, 7_000, 8_000],
        [1_000, 3_000, 3_000, 3_000, 3_000],
    ],
    [
        [2_000, 3_000, 46_000, 346_000, 3_000_000],
        [2_000, 3_000, 6_000, 7_000, 8_000],
        [2_000, 3_000, 3_000, 3_000, 3_000],
    ],
    [
        [3_000, 43_000, 346_000, 646_000, 3_040_000],
        [3_000, 3_000, 6_000, 7_000, 8_000],
        [3_000, 3_000, 3_000, 3_000, 3_000],
    ],
];

fn euros(sum: u64) -> Value {
    json!({ "currency": "EUR", "minor": sum * 100 })
}

/// Every figure, with names where they are asked for.
pub fn figures(names: bool, factor: u64) -> Vec<Value> {
    let mut figures = Vec::new();
    for (k, of_k) in (1u8..).zip(SUMS) {
        for (at, hours) in HOURS.into_iter().enumerate() {
            for (mode, sums) in ["silent", "signalled", "stopped"].into_iter().zip(of_k) {
                let exact = !(k == 3 && hours == 168);
                let mut figure = json!({ "k": k, "horizon_seconds": hours * 3600, "mode": mode, "amount": euros(sums[at] * factor), "exact": exact });
                if names {
                    figure["taken"] = json!(["home-sam", "home-nora"][..usize::from(k.min(2))]);
                    figure["coalition"] = json!(["sam", "tess", "invoicing"]);
                    if k == 1 && mode == "silent" && hours >= 24 {
                        figure["advice"] = advice(hours);
                    }
                }
                figures.push(figure);
            }
        }
    }
    figures
}

fn advice(hours: u64) -> Value {
    let (change_en, change_fr) = match hours {
        168 => (
            "change `hold` of the permit `top-up` from 24h to 72h",
            "porter `hold` de l'autorisation `top-up` de 24h à 72h",
        ),
        _ => (
            "lower the limit `hot-day` from 3000 EUR to 2000 EUR",
            "abaisser la limite `hot-day` de 3000 EUR à 2000 EUR",
        ),
    };
    json!({ "change_en": change_en, "change_fr": change_fr, "amount": euros(2_000), "added_wait_seconds": 7_200, "blocked_transfers": 1, "edited_values": 1 })
}

fn past(at: &str, factor: u64, rose: bool) -> Value {
    let amounts: Vec<Value> =
        figures(false, factor).into_iter().map(|figure| figure["amount"].clone()).collect();
    json!({ "at": at, "policy": "ab".repeat(32), "amounts": amounts, "rose": rose })
}

/// The answers.
pub fn exposure() -> BTreeMap<String, Value> {
    let rise = json!({ "since": "2026-11-18T09:12:00Z", "policy": "cd".repeat(32), "standing": true, "figures": [
        { "k": 1, "horizon_seconds": 86_400, "mode": "silent", "before": euros(2_000), "now": euros(3_000) },
        { "k": 1, "horizon_seconds": 604_800, "mode": "silent", "before": euros(900_000) },
    ] });
    let mut unbounded = past("2026-10-20T08:00:00Z", 1, false);
    unbounded["amounts"] = Value::Null;
    let history = json!([
        past("2026-09-01T08:00:00Z", 2, false),
        past("2026-09-21T08:00:00Z", 1, false),
        unbounded,
        past("2026-10-24T08:00:00Z", 1, false),
        past("2026-11-18T09:12:00Z", 3, true)
    ]);
    let steps = json!([
        { "at_seconds": 0, "text": "sam submits 1 000 EUR from hot to a new address, by the permit everyday", "amount": euros(1_000), "effect_seconds": 0 },
        { "at_seconds": 3_600, "text": "invoicing submits 1 000 EUR from hot to a new address, by the permit everyday", "amount": euros(1_000), "effect_seconds": 3_600 },
        { "at_seconds": 3_600, "text": "tess submits 10 000 EUR from treasury to hot, by the permit top-up", "effect_seconds": 90_000 },
    ]);
    let witness = |k: u64, hours: u64, mode: &str| {
        let figure = figures(true, 1)
            .into_iter()
            .find(|one| one["k"] == k && one["horizon_seconds"] == hours * 3600 && one["mode"] == mode);
        json!({ "figure": figure.unwrap(), "steps": steps, "begins": "2026-11-23T07:00:00Z",
            "assumes": ["Nobody says how old the outputs of treasury are: they are taken as just refreshed."], "more": 4 })
    };
    let operation = |k: u64, hours: u64, mode: &str| {
        format!("/v1/exposure/witness?k={k}&horizon_seconds={}&mode={mode}", hours * 3600)
    };
    let mut answers = BTreeMap::from([
        (
            "/v1/exposure".to_owned(),
            json!({ "figures": figures(true, 1), "unbounded": false, "rises": [rise], "history": history }),
        ),
        ("/v1/exposure/certificate".to_owned(), certificate()),
        ("/v1/exposure/drill".to_owned(), drill()),
    ]);
    for (k, hours, mode) in [(1, 24, "silent"), (2, 48, "signalled"), (3, 168, "silent")] {
        answers.insert(operation(k, hours, mode), witness(k, hours, mode));
    }
    answers
}

/// What everybody gets: amounts.
#[allow(dead_code, reason = "not for every test that has these answers")]
pub fn amounts_only() -> Value {
    json!({ "figures": figures(false, 1), "unbounded": false })
}

fn certificate() -> Value {
    let mut figures = Vec::new();
    for k in 1..=3u64 {
        for hours in [24u64, 48, 72, 168] {
            figures.push(json!({ "k": k, "horizon_seconds": hours * 3600, "at_most": format!("{}\u{a0}%", k * hours / 24) }));
        }
    }
    json!({ "figures": figures, "policy": "ab".repeat(32), "lifetime_seconds": 2_592_000,
        "command": "rempart certificate make rules.toml register.toml --key certificate.key --out certificate.jws" })
}

fn drill() -> Value {
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 600 200\"><style>rect{fill:#12467f}</style><rect x=\"20\" y=\"20\" width=\"560\" height=\"160\"/></svg>";
    json!({ "replayed": 220, "rows": 291, "held": euros(3_040_000), "wallet_total": euros(668_800_000), "silent": euros(31_204_000),
        "signalled": euros(701_000), "stopped": euros(512_000), "svg": svg, "text": "220 of 291 attacks replayed\n\nWhich rule made the difference\n  limits alone are enough in 180 of them\n" })
}
