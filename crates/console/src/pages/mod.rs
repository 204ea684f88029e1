//! Every page of the console: its path, who may ask for it, and what makes it. [`PAGES`] is the only list: the router, the twin tests and
//! the checks in the browser take it from here.

mod audit;
mod ceremony;
mod enrol;
mod exposure;
mod first;
mod me;
mod motions;
mod overview;
mod policy;
mod practice;
mod register;
mod response;
mod settings;
mod sign_in;
mod stops;
mod transfers;
mod vaults;

use crate::ask::{Api, Ask, Fields, Pending, Shown};

/// Who may ask for a page. For everybody else it does not exist.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Audience {
    /// Whoever comes.
    Anyone,
    /// Who is signed in.
    Person,
    /// Auditors.
    Auditor,
    /// Auditors and responders.
    Names,
    /// Responders.
    Responder,
}

impl Audience {
    /// Whether whoever asks is of it.
    #[must_use]
    pub fn admits(self, ask: &Ask) -> bool {
        match self {
            Self::Anyone => true,
            Self::Person => ask.who.is_some(),
            Self::Auditor => ask.who.as_ref().is_some_and(|who| who.auditor),
            Self::Names => ask.sees_names(),
            Self::Responder => ask.is_responder(),
        }
    }
}

/// One page.
#[derive(Clone, Copy)]
pub struct Page {
    /// `GET`, or `POST` for a form that works without a script.
    pub method: &'static str,
    /// The path, with `{name}` where it varies.
    pub path: &'static str,
    /// Who may ask.
    pub audience: Audience,
    /// Whether it reaches nobody once its files are there: served with `connect-src 'none'; form-action 'none'`, and without a session's frame.
    pub local: bool,
    /// What makes it.
    pub show: for<'a> fn(&'a Ask, &'a dyn Api) -> Pending<'a, Shown>,
}

type Show = for<'a> fn(&'a Ask, &'a dyn Api) -> Pending<'a, Shown>;

const fn get(path: &'static str, audience: Audience, show: Show) -> Page {
    Page { method: "GET", path, audience, local: false, show }
}

const fn post(path: &'static str, audience: Audience, show: Show) -> Page {
    Page { method: "POST", path, audience, local: false, show }
}

/// A page for anyone, from which nothing that is typed can leave.
const fn local(path: &'static str, show: Show) -> Page {
    Page { method: "GET", path, audience: Audience::Anyone, local: true, show }
}

/// Every page.
pub const PAGES: &[Page] = &[
    get("/", Audience::Person, overview::show),
    get("/vaults", Audience::Person, vaults::show),
    get("/vaults/{id}", Audience::Person, vaults::one),
    post("/vaults/{id}/stop", Audience::Person, vaults::stop),
    get("/stops", Audience::Person, stops::show),
    post("/stops", Audience::Person, stops::place_posted),
    post("/stops/posture", Audience::Person, stops::raise_posted),
    get("/motions", Audience::Person, motions::show),
    get("/motions/{id}", Audience::Person, motions::one),
    get("/response", Audience::Responder, response::show),
    get("/response/incidents/{id}", Audience::Responder, response::room::show),
    get("/response/incidents/{id}/pack", Audience::Responder, response::pack::show),
    get("/response/drills", Audience::Responder, response::drills::show),
    get("/response/duty", Audience::Responder, response::duty::show),
    get("/response/dossiers/{person}", Audience::Responder, response::dossier::show),
    get("/settings", Audience::Person, settings::show),
    post("/settings", Audience::Person, settings::keep),
    post("/settings/end-session", Audience::Person, settings::end_session),
    get("/sign-in", Audience::Anyone, sign_in::show),
    post("/sign-out", Audience::Person, sign_in::leave),
    get("/enrol", Audience::Anyone, enrol::show),
    local("/practice", practice::show),
    get("/me", Audience::Person, me::show),
    get("/first", Audience::Anyone, first::show),
    get("/transfers", Audience::Person, transfers::list::show),
    get("/transfers.csv", Audience::Person, transfers::csv::show),
    get("/transfers/new", Audience::Person, transfers::new::show),
    post("/transfers/check", Audience::Person, transfers::check::show),
    get("/transfers/{id}", Audience::Person, transfers::detail::show),
    get("/transfers/{id}/psbt", Audience::Person, transfers::acts::psbt),
    post("/transfers/{id}/cancel", Audience::Person, transfers::acts::cancel),
    post("/transfers/{id}/object", Audience::Person, transfers::acts::object),
    post("/transfers/{id}/stop", Audience::Person, transfers::acts::stop),
    get("/policy", Audience::Person, policy::show),
    get("/policy/edit", Audience::Person, policy::edit::show),
    get("/policy/preview", Audience::Person, policy::preview::again),
    post("/policy/preview", Audience::Person, policy::preview::show),
    get("/exposure", Audience::Person, exposure::show),
    get("/exposure/certificate", Audience::Names, exposure::certificate::show),
    get("/exposure/drill", Audience::Names, exposure::drill::show),
    get("/register", Audience::Names, register::show),
    get("/audit", Audience::Auditor, audit::show),
];

/// The page of a method and a path, and what the `{…}` of its path stand for. A literal path goes before one with parameters.
#[must_use]
pub fn find(method: &str, path: &str) -> Option<(&'static Page, Fields)> {
    let fitting = PAGES.iter().filter(|page| page.method == method);
    let fitting = fitting.filter_map(|page| Some((page, parameters(page.path, path)?)));
    fitting.min_by_key(|(_, parameters)| parameters.len())
}

fn parameters(template: &str, path: &str) -> Option<Fields> {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    if template.len() != path.len() {
        return None;
    }
    let mut found = Fields::new();
    for (part, own) in template.iter().zip(&path) {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) if is_plain(own) => found.insert(name.to_owned(), (*own).to_owned()),
            None if part == own => None,
            _ => return None,
        };
    }
    Some(found)
}

/// Names and ids: what goes into a path under `/v1` unchanged.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=128).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_finds_its_page_and_nothing_else() {
        assert_eq!(parameters("/transfers/{id}", "/transfers/ab-1").unwrap()["id"], "ab-1");
        for other in
            ["/transfers", "/transfers/", "/transfers/a/b", "/transfers/..", "/transfers/a%2fb", "/x/a"]
        {
            assert!(parameters("/transfers/{id}", other).is_none(), "{other}");
        }
        assert!(find("GET", "/settings").is_some_and(|(page, _)| page.method == "GET"));
        assert!(find("DELETE", "/settings").is_none());
    }
}
