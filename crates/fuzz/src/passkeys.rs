//! Any bytes as a part of what a browser sends for a passkey: nothing but what the device signed asserts, and what is registered is kept as
//! it is (G1).

use std::sync::LazyLock;

use passkey::{AssertionResponse, Passkey, RegistrationResponse, RelyingParty, assert, register};
use serde::Deserialize;
use types::Hash;

/// The specification's own vectors.
const VECTORS: &str = include_str!("../../passkey/vectors/w3c.json");
/// The one whose device verified its user both times.
const WHOLE: &str = "packed.ES256";

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

/// What stays as it is while one part is tried.
struct Ceremony {
    site: RelyingParty,
    challenges: [Hash; 2],
    registration: RegistrationResponse,
    assertion: AssertionResponse,
    passkey: Passkey,
}

static VECTORS_READ: LazyLock<Vec<Vector>> =
    LazyLock::new(|| serde_json::from_str::<File>(VECTORS).expect("the vectors are JSON").vectors);

static CEREMONY: LazyLock<Ceremony> = LazyLock::new(|| {
    let vector = VECTORS_READ.iter().find(|vector| vector.name == WHOLE).expect("the vector is there");
    let site = RelyingParty::new("example.org", &["https://example.org".to_owned()]).expect("a site");
    let registration = RegistrationResponse {
        client_data: bytes(&vector.client_data),
        attestation_object: bytes(&vector.attestation_object),
    };
    let passkey = register(&site, &vector.challenge, &registration).expect("the vector registers");
    let assertion = AssertionResponse {
        credential_id: passkey.id().to_vec(),
        client_data: bytes(&vector.get_client_data),
        authenticator_data: bytes(&vector.authenticator_data),
        signature: bytes(&vector.signature),
    };
    let challenges = [vector.challenge, vector.get_challenge];
    Ceremony { site, challenges, registration, assertion, passkey }
});

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).expect("the vectors are hexadecimal")
}

/// Tries it as every part.
pub fn run(input: &[u8]) {
    let Ceremony { site, challenges: [create, get], registration, assertion, passkey } = &*CEREMONY;
    let attested = RegistrationResponse { attestation_object: input.to_vec(), ..registration.clone() };
    if let Ok(made) = register(site, create, &attested) {
        let json = serde_json::to_vec(&made).expect("a passkey can be written");
        assert_eq!(serde_json::from_slice::<Passkey>(&json).expect("what was written is read"), made);
    }
    let told = RegistrationResponse { client_data: input.to_vec(), ..registration.clone() };
    assert!(register(site, create, &told).is_err() || told == *registration);
    let parts = [
        AssertionResponse { client_data: input.to_vec(), ..assertion.clone() },
        AssertionResponse { authenticator_data: input.to_vec(), ..assertion.clone() },
        AssertionResponse { credential_id: input.to_vec(), ..assertion.clone() },
    ];
    for changed in parts {
        assert!(assert(site, passkey, get, &changed, 0).is_err() || changed == *assertion);
    }
    // A signature has other forms that hold: what matters is that it cannot panic.
    let _ =
        assert(site, passkey, get, &AssertionResponse { signature: input.to_vec(), ..assertion.clone() }, 0);
}

/// Every part of every vector.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let parts = |vector: &Vector| {
        [
            &vector.client_data,
            &vector.attestation_object,
            &vector.authenticator_data,
            &vector.get_client_data,
            &vector.signature,
        ]
        .map(|part| bytes(part))
    };
    VECTORS_READ.iter().flat_map(parts).collect()
}
