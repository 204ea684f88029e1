//! Plots as SVG, drawn by ourselves: for each timing both cumulative distributions, one over the other. Where only one line is seen, they agree.

use std::fmt::Write;

use crate::statistics::percentile;
use crate::verdict::timing::Series;

const COLUMNS: usize = 3;
const PANEL: (f64, f64) = (300.0, 150.0);
const MARGIN: (f64, f64) = (20.0, 34.0);
/// How many points a line has.
const POINTS: usize = 80;

/// One page with a panel for each series.
pub fn page(series: &[Series]) -> String {
    let rows = series.len().div_ceil(COLUMNS).max(1);
    let (width, height) =
        (COLUMNS as f64 * (PANEL.0 + MARGIN.0) + MARGIN.0, rows as f64 * (PANEL.1 + MARGIN.1 * 2.0) + 40.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"11\" role=\"img\">\n\
         <title>Cumulative distributions of times: free and duress</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n\
         <text x=\"20\" y=\"22\" font-size=\"13\">Share of sessions that took at most so long: <tspan fill=\"#1f6fb4\">free</tspan>, <tspan fill=\"#c2410c\">duress (dashed)</tspan></text>\n"
    );
    for (index, series) in series.iter().enumerate() {
        let x = MARGIN.0 + (index % COLUMNS) as f64 * (PANEL.0 + MARGIN.0);
        let y = 40.0 + MARGIN.1 / 2.0 + (index / COLUMNS) as f64 * (PANEL.1 + MARGIN.1 * 2.0);
        panel(&mut svg, series, x, y);
    }
    svg += "</svg>\n";
    svg
}

fn panel(svg: &mut String, series: &Series, x: f64, y: f64) {
    let all = [&series.free[..], &series.duress[..]].concat();
    let (low, high) = (percentile(&all, 0.002), percentile(&all, 0.98));
    let bottom = y + PANEL.1;
    // Writing into a string cannot fail.
    let _ = writeln!(svg, "<text x=\"{x}\" y=\"{:.0}\">{}</text>", y - 5.0, escaped(&series.name));
    let _ = writeln!(
        svg,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#bbb\"/>",
        PANEL.0, PANEL.1
    );
    let _ =
        writeln!(svg, "<text x=\"{x}\" y=\"{:.0}\" fill=\"#555\">{}</text>", bottom + 13.0, duration(low));
    let _ = writeln!(
        svg,
        "<text x=\"{:.0}\" y=\"{:.0}\" fill=\"#555\" text-anchor=\"end\">{}</text>",
        x + PANEL.0,
        bottom + 13.0,
        duration(high)
    );
    for (values, style) in [
        (&series.free, "stroke=\"#1f6fb4\""),
        (&series.duress, "stroke=\"#c2410c\" stroke-dasharray=\"5 4\""),
    ] {
        let _ = writeln!(
            svg,
            "<path d=\"{}\" fill=\"none\" stroke-width=\"1.6\" {style}/>",
            path(values, (low, high), (x, y))
        );
    }
}

fn path(values: &[f64], (low, high): (f64, f64), (x, y): (f64, f64)) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut path = String::new();
    for point in 0..=POINTS {
        let place = point as f64 / POINTS as f64;
        let value = low + (high - low) * place;
        let share = sorted.partition_point(|other| *other <= value) as f64 / sorted.len().max(1) as f64;
        let letter = if point == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{letter}{:.1} {:.1}", x + PANEL.0 * place, y + PANEL.1 * (1.0 - share));
    }
    path
}

fn duration(nanos: f64) -> String {
    if nanos >= 1e6 { format!("{:.1} ms", nanos / 1e6) } else { format!("{:.1} µs", nanos / 1e3) }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panel_has_both_lines_and_they_differ_where_the_times_do() {
        let free: Vec<f64> = (0..100).map(f64::from).collect();
        let same = Series { name: "a & b".into(), free: free.clone(), duress: free };
        let lines = |series: &Series| -> Vec<String> {
            let svg = page(std::slice::from_ref(series));
            assert!(svg.contains("a &amp; b"));
            svg.lines()
                .filter_map(|line| line.strip_prefix("<path d=\"")?.split('"').next().map(str::to_owned))
                .collect()
        };
        let drawn = lines(&same);
        assert!(drawn.len() == 2 && drawn[0] == drawn[1]);
        let drawn = lines(&same.delayed(20.0));
        assert_ne!(drawn[0], drawn[1]);
    }
}
