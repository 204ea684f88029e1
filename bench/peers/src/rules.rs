//! A generated rule set and requests for it, in no engine's form, and a plain statement of what they mean: the reference for all four.

/// A permit: this vault, this group, up to this many euros, to this list or to anyone.
#[derive(Debug)]
pub struct Permit {
    pub vault: usize,
    pub group: usize,
    pub up_to: u64,
    pub list: Option<usize>,
}

/// A rule set. Vaults, groups, people and lists are numbers; lists below `forbidden_lists` are forbidden, one rule each.
#[derive(Debug)]
pub struct RuleSet {
    pub permits: Vec<Permit>,
    pub forbidden_lists: usize,
    pub lists: usize,
    pub vaults: usize,
    pub groups: usize,
    pub people: usize,
}

/// A transfer to decide on.
#[derive(Debug)]
pub struct Request {
    pub vault: usize,
    pub person: usize,
    pub address: String,
    pub euros: u64,
}

const ADDRESSES_PER_LIST: usize = 3;
const EUROS_MAX: u64 = 1_000_000;

impl RuleSet {
    /// One rule in five is a forbid.
    pub fn generate(rules: usize, seed: u64) -> Self {
        let mut random = Random(seed);
        let forbidden_lists = (rules / 5).max(1);
        let permits = rules - forbidden_lists;
        let (vaults, groups) = ((rules / 20).clamp(2, 20), 5);
        let lists = forbidden_lists + (permits / 4).max(2);
        let permit = |random: &mut Random| Permit {
            vault: random.below(vaults),
            group: random.below(groups),
            up_to: 1 + random.next() % EUROS_MAX,
            list: (random.below(8) > 0).then(|| forbidden_lists + random.below(lists - forbidden_lists)),
        };
        let permits = (0..permits).map(|_| permit(&mut random)).collect();
        Self { permits, forbidden_lists, lists, vaults, groups, people: groups * 4 }
    }

    /// Half of the requests aim at a permit, half at anything.
    pub fn requests(&self, count: usize, seed: u64) -> Vec<Request> {
        let mut random = Random(seed);
        (0..count)
            .map(|at| if at % 2 == 0 { self.aimed(&mut random) } else { self.wild(&mut random) })
            .collect()
    }

    fn aimed(&self, random: &mut Random) -> Request {
        let permit = &self.permits[random.below(self.permits.len())];
        let person = permit.group + self.groups * random.below(self.people / self.groups);
        let list = permit.list.unwrap_or(self.lists);
        Request {
            vault: permit.vault,
            person,
            address: address(list, random.below(ADDRESSES_PER_LIST)),
            euros: 1 + random.next() % (permit.up_to + permit.up_to / 10 + 1),
        }
    }

    fn wild(&self, random: &mut Random) -> Request {
        Request {
            vault: random.below(self.vaults),
            person: random.below(self.people),
            address: address(random.below(self.lists + 1), random.below(ADDRESSES_PER_LIST)),
            euros: 1 + random.next() % EUROS_MAX,
        }
    }

    /// What the rules mean.
    pub fn allows(&self, request: &Request) -> bool {
        let list = self.addresses().find(|(address, _)| *address == request.address).map(|(_, list)| list);
        let permitted = |permit: &Permit| {
            permit.vault == request.vault
                && permit.group == self.group_of(request.person)
                && request.euros <= permit.up_to
                && permit.list.is_none_or(|wanted| list == Some(wanted))
        };
        !list.is_some_and(|list| list < self.forbidden_lists) && self.permits.iter().any(permitted)
    }

    /// Every person is in one group.
    pub fn group_of(&self, person: usize) -> usize {
        person % self.groups
    }

    /// Every known address with its list; each is in one.
    pub fn addresses(&self) -> impl Iterator<Item = (String, usize)> {
        (0..self.lists).flat_map(|list| (0..ADDRESSES_PER_LIST).map(move |at| (address(list, at), list)))
    }
}

/// The first list number past the end makes addresses that no rule knows.
fn address(list: usize, at: usize) -> String {
    format!("address-{list}-{at}")
}

/// SplitMix64: the same rules and requests on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}
