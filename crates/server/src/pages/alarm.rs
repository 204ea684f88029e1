//! `/a/{token}`: the page by which a protected person calls for help, from any telephone, without an account and without a script (G3, G8, G9).
//!
//! It looks like a reminder of an appointment; its two buttons raise an alarm and ask for a stop. Only a press (POST) does anything. Bytes,
//! headers and work are the same for every token, whether it is somebody's, nobody's or no token at all, and nothing here counts or logs a press.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use api::Language;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use covert::Sign;
use maud::{DOCTYPE, Markup, html};
use serde::{Deserialize, Serialize};
use types::Hash;

use super::asked::{Asked, tag};
use super::{ALARM, policy};
use crate::alarm_links::{Epochs, LINK_PATH, find};
use crate::http::{Failure, Http, Incoming, Size};

/// The longest of the page's texts, in bytes.
pub const ALARM_TEXT_BYTES_MAX: usize = 300;
/// What the second button sends; anything else that is posted is an alarm.
const STOP: &[u8] = b"do=2";

/// One text in two languages.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// In English.
    pub en: String,
    /// In French.
    pub fr: String,
}

impl Bilingual {
    fn new(en: &str, fr: &str) -> Self {
        Self { en: en.to_owned(), fr: fr.to_owned() }
    }

    fn pick(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::French => &self.fr,
        }
    }
}

/// What the page says: `[alarm_page]` of `rempart.toml`. Choose what nobody wonders at on the telephones of your people.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlarmTexts {
    /// The heading.
    pub title: Bilingual,
    /// Above the buttons.
    pub text: Bilingual,
    /// The button that raises an alarm.
    pub alarm: Bilingual,
    /// The button that asks for a stop.
    pub stop: Bilingual,
    /// After a press.
    pub done: Bilingual,
    /// When it could not be taken down.
    pub again: Bilingual,
}

impl Default for AlarmTexts {
    fn default() -> Self {
        Self {
            title: Bilingual::new("Your appointment", "Votre rendez-vous"),
            text: Bilingual::new("Please let us know.", "Merci de nous répondre."),
            alarm: Bilingual::new("Confirm", "Confirmer"),
            stop: Bilingual::new("Put off", "Reporter"),
            done: Bilingual::new("Thank you. We have noted your answer.", "Merci. Votre réponse est notée."),
            again: Bilingual::new(
                "Your answer could not be noted. Please try again.",
                "Votre réponse n'a pas pu être notée. Merci de réessayer.",
            ),
        }
    }
}

impl AlarmTexts {
    /// Whether every text says something, and not too much.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let texts = [&self.title, &self.text, &self.alarm, &self.stop, &self.done, &self.again];
        let sound = |text: &String| !text.trim().is_empty() && text.len() <= ALARM_TEXT_BYTES_MAX;
        texts.iter().all(|text| sound(&text.en) && sound(&text.fr))
    }
}

/// The page's texts, and where the numbers of links are.
#[derive(Clone, Debug, Default)]
pub struct AlarmPage {
    /// What it says.
    pub texts: AlarmTexts,
    /// The data folder; without one no link was ever renewed.
    pub folder: Option<PathBuf>,
    last: Arc<Mutex<Epochs>>,
}

impl AlarmPage {
    /// A page with these texts, for links of this data folder.
    #[must_use]
    pub fn new(texts: AlarmTexts, folder: Option<PathBuf>) -> Self {
        Self { texts, folder, last: Arc::default() }
    }

    /// Read anew at every press, so that a renewal counts at once; what was read last where the file is damaged.
    fn epochs(&self) -> Epochs {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = &self.folder {
            match Epochs::load(folder) {
                Ok(epochs) => *last = epochs,
                Err(error) => tracing::error!("the numbers of the links cannot be read: {error}"),
            }
        }
        last.clone()
    }
}

/// The page. Looking at it does nothing.
pub async fn show(State(http): State<Http>, asked: Asked) -> Response {
    let texts = &http.alarm_page.texts;
    let pick = |text: &Bilingual| text.pick(asked.language).to_owned();
    frame(
        &asked,
        texts,
        html! {
            p { (pick(&texts.text)) }
            form method="post" {
                p { button type="submit" name="do" value="1" { (pick(&texts.alarm)) } }
                p { button type="submit" name="do" value="2" { (pick(&texts.stop)) } }
            }
        },
    )
}

/// A press.
pub async fn press(State(http): State<Http>, asked: Asked, incoming: Incoming) -> Response {
    let own = http.clone();
    let pressed = http.detached(async move { own.pressed(incoming).await }).await;
    let texts = &http.alarm_page.texts;
    let (status, text) = match pressed {
        Ok(()) => (StatusCode::OK, &texts.done),
        Err(failure) => {
            let status = StatusCode::from_u16(failure.code().status());
            (status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE), &texts.again)
        }
    };
    (status, frame(&asked, texts, html! { p { (text.pick(asked.language)) } })).into_response()
}

fn frame(asked: &Asked, texts: &AlarmTexts, content: Markup) -> Response {
    let title = texts.title.pick(asked.language);
    let markup = html! {
        (DOCTYPE)
        html lang=(tag(asked.language)) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/assets/plain.css";
            }
            body {
                main {
                    h1 { (title) }
                    (content)
                    p { a href="?lang=en" lang="en" { "English" } " · " a href="?lang=fr" lang="fr" { "Français" } }
                }
            }
        }
    };
    let mut response = markup.into_string().into_response();
    policy::protect(response.headers_mut(), ALARM);
    response
}

impl Http {
    /// Counted before the token is looked at; from then on the same for every token, up to one durable write.
    async fn pressed(&self, incoming: Incoming) -> Result<(), Failure> {
        if !self.attempts.alarm(incoming.peer, self.now()) {
            return Err(crate::http::too_many());
        }
        let token =
            incoming.path.strip_prefix(LINK_PATH).unwrap_or_default().trim_start_matches('/').to_owned();
        let body = incoming.read(self, Size::Usual).await?;
        let alarm = body.as_slice() != STOP;
        let seed = Hash(self.entropy.draw());
        let own = self.clone();
        let found = tokio::task::spawn_blocking(move || {
            let epochs = own.alarm_page.epochs();
            let key = own.engine.secrets().alarm();
            own.engine.read(|state| find(key, &epochs, state.overt().policy()?, &token))
        });
        let sign = match found.await {
            Ok(Some(protected)) => Sign::Relative { protected, alarm, seed },
            Ok(None) => Sign::Nobody { seed },
            Err(_) => return Err(Failure::new(api::Code::Internal)),
        };
        Ok(self.engine.signal(sign).await?)
    }
}
