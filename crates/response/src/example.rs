//! One made-up case for the tests of the whole crate.

use types::{ActorId, Amount, ChannelId, Hash, PermitId, PersonId, PlaceId, ProtectedId, Timestamp, VaultId};

use crate::facts::*;
use crate::procedure::Kind;

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-11-20T{text}Z")).unwrap()
}

pub fn person(name: &str) -> PersonId {
    PersonId::parse(name).unwrap()
}

pub const ADDRESS: &str = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";

pub fn incident() -> Incident {
    Incident {
        id: 40213,
        status: Status::Actual,
        level: Level::Confirmed,
        procedure: Some(Kind::HomeInvasion),
        opened: at("09:30:05"),
        closed: None,
        call_back: "731204".into(),
        cover: Cover::Organisation,
    }
}

fn entry(when: &str, by: Option<&str>, act: Act) -> LogEntry {
    LogEntry { at: at(when), by: by.map(person), act }
}

fn log() -> Vec<LogEntry> {
    let channel = |id: &str| ChannelId::parse(id).unwrap();
    vec![
        entry("09:30:06", None, Act::Delivered { channel: channel("centre"), to: None }),
        entry("09:30:07", None, Act::Delivered { channel: channel("sms"), to: Some(person("bob")) }),
        entry("09:31:40", Some("bob"), Act::Acknowledged { from: Some(PlaceId::parse("home-bob").unwrap()) }),
        entry(
            "09:33:10",
            Some("bob"),
            Act::Called { whom: Callee::Police, note: "file 2026/118, will call back".into() },
        ),
        entry("09:36:00", Some("erin"), Act::Acknowledged { from: None }),
        entry("09:36:30", Some("erin"), Act::Procedure { procedure: Kind::HomeInvasion }),
        entry("09:37:00", Some("erin"), Act::DossierOpened { person: person("alice"), revision: 3 }),
        entry("09:38:00", Some("erin"), Act::Step { step: "open-dossier".into(), done: true }),
        entry(
            "09:40:00",
            Some("bob"),
            Act::Note { text: "=cmd|'/c calc'!A1 <b>two cars</b> \u{202e}seen".into() },
        ),
    ]
}

fn attempts() -> Vec<Attempt> {
    let output = |to: &str, amount: &str| Output {
        address: Some(to.into()),
        vault: None,
        amount: Amount::parse(amount).unwrap(),
    };
    let attempt = Attempt {
        transfer: Hash([0xab; 32]),
        at: at("09:30:05"),
        by: ActorId::parse("alice").unwrap(),
        vault: VaultId::parse("treasury").unwrap(),
        outputs: vec![output(ADDRESS, "12.5 BTC")],
        max_fee: Amount::parse("0.0005 BTC").unwrap(),
        value: Some(Amount::parse("1187547.50 EUR").unwrap()),
        memo: "urgent <script>alert(1)</script>".into(),
        reference: String::new(),
        approvals: vec![Approval { by: person("alice"), at: at("09:30:40") }],
        permits: vec![PermitId::parse("treasury").unwrap()],
        held_until: Some(at("23:30:40")),
        status: AttemptStatus::Pending,
        since: at("09:30:05"),
        forced: true,
    };
    let quick = Attempt {
        transfer: Hash([0xcd; 32]),
        at: at("09:34:00"),
        outputs: vec![output("bc1qquick", "0.05 BTC")],
        value: None,
        memo: String::new(),
        reference: "INV-7".into(),
        approvals: vec![],
        held_until: None,
        status: AttemptStatus::Signed,
        since: at("09:34:20"),
        ..attempt.clone()
    };
    vec![attempt, quick]
}

pub fn facts() -> Facts {
    let amount = |text: &str| Amount::parse(text).unwrap();
    Facts {
        version: FACTS_VERSION,
        organisation: "Exemple SAS".into(),
        time_zone: "Europe/Paris".into(),
        incident: incident(),
        subjects: vec![Subject {
            person: person("alice"),
            found: at("09:30:05"),
            from: Timestamp::parse("2026-11-13T09:30:05Z").unwrap(),
            places: vec![PlaceId::parse("home-alice").unwrap(), PlaceId::parse("office").unwrap()],
        }],
        callers: vec![ProtectedId::parse("mathilde").unwrap()],
        signals: vec![
            Signal { at: at("09:30:05"), who: person("alice"), sign: Sign::Act, told_by: None, heard: None },
            Signal {
                at: at("09:35:00"),
                who: person("alice"),
                sign: Sign::ProtectedPerson,
                told_by: Some("mathilde".into()),
                heard: None,
            },
        ],
        log: log(),
        attempts: attempts(),
        transactions: vec![Transaction {
            transfer: Hash([0xcd; 32]),
            txid: "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16".into(),
            chain: "bitcoin:main".into(),
            vault: VaultId::parse("treasury").unwrap(),
            at: at("09:34:20"),
            raw: Some("0100".into()),
            outputs: vec![
                TransactionOutput { address: "bc1qquick".into(), amount: amount("0.05 BTC"), ours: false },
                TransactionOutput { address: "bc1qchange".into(), amount: amount("3 BTC"), ours: true },
            ],
            status: TransactionStatus::Confirmed,
            since: at("09:46:00"),
        }],
        stops: vec![Stop {
            at: at("09:50:00"),
            scope: StopScope::Vault(VaultId::parse("treasury").unwrap()),
            by: Some("bob".into()),
            reason: "agreed with the police".into(),
            lifted: None,
        }],
        contacts: vec![
            Contact { person: person("bob"), leads: true, since: at("09:31:40") },
            Contact { person: person("erin"), leads: false, since: at("09:36:00") },
        ],
    }
}

pub fn signed(facts: Facts) -> SignedFacts {
    use ed25519_dalek::{Signer, SigningKey};
    let key = SigningKey::from_bytes(&[7; 32]);
    let signature = key.sign(&facts.digest().unwrap().0).to_bytes();
    SignedFacts { facts, key: key.verifying_key().to_bytes(), signature }
}
