//! Transfers: propose, list, show, approve, cancel, object, and the transaction that pays (G1, G5, G9).

use std::collections::HashMap;

use api::{
    Accepted, Approve, AttachPsbt, Cancel, Code, Envelope, NewTransfer, Objection, Problem, PsbtText,
    StatusWord, Ticket, TransactionHex, TransferList,
};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gate::Ask;
use types::{ActorId, Hash, Identified, Nonce, Output, Payload, SpendPlan, TransferId};
use vault::UnverifiedPsbt;
use vault::bitcoin::Psbt;

use super::listing::Page;
use super::{Answer, Done, done};
use crate::http::act::{Act, Stamp};
use crate::http::failure::Failure;
use crate::http::incoming::{Incoming, Size};
use crate::http::phrases::Lane;
use crate::http::shared::Http;
use crate::http::shown;

pub fn transfer_id(text: &str) -> Result<TransferId, Failure> {
    Hash::parse(text).map(TransferId).map_err(|_| Failure::not_found())
}

/// Transfers that you see, newest first.
#[utoipa::path(get, path = "/v1/transfers", tag = "transfers",
    params(("status" = Option<StatusWord>, Query), ("before" = Option<u64>, Query, description = "`next` of the page before"),
        ("vault" = Option<String>, Query, description = "from this vault only"),
        ("mine" = Option<bool>, Query, description = "only those that you submitted"),
        ("search" = Option<String>, Query, description = "in memo, reference and addresses, whatever the case; at most 100 characters"),
        ("limit" = Option<usize>, Query, description = "1 to 200")),
    responses((status = 200, body = TransferList), (status = "4XX", body = Problem)))]
pub async fn list(
    State(http): State<Http>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Answer<TransferList> {
    let reader = http.reader(&headers)?;
    let asked = Page::read(&query)?;
    Ok(Json(http.engine.read(|state| asked.fill(state, &reader))))
}

/// Proposes a transfer. Its id, the hash of its canonical payload, is in the answer.
#[utoipa::path(post, path = "/v1/transfers", tag = "transfers", request_body = Envelope<NewTransfer>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn propose(State(http): State<Http>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<NewTransfer> = own.submitter_act(incoming, Size::Large, Lane::Ordinary).await?;
        let Act { command, stamp, by, .. } = act;
        let psbt = command.psbt.clone();
        // What cannot be read at all leaves no transfer behind.
        let readable = psbt.as_ref().map(|psbt| UnverifiedPsbt::parse(psbt.as_bytes())).transpose();
        let payload = match readable
            .map_err(Failure::from)
            .and_then(|_| payload(command, by, drawn(stamp.request())))
        {
            Ok(payload) => payload,
            Err(failure) => return own.refuse(&stamp, None, failure).await,
        };
        let id = payload.id();
        let accepted = own.run_overt(&stamp, overt::Command::Submit(Box::new(payload))).await?;
        if let Some(psbt) = psbt {
            own.attach(&stamp.part("attach"), id, psbt).await?;
        }
        Ok(done(accepted))
    };
    http.detached(work).await
}

/// The payload of a command. The nonce is for one that has none.
pub fn payload(command: NewTransfer, by: ActorId, drawn: Nonce) -> Result<Identified, Failure> {
    let NewTransfer { vault, outputs, max_fee, memo, reference, refresh, nonce, .. } = command;
    let outputs = outputs.into_iter().map(|output| {
        let amount = output.amount.0;
        output.target().map(|target| Output { target, amount })
    });
    let outputs: Option<Vec<Output>> = outputs.collect();
    let outputs = outputs
        .ok_or_else(|| Failure::because(Code::CommandInvalid, "an output has either `address` or `vault`"))?;
    let payload = Payload {
        vault,
        initiator: by,
        nonce: nonce.unwrap_or(drawn),
        outputs,
        max_fee: max_fee.0,
        memo,
        reference,
        refresh,
    };
    payload.identify().map_err(|_| Failure::new(Code::Internal))
}

/// The same for the same request, so that repeating it proposes the same transfer.
fn drawn(request: Hash) -> Nonce {
    let mut nonce = Nonce::default();
    for (to, from) in nonce.0.iter_mut().zip(request.0) {
        *to = from;
    }
    nonce
}

/// One transfer.
#[utoipa::path(get, path = "/v1/transfers/{id}", tag = "transfers", params(("id" = String, Path)),
    responses((status = 200, body = api::Transfer), (status = "4XX", body = Problem)))]
pub async fn show(
    State(http): State<Http>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer<api::Transfer> {
    let reader = http.reader(&headers)?;
    let id = transfer_id(&id)?;
    http.engine.read(|state| {
        let view = state.overt().view_transfer(&reader, id);
        let shown = view.zip(state.overt().policy()).and_then(|(view, policy)| shown::transfer(policy, view));
        shown.map(Json).ok_or(Failure::not_found())
    })
}

/// The final transaction, once it is signed and until it is confirmed.
#[utoipa::path(get, path = "/v1/transfers/{id}/transaction", tag = "transfers", params(("id" = String, Path)),
    responses((status = 200, body = TransactionHex), (status = "4XX", body = Problem)))]
pub async fn transaction(
    State(http): State<Http>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer<TransactionHex> {
    let reader = http.reader(&headers)?;
    let id = transfer_id(&id)?;
    let txid = http.engine.read(|state| {
        let view = state.overt().view_transfer(&reader, id).ok_or(Failure::not_found())?;
        let policy = state.overt().policy().ok_or(Failure::not_found())?;
        let txid = shown::transfer(policy, view).and_then(|transfer| transfer.txid);
        txid.ok_or(Failure::new(Code::NoTransaction))
    })?;
    let bytes = http.engine.signed_transaction(id).await?.ok_or(Failure::new(Code::NoTransaction))?;
    Ok(Json(TransactionHex { txid, transaction: hex::encode(bytes) }))
}

/// The ticket of a transfer from a gate-only vault, once it was released: for whoever signs in our place.
#[utoipa::path(get, path = "/v1/transfers/{id}/ticket", tag = "transfers", params(("id" = String, Path)),
    responses((status = 200, body = Ticket), (status = "4XX", body = Problem)))]
pub async fn ticket(State(http): State<Http>, headers: HeaderMap, Path(id): Path<String>) -> Answer<Ticket> {
    let reader = http.reader(&headers)?;
    let id = transfer_id(&id)?;
    let seen = http.engine.read(|state| state.overt().view_transfer(&reader, id).is_some());
    if !seen {
        return Err(Failure::not_found());
    }
    let signature = http.engine.ticket(id).ok_or(Failure::new(Code::NoTransaction))?;
    let key = http.engine.secrets().ticket().verifying_key();
    Ok(Json(Ticket { transfer: id.0, signature: hex::encode(signature), key: hex::encode(key.as_bytes()) }))
}

/// The transaction as it was brought, without anybody's signature: whose there are would tell who has approved (G9).
#[utoipa::path(get, path = "/v1/transfers/{id}/psbt", tag = "transfers", params(("id" = String, Path)),
    responses((status = 200, body = PsbtText), (status = "4XX", body = Problem)))]
pub async fn psbt(State(http): State<Http>, headers: HeaderMap, Path(id): Path<String>) -> Answer<PsbtText> {
    let reader = http.reader(&headers)?;
    let id = transfer_id(&id)?;
    let hash = http.engine.read(|state| {
        state.overt().view_transfer(&reader, id).ok_or(Failure::not_found())?;
        let spend = state.overt().transfer(id).and_then(|transfer| transfer.spend.as_ref());
        spend.map(|spend| spend.psbt).ok_or(Failure::new(Code::NoTransaction))
    })?;
    let content = http.engine.blob(hash).await?.ok_or(Failure::new(Code::NoTransaction))?;
    let mut psbt = Psbt::deserialize(&content).map_err(|_| Failure::new(Code::Internal))?;
    for input in &mut psbt.inputs {
        input.partial_sigs.clear();
        input.tap_script_sigs.clear();
    }
    Ok(Json(PsbtText { psbt: STANDARD.encode(psbt.serialize()) }))
}

/// Brings a transaction, or adds signatures to it.
#[utoipa::path(put, path = "/v1/transfers/{id}/psbt", tag = "transfers", request_body = Envelope<AttachPsbt>,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn attach(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<AttachPsbt> = own.submitter_act(incoming, Size::Large, Lane::Ordinary).await?;
        match transfer_id(&id) {
            Ok(id) => own.attach(&act.stamp, id, act.command.psbt).await.map(done),
            Err(failure) => own.refuse(&act.stamp, None, failure).await,
        }
    };
    http.detached(work).await
}

/// Approves exactly what was shown.
#[utoipa::path(post, path = "/v1/transfers/{id}/approve", tag = "transfers", request_body = Envelope<Approve>,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn approve(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<Approve> = own.person_act(incoming, Size::Large, Lane::Ordinary).await?;
        let Act { command, stamp, .. } = act;
        let approved = TransferId(command.payload_hash);
        if transfer_id(&id).ok() != Some(approved) {
            return own.refuse(&stamp, None, Failure::new(Code::PayloadHashMismatch)).await;
        }
        // The signature first: an approval without it would have to be given again.
        if let Some(psbt) = command.psbt {
            own.attach(&stamp.part("attach"), approved, psbt).await?;
        }
        own.run_overt(&stamp, overt::Command::Approve { transfer: approved }).await.map(done)
    };
    http.detached(work).await
}

/// Ends a transfer at once, visibly.
#[utoipa::path(post, path = "/v1/transfers/{id}/cancel", tag = "transfers", request_body = Envelope<Cancel>,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn cancel(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<Cancel> = own.person_act(incoming, Size::Usual, Lane::Urgent).await?;
        match transfer_id(&id) {
            Ok(transfer) => own.run_overt(&act.stamp, overt::Command::Cancel { transfer }).await.map(done),
            Err(failure) => own.refuse(&act.stamp, None, failure).await,
        }
    };
    http.detached(work).await
}

/// Objects: the transfer will be declined when it is ready, without a name. The answer may take some seconds.
#[utoipa::path(post, path = "/v1/transfers/{id}/object", tag = "transfers", request_body = Envelope<Objection>,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn object(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<Objection> = own.person_act(incoming, Size::Usual, Lane::Urgent).await?;
        // What is no id finds nothing, on the same lane and at the same moment.
        let transfer = transfer_id(&id).unwrap_or(TransferId(Hash::default()));
        own.run(&act.stamp, Ask::Covert(covert::Command::Object { transfer }), Vec::new()).await.map(done)
    };
    http.detached(work).await
}

impl Http {
    /// Checks a PSBT and attaches it.
    ///
    /// # Errors
    /// Why it is not a spend of this transfer, or the gate's refusal.
    async fn attach(&self, stamp: &Stamp, id: TransferId, psbt: String) -> Result<Accepted, Failure> {
        match self.engine.prepare_spend(id, psbt.into_bytes()).await {
            Ok(prepared) => {
                let ask = overt::Command::Attach { transfer: id, spend: Box::new(prepared.plan) };
                self.run(stamp, Ask::Overt(ask), vec![prepared.blob]).await
            }
            Err(error) => self.refuse(stamp, Some(id), error.into()).await.map(|(_, accepted)| accepted.0),
        }
    }

    /// Refuses a command that the gate never sees as it was meant. The gate gets one that it must refuse, with the same stamp: what the
    /// phrase check found is committed and judged whatever becomes of the command (G8).
    ///
    /// # Errors
    /// Always: the gate's own reason when the transfer is not there, not open or not this person's, else `failure`.
    pub(super) async fn refuse(&self, stamp: &Stamp, transfer: Option<TransferId>, failure: Failure) -> Done {
        if transfer.is_none() {
            return Err(self.unheard_overt(stamp, failure).await);
        }
        let known = transfer.and_then(|id| {
            self.engine
                .read(|state| state.overt().transfer(id).map(|transfer| transfer.payload.vault.clone()))
        });
        let (Some(id), Some(vault)) = (transfer, known) else {
            let nowhere = overt::Command::Cancel { transfer: TransferId(Hash::default()) };
            return Err(match self.run_overt(stamp, nowhere).await {
                // For a transfer that is not there the gate's answer is the answer; so is one that says to come back.
                Err(refused) => refused,
                Ok(_) => failure,
            });
        };
        let nothing = SpendPlan {
            kind: types::SpendKind::Payment,
            vault,
            txid: Hash::default(),
            inputs: Vec::new(),
            fee: 0,
            psbt: Hash::default(),
            complete: false,
        };
        let empty = overt::Command::Attach { transfer: id, spend: Box::new(nothing) };
        Err(match self.run_overt(stamp, empty).await {
            Err(refused) if refused.code() != Code::InputUnknown => refused,
            _ => failure,
        })
    }
}
