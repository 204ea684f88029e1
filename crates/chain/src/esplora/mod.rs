//! An Esplora index over HTTP (G1: one voice, not a proof: it is believed only as far as a second source agrees).
//!
//! The shapes of its answers are `esplora-client`'s; the way is our own bounded one, since the client's has no limit to an answer's size.
//! `scan` fills a wallet.

mod scan;

use bitcoin::consensus::encode::serialize_hex;
use bitcoin::{BlockHash, FeeRate, Network, OutPoint, Script, Transaction, Txid};
use esplora_client::{BlockInfo, OutputStatus, Tx};
use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::http::Response;

use crate::agent;
use crate::config::{ConfigError, http_url};
use crate::error::{ChainError, words};
use crate::rejection;
use crate::source::{Source, SyncLimits, Synced, Tip};
use crate::wallet::Wallet;

const CALL_SECONDS_MAX: u64 = 30;
/// Above a page of 25 or 75 transactions of the largest standard size in its verbose form.
const ANSWER_BYTES_MAX: u64 = 96 * 1024 * 1024;
/// A question that was turned away because of too many, or got no answer, is asked this often.
const ATTEMPTS_MAX: u32 = 3;
/// Between two of them.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(500);
const IDLE_CONNECTIONS: usize = 1;

/// An Esplora index.
pub struct Esplora {
    url: String,
    agent: Agent,
}

/// A block with the time that the chain's rules go by.
#[derive(serde::Deserialize)]
struct BlockTimes {
    height: u32,
    timestamp: u32,
    mediantime: u32,
}

impl Esplora {
    /// An index at an address; nothing is asked yet.
    ///
    /// # Errors
    /// [`ConfigError::Url`].
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        let url = http_url(url, "https://blockstream.info/api")?;
        Ok(Self { url, agent: agent::bounded(CALL_SECONDS_MAX, IDLE_CONNECTIONS) })
    }

    /// The answer's text; `None` when there is no such thing.
    fn text(&self, path: &str) -> Result<Option<String>, ChainError> {
        let response = self.get(path)?;
        match response.status().as_u16() {
            200 => self.body(response).map(Some),
            404 => Ok(None),
            // Some installations say this for what does not exist.
            400 => Ok(None),
            status => Err(self.refused(status, &self.body(response).unwrap_or_default())),
        }
    }

    fn get(&self, path: &str) -> Result<Response<ureq::Body>, ChainError> {
        let url = format!("{}{path}", self.url);
        let mut attempt = 1;
        loop {
            let answer = self.agent.get(&url).call();
            let is_passing = match &answer {
                Ok(response) => matches!(response.status().as_u16(), 429 | 500 | 502 | 503 | 504),
                Err(error) => !matches!(error, ureq::Error::Timeout(_) | ureq::Error::HostNotFound),
            };
            if !is_passing || attempt == ATTEMPTS_MAX {
                return answer.map_err(|error| agent::explain(&self.url, &error, ANSWER_BYTES_MAX));
            }
            attempt += 1;
            std::thread::sleep(PAUSE);
        }
    }

    fn body(&self, mut response: Response<ureq::Body>) -> Result<String, ChainError> {
        let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
        text.map_err(|error| agent::explain(&self.url, &error, ANSWER_BYTES_MAX))
    }

    fn refused(&self, status: u16, message: &str) -> ChainError {
        let source_name = self.url.clone();
        match status {
            401 | 403 => ChainError::Unauthorized(source_name),
            429 | 502 | 503 | 504 => ChainError::NotReady(source_name, format!("status {status}")),
            _ => ChainError::Refused { source_name, code: i64::from(status), message: words(message) },
        }
    }

    fn json<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, ChainError> {
        let Some(text) = self.text(path)? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|error| self.malformed(&error.to_string()))
    }

    fn wanted<T: DeserializeOwned>(&self, path: &str) -> Result<T, ChainError> {
        self.json(path)?.ok_or_else(|| self.malformed(&format!("nothing at `{path}`")))
    }

    fn malformed(&self, what: &str) -> ChainError {
        ChainError::Malformed(self.url.clone(), words(what))
    }

    fn tip_hash(&self) -> Result<BlockHash, ChainError> {
        let text = self.text("/blocks/tip/hash")?.unwrap_or_default();
        text.trim().parse().map_err(|_| self.malformed("the hash of its last block"))
    }

    /// Its last blocks, as one answer, so that they are of one chain.
    fn last_blocks(&self) -> Result<Vec<BlockInfo>, ChainError> {
        let blocks: Vec<BlockInfo> = self.wanted("/blocks")?;
        let heights_fit =
            blocks.windows(2).all(|pair| matches!(pair, [a, b] if b.height.checked_add(1) == Some(a.height)));
        if blocks.is_empty() || !heights_fit {
            return Err(self.malformed("the list of its last blocks"));
        }
        Ok(blocks)
    }

    /// A page of a script's transactions: what is in no block and the newest that are; or those in blocks before one.
    fn history(&self, script_hash: &str, after: Option<Txid>) -> Result<Vec<Tx>, ChainError> {
        match after {
            None => self.wanted(&format!("/scripthash/{script_hash}/txs")),
            Some(txid) => self.wanted(&format!("/scripthash/{script_hash}/txs/chain/{txid}")),
        }
    }
}

impl Source for Esplora {
    fn name(&self) -> &str {
        &self.url
    }

    fn check(&self, network: Network) -> Result<(), ChainError> {
        let found = self.block_hash(0)?.ok_or_else(|| self.malformed("it has no first block"))?;
        if found == bitcoin::constants::genesis_block(network).block_hash() {
            return Ok(());
        }
        Err(ChainError::WrongNetwork { source_name: self.url.clone(), expected: network, found })
    }

    fn tip(&self) -> Result<Tip, ChainError> {
        let hash = self.tip_hash()?;
        let block: BlockTimes = self.wanted(&format!("/block/{hash}"))?;
        Ok(Tip { height: block.height, hash, time: block.timestamp, median_time: block.mediantime })
    }

    fn block_hash(&self, height: u32) -> Result<Option<BlockHash>, ChainError> {
        let Some(text) = self.text(&format!("/block-height/{height}"))? else { return Ok(None) };
        text.trim().parse().map(Some).map_err(|_| self.malformed("the hash of a block"))
    }

    fn sync(&self, wallet: &mut Wallet, limits: SyncLimits<'_>) -> Result<Synced, ChainError> {
        scan::run(self, wallet, limits)?;
        Ok(Synced::Complete)
    }

    fn unspent(&self, outpoint: &OutPoint, script: &Script) -> Result<bool, ChainError> {
        let Some(found) = self.json::<Tx>(&format!("/tx/{}", outpoint.txid))? else { return Ok(false) };
        let transaction = found.to_tx();
        let index = usize::try_from(outpoint.vout).unwrap_or(usize::MAX);
        let is_output = transaction.compute_txid() == outpoint.txid
            && transaction.output.get(index).is_some_and(|output| output.script_pubkey.as_script() == script);
        let path = format!("/tx/{}/outspend/{}", outpoint.txid, outpoint.vout);
        Ok(is_output && self.json::<OutputStatus>(&path)?.is_some_and(|status| !status.spent))
    }

    fn fee_rate(&self, target_blocks: u16) -> Result<Option<FeeRate>, ChainError> {
        let rates: std::collections::BTreeMap<String, f64> = self.wanted("/fee-estimates")?;
        let targets = rates.iter().filter_map(|(blocks, rate)| Some((blocks.parse::<u16>().ok()?, *rate)));
        // The slowest that is fast enough.
        let fitting =
            targets.filter(|(blocks, _)| *blocks <= target_blocks).max_by_key(|(blocks, _)| *blocks);
        fitting.map(|(_, rate)| agent::fee_rate(rate).ok_or_else(|| self.malformed("a fee rate"))).transpose()
    }

    fn broadcast(&self, transaction: &Transaction) -> Result<(), ChainError> {
        let url = format!("{}/tx", self.url);
        let response = self.agent.post(&url).send(serialize_hex(transaction));
        let response = response.map_err(|error| agent::explain(&self.url, &error, ANSWER_BYTES_MAX))?;
        match response.status().as_u16() {
            200 => Ok(()),
            400 => rejection::judge(&self.body(response)?),
            status => Err(self.refused(status, &self.body(response).unwrap_or_default())),
        }
    }
}
