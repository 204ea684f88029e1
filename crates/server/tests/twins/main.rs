//! G3 at the edge: servers with one seed and one clock, on which the same is done of free will, with a gun at the head, and with a
//! colleague who objects. Every byte of every answer is the same until the moment of decision, at every entry point that there is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod decision;
mod everything;
mod matters;
mod need;
mod pages;
mod people;
mod scene;
#[path = "../stage/mod.rs"]
mod stage;
mod surface;
#[path = "../world/mod.rs"]
mod world;

use scene::{Exchange, Scene, Story, differences};

const STORIES: [Story; 3] = [Story::Free, Story::Coerced, Story::Objected];

/// Plays the three histories at once.
fn three<T: Send + 'static>(play: fn(Scene) -> T) -> [T; 3] {
    need::listen();
    let runs = STORIES.map(|story| std::thread::spawn(move || play(Scene::new(story))));
    runs.map(|run| run.join().unwrap())
}

#[test]
fn every_entry_point_answers_the_same_bytes_in_every_history() {
    let [free, coerced, objected] = three(everything::play);
    let points = surface::entry_points();
    for (name, seen) in [("free", &free), ("coerced", &coerced), ("objected", &objected)] {
        let gaps = surface::gaps(&points, seen);
        assert!(gaps.is_empty(), "{name}:\n{}", gaps.join("\n"));
    }
    let nothing = Vec::<String>::new();
    assert_eq!(differences(&free, &coerced), nothing, "free and coerced");
    assert_eq!(differences(&free, &objected), nothing, "free and objected");
    need::check(&free);
    println!("{} exchanges at {} entry points in each history", free.len(), points.len());
}

#[test]
fn names_of_others_in_answers_and_in_the_log_are_found() {
    need::check_the_check();
}

#[test]
fn an_entry_point_without_a_step_and_a_step_without_an_entry_point_are_found() {
    let document = r#"{"paths": {"/v1/a/{id}": {"get": {}, "post": {}}, "/v1/a/now": {"get": {}}}}"#;
    let points = surface::documented(document);
    let seen = |method: &str, path: &str, status: u16| Exchange {
        by: "alice".into(),
        method: method.into(),
        path: path.into(),
        raw: stage::Raw(format!("HTTP/1.1 {status} X\r\n\r\n").into_bytes()),
    };
    let both = |method: &str, path: &str| [seen(method, path, 200), seen(method, path, 404)];
    let all = [both("GET", "/v1/a/7?x=1"), both("POST", "/v1/a/7"), both("GET", "/v1/a/now")].concat();
    let own = |seen: &[Exchange]| -> Vec<String> {
        let gaps = surface::gaps(&points, seen);
        gaps.into_iter().filter(|gap| !gap.starts_with("the exception")).collect()
    };
    assert_eq!(own(&all), Vec::<String>::new());
    assert_eq!(
        own(&all[..4]),
        ["GET /v1/a/now: no step in which it succeeds", "GET /v1/a/now: no step in which it is refused"]
    );
    assert_eq!(own(&all[1..]), ["GET /v1/a/{id}: no step in which it succeeds"]);
    let nowhere = [&all[..], &[seen("GET", "/v1/b", 404)]].concat();
    assert_eq!(own(&nowhere), ["a step goes to GET /v1/b, which is no entry point"]);
    // Exceptions that name nothing are found too.
    assert!(
        surface::gaps(&points, &all).iter().any(|gap| gap == "the exception GET /health is no entry point")
    );
}

#[test]
fn a_byte_that_differs_is_found() {
    let [free, mut other] = [0, 0].map(|_| {
        let mut scene = Scene::new(Story::Free);
        scene.get("/health", None);
        scene.seen
    });
    assert_eq!(differences(&free, &other), Vec::<String>::new());
    *other[0].raw.0.last_mut().unwrap() ^= 1;
    assert_eq!(differences(&free, &other).len(), 1);
}

#[test]
fn the_captor_sees_the_same_bytes_until_the_moment_of_decision() {
    let [free, coerced, objected] = three(decision::play);
    let nothing = Vec::<String>::new();
    assert!(free.before.len() > 140);
    assert_eq!(differences(&free.before, &coerced.before), nothing);
    assert_eq!(differences(&free.before, &objected.before), nothing);
    assert_eq!((free.status.as_str(), coerced.status.as_str()), ("signed", "declined"));
    assert_eq!(differences(&coerced.after, &objected.after), nothing);
    // The comparison itself can fail: once decided, the two stories do differ.
    assert!(!differences(&free.after, &coerced.after).is_empty());
}
