//! `rempart alarm-link`: prints the link by which a protected person calls for help, with a QR code for their telephone (G8, G9).
//!
//! The link is made of a secret of the server, so it is printed where the server's folder is, also while the server runs.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use journal::SqliteJournal;
use qrcode::{Color, EcLevel, QrCode};
use serde_json::json;
use server::alarm_links::{Epochs, link_path};
use server::engine::read_state;
use server::keys::Secrets;
use types::ProtectedId;

use crate::data_folder::DataFolder;
use crate::language::{Language, pick};

/// The empty border that readers of QR codes need, in modules.
const QUIET: usize = 2;

/// Arguments of `alarm-link`.
#[derive(Args, Debug)]
pub struct AlarmLinkArgs {
    /// A protected person of the register
    #[arg(value_name = "NAME")]
    name: ProtectedId,
    /// The server's folder
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Make a new link: every earlier one of this person becomes worthless at once
    #[arg(long)]
    renew: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Prints a link.
pub fn run(args: &AlarmLinkArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let folder = DataFolder::at(&args.data);
    let secrets = Secrets::load(&folder.secrets()).context("the secrets cannot be loaded")?;
    check(&folder, &secrets, &args.name, language)?;
    let epochs =
        if args.renew { Epochs::renew(folder.path(), &args.name)? } else { Epochs::load(folder.path())? };
    let base = folder.config()?.link_base();
    let link = format!("{}{}", base.trim_end_matches('/'), link_path(secrets.alarm(), &epochs, &args.name));
    if args.json {
        writeln!(out, "{}", json!({ "protected": args.name, "link": link }))?;
        return Ok(0);
    }
    let code = QrCode::with_error_correction_level(&link, EcLevel::M).context("the link is too long")?;
    writeln!(out, "{}\n{link}\n", drawn(&code))?;
    writeln!(out, "{}", pick(language, EXPLAIN_EN, EXPLAIN_FR))?;
    Ok(0)
}

const EXPLAIN_EN: &str = "Hand it over in person and say what its buttons do: the first raises a silent alarm, the second asks for a stop. Whoever has it can do both and nothing else. It answers alike when it is worthless, so try it once in a drill that responders know of.";
const EXPLAIN_FR: &str = "À remettre en main propre, en disant ce que font ses boutons : le premier donne l'alerte en silence, le second demande un arrêt. Qui le détient peut faire les deux, et rien d'autre. Il répond de même quand il ne vaut rien : essayez-le une fois lors d'un exercice connu des intervenants.";

/// A link of nobody answers like any other, so a name that is not in the register must be found here.
fn check(folder: &DataFolder, secrets: &Secrets, name: &ProtectedId, language: Language) -> Result<()> {
    let mut journal = SqliteJournal::open_read_only(&folder.journal())?;
    let state = read_state(&mut journal, secrets)?;
    let policy = state.overt().policy().context("the journal has no policy yet")?;
    if policy.protected(name).is_some() {
        return Ok(());
    }
    let text = pick(
        language,
        "is no protected person of the register in force: add a `[[protected]]` entry by a change of the policy first",
        "n'est pas une personne protégée du registre en vigueur : ajoutez d'abord une entrée `[[protected]]` par un changement de la politique",
    );
    bail!("`{name}` {text}")
}

/// Dark on light whatever the terminal's colours, two modules to a character.
fn drawn(code: &QrCode) -> String {
    let (width, colours) = (code.width(), code.to_colors());
    let dark = |x: usize, y: usize| {
        let inside = (QUIET..width + QUIET).contains(&x) && (QUIET..width + QUIET).contains(&y);
        inside && colours.get((y - QUIET) * width + (x - QUIET)) == Some(&Color::Dark)
    };
    let mut text = String::new();
    for y in (0..width + 2 * QUIET).step_by(2) {
        text.push_str("\x1b[30;107m");
        for x in 0..width + 2 * QUIET {
            text.push(match (dark(x, y), dark(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        text.push_str("\x1b[0m\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_drawn_module_by_module() {
        let code = QrCode::with_error_correction_level("http://x/a/0000-1111-2222-3333", EcLevel::M).unwrap();
        let text = drawn(&code).replace("\x1b[30;107m", "").replace("\x1b[0m", "");
        let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
        for (index, colour) in code.to_colors().into_iter().enumerate() {
            let (x, y) = (index % code.width() + QUIET, index / code.width() + QUIET);
            let shown = lines[y / 2][x];
            let dark = match shown {
                '█' => true,
                '▀' => y % 2 == 0,
                '▄' => y % 2 == 1,
                _ => false,
            };
            assert_eq!(dark, colour == Color::Dark, "{x} {y}");
        }
    }
}
