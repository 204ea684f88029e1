//! Any JSON as a command of the interface: what is read is written and read again as the same (G1).

use api::{
    Acknowledge, AddDevice, Approve, AttachPsbt, Cancel, Clear, Confirmation, EndMotion, EndorseMotion,
    Implicate, LiftStop, Narrow, NewChange, NewPrice, NewStop, NewTransfer, Objection, RawEnvelope, Report,
    SetPosture, SignIn,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

const TRANSFER: &str = r#"{"vault":"treasury","outputs":[{"address":"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080","amount":"0.5 BTC"}],"max_fee":"0.0001 BTC","memo":"é","reference":"INV-7","nonce":"07070707070707070707070707070707"}"#;
const APPROVE: &str =
    r#"{"payload_hash":"0101010101010101010101010101010101010101010101010101010101010101"}"#;
const STOP: &str = r#"{"scope":{"vault":"treasury"}}"#;
const ENVELOPE: &str = r#"{"command":{},"proof":{"by":"alice","nonce":"0101010101010101010101010101010101010101010101010101010101010101","signature":"00"},"phrase":"one two three"}"#;
const CONFIRMED: &str = r#"{"command":{},"proof":{"by":"alice","nonce":"0101010101010101010101010101010101010101010101010101010101010101","passkey":{"id":"AQ","client_data":"AQ","authenticator_data":"AQ","signature":"AQ"}},"phrase":"one two three"}"#;
const DEVICE: &str = r#"{"device":{"passkey":{"nonce":"0101010101010101010101010101010101010101010101010101010101010101","client_data":"AQ","attestation_object":"AQ"}}}"#;

/// Tries it as every command.
pub fn run(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else { return };
    comes_back::<NewTransfer>(&value);
    comes_back::<Approve>(&value);
    comes_back::<AttachPsbt>(&value);
    comes_back::<Cancel>(&value);
    comes_back::<Objection>(&value);
    comes_back::<NewChange>(&value);
    comes_back::<EndorseMotion>(&value);
    comes_back::<EndMotion>(&value);
    comes_back::<NewStop>(&value);
    comes_back::<LiftStop>(&value);
    comes_back::<SetPosture>(&value);
    comes_back::<Acknowledge>(&value);
    comes_back::<Clear>(&value);
    comes_back::<Implicate>(&value);
    comes_back::<Narrow>(&value);
    comes_back::<Report>(&value);
    comes_back::<NewPrice>(&value);
    comes_back::<Confirmation>(&value);
    comes_back::<SignIn>(&value);
    comes_back::<AddDevice>(&value);
    let _ = serde_json::from_value::<RawEnvelope>(value);
}

fn comes_back<C: Serialize + DeserializeOwned>(value: &serde_json::Value) {
    let Ok(command) = C::deserialize(value) else { return };
    let written = serde_json::to_value(&command).expect("a command can be written");
    let again = C::deserialize(&written).expect("what was written is read");
    let twice = serde_json::to_value(&again).expect("a command can be written");
    assert_eq!(written, twice);
}

/// One of each form.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        TRANSFER,
        APPROVE,
        STOP,
        ENVELOPE,
        CONFIRMED,
        DEVICE,
        "{}",
        "[]",
        "null",
        "\"1 BTC\"",
        "9007199254740993",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}
