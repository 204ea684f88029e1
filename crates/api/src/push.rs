//! Web Push on the wire: a browser is woken when something waits for its person, and is told nothing more (G3, G9).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a browser needs to subscribe.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PushKey {
    /// The server's public key (VAPID), base64url without padding: the `applicationServerKey`.
    pub key: String,
}

/// A browser's subscription, as `PushSubscription.toJSON()` gives it. Only the endpoint is read and kept: pushes have no content, so that
/// the keys of the browser are not needed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PushSubscription {
    /// Where the browser's push service takes pushes for it: an `https` address of a known service, at most 1024 bytes.
    pub endpoint: String,
}

/// Whether pushes go to the subscription now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PushState {
    /// Whether they do.
    pub on: bool,
}
