//! Figures for the operator, blind to classes and to the covert lane: responders' paths, objections and the challenges before them are
//! not counted at all, so that no figure moves with what only responders may know (G3, G9).

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;

/// The counters since the start of the server.
#[derive(Default)]
pub struct Counters {
    answered: [AtomicU64; 3],
    busy: AtomicU64,
    fallen: AtomicU64,
}

/// The kinds of answers, by their status.
const KINDS: [&str; 3] = ["done", "refused", "failed"];

/// Whether requests to a path are counted and logged.
pub fn is_counted(path: &str) -> bool {
    let covert =
        ["/v1/response", "/v1/check-ins", "/v1/intake", "/a/"].iter().any(|prefix| path.starts_with(prefix));
    !(covert || path.ends_with("/object") || path == "/v1/challenge")
}

impl Counters {
    /// A request was answered.
    pub fn answered(&self, status: StatusCode) {
        let kind = match status.as_u16() {
            0..400 => 0,
            400..500 => 1,
            _ => 2,
        };
        if let Some(counter) = self.answered.get(kind) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            self.busy.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A passkey's counter did not rise: its device may have been copied.
    pub fn counter_fell(&self) {
        self.fallen.fetch_add(1, Ordering::Relaxed);
    }

    /// The text form of Prometheus. `health` is what everybody may know of the engine.
    pub fn render(&self, health: &crate::engine::Health) -> String {
        let mut text = String::from("# TYPE rempart_answers_total counter\n");
        for (kind, counter) in KINDS.iter().zip(&self.answered) {
            let count = counter.load(Ordering::Relaxed);
            // Writing into a string cannot fail.
            let _ = writeln!(text, "rempart_answers_total{{kind=\"{kind}\"}} {count}");
        }
        let busy = self.busy.load(Ordering::Relaxed);
        let serving = u64::from(health.serving);
        let gauges = [
            ("rempart_busy_total", "counter", busy),
            ("rempart_passkey_counters_fallen_total", "counter", self.fallen.load(Ordering::Relaxed)),
            ("rempart_records_total", "counter", health.records),
            ("rempart_commands_waiting", "gauge", health.waiting as u64),
            ("rempart_effects_waiting", "gauge", health.outgoing as u64),
            ("rempart_serving", "gauge", serving),
        ];
        for (name, kind, value) in gauges {
            let _ = writeln!(text, "# TYPE {name} {kind}\n{name} {value}");
        }
        text
    }
}
