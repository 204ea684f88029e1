//! The rule set in Cedar: groups and lists are parents of entities, each rule is a policy.

use std::fmt::Write;

use anyhow::Context as _;
use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request as CedarRequest};
use serde_json::{Value, json};

use crate::Engine;
use crate::rules::{Request, RuleSet};

struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    requests: Vec<CedarRequest>,
}

pub fn load(set: &RuleSet, requests: &[Request]) -> anyhow::Result<Box<dyn Engine>> {
    Ok(Box::new(Cedar {
        authorizer: Authorizer::new(),
        policies: text(set)?.parse()?,
        entities: Entities::from_json_value(entities(set), None)?,
        requests: requests.iter().map(prepare).collect::<anyhow::Result<_>>()?,
    }))
}

impl Engine for Cedar {
    fn allows(&mut self, request: usize) -> anyhow::Result<bool> {
        let request = self.requests.get(request).context("no such request")?;
        let response = self.authorizer.is_authorized(request, &self.policies, &self.entities);
        Ok(response.decision() == Decision::Allow)
    }
}

fn prepare(request: &Request) -> anyhow::Result<CedarRequest> {
    let entity = |text: String| text.parse::<EntityUid>();
    let context = json!({
        "amount": request.euros * 100,
        "destination": { "__entity": { "type": "Address", "id": request.address } },
    });
    Ok(CedarRequest::new(
        entity(format!("Person::\"person-{}\"", request.person))?,
        entity("Action::\"transfer\"".to_owned())?,
        entity(format!("Vault::\"vault-{}\"", request.vault))?,
        Context::from_json_value(context, None)?,
        None,
    )?)
}

fn text(set: &RuleSet) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for permit in &set.permits {
        let list = permit
            .list
            .map_or(String::new(), |list| format!(" && context.destination in List::\"list-{list}\""));
        writeln!(
            text,
            "permit(principal in Group::\"group-{}\", action == Action::\"transfer\", resource == Vault::\"vault-{}\")\n\
             when {{ context.amount <= {}{list} }};",
            permit.group,
            permit.vault,
            permit.up_to * 100
        )?;
    }
    for list in 0..set.forbidden_lists {
        writeln!(
            text,
            "forbid(principal, action == Action::\"transfer\", resource) when {{ context.destination in List::\"list-{list}\" }};"
        )?;
    }
    Ok(text)
}

fn entities(set: &RuleSet) -> Value {
    let entity = |kind: &str, id: String, parent: Option<(&str, String)>| {
        let parents: Vec<Value> =
            parent.into_iter().map(|(kind, id)| json!({ "type": kind, "id": id })).collect();
        json!({ "uid": { "type": kind, "id": id }, "attrs": {}, "parents": parents })
    };
    let people = (0..set.people).map(|person| {
        entity(
            "Person",
            format!("person-{person}"),
            Some(("Group", format!("group-{}", set.group_of(person)))),
        )
    });
    let addresses = set
        .addresses()
        .map(|(address, list)| entity("Address", address, Some(("List", format!("list-{list}")))));
    let groups = (0..set.groups).map(|group| entity("Group", format!("group-{group}"), None));
    let lists = (0..set.lists).map(|list| entity("List", format!("list-{list}"), None));
    let vaults = (0..set.vaults).map(|vault| entity("Vault", format!("vault-{vault}"), None));
    people.chain(addresses).chain(groups).chain(lists).chain(vaults).collect()
}
