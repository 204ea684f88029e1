//! A stream of bytes cut into frames, with a bound: from a line feed to the next carriage return.

use thiserror::Error;

use crate::FRAME_BYTES_MAX;

const FIRST: u8 = b'\n';
const LAST: u8 = b'\r';

/// More bytes than a frame has, and no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no frame ends within {FRAME_BYTES_MAX} bytes")]
pub struct Overlong;

/// What came so far and is no frame yet.
#[derive(Default)]
pub struct Splitter {
    buffer: Vec<u8>,
}

impl Splitter {
    /// Takes bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, with both control characters. What stands before its line feed is dropped.
    ///
    /// # Errors
    /// [`Overlong`]: the connection is of no use any more.
    pub fn next_frame(&mut self) -> Result<Option<Vec<u8>>, Overlong> {
        loop {
            let Some(end) = self.buffer.iter().position(|byte| *byte == LAST) else {
                return if self.buffer.len() >= FRAME_BYTES_MAX { Err(Overlong) } else { Ok(None) };
            };
            let mut frame: Vec<u8> = self.buffer.drain(..=end).collect();
            // The last one: a frame has none inside, and what was cut off before is noise.
            let Some(begin) = frame.iter().rposition(|byte| *byte == FIRST) else { continue };
            if frame.len() - begin > FRAME_BYTES_MAX {
                return Err(Overlong);
            }
            return Ok(Some(frame.split_off(begin)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut splitter = Splitter::default();
        let mut found = Vec::new();
        for piece in pieces {
            splitter.push(piece);
            while let Some(frame) = splitter.next_frame().unwrap() {
                found.push(frame);
            }
        }
        found
    }

    #[test]
    fn frames_come_whole_however_they_were_cut() {
        assert_eq!(frames(&[b"\nab", b"c\r\nd", b"e\r"]), [b"\nabc\r".to_vec(), b"\nde\r".to_vec()]);
        assert_eq!(frames(&[b"noise\r\rnoise\nlost\nabc\r\n"]), [b"\nabc\r".to_vec()]);
        assert!(frames(&[b"\nabc"]).is_empty());
    }

    #[test]
    fn what_does_not_end_is_not_collected() {
        let mut splitter = Splitter::default();
        splitter.push(&vec![b'x'; FRAME_BYTES_MAX - 1]);
        assert_eq!(splitter.next_frame(), Ok(None));
        splitter.push(b"x");
        assert_eq!(splitter.next_frame(), Err(Overlong));
        let mut splitter = Splitter::default();
        splitter.push(&[b"\n", &vec![b'x'; FRAME_BYTES_MAX][..], b"\r"].concat());
        assert_eq!(splitter.next_frame(), Err(Overlong));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_cut_gives_the_same(text in "[ab\\n\\r]{0,60}", at in 0_usize..60) {
            let at = at.min(text.len());
            let (one, two) = text.as_bytes().split_at(at);
            prop_assert_eq!(frames(&[text.as_bytes()]), frames(&[one, two]));
        }
    }
}
