//! The rule set in Rego, run by regorus on its register machine: each rule is a clause; groups and lists are data.

use std::fmt::Write;
use std::sync::Arc;

use anyhow::Context;
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine as Regorus, Rc, Value};
use serde_json::{Map, json};

use crate::Engine;
use crate::rules::{Request, RuleSet};

const ENTRY: &str = "data.peers.allow";

struct Rego {
    machine: RegoVM,
    requests: Vec<Value>,
}

pub fn load(set: &RuleSet, requests: &[Request]) -> anyhow::Result<Box<dyn Engine>> {
    let data = Value::from_json_str(&data(set))?;
    let mut regorus = Regorus::new();
    regorus.add_policy("peers.rego".to_owned(), text(set)?)?;
    regorus.add_data(data.clone())?;
    let compiled = regorus.compile_with_entrypoint(&Rc::from(ENTRY))?;
    let program = Compiler::compile_from_policy(&compiled, &[ENTRY])?;
    let mut machine = RegoVM::new();
    machine.load_program(Arc::clone(&program));
    machine.set_data(data)?;
    let requests = requests.iter().map(prepare).collect::<anyhow::Result<_>>()?;
    Ok(Box::new(Rego { machine, requests }))
}

impl Engine for Rego {
    fn allows(&mut self, request: usize) -> anyhow::Result<bool> {
        self.machine.set_input(self.requests.get(request).context("no such request")?.clone());
        Ok(self.machine.execute()? == Value::Bool(true))
    }
}

fn prepare(request: &Request) -> anyhow::Result<Value> {
    let request = json!({
        "vault": format!("vault-{}", request.vault),
        "person": format!("person-{}", request.person),
        "address": request.address,
        "amount": request.euros * 100,
    });
    Value::from_json_str(&request.to_string())
}

fn text(set: &RuleSet) -> Result<String, std::fmt::Error> {
    let mut text = String::from(
        "package peers\n\nimport rego.v1\n\ndefault allow := false\n\nallow if {\n  not forbidden\n  permitted\n}\n\n\
         group := data.group_of[input.person]\n\nlist := data.list_of[input.address]\n\n",
    );
    for list in 0..set.forbidden_lists {
        writeln!(text, "forbidden if list == \"list-{list}\"\n")?;
    }
    for permit in &set.permits {
        let list = permit.list.map_or(String::new(), |list| format!("  list == \"list-{list}\"\n"));
        writeln!(
            text,
            "permitted if {{\n  input.vault == \"vault-{}\"\n  group == \"group-{}\"\n  input.amount <= {}\n{list}}}\n",
            permit.vault,
            permit.group,
            permit.up_to * 100
        )?;
    }
    Ok(text)
}

fn data(set: &RuleSet) -> String {
    let group =
        |person: usize| (format!("person-{person}"), json!(format!("group-{}", set.group_of(person))));
    let group_of: Map<_, _> = (0..set.people).map(group).collect();
    let list_of: Map<_, _> =
        set.addresses().map(|(address, list)| (address, json!(format!("list-{list}")))).collect();
    json!({ "group_of": group_of, "list_of": list_of }).to_string()
}
