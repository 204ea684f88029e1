//! An organisation as plain data: people, rules, and the policy text that says the same. The checks read this data, never the
//! policy crate, so that what they state is independent of what they judge (G1, G4, G5).

use std::fmt::Write;

/// The most people: quorums are judged by enumerating all sets of them.
pub const PEOPLE_MAX: usize = 8;
/// Protected people, by number.
pub const PROTECTED: [&str; 2] = ["mathilde", "oscar"];
/// Names in order.
pub const NAMES: [&str; PEOPLE_MAX] = ["alice", "bob", "carol", "david", "elise", "farid", "gaelle", "hugo"];
/// The one service.
pub const SERVICE: &str = "payroll";
/// All groups.
pub const GROUPS: [&str; 4] = ["finance", "board", "operations", "responders"];
/// Addresses outside and inside: `ADDRESSES[4]` belongs to vault `hot`.
pub const ADDRESSES: [&str; 5] =
    ["bcrt1qpartnerone", "bcrt1qpartnertwo", "bcrt1qsanctioned", "bcrt1qstranger", "bcrt1qhotvaultaddress"];
/// Vaults: the first is gate-only and owns the last address.
pub const VAULTS: [&str; 2] = ["hot", "treasury"];
/// Lists of the first three addresses.
pub const LISTS: [&str; 3] = ["partners", "partners", "sanctions"];

/// Who can submit: a person by number, or the service.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Actor {
    /// A person.
    Person(usize),
    /// The service.
    Service,
    /// A name that nobody has.
    Stranger,
}

impl Actor {
    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person(number) => NAMES[number],
            Self::Service => SERVICE,
            Self::Stranger => "mallory",
        }
    }
}

/// A person.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// Numbers of groups.
    pub groups: Vec<usize>,
    /// Numbers of homes.
    pub homes: Vec<usize>,
    /// Whether the person works in the office.
    pub office: bool,
    /// People whom this person's captors could coerce.
    pub of: Vec<usize>,
}

/// What no two of those counted may share.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Apart {
    /// Nothing.
    No,
    /// A home.
    Home,
    /// Any place.
    Place,
}

/// A protected person: a relative without authority.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Protected {
    /// Whose relative, by number.
    pub of: Vec<usize>,
    /// Homes.
    pub homes: Vec<usize>,
}

/// A quorum.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Quorum {
    /// So many of a group.
    AtLeast(usize, usize, Apart),
    /// All parts, by different people.
    All(Vec<Quorum>),
    /// Any part.
    Any(Vec<Quorum>),
}

/// Where value may go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Goes {
    /// Anywhere.
    Any,
    /// To a list that no forbid names.
    Listed,
    /// To a list.
    List(&'static str),
    /// To an address that was paid before, so many seconds ago.
    Known(u64),
    /// To a vault.
    Vault(usize),
}

/// A permit. Amounts in cents, times in seconds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Permit {
    /// Its name.
    pub name: &'static str,
    /// For which vaults.
    pub vaults: Vec<usize>,
    /// For which groups.
    pub initiators: Vec<usize>,
    /// Exclusive.
    pub over: Option<u128>,
    /// Inclusive.
    pub up_to: Option<u128>,
    /// Where to.
    pub goes: Goes,
    /// Whether only from Monday to Friday, 08:00 to 18:00 UTC.
    pub office_hours: bool,
    /// The highest posture: 0, 1 or 2.
    pub posture: u8,
    /// Who approves.
    pub approve: Option<Quorum>,
    /// The wait.
    pub hold: u64,
    /// The life.
    pub expires: u64,
}

/// What a limit counts apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// Each vault.
    Vault,
    /// Each initiator.
    Initiator,
    /// Each destination.
    Destination,
    /// One counter.
    Organisation,
}

impl By {
    const fn word(self) -> &'static str {
        match self {
            Self::Vault => "vault",
            Self::Initiator => "initiator",
            Self::Destination => "destination",
            Self::Organisation => "organisation",
        }
    }
}

/// A limit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limit {
    /// For which vaults.
    pub vaults: Vec<usize>,
    /// The window, in seconds.
    pub per: u64,
    /// The most cents.
    pub amount: Option<u128>,
    /// The most submissions.
    pub count: Option<u32>,
    /// What is counted apart.
    pub by: By,
}

/// A forbid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forbid {
    /// From this vault.
    pub vault: Option<usize>,
    /// By this group.
    pub initiator: Option<usize>,
    /// To this target.
    pub goes: Option<Goes>,
    /// Above so many cents.
    pub over: Option<u128>,
}

/// Rules and register together.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Everybody.
    pub people: Vec<Person>,
    /// Groups of the service.
    pub service_groups: Vec<usize>,
    /// Who operates the service.
    pub operators: Vec<usize>,
    /// Permits.
    pub permits: Vec<Permit>,
    /// Limits.
    pub limits: Vec<Limit>,
    /// Forbids.
    pub forbids: Vec<Forbid>,
    /// Who changes the policy.
    pub change: Quorum,
    /// Who tightens at once; the proposer counts.
    pub tighten: Quorum,
    /// The least wait of a change.
    pub change_hold: u64,
    /// Who lifts.
    pub lift: Quorum,
    /// The wait of a lift.
    pub lift_after: u64,
    /// Shorter holds are quick.
    pub quiet: u64,
    /// Who clears.
    pub clear: Quorum,
    /// The wait of a clear.
    pub clear_hold: u64,
    /// How far back a signal taints.
    pub look_back: u64,
    /// How old the newest price may be.
    pub price_max_age: u64,
    /// How long prices count.
    pub price_window: u64,
    /// Protected people.
    pub protected: Vec<Protected>,
    /// When a stop that one of them asked for ends by itself.
    pub relative_expires: u64,
}

impl Policy {
    /// Whether two people share what must not be shared.
    #[must_use]
    pub fn share(&self, one: usize, other: usize, apart: Apart) -> bool {
        let (a, b) = (&self.people[one], &self.people[other]);
        let home = a.homes.iter().any(|home| b.homes.contains(home));
        match apart {
            Apart::No => false,
            Apart::Home => home,
            Apart::Place => home || (a.office && b.office),
        }
    }

    /// Whether someone has a place of the kind that must differ.
    #[must_use]
    pub fn is_placed(&self, person: usize, apart: Apart) -> bool {
        let person = &self.people[person];
        match apart {
            Apart::No => true,
            Apart::Home => !person.homes.is_empty(),
            Apart::Place => !person.homes.is_empty() || person.office,
        }
    }

    /// The groups of whoever submits.
    #[must_use]
    pub fn groups_of(&self, actor: Actor) -> &[usize] {
        match actor {
            Actor::Person(number) => self.people.get(number).map_or(&[], |person| &person.groups),
            Actor::Service => &self.service_groups,
            Actor::Stranger => &[],
        }
    }

    /// Whether these people live in at least two homes, of those who have one.
    #[must_use]
    pub fn span_homes(&self, people: &[usize]) -> bool {
        let home = |person: &usize| self.people.get(*person).filter(|person| !person.homes.is_empty());
        let pairs = people.iter().flat_map(|one| people.iter().map(move |other| (one, other)));
        pairs.into_iter().any(|(one, other)| {
            home(one).is_some() && home(other).is_some() && !self.share(*one, *other, Apart::Home)
        })
    }

    /// A permit by name.
    #[must_use]
    pub fn permit(&self, name: &str) -> Option<&Permit> {
        self.permits.iter().find(|permit| permit.name == name)
    }

    /// The longest hold of any permit.
    #[must_use]
    pub fn longest_hold(&self) -> u64 {
        self.permits.iter().map(|permit| permit.hold).max().unwrap_or(0)
    }

    /// The same in TOML: rules and register.
    #[must_use]
    pub fn texts(&self) -> [String; 2] {
        [self.rules(), self.register()]
    }

    fn rules(&self) -> String {
        let mut text = String::from(
            "[organisation]\nname = \"Simulated\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n\
             [[vault]]\nid = \"hot\"\nchain = \"gate-only\"\naddresses = [\"bcrt1qhotvaultaddress\"]\n\
             [[vault]]\nid = \"treasury\"\nchain = \"bitcoin:regtest\"\nkeys = { at_least = 1, of = [\"alice-hw\"] }\n",
        );
        for (index, list) in LISTS.iter().enumerate() {
            let address = ADDRESSES[index];
            let _ = write!(
                text,
                "[[destination]]\nid = \"d{index}\"\naddress = \"{address}\"\nlist = \"{list}\"\n"
            );
        }
        self.permits.iter().for_each(|permit| text.push_str(&permit_text(permit)));
        for (index, limit) in self.limits.iter().enumerate() {
            text.push_str(&limit_text(index, limit));
        }
        for (index, forbid) in self.forbids.iter().enumerate() {
            text.push_str(&forbid_text(index, forbid));
        }
        let _ = write!(
            text,
            "[change]\napprove = {}\ntighten = {}\nhold = \"{}s\"\n[stop]\nlift = {}\nafter = \"{}s\"\nrelative_expires = \"{}s\"\n\
             [response]\nresponders = \"responders\"\nquiet = \"{}s\"\nclear = {}\nclear_hold = \"{}s\"\nlook_back = \"{}s\"\n\
             [prices]\nwindow = \"{}s\"\nmax_age = \"{}s\"\n",
            quorum_text(&self.change),
            quorum_text(&self.tighten),
            self.change_hold,
            quorum_text(&self.lift),
            self.lift_after,
            self.relative_expires,
            self.quiet,
            quorum_text(&self.clear),
            self.clear_hold,
            self.look_back,
            self.price_window,
            self.price_max_age,
        );
        text
    }

    fn register(&self) -> String {
        let mut text = String::from("[[place]]\nid = \"office\"\nkind = \"office\"\n");
        for home in 0..PEOPLE_MAX {
            let _ = write!(text, "[[place]]\nid = \"home-{home}\"\nkind = \"home\"\n");
        }
        for (number, person) in self.people.iter().enumerate() {
            let mut places: Vec<String> = person.homes.iter().map(|home| format!("home-{home}")).collect();
            places.extend(person.office.then(|| "office".to_owned()));
            let keys = if number == 0 { "keys = [\"alice-hw\"]\n" } else { "" };
            let _ = write!(
                text,
                "[[person]]\nid = \"{}\"\ngroups = {}\nplaces = {places:?}\nof = {:?}\n{keys}",
                NAMES[number],
                group_names(&person.groups),
                person.of.iter().map(|of| NAMES[*of]).collect::<Vec<_>>(),
            );
        }
        let operators: Vec<&str> = self.operators.iter().map(|operator| NAMES[*operator]).collect();
        let groups = group_names(&self.service_groups);
        let _ =
            write!(text, "[[service]]\nid = \"{SERVICE}\"\ngroups = {groups}\noperated_by = {operators:?}\n");
        for (number, protected) in self.protected.iter().enumerate() {
            let of: Vec<&str> = protected.of.iter().map(|of| NAMES[*of]).collect();
            let places: Vec<String> = protected.homes.iter().map(|home| format!("home-{home}")).collect();
            let name = PROTECTED[number];
            let _ = write!(text, "[[protected]]\nid = \"{name}\"\nof = {of:?}\nplaces = {places:?}\n");
        }
        text
    }
}

fn group_names(groups: &[usize]) -> String {
    format!("{:?}", groups.iter().map(|group| GROUPS[*group]).collect::<Vec<_>>())
}

fn vault_names(vaults: &[usize]) -> String {
    format!("{:?}", vaults.iter().map(|vault| VAULTS[*vault]).collect::<Vec<_>>())
}

fn euros(cents: u128) -> String {
    format!("{}.{:02} EUR", cents / 100, cents % 100)
}

fn goes_text(goes: &Goes) -> String {
    match goes {
        Goes::Any => "any".into(),
        Goes::Listed => "listed".into(),
        Goes::List(list) => format!("list:{list}"),
        Goes::Known(_) => "known".into(),
        Goes::Vault(vault) => format!("vault:{}", VAULTS[*vault]),
    }
}

fn quorum_text(quorum: &Quorum) -> String {
    let parts = |parts: &[Quorum]| parts.iter().map(quorum_text).collect::<Vec<_>>().join(", ");
    match quorum {
        Quorum::AtLeast(count, group, apart) => {
            let apart = match apart {
                Apart::No => "",
                Apart::Home => ", apart = \"home\"",
                Apart::Place => ", apart = \"place\"",
            };
            format!("{{ at_least = {count}, of = \"{}\"{apart} }}", GROUPS[*group])
        }
        Quorum::All(all) => format!("{{ all = [{}] }}", parts(all)),
        Quorum::Any(any) => format!("{{ any = [{}] }}", parts(any)),
    }
}

fn permit_text(permit: &Permit) -> String {
    let mut text = format!(
        "[[permit]]\nid = \"{}\"\nvaults = {}\ninitiators = {}\ndestination = \"{}\"\nhold = \"{}s\"\nexpires = \"{}s\"\n",
        permit.name,
        vault_names(&permit.vaults),
        group_names(&permit.initiators),
        goes_text(&permit.goes),
        permit.hold,
        permit.expires,
    );
    let bounds = [("over", permit.over), ("up_to", permit.up_to)];
    let bounds: Vec<String> = bounds
        .iter()
        .filter_map(|(key, bound)| bound.map(|bound| format!("{key} = \"{}\"", euros(bound))))
        .collect();
    if !bounds.is_empty() {
        let _ = writeln!(text, "amount = {{ {} }}", bounds.join(", "));
    }
    if let Goes::Known(seconds) = permit.goes {
        let _ = writeln!(text, "known_for = \"{seconds}s\"");
    }
    if permit.office_hours {
        let days = "[\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]";
        let _ = writeln!(text, "calendar = {{ days = {days}, from = \"08:00\", to = \"18:00\" }}");
    }
    let postures = ["normal", "elevated", "lockdown"];
    let _ = writeln!(text, "posture = \"{}\"", postures[usize::from(permit.posture)]);
    if let Some(approve) = &permit.approve {
        let _ = writeln!(text, "approve = {}", quorum_text(approve));
    }
    text
}

fn limit_text(index: usize, limit: &Limit) -> String {
    let mut text = format!(
        "[[limit]]\nid = \"l{index}\"\nvaults = {}\nper = \"{}s\"\nby = \"{}\"\n",
        vault_names(&limit.vaults),
        limit.per,
        limit.by.word(),
    );
    if let Some(amount) = limit.amount {
        let _ = writeln!(text, "amount = \"{}\"", euros(amount));
    }
    if let Some(count) = limit.count {
        let _ = writeln!(text, "count = {count}");
    }
    text
}

fn forbid_text(index: usize, forbid: &Forbid) -> String {
    let mut text = format!("[[forbid]]\nid = \"f{index}\"\n");
    if let Some(vault) = forbid.vault {
        let _ = writeln!(text, "vaults = {}", vault_names(&[vault]));
    }
    if let Some(group) = forbid.initiator {
        let _ = writeln!(text, "initiators = {}", group_names(&[group]));
    }
    if let Some(goes) = &forbid.goes {
        let _ = writeln!(text, "destination = \"{}\"", goes_text(goes));
    }
    if let Some(over) = forbid.over {
        let _ = writeln!(text, "amount = {{ over = \"{}\" }}", euros(over));
    }
    text
}
