//! A twin from outside: the program it runs in, and the orders that it takes.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::failure::Failure;
use crate::twin::orders::{Books, Chains, Order, Report};

/// Where journals lie: in memory where the system has such a place, because a real disk's delays would hide more.
const MEMORY: &str = "/dev/shm";

/// A running twin.
pub struct Handle {
    child: Child,
    orders: ChildStdin,
    reports: BufReader<ChildStdout>,
    /// Where it serves.
    pub address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Handle {
    /// Starts a twin of this seed.
    ///
    /// # Errors
    /// When the program does not start.
    pub fn start(seed: u64) -> Result<Self, Failure> {
        let memory = Path::new(MEMORY);
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? };
        let mut child = Command::new(std::env::current_exe()?)
            .arg("twin")
            .args(["--seed", &seed.to_string(), "--folder"])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(orders), Some(reports)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::server("start", "no pipes"));
        };
        let mut reports = BufReader::new(reports);
        match hear(&mut reports)? {
            Report::Ready { address } => Ok(Self { child, orders, reports, address, _folder: folder }),
            other => Err(Failure::Server(format!("instead of starting: {other:?}"))),
        }
    }

    /// Asks without waiting for the report.
    ///
    /// # Errors
    /// When it has gone.
    pub fn ask(&mut self, order: &Order) -> Result<(), Failure> {
        let text = serde_json::to_string(order).map_err(|error| Failure::server("order", error))?;
        writeln!(self.orders, "{text}")?;
        Ok(())
    }

    /// Asks, and waits for the report.
    ///
    /// # Errors
    /// What the twin could not do.
    pub fn order(&mut self, order: &Order) -> Result<Report, Failure> {
        self.ask(order)?;
        match hear(&mut self.reports)? {
            Report::Failed(why) => Err(Failure::Server(format!("{order:?}: {why}"))),
            report => Ok(report),
        }
    }

    /// The books.
    ///
    /// # Errors
    /// As [`Handle::order`].
    pub fn books(&mut self) -> Result<Books, Failure> {
        match self.order(&Order::Books)? {
            Report::Books(books) => Ok(books),
            other => Err(Failure::Server(format!("instead of books: {other:?}"))),
        }
    }

    /// Proposes the colleague's transfer.
    ///
    /// # Errors
    /// As [`Handle::order`].
    pub fn prepare(&mut self, pair: u32) -> Result<String, Failure> {
        match self.order(&Order::Prepare { pair })? {
            Report::Prepared { transfer } => Ok(transfer),
            other => Err(Failure::Server(format!("instead of a transfer: {other:?}"))),
        }
    }

    /// How many incidents there were; all are closed now.
    ///
    /// # Errors
    /// When one is still open: the next pair would not begin as the first one.
    pub fn aftermath(&mut self) -> Result<u32, Failure> {
        match self.order(&Order::Aftermath)? {
            Report::Aftermath { open, left: 0 } => Ok(open),
            other => Err(Failure::Server(format!("instead of a clear: {other:?}"))),
        }
    }

    /// Ends it.
    ///
    /// # Errors
    /// As [`Handle::order`].
    pub fn stop(mut self) -> Result<Chains, Failure> {
        let chains = match self.order(&Order::Stop)? {
            Report::Stopped(chains) => chains,
            other => return Err(Failure::Server(format!("instead of the journal: {other:?}"))),
        };
        self.child.wait()?;
        Ok(chains)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Only the program that this handle started; after a clean stop it has ended already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn hear(reports: &mut BufReader<ChildStdout>) -> Result<Report, Failure> {
    let mut line = String::new();
    if reports.read_line(&mut line)? == 0 {
        return Err(Failure::server("twin", "it has ended"));
    }
    serde_json::from_str(&line).map_err(|error| Failure::server("report", error))
}
