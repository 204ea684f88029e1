//! Bitcoin vaults: descriptors and the one way from an untrusted PSBT to a verified spend (G1, G6, G10).
//!
//! Pure: no clock, no randomness, no input or output. The path of a transfer through this crate, each step a type:
//!
//! [`VaultSpec`] → [`VaultDescriptor`] → [`Holdings`] (what the chain says the vault has) ·
//! [`UnverifiedPsbt`] → [`verify`] → [`VerifiedSpend`] → co-signer → [`Cosigned`] → [`FinalTransaction`].
//!
//! Only [`verify`], [`verify_return`] and [`verify_child`] make a [`VerifiedSpend`], and a co-signer takes nothing else. One cannot be written down:
//!
//! ```compile_fail,E0451
//! fn forge(spend: vault::VerifiedSpend) -> vault::VerifiedSpend {
//!     vault::VerifiedSpend { ..spend }
//! }
//! ```
//! ```compile_fail,E0277
//! fn forge(psbt: bitcoin::Psbt) -> vault::VerifiedSpend { psbt.into() }
//! ```
//! ```
//! // The same with what is allowed, so that the two above fail for the reason meant.
//! fn read(spend: vault::VerifiedSpend) -> bitcoin::Txid { spend.txid() }
//! fn distrust(psbt: bitcoin::Psbt) -> vault::UnverifiedPsbt { psbt.into() }
//! ```
//!
//! To add a check: a variant and a code in `refusal`, the check in `verify`, a PSBT that is refused for it in `tests/hostile`.
#![deny(missing_docs)]

mod approved;
mod build;
mod bump;
mod choose;
mod compose;
mod derived;
mod descriptor;
mod fees;
mod finish;
pub mod format;
mod holdings;
mod key;
mod psbt;
mod refresh;
mod refusal;
mod registration;
pub mod signing;
mod size;
mod spec;
mod spend;
mod template;
mod verify;

use std::sync::LazyLock;

use bitcoin::secp256k1::{All, Secp256k1};

pub use approved::{
    Approved, ApprovedError, ApprovedOutput, REFRESH_FEE_PERCENT_MAX, REFRESH_FEE_SATS_PER_VBYTE_MAX,
    Recipient,
};
pub use bitcoin;
pub use build::{BuildError, SpendDraft, build_psbt};
pub use bump::{Waiting, child, replace, return_to_self};
pub use compose::{Built, DUE_PERCENT, Request, is_due, pay};
pub use derived::{DerivedKey, DerivedScript, Role};
pub use descriptor::{Branch, DeriveError, Position, VaultDescriptor};
pub use fees::INCREMENTAL_RELAY_SATS_PER_KVB;
pub use finish::{Cosigned, FinalTransaction, FinishError, check_consensus};
pub use holdings::{Coin, GAP_LIMIT, Holdings};
pub use key::{KeyError, VaultKey};
pub use psbt::{PSBT_BYTES_MAX, UnverifiedPsbt};
pub use refresh::{Refresh, refresh};
pub use refusal::Refusal;
pub use registration::{ColdcardWallet, WalletPolicy};
pub use size::{TRANSACTION_WEIGHT_MAX, estimated_vsize};
pub use spec::{RECOVERY_BLOCKS_MAX, RecoverySpec, ScriptKind, SpecError, VAULT_KEYS_MAX, VaultSpec};
pub use spend::{InputSignature, MergeError, SigningRequest, VerifiedSpend};
pub use verify::{FEE_RATE_MIN_SATS_PER_KVB, INPUTS_MAX, verify, verify_child, verify_return};

/// One context for all: building its tables takes longer than using them.
pub(crate) static SECP: LazyLock<Secp256k1<All>> = LazyLock::new(Secp256k1::new);
