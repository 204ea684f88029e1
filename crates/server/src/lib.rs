//! The engine loop, the executors behind it, and the HTTP API: everything that may block, fail or be slow.
//!
//! Where to find things: time and entropy from outside, [`clock`] and [`entropy`]; the server's own secrets, [`keys`]; its settings,
//! [`config`]; the one writer that turns commands into durable records, [`engine`]; what happens after a commit (signing,
//! broadcasting, alarms), [`dispatch`]; what the vaults hold on chain, [`coins`]; what somebody brings to be signed,
//! [`spends`]; what is built for people to sign, [`drafts`]; the thread that follows the chain, [`follow`]; the one that works out exposure, [`mod@exposure`]; HTTP, `http`; the
//! pages for people, [`pages`]; alarms that panels and other systems raise, [`intake`]; what auditors look at, [`audit`]; browsers that are woken, [`push`].
//!
//! Keeps G6 (each signature is made after its release is durable, and a retry gives the same one), G7 (a reply follows its commit), G8
//! (alarms are delivered until somebody has them) and G9 (no class, no covert fact in logs, metrics or overt timing). The binary wires it.
//!
//! To add an effect: a variant in `gate::Effect`, an arm in `dispatch::outbox`. To add a background task: a thread in `dispatch` that
//! ends when the engine stops.

pub mod alarm_links;
pub mod audit;
pub mod clock;
pub mod coins;
pub mod config;
pub mod dispatch;
pub mod drafts;
pub mod engine;
pub mod entropy;
pub mod exposure;
pub mod follow;
pub mod http;
pub mod intake;
pub mod keys;
pub mod pages;
pub mod push;
pub mod spends;
