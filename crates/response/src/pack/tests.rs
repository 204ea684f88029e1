//! The pack is whole, the same every time, says no more than it may, and shows every alteration.

use ed25519_dalek::{Signer, SigningKey};
use expect_test::{expect, expect_file};
use proptest::prelude::*;
use types::{Hash, PersonId};

use super::*;
use crate::example::{facts, person, signed};
use crate::facts::{Facts, Status};

fn packed(facts: Facts, personal: Option<&Personal>) -> Result<Vec<PackFile>, PackError> {
    packed_of(&signed(facts), personal)
}

fn packed_of(signed: &SignedFacts, personal: Option<&Personal>) -> Result<Vec<PackFile>, PackError> {
    let key = SigningKey::from_bytes(&[9; 32]);
    let sign = |hash: &Hash| key.sign(&hash.0).to_bytes();
    let bob = person("bob");
    let packer = Packer { person: &bob, key: key.verifying_key().to_bytes(), sign: &sign };
    pack(signed, personal, &packer)
}

fn server() -> [u8; 32] {
    SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes()
}

fn text(files: &[PackFile], path: &str) -> String {
    let file = files.iter().find(|file| file.path == path).unwrap();
    String::from_utf8(file.bytes.clone()).unwrap()
}

fn personal() -> Personal {
    Personal {
        people: vec![PersonData {
            person: person("alice"),
            name: Some("Alice Exemple".into()),
            addresses: vec!["3 rue des Lilas, 18000 Bourges, code 4512A".into()],
            telephones: vec!["+33 6 00 00 00 01".into()],
            vehicles: vec!["grey estate car, AB-123-CD".into()],
        }],
        contacts: vec![ContactData {
            person: person("bob"),
            name: "Bob Exemple".into(),
            telephone: "+33 6 00 00 00 02".into(),
        }],
    }
}

#[test]
fn the_same_facts_give_the_same_bytes_in_whatever_order_they_come() {
    let files = packed(facts().in_order(), Some(&personal())).unwrap();
    let mut shuffled = facts();
    shuffled.log.reverse();
    shuffled.attempts.reverse();
    shuffled.signals.reverse();
    shuffled.contacts.reverse();
    shuffled.subjects[0].places.reverse();
    assert_eq!(packed(shuffled.in_order(), Some(&personal())).unwrap(), files);
    let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    expect!["README.txt SHA256SUMS attempts.csv facts.json index.en.html index.fr.html manifest.json manifest.sig personal.json timeline.csv transactions.csv"].assert_eq(&names.join(" "));
}

#[test]
fn the_files_are_what_they_were() {
    let files = packed(facts().in_order(), Some(&personal())).unwrap();
    expect_file!["golden/timeline.csv"].assert_eq(&text(&files, "timeline.csv").replace("\r\n", "\n"));
    expect_file!["golden/attempts.csv"].assert_eq(&text(&files, "attempts.csv").replace("\r\n", "\n"));
    expect_file!["golden/transactions.csv"]
        .assert_eq(&text(&files, "transactions.csv").replace("\r\n", "\n"));
    expect_file!["golden/manifest.json"].assert_eq(&text(&files, "manifest.json"));
    expect_file!["golden/README.txt"].assert_eq(&text(&files, "README.txt"));
    expect_file!["golden/index.en.html"].assert_eq(&text(&files, "index.en.html"));
    expect_file!["golden/index.fr.html"].assert_eq(&text(&files, "index.fr.html"));
}

#[test]
fn a_whole_pack_is_believed_and_says_who_made_it() {
    let files = packed(facts(), Some(&personal())).unwrap();
    let packer = SigningKey::from_bytes(&[9; 32]).verifying_key().to_bytes();
    let checked = verify(&files, &server(), Some(&packer)).unwrap();
    assert_eq!(checked.facts, facts());
    assert_eq!(checked.manifest.packed_by.person, person("bob"));
    assert_eq!(checked.manifest.incident, 40213);
}

#[test]
fn every_alteration_is_found() {
    let whole = packed(facts(), Some(&personal())).unwrap();
    for index in 0..whole.len() {
        let mut altered = whole.clone();
        let middle = altered[index].bytes.len() / 2;
        altered[index].bytes[middle] ^= 1;
        assert!(verify(&altered, &server(), None).is_err(), "{}", whole[index].path);
        let mut missing = whole.clone();
        missing.remove(index);
        assert!(verify(&missing, &server(), None).is_err(), "{}", whole[index].path);
    }
    let mut added = whole.clone();
    added.push(PackFile { path: "more.txt".into(), bytes: b"x".to_vec() });
    assert_eq!(verify(&added, &server(), None), Err(PackError::Added("more.txt".into())));
    let other = SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes();
    assert!(matches!(verify(&whole, &other, None), Err(PackError::OtherServer(_))));
    assert!(matches!(verify(&whole, &server(), Some(&other)), Err(PackError::OtherPacker(_))));
}

/// Whoever alters a file can mend the sums, and the manifest too; not its signature.
#[test]
fn an_alteration_with_mended_sums_is_found() {
    let mend = |files: &mut Vec<PackFile>| {
        files.retain(|file| file.path != SUMS_FILE);
        let text = manifest::sums(files);
        files.push(file(SUMS_FILE, text));
    };
    let mut files = packed(facts(), None).unwrap();
    let sheet = text(&files, "timeline.csv").replace("two cars", "ten cars");
    files.iter_mut().find(|file| file.path == "timeline.csv").unwrap().bytes = sheet.into_bytes();
    mend(&mut files);
    assert_eq!(verify(&files, &server(), None), Err(PackError::Altered("timeline.csv".into())));
    let mut forged: Manifest = serde_json::from_str(&text(&files, MANIFEST_FILE)).unwrap();
    let altered = files.iter().find(|file| file.path == "timeline.csv").unwrap();
    *forged.files.iter_mut().find(|file| file.path == "timeline.csv").unwrap() = manifest::entry(altered);
    let forged = canonical_json(&forged).unwrap();
    files.iter_mut().find(|file| file.path == MANIFEST_FILE).unwrap().bytes = forged.into_bytes();
    mend(&mut files);
    assert_eq!(verify(&files, &server(), None), Err(PackError::Signature));
}

/// Whoever made a pack cannot make the server say something else, even with a manifest of their own.
#[test]
fn facts_that_the_server_did_not_sign_are_refused() {
    let mut forged = signed(facts());
    forged.facts.incident.call_back = "000000".into();
    assert_eq!(packed_of(&forged, None), Err(PackError::Facts(FactsError::Signature)));
    let mut newer = facts();
    newer.version += 1;
    assert_eq!(packed(newer, None), Err(PackError::Facts(FactsError::Version)));
    let neutral = SignedFacts { key: [0; 32], ..signed(facts()) };
    assert_eq!(packed_of(&neutral, None), Err(PackError::Facts(FactsError::Key)));
}

#[test]
fn nothing_in_a_page_runs_and_nothing_is_fetched() {
    let files = packed(facts(), Some(&personal())).unwrap();
    for page in ["index.en.html", "index.fr.html"] {
        let page = text(&files, page);
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "the note is shown as text");
        let code = page.replace("&lt;script&gt;", "");
        for never in ["<script", "http://", "https://", "src=", "href=", "@import", "url(", "onload"] {
            assert!(!code.contains(never), "{never}");
        }
        assert!(page.contains("default-src 'none'"));
    }
}

#[test]
fn personal_data_comes_only_with_an_opened_dossier_and_only_what_is_needed() {
    let without = packed(facts(), None).unwrap();
    let with = packed(facts(), Some(&personal())).unwrap();
    let all = |files: &[PackFile]| {
        files.iter().map(|f| String::from_utf8_lossy(&f.bytes).into_owned()).collect::<String>()
    };
    for value in ["Alice Exemple", "rue des Lilas", "AB-123-CD", "+33 6"] {
        assert!(!all(&without).contains(value));
        assert!(all(&with).contains(value));
    }
    assert!(without.iter().all(|file| file.path != PERSONAL_FILE));
    // No field for anything else: a packet with more does not become one.
    let more = r#"{"people":[{"person":"alice","medical":"insulin"}]}"#;
    assert!(serde_json::from_str::<Personal>(more).is_err());
    assert_eq!(format!("{:?}", personal()), "Personal(…)");
}

#[test]
fn data_of_strangers_and_unprintable_data_are_refused() {
    let of = |name: &str| {
        let mut personal = personal();
        personal.people[0].person = PersonId::parse(name).unwrap();
        personal
    };
    assert_eq!(packed(facts(), Some(&of("zoe"))), Err(PackError::Stranger(person("zoe"))));
    // A protected person who called is concerned.
    assert!(packed(facts(), Some(&of("mathilde"))).is_ok());
    for bad in ["", "a\nb", &"x".repeat(PERSONAL_TEXT_BYTES_MAX + 1)] {
        let mut personal = personal();
        personal.people[0].addresses = vec![bad.to_owned()];
        assert_eq!(packed(facts(), Some(&personal)), Err(PackError::Personal(person("alice"))), "{bad:?}");
    }
    let mut contact = personal();
    contact.contacts[0].person = person("zoe");
    assert_eq!(packed(facts(), Some(&contact)), Err(PackError::Stranger(person("zoe"))));
}

#[test]
fn a_drill_says_so_everywhere() {
    let mut drill = facts();
    drill.incident.status = Status::Exercise;
    let files = packed(drill, None).unwrap();
    assert!(text(&files, "index.en.html").contains("EXERCISE"));
    assert!(text(&files, "index.fr.html").contains("EXERCICE"));
    assert!(text(&files, "README.txt").starts_with("EXERCISE"));
    assert!(text(&files, "manifest.json").contains("\"exercise\""));
}

#[test]
fn every_act_has_words() {
    let mut facts = facts();
    let at = facts.incident.opened;
    let acts = serde_json::json!([
        {"kind": "replied"},
        {"kind": "step", "step": "clear", "done": false},
        {"kind": "called", "whom": {"person": "carol"}, "note": ""},
        {"kind": "called", "whom": {"other": "the exchange"}, "note": "asked for a freeze"},
        {"kind": "called-back", "person": "alice", "all_clear": true, "private": true},
        {"kind": "handed-over", "to": "erin"},
        {"kind": "awaited", "until": "2026-11-20T12:00:00Z"},
        {"kind": "narrowing-endorsed"}, {"kind": "narrowed"},
        {"kind": "implicated", "person": "carol", "since": "2026-11-20T08:00:00Z"},
        {"kind": "clear-endorsed"}, {"kind": "clear-ended"}, {"kind": "closed"}
    ]);
    let acts: Vec<crate::facts::Act> = serde_json::from_value(acts).unwrap();
    facts.log.extend(acts.into_iter().map(|act| crate::facts::LogEntry { at, by: None, act }));
    for event in timeline(&facts) {
        assert!(!event.en.is_empty() && !event.fr.is_empty(), "{}", event.code);
        assert_ne!(event.code, "other");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_captors_write_the_pack_is_whole(memo in "\\PC{0,60}", note in ".{0,60}") {
        let mut facts = facts();
        facts.attempts[0].memo = memo;
        facts.log.push(crate::facts::LogEntry {
            at: facts.incident.opened,
            by: None,
            act: crate::facts::Act::Note { text: note },
        });
        let files = packed(facts, None).unwrap();
        prop_assert!(verify(&files, &server(), None).is_ok());
        for page in ["index.en.html", "index.fr.html"] {
            let page = text(&files, page);
            prop_assert_eq!(page.matches("<script").count(), 0);
            prop_assert_eq!(page.matches("</html>").count(), 1);
        }
    }
}
