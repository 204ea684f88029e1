//! Whatever is changed in a response is found: every bit, every end cut off, every rule of the ceremony, each with its own error (G1).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test reports by panicking"
)]

mod soft;

use passkey::{
    ATTESTATION_OBJECT_BYTES_MAX, AUTHENTICATOR_DATA_BYTES_MAX, AssertError, AssertionResponse, Attestation,
    AttestationFault, CLIENT_DATA_BYTES_MAX, CREDENTIAL_ID_BYTES_MAX, Fault, Part, Passkey,
    RSA_MODULUS_BYTES_MAX, RSA_MODULUS_BYTES_MIN, RegisterError, RegistrationResponse, RelyingParty,
    SIGNATURE_BYTES_MAX, assert, assert_one_of, next_counter, register,
};
use proptest::prelude::*;
use soft::{BACKED_UP, BACKUP_ELIGIBLE, PRESENT, Soft, Statement, VERIFIED, bytes, text};
use types::{Hash, hash_parts};

fn site() -> RelyingParty {
    RelyingParty::localhost(8087)
}

fn challenge() -> Hash {
    hash_parts("rempart/test", &[b"pay"])
}

/// A device that is registered, and what the site keeps of it.
fn enrolled(mut device: Soft) -> (Soft, Passkey) {
    let response = device.register(&challenge(), Statement::Own);
    let passkey = register(&site(), &challenge(), &response).unwrap();
    (device, passkey)
}

fn both() -> [(Soft, Passkey); 2] {
    [enrolled(Soft::es256()), enrolled(Soft::ed25519(7))]
}

fn asserted(passkey: &Passkey, response: &AssertionResponse) -> Result<u32, AssertError> {
    assert(&site(), passkey, &challenge(), response, passkey.counter())
}

type Piece = fn(&mut AssertionResponse) -> &mut Vec<u8>;
const PIECES: [Piece; 4] = [
    |response| &mut response.credential_id,
    |response| &mut response.client_data,
    |response| &mut response.authenticator_data,
    |response| &mut response.signature,
];

#[test]
fn a_registered_device_asserts_again_and_again() {
    for (mut device, passkey) in both() {
        assert_eq!((passkey.counter(), passkey.id()), (1, device.id.as_slice()));
        assert_eq!((passkey.attestation(), passkey.aaguid()), (&Attestation::Own, &soft::AAGUID));
        for counter in 2..5 {
            assert_eq!(asserted(&passkey, &device.assert(&challenge())), Ok(counter));
        }
        let stored = postcard::to_allocvec(&passkey).unwrap();
        assert_eq!(postcard::from_bytes::<Passkey>(&stored).unwrap(), passkey);
    }
}

#[test]
fn every_changed_bit_of_an_assertion_is_found() {
    for (mut device, passkey) in both() {
        let good = device.assert(&challenge());
        for piece in PIECES {
            for bit in 0..piece(&mut good.clone()).len() * 8 {
                let mut changed = good.clone();
                piece(&mut changed)[bit / 8] ^= 1 << (bit % 8);
                assert!(asserted(&passkey, &changed).is_err(), "{bit}");
            }
        }
    }
}

#[test]
fn every_cut_and_everything_behind_the_end_is_found() {
    for (mut device, passkey) in both() {
        let good = device.assert(&challenge());
        for piece in PIECES {
            for length in 0..piece(&mut good.clone()).len() {
                let mut cut = good.clone();
                piece(&mut cut).truncate(length);
                assert!(asserted(&passkey, &cut).is_err(), "{length}");
            }
            let mut longer = good.clone();
            piece(&mut longer).push(0);
            assert!(asserted(&passkey, &longer).is_err());
        }
    }
}

#[test]
fn every_changed_bit_and_cut_of_a_registration_with_a_statement_is_found() {
    for mut device in [Soft::es256(), Soft::ed25519(7)] {
        let good = device.register(&challenge(), Statement::Own);
        let refused = |response: &RegistrationResponse| register(&site(), &challenge(), response).is_err();
        for bit in 0..good.attestation_object.len() * 8 {
            let mut changed = good.clone();
            changed.attestation_object[bit / 8] ^= 1 << (bit % 8);
            assert!(refused(&changed), "{bit}");
        }
        for bit in 0..good.client_data.len() * 8 {
            let mut changed = good.clone();
            changed.client_data[bit / 8] ^= 1 << (bit % 8);
            assert!(refused(&changed), "{bit}");
        }
        for length in 0..good.attestation_object.len() {
            let attestation_object = good.attestation_object[..length].to_vec();
            assert!(refused(&RegistrationResponse { attestation_object, ..good.clone() }), "{length}");
        }
        let attestation_object = [&good.attestation_object[..], &[0]].concat();
        let trailing = register(&site(), &challenge(), &RegistrationResponse { attestation_object, ..good });
        assert_eq!(trailing, Err(RegisterError::Fault(Fault::Trailing(Part::AttestationObject))));
    }
}

/// Without a statement nothing is signed: a change shows in what is recorded, or is an error, and never brings verification with it.
#[test]
fn a_changed_registration_without_a_statement_is_another_or_none() {
    let mut device = Soft::es256();
    let good = device.register(&challenge(), Statement::Nothing);
    let passkey = register(&site(), &challenge(), &good).unwrap();
    let flags = good.attestation_object.windows(5).position(|bytes| bytes == [0x45, 0, 0, 0, 1]).unwrap();
    for bit in 0..good.attestation_object.len() * 8 {
        let mut changed = good.clone();
        changed.attestation_object[bit / 8] ^= 1 << (bit % 8);
        let same = register(&site(), &challenge(), &changed).is_ok_and(|other| other == passkey);
        assert!(!same || bit / 8 == flags, "{bit}");
    }
    let mut unverified = good;
    unverified.attestation_object[flags] ^= VERIFIED;
    let refused = register(&site(), &challenge(), &unverified);
    assert_eq!(refused, Err(RegisterError::Fault(Fault::NotVerified)));
}

#[test]
fn each_rule_of_an_assertion_has_its_error() {
    use AssertError as E;
    let (device, passkey) = enrolled(Soft::es256());
    let with = |change: fn(&mut Soft)| {
        let mut device = device.clone();
        change(&mut device);
        asserted(&passkey, &device.assert(&challenge()))
    };
    assert_eq!(with(|_| ()), Ok(2));
    assert_eq!(with(|device| device.flags = PRESENT), Err(E::Fault(Fault::NotVerified)));
    assert_eq!(with(|device| device.flags = VERIFIED), Err(E::Fault(Fault::NotPresent)));
    assert_eq!(with(|device| device.flags |= BACKED_UP), Err(E::Fault(Fault::BackupFlags)));
    assert_eq!(with(|device| device.flags |= BACKUP_ELIGIBLE), Err(E::Fault(Fault::BackupFlags)));
    assert_eq!(
        with(|device| device.relying_party = "example.org".into()),
        Err(E::Fault(Fault::WrongRelyingParty))
    );
    assert_eq!(with(|device| device.cross_origin = true), Err(E::Fault(Fault::CrossOrigin)));
    for origin in
        ["http://localhost:8088", "https://localhost:8087", "http://localhost:8087.example.org", "null", ""]
    {
        let mut device = device.clone();
        device.origin = origin.to_owned();
        let refused = asserted(&passkey, &device.assert(&challenge()));
        assert_eq!(refused, Err(E::Fault(Fault::WrongOrigin)), "{origin}");
    }
    assert_eq!(with(|device| device.counter = Some(1)), Err(E::Cloned));
    assert_eq!(with(|device| device.counter = None), Err(E::Cloned));
    let other = hash_parts("rempart/test", &[b"pay more"]);
    assert_eq!(asserted(&passkey, &device.clone().assert(&other)), Err(E::Fault(Fault::WrongChallenge)));
    let create = device.clone().assert_as("webauthn.create", &challenge());
    assert_eq!(asserted(&passkey, &create), Err(E::Fault(Fault::WrongType)));
}

#[test]
fn a_passkey_of_somebody_else_signs_nothing() {
    let (mut device, passkey) = enrolled(Soft::es256());
    let (mut other, others) = enrolled(Soft::es256());
    assert_eq!(asserted(&passkey, &other.assert(&challenge())), Err(AssertError::UnknownCredential));
    other.id.clone_from(&device.id);
    assert_eq!(asserted(&passkey, &other.assert(&challenge())), Err(AssertError::Signature));
    let all = [others, passkey];
    let found = assert_one_of(&site(), &all, &challenge(), &device.assert(&challenge())).unwrap();
    assert_eq!((found.index, found.counter), (1, 2));
    assert_eq!(
        assert_one_of(&site(), &[], &challenge(), &device.assert(&challenge())),
        Err(AssertError::UnknownCredential)
    );
}

#[test]
fn each_rule_of_a_registration_has_its_error() {
    use RegisterError as E;
    let with = |change: fn(&mut Soft)| {
        let mut device = Soft::es256();
        change(&mut device);
        let response = device.register(&challenge(), Statement::Own);
        register(&site(), &challenge(), &response).map(drop)
    };
    assert_eq!(with(|_| ()), Ok(()));
    assert_eq!(with(|device| device.flags = PRESENT), Err(E::Fault(Fault::NotVerified)));
    assert_eq!(with(|device| device.flags = VERIFIED), Err(E::Fault(Fault::NotPresent)));
    assert_eq!(with(|device| device.flags |= BACKED_UP), Err(E::Fault(Fault::BackupFlags)));
    assert_eq!(with(|device| device.relying_party = "x".into()), Err(E::Fault(Fault::WrongRelyingParty)));
    assert_eq!(with(|device| device.origin = "http://localhost".into()), Err(E::Fault(Fault::WrongOrigin)));
    assert_eq!(with(|device| device.id = vec![]), Err(E::Fault(Fault::Malformed(Part::CredentialId))));
    let long = with(|device| device.id = vec![1; CREDENTIAL_ID_BYTES_MAX + 1]);
    assert_eq!(long, Err(E::Fault(Fault::Oversize(Part::CredentialId))));
    assert_eq!(with(|device| device.id = vec![1; CREDENTIAL_ID_BYTES_MAX]), Ok(()));
    // Another device's statement about the same credential.
    let (mut one, mut two) = (Soft::es256(), Soft::es256());
    two.id.clone_from(&one.id);
    let (honest, forged) =
        (one.register(&challenge(), Statement::Own), two.register(&challenge(), Statement::Own));
    let from = honest.attestation_object.windows(8).position(|bytes| bytes == b"authData").unwrap();
    let own = forged.attestation_object.windows(8).position(|bytes| bytes == b"authData").unwrap();
    let mixed = [&forged.attestation_object[..own], &honest.attestation_object[from..]].concat();
    let mixed = RegistrationResponse { attestation_object: mixed, ..honest };
    let refused = register(&site(), &challenge(), &mixed);
    assert_eq!(refused, Err(E::Attestation(AttestationFault::Signature)));
}

#[test]
fn what_is_too_long_is_refused_before_it_is_read() {
    let (mut device, passkey) = enrolled(Soft::es256());
    let good = device.assert(&challenge());
    let limits =
        [CREDENTIAL_ID_BYTES_MAX, CLIENT_DATA_BYTES_MAX, AUTHENTICATOR_DATA_BYTES_MAX, SIGNATURE_BYTES_MAX];
    let parts = [Part::CredentialId, Part::ClientData, Part::AuthenticatorData, Part::Signature];
    for ((piece, limit), part) in PIECES.into_iter().zip(limits).zip(parts) {
        let mut long = good.clone();
        piece(&mut long).resize(limit + 1, b' ');
        assert_eq!(asserted(&passkey, &long), Err(AssertError::Fault(Fault::Oversize(part))));
        piece(&mut long).truncate(limit);
        assert_ne!(asserted(&passkey, &long), Err(AssertError::Fault(Fault::Oversize(part))));
    }
    let mut long = device.register(&challenge(), Statement::Nothing);
    long.attestation_object.resize(ATTESTATION_OBJECT_BYTES_MAX + 1, 0);
    let refused = register(&site(), &challenge(), &long);
    assert_eq!(refused, Err(RegisterError::Fault(Fault::Oversize(Part::AttestationObject))));
}

/// What the device itself signs can be wrong too.
#[test]
fn bytes_behind_what_a_device_signs_are_refused_and_extensions_passed_over() {
    const HAS_EXTENSIONS: u8 = 0x80;
    let trailing = Fault::Trailing(Part::AuthenticatorData);
    let (mut device, passkey) = enrolled(Soft::es256());
    device.behind = vec![0xa0];
    let refused = asserted(&passkey, &device.assert(&challenge()));
    assert_eq!(refused, Err(AssertError::Fault(trailing)));
    let response = device.register(&challenge(), Statement::Own);
    assert_eq!(register(&site(), &challenge(), &response), Err(RegisterError::Fault(trailing)));
    device.flags |= HAS_EXTENSIONS;
    assert!(asserted(&passkey, &device.assert(&challenge())).is_ok());
    device.behind = [vec![0xa1], text("credProtect"), vec![2]].concat();
    assert!(register(&site(), &challenge(), &device.register(&challenge(), Statement::Own)).is_ok());
    device.behind = [vec![0xa1], text("credProtect")].concat();
    let malformed = Err(AssertError::Fault(Fault::Malformed(Part::AuthenticatorData)));
    assert_eq!(asserted(&passkey, &device.assert(&challenge())), malformed);
    // A new credential has no place in an assertion.
    (device.flags, device.behind) = (PRESENT | VERIFIED, Vec::new());
    let registered = device.register(&challenge(), Statement::Own).attestation_object;
    let from = registered.windows(8).position(|bytes| bytes == b"authData").unwrap() + 10;
    let data =
        AssertionResponse { authenticator_data: registered[from..].to_vec(), ..device.assert(&challenge()) };
    assert_eq!(asserted(&passkey, &data), malformed);
}

fn registered_with(key: Vec<u8>) -> Result<Passkey, RegisterError> {
    let mut device = Soft::ed25519(7);
    device.shown_key = Some(key);
    register(&site(), &challenge(), &device.register(&challenge(), Statement::Nothing))
}

/// The identity of the curve is a key under which a signature of zeroes fits every message, by the loose rules.
#[test]
fn a_key_of_small_order_signs_nothing() {
    let identity = [vec![1], vec![0; 31]].concat();
    let key = [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21][..], &bytes(&identity)].concat();
    let passkey = registered_with(key).unwrap();
    let forged = [identity, vec![0; 32]].concat();
    let response = AssertionResponse { signature: forged, ..Soft::ed25519(7).assert(&challenge()) };
    assert_eq!(assert(&site(), &passkey, &challenge(), &response, 0), Err(AssertError::Signature));
}

#[test]
fn keys_of_other_forms_are_refused() {
    let rsa = |modulus: usize, exponent: usize| {
        let parts = [&bytes(&vec![0xff; modulus])[..], &[0x21], &bytes(&vec![1; exponent])].concat();
        registered_with([&[0xa4, 1, 3, 3, 0x39, 1, 0, 0x20][..], &parts].concat())
    };
    let wrong = Err(RegisterError::Fault(Fault::Malformed(Part::PublicKey)));
    for (modulus, exponent) in [(RSA_MODULUS_BYTES_MIN, 3), (RSA_MODULUS_BYTES_MAX, 4)] {
        assert!(rsa(modulus, exponent).is_ok());
    }
    for (modulus, exponent) in
        [(RSA_MODULUS_BYTES_MIN - 1, 3), (RSA_MODULUS_BYTES_MAX + 1, 3), (256, 0), (256, 5), (0, 3)]
    {
        assert_eq!(rsa(modulus, exponent), wrong, "{modulus} {exponent}");
    }
    let okp = |head: &[u8], point: usize| registered_with([head, &bytes(&vec![8; point])].concat());
    assert!(okp(&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21], 32).is_ok());
    assert_eq!(okp(&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21], 31), wrong, "short point");
    assert_eq!(okp(&[0xa4, 1, 1, 3, 0x27, 0x20, 7, 0x21], 32), wrong, "other curve");
    assert_eq!(okp(&[0xa4, 1, 1, 3, 0x26, 0x20, 6, 0x21], 32), wrong, "another kind's algorithm");
    assert_eq!(
        okp(&[0xa4, 3, 0x27, 1, 1, 0x20, 6, 0x21], 32).map(drop),
        Ok(()),
        "order of kind and algorithm"
    );
    assert_eq!(okp(&[0xa3, 3, 0x27, 0x20, 6, 0x21], 32), wrong, "no kind");
    assert_eq!(okp(&[0xa5, 1, 1, 1, 1, 3, 0x27, 0x20, 6, 0x21], 32), wrong, "kind twice");
    assert_eq!(
        okp(&[0xa4, 1, 1, 3, 0x38, 0x34, 0x20, 6, 0x21], 32),
        Err(RegisterError::Fault(Fault::Algorithm))
    );
}

/// CBOR that is legal elsewhere, or made to exhaust a reader.
#[test]
fn cbor_that_no_authenticator_writes_is_refused() {
    let mut device = Soft::es256();
    let good = device.register(&challenge(), Statement::Nothing);
    let from = good.attestation_object.windows(8).position(|bytes| bytes == b"authData").unwrap();
    let data = &good.attestation_object[from + 8..];
    let object = |head: &[u8], statement: &[u8]| {
        let parts =
            [head.to_vec(), text("attStmt"), statement.to_vec(), text("authData"), data.to_vec()].concat();
        register(&site(), &challenge(), &RegistrationResponse { attestation_object: parts, ..good.clone() })
    };
    let named = |name: &str| [vec![0xa3], text("fmt"), text(name)].concat();
    let malformed = Err(RegisterError::Fault(Fault::Malformed(Part::AttestationObject)));
    assert!(object(&named("none"), &[0xa0]).is_ok());
    let recorded = object(&named("tpm"), &[0x81, 0x80]).unwrap();
    assert_eq!(recorded.attestation(), &Attestation::Unchecked("tpm".to_owned()));
    // Deep, but bounded by the object's length.
    assert!(object(&named("tpm"), &[vec![0x81; 8000], vec![0]].concat()).is_ok());
    assert_eq!(object(&named("none"), &[0xa1, 0, 0]), malformed);
    assert_eq!(object(&named("mine"), &[0xa0]), malformed);
    assert_eq!(object(&[vec![0xbf], text("fmt"), text("none")].concat(), &[0xa0]), malformed);
    assert_eq!(
        object(&[vec![0xa4], text("fmt"), text("none"), text("x"), vec![0]].concat(), &[0xa0]),
        malformed
    );
    assert_eq!(
        object(&[vec![0xa4], text("fmt"), text("none"), text("fmt"), text("none")].concat(), &[0xa0]),
        malformed
    );
    assert_eq!(object(&[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], &[0xa0]), malformed);
    assert_eq!(object(&named("tpm"), &[0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), malformed);
    assert_eq!(object(&named("packed"), &[vec![0xa1], text("sig"), bytes(&[1])].concat()), malformed);
}

#[test]
fn a_counter_rises_or_was_never_used() {
    for (last, given, expected) in [
        (0, 0, Ok(0)),
        (0, 1, Ok(1)),
        (1, 2, Ok(2)),
        (7, u32::MAX, Ok(u32::MAX)),
        (1, 1, Err(AssertError::Cloned)),
        (1, 0, Err(AssertError::Cloned)),
        (u32::MAX, u32::MAX, Err(AssertError::Cloned)),
    ] {
        assert_eq!(next_counter(last, given), expected, "{last} {given}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Nothing that is made up passes, and nothing panics.
    #[test]
    fn noise_is_refused(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
        let (mut device, passkey) = enrolled(Soft::ed25519(7));
        let good = device.assert(&challenge());
        for piece in PIECES {
            let mut changed = good.clone();
            piece(&mut changed).clone_from(&noise);
            prop_assert!(asserted(&passkey, &changed).is_err());
        }
        let good = device.register(&challenge(), Statement::Nothing);
        let attestation_object = noise.clone();
        let refused = register(&site(), &challenge(), &RegistrationResponse { attestation_object, ..good.clone() });
        prop_assert!(refused.is_err());
        let refused = register(&site(), &challenge(), &RegistrationResponse { client_data: noise, ..good });
        prop_assert!(refused.is_err());
    }
}
