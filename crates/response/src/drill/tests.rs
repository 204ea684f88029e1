//! What a drill report says, in both languages.

use super::*;
use crate::example::person;
use expect_test::{Expect, expect};
use types::PlaceId;

fn drill(incident: u32, day: u32, minutes: [Option<u64>; 2]) -> Drill {
    let started = Timestamp::parse(&format!("2026-11-{day:02}T18:00:00Z")).unwrap();
    let after = |seconds| started.after(Span::from_seconds(seconds));
    let channel = |id: &str| ChannelId::parse(id).unwrap();
    let taken = |by: &str, minutes: u64, from: &str| Taken {
        by: person(by),
        at: after(minutes * 60 + 10),
        from: Some(PlaceId::parse(from).unwrap()),
    };
    let [first, second] = minutes;
    let first = first.map(|minutes| taken("bob", minutes, "office"));
    let second_taken = second.map(|minutes| taken("erin", minutes, "home-erin"));
    Drill {
        incident,
        who: vec![person("alice")],
        started,
        ended: None,
        handed_over: vec![
            HandedOver { channel: channel("centre"), to: None, at: after(1) },
            HandedOver { channel: channel("sms"), to: Some(person("bob")), at: after(4) },
            HandedOver { channel: channel("sms"), to: Some(person("bob")), at: after(304) },
            HandedOver { channel: channel("mail"), to: Some(person("erin")), at: after(6) },
        ],
        missed: vec![Missed { channel: channel("push"), to: Some(person("carol")) }],
        acknowledged: first.into_iter().chain(second_taken.clone()).collect(),
        two_places: second_taken.map(|taken| taken.at),
    }
}

fn report(drills: Vec<Drill>, reaction: &str) -> DrillReport {
    let reaction = Span::parse(reaction).unwrap();
    drill_report(&DrillInput { drills, reaction, time_zone: "Europe/Paris".into() })
}

fn check(report: &DrillReport, language: Language, expected: Expect) {
    expected.assert_eq(&report.text(language));
}

fn three() -> Vec<Drill> {
    vec![
        drill(101, 2, [Some(3), Some(19)]),
        drill(202, 9, [Some(5), Some(31)]),
        drill(303, 16, [Some(3), Some(26)]),
    ]
}

#[test]
fn a_faster_organisation_is_told_what_it_could_write() {
    let report = report(three(), "2h");
    assert_eq!(report.advice, Verdict::Fits);
    let report = super::tests::report(three(), "4h");
    assert_eq!(report.advice, Verdict::Faster { propose: 7_200 });
    check(
        &report,
        Language::En,
        expect![[r#"
            DRILL REPORT · exercise 303 · 16 November 2026, 19:00:00 (UTC+01:00)

            In short: after 26 min people in two places had taken charge.

            You wrote 4 h as `response.reaction`; the last 3 drills took 19 min, 31 min, 26 min.
            You are faster than you wrote. You could lower `reaction` to 2h; `rempart policy bound` then says what the mode `stopped` gains. A drill does not measure the stopping itself: 2h leaves room for it.

            How long until the alarm was handed over, by person and channel
              (receiver)        centre            1 s
              bob               sms               4 s
              erin              mail              6 s

            NOTHING HANDED OVER: check the address, and that the channel is alive
              carol             push

            How long until people took charge
              bob               3 min             (office)
              erin              26 min            (home-erin)

            All drills
              when                    exercise    first alarm   first person  two places
              16 November 2026 19:00  303         1 s           3 min         26 min
              9 November 2026 19:00   202         1 s           5 min         31 min
              2 November 2026 19:00   101         1 s           3 min         19 min
        "#]],
    );
    check(
        &report,
        Language::Fr,
        expect![[r#"
            RAPPORT D'EXERCICE · exercice 303 · 16/11/2026 à 19:00:00 (UTC+01:00)

            En bref : au bout de 26 min, deux lieux avaient pris en charge.

            Vous avez écrit 4 h comme `response.reaction` ; les 3 derniers exercices ont pris 19 min, 31 min, 26 min.
            Vous êtes plus rapides qu'écrit. Vous pourriez abaisser `reaction` à 2h ; `rempart policy bound` dit alors ce qu'y gagne le mode `stopped`. Un exercice ne mesure pas l'arrêt lui-même : 2h lui laisse de la place.

            Délai de remise de l'alerte, par personne et par canal
              (destinataire)    centre            1 s
              bob               sms               4 s
              erin              mail              6 s

            RIEN REMIS : vérifiez l'adresse, et que le canal vit
              carol             push

            Délai de prise en charge
              bob               3 min             (office)
              erin              26 min            (home-erin)

            Tous les exercices
              quand                   exercice    1re alerte    1re personne  deux lieux
              16/11/2026 19:00        303         1 s           3 min         26 min
              09/11/2026 19:00        202         1 s           5 min         31 min
              02/11/2026 19:00        101         1 s           3 min         19 min
        "#]],
    );
}

#[test]
fn a_slower_one_is_told_what_was_slow() {
    let report = report(three(), "20m");
    assert_eq!(report.advice, Verdict::Slower { propose: Some(7_200) });
    check(
        &report,
        Language::En,
        expect![[r#"
            DRILL REPORT · exercise 303 · 16 November 2026, 19:00:00 (UTC+01:00)

            In short: after 26 min people in two places had taken charge.

            You wrote 20 min as `response.reaction`; the last 3 drills took 19 min, 31 min, 26 min.
            You are slower than you wrote, so your loss bound promises too much. Raise `reaction` to 2h, or mend what was slow: 26 min until a second place took charge.

            How long until the alarm was handed over, by person and channel
              (receiver)        centre            1 s
              bob               sms               4 s
              erin              mail              6 s

            NOTHING HANDED OVER: check the address, and that the channel is alive
              carol             push

            How long until people took charge
              bob               3 min             (office)
              erin              26 min            (home-erin)

            All drills
              when                    exercise    first alarm   first person  two places
              16 November 2026 19:00  303         1 s           3 min         26 min
              9 November 2026 19:00   202         1 s           5 min         31 min
              2 November 2026 19:00   101         1 s           3 min         19 min
        "#]],
    );
    check(
        &report,
        Language::Fr,
        expect![[r#"
            RAPPORT D'EXERCICE · exercice 303 · 16/11/2026 à 19:00:00 (UTC+01:00)

            En bref : au bout de 26 min, deux lieux avaient pris en charge.

            Vous avez écrit 20 min comme `response.reaction` ; les 3 derniers exercices ont pris 19 min, 31 min, 26 min.
            Vous êtes plus lents qu'écrit : votre borne de perte promet trop. Relevez `reaction` à 2h, ou corrigez ce qui était lent : 26 min jusqu'à la prise en charge d'un deuxième lieu.

            Délai de remise de l'alerte, par personne et par canal
              (destinataire)    centre            1 s
              bob               sms               4 s
              erin              mail              6 s

            RIEN REMIS : vérifiez l'adresse, et que le canal vit
              carol             push

            Délai de prise en charge
              bob               3 min             (office)
              erin              26 min            (home-erin)

            Tous les exercices
              quand                   exercice    1re alerte    1re personne  deux lieux
              16/11/2026 19:00        303         1 s           3 min         26 min
              09/11/2026 19:00        202         1 s           5 min         31 min
              02/11/2026 19:00        101         1 s           3 min         19 min
        "#]],
    );
}

#[test]
fn a_drill_that_nobody_finished_promises_nothing() {
    let mut drills = three();
    drills.push(drill(404, 18, [Some(2), None]));
    let report = report(drills, "4h");
    assert_eq!(report.advice, Verdict::Unfinished);
    check(
        &report,
        Language::En,
        expect![[r#"
            DRILL REPORT · exercise 404 · 18 November 2026, 19:00:00 (UTC+01:00)

            In short: one person took charge after 2 min, but nobody in a second place did.

            You wrote 4 h as `response.reaction`; the last 3 drills took 31 min, 26 min, never.
            Mend this first: as long as people in two places do not take charge, nobody stops anything, and what `rempart policy bound` says of the mode `stopped` does not hold.

            How long until the alarm was handed over, by person and channel
              (receiver)        centre            1 s
              bob               sms               4 s
              erin              mail              6 s

            NOTHING HANDED OVER: check the address, and that the channel is alive
              carol             push

            How long until people took charge
              bob               2 min             (office)

            All drills
              when                    exercise    first alarm   first person  two places
              18 November 2026 19:00  404         1 s           2 min         -
              16 November 2026 19:00  303         1 s           3 min         26 min
              9 November 2026 19:00   202         1 s           5 min         31 min
              2 November 2026 19:00   101         1 s           3 min         19 min
        "#]],
    );
    check(
        &report,
        Language::Fr,
        expect![[r#"
            RAPPORT D'EXERCICE · exercice 404 · 18/11/2026 à 19:00:00 (UTC+01:00)

            En bref : une personne a pris en charge au bout de 2 min, mais personne dans un deuxième lieu.

            Vous avez écrit 4 h comme `response.reaction` ; les 3 derniers exercices ont pris 31 min, 26 min, jamais.
            À corriger d'abord : tant que deux lieux ne prennent pas en charge, personne n'arrête rien, et ce que dit `rempart policy bound` du mode `stopped` ne tient pas.

            Délai de remise de l'alerte, par personne et par canal
              (destinataire)    centre            1 s
              bob               sms               4 s
              erin              mail              6 s

            RIEN REMIS : vérifiez l'adresse, et que le canal vit
              carol             push

            Délai de prise en charge
              bob               2 min             (office)

            Tous les exercices
              quand                   exercice    1re alerte    1re personne  deux lieux
              18/11/2026 19:00        404         1 s           2 min         -
              16/11/2026 19:00        303         1 s           3 min         26 min
              09/11/2026 19:00        202         1 s           5 min         31 min
              02/11/2026 19:00        101         1 s           3 min         19 min
        "#]],
    );
}

#[test]
fn nothing_is_lowered_on_fewer_than_three_drills() {
    assert_eq!(report(three().split_off(1), "48h").advice, Verdict::Fits);
    assert_eq!(report(vec![], "2h").advice, Verdict::None);
    assert!(report(vec![], "2h").text(Language::Fr).starts_with("Aucun exercice"));
    let slow = report(vec![drill(1, 2, [Some(1), Some(6_000)])], "2h");
    assert_eq!(slow.advice, Verdict::Slower { propose: None });
}

#[test]
fn an_old_slow_drill_is_history() {
    let mut drills = vec![drill(1, 1, [None, None])];
    drills.extend(three());
    let report = report(drills, "4h");
    assert_eq!((report.advice, report.worst), (Verdict::Faster { propose: 7_200 }, Some(31 * 60 + 10)));
    assert_eq!(report.drills.len(), 4);
}

#[test]
fn programs_get_seconds() {
    let json = serde_json::to_value(report(three(), "4h")).unwrap();
    assert_eq!(json["reaction"], 14_400);
    assert_eq!(json["advice"], serde_json::json!({"verdict": "faster", "propose": 7_200}));
    assert_eq!(json["drills"][2]["two_places"], 26 * 60 + 10);
    // A second round to the same device does not make it slower.
    assert_eq!(json["drills"][2]["devices"][1]["seconds"], 4);
    assert_eq!(json["drills"][0]["started"], "2026-11-02T18:00:00Z");
}
