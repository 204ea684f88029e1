//! Nearest neighbours: a session is likely duress if those most like it were. Finds what has no simple form.

use crate::random::Chance;

use super::Row;
use crate::random::shuffle;

const NEIGHBOURS: usize = 51;
/// The most sessions that are remembered; more cost time and add little.
const REMEMBERED_MAX: usize = 6000;
/// Rows whose distances are worked out side by side, so that the compiler can use wide instructions.
const LANES: usize = 8;

/// Remembers the first rows and scores the second by the share of duress among the nearest.
pub fn scores(train: &[Row], test: &[Row], chance: &mut Chance) -> Vec<f64> {
    let mut order: Vec<usize> = (0..train.len()).collect();
    shuffle(chance, &mut order);
    order.truncate(REMEMBERED_MAX / LANES * LANES);
    order.truncate(order.len() / LANES * LANES);
    let kept: Vec<&Row> = order.iter().map(|index| &train[*index]).collect();
    let blocks: Vec<Vec<[f32; LANES]>> = kept.chunks_exact(LANES).map(block).collect();
    test.iter().map(|row| share(&kept, &blocks, row)).collect()
}

/// The same column of several rows side by side.
fn block(rows: &[&Row]) -> Vec<[f32; LANES]> {
    let width = rows.first().map_or(0, |row| row.seen.len());
    let column = |index: usize| {
        let mut lanes = [0.0; LANES];
        for (lane, row) in lanes.iter_mut().zip(rows) {
            *lane = row.seen[index] as f32;
        }
        lanes
    };
    (0..width).map(column).collect()
}

fn share(kept: &[&Row], blocks: &[Vec<[f32; LANES]>], row: &Row) -> f64 {
    let row: Vec<f32> = row.seen.iter().map(|value| *value as f32).collect();
    let mut distances: Vec<(f32, usize)> = Vec::with_capacity(kept.len());
    for (number, block) in blocks.iter().enumerate() {
        let mut sums = [0.0_f32; LANES];
        for (lanes, value) in block.iter().zip(&row) {
            for (sum, lane) in sums.iter_mut().zip(lanes) {
                let difference = lane - value;
                *sum += difference * difference;
            }
        }
        distances.extend(sums.iter().enumerate().map(|(lane, sum)| (*sum, number * LANES + lane)));
    }
    let count = NEIGHBOURS.min(distances.len());
    if count == 0 {
        return 0.5;
    }
    distances.select_nth_unstable_by(count - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let duress = distances[..count].iter().filter(|(_, index)| kept[*index].duress).count();
    duress as f64 / count as f64
}
