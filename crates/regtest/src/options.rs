//! How a node is started: what a test may choose, and what is the same for all.
//!
//! Called by `node`. Standardness is real (`-acceptnonstdtxn=0`), unlike in regtest's defaults, so that what the mempool takes is what
//! the main network's would take.

use std::path::Path;

/// How the node lets its callers in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Auth {
    /// By the cookie file that it writes at each start.
    #[default]
    Cookie,
    /// By name and password.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
}

/// What a test chooses.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// How callers are let in.
    pub auth: Auth,
    /// Keep an index of all transactions (`getrawtransaction` without a block).
    pub txindex: bool,
    /// Prune by hand only (`pruneblockchain`); not together with `txindex`.
    pub prune: bool,
    /// The node's clock at each start, in seconds since 1970; `None` is the real one.
    pub mock_time: Option<u32>,
    /// Any other argument, such as `-blockfilterindex=1`.
    pub extra: Vec<String>,
}

/// The two ports of a node, free when they were chosen.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    pub rpc: u16,
    pub peers: u16,
}

impl Options {
    /// The arguments of bitcoind.
    pub(crate) fn arguments(&self, data: &Path, ports: Ports) -> Vec<String> {
        let mut arguments: Vec<String> = ALWAYS.iter().map(|text| (*text).to_owned()).collect();
        arguments.push(format!("-datadir={}", data.display()));
        arguments.push(format!("-rpcport={}", ports.rpc));
        arguments.push(format!("-bind=127.0.0.1:{}", ports.peers));
        if let Auth::Password { user, password } = &self.auth {
            arguments.push(format!("-rpcuser={user}"));
            arguments.push(format!("-rpcpassword={password}"));
        }
        if self.txindex {
            arguments.push("-txindex=1".to_owned());
        }
        if self.prune {
            arguments.extend(["-prune=1", "-fastprune=1"].map(str::to_owned));
        }
        if let Some(time) = self.mock_time {
            arguments.push(format!("-mocktime={time}"));
        }
        arguments.extend(self.extra.iter().cloned());
        arguments
    }
}

/// Nothing leaves the machine, nobody is asked for peers, little memory.
const ALWAYS: &[&str] = &[
    "-regtest",
    "-server=1",
    "-daemon=0",
    "-printtoconsole=0",
    "-rpcbind=127.0.0.1",
    "-rpcallowip=127.0.0.1",
    "-acceptnonstdtxn=0",
    "-fallbackfee=0.00002",
    "-listenonion=0",
    "-discover=0",
    "-dnsseed=0",
    "-fixedseeds=0",
    "-natpmp=0",
    "-dbcache=8",
    "-par=1",
    "-maxconnections=40",
    "-debuglogfile=debug.log",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_becomes_an_argument() {
        let auth = Auth::Password { user: "u".into(), password: "p".into() };
        let extra = vec!["-blockfilterindex=1".to_owned()];
        let options = Options { auth, txindex: true, prune: true, mock_time: Some(7), extra };
        let arguments = options.arguments(Path::new("d"), Ports { rpc: 1, peers: 2 });
        for wanted in ["-acceptnonstdtxn=0", "-datadir=d", "-rpcport=1", "-bind=127.0.0.1:2", "-rpcuser=u"] {
            assert!(arguments.iter().any(|argument| argument == wanted), "{wanted}");
        }
        for wanted in ["-rpcpassword=p", "-txindex=1", "-prune=1", "-mocktime=7", "-blockfilterindex=1"] {
            assert!(arguments.iter().any(|argument| argument == wanted), "{wanted}");
        }
    }
}
