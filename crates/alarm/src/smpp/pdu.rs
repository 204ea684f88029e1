//! SMPP 3.4 on the wire: cutting what came into PDUs, and making those that are sent. Bodies are the `rusmpp-core` codec's; heads are read
//! here first, so that even what the codec cannot read gets the answer that the standard asks for. Called by `session`.

use bytes::BytesMut;
use rusmpp_core::CommandStatus;
use rusmpp_core::command::owned::Command;
use rusmpp_core::decode::owned::DecodeWithLength;
use rusmpp_core::encode::{Encode, Length};
use rusmpp_core::pdus::owned::{DeliverSm, Pdu, SubmitSm};
use rusmpp_core::tlvs::owned::MessageSubmissionRequestTlvValue;
use rusmpp_core::types::owned::{AnyOctetString, COctetString, OctetString};
use rusmpp_core::values::owned::MessagePayload;
use rusmpp_core::values::{DataCoding, EsmClass, Npi, RegisteredDelivery, Ton};
use types::Secret;
use zeroize::Zeroizing;

use super::incoming::message_name;
use super::number::{Number, Source};
use super::parts::Alphabet;

/// The longest PDU that is read; receipts and replies need a tenth of it.
pub const SMPP_PDU_BYTES_MAX: usize = 8192;
const HEAD_BYTES: usize = 16;
const RESPONSE: u32 = 0x8000_0000;
const INTERFACE_VERSION: u8 = 0x34;

pub(super) const GENERIC_NACK: u32 = RESPONSE;
pub(super) const SUBMIT_SM: u32 = 0x04;
pub(super) const DELIVER_SM: u32 = 0x05;
pub(super) const UNBIND: u32 = 0x06;
pub(super) const BIND_TRANSCEIVER: u32 = 0x09;
pub(super) const OUTBIND: u32 = 0x0b;
pub(super) const ENQUIRE_LINK: u32 = 0x15;
pub(super) const ALERT_NOTIFICATION: u32 = 0x102;

/// What a request's answer is called.
pub(super) const fn answer_to(request: u32) -> u32 {
    request | RESPONSE
}

/// A PDU's head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    pub(super) id: u32,
    pub(super) status: u32,
    pub(super) sequence: u32,
}

impl Head {
    pub(super) const fn is_response(self) -> bool {
        self.id & RESPONSE != 0
    }
}

/// One PDU as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Frame {
    pub(super) head: Head,
    /// Without the length.
    bytes: Vec<u8>,
}

/// What stands at the beginning of a buffer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Cut {
    /// Not yet a whole PDU.
    Wait,
    Whole(Frame),
    /// A length that cannot be; what follows cannot be understood either.
    Impossible(Head),
}

/// Takes one PDU from the front.
pub(super) fn cut(buffer: &mut Vec<u8>) -> Cut {
    let Some((length, head)) = read_head(buffer) else { return Cut::Wait };
    if !(HEAD_BYTES..=SMPP_PDU_BYTES_MAX).contains(&length) {
        return Cut::Impossible(head);
    }
    if buffer.len() < length {
        return Cut::Wait;
    }
    let bytes = buffer.drain(..length).skip(4).collect();
    Cut::Whole(Frame { head, bytes })
}

fn read_head(buffer: &[u8]) -> Option<(usize, Head)> {
    let word = |at: usize| -> Option<u32> {
        let octets = buffer.get(at..at + 4)?;
        Some(u32::from_be_bytes(octets.try_into().ok()?))
    };
    let head = Head { id: word(4)?, status: word(8)?, sequence: word(12)? };
    Some((usize::try_from(word(0)?).unwrap_or(usize::MAX), head))
}

impl Frame {
    fn command(&self) -> Option<Command> {
        let mut bytes = BytesMut::from(self.bytes.as_slice());
        let length = bytes.len();
        Command::decode(&mut bytes, length).ok().map(|(command, _)| command)
    }

    /// Its content, when it is one and can be read.
    pub(super) fn deliver_sm(&self) -> Option<DeliverSm> {
        match self.command()?.pdu() {
            Some(Pdu::DeliverSm(sm)) => Some(sm.clone()),
            _ => None,
        }
    }

    /// The message id in the answer to a submission; empty when the answer has none.
    pub(super) fn message_id(&self) -> String {
        match self.command().as_ref().and_then(Command::pdu) {
            Some(Pdu::SubmitSmResp(response)) => message_name(response.message_id().as_str()),
            _ => String::new(),
        }
    }
}

/// Bytes to send; wiped after use, since one of them holds the password.
pub(super) type Bytes = Zeroizing<Vec<u8>>;

/// A PDU without a body.
pub(super) fn bare(id: u32, status: u32, sequence: u32) -> Bytes {
    with_body(id, status, sequence, &[])
}

/// The answer to `deliver_sm`, whose message id is always empty.
pub(super) fn delivered(status: u32, sequence: u32) -> Bytes {
    with_body(answer_to(DELIVER_SM), status, sequence, &[0])
}

fn with_body(id: u32, status: u32, sequence: u32, body: &[u8]) -> Bytes {
    let length = HEAD_BYTES + body.len();
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    for word in [u32::try_from(length).unwrap_or(u32::MAX), id, status, sequence] {
        bytes.extend(word.to_be_bytes());
    }
    bytes.extend(body);
    bytes
}

/// The sign-in. Written by hand: the codec would keep a copy of the password that nobody wipes.
pub(super) fn bind(system_id: &str, password: &Secret<Vec<u8>>, system_type: &str, sequence: u32) -> Bytes {
    let fields = [system_id.as_bytes(), password.reveal(), system_type.as_bytes()];
    let length = fields.iter().map(|field| field.len() + 1).sum::<usize>() + 4;
    let mut body = Zeroizing::new(Vec::with_capacity(length));
    for field in fields {
        body.extend(field);
        body.push(0);
    }
    // Which numbers are ours is the provider's to know: type, plan and range are left open.
    body.extend([INTERFACE_VERSION, 0, 0, 0]);
    with_body(BIND_TRANSCEIVER, 0, sequence, &body)
}

/// One short message.
pub(super) struct Submission<'a> {
    pub(super) source: &'a Source,
    pub(super) to: &'a Number,
    pub(super) alphabet: Alphabet,
    /// Whether a user data header stands before the text.
    pub(super) joined: bool,
    pub(super) octets: &'a [u8],
    /// In one piece, outside the field that holds at most 254 octets.
    pub(super) payload: bool,
}

impl Submission<'_> {
    /// As bytes; nothing when a field does not take its value.
    pub(super) fn encode(&self, sequence: u32) -> Option<Bytes> {
        // From numbers, not from the codec's names: its default class of message marks an acknowledgement.
        let class = if self.joined { 0x40 } else { 0x00 };
        let coding = match self.alphabet {
            Alphabet::Gsm => 0,
            Alphabet::Ucs2 => 8,
        };
        let mut sm = SubmitSm::builder()
            .source_addr_ton(Ton::from(self.source.ton))
            .source_addr_npi(Npi::from(self.source.npi))
            .source_addr(COctetString::from_string(self.source.text.clone()).ok()?)
            .dest_addr_ton(Ton::from(1))
            .dest_addr_npi(Npi::from(1))
            .destination_addr(COctetString::from_string(self.to.digits().to_owned()).ok()?)
            .esm_class(EsmClass::from(class))
            .registered_delivery(RegisteredDelivery::from(1))
            .data_coding(DataCoding::from(coding));
        if self.payload {
            let payload = MessagePayload::new(AnyOctetString::from_slice(self.octets));
            sm = sm.push_tlv(MessageSubmissionRequestTlvValue::MessagePayload(payload));
        } else {
            sm = sm.short_message(OctetString::from_slice(self.octets).ok()?);
        }
        Some(encode(&Command::new(CommandStatus::EsmeRok, sequence, sm.build())))
    }
}

fn encode(command: &Command) -> Bytes {
    let length = command.length();
    let mut bytes = Zeroizing::new(Vec::with_capacity(length + 4));
    bytes.extend(u32::try_from(length + 4).unwrap_or(u32::MAX).to_be_bytes());
    bytes.resize(length + 4, 0);
    if let Some(body) = bytes.get_mut(4..) {
        let _all = command.encode(body);
    }
    bytes
}
