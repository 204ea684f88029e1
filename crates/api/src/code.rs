//! Every error code that a caller can see, with its HTTP status and its meaning in English and French. One list: the server, the
//! command line and `docs/errors.md` (generated, tested) all read it. A code, once published, keeps its meaning.

/// The language of texts for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// French.
    French,
}

impl Language {
    /// The language that an `Accept-Language` header prefers, of those that there are; English when it prefers neither.
    #[must_use]
    pub fn preferred(header: &str) -> Self {
        let weighted = header.split(',').take(ACCEPTED_LANGUAGES_MAX).filter_map(|part| {
            let mut fields = part.split(';');
            let tag = fields.next()?.trim().to_ascii_lowercase();
            let weight = fields.find_map(|field| field.trim().strip_prefix("q=")).map_or(1000, thousandths);
            let language = match tag.split('-').next()? {
                "fr" => Self::French,
                "en" | "*" => Self::English,
                _ => return None,
            };
            Some((weight, language))
        });
        // The first of equal weights wins: browsers list what they prefer first.
        let best = weighted.fold(None, |best: Option<(u16, Self)>, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        });
        best.filter(|(weight, _)| *weight > 0).map_or(Self::English, |(_, language)| language)
    }
}

/// How many entries of an `Accept-Language` header are looked at.
const ACCEPTED_LANGUAGES_MAX: usize = 16;

/// A quality such as `0.8` in thousandths; what is not understood weighs nothing.
fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let mut digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
    let fraction = digits
        .try_fold(0u16, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u16::from(digit - b'0')));
    match (whole, fraction) {
        ("1", _) => 1000,
        ("0" | "", Some(fraction)) => fraction,
        _ => 0,
    }
}

macro_rules! codes {
    ($($name:ident = $code:literal, $status:literal, $english:literal, $french:literal;)+) => {
        /// A stable error code.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Code {$(
            #[doc = $english]
            $name,
        )+}

        impl Code {
            /// Every code, in the order of the page.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The code as programs see it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status),+ }
            }

            /// What it means and what to do, for people.
            #[must_use]
            pub const fn text(self, language: Language) -> &'static str {
                match language {
                    Language::English => match self { $(Self::$name => $english),+ },
                    Language::French => match self { $(Self::$name => $french),+ },
                }
            }
        }
    };
}

impl Code {
    /// The code with this text.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

codes! {
    // The request itself.
    Malformed = "malformed", 400, "the body is not the JSON that is expected: an object with `command`, `proof` and, for people, `phrase`", "le corps n'est pas le JSON attendu : un objet avec `command`, `proof` et, pour les personnes, `phrase`";
    QueryInvalid = "query-invalid", 400, "a parameter of the address is not understood", "un paramètre de l'adresse n'est pas compris";
    CapInvalid = "cap-invalid", 422, "the message is no CAP 1.2: check it against the standard's schema", "le message n'est pas du CAP 1.2 : vérifiez-le avec le schéma de la norme";
    CommandInvalid = "command-invalid", 422, "the command has a field that is missing, unknown or malformed", "un champ de la commande manque, est inconnu ou mal formé";
    BodyTooLarge = "body-too-large", 413, "the body is too large", "le corps est trop grand";
    MethodNotAllowed = "method-not-allowed", 405, "this address does not take this method", "cette adresse n'accepte pas cette méthode";
    IdempotencyKeyMissing = "idempotency-key-missing", 400, "give the command an `Idempotency-Key` header of 1 to 128 visible characters, and the same one when you repeat it", "donnez à la commande un en-tête `Idempotency-Key` de 1 à 128 caractères visibles, le même quand vous la répétez";
    IdempotencyKeyReused = "idempotency-key-reused", 409, "this idempotency key was used for another command: draw a new one", "cette clé d'idempotence a servi à une autre commande : tirez-en une nouvelle";

    // Credentials.
    EnrolmentInvalid = "enrolment-invalid", 404, "this enrolment is not open, not for this name, or was used: ask whoever opened it for another", "cette inscription n'est pas ouverte, pas à ce nom, ou a déjà servi : demandez-en une autre à qui l'a ouverte";
    PhraseShown = "phrase-shown", 409, "this was done before and the phrase was shown then, once: end the motion and ask for another phrase", "c'est déjà fait et la phrase a été montrée alors, une seule fois : mettez fin à la proposition et demandez une autre phrase";
    PasskeyRefused = "passkey-refused", 422, "the new passkey is not taken: ask for another nonce and register it again on your device", "la nouvelle clé d'accès n'est pas acceptée : demandez un autre nonce et enregistrez-la de nouveau sur votre appareil";

    // Who asks.
    Unauthenticated = "unauthenticated", 401, "the signature does not hold: ask for a new challenge and sign again with your device", "la signature n'est pas valable : demandez un nouveau défi et signez de nouveau avec votre appareil";
    SessionInvalid = "session-invalid", 401, "sign in first: there is no session, or it has ended", "connectez-vous d'abord : il n'y a pas de session, ou elle est terminée";
    PhraseMissing = "phrase-missing", 400, "type your phrase: every act of a person needs it", "tapez votre phrase : chaque acte d'une personne en a besoin";
    PhraseTooLong = "phrase-too-long", 422, "that is too long to be a phrase: type three words from the list", "c'est trop long pour une phrase : tapez trois mots de la liste";
    PhraseWordCount = "phrase-word-count", 422, "a phrase has three words", "une phrase a trois mots";
    PhraseWordUnknown = "phrase-word-unknown", 422, "a word is not on the list: choose it from the completions", "un mot n'est pas dans la liste : choisissez-le parmi les propositions";
    PhraseMixedLists = "phrase-mixed-lists", 422, "all three words come from one list, English or French", "les trois mots viennent d'une même liste, anglaise ou française";
    TooManyAttempts = "too-many-attempts", 429, "too many attempts: wait a minute and try again", "trop d'essais : attendez une minute et recommencez";

    // The server.
    Overloaded = "overloaded", 503, "the server is busy: repeat the request with the same idempotency key", "le serveur est occupé : répétez la requête avec la même clé d'idempotence";
    Timeout = "timeout", 503, "the server took too long: repeat the request with the same idempotency key", "le serveur a mis trop de temps : répétez la requête avec la même clé d'idempotence";
    Stopping = "stopping", 503, "the server is stopping: repeat the request with the same idempotency key when it is back", "le serveur s'arrête : répétez la requête avec la même clé d'idempotence à son retour";
    Behind = "behind", 503, "something that is due must be decided first: repeat the request", "une décision échue doit d'abord être prise : répétez la requête";
    Unavailable = "unavailable", 503, "commands cannot be written down at present: repeat the request later with the same idempotency key", "les commandes ne peuvent être écrites pour le moment : répétez la requête plus tard avec la même clé d'idempotence";
    Internal = "internal", 500, "something failed inside: the operator's log says what", "une erreur interne est survenue : le journal de l'exploitant dit laquelle";

    // What is asked.
    NotFound = "not-found", 404, "there is no such thing here, or not for you", "il n'y a rien de tel ici, ou pas pour vous";
    NotAllowed = "not-allowed", 403, "this is not yours to do", "vous n'avez pas à faire cela";
    RulesNotSeparate = "rules-not-separate", 404, "the organisation keeps rules and register in one file, so the rules cannot be shown: ask an auditor", "l'organisation garde règles et registre dans un seul fichier ; les règles ne peuvent donc être montrées : demandez à un auditeur";
    NoTransaction = "no-transaction", 404, "there is no such transaction yet", "il n'y a pas encore de telle transaction";
    PayloadInvalid = "payload-invalid", 422, "the transfer is not well formed", "le transfert est mal formé";
    PayloadHashMismatch = "payload-hash-mismatch", 422, "`payload_hash` is not the transfer's id: approve exactly what you were shown", "`payload_hash` n'est pas l'identifiant du transfert : approuvez exactement ce qui vous a été montré";
    PayloadNotPayable = "payload-not-payable", 422, "an output or the fee cannot be paid on the vault's chain", "une sortie ou les frais ne peuvent être payés sur la chaîne du coffre";
    NotOnChain = "not-on-chain", 422, "this vault has no transactions of its own: someone else signs for it", "ce coffre n'a pas de transactions à lui : quelqu'un d'autre signe pour lui";
    ForbiddenByPolicy = "forbidden-by-policy", 422, "a rule forbids this transfer", "une règle interdit ce transfert";
    NoPermit = "no-permit", 422, "no permit allows this transfer", "aucune autorisation ne permet ce transfert";
    LimitReached = "limit-reached", 422, "a limit has no room for this transfer: `fits_at` says from when it would fit", "une limite n'a plus de place pour ce transfert : `fits_at` dit à partir de quand il passerait";
    PriceUnknown = "price-unknown", 422, "the value in the organisation's currency is not known: a fresh price is needed", "la valeur dans la monnaie de l'organisation n'est pas connue : il faut un prix récent";
    AmountOverflow = "amount-overflow", 422, "the sum is too large", "la somme est trop grande";
    WrongAsset = "wrong-asset", 422, "the vault does not hold this asset", "le coffre ne contient pas cet actif";
    Duplicate = "duplicate", 409, "this was submitted before", "cela a déjà été soumis";
    AlreadyApproved = "already-approved", 409, "you have approved this before", "vous l'avez déjà approuvé";
    OwnProposal = "own-proposal", 403, "you proposed this yourself: others must approve it", "vous l'avez proposé vous-même : d'autres doivent l'approuver";
    TooLate = "too-late", 409, "this has been decided", "c'est déjà décidé";
    TooMany = "too-many", 409, "too many are open: end some first", "il y en a trop d'ouverts : terminez-en d'abord";
    OutstandingExceeded = "outstanding-exceeded", 422, "this is more than may ever be on its way from this vault at once: send it in parts, or change `outstanding`", "c'est plus que ce qui peut être en route depuis ce coffre à la fois : envoyez-le en parties, ou changez `outstanding`";
    FeeTooLarge = "fee-too-large", 422, "a refresh may cost at most one hundredth of what it renews: lower the maximum fee", "un renouvellement coûte au plus un centième de ce qu'il renouvelle : baissez les frais maximaux";
    RefreshTooEarly = "refresh-too-early", 422, "a refresh takes only outputs in the last quarter of their recovery lock", "un renouvellement ne prend que des sorties dans le dernier quart de leur délai de récupération";
    InputReserved = "input-reserved", 409, "an input of this transaction is reserved for another transfer", "une entrée de cette transaction est réservée à un autre transfert";
    InputUnknown = "input-unknown", 422, "an input of this transaction is not an unspent output of the vault", "une entrée de cette transaction n'est pas une sortie non dépensée du coffre";
    SpendMismatch = "spend-mismatch", 422, "this transaction does not belong to the transfer", "cette transaction n'appartient pas au transfert";
    AuthorityUnmet = "authority-unmet", 422, "under the proposed policy nobody could ever change it, lift a stop or close an incident again: lower that quorum or add people", "avec la politique proposée, plus personne ne pourrait la changer, lever un arrêt ou clore un incident : abaissez ce quorum ou ajoutez des personnes";
    PolicyInvalid = "policy-invalid", 422, "the proposed policy is invalid: check it with `rempart policy check`", "la politique proposée n'est pas valable : vérifiez-la avec `rempart policy check`";
    RevisionNotNext = "revision-not-next", 409, "this revision of your dossier does not have the next number: fetch the recipients and seal it again", "cette révision de votre dossier n’a pas le numéro suivant : redemandez les destinataires et scellez-la de nouveau";
    PostureUnchanged = "posture-unchanged", 409, "the posture is that high already, or that low", "la posture est déjà aussi haute, ou aussi basse";
    VaultUnusable = "vault-unusable", 409, "this vault cannot be used: its keys in the register do not make a descriptor", "ce coffre ne peut servir : ses clés dans le registre ne donnent pas de descripteur";
    AddressUnknown = "address-unknown", 422, "an address with this number cannot be derived", "une adresse de ce numéro ne peut être dérivée";
    AddressGap = "address-gap", 409, "the last 20 addresses were handed out and none was paid: other wallets would not look further; use one of them", "les 20 dernières adresses ont été données et aucune n'a été payée : d'autres portefeuilles ne chercheraient pas plus loin ; utilisez l'une d'elles";
    FeeRateUnknown = "fee-rate-unknown", 422, "no source of the chain says what to pay the network: give a fee rate", "aucune source de la chaîne ne dit quoi payer au réseau : donnez un taux de frais";
    DraftImpossible = "draft-impossible", 422, "such a transaction cannot be built from what the vault has", "une telle transaction ne peut pas être construite avec ce que contient le coffre";
    TransactionNotOurs = "transaction-not-ours", 422, "the transaction pays nothing to this vault", "la transaction ne paie rien à ce coffre";
    TransactionMalformed = "transaction-malformed", 422, "the transaction cannot be read", "la transaction est illisible";

    // The responders' side.
    IncidentClosed = "incident-closed", 409, "the incident is closed", "l'incident est clos";
    Repeated = "repeated", 409, "you have done this before", "vous l'avez déjà fait";
    NoSuchPerson = "no-such-person", 422, "there is no person of this name", "il n'y a personne de ce nom";
    WrongKind = "wrong-kind", 422, "report a `judgement` or a `code-word`", "signalez un `judgement` ou un `code-word`";
    TimeInFuture = "time-in-future", 422, "the time is in the future", "l'instant est dans le futur";
    NotForThem = "not-for-them", 422, "name a responder who is not near anybody concerned", "nommez un intervenant qui n'est proche de personne de concerné";
    NotCalledBack = "not-called-back", 409, "first call back everybody concerned yourself, in private, and record their all-clear", "rappelez d'abord vous-même chaque personne concernée, en privé, et notez que tout va bien";
    NoExercise = "no-exercise", 409, "this is no exercise: close it by a clear", "ce n'est pas un exercice : il se clôt par une levée";
    TextOutOfBounds = "text-out-of-bounds", 422, "a text is empty, too long or has control characters: a note has at most 600 bytes", "un texte est vide, trop long ou contient des caractères de contrôle : une note compte 600 octets au plus";
    TimeOutOfBounds = "time-out-of-bounds", 422, "the time is over, or too far away", "l'instant est passé, ou trop lointain";
    NoSuchProcedure = "no-such-procedure", 422, "the procedures are `home-invasion`, `abduction`, `relative-taken`, `remote-extortion` and `wrong-address`", "les procédures sont `home-invasion`, `abduction`, `relative-taken`, `remote-extortion` et `wrong-address`";
    NoSuchTurn = "no-such-turn", 422, "the call plan has no such schedule, or no contact of this person, or the turn ends before it begins", "le plan d'appel n'a pas cet horaire, ou pas les coordonnées de cette personne, ou le tour finit avant de commencer";

    // Check-ins.
    NoSchedule = "no-schedule", 409, "you have no schedule of check-ins: set one first", "vous n'avez pas d'horaire de présence : fixez-en un d'abord";
    ScheduleOutOfBounds = "schedule-out-of-bounds", 422, "`every` is 15m to 31d, `grace` 5m to 48h, and `next` is within 31 days from now", "`every` va de 15m à 31d, `grace` de 5m à 48h, et `next` tombe dans les 31 prochains jours";

    // Why a transaction is not signed.
    PsbtTooLarge = "psbt-too-large", 413, "the psbt is too large: send one of at most 4 MiB, with fewer inputs", "la psbt est trop grande : envoyez-en une de 4 Mio au plus, avec moins d'entrées";
    PsbtMalformed = "psbt-malformed", 422, "the psbt cannot be read", "la psbt est illisible";
    PsbtTrailingBytes = "psbt-trailing-bytes", 422, "there are bytes after the psbt: send the psbt alone", "des octets suivent la psbt : envoyez-la seule";
    PsbtVersion = "psbt-version", 422, "this psbt version is not supported: export version 0", "cette version de psbt n'est pas prise en charge : exportez la version 0";
    PsbtGlobalField = "psbt-global-field", 422, "the psbt has unknown or proprietary global fields: build it without them", "la psbt a des champs globaux inconnus ou propriétaires : construisez-la sans eux";
    PsbtWrongNetwork = "psbt-wrong-network", 422, "the psbt names keys of another network: build it for the vault's network", "la psbt nomme des clés d'un autre réseau : construisez-la pour le réseau du coffre";
    PsbtGlobalKey = "psbt-global-key", 422, "the psbt names a key that is not the vault's: build it from the vault's descriptor", "la psbt nomme une clé qui n'est pas du coffre : construisez-la à partir du descripteur du coffre";
    PsbtMapCount = "psbt-map-count", 422, "the psbt's maps do not match its transaction: build it again", "les tables de la psbt ne correspondent pas à sa transaction : reconstruisez-la";
    SpendWrongVault = "spend-wrong-vault", 422, "the payload was approved for another vault", "le contenu a été approuvé pour un autre coffre";
    TxVersion = "tx-version", 422, "the transaction's version is refused: use version 2", "la version de la transaction est refusée : utilisez la version 2";
    TxLockTimeDate = "tx-lock-time-date", 422, "the lock time is a date: use 0 or a block height", "le verrou temporel est une date : utilisez 0 ou une hauteur de bloc";
    TxLockTimeAhead = "tx-lock-time-ahead", 422, "the lock time is above the current height: use 0 or a past height", "le verrou temporel dépasse la hauteur actuelle : utilisez 0 ou une hauteur passée";
    TxNoInputs = "tx-no-inputs", 422, "the transaction spends nothing", "la transaction ne dépense rien";
    TxNoOutputs = "tx-no-outputs", 422, "the transaction pays nothing but a fee", "la transaction ne paie rien que des frais";
    TxTooHeavy = "tx-too-heavy", 422, "the signed transaction would have more weight than nodes relay: spend fewer outputs at once", "la transaction signée aurait plus de poids que les nœuds n'en relaient : dépensez moins de sorties à la fois";
    InputNotParents = "input-not-parents", 422, "an input is not change of the transaction that this one is to speed up", "une entrée n'est pas la monnaie de la transaction à accélérer";
    InputSharedMissing = "input-shared-missing", 422, "the transaction does not spend the input that all transactions of this transfer spend: build it with that input", "la transaction ne dépense pas l'entrée commune à toutes celles de ce transfert : construisez-la avec cette entrée";
    OutputLeaves = "output-leaves", 422, "an output leaves the vault: everything comes back to its change addresses in such a transaction", "une sortie quitte le coffre : dans une telle transaction, tout revient à ses adresses de monnaie";
    RefreshChange = "refresh-change", 422, "a refresh has no change beside its outputs", "un renouvellement n'a pas de monnaie à côté de ses sorties";
    RefreshFeeRate = "refresh-fee-rate", 422, "the fee is above 100 satoshis for each virtual byte, the most that a refresh pays: wait for lower fees", "les frais dépassent 100 satoshis par octet virtuel, le maximum d'un renouvellement : attendez qu'ils baissent";
    TxTooManyInputs = "tx-too-many-inputs", 422, "the transaction has too many inputs: at most 1000 are taken", "la transaction a trop d'entrées : 1000 au plus sont acceptées";
    TxTooManyOutputs = "tx-too-many-outputs", 422, "the transaction has too many outputs: at most 201 are taken", "la transaction a trop de sorties : 201 au plus sont acceptées";
    InputNotOurs = "input-not-ours", 422, "an input is not a confirmed, unspent output of this vault", "une entrée n'est pas une sortie confirmée et non dépensée de ce coffre";
    InputDuplicate = "input-duplicate", 422, "an input spends an output that an earlier input spends", "une entrée dépense la même sortie qu'une entrée précédente";
    InputNotUnsigned = "input-not-unsigned", 422, "an input of the unsigned transaction carries a script or a witness", "une entrée de la transaction non signée porte un script ou un témoin";
    InputSequence = "input-sequence", 422, "an input has another sequence than 0xfffffffd, so that a relative lock might apply", "une entrée a une autre séquence que 0xfffffffd ; un verrou relatif pourrait s'appliquer";
    InputFinalised = "input-finalised", 422, "an input is already finalised: send the psbt with partial signatures only", "une entrée est déjà finalisée : envoyez la psbt avec des signatures partielles seulement";
    InputField = "input-field", 422, "an input has unknown or proprietary fields: build it without them", "une entrée a des champs inconnus ou propriétaires : construisez-la sans eux";
    InputRedeemScript = "input-redeem-script", 422, "an input has a redeem script: this vault has none", "une entrée a un script de rachat : ce coffre n'en a pas";
    InputPreimage = "input-preimage", 422, "an input has a hash preimage: this vault asks for none", "une entrée a une préimage : ce coffre n'en demande pas";
    InputPreviousMissing = "input-previous-missing", 422, "an input lacks the previous transaction: include it, amounts cannot be proven without", "il manque à une entrée la transaction précédente : ajoutez-la, les montants ne se prouvent pas sans elle";
    InputPreviousMismatch = "input-previous-mismatch", 422, "an input has another previous transaction than the confirmed one", "une entrée a une autre transaction précédente que celle qui est confirmée";
    InputWitnessUtxoMissing = "input-witness-utxo-missing", 422, "an input lacks the output that it spends: include the witness utxo", "il manque à une entrée la sortie qu'elle dépense : ajoutez la witness utxo";
    InputWitnessUtxoMismatch = "input-witness-utxo-mismatch", 422, "an input states another amount or script than the confirmed output has", "une entrée indique un autre montant ou script que la sortie confirmée";
    InputSighash = "input-sighash", 422, "an input asks for a sighash type other than all or default", "une entrée demande un autre type de sighash que all ou default";
    InputWitnessScript = "input-witness-script", 422, "an input has another witness script than the vault's", "une entrée a un autre script de témoin que celui du coffre";
    InputScriptKind = "input-script-kind", 422, "an input has fields of another kind of script than the vault's", "une entrée a des champs d'une autre sorte de script que celle du coffre";
    InputLeafScript = "input-leaf-script", 422, "an input has a leaf or a control block that is not the vault's", "une entrée a une feuille ou un bloc de contrôle qui n'est pas du coffre";
    InputInternalKey = "input-internal-key", 422, "an input has another taproot internal key than the vault's", "une entrée a une autre clé interne taproot que celle du coffre";
    InputMerkleRoot = "input-merkle-root", 422, "an input has another taproot merkle root than the vault's", "une entrée a une autre racine de Merkle taproot que celle du coffre";
    InputDerivation = "input-derivation", 422, "an input names a key or an origin that is not the vault's", "une entrée nomme une clé ou une origine qui n'est pas du coffre";
    SignatureKeyPath = "signature-key-path", 422, "an input has a signature for the key path: the vault is spent by script only", "une entrée a une signature du chemin par clé : le coffre ne se dépense que par script";
    SignatureSighash = "signature-sighash", 422, "an input has a signature that does not cover the whole transaction: sign with sighash all or default", "une entrée a une signature qui ne couvre pas toute la transaction : signez avec sighash all ou default";
    SignatureRecoveryPath = "signature-recovery-path", 422, "an input has a signature for the recovery path: it is not used for spending", "une entrée a une signature du chemin de secours : il ne sert pas à dépenser";
    SignatureOfCosigner = "signature-of-cosigner", 422, "an input has a signature of the co-signer, who signs last: send the members' signatures only", "une entrée a une signature du cosignataire, qui signe en dernier : envoyez les seules signatures des membres";
    SignatureForeign = "signature-foreign", 422, "an input has a signature by a key that is not a member's", "une entrée a une signature d'une clé qui n'est pas d'un membre";
    SignatureInvalid = "signature-invalid", 422, "an input has a signature that is not valid for this transaction: sign it again", "une entrée a une signature qui n'est pas valable pour cette transaction : signez-la de nouveau";
    OutputField = "output-field", 422, "an output has unknown or proprietary fields: build it without them", "une sortie a des champs inconnus ou propriétaires : construisez-la sans eux";
    OutputClaim = "output-claim", 422, "an output pays somebody else and carries scripts or keys: only change may", "une sortie paie autrui et porte des scripts ou des clés : seul le rendu de monnaie le peut";
    OutputNotApproved = "output-not-approved", 422, "an output is neither in the approved payload nor change of this vault", "une sortie n'est ni dans le contenu approuvé ni le rendu de monnaie de ce coffre";
    OutputMissing = "output-missing", 422, "an approved output is not paid by the transaction", "une sortie approuvée n'est pas payée par la transaction";
    ChangeSecond = "change-second", 422, "there is a second output of change: one is allowed", "il y a une seconde sortie de rendu de monnaie : une seule est permise";
    ChangeBranch = "change-branch", 422, "change returns to a receiving address: it goes to the change branch", "le rendu de monnaie va à une adresse de réception : il va sur la branche de rendu";
    ChangeBeyondGap = "change-beyond-gap", 422, "change returns to an address beyond the gap of 20: use the next unused change address", "le rendu de monnaie va à une adresse au-delà de l'écart de 20 : utilisez la prochaine adresse de rendu";
    ChangeDerivation = "change-derivation", 422, "change states scripts or keys that are not those of its address", "le rendu de monnaie indique des scripts ou des clés qui ne sont pas ceux de son adresse";
    OutputDust = "output-dust", 422, "an output is too small to be relayed", "une sortie est trop petite pour être relayée";
    ValueOverflow = "value-overflow", 422, "the amounts are larger than all bitcoin", "les montants dépassent tous les bitcoins";
    FeeNegative = "fee-negative", 422, "the outputs are worth more than the inputs", "les sorties valent plus que les entrées";
    FeeAboveMaximum = "fee-above-maximum", 422, "the fee is above the approved maximum", "les frais dépassent le maximum approuvé";
    FeeTooLow = "fee-too-low", 422, "the fee is below what any node relays", "les frais sont inférieurs à ce qu'un nœud relaie";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_say_something_in_both_languages() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{} stands twice", code.as_str());
            assert_eq!(Code::find(code.as_str()), Some(*code));
            assert!((400..600).contains(&code.status()));
            let (english, french) = (code.text(Language::English), code.text(Language::French));
            assert_ne!(english, french);
            for text in [english, french] {
                assert!(!text.ends_with('.') && !text.is_empty(), "{text}");
                assert!(text.chars().next().is_some_and(|c| c.is_lowercase() || c == '`'), "{text}");
            }
        }
    }

    #[test]
    fn the_preferred_language_is_found() {
        let french = ["fr", "fr-FR,fr;q=0.9,en;q=0.8", "de, fr;q=0.5", "en;q=0.1,FR-ca;q=0.2", "en;q=x, fr"];
        for header in french {
            assert_eq!(Language::preferred(header), Language::French, "{header}");
        }
        for header in ["", "en", "de", "en,fr", "fr;q=0", "fr;q=0.5,en;q=0.51", "*"] {
            assert_eq!(Language::preferred(header), Language::English, "{header}");
        }
    }
}
