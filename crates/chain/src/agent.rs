//! HTTP with bounds: one agent for Bitcoin Core and Esplora, so that no answer is waited for or read without end.
//!
//! Called by `core` and `esplora`.

use std::time::Duration;

use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

use crate::error::{ChainError, words};

/// To reach a source at all.
const CONNECT_SECONDS_MAX: u64 = 10;
/// Headers of one answer.
const HEADER_BYTES_MAX: usize = 16 * 1024;

/// An agent that gives up after so many seconds, follows no redirect and asks no proxy.
pub fn bounded(seconds_max: u64, idle_connections: usize) -> Agent {
    let connect = Some(Duration::from_secs(CONNECT_SECONDS_MAX));
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(seconds_max)))
        .timeout_connect(connect)
        .timeout_resolve(connect)
        .max_response_header_size(HEADER_BYTES_MAX)
        .max_idle_connections(idle_connections)
        .max_idle_connections_per_host(idle_connections)
        .user_agent("rempart")
        .tls_config(TlsConfig::builder().root_certs(RootCerts::WebPki).build())
        .build()
        .into()
}

/// The library's error in the words of this crate.
pub fn explain(source_name: &str, error: &ureq::Error, bytes_max: u64) -> ChainError {
    match error {
        ureq::Error::Timeout(_) => ChainError::Timeout(source_name.to_owned()),
        ureq::Error::BodyExceedsLimit(_) => ChainError::TooLarge(source_name.to_owned(), bytes_max),
        other => {
            ChainError::Unreachable { source_name: source_name.to_owned(), why: words(&other.to_string()) }
        }
    }
}

/// The highest rate that is believed, in satoshis for a virtual byte.
const FEE_RATE_MAX: f64 = 1_000_000.0;

/// A rate in satoshis for a virtual byte; `None` when it is none.
pub fn fee_rate(sats_per_vbyte: f64) -> Option<bitcoin::FeeRate> {
    if !(0.0..=FEE_RATE_MAX).contains(&sats_per_vbyte) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the bounds above")]
    let per_kwu = (sats_per_vbyte * 250.0).ceil() as u64;
    Some(bitcoin::FeeRate::from_sat_per_kwu(per_kwu))
}
