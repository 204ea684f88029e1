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

const RULES: &str = include_str!("../../../../examples/exchange/rules.toml");
const REGISTER: &str = include_str!("../../../../examples/exchange/register.toml");

fn exchange(from: &str, to: &str) -> Policy {
    assert!(RULES.contains(from), "{from}");
    let source = |name: &str, text: String| Source { name: name.to_owned(), text };
    let sources =
        [source("rules.toml", RULES.replacen(from, to, 1)), source("register.toml", REGISTER.to_owned())];
    policy::load(&sources).policy.unwrap()
}

fn make_for(policy: &Policy, change: impl Fn(&mut Making<'_>)) -> Result<Certificate, MakeRefusal> {
    let holdings = Holdings::from_policy(policy);
    let mut making = Making {
        policy,
        holdings: &holdings,
        adversary: Adversary::Homes,
        unit: Unit::Share,
        thresholds: Thresholds::default(),
        at: now(),
        lifetime: LIFETIME_USUAL,
        program: "0.1.0",
        salt: [7; 32],
    };
    change(&mut making);
    make(&making, &key())
}

#[test]
fn no_figure_is_below_its_bound_in_any_mode() {
    // Two of the family's homes lose less when somebody signals: what is said must hold when nobody does.
    for policy in [family(), exchange("[organisation]", "[organisation]")] {
        check_no_figure_is_below_its_bound(&policy);
    }
}

fn check_no_figure_is_below_its_bound(policy: &Policy) {
    let holdings = Holdings::from_policy(policy);
    let held = held(policy, &holdings).unwrap().minor();
    let made = |unit| {
        let making = |making: &mut Making<'_>| (making.unit, making.thresholds) = (unit, Thresholds::NONE);
        make_for(policy, making).unwrap().statement
    };
    let (shares, sums) = (made(Unit::Share), made(Unit::Amount));
    for (share, sum) in shares.bounds.iter().zip(&sums.bounds) {
        for mode in Mode::ALL {
            let (k, horizon) = (share.k, share.horizon);
            let question = Question { adversary: Adversary::Homes, taken: Taken::K(k), horizon, mode };
            let lost = bound(policy, &holdings, &question).unwrap().amount.minor();
            assert!(
                share.at_most.size().2 * held >= lost * 1000 && sum.at_most.size().2 >= lost,
                "{k} {horizon}"
            );
        }
    }
}

#[test]
fn a_certificate_is_made_only_where_it_says_enough_on_what_is_known() {
    let policy = exchange("[organisation]", "[organisation]");
    assert!(make_for(&policy, |_| {}).is_ok());
    let strict = |text: &str| {
        let thresholds = Thresholds::parse(text).unwrap();
        make_for(&policy, |making| making.thresholds = thresholds)
    };
    let Err(MakeRefusal::Above(above)) = strict("10%,25%,1%") else { panic!("above") };
    assert_eq!(above.iter().map(|excess| excess.figure.k).collect::<Vec<_>>(), [3, 3, 3, 3]);
    // 2 000 000 of 197 000 000 is 1.02 %: published as 2 %, judged as it is.
    assert!(matches!(strict("1%,100%,100%"), Err(MakeRefusal::Above(_))));
    assert!(strict("1.1%,100%,100%").is_ok());
    for lifetime in [Span::ZERO, LIFETIME_MAX.seconds().checked_add(1).map(Span::from_seconds).unwrap()] {
        assert_eq!(
            make_for(&policy, |making| making.lifetime = lifetime).unwrap_err(),
            MakeRefusal::Lifetime
        );
    }
    assert_eq!(make_for(&policy, |making| making.program = "<b>").unwrap_err(), MakeRefusal::Version);
    for line in ["oldest_output = \"14d\"\n", "balance = \"15000000 EUR\"\n"] {
        let refused = make_for(&exchange(line, ""), |_| {}).unwrap_err();
        assert!(matches!(refused, MakeRefusal::Assumes(_) | MakeRefusal::Bound(_)), "{refused:?}");
    }
}

#[test]
fn a_certificate_stands_while_the_policy_gives_no_more() {
    let made = make_for(&exchange("[organisation]", "[organisation]"), |_| {}).unwrap();
    let standing = |from: &str, to: &str| {
        let policy = exchange(from, to);
        made.statement.standing(&made.opening, &policy, &Holdings::from_policy(&policy)).unwrap()
    };
    assert_eq!(standing("[organisation]", "[organisation]"), Standing::Same);
    assert!(standing("[organisation]", "# new\n[organisation]").holds());
    assert!(standing("amount = \"150000 EUR\"", "amount = \"100000 EUR\"").holds());
    assert!(matches!(standing("amount = \"150000 EUR\"", "amount = \"200000 EUR\""), Standing::Loosened(_)));
    assert!(matches!(
        standing("balance = \"180000000 EUR\"", "balance = \"1000000 EUR\""),
        Standing::Outgrown(_)
    ));
    assert!(matches!(standing("oldest_output = \"14d\"\n", ""), Standing::Unknown(_)));
    let other =
        make_for(&exchange("[organisation]", "[organisation]"), |making| making.salt = [8; 32]).unwrap();
    let policy = exchange("[organisation]", "[organisation]");
    let refused = made.statement.standing(&other.opening, &policy, &Holdings::from_policy(&policy));
    assert_eq!(refused.unwrap_err(), OpeningError::OtherCertificate);
}
