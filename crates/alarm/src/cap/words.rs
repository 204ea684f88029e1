//! The standard's own words, each list as a type.

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($word:ident),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[expect(missing_docs, reason = "the words are the standard's, and documented there")]
        pub enum $name { $($word),+ }

        impl $name {
            /// All of them.
            pub(crate) const WORDS: &'static [&'static str] = &[$(stringify!($word)),+];

            /// The standard's spelling.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => stringify!($word)),+ }
            }

            /// From the standard's spelling.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $(stringify!($word) => Some(Self::$word),)+ _ => None }
            }
        }
    )+};
}

words! {
    /// Whether it is real.
    CapStatus { Actual, Exercise, System, Test, Draft }
    /// What it does to earlier ones.
    MessageType { Alert, Update, Cancel, Ack, Error }
    /// For whom it is.
    Scope { Public, Restricted, Private }
    /// What it is about.
    Category { Geo, Met, Safety, Security, Rescue, Fire, Health, Env, Transport, Infra, CBRNE, Other }
    /// What to do.
    ResponseType { Shelter, Evacuate, Prepare, Execute, Avoid, Monitor, Assess, AllClear, None }
    /// How soon.
    Urgency { Immediate, Expected, Future, Past, Unknown }
    /// How bad.
    Severity { Extreme, Severe, Moderate, Minor, Unknown }
    /// How sure.
    Certainty { Observed, Likely, Possible, Unlikely, Unknown }
}
