//! The responders' subcommands, run by somebody who is no responder: the same refusals whoever is held. What they do for a responder
//! is tried in `alarm_story`.

use types::Span;

use crate::remote::Terminal;

/// Each is refused.
pub const STEPS: &[&str] = &[
    "alarm list",
    "alarm show",
    "alarm ack",
    "alarm procedure",
    "alarm done",
    "alarm note",
    "alarm called",
    "alarm called-back",
    "alarm hand-over",
    "alarm wait",
    "alarm narrow",
    "alarm implicate",
    "alarm clear",
    "alarm end-clear",
    "alarm report",
    "alarm duty",
    "alarm override",
    "alarm drill",
    "alarm drill-end",
    "alarm drills",
    "alarm script",
    "alarm pack",
];

const READS: [(&str, &[&str]); 6] = [
    ("alarm list", &[]),
    ("alarm show", &["1"]),
    ("alarm duty", &[]),
    ("alarm drills", &[]),
    ("alarm script", &["1"]),
    ("alarm pack", &["--out", "pack", "1"]),
];

const ACTS: [(&str, &[&str]); 16] = [
    ("alarm ack", &["--code", "123 456"]),
    ("alarm procedure", &["1", "abduction"]),
    ("alarm done", &["1", "call-police"]),
    ("alarm note", &["1", "two cars"]),
    ("alarm called", &["1", "police"]),
    ("alarm called-back", &["--all-clear", "--private", "1", "alice"]),
    ("alarm hand-over", &["1", "dora"]),
    ("alarm wait", &["--until", "2h", "1"]),
    ("alarm narrow", &["--vault", "treasury", "1"]),
    ("alarm implicate", &["--since", "2026-03-02T08:00:00Z", "1", "bob"]),
    ("alarm clear", &["1"]),
    ("alarm end-clear", &["1"]),
    ("alarm report", &["bob"]),
    ("alarm override", &["--until", "2h", "week", "dora"]),
    ("alarm drill", &["bob"]),
    ("alarm drill-end", &["1"]),
];

/// Attempts are counted by the minute.
pub fn steps(terminal: &mut Terminal<'_>) {
    for reads in READS.chunks(3) {
        terminal.stage.pass(Span::from_seconds(61));
        for (step, rest) in reads {
            terminal.run(step, rest);
        }
    }
    for acts in ACTS.chunks(4) {
        terminal.stage.pass(Span::from_seconds(61));
        for (step, rest) in acts {
            terminal.run_covert(step, rest);
        }
    }
}
