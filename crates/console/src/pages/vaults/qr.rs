//! A QR code as SVG, drawn by the server: dark on light whatever the look of the page, so that any telephone reads it. The text that it
//! stands for is its alternative. Called by the pages of a vault.

use maud::{Markup, html};
use qrcode::{Color, EcLevel, QrCode};

/// The empty border that readers ask for, in modules.
const QUIET: usize = 4;

/// The code, `side` pixels wide; nothing when the text is too long for one.
pub fn qr(text: &str, alternative: &str, side: u32) -> Option<Markup> {
    let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M).ok()?;
    let width = code.width();
    let dark = path(&code.to_colors(), width);
    let whole = width + 2 * QUIET;
    Some(html! {
        svg viewBox={ "0 0 " (whole) " " (whole) } width=(side) height=(side) role="img" aria-label=(alternative) shape-rendering="crispEdges" {
            rect width=(whole) height=(whole) fill="#fff" {}
            path d=(dark) stroke="#000" {}
        }
    })
}

/// A stroke of one module's height for each run of dark modules.
fn path(colours: &[Color], width: usize) -> String {
    let mut path = String::new();
    for (row, line) in colours.chunks(width).enumerate() {
        let mut at = QUIET;
        for run in line.chunk_by(|one, next| one == next) {
            if run.first() == Some(&Color::Dark) {
                path += &format!("M{at} {}.5h{}", row + QUIET, run.len());
            }
            at += run.len();
        }
    }
    path
}

/// What a payment's code says of an address. Addresses in lower case are written in capitals, which makes the code coarser and easier to
/// read (BIP-21 and BIP-173 allow both).
pub fn payment(address: &str) -> String {
    let is_bech32 = ["bc1", "tb1", "bcrt1"].iter().any(|prefix| address.starts_with(prefix));
    if is_bech32 { format!("bitcoin:{address}").to_ascii_uppercase() } else { format!("bitcoin:{address}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the path back, module by module.
    fn modules(path: &str, whole: usize) -> Vec<bool> {
        let mut modules = vec![false; whole * whole];
        for run in path.split('M').filter(|run| !run.is_empty()) {
            let (place, length) = run.split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.trim_end_matches(".5").parse().unwrap());
            for at in x..x + length.parse::<usize>().unwrap() {
                modules[y * whole + at] = true;
            }
        }
        modules
    }

    #[test]
    fn the_code_is_drawn_module_by_module() {
        let code = QrCode::with_error_correction_level(b"bitcoin:x", EcLevel::M).unwrap();
        let (width, colours) = (code.width(), code.to_colors());
        let whole = width + 2 * QUIET;
        let drawn = modules(&path(&colours, width), whole);
        assert_eq!(
            drawn.iter().filter(|dark| **dark).count(),
            colours.iter().filter(|it| **it == Color::Dark).count()
        );
        for (index, colour) in colours.iter().enumerate() {
            let at = (index / width + QUIET) * whole + index % width + QUIET;
            assert_eq!(drawn[at], *colour == Color::Dark, "{index}");
        }
    }

    #[test]
    fn only_addresses_that_may_be_are_written_in_capitals() {
        assert_eq!(payment("bcrt1qabc"), "BITCOIN:BCRT1QABC");
        assert_eq!(payment("2NAbc"), "bitcoin:2NAbc");
    }

    #[test]
    fn what_does_not_fit_has_no_code() {
        let long = "x".repeat(4000);
        assert!(qr(&long, &long, 100).is_none());
        let drawn = qr("x", "alternative", 100).unwrap().into_string();
        assert!(drawn.contains("aria-label=\"alternative\""));
    }
}
