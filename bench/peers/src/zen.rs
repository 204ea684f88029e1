//! The rule set in zen-engine: one decision table, first hit, forbids first. Compiled and indexed by the engine.

use anyhow::{Context, anyhow};
use serde_json::{Value, json};
use zen_engine::model::GraphContent;
use zen_engine::{Decision, Variable};

use crate::Engine;
use crate::rules::{Request, RuleSet};

struct Zen {
    decision: Decision,
    requests: Vec<Variable>,
}

pub fn load(set: &RuleSet, requests: &[Request]) -> anyhow::Result<Box<dyn Engine>> {
    let content: GraphContent = serde_json::from_value(graph(set))?;
    let mut decision = Decision::from(content);
    decision.compile();
    let requests = requests.iter().map(|request| prepare(set, request).into()).collect();
    Ok(Box::new(Zen { decision, requests }))
}

impl Engine for Zen {
    fn allows(&mut self, request: usize) -> anyhow::Result<bool> {
        let request = self.requests.get(request).context("no such request")?.shallow_clone();
        let response =
            pollster::block_on(self.decision.evaluate(request)).map_err(|error| anyhow!("{error}"))?;
        Ok(response.result.dot("allowed") == Some(Variable::Bool(true)))
    }
}

/// The engine has no data of its own: group and list are looked up for it.
fn prepare(set: &RuleSet, request: &Request) -> Value {
    let list = set.addresses().find(|(address, _)| *address == request.address);
    json!({
        "vault": format!("vault-{}", request.vault),
        "group": format!("group-{}", set.group_of(request.person)),
        "list": list.map_or("unlisted".to_owned(), |(_, list)| format!("list-{list}")),
        "amount": request.euros * 100,
    })
}

fn graph(set: &RuleSet) -> Value {
    let input = |name: &str| json!({ "id": name, "name": name, "field": name });
    let inputs = ["vault", "group", "list", "amount"].map(input);
    json!({
        "nodes": [
            { "id": "in", "name": "request", "type": "inputNode" },
            { "id": "table", "name": "table", "type": "decisionTableNode", "content": {
                "hitPolicy": "first",
                "inputs": inputs,
                "outputs": [{ "id": "allowed", "name": "allowed", "field": "allowed" }],
                "rules": rows(set),
            } },
            { "id": "out", "name": "out", "type": "outputNode" }
        ],
        "edges": [
            { "id": "e1", "type": "edge", "sourceId": "in", "targetId": "table" },
            { "id": "e2", "type": "edge", "sourceId": "table", "targetId": "out" }
        ]
    })
}

fn rows(set: &RuleSet) -> Vec<Value> {
    let quoted = |name: &str, number: usize| format!("\"{name}-{number}\"");
    let forbids = (0..set.forbidden_lists).map(|list| {
        json!({ "_id": format!("forbid-{list}"), "vault": "", "group": "", "list": quoted("list", list), "amount": "", "allowed": "false" })
    });
    let permits = set.permits.iter().enumerate().map(|(at, permit)| {
        json!({
            "_id": format!("permit-{at}"),
            "vault": quoted("vault", permit.vault),
            "group": quoted("group", permit.group),
            "list": permit.list.map_or(String::new(), |list| quoted("list", list)),
            "amount": format!("<= {}", permit.up_to * 100),
            "allowed": "true",
        })
    });
    forbids.chain(permits).collect()
}
