//! `/`: what waits for whoever signed in, what the vaults hold, what is held up, and how much could be forced out (G2, G9).
//!
//! An appointment to come is shown with its moment and never as late or missed: the page is the same whatever somebody is missing (G3).

use api::{
    CheckIns, Exposure, ExposureFigure, Health, Motion, MotionList, Posture, PostureWord, Schedule, Stop,
    StopList, Transfer, TransferList, Vault, VaultList,
};
use maud::{Markup, html};
use types::Timestamp;

use super::motions::{is_open, may_endorse, status, title, wait};
use super::stops::{posture_badge, scope};
use super::vaults::cards;
use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::parts::{Tone, badge, fact, money, nothing, notice, time};
use crate::t;

/// The most of each kind; the rest is behind a link.
const SHOWN: usize = 10;
/// The headline of exposure: one home for two days, and nobody signals.
const HEADLINE: (u8, u64, &str) = (1, 48 * 3600, "silent");

struct Seen {
    pending: Vec<Transfer>,
    motions: Vec<Motion>,
    stops: Vec<Stop>,
    schedule: Option<Schedule>,
    vaults: Vec<Vault>,
    posture: PostureWord,
    /// Nothing when the server takes no commands.
    warnings: Option<usize>,
    exposure: Option<Exposure>,
}

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let seen = Seen {
            pending: read::<TransferList>(api, "/v1/transfers?status=pending&limit=50").await?.transfers,
            motions: read::<MotionList>(api, "/v1/motions").await?.motions,
            stops: read::<StopList>(api, "/v1/stops").await?.stops,
            schedule: read::<CheckIns>(api, "/v1/check-ins").await?.schedule,
            vaults: read::<VaultList>(api, "/v1/vaults").await?.vaults,
            posture: read::<Posture>(api, "/v1/posture").await?.posture,
            warnings: read::<Health>(api, "/health").await.ok().map(|health| health.warnings),
            exposure: read(api, "/v1/exposure").await.ok(),
        };
        let content = html! {
            (warned(ask, &seen))
            (held(ask, &seen))
            div.columns {
                div {
                    (waiting(ask, &seen))
                    (on_their_way(ask, &seen))
                }
                div {
                    @if is_new(&seen) { (first(ask)) }
                    (exposure(ask, &seen))
                    (safety(ask, &seen))
                }
            }
            section {
                div.spread { h2 { (t!(ask, "overview-vaults")) } a href="/vaults" { (t!(ask, "overview-vaults-all")) } }
                @if seen.vaults.is_empty() { (nothing(&t!(ask, "vaults-none"))) }
                (cards(ask, &seen.vaults))
            }
        };
        Ok(Shown::page(t!(ask, "overview-title"), content))
    })
}

/// Whether there is nothing yet: no coin, no transfer, no motion.
fn is_new(seen: &Seen) -> bool {
    let empty = |vault: &Vault| vault.balance.is_none_or(|balance| balance.units == 0);
    seen.pending.is_empty() && seen.motions.is_empty() && seen.vaults.iter().all(empty)
}

fn first(ask: &Ask) -> Markup {
    html! {
        section.card {
            h2 { (t!(ask, "overview-first")) }
            p { (t!(ask, "overview-first-explained")) }
            p { a.button href="/first" { (t!(ask, "overview-first-go")) } }
            ul {
                li { a href="/practice" { (t!(ask, "overview-first-practice")) } }
                li { a href="/policy" { (t!(ask, "overview-first-policy")) } }
                li { a href="/me" { (t!(ask, "overview-first-me")) } }
            }
        }
    }
}

// ---- what everybody must read ----

fn warned(ask: &Ask, seen: &Seen) -> Markup {
    let rose = seen.exposure.as_ref().is_some_and(|exposure| exposure.rises.iter().any(|rise| rise.standing));
    html! {
        @match seen.warnings {
            Some(0) => {},
            Some(n) => (notice(Tone::Warn, &html! { p { strong { (t!(ask, "overview-warnings", n = n)) } " " (t!(ask, "overview-warnings-explained")) } })),
            None => (notice(Tone::Bad, &html! { p { strong { (t!(ask, "overview-unavailable")) } } })),
        }
        @if rose {
            (notice(Tone::Warn, &html! { p { (t!(ask, "overview-rose")) " " a href="/exposure" { (t!(ask, "overview-exposure-see")) } } }))
        }
    }
}

fn in_force(seen: &Seen) -> Vec<&Stop> {
    seen.stops.iter().rev().filter(|stop| stop.lifted_at.is_none()).collect()
}

fn held(ask: &Ask, seen: &Seen) -> Markup {
    let stops = in_force(seen);
    let raised = seen.posture != PostureWord::Normal;
    html! {
        @if raised || !stops.is_empty() {
            (notice(Tone::Bad, &html! {
                @if raised { p { strong { (t!(ask, "overview-posture")) } " " (posture_badge(ask, seen.posture)) } }
                @if !stops.is_empty() {
                    p { strong { (t!(ask, "overview-stops", n = stops.len())) } }
                    ul.list { @for stop in stops.iter().take(SHOWN) { li { (scope(ask, &stop.scope)) @if !stop.reason.is_empty() { " · " (stop.reason) } } } }
                }
                p { a href="/stops" { (t!(ask, "overview-stops-see")) } }
            }))
        }
    }
}

// ---- what waits ----

fn waiting(ask: &Ask, seen: &Seen) -> Markup {
    let approve: Vec<&Transfer> = seen.pending.iter().filter(|transfer| wants_approval(transfer)).collect();
    let endorse: Vec<&Motion> = seen.motions.iter().filter(|motion| may_endorse(ask, motion)).collect();
    html! {
        section {
            h2 { (t!(ask, "overview-waiting")) }
            @if approve.is_empty() && endorse.is_empty() && seen.schedule.is_none() { (nothing(&t!(ask, "overview-nothing"))) }
            ul.list {
                @if let Some(schedule) = &seen.schedule { (check_in(ask, schedule)) }
                @for transfer in approve.iter().take(SHOWN) { (transfer_item(ask, transfer, &t!(ask, "overview-approve"))) }
                @for motion in endorse.iter().rev().take(SHOWN) { (motion_item(ask, motion, &seen.stops)) }
            }
            @if approve.len() > SHOWN { p { a href="/transfers?status=pending" { (t!(ask, "overview-all-transfers", n = approve.len())) } } }
            @if endorse.len() > SHOWN { p { a href="/motions" { (t!(ask, "overview-all-motions", n = endorse.len())) } } }
            div.row {
                a.button href="/transfers/new" { (t!(ask, "overview-propose")) }
                a.button.bad href="/stops" { (t!(ask, "overview-stop")) }
            }
        }
    }
}

/// The appointment that comes next, as it was set: it does not say whether one was missed.
fn check_in(ask: &Ask, schedule: &Schedule) -> Markup {
    html! {
        li.card {
            div.spread {
                a href="/me#check-ins" { strong { (t!(ask, "overview-check-in")) } }
                span.soft { (t!(ask, "overview-check-in-late", span = time::length(ask, schedule.grace))) }
            }
            p { (time::until(ask, schedule.next)) }
        }
    }
}

/// Not yours, not yet approved by you, and no permit has what it needs.
fn wants_approval(transfer: &Transfer) -> bool {
    let met = transfer.permits.iter().any(|permit| permit.met);
    !transfer.yours && !transfer.approved_by_you && !met && !transfer.stopped
}

/// When the first permit that is met lets it go.
fn goes_at(transfer: &Transfer) -> Option<Timestamp> {
    transfer.permits.iter().filter(|permit| permit.met).filter_map(|permit| permit.ready_at).min()
}

fn transfer_title(ask: &Ask, transfer: &Transfer) -> String {
    let value = money::text(ask.language, transfer.value.minor.in_currency(transfer.value.currency));
    t!(ask, "overview-transfer", value = value, vault = transfer.vault.as_str())
}

fn transfer_item(ask: &Ask, transfer: &Transfer, what: &str) -> Markup {
    let expires = transfer.permits.iter().map(|permit| permit.expires_at).max();
    html! {
        li.card {
            div.spread {
                a href={ "/transfers/" (transfer.id) } { strong { (transfer_title(ask, transfer)) } }
                (badge(Tone::Going, what))
            }
            p.soft {
                (t!(ask, "overview-by", name = transfer.initiator.as_str()))
                @if !transfer.memo.is_empty() { " · " (transfer.memo) }
            }
            @if let Some(at) = expires { p { (t!(ask, "overview-before")) " " (time::until(ask, at)) } }
        }
    }
}

fn motion_item(ask: &Ask, motion: &Motion, stops: &[Stop]) -> Markup {
    html! {
        li.card {
            div.spread {
                a href={ "/motions/" (motion.id) } { strong { (title(ask, motion, stops)) } }
                (status(ask, motion))
            }
            (wait(ask, motion))
        }
    }
}

/// What happens by itself unless somebody ends it.
fn on_their_way(ask: &Ask, seen: &Seen) -> Markup {
    let transfers = seen.pending.iter().filter(|transfer| !transfer.stopped);
    let mut transfers: Vec<(Timestamp, &Transfer)> =
        transfers.filter_map(|transfer| Some((goes_at(transfer)?, transfer))).collect();
    transfers.sort_by_key(|(at, _)| *at);
    let motions =
        seen.motions.iter().filter(|motion| is_open(motion) && motion.met && !may_endorse(ask, motion));
    let motions: Vec<&Motion> = motions.collect();
    html! {
        @if !transfers.is_empty() || !motions.is_empty() {
            section {
                h2 { (t!(ask, "overview-way")) }
                p.soft { (t!(ask, "overview-way-explained")) }
                ul.list {
                    @for (at, transfer) in transfers.iter().take(SHOWN) {
                        li.card {
                            a href={ "/transfers/" (transfer.id) } { strong { (transfer_title(ask, transfer)) } }
                            p { (t!(ask, "overview-goes")) " " (time::until(ask, *at)) }
                        }
                    }
                    @for motion in motions.iter().rev().take(SHOWN) { (motion_item(ask, motion, &seen.stops)) }
                }
            }
        }
    }
}

// ---- how it stands ----

fn exposure(ask: &Ask, seen: &Seen) -> Markup {
    let Some(found) = &seen.exposure else { return html! {} };
    let (k, horizon, mode) = HEADLINE;
    let headline =
        |figure: &&ExposureFigure| figure.k == k && figure.horizon_seconds == horizon && figure.mode == mode;
    html! {
        section.card {
            h2 { (t!(ask, "overview-exposure")) }
            @if found.unbounded {
                p { strong { (t!(ask, "overview-unbounded")) } }
            } @else if let Some(figure) = found.figures.iter().find(headline) {
                p.soft { (t!(ask, "overview-one-home")) }
                p.big { (t!(ask, "overview-at-most")) " " (money::value(ask, figure.amount)) }
                @if ask.sees_names() && !figure.taken.is_empty() {
                    p.soft { (t!(ask, "overview-worst", homes = figure.taken.join(", "))) }
                }
            }
            p { a href="/exposure" { (t!(ask, "overview-exposure-see")) } }
        }
    }
}

fn safety(ask: &Ask, seen: &Seen) -> Markup {
    html! {
        section.card {
            h2 { (t!(ask, "overview-safety")) }
            dl {
                (fact(&t!(ask, "stops-posture"), &html! { a href="/stops" { (posture_badge(ask, seen.posture)) } }))
                (fact(&t!(ask, "stops-in-force"), &html! { (in_force(seen).len()) }))
                (fact(&t!(ask, "overview-health"), &html! {
                    @match seen.warnings {
                        Some(0) => (badge(Tone::Good, &t!(ask, "overview-healthy"))),
                        Some(n) => strong { (t!(ask, "overview-warnings-short", n = n)) },
                        None => (badge(Tone::Bad, &t!(ask, "overview-no-commands"))),
                    }
                }))
                @if seen.schedule.is_none() {
                    (fact(&t!(ask, "overview-check-in"), &html! { a href="/me#check-ins" { (t!(ask, "overview-check-in-none")) } }))
                }
            }
        }
    }
}
