//! The small picture of a phrase: what its owner sees while typing, so that a slip is noticed before anything is sent.
//!
//! Computed from the words alone; no secret goes in, and nobody is told anything that the words beside it do not tell (G3). Eight features of
//! eight values each (thing, its colour, sky, ground, pattern, frame, and how many beads on which side). Each word is written in a code of
//! distance five over the field of eight elements, one code for each place, and the three are added. So whatever one word is mistaken for,
//! and whichever two words change places, at least five of the eight features differ: a hash could only make that likely. The browser draws
//! the same from [`picture_tables`].

use std::fmt::{self, Write};

use serde::Serialize;

use crate::{Language, PHRASE_WORDS, Phrase};

/// How many features a picture has.
pub const PICTURE_FEATURES: usize = 8;
/// How many values each feature has.
pub const PICTURE_VALUES: usize = 8;
/// In how many features two pictures differ at least when one word differs, or two different words change places.
pub const PICTURE_DISTANCE: usize = 5;

/// The powers of a primitive element of the field of eight elements, modulo x³ + x + 1.
const POWERS: [u8; 7] = [1, 2, 4, 3, 6, 7, 5];
/// By which power each place multiplies each feature: no two places agree anywhere, so that changing places keeps the distance.
const PLACES: [[usize; PICTURE_FEATURES]; PHRASE_WORDS] =
    [[0; PICTURE_FEATURES], [1, 2, 3, 4, 5, 6, 1, 2], [2, 4, 6, 1, 3, 5, 3, 5]];
/// Added for a French phrase, so that equal places on the two lists do not give equal pictures.
const FRENCH: u8 = 5;

/// Colours that people with any of the usual kinds of colour blindness tell apart (Okabe and Ito), each with its name.
const COLOURS: [(&str, &str, &str); PICTURE_VALUES] = [
    ("#111111", "black", "noir"),
    ("#e69f00", "orange", "orange"),
    ("#56b4e9", "sky blue", "bleu ciel"),
    ("#009e73", "green", "vert"),
    ("#f0e442", "yellow", "jaune"),
    ("#0072b2", "dark blue", "bleu foncé"),
    ("#d55e00", "red", "rouge"),
    ("#cc79a7", "pink", "rose"),
];
/// The first colour behind a thing: white in place of black, on which no pattern would be seen.
const PALE: (&str, &str, &str) = ("#ffffff", "white", "blanc");

/// What stands in the middle: an SVG path within 48 by 48, and its name.
const THINGS: [(&str, &str, &str); PICTURE_VALUES] = [
    ("M24 1 30 17 47 18 34 29 38 46 24 37 10 46 14 29 1 18 18 17Z", "star", "étoile"),
    (
        "M24 45C10 34 2 26 2 15 2 7 8 3 14 3 19 3 22 6 24 10 26 6 29 3 34 3 40 3 46 7 46 15 46 26 38 34 24 45Z",
        "heart",
        "cœur",
    ),
    ("M24 2 46 22H40V46H29V31H19V46H8V22H2Z", "house", "maison"),
    ("M1 24C8 10 24 8 34 20L46 10V38L34 28C24 40 8 38 1 24Z", "fish", "poisson"),
    ("M24 1 38 18H31L42 32H28V46H20V32H6L17 18H10Z", "tree", "arbre"),
    ("M34 3A22 22 0 1 0 34 45 17 17 0 0 1 34 3Z", "moon", "lune"),
    ("M22 1V29H4ZM26 7V29H44ZM2 33H46L38 46H10Z", "boat", "bateau"),
    (
        "M24 2C36 2 45 10 46 24H27V39C27 48 13 48 13 39V37H18V39C18 42 22 42 22 39V24H2C3 10 12 2 24 2Z",
        "umbrella",
        "parapluie",
    ),
];

/// What lies over sky and ground: an SVG path of lines within 96 by 96, and its name.
const PATTERNS: [(&str, &str, &str); PICTURE_VALUES] = [
    ("", "plain", "uni"),
    ("M8 19H88M8 32H88M8 45H88M8 58H88M8 71H88", "level lines", "lignes couchées"),
    ("M21 8V88M34 8V88M47 8V88M60 8V88M73 8V88", "upright lines", "lignes debout"),
    ("M8 40 40 8M8 64 64 8M8 88 88 8M32 88 88 32M56 88 88 56", "slanting lines", "lignes penchées"),
    ("M8 29H88M8 50H88M8 71H88M29 8V88M50 8V88M71 8V88", "squares", "carreaux"),
    ("M8 8 88 88M88 8 8 88M48 8 88 48 48 88 8 48Z", "diamonds", "losanges"),
    (
        "M8 24 18 14 28 24 38 14 48 24 58 14 68 24 78 14 88 24M8 52 18 42 28 52 38 42 48 52 58 42 68 52 78 42 88 52M8 80 18 70 28 80 38 70 48 80 58 70 68 80 78 70 88 80",
        "zigzags",
        "zigzags",
    ),
    (
        "M48 28A20 20 0 0 1 48 68 20 20 0 0 1 48 28M48 14A34 34 0 0 1 48 82 34 34 0 0 1 48 14",
        "rings",
        "anneaux",
    ),
];

/// On which side the beads are, and whether they are dark: start and step of their row, fill and line, and the name.
const SIDES: [Side; PICTURE_VALUES] = [
    Side { start: (16, 16), step: (9, 0), dark: true, english: "dark, on top", french: "foncées, en haut" },
    Side {
        start: (80, 16),
        step: (0, 9),
        dark: true,
        english: "dark, on the right",
        french: "foncées, à droite",
    },
    Side {
        start: (80, 80),
        step: (-9, 0),
        dark: true,
        english: "dark, at the bottom",
        french: "foncées, en bas",
    },
    Side {
        start: (16, 80),
        step: (0, -9),
        dark: true,
        english: "dark, on the left",
        french: "foncées, à gauche",
    },
    Side { start: (16, 16), step: (9, 0), dark: false, english: "light, on top", french: "claires, en haut" },
    Side {
        start: (80, 16),
        step: (0, 9),
        dark: false,
        english: "light, on the right",
        french: "claires, à droite",
    },
    Side {
        start: (80, 80),
        step: (-9, 0),
        dark: false,
        english: "light, at the bottom",
        french: "claires, en bas",
    },
    Side {
        start: (16, 80),
        step: (0, -9),
        dark: false,
        english: "light, on the left",
        french: "claires, à gauche",
    },
];

/// Distance from one bead's centre to the next, and where a row begins.
#[derive(Serialize)]
struct Side {
    start: (i32, i32),
    step: (i32, i32),
    dark: bool,
    english: &'static str,
    french: &'static str,
}

/// What the features of a picture are, in the order of its code. As secret as its phrase, of which it tells 24 of 33 bits: cannot be printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    thing: u8,
    colour: u8,
    sky: u8,
    ground: u8,
    pattern: u8,
    frame: u8,
    beads: u8,
    side: u8,
}

impl Picture {
    /// The picture of a phrase.
    #[must_use]
    pub fn of(phrase: &Phrase) -> Self {
        Self::at(phrase.language(), phrase.positions())
    }

    fn at(language: Language, positions: &[u16; PHRASE_WORDS]) -> Self {
        let start = if language == Language::French { FRENCH } else { 0 };
        let mut features = [start; PICTURE_FEATURES];
        for (place, position) in PLACES.iter().zip(positions) {
            for ((feature, point), power) in features.iter_mut().zip(0_u8..).zip(place) {
                *feature ^= times_power(evaluate(*position, point), *power);
            }
        }
        let [thing, colour, sky, ground, pattern, frame, beads, side] = features;
        Self { thing, colour, sky, ground, pattern, frame, beads, side }
    }

    /// The features as numbers below [`PICTURE_VALUES`].
    #[must_use]
    pub const fn features(&self) -> [u8; PICTURE_FEATURES] {
        [self.thing, self.colour, self.sky, self.ground, self.pattern, self.frame, self.beads, self.side]
    }

    /// In how many features two pictures differ.
    #[must_use]
    pub fn distance(&self, other: &Self) -> usize {
        self.features().iter().zip(other.features()).filter(|(own, others)| *own != others).count()
    }

    /// The picture, 96 by 96: no script, no style, no reference, no id.
    #[must_use]
    pub fn svg(&self) -> String {
        let (sky, ground) = (behind(self.sky).0, behind(self.ground).0);
        let (frame, colour) = (named(&COLOURS, self.frame).0, named(&COLOURS, self.colour).0);
        let (pattern, thing) = (named(&PATTERNS, self.pattern).0, named(&THINGS, self.thing).0);
        let mut svg = String::with_capacity(2048);
        svg.push_str(OPENING);
        // Writing into a string cannot fail.
        let _ = write!(
            svg,
            r##"<path fill="{sky}" d="M8 8H88V47H8Z"/><path fill="{ground}" d="M8 49H88V88H8Z"/>"##
        );
        let _ = write!(
            svg,
            r##"<path fill="none" stroke="#111" stroke-opacity=".4" stroke-width="2.5" d="{pattern}"/>"##
        );
        let _ = write!(
            svg,
            r##"<path fill="none" stroke="{frame}" stroke-width="8" d="M4 4H92V92H4Z"/><path fill="none" stroke="#fff" stroke-width="2" d="M9 9H87V87H9Z"/>"##
        );
        let _ = write!(
            svg,
            r##"<g transform="translate(24 24)" stroke-linejoin="round"><path fill="#fff" stroke="#fff" stroke-width="8" d="{thing}"/>"##
        );
        let _ = write!(svg, r##"<path fill="{colour}" stroke="#111" stroke-width="1.5" d="{thing}"/></g>"##);
        self.draw_beads(&mut svg);
        svg.push_str("</svg>");
        svg
    }

    fn draw_beads(&self, svg: &mut String) {
        let Some(side) = SIDES.get(usize::from(self.side)) else { return };
        let (fill, line) = if side.dark { ("#111", "#fff") } else { ("#fff", "#111") };
        let (mut x, mut y) = side.start;
        for _ in 0..=self.beads {
            let _ = write!(
                svg,
                r#"<circle cx="{x}" cy="{y}" r="3.8" fill="{fill}" stroke="{line}" stroke-width="1.4"/>"#
            );
            (x, y) = (x + side.step.0, y + side.step.1);
        }
    }

    /// The picture in words, for who cannot see it.
    #[must_use]
    pub fn describe(&self, language: Language) -> String {
        let french = language == Language::French;
        let word = |of: (&str, &'static str, &'static str)| if french { of.2 } else { of.1 };
        let side = SIDES.get(usize::from(self.side));
        let side = side.map_or("", |side| if french { side.french } else { side.english });
        let thing = format!("{}, {}", word(named(&THINGS, self.thing)), word(named(&COLOURS, self.colour)));
        let beads = format!("{}, {side}", self.beads + 1);
        let parts = [
            thing,
            word(behind(self.sky)).to_owned(),
            word(behind(self.ground)).to_owned(),
            word(named(&PATTERNS, self.pattern)).to_owned(),
            word(named(&COLOURS, self.frame)).to_owned(),
            beads,
        ];
        let (names, joined) = if french { (PARTS_FRENCH, " ; ") } else { (PARTS_ENGLISH, "; ") };
        names.iter().zip(parts).map(|(name, part)| format!("{name}{part}")).collect::<Vec<_>>().join(joined)
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Picture(…)")
    }
}

const OPENING: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96" viewBox="0 0 96 96"><path fill="#fff" d="M0 0H96V96H0Z"/>"##;
const PARTS_ENGLISH: [&str; 6] = ["thing: ", "sky: ", "ground: ", "pattern: ", "frame: ", "beads: "];
const PARTS_FRENCH: [&str; 6] = ["objet : ", "ciel : ", "sol : ", "motif : ", "cadre : ", "perles : "];

type Named = (&'static str, &'static str, &'static str);

fn named(table: &[Named; PICTURE_VALUES], value: u8) -> Named {
    table.get(usize::from(value)).copied().unwrap_or(("", "", ""))
}

/// A colour of what is behind the thing.
fn behind(value: u8) -> Named {
    if value == 0 { PALE } else { named(&COLOURS, value) }
}

/// The place of a word on its list, read as a polynomial of four coefficients, at a point of the field.
fn evaluate(position: u16, point: u8) -> u8 {
    let coefficient = |shift: u16| u8::try_from((position >> shift) & 7).unwrap_or_default();
    [9, 6, 3, 0].into_iter().fold(0, |sum, shift| times(sum, point) ^ coefficient(shift))
}

fn times(a: u8, b: u8) -> u8 {
    POWERS.iter().position(|power| *power == b).map_or(0, |power| times_power(a, power))
}

fn times_power(a: u8, power: usize) -> u8 {
    let own = POWERS.iter().position(|own| *own == a);
    own.and_then(|own| POWERS.get((own + power) % POWERS.len()).copied()).unwrap_or(0)
}

/// What a program in another language needs to draw the same pictures; only the drawing itself is written twice.
#[derive(Serialize)]
pub struct PictureTables {
    powers: [u8; 7],
    places: [[usize; PICTURE_FEATURES]; PHRASE_WORDS],
    french: u8,
    opening: &'static str,
    colours: [Named; PICTURE_VALUES],
    pale: Named,
    things: [Named; PICTURE_VALUES],
    patterns: [Named; PICTURE_VALUES],
    sides: &'static [Side; PICTURE_VALUES],
    parts: [[&'static str; 6]; 2],
}

/// The tables, for the browser.
#[must_use]
pub const fn picture_tables() -> PictureTables {
    PictureTables {
        powers: POWERS,
        places: PLACES,
        french: FRENCH,
        opening: OPENING,
        colours: COLOURS,
        pale: PALE,
        things: THINGS,
        patterns: PATTERNS,
        sides: &SIDES,
        parts: [PARTS_ENGLISH, PARTS_FRENCH],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    fn picture(positions: [u16; 3]) -> Picture {
        Picture::at(Language::English, &positions)
    }

    /// Numbers without a pattern, the same in every run.
    fn numbers() -> impl FnMut(u16) -> u16 {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        move |below| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            u16::try_from((state >> 20) % u64::from(below)).unwrap()
        }
    }

    #[test]
    fn one_word_mistaken_for_any_other_changes_at_least_five_features() {
        // The code is additive: what the other two words are changes nothing. Every pair of words, in every place.
        for place in 0..PHRASE_WORDS {
            let of = |word| {
                let mut positions = [0; 3];
                positions[place] = word;
                picture(positions)
            };
            let all: Vec<Picture> = (0..2048).map(of).collect();
            for (index, own) in all.iter().enumerate() {
                for other in &all[index + 1..] {
                    assert!(own.distance(other) >= PICTURE_DISTANCE);
                }
            }
        }
    }

    #[test]
    fn ten_thousand_neighbours_of_whole_phrases_keep_the_distance() {
        let mut number = numbers();
        let mut counted = [0; PICTURE_FEATURES + 1];
        for round in 0..10_000 {
            let own = [number(2048), number(2048), number(2048)];
            let (place, mut other) = (usize::from(number(3)), own);
            match round % 3 {
                0 => other[place] = (own[place] + 1 + number(2047)) % 2048,
                1 => other[place] = (own[place] + 1) % 2048,
                _ => other.swap(place, (place + 1) % 3),
            }
            if other != own {
                counted[picture(own).distance(&picture(other))] += 1;
            }
        }
        assert_eq!(counted[..PICTURE_DISTANCE], [0; PICTURE_DISTANCE], "{counted:?}");
        let (strong, all): (u32, u32) = (counted[6..].iter().sum(), counted.iter().sum());
        assert!(strong * 10 > all * 9, "nine of ten differ in six or more: {counted:?}");
    }

    #[test]
    fn phrases_with_nothing_in_common_differ_and_the_lists_differ() {
        let mut number = numbers();
        let mut draw = || [number(2048), number(2048), number(2048)];
        let mut near = 0;
        for _ in 0..10_000 {
            let (own, other) = (draw(), draw());
            near += u32::from(picture(own).distance(&picture(other)) < 4);
            assert_eq!(picture(own).distance(&Picture::at(Language::French, &own)), PICTURE_FEATURES);
            // All three moved on by one place: the code promises nothing here, chance does.
            let [a, b, c] = own;
            near += u32::from(picture(own).distance(&picture([c, a, b])) < 4);
        }
        assert!(near < 60, "{near} of 20 000 pairs differ in fewer than four features");
    }

    #[test]
    fn every_value_of_every_feature_is_reached_alike_often() {
        let mut number = numbers();
        let mut reached = [[0_u32; PICTURE_VALUES]; PICTURE_FEATURES];
        for _ in 0..16_000 {
            let features = picture([number(2048), number(2048), number(2048)]).features();
            for (counts, value) in reached.iter_mut().zip(features) {
                counts[usize::from(value)] += 1;
            }
        }
        assert!(reached.iter().flatten().all(|count| (1800..2200).contains(count)), "{reached:?}");
    }

    /// All 24 bits of a picture are used: the map from positions has full rank.
    #[test]
    fn there_are_as_many_pictures_as_features_allow() {
        let bits = (0..33).map(|bit| {
            let mut positions = [0; 3];
            positions[bit / 11] = 1 << (bit % 11);
            picture(positions).features().iter().fold(0_u32, |all, value| (all << 3) | u32::from(*value))
        });
        let mut basis: Vec<u32> = Vec::new();
        for mut vector in bits {
            for own in &basis {
                vector = vector.min(vector ^ own);
            }
            if vector != 0 {
                basis.push(vector);
                basis.sort_unstable_by(|a, b| b.cmp(a));
            }
        }
        assert_eq!(basis.len(), 24);
    }

    #[test]
    fn the_drawing_is_stable() {
        let drawn = |text: &str| Picture::of(&Phrase::parse(text).unwrap()).svg();
        let all = ["orange zebra stone", "stone zebra orange", "zoologie abaisser écluse"].map(drawn);
        let hash = types::hash_parts("rempart/test-picture/v1", &all.each_ref().map(|svg| svg.as_bytes()));
        assert_eq!(hash.to_string(), "bffaff8717f379d9202be393865614acc5f96ba737a9ad59fa1c56f345744d8a");
        assert_eq!(all[0], drawn("ORANGE, zebra stone"));
    }

    #[test]
    fn each_value_is_drawn_and_named_otherwise_than_the_others() {
        let plain = picture([0; 3]);
        for feature in 0..PICTURE_FEATURES {
            let with = |value| {
                let mut features = plain.features();
                features[feature] = value;
                let [thing, colour, sky, ground, pattern, frame, beads, side] = features;
                Picture { thing, colour, sky, ground, pattern, frame, beads, side }
            };
            let all = (0..8).map(with).collect::<Vec<_>>();
            let drawn: BTreeSet<String> = all.iter().map(Picture::svg).collect();
            let english: BTreeSet<String> = all.iter().map(|it| it.describe(Language::English)).collect();
            let french: BTreeSet<String> = all.iter().map(|it| it.describe(Language::French)).collect();
            assert_eq!((drawn.len(), english.len(), french.len()), (8, 8, 8), "feature {feature}");
        }
    }

    #[test]
    fn a_picture_holds_nothing_that_runs_or_loads() {
        let svg = picture([7, 700, 2000]).svg();
        for word in ["script", "style", "href", "url(", "id=", "<text", " on"] {
            assert!(!svg.replace("http://www.w3.org/2000/svg", "").contains(word), "{word}");
        }
        assert!(svg.len() < 4096);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn how_a_phrase_is_typed_does_not_change_its_picture(entropy: [u8; 32], french: bool) {
            let language = if french { Language::French } else { Language::English };
            let phrase = Phrase::draw(language, &entropy);
            let typed = Phrase::parse(&phrase.reveal_words().join("-").to_uppercase()).unwrap();
            prop_assert!(typed.language() != language || Picture::of(&typed) == Picture::of(&phrase));
        }
    }
}
