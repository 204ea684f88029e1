//! Every code that a diagnostic may carry, in one table. The user guide lists the same codes; a test compares them.
//!
//! Used wherever this crate reports a problem. To add one: add a line here and a line in `docs/policy.md`.

use crate::diagnostic::Severity;

/// A stable code with its severity and meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code {
    /// As printed in brackets.
    pub name: &'static str,
    /// Always the same for one code.
    pub severity: Severity,
    /// What it says, in one line.
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($constant:ident $severity:ident $name:literal $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub const $constant: Code = Code { name: $name, severity: Severity::$severity, meaning: $meaning };
        )*
        /// All codes, errors first.
        pub const CODES: &[Code] = &[$($constant),*];
    };
}

codes! {
    SYNTAX Error "syntax" "the file is not TOML at this place";
    UNKNOWN_TABLE Error "unknown-table" "a table that a policy does not have";
    UNKNOWN_KEY Error "unknown-key" "a key that this table does not have";
    MISSING_TABLE Error "missing-table" "a table that every policy needs";
    MISSING_KEY Error "missing-key" "a key that this table needs";
    DUPLICATE_KEY Error "duplicate-key" "a key given twice, in one file or across files";
    DUPLICATE_ID Error "duplicate-id" "two things of one kind, or a person and a service, with one name";
    DUPLICATE_ITEM Error "duplicate-item" "the same entry twice in one list";
    DUPLICATE_ADDRESS Error "duplicate-address" "an address that two vaults, a vault and a list, or one list twice claim";
    UNKNOWN_REFERENCE Error "unknown-reference" "a name that nothing in the files defines";
    WRONG_TYPE Error "wrong-type" "a value of another type than this key takes";
    BAD_NAME Error "bad-name" "a name with characters that names do not use, or too long";
    BAD_TEXT Error "bad-text" "an empty or too long text, or one with control characters";
    BAD_DURATION Error "bad-duration" "a duration that is not a whole number and a unit, is too long, or is zero where it must not be";
    BAD_MONEY Error "bad-money" "a sum that is not a number, a space and a known currency, or has too many decimals";
    WRONG_CURRENCY Error "wrong-currency" "a sum in another currency than the organisation's";
    BAD_COUNT Error "bad-count" "a whole number outside the range that this key takes";
    BAD_CHOICE Error "bad-choice" "a word that is not one of those that this key takes";
    BAD_TIME_ZONE Error "bad-time-zone" "a time zone that the compiled-in database does not know";
    BAD_TIME Error "bad-time" "a time of day that is not HH:MM, or a calendar without a single instant";
    BAD_DESTINATION Error "bad-destination" "a destination rule of another form, or one that this rule cannot use";
    BAD_QUORUM Error "bad-quorum" "a quorum of another form";
    BAD_AMOUNT_RANGE Error "bad-amount-range" "a range of amounts that is empty or has no bound";
    BAD_VAULT Error "bad-vault" "keys that a vault's chain does not allow, or a path that can never be signed";
    BAD_PERMIT Error "bad-permit" "keys of a permit that contradict one another";
    EMPTY_LIST Error "empty-list" "a list that needs at least one entry";
    EMPTY_LIMIT Error "empty-limit" "a limit without an amount or a count";
    EMPTY_FORBID Error "empty-forbid" "a forbid without a condition would forbid everything";
    SELF_REFERENCE Error "self-reference" "a person who is `of` himself or herself";
    BAD_RECIPIENT Error "bad-recipient" "a text that is no age recipient, or one that must not be used";
    TOO_LARGE Error "too-large" "more bytes, rules, people, entries or nesting than a policy may have";
    QUICK_TIER Warning "quick-tier" "what permits with a short hold let the people of one home move";
    CHANGE_BY_ONE_HOME Warning "change-by-one-home" "the people of one home can change the policy";
    LIFT_BY_ONE_HOME Warning "lift-by-one-home" "the people of one home can lift a stop";
    CLEAR_BY_ONE_HOME Warning "clear-by-one-home" "the people of one home can close an incident";
    FEW_RESPONDERS Warning "few-responders" "a home for which fewer than two responders could be told";
    COSIGNER_AT_HOME Warning "cosigner-at-home" "the co-signer stands in someone's home";
    AUDITOR_WITH_AUTHORITY Warning "auditor-with-authority" "an auditor who can submit, approve, change, lift or clear";
    MOVES_ALONE Warning "moves-alone" "one person who alone moves more than the quick tier";
    QUORUM_UNMET Warning "quorum-unmet" "a quorum that cannot be met by the people of the register";
    QUORUM_UNMET_BY_INITIATOR Warning "quorum-unmet-by-initiator" "a quorum that cannot be met when a certain person submits";
    QUORUM_TOO_HARD Warning "quorum-too-hard" "a quorum whose search exceeds its bound and therefore counts as not met";
    HOLD_BEYOND_EXPIRES Warning "hold-beyond-expires" "a permit whose hold is longer than the life of its requests";
    UNUSED_LIST Warning "unused-list" "a list, or a destination without one, that no rule uses";
    UNUSED_GROUP Warning "unused-group" "a group that no rule uses";
    GROUP_WITHOUT_PEOPLE Warning "group-without-people" "a group of responders or auditors that has only services";
    IDLE_LIMIT Warning "idle-limit" "a limit on vaults from which no permit allows anything";
    IDLE_VAULT Warning "idle-vault" "a vault from which no permit allows anything";
    UNLIMITED_QUICK Warning "unlimited-quick" "a quick permit that no limit on amounts bounds";
    VAULT_WITHOUT_KEYS Warning "vault-without-keys" "a vault on a chain that has no spending path yet and cannot be created";
    KEYS_IN_ONE_HOME Warning "keys-in-one-home" "signing keys of one home that satisfy a vault's path";
    KEY_WITHOUT_HOME Warning "key-without-home" "a vault key whose owners have no home, so that no analysis can place it";
    PERSON_WITHOUT_HOME Warning "person-without-home" "a person who has no home and never counts where `apart` is asked";
    IDLE_RECIPIENT Warning "idle-recipient" "a person who is no responder and has recipients: no dossier is sealed to them";
    SHARED_RECIPIENT Warning "shared-recipient" "a recipient that two people have";
    RECOVERY_SOON Warning "recovery-soon" "a recovery path that opens within a week of a refresh";
}
