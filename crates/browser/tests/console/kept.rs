//! Nothing of a phrase stays in the browser's folder: no form history, no password manager, no session, no cache (G9).

use std::io::{Read, Write};
use std::net::TcpListener;

use browser::search_folder;

use crate::house::{House, SLOW};

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
    let house = House::new();
    let mut bob = house.signed_in("bob");
    let [first, second] = [SLOW, "0.35"].map(|amount| bob.propose(amount));
    let mut alice = house.signed_in("alice");
    let words = std::mem::replace(&mut alice.words, RARE.join(" "));
    alice.go(&format!("/transfers/{first}"));
    alice.act(&format!("/v1/transfers/{first}/approve"), &[]);
    // Words that were typed and never sent, left in the field.
    alice.go(&format!("/transfers/{second}"));
    alice.fill(&format!("/v1/transfers/{second}/approve"), &[]);
    // And in a form without scripts.
    alice.browser.set_scripts(false).unwrap();
    alice.go(&format!("/transfers/{second}"));
    let action = format!("form[action=\"/transfers/{second}/cancel\"]");
    alice.browser.click(&format!("details:has({action}) > summary")).unwrap();
    for (place, word) in RARE.iter().enumerate() {
        alice.browser.enter(&format!("{action} [name=word{}]", place + 1), word).unwrap();
    }
    alice.browser.follow(&format!("{action} button")).unwrap();
    alice.browser.set_scripts(true).unwrap();
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
    let joined = [words.clone(), RARE.join(" "), words.replace(' ', "\",\"")];
    let texts: Vec<&str> = RARE.into_iter().chain(joined.iter().map(String::as_str)).collect();
    let found = search_folder(folder.path(), &texts).unwrap();
    let list: Vec<_> = found.iter().map(|it| format!("{} in {}", it.text, it.file.display())).collect();
    assert!(found.is_empty(), "{list:?}");
}
