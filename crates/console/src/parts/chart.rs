//! Charts: curves that the server draws as SVG, with a title and words that say the same, in the colours of the style sheet (G9).
//!
//! The same numbers give the same bytes (G3): places are whole tenths of a pixel, worked out from the numbers alone. Which scale fits is
//! chosen from the numbers too. Called by the pages of exposure; each shows the same numbers as a table beside the chart.

use maud::{Markup, html};

/// All places are in tenths of a pixel, in an image of this size: it keeps the size of its letters on a telephone, where it is as wide as the page.
const WIDTH: i32 = 3600;
const HEIGHT: i32 = 2300;
const LEFT: i32 = 520;
const RIGHT: i32 = 2760;
const TOP: i32 = 120;
const BOTTOM: i32 = 2000;
/// How far apart two texts stand at least.
const LINE: i32 = 140;
/// Sums that are so many times apart are shown by their magnitude.
const MAGNITUDES: u128 = 100;
/// Points are drawn one by one up to here.
const POINTS_MAX: usize = 24;
/// The most lines across.
const LINES_MAX: u32 = 5;

/// What holds between two points.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Between {
    /// What the later point says: a bound that grows with time.
    Later,
    /// What the earlier point says: a fact that stands until it is another.
    Earlier,
}

/// One curve.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Curve {
    /// What stands beside its end.
    pub name: String,
    /// Where along, and how much; nothing where there is no number.
    pub points: Vec<(u64, Option<u128>)>,
}

/// Writes a sum as briefly as it can be.
pub type Brief<'a> = &'a dyn Fn(u128) -> String;

/// A chart.
pub struct Chart<'a> {
    /// Unique on its page.
    pub id: &'a str,
    /// What it is of.
    pub title: &'a str,
    /// The same in words.
    pub words: &'a str,
    /// What is written below, and where.
    pub marks: &'a [(u64, String)],
    /// What holds between two points.
    pub between: Between,
    /// The curves; three can be told apart.
    pub curves: &'a [Curve],
    /// How sums are written at the side.
    pub brief: Brief<'a>,
}

/// The classes of curves and their dashes, so that they are told apart without colours.
const KINDS: [(&str, &str); 3] = [("one", "none"), ("two", "80 40"), ("three", "20 30")];

/// Draws it.
#[must_use]
pub fn draw(chart: &Chart<'_>) -> Markup {
    let (title, words) = (format!("{}-title", chart.id), format!("{}-words", chart.id));
    let along = Along::of(chart);
    let up = Up::of(chart);
    html! {
        svg.chart xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-labelledby={ (title) " " (words) } {
            title id=(title) { (chart.title) }
            desc id=(words) { (chart.words) }
            @for sum in up.lines() {
                path.rule d={ "M" (LEFT) " " (up.at(sum)) "H" (RIGHT) } {}
                text x=(LEFT - 60) y=(up.at(sum) + 40) text-anchor="end" { ((chart.brief)(sum)) }
            }
            @for (at, mark) in chart.marks {
                path.rule d={ "M" (along.at(*at)) " " (BOTTOM) "v50" } {}
                text x=(along.at(*at)) y=(BOTTOM + 180) text-anchor="middle" { (mark) }
            }
            @for (curve, (class, dash)) in chart.curves.iter().zip(KINDS) {
                g class=(class) {
                    path.curve stroke-dasharray=(dash) d=(way(curve, chart.between, &along, &up)) {}
                    @if curve.points.len() <= POINTS_MAX {
                        @for (at, sum) in &curve.points {
                            @if let Some(sum) = sum { circle cx=(along.at(*at)) cy=(up.at(*sum)) r="32" {} }
                        }
                    }
                }
            }
            @for (class, name, y) in names(chart, &up) {
                g class=(class) { text.name x=(RIGHT + 70) y=(y + 40) { (name) } }
            }
        }
    }
}

/// The curve's path: steps, never a slope, since nothing is known of what is between. Where there is no number it is broken.
fn way(curve: &Curve, between: Between, along: &Along, up: &Up) -> String {
    let mut path = String::new();
    let mut drawn = false;
    for (at, sum) in &curve.points {
        let x = along.at(*at);
        let step = match (sum.map(|sum| up.at(sum)), drawn, between) {
            (Some(y), false, _) => format!("M{x} {y}"),
            (Some(y), true, Between::Later) => format!("V{y}H{x}"),
            (Some(y), true, Between::Earlier) => format!("H{x}V{y}"),
            (None, true, Between::Earlier) => format!("H{x}"),
            (None, _, _) => String::new(),
        };
        path.push_str(&step);
        drawn = sum.is_some();
    }
    path
}

/// The names beside the ends of curves, moved apart so that each can be read.
fn names(chart: &Chart<'_>, up: &Up) -> Vec<(&'static str, String, i32)> {
    let last = |curve: &Curve| curve.points.iter().rev().find_map(|(_, sum)| *sum);
    let shown = chart.curves.iter().zip(KINDS);
    let mut names: Vec<(&str, String, i32)> = shown
        .filter_map(|(curve, (class, _))| Some((class, curve.name.clone(), up.at(last(curve)?))))
        .collect();
    // From the bottom up; of those at one height the first stands lowest.
    names.sort_by_key(|(_, _, y)| std::cmp::Reverse(*y));
    let mut free = BOTTOM;
    for (_, _, y) in &mut names {
        *y = (*y).min(free);
        free = y.saturating_sub(LINE);
    }
    // What was moved above the image goes back down.
    let mut free = TOP;
    for (_, _, y) in names.iter_mut().rev() {
        *y = (*y).max(free);
        free = y.saturating_add(LINE);
    }
    names
}

/// A share of a distance, in whole tenths of a pixel.
fn part(share: f64, of: i32) -> i32 {
    (share.clamp(0.0, 1.0) * f64::from(of)).round() as i32
}

/// Where something stands along the bottom.
struct Along {
    from: u64,
    to: u64,
    by_magnitude: bool,
}

impl Along {
    fn of(chart: &Chart<'_>) -> Self {
        let points = chart.curves.iter().flat_map(|curve| curve.points.iter().map(|(at, _)| *at));
        let all = || points.clone().chain(chart.marks.iter().map(|(at, _)| *at));
        let (from, to) = (all().min().unwrap_or(0), all().max().unwrap_or(0));
        let even = Self { from, to, by_magnitude: false };
        let magnitudes = Self { from, to, by_magnitude: from > 0 };
        // The scale on which the marks stand better apart.
        let is_better = magnitudes.narrowest(chart.marks) > even.narrowest(chart.marks);
        if is_better { magnitudes } else { even }
    }

    fn narrowest(&self, marks: &[(u64, String)]) -> i32 {
        let places = marks.iter().map(|(at, _)| self.at(*at));
        let next = places.clone().skip(1);
        places.zip(next).map(|(one, next)| next - one).min().unwrap_or(0)
    }

    fn at(&self, at: u64) -> i32 {
        let measure = |at: u64| if self.by_magnitude { (at as f64).ln() } else { at as f64 };
        let whole = measure(self.to) - measure(self.from);
        let share = if whole > 0.0 { (measure(at) - measure(self.from)) / whole } else { 0.5 };
        LEFT + 80 + part(share, RIGHT - LEFT - 80)
    }
}

/// Where a sum stands.
enum Up {
    /// Evenly: from nothing to so many steps of this size.
    Even { step: u128, steps: u32 },
    /// By magnitude: from 10 to the power of the first to that of the last; with room for nothing at the bottom.
    Magnitudes { first: u32, last: u32, has_zero: bool },
}

impl Up {
    fn of(chart: &Chart<'_>) -> Self {
        let sums = chart.curves.iter().flat_map(|curve| curve.points.iter().filter_map(|(_, sum)| *sum));
        let largest = sums.clone().max().unwrap_or(0);
        let least = sums.clone().filter(|sum| *sum > 0).min().unwrap_or(0);
        if largest == 0 {
            return Self::Even { step: 1, steps: 0 };
        }
        if largest / least < MAGNITUDES {
            return Self::even(largest);
        }
        let last = largest.ilog10()
            + u32::from(10u128.checked_pow(largest.ilog10()).is_none_or(|power| power < largest));
        Self::Magnitudes { first: least.ilog10(), last, has_zero: sums.clone().any(|sum| sum == 0) }
    }

    /// The smallest of 1, 2 and 5 times a power of ten with which few lines do.
    fn even(largest: u128) -> Self {
        let powers = (0..=38).map(|exponent| 10u128.pow(exponent));
        let mut steps = powers.flat_map(|power| [1, 2, 5].map(|times| power.saturating_mul(times)));
        let step = steps.find(|step| largest.div_ceil(*step) <= u128::from(LINES_MAX)).unwrap_or(largest);
        Self::Even { step, steps: u32::try_from(largest.div_ceil(step)).unwrap_or(LINES_MAX) }
    }

    /// The sums at which a line goes across.
    fn lines(&self) -> Vec<u128> {
        match self {
            Self::Even { step, steps } => {
                (0..=*steps).map(|number| step.saturating_mul(u128::from(number))).collect()
            }
            Self::Magnitudes { first, last, has_zero } => {
                let apart = (last - first).div_ceil(LINES_MAX).max(1);
                let powers = (*first..=*last)
                    .rev()
                    .step_by(apart as usize)
                    .map(|exponent| 10u128.saturating_pow(exponent));
                powers.chain(has_zero.then_some(0)).collect()
            }
        }
    }

    fn at(&self, sum: u128) -> i32 {
        let share = match self {
            Self::Even { steps: 0, .. } => 0.0,
            Self::Even { step, steps } => sum as f64 / step.saturating_mul(u128::from(*steps)) as f64,
            Self::Magnitudes { .. } if sum == 0 => 0.0,
            Self::Magnitudes { first, last, has_zero } => {
                let bottom = f64::from(*first) - f64::from(u8::from(*has_zero));
                ((sum as f64).log10() - bottom) / (f64::from(*last) - bottom)
            }
        };
        BOTTOM - part(share, BOTTOM - TOP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief(sum: u128) -> String {
        sum.to_string()
    }

    fn marks() -> Vec<(u64, String)> {
        [1u64, 24, 48, 72, 168].map(|hours| (hours * 3600, format!("{hours} h"))).to_vec()
    }

    fn curve(name: &str, sums: &[Option<u128>]) -> Curve {
        let points = marks().iter().map(|(at, _)| *at).zip(sums.iter().copied()).collect();
        Curve { name: name.to_owned(), points }
    }

    fn drawn(curves: &[Curve], between: Between) -> String {
        let marks = marks();
        let chart = Chart {
            id: "c",
            title: "Loss",
            words: "in words",
            marks: &marks,
            between,
            curves,
            brief: &brief,
        };
        draw(&chart).into_string()
    }

    fn way_of(svg: &str) -> &str {
        let (_, after) = svg.split_once("class=\"curve\"").unwrap();
        let (_, path) = after.split_once(" d=\"").unwrap();
        path.split('"').next().unwrap()
    }

    #[test]
    fn sums_far_apart_are_shown_by_magnitude_and_others_evenly() {
        let near = [curve("a", &[Some(300), Some(300), Some(500), Some(700), Some(900)])];
        let Up::Even { step, steps } = Up::of(&chart_of(&near)) else { panic!("even") };
        assert_eq!((step, steps), (200, 5));
        let far = [curve("a", &[Some(0), Some(300), Some(500), Some(700), Some(3_000_000)])];
        let up = Up::of(&chart_of(&far));
        assert_eq!(up.lines(), [10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 0]);
        assert_eq!(up.at(0), BOTTOM);
        assert_eq!(up.at(10_000_000), TOP);
        assert!(up.at(100) < BOTTOM && up.at(100) > up.at(101));
    }

    fn chart_of(curves: &[Curve]) -> Chart<'_> {
        Chart { id: "c", title: "", words: "", marks: &[], between: Between::Later, curves, brief: &brief }
    }

    #[test]
    fn between_two_points_holds_what_the_reader_was_told() {
        let sums = [Some(0), Some(100), Some(100), Some(100), Some(200)];
        let later = drawn(&[curve("a", &sums)], Between::Later);
        let earlier = drawn(&[curve("a", &sums)], Between::Earlier);
        assert_eq!(way_of(&later), "M600 2000V1060H897V1060H1208V1060H1518V120H2760");
        assert_eq!(way_of(&earlier), "M600 2000H897V1060H1208V1060H1518V1060H2760V120");
        let broken = drawn(&[curve("a", &[Some(100), None, Some(100), None, None])], Between::Earlier);
        assert_eq!(way_of(&broken), "M600 120H897M1208 120H1518");
    }

    #[test]
    fn extremes_stay_on_the_image_and_have_no_style_of_their_own() {
        let zero = curve("zero", &[Some(0); 5]);
        let huge = curve("huge", &[Some(1), Some(u128::MAX), None, Some(7), Some(u128::MAX)]);
        let one = Curve { name: "one".to_owned(), points: vec![(5, Some(5))] };
        let none = Curve { name: "none".to_owned(), points: Vec::new() };
        for curves in
            [vec![zero.clone()], vec![huge.clone()], vec![one], vec![none], vec![], vec![zero, huge]]
        {
            let svg = drawn(&curves, Between::Later);
            assert!(!svg.contains("NaN") && !svg.contains("style="), "{svg}");
            let numbers = svg
                .split(|c: char| !c.is_ascii_digit() && c != '-')
                .filter_map(|part| part.parse::<i64>().ok());
            assert!(numbers.filter(|number| *number < 0).count() == 0, "{svg}");
        }
    }

    #[test]
    fn names_at_one_height_do_not_cover_each_other() {
        let same = [Some(100); 5];
        let curves = [curve("a", &same), curve("b", &same), curve("c", &same)];
        let chart = chart_of(&curves);
        let mut places: Vec<i32> = names(&chart, &Up::of(&chart)).iter().map(|(_, _, y)| *y).collect();
        places.sort_unstable();
        assert!(places.windows(2).all(|two| two[1] - two[0] >= LINE), "{places:?}");
        assert!(places.iter().all(|y| (TOP..=BOTTOM).contains(y)), "{places:?}");
    }

    #[test]
    fn the_marks_decide_the_scale_along() {
        assert!(!Along::of(&Chart { marks: &marks(), ..chart_of(&[]) }).by_magnitude);
        let wide = [1u64, 100, 10_000].map(|at| (at, at.to_string()));
        assert!(Along::of(&Chart { marks: &wide, ..chart_of(&[]) }).by_magnitude);
    }
}
