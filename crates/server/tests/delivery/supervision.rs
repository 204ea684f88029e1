//! Heartbeats: a channel that dies is told of over the others, within 90 seconds, to responders alone.

use std::time::Duration;

use alarm::{Kind, News, Reach};
use server::clock::Stopwatch;
use server::dispatch::{PROBE_EVERY_SECONDS, SILENCE_MAX_SECONDS};
use server::engine::Engine;
use types::PlaceId;

use crate::scene::{Scene, plan};
use crate::siren::{Mood, Tape};
use crate::world::wait_until;

fn notices(tape: &Tape) -> Vec<(String, String, News)> {
    let notices = tape.taken().into_iter().map(|taken| taken.message);
    let notices = notices.filter(|message| message.kind == Kind::Channel);
    notices.map(|message| (message.who.to_string(), message.code.clone(), message.news)).collect()
}

fn is_alive(engine: &Engine, id: &str) -> bool {
    engine.channels_health().iter().any(|health| health.id.as_str() == id && health.alive)
}

#[test]
fn a_dead_channel_is_an_alarm_within_ninety_seconds_and_so_is_its_return() {
    let second = Duration::from_millis(20);
    for mood in [Mood::Down, Mood::HalfOpen(Duration::from_millis(500)), Mood::Panics] {
        let (one, two) = (Tape::new("one", Reach::Wide, Mood::Up), Tape::new("two", Reach::Wide, Mood::Up));
        let scene = Scene::with_pace(&[&one, &two], "", second);
        wait_until("heartbeats", || one.probes() > 0 && two.probes() > 0);
        let before = format!("{:?}", scene.engine.health());
        one.set(mood);
        let watch = Stopwatch::start();
        wait_until("told", || !notices(&two).is_empty());
        let took = watch.elapsed();
        assert!(took <= second * 90, "{mood:?}: {took:?} of {:?}", second * 90);
        let expected = ("one".to_owned(), "dead".to_owned(), News::First);
        assert_eq!(notices(&two), [expected]);
        assert!(!is_alive(&scene.engine, "one") && is_alive(&scene.engine, "two"));
        assert_eq!(format!("{:?}", scene.engine.health()), before, "nothing of it is overt");
        one.set(Mood::Up);
        wait_until("back", || notices(&two).len() == 2);
        assert_eq!(notices(&two)[1], ("one".to_owned(), "works-again".to_owned(), News::Update));
        assert!(is_alive(&scene.engine, "one"));
        assert!(notices(&one).is_empty(), "nobody is told over the channel that it is about");
    }
    const { assert!(3 * PROBE_EVERY_SECONDS + PROBE_EVERY_SECONDS / 10 * 3 < 90 && SILENCE_MAX_SECONDS < 90) };
}

#[test]
fn a_channel_that_answers_heartbeats_and_takes_no_message_is_dead_too() {
    let (one, two) =
        (Tape::new("one", Reach::Wide, Mood::HeartbeatsOnly), Tape::new("two", Reach::Wide, Mood::Up));
    let scene = Scene::new(&[&one, &two], "");
    scene.settle();
    assert!(is_alive(&scene.engine, "one"), "as far as anybody knows");
    scene.signal("alice");
    wait_until("found out", || !is_alive(&scene.engine, "one"));
    wait_until("told", || !notices(&two).is_empty());
    one.set(Mood::Up);
    wait_until("it takes the alarm after all", || one.count() > 0 && is_alive(&scene.engine, "one"));
}

#[test]
fn while_it_is_dead_it_is_said_again_each_hour() {
    let (one, two) = (Tape::new("one", Reach::Wide, Mood::Up), Tape::new("two", Reach::Wide, Mood::Up));
    let _scene = Scene::with_pace(&[&one, &two], "", Duration::from_micros(200));
    one.set(Mood::Down);
    let of_one = || notices(&two).into_iter().filter(|(who, code, _)| who == "one" && code == "dead");
    wait_until("three times", || of_one().count() >= 3);
    let news: Vec<News> = of_one().map(|(_, _, news)| news).take(3).collect();
    assert_eq!(news, [News::First, News::Again, News::Again]);
    let ids: std::collections::BTreeSet<_> = two.taken().iter().map(|taken| taken.message.id).collect();
    assert_eq!(ids.len(), two.count(), "each is another message");
}

#[test]
fn who_is_on_call_hears_of_it_at_their_own_address() {
    let (sms, mail) =
        (Tape::new("sms", Reach::Personal, Mood::Up), Tape::new("mail", Reach::Personal, Mood::Up));
    let scene = Scene::with_plan(&[&sms, &mail], &plan(&[("person:emil", "", "5m"), ("everyone", "", "5m")]));
    mail.set(Mood::Down);
    wait_until("told", || !notices(&sms).is_empty());
    let told: Vec<_> = sms.taken().into_iter().filter_map(|taken| taken.to).collect();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0.as_str(), told[0].1.as_str()), ("emil", "+33-emil"));
    drop(scene);
}

#[test]
fn homes_that_too_few_would_hear_of_are_warned_of() {
    let (sms, mail) =
        (Tape::new("sms", Reach::Personal, Mood::Up), Tape::new("mail", Reach::Personal, Mood::Up));
    let nobody = "[chain]\n[[chain.steps]]\ntell = [\"everyone\"]\n[[contact]]\nperson = \"gina\"\nways = { sms = \"1\" }\n\
                  [[contact]]\nperson = \"dora\"\nways = { sms = \"2\", fax = \"3\" }\n";
    let scene = Scene::with_plan(&[&sms, &mail], nobody);
    let warnings = scene.engine.alarm_warnings();
    let texts: Vec<String> =
        warnings.iter().map(|warning| warning.text(server::dispatch::Language::En)).collect();
    let home = |name: &str| texts.iter().any(|text| text.contains(&format!("`home-{name}`")));
    assert!(home("alice") && home("dora"), "{texts:?}");
    assert!(!home("bob") && !home("fred"), "dora and gina would hear: {texts:?}");
    assert!(warnings.iter().any(|warning| warning.code() == "channel-not-configured"), "{warnings:?}");
    assert!(warnings.iter().all(|warning| warning.text(server::dispatch::Language::Fr)
        != warning.text(server::dispatch::Language::En)));
    let reachable = scene.engine.read(|state| {
        let (plan, ways) = (scene.engine.call_plan(), scene.engine.ways());
        let home = PlaceId::parse("home-alice").unwrap();
        server::dispatch::reachable_for(state.overt().policy().unwrap(), &plan, &ways, &home)
    });
    let reachable: Vec<&str> = reachable.iter().map(types::PersonId::as_str).collect();
    assert_eq!(reachable, ["dora"], "gina lives there");
}

#[test]
fn a_channel_that_knows_whom_to_tell_reaches_every_home() {
    let wide = Tape::new("centre", Reach::Wide, Mood::Up);
    let scene = Scene::new(&[&wide], "");
    let codes: Vec<String> =
        scene.engine.alarm_warnings().iter().map(|warning| warning.code().to_owned()).collect();
    assert_eq!(codes, ["channels-few"]);
}
