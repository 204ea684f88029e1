//! The plan's answers are those of a naive clockwork that steps through every minute of civil time and turns a wheel at each
//! hand-over (G8). It shares no arithmetic with the crate: no turn is computed, every one is counted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

mod support;

use std::fmt::Write as _;

use jiff::ToSpan as _;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use proptest::prelude::*;
use rota::Override;
use support::{person, plan, schedule};
use types::Timestamp;

const MINUTE_MILLIS: i64 = 60_000;
/// Twelve days around a change of the clocks, and three weeks before them in which rotations begin.
const DAYS: i64 = 33;
const BEFORE_DAYS: i64 = 21;
/// Zones and the days on which their clocks change: whole hours, half an hour, two hours, at midnight, a skipped day, never.
const NIGHTS: [(&str, &str); 14] = [
    ("Europe/Paris", "2027-03-28T01:00:00Z"),
    ("Europe/Paris", "2026-10-25T01:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("Australia/Lord_Howe", "2027-04-03T15:00:00Z"),
    ("America/New_York", "2026-11-01T06:00:00Z"),
    ("America/New_York", "2027-03-14T07:00:00Z"),
    ("Antarctica/Troll", "2026-10-25T01:00:00Z"),
    ("Antarctica/Troll", "2027-03-28T01:00:00Z"),
    ("America/Sao_Paulo", "2018-02-18T02:00:00Z"),
    ("America/Sao_Paulo", "2018-11-04T03:00:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("Asia/Kolkata", "2026-11-21T00:00:00Z"),
    ("Africa/Casablanca", "2027-02-07T02:00:00Z"),
    ("UTC", "2026-11-21T00:00:00Z"),
];
/// Times of the day near which clocks change.
const TIMES: [&str; 9] = ["00:00", "00:30", "01:45", "02:00", "02:15", "02:30", "03:00", "09:00", "20:00"];
const TURNS: [(&str, Turn); 7] = [
    ("1d", Turn::Days(1)),
    ("24h", Turn::Days(1)),
    ("2d", Turn::Days(2)),
    ("7d", Turn::Days(7)),
    ("12h", Turn::Minutes(720)),
    ("36h", Turn::Minutes(2160)),
    ("5h", Turn::Minutes(300)),
];
const DAY_NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

#[derive(Clone, Copy, Debug)]
enum Turn {
    Days(i64),
    Minutes(i64),
}

/// One layer as a test chooses it.
#[derive(Clone, Debug)]
struct Chosen {
    people: usize,
    /// Days from the first day that is looked at to the first hand-over.
    begins: i64,
    time: usize,
    turn: usize,
    hours: Option<(u8, usize, usize)>,
}

fn chosen() -> impl Strategy<Value = Chosen> {
    let hours = prop::option::of((1u8..128, 0..TIMES.len(), 0..TIMES.len()));
    (1usize..5, 0..BEFORE_DAYS + 6, 0..TIMES.len(), 0..TURNS.len(), hours)
        .prop_map(|(people, begins, time, turn, hours)| Chosen { people, begins, time, turn, hours })
}

impl Chosen {
    fn from(&self, first_day: DateTime) -> DateTime {
        let day = first_day.date() + self.begins.days();
        format!("{day}T{}", TIMES[self.time]).parse().unwrap()
    }

    fn toml(&self, first_day: DateTime, names: &[&str]) -> String {
        let from = self.from(first_day).strftime("%Y-%m-%dT%H:%M").to_string();
        let mut text = format!(
            "people = {:?}\nfrom = '{from}'\nevery = '{}'\n",
            &names[..self.people],
            TURNS[self.turn].0
        );
        if let Some((days, from, to)) = self.hours {
            let days: Vec<&str> =
                (0..7).filter(|day| days & (1 << day) != 0).map(|day| DAY_NAMES[day]).collect();
            writeln!(text, "hours = {{ days = {days:?}, from = '{}', to = '{}' }}", TIMES[from], TIMES[to])
                .unwrap();
        }
        text
    }
}

/// A wheel with the people of a layer, turned on by one at each hand-over.
struct Wheel {
    seats: Vec<&'static str>,
    seat: usize,
    turn: Turn,
    /// The next hand-over; later ones of elapsed turns are counted down.
    next: DateTime,
    begun: bool,
    minutes_left: i64,
    /// For each minute of a week, from Monday 00:00, whether the layer has anybody.
    week: Vec<bool>,
}

impl Wheel {
    fn new(chosen: &Chosen, first_day: DateTime, names: &[&'static str]) -> Self {
        Self {
            seats: names[..chosen.people].to_vec(),
            seat: 0,
            turn: TURNS[chosen.turn].1,
            next: chosen.from(first_day),
            begun: false,
            minutes_left: 0,
            week: week(chosen.hours),
        }
    }

    /// One minute has passed, and the wall shows at least this.
    fn tick(&mut self, wall: DateTime) {
        self.minutes_left -= 1;
        if !self.begun {
            if wall < self.next {
                return;
            }
            self.begun = true;
            self.schedule_next();
        }
        loop {
            let due = match self.turn {
                Turn::Days(_) => wall >= self.next,
                Turn::Minutes(_) => self.minutes_left <= 0,
            };
            if !due {
                return;
            }
            self.seat = (self.seat + 1) % self.seats.len();
            self.schedule_next();
        }
    }

    fn schedule_next(&mut self) {
        match self.turn {
            Turn::Days(days) => self.next += days.days(),
            Turn::Minutes(minutes) => self.minutes_left = minutes,
        }
    }

    fn holder(&self, wall: DateTime) -> Option<&'static str> {
        let day = usize::try_from(wall.weekday().to_monday_zero_offset()).unwrap();
        let minute = day * 1440 + minute_of_day(wall.hour(), wall.minute());
        (self.begun && self.week[minute]).then(|| self.seats[self.seat])
    }
}

fn minute_of_day(hour: i8, minute: i8) -> usize {
    usize::try_from(hour).unwrap() * 60 + usize::try_from(minute).unwrap()
}

fn week(hours: Option<(u8, usize, usize)>) -> Vec<bool> {
    let Some((days, from, to)) = hours else { return vec![true; 7 * 1440] };
    let minute = |time: usize| {
        let (hour, minute) = TIMES[time].split_once(':').unwrap();
        minute_of_day(hour.parse().unwrap(), minute.parse().unwrap())
    };
    let mut week = vec![false; 7 * 1440];
    for day in (0..7).filter(|day| days & (1 << day) != 0) {
        let length = match (minute(to) + 1440 - minute(from)) % 1440 {
            0 => 1440,
            length => length,
        };
        for offset in 0..length {
            week[(day * 1440 + minute(from) + offset) % (7 * 1440)] = true;
        }
    }
    week
}

/// Every minute and who is on duty in it: the layers by their wheels, the clock never read backwards.
fn clockwork(
    zone: &TimeZone,
    start: Timestamp,
    wheels: &mut [Wheel],
) -> Vec<(Timestamp, Option<&'static str>)> {
    let mut wall = DateTime::MIN;
    let minutes = (0..DAYS * 1440).map(|minute| start.as_millis() + minute * MINUTE_MILLIS);
    let step = |millis: i64| {
        wall = wall.max(zone.to_datetime(jiff::Timestamp::from_millisecond(millis).unwrap()));
        for wheel in wheels.iter_mut() {
            wheel.tick(wall);
        }
        (Timestamp::from_millis(millis), wheels.iter().rev().find_map(|wheel| wheel.holder(wall)))
    };
    minutes.map(step).collect()
}

/// The instants at which the answer differs from the minute before.
fn turning_points(minutes: &[(Timestamp, Option<&'static str>)]) -> Vec<(Timestamp, Option<&'static str>)> {
    minutes.windows(2).filter(|pair| pair[0].1 != pair[1].1).map(|pair| pair[1]).collect()
}

struct Case {
    plan: rota::CallPlan,
    minutes: Vec<(Timestamp, Option<&'static str>)>,
}

/// Midnight UTC, so that minutes of the clockwork are minutes of the wall.
fn start_of(night: usize) -> Timestamp {
    let change = Timestamp::parse(NIGHTS[night].1).unwrap().as_millis();
    let day = 1440 * MINUTE_MILLIS;
    Timestamp::from_millis((change / day - BEFORE_DAYS - 3) * day)
}

fn case(night: usize, layers: &[Chosen]) -> Case {
    const NAMES: [[&str; 4]; 2] = [["a", "b", "c", "d"], ["e", "f", "g", "h"]];
    let zone = TimeZoneDatabase::bundled().get(NIGHTS[night].0).unwrap();
    let start = start_of(night);
    let first_day = zone.to_datetime(jiff::Timestamp::from_millisecond(start.as_millis()).unwrap());
    let first_day = first_day + 2.days();
    let named = || layers.iter().zip(&NAMES);
    let texts: Vec<String> = named().map(|(layer, names)| layer.toml(first_day, names)).collect();
    let mut wheels: Vec<Wheel> = named().map(|(layer, names)| Wheel::new(layer, first_day, names)).collect();
    Case {
        plan: plan(NIGHTS[night].0, &texts.join("[[schedule.layers]]\n")),
        minutes: clockwork(&zone, start, &mut wheels),
    }
}

impl Case {
    fn on(&self, overrides: &[Override], at: Timestamp) -> Option<String> {
        self.plan.on_duty(&schedule(), overrides, at).map(ToString::to_string)
    }

    /// All changes that the plan foresees after the first minute.
    fn foreseen(&self, overrides: &[Override]) -> Vec<(Timestamp, Option<String>)> {
        let last = self.minutes.last().unwrap().0;
        let next =
            |at: &Timestamp| self.plan.next_change(&schedule(), overrides, *at).filter(|next| *next <= last);
        let changes = std::iter::successors(next(&self.minutes[0].0), next);
        changes.map(|at| (at, self.on(overrides, at))).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn who_is_on_duty_is_what_the_clockwork_shows(night in 0..NIGHTS.len(), layers in prop::collection::vec(chosen(), 1..3)) {
        let case = case(night, &layers);
        let expected = turning_points(&case.minutes);
        let foreseen = case.foreseen(&[]);
        let shown: Vec<(Timestamp, Option<String>)> =
            expected.iter().map(|(at, name)| (*at, name.map(ToOwned::to_owned))).collect();
        prop_assert_eq!(&foreseen, &shown, "{} {:?}", NIGHTS[night].0, layers);
        for (minute, name) in case.minutes.iter().step_by(31) {
            prop_assert_eq!(case.on(&[], *minute), name.map(ToOwned::to_owned), "{} {}", minute, NIGHTS[night].0);
        }
        for (change, _) in &expected {
            let minute_before = (change.as_millis() / MINUTE_MILLIS - 1) * MINUTE_MILLIS;
            let before = case.minutes.iter().find(|(at, _)| at.as_millis() == minute_before).unwrap().1;
            let nanosecond_before = Timestamp::from_nanos(change.as_nanos() - 1);
            prop_assert_eq!(case.on(&[], nanosecond_before), before.map(ToOwned::to_owned));
        }
    }

    #[test]
    fn gaps_are_the_minutes_without_anybody(night in 0..NIGHTS.len(), layers in prop::collection::vec(chosen(), 1..3)) {
        let case = case(night, &layers);
        let (first, last) = (case.minutes[0].0, case.minutes[case.minutes.len() - 1].0);
        let mut free = 0;
        for (id, from, until) in case.plan.gaps(&[], first, last) {
            prop_assert!(id == schedule() && from < until);
            free += (until.as_millis() - from.as_millis()) / MINUTE_MILLIS;
            let within = case.minutes.iter().filter(|(at, _)| from <= *at && *at < until);
            prop_assert!(within.into_iter().all(|(_, name)| name.is_none()), "{} to {}", from, until);
        }
        let minutes = case.minutes.iter().filter(|(at, name)| *at < last && name.is_none()).count();
        prop_assert_eq!(free, i64::try_from(minutes).unwrap());
    }

    /// Without hours, every instant from the first hand-over on belongs to exactly one person, and the turn goes round. Only a turn that
    /// lies within a day that a country skipped is left out.
    #[test]
    fn every_instant_belongs_to_one_turn(night in 0..NIGHTS.len(), layer in chosen()) {
        prop_assume!(NIGHTS[night].0 != "Pacific/Apia");
        let layer = Chosen { hours: None, people: layer.people.max(2), ..layer };
        let case = case(night, std::slice::from_ref(&layer));
        let names = ["a", "b", "c", "d"];
        for (turn, (_, name)) in case.foreseen(&[]).into_iter().enumerate() {
            prop_assert_eq!(name.as_deref(), Some(names[turn % layer.people]));
        }
    }

    #[test]
    fn overrides_win_exactly_as_long_as_they_last(
        night in 0..NIGHTS.len(),
        layer in chosen(),
        given in prop::collection::vec((0..DAYS * 86_400, 1..4 * 86_400i64, 0..3usize), 1..4),
        probes in prop::collection::vec(0..DAYS * 86_400, 32),
    ) {
        let case = case(night, std::slice::from_ref(&layer));
        let start = case.minutes[0].0.as_millis();
        let second = |seconds: i64| Timestamp::from_millis(start + seconds * 1000);
        let overrides: Vec<Override> = given.iter().map(|(from, length, who)| Override {
            schedule: schedule(),
            person: person(["x", "y", "z"][*who]),
            from: second(*from),
            until: second(from + length),
        }).collect();
        let edges = overrides.iter().flat_map(|over| [over.from, over.until]);
        let edges = edges.flat_map(|edge| [edge, Timestamp::from_nanos(edge.as_nanos() - 1)]);
        for at in probes.iter().map(|seconds| second(*seconds)).chain(edges) {
            let mut expected = case.on(&[], at);
            for over in &overrides {
                if over.from.as_nanos() <= at.as_nanos() && at.as_nanos() < over.until.as_nanos() {
                    expected = Some(over.person.to_string());
                }
            }
            prop_assert_eq!(case.on(&overrides, at), expected, "{}", at);
        }
        for (at, name) in case.foreseen(&overrides) {
            prop_assert_eq!(case.on(&overrides, at), name.clone());
            prop_assert_ne!(case.on(&overrides, Timestamp::from_nanos(at.as_nanos() - 1)), name);
        }
    }
}
