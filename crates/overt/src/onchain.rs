//! What the chain shows: the newest block of each network, and the outputs that vaults have (G1, G6).
//!
//! Reported by whoever follows the chain. A release from a vault on chain waits while the chain's own time is far behind ours, or while
//! its sources disagree: civil time that was set forward then gains nothing, because blocks cannot be made to hurry.

use policy::{Chain, Network};
use serde::{Deserialize, Serialize};
use types::{Hash, OutPoint, PAYLOAD_TEXT_BYTES_MAX, PayloadError, Span, Timestamp, VaultId};

use crate::act::Act;
use crate::command::{Event, Refusal, Reply};
use crate::decide::Decision;
use crate::state::{COINS_PER_REPORT_MAX, State};
use crate::transfer::{Status, Transfer};

/// How far the median time of the last eleven blocks may be behind. It is about one hour behind in ordinary times.
pub const MEDIAN_TIME_LAG_MAX: Span = Span::from_seconds(3 * 3600);
/// The time that a block takes on average, for outputs whose block is not known.
const BLOCK_MILLIS: u64 = 600_000;
/// The longest reason why a chain cannot be relied on, in bytes: a code.
pub const TROUBLE_BYTES_MAX: usize = 64;

/// An unspent output of a vault, as a feed reported it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Coin {
    /// Whose it is.
    pub vault: VaultId,
    /// How much it holds, in units of the asset.
    pub units: u128,
    /// SHA-256 of the transaction that made it, under which the journal keeps it.
    pub transaction: Hash,
    /// Since when it is known.
    pub since: Timestamp,
    /// The block that has it, where the feed says so.
    pub height: Option<u32>,
}

/// The newest block of a network.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Tip {
    /// Its height.
    pub height: u32,
    /// The median time of the last eleven blocks.
    pub median_time: Timestamp,
    /// Why the sources cannot be relied on now, as a stable code.
    pub trouble: Option<String>,
}

impl Tip {
    /// Whether value may leave on what this says.
    #[must_use]
    pub fn is_current(&self, now: Timestamp) -> bool {
        self.trouble.is_none() && self.median_time.after(MEDIAN_TIME_LAG_MAX) >= now
    }
}

/// A receiving address that was handed out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShownAddress {
    /// What it is for, in the words of who asked.
    pub label: String,
    /// Since when.
    pub at: Timestamp,
}

/// Addresses.
impl State {
    /// The receiving addresses of a vault that were handed out, by index.
    pub fn addresses(&self, vault: &VaultId) -> impl Iterator<Item = (u32, &ShownAddress)> {
        self.addresses.get(vault).into_iter().flatten().map(|(index, shown)| (*index, shown))
    }

    /// No address is handed out twice: whoever pays must not be told from another payer.
    pub(crate) fn decide_address(&self, act: &Act, vault: &VaultId, index: u32, label: &str) -> Decision {
        let (person, _) = self.person(act)?;
        let sees = self.policies.current().is_some_and(|version| version.sees(&person, vault));
        if !sees || self.network_of(vault).is_none() {
            return Err(Refusal::NotFound("vault"));
        }
        if label.len() > PAYLOAD_TEXT_BYTES_MAX || label.chars().any(char::is_control) {
            return Err(Refusal::Payload(PayloadError::Text("the label")));
        }
        if self.addresses(vault).last().is_some_and(|(last, _)| index <= last) {
            return Err(Refusal::Duplicate);
        }
        let event = Event::AddressShown { vault: vault.clone(), index, label: label.to_owned() };
        Ok((vec![event], Reply::Done))
    }
}

/// Reports.
impl State {
    /// The newest block of a network, once something has reported one.
    #[must_use]
    pub fn tip(&self, network: Network) -> Option<&Tip> {
        self.tips.get(&network)
    }

    /// Where a vault is.
    pub(crate) fn network_of(&self, vault: &VaultId) -> Option<Network> {
        match self.policy()?.vault(vault)?.chain {
            Chain::Bitcoin(network) => Some(network),
            Chain::GateOnly => None,
        }
    }

    /// Whether value may leave a vault on what its chain shows. Without any report there is nothing to compare with.
    pub(crate) fn is_current(&self, vault: &VaultId, now: Timestamp) -> bool {
        let tip = self.network_of(vault).and_then(|network| self.tips.get(&network));
        tip.is_none_or(|tip| tip.is_current(now))
    }

    pub(crate) fn decide_chain(&self, act: &Act, network: Network, tip: &Tip) -> Decision {
        only_feed(act)?;
        if tip.trouble.as_ref().is_some_and(|code| code.len() > TROUBLE_BYTES_MAX) {
            return Err(Refusal::TooMany("bytes in a reason"));
        }
        if self.tips.get(&network) == Some(tip) {
            return Ok((Vec::new(), Reply::Done));
        }
        Ok((vec![Event::ChainSeen { network, tip: tip.clone() }], Reply::Done))
    }

    /// Outputs that are known already change nothing; one that a confirmed payment has spent never comes back.
    pub(crate) fn decide_received(
        &self,
        act: &Act,
        vault: &VaultId,
        (transaction, height): (Hash, Option<u32>),
        outputs: &[(OutPoint, u128)],
    ) -> Decision {
        self.may_report(act, vault, outputs.len())?;
        let fresh = |(outpoint, _): &&(OutPoint, u128)| match self.coins.get(outpoint) {
            Some(coin) => coin.height != height && height.is_some(),
            None => !self.is_spent(outpoint),
        };
        let outputs: Vec<(OutPoint, u128)> = outputs.iter().filter(fresh).copied().collect();
        if outputs.is_empty() {
            return Ok((Vec::new(), Reply::Done));
        }
        let event = Event::Received { vault: vault.clone(), transaction, height, outputs };
        Ok((vec![event], Reply::Done))
    }

    fn is_spent(&self, outpoint: &OutPoint) -> bool {
        let holder = self.reserved.get(outpoint).and_then(|id| self.transfers.get(id));
        holder.is_some_and(|transfer| transfer.spent.iter().any(|(spent, _)| spent == outpoint))
    }

    pub(crate) fn decide_lost(&self, act: &Act, vault: &VaultId, outputs: &[OutPoint]) -> Decision {
        self.may_report(act, vault, outputs.len())?;
        let known = |outpoint: &&OutPoint| self.coins.get(outpoint).is_some_and(|coin| coin.vault == *vault);
        let outputs: Vec<OutPoint> = outputs.iter().filter(known).copied().collect();
        if outputs.is_empty() {
            return Ok((Vec::new(), Reply::Done));
        }
        Ok((vec![Event::Lost { vault: vault.clone(), outputs }], Reply::Done))
    }

    fn may_report(&self, act: &Act, vault: &VaultId, outputs: usize) -> Result<(), Refusal> {
        only_feed(act)?;
        let known = self.policy().and_then(|policy| policy.vault(vault));
        if known.is_none_or(|vault| vault.asset().is_none()) {
            return Err(Refusal::NotFound("vault"));
        }
        if outputs > COINS_PER_REPORT_MAX { Err(Refusal::TooMany("outputs")) } else { Ok(()) }
    }

    /// Whether an output is in the last quarter of the time before its vault's recovery path opens, or past it.
    #[must_use]
    pub fn nears_recovery(&self, coin: &Coin, now: Timestamp) -> bool {
        let vault = self.policy().and_then(|policy| policy.vault(&coin.vault));
        let Some(recovery) = vault.and_then(|vault| vault.recovery.as_ref()) else { return false };
        self.age_blocks(coin, now).saturating_mul(4) >= u64::from(recovery.after_blocks).saturating_mul(3)
    }

    /// How many outputs of a vault should be renewed.
    #[must_use]
    pub fn refresh_due(&self, vault: &VaultId, now: Timestamp) -> usize {
        self.coins(vault).filter(|(_, coin)| self.nears_recovery(coin, now)).count()
    }

    /// How many blocks old an output is; by the clock where its block is not known.
    #[must_use]
    pub fn age_blocks(&self, coin: &Coin, now: Timestamp) -> u64 {
        let tip = self.network_of(&coin.vault).and_then(|network| self.tips.get(&network));
        match (coin.height, tip) {
            (Some(height), Some(tip)) => u64::from(tip.height.saturating_add(1).saturating_sub(height)),
            _ => {
                u64::try_from(now.as_millis().saturating_sub(coin.since.as_millis())).unwrap_or(0)
                    / BLOCK_MILLIS
            }
        }
    }
}

pub(crate) fn only_feed(act: &Act) -> Result<(), Refusal> {
    if act.by.actor().is_some() { Err(Refusal::NotAllowed("only a feed reports the chain")) } else { Ok(()) }
}

/// What happens.
impl State {
    pub(crate) fn received(
        &mut self,
        act: &Act,
        vault: &VaultId,
        (transaction, height): (Hash, Option<u32>),
        outputs: &[(OutPoint, u128)],
    ) {
        let coin = |units: u128| Coin { vault: vault.clone(), units, transaction, since: act.at, height };
        for (outpoint, units) in outputs {
            self.coins.insert(*outpoint, coin(*units));
        }
    }

    pub(crate) fn lost(&mut self, outputs: &[OutPoint]) {
        for outpoint in outputs {
            self.coins.remove(outpoint);
        }
    }

    /// The inputs of a transaction that a block has are gone; they are kept with the transfer, because the block may go too.
    pub(crate) fn spend_coins(&mut self, transfer: &Transfer, txid: Hash) -> Vec<(OutPoint, Coin)> {
        let confirmed = transfer.signings.iter().find(|signing| signing.spend.txid == txid);
        let inputs = confirmed.map(|signing| signing.spend.inputs.as_slice()).unwrap_or_default();
        let spent = inputs.iter().filter_map(|input| Some((*input, self.coins.remove(input)?)));
        spent.collect()
    }

    /// Whether a transfer is signed, and no block has it yet.
    pub(crate) const fn is_afloat(status: &Status) -> bool {
        matches!(status, Status::Signing | Status::Signed { .. })
    }
}
