//! Passkeys that are the same in every run: P-256 keys made for these tests and used nowhere else, as a browser's authenticator takes them and
//! as the server keeps them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use passkey::{RegistrationResponse, RelyingParty, register};
use serde_json::json;
use server::http::DeviceCredential;
use types::{Hash, hash_parts};

pub const RELYING_PARTY: &str = "localhost";
pub const PORT: u16 = 8087;

/// Who has one, and its private key (PKCS #8 in hexadecimal digits, which end with the public point).
const KEYS: [(&str, &str); 7] = [
    (
        "alice",
        "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420b3455aaa4a4c1e538723e083b605b57b2e17c9c3abaeec905f4a0fa3960a543fa14403420004dea3eb83c559c0cb0875027364c4b0febeac7bb2be1de544dd2f277fd644bf99d164c305a4b78df1c69186e59fa75aa123e6b20e290150dccf9d751df3a04e08",
    ),
    (
        "bob",
        "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b02010104205a4a5cdf1f3dffd731c2e4fb7794d3e8a182bda42e6e4edd158a9bad063e4c0da144034200045fbb61f1b414b4c8fd7a9351618c2d87d462ceb32c5958f8cd8f7e2f25e0df263c0c493e9d7b10071331d1143e6347ba75dc6402c10c6b3d453306d74d00fea9",
    ),
    (
        "carol",
        "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420713f4cb36d57a6b07e0d1fd64805629051e154d87d8dd6ff1493c9d9cfb19baaa1440342000495670bedcd07b396077f7c58ca83dd98f0c15d7823870563a28ba3d60344bb2652aef3a2bf62ce42c1612022a8dc47ea7792acfa11644169da86d4c73dd6f79c",
    ),
    (
        "dora",
        "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420e06a1575d055226d8e1f446bd2c9b9ded1ae7a1386e462a8fe831ec9bfecbf7aa144034200040ff56e5f5f868320d101e7e969c7f38cce40c21c8bfa27c7d3945255c64597632a62e651c461dd1fc38e15ded6778e8e529ae80858f1538fa901dd6910a5bd5c",
    ),
    (
        "emil",
        "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420d2a6f64eb350ffcd0ae7d901e5097d75454651800154ad696db86bedbe50d050a1440342000447993dca4c1efbfca04457863b29cfef15ea07affd5a3268f722494c26ef1741e6ba6c19d2fcbfe0eb8fc2ec504bfee06a7b23f114d7755d7f951a3d249cf78f",
    ),
    (
        "lea",
        "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b020101042068913ee6a649b9d30278b41f484643566bf4ca2a92482202a799eb41e72e4690a144034200049678ae9d84742a4ac9e26535642bbcea3dcea22d06ecb71ca92439857642485bba8d0ccf5eb72a5757d36725e68cc06eaaafe98d4c8c42b88ec67ff9bbb6a450",
    ),
    (
        "farah",
        "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420c58d15fd477ec78f08b7708ecc5eb99a32c542bcb80b765d7432bcd5702061f4a14403420004cb5e213d9fcebeb0e0254413d1ba03be095e1c6a7c91bbd820375087a51dc40ac5fef377a1a5ee97abdf85425769b5d7023c94274f8d611db828fb6eb37d4e15",
    ),
];

/// The private key of somebody, PKCS #8.
pub fn private_key(name: &str) -> Option<Vec<u8>> {
    let (_, digits) = KEYS.iter().find(|(owner, _)| *owner == name)?;
    Some(hex::decode(digits).unwrap())
}

/// What the authenticator knows it by.
pub fn id(name: &str) -> Vec<u8> {
    hash_parts("test-passkey", &[name.as_bytes()]).0[..16].to_vec()
}

/// As the server keeps it: what it makes of the registration that the browser would have sent.
pub fn public(name: &str) -> Option<DeviceCredential> {
    let key = private_key(name)?;
    let point = key.get(key.len() - 64..)?;
    let challenge = Hash([7; 32]);
    let client_data = json!({ "type": "webauthn.create", "challenge": URL_SAFE_NO_PAD.encode(challenge.0),
        "origin": format!("http://{RELYING_PARTY}:{PORT}"), "crossOrigin": false });
    let response = RegistrationResponse {
        client_data: client_data.to_string().into_bytes(),
        attestation_object: attestation(&authenticator_data(&id(name), point)),
    };
    let passkey = register(&RelyingParty::localhost(PORT), &challenge, &response).unwrap();
    Some(DeviceCredential::Passkey(passkey))
}

/// For which site, that its user was there and recognised, a counter of none, no model, the id, the key as COSE writes it.
fn authenticator_data(id: &[u8], point: &[u8]) -> Vec<u8> {
    let site = {
        use sha2::Digest;
        sha2::Sha256::digest(RELYING_PARTY.as_bytes())
    };
    let (x, y) = point.split_at(32);
    let length = u16::try_from(id.len()).unwrap().to_be_bytes();
    let cose: [&[u8]; 4] = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], x, &[0x22, 0x58, 32], y];
    [&site[..], &[0x45], &[0; 4], &[0; 16], &length, id, &cose.concat()].concat()
}

fn attestation(data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).unwrap();
    [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".as_slice(), &[length], data].concat()
}
