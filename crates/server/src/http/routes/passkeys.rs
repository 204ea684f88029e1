//! What a page needs to know before it asks a browser for a passkey: the same for everybody (G9).

use api::PasskeySite;
use axum::Json;
use axum::extract::State;

use crate::http::shared::Http;

/// COSE numbers of ES256, EdDSA and RS256.
const ALGORITHMS: [i32; 3] = [-7, -8, -257];

/// The relying party's id and the algorithms that are taken.
#[utoipa::path(get, path = "/v1/passkeys", tag = "credentials", responses((status = 200, body = PasskeySite)))]
pub async fn site(State(http): State<Http>) -> Json<PasskeySite> {
    let relying_party = http.relying_party.id().to_owned();
    Json(PasskeySite { relying_party, algorithms: ALGORITHMS.to_vec() })
}
