//! From the tables of `calls.toml` to a call plan. Serves G8: whatever is dangling, empty, given twice or beyond a limit is an error
//! with its place, so that a plan that was taken can be followed.
//!
//! Called as [`CallPlan::parse`] by the server at start and by `rempart`. Stops at the first problem.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::civil::{DateTime, Time, Weekday};
use toml::{Spanned, Value};
use types::{ChannelId, ParseIdError, PersonId, ScheduleId, Span};

use crate::error::{PlanError, Source, shown};
use crate::limits::{
    ADDRESS_BYTES_MAX, CHAIN_REPEAT_MAX, CONTACTS_MAX, FILE_BYTES_MAX, FROM_YEAR_MAX, FROM_YEAR_MIN,
    LAYER_PEOPLE_MAX, PROGRESS_SECONDS_MAX, PROGRESS_SECONDS_MIN, SCHEDULE_LAYERS_MAX, SCHEDULES_MAX,
    STEP_TELLS_MAX, STEP_WAIT_SECONDS_MAX, STEP_WAIT_SECONDS_MIN, STEPS_MAX, TURN_SECONDS_MAX,
    TURN_SECONDS_MIN, WAYS_MAX,
};
use crate::plan::{CallPlan, Chain, Contact, Language, PROGRESS, REPEAT, Step, Tell, WAIT};
use crate::schedule::{Hours, Layer, Schedule};
use crate::tables::{
    ChainTable, ContactTable, HoursTable, LayerTable, ScheduleTable, StepTable, Text, Texts, tables,
};
use crate::wall::Wall;

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

impl CallPlan {
    /// Reads the text of a `calls.toml`; `name` is what an error calls the file. An empty text is [`CallPlan::default`].
    ///
    /// # Errors
    /// At the first thing that is not understood, dangles or exceeds a limit.
    pub fn parse(name: &str, text: &str) -> Result<Self, PlanError> {
        let source = Source { name, text };
        if text.len() > FILE_BYTES_MAX {
            let message =
                format!("the file has {} bytes, more than {FILE_BYTES_MAX}: remove some", text.len());
            return Err(source.problem(0..0, "too-large", message));
        }
        let document = tables(&source)?;
        let mut reader = Reader { source, zone: None, plan: Self::default() };
        reader.zone = document.time_zone.as_ref().map(|zone| reader.wall(zone)).transpose()?;
        document.contact.into_iter().try_for_each(|contact| reader.contact(contact))?;
        document.schedule.into_iter().try_for_each(|schedule| reader.schedule(&schedule))?;
        if let Some(chain) = document.chain {
            reader.plan.chain = reader.chain(&chain)?;
        }
        Ok(reader.plan)
    }
}

/// What was read so far.
struct Reader<'t> {
    source: Source<'t>,
    zone: Option<Wall>,
    plan: CallPlan,
}

type Read<T> = Result<T, PlanError>;

impl Reader<'_> {
    fn problem<T>(&self, at: Range<usize>, code: &'static str, message: impl Into<String>) -> Read<T> {
        Err(self.source.problem(at, code, message))
    }

    /// From 1 to a limit of something.
    fn count(&self, at: Range<usize>, what: &str, count: usize, most: usize) -> Read<()> {
        match count {
            0 => self.problem(at, "empty", format!("no {what} here: give at least one")),
            many if many > most => {
                self.problem(at, "too-large", format!("{many} {what} here, more than {most}: remove some"))
            }
            _ => Ok(()),
        }
    }

    fn name<T>(&self, text: &Text, parse: impl Fn(&str) -> Result<T, ParseIdError>) -> Read<T> {
        parse(text.get_ref()).or_else(|error| self.problem(text.span(), "bad-name", error.to_string()))
    }

    fn span(&self, text: &Text, key: &str, seconds: std::ops::RangeInclusive<u64>) -> Read<Span> {
        let span = match Span::parse(text.get_ref()) {
            Ok(span) => span,
            Err(error) => return self.problem(text.span(), "bad-duration", error.to_string()),
        };
        if seconds.contains(&span.seconds()) {
            return Ok(span);
        }
        let (least, most) = (Span::from_seconds(*seconds.start()), Span::from_seconds(*seconds.end()));
        self.problem(text.span(), "bad-duration", format!("`{key}` is {span}: give from {least} to {most}"))
    }

    fn wall(&self, zone: &Text) -> Read<Wall> {
        let unknown = || {
            let name = shown(zone.get_ref());
            let message = format!("unknown time zone `{name}`: give an IANA name such as `Europe/Paris`");
            self.source.problem(zone.span(), "bad-time-zone", message)
        };
        Wall::named(zone.get_ref()).ok_or_else(unknown)
    }

    fn contact(&mut self, table: Spanned<ContactTable>) -> Read<()> {
        self.count(table.span(), "contacts", self.plan.contacts.len() + 1, CONTACTS_MAX)?;
        let table = table.into_inner();
        let person = self.name(&table.person, PersonId::parse)?;
        if self.plan.contact(&person).is_some() {
            let message = format!("`{person}` has a contact already: put all ways into one");
            return self.problem(table.person.span(), "duplicate", message);
        }
        let language =
            table.language.as_ref().map(|text| self.language(text)).transpose()?.unwrap_or_default();
        let ways = self.ways(table.ways)?;
        self.plan.contacts.push(Contact { person, language, ways });
        Ok(())
    }

    fn language(&self, text: &Text) -> Read<Language> {
        match text.get_ref().as_str() {
            "en" => Ok(Language::En),
            "fr" => Ok(Language::Fr),
            other => {
                let message = format!("`{}` is no language here: use `en` or `fr`", shown(other));
                self.problem(text.span(), "bad-language", message)
            }
        }
    }

    fn ways(&self, table: Spanned<BTreeMap<Text, Text>>) -> Read<BTreeMap<ChannelId, String>> {
        self.count(table.span(), "ways", table.get_ref().len(), WAYS_MAX)?;
        let mut ways = BTreeMap::new();
        for (channel, address) in table.into_inner() {
            let channel = self.name(&channel, ChannelId::parse)?;
            self.address(&channel, &address)?;
            ways.insert(channel, address.into_inner());
        }
        Ok(ways)
    }

    /// What an address must look like is for its channel to say. The message does not repeat it.
    fn address(&self, channel: &ChannelId, address: &Text) -> Read<()> {
        let text = address.get_ref().as_str();
        let problem = if text.trim() != text {
            "begins or ends with a space: remove it".to_owned()
        } else if text.is_empty() {
            "is empty: give it, or remove the channel".to_owned()
        } else if text.len() > ADDRESS_BYTES_MAX {
            format!("has more than {ADDRESS_BYTES_MAX} bytes: give a shorter one")
        } else if text.chars().any(char::is_control) {
            "has control characters: remove them".to_owned()
        } else {
            return Ok(());
        };
        self.problem(address.span(), "bad-address", format!("the address for `{channel}` {problem}"))
    }

    fn schedule(&mut self, table: &Spanned<ScheduleTable>) -> Read<()> {
        self.count(table.span(), "schedules", self.plan.schedules.len() + 1, SCHEDULES_MAX)?;
        let ScheduleTable { id: name, time_zone, layers } = table.get_ref();
        let id = self.name(name, ScheduleId::parse)?;
        if self.plan.schedule(&id).is_some() {
            let message = format!("there is a schedule `{id}` already: choose another name");
            return self.problem(name.span(), "duplicate", message);
        }
        let wall = match (time_zone, &self.zone) {
            (Some(zone), _) => self.wall(zone)?,
            (None, Some(zone)) => zone.clone(),
            (None, None) => {
                let message =
                    format!("`{id}` has no time zone: put `time_zone` here or at the top of the file");
                return self.problem(name.span(), "missing-key", message);
            }
        };
        self.count(layers.span(), "layers", layers.get_ref().len(), SCHEDULE_LAYERS_MAX)?;
        let layers = layers.get_ref().iter().map(|layer| self.layer(layer.get_ref())).collect::<Read<_>>()?;
        self.plan.schedules.push(Schedule { id, wall, layers });
        Ok(())
    }

    fn layer(&self, table: &LayerTable) -> Read<Layer> {
        self.count(table.people.span(), "people", table.people.get_ref().len(), LAYER_PEOPLE_MAX)?;
        Ok(Layer {
            people: table
                .people
                .get_ref()
                .iter()
                .map(|name| self.person(name, name.get_ref()))
                .collect::<Read<_>>()?,
            from: self.civil(&table.from)?,
            every: self.span(&table.every, "every", TURN_SECONDS_MIN..=TURN_SECONDS_MAX)?,
            hours: table.hours.as_ref().map(|hours| self.hours(hours)).transpose()?,
        })
    }

    /// Someone who can be called.
    fn person(&self, place: &Text, name: &str) -> Read<PersonId> {
        let person = PersonId::parse(name)
            .or_else(|error| self.problem(place.span(), "bad-name", error.to_string()))?;
        if self.plan.contact(&person).is_some() {
            return Ok(person);
        }
        let message =
            format!("`{person}` has no contact: add a [[contact]] with this person, or correct the name");
        self.problem(place.span(), "unknown-person", message)
    }

    /// A date and time without an offset, as text or as TOML's own.
    fn civil(&self, value: &Spanned<Value>) -> Read<DateTime> {
        let text = match value.get_ref() {
            Value::String(text) => text.clone(),
            Value::Datetime(datetime) => datetime.to_string(),
            _ => String::new(),
        };
        let parsed = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
            .into_iter()
            .find_map(|form| DateTime::strptime(form, &text).ok())
            .filter(|civil| civil.second() == 0 && (FROM_YEAR_MIN..=FROM_YEAR_MAX).contains(&civil.year()));
        match parsed {
            Some(civil) => Ok(civil),
            None => self.problem(
                value.span(),
                "bad-time",
                "this is not the date and time of a first hand-over: write \"2026-11-23T09:00\", in whole minutes and \
                 without an offset; it is read in the schedule's time zone",
            ),
        }
    }

    fn hours(&self, table: &HoursTable) -> Read<Hours> {
        let days = match &table.days {
            Some(days) => self.days(days)?,
            None => DAYS.iter().map(|(_, day)| *day).collect(),
        };
        let to = match table.to.get_ref().as_str() {
            "24:00" => Time::midnight(),
            _ => self.time(&table.to)?,
        };
        Ok(Hours { days, from: self.time(&table.from)?, to })
    }

    fn days(&self, texts: &Texts) -> Read<Vec<Weekday>> {
        self.count(texts.span(), "days", texts.get_ref().len(), DAYS.len())?;
        let mut days = Vec::new();
        for text in texts.get_ref() {
            let Some((_, day)) = DAYS.iter().find(|(name, _)| name == text.get_ref()) else {
                let message = format!(
                    "`{}` is no day here: use `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`",
                    shown(text.get_ref())
                );
                return self.problem(text.span(), "bad-time", message);
            };
            if days.contains(day) {
                return self.twice(text);
            }
            days.push(*day);
        }
        Ok(days)
    }

    fn twice<T>(&self, text: &Text) -> Read<T> {
        let message = format!("`{}` is in this list twice: remove one", shown(text.get_ref()));
        self.problem(text.span(), "duplicate", message)
    }

    fn time(&self, text: &Text) -> Read<Time> {
        let parsed = Time::strptime("%H:%M", text.get_ref()).ok().filter(|_| text.get_ref().len() == 5);
        let wrong = || {
            let given = shown(text.get_ref());
            let message = format!("`{given}` is not a time of day: write `08:00`, from `00:00` to `24:00`");
            self.source.problem(text.span(), "bad-time", message)
        };
        parsed.ok_or_else(wrong)
    }

    fn chain(&self, table: &ChainTable) -> Read<Chain> {
        self.count(table.steps.span(), "steps", table.steps.get_ref().len(), STEPS_MAX)?;
        let progress = PROGRESS_SECONDS_MIN..=PROGRESS_SECONDS_MAX;
        Ok(Chain {
            steps: table.steps.get_ref().iter().map(|step| self.step(step.get_ref())).collect::<Read<_>>()?,
            repeat: table.repeat.as_ref().map_or(Ok(REPEAT), |repeat| self.repeat(repeat))?,
            progress: (table.progress.as_ref())
                .map_or(Ok(PROGRESS), |text| self.span(text, "progress", progress))?,
        })
    }

    fn repeat(&self, value: &Spanned<i64>) -> Read<u32> {
        match u32::try_from(*value.get_ref()) {
            Ok(times) if (1..=CHAIN_REPEAT_MAX).contains(&times) => Ok(times),
            _ => {
                let message = format!("`repeat` is {}: give from 1 to {CHAIN_REPEAT_MAX}", value.get_ref());
                self.problem(value.span(), "bad-count", message)
            }
        }
    }

    fn step(&self, table: &StepTable) -> Read<Step> {
        self.count(table.tell.span(), "names", table.tell.get_ref().len(), STEP_TELLS_MAX)?;
        let mut tell = Vec::new();
        for text in table.tell.get_ref() {
            let one = self.tell(text)?;
            if tell.contains(&one) {
                return self.twice(text);
            }
            tell.push(one);
        }
        let wait = STEP_WAIT_SECONDS_MIN..=STEP_WAIT_SECONDS_MAX;
        Ok(Step {
            tell,
            by: table.by.as_ref().map_or(Ok(BTreeSet::new()), |by| self.by(by))?,
            wait: table.wait.as_ref().map_or(Ok(WAIT), |text| self.span(text, "wait", wait))?,
        })
    }

    fn tell(&self, text: &Text) -> Read<Tell> {
        match text.get_ref().split_once(':') {
            None if text.get_ref() == "everyone" => Ok(Tell::Everyone),
            Some(("person", name)) => self.person(text, name).map(Tell::Person),
            Some(("schedule", name)) => {
                let known = self.plan.schedules.iter().find(|schedule| schedule.id.as_str() == name);
                let unknown = || {
                    let message =
                        format!("there is no schedule `{}`: add it, or correct the name", shown(name));
                    self.source.problem(text.span(), "unknown-schedule", message)
                };
                known.map(|schedule| Tell::Schedule(schedule.id.clone())).ok_or_else(unknown)
            }
            _ => {
                let given = shown(text.get_ref());
                let message =
                    format!("`{given}` is nobody: use `everyone`, `person:NAME` or `schedule:NAME`");
                self.problem(text.span(), "bad-tell", message)
            }
        }
    }

    fn by(&self, texts: &Texts) -> Read<BTreeSet<ChannelId>> {
        self.count(texts.span(), "channels", texts.get_ref().len(), CONTACTS_MAX)?;
        let mut by = BTreeSet::new();
        for text in texts.get_ref() {
            let channel = self.name(text, ChannelId::parse)?;
            if !self.plan.contacts.iter().any(|contact| contact.ways.contains_key(&channel)) {
                let message = format!("no contact has a way over `{channel}`: add one, or correct the name");
                return self.problem(text.span(), "unknown-channel", message);
            }
            if !by.insert(channel) {
                return self.twice(text);
            }
        }
        Ok(by)
    }
}
