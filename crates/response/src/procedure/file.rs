//! `procedures.toml`: an organisation's own words and steps over the built-in ones. What a file does not name stays built in.

use serde::Deserialize;
use thiserror::Error;

use super::kind::Kind;
use super::step::{Role, Step, When, Words};
use super::{Procedures, STEP_ID_BYTES_MAX};

/// The file's name in the server's data folder.
pub const PROCEDURES_FILE: &str = "procedures.toml";
/// The largest file, in bytes.
pub const PROCEDURES_BYTES_MAX: usize = 256 * 1024;
/// The most steps of one procedure.
pub const PROCEDURE_STEPS_MAX: usize = 64;
/// The longest text of a step, in bytes.
pub const STEP_TEXT_BYTES_MAX: usize = 400;
/// The latest minute of a step: a week.
pub const STEP_MINUTE_MAX: u32 = 7 * 24 * 60;

/// Why a file of procedures is not used.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ProceduresError {
    /// Too large.
    #[error("`{PROCEDURES_FILE}` is larger than {PROCEDURES_BYTES_MAX} bytes: shorten its texts")]
    TooLarge,
    /// Not TOML, or a key that is not known.
    #[error("`{PROCEDURES_FILE}` is not valid at line {line}, column {column}: {message}")]
    Malformed {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// One step is wrong.
    #[error("step `{step}` of `{kind}`: {fault}")]
    Step {
        /// Of which procedure.
        kind: Kind,
        /// Which step.
        step: String,
        /// What is wrong.
        fault: StepFault,
    },
    /// Too many steps.
    #[error("`{0}` has more than {PROCEDURE_STEPS_MAX} steps: nobody works through so many")]
    TooMany(Kind),
}

/// What is wrong with a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum StepFault {
    /// Not a name.
    #[error("an id is 1 to {STEP_ID_BYTES_MAX} lower-case letters, digits and single `-`")]
    Id,
    /// Named twice.
    #[error("it stands twice in the file: keep one")]
    Twice,
    /// A text that is empty, too long or has control characters.
    #[error(
        "a text is empty, longer than {STEP_TEXT_BYTES_MAX} bytes or has control characters: write one plain line"
    )]
    Text,
    /// Too late.
    #[error(
        "`minute` is at most {STEP_MINUTE_MAX}; use `after = true` for what follows once the person is safe"
    )]
    Minute,
    /// Both a minute and after.
    #[error("it has both `minute` and `after`: keep one")]
    MinuteAndAfter,
    /// An own step that says too little.
    #[error(
        "it is not built in, so it needs `who`, `minute` or `after`, and `en` and `fr` with `text` and `why`"
    )]
    Incomplete,
    /// An own step that is left out.
    #[error("it is not built in, so there is nothing to leave out: check its id")]
    NothingToOmit,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    step: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kind: Kind,
    id: String,
    minute: Option<u32>,
    #[serde(default)]
    after: bool,
    who: Option<Role>,
    en: Option<Texts>,
    fr: Option<Texts>,
    #[serde(default)]
    omit: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    text: Option<String>,
    why: Option<String>,
}

/// The built-in procedures with a file over them.
pub(super) fn parse(text: &str) -> Result<Procedures, ProceduresError> {
    if text.len() > PROCEDURES_BYTES_MAX {
        return Err(ProceduresError::TooLarge);
    }
    let file: File = toml::from_str(text).map_err(|error| malformed(text, &error))?;
    let mut procedures = Procedures::default();
    let mut seen: Vec<(Kind, String)> = Vec::new();
    for entry in file.step {
        let (kind, id) = (entry.kind, entry.id.clone());
        let wrong = |fault| ProceduresError::Step { kind, step: shown(&id), fault };
        if seen.contains(&(kind, id.clone())) {
            return Err(wrong(StepFault::Twice));
        }
        seen.push((kind, id.clone()));
        let steps = procedures.steps.entry(kind).or_default();
        lay_over(steps, entry).map_err(wrong)?;
        if steps.len() > PROCEDURE_STEPS_MAX {
            return Err(ProceduresError::TooMany(kind));
        }
    }
    Ok(procedures)
}

fn lay_over(steps: &mut Vec<Step>, entry: Entry) -> Result<(), StepFault> {
    if !is_step_id(&entry.id) {
        return Err(StepFault::Id);
    }
    let when = when(&entry)?;
    let at = steps.iter().position(|step| step.id == entry.id);
    if entry.omit {
        let at = at.ok_or(StepFault::NothingToOmit)?;
        steps.remove(at);
        return Ok(());
    }
    match at.and_then(|at| steps.get_mut(at)) {
        Some(step) => {
            step.when = when.unwrap_or(step.when);
            step.who = entry.who.unwrap_or(step.who);
            reword(&mut step.en, entry.en)?;
            reword(&mut step.fr, entry.fr)
        }
        None => {
            steps.push(own(entry, when)?);
            Ok(())
        }
    }
}

fn when(entry: &Entry) -> Result<Option<When>, StepFault> {
    match (entry.minute, entry.after) {
        (Some(_), true) => Err(StepFault::MinuteAndAfter),
        (Some(minute), false) if minute > STEP_MINUTE_MAX => Err(StepFault::Minute),
        (Some(minute), false) => Ok(Some(When::Minute(minute))),
        (None, true) => Ok(Some(When::After)),
        (None, false) => Ok(None),
    }
}

fn reword(words: &mut Words, texts: Option<Texts>) -> Result<(), StepFault> {
    let Some(Texts { text, why }) = texts else { return Ok(()) };
    if let Some(text) = text {
        words.text = plain(text)?;
    }
    if let Some(why) = why {
        words.why = plain(why)?;
    }
    Ok(())
}

/// Responders of both languages tick the same list: an own step needs its words in both.
fn own(entry: Entry, when: Option<When>) -> Result<Step, StepFault> {
    let (Some(when), Some(who)) = (when, entry.who) else { return Err(StepFault::Incomplete) };
    let (en, fr) = (whole(entry.en)?, whole(entry.fr)?);
    Ok(Step { id: entry.id, when, verify: false, who, en, fr })
}

fn whole(texts: Option<Texts>) -> Result<Words, StepFault> {
    match texts {
        Some(Texts { text: Some(text), why: Some(why) }) => {
            Ok(Words { text: plain(text)?, why: plain(why)? })
        }
        _ => Err(StepFault::Incomplete),
    }
}

fn plain(text: String) -> Result<String, StepFault> {
    let fits = !text.trim().is_empty() && text.len() <= STEP_TEXT_BYTES_MAX;
    if fits && !text.chars().any(char::is_control) { Ok(text) } else { Err(StepFault::Text) }
}

/// Lower-case words joined by single hyphens.
pub(super) fn is_step_id(id: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    id.len() <= STEP_ID_BYTES_MAX && id.split('-').all(word)
}

fn shown(id: &str) -> String {
    id.chars().filter(|c| !c.is_control()).take(STEP_ID_BYTES_MAX).collect()
}

fn malformed(text: &str, error: &toml::de::Error) -> ProceduresError {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    ProceduresError::Malformed {
        line,
        column,
        message: error.message().lines().collect::<Vec<_>>().join("; "),
    }
}
