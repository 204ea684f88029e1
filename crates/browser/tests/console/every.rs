//! Every page of the console, as everybody sees it who may: nothing that keeps anybody from using it (axe-core), nothing that sticks out,
//! nothing from elsewhere, nothing that the content policy stops, light enough for a bad connection; in both languages, at the width of a
//! telephone and of a desk, light and dark. Pictures of all of it are kept under `target/screenshots` for people to look at.

use std::path::PathBuf;

use console::{Audience, PAGES};
use serde_json::Value;

use crate::house::{House, Person, SITE, keep, pictures};
use crate::scene::{Matters, busy};

/// A page with everything that it loads, uncompressed.
const BYTES_MAX: u64 = 100_000;
const WIDTHS: [u32; 2] = [390, 1440];
const LANGUAGES: [&str; 2] = ["en", "fr"];

/// The judge, from npm.
fn judge() -> String {
    let target = match std::env::var_os("REMPART_TEST_PEERS") {
        Some(folder) => PathBuf::from(folder).join("npm"),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/npm"),
    };
    let script = std::fs::read_to_string(target.join("node_modules/axe-core/axe.min.js"));
    script.expect("axe-core is missing: run `cargo xtask peers-for-tests`")
}

const JUDGED: &str = "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations\
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')\
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`)))";

/// What is serious on the page as it stands.
fn serious(person: &mut Person, judge: &str) -> Vec<String> {
    if person.browser.eval("typeof axe").unwrap() != "object" {
        person.browser.eval(&format!("{judge}; true")).unwrap();
    }
    serde_json::from_value(person.browser.eval(JUDGED).unwrap()).unwrap()
}

/// What `PAGES` has for somebody, with values that exist; what is a file to keep is asked for otherwise.
fn paths_for(of: &[Audience], matters: &Matters) -> Vec<String> {
    let pages = PAGES.iter().filter(|page| page.method == "GET" && of.contains(&page.audience));
    pages.map(|page| matters.path_of(page.path)).collect()
}

fn slug(path: &str) -> String {
    let parts = path.trim_matches('/').split('/');
    let is_id =
        |part: &str| part.len() == 64 || part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty();
    let named = parts.map(|part| if is_id(part) { "one" } else { part });
    let name = named.collect::<Vec<_>>().join("-");
    if name.is_empty() { "overview".to_owned() } else { name }
}

/// Whether it is a page: some are files.
fn is_page(person: &mut Person, path: &str) -> bool {
    let kind = format!(
        "fetch('{path}', {{ headers: {{ Accept: 'text/html' }} }}).then((answer) => {{ answer.body?.cancel(); \
         if (answer.redirected) return 'elsewhere'; return `${{answer.status}} ${{answer.headers.get('content-type')}} ${{answer.headers.get('content-disposition') ?? ''}}`; }})"
    );
    let kind = person.browser.eval(&kind).unwrap();
    let kind = kind.as_str().unwrap().to_owned();
    if kind == "elsewhere" {
        return false;
    }
    assert!(kind.starts_with("200 "), "{path}: {kind}");
    let is_file = kind.contains("attachment");
    assert_eq!(is_file, !kind.contains("text/html"), "{path}: {kind}");
    !is_file
}

/// All of one person's pages; gives what is wrong.
fn walk(person: &mut Person, paths: &[String], tag: &str) -> Vec<String> {
    let judge = judge();
    let mut wrong = Vec::new();
    for path in paths {
        // From a page that may connect.
        person.go("/settings");
        if !is_page(person, path) {
            continue;
        }
        drop((
            person.browser.complaints().unwrap(),
            person.browser.requests().unwrap(),
            person.browser.answers().unwrap(),
        ));
        for language in LANGUAGES {
            person.browser.set_language(language).unwrap();
            person.go(path);
            person
                .browser
                .wait("the language", &format!("document.documentElement.lang === '{language}'"))
                .unwrap();
            let answers = person.browser.answers().unwrap();
            std::fs::write(
                pictures().join(format!("{tag}-{}-{language}.html", slug(path))),
                person.browser.source().unwrap(),
            )
            .unwrap();
            let bytes: u64 = answers.iter().map(|answer| answer.bytes).sum();
            let charts = person.browser.eval("document.querySelectorAll('svg.chart').length").unwrap();
            println!("{tag} {path} {language}: {bytes} bytes");
            if charts == 0 && bytes >= BYTES_MAX {
                let each: Vec<_> =
                    answers.iter().map(|answer| (answer.address.as_str(), answer.bytes)).collect();
                wrong.push(format!("{path} weighs {bytes} bytes: {each:?}"));
            }
            for width in WIDTHS {
                person.browser.set_size(width, 900).unwrap();
                for (dark, look) in [(false, "light"), (true, "dark")] {
                    person.browser.set_dark(dark).unwrap();
                    let name = format!("{tag}-{}-{language}-{width}-{look}", slug(path));
                    wrong.extend(looked_at(person, &judge, &name));
                }
            }
        }
        wrong.extend(person.unclean().into_iter().map(|what| format!("{path}: {what}")));
    }
    wrong
}

fn looked_at(person: &mut Person, judge: &str, name: &str) -> Vec<String> {
    let mut wrong: Vec<String> =
        serious(person, judge).into_iter().map(|what| format!("{name}: {what}")).collect();
    let over = person
        .browser
        .eval("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        .unwrap();
    if over != 0 {
        wrong.push(format!("{name} sticks out by {over}"));
    }
    let headings = person.browser.eval("document.querySelectorAll('h1').length").unwrap();
    if headings != 1 {
        wrong.push(format!("{name} has {headings} first headings"));
    }
    keep(name, &person.browser.screenshot().unwrap());
    wrong
}

fn check(name: Option<&'static str>, of: &[Audience], tag: &str) {
    let house = House::new();
    let matters = busy(&house);
    let mut person = house.person(name.unwrap_or("alice"));
    if name.is_some() {
        person.sign_in();
    }
    let paths = paths_for(of, &matters);
    assert!(!paths.is_empty());
    // Without a session `/settings` leads to sign-in, which is as good a page to begin from.
    let wrong = walk(&mut person, &paths, tag);
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn pages_for_anyone() {
    check(None, &[Audience::Anyone], "anyone");
}

#[test]
fn pages_for_people() {
    check(Some("alice"), &[Audience::Person], "person");
}

#[test]
fn pages_for_auditors() {
    check(Some("lea"), &[Audience::Auditor, Audience::Names], "auditor");
}

#[test]
fn pages_for_responders() {
    check(Some("dora"), &[Audience::Responder, Audience::Names], "responder");
}

/// The error page, too: whoever comes there needs it most.
#[test]
fn the_page_of_what_is_not_there() {
    let house = House::new();
    let mut alice = house.signed_in("alice");
    alice.go("/nothing-here");
    let judge = judge();
    drop(alice.browser.complaints().unwrap());
    for (width, dark) in [(390, false), (1440, true)] {
        alice.browser.set_size(width, 900).unwrap();
        alice.browser.set_dark(dark).unwrap();
        let wrong = looked_at(&mut alice, &judge, &format!("missing-en-{width}"));
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

/// The judge and the collectors find what they are for.
#[test]
fn faults_are_found() {
    let house = House::new();
    let mut alice = house.signed_in("alice");
    alice.go("/settings");
    alice.assert_clean("/settings");
    let judge = judge();
    assert_eq!(serious(&mut alice, &judge), Vec::<String>::new());
    let plant = "(() => { const picture = document.createElement('input'); picture.style.color = 'inherit'; \
        document.querySelector('main').append(picture); const pale = document.createElement('p'); pale.textContent = 'pale'; \
        pale.setAttribute('style', ''); pale.style.color = '#ddd'; document.querySelector('main').append(pale); })()";
    alice.browser.eval(plant).unwrap();
    let found = serious(&mut alice, &judge);
    assert!(
        found.iter().any(|what| what.starts_with("label "))
            || found.iter().any(|what| what.starts_with("color-contrast ")),
        "{found:?}"
    );
    assert!(found.iter().any(|what| what.starts_with("color-contrast ")), "{found:?}");
    // An inline script, one that fails, a request to another site.
    let policy = "(() => { const script = document.createElement('script'); script.textContent = 'globalThis.ran = true'; document.body.append(script); })()";
    alice.browser.eval(policy).unwrap();
    assert_eq!(alice.browser.eval("globalThis.ran === undefined").unwrap(), true);
    assert!(!alice.browser.complaints().unwrap().is_empty(), "what the content policy stopped is seen");
    alice.browser.eval("console.error('oh')").unwrap();
    assert!(!alice.browser.complaints().unwrap().is_empty(), "an error in the console is seen");
    alice.browser.eval("setTimeout(() => { throw new Error('oh'); }, 0)").unwrap();
    assert!(!alice.browser.complaints().unwrap().is_empty(), "a script that fails is seen");
    alice.browser.eval("fetch('http://127.0.0.1:9/').catch(() => {})").unwrap();
    let seen = alice.unclean();
    assert!(!seen.is_empty(), "a request to elsewhere is seen, or that it was stopped");
    alice.go("/settings");
    let answers = alice.browser.answers().unwrap();
    let style = answers.iter().find(|answer| answer.address == format!("{SITE}/assets/console.css")).unwrap();
    let real = alice.browser.eval("fetch('/assets/console.css').then((answer) => answer.arrayBuffer()).then((bytes) => bytes.byteLength)");
    assert_eq!(Value::from(style.bytes), real.unwrap(), "bytes are counted");
}
