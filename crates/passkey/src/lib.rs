//! Passkeys (WebAuthn) whose challenge is ours: what the device signs is the command that was shown, and not a number that a library
//! drew (G1). User verification is required, always.
//!
//! Checks values and nothing else: no clock, no randomness, no input or output. Whether a challenge is fresh, the server's nonces say.
//! Called by `server::http::proof` (assertions) and `server::http::passkeys` (registrations). Why not an existing verifier:
//! `docs/adr/0018-passkey-challenge.md`.
//!
//! Where to find things: what the relying party is, `relying_party`; the JSON that the browser signs, `client_data`; the bytes that the
//! device signs, `authenticator_data`; public keys and the three algorithms, `public_key`; what a device says of itself,
//! `attestation`; the two ceremonies, `register` and `assert`.
//!
//! # To add an algorithm
//! A variant of `PublicKey` with its reading and its checking, its line in `api`'s page script, and a vector of the specification.
#![deny(missing_docs)]

mod assert;
mod attestation;
mod authenticator_data;
mod cbor;
mod client_data;
mod fault;
mod public_key;
mod register;
mod relying_party;
mod stored;
#[cfg(test)]
mod vectors;

pub use assert::{AssertError, Asserted, AssertionResponse, assert, assert_one_of, next_counter};
pub use attestation::{Attestation, AttestationFault, CERTIFICATES_MAX};
pub use authenticator_data::{AUTHENTICATOR_DATA_BYTES_MAX, CREDENTIAL_ID_BYTES_MAX};
pub use client_data::CLIENT_DATA_BYTES_MAX;
pub use fault::{Fault, Part};
pub use public_key::{Algorithm, RSA_MODULUS_BYTES_MAX, RSA_MODULUS_BYTES_MIN, SIGNATURE_BYTES_MAX};
pub use register::{ATTESTATION_OBJECT_BYTES_MAX, RegisterError, RegistrationResponse, register};
pub use relying_party::{ORIGINS_MAX, RelyingParty, RelyingPartyError};
pub use stored::Passkey;
