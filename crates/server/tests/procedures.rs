//! Responders read the checklists in force and the words for the police; for everybody else they do not exist (G3, G8, G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod stage;
mod world;

use credentials::Cost;
use serde_json::{Value, json};
use stage::{Raw, Stage, exchange, own, panic};

const OWN: &str = r#"
[[step]]
kind = "abduction"
id = "tell-the-lawyer"
minute = 7
who = "lead"
en = { text = "call the firm's lawyer", why = "they know the prosecutor" }
fr = { text = "appelez l'avocat de la société", why = "il connaît le procureur" }
"#;

fn stage() -> Stage {
    Stage::on(
        |_| Cost::CHEAP,
        world::sources(),
        |parts, folder| parts.settings.procedures_file = Some(folder.join("procedures.toml")),
    )
}

fn get(stage: &Stage, path: &str, token: &str, language: &str) -> Raw {
    let head = format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\nAccept-Language: {language}");
    exchange(stage.address, &head, b"")
}

fn steps(found: &Value, kind: &str) -> Vec<(String, String, Option<u64>)> {
    let procedures = found["procedures"].as_array().unwrap();
    let procedure = procedures.iter().find(|procedure| procedure["id"] == kind).unwrap();
    let step = |step: &Value| {
        let text = |field: &str| step[field].as_str().unwrap().to_owned();
        (text("id"), text("text"), step["within_seconds"].as_u64())
    };
    procedure["steps"].as_array().unwrap().iter().map(step).collect()
}

#[test]
fn the_organisations_own_steps_lie_over_the_built_in_ones_and_a_broken_file_hides_nothing() {
    let stage = stage();
    let path = "/v1/response/procedures";
    assert_eq!(stage.get(path, None).status(), 404);
    assert_eq!(stage.get(path, Some(&stage.token("alice", &own("alice")))).status(), 404);
    let token = stage.token("dora", &own("dora"));
    let built_in = get(&stage, path, &token, "en").json();
    assert_eq!(built_in["procedures"].as_array().unwrap().len(), 5);
    assert_eq!(built_in["scripts"], json!([]));
    let file = stage.folder().join("procedures.toml");
    std::fs::write(&file, OWN).unwrap();
    let own_steps = get(&stage, path, &token, "en").json();
    let lawyer = |text: &str| ("tell-the-lawyer".to_owned(), text.to_owned(), Some(420));
    assert!(steps(&own_steps, "abduction").contains(&lawyer("call the firm's lawyer")));
    let french = get(&stage, path, &token, "fr").json();
    assert!(steps(&french, "abduction").contains(&lawyer("appelez l'avocat de la société")));
    assert_eq!(french["procedures"][0]["name"], "séquestration à domicile");
    std::fs::write(&file, "[[stp]]").unwrap();
    let mut broken = get(&stage, path, &token, "en").json();
    assert!(broken["problem"].as_str().unwrap().contains("line 1"), "{broken:#}");
    broken.as_object_mut().unwrap().remove("problem");
    assert_eq!(broken, built_in);
}

#[test]
fn scripts_are_filled_for_an_incident_and_empty_for_whoever_is_not_free() {
    let stage = stage();
    stage.token("alice", &panic("alice"));
    let number = stage.first_incident().rsplit('/').next().unwrap().to_owned();
    let path = format!("/v1/response/procedures?incident={number}");
    let found = get(&stage, &path, &stage.token("dora", &own("dora")), "en").json();
    let scripts = found["scripts"].as_array().unwrap();
    assert_eq!(scripts.len(), 10, "five kinds, two numbers");
    let text = scripts[0]["text"].as_str().unwrap();
    assert!(text.contains(&format!("incident {number}")) && text.contains("Essai"), "{text}");
    // Only a sign so far: what is to be done waits for the call-back.
    let later = get(&stage, "/v1/response/procedures", &stage.token("dora", &own("dora")), "en").json();
    assert_ne!(steps(&found, "abduction"), steps(&later, "abduction"));
    for (who, phrase) in [("dora", panic("dora")), ("alice", own("alice"))] {
        assert_eq!(get(&stage, &path, &stage.token(who, &phrase), "en").status(), 404, "{who}");
    }
    for wrong in ["4294967295", "x", ""] {
        let path = format!("/v1/response/procedures?incident={wrong}");
        assert_eq!(get(&stage, &path, &stage.token("emil", &own("emil")), "en").status(), 404, "{wrong}");
    }
}
