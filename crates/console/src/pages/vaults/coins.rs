//! What a vault has on its chain: each coin with its age and how near its recovery lock is (G10).

use api::{Coin, CoinList};
use maud::{Markup, html};
use types::Span;

use crate::ask::Ask;
use crate::parts::{Tone, badge, money, nothing, table, time};
use crate::t;

/// How many stand on a page.
pub const COINS_SHOWN: usize = 25;
/// How long a block takes, on average.
const BLOCK_SECONDS: u64 = 600;
const HOUR_SECONDS: u64 = 3600;
const DAY_SECONDS: u64 = 24 * HOUR_SECONDS;
/// No lock is longer: a relative lock in blocks has 16 bits.
const LOCK_BLOCKS_MAX: u64 = 65_535;

/// The coins from a place on, the nearest to recovery first.
pub fn section(ask: &Ask, list: &CoinList, from: usize) -> Markup {
    let heads = [
        t!(ask, "vaults-coin-amount"),
        t!(ask, "vaults-coin-place"),
        t!(ask, "vaults-coin-age"),
        t!(ask, "vaults-coin-recovery"),
    ];
    let rows = html! { @for coin in list.coins.iter().skip(from).take(COINS_SHOWN) { (row(ask, coin)) } };
    let next = from.saturating_add(COINS_SHOWN);
    html! {
        section id="coins" {
            h2 { (t!(ask, "vaults-coins")) " " span.soft { "(" (grouped(ask, list.count as u64)) ")" } }
            @if list.coins.is_empty() {
                (nothing(&t!(ask, "vaults-coins-none")))
            } @else {
                p.soft { (t!(ask, "vaults-coins-explained")) }
                (table(&t!(ask, "vaults-coins"), &heads, &rows))
            }
            @if from > 0 || next < list.coins.len() {
                nav.row aria-label=(t!(ask, "vaults-coins-pages")) {
                    @if from > 0 { a href={ (ask.path) "?coins=" (from.saturating_sub(COINS_SHOWN)) "#coins" } { (t!(ask, "vaults-coins-before")) } }
                    @if next < list.coins.len() { a href={ (ask.path) "?coins=" (next) "#coins" } { (t!(ask, "vaults-coins-next")) } }
                }
            }
        }
    }
}

fn row(ask: &Ask, coin: &Coin) -> Markup {
    html! {
        tr {
            td { (money::amount(ask, coin.amount)) }
            td {
                code.sum title=(coin.outpoint) { (short(&coin.outpoint)) }
                @if coin.reserved { " " (badge(Tone::Going, &t!(ask, "vaults-coin-reserved"))) }
            }
            td { @if coin.age_blocks == 0 { (t!(ask, "vaults-coin-new")) } @else { span.sum { (blocks(ask, coin.age_blocks)) } } }
            td { (recovery(ask, coin)) }
        }
    }
}

fn recovery(ask: &Ask, coin: &Coin) -> Markup {
    html! {
        @match coin.blocks_to_recovery {
            0 => (badge(Tone::Bad, &t!(ask, "vaults-coin-open"))),
            left if left > LOCK_BLOCKS_MAX => span.soft { (t!(ask, "vaults-coin-no-recovery")) },
            left => {
                span.sum { (blocks(ask, left)) }
                @if coin.refresh_due { " " (badge(Tone::Warn, &t!(ask, "vaults-coin-due"))) }
            }
        }
    }
}

/// A number of blocks, and about how long they take.
pub fn blocks(ask: &Ask, blocks: u64) -> String {
    let shown = grouped(ask, blocks);
    let about = about(ask, blocks);
    let blocks = i64::try_from(blocks).unwrap_or(i64::MAX);
    t!(ask, "vaults-blocks", n = blocks, shown = shown, about = about)
}

/// As people speak of such times: days from three days on, before that hours.
fn about(ask: &Ask, blocks: u64) -> String {
    let seconds = blocks.saturating_mul(BLOCK_SECONDS);
    let unit = match seconds {
        0..HOUR_SECONDS => BLOCK_SECONDS,
        HOUR_SECONDS..259_200 => HOUR_SECONDS,
        _ => DAY_SECONDS,
    };
    time::length(ask, Span::from_seconds(seconds.saturating_add(unit / 2) / unit * unit))
}

/// A whole number with the language's groups of three.
pub fn grouped(ask: &Ask, number: u64) -> String {
    let digits = number.to_string();
    let gap = match ask.language {
        api::Language::English => ',',
        api::Language::French => '\u{202f}',
    };
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(gap);
        }
        text.push(digit);
    }
    text
}

/// `1a2b3c4d…:0`.
fn short(outpoint: &str) -> String {
    match (outpoint.get(..8), outpoint.split_once(':')) {
        (Some(begin), Some((_, index))) => format!("{begin}…:{index}"),
        _ => outpoint.to_owned(),
    }
}
