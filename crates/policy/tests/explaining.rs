//! G1, G9: an explanation says what the rules say, in JSON and in two languages, and names no approver.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use expect_test::expect;
use policy::{Decision, Explanation, HistoryFile, Language, Policy, TransferFile, explain, load};
use support::source;

fn startup() -> Policy {
    let loaded = load(&[
        source("rules.toml", include_str!("../../../examples/startup/rules.toml")),
        source("register.toml", include_str!("../../../examples/startup/register.toml")),
    ]);
    loaded.policy.unwrap()
}

fn transfer(json: &str) -> TransferFile {
    serde_json::from_str(json).unwrap()
}

fn history() -> Vec<HistoryFile> {
    serde_json::from_str(include_str!("../../../examples/startup/history.json")).unwrap()
}

fn supplier() -> TransferFile {
    transfer(include_str!("../../../examples/startup/transfer-supplier.json"))
}

fn explained(file: &TransferFile) -> Explanation {
    explain(&startup(), file, &history())
}

#[test]
fn an_explanation_in_english() {
    expect![[r#"
        pending: the hold runs, ready at 2026-11-22T11:15:00Z
        value, fee included: 45509.1 EUR

        permits
          partners: matches, met
              hold 2d: over at 2026-11-22T11:15:00Z
              dies at 2026-11-27T09:30:00Z
          anywhere: matches, lacks 1 more of `board`, from another home
              hold 7d: from the moment when it is met
              dies at 2026-12-11T09:30:00Z
          everyday: does not match
              vault must be hot, but is treasury
              initiator must be operations, but is omar
              amount must be <= 1000 EUR, but is 45509.1 EUR
          top-up: does not match
              destination must be vault:hot, but is bcrt1q0ekk39ydhgysepzqzagxwgqlenfgm2tfl39ma0 (list:suppliers)
              amount must be <= 10000 EUR, but is 45509.1 EUR
          known-supplier: does not match
              destination must be known, but is bcrt1q0ekk39ydhgysepzqzagxwgqlenfgm2tfl39ma0 (list:suppliers)
              known for must be 30d, but is -

        limits
          treasury-week (organisation): 45509.1 EUR fits; used 250000 EUR (1); left 550000 EUR
              2026-11-25T09:00:00Z frees 250000 EUR

        forbids
          sanctions: does not match
    "#]].assert_eq(&explained(&supplier()).text(Language::En));
}

#[test]
fn an_explanation_in_french() {
    let sanctioned = transfer(include_str!("../../../examples/startup/transfer-sanctioned.json"));
    expect![[r#"
        refusé
          - l’interdiction `sanctions` s’applique
        valeur, frais compris : 20000 EUR

        autorisations
          anywhere: s’applique, manque 3 de plus parmi `board`, d’un autre domicile
              délai 7d: à partir du moment où elle est remplie
              périme à 2026-12-11T09:30:00Z
          everyday: ne s’applique pas
              coffre doit être hot, mais vaut treasury
              initiateur doit être operations, mais vaut nora
              montant doit être <= 1000 EUR, mais vaut 20000 EUR
          top-up: ne s’applique pas
              destination doit être vault:hot, mais vaut bcrt1qxewjytm24c6ehwypcpm8r6zazyd245j400mdew (list:sanctions)
              montant doit être <= 10000 EUR, mais vaut 20000 EUR
          partners: ne s’applique pas
              destination doit être listed, mais vaut bcrt1qxewjytm24c6ehwypcpm8r6zazyd245j400mdew (list:sanctions)
          known-supplier: ne s’applique pas
              destination doit être known, mais vaut bcrt1qxewjytm24c6ehwypcpm8r6zazyd245j400mdew (list:sanctions)
              connue depuis doit être 30d, mais vaut -

        plafonds
          treasury-week (organisation): 20000 EUR tient; utilisé 250000 EUR (1); reste 550000 EUR
              2026-11-25T09:00:00Z libère 250000 EUR

        interdictions
          sanctions: S’APPLIQUE
    "#]].assert_eq(&explained(&sanctioned).text(Language::Fr));
}

#[test]
fn an_explanation_as_json() {
    let everyday = transfer(include_str!("../../../examples/startup/transfer-everyday.json"));
    let mut json = serde_json::to_value(explained(&everyday)).unwrap();
    // The hash changes with every comment in the example.
    json["policy"] = "…".into();
    json["permits"].as_array_mut().unwrap().truncate(2);
    expect![[r#"
        {
          "at": "2026-11-20T14:10:00Z",
          "decision": "refused",
          "forbids": [
            {
              "id": "sanctions",
              "matched": false
            }
          ],
          "ignored_approvals": [],
          "initiator": "sam",
          "limits": [
            {
              "counter": {
                "vault": "hot"
              },
              "fits": false,
              "fits_at": "2026-11-20T15:00:00Z",
              "frees": [
                {
                  "at": "2026-11-20T15:00:00Z",
                  "value": {
                    "currency": "EUR",
                    "minor": 90000
                  }
                },
                {
                  "at": "2026-11-21T08:20:00Z",
                  "value": {
                    "currency": "EUR",
                    "minor": 82000
                  }
                },
                {
                  "at": "2026-11-21T13:40:00Z",
                  "value": {
                    "currency": "EUR",
                    "minor": 95000
                  }
                }
              ],
              "id": "hot-day",
              "left": {
                "currency": "EUR",
                "minor": 33000
              },
              "used": {
                "currency": "EUR",
                "minor": 267000
              },
              "used_count": 3,
              "value": {
                "currency": "EUR",
                "minor": 64250
              }
            },
            {
              "counter": {
                "vault": "hot"
              },
              "fits": true,
              "fits_at": "2026-11-20T14:10:00Z",
              "frees": [
                {
                  "at": "2026-11-26T15:00:00Z",
                  "value": {
                    "currency": "EUR",
                    "minor": 90000
                  }
                },
                {
                  "at": "2026-11-27T08:20:00Z",
                  "value": {
                    "currency": "EUR",
                    "minor": 82000
                  }
                },
                {
                  "at": "2026-11-27T13:40:00Z",
                  "value": {
                    "currency": "EUR",
                    "minor": 95000
                  }
                }
              ],
              "id": "hot-week",
              "left": {
                "currency": "EUR",
                "minor": 533000
              },
              "used": {
                "currency": "EUR",
                "minor": 267000
              },
              "used_count": 3,
              "value": {
                "currency": "EUR",
                "minor": 64250
              }
            },
            {
              "counter": {
                "initiator": "sam"
              },
              "fits": true,
              "fits_at": "2026-11-20T14:10:00Z",
              "frees": [],
              "id": "hot-pace",
              "left_count": 6,
              "used": {
                "currency": "EUR",
                "minor": 0
              },
              "used_count": 0,
              "value": {
                "currency": "EUR",
                "minor": 64250
              }
            }
          ],
          "outputs": [
            {
              "known_since": "2026-11-19T15:00:00Z",
              "target": {
                "address": "bcrt1qgn5jcdh2u8etwprrht94vu3e50q83u7z7e9j3a"
              },
              "value": {
                "currency": "EUR",
                "minor": 64000
              }
            }
          ],
          "permits": [
            {
              "conditions": [
                {
                  "condition": "vault",
                  "given": "hot",
                  "holds": true,
                  "wanted": "hot"
                },
                {
                  "condition": "initiator",
                  "given": "sam",
                  "holds": true,
                  "wanted": "operations"
                },
                {
                  "condition": "destination",
                  "given": "bcrt1qgn5jcdh2u8etwprrht94vu3e50q83u7z7e9j3a",
                  "holds": true,
                  "wanted": "any"
                },
                {
                  "condition": "amount",
                  "given": "642.5 EUR",
                  "holds": true,
                  "wanted": "<= 1000 EUR"
                }
              ],
              "expires_at": "2026-11-21T14:10:00Z",
              "hold": "0s",
              "id": "everyday",
              "lacks": "nothing",
              "matched": true,
              "met": true,
              "met_at": "2026-11-20T14:10:00Z",
              "posture": "normal",
              "posture_allows": true,
              "quick": true,
              "ready_at": "2026-11-20T14:10:00Z"
            },
            {
              "conditions": [
                {
                  "condition": "vault",
                  "given": "hot",
                  "holds": false,
                  "wanted": "treasury"
                },
                {
                  "condition": "initiator",
                  "given": "sam",
                  "holds": true,
                  "wanted": "operations, finance"
                },
                {
                  "condition": "destination",
                  "given": "bcrt1qgn5jcdh2u8etwprrht94vu3e50q83u7z7e9j3a",
                  "holds": false,
                  "wanted": "vault:hot"
                },
                {
                  "condition": "amount",
                  "given": "642.5 EUR",
                  "holds": true,
                  "wanted": "<= 10000 EUR"
                }
              ],
              "expires_at": "2026-11-24T14:10:00Z",
              "hold": "1d",
              "id": "top-up",
              "lacks": {
                "people": {
                  "at_least": 1,
                  "more": 1,
                  "of": "finance"
                }
              },
              "matched": false,
              "met": false,
              "posture": "normal",
              "posture_allows": true,
              "quick": false
            }
          ],
          "policy": "…",
          "posture": "normal",
          "reasons": [
            {
              "code": "limit-full",
              "fits_at": "2026-11-20T15:00:00Z",
              "limit": "hot-day",
              "message": "limit `hot-day` has no room: submit again from 2026-11-20T15:00:00Z"
            }
          ],
          "time_zone_data": "2026e",
          "value": {
            "currency": "EUR",
            "minor": 64250
          },
          "vault": "hot"
        }"#]]
    .assert_eq(&format!("{json:#}"));
}

#[test]
fn the_instant_asked_about_decides() {
    let decision = |now: Option<&str>| {
        let now = now.map(support::at);
        let explanation = explained(&TransferFile { now, ..supplier() });
        (explanation.decision, explanation.ready_at.map(|at| at.to_string()))
    };
    let ready = Some("2026-11-22T11:15:00Z".to_owned());
    assert_eq!(decision(None), (Decision::Ready, ready.clone()));
    assert_eq!(decision(Some("2026-11-22T11:14:59.999999999Z")), (Decision::Pending, ready.clone()));
    assert_eq!(decision(Some("2026-11-22T11:15:00Z")), (Decision::Ready, ready));
    // Before the second approval nothing is met yet.
    assert_eq!(decision(Some("2026-11-20T11:14:59Z")), (Decision::Pending, None));
}

#[test]
fn a_request_dies_unmet() {
    let unmet = |now: &str| {
        let now = Some(support::at(now));
        explained(&TransferFile { now, approvals: Vec::new(), ..supplier() }).decision
    };
    // The longest life of a permit that matches is that of `anywhere`: 21 days.
    assert_eq!(unmet("2026-12-11T09:30:00Z"), Decision::Pending);
    assert_eq!(unmet("2026-12-11T09:30:01Z"), Decision::Expired);
}

#[test]
fn approvals_that_do_not_count_are_named_with_why() {
    let mut file = supplier();
    for (by, at) in [
        ("omar", "2026-11-20T09:40:00Z"),
        ("invoicing", "2026-11-20T09:41:00Z"),
        ("paula", "2026-11-20T10:30:00Z"),
        ("quentin", "2026-11-20T09:29:59Z"),
        ("rita", "2026-11-20T12:00:01Z"),
    ] {
        file.approvals.push(policy::ApprovalFile { by: support::actor(by), at: support::at(at) });
    }
    let ignored: Vec<String> = explained(&file)
        .ignored_approvals
        .iter()
        .map(|approval| format!("{} {}", approval.by, serde_json::to_string(&approval.because).unwrap()))
        .collect();
    assert_eq!(
        ignored,
        [
            "quentin \"too-early\"",
            "omar \"initiator\"",
            "invoicing \"not-a-person\"",
            "paula \"repeated\"",
            "rita \"after-now\""
        ]
    );
}

#[test]
fn posture_keeps_a_permit_from_being_ready() {
    let file = TransferFile { posture: policy::Posture::Elevated, ..supplier() };
    let explanation = explained(&file);
    assert_eq!((explanation.decision, explanation.ready_at), (Decision::Pending, None));
    assert!(explanation.permits[0].matched && !explanation.permits[0].posture_allows);
}

#[test]
fn without_a_trusted_price_nothing_is_said_to_be_ready() {
    let explanation = explained(&TransferFile { prices: Vec::new(), ..supplier() });
    assert_eq!(explanation.decision, Decision::Refused);
    let json = serde_json::to_value(&explanation).unwrap();
    assert_eq!(json["reasons"][0]["code"], "price");
    // A past transfer without a price does not make room either.
    let mut past = history();
    past.push(HistoryFile {
        transfer: TransferFile { at: support::at("2026-11-19T00:00:00Z"), prices: Vec::new(), ..supplier() },
        status: policy::Status::Pending,
    });
    let explanation = explain(&startup(), &supplier(), &past);
    assert_eq!(explanation.decision, Decision::Refused);
    assert!(explanation.reasons[0].message.contains("in the history"), "{:?}", explanation.reasons);
}

#[test]
fn strangers_are_refused() {
    let json = r#"{"vault":"nowhere","initiator":"nobody","at":"2026-11-20T09:30:00Z","outputs":[{"vault":"elsewhere","amount":"1 EUR"}]}"#;
    let explanation = explained(&transfer(json));
    let codes: Vec<String> = serde_json::to_value(&explanation).unwrap()["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason["code"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(codes, ["unknown-vault", "unknown-initiator", "unknown-target", "no-permit"]);
}

#[test]
fn files_of_another_shape_are_errors() {
    let with = |change: &str| {
        let json = format!(
            r#"{{"vault":"hot","initiator":"sam","at":"2026-11-20T09:30:00Z","outputs":[{{"address":"x","amount":"1 EUR"}}]{change}}}"#
        );
        serde_json::from_str::<TransferFile>(&json).map_err(|error| error.to_string())
    };
    assert!(with("").is_ok());
    for (change, expected) in [
        (r#","memo":"x""#, "unknown field `memo`"),
        (r#","status":"pending""#, "belongs into a history"),
        (r#","fee":"1.001 EUR""#, "too many decimals"),
        (r#","fee":1"#, "invalid type"),
        (r#","approvals":[{"by":"nora"}]"#, "missing field `at`"),
        (r#","approvals":[{"by":"nora","at":"yesterday"}]"#, "RFC 3339"),
        (r#","posture":"calm""#, "unknown variant"),
        (r#","prices":[{"asset":"BTC","at":"2026-11-20T09:30:00Z","rate":0.5}]"#, "invalid type"),
    ] {
        assert!(with(change).unwrap_err().contains(expected), "{change}: {:?}", with(change));
    }
    for outputs in [
        "[]",
        r#"[{"amount":"1 EUR"}]"#,
        r#"[{"address":"x","vault":"hot","amount":"1 EUR"}]"#,
        r#"[{"address":"x","amount":"0 EUR"}]"#,
        r#"[{"address":"","amount":"1 EUR"}]"#,
        r#"[{"address":"x","amount":"1 EUR","memo":""}]"#,
    ] {
        let json =
            format!(r#"{{"vault":"hot","initiator":"sam","at":"2026-11-20T09:30:00Z","outputs":{outputs}}}"#);
        assert!(serde_json::from_str::<TransferFile>(&json).is_err(), "{outputs}");
    }
    let history = r#"[{"vault":"hot","initiator":"sam","at":"2026-11-20T09:30:00Z","outputs":[{"address":"x","amount":"1 EUR"}]}]"#;
    assert!(
        serde_json::from_str::<Vec<HistoryFile>>(history).unwrap_err().to_string().contains("needs `status`")
    );
}

#[test]
fn what_a_quorum_lacks_names_no_approver() {
    let mut file = supplier();
    file.approvals.truncate(1);
    let explanation = explained(&file);
    let permits = serde_json::to_string(&explanation.permits).unwrap();
    assert!(!permits.contains("paula"), "{permits}");
    assert!(!explanation.text(Language::En).contains("paula"));
}

#[test]
fn statuses_count_as_the_design_says() {
    use policy::Status::{Cancelled, Confirmed, Declined, Expired, Pending, Ready, Signed};
    let base = transfer(
        r#"{"vault":"hot","initiator":"sam","at":"2026-11-20T09:30:00Z","outputs":[{"address":"x","amount":"900 EUR"}]}"#,
    );
    for (status, used) in
        [(Pending, 1), (Ready, 1), (Signed, 1), (Confirmed, 1), (Declined, 0), (Expired, 0), (Cancelled, 0)]
    {
        let past = vec![HistoryFile {
            transfer: TransferFile { at: support::at("2026-11-20T09:00:00Z"), ..base.clone() },
            status,
        }];
        let explanation = explain(&startup(), &base, &past);
        assert_eq!(explanation.limits[0].used_count, used, "{status:?}");
        let known = explanation.outputs[0].known_since.is_some();
        assert_eq!(known, matches!(status, Signed | Confirmed), "{status:?}");
    }
    // What is submitted later says nothing.
    let later = vec![HistoryFile {
        transfer: TransferFile { at: support::at("2026-11-20T09:30:00.000000001Z"), ..base.clone() },
        status: Pending,
    }];
    assert_eq!(explain(&startup(), &base, &later).limits[0].used_count, 0);
}
