//! A CAP message as values: what we write, and what we need of what others write.

use quick_xml::escape::escape;
use types::Timestamp;

use super::schema::{check, parse_time};
use super::tree::{CAP_NAMESPACE, Node, Space, is_xml, parse};
use super::words::{CapStatus, Category, Certainty, MessageType, ResponseType, Scope, Severity, Urgency};
use super::{CAP_BYTES_MAX, CapError};

/// A CAP message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alert {
    /// Names it, together with the sender.
    pub identifier: String,
    /// Who sends it.
    pub sender: String,
    /// When, to the second.
    pub sent: Timestamp,
    /// Whether it is real.
    pub status: CapStatus,
    /// What it does to earlier ones.
    pub message_type: MessageType,
    /// For whom it is.
    pub scope: Scope,
    /// Whom it addresses, where it is private.
    pub addresses: Option<String>,
    /// Earlier ones that it concerns.
    pub references: Option<String>,
    /// To which incident it belongs.
    pub incidents: Option<String>,
    /// What it says, once in each language.
    pub infos: Vec<Info>,
}

/// What a CAP message says in one language.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Info {
    /// As RFC 3066 has it.
    pub language: String,
    /// What it is about.
    pub category: Vec<Category>,
    /// What happened.
    pub event: String,
    /// What to do.
    pub response: Vec<ResponseType>,
    /// How soon.
    pub urgency: Urgency,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub certainty: Certainty,
    /// In one line.
    pub headline: Option<String>,
    /// What to do, in words.
    pub instruction: Option<String>,
    /// Where to read on.
    pub web: Option<String>,
    /// Names with values.
    pub parameters: Vec<(String, String)>,
}

const LANGUAGE: &str = "en-US";

impl Alert {
    /// Reads a message, against the whole schema.
    ///
    /// # Errors
    /// [`CapError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CapError> {
        if bytes.len() > CAP_BYTES_MAX {
            return Err(CapError::Bounds("bytes"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| CapError::Character)?;
        let root = parse(text)?;
        check(&root)?;
        let alert = Self {
            identifier: text_of(&root, "identifier")?,
            sender: text_of(&root, "sender")?,
            sent: one(&root, "sent", parse_time)?,
            status: one(&root, "status", CapStatus::parse)?,
            message_type: one(&root, "msgType", MessageType::parse)?,
            scope: one(&root, "scope", Scope::parse)?,
            addresses: optional(&root, "addresses"),
            references: optional(&root, "references"),
            incidents: optional(&root, "incidents"),
            infos: all(&root, "info").map(Info::read).collect::<Result<_, _>>()?,
        };
        alert.check_names()?;
        Ok(alert)
    }

    /// The text of the message.
    ///
    /// # Errors
    /// [`CapError`], where a text has what XML or the standard does not allow.
    pub fn write(&self) -> Result<String, CapError> {
        self.check_names()?;
        let mut out =
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alert xmlns=\"{CAP_NAMESPACE}\">\n");
        element(&mut out, "identifier", &self.identifier);
        element(&mut out, "sender", &self.sender);
        element(&mut out, "sent", &write_time(self.sent));
        element(&mut out, "status", self.status.as_str());
        element(&mut out, "msgType", self.message_type.as_str());
        element(&mut out, "scope", self.scope.as_str());
        maybe(&mut out, "addresses", self.addresses.as_deref());
        maybe(&mut out, "references", self.references.as_deref());
        maybe(&mut out, "incidents", self.incidents.as_deref());
        self.infos.iter().for_each(|info| info.write(&mut out));
        out.push_str("</alert>\n");
        if !out.chars().all(is_xml) {
            return Err(CapError::Character);
        }
        if out.len() > CAP_BYTES_MAX { Err(CapError::Bounds("bytes")) } else { Ok(out) }
    }

    /// The standard's prose: both names without spaces, commas, `<` and `&`, so that they can be referred to.
    fn check_names(&self) -> Result<(), CapError> {
        let sound = |name: &str| {
            !name.is_empty()
                && !name.chars().any(|letter| letter.is_whitespace() || matches!(letter, ',' | '<' | '&'))
        };
        match (sound(&self.identifier), sound(&self.sender)) {
            (true, true) => Ok(()),
            (false, _) => Err(CapError::Value("identifier")),
            (true, false) => Err(CapError::Value("sender")),
        }
    }
}

impl Info {
    fn read(node: &Node) -> Result<Self, CapError> {
        let named = |node| Ok((text_of(node, "valueName")?, text_of(node, "value")?));
        Ok(Self {
            language: optional(node, "language")
                .filter(|text| !text.is_empty())
                .unwrap_or_else(|| LANGUAGE.to_owned()),
            category: words(node, "category", Category::parse)?,
            event: text_of(node, "event")?,
            response: words(node, "responseType", ResponseType::parse)?,
            urgency: one(node, "urgency", Urgency::parse)?,
            severity: one(node, "severity", Severity::parse)?,
            certainty: one(node, "certainty", Certainty::parse)?,
            headline: optional(node, "headline"),
            instruction: optional(node, "instruction"),
            web: optional(node, "web"),
            parameters: all(node, "parameter").map(named).collect::<Result<_, _>>()?,
        })
    }

    fn write(&self, out: &mut String) {
        out.push_str("<info>\n");
        element(out, "language", &self.language);
        self.category.iter().for_each(|word| element(out, "category", word.as_str()));
        element(out, "event", &self.event);
        self.response.iter().for_each(|word| element(out, "responseType", word.as_str()));
        element(out, "urgency", self.urgency.as_str());
        element(out, "severity", self.severity.as_str());
        element(out, "certainty", self.certainty.as_str());
        maybe(out, "headline", self.headline.as_deref());
        maybe(out, "instruction", self.instruction.as_deref());
        maybe(out, "web", self.web.as_deref());
        for (name, value) in &self.parameters {
            out.push_str("<parameter>\n");
            element(out, "valueName", name);
            element(out, "value", value);
            out.push_str("</parameter>\n");
        }
        out.push_str("</info>\n");
    }
}

fn element(out: &mut String, name: &str, text: &str) {
    // A bare carriage return would come back as a line feed.
    let text = escape(text).replace('\r', "&#13;");
    out.push_str(&format!("<{name}>{text}</{name}>\n"));
}

fn maybe(out: &mut String, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        element(out, name, text);
    }
}

/// The standard writes UTC as `-00:00`, and never `Z`.
fn write_time(at: Timestamp) -> String {
    let second = Timestamp::from_millis(at.as_millis().div_euclid(1000).saturating_mul(1000));
    second.to_string().replace('Z', "-00:00")
}

fn all<'a>(node: &'a Node, name: &'static str) -> impl Iterator<Item = &'a Node> {
    node.children.iter().filter(move |child| child.space == Space::Cap && child.name == name)
}

fn optional(node: &Node, name: &'static str) -> Option<String> {
    all(node, name).next().map(|child| child.text.clone())
}

fn text_of(node: &Node, name: &'static str) -> Result<String, CapError> {
    optional(node, name).ok_or(CapError::Missing(name))
}

fn one<T>(node: &Node, name: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<T, CapError> {
    let child = all(node, name).next().ok_or(CapError::Missing(name))?;
    read(&child.text).ok_or(CapError::Value(name))
}

fn words<T>(node: &Node, name: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, CapError> {
    all(node, name).map(|child| read(&child.text).ok_or(CapError::Value(name))).collect()
}
