//! A bridge that speaks Esplora's HTTP interface over the test node, since no independent server could be installed. Ours, for tests only.
//!
//! Called by tests of `chain`. It follows the published interface; a test may have it lie ([`EsploraBridge::alter`]).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use bitcoin::consensus::encode::deserialize_hex;
use bitcoin::hashes::{Hash, sha256};
use bitcoin::{Block, BlockHash, OutPoint, Script, Transaction, Txid};
use serde_json::{Value, json};

use crate::error::NodeError;
use crate::node::Node;
use crate::rpc::Client;

/// Transactions on a page, as the interface says.
const PAGE: usize = 25;
/// Blocks in the list of the last ones.
const LAST_BLOCKS: u32 = 10;
const BODY_BYTES_MAX: u64 = 8 * 1024 * 1024;

type Answer = (u16, String);
type Alteration = Box<dyn Fn(&str, String) -> String + Send>;

/// The running bridge; it stops answering when dropped.
pub struct EsploraBridge {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    node: String,
    cookie: PathBuf,
    password: Option<(String, String)>,
    index: Mutex<Index>,
    alteration: Mutex<Option<Alteration>>,
    is_closed: Mutex<bool>,
}

#[derive(Default)]
struct Index {
    /// From block 0.
    blocks: Vec<(BlockHash, Block)>,
    mempool: BTreeMap<Txid, Transaction>,
    /// Everything with its height.
    found: HashMap<Txid, (Transaction, Option<u32>)>,
    spent: HashMap<OutPoint, Txid>,
    /// Newest first.
    scripts: HashMap<String, Vec<Txid>>,
}

impl Drop for EsploraBridge {
    fn drop(&mut self) {
        *lock(&self.shared.is_closed) = true;
        // Wakes the listener, which then sees that it is over.
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl EsploraBridge {
    /// Starts it over a node.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn start(node: &Node) -> Result<Self, NodeError> {
        let system = |error| NodeError::System("no free port", error);
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(system)?;
        let url = format!("http://{}", listener.local_addr().map_err(system)?);
        let cookie = node.cookie_file();
        let password = if cookie.is_file() { None } else { Some(node.credentials()?) };
        let shared = Arc::new(Shared {
            node: node.url(),
            cookie,
            password,
            index: Mutex::default(),
            alteration: Mutex::default(),
            is_closed: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if *lock(&serving.is_closed) {
                    break;
                }
                let serving = Arc::clone(&serving);
                thread::spawn(move || stream.map(|stream| serving.serve(stream)));
            }
        });
        Ok(Self { url, shared })
    }

    /// Where it answers.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Has it lie: what it would answer at a path, with its body, becomes what the closure returns.
    pub fn alter(&self, alteration: impl Fn(&str, String) -> String + Send + 'static) {
        *lock(&self.shared.alteration) = Some(Box::new(alteration));
    }
}

impl Shared {
    /// One question for each connection.
    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let (mut line, mut length) = (String::new(), 0u64);
        reader.read_line(&mut line).ok()?;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            if header.trim().is_empty() {
                break;
            }
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = String::new();
        reader.take(length.min(BODY_BYTES_MAX)).read_to_string(&mut body).ok()?;
        let mut words = line.split(' ');
        let (method, path) = (words.next()?, words.next()?);
        let (status, text) = match self.answer(method, path, &body) {
            Ok(answer) => answer,
            Err(error) => (503, error.to_string()),
        };
        let text = match lock(&self.alteration).as_ref() {
            Some(alteration) if status == 200 => alteration(path, text),
            _ => text,
        };
        let head =
            format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", text.len());
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(text.as_bytes())).ok()
    }

    fn call(&self, method: &str, params: &Value) -> Result<Value, NodeError> {
        let cookie = || std::fs::read_to_string(&self.cookie).unwrap_or_default();
        let (user, password) = self.password.clone().unwrap_or_else(|| {
            let text = cookie();
            let (user, password) = text.trim().split_once(':').unwrap_or_default();
            (user.to_owned(), password.to_owned())
        });
        let port = self.node.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_default();
        Client::new(port, &user, &password).call(method, params)
    }

    fn answer(&self, method: &str, path: &str, body: &str) -> Result<Answer, NodeError> {
        if method == "POST" && path == "/tx" {
            return Ok(match self.call("sendrawtransaction", &json!([body.trim()])) {
                Ok(txid) => (200, txid.as_str().unwrap_or_default().to_owned()),
                Err(NodeError::Refused { code, message, .. }) => {
                    let error = json!({ "code": code, "message": message });
                    (400, format!("sendrawtransaction RPC error: {error}"))
                }
                Err(error) => return Err(error),
            });
        }
        let mut index = lock(&self.index);
        self.follow(&mut index)?;
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let found = match parts.as_slice() {
            ["blocks", "tip", "hash"] => index.blocks.last().map(|(hash, _)| hash.to_string()),
            ["blocks", "tip", "height"] => Some(index.tip().to_string()),
            ["blocks"] => Some(index.last_blocks().to_string()),
            ["block", hash] => index.block_named(hash).map(|block| block.to_string()),
            ["block-height", height] => index.hash_at(height),
            ["scripthash", hash, "txs"] => Some(index.history(hash, None).to_string()),
            ["scripthash", hash, "txs", "chain", after] => Some(index.history(hash, Some(after)).to_string()),
            ["tx", txid] => index.transaction(txid).map(|tx| tx.to_string()),
            ["tx", txid, "outspend", output] => index.outspend(txid, output).map(|spend| spend.to_string()),
            ["fee-estimates"] => Some(json!({ "1": 12.5, "6": 7.1, "144": 1.0 }).to_string()),
            _ => None,
        };
        Ok(found.map_or_else(|| (404, "not found".to_owned()), |text| (200, text)))
    }

    /// Brings the index in step with the node.
    fn follow(&self, index: &mut Index) -> Result<(), NodeError> {
        let count = self.call("getblockcount", &json!([]))?;
        let count = count.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
        let before = index.state();
        index.blocks.truncate(count.saturating_add(1));
        while let Some((hash, _)) = index.blocks.last() {
            let height = index.blocks.len().saturating_sub(1);
            if crate::chain::parsed::<BlockHash>(
                "getblockhash",
                &self.call("getblockhash", &json!([height]))?,
            )? == *hash
            {
                break;
            }
            index.blocks.pop();
        }
        while index.blocks.len() <= count {
            let hash = self.call("getblockhash", &json!([index.blocks.len()]))?;
            let block = self.call("getblock", &json!([hash, 0]))?;
            let block: Block = decoded("getblock", &block)?;
            index.blocks.push((block.block_hash(), block));
        }
        let present = self.call("getrawmempool", &json!([]))?;
        let present: Vec<Txid> = serde_json::from_value(present).unwrap_or_default();
        index.mempool.retain(|txid, _| present.contains(txid));
        for txid in present {
            if let Entry::Vacant(entry) = index.mempool.entry(txid) {
                let transaction = self.call("getrawtransaction", &json!([txid]))?;
                entry.insert(decoded("getrawtransaction", &transaction)?);
            }
        }
        if index.state() != before {
            index.rebuild();
        }
        Ok(())
    }
}

fn decoded<T: bitcoin::consensus::Decodable>(method: &str, answer: &Value) -> Result<T, NodeError> {
    let value = answer.as_str().and_then(|text| deserialize_hex(text).ok());
    value.ok_or_else(|| crate::chain::unexpected(method, answer))
}

fn script_hash(script: &Script) -> String {
    sha256::Hash::hash(script.as_bytes()).to_string()
}

impl Index {
    /// Differs whenever something has changed.
    fn state(&self) -> (Option<BlockHash>, Vec<Txid>) {
        (self.blocks.last().map(|(hash, _)| *hash), self.mempool.keys().copied().collect())
    }

    fn tip(&self) -> u32 {
        u32::try_from(self.blocks.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    fn block(&self, height: u32) -> Option<&(BlockHash, Block)> {
        self.blocks.get(usize::try_from(height).ok()?)
    }

    fn hash_at(&self, height: &str) -> Option<String> {
        self.block(height.parse().ok()?).map(|(hash, _)| hash.to_string())
    }

    fn rebuild(&mut self) {
        (self.found, self.spent, self.scripts) = (HashMap::new(), HashMap::new(), HashMap::new());
        let confirmed = self.blocks.iter().zip(0u32..).flat_map(|((_, block), height)| {
            block.txdata.iter().map(move |transaction| (transaction.clone(), Some(height)))
        });
        let waiting = self.mempool.values().map(|transaction| (transaction.clone(), None));
        let all: Vec<_> = confirmed.chain(waiting).collect();
        for (transaction, height) in &all {
            self.found.insert(transaction.compute_txid(), (transaction.clone(), *height));
        }
        for (transaction, _) in all {
            let txid = transaction.compute_txid();
            let mut touched: Vec<String> =
                transaction.output.iter().map(|output| script_hash(&output.script_pubkey)).collect();
            for outpoint in transaction.input.iter().map(|input| input.previous_output) {
                self.spent.insert(outpoint, txid);
                touched.extend(self.previous(&outpoint).map(|output| script_hash(&output.script_pubkey)));
            }
            touched.sort();
            touched.dedup();
            touched.into_iter().for_each(|script| self.scripts.entry(script).or_default().insert(0, txid));
        }
    }

    fn previous(&self, outpoint: &OutPoint) -> Option<&bitcoin::TxOut> {
        self.found.get(&outpoint.txid)?.0.output.get(usize::try_from(outpoint.vout).ok()?)
    }

    fn median_time(&self, height: u32) -> u32 {
        let heights = height.saturating_sub(10)..=height;
        let mut times: Vec<u32> =
            heights.filter_map(|height| self.block(height)).map(|(_, block)| block.header.time).collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }

    fn block_shown(&self, height: u32) -> Option<Value> {
        let (hash, block) = self.block(height)?;
        Some(json!({
            "id": hash, "height": height, "version": block.header.version.to_consensus(),
            "timestamp": block.header.time, "mediantime": self.median_time(height),
            "tx_count": block.txdata.len(), "size": block.total_size(), "weight": block.weight().to_wu(),
            "merkle_root": block.header.merkle_root, "previousblockhash": block.header.prev_blockhash,
            "nonce": block.header.nonce, "bits": block.header.bits.to_consensus(), "difficulty": 0.0,
        }))
    }

    fn last_blocks(&self) -> Value {
        let first = self.tip().saturating_sub(LAST_BLOCKS - 1);
        (first..=self.tip()).rev().filter_map(|height| self.block_shown(height)).collect()
    }

    fn block_named(&self, hash: &str) -> Option<Value> {
        let place = self.blocks.iter().position(|(each, _)| each.to_string() == hash)?;
        self.block_shown(u32::try_from(place).ok()?)
    }

    fn history(&self, script: &str, after: Option<&str>) -> Value {
        let all = self.scripts.get(script).map(Vec::as_slice).unwrap_or_default();
        let is_waiting = |txid: &&Txid| self.mempool.contains_key(*txid);
        let waiting = all.iter().filter(is_waiting);
        let confirmed = all.iter().filter(|txid| !is_waiting(txid));
        let page: Vec<&Txid> = match after {
            None => waiting.chain(confirmed.take(PAGE)).collect(),
            Some(after) => {
                confirmed.skip_while(|txid| txid.to_string() != after).skip(1).take(PAGE).collect()
            }
        };
        page.into_iter().filter_map(|txid| self.transaction(&txid.to_string())).collect()
    }

    fn status(&self, height: Option<u32>) -> Value {
        match height.and_then(|height| Some((height, self.block(height)?))) {
            Some((height, (hash, block))) => json!({
                "confirmed": true, "block_height": height, "block_hash": hash, "block_time": block.header.time,
            }),
            None => json!({ "confirmed": false }),
        }
    }

    fn transaction(&self, txid: &str) -> Option<Value> {
        let (transaction, height) = self.found.get(&txid.parse::<Txid>().ok()?)?;
        let input = |input: &bitcoin::TxIn| {
            let previous = self.previous(&input.previous_output);
            let previous = previous.map(|output| {
                json!({ "value": output.value.to_sat(), "scriptpubkey": output.script_pubkey.to_hex_string() })
            });
            let witness: Vec<String> =
                input.witness.iter().map(bitcoin::hex::DisplayHex::to_lower_hex_string).collect();
            json!({
                "txid": input.previous_output.txid, "vout": input.previous_output.vout, "prevout": previous,
                "scriptsig": input.script_sig.to_hex_string(), "witness": witness,
                "sequence": input.sequence.0, "is_coinbase": input.previous_output.is_null(),
            })
        };
        let output = |output: &bitcoin::TxOut| json!({ "value": output.value.to_sat(), "scriptpubkey": output.script_pubkey.to_hex_string() });
        Some(json!({
            "txid": txid, "version": transaction.version.0, "locktime": transaction.lock_time.to_consensus_u32(),
            "vin": transaction.input.iter().map(input).collect::<Vec<_>>(),
            "vout": transaction.output.iter().map(output).collect::<Vec<_>>(),
            "size": transaction.total_size(), "weight": transaction.weight().to_wu(), "fee": 0,
            "status": self.status(*height),
        }))
    }

    fn outspend(&self, txid: &str, output: &str) -> Option<Value> {
        let outpoint = OutPoint { txid: txid.parse().ok()?, vout: output.parse().ok()? };
        self.previous(&outpoint)?;
        Some(match self.spent.get(&outpoint).and_then(|by| Some((by, self.found.get(by)?))) {
            Some((by, (_, height))) => {
                json!({ "spent": true, "txid": by, "vin": 0, "status": self.status(*height) })
            }
            None => json!({ "spent": false }),
        })
    }
}
