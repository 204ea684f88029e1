//! What must hold of every answer of the console: its headers, its cookies, its forms; and that what is not for somebody does not exist for
//! them (G3, G5, G9).

use console::{Audience, PAGES};
use serde_json::json;
use server::pages::CONTENT_POLICY;

use crate::house::House;
use crate::scene::busy;
use crate::stage::{Raw, exchange};

const TEXT: &str = "Accept: text/html";
const COOKIE: &str = "__Host-rempart";

/// A session as browsers have it: the cookie's pair.
fn cookie(house: &House, by: &str) -> String {
    let grant = house.stage.post(by, "/v1/session", json!({ "cookie": true }));
    assert_eq!(grant.status(), 201, "{grant:?}");
    let set = grant.header("set-cookie").unwrap();
    let pair = set.split(';').next().unwrap().to_owned();
    assert!(pair.starts_with(&format!("{COOKIE}=")), "{set}");
    let attributes: Vec<&str> = set.split("; ").skip(1).collect();
    for needed in ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
        assert!(attributes.contains(&needed), "{set}");
    }
    assert!(!attributes.iter().any(|attribute| attribute.starts_with("Domain")), "{set}");
    assert_eq!(grant.json()["token"], json!(null), "no script sees the token");
    pair
}

fn get(house: &House, path: &str, cookie: &str) -> Raw {
    exchange(house.stage.address, &format!("GET {path} HTTP/1.1\r\n{TEXT}\r\nCookie: {cookie}"), b"")
}

fn post(house: &House, path: &str, cookie: &str, headers: &str, body: &str) -> Raw {
    let head = format!(
        "POST {path} HTTP/1.1\r\n{TEXT}\r\nCookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded{headers}"
    );
    exchange(house.stage.address, &head, body.as_bytes())
}

/// Without what differs by the moment alone.
fn plain(raw: &Raw) -> String {
    let text = raw.text();
    text.lines().filter(|line| !line.to_ascii_lowercase().starts_with("date:")).collect::<Vec<_>>().join("\n")
}

fn assert_headers(raw: &Raw, path: &str) {
    let header = |name: &str| raw.header(name).unwrap_or_default();
    let policy = header("content-security-policy");
    if path == "/practice" {
        assert!(
            policy.contains("connect-src 'none'") && policy.contains("form-action 'none'"),
            "{path}: {policy}"
        );
    } else {
        assert_eq!(policy, CONTENT_POLICY, "{path}");
    }
    for banned in ["unsafe", "*", "http:", "https:"] {
        assert!(!policy.contains(banned), "{path}: {policy}");
    }
    assert_eq!(header("x-frame-options"), "DENY", "{path}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
    assert_eq!(header("cache-control"), "no-store", "{path}");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
    assert!(header("permissions-policy").contains("camera=()"), "{path}");
    let body = raw.body();
    for inline in [" style=\"", " onclick=", " onsubmit=", "javascript:"] {
        assert!(!body.contains(inline), "{path} has {inline}");
    }
    for (at, _) in body.match_indices("<script") {
        let tag = body[at..].split('>').next().unwrap();
        assert!(tag.contains("src=\"/assets/"), "{path}: {tag}");
    }
}

#[test]
fn every_page_has_every_header_and_nothing_inline() {
    let house = House::new();
    let matters = busy(&house);
    let cookies = ["alice", "lea", "dora"].map(|name| cookie(&house, name));
    let mut pages = 0;
    for page in PAGES.iter().filter(|page| page.method == "GET") {
        let cookie = match page.audience {
            Audience::Anyone => "",
            Audience::Person => &cookies[0],
            Audience::Auditor | Audience::Names => &cookies[1],
            Audience::Responder => &cookies[2],
        };
        let path = matters.path_of(page.path);
        let raw = get(&house, &path, cookie);
        if raw.status() == 303 {
            assert!(raw.header("location").unwrap().starts_with('/'), "{path}: {raw:?}");
            continue;
        }
        assert_eq!(raw.status(), 200, "{path}: {raw:?}");
        let kind = raw.header("content-type").unwrap();
        if kind.starts_with("text/html") {
            assert_headers(&raw, &path);
            pages += 1;
        } else {
            assert!(raw.header("content-disposition").unwrap().starts_with("attachment; "), "{path}");
            assert_eq!(raw.header("x-content-type-options").unwrap(), "nosniff", "{path}");
        }
        // No secret in an address: neither of a link nor of the page itself.
        let token = cookie.split_once('=').map_or("", |(_, token)| token);
        assert!(token.is_empty() || !raw.text().contains(token), "{path} shows the session's token");
    }
    assert!(pages >= 20, "{pages}");
    assert_headers(&get(&house, "/nothing", &cookies[0]), "/nothing");
}

#[test]
fn what_is_not_for_somebody_is_the_same_as_what_is_not_there() {
    let house = House::new();
    let matters = busy(&house);
    let alice = cookie(&house, "alice");
    let missing = get(&house, "/nothing-of-that-name", &alice);
    assert_eq!(missing.status(), 404);
    let mut covert = 0;
    for page in PAGES.iter().filter(|page| !matches!(page.audience, Audience::Anyone | Audience::Person)) {
        let path = matters.path_of(page.path);
        let raw = match page.method {
            "GET" => get(&house, &path, &alice),
            _ => post(&house, &path, &alice, "", ""),
        };
        if page.method == "GET" {
            assert_eq!(plain(&raw), plain(&missing), "{path}");
        } else {
            assert_eq!(
                plain(&raw),
                plain(&post(&house, "/nothing-of-that-name", &alice, "", "")),
                "POST {path}"
            );
        }
        covert += 1;
    }
    assert!(covert >= 5, "{covert}");
    // An incident that is not there is, for a responder, what it would be if there had never been any.
    let dora = cookie(&house, "dora");
    let nowhere = get(&house, "/response/incidents/77", &dora);
    assert_eq!(nowhere.status(), 404);
    // What is not even a method is no better known.
    for path in ["/response", "/nothing-of-that-name"] {
        let head = format!("DELETE {path} HTTP/1.1\r\n{TEXT}\r\nCookie: {alice}");
        assert_eq!(exchange(house.stage.address, &head, b"").status(), 404, "{path}");
    }
    // Nobody is signed in: every address leads to sign-in, whatever is there.
    let outside = get(&house, "/response", "");
    let other = get(&house, "/nothing-of-that-name", "");
    assert_eq!((outside.status(), other.status()), (303, 303));
    let to = |raw: &Raw| raw.header("location").unwrap();
    assert_eq!(
        (to(&outside).as_str(), to(&other).as_str()),
        ("/sign-in?next=%2Fresponse", "/sign-in?next=%2Fnothing-of-that-name")
    );
}

#[test]
fn a_form_counts_from_our_own_pages_alone() {
    let house = House::new();
    let matters = busy(&house);
    let alice = cookie(&house, "alice");
    let settings = get(&house, "/settings", &alice).body();
    let token = settings
        .split("name=\"token\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .to_owned();
    let bobs = get(&house, "/settings", &cookie(&house, "bob")).body();
    let bobs = bobs
        .split("name=\"token\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .to_owned();
    assert_ne!(token, bobs);
    for page in PAGES.iter().filter(|page| page.method == "POST" && page.audience == Audience::Person) {
        let path = matters.path_of(page.path);
        for (headers, body, status) in [
            ("", String::new(), 403),
            ("", format!("token={bobs}"), 403),
            // With a request of another site the session itself does not count: nothing is there.
            ("\r\nSec-Fetch-Site: cross-site", format!("token={token}"), 404),
            ("\r\nSec-Fetch-Site: same-site", format!("token={token}"), 404),
        ] {
            let raw = post(&house, &path, &alice, headers, &body);
            assert_eq!(raw.status(), status, "{path} {headers} {body}: {raw:?}");
            assert_headers(&raw, &path);
        }
    }
    // With it the settings are kept, in a cookie that says nothing else.
    let kept = post(
        &house,
        "/settings",
        &alice,
        "\r\nSec-Fetch-Site: same-origin",
        &format!("token={token}&language=fr&look=dark"),
    );
    assert_eq!(kept.status(), 303, "{kept:?}");
    assert!(kept.header("set-cookie").unwrap().starts_with("look=fr.dark; "));
    // The session's cookie alone changes nothing under /v1 either.
    let head = format!(
        "POST /v1/transfers HTTP/1.1\r\nCookie: {alice}\r\nIdempotency-Key: x\r\nContent-Type: application/json"
    );
    let bare = exchange(house.stage.address, &head, br#"{"command":{}}"#);
    assert!(matches!(bare.status(), 400 | 401 | 403 | 422), "{bare:?}");
    // A body that is too large is refused before it is read.
    let large = post(&house, "/settings", &alice, "", &"x".repeat(server::http::BODY_LARGE_BYTES_MAX + 1));
    assert_eq!(large.status(), 413, "{large:?}");
}

/// What could be said of other people's sessions is not.
#[test]
fn signing_out_ends_the_session_and_takes_the_cookie() {
    let house = House::new();
    let mut alice = house.signed_in("alice");
    let cookies = alice.browser.cookies().unwrap();
    let session = cookies.iter().find(|cookie| cookie.name == COOKIE).unwrap();
    assert!(
        session.http_only && session.secure && session.same_site == "Strict" && session.path == "/",
        "{session:?}"
    );
    assert_eq!(alice.browser.eval("document.cookie").unwrap(), "", "no script sees a cookie");
    assert_eq!(alice.browser.eval("Object.keys(localStorage).length").unwrap(), 0);
    alice.go("/");
    alice.browser.follow("form[action='/sign-out'] button").unwrap();
    assert!(alice.browser.path().unwrap().starts_with("/sign-in"));
    assert!(!alice.browser.cookies().unwrap().iter().any(|cookie| cookie.name == COOKIE));
    alice.go("/transfers");
    assert!(alice.browser.path().unwrap().starts_with("/sign-in"));
    let pair = format!("{COOKIE}={}", session.value);
    assert_eq!(get(&house, "/transfers", &pair).status(), 303, "the token is good for nothing any more");
}
