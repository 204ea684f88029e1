//! The organisation that both twins run: three people who move money, two responders, a vault with a long wait and a desk without one.
//! The posture is raised, so that there is something to lower.

use credentials::{DeviceKey, Language, Phrase};
use policy::Source;
use types::hash_parts;

/// Who may move money.
pub const MEMBERS: [&str; 3] = ["alice", "bob", "carol"];
/// Who answers alarms.
pub const RESPONDERS: [&str; 2] = ["dora", "emil"];
/// Whom the captor holds.
pub const VICTIM: &str = "alice";
/// Where payments go.
pub const PAYEE: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
/// The wait of the clear, in seconds.
pub const CLEAR_HOLD_SECONDS: u64 = 24 * 3600;

const RULES: &str = r#"
[organisation]
name = "Jumelles"
currency = "BTC"
time_zone = "Europe/Paris"

[[vault]]
id = "treasury"
chain = "gate-only"
addresses = []

[[vault]]
id = "desk"
chain = "gate-only"
addresses = []

[[permit]]
id = "slow"
vaults = ["treasury"]
initiators = ["finance"]
destination = "any"
approve = { at_least = 1, of = "finance" }
hold = "48h"
expires = "7d"
posture = "elevated"

[[permit]]
id = "quick"
vaults = ["desk"]
initiators = ["finance"]
amount = { up_to = "0.2 BTC" }
destination = "any"
hold = "0h"
expires = "1d"
posture = "elevated"

[change]
approve = { at_least = 2, of = "finance" }
hold = "7d"
tighten = { at_least = 1, of = "finance" }

[stop]
lift = { at_least = 2, of = "finance" }
after = "24h"

[response]
responders = "responders"
quiet = "24h"
clear = { at_least = 2, of = "responders" }
clear_hold = "24h"
look_back = "7d"
"#;

/// The policy as it is founded.
pub fn sources() -> Vec<Source> {
    let mut register = String::new();
    let groups = MEMBERS.iter().map(|name| (name, "finance"));
    for (name, group) in groups.chain(RESPONDERS.iter().map(|name| (name, "responders"))) {
        register += &format!(
            "[[place]]\nid = \"home-{name}\"\nkind = \"home\"\n\
             [[person]]\nid = \"{name}\"\ngroups = [\"{group}\"]\nplaces = [\"home-{name}\"]\nkeys = []\n"
        );
    }
    let source = |name: &str, text: String| Source { name: name.into(), text };
    vec![source("rules.toml", RULES.to_owned()), source("register.toml", register)]
}

/// Somebody's device.
pub fn device(name: &str) -> DeviceKey {
    DeviceKey::from_entropy(hash_parts("indistinguishable/device", &[name.as_bytes()]).0)
}

/// Somebody's own phrase in a chunk of the run: another one in every chunk.
pub fn own_phrase(seed: u64, name: &str) -> Phrase {
    Phrase::draw(
        Language::English,
        &hash_parts("indistinguishable/phrase", &[&seed.to_be_bytes(), name.as_bytes()]).0,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_valid() {
        let loaded = policy::load(&sources());
        assert!(loaded.policy.is_some(), "{:?}", loaded.diagnostics);
    }
}
