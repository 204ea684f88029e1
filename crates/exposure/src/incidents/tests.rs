//! Tests of the record: the built-in one, and everything that can be wrong with another.

use policy::Language;
use proptest::prelude::*;

use super::*;

const HEADER: &str = "id,kind,relative_held,persons_held,duration_hours";

fn parse(rows: &str) -> Incidents {
    Incidents::parse(&format!("{HEADER}\n{rows}\n")).unwrap()
}

fn only_problem(row: &str) -> RowProblem {
    let read = parse(row);
    assert_eq!((read.incidents.len(), read.bad_rows()), (0, 1), "{row}");
    assert_eq!(read.problems.len(), 1, "{:?}", read.problems);
    read.problems[0].clone()
}

#[test]
fn the_built_in_record_is_read_whole() {
    let read = Incidents::parse(BUILT_IN).unwrap();
    assert_eq!((read.rows, read.incidents.len()), (291, 291), "{:?}", read.problems);
    assert_eq!(read.problems, []);
    let of = |kind: Kind| read.incidents.iter().filter(|incident| incident.kind == kind).count();
    assert_eq!(of(Kind::HomeInvasion), 63);
    assert_eq!(of(Kind::Abduction), 101);
    assert_eq!(of(Kind::OfficeOrShopRaid), 17);
    assert_eq!(of(Kind::InPersonTrade) + of(Kind::StreetRobbery), 39);
    assert_eq!(read.incidents.iter().filter(|incident| incident.duration.is_some()).count(), 11);
    assert_eq!(read.incidents.iter().filter(|incident| incident.year == Some(2025)).count(), 81);
}

#[test]
fn what_is_not_stated_stays_not_stated() {
    let read = parse("X-1,abduction,,,\nX-2,home_invasion,1,2,0.67");
    assert_eq!(read.incidents[0].relative_held, None);
    assert_eq!(read.incidents[0].persons_held, None);
    assert_eq!(read.incidents[0].duration, None);
    assert_eq!(read.incidents[1].relative_held, Some(true));
    assert_eq!(read.incidents[1].persons_held, Some(2));
    // A third of an hour, nearly, is rounded up.
    assert_eq!(parse("A,abduction,,,0.3332").incidents[0].duration, Some(Span::from_seconds(1200)));
    assert_eq!(read.incidents[1].duration, Some(Span::from_seconds(2412)));
}

#[test]
fn a_bad_cell_is_named_with_line_column_and_reason() {
    for (row, column, reason) in [
        ("X,abducton,,,", "kind", Reason::Word(Kind::NAMES.iter().map(|(name, _)| *name).collect())),
        ("X,,,,", "kind", Reason::Missing),
        (",abduction,,,", "id", Reason::Missing),
        ("X,abduction,yes,,", "relative_held", Reason::YesNo),
        ("X,abduction,2,,", "relative_held", Reason::YesNo),
        ("X,abduction,,-1,", "persons_held", Reason::Number { from: 0, to: 10_000 }),
        ("X,abduction,,+1,", "persons_held", Reason::Number { from: 0, to: 10_000 }),
        ("X,abduction,,1.5,", "persons_held", Reason::Number { from: 0, to: 10_000 }),
        ("X,abduction,,99999999999999999999999,", "persons_held", Reason::Number { from: 0, to: 10_000 }),
        ("X,abduction,,,0", "duration_hours", Reason::Hours { to: 20_000 }),
        ("X,abduction,,,1e3", "duration_hours", Reason::Hours { to: 20_000 }),
        ("X,abduction,,,NaN", "duration_hours", Reason::Hours { to: 20_000 }),
        ("X,abduction,,,-4", "duration_hours", Reason::Hours { to: 20_000 }),
        ("X,abduction,,,20000", "duration_hours", Reason::Hours { to: 20_000 }),
        ("X,abduction,,,1.", "duration_hours", Reason::Hours { to: 20_000 }),
        ("X,abduction,,,0.00001", "duration_hours", Reason::Hours { to: 20_000 }),
        ("X,abduction, ,,", "relative_held", Reason::YesNo),
        ("X,\"abduction\u{7}\",,,", "kind", Reason::Control),
    ] {
        let problem = only_problem(row);
        assert_eq!((problem.line, problem.column, problem.reason), (2, Some(column), reason), "{row}");
    }
    let long = "x".repeat(CELL_BYTES_MAX + 1);
    assert_eq!(only_problem(&format!("{long},abduction,,,")).reason, Reason::TooLong);
}

#[test]
fn every_bad_cell_of_every_bad_row_is_named_and_good_rows_stay() {
    let read = parse("A,abduction,7,x,\nB,abduction,,,\nC,abduction,,,y\nB,murder,,,");
    assert_eq!(read.incidents.len(), 1);
    assert_eq!((read.rows, read.bad_rows()), (4, 3));
    let named: Vec<_> = read.problems.iter().map(|problem| (problem.line, problem.column.unwrap())).collect();
    assert_eq!(named, [(2, "relative_held"), (2, "persons_held"), (4, "duration_hours"), (5, "id")]);
    assert_eq!(read.problems[3].reason, Reason::Repeated { line: 3 });
    assert_eq!(
        read.problems[0].text(Language::Fr),
        "ligne 2, colonne `relative_held` : `7` : ni 0, ni 1, ni vide"
    );
}

#[test]
fn rows_of_another_length_and_open_quotes_are_named() {
    assert_eq!(only_problem("X,abduction,,").reason, Reason::Cells { found: 4, expected: 5 });
    assert_eq!(only_problem("X,abduction,,,,").reason, Reason::Cells { found: 6, expected: 5 });
    // Everything behind an open quotation mark is one cell: it must not vanish silently.
    let read = parse("A,abduction,,,\nB,abduction,,,\"6\nC,abduction,,,\nD,abduction,,,");
    assert_eq!(read.incidents.len(), 1);
    assert_eq!(read.problems[0].reason, Reason::Control);
    assert!(!read.problems[0].found.contains('\n'));
}

#[test]
fn a_file_that_is_no_record_is_refused() {
    let parse = |text: &str| Incidents::parse(text).unwrap_err();
    assert_eq!(
        parse("id,kind,relative_held,persons_held\n"),
        IncidentsError::MissingColumn("duration_hours")
    );
    assert_eq!(parse(&format!("{HEADER},name\n")), IncidentsError::UnknownColumn("name".into()));
    assert_eq!(parse(&format!("{HEADER},kind\n")), IncidentsError::RepeatedColumn("kind".into()));
    assert!(matches!(parse("id;kind;relative_held\n"), IncidentsError::UnknownColumn(_)));
    assert_eq!(parse(HEADER), IncidentsError::NoRows);
    assert_eq!(parse(""), IncidentsError::MissingColumn("id"));
    assert_eq!(parse(&"x".repeat(INCIDENTS_BYTES_MAX + 1)), IncidentsError::TooLarge);
    let many = format!("{HEADER}\n{}", "x,other,,,\n".repeat(INCIDENTS_ROWS_MAX + 1));
    assert_eq!(parse(&many), IncidentsError::TooManyRows);
}

#[test]
fn a_byte_order_mark_and_other_column_orders_are_read() {
    let read = Incidents::parse(
        "\u{feff}kind,id,duration_hours,persons_held,relative_held\r\nabduction,A,6,2,0\r\n",
    );
    let incident = &read.unwrap().incidents[0];
    assert_eq!((incident.persons_held, incident.duration), (Some(2), Some(Span::from_hours(6))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_answered_and_no_row_is_lost(rows in "([\\PC,\"\n]{0,40}\n){0,8}") {
        if let Ok(read) = Incidents::parse(&format!("{HEADER}\n{rows}")) {
            prop_assert!(read.bad_rows() <= read.problems.len());
            prop_assert_eq!(read.incidents.len() + read.bad_rows(), read.rows);
            for problem in &read.problems {
                prop_assert!(!problem.text(Language::En).chars().any(char::is_control));
            }
        }
    }

    #[test]
    fn durations_are_never_shortened(seconds in 1_u64..72_000_000) {
        let read = parse(&format!("A,abduction,,,{}.{:04}", seconds / 3600, (seconds % 3600) * 10_000 / 3600));
        if let Some(incident) = read.incidents.first() {
            let duration = incident.duration.unwrap().seconds();
            prop_assert!(duration <= seconds + 1 && duration + 1 >= seconds, "{duration} {seconds}");
        }
    }
}
