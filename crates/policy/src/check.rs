//! Warnings: what is legal but dangerous or useless. The gravest first, as every report shows them. Serves G2, G5, G8.
//!
//! Called by `load.rs` on a policy without errors. To add a warning: a code in `codes.rs`, a function here, a line in
//! `docs/policy.md`, a case in `tests/warnings.rs`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use types::{Amount, GroupId, PersonId, Span, Value};

use crate::coalition::Coalition;
use crate::codes::{self, Code};
use crate::keys::Kind;
use crate::model::{Chain, DestinationRule, Person, PlaceKind};
use crate::policy::Policy;
use crate::quorum::{Apart, Quorum};
use crate::rows::{At, Found, Row, Rows};
use crate::search::Search;

/// The horizons of the quick tier's figures.
const DAY: Span = Span::from_hours(24);
const WEEK: Span = Span::from_hours(7 * 24);
/// Fewer responders than this cannot confirm one another's acts.
const RESPONDERS_MIN: usize = 2;
/// Blocks in a week: a recovery path that opens sooner is a second spending path.
const RECOVERY_BLOCKS_MIN: u32 = 1008;
/// How many names a message lists.
const NAMES_MAX: usize = 3;

/// Everything to warn of, the gravest first.
pub(crate) fn warnings(policy: &Policy, rows: &Rows) -> Vec<Found> {
    let homes = Coalition::homes(policy);
    let mut check = Check { policy, rows, homes: &homes, found: Vec::new(), searches: HashMap::new() };
    check.quick_tier();
    check.one_home();
    check.responders();
    check.cosigner();
    check.auditors();
    check.moves_alone();
    check.quorums();
    check.keys();
    check.permits();
    check.limits_and_vaults();
    check.names();
    check.found
}

struct Check<'c, 'p> {
    policy: &'p Policy,
    rows: &'c Rows,
    homes: &'c [Coalition<'p>],
    found: Vec<Found>,
    searches: HashMap<(Quorum, Option<PersonId>), Answer>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Met,
    Unmet,
    TooHard,
}

/// A quorum with its place and name.
struct Placed<'p> {
    at: At,
    name: String,
    quorum: &'p Quorum,
}

impl<'p> Check<'_, 'p> {
    fn warn(&mut self, at: At, code: Code, message: impl Into<String>) {
        self.found.push(Found { at, code, message: message.into() });
    }

    fn place(&self, table: &str, key: &str) -> At {
        self.rows.one(table).map_or(At::default(), |row| row.place(key))
    }

    fn place_of(&self, table: &str, number: usize, key: &str) -> At {
        self.rows.all(table).get(number).map_or(At::default(), |row: &Row| row.place(key))
    }

    fn money(&self, value: Option<Value>) -> String {
        match value {
            Some(value) => Amount::new(self.policy.organisation().currency, value.minor()).to_string(),
            None => "any sum".to_owned(),
        }
    }

    /// The home that can be made to send most, and how much. An overflow counts as no bound.
    fn worst(&self, within: Span) -> Option<(&str, Option<Value>)> {
        let policy = self.policy;
        let most = |home: &Coalition<'_>| {
            home.most(policy, within, |permit| policy.is_quick(permit)).unwrap_or(None)
        };
        let bounds = self.homes.iter().rev().map(|home| (home.label.as_str(), most(home)));
        bounds.max_by_key(|(_, most)| most.map_or(u128::MAX, Value::minor))
    }

    fn quick_tier(&mut self) {
        let (Some((home_day, day)), Some((home_week, week))) = (self.worst(DAY), self.worst(WEEK)) else {
            return;
        };
        if week == Some(Value::ZERO) {
            return;
        }
        let message = if home_day == home_week || day == Some(Value::ZERO) {
            let (day, week) = (self.money(day), self.money(week));
            format!(
                "{home_week} can be made to send up to {day} in 24h and {week} in 7d through permits with a short hold: make sure that you can afford to lose it, or tighten limits"
            )
        } else {
            let (day, week) = (self.money(day), self.money(week));
            format!(
                "{home_day} can be made to send up to {day} in 24h, {home_week} up to {week} in 7d, through permits with a short hold: make sure that you can afford to lose it, or tighten limits"
            )
        };
        self.warn(self.place("response", "quiet"), codes::QUICK_TIER, message);
    }

    fn one_home(&mut self) {
        let policy = self.policy;
        let cases = [
            (&policy.change().approve, codes::CHANGE_BY_ONE_HOME, ("change", "approve"), "change the policy"),
            (&policy.stop().lift, codes::LIFT_BY_ONE_HOME, ("stop", "lift"), "lift a stop"),
            (&policy.response().clear, codes::CLEAR_BY_ONE_HOME, ("response", "clear"), "close an incident"),
        ];
        for (quorum, code, (table, key), what) in cases {
            let able: Vec<&str> = self
                .homes
                .iter()
                .filter(|home| policy.met(quorum, &home.people, &[]))
                .map(|home| home.label.as_str())
                .collect();
            if !able.is_empty() {
                let message = format!(
                    "`{table}.{key}` can be met by one home ({}), which can then {what}: ask for people from different homes",
                    listed(&able)
                );
                self.warn(self.place(table, key), code, message);
            }
        }
    }

    fn responders(&mut self) {
        let policy = self.policy;
        for (number, place) in policy.places().iter().enumerate().filter(|(_, p)| p.kind == PlaceKind::Home) {
            let residents: Vec<&Person> = policy.people().filter(|p| p.homes.contains(&place.id)).collect();
            let protected: Vec<_> =
                policy.protected_people().iter().filter(|p| p.places.contains(&place.id)).collect();
            if residents.is_empty() && protected.is_empty() {
                continue;
            }
            let reachable = policy.people().filter(|responder| {
                let related = residents
                    .iter()
                    .any(|person| person.of.contains(&responder.id) || responder.of.contains(&person.id));
                let relative = protected.iter().any(|protected| protected.of.contains(&responder.id));
                policy.person_in_group(&responder.id, &policy.response().responders)
                    && !responder.homes.contains(&place.id)
                    && !related
                    && !relative
            });
            let reachable = reachable.count();
            if reachable < RESPONDERS_MIN {
                let message = format!(
                    "an alarm from the home `{}` would reach {reachable} responder(s) who neither live there nor are related: add responders, two at least",
                    place.id
                );
                self.warn(self.place_of("place", number, "id"), codes::FEW_RESPONDERS, message);
            }
        }
    }

    fn cosigner(&mut self) {
        let homes: Vec<String> = self
            .policy
            .cosigner()
            .places
            .iter()
            .filter(|id| self.policy.places().iter().any(|p| p.id == **id && p.kind == PlaceKind::Home))
            .map(|id| format!("`{id}`"))
            .collect();
        if !homes.is_empty() {
            let message = format!(
                "the co-signer stands in a home ({}): whoever takes that home holds it; move it elsewhere",
                listed(&homes)
            );
            self.warn(self.place("cosigner", "places"), codes::COSIGNER_AT_HOME, message);
        }
    }

    fn auditors(&mut self) {
        let policy = self.policy;
        let Some(auditors) = &policy.response().auditors else { return };
        let mut groups: BTreeSet<&GroupId> = policy.permits().iter().flat_map(|p| &p.initiators).collect();
        for placed in self.placed_quorums() {
            groups_of(placed.quorum, &mut groups);
        }
        groups.insert(&policy.response().responders);
        let vault_keys = |person: &Person| {
            let paths = policy.vaults().iter().flat_map(|vault| {
                vault.keys.iter().chain(vault.recovery.as_ref().map(|recovery| &recovery.keys))
            });
            paths.flat_map(|path| &path.of).any(|key| person.keys.contains(key))
        };
        for (number, person) in policy.people().enumerate().filter(|(_, p)| p.groups.contains(auditors)) {
            let group = person.groups.iter().find(|group| groups.contains(group));
            let why = match group {
                Some(group) => format!("is also in `{group}`"),
                None if vault_keys(person) => "also holds a vault's key".to_owned(),
                None => continue,
            };
            let message = format!(
                "auditor `{}` {why}, and who is taken with authority should not also read every name: take one of them away",
                person.id
            );
            self.warn(self.place_of("person", number, "groups"), codes::AUDITOR_WITH_AUTHORITY, message);
        }
    }

    fn moves_alone(&mut self) {
        let policy = self.policy;
        let Some((_, tier)) = self.worst(WEEK) else { return };
        let more = |bound: Option<Value>| match (bound, tier) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(bound), Some(tier)) => bound > tier,
        };
        for (number, person) in policy.people().enumerate() {
            let alone = Coalition::alone(policy, &person.id);
            let bound = alone.most(policy, WEEK, |_| true).unwrap_or(None);
            if more(bound) {
                let message = format!(
                    "`{}` alone can send up to {} in 7d, more than the quick tier's {}: ask for an approval by someone else",
                    person.id,
                    self.money(bound),
                    self.money(tier)
                );
                self.warn(self.place_of("person", number, "id"), codes::MOVES_ALONE, message);
            }
        }
    }

    fn placed_quorums(&self) -> Vec<Placed<'p>> {
        let policy = self.policy;
        let mut all: Vec<Placed<'p>> = Vec::new();
        for (number, permit) in policy.permits().iter().enumerate() {
            if let Some(quorum) = &permit.approve {
                let at = self.place_of("permit", number, "approve");
                all.push(Placed { at, name: format!("permit `{}`", permit.id), quorum });
            }
        }
        let single = [
            ("change", "approve", &policy.change().approve),
            ("change", "tighten", &policy.change().tighten),
            ("stop", "lift", &policy.stop().lift),
            ("response", "clear", &policy.response().clear),
        ];
        for (table, key, quorum) in single {
            all.push(Placed { at: self.place(table, key), name: format!("`{table}.{key}`"), quorum });
        }
        all
    }

    fn answer(&mut self, quorum: &Quorum, excluded: Option<&PersonId>) -> Answer {
        let key = (quorum.clone(), excluded.cloned());
        if let Some(answer) = self.searches.get(&key) {
            return *answer;
        }
        let everyone: Vec<&PersonId> = self.policy.people().map(|person| &person.id).collect();
        let mut search = Search::new(self.policy, &everyone, excluded.as_slice());
        let answer = match (search.met(quorum), search.gave_up()) {
            (true, _) => Answer::Met,
            (false, true) => Answer::TooHard,
            (false, false) => Answer::Unmet,
        };
        self.searches.insert(key, answer);
        answer
    }

    fn quorums(&mut self) {
        for Placed { at, name, quorum } in self.placed_quorums() {
            match self.answer(quorum, None) {
                Answer::Met => {}
                Answer::Unmet => {
                    let message = format!(
                        "the quorum of {name} cannot be met by the people of the register: lower it or add people"
                    );
                    self.warn(at, codes::QUORUM_UNMET, message);
                }
                Answer::TooHard => {
                    let message = format!(
                        "the quorum of {name} is too tangled to be decided and counts as not met: use fewer people with shared places"
                    );
                    self.warn(at, codes::QUORUM_TOO_HARD, message);
                }
            }
        }
        self.initiators();
        self.proposers();
    }

    fn initiators(&mut self) {
        let policy = self.policy;
        for (number, permit) in policy.permits().iter().enumerate() {
            let Some(quorum) = &permit.approve else { continue };
            if self.answer(quorum, None) != Answer::Met {
                continue;
            }
            let may = |person: &Person| person.groups.iter().any(|group| permit.initiators.contains(group));
            let stuck: Vec<String> = policy
                .people()
                .filter(|person| may(person) && self.answer(quorum, Some(&person.id)) != Answer::Met)
                .map(|person| format!("`{}`", person.id))
                .collect();
            if !stuck.is_empty() {
                let message = format!(
                    "the quorum of permit `{}` cannot be met when {} submits, because who submits never counts: lower it or add people",
                    permit.id,
                    listed(&stuck)
                );
                self.warn(
                    self.place_of("permit", number, "approve"),
                    codes::QUORUM_UNMET_BY_INITIATOR,
                    message,
                );
            }
        }
    }

    fn proposers(&mut self) {
        let policy = self.policy;
        let quorum = &policy.change().approve;
        let able = |check: &mut Self, person: &Person| check.answer(quorum, Some(&person.id)) == Answer::Met;
        if self.answer(quorum, None) == Answer::Met && !policy.people().any(|person| able(self, person)) {
            let message = "`change.approve` cannot be met whoever proposes, because who proposes never counts: lower it or add people";
            self.warn(self.place("change", "approve"), codes::QUORUM_UNMET_BY_INITIATOR, message);
        }
    }

    fn keys(&mut self) {
        let policy = self.policy;
        for (number, vault) in policy.vaults().iter().enumerate() {
            let recovery = vault.recovery.as_ref();
            let paths =
                [("keys", vault.keys.as_ref()), ("recovery", recovery.map(|recovery| &recovery.keys))];
            for (key, path) in paths {
                let Some(path) = path else { continue };
                let able: Vec<&str> = self
                    .homes
                    .iter()
                    .filter(|home| home.keys_among(policy, &path.of) >= path.at_least)
                    .map(|home| home.label.as_str())
                    .collect();
                if !able.is_empty() {
                    let message = format!(
                        "`{key}` of vault `{}` can be signed by one home ({}): spread the keys over homes",
                        vault.id,
                        listed(&able)
                    );
                    self.warn(self.place_of("vault", number, key), codes::KEYS_IN_ONE_HOME, message);
                }
                let homeless = |key: &&types::KeyId| {
                    policy.people().any(|person| person.keys.contains(key) && person.homes.is_empty())
                };
                let unplaced: Vec<String> =
                    path.of.iter().filter(homeless).map(|key| format!("`{key}`")).collect();
                if !unplaced.is_empty() {
                    let message =
                        format!("nobody can say who falls with {}: give its owner a home", listed(&unplaced));
                    self.warn(self.place_of("vault", number, key), codes::KEY_WITHOUT_HOME, message);
                }
            }
            if vault.chain != Chain::GateOnly && vault.keys.is_none() {
                let message = format!(
                    "vault `{}` has no `keys` and cannot be created: add `keys = {{ at_least = 2, of = [\"alice-hw\", …] }}`",
                    vault.id
                );
                self.warn(self.place_of("vault", number, "id"), codes::VAULT_WITHOUT_KEYS, message);
            }
            if recovery.is_some_and(|recovery| recovery.after_blocks < RECOVERY_BLOCKS_MIN) {
                let message = format!(
                    "the recovery path of vault `{}` opens within a week of a refresh, without the co-signer: lengthen `after_blocks` to {RECOVERY_BLOCKS_MIN} at least",
                    vault.id
                );
                self.warn(self.place_of("vault", number, "recovery"), codes::RECOVERY_SOON, message);
            }
        }
    }

    fn permits(&mut self) {
        let policy = self.policy;
        for (number, permit) in policy.permits().iter().enumerate() {
            if permit.hold > permit.expires {
                let message = format!(
                    "permit `{}` never releases: its requests expire after {}, before the hold of {} is over; lengthen `expires`",
                    permit.id, permit.expires, permit.hold
                );
                self.warn(self.place_of("permit", number, "hold"), codes::HOLD_BEYOND_EXPIRES, message);
            }
            let internal = matches!(permit.destination, DestinationRule::Vault(_));
            if !policy.is_quick(permit) || internal {
                continue;
            }
            let bounded = |vault: &types::VaultId| {
                policy.limits().iter().any(|limit| {
                    limit.vaults.contains(vault)
                        && limit.by != crate::model::LimitBy::Destination
                        && (limit.amount.is_some()
                            || (limit.count.is_some() && permit.amount.up_to.is_some()))
                })
            };
            let open: Vec<String> = permit
                .vaults
                .iter()
                .filter(|vault| !bounded(vault))
                .map(|vault| format!("`{vault}`"))
                .collect();
            if !open.is_empty() {
                let message = format!(
                    "quick permit `{}` can empty vault {}: add a [[limit]] with an amount",
                    permit.id,
                    listed(&open)
                );
                self.warn(self.place_of("permit", number, "vaults"), codes::UNLIMITED_QUICK, message);
            }
        }
    }

    fn limits_and_vaults(&mut self) {
        let policy = self.policy;
        let permitted: BTreeSet<_> = policy.permits().iter().flat_map(|permit| &permit.vaults).collect();
        for (number, limit) in policy.limits().iter().enumerate() {
            if !limit.vaults.iter().any(|vault| permitted.contains(vault)) {
                let message =
                    format!("limit `{}` limits nothing: no permit allows anything from its vaults", limit.id);
                self.warn(self.place_of("limit", number, "vaults"), codes::IDLE_LIMIT, message);
            }
        }
        for (number, vault) in policy.vaults().iter().enumerate().filter(|(_, v)| !permitted.contains(&v.id))
        {
            let message =
                format!("no permit allows anything from vault `{}`: add one or remove the vault", vault.id);
            self.warn(self.place_of("vault", number, "id"), codes::IDLE_VAULT, message);
        }
    }

    fn names(&mut self) {
        self.lists();
        self.groups();
        self.homeless();
        self.recipients();
    }

    fn lists(&mut self) {
        let policy = self.policy;
        let permits = policy.permits().iter().map(|permit| &permit.destination);
        let rules: Vec<_> =
            permits.chain(policy.forbids().iter().filter_map(|f| f.destination.as_ref())).collect();
        let all_used = rules.contains(&&DestinationRule::Listed);
        let mut seen = BTreeSet::new();
        for (number, destination) in policy.destinations().iter().enumerate() {
            let (used, what) = match &destination.list {
                Some(list) if !seen.insert(list) => continue,
                Some(list) => (
                    all_used || rules.contains(&&DestinationRule::List(list.clone())),
                    format!("list `{list}` is used by no rule"),
                ),
                None => (false, format!("destination `{}` is in no list", destination.id)),
            };
            if !used {
                let message = format!("{what}: name it in a rule or remove it");
                self.warn(self.place_of("destination", number, "list"), codes::UNUSED_LIST, message);
            }
        }
    }

    fn groups(&mut self) {
        let policy = self.policy;
        let used: BTreeSet<&str> = self
            .rows
            .references
            .iter()
            .filter(|named| named.kind == Kind::Group)
            .map(|named| named.name.as_str())
            .collect();
        let mut first: BTreeMap<&str, At> = BTreeMap::new();
        for named in self.rows.labels.iter().filter(|named| named.kind == Kind::Group) {
            first.entry(&named.name).or_insert(named.at);
        }
        for (name, at) in first.into_iter().filter(|(name, _)| !used.contains(name)) {
            self.warn(
                at,
                codes::UNUSED_GROUP,
                format!("group `{name}` is used by no rule: name it in a rule or remove it"),
            );
        }
        let response = policy.response();
        let watching = [("responders", Some(&response.responders)), ("auditors", response.auditors.as_ref())];
        for (key, group) in watching {
            let Some(group) = group else { continue };
            if policy.members(group).is_empty() {
                let message =
                    format!("group `{group}` of `response.{key}` has no people, only services: add people");
                self.warn(self.place("response", key), codes::GROUP_WITHOUT_PEOPLE, message);
            }
        }
    }

    /// Keys for dossiers that do nothing, or that two people have.
    fn recipients(&mut self) {
        let policy = self.policy;
        let mut seen = BTreeSet::new();
        for (number, person) in
            policy.people().enumerate().filter(|(_, person)| !person.recipients.is_empty())
        {
            let at = self.place_of("person", number, "recipients");
            if !policy.is_responder(&person.id) {
                let message = format!(
                    "`{}` is no responder and reads no dossier: remove `recipients`, or add the group `{}`",
                    person.id,
                    policy.response().responders
                );
                self.warn(at, codes::IDLE_RECIPIENT, message);
            }
            if !person.recipients.iter().all(|one| seen.insert(one)) {
                let message = format!(
                    "a recipient of `{}` is another person's as well: give everyone a key of their own, or what may not be sealed to one is not sealed to the other",
                    person.id
                );
                self.warn(at, codes::SHARED_RECIPIENT, message);
            }
        }
    }

    /// Only who could be asked for as "apart" is told of: others lose nothing by it.
    fn homeless(&mut self) {
        let policy = self.policy;
        let mut groups = BTreeSet::new();
        for placed in self.placed_quorums() {
            apart_groups(placed.quorum, &mut groups);
        }
        for (number, person) in policy.people().enumerate().filter(|(_, person)| person.homes.is_empty()) {
            if person.groups.iter().any(|group| groups.contains(group)) {
                let message = format!(
                    "`{}` has no home and never counts where `apart` is asked: add the home to `places`",
                    person.id
                );
                self.warn(self.place_of("person", number, "places"), codes::PERSON_WITHOUT_HOME, message);
            }
        }
    }
}

fn groups_of<'q>(quorum: &'q Quorum, groups: &mut BTreeSet<&'q GroupId>) {
    match quorum {
        Quorum::AtLeast { of, .. } => _ = groups.insert(of),
        Quorum::All(parts) | Quorum::Any(parts) => parts.iter().for_each(|part| groups_of(part, groups)),
    }
}

fn apart_groups<'q>(quorum: &'q Quorum, groups: &mut BTreeSet<&'q GroupId>) {
    match quorum {
        Quorum::AtLeast { of, apart: Some(Apart::Home), .. } => _ = groups.insert(of),
        Quorum::AtLeast { .. } => {}
        Quorum::All(parts) | Quorum::Any(parts) => parts.iter().for_each(|part| apart_groups(part, groups)),
    }
}

/// The first names, and how many more there are.
fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMES_MAX).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(NAMES_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
