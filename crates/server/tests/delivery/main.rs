//! G8, delivery: each channel goes its own pace, people are told one after another over their own addresses, a person's other ways are used
//! at once where one fails, and a dead channel is itself an alarm. Real engine, real storage, channels that behave as they are told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod escalation;
mod scene;
#[path = "../siren/mod.rs"]
mod siren;
mod supervision;
#[path = "../world/mod.rs"]
mod world;

use std::time::Duration;

use alarm::{News, Reach};
use scene::Scene;
use server::clock::Stopwatch;
use siren::{Mood, Tape};
use world::wait_until;

#[test]
fn a_slow_channel_delays_no_other() {
    let slow = Tape::new("slow", Reach::Wide, Mood::Slow(Duration::from_millis(1500)));
    let quick = Tape::new("quick", Reach::Wide, Mood::Up);
    let scene = Scene::new(&[&slow, &quick], "");
    let watch = Stopwatch::start();
    scene.signal("alice");
    wait_until("the quick one", || quick.count() == 1);
    assert!(watch.elapsed() < Duration::from_millis(1000), "{:?}", watch.elapsed());
    wait_until("the slow one", || slow.count() == 1);
    let (one, other) = (&slow.taken()[0].message, &quick.taken()[0].message);
    assert_eq!(one.id, other.id, "one message, by whatever way");
    assert_eq!((one.news, one.signals, one.who.as_str()), (News::First, 1, "alice"));
}

#[test]
fn a_channel_that_denies_what_it_took_repeats_one_id() {
    let lying = Tape::new("lying", Reach::Wide, Mood::Lying);
    let scene = Scene::new(&[&lying], "");
    scene.signal("alice");
    wait_until("a few attempts", || lying.count() >= 3);
    lying.set(Mood::Up);
    wait_until("its failure is over", || scene.engine.failing_channels().is_empty());
    let ids: std::collections::BTreeSet<_> = lying.taken().iter().map(|taken| taken.message.id).collect();
    assert_eq!(ids.len(), 1);
}

#[test]
fn a_channel_with_a_defect_is_tried_again_like_any_other() {
    let broken = Tape::new("broken", Reach::Wide, Mood::Panics);
    let scene = Scene::new(&[&broken], "");
    scene.signal("alice");
    wait_until("it has failed", || !scene.engine.failing_channels().is_empty());
    broken.set(Mood::Up);
    wait_until("it is repaired", || broken.count() == 1);
}

#[test]
fn many_signs_at_once_do_not_become_as_many_messages_and_the_last_one_is_told() {
    let wide = Tape::new("wide", Reach::Wide, Mood::Up);
    let scene = Scene::with_pace(&[&wide], "", Duration::from_millis(200));
    for _ in 0..30 {
        scene.signal("alice");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(wide.count() <= 2, "{} messages", wide.count());
    scene.pass_slot();
    wait_until("the last sign", || wide.taken().last().is_some_and(|taken| taken.message.signals == 30));
    assert!(wide.count() <= 4, "{} messages", wide.count());
    assert_eq!(wide.taken().last().unwrap().message.news, News::Update);
}

#[test]
fn what_was_taken_is_written_down_at_the_next_slot_and_a_clean_end_forgets_nothing() {
    let (wide, down) = (Tape::new("wide", Reach::Wide, Mood::Up), Tape::new("down", Reach::Wide, Mood::Down));
    let mut scene = Scene::new(&[&wide, &down], "");
    scene.signal("alice");
    scene.signal("bob");
    wait_until("both", || wide.count() == 2);
    // The report of the last one is on its way to its lane.
    std::thread::sleep(Duration::from_millis(50));
    scene.restart(&[&wide, &down]);
    wait_until("attempts on the other", || down.attempts() > 4);
    assert_eq!(wide.count(), 2, "nothing is repeated");
    down.set(Mood::Up);
    wait_until("the other", || down.count() == 2);
}

#[test]
fn a_thousand_alarms_at_once_all_go_out() {
    let (one, two) = (Tape::new("one", Reach::Wide, Mood::Up), Tape::new("two", Reach::Wide, Mood::Down));
    let scene = Scene::new(&[&one, &two], &scene::crowd(1000));
    let threads: Vec<_> = (0..8usize)
        .map(|thread| {
            let (engine, secrets) = (scene.engine.clone(), scene.secrets());
            std::thread::spawn(move || {
                for nth in (thread..1000).step_by(8) {
                    scene::signal(&engine, &secrets, &format!("crowd-{nth}"));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let incidents = |tape: &Tape| {
        let names = tape.taken().into_iter().map(|taken| taken.message.incident);
        names.filter(|name| name.starts_with("incident-")).collect::<std::collections::BTreeSet<_>>().len()
    };
    wait_until("all on one", || incidents(&one) == 1000);
    two.set(Mood::Up);
    wait_until("all on the other, as soon as it works", || incidents(&two) == 1000);
    let alarms = one.taken().into_iter().filter(|taken| taken.message.incident.starts_with("incident-"));
    assert_eq!(alarms.count(), 1000, "each once");
}
