//! What feeds report: prices and the chain. Signed with a key of the server's settings; no phrase.

use api::{Accepted, Code, Envelope, NewPrice, NewTransaction, Problem};
use axum::extract::State;
use bitcoin::hashes::Hash as _;
use policy::PriceEntry;
use types::{Hash, TransferId};

use super::{Done, done, vaults};
use crate::coins::CoinError;
use crate::http::act::{Act, Stamp};
use crate::http::failure::Failure;
use crate::http::incoming::{Incoming, Size};
use crate::http::shared::Http;

/// Reports a price.
#[utoipa::path(post, path = "/v1/feed/prices", tag = "feeds", request_body = Envelope<NewPrice>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn price(State(http): State<Http>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<NewPrice> = own.feed_act(incoming, Size::Usual).await?;
        let NewPrice { asset, at, rate } = act.command;
        let entry = PriceEntry { asset, at, rate, source: act.by.to_string() };
        own.run_overt(&act.stamp, overt::Command::NotePrice(entry)).await.map(done)
    };
    http.detached(work).await
}

/// Reports a confirmed transaction: what it brings to a vault, and the transfer that it confirms, if it is one.
#[utoipa::path(post, path = "/v1/feed/transactions", tag = "feeds", request_body = Envelope<NewTransaction>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn transaction(State(http): State<Http>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<NewTransaction> = own.feed_act(incoming, Size::Large).await?;
        let Act { command, stamp, .. } = act;
        let bytes =
            hex::decode(&command.transaction).map_err(|_| Failure::new(Code::TransactionMalformed))?;
        let Some(confirmed) = &command.confirms else {
            return own
                .receive_coins(&stamp, &command, &bytes)
                .await?
                .map_err(|error| vaults::failure(&error))
                .map(done);
        };
        let (transfer, txid) = (TransferId(confirmed.transfer), txid(&bytes)?);
        let accepted = own.run_overt(&stamp, overt::Command::NoteConfirmed { transfer, txid }).await?;
        // Its change comes back to the vault. A payment without change brings nothing, which is no error.
        match own.receive_coins(&stamp.part("received"), &command, &bytes).await? {
            Ok(_) | Err(CoinError::NotOurs(_)) => Ok(done(accepted)),
            Err(error) => Err(vaults::failure(&error)),
        }
    };
    http.detached(work).await
}

fn txid(bytes: &[u8]) -> Result<Hash, Failure> {
    let transaction: bitcoin::Transaction = bitcoin::consensus::encode::deserialize(bytes)
        .map_err(|_| Failure::new(Code::TransactionMalformed))?;
    Ok(Hash(transaction.compute_txid().to_byte_array()))
}

impl Http {
    async fn receive_coins(
        &self,
        stamp: &Stamp,
        command: &NewTransaction,
        bytes: &[u8],
    ) -> Result<Result<Accepted, CoinError>, Failure> {
        match self.engine.book(|book| book.receive(&command.vault, bytes)) {
            Ok((ask, blob)) => self.run(stamp, ask, vec![blob]).await.map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }
}
