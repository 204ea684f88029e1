//! Forms of pages, as a browser without scripts posts them: held and free alike (G3, G5).

use serde_json::json;

use crate::scene::Scene;
use crate::stage::proposal;

/// Every form, as it should be and as it should not.
pub fn steps(scene: &mut Scene, round: u8) {
    let token = scene.token("alice");
    let words = words(&scene.words("alice"));
    let accepted = scene.done("alice", "/v1/transfers", proposal("0.1 BTC", 90 + round, None));
    let objected = scene.done("alice", "/v1/transfers", proposal("0.1 BTC", 94 + round, None));
    let id = |accepted: &serde_json::Value| accepted["transfer"].as_str().unwrap().to_owned();
    let (id, objected) = (id(&accepted), id(&objected));
    let check = "vault=treasury&rows=1&fee=0.001+BTC&to0=bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080&amount0=0.1+BTC";
    let forms = [
        ("/settings".to_owned(), "language=fr&look=dark".to_owned()),
        ("/settings/end-session".to_owned(), "session=77".to_owned()),
        ("/transfers/check".to_owned(), check.to_owned()),
        ("/policy/preview".to_owned(), String::new()),
        (format!("/transfers/{objected}/object"), words.clone()),
        (format!("/transfers/{id}/stop"), format!("reason=held&{words}")),
        (format!("/transfers/{id}/cancel"), words.clone()),
        ("/vaults/desk/stop".to_owned(), format!("reason=held&{words}")),
        ("/stops".to_owned(), format!("scope.vault=desk&reason=held&{words}")),
        ("/stops/posture".to_owned(), format!("to=elevated&{words}")),
    ];
    for (path, fields) in forms {
        scene.form(&token, &path, &fields);
        scene.form("", &path, &fields);
    }
    let phrase = scene.done("alice", "/v1/me/phrase", json!({ "language": "en" }));
    let motion = phrase["motion"].as_str().unwrap().to_owned();
    scene.get(&format!("/motions/{motion}"), Some(&token));
    crate::people::end(scene, "alice", &phrase["motion"]);
    let own = scene.get("/v1/sessions", Some(&token)).json();
    let ended = own["sessions"][0]["id"].as_str().unwrap().to_owned();
    scene.form(&token, "/settings/end-session", &format!("session={ended}"));
    scene.form("", "/sign-out", "");
    scene.form(&token, "/sign-out", "");
    scene.get("/settings", Some(&token));
    scene.post("alice", "/v1/stops", json!({ "scope": "nothing" }));
}

fn words(phrase: &str) -> String {
    let words = phrase.split(' ').enumerate().map(|(at, word)| format!("word{}={word}", at + 1));
    words.collect::<Vec<_>>().join("&")
}
