//! The little of an opened dossier that the police need, taken from what `rempart dossier open --json` prints (G9).
//!
//! Name, addresses, telephones, vehicles; never medical data, code words, relatives or notes.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use response::pack::{ContactData, PersonData};
use serde_json::Value;
use types::PersonId;
use zeroize::Zeroizing;

/// The most that an opened dossier prints, in bytes; a photograph is the largest part.
const OPENED_BYTES_MAX: u64 = 4 << 20;

/// Opened dossiers.
#[derive(Args, Debug)]
pub struct OpenedArgs {
    /// What `rempart dossier open … --json` printed; `-` reads it from the program before, so that nothing plain is left on disk.
    /// May be repeated
    #[arg(long = "dossier", value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl OpenedArgs {
    /// The people of those dossiers.
    pub fn read(&self) -> Result<Vec<PersonData>> {
        self.files.iter().map(|file| read(file)).collect()
    }
}

fn read(path: &Path) -> Result<PersonData> {
    let mut text = Zeroizing::new(String::new());
    let failed = || format!("`{}` cannot be read", path.display());
    if path == Path::new("-") {
        std::io::stdin().take(OPENED_BYTES_MAX).read_to_string(&mut text).with_context(failed)?;
    } else {
        let file = std::fs::File::open(path).with_context(failed)?;
        file.take(OPENED_BYTES_MAX).read_to_string(&mut text).with_context(failed)?;
    }
    let value: Value = serde_json::from_str(&text)
        .with_context(|| format!("`{}` is not what `rempart dossier open --json` prints", path.display()))?;
    from_opened(&value).with_context(|| format!("`{}`", path.display()))
}

/// The first packet that is what was asked for.
fn from_opened(value: &Value) -> Result<PersonData> {
    let packets = value.get("packets").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let Some(found) = packets.iter().find(|packet| packet.get("packet").is_some_and(Value::is_object)) else {
        bail!("there is no opened packet in it: look at its doubts first");
    };
    let whose =
        found.pointer("/binding/person").and_then(Value::as_str).context("it does not say whose it is")?;
    let packet = found.get("packet").unwrap_or(&Value::Null);
    let list = |name: &str| packet.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    Ok(PersonData {
        person: PersonId::parse(whose)?,
        name: packet.get("name").and_then(Value::as_str).map(line),
        addresses: joined(&list("address"), &["what", "lines", "access"]),
        telephones: joined(&list("telephone"), &["what", "number"]),
        vehicles: joined(&list("vehicle"), &["what", "plate"]),
    })
}

/// One line each, of the fields that are there.
fn joined(entries: &[Value], fields: &[&str]) -> Vec<String> {
    let one = |entry: &Value| {
        let parts = fields.iter().filter_map(|field| entry.get(field).and_then(Value::as_str).map(line));
        parts.collect::<Vec<_>>().join(", ")
    };
    entries.iter().map(one).filter(|text| !text.is_empty()).collect()
}

fn line(text: &str) -> String {
    response::inert(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Parses `PERSON=NAME, TELEPHONE`.
pub fn contact(text: &str) -> Result<ContactData, String> {
    let wrong = || "write PERSON=NAME, TELEPHONE, such as `bob=Bob Martin, +33 6 39 98 00 03`".to_owned();
    let (person, rest) = text.split_once('=').ok_or_else(wrong)?;
    let (name, telephone) = rest.rsplit_once(',').ok_or_else(wrong)?;
    let person = PersonId::parse(person).map_err(|error| error.to_string())?;
    let (name, telephone) = (name.trim().to_owned(), telephone.trim().to_owned());
    if name.is_empty() || telephone.is_empty() {
        return Err(wrong());
    }
    Ok(ContactData { person, name, telephone })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_the_police_need_is_taken() {
        let opened = json!({ "revisions": [], "packets": [
            { "binding": { "person": "alice" }, "doubts": ["old"], "packet": null },
            { "binding": { "person": "alice" }, "doubts": [], "packet": {
                "name": "Alice Example", "notes": "dog", "medical": { "conditions": "diabetes" },
                "words": { "distress": "ferns" }, "relative": [{ "name": "Mathilde" }],
                "address": [{ "what": "home", "lines": "1 rue de l'Exemple\n75000 Paris", "access": "code 0000" }],
                "telephone": [{ "number": "+33 1" }, {}], "vehicle": [{ "what": "grey car", "plate": "AA-000-AA" }]
            } }
        ] });
        let data = from_opened(&opened).unwrap();
        assert_eq!(data.person.as_str(), "alice");
        assert_eq!(data.name.as_deref(), Some("Alice Example"));
        assert_eq!(data.addresses, ["home, 1 rue de l'Exemple 75000 Paris, code 0000"]);
        assert_eq!(
            (data.telephones, data.vehicles),
            (vec!["+33 1".to_owned()], vec!["grey car, AA-000-AA".to_owned()])
        );
        let doubted = json!({ "packets": [{ "binding": { "person": "alice" }, "packet": null }] });
        assert!(from_opened(&doubted).is_err());
    }

    #[test]
    fn a_contact_is_a_person_a_name_and_a_number() {
        let data = contact("bob=Martin, Bob, +33 6 39 98 00 03").unwrap();
        assert_eq!((data.name.as_str(), data.telephone.as_str()), ("Martin, Bob", "+33 6 39 98 00 03"));
        for bad in ["bob", "bob=Bob", "b b=Bob, 1", "bob=,1", "bob=Bob,"] {
            assert!(contact(bad).is_err(), "{bad}");
        }
    }
}
