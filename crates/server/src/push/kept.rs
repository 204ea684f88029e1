//! Whose browsers are woken: a small file of its own, written whole, readable by its owner only (G9). Not in the journal, which forgets nothing:
//! an address at a push service names a device, and who switches this off must find it gone.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{PersonId, Timestamp};

/// The longest address of a browser at its push service, in bytes.
pub const ENDPOINT_BYTES_MAX: usize = 1024;
/// The most browsers of one person; beyond, the oldest goes.
pub const SUBSCRIPTIONS_PER_PERSON_MAX: usize = 8;
/// The most browsers in all.
pub const SUBSCRIPTIONS_MAX: usize = 4000;
/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;
const FILE_MODE: u32 = 0o600;

/// Why a browser is not woken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum SubscribeError {
    /// Not an address that can be asked.
    #[error("the endpoint is not an `https` address without user name and port")]
    NoAddress,
    /// Longer than any.
    #[error("the endpoint is longer than {ENDPOINT_BYTES_MAX} bytes")]
    TooLong,
    /// Not one of those that may be asked.
    #[error(
        "the endpoint's host is not a known push service: its operator can allow it in `rempart.toml` under `[push]`"
    )]
    Host,
    /// No room.
    #[error("more than {SUBSCRIPTIONS_MAX} browsers want to be woken: remove some")]
    TooMany,
}

/// One browser.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Browser {
    endpoint: String,
    since: Timestamp,
}

/// Everybody's browsers.
#[derive(Default)]
pub(super) struct Kept {
    file: Option<PathBuf>,
    by_person: BTreeMap<PersonId, Vec<Browser>>,
}

impl Kept {
    /// As a file has it; nothing when it cannot be read. Browsers subscribe again when their person next looks in.
    pub(super) fn load(file: Option<PathBuf>) -> Self {
        let by_person = file.as_deref().map(read).transpose().unwrap_or_else(|error| {
            tracing::warn!("subscriptions of browsers cannot be read, they start anew: {}", error.kind());
            None
        });
        Self { file, by_person: by_person.unwrap_or_default() }
    }

    pub(super) fn people(&self) -> Vec<PersonId> {
        self.by_person.keys().cloned().collect()
    }

    pub(super) fn endpoints(&self, person: &PersonId) -> Vec<String> {
        let browsers = self.by_person.get(person).map(Vec::as_slice).unwrap_or_default();
        browsers.iter().map(|browser| browser.endpoint.clone()).collect()
    }

    /// A browser is one person's: whoever signs in there last.
    pub(super) fn add(
        &mut self,
        person: &PersonId,
        endpoint: &str,
        now: Timestamp,
    ) -> Result<(), SubscribeError> {
        if self.endpoints(person).iter().any(|own| own == endpoint) {
            return Ok(());
        }
        self.take(None, endpoint);
        if self.by_person.values().map(Vec::len).sum::<usize>() >= SUBSCRIPTIONS_MAX {
            return Err(SubscribeError::TooMany);
        }
        let browsers = self.by_person.entry(person.clone()).or_default();
        if browsers.len() >= SUBSCRIPTIONS_PER_PERSON_MAX {
            browsers.remove(0);
        }
        browsers.push(Browser { endpoint: endpoint.to_owned(), since: now });
        self.write();
        Ok(())
    }

    /// Forgets a browser: this person's, or whoever's it is. Whether there was one.
    pub(super) fn remove(&mut self, person: Option<&PersonId>, endpoint: &str) -> bool {
        let found = self.take(person, endpoint);
        if found {
            self.write();
        }
        found
    }

    fn take(&mut self, person: Option<&PersonId>, endpoint: &str) -> bool {
        let mut found = false;
        for (own, browsers) in &mut self.by_person {
            if person.is_none_or(|person| person == own) {
                let before = browsers.len();
                browsers.retain(|browser| browser.endpoint != endpoint);
                found |= browsers.len() < before;
            }
        }
        self.by_person.retain(|_, browsers| !browsers.is_empty());
        found
    }

    fn write(&self) {
        let Some(file) = &self.file else { return };
        if let Err(error) = write_whole(file, &self.by_person) {
            tracing::warn!("subscriptions of browsers cannot be written: {}", error.kind());
        }
    }
}

fn read(path: &Path) -> io::Result<BTreeMap<PersonId, Vec<Browser>>> {
    let size = match path.metadata() {
        Ok(found) => found.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    if size > FILE_BYTES_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

/// All of it or nothing.
fn write_whole(path: &Path, content: &BTreeMap<PersonId, Vec<Browser>>) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(FILE_MODE).open(&beside)?;
    file.write_all(&serde_json::to_vec(content)?)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn person(name: &str) -> PersonId {
        PersonId::parse(name).unwrap()
    }

    const NOW: Timestamp = Timestamp::from_millis(0);

    #[test]
    fn a_browser_is_one_persons_and_outlives_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("push.json");
        let mut kept = Kept::load(Some(file.clone()));
        kept.add(&person("alice"), "one", NOW).unwrap();
        kept.add(&person("alice"), "two", NOW).unwrap();
        kept.add(&person("bob"), "one", NOW).unwrap();
        let again = Kept::load(Some(file.clone()));
        assert_eq!(again.endpoints(&person("alice")), ["two"]);
        assert_eq!(again.endpoints(&person("bob")), ["one"]);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, FILE_MODE);
        assert!(!kept.remove(Some(&person("alice")), "one"), "it is not hers any more");
        assert!(kept.remove(None, "one"));
        assert_eq!(Kept::load(Some(file.clone())).people(), [person("alice")]);
        assert!(!std::fs::read_to_string(&file).unwrap().contains("one"), "what is switched off is gone");
        std::fs::write(&file, "{").unwrap();
        assert!(Kept::load(Some(file)).people().is_empty());
    }

    #[test]
    fn the_oldest_of_too_many_goes() {
        let mut kept = Kept::default();
        for number in 0..=SUBSCRIPTIONS_PER_PERSON_MAX {
            kept.add(&person("alice"), &number.to_string(), NOW).unwrap();
        }
        assert_eq!(kept.endpoints(&person("alice")).len(), SUBSCRIPTIONS_PER_PERSON_MAX);
        assert_eq!(kept.endpoints(&person("alice"))[0], "1");
        for number in 0..SUBSCRIPTIONS_MAX {
            let _full = kept.add(&person(&format!("p{number}")), &format!("e{number}"), NOW);
        }
        assert_eq!(kept.add(&person("zoe"), "more", NOW), Err(SubscribeError::TooMany));
    }
}
