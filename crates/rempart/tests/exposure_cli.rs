//! Drills and certificates as a black box: the real binary on the example organisations (G2, G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use tempfile::TempDir;

struct Ran {
    status: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }
}

fn rempart(folder: &Path, arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_rempart"))
        .args(["--language", "en"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// A folder with an example's files in it.
fn folder(example: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(example);
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    folder
}

const FILES: [&str; 2] = ["rules.toml", "register.toml"];

fn drill(folder: &Path, more: &[&str]) -> Ran {
    rempart(folder, &[&["drill"], &FILES[..], more].concat())
}

#[test]
fn a_drill_says_what_was_lost_and_why_and_draws_it() {
    let folder = folder("startup");
    let ran = drill(folder.path(), &["--svg", "figure.svg"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    for said in [
        "Atelier Nuage SAS: 220 of 291 attacks on record",
        "loses everything each time: 3,040,000\u{a0}EUR; in all 668,800,000\u{a0}EUR",
        "worst office (office), 2\u{a0}h: 17 attacks",
        "weak point: the co-signer falls with them",
        "assumed: 96\u{a0}h for 92 abductions whose duration is not on record",
        "one person taken, as it is not stated that others were held: 54",
        "not replayed: 46 others",
    ] {
        assert!(ran.out.contains(said), "{said}\n{}", ran.out);
    }
    let figure = fs::read_to_string(folder.path().join("figure.svg")).unwrap();
    assert!(figure.starts_with("<svg ") && figure.contains("<desc") && !figure.contains("<script"));
    let french = drill(folder.path(), &["--language", "fr", "--each"]);
    assert!(french.out.contains("attaques connues") && french.out.contains("INC-0291"), "{}", french.out);
}

#[test]
fn a_drill_as_json_agrees_with_the_bound() {
    let folder = folder("startup");
    let json = drill(folder.path(), &["--json"]).json();
    assert_eq!((json["rows"].as_u64(), json["replayed"].as_u64()), (Some(291), Some(220)));
    assert_eq!(json["held"]["minor"], 304_000_000);
    let questions = json["questions"].as_array().unwrap();
    let sum: u64 = questions
        .iter()
        .map(|question| {
            question["incidents"].as_u64().unwrap() * question["lost"]["silent"]["minor"].as_u64().unwrap()
        })
        .sum();
    assert_eq!(json["totals"]["lost"]["silent"]["minor"], sum);
    let home = questions
        .iter()
        .find(|question| question["subject"] == "home" && question["horizon"] == "6h")
        .unwrap();
    let arguments =
        [&["policy", "bound"], &FILES[..], &["--take", "1", "--horizon", "6h", "--mode", "silent", "--json"]];
    let bound = rempart(folder.path(), &arguments.concat()).json();
    assert_eq!(bound["bounds"][0]["amount"], home["lost"]["silent"]);
}

#[test]
fn rows_that_are_not_understood_are_counted_and_named() {
    let folder = folder("startup");
    let record = "id,kind,relative_held,persons_held,duration_hours\n\
                  A,abduction,1,2,30\nB,abducton,1,2,30\nC,home_invasion,maybe,,\nD,home_invasion,,,x\n";
    fs::write(folder.path().join("own.csv"), record).unwrap();
    let ran = drill(folder.path(), &["--incidents", "own.csv"]);
    assert_eq!(ran.status, 0);
    assert!(ran.out.contains("1 of 4 attacks on record"), "{}", ran.out);
    assert!(ran.out.contains("rows that are not understood and left out: 3"), "{}", ran.out);
    for named in [
        "line 3, column `kind`: `abducton`",
        "line 4, column `relative_held`: `maybe`",
        "line 5, column `duration_hours`: `x`",
    ] {
        assert!(ran.out.contains(named), "{named}\n{}", ran.out);
    }
    let json = drill(folder.path(), &["--incidents", "own.csv", "--json"]).json();
    assert_eq!((json["bad_rows"].as_u64(), json["problems"][0]["line"].as_u64()), (Some(3), Some(3)));
}

#[test]
fn a_file_that_is_no_record_is_status_2() {
    let folder = folder("startup");
    for (name, bytes) in [
        ("empty.csv", b"".as_slice()),
        ("latin.csv", b"id,kind\n\xe9".as_slice()),
        ("other.csv", b"a;b\n1;2\n".as_slice()),
    ] {
        fs::write(folder.path().join(name), bytes).unwrap();
        let ran = drill(folder.path(), &["--incidents", name]);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{name}");
        assert!(ran.err.contains(name) && ran.err.contains("error"), "{}", ran.err);
    }
    assert_eq!(drill(folder.path(), &["--incidents", "missing.csv"]).status, 2);
    assert_eq!(rempart(folder.path(), &["drill", "rules.toml"]).status, 2, "half a policy is no policy");
}

/// An exchange with a key and a certificate.
fn certified() -> TempDir {
    let folder = folder("exchange");
    let key =
        rempart(folder.path(), &["certificate", "key", "--key-file", "private.jwk", "--public", "key.jwk"]);
    assert_eq!(key.status, 0, "{}", key.err);
    let made = make(folder.path(), &[]);
    assert_eq!(made.status, 0, "{}", made.err);
    folder
}

fn make(folder: &Path, more: &[&str]) -> Ran {
    let fixed = ["--key", "private.jwk", "--out", "certificate.jws"];
    rempart(folder, &[&["certificate", "make"], &FILES[..], &fixed, more].concat())
}

fn verify(folder: &Path, more: &[&str]) -> Ran {
    rempart(folder, &[&["certificate", "verify", "certificate.jws", "--key", "key.jwk"], more].concat())
}

fn refusal(folder: &Path, more: &[&str]) -> String {
    let ran = verify(folder, &[more, &["--json"]].concat());
    assert_eq!(ran.status, 1, "{}{}", ran.out, ran.err);
    ran.json()["refused"].as_str().unwrap().to_owned()
}

#[test]
fn a_certificate_is_believed_and_gives_nothing_away() {
    let folder = certified();
    let ran = verify(folder.path(), &["--html", "page.html", "--svg", "badge.svg"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert!(ran.out.starts_with("the certificate is valid\n"), "{}", ran.out);
    let certificate = fs::read_to_string(folder.path().join("certificate.jws")).unwrap();
    let payload = URL_SAFE_NO_PAD.decode(certificate.split('.').nth(1).unwrap()).unwrap();
    let payload = String::from_utf8(payload).unwrap();
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let public = [payload, read("page.html"), read("badge.svg")];
    let rules = read("rules.toml") + &read("register.toml");
    let names: Vec<&str> =
        rules.lines().filter_map(|line| line.strip_prefix("id = \"")?.split('"').next()).collect();
    assert!(names.len() > 60);
    for name in names.iter().chain(&["Comptoir", "180000000", "197000000"]) {
        // `hot` and the like would be found within words.
        let whole =
            |text: &String| text.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| word == *name);
        assert!(!public.iter().any(whole), "{name}");
    }
    let hash =
        rempart(folder.path(), &["policy", "check", FILES[0], FILES[1], "--json"]).json()["hash"].clone();
    assert!(!public[0].contains(hash.as_str().unwrap()), "the policy's own hash stays inside");
    for (file, mode) in
        [("private.jwk", 0o600), ("certificate.jws.opening", 0o600), ("certificate.jws", 0o644)]
    {
        assert_eq!(
            fs::metadata(folder.path().join(file)).unwrap().permissions().mode() & 0o777,
            mode,
            "{file}"
        );
    }
}

#[test]
fn what_is_not_the_organisations_word_is_refused_by_name() {
    let folder = certified();
    let path = folder.path().join("certificate.jws");
    let good = fs::read_to_string(&path).unwrap();
    let parts: Vec<&str> = good.trim().split('.').collect();
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"x","typ":"rempart-exposure+jwt"}"#);
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let better = URL_SAFE_NO_PAD.encode(payload.replacen("{\"per_mille\":20}", "{\"per_mille\":1}", 1));
    assert_ne!(better, parts[1]);
    for (text, code) in [
        (format!("{}.{}.", unsigned, parts[1]), "certificate-algorithm"),
        (format!("{}.{}", parts[0], parts[1]), "certificate-parts"),
        (good[..good.len() - 9].to_owned(), "certificate-encoding"),
        (format!("{}.{}.{}", parts[0], better, parts[2]), "certificate-signature"),
        ("hello".to_owned(), "certificate-parts"),
        (String::new(), "certificate-parts"),
    ] {
        fs::write(&path, text).unwrap();
        assert_eq!(refusal(folder.path(), &[]), code);
    }
    fs::write(&path, "a".repeat(10_000)).unwrap();
    assert_eq!(verify(folder.path(), &[]).status, 2, "too large to be read");
    fs::write(&path, good).unwrap();
    assert_eq!(refusal(folder.path(), &["--at", "2100-01-01T00:00:00Z"]), "certificate-expired");
    assert_eq!(refusal(folder.path(), &["--at", "2020-01-01T00:00:00Z"]), "certificate-not-yet");
    rempart(folder.path(), &["certificate", "key", "--key-file", "other.jwk", "--public", "key.jwk"]);
    assert_eq!(refusal(folder.path(), &[]), "certificate-other-key");
}

#[test]
fn keys_that_are_none_are_status_2_and_never_overwritten() {
    let folder = certified();
    let with =
        |key: &str| rempart(folder.path(), &["certificate", "verify", "certificate.jws", "--key", key]);
    let private = with("private.jwk");
    assert_eq!(private.status, 2);
    assert!(private.err.contains("this is the private key"), "{}", private.err);
    assert_eq!(with("missing.jwk").status, 2);
    assert_eq!(with("rules.toml").status, 2);
    let again = rempart(folder.path(), &["certificate", "key", "--key-file", "private.jwk"]);
    assert_eq!(again.status, 1);
    assert_eq!(verify(folder.path(), &[]).status, 0, "the key is the one that it was");
}

#[test]
fn a_certificate_is_void_as_soon_as_the_policy_loosens() {
    let folder = certified();
    let path = folder.path().join("rules.toml");
    let rules = fs::read_to_string(&path).unwrap();
    let in_force = ["--opening", "certificate.jws.opening", "--policy", FILES[0], FILES[1]];
    let with = |from: &str, to: &str| {
        assert!(rules.contains(from), "{from}");
        fs::write(&path, rules.replacen(from, to, 1)).unwrap();
    };
    assert_eq!(verify(folder.path(), &in_force).status, 0);
    with("[organisation]", "# a remark\n[organisation]");
    assert_eq!(verify(folder.path(), &in_force).status, 0, "the same rights in other words");
    with("amount = \"150000 EUR\"", "amount = \"100000 EUR\"");
    assert_eq!(verify(folder.path(), &in_force).status, 0, "a tighter limit");
    with("amount = \"150000 EUR\"", "amount = \"200000 EUR\"");
    assert_eq!(refusal(folder.path(), &in_force), "certificate-void");
    with("hold = \"72h\"", "hold = \"48h\"");
    assert_eq!(refusal(folder.path(), &in_force), "certificate-void");
    // Not one rule is another, but the hot vault holds more of the whole.
    with("balance = \"180000000 EUR\"", "balance = \"1000000 EUR\"");
    let outgrown = verify(folder.path(), &in_force);
    assert_eq!(outgrown.status, 1);
    assert!(outgrown.out.contains("more could be forced out today"), "{}", outgrown.out);
}

#[test]
fn a_policy_s_hash_is_enough_to_see_that_it_is_the_certified_one() {
    let folder = certified();
    let hash =
        rempart(folder.path(), &["policy", "check", FILES[0], FILES[1], "--json"]).json()["hash"].clone();
    let opening = ["--opening", "certificate.jws.opening"];
    let with = |hash: &str| verify(folder.path(), &[&opening[..], &["--policy-hash", hash]].concat());
    assert_eq!(with(hash.as_str().unwrap()).status, 0);
    assert_eq!(with(&"00".repeat(32)).status, 1);
    assert_eq!(
        verify(folder.path(), &["--policy-hash", hash.as_str().unwrap()]).status,
        2,
        "without the salt nobody can tell"
    );
    assert_eq!(make(folder.path(), &["--opening", "new.opening"]).status, 0);
    assert_eq!(refusal(folder.path(), &opening), "certificate-other-opening");
}

#[test]
fn no_certificate_above_the_threshold_or_on_assumptions() {
    let folder = certified();
    let before = fs::read(folder.path().join("certificate.jws")).unwrap();
    let refused = |more: &[&str]| {
        let ran = make(folder.path(), &[more, &["--json"]].concat());
        assert_eq!(ran.status, 1, "{}{}", ran.out, ran.err);
        ran.json()["refused"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused(&["--refuse-above", "1%"]), "certificate-above-threshold");
    assert_eq!(refused(&["--refuse-above", "1000000 EUR"]), "certificate-above-threshold");
    assert_eq!(refused(&["--refuse-above", "999999999 USD"]), "certificate-above-threshold");
    assert_eq!(refused(&["--expires", "91d"]), "certificate-lifetime");
    assert_eq!(make(folder.path(), &["--refuse-above", "much"]).status, 2);
    let path = folder.path().join("rules.toml");
    let rules = fs::read_to_string(&path).unwrap();
    fs::write(&path, rules.replace("oldest_output = \"14d\"\n", "")).unwrap();
    assert_eq!(refused(&[]), "certificate-assumes");
    assert_eq!(fs::read(folder.path().join("certificate.jws")).unwrap(), before, "nothing was written");
}

#[test]
fn a_certificate_of_sums_says_sums() {
    let folder = certified();
    let made = make(folder.path(), &["--as", "amount", "--expires", "7d", "--json"]).json();
    assert_eq!(made["statement"]["bounds"][0]["at_most"]["currency"], "EUR");
    let (issued, expires) =
        (made["statement"]["iat"].as_i64().unwrap(), made["statement"]["exp"].as_i64().unwrap());
    assert_eq!(expires - issued, 7 * 86_400);
    assert!(verify(folder.path(), &[]).out.contains("2,000,000\u{a0}EUR"));
}
