//! G9 for whoever reads the disk: from the database, from a backup and from everything that one person is shown, nobody learns whether
//! phrases were their owners' own. Models are trained on many pairs of histories and tried on others; a leak of one byte is found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "tests stop at the first surprise"
)]

mod stage;
mod world;

use journal::{Journal, SqliteJournal};
use serde_json::json;
use stage::{Stage, own, panic, proposal};
use types::Span;

/// Pairs of histories. Each pair has a world of its own: keys, salts, nonces, seals.
const PAIRS: u64 = 40;
/// Parts of the pairs; each in turn is what the models have not seen.
const PARTS: usize = 5;
/// The places that a model looks at.
const PLACES: usize = 16;
/// Four standard errors above guessing, for this many pairs of which both are judged: 1 in 30 000 by chance.
const BY_CHANCE: f64 = 0.5 + 4.0 * 0.0559;

/// What one history left behind, as one row of bytes for each kind.
struct Left {
    database: Vec<u8>,
    backup: Vec<u8>,
    shown: Vec<u8>,
}

fn history(world: u64, duress: bool) -> Left {
    world::WORLD.with(|own| own.set(world));
    let stage = Stage::new();
    let phrase = if duress { panic("alice") } else { own("alice") };
    let act = |path: &str, command| stage.send(&stage.sending("alice", &phrase, path, command));
    let token = stage.token("alice", &phrase);
    let slow =
        act("/v1/transfers", proposal("0.4 BTC", 1, None)).json()["transfer"].as_str().unwrap().to_owned();
    act("/v1/transfers", proposal("0.2 BTC", 2, None));
    act("/v1/transfers", proposal("900 BTC", 3, None));
    stage.post("bob", &format!("/v1/transfers/{slow}/approve"), json!({ "payload_hash": slow }));
    act("/v1/posture/lower", json!({ "to": "normal" }));
    act("/v1/me/phrase", json!({ "language": "en" }));
    for _ in 0..4 {
        stage.pass(Span::from_seconds(5));
    }
    stage.pass(Span::from_hours(5));
    let paths = ["/v1/transfers", "/v1/motions", "/v1/stops", "/v1/me", "/v1/vaults", "/metrics", "/health"];
    let shown = paths.iter().flat_map(|path| stage.get(path, Some(&token)).0).collect();
    stage.engine.stop_blocking().unwrap();
    let folder = stage.folder();
    let copy = folder.join("copy.sqlite");
    SqliteJournal::open_read_only(&folder.join("journal.db")).unwrap().backup_to(&copy).unwrap();
    let backup = std::fs::read(&copy).unwrap();
    std::fs::remove_file(&copy).unwrap();
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let database = files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect();
    Left { database, backup, shown }
}

/// A row of figures for each history: its size, how often each byte occurs, and the bytes themselves, place by place.
fn figures(rows: &[Vec<u8>]) -> Vec<Vec<f32>> {
    let longest = rows.iter().map(Vec::len).max().unwrap();
    let figures = rows.iter().map(|row| {
        let mut figures = vec![0.0; 257 + longest];
        figures[0] = row.len() as f32;
        for (place, byte) in row.iter().enumerate() {
            figures[1 + usize::from(*byte)] += 1.0;
            figures[257 + place] = f32::from(*byte);
        }
        figures
    });
    figures.collect()
}

/// How well each figure alone tells the classes of these histories apart: the difference of means in standard errors.
fn separations(rows: &[Vec<f32>], of: &[usize], classes: &[bool]) -> Vec<f32> {
    let width = rows[0].len();
    let mut sums = [vec![0.0f32; width], vec![0.0; width]];
    let mut squares = vec![0.0f32; width];
    let mean: Vec<f32> =
        (0..width).map(|at| of.iter().map(|row| rows[*row][at]).sum::<f32>() / of.len() as f32).collect();
    for row in of {
        let sums = &mut sums[usize::from(classes[*row])];
        for (at, value) in rows[*row].iter().enumerate() {
            let centred = value - mean[at];
            sums[at] += centred;
            squares[at] += centred * centred;
        }
    }
    let half = of.len() as f32 / 2.0;
    let separation = |at: usize| {
        let difference = (sums[1][at] - sums[0][at]) / half;
        let spread = (squares[at] / of.len() as f32).sqrt();
        if spread > 0.0 { difference / spread } else { 0.0 }
    };
    (0..width).map(separation).collect()
}

/// A model that looks where the classes seemed most apart, and at nothing else.
fn accuracy_of_places(
    rows: &[Vec<f32>],
    classes: &[bool],
    candidates: std::ops::Range<usize>,
    most: usize,
) -> f64 {
    judged(rows, classes, |learn, judge| {
        let separations = separations(rows, learn, classes);
        let mut places: Vec<usize> = candidates.clone().collect();
        places.sort_by(|one, other| separations[*other].abs().total_cmp(&separations[*one].abs()));
        places.truncate(most);
        let score = |row: usize| -> f32 {
            let centre = |at: usize| learn.iter().map(|row| rows[*row][at]).sum::<f32>() / learn.len() as f32;
            places.iter().map(|at| separations[*at] * (rows[row][*at] - centre(*at)).clamp(-1.0, 1.0)).sum()
        };
        judge.iter().filter(|row| (score(**row) > 0.0) == classes[**row]).count()
    })
}

/// Logistic regression on size and frequencies.
fn accuracy_of_regression(rows: &[Vec<f32>], classes: &[bool]) -> f64 {
    const FIGURES: usize = 257;
    judged(rows, classes, |learn, judge| {
        let scale: Vec<(f32, f32)> = (0..FIGURES)
            .map(|at| {
                let mean = learn.iter().map(|row| rows[*row][at]).sum::<f32>() / learn.len() as f32;
                let spread =
                    learn.iter().map(|row| (rows[*row][at] - mean).powi(2)).sum::<f32>() / learn.len() as f32;
                (mean, spread.sqrt().max(1e-6))
            })
            .collect();
        let scaled = |row: usize, at: usize| ((rows[row][at] - scale[at].0) / scale[at].1).clamp(-5.0, 5.0);
        let mut weights = vec![0.0f32; FIGURES];
        let score = |weights: &[f32], row: usize| -> f32 {
            (0..FIGURES).map(|at| weights[at] * scaled(row, at)).sum()
        };
        for _ in 0..150 {
            let mut gradient = vec![0.0f32; FIGURES];
            for row in learn {
                let expected = 1.0 / (1.0 + (-score(&weights, *row)).exp());
                let error = f32::from(u8::from(classes[*row])) - expected;
                (0..FIGURES).for_each(|at| gradient[at] += error * scaled(*row, at));
            }
            (0..FIGURES).for_each(|at| weights[at] += 0.01 * (gradient[at] - 0.1 * weights[at]));
        }
        judge.iter().filter(|row| (score(&weights, **row) > 0.0) == classes[**row]).count()
    })
}

/// The share of histories that a model judges right, each by a model that has not seen its pair.
fn judged(rows: &[Vec<f32>], _classes: &[bool], model: impl Fn(&[usize], &[usize]) -> usize) -> f64 {
    let parts = (0..PARTS).map(|part| {
        let (judge, learn): (Vec<usize>, Vec<usize>) =
            (0..rows.len()).partition(|row| row / 2 % PARTS == part);
        model(&learn, &judge)
    });
    parts.sum::<usize>() as f64 / rows.len() as f64
}

/// The best that any model does.
fn best(rows: &[Vec<u8>], classes: &[bool]) -> f64 {
    let rows = figures(rows);
    let width = rows[0].len();
    let accuracies = [
        accuracy_of_places(&rows, classes, 257..width, PLACES),
        accuracy_of_places(&rows, classes, 257..width, 1),
        accuracy_of_places(&rows, classes, 0..257, PLACES),
        accuracy_of_regression(&rows, classes),
    ];
    accuracies.into_iter().fold(0.0, f64::max)
}

/// In how many pairs the two histories are not of one size.
fn of_another_size(rows: &[Vec<u8>]) -> usize {
    rows.chunks(2).filter(|pair| pair[0].len() != pair[1].len()).count()
}

#[test]
fn nobody_who_reads_the_disk_can_tell_which_history_it_was() {
    let histories =
        |duress| move || (0..PAIRS).map(|world| history(world + 1, duress)).collect::<Vec<Left>>();
    let threads = [false, true].map(|duress| std::thread::spawn(histories(duress)));
    let [free, held] = threads.map(|thread| thread.join().unwrap());
    let pairs = || free.iter().zip(&held);
    let classes: Vec<bool> = pairs().flat_map(|_| [false, true]).collect();
    type Of = fn(&Left) -> &Vec<u8>;
    let kinds: [(&str, Of); 3] =
        [("database", |left| &left.database), ("backup", |left| &left.backup), ("shown", |left| &left.shown)];
    for (kind, of) in kinds {
        let rows: Vec<Vec<u8>> =
            pairs().flat_map(|(free, held)| [of(free).clone(), of(held).clone()]).collect();
        assert_eq!(of_another_size(&rows), 0, "{kind}: pair by pair, not a byte more or less");
        let accuracy = best(&rows, &classes);
        println!(
            "{kind}: {} bytes, {accuracy:.3} judged right; {BY_CHANCE:.3} would be more than chance",
            rows[0].len()
        );
        assert!(accuracy < BY_CHANCE, "{kind}: {accuracy}");

        // One byte in the middle that depends on the class, and one byte more.
        let middle = rows[0].len() / 2;
        let planted = |plant: &dyn Fn(&mut Vec<u8>, bool)| {
            let mut rows = rows.clone();
            rows.iter_mut().zip(&classes).for_each(|(row, class)| plant(row, *class));
            rows
        };
        let other = planted(&|row, class| row[middle] = b'0' + u8::from(class));
        assert!(best(&other, &classes) > 0.99, "{kind}: a byte that depends on the class is found");
        let longer = planted(&|row, class| row.extend(class.then_some(0)));
        assert_eq!(of_another_size(&longer), rows.len() / 2, "{kind}: so is a byte more");
    }
    // What one person is shown is not only of one kind: it is the same.
    pairs().for_each(|(free, held)| assert_eq!(free.shown, held.shown));
}
