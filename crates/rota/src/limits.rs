//! How large a call plan may be. Every list, text and duration of the file has its bound here (G8: an alarm never waits for a
//! plan that is too large to work through). Used by `read.rs` and `duty.rs`.

/// The whole file.
pub const FILE_BYTES_MAX: usize = 256 * 1024;
/// Contacts in a plan.
pub const CONTACTS_MAX: usize = 256;
/// Ways to one contact.
pub const WAYS_MAX: usize = 8;
/// One address.
pub const ADDRESS_BYTES_MAX: usize = 256;
/// Schedules in a plan.
pub const SCHEDULES_MAX: usize = 32;
/// Layers of one schedule.
pub const SCHEDULE_LAYERS_MAX: usize = 8;
/// People in the rotation of one layer.
pub const LAYER_PEOPLE_MAX: usize = 64;
/// The shortest turn.
pub const TURN_SECONDS_MIN: u64 = 3600;
/// The longest turn: a leap year.
pub const TURN_SECONDS_MAX: u64 = 366 * 86_400;
/// Steps of the chain.
pub const STEPS_MAX: usize = 16;
/// Whom one step tells.
pub const STEP_TELLS_MAX: usize = 64;
/// The shortest wait until the next step: less would be one step.
pub const STEP_WAIT_SECONDS_MIN: u64 = 10;
/// The longest wait until the next step.
pub const STEP_WAIT_SECONDS_MAX: u64 = 86_400;
/// How often the chain can be gone through.
pub const CHAIN_REPEAT_MAX: u32 = 20;
/// The shortest silence after which an escalation begins again.
pub const PROGRESS_SECONDS_MIN: u64 = 60;
/// The longest silence after which an escalation begins again.
pub const PROGRESS_SECONDS_MAX: u64 = 7 * 86_400;
/// The longest override.
pub const OVERRIDE_SECONDS_MAX: u64 = 366 * 86_400;
/// How far ahead changes and gaps are looked for.
pub const LOOK_AHEAD_SECONDS_MAX: u64 = 400 * 86_400;
/// How many edges of a schedule one look ahead passes.
pub(crate) const LOOK_AHEAD_EDGES_MAX: usize = 20_000;
/// The first year in which a rotation can begin.
pub(crate) const FROM_YEAR_MIN: i16 = 1970;
/// The last year in which a rotation can begin.
pub(crate) const FROM_YEAR_MAX: i16 = 2199;
