//! The call plan of the data folder: read at the start, and again when the file changes (G8).
//!
//! INVARIANT: a plan that was understood once is never replaced by one that is not. Called by `alarms`, and by the HTTP side through the engine.

use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rota::{CALLS_FILE, CallPlan, FILE_BYTES_MAX};

use super::supervise::Change;

/// The plan in force, and the file that it comes from.
#[derive(Default)]
pub struct PlanFile {
    path: Option<PathBuf>,
    inner: Mutex<Inner>,
}

/// What is in the file, nothing when there is none; or why it cannot be read.
type Content = Result<Option<String>, String>;

#[derive(Default)]
struct Inner {
    plan: Arc<CallPlan>,
    /// What came of reading the file last.
    seen: Option<Content>,
    /// Whether a plan was ever found.
    had_one: bool,
    trouble: Option<String>,
}

impl PlanFile {
    /// Reads the file; the default plan when there is none, or as long as it is not understood.
    pub fn open(path: Option<PathBuf>) -> Self {
        let file = Self { path, inner: Mutex::default() };
        let _said_by_the_log = file.look();
        file
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn plan(&self) -> Arc<CallPlan> {
        Arc::clone(&self.lock().plan)
    }

    /// What is wrong with the file, if something is. It names places and words of the file, never an address.
    pub fn trouble(&self) -> Option<String> {
        self.lock().trouble.clone()
    }

    /// Reads the file if it has changed. Says whether it became unusable, or usable again.
    pub fn look(&self) -> Option<Change> {
        let read = self.read();
        let mut inner = self.lock();
        if inner.seen.as_ref() == Some(&read) {
            return None;
        }
        let outcome = match &read {
            Ok(None) if !inner.had_one => Ok(CallPlan::default()),
            Ok(None) => {
                Err(format!("{CALLS_FILE} is gone: the plan that it held stays in force until a restart"))
            }
            Ok(Some(text)) => CallPlan::parse(CALLS_FILE, text).map_err(|error| error.to_string()),
            Err(why) => Err(why.clone()),
        };
        inner.had_one |= matches!(read, Ok(Some(_)));
        inner.seen = Some(read);
        take(&mut inner, outcome)
    }

    fn read(&self) -> Content {
        let Some(path) = &self.path else { return Ok(None) };
        let mut text = String::new();
        let most = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
        let read = std::fs::File::open(path).and_then(|file| file.take(most).read_to_string(&mut text));
        match read {
            Ok(_) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{CALLS_FILE} cannot be read ({}): check its rights", error.kind())),
        }
    }
}

fn take(inner: &mut Inner, outcome: Result<CallPlan, String>) -> Option<Change> {
    match outcome {
        Ok(plan) => {
            inner.plan = Arc::new(plan);
            inner.trouble.take().map(|_| {
                tracing::info!("the call plan is understood again");
                Change::Back
            })
        }
        Err(why) if inner.trouble.as_ref() == Some(&why) => None,
        Err(why) => {
            tracing::error!(why, "the call plan cannot be used: what was in force before stays in force");
            let is_new = inner.trouble.replace(why).is_none();
            is_new.then_some(Change::Died)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[chain]\nrepeat = 7\n[[chain.steps]]\ntell = [\"everyone\"]\nwait = \"1m\"\n";

    fn scene() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(CALLS_FILE);
        (folder, path)
    }

    #[test]
    fn a_plan_is_read_again_when_it_changes_and_a_broken_one_changes_nothing() {
        let (_folder, path) = scene();
        let file = PlanFile::open(Some(path.clone()));
        assert_eq!((*file.plan() == CallPlan::default(), file.trouble()), (true, None), "none is needed");
        assert_eq!(file.look(), None);
        std::fs::write(&path, GOOD).unwrap();
        assert_eq!(file.look(), None);
        assert_eq!(file.plan().chain().repeat, 7);
        std::fs::write(&path, format!("{GOOD}nonsense = 1\n")).unwrap();
        assert_eq!(file.look(), Some(Change::Died));
        assert_eq!(file.look(), None, "said once");
        assert_eq!(file.plan().chain().repeat, 7);
        assert!(file.trouble().unwrap().contains(CALLS_FILE));
        std::fs::write(&path, GOOD.replace('7', "8")).unwrap();
        assert_eq!(file.look(), Some(Change::Back));
        assert_eq!((file.plan().chain().repeat, file.trouble()), (8, None));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(file.look(), Some(Change::Died), "a plan that vanishes is not the default");
        assert_eq!(file.plan().chain().repeat, 8);
        std::fs::write(&path, GOOD.replace('7', "8")).unwrap();
        assert_eq!((file.look(), file.trouble()), (Some(Change::Back), None), "the same again");
    }

    #[test]
    fn a_file_that_is_broken_at_the_start_is_said_and_the_default_holds() {
        let (_folder, path) = scene();
        std::fs::write(&path, "[chain").unwrap();
        let file = PlanFile::open(Some(path));
        assert!(file.trouble().is_some());
        assert_eq!(*file.plan(), CallPlan::default());
    }
}
