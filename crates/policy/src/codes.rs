//! Every code that a diagnostic may carry, in one table. The user guide lists the same codes; a test compares them.
//!
//! Used wherever this crate reports a problem. To add one: add a line here and a line in `docs/policy.md`.

use crate::diagnostic::Severity;
use crate::explain::Language;

/// A stable code with its severity and meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code {
    /// As printed in brackets.
    pub name: &'static str,
    /// Always the same for one code.
    pub severity: Severity,
    /// What it says, in one line.
    pub meaning: &'static str,
    /// The same in French.
    pub meaning_fr: &'static str,
}

impl Code {
    /// A code by its name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        CODES.iter().find(|code| code.name == name)
    }

    /// What it says, in one line.
    #[must_use]
    pub const fn meaning_in(&self, language: Language) -> &'static str {
        language.pick(self.meaning, self.meaning_fr)
    }

    /// Whether what it reports about one file may tell of another: a name that clashes or dangles across files, and everything that is
    /// found only in the whole.
    #[must_use]
    pub fn is_of_the_whole(&self) -> bool {
        const ACROSS: [Code; 5] =
            [DUPLICATE_KEY, DUPLICATE_ID, DUPLICATE_ADDRESS, UNKNOWN_REFERENCE, TOO_LARGE];
        self.severity == Severity::Warning || ACROSS.contains(self)
    }
}

macro_rules! codes {
    ($($constant:ident $severity:ident $name:literal $meaning:literal $french:literal;)*) => {
        $(
            #[doc = $meaning]
            pub const $constant: Code =
                Code { name: $name, severity: Severity::$severity, meaning: $meaning, meaning_fr: $french };
        )*
        /// All codes, errors first.
        pub const CODES: &[Code] = &[$($constant),*];
    };
}

codes! {
    SYNTAX Error "syntax" "the file is not TOML at this place" "à cet endroit le fichier n'est pas du TOML";
    UNKNOWN_TABLE Error "unknown-table" "a table that a policy does not have" "une table qu'une politique n'a pas";
    UNKNOWN_KEY Error "unknown-key" "a key that this table does not have" "une clé que cette table n'a pas";
    MISSING_TABLE Error "missing-table" "a table that every policy needs" "il manque une table dont toute politique a besoin";
    MISSING_KEY Error "missing-key" "a key that this table needs" "il manque une clé dont cette table a besoin";
    DUPLICATE_KEY Error "duplicate-key" "a key given twice, in one file or across files" "une clé donnée deux fois, dans un fichier ou dans plusieurs";
    DUPLICATE_ID Error "duplicate-id" "two things of one kind, or a person and a service, with one name" "deux choses d'une même sorte, ou une personne et un service, portent le même nom";
    DUPLICATE_ITEM Error "duplicate-item" "the same entry twice in one list" "deux fois la même entrée dans une liste";
    DUPLICATE_ADDRESS Error "duplicate-address" "an address that two vaults, a vault and a list, or one list twice claim" "une adresse que revendiquent deux coffres, un coffre et une liste, ou deux fois la même liste";
    UNKNOWN_REFERENCE Error "unknown-reference" "a name that nothing in the files defines" "un nom que rien ne définit dans les fichiers";
    WRONG_TYPE Error "wrong-type" "a value of another type than this key takes" "une valeur d'un autre type que celui de cette clé";
    BAD_NAME Error "bad-name" "a name with characters that names do not use, or too long" "un nom trop long, ou avec des caractères que les noms n'ont pas";
    BAD_TEXT Error "bad-text" "an empty or too long text, or one with control characters" "un texte vide ou trop long, ou avec des caractères de contrôle";
    BAD_DURATION Error "bad-duration" "a duration that is not a whole number and a unit, is too long, or is zero where it must not be" "une durée qui n'est pas un nombre entier et une unité, qui est trop longue, ou nulle là où elle ne doit pas l'être";
    BAD_MONEY Error "bad-money" "a sum that is not a number, a space and a known currency, or has too many decimals" "une somme qui n'est pas un nombre, une espace et une monnaie connue, ou qui a trop de décimales";
    WRONG_CURRENCY Error "wrong-currency" "a sum in another currency than the organisation's" "une somme dans une autre monnaie que celle de l'organisation";
    BAD_COUNT Error "bad-count" "a whole number outside the range that this key takes" "un nombre entier hors des bornes de cette clé";
    BAD_CHOICE Error "bad-choice" "a word that is not one of those that this key takes" "un mot qui n'est pas de ceux que cette clé accepte";
    BAD_TIME_ZONE Error "bad-time-zone" "a time zone that the compiled-in database does not know" "un fuseau horaire que la base compilée ne connaît pas";
    BAD_TIME Error "bad-time" "a time of day that is not HH:MM, or a calendar without a single instant" "une heure qui n'est pas HH:MM, ou un calendrier sans un seul instant";
    BAD_DESTINATION Error "bad-destination" "a destination rule of another form, or one that this rule cannot use" "une règle de destination d'une autre forme, ou que cette règle ne peut pas utiliser";
    BAD_QUORUM Error "bad-quorum" "a quorum of another form" "un quorum d'une autre forme";
    BAD_AMOUNT_RANGE Error "bad-amount-range" "a range of amounts that is empty or has no bound" "une plage de montants vide ou sans borne";
    BAD_VAULT Error "bad-vault" "keys that a vault's chain does not allow, or a path that can never be signed" "des clés que la chaîne d'un coffre n'admet pas, ou un chemin que rien ne peut signer";
    BAD_PERMIT Error "bad-permit" "keys of a permit that contradict one another" "des clés d'une autorisation qui se contredisent";
    EMPTY_LIST Error "empty-list" "a list that needs at least one entry" "une liste qui demande au moins une entrée";
    EMPTY_LIMIT Error "empty-limit" "a limit without an amount or a count" "un plafond sans montant ni nombre";
    EMPTY_FORBID Error "empty-forbid" "a forbid without a condition would forbid everything" "une interdiction sans condition interdirait tout";
    SELF_REFERENCE Error "self-reference" "a person who is `of` himself or herself" "une personne qui est `of` elle-même";
    BAD_RECIPIENT Error "bad-recipient" "a text that is no age recipient, or one that must not be used" "un texte qui n'est pas un destinataire age, ou qui ne doit pas servir";
    TOO_LARGE Error "too-large" "more bytes, rules, people, entries or nesting than a policy may have" "plus d'octets, de règles, de personnes, d'entrées ou de niveaux qu'une politique ne peut en avoir";
    QUICK_TIER Warning "quick-tier" "what permits with a short hold let the people of one home move" "ce que des autorisations à court délai laissent déplacer aux gens d'un domicile";
    CHANGE_BY_ONE_HOME Warning "change-by-one-home" "the people of one home can change the policy" "les gens d'un seul domicile peuvent changer la politique";
    LIFT_BY_ONE_HOME Warning "lift-by-one-home" "the people of one home can lift a stop" "les gens d'un seul domicile peuvent lever un arrêt";
    CLEAR_BY_ONE_HOME Warning "clear-by-one-home" "the people of one home can close an incident" "les gens d'un seul domicile peuvent clore un incident";
    FEW_RESPONDERS Warning "few-responders" "a home for which fewer than two responders could be told" "un domicile pour lequel moins de deux intervenants pourraient être prévenus";
    COSIGNER_AT_HOME Warning "cosigner-at-home" "the co-signer stands in someone's home" "le cosignataire se trouve au domicile de quelqu'un";
    AUDITOR_WITH_AUTHORITY Warning "auditor-with-authority" "an auditor who can submit, approve, change, lift or clear" "un auditeur qui peut soumettre, approuver, changer, lever ou clore";
    MOVES_ALONE Warning "moves-alone" "one person who alone moves more than the quick tier" "une personne qui déplace seule plus que l'étage rapide";
    QUORUM_UNMET Warning "quorum-unmet" "a quorum that cannot be met by the people of the register" "un quorum que les gens du registre ne peuvent pas atteindre";
    QUORUM_UNMET_BY_INITIATOR Warning "quorum-unmet-by-initiator" "a quorum that cannot be met when a certain person submits" "un quorum qui ne peut être atteint quand une certaine personne soumet";
    QUORUM_TOO_HARD Warning "quorum-too-hard" "a quorum whose search exceeds its bound and therefore counts as not met" "un quorum dont la recherche dépasse sa borne et compte donc comme non atteint";
    HOLD_BEYOND_EXPIRES Warning "hold-beyond-expires" "a permit whose hold is longer than the life of its requests" "une autorisation dont le délai dépasse la vie de ses demandes";
    UNUSED_LIST Warning "unused-list" "a list, or a destination without one, that no rule uses" "une liste, ou une destination sans liste, qu'aucune règle n'utilise";
    UNUSED_GROUP Warning "unused-group" "a group that no rule uses" "un groupe qu'aucune règle n'utilise";
    GROUP_WITHOUT_PEOPLE Warning "group-without-people" "a group of responders or auditors that has only services" "un groupe d'intervenants ou d'auditeurs qui n'a que des services";
    IDLE_LIMIT Warning "idle-limit" "a limit on vaults from which no permit allows anything" "un plafond sur des coffres d'où aucune autorisation ne laisse rien partir";
    IDLE_VAULT Warning "idle-vault" "a vault from which no permit allows anything" "un coffre d'où aucune autorisation ne laisse rien partir";
    UNLIMITED_QUICK Warning "unlimited-quick" "a quick permit that no limit on amounts bounds" "une autorisation rapide qu'aucun plafond de montant ne borne";
    VAULT_WITHOUT_KEYS Warning "vault-without-keys" "a vault on a chain that has no spending path yet and cannot be created" "un coffre sur une chaîne qui n'a pas encore de chemin de dépense et ne peut être créé";
    KEYS_IN_ONE_HOME Warning "keys-in-one-home" "signing keys of one home that satisfy a vault's path" "des clés d'un même domicile qui suffisent au chemin d'un coffre";
    KEY_WITHOUT_HOME Warning "key-without-home" "a vault key whose owners have no home, so that no analysis can place it" "une clé de coffre dont les détenteurs n'ont pas de domicile, si bien qu'aucune analyse ne peut la situer";
    PERSON_WITHOUT_HOME Warning "person-without-home" "a person who has no home and never counts where `apart` is asked" "une personne sans domicile, qui ne compte jamais là où `apart` est demandé";
    IDLE_RECIPIENT Warning "idle-recipient" "a person who is no responder and has recipients: no dossier is sealed to them" "une personne qui n'est pas intervenante et a des destinataires : aucun dossier ne leur est scellé";
    SHARED_RECIPIENT Warning "shared-recipient" "a recipient that two people have" "un destinataire que deux personnes ont";
    RECOVERY_SOON Warning "recovery-soon" "a recovery path that opens within a week of a refresh" "un chemin de secours qui s'ouvre moins d'une semaine après un renouvellement";
}
