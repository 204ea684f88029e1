//! Every path of the interface, and the OpenAPI document that describes it: both from the same annotations.

mod audit;
mod casework;
mod checks;
mod credentials;
mod deterrence;
mod dossiers;
mod exposure;
mod feeds;
mod intake;
mod listing;
mod motions;
mod passkeys;
mod people;
mod policy;
mod preview;
mod procedures;
mod push;
mod reasons;
mod response;
mod server;
mod signals;
mod stops;
mod transfers;
mod vaults;
mod wallet;
mod witness;

use api::Accepted;
use axum::http::{HeaderMap, StatusCode, header};
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::failure::Failure;
use super::shared::Http;

pub use people::{is_auditor, session_cookie};

/// What a handler gives.
type Answer<T> = Result<Json<T>, Failure>;
/// What a command gives: it is durable.
type Done = Result<(StatusCode, Json<Accepted>), Failure>;

/// The language that was asked for.
fn language(headers: &HeaderMap) -> api::Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    api::Language::preferred(accepted.unwrap_or_default())
}

const fn done(accepted: Accepted) -> (StatusCode, Json<Accepted>) {
    (StatusCode::ACCEPTED, Json(accepted))
}

/// The same as the policy knows it.
fn spoken(headers: &HeaderMap) -> ::policy::Language {
    match language(headers) {
        api::Language::English => ::policy::Language::En,
        api::Language::French => ::policy::Language::Fr,
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Rempart",
        description = "Commands are signed by a device and carry the person's phrase; see docs/api.md. Errors are problem documents with the codes of docs/errors.md.",
        license(name = "Apache-2.0 OR MIT")
    ),
    components(schemas(api::Problem)),
    tags(
        (name = "people", description = "Challenge, session, own entry, rules"),
        (name = "policy", description = "The rules in words, the register, what a change would do"),
        (name = "credentials", description = "Devices and phrases: added and replaced by motions, taken away at once"),
        (name = "transfers", description = "Propose, approve, cancel, object, transactions"),
        (name = "stops", description = "Stops and posture"),
        (name = "motions", description = "What only a quorum may do"),
        (name = "exposure", description = "How much could anyone be forced to move"),
        (name = "audit", description = "The overt record, for auditors; for everybody else these paths do not exist"),
        (name = "vaults", description = "Balances and addresses"),
        (name = "feeds", description = "Prices and the chain, from signed feeds"),
        (name = "intake", description = "Alarms of other systems"),
        (name = "check-ins", description = "To be missed when one does not check in"),
        (name = "dossiers", description = "Your own sealed emergency packet"),
        (name = "response", description = "Responders only; for everybody else these paths do not exist"),
        (name = "server", description = "Health, figures, this document")
    )
)]
struct Head;

/// All routes, and their description.
pub fn router() -> (Router<Http>, Document) {
    OpenApiRouter::with_openapi(Head::openapi())
        .routes(routes!(people::challenge))
        .routes(routes!(people::sign_in, people::sign_out))
        .routes(routes!(people::sessions))
        .routes(routes!(people::end_session))
        .routes(routes!(people::me))
        .routes(routes!(people::rules))
        .routes(routes!(policy::explained))
        .routes(routes!(policy::register))
        .routes(routes!(preview::preview))
        .routes(routes!(credentials::phrase))
        .routes(routes!(credentials::device))
        .routes(routes!(credentials::revoke))
        .routes(routes!(credentials::propose_revocation))
        .routes(routes!(credentials::open))
        .routes(routes!(credentials::enrol))
        .routes(routes!(credentials::propose))
        .routes(routes!(dossiers::recipients))
        .routes(routes!(dossiers::own, dossiers::keep))
        .routes(routes!(transfers::list, transfers::propose))
        .routes(routes!(transfers::show))
        .routes(routes!(checks::check))
        .routes(routes!(reasons::reasons))
        .routes(routes!(transfers::transaction))
        .routes(routes!(transfers::ticket))
        .routes(routes!(transfers::psbt, transfers::attach))
        .routes(routes!(transfers::approve))
        .routes(routes!(transfers::cancel))
        .routes(routes!(transfers::object))
        .routes(routes!(stops::list, stops::stop))
        .routes(routes!(stops::lift))
        .routes(routes!(stops::posture))
        .routes(routes!(stops::raise))
        .routes(routes!(stops::lower))
        .routes(routes!(motions::change))
        .routes(routes!(motions::list))
        .routes(routes!(motions::endorse))
        .routes(routes!(motions::end))
        .routes(routes!(vaults::list))
        .routes(routes!(vaults::address))
        .routes(routes!(wallet::show))
        .routes(routes!(wallet::coins))
        .routes(routes!(wallet::addresses, wallet::new_address))
        .routes(routes!(wallet::refresh))
        .routes(routes!(wallet::draft))
        .routes(routes!(exposure::show))
        .routes(routes!(witness::show))
        .routes(routes!(deterrence::certificate))
        .routes(routes!(deterrence::drill))
        .routes(routes!(audit::entries))
        .routes(routes!(audit::verification))
        .routes(routes!(push::key))
        .routes(routes!(push::subscribe, push::unsubscribe))
        .routes(routes!(passkeys::site))
        .routes(routes!(intake::cap))
        .routes(routes!(intake::mail))
        .routes(routes!(feeds::price))
        .routes(routes!(feeds::transaction))
        .routes(routes!(signals::own, signals::schedule))
        .routes(routes!(signals::check_in))
        .routes(routes!(signals::end))
        .merge(responders())
        .routes(routes!(server::health))
        .routes(routes!(server::metrics))
        .routes(routes!(server::document))
        .split_for_parts()
}

/// The responders' side.
fn responders() -> OpenApiRouter<Http> {
    OpenApiRouter::new()
        .routes(routes!(dossiers::open))
        .routes(routes!(response::list))
        .routes(routes!(response::show))
        .routes(routes!(casework::acknowledge))
        .routes(routes!(casework::acknowledge_code))
        .routes(routes!(casework::follow))
        .routes(routes!(casework::step))
        .routes(routes!(casework::note))
        .routes(routes!(casework::called))
        .routes(routes!(casework::called_back))
        .routes(routes!(casework::hand_over))
        .routes(routes!(casework::wait))
        .routes(routes!(casework::drill))
        .routes(routes!(casework::end_drill))
        .routes(routes!(casework::override_turn))
        .routes(routes!(casework::duty))
        .routes(routes!(casework::pack))
        .routes(routes!(procedures::show))
        .routes(routes!(response::narrow))
        .routes(routes!(response::implicate))
        .routes(routes!(response::report))
        .routes(routes!(response::clear))
        .routes(routes!(response::end_clear))
        .routes(routes!(response::pauses))
        .routes(routes!(response::end_pause))
}

/// The OpenAPI document, as it is served and checked in.
///
/// # Errors
/// Never; the type of the encoder asks.
pub fn openapi() -> Result<String, serde_json::Error> {
    let (_, document) = router();
    // Through a value, so that keys are in one order whatever the libraries' maps are.
    let value = serde_json::to_value(&document)?;
    serde_json::to_string_pretty(&value).map(|text| text + "\n")
}
