//! The question "how much, taken by whom, within which time" and its answer (G2). Called by the commands, drills and certificates.

use std::collections::BTreeMap;
use std::fmt;

use policy::{Language, Policy};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{ActorId, Currency, PermitId, PersonId, Span, Timestamp, Value, VaultId};

use crate::search;

/// The horizons of the table.
pub const TABLE_HORIZONS: [Span; 5] = [
    Span::from_hours(1),
    Span::from_hours(24),
    Span::from_hours(48),
    Span::from_hours(72),
    Span::from_hours(7 * 24),
];
/// The most homes, places or people taken in the table.
pub const TABLE_TAKEN_MAX: u8 = 3;

/// What the adversary takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Adversary {
    /// Homes, with everyone there.
    Homes,
    /// Places of any kind, with everyone there.
    Places,
    /// People, protected ones included.
    People,
}

impl fmt::Display for Adversary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Homes => "homes",
            Self::Places => "places",
            Self::People => "people",
        })
    }
}

/// How many, or which.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Taken {
    /// The worst so many.
    K(u8),
    /// These homes, places or people.
    Ids(Vec<String>),
}

/// What the coalition and the free people do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Nobody signals and no free person acts.
    Silent,
    /// Panic phrases from the first act.
    Signalled,
    /// Nobody signals, and free people stop everything openly at `response.reaction`.
    Stopped,
}

impl Mode {
    /// All of them, the worst first.
    pub const ALL: [Self; 3] = [Self::Silent, Self::Signalled, Self::Stopped];
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// What the adversary takes.
    pub adversary: Adversary,
    /// How many, or which.
    pub taken: Taken,
    /// For how long.
    pub horizon: Span,
    /// What the people do.
    pub mode: Mode,
}

/// What a vault holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Holding {
    /// How much; `None` when nobody says.
    pub balance: Option<Value>,
    /// How old its oldest output is; `None` when nobody says.
    pub oldest_output: Option<Span>,
}

/// What every vault holds. A vault that is not among them holds what nobody knows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Holdings(pub BTreeMap<VaultId, Holding>);

impl Holdings {
    /// The balances and output ages that the policy's files say.
    #[must_use]
    pub fn from_policy(policy: &Policy) -> Self {
        let holding =
            |vault: &policy::Vault| Holding { balance: vault.balance, oldest_output: vault.oldest_output };
        Self(policy.vaults().iter().map(|vault| (vault.id.clone(), holding(vault))).collect())
    }

    /// What one vault holds.
    #[must_use]
    pub fn of(&self, vault: &VaultId) -> Holding {
        self.0.get(vault).copied().unwrap_or_default()
    }
}

/// A way in which value is lost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// By transfers that the policy allows.
    Policy,
    /// By a change of the policy.
    Change,
    /// By keys, without or with a held co-signer.
    Keys,
    /// By a recovery path.
    Recovery,
}

/// Something that the result takes as given because nobody says. JSON and display: a sentence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Assumption {
    /// The vault has a recovery path and no known output age: taken as just refreshed.
    JustRefreshed(VaultId),
    /// The vault's balance is not known: taken as without bound; limits alone bound it.
    UnknownBalance(VaultId),
    /// The person has no home in the register: taken as living alone.
    LivesAlone(PersonId),
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JustRefreshed(vault) => {
                write!(
                    f,
                    "vault `{vault}` has a recovery path and no `oldest_output`: taken as just refreshed"
                )
            }
            Self::UnknownBalance(vault) => {
                write!(f, "vault `{vault}` has no `balance`: taken as without bound")
            }
            Self::LivesAlone(person) => {
                write!(f, "`{person}` has no home in the register: taken as living alone")
            }
        }
    }
}

impl Assumption {
    /// The same for people.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        match (self, language) {
            (_, Language::En) => self.to_string(),
            (Self::JustRefreshed(vault), Language::Fr) => {
                format!(
                    "le coffre `{vault}` a un chemin de secours et pas d’`oldest_output` : supposé tout juste rafraîchi"
                )
            }
            (Self::UnknownBalance(vault), Language::Fr) => {
                format!("le coffre `{vault}` n’a pas de `balance` : supposé sans limite")
            }
            (Self::LivesAlone(person), Language::Fr) => {
                format!("`{person}` n’a pas de domicile au registre : personne supposée vivre seule")
            }
        }
    }
}

/// What a step of a strategy does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Submits a transfer.
    Submit,
    /// Approves a transfer or a change.
    Approve,
    /// Proposes a change of the policy.
    Change,
    /// Signs: a released transfer, or a path of the descriptor.
    Sign,
}

/// One step of a strategy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// When, from the taking.
    pub at: Span,
    /// What.
    pub action: Action,
    /// Which transfer of the strategy, when it belongs to one. One transfer may have several outputs, each a step.
    pub transfer: Option<u32>,
    /// By whom; several approve or sign together.
    pub by: Vec<ActorId>,
    /// From which vault.
    pub vault: Option<VaultId>,
    /// Under which permit.
    pub permit: Option<PermitId>,
    /// How much.
    pub amount: Option<Value>,
    /// To where: `vault:ID`, an address that the policy knows, or `new-N` for the attacker's own.
    pub to: Option<String>,
    /// In which way the value is lost.
    pub way: Way,
    /// When it takes effect.
    pub effect: Span,
}

/// The answer: at most so much.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bound {
    /// What the adversary takes.
    pub adversary: Adversary,
    /// How many are taken.
    pub k: u8,
    /// Which.
    pub taken: Vec<String>,
    /// For how long.
    pub horizon: Span,
    /// What the people do.
    pub mode: Mode,
    /// Who is coerced: people and services.
    pub coalition: Vec<ActorId>,
    /// Whether the coalition holds the co-signer.
    pub holds_cosigner: bool,
    /// What is taken as given.
    pub assumes: Vec<Assumption>,
    /// The organisation's currency.
    pub currency: Currency,
    /// No strategy extracts more.
    pub amount: Value,
    /// The witness extracts this much. Equal to `amount` when the bound is exact.
    pub reached: Value,
    /// How value is lost.
    pub ways: Vec<Way>,
    /// A strategy that extracts `reached`.
    pub witness: Vec<Step>,
    /// A moment at which the strategy can begin, when a calendar matters.
    pub begins: Option<Timestamp>,
}

impl Bound {
    /// Whether the witness reaches the bound.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.amount == self.reached
    }

    /// By how much the bound may be too high.
    #[must_use]
    pub fn gap(&self) -> Value {
        self.amount.less(self.reached)
    }
}

/// Why there is no bound.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum BoundError {
    /// A name that the register does not know as what the adversary takes.
    #[error("`{given}` is not among the {adversary} of the register")]
    Unknown {
        /// What was given.
        given: String,
        /// What it should be.
        adversary: Adversary,
    },
    /// Nothing bounds the loss.
    #[error("nothing bounds what vault `{0}` can lose: add a `balance` to it")]
    Unbounded(VaultId),
    /// A sum leaves 128 bits.
    #[error("the sums of this policy are too large")]
    Overflow,
}

/// A single change of the policy that lowers a bound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Advice {
    /// What to change.
    pub edit: Edit,
    /// The bound with it.
    pub amount: Value,
    /// The waiting that it adds to a history of transfers, in all.
    pub added_wait: Span,
    /// How many transfers of that history it no longer lets through as they were.
    pub blocked: u32,
    /// How many values are edited.
    pub edited: u32,
}

/// A single edit, in words and as it would stand in the files.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Edit {
    /// In English.
    pub english: String,
    /// In French.
    pub french: String,
}

/// The greatest value that can be lost by the horizon, inclusive, over all strategies.
///
/// # Errors
/// When a name is not known, or nothing bounds the loss.
pub fn bound(policy: &Policy, holdings: &Holdings, question: &Question) -> Result<Bound, BoundError> {
    let found = search::answers(policy, holdings, std::slice::from_ref(question))?;
    found.into_iter().next().ok_or(BoundError::Overflow)
}

/// Several questions about one policy; what they share is worked out once.
///
/// # Errors
/// As [`bound`].
pub fn bounds(
    policy: &Policy,
    holdings: &Holdings,
    questions: &[Question],
) -> Result<Vec<Bound>, BoundError> {
    search::answers(policy, holdings, questions)
}

/// The table: 1 to [`TABLE_TAKEN_MAX`] taken, [`TABLE_HORIZONS`], all modes, in this order.
///
/// # Errors
/// As [`bound`].
pub fn table(policy: &Policy, holdings: &Holdings, adversary: Adversary) -> Result<Vec<Bound>, BoundError> {
    let mut questions = Vec::new();
    for k in 1..=TABLE_TAKEN_MAX {
        for horizon in TABLE_HORIZONS {
            for mode in Mode::ALL {
                questions.push(Question { adversary, taken: Taken::K(k), horizon, mode });
            }
        }
    }
    bounds(policy, holdings, &questions)
}
