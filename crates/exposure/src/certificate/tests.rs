//! Tests of the certificate: what it says, what it does not say, and everything that must not be believed.

use policy::{Language, Source};
use types::{Currency, Hash};

use super::statement::Statement;
use super::*;
use crate::Adversary;

const NOW: &str = "2026-11-20T21:00:00Z";

fn key() -> CertificateKey {
    CertificateKey::from_entropy([9; 32])
}

fn now() -> Timestamp {
    Timestamp::parse(NOW).unwrap()
}

fn share(per_mille: u16) -> Measure {
    Measure::Share(Share { per_mille })
}

/// One home at most 0.5 %, two 5 %, three 20 %.
fn figures_of(measures: [Measure; 3]) -> Vec<Figure> {
    let of = |(k, at_most)| CERTIFICATE_HORIZONS.map(|horizon| Figure { k, horizon, at_most });
    (1..).zip(measures).flat_map(of).collect()
}

fn statement() -> Statement {
    let figures = figures_of([share(5), share(50), share(200)]);
    Statement::new(Adversary::Homes, figures, Hash([1; 32]), "0.1.0", (now(), LIFETIME_USUAL))
}

fn signed(statement: &Statement) -> String {
    jws::sign(&key(), &types::canonical_json(statement).unwrap())
}

fn refusal(text: &str, at: Timestamp) -> Refusal {
    verify(text, &key().public(), at).unwrap_err()
}

/// A statement with one text replaced, signed by the right key.
fn altered(from: &str, to: &str) -> String {
    let payload = types::canonical_json(&statement()).unwrap();
    assert!(payload.contains(from), "{payload}");
    jws::sign(&key(), &payload.replacen(from, to, 1))
}

#[test]
fn a_certificate_is_believed_while_it_is_valid() {
    let text = signed(&statement());
    assert_eq!(verify(&text, &key().public(), now()).unwrap(), statement());
    let (from, until) = (statement().issued_at(), statement().expires_at());
    assert_eq!(until, from.after(LIFETIME_USUAL));
    let second = Span::from_seconds(1);
    assert!(verify(&text, &key().public(), until.before(second)).is_ok());
    assert_eq!(refusal(&text, until), Refusal::Expired(until));
    assert!(verify(&text, &key().public(), from.before(Span::from_seconds(300))).is_ok());
    assert_eq!(refusal(&text, from.before(Span::from_seconds(301))), Refusal::NotYet(from));
}

#[test]
fn the_statement_is_of_a_fixed_form_and_says_nothing_else() {
    let payload = types::canonical_json(&statement()).unwrap();
    let first = r#"{"adversary":"homes","bounds":[{"at_most":{"per_mille":5},"horizon":"1d","k":1}"#;
    assert!(payload.starts_with(first), "{payload}");
    let hash = "01".repeat(32);
    let last = format!(
        r#""exp":1797800400,"iat":1795208400,"mode":"silent","policy":"{hash}","rempart":"0.1.0","v":1}}"#
    );
    assert!(payload.ends_with(&last), "{payload}");
}

#[test]
fn statements_that_contradict_themselves_are_refused_though_signed() {
    let json = |text: String| matches!(refusal(&text, now()), Refusal::Json { part: Part::Statement, .. });
    assert!(json(altered("\"v\":1", "\"v\":1,\"v\":1")));
    assert!(json(altered("\"v\":1", "\"v\":1,\"note\":1")));
    assert!(json(altered("\"exp\"", "\"iat\"")));
    assert!(json(altered("\"k\":1", "\"k\":1,\"k\":1")));
    assert!(json(altered("\"per_mille\":5", "\"per_mille\":5,\"per_mille\":4")));
    assert!(json(altered("\"per_mille\":5", "\"per_mille\":-5")));
    assert!(json(altered("\"per_mille\":5", "\"per_mille\":0.5")));
    assert!(json(altered("{\"adversary\"", "[{\"adversary\"")));
    assert_eq!(refusal(&altered("\"v\":1", "\"v\":2"), now()), Refusal::Version(2));
    for (from, to) in [
        ("\"k\":1", "\"k\":2"),
        ("\"horizon\":\"1d\"", "\"horizon\":\"2d\""),
        ("\"per_mille\":5", "\"per_mille\":6"),
        ("{\"per_mille\":5}", "{\"currency\":\"EUR\",\"minor\":5}"),
        ("\"silent\"", "\"stopped\""),
        ("\"0.1.0\"", "\"<b>\""),
    ] {
        assert_eq!(refusal(&altered(from, to), now()), Refusal::Figures, "{from} {to}");
    }
    let (lasting, over) =
        (altered("\"exp\":1797800400", "\"exp\":1897800400"), altered("\"exp\":1797800400", "\"exp\":1"));
    assert_eq!(refusal(&lasting, now()), Refusal::Lifetime);
    assert_eq!(refusal(&over, now()), Refusal::Lifetime);
    assert_eq!(
        refusal(&altered("\"iat\":1795208400", "\"iat\":-9223372036854775808"), now()),
        Refusal::Lifetime
    );
}

#[test]
fn every_refusal_has_a_code_and_two_languages() {
    for refusal in
        [Refusal::TooLarge, Refusal::Parts(2), Refusal::Signature, Refusal::Figures, Refusal::Lifetime]
    {
        assert!(refusal.code().starts_with("certificate-"));
        assert_ne!(refusal.text(Language::En), refusal.text(Language::Fr));
    }
}

#[test]
fn page_and_badge_ask_nobody_and_name_nobody() {
    let sums = [1, 2, 5].map(|thousands| {
        let currency = Currency::parse("EUR").unwrap();
        Measure::Amount(Sum { currency, minor: types::Value::from_minor(thousands * 100_000) })
    });
    let mut amounts = statement();
    amounts.bounds = figures_of(sums);
    for statement in [statement(), amounts] {
        for language in [Language::En, Language::Fr] {
            let text = signed(&statement);
            let page = statement.html(&text, &key().public(), language);
            let badge = statement.badge(language);
            for made in [&page, &badge] {
                let quiet = made.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "");
                for loud in ["<script", "http", "src=", "href", "url(", "@import", "onload"] {
                    assert!(!quiet.contains(loud), "{loud}");
                }
            }
            assert!(page.contains(&text) && page.contains(&statement.policy.to_string()));
            assert!(badge.contains("2026-12-20"));
        }
    }
}

const FAMILY: &str = include_str!("../../../../examples/family/policy.toml");

fn family() -> Policy {
    policy::load(&[Source { name: "policy.toml".into(), text: FAMILY.into() }]).policy.unwrap()
}

#[test]
fn an_opening_opens_its_own_commitment_only() {
    let opening = Opening::new([5; 32], &family());
    let commitment = opening.commitment(&family().hash());
    let read = Opening::parse(&opening.render().unwrap()).unwrap();
    assert_eq!(read.policy(&commitment).unwrap().hash(), family().hash());
    assert_eq!(read.policy(&Hash([0; 32])).unwrap_err(), OpeningError::OtherCertificate);
    // The same policy under another salt is another commitment: two certificates cannot be told to be of one policy.
    assert_ne!(Opening::new([6; 32], &family()).commitment(&family().hash()), commitment);
    assert_ne!(commitment, family().hash());
    let text = opening.render().unwrap();
    assert_eq!(
        Opening::parse(&text.replace("\"version\":1", "\"version\":2")).unwrap_err(),
        OpeningError::Version(2)
    );
    assert!(matches!(Opening::parse("{}").unwrap_err(), OpeningError::Malformed { .. }));
    let other = Opening::parse(&text.replace("5000", "6000").replace("1500 EUR", "1600 EUR")).unwrap();
    assert_eq!(other.policy(&commitment).unwrap_err(), OpeningError::OtherCertificate);
    let broken = Opening::parse(&text.replace("[organisation]", "[organisatoin]")).unwrap();
    assert_eq!(broken.policy(&commitment).unwrap_err(), OpeningError::Policy);
}
