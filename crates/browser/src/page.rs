//! What a person does with a page: visit, read, click, type, choose, look.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::error::BrowserError;
use crate::process::Browser;

/// How long something may take to appear.
const WAIT_MAX: Duration = Duration::from_secs(30);
const WAIT_STEP: Duration = Duration::from_millis(20);
const FRAMES: &str =
    "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";
/// A page that is replaced loses it.
const MARK: &str = "globalThis.rempartMark = true";
const REPLACED: &str = "globalThis.rempartMark === undefined && document.readyState === 'complete'";

impl Browser {
    /// Goes to an address and waits until its scripts have run.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub fn visit(&mut self, address: &str) -> Result<(), BrowserError> {
        let gone = self.wire.call("Page.navigate", json!({ "url": address }))?;
        if let Some(error) = gone.get("errorText").and_then(Value::as_str) {
            return Err(BrowserError::Refused { method: address.to_owned(), message: error.to_owned() });
        }
        // Modules run before the page counts as complete.
        self.wait("the page", "document.readyState === 'complete' && location.href !== 'about:blank'")
    }

    /// Runs an expression in the page, waits for it if it is a promise, and gives its value.
    ///
    /// # Errors
    /// [`BrowserError::Script`].
    pub fn eval(&mut self, expression: &str) -> Result<Value, BrowserError> {
        let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true });
        let mut answer = self.wire.call("Runtime.evaluate", params)?;
        if let Some(exception) = answer.get("exceptionDetails") {
            let message = exception.to_string();
            return Err(BrowserError::Script { expression: expression.to_owned(), message });
        }
        Ok(answer["result"]["value"].take())
    }

    /// Waits until an expression is true in the page.
    ///
    /// # Errors
    /// [`BrowserError::Timeout`], with what the page shows.
    pub fn wait(&mut self, what: &str, expression: &str) -> Result<(), BrowserError> {
        let mut waited = Duration::ZERO;
        while waited < WAIT_MAX {
            // While a page is replaced there is nothing to ask.
            if self.eval(expression).is_ok_and(|value| value == json!(true)) {
                return Ok(());
            }
            self.wire.take_in(WAIT_STEP)?;
            std::thread::sleep(WAIT_STEP);
            waited += WAIT_STEP * 2;
        }
        let page = self.text("body").unwrap_or_default();
        Err(BrowserError::timeout(what, WAIT_MAX, page))
    }

    /// The text that an element shows.
    ///
    /// # Errors
    /// When there is no such element.
    pub fn text(&mut self, selector: &str) -> Result<String, BrowserError> {
        let text = self.eval(&format!("document.querySelector({}).innerText", json!(selector)))?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Clicks in the middle of an element, with the mouse.
    ///
    /// # Errors
    /// When there is none, or it cannot be seen.
    pub fn click(&mut self, selector: &str) -> Result<(), BrowserError> {
        let place = format!(
            "(() => {{ const element = document.querySelector({}); element.scrollIntoView({{ block: 'center' }}); \
             const box = element.getBoundingClientRect(); if (box.width === 0) throw new Error('not shown'); \
             return [box.x + box.width / 2, box.y + box.height / 2]; }})()",
            json!(selector)
        );
        let place = self.eval(&place)?;
        for kind in ["mousePressed", "mouseReleased"] {
            let event =
                json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.wire.call("Input.dispatchMouseEvent", event)?;
        }
        Ok(())
    }

    /// Puts the cursor into an input and types, key by key.
    ///
    /// # Errors
    /// When there is no such input.
    pub fn type_text(&mut self, selector: &str, text: &str) -> Result<(), BrowserError> {
        self.eval(&format!("document.querySelector({}).focus()", json!(selector)))?;
        self.type_here(text)
    }

    /// Types, key by key, wherever the cursor is.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn type_here(&mut self, text: &str) -> Result<(), BrowserError> {
        for letter in text.chars() {
            let letter = letter.to_string();
            self.wire.call(
                "Input.dispatchKeyEvent",
                json!({ "type": "keyDown", "text": letter, "key": letter }),
            )?;
            self.wire.call("Input.dispatchKeyEvent", json!({ "type": "keyUp", "key": letter }))?;
        }
        Ok(())
    }

    /// Presses a named key: `Tab`, `Enter`, `ArrowDown`, `Escape`.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn press(&mut self, key: &str) -> Result<(), BrowserError> {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            " " => (32, " "),
            "Escape" => (27, ""),
            "ArrowDown" => (40, ""),
            _ => (0, ""),
        };
        let event = |kind: &str| json!({ "type": kind, "key": key, "code": key, "text": text, "windowsVirtualKeyCode": code });
        self.wire
            .call("Input.dispatchKeyEvent", event(if text.is_empty() { "rawKeyDown" } else { "keyDown" }))?;
        self.wire.call("Input.dispatchKeyEvent", event("keyUp"))?;
        Ok(())
    }

    /// Puts a text into an input in place of what it has, all at once.
    ///
    /// # Errors
    /// When there is no such input.
    pub fn enter(&mut self, selector: &str, text: &str) -> Result<(), BrowserError> {
        let empty = format!(
            "(() => {{ const input = document.querySelector({}); input.focus(); input.select(); }})()",
            json!(selector)
        );
        self.eval(&empty)?;
        self.wire.call("Input.insertText", json!({ "text": text })).map(drop)
    }

    /// Chooses in a list of choices, as its owner does.
    ///
    /// # Errors
    /// When there is no such list, or no such choice in it.
    pub fn choose(&mut self, selector: &str, value: &str) -> Result<(), BrowserError> {
        let script = format!(
            "(() => {{ const list = document.querySelector({}); list.value = {value}; if (list.value !== {value}) throw new Error('no such choice'); \
             list.dispatchEvent(new Event('input', {{ bubbles: true }})); list.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()",
            json!(selector),
            value = json!(value)
        );
        self.eval(&script).map(drop)
    }

    /// Puts a file into an input for files.
    ///
    /// # Errors
    /// When there is no such input.
    pub fn give_file(&mut self, selector: &str, file: &Path) -> Result<(), BrowserError> {
        let expression = format!("document.querySelector({})", json!(selector));
        let input = self.wire.call("Runtime.evaluate", json!({ "expression": expression }))?;
        let params = json!({ "files": [file], "objectId": input["result"]["objectId"] });
        self.wire.call("DOM.setFileInputFiles", params).map(drop)
    }

    /// Clicks, and waits until another page is there, or the same one anew.
    ///
    /// # Errors
    /// When nothing comes.
    pub fn follow(&mut self, selector: &str) -> Result<(), BrowserError> {
        self.mark()?;
        self.click(selector)?;
        self.wait_for_page(selector)
    }

    /// Remembers this page, for [`Browser::wait_for_page`].
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn mark(&mut self) -> Result<(), BrowserError> {
        self.eval(MARK).map(drop)
    }

    /// Waits until the page that was marked has been replaced.
    ///
    /// # Errors
    /// When it stays.
    pub fn wait_for_page(&mut self, what: &str) -> Result<(), BrowserError> {
        self.wait(&format!("another page after {what}"), REPLACED)
    }

    /// Where the page is: its path and its query.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn path(&mut self) -> Result<String, BrowserError> {
        let path = self.eval("location.pathname + location.search")?;
        Ok(path.as_str().unwrap_or_default().to_owned())
    }

    /// The page as the server sent it.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn source(&mut self) -> Result<String, BrowserError> {
        let tree = self.wire.call("Page.getFrameTree", json!({}))?;
        // The request for a page has the id of its loading.
        let params = json!({ "requestId": tree["frameTree"]["frame"]["loaderId"] });
        let mut answer = self.wire.call("Network.getResponseBody", params)?;
        let content = answer["body"].take();
        Ok(content.as_str().unwrap_or_default().to_owned())
    }

    /// The page as it stands now, scripts and all.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn html(&mut self) -> Result<String, BrowserError> {
        let html = self.eval("document.documentElement.outerHTML")?;
        Ok(html.as_str().unwrap_or_default().to_owned())
    }

    /// The whole page as PNG.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn screenshot(&mut self) -> Result<Vec<u8>, BrowserError> {
        // Two frames: what was changed just now has been drawn. Without scripts none is called back.
        if self.scripts {
            self.eval(FRAMES)?;
        }
        let metrics = self.wire.call("Page.getLayoutMetrics", json!({}))?;
        let size = &metrics["cssContentSize"];
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let params = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let shot = self.wire.call("Page.captureScreenshot", params)?;
        let text = shot["data"].as_str().unwrap_or_default();
        let wrong = |_| BrowserError::Gone(std::io::ErrorKind::InvalidData.into());
        STANDARD.decode(text).map_err(wrong)
    }
}
