//! Loss against time held: one stepped curve for each number of homes, the incidents on record as points, the wallet's loss as a line on top.
//!
//! Called by the drill. Distances are in tenths of a pixel of the drawing; integers only.

use policy::Language;
use types::{Currency, Span, Value};

use super::svg::{Anchor, Svg, Tenths};
use super::{duration, money};

const WIDTH: Tenths = 7600;
const LEFT: Tenths = 500;
const RIGHT: Tenths = 5200;
const TOP: Tenths = 1900;
const BOTTOM: Tenths = 5600;
/// Between two lines of text at the curves' ends.
const LABEL_GAP: Tenths = 530;
/// Along the axis of time.
const TICKS_HOURS: [u64; 8] = [1, 2, 6, 12, 24, 48, 96, 240];

const STYLE: &str = "\
.drill{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#5a6470;--rule:#d5dae0;--one:#0b6e4f;--two:#b45309;--three:#7a2a8a;--lost:#b3261e;\
font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;width:100%;height:auto;max-width:960px;display:block;margin:0 auto;background:var(--paper)}\
@media(prefers-color-scheme:dark){.drill{--paper:#14181d;--ink:#eef1f4;--soft:#a3adb8;--rule:#333b44;--one:#4fd1a5;--two:#f5a54a;--three:#d59be3;--lost:#ff8a80}}\
@media print{.drill{--paper:#fff;--ink:#000;--soft:#333;--rule:#bbb;--one:#0b6e4f;--two:#b45309;--three:#7a2a8a;--lost:#b3261e}}\
.drill .paper{fill:var(--paper)}.drill text{fill:var(--ink);font-size:20px}.drill .title{font-size:29px;font-weight:700}.drill .soft{fill:var(--soft)}\
.drill .small{font-size:18px;fill:var(--soft)}.drill .bold{font-weight:700}.drill .number{fill:var(--ink);paint-order:stroke;stroke:var(--paper);stroke-width:5px;stroke-linejoin:round}.drill .rule{stroke:var(--rule);stroke-width:1;fill:none}.drill .axis{stroke:var(--soft);stroke-width:1.5;fill:none}\
.drill path.one,.drill path.two,.drill path.three{fill:none;stroke-width:3.5;stroke-linejoin:round}.drill path.one{stroke:var(--one)}.drill path.two{stroke:var(--two);stroke-dasharray:11 5}\
.drill path.three{stroke:var(--three);stroke-dasharray:3 5}.drill text.one{fill:var(--one)}.drill text.two{fill:var(--two)}.drill text.three{fill:var(--three)}\
.drill path.wallet{fill:none;stroke:var(--lost);stroke-width:2}.drill text.wallet{fill:var(--lost)}.drill .ring{fill:var(--paper);stroke:var(--lost);stroke-width:2}\
.drill .dot{fill:var(--ink);fill-opacity:.8;stroke:var(--paper);stroke-width:1.5}";

/// A curve: what so many homes lose, at rising horizons.
pub(crate) struct Curve {
    /// Horizon and loss.
    pub points: Vec<(Span, Value)>,
}

/// Incidents that fall on one point.
#[derive(Clone, Copy)]
pub(crate) struct Point {
    /// How long people are held.
    pub horizon: Span,
    /// What is lost.
    pub loss: Value,
    /// How many incidents.
    pub count: usize,
}

/// Everything that the figure shows.
pub(crate) struct Chart {
    /// The currency of all sums.
    pub currency: Currency,
    /// What the vaults hold: what a wallet would have lost.
    pub held: Value,
    /// One for each number of homes.
    pub curves: Vec<Curve>,
    /// The incidents.
    pub points: Vec<Point>,
    /// The figure in words.
    pub words: String,
}

struct Scale {
    longest: u64,
    held: u128,
}

impl Scale {
    /// Logarithmic from one hour on; what is shorter stands at one hour.
    fn x(&self, span: Span) -> Tenths {
        let along =
            |seconds: u64| log2_thousandths(seconds.clamp(3600, self.longest)) - log2_thousandths(3600);
        let whole = along(self.longest).max(1);
        LEFT + (RIGHT - LEFT) * along(span.seconds()) / whole
    }

    fn y(&self, value: Value) -> Tenths {
        let height = u128::from((BOTTOM - TOP).unsigned_abs());
        let part = value.minor().min(self.held).saturating_mul(height) / self.held.max(1);
        BOTTOM - Tenths::try_from(part).unwrap_or(0)
    }
}

/// A thousand times the binary logarithm, by repeated squaring: no floating point, so the figure is the same everywhere.
fn log2_thousandths(number: u64) -> i64 {
    let whole = u64::from(number.max(1).ilog2());
    let mut mantissa = (u128::from(number.max(1)) << 32) >> whole;
    let mut fraction: i64 = 0;
    for bit in 1..=16_u32 {
        mantissa = (mantissa * mantissa) >> 32;
        if mantissa >= 2 << 32 {
            mantissa >>= 1;
            fraction += 1 << (16 - bit);
        }
    }
    i64::try_from(whole).unwrap_or(0) * 1000 + fraction * 1000 / 65_536
}

struct Words {
    title: &'static str,
    subtitle: [&'static str; 2],
    time: &'static str,
    lost: [&'static str; 2],
    wallet: &'static str,
    homes: [&'static str; 3],
    legend: [&'static str; 3],
}

const ENGLISH: Words = Words {
    title: "What force could take from us",
    subtitle: ["The most that people can be made to move,", "if nobody signals and nobody intervenes"],
    time: "how long people are held",
    lost: ["lost, as a share of", "held"],
    wallet: "password wallet",
    homes: ["one home", "two homes", "three homes"],
    legend: [
        "attacks on record under our rules, and how many",
        "the same, if a phone and a password were enough",
        "the worst homes taken at once, under our rules",
    ],
};

const FRENCH: Words = Words {
    title: "Ce que la force pourrait nous prendre",
    subtitle: [
        "Le plus que l’on puisse faire déplacer à des personnes,",
        "si personne ne signale rien et si personne n’intervient",
    ],
    time: "durée pendant laquelle on tient les personnes",
    lost: ["perte, en part des", "détenus"],
    wallet: "simple mot de passe",
    homes: ["un domicile", "deux domiciles", "trois domiciles"],
    legend: [
        "attaques connues sous nos règles, et leur nombre",
        "les mêmes, si téléphone et mot de passe suffisaient",
        "les pires domiciles pris à la fois, sous nos règles",
    ],
};

const CLASSES: [&str; 3] = ["one", "two", "three"];

/// The figure as SVG.
pub(crate) fn draw(chart: &Chart, language: Language) -> String {
    let words = match language {
        Language::En => &ENGLISH,
        Language::Fr => &FRENCH,
    };
    let longest = TICKS_HOURS.last().copied().unwrap_or(240) * 3600;
    let recorded = chart.points.iter().map(|point| point.horizon.seconds()).max().unwrap_or(0);
    let scale = Scale { longest: longest.max(recorded), held: chart.held.minor() };
    let height = BOTTOM + 2250;
    let mut svg = Svg::new((WIDTH, height), "drill", STYLE, words.title, &chart.words);
    svg.rectangle("paper", (0, 0), (WIDTH, height), 0);
    svg.text("title", Anchor::Start, (LEFT - 250, 450), words.title);
    svg.text("soft", Anchor::Start, (LEFT - 250, 810), words.subtitle[0]);
    svg.text("soft", Anchor::Start, (LEFT - 250, 1070), words.subtitle[1]);
    axes(&mut svg, &scale, chart, words, language);
    curves(&mut svg, &scale, chart, words, language);
    points(&mut svg, &scale, chart, language);
    legend(&mut svg, words);
    svg.finish()
}

fn axes(svg: &mut Svg, scale: &Scale, chart: &Chart, words: &Words, language: Language) {
    for quarter in 1..=3 {
        let y = scale.y(Value::from_minor(chart.held.minor() / 4 * quarter));
        svg.line("rule", (LEFT, y), (RIGHT, y));
        let share = format!("{}\u{a0}%", quarter * 25);
        svg.text("small", Anchor::Start, (LEFT + 50, y - 60), &share);
    }
    for hours in TICKS_HOURS {
        let x = scale.x(Span::from_hours(hours));
        svg.line("rule", (x, TOP), (x, BOTTOM + 80));
        svg.text("small", Anchor::Middle, (x, BOTTOM + 310), &tick(hours, language));
    }
    svg.line("axis", (LEFT, BOTTOM), (RIGHT, BOTTOM));
    svg.text("small", Anchor::Middle, ((LEFT + RIGHT) / 2, BOTTOM + 620), words.time);
    let [before, after] = words.lost;
    let lost = format!("{before} {} {after}", money(chart.held, chart.currency, language));
    svg.text("small", Anchor::Start, (LEFT - 250, TOP - 420), &lost);
    svg.line("wallet", (LEFT, TOP), (RIGHT, TOP));
    svg.text("small", Anchor::End, (LEFT - 60, BOTTOM + 50), "0");
}

/// Short: the axis has no room for a word.
fn tick(hours: u64, language: Language) -> String {
    match language {
        _ if hours <= 96 => duration(Span::from_hours(hours), language),
        Language::En => format!("{}\u{a0}d", hours / 24),
        Language::Fr => format!("{}\u{a0}j", hours / 24),
    }
}

/// A bound holds up to the next horizon that was computed only if nothing rises between: steps go up as early as they can.
fn curves(svg: &mut Svg, scale: &Scale, chart: &Chart, words: &Words, language: Language) {
    let mut labels = vec![(scale.y(chart.held), "wallet", words.wallet.to_owned(), chart.held)];
    for (curve, (class, name)) in chart.curves.iter().zip(CLASSES.iter().zip(words.homes)) {
        let mut path = Vec::new();
        for (at, (horizon, loss)) in curve.points.iter().enumerate() {
            let (x, y) = (scale.x(*horizon), scale.y(*loss));
            if at > 0
                && let Some((last_x, _)) = path.last().copied()
            {
                path.push((last_x, y));
            }
            path.push((x, y));
        }
        svg.path(class, &path);
        let last = curve.points.last().map_or(Value::ZERO, |(_, loss)| *loss);
        // Where labels must share a height, the larger number of homes stands above.
        labels.insert(1, (scale.y(last), class, name.to_owned(), last));
    }
    labels.sort_by_key(|(y, ..)| *y);
    let mut lowest = Tenths::MIN;
    let overflow = BOTTOM + 80;
    let count = Tenths::try_from(labels.len()).unwrap_or(0);
    for (left, (y, class, name, loss)) in (0..count).rev().zip(labels) {
        let y = y.max(lowest).min(overflow - left * LABEL_GAP - 200);
        lowest = y + LABEL_GAP;
        svg.text(
            &format!("{class} bold"),
            Anchor::Start,
            (RIGHT + 120, y + 20),
            &money(loss, chart.currency, language),
        );
        svg.text("small", Anchor::Start, (RIGHT + 120, y + 250), &name);
    }
}

fn points(svg: &mut Svg, scale: &Scale, chart: &Chart, language: Language) {
    // The rings first: an attack that gets everything under these rules must not hide behind one.
    for point in &chart.points {
        let all = money(chart.held, chart.currency, language);
        svg.circle("ring", (scale.x(point.horizon), TOP), radius(point.count).min(90), &all);
    }
    for point in &chart.points {
        let (x, y) = (scale.x(point.horizon), scale.y(point.loss));
        let held = duration(point.horizon, language);
        let words = format!("{} × {held}: {}", point.count, money(point.loss, chart.currency, language));
        svg.circle("dot", (x, y), radius(point.count), &words);
        if point.count > 1 {
            svg.text(
                "small bold",
                Anchor::Middle,
                (x, y - radius(point.count) - 50),
                &point.count.to_string(),
            );
        }
    }
}

/// The area is as the count.
fn radius(count: usize) -> Tenths {
    let area = u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(250).saturating_add(1400);
    Tenths::try_from(area.isqrt()).unwrap_or(0).min(220)
}

fn legend(svg: &mut Svg, words: &Words) {
    let mut y = BOTTOM + 1120;
    let [dots, rings, lines] = words.legend;
    svg.circle("dot", (LEFT, y - 50), 70, dots);
    svg.text("small", Anchor::Start, (LEFT + 400, y), dots);
    y += 370;
    svg.circle("ring", (LEFT, y - 50), 60, rings);
    svg.text("small", Anchor::Start, (LEFT + 400, y), rings);
    y += 370;
    for (class, step) in CLASSES.iter().zip(0..) {
        let y = y - 110 + step * 60;
        svg.line(class, (LEFT - 200, y), (LEFT + 250, y));
    }
    svg.text("small", Anchor::Start, (LEFT + 400, y), lines);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_close_and_never_falls() {
        for (number, expected) in [(1, 0), (2, 1000), (3, 1584), (3600, 11_813), (86_400, 16_398)] {
            assert!((log2_thousandths(number) - expected).abs() <= 1, "{number}");
        }
        assert!((1..5000).all(|number| log2_thousandths(number) <= log2_thousandths(number + 1)));
    }

    fn chart() -> Chart {
        let points =
            vec![(Span::from_hours(1), Value::from_minor(0)), (Span::from_hours(240), Value::from_minor(50))];
        Chart {
            currency: types::Currency::parse("EUR").unwrap(),
            held: Value::from_minor(100),
            curves: vec![Curve { points }],
            points: vec![Point { horizon: Span::from_hours(6), loss: Value::from_minor(20), count: 3 }],
            words: "<words>".to_owned(),
        }
    }

    #[test]
    fn more_is_higher_and_longer_is_further() {
        let scale = Scale { longest: 864_000, held: 100 };
        assert_eq!(scale.y(Value::ZERO), BOTTOM);
        assert_eq!(scale.y(Value::from_minor(100)), TOP);
        assert_eq!(scale.y(Value::from_minor(u128::MAX)), TOP);
        assert_eq!((scale.x(Span::ZERO), scale.x(Span::from_hours(240))), (LEFT, RIGHT));
        assert!(scale.x(Span::from_hours(6)) < scale.x(Span::from_hours(24)));
    }

    #[test]
    fn the_figure_says_in_words_what_it_shows_and_asks_nobody() {
        for language in [Language::En, Language::Fr] {
            let svg = draw(&chart(), language);
            assert!(svg.contains("<desc id=\"drill-words\">&lt;words&gt;</desc>"));
            assert!(!svg.contains("<script") && !svg.contains("href") && !svg.contains("url("), "{svg}");
            assert_eq!(svg.matches("http").count(), 1, "only the name space");
        }
    }
}
