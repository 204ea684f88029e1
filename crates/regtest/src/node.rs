//! The process: started in a folder of its own, waited for, killed, restarted.
//!
//! Called by tests. Whatever happens to the test, dropping the node kills it and removes its folder.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::error::NodeError;
use crate::options::{Auth, Options, Ports};
use crate::place;
use crate::rpc::Client;

/// Between two questions whether the node is up, or has ended.
const POLL: Duration = Duration::from_millis(25);
/// A minute: many times what a start takes on a busy machine.
const POLLS_MAX: u32 = 2_400;
/// Another process may take a port between our choosing it and the node's binding it.
const STARTS_MAX: u32 = 5;
/// Ten coins of 50 BTC are mature then.
const FUNDED_BLOCKS: u32 = 110;

/// A running (or killed) bitcoind.
pub struct Node {
    program: PathBuf,
    options: Options,
    folder: TempDir,
    ports: Ports,
    running: Option<Running>,
    /// One payment at a time, so that two do not choose the same coin.
    pub(crate) paying: Mutex<()>,
}

struct Running {
    process: Child,
    client: Client,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Node {
    /// The `bitcoind` that tests use: what `REMPART_BITCOIND` names, else the one that `cargo xtask bitcoind` built.
    ///
    /// # Errors
    /// When it is not there.
    pub fn find() -> Result<PathBuf, NodeError> {
        let named = std::env::var_os(place::OVERRIDE).filter(|path| !path.is_empty()).map(PathBuf::from);
        let program = named.or_else(|| Some(place::cached()?.join("bitcoind"))).unwrap_or_default();
        if program.is_file() { Ok(program) } else { Err(NodeError::Missing(program)) }
    }

    /// The `bitcoin-cli` beside it.
    ///
    /// # Errors
    /// When it is not there.
    pub fn find_cli() -> Result<PathBuf, NodeError> {
        let program = Self::find()?.with_file_name("bitcoin-cli");
        if program.is_file() { Ok(program) } else { Err(NodeError::Missing(program)) }
    }

    /// Starts a node with an empty chain and waits until it answers.
    ///
    /// # Errors
    /// When the program is missing or does not come up.
    pub fn start(options: &Options) -> Result<Self, NodeError> {
        let program = Self::find()?;
        let folder = TempDir::with_prefix("rempart-node-").map_err(|e| NodeError::System("no folder", e))?;
        let ports = free_ports()?;
        let (options, paying) = (options.clone(), Mutex::new(()));
        let mut node = Self { program, options, folder, ports, running: None, paying };
        for _ in 1..STARTS_MAX {
            match node.launch() {
                Err(NodeError::Start(why)) if why.contains("Unable to") => node.ports = free_ports()?,
                other => return other.map(|()| node),
            }
        }
        node.launch().map(|()| node)
    }

    /// Starts a node with default options and ten mature coins of 50 BTC to give away.
    ///
    /// # Errors
    /// As [`Node::start`].
    pub fn funded() -> Result<Self, NodeError> {
        let node = Self::start(&Options::default())?;
        node.mine(FUNDED_BLOCKS)?;
        Ok(node)
    }

    /// Calls any method of the node, parameters by position.
    ///
    /// # Errors
    /// [`NodeError::Refused`] with the node's code and words; [`NodeError::NoAnswer`] when it does not run.
    pub fn rpc(&self, method: &str, params: &[Value]) -> Result<Value, NodeError> {
        self.call(method, &json!(params))
    }

    /// Calls any method of the node, parameters by name: a JSON object.
    ///
    /// # Errors
    /// As [`Node::rpc`].
    pub fn rpc_named(&self, method: &str, params: &Value) -> Result<Value, NodeError> {
        self.call(method, params)
    }

    fn call(&self, method: &str, params: &Value) -> Result<Value, NodeError> {
        let killed =
            || NodeError::NoAnswer { method: method.to_owned(), why: "the node was killed".to_owned() };
        self.running.as_ref().ok_or_else(killed)?.client.call(method, params)
    }

    /// Where it answers: `http://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.rpc)
    }

    /// The port where it answers.
    #[must_use]
    pub const fn rpc_port(&self) -> u16 {
        self.ports.rpc
    }

    /// Where other nodes reach it.
    #[must_use]
    pub fn peer_address(&self) -> String {
        format!("127.0.0.1:{}", self.ports.peers)
    }

    /// Its data folder, for `bitcoin-cli -datadir=`.
    #[must_use]
    pub fn data_folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its cookie file; there is one while it runs with [`Auth::Cookie`], with another content after each start.
    #[must_use]
    pub fn cookie_file(&self) -> PathBuf {
        self.folder.path().join("regtest").join(".cookie")
    }

    /// Name and password for calling it now.
    ///
    /// # Errors
    /// When the cookie file cannot be read.
    pub fn credentials(&self) -> Result<(String, String), NodeError> {
        if let Auth::Password { user, password } = &self.options.auth {
            return Ok((user.clone(), password.clone()));
        }
        let text = fs::read_to_string(self.cookie_file()).map_err(|e| NodeError::System("no cookie", e))?;
        let split =
            text.trim().split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()));
        split.ok_or_else(|| NodeError::Unexpected("cookie".to_owned(), "no colon".to_owned()))
    }

    /// Kills it at once, as a power cut would. Nothing when it does not run.
    ///
    /// What it had not written yet is lost: it may come back some blocks shorter and with an empty mempool. A test that is about somebody
    /// else's memory calls [`Node::flush`] before.
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Has it write its chain and its mempool to disk, so that they survive [`Node::kill`].
    ///
    /// # Errors
    /// When it cannot.
    pub fn flush(&self) -> Result<(), NodeError> {
        // Counting the outputs is the call that writes them first.
        self.rpc("gettxoutsetinfo", &[json!("none")])?;
        self.rpc("savemempool", &[]).map(drop)
    }

    /// Asks it to end and waits until it has.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop(&mut self) -> Result<(), NodeError> {
        self.rpc("stop", &[])?;
        for _ in 0..POLLS_MAX {
            let ended = self.running.as_mut().map(|running| running.process.try_wait());
            match ended {
                Some(Ok(None)) => sleep(POLL),
                Some(Ok(Some(_))) | None => {
                    self.running = None;
                    return Ok(());
                }
                Some(Err(error)) => return Err(NodeError::System("cannot wait for bitcoind", error)),
            }
        }
        Err(NodeError::NoAnswer { method: "stop".to_owned(), why: "it still runs".to_owned() })
    }

    /// Starts it again on the same folder and ports; kills it before if it runs.
    ///
    /// # Errors
    /// As [`Node::start`].
    pub fn restart(&mut self) -> Result<(), NodeError> {
        self.kill();
        self.launch()?;
        self.wait_for_mempool()
    }

    /// The saved mempool is read in the background.
    fn wait_for_mempool(&self) -> Result<(), NodeError> {
        for _ in 0..POLLS_MAX {
            if self.rpc("getmempoolinfo", &[])?.get("loaded").and_then(Value::as_bool) == Some(true) {
                return Ok(());
            }
            sleep(POLL);
        }
        Err(NodeError::Start("its mempool is not loaded".to_owned()))
    }

    /// Connects to another node and waits until both know each other.
    ///
    /// # Errors
    /// When they do not meet.
    pub fn connect(&self, other: &Self) -> Result<(), NodeError> {
        self.rpc("addnode", &[json!(other.peer_address()), json!("onetry")])?;
        for _ in 0..POLLS_MAX {
            let peers = self.rpc("getpeerinfo", &[])?;
            let met = |peer: &Value| peer.get("version").and_then(Value::as_u64).is_some_and(|it| it > 0);
            if peers.as_array().is_some_and(|peers| peers.iter().any(met)) {
                return Ok(());
            }
            sleep(POLL);
        }
        Err(NodeError::NoAnswer { method: "addnode".to_owned(), why: "the nodes did not meet".to_owned() })
    }

    fn launch(&mut self) -> Result<(), NodeError> {
        // A cookie of an earlier life would be taken for the new one.
        let _ = fs::remove_file(self.cookie_file());
        let errors = self.folder.path().join("stderr.txt");
        let stderr = fs::File::create(&errors).map_err(|e| NodeError::System("no folder", e))?;
        let process = Command::new(&self.program)
            .args(self.options.arguments(self.folder.path(), self.ports))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .map_err(|error| NodeError::System("cannot start bitcoind", error))?;
        let mut running = Running { process, client: Client::new(self.ports.rpc, "", "") };
        for _ in 0..POLLS_MAX {
            if let Ok(Some(status)) = running.process.try_wait() {
                let words = fs::read_to_string(&errors).unwrap_or_default();
                return Err(NodeError::Start(format!("it ended with {status}: {}", words.trim())));
            }
            if self.answers(&mut running) {
                self.running = Some(running);
                return Ok(());
            }
            sleep(POLL);
        }
        Err(NodeError::Start("it did not answer within a minute".to_owned()))
    }

    fn answers(&self, running: &mut Running) -> bool {
        let Ok((user, password)) = self.credentials() else { return false };
        running.client = Client::new(self.ports.rpc, &user, &password);
        running.client.call("getblockchaininfo", &json!([])).is_ok()
    }
}

/// Two ports that nobody listens on; both are held until both are known, so that they differ.
fn free_ports() -> Result<Ports, NodeError> {
    let free = || TcpListener::bind(("127.0.0.1", 0));
    let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
    let chosen = || -> std::io::Result<Ports> {
        let (one, other) = (free()?, free()?);
        Ok(Ports { rpc: port(&one)?, peers: port(&other)? })
    };
    chosen().map_err(|error| NodeError::System("no free port", error))
}
