//! The drill's figure: what one, two and three homes lose over time, and where the incidents fall. Called by `rempart drill --svg`.

use std::collections::BTreeMap;

use policy::{Language, Policy};
use types::{Span, Value};

use super::Drill;
use super::text::figure_in_words;
use crate::figure::chart::{self, Chart, Curve, Point};
use crate::{Adversary, BoundError, Holdings, Mode, Question, TABLE_TAKEN_MAX, Taken, bound};

/// Where curves are computed in any case, in hours.
const HORIZONS_HOURS: [u64; 19] =
    [1, 2, 4, 6, 9, 12, 18, 24, 30, 36, 48, 60, 72, 96, 120, 144, 168, 204, 240];
/// The most horizons of one curve.
const HORIZONS_MAX: usize = 64;

/// Draws a drill.
///
/// # Errors
/// When a bound cannot be computed.
pub fn draw(
    policy: &Policy,
    holdings: &Holdings,
    drill: &Drill,
    language: Language,
) -> Result<String, BoundError> {
    let horizons = horizons(policy, drill);
    let mut curves = Vec::new();
    for k in 1..=TABLE_TAKEN_MAX {
        let mut points = Vec::new();
        for horizon in &horizons {
            let taken = Taken::K(k);
            let question =
                Question { adversary: Adversary::Homes, taken, horizon: *horizon, mode: Mode::Silent };
            points.push((*horizon, bound(policy, holdings, &question)?.amount));
        }
        curves.push(Curve { points });
    }
    let mut counts: BTreeMap<(Span, Value), usize> = BTreeMap::new();
    for answer in &drill.answers {
        *counts.entry((answer.horizon, answer.losses.silent)).or_default() += answer.count;
    }
    let point = |((horizon, loss), count)| Point { horizon, loss, count };
    let points = counts.into_iter().map(point).collect();
    let words = figure_in_words(drill, &curves, language);
    let chart = Chart { currency: drill.currency, held: drill.held, curves, points, words };
    Ok(chart::draw(&chart, language))
}

/// The usual ones, those of the incidents, and both sides of every moment at which a wait of the policy ends.
fn horizons(policy: &Policy, drill: &Drill) -> Vec<Span> {
    let mut horizons: Vec<Span> = HORIZONS_HOURS.map(Span::from_hours).to_vec();
    horizons.extend(drill.answers.iter().map(|answer| answer.horizon));
    let longest = horizons.iter().max().copied().unwrap_or_default();
    let waits = policy.permits().iter().map(|permit| permit.hold).chain([policy.change().hold]);
    for wait in waits.filter(|wait| *wait > Span::from_hours(1) && *wait <= longest) {
        horizons.extend([wait, Span::from_seconds(wait.seconds() - 1)]);
    }
    horizons.retain(|horizon| *horizon >= Span::from_hours(1));
    horizons.sort_unstable();
    horizons.dedup();
    horizons.truncate(HORIZONS_MAX);
    if horizons.last() != Some(&longest) {
        horizons.push(longest);
    }
    horizons
}
