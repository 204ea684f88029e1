//! How age plug-ins (hardware keys) speak with the person at the terminal. Used by `seal` and `keys`.

use std::sync::Arc;

use age::secrecy::SecretString;
use zeroize::Zeroizing;

/// Someone at a terminal, or nobody.
pub trait Prompt: Send + Sync {
    /// Shows a message, such as "touch your key".
    fn say(&self, message: &str);
    /// Asks for a yes; `None` when nobody can answer.
    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool>;
    /// Asks for a text.
    fn ask(&self, message: &str) -> Option<String>;
    /// Asks for a secret, such as a PIN.
    fn secret(&self, message: &str) -> Option<Zeroizing<String>>;
}

/// Nobody: every question goes unanswered.
#[derive(Clone, Copy, Debug)]
pub struct NoPrompt;

impl Prompt for NoPrompt {
    fn say(&self, _message: &str) {}

    fn confirm(&self, _message: &str, _yes: &str, _no: Option<&str>) -> Option<bool> {
        None
    }

    fn ask(&self, _message: &str) -> Option<String> {
        None
    }

    fn secret(&self, _message: &str) -> Option<Zeroizing<String>> {
        None
    }
}

/// In the words of age.
#[derive(Clone)]
pub(crate) struct Asks(pub Arc<dyn Prompt>);

impl age::Callbacks for Asks {
    fn display_message(&self, message: &str) {
        self.0.say(message);
    }

    fn confirm(&self, message: &str, yes_string: &str, no_string: Option<&str>) -> Option<bool> {
        self.0.confirm(message, yes_string, no_string)
    }

    fn request_public_string(&self, description: &str) -> Option<String> {
        self.0.ask(description)
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        self.0.secret(description).map(|secret| SecretString::from(secret.to_string()))
    }
}
