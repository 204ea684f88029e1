//! Draws the contact sheet of `docs/phrase.md`: in each row a phrase and what a slip makes of it, side by side.
//!
//! `cargo run -p credentials --example contact_sheet -- docs/pictures.svg`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "an example stops at the first surprise"
)]

use std::fmt::Write;

use credentials::{Phrase, Picture};

const ROWS: [(&str, [&str; 6]); 8] = [
    (
        "the last word: its neighbours on the list",
        [
            "orange zebra stone",
            "orange zebra stomach",
            "orange zebra stool",
            "orange zebra story",
            "orange zebra stove",
            "orange zebra strategy",
        ],
    ),
    (
        "the first word: its neighbours on the list",
        [
            "orange zebra stone",
            "option zebra stone",
            "orbit zebra stone",
            "orchard zebra stone",
            "order zebra stone",
            "ordinary zebra stone",
        ],
    ),
    (
        "the order of the words",
        [
            "orange zebra stone",
            "zebra orange stone",
            "orange stone zebra",
            "stone zebra orange",
            "zebra stone orange",
            "stone orange zebra",
        ],
    ),
    (
        "one letter, another word",
        [
            "rare wing post",
            "race wing post",
            "rare ring post",
            "rare wine post",
            "rare wing cost",
            "rare wink post",
        ],
    ),
    (
        "a word typed twice",
        [
            "alarm ocean badge",
            "alarm alarm badge",
            "ocean ocean badge",
            "alarm badge badge",
            "alarm ocean ocean",
            "badge ocean badge",
        ],
    ),
    (
        "the first words of the list",
        [
            "abandon abandon abandon",
            "ability abandon abandon",
            "abandon ability abandon",
            "abandon abandon ability",
            "able abandon abandon",
            "zoo zoo zoo",
        ],
    ),
    (
        "le dernier mot : ses voisins sur la liste",
        [
            "zoologie abaisser écluse",
            "zoologie abaisser éclore",
            "zoologie abaisser école",
            "zoologie abaisser économie",
            "zoologie abaisser écorce",
            "zoologie abaisser éclipse",
        ],
    ),
    (
        "l'ordre des mots, un mot de trop",
        [
            "citron cheval lundi",
            "cheval citron lundi",
            "citron lundi cheval",
            "lundi cheval citron",
            "citron citron lundi",
            "citron cheval cheval",
        ],
    ),
];

const COLUMN: usize = 165;
const ROW: usize = 160;

fn main() {
    let path = std::env::args().nth(1).unwrap_or_else(|| "docs/pictures.svg".to_owned());
    std::fs::write(&path, sheet()).expect("the sheet cannot be written: run this in the workspace's folder");
}

fn sheet() -> String {
    let (width, height) = (COLUMN * 6 + 20, ROW * ROWS.len() + 10);
    let mut sheet = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\">\
         \n<path fill=\"#fff\" d=\"M0 0H{width}V{height}H0Z\"/>\n"
    );
    for (row, (title, phrases)) in ROWS.iter().enumerate() {
        let top = ROW * row + 24;
        writeln!(
            sheet,
            "<text x=\"20\" y=\"{top}\" font-size=\"13\" font-weight=\"bold\" fill=\"#111\">{title}</text>"
        )
        .unwrap();
        let first = picture(phrases[0]);
        for (column, text) in phrases.iter().enumerate() {
            let own = picture(text);
            let (x, y) = (20 + COLUMN * column, top + 8);
            writeln!(sheet, "<g transform=\"translate({x} {y})\">{}</g>", own.svg()).unwrap();
            let note = if column == 0 { String::new() } else { format!(" ({} of 8)", first.distance(&own)) };
            writeln!(
                sheet,
                "<text x=\"{x}\" y=\"{}\" font-size=\"10\" fill=\"#333\">{text}{note}</text>",
                y + 110
            )
            .unwrap();
        }
    }
    sheet + "</svg>\n"
}

fn picture(text: &str) -> Picture {
    Picture::of(&Phrase::parse(text).unwrap_or_else(|error| panic!("`{text}`: {error}")))
}
