//! A busy organisation, so that every page has something on it; and what the pages' paths name in it.

use serde_json::json;
use types::Span;

use crate::house::{House, QUICK_UNITS, SLOW_UNITS};
use crate::stage::{own, panic, proposal};
use crate::world::{QUICK_HOLD, wait_until};

/// What there is.
pub struct Matters {
    /// A transfer that waits.
    pub transfer: String,
    /// A proposal that waits for endorsements.
    pub motion: String,
    /// The page of the incident.
    pub room: String,
}

impl Matters {
    /// The path of a page, with something that exists for each parameter.
    pub fn path_of(&self, template: &str) -> String {
        let id = match template {
            _ if template.starts_with("/transfers/") => &self.transfer,
            _ if template.starts_with("/vaults/") => "treasury",
            _ if template.starts_with("/motions/") => &self.motion,
            _ if template.starts_with("/response/incidents/") => self.room.rsplit('/').next().unwrap(),
            _ => "none",
        };
        let path = template.replace("{id}", id).replace("{person}", "bob");
        assert!(
            !path.contains('{') && !path.contains("none"),
            "{template} has no value here: give it one in scene.rs"
        );
        path
    }
}

/// Transfers that wait, are signed, cancelled and declined; a stop; motions; an incident, for responders.
pub fn busy(house: &House) -> Matters {
    let stage = &house.stage;
    let propose = |by: &str, amount: &str, nonce: u8| {
        let answer = stage.post(by, "/v1/transfers", proposal(amount, nonce, None));
        assert!(answer.status() < 300, "{answer:?}");
        answer.json()["transfer"].as_str().unwrap().to_owned()
    };
    let approve = |by: &str, id: &str| {
        let answer = stage.post(by, &format!("/v1/transfers/{id}/approve"), json!({ "payload_hash": id }));
        assert!(answer.status() < 300, "{answer:?}");
    };
    let signed = propose("alice", "0.2 BTC", 1);
    approve("bob", &signed);
    house.attach("alice", &signed, QUICK_UNITS);
    house.attach("bob", &signed, QUICK_UNITS);
    let cancelled = propose("bob", "0.1 BTC", 2);
    stage.post("bob", &format!("/v1/transfers/{cancelled}/cancel"), json!({}));
    stage.pass(QUICK_HOLD);
    wait_until("signed", || house.status(&signed) == "signed");
    let transfer = propose("bob", "0.4 BTC", 3);
    approve("carol", &transfer);
    house.attach("alice", &transfer, SLOW_UNITS);
    propose("carol", "0.05 BTC", 4);
    stage.post("carol", "/v1/stops", json!({ "scope": { "vault": "desk" }, "reason": "stock-taking" }));
    let stop = stage.get("/v1/stops", Some(&stage.token("alice", &own("alice")))).json();
    let number = stop["stops"][0]["id"].to_string().trim_matches('"').to_owned();
    let lift = stage.post("carol", &format!("/v1/stops/{number}/lift"), json!({}));
    assert!(lift.status() < 300, "{lift:?} {stop}");
    let motion = lift.json()["motion"].as_str().unwrap().to_owned();
    // Somebody is not free; responders see it, and nobody else.
    stage.token("bob", &panic("bob"));
    stage.pass(Span::from_seconds(600));
    Matters { transfer, motion, room: house.room() }
}
