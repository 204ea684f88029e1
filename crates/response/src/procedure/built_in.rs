//! The built-in procedures: which steps, in which order, when.

use super::kind::Kind;
use super::step::{Step, When, Words};
use super::steps::{
    BuiltIn, CALL_BACK, CALL_POLICE, CARE_FIRST, CHECK_ACCOUNTS, CHECK_OTHERS, CLEAR, CLOSED_CHANNEL,
    DANGER_NOW, DECIDE_LEVEL, DEMANDS, DO_NOT_ANSWER, DO_NOT_RING, FILE_COMPLAINT, FREEZE, GIVE_MEDICAL,
    KEEP_MESSAGES, KEEP_TRACES, LAST_SEEN, LEARN, LIAISON, MEND_CAUSE, NEW_CREDENTIALS, NO_BARGAINING,
    ONE_TELEPHONE, OPEN_DOSSIER, OTHER_RELATIVES, PHONES_VEHICLES, POLICE_PACK, POLICE_SAY_SAFE,
    PRIVATE_CALL_BACK, PROOF_OF_LIFE, PROTECT_HOME, QUIET_OR_STOP, REACH_QUIETLY, RELIEF, RIGHT_DOOR_NEXT,
    SCREEN_IS_SEEN, SHARE_OUT, SILENCE, SPEAK_PRIVATELY, STAY_ON_LINE, STOP_OPENLY, STRANGERS_FIRST, SUPPORT,
    SURE_TWICE, TAKE_CHARGE, TELL_DOSSIER, THANK, TWO_SCENES, WATCH_ATTEMPTS,
};

/// What is only done when it may be a slip, before anything else.
const VERIFY: [(u32, BuiltIn); 2] = [(1, CALL_BACK), (10, DECIDE_LEVEL)];

const HOME_INVASION: [(u32, BuiltIn); 18] = [
    (0, TAKE_CHARGE),
    (1, DO_NOT_RING),
    (2, CALL_POLICE),
    (3, STAY_ON_LINE),
    (3, CLOSED_CHANNEL),
    (4, SHARE_OUT),
    (5, OPEN_DOSSIER),
    (6, GIVE_MEDICAL),
    (8, QUIET_OR_STOP),
    (10, WATCH_ATTEMPTS),
    (12, CHECK_OTHERS),
    (15, PHONES_VEHICLES),
    (15, FREEZE),
    (20, POLICE_PACK),
    (25, SILENCE),
    (30, LIAISON),
    (30, NO_BARGAINING),
    (120, RELIEF),
];

const ABDUCTION: [(u32, BuiltIn); 23] = [
    (0, TAKE_CHARGE),
    (1, DO_NOT_RING),
    (2, CALL_POLICE),
    (3, STAY_ON_LINE),
    (3, CLOSED_CHANNEL),
    (4, SHARE_OUT),
    (5, OPEN_DOSSIER),
    (6, PHONES_VEHICLES),
    (8, LAST_SEEN),
    (8, GIVE_MEDICAL),
    (10, ONE_TELEPHONE),
    (10, NO_BARGAINING),
    (12, QUIET_OR_STOP),
    (15, WATCH_ATTEMPTS),
    (15, DEMANDS),
    (20, CHECK_OTHERS),
    (20, KEEP_TRACES),
    (25, FREEZE),
    (30, POLICE_PACK),
    (30, LIAISON),
    (30, SILENCE),
    (60, PROOF_OF_LIFE),
    (120, RELIEF),
];

const RELATIVE_TAKEN: [(u32, BuiltIn); 22] = [
    (0, TAKE_CHARGE),
    (1, DO_NOT_RING),
    (2, CALL_POLICE),
    (3, TWO_SCENES),
    (3, STAY_ON_LINE),
    (4, SCREEN_IS_SEEN),
    (4, CLOSED_CHANNEL),
    (5, SHARE_OUT),
    (6, OPEN_DOSSIER),
    (8, PHONES_VEHICLES),
    (8, GIVE_MEDICAL),
    (10, OTHER_RELATIVES),
    (12, REACH_QUIETLY),
    (12, NO_BARGAINING),
    (15, QUIET_OR_STOP),
    (15, WATCH_ATTEMPTS),
    (20, DEMANDS),
    (25, FREEZE),
    (30, POLICE_PACK),
    (30, SILENCE),
    (60, PROOF_OF_LIFE),
    (120, RELIEF),
];

const REMOTE_EXTORTION: [(u32, BuiltIn); 12] = [
    (0, TAKE_CHARGE),
    (2, DANGER_NOW),
    (5, SPEAK_PRIVATELY),
    (10, DO_NOT_ANSWER),
    (15, KEEP_MESSAGES),
    (20, DEMANDS),
    (30, STOP_OPENLY),
    (45, PROTECT_HOME),
    (60, CHECK_OTHERS),
    (90, CHECK_ACCOUNTS),
    (120, POLICE_PACK),
    (240, FILE_COMPLAINT),
];

const WRONG_ADDRESS: [(u32, BuiltIn); 4] =
    [(0, TAKE_CHARGE), (2, STRANGERS_FIRST), (5, SURE_TWICE), (10, RIGHT_DOOR_NEXT)];

/// Once somebody was held.
const AFTER_HELD: [BuiltIn; 8] =
    [POLICE_SAY_SAFE, CARE_FIRST, PRIVATE_CALL_BACK, CLEAR, NEW_CREDENTIALS, TELL_DOSSIER, SUPPORT, LEARN];
/// Once threats have ended.
const AFTER_THREATS: [BuiltIn; 4] = [PRIVATE_CALL_BACK, CLEAR, SUPPORT, LEARN];
/// The kind end.
const AFTER_NOTHING: [BuiltIn; 5] = [PRIVATE_CALL_BACK, CLEAR, THANK, TELL_DOSSIER, MEND_CAUSE];

/// The built-in steps of a kind.
pub(super) fn steps(kind: Kind) -> Vec<Step> {
    let (during, after): (&[(u32, BuiltIn)], &[BuiltIn]) = match kind {
        Kind::HomeInvasion => (&HOME_INVASION, &AFTER_HELD),
        Kind::Abduction => (&ABDUCTION, &AFTER_HELD),
        Kind::RelativeTaken => (&RELATIVE_TAKEN, &AFTER_HELD),
        Kind::RemoteExtortion => (&REMOTE_EXTORTION, &AFTER_THREATS),
        Kind::WrongAddress => (&WRONG_ADDRESS, &AFTER_NOTHING),
    };
    let verify = VERIFY.iter().map(|(minute, step)| made(step, When::Minute(*minute), true));
    let during = during.iter().map(|(minute, step)| made(step, When::Minute(*minute), false));
    let after = after.iter().map(|step| made(step, When::After, false));
    verify.chain(during).chain(after).collect()
}

fn made(step: &BuiltIn, when: When, verify: bool) -> Step {
    let words = |(text, why): (&str, &str)| Words { text: text.to_owned(), why: why.to_owned() };
    Step { id: step.id.to_owned(), when, verify, who: step.who, en: words(step.en), fr: words(step.fr) }
}
