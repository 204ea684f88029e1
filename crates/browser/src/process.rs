//! Starts Chromium with a folder of its own and speaks to it through two pipes: no port, no other program.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::emulate::Given;
use crate::error::BrowserError;
use crate::protocol::Wire;

/// Chromium expects its debugging pipes as descriptors 3 and 4; a shell puts its own there.
const THROUGH_PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null"#;
/// Which program, where it is not Debian's.
const PROGRAM_VARIABLE: &str = "REMPART_CHROMIUM";
const PROGRAM: &str = "chromium";

/// How a browser is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// The language that it asks for.
    pub language: String,
    /// Width of the page, in CSS pixels.
    pub width: u32,
    /// Height of the page, in CSS pixels.
    pub height: u32,
    /// Whether the person prefers dark pages.
    pub dark: bool,
    /// `localhost:8087` is found at this port, so that a page has one origin in every run.
    pub server_port: Option<u16>,
}

impl Default for Options {
    fn default() -> Self {
        Self { language: "en".to_owned(), width: 1440, height: 900, dark: false, server_port: None }
    }
}

/// A running browser with one page.
pub struct Browser {
    pub(crate) wire: Wire,
    pub(crate) time: Option<Given>,
    /// Whether pages run their scripts.
    pub(crate) scripts: bool,
    child: Child,
    profile: TempDir,
}

impl Browser {
    /// Starts one.
    ///
    /// # Errors
    /// [`BrowserError::NotInstalled`], or it does not answer.
    pub fn start(options: &Options) -> Result<Self, BrowserError> {
        let program = std::env::var(PROGRAM_VARIABLE).unwrap_or_else(|_| PROGRAM.to_owned());
        let version =
            Command::new(&program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !version.is_ok_and(|status| status.success()) {
            return Err(BrowserError::NotInstalled(program));
        }
        let profile = tempfile::tempdir()?;
        let mut child = Command::new("sh")
            .args(["-c", THROUGH_PIPES, &program])
            .args(arguments(options, profile.path()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let gone = || BrowserError::Gone(std::io::ErrorKind::BrokenPipe.into());
        let input = child.stdin.take().ok_or_else(gone)?;
        let output = child.stdout.take().ok_or_else(gone)?;
        let mut browser =
            Self { wire: Wire::new(input, listen(output)), time: None, scripts: true, child, profile };
        browser.wire.open_page()?;
        browser.prepare(options)?;
        Ok(browser)
    }

    fn prepare(&mut self, options: &Options) -> Result<(), BrowserError> {
        for domain in ["Page.enable", "Runtime.enable", "Network.enable"] {
            self.wire.call(domain, json!({}))?;
        }
        self.listen_for_complaints()?;
        self.set_size(options.width, options.height)?;
        self.set_dark(options.dark)?;
        Ok(())
    }

    /// The folder in which it keeps everything.
    #[must_use]
    pub fn profile(&self) -> &Path {
        self.profile.path()
    }

    /// Ends it in good order, so that everything it keeps is on the disk, and gives its folder.
    ///
    /// # Errors
    /// When it has gone already.
    pub fn close(mut self) -> Result<TempDir, BrowserError> {
        self.wire.send("Browser.close", json!({}), false)?;
        self.child.wait()?;
        let empty = tempfile::tempdir()?;
        Ok(std::mem::replace(&mut self.profile, empty))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn arguments(options: &Options, profile: &Path) -> Vec<String> {
    let mut arguments: Vec<String> = [
        "--remote-debugging-pipe",
        "--headless=new",
        // In a container there is often no other user, and Chromium refuses to run as root with its sandbox.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--hide-scrollbars",
        "--force-device-scale-factor=1",
        "--font-render-hinting=none",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--lang={}", options.language));
    arguments.push(format!("--accept-lang={}", options.language));
    arguments.push(format!("--window-size={},{}", options.width, options.height));
    arguments.push(format!("--user-data-dir={}", profile.display()));
    if let Some(port) = options.server_port {
        arguments.push(format!("--host-resolver-rules=MAP localhost:8087 127.0.0.1:{port}"));
    }
    arguments.push("about:blank".to_owned());
    arguments
}

/// Reads what it says, message by message, on a thread that ends with the pipe.
fn listen(output: ChildStdout) -> Receiver<Value> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(output.take(u64::MAX));
        loop {
            let mut message = Vec::new();
            match reader.read_until(0, &mut message) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            message.pop();
            let Ok(value) = serde_json::from_slice(&message) else { continue };
            if sender.send(value).is_err() {
                return;
            }
        }
    });
    receiver
}
