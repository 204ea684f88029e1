//! G9: a packet opens with each recipient's key and no other, says what it is, has one of few sizes, and is found when it was touched.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::sync::Arc;

use dossier::{
    Binding, Keys, NewIdentity, NoPrompt, OpenError, PLAIN_BYTES_MAX, PLAIN_BYTES_MIN, Packet, PacketError,
    Passage, Photo, Prompt, SEALED_BYTES_MAX, SealError, identity_from_prf, open, seal, template,
};
use policy::{Language, Recipient};
use proptest::prelude::*;
use types::{PersonId, Timestamp};

fn nobody() -> Arc<dyn Prompt> {
    Arc::new(NoPrompt)
}

fn binding() -> Binding {
    Binding {
        organisation: "Exemple SAS".into(),
        person: PersonId::parse("alice").unwrap(),
        revision: 3,
        sealed_at: Timestamp::parse("2026-11-20T09:30:00Z").unwrap(),
    }
}

fn keys(identity: &NewIdentity) -> Keys {
    Keys::read(identity.plain().as_bytes(), || None, &nobody()).unwrap()
}

fn named(name: &str) -> Packet {
    Packet::parse(&format!("name = \"{name}\"\n")).unwrap()
}

fn sealed_to(packet: &Packet, identities: &[&NewIdentity]) -> Vec<u8> {
    let recipients: Vec<Recipient> = identities.iter().map(|one| one.recipient().unwrap()).collect();
    seal(packet, &binding(), &recipients, &nobody()).unwrap()
}

#[test]
fn each_recipient_opens_it_and_nobody_else() {
    let people: Vec<NewIdentity> = (0..5).map(|_| NewIdentity::generate()).collect();
    let sealed = sealed_to(&named("Alice Martin"), &people[..4].iter().collect::<Vec<_>>());
    for reader in &people[..4] {
        let opened = open(&sealed, &keys(reader)).unwrap();
        assert_eq!((opened.packet.name.reveal(), opened.binding), ("Alice Martin", binding()));
    }
    assert_eq!(open(&sealed, &keys(&people[4])), Err(OpenError::NotForYou));
    assert_eq!(seal(&named("A"), &binding(), &[], &nobody()), Err(SealError::NoReaders));
    let many = vec![people[0].recipient().unwrap(); 401];
    assert_eq!(seal(&named("A"), &binding(), &many, &nobody()), Err(SealError::TooManyReaders));
}

#[test]
fn a_passkey_is_a_recipient_like_any_other() {
    let identity = identity_from_prf(&[7; 32]).unwrap();
    let recipient = Recipient::parse(&identity.to_public().to_string()).unwrap();
    let sealed = seal(&named("Alice"), &binding(), &[recipient], &nobody()).unwrap();
    assert!(open(&sealed, &Keys::of(identity)).is_ok());
    assert_eq!(open(&sealed, &Keys::of(identity_from_prf(&[8; 32]).unwrap())), Err(OpenError::NotForYou));
}

#[test]
fn a_key_file_under_a_passphrase_opens_it() {
    let identity = NewIdentity::generate();
    let sealed = sealed_to(&named("Alice"), &[&identity]);
    let file = identity.protected("a passphrase for tests", 2).unwrap();
    let typed = || Some(zeroize::Zeroizing::new("a passphrase for tests".to_owned()));
    assert!(open(&sealed, &Keys::read(file.as_bytes(), typed, &nobody()).unwrap()).is_ok());
}

#[test]
fn sizes_have_nine_steps() {
    let reader = NewIdentity::generate();
    // age adds a line of random length to each header, so that even that says nothing exact.
    let size = |packet: &Packet| {
        let sealed = sealed_to(packet, &[&reader]);
        assert!(sealed.len() <= SEALED_BYTES_MAX);
        let mac = sealed.windows(5).position(|five| five == b"\n--- ").unwrap() + 1;
        sealed[mac..].iter().skip_while(|byte| **byte != b'\n').count()
    };
    let mut packet = named("A");
    let smallest = size(&packet);
    assert_eq!(size(&named(&"A".repeat(200))), smallest, "short and long names look alike");
    packet.notes = Some(Passage::parse(&"x".repeat(2000)).unwrap());
    assert_eq!(size(&packet), smallest);
    packet.notes = Some(Passage::parse(&"x".repeat(5000)).unwrap());
    let next = size(&packet);
    assert_eq!(next - smallest, PLAIN_BYTES_MIN);
    // The largest photograph still fits, and then no other packet is larger.
    let mut photo = vec![0xff, 0xd8, 0xff];
    photo.resize(dossier::PHOTO_BYTES_MAX, 1);
    packet.photo = Some(Photo::new(photo).unwrap());
    let largest = size(&packet);
    assert!(largest > PLAIN_BYTES_MAX && largest < PLAIN_BYTES_MAX + 1024, "{largest}");
    let opened = open(&sealed_to(&packet, &[&reader]), &keys(&reader)).unwrap();
    assert_eq!(opened.packet.photo, packet.photo);
}

#[test]
fn everything_at_its_bound_fits_and_one_more_is_refused() {
    let reader = NewIdentity::generate();
    let mut packet = named("A");
    let mut photo = vec![0xff, 0xd8, 0xff];
    photo.resize(dossier::PHOTO_BYTES_MAX, 1);
    packet.photo = Some(Photo::new(photo).unwrap());
    let long = Passage::parse(&"\u{1f600}".repeat(2000)).unwrap();
    let relative =
        dossier::Relative { name: None, relation: None, telephone: None, note: Some(long.clone()) };
    packet.relative = vec![relative; 16];
    packet.address =
        vec![dossier::Address { what: None, lines: Some(long.clone()), access: Some(long.clone()) }; 8];
    packet.police = Some(long.clone());
    packet.notes = Some(long);
    let recipients = [reader.recipient().unwrap()];
    let result = seal(&packet, &binding(), &recipients, &nobody());
    assert!(result.is_ok(), "everything at its bound fits: {result:?}");
    packet.address.push(packet.address[0].clone());
    let result = seal(&packet, &binding(), &recipients, &nobody());
    assert!(matches!(result, Err(SealError::Packet(PacketError::TooMany { .. }))), "{result:?}");
}

#[test]
fn every_field_survives() {
    let reader = NewIdentity::generate();
    for language in [Language::En, Language::Fr] {
        let taken = |line: &str| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => rest.to_owned() + "\n",
            _ => line.to_owned() + "\n",
        };
        let text: String = template(language).lines().map(taken).collect();
        let packet = Packet::parse(&text.replace("name = \"\"\n", "name = \"A\"\n")).unwrap();
        let opened = open(&sealed_to(&packet, &[&reader]), &keys(&reader)).unwrap();
        assert_eq!(opened.packet, packet);
    }
}

#[test]
fn what_was_sealed_by_others_is_named() {
    let reader = NewIdentity::generate();
    let recipient: age::x25519::Recipient = reader.recipient().unwrap().as_str().parse().unwrap();
    let read = |plain: &str| open(&age::encrypt(&recipient, plain.as_bytes()).unwrap(), &keys(&reader));
    assert_eq!(read("hello"), Err(OpenError::NoPacket));
    assert_eq!(read("{\"format\":\"x\"}"), Err(OpenError::NoPacket));
    assert_eq!(read("{\"format\":\"rempart-dossier/2\"}"), Err(OpenError::Newer));
    assert_eq!(
        read("{\"format\":\"rempart-dossier/1\",\"packet\":{\"name\":\"A\"}}"),
        Err(OpenError::NoPacket)
    );
    assert_eq!(read(&" ".repeat(PLAIN_BYTES_MAX + 1)), Err(OpenError::TooLarge));
    assert_eq!(open(&vec![b'a'; 2 * SEALED_BYTES_MAX], &keys(&reader)), Err(OpenError::TooLarge));
    assert_eq!(open(b"", &keys(&reader)), Err(OpenError::Damaged));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_touched_does_not_open(place in 0usize..4000, bit in 0u8..8, cut in 1usize..500) {
        let reader = NewIdentity::generate();
        let mut sealed = sealed_to(&named("Alice"), &[&reader]);
        let place = place % sealed.len();
        let short = &sealed[..sealed.len() - cut.min(sealed.len())];
        prop_assert!(open(short, &keys(&reader)).is_err());
        sealed[place] ^= 1 << bit;
        prop_assert!(open(&sealed, &keys(&reader)).is_err(), "at {}", place);
    }

    #[test]
    fn any_file_is_read_or_refused_without_being_shown(text in "[a-z\\[\\]\"=#\\n ]{0,200}") {
        let marked = format!("name = \"orange\"\n{text}");
        if let Err(error) = Packet::parse(&marked) {
            prop_assert!(!error.to_string().contains("orange"), "{}", error);
        }
    }

    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(open(&bytes, &keys(&NewIdentity::generate())).is_err());
        prop_assert!(Keys::read(&bytes, || None, &nobody()).is_err());
    }
}
