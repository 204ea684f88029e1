//! Nothing of a phrase stays in the browser's folder: no form history, no password manager, no session, no cache (G9).

use std::io::{Read, Write};
use std::net::TcpListener;

use browser::{Browser, search_folder};

use crate::person::{Alice, options, proposed};
use crate::stage::Stage;

const MARK: &str = "forgetmenotatall";
/// Words of the list that a browser has no reason of its own to write down, as it has for `image` or `parent`.
const RARE: [&str; 3] = ["kangaroo", "ostrich", "walnut"];

/// A page as careless as most: a form with a name, posted. It shows that the search finds what a browser keeps.
fn careless_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            let _read = stream.read(&mut request);
            let page = "<!doctype html><title>x</title><form action=/done method=post><input name=note id=note><button id=go>go</button></form>";
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                page.len()
            );
            let _written = stream.write_all((head + page).as_bytes());
        }
    });
    port
}

#[test]
fn after_a_whole_session_no_word_is_in_the_browsers_folder() {
    let stage = Stage::new();
    let mut alice = Alice::enrolled(&stage, &options(&stage));
    let id = proposed(&stage, "0.4 BTC", 1);
    let words = alice.words.clone();
    alice.sign_in(&words);
    alice.sign_in(&RARE);
    alice.choose(&id);
    alice.approve(&RARE);
    // Words that were typed and never sent, left in the field.
    alice.visit("/me");
    alice.unfold("device");
    alice.type_words("device-words", &RARE);
    let port = careless_server();
    alice.browser.visit(&format!("http://127.0.0.1:{port}/")).unwrap();
    alice.browser.type_text("#note", MARK).unwrap();
    alice.browser.click("#go").unwrap();
    alice.browser.wait("the next page", "location.pathname === '/done'").unwrap();
    std::thread::sleep(std::time::Duration::from_secs(2));

    let folder = alice.browser.close().unwrap();
    let kept = search_folder(folder.path(), &[MARK]).unwrap();
    let history = kept.iter().any(|found| found.file.ends_with("Web Data"));
    assert!(history, "the search finds what a browser keeps of a careless page: {kept:?}");
    let joined = [words.join(" "), RARE.join(" "), words.join("\",\"")];
    let texts: Vec<&str> = RARE.into_iter().chain(joined.iter().map(String::as_str)).collect();
    let found = search_folder(folder.path(), &texts).unwrap();
    let list = |found: &[browser::Found]| {
        found.iter().map(|it| format!("{} in {}", it.text, it.file.display())).collect::<Vec<_>>()
    };
    assert!(found.is_empty(), "{:?}; of the careless page: {:?}", list(&found), list(&kept));
}

#[test]
fn the_field_asks_not_to_be_kept() {
    let stage = Stage::new();
    let mut browser = Browser::start(&options(&stage)).unwrap();
    for page in ["sign-in", "enrol", "practice"] {
        browser.visit(&format!("http://localhost:8087/{page}")).unwrap();
        let careless = browser.eval(
            "[...document.querySelectorAll('input[type=text]')].filter((input) => input.autocomplete !== 'off' \
             || input.hasAttribute('name') || input.spellcheck || !('1pIgnore' in input.dataset)).length",
        );
        assert_eq!(careless.unwrap(), serde_json::json!(0), "{page}");
        let passwords = browser.eval("document.querySelectorAll('input[type=password]').length").unwrap();
        assert_eq!(passwords, serde_json::json!(0), "{page}");
    }
}
