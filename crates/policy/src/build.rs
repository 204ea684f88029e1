//! From rows without an error to the typed policy. Keeps G1: what cannot be built is no policy.
//!
//! Called by `load.rs` when nothing found is an error; every `?` here stands for something that was already checked.

use jiff::tz::TimeZoneDatabase;
use types::{
    Amount, Currency, DestinationId, ForbidId, GroupId, KeyId, LimitId, ListId, PermitId, PersonId, PlaceId,
    ProtectedId, ServiceId, Span, Value, VaultId,
};

use crate::calendar::{Calendar, CivilEnd};
use crate::model::{
    AmountRange, Chain, Change, Cosigner, Destination, Forbid, KeyEntry, KeyQuorum, Limit, LimitBy, Network,
    Organisation, Permit, Person, Place, PlaceKind, Posture, PriceRules, Protected, Recovery, Response,
    Script, Service, Stop, Vault,
};
use crate::policy::Parts;
use crate::quorum::{Apart, Quorum};
use crate::recipient::Recipient;
use crate::rows::{At, Row, Rows};

/// Waits that a policy need not give.
const STOP_AFTER: Span = Span::from_hours(24);
const RELATIVE_EXPIRES: Span = Span::from_hours(12);
const QUIET: Span = Span::from_hours(24);
const REACTION: Span = Span::from_hours(2);
const CLEAR_HOLD: Span = Span::from_hours(24);
const LOOK_BACK: Span = Span::from_hours(7 * 24);
const PRICE_WINDOW: Span = Span::from_hours(7 * 24);
const PRICE_MAX_AGE: Span = Span::from_hours(1);
/// Responders from different homes who clear when the policy does not say.
const CLEAR_AT_LEAST: u32 = 2;

pub(crate) fn build(rows: &Rows) -> Option<Parts> {
    let places: Vec<Place> = rows.all("place").iter().map(place).collect::<Option<_>>()?;
    let change = change(rows.one("change")?)?;
    Some(Parts {
        organisation: organisation(rows.one("organisation")?)?,
        vaults: rows.all("vault").iter().map(vault).collect::<Option<_>>()?,
        permits: rows.all("permit").iter().map(permit).collect::<Option<_>>()?,
        limits: rows.all("limit").iter().map(limit).collect::<Option<_>>()?,
        forbids: rows.all("forbid").iter().map(forbid).collect::<Option<_>>()?,
        destinations: rows.all("destination").iter().map(destination).collect::<Option<_>>()?,
        stop: stop(rows.one("stop").unwrap_or(&Row::default()), &change),
        change,
        response: response(rows.one("response")?)?,
        cosigner: Cosigner { places: rows.one("cosigner").map_or(Some(Vec::new()), place_ids)? },
        prices: prices(rows.one("prices").unwrap_or(&Row::default())),
        people: rows.all("person").iter().map(|row| person(row, &places)).collect::<Option<_>>()?,
        services: rows.all("service").iter().map(service).collect::<Option<_>>()?,
        protected: rows.all("protected").iter().map(protected).collect::<Option<_>>()?,
        keys: rows.all("key").iter().map(key).collect::<Option<_>>()?,
        places,
    })
}

/// All names of a list, or nothing if one is no name.
fn ids<T, E>(texts: &[(At, String)], parse: impl Fn(&str) -> Result<T, E>) -> Option<Vec<T>> {
    texts.iter().map(|(_, text)| parse(text).ok()).collect()
}

fn place_ids(row: &Row) -> Option<Vec<PlaceId>> {
    ids(row.texts("places"), PlaceId::parse)
}

fn value(row: &Row, key: &str) -> Option<Value> {
    row.money(key).map(|amount: Amount| Value::from_minor(amount.units))
}

fn organisation(row: &Row) -> Option<Organisation> {
    Some(Organisation {
        name: row.text("name")?.to_owned(),
        currency: Currency::parse(row.text("currency")?).ok()?,
        time_zone: TimeZoneDatabase::bundled().get(row.text("time_zone")?).ok()?,
    })
}

fn vault(row: &Row) -> Option<Vault> {
    let chain = match row.text("chain")? {
        "gate-only" => Chain::GateOnly,
        named => {
            let network = named.strip_prefix("bitcoin:")?;
            Chain::Bitcoin(Network::NAMES.iter().find(|(name, _)| *name == network)?.1)
        }
    };
    Some(Vault {
        id: VaultId::parse(row.text("id")?).ok()?,
        chain,
        script: if row.text("script") == Some("tr") { Script::Tr } else { Script::Wsh },
        addresses: row.texts("addresses").iter().map(|(_, address)| address.clone()).collect(),
        keys: match row.row("keys") {
            Some(path) => Some(key_quorum(path)?),
            None => None,
        },
        recovery: match row.row("recovery") {
            Some(path) => Some(Recovery {
                keys: key_quorum(path)?,
                after_blocks: u32::try_from(path.count("after_blocks")?).ok()?,
            }),
            None => None,
        },
        oldest_output: row.span("oldest_output"),
        balance: value(row, "balance"),
        outstanding: value(row, "outstanding"),
    })
}

fn key_quorum(row: &Row) -> Option<KeyQuorum> {
    let at_least = u32::try_from(row.count("at_least")?).ok()?;
    Some(KeyQuorum { at_least, of: ids(row.texts("of"), KeyId::parse)? })
}

fn amount(row: &Row) -> AmountRange {
    row.row("amount").map_or_else(AmountRange::default, |range| AmountRange {
        over: value(range, "over"),
        up_to: value(range, "up_to"),
    })
}

fn permit(row: &Row) -> Option<Permit> {
    Some(Permit {
        id: PermitId::parse(row.text("id")?).ok()?,
        vaults: ids(row.texts("vaults"), VaultId::parse)?,
        initiators: ids(row.texts("initiators"), GroupId::parse)?,
        amount: amount(row),
        destination: row.rule("destination")?.clone(),
        known_for: row.span("known_for"),
        calendar: match row.row("calendar") {
            Some(hours) => Some(calendar(hours)?),
            None => None,
        },
        posture: match row.text("posture") {
            Some("lockdown") => Posture::Lockdown,
            Some("elevated") => Posture::Elevated,
            _ => Posture::Normal,
        },
        approve: row.quorum("approve").cloned(),
        hold: row.span("hold")?,
        expires: row.span("expires")?,
    })
}

fn calendar(row: &Row) -> Option<Calendar> {
    let CivilEnd::At(from) = row.time("from")? else { return None };
    Some(Calendar { days: row.days("days")?.to_vec(), from, to: row.time("to")? })
}

fn limit(row: &Row) -> Option<Limit> {
    Some(Limit {
        id: LimitId::parse(row.text("id")?).ok()?,
        vaults: ids(row.texts("vaults"), VaultId::parse)?,
        per: row.span("per")?,
        amount: value(row, "amount"),
        count: row.count("count").and_then(|count| u32::try_from(count).ok()),
        by: match row.text("by")? {
            "vault" => LimitBy::Vault,
            "initiator" => LimitBy::Initiator,
            "destination" => LimitBy::Destination,
            _ => LimitBy::Organisation,
        },
    })
}

fn forbid(row: &Row) -> Option<Forbid> {
    Some(Forbid {
        id: ForbidId::parse(row.text("id")?).ok()?,
        vaults: match row.has("vaults") {
            true => Some(ids(row.texts("vaults"), VaultId::parse)?),
            false => None,
        },
        initiators: match row.has("initiators") {
            true => Some(ids(row.texts("initiators"), GroupId::parse)?),
            false => None,
        },
        destination: row.rule("destination").cloned(),
        amount: amount(row),
    })
}

fn destination(row: &Row) -> Option<Destination> {
    Some(Destination {
        id: DestinationId::parse(row.text("id")?).ok()?,
        address: row.text("address")?.to_owned(),
        list: match row.text("list") {
            Some(list) => Some(ListId::parse(list).ok()?),
            None => None,
        },
    })
}

fn change(row: &Row) -> Option<Change> {
    let approve = row.quorum("approve")?;
    let tighten = row.quorum("tighten").unwrap_or(approve).clone();
    Some(Change { approve: approve.clone(), hold: row.span("hold")?, tighten })
}

fn stop(row: &Row, change: &Change) -> Stop {
    Stop {
        lift: row.quorum("lift").unwrap_or(&change.approve).clone(),
        after: row.span("after").unwrap_or(STOP_AFTER),
        relative_expires: row.span("relative_expires").unwrap_or(RELATIVE_EXPIRES),
    }
}

fn response(row: &Row) -> Option<Response> {
    let responders = GroupId::parse(row.text("responders")?).ok()?;
    let two = Quorum::AtLeast { at_least: CLEAR_AT_LEAST, of: responders.clone(), apart: Some(Apart::Home) };
    Some(Response {
        responders,
        auditors: match row.text("auditors") {
            Some(auditors) => Some(GroupId::parse(auditors).ok()?),
            None => None,
        },
        quiet: row.span("quiet").unwrap_or(QUIET),
        reaction: row.span("reaction").unwrap_or(REACTION),
        clear: row.quorum("clear").cloned().unwrap_or(two),
        clear_hold: row.span("clear_hold").unwrap_or(CLEAR_HOLD),
        look_back: row.span("look_back").unwrap_or(LOOK_BACK),
    })
}

fn prices(row: &Row) -> PriceRules {
    PriceRules {
        window: row.span("window").unwrap_or(PRICE_WINDOW),
        max_age: row.span("max_age").unwrap_or(PRICE_MAX_AGE),
    }
}

fn place(row: &Row) -> Option<Place> {
    let kind = match row.text("kind")? {
        "home" => PlaceKind::Home,
        "office" => PlaceKind::Office,
        _ => PlaceKind::Other,
    };
    Some(Place { id: PlaceId::parse(row.text("id")?).ok()?, kind })
}

fn person(row: &Row, known: &[Place]) -> Option<Person> {
    let places = place_ids(row)?;
    let is_home = |id: &&PlaceId| known.iter().any(|place| place.id == **id && place.kind == PlaceKind::Home);
    Some(Person {
        id: PersonId::parse(row.text("id")?).ok()?,
        groups: ids(row.texts("groups"), GroupId::parse)?,
        homes: places.iter().filter(is_home).cloned().collect(),
        places,
        keys: ids(row.texts("keys"), KeyId::parse)?,
        hosts_cosigner: row.texts("hosts").iter().any(|(_, host)| host == "cosigner"),
        of: ids(row.texts("of"), PersonId::parse)?,
        recipients: ids(row.texts("recipients"), Recipient::parse)?,
    })
}

fn service(row: &Row) -> Option<Service> {
    Some(Service {
        id: ServiceId::parse(row.text("id")?).ok()?,
        groups: ids(row.texts("groups"), GroupId::parse)?,
        operated_by: ids(row.texts("operated_by"), PersonId::parse)?,
    })
}

fn protected(row: &Row) -> Option<Protected> {
    Some(Protected {
        id: ProtectedId::parse(row.text("id")?).ok()?,
        of: ids(row.texts("of"), PersonId::parse)?,
        places: place_ids(row)?,
    })
}

fn key(row: &Row) -> Option<KeyEntry> {
    Some(KeyEntry { id: KeyId::parse(row.text("id")?).ok()?, xpub: row.text("xpub")?.to_owned() })
}
