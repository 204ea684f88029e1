//! Reading contents of the journal for others, on the writer's thread, which alone has the journal.

use journal::Journal;

use super::error::EngineError;
use super::queue::{Fetch, Wanted};

pub fn answer(journal: &mut dyn Journal, fetches: Vec<Fetch>) {
    for fetch in fetches {
        let content = match fetch.wanted {
            Wanted::Content(hash) => journal.blob(&hash).map(|content| content.into_iter().collect()),
            Wanted::Wallet(wallet) => journal.wallet(&wallet),
        };
        let content = content.map_err(|error| {
            tracing::error!(code = error.code(), "a content of the journal cannot be read");
            EngineError::Unavailable(error.code())
        });
        (fetch.reply)(content);
    }
}
