//! What an attack is, how it is tried, and the macro that makes a named test and an entry of the list from each (G1, G6).

use std::sync::LazyLock;

use vault::bitcoin::Psbt;
use vault::signing::sign_member;
use vault::{Refusal, ScriptKind, UnverifiedPsbt, VerifiedSpend};

use crate::world::{KINDS, World, key};

/// Larger ones are no seeds for fuzzing.
const SEED_BYTES_MAX: usize = 16 * 1024;

/// Which vaults it is tried on.
pub const BOTH: &[ScriptKind] = &KINDS;
pub const WSH: &[ScriptKind] = &[ScriptKind::Wsh];
pub const TR: &[ScriptKind] = &[ScriptKind::Tr];

/// How a hostile PSBT comes about.
pub enum Try {
    /// An honest PSBT with two valid signatures is changed.
    Changed(fn(&World, &mut Psbt)),
    /// The members were deceived too: the change is made first, and they sign it.
    Deceived(fn(&World, &mut Psbt)),
    /// The bytes of an honest, signed PSBT are changed.
    Bytes(fn(&World, Vec<u8>) -> Vec<u8>),
    /// Something else than the PSBT is hostile, or it comes in by another door.
    Whole(fn(ScriptKind) -> Result<VerifiedSpend, Refusal>),
}

/// One attack.
pub struct Attack {
    pub name: &'static str,
    /// What it tries, for the page.
    pub tries: &'static str,
    /// Where the world saw it, if it did.
    pub seen: &'static str,
    pub kinds: &'static [ScriptKind],
    /// The refusal that it must meet.
    pub code: &'static str,
    pub how: Try,
}

/// A vault, and a PSBT of two members that it accepts.
struct Honest {
    world: World,
    psbt: Psbt,
}

impl Honest {
    fn new(kind: ScriptKind) -> Self {
        let world = World::new(kind);
        let psbt = world.signed(&["alice", "bob"]);
        assert!(world.verify(psbt.clone()).unwrap().is_complete(), "the honest psbt is accepted");
        Self { world, psbt }
    }

    fn kind(&self) -> ScriptKind {
        self.world.holdings.descriptor().kind()
    }
}

/// Shared by all attacks, since none of them may change it.
static HONEST: LazyLock<[Honest; 2]> = LazyLock::new(|| KINDS.map(Honest::new));

/// Lists attacks: each becomes a test of its name and an entry in the file's `ATTACKS`.
macro_rules! attacks {
    ($(#[test] fn $name:ident() $kinds:ident $how:ident $code:literal, $tries:literal $(, seen $seen:literal)?; $body:expr;)+) => {
        pub const ATTACKS: &[crate::attack::Attack] = &[$(crate::attack::Attack {
            name: stringify!($name),
            tries: $tries,
            seen: concat!($($seen)?),
            kinds: crate::attack::$kinds,
            code: $code,
            how: crate::attack::Try::$how($body),
        }),+];

        $(#[test]
        fn $name() {
            crate::attack::refuse(ATTACKS, stringify!($name));
        })+
    };
}
pub(crate) use attacks;

/// Tries the attack of that name on each kind of vault.
pub fn refuse(attacks: &[Attack], name: &str) {
    let attack = attacks.iter().find(|attack| attack.name == name).unwrap();
    for kind in attack.kinds {
        attack.refused_on(*kind);
    }
}

impl Attack {
    fn refused_on(&self, kind: ScriptKind) {
        let Honest { world, psbt: honest } = HONEST.iter().find(|honest| honest.kind() == kind).unwrap();
        let (before, honest) = (state(world), honest.clone());
        match self.how {
            Try::Whole(answer) => self.is_refused(kind, answer(kind)),
            Try::Bytes(change) => self.bytes_are_refused(kind, world, &change(world, honest.serialize())),
            Try::Changed(change) => self.psbt_is_refused(kind, world, change, honest),
            Try::Deceived(change) => {
                let mut psbt = world.psbt();
                change(world, &mut psbt);
                for member in ["alice", "bob"] {
                    sign_member(&mut psbt, &world.holdings, &key(member)).unwrap();
                }
                self.psbt_is_refused(kind, world, |_, _| {}, psbt);
            }
        }
        assert_eq!(state(world), before, "{}: a refusal leaves no trace", self.name);
    }

    /// As it is, and in the form in which it is sent, if it can be written down.
    fn psbt_is_refused(
        &self,
        kind: ScriptKind,
        world: &World,
        change: fn(&World, &mut Psbt),
        mut psbt: Psbt,
    ) {
        change(world, &mut psbt);
        let bytes = psbt.serialize();
        self.keep(kind, &bytes);
        self.is_refused(kind, world.verify(psbt));
        if let Ok(parsed) = UnverifiedPsbt::from_bytes(&bytes) {
            self.is_refused(kind, vault::verify(parsed, &world.holdings, &world.approved));
        }
    }

    fn bytes_are_refused(&self, kind: ScriptKind, world: &World, bytes: &[u8]) {
        self.keep(kind, bytes);
        let parsed = UnverifiedPsbt::parse(bytes);
        let answer = parsed.and_then(|psbt| vault::verify(psbt, &world.holdings, &world.approved));
        self.is_refused(kind, answer);
    }

    /// Written down where `cargo xtask fuzz` asks for it, so that fuzzing begins with every attack.
    fn keep(&self, kind: ScriptKind, bytes: &[u8]) {
        if let Some(folder) = std::env::var_os("REMPART_CORPUS").filter(|_| bytes.len() <= SEED_BYTES_MAX) {
            let name = format!("{}-{kind:?}", self.name).to_lowercase();
            std::fs::write(std::path::Path::new(&folder).join(name), bytes).unwrap();
        }
    }

    fn is_refused(&self, kind: ScriptKind, answer: Result<VerifiedSpend, Refusal>) {
        let refusal = answer.expect_err(self.name);
        assert_eq!(refusal.code(), self.code, "{} on {kind:?}: {refusal}", self.name);
    }
}

/// What the vault knows, which checking must not change.
fn state(world: &World) -> String {
    let holdings = &world.holdings;
    let unused = vault::Branch::ALL.map(|branch| holdings.unused(branch));
    let coins: Vec<_> = holdings.coins().map(vault::Coin::outpoint).collect();
    format!("{coins:?} {unused:?} {} {} {:?}", holdings.height(), holdings.scripts().count(), world.approved)
}
