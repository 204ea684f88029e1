//! XML to a small tree, with bounds, and nothing of XML that a message does not need: no document type, no instructions, no entities of one's own.

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

use super::{CAP_BYTES_MAX, CAP_DEPTH_MAX, CAP_ELEMENTS_MAX, CapError};

/// The namespace of CAP 1.2.
pub const CAP_NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";
const SIGNATURE_NAMESPACE: &str = "http://www.w3.org/2000/09/xmldsig#";
const SCHEMA_LOCATION: &str = "xsi:schemaLocation";

/// Where an element's name comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Space {
    /// CAP 1.2.
    Cap,
    /// An XML signature, which is carried and not looked at.
    Signature,
}

/// An element.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    pub space: Space,
    pub name: String,
    /// All text directly in it.
    pub text: String,
    pub children: Vec<Node>,
}

/// The one element of a document.
pub fn parse(text: &str) -> Result<Node, CapError> {
    if text.len() > CAP_BYTES_MAX {
        return Err(CapError::Bounds("bytes"));
    }
    if !text.chars().all(is_xml) {
        return Err(CapError::Character);
    }
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_comments = true;
    reader.config_mut().expand_empty_elements = true;
    let mut builder = Builder::default();
    loop {
        let (resolved, event) = reader.read_resolved_event().map_err(|error| xml(&error))?;
        let space = space_of(&resolved);
        match event {
            Event::Start(start) => builder.start(space?, &start)?,
            Event::End(_) => builder.end()?,
            Event::Text(text) => builder.text(&text.xml10_content())?,
            Event::CData(text) => builder.text(&text.xml10_content())?,
            Event::GeneralRef(name) => builder.text(reference(&name)?.encode_utf8(&mut [0; 4]))?,
            Event::Comment(_) => {}
            Event::Decl(declaration) => builder.declaration(&declaration)?,
            Event::DocType(_) => return Err(CapError::Forbidden("document types")),
            Event::PI(_) => return Err(CapError::Forbidden("processing instructions")),
            Event::Empty(_) => return Err(CapError::Forbidden("unexpanded elements")),
            Event::Eof => return builder.finish(),
        }
    }
}

#[derive(Default)]
struct Builder {
    open: Vec<Node>,
    root: Option<Node>,
    elements: usize,
    /// Whether anything came before.
    begun: bool,
}

impl Builder {
    fn start(&mut self, space: Space, start: &BytesStart<'_>) -> Result<(), CapError> {
        self.begun = true;
        self.elements += 1;
        if self.elements > CAP_ELEMENTS_MAX {
            return Err(CapError::Bounds("elements"));
        }
        if self.open.len() >= CAP_DEPTH_MAX {
            return Err(CapError::Bounds("levels"));
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(CapError::Xml("more than one element outside".into()));
        }
        check_attributes(space, start, self.open.is_empty())?;
        let name = start.local_name().into_inner().to_owned();
        self.open.push(Node { space, name, text: String::new(), children: Vec::new() });
        Ok(())
    }

    fn end(&mut self) -> Result<(), CapError> {
        let node = self.open.pop().ok_or_else(|| CapError::Xml("an end without a beginning".into()))?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(node),
            None => self.root = Some(node),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), CapError> {
        self.begun = true;
        match self.open.last_mut() {
            Some(node) => node.text.push_str(text),
            None if is_blank(text) => {}
            None => return Err(CapError::Xml("text outside of the message".into())),
        }
        Ok(())
    }

    fn declaration(&mut self, declaration: &quick_xml::events::BytesDecl<'_>) -> Result<(), CapError> {
        if std::mem::replace(&mut self.begun, true) {
            return Err(CapError::Xml("a declaration that is not at the beginning".into()));
        }
        let version = declaration.version().map_err(|error| xml(&error))?;
        let encoding = declaration.encoding().transpose().map_err(|error| xml(&error))?;
        let is_utf8 = encoding.is_none_or(|name| name.eq_ignore_ascii_case("utf-8"));
        if version == "1.0" && is_utf8 {
            Ok(())
        } else {
            Err(CapError::Forbidden("versions and encodings but 1.0 and UTF-8"))
        }
    }

    fn finish(self) -> Result<Node, CapError> {
        match self.root {
            Some(root) if self.open.is_empty() => Ok(root),
            _ => Err(CapError::Xml("it ends too early".into())),
        }
    }
}

/// Names of namespaces, and on the message itself where its schema is. A signature has attributes of its own.
fn check_attributes(space: Space, start: &BytesStart<'_>, is_root: bool) -> Result<(), CapError> {
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| xml(&error))?;
        if attribute.value.contains('<') {
            return Err(CapError::Xml("`<` in an attribute".into()));
        }
        let name = attribute.key.into_inner();
        let declares = name == "xmlns" || name.starts_with("xmlns:");
        if !declares && space == Space::Cap && !(is_root && name == SCHEMA_LOCATION) {
            return Err(CapError::Forbidden("attributes"));
        }
    }
    Ok(())
}

fn space_of(resolved: &ResolveResult<'_>) -> Result<Space, CapError> {
    match resolved {
        ResolveResult::Bound(Namespace(CAP_NAMESPACE)) => Ok(Space::Cap),
        ResolveResult::Bound(Namespace(SIGNATURE_NAMESPACE)) => Ok(Space::Signature),
        _ => Err(CapError::Forbidden("elements of other namespaces than that of CAP 1.2")),
    }
}

fn reference(name: &quick_xml::events::BytesRef<'_>) -> Result<char, CapError> {
    if let Some(letter) = name.resolve_char_ref().map_err(|error| xml(&error))? {
        return if is_xml(letter) { Ok(letter) } else { Err(CapError::Character) };
    }
    match &**name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => Err(CapError::Forbidden("entities of one's own")),
    }
}

/// What XML 1.0 calls a character.
pub const fn is_xml(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Nothing but what XML calls white space.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|letter| matches!(letter, ' ' | '\t' | '\n' | '\r'))
}

fn xml(error: &dyn std::fmt::Display) -> CapError {
    CapError::Xml(crate::connection::shorten(&error.to_string()))
}
