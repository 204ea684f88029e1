//! The test vectors of the WebAuthn specification: made by others, so that our reading of it is not only our own. Most have a device that
//! did not verify its user: those must hold in everything else, and be refused for that alone.

use serde::Deserialize;
use types::Hash;

use crate::attestation::Attestation;
use crate::public_key::Algorithm;
use crate::{
    AssertError, AssertionResponse, Fault, Passkey, RegisterError, RegistrationResponse, RelyingParty,
    assert, register,
};

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    challenge: Hash,
    client_data: String,
    attestation_object: String,
    get_challenge: Hash,
    authenticator_data: String,
    get_client_data: String,
    signature: String,
}

impl Vector {
    fn registration(&self) -> RegistrationResponse {
        RegistrationResponse {
            client_data: bytes(&self.client_data),
            attestation_object: bytes(&self.attestation_object),
        }
    }

    fn assertion(&self, passkey: &Passkey) -> AssertionResponse {
        AssertionResponse {
            credential_id: passkey.id().to_vec(),
            client_data: bytes(&self.get_client_data),
            authenticator_data: bytes(&self.authenticator_data),
            signature: bytes(&self.signature),
        }
    }

    fn passkey(&self) -> Passkey {
        crate::register::read(&party(), &self.challenge, &self.registration()).unwrap().0
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).unwrap()
}

fn party() -> RelyingParty {
    RelyingParty::new("example.org", &["https://example.org".to_owned()]).unwrap()
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str::<File>(include_str!("../vectors/w3c.json")).unwrap().vectors
}

fn vector(name: &str) -> Vector {
    vectors().into_iter().find(|vector| vector.name == name).unwrap()
}

#[test]
fn every_vector_holds_but_for_user_verification() {
    let verified = |flags: &str| u8::from_str_radix(&flags[64..66], 16).unwrap() & 4 != 0;
    let mut whole = 0;
    for vector in vectors() {
        let registered = register(&party(), &vector.challenge, &vector.registration());
        let passkey = vector.passkey();
        match registered {
            Ok(same) => assert_eq!(same, passkey),
            Err(error) => assert_eq!(error, RegisterError::Fault(Fault::NotVerified), "{}", vector.name),
        }
        let asserted = assert(&party(), &passkey, &vector.get_challenge, &vector.assertion(&passkey), 0);
        let expected = if verified(&vector.authenticator_data) {
            whole += 1;
            Ok(0)
        } else {
            Err(AssertError::Fault(Fault::NotVerified))
        };
        assert_eq!(asserted, expected, "{}", vector.name);
    }
    assert_eq!(whole, 1);
}

#[test]
fn what_the_vectors_say_of_their_devices_is_recorded() {
    let facts = vectors().into_iter().map(|vector| {
        let passkey = vector.passkey();
        let kind = match passkey.attestation() {
            Attestation::None => "none",
            Attestation::Own => "own",
            Attestation::Certificate { .. } => "certificate",
            Attestation::Unchecked(_) => "unchecked",
        };
        (vector.name, passkey.algorithm(), kind, hex::encode(passkey.aaguid()), passkey.is_backed_up())
    });
    let expected = [
        ("none.ES256", Algorithm::Es256, "none", "8446ccb9ab1db374750b2367ff6f3a1f", true),
        ("packed.ES256", Algorithm::Es256, "certificate", "876ca4f52071c3e9b25509ef2cdf7ed6", false),
        ("packed.RS256", Algorithm::Rs256, "certificate", "428f8878298b9862a36ad8c7527bfef2", true),
        ("packed.EdDSA", Algorithm::EdDsa, "certificate", "d5aa33581e8ca478e20fe713f5d32ff2", false),
    ]
    .map(|(name, algorithm, kind, aaguid, backed)| {
        (name.to_owned(), algorithm, kind, aaguid.to_owned(), backed)
    });
    assert_eq!(facts.collect::<Vec<_>>(), expected);
}

#[test]
fn one_vectors_passkey_is_not_anothers() {
    let all = vectors();
    for (index, vector) in all.iter().enumerate() {
        let other = all[(index + 1) % all.len()].passkey();
        let response = vector.assertion(&other);
        assert_eq!(
            assert(&party(), &other, &vector.get_challenge, &response, 0),
            Err(AssertError::Signature)
        );
        let response = vector.assertion(&vector.passkey());
        let unknown = assert(&party(), &other, &vector.get_challenge, &response, 0);
        assert_eq!(unknown, Err(AssertError::UnknownCredential));
    }
}

/// What a certificate's key signed, and the frame around it.
#[test]
fn a_changed_bit_of_what_a_certificate_signed_is_found() {
    let vector = vector("packed.ES256");
    let whole = vector.registration();
    let signed_from = whole.attestation_object.len() - 164;
    for at in (signed_from..whole.attestation_object.len()).chain(0..20) {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed.attestation_object[at] ^= 1 << bit;
            assert!(register(&party(), &vector.challenge, &changed).is_err(), "{at} {bit}");
        }
    }
}

/// What the rest of the specification's vectors show: algorithms that are not taken, and pages inside other pages.
#[test]
fn other_algorithms_and_framed_pages_are_refused() {
    let vector = vector("none.ES256");
    let text = String::from_utf8(bytes(&vector.client_data)).unwrap();
    for framed in [
        text.replace("\"crossOrigin\":false", "\"crossOrigin\":true"),
        text.replace("\"crossOrigin\":false", "\"crossOrigin\":false,\"topOrigin\":\"https://example.com\""),
    ] {
        let response = RegistrationResponse { client_data: framed.into_bytes(), ..vector.registration() };
        let refused = register(&party(), &vector.challenge, &response);
        assert_eq!(refused, Err(RegisterError::Fault(Fault::CrossOrigin)));
    }
    // ES384 is 38 22 in place of 26: the byte string around it grows by one.
    let es384 = vector.attestation_object.replace("58a4", "58a5").replace("a501020326", "a50102033822");
    let response = RegistrationResponse { attestation_object: bytes(&es384), ..vector.registration() };
    let refused = register(&party(), &vector.challenge, &response);
    assert_eq!(refused, Err(RegisterError::Fault(Fault::Algorithm)));
}
