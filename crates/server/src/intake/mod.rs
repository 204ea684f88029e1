//! Alarms that come from other systems: panels with hold-up buttons (SIA DC-09) and messages between systems (CAP 1.2) (G3, G8).
//!
//! What is believed becomes a sign, and is acknowledged only when that is durable; whatever the gate makes of it, the answer is the same.
//! What is not believed reaches nothing. Nothing here is counted or logged with the overt side. `settings` is what the operator writes,
//! `replies` what people answer to an alarm, `panels` who is known and what is remembered, `frames` and `messages` what one frame or one message means, `listener` the sockets.
//!
//! Called by `rempart serve` and by the route of CAP messages.

mod frames;
mod limits;
mod listener;
mod messages;
mod panels;
mod replies;
mod settings;

pub use frames::Verdict;
pub use limits::{SAME_PRESS_WINDOW, SIGNS_PER_WINDOW_MAX};
pub use listener::{
    FIRST_FRAME_SECONDS, INTAKE_CONNECTIONS_MAX, INTAKE_CONNECTIONS_PER_SOURCE_MAX, QUIET_CONNECTION_SECONDS,
    serve_tcp, serve_udp,
};
pub use messages::{CAP_TOLERANCE_SECONDS, MessageVerdict};
pub use panels::{Panels, Press};
pub use replies::{MAIL_BYTES_MAX, MailReplies, REPLIES_MAX, REPLIES_WINDOW, Replies};
pub use settings::{CapSettings, IntakeError, IntakeSettings, PANELS_MAX, PanelSettings};

#[cfg(test)]
mod tests;
