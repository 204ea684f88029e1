//! From what the gate shows to what goes over the wire, by hand (G9): no field is added here that the view does not have.

use api::{
    ChangeText, CredentialProposal, DeviceEntry, PermitStanding, PostureWord, ProposalWord, Scope,
    SourceText, StatusWord,
};
use overt::view::{MotionView, PermitView, StopView, TransferView};
use overt::{MotionStatus, NewCredential, Proposal, Status};
use policy::{Chain, Policy, Posture, Source};
use types::{ActorId, Hash, Target, canonical_json, hash_parts};

use super::entry::{Device, DeviceCredential};

/// Tables that are the register's: a file with one of them is not shown to everybody.
const REGISTER_TABLES: [&str; 5] = ["person", "place", "service", "protected", "key"];
/// How many groups of four digits a fingerprint has.
const FINGERPRINT_GROUPS: usize = 4;
/// The domain of the hash of a policy's files.
const SOURCES_DOMAIN: &str = "rempart/sources/v1";

/// A transaction's id as explorers show it: the bytes of the hash in reverse.
pub fn txid_text(txid: Hash) -> String {
    let mut bytes = txid.0;
    bytes.reverse();
    hex::encode(bytes)
}

/// A transfer. Nothing when its payload has no canonical form, which cannot happen to one that was accepted.
pub fn transfer(policy: &Policy, view: TransferView) -> Option<api::Transfer> {
    let on_chain = policy.vault(&view.payload.vault).is_none_or(|vault| vault.chain != Chain::GateOnly);
    let txid = match &view.status {
        Status::Signed { txid } | Status::Confirmed { txid } if on_chain => Some(txid_text(*txid)),
        Status::Signed { txid } | Status::Confirmed { txid } => Some(txid.to_string()),
        _ => None,
    };
    let canonical = view.payload.canonical().ok()?;
    let payload = view.payload;
    Some(api::Transfer {
        id: view.id.0,
        payload: canonical,
        vault: payload.vault,
        initiator: payload.initiator,
        outputs: payload.outputs.into_iter().map(output).collect(),
        max_fee: payload.max_fee,
        memo: payload.memo,
        reference: payload.reference,
        refresh: payload.refresh,
        value: api::CurrencyMinor { currency: policy.organisation().currency, minor: view.value },
        submitted_at: view.submitted_at,
        status: status(&view.status),
        since: view.since,
        permits: view.permits.into_iter().map(permit).collect(),
        yours: view.yours,
        approved_by_you: view.approved_by_you,
        stopped: view.stopped,
        has_transaction: view.spend.is_some(),
        members_signed: view.spend == Some(true),
        waits_for: view.waits_for,
        txid,
    })
}

fn output(output: types::Output) -> api::Output {
    let (address, vault) = match output.target {
        Target::Address(address) => (Some(address), None),
        Target::Vault(vault) => (None, Some(vault)),
    };
    api::Output { address, vault, amount: output.amount }
}

fn permit(view: PermitView) -> PermitStanding {
    let PermitView { permit, met, ready_at, expires_at } = view;
    PermitStanding { permit, met, ready_at, expires_at }
}

/// The status word.
pub const fn status(status: &Status) -> StatusWord {
    match status {
        Status::Pending => StatusWord::Pending,
        Status::Ready | Status::Signing => StatusWord::Ready,
        Status::Signed { .. } => StatusWord::Signed,
        Status::Confirmed { .. } => StatusWord::Confirmed,
        Status::Declined => StatusWord::Declined,
        Status::Expired => StatusWord::Expired,
        Status::Cancelled => StatusWord::Cancelled,
    }
}

/// A stop.
pub fn stop(view: StopView) -> api::Stop {
    let scope = match view.scope {
        overt::Scope::Transfer(id) => Scope::Transfer(id.0),
        overt::Scope::Vault(vault) => Scope::Vault(vault),
        overt::Scope::Person(actor) => Scope::Person(actor),
        overt::Scope::Organisation => Scope::Organisation,
    };
    let StopView { id, since, reason, yours, lifted_at, .. } = view;
    api::Stop { id: id.0, scope, since, reason, yours, lifted_at }
}

fn credential(of: &ActorId, new: &NewCredential) -> CredentialProposal {
    let kind = match new {
        NewCredential::Device(_) => "device",
        NewCredential::Phrase(_) => "phrase",
        NewCredential::Whole(_) => "whole",
    };
    CredentialProposal { of: of.clone(), kind: kind.to_owned(), fingerprint: fingerprint(&new.fingerprint()) }
}

/// Four groups of four digits: short enough to read out, and enough that nobody finds another credential with the same ones while a call lasts.
pub fn fingerprint(hash: &Hash) -> String {
    let digits = hash.to_string();
    let groups = (0..FINGERPRINT_GROUPS).filter_map(|group| digits.get(4 * group..4 * group + 4));
    groups.collect::<Vec<_>>().join("-")
}

/// One's own device.
pub fn device(device: &Device) -> DeviceEntry {
    let kind = match device.credential {
        DeviceCredential::Key(_) => "key",
        DeviceCredential::Passkey(_) => "passkey",
    };
    DeviceEntry { id: device.id, kind: kind.to_owned(), muted: device.muted }
}

/// A motion. Of a change only the rules are shown: the register is not everybody's.
pub fn motion(view: MotionView) -> api::Motion {
    let proposal = match &view.proposal {
        Proposal::Lift(stop) => ProposalWord::Lift(stop.0),
        Proposal::Lower(to) => ProposalWord::Lower(posture(*to)),
        Proposal::Change(_) => ProposalWord::Change,
        Proposal::Credential { actor, new } => ProposalWord::Credential(credential(actor, new)),
        Proposal::Revoke { actor } => ProposalWord::Revoke(actor.clone()),
    };
    let status = match view.status {
        MotionStatus::Pending => "pending",
        MotionStatus::Passed => "passed",
        MotionStatus::Declined => "declined",
        MotionStatus::Expired => "expired",
        MotionStatus::Ended => "ended",
        MotionStatus::Lapsed => "lapsed",
    };
    let change = match view.proposal {
        Proposal::Change(sources) if view.status == MotionStatus::Pending => change(sources),
        _ => None,
    };
    let MotionView { id, proposed_at, yours, endorsed_by_you, met, ready_at, lapses_at, .. } = view;
    api::Motion {
        id: id.0,
        proposal,
        change,
        proposed_at,
        status: status.to_owned(),
        yours,
        endorsed_by_you,
        met,
        ready_at,
        direction: view.direction.map(|direction| direction.word().to_owned()),
        lapses_at,
    }
}

/// What everybody may read of a change, and the hash of all of it.
fn change(sources: Vec<Source>) -> Option<ChangeText> {
    let canonical = canonical_json(&sources).ok()?;
    let hash = hash_parts(SOURCES_DOMAIN, &[canonical.as_bytes()]);
    Some(ChangeText { hash, rules: rules_only(sources) })
}

/// The files that hold nothing of the register. What cannot be read is not shown.
pub fn rules_only(sources: Vec<Source>) -> Vec<SourceText> {
    let shown = sources.into_iter().filter(|source| is_rules_only(&source.text));
    shown.map(|source| SourceText { name: source.name, text: source.text }).collect()
}

/// Whether a file holds rules and nothing of the register.
pub fn is_rules_only(text: &str) -> bool {
    toml::from_str::<toml::Table>(text).is_ok_and(|table| !table.is_empty() && !is_of_register(&table))
}

/// Whether a file holds something of the register, as far as it can be read.
pub fn has_register(text: &str) -> bool {
    toml::from_str::<toml::Table>(text).is_ok_and(|table| is_of_register(&table))
}

fn is_of_register(table: &toml::Table) -> bool {
    REGISTER_TABLES.iter().any(|name| table.contains_key(*name))
}

/// The posture's word.
pub const fn posture(posture: Posture) -> PostureWord {
    match posture {
        Posture::Normal => PostureWord::Normal,
        Posture::Elevated => PostureWord::Elevated,
        Posture::Lockdown => PostureWord::Lockdown,
    }
}

#[cfg(test)]
mod tests {
    use super::is_rules_only;

    #[test]
    fn only_files_without_any_table_of_the_register_are_shown() {
        assert!(is_rules_only("[organisation]\nname = \"x\"\n"));
        for table in ["person", "place", "service", "protected", "key"] {
            assert!(
                !is_rules_only(&format!("[organisation]\nname = \"x\"\n[[{table}]]\nid = \"a\"\n")),
                "{table}"
            );
            assert!(!is_rules_only(&format!("{table} = []\n")), "{table}");
            assert!(!is_rules_only(&format!("\"{table}\" = [{{ id = \"a\" }}]\n")), "{table}");
        }
        assert!(!is_rules_only("# nothing but names of people\n"));
        assert!(!is_rules_only("not toml"));
    }
}
