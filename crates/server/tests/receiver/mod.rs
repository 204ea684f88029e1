//! A receiver of webhooks on loopback that notes when each message came. Not our own one in `alarm`: it checks no signature and knows no repeat.
#![allow(dead_code, reason = "each user needs another part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use server::clock::Stopwatch;

/// One message: when, by the receiver's watch, and what.
#[derive(Clone, Debug)]
pub struct Came {
    pub at: Duration,
    pub body: Value,
}

impl Came {
    pub fn text(&self, key: &str) -> &str {
        self.body[key].as_str().unwrap_or_default()
    }

    /// Whether it is an alarm, and not a heartbeat or word of a channel.
    pub fn is_alarm(&self) -> bool {
        self.text("incident").starts_with("incident-")
    }
}

/// A receiver; its thread ends with the process.
pub struct Receiver {
    pub address: SocketAddr,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Receiver {
    pub fn start(watch: Stopwatch) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, came) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<Came>>>::default());
        let notes = Arc::clone(&came);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let notes = Arc::clone(&notes);
                std::thread::spawn(move || drop(answer(&stream, watch, &notes)));
            }
        });
        Self { address, came }
    }

    pub fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.came.lock().unwrap().len()
    }

    /// `[[channel]]` for `rempart.toml`.
    pub fn config(&self, id: &str) -> String {
        format!(
            "[[channel]]\nid = \"{id}\"\nkind = \"webhook\"\nurl = \"http://{}/\"\nsecret_file = \"{id}.secret\"\nallow_private = true\n",
            self.address
        )
    }
}

fn answer(stream: &TcpStream, watch: Stopwatch, notes: &Mutex<Vec<Came>>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let at = watch.elapsed();
        if let Ok(body) = serde_json::from_slice(&body) {
            notes.lock().unwrap().push(Came { at, body });
        }
        writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
    }
}
