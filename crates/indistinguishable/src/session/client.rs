//! The captor's end of the wire: one connection kept open, plain bytes, and a watch from the first byte sent to the last byte read.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::failure::Failure;
use crate::stopwatch::Watch;

const ANSWER_MAX: Duration = Duration::from_secs(40);

/// What is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Method and path.
    pub line: String,
    /// Further headers, each with its line end.
    pub headers: String,
    /// The body.
    pub body: String,
}

/// What came back, to the last byte, and how long it took.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Status line and headers.
    pub head: Vec<u8>,
    /// The body.
    pub body: Vec<u8>,
    /// From the first byte sent to the last byte read.
    pub nanos: u32,
}

impl Answer {
    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        let head = String::from_utf8_lossy(&self.head);
        head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// A text field of the body.
    ///
    /// # Errors
    /// When it is not there.
    pub fn field(&self, name: &str) -> Result<String, Failure> {
        let wrong = || Failure::Answer(format!("no `{name}` in `{}`", String::from_utf8_lossy(&self.body)));
        let value: serde_json::Value = serde_json::from_slice(&self.body).map_err(|_| wrong())?;
        value.get(name).and_then(serde_json::Value::as_str).map(str::to_owned).ok_or_else(wrong)
    }
}

/// A connection.
pub struct Client {
    stream: TcpStream,
    room: Vec<u8>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn connect(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        Ok(Self { stream, room: vec![0; 256 * 1024] })
    }

    /// Sends without waiting for the answer.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn send(&mut self, request: &Request) -> Result<Watch, Failure> {
        let Request { line, headers, body } = request;
        let bytes = format!(
            "{line} HTTP/1.1\r\nHost: rempart\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let watch = Watch::start();
        self.stream.write_all(bytes.as_bytes())?;
        Ok(watch)
    }

    /// Reads one answer.
    ///
    /// # Errors
    /// When it ends early, or does not say how long it is.
    pub fn receive(&mut self, watch: Watch) -> Result<Answer, Failure> {
        let mut filled = 0;
        let mut whole: Option<(usize, usize)> = None;
        loop {
            if let Some((head, total)) = whole
                && filled >= total
            {
                let nanos = watch.nanos();
                let (head, body) = (self.room[..head].to_vec(), self.room[head..total].to_vec());
                return Ok(Answer { head, body, nanos });
            }
            if filled == self.room.len() {
                self.room.resize(filled * 2, 0);
            }
            let read = self.stream.read(&mut self.room[filled..])?;
            if read == 0 {
                return Err(Failure::Answer(format!("it ends after {filled} bytes")));
            }
            filled += read;
            if whole.is_none() {
                whole = length(&self.room[..filled])?;
            }
        }
    }

    /// Sends and waits.
    ///
    /// # Errors
    /// As the two.
    pub fn exchange(&mut self, request: &Request) -> Result<Answer, Failure> {
        let watch = self.send(request)?;
        self.receive(watch)
    }
}

/// Where the head ends and how long all of it is, once the head is complete.
fn length(bytes: &[u8]) -> Result<Option<(usize, usize)>, Failure> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut headers = head.lines().filter_map(|line| line.split_once(": "));
    let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let empty = head.split(' ').nth(1) == Some("204");
    let length: Option<usize> =
        length.and_then(|(_, value)| value.trim().parse().ok()).or(empty.then_some(0));
    let length = length.ok_or_else(|| Failure::Answer(format!("no length in `{head}`")))?;
    Ok(Some((end + 4, end + 4 + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(length(&answer[..20]).unwrap(), None);
        assert_eq!(length(answer).unwrap(), Some((38, 43)));
        assert_eq!(length(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap(), Some((27, 27)));
        assert!(length(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
