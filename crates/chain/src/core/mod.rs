//! Bitcoin Core by RPC: the one source that checks everything itself (G1).
//!
//! Blocks come through bdk's emitter, which finds its way back after a reorganisation of any depth that the wallet's chain covers. The
//! mempool is read here, each transaction once: the emitter would ask for all of it at every synchronisation.

mod mempool;
mod transport;

use std::path::PathBuf;

use bdk_bitcoind_rpc::bitcoincore_rpc::{Client, Error as RpcError, RpcApi, jsonrpc};
use bdk_bitcoind_rpc::{Emitter, NO_EXPECTED_MEMPOOL_TXS};
use bdk_wallet::Update;
use bdk_wallet::chain::BlockId;
use bitcoin::consensus::encode::serialize_hex;
use bitcoin::{Amount, BlockHash, FeeRate, Network, OutPoint, Script, ScriptBuf, Transaction};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::config::{ConfigError, http_url};
use crate::error::{ChainError, words};
use crate::rejection;
use crate::source::{Source, SyncLimits, Synced, Tip};
use crate::wallet::Wallet;
use transport::Transport;

/// 24.0: the oldest that is asked nothing it does not know.
const VERSION_MIN: u64 = 240_000;
/// The node's numbers for what it says no to.
const BEYOND_TIP: i32 = -8;
const STARTING: i32 = -28;
const ALREADY_IN_CHAIN: i32 = -27;
const REJECTED: [i32; 3] = [-25, -26, -22];

/// How the node lets us in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Auth {
    /// By the file that it writes anew at each start.
    Cookie(PathBuf),
    /// By a name, and a password that stands in the first line of a file.
    PasswordFile {
        /// The name.
        user: String,
        /// The file.
        path: PathBuf,
    },
}

/// A Bitcoin Core node.
pub struct CoreRpc {
    name: String,
    client: Client,
    birthday: u32,
}

#[derive(Deserialize)]
struct ChainInfo {
    blocks: u32,
    headers: u32,
    bestblockhash: BlockHash,
    time: u32,
    mediantime: u32,
    initialblockdownload: bool,
    #[serde(default)]
    pruned: bool,
    pruneheight: Option<u32>,
}

#[derive(Deserialize)]
struct NetworkInfo {
    version: u64,
    subversion: String,
}

#[derive(Deserialize)]
struct Unspent {
    #[serde(rename = "scriptPubKey")]
    script_pubkey: UnspentScript,
}

#[derive(Deserialize)]
struct UnspentScript {
    hex: ScriptBuf,
}

#[derive(Deserialize)]
struct Estimate {
    /// In bitcoin for a thousand virtual bytes.
    feerate: Option<f64>,
}

impl CoreRpc {
    /// A node at an address; nothing is asked yet. What was paid before the birthday's block is not seen.
    ///
    /// # Errors
    /// [`ConfigError::Url`].
    pub fn new(url: &str, auth: Auth, birthday: u32) -> Result<Self, ConfigError> {
        let url = http_url(url, "http://127.0.0.1:8332")?;
        let transport = Transport::new(url.clone(), auth);
        let client = Client::from_jsonrpc(jsonrpc::Client::with_transport(transport));
        Ok(Self { name: url, client, birthday })
    }

    fn call<T: for<'a> Deserialize<'a>>(&self, method: &str, params: &[Value]) -> Result<T, ChainError> {
        self.client.call(method, params).map_err(|error| self.explain(error))
    }

    fn info(&self) -> Result<ChainInfo, ChainError> {
        self.call("getblockchaininfo", &[])
    }

    fn check_blocks(&self, info: &ChainInfo) -> Result<(), ChainError> {
        if info.initialblockdownload && info.blocks.saturating_add(BLOCKS_BEHIND_MAX) < info.headers {
            let how_far = format!("block {} of {}", info.blocks, info.headers);
            return Err(ChainError::NotReady(self.name.clone(), how_far));
        }
        match info.pruneheight {
            // The block before the birthday's is where the first scan begins.
            Some(first_kept) if info.pruned && first_kept > self.birthday.saturating_sub(1) => {
                Err(self.pruned(first_kept, self.birthday))
            }
            _ => Ok(()),
        }
    }

    fn pruned(&self, first_kept: u32, birthday: u32) -> ChainError {
        ChainError::Pruned { source_name: self.name.clone(), first_kept, birthday }
    }

    /// Lets a new wallet begin just before the birthday: what was before is not asked for, and a pruned node does not have it.
    fn begin(&self, wallet: &mut Wallet) -> Result<(), ChainError> {
        let Some(height) = self.birthday.checked_sub(1).filter(|height| *height > wallet.tip().height) else {
            return Ok(());
        };
        let not_yet =
            || ChainError::NotReady(self.name.clone(), "its chain ends before the birthday".to_owned());
        let hash = self.block_hash(height)?.ok_or_else(not_yet)?;
        let chain = wallet.inner().latest_checkpoint().insert(BlockId { height, hash });
        let update = Update { chain: Some(chain), ..Update::default() };
        if wallet.apply(update) { Ok(()) } else { Err(ChainError::NoCommonBlock(self.name.clone())) }
    }

    /// A node that has pruned what we have not read yet says so with a number that means everything.
    fn explain_blocks(&self, error: RpcError, wallet: &Wallet) -> ChainError {
        let error = self.explain(error);
        match &error {
            ChainError::Refused { message, .. } if message.contains("pruned data") => {
                let first_kept = self.info().ok().and_then(|info| info.pruneheight);
                self.pruned(first_kept.unwrap_or_default(), wallet.tip().height)
            }
            _ => error,
        }
    }

    fn sync_blocks(&self, wallet: &mut Wallet, limits: SyncLimits<'_>) -> Result<Synced, ChainError> {
        self.begin(wallet)?;
        let tip = wallet.inner().latest_checkpoint();
        let mut emitter = Emitter::new(&self.client, tip, self.birthday, NO_EXPECTED_MEMPOOL_TXS);
        for _ in 0..limits.blocks_max {
            limits.go_on()?;
            let Some(event) = emitter.next_block().map_err(|error| self.explain_blocks(error, wallet))?
            else {
                return Ok(Synced::Complete);
            };
            let (height, connected_to) = (event.block_height(), event.connected_to());
            let applied = wallet.change().apply_block_connected_to(&event.block, height, connected_to);
            applied.map_err(|_| ChainError::NoCommonBlock(self.name.clone()))?;
        }
        Ok(Synced::Partial)
    }

    /// The library's error in the words of this crate.
    fn explain(&self, error: RpcError) -> ChainError {
        let malformed = |what: String| ChainError::Malformed(self.name.clone(), words(&what));
        match error {
            RpcError::JsonRpc(jsonrpc::Error::Rpc(rpc)) if rpc.code == STARTING => {
                ChainError::NotReady(self.name.clone(), words(&rpc.message))
            }
            RpcError::JsonRpc(jsonrpc::Error::Rpc(rpc)) => ChainError::Refused {
                source_name: self.name.clone(),
                code: i64::from(rpc.code),
                message: words(&rpc.message),
            },
            RpcError::JsonRpc(jsonrpc::Error::Transport(inner)) => match inner.downcast::<ChainError>() {
                Ok(own) => *own,
                Err(other) => {
                    ChainError::Unreachable { source_name: self.name.clone(), why: words(&other.to_string()) }
                }
            },
            other => malformed(other.to_string()),
        }
    }
}

/// A node that is this close to the headers that it knows counts as caught up, whatever it says of itself.
const BLOCKS_BEHIND_MAX: u32 = 2;

impl Source for CoreRpc {
    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, network: Network) -> Result<(), ChainError> {
        let found: BlockHash = self.call("getblockhash", &[json!(0)])?;
        let source_name = self.name.clone();
        if found != bitcoin::constants::genesis_block(network).block_hash() {
            return Err(ChainError::WrongNetwork { source_name, expected: network, found });
        }
        let node: NetworkInfo = self.call("getnetworkinfo", &[])?;
        if node.version < VERSION_MIN {
            let found = words(&node.subversion);
            return Err(ChainError::TooOld { source_name, found, needed: "24.0".to_owned() });
        }
        self.check_blocks(&self.info()?)
    }

    fn tip(&self) -> Result<Tip, ChainError> {
        let info = self.info()?;
        Ok(Tip {
            height: info.blocks,
            hash: info.bestblockhash,
            time: info.time,
            median_time: info.mediantime,
        })
    }

    fn block_hash(&self, height: u32) -> Result<Option<BlockHash>, ChainError> {
        match self.call("getblockhash", &[json!(height)]) {
            Err(ChainError::Refused { code, .. }) if code == i64::from(BEYOND_TIP) => Ok(None),
            other => other.map(Some),
        }
    }

    fn sync(&self, wallet: &mut Wallet, limits: SyncLimits<'_>) -> Result<Synced, ChainError> {
        match self.sync_blocks(wallet, limits)? {
            Synced::Complete => self.sync_mempool(wallet, limits),
            Synced::Partial => Ok(Synced::Partial),
        }
    }

    fn unspent(&self, outpoint: &OutPoint, script: &Script) -> Result<bool, ChainError> {
        let params = [json!(outpoint.txid), json!(outpoint.vout), json!(true)];
        let found: Option<Unspent> = self.call("gettxout", &params)?;
        Ok(found.is_some_and(|output| output.script_pubkey.hex.as_script() == script))
    }

    fn fee_rate(&self, target_blocks: u16) -> Result<Option<FeeRate>, ChainError> {
        let found: Estimate = self.call("estimatesmartfee", &[json!(target_blocks)])?;
        let Some(rate) = found.feerate else { return Ok(None) };
        let per_kvb = Amount::from_btc(rate)
            .map_err(|error| ChainError::Malformed(self.name.clone(), format!("a fee rate: {error}")))?;
        Ok(Some(FeeRate::from_sat_per_kwu(per_kvb.to_sat().div_ceil(4))))
    }

    fn broadcast(&self, transaction: &Transaction) -> Result<(), ChainError> {
        let sent = self.call::<Value>("sendrawtransaction", &[json!(serialize_hex(transaction))]);
        match sent {
            Ok(_) => Ok(()),
            Err(ChainError::Refused { code, .. }) if code == i64::from(ALREADY_IN_CHAIN) => Ok(()),
            Err(ChainError::Refused { code, message, .. })
                if REJECTED.iter().any(|rejected| i64::from(*rejected) == code) =>
            {
                rejection::judge(&message)
            }
            Err(other) => Err(other),
        }
    }

    fn accepts(&self, transaction: &Transaction) -> Result<Option<()>, ChainError> {
        let answer: Vec<Verdict> = self.call("testmempoolaccept", &[json!([serialize_hex(transaction)])])?;
        let verdict = answer.into_iter().next();
        let verdict = verdict.ok_or_else(|| {
            ChainError::Malformed(self.name.clone(), "no verdict on a transaction".to_owned())
        })?;
        if verdict.allowed == Some(true) {
            return Ok(Some(()));
        }
        let words = verdict.details.or(verdict.reason).unwrap_or_default();
        rejection::judge(&words).map(Some)
    }
}

#[derive(Deserialize)]
struct Verdict {
    allowed: Option<bool>,
    #[serde(rename = "reject-reason")]
    reason: Option<String>,
    #[serde(rename = "reject-details")]
    details: Option<String>,
}
