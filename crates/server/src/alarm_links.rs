//! The links by which protected people call for help without an account (G8, G9).
//!
//! A link's token is a keyed code over the person's name and a number that grows with each renewal, so that the database alone gives no link
//! away. Tokens are compared with those of all protected people, in the same time whether one fits or none does.
//! Called by the alarm page, and by `rempart alarm-link`, which prints links.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use policy::Policy;
use sha2::Sha256;
use subtle::{ConditionallySelectable, ConstantTimeEq};
use thiserror::Error;
use types::{ProtectedId, Secret};

/// The length of a token in bytes: nobody guesses one of 2^80, and a person can still type it.
pub const TOKEN_BYTES: usize = 10;
/// Under which the links stand.
pub const LINK_PATH: &str = "/a";
/// The file with the numbers, in the data folder.
pub const EPOCHS_FILE: &str = "alarm-links.toml";

const DOMAIN: &[u8] = b"rempart/alarm-link/v1\0";
/// Crockford's: no letter that looks like another or like a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const SYMBOLS: usize = TOKEN_BYTES * 8 / 5;
const GROUP: usize = 4;

/// A token.
type Token = [u8; TOKEN_BYTES];

/// Why the numbers of links cannot be read or written.
#[derive(Debug, Error)]
pub enum EpochsError {
    /// The file cannot be read or written.
    #[error("`{path}`: {1}", path = .0.display())]
    File(PathBuf, #[source] std::io::Error),
    /// Not what this program wrote.
    #[error("`{path}` is not a list of names with numbers: {1}", path = .0.display())]
    Malformed(PathBuf, #[source] Box<toml::de::Error>),
    /// No further renewal.
    #[error("this link was renewed too often")]
    Exhausted,
}

/// How often each protected person's link was renewed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Epochs(BTreeMap<ProtectedId, u32>);

impl Epochs {
    /// Those of a data folder; none renewed when there is no file.
    ///
    /// # Errors
    /// [`EpochsError`].
    pub fn load(folder: &Path) -> Result<Self, EpochsError> {
        let path = folder.join(EPOCHS_FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let malformed = |error| EpochsError::Malformed(path, Box::new(error));
                toml::from_str(&text).map(Self).map_err(malformed)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(EpochsError::File(path, error)),
        }
    }

    /// Makes the links that a person has so far worthless.
    ///
    /// # Errors
    /// [`EpochsError`].
    pub fn renew(folder: &Path, protected: &ProtectedId) -> Result<Self, EpochsError> {
        let mut epochs = Self::load(folder)?;
        let epoch = epochs.0.entry(protected.clone()).or_insert(0);
        *epoch = epoch.checked_add(1).ok_or(EpochsError::Exhausted)?;
        epochs.save(&folder.join(EPOCHS_FILE))?;
        Ok(epochs)
    }

    fn save(&self, path: &Path) -> Result<(), EpochsError> {
        let failed = |error| EpochsError::File(path.to_owned(), error);
        let lines = self.0.iter().map(|(id, epoch)| format!("\"{id}\" = {epoch}\n"));
        let fresh = path.with_extension("new");
        let mut file = std::fs::File::create(&fresh).map_err(failed)?;
        file.write_all(lines.collect::<String>().as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&fresh, path).map_err(failed)
    }

    fn of(&self, protected: &ProtectedId) -> u32 {
        self.0.get(protected).copied().unwrap_or(0)
    }
}

/// The path of a protected person's link, as it is printed.
#[must_use]
pub fn link_path(key: &Secret<[u8; 32]>, epochs: &Epochs, protected: &ProtectedId) -> String {
    format!("{LINK_PATH}/{}", written(&token(key, epochs, protected)))
}

/// Whose link this is. Every protected person of the policy is tried, whatever comes of it.
#[must_use]
pub fn find(key: &Secret<[u8; 32]>, epochs: &Epochs, policy: &Policy, text: &str) -> Option<ProtectedId> {
    let (given, is_token) = read(text);
    let mut found = u64::MAX;
    for (index, protected) in (0..).zip(policy.protected_people()) {
        let same = token(key, epochs, &protected.id).ct_eq(&given);
        found.conditional_assign(&index, same);
    }
    let found = usize::try_from(found).ok().and_then(|index| policy.protected_people().get(index));
    found.filter(|_| is_token).map(|protected| protected.id.clone())
}

fn token(key: &Secret<[u8; 32]>, epochs: &Epochs, protected: &ProtectedId) -> Token {
    let mut token = [0; TOKEN_BYTES];
    // A key of any length is taken.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.reveal()) {
        mac.update(DOMAIN);
        mac.update(&epochs.of(protected).to_be_bytes());
        mac.update(protected.as_str().as_bytes());
        let code = mac.finalize().into_bytes();
        token.iter_mut().zip(code).for_each(|(byte, code)| *byte = code);
    }
    token
}

fn written(token: &Token) -> String {
    let mut text = String::with_capacity(SYMBOLS + SYMBOLS / GROUP);
    let (mut bits, mut held) = (0u32, 0u32);
    let mut symbols = 0;
    for byte in token {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            let symbol = ALPHABET.get(((bits >> held) & 31) as usize).copied().unwrap_or(b'0');
            if symbols > 0 && symbols % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(symbol));
            symbols += 1;
        }
    }
    text
}

/// Forgives case, hyphens and letters that look like digits. What is no token is read as some token, and said not to be one.
fn read(text: &str) -> (Token, bool) {
    let (mut token, mut bits, mut held, mut at) = ([0; TOKEN_BYTES], 0u32, 0u32, 0);
    let (mut symbols, mut known) = (0, true);
    for letter in text.bytes().filter(|letter| *letter != b'-').take(SYMBOLS + 1) {
        let letter = match letter.to_ascii_lowercase() {
            b'o' => b'0',
            b'i' | b'l' => b'1',
            other => other,
        };
        let value = ALPHABET.iter().position(|symbol| *symbol == letter);
        known &= value.is_some();
        symbols += 1;
        bits = (bits << 5) | u32::try_from(value.unwrap_or(0)).unwrap_or(0);
        held += 5;
        if held >= 8 {
            held -= 8;
            if let Some(byte) = token.get_mut(at) {
                *byte = u8::try_from((bits >> held) & 0xff).unwrap_or(0);
            }
            at += 1;
        }
    }
    (token, known && symbols == SYMBOLS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::Source;

    fn policy(people: usize) -> Policy {
        let rules = include_str!("../../../examples/startup/rules.toml");
        let mut register = include_str!("../../../examples/startup/register.toml").to_owned();
        for number in 0..people {
            register.push_str(&format!("\n[[protected]]\nid = \"relative-{number}\"\nof = [\"omar\"]\n"));
        }
        let source = |name: &str, text: &str| Source { name: name.into(), text: text.into() };
        policy::load(&[source("rules", rules), source("register", &register)]).policy.expect("a valid policy")
    }

    fn key() -> Secret<[u8; 32]> {
        Secret::new([7; 32])
    }

    fn id(number: usize) -> ProtectedId {
        ProtectedId::parse(&format!("relative-{number}")).unwrap()
    }

    fn token_of(epochs: &Epochs, number: usize) -> String {
        link_path(&key(), epochs, &id(number)).strip_prefix("/a/").unwrap().to_owned()
    }

    #[test]
    fn a_link_finds_its_person_and_no_other() {
        let (policy, epochs) = (policy(5), Epochs::default());
        for number in 0..5 {
            let token = token_of(&epochs, number);
            assert_eq!(token.len(), 19, "{token}");
            let find = |text: &str| find(&key(), &epochs, &policy, text);
            assert_eq!(find(&token), Some(id(number)));
            assert_eq!(find(&token.to_uppercase().replace('-', "")), Some(id(number)), "as people type");
            assert_eq!(find(&token.replace('1', "l").replace('0', "O")), Some(id(number)));
            for position in 0..19 {
                let mut wrong = token.clone().into_bytes();
                wrong[position] = if wrong[position] == b'7' { b'8' } else { b'7' };
                let wrong = String::from_utf8(wrong).unwrap();
                assert_eq!(find(&wrong), None, "{wrong}");
            }
            assert_eq!(find(&token[..18]), None);
            assert_eq!(find(&format!("{token}0")), None);
        }
        assert_eq!(find(&key(), &epochs, &policy, ""), None);
        let zeroes = "0".repeat(16);
        assert_eq!(find(&key(), &epochs, &policy, &zeroes), None);
        let other = Secret::new([8; 32]);
        assert_eq!(find(&other, &epochs, &policy, &token_of(&epochs, 0)), None);
    }

    #[test]
    fn a_renewal_makes_the_old_link_worthless_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let policy = policy(2);
        let before = Epochs::load(folder.path()).unwrap();
        let [old, others] = [token_of(&before, 0), token_of(&before, 1)];
        let after = Epochs::renew(folder.path(), &id(0)).unwrap();
        assert_eq!(after, Epochs::load(folder.path()).unwrap());
        let find = |text: &str| find(&key(), &after, &policy, text);
        assert_eq!(find(&old), None);
        assert_eq!(find(&token_of(&after, 0)), Some(id(0)));
        assert_eq!(find(&others), Some(id(1)));
        std::fs::write(folder.path().join(EPOCHS_FILE), "relative-0 = \"x\"").unwrap();
        assert!(matches!(Epochs::load(folder.path()), Err(EpochsError::Malformed(..))));
    }
}
