//! A twin: one real server in a program of its own, so that its log, its memory and its threads are nobody else's.
//!
//! Called by the harness as `indistinguishable twin`; it takes orders on standard input and reports on standard output (`orders`). The
//! captor's requests go to its port, as anybody's do.

mod log;
pub mod orders;
pub mod organisation;
mod server;

use std::io::{BufRead, Write};
use std::path::Path;

use crate::failure::Failure;
use log::Lines;
use orders::{Order, Report};
use server::Twin;

/// Serves until it is told to stop, or its harness is gone.
///
/// # Errors
/// When it cannot start, or the harness cannot be heard.
pub fn run(seed: u64, folder: &Path) -> Result<(), Failure> {
    let lines = Lines::install().map_err(|error| Failure::server("log", error))?;
    let mut twin = Twin::start(seed, folder)?;
    let mut out = std::io::stdout().lock();
    say(&mut out, &Report::Ready { address: twin.address })?;
    for line in std::io::stdin().lock().lines() {
        let order: Order = serde_json::from_str(&line?).map_err(|error| Failure::server("order", error))?;
        if order == Order::Stop {
            let stopped =
                twin.stop().map(|chains| Report::Stopped(orders::Chains { log: lines.take(), ..chains }));
            return say(&mut out, &stopped.unwrap_or_else(|failure| Report::Failed(failure.to_string())));
        }
        let report =
            obey(&mut twin, &lines, order).unwrap_or_else(|failure| Report::Failed(failure.to_string()));
        say(&mut out, &report)?;
    }
    Ok(())
}

fn obey(twin: &mut Twin, lines: &Lines, order: Order) -> Result<Report, Failure> {
    Ok(match order {
        Order::Prepare { pair } => Report::Prepared { transfer: twin.prepare(pair)? },
        Order::Advance { seconds } => {
            twin.advance_and_rest(seconds);
            Report::Done
        }
        Order::Settle => {
            twin.settle()?;
            Report::Done
        }
        Order::Aftermath => {
            let (open, left) = twin.aftermath()?;
            Report::Aftermath { open, left }
        }
        Order::Books => Report::Books(twin.books(lines.take())?),
        Order::Stop => Report::Done,
    })
}

fn say(out: &mut impl Write, report: &Report) -> Result<(), Failure> {
    let text = serde_json::to_string(report).map_err(|error| Failure::server("report", error))?;
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}
