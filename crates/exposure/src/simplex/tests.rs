//! The solver against corners that are known, and against the plain one on random programs (G2).

use proptest::prelude::*;

use super::{Found, Linear, dense};

type Rows<'r> = &'r [(&'r [(usize, f64)], f64)];

fn linear(gain: &[f64], most: &[f64], rows: Rows<'_>) -> Linear {
    Linear {
        gain: gain.to_vec(),
        rows: rows.iter().map(|(row, _)| row.to_vec()).collect(),
        limits: rows.iter().map(|(_, limit)| *limit).collect(),
        most: most.to_vec(),
    }
}

/// The gain, and whether the solution keeps every row and bound and the prices prove it.
fn checked(linear: &Linear) -> Option<f64> {
    let Found::Best { values, prices } = linear.solve() else { return None };
    for (row, limit) in linear.rows.iter().zip(&linear.limits) {
        let used: f64 = row.iter().map(|(at, factor)| values[*at] * factor).sum();
        assert!(used <= limit + 1e-6, "{used} over {limit}");
    }
    let mut left = linear.gain.clone();
    let mut proven = 0.0;
    for ((row, limit), price) in linear.rows.iter().zip(&linear.limits).zip(&prices) {
        proven += price * limit;
        row.iter().for_each(|(at, factor)| left[*at] -= price * factor);
    }
    for ((left, most), value) in left.iter().zip(&linear.most).zip(&values) {
        assert!(*value >= 0.0 && *value <= most + 1e-6);
        if *left > 1e-7 {
            proven += left * most;
        }
    }
    let total: f64 = values.iter().zip(&linear.gain).map(|(value, gain)| value * gain).sum();
    assert!((total - proven).abs() < 1e-5, "{total}, proven {proven}");
    Some(total)
}

#[test]
fn the_best_corner_is_found_with_its_prices() {
    let rows: [(&[(usize, f64)], f64); 2] = [(&[(1, 2.0)], 12.0), (&[(0, 3.0), (1, 2.0)], 18.0)];
    let total = checked(&linear(&[3.0, 5.0], &[4.0, f64::INFINITY], &rows)).unwrap();
    assert!((total - 36.0).abs() < 1e-9);
}

#[test]
fn least_values_are_rows_and_may_be_impossible() {
    let rows: [(&[(usize, f64)], f64); 2] = [(&[(0, 1.0), (1, 1.0)], 10.0), (&[(0, -1.0)], -3.0)];
    let total = checked(&linear(&[1.0, 2.0], &[f64::INFINITY, 9.0], &rows)).unwrap();
    assert!((total - 17.0).abs() < 1e-9, "{total}");
    let too_much: [(&[(usize, f64)], f64); 1] = [(&[(0, -1.0)], -3.0)];
    assert!(matches!(linear(&[1.0], &[2.0], &too_much).solve(), Found::Impossible));
}

#[test]
fn without_an_end_it_gives_up() {
    assert!(matches!(linear(&[1.0], &[f64::INFINITY], &[]).solve(), Found::GaveUp));
    let total = checked(&linear(&[1.0, 0.0], &[7.0, f64::INFINITY], &[])).unwrap();
    assert!((total - 7.0).abs() < 1e-9);
}

fn programs() -> impl Strategy<Value = Linear> {
    (1usize..9, 1usize..9).prop_flat_map(|(columns, height)| {
        let term = (0..columns, prop_oneof![Just(1), Just(1), Just(-1), -3i32..6]);
        let row = (prop::collection::vec(term, 1..5), -4i32..20);
        let gain = prop::collection::vec(0i32..4, columns);
        let most = prop::collection::vec(prop::option::weighted(0.8, 0i32..12), columns);
        (gain, most, prop::collection::vec(row, height)).prop_map(|(gain, most, rows)| Linear {
            gain: gain.into_iter().map(f64::from).collect(),
            most: most.into_iter().map(|most| most.map_or(f64::INFINITY, f64::from)).collect(),
            limits: rows.iter().map(|(_, limit)| f64::from(*limit)).collect(),
            rows: rows
                .into_iter()
                .map(|(row, _)| {
                    let mut sums = std::collections::BTreeMap::new();
                    row.into_iter().for_each(|(at, factor)| *sums.entry(at).or_insert(0) += factor);
                    sums.into_iter().map(|(at, factor)| (at, f64::from(factor))).collect()
                })
                .collect(),
        })
    })
}

/// The same program for the plain solver, whose bounds are rows.
fn plainly(linear: &Linear) -> dense::Linear {
    let bounds = linear.most.iter().enumerate().filter(|(_, most)| most.is_finite());
    let mut rows = linear.rows.clone();
    let mut limits = linear.limits.clone();
    for (at, most) in bounds {
        rows.push(vec![(at, 1.0)]);
        limits.push(*most);
    }
    dense::Linear { gain: linear.gain.clone(), rows, limits }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]
    #[test]
    fn it_agrees_with_the_plain_solver(program in programs()) {
        match plainly(&program).solve() {
            dense::Found::Best { values, .. } => {
                let total: f64 = values.iter().zip(&program.gain).map(|(value, gain)| value * gain).sum();
                let mine = checked(&program);
                prop_assert!(mine.is_some_and(|mine| (mine - total).abs() < 1e-5), "{:?}, plainly {}", mine, total);
            }
            dense::Found::Impossible => {
                let impossible = matches!(program.solve(), Found::Impossible);
                prop_assert!(impossible, "there is no solution");
            }
            dense::Found::GaveUp => {
                let solved = matches!(program.solve(), Found::Best { .. });
                prop_assert!(!solved, "there is no end to it");
            }
        }
    }
}
