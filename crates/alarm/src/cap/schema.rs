//! The standard's schema as tables: which elements stand in which, in which order, how many, with which values.

use types::Timestamp;

use super::tree::{Node, Space, is_blank};
use super::words::{CapStatus, Category, Certainty, MessageType, ResponseType, Scope, Severity, Urgency};
use super::{CAP_ELEMENTS_MAX, CapError};

/// An element that may stand somewhere.
struct Rule {
    name: &'static str,
    content: Content,
    least: usize,
    most: usize,
}

/// What stands in an element.
enum Content {
    Text,
    Words(&'static [&'static str]),
    Time,
    Language,
    Integer,
    Decimal,
    Elements(&'static [Rule]),
}

use Content::{Decimal, Elements, Integer, Language, Text, Time, Words};

const MANY: usize = CAP_ELEMENTS_MAX;

const fn one(name: &'static str, content: Content) -> Rule {
    Rule { name, content, least: 1, most: 1 }
}

const fn maybe(name: &'static str, content: Content) -> Rule {
    Rule { name, content, least: 0, most: 1 }
}

const fn any(name: &'static str, content: Content) -> Rule {
    Rule { name, content, least: 0, most: MANY }
}

static ALERT: [Rule; 14] = [
    one("identifier", Text),
    one("sender", Text),
    one("sent", Time),
    one("status", Words(CapStatus::WORDS)),
    one("msgType", Words(MessageType::WORDS)),
    maybe("source", Text),
    one("scope", Words(Scope::WORDS)),
    maybe("restriction", Text),
    maybe("addresses", Text),
    any("code", Text),
    maybe("note", Text),
    maybe("references", Text),
    maybe("incidents", Text),
    any("info", Elements(&INFO)),
];

static INFO: [Rule; 21] = [
    maybe("language", Language),
    Rule { name: "category", content: Words(Category::WORDS), least: 1, most: MANY },
    one("event", Text),
    any("responseType", Words(ResponseType::WORDS)),
    one("urgency", Words(Urgency::WORDS)),
    one("severity", Words(Severity::WORDS)),
    one("certainty", Words(Certainty::WORDS)),
    maybe("audience", Text),
    any("eventCode", Elements(&NAMED)),
    maybe("effective", Time),
    maybe("onset", Time),
    maybe("expires", Time),
    maybe("senderName", Text),
    maybe("headline", Text),
    maybe("description", Text),
    maybe("instruction", Text),
    maybe("web", Text),
    maybe("contact", Text),
    any("parameter", Elements(&NAMED)),
    any("resource", Elements(&RESOURCE)),
    any("area", Elements(&AREA)),
];

static NAMED: [Rule; 2] = [one("valueName", Text), one("value", Text)];

static RESOURCE: [Rule; 6] = [
    one("resourceDesc", Text),
    one("mimeType", Text),
    maybe("size", Integer),
    maybe("uri", Text),
    maybe("derefUri", Text),
    maybe("digest", Text),
];

static AREA: [Rule; 6] = [
    one("areaDesc", Text),
    any("polygon", Text),
    any("circle", Text),
    any("geocode", Elements(&NAMED)),
    maybe("altitude", Decimal),
    maybe("ceiling", Decimal),
];

/// Whether a document is a CAP message.
pub fn check(root: &Node) -> Result<(), CapError> {
    if root.space != Space::Cap || root.name != "alert" {
        return Err(CapError::Unexpected(root.name.clone()));
    }
    check_elements(root, &ALERT, true)
}

fn check_elements(node: &Node, rules: &'static [Rule], may_be_signed: bool) -> Result<(), CapError> {
    if !is_blank(&node.text) {
        return Err(CapError::Unexpected("text between elements".into()));
    }
    let mut children = node.children.iter().peekable();
    for rule in rules {
        let is_it = |child: &&Node| child.space == Space::Cap && child.name == rule.name;
        let mut count = 0;
        while count < rule.most
            && let Some(child) = children.next_if(is_it)
        {
            check_content(child, rule)?;
            count += 1;
        }
        if count < rule.least {
            return Err(CapError::Missing(rule.name));
        }
    }
    let foreign = children.find(|child| !(may_be_signed && child.space == Space::Signature));
    foreign.map_or(Ok(()), |child| Err(CapError::Unexpected(child.name.clone())))
}

fn check_content(node: &Node, rule: &Rule) -> Result<(), CapError> {
    if let Elements(rules) = rule.content {
        return check_elements(node, rules, false);
    }
    if let Some(child) = node.children.first() {
        return Err(CapError::Unexpected(child.name.clone()));
    }
    let text = node.text.as_str();
    let fits = match rule.content {
        Text | Elements(_) => true,
        Words(words) => words.contains(&text),
        Time => parse_time(text).is_some(),
        Language => is_language(trimmed(text)),
        Integer => is_integer(trimmed(text)),
        Decimal => is_decimal(trimmed(text)),
    };
    if fits { Ok(()) } else { Err(CapError::Value(rule.name)) }
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// `2026-11-20T09:30:00+01:00`: whole seconds and an offset in digits, no more than fourteen hours.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let text = trimmed(text);
    let form = b"dddd-dd-ddTdd:dd:ddsdd:dd";
    let fits = |(byte, form): (u8, &u8)| match form {
        b'd' => byte.is_ascii_digit(),
        b's' => matches!(byte, b'+' | b'-'),
        other => byte == *other,
    };
    let in_form = text.len() == form.len() && text.bytes().zip(form).all(fits);
    let (second, offset) = (text.get(17..19)?, text.get(20..25)?);
    let bounded = second < "60" && offset <= "14:00" && text.get(23..25)? < "60";
    if in_form && bounded { Timestamp::parse(text).ok() } else { None }
}

/// Empty means the standard's default.
fn is_language(text: &str) -> bool {
    let part = |(index, part): (usize, &str)| {
        let letters =
            part.bytes().all(|byte| byte.is_ascii_alphabetic() || index > 0 && byte.is_ascii_digit());
        (1..=8).contains(&part.len()) && letters
    };
    text.is_empty() || text.split('-').enumerate().all(part)
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_decimal(text: &str) -> bool {
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(part) && !(whole.is_empty() && part.is_empty())
}
