//! What a `deliver_sm` means: a delivery receipt, somebody's reply, or nothing for us. Everything in it was chosen outside, so it is
//! bounded and cleaned. Called by `session`.

use rusmpp_core::pdus::owned::DeliverSm;
use rusmpp_core::tlvs::owned::TlvValue;

use super::gsm;
use super::number::Number;
use crate::inbound::REPLY_TEXT_CHARS_MAX;

const MESSAGE_ID_CHARS_MAX: usize = 65;
const SENDER_CHARS_MAX: usize = 21;
const CLASS_TYPE: u8 = 0x3c;
const CLASS_RECEIPT: u8 = 0x04;
const CLASS_HEADER: u8 = 0x40;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Incoming {
    Receipt {
        message: String,
        delivered: bool,
    },
    Reply {
        from: String,
        text: String,
    },
    /// An acknowledgement or a state on the way: nothing that anybody waits for.
    Nothing,
}

pub(super) fn understand(sm: &DeliverSm) -> Incoming {
    let class = u8::from(sm.esm_class);
    match class & CLASS_TYPE {
        CLASS_RECEIPT => receipt(sm).unwrap_or(Incoming::Nothing),
        0 => Incoming::Reply { from: sender(sm), text: clean(&text(sm), REPLY_TEXT_CHARS_MAX) },
        _ => Incoming::Nothing,
    }
}

/// From the optional parameters of 3.4, or from the text that most providers write (3.4, appendix B).
fn receipt(sm: &DeliverSm) -> Option<Incoming> {
    let text = text(sm);
    let field = |name: &str| {
        text.split_whitespace().find_map(|word| word.strip_prefix(name)).filter(|value| !value.is_empty())
    };
    let named = sm.tlvs().iter().find_map(|tlv| match tlv.value() {
        Some(TlvValue::ReceiptedMessageId(id)) if !id.is_empty() => Some(id.as_str()),
        _ => None,
    });
    let message = named.or_else(|| field("id:"))?;
    let state = sm.tlvs().iter().find_map(|tlv| match tlv.value() {
        Some(TlvValue::MessageState(state)) => Some(u8::from(*state)),
        _ => None,
    });
    let delivered = match state {
        Some(state) => outcome(state),
        None => outcome_in_words(field("stat:")?),
    }?;
    Some(Incoming::Receipt { message: message_name(message), delivered })
}

/// A provider's name for a message, the same wherever it comes from: printable, without spaces.
pub(super) fn message_name(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(MESSAGE_ID_CHARS_MAX).collect()
}

/// Whether it arrived; nothing while it is on its way.
const fn outcome(state: u8) -> Option<bool> {
    match state {
        2 => Some(true),
        // Expired, deleted, undeliverable, unknown, rejected, skipped.
        3 | 4 | 5 | 7 | 8 | 9 => Some(false),
        _ => None,
    }
}

fn outcome_in_words(state: &str) -> Option<bool> {
    match state.to_ascii_uppercase().as_str() {
        "DELIVRD" => Some(true),
        "EXPIRED" | "DELETED" | "UNDELIV" | "UNKNOWN" | "REJECTD" | "FAILED" | "SKIPPED" => Some(false),
        _ => None,
    }
}

fn sender(sm: &DeliverSm) -> String {
    let text = sm.source_addr.as_str();
    match Number::parse(text) {
        Some(number) => format!("+{}", number.digits()),
        None => clean(text, SENDER_CHARS_MAX),
    }
}

/// The text, without a user data header.
fn text(sm: &DeliverSm) -> String {
    let payload = sm.tlvs().iter().find_map(|tlv| match tlv.value() {
        Some(TlvValue::MessagePayload(payload)) => Some(payload.value.as_ref()),
        _ => None,
    });
    let octets: &[u8] = payload.unwrap_or_else(|| sm.short_message().as_ref());
    let header = u8::from(sm.esm_class) & CLASS_HEADER != 0;
    let octets = if header { after_header(octets) } else { octets };
    match u8::from(sm.data_coding) {
        0 => gsm::from_septets(octets),
        8 => gsm::from_wide(octets),
        // Latin 1, of which ASCII is a part; what is binary becomes something harmless.
        _ => octets.iter().map(|octet| char::from(*octet)).collect(),
    }
}

fn after_header(octets: &[u8]) -> &[u8] {
    octets.split_first().and_then(|(length, rest)| rest.get(usize::from(*length)..)).unwrap_or_default()
}

/// One line of bounded length.
fn clean(text: &str, chars_max: usize) -> String {
    let spaced = text.chars().take(chars_max).map(|c| if c.is_control() { ' ' } else { c });
    spaced.collect::<String>().trim().to_owned()
}
