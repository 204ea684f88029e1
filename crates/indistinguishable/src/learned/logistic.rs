//! Logistic regression with a small ridge, by Newton's method: finds any difference that is a weighted sum.

use crate::random::Chance;

use super::Row;

const ROUNDS: usize = 8;
const RIDGE: f64 = 1.0;

/// Trains on the first rows and scores the second.
pub fn scores(train: &[Row], test: &[Row], _chance: &mut Chance) -> Vec<f64> {
    let width = train.first().map_or(0, |row| row.seen.len()) + 1;
    let mut weights = vec![0.0; width];
    for _ in 0..ROUNDS {
        let (gradient, curvature) = slopes(train, &weights);
        let step = solve(curvature, gradient);
        for (weight, step) in weights.iter_mut().zip(step) {
            *weight += step;
        }
    }
    test.iter().map(|row| line(&weights, row)).collect()
}

fn line(weights: &[f64], row: &Row) -> f64 {
    weights[0] + weights[1..].iter().zip(&row.seen).map(|(weight, value)| weight * value).sum::<f64>()
}

/// The gradient of the likelihood and the negative of its second derivative.
fn slopes(rows: &[Row], weights: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let width = weights.len();
    let mut gradient: Vec<f64> = weights.iter().map(|weight| -RIDGE * weight).collect();
    let mut curvature = vec![vec![0.0; width]; width];
    let mut x = vec![1.0; width];
    for row in rows {
        x[1..].copy_from_slice(&row.seen);
        let p = 1.0 / (1.0 + (-line(weights, row)).exp());
        let (error, weight) = (f64::from(u8::from(row.duress)) - p, p * (1.0 - p));
        for (i, value) in x.iter().enumerate() {
            gradient[i] += error * value;
            let scaled = weight * value;
            for (sum, other) in curvature[i][..=i].iter_mut().zip(&x) {
                *sum += scaled * other;
            }
        }
    }
    // So far only the lower half.
    let lower = curvature.clone();
    for (i, row) in curvature.iter_mut().enumerate() {
        row[i] += RIDGE;
        for (value, below) in row.iter_mut().zip(&lower).skip(i + 1).map(|(value, below)| (value, below[i])) {
            *value = below;
        }
    }
    (gradient, curvature)
}

/// Gauss with pivots; the ridge keeps the matrix regular.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let width = right.len();
    for i in 0..width {
        let pivot =
            (i..width).max_by(|a, b| matrix[*a][i].abs().total_cmp(&matrix[*b][i].abs())).unwrap_or(i);
        matrix.swap(i, pivot);
        right.swap(i, pivot);
        let top = matrix[i].clone();
        for j in i + 1..width {
            let share = matrix[j][i] / top[i];
            for (value, above) in matrix[j][i..].iter_mut().zip(&top[i..]) {
                *value -= share * above;
            }
            right[j] -= share * right[i];
        }
    }
    for i in (0..width).rev() {
        let known: f64 = matrix[i][i + 1..].iter().zip(&right[i + 1..]).map(|(a, x)| a * x).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equations_are_solved() {
        let solved =
            solve(vec![vec![0.0, 2.0, 1.0], vec![1.0, 1.0, 1.0], vec![2.0, 1.0, 3.0]], vec![7.0, 6.0, 13.0]);
        let expected = [1.0, 2.0, 3.0];
        assert!(solved.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{solved:?}");
    }
}
