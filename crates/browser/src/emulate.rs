//! What a page finds around it: its width, the person's language and look, whether scripts run, the time, chance; and what it is given
//! before its own scripts (G3: two runs that should be the same see the same time and draw the same numbers).

use serde_json::{Value, json};

use crate::error::BrowserError;
use crate::process::Browser;

/// Numbers that follow from a seed and from how many pages this tab has had: two runs with the same steps draw the same ones, and no page
/// draws those of the page before it.
const SEEDED: &str = "(() => { \
    let pages = 0; try { pages = Number(sessionStorage.pages ?? 0) + 1; sessionStorage.pages = pages; } catch {} \
    let state = (SEED ^ Math.imul(pages, 2654435761)) >>> 0; \
    const next = () => { state = (state + 0x6D2B79F5) >>> 0; let t = state; t = Math.imul(t ^ (t >>> 15), t | 1); \
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61); return (t ^ (t >>> 14)) & 255; }; \
    crypto.getRandomValues = (into) => { new Uint8Array(into.buffer, into.byteOffset, into.byteLength).forEach((_, at, all) => { all[at] = next(); }); return into; }; \
    Math.random = () => next() / 256; })()";

/// The page's clock stands still: what it shows of it is the same in every run.
const STOPPED: &str = "(() => { const Real = globalThis.RealDate ?? Date; globalThis.RealDate = Real; \
    globalThis.Date = class Date extends Real { constructor(...from) { if (from.length === 0) super(NOW); else super(...from); } \
      static now() { return NOW; } }; })()";

/// A script that each new page is given before its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Given(String);

impl Browser {
    /// The page is so wide and so high, in CSS pixels, from now on.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn set_size(&mut self, width: u32, height: u32) -> Result<(), BrowserError> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.wire.call("Emulation.setDeviceMetricsOverride", size).map(drop)
    }

    /// Whether the person prefers dark pages, from now on.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn set_dark(&mut self, dark: bool) -> Result<(), BrowserError> {
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.wire.call("Emulation.setEmulatedMedia", features).map(drop)
    }

    /// The page as it would be printed, or as it is on the screen again.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn set_printed(&mut self, printed: bool) -> Result<(), BrowserError> {
        let media = if printed { "print" } else { "" };
        self.wire.call("Emulation.setEmulatedMedia", json!({ "media": media })).map(drop)
    }

    /// The language that pages are asked for in, from the next one on.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn set_language(&mut self, language: &str) -> Result<(), BrowserError> {
        self.wire
            .call("Network.setExtraHTTPHeaders", json!({ "headers": { "Accept-Language": language } }))?;
        self.wire.call("Emulation.setLocaleOverride", json!({ "locale": language })).map(drop)
    }

    /// Whether scripts run in pages, from the next one on. What a test runs itself still does.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn set_scripts(&mut self, run: bool) -> Result<(), BrowserError> {
        self.scripts = run;
        self.wire.call("Emulation.setScriptExecutionDisabled", json!({ "value": !run })).map(drop)
    }

    /// Stops the pages' clock at a moment, in milliseconds since 1970; this page's too.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn set_time(&mut self, milliseconds: i64) -> Result<(), BrowserError> {
        let script = STOPPED.replace("NOW", &milliseconds.to_string());
        if let Some(Given(old)) = self.time.take() {
            self.wire.call("Page.removeScriptToEvaluateOnNewDocument", json!({ "identifier": old }))?;
        }
        self.time = Some(self.give(&script)?);
        self.eval(&script).map(drop)
    }

    /// What pages draw by chance follows from a seed, from the next one on.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn set_seed(&mut self, seed: u32) -> Result<(), BrowserError> {
        self.give(&SEEDED.replace("SEED", &seed.to_string())).map(drop)
    }

    /// Runs a script in each new page before its own.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn before_each_page(&mut self, script: &str) -> Result<(), BrowserError> {
        self.give(script).map(drop)
    }

    fn give(&mut self, script: &str) -> Result<Given, BrowserError> {
        let given = self.wire.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }))?;
        Ok(Given(given["identifier"].as_str().unwrap_or_default().to_owned()))
    }

    /// The cookies of the page's site.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn cookies(&mut self) -> Result<Vec<Cookie>, BrowserError> {
        let all = self.wire.call("Network.getCookies", json!({}))?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let cookie = |cookie: &Value| Cookie {
            name: text(&cookie["name"]),
            value: text(&cookie["value"]),
            path: text(&cookie["path"]),
            http_only: cookie["httpOnly"] == true,
            secure: cookie["secure"] == true,
            same_site: text(&cookie["sameSite"]),
        };
        Ok(all["cookies"].as_array().into_iter().flatten().map(cookie).collect())
    }

    /// Forgets every cookie.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn forget_cookies(&mut self) -> Result<(), BrowserError> {
        self.wire.call("Network.clearBrowserCookies", json!({})).map(drop)
    }
}

/// A cookie.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Below which path it is sent.
    pub path: String,
    /// Whether scripts cannot read it.
    pub http_only: bool,
    /// Whether it goes over secure connections alone.
    pub secure: bool,
    /// `Strict`, `Lax`, `None`, or nothing.
    pub same_site: String,
}
