//! Every way in, as the server itself lists them: the OpenAPI document and the table of pages. Nothing is listed here by hand but the
//! exceptions, each with its reason.

use std::collections::{BTreeMap, BTreeSet};

use crate::scene::Exchange;

/// A method and a path with its parameters' names.
pub type EntryPoint = (String, String);

const EVERYWHERE: &str = "static: nothing in a request can be wrong, and nobody is asked who they are";
const EMPTY_ROOM: &str =
    "a captive responder's room is empty in every history: there is nothing that could be done";

/// Entry points that never refuse.
const NEVER_REFUSES: [(&str, &str, &str); 4] = [
    ("GET", "/health", "refuses only when the server can write nothing"),
    ("GET", "/metrics", "refuses only callers from another machine, and tests are on this one"),
    ("GET", "/v1/openapi.json", EVERYWHERE),
    ("GET", "/v1/passkeys", EVERYWHERE),
];

/// Entry points at which a captive never succeeds.
const NEVER_SUCCEEDS: [(&str, &str, &str); 3] = [
    ("GET", "/live", "a stream never ends; `console.rs` reads one"),
    ("POST", "/v1/response/incidents/{id}/dossiers/{person}", EMPTY_ROOM),
    ("POST", "/v1/response/pauses/{protected}/end", EMPTY_ROOM),
];

/// Every entry point that there is.
pub fn entry_points() -> BTreeSet<EntryPoint> {
    let mut points = documented(&server::http::openapi().unwrap());
    points.extend(pages());
    points
}

/// Those of the pages and of the files behind them.
pub fn pages() -> impl Iterator<Item = EntryPoint> {
    server::pages::routes().map(|(method, path)| (method.to_owned(), path.to_owned()))
}

pub fn documented(openapi: &str) -> BTreeSet<EntryPoint> {
    let document: serde_json::Value = serde_json::from_str(openapi).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
        })
        .collect()
}

/// Which entry point a request went to. A literal path goes before one with parameters.
pub fn entry_point<'a>(points: &'a BTreeSet<EntryPoint>, method: &str, path: &str) -> Option<&'a EntryPoint> {
    let path = path.split('?').next().unwrap_or_default();
    let fitting = points.iter().filter(|(own, template)| own == method && fits(template, path));
    fitting.min_by_key(|(_, template)| template.matches('{').count())
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(
            |(part, own)| {
                if part.starts_with('{') { !own.is_empty() } else { part == own }
            },
        )
}

/// What is not tried as it should be: entry points without a success or without a refusal, requests to nowhere, exceptions that are none.
pub fn gaps(points: &BTreeSet<EntryPoint>, seen: &[Exchange]) -> Vec<String> {
    let mut tried: BTreeMap<&EntryPoint, (usize, usize)> = BTreeMap::new();
    let mut gaps = Vec::new();
    for exchange in seen {
        match entry_point(points, &exchange.method, &exchange.path) {
            Some(point) => {
                let (successes, refusals) = tried.entry(point).or_default();
                let counter = if exchange.raw.status() < 400 { successes } else { refusals };
                *counter += 1;
            }
            None if exchange.path == "/v1/nothing" => {}
            None => gaps.push(format!(
                "a step goes to {} {}, which is no entry point",
                exchange.method, exchange.path
            )),
        }
    }
    for point in points {
        let (successes, refusals) = tried.get(point).copied().unwrap_or_default();
        let (method, path) = point;
        check(&mut gaps, "succeeds", (method, path), successes, &NEVER_SUCCEEDS);
        check(&mut gaps, "is refused", (method, path), refusals, &NEVER_REFUSES);
    }
    let known = |(method, path, _): &&(&str, &str, &str)| {
        !points.contains(&((*method).to_owned(), (*path).to_owned()))
    };
    let stale = NEVER_REFUSES.iter().chain(&NEVER_SUCCEEDS).filter(known);
    gaps.extend(stale.map(|(method, path, _)| format!("the exception {method} {path} is no entry point")));
    gaps
}

fn check(
    gaps: &mut Vec<String>,
    what: &str,
    (method, path): (&str, &str),
    count: usize,
    except: &[(&str, &str, &str)],
) {
    // A page and its files are the same for everybody who asks, and ask nobody anything.
    let is_static = method == "GET" && what == "is refused" && pages().any(|(_, page)| page == path);
    let excepted = is_static || except.iter().any(|(own, template, _)| (*own, *template) == (method, path));
    match (count, excepted) {
        (0, false) => gaps.push(format!("{method} {path}: no step in which it {what}")),
        (1.., true) if !is_static => {
            gaps.push(format!("{method} {path} {what} after all: it is no exception"))
        }
        _ => {}
    }
}
