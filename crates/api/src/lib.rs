//! Wire types, error codes and the hash that people sign: what other programs see of Rempart, and nothing that they must not (G9).
//!
//! Pure: no input or output. The server converts these by hand to and from the core's types, so that the interface can stay
//! while the core moves. The command line and the demo build and read the same types.
//!
//! Where to find things: every error code with its texts, `code`; the problem document, `problem`; envelope, proof and request
//! hash, `signed`; transfers, `transfer`; stops, posture and motions, `motion`; sign-in and own entry, `person`; credentials, `credential`; dossiers, `dossier`; vaults, `vault`;
//! feeds, `feed`; the responders' side, `response`; check-ins, `signal`; the record for auditors, `audit`; wake-ups of browsers, `push`.
//!
//! # To add an endpoint
//! 1. Its wire types here, with `deny_unknown_fields` on what comes in.
//! 2. A handler with `#[utoipa::path]` in `server::http`, and its line in `server::http::routes`.
//! 3. `UPDATE_EXPECT=1 cargo test -p server --test openapi` writes the new `docs/openapi.json`; review its difference.
//! 4. What it may refuse has a line in `code`; `UPDATE_EXPECT=1 cargo test -p api` writes `docs/errors.md`.
#![deny(missing_docs)]

mod audit;
mod casework;
mod code;
mod credential;
mod dossier;
mod exposure;
mod feed;
mod money;
mod motion;
mod passkey;
mod person;
mod policy;
mod problem;
mod push;
mod response;
mod signal;
mod signed;
mod transfer;
mod vault;

pub use audit::{AuditEntry, AuditList, AuditVerification};
pub use casework::{
    Acknowledge, AcknowledgeCode, Await, CallBack, Called, CalledBack, Callee, ChannelState, Drill, Duty,
    EndDrill, Escalation, Follow, HandOver, Note, OnDuty, Override, Step, StepDone, Told,
};
pub use code::{Code, Language};
pub use credential::{
    AddDevice, ChangePhrase, CredentialProposal, DeviceEntry, Enrol, Enrolment, NewDevice, NewPhrase,
    OpenEnrolment, PhraseLanguage, ProposeCredential, ProposeRevocation, RevokeDevices,
};
pub use dossier::{
    DOSSIER_BYTES_MAX, DossierForResponder, DossierHistory, DossierRecipients, DossierRevision, NewDossier,
    OpenDossier, OwnDossier, SealedDossier,
};
pub use exposure::{
    CertificateDraft, CertificateFigure, DrillReplay, Exposure, ExposureAdvice, ExposureFigure, ExposurePast,
    ExposureRise, ExposureRisen, Witness, WitnessStep,
};
pub use feed::{Confirmation, NewPrice, NewTransaction};
pub use money::{AssetUnits, CurrencyMinor, MoneyText};
pub use motion::{
    ChangeText, EndMotion, EndorseMotion, LiftStop, Motion, MotionList, NewChange, NewStop, Posture,
    PostureWord, ProposalWord, Scope, SetPosture, SourceText, Stop, StopList,
};
pub use passkey::{Base64Url, NewPasskey, PASSKEY_DOMAIN, PasskeyAssertion, PasskeySite, creation_challenge};
pub use person::{Health, Me, Rules, SessionEntry, SessionGrant, SessionList, SignIn};
pub use policy::{
    Difference, Finding, PolicyPreview, PolicySection, PolicyText, Register, RegisterPerson,
    RegisterProtected,
};
pub use problem::Problem;
pub use push::{PushKey, PushState, PushSubscription};
pub use response::{
    Clear, Cover, EndClear, EndPause, Endorsed, Implicate, Incident, IncidentList, Lost, LostMotion, Narrow,
    Pause, PauseList, Procedure, ProcedureStep, Procedures, Report, Script, SignalEntry, Subject,
};
pub use signal::{CheckIn, CheckIns, EndSchedule, NewSchedule, Schedule};
pub use signed::{
    Accepted, COMMAND_DOMAIN, Challenge, ChallengeRequest, Envelope, IDEMPOTENCY_KEY_BYTES_MAX,
    IDEMPOTENCY_KEY_HEADER, PhraseText, Proof, RawEnvelope, request_hash,
};
pub use transfer::{
    Approve, AttachPsbt, Cancel, NewOutput, NewTransfer, Objection, Output, OutputCheck, PermitOffer,
    PermitStanding, PsbtText, Reason, Reasons, StatusWord, Ticket, TransactionHex, Transfer, TransferCheck,
    TransferList,
};
pub use vault::{
    AddressList, Coin, CoinList, Draft, NewAddress, RefreshDraft, ShownAddress, Vault, VaultAddress,
    VaultDetail, VaultList,
};
