//! What comes back through a channel: replies and receipts (G8). Shown in the timeline, never counted as an acknowledgement.
//!
//! The server gives one [`Inbound`] to the channels that can hear; today that is SMS ([`crate::SmsSettings`]).

use types::ChannelId;

/// How many digits a call-back code has that can be sent back.
pub const REPLY_CODE_DIGITS: usize = 6;
/// The longest reply that is handed on, in characters; the rest is cut off.
pub const REPLY_TEXT_CHARS_MAX: usize = 500;

/// Hears what comes back. Called on the channel's own thread: it must return soon and must not deliver anything itself.
///
/// Everything that it is given was chosen by somebody outside; lengths are bounded and control characters taken out. A sender's
/// number can be forged, so a reply proves nothing.
pub trait Inbound: Send + Sync {
    /// Somebody answered. `from` is `+` and digits where the network says so, otherwise what it said.
    fn replied(&self, channel: &ChannelId, from: &str, text: &str);

    /// What became of a message that was accepted earlier; `message` is one of those in [`crate::Receipt::answer`].
    fn receipt(&self, channel: &ChannelId, message: &str, delivered: bool);
}

/// The call-back code in a reply: the only word that is exactly six digits. With none or several there is no code.
#[must_use]
pub fn reply_code(text: &str) -> Option<String> {
    let mut codes = text.split(|c: char| !c.is_alphanumeric()).filter(|word| is_code(word));
    let code = codes.next()?;
    codes.next().is_none().then(|| code.to_owned())
}

fn is_code(word: &str) -> bool {
    word.len() == REPLY_CODE_DIGITS && word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_code_is_the_only_group_of_six_digits() {
        for text in ["123456", " 123456\r\n", "Reçu, code 123456. Merci", "ok 123456 at 10:30", "(123456)"] {
            assert_eq!(reply_code(text).as_deref(), Some("123456"), "{text}");
        }
        for text in [
            "",
            "ok",
            "12345",
            "1234567",
            "123 456",
            "123456 654321",
            "123456 123456",
            "x123456",
            "123456é",
            "١٢٣٤٥٦",
            "+33612345678",
        ] {
            assert_eq!(reply_code(text), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn whatever_is_written_gives_six_digits_or_nothing(text in ".{0,200}") {
            if let Some(code) = reply_code(&text) {
                prop_assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()));
                prop_assert!(text.contains(&code));
            }
        }
    }
}
