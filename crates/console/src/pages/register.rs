//! `/register`: the people, groups, places, services and protected people of the policy in force. For auditors and responders only (G9).

use std::collections::BTreeMap;

use api::{Register, RegisterPerson};
use maud::{Markup, html};

use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::parts::{nothing, table};
use crate::t;

/// How many people stand on one page.
const PAGE: usize = 50;

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let register = read::<Register>(api, "/v1/policy/register").await?;
        let content = html! {
            p { (t!(ask, "register-lead")) }
            p.row { a.button.quiet href="/policy/edit" { (t!(ask, "register-edit")) } }
            (people(ask, &register.people))
            (groups(ask, &register.people))
            (places(ask, &register))
            (names(&t!(ask, "register-services"), &t!(ask, "register-no-services"), &register.services))
            (protected(ask, &register))
        };
        Ok(Shown::page(t!(ask, "register-title"), content))
    })
}

// ---- people ----

fn people(ask: &Ask, people: &[RegisterPerson]) -> Markup {
    let searched = ask.query("search").trim().to_lowercase();
    let found: Vec<&RegisterPerson> = people.iter().filter(|person| is_found(person, &searched)).collect();
    let from = ask.query("from").parse::<usize>().unwrap_or(0).min(found.len());
    let shown: Vec<&RegisterPerson> = found.iter().skip(from).take(PAGE).copied().collect();
    let heads = [
        t!(ask, "register-person"),
        t!(ask, "register-groups"),
        t!(ask, "register-places"),
        t!(ask, "register-keys"),
    ];
    let rows = html! {
        @for person in &shown {
            tr {
                th scope="row" { (person.person) }
                td { (person.groups.join(", ")) }
                td { (person.places.join(", ")) }
                td { (person.keys.join(", ")) }
            }
        }
    };
    html! {
        section {
            h2 { (t!(ask, "register-people")) " " span.soft { (people.len()) } }
            form.filters method="get" action="/register" role="search" {
                label { (t!(ask, "register-search")) input type="search" name="search" value=(ask.query("search")) autocomplete="off"; }
                button.small.quiet { (t!(ask, "register-search-button")) }
            }
            @if shown.is_empty() { (nothing(&t!(ask, "register-nobody"))) } @else { (table(&t!(ask, "register-people"), &heads, &rows)) }
            (paging(ask, from, found.len()))
        }
    }
}

fn is_found(person: &RegisterPerson, searched: &str) -> bool {
    let names = person.groups.iter().chain(&person.places).chain(&person.keys).map(String::as_str);
    names.chain([person.person.as_str()]).any(|name| name.to_lowercase().contains(searched))
}

fn paging(ask: &Ask, from: usize, count: usize) -> Markup {
    if count <= PAGE && from == 0 {
        return html! {};
    }
    let to = (from + PAGE).min(count);
    let link = |from: usize| format!("/register?from={from}&search={}", in_query(ask.query("search")));
    html! {
        nav.row aria-label=(t!(ask, "register-pages")) {
            @if from > 0 { a.button.quiet.small href=(link(from.saturating_sub(PAGE))) { (t!(ask, "register-previous")) } }
            span.soft { (t!(ask, "register-shown", first = (from + 1).min(count), last = to, count = count)) }
            @if to < count { a.button.quiet.small href=(link(to)) { (t!(ask, "register-next")) } }
        }
    }
}

/// A text inside the query of a path.
fn in_query(text: &str) -> String {
    let written = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(written).collect()
}

// ---- what they belong to ----

/// Everything that people name, with the people who name it.
fn by_name<'r>(
    people: &'r [RegisterPerson],
    named: impl Fn(&'r RegisterPerson) -> &'r [String],
) -> BTreeMap<&'r str, Vec<&'r str>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for person in people {
        for name in named(person) {
            all.entry(name.as_str()).or_default().push(person.person.as_str());
        }
    }
    all
}

fn groups(ask: &Ask, people: &[RegisterPerson]) -> Markup {
    let groups = by_name(people, |person| &person.groups);
    section(
        &t!(ask, "register-by-group"),
        &t!(ask, "register-no-groups"),
        &[t!(ask, "register-group"), t!(ask, "register-members")],
        &groups,
    )
}

fn places(ask: &Ask, register: &Register) -> Markup {
    let mut places: BTreeMap<&str, Vec<&str>> =
        register.places.iter().map(|place| (place.as_str(), Vec::new())).collect();
    places.extend(by_name(&register.people, |person| &person.places));
    section(
        &t!(ask, "register-by-place"),
        &t!(ask, "register-no-places"),
        &[t!(ask, "register-place"), t!(ask, "register-who")],
        &places,
    )
}

fn section(title: &str, none: &str, heads: &[String], all: &BTreeMap<&str, Vec<&str>>) -> Markup {
    let rows = html! {
        @for (name, people) in all { tr { th scope="row" { (name) } td { @if people.is_empty() { "–" } @else { (people.join(", ")) } } } }
    };
    html! { section { h2 { (title) } @if all.is_empty() { (nothing(none)) } @else { (table(title, heads, &rows)) } } }
}

fn names(title: &str, none: &str, names: &[String]) -> Markup {
    html! {
        section {
            h2 { (title) }
            @if names.is_empty() { (nothing(none)) } @else { ul { @for name in names { li { (name) } } } }
        }
    }
}

fn protected(ask: &Ask, register: &Register) -> Markup {
    let of: BTreeMap<&str, Vec<&str>> = register
        .protected
        .iter()
        .map(|one| (one.id.as_str(), one.of.iter().map(types::PersonId::as_str).collect()))
        .collect();
    let title = t!(ask, "register-protected");
    html! {
        (section(&title, &t!(ask, "register-no-protected"), &[t!(ask, "register-protected-person"), t!(ask, "register-of")], &of))
        p.soft { (t!(ask, "register-protected-means")) }
    }
}
