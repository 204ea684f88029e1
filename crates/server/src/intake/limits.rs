//! What is remembered of one panel for a short time: which frames were acknowledged, and how many became signs.
//!
//! INVARIANT (G8): only what is durable is remembered, so that nothing is ever acknowledged in the place of a sign that was not written down.

use std::collections::VecDeque;

use dc09::Sequence;
use types::{Hash, Span, Timestamp};

/// So many signs within [`SAME_PRESS_WINDOW`] are written down; further ones are taken as the same press.
pub const SIGNS_PER_WINDOW_MAX: usize = 6;
/// How long signs count together.
pub const SAME_PRESS_WINDOW: Span = Span::from_seconds(60);
/// How long a frame is known again: longer than its time may be believed.
const REMEMBERED: Span = Span::from_seconds(120);

/// A frame or a message that became a sign.
struct Written {
    mark: Hash,
    sequence: Option<Sequence>,
    at: Timestamp,
}

/// What a frame is to one that came before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Earlier {
    /// Never seen.
    New,
    /// The same again: its answer was lost.
    Repeat,
    /// What was sealed then, under another number: nobody does that who has the key.
    Replay,
    /// New, and one of too many: the same press.
    SamePress,
}

/// The memory of one panel.
#[derive(Default)]
pub struct Recent {
    written: VecDeque<Written>,
}

impl Recent {
    /// What came before.
    pub fn earlier(&self, mark: Hash, sequence: Option<Sequence>, now: Timestamp) -> Earlier {
        if let Some(known) = self.written.iter().find(|known| known.mark == mark) {
            return if known.sequence == sequence { Earlier::Repeat } else { Earlier::Replay };
        }
        let within = |known: &&Written| now < known.at.after(SAME_PRESS_WINDOW) && known.at <= now;
        if self.written.iter().filter(within).count() >= SIGNS_PER_WINDOW_MAX {
            Earlier::SamePress
        } else {
            Earlier::New
        }
    }

    /// It is durable.
    pub fn written(&mut self, mark: Hash, sequence: Option<Sequence>, now: Timestamp, remembered: Span) {
        let kept = remembered.max(REMEMBERED);
        self.written.retain(|known| now < known.at.after(kept) && known.at <= now.after(kept));
        self.written.push_back(Written { mark, sequence, at: now });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::hash_parts;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + seconds * 1000)
    }

    fn mark(number: u8) -> Hash {
        hash_parts("mark", &[&[number]])
    }

    #[test]
    fn a_repeat_is_known_by_its_number_and_a_replay_by_another() {
        let mut recent = Recent::default();
        let one = Sequence::new(1);
        assert_eq!(recent.earlier(mark(1), one, at(0)), Earlier::New);
        recent.written(mark(1), one, at(0), Span::ZERO);
        assert_eq!(recent.earlier(mark(1), one, at(5)), Earlier::Repeat);
        assert_eq!(recent.earlier(mark(1), Sequence::new(2), at(5)), Earlier::Replay);
        recent.written(mark(2), one, at(121), Span::ZERO);
        assert_eq!(recent.earlier(mark(1), one, at(121)), Earlier::New, "forgotten");
    }

    #[test]
    fn a_flood_is_one_press_and_the_first_alarm_after_it_is_not() {
        let mut recent = Recent::default();
        for number in 0..SIGNS_PER_WINDOW_MAX {
            assert_eq!(recent.earlier(mark(number as u8), None, at(number as i64)), Earlier::New);
            recent.written(mark(number as u8), None, at(number as i64), Span::ZERO);
        }
        assert_eq!(recent.earlier(mark(99), None, at(10)), Earlier::SamePress);
        assert_eq!(recent.earlier(mark(99), None, at(59)), Earlier::SamePress);
        assert_eq!(recent.earlier(mark(99), None, at(60)), Earlier::New);
        assert_eq!(
            recent.earlier(mark(99), None, at(-600)),
            Earlier::New,
            "a clock that went back drops no alarm"
        );
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut recent = Recent::default();
        for second in 0..2000 {
            recent.written(hash_parts("mark", &[&i64::to_be_bytes(second)]), None, at(second), Span::ZERO);
        }
        assert!(recent.written.len() <= 121);
    }
}
