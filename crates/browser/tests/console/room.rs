//! A responder's night: the alarm, the room, taking charge, the checklist, calling back, and the all-clear by two of them; a drill; and the
//! room of a responder who is held, which is empty (G3, G8, G9).

use types::Span;

use crate::house::{House, Person, keep};
use crate::stage::panic;

/// One of the room's acts, by the word that opens its form.
fn does(
    person: &mut Person,
    (house, room): (&House, &str),
    word: &str,
    operation: &str,
    fields: &[(&str, &str)],
) {
    person.go(&format!("{room}?do={word}"));
    person.act_covertly(house, &format!("/v1{room}/{operation}"), fields);
    person.assert_clean(word);
}

/// Bob's phrase was not his.
fn alarm(house: &House) {
    house.stage.token("bob", &panic("bob"));
    house.stage.pass(Span::from_seconds(30));
}

#[test]
fn an_alarm_is_worked_through_to_the_all_clear() {
    let house = House::new();
    let mut dora = house.signed_in("dora");
    drop(dora.browser.answers().unwrap());
    dora.go("/response");
    dora.wait_for_stream();
    let rooms = "document.querySelectorAll('main a[href^=\"/response/incidents/\"]').length";
    assert_eq!(dora.browser.eval(rooms).unwrap(), 0);
    // It comes to a page that is open, without anybody loading it again.
    dora.browser.mark().unwrap();
    alarm(&house);
    let room = &house.room();
    let card = format!("main a[href='{room}']");
    dora.browser.wait("the alarm", &format!("document.querySelector(\"{card}\") !== null")).unwrap();
    assert_eq!(dora.browser.eval("globalThis.rempartMark").unwrap(), true, "it was not loaded again");
    keep("room-1-alarm", &dora.browser.screenshot().unwrap());
    dora.browser.follow(&card).unwrap();
    let shown = dora.main();
    assert!(shown.contains("bob"), "who: {shown}");
    let code =
        house.stage.engine.read(|state| state.covert().incidents().next().unwrap().1.call_back.clone());
    assert!(shown.contains(&format!("{} {}", &code[..3], &code[3..])), "the code: {shown}");
    keep("room-2-first-screen", &dora.browser.screenshot().unwrap());

    dora.act_covertly(&house, &format!("/v1{room}/acknowledge"), &[("from", "home-dora")]);
    assert!(dora.main().contains("home-dora"), "{}", dora.main());
    does(&mut dora, (&house, room), "procedure", "procedure", &[("procedure", "home-invasion")]);
    let first = "document.querySelector('fieldset.steps input').value";
    let step = dora.browser.eval(first).unwrap().as_str().unwrap().to_owned();
    dora.act_covertly(&house, &format!("/v1{room}/step"), &[("step", &step)]);
    assert_ne!(dora.browser.eval(first).unwrap(), step.as_str(), "the step is done");
    does(&mut dora, (&house, room), "police", "called", &[("note", "on their way")]);
    does(&mut dora, (&house, room), "note", "note", &[("text", "two cars before the house")]);
    assert!(dora.main().contains("two cars before the house"), "{}", dora.main());
    keep("room-3-worked", &dora.browser.screenshot().unwrap());

    let mut emil = house.signed_in("emil");
    emil.go(room);
    emil.act_covertly(&house, &format!("/v1{room}/acknowledge"), &[("from", "home-emil")]);
    for person in [&mut dora, &mut emil] {
        let told = [("person", "bob"), ("private", ""), ("all_clear", "")];
        does(person, (&house, room), "called-back", "called-back", &told);
        does(person, (&house, room), "clear", "clear", &[]);
    }
    keep("room-4-clearing", &emil.browser.screenshot().unwrap());
    house.pass(Span::from_hours(25), &mut [&mut dora, &mut emil]);
    let closed =
        house.stage.engine.read(|state| state.covert().incidents().next().unwrap().1.closed.is_some());
    assert!(closed, "it is over");
    dora.sign_in();
    dora.go(room);
    assert_eq!(
        dora.browser.eval("document.querySelectorAll('form.act').length").unwrap(),
        0,
        "{}",
        dora.main()
    );
    keep("room-5-closed", &dora.browser.screenshot().unwrap());
    dora.go(&format!("{room}/pack"));
    keep("room-6-pack", &dora.browser.screenshot().unwrap());
    dora.assert_clean("the pack");
}

#[test]
fn a_drill_is_begun_and_ended() {
    let house = House::new();
    let mut dora = house.signed_in("dora");
    dora.go("/response/drills");
    dora.act_covertly(&house, "/v1/response/drills", &[("who", "carol")]);
    let room = &house.room();
    dora.go(room);
    assert!(dora.main().contains("carol"), "{}", dora.main());
    keep("room-drill", &dora.browser.screenshot().unwrap());
    does(&mut dora, (&house, room), "end-drill", "end-drill", &[]);
    dora.go("/response/drills");
    dora.assert_clean("drills");
    keep("room-drills", &dora.browser.screenshot().unwrap());
}

/// The same pages, whether there is an alarm and she is made to look, or there is none.
#[test]
fn the_room_of_a_held_responder_is_that_of_a_quiet_night() {
    let seen = |alarmed: bool| {
        let house = House::new();
        if alarmed {
            alarm(&house);
        } else {
            house.stage.token("bob", &crate::stage::own("bob"));
            house.stage.pass(Span::from_seconds(30));
        }
        let mut dora = house.person("dora");
        dora.browser.set_seed(3).unwrap();
        if alarmed {
            dora = dora.coerced();
        }
        dora.sign_in();
        let room = if alarmed { house.room() } else { "/response/incidents/7".to_owned() };
        let pages = [
            "/",
            "/response",
            "/response/drills",
            "/response/duty",
            &room,
            &format!("{room}/pack"),
            "/response/dossiers/bob",
        ];
        pages.map(|path| {
            dora.go(path);
            let path = path.replace(&room, "ROOM");
            dora.settle();
            (path, dora.browser.source().unwrap(), dora.browser.screenshot().unwrap())
        })
    };
    let (quiet, held) = (seen(false), seen(true));
    for ((path, one, one_looks), (_, other, other_looks)) in quiet.into_iter().zip(held) {
        assert_eq!(one, other, "{path}");
        assert_eq!(browser::difference(&one_looks, &other_looks).unwrap(), None, "{path}");
    }
}
