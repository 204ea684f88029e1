//! A drill as JSON, for other programs. Money is `{"currency","minor"}`, as everywhere. Called by `rempart drill --json`.

use serde_json::{Value as Json, json};
use types::Value;

use super::{Answer, Drill, Losses, Replay, Rule};

impl Drill {
    /// The whole drill as one object.
    #[must_use]
    pub fn json(&self) -> Json {
        let assumed = self.assumed();
        let assumed: Vec<Json> = assumed
            .iter()
            .map(|(kind, count)| json!({ "kind": kind, "horizon": kind.assumed_horizon(), "incidents": count }))
            .collect();
        let not_replayed: Vec<Json> = self
            .not_replayed
            .iter()
            .map(|(kind, count)| json!({ "kind": kind, "incidents": count }))
            .collect();
        json!({
            "held": self.money_json(self.held),
            "rows": self.record.rows,
            "replayed": self.replays.len(),
            "totals": { "wallet": self.money_json(self.wallet_total), "lost": self.losses_json(self.totals) },
            "questions": self.answers.iter().map(|answer| self.question(answer)).collect::<Vec<_>>(),
            "incidents": self.replays.iter().filter_map(|replay| self.incident(replay)).collect::<Vec<_>>(),
            "assumed_horizons": assumed,
            "company_not_stated": self.company_not_stated(),
            "not_replayed": not_replayed,
            "without_subject": self.without_subject,
            "bad_rows": self.record.bad_rows(),
            "problems": self.problems(),
            "assumes": self.assumes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }

    fn money_json(&self, value: Value) -> Json {
        json!({ "currency": self.currency, "minor": value })
    }

    fn losses_json(&self, losses: Losses) -> Json {
        json!({
            "silent": self.money_json(losses.silent),
            "signalled": self.money_json(losses.signalled),
            "stopped": self.money_json(losses.stopped),
        })
    }

    fn question(&self, answer: &Answer) -> Json {
        let difference = &answer.difference;
        let alone = difference
            .alone
            .iter()
            .map(|(barrier, lost)| json!({ "kept": barrier, "amount": self.money_json(*lost) }));
        let depends = difference.depends.iter().map(|(rule, lost)| {
            let (kind, id) = rule.parts();
            json!({ "rule": kind, "id": id, "without_it": self.money_json(*lost) })
        });
        json!({
            "subject": answer.subject,
            "taken": answer.taken,
            "horizon": answer.horizon,
            "incidents": answer.count,
            "lost": self.losses_json(answer.losses),
            "difference": {
                "enough": difference.enough,
                "alone": alone.collect::<Vec<_>>(),
                "hangs_on": depends.collect::<Vec<_>>(),
                "cosigner_away": difference.cosigner_away.map(|lost| self.money_json(lost)),
                "all_rules_tried": !difference.not_all_tried,
            },
        })
    }

    fn incident(&self, replay: &Replay) -> Option<Json> {
        let (incident, answer) = (&replay.incident, self.answers.get(replay.answer)?);
        Some(json!({
            "id": incident.id,
            "year": incident.year,
            "country": incident.country,
            "kind": incident.kind,
            "subject": answer.subject,
            "horizon": answer.horizon,
            "horizon_stated": replay.duration_stated,
            "question": replay.answer,
            "wallet": self.money_json(self.held),
            "lost": self.losses_json(answer.losses),
        }))
    }

    fn problems(&self) -> Vec<Json> {
        let problem = |problem: &crate::RowProblem| json!({ "line": problem.line, "column": problem.column, "found": problem.found, "problem": problem.to_string() });
        self.record.problems.iter().map(problem).collect()
    }
}

impl Rule {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Hold(_) => "hold",
            Self::Approvals(_) => "approve",
            Self::Amount(_) => "amount",
            Self::Limit(_) => "limit",
            Self::Keys(_) => "keys",
            Self::ChangeHold => "change.hold",
            Self::ChangeApprovals => "change.approve",
        }
    }

    fn parts(&self) -> (&'static str, Option<&str>) {
        let id = match self {
            Self::Hold(id) | Self::Approvals(id) | Self::Amount(id) => Some(id.as_str()),
            Self::Limit(id) => Some(id.as_str()),
            Self::Keys(id) => Some(id.as_str()),
            Self::ChangeHold | Self::ChangeApprovals => None,
        };
        (self.kind(), id)
    }
}
