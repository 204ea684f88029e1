//! A loaded policy and its look-ups. Keeps G1: immutable, so that a decision and its explanation see the same rules.
//!
//! Every crate above this one holds it in an `Arc`.

use std::collections::HashMap;

use types::{
    ActorId, GroupId, Hash, LimitId, PermitId, PersonId, ProtectedId, ServiceId, Target, VaultId, hash_parts,
};

use crate::bits::Bits;
use crate::diagnostic::Source;
use crate::evaluate::Index;
use crate::model::{
    Change, Cosigner, Destination, Forbid, KeyEntry, Limit, Organisation, Permit, Person, Place, PriceRules,
    Protected, Response, Service, Stop, Vault, actor_of_person,
};
use crate::quorum::Apart;

/// The domain of a policy's hash.
const POLICY_DOMAIN: &str = "rempart/policy/v1";

/// Everything that the files say, before look-up tables are built.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub organisation: Organisation,
    pub vaults: Vec<Vault>,
    pub permits: Vec<Permit>,
    pub limits: Vec<Limit>,
    pub forbids: Vec<Forbid>,
    pub destinations: Vec<Destination>,
    pub change: Change,
    pub stop: Stop,
    pub response: Response,
    pub cosigner: Cosigner,
    pub prices: PriceRules,
    pub places: Vec<Place>,
    pub people: Vec<Person>,
    pub services: Vec<Service>,
    pub protected: Vec<Protected>,
    pub keys: Vec<KeyEntry>,
}

/// A policy: rules and register. Immutable.
#[derive(Clone, Debug)]
pub struct Policy {
    parts: Parts,
    sources: Vec<Source>,
    hash: Hash,
    register: Register,
    pub(crate) index: Index,
}

/// The register in numbers.
#[derive(Clone, Debug)]
struct Register {
    people: HashMap<PersonId, u16>,
    members: HashMap<GroupId, Bits>,
    nobody: Bits,
    with_home: Bits,
    with_place: Bits,
    near_home: Vec<Bits>,
    near_place: Vec<Bits>,
}

impl Register {
    fn new(people: &[Person]) -> Self {
        let numbered = || (0u16..).zip(people);
        let mut members: HashMap<GroupId, Bits> = HashMap::new();
        for (number, person) in numbered() {
            for group in &person.groups {
                members.entry(group.clone()).or_default().insert(number);
            }
        }
        let shares = |one: &Person, other: &Person, apart: Apart| match apart {
            Apart::Home => one.homes.iter().any(|home| other.homes.contains(home)),
            Apart::Place => one.places.iter().any(|place| other.places.contains(place)),
        };
        let near = |apart: Apart| -> Vec<Bits> {
            let others = |number: u16, person: &Person| {
                numbered()
                    .filter(|(other, them)| *other != number && shares(person, them, apart))
                    .map(|(other, _)| other)
                    .collect()
            };
            numbered().map(|(number, person)| others(number, person)).collect()
        };
        Self {
            people: numbered().map(|(number, person)| (person.id.clone(), number)).collect(),
            members,
            nobody: Bits::default(),
            with_home: numbered().filter(|(_, p)| !p.homes.is_empty()).map(|(n, _)| n).collect(),
            with_place: numbered().filter(|(_, p)| !p.places.is_empty()).map(|(n, _)| n).collect(),
            near_home: near(Apart::Home),
            near_place: near(Apart::Place),
        }
    }
}

impl Policy {
    pub(crate) fn new(parts: Parts, sources: Vec<Source>) -> Self {
        let mut texts = Vec::with_capacity(sources.len() * 2);
        for source in &sources {
            texts.push(source.text.as_bytes());
        }
        let hash = hash_parts(POLICY_DOMAIN, &texts);
        let register = Register::new(&parts.people);
        let index = Index::new(&parts);
        Self { parts, sources, hash, register, index }
    }

    /// The hash of the sources' texts, in the order given.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The files that this policy was loaded from.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The organisation.
    #[must_use]
    pub fn organisation(&self) -> &Organisation {
        &self.parts.organisation
    }

    /// All vaults, in the order of the files.
    #[must_use]
    pub fn vaults(&self) -> &[Vault] {
        &self.parts.vaults
    }

    /// A vault by name.
    #[must_use]
    pub fn vault(&self, id: &VaultId) -> Option<&Vault> {
        self.index.vault(id).and_then(|at| self.parts.vaults.get(usize::from(at)))
    }

    /// All permits, in the order of the files (which means nothing).
    #[must_use]
    pub fn permits(&self) -> &[Permit] {
        &self.parts.permits
    }

    /// A permit by name.
    #[must_use]
    pub fn permit(&self, id: &PermitId) -> Option<&Permit> {
        self.index.permit(id).and_then(|at| self.parts.permits.get(usize::from(at)))
    }

    /// All limits.
    #[must_use]
    pub fn limits(&self) -> &[Limit] {
        &self.parts.limits
    }

    /// A limit by name.
    #[must_use]
    pub fn limit(&self, id: &LimitId) -> Option<&Limit> {
        self.index.limit(id).and_then(|at| self.parts.limits.get(usize::from(at)))
    }

    /// All forbids.
    #[must_use]
    pub fn forbids(&self) -> &[Forbid] {
        &self.parts.forbids
    }

    /// All destinations.
    #[must_use]
    pub fn destinations(&self) -> &[Destination] {
        &self.parts.destinations
    }

    /// Who may change the policy.
    #[must_use]
    pub fn change(&self) -> &Change {
        &self.parts.change
    }

    /// Who may lift a stop.
    #[must_use]
    pub fn stop(&self) -> &Stop {
        &self.parts.stop
    }

    /// The covert side's people and waits.
    #[must_use]
    pub fn response(&self) -> &Response {
        &self.parts.response
    }

    /// Where the co-signer stands.
    #[must_use]
    pub fn cosigner(&self) -> &Cosigner {
        &self.parts.cosigner
    }

    /// How prices are read.
    #[must_use]
    pub fn prices(&self) -> PriceRules {
        self.parts.prices
    }

    /// All places.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.parts.places
    }

    /// All people with a credential.
    pub fn people(&self) -> std::slice::Iter<'_, Person> {
        self.parts.people.iter()
    }

    /// A person by name.
    #[must_use]
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.person_index(id).and_then(|number| self.parts.people.get(usize::from(number)))
    }

    /// All services.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.parts.services
    }

    /// A service by name.
    #[must_use]
    pub fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.parts.services.iter().find(|service| service.id == *id)
    }

    /// All protected people.
    #[must_use]
    pub fn protected_people(&self) -> &[Protected] {
        &self.parts.protected
    }

    /// A protected person by name.
    #[must_use]
    pub fn protected(&self, id: &ProtectedId) -> Option<&Protected> {
        self.parts.protected.iter().find(|person| person.id == *id)
    }

    /// The public halves of signing keys.
    #[must_use]
    pub fn keys(&self) -> &[KeyEntry] {
        &self.parts.keys
    }

    /// Whether two policies have one register: the same people, places, services, protected people and keys, word for word.
    #[must_use]
    pub fn same_register(&self, other: &Self) -> bool {
        let (own, other) = (&self.parts, &other.parts);
        own.people == other.people
            && own.places == other.places
            && own.services == other.services
            && own.protected == other.protected
            && own.keys == other.keys
    }

    /// Whether a person may read what not everybody may: register, record and figures with names. Auditors and responders.
    #[must_use]
    pub fn may_see_names(&self, person: &PersonId) -> bool {
        let response = self.response();
        let groups = std::iter::once(&response.responders).chain(response.auditors.as_ref());
        groups.into_iter().any(|group| self.person_in_group(person, group))
    }

    /// Whether a name is a person's or a service's.
    #[must_use]
    pub fn actor_exists(&self, actor: &ActorId) -> bool {
        self.index.groups_of(actor).is_some()
    }

    /// The person behind an actor's name, if it is a person.
    #[must_use]
    pub fn person_of(&self, actor: &ActorId) -> Option<&Person> {
        let number = self.register.people.get(actor.as_str())?;
        self.parts.people.get(usize::from(*number))
    }

    /// Whether a person or service is a member of a group.
    #[must_use]
    pub fn in_group(&self, actor: &ActorId, group: &GroupId) -> bool {
        self.index.in_group(actor, group)
    }

    /// Whether a person is a member of a group.
    #[must_use]
    pub fn person_in_group(&self, person: &PersonId, group: &GroupId) -> bool {
        self.person_index(person).is_some_and(|number| self.members(group).contains(number))
    }

    /// The target that a target stands for: an address of a vault is that vault.
    #[must_use]
    pub fn resolve(&self, target: &Target) -> Target {
        match target {
            Target::Address(address) => match self.index.vault_with_address(address) {
                Some(vault) => Target::Vault(vault.clone()),
                None => target.clone(),
            },
            Target::Vault(_) => target.clone(),
        }
    }

    pub(crate) fn person_index(&self, id: &PersonId) -> Option<u16> {
        self.register.people.get(id).copied()
    }

    pub(crate) fn members(&self, group: &GroupId) -> &Bits {
        self.register.members.get(group).unwrap_or(&self.register.nobody)
    }

    pub(crate) fn placed(&self, apart: Apart) -> &Bits {
        match apart {
            Apart::Home => &self.register.with_home,
            Apart::Place => &self.register.with_place,
        }
    }

    pub(crate) fn near(&self, apart: Apart, number: u16) -> &Bits {
        let table = match apart {
            Apart::Home => &self.register.near_home,
            Apart::Place => &self.register.near_place,
        };
        table.get(usize::from(number)).unwrap_or(&self.register.nobody)
    }
}

/// The groups of everyone who may submit.
pub(crate) fn actors(parts: &Parts) -> impl Iterator<Item = (ActorId, &[GroupId])> {
    let people = parts.people.iter().map(|person| (actor_of_person(&person.id), person.groups.as_slice()));
    let services =
        parts.services.iter().map(|service| (ActorId::from(service.id.clone()), service.groups.as_slice()));
    people.chain(services)
}
