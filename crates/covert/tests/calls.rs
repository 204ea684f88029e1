//! Who is called, when, and until when: the escalation of an incident on the example of the start-up (G8).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;

use covert::{
    About, Attested, Call, Command, Delivery, Event, IncidentId, News, Reachable, Refusal, SignalId,
    SignalKind, State,
};
use credentials::Class;
use policy::{Policy, Source};
use rota::CallPlan;
use types::{ActorId, ChannelId, Hash, PersonId, PlaceId, ScheduleId, Span, Timestamp};

const RULES: &str = include_str!("../../../examples/startup/rules.toml");
const REGISTER: &str = include_str!("../../../examples/startup/register.toml");
const CALLS: &str = r#"
time_zone = "Europe/Paris"
[[contact]]
person = "vera"
language = "fr"
ways = { sms = "+33639980111", mail = "vera@nuage.example" }
[[contact]]
person = "walid"
language = "fr"
ways = { sms = "+33639980122", mail = "walid@nuage.example" }
[[contact]]
person = "xenia"
language = "en"
ways = { sms = "+33639980133", mail = "xenia@nuage.example" }
[[contact]]
person = "omar"
language = "en"
ways = { sms = "+33639980144" }
[chain]
repeat = 2
progress = "30m"
[[chain.steps]]
tell = ["person:vera", "person:omar"]
by = ["sms"]
wait = "2m"
[[chain.steps]]
tell = ["everyone"]
wait = "5m"
"#;

fn policy() -> Policy {
    policy_with(REGISTER)
}

fn policy_with(register: &str) -> Policy {
    let source = |name: &str, text: &str| Source { name: name.into(), text: text.into() };
    policy::load(&[source("rules", RULES), source("register", register)]).policy.expect("a valid policy")
}

fn person(name: &str) -> PersonId {
    PersonId::parse(name).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::parse("2026-11-20T10:00:00Z").unwrap().after(Span::from_seconds(seconds.unsigned_abs()))
}

/// A world with one signal of Omar's at second 0.
struct Scene {
    policy: Policy,
    plan: CallPlan,
    ways: Reachable,
    state: State,
    signals: u64,
}

impl Scene {
    fn new() -> Self {
        let channel = |name: &str| ChannelId::parse(name).unwrap();
        let ways =
            Reachable { wide: vec![channel("centre")], personal: vec![channel("sms"), channel("mail")] };
        let plan = CallPlan::parse("calls.toml", CALLS).unwrap();
        let mut scene = Self { policy: policy(), plan, ways, state: State::default(), signals: 0 };
        scene.signal("omar", 0);
        scene
    }

    fn signal(&mut self, who: &str, second: i64) {
        self.signals += 1;
        let attested = Attested {
            id: SignalId::Record(self.signals),
            by: &ActorId::parse(who).unwrap(),
            at: at(second),
            kind: SignalKind::Act,
            class: Class::Duress,
            seed: Hash([9; 32]),
        };
        self.state.attested(&self.policy, &attested);
    }

    fn calls(&self, second: i64) -> Vec<Call> {
        self.state.calls(&self.policy, &self.plan, &self.ways, at(second))
    }

    /// As `channel person` and why, in one line each.
    fn called(&self, second: i64) -> Vec<String> {
        let tell = |call: Call| {
            let to = call.to.map_or("-".to_owned(), |to| to.to_string());
            format!("{} {to} {:?}", call.channel, call.news)
        };
        self.calls(second).into_iter().map(tell).collect()
    }

    /// Hands over whatever is to be handed over.
    fn deliver(&mut self, second: i64) -> Vec<String> {
        let told = self.called(second);
        for call in self.calls(second) {
            let delivery = Delivery { call, at: at(second) };
            self.state.apply(&self.policy, at(second), &Event::Delivered(delivery));
        }
        assert!(self.calls(second).is_empty(), "what was handed over is not handed over again");
        told
    }

    fn acts(&mut self, by: &str, second: i64, command: Command) -> Result<(), Refusal> {
        let by = person(by);
        let event = self.state.decide(&self.policy, (&by, Class::Free), at(second), &command)?;
        self.state.apply(&self.policy, at(second), &event);
        Ok(())
    }

    fn last(&self) -> IncidentId {
        self.state.incidents().last().unwrap().0
    }

    fn acknowledges(&mut self, by: &str, second: i64) {
        self.acts(by, second, Command::Acknowledge { incident: IncidentId(1), from: None }).unwrap();
    }
}

#[test]
fn the_first_step_is_called_at_once_and_nobody_concerned_is() {
    let mut scene = Scene::new();
    assert_eq!(scene.deliver(0), ["centre - First", "sms vera First"], "omar is in the plan, and in danger");
}

#[test]
fn without_an_answer_the_chain_goes_on_and_never_ends() {
    let mut scene = Scene::new();
    scene.deliver(0);
    assert!(scene.called(119).is_empty(), "a step waits for its time");
    let everyone = scene.deliver(120);
    assert_eq!(
        everyone,
        [
            "mail vera First",
            "mail walid First",
            "mail xenia First",
            "sms walid First",
            "sms xenia First",
            "sms vera Again"
        ]
    );
    assert_eq!(scene.deliver(420), ["centre - Again", "sms vera Again"], "the second time through");
    assert!(scene.deliver(540).len() == 6);
    // Gone through twice, as planned; then every quarter of an hour, for days.
    assert_eq!(scene.deliver(840), ["centre - Again", "sms vera Again"]);
    assert!(!scene.deliver(840 + 900).is_empty());
    assert!(!scene.deliver(86_400 * 3).is_empty());
}

#[test]
fn two_people_in_two_places_end_it_and_one_does_not() {
    let mut scene = Scene::new();
    scene.deliver(0);
    scene.acknowledges("vera", 30);
    assert!(!scene.deliver(120).is_empty(), "one has answered");
    scene.acknowledges("walid", 130);
    assert!(scene.called(420).is_empty() && scene.called(1_900).is_empty());
}

#[test]
fn two_people_in_one_place_are_not_enough() {
    let mut scene = Scene::new();
    let office = Some(PlaceId::parse("office").unwrap());
    for (by, second) in [("vera", 10), ("walid", 20)] {
        scene
            .acts(by, second, Command::Acknowledge { incident: IncidentId(1), from: office.clone() })
            .unwrap();
    }
    scene.deliver(30);
    assert!(!scene.deliver(120).is_empty(), "both are at the office");
    scene.acknowledges("xenia", 125);
    assert!(scene.called(420).is_empty());
    let nowhere = Some(PlaceId::parse("nowhere").unwrap());
    let command = Command::Acknowledge { incident: IncidentId(1), from: nowhere };
    assert!(scene.acts("vera", 1_000, command).is_err(), "a place that the register knows");
}

#[test]
fn people_of_one_home_are_one_answer() {
    let together = REGISTER.replace("places = [\"home-walid\"]", "places = [\"home-vera\"]");
    let mut scene = Scene::new();
    scene.policy = policy_with(&together);
    scene.acknowledges("vera", 10);
    scene.acknowledges("walid", 20);
    assert!(!scene.called(120).is_empty());
}

#[test]
fn when_those_who_answered_fall_silent_it_begins_again() {
    let mut scene = Scene::new();
    scene.deliver(0);
    scene.acknowledges("vera", 10);
    scene.acknowledges("walid", 20);
    let quiet = 20 + 30 * 60;
    assert!(scene.called(quiet - 1).is_empty());
    assert_eq!(scene.called(quiet), ["centre - Again", "sms vera Again"]);
    // Whatever a responder does puts it off.
    let note = Command::Note { incident: IncidentId(1), text: "police are on their way".into() };
    scene.acts("xenia", 1_000, note).unwrap();
    assert!(scene.called(quiet).is_empty());
    assert!(!scene.called(1_000 + 30 * 60).is_empty());
    let patience = Command::Await { incident: IncidentId(1), until: at(10_000) };
    scene.acts("xenia", 1_200, patience).unwrap();
    assert!(scene.called(9_999).is_empty());
    assert!(!scene.deliver(10_000).is_empty());
    // It was acknowledged before; now it wants to be acknowledged anew.
    scene.acknowledges("vera", 10_010);
    assert!(!scene.deliver(10_000 + 120).is_empty());
    scene.acknowledges("walid", 10_130);
    assert!(scene.called(10_000 + 420).is_empty());
}

#[test]
fn more_signals_are_told_to_all_who_know_and_not_too_often() {
    let mut scene = Scene::new();
    scene.deliver(0);
    scene.signal("omar", 5);
    assert_eq!(scene.deliver(5), ["centre - Update", "sms vera Update"], "the second is told at once");
    scene.signal("omar", 6);
    assert_eq!(scene.deliver(6), ["centre - Update"], "people get at most one more a minute");
    assert_eq!(scene.deliver(65), ["sms vera Update"]);
    let counted: BTreeSet<u32> = scene.state.told(IncidentId(1)).map(|(_, _, told)| told.signals).collect();
    assert_eq!(counted, BTreeSet::from([3]));
}

#[test]
fn everybody_is_called_when_a_step_reaches_nobody() {
    let mut scene = Scene::new();
    scene.plan = CallPlan::parse("calls.toml", &CALLS.replace("\"person:vera\", ", "")).unwrap();
    let reached: Vec<String> = scene.called(0);
    assert!(reached.len() > 3 && !reached.iter().any(|call| call.contains("omar")), "{reached:?}");
}

#[test]
fn a_responder_who_is_not_free_takes_nobodys_turn() {
    let duty = CALLS.replace("tell = [\"person:vera\", \"person:omar\"]", "tell = [\"schedule:duty\"]")
        + "[[schedule]]\nid = \"duty\"\n[[schedule.layers]]\npeople = [\"vera\"]\nfrom = \"2026-01-05T09:00\"\nevery = \"7d\"\n";
    for (class, called) in [(Class::Free, "sms walid First"), (Class::Duress, "sms vera First")] {
        let mut scene = Scene::new();
        scene.state = State::default();
        scene.plan = CallPlan::parse("calls.toml", &duty).unwrap();
        let turn = Command::Override {
            schedule: ScheduleId::parse("duty").unwrap(),
            person: person("walid"),
            from: at(0),
            until: at(3_600),
        };
        let by = person("xenia");
        if class == Class::Duress {
            scene.signal("xenia", 0);
        }
        let event = scene.state.decide(&scene.policy, (&by, class), at(1), &turn).unwrap();
        scene.state.apply(&scene.policy, at(1), &event);
        scene.signal("omar", 2);
        let omar = scene
            .calls(2)
            .into_iter()
            .find(|call| call.to.is_some() && call.about == About::Incident(scene.last()));
        let omar = omar.map(|call| format!("{} {} {:?}", call.channel, call.to.unwrap(), call.news));
        assert_eq!(omar.as_deref(), Some(called), "{class:?}");
        assert_eq!(scene.state.overrides().len(), 1, "it shows as taken whatever the class");
    }
}

#[test]
fn a_step_without_a_way_to_somebody_uses_every_way() {
    let mut scene = Scene::new();
    scene.ways.personal.retain(|channel| channel.as_str() == "mail");
    assert_eq!(scene.called(0), ["centre - First", "mail vera First"]);
}

#[test]
fn a_drill_takes_the_same_path_and_covers_nothing() {
    let mut scene = Scene::new();
    scene.state = State::default();
    let drill = Command::Drill { who: person("omar"), seed: Hash([3; 32]) };
    scene.acts("xenia", 0, drill).unwrap();
    assert_eq!(scene.deliver(0), ["centre - First", "sms vera First"]);
    let omar = ActorId::parse("omar").unwrap();
    let matter = covert::Matter { vault: None, actors: vec![&omar] };
    assert!(!scene.state.covers(&scene.policy, at(1), &matter));
    assert!(scene.state.counts(&scene.policy, &omar, at(1), None));
    // A real signal of the same person is an incident of its own.
    scene.signal("omar", 2);
    assert!(scene.state.covers(&scene.policy, at(3), &matter) && scene.state.incidents().count() == 2);
    assert!(
        scene.acts("vera", 4, Command::EndDrill { incident: IncidentId(2) }).is_err(),
        "that one is real"
    );
    scene.acts("vera", 4, Command::EndDrill { incident: IncidentId(1) }).unwrap();
    let open = scene.state.incidents().filter(|(_, incident)| incident.closed.is_none());
    assert_eq!(open.count(), 1);
}

#[test]
fn a_drill_ends_by_itself_after_a_day() {
    let mut scene = Scene::new();
    scene.state = State::default();
    scene.acts("xenia", 0, Command::Drill { who: person("omar"), seed: Hash([3; 32]) }).unwrap();
    assert_eq!(scene.state.due(&scene.policy, at(86_399)), None);
    assert_eq!(scene.state.due(&scene.policy, at(86_400)), Some(Event::Closed { incident: IncidentId(1) }));
}

#[test]
fn a_relatives_stop_is_told_once_each_time() {
    let mut scene = Scene::new();
    scene.state = State::default();
    let protected = scene.policy.protected_people().first().expect("a protected person").id.clone();
    let asked = Event::Called { protected: protected.clone(), alarm: false, seed: Hash([4; 32]) };
    scene.state.apply(&scene.policy, at(0), &asked);
    let calls = scene.calls(0);
    assert!(
        calls.iter().all(|call| call.about == About::Pause(protected.clone()) && call.news == News::First)
    );
    assert!(calls.iter().any(|call| call.to.is_some()) && calls.iter().any(|call| call.to.is_none()));
    scene.deliver(0);
    assert!(scene.called(3_600).is_empty(), "nobody has to acknowledge it");
    scene.state.apply(&scene.policy, at(3_600), &asked);
    assert!(!scene.called(3_600).is_empty());
}

#[test]
fn a_reply_is_shown_and_never_counts() {
    let mut scene = Scene::new();
    scene.deliver(0);
    let code = scene.state.incident(IncidentId(1)).unwrap().call_back.clone();
    let channel = ChannelId::parse("sms").unwrap();
    for by in ["vera", "walid"] {
        let reply = covert::Sign::Reply { by: person(by), channel: channel.clone(), code: code.clone() };
        let events = scene.state.decide_sign(&scene.policy, at(20), &reply).unwrap();
        assert_eq!(events.len(), 1);
        for event in events {
            scene.state.apply(&scene.policy, at(20), &event);
        }
    }
    assert!(!scene.called(120).is_empty());
    let wrong = covert::Sign::Reply { by: person("vera"), channel: channel.clone(), code: "000000x".into() };
    assert!(scene.state.decide_sign(&scene.policy, at(20), &wrong).is_err());
    let near = covert::Sign::Reply { by: person("omar"), channel, code };
    assert!(
        scene.state.decide_sign(&scene.policy, at(20), &near).is_err(),
        "the one in danger is no responder"
    );
}

#[test]
fn nobody_endorses_a_clear_without_a_private_call_back_of_their_own() {
    let mut scene = Scene::new();
    let incident = IncidentId(1);
    let clear = Command::Clear { incident };
    let called =
        |all_clear, private| Command::CalledBack { incident, person: person("omar"), all_clear, private };
    let refused = Err(Refusal::NotCalledBack(person("omar")));
    assert_eq!(scene.acts("vera", 10, clear.clone()), refused);
    for (second, half) in [(20, called(true, false)), (30, called(false, true))] {
        scene.acts("vera", second, half).unwrap();
        assert_eq!(scene.acts("vera", second, clear.clone()), refused);
    }
    scene.acts("walid", 40, called(true, true)).unwrap();
    assert_eq!(scene.acts("vera", 41, clear.clone()), refused, "somebody else's");
    scene.acts("vera", 50, called(true, true)).unwrap();
    // The last word counts, and so does every signal since.
    scene.acts("vera", 51, called(false, true)).unwrap();
    assert_eq!(scene.acts("vera", 52, clear.clone()), refused);
    scene.acts("vera", 53, called(true, true)).unwrap();
    scene.signal("omar", 60);
    assert_eq!(scene.acts("vera", 61, clear.clone()), refused);
    scene.acts("vera", 62, called(true, true)).unwrap();
    scene.acts("vera", 63, clear).unwrap();
}

#[test]
fn numbers_of_incidents_say_nothing_of_how_many_there_are() {
    let mut scene = Scene::new();
    scene.acts("xenia", 5, Command::Drill { who: person("rita"), seed: Hash([3; 32]) }).unwrap();
    let numbers: Vec<u32> = scene.state.incidents().map(|(_, incident)| incident.number).collect();
    let drawn = |number: &u32| (100_000..=999_999_999).contains(number);
    assert!(numbers.len() == 2 && numbers.iter().all(drawn) && numbers[0].abs_diff(numbers[1]) > 1);
    // The same seed twice: both are there, under different numbers.
    scene.acts("xenia", 6, Command::Drill { who: person("rita"), seed: Hash([3; 32]) }).unwrap();
    let distinct: BTreeSet<u32> = scene.state.incidents().map(|(_, incident)| incident.number).collect();
    assert_eq!(distinct.len(), 3);
}
