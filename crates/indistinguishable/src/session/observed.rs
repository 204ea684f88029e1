//! What was seen of a session, and how two sessions differ. The recording is also where faults are planted: the controls.

use serde::{Deserialize, Serialize};

use super::client::Answer;
use crate::twin::orders::{Books, Chains};

/// The longest excerpt of a difference that is kept.
const EXCERPT_CHARS: usize = 240;

/// A channel that has to be the same to the last byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Channel {
    /// The status line.
    Status,
    /// The headers.
    Headers,
    /// The body.
    Body,
    /// How many answers, and records in the journal.
    Count,
    /// Sizes of files, records and slots.
    Size,
    /// Log lines and their order.
    Log,
}

/// A difference between twins.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Difference {
    /// In which pair of the chunk.
    pub pair: u32,
    /// Where.
    pub channel: Channel,
    /// What, both sides.
    pub detail: String,
}

/// A fault that the recording plants into the duress session, to see whether it is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Fault {
    /// 64 bytes more in the body of one answer.
    Padding,
    /// One more field in the body of one answer.
    Field,
    /// One more line in the log.
    LogLine,
}

/// One session as it was seen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// The answers, in order.
    pub answers: Vec<Answer>,
    /// Log and disk afterwards.
    pub books: Books,
}

impl Seen {
    /// Plants a fault at one answer.
    pub fn plant(&mut self, fault: Fault, at: usize) {
        let count = self.answers.len().max(1);
        match fault {
            Fault::Padding => {
                if let Some(answer) = self.answers.get_mut(at % count) {
                    answer.body.extend([b' '; 64]);
                }
            }
            Fault::Field => {
                let objects = self.answers.iter_mut().filter(|answer| answer.body.last() == Some(&b'}'));
                let mut objects: Vec<&mut Answer> = objects.collect();
                let count = objects.len().max(1);
                if let Some(answer) = objects.get_mut(at % count) {
                    answer.body.pop();
                    answer.body.extend(br#","note":1}"#);
                }
            }
            Fault::LogLine => self.books.log.push("INFO server: one more".to_owned()),
        }
    }
}

/// Everything in which two sessions differ.
#[must_use]
pub fn differences(pair: u32, one: &Seen, other: &Seen) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut note = |channel, equal: bool, detail: &dyn Fn() -> String| {
        if !equal {
            found.push(Difference { pair, channel, detail: detail() });
        }
    };
    note(Channel::Count, one.answers.len() == other.answers.len(), &|| "number of answers".to_owned());
    for (a, b) in one.answers.iter().zip(&other.answers) {
        let (a_lines, b_lines) = (split(&a.head), split(&b.head));
        note(Channel::Status, a_lines.0 == b_lines.0, &|| both(a_lines.0, b_lines.0));
        note(Channel::Headers, a_lines.1 == b_lines.1, &|| both(a_lines.1, b_lines.1));
        note(Channel::Body, a.body == b.body, &|| both(&a.body, &b.body));
    }
    let (a, b) = (&one.books, &other.books);
    note(Channel::Count, a.records == b.records, &|| format!("records: {} and {}", a.records, b.records));
    note(Channel::Size, a.files == b.files, &|| format!("{:?} and {:?}", a.files, b.files));
    note(Channel::Log, a.log == b.log, &|| first_line(&a.log, &b.log));
    found
}

/// Everything in which two journals differ.
#[must_use]
pub fn chain_differences(pair: u32, one: &Chains, other: &Chains) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut note = |channel, what: &str, equal: bool| {
        if !equal {
            found.push(Difference { pair, channel, detail: what.to_owned() });
        }
    };
    note(Channel::Count, "number of overt records", one.overt.len() == other.overt.len());
    note(Channel::Count, "number of covert slots", one.covert.len() == other.covert.len());
    note(Channel::Size, "times and sizes of overt records", one.overt == other.overt);
    note(Channel::Size, "times, places and sizes of covert slots", one.covert == other.covert);
    note(Channel::Log, "log lines of the end", one.log == other.log);
    found
}

fn split(head: &[u8]) -> (&[u8], &[u8]) {
    let end = head.iter().position(|byte| *byte == b'\r').unwrap_or(head.len());
    head.split_at(end)
}

fn both(one: &[u8], other: &[u8]) -> String {
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let start = same.saturating_sub(20);
    let excerpt = |bytes: &[u8]| -> String {
        let text = String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()).into_owned();
        text.chars().take(EXCERPT_CHARS).collect()
    };
    format!("from byte {same}: `{}` and `{}`", excerpt(one), excerpt(other))
}

fn first_line(one: &[String], other: &[String]) -> String {
    let longest = one.len().max(other.len());
    let at = (0..longest).find(|index| one.get(*index) != other.get(*index)).unwrap_or(0);
    format!("{} and {} lines; line {at}: {:?} and {:?}", one.len(), other.len(), one.get(at), other.get(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen() -> Seen {
        let answer = |body: &str| Answer {
            head: b"HTTP/1.1 200 OK\r\nDate: x\r\n\r\n".to_vec(),
            body: body.as_bytes().to_vec(),
            nanos: 5,
        };
        let books = Books { records: 3, files: vec![("journal.db".into(), 4096)], log: vec!["a".into()] };
        Seen { answers: vec![answer("{\"a\":1}"), answer("# figures")], books }
    }

    #[test]
    fn every_fault_is_found_and_times_are_not_compared() {
        let mut other = seen();
        other.answers[0].nanos = 9;
        assert_eq!(differences(1, &seen(), &other), []);
        for (fault, channel) in
            [(Fault::Padding, Channel::Body), (Fault::Field, Channel::Body), (Fault::LogLine, Channel::Log)]
        {
            for at in 0..4 {
                let mut planted = seen();
                planted.plant(fault, at);
                let found = differences(1, &seen(), &planted);
                assert!(found.len() == 1 && found[0].channel == channel, "{fault:?} {found:?}");
            }
        }
    }

    #[test]
    fn every_channel_can_differ() {
        let change = |change: &dyn Fn(&mut Seen)| {
            let mut other = seen();
            change(&mut other);
            differences(0, &seen(), &other).iter().map(|found| found.channel).collect::<Vec<_>>()
        };
        assert_eq!(change(&|seen| seen.answers[0].head[9] = b'4'), [Channel::Status]);
        assert_eq!(change(&|seen| seen.answers[1].head[24] = b'y'), [Channel::Headers]);
        assert_eq!(change(&|seen| seen.books.records = 4), [Channel::Count]);
        assert_eq!(change(&|seen| seen.books.files[0].1 = 4097), [Channel::Size]);
        assert_eq!(change(&|seen| drop(seen.answers.pop())), [Channel::Count]);
        let chains = Chains { overt: vec![(1, 2)], covert: vec![(1, 2, 3)], log: Vec::new() };
        let mut other = chains.clone();
        other.covert[0].2 = 4;
        assert_eq!(chain_differences(0, &chains, &other).len(), 1);
    }
}
