//! Starts and drives the independent SMS provider. Called by the tests beside it.

use std::cell::{Cell, RefCell};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(10);

/// Something that the provider saw.
#[derive(Clone, Debug)]
pub struct Event(Value);

impl Event {
    pub fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap_or_else(|| panic!("no text `{field}` in {}", self.0))
    }

    pub fn number(&self, field: &str) -> u64 {
        self.0[field].as_u64().unwrap_or_else(|| panic!("no number `{field}` in {}", self.0))
    }

    pub fn flag(&self, field: &str) -> bool {
        self.0[field].as_bool().unwrap_or_else(|| panic!("no flag `{field}` in {}", self.0))
    }
}

/// A running provider; ends when dropped.
pub struct Provider {
    pub port: u16,
    process: Child,
    orders: RefCell<ChildStdin>,
    incoming: Receiver<Value>,
    seen: RefCell<Vec<Event>>,
    /// How many of each name were taken is how many were read past.
    taken: Cell<usize>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Where `cargo xtask peers-for-tests` has put other people's programs.
fn installed() -> PathBuf {
    let chosen = std::env::var_os("REMPART_TEST_PEERS").map(PathBuf::from);
    let folder = chosen.unwrap_or_else(|| here("../../target")).join("npm");
    assert!(
        folder.join("installed.txt").exists(),
        "the test peers are not there: run `cargo xtask peers-for-tests` (it needs node and npm)"
    );
    folder
}

impl Provider {
    pub fn start() -> Self {
        Self::run(&[])
    }

    pub fn start_tls() -> Self {
        Self::run(&[here("tests/tls/localhost.pem"), here("tests/tls/localhost.key.pem")])
    }

    fn run(arguments: &[PathBuf]) -> Self {
        let installed = installed();
        let mut process = Command::new("node")
            .arg(here("tests/peers/smpp.js"))
            .args(arguments)
            .env("NODE_PATH", installed.join("node_modules"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts: install it");
        let (sender, incoming) = channel();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _nobody_listens = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        let orders = RefCell::new(process.stdin.take().unwrap());
        let mut provider =
            Self { port: 0, process, orders, incoming, seen: RefCell::default(), taken: Cell::default() };
        provider.port = u16::try_from(provider.event("listening").number("port")).unwrap();
        provider
    }

    /// The next event of this name; those before it stay for [`Provider::events`] only.
    pub fn event(&self, name: &str) -> Event {
        loop {
            while let Some(event) = self.seen.borrow().get(self.taken.get()).cloned() {
                self.taken.set(self.taken.get() + 1);
                if event.0["event"] == name {
                    return event;
                }
            }
            let next = self.incoming.recv_timeout(PATIENCE);
            self.seen.borrow_mut().push(Event(next.unwrap_or_else(|_| panic!("no `{name}` came"))));
        }
    }

    /// All events of this name so far.
    pub fn events(&self, name: &str) -> Vec<Event> {
        // What was said before an order was obeyed has been written before that.
        self.order("{}");
        self.seen.borrow().iter().filter(|event| event.0["event"] == name).cloned().collect()
    }

    /// How the next requests are answered.
    pub fn mood(&self, which: &str, entries: &str) {
        self.order(&format!(r#"{{"mood":"{which}","entries":{entries}}}"#));
    }

    /// Does something, and waits until it is done.
    pub fn order(&self, order: &str) {
        writeln!(self.orders.borrow_mut(), "{order}").unwrap();
        loop {
            let next = self.incoming.recv_timeout(PATIENCE).expect("the provider obeys");
            if next["event"] == "obeyed" {
                return;
            }
            self.seen.borrow_mut().push(Event(next));
        }
    }
}
