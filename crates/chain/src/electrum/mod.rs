//! An Electrum server (G1: every confirmation is proven by a Merkle branch, but which chain is best is only its word).
//!
//! bdk's client over a connection of our own, bounded in time and bytes. One connection is kept; after any error the next question opens
//! another.

mod stream;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bdk_electrum::BdkElectrumClient;
use bdk_electrum::electrum_client::raw_client::RawClient;
use bdk_electrum::electrum_client::{ElectrumApi, Error as ElectrumError, Param};
use bitcoin::block::Header;
use bitcoin::consensus::encode::serialize_hex;
use bitcoin::{BlockHash, FeeRate, Network, OutPoint, Script, Transaction};
use serde_json::Value;
use vault::GAP_LIMIT;

use crate::agent;
use crate::config::ConfigError;
use crate::error::{ChainError, words};
use crate::rejection;
use crate::source::{Source, SyncLimits, Synced, Tip};
use crate::wallet::Wallet;
use stream::{Address, Budget, Stream};

/// Histories asked for at once.
const BATCH: usize = 20;
/// Headers whose median is the chain's time.
const MEDIAN_HEADERS: u32 = 11;
/// The protocol's numbers for a refusal by the server or by its node.
const SERVER_CODES: [i64; 2] = [1, 2];

type Client = RawClient<Stream>;

/// An Electrum server.
pub struct Electrum {
    name: String,
    address: Address,
    budget: Arc<Budget>,
    /// One question at a time.
    connection: Mutex<Option<Client>>,
}

impl Electrum {
    /// A server at an address; nothing is asked yet. A certificate in PEM takes the place of the public authorities.
    ///
    /// # Errors
    /// [`ConfigError::Url`], [`ConfigError::Certificate`].
    pub fn new(url: &str, certificate: Option<&Path>) -> Result<Self, ConfigError> {
        let address = Address::new(url, certificate)?;
        let connection = Mutex::new(None);
        Ok(Self { name: url.to_owned(), address, budget: Arc::new(Budget::default()), connection })
    }

    /// Asks over the kept connection or a new one. It is not kept after an error.
    fn ask<T>(&self, question: impl Fn(&Client) -> Result<T, ElectrumError>) -> Result<T, ChainError> {
        let mut kept = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let old = kept.take();
        self.budget.renew();
        let was_open = old.is_some();
        let client = old.map_or_else(|| self.connect(), Ok)?;
        match self.guarded(&client, &question) {
            // The server closes what is idle for long.
            Err(ChainError::Unreachable { .. }) if was_open => {
                self.budget.renew();
                let client = self.connect()?;
                let answer = self.guarded(&client, &question);
                *kept = answer.is_ok().then_some(client);
                answer
            }
            answer => {
                let is_whole = matches!(answer, Ok(_) | Err(ChainError::Refused { .. }));
                *kept = is_whole.then_some(client);
                answer
            }
        }
    }

    /// The libraries take some malformed answers for impossible and panic; here that is one more malformed answer.
    fn guarded<T>(
        &self,
        client: &Client,
        question: &impl Fn(&Client) -> Result<T, ElectrumError>,
    ) -> Result<T, ChainError> {
        match catch_unwind(AssertUnwindSafe(|| question(client))) {
            Ok(answer) => answer.map_err(|error| self.explain(&error)),
            Err(_) => Err(self.malformed("fewer things than were asked for")),
        }
    }

    fn connect(&self) -> Result<Client, ChainError> {
        let stream = Stream::open(&self.name, &self.address, Arc::clone(&self.budget))?;
        let client = Client::from(stream);
        // This also agrees on the protocol's version, which must come first.
        self.guarded(&client, &|client: &Client| client.protocol_version())?;
        Ok(client)
    }

    fn headers(&self, start: u32, count: u32) -> Result<Vec<Header>, ChainError> {
        let wanted = usize::try_from(count).unwrap_or(usize::MAX);
        let first = usize::try_from(start).unwrap_or(usize::MAX);
        let found = self.ask(|client| client.block_headers(first, wanted))?.headers;
        let is_chain = found
            .windows(2)
            .all(|pair| matches!(pair, [before, after] if after.prev_blockhash == before.block_hash()));
        let is_worked = found.iter().all(|header| header.validate_pow(header.target()).is_ok());
        if found.len() == wanted && is_chain && is_worked {
            return Ok(found);
        }
        Err(self.malformed("headers that do not follow each other"))
    }

    fn malformed(&self, what: &str) -> ChainError {
        ChainError::Malformed(self.name.clone(), words(what))
    }

    fn explain(&self, error: &ElectrumError) -> ChainError {
        let source_name = self.name.clone();
        match error {
            ElectrumError::IOError(error) => self.explain_io(error),
            ElectrumError::SharedIOError(error) => self.explain_io(error),
            ElectrumError::Protocol(value) => {
                let message = value.get("message").and_then(Value::as_str);
                let message = words(message.unwrap_or(&value.to_string()));
                let code = value.get("code").and_then(Value::as_i64).unwrap_or_default();
                ChainError::Refused { source_name, code, message }
            }
            ElectrumError::Message(message) if message.contains("cannot find agreement") => {
                ChainError::NoCommonBlock(source_name)
            }
            other => self.malformed(&other.to_string()),
        }
    }

    fn explain_io(&self, error: &std::io::Error) -> ChainError {
        stream::explain(&self.name, error)
    }

    /// The search over the gap that finds what another copy of the vault has shown, and what became of everything that is known.
    fn scan(&self, wallet: &Wallet, now: u64) -> Result<bdk_wallet::Update, ChainError> {
        let gap = usize::try_from(GAP_LIMIT).unwrap_or(usize::MAX);
        self.ask(|client| {
            // Fresh for each scan: the library's memory of headers does not survive a reorganisation.
            let bdk = BdkElectrumClient::new(client);
            let graph = wallet.inner().tx_graph();
            bdk.populate_tx_cache(graph.full_txs().map(|node| node.tx));
            let anchors = graph.all_anchors().iter();
            bdk.populate_anchor_cache(anchors.map(|(txid, anchors)| (*txid, anchors.iter().copied())));
            let full = bdk.full_scan(wallet.inner().start_full_scan_at(now).build(), gap, BATCH, false)?;
            let mut update = bdk_wallet::Update::from(full);
            let seen: std::collections::HashSet<_> =
                update.tx_update.txs.iter().map(|transaction| transaction.compute_txid()).collect();
            let missing = wallet.unconfirmed().into_iter().filter(|txid| !seen.contains(txid));
            update.tx_update.evicted_ats.extend(missing.map(|txid| (txid, now)));
            Ok(update)
        })
    }
}

impl Source for Electrum {
    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, network: Network) -> Result<(), ChainError> {
        let found = self.headers(0, 1)?.first().map(Header::block_hash);
        let found = found.ok_or_else(|| self.malformed("it has no first block"))?;
        if found == bitcoin::constants::genesis_block(network).block_hash() {
            return Ok(());
        }
        Err(ChainError::WrongNetwork { source_name: self.name.clone(), expected: network, found })
    }

    fn tip(&self) -> Result<Tip, ChainError> {
        let height = self.ask(|client| client.block_headers_subscribe())?.height;
        let height = u32::try_from(height).map_err(|_| self.malformed("the height of its last block"))?;
        let start = height.saturating_sub(MEDIAN_HEADERS - 1);
        let headers = self.headers(start, height.saturating_sub(start).saturating_add(1))?;
        let mut times: Vec<u32> = headers.iter().map(|header| header.time).collect();
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied();
        let (last, median_time) =
            headers.last().zip(median).ok_or_else(|| self.malformed("it has no last block"))?;
        Ok(Tip { height, hash: last.block_hash(), time: last.time, median_time })
    }

    fn block_hash(&self, height: u32) -> Result<Option<BlockHash>, ChainError> {
        let index = usize::try_from(height).unwrap_or(usize::MAX);
        // Beyond its tip the server answers with an empty list where a single header would be an error.
        let found = self.ask(|client| client.block_headers(index, 1))?.headers;
        Ok(found.first().map(Header::block_hash))
    }

    fn sync(&self, wallet: &mut Wallet, limits: SyncLimits<'_>) -> Result<Synced, ChainError> {
        limits.go_on()?;
        let now = wallet.next_time(limits.now_seconds);
        let update = self.scan(wallet, now)?;
        if wallet.apply(update) {
            Ok(Synced::Complete)
        } else {
            Err(ChainError::NoCommonBlock(self.name.clone()))
        }
    }

    fn unspent(&self, outpoint: &OutPoint, script: &Script) -> Result<bool, ChainError> {
        let list = self.ask(|client| client.script_list_unspent(script))?;
        let position = usize::try_from(outpoint.vout).unwrap_or(usize::MAX);
        Ok(list.iter().any(|output| output.tx_hash == outpoint.txid && output.tx_pos == position))
    }

    fn fee_rate(&self, target_blocks: u16) -> Result<Option<FeeRate>, ChainError> {
        // In bitcoin for a thousand virtual bytes; -1 when it cannot say.
        let rate = self.ask(|client| client.estimate_fee(usize::from(target_blocks), None))?;
        if rate < 0.0 {
            return Ok(None);
        }
        agent::fee_rate(rate * 100_000.0).map(Some).ok_or_else(|| self.malformed("a fee rate"))
    }

    fn broadcast(&self, transaction: &Transaction) -> Result<(), ChainError> {
        let text = serialize_hex(transaction);
        let method = "blockchain.transaction.broadcast";
        let sent = self.ask(|client| client.raw_call(method, vec![Param::String(text.clone())]));
        match sent {
            Ok(_) => Ok(()),
            Err(ChainError::Refused { code, message, .. }) if SERVER_CODES.contains(&code) || code < 0 => {
                rejection::judge(&message)
            }
            Err(other) => Err(other),
        }
    }
}
