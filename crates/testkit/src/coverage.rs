//! How often each interesting thing happened. A simulation in which one of them never happens tests nothing there, and fails.

use std::fmt;

macro_rules! seen {
    ($($name:ident: $words:literal),+ $(,)?) => {
        /// Something worth happening.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Seen { $(#[doc = $words] $name),+ }

        impl Seen {
            /// All of them, with their words.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $words)),+];
        }
    };
}

seen! {
    Histories: "histories",
    Commands: "commands",
    Submitted: "transfers submitted",
    Forbidden: "submissions forbidden",
    LimitReached: "submissions over a limit",
    NoPermit: "submissions without a permit",
    PriceUnknown: "submissions without a good price",
    QuickReleased: "quick transfers released",
    SlowReleased: "slow transfers released",
    QuickInIncident: "quick transfers released during an incident",
    DeclinedOvertly: "transfers declined by the overt rules",
    DeclinedByCover: "slow transfers declined because an incident covers them",
    DeclinedByTaint: "slow transfers declined by the second reading alone",
    DeclinedByObjection: "transfers declined for an objection",
    DeclinedAtSignature: "transfers declined when their signature was due",
    SlowReleasedAfterIncident: "slow transfers released after an incident was closed",
    SlowReleasedWhenNarrowed: "slow transfers released while an incident is narrowed",
    Expired: "transfers expired",
    Cancelled: "transfers cancelled",
    Signed: "transfers signed",
    KnownMatched: "payments to known destinations",
    InputReserved: "transactions refused for a reserved input",
    Stops: "stops placed",
    Lifted: "stops lifted",
    Lowered: "postures lowered",
    ChangesPassed: "policy changes passed",
    ChangesAtOnce: "tightening and equal changes applied at once",
    TighteningsJoined: "tightenings joined by somebody of another home",
    TighteningsLapsed: "tightenings lapsed",
    DirectionsTurned: "pending changes whose direction became another",
    CredentialsReplaced: "credentials replaced",
    CredentialsRevoked: "credentials left with nothing but stopping",
    ImpostorsIgnored: "slow transfers declined because a credential would not have been brought",
    ChangesOpposed: "changes that one person could not end any more",
    MotionsRejected: "motions rejected by covert facts",
    MotionsEnded: "motions ended by one person",
    Calls: "alarms of protected people",
    SamePress: "presses again within a minute",
    NobodysPress: "presses on the page of nobody",
    Pauses: "stops asked for by protected people",
    PausesEnded: "such stops ended early by a quorum",
    DeclinedInPause: "slow matters declined under such a stop",
    QuickInPause: "quick transfers released under such a stop",
    CheckIns: "check-ins",
    CheckInsMissed: "check-ins missed and asked about",
    CheckInsAlarmed: "missed check-ins that became an alarm",
    DossiersKept: "dossiers handed in",
    DossiersTooMany: "dossiers refused for their number in a day",
    Signals: "signals",
    SignalsOnRefused: "signals on refused commands",
    Cleared: "incidents cleared",
    Drills: "drills",
    Buttons: "buttons of homes",
    Narrowed: "incidents narrowed",
    ClockJumps: "clock jumps",
    Rebuilt: "states rebuilt or restored",
    Retries: "retries",
    KeysReused: "idempotency keys reused",
    ServiceTainted: "services tainted through their operators",
    AtBoundary: "decisions exactly at their moment",
    JustBefore: "waits that end one nanosecond before a moment of decision",
    TwinsDiverged: "twins that differ in a decision",
    TwinsSame: "twins that never differ",
}

/// The counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage(Vec<u64>);

impl Default for Coverage {
    fn default() -> Self {
        Self(vec![0; Seen::ALL.len()])
    }
}

impl Coverage {
    /// It happened once more.
    pub fn see(&mut self, what: Seen) {
        self.0[what as usize] += 1;
    }

    /// It happened so many times more.
    pub fn add(&mut self, what: Seen, times: u64) {
        self.0[what as usize] += times;
    }

    /// How often.
    #[must_use]
    pub fn count(&self, what: Seen) -> u64 {
        self.0[what as usize]
    }

    /// Both together.
    pub fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, more)| *sum += more);
    }

    /// What never happened.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let never = Seen::ALL.iter().filter(|(what, _)| self.count(*what) == 0);
        never.map(|(_, words)| *words).collect()
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, words) in Seen::ALL {
            writeln!(f, "{:>10}  {words}", self.count(*what))?;
        }
        Ok(())
    }
}
