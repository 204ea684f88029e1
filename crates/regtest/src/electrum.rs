//! An Electrum server that others wrote: ElectrumX over the test node. Never shipped.
//!
//! Called by tests of `chain`. It is installed once from the Python package index into the user's cache folder, with versions that are
//! fixed here; where Python is missing the test fails and says what to install.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

use crate::error::NodeError;
use crate::node::Node;
use crate::place;

const VERSION: &str = "2.0.0";
const PACKAGES: &[&str] = &[
    "e-x==2.0.0",
    "plyvel==1.5.1",
    "aiohttp==3.14.5",
    "aiorpcX==0.25.0",
    "attrs==26.1.0",
    "websockets==17.4",
];
/// The server holds small answers back for a second, so that who listens on the line learns less; a test need not wait for that.
const PROGRAM: &str = "from electrumx.server.transport import PaddedRSTransport; \
     PaddedRSTransport.WAIT_FOR_BUFFER_GROWTH_SECONDS = 0.0; \
     from electrumx.cli.electrumx_server import main; main()";
/// Milliseconds between two looks at the node.
const LOOK_MILLIS: &str = "50";
const POLL: Duration = Duration::from_millis(50);
/// A minute.
const POLLS_MAX: u32 = 1_200;

/// A running ElectrumX; it ends when dropped.
pub struct ElectrumX {
    process: Child,
    url: String,
    folder: TempDir,
}

/// A server's certificate and key, as PEM files.
pub struct Certificate<'a> {
    /// The certificate.
    pub certificate: &'a Path,
    /// Its key.
    pub key: &'a Path,
}

impl Drop for ElectrumX {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl ElectrumX {
    /// What a node must be started with, besides `txindex`.
    pub const NODE_ARGUMENT: &str = "-txospenderindex=1";

    /// Starts it over a node and waits until it answers; with TLS where a certificate is given.
    ///
    /// # Errors
    /// When Python or the packages are missing, or it does not come up.
    pub fn start(node: &Node, tls: Option<&Certificate<'_>>) -> Result<Self, NodeError> {
        let program = installed()?;
        let folder =
            TempDir::with_prefix("rempart-electrum-").map_err(|e| NodeError::System("no folder", e))?;
        let port = free_port()?;
        let scheme = if tls.is_some() { "ssl" } else { "tcp" };
        let url = format!("{scheme}://127.0.0.1:{port}");
        let mut command = Command::new(program);
        command.args(["-c", PROGRAM]);
        command.envs(settings(node, folder.path(), &url)?);
        if let Some(tls) = tls {
            command.env("SSL_CERTFILE", tls.certificate).env("SSL_KEYFILE", tls.key);
        }
        let log =
            |name| File::create(folder.path().join(name)).map_err(|e| NodeError::System("no folder", e));
        command.stdin(Stdio::null()).stdout(log("log.txt")?).stderr(log("errors.txt")?);
        let process = command.spawn().map_err(|e| NodeError::System("cannot start electrumx", e))?;
        let mut server = Self { process, url, folder };
        server.wait(port)?;
        Ok(server)
    }

    /// Where it answers: `tcp://127.0.0.1:port`, or `ssl://…`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    fn wait(&mut self, port: u16) -> Result<(), NodeError> {
        for _ in 0..POLLS_MAX {
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(NodeError::Start(format!("electrumx ended with {status}: {}", self.log())));
            }
            // It listens only when it has read the whole chain.
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(());
            }
            sleep(POLL);
        }
        Err(NodeError::Start(format!("electrumx does not answer: {}", self.log())))
    }

    fn log(&self) -> String {
        let text = fs::read_to_string(self.folder.path().join("log.txt")).unwrap_or_default();
        let from = text.char_indices().rev().nth(1_000).map_or(0, |(at, _)| at);
        text.get(from..).unwrap_or_default().to_owned()
    }
}

fn settings(node: &Node, folder: &Path, url: &str) -> Result<Vec<(&'static str, String)>, NodeError> {
    let (user, password) = node.credentials()?;
    let daemon = node.url().replace("http://", &format!("http://{user}:{password}@"));
    let fixed = [
        ("COIN", "Bitcoin"),
        ("NET", "regtest"),
        ("DB_ENGINE", "leveldb"),
        ("ALLOW_ROOT", "1"),
        ("PEER_DISCOVERY", "off"),
        ("PEER_ANNOUNCE", ""),
        ("COST_SOFT_LIMIT", "0"),
        ("COST_HARD_LIMIT", "0"),
        ("CACHE_MB", "10"),
        ("DAEMON_POLL_INTERVAL_BLOCKS", LOOK_MILLIS),
        ("DAEMON_POLL_INTERVAL_MEMPOOL", LOOK_MILLIS),
    ];
    let mut all: Vec<_> = fixed.map(|(name, value)| (name, value.to_owned())).into();
    all.push(("DAEMON_URL", format!("{daemon}/")));
    all.push(("DB_DIRECTORY", folder.display().to_string()));
    all.push(("SERVICES", url.to_owned()));
    Ok(all)
}

fn free_port() -> Result<u16, NodeError> {
    let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    free.map(|address| address.port()).map_err(|e| NodeError::System("no free port", e))
}

/// The Python that has ElectrumX, installed if it is not there yet.
fn installed() -> Result<PathBuf, NodeError> {
    let cache = place::cached().and_then(|path| path.parent().map(Path::to_owned));
    let cache = cache.ok_or_else(|| NodeError::Start("there is no cache folder: set HOME".to_owned()))?;
    let home = cache.join(format!("electrumx-{VERSION}"));
    let python = home.join("bin").join("python3");
    if !python.is_file() {
        install(&cache, &home)?;
    }
    Ok(python)
}

/// Beside its place, so that it is there whole or not at all.
fn install(cache: &Path, home: &Path) -> Result<(), NodeError> {
    fs::create_dir_all(cache).map_err(|e| NodeError::System("no cache folder", e))?;
    let beside = TempDir::with_prefix_in("electrumx-new-", cache);
    let beside = beside.map_err(|e| NodeError::System("no cache folder", e))?;
    run(Command::new("python3").args(["-m", "venv"]).arg(beside.path()))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(beside.path().join("bin").join("python3")).args(pip).args(PACKAGES))?;
    match fs::rename(beside.path(), home) {
        Ok(()) => {
            let _ = beside.keep();
            Ok(())
        }
        // Another test was faster.
        Err(_) if home.is_dir() => Ok(()),
        Err(error) => Err(NodeError::System("cannot place electrumx", error)),
    }
}

fn run(command: &mut Command) -> Result<(), NodeError> {
    let how = "install Python 3.10 or newer with its venv module (`sudo apt-get install python3-venv` on Debian) and a way to PyPI";
    let failed = |what: &str| NodeError::Start(format!("electrumx cannot be installed: {what}; {how}"));
    let Output { status, stderr, .. } = command.output().map_err(|error| failed(&error.to_string()))?;
    if status.success() { Ok(()) } else { Err(failed(String::from_utf8_lossy(&stderr).trim())) }
}
