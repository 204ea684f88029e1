//! `rempart drill`: the attacks on record, replayed against one's own policy.
//!
//! Called by `main`. Exit status: 0 done, 1 failed, 2 invalid file or usage.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use exposure::{BUILT_IN, Holdings, INCIDENTS_BYTES_MAX, Incidents};

use crate::language::Language;
use crate::policy_command::{load_valid, read};

/// Arguments of `drill`.
#[derive(Args, Debug)]
pub struct DrillArgs {
    /// Policy files, merged: rules and register
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Another record of attacks instead of the built-in one
    #[arg(long, value_name = "CSV")]
    incidents: Option<PathBuf>,
    /// Also print one line for each attack
    #[arg(long)]
    each: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Write the figure for the board
    #[arg(long, value_name = "PATH")]
    svg: Option<PathBuf>,
}

/// Replays a record.
///
/// # Errors
/// When a bound cannot be computed, or something cannot be written.
pub fn run(args: &DrillArgs, language: Language, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8> {
    let Some(policy) = load_valid(&args.files, err)? else { return Ok(2) };
    let Some(record) = record(args.incidents.as_deref(), err)? else { return Ok(2) };
    let holdings = Holdings::from_policy(&policy);
    let drill = exposure::drill(&policy, &holdings, record)?;
    if args.json {
        writeln!(out, "{}", drill.json())?;
    } else {
        write!(out, "{}", drill.text(&policy.organisation().name, args.each, language))?;
    }
    if let Some(path) = &args.svg {
        let figure = exposure::draw(&policy, &holdings, &drill, language)?;
        std::fs::write(path, figure).with_context(|| format!("`{}` cannot be written", path.display()))?;
    }
    Ok(0)
}

fn record(path: Option<&Path>, err: &mut dyn Write) -> Result<Option<Incidents>> {
    let text = match path {
        None => BUILT_IN.to_owned(),
        Some(path) => match read(path, u64::try_from(INCIDENTS_BYTES_MAX)?, err)? {
            Some(text) => text,
            None => return Ok(None),
        },
    };
    match Incidents::parse(&text) {
        Ok(record) => Ok(Some(record)),
        Err(error) => {
            let name = path.map_or_else(|| "built-in record".to_owned(), |path| path.display().to_string());
            writeln!(err, "{name}: error: {error}")?;
            Ok(None)
        }
    }
}
