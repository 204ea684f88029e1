//! What a difference looks like: one thing that happens under one policy and not under the other. Called by the rest of `compare`.
//!
//! A transfer is written as `rempart policy explain` reads it, so that anybody can see the difference with the evaluator itself.

use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};
use types::{PersonId, ServiceId, Span, Target, VaultId};

use crate::explain::{HistoryFile, TransferFile};
use crate::model::Posture;
use crate::recipient::Recipient;

/// One of the two policies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The one in force.
    Old,
    /// The one proposed.
    New,
}

/// Something that one policy has and the other has not.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Witness {
    /// Which policy has it.
    pub allowed_by: Side,
    /// What it is.
    #[serde(flatten)]
    pub deed: Deed,
}

/// What can be done under one policy only.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Deed {
    /// A transfer that becomes ready, or earlier, or without regard to objections (quick).
    Transfer {
        /// As `policy explain --transfer` reads it.
        #[serde(serialize_with = "write_transfer")]
        transfer: Box<TransferFile>,
        /// As `policy explain --history` reads it.
        #[serde(serialize_with = "write_history")]
        history: Vec<HistoryFile>,
    },
    /// These people change the policy after this wait.
    Change {
        /// Who approves, the proposer apart.
        people: Vec<PersonId>,
        /// `max(change.hold, longest hold of any permit)`.
        wait: Span,
    },
    /// These people tighten the policy at once.
    Tighten {
        /// Who, the proposer included.
        people: Vec<PersonId>,
    },
    /// These people lift a stop or lower the posture after this wait.
    Lift {
        /// Who.
        people: Vec<PersonId>,
        /// `stop.after`.
        wait: Span,
    },
    /// These people close an incident that concerns someone after this wait.
    Clear {
        /// Whom it concerns.
        subject: PersonId,
        /// Who.
        people: Vec<PersonId>,
        /// `response.clear_hold`.
        wait: Span,
    },
    /// These people's keys satisfy a path of a vault.
    Sign {
        /// Which vault.
        vault: VaultId,
        /// `keys` (with the co-signer) or `recovery` (without, after so many blocks).
        path: &'static str,
        /// Whose keys.
        people: Vec<PersonId>,
        /// For `recovery`.
        #[serde(skip_serializing_if = "Option::is_none")]
        after_blocks: Option<u32>,
    },
    /// This person reads what not everybody may read.
    Read {
        /// Who.
        person: PersonId,
        /// `covert` or `register`.
        what: &'static str,
    },
    /// This person reads another's dossier with this key.
    Dossier {
        /// Who reads.
        person: PersonId,
        /// Whose dossier.
        subject: PersonId,
        /// By which recipient.
        recipient: Recipient,
    },
    /// This person stands where the co-signer can be taken over.
    Cosigner {
        /// Who.
        person: PersonId,
    },
    /// This person makes a service submit.
    Operate {
        /// Who.
        person: PersonId,
        /// Which service.
        service: ServiceId,
    },
    /// A key of the policy whose values cannot be told apart by one transfer.
    Rule {
        /// Its name, such as `organisation.currency`.
        key: &'static str,
        /// Its value under the policy that allows more by it.
        value: String,
        /// Of which vault.
        #[serde(skip_serializing_if = "Option::is_none")]
        vault: Option<VaultId>,
    },
    /// This person or protected person can stop, raise the posture, end a change, and is believed when signalling.
    Stop {
        /// Who.
        who: String,
    },
    /// This person sees a vault's transfers and so can cancel them and object to them.
    Cancel {
        /// Who.
        person: PersonId,
        /// Whose transfers.
        vault: VaultId,
    },
    /// This person is alarmed for another.
    Alarm {
        /// Who is alarmed.
        person: PersonId,
        /// For whom.
        subject: String,
    },
    /// The search was given up: it may be possible or not.
    Undecided {
        /// What was looked for.
        what: &'static str,
    },
}

fn write_transfer<S: Serializer>(file: &TransferFile, serializer: S) -> Result<S::Ok, S::Error> {
    transfer_json(file).serialize(serializer)
}

fn write_history<S: Serializer>(files: &[HistoryFile], serializer: S) -> Result<S::Ok, S::Error> {
    let past = files.iter().map(|file| {
        let mut json = transfer_json(&file.transfer);
        if let Some(object) = json.as_object_mut() {
            object.insert("status".to_owned(), json!(status(file.status)));
        }
        json
    });
    past.collect::<Vec<Json>>().serialize(serializer)
}

fn status(status: crate::explain::Status) -> &'static str {
    use crate::explain::Status;
    match status {
        Status::Pending => "pending",
        Status::Ready => "ready",
        Status::Signed => "signed",
        Status::Confirmed => "confirmed",
        Status::Declined => "declined",
        Status::Expired => "expired",
        Status::Cancelled => "cancelled",
    }
}

/// A transfer in the shape that `explain` reads.
fn transfer_json(file: &TransferFile) -> Json {
    let outputs = file.outputs.iter().map(|output| match &output.target {
        Target::Address(address) => json!({ "address": address, "amount": output.amount.to_string() }),
        Target::Vault(vault) => json!({ "vault": vault, "amount": output.amount.to_string() }),
    });
    let approvals = file.approvals.iter().map(|approval| json!({ "by": approval.by, "at": approval.at }));
    let mut json = json!({
        "vault": file.vault,
        "initiator": file.initiator,
        "at": file.at,
        "outputs": outputs.collect::<Vec<Json>>(),
        "approvals": approvals.collect::<Vec<Json>>(),
    });
    if let Some(object) = json.as_object_mut() {
        if let Some(fee) = file.fee {
            object.insert("fee".to_owned(), json!(fee.to_string()));
        }
        if file.posture != Posture::Normal {
            object.insert("posture".to_owned(), json!(file.posture));
        }
    }
    json
}
